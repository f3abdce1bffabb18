"""From tables to contrasts: effects as published, or arm counts, with their covariance.

A *contrast* is one regimen against the baseline arm of one study. Two-arm studies give one,
a study of m arms m - 1, which share the baseline arm and are therefore correlated.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Arm, CountTable, EffectTable
from bayes_escc.evidence.arms import design_of_study
from bayes_escc.evidence.effect_arms import covariance_of_contrasts
from bayes_escc.evidence.effects import connected_pieces
from bayes_escc.evidence.endpoints import endpoint_direction
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Arms", "Contrasts", "contrasts_of_arms", "contrasts_of_effects", "read_arms"]

Array = NDArray[np.float64]
_IN_WORDS = {"OR": "a log odds ratio", "RR": "a log risk ratio", "RD": "a risk difference with a normal error"}


@dataclass(frozen=True)
class Contrasts:
    """Contrasts of one endpoint on one scale.

    Parameters
    ----------
    study, experimental, control : tuple of str
        Of every contrast.
    y : array of shape (k,)
        Observed contrasts on the analysis scale; not a number where only counts are known.
    V : array of shape (k, k)
        Their sampling covariance.
    endpoint, measure : str
    n : array of shape (k, 2)
        Patients by arm, not a number where unknown.
    frame : DataFrame or None
        One row per contrast, for covariates and subgroups; None for effects typed at the prompt.
    better : str
        Direction of the effect that is better, or empty where it is not known.
    """

    study: tuple[str, ...]
    experimental: tuple[str, ...]
    control: tuple[str, ...]
    y: Array
    V: Array
    endpoint: str
    measure: str
    n: Array
    frame: pd.DataFrame
    better: str = ""

    def __len__(self) -> int:
        return len(self.study)

    @property
    def designs(self) -> list[str]:
        """How patients came to their regimens, by contrast: one of `names.DESIGNS`, or empty where it is not said.

        An effect as published is that of a randomised trial unless a column `design` says otherwise.
        """
        if self.frame is None:  # typed at the prompt
            return ["randomised"] * len(self)
        unstated = ["" if counted else "randomised" for counted in self._counted]
        if "design" not in self.frame:
            return unstated
        cells: dict[str, list[str]] = {}
        for study, cell in zip(self.study, self.frame["design"], strict=True):
            cells.setdefault(study, []).append(str(cell))
        stated = {study: design_of_study(of_study) for study, of_study in cells.items()}
        return [stated[study] or other for study, other in zip(self.study, unstated, strict=True)]

    def arms(self, *, linked: bool) -> tuple[Arm, ...]:
        """The arms of all studies, each once.

        Parameters
        ----------
        linked : bool
            Whether a network links those of different studies.
        """
        designs = dict(zip(self.study, self.designs, strict=True))
        sizes = {
            (study, regimen): None if math.isnan(n) else int(n)
            for study, *regimens, ns in zip(self.study, self.experimental, self.control, self.n, strict=True)
            for regimen, n in zip(regimens, ns, strict=True)
        }
        return tuple(Arm(s, r, self.endpoint, designs[s], n, linked=linked) for (s, r), n in sizes.items())

    @property
    def patients(self) -> int:
        """Patients of all arms; the control arm of a study once."""
        seen, total = set(), 0.0
        for study, control, (experimental, baseline) in zip(self.study, self.control, self.n, strict=True):
            total += 0.0 if math.isnan(experimental) else experimental
            if (study, control) not in seen:
                total += 0.0 if math.isnan(baseline) else baseline
            seen.add((study, control))
        return int(total)

    @property
    def _counted(self) -> list[bool]:
        """Whether a contrast is made of arm counts rather than published."""
        if "estimate" not in self.frame:
            return [True] * len(self)
        return [str(v).strip() in {"", "nan"} for v in self.frame["estimate"]]

    @property
    def independent(self) -> bool:
        """Whether no study gives more than one contrast."""
        return len(set(self.study)) == len(self.study)

    def random_effects_factor(self) -> Array:
        """Cholesky factor of the correlation of the random effects: 1/2 within a study."""
        same = np.array([[a == b for b in self.study] for a in self.study])
        return np.linalg.cholesky(0.5 * same + 0.5 * np.eye(len(self)))

    def followed_by(self, other: Contrasts) -> Contrasts:
        """These contrasts and those of other studies, on the same scale."""
        import pandas as pd

        if self.better and other.better and self.better != other.better:
            raise DataError(
                f"{self.endpoint}: one table says that {self.better} is better, the other that {other.better} is."
            )
        zero = np.zeros((len(self), len(other)))
        return Contrasts(
            self.study + other.study,
            self.experimental + other.experimental,
            self.control + other.control,
            np.concatenate([self.y, other.y]),
            np.block([[self.V, zero], [zero.T, other.V]]),
            self.endpoint,
            self.measure,
            np.concatenate([self.n, other.n]),
            pd.concat([self.frame, other.frame], ignore_index=True),
            self.better or other.better,
        )

    def take(self, keep: NDArray[np.bool_]) -> Contrasts:
        """Some of these contrasts."""

        def some(labels: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(x for x, k in zip(labels, keep, strict=True) if k)

        return replace(
            self,
            study=some(self.study),
            experimental=some(self.experimental),
            control=some(self.control),
            y=self.y[keep],
            V=self.V[np.ix_(keep, keep)],
            n=self.n[keep],
            frame=self.frame[keep],
        )

    @property
    def regimens(self) -> tuple[str, ...]:
        """Every regimen, in order of appearance."""
        return tuple(dict.fromkeys([*self.control, *self.experimental]))

    def require_connected(self, source: str) -> None:
        """Refuse a network in pieces, naming them."""
        pieces = connected_pieces(zip(self.experimental, self.control, strict=True))
        if len(pieces) > 1:
            listed = "; ".join(f"({i}) {', '.join(p)}" for i, p in enumerate(pieces, start=1))
            raise DataError(
                f"{source}: the network is in {len(pieces)} pieces without a common regimen: {listed}. "
                "Compare within one piece, or give regimens that are the same in practice one name."
            )


def _patients(frame: pd.DataFrame) -> Array:
    columns = [
        [float(v) if str(v).strip() not in {"", "nan"} else np.nan for v in frame[c]]
        if c in frame
        else [np.nan] * len(frame)
        for c in ("n_experimental", "n_control")
    ]
    return np.array(columns, dtype=float).T


def contrasts_of_effects(table: EffectTable, *, network: bool) -> Contrasts:
    """Contrasts of a selected table of effects.

    Raises
    ------
    DataError
        If a study gives several contrasts and they are to be pooled as independent, or their
        covariance is not known.
    """
    if not network:
        table.require_independent()
    frame = table.frame
    problems: list[Problem] = []
    V = covariance_of_contrasts(frame, problems)
    refuse_if_any(table.source, problems)
    measure = str(frame["measure"].iloc[0])
    stated = {str(v) for v in frame["better"]} & {"lower", "higher"} if "better" in frame else set()
    # the events whose hazards trials compare are deaths and progressions
    known = "lower" if measure.endswith("HR") else endpoint_direction(table.endpoints[0]) or ""
    better = stated.pop() if len(stated) == 1 else known
    return Contrasts(
        tuple(frame["study"]),
        tuple(frame["experimental"]),
        tuple(frame["control"]),
        frame["y"].to_numpy(dtype=float),
        V,
        table.endpoints[0],
        measure,
        _patients(frame),
        frame,
        better,
    )


@dataclass(frozen=True)
class Arms:
    """Arm counts, the baseline arm of every study first.

    Parameters
    ----------
    study, regimen : tuple of str
        Of every arm.
    events, n : array of shape (arms,)
    contrast : array of shape (arms,)
        0 for a baseline arm, else the number of its contrast, counted from 1.
    """

    study: tuple[str, ...]
    regimen: tuple[str, ...]
    events: NDArray[np.int64]
    n: NDArray[np.int64]
    contrast: NDArray[np.int32]

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies, in order of appearance."""
        return tuple(dict.fromkeys(self.study))

    def of(self, studies: Collection[str]) -> Arms:
        """The arms of some studies, their contrasts numbered anew."""
        keep = np.array([s in studies for s in self.study])
        first = self.contrast[keep] == 0
        return Arms(
            tuple(s for s, k in zip(self.study, keep, strict=True) if k),
            tuple(r for r, k in zip(self.regimen, keep, strict=True) if k),
            self.events[keep],
            self.n[keep],
            np.where(first, 0, np.cumsum(~first)).astype("int32"),
        )


