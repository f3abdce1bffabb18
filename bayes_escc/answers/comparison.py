"""Regimens compared: differences, ratios, probabilities, and how far randomisation protects them. Knows no family.

A comparison works on the joint draws of one estimand, draw by draw. Where exact laws are known, the same quantities
come from quadrature instead, with the quadrature's error in place of a Monte Carlo error. xarray and ArviZ are
imported only when draws are there, so that closed-form comparisons start at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.answers.estimand import (
    SampledEstimand,
    contrast,
    direction_of,
    labelled_cells,
    largest,
    natural_scale,
    unit_of,
    wrong_scale,
)
from bayes_escc.answers.rows import NULL_VALUE, ComparisonRow, Question, better_threshold, comparison_row
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm
from bayes_escc.evidence.arms import studies_between
from bayes_escc.names import ENDPOINT, NO_ANSWER, REGIMEN, Direction, Scale, normalise
from bayes_escc.probability.marginal import Marginal, probability_with_error
from bayes_escc.settings.questions import problems_with_contrast, problems_with_interval, sentence
from bayes_escc.settings.reader import check_margin, nearest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayes_escc.answers.exact_laws import ExactLaws

__all__ = [
    "NULL_VALUE",
    "Comparison",
    "anchoring",
    "better_threshold",
    "check_probability",
    "compare",
    "direction_of",
    "labelled_cells",
    "natural_scale",
    "probability_with_error",
    "unit_of",
]

UNANCHORED: Final = "unanchored, not randomised"
NETWORK: Final = (
    "randomised within trials, compared through the network",
    "compared through the network, randomisation not stated for all studies",
    "not randomised in all studies of the network between them",
)
"""How a contrast through a network is protected, from most to least."""
_LEVELS: Final = "\0levels"
BORROWED: Final = "randomised, but for patients borrowed from earlier trials"


def anchoring(arms: Sequence[Arm], endpoint: str | None, regimen: str, reference: str) -> str:
    """How far a contrast of two regimens is protected by randomisation.

    Returns
    -------
    str
        ``"randomised"`` if both come from one randomised study, or `BORROWED` if one of them borrows besides;
        ``"same study, randomisation not stated"``;
        ``"pooled over studies, randomisation not preserved"`` if several studies hold both;
        in a network, or through effects and trials that stand beside patients, ``"randomised within trials, compared
        through the network"`` if all studies on the paths between the two are randomised, else one of `NETWORK`;
        otherwise ``"unanchored, not randomised"``.
    """
    chosen = [a for a in arms if endpoint is None or a.endpoint == endpoint]
    linked, loose = [a for a in chosen if a.linked], [a for a in chosen if not a.linked]
    if not linked:
        return _of_levels(loose, regimen, reference)
    # arms whose levels are compared as they stand are one study: all that it says of two regimens, it says at once
    together = [replace(a, study=_LEVELS) for a in loose]
    on_paths = studies_between([*linked, *together], regimen, reference)
    if on_paths <= {_LEVELS}:
        return _of_levels(loose, regimen, reference)
    designs = {a.design for a in linked if a.study in on_paths}
    if _LEVELS in on_paths:
        designs |= {a.design for a in loose} if len({a.study for a in loose}) == 1 else {"non-randomised"}
    return _of_network(designs)


def _of_levels(chosen: Sequence[Arm], regimen: str, reference: str) -> str:
    """The label of a contrast of levels: each regimen's arms, of whatever studies, against the other's."""
    mine = {a.study for a in chosen if a.regimen == regimen}
    theirs = {a.study for a in chosen if a.regimen == reference}
    designs = {a.design for a in chosen if a.regimen in (regimen, reference)}
    if not mine or mine != theirs or designs & {"single-arm", "non-randomised"}:
        return UNANCHORED
    if len(mine) > 1:
        return "pooled over studies, randomisation not preserved"
    if designs != {"randomised"}:
        return "same study, randomisation not stated"
    return BORROWED if any(a.borrows for a in chosen if a.regimen in (regimen, reference)) else "randomised"


def _of_network(designs: set[str]) -> str:
    """The label of a contrast from the designs of the studies on its paths."""
    randomised, unstated = "randomised" in designs, "" in designs
    if designs <= {"randomised"}:
        return NETWORK[0]
    if not (randomised or unstated):
        return UNANCHORED
    return NETWORK[1] if designs <= {"randomised", ""} else NETWORK[2]


@dataclass(frozen=True, repr=False)
class Comparison:
    """Every regimen against a reference, on one estimand.

    Parameters
    ----------
    estimand, reference, scale : str
    margin : float or None
        Smallest difference (or ratio) that matters, in the better direction.
    rope : tuple of float or None
        Region of practical equivalence on the scale of the contrast.
    ci_prob : float
        Probability of the equal-tailed intervals.
    draws : DataArray
        The contrast itself, draw by draw: dimensions (chain, draw, ..., regimen), without
        the reference. Attribute ``unit``.
    rows : tuple of ComparisonRow
        One per regimen (and endpoint, time): the entries of `comparisons` in `result.json`.
    marginals : tuple of Marginal
        What is known of the contrast of each row.
    converged : bool
        Whether the fit passed its diagnostics.
    outcome : str
        The time to an event it is of, where that is not progression-free survival: ``"OS"`` and the like.
    """

    estimand: str
    reference: str
    scale: Scale
    margin: float | None
    rope: tuple[float, float] | None
    ci_prob: float
    draws: xr.DataArray
    rows: tuple[ComparisonRow, ...]
    marginals: tuple[Marginal, ...] = ()
    converged: bool = True
    outcome: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per regimen, with intervals, probabilities and their errors."""
        import pandas as pd

        return pd.DataFrame([row.plain() for row in self.rows])

    @property
    def probability(self) -> pd.Series:
        """P(better than the reference) by regimen (and endpoint, time if there are several)."""
        table = self.table
        keys = [k for k in (ENDPOINT, "time") if table[k].nunique(dropna=False) > 1]
        return table.set_index([*keys, REGIMEN])["probability_better"]

    def _repr_html_(self) -> str:
        """In a notebook: what `print` shows."""
        return f"<pre>{escape(repr(self))}</pre>"

    def __repr__(self) -> str:
        lines = [] if self.converged else [NO_ANSWER]
        what = f"{self.outcome} {self.estimand}".strip()
        lines.append(f"Comparison of {what} with {self.reference} ({self.scale}):")
        for row in self.rows:
            name = ", ".join(part for part in (row.regimen, row.endpoint) if part)
            name += f" at {row.time:g}" if row.time is not None else ""
            p = row.probability_better
            better = "> 0.999" if p >= 0.9995 else "< 0.001" if p < 0.0005 else f"= {p:.3f}"
            lines.append(
                f"  {name}: {row.median:.3g} ({100 * self.ci_prob:g} % CrI {row.lower:.3g} to {row.upper:.3g}), "
                f"P(better) {better} [{row.anchoring}]"
            )
        return "\n".join(lines)


