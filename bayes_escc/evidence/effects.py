"""Published effects (hazard ratios, odds ratios ...) with their intervals, one row per contrast.

`read_effects` collects every problem of a table before it refuses it. An `EffectTable` that
exists has passed all checks of its rows; whether its rows may be pooled as independent, or form
one connected network, depends on the selection and is checked by `require_independent` and
`require_connected` when a model asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import DataError
from bayes_escc.evidence.all_pairs import reduce_all_pairs
from bayes_escc.evidence.columns import bare_header, canonical_columns, refuse_two_intervals, told_apart
from bayes_escc.evidence.effect_arms import (
    ARM_MEASURES,
    CONTROL_SE,
    check_shared_arm,
    contrasts_of_arm_rows,
    covariance_of_contrasts,
)
from bayes_escc.evidence.effect_checks import check_effect, measure_of
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction, is_time_to_event, stated_directions
from bayes_escc.evidence.printed_intervals import header_of_interval, split_intervals
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.table import Table, TableSettings, filter_rows, table_digest
from bayes_escc.evidence.values import check_design
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.settings.reader import nearest
from bayes_escc.settings.setting import setting, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EffectSettings", "EffectTable", "connected_pieces", "read_effect_rows", "read_effects"]

COLUMNS = ("study", "experimental", "control", "endpoint", "measure", "estimate", "ci_low", "ci_high", "ci_level")
_NUMBERS = ("estimate", "ci_low", "ci_high", "ci_level", "y", "se")


@dataclass(frozen=True, kw_only=True)
class EffectSettings(TableSettings):
    """What `[data]` may say of a table of effects; every field declares one key."""

    counts: str | None = setting(text(), None, "file or dataset of arm counts that stand beside the effects")


@dataclass(frozen=True, repr=False)
class EffectTable(Table):
    """A checked table of effects, one row per study, contrast, endpoint and population.

    Made by `read_effects` or `load_dataset`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        Columns study, experimental, control, endpoint, population, measure, estimate, ci_low,
        ci_high, ci_level, y, se (estimate and standard error on the log scale for ratios), then
        any further columns as text.
    digest, source, warnings
        See `Table`.
    """

    kind = "effects"
    columns_read = frozenset(
        {
            *COLUMNS,
            "population",
            "p",
            "p_sides",
            "y",
            "se",
            "conclusion",
            "better",
            "design",
            "control_se",
            "n_experimental",
            "n_control",
            "events_experimental",
            "events_control",
        }
    )

    def __repr__(self) -> str:
        return (
            f"EffectTable({self.source}: {len(self)} rows, {len(self.studies)} studies, "
            f"endpoints {', '.join(self.endpoints)})"
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["study"]))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Endpoints, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["endpoint"]))

    @property
    def regimens(self) -> tuple[str, ...]:
        """Controls and experimental regimens, in order of appearance."""
        return tuple(dict.fromkeys([*self.frame["control"], *self.frame["experimental"]]))

    def select(
        self,
        *,
        endpoint: str | None = None,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
    ) -> EffectTable:
        """Keep some rows, all of one endpoint and one measure.

        Parameters
        ----------
        endpoint : str, optional
            Needed where the table has several.
        regimens : sequence of str, optional
            Keep the contrasts between these regimens.
        where : mapping, optional
            Column and the value (or list of values) its cells must equal.

        Raises
        ------
        AnalysisError
            If a label or column does not exist, or nothing is left.
        DataError
            If measures are mixed or a study would count twice for one contrast.
        """
        problems: list[str] = []
        frame = filter_rows(self.frame, dict(where or {}), problems)
        present = list(dict.fromkeys(frame["endpoint"]))
        if endpoint is not None:
            wanted = canonical_endpoint(endpoint)
            if wanted not in present and not problems:
                problems.append(
                    f"endpoint {wanted!r} is not in {self.source}; it has {', '.join(present) or 'no rows left'}."
                    f"{nearest(wanted, present)}"
                )
            frame = frame[frame["endpoint"] == wanted]
        elif len(present) > 1:
            problems.append(f"endpoint: the table has {', '.join(present)}; name one")
        if regimens is not None:
            regimens = [normalise(r) for r in regimens]
            known = {*frame["experimental"], *frame["control"]}
            problems += [
                f"regimen {r!r} is not in {self.source}.{nearest(r, known)}" for r in regimens if r not in known
            ]
            frame = frame[frame["experimental"].isin(regimens) & frame["control"].isin(regimens)]
        frame = self._not_empty(frame, problems)
        measures = list(dict.fromkeys(frame["measure"]))
        if len(measures) > 1:
            raise DataError(f"{self.source}: {' and '.join(measures)} cannot be pooled on one scale; select one.")
        twice = frame[frame.duplicated(["study", "experimental", "control"], keep=False)]
        if not twice.empty:
            first = twice.iloc[0]
            raise DataError(
                f"{self.source}: {first['study']} counts more than once for {first['experimental']} against "
                f"{first['control']}: its rows are overlapping populations. Choose one with population or where."
            )
        return self.keep(frame)

    def require_independent(self) -> None:
        """Refuse contrasts that share a control arm, which a pairwise model would count twice.

        Raises
        ------
        DataError
        """
        problems = []
        for study, rows in self.frame.groupby("study", sort=False):
            if len(rows) > 1:
                problems.append(
                    Problem(
                        "shared_control",
                        f"{study} gives {len(rows)} contrasts that share patients "
                        f"({' and '.join(rows['experimental'])}); pooled as independent its control arm would count "
                        f"{len(rows)} times",
                        "Keep one with where or regimens, or use network = true, which models their correlation.",
                        row=int(rows.index[1]),
                        column="study",
                        value=str(study),
                    )
                )
        refuse_if_any(self.source, problems)

    def require_usable(self) -> None:
        """Refuse contrasts of one study of which neither a pairwise model nor a network can take all.

        Contrasts that a further column tells apart, such as that of the combination, are left to the analysis, which
        takes one of them with `where`.

        Raises
        ------
        DataError
            With every problem of every endpoint, population and measure.
        """
        problems: list[Problem] = []
        for _, rows in self.frame.groupby(["endpoint", "population", "measure"], sort=False):
            selected = [study for study, own in rows.groupby("study", sort=False) if _told_apart(own)]
            covariance_of_contrasts(rows[~rows["study"].isin(selected)], problems)
        refuse_if_any(self.source, problems)

    def require_connected(self) -> None:
        """Refuse a network in pieces, which no comparison can cross.

        Raises
        ------
        DataError
        """
        pieces = connected_pieces(zip(self.frame["experimental"], self.frame["control"], strict=True))
        if len(pieces) > 1:
            refuse_if_any(self.source, [_in_pieces(pieces)])


def _told_apart(rows: pd.DataFrame) -> bool:
    """Whether one contrast of a study can be selected by what a further column says of it."""
    known = {*_MEANINGS, *_MEASURED, *_PROVENANCE, *_OF_ARMS}
    further = [c for c in rows if c not in known and rows[c].dtype.kind not in "fiu"]
    return len(rows) > 1 and any(rows[c].nunique() == len(rows) for c in further)


def _in_pieces(pieces: Sequence[Sequence[str]]) -> Problem:
    listed = "; ".join(f"({i}) {', '.join(piece)}" for i, piece in enumerate(pieces, start=1))
    return Problem(
        "network_in_pieces",
        f"the network is in {len(pieces)} pieces without a common regimen: {listed}",
        "Compare within one piece, or give regimens that are the same in practice one name.",
    )


def connected_pieces(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected pieces of a network, largest first, regimens in order of appearance."""
    pieces: list[list[str]] = []
    for edge in edges:
        touched = [piece for piece in pieces if set(edge) & set(piece)]
        merged = list(dict.fromkeys([*(r for piece in touched for r in piece), *edge]))
        pieces = [*(piece for piece in pieces if piece not in touched), merged]
    return sorted(pieces, key=len, reverse=True)


