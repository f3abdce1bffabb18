"""The few continuous laws that priors need at once, without the half second that `scipy.stats` takes to import.

Each has `pdf`, `cdf` and `ppf` as a frozen SciPy distribution has; the tests hold them against SciPy's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["HalfNormal", "HalfT", "LogNormal", "LogT", "Normal"]


@dataclass(frozen=True)
class Normal:
    """Normal(mu, sigma)."""

    mu: float
    sigma: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import ndtri

        return self.mu + self.sigma * ndtri(q)

    def cdf(self, x: Any) -> Any:
        from scipy.special import ndtr

        return ndtr((np.asarray(x) - self.mu) / self.sigma)

    def pdf(self, x: Any) -> Any:
        z = (np.asarray(x) - self.mu) / self.sigma
        return np.exp(-0.5 * z**2) / (self.sigma * math.sqrt(2.0 * math.pi))


@dataclass(frozen=True)
class HalfNormal:
    """|Normal(0, sigma)|."""

    sigma: float

    def ppf(self, q: Any) -> Any:
        return Normal(0.0, self.sigma).ppf(0.5 * (1.0 + np.asarray(q)))

    def cdf(self, x: Any) -> Any:
        return np.maximum(2.0 * Normal(0.0, self.sigma).cdf(x) - 1.0, 0.0)

    def pdf(self, x: Any) -> Any:
        return np.where(np.asarray(x) < 0, 0.0, 2.0 * Normal(0.0, self.sigma).pdf(x))


@dataclass(frozen=True)
class HalfT:
    """|StudentT(nu)| * sigma; with nu = 1 a half-Cauchy."""

    nu: float
    sigma: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import stdtrit

        return self.sigma * stdtrit(self.nu, 0.5 * (1.0 + np.asarray(q)))

    def cdf(self, x: Any) -> Any:
        from scipy.special import stdtr

        return np.maximum(2.0 * stdtr(self.nu, np.asarray(x) / self.sigma) - 1.0, 0.0)

    def pdf(self, x: Any) -> Any:
        z = np.asarray(x) / self.sigma
        return np.where(z < 0, 0.0, 2.0 * _t_density(z, self.nu) / self.sigma)


class _Exponentiated:
    """The exponential of a law on the real line."""

    def _base(self) -> Any:
        raise NotImplementedError

    def ppf(self, q: Any) -> Any:
        return np.exp(self._base().ppf(q))

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return self._base().cdf(np.log(np.maximum(x, 0.0)))

    def pdf(self, x: Any) -> Any:
        at = np.maximum(np.asarray(x, dtype=float), 1e-300)
        return np.where(np.asarray(x) <= 0, 0.0, self._base().pdf(np.log(at)) / at)


@dataclass(frozen=True)
class LogNormal(_Exponentiated):
    """exp(Normal(mu, sigma))."""

    mu: float
    sigma: float

    def _base(self) -> Any:
        return Normal(self.mu, self.sigma)


@dataclass(frozen=True)
class LogT(_Exponentiated):
    """exp(mu + sigma * StudentT(nu))."""

    nu: float
    mu: float
    sigma: float

    def _base(self) -> Any:
        return _ShiftedT(self.nu, self.mu, self.sigma)


@dataclass(frozen=True)
class _ShiftedT:
    nu: float
    mu: float
    sigma: float

    def ppf(self, q: Any) -> Any:
        from scipy.special import stdtrit

        return self.mu + self.sigma * stdtrit(self.nu, q)

    def cdf(self, x: Any) -> Any:
        from scipy.special import stdtr

        return stdtr(self.nu, (np.asarray(x) - self.mu) / self.sigma)

    def pdf(self, x: Any) -> Any:
        return _t_density((np.asarray(x) - self.mu) / self.sigma, self.nu) / self.sigma


def _t_density(z: Any, nu: float) -> Any:
    constant = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log(nu * math.pi)
    return np.exp(constant - 0.5 * (nu + 1.0) * np.log1p(z**2 / nu))
