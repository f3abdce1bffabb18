"""A publication-selection model by brute-force Gauss-Legendre product rules; nothing from the package."""

from __future__ import annotations

import numpy as np
from scipy import stats


def rule(low, high, n):
    x, w = np.polynomial.legendre.leggauss(n)
    return 0.5 * (low + high) + 0.5 * (high - low) * x, 0.5 * (high - low) * w


def step_selection(y, se, side, mu_sd, tau_prior, tau_top, cut=0.025):
    """Evidence, moments of mu, tau and omega, and P(mu < 0), with omega uniform on (0, 1).

    side: 1 if high effects pass the threshold, -1 if low ones do.
    """
    z = stats.norm.isf(cut)
    mu, w_mu = rule(-8 * mu_sd, 8 * mu_sd, 400)
    tau, w_tau = rule(0, tau_top, 120)
    omega, w_omega = rule(0, 1, 120)
    joint = stats.norm.pdf(mu, 0, mu_sd)[:, None] * tau_prior.pdf(tau)[None]
    joint = np.repeat(joint[..., None], len(omega), axis=2)
    for one, s in zip(y, se, strict=True):
        sd = np.hypot(s, tau)
        passes = stats.norm.sf((z * s - side * mu[:, None]) / sd)[..., None]
        weight = 1.0 if side * one >= z * s else omega
        joint *= stats.norm.pdf(one, mu[:, None], sd)[..., None] * weight / (passes + omega * (1 - passes))
    joint *= w_mu[:, None, None] * w_tau[:, None] * w_omega
    evidence = joint.sum()
    p = joint / evidence

    def moments(values, masses):
        mean = values @ masses
        return mean, np.sqrt(values**2 @ masses - mean**2)

    by_mu = p.sum(axis=(1, 2))
    return {
        "log_evidence": np.log(evidence),
        "mu": moments(mu, by_mu),
        "tau": moments(tau, p.sum(axis=(0, 2))),
        "omega": moments(omega, p.sum(axis=(0, 1))),
    }
