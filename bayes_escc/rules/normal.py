"""Repeated looks at a comparison whose information grows: false alarms by normal theory.

With much data and a flat prior, P(better) > u means z > the u quantile of the normal, and the statistics of
successive looks are a Brownian motion observed at its information. The chance of ever passing is found by carrying
the density of those who have not from look to look.

References
----------
Armitage P, McPherson CK, Rowe BC. J R Stat Soc A 1969;132:235-244.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["null_crossing"]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_REACH = 9.0


def null_crossing(
    information: Sequence[float], go_above: float | None, stop_below: float | None
) -> tuple[Array, Array]:
    """P(go) and P(stop) at each look where there is no difference.

    Parameters
    ----------
    information : sequence of float
        At each look, ascending; in any unit, for example events.
    go_above, stop_below : float or None
        Limits of the posterior probability.

    Returns
    -------
    go, stop : array of shape (looks,)
    """
    normal = NormalDist()
    high = math.inf if go_above is None else normal.inv_cdf(go_above)
    low = -math.inf if stop_below is None else normal.inv_cdf(stop_below)
    go, stop = np.zeros(len(information)), np.zeros(len(information))
    nodes, mass = np.zeros(1), np.ones(1)  # the motion starts at zero
    before = 0.0
    for i, now in enumerate(information):
        step, spread = math.sqrt(now - before), math.sqrt(now)
        ends = (max(low, -_REACH) * spread, min(high, _REACH) * spread)
        go[i] = mass @ _upper((high * spread - nodes) / step)
        stop[i] = mass @ _upper((nodes - low * spread) / step)
        middle, half = 0.5 * (ends[0] + ends[1]), 0.5 * (ends[1] - ends[0])
        after = middle + half * _NODES
        density = np.exp(-0.5 * ((after[:, None] - nodes) / step) ** 2) @ mass / (step * math.sqrt(2.0 * math.pi))
        nodes, mass, before = after, density * half * _WEIGHTS, now
    return go, stop


def _upper(z: Array) -> Array:
    """P(Z > z)."""
    return np.array([0.5 * math.erfc(v / math.sqrt(2.0)) for v in z])
