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

__all__ = ["NODES", "NODES_PER_PANEL", "WEIGHTS", "PanelDensity", "RunningIntegral", "legendre_series"]

Array = NDArray[np.float64]
NODES_PER_PANEL: Final = 16
NODES, WEIGHTS = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
"""Of the Gauss-Legendre rule of every panel, on (-1, 1)."""
_BASIS = np.polynomial.legendre.legvander(NODES, NODES_PER_PANEL - 1)
_SCALE = (2.0 * np.arange(NODES_PER_PANEL) + 1.0) / 2.0


def legendre_series(coefficients: Array, panel: NDArray[np.intp], place: Array) -> Array:
    """Values of one Legendre series per panel, by Clenshaw's recurrence (no matrix of polynomials is made).

    Parameters
    ----------
    coefficients : array of shape (degree + 1, panels)
    panel : array of int
    place : array
        Points from -1 to 1, of the shape of `panel`.
    """
    last = np.zeros_like(place)
    before = np.zeros_like(place)
    for k in range(len(coefficients) - 1, -1, -1):
        last, before = (
            coefficients[k].take(panel) + ((2 * k + 1) / (k + 1)) * place * last - ((k + 1) / (k + 2)) * before,
            last,
        )
    return last


@dataclass(frozen=True)
class RunningIntegral:
    """A function on panels, and its integral from either end.

    Parameters
    ----------
    edges : array of shape (panels + 1,)
    values : array of shape (panels, NODES_PER_PANEL)
        Of the function at the nodes of each panel.
    """

    edges: Array
    values: Array

    @cached_property
    def coefficients(self) -> Array:
        """Of the function in Legendre polynomials, one row per panel."""
        return np.asarray(_SCALE * (self.values * WEIGHTS @ _BASIS))

    @cached_property
    def _within(self) -> tuple[Array, Array]:
        """Legendre coefficients of the integral from the left edge of every panel, and over the whole of it."""
        half = 0.5 * np.diff(self.edges)[:, None]
        running = np.polynomial.legendre.legint(self.coefficients, axis=1, lbnd=-1) * half
        return running, (half * WEIGHTS * self.values).sum(axis=1)

    @cached_property
    def total(self) -> float:
        """The integral over all panels."""
        return float(self._within[1].sum())

    @cached_property
    def from_left(self) -> Array:
        """The integral up to every edge."""
        return np.concatenate([[0.0], np.cumsum(self._within[1])])

    @cached_property
    def _from_right(self) -> Array:
        return np.concatenate([np.cumsum(self._within[1][::-1])[::-1], [0.0]])

    def locate(self, x: Array) -> tuple[NDArray[np.intp], Array]:
        """The panel of every point, and its place in it from -1 to 1."""
        panel = np.asarray(np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2))
        low, high = self.edges[panel], self.edges[panel + 1]
        with np.errstate(invalid="ignore"):
            return panel, np.clip((2.0 * x - low - high) / (high - low), -1.0, 1.0)

    def _inside(self, panel: NDArray[np.intp], place: Array) -> Array:
        return legendre_series(self._by_degree, panel, place)

    @cached_property
    def _by_degree(self) -> Array:
        """Coefficients of the integral within panels, one row per degree."""
        return np.ascontiguousarray(self._within[0].T)

    def below(self, x: Array) -> Array:
        """The integral up to x; nothing lies beyond the first and the last edge."""
        panel, place = self.locate(x)
        return np.asarray(np.clip(self.from_left[panel] + self._inside(panel, place), 0.0, self.total))

    def above(self, x: Array) -> Array:
        """The integral from x on."""
        panel, place = self.locate(x)
        rest = self._within[1][panel] - self._inside(panel, place)
        return np.asarray(np.clip(self._from_right[panel + 1] + rest, 0.0, self.total))


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
        u = 0.5 * (self.edges[:-1] + self.edges[1:])[:, None] + half * NODES
        return self._value(u.ravel()), (half * WEIGHTS * self.density).ravel()

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
    def _running(self) -> RunningIntegral:
        return RunningIntegral(self.edges, self.density)

    def cdf(self, x: ArrayLike) -> Array:
        top = 1.0 if self._bounded else np.inf
        u = self._position(np.clip(np.asarray(x, dtype=float), 0.0, top))
        return np.asarray(np.clip(self._running.below(u) / self._running.total, 0.0, 1.0))

    def sf(self, x: ArrayLike) -> Array:
        return np.asarray(1.0 - self.cdf(x))

    def quantile(self, q: float) -> float:
        def excess(u: float) -> float:
            return float(self.cdf(self._value(np.array([u])))[0]) - q

        low, high = float(self.edges[0]), min(float(self.edges[-1]), 1.0 - 1e-15)
        return float(self._value(np.array([root_of(excess, low, high)]))[0])

    def density_at(self, x: ArrayLike) -> Array:
        """Density per unit of tau (only for tau itself)."""
        at = np.atleast_1d(np.asarray(x, dtype=float))
        u = self._position(at)
        panel, place = self._running.locate(u)
        basis = np.polynomial.legendre.legvander(place, NODES_PER_PANEL - 1)
        values = np.einsum("ij,ij->i", basis, self._running.coefficients[panel])
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
