"""Finding a threshold from trials that were simulated once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["threshold"]


def threshold(
    extremes: Mapping[str, NDArray[np.float64]], false_alarm: float, *, upper: bool
) -> tuple[float, tuple[float, float]]:
    """The smallest threshold whose false alarms stay at or below a level under every null truth.

    False alarms at a threshold are the share of null trials whose greatest statistic is above it, so the threshold
    is an order statistic of those, and needs no further simulation.

    Parameters
    ----------
    extremes : mapping of str to array
        Greatest statistic of every null trial, by truth.
    false_alarm : float
    upper : bool
        Whether the upper 95 % Monte Carlo bound, not the estimate, must stay below the level.

    Returns
    -------
    value : float
    interval : tuple of float
        95 % interval of the threshold, from the binomial law of the order statistic.
    """
    found = []
    for values in extremes.values():
        ordered = np.sort(values)
        n = len(ordered)
        allowed = false_alarm * n
        spread = 1.96 * math.sqrt(n * false_alarm * (1.0 - false_alarm))
        if upper:
            allowed -= spread
        places = [n - 1 - math.floor(max(a, 0.0)) for a in (allowed, allowed + spread, allowed - spread)]
        # equal values stand together: a trial is above a value only if it is greater
        found.append([float(ordered[min(max(p, 0), n - 1)]) for p in places])
    worst = max(found, key=lambda v: v[0])
    return worst[0], (worst[1], worst[2])
