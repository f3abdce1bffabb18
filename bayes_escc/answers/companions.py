"""Frequentist companions of an answer: log-rank test, Fisher's exact test, and Cox's regression with Efron's ties.

They stand in an appendix, labelled as what they are; no answer of this package rests on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import AnyArray

__all__ = ["CoxFit", "cox", "fisher", "log_rank"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
_STEPS: Final = 50
_TOLERANCE: Final = 1e-10
_LARGEST: Final = 8.0
"""A log hazard ratio or a standard error beyond this, per standard deviation, is taken for one without a maximum."""


@dataclass(frozen=True)
class CoxFit:
    """Cox's proportional hazards regression.

    Parameters
    ----------
    coefficients, errors : array of shape (covariates,)
        Log hazard ratios and their standard errors, from the observed information.
    log_likelihood, null_log_likelihood : float
        The partial log likelihood at its maximum, and without covariates.
    converged : bool
        False where the likelihood has no maximum, as when all events are on one side of a covariate.
    """

    coefficients: Array
    errors: Array
    log_likelihood: float
    null_log_likelihood: float
    converged: bool


def _at_risk(t: float, stop: Array, start: Array) -> Flags:
    """Who is at risk just before a time; those who enter at 0 are at risk at 0 too."""
    return np.asarray((stop >= t) & ((start < t) | ((t == 0) & (start == 0))))


def cox(
    stop: Array, event: Flags, covariates: Array, start: Array | None = None, stratum: AnyArray | None = None
) -> CoxFit:
    """Fit Cox's regression by Newton's method, ties by Efron's approximation; delayed entry allowed.

    Parameters
    ----------
    stop : array of shape (patients,)
        Time of the event or of censoring.
    event : array of bool, shape (patients,)
    covariates : array of shape (patients, covariates)
    start : array of shape (patients,), optional
        Time of entry; 0 if not given.
    stratum : array of shape (patients,), optional
        Who has a baseline hazard in common; all have if not given.

    Returns
    -------
    CoxFit

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220. Efron B. J Am Stat Assoc 1977;72:557-565.
    """
    entry = np.zeros_like(stop) if start is None else start
    spread = covariates.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    x = (covariates - covariates.mean(axis=0)) / scale
    strata = [np.ones(len(stop), dtype=bool)] if stratum is None else [stratum == s for s in np.unique(stratum)]
    groups = [
        (_at_risk(t, stop, entry) & mine, event & (stop == t) & mine)
        for mine in strata
        for t in np.unique(stop[event & mine])
    ]
    beta = np.zeros(x.shape[1])
    value, gradient, information = _partial_likelihood(beta, x, groups)
    null = value
    converged = bool(len(groups)) and bool((spread > 0).all())
    for _ in range(_STEPS):
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        size = 1.0
        while size > 1e-6:
            trial = _partial_likelihood(beta + size * step, x, groups)
            if trial[0] >= value:
                break
            size /= 2.0
        beta, before = beta + size * step, value
        value, gradient, information = trial
        if np.abs(beta).max(initial=0.0) > _LARGEST:
            converged = False
            break
        if abs(value - before) <= _TOLERANCE * (abs(value) + _TOLERANCE):
            break
    else:
        converged = False
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(np.linalg.pinv(information)))
    converged = converged and bool(((errors > 0) & (errors < _LARGEST)).all())
    return CoxFit(beta / scale, errors / scale, value, null, converged)


def _partial_likelihood(beta: Array, x: Array, groups: list[tuple[Flags, Flags]]) -> tuple[float, Array, Array]:
    """Partial log likelihood, its gradient, and the information."""
    size = x.shape[1]
    value, gradient, information = 0.0, np.zeros(size), np.zeros((size, size))
    linear = x @ beta
    for at_risk, failed in groups:
        top = float(linear[at_risk].max())
        weight = np.exp(linear - top)
        value += float(linear[failed].sum())
        gradient += x[failed].sum(axis=0)
        sums = []
        for members in (at_risk, failed):
            w, z = weight[members], x[members]
            sums.append((w.sum(), w @ z, (z * w[:, None]).T @ z))
        tied = int(failed.sum())
        for place in range(tied):
            share = place / tied
            zero, one, two = (a - share * b for a, b in zip(*sums, strict=True))
            mean = one / zero
            value -= math.log(zero) + top
            gradient -= mean
            information += two / zero - np.outer(mean, mean)
    return value, gradient, information


def log_rank(stop: Array, event: Flags, second: Flags, start: Array) -> float:
    """Chi-squared statistic of the log-rank test of two groups, one degree of freedom; delayed entry allowed.

    References
    ----------
    Mantel N. Cancer Chemother Rep 1966;50:163-170.
    """
    difference = variance = 0.0
    for t in np.unique(stop[event]):
        risk = _at_risk(t, stop, start)
        n, n2 = int(risk.sum()), int((risk & second).sum())
        failed = event & (stop == t)
        d, d2 = int(failed.sum()), int((failed & second).sum())
        difference += d2 - d * n2 / n
        if n > 1:
            variance += d * (n2 / n) * (1 - n2 / n) * (n - d) / (n - 1)
    return difference**2 / variance if variance > 0 else 0.0


def fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p value of Fisher's exact test: all tables at most as probable as the one seen."""
    total = a + b

    def log_choose(size: int, k: int) -> float:
        return math.lgamma(size + 1) - math.lgamma(k + 1) - math.lgamma(size - k + 1)

    logs = np.array([log_choose(n, k) + log_choose(m, total - k) for k in range(max(0, total - m), min(n, total) + 1)])
    weights = np.exp(logs - logs.max())
    seen = weights[a - max(0, total - m)]
    return float(min(1.0, weights[weights <= seen * (1 + 1e-9)].sum() / weights.sum()))
