"""A rate that borrows from earlier trials, by quadrature: SciPy and plain grids, nothing of the package."""

from __future__ import annotations

import numpy as np
from scipy import interpolate, stats
from scipy.special import expit, log_expit


def new_study_logit(events, total, log_prior_mean, log_prior_tau, tau_max=5.0):
    """Density of a new study's log odds under a logit-normal hierarchy, on a grid.

    Mean and tau are summed over grids; a study's own effect is integrated by Gauss-Hermite. Spreads below the distance
    of the grid's points count as that distance.
    """
    z, w = np.polynomial.hermite_e.hermegauss(60)
    w = w / w.sum()
    mean = np.linspace(-6.0, 4.0, 201)
    x, wx = np.polynomial.legendre.leggauss(120)
    root = 0.5 * np.sqrt(tau_max) * (x + 1)
    tau = root**2
    log_weight = log_prior_mean(mean)[:, None] + (log_prior_tau(tau) + np.log(wx * root))[None, :]
    logit = mean[:, None, None] + tau[None, :, None] * z
    for k, n in zip(events, total, strict=True):
        log_weight = log_weight + np.log(np.exp(k * log_expit(logit) + (n - k) * log_expit(-logit)) @ w + 1e-290)
    fine = np.linspace(mean[0], mean[-1], 2001)
    log_weight = interpolate.CubicSpline(mean, log_weight, axis=0)(fine)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    u = np.linspace(-14.0, 14.0, 2801)
    density = np.zeros_like(u)
    for j, t in enumerate(tau):
        if weight[:, j].sum() > 1e-14:
            density += stats.norm.pdf(u[:, None], fine[None, :], max(t, 0.01)) @ weight[:, j]
    return u, density / density.sum()


def probability_better(arm, borrower, robust_weight, u, prior):
    """P(rate of the arm > rate of the borrower): uniform prior of the arm, robust historical prior of the borrower."""
    rate = expit(u)
    uniform = rate * (1 - rate)
    mixed = (1 - robust_weight) * prior + robust_weight * uniform / uniform.sum()
    k, n = borrower
    after = mixed * rate**k * (1 - rate) ** (n - k)
    after /= after.sum()
    return float(after @ stats.beta.sf(rate, 1 + arm[0], 1 + arm[1] - arm[0]))
