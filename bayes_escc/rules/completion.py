"""Predictive probability of success for follow-up: every draw completes the study once.

Under each draw of the posterior, patients who are still followed progress later (given that they have not
yet), patients to come are accrued and progress, and the study is closed when its plan says. The completed
data are analysed at once, by an analysis that needs no sampling; the share of draws that end in success
is the predictive probability. It works for any baseline hazard that has `curves`.

References
----------
Spiegelhalter DJ, Freedman LS, Blackburn PR. Control Clin Trials 1986;7:8-17 (predictive power).
Peto R, Pike MC, Armitage P, et al. Br J Cancer 1977;35:1-39 (hazard ratio from the log-rank statistic).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.rules.final_success import PredictiveSurvival
from bayes_escc.rules.rule import Rule, exceeds

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.evidence.followed import Followed

__all__ = ["Completed", "complete", "completing", "final_probability", "successes"]

Array = NDArray[np.float64]
_MOST_VALUES: Final = 4_000_000


@dataclass(frozen=True)
class Completed:
    """Completed studies, one for each draw.

    Parameters
    ----------
    time : array of shape (draws, patients)
        To progression or to the end of the study; 0 for patients who never came.
    event : array of shape (draws, patients)
    experimental : array of shape (patients,)
        Whether a patient is on the regimen of the rule, not on its reference.
    closed : array of shape (draws,)
        When the study closes, counted from now.
    """

    time: Array
    event: NDArray[np.bool_]
    experimental: NDArray[np.bool_]
    closed: Array


def complete(rule: PredictiveSurvival, design: Followed, parameters: xr.Dataset, rng: np.random.Generator) -> Completed:
    """Complete the study once under every draw.

    Patients without an event are taken to be followed still, from the time they were last seen. With a drop-out rate
    they may leave before their event, as may those to come, and are censored then.
    Patients to come arrive as a Poisson process, in random order of arms, with the covariates of
    patients of their arm.
    """
    from bayes_escc.names import CHAIN, DRAW

    draws = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
    others = [r for r in design.regimens if r != rule.reference]
    arms = [rule.regimen or others[0], *([rule.reference] if rule.reference is not None else [])]
    codes = [design.regimens.index(arm) for arm in arms]
    here = np.flatnonzero(np.isin(design.regimen, codes))
    event, seen = design.follow_up.event[here], design.follow_up.last[here]
    new = _to_come(rule, design, codes)
    arm = np.concatenate([design.regimen[here], np.repeat(codes, [len(n) for n in new])]).astype(int)
    now = np.concatenate([seen, np.zeros(len(arm) - len(here))])
    settled = np.concatenate([event, np.zeros(len(arm) - len(here), dtype=bool)])
    source = np.concatenate(
        [here, *[rng.choice(pool, size=len(n)) for n, pool in zip(new, _pools(design, codes), strict=True)]]
    )
    risk = np.exp(design.log_risk(parameters, rng)[:, source.astype(int)])
    curves, group = design.curves(parameters), design.groups_of(arm, source.astype(int))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        before = curves.patient_increment(group, np.zeros(len(arm)), now)
        happens = curves.patient_inverse(group, before + rng.exponential(size=(draws, len(arm))) / risk)
    happens = np.where(settled, now, np.maximum(happens, now))
    arrives = _arrivals(rule, len(arm) - len(here), draws, rng)
    arrives = np.concatenate([-np.broadcast_to(seen, (draws, len(here))), arrives], axis=1)
    leaves = np.full((draws, len(arm)), np.inf)
    if rule.drop_out:  # drawn last, so that a plan without drop-out keeps its draws
        leaves = np.where(settled, np.inf, now + rng.exponential(1.0 / rule.drop_out, size=(draws, len(arm))))
    seen_to_happen = happens <= leaves
    calendar = np.where(seen_to_happen, arrives + happens, np.inf)
    closed = _closing(rule, calendar, settled, arrives, now, here.size)
    over = np.where(np.isfinite(closed), closed, (arrives + np.minimum(happens, leaves)).max(axis=1))
    closed = over if rule.drop_out else closed  # too few are left for the events: the study ends with the last of them
    until = np.where(settled, now, np.maximum(np.minimum(closed[:, None] - arrives, leaves), 0.0))
    # by the calendar, so that the event that closes the study counts, whatever the rounding
    return Completed(np.minimum(happens, until), settled | (calendar <= closed[:, None]), arm == codes[0], closed)


def _to_come(rule: PredictiveSurvival, design: Followed, codes: list[int]) -> list[NDArray[np.intp]]:
    """A place for every patient still to come, by arm."""
    if rule.most is None:
        return [np.zeros(0, dtype=np.intp) for _ in codes]
    return [
        np.arange(max(most - int((design.regimen == code).sum()), 0))
        for most, code in zip(rule.most, codes, strict=True)
    ]


def _pools(design: Followed, codes: list[int]) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(design.regimen == code) for code in codes]


def _arrivals(rule: PredictiveSurvival, coming: int, draws: int, rng: np.random.Generator) -> Array:
    """When patients to come arrive, counted from now, (draws, coming)."""
    if not coming:
        return np.zeros((draws, 0))
    times = np.cumsum(rng.exponential(1.0 / float(rule.accrual or math.nan), size=(draws, coming)), axis=1)
    return np.asarray(rng.permuted(times, axis=1))


def _closing(
    rule: PredictiveSurvival, calendar: Array, settled: NDArray[np.bool_], arrives: Array, now: Array, here: int
) -> Array:
    """When the study closes, counted from now: at its number of events, or after its follow-up."""
    if rule.events is not None:
        wanted = rule.events - int(settled.sum())
        if wanted <= 0:
            return np.zeros(len(calendar))
        later = np.sort(calendar[:, ~settled], axis=1)
        return np.asarray(later[:, wanted - 1])
    follow_up = float(rule.follow_up or 0.0)
    if arrives.shape[1] > here:
        return np.asarray(arrives[:, here:].max(axis=1) + follow_up)
    followed = now[~settled]
    shortest = float(followed.min()) if followed.size else follow_up
    return np.full(len(calendar), max(follow_up - shortest, 0.0))


def final_probability(rule: PredictiveSurvival, studies: Completed, rng: np.random.Generator) -> Array:
    """The probability the final analysis of every completed study would report, (draws,)."""
    from scipy.special import betainc, gammainc

    time, event, first = studies.time, studies.event, studies.experimental
    if rule.final == "logrank":
        log_ratio, error = log_rank(time, event, first, rng)
        from scipy.special import ndtr

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(np.isfinite(error), ndtr((math.log(rule.value) - log_ratio) / error), 0.5)
    total = [(event[:, g].sum(axis=1), time[:, g].sum(axis=1)) for g in (first, ~first)]
    (d1, t1), (d0, t0) = total
    with np.errstate(divide="ignore", invalid="ignore"):
        if rule.reference is None:  # P(median > value): the hazard is Gamma(d, T)
            found = gammainc(d1, t1 * math.log(2.0) / rule.value)
        else:  # P(hazard ratio < value) of two Gamma(d, T) hazards
            found = betainc(d1, d0, rule.value * t1 / (t0 + rule.value * t1))
            found = np.where(d1 == 0, np.where(d0 == 0, 0.5, 1.0), np.where(d0 == 0, 0.0, found))
    return np.asarray(found)


def log_rank(
    time: Array, event: NDArray[np.bool_], first: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Log hazard ratio (first against the others) and its standard error from the log-rank statistic.

    One row of `time` and `event` is one study. Ties are broken at random. The error is infinite where no
    event tells the arms apart.
    """
    shuffled = rng.permutation(time.shape[1])
    order = shuffled[np.argsort(time[:, shuffled], axis=1, kind="stable")]
    happened = np.take_along_axis(event, order, axis=1)
    mine = first[order]
    at_risk = time.shape[1] - np.arange(time.shape[1])
    share = (first.sum() - np.cumsum(mine, axis=1) + mine) / at_risk
    excess = (happened * (mine - share)).sum(axis=1)
    variance = (happened * share * (1.0 - share)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, excess / variance, 0.0), 1.0 / np.sqrt(variance)


