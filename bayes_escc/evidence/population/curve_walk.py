"""The walk down a survival curve from one number at risk to the next: which of those lost had the event, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.evidence.population.curve_points import WITHIN, CurvePoints, RiskTable
from bayes_escc.evidence.problems import Problem, refuse_if_any

__all__ = ["with_table", "without_table"]

Array = NDArray[np.float64]
_SHARES: Final = (1.0, None, 0.5, 0.25, 0.75)
"""How much of a fall across a number at risk may be given to the time before it; None is in proportion to time."""
HAND: Final = 0.02
"""By how much a survival clicked on a figure may be off, where the numbers at risk leave no other reading."""


@dataclass
class _Walk:
    """Where a walk down the curve stands: patients at risk, survival reached, and the events so far."""

    n: int
    survival: float
    times: list[float] = field(default_factory=list)

    def down(self, points: CurvePoints, inside: NDArray[np.bool_], censored: Array, most: int) -> None:
        """Place events at points that fall below halfway to the next step, at most so many."""
        start, gone, placed = self.n, 0, 0
        for k in np.flatnonzero(inside & points.falls):
            t, s = float(points.time[k]), float(points.survival[k])
            if points.dense and inside[k - 1]:
                t = 0.5 * (t + float(points.time[k - 1]))  # somewhere since the last point
            while gone < len(censored) and censored[gone] < t:
                gone += 1
            self.n = start - gone - placed
            if self.n <= 0 or self.survival <= 0.0:
                continue
            wanted = math.floor(self.n * (1.0 - s / self.survival) + 0.5)
            count = min(wanted, self.n, most - placed)
            if count > 0:
                self.survival *= (self.n - count) / self.n
                self.times += [t] * count
                placed += count
        self.n = start - len(censored) - placed

    @property
    def events(self) -> int:
        """Events so far."""
        return len(self.times)


def _spread(low: float, high: float, count: int, rng: np.random.Generator | None) -> Array:
    """Censoring times inside an interval: evenly, or at random."""
    if rng is not None:
        return np.sort(rng.uniform(low, high, count))
    return low + (np.arange(count) + 0.5) / max(count, 1) * (high - low)


def with_table(
    points: CurvePoints, risk: RiskTable, events: int | None, ticks: Array | None, rng: np.random.Generator | None
) -> tuple[Array, NDArray[np.bool_], list[str]]:
    """Walk from one number at risk to the next.

    A fall between the last point before a number at risk and the first after it may have happened on either side. It
    is left to the later interval unless the numbers contradict that; then to the earlier one, or divided. What is left
    of a contradiction may be the hand that read the figure, if it is no more than that: then all who were lost had the
    event, and the interval is named.
    """
    slack, shares = 0.0, dict[int, int]()
    while True:
        divided, owner = _divided(points, risk, shares)
        walk, censored, failed = _all_intervals(divided, risk, owner, ticks, rng, slack)
        if failed is None:
            break
        at_its_end = _moved_to(points, float(risk.time[failed + 1]))
        if at_its_end is not None:
            points, shares = at_its_end, {}
            continue
        if _given_elsewhere(shares, failed):
            continue
        if slack > 0.0:
            _refuse_interval(risk, failed)
        slack, shares = HAND, {}
    end = max(float(points.time[-1]), float(risk.time[-1]))
    last = _last_interval(walk, divided, owner == len(risk.time) - 1, float(risk.time[-1]), end, events, ticks, rng)
    censored = np.concatenate([censored, last])
    time, event = _patients(walk.times, censored)
    notes = _stretched(points, risk, time, event) if slack > 0.0 else []
    if risk.time[-1] > points.time[-1]:
        until = points.time[-1]
        notes.append(f"The curve ends at {until:g}, before the last number at risk; it is taken as flat from there.")
    return time, event, notes


def _moved_to(points: CurvePoints, boundary: float) -> CurvePoints | None:
    """The curve with the falls just before a time at that time, as where scans and numbers at risk have one date.

    None where there are none.
    """
    near = (points.time < boundary) & (points.time >= boundary - WITHIN * float(points.time[-1])) & points.falls
    return replace(points, time=np.where(near, boundary, points.time)) if near.any() else None


def _stretched(points: CurvePoints, risk: RiskTable, time: Array, event: NDArray[np.bool_]) -> list[str]:
    """The intervals in which everyone lost had the event, and the curve falls further still."""
    notes, curve = [], kaplan_meier(time, event)
    for low, high, before, after in zip(risk.time[:-1], risk.time[1:], risk.n[:-1], risk.n[1:], strict=True):
        had = int(((time >= low) & (time < high) & event).sum())
        inside = (points.time >= low) & (points.time < high)
        if had == before - after and inside.any():
            at = float(points.time[inside][-1])
            beyond = float(curve(np.array([at]))[0]) - float(points.survival[inside][-1])
            if beyond > 2.0 * points.precision:
                notes.append(
                    f"From {low:g} to {high:g} the curve falls by {beyond:.3f} more than the {had} patients lost "
                    "allow; all of them are taken to have had the event."
                )
    return notes


def _all_intervals(
    points: CurvePoints,
    risk: RiskTable,
    owner: NDArray[np.intp],
    ticks: Array | None,
    rng: np.random.Generator | None,
    slack: float,
) -> tuple[_Walk, Array, int | None]:
    """Every interval that a number at risk closes; or the first that contradicts the curve."""
    walk, censored = _Walk(int(risk.n[0]), 1.0), np.empty(0)
    for i in range(len(risk.time) - 1):
        part = _interval(
            walk,
            points,
            owner == i,
            (float(risk.time[i]), float(risk.time[i + 1])),
            int(risk.n[i] - risk.n[i + 1]),
            ticks,
            rng,
            slack,
        )
        if part is None:
            return walk, censored, i
        walk, gone = part
        censored = np.concatenate([censored, gone])
    return walk, censored, None


def _divided(points: CurvePoints, risk: RiskTable, shares: dict[int, int]) -> tuple[CurvePoints, NDArray[np.intp]]:
    """The curve with a point before some numbers at risk, so that part of a fall across them belongs to either side."""
    time, survival = list(points.time), list(points.survival)
    for number, choice in shares.items():
        boundary = float(risk.time[number])
        k = int(np.searchsorted(points.time, boundary, side="left"))
        if not 0 < k < len(points.time):
            continue
        before, after = float(points.time[k - 1]), float(points.time[k])
        share = _SHARES[choice]
        share = (boundary - before) / (after - before) if share is None else share
        time.append(0.5 * (before + boundary))
        survival.append(float(points.survival[k - 1] + share * (points.survival[k] - points.survival[k - 1])))
    order = np.argsort(time, kind="stable")
    divided = replace(points, time=np.array(time)[order], survival=np.array(survival)[order])
    return divided, np.searchsorted(risk.time, divided.time, side="right") - 1


def _given_elsewhere(shares: dict[int, int], failed: int) -> bool:
    """Divide the fall across one of the two numbers at risk around an interval in another way, if one is left."""
    # what the interval was given of the fall after it; else the fall before it, of which it has too much
    number = failed + 1 if failed + 1 in shares else failed
    choice = shares.get(number, -1) + 1
    if number <= 0 or choice >= len(_SHARES):
        return False
    shares[number] = choice
    return True


def _refuse_interval(risk: RiskTable, failed: int) -> None:
    """Refuse a curve that falls further between two numbers at risk than they allow."""
    low, high = risk.time[failed], risk.time[failed + 1]
    before, after = risk.n[failed], risk.n[failed + 1]
    problem = Problem(
        "too_few_lost",
        f"from {low:g} to {high:g} the curve falls by more events than the {before - after} "
        f"patients lost ({before} to {after} at risk)",
        "Check the numbers at risk, their times, and whether the curve is that of this arm.",
    )
    refuse_if_any("the curve", [problem])


def _patients(events: Sequence[float], censored: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Times in order, events before censorings at the same time."""
    time = np.concatenate([np.asarray(events, dtype=float), censored])
    event = np.arange(len(time)) < len(events)
    order = np.lexsort((~event, time))
    return time[order], event[order]


