"""Arms behind effects: rows that give an arm instead of a contrast, and the variance of an arm contrasts share.

Two contrasts of one trial against the same arm are correlated: their covariance is the variance
of that arm. It is exact where the arms themselves are given (a mean, log odds or log hazard with
its standard error), and otherwise stated in the column ``control_se`` or computed from the
control arm's number of events in ``events_control``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import cell_text, normalise
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ARM_MEASURES",
    "CONTROL_SE",
    "check_shared_arm",
    "contrasts_of_arm_rows",
    "covariance_of_contrasts",
    "shared_variance",
]

ARM_MEASURES: Final[Mapping[str, str]] = {
    "mean": "MD",
    "log odds": "log OR",
    "log hazard": "log HR",
    "log risk": "log RR",
}
"""What an arm may be given as, and the measure of a difference between two such arms."""

CONTROL_SE: Final = "control_se"
"""Column with the standard error of the control arm alone, on the analysis scale."""

_POSITIVE: Final = (CONTROL_SE, "events_control", "n_control")


def check_shared_arm(row: Mapping[str, str], number: int, problems: list[Problem], error: float | None = None) -> None:
    """Note what is wrong with the columns that describe one arm alone, whose error is below that of its contrast."""
    alone = number_in(row.get(CONTROL_SE, ""))
    if alone is not None and error is not None and alone >= error:
        problems.append(
            Problem(
                "control_arm",
                f"the standard error of the control arm alone, {alone:g}, is not below that of the contrast, "
                f"{error:.3g}",
                f"Correct {CONTROL_SE} or the interval: the variance of a contrast is the sum of those of its arms.",
                row=number,
                column=CONTROL_SE,
                value=row[CONTROL_SE],
            )
        )
    for column in (*_POSITIVE, "events_experimental", "n_experimental"):
        text = normalise(row.get(column, ""))
        if not text:
            continue
        value = number_in(text)
        if value is None or not (math.isfinite(value) and value > 0):
            problems.append(
                Problem(
                    "experimental_arm" if column.endswith("experimental") else "control_arm",
                    f"{column} is a number greater than 0",
                    "Correct it, or leave it blank.",
                    row=number,
                    column=column,
                    value=text,
                )
            )


def shared_variance(rows: pd.DataFrame) -> tuple[float | None, str]:
    """Variance of the arm that the contrasts of one study share, on the analysis scale.

    Parameters
    ----------
    rows : DataFrame
        The contrasts of one study, all against one arm.

    Returns
    -------
    variance : float or None
        None where it is not known.
    reason : str
        Why it is not known, or what the statements contradict.

    Notes
    -----
    From events alone: one over the events for a log hazard; ``1/e + 1/(n - e)`` for log odds and
    ``1/e - 1/n`` for a log risk, which need ``n_control`` too.
    """
    measure = str(rows["measure"].iloc[0]).removeprefix("log ")
    found: dict[str, float] = {}
    for column in _POSITIVE:
        cells = [cell_text(v).strip() for v in rows[column]] if column in rows else []
        stated = {number_in(cell) or math.nan: cell for cell in cells if cell}  # 0.1 and 0.10 are one number
        if len(stated) > 1:
            return None, f"{column} differs between the rows of one arm ({', '.join(sorted(stated.values()))})"
        if stated:
            found[column] = next(iter(stated))
    if CONTROL_SE in found:
        return found[CONTROL_SE] ** 2, ""
    events, n = found.get("events_control"), found.get("n_control")
    if events is None or measure not in {"HR", "OR", "RR"}:
        return None, "the variance of that arm is not known"
    if measure == "HR":
        return 1.0 / events, ""
    if n is None:
        return None, f"events_control alone does not give the variance of an arm's log {measure}; n_control is missing"
    if not events < n:
        return None, f"events_control ({events:g}) is not below n_control ({n:g})"
    return (1.0 / events + 1.0 / (n - events) if measure == "OR" else 1.0 / events - 1.0 / n), ""


def covariance_of_contrasts(frame: pd.DataFrame, problems: list[Problem]) -> NDArray[np.float64]:
    """Sampling covariance of contrasts: those of one study share the variance of the arm they are taken against.

    Parameters
    ----------
    frame : DataFrame
        Checked rows of one endpoint, population and measure.
    problems : list of Problem
        Appended to, where a study has several contrasts that are not against one arm, or the variance of that arm is
        not known or contradicts theirs.

    Returns
    -------
    array of shape (rows, rows)
    """
    covariance = np.diag(frame["se"].to_numpy(dtype=float) ** 2)
    for study, rows in frame.groupby("study", sort=False):
        if len(rows) == 1:
            continue
        if rows["control"].nunique() > 1:
            problems.append(
                Problem(
                    "shared_control",
                    f"{study} gives contrasts with different controls",
                    "Give all its contrasts against one arm, or every pair of its arms, which gives the variances of "
                    "the arms too.",
                    row=int(rows.index[1]),
                    column="control",
                )
            )
            continue
        shared, reason = shared_variance(rows)
        smallest = float(rows["se"].astype(float).min()) ** 2
        if shared is not None and shared >= smallest:
            reason = (
                f"the standard error of that arm alone, {math.sqrt(shared):.3g}, is not below that of a contrast, "
                f"{math.sqrt(smallest):.3g}"
            )
        if reason or shared is None:
            problems.append(_unknown_covariance(str(study), rows, reason, contradicted=shared is not None))
            continue
        where = frame.index.get_indexer(rows.index)
        covariance[np.ix_(where, where)] = np.where(np.eye(len(where)), covariance[np.ix_(where, where)], shared)
    return covariance


def _unknown_covariance(study: str, rows: pd.DataFrame, reason: str, *, contradicted: bool) -> Problem:
    """What is missing, or what contradicts what, where several contrasts of a study share an arm."""
    remedy = (
        f"Add a column {CONTROL_SE} (its standard error, on the log scale for ratios) or events_control (its number "
        "of events; with n_control for odds and risk ratios), give every pair of its arms, or keep one contrast with "
        "regimens or where."
    )
    if contradicted:
        remedy = (
            "Correct that arm's numbers or the intervals: the variance of a contrast is the sum of those of its arms."
        )
    message = f"{study} gives {len(rows)} contrasts that share the arm {rows['control'].iloc[0]}, and {reason}"
    return Problem("shared_control", message, remedy, row=int(rows.index[1]), column="study", value=study)


def contrasts_of_arm_rows(
    records: Sequence[tuple[int, Plain]], problems: list[Problem], warnings: list[Problem]
) -> list[tuple[int, Plain]]:
    """Arm rows as contrasts against the control arm of their study; other rows as they are.

    The control arm is the one the column ``control`` names (or marks with ``control``); without
    that, the first of the study, which a note says. In a network the choice changes nothing.

    Parameters
    ----------
    records : sequence of (int, dict)
        Row number and checked content; an arm's ``measure`` is one of `ARM_MEASURES`.
    problems, warnings : list of Problem
        Appended to.
    """
    groups: dict[tuple[str, ...], list[tuple[int, Plain]]] = {}
    for number, record in records:
        groups.setdefault((record["study"], record["endpoint"], record["population"]), []).append((number, record))
    found: list[tuple[int, Plain]] = []
    unnamed: list[str] = []
    for (study, endpoint, _), rows in groups.items():
        arms = [(i, r) for i, r in rows if r["measure"] in ARM_MEASURES]
        if not arms:
            found += rows
            continue
        first, wrong, base = arms[0][0], "", _control_of(arms)
        if len(arms) < len(rows):
            wrong, remedy = f"{study} is given as arms and as contrasts of {endpoint}", "Keep one of the two."
        elif len({r["measure"] for _, r in arms}) > 1:
            wrong, remedy = f"the arms of {study} are on different scales", "Bring them to one measure."
        elif len(arms) == 1:
            wrong, remedy = f"{study} has one arm only", "Add its other arm, or remove the study."
        elif base is None:
            names = [r["experimental"] for _, r in arms]
            stated = next(r["control"] for _, r in arms if r["control"])
            wrong = f"the control of {study} is not one of its arms ({', '.join(names)})"
            remedy = f"Name the same one in every row.{nearest(stated, names)}"
        if wrong or base is None:
            problems.append(Problem("arms_of_study", wrong, remedy, row=first, column="study", value=study))
            continue
        if not any(r["control"] for _, r in arms):
            unnamed.append(f"{study} ({arms[0][1]['experimental']})")
        found += [(i, _contrast(r, arms[base][1])) for j, (i, r) in enumerate(arms) if j != base]
    if unnamed:
        warnings.append(
            Problem(
                "control_not_named",
                f"the first arm is taken as the control of {', '.join(unnamed)}",
                "In a network this changes nothing; otherwise name the control arm in a column control.",
                column="control",
            )
        )
    order = {number: i for i, (number, _) in enumerate(records)}
    return sorted(found, key=lambda item: order[item[0]])


def _control_of(arms: Sequence[tuple[int, Plain]]) -> int | None:
    """Position of the control arm; None where the column `control` names none of them, or several."""
    if not any(r["control"] for _, r in arms):
        return 0
    marked = [
        j
        for j, (_, r) in enumerate(arms)
        if r["control"] == r["experimental"] or r["control"].casefold() in {"control", "yes", "true", "1"}
    ]
    if not marked:  # every row names it, also the control's own row may be blank
        names = {r["control"] for _, r in arms} - {""}
        marked = [j for j, (_, r) in enumerate(arms) if {r["experimental"]} == names]
    return marked[0] if len(marked) == 1 else None


def _contrast(arm: PlainMapping, base: PlainMapping) -> Plain:
    """One arm against another, with the standard error of the other alone."""
    return {
        **arm,
        "control": base["experimental"],
        "measure": ARM_MEASURES[arm["measure"]],
        "estimate": float(f"{arm['y'] - base['y']:.12g}"),
        "ci_low": math.nan,
        "ci_high": math.nan,
        "y": arm["y"] - base["y"],
        "se": math.hypot(arm["se"], base["se"]),
        CONTROL_SE: repr(base["se"]),
        "n_experimental": arm.get("n", ""),
        "n_control": base.get("n", ""),
    }
