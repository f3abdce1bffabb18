"""Effects of regimens under a prior that is the same for every pair of them.

Regimens stand about a common level: their effects are the level plus deviations that sum to zero. The difference of
any two regimens has the stated law, of scale s, whichever regimen stands first. Against the first regimen the
differences are therefore jointly normal (or t) with scale s and correlation one half, as the contrasts of a trial
with several arms are: ``s (z_r - z_1) / sqrt(2)`` with one z for every regimen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

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

    def to_pymc(self, name: str, dim: str, other: str | None = None, size: int = 1) -> Tensor:
        """Create the contrasts inside the current PyMC model.

        Parameters
        ----------
        name : str
        dim : str
            Dimension of the contrasts.
        other : str, optional
            A second dimension along which they are independent.
        size : int
            Length of the second dimension.

        Returns
        -------
        tensor of shape (regimens - 1,) or (regimens - 1, size)
        """
        import pymc as pm
        import pytensor.tensor as pt

        dims = dim if other is None else (dim, other)
        if self.regimens == 2:
            return self.prior.to_pymc(name, dims=dims)
        rest = () if other is None else (size,)

        def log_density(value: Tensor, location: Tensor, scale: Tensor) -> Tensor:
            return self._log_density(pt, (value - location) / scale).sum()

        def law(location: Tensor, scale: Tensor, size: Tensor) -> Tensor:  # noqa: ARG001  (as PyMC calls it)
            z = pm.Normal.dist(0.0, 1.0, size=(self.regimens, *rest))
            if math.isfinite(self.freedom):
                z = z / pt.sqrt(pm.ChiSquared.dist(self.freedom, size=(1, *rest)) / self.freedom)
            return location + scale * (z[1:] - z[:1]) / math.sqrt(2.0)

        core = "i" if other is None else "i,j"
        return pm.CustomDist(
            name,
            np.full((self.regimens - 1, *rest), self.location),
            self.scale,
            dist=law,
            logp=log_density,
            signature=f"({core}),()->({core})",
            dims=dims,
        )

    def sample(self, rng: np.random.Generator, draws: int, size: int | None = None) -> Array:
        """Prior draws of the contrasts, (draws, regimens - 1) and the size of a second dimension, if there is one."""
        rest = () if size is None else (size,)
        if self.regimens == 2:
            return self.prior.sample(rng, (draws, 1, *rest))
        z = rng.normal(size=(draws, self.regimens, *rest))
        if math.isfinite(self.freedom):
            z = z / np.sqrt(rng.chisquare(self.freedom, (draws, 1, *rest)) / self.freedom)
        return np.asarray(self.location + self.scale * (z[:, 1:] - z[:, :1]) / math.sqrt(2.0))

    def log_density(self, contrasts: Array) -> Array:
        """Log density of contrasts of shape (draws, regimens - 1, ...), shape (draws, ...)."""
        if self.regimens == 2:
            return np.asarray(self.prior.log_density(contrasts[:, 0]))
        return np.asarray(self._log_density(np, np.swapaxes((contrasts - self.location) / self.scale, 0, 1)))

    def _log_density(self, xp: Any, x: Tensor) -> Tensor:
        """Log density of standardised contrasts, along the first axis, of the contrasts themselves.

        The inverse of the correlation matrix (I + J) / 2 is 2 (I - J / regimens).
        """
        size, nu = self.regimens - 1, self.freedom
        square = 2.0 * ((x**2).sum(axis=0) - x.sum(axis=0) ** 2 / self.regimens)
        constant = 0.5 * (size * math.log(2.0) - math.log(self.regimens)) - size * math.log(self.scale)
        if math.isinf(nu):
            return constant - 0.5 * square - 0.5 * size * math.log(2.0 * math.pi)
        constant += math.lgamma((nu + size) / 2.0) - math.lgamma(nu / 2.0) - 0.5 * size * math.log(nu * math.pi)
        return constant - 0.5 * (nu + size) * xp.log1p(square / nu)
