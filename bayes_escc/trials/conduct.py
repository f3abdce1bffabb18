"""Conducting many simulated trials: when each look falls, what is known then, and which rule acts first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.trials.answers import FastModel, hazard_statistics, rate_statistics, rate_verdicts, verdicts_of
from bayes_escc.trials.generate import Patients, generate, seen_at
from bayes_escc.trials.slow import fitted_statistics
from bayes_escc.trials.spec import LookPlan, PlannedRule, TrialSpec, Truth

__all__ = ["Outcomes", "conduct", "join", "look_times", "state_at"]

Array = NDArray[np.float64]


_INSTANT = 1e-9
"""Months by which a look sees beyond its time, so that the event that calls it is seen whatever the rounding."""


@dataclass(frozen=True)
class Outcomes:
    """How trials ended; arrays of shape (trials,), and of (trials, rules) or (trials, looks in all).

    Parameters
    ----------
    first : int
        Number of the first trial.
    decision : array of int
        1 go, -1 stop, 0 neither.
    rule, look : array of int
        Which rule ended the trial at which of its looks; -1 if none did.
    patients, months, events : array
        Entered, calendar time and events seen at the end.
    advice : array of int, (trials, rules)
        First act of every rule up to the end, binding or not.
    at : array of int, (trials, looks)
        Act of every rule at every look that was reached (0 otherwise), in the order of rules and their looks.
    extreme : array
        Greatest statistic of the rule that is calibrated, over its looks before another rule ended the trial.
    effect : array
        True effect, where it was drawn; else NaN.
    failed : array of bool
        Trials that were answered by the package's own fit because the fast engine did not converge.
    """

    first: int
    decision: NDArray[np.int8]
    rule: NDArray[np.int8]
    look: NDArray[np.int8]
    patients: NDArray[np.int32]
    months: Array
    events: NDArray[np.int32]
    advice: NDArray[np.int8]
    at: NDArray[np.int8]
    extreme: Array
    effect: Array
    failed: NDArray[np.bool_]


@dataclass(frozen=True)
class State:
    """What is known at a time, trial by trial.

    Parameters
    ----------
    entered : array of bool, (trials, patients)
    n, x : mapping of str to array of int, (trials, arms)
        Evaluable patients and events, by binary endpoint.
    time, seen : array, (trials, patients)
        Follow-up of the time to event.
    """

    entered: NDArray[np.bool_]
    n: Mapping[str, NDArray[np.int64]]
    x: Mapping[str, NDArray[np.int64]]
    time: Array
    seen: NDArray[np.bool_]


def evaluable_from(spec: TrialSpec, patients: Patients, endpoint: str) -> Array:
    """Calendar time from which a patient is evaluable; infinite for who left before."""
    if endpoint not in spec.binary:
        return patients.entry
    after = spec.binary[endpoint]
    return np.where(patients.drop_out < after, np.inf, patients.entry + after)


def _event_seen(spec: TrialSpec, patients: Patients) -> Array:
    """Calendar time at which each event is seen; infinite if it never is."""
    if spec.pfs is None:
        return np.full(patients.entry.shape, np.inf)
    seen, known = seen_at(patients.event, patients.drop_out, spec.pfs)
    return np.where(known, patients.entry + seen, np.inf)


def look_times(spec: TrialSpec, patients: Patients, planned: PlannedRule, plan: LookPlan) -> Array:
    """Calendar time of a look in every trial; where its condition is never met, the end of all follow-up."""
    times = np.zeros(patients.trials)
    most = patients.entry.shape[1]
    if plan.patients is not None:
        times = np.maximum(times, patients.entry[:, min(plan.patients, most) - 1])
    if plan.evaluable is not None:
        since = evaluable_from(spec, patients, planned.endpoint)
        times = np.maximum(times, _smallest(since, plan.evaluable))
    if plan.events is not None:
        times = np.maximum(times, _smallest(_event_seen(spec, patients), plan.events))
    if plan.at_least_months is not None:
        times = np.maximum(times, plan.at_least_months)
    if plan.by_month is not None:
        times = np.minimum(times, plan.by_month)
    return np.where(np.isfinite(times), times, _end(spec, patients))


def _smallest(values: Array, count: int) -> Array:
    """The count-th smallest of every row; infinite if there are fewer columns."""
    if count > values.shape[1]:
        return np.full(len(values), np.inf)
    return np.asarray(np.partition(values, count - 1, axis=1)[:, count - 1])


def _end(spec: TrialSpec, patients: Patients) -> Array:
    """When nothing more can become known."""
    last = patients.entry + max([0.0, *spec.binary.values()])
    if spec.pfs is not None:
        seen = _event_seen(spec, patients)
        last = np.maximum(last, np.where(np.isfinite(seen), seen, patients.entry + np.minimum(patients.drop_out, 1e9)))
    return np.asarray(last.max(axis=1))


def state_at(spec: TrialSpec, patients: Patients, times: Array) -> State:
    """What is known at a calendar time of every trial."""
    times = times + _INSTANT
    entered = patients.entry <= times[:, None]
    arms = np.arange(len(spec.arms))
    n, x = {}, {}
    for name in spec.binary:
        known = evaluable_from(spec, patients, name) <= times[:, None]
        here = known[..., None] & (patients.arm[..., None] == arms)
        n[name] = here.sum(axis=1)
        x[name] = (here & patients.response[name][..., None]).sum(axis=1)
    followed = np.where(entered, np.minimum(patients.drop_out, times[:, None] - patients.entry), 0.0)
    if spec.pfs is None:
        return State(entered, n, x, np.zeros_like(followed), np.zeros_like(entered))
    time, seen = seen_at(patients.event, followed, spec.pfs)
    return State(entered, n, x, np.where(entered, time, 0.0), seen & entered)


def statistic_at(
    spec: TrialSpec,
    model: FastModel | str | None,
    analysis: Analysis | None,
    planned: PlannedRule,
    patients: Patients,
    state: State,
) -> tuple[Array, NDArray[np.bool_]]:
    """A rule's statistic at a state of every trial, and which trials the package's own fit had to answer."""
    if not planned.of_pfs:
        return rate_statistics(planned, state.n[planned.endpoint], state.x[planned.endpoint]), np.zeros(
            patients.trials, bool
        )
    if isinstance(model, FastModel):
        values = hazard_statistics(
            model,
            planned,
            len(spec.arms),
            patients.arm,
            state.time,
            state.seen,
            [patients.covariates[name] for name in model.covariates],
            state.entered,
        )
        slow = np.isnan(values)
    else:
        values, slow = np.full(patients.trials, np.nan), np.ones(patients.trials, dtype=bool)
    if slow.any() and analysis is not None:
        values[slow] = fitted_statistics(spec, analysis, planned, patients, state, np.flatnonzero(slow))
    return values, slow


def conduct(
    spec: TrialSpec,
    truth: Truth,
    analysis: Analysis | None,
    model: FastModel | str | None,
    most: int,
    first: int,
    trials: int,
    *,
    drawn: bool = False,
) -> Outcomes:
    """Simulate trials and apply the rules to them.

    Rules are applied in calendar order of their looks; at the same time, those that only stop come first (safety),
    then success, then futility. The first binding rule that acts ends the trial.
    """
    patients = generate(spec, truth, most, first, trials, drawn=drawn)
    keys = [(r, look) for r, planned in enumerate(spec.rules) for look in range(len(planned.looks))]
    times = np.empty((trials, len(keys)))
    acts = np.zeros((trials, len(keys)), dtype=np.int8)
    values = np.full((trials, len(keys)), np.nan)
    failed = np.zeros(trials, dtype=bool)
    for k, (r, look) in enumerate(keys):
        planned = spec.rules[r]
        times[:, k] = look_times(spec, patients, planned, planned.looks[look])
        state = state_at(spec, patients, times[:, k])
        calibrated = spec.calibration is not None and spec.calibration.rule == planned.name
        if planned.of_pfs:
            values[:, k], slow = statistic_at(spec, model, analysis, planned, patients, state)
            failed |= slow
            acts[:, k] = verdicts_of(planned, look, values[:, k])
        else:
            n, x = state.n[planned.endpoint], state.x[planned.endpoint]
            acts[:, k] = rate_verdicts(planned, look, n, x)
            if calibrated:
                values[:, k] = rate_statistics(planned, n, x)
    return _ended(spec, patients, keys, times, acts, values, failed, first)


def _ended(
    spec: TrialSpec,
    patients: Patients,
    keys: list[tuple[int, int]],
    times: Array,
    acts: NDArray[np.int8],
    values: Array,
    failed: NDArray[np.bool_],
    first: int,
) -> Outcomes:
    trials, many = acts.shape
    rank = np.empty(acts.shape)
    for k, (r, _) in enumerate(keys):
        planned = spec.rules[r]
        safety = all(v is None for v in planned.go_above) and any(v is not None for v in planned.stop_above)
        rank[:, k] = np.where(safety, 0, np.where(acts[:, k] > 0, 1, 2))
    binding = np.array([spec.rules[r].binding for r, _ in keys])
    # order of the looks of each trial: time, then rank, then place
    order = np.lexsort((np.broadcast_to(np.arange(many), acts.shape), rank, times), axis=1)
    rows = np.arange(trials)[:, None]
    ordered = acts[rows, order]
    ends = (ordered != 0) & binding[order]
    stopped = ends.any(axis=1)
    where = np.where(stopped, ends.argmax(axis=1), many - 1)
    last = order[np.arange(trials), where]
    decision = np.where(stopped, acts[np.arange(trials), last], 0).astype(np.int8)
    end = times[np.arange(trials), last]
    reached = np.arange(many)[None, :] <= where[:, None]
    counted = np.where(reached, ordered, 0)
    at = np.zeros_like(acts)
    np.put_along_axis(at, order, counted, axis=1)
    rule_of, look_of = np.array([k[0] for k in keys]), np.array([k[1] for k in keys])
    advice = np.zeros((trials, len(spec.rules)), dtype=np.int8)
    for position in range(many - 1, -1, -1):
        place = order[:, position]
        act = counted[:, position]
        chosen = act != 0
        advice[np.flatnonzero(chosen), rule_of[place[chosen]]] = act[chosen]
    extreme = np.full(trials, -np.inf)
    if spec.calibration is not None:
        own = np.array([spec.rules[r].name == spec.calibration.rule for r, _ in keys])
        others = ends & ~own[order]
        until = np.where(others.any(axis=1), others.argmax(axis=1), many)
        before = (np.arange(many)[None, :] < until[:, None]) & own[order]
        extreme = np.where(before, np.nan_to_num(values[rows, order], nan=-np.inf), -np.inf).max(axis=1)
    entered = (patients.entry <= end[:, None]).sum(axis=1)
    events = (_event_seen(spec, patients) <= end[:, None]).sum(axis=1)
    effect = np.full(trials, np.nan) if patients.effect is None else patients.effect
    return Outcomes(
        first,
        decision,
        np.where(stopped, rule_of[last], -1).astype(np.int8),
        np.where(stopped, look_of[last], -1).astype(np.int8),
        entered.astype(np.int32),
        end,
        events.astype(np.int32),
        advice,
        at,
        np.round(extreme, 9),
        effect,
        failed,
    )


def join(parts: list[Outcomes]) -> Outcomes:
    """Outcomes of several pieces, in the order of the trials."""
    parts = sorted(parts, key=lambda p: p.first)
    names = [name for name in vars(parts[0]) if name != "first"]
    return Outcomes(parts[0].first, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
