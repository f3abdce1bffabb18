"""Thresholds chosen so that false alarms are as rare as asked, by exact computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.rules.kinds import Bop2
from bayes_escc.rules.paths import OperatingCharacteristics, check_exact, operating_characteristics, walk
from bayes_escc.rules.rule import GO, STOP, Rule, Step, decide, exceeds
from bayes_escc.settings.questions import no_probability

__all__ = ["TUNED", "Calibration", "calibrate"]

Array = NDArray[np.float64]
CUTS: Final = np.round(np.arange(0.50, 0.9951, 0.005), 3)
"""Values of lambda that are tried."""
POWERS: Final = np.round(np.arange(0.0, 1.0001, 0.02), 2)
"""Values of gamma that are tried."""
TUNED: Final = {
    "posterior_probability": "go_above",
    "thall_simon": "go_above",
    "predictive_probability": "success",
    "toxicity": "stop_above",
}
"""The threshold that is tuned, by kind of rule."""


@dataclass(frozen=True)
class Calibration:
    """A calibrated rule.

    Parameters
    ----------
    rule : Rule
        With the thresholds found.
    target : float
        Largest false-alarm rate allowed.
    operating_characteristics : OperatingCharacteristics
        Of the rule found.
    """

    rule: Rule
    target: float
    operating_characteristics: OperatingCharacteristics

    def to_dict(self) -> Plain:
        """Everything as plain data."""
        return {"target": self.target, **self.operating_characteristics.to_dict()}


def calibrate(rule: Rule, target: float, *, looks: Sequence[Any] | None = None) -> Calibration:
    """Tune a rule to a false-alarm rate.

    For BOP2, lambda and gamma are those of largest power among those (on a grid of 0.005 and 0.02)
    whose false-alarm rate does not exceed the target; among equals, those with the fewest patients
    expected under the null. For the other rules the threshold that declares (`go_above`, `success`,
    `stop_above`) is the smallest, to four decimals, that keeps the false-alarm rate.

    Parameters
    ----------
    rule : Rule
        Its null rates must be known; for BOP2 also its alternative.
    target : float
        Largest false-alarm rate, between 0 and 1.
    looks : sequence, optional
        The rule's schedule if not given.

    Returns
    -------
    Calibration

    Raises
    ------
    AnalysisError
    """
    taken = check_exact(rule, looks)
    if not 0.0 < target < 1.0:
        raise AnalysisError(f"the false-alarm rate asked for lies between 0 and 1, {no_probability(target)}.")
    if rule.false_alarm_rates is None:
        raise AnalysisError(f"{rule.name}: state null_rate, the rate under which a declaration is false.")
    found = _bop2(rule, target, taken) if isinstance(rule, Bop2) else _threshold(rule, target, taken)
    return Calibration(found, target, operating_characteristics(found, taken))


def _threshold(rule: Rule, target: float, looks: Sequence[Any]) -> Rule:
    key = TUNED.get(rule.kind)
    if key is None or getattr(rule, key) is None:
        raise AnalysisError(f"{rule.name}: a {rule.kind} rule has no declaring threshold to tune.")

    steps = rule.steps(np.array([rule.false_alarm_rates]))
    fixed = None if key == "success" else [rule.statistics(look) for look in looks]

    def rate(value: float) -> float:
        tuned = _tuned(rule, key, value)
        values = [tuned.statistics(look) for look in looks] if fixed is None else fixed
        go, stop = walk(
            looks, [tuned.decided(n, v, tuned.thresholds(n)) for v, n in zip(values, looks, strict=True)], steps
        )
        return float((go if tuned.act == "go" else stop).sum())

    low, high = 1, 9999
    floor = rule.thresholds(looks[0]).get("stop_below") if key == "go_above" else None
    if floor is not None:
        low = int(floor * 10_000) + 1
    if rate(high / 10_000) > target:
        raise AnalysisError(f"{rule.name}: no threshold keeps the false-alarm rate at {target:g} with these looks.")
    while high - low > 1:
        middle = (low + high) // 2
        if rate(middle / 10_000) > target:
            low = middle
        else:
            high = middle
    return _tuned(rule, key, high / 10_000)


def _tuned(rule: Rule, key: str, value: float) -> Rule:
    changes: Plain = {key: value}
    return replace(rule, **changes)


def _bop2(rule: Bop2, target: float, looks: Sequence[Any]) -> Rule:
    null, hoped = rule.false_alarm_rates, rule.power_rates
    if null is None or hoped is None:
        raise AnalysisError(f"{rule.name}: state alternative_rate, for which the power is to be largest.")
    values = [rule.statistics(look) for look in looks]
    grid = [(cut, power) for cut in CUTS for power in POWERS]
    distinct: dict[bytes, tuple[float, float]] = {}
    kept: list[list[NDArray[np.int8]]] = []
    for cut, power in grid:
        if rule.efficacy is None:  # the last look does not tell equality from success
            tried = [
                np.where(exceeds(cut * (look[0] / rule.patients[0]) ** power, v), STOP, GO if look == rule.most else 0)
                for v, look in zip(values, looks, strict=True)
            ]
        else:
            tuned = replace(rule, cut=float(cut), power=float(power))
            tried = [decide(v, tuned.thresholds(look)) for v, look in zip(values, looks, strict=True)]
        key = b"".join(t.astype(np.int8).tobytes() for t in tried)
        if key not in distinct:
            distinct[key] = (float(cut), float(power))
            kept.append([t.astype(np.int8) for t in tried])
    verdicts = [np.stack([tried[i] for tried in kept]) for i in range(len(looks))]
    alarm, size = _behaviour(rule, looks, verdicts, null)
    power_of, _ = _behaviour(rule, looks, verdicts, hoped)
    allowed = np.flatnonzero(alarm <= target)
    if not allowed.size:
        raise AnalysisError(f"{rule.name}: no lambda and gamma keep the false-alarm rate at {target:g}.")
    best = allowed[np.lexsort((size[allowed], -np.round(power_of[allowed], 10)))[0]]
    cut, power = list(distinct.values())[best]
    return replace(rule, cut=cut, power=power)


def _behaviour(
    rule: Bop2, looks: Sequence[Any], verdicts: Sequence[NDArray[np.int8]], rates: tuple[float, ...]
) -> tuple[Array, Array]:
    """P(declared) and expected patients of every set of verdicts at once."""
    sets = len(verdicts[0])
    steps: list[Step] = [[(shift, np.repeat(p, sets)) for shift, p in step] for step in rule.steps(np.array([rates]))]
    go, stop = walk(looks, verdicts, steps)
    left = 1.0 - np.cumsum(go + stop, axis=1)
    reached = np.concatenate([np.ones((sets, 1)), left[:, :-1]], axis=1)
    sizes = np.diff([look[0] for look in looks], prepend=0)
    return go.sum(axis=1), reached @ sizes