def _interval(
    walk: _Walk,
    points: CurvePoints,
    inside: NDArray[np.bool_],
    limits: tuple[float, float],
    lost: int,
    ticks: Array | None,
    rng: np.random.Generator | None,
    slack: float,
) -> tuple[_Walk, Array] | None:
    """The split of the patients lost in an interval into events and censorings that fits the curve best."""
    low, high = limits
    known = None if ticks is None else ticks[(ticks >= low) & (ticks < high)]
    goal = float(points.survival[inside][-1]) if inside.any() else walk.survival
    fits = []
    for count in range(lost + 1):
        if known is not None and len(known) <= lost and abs(count - len(known)) > 1:
            continue  # ticks leave one censoring more or fewer to doubt
        gone = known if known is not None and count == len(known) else _spread(low, high, count, rng)
        tried = _Walk(walk.n, walk.survival, list(walk.times))
        tried.down(points, inside, gone, lost - count)
        missing = lost - count - (tried.events - walk.events)
        fits.append((missing, abs(tried.survival - goal), count, tried, gone))
    # with events left over, the rest was censored after all: another count says so better
    _, _, _, tried, gone = min(fits, key=lambda fit: fit[:3])
    placed = tried.events - walk.events
    step = walk.survival / max(walk.n - placed, 1)
    if tried.survival - goal > 2.0 * points.precision + 1.01 * step + slack:
        return None
    extra = lost - placed - len(gone)
    if extra:
        gone = np.sort(np.concatenate([gone, _spread(low, high, extra, rng)]))
        tried.n -= extra
    return tried, gone


def _last_interval(
    walk: _Walk,
    points: CurvePoints,
    inside: NDArray[np.bool_],
    low: float,
    end: float,
    events: int | None,
    ticks: Array | None,
    rng: np.random.Generator | None,
) -> Array:
    """Events after the last number at risk; everyone else is censored there, late unless the events say otherwise."""
    n = walk.n
    known = None if ticks is None else ticks[ticks >= low][:n]
    fits = []
    for count in range(n + 1) if events is not None and known is None else [0]:
        gone = _spread(low, end, count, rng) if known is None else known
        tried = _Walk(n, walk.survival, list(walk.times))
        tried.down(points, inside, gone, n - len(gone))
        fits.append((0 if events is None else abs(tried.events - events), count, tried, gone))
    _, _, tried, gone = min(fits, key=lambda fit: fit[:2])
    walk.times, walk.survival, walk.n = tried.times, tried.survival, tried.n
    return np.concatenate([gone, np.full(tried.n, end)])


def without_table(points: CurvePoints, n: int, events: int) -> tuple[Array, NDArray[np.bool_], list[str]]:
    """Without numbers at risk: as many patients censored at a constant rate as leave the printed events."""
    end = float(points.time[-1])
    fits = []
    for count in range(n + 1):
        gone = _spread(0.0, end, count, None)
        tried = _Walk(n, 1.0)
        tried.down(points, np.ones(len(points.time), dtype=bool), gone, n - count)
        fits.append((abs(tried.events - events), count, tried, gone))
    _, _, walk, gone = min(fits, key=lambda fit: fit[:2])
    censored = np.concatenate([gone, np.full(walk.n, end)])
    note = "There were no numbers at risk: censoring is taken as even over the follow-up, so that the events match."
    return (*_patients(walk.times, censored), [note])
