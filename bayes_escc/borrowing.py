"""Borrowing from historical rates: a meta-analytic-predictive prior, made robust, sized in patients.

The predictive distribution of a new study's rate, from a hierarchy of historical studies, is
approximated by a mixture of Beta distributions; a weight on a vague component guards against a
new study that differs; updating with counts is closed. What the new patients say alone is always
given beside it.

References
----------
Neuenschwander B, Capkun-Niggli G, Branson M, Spiegelhalter DJ. Clin Trials 2010;7:5-18 (MAP).
Schmidli H, Gsteiger S, Roychoudhury S, et al. Biometrics 2014;70:1023-1032 (robust mixtures).
Neuenschwander B, Weber S, Schmidli H, O'Hagan A. Biometrics 2020;76:578-587 (ELIR).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.beta import Beta
from bayes_escc.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.posterior import Posterior

__all__ = ["BetaMixture", "Borrowed", "borrow", "fit_beta_mixture", "map_prior"]

Array = NDArray[np.float64]
_MAX_COMPONENTS: Final = 4
_VAGUE: Final = Beta(1.0, 1.0)


@dataclass(frozen=True)
class BetaMixture:
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

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        from scipy.optimize import brentq

        return float(brentq(lambda x: float(self.cdf(x)) - q, 0.0, 1.0, xtol=1e-14))

    def rounding_floor(self) -> float:
        """Rounding error of a probability."""
        return max(c.rounding_floor() for c in self.components)

    def robust(self, weight: float, vague: Beta = _VAGUE) -> BetaMixture:
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

    def ess(self) -> float:
        """Effective sample size in patients, by the expected local information ratio (ELIR).

        The local information of the prior over that of one patient, averaged over the prior. For a
        single Beta(a, b) with a, b > 1 it is a + b.
        """
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


def fit_beta_mixture(draws: ArrayLike, components: int | None = None) -> BetaMixture:
    """Fit a mixture of Betas to draws of a rate by expectation-maximisation.

    Parameters
    ----------
    draws : array
    components : int, optional
        The number with the smallest AIC, up to four, if not given.
    """
    values = np.clip(np.asarray(draws, dtype=float).ravel(), 1e-9, 1.0 - 1e-9)
    numbers = range(1, _MAX_COMPONENTS + 1) if components is None else [components]
    fits = [_expectation_maximisation(values, k) for k in numbers]
    best = min(fits, key=lambda fit: 2.0 * (3 * len(fit[0].weights) - 1) - 2.0 * fit[1])
    return best[0]


def _expectation_maximisation(values: Array, k: int) -> tuple[BetaMixture, float]:
    logs, logs1 = np.log(values), np.log1p(-values)
    groups = np.array_split(np.sort(values), k)
    weights = np.full(k, 1.0 / k)
    shapes = np.array([_by_moments(float(g.mean()), float(max(g.var(), 1e-8))) for g in groups])
    previous = -math.inf
    for _ in range(500):
        log_density = np.stack(
            [
                math.log(w) + (a - 1) * logs + (b - 1) * logs1 - Beta(a, b).log_normaliser()
                for w, (a, b) in zip(weights, shapes, strict=True)
            ]
        )
        top = log_density.max(axis=0)
        total = top + np.log(np.exp(log_density - top).sum(axis=0))
        likelihood = float(total.sum())
        share = np.exp(log_density - total)
        weights = np.maximum(share.mean(axis=1), 1e-12)
        weights = weights / weights.sum()
        shapes = np.array(
            [
                _maximise(a, b, float(s @ logs / s.sum()), float(s @ logs1 / s.sum()))
                for s, (a, b) in zip(share, shapes, strict=True)
            ]
        )
        if likelihood - previous < 1e-7 * abs(likelihood):
            break
        previous = likelihood
    mixture = BetaMixture(tuple(map(float, weights)), tuple(Beta(float(a), float(b)) for a, b in shapes))
    return mixture, likelihood


def _by_moments(mean: float, variance: float) -> tuple[float, float]:
    total = max(mean * (1.0 - mean) / variance - 1.0, 2.0)
    return mean * total, (1.0 - mean) * total


def _maximise(a: float, b: float, mean_log: float, mean_log1: float) -> tuple[float, float]:
    """Shape parameters with given means of log x and log(1 - x), by Newton's method on their logarithms."""
    from scipy.special import polygamma, psi

    u = np.log([a, b])
    for _ in range(50):
        shape = np.exp(u)
        both = shape.sum()
        residual = psi(shape) - psi(both) - np.array([mean_log, mean_log1])
        jacobian = (np.diag(polygamma(1, shape)) - polygamma(1, both)) * shape
        step = np.clip(np.linalg.solve(jacobian, residual), -1.0, 1.0)
        u = np.clip(u - step, 1e-3, 14.0)  # above 1, so that the information at 0 and 1 is finite
        if np.abs(step).max() < 1e-10:
            break
    found = np.exp(u)
    return float(found[0]), float(found[1])


