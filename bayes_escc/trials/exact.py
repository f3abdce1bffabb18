"""Designs that need no simulation: rules on rates whose evaluable patients at every look are known beforehand.

The state is the joint law of the counts of trials that have not ended, as in `bayes_escc.rules.paths`. Several rules
act on it in the order in which they would act in a trial, and rules that advise are counted without ending anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.rules.paths import arrive
from bayes_escc.rules.rule import GO, STOP, Step
from bayes_escc.trials.answers import verdict_table
from bayes_escc.trials.conduct import INSTANT, looks_of
from bayes_escc.trials.enumerated import Enumerated
from bayes_escc.trials.exact_exposure import by_exposure, why_not_by_exposure
from bayes_escc.trials.generate import arrivals
from bayes_escc.trials.hazards import FastModel
from bayes_escc.trials.spec import LookPlan, PlannedRule, TrialSpec, Truth

__all__ = ["Enumerated", "exact_characteristics", "why_not_exact"]

Array = NDArray[np.float64]
_MOST_STATES: Final = 2_000_000
_NEGLIGIBLE: Final = 1e-13
"""Probability of a number of evaluable patients below which it is left out."""


@dataclass(frozen=True)
class _Stage:
    """A look of a rule, where it is the same in every trial.

    Parameters
    ----------
    column, rule, look : int
        Its place in `looks_of`.
    when : float
        Its place in time: a month, or where chance decides that, the number of evaluable patients.
    n : tuple of int
        Evaluable patients of every arm.
    ended : bool
        Whether it is taken since nothing more can become known, not since its number was reached.
    entered, month : float or None
    """

    column: int
    rule: int
    look: int
    when: float
    n: tuple[int, ...]
    ended: bool
    entered: float | None
    month: float | None


def why_not_exact(spec: TrialSpec, model: FastModel | str | None = None) -> str:
    """Why a design cannot be enumerated; blank if it can.

    Parameters
    ----------
    spec : TrialSpec
    model : FastModel, str or None
        As `Design.model`.
    """
    if all(planned.of_pfs for planned in spec.rules):
        return why_not_by_exposure(spec, model)
    for planned in spec.rules:
        if planned.of_pfs:
            return f"{planned.name} looks at a time to event"
        if planned.rule.not_exact:
            return planned.rule.not_exact
    endpoints = _endpoints(spec)
    if len(endpoints) > 2:
        return "its rules are about more than two endpoints"
    if len({max(spec.binary[name] for name in planned.endpoints) for planned in spec.rules}) > 1:
        return "its rules wait for endpoints that are assessed at different times"
    arms = _arms_used(spec)
    most = spec.patients[-1]
    shares = [most * spec.allocation[arm] / sum(spec.allocation) + 1 for arm in arms]
    if math.prod(shares) ** len(endpoints) > _MOST_STATES:
        return "there are too many possible counts"
    if any(spec.accrual.drop_out) and _delay(spec) > 0 and (len(spec.arms) > 1 or not _by_evaluable(spec)):
        return "patients drop out"
    for size in spec.patients:
        for total in {size, next(_evaluable_in_all(spec, size))[0]}:
            if _stages(spec, size, total) is None:
                return "who is evaluable at a look differs from trial to trial"
    return ""


def exact_characteristics(spec: TrialSpec, model: FastModel | str | None = None) -> dict[tuple[int, str], Enumerated]:
    """Operating characteristics by enumeration, by size and truth; empty where the design cannot be enumerated."""
    if why_not_exact(spec, model):
        return {}
    if all(planned.of_pfs for planned in spec.rules):
        return by_exposure(spec, model)
    found: dict[tuple[int, str], Enumerated] = {}
    for most in spec.patients:
        parts = []
        for evaluable, weight in _evaluable_in_all(spec, most):
            stages = _stages(spec, most, evaluable) or []
            parts.append((weight, _followed(spec, stages)))
        for i, truth in enumerate(spec.scenarios):
            found[(most, truth.name)] = _mixed([(weight, made[i]) for weight, made in parts])
    return found


def _endpoints(spec: TrialSpec) -> list[str]:
    """Binary endpoints that rules are about, in the order of the design."""
    used = {name for planned in spec.rules for name in planned.endpoints}
    return [name for name in spec.binary if name in used]


def _arms_used(spec: TrialSpec) -> list[int]:
    return sorted({arm for planned in spec.rules for arm in (planned.arm, planned.reference) if arm >= 0})


def _delay(spec: TrialSpec) -> float:
    return max(spec.binary[name] for name in spec.rules[0].endpoints)


def _by_evaluable(spec: TrialSpec) -> bool:
    """Whether every look waits for a number of evaluable patients and nothing else."""
    return all(plan == LookPlan(evaluable=plan.evaluable) for planned in spec.rules for plan in planned.looks)


def _evaluable_in_all(spec: TrialSpec, most: int) -> Iterator[tuple[int, float]]:
    """How many of the patients ever become evaluable, with probabilities: those who do not leave before."""
    stay = math.exp(-spec.accrual.drop_out[0] * _delay(spec))
    if stay == 1.0:
        yield most, 1.0
        return
    for k in range(most + 1):
        weight = math.comb(most, k) * stay**k * (1.0 - stay) ** (most - k)
        if weight > _NEGLIGIBLE:
            yield k, weight


def _stages(spec: TrialSpec, most: int, evaluable: int) -> list[_Stage] | None:
    """Every look, in no order; None where chance decides who is evaluable at one of them."""
    rounds, delay = sum(spec.allocation), _delay(spec)
    entry = arrivals(spec.accrual, np.zeros((1, most)))[0] if spec.accrual.pattern == "even" else None
    if evaluable < most:
        entry = None  # who left is not known, so neither are dates
    found = []
    entered: float | None
    month: float | None
    for column, (r, look) in enumerate(looks_of(spec)):
        plan = spec.rules[r].looks[look]
        if entry is not None:
            when = _date(plan, entry, delay)
            count = int((entry + delay <= when + INSTANT).sum())
            over = when >= entry[-1] + delay - INSTANT
            place, entered, month = when, float((entry <= when + INSTANT).sum()), when
        else:
            if plan.at_least_months is not None or plan.by_month is not None:
                return None
            if plan.patients is not None and delay > 0:
                return None
            count = min(max(plan.patients or 0, plan.evaluable or 0), evaluable)
            over = count == evaluable
            place, entered, month = float(count), float(count) if delay == 0 else None, None
        if len(spec.arms) > 1 and count % spec.block:
            return None
        n = tuple(count // rounds * share for share in spec.allocation)
        ended = over and (plan.evaluable is None or count < plan.evaluable)
        found.append(_Stage(column, r, look, place, n, ended, entered, month))
    return found


def _date(plan: LookPlan, entry: Array, delay: float) -> float:
    """When a look falls where patients come evenly and none leaves."""
    times = [0.0]
    end = float(entry[-1] + delay)
    if plan.patients is not None:
        times.append(float(entry[min(plan.patients, len(entry)) - 1]))
    if plan.evaluable is not None:
        times.append(float(entry[plan.evaluable - 1] + delay) if plan.evaluable <= len(entry) else math.inf)
    if plan.at_least_months is not None:
        times.append(plan.at_least_months)
    when = max(times) if plan.by_month is None else min(max(times), plan.by_month)
    return when if math.isfinite(when) else end


def _followed(spec: TrialSpec, stages: Sequence[_Stage]) -> list[Enumerated]:
    """Follow every path of counts through the looks, under all truths at once."""
    endpoints, arms = _endpoints(spec), _arms_used(spec)
    path = _Path.begun(spec, len(endpoints) * len(arms))
    steps = [_step(spec, arm, i * len(endpoints), len(arms), endpoints) for i, arm in enumerate(arms)]
    before = [0] * len(arms)
    for _, together in groupby(sorted(stages, key=lambda s: (s.when, s.column)), key=lambda s: s.when):
        group = list(together)
        now = [group[0].n[arm] for arm in arms]
        path.arrive(steps, [n - b for n, b in zip(now, before, strict=True)])
        before = now
        acts = {stage: _on_state(spec, stage, arms, endpoints) for stage in group}
        safety = [s for s in group if _only_for_harm(spec.rules[s.rule])]
        others = [s for s in group if s not in safety]
        for members, act in ((safety, STOP), (others, GO), (others, STOP)):
            for stage in members:
                table = acts[stage]
                if table is not None:
                    path.act(stage, table == act, act)
        last = group[-1]
    path.end(last)
    return path.results()


def _only_for_harm(planned: PlannedRule) -> bool:
    return all(v is None for v in planned.go_above) and any(v is not None for v in planned.stop_above)


def _on_state(spec: TrialSpec, stage: _Stage, arms: Sequence[int], endpoints: Sequence[str]) -> NDArray[np.int8] | None:
    """Verdicts of a look for every state: (1, counts...); None where nobody is evaluable."""
    planned = spec.rules[stage.rule]
    own = [planned.arm] if planned.reference < 0 else [planned.arm, planned.reference]
    n = tuple(stage.n[arm] for arm in own)
    if 0 in n:
        return None
    table = verdict_table(planned, stage.look, n, ended=stage.ended)
    axes = [arms.index(arm) * len(endpoints) + endpoints.index(name) for arm in own for name in planned.endpoints]
    ordered = table.transpose(np.argsort(axes))
    shape = [1] * (len(arms) * len(endpoints))
    for axis, size in zip(sorted(axes), ordered.shape, strict=True):
        shape[axis] = size
    return ordered.reshape(1, *shape)


def _step(spec: TrialSpec, arm: int, axis: int, arms: int, endpoints: Sequence[str]) -> Step:
    """What one more patient of an arm adds to the counts, in every truth."""
    width = arms * len(endpoints)

    def shift(*events: int) -> tuple[int, ...]:
        found = [0] * width
        found[axis : axis + len(events)] = events
        return tuple(found)

    rates = [np.array([truth.rates[name][arm] for truth in spec.scenarios]) for name in endpoints]
    if len(endpoints) == 1:
        return [(shift(1), rates[0]), (shift(0), 1.0 - rates[0])]
    one, two = rates
    both = np.array([_both(truth, arm, endpoints) for truth in spec.scenarios])
    return [
        (shift(1, 1), both),
        (shift(1, 0), one - both),
        (shift(0, 1), two - both),
        (shift(0, 0), 1.0 - one - two + both),
    ]


def _both(truth: Truth, arm: int, endpoints: Sequence[str]) -> float:
    if truth.both and set(endpoints) == set(truth.rates):
        return truth.both[arm]
    return truth.rates[endpoints[0]][arm] * truth.rates[endpoints[1]][arm]


class _Path:
    """The law of the counts of trials that have not ended, and what was counted on the way; arrays over truths."""

    def __init__(self, spec: TrialSpec, state: Array) -> None:
        many, columns, rules = len(spec.scenarios), len(looks_of(spec)), len(spec.rules)
        self.spec = spec
        self.state = state
        # of rules that advise: the law of those in which they have not acted yet
        self.silent = {r: state.copy() for r, planned in enumerate(spec.rules) if not planned.binding}
        self.at = {act: np.zeros((many, columns)) for act in (GO, STOP)}
        self.first = {act: np.zeros((many, rules)) for act in (GO, STOP)}
        self.early = np.zeros(many)
        self.entered: Array | None = np.zeros(many)
        self.months: Array | None = np.zeros(many)

    @classmethod
    def begun(cls, spec: TrialSpec, dims: int) -> _Path:
        """Before the first patient."""
        return cls(spec, np.ones((len(spec.scenarios), *(1,) * dims)))

    def arrive(self, steps: Sequence[Step], patients: Sequence[int]) -> None:
        """More patients of every arm."""
        for step, count in zip(steps, patients, strict=True):
            self.state = arrive(self.state, step, count)
            self.silent = {r: arrive(law, step, count) for r, law in self.silent.items()}

    def act(self, stage: _Stage, where: NDArray[np.bool_], act: int) -> None:
        """A rule acts in some states."""
        share = _sum(np.where(where, self.state, 0.0))
        self.at[act][:, stage.column] += share
        if not self.spec.rules[stage.rule].binding:
            silent = self.silent[stage.rule]
            self.first[act][:, stage.rule] += _sum(np.where(where, silent, 0.0))
            self.silent[stage.rule] = np.where(where, 0.0, silent)
            return
        self.first[act][:, stage.rule] += share
        if stage.look < len(self.spec.rules[stage.rule].looks) - 1:
            self.early += share
        self.state = np.where(where, 0.0, self.state)
        self.silent = {r: np.where(where, 0.0, law) for r, law in self.silent.items()}
        self._count(stage, share)

    def end(self, last: _Stage) -> None:
        """The trials that no rule has ended."""
        self._count(last, _sum(self.state))

    def _count(self, stage: _Stage, share: Array) -> None:
        self.entered = None if self.entered is None or stage.entered is None else self.entered + share * stage.entered
        self.months = None if self.months is None or stage.month is None else self.months + share * stage.month

    def results(self) -> list[Enumerated]:
        """By truth."""
        binding = np.array([self.spec.rules[r].binding for r, _ in looks_of(self.spec)])
        go, stop = (np.minimum(self.at[act][:, binding].sum(axis=1), 1.0) for act in (GO, STOP))
        return [
            Enumerated(
                _floats(self.at[GO][i]),
                _floats(self.at[STOP][i]),
                _floats(self.first[GO][i]),
                _floats(self.first[STOP][i]),
                float(go[i]),
                float(stop[i]),
                float(self.early[i]),
                None if self.entered is None else float(self.entered[i]),
                None if self.months is None else float(self.months[i]),
            )
            for i in range(len(self.spec.scenarios))
        ]


def _sum(law: Array) -> Array:
    return np.asarray(law.reshape(len(law), -1).sum(axis=1))


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(map(float, values))


def _mixed(parts: Sequence[tuple[float, Enumerated]]) -> Enumerated:
    """The average over how many patients are ever evaluable."""
    if len(parts) == 1:
        return parts[0][1]

    def mean(name: str) -> float:
        return float(sum(weight * getattr(made, name) for weight, made in parts))

    def means(name: str) -> tuple[float, ...]:
        return _floats(sum((weight * np.array(getattr(made, name)) for weight, made in parts), np.array(0.0)))

    go, stop, first_go, first_stop = (means(name) for name in ("go", "stop", "advice_go", "advice_stop"))
    success, futile, early = (mean(name) for name in ("probability_go", "probability_stop", "early"))
    return Enumerated(go, stop, first_go, first_stop, success, futile, early, None, None)
