"""A finite mixture of normals: what is known of an effect once the heterogeneity has been integrated over nodes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.distributions import normal_cdf, normal_quantile, root_of
from bayes_escc.probability.marginal import ROUNDING, Distribution, finite

__all__ = ["NormalMixture"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NormalMixture(Distribution):
    """A finite mixture of normals, or of log-normals if `exponentiated`.

    Parameters
    ----------
    weight, location, spread : array
        Of the components; weights sum to one, locations and spreads are on the log scale if
        the mixture is exponentiated.
    exponentiated : bool
    moments : {0, 1, 2}
        How many moments exist; a ratio whose heterogeneity has a heavy tail has none.
    error : float
        Quadrature error of a probability.
    """

    weight: Array
    location: Array
    spread: Array
    exponentiated: bool = False
    moments: int = 2
    error: float = 0.0

    @property
    def mean(self) -> float | None:
        return None if self.moments < 1 else finite(self._moment(1))

    @property
    def sd(self) -> float | None:
        if self.moments < 2:
            return None
        if self.exponentiated:
            second = self._moment(2)
            return math.sqrt(max(second - self._moment(1) ** 2, 0.0)) if math.isfinite(second) else None
        centre = self._moment(1)
        return math.sqrt(float(self.weight @ (self.spread**2 + (self.location - centre) ** 2)))

    def _moment(self, order: int) -> float:
        if self.exponentiated:
            with np.errstate(over="ignore"):  # a vague prior can make the mean of a ratio astronomical
                return float(self.weight @ np.exp(order * self.location + 0.5 * (order * self.spread) ** 2))
        return float(self.weight @ self.location)

    def _standardised(self, x: ArrayLike) -> Array:
        at = np.atleast_1d(np.asarray(x, dtype=float))
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.exponentiated:
                at = np.log(np.maximum(at, 0.0))
            z = (at[:, None] - self.location) / self.spread
        # a component without spread is a step at its location
        return np.where(np.isnan(z), np.inf, z)

    def cdf(self, x: ArrayLike) -> Array:
        return np.asarray(normal_cdf(self._standardised(x)) @ self.weight).reshape(np.shape(x))

    def sf(self, x: ArrayLike) -> Array:
        return np.asarray(normal_cdf(-self._standardised(x)) @ self.weight).reshape(np.shape(x))

    def density(self, x: ArrayLike) -> Array:
        """Probability density, per unit of the value (not of its logarithm)."""
        z = self._standardised(x)
        curve = np.exp(-0.5 * z**2) / (math.sqrt(2.0 * math.pi) * self.spread) @ self.weight
        if self.exponentiated:
            curve = curve / np.atleast_1d(np.asarray(x, dtype=float))
        return np.asarray(curve).reshape(np.shape(x))

    def quantile(self, q: float) -> float:
        kept = self.weight > 1e-300
        plain = NormalMixture(self.weight[kept], self.location[kept], self.spread[kept])
        # the quantile of a mixture lies between those of its components
        parts = plain.location + plain.spread * float(normal_quantile(q))
        bracket = float(parts.min()) - 1e-12, float(parts.max()) + 1e-12
        if q <= 0.5:
            value = root_of(lambda x: float(plain.cdf(x)) - q, *bracket)
        else:
            value = root_of(lambda x: (1.0 - q) - float(plain.sf(x)), *bracket)
        return math.exp(value) if self.exponentiated else value

    def rounding_floor(self) -> float:
        return self.error + ROUNDING
