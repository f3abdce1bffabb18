"""The exact engine: a normal model whose only awkward parameter is the heterogeneity tau.

Given tau, everything else in a meta-analysis with a normal likelihood is jointly normal::

    y = X theta + tau L z + error,   error ~ N(0, V),   theta ~ N(m0, S0),   z ~ N(0, I)

where `L L'` is the correlation of the random effects (the identity for two-arm trials, blocks
with 1/2 for multi-arm ones). So tau is integrated numerically, by Gauss-Legendre rules on panels
that are halved until the halves agree with the whole, and every linear function of theta and z
is a finite mixture of normals over the nodes. One engine serves pairwise models,
meta-regression, subgroups and networks.

References
----------
Roever C. Bayesian random-effects meta-analysis using the bayesmeta R package. J Stat Softw
2020;93(6):1-51 (the same factorisation, with a grid by divergence instead of quadrature).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.probability.panels import NODES_PER_PANEL, PanelDensity

__all__ = ["GaussianModel", "Quadrature", "integrate"]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
_TOLERANCE: Final = 1e-12
_MAX_PANELS: Final = 400
_NEGLIGIBLE: Final = 1e-20
_FAR: Final = 1e12
"""Standard errors above which the median of a prior is no guide to the scale of tau."""
_NEAR_ZERO: Final = 1e-7
"""Part of a standard error below which a heterogeneity is none."""


@dataclass(frozen=True)
class GaussianModel:
    """Data and priors of the normal model; see the module's formula.

    Parameters
    ----------
    y : array of shape (k,)
        Effects on the scale on which they are normal.
    V : array of shape (k, k)
        Their sampling covariance.
    X : array of shape (k, p)
    L : array of shape (k, k) or None
        Cholesky factor of the correlation of the random effects; None for common effects.
    m0, s0 : array of shape (p,)
        Prior means and standard deviations of theta.
    correlation : array of shape (p, p), optional
        Prior correlation of theta; none if not given.
    """

    y: Array
    V: Array
    X: Array
    L: Array | None
    m0: Array
    s0: Array
    correlation: Array | None = None

    @cached_property
    def prior_covariance(self) -> Array:
        """Of theta, shape (p, p)."""
        correlation = np.eye(len(self.s0)) if self.correlation is None else self.correlation
        return np.asarray(self.s0[:, None] * correlation * self.s0)

    def without_data(self) -> GaussianModel:
        """The same model before the data: infinite sampling variance."""
        empty = np.empty((0, 0))
        rows = None if self.L is None else np.empty((0, self.L.shape[1]))
        return GaussianModel(np.empty(0), empty, np.empty((0, len(self.m0))), rows, self.m0, self.s0, self.correlation)

    def keeping(self, rows: NDArray[np.bool_]) -> GaussianModel:
        """The same model of some of the effects; whole studies, as effects of one study are correlated."""
        if not rows.any():
            return self.without_data()
        L = None if self.L is None else self.L[np.ix_(rows, rows)]
        return GaussianModel(
            self.y[rows], self.V[np.ix_(rows, rows)], self.X[rows], L, self.m0, self.s0, self.correlation
        )

    @property
    def size(self) -> int:
        """Number of unknowns other than tau: those of theta, then those of z."""
        return len(self.m0) + (0 if self.L is None else self.L.shape[1])

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.V) if len(self.y) else self.V

    def log_marginal(self, tau: Array) -> Array:
        """Log density of the data given tau, everything else integrated out.

        Notes
        -----
        As sums of squares about the posterior mean of theta given tau. The covariance of the data, to which a wide
        prior adds a variance far above theirs, would lose what they say to rounding.
        """
        k = len(self.y)
        if k == 0:
            return np.zeros(len(tau))
        omega = np.zeros((k, k)) if self.L is None else self.L @ self.L.T
        chol = np.linalg.cholesky(self.V + tau[:, None, None] ** 2 * omega)
        residual = self.y - self.X @ self.m0
        both = np.broadcast_to(np.column_stack([residual, self.X]), (len(tau), k, 1 + len(self.m0)))
        white = np.linalg.solve(chol, both)
        y, X = white[..., :1], white[..., 1:]
        prior = np.linalg.inv(self.prior_covariance)
        precision = prior + np.swapaxes(X, 1, 2) @ X
        shift = np.linalg.solve(precision, np.swapaxes(X, 1, 2) @ y)
        misfit = ((y - X @ shift) ** 2).sum(axis=(1, 2)) + (shift * (prior @ shift)).sum(axis=(1, 2))
        log_det = 2.0 * np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1) + np.linalg.slogdet(precision)[1]
        log_det = log_det + np.linalg.slogdet(self.prior_covariance)[1]
        return np.asarray(-0.5 * (misfit + log_det + k * math.log(2.0 * math.pi)))

    def conditional(self, tau: Array) -> tuple[Array, Array]:
        """Mean (T, size) and precision (T, size, size) of (theta, z) given each tau."""
        p, n, t = len(self.m0), self.size, len(tau)
        A = np.zeros((t, len(self.y), n))
        A[:, :, :p] = self.X
        if self.L is not None:
            A[:, :, p:] = tau[:, None, None] * self.L
        prior = np.eye(n)
        prior[:p, :p] = np.linalg.inv(self.prior_covariance) if p else prior[:p, :p]
        weighted = np.swapaxes(A, 1, 2) @ self._inverse
        precision = weighted @ A + prior
        right = weighted @ self.y + np.concatenate([prior[:p, :p] @ self.m0, np.zeros(n - p)])
        return np.linalg.solve(precision, right[..., None])[..., 0], precision

    def draw(self, tau: Array, rng: np.random.Generator) -> Array:
        """One draw of (theta, z) for each tau, shape (T, size)."""
        mean, precision = self.conditional(tau)
        chol = np.linalg.cholesky(precision)
        noise = rng.normal(size=(len(tau), self.size, 1))
        return np.asarray(mean + np.linalg.solve(np.swapaxes(chol, 1, 2), noise)[..., 0])


@dataclass(frozen=True)
class Quadrature:
    """The posterior of tau on nodes, and of all else at each node.

    Parameters
    ----------
    tau, weight : array of shape (nodes,)
    law : PanelDensity or None
        Of tau; None for common effects.
    log_evidence : float
        Log density of the data, everything integrated out.
    error : float
        Error of a probability: what halving every panel still changes.
    tail : float
        How fast the prior of tau falls; see `moments`.
    """

    model: GaussianModel
    tau: Array
    weight: Array
    law: PanelDensity | None
    log_evidence: float
    error: float
    tail: float

    @cached_property
    def _given_tau(self) -> tuple[Array, Array]:
        mean, precision = self.model.conditional(self.tau)
        return mean, np.linalg.inv(precision)

    def linear(self, of_theta: Array, of_z: Array | None = None, extra: Array | float = 0.0) -> tuple[Array, Array]:
        """Location and spread, at every node, of linear functions of the unknowns.

        Parameters
        ----------
        of_theta : array of shape (m, p)
        of_z : array of shape (m, k), optional
            Coefficients of ``tau z``.
        extra : array of shape (m,)
            Further independent variance, in units of tau squared (1 for a new study).

        Returns
        -------
        location, spread : arrays of shape (m, nodes)
        """
        m, nodes = len(of_theta), len(self.tau)
        C = np.zeros((nodes, m, self.model.size))
        C[:, :, : of_theta.shape[1]] = of_theta
        if of_z is not None and self.model.L is not None:
            C[:, :, of_theta.shape[1] :] = self.tau[:, None, None] * of_z
        mean, covariance = self._given_tau
        location = np.einsum("tmn,tn->mt", C, mean)
        variance = ((C @ covariance) * C).sum(axis=2).T
        variance = variance + np.atleast_1d(np.asarray(extra, dtype=float))[:, None] * self.tau**2
        return location, np.sqrt(np.maximum(variance, 0.0))

    def covariance(self, of_theta: Array) -> Array:
        """Covariance, at every node, of linear functions of theta: shape (nodes, m, m)."""
        p = of_theta.shape[1]
        return np.asarray(of_theta @ self._given_tau[1][:, :p, :p] @ of_theta.T)

    def moments(self, extra: float, exponentiated: bool) -> int:
        """How many moments (0, 1 or 2) a linear function has, or its exponential.

        As tau grows, everything the data and the proper priors speak of keeps a bounded variance,
        but a new study's effect has variance ``extra tau^2``. The r-th moment of its exponential
        then exists only where the prior of tau falls faster than ``exp(-r^2 extra tau^2 / 2)``,
        so never under a half-Cauchy, and under a half-normal only if its scale is small.
        """
        if extra == 0.0 or self.law is None or math.isinf(self.tail):
            return 2
        if not exponentiated:
            return self.law.moments
        return sum(order**2 * extra < self.tail for order in (1, 2))

    def mixture(
        self, location: Array, spread: Array, *, extra: float = 0.0, exponentiated: bool = False
    ) -> NormalMixture:
        """One row of `linear` as a law."""
        moments = self.moments(extra, exponentiated)
        return NormalMixture(self.weight, location, spread, exponentiated, moments, self.error)


def integrate(model: GaussianModel, prior: Any) -> Quadrature:
    """Integrate tau out.

    Parameters
    ----------
    model : GaussianModel
    prior : Prior or None
        Of tau; None for common effects, where there is nothing to integrate.

    Returns
    -------
    Quadrature
    """
    if prior is None or model.L is None:
        zero = np.zeros(1)
        return Quadrature(model, zero, np.ones(1), None, float(model.log_marginal(zero)[0]), 0.0, math.inf)
    law = prior.law()
    scale = float(law.ppf(0.5))
    if len(model.y):
        error = math.sqrt(float(np.mean(np.diag(model.V))))
        # a prior that is all but flat on the logarithm says nothing of the scale
        scale = math.sqrt(min(scale, _FAR * error) * error)
    scale = min(scale, 1e100)
    low, high = prior.support
    low = max(low, 0.0)
    near_zero, floor = _mass_near_zero(model, law) if low == 0.0 else (0.0, 0.0)
    if near_zero:
        scale, low = floor / _NEAR_ZERO, floor
    bounds = [math.sqrt(low / (scale + low)), 1.0 if math.isinf(high) else math.sqrt(high / (scale + high))]

    def log_density(u: Array) -> Array:
        tau = scale * u**2 / (1.0 - u**2)
        with np.errstate(divide="ignore"):
            jacobian = np.log(2.0 * scale * u) - 2.0 * np.log1p(-(u**2))
            return np.asarray(model.log_marginal(tau) + np.log(law.pdf(tau)) + jacobian)

    def evaluate(edges: Array) -> tuple[Array, Array]:
        half = 0.5 * (edges[:, 1] - edges[:, 0])
        u = (edges.mean(axis=1)[:, None] + half[:, None] * _NODES).ravel()
        return log_density(u).reshape(len(edges), -1), half

    start = np.linspace(bounds[0], bounds[1], 9)
    edges = np.stack([start[:-1], start[1:]], axis=1)
    values, half = evaluate(edges)
    top = float(values.max())
    done: list[tuple[Array, Array]] = []
    error, count = 0.0, 0
    while len(edges):
        middle = edges.mean(axis=1)
        left, right = np.stack([edges[:, 0], middle], axis=1), np.stack([middle, edges[:, 1]], axis=1)
        halves = [evaluate(part) for part in (left, right)]
        top = max(top, *(float(v.max()) for v, _ in halves))
        whole = half * (np.exp(values - top) @ _WEIGHTS)
        parts = [h * (np.exp(v - top) @ _WEIGHTS) for v, h in halves]
        total = sum(float((h * (np.exp(v - top) @ _WEIGHTS)).sum()) for v, h in _measured(done)) + float(
            sum(p.sum() for p in parts)
        )
        change = np.abs(whole - parts[0] - parts[1])
        narrow = (edges[:, 1] - edges[:, 0]) < 1e-9
        good = (change <= _TOLERANCE * total) | narrow | (count > _MAX_PANELS)
        error += float(change[good].sum()) / total
        for part, (v, _) in zip((left, right), halves, strict=True):
            done += [(part[i], v[i]) for i in np.flatnonzero(good)]
            count += int(good.sum())
        edges = np.concatenate([left[~good], right[~good]])
        values = np.concatenate([halves[0][0][~good], halves[1][0][~good]])
        half = 0.5 * (edges[:, 1] - edges[:, 0]) if len(edges) else np.empty(0)
    if near_zero:  # where in this panel tau lies makes no difference
        flat = math.log(near_zero / bounds[0]) + float(model.log_marginal(np.zeros(1))[0])
        done.append((np.array([0.0, bounds[0]]), np.full(NODES_PER_PANEL, flat)))
        top = max(top, flat)
    done.sort(key=lambda item: float(item[0][0]))
    panel_edges = np.array([part[0] for part, _ in done] + [done[-1][0][1]])
    density = np.exp(np.array([v for _, v in done]) - top)
    width = 0.5 * np.diff(panel_edges)[:, None]
    weight = density * width * _WEIGHTS
    normaliser = float(weight.sum())
    u = 0.5 * (panel_edges[:-1] + panel_edges[1:])[:, None] + width * _NODES
    tau = (scale * u**2 / (1.0 - u**2)).ravel()
    keep = weight.ravel() > _NEGLIGIBLE * normaliser
    found = PanelDensity(panel_edges, density / normaliser, scale, _moments_of_tau(prior, model), 0.0, error)
    return Quadrature(
        model, tau[keep], weight.ravel()[keep] / normaliser, found, top + math.log(normaliser), error, _tail(prior)
    )


def _mass_near_zero(model: GaussianModel, law: Any) -> tuple[float, float]:
    """What the prior of tau holds below a ten-millionth of a standard error, and that value.

    A density that rises without bound at 0 (such as Gamma(0.001, 0.001)) can hold most of its probability there, at
    values no quadrature reaches; to the data they are all no heterogeneity. Zero where it is too little to matter.
    """
    size = math.sqrt(float(np.mean(np.diag(model.V)))) if len(model.y) else float(law.ppf(0.999))
    floor = _NEAR_ZERO * size
    mass = float(law.cdf(floor))
    return (mass, floor) if mass > 0.01 else (0.0, 0.0)


def _measured(done: list[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
    return [(v[None], np.array([0.5 * (part[1] - part[0])])) for part, v in done]


def _tail(prior: Any) -> float:
    """How fast the prior of tau falls: the coefficient of -tau^2 / 2, infinite if bounded, 0 if slower."""
    if prior.distribution == "HalfNormal" and not prior.variance:
        return float(prior["sigma"]) ** -2
    if prior.variance and prior.distribution in ("HalfNormal", "Normal"):
        return math.inf  # as the fourth power of tau
    return math.inf if math.isfinite(prior.support[1]) else 0.0


def _moments_of_tau(prior: Any, model: GaussianModel) -> int:
    """Moments of tau that exist: with proper priors the likelihood falls as tau^-k."""
    degrees = {"HalfCauchy": 1.0, "LogStudentT": 0.0}.get(prior.distribution, math.inf)
    if prior.distribution == "HalfStudentT":
        degrees = float(prior["nu"])
    elif prior.distribution == "InverseGamma":
        degrees = float(prior["alpha"])
    degrees *= 2.0 if prior.variance else 1.0
    power = degrees + len(model.y)
    return int(power > 1.0) + int(power > 2.0)
