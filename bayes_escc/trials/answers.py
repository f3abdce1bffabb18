"""What a rule on rates sees at a look of every trial, and what a probability decides."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.borrowed_history import HistoricalPrior
from bayes_escc.answers.borrowing import sam_weight
from bayes_escc.names import AnyArray, Plain
from bayes_escc.rules import Rule
from bayes_escc.rules.rule import decide
from bayes_escc.trials.spec import PlannedRule

__all__ = ["rate_statistics", "rate_verdicts", "rule_at", "statistic_table", "verdict_table", "verdicts_of"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@lru_cache(maxsize=4096)
def _statistics(rule: Rule, look: tuple[int, ...]) -> Array:
    return rule.statistics(look)


@lru_cache(maxsize=4096)
def _verdicts(rule: Rule, look: tuple[int, ...]) -> NDArray[np.int8]:
    return rule.verdicts(look)


@lru_cache(maxsize=512)
def _adapted(rule: Rule, key: str, history: HistoricalPrior, n: tuple[int, ...]) -> Array:
    """The statistic for every possible count where the robust weight of an arm adapts to its own count."""
    axis = ("prior", "reference_prior").index(key)
    values = np.empty(tuple(size + 1 for size in n))
    places = np.moveaxis(values, axis, 0)
    for events in range(n[axis] + 1):
        weight = sam_weight(history.mixture, events=events, n=n[axis], difference=float(history.difference or 0.0))
        prior: Plain = {key: history.mixture.robust(weight, history.vague)}
        places[events] = np.moveaxis(replace(rule, **prior).statistics(n), axis, 0)[events]
    return values


def statistic_table(planned: PlannedRule, look: int, n: tuple[int, ...], *, ended: bool) -> Array:
    """The statistic of a rule at one of its looks for every possible count; see `rule_at`."""
    rule = rule_at(planned, look, n, ended=ended)
    return _adapted(rule, *planned.adaptive[0], n) if planned.adaptive else _statistics(rule, n)


def verdict_table(planned: PlannedRule, look: int, n: tuple[int, ...], *, ended: bool) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE of a rule at one of its looks for every possible count; see `rule_at`."""
    rule = rule_at(planned, look, n, ended=ended)
    if not planned.adaptive:
        return _verdicts(rule, n)
    return rule.decided(n, statistic_table(planned, look, n, ended=ended), rule.thresholds(n))


def rule_at(planned: PlannedRule, look: int, n: tuple[int, ...], *, ended: bool) -> Rule:
    """A rule on rates as it is read at one of its looks.

    Parameters
    ----------
    planned : PlannedRule
    look : int
        Its number, from 0.
    n : tuple of int
        Evaluable patients: of the regimen, then of the reference.
    ended : bool
        Whether nothing more can become known. A rule with a planned maximum that was not reached, since patients left,
        is then read as at its last analysis: nobody remains to be predicted, and its last numbers of events hold.
    """
    stated: Plain = {
        key: values[look]
        for key, values in (
            ("go_above", planned.go_above),
            ("stop_below", planned.stop_below),
            ("stop_above", planned.stop_above),
        )
        if values[look] is not None and key in planned.rule.keys
    }
    rule = planned.rule
    if not ended or rule.most is None or rule.most == n:
        return replace(rule, looks=(), **stated)
    plan = planned.looks[look]
    return rule.at_the_end(plan.evaluable if plan.own is None else plan.own[0], n, stated)


class _Table(Protocol):
    def __call__(self, planned: PlannedRule, look: int, n: tuple[int, ...], *, ended: bool) -> AnyArray: ...


def _looked_up(
    table: _Table,
    planned: PlannedRule,
    look: int,
    n: Whole,
    x: Whole,
    ended: NDArray[np.bool_],
) -> Array:
    """Entries of the tables by counts, of every trial; nothing is decided while an arm has nobody evaluable."""
    found = np.full(len(n), np.nan)
    keys, which = np.unique(np.column_stack([n, ended]), axis=0, return_inverse=True)
    for i, key in enumerate(keys):
        sizes = tuple(int(v) for v in key[:-1])
        if 0 in sizes:
            continue
        here = which.ravel() == i
        entries = table(planned, look, sizes, ended=bool(key[-1]))
        found[here] = entries[tuple(x[here].T)]
    return found


def rate_statistics(planned: PlannedRule, look: int, n: Whole, x: Whole, ended: NDArray[np.bool_]) -> Array:
    """The statistic of a rule on a rate; arrays as in `Counts`."""
    return _looked_up(statistic_table, planned, look, n, x, ended)


def rate_verdicts(planned: PlannedRule, look: int, n: Whole, x: Whole, ended: NDArray[np.bool_]) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE of a rule on a rate at one of its looks."""
    found = _looked_up(verdict_table, planned, look, n, x, ended)
    return np.nan_to_num(found, nan=0.0).astype(np.int8)


def verdicts_of(planned: PlannedRule, look: int, statistic: Array) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE for a probability; numbers equal to nine decimals are equal."""
    thresholds = {
        key: value
        for key, value in (
            ("go_above", planned.go_above[look]),
            ("stop_below", planned.stop_below[look]),
            ("stop_above", planned.stop_above[look]),
        )
        if value is not None
    }
    return decide(np.round(statistic, 9), thresholds)
