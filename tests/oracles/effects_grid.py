"""Posteriors of small exponential models with centres or missing covariates, on plain grids.

A log normal prior of the median sets the level: hazard = log 2 / median. Centres and missing values are
integrated out patient by patient, by dense sums; nothing here samples.
"""

from __future__ import annotations

import numpy as np
from scipy import stats


def _grid(*axes):
    return np.meshgrid(*axes, indexing="ij")


def _summaries(log_post, quantities):
    weight = np.exp(log_post - log_post.max())
    weight /= weight.sum()
    found = {}
    for name, value in quantities.items():
        mean = float((weight * value).sum())
        found[name] = (mean, float(np.sqrt(max((weight * (value - mean) ** 2).sum(), 0))))
    return found


def frailty(events, exposure, median_prior, sd_scale, time):
    """One regimen; events and exposure by centre. Survival at `time` of a typical and of a new centre."""
    log_m = np.linspace(median_prior[0] - 4.5 * median_prior[1], median_prior[0] + 4.5 * median_prior[1], 181)
    sd = np.linspace(1e-4, 5 * sd_scale, 241)
    m, s = _grid(log_m, sd)
    z = np.linspace(-6, 6, 241)
    density = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    hazard = np.log(2) / np.exp(m)
    log_post = stats.norm.logpdf(m, *median_prior) + stats.halfnorm.logpdf(s, scale=sd_scale)
    each = hazard[..., None] * np.exp(s[..., None] * z)
    for d, e in zip(events, exposure, strict=True):
        log_post = log_post + np.log((density * np.exp(d * np.log(each) - e * each)).sum(-1))
    typical, new = np.exp(-hazard * time), (density * np.exp(-each * time)).sum(-1)
    return _summaries(log_post, {"frailty_sd": s, "log_median": m, "typical": typical, "new": new})


def missing_number(event, time, x, median_prior, slope_sd, priors):
    """One regimen, one number x with NaN where missing, standardised; priors (sigma of intercept, of sd)."""
    seen, z = ~np.isnan(x), np.linspace(-5, 5, 61)
    density = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    n = seen.sum()
    m, b, a, t = _grid(
        np.linspace(median_prior[0] - 1.6, median_prior[0] + 1.6, 41),
        np.linspace(-1.8, 1.8, 45),
        np.linspace(-4.5, 4.5, 37) / np.sqrt(n),
        np.exp(np.linspace(-4.5, 4.5, 33) / np.sqrt(2 * n)),
    )
    log_post = stats.norm.logpdf(m, *median_prior) + stats.norm.logpdf(b, 0, slope_sd) + np.log(t)  # t is on a log grid
    log_post += stats.norm.logpdf(a, 0, priors[0]) + stats.halfnorm.logpdf(t, scale=priors[1])
    level = np.log(np.log(2)) - m
    for d, y, v in zip(event, time, x, strict=True):
        if np.isnan(v):
            total = 0.0
            for node, weight in zip(z, density, strict=True):
                eta = level + b * (a + t * node)
                total = total + weight * np.exp(d * eta - y * np.exp(eta))
            log_post += np.log(total)
        else:
            eta = level + b * v
            log_post += d * eta - y * np.exp(eta) + stats.norm.logpdf(v, a, t)
    return _summaries(log_post, {"coefficient": b, "log_median": m, "intercept": a, "sd": t})


def missing_flag(event, time, x, median_prior, slope_sd, intercept_sd):
    """One regimen, one yes-or-no covariate with NaN where missing."""
    m, b, a = _grid(
        np.linspace(median_prior[0] - 2.2, median_prior[0] + 2.2, 101),
        np.linspace(-2.6, 2.6, 121),
        np.linspace(-4, 4, 101),
    )
    log_post = stats.norm.logpdf(m, *median_prior) + stats.norm.logpdf(b, 0, slope_sd)
    log_post += stats.norm.logpdf(a, 0, intercept_sd)
    level, p = np.log(np.log(2)) - m, 1 / (1 + np.exp(-a))
    likelihood = [np.exp(level + b * v) for v in (0, 1)]
    shares = []
    for d, y, v in zip(event, time, x, strict=True):
        no, yes = ((1 - p, p)[k] * np.exp(d * np.log(likelihood[k]) - y * likelihood[k]) for k in (0, 1))
        log_post += np.log(no + yes if np.isnan(v) else (no, yes)[int(v)])
        if np.isnan(v):
            shares.append(yes / (no + yes))
    return _summaries(log_post, {"coefficient": b, "log_median": m, "intercept": a, "probability": shares[0]})


def ridge(event, time, x, median_prior, sd_scale):
    """One regimen, two coefficients that share a spread.

    The grid is over the coefficients in units of their spread: one over the coefficients themselves is too coarse
    where the spread is smaller than its step, and gives small spreads too much weight.
    """
    m, z0, z1, s = _grid(
        np.linspace(median_prior[0] - 2.2, median_prior[0] + 2.2, 49),
        np.linspace(-4.5, 4.5, 55),
        np.linspace(-4.5, 4.5, 55),
        (np.arange(48) + 0.5) / 48 * 4.5 * sd_scale,
    )
    b0, b1 = s * z0, s * z1
    log_post = stats.norm.logpdf(m, *median_prior) + stats.halfnorm.logpdf(s, scale=sd_scale) - (z0**2 + z1**2) / 2
    for d, y, v in zip(event, time, x, strict=True):
        eta = np.log(np.log(2)) - m + b0 * v[0] + b1 * v[1]
        log_post += d * eta - y * np.exp(eta)
    return _summaries(log_post, {"b0": b0, "b1": b1, "sd": s, "log_median": m})