def read_effects(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None, drop: Sequence[str] = ()
) -> EffectTable:
    """Read and check a table of published effects.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, experimental, control, endpoint, measure (HR, OR, RR, MD, SMD, RD, or log HR
        and so on), estimate, and either ci_low, ci_high and ci_level (per row, for example 0.95)
        or se (on the log scale for ratios). Optional: population, p, p_sides (one or two),
        conclusion (lower, higher or no difference), control_se or events_control (the arm that
        several contrasts of a study share), n_experimental and n_control (patients of the arms, shown in
        figures), and any covariates. A row may also give one arm:
        ``measure`` is then mean, log odds, log hazard or log risk, ``regimen`` names the arm, and
        ``control`` names the study's control arm or stays blank; such rows become contrasts.
    sheet : str, optional
        Sheet of a workbook.
    drop : sequence of str, optional
        Columns to leave out.

    Returns
    -------
    EffectTable

    Raises
    ------
    DataError
        If anything makes the effects unusable. The message, and the error's `problems`, list
        every problem with row, column, value and remedy.
    """
    import pandas as pd

    label, records, warnings = read_effect_rows(source, sheet=sheet, drop=drop)
    frame = pd.DataFrame([r for _, r in records], index=[number for number, _ in records])
    frame = frame.astype(dict.fromkeys(_NUMBERS, float))
    _note_shared_controls(frame, warnings)
    _note_unknown_directions(frame, warnings)
    _note_odds_of_times(frame, warnings)
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        pieces = connected_pieces(zip(rows["experimental"], rows["control"], strict=True))
        if len(pieces) > 1:
            warnings.append(replace(_in_pieces(pieces), column="control", value=str(endpoint)))
    return EffectTable(frame, table_digest(frame), label, warnings=tuple(warnings))


