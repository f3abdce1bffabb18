"""How many of the next patients respond: posterior predictive distributions of counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture

__all__ = ["predictive_pmf", "summarise_pmf"]


def predictive_pmf(patients: int, law: Beta | BetaMixture | None, draws: Any) -> NDArray[np.float64]:
    """P(k responders among the next patients), k = 0 ... patients.

    Parameters
    ----------
    patients : int
    law : Beta, BetaMixture or None
        If the rate has a Beta posterior, or a mixture, the distribution is beta-binomial, exactly.
    draws : array
        Otherwise draws of the rate, over which binomial probabilities are averaged.
    """
    k = np.arange(patients + 1)
    if isinstance(law, BetaMixture):
        return law.predictive(patients)
    if law is not None:
        upper = np.array([math.lgamma(law.alpha + i) - math.lgamma(i + 1.0) for i in k])
        lower = np.array([math.lgamma(law.beta + patients - i) - math.lgamma(patients - i + 1.0) for i in k])
        constant = math.lgamma(patients + 1.0) - law.log_normaliser() - math.lgamma(law.alpha + law.beta + patients)
        return np.asarray(np.exp(upper + lower + constant))
    from scipy.stats import binom

    rates = np.asarray(draws).ravel()
    pmf = np.zeros(patients + 1)
    block = max(1, 2_000_000 // (patients + 1))
    for start in range(0, rates.size, block):
        pmf += binom.pmf(k, patients, rates[start : start + block, None]).sum(axis=0)
    return pmf / rates.size


def summarise_pmf(pmf: NDArray[np.float64], ci_prob: float) -> tuple[float, float, int, int, int, float]:
    """Mean, sd, median, lower and upper limit, and `ci_prob`, of a distribution over 0, 1, 2, ..."""
    k = np.arange(pmf.size)
    mean = float(k @ pmf)
    cumulative = np.cumsum(pmf)
    tail = (1.0 - ci_prob) / 2.0
    lower, median, upper = (
        min(int(np.searchsorted(cumulative, q - 1e-12)), pmf.size - 1) for q in (tail, 0.5, 1.0 - tail)
    )
    return mean, float(np.sqrt(((k - mean) ** 2) @ pmf)), median, lower, upper, ci_prob
