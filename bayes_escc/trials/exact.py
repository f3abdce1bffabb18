"""Designs that need no simulation: rules on rates whose evaluable patients at every look are known beforehand.

Known with their probabilities, where patients leave. `exact_paths` then follows every path of counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.trials.conduct import INSTANT, looks_of
from bayes_escc.trials.enumerated import Enumerated
from bayes_escc.trials.exact_exposure import by_exposure, why_not_by_exposure
from bayes_escc.trials.exact_paths import Path, Stage, arms_used, endpoints_used, follow, truth_movers
from bayes_escc.trials.generate import arrivals
from bayes_escc.trials.hazards import FastModel
from bayes_escc.trials.spec import LookPlan, TrialSpec

__all__ = ["exact_characteristics", "mixed", "ways_of", "why_not_exact"]

Array = NDArray[np.float64]
_MOST_STATES: Final = 2_000_000
_NEGLIGIBLE: Final = 1e-13
"""Probability of a number of evaluable patients below which it is left out."""
_NEGLIGIBLE_WAY: Final = 1e-10
"""The same of numbers in several arms or at several looks."""
_MOST_WAYS: Final = 500
_DIFFERS: Final = "who is evaluable at a look differs from trial to trial"
_LEAVING: Final = "patients drop out, so that who is evaluable at a look differs from trial to trial"
_TOO_MANY: Final = "patients drop out in too many possible ways"
Ways = list[tuple[float, list[Stage]]]


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
    endpoints = endpoints_used(spec)
    if len(endpoints) > 2:
        return "its rules are about more than two endpoints"
    if len({max(spec.binary[name] for name in planned.endpoints) for planned in spec.rules}) > 1:
        return "its rules wait for endpoints that are assessed at different times"
    arms = arms_used(spec)
    most = spec.patients[-1]
    shares = [most * spec.allocation[arm] / sum(spec.allocation) + 1 for arm in arms]
    if math.prod(shares) ** len(endpoints) > _MOST_STATES:
        return "there are too many possible counts"
    for size in spec.patients:
        if isinstance(ways := ways_of(spec, size), str):
            return ways
    return ""


def exact_characteristics(spec: TrialSpec, model: FastModel | str | None = None) -> dict[tuple[int, str], Enumerated]:
    """Operating characteristics by enumeration, by size and truth; empty where the design cannot be enumerated."""
    if why_not_exact(spec, model):
        return {}
    if all(planned.of_pfs for planned in spec.rules):
        return by_exposure(spec, model)
    found: dict[tuple[int, str], Enumerated] = {}
    movers = truth_movers(spec)
    for most in spec.patients:
        ways = ways_of(spec, most)
        if isinstance(ways, str):
            return {}
        parts = [
            (weight, follow(spec, stages, movers, Path(spec, len(spec.scenarios))).results()) for weight, stages in ways
        ]
        for i, truth in enumerate(spec.scenarios):
            found[(most, truth.name)] = mixed([(weight, made[i]) for weight, made in parts])
    return found


def ways_of(spec: TrialSpec, most: int) -> Ways | str:
    """Who may be evaluable at the looks, each with its probability; or why that cannot be listed.

    Without drop-out there is one way. Where every look waits for evaluable patients of one arm, ways differ in how many
    are ever evaluable. Where the patients whose assessment is due at a look are known beforehand, those of each arm who
    have stayed are binomial from look to look.
    """
    leaving = any(spec.accrual.drop_out) and _delay(spec) > 0
    if not leaving or (len(spec.arms) == 1 and _by_evaluable(spec)):
        found: Ways = []
        for evaluable, weight, last_left in _evaluable_in_all(spec, most):
            stages = _stages(spec, most, evaluable, last_left=last_left)
            if stages is None:
                return _DIFFERS
            found.append((weight, stages))
        return found
    due = _stages(spec, most, most, leaving=True)
    return _LEAVING if due is None else _of_those_due(spec, due)


def _of_those_due(spec: TrialSpec, due: Sequence[Stage]) -> Ways | str:
    """Ways in which patients of each arm stay, where those due at every look are known."""
    times = sorted({stage.when for stage in due})
    of = {stage.when: stage.n for stage in due}
    stay = [math.exp(-hazard * _delay(spec)) for hazard in spec.accrual.drop_out]
    ways: list[tuple[float, tuple[tuple[int, ...], ...]]] = [(1.0, ())]
    before = (0,) * len(spec.arms)
    for when in times:
        for arm, chance in enumerate(stay):
            more = of[when][arm] - before[arm]
            law = [(k, math.comb(more, k) * chance**k * (1.0 - chance) ** (more - k)) for k in range(more + 1)]
            ways = [(w * p, (*kept, (arm, k))) for w, kept in ways for k, p in law if w * p > _NEGLIGIBLE_WAY]
            if len(ways) > _MOST_WAYS:
                return _TOO_MANY
        before = of[when]
    found: Ways = []
    for weight, kept in ways:
        counts, total = {}, [0] * len(spec.arms)
        for place, when in enumerate(times):
            for arm, k in kept[place * len(stay) : (place + 1) * len(stay)]:
                total[arm] += k
            counts[when] = tuple(total)
        stages = [replace(s, n=counts[s.when], ended=_ended(spec, s, sum(counts[s.when]))) for s in due]
        found.append((weight, stages))
    return found


def _ended(spec: TrialSpec, stage: Stage, count: int) -> bool:
    """Whether a look with so many evaluable patients is taken since nothing more can become known."""
    asked = spec.rules[stage.rule].looks[stage.look].evaluable
    return stage.over and (asked is None or count < asked)


def _delay(spec: TrialSpec) -> float:
    return max(spec.binary[name] for name in spec.rules[0].endpoints)


def _by_evaluable(spec: TrialSpec) -> bool:
    """Whether every look waits for a number of evaluable patients and nothing else."""
    return all(plan == LookPlan(evaluable=plan.evaluable) for planned in spec.rules for plan in planned.looks)


def _evaluable_in_all(spec: TrialSpec, most: int) -> Iterator[tuple[int, float, bool]]:
    """How many of the patients ever become evaluable, with probabilities: those who do not leave before.

    Where the last of them calls one look and another one waits in vain, it matters whether the last patient who entered
    is among those who left, since the trial then ends after the first of these looks rather than with it.
    """
    stay = math.exp(-spec.accrual.drop_out[0] * _delay(spec))
    if stay == 1.0:
        yield most, 1.0, False
        return
    asked = {plan.evaluable for planned in spec.rules for plan in planned.looks if plan.evaluable is not None}
    for k in range(most + 1):
        weight = math.comb(most, k) * stay**k * (1.0 - stay) ** (most - k)
        if weight <= _NEGLIGIBLE:
            continue
        if k < most and k in asked and max(asked) > k:
            yield k, weight * k / most, False
            yield k, weight * (most - k) / most, True
        else:
            yield k, weight, False


def _stages(
    spec: TrialSpec, most: int, evaluable: int, *, leaving: bool = False, last_left: bool = False
) -> list[Stage] | None:
    """Every look, in no order; None where chance decides who is evaluable at one of them.

    Where patients leave, those are counted whose assessment is due, had they all stayed. A look that cannot be reached
    is taken at the end of all follow-up, of whichever endpoint.
    """
    rounds, delay = sum(spec.allocation), _delay(spec)
    others = spec.pfs is not None or max(spec.binary.values()) > delay  # that end the trial later
    entry = arrivals(spec.accrual, np.zeros((1, most)))[0] if spec.accrual.pattern == "even" else None
    if evaluable < most:
        entry = None  # who left is not known, so neither are dates
    found = []
    entered: float | None
    month: float | None
    for column, (r, look) in enumerate(looks_of(spec)):
        plan = spec.rules[r].looks[look]
        if plan.own is not None:
            own = None if leaving else _own_stage(spec, (column, r, look), most, entry)
            if own is None:
                return None
            found.append(own)
            continue
        if leaving and plan.evaluable is not None and (plan.evaluable < most or plan.by_month is not None or others):
            return None
        if entry is not None:
            when = _date(spec, plan, entry)
            if when is None:
                return None
            count = int((entry + delay <= when + INSTANT).sum())
            over = when >= entry[-1] + delay - INSTANT
            place, entered, month = when, float((entry <= when + INSTANT).sum()), when
        else:
            if plan.at_least_months is not None or plan.by_month is not None:
                return None
            if plan.patients is not None and plan.patients <= most and delay > 0:
                return None
            asked = max(plan.patients or 0, plan.evaluable or 0)
            count = min(asked, evaluable)
            over = count == evaluable
            place = math.inf if asked > evaluable and (others or last_left) else float(count)
            entered, month = float(count) if delay == 0 else None, None
        if len(spec.arms) > 1 and count % spec.block:
            return None
        n = tuple(count // rounds * share for share in spec.allocation)
        stage = Stage(column, r, look, place, n, False, over, entered, month)
        found.append(replace(stage, ended=_ended(spec, stage, count)))
    if _out_of_order(spec, found, entry) or any(_too_many(spec, stage) for stage in found):
        return None
    in_vain = any(stage.when == math.inf for stage in found)
    if spec.pfs is not None and in_vain and any(stage.over and stage.when < math.inf for stage in found):
        return None  # the last event may be seen before or after the last patient is evaluable
    return found


def _own_stage(spec: TrialSpec, key: tuple[int, int, int], most: int, entry: Array | None) -> Stage | None:
    """A look at so many evaluable patients of the rule's own arms, none of whom leaves; None where numbers vary.

    Of the block in which the last of them comes nothing is known but that it is over by `when`.
    """
    column, r, look = key
    total = _total(spec, r, look)
    if total is None or total % spec.block or most % spec.block:
        return None
    if total <= most:
        when = float(total) if entry is None else float(entry[total - 1] + _delay(spec))
    elif entry is None:
        later = spec.pfs is not None or max(spec.binary.values()) > _delay(spec)
        when = math.inf if later else float(most)
    elif spec.pfs is not None:
        return None
    else:
        when = float(entry[-1] + max(spec.binary.values()))
    n = tuple(min(total, most) // sum(spec.allocation) * share for share in spec.allocation)
    return Stage(column, r, look, when, n, total > most, total >= most, None, None)


def _total(spec: TrialSpec, r: int, look: int) -> int | None:
    """How many of all arms have come with so many of a rule's own; None where they come in other shares."""
    planned = spec.rules[r]
    counts = zip(planned.arms, planned.looks[look].own or (), strict=True)
    rounds = {count / spec.allocation[arm] for arm, count in counts}
    one = rounds.pop()
    return None if rounds or one != int(one) else int(one) * sum(spec.allocation)


