"""Constant hazards under Gamma priors: closed forms, from the counts of events and the time at risk."""

from __future__ import annotations

from math import log

from scipy.special import betainc, gammaln
from scipy.stats import gamma


def probability_lower_hazard(prior, first, second):
    """P(hazard of the second < hazard of the first); each is (events, exposure), the prior (shape, rate)."""
    (a, b), (d1, t1), (d2, t2) = prior, first, second
    share = (b + t2) / (b + t1 + b + t2)
    return float(betainc(a + d2, a + d1, share))


def log_predictive(prior, seen, new):
    """Log density of new event times and censorings given those seen; each is (events, exposure)."""
    (a, b), (d, t), (d_new, t_new) = prior, seen, new
    a, b = a + d, b + t
    return float(gammaln(a + d_new) - gammaln(a) + a * log(b) - (a + d_new) * log(b + t_new))


def hazard_quantile(prior, seen, q):
    """Quantile of the posterior of a hazard."""
    (a, b), (d, t) = prior, seen
    return float(gamma.ppf(q, a + d, scale=1.0 / (b + t)))
