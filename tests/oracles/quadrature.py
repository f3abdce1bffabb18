"""Independent answers by quadrature: SciPy and plain grids, nothing from the package."""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats
from scipy.special import betaln, expit, gammaln, log_expit


def beta_exceeds(a, b, c, d, threshold=0.0, scale="difference"):
    """P(contrast of Beta(a, b) against Beta(c, d) > threshold), by adaptive quadrature over quantiles."""

    def cut(y):
        if scale == "difference":
            return y + threshold
        if scale == "ratio":
            return y * threshold
        return threshold * y / (1 - y + threshold * y)

    def integrand(q):
        return stats.beta.sf(cut(stats.beta.ppf(q, c, d)), a, b)

    kinks = {"difference": [-threshold, 1 - threshold], "ratio": [1 / threshold] if threshold else []}
    inside = [stats.beta.cdf(v, c, d) for v in kinks.get(scale, []) if 0 < v < 1]
    points = sorted(
        p
        for p in {*inside, 1e-8, 1e-6, 1e-4, 1e-2, 0.5, 1 - 1e-2, 1 - 1e-4, 1 - 1e-6, 1 - 1e-8}
        if 1e-14 < p < 1 - 1e-14
    )
    return integrate.quad(integrand, 0, 1, epsabs=1e-13, epsrel=1e-12, limit=4000, points=points)[0]


def mean_sd(weight, first, second):
    """Mean and standard deviation under weights, given values and their squares."""
    m = float((weight * first).sum())
    return m, float(np.sqrt((weight * second).sum() - m**2))


def binomial_hierarchy(events, total, log_prior_mu, log_prior_tau, mu_range=(-7.0, 4.0), tau_max=5.0):
    """Posterior of a logit-normal binomial hierarchy by quadrature over mean and spread.

    Units are independent given (mu, tau); the unit's own effect is integrated by Gauss-Hermite.

    Returns means and standard deviations: ``tau``, ``mu``, ``rate`` (per unit), ``centre``
    (expit mu), and ``predicted`` (a new unit).
    """
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    x, wx = np.polynomial.legendre.leggauss(160)
    mu = 0.5 * (mu_range[1] - mu_range[0]) * (x + 1) + mu_range[0]
    root = 0.5 * np.sqrt(tau_max) * (x + 1)  # tau = root^2, so that nodes gather at zero
    tau = root**2
    log_weight = (
        log_prior_mu(mu)[:, None] + log_prior_tau(tau)[None, :] + np.log(wx)[:, None] + np.log(wx * 2 * root)[None, :]
    )
    logit = mu[:, None, None] + tau[None, :, None] * z
    theta = expit(logit)
    moments = []
    for k, n in zip(events, total, strict=True):
        constant = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        likelihood = np.exp(constant + k * log_expit(logit) + (n - k) * log_expit(-logit))
        marginal = likelihood @ w
        moments.append([(likelihood * theta**p) @ w / marginal for p in (1, 2)])
        log_weight = log_weight + np.log(marginal)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    one = np.ones_like(weight)
    return {
        "tau": mean_sd(weight, tau * one, tau**2 * one),
        "mu": mean_sd(weight, mu[:, None] * one, mu[:, None] ** 2 * one),
        "centre": mean_sd(weight, expit(mu)[:, None] * one, expit(mu)[:, None] ** 2 * one),
        "predicted": mean_sd(weight, theta @ w, theta**2 @ w),
        "rate": [mean_sd(weight, *m) for m in moments],
    }


def beta_binomial(events, total, log_prior_mean, log_prior_precision):
    """Posterior mean and sd of the mean, the log precision and a new study's rate, on a grid."""
    x, wx = np.polynomial.legendre.leggauss(240)
    mean = 0.5 * (x + 1)
    log_precision = 0.5 * (9.0 - -2.0) * (x + 1) - 2.0
    precision = np.exp(log_precision)
    a, b = mean[:, None] * precision, (1 - mean)[:, None] * precision
    log_weight = (
        log_prior_mean(mean)[:, None]
        + (log_prior_precision(precision) + log_precision)[None, :]
        + np.log(wx)[:, None]
        + np.log(wx)[None, :]
    )
    for k, n in zip(events, total, strict=True):
        log_weight = log_weight + betaln(k + a, n - k + b) - betaln(a, b)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    one = np.ones_like(weight)
    second = a * (a + 1) / ((a + b) * (a + b + 1))
    return {
        "mean": mean_sd(weight, mean[:, None] * one, mean[:, None] ** 2 * one),
        "log_precision": mean_sd(weight, log_precision * one, log_precision**2 * one),
        "predicted": mean_sd(weight, a / (a + b), second),
    }


def logistic(response, group, x, prior_sd_intercept, prior_sd_slope):
    """Two regimens and one covariate: posterior mean and sd of both intercepts and the slope, and
    of the difference in standardised rates (regimen 1 minus 0), on a three-dimensional grid."""
    nodes, w = np.polynomial.legendre.leggauss(70)
    grid = 5.0 * nodes
    log_w = np.log(w)
    a0, a1, b = np.meshgrid(grid, grid, grid, indexing="ij")
    log_post = (
        log_w[:, None, None]
        + log_w[None, :, None]
        + log_w[None, None, :]
        - 0.5 * (a0**2 + a1**2) / prior_sd_intercept**2
        - 0.5 * b**2 / prior_sd_slope**2
    )
    for y, g, xi in zip(response, group, x, strict=True):
        logit = (a1 if g else a0) + b * xi
        log_post = log_post - np.logaddexp(0.0, -logit if y else logit)
    weight = np.exp(log_post - log_post.max())
    weight /= weight.sum()
    difference = np.mean([expit(a1 + b * xi) - expit(a0 + b * xi) for xi in x], axis=0)

    return {
        "intercepts": (mean_sd(weight, a0, a0**2), mean_sd(weight, a1, a1**2)),
        "coefficient": mean_sd(weight, b, b**2),
        "difference": mean_sd(weight, difference, difference**2),
        "probability": float(weight[difference > 0].sum()),
    }


def new_study_rate(events, total, log_prior_mu, log_prior_tau, tau_max=6.0):
    """Mean and sd of a new study's rate in the same hierarchy, by dense trapezoids over mean and deviation.

    Slower than Gauss-Hermite, and right also where studies are large and tau is: the nodes stay closer together
    than a likelihood is wide.
    """
    z = np.linspace(-6.5, 6.5, 401)
    w = stats.norm.pdf(z) * (z[1] - z[0])
    mu = np.linspace(-9.0, 6.0, 201)
    x, wx = np.polynomial.legendre.leggauss(60)
    root = 0.5 * np.sqrt(tau_max) * (x + 1)
    log_weights, firsts, seconds = [], [], []
    for r, node in zip(root, wx, strict=True):
        logit = mu[:, None] + r**2 * z
        log_weight = log_prior_mu(mu) + log_prior_tau(r**2) + np.log(node * r)
        for k, n in zip(events, total, strict=True):
            peak = k * np.log(max(k, 1e-9) / n) + (n - k) * np.log(max(n - k, 1e-9) / n)
            likelihood = np.exp(k * log_expit(logit) + (n - k) * log_expit(-logit) - peak)
            log_weight = log_weight + np.log(np.maximum(likelihood @ w, 1e-300))
        theta = expit(logit)
        log_weights.append(log_weight)
        firsts.append(theta @ w)
        seconds.append(theta**2 @ w)
    weight = np.exp(np.array(log_weights) - np.max(log_weights))
    return mean_sd(weight / weight.sum(), np.array(firsts), np.array(seconds))
