"""What a rule on rates sees at a look of every trial, and what a probability decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import AnyArray, Plain
from bayes_escc.rules import Rule
from bayes_escc.rules.rule import decide
from bayes_escc.trials.spec import PlannedRule

__all__ = ["rate_statistics", "rate_verdicts", "verdicts_of"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@lru_cache(maxsize=4096)
def _statistics(rule: Rule, look: tuple[int, ...]) -> Array:
    return rule.statistics(look)


@lru_cache(maxsize=4096)
def _verdicts(rule: Rule, look: tuple[int, ...]) -> NDArray[np.int8]:
    return rule.verdicts(look)


def _looked_up(table: Callable[[Rule, tuple[int, ...]], AnyArray], rule: Rule, n: Whole, x: Whole) -> Array:
    """Entries of the tables by counts, of every trial; nothing is decided while an arm has nobody evaluable."""
    found = np.full(len(n), np.nan)
    looks, which = np.unique(n, axis=0, return_inverse=True)
    for i, look in enumerate(looks):
        if (look == 0).any():
            continue
        here = which.ravel() == i
        entries = table(rule, tuple(int(v) for v in look))
        found[here] = entries[tuple(x[here].T)]
    return found


def rate_statistics(planned: PlannedRule, n: Whole, x: Whole) -> Array:
    """The statistic of a rule on a rate; arrays as in `Counts`."""
    return _looked_up(_statistics, planned.rule, n, x)


def rate_verdicts(planned: PlannedRule, look: int, n: Whole, x: Whole) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE of a rule on a rate at one of its looks."""
    stated: Plain = {
        key: values[look]
        for key, values in (
            ("go_above", planned.go_above),
            ("stop_below", planned.stop_below),
            ("stop_above", planned.stop_above),
        )
        if values[look] is not None
    }
    rule = replace(planned.rule, looks=(), **{k: v for k, v in stated.items() if hasattr(planned.rule, k)})
    found = _looked_up(_verdicts, rule, n, x)
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
