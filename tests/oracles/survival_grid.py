"""Posterior of a one-sample Weibull model on a plain grid, with every kind of observation."""

from __future__ import annotations

import numpy as np
from scipy import stats


def weibull_posterior(entry, lower, upper, median_prior, log_shape_prior, times, size=500):
    """Posterior means and sds of median, log shape and survival at `times`.

    Survival probabilities enter as themselves, which is accurate enough for a handful of patients;
    priors are (mu, sigma) of log median and log shape.
    """
    log_m = np.linspace(median_prior[0] - 5 * median_prior[1], median_prior[0] + 5 * median_prior[1], size)
    log_k = np.linspace(log_shape_prior[0] - 5 * log_shape_prior[1], log_shape_prior[0] + 5 * log_shape_prior[1], size)
    m, k = np.exp(log_m)[:, None], np.exp(log_k)[None, :]
    log_post = stats.norm.logpdf(log_m, *median_prior)[:, None] + stats.norm.logpdf(log_k, *log_shape_prior)[None, :]
    scale = m / np.log(2) ** (1 / k)
    for e, a, b in zip(entry, lower, upper, strict=True):
        log_post = log_post - stats.weibull_min.logsf(e, k, scale=scale)
        if a == b:
            log_post = log_post + stats.weibull_min.logpdf(a, k, scale=scale)
        elif np.isinf(b):
            log_post = log_post + stats.weibull_min.logsf(a, k, scale=scale)
        else:
            between = stats.weibull_min.sf(a, k, scale=scale) - stats.weibull_min.sf(b, k, scale=scale)
            with np.errstate(divide="ignore"):  # nodes too far out to matter
                log_post = log_post + np.log(between)
    weight = np.exp(log_post - log_post.max())
    weight /= weight.sum()
    both = np.broadcast_to(m, weight.shape), np.broadcast_to(np.log(k), weight.shape)
    quantities = {"median": both[0], "log_shape": both[1]}
    quantities |= {f"survival {t:g}": stats.weibull_min.sf(t, k, scale=scale) for t in times}
    found = {}
    for name, values in quantities.items():
        mean = float((weight * values).sum())
        found[name] = (mean, float(np.sqrt((weight * (values - mean) ** 2).sum())))
    return found
