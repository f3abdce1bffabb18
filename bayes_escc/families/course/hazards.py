"""Three hazards that are constant between cut points, and what follows from them in closed form.

Patients leave the first state, free of progression, by progression or by death; who progressed leaves the second by
death. The clock of that last hazard starts anew at progression (``"reset"``, a semi-Markov model) or goes on from the
start of treatment (``"forward"``, a Markov model). Between two breaks of any of the hazards everything is an integral
of exponentials, so that probabilities and restricted means have closed forms.

Arrays have the draws first (chains and draws flattened), then regimens.

References
----------
Andersen PK, Keiding N. Stat Methods Med Res 2002;11:91-115.
Putter H, Fiocco M, Geskus RB. Stat Med 2007;26:2389-2430.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.step_hazards import exposure

__all__ = ["Clock", "CourseHazards", "median_between"]

Array = NDArray[np.float64]
Clock = Literal["reset", "forward"]
_CLOSE: Final = 0.5
_NODES: Final = 8
"""Gauss-Legendre nodes for exponents below `_CLOSE`: exact to rounding."""
_DOUBLINGS: Final = 200
_STEPS: Final = 200
_FARTHEST: Final = 50.0
"""Where the logarithm of survival is cut off, so that a bracket far too wide still leads inwards."""
_PRECISION: Final = 1e-11


def _shrink(x: Array) -> Array:
    """``(1 - exp(-x)) / x``, and 1 at 0."""
    small = np.abs(x) < 1e-12
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 - x / 2.0, -np.expm1(-safe) / safe)


def _second_difference(a: Array, b: Array) -> Array:
    """Integral over s from 0 to 1 of ``exp(-a s) (1 - exp(-b (1 - s))) / b``, for a and b of at least 0.

    The second divided difference of the exponential function at 0, -a and -b: by its recurrence over the points that
    lie farthest apart, and by quadrature where all three are close.
    """
    close = np.maximum(a, b) < _CLOSE
    small, large = np.minimum(a, b), np.where(close, 1.0, np.maximum(a, b))
    apart = (_shrink(small) - np.exp(-small) * _shrink(large - small)) / large
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    near: Array = np.zeros(np.broadcast_shapes(a.shape, b.shape))
    c, d = np.where(close, a, 0.0), np.where(close, b, 0.0)
    for s, w in zip((1.0 + x) / 2.0, weight / 2.0, strict=True):
        near = near + w * np.exp(-c * s) * (1.0 - s) * _shrink(d * (1.0 - s))
    return np.where(close, near, apart)


def _at(hazards: Array, index: NDArray[np.intp]) -> Array:
    """Hazards (draws, regimens, intervals) in intervals (draws or 1, regimens or 1, ...)."""
    draws, regimens = hazards.shape[:2]
    extra = (1,) * (index.ndim - 2)
    i = np.arange(draws).reshape(draws, 1, *extra)
    r = np.arange(regimens).reshape(1, regimens, *extra)
    return np.asarray(hazards[i, r, index])


@dataclass(frozen=True)
class CourseHazards:
    """The hazards of the three transitions, of every regimen under every draw.

    Parameters
    ----------
    progression, death : array of shape (draws, regimens, intervals)
        Out of the first state, in the intervals of `cuts`.
    later : array of shape (draws, regimens, later intervals)
        Of death after progression, in the intervals of `later_cuts`.
    cuts, later_cuts : array
    clock : {"reset", "forward"}
        Whether `later_cuts` count from progression or from the start.
    """

    progression: Array
    death: Array
    later: Array
    cuts: Array
    later_cuts: Array
    clock: Clock = "reset"

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.progression)

    @property
    def leaving(self) -> Array:
        """Hazard of leaving the first state."""
        return self.progression + self.death

    def scaled(self, progression: Array, death: Array, later: Array) -> CourseHazards:
        """The same with every hazard times a factor that broadcasts against (draws, regimens)."""
        return CourseHazards(
            self.progression * np.asarray(progression)[..., None],
            self.death * np.asarray(death)[..., None],
            self.later * np.asarray(later)[..., None],
            self.cuts,
            self.later_cuts,
            self.clock,
        )

    def of(self, regimen: int) -> CourseHazards:
        """Those of one regimen alone."""
        one = slice(regimen, regimen + 1)
        return CourseHazards(
            self.progression[:, one], self.death[:, one], self.later[:, one], self.cuts, self.later_cuts, self.clock
        )

    # ---- the first state ----------------------------------------------------------------------

    def free(self, time: Array) -> Array:
        """P(free of progression), (draws, regimens, times), at times (times,) or an own time (draws, regimens, 1)."""
        return np.asarray(np.exp(-_cumulative(self.leaving, self.cuts, np.asarray(time, dtype=float))))

    def incidence(self, cause: Literal["progression", "death"], time: Array) -> Array:
        """P(left the first state by a cause), (draws, regimens, times), at times (times,)."""
        starts = np.concatenate([[0.0], self.cuts])
        width = exposure(np.zeros_like(time), time, self.cuts)  # (times, intervals)
        leaving, of_cause = self.leaving, self.progression if cause == "progression" else self.death
        before = self.free(starts)  # (draws, regimens, intervals)
        gone = _shrink(leaving[:, :, None, :] * width) * width
        return np.asarray(((before * of_cause)[:, :, None, :] * gone).sum(axis=-1))

    def mean_free(self, horizon: float) -> Array:
        """Mean time free of progression up to a horizon, (draws, regimens)."""
        zero = np.zeros((1, 1, 1))
        return _mean_until(self.leaving, self.cuts, zero, np.full_like(zero, horizon))[..., 0]

    def median_free(self) -> Array:
        """Median time free of progression, (draws, regimens)."""
        leaving, left = self.leaving, np.full(self.progression.shape[:2], np.log(2.0))
        time = np.zeros_like(left)
        for j, width in enumerate([*np.diff(np.concatenate([[0.0], self.cuts])), np.inf]):
            with np.errstate(divide="ignore"):
                step = np.minimum(left / leaving[..., j], width)
            time = time + step
            left = np.where(step < width, 0.0, np.maximum(left - leaving[..., j] * step, 0.0))
        return time

    # ---- the second state ---------------------------------------------------------------------

    def alive_after(self, time: Array) -> Array:
        """P(alive after progression), (draws, regimens, times), at times (times,) or an own time (draws, regimens, 1).

        The integral over the time u of progression of ``P(free at u) h(u) P(alive at t | progressed at u)``. Between
        breaks both survival functions are exponentials, so that a stretch of width w contributes its value times
        ``w exp(-min(a, b) w) (1 - exp(-|a - b| w)) / (|a - b| w)``, for the hazards a of leaving the first state and b
        of death.
        """
        time = np.asarray(time, dtype=float)
        time = time.reshape((1, 1, -1)) if time.ndim == 1 else time
        low, high = self._stretches(time)
        width, middle = high - low, (low + high) / 2.0
        t = time[..., None]
        clock = t - middle if self.clock == "reset" else middle
        first = np.searchsorted(self.cuts, middle, side="left")
        second = np.searchsorted(self.later_cuts, clock, side="left")
        leaving, dying = _at(self.leaving, first), _at(self.later, second)
        least, apart = np.minimum(leaving, dying), np.abs(leaving - dying)
        inside = width * np.exp(-least * width) * _shrink(apart * width)
        lives = self._lives(high, t)
        return np.asarray((self._free(low) * _at(self.progression, first) * inside * lives).sum(axis=-1))

    def mean_after(self, horizon: float) -> Array:
        """Mean time alive after progression up to a horizon, (draws, regimens).

        The integral over the time u of progression of ``P(free at u) h(u)`` times the mean time from u to the horizon
        of who is alive at u. On a stretch that ends at b this mean is what is lived within the stretch, and beyond it
        what is lived from b on; with the clock of progression the stretch that u enters is the last, not the first.
        """
        low, high = self._stretches(np.full((1, 1, 1), horizon))
        low, high = low[:, :, 0], high[:, :, 0]
        width, middle = high - low, (low + high) / 2.0
        reset = self.clock == "reset"
        first = np.searchsorted(self.cuts, middle, side="left")
        second = np.searchsorted(self.later_cuts, horizon - middle if reset else middle, side="left")
        leaving, dying = _at(self.leaving, first), _at(self.later, second)
        within = width**2 * _second_difference(leaving * width, dying * width)
        least, apart = np.minimum(leaving, dying), np.abs(leaving - dying)
        if reset:
            beyond = _mean_until(self.later, self.later_cuts, np.zeros_like(high), horizon - high)
            lives = self._lives(high, np.full_like(high, horizon))
            lived = lives * within + beyond * width * _shrink(leaving * width)
        else:
            beyond = _mean_until(self.later, self.later_cuts, high, np.full_like(high, horizon))
            lived = within + beyond * width * np.exp(-least * width) * _shrink(apart * width)
        return np.asarray((self._free(low) * _at(self.progression, first) * lived).sum(axis=-1))

    def _stretches(self, time: Array) -> tuple[Array, Array]:
        """Times of progression up to a time between which no hazard breaks, (..., stretches) each."""
        breaks = [np.zeros_like(time), *(np.minimum(time, c) for c in self.cuts)]
        if self.clock == "reset":
            breaks += [np.maximum(time - c, 0.0) for c in self.later_cuts]
        else:
            breaks += [np.minimum(time, c) for c in self.later_cuts]
        edges = np.sort(np.stack([*breaks, time], axis=-1), axis=-1)
        return edges[..., :-1], edges[..., 1:]

    def _free(self, u: Array) -> Array:
        """P(free at u), of times (draws or 1, regimens or 1, ...)."""
        flat = np.exp(-_cumulative(self.leaving, self.cuts, u.reshape(*u.shape[:2], -1)))
        return flat.reshape(*flat.shape[:2], *u.shape[2:])

    def _lives(self, u: Array, t: Array) -> Array:
        """P(alive at t) of who progressed at u, both (draws or 1, regimens or 1, ...)."""
        shape = np.broadcast_shapes(u.shape, t.shape)
        start, stop = (np.zeros(shape), t - u) if self.clock == "reset" else (u, np.broadcast_to(t, shape))
        spent = exposure(start.reshape(*shape[:2], -1), stop.reshape(*shape[:2], -1), self.later_cuts)
        flat = np.exp(-_sum_over_intervals(self.later, spent))
        return flat.reshape(*flat.shape[:2], *shape[2:])

    def survival_after(self, time: Array) -> Array:
        """P(alive) at times since progression, (draws, regimens, times); of the clock that starts at progression."""
        return np.asarray(np.exp(-_cumulative(self.later, self.later_cuts, np.asarray(time, dtype=float))))

    # ---- both ---------------------------------------------------------------------------------

    def alive(self, time: Array) -> Array:
        """Overall survival, (draws, regimens, times), as `alive_after`."""
        return self.free(time) + self.alive_after(time)

    def median_alive(self) -> Array:
        """Median overall survival, (draws, regimens)."""
        return median_between(lambda time: self.alive(time[..., None])[..., 0], self.median_free())


def median_between(alive: Callable[[Array], Array], low: Array) -> Array:
    """When survival falls to one half, elementwise, by the Illinois rule on its logarithm.

    Parameters
    ----------
    alive : callable
        Survival at a time of each element.
    low : array
        Times at which survival is at least one half.
    """

    def above(time: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(np.maximum(np.log(2.0 * alive(time)), -_FARTHEST))

    low, high = low.copy(), np.maximum(2.0 * low, 1e-8)
    at_low, at_high = above(low), above(high)
    for _ in range(_DOUBLINGS):
        short = at_high > 0
        if not short.any():
            break
        low, at_low = np.where(short, high, low), np.where(short, at_high, at_low)
        high = np.where(short, 2.0 * high, high)
        at_high = np.where(short, above(high), at_high)
    kept = np.zeros(low.shape, dtype=int)  # which end the last step kept
    for _ in range(_STEPS):
        span = np.where(at_low == at_high, 1.0, at_low - at_high)
        middle = np.clip(low + (high - low) * at_low / span, low, high)
        value = above(middle)
        up = value > 0
        at_high = np.where(up & (kept == 1), at_high / 2.0, np.where(up, at_high, value))
        at_low = np.where(up, value, np.where(kept == -1, at_low / 2.0, at_low))
        low, high = np.where(up, middle, low), np.where(up, high, middle)
        kept = np.where(up, 1, -1)
        if np.all((np.abs(value) < _PRECISION) | (high - low <= _PRECISION * high)):
            break
    return middle


def _cumulative(hazards: Array, cuts: Array, time: Array) -> Array:
    """Cumulative hazard, (draws, regimens, times), at times (times,) or (draws or 1, regimens or 1, times)."""
    time = time.reshape((1, 1, -1)) if time.ndim == 1 else time
    return _sum_over_intervals(hazards, exposure(np.zeros_like(time), time, cuts))


def _sum_over_intervals(hazards: Array, spent: Array) -> Array:
    """Hazards (draws, regimens, intervals) times what was spent in each, (draws or 1, regimens or 1, times, intervals).

    Interval by interval, without an array of all at once.
    """
    total: Array = np.zeros((*hazards.shape[:2], spent.shape[2]))
    for j in range(hazards.shape[-1]):
        total = total + hazards[:, :, j, None] * spent[..., j]
    return total


def _mean_until(hazards: Array, cuts: Array, start: Array, stop: Array) -> Array:
    """Mean time alive from `start` to `stop` of who is alive at `start`, times (1, 1, n); (draws, regimens, n)."""
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    total: Array = np.zeros((*hazards.shape[:2], start.shape[-1]))
    gone: Array = np.zeros_like(total)
    for j in range(hazards.shape[-1]):
        width = np.maximum(np.minimum(stop, edges[j + 1]) - np.maximum(start, edges[j]), 0.0)
        step = hazards[:, :, j, None] * width
        total = total + np.exp(-gone) * width * _shrink(step)
        gone = gone + step
    return total
