"""Averages over a population, within each draw: survival, medians and restricted means.

S(t) is the mean over the target patients of the survival each would have on a regimen; the
median and the restricted mean are those of this curve (g-computation). The interval of a
standardised quantity is then its spread over draws, never over patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.survival.curves import Curves, PiecewiseCurves

__all__ = [
    "MOST_PATTERNS",
    "Population",
    "Populations",
    "RegimenPopulations",
    "condensed",
    "marginal_hazard",
    "median_time",
    "restricted_mean",
    "survival",
]

Array = NDArray[np.float64]
_BLOCK = 100_000  # values at a time: what a core keeps near
_NODES = 32
_BINS = 192
_TOLERANCE = 1e-8
"""Largest error of a mean survival over the nodes of a population instead of its patients."""
_FEWEST = 16
"""Patterns below which nodes save nothing."""
MOST_PATTERNS: Final = 2 * _BINS
"""Covariate patterns beyond which a population is condensed."""


class Populations(Protocol):
    """Whom results are averaged over, on every regimen."""

    def of(self, regimen: int) -> Populations:
        """The same patients on one regimen."""

    @property
    def nodes(self) -> Populations:
        """The same mean survival, but for 1e-8, from fewer log risks."""

    def mean_survival(self, cumulative: Array) -> Array:
        """Mean survival on every regimen, (draws, regimens, ...), from cumulative hazards of groups."""

    def mean_hazard(self, hazard: Array, cumulative: Array) -> Array:
        """Mean hazard of those still free of the event, as `mean_survival`."""

    def median(self, curves: Curves) -> Array:
        """Median of the mean survival on every regimen, (draws, regimens)."""

    def piecewise_mean(self, curves: PiecewiseCurves, horizon: float) -> Array:
        """Restricted mean of hazards that are constant between cut points, (draws, regimens)."""


@dataclass(frozen=True)
class Population:
    """Distinct patients of a target population.

    Parameters
    ----------
    log_risk : array of shape (draws, patterns)
        Log hazard relative to a patient whose covariates are zero.
    weight : array of shape (patterns,) or (draws, patterns)
        Share of the population; sums to one.
    """

    log_risk: Array
    weight: Array

    def of(self, regimen: int) -> Population:
        """The same patients on one regimen."""
        return self

    @cached_property
    def nodes(self) -> Population:
        """Fewer log risks with the same mean survival, but for 1e-8, at every time and under every hazard.

        For areas under curves and times at which they pass a level, not for ratios of survival that is nearly
        nothing. It is the population itself where that is small, or varies too widely for the nodes to be fewer.

        Notes
        -----
        The survival exp(-H exp(r)) of a log risk r is analytic, and in modulus at most one where the imaginary part
        of r is at most pi / 2, whatever H is. Chebyshev interpolation at n points of an interval of half width w
        therefore errs by at most 4 R^(1-n) / (R - 1), where R = b + sqrt(1 + b^2) with b = pi / (2 w) (Trefethen
        2019, theorem 8.2), and so does the mean. Weights of the nodes are the means of the Lagrange polynomials;
        some may be negative.

        References
        ----------
        Trefethen LN. Approximation Theory and Approximation Practice. SIAM, extended edition, 2019.
        """
        patterns = self.log_risk.shape[1]
        if patterns < _FEWEST:
            return self
        low, high = self.log_risk.min(axis=1, keepdims=True), self.log_risk.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            count = _nodes_for(float(np.max(high - low)) / 2.0)
        return self._on_nodes(low, high, count) if count <= 0.75 * patterns else self

    def _on_nodes(self, low: Array, high: Array, count: int) -> Population:
        """The population on Chebyshev points of its range of log risks under every draw."""
        angles = np.pi * (np.arange(count) + 0.5) / count
        lagrange = np.cos(np.arange(count)[:, None] * angles) * (2.0 / count)
        lagrange[0] /= 2.0
        middle, half = (low + high) / 2.0, np.maximum((high - low) / 2.0, 1e-300)
        moments = np.empty((len(self.log_risk), count))
        size = max(1, _BLOCK // (4 * self.log_risk.shape[1]))
        for start in range(0, len(moments), size):
            block = slice(start, start + size)
            place = (self.log_risk[block] - middle[block]) / half[block]
            before, polynomial = np.ones_like(place), place
            moments[block, 0] = self.average(before, block)
            for j in range(1, count):
                moments[block, j] = self.average(polynomial, block)
                before, polynomial = polynomial, 2.0 * place * polynomial - before
        return Population(middle + half * np.cos(angles), moments @ lagrange)

    def average(self, values: Array, block: slice = slice(None)) -> Array:
        """Weighted mean over patterns, the last axis of values whose first axis is draws."""
        if self.weight.ndim == 1:
            return np.asarray(values @ self.weight)
        shares = self.weight[block]
        return np.asarray(np.matmul(values.reshape(len(values), -1, values.shape[-1]), shares[..., None])).reshape(
            values.shape[:-1]
        )

    def mean_survival(self, cumulative: Array) -> Array:
        """Mean of exp(-H exp(log_risk)), of the shape (draws, ...) of the cumulative hazards."""
        risk = np.exp(self.log_risk)
        if risk.shape[1] == 1:
            return np.asarray(np.exp(-cumulative * risk.reshape(-1, *[1] * (cumulative.ndim - 1))))
        flat = cumulative.reshape(len(cumulative), -1)
        found = np.empty_like(flat)
        for block in self._blocks(flat):
            each = flat[block, :, None] * -risk[block, None, :]
            found[block] = self.average(np.exp(each, out=each), block)
        return found.reshape(cumulative.shape)

    def survivors_risk(self, cumulative: Array) -> Array:
        """Mean of exp(log_risk) over those still free of the event, shape as `mean_survival`."""
        risk = np.exp(self.log_risk)
        spared = risk - risk.min(axis=1, keepdims=True)  # so that someone is always left
        flat = cumulative.reshape(len(cumulative), -1)
        found = np.empty_like(flat)
        for block in self._blocks(flat):
            left = np.exp(-flat[block, :, None] * spared[block, None, :])
            found[block] = self.average(left * risk[block, None, :], block) / self.average(left, block)
        return found.reshape(cumulative.shape)

    def log_mean_survival(self, cumulative: Array) -> Array:
        """Logarithm of `mean_survival`, also where that is smaller than any number."""
        risk = np.exp(self.log_risk)
        least = risk.min(axis=1, keepdims=True)
        flat = np.minimum(cumulative.reshape(len(cumulative), -1), 1e300)
        found = -flat * least
        for block in self._blocks(flat) if risk.shape[1] > 1 else ():
            left = np.exp(-flat[block, :, None] * (risk[block] - least[block])[:, None, :])
            found[block] += np.log(np.maximum(self.average(left, block), 1e-300))
        return found.reshape(cumulative.shape)

    def mean_hazard(self, hazard: Array, cumulative: Array) -> Array:
        """Mean hazard of those still free of the event, from the hazard and cumulative hazard of the baseline."""
        return hazard * self.survivors_risk(cumulative)

    def median(self, curves: Curves) -> Array:
        """Median of the mean survival under every baseline, (draws, regimens)."""
        return curves.inverse(self.nodes.log_cumulative_at(0.5)[:, None])

    def piecewise_mean(self, curves: PiecewiseCurves, horizon: float) -> Array:
        """Sum over intervals of exp(-H) (1 - exp(-h w)) / h, averaged over patients, (draws, regimens)."""
        edges = np.concatenate([[0.0], curves.cuts[curves.cuts < horizon], [horizon]])
        before = curves.cumulative(edges[:-1])
        grown = np.exp(curves.log_hazards[..., : len(edges) - 1]) * np.diff(edges)
        total = np.zeros(curves.log_hazards.shape[:2])
        risk, shares = np.exp(self.log_risk), np.broadcast_to(self.weight, self.log_risk.shape)
        for pattern in range(risk.shape[1]):
            each = risk[:, pattern, None, None]
            x = grown * each
            # (1 - exp(-x)) / x is one, not 0 / 0, where nothing happens
            shape = np.divide(-np.expm1(-x), x, out=np.ones_like(x), where=x > 0)
            total += shares[:, pattern, None] * ((np.exp(-before * each) * shape) @ np.diff(edges))
        return np.asarray(total)

    def survivors(self, cumulative: Array) -> Population:
        """Those still free of the event when the baseline cumulative hazard, (draws,), has been reached."""
        risk = np.exp(self.log_risk)
        left = np.exp(-cumulative[:, None] * (risk - risk.min(axis=1, keepdims=True))) * self.weight
        return Population(self.log_risk, left / left.sum(axis=1, keepdims=True))

    def _blocks(self, flat: Array) -> Iterator[slice]:
        """Runs of draws small enough for memory."""
        size = max(1, _BLOCK // (flat.shape[1] * self.log_risk.shape[1]))
        return (slice(start, start + size) for start in range(0, len(flat), size))

    def log_cumulative_at(self, survival: float | Array) -> Array:
        """Log baseline cumulative hazard at which the mean survival is a given share, (draws,).

        Parameters
        ----------
        survival : float or array of shape (draws,)
            Infinite where it is at most zero, minus infinity where it is at least one.

        Notes
        -----
        It does not depend on the baseline. Newton steps on log(-log S), which is nearly linear
        in the log cumulative hazard, converge in a handful of iterations.
        """
        wanted = np.broadcast_to(np.asarray(survival, dtype=float), len(self.log_risk))
        inside = (wanted > 0.0) & (wanted < 1.0)
        target = np.log(-np.log(np.where(inside, wanted, 0.5)))
        u: Array = np.asarray(target - self.average(self.log_risk))
        for _ in range(50 if self.log_risk.shape[1] > 1 else 0):
            hazards = np.exp(self.log_risk + u[:, None])
            each = np.exp(-hazards)
            mean = np.clip(self.average(each), 1e-300, 1.0 - 1e-16)
            slope = self.average(hazards * each) / (-mean * np.log(mean))
            step = (np.log(-np.log(mean)) - target) / np.maximum(slope, 1e-3)
            u = u - np.clip(step, -3.0, 3.0)
            if (np.abs(step) < 1e-12 + 1e-15 / (1.0 - mean)).all():
                break
        if inside.all():
            return u
        return np.where(inside, u, np.where(wanted <= 0.0, np.inf, np.where(wanted >= 1.0, -np.inf, np.nan)))


@dataclass(frozen=True)
class RegimenPopulations:
    """A target population whose log hazards depend on the regimen, by effect modifiers.

    Parameters
    ----------
    each : tuple of Population
        The same patients on every regimen, in the order of the curves.
    """

    each: tuple[Population, ...]

    def of(self, regimen: int) -> Population:
        """The patients on one regimen."""
        return self.each[regimen]

    @cached_property
    def nodes(self) -> RegimenPopulations:
        """Fewer log risks with the same mean survival, as `Population.nodes`."""
        return RegimenPopulations(tuple(p.nodes for p in self.each))

    def mean_survival(self, cumulative: Array) -> Array:
        """Mean survival, of the shape (draws, regimens, ...) of the cumulative hazards."""
        return np.stack([p.mean_survival(cumulative[:, r]) for r, p in enumerate(self.each)], axis=1)

    def survivors_risk(self, cumulative: Array) -> Array:
        """Mean risk of those still free of the event, shape as `mean_survival`."""
        return np.stack([p.survivors_risk(cumulative[:, r]) for r, p in enumerate(self.each)], axis=1)

    def mean_hazard(self, hazard: Array, cumulative: Array) -> Array:
        """Mean hazard of those still free of the event, as `Population.mean_hazard`."""
        return hazard * self.survivors_risk(cumulative)

    def log_cumulative_at(self, survival: float) -> Array:
        """Log baseline cumulative hazard at which the mean survival is a given share, (draws, regimens)."""
        return np.stack([p.log_cumulative_at(survival) for p in self.each], axis=1)

    def median(self, curves: Curves) -> Array:
        """Median of the mean survival on every regimen, (draws, regimens)."""
        return curves.inverse(self.nodes.log_cumulative_at(0.5))

    def piecewise_mean(self, curves: PiecewiseCurves, horizon: float) -> Array:
        """Restricted mean of hazards that are constant between cut points, (draws, regimens)."""
        each = [
            p.piecewise_mean(PiecewiseCurves(curves.log_hazards[:, r : r + 1], curves.cuts), horizon)
            for r, p in enumerate(self.each)
        ]
        return np.concatenate(each, axis=1)


def _nodes_for(half_width: float) -> int:
    """How many Chebyshev points an interval of log risks needs; more than any population has if it is endless."""
    if not half_width < 1e3:
        return int(np.iinfo(np.int64).max)
    b = np.pi / max(2.0 * half_width, 1e-9)
    ratio = b + np.hypot(1.0, b)
    return 1 + max(1, int(np.ceil(np.log(4.0 / ((ratio - 1.0) * _TOLERANCE)) / np.log(ratio))))


def condensed(rows: Callable[[slice], tuple[Array, Array]], draws: int, patterns: int) -> Population:
    """A large population as a fixed number of log risks, the same for any number of patients.

    Parameters
    ----------
    rows : callable
        Log risks, (draws, patterns), and weights, (patterns,) or (draws, patterns), of a run of draws.
    draws, patterns : int
        About how many there are.

    Notes
    -----
    Survival depends on a patient through the log risk alone, and smoothly. Within each draw every log risk is
    shared out among the four nearest points of a grid with the weights of cubic interpolation, which gives
    the average of any cubic exactly; the error of an average survival is below 1e-6.
    """
    points = np.arange(_BINS)
    log_risk, share = np.empty((draws, _BINS)), np.empty((draws, _BINS))
    size = max(1, 20 * _BLOCK // patterns)
    for start in range(0, draws, size):
        block = slice(start, min(start + size, draws))
        each, weight = rows(block)
        low, high = each.min(axis=1, keepdims=True), each.max(axis=1, keepdims=True)
        width = np.maximum((high - low) / (_BINS - 3), 1e-12)
        place = (each - low) / width + 1.0
        left = np.clip(place.astype(np.intp), 1, _BINS - 3)
        f = place - left
        flat = (left + _BINS * np.arange(len(each))[:, None]).ravel()
        total = np.zeros(len(each) * _BINS)
        for shift, share_of in (
            (-1, -f * (f - 1.0) * (f - 2.0) / 6.0),
            (0, (f + 1.0) * (f - 1.0) * (f - 2.0) / 2.0),
            (1, -(f + 1.0) * f * (f - 2.0) / 2.0),
            (2, (f + 1.0) * f * (f - 1.0) / 6.0),
        ):
            total += np.bincount(flat + shift, (share_of * weight).ravel(), len(total))
        log_risk[block] = low + width * (points - 1)
        share[block] = total.reshape(len(each), _BINS)
    return Population(log_risk, share)


def survival(curves: Curves, population: Populations, times: Array) -> Array:
    """Standardised survival, (draws, regimens, times)."""
    return population.mean_survival(curves.cumulative(times))


def marginal_hazard(curves: Curves, population: Populations, times: Array) -> Array:
    """Hazard of the standardised curve, (draws, regimens, times).

    It is the mean hazard over those still free of the event, so its ratio between regimens drifts
    with time even where the conditional hazard ratio is constant.
    """
    return np.asarray(population.mean_hazard(np.exp(curves.log_hazard(times)), curves.cumulative(times)))


def median_time(curves: Curves, population: Populations) -> Array:
    """Median of the standardised curve, (draws, regimens)."""
    return population.median(curves)


def restricted_mean(curves: Curves, population: Populations, horizon: float) -> Array:
    """Restricted mean: area under the standardised curve up to a horizon, (draws, regimens).

    Notes
    -----
    In closed form between cut points; for Weibull curves by Gauss-Legendre quadrature in u with
    t = horizon u^2, which removes the root at zero.
    """
    population = population.nodes
    if isinstance(curves, PiecewiseCurves):
        return population.piecewise_mean(curves, horizon)
    x, w = np.polynomial.legendre.leggauss(_NODES)
    u = (x + 1.0) / 2.0
    nodes, weights = horizon * u**2, horizon * u * w
    return np.asarray(survival(curves, population, nodes) @ weights)
