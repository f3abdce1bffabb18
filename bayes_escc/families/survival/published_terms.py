"""What a published arm says of hazards: its likelihood, averaged over the covariates of its patients.

Every function takes parameters with any leading dimensions: none inside a PyTensor graph, the draws in NumPy. `xp` is
the array module. The probability or the density of a patient is averaged, never taken at the mean covariates; sums of
exponentials are taken in logarithms, and survival is never subtracted from survival.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.shapes import Shape
from bayes_escc.names import PlainMapping

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

__all__ = ["Hazard", "PiecewiseHazard", "ShapedHazard", "WeibullHazard", "log_mean", "median", "patients", "survival"]

_MOST: Final = 300.0
"""Log cumulative hazards are not told apart beyond this; it keeps exponentials, and their slopes, finite."""
_STEPS: Final = 6
_LOG_LOG2: Final = math.log(math.log(2.0))
_LEAST: Final = 1e-12


class Hazard(Protocol):
    """The hazard of a patient whose covariates are zero, in one arm."""

    def log_cumulative(self, time: Tensor) -> Tensor:
        """Log cumulative hazard at times, (..., times)."""

    def log_increment(self, lower: Tensor, upper: Tensor) -> Tensor:
        """Logarithm of the cumulative hazard from `lower` to `upper`, without cancellation."""

    def log_hazard(self, time: Tensor) -> Tensor:
        """Log hazard at times, (..., times)."""


@dataclass(frozen=True)
class WeibullHazard:
    """exp(log_scale) (t / reference_time)^shape, parameters of shape (...,)."""

    xp: Any
    log_scale: Tensor
    log_shape: Tensor
    reference_time: float

    @property
    def _shape(self) -> Tensor:
        return self.xp.exp(self.log_shape)[..., None]

    def log_cumulative(self, time: Tensor) -> Tensor:
        return self.log_scale[..., None] + self._shape * self.xp.log(time / self.reference_time)

    def log_increment(self, lower: Tensor, upper: Tensor) -> Tensor:
        xp, started = self.xp, lower > 0.0
        log_ratio = xp.log(upper / xp.where(started, lower, upper / math.e))
        inside = xp.log(-xp.expm1(-self._shape * log_ratio))
        return self.log_cumulative(upper) + inside * started

    def log_hazard(self, time: Tensor) -> Tensor:
        logs = kernels.weibull_log_hazard(
            self.log_scale[..., None], self._shape, self.log_shape[..., None], self.xp.log(time / self.reference_time)
        )
        return logs - math.log(self.reference_time)


@dataclass(frozen=True)
class PiecewiseHazard:
    """Hazards that are constant between cut points, logs of shape (..., intervals)."""

    xp: Any
    logs: Tensor
    cuts: NDArray[np.float64]

    @property
    def _edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.concatenate([[0.0], self.cuts]), np.concatenate([self.cuts, [1e9]])

    def _spent(self, time: Tensor) -> Tensor:
        start, end = self._edges
        return self.xp.clip(time[..., None] - start, 0.0, end - start)

    def _total(self, spent: Tensor) -> Tensor:
        return self.xp.log((self.xp.exp(self.logs)[..., None, :] * spent).sum(axis=-1))

    def log_cumulative(self, time: Tensor) -> Tensor:
        return self._total(self._spent(time))

    def log_increment(self, lower: Tensor, upper: Tensor) -> Tensor:
        return self._total(self._spent(upper) - self._spent(lower))

    def log_hazard(self, time: Tensor) -> Tensor:
        start, end = self._edges
        inside = (time[..., None] > start) * (time[..., None] <= end)
        return (self.logs[..., None, :] * inside).sum(axis=-1)


@dataclass(frozen=True)
class ShapedHazard:
    """exp(log_multiple) H0(t / exp(log_median)), H0 of a shape; parameters of shape (...,)."""

    xp: Any
    shape: Shape
    log_multiple: Tensor
    log_median: Tensor
    parameters: Sequence[Tensor]

    def _u(self, time: Tensor) -> Tensor:
        return self.xp.log(time) - self.log_median[..., None]

    @property
    def _a(self) -> list[Tensor]:
        return [values[..., None] for values in self.parameters]

    def log_cumulative(self, time: Tensor) -> Tensor:
        found = self.shape.log_cumulative(self.xp, self._a, self._u(time))
        return self.log_multiple[..., None] + found

    def log_increment(self, lower: Tensor, upper: Tensor) -> Tensor:
        started = 1.0 * (lower > 0.0)
        safe = self.xp.where(lower > 0.0, lower, upper / math.e)
        found = self.shape.log_increment(self.xp, self._a, self._u(safe), self._u(upper), started)
        return self.log_multiple[..., None] + found

    def log_hazard(self, time: Tensor) -> Tensor:
        found = self.shape.log_hazard(self.xp, self._a, self._u(time))
        return self.log_multiple[..., None] + found - self.xp.log(time)


def log_mean(xp: Any, log_weight: Tensor, logs: Tensor) -> Tensor:
    """Logarithm of the weighted mean of exponentials over the last axis."""
    values = log_weight + logs
    top = values.max(axis=-1, keepdims=True)
    return top[..., 0] + xp.log(xp.exp(values - top).sum(axis=-1))


def _at_points(log_values: Tensor, eta: Tensor) -> Tensor:
    """Log hazards, (..., times), of every point, (..., times, points)."""
    return log_values[..., :, None] + eta[..., None, :]


def survival(xp: Any, hazard: Hazard, eta: Tensor, log_weight: Tensor, time: Tensor) -> Tensor:
    """Log survival of an arm, (..., times), averaged over its patients.

    Parameters
    ----------
    eta : array of shape (..., points)
        Log hazard relative to a patient whose covariates are zero.
    log_weight : array of shape (points,)
    time : array of shape (times,) or (..., times)
    """
    cumulative = xp.exp(xp.minimum(_at_points(hazard.log_cumulative(time), eta), _MOST))
    return log_mean(xp, log_weight, -cumulative)


def patients(xp: Any, hazard: Hazard, eta: Tensor, log_weight: Tensor, rows: PlainMapping) -> Tensor:
    """Log-likelihood of patients without covariates of their own, (...,).

    Parameters
    ----------
    rows : mapping of str to array
        Of every kind there is: ``exact_time``, ``exact_count``; ``right_time``, ``right_count``; ``lower``, ``upper``,
        ``interval_count``.
    """
    total: Tensor = 0.0
    if "exact_time" in rows:
        time = rows["exact_time"]
        cumulative = xp.exp(xp.minimum(_at_points(hazard.log_cumulative(time), eta), _MOST))
        density = log_mean(xp, log_weight, _at_points(hazard.log_hazard(time), eta) - cumulative)
        total = total + (rows["exact_count"] * density).sum(axis=-1)
    if "right_time" in rows:
        left = survival(xp, hazard, eta, log_weight, rows["right_time"])
        total = total + (rows["right_count"] * left).sum(axis=-1)
    if "lower" in rows:
        lower, upper = rows["lower"], rows["upper"]
        safe = xp.where(lower > 0.0, lower, upper)
        before = xp.exp(xp.minimum(_at_points(hazard.log_cumulative(safe), eta), _MOST))
        before = before * (lower > 0.0)[:, None]
        inside = xp.exp(xp.minimum(_at_points(hazard.log_increment(lower, upper), eta), _MOST))
        found = log_mean(xp, log_weight, kernels.between(xp, before, inside))
        total = total + (rows["interval_count"] * found).sum(axis=-1)
    return total


def median(xp: Any, hazard: Hazard, eta: Tensor, log_weight: Tensor, start: Tensor) -> Tensor:
    """Log of the time at which the averaged survival is one half, (...,).

    Newton steps on log(-log S) in log time, which is a straight line for one Weibull stratum.

    Parameters
    ----------
    start : array of shape (1,)
        Where the steps begin.
    """
    log_time = xp.log(start) + 0.0 * eta[..., :1]
    for _ in range(_STEPS):
        time = xp.exp(log_time)
        each = _at_points(hazard.log_cumulative(time), eta)
        cumulative = xp.exp(xp.minimum(each, _MOST))
        log_survival = log_mean(xp, log_weight, -cumulative)
        log_density = log_mean(xp, log_weight, _at_points(hazard.log_hazard(time), eta) - cumulative)
        spent = xp.maximum(-log_survival, _LEAST)  # rounds to nothing where nobody has an event yet
        slope = xp.maximum(xp.exp(log_density - log_survival + log_time) / spent, _LEAST)
        gap = xp.log(spent) - _LOG_LOG2
        log_time = log_time - xp.clip(gap / slope, -2.0, 2.0)
    return log_time[..., 0]
