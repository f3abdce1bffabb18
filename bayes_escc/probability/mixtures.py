"""Mixtures of Beta distributions: conjugate updating, size in patients, and fitting one to a distribution.

References
----------
Schmidli H, Gsteiger S, Roychoudhury S, et al. Biometrics 2014;70:1023-1032 (robust mixtures).
Neuenschwander B, Weber S, Schmidli H, O'Hagan A. Biometrics 2020;76:578-587 (ELIR).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.marginal import Distribution

__all__ = ["VAGUE", "BetaMixture", "fit_beta_mixture"]

Array = NDArray[np.float64]
_MAX_COMPONENTS: Final = 4
_CLOSE: Final = 5e-4
"""Divergence (nats) from the best mixture that one more component must gain to be kept."""
VAGUE: Final = Beta(1.0, 1.0)
"""The uniform law of a rate: one patient's worth of prior."""


@dataclass(frozen=True)
class BetaMixture(Distribution):
    """A mixture of Beta distributions of one rate.

    Parameters
    ----------
    weights : tuple of float
        Positive, summing to one.
    components : tuple of Beta
    """

    weights: tuple[float, ...]
    components: tuple[Beta, ...]

    def __str__(self) -> str:
        parts = [
            f"{w:.3f} Beta({c.alpha:.3g}, {c.beta:.3g})" for w, c in zip(self.weights, self.components, strict=True)
        ]
        return " + ".join(parts)

    @property
    def mean(self) -> float:
        """Expected rate."""
        return sum(w * c.mean for w, c in zip(self.weights, self.components, strict=True))

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        second = sum(w * (c.sd**2 + c.mean**2) for w, c in zip(self.weights, self.components, strict=True))
        return math.sqrt(max(second - self.mean**2, 0.0))

    def cdf(self, x: ArrayLike) -> Array:
        """P(rate <= x)."""
        return np.asarray(sum(w * c.cdf(x) for w, c in zip(self.weights, self.components, strict=True)))

    def sf(self, x: ArrayLike) -> Array:
        """P(rate > x)."""
        return np.asarray(sum(w * c.sf(x) for w, c in zip(self.weights, self.components, strict=True)))

    def density(self, x: ArrayLike) -> Array:
        """Probability density at rates strictly between 0 and 1."""
        return self._density_and_curvature(np.asarray(x, dtype=float))[0]

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        rates, reached = self._reached
        i = int(np.clip(np.searchsorted(reached, q), 1, len(rates) - 1))
        return root_of(lambda x: float(self.cdf(x)) - q, float(rates[i - 1]), float(rates[i]), 1e-13)

    @cached_property
    def _reached(self) -> tuple[Array, Array]:
        """Rates from 0 to 1 and the distribution function at each, between which quantiles are sought."""
        rates = np.concatenate([[0.0], 1.0 / (1.0 + np.exp(-np.linspace(-30.0, 30.0, 601))), [1.0]])
        return rates, np.concatenate([[0.0], self.cdf(rates[1:-1]), [1.0]])

    def rounding_floor(self) -> float:
        """Rounding error of a probability."""
        return max(c.rounding_floor() for c in self.components)

    def robust(self, weight: float, vague: Beta = VAGUE) -> BetaMixture:
        """The mixture with a vague component of the given weight.

        Parameters
        ----------
        weight : float
            From 0 (full borrowing) to 1 (none).
        vague : Beta
            One patient's worth of prior by default: uniform.

        Raises
        ------
        AnalysisError
        """
        if not 0.0 <= weight <= 1.0:
            raise AnalysisError(f"weight lies between 0 and 1, not {weight!r}.")
        kept = tuple((1.0 - weight) * w for w in self.weights) if weight < 1.0 else ()
        parts = [*zip(kept, self.components, strict=False), *([(weight, vague)] if weight > 0.0 else [])]
        return BetaMixture(tuple(w for w, _ in parts), tuple(c for _, c in parts))

    def update(self, events: int, n: int) -> BetaMixture:
        """The posterior after `events` among `n` patients: every component conjugate, weights by their evidence."""
        if not 0 <= events <= n:
            raise AnalysisError(f"events must lie between 0 and n, not {events} of {n}.")
        after = tuple(Beta(c.alpha + events, c.beta + n - events) for c in self.components)
        log = np.array(
            [
                math.log(w) + new.log_normaliser() - old.log_normaliser()
                for w, old, new in zip(self.weights, self.components, after, strict=True)
            ]
        )
        weights = np.exp(log - log.max())
        return BetaMixture(tuple(float(w) for w in weights / weights.sum()), after)

    def predictive_tail(self, events: int, n: int) -> float:
        """Probability, before the data, of a count as improbable as `events` among `n` patients or more so.

        Small where the data are in conflict with the prior.

        References
        ----------
        Box GEP. J R Stat Soc A 1980;143:383-430.
        """
        from scipy.special import betaln, gammaln

        k = np.arange(n + 1.0)
        choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        p = sum(
            w * np.exp(choose + betaln(c.alpha + k, c.beta + n - k) - c.log_normaliser())
            for w, c in zip(self.weights, self.components, strict=True)
        )
        pmf = np.asarray(p)
        return float(min(pmf[pmf <= pmf[events] * (1.0 + 1e-9)].sum(), 1.0))

    def ess(self) -> float:
        """Effective sample size in patients, by the expected local information ratio (ELIR).

        The local information of the prior over that of one patient, averaged over the prior. For a
        single Beta(a, b) it is a + b; for a mixture with a parameter below 1, such as Jeffreys', the
        average does not exist and is not a number.
        """
        if len(self.components) == 1:
            return self.components[0].alpha + self.components[0].beta
        if any(min(c.alpha, c.beta) < 1.0 for c in self.components):
            return math.nan
        x, dx = _grid()
        density, curvature = self._density_and_curvature(x)
        per_patient = 1.0 / (x * (1.0 - x))
        return float((density * -curvature / per_patient * dx).sum() / (density * dx).sum())

    def ess_moment(self) -> float:
        """Effective sample size of the single Beta with the same mean and variance."""
        return self.mean * (1.0 - self.mean) / self.sd**2 - 1.0

    def _density_and_curvature(self, x: Array) -> tuple[Array, Array]:
        """Density, and the second derivative of its logarithm."""
        density, first, second = (np.zeros_like(x) for _ in range(3))
        for w, c in zip(self.weights, self.components, strict=True):
            f = w * np.exp((c.alpha - 1) * np.log(x) + (c.beta - 1) * np.log1p(-x) - c.log_normaliser())
            slope = (c.alpha - 1) / x - (c.beta - 1) / (1 - x)
            density += f
            first += f * slope
            second += f * (slope**2 - (c.alpha - 1) / x**2 - (c.beta - 1) / (1 - x) ** 2)
        safe = np.where(density > 0.0, density, 1.0)  # where the density underflows it carries no weight
        return density, second / safe - (first / safe) ** 2


