"""Means and shares of draws with their Monte Carlo errors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import AnyArray
from bayes_escc.probability.effective import effective_size

__all__ = ["mean_with_error", "share_with_error"]

Array = NDArray[np.float64]


def _effective(values: Array) -> float:
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return float(values.size)
    return max(float(effective_size(values[..., None])[0]), 1.0)


def share_with_error(event: AnyArray, draws: Array) -> tuple[float, float]:
    """Share of draws, of shape (chain, draw), in which an event happens, and its error; never quite 0 or 1."""
    p = float(event.mean())
    varies = 0.0 < p < 1.0
    ess = _effective(event.astype(float) if varies else draws)
    moved = p if varies else (p * ess + 0.5) / (ess + 1.0)
    return p, math.sqrt(moved * (1.0 - moved) / ess)


def mean_with_error(values: Array) -> tuple[float, float]:
    """Mean of draws of shape (chain, draw), and its Monte Carlo standard error."""
    return float(values.mean()), float(values.std()) / math.sqrt(_effective(values))
