"""Models of proportional hazards whose priors are normal on the logarithms: what a method without sampling needs."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_escc.families.covariates import Covariate

__all__ = ["NormalPriors"]


@dataclass(frozen=True)
class NormalPriors:
    """The normal priors of a Weibull, exponential or piecewise model of proportional hazards.

    Parameters
    ----------
    log_median, log_shape, log_hazard_ratio : tuple of (mean, sd)
        The first in months, in a piecewise model of what the median would be if the hazard of any one interval held
        throughout; the last of any pair of regimens (or against the reference).
    exponential, exchangeable : bool
        Whether the shape is 1 (in a piecewise model within every interval), and whether regimens are coded without a
        reference.
    unit : float
        Months in a unit of time of the analysis.
    coefficients : tuple of (mean, sd)
        By covariate, where it is yes-or-no.
    continuous : tuple of (mean, sd)
        The same where it is continuous, which the patients of a trial decide.
    covariates : tuple of Covariate
        With the transform, centre and scale of each.
    cuts : tuple of float
        Months at which hazards change, each interval with a level of its own; none but in a piecewise model.
    """

    log_median: tuple[float, float]
    log_shape: tuple[float, float]
    log_hazard_ratio: tuple[float, float]
    exponential: bool
    exchangeable: bool
    unit: float = 1.0
    coefficients: tuple[tuple[float, float], ...] = ()
    continuous: tuple[tuple[float, float], ...] = ()
    covariates: tuple[Covariate, ...] = ()
    cuts: tuple[float, ...] = ()