def read_effect_rows(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None, drop: Sequence[str] = ()
) -> tuple[str, list[tuple[int, Plain]], list[Problem]]:
    """The checked rows of a table of effects by row number, with its name and notes; needs no pandas.

    Raises
    ------
    DataError
    """
    problems: list[Problem] = []
    raw = _rename(read_cells(source, sheet=sheet, drop=drop), problems)
    refuse_if_any(raw.source, problems)
    warnings: list[Problem] = list(raw.notes)
    _require_columns(raw, problems)
    refuse_if_any(raw.source, problems)
    _check_duplicates(raw, problems, warnings)
    _check_scales(raw, problems)
    _check_directions(raw, problems)
    records: list[tuple[int, Plain]] = []
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        before = len(problems)
        labels = _labels(row, number, problems)
        numbers = check_effect(row, number, problems, warnings)
        check_shared_arm(row, number, problems, None if numbers is None or _is_arm(row) else numbers["se"])
        if numbers is None or len(problems) > before:
            continue
        extra = {k: v for k, v in row.items() if k not in labels and k not in numbers}
        if "design" in extra:
            extra["design"] = _design(row, number, problems)
        records.append((number, {**labels, **numbers, **extra}))
    if any(r["measure"] in ARM_MEASURES for _, r in records):
        records = contrasts_of_arm_rows(records, problems, warnings)
    records = reduce_all_pairs(records, problems, warnings)
    refuse_if_any(raw.source, problems)
    return raw.source, records, warnings


_PROVENANCE = ("source", "verification", "notes", "registration")
_OPTIONAL = (
    *("better", "design", "control_se", "n_experimental", "n_control"),
    *("events_experimental", "events_control"),
)
"""Columns with one name, taken in any case."""
_MEANINGS = (*COLUMNS, "interval", "population", "p", "p_sides", "se", "conclusion")


def _rename(raw: RawTable, problems: list[Problem]) -> RawTable:
    """Column names in any case, and a few synonyms, to the package's own; an interval in one cell as its two limits.

    Estimates under the name of their measure, such as ``HR``, need no column measure.
    """
    before = raw.columns
    raw = canonical_columns(raw, _MEANINGS, problems, {c: c for c in _OPTIONAL})
    refuse_two_intervals(raw.columns, ("ci_low", "ci_high"), problems)
    if problems:
        return raw
    cells: dict[str, Sequence[str]] = dict(raw.cells)
    implied = next(
        (
            measure_of(bare_header(normalise(old))[0])
            for old, new in zip(before, raw.columns, strict=True)
            if new == "estimate"
        ),
        "",
    )
    if implied and "measure" not in cells:
        cells["measure"] = [implied] * len(raw)
    cells = split_intervals(cells, header_of_interval(before, raw.columns, "estimate"))
    if "control" not in cells and "measure" in cells and all(measure_of(m) in ARM_MEASURES for m in cells["measure"]):
        cells["control"] = [""] * len(raw)
    return replace(raw, cells=cells)


