"""Numbers needed to treat, from a difference of risks: one over it, through infinity where it may be nothing.

References
----------
Altman DG. Confidence intervals for the number needed to treat. BMJ 1998;317:1309-1312.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayes_escc.answers.rows import Row, summarise
from bayes_escc.names import COVARIATE, ENDPOINT, REGIMEN, Direction
from bayes_escc.probability.marginal import Marginal

if TYPE_CHECKING:
    from bayes_escc.answers.posterior import Posterior

__all__ = ["NeededRow", "needed_row", "needed_rows"]


@dataclass(frozen=True)
class NeededRow(Row):
    """An entry of `needed_to_treat`: patients treated for one more to benefit (positive), or to be harmed (negative).

    `at_best` and `at_worst` are those at the limits of the credible interval of the difference; where one is positive
    and the other negative, the interval goes through infinity (no difference).
    """

    regimen: str | None
    endpoint: str | None
    covariate: str | None
    better: Direction
    median: float | None
    at_best: float | None
    at_worst: float | None
    ci_prob: float
    probability_benefit: float
    mcse_probability: float
    sentence: str


def needed_row(
    difference: Marginal,
    *,
    better: Direction,
    ci_prob: float,
    regimen: str | None = None,
    endpoint: str | None = None,
    covariate: str | None = None,
) -> NeededRow:
    """The number needed to treat of one difference of risks.

    Parameters
    ----------
    difference : Marginal
        Risk with the treatment minus risk without it.
    better : {"higher", "lower"}
    ci_prob : float
    regimen, endpoint, covariate : str, optional
    """
    sign = 1.0 if better == "higher" else -1.0
    s = summarise(difference, ci_prob)
    middle, *limits = (sign * v for v in (s.median, s.lower, s.upper))
    worst, best = sorted(limits)
    benefit = difference.beyond(0.0, "above" if better == "higher" else "below")
    return NeededRow(
        regimen,
        endpoint,
        covariate,
        better,
        _number(middle),
        _number(best),
        _number(worst),
        ci_prob,
        benefit.value,
        benefit.error,
        _sentence(middle, best, worst, ci_prob),
    )


def _number(benefit: float) -> float | None:
    return None if benefit == 0.0 else 1.0 / benefit


def _sentence(middle: float, best: float, worst: float, ci_prob: float) -> str:
    label = f"{100 * ci_prob:g} % CrI"
    if best * worst > 0.0:
        nearest, farthest = sorted((best, worst), key=lambda v: -abs(v))
        return f"{_words(middle)} ({label} {_whole(nearest)} to {_whole(farthest)})"
    return f"{_words(middle)} ({label} {_words(best)}, through infinity, to {_words(worst)})"


def _whole(benefit: float) -> str:
    return "infinity" if benefit == 0.0 else f"{math.ceil(round(1.0 / abs(benefit), 9)):,}"


def _words(benefit: float) -> str:
    if benefit == 0.0:
        return "infinity"
    return f"{_whole(benefit)} for one to {'benefit' if benefit > 0.0 else 'be harmed'}"


def needed_rows(posterior: Posterior) -> list[NeededRow]:
    """The entries of `needed_to_treat`: of every difference of risks whose better direction is known."""
    if "risk_difference" not in posterior.estimand_names:
        return []
    known = posterior.known("risk_difference")
    stated = next((c.better for c in posterior.analysis.comparisons if c.better is not None), None)
    if stated is None and known.array.attrs.get("better") not in ("higher", "lower"):
        return []
    better = known.direction(None, stated)
    cells = [labels for labels in known.cells() if (known.draws(labels) != 0.0).any()]  # not the reference itself
    return [
        needed_row(
            known.marginal(labels),
            better=better,
            ci_prob=posterior.analysis.ci_prob,
            regimen=labels[REGIMEN],
            endpoint=labels[ENDPOINT],
            covariate=labels[COVARIATE],
        )
        for labels in cells
    ]
