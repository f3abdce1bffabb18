"""Conducting many simulated trials: when each look falls, what is known then, and which rule acts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.trials.answers import rate_statistics, rate_verdicts, verdicts_of
from bayes_escc.trials.generate import Patients, generate, seen_at
from bayes_escc.trials.hazards import FastModel, hazard_statistics
from bayes_escc.trials.slow import fitted_statistics
from bayes_escc.trials.spec import LookPlan, PlannedRule, TrialSpec, Truth

__all__ = [
    "INSTANT",
    "PATH",
    "Outcomes",
    "conduct",
    "counts_at",
    "ends_of",
    "join",
    "look_times",
    "looks_of",
    "seen_of_rates",
    "state_at",
    "statistic_at",
]

Array = NDArray[np.float64]


INSTANT: Final = 1e-9
"""Months by which a look sees beyond its time, so that the event that calls it is seen whatever the rounding."""


PATH: Final = ("statistic", "evaluable", "patients", "months")
"""What is kept of the looks of a rule that is calibrated."""


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
    paths : array, (trials, looks of the calibrated rule, 4)
        What that rule met, see `PATH`; NaN once another rule ended the trial.
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
    paths: Array
    effect: Array
    failed: NDArray[np.bool_]


@dataclass(frozen=True)
class State:
    """What is known at a time, trial by trial.

    Parameters
    ----------
    entered : array of bool, (trials, patients)
    time, seen : array, (trials, patients)
        Follow-up of the time to event.
    """

    entered: NDArray[np.bool_]
    time: Array
    seen: NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """What a rule on rates sees at a time, trial by trial.

    Parameters
    ----------
    n : array of int, (trials, arms of the rule)
        Evaluable patients: of the regimen, then of the reference.
    x : array of int, (trials, things counted)
        Events: of the regimen and the reference, or of each of two endpoints of one arm.
    ended : array of bool, (trials,)
        Whether the look is taken since nothing more can become known, not since its number was reached.
    """

    n: NDArray[np.int64]
    x: NDArray[np.int64]
    ended: NDArray[np.bool_]


def evaluable_from(spec: TrialSpec, patients: Patients, endpoints: Sequence[str]) -> Array:
    """Calendar time from which a patient is evaluable for all endpoints; infinite for who left before."""
    after = _delay(spec, endpoints)
    if after == 0.0:
        return patients.entry
    return np.where(patients.drop_out < after, np.inf, patients.entry + after)


def _delay(spec: TrialSpec, endpoints: Sequence[str]) -> float:
    """Months from entry until all endpoints of a patient are assessed."""
    return max((spec.binary[name] for name in endpoints if name in spec.binary), default=0.0)


def counts_at(spec: TrialSpec, patients: Patients, planned: PlannedRule, plan: LookPlan, times: Array) -> Counts:
    """Evaluable patients and events of a rule on rates at a look, which is at a calendar time of every trial.

    A rule with a planned maximum counts no more patients of an arm than that: those who were evaluable first.
    """
    since = evaluable_from(spec, patients, planned.endpoints)
    known = since <= times[:, None] + INSTANT
    here = [known & (patients.arm == arm) for arm in planned.arms]
    short = [part.sum(axis=1) < count for part, count in zip(here, plan.own or (), strict=False)]
    for place, most in enumerate(planned.rule.most or ()):
        last = _smallest(np.where(patients.arm == planned.arms[place], since, np.inf), most)
        here[place] = here[place] & (since <= last[:, None])
    x = [(part & patients.response[name]).sum(axis=1) for part in here for name in planned.endpoints]
    over = times >= patients.entry[:, -1] + _delay(spec, planned.endpoints) - INSTANT
    if plan.evaluable is not None:
        over &= known.sum(axis=1) < plan.evaluable
    if short:
        over &= np.any(short, axis=0)
    return Counts(np.stack([part.sum(axis=1) for part in here], axis=1), np.stack(x, axis=1), over)


def seen_of_rates(spec: TrialSpec, patients: Patients, planned: PlannedRule, times: Array) -> list[str]:
    """What a look of a rule on rates knows of each patient of the first trial, in words; blank before entry."""
    when = float(times[0]) + INSTANT
    due = patients.entry[0] + _delay(spec, planned.endpoints)
    known = evaluable_from(spec, patients, planned.endpoints)[0] <= when
    found = []
    for i, entry in enumerate(patients.entry[0]):
        if known[i]:
            said = ", ".join("event" if patients.response[name][0, i] else "none" for name in planned.endpoints)
        elif entry > when:
            said = ""
        else:
            left = entry + patients.drop_out[0, i] <= min(when, due[i])
            said = "left" if left else "pending"
        found.append(said)
    return found


def _event_seen(spec: TrialSpec, patients: Patients) -> Array:
    """Calendar time at which each event is seen; infinite if it never is."""
    if spec.pfs is None:
        return np.full(patients.entry.shape, np.inf)
    seen, known = seen_at(patients.event, patients.drop_out, spec.pfs)
    return np.where(known, patients.entry + seen, np.inf)


def look_times(spec: TrialSpec, patients: Patients, planned: PlannedRule, plan: LookPlan) -> Array:
    """Calendar time of a look in every trial; where its condition is never met, the end of all follow-up."""
    times = np.zeros(patients.trials)
    if plan.patients is not None:
        times = np.maximum(times, _smallest(patients.entry, plan.patients))
    if plan.evaluable is not None:
        since = evaluable_from(spec, patients, planned.endpoints)
        times = np.maximum(times, _smallest(since, plan.evaluable))
    if plan.own is not None:
        since = evaluable_from(spec, patients, planned.endpoints)
        for arm, count in zip(planned.arms, plan.own, strict=True):
            times = np.maximum(times, _smallest(np.where(patients.arm == arm, since, np.inf), count))
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
    times = times + INSTANT
    entered = patients.entry <= times[:, None]
    followed = np.where(entered, np.minimum(patients.drop_out, times[:, None] - patients.entry), 0.0)
    if spec.pfs is None:
        return State(entered, np.zeros_like(followed), np.zeros_like(entered))
    time, seen = seen_at(patients.event, followed, spec.pfs)
    return State(entered, np.where(entered, time, 0.0), seen & entered)


def statistic_at(
    spec: TrialSpec,
    model: FastModel | str | None,
    analysis: Analysis | None,
    planned: PlannedRule,
    patients: Patients,
    state: State,
) -> tuple[Array, NDArray[np.bool_]]:
    """Statistic of a rule on a time to event in every trial, and which trials the package's own fit had to answer."""
    if isinstance(model, FastModel):
        values = hazard_statistics(
            model,
            planned,
            len(spec.arms),
            patients.arm,
            state.time,
            state.seen,
            [patients.covariates[c.column] for c in model.covariates],
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

    Rules are applied in calendar order of their looks; at the same time, those that only stop for harm come
    first, then success, then futility. The first binding rule that acts ends the trial.
    """
    patients = generate(spec, truth, most, first, trials, drawn=drawn)
    keys = looks_of(spec)
    looks = Looks.empty(trials, len(keys))
    failed = np.zeros(trials, dtype=bool)
    for k, (r, look) in enumerate(keys):
        planned = spec.rules[r]
        times = looks.times[:, k] = look_times(spec, patients, planned, planned.looks[look])
        wanted = spec.calibration is not None and spec.calibration.rule == planned.name
        if planned.of_pfs:
            state = state_at(spec, patients, times)
            values, slow = statistic_at(spec, model, analysis, planned, patients, state)
            failed |= slow
            looks.values[:, k], looks.acts[:, k] = values, verdicts_of(planned, look, values)
            looks.evaluable[:, k] = state.seen.sum(axis=1)
        else:
            counts = counts_at(spec, patients, planned, planned.looks[look], times)
            seen = (counts.n, counts.x, counts.ended)
            looks.acts[:, k] = rate_verdicts(planned, look, *seen)
            looks.evaluable[:, k] = counts.n.sum(axis=1)
            if planned.rule.most is not None:  # a last analysis counts as one of all that were planned
                looks.evaluable[counts.ended, k] = sum(planned.rule.most)
            if wanted:
                looks.values[:, k] = rate_statistics(planned, look, *seen)
    return _ended(spec, patients, keys, looks, failed, first)


def looks_of(spec: TrialSpec) -> list[tuple[int, int]]:
    """Rule and look, in the order of the columns of `Outcomes.at`."""
    return [(r, look) for r, planned in enumerate(spec.rules) for look in range(len(planned.looks))]


@dataclass(frozen=True)
class Looks:
    """Every look of every trial, whether the trial came to it or not; arrays of shape (trials, looks).

    Parameters
    ----------
    times, values : array
        Calendar time, and the statistic of the rule.
    acts : array of int
        Its verdict.
    evaluable : array of int
        Evaluable patients, or events.
    """

    times: Array
    values: Array
    acts: NDArray[np.int8]
    evaluable: NDArray[np.int64]

    @classmethod
    def empty(cls, trials: int, looks: int) -> Looks:
        """Room for looks."""
        shape = (trials, looks)
        return cls(np.zeros(shape), np.full(shape, np.nan), np.zeros(shape, np.int8), np.zeros(shape, np.int64))


@dataclass(frozen=True)
class Ends:
    """How trials end by what every look says; arrays over trials.

    Parameters
    ----------
    order : array of int, (trials, looks)
        Columns of the looks in the order in which they come.
    last : array of int
        Column of the look that ends the trial, or of the last one.
    decision, rule, look : array of int
    advice : array of int, (trials, rules)
    at : array of int, (trials, looks)
        As in `Outcomes`.
    """

    order: NDArray[np.int64]
    last: NDArray[np.int64]
    decision: NDArray[np.int8]
    rule: NDArray[np.int8]
    look: NDArray[np.int8]
    advice: NDArray[np.int8]
    at: NDArray[np.int8]


def ends_of(spec: TrialSpec, acts: NDArray[np.int8], times: Array) -> Ends:
    """Which rule ends each trial, given the verdicts and times of all looks in the order of `looks_of`."""
    keys = looks_of(spec)
    trials, many = acts.shape
    each, rows = np.arange(trials), np.arange(trials)[:, None]
    binding = np.array([spec.rules[r].binding for r, _ in keys])
    order = _order(spec, acts, times)
    ordered = acts[rows, order]
    ends = (ordered != 0) & binding[order]
    stopped = ends.any(axis=1)
    where = np.where(stopped, ends.argmax(axis=1), many - 1)
    last = order[each, where]
    counted = np.where(np.arange(many)[None, :] <= where[:, None], ordered, 0)
    at = np.zeros_like(acts)
    np.put_along_axis(at, order, counted, axis=1)
    rule_of, look_of = np.array([k[0] for k in keys]), np.array([k[1] for k in keys])
    return Ends(
        order,
        last,
        np.where(stopped, acts[each, last], 0).astype(np.int8),
        np.where(stopped, rule_of[last], -1).astype(np.int8),
        np.where(stopped, look_of[last], -1).astype(np.int8),
        _first_acts(rule_of, order, counted, trials, len(spec.rules)),
        at,
    )


def _order(spec: TrialSpec, acts: NDArray[np.int8], times: Array) -> NDArray[np.int64]:
    """The looks of each trial in their order: time, then safety before success before futility, then the file."""
    rank = np.empty(acts.shape)
    for k, (r, _) in enumerate(looks_of(spec)):
        planned = spec.rules[r]
        rank[:, k] = np.where(planned.for_harm, 0, np.where(acts[:, k] > 0, 1, 2))
    places = np.broadcast_to(np.arange(acts.shape[1]), acts.shape)
    return np.asarray(np.lexsort((places, rank, times), axis=1))


def _ended(
    spec: TrialSpec,
    patients: Patients,
    keys: list[tuple[int, int]],
    looks: Looks,
    failed: NDArray[np.bool_],
    first: int,
) -> Outcomes:
    ends = ends_of(spec, looks.acts, looks.times)
    end = looks.times[np.arange(len(looks.times)), ends.last]
    entered = (patients.entry <= end[:, None] + INSTANT).sum(axis=1)
    events = (_event_seen(spec, patients) <= end[:, None] + INSTANT).sum(axis=1)
    return Outcomes(
        first,
        ends.decision,
        ends.rule,
        ends.look,
        entered.astype(np.int32),
        end,
        events.astype(np.int32),
        ends.advice,
        ends.at,
        _paths(spec, patients, keys, looks, ends.order),
        np.full(patients.trials, np.nan) if patients.effect is None else patients.effect,
        failed,
    )


def _first_acts(
    rule_of: NDArray[np.int64], order: NDArray[np.int64], counted: NDArray[np.int8], trials: int, rules: int
) -> NDArray[np.int8]:
    """First act of every rule up to the end of each trial."""
    advice = np.zeros((trials, rules), dtype=np.int8)
    for position in range(order.shape[1] - 1, -1, -1):
        acted = np.flatnonzero(counted[:, position])
        advice[acted, rule_of[order[acted, position]]] = counted[acted, position]
    return advice


def _paths(
    spec: TrialSpec, patients: Patients, keys: list[tuple[int, int]], looks: Looks, order: NDArray[np.int64]
) -> Array:
    """What the calibrated rule met at each of its looks: (trials, looks, 4), see `PATH`; NaN after another rule's end.

    An act of the rule itself ends nothing here, since its thresholds are what is sought.
    """
    trials, many = looks.acts.shape
    if spec.calibration is None:
        return np.empty((trials, 0, len(PATH)))
    own = np.array([spec.rules[r].name == spec.calibration.rule for r, _ in keys])
    binding = np.array([spec.rules[r].binding for r, _ in keys])
    rows = np.arange(trials)[:, None]
    others = (looks.acts[rows, order] != 0) & (binding & ~own)[order]
    until = np.where(others.any(axis=1), others.argmax(axis=1), many)
    position = np.empty_like(order)
    np.put_along_axis(position, order, np.broadcast_to(np.arange(many), order.shape), axis=1)
    chosen = np.flatnonzero(own)
    entered = np.stack([(patients.entry <= looks.times[:, [k]] + INSTANT).sum(axis=1) for k in chosen], axis=1)
    met = position[:, chosen] < until[:, None]
    values = np.round(looks.values[:, chosen], 9)
    path = np.stack([values, looks.evaluable[:, chosen], entered, looks.times[:, chosen]], axis=-1)
    return np.where(met[..., None], path, np.nan)


def join(parts: list[Outcomes]) -> Outcomes:
    """Outcomes of several pieces, in the order of the trials."""
    parts = sorted(parts, key=lambda p: p.first)
    names = [name for name in vars(parts[0]) if name != "first"]
    return Outcomes(parts[0].first, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
