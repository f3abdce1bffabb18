"""A selection model, in which trials that favour the experimental arm are published more often than others.

A trial whose effect favours the experimental arm with a one-sided p below 0.025 is published for
certain; any other is published with probability omega, uniform between 0 and 1 before the data.
A published effect then has the density

    w(y) N(y; mu, s^2 + tau^2) / A,   A = P + omega (1 - P),

with w(y) = 1 or omega and P the probability that such a trial passes the threshold. The model is
exact: for each mu an integral over tau and omega on fixed Gauss-Legendre panels (omega by its
logarithm, where the integrand is smooth), and mu on panels that are halved until the halves agree
with the whole.

Few trials say little of omega. Then this is no test of whether trials are missing, but shows what
the pooled effect would be if they were missing as assumed; `Selection.informative` and the words
that go with it say which.

References
----------
Hedges LV. Stat Sci 1992;7:246-255. Vevea JL, Hedges LV. Psychometrika 1995;60:419-435.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Direction, Plain
from bayes_escc.settings.prior import Prior

__all__ = ["OMEGA_PRIOR", "Selection", "selection"]

Array = NDArray[np.float64]
P_VALUE: Final = 0.025
OMEGA_PRIOR: Final = Prior(
    "Uniform", lower=0, upper=1, rationale="Trials below the threshold are published anything from never to always."
)
INFORMATIVE: Final = 0.8
"""Largest ratio of posterior to prior standard deviation of omega that still counts as learning from the data."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_TOLERANCE: Final = 1e-9
_MAX_PANELS: Final = 600
_AT_ONCE: Final = 12
"""Trials whose probabilities of publication are multiplied before a logarithm is taken: none underflows."""