def _is_arm(row: Mapping[str, str]) -> bool:
    """Whether a row gives one arm, not a contrast."""
    return measure_of(row.get("measure", "")) in ARM_MEASURES


def _design(row: Mapping[str, str], number: int, problems: list[Problem]) -> str:
    """How patients came to their regimens; what is no design is noted."""

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, message, remedy, row=number, column=column, value=row[column]))

    return check_design(row["design"], refuse)


def _require_columns(raw: RawTable, problems: list[Problem]) -> None:
    by_error = "se" in raw.columns or "p" in raw.columns
    if {"events", "n"} <= {*raw.columns} and "estimate" not in raw.columns:
        problems.append(
            Problem(
                "counts",
                "these are counts of events, not effects",
                'Read them as such: kind = "counts" in an analysis, read_counts in Python, --kind counts of check.',
            )
        )
        return
    for column in COLUMNS:
        if column in raw.columns or (by_error and column in {"ci_low", "ci_high", "ci_level"}):
            continue
        problems.append(
            Problem(
                "missing_column",
                f"there is no column {column}; the columns are {', '.join(raw.columns)}",
                f"Add a column {column}.{nearest(column, raw.columns)}",
                row=1,
                column=column,
            )
        )


def _labels(row: Mapping[str, str], number: int, problems: list[Problem]) -> dict[str, str]:
    labels = {c: normalise(row[c]) for c in ("study", "experimental", "control", "endpoint")}
    for column, label in labels.items():
        if not label and not (column == "control" and _is_arm(row)):
            problems.append(
                Problem(
                    "blank_label", f"the {column} is blank", f"Name the {column}.", row=number, column=column, value=""
                )
            )
    if labels["experimental"] and labels["experimental"] == labels["control"] and not _is_arm(row):
        problems.append(
            Problem(
                "same_regimen",
                "experimental and control are the same regimen",
                "Correct one of them.",
                row=number,
                column="control",
                value=labels["control"],
            )
        )
    labels["endpoint"] = canonical_endpoint(labels["endpoint"])
    labels["population"] = normalise(row.get("population", ""))
    return labels


_MEASURED = frozenset(
    {
        "estimate",
        "ci_low",
        "ci_high",
        "ci_level",
        "se",
        "p",
        "p_sides",
        "conclusion",
        "source",
        "notes",
        "verification",
    }
)
"""Columns that do not tell two rows apart."""
_OF_ARMS = frozenset(
    {
        CONTROL_SE,
        *(f"{what}_{arm}" for what in ("n", "events") for arm in ("experimental", "control")),
        "n",
        "events",
        "better",
        "design",
    }
)
"""Columns that describe the arms of a contrast: they differ between contrasts and select none of them."""


def _check_duplicates(raw: RawTable, problems: list[Problem], warnings: list[Problem]) -> None:
    """A row whose labels all stand in another row; where a further column tells the two apart, that is noted."""
    seen: dict[tuple[str, ...], list[tuple[tuple[str, ...], int]]] = {}
    further = [c for c in raw.columns if c not in {*COLUMNS, *_MEASURED, *_OF_ARMS}]
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        label = tuple(normalise(row.get(c, "")) for c in ("study", "experimental", "control", "endpoint"))
        arm = _is_arm(row)
        key = (label[0], label[1], "" if arm else label[2], canonical_endpoint(label[3]))
        apart = tuple(normalise(row[c]) for c in further)
        if key in seen and all(key[:2]) and key[3] and (arm or key[2]):
            what = key[1] if arm else f"{key[1]} against {key[2]}"
            same = next((n for other, n in seen[key] if other == apart), None)
            if same is not None:
                problems.append(
                    Problem(
                        "study_twice",
                        f"{key[0]}, {what}, {key[3]} also stands in row {same}",
                        "Keep one, or tell subgroups apart with a column population.",
                        row=number,
                        column="study",
                        value=row["study"],
                    )
                )
            else:
                warnings += told_apart(
                    f"{key[0]}, {what}, {key[3]}", further, apart, seen[key][0], number, row["study"]
                )
        seen.setdefault(key, []).append((apart, number))


