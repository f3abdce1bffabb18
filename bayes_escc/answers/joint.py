"""Two estimands at once: whether a regimen is better in both, in one of them only, or in neither, by the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.estimand import SampledEstimand
from bayes_escc.answers.rows import Labels, Row
from bayes_escc.names import ENDPOINT, REGIMEN, TIME, TOGETHER
from bayes_escc.probability.marginal import probability_with_error

if TYPE_CHECKING:
    from bayes_escc.answers.comparison import Comparison
    from bayes_escc.answers.posterior import Posterior

__all__ = ["JointRow", "joint_rows"]


@dataclass(frozen=True)
class JointRow(Row):
    """An entry of `joint`: a regimen against a reference in two estimands at once."""

    first: str
    second: str
    regimen: str
    reference: str
    time: float | None
    probability_both: float
    mcse_both: float
    probability_first_only: float
    mcse_first_only: float
    probability_second_only: float
    mcse_second_only: float
    probability_neither: float
    mcse_neither: float
    correlation: float | None


def joint_rows(posterior: Posterior, comparisons: Sequence[Comparison]) -> list[JointRow]:
    """Of every comparison whose estimand names another (`TOGETHER`), what the draws say of both at once.

    Parameters
    ----------
    posterior : Posterior
    comparisons : sequence of Comparison
        Those of the analysis; two of the same pair of estimands give one set of rows.

    Notes
    -----
    Every draw falls in exactly one of the four cases, so that they sum to one. `correlation` is that of the two
    differences over the draws.
    """
    found, done = [], set()
    for comparison in comparisons:
        other = str(posterior.estimand(comparison.estimand).attrs.get(TOGETHER, ""))
        pair = tuple(n for n in posterior.estimand_names if n in (comparison.estimand, other))
        if other not in posterior.estimand_names or (pair, comparison.reference) in done:
            continue
        done.add((pair, comparison.reference))
        one, two = (posterior.known(name) for name in pair)
        for labels in one.cells():
            if labels[REGIMEN] == comparison.reference:
                continue
            a, b = (_gain(e, labels, comparison.reference, comparisons) for e in (one, two))
            if a is None or b is None:
                continue
            cases = [(a > 0) & (b > 0), (a > 0) & (b <= 0), (a <= 0) & (b > 0), (a <= 0) & (b <= 0)]
            both, first, second, neither = (probability_with_error(case, a + b) for case in cases)
            labelled = (one.name, two.name, str(labels[REGIMEN]), comparison.reference, labels[TIME])
            found.append(JointRow(*labelled, *both, *first, *second, *neither, _correlation(a, b)))
    return found


def _gain(
    estimand: SampledEstimand, labels: Labels, reference: str, comparisons: Sequence[Comparison]
) -> NDArray[np.float64] | None:
    """By how much a regimen is better than the reference in every draw; None where either has no data."""
    gained = estimand.contrast_draws(labels, reference, "difference")
    stated = next((c.rows[0].better for c in comparisons if c.estimand == estimand.name and c.rows), None)
    if gained is None:
        return None
    return gained if estimand.direction(labels[ENDPOINT], stated) == "higher" else -gained


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """The correlation of two quantities over the draws; None where one of them does not vary."""
    if not (np.isfinite(a).all() and np.isfinite(b).all() and np.ptp(a) > 0 and np.ptp(b) > 0):
        return None
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
