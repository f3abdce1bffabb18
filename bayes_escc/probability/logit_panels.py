"""The density of a Beta on Gauss-Legendre panels of the log odds, accurate for one patient and for 1e12 of them.

The log density falls off from its mode as ``a d - (a + b) log1p(p expm1(d))``, with ``p = a / (a + b)`` and ``d`` the
distance from ``log(a / b)``: no large numbers cancel, however large the shapes. Panels are so narrow that the density
changes by a small factor within each, whence its running integrals, from either end, are accurate relative to
themselves far into both tails.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.panels import NODES, WEIGHTS, RunningIntegral

__all__ = ["CORE", "DEEP", "LogitPanels", "log_density_from_mode", "logit_panels", "shared_rule"]

Array = NDArray[np.float64]
CORE: Final = 45.0
"""Fall of the log density from its mode that holds all but 1e-17 of the probability."""
DEEP: Final = 720.0
"""The fall beyond which probabilities are too small for a number."""
_SMALL_STEP: Final = 3.0
_LARGE_STEP: Final = 5.0


@dataclass(frozen=True)
class LogitPanels:
    """A Beta(a, b) density of logit(rate), on panels.

    Parameters
    ----------
    a, b : float
    edges : array of shape (panels + 1,)
        As distances from the mode, increasing.
    shift : float
        Taken from the log odds.
    """

    a: float
    b: float
    edges: Array
    shift: float = 0.0

    @cached_property
    def centre(self) -> float:
        """The mode of the log odds."""
        return math.log(self.a) - math.log(self.b) - self.shift

    def shifted(self, shift: float) -> LogitPanels:
        """The same density after a shift has been taken from the log odds."""
        moved = replace(self, shift=self.shift + shift)
        moved.__dict__["running"] = self.running  # unchanged, as it is held at distances from the mode
        return moved

    @cached_property
    def running(self) -> RunningIntegral:
        """Running integrals of the density, which is 1 at its mode."""
        half = 0.5 * np.diff(self.edges)[:, None]
        at = 0.5 * (self.edges[:-1] + self.edges[1:])[:, None] + half * NODES
        return RunningIntegral(self.edges, np.exp(log_density_from_mode(self.a, self.b, at)))

    def below(self, u: ArrayLike) -> Array:
        """P(logit(rate) <= u)."""
        return self.running.below(np.asarray(u, dtype=float) - self.centre) / self.running.total

    def above(self, u: ArrayLike) -> Array:
        """P(logit(rate) > u)."""
        return self.running.above(np.asarray(u, dtype=float) - self.centre) / self.running.total

    def quantile(self, q: float) -> float:
        """The log odds below which a fraction `q` of the probability lies."""
        if q > 0.5:
            return -logit_panels(self.b, self.a, DEEP).quantile(1.0 - q) - self.shift
        wanted = q * self.running.total
        panel = int(np.clip(np.searchsorted(self.running.from_left, wanted) - 1, 0, len(self.edges) - 2))
        low, high = float(self.edges[panel]), float(self.edges[panel + 1])
        return self.centre + root_of(lambda d: float(self.running.below(np.array(d))) - wanted, low, high)

    def rule(self, further: Array, parts: int = 1) -> tuple[Array, Array]:
        """Nodes on the log odds and probabilities, on panels that also end at further log odds.

        Parameters
        ----------
        further : array
            Where panels are cut, because what is integrated bends or ends there.
        parts : int
            Into how many every panel is cut.
        """
        ends = np.unique(np.concatenate([self.edges, further - self.centre]))
        ends = ends[(ends >= self.edges[0]) & (ends <= self.edges[-1])]
        if parts > 1:
            share = np.arange(parts) / parts
            ends = np.append((ends[:-1, None] + np.diff(ends)[:, None] * share).ravel(), ends[-1])
        half = 0.5 * np.diff(ends)[:, None]
        at = 0.5 * (ends[:-1] + ends[1:])[:, None] + half * NODES
        weights = half * WEIGHTS * np.exp(log_density_from_mode(self.a, self.b, at)) / self.running.total
        return self.centre + at.ravel(), weights.ravel()

    @cached_property
    def nodes(self) -> tuple[Array, Array]:
        """Nodes on the log odds and their probabilities, on the density's own panels."""
        return self.rule(np.empty(0))

    def probabilities(self, u: Array, lengths: Array) -> Array:
        """Probabilities of nodes on the log odds that stand for these lengths; zero beyond the panels."""
        at = u - self.centre
        inside = (at >= self.edges[0]) & (at <= self.edges[-1])
        found = np.zeros_like(u)
        found[inside] = lengths[inside] * np.exp(log_density_from_mode(self.a, self.b, at[inside])) / self.running.total
        return found


