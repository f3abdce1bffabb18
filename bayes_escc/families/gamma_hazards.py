"""Models of one constant hazard in each regimen with Gamma priors: events and time at risk say all there is to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from bayes_escc.families.covariates import Covariate

__all__ = ["GammaHazards"]


@dataclass(frozen=True)
class GammaHazards:
    """The Gamma priors of constant hazards that have nothing in common.

    Parameters
    ----------
    default : tuple of float
        alpha (events) and beta (months at risk) of every regimen without a prior of its own.
    own : tuple of (str, (alpha, beta))
        Of regimens that have one.
    apart : bool
        Whether each regimen has a hazard of its own; else the model is of this kind where there is one regimen.
    unit : float
        Months in a unit of time of the analysis.
    """

    covariates: ClassVar[tuple[Covariate, ...]] = ()

    default: tuple[float, float]
    own: tuple[tuple[str, tuple[float, float]], ...] = ()
    apart: bool = True
    unit: float = 1.0

    def prior(self, regimen: str) -> tuple[float, float]:
        """Alpha and beta of a regimen."""
        return dict(self.own).get(regimen, self.default)
