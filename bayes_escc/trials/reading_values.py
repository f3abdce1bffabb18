"""Values that several parts of a design file share: numbers by arm, and values that hold from a time on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bayes_escc.names import normalise
from bayes_escc.settings.reader import Reader, nearest
from bayes_escc.trials.spec import Steps

__all__ = ["by_arm", "is_number", "listed", "steps"]


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def listed(value: Any) -> list[Any]:
    """A list as it is, and anything else as the only one of a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def steps(r: Reader, key: str, value: Any) -> Steps:
    """A positive number, or values from a time on: ``[[0, 2], [6, 5]]``."""
    if is_number(value):
        value = [[0, value]]
    good = (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(v, list | tuple) and len(v) == 2 and all(is_number(x) for x in v) for v in value)
    )
    found = tuple((float(a), float(b)) for a, b in value) if good else ()
    ascending = all(a[0] < b[0] for a, b in pairwise(found))
    if not good or found[0][0] != 0.0 or not ascending or any(v < 1e-12 for _, v in found):
        r.problem(key, f"must be a positive number, or values from a time on, [[0, 2], [6, 5]], not {value!r}")
        return ((0.0, 1.0),)
    return found


def by_arm(
    r: Reader, key: str, value: Any, arms: Sequence[str], low: float, high: float, default: float | None
) -> tuple[float, ...]:
    """A number for every arm: one for all, or a table by name."""
    if is_number(value):
        value = dict.fromkeys(arms, value)
    if not isinstance(value, Mapping):
        r.problem(key, f"must be a number, or a table of numbers by arm, not {value!r}")
        return (low,) * len(arms)
    stated = {normalise(str(k)): v for k, v in value.items()}
    for name in stated:
        if name not in arms:
            r.problem(key, f"{name!r} is no arm of design.arms.{nearest(name, arms)}")
    found = []
    for arm in arms:
        number: Any = stated.get(arm, default)
        if number is None:
            r.problem(f'{key}."{arm}"', f"is missing: state a number from {low:g} to {high:g} for every arm")
            number = low
        if not is_number(number) or not low <= number <= high:
            r.problem(f'{key}."{arm}"', f"must be a number from {low:g} to {high:g}, not {number!r}")
            number = low
        found.append(float(number))
    return tuple(found)