def read_arms(table: CountTable, *, control: str | None, network: bool, reference: str | None) -> Arms:
    """Arms of a selected table of counts of one endpoint, the baseline arm of every study first.

    Parameters
    ----------
    control : str or None
        A regimen; or a column that, in each row, names the study's control regimen or says
        ``control`` (or yes) in the control's own row.
    network : bool
        Whether a study may have any arms; otherwise one control and one other.
    reference : str or None
        Of a network: the baseline arm where a study has it.

    Raises
    ------
    AnalysisError, DataError
    """
    frame = table.frame
    if len(table.endpoints) > 1:
        raise AnalysisError(f"endpoint: the table has {', '.join(table.endpoints)}; name one.")
    is_control = _controls(frame, control, reference, network, table.regimens)
    problems, order = [], []
    for study, rows in frame.groupby("study", sort=False):
        marked = [i for i in rows.index if is_control[i]]
        if len(rows) < 2:
            problems.append((study, rows, "has one arm only", "Remove the study, or add its other arm."))
        elif not network and len(marked) != 1:
            found = "no control arm" if not marked else f"{len(marked)} control arms"
            problems.append((study, rows, f"has {found}", "Say with model.control which arm is the control."))
        elif not network and len(rows) > 2:
            problems.append(
                (
                    study,
                    rows,
                    f"has {len(rows)} arms, which a pairwise model cannot pool as independent",
                    "Keep two with regimens, or use network = true.",
                )
            )
        first = marked[0] if marked else rows.index[0]
        order += [first, *[i for i in rows.index if i != first]]
    refuse_if_any(
        table.source,
        [
            Problem(
                "arms_of_study", f"{study} {what}", remedy, row=int(rows.index[0]), column="study", value=str(study)
            )
            for study, rows, what, remedy in problems
        ],
    )
    arms = frame.loc[order]
    contrast, seen, count = [], set(), 0
    for study in arms["study"]:
        count += study in seen
        contrast.append(count if study in seen else 0)
        seen.add(study)
    return Arms(
        tuple(arms["study"]),
        tuple(arms["regimen"]),
        arms["events"].to_numpy(dtype="int64"),
        arms["n"].to_numpy(dtype="int64"),
        np.array(contrast, dtype="int32"),
    )


