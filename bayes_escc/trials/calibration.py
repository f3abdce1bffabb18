"""Finding thresholds from trials that were simulated once.

Whether a trial is declared a success at a threshold depends on one number of it, its extreme: the greatest statistic
before the trial ended otherwise. So false alarms as a function of the threshold are a distribution function, the
threshold that holds them is an order statistic, and no further trial is needed. A second parameter (where a rule
stops; the power gamma of BOP2) is tried on a grid, each with the threshold that belongs to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.trials.conduct import PATH
from bayes_escc.trials.estimates import proportion, wilson
from bayes_escc.trials.spec import Calibration, PlannedRule

__all__ = ["Candidate", "calibrated", "extremes", "threshold"]

Array = NDArray[np.float64]
_STOPS = tuple(round(0.01 * i, 2) for i in (0, 1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50))
_POWERS = tuple(round(0.1 * i, 1) for i in range(21))
_CURVE = 60


@dataclass(frozen=True)
class Candidate:
    """Parameters that hold the false alarms.

    Parameters
    ----------
    value : float
        The threshold.
    interval : tuple of float
        95 % interval of it.
    second : float or None
        The second parameter, where there is one.
    power : float or None
        Least share of successes over the truths under which success is right.
    patients : float
        Mean number under the null truths, at most over them.
    """

    value: float
    interval: tuple[float, float]
    second: float | None
    power: float | None
    patients: float


def threshold(null: Mapping[str, Array], false_alarm: float, *, upper: bool) -> tuple[float, tuple[float, float]]:
    """The smallest threshold whose false alarms stay at or below a level under every null truth.

    Parameters
    ----------
    null : mapping of str to array
        Extreme of every null trial, by truth.
    false_alarm : float
    upper : bool
        Whether the upper 95 % Monte Carlo bound, not the estimate, must stay at or below the level.

    Returns
    -------
    value : float
    interval : tuple of float
        95 % interval of the threshold, from the binomial law of the order statistic.
    """
    found = []
    for values in null.values():
        ordered = np.sort(values)
        n = len(ordered)
        spread = 1.96 * math.sqrt(n * false_alarm * (1.0 - false_alarm))
        allowed = math.floor(false_alarm * n + 1e-9)
        if upper:
            while allowed >= 0 and wilson(allowed, n)[1] > false_alarm:
                allowed -= 1
        places = [n - 1 - math.floor(max(a, 0.0)) for a in (allowed, allowed + spread, allowed - spread)]
        # equal values stand together: a trial is above a value only if it is greater
        found.append([_beyond(ordered, float(ordered[min(max(p, 0), n - 1)])) for p in places])
        if allowed < 0:  # too few trials to bound it: nothing may be declared
            found[-1][0] = math.inf
    worst = max(found, key=lambda v: v[0])
    return worst[0], (worst[1], worst[2])


def _beyond(ordered: Array, value: float) -> float:
    """Midway to the next greater extreme, so that a threshold written with fewer digits parts the same trials."""
    place = int(np.searchsorted(ordered, value, side="right"))
    return 0.5 * (value + float(ordered[place])) if place < len(ordered) else value + 1e-6


def extremes(planned: PlannedRule, wanted: Calibration, path: Array, second: float | None = None) -> Array:
    """The number of each trial that decides whether the rule acts at a threshold: it acts if that is greater.

    Parameters
    ----------
    planned : PlannedRule
    wanted : Calibration
    path : array of shape (trials, looks, 4)
        As in `Outcomes.paths`.
    second : float, optional
        Instead of the rule's own `stop_below`, or gamma.
    """
    values, evaluable = path[..., PATH.index("statistic")], path[..., PATH.index("evaluable")]
    with np.errstate(invalid="ignore", divide="ignore"):
        if planned.rule.not_calibrated:
            raise AnalysisError(f"{planned.rule.name}: {planned.rule.not_calibrated}")
        falls = planned.rule.cut_falls_by(evaluable, second)
        if falls is not None:
            reached = (evaluable == (planned.rule.most or (np.nan,))[0]).any(axis=1)
            return np.where(reached, np.fmin.reduce(values / falls, axis=1), -np.inf)
        if wanted.key[0] == "stop_below":
            high = np.array([np.inf if g is None else g for g in planned.go_above])
            open_until = ~_ended_before(values > high)
            return np.where(open_until & np.isfinite(values), -values, -np.inf).max(axis=1)
        stops = planned.stop_below if second is None else (second,) * values.shape[1]
        low = np.array([-np.inf if s is None else s for s in stops])
        open_until = ~_ended_before(values < low)
        return np.where(open_until & np.isfinite(values), values, -np.inf).max(axis=1)


def _ended_before(ends: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a trial had ended at or before each look."""
    return np.logical_or.accumulate(ends, axis=1)


