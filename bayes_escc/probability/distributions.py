"""The few continuous laws that priors need at once, without the half second that SciPy takes to import.

Each has `pdf`, `cdf` and `ppf` as a frozen SciPy distribution has; the tests hold them against SciPy's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.logarithms import log_beta, xlog1py, xlogy

if TYPE_CHECKING:
    from statistics import NormalDist

__all__ = [
    "BetaLaw",
    "HalfNormal",
    "HalfT",
    "Law",
    "LogNormal",
    "LogT",
    "Normal",
    "RootLaw",
    "normal_cdf",
    "normal_quantile",
    "root_of",
]

Array = NDArray[np.float64]


class Law(Protocol):
    """A continuous law; of a number it answers a number, of an array an array of the same shape."""

    def ppf(self, q: ArrayLike) -> Array:
        """Quantiles."""

    def cdf(self, x: ArrayLike) -> Array:
        """Distribution function."""

    def pdf(self, x: ArrayLike) -> Array:
        """Density."""


_erfc = np.frompyfunc(math.erfc, 1, 1)


@cache
def _standard_normal() -> NormalDist:
    """The standard normal law; its module imports fractions and decimals, which few commands need."""
    from statistics import NormalDist

    return NormalDist()


def _one_quantile(q: float) -> float:
    if 0.0 < q < 1.0:
        return _standard_normal().inv_cdf(q)
    return {0.0: -math.inf, 1.0: math.inf}.get(q, math.nan)


_inverse = np.frompyfunc(_one_quantile, 1, 1)


def normal_cdf(z: ArrayLike) -> Array:
    """Distribution function of the standard normal, to full precision in both tails."""
    return np.asarray(_erfc(np.asarray(z, dtype=float) * -math.sqrt(0.5)), dtype=float) * 0.5


def normal_quantile(q: ArrayLike) -> Array:
    """Quantile function of the standard normal."""
    return np.asarray(_inverse(np.asarray(q, dtype=float)), dtype=float)


def root_of(function: Callable[[float], float], low: float, high: float, near: float = 0.0) -> float:
    """Root of an increasing function inside a bracket: inverse quadratic steps, bisections where they would not help.

    Found to rounding, or until the function is within `near` of 0.

    References
    ----------
    Chandrupatla TR. A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
    using derivatives. Adv Eng Softw 1997;28:145-149.
    """
    f_low, f_high = function(low), function(high)
    if f_low >= 0.0 or f_high <= 0.0:
        return low if f_low >= 0.0 else high
    new, f_new, old, f_old, before, f_before = high, f_high, low, f_low, low, f_low
    share = f_new / (f_new - f_old)
    for _ in range(200):
        width = old - new
        least = 2e-16 * max(abs(old), abs(new)) / abs(width) if width else 1.0
        if least >= 0.5:
            break
        at = new + min(max(share, least), 1.0 - least) * width
        value = function(at)
        if abs(value) <= near:
            return at
        if (value > 0.0) == (f_new > 0.0):
            before, f_before = new, f_new
        else:
            before, f_before, old, f_old = old, f_old, new, f_new
        new, f_new = at, value
        place, height = (new - old) / (before - old), (f_new - f_old) / (f_before - f_old)
        share = 0.5
        if height**2 < place and (1.0 - height) ** 2 < 1.0 - place:
            share = f_new / (f_old - f_new) * f_before / (f_old - f_before)
            share += (before - new) / (old - new) * f_new / (f_before - f_new) * f_old / (f_before - f_old)
    return new if abs(f_new) < abs(f_old) else old


@dataclass(frozen=True)
class Normal:
    """Normal(mu, sigma)."""

    mu: float
    sigma: float

    def ppf(self, q: ArrayLike) -> Array:
        return self.mu + self.sigma * normal_quantile(q)

    def cdf(self, x: ArrayLike) -> Array:
        return normal_cdf((np.asarray(x) - self.mu) / self.sigma)

    def pdf(self, x: ArrayLike) -> Array:
        z = (np.asarray(x) - self.mu) / self.sigma
        return np.exp(-0.5 * z**2) / (self.sigma * math.sqrt(2.0 * math.pi))

    def logpdf(self, x: ArrayLike) -> Array:
        z = (np.asarray(x) - self.mu) / self.sigma
        return -0.5 * z**2 - math.log(self.sigma * math.sqrt(2.0 * math.pi))


@dataclass(frozen=True)
class BetaLaw:
    """Beta(alpha, beta), by SciPy's special functions, whose import takes a fraction of that of its statistics."""

    alpha: float
    beta: float

    def ppf(self, q: ArrayLike) -> Array:
        from scipy.special import betaincinv

        quantiles: Array = betaincinv(self.alpha, self.beta, np.asarray(q, dtype=float))
        return quantiles

    def cdf(self, x: ArrayLike) -> Array:
        from scipy.special import betainc

        below: Array = betainc(self.alpha, self.beta, np.clip(x, 0.0, 1.0))
        return below

    def pdf(self, x: ArrayLike) -> Array:
        return np.exp(self.logpdf(x))

    def logpdf(self, x: ArrayLike) -> Array:
        x = np.asarray(x, dtype=float)
        inside = np.clip(x, 0.0, 1.0)
        value = xlogy(self.alpha - 1.0, inside) + xlog1py(self.beta - 1.0, -inside) - log_beta(self.alpha, self.beta)
        return np.where((x >= 0.0) & (x <= 1.0), value, -np.inf)