def _controls(
    frame: pd.DataFrame, control: str | None, reference: str | None, network: bool, regimens: Sequence[str]
) -> Mapping[Any, bool]:
    """Which rows are control arms."""
    chosen = control or reference
    key = "control" if control else "reference"
    if chosen is None:
        if network:
            return dict.fromkeys(frame.index, False)
        raise AnalysisError(
            "model.control: say which arm of each study is the control: a regimen "
            f"({', '.join(regimens)}) or a column that names it, for example one with experimental and control."
        )
    if chosen in set(regimens):
        return {i: r == chosen for i, r in frame["regimen"].items()}
    if chosen in frame.columns and chosen != "regimen":
        cells = zip(frame.index, frame[chosen], frame["regimen"], strict=True)
        return {i: str(c).casefold() in {"control", "yes", "true", "1"} or c == r for i, c, r in cells}
    allowed = [*regimens, *frame.columns]
    raise AnalysisError(
        f"model.{key}: {chosen!r} is neither a regimen here nor a column; regimens are {', '.join(regimens)}."
        f"{nearest(chosen, allowed)}"
    )


def _of_arms(arms: Arms, measure: str) -> tuple[Array, Array]:
    """What every arm's counts say on the scale of a measure, and its variance (delta method)."""
    events, other = arms.events.astype(float), (arms.n - arms.events).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "RR":
            return np.log(events / arms.n), 1.0 / events - 1.0 / arms.n
        if measure == "RD":
            return events / arms.n, events * other / arms.n.astype(float) ** 3
        return np.log(events) - np.log(other), 1.0 / events + 1.0 / other


def contrasts_of_arms(table: CountTable, arms: Arms, *, normal: bool, measure: str = "OR") -> Contrasts:
    """Every arm against its study's baseline arm: a log odds ratio, a log risk ratio or a risk difference.

    Parameters
    ----------
    normal : bool
        Whether the contrasts will be taken as normal; then no count may be 0 or n.
    measure : {"OR", "RR", "RD"}

    Raises
    ------
    DataError
    """
    import pandas as pd

    if normal and (np.any(arms.events == 0) or np.any(arms.events == arms.n)):
        listed = ", ".join(
            f"{s} ({r}: {e}/{n})"
            for s, r, e, n in zip(arms.study, arms.regimen, arms.events, arms.n, strict=True)
            if e in (0, n)
        )
        raise DataError(
            f"{table.source}: {_IN_WORDS[measure]} needs counts between 0 and n; {listed}. "
            'Use likelihood = "binomial", which needs no continuity correction'
            + ("." if measure == "OR" else ", and [estimands] baseline_rate for risks and their difference.")
        )
    by_arm, variance = _of_arms(arms, measure)
    base: dict[str, int] = {}
    for i, study in enumerate(arms.study):
        base.setdefault(study, i)
    rows = [i for i in range(len(arms.study)) if arms.contrast[i] > 0]
    against = [base[arms.study[i]] for i in rows]
    with np.errstate(invalid="ignore"):  # two arms without events have no log odds ratio
        difference = by_arm[rows] - by_arm[against]
    k = len(rows)
    V = np.array(
        [
            [
                (variance[against[a]] if arms.study[rows[a]] == arms.study[rows[b]] else 0.0)
                + (variance[rows[a]] if a == b else 0.0)
                for b in range(k)
            ]
            for a in range(k)
        ]
    )
    first = {(s, r): i for i, s, r in zip(table.frame.index, table.frame["study"], table.frame["regimen"], strict=True)}
    frame = pd.DataFrame(table.frame.loc[[first[arms.study[i], arms.regimen[i]] for i in rows]])
    if "design" in frame:  # a study has the design that any of its arms states
        of_study = table.frame.groupby("study", sort=False)["design"].agg(design_of_study)
        frame["design"] = [of_study[study] for study in frame["study"]]
    return Contrasts(
        tuple(arms.study[i] for i in rows),
        tuple(arms.regimen[i] for i in rows),
        tuple(arms.regimen[i] for i in against),
        difference,
        V,
        table.endpoints[0],
        measure,
        np.column_stack([arms.n[rows], arms.n[against]]).astype(float),
        frame,
        table.directions.get(table.endpoints[0], ""),
    )
