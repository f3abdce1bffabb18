"""Two binomial rates with a prior of their contrast, by a plain two-dimensional quadrature over the rates."""

from __future__ import annotations

import numpy as np
from scipy import special, stats


class TiedRates:
    """The joint density of a reference's rate and another one.

    Parameters
    ----------
    counts : ((events, n), (events, n))
        Of the reference and of the other regimen.
    effect : {"log_odds_ratio", "log_risk_ratio", "risk_difference"}
    log_effect : callable
        Log density of the contrast.
    level : frozen SciPy distribution
        Of the rate of the reference, or of the average of both on the scale of the contrast.
    exchangeable : bool
    """

    def __init__(self, counts, effect, log_effect, *, level=None, exchangeable=True, nodes=160):
        self.counts, self.log_effect, self.exchangeable = counts, log_effect, exchangeable
        self.level = stats.uniform(0, 1) if level is None else level
        self.link, self.slope, self.back, self.back_slope = {
            "log_odds_ratio": (special.logit, lambda p: 1 / (p * (1 - p)), special.expit, lambda p: p * (1 - p)),
            "log_risk_ratio": (np.log, lambda p: 1 / p, np.exp, lambda p: p),
            "risk_difference": (lambda p: p, lambda p: 1.0 + 0 * p, lambda v: v, lambda p: 1.0 + 0 * p),
        }[effect]
        self.nodes, self.weights = special.roots_legendre(nodes)

    def _density(self, p0, p1):
        at = self.back((self.link(p0) + self.link(p1)) / 2) if self.exchangeable else p0 + 0 * p1
        log = self.level.logpdf(at) + np.log(self.back_slope(at)) + self.log_effect(self.link(p1) - self.link(p0))
        if not self.exchangeable:
            log = log - np.log(self.back_slope(p0) * self.slope(p0))
        log = log + np.log(self.slope(p0)) + np.log(self.slope(p1))
        for (k, n), p in zip(self.counts, (p0, p1), strict=True):
            log = log + stats.binom.logpmf(k, n, p)
        return np.exp(log)

    def _rule(self, low, high):
        """Points between limits that crowd at both of them, and their weights."""
        angle = np.pi / 4 * (self.nodes + 1)
        share, weight = np.sin(angle) ** 2, np.pi / 4 * self.weights * np.sin(2 * angle)
        return np.clip(low + (high - low) * share, 1e-14, 1 - 1e-14), (high - low) * weight

    def integral(self, function=lambda p0, p1: 1.0, above=None):
        """Of the density times a function of both rates, perhaps only where the second exceeds the first by so much."""
        margin = -1.0 if above is None else above
        parts = [(max(0.0, -margin), min(1.0, 1.0 - margin), True), (0.0, max(0.0, -margin), False)]
        total = 0.0
        for low, high, bounded in parts:
            if high > low:
                p0, w0 = (v[:, None] for v in self._rule(low, high))
                p1, w1 = self._rule(p0 + margin if bounded else 0.0 * p0, 1.0 + 0.0 * p0)
                total += float((w0 * w1 * self._density(p0, p1) * function(p0, p1)).sum())
        return total

    def above(self, margin):
        """P(second rate > first + margin)."""
        return self.integral(above=margin) / self.integral()

    def mean(self, function):
        """The mean of a function of both rates."""
        return self.integral(function) / self.integral()


class SeveralTied:
    """Three or more rates with a normal prior of their contrasts, on a grid over all of them.

    Parameters
    ----------
    counts : sequence of (events, n)
        The reference's first.
    effect : {"log_odds_ratio", "log_risk_ratio", "risk_difference"}
    sds, means : sequence of float
        Of the contrasts against the reference; exchangeable rates have one sd, of every pair.
    exchangeable : bool
    """

    def __init__(self, counts, effect, sds, means=None, *, exchangeable=True, nodes=100):
        own = TiedRates(counts[:2], effect, None, exchangeable=exchangeable, nodes=nodes)
        p, w = own._rule(0.0, 1.0)
        size = len(counts)
        self.rates = np.meshgrid(*[p] * size, indexing="ij", sparse=True)
        weights = np.meshgrid(*[w] * size, indexing="ij", sparse=True)
        values = [own.link(q) for q in self.rates]
        if exchangeable:
            mean = sum(values) / size
            log = np.log(own.back_slope(own.back(mean))) - sum((v - mean) ** 2 for v in values) / sds[0] ** 2
        else:
            log = -np.log(own.slope(self.rates[0]))
            for v, sd, mu in zip(values[1:], sds, means or [0.0] * (size - 1), strict=True):
                log = log + stats.norm.logpdf(v - values[0], mu, sd)
        for (k, n), q, weight in zip(counts, self.rates, weights, strict=True):
            log = log + stats.binom.logpmf(k, n, q) + np.log(own.slope(q)) + np.log(weight)
        self.mass = np.exp(log)
        self.total = self.mass.sum()
        self.mass /= self.total

    def mean(self, function):
        """The mean of a function of all rates."""
        return float((self.mass * function(*self.rates)).sum())
