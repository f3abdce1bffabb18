"""Exact marginal posteriors as values: what a closed form or a quadrature knows of one number.

A `Law` has a mean, a standard deviation, tails and quantiles. Three kinds exist: the Beta of a
conjugate rate (`beta.Beta`), the finite normal mixture of an effect once the heterogeneity has
been integrated over nodes, and the heterogeneity itself, a density held on Gauss-Legendre
panels. `law_at` finds the law of one labelled cell in the `laws` group of a posterior.

Variables of that group, by estimand name: ``<name>_alpha`` and ``<name>_beta``;
``<name>_location`` and ``<name>_spread`` with a dimension `node` and weights ``node_weight``, or
``<name>_weight`` where labels differ in them; ``<name>_covariance`` with two labels more;
``<name>_density`` with dimensions `panel` and
`panel_node`, and ``panel_edge``, or ``<name>_edge``, ``_scale``, ``_moments`` and ``_typical``
where labels differ in them. Attributes are text, which netCDF gives back as it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import CATEGORY, ENDPOINT, LABEL_DIMS, REGIMEN
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.distributions import normal_cdf, normal_quantile, root_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["AGAINST", "NODES_PER_PANEL", "Law", "NormalMixture", "PanelLaw", "contrast_law_at", "law_at"]

Array = NDArray[np.float64]
AGAINST: Final = "against"
"""Second label of a pair of regimens."""
NODES_PER_PANEL: Final = 16
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
_ROUNDING: Final = 1e-14


class Law(Protocol):
    """The distribution of one number, known up to quadrature error."""

    @property
    def mean(self) -> float:
        """Expected value; not a number where it does not exist."""

    @property
    def sd(self) -> float:
        """Standard deviation; not a number where it does not exist."""

    def cdf(self, x: ArrayLike) -> Array:
        """P(value <= x)."""

    def sf(self, x: ArrayLike) -> Array:
        """P(value > x)."""

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""

    def rounding_floor(self) -> float:
        """Error of a probability: quadrature and rounding."""


@dataclass(frozen=True)
class NormalMixture:
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
    def mean(self) -> float:
        if self.moments < 1:
            return math.nan
        return self._moment(1)

    @property
    def sd(self) -> float:
        if self.moments < 2:
            return math.nan
        if self.exponentiated:
            second = self._moment(2)
            return math.sqrt(max(second - self._moment(1) ** 2, 0.0)) if math.isfinite(second) else math.nan
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
            found = (at[:, None] - self.location) / self.spread
        # a component without spread is a step at its location
        return np.where(np.isnan(found), np.inf, found)

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
            found = root_of(lambda x: float(plain.cdf(x)) - q, *bracket)
        else:
            found = root_of(lambda x: (1.0 - q) - float(plain.sf(x)), *bracket)
        return math.exp(found) if self.exponentiated else found

    def rounding_floor(self) -> float:
        return self.error + _ROUNDING


@dataclass(frozen=True)
class PanelLaw:
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
    def mean(self) -> float:
        values, weight = self._nodes
        return float(weight @ values) if self._bounded or self.moments >= 1 else math.nan

    @property
    def sd(self) -> float:
        if not self._bounded and self.moments < 2:
            return math.nan
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
        return self.error + _ROUNDING


def _place(array: xr.DataArray, labels: Mapping[str, Any], inner: tuple[str, ...]) -> dict[str, int]:
    """The position of a labelled cell along every dimension but the inner ones."""
    found = {}
    for dim in (str(d) for d in array.dims if d not in inner):
        keep = np.ones(array.sizes[dim], dtype=bool)
        for name, coordinate in array.coords.items():
            plain = str(name).removeprefix("row_")
            key = ENDPOINT if plain == CATEGORY else plain
            if coordinate.dims == (dim,) and key in LABEL_DIMS and name != "row":
                keep &= coordinate.to_numpy() == labels[key]
        found[dim] = int(np.flatnonzero(keep)[0])
    return found


def _labelled_panels(group: xr.Dataset, name: str, labels: Mapping[str, Any]) -> PanelLaw:
    """The density of one label where every label has panels of its own, padded with gaps."""
    place = _place(group[f"{name}_density"], labels, ("panel", "panel_node"))
    density, edges, scale, moments, typical = (
        group[f"{name}_{what}"].isel(place).to_numpy() for what in ("density", "edge", "scale", "moments", "typical")
    )
    error = float(str(group["node_weight"].attrs["error"]))
    density, edges = density[np.isfinite(density).all(axis=1)], edges[np.isfinite(edges)]
    return PanelLaw(edges, density, float(scale), int(moments), float(typical), error)


def law_at(group: xr.Dataset, name: str, labels: Mapping[str, Any]) -> Law | None:
    """The law of one labelled cell of an estimand, or None if there is none.

    Parameters
    ----------
    group : Dataset
        The `laws` (or `prior_laws`) of a posterior.
    name : str
        Of the estimand.
    labels : mapping
        Regimen, study, endpoint, ... of the cell, as `comparison.labelled_cells` gives them.
    """
    if f"{name}_alpha" in group:
        alpha, beta = group[f"{name}_alpha"], group[f"{name}_beta"]
        place = _place(alpha, labels, ())
        return Beta(float(alpha.isel(place)), float(beta.isel(place)))
    if f"{name}_location" in group:
        location, spread = group[f"{name}_location"], group[f"{name}_spread"]
        place = _place(location, labels, ("node",))
        if not np.any(spread.isel(place).to_numpy() > 0):
            return None  # a constant, such as the reference against itself
        weight = group[f"{name}_weight"].isel(place) if f"{name}_weight" in group else group["node_weight"]
        # in one piece, so that sums do not depend on how the file laid the array out
        whole = np.ascontiguousarray
        return NormalMixture(
            whole(weight.to_numpy()),
            whole(location.isel(place).to_numpy()),
            whole(spread.isel(place).to_numpy()),
            location.attrs["exponentiated"] == "yes",
            int(np.min(group[f"{name}_moments"].isel(place).to_numpy())),
            float(str(group["node_weight"].attrs["error"])),
        )
    if f"{name}_density" in group:
        density = group[f"{name}_density"]
        if f"{name}_edge" in group:
            return _labelled_panels(group, name, labels)
        return PanelLaw(
            group["panel_edge"].to_numpy(),
            density.to_numpy(),
            float(str(density.attrs["scale"])),
            int(str(density.attrs["moments"])),
            float(str(density.attrs["typical"])),
            float(str(group["node_weight"].attrs["error"])),
        )
    return None


def contrast_law_at(group: xr.Dataset, name: str, regimen: str, reference: str) -> NormalMixture | None:
    """The law of one regimen against another, or None if there is none.

    It is that of the ratio for an estimand whose logarithm is normal given the heterogeneity, of
    the difference otherwise.

    Parameters
    ----------
    group : Dataset
        The `laws` of a posterior.
    name : str
        Of the estimand.
    regimen, reference : str
    """
    if f"{name}_covariance" not in group or regimen == reference:
        return None
    location, covariance = group[f"{name}_location"], group[f"{name}_covariance"].to_numpy()
    labels = [str(r) for r in location[REGIMEN].to_numpy()]
    i, j = labels.index(regimen), labels.index(reference)
    centre = location.transpose("node", REGIMEN).to_numpy()
    variance = covariance[:, i, i] + covariance[:, j, j] - 2.0 * covariance[:, i, j]
    return NormalMixture(
        group["node_weight"].to_numpy(),
        centre[:, i] - centre[:, j],
        np.sqrt(np.maximum(variance, 0.0)),
        location.attrs["exponentiated"] == "yes",
        int(np.min(group[f"{name}_moments"].to_numpy())),
        float(str(group["node_weight"].attrs["error"])),
    )
