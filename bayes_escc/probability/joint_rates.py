"""Two rates under a joint prior, with the exact binomial likelihood, by quadrature.

The density of the two logits is integrated on Gauss-Legendre panels: those of the first rate, and for every node of
these, panels of the second that lie where its conditional density does, so that a prior which ties the rates closely
is resolved as well as a wide one. Needs NumPy alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import Scale
from bayes_escc.probability.beta import image_logit, kinks
from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.following_panels import (
    FURTHEST,
    beside,
    conditional_rows,
    expit,
    panel_edges,
    panel_nodes,
)
from bayes_escc.probability.marginal import Distribution, finite
from bayes_escc.probability.panels import NODES, NODES_PER_PANEL, WEIGHTS, RunningIntegral

__all__ = ["JointContrast", "JointMarginal", "JointRates", "integrate_joint"]

Array = NDArray[np.float64]
LogDensity = Callable[[Array, Array], Array]
"""Log density of two logits, of arrays that broadcast together."""
Limits = Callable[[Array], tuple[Array, Array]]
"""Between which logits the second rate may lie, given those of the first."""

_PANELS: Final = 20
_BASIS = np.polynomial.legendre.legvander(NODES, NODES_PER_PANEL - 1)
_SCALE = (2.0 * np.arange(NODES_PER_PANEL) + 1.0) / 2.0


@dataclass(frozen=True, eq=False)
class JointRates:
    """The joint distribution of two rates.

    Parameters
    ----------
    edges : array of shape (panels + 1,)
        Of the panels of the first logit.
    outer : array of shape (panels, NODES_PER_PANEL)
        Density of the first logit at their nodes; integrates to one.
    rows : array of shape (panels * NODES_PER_PANEL, inner_panels + 1)
        Edges of the panels of the second logit, for every node of the first.
    inner : array of shape (panels * NODES_PER_PANEL, inner_panels, NODES_PER_PANEL)
        Conditional density of the second logit at their nodes; integrates to one in each row.
    log_evidence : float
        Logarithm of the integral of the density that was given.
    error : float
        Bound of the error of a probability.
    """

    edges: Array
    outer: Array
    rows: Array
    inner: Array
    log_evidence: float = 0.0
    error: float = 1e-8

    @cached_property
    def first(self) -> Array:
        """Logits of the first rate at the nodes, (nodes,)."""
        return panel_nodes(self.edges[None])[0].ravel()

    @cached_property
    def weight(self) -> Array:
        """Probability of every node of the first rate, (nodes,)."""
        half = 0.5 * np.diff(self.edges)[:, None]
        found = (half * WEIGHTS * self.outer).ravel()
        return np.asarray(found / found.sum())

    @cached_property
    def second(self) -> tuple[Array, Array]:
        """Logits of the second rate given every node of the first, and their conditional probabilities."""
        u, half = panel_nodes(self.rows)
        weight = half[..., None] * WEIGHTS * self.inner
        size = len(self.rows)
        return u.reshape(size, -1), weight.reshape(size, -1)

    @cached_property
    def _running(self) -> tuple[Array, Array]:
        """Legendre coefficients of the conditional distribution function within panels, and its value at the edges."""
        half = 0.5 * np.diff(self.rows, axis=1)
        series = _SCALE * (self.inner * WEIGHTS @ _BASIS)
        within = np.polynomial.legendre.legint(series, axis=2, lbnd=-1) * half[..., None]
        whole = (half[..., None] * WEIGHTS * self.inner).sum(axis=2)
        start = np.concatenate([np.zeros((len(half), 1)), np.cumsum(whole, axis=1)], axis=1)
        return within, start

    def conditional_cdf(self, u: Array, row: NDArray[np.intp] | None = None) -> Array:
        """P(second logit <= u | first), for one u at every node of the first, or at those of given indices."""
        within, start = self._running
        at = np.arange(len(self.rows)) if row is None else row
        panel = np.clip((u[..., None] >= self.rows[at]).sum(axis=-1) - 1, 0, self.rows.shape[1] - 2)
        low, high = self.rows[at, panel], self.rows[at, panel + 1]
        with np.errstate(invalid="ignore"):
            place = np.clip((2.0 * u - low - high) / np.maximum(high - low, 1e-300), -1.0, 1.0)
        basis = np.polynomial.legendre.legvander(place, NODES_PER_PANEL)
        found = (start[at, panel] + (within[at, panel] * basis).sum(axis=-1)) / np.maximum(start[at, -1], 1e-300)
        return np.asarray(np.clip(found, 0.0, 1.0))

    def second_below(self, scale: Scale, threshold: float, *, divided: bool = True) -> float:
        """P(the second rate's contrast against the first does not pass a threshold).

        Where the threshold takes the second rate out of (0, 1) the conditional probability bends; the panels of
        the first rate about that point are divided, and conditional probabilities interpolated within them.

        Parameters
        ----------
        scale : {"difference", "ratio", "odds_ratio"}
        threshold : float
        divided : bool
            False for a probability that is good to a few digits, at a tenth of the cost.
        """
        below = self.conditional_cdf(image_logit(scale, threshold, self.first))
        parts = (self.weight * below).reshape(-1, NODES_PER_PANEL).sum(axis=1)
        share = self.weight.reshape(-1, NODES_PER_PANEL).sum(axis=1)
        for kink in kinks(scale, threshold) if divided else ():
            centre = int(np.searchsorted(self.edges, kink, side="right")) - 1
            for panel in range(max(centre - 1, 0), min(centre + 2, len(parts))):
                if share[panel] > 1e-13:
                    parts[panel] = self._divided(panel, kink, scale, threshold)
        return min(max(float(parts.sum()), 0.0), 1.0)

    def _divided(self, panel: int, kink: float, scale: Scale, threshold: float) -> float:
        """The part of `second_below` that one panel of the first rate holds, on panels that gather at a point."""
        low, high = self.edges[panel], self.edges[panel + 1]
        steps = (high - low) * 0.25 ** np.arange(11.0)
        cuts = np.unique(np.clip(np.concatenate([[low, high, kink], kink - steps, kink + steps]), low, high))
        u, half = panel_nodes(cuts[None])
        points, mass = u.ravel(), (half[0][:, None] * WEIGHTS).ravel()
        nodes = np.arange(panel * NODES_PER_PANEL, (panel + 1) * NODES_PER_PANEL)
        place = (2.0 * points - low - high) / (high - low)
        blend = np.polynomial.legendre.legvander(place, NODES_PER_PANEL - 1) @ (_SCALE[:, None] * (_BASIS.T * WEIGHTS))
        at = np.broadcast_to(image_logit(scale, threshold, points)[:, None], blend.shape)
        below = (blend * self.conditional_cdf(at, np.broadcast_to(nodes, blend.shape))).sum(axis=1)
        half_width = 0.5 * (high - low)
        density = blend @ (self.weight[nodes] / (half_width * WEIGHTS))
        return float((mass * density) @ below)

    def marginal(self, i: int) -> JointMarginal:
        """The law of the first (0) or second (1) rate."""
        return JointMarginal(self, i)

    def contrast(self, i: int, scale: Scale) -> JointContrast:
        """The law of rate `i` against the other one."""
        return JointContrast(self, i, scale)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Independent draws of both rates, shape (size, 2), by inverting the distribution functions."""
        return expit(self.at_shares(np.stack([rng.uniform(size=size), rng.uniform(size=size)], axis=1)))

    def at_shares(self, shares: Array) -> Array:
        """Logits below which these shares of the first law, and of the second given the first, lie, (size, 2).

        Between two nodes of the first logit the conditional quantiles of the second are interpolated.
        """
        running = RunningIntegral(self.edges, self.outer)
        grid = (self.edges[:-1, None] + np.diff(self.edges)[:, None] * np.linspace(0.0, 1.0, 33)).ravel()
        first = np.interp(shares[:, 0], np.maximum.accumulate(running.below(grid)) / running.total, grid)
        return np.stack([first, self.conditional_quantile(shares[:, 1], self.first, first)], axis=1)

    def conditional_quantile(self, q: Array, places: Array, at: Array) -> Array:
        """Conditional quantiles of the second logit, interpolated between rows.

        Parameters
        ----------
        q : array of shape (size,)
        places : array of shape (rows,)
            Ascending, one for each row.
        at : array of shape (size,)
            Where between them the quantiles are wanted.
        """
        shares = np.linspace(0.0, 1.0, 17)[1:]
        steps = self.rows[:, :-1, None] + np.diff(self.rows, axis=1)[..., None] * shares
        within, start = self._running
        passed = start[:, :-1, None] + within @ np.polynomial.legendre.legvander(2.0 * shares - 1.0, NODES_PER_PANEL).T
        points, reached = (
            np.concatenate([first, each.reshape(len(each), -1)], axis=1)
            for first, each in ((self.rows[:, :1], steps), (np.zeros_like(start[:, :1]), passed))
        )
        reached = np.clip(reached / np.maximum(start[:, -1:], 1e-300), 0.0, 1.0)
        reached = np.maximum.accumulate(reached, axis=1)
        right, blend = _between_rows(places, at)
        found = [
            np.array([np.interp(v, reached[i], points[i]) for v, i in zip(q, row, strict=True)])
            for row in (right - 1, right)
        ]
        return np.asarray((1.0 - blend) * found[0] + blend * found[1])

    def expectation(self, value: Callable[[Array, Array], Array]) -> float:
        """Expected value of a function of both logits; not a number where the extreme tails decide it."""
        second, share = self.second
        weight = self.weight[:, None] * share
        with np.errstate(over="ignore", invalid="ignore"):
            terms = np.where(weight > 0.0, weight * value(self.first[:, None], second), 0.0)
        below, above = np.cumsum(self.weight), np.cumsum(share, axis=1)
        inside = ((below > 1e-9) & (below < 1.0 - 1e-9))[:, None] & (above > 1e-9) & (above < 1.0 - 1e-9)
        whole, inner = float(terms.sum()), float(terms[inside].sum())
        return whole if math.isfinite(whole) and abs(whole - inner) <= 0.01 * abs(whole) + 1e-9 else math.nan


def _with_derivatives(values: Array) -> list[Array]:
    """Legendre coefficients of functions held at nodes, and of their first two derivatives by place in the panel."""
    series: Array = np.asarray(_SCALE * (values * WEIGHTS @ _BASIS), dtype=float)
    slope: Array = np.asarray(np.polynomial.legendre.legder(series, axis=-1), dtype=float)
    bend: Array = np.asarray(np.polynomial.legendre.legder(slope, axis=-1), dtype=float)
    return [series, slope, bend]


def _series_values(edges: Array, series: list[Array], row: NDArray[np.intp], u: Array) -> tuple[Array, Array, Array]:
    """Values and first two derivatives of functions held on panels, nothing outside of them.

    Parameters
    ----------
    edges : array of shape (rows, panels + 1)
    series : list of three arrays of shape (rows, panels, coefficients)
        As `_with_derivatives` makes them.
    row : array of int, shape (asked,)
    u : array of shape (points, asked)
        Where the function of each of these rows is wanted.
    """
    panel = np.clip((u[..., None] >= edges[row]).sum(axis=-1) - 1, 0, edges.shape[1] - 2)
    low, high = edges[row, panel], edges[row, panel + 1]
    width = np.maximum(high - low, 1e-300)
    inside = (u >= edges[row, 0]) & (u <= edges[row, -1])
    basis = np.polynomial.legendre.legvander(np.clip((2.0 * u - low - high) / width, -1.0, 1.0), NODES_PER_PANEL - 1)
    found = []
    for order in range(3):
        value = (series[order][row, panel] * basis[..., : NODES_PER_PANEL - order]).sum(axis=-1) * (
            2.0 / width
        ) ** order
        found.append(np.where(inside, value, 0.0))
    return found[0], found[1], found[2]


@dataclass(frozen=True)
class JointMarginal(Distribution):
    """One of two rates that are distributed jointly.

    Parameters
    ----------
    joint : JointRates
    index : {0, 1}
        The first or the second rate.
    """

    joint: JointRates
    index: int

    @cached_property
    def _mean_sd(self) -> tuple[float, float]:
        if self.index == 0:
            weight, rate = self.joint.weight, expit(self.joint.first)
        else:
            u, share = self.joint.second
            weight, rate = self.joint.weight[:, None] * share, expit(u)
        mean = float((weight * rate).sum())
        return mean, math.sqrt(float((weight * (rate - mean) ** 2).sum()))

    @property
    def mean(self) -> float:
        """Expected rate."""
        return self._mean_sd[0]

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        return self._mean_sd[1]

    def rounding_floor(self) -> float:
        """Error of a probability."""
        return self.joint.error

    @cached_property
    def _running(self) -> RunningIntegral:
        return RunningIntegral(self.joint.edges, self.joint.outer)

    def _cdf_logit(self, u: float) -> float:
        if self.index == 0:
            return float(self._running.below(np.array([u]))[0] / self._running.total)
        return float(self.joint.weight @ self.joint.conditional_cdf(np.full(len(self.joint.weight), u)))

    def cdf(self, x: ArrayLike) -> Array:
        """P(rate <= x)."""
        at = np.clip(np.asarray(x, dtype=float), 0.0, 1.0)
        with np.errstate(divide="ignore"):
            u = np.clip(np.log(at) - np.log1p(-at), -2.0 * FURTHEST, 2.0 * FURTHEST)
        return np.array([self._cdf_logit(float(v)) for v in u.ravel()]).reshape(at.shape)

    def logit_density(self, u: Array) -> tuple[Array, Array, Array]:
        """Density of the logit at `u` and its first two derivatives, from the polynomials on the panels."""
        at = np.ravel(u)
        if self.index == 0:
            series = _with_derivatives(self.joint.outer[None])
            found = _series_values(self.joint.edges[None], series, np.zeros(1, dtype=np.intp), at[:, None])
            values = [v[:, 0] for v in found]
        else:
            rows = np.arange(len(self.joint.rows))
            series = _with_derivatives(self.joint.inner)
            each = [_series_values(self.joint.rows, series, rows, np.full((1, len(rows)), v)) for v in at]
            values = [np.array([(part[k] @ self.joint.weight)[0] for part in each]) for k in range(3)]
        density, slope, bend = (v.reshape(np.shape(u)) for v in values)
        return np.maximum(density, 0.0), slope, bend

    def sf(self, x: ArrayLike) -> Array:
        """P(rate > x)."""
        return np.asarray(1.0 - self.cdf(x))

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        edges = self.joint.edges if self.index == 0 else self.joint.rows
        low, high = float(edges.min()), float(edges.max())
        return float(expit(np.array(root_of(lambda u: self._cdf_logit(u) - q, low, high, 1e-13))))


@dataclass(frozen=True)
class JointContrast(Distribution):
    """One of two jointly distributed rates against the other.

    Parameters
    ----------
    joint : JointRates
    index : {0, 1}
        The rate that is compared; the other is its reference.
    scale : {"difference", "ratio", "odds_ratio"}
    """

    joint: JointRates
    index: int
    scale: Scale

    def _above(self, threshold: float, *, divided: bool = True) -> float:
        """P(contrast > threshold)."""
        if self.scale != "difference" and threshold <= 0.0:
            return 1.0
        if self.scale == "difference" and abs(threshold) >= 1.0:
            return float(threshold < 0.0)
        if self.index == 1:
            return 1.0 - self.joint.second_below(self.scale, threshold, divided=divided)
        back = -threshold if self.scale == "difference" else 1.0 / threshold
        return self.joint.second_below(self.scale, back, divided=divided)

    def sf(self, x: ArrayLike) -> Array:
        """P(contrast > x)."""
        at = np.asarray(x, dtype=float)
        return np.array([self._above(float(t)) for t in at.ravel()]).reshape(at.shape)

    def cdf(self, x: ArrayLike) -> Array:
        """P(contrast <= x)."""
        return np.asarray(1.0 - self.sf(x))

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""
        plain = self.scale == "difference"

        def excess(t: float, divided: bool = True) -> float:
            return (1.0 - self._above(t if plain else math.exp(t), divided=divided)) - q

        reach = 1.0
        while not plain and reach < 640.0 and not excess(-reach, False) < 0.0 < excess(reach, False):
            reach *= 2.0
        near = root_of(lambda t: excess(t, False), -reach, reach, 1e-9)
        margin = 1e-6 * reach  # the exact root lies close to that of the cheaper probability
        while margin < reach and not excess(near - margin) < 0.0 < excess(near + margin):
            margin *= 8.0
        found = root_of(excess, max(near - margin, -reach), min(near + margin, reach), 1e-12)
        return found if plain else math.exp(found)

    def rounding_floor(self) -> float:
        """Error of a probability."""
        return self.joint.error

    def _values(self, first: Array, second: Array) -> Array:
        own, other = (second, first) if self.index == 1 else (first, second)
        if self.scale == "difference":
            return np.asarray(expit(own) - expit(other))
        if self.scale == "ratio":
            return np.asarray(np.exp(np.logaddexp(0.0, -other) - np.logaddexp(0.0, -own)))
        return np.asarray(np.exp(own - other))

    @cached_property
    def _moments(self) -> tuple[float, float]:
        mean = self.joint.expectation(self._values)
        second = self.joint.expectation(lambda a, b: self._values(a, b) ** 2)
        return mean, math.sqrt(max(second - mean**2, 0.0)) if math.isfinite(second) else math.nan

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""
        return finite(self._moments[0])

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""
        return finite(self._moments[1])


def integrate_joint(
    log_density: LogDensity, limits: Limits, span: tuple[float, float], *, within: float = 1e-7
) -> JointRates:
    """Integrate a density of two logits.

    Parameters
    ----------
    log_density : callable
        Of arrays of first and second logits that broadcast together; smooth between the limits.
    limits : callable
        From first logits, shape (rows,), to the lowest and highest second logit of each.
    span : (float, float)
        Lowest and highest first logit.
    within : float
        Panels are halved until probabilities move by no more than this, or there are eight times as many.

    Returns
    -------
    JointRates
        Its error is how far probabilities move with half as many panels, and at least 1e-9.
    """
    panels = _PANELS
    coarse = _integrate(log_density, limits, span, panels // 2)
    while True:
        fine = _integrate(log_density, limits, span, panels)
        moved = max(1e-9, *_differences(fine, coarse))
        if moved <= within or panels >= 8 * _PANELS:
            return replace(fine, error=moved)
        coarse, panels = fine, 2 * panels


def _differences(fine: JointRates, coarse: JointRates) -> list[float]:
    """How far probabilities and the log evidence of two quadratures lie apart."""
    points = [fine.marginal(0).quantile(q) for q in (0.05, 0.5, 0.95)]
    moved = [abs(float(fine.marginal(i).cdf(x)) - float(coarse.marginal(i).cdf(x))) for i in (0, 1) for x in points]
    moved += [
        abs(fine.contrast(1, "difference")._above(t) - coarse.contrast(1, "difference")._above(t))
        for t in (-0.1, 0.0, 0.1)
    ]
    return [*moved, abs(fine.log_evidence - coarse.log_evidence)]


def _between_rows(places: Array, at: Array) -> tuple[NDArray[np.intp], Array]:
    """The row to the right of every point, and how far the point is from the one to its left."""
    right = np.clip(np.searchsorted(places, at), 1, len(places) - 1)
    low, high = places[right - 1], places[right]
    return right, np.clip((at - low) / (high - low), 0.0, 1.0)


def _integrate(log_density: LogDensity, limits: Limits, span: tuple[float, float], panels: int) -> JointRates:
    def rows_at(u: Array, count: int = panels) -> tuple[Array, Array, Array]:
        """Log integral over the second logit at first logits, the edges of its panels and its conditional density."""
        return conditional_rows(lambda v: log_density(beside(u, v), v), *limits(u), count)

    def outer_log(v: Array) -> Array:
        return np.asarray(rows_at(v.ravel(), 6)[0].reshape(v.shape))

    edges = panel_edges(outer_log, np.array([span[0]]), np.array([span[1]]), panels)
    u, half = panel_nodes(edges)
    log, rows, inner = rows_at(u.ravel())
    top = float(log.max())
    outer = np.exp(log - top).reshape(u.shape[1:])
    total = float((half[0][:, None] * WEIGHTS * outer).sum())
    return JointRates(edges[0], outer / total, rows, inner, top + math.log(total))
