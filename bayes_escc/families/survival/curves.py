"""Hazard curves of every group under every draw, in NumPy.

A curve is that of a patient whose covariates are zero; the hazard of any other patient is this
times a constant. Arrays have the draws first (chains and draws flattened), then groups: regimens, or with strata every
regimen in the first stratum, then in the second, and so on (`strata.Groups`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.step_hazards import exposure
from bayes_escc.families.survival import kernels
from bayes_escc.names import AnyArray

__all__ = ["Curves", "PiecewiseCurves", "WeibullCurves"]

Array = NDArray[np.float64]


class Curves(Protocol):
    """Baseline hazards of all groups under all draws."""

    @property
    def draws(self) -> int:
        """Number of draws."""

    def cumulative(self, time: Array) -> Array:
        """Cumulative hazard, (draws, groups, times), of times of shape (times,)."""

    def cumulative_each(self, time: Array) -> Array:
        """Cumulative hazard at an own time of every draw and group, (draws, groups, nodes)."""

    def log_hazard(self, time: Array) -> Array:
        """Log hazard, (draws, groups, times)."""

    def inverse(self, log_cumulative: Array) -> Array:
        """When the cumulative hazard of every group is reached, (draws, groups)."""

    def without_bias(self, groups: slice, bias: Array) -> Curves:
        """The curves of some groups, those of one regimen, without a bias on the log hazard, (draws,)."""

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        """Cumulative hazard of every patient from `lower` to `upper`, (draws, patients)."""

    def patient_log_hazard(self, group: AnyArray, time: Array) -> Array:
        """Log hazard of every patient, (draws, patients)."""

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        """When every patient's cumulative hazard is reached, (draws, patients)."""


@dataclass(frozen=True)
class WeibullCurves:
    """H(t) = exp(log_scale) (t / reference_time)^shape.

    Parameters
    ----------
    log_scale, shape : array of shape (draws, groups)
    reference_time : float
    """

    log_scale: Array
    shape: Array
    reference_time: float

    @property
    def draws(self) -> int:
        return len(self.log_scale)

    def _log(self, time: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(time / self.reference_time))

    def cumulative(self, time: Array) -> Array:
        return self.cumulative_each(np.asarray(time, dtype=float))

    def cumulative_each(self, time: Array) -> Array:
        scale, shape = self.log_scale[..., None], self.shape[..., None]
        return np.asarray(kernels.weibull_cumulative(np, scale, shape, self._log(time)))

    def log_hazard(self, time: Array) -> Array:
        scale, shape = self.log_scale[..., None], self.shape[..., None]
        found = kernels.weibull_log_hazard(scale, shape, np.log(shape), self._log(time))
        return np.asarray(found - np.log(self.reference_time))

    def inverse(self, log_cumulative: Array) -> Array:
        return np.asarray(self.reference_time * np.exp((log_cumulative - self.log_scale) / self.shape))

    def without_bias(self, groups: slice, bias: Array) -> WeibullCurves:
        return WeibullCurves(self.log_scale[:, groups] - bias[:, None], self.shape[:, groups], self.reference_time)

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        log_upper, log_ratio, started = weibull_stretch(lower, upper, self.reference_time)
        scale, shape = self.log_scale[:, group], self.shape[:, group]
        return np.asarray(kernels.weibull_increment(np, scale, shape, log_upper, log_ratio, started))

    def patient_log_hazard(self, group: AnyArray, time: Array) -> Array:
        scale, shape = self.log_scale[:, group], self.shape[:, group]
        found = kernels.weibull_log_hazard(scale, shape, np.log(shape), self._log(time))
        return np.asarray(found - np.log(self.reference_time))

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        powers = (np.log(cumulative) - self.log_scale[:, group]) / self.shape[:, group]
        return np.asarray(self.reference_time * np.exp(powers))


def weibull_stretch(lower: Array, upper: Array, reference_time: float) -> tuple[Array, Array, Array]:
    """The data of `kernels.weibull_increment`: log_upper, log_ratio, started."""
    some = upper > lower
    safe_upper = np.where(upper > 0, upper, reference_time)
    log_upper = np.log(safe_upper / reference_time)
    started = np.where((lower > 0) | ~some, 1.0, 0.0)
    log_ratio = np.where((lower > 0) & some, np.log(safe_upper / np.where(lower > 0, lower, 1.0)), 0.0)
    return log_upper, log_ratio, started


@dataclass(frozen=True)
class PiecewiseCurves:
    """Hazards that are constant between cut points; the last interval is open.

    Parameters
    ----------
    log_hazards : array of shape (draws, groups, intervals)
    cuts : array of shape (intervals - 1,)
    """

    log_hazards: Array
    cuts: Array

    @property
    def draws(self) -> int:
        return len(self.log_hazards)

    def cumulative(self, time: Array) -> Array:
        spent = exposure(np.zeros_like(time), time, self.cuts)
        return np.asarray(np.exp(self.log_hazards) @ spent.T)

    def cumulative_each(self, time: Array) -> Array:
        total: Array = np.zeros(np.broadcast_shapes(time.shape, (*self.log_hazards.shape[:2], 1)))
        spent = exposure(np.zeros_like(time), time, self.cuts)
        for j in range(self.log_hazards.shape[-1]):
            total = total + np.exp(self.log_hazards[..., j, None]) * spent[..., j]
        return total

    def _interval(self, time: Array) -> NDArray[np.intp]:
        return np.searchsorted(self.cuts, time, side="left")

    def log_hazard(self, time: Array) -> Array:
        return np.asarray(self.log_hazards[..., self._interval(time)])

    def _invert(self, log_hazards: Array, cumulative: Array) -> Array:
        """Times at which cumulative hazards (...) are reached under hazards (..., intervals)."""
        widths = np.diff(np.concatenate([[0.0], self.cuts]))
        time, left = np.zeros(cumulative.shape), cumulative
        hazards = np.exp(log_hazards)
        for j, width in enumerate([*widths, np.inf]):
            with np.errstate(divide="ignore", over="ignore"):
                step = np.minimum(left / hazards[..., j], width)
            time = time + step
            # what is left after a whole interval; exactly nothing where it ended inside
            left = np.where(step < width, 0.0, np.maximum(left - hazards[..., j] * step, 0.0))
        return time

    def inverse(self, log_cumulative: Array) -> Array:
        return self._invert(self.log_hazards, np.exp(log_cumulative))

    def without_bias(self, groups: slice, bias: Array) -> PiecewiseCurves:
        return PiecewiseCurves(self.log_hazards[:, groups] - bias[:, None, None], self.cuts)

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        spent = exposure(lower, upper, self.cuts)
        total: Array = np.zeros((self.draws, len(lower)))
        hazards = np.exp(self.log_hazards)
        for j in range(spent.shape[-1]):
            total += hazards[:, group, j] * spent[:, j]
        return total

    def patient_log_hazard(self, group: AnyArray, time: Array) -> Array:
        return np.asarray(self.log_hazards[:, group, self._interval(time)])

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        return self._invert(self.log_hazards[:, group], cumulative)
