"""Curves of hazards of one median and a shape (see `shapes`), in NumPy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.shapes import Shape
from bayes_escc.names import AnyArray

__all__ = ["MOST", "TINY", "ParametricCurves"]

TINY: Final = 1e-100
MOST: Final = 300.0
"""Log cumulative hazards are not told apart beyond this; it keeps exponentials, and their slopes, finite."""


@dataclass(frozen=True)
class ParametricCurves:
    """H(t) = exp(log_multiple) H0(t / exp(log_median)).

    Parameters
    ----------
    shape : Shape
    log_multiple, log_median : array of shape (draws, groups)
    parameters : tuple of arrays of shape (draws, groups)
        Of the shape, in the order of its roles.
    reference_time : float
        At which levels of studies are stated.
    """

    shape: Shape
    log_multiple: Array
    log_median: Array
    parameters: tuple[Array, ...]
    reference_time: float

    @property
    def draws(self) -> int:
        return len(self.log_multiple)

    def _each(self, places: Any) -> tuple[Array, ...]:
        """Every parameter of the shape at some places."""
        return tuple(values[places] for values in self.parameters)

    def _u(self, time: Array, log_median: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(time, TINY)) - log_median)

    def cumulative(self, time: Array) -> Array:
        return self.cumulative_each(np.asarray(time, dtype=float))

    def cumulative_each(self, time: Array) -> Array:
        logs = self.shape.log_cumulative(np, self._each((..., None)), self._u(time, self.log_median[..., None]))
        found = np.exp(np.minimum(self.log_multiple[..., None] + logs, MOST))
        return np.asarray(np.where(np.asarray(time) > 0.0, found, 0.0))

    def log_hazard(self, time: Array) -> Array:
        logs = self.shape.log_hazard(np, self._each((..., None)), self._u(time, self.log_median[..., None]))
        return np.asarray(self.log_multiple[..., None] + logs - np.log(np.maximum(time, TINY)))

    def inverse(self, log_cumulative: Array) -> Array:
        u = self.shape.inverse(self.parameters, log_cumulative - self.log_multiple)
        return np.asarray(np.exp(self.log_median + u))

    def without_bias(self, groups: slice, bias: Array) -> ParametricCurves:
        return replace(
            self,
            log_multiple=self.log_multiple[:, groups] - bias[:, None],
            log_median=self.log_median[:, groups],
            parameters=self._each((slice(None), groups)),
        )

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        some = upper > lower
        m, a = self.log_median[:, group], self._each((slice(None), group))
        safe = np.where(some, upper, 1.0)
        from_zero = np.where(some, lower, 0.0)
        logs = self.shape.log_increment(np, a, self._u(from_zero, m), self._u(safe, m), 1.0 * (from_zero > 0.0))
        found = np.exp(np.minimum(self.log_multiple[:, group] + logs, MOST))
        return np.asarray(np.where(some, found, 0.0))

    def patient_log_hazard(self, group: AnyArray, time: Array) -> Array:
        m, a = self.log_median[:, group], self._each((slice(None), group))
        logs = self.shape.log_hazard(np, a, self._u(time, m)) - np.log(np.maximum(time, TINY))
        return np.asarray(self.log_multiple[:, group] + logs)

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        logs = np.log(cumulative) - self.log_multiple[:, group]
        u = self.shape.inverse(self._each((slice(None), group)), logs)
        return np.asarray(np.exp(self.log_median[:, group] + u))