def _patients(planned: PlannedRule, path: Array, go: float, second: float | None) -> float:
    """Mean patients where the rule ends trials with these parameters."""
    values, evaluable, entered = (path[..., PATH.index(n)] for n in ("statistic", "evaluable", "patients"))
    with np.errstate(invalid="ignore"):
        falls = planned.rule.cut_falls_by(evaluable, second)
        if falls is not None:
            ends = values < go * falls
        else:
            stops = planned.stop_below if second is None else (second,) * values.shape[1]
            ends = (values > go) | (values < np.array([-np.inf if s is None else s for s in stops]))
    last = np.isfinite(entered).sum(axis=1) - 1
    where = np.where(ends.any(axis=1), ends.argmax(axis=1), np.maximum(last, 0))
    return float(np.nanmean(entered[np.arange(len(entered)), where]))


def calibrated(
    planned: PlannedRule,
    wanted: Calibration,
    null: Mapping[str, Array],
    good: Mapping[str, Array],
    fresh: Callable[[str], Array],
) -> Plain:
    """The parameters that hold the false alarms, and what fresh trials say of them.

    Parameters
    ----------
    planned : PlannedRule
    wanted : Calibration
    null, good : mapping of str to array
        Paths of trials under the truths where acting is a false alarm, and where it is right.
    fresh : callable
        Paths of trials of a truth that had no part in the search.
    """
    if not null:
        return {}
    seconds: tuple[float | None, ...] = (None,)
    if len(wanted.key) > 1:
        seconds = _POWERS if wanted.key[1] == "gamma" else _STOPS
    candidates = [_candidate(planned, wanted, null, good, s) for s in seconds]
    chosen = _chosen(candidates, wanted.power)
    sign = -1.0 if wanted.key[0] == "stop_below" else 1.0

    def acting(path: Array) -> NDArray[np.bool_]:
        return extremes(planned, wanted, path, chosen.second) > chosen.value

    checked = {name: proportion(acting(fresh(name))) for name in (*null, *good)}
    values = {wanted.key[0]: sign * chosen.value}
    if chosen.second is not None:
        values[wanted.key[1]] = chosen.second
    ends = sorted(sign * v for v in chosen.interval)
    return {
        "rule": wanted.rule,
        "key": wanted.key[0],
        "value": sign * chosen.value,
        "interval": ends,
        "values": values,
        "false_alarm": wanted.false_alarm,
        "upper": wanted.upper,
        "fresh_trials": {name: checked[name].value for name in null},
        "fresh": {name: estimate.to_dict() for name, estimate in checked.items()},
        "candidates": [
            {"value": sign * c.value, "second": c.second, "power": c.power, "patients": c.patients} for c in candidates
        ],
        "curve": _curve(planned, wanted, null, chosen),
    }


def _candidate(
    planned: PlannedRule, wanted: Calibration, null: Mapping[str, Array], good: Mapping[str, Array], s: float | None
) -> Candidate:
    at_null = {name: extremes(planned, wanted, path, s) for name, path in null.items()}
    value, interval = threshold(at_null, wanted.false_alarm, upper=wanted.upper)
    powers = [float((extremes(planned, wanted, path, s) > value).mean()) for path in good.values()]
    patients = max(_patients(planned, path, value, s) for path in null.values())
    return Candidate(value, interval, s, min(powers) if powers else None, patients)


def _chosen(candidates: list[Candidate], power: float | None) -> Candidate:
    """The most powerful; or of those that reach a power, the one with fewest patients where there is no effect."""
    enough = [c for c in candidates if power is not None and c.power is not None and c.power >= power]
    if enough:
        return min(enough, key=lambda c: (c.patients, -(c.power or 0.0)))
    return max(candidates, key=lambda c: (c.power or 0.0, -c.patients))


def _curve(
    planned: PlannedRule, wanted: Calibration, null: Mapping[str, Array], chosen: Candidate
) -> list[dict[str, float]]:
    """False alarms by threshold, the largest over the null truths, with a 95 % band."""
    at_null = [extremes(planned, wanted, path, chosen.second) for path in null.values()]
    every = np.concatenate(at_null)
    every = every[np.isfinite(every)]
    if not len(every):
        return []
    sign = -1.0 if wanted.key[0] == "stop_below" else 1.0
    low = float(np.quantile(every, 0.5))
    found = []
    for t in np.linspace(low, float(every.max()), _CURVE):
        worst = max(at_null, key=lambda values: float((values > t).mean()))
        count = float((worst > t).sum())
        lower, upper = wilson(count, len(worst))
        found.append({"threshold": sign * float(t), "share": count / len(worst), "lower": lower, "upper": upper})
    return found
