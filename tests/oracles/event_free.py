"""Further survival of a mixed population that is event-free at a time, by adaptive quadrature of its own curve."""

from __future__ import annotations

import numpy as np
from scipy import integrate, optimize


def remaining(cumulative, risks, since, time, horizon):
    """(S(since + time) / S(since), remaining median, remaining mean to the horizon) of the average curve."""

    def survival(t):
        return np.mean(np.exp(-cumulative(t) * np.asarray(risks)))

    start = survival(since)
    half = optimize.brentq(lambda t: survival(since + t) / start - 0.5, 1e-9, 1e4, xtol=1e-12)
    area = integrate.quad(lambda t: survival(since + t) / start, 0.0, horizon, epsabs=1e-12, limit=400)[0]
    return survival(since + time) / start, half, area