def map_prior(historical: Posterior, regimen: str | None = None) -> BetaMixture:
    """The meta-analytic-predictive prior: the predictive rate of a new study, as a Beta mixture.

    Parameters
    ----------
    historical : Posterior
        Of a response model pooled over studies (``pooling = "partial"``, ``pool_over = "studies"``), or of
        a beta-binomial model.
    regimen : str, optional
        Needed where the posterior has several.

    Raises
    ------
    AnalysisError
    """
    if "predicted_rate" not in historical.estimand_names:
        raise AnalysisError('a MAP prior needs rates pooled over studies: pooling = "partial", pool_over = "studies".')
    rates = historical.estimand("predicted_rate")
    regimens = [str(r) for r in rates["regimen"].to_numpy()]
    if regimen is None and len(regimens) > 1:
        raise AnalysisError(f"name a regimen: one of {', '.join(regimens)}.")
    chosen = regimen or regimens[0]
    if chosen not in regimens:
        raise AnalysisError(f"{chosen!r} is not a regimen here: use one of {', '.join(regimens)}.")
    if "endpoint" in rates.dims:
        raise AnalysisError("a MAP prior is of one endpoint: fit one.")
    return fit_beta_mixture(rates.sel(regimen=chosen).to_numpy())


@dataclass(frozen=True)
class Borrowed:
    """A rate with and without borrowing.

    Parameters
    ----------
    events, n : int
    prior, posterior : BetaMixture
        With borrowing, the robust component included.
    alone : Beta
        The posterior of the new patients alone under a uniform prior.
    robust_weight, weight_after : float
        Of the vague component before and after the data.
    """

    events: int
    n: int
    prior: BetaMixture
    posterior: BetaMixture
    alone: Beta
    robust_weight: float
    weight_after: float

    @property
    def patients_borrowed(self) -> float:
        """Effective sample size (ELIR) of the prior, in patients."""
        return self.prior.ess()

    @property
    def table(self) -> pd.DataFrame:
        """Mean, sd, median and 95 % interval with and without borrowing."""
        import pandas as pd

        laws: Sequence[tuple[str, BetaMixture | Beta]] = (("with borrowing", self.posterior), ("without", self.alone))
        return pd.DataFrame(
            [
                {"rate": name, "mean": law.mean, "sd": law.sd, "median": law.quantile(0.5),
                 "lower": law.quantile(0.025), "upper": law.quantile(0.975)}
                for name, law in laws
            ]
        )  # fmt: skip


def borrow(prior: BetaMixture, *, events: int, n: int, robust_weight: float = 0.2) -> Borrowed:
    """Update a historical prior with new patients, visibly and adjustably.

    Parameters
    ----------
    prior : BetaMixture
        As `map_prior` gives it.
    events, n : int
        Of the new patients.
    robust_weight : float
        Prior probability that the new study is not like the historical ones, from 0 to 1.

    Returns
    -------
    Borrowed
    """
    robust = prior.robust(robust_weight)
    after = robust.update(events, n)
    weight_after = after.weights[-1] if robust_weight > 0 else 0.0
    return Borrowed(events, n, robust, after, Beta(1.0 + events, 1.0 + n - events), robust_weight, weight_after)
