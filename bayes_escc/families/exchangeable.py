"""Effects of regimens under a prior that is the same for every pair of them.

Regimens stand about a common level: their effects are the level plus deviations that sum to zero. With
deviations ``d = Q z``, where the columns of Q are an orthonormal basis of the vectors that sum to zero and z has a
spherical law of scale ``s / sqrt(2)``, the difference of any two regimens has the law of scale s that was stated
for it, whichever regimen stands first. Against the first regimen the differences are ``(Q_r - Q_1) z``: normal ones
have the variance s^2 and the correlation one half, as the contrasts of a trial with several arms do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = [
    "CODINGS",
    "PairPrior",
    "RegimenCoding",
    "deviations",
    "read_coding",
    "require_exchangeable",
    "zero_sum_basis",
]

RegimenCoding = Literal["exchangeable", "reference"]
CODINGS: Final = ("exchangeable", "reference")

Array = NDArray[np.float64]
_SPHERICAL: Final = ("Normal", "StudentT", "Cauchy")


def read_coding(model: Reader) -> RegimenCoding:
    """Read ``regimen_coding`` of `[model]`."""
    coding: RegimenCoding = model.text("regimen_coding", "exchangeable", CODINGS)
    return coding


def require_exchangeable(role: str, prior_set: PriorSet, coding: RegimenCoding, priors: Reader) -> None:
    """Note a problem where the prior of contrasts must be the same for every pair of regimens and is not."""
    if coding == "reference":
        return
    remedy = 'it needs model.regimen_coding = "reference", where it holds against the first regimen'
    for label, _ in prior_set.overrides:
        priors.problem(f'{role}."{label}"', f"one regimen has a prior of its own; {remedy}")
    if not _symmetric(prior_set.default):
        priors.problem(role, f"{prior_set.default} favours one regimen of a pair over the other; {remedy}")


def _symmetric(prior: Prior) -> bool:
    """Whether a prior looks the same with the two regimens exchanged."""
    low, high = prior.support
    return low == -high and _location(prior) == 0.0


def _location(prior: Prior) -> float:
    match prior.distribution:
        case "Normal" | "StudentT":
            return float(prior["mu"])
        case "Cauchy":
            return float(prior["alpha"])
    low, high = prior.support
    return (low + high) / 2.0 if math.isfinite(low + high) else 0.0


def zero_sum_basis(count: int) -> Array:
    """Helmert's contrasts: orthonormal columns that each sum to zero, shape (count, count - 1)."""
    rows = [[1.0] * j + [-float(j)] + [0.0] * (count - j - 1) for j in range(1, count)]
    columns = [np.array(row) / math.sqrt(j * (j + 1.0)) for j, row in enumerate(rows, start=1)]
    return np.array(columns).reshape(count - 1, count).T


def deviations(contrasts: Array) -> Array:
    """Effects that sum to zero over regimens, from those against the first.

    Parameters
    ----------
    contrasts : array of shape (draws, regimens - 1, ...)

    Returns
    -------
    array of shape (draws, regimens, ...)
    """
    first = np.zeros((len(contrasts), 1, *contrasts.shape[2:]))
    effects = np.concatenate([first, contrasts], axis=1)
    return np.asarray(effects - effects.mean(axis=1, keepdims=True))