def _grid() -> tuple[Array, Array]:
    """Rates and their quadrature weights: the trapezoidal rule in the logit, which converges exponentially."""
    u = np.linspace(-36.0, 36.0, 40_001)
    x = 1.0 / (1.0 + np.exp(-u))
    return x, (u[1] - u[0]) * x * (1.0 - x)


def fit_beta_mixture(values: ArrayLike, components: int | None = None, weights: ArrayLike | None = None) -> BetaMixture:
    """Fit a mixture of Betas to draws of a rate, or to weighted nodes of its density, by expectation-maximisation.

    Parameters
    ----------
    values : array
        Draws; or nodes, with `weights`.
    components : int, optional
        If not given, as many (up to four) as bring the mixture noticeably closer.
    weights : array, optional
        Probability of every value; equal if not given.
    """
    x = np.clip(np.asarray(values, dtype=float).ravel(), 1e-9, 1.0 - 1e-9)
    p = np.full(len(x), 1.0 / len(x)) if weights is None else np.asarray(weights, dtype=float).ravel()
    p = p / p.sum()
    if components is not None:
        return _expectation_maximisation(x, p, components)[0]
    # draws support only so much detail: the gain of a component must exceed its share of AIC
    least = max(_CLOSE, 3.0 / len(x)) if weights is None else _CLOSE
    best, fit = _expectation_maximisation(x, p, 1)
    for k in range(2, _MAX_COMPONENTS + 1):
        found, better = _expectation_maximisation(x, p, k)
        if better - fit <= least:
            break
        best, fit = found, better
    return best


