"""The law of one rate held on an equidistant grid of logits, as a quadrature leaves it.

The trapezoidal rule on logits converges exponentially for smooth densities, so that sums over the
grid are integrals to rounding. Needs NumPy alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.marginal import Distribution

__all__ = ["GridRate"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GridRate(Distribution):
    """A distribution of a rate, as probabilities of equidistant logits.

    Parameters
    ----------
    logit : array of shape (nodes,)
        Ascending and equidistant, close enough that neighbouring densities differ little.
    weight : array of shape (nodes,)
        Probabilities; they sum to one.
    """

    logit: Array
    weight: Array

    @property
    def step(self) -> float:
        """Distance of neighbouring logits."""
        return float((self.logit[-1] - self.logit[0]) / (len(self.logit) - 1))

    @cached_property
    def rates(self) -> Array:
        """The rates at the nodes."""
        return np.exp(-np.logaddexp(0.0, -self.logit))

    @property
    def mean(self) -> float:
        """Expected rate."""
        return float(self.weight @ self.rates)

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        return math.sqrt(float(self.weight @ (self.rates - self.mean) ** 2))

    def rounding_floor(self) -> float:
        """Error of a probability read between the nodes."""
        return 1e-8

    @cached_property
    def _running(self) -> Array:
        """The distribution function at the nodes, by the Euler-Maclaurin formula."""
        density, h = self.weight / self.step, self.step
        slope = _central(density, h)
        third = _central(_central(slope, h), h)
        found = np.cumsum(self.weight) - 0.5 * self.weight - h**2 / 12.0 * slope + h**4 / 720.0 * third
        return np.maximum.accumulate(np.clip(found, 0.0, 1.0))

    def cdf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) <= u), by cubic interpolation of the distribution function and its slope."""
        at = np.asarray(u, dtype=float)
        inside = np.clip(at, self.logit[0], self.logit[-1])
        i = np.clip(((inside - self.logit[0]) / self.step).astype(int), 0, len(self.logit) - 2)
        t = (inside - self.logit[i]) / self.step
        low, high = self._running[i], self._running[i + 1]
        found = low + t**2 * (3.0 - 2.0 * t) * (high - low)
        found += t * (1.0 - t) ** 2 * self.weight[i] - t**2 * (1.0 - t) * self.weight[i + 1]
        found = np.where(at >= self.logit[-1], 1.0, np.where(at < self.logit[0], 0.0, found))
        return np.asarray(np.clip(found, 0.0, 1.0))

    def sf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) > u)."""
        return np.asarray(1.0 - self.cdf_logit(u))

    def cdf(self, x: ArrayLike) -> Array:
        """P(rate <= x)."""
        inside = np.clip(np.asarray(x, dtype=float), 0.0, 1.0)
        with np.errstate(divide="ignore"):
            return self.cdf_logit(np.log(inside) - np.log1p(-inside))

    def sf(self, x: ArrayLike) -> Array:
        """P(rate > x)."""
        return np.asarray(1.0 - self.cdf(x))

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        if not 0.0 < q < 1.0:
            return 0.0 if q <= 0.0 else 1.0
        i = int(np.clip(np.searchsorted(self._running, q), 1, len(self.logit) - 1))
        found = root_of(
            lambda u: float(self.cdf_logit(np.array([u]))[0]) - q, float(self.logit[i - 1]), float(self.logit[i])
        )
        return 1.0 / (1.0 + math.exp(-found))

    def logit_density(self, u: Array) -> tuple[Array, Array, Array]:
        """Density of the logit at `u` and its first two derivatives, interpolated between the nodes."""
        density = self.weight / self.step
        first = _central(density, self.step)
        second = _central(first, self.step)
        found = [np.interp(u, self.logit, values, left=0.0, right=0.0) for values in (density, first, second)]
        return found[0], found[1], found[2]

    def updated(self, events: float, n: float) -> tuple[GridRate, float]:
        """The law after `events` among `n` patients, and the log of what the prior gave their sequence."""
        log_like = -events * np.logaddexp(0.0, -self.logit) - (n - events) * np.logaddexp(0.0, self.logit)
        top = float(log_like[self.weight > 0.0].max())
        weight = self.weight * np.exp(log_like - top)
        total = float(weight.sum())
        return GridRate(self.logit, weight / total), top + math.log(total)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws of the rate, by inverting the distribution function."""
        keep = np.concatenate([[True], np.diff(self._running) > 0.0])
        u = np.interp(rng.uniform(size=size), self._running[keep], self.logit[keep])
        return np.asarray(1.0 / (1.0 + np.exp(-u)))


def _central(values: Array, h: float) -> Array:
    """First derivative of equidistant values, by differences of sixth order; zero beyond the ends."""
    padded = np.concatenate([np.zeros(3), values, np.zeros(3)])
    n = len(values)

    def shifted(k: int) -> Array:
        return padded[3 + k : 3 + k + n]

    found = 45.0 * (shifted(1) - shifted(-1)) - 9.0 * (shifted(2) - shifted(-2)) + shifted(3) - shifted(-3)
    return np.asarray(found / (60.0 * h))