@dataclass(frozen=True)
class PairPrior:
    """The prior of the contrasts of all regimens against the first, the same for every pair.

    Parameters
    ----------
    prior : Prior
        Of the contrast of any two regimens: Normal, StudentT or Cauchy; for two regimens any prior of a real number.
        A location other than zero is that of every contrast against the first.
    regimens : int
        At least two.

    Raises
    ------
    AnalysisError
        If no prior of several regimens has this one for every pair.
    """

    prior: Prior
    regimens: int

    def __post_init__(self) -> None:
        if self.regimens > 2 and self.prior.distribution not in _SPHERICAL:
            raise AnalysisError(
                f"{self.prior} cannot hold for every pair of {self.regimens} regimens; use one of "
                f'{", ".join(_SPHERICAL)}, or model.regimen_coding = "reference", where it holds against the first.'
            )

    @property
    def scale(self) -> float:
        """Scale of the contrast of a pair."""
        return float(self.prior["beta" if self.prior.distribution == "Cauchy" else "sigma"])

    @property
    def location(self) -> float:
        """Location of a contrast against the first regimen."""
        return _location(self.prior)

    @property
    def freedom(self) -> float:
        """Degrees of freedom; infinite for a normal prior."""
        if self.prior.distribution == "Normal":
            return math.inf
        return 1.0 if self.prior.distribution == "Cauchy" else float(self.prior["nu"])

    @property
    def correlation(self) -> Array:
        """Of the contrasts against the first regimen: one, and one half off the diagonal."""
        size = self.regimens - 1
        return np.asarray((np.eye(size) + 1.0) / 2.0)

    @property
    def basis(self) -> Array:
        """Contrasts against the first regimen of spherical coordinates of scale one, shape (regimens - 1,) * 2."""
        zero_sum = zero_sum_basis(self.regimens)
        return np.asarray((zero_sum[1:] - zero_sum[0]) / math.sqrt(2.0))

    def to_pymc(self, name: str, dim: str, other: str | None = None) -> Any:
        """Create the contrasts inside the current PyMC model.

        Parameters
        ----------
        name : str
        dim : str
            Dimension of the contrasts.
        other : str, optional
            A second dimension along which they are independent.

        Returns
        -------
        tensor of shape (regimens - 1,) or (regimens - 1, size of `other`)
        """
        import pymc as pm
        import pytensor.tensor as pt

        dims = dim if other is None else (dim, other)
        if self.regimens == 2:  # the one contrast is its own coordinate
            return self.prior.to_pymc(name, dims=dims)
        coordinates: list[Any] = []
        square: Any = 0.0
        for k in range(self.regimens - 1):
            label = f"{name}_coordinate_{k}"
            if math.isinf(self.freedom):
                coordinates.append(pm.Normal(label, 0.0, self.scale, dims=other))
                continue
            # a spherical t distribution as that of one coordinate after the other
            nu = self.freedom + k
            sigma = self.scale * pt.sqrt((self.freedom + square) / nu)
            coordinates.append(pm.StudentT(label, nu=nu, mu=0.0, sigma=sigma, dims=other))
            square = square + (coordinates[-1] / self.scale) ** 2
        rows = [sum(float(b) * z for b, z in zip(row, coordinates, strict=True) if b) for row in self.basis]
        return pm.Deterministic(name, self.location + pt.stack(rows), dims=dims)

    def sample(self, rng: np.random.Generator, draws: int, size: int | None = None) -> Array:
        """Prior draws of the contrasts, (draws, regimens - 1) and the size of a second dimension, if there is one."""
        rest = () if size is None else (size,)
        if self.regimens == 2:
            return self.prior.sample(rng, (draws, 1, *rest))
        z = rng.normal(size=(draws, self.regimens - 1, *rest))
        if math.isfinite(self.freedom):
            z = z / np.sqrt(rng.chisquare(self.freedom, (draws, 1, *rest)) / self.freedom)
        return np.asarray(self.location + self.scale * np.einsum("ij,dj...->di...", self.basis, z))

    def log_density(self, contrasts: Array) -> Array:
        """Log density of contrasts of shape (draws, regimens - 1, ...), shape (draws, ...)."""
        if self.regimens == 2:
            return np.asarray(self.prior.to_scipy().logpdf(contrasts[:, 0]))
        size, nu = self.regimens - 1, self.freedom
        inverse = np.linalg.inv(self.basis) / self.scale
        square = (np.einsum("ij,dj...->di...", inverse, contrasts - self.location) ** 2).sum(axis=1)
        constant = np.linalg.slogdet(inverse)[1]
        if math.isinf(nu):
            return np.asarray(constant - 0.5 * square - 0.5 * size * math.log(2.0 * math.pi))
        constant += math.lgamma((nu + size) / 2.0) - math.lgamma(nu / 2.0) - 0.5 * size * math.log(nu * math.pi)
        return np.asarray(constant - 0.5 * (nu + size) * np.log1p(square / nu))