def check_reference(array: xr.DataArray, reference: str) -> None:
    """Refuse an estimand without regimens, or a reference that is not one of them."""
    if REGIMEN not in array.dims:
        raise AnalysisError(
            f"{array.name} is not estimated by regimen, so regimens cannot be compared on it. The probability that it "
            "lies below or above a value is a threshold."
        )
    regimens = [str(r) for r in array[REGIMEN].to_numpy()]
    if reference not in regimens:
        raise AnalysisError(
            f"reference {reference!r} is not a regimen here: use one of {', '.join(regimens)}."
            f"{nearest(reference, regimens)}"
        )


def compare(
    array: xr.DataArray,
    *,
    reference: str,
    scale: Scale = "difference",
    better: Direction | None = None,
    margin: float | None = None,
    rope: tuple[float, float] | None = None,
    ci_prob: float = 0.95,
    exact: ExactLaws | None = None,
    arms: Sequence[Arm] = (),
    converged: bool = True,
) -> Comparison:
    """Compare every regimen of an estimand with a reference.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    reference : str
        Regimen the others are compared with.
    scale : {"difference", "ratio", "odds_ratio"}
        Regimen minus reference, regimen over reference, or the ratio of their odds.
    better : {"higher", "lower"}, optional
        Direction of benefit; by default what the estimand says.
    margin : float, optional
        For P(better by margin): a difference of at least 0, or a ratio on the better side of 1.
    rope : tuple of float, optional
        Lower and upper limit of practical equivalence.
    ci_prob : float
        Probability of the intervals.
    exact : ExactLaws, optional
        Laws behind the draws, for quadrature.
    arms : sequence of Arm
        Origin of the evidence, for the label on randomisation.
    converged : bool
        Whether the fit passed its diagnostics; carried to figures.

    Raises
    ------
    AnalysisError
        If the reference, scale, direction or margin do not fit the estimand.
    """
    reference = normalise(reference)
    check_reference(array, reference)
    margin, rope, ci_prob = _checked_numbers(margin, rope, ci_prob)
    if scale not in NULL_VALUE:
        raise AnalysisError(f"scale {scale!r} is not one of {', '.join(NULL_VALUE)}.{nearest(scale, NULL_VALUE)}")
    if wrong := wrong_scale(array, scale):
        raise AnalysisError(f"{wrong}.")
    question = Question(scale, margin, rope, ci_prob)
    estimand = SampledEstimand(array, exact)
    rows, marginals = [], []
    for labels in estimand.cells():
        known = None if labels[REGIMEN] == reference else estimand.contrast(labels, reference, scale)
        if known is None:
            continue
        direction = estimand.direction(labels[ENDPOINT], better)
        _check_margin(question, direction, estimand.unit(labels), largest(array))
        protected = anchoring(arms, labels[ENDPOINT], labels[REGIMEN], reference)
        rows.append(comparison_row(estimand.name, labels, reference, known, question, direction, protected))
        marginals.append(known)
    others = [r for r in array[REGIMEN].to_numpy() if r != reference]
    draws = contrast(array.sel({REGIMEN: others}), array.sel({REGIMEN: reference}, drop=True), scale)
    draws = draws.rename(f"{array.name}_{scale}")
    draws.attrs = {"unit": array.attrs.get("unit", "") if scale == "difference" else "ratio"}
    return Comparison(
        estimand.name, reference, scale, margin, rope, ci_prob, draws, tuple(rows), tuple(marginals), converged
    )


