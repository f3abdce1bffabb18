"""Borrowing from historical rates: a meta-analytic-predictive (MAP) prior, made robust, sized in patients.

The predictive distribution of a new study's rate, from a logit-normal hierarchy of historical
studies, is approximated by a mixture of Beta distributions; a weight on a vague component guards
against a new study that differs; updating with counts is closed. What the new patients say alone
is always given beside it.

The hierarchy is integrated, not sampled (`probability.rate_hierarchy`); the answers of an analysis
come from the integral, and the mixture fitted to it is for print and for rules.

References
----------
Neuenschwander B, Capkun-Niggli G, Branson M, Spiegelhalter DJ. Clin Trials 2010;7:5-18 (MAP).
Schmidli H, Gsteiger S, Roychoudhury S, et al. Biometrics 2014;70:1023-1032 (robust mixtures).
Yang P, Zhao Y, Nie L, Vallejo J, Yuan Y. Biometrics 2023;79:2857-2868 (self-adapting weight).
Duan Y, Ye K, Smith EP. Environmetrics 2006;17:95-106 (normalised power prior).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable
from bayes_escc.families.rate_hierarchy_priors import RATE_HIERARCHY_PRIORS
from bayes_escc.names import ENDPOINT, REGIMEN, AnyArray, NotebookView
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixture_fit import fit_beta_mixture, fit_law
from bayes_escc.probability.mixtures import VAGUE, BetaMixture
from bayes_escc.probability.rate_hierarchy import integrate_rates
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.answers.posterior import Posterior

__all__ = ["Borrowed", "borrow", "map_prior", "power_prior", "sam_weight", "summary_of"]

Array = NDArray[np.float64]
_DISCOUNTS: Final = 48
"""Nodes of the discount of a power prior."""


def map_prior(
    historical: Posterior | CountTable,
    regimen: str | None = None,
    *,
    logit_mean: Prior | None = None,
    tau: Prior | None = None,
) -> BetaMixture:
    """The meta-analytic-predictive prior: the predictive rate of a new study, as a Beta mixture.

    Parameters
    ----------
    historical : CountTable or Posterior
        Counts of one endpoint, every row one study (or arm) exchangeable with the new one; then the
        hierarchy is integrated here. Or the posterior of a response model pooled over studies
        (``pooling = "partial"``, ``pool_over = "studies"``) or of a beta-binomial model.
    regimen : str, optional
        Needed where a posterior has several.
    logit_mean, tau : Prior, optional
        For counts: priors of the mean log odds and of the standard deviation between studies; by
        default those of a response model.

    Raises
    ------
    AnalysisError
    """
    if isinstance(historical, CountTable):
        if len(historical.endpoints) > 1:
            raise AnalysisError(f"a MAP prior is of one endpoint: select one of {', '.join(historical.endpoints)}.")
        if regimen is not None:
            historical = historical.select(regimens=[regimen])
        counts = historical.frame["events"].to_numpy(), historical.frame["n"].to_numpy()
        hierarchy = integrate_rates(
            *counts, logit_mean or RATE_HIERARCHY_PRIORS["logit_mean"][0], tau or RATE_HIERARCHY_PRIORS["tau"][0]
        )
        return fit_law(hierarchy.predicted).mixture
    if logit_mean is not None or tau is not None:
        raise AnalysisError("a posterior has its priors already: leave logit_mean and tau out.")
    if "predicted_rate" not in historical.estimand_names:
        raise AnalysisError('a MAP prior needs rates pooled over studies: pooling = "partial", pool_over = "studies".')
    rates = historical.estimand("predicted_rate")
    regimens = [str(r) for r in rates[REGIMEN].to_numpy()]
    if regimen is None and len(regimens) > 1:
        raise AnalysisError(f"name a regimen: one of {', '.join(regimens)}.")
    chosen = regimen or regimens[0]
    if chosen not in regimens:
        raise AnalysisError(f"{chosen!r} is not a regimen here: use one of {', '.join(regimens)}.")
    if ENDPOINT in rates.dims:
        raise AnalysisError("a MAP prior is of one endpoint: fit one.")
    return fit_beta_mixture(rates.sel({REGIMEN: chosen}).to_numpy())


def power_prior(
    events: Sequence[int] | AnyArray,
    n: Sequence[int] | AnyArray,
    *,
    discount: Beta = VAGUE,
    initial: Beta = VAGUE,
) -> BetaMixture:
    """The normalised power prior of a rate: the history counts with a power that is itself unknown.

    Given a power d, the prior is Beta(alpha + d events, beta + d (n - events)), events and patients summed over the
    historical arms; d has a Beta prior and is averaged over, normalised, so that the new data inform it.

    Parameters
    ----------
    events, n : sequence of int
        Of the historical arms.
    discount : Beta
        Prior of the power; uniform by default.
    initial : Beta
        Prior of the rate before the history.

    Returns
    -------
    BetaMixture
        One component for every node of the power.

    References
    ----------
    Duan Y, Ye K, Smith EP. Environmetrics 2006;17:95-106.
    """
    k, m = int(np.sum(events)), int(np.sum(n))
    if not 0 <= k <= m:
        raise AnalysisError(f"events must lie between 0 and n, not {k} of {m}.")
    x, w = np.polynomial.legendre.leggauss(_DISCOUNTS)
    # nodes gather at both ends, where a Beta prior may rise without bound
    angle = 0.25 * math.pi * (x + 1.0)
    power = np.sin(angle) ** 2
    log_density = (discount.alpha - 0.5) * np.log(power) + (discount.beta - 0.5) * np.log1p(-power)
    share = w * np.exp(log_density)
    share /= share.sum()
    return BetaMixture(
        tuple(float(v) for v in share),
        tuple(Beta(initial.alpha + float(d) * k, initial.beta + float(d) * (m - k)) for d in power),
    )


def sam_weight(prior: BetaMixture, *, events: int, n: int, difference: float) -> float:
    """The self-adapting (SAM) robust weight: large where the new patients contradict the history.

    One minus R / (1 + R), where R is the likelihood ratio of the history's mean rate against that rate plus or minus
    a clinically relevant difference, whichever of the two the new patients favour.

    Parameters
    ----------
    prior : BetaMixture
        The historical prior, not yet robust.
    events, n : int
        Of the new patients.
    difference : float
        In the rate.

    References
    ----------
    Yang P, Zhao Y, Nie L, Vallejo J, Yuan Y. Biometrics 2023;79:2857-2868.
    """
    if not 0.0 < difference < 1.0:
        raise AnalysisError(f"difference lies between 0 and 1, not {difference!r}.")
    if not 0 <= events <= n:
        raise AnalysisError(f"events must lie between 0 and n, not {events} of {n}.")

    def log_likelihood(rate: float) -> float:
        rate = min(max(rate, 1e-6), 1.0 - 1e-6)
        return events * math.log(rate) + (n - events) * math.log1p(-rate)

    centre = prior.mean
    apart = max(log_likelihood(centre + difference), log_likelihood(centre - difference))
    log_ratio = log_likelihood(centre) - apart
    return 1.0 / (1.0 + math.exp(min(log_ratio, 700.0)))


@dataclass(frozen=True)
class Borrowed(NotebookView):
    """A rate with and without borrowing.

    Parameters
    ----------
    events, n : int
    historical : BetaMixture
        The MAP prior, before it is made robust.
    prior, posterior : BetaMixture
        With borrowing, the robust component included.
    alone : Beta
        The posterior of the new patients alone, under the robust component as prior.
    robust_weight, weight_after : float
        Of the robust component before and after the data.
    """

    events: int
    n: int
    historical: BetaMixture
    prior: BetaMixture
    posterior: BetaMixture
    alone: Beta
    robust_weight: float
    weight_after: float

    @property
    def patients_borrowed(self) -> float:
        """Effective sample size (ELIR) of the prior, in patients."""
        return self.prior.ess()

    @property
    def conflict(self) -> float:
        """Probability, under the historical prior, of a count as improbable as this one or more so."""
        return self.historical.predictive_tail(self.events, self.n)

    @property
    def table(self) -> pd.DataFrame:
        """Mean, sd, median and 95 % interval with and without borrowing."""
        import pandas as pd

        laws: Sequence[tuple[str, BetaMixture | Beta]] = (("with borrowing", self.posterior), ("without", self.alone))
        return pd.DataFrame([{"rate": name, **summary_of(law, 0.95)} for name, law in laws])


def summary_of(law: BetaMixture | Beta, prob: float) -> dict[str, float]:
    """Mean, sd, median and equal-tailed interval of a law."""
    tail = (1.0 - prob) / 2.0
    return {
        "mean": law.mean,
        "sd": law.sd,
        "median": law.quantile(0.5),
        "lower": law.quantile(tail),
        "upper": law.quantile(1.0 - tail),
    }


def borrow(
    prior: BetaMixture, *, events: int, n: int, robust_weight: float = 0.2, robust_component: Beta = VAGUE
) -> Borrowed:
    """Update a historical prior with new patients, visibly and adjustably.

    Parameters
    ----------
    prior : BetaMixture
        As `map_prior` gives it.
    events, n : int
        Of the new patients.
    robust_weight : float
        Prior probability that the new study is not like the historical ones, from 0 to 1.
    robust_component : Beta
        What is known of the rate then; uniform by default.

    Returns
    -------
    Borrowed
    """
    robust = prior.robust(robust_weight, robust_component)
    after = robust.update(events, n)
    weight_after = after.weights[-1] if robust_weight > 0 else 0.0
    alone = Beta(robust_component.alpha + events, robust_component.beta + n - events)
    return Borrowed(events, n, prior, robust, after, alone, robust_weight, weight_after)
