"""Two arms with constant hazards, symmetric about a common level: a plain two-dimensional grid."""

from __future__ import annotations

import numpy as np
from scipy import stats


def log_hazard_ratio(first, second, ratio_sd, level=None, nodes=801):
    """Posterior of the log hazard ratio of the second arm to the first.

    Parameters
    ----------
    first, second : (float, float)
        Events and time at risk.
    ratio_sd : float
        Of the normal prior of the log hazard ratio, with mean 0.
    level : (float, float), optional
        Mean and standard deviation of the log median of the average arm; flat if left out.
    nodes : int
        Of the grid in each direction.

    Returns
    -------
    probability_lower, mean : float
        P(log hazard ratio < 0), and its mean.
    """
    (d1, t1), (d2, t2) = first, second
    ratio = np.linspace(-8.0 * ratio_sd, 8.0 * ratio_sd, nodes)  # symmetric, so that 0 is a node
    centre = np.log(np.log(2.0) * (t1 + t2) / max(d1 + d2, 0.5))
    if level is not None and d1 + d2 == 0:
        centre = level[0]
    spread = 12.0 / np.sqrt(max(d1 + d2, 1.0)) + (8.0 * level[1] if level is not None and d1 + d2 < 3 else 0.0)
    median = np.linspace(centre - spread, centre + spread, nodes)
    m, r = median[:, None], ratio[None, :]
    log_h1, log_h2 = np.log(np.log(2.0)) - m - r / 2.0, np.log(np.log(2.0)) - m + r / 2.0
    log_density = d1 * log_h1 - t1 * np.exp(log_h1) + d2 * log_h2 - t2 * np.exp(log_h2)
    log_density = log_density + stats.norm.logpdf(r, 0.0, ratio_sd)
    if level is not None:
        log_density = log_density + stats.norm.logpdf(m, *level)
    weight = np.exp(log_density - log_density.max()).sum(axis=0)
    weight /= weight.sum()
    lower = weight[ratio < -1e-9].sum() + 0.5 * weight[np.abs(ratio) <= 1e-9].sum()
    return float(lower), float(weight @ ratio)


def log_hazard_ratio_of_intervals(first, second, ratio_sd, level=None, nodes=401):
    """Posterior mean of one log hazard ratio where every interval has a level of its own.

    Parameters
    ----------
    first, second : (array, array)
        Events and time at risk by interval.
    ratio_sd : float
        Of the normal prior of the log hazard ratio, with mean 0.
    level : (float, float), optional
        Mean and standard deviation of the log hazard of the average arm in every interval; flat if left out.
    """
    ratio = np.linspace(-8.0 * ratio_sd, 8.0 * ratio_sd, nodes)
    log_density = stats.norm.logpdf(ratio, 0.0, ratio_sd)
    for d1, t1, d2, t2 in zip(*first, *second, strict=True):
        if level is None:  # the level integrates to a gamma function
            at_risk = np.log(t1 * np.exp(-ratio / 2.0) + t2 * np.exp(ratio / 2.0))
            log_density = log_density + (d2 - d1) * ratio / 2.0 - (d1 + d2) * at_risk
            continue
        spread = 12.0 / np.sqrt(d1 + d2)
        logs = np.log((d1 + d2) / (t1 + t2)) + np.linspace(-spread, spread, nodes)[:, None]
        h1, h2 = logs - ratio / 2.0, logs + ratio / 2.0
        joint = d1 * h1 + d2 * h2 - t1 * np.exp(h1) - t2 * np.exp(h2) + stats.norm.logpdf(logs, *level)
        top = joint.max(axis=0)
        log_density = log_density + top + np.log(np.exp(joint - top).sum(axis=0))
    weight = np.exp(log_density - log_density.max())
    return float(weight @ ratio / weight.sum())
