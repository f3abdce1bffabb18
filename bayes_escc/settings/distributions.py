"""The closed list of distributions a prior may have: how each is drawn, evaluated, and spelled in PyMC and SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import PlainMapping
from bayes_escc.probability.distributions import BetaLaw, HalfNormal, HalfT, LogNormal, LogT, Normal

__all__ = ["DISTRIBUTIONS", "SUPPORTS", "DistributionKind"]

_REAL: Final = (-math.inf, math.inf)

_POSITIVE: Final = (0.0, math.inf)

_UNIT: Final = (0.0, 1.0)

SUPPORTS: Final = {"real": _REAL, "positive": _POSITIVE, "unit": _UNIT}
"""Domains a parameter may have, by name; `simplex` (Dirichlet) stands apart."""

_Values = PlainMapping

_Sampler = Callable[["np.random.Generator", Any, _Values], Any]  # a string: that module is large


def _stats() -> Any:
    """SciPy's distributions, whose import takes half a second."""
    from scipy import stats

    return stats


@dataclass(frozen=True)
class DistributionKind:
    """One entry of the closed list: everything the package knows of a distribution.

    Parameters
    ----------
    forms : tuple of tuple of str
        The accepted parametrisations, the canonical one first.
    support : (float, float)
    sample : callable
        From (rng, size, parameters) to draws.
    scipy : callable or None
        From parameters to a frozen SciPy distribution; None if it has no one-dimensional law.
    defaults : mapping
        Defaults of parameters, where PyMC has them.
    unbounded : tuple of str
        Parameters that need not exceed zero.
    law : callable or None
        A law with `pdf`, `cdf` and `ppf` that needs no SciPy, where there is one.
    log_of : str
        Distribution of the logarithm, where PyMC lacks this one but has that.
    """

    forms: tuple[tuple[str, ...], ...]
    support: tuple[float, float]
    sample: _Sampler
    scipy: Callable[[_Values], Any] | None
    defaults: Mapping[str, float] = field(default_factory=dict)
    unbounded: tuple[str, ...] = ()
    law: Callable[[_Values], Any] | None = None
    log_of: str = ""

    def to_pymc(self, distribution: str, name: str, dims: str | tuple[str, ...] | None, values: _Values) -> Any:
        """Create a variable inside the current PyMC model; parameters may be arrays."""
        import pymc as pm

        if self.log_of:
            logarithm = getattr(pm, self.log_of)(f"log_{name}", dims=dims, **values)
            return pm.Deterministic(name, pm.math.exp(logarithm), dims=dims)
        return getattr(pm, distribution)(name, dims=dims, **values)


_STANDARD: Final = {"mu": 0.0, "sigma": 1.0}

# What is drawn from a prior, however far its tails reach.
_LEAST_DIVISOR: Final = 1e-300
"""A Gamma draw below this, of which an inverse is taken, is this: it would be 0, and its inverse no number."""


