"""How much arms of one regimen differ between trials: the calculation behind the default bias.

Two single arms that are compared differ by the regimens and by everything else that makes trials differ: patients,
scans, doctors, years. Arms of *one* regimen in different trials differ by the second alone, so their spread tau is
what the bias of an unanchored contrast is made of: it carries that of both arms, sqrt(2) tau.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError

__all__ = ["BetweenTrials", "between_trials", "log_odds_of_counts"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BetweenTrials:
    """The spread of one regimen's arms between trials.

    Parameters
    ----------
    trials : int
    median, lower, upper : float
        Of tau, the standard deviation between trials, with its 95 % interval.
    """

    trials: int
    median: float
    lower: float
    upper: float

    @property
    def bias_sd(self) -> tuple[float, float, float]:
        """Standard deviation of the bias of an unanchored contrast, sqrt(2) tau: median, lower, upper."""
        scale = math.sqrt(2.0)
        return scale * self.median, scale * self.lower, scale * self.upper


def log_odds_of_counts(events: Sequence[int], n: Sequence[int]) -> tuple[Array, Array]:
    """Log odds of counts and their standard errors, half an event added to events and to the others."""
    k, total = np.asarray(events, dtype=float) + 0.5, np.asarray(n, dtype=float) + 1.0
    return np.log(k / (total - k)), np.sqrt(1.0 / k + 1.0 / (total - k))


def between_trials(estimates: Sequence[float] | Array, errors: Sequence[float] | Array) -> BetweenTrials:
    """The posterior of the spread between trials, with their mean integrated out.

    Parameters
    ----------
    estimates, errors : array of shape (trials,)
        Estimates of arms of one regimen on a log scale, and their standard errors.

    Returns
    -------
    BetweenTrials
        Under a flat mean and tau ~ HalfNormal(1), by quadrature on a grid.
    """
    y, s = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    if len(y) < 2 or len(y) != len(s) or not (s > 0).all():
        raise DataError("the spread between trials needs at least two estimates, each with a standard error above 0.")
    tau = (np.arange(8000) + 0.5) / 2000.0
    variance = s**2 + tau[:, None] ** 2
    precision = (1.0 / variance).sum(axis=1)
    mean = (y / variance).sum(axis=1) / precision
    log_density = (
        -0.5 * np.log(variance).sum(axis=1)
        - 0.5 * np.log(precision)
        - 0.5 * ((y - mean[:, None]) ** 2 / variance).sum(axis=1)
        - 0.5 * tau**2
    )
    weight = np.exp(log_density - log_density.max())
    reached = np.cumsum(weight) / weight.sum()
    lower, median, upper = (float(np.interp(q, reached, tau)) for q in (0.025, 0.5, 0.975))
    return BetweenTrials(len(y), median, lower, upper)
