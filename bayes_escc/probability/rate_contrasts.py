"""Contrasts and ranks of independent rates, each a Beta, a law on a grid of logits, or a mixture of them.

The probability that a contrast passes a value is a sum over pairs of components; each pair is one integral, over
the Beta where there is one, whose panels gather where the integrand bends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import Direction, Scale
from bayes_escc.probability.beta import (
    Beta,
    contrast_rule,
    contrast_tail,
    image_logit,
    moments_of_inverse,
    moments_of_odds,
)
from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.logit_panels import CORE
from bayes_escc.probability.marginal import Distribution, finite
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["RateContrast", "RateLaw", "rank_rates"]

Array = NDArray[np.float64]
RateLaw = Beta | GridRate | BetaMixture


@dataclass(frozen=True)
class RateContrast(Distribution):
    """The law of one rate against another, independent of it.

    Parameters
    ----------
    x, y : Beta, GridRate or BetaMixture
        Of the regimen and of the reference.
    scale : {"difference", "ratio", "odds_ratio"}
        x - y, x / y, or the ratio of their odds.
    """

    x: RateLaw
    y: RateLaw
    scale: Scale

    @cached_property
    def _pairs(self) -> list[tuple[float, Beta | GridRate, Beta | GridRate]]:
        return [(v * w, x, y) for v, x in _parts(self.x) for w, y in _parts(self.y)]

    def sf(self, x: ArrayLike) -> Array:
        """P(contrast > x)."""
        at = np.asarray(x, dtype=float)
        found = [self._above(float(t)) for t in at.ravel()]
        return np.array(found).reshape(at.shape)

    def cdf(self, x: ArrayLike) -> Array:
        """P(contrast <= x)."""
        return np.asarray(1.0 - self.sf(x))

    def _above(self, threshold: float) -> float:
        if self.scale != "difference" and threshold <= 0.0:
            return 1.0
        if self.scale == "difference" and abs(threshold) >= 1.0:
            return float(threshold < 0.0)
        return min(max(sum(w * _exceeds(x, y, threshold, self.scale) for w, x, y in self._pairs), 0.0), 1.0)

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""
        if self.scale == "difference":
            return root_of(lambda t: (1.0 - self._above(t)) - q, -1.0, 1.0, 1e-12)

        def excess(t: float) -> float:
            return (1.0 - self._above(math.exp(t))) - q

        reach = 1.0
        while reach < 640.0 and not excess(-reach) < 0.0 < excess(reach):
            reach *= 2.0
        return math.exp(root_of(excess, -reach, reach, 1e-12))

    def rounding_floor(self) -> float:
        """Error of a probability."""
        on_grid = any(isinstance(part, GridRate) for _, *pair in self._pairs for part in pair)
        return 1e-8 if on_grid else 1e-11

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation; not a number where they do not exist."""
        if self.scale == "difference":
            return self.x.mean - self.y.mean, math.hypot(self.x.sd, self.y.sd)
        odds = self.scale == "odds_ratio"
        top = _moments(self.x, odds=odds, inverse=False)
        bottom = _moments(self.y, odds=odds, inverse=True)
        mean, second = top[0] * bottom[0], top[1] * bottom[1]
        return mean, math.sqrt(max(second - mean**2, 0.0)) if math.isfinite(second) else math.nan

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""
        return finite(self._moments[0])

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""
        return finite(self._moments[1])


def _parts(law: RateLaw) -> list[tuple[float, Beta | GridRate]]:
    """Weights and components of a law, one for what is no mixture."""
    return list(zip(law.weights, law.components, strict=True)) if isinstance(law, BetaMixture) else [(1.0, law)]


def _exceeds(x: Beta | GridRate, y: Beta | GridRate, threshold: float, scale: Scale) -> float:
    """P(contrast > threshold) of one pair."""
    if isinstance(y, Beta):
        if isinstance(x, Beta):
            return contrast_tail(x, y, threshold, scale, "above").value
        u, weight = contrast_rule(y, scale, threshold)
        return float(weight @ x.sf_logit(image_logit(scale, threshold, u)))
    if isinstance(x, Beta):  # over x: y lies below what the threshold leaves it
        back = -threshold if scale == "difference" else 1.0 / threshold
        u, weight = contrast_rule(x, scale, back)
        return float(weight @ y.cdf_logit(image_logit(scale, back, u)))
    return float(y.weight @ x.sf_logit(image_logit(scale, threshold, y.logit)))


def _moments(law: RateLaw, *, odds: bool, inverse: bool) -> tuple[float, float]:
    """First two moments of the rate or its odds, or of one over them; not a number where they do not exist."""
    found = np.zeros(2)
    for w, part in _parts(law):
        if isinstance(part, GridRate):
            u = part.logit if odds else -np.logaddexp(0.0, -part.logit)
            found += w * np.array([_expected(part, (-k if inverse else k) * u) for k in (1, 2)])
            continue
        a, b = (part.beta, part.alpha) if inverse else (part.alpha, part.beta)
        if odds:
            mean, relative = moments_of_odds(a, b)
        else:
            mean, relative = moments_of_inverse(part) if inverse else (part.mean, (part.sd / part.mean) ** 2)
        first = math.nan if mean is None else mean
        found += w * np.array([first, first**2 * (1.0 + (math.nan if relative is None else relative))])
    return float(found[0]), float(found[1])


def _expected(law: GridRate, log_value: Array) -> float:
    """The expectation of a value given by its logarithm; not a number if it is made of the extreme tails."""
    with np.errstate(over="ignore", invalid="ignore"):
        terms = np.where(law.weight > 0.0, law.weight * np.exp(log_value), 0.0)
    reached = np.cumsum(law.weight)
    inner, whole = float(terms[(reached > 1e-9) & (reached < 1.0 - 1e-9)].sum()), float(terms.sum())
    return whole if math.isfinite(whole) and abs(whole - inner) <= 0.01 * abs(whole) else math.nan


def rank_rates(laws: Sequence[RateLaw], better: Direction) -> list[tuple[Array, float]]:
    """P(rank 1), P(rank 2), ... of each rate, and their error, for any number of independent rates."""
    found = []
    betas = [part for law in laws for _, part in _parts(law) if isinstance(part, Beta)]
    cuts = np.concatenate([np.empty(0), *(part.panels(CORE).centre + part.panels(CORE).edges for part in betas)])
    for i, law in enumerate(laws):
        others = [other for j, other in enumerate(laws) if j != i]
        total = np.zeros(len(laws))
        for share, part in _parts(law):
            if isinstance(part, GridRate):
                u, weight = part.logit, part.weight
            else:
                u, weight = part.panels(CORE).rule(cuts)
            ahead = np.zeros((len(u), len(laws)))
            ahead[:, 0] = 1.0
            for other in others:
                p = (other.sf_logit(u) if better == "higher" else other.cdf_logit(u))[:, None]
                ahead[:, 1:] = ahead[:, 1:] * (1.0 - p) + ahead[:, :-1] * p
                ahead[:, :1] *= 1.0 - p
            total += share * (weight @ ahead / weight.sum())
        found.append((total, 1e-7))
    return found
