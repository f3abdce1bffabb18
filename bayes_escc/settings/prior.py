"""Priors as values: a distribution from a closed list, its parameters and the reason for it.

Distributions and parameters are spelled as in PyMC. A `Prior` knows its support, samples
itself with NumPy, becomes a PyMC variable or a SciPy distribution on demand, and says in plain
words where 95 % of it lies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Real
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import NotebookView, Plain
from bayes_escc.probability.beta import LARGEST_SHAPE, SMALLEST_SHAPE, Beta
from bayes_escc.probability.distributions import RootLaw
from bayes_escc.probability.mixtures import beta_of_width
from bayes_escc.settings.arguments import shown
from bayes_escc.settings.distributions import DISTRIBUTIONS, SUPPORTS, DistributionKind
from bayes_escc.settings.published_priors import PUBLISHED, published_prior

__all__ = ["Prior", "PriorSet"]

Parameters = Mapping[str, float | Sequence[float] | str]

# What may be stated of a prior. Beyond, a law is a constant, or flat, to all digits that a computer has, and quadrature
# never ends. Shapes of a Beta have bounds of their own, those of `probability.beta`.
_SMALLEST_STATED: Final = 1e-8
"""Least scale, rate, shape or number of degrees of freedom that may be stated."""
_LARGEST_STATED: Final = 1e12
"""Largest of these, and farthest location from 0."""
_FARTHEST_STATED_LOG: Final = 300.0
"""Farthest location of a logarithm from 0."""


_FARTHEST_DRAW: Final = 1e130
"""No draw is farther from 0 than this: its square and its sums with others are numbers."""


_NAMED: Final[Mapping[str, tuple[str, dict[str, float]]]] = {
    "Jeffreys": ("Beta", {"alpha": 0.5, "beta": 0.5}),
}


@lru_cache(maxsize=64)
def _frozen(distribution: str, parameters: tuple[tuple[str, float | tuple[float, ...]], ...]) -> Any:
    """A frozen SciPy distribution; kept, because SciPy takes longer to make one than to evaluate it."""
    make = DISTRIBUTIONS[distribution].scipy
    if make is None:
        raise AnalysisError(f"{distribution} has no one-dimensional law")
    return make(dict(parameters))


@dataclass(frozen=True, init=False)
class Prior(NotebookView):
    """A prior distribution with the reason for it.

    Parameters
    ----------
    distribution : str
        One of the keys of `DISTRIBUTIONS`, spelled as in PyMC, or ``"Jeffreys"`` (for a rate:
        Beta(1/2, 1/2)). ``Prior("Uniform")`` is uniform on (0, 1). For the heterogeneity of a
        meta-analysis also ``"Turner"`` (log odds ratios) and ``"Rhodes"`` (standardised mean
        differences), with `outcome` and `comparison`; see `heterogeneity`.
    rationale : str, optional
        Why this prior; printed with every result.
    **parameters : float, sequence of float or str
        Parameters spelled as in PyMC, in any parametrisation PyMC accepts for the
        distribution (for example ``alpha, beta`` or ``mu, sigma`` for a Beta). A Dirichlet
        takes ``a``: one positive number per category, or one for all of them. A Beta may also be
        given by its ``mean`` and the ``width`` of its central interval, of probability ``prob``
        (0.9 if not given).
    variance : bool
        The distribution is that of the square: of the variance, where the parameter is a standard
        deviation such as tau.

    Raises
    ------
    AnalysisError
        If the name, a parameter or a value is not allowed; all problems at once.

    Examples
    --------
    >>> Prior("Beta", alpha=1, beta=1)
    Prior('Beta', alpha=1.0, beta=1.0)
    """

    distribution: str
    parameters: tuple[tuple[str, float | tuple[float, ...]], ...]
    rationale: str = field(compare=False)
    variance: bool = False

    def __init__(
        self,
        distribution: str,
        *,
        rationale: str = "",
        variance: bool = False,
        **parameters: float | Sequence[float] | str,
    ) -> None:
        if not isinstance(distribution, str):
            raise AnalysisError(f"distribution= is a name such as 'Normal', not {shown(distribution)}")
        name, values, problems = _canonical(distribution, parameters)
        if not isinstance(variance, bool):
            problems.append(f"variance is true or false, not {variance!r}")
        if problems:
            raise AnalysisError("; ".join(problems))
        object.__setattr__(self, "distribution", name)
        object.__setattr__(self, "parameters", tuple(values.items()))
        object.__setattr__(self, "rationale", rationale)
        object.__setattr__(self, "variance", variance)
        if variance and (name == "Dirichlet" or self._plain.support[0] < 0.0):
            raise AnalysisError(f"variance = true: a variance is positive, and {self._plain} allows other values")

    @property
    def _plain(self) -> Prior:
        """The law of the square as a prior of its own."""
        values: Plain = dict(self.parameters)
        return Prior(self.distribution, **values)

    def __repr__(self) -> str:
        inside = "".join(f", {k}={v!r}" for k, v in self.parameters) + (", variance=True" if self.variance else "")
        return f"Prior({self.distribution!r}{inside})"

    def __str__(self) -> str:
        inside = ", ".join(_short(v) for _, v in self.parameters)
        return f"{self.distribution}({inside})" + (" on the square" if self.variance else "")

    def __getitem__(self, parameter: str) -> Any:
        """Value of a canonical parameter."""
        return dict(self.parameters)[parameter]

    @property
    def support(self) -> tuple[float, float]:
        """Lower and upper end of the values the prior allows."""
        if self.variance:
            low, high = self._plain.support
            return math.sqrt(low), math.sqrt(high)
        if self.distribution == "Uniform":
            return float(self["lower"]), float(self["upper"])
        return DISTRIBUTIONS[self.distribution].support

    def fits(self, domain: str) -> bool:
        """Whether every value the prior allows lies in a parameter's domain."""
        if domain == "simplex" or self.distribution == "Dirichlet":
            return domain == "simplex" and self.distribution == "Dirichlet"
        low, high = SUPPORTS[domain]
        return low <= self.support[0] and self.support[1] <= high

    def beta_shape(self) -> tuple[float, float] | None:
        """Shape parameters of a prior that is a Beta law of a rate, or None."""
        if self.variance:
            return None
        if self.distribution == "Beta":
            return float(self["alpha"]), float(self["beta"])
        return (1.0, 1.0) if self.distribution == "Uniform" and self.support == (0.0, 1.0) else None

    def to_dict(self) -> Plain:
        """The prior as it is written in an analysis file."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in self.parameters}
        extra: Plain = {"rationale": self.rationale} if self.rationale else {}
        if self.variance:
            extra["variance"] = True
        return {"distribution": self.distribution, **values, **extra}

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> NDArray[np.float64]:
        """Draw from the prior; for a Dirichlet the categories are the last axis."""
        drawn = np.asarray(DISTRIBUTIONS[self.distribution].sample(rng, size, dict(self.parameters)), dtype=float)
        return np.clip(np.sqrt(drawn) if self.variance else drawn, -_FARTHEST_DRAW, _FARTHEST_DRAW)

    def to_scipy(self) -> Any:
        """The same law as a frozen SciPy distribution (not for a Dirichlet); a `RootLaw` for that of a square."""
        if self.variance:
            return RootLaw(self._plain.to_scipy())
        return _frozen(self.distribution, self.parameters)

    def law(self) -> Any:
        """The same law with `pdf`, `cdf` and `ppf`, at once for the usual distributions."""
        if self.variance:
            return RootLaw(self._plain.law())
        make = DISTRIBUTIONS[self.distribution].law
        return self.to_scipy() if make is None else make(dict(self.parameters))

    def log_density(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at values; of a Dirichlet at rates whose last axis is its categories.

        Where the law has no density the result is minus infinity.
        """
        if self.variance:
            with np.errstate(divide="ignore"):
                return np.asarray(self._plain.log_density(np.square(values)) + np.log(2.0 * np.maximum(values, 0.0)))
        if self.distribution == "Dirichlet":
            from scipy.special import gammaln, xlogy

            weights = np.broadcast_to(np.asarray(self["a"], dtype=float), values.shape[-1:])
            return np.asarray(
                xlogy(weights - 1.0, values).sum(axis=-1) + gammaln(weights.sum()) - gammaln(weights).sum()
            )
        if self.distribution in ("LogStudentT", "HalfStudentT"):  # of which SciPy has none
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(self.law().pdf(values)))
        known = self.law()
        return np.asarray((known if hasattr(known, "logpdf") else self.to_scipy()).logpdf(values))

    def interval(self, prob: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval that holds `prob` of the prior."""
        shapes = self.beta_shape() if self.distribution == "Beta" else None
        if shapes is not None and SMALLEST_SHAPE <= min(shapes) <= max(shapes) <= LARGEST_SHAPE:
            exact = Beta(*shapes)  # without SciPy
            return exact.quantile((1 - prob) / 2), exact.quantile((1 + prob) / 2)
        law = self.law()
        return float(law.ppf((1 - prob) / 2)), float(law.ppf((1 + prob) / 2))

    def to_pymc(self, name: str, dims: str | tuple[str, ...] | None = None) -> Any:
        """Create the prior as a PyMC random variable inside the current model."""
        values = {k: np.array(v) if isinstance(v, tuple) else v for k, v in self.parameters}
        if self.variance:
            import pymc as pm

            return pm.Deterministic(name, pm.math.sqrt(self._plain.to_pymc(f"{name}_squared", dims)), dims=dims)
        return DISTRIBUTIONS[self.distribution].to_pymc(self.distribution, name, dims, values)


@dataclass(frozen=True)
class PriorSet:
    """A prior for a parameter with one entry per label, and the labels that have their own.

    Parameters
    ----------
    default : Prior
        For every label without an override.
    overrides : tuple of (str, Prior)
        Label (a regimen or a covariate) and its own prior.
    """

    default: Prior
    overrides: tuple[tuple[str, Prior], ...] = ()

    def __getitem__(self, label: str) -> Prior:
        return dict(self.overrides).get(label, self.default)

    def to_dict(self) -> Plain:
        """The priors as they are written in an analysis file."""
        return {**self.default.to_dict(), **{k: p.to_dict() for k, p in self.overrides}}

    def sample(self, rng: np.random.Generator, draws: int, labels: Sequence[str]) -> NDArray[np.float64]:
        """Prior draws of shape (draws, labels), each label under its own prior."""
        return np.stack([self[label].sample(rng, draws) for label in labels], axis=1)

    def to_pymc(self, name: str, labels: Sequence[str], dim: str) -> Any:
        """Create a vector with one entry per label inside the current PyMC model.

        One vector variable where all labels share a distribution; otherwise one scalar each,
        stacked under `name`.
        """
        import pymc as pm
        import pytensor.tensor as pt

        priors = [self[label] for label in labels]
        first = priors[0]
        if all(p == first for p in priors):
            return first.to_pymc(name, dims=dim)
        if all(p.distribution == first.distribution and not p.variance for p in priors):
            values = {k: np.array([p[k] for p in priors], dtype=float) for k, _ in first.parameters}
            return DISTRIBUTIONS[first.distribution].to_pymc(first.distribution, name, dim, values)
        parts = [p.to_pymc(f"{name}_{i}") for i, p in enumerate(priors)]
        return pm.Deterministic(name, pt.stack(parts), dims=dim)


def _canonical(distribution: str, given: Parameters) -> tuple[str, dict[str, float | tuple[float, ...]], list[str]]:
    """Name and parameters in the canonical parametrisation, with every problem found."""
    if distribution in _NAMED and not given:
        name, fixed = _NAMED[distribution]
        return name, dict(fixed), []
    if distribution in PUBLISHED:
        name, published, problems = published_prior(distribution, given)
        return name, {**published}, problems
    if distribution not in DISTRIBUTIONS:
        names = [*DISTRIBUTIONS, *_NAMED, *PUBLISHED]
        allowed = ", ".join(names)
        import difflib

        close = difflib.get_close_matches(str(distribution), names, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        return "", {}, [f"unknown distribution {distribution!r}: use one of {allowed}.{hint}"]
    if distribution == "Dirichlet":
        return _canonical_dirichlet(given)
    kind = DISTRIBUTIONS[distribution]
    known = sorted({p for form in kind.forms for p in form})
    problems = [
        f"{distribution} has no parameter {key!r}: it takes {_forms(kind)}" for key in given if key not in known
    ]
    values: dict[str, float] = {}
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            problems.append(f"{distribution} {key} must be a number, not {shown(value)}")
        elif not _is_finite(value):
            problems.append(f"{distribution} {key} must be finite, and no larger than 1e300")
        elif key in known and key not in kind.unbounded and value <= 0:
            problems.append(f"{distribution} {key} must be greater than 0, not {value:g}")
        elif beyond := _beyond(distribution, key, float(value), kind):
            problems.append(f"{distribution} {key} {beyond}, not {value:g}")
        else:
            values[key] = float(value)
    if problems:
        return distribution, {}, problems
    form = next((f for f in kind.forms if set(values) <= set(f) and _filled(f, values, kind)), None)
    if form is None:
        return distribution, {}, [f"{distribution} needs {_forms(kind)}; it was given {sorted(values)}"]
    filled = {p: values.get(p, kind.defaults.get(p, math.nan)) for p in form}
    canonical, problems = _to_canonical(distribution, filled)
    shapes = list(canonical.values()) if distribution == "Beta" else []
    if not all(SMALLEST_SHAPE <= float(shape) <= LARGEST_SHAPE for shape in shapes):  # type: ignore[arg-type]
        problems = [f"Beta alpha and beta must lie between {SMALLEST_SHAPE:g} and {LARGEST_SHAPE:g}, not {shapes}"]
    return distribution, canonical, problems


def _beyond(distribution: str, key: str, value: float, kind: DistributionKind) -> str:
    """What a parameter must be where it is beyond what is computed with, or a blank."""
    if key in kind.unbounded:
        farthest = _FARTHEST_STATED_LOG if distribution.startswith("Log") else _LARGEST_STATED
        return "" if abs(value) <= farthest else f"must lie between -{farthest:g} and {farthest:g}"
    if distribution == "Beta":  # in any form: its shapes are held against their range in the end
        return ""
    inside = _SMALLEST_STATED <= value <= _LARGEST_STATED
    return "" if inside else f"must lie between {_SMALLEST_STATED:g} and {_LARGEST_STATED:g}"


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value) and abs(value) <= 1e300
    except OverflowError:  # a whole number above 1.8e308
        return False


def _filled(form: tuple[str, ...], values: Mapping[str, float], kind: DistributionKind) -> bool:
    return all(p in values or p in kind.defaults for p in form)


def _forms(kind: DistributionKind) -> str:
    return " or ".join("(" + ", ".join(form) + ")" for form in kind.forms)


def _to_canonical(name: str, p: dict[str, float]) -> tuple[dict[str, float | tuple[float, ...]], list[str]]:
    """Convert an alternative parametrisation, as PyMC defines it, into the canonical one."""
    if name == "Uniform" and p["lower"] >= p["upper"]:
        return {}, [f"Uniform lower must be below upper, not {p['lower']:g} and {p['upper']:g}"]
    if "tau" in p:
        p["sigma"] = p.pop("tau") ** -0.5
    if "lam" in p and name in {"StudentT", "HalfStudentT"}:
        p["sigma"] = p.pop("lam") ** -0.5
    if "scale" in p:
        p["lam"] = 1.0 / p.pop("scale")
    if name == "Gamma" and "mu" in p:
        mu, sigma = p["mu"], p["sigma"]
        p = {"alpha": (mu / sigma) ** 2, "beta": mu / sigma**2}
    if name == "InverseGamma" and "mu" in p:
        mu, sigma = p["mu"], p["sigma"]
        alpha = 2.0 + (mu / sigma) ** 2
        p = {"alpha": alpha, "beta": mu * (alpha - 1.0)}
    if name == "Beta" and "width" in p:
        if not max(p.values()) < 1.0:
            return {}, ["Beta mean, width and prob lie between 0 and 1"]
        try:
            law = beta_of_width(p["mean"], p["width"], p["prob"])
        except AnalysisError as error:
            return {}, [str(error)]
        return {"alpha": law.alpha, "beta": law.beta}, []
    if name == "Beta" and "mu" in p:
        mu = p["mu"]
        if mu >= 1:
            return {}, [f"Beta mu is a rate and must be below 1, not {mu:g}"]
        nu = p["nu"] if "nu" in p else mu * (1 - mu) / p["sigma"] ** 2 - 1.0
        if nu <= 0:
            return {}, [f"Beta sigma must be below sqrt(mu (1 - mu)) = {math.sqrt(mu * (1 - mu)):.3g}"]
        p = {"alpha": mu * nu, "beta": (1 - mu) * nu}
    return dict(p), []


def _canonical_dirichlet(
    given: Parameters,
) -> tuple[str, dict[str, float | tuple[float, ...]], list[str]]:
    """A Dirichlet keeps one weight for all categories or one for each."""
    weights = given.get("a")
    if set(given) != {"a"} or weights is None:
        return "Dirichlet", {}, [f"Dirichlet takes one parameter, a; it was given {sorted(given)}"]
    several = isinstance(weights, Sequence | np.ndarray) and not isinstance(weights, str | bytes)
    listed: list[Any] = list(weights) if several else [weights]  # type: ignore[arg-type]
    numbers = [w for w in listed if isinstance(w, Real) and not isinstance(w, bool) and _is_finite(w)]
    if (
        not listed
        or len(numbers) < len(listed)
        or not all(SMALLEST_SHAPE <= float(w) <= LARGEST_SHAPE for w in numbers)
    ):
        bounds = f"between {SMALLEST_SHAPE:g} and {LARGEST_SHAPE:g}"
        return "Dirichlet", {}, [f"Dirichlet a must be positive numbers {bounds}, not {shown(weights)}"]
    return "Dirichlet", {"a": tuple(float(w) for w in listed)}, []


def _short(value: float | tuple[float, ...]) -> str:
    return f"{value:g}" if isinstance(value, float) else "[" + ", ".join(f"{v:g}" for v in value) + "]"
