"""Independent answers for meta-analysis: adaptive quadrature by SciPy, nothing from the package."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import integrate, stats


def random_effects(y, se, tau_prior, m0=0.0, s0=np.inf, cuts=()):
    """Posterior of a normal-normal model by `scipy.integrate.quad` over tau.

    Returns mean and sd of mu, of tau and of a new study's effect, and P(mu < c), P(new < c) for the cuts.
    """
    y, v = np.asarray(y, float), np.asarray(se, float) ** 2

    def given(tau):
        w = 1 / (v + tau**2)
        precision = w.sum() + s0**-2
        mean = (w @ y + m0 * s0**-2) / precision
        log_like = 0.5 * (np.log(w).sum() - np.log(precision) - w @ (y - mean) ** 2 - (mean - m0) ** 2 * s0**-2)
        return mean, 1 / precision, log_like

    shift = max(given(t)[2] for t in np.linspace(0, 3 * np.ptp(y) + 0.1, 200))

    def density(tau):
        return np.exp(given(tau)[2] - shift) * tau_prior.pdf(tau)

    top = float(tau_prior.ppf(1 - 1e-10)) if np.isfinite(tau_prior.ppf(1)) else np.inf
    scale = float(np.sqrt(v.mean()) + np.std(y))

    def total(f):
        edges = [e for e in (0, 0.2 * scale, scale, 3 * scale, 10 * scale, 100 * scale) if e < top]
        pieces = [*itertools.pairwise(edges), (edges[-1], top)]
        return sum(
            integrate.quad(lambda t: density(t) * f(t), a, b, epsabs=0, epsrel=1e-11, limit=400)[0] for a, b in pieces
        )

    z = total(lambda t: 1.0)
    mu = total(lambda t: given(t)[0]) / z
    mu2 = total(lambda t: given(t)[1] + given(t)[0] ** 2) / z
    tau = total(lambda t: t) / z
    return {
        "mu": (mu, np.sqrt(mu2 - mu**2)),
        "tau": (tau, np.sqrt(total(lambda t: t**2) / z - tau**2)),
        "new_sd": np.sqrt(mu2 - mu**2 + total(lambda t: t**2) / z),
        "below": [total(lambda t, c=c: stats.norm.cdf((c - given(t)[0]) / np.sqrt(given(t)[1]))) / z for c in cuts],
        "new_below": [
            total(lambda t, c=c: stats.norm.cdf((c - given(t)[0]) / np.sqrt(given(t)[1] + t**2))) / z for c in cuts
        ],
        "tau_below": [
            integrate.quad(density, 0, c, epsabs=0, epsrel=1e-11, limit=400, points=[c / 100, c / 10])[0] / z
            for c in cuts
            if c > 0
        ],
    }


def generalised_least_squares(y, V, X):
    """Estimates and standard errors of a common-effect model under a flat prior."""
    inverse = np.linalg.inv(V)
    covariance = np.linalg.inv(X.T @ inverse @ X)
    return covariance @ X.T @ inverse @ y, np.sqrt(np.diag(covariance))
