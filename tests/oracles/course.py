"""Three states, free of progression, alive with it and dead: closed forms, quadrature and Aalen-Johansen.

Nothing of the package is used. Hazards are functions of time for the first two transitions and, for death after
progression, of the time since progression (`reset`) or since the start (`forward`).
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy import integrate, optimize


def constant_alive_after(progression, death, later, t):
    """P(alive after progression at t) under constant hazards (the Bateman equation)."""
    total = progression + death
    if math.isclose(total, later, rel_tol=1e-12):
        return progression * t * math.exp(-later * t)
    return progression * (math.exp(-later * t) - math.exp(-total * t)) / (total - later)


def constant_overall(progression, death, later, t):
    return math.exp(-(progression + death) * t) + constant_alive_after(progression, death, later, t)


def constant_mean_after(progression, death, later, horizon):
    """Mean time alive after progression up to a horizon, under constant hazards."""
    total = progression + death

    def area(rate):
        return -math.expm1(-rate * horizon) / rate

    return progression * (area(later) - area(total)) / (total - later)


class Steps:
    """A hazard that is constant between cut points; an interval holds its right end."""

    def __init__(self, cuts, hazards):
        self.cuts, self.hazards = list(cuts), list(hazards)

    def __call__(self, t):
        return self.hazards[sum(t > c for c in self.cuts)]

    def cumulative(self, t):
        edges, total = [0.0, *self.cuts, math.inf], 0.0
        for low, high, hazard in zip(edges, edges[1:], self.hazards, strict=False):
            total += hazard * max(0.0, min(t, high) - low)
        return total


class Weibull:
    """H(t) = (t / scale) ** shape."""

    def __init__(self, shape, scale):
        self.shape, self.scale, self.cuts = shape, scale, []

    def __call__(self, t):
        return self.shape / self.scale * (t / self.scale) ** (self.shape - 1.0)

    def cumulative(self, t):
        return (t / self.scale) ** self.shape


class Path:
    """A course of disease under three hazards, by adaptive quadrature."""

    def __init__(self, progression, death, later, clock="reset"):
        self.progression, self.death, self.later, self.clock = progression, death, later, clock

    def free(self, t):
        return math.exp(-self.progression.cumulative(t) - self.death.cumulative(t))

    def lives_on(self, u, t):
        """P(alive at t) of who progressed at u."""
        start, stop = (0.0, t - u) if self.clock == "reset" else (u, t)
        return math.exp(self.later.cumulative(start) - self.later.cumulative(stop))

    def _kinks(self, t):
        own = [*self.progression.cuts, *self.death.cuts]
        own += [t - c for c in self.later.cuts] if self.clock == "reset" else self.later.cuts
        return sorted({0.0, t, *(k for k in own if 0.0 < k < t)})

    def _integral(self, function, t):
        edges = self._kinks(t)
        return sum(integrate.quad(function, a, b, epsabs=1e-13, epsrel=1e-12, limit=200)[0] for a, b in pairwise(edges))

    def alive_after(self, t):
        return self._integral(lambda u: self.free(u) * self.progression(u) * self.lives_on(u, t), t)

    def overall(self, t):
        return self.free(t) + self.alive_after(t)

    def incidence(self, hazard, t):
        return self._integral(lambda u: self.free(u) * hazard(u), t)

    def mean(self, function, horizon):
        """Area under a function of time: a restricted mean."""
        edges = {*self._kinks(horizon), *self.later.cuts}
        edges |= {a + b for a in [*self.progression.cuts, *self.death.cuts] for b in self.later.cuts}
        points = sorted(e for e in edges if 0.0 <= e <= horizon)
        return sum(
            integrate.quad(function, a, b, epsabs=1e-11, epsrel=1e-10, limit=100)[0] for a, b in pairwise(points)
        )

    def median(self, function):
        high = 1.0
        while function(high) > 0.5:
            high *= 2.0
        return optimize.brentq(lambda t: function(t) - 0.5, 0.0, high, xtol=1e-12)


def simulate(rng, n, progression, death, later):
    """Courses under constant hazards, uncensored: time free, whether progressed, time of death."""
    first = rng.exponential(size=n) / (progression + death)
    progressed = rng.random(n) < progression / (progression + death)
    after = np.where(progressed, rng.exponential(size=n) / later, 0.0)
    return first, progressed, first + after


def occupancy(first, progressed, end, died, times):
    """Aalen-Johansen: P(state) at times from courses, censored or not, no ties between patients.

    Parameters
    ----------
    first : array
        When each left the first state or was censored there.
    progressed : array of bool
    end : array
        When each died or was censored; equal to `first` of who did not progress.
    died : array of bool

    Returns
    -------
    array of shape (times, 3)
    """
    moves = [(t, 0, 1) for t, p in zip(first, progressed, strict=True) if p]
    moves += [(t, 1 if p else 0, 2) for t, p, d in zip(end, progressed, died, strict=True) if d]
    state, found = np.array([1.0, 0.0, 0.0]), []
    moves.sort()
    i = 0
    for t in times:
        while i < len(moves) and moves[i][0] <= t:
            when, origin, target = moves[i]
            at_risk = (first >= when).sum() if origin == 0 else (progressed & (first < when) & (end >= when)).sum()
            moved = state[origin] / at_risk
            state[origin] -= moved
            state[target] += moved
            i += 1
        found.append(state.copy())
    return np.array(found)