@dataclass(frozen=True)
class _FarQuantiles:
    """A law of SciPy, some of whose quantiles are beyond every number; they are infinite, without a warning."""

    known: Any

    def ppf(self, q: ArrayLike) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.asarray(self.known.ppf(q))

    def cdf(self, x: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(self.known.cdf(x))

    def pdf(self, x: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(self.known.pdf(x))

    def logpdf(self, x: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(self.known.logpdf(x))


DISTRIBUTIONS: Final[Mapping[str, DistributionKind]] = {
    "Normal": DistributionKind(
        (("mu", "sigma"), ("mu", "tau")), _REAL, lambda g, n, p: g.normal(p["mu"], p["sigma"], n),
        lambda p: _stats().norm(p["mu"], p["sigma"]), _STANDARD, ("mu",), lambda p: Normal(p["mu"], p["sigma"]),
    ),
    "StudentT": DistributionKind(
        (("nu", "mu", "sigma"), ("nu", "mu", "lam")), _REAL,
        lambda g, n, p: p["mu"] + p["sigma"] * g.standard_t(p["nu"], n),
        lambda p: _stats().t(p["nu"], p["mu"], p["sigma"]), _STANDARD, ("mu",),
    ),
    "Cauchy": DistributionKind(
        (("alpha", "beta"),), _REAL, lambda g, n, p: p["alpha"] + p["beta"] * g.standard_cauchy(n),
        lambda p: _stats().cauchy(p["alpha"], p["beta"]), {}, ("alpha",),
    ),
    "HalfNormal": DistributionKind(
        (("sigma",), ("tau",)), _POSITIVE, lambda g, n, p: np.abs(g.normal(0.0, p["sigma"], n)),
        lambda p: _stats().halfnorm(scale=p["sigma"]), {"sigma": 1.0}, (), lambda p: HalfNormal(p["sigma"]),
    ),
    "HalfCauchy": DistributionKind(
        (("beta",),), _POSITIVE, lambda g, n, p: p["beta"] * np.abs(g.standard_cauchy(n)),
        lambda p: _stats().halfcauchy(scale=p["beta"]), law=lambda p: HalfT(1.0, p["beta"]),
    ),
    "HalfStudentT": DistributionKind(
        (("nu", "sigma"), ("nu", "lam")), _POSITIVE, lambda g, n, p: p["sigma"] * np.abs(g.standard_t(p["nu"], n)),
        lambda p: HalfT(p["nu"], p["sigma"]), {"sigma": 1.0}, (), lambda p: HalfT(p["nu"], p["sigma"]),
    ),
    "LogNormal": DistributionKind(
        (("mu", "sigma"), ("mu", "tau")), _POSITIVE, lambda g, n, p: g.lognormal(p["mu"], p["sigma"], n),
        lambda p: _stats().lognorm(p["sigma"], scale=math.exp(p["mu"])), _STANDARD, ("mu",),
        lambda p: LogNormal(p["mu"], p["sigma"]),
    ),
    "LogStudentT": DistributionKind(
        (("nu", "mu", "sigma"),), _POSITIVE,
        lambda g, n, p: np.exp(np.clip(p["mu"] + p["sigma"] * g.standard_t(p["nu"], n), -300, 300)),
        lambda p: LogT(p["nu"], p["mu"], p["sigma"]), _STANDARD, ("mu",),
        lambda p: LogT(p["nu"], p["mu"], p["sigma"]), log_of="StudentT",
    ),
    "Gamma": DistributionKind(
        (("alpha", "beta"), ("mu", "sigma")), _POSITIVE, lambda g, n, p: g.gamma(p["alpha"], 1.0 / p["beta"], n),
        lambda p: _stats().gamma(p["alpha"], scale=1.0 / p["beta"]),
    ),
    "InverseGamma": DistributionKind(
        (("alpha", "beta"), ("mu", "sigma")), _POSITIVE,
        lambda g, n, p: p["beta"] / np.maximum(g.gamma(p["alpha"], 1.0, n), _LEAST_DIVISOR),
        lambda p: _stats().invgamma(p["alpha"], scale=p["beta"]), {"beta": 1.0},
        law=lambda p: _FarQuantiles(_stats().invgamma(p["alpha"], scale=p["beta"])),
    ),
    "Exponential": DistributionKind(
        (("lam",), ("scale",)), _POSITIVE, lambda g, n, p: g.exponential(1.0 / p["lam"], n),
        lambda p: _stats().expon(scale=1.0 / p["lam"]),
    ),
    "Beta": DistributionKind(
        (("alpha", "beta"), ("mu", "sigma"), ("mu", "nu"), ("mean", "width", "prob")), _UNIT,
        lambda g, n, p: g.beta(p["alpha"], p["beta"], n),
        lambda p: _stats().beta(p["alpha"], p["beta"]), {"prob": 0.9}, law=lambda p: BetaLaw(p["alpha"], p["beta"]),
    ),
    "Uniform": DistributionKind(
        (("lower", "upper"),), _REAL, lambda g, n, p: g.uniform(p["lower"], p["upper"], n),
        lambda p: _stats().uniform(p["lower"], p["upper"] - p["lower"]), {"lower": 0.0, "upper": 1.0},
        ("lower", "upper"),
    ),
    "Dirichlet": DistributionKind((("a",),), _UNIT, lambda g, n, p: g.dirichlet(p["a"], n), None),
}  # fmt: skip
