"""Models of proportional hazards whose priors are normal on the logarithms: what a method without sampling needs."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_escc.families.covariates import Covariate

__all__ = ["NormalPriors"]


@dataclass(frozen=True)
class NormalPriors:
    """The normal priors of a Weibull or exponential model of proportional hazards.

    Parameters
    ----------
    log_median, log_shape, log_hazard_ratio : tuple of (mean, sd)
        The first in months; the last of any pair of regimens (or against the reference).
    exponential, exchangeable : bool
        Whether the shape is 1, and whether regimens are coded without a reference.
    unit : float
        Months in a unit of time of the analysis.
    coefficients : tuple of (mean, sd)
        By covariate.
    covariates : tuple of Covariate
        With the transform, centre and scale of each.
    """

    log_median: tuple[float, float]
    log_shape: tuple[float, float]
    log_hazard_ratio: tuple[float, float]
    exponential: bool
    exchangeable: bool
    unit: float = 1.0
    coefficients: tuple[tuple[float, float], ...] = ()
    covariates: tuple[Covariate, ...] = ()