@dataclass(frozen=True)
class Density:
    """A density on Gauss-Legendre panels.

    Parameters
    ----------
    edges : array of shape (panels + 1,)
    values : array of shape (panels, 8)
        At the nodes; integrates to one.
    """

    edges: Array
    values: Array

    @cached_property
    def _running(self) -> tuple[Array, Array]:
        """Legendre coefficients of the running integral in every panel, and its value at the edges."""
        from numpy.polynomial import legendre

        n = len(_NODES)
        basis = legendre.legvander(_NODES, n - 1)
        coefficients = (2.0 * np.arange(n) + 1.0) / 2.0 * (self.values * _WEIGHTS @ basis)
        half = 0.5 * np.diff(self.edges)
        mass = (self.values * _WEIGHTS).sum(axis=1) * half
        return legendre.legint(coefficients, axis=1, lbnd=-1) * half[:, None], np.concatenate([[0.0], np.cumsum(mass)])

    def cdf(self, x: float) -> float:
        """Probability below x."""
        from numpy.polynomial import legendre

        panel = int(np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.values) - 1))
        low, high = self.edges[panel], self.edges[panel + 1]
        inside = float(np.clip((2.0 * x - low - high) / (high - low), -1.0, 1.0))
        running, total = self._running
        return float(np.clip((total[panel] + legendre.legval(inside, running[panel])) / total[-1], 0.0, 1.0))

    def quantile(self, q: float) -> float:
        """Value below which a fraction q lies."""
        from scipy.optimize import brentq

        panel = int(np.clip(np.searchsorted(self._running[1] / self._running[1][-1], q) - 1, 0, len(self.values) - 1))
        low, high = float(self.edges[panel]), float(self.edges[panel + 1])
        if not self.cdf(low) < q < self.cdf(high):
            return low if self.cdf(low) >= q else high
        return float(brentq(lambda x: self.cdf(x) - q, low, high, xtol=1e-12))

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation."""
        half = 0.5 * np.diff(self.edges)[:, None]
        x = 0.5 * (self.edges[:-1] + self.edges[1:])[:, None] + half * _NODES
        w = self.values * _WEIGHTS * half
        mean = float((w * x).sum() / w.sum())
        return mean, math.sqrt(float((w * (x - mean) ** 2).sum() / w.sum()))


@dataclass(frozen=True)
class Selection:
    """The posterior under selection.

    Parameters
    ----------
    mu : Density
        Of the pooled effect on the analysis scale, had every trial been published.
    tau : Density or None
        Of ``sqrt(tau / (scale + tau))``; see `tau_quantile`.
    scale : float
    omega : Density
        Of ``-log(omega)``; see `omega_quantile`.
    omega_moments : tuple of float
        Posterior mean and standard deviation of omega.
    log_evidence : float
        Log density of the published effects, everything integrated out.
    """

    mu: Density
    tau: Density | None
    scale: float
    omega: Density
    omega_moments: tuple[float, float]
    log_evidence: float

    @property
    def informative(self) -> bool:
        """Whether the data say appreciably more of omega than its prior does."""
        return bool(self.omega_moments[1] < INFORMATIVE * 12.0**-0.5)

    def tau_quantile(self, q: float) -> float | None:
        """Quantile of the heterogeneity."""
        if self.tau is None:
            return None
        u = self.tau.quantile(q)
        return self.scale * u**2 / (1.0 - u**2)

    def omega_quantile(self, q: float) -> float:
        """Quantile of the probability of publication."""
        return math.exp(-self.omega.quantile(1.0 - q))


def selection(
    y: Array, se: Array, better: Direction, effect: Prior, tau: Prior | None, *, select: bool = True
) -> Selection:
    """Fit the selection model exactly.

    Parameters
    ----------
    y, se : arrays of shape (k,)
        Independent effects and their standard errors on the analysis scale.
    better : {"lower", "higher"}
        Which effects favour the experimental arm, and so are published for certain.
    effect : Prior
        Normal, of the pooled effect.
    tau : Prior or None
        Of the heterogeneity; None for a common effect.
    select : bool
        With False every trial is published (omega = 1): the plain model by the same integrals.
    """
    model = _Model(y, se, -1.0 if better == "lower" else 1.0, effect, tau, select)
    spread = math.sqrt(float((se**2).mean()))
    centre, s0 = float(effect["mu"]), float(effect["sigma"])
    low = min(float(y.min()) - 12.0 * spread, centre - 8.0 * s0)
    high = max(float(y.max()) + 12.0 * spread, centre + 8.0 * s0)
    # short panels where the data are, long ones where only the prior is
    near = np.linspace(max(low, float(y.min()) - 12.0 * spread), min(high, float(y.max()) + 12.0 * spread), 17)
    far = [np.linspace(low, near[0], 5)[:-1], np.linspace(near[-1], high, 5)[1:]]
    edges = np.unique(np.concatenate([far[0], near, far[1]]))
    return _refined(model, edges)


class _Model:
    """The joint density of mu and the nodes of tau and omega."""

    def __init__(self, y: Array, se: Array, side: float, effect: Prior, tau: Prior | None, select: bool) -> None:
        from scipy.special import ndtri

        self.y, self.v, self.side = y, se**2, side
        self.m0, self.s0 = float(effect["mu"]), float(effect["sigma"])
        z = -float(ndtri(P_VALUE))
        self.cut = side * z * se  # the effect at which a trial passes
        self.below = int((side * y < z * se).sum())
        self.tau_edges, self.tau_nodes, self.tau_weight, self.scale = _tau_rule(tau, se)
        # x = -log(omega), with density exp(-x); short panels near omega = 1
        ends = np.array([0.0, 0.35, 0.7, 1.1, 1.6, 2.3, 3.2, 4.5, 6.5, 9.5, 14.0, 22.0, 45.0])
        self.x_edges = ends if select else np.zeros(1)
        self.x, self.x_weight = _rule(ends) if select else (np.zeros(1), np.ones(1))

    def at(self, mu: Array) -> Array:
        """Log density at mu and the nodes of tau and x, without the weights: (mu, tau, x)."""
        from scipy.special import ndtr

        variance = self.v + self.tau_nodes[:, None] ** 2  # (tau, k)
        sd = np.sqrt(variance)
        residual = self.y - mu[:, None, None]
        plain = -0.5 * (residual**2 / variance + np.log(2.0 * math.pi * variance)).sum(axis=-1)  # (mu, tau)
        prior = -0.5 * (((mu - self.m0) / self.s0) ** 2 + math.log(2.0 * math.pi)) - math.log(self.s0)
        found = (plain + prior[:, None])[..., None] - self.below * self.x - self.x
        if len(self.x_edges) == 1:
            return found
        reach = self.side * (mu[:, None, None] - self.cut) / sd
        passes, fails, omega = ndtr(reach), ndtr(-reach), np.exp(-self.x)
        for first in range(0, len(self.y), _AT_ONCE):
            published = np.ones(found.shape)
            for i in range(first, min(first + _AT_ONCE, len(self.y))):
                published *= passes[..., i, None] + fails[..., i, None] * omega
            found -= np.log(published)
        return found


def _rule(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre rules on panels."""
    half = 0.5 * np.diff(edges)[:, None]
    x = 0.5 * (edges[:-1] + edges[1:])[:, None] + half * _NODES
    return x.ravel(), (half * _WEIGHTS).ravel()


