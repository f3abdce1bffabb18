"""Pareto-smoothed importance sampling in NumPy alone, for weights that must be there at once.

The largest ratios are replaced by quantiles of a generalised Pareto law fitted to them; its shape k-hat says
whether the weights can be trusted.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_mean_exp", "pareto_fit", "smooth"]

Array = NDArray[np.float64]

_FEWEST: Final = 5
_PRIOR_SHAPE: Final = 0.5
_PRIOR_WEIGHT: Final = 10.0
_SPREAD: Final = 3.0


def smooth(log_ratio: Array, *, efficiency: float = 1.0) -> tuple[Array, float]:
    """Smoothed importance weights and the shape of their tail.

    Parameters
    ----------
    log_ratio : array of shape (draws,)
        Log of target over proposal at draws of the proposal. (ArviZ's `psislw` takes its negative: the
        log-likelihood of what is left *out*.)
    efficiency : float
        Effective draws per draw of the proposal, at most 1.

    Returns
    -------
    weights : array of shape (draws,)
        Sum to one.
    k_hat : float
        Shape of the tail; infinite where it cannot be fitted.

    References
    ----------
    Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. J Mach Learn Res 2024;25(72):1-58.
    """
    size = len(log_ratio)
    logs = np.where(np.isfinite(log_ratio), log_ratio, -np.inf)  # a draw that cannot be has no weight
    top = logs.max()
    if not np.isfinite(top):
        return np.full(size, 1.0 / size), np.inf
    logs = logs - top
    if np.ptp(logs[np.isfinite(logs)]) < 1e-9 and np.isfinite(logs).all():  # target and proposal are one
        return np.full(size, 1.0 / size), 0.0
    tail = int(3.0 * np.sqrt(size / efficiency)) if size * efficiency > 225 else size // 5
    k_hat = np.inf
    if _FEWEST <= tail < size:
        order = np.argsort(logs)
        largest, cutoff = order[-tail:], float(np.exp(logs[order[-tail - 1]]))
        excess = np.exp(logs[largest]) - cutoff
        if excess[0] >= 0 and excess[-1] > 0:
            shape, scale = pareto_fit(excess)
            k_hat = shape
            if np.isfinite(shape):
                p = (np.arange(tail) + 0.5) / tail
                spread = -np.log1p(-p) if abs(shape) < 1e-12 else np.expm1(-shape * np.log1p(-p)) / shape
                with np.errstate(divide="ignore"):
                    logs[largest] = np.minimum(np.log(cutoff + scale * spread), 0.0)
    weights = np.exp(logs - logs.max())
    return weights / weights.sum(), float(k_hat)


def pareto_fit(excess: Array) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto law, from excesses over its threshold in ascending order.

    Notes
    -----
    The posterior mean of Zhang and Stephens (Technometrics 2009;51:316-325) over a profile likelihood in
    theta = -shape / scale, and, after Vehtari et al., the shape drawn towards 1/2 as if by ten more draws.
    """
    count = len(excess)
    quartile, largest = float(excess[int(count / 4.0 + 0.5) - 1]), float(excess[-1])
    if quartile <= float(excess[0]):
        return np.inf, np.nan  # ties: nothing like a Pareto tail
    points = 30 + int(np.sqrt(count))
    theta = 1.0 / largest + (1.0 - np.sqrt(points / (np.arange(points) + 0.5))) / (_SPREAD * quartile)
    shape = np.log1p(-theta[:, None] * excess).mean(axis=1)
    profile = count * (np.log(-theta / shape) - shape - 1.0)
    mass = np.exp(profile - profile.max())
    theta_mean = float((theta * mass).sum() / mass.sum())
    found = float(np.log1p(-theta_mean * excess).mean())
    scale = -found / theta_mean
    return (count * found + _PRIOR_WEIGHT * _PRIOR_SHAPE) / (count + _PRIOR_WEIGHT), scale


def log_mean_exp(values: Array) -> float:
    """Log of the mean of exponentials, without overflow."""
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).mean())) if np.isfinite(top) else top