def check_probability(value: Any, name: str) -> float:
    """The probability of an interval, or an `AnalysisError`."""
    if wrong := problems_with_interval(value):
        raise AnalysisError(f"{name} {wrong[0]}.")
    return float(value)


def _checked_numbers(margin: Any, rope: Any, ci_prob: Any) -> tuple[float | None, tuple[float, float] | None, float]:
    """Margin, limits and interval probability as finite numbers, or an `AnalysisError`."""

    def number(value: Any, name: str) -> float:
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        raise AnalysisError(f"{name} must be a finite number, not {value!r}.")

    limits = None
    if rope is not None:
        if not isinstance(rope, Sequence) or isinstance(rope, str) or len(rope) != 2:
            raise AnalysisError(f"rope must be two numbers, the lower first, not {rope!r}.")
        limits = (number(rope[0], "rope"), number(rope[1], "rope"))
    size = None if margin is None else number(margin, "margin")
    return size, limits, check_probability(ci_prob, "ci_prob")


def _check_margin(question: Question, better: Direction, unit: str, most: float) -> None:
    scale, margin, rope = question.scale, question.margin, question.rope
    problems = check_margin(scale, better, margin, rope) or problems_with_contrast(scale, unit, margin, rope, most)
    if rope is not None and not rope[0] < rope[1]:
        problems.append(("rope", f"needs the lower limit first, not {list(rope)}"))
    if problems:
        raise AnalysisError(sentence(*(f"{key} {message}" for key, message in problems)))