def _out_of_order(spec: TrialSpec, found: Sequence[Stage], entry: Array | None) -> bool:
    """Whether another look may come before or after one that waits for patients of its rule's own arms."""
    for stage in found:
        total = None if spec.rules[stage.rule].looks[stage.look].own is None else _total(spec, stage.rule, stage.look)
        if total is None or stage.ended:
            continue
        before = total - spec.block
        low = float(before) if entry is None else float(entry[before - 1] + _delay(spec)) if before else 0.0
        for other in found:
            alike = spec.rules[other.rule].looks[other.look].own is not None and other.n == stage.n
            same = alike and set(spec.rules[other.rule].arms) == set(spec.rules[stage.rule].arms)
            if not same and low < other.when <= stage.when:
                return True
    return False


def _too_many(spec: TrialSpec, stage: Stage) -> bool:
    """Whether more patients of an arm are evaluable than the rule counts."""
    planned = spec.rules[stage.rule]
    return any(stage.n[arm] > most for arm, most in zip(planned.arms, planned.rule.most or (), strict=False))


def _date(spec: TrialSpec, plan: LookPlan, entry: Array) -> float | None:
    """When a look falls where patients come evenly and none leaves; None where it is when the last event is seen."""
    times, delay = [0.0], _delay(spec)
    if plan.patients is not None:
        times.append(float(entry[plan.patients - 1]) if plan.patients <= len(entry) else math.inf)
    if plan.evaluable is not None:
        times.append(float(entry[plan.evaluable - 1] + delay) if plan.evaluable <= len(entry) else math.inf)
    if plan.at_least_months is not None:
        times.append(plan.at_least_months)
    when = max(times) if plan.by_month is None else min(max(times), plan.by_month)
    if math.isfinite(when):
        return when
    return None if spec.pfs is not None else float(entry[-1] + max(spec.binary.values()))


def mixed(parts: Sequence[tuple[float, Enumerated]]) -> Enumerated:
    """The average over how many patients are ever evaluable."""
    if len(parts) == 1:
        return parts[0][1]

    def mean(name: str) -> float:
        return float(sum(weight * getattr(made, name) for weight, made in parts))

    def means(name: str) -> tuple[float, ...]:
        columns = zip(*(getattr(made, name) for _, made in parts), strict=True)
        return tuple(float(sum(w * v for (w, _), v in zip(parts, column, strict=True))) for column in columns)

    go, stop, first_go, first_stop = (means(name) for name in ("go", "stop", "advice_go", "advice_stop"))
    success, futile, early = (mean(name) for name in ("probability_go", "probability_stop", "early"))
    patients, months = (
        None if any(getattr(made, name) is None for _, made in parts) else mean(name)
        for name in ("expected_patients", "expected_months")
    )
    return Enumerated(go, stop, first_go, first_stop, success, futile, early, patients, months)
