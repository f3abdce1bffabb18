"""Hazards that are constant between cut points: time spent in every interval, and where to cut."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["default_cuts", "exposure"]

Array = NDArray[np.float64]
_MOST_INTERVALS: Final = 8
_EVENTS_PER_INTERVAL: Final = 5


def exposure(lower: Array, upper: Array, cuts: Array) -> Array:
    """Time spent in every interval between `lower` and `upper`, shape (..., intervals).

    An interval holds its right end: a time at a cut belongs to the interval it ends.
    """
    start = np.concatenate([[0.0], cuts])
    end = np.concatenate([cuts, [np.inf]])
    low, high = np.asarray(lower, dtype=float)[..., None], np.asarray(upper, dtype=float)[..., None]
    return np.asarray(np.maximum(np.minimum(high, end) - np.maximum(low, start), 0.0))


def default_cuts(event_times: Array, baselines: int = 1) -> Array:
    """Cut points at equal shares of the events: at most 8 intervals, at least 5 events in each for every baseline."""
    intervals = int(min(_MOST_INTERVALS, len(event_times) // (_EVENTS_PER_INTERVAL * baselines)))
    if intervals < 2:
        return np.empty(0)
    cuts = np.unique(np.quantile(event_times, np.arange(1, intervals) / intervals))
    return np.asarray(cuts[cuts < event_times.max()])
