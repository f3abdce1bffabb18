"""Logarithms that counts need, without SciPy, whose import takes longer than a closed form."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["log_beta", "log_choose", "xlog1py", "xlogy"]

_log_factorial = np.frompyfunc(lambda n: math.lgamma(n + 1.0), 1, 1)


def log_choose(n: ArrayLike, k: ArrayLike) -> NDArray[np.float64]:
    """Logarithm of the binomial coefficient."""
    n, k = np.asarray(n), np.asarray(k)
    return np.asarray(_log_factorial(n) - _log_factorial(k) - _log_factorial(n - k), dtype=float)


def log_beta(a: float, b: float) -> float:
    """Logarithm of the Beta function; by SciPy where the terms would cancel."""
    if a + b < 1e4:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    from scipy.special import betaln

    return float(betaln(a, b))


def xlogy(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Product of x and log(y), 0 where x is 0."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(x == 0.0, 0.0, x * np.log(y)))


def xlog1py(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Product of x and log(1 + y), 0 where x is 0."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(x == 0.0, 0.0, x * np.log1p(y)))
