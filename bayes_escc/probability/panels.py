"""A density held on Gauss-Legendre panels: what a quadrature knows of a heterogeneity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.marginal import ROUNDING, Distribution

__all__ = ["NODES_PER_PANEL", "PanelDensity"]

Array = NDArray[np.float64]
NODES_PER_PANEL: Final = 16
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(NODES_PER_PANEL)


@dataclass(frozen=True)
class PanelDensity(Distribution):
    """A density of a positive number tau, held on Gauss-Legendre panels of u, u^2 = tau / (scale + tau).

    The square keeps the nodes dense near zero, where priors of tau may rise without bound.

    Parameters
    ----------
    edges : array of shape (panels + 1,)
        Of the panels, in u between 0 and 1.
    density : array of shape (panels, NODES_PER_PANEL)
        Density with respect to u at the nodes; integrates to one.
    scale : float
    moments : {0, 1, 2}
        How many moments exist.
    typical : float, optional
        If above zero the law is that of tau^2 / (tau^2 + typical^2) instead of tau.
    error : float
    """

    edges: Array
    density: Array
    scale: float
    moments: int = 2
    typical: float = 0.0
    error: float = 0.0

    @cached_property
    def _nodes(self) -> tuple[Array, Array]:
        """Values at the nodes and their probabilities."""
        half = 0.5 * np.diff(self.edges)[:, None]
        u = 0.5 * (self.edges[:-1] + self.edges[1:])[:, None] + half * _NODES
        return self._value(u.ravel()), (half * _WEIGHTS * self.density).ravel()

    def _value(self, u: Array) -> Array:
        tau = self.scale * u**2 / (1.0 - u**2)
        return tau if self.typical == 0.0 else tau**2 / (tau**2 + self.typical**2)

    def _position(self, x: Array) -> Array:
        """The u of a value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            tau = x if self.typical == 0.0 else self.typical * np.sqrt(x / (1.0 - x))
            return np.sqrt(np.where(np.isinf(tau), 1.0, tau / (self.scale + tau)))

    @property
    def _bounded(self) -> bool:
        return self.typical > 0.0

    @property
    def mean(self) -> float | None:
        values, weight = self._nodes
        return float(weight @ values) if self._bounded or self.moments >= 1 else None

    @property
    def sd(self) -> float | None:
        if not self._bounded and self.moments < 2:
            return None
        values, weight = self._nodes
        return math.sqrt(float(weight @ (values - weight @ values) ** 2))

    @cached_property
    def _integrals(self) -> tuple[Array, Array]:
        """Legendre coefficients of the running integral in every panel, and its value at the edges."""
        from numpy.polynomial import legendre

        basis = legendre.legvander(_NODES, NODES_PER_PANEL - 1)
        scale = (2.0 * np.arange(NODES_PER_PANEL) + 1.0) / 2.0
        coefficients = scale * (self.density * _WEIGHTS @ basis)
        half = 0.5 * np.diff(self.edges)[:, None]
        running = legendre.legint(coefficients, axis=1, lbnd=-1) * half
        return running, np.concatenate([[0.0], np.cumsum(self._nodes[1].reshape(self.density.shape).sum(axis=1))])

    def cdf(self, x: ArrayLike) -> Array:
        from numpy.polynomial import legendre

        at = np.atleast_1d(np.asarray(x, dtype=float))
        top = 1.0 if self._bounded else np.inf
        u = np.clip(self._position(np.clip(at, 0.0, top)), self.edges[0], self.edges[-1])
        panel = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        inside = (2.0 * u - low - high) / (high - low)
        running, total = self._integrals
        found = total[panel] + np.array(
            [legendre.legval(t, running[p]) for t, p in zip(inside, panel, strict=True)], dtype=float
        )
        return np.asarray(np.clip(found / total[-1], 0.0, 1.0)).reshape(np.shape(x))

    def sf(self, x: ArrayLike) -> Array:
        return np.asarray(1.0 - self.cdf(x))

    def quantile(self, q: float) -> float:
        def excess(u: float) -> float:
            return float(self.cdf(self._value(np.array([u])))[0]) - q

        low, high = float(self.edges[0]), min(float(self.edges[-1]), 1.0 - 1e-15)
        return float(self._value(np.array([root_of(excess, low, high)]))[0])

    def density_at(self, x: ArrayLike) -> Array:
        """Density per unit of tau (only for tau itself)."""
        from numpy.polynomial import legendre

        at = np.atleast_1d(np.asarray(x, dtype=float))
        u = self._position(at)
        panel = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, len(self.edges) - 2)
        basis = legendre.legvander(_NODES, NODES_PER_PANEL - 1)
        scale = (2.0 * np.arange(NODES_PER_PANEL) + 1.0) / 2.0
        coefficients = scale * (self.density * _WEIGHTS @ basis)
        low, high = self.edges[panel], self.edges[panel + 1]
        inside = (2.0 * u - low - high) / (high - low)
        values = np.array([legendre.legval(t, coefficients[p]) for t, p in zip(inside, panel, strict=True)])
        outside = (u < self.edges[0]) | (u > self.edges[-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = self.scale / (self.scale + at) ** 2 / (2.0 * u)
        return np.where(outside, 0.0, np.maximum(values, 0.0) * slope)

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws of tau, by inverting the distribution function on a fine grid."""
        u = np.unique(
            np.concatenate([np.linspace(a, b, 101) for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)])
        )
        u = u[u < 1.0]
        running = np.maximum.accumulate(self.cdf(self._value(u)))
        return self._value(np.interp(rng.uniform(size=size), running, u))

    def rounding_floor(self) -> float:
        return self.error + ROUNDING
