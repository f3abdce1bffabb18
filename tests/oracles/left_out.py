"""Leave-one-out densities by quadrature over the mean and the spread of a hierarchy; nothing of the package."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import betaln, gammaln, log_expit


def _left_out(log_prior, log_densities):
    """Sum over units of log p(unit | the others), from log prior weights and log densities on one grid."""
    joint = log_prior + sum(log_densities)

    def log_sum(values):
        top = values.max()
        return top + np.log(np.exp(values - top).sum())

    return sum(log_sum(joint) - log_sum(joint - one) for one in log_densities)


def normal_effects(y, se, tau_sd):
    """Effects with a Normal(0, 1) mean: elpd with tau ~ HalfNormal(tau_sd), and with common effects."""
    mean = np.linspace(-4, 4, 1601)
    x, w = np.polynomial.legendre.leggauss(200)  # a plain grid of tau is 6e-4 off
    tau = 2.0 * (x + 1.0)
    prior = stats.norm.logpdf(mean)
    random = _left_out(
        prior[:, None] + stats.halfnorm.logpdf(tau, scale=tau_sd) + np.log(w),
        [stats.norm.logpdf(a, mean[:, None], np.hypot(s, tau)) for a, s in zip(y, se, strict=True)],
    )
    return random, _left_out(prior, [stats.norm.logpdf(a, mean, s) for a, s in zip(y, se, strict=True)])


def rates(events, total, mean_sd, tau_sd):
    """Counts under a logit-normal hierarchy, each study's own effect integrated out."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    mean, (x, wx) = np.linspace(-4, 2, 241), np.polynomial.legendre.leggauss(120)
    root = 0.5 * np.sqrt(5.0) * (x + 1)
    tau = root**2
    logit = mean[:, None, None] + tau[:, None] * z
    prior = stats.norm.logpdf(mean, 0, mean_sd)[:, None] + stats.halfnorm.logpdf(tau, scale=tau_sd) + np.log(wx * root)
    densities = []
    for k, n in zip(events, total, strict=True):
        log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        likelihood = np.exp(log + k * log_expit(logit) + (n - k) * log_expit(-logit))
        densities.append(np.log(likelihood @ (w / w.sum()) + 1e-290))
    return _left_out(prior, densities)


def beta_binomial(events, total):
    """Counts under the default beta-binomial model: uniform mean, precision LogNormal(3, 1)."""
    mean, log_precision = (np.arange(400) + 0.5) / 400, np.linspace(-3, 9, 481)
    a = mean[:, None] * np.exp(log_precision)
    b = (1 - mean[:, None]) * np.exp(log_precision)
    densities = [
        gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b)
        for k, n in zip(events, total, strict=True)
    ]
    return _left_out(stats.norm.logpdf(log_precision, 3, 1)[None] + 0 * a, densities)


def arms_of_study(k, n, mu, tau, baseline_sd):
    """Log probability of a trial's two arms for one effect and heterogeneity, summed over a grid of both log odds."""
    first = np.linspace(-6 * baseline_sd, 6 * baseline_sd, 801)
    z, w = np.polynomial.hermite_e.hermegauss(41)
    second = first[:, None] + mu + tau * z
    log = sum(gammaln(m + 1) - gammaln(e + 1) - gammaln(m - e + 1) for e, m in zip(k, n, strict=True))
    one = k[0] * log_expit(first) + (n[0] - k[0]) * log_expit(-first) + stats.norm.logpdf(first, 0, baseline_sd)
    other = np.exp(k[1] * log_expit(second) + (n[1] - k[1]) * log_expit(-second)) @ (w / w.sum())
    return log + np.log((np.exp(one) * other).sum() * (first[1] - first[0]))


def arm_counts(events, total, effect_sd, tau_sd, baseline_sd):
    """elpd of two-arm trials, control first, under random and common log odds ratios; every trial left out whole."""
    mean = np.linspace(-3, 3, 61)
    tau = (np.arange(24) + 0.5) * 0.1 if tau_sd else np.zeros(1)
    prior = stats.norm.logpdf(mean, 0, effect_sd)[:, None] + (stats.halfnorm.logpdf(tau, scale=tau_sd) if tau_sd else 0)
    densities = [
        np.array([[arms_of_study(k, n, m, t, baseline_sd) for t in tau] for m in mean])
        for k, n in zip(events, total, strict=True)
    ]
    return _left_out(prior, densities)