def completing(rules: Sequence[Rule]) -> list[PredictiveSurvival]:
    """The rules whose statistic comes from completing the study under every draw of the posterior."""
    return [rule for rule in rules if isinstance(rule, PredictiveSurvival)]


def successes(rules: Sequence[PredictiveSurvival], design: Followed, parameters: xr.Dataset, seed: int) -> xr.Dataset:
    """Whether the study ends in success, by rule and draw.

    Of very many draws of very many patients every second, third ... is used.

    Returns
    -------
    Dataset
        ``success``, dimensions (rule, chain, draw).
    """
    import xarray as xr

    from bayes_escc.names import CHAIN, DRAW

    patients = max([design.patients, *(sum(rule.most or (0,)) for rule in rules)])
    values = parameters.sizes[CHAIN] * parameters.sizes[DRAW] * patients
    used = parameters.isel({DRAW: slice(None, None, max(1, -(-values // _MOST_VALUES)))})
    found = []
    for rule in rules:
        rng = np.random.default_rng([seed, 20080318])  # the same for every rule: their order does not matter
        studies = complete(rule, design, used, rng)
        if not np.isfinite(studies.closed).all():
            raise AnalysisError(f"{rule.name}: the study would never close under some draws; state follow_up instead.")
        found.append(exceeds(final_probability(rule, studies, rng), rule.success))
    shape = (len(rules), used.sizes[CHAIN], used.sizes[DRAW])
    return xr.Dataset(
        {"success": (("rule", CHAIN, DRAW), np.stack(found).reshape(shape).astype("int8"))},
        coords={"rule": [rule.name for rule in rules]},
    )
