"""Designs that need no simulation: one rule on rates whose evaluable patients at every look are known beforehand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from bayes_escc.names import Plain
from bayes_escc.rules import operating_characteristics
from bayes_escc.rules.rule import Look
from bayes_escc.trials.generate import arrivals
from bayes_escc.trials.spec import PlannedRule, TrialSpec, Truth

__all__ = ["exact_characteristics", "why_not_exact"]


def why_not_exact(spec: TrialSpec) -> str:
    """Why a design cannot be enumerated; blank if it can."""
    if len(spec.rules) != 1:
        return "several rules act in it"
    planned = spec.rules[0]
    if not planned.binding:
        return "its rule advises and ends nothing"
    if planned.of_pfs:
        return "its rule looks at a time to event"
    if planned.rule.not_exact:
        return planned.rule.not_exact
    if any(len(set(v)) > 1 for v in (planned.go_above, planned.stop_below, planned.stop_above)):
        return "its thresholds change from look to look"
    if any(spec.accrual.drop_out):
        return "patients drop out"
    if len(spec.arms) > 2 or (planned.reference < 0 and len(spec.arms) > 1):
        return "other arms take patients too"
    return (
        "" if _looks(spec, spec.patients[-1]) is not None else "who is evaluable at a look differs from trial to trial"
    )


def _looks(spec: TrialSpec, most: int) -> tuple[Look, ...] | None:
    """Evaluable patients of the arm (and the reference) at every look; None where chance decides."""
    planned = spec.rules[0]
    order = (planned.arm,) if planned.reference < 0 else (planned.arm, planned.reference)
    looks = []
    for plan in planned.looks:
        if (
            plan.evaluable is not None
            and plan.patients is None
            and plan.at_least_months is None
            and plan.by_month is None
        ):
            count = min(plan.evaluable, most)
        elif spec.accrual.pattern == "even":
            entry = arrivals(spec.accrual, np.zeros((1, most)))[0]
            known = entry + max(spec.binary[name] for name in planned.endpoints)
            times = [0.0]
            if plan.patients is not None:
                times.append(entry[min(plan.patients, most) - 1])
            if plan.evaluable is not None:
                times.append(np.sort(known)[min(plan.evaluable, most) - 1])
            if plan.at_least_months is not None:
                times.append(plan.at_least_months)
            when = max(times) if plan.by_month is None else min(max(times), plan.by_month)
            count = int((known <= when).sum())
        else:
            return None
        if count % spec.block and len(spec.arms) > 1:
            return None
        rounds = sum(spec.allocation)
        if count == 0 or count % rounds:
            return None
        looks.append(tuple(count // rounds * spec.allocation[i] for i in order))
    if any(a == b for a, b in pairwise(looks)):
        return None
    return tuple(looks)


def exact_characteristics(spec: TrialSpec) -> dict[tuple[int, str], Any]:
    """Operating characteristics by enumeration, by size and truth; empty where the design cannot be enumerated."""
    if why_not_exact(spec):
        return {}
    planned = spec.rules[0]
    stated: Plain = {
        key: values[0]
        for key, values in (
            ("go_above", planned.go_above),
            ("stop_below", planned.stop_below),
            ("stop_above", planned.stop_above),
        )
        if values[0] is not None and hasattr(planned.rule, key)
    }
    rule = replace(planned.rule, looks=(), **stated)
    order = (planned.arm,) if planned.reference < 0 else (planned.arm, planned.reference)
    found: dict[tuple[int, str], Any] = {}
    for most in spec.patients:
        looks = _looks(spec, most)
        if looks is None:
            continue
        rates = [_rates(planned, order, truth) for truth in spec.scenarios]
        result = operating_characteristics(rule, looks, [r if len(r) > 1 else r[0] for r in rates])
        for truth, scenario in zip(spec.scenarios, _of_rates(result.scenarios, rates), strict=True):
            found[(most, truth.name)] = scenario
    return found


def _rates(planned: PlannedRule, order: tuple[int, ...], truth: Truth) -> tuple[float, ...]:
    """True rates as the rule's enumeration takes them: of the arms, or of two endpoints and of both together."""
    rates = tuple(truth.rates[name][i] for i in order for name in planned.endpoints)
    if len(planned.endpoints) == 1 or getattr(planned.rule, "nested", False):
        return rates
    arm = planned.arm
    return (*rates, truth.both[arm] if truth.both and _in_order(planned, truth) else rates[0] * rates[1])


def _in_order(planned: PlannedRule, truth: Truth) -> bool:
    """Whether the rule is about the two endpoints whose association is stated."""
    return set(planned.endpoints) == set(truth.rates)


def _of_rates(scenarios: Any, rates: list[tuple[float, ...]]) -> list[Any]:
    by_rates = {tuple(s.rates): s for s in scenarios}
    return [by_rates[r] for r in rates]
