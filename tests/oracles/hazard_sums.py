"""The log-likelihood of right-censored Weibull data row by row, with its gradient, in long double arithmetic."""

from __future__ import annotations

import numpy as np


def weibull(level, shape, coefficient, regimen, log_time, event, x):
    """Value and derivatives by level, shape (one a regimen) and coefficient.

    The cumulative hazard is exp(level + shape log_time + x'coefficient); densities are per unit of log time's scale.
    """
    level, shape, coefficient, log_time, x = (
        np.asarray(v, dtype=np.longdouble) for v in (level, shape, coefficient, log_time, x)
    )
    value = np.longdouble(0)
    by_level, by_shape, by_coefficient = np.zeros_like(level), np.zeros_like(shape), np.zeros_like(coefficient)
    for i, r in enumerate(regimen):
        log_risk = level[r] + coefficient @ x[i]
        hazard = np.exp(log_risk + shape[r] * log_time[i])
        value += event[i] * (log_risk + np.log(shape[r]) + (shape[r] - 1) * log_time[i]) - hazard
        by_level[r] += event[i] - hazard
        by_shape[r] += event[i] * (1 / shape[r] + log_time[i]) - hazard * log_time[i]
        by_coefficient += (event[i] - hazard) * x[i]
    return value, by_level, by_shape, by_coefficient
