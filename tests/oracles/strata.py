"""Strata with their own baseline hazard, written out: densities, posteriors by quadrature, maximum likelihood.

Two regimens, coded about their average: the log hazard ratio b of the second adds b / 2 there and takes b / 2 away on
the first. Nothing here uses the package.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy import optimize, stats
from scipy.integrate import quad

LOG_LOG2 = math.log(math.log(2.0))


def weibull_density(time, event, second, stratum, medians, shapes, ratio, risk):
    """Log density of every patient: the median of a stratum is that of the average regimen."""
    k = np.asarray(shapes)[stratum]
    rate = math.log(2.0) / np.asarray(medians)[stratum] ** k * np.exp(ratio * (second - 0.5) + risk)
    return event * np.log(k * rate * time ** (k - 1.0)) - rate * time**k


def piecewise_density(time, event, second, stratum, log_hazards, cuts, ratio, risk):
    """Log density of every patient under hazards of (stratum, interval); a cut belongs to the interval it ends."""
    edges = [0.0, *cuts, math.inf]
    found = np.zeros(len(time))
    for i, t in enumerate(time):
        shift = ratio * (second[i] - 0.5) + risk[i]
        for j, (a, b) in enumerate(pairwise(edges)):
            hazard = math.exp(log_hazards[stratum[i]][j] + shift)
            found[i] -= hazard * max(min(t, b) - a, 0.0)
            if event[i] and a < t <= b:
                found[i] += math.log(hazard)
    return found


def exponential_posterior(events, exposure, level, ratio_sd, points=401):
    """Mean, sd of the log hazard ratio, P(below 0): events and exposure by (stratum, regimen).

    The log of every stratum's hazard on the average regimen is Normal(level) on its own; b is Normal(0, ratio_sd).
    """
    b = np.linspace(-3.0, 3.0, points)
    logs = stats.norm(0.0, ratio_sd).logpdf(b)
    at = np.linspace(level[0] - 8.0, level[0] + 8.0, 4001)
    for d, t in zip(events, exposure, strict=True):
        within = stats.norm(*level).logpdf(at)[None, :] + sum(
            d[r] * (at[None, :] + (r - 0.5) * b[:, None]) - t[r] * np.exp(at[None, :] + (r - 0.5) * b[:, None])
            for r in (0, 1)
        )
        top = within.max(axis=1)
        logs = logs + top + np.log(np.exp(within - top[:, None]).sum(axis=1))
    return _summary(b, logs)


def weibull_posterior(time, event, second, stratum, level, shape_sd, ratio_sd, points=81):
    """The same under Weibull hazards: log medians Normal(level), log shapes Normal(0, shape_sd), stratum by stratum."""
    b = np.linspace(-2.5, 2.5, points)
    logs = stats.norm(0.0, ratio_sd).logpdf(b)
    m = np.linspace(level[0] - 3.0, level[0] + 3.0, 161)[:, None]
    s = np.linspace(-5.0 * shape_sd, 5.0 * shape_sd, 121)[None, :]
    k = np.exp(s)
    prior = stats.norm(*level).logpdf(m) + stats.norm(0.0, shape_sd).logpdf(s)
    for each in np.unique(stratum):
        mine = stratum == each
        t, d, arm = time[mine], event[mine], second[mine]
        base = LOG_LOG2 - k * m
        powers = [(np.exp(k[..., None] * np.log(t[arm == r]))).sum(axis=-1) for r in (0, 1)]
        counts = [d[arm == r].sum() for r in (0, 1)]
        known = prior + d.sum() * (base + s) + (k - 1.0) * (d * np.log(t)).sum()
        for i, ratio in enumerate(b):
            whole = known + sum((r - 0.5) * ratio * counts[r] for r in (0, 1))
            whole = whole - np.exp(base) * sum(np.exp((r - 0.5) * ratio) * powers[r] for r in (0, 1))
            logs[i] += whole.max() + math.log(np.exp(whole - whole.max()).sum())
    return _summary(b, logs)


def _summary(b, logs):
    weight = np.exp(logs - logs.max())
    weight = weight / weight.sum()
    mean = float(weight @ b)
    return mean, math.sqrt(float(weight @ (b - mean) ** 2)), float(weight[b < 0].sum() + 0.5 * weight[b == 0].sum())


def most_likely_ratio(time, event, second, stratum):
    """Weibull maximum likelihood of the log hazard ratio, with level and shape by stratum, and its standard error."""
    strata = np.unique(stratum)

    def against(v):
        place = np.searchsorted(strata, stratum)
        k = np.exp(v[1 + len(strata) + place])
        rate = np.exp(v[1 + place] + v[0] * second)
        return -(event * (np.log(k * rate) + (k - 1.0) * np.log(time)) - rate * time**k).sum()

    start = np.concatenate([[0.0], np.full(len(strata), -2.0), np.zeros(len(strata))])
    best, size, h = optimize.minimize(against, start, method="BFGS", options={"gtol": 1e-7}).x, len(start), 1e-4
    steps = h * np.eye(size)
    information = np.array(
        [
            [
                (against(best + a + b) - against(best + a - b) - against(best - a + b) + against(best - a - b))
                / (4 * h * h)
                for b in steps
            ]
            for a in steps
        ]
    )
    return float(best[0]), math.sqrt(float(np.linalg.inv(information)[0, 0]))


class Marginal:
    """The average over patients of Weibull survival on a regimen, each under the baseline of the own stratum."""

    def __init__(self, medians, shapes, shifts):
        """`shifts`: log hazards of every patient relative to the baseline, with those of the regimen."""
        self.k = np.asarray(shapes)
        self.rate = math.log(2.0) / np.asarray(medians) ** self.k * np.exp(shifts)

    def survival(self, t):
        return float(np.exp(-self.rate * t**self.k).mean())

    def hazard(self, t):
        left = np.exp(-self.rate * t**self.k)
        return float((left * self.rate * self.k * t ** (self.k - 1.0)).sum() / left.sum())

    def mean(self, horizon, since=0.0):
        area = quad(self.survival, since, since + horizon, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
        return area / self.survival(since)

    def median(self, since=0.0):
        half = self.survival(since) / 2.0
        return optimize.brentq(lambda t: self.survival(t) - half, since, 1e4, xtol=1e-12) - since
