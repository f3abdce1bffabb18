"""Hazards that are smooth in time: cubic M-splines, and their curves in NumPy.

From zero to the last knot the hazard is

    h(t) = sum_k exp(c_k) b_k(t),

where b_k are cubic M-splines, which are nowhere negative, scaled so that they sum to one at every time (as B-splines
do). With equal c_k the hazard is constant, exp(c_1) is the hazard at time zero, and neighbouring c_k are log hazards at
neighbouring times. After the last knot the hazard stays as it was there.

References
----------
Ramsay JO. Monotone regression splines in action. Stat Sci 1988;3:425-441.
Jackson CH. survextrap: a package for flexible and transparent survival extrapolation. BMC Med Res Methodol 2023;23:282.
Phillippo DM, Dias S, Ades AE, Welton NJ. Multilevel network meta-regression for general likelihoods. arXiv:2401.12640.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.families.survival.curves import Array
from bayes_escc.names import AnyArray

__all__ = ["HazardBasis", "SplineCurves", "default_knots"]

_DEGREE: Final = 3
_EVENTS_PER_PIECE: Final = 5
_MOST_PIECES: Final = 7
_STEPS: Final = 60
"""Of a safeguarded Newton iteration, which halves its bracket where it does nothing better."""


def default_knots(event_times: Array) -> Array:
    """Knots at equal shares of the events, at most 7 pieces with at least 5 events each; the last is the last event."""
    pieces = int(np.clip(len(event_times) // _EVENTS_PER_PIECE, 1, _MOST_PIECES))
    return np.unique(np.quantile(event_times, np.arange(1, pieces + 1) / pieces))


@dataclass(frozen=True)
class HazardBasis:
    """Cubic M-splines between zero and the last knot that sum to one; constant beyond it.

    Parameters
    ----------
    knots : tuple of float
        Ascending and positive, in the unit of time; the last is where the spline ends.
    """

    knots: tuple[float, ...]

    @property
    def end(self) -> float:
        """Where the spline ends."""
        return self.knots[-1]

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return len(self.knots) + _DEGREE

    @cached_property
    def _padded(self) -> Array:
        """All knots, the outermost four times."""
        return np.concatenate([np.zeros(_DEGREE + 1), self.knots, np.full(_DEGREE, self.end)])

    @cached_property
    def step_scale(self) -> Array:
        """Size of the random walk's steps: the root of the distance between neighbours, relative to its mean.

        A coefficient stands at the mean of its inner knots, where its spline is centred.
        """
        places = np.array([self._padded[k + 1 : k + 1 + _DEGREE].mean() for k in range(self.size)])
        distance = np.diff(places)
        return np.asarray(np.sqrt(distance / distance.mean()))

    @cached_property
    def pieces(self) -> tuple[Array, Array, Array]:
        """Left ends of the pieces, and the polynomials of b_k and of its integral there, highest power first.

        Shapes (pieces,), (4, pieces, size) and (5, pieces, size).
        """
        from scipy.interpolate import BSpline, PPoly

        each = []
        for one in np.eye(self.size):
            whole = PPoly.from_spline(BSpline(self._padded, one, _DEGREE))
            each.append(whole.c[:, np.diff(whole.x) > 0.0])
        hazard = PPoly(np.stack(each, axis=-1), np.concatenate([[0.0], self.knots]))
        return hazard.x[:-1], hazard.c, hazard.antiderivative().c

    def hazard(self, time: ArrayLike) -> Array:
        """The basis at some times, shape (..., size)."""
        at, piece = self._placed(np.asarray(time, dtype=float))
        return np.maximum(_polynomial(self.pieces[1][:, piece], at[..., None]), 0.0)  # but for rounding

    def cumulative(self, time: ArrayLike) -> Array:
        """Its integral from zero, shape (..., size)."""
        time = np.asarray(time, dtype=float)
        at, piece = self._placed(time)
        beyond = np.maximum(time - self.end, 0.0)
        return _polynomial(self.pieces[2][:, piece], at[..., None]) + beyond[..., None] * self.hazard(self.end)

    def _placed(self, time: Array) -> tuple[Array, NDArray[np.intp]]:
        """Distance from the left end of its piece, and the piece, of every time; times beyond the end stand there."""
        left, time = self.pieces[0], np.clip(time, 0.0, self.end)
        piece = np.searchsorted(left, time, side="right") - 1
        return time - left[piece], piece


def _polynomial(coefficients: Array, x: Array) -> Array:
    """Value at x, highest power first along the first axis."""
    total: Array = coefficients[0] * np.ones_like(x)
    for c in coefficients[1:]:
        total = total * x + c
    return total


@dataclass(frozen=True)
class SplineCurves:
    """h(t) = exp(log_multiple) sum_k coefficients_k b_k(t).

    Parameters
    ----------
    basis : HazardBasis
    log_multiple : array of shape (draws, groups)
    coefficients : array of shape (draws, groups, size)
        Positive, per unit of time.
    """

    basis: HazardBasis
    log_multiple: Array
    coefficients: Array

    @property
    def draws(self) -> int:
        return len(self.log_multiple)

    def cumulative(self, time: Array) -> Array:
        return np.asarray(np.exp(self.log_multiple)[..., None] * (self.coefficients @ self.basis.cumulative(time).T))

    def cumulative_each(self, time: Array) -> Array:
        each = np.einsum("...tk,...k->...t", self.basis.cumulative(time), self.coefficients)
        return np.asarray(np.exp(self.log_multiple)[..., None] * each)

    def log_hazard(self, time: Array) -> Array:
        return np.asarray(self.log_multiple[..., None] + np.log(self.coefficients @ self.basis.hazard(time).T))

    def inverse(self, log_cumulative: Array) -> Array:
        areas = np.exp(log_cumulative - self.log_multiple)
        return self._reached(areas, np.arange(areas.shape[1]))

    def without_bias(self, groups: slice, bias: Array) -> SplineCurves:
        return SplineCurves(self.basis, self.log_multiple[:, groups] - bias[:, None], self.coefficients[:, groups])

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        spent = self.basis.cumulative(upper) - self.basis.cumulative(lower)
        return np.exp(self.log_multiple[:, group]) * self._weighed(group, spent)

    def patient_log_hazard(self, group: AnyArray, time: Array) -> Array:
        return np.asarray(self.log_multiple[:, group] + np.log(self._weighed(group, self.basis.hazard(time))))

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        return self._reached(cumulative / np.exp(self.log_multiple[:, group]), group)

    def _weighed(self, group: AnyArray, values: Array) -> Array:
        """Sums over the basis of values of patients, (patients, size), with the coefficients of their group."""
        found = np.empty((self.draws, len(group)))
        for g in np.unique(group):
            found[:, group == g] = self.coefficients[:, g] @ values[group == g].T
        return found

    def _reached(self, areas: Array, group: AnyArray) -> Array:
        """When the area under the curve of a group reaches given values, (draws, columns), each column of one group."""
        left, _, integral = self.basis.pieces
        edges, draw = np.append(left, self.basis.end), np.arange(self.draws)[:, None]
        reached = (self.coefficients @ self.basis.cumulative(edges).T)[:, group]  # (draws, columns, edges)
        piece = (areas[..., None] >= reached[..., 1:-1]).sum(axis=-1)
        quartic = np.einsum("cpk,dgk->dgpc", integral, self.coefficients)[draw, group, piece]
        at = _root(quartic, np.minimum(areas, reached[..., -1]), np.diff(edges)[piece])
        last = (self.coefficients @ self.basis.hazard(self.basis.end))[:, group]
        return np.asarray(edges[piece] + at + np.maximum(areas - reached[..., -1], 0.0) / last)


def _root(polynomial: Array, target: Array, width: Array) -> Array:
    """Where increasing polynomials, highest power first along the last axis, are a target; between zero and a width."""
    low, high, at = np.zeros_like(target), width.copy(), 0.5 * width
    for _ in range(_STEPS):
        value, slope = polynomial[..., 0], np.zeros_like(at)
        for power in range(1, polynomial.shape[-1]):
            slope = slope * at + value
            value = value * at + polynomial[..., power]
        excess = value - target
        low, high = np.where(excess <= 0.0, at, low), np.where(excess >= 0.0, at, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = at - excess / slope
        step = np.where((moved > low) & (moved < high), moved, 0.5 * (low + high)) - at
        at = at + step
        if (np.abs(step) <= 1e-14 * width).all():
            break
    return at
