"""One interface to a synthesis fitted exactly or by sampling: intervals of linear functions, tau, deviance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.gaussian import Quadrature
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.probability.marginal import probability_with_error

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Deviance", "FittedSynthesis", "by_sampling", "exactly"]

Array = NDArray[np.float64]
Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Deviance:
    """How well a model fits, and how complex it is.

    Parameters
    ----------
    points : int
        Data points: one per arm with a count, one per contrast of published effects.
    residual : float
        Posterior mean of the residual deviance; about `points` where the model fits.
    p : float
        Effective number of parameters: `residual` less the deviance at the posterior means of the
        fitted values.

    References
    ----------
    Spiegelhalter DJ, Best NG, Carlin BP, van der Linde A. J R Stat Soc B 2002;64:583-639.
    Dias S, Sutton AJ, Ades AE, Welton NJ. Med Decis Making 2013;33:607-617.
    """

    points: int
    residual: float
    p: float

    @property
    def dic(self) -> float:
        """Deviance information criterion; lower is better, differences under about 3 say little."""
        return self.residual + self.p


class FittedSynthesis(Protocol):
    """A fitted synthesis, asked about linear functions of its effect parameters."""

    @property
    def messages(self) -> tuple[str, ...]:
        """What failed in the diagnostics."""

    def interval(self, of_theta: Array, ratio: bool, prob: float) -> Interval:
        """Median, lower and upper limit of one linear function, shape (p,)."""

    def above_zero(self, of_theta: Array) -> tuple[float, float]:
        """P(a linear function > 0) and its error."""

    def tau(self, prob: float) -> Interval | None:
        """Median, lower and upper limit of the heterogeneity."""

    def deviance(self) -> Deviance:
        """Fit and complexity."""


def exactly(design: SynthesisDesign) -> FittedSynthesis | None:
    """The synthesis by quadrature; None where that is not possible."""
    if isinstance(design, NormalDesign) and design.quadrature is not None:
        return _Exact(design, design.quadrature)
    return None


def by_sampling(design: SynthesisDesign, parameters: xr.Dataset, messages: tuple[str, ...]) -> FittedSynthesis:
    """The synthesis by draws of its parameters, with what failed in their diagnostics."""
    return _Sampled(design, parameters, messages)


@dataclass(frozen=True)
class _Exact:
    design: NormalDesign
    found: Quadrature
    messages: tuple[str, ...] = ()

    def interval(self, of_theta: Array, ratio: bool, prob: float) -> Interval:
        location, spread = self.found.linear(of_theta[None])
        law = self.found.mixture(location[0], spread[0], exponentiated=ratio)
        tail = (1.0 - prob) / 2.0
        return law.quantile(0.5), law.quantile(tail), law.quantile(1.0 - tail)

    def above_zero(self, of_theta: Array) -> tuple[float, float]:
        location, spread = self.found.linear(of_theta[None])
        law = self.found.mixture(location[0], spread[0])
        return float(law.sf(0.0)), law.rounding_floor()

    def tau(self, prob: float) -> Interval | None:
        law, tail = self.found.law, (1.0 - prob) / 2.0
        return None if law is None else (law.quantile(0.5), law.quantile(tail), law.quantile(1.0 - tail))

    def deviance(self) -> Deviance:
        model = self.found.model
        white = np.linalg.inv(np.linalg.cholesky(model.V))
        of_z = None if model.L is None else white @ model.L
        location, spread = self.found.linear(white @ model.X, of_z)
        residual = (white @ model.y)[:, None] - location
        mean = float(((residual**2 + spread**2) @ self.found.weight).sum())
        at_mean = float(((residual @ self.found.weight) ** 2).sum())
        return Deviance(len(model.y), mean, mean - at_mean)


@dataclass(frozen=True)
class _Sampled:
    design: SynthesisDesign
    parameters: xr.Dataset
    messages: tuple[str, ...]

    def interval(self, of_theta: Array, ratio: bool, prob: float) -> Interval:
        tail = (1.0 - prob) / 2.0
        values = np.quantile(self._draws(of_theta), [0.5, tail, 1.0 - tail])
        median, low, high = (float(v) for v in (np.exp(values) if ratio else values))
        return median, low, high

    def above_zero(self, of_theta: Array) -> tuple[float, float]:
        draws = self._draws(of_theta)
        return probability_with_error(draws > 0.0, draws)

    def tau(self, prob: float) -> Interval | None:
        if "tau" not in self.parameters:
            return None
        tail = (1.0 - prob) / 2.0
        median, low, high = np.quantile(self.parameters["tau"].to_numpy(), [0.5, tail, 1.0 - tail])
        return float(median), float(low), float(high)

    def deviance(self) -> Deviance:
        mean, at_mean = self.design.residual_deviance(self.parameters)
        return Deviance(len(mean), float(mean.sum()), float(mean.sum() - at_mean.sum()))

    def _draws(self, of_theta: Array) -> Array:
        return np.asarray(self.parameters["mu"].to_numpy() @ of_theta)
