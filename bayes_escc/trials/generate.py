"""Simulated patients as arrays: entry, arm, response, event and drop-out, each from a uniform of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from bayes_escc.trials.spec import Accrual, Covariate, PfsEndpoint, Steps, TrialSpec, Truth
from bayes_escc.trials.streams import uniforms

__all__ = ["Patients", "arrivals", "event_times", "generate", "seen_at"]

Array = NDArray[np.float64]
_LOG2 = math.log(2.0)


@dataclass(frozen=True)
class Patients:
    """The patients of some trials, (trials, patients) each, in the order of entry; months.

    Parameters
    ----------
    first : int
        Number of the first trial.
    arm : array of int
    entry, drop_out : array
        Calendar time of entry; time since entry of leaving.
    response : mapping of str to array of bool
        By binary endpoint.
    event : array
        True time from entry to progression or death; infinite without such an endpoint.
    covariates : mapping of str to array
    effect : array of shape (trials,) or None
        What the truth was drawn to be, for the design prior.
    """

    first: int
    arm: NDArray[np.int64]
    entry: Array
    drop_out: Array
    response: Mapping[str, NDArray[np.bool_]]
    event: Array
    covariates: Mapping[str, Array]
    effect: Array | None = None

    @property
    def trials(self) -> int:
        """Number of trials."""
        return int(self.arm.shape[0])


def generate(spec: TrialSpec, truth: Truth, patients: int, first: int, trials: int, *, drawn: bool = False) -> Patients:
    """Simulate trials `first`, `first + 1`, ... of a truth.

    Parameters
    ----------
    spec : TrialSpec
    truth : Truth
    patients : int
        The most that enter; a smaller number gives the beginning of the same trials.
    first, trials : int
    drawn : bool
        Whether effects are drawn from the design prior, once per trial, instead of those of the truth.
    """
    seed = spec.simulation.seed

    def stream(purpose: str, column: int = 0) -> Array:
        return uniforms(seed, purpose, first, trials, patients, column)

    whole = -(-patients // spec.block) * spec.block
    arm = _arms(uniforms(seed, "order in block", first, trials, whole), spec, patients)
    entry = arrivals(spec.accrual, stream("entry"))
    hazards = np.array(spec.accrual.drop_out)[arm]
    with np.errstate(divide="ignore"):
        drop_out = -np.log(stream("drop-out")) / hazards if any(spec.accrual.drop_out) else np.full_like(entry, np.inf)
    covariates = {
        c.name: _covariate(c, stream("covariate", i) if c.law != "rows" else stream("registry row"))
        for i, c in enumerate(truth.covariates)
    }
    rates, ratio, effect = _truths(spec, truth, first, trials, drawn)
    response = _responses(truth, rates, arm, stream)
    event = np.full((trials, patients), np.inf)
    if spec.pfs is not None:
        effects = [c.coefficient * covariates[c.name] for c in truth.covariates]
        multiple = np.exp(sum(effects, np.zeros_like(entry)))
        if truth.responders_hazard != 1.0 and response:
            multiple = multiple * np.where(next(iter(response.values())), truth.responders_hazard, 1.0)
        if ratio is not None:
            multiple = multiple * np.where(arm == 0, 1.0, ratio[:, None])
        steps = truth.hazard_ratio if ratio is None else (((0.0, 1.0),),) * len(spec.arms)
        event = event_times(-np.log(stream("event")) / multiple, arm, truth.median, truth.shape, steps)
    return Patients(first, arm, entry, drop_out, response, event, covariates, effect)


def _responses(
    truth: Truth, rates: Mapping[str, Array], arm: NDArray[np.int64], stream: Callable[[str, int], Array]
) -> dict[str, NDArray[np.bool_]]:
    """Responses of every binary endpoint; the second of two follows the first where their association is stated."""
    rows = np.arange(len(arm))[:, None]
    chances = {name: of[rows, arm] for name, of in rates.items()}
    found = {name: stream("response", i) < chance for i, (name, chance) in enumerate(chances.items())}
    if truth.both:
        one, two = chances
        both = _both(truth, chances[one], chances[two], arm)
        with np.errstate(divide="ignore", invalid="ignore"):
            given = np.where(found[one], both / chances[one], (chances[two] - both) / (1.0 - chances[one]))
        found[two] = stream("response", 1) < given
    return found


def _both(truth: Truth, first: Array, second: Array, arm: NDArray[np.int64]) -> Array:
    """P(both) of the endpoints of each patient: as stated, at the same odds ratio where rates were drawn anew."""
    stated = np.array(truth.both)[arm]
    one, two = (np.array(rates)[arm] for rates in truth.rates.values())
    low, high = np.maximum(0.0, first + second - 1.0), np.minimum(first, second)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = stated * (1.0 - one - two + stated) / ((one - stated) * (two - stated))
        s = 1.0 + (first + second) * (odds - 1.0)
        root = np.sqrt(s * s - 4.0 * odds * (odds - 1.0) * first * second)
        plackett = np.where(np.abs(odds - 1.0) < 1e-9, first * second, (s - root) / (2.0 * (odds - 1.0)))
    anew = np.where(np.isfinite(plackett), plackett, high)
    same = (first == one) & (second == two)
    return np.clip(np.where(same, stated, anew), low, high)


def _arms(order: Array, spec: TrialSpec, patients: int) -> NDArray[np.int64]:
    """Permuted blocks: the uniforms of a block order its places."""
    block = np.repeat(np.arange(len(spec.arms)), spec.allocation)
    block = np.tile(block, spec.block // len(block))
    places = np.argsort(order.reshape(len(order), -1, len(block)), axis=-1, kind="stable")
    arms = np.empty_like(places)
    np.put_along_axis(arms, places, np.broadcast_to(block, places.shape), axis=-1)
    return arms.reshape(len(order), -1)[:, :patients]


def arrivals(accrual: Accrual, uniform: Array) -> Array:
    """Calendar time of every entry, by inverting the integrated rate."""
    if accrual.pattern == "uniform":
        expected = np.sort(uniform, axis=1) * uniform.shape[1]
    elif accrual.pattern == "even":
        expected = np.broadcast_to(np.arange(1, uniform.shape[1] + 1) - 0.5, uniform.shape)
    else:
        expected = np.cumsum(-np.log(uniform), axis=1)
    if len(accrual.rate) == 1:
        return np.asarray(expected / accrual.rate[0][1])
    starts = np.array([month for month, _ in accrual.rate])
    rates = np.array([rate for _, rate in accrual.rate])
    reached = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])
    place = np.searchsorted(reached, expected, side="right") - 1
    return np.asarray(starts[place] + (expected - reached[place]) / rates[place])


def event_times(
    cumulative: Array, arm: NDArray[np.int64], median: float, shape: float, ratios: tuple[Steps, ...]
) -> Array:
    """Times at which a cumulative hazard is reached.

    Parameters
    ----------
    cumulative : array of shape (trials, patients)
        The cumulative hazard to be reached, in units of the arm's.
    arm : array of int, same shape
    median, shape : float
        Of the Weibull law of the reference.
    ratios : tuple of Steps
        Hazard ratio of every arm from a time on.
    """
    if all(len(steps) == 1 for steps in ratios):
        of_reference = cumulative / np.array([steps[0][1] for steps in ratios])[arm]
        return np.asarray(median * (of_reference / _LOG2) ** (1.0 / shape))
    times = np.empty_like(cumulative)
    for place, steps in enumerate(ratios):
        here = arm == place
        starts = np.array([start for start, _ in steps])
        ratio = np.array([value for _, value in steps])
        base = _LOG2 * (starts / median) ** shape
        reached = np.concatenate([[0.0], np.cumsum(ratio[:-1] * np.diff(base))])
        wanted = cumulative[here]
        step = np.searchsorted(reached, wanted, side="right") - 1
        of_reference = base[step] + (wanted - reached[step]) / ratio[step]
        times[here] = median * (of_reference / _LOG2) ** (1.0 / shape)
    return times


def seen_at(event: Array, followed: Array, pfs: PfsEndpoint) -> tuple[Array, NDArray[np.bool_]]:
    """What is known of the event after a time of follow-up: time, and whether it was seen.

    With visits, progression is seen at the next one, and who is free of it is known to be so at the last one.
    """
    if pfs.visits is None:
        return np.minimum(event, followed), event <= followed
    seen = np.ceil(event / pfs.visits) * pfs.visits
    last = np.floor(followed / pfs.visits) * pfs.visits
    known = seen <= followed
    return np.where(known, seen, last), known


def _covariate(covariate: Covariate, uniform: Array) -> Array:
    if covariate.law == "rows":
        rows = np.array(covariate.rows)
        return np.asarray(rows[(uniform * len(rows)).astype(np.int64)])
    if covariate.law == "binary":
        return (uniform < covariate.first).astype(np.float64)
    return np.asarray(covariate.first + covariate.second * ndtri(uniform), dtype=np.float64)


def _truths(
    spec: TrialSpec, truth: Truth, first: int, trials: int, drawn: bool
) -> tuple[dict[str, Array], Array | None, Array | None]:
    """True rates by trial and arm, true hazard ratio by trial if drawn, and the effect the criterion is about."""
    rates = {name: np.broadcast_to(np.array(of), (trials, len(of))) for name, of in truth.rates.items()}
    prior = spec.design_prior
    if not drawn or prior is None:
        return rates, None, None
    ratio = None
    if prior.log_hazard_ratio is not None:
        mean, sd = prior.log_hazard_ratio
        ratio = np.exp(mean + sd * ndtri(uniforms(spec.simulation.seed, "truth", first, trials, 1)[:, 0]))
    for i, (name, laws) in enumerate(prior.rates.items()):
        u = uniforms(spec.simulation.seed, "truth", first, trials, len(laws), column=i + 1)
        rates[name] = np.column_stack([betaincinv(a, b, u[:, k]) for k, (a, b) in enumerate(laws)])
    effect = ratio if prior.estimand == "hazard_ratio" else _difference(rates[prior.estimand])
    return rates, ratio, effect


def _difference(rates: Array) -> Array:
    return np.asarray(rates[:, -1] - rates[:, 0] if rates.shape[1] > 1 else rates[:, 0])