def _expectation_maximisation(x: Array, p: Array, k: int) -> tuple[BetaMixture, float]:
    """A mixture of k Betas, and its mean log density under the weights p."""
    logs, logs1 = np.log(x), np.log1p(-x)
    order = np.argsort(x)
    part = np.minimum((np.cumsum(p[order]) * k).astype(int), k - 1)
    weights = np.full(k, 1.0 / k)
    shapes = []
    for group in range(k):
        mine = order[part == group]
        share = p[mine] / p[mine].sum()
        mean = float(share @ x[mine])
        shapes.append(_by_moments(mean, max(float(share @ (x[mine] - mean) ** 2), 1e-8)))
    previous = -math.inf
    for _ in range(400):
        log_density = np.stack(
            [
                math.log(w) + (a - 1) * logs + (b - 1) * logs1 - Beta(a, b).log_normaliser()
                for w, (a, b) in zip(weights, shapes, strict=True)
            ]
        )
        top = log_density.max(axis=0)
        total = top + np.log(np.exp(log_density - top).sum(axis=0))
        likelihood = float(p @ total)
        share = np.exp(log_density - total) * p
        weights = np.maximum(share.sum(axis=1), 1e-12)
        weights = weights / weights.sum()
        shapes = [
            _maximise(a, b, float(s @ logs / s.sum()), float(s @ logs1 / s.sum()))
            for s, (a, b) in zip(share, shapes, strict=True)
        ]
        if likelihood - previous < 1e-7:
            break
        previous = likelihood
    kept = sorted(zip(weights, shapes, strict=True), key=lambda c: -c[0])
    mixture = BetaMixture(tuple(float(w) for w, _ in kept), tuple(Beta(float(a), float(b)) for _, (a, b) in kept))
    return mixture, likelihood


def _by_moments(mean: float, variance: float) -> tuple[float, float]:
    total = max(mean * (1.0 - mean) / variance - 1.0, 2.0)
    return mean * total, (1.0 - mean) * total


def _maximise(a: float, b: float, mean_log: float, mean_log1: float) -> tuple[float, float]:
    """The most likely shape parameters of at least 1, given the means of log x and log(1 - x).

    The likelihood is concave in them. Newton's method on their logarithms finds its top; where that
    lies below 1, the top on the boundary is known: of Beta(1, b) it is b = -1 / mean log(1 - x).
    """
    from scipy.special import polygamma, psi

    u = np.log([a, b])
    for _ in range(25):
        shape = np.exp(u)
        both = shape.sum()
        residual = psi(shape) - psi(both) - np.array([mean_log, mean_log1])
        jacobian = (np.diag(polygamma(1, shape)) - polygamma(1, both)) * shape
        step = np.clip(np.linalg.solve(jacobian, residual), -1.0, 1.0)
        u = np.clip(u - step, -6.0, 14.0)
        if np.abs(step).max() < 1e-9:
            break
    found = float(np.exp(u[0])), float(np.exp(u[1]))
    if min(found) >= 1.0:
        return found
    edges = [(1.0, min(max(1.0, -1.0 / mean_log1), 1e6)), (min(max(1.0, -1.0 / mean_log), 1e6), 1.0)]
    return max(edges, key=lambda s: (s[0] - 1) * mean_log + (s[1] - 1) * mean_log1 - Beta(*s).log_normaliser())
