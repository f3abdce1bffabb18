"""How many of the next patients respond: posterior predictive distributions of counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.estimand import SampledEstimand
from bayes_escc.answers.rows import PredictionRow
from bayes_escc.names import ENDPOINT, REGIMEN
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture

__all__ = ["predictions_of", "predictive_pmf", "summarise_pmf"]


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


def predictions_of(
    estimand: SampledEstimand, patients: int, at_least: Sequence[int], ci_prob: float
) -> list[PredictionRow]:
    """Responders among the next patients of every regimen.

    Parameters
    ----------
    estimand : SampledEstimand
        Of the rates they have.
    patients : int
    at_least : sequence of int
        Numbers of responders whose probability of being reached is wanted.
    ci_prob : float
    """
    rows = []
    for labels in estimand.cells():
        law, draws = estimand.law(labels), estimand.draws(labels)
        beta = law if isinstance(law, Beta | BetaMixture) else None
        pmf = predictive_pmf(patients, beta, draws)
        reached = []
        for k in at_least:
            error = 1e-12 if beta else _error_of_tail(draws, patients, k)
            p = min(float(pmf[k:].sum()), 1.0)
            reached.append({"responders": k, "probability": p, "mcse_probability": error})
        numbers = summarise_pmf(pmf, ci_prob)
        name, regimen, endpoint = estimand.name, labels[REGIMEN], labels[ENDPOINT]
        rows.append(PredictionRow(name, regimen, endpoint, patients, *numbers, at_least=tuple(reached)))
    return rows


def _error_of_tail(draws: Any, patients: int, k: int) -> float:
    """Monte Carlo error of the mean, over draws, of P(at least k responders | rate)."""
    from scipy.stats import binom

    from bayes_escc.probability.effective import error_of_mean

    tail = binom.sf(k - 1, patients, draws)
    if np.ptp(tail) == 0:
        return 0.0
    return float(error_of_mean(tail[..., None])[0])
