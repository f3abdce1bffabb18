"""Constant hazards with Gamma laws: the laws of what depends on one of them alone, of contrasts, and of ranks.

A hazard, a median, survival to a time and a restricted mean are monotone in the hazard, so that which of two regimens
is better is the same question for all of them; its answer is the incomplete beta function. Ratios of hazards and of
medians have scaled F laws. Other contrasts are one integral over the hazard of the reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import Direction, Scale
from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.marginal import Distribution, finite

__all__ = ["Gamma", "HazardContrast", "HazardLaw", "Quantity", "rank_hazards"]

Array = NDArray[np.float64]
Quantity = Literal["hazard", "median", "survival", "rmst"]
_EDGES: Final = (0.0, 1e-9, 1e-6, 1e-4, 1e-2, 0.1, 0.5, 0.9, 0.99, 1.0 - 1e-4, 1.0 - 1e-6, 1.0 - 1e-9, 1.0)
_NODES: Final = 24


@dataclass(frozen=True)
class Gamma:
    """The law of a hazard.

    Parameters
    ----------
    shape, rate : float
        After d events in a total time t under Gamma(a, b): a + d and b + t.
    """

    shape: float
    rate: float

    def cdf(self, hazard: ArrayLike) -> Array:
        """P(hazard <= h)."""
        from scipy.special import gammainc

        return np.asarray(gammainc(self.shape, self.rate * np.maximum(hazard, 0.0)))

    def sf(self, hazard: ArrayLike) -> Array:
        """P(hazard > h)."""
        from scipy.special import gammaincc

        return np.asarray(gammaincc(self.shape, self.rate * np.maximum(hazard, 0.0)))

    def quantile(self, q: ArrayLike) -> Array:
        """The hazard below which a fraction q of the probability lies."""
        from scipy.special import gammaincinv

        return np.asarray(gammaincinv(self.shape, q) / self.rate)

    def rule(self) -> tuple[Array, Array]:
        """Hazards and weights that integrate a function over this law."""
        x, w = np.polynomial.legendre.leggauss(_NODES)
        edges = np.array(_EDGES)
        half = np.diff(edges)[:, None] / 2.0
        return self.quantile((edges[:-1, None] + half * (1.0 + x)).ravel()), (half * w).ravel()

    def moment(self, power: int) -> float:
        """Expected value of a power of the hazard, which may be negative; not a number where it does not exist."""
        if self.shape + power <= 0.0:
            return math.nan
        return math.exp(math.lgamma(self.shape + power) - math.lgamma(self.shape) - power * math.log(self.rate))


@dataclass(frozen=True)
class HazardLaw(Distribution):
    """The law of a number that a constant hazard decides.

    Parameters
    ----------
    hazard : Gamma
    what : {"hazard", "median", "survival", "rmst"}
    time : float
        To which survival, or the restricted mean, is reckoned.
    """

    hazard: Gamma
    what: Quantity
    time: float = 1.0

    def of(self, hazard: Array) -> Array:
        """The number at hazards."""
        with np.errstate(divide="ignore", invalid="ignore"):
            match self.what:
                case "hazard":
                    return hazard
                case "median":
                    return np.asarray(math.log(2.0) / hazard)
                case "survival":
                    return np.exp(-hazard * self.time)
            mean = -np.expm1(-hazard * self.time) / hazard
            return np.where(hazard > 0.0, mean, self.time)

    def at(self, value: ArrayLike) -> Array:
        """The hazard at which the number has a value; 0 or infinite beyond those it can have."""
        x = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            match self.what:
                case "hazard":
                    return np.asarray(np.maximum(x, 0.0))
                case "median":
                    return np.where(x > 0.0, math.log(2.0) / x, np.inf)
                case "survival":
                    return np.where(x > 0.0, np.maximum(-np.log(x) / self.time, 0.0), np.inf)
        low, high = np.full(x.shape, -40.0), np.full(x.shape, 40.0)  # the restricted mean, by halving on the log scale
        for _ in range(80):
            middle = (low + high) / 2.0
            above = self.of(np.exp(middle)) > x
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        found = np.exp((low + high) / 2.0)
        return np.where(x <= 0.0, np.inf, np.where(x >= self.time, 0.0, found))

    def cdf(self, x: ArrayLike) -> Array:
        """P(number <= x)."""
        return self.hazard.cdf(self.at(x)) if self.what == "hazard" else self.hazard.sf(self.at(x))

    def sf(self, x: ArrayLike) -> Array:
        """P(number > x)."""
        return self.hazard.sf(self.at(x)) if self.what == "hazard" else self.hazard.cdf(self.at(x))

    def density(self, values: ArrayLike) -> Array:
        """Probability density; 0 beyond the values that the number can have."""
        from scipy.special import gammaln, xlogy

        x = np.asarray(values, dtype=float)
        a, b, hazard = self.hazard.shape, self.hazard.rate, self.at(x)
        inside = (hazard > 0.0) & np.isfinite(hazard)
        h, known = np.where(inside, hazard, 1.0), np.where(inside, x, 1.0)
        match self.what:
            case "hazard":
                slope = np.ones_like(h)
            case "median":
                slope = math.log(2.0) / known**2
            case "survival":
                slope = 1.0 / (known * self.time)
            case "rmst":
                slope = h**2 / (1.0 - (1.0 + h * self.time) * np.exp(-h * self.time))
        log_density = a * math.log(b) - gammaln(a) + xlogy(a - 1.0, h) - b * h
        return np.where(inside, np.exp(log_density) * slope, 0.0)

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""
        return float(self.of(self.hazard.quantile(q if self.what == "hazard" else 1.0 - q)))

    def moment(self, power: int) -> float:
        """Expected value of a power of the number, which may be negative; not a number where it does not exist."""
        match self.what:
            case "hazard":
                return self.hazard.moment(power)
            case "median":
                return math.log(2.0) ** power * self.hazard.moment(-power)
            case "survival":
                after = 1.0 + power * self.time / self.hazard.rate
                return after**-self.hazard.shape if after > 0.0 else math.nan
        nodes, weight = self.hazard.rule()
        return float(weight @ self.of(nodes) ** power)

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""
        return finite(self.moment(1))

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""
        return finite(math.sqrt(max(self.moment(2) - self.moment(1) ** 2, 0.0)))

    def rounding_floor(self) -> float:
        """Error of a probability."""
        return 1e-12


@dataclass(frozen=True)
class HazardContrast(Distribution):
    """The law of one number against another, of independent hazards.

    Parameters
    ----------
    x, y : HazardLaw
        Of the regimen and of the reference, of one kind and time.
    scale : {"difference", "ratio", "odds_ratio"}
    less : float
        What is taken off it: 1 for a ratio less that of the reference to itself.
    """

    x: HazardLaw
    y: HazardLaw
    scale: Scale
    less: float = 0.0

    @property
    def _scaled(self) -> bool:
        """Whether it is a ratio of hazards or of medians, which has a scaled F law."""
        return self.scale == "ratio" and self.x.what in ("hazard", "median")

    def _above(self, threshold: float) -> float:
        """P(contrast > threshold)."""
        from scipy.special import betainc

        null = 0.0 if self.scale == "difference" else 1.0
        if self.scale != "difference" and threshold <= 0.0:
            return 1.0
        x, y = self.x.hazard, self.y.hazard
        if self._scaled or threshold == null:  # whether the hazard of x is below that of y, times a factor
            factor = threshold if self._scaled else 1.0
            factor = factor if self.x.what == "hazard" else 1.0 / factor
            below = float(betainc(x.shape, y.shape, factor * x.rate / (factor * x.rate + y.rate)))
            return 1.0 - below if self.x.what == "hazard" else below
        nodes, weight = y.rule()
        base = self.y.of(nodes)
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = threshold * base / (1.0 - base)
            passed = {
                "difference": threshold + base,
                "ratio": threshold * base,
                "odds_ratio": np.where(np.isfinite(odds), odds / (1.0 + odds), 1.0),
            }[self.scale]
        return float(np.clip(weight @ self.x.sf(passed), 0.0, 1.0))

    def sf(self, x: ArrayLike) -> Array:
        """P(contrast > x)."""
        at = np.asarray(x, dtype=float)
        return np.array([self._above(float(t) + self.less) for t in at.ravel()]).reshape(at.shape)

    def cdf(self, x: ArrayLike) -> Array:
        """P(contrast <= x)."""
        return np.asarray(1.0 - self.sf(x))

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""
        if self.scale == "difference":
            reach = max(abs(law.quantile(p)) for law in (self.x, self.y) for p in (1e-12, 1.0 - 1e-12))
            return root_of(lambda t: (1.0 - self._above(t)) - q, -reach, reach, 1e-12)

        def excess(t: float) -> float:
            return (1.0 - self._above(math.exp(t))) - q

        reach = 1.0
        while reach < 640.0 and not excess(-reach) < 0.0 < excess(reach):
            reach *= 2.0
        return math.exp(root_of(excess, -reach, reach, 1e-12)) - self.less

    @property
    def _moments(self) -> tuple[float, float]:
        """The first two moments of a ratio; not a number where they do not exist."""
        if self.scale == "odds_ratio":
            return math.nan, math.nan
        return tuple(self.x.moment(k) * self.y.moment(-k) for k in (1, 2))  # type: ignore[return-value]  # two of them

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""
        if self.scale == "difference":
            return finite(self.x.moment(1) - self.y.moment(1))
        return finite(self._moments[0] - self.less)

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""
        if self.scale == "difference":
            parts = [self.x.sd, self.y.sd]
            return None if None in parts else math.hypot(*(float(p) for p in parts if p is not None))
        first, second = self._moments
        return finite(math.sqrt(max(second - first**2, 0.0)))

    def rounding_floor(self) -> float:
        """Error of a probability."""
        return 1e-12 if self._scaled else 1e-8


def rank_hazards(hazards: Sequence[Gamma], better: Direction) -> tuple[Array, Array, Array]:
    """Ranks of independent hazards.

    Parameters
    ----------
    hazards : sequence of Gamma
        Of K regimens.
    better : {"higher", "lower"}
        Which hazard is better.

    Returns
    -------
    table : array of shape (K, K)
        Probability of every rank (columns, the best first) of every regimen (rows).
    best_errors, rank_errors : array of shape (K,)
    """
    count = len(hazards)
    table = np.zeros((count, count))
    for i, own in enumerate(hazards):
        nodes, weight = own.rule()
        ahead = np.zeros((count, len(nodes)))  # of how many regimens are better, at every hazard of this one
        ahead[0] = 1.0
        for j, other in enumerate(hazards):
            if i != j:
                p: Any = other.cdf(nodes) if better == "lower" else other.sf(nodes)
                ahead[1:] = ahead[1:] * (1.0 - p) + ahead[:-1] * p
                ahead[0] *= 1.0 - p
        table[i] = ahead @ weight
    return table, np.full(count, 1e-8), np.full(count, count * 1e-8)
