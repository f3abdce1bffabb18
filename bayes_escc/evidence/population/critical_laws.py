"""The critical bias of a contrast whose exact law is known once the bias of each arm is taken from it.

A bias on the log odds shifts the logit of a rate, and one on the log hazard multiplies a hazard, so that laws which are
held on logits, or are those of constant hazards, stay of their kind. Without bias the probability is that of the
comparison itself, to the last digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.population.bias import BiasedBeta, CriticalBias, CriticalBiasByQuadrature
from bayes_escc.names import Direction
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.hazard_laws import Gamma, HazardContrast, HazardLaw
from bayes_escc.probability.joint_rates import JointContrast
from bayes_escc.probability.marginal import Probability, Side
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_contrasts import RateContrast, RateLaw
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["CriticalBiasOfLaw", "Law", "critical_bias_of_law"]

Array = NDArray[np.float64]
Law = RateContrast | JointContrast | HazardContrast
"""Laws of contrasts that can be seen after a bias."""
_AROUND: Final = (0.5, 0.1587, 0.8413)
"""The middle of a normal law, and one standard deviation either side of it."""
_LARGEST_EXPONENT: Final = 700.0
"""Of a number that a computer has."""


@dataclass(frozen=True)
class CriticalBiasOfLaw(CriticalBiasByQuadrature):
    """The critical bias of a contrast whose law after biases is known.

    Parameters
    ----------
    law : RateContrast, JointContrast or HazardContrast
        As observed.
    threshold : float
        The contrast that has to be passed.
    better : {"higher", "lower"}
    reference_bias : float
        Taken from the reference.
    better_below : bool
        Whether the regimen is better when the bias is below its critical value (else, above); it follows.
    """

    law: Law
    threshold: float
    better: Direction
    reference_bias: float = 0.0
    better_below: bool = field(init=False)

    def __post_init__(self) -> None:
        # a bias that is taken away lowers a rate and a hazard, and prolongs survival
        falls = not isinstance(self.law, HazardContrast) or self.law.x.what == "hazard"
        object.__setattr__(self, "better_below", falls == (self.better == "higher"))

    @property
    def _side(self) -> Side:
        return "above" if self.better == "higher" else "below"

    def with_reference_bias(self, bias: float) -> CriticalBias:
        return replace(self, reference_bias=bias)

    def probability_at(self, bias: float) -> tuple[float, float]:
        law, threshold = self._asked(bias)
        found: Probability = law.beyond(threshold, self._side)
        return found.value, found.error

    def _asked(self, bias: float) -> tuple[Law, float]:
        """A law and a threshold that ask whether the regimen is better after the biases."""
        shift, law = bias - self.reference_bias, self.law
        if shift != 0.0 and not isinstance(law, HazardContrast):
            null = self.threshold == (0.0 if law.scale == "difference" else 1.0)
            if null or law.scale == "odds_ratio":  # only the odds ratio counts, and it is the bias that shifts it
                ratio = 1.0 if null else self.threshold
                return replace(law, scale="odds_ratio"), ratio * math.exp(
                    min(max(shift, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
                )
        return _after(law, bias, self.reference_bias), self.threshold

    def probabilities_at(self, biases: Array) -> Array:
        each = [self.probability_at(float(b))[0] for b in np.ravel(biases)]
        return np.array(each).reshape(np.shape(biases))

    @property
    def _centre_and_spread(self) -> tuple[float, float]:
        ratio: Law
        if isinstance(self.law, HazardContrast):
            x, y = (replace(law, what="hazard") for law in (self.law.x, self.law.y))
            ratio = HazardContrast(x, y, "ratio")
        else:
            ratio = replace(self.law, scale="odds_ratio")
        middle, low, high = (math.log(ratio.quantile(q)) for q in _AROUND)
        return middle + self.reference_bias, (high - low) / 2.0

    @property
    def _course(self) -> tuple[Array, Array, float]:
        return _course_of(self)

    def contrast_at(self, bias: float, q: float) -> float:
        """Quantile of the contrast that is left after a bias is taken from the regimen."""
        return _after(self.law, bias, self.reference_bias).quantile(q)


@lru_cache(maxsize=32)
def _course_of(critical: CriticalBiasOfLaw) -> tuple[Array, Array, float]:
    """Its course; kept, because comparison, tables of bias and figures ask for it in turn."""
    return critical.course()


def critical_bias_of_law(law: object, threshold: float, better: Direction) -> CriticalBiasOfLaw | None:
    """The critical bias of a contrast with this law, or None where the law after a bias is not known."""
    return CriticalBiasOfLaw(law, threshold, better) if isinstance(law, Law) else None


def _after(law: Law, bias: float, reference_bias: float) -> Law:
    """The law of a contrast once a bias is taken from the regimen and another from the reference."""
    if bias == 0.0 and reference_bias == 0.0:
        return law
    if isinstance(law, RateContrast):
        return replace(law, x=_rate_after(law.x, bias), y=_rate_after(law.y, reference_bias))
    if isinstance(law, HazardContrast):
        return replace(law, x=_hazard_after(law.x, bias), y=_hazard_after(law.y, reference_bias))
    first, second = (bias, reference_bias) if law.index == 0 else (reference_bias, bias)
    return replace(law, joint=replace(law.joint, edges=law.joint.edges - first, rows=law.joint.rows - second))


def _rate_after(law: RateLaw, bias: float) -> RateLaw:
    if isinstance(law, BetaMixture):
        return replace(law, components=tuple(_part_after(part, bias) for part in law.components))
    return _part_after(law, bias)


def _part_after(law: Beta | GridRate, bias: float) -> Beta | GridRate:
    return BiasedBeta(law.alpha, law.beta, bias) if isinstance(law, Beta) else GridRate(law.logit - bias, law.weight)


def _hazard_after(law: HazardLaw, bias: float) -> HazardLaw:
    return replace(law, hazard=Gamma(law.hazard.shape, law.hazard.rate * math.exp(bias)))