def shared_rule(laws: Sequence[LogitPanels], parts: int = 1) -> tuple[Array, Array]:
    """Nodes on the log odds, and the lengths they stand for, on panels that serve several densities at once.

    Every panel ends where the first of those ends that the densities have there, but for ends so near its beginning
    that it may reach over them: laws that lie close together share their panels, whatever their number.

    Parameters
    ----------
    laws : sequence of LogitPanels
    parts : int
        Into how many every panel is cut.
    """
    edges = [(law.centre + law.edges).tolist() for law in laws]
    starts = sorted({e[0] for e in edges})
    ends: list[tuple[float, float]] = []
    at, last = starts[0], max(e[-1] for e in edges)
    while at < last:
        here = [_end_after(e, at) for e in edges if e[0] <= at < e[-1]]
        following = bisect_right(starts, at)
        to = starts[following] if following < len(starts) else last
        if here:
            to = min(to, *here)
            ends.append((at, to))
        at = to
    low, high = np.array(ends).T[:, :, None]
    share = np.arange(parts) / parts
    half = 0.5 * (high - low) / parts
    middle = low + (high - low) * share + half
    half = np.broadcast_to(half, middle.shape)
    return (middle[..., None] + half[..., None] * NODES).ravel(), (half[..., None] * WEIGHTS).ravel()


def _end_after(edges: Sequence[float], at: float) -> float:
    """The end of the panel that holds a place, or of the next if little of the former is left."""
    i = bisect_right(edges, at)
    little = edges[i] - at < 0.4 * (edges[i] - edges[i - 1])
    return edges[i + 1] if little and i + 1 < len(edges) else edges[i]


def log_density_from_mode(a: float, b: float, distance: Array) -> Array:
    """Log density of logit(rate) at a distance from its mode, less that at the mode."""
    if a > b:
        return log_density_from_mode(b, a, -distance)
    total = a + b
    p = a / total
    with np.errstate(over="ignore"):
        near = np.log1p(p * np.expm1(np.minimum(distance, 700.0)))
    far = np.logaddexp(math.log1p(-p), (math.log(a) - math.log(total)) + distance)
    return np.asarray(a * distance - total * np.where(distance < 700.0, near, far))


@lru_cache(maxsize=128)
def logit_panels(a: float, b: float, depth: float = CORE) -> LogitPanels:
    """Panels of a Beta density down to a fall of its logarithm by `depth`."""
    left = _outward(b, a, depth)
    right = _outward(a, b, depth)
    return LogitPanels(a, b, np.concatenate([-left[::-1], [0.0], right]))


def _outward(a: float, b: float, depth: float) -> Array:
    """Edges above the mode, as distances from it."""
    total, centre = a + b, math.log(a) - math.log(b)
    p, q = a / total, b / total
    edges: list[float] = []
    at = fallen = 0.0
    while fallen < depth:
        rate, rest = _both_rates(centre + at)
        # the density falls, over a panel of width h, by about slope h + bend h^2 / 2
        slope = b if at > 600.0 else total * p * q * math.expm1(at) / (q + p * math.exp(at))
        bend = total * rate * rest
        step = _SMALL_STEP if fallen < CORE else _LARGE_STEP
        # it bends within some 50 of even odds alone, and is analytic but at log odds of i pi
        u = centre + at
        width = math.inf if u > 60.0 else -u - 45.0 if u < -60.0 else 1.2 + 0.35 * abs(u)
        if bend > 0.0:
            width = min(width, 1.3 / math.sqrt(bend))
        if slope > 0.0:
            width = min(width, 2.0 * step / (slope + math.hypot(slope, math.sqrt(2.0 * step * bend))))
        at += width
        edges.append(at)
        fallen = _fall(a, b, p, q, at)
    return np.array(edges)


def _fall(a: float, b: float, p: float, q: float, at: float) -> float:
    """How far the log density lies below its mode at a distance above it."""
    if at < 600.0:
        # the two terms are nearly equal near the mode, where this serves the width of panels alone
        return (a + b) * math.log1p(p * math.expm1(at)) - a * at
    return b * at + (a + b) * (math.log(p) + math.log1p(q / p * math.exp(-at)) if p > 0.0 else -at)


def _both_rates(u: float) -> tuple[float, float]:
    """The rate and its complement at some log odds."""
    small = math.exp(-abs(u)) if abs(u) < 700.0 else 0.0
    large = 1.0 / (1.0 + small)
    return (large, small * large) if u > 0.0 else (small * large, large)