def _check_scales(raw: RawTable, problems: list[Problem]) -> None:
    """One endpoint is reported on one scale; a log among ratios is a slip that pooling hides."""
    first: dict[str, tuple[str, int]] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        measure, endpoint = normalise(row["measure"]), canonical_endpoint(normalise(row["endpoint"]))
        if not measure or not endpoint:
            continue
        other, where = first.setdefault(endpoint, (measure, number))
        if _scale_of(measure) != _scale_of(other):
            problems.append(
                Problem(
                    "mixed_scales",
                    f"{endpoint} is reported as {measure} here and as {other} in row {where}",
                    "Bring all rows of an endpoint to one measure.",
                    row=number,
                    column="measure",
                    value=measure,
                )
            )


def _check_directions(raw: RawTable, problems: list[Problem]) -> None:
    """A direction is higher or lower, and an endpoint has one."""
    for number, cell in zip(raw.numbers, raw.cells.get("better", ()), strict=False):
        if normalise(cell) not in {"", "higher", "lower"}:
            problems.append(
                Problem(
                    "unknown_direction",
                    "better must be higher or lower",
                    "Correct it or leave it blank.",
                    row=number,
                    column="better",
                    value=cell,
                )
            )
    stated_directions(raw, problems)


def _scale_of(measure: str) -> str:
    """The measure of the contrasts a row gives: those of arms are differences between arms."""
    known = measure_of(measure) or measure
    return ARM_MEASURES.get(known, known)


def _note_shared_controls(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    for (study, endpoint, _), rows in frame.groupby(["study", "endpoint", "population"], sort=False):
        if len(rows) == 1:
            continue
        one_arm = rows["control"].nunique() == 1
        remedy = "A pairwise model refuses them together; a network models their correlation."
        if not one_arm:
            remedy = "Every model refuses them together: give all pairs of the arms, or all contrasts against one arm."
        warnings.append(
            Problem(
                "shared_control" if one_arm else "different_controls",
                f"{study} has {len(rows)} contrasts of {endpoint} that share patients"
                + ("" if one_arm else ", with different controls"),
                remedy,
                row=int(np.asarray(rows.index)[1]),
                column="study",
                value=str(study),
            )
        )


def _note_unknown_directions(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    """Nothing can be ranked, and nobody is better, where it is not known whether more or less of it is good."""
    for endpoint, rows in frame.groupby("endpoint", sort=False):
        hazards = rows["measure"].str.endswith("HR").all()  # of deaths and progressions, always bad
        stated = "better" in rows and rows["better"].isin(["higher", "lower"]).any()
        if not hazards and not stated and endpoint_direction(str(endpoint)) is None:
            warnings.append(
                Problem(
                    "unknown_direction",
                    f"it is not known whether more or less of {endpoint} is better, so no regimen can be ranked",
                    "State better in the comparison, or in a column better with higher or lower; networks need it.",
                    row=int(np.asarray(rows.index)[0]),
                    column="endpoint",
                    value=str(endpoint),
                )
            )


def _note_odds_of_times(frame: pd.DataFrame, warnings: list[Problem]) -> None:
    """A ratio of odds or risks says nothing of when events happened, and follow-up decides how large it is."""
    for (endpoint, measure), rows in frame.groupby(["endpoint", "measure"], sort=False):
        if is_time_to_event(str(endpoint)) and str(measure).removeprefix("log ") in ("OR", "RR", "RD"):
            warnings.append(
                Problem(
                    "not_a_hazard_ratio",
                    f"{endpoint} is the time to an event, and its effect is given as {measure}",
                    "A hazard ratio (HR) is usual; if it compares the proportions with an event by some time, name "
                    "that time in the endpoint.",
                    row=int(np.asarray(rows.index)[0]),
                    column="measure",
                    value=str(measure),
                )
            )