@dataclass(frozen=True)
class HalfNormal:
    """|Normal(0, sigma)|."""

    sigma: float

    def ppf(self, q: ArrayLike) -> Array:
        return Normal(0.0, self.sigma).ppf(0.5 * (1.0 + np.asarray(q)))

    def cdf(self, x: ArrayLike) -> Array:
        return np.maximum(2.0 * Normal(0.0, self.sigma).cdf(x) - 1.0, 0.0)

    def pdf(self, x: ArrayLike) -> Array:
        return np.where(np.asarray(x) < 0, 0.0, 2.0 * Normal(0.0, self.sigma).pdf(x))

    def logpdf(self, x: ArrayLike) -> Array:
        return np.where(np.asarray(x) < 0, -np.inf, math.log(2.0) + Normal(0.0, self.sigma).logpdf(x))


@dataclass(frozen=True)
class HalfT:
    """|StudentT(nu)| * sigma; with nu = 1 a half-Cauchy."""

    nu: float
    sigma: float

    def ppf(self, q: ArrayLike) -> Array:
        from scipy.special import stdtrit

        quantiles: Array = self.sigma * stdtrit(self.nu, 0.5 * (1.0 + np.asarray(q)))
        return quantiles

    def cdf(self, x: ArrayLike) -> Array:
        from scipy.special import stdtr

        below: Array = np.maximum(2.0 * stdtr(self.nu, np.asarray(x) / self.sigma) - 1.0, 0.0)
        return below

    def pdf(self, x: ArrayLike) -> Array:
        z = np.asarray(x) / self.sigma
        return np.where(z < 0, 0.0, 2.0 * _t_density(z, self.nu) / self.sigma)


class _Exponentiated(ABC):
    """The exponential of a law on the real line."""

    @abstractmethod
    def _base(self) -> Law:
        """The law of the logarithm."""

    def ppf(self, q: ArrayLike) -> Array:
        return np.exp(self._base().ppf(q))

    def cdf(self, x: ArrayLike) -> Array:
        with np.errstate(divide="ignore"):
            return self._base().cdf(np.log(np.maximum(x, 0.0)))

    def pdf(self, x: ArrayLike) -> Array:
        at = np.maximum(np.asarray(x, dtype=float), 1e-300)
        return np.where(np.asarray(x) <= 0, 0.0, self._base().pdf(np.log(at)) / at)


@dataclass(frozen=True)
class LogNormal(_Exponentiated):
    """exp(Normal(mu, sigma))."""

    mu: float
    sigma: float

    def _base(self) -> Law:
        return Normal(self.mu, self.sigma)

    def logpdf(self, x: ArrayLike) -> Array:
        logarithm = np.log(np.maximum(np.asarray(x, dtype=float), 1e-300))
        return np.where(np.asarray(x) <= 0, -np.inf, Normal(self.mu, self.sigma).logpdf(logarithm) - logarithm)


@dataclass(frozen=True)
class LogT(_Exponentiated):
    """exp(mu + sigma * StudentT(nu))."""

    nu: float
    mu: float
    sigma: float

    def _base(self) -> Law:
        return _ShiftedT(self.nu, self.mu, self.sigma)


@dataclass(frozen=True)
class _ShiftedT:
    nu: float
    mu: float
    sigma: float

    def ppf(self, q: ArrayLike) -> Array:
        from scipy.special import stdtrit

        quantiles: Array = self.mu + self.sigma * stdtrit(self.nu, q)
        return quantiles

    def cdf(self, x: ArrayLike) -> Array:
        from scipy.special import stdtr

        below: Array = stdtr(self.nu, (np.asarray(x) - self.mu) / self.sigma)
        return below

    def pdf(self, x: ArrayLike) -> Array:
        return _t_density((np.asarray(x) - self.mu) / self.sigma, self.nu) / self.sigma


def _t_density(z: Array, nu: float) -> Array:
    constant = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log(nu * math.pi)
    return np.exp(constant - 0.5 * (nu + 1.0) * np.log1p(z**2 / nu))


@dataclass(frozen=True)
class RootLaw:
    """A positive number whose square has a given law.

    Parameters
    ----------
    square : Law
    """

    square: Law

    def ppf(self, q: ArrayLike) -> Array:
        return np.sqrt(self.square.ppf(q))

    def cdf(self, x: ArrayLike) -> Array:
        return self.square.cdf(np.square(np.maximum(x, 0.0)))

    def pdf(self, x: ArrayLike) -> Array:
        at = np.asarray(x, dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(at > 0.0, 2.0 * at * self.square.pdf(np.square(at)), 0.0)

    def logpdf(self, x: ArrayLike) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))