def _tau_rule(tau: Prior | None, se: Array) -> tuple[Array, Array, Array, float]:
    """Panels in u = sqrt(tau / (scale + tau)), nodes of tau, and weights that hold prior and Jacobian."""
    if tau is None:
        return np.zeros(1), np.zeros(1), np.ones(1), 1.0
    law = tau.law()
    scale = math.sqrt(float(law.ppf(0.5)) * math.sqrt(float((se**2).mean())))
    low, high = max(tau.support[0], 0.0), tau.support[1]
    ends = [math.sqrt(low / (scale + low)), 1.0 if math.isinf(high) else math.sqrt(high / (scale + high))]
    edges = np.linspace(ends[0], ends[1], 11)
    u, weight = _rule(edges)
    nodes = scale * u**2 / (1.0 - u**2)
    return edges, nodes, weight * np.asarray(law.pdf(nodes)) * 2.0 * scale * u / (1.0 - u**2) ** 2, scale


def _refined(model: _Model, edges: Array) -> Selection:
    """Halve the panels of mu until the halves agree with the whole, then read off every margin."""
    from scipy.special import logsumexp

    with np.errstate(divide="ignore"):
        log_weight = np.log(model.tau_weight)[:, None] + np.log(model.x_weight)

    def measured(low: float, high: float) -> tuple[float, Array]:
        """Log of the integral over one panel, and the log density at its nodes, by (mu, tau, x)."""
        half = 0.5 * (high - low)
        joint = model.at(0.5 * (low + high) + half * _NODES) + log_weight
        each = logsumexp(joint, axis=(1, 2))
        return float(logsumexp(each, b=half * _WEIGHTS)), joint

    waiting = [(low, high, *measured(low, high)) for low, high in itertools.pairwise(edges)]
    done: list[tuple[float, float, float, Array]] = []
    total = float(logsumexp([w[2] for w in waiting]))
    while waiting and len(done) + len(waiting) < _MAX_PANELS:
        low, high, size, joint = waiting.pop()
        if size < total - 40.0:
            done.append((low, high, size, joint))
            continue
        middle = 0.5 * (low + high)
        halves = [(low, middle, *measured(low, middle)), (middle, high, *measured(middle, high))]
        together = float(np.logaddexp(halves[0][2], halves[1][2]))
        if abs(math.expm1(min(together - size, 5.0))) * math.exp(min(together - total, 0.0)) < _TOLERANCE:
            done += halves
        else:
            waiting += halves
    done = sorted([*done, *waiting], key=lambda panel: panel[0])
    total = float(logsumexp([d[2] for d in done]))
    panel_edges = np.array([d[0] for d in done] + [done[-1][1]])
    mu, by_tau, by_x = [], 0.0, 0.0
    for low, high, _, joint in done:
        p = np.exp(joint - total)
        mu.append(p.sum(axis=(1, 2)))
        weight = 0.5 * (high - low) * _WEIGHTS
        by_tau = by_tau + weight @ p.sum(axis=2)
        by_x = by_x + weight @ p.sum(axis=1)
    masses, omega = np.asarray(by_x), np.exp(-model.x)
    mean = float(masses @ omega)
    sd = math.sqrt(max(float(masses @ (omega - mean) ** 2), 0.0))
    no_panels = Density(np.array([0.0, 1.0]), np.ones((1, len(_NODES))))
    return Selection(
        Density(panel_edges, np.array(mu)),
        _margin(np.asarray(by_tau), model.tau_edges),
        model.scale,
        _margin(masses, model.x_edges) or no_panels,
        (mean, sd),
        total,
    )


def _margin(masses: Array, edges: Array) -> Density | None:
    """Masses at the nodes of a rule, as a density on its panels; None where there is one node only."""
    if len(edges) == 1:
        return None
    return Density(edges, (masses / _rule(edges)[1]).reshape(len(edges) - 1, -1))


def words(found: Selection, trials: int, prob: float) -> str:
    """What the data say of omega, in a sentence."""
    tail = (1.0 - prob) / 2.0
    low, middle, high = (found.omega_quantile(q) for q in (tail, 0.5, 1.0 - tail))
    known = f"{middle:.2f} ({100 * prob:g} % CrI {low:.2f} to {high:.2f})"
    sentence = (
        f"Selection: a trial that does not favour the experimental arm at one-sided p < {P_VALUE:g} is published with "
        f"probability {known}, uniform before the data. "
    )
    if found.informative:
        return sentence + f"The {trials} trials say more of it than its prior did."
    return sentence + (
        f"The {trials} trials say little of it: the row shows what such selection would do to the pooled effect, not "
        "that there was any."
    )


def numbers(found: Selection, ratio: bool, prob: float) -> Plain:
    """The row of a sensitivity analysis: median, limits, P(below no effect), tau."""
    tail = (1.0 - prob) / 2.0
    lower, median, upper = (found.mu.quantile(q) for q in (tail, 0.5, 1.0 - tail))
    if ratio:
        lower, median, upper = math.exp(lower), math.exp(median), math.exp(upper)
    return {
        "median": median,
        "lower": lower,
        "upper": upper,
        "probability_below_null": found.mu.cdf(0.0),
        "tau": found.tau_quantile(0.5),
    }
