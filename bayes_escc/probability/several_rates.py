"""Three or more rates under a prior of their contrasts, with the exact binomial likelihood, by nested quadrature.

*Exchangeable.* On the scale of the contrast the values ``v`` of K rates have any density of their mean times
``exp(-sum((v - mean)^2) / s^2)``, so that every pair differs by a normal contrast of standard deviation s. Adding one
value v to m others whose mean is y costs ``m / (m + 1) (v - y)^2 / s^2`` and moves the mean to ``(m y + v) / (m + 1)``.
The rates that are not looked at are therefore integrated out one after the other, each by a quadrature over one number,
and what remains of them is a smooth function of the mean of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.following_panels import FURTHEST, beside, conditional_rows, panel_nodes
from bayes_escc.probability.joint_rates import JointRates, integrate_joint
from bayes_escc.probability.panels import NODES_PER_PANEL, WEIGHTS, legendre_series

__all__ = ["Exchangeable", "SeveralRates", "integrate_exchangeable"]

Array = NDArray[np.float64]
OfLogit = Callable[[Array], Array]
_EDGES: Final = np.concatenate([-15.0 * 1.62 ** np.arange(8.0, 0.0, -1.0), np.linspace(-15.0, 15.0, 21)])
"""Of panels over the logit of a mean; mirrored below, and cut at the logits that doubles can hold."""
_SHIFTS: Final = 8
_POINTS: Final = 2048
_ROWS: Final = 300


@dataclass(frozen=True, eq=False)
class SeveralRates:
    """The joint distribution of three or more rates, as far as answers need it.

    Parameters
    ----------
    pairs : mapping of (int, int) to JointRates
        Of every two rates, the lower number first.
    table : array of shape (K, K)
        Probability of every rank, the lowest rate first.
    best_errors, rank_errors : array of shape (K,)
        Two standard errors of the probability of the lowest and of the highest rank, and of the mean rank.
    draws : array of shape (size, K)
        Independent draws of the rates.
    log_evidence, error : float
        Logarithm of the integral of the density that was given, and a bound of the error of a probability.
    """

    pairs: Mapping[tuple[int, int], JointRates]
    table: Array
    best_errors: Array
    rank_errors: Array
    draws: Array
    log_evidence: float
    error: float


@dataclass(frozen=True)
class Exchangeable:
    """The density of exchangeable rates after counts.

    Parameters
    ----------
    events, total : array of shape (K,)
    value, logit : callable
        The value of a logit on the scale of the contrast, and back.
    log_slope : callable
        Logarithm of the derivative of the value.
    log_level : callable
        Log density of the mean of the values, per unit of the value, as a function of its logit.
    scale : float
        Standard deviation of the contrast of any two.
    """

    events: Array
    total: Array
    value: OfLogit
    logit: OfLogit
    log_slope: OfLogit
    log_level: OfLogit
    scale: float
    _rest: dict[tuple[int, ...], OfLogit] = field(default_factory=dict, init=False, repr=False)

    @property
    def size(self) -> int:
        """How many rates there are."""
        return len(self.events)

    def own(self, i: int, u: Array) -> Array:
        """Log likelihood of one rate, per unit of its logit."""
        like = -self.events[i] * np.logaddexp(0.0, -u) - (self.total[i] - self.events[i]) * np.logaddexp(0.0, u)
        return np.asarray(like + self.log_slope(u))

    def joined(self, i: int, rest: tuple[int, ...], others: int, y: Array, u: Array) -> Array:
        """Log density of rate `i` at logits `u` beside others of mean value `y`, with the rest integrated out."""
        v = self.value(u)
        cost = others / (others + 1.0) * ((v - y) / self.scale) ** 2
        return np.asarray(self.own(i, u) - cost + self.remaining(rest)(self.logit((others * y + v) / (others + 1.0))))

    def remaining(self, rest: tuple[int, ...]) -> OfLogit:
        """Log of the integral over some of the rates, as a function of the logit of the mean of the others."""
        if not rest:
            return self.log_level
        same = tuple(sorted((float(self.events[i]), float(self.total[i])) for i in rest))  # alike: integrated once
        key = tuple(int(i) for i in rest)
        for known, found in self._rest.items():
            if tuple(sorted((float(self.events[i]), float(self.total[i])) for i in known)) == same:
                return found
        edges = np.clip(np.unique(np.concatenate([_EDGES, -_EDGES])), -FURTHEST, FURTHEST)
        nodes, _ = panel_nodes(np.unique(edges)[None])
        y = self.value(nodes.ravel())
        ends = np.full(y.shape, -FURTHEST), np.full(y.shape, FURTHEST)
        others = self.size - len(rest)
        log, _, _ = conditional_rows(lambda u: self.joined(rest[0], rest[1:], others, beside(y, u), u), *ends, 8)
        self._rest[key] = _interpolated(np.unique(edges), log.reshape(-1, NODES_PER_PANEL))
        return self._rest[key]

    def pair(self, i: int, j: int) -> JointRates:
        """The joint distribution of two of the rates."""
        rest = self.remaining(tuple(k for k in range(self.size) if k not in (i, j)))

        def log_density(first: Array, second: Array) -> Array:
            v, w = self.value(first), self.value(second)
            found = self.own(i, first) + self.own(j, second) - 0.5 * ((v - w) / self.scale) ** 2
            return np.asarray(np.where(np.isnan(found), -np.inf, found + rest(self.logit(0.5 * (v + w)))))

        def limits(first: Array) -> tuple[Array, Array]:
            return np.full(first.shape, -FURTHEST), np.full(first.shape, FURTHEST)

        return integrate_joint(log_density, limits, (-FURTHEST, FURTHEST))

    def conditional(self, i: int, rest: tuple[int, ...], y: Array) -> tuple[Array, JointRates]:
        """Equidistant means of the values of earlier rates, and the law of a rate given each of them."""
        places = np.linspace(float(y.min()), float(y.max()) + 1e-12, _ROWS)
        ends = np.full(_ROWS, -FURTHEST), np.full(_ROWS, FURTHEST)
        others = self.size - 1 - len(rest)
        _, rows, inner = conditional_rows(lambda u: self.joined(i, rest, others, beside(places, u), u), *ends, 24)
        return places, JointRates(np.array([0.0, 1.0]), np.ones((1, NODES_PER_PANEL)), rows, inner)


def integrate_exchangeable(density: Exchangeable, rng: np.random.Generator, draws: int) -> SeveralRates:
    """Integrate the density of three or more exchangeable rates.

    Parameters
    ----------
    density : Exchangeable
    rng : Generator
    draws : int

    Notes
    -----
    Contrasts and marginals come from the pairs, without sampling. For ranks all rates but one are put on shifted
    lattice points by their conditional laws, and the place of the last among them is exact; the shifts give the error.
    """
    K = density.size
    pairs: dict[tuple[int, int], JointRates] = {}
    for i, j in combinations(range(K), 2):
        twins = [(a, b) for a, b in pairs if _alike(density, (a, b), (i, j))]
        pairs[i, j] = pairs[twins[0]] if twins else density.pair(i, j)
    parts = np.stack([_ranks_of(density, pairs, i) for i in range(K)], axis=1)  # (shifts, K, ranks)
    errors = [
        2.0 * each.std(axis=0, ddof=1) / math.sqrt(_SHIFTS) + 1e-5
        for each in (parts[..., 0], parts[..., -1], parts @ np.arange(1.0, K + 1.0))
    ]
    shares = rng.uniform(size=(draws, K))
    u = _at_shares(density, pairs, list(range(K)), shares)
    first = pairs[0, 1]
    return SeveralRates(
        pairs,
        parts.mean(axis=0),
        np.maximum(errors[0], errors[1]),
        errors[2],
        np.exp(-np.logaddexp(0.0, -u)),
        first.log_evidence,
        max(p.error for p in pairs.values()),
    )


def _alike(density: Exchangeable, one: tuple[int, int], two: tuple[int, int]) -> bool:
    """Whether two pairs have the same counts in the same order; then, and only then, they have the same law."""
    return all(
        (density.events[a], density.total[a]) == (density.events[b], density.total[b])
        for a, b in zip(one, two, strict=True)
    )


def _at_shares(
    density: Exchangeable, pairs: Mapping[tuple[int, int], JointRates], order: Sequence[int], shares: Array
) -> Array:
    """Logits of rates at shares of their conditional laws, one after the other, (size, len(order))."""
    a, b = order[:2]
    found = pairs[min(a, b), max(a, b)].at_shares(shares[:, :2])
    u = [found[:, 0], found[:, 1]] if a < b else [found[:, 1], found[:, 0]]
    for m in range(2, len(order)):
        y = sum((density.value(each) for each in u), np.zeros(len(shares))) / m
        rest = tuple(k for k in range(density.size) if k not in order[: m + 1])
        places, laws = density.conditional(order[m], rest, y)
        u.append(laws.conditional_quantile(shares[:, m], places, y))
    return np.stack(u, axis=1)


def _ranks_of(density: Exchangeable, pairs: Mapping[tuple[int, int], JointRates], i: int) -> Array:
    """P(lowest), P(second lowest), ... of one rate, one row for each shift of the lattice."""
    order = [j for j in range(density.size) if j != i]
    steps = np.sqrt(np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])[: len(order)])
    found = []
    for seed in range(_SHIFTS):
        lattice = np.arange(1.0, _POINTS + 1.0)[:, None] * steps + np.random.default_rng(seed).uniform(size=len(order))
        shares = 1.0 - np.abs(2.0 * (lattice % 1.0) - 1.0)  # folded, so that the points have no seam
        others = _at_shares(density, pairs, order, np.clip(shares, 1e-12, 1.0 - 1e-12))
        y = density.value(others).mean(axis=1)
        places, laws = density.conditional(i, (), y)
        at = np.sort(others, axis=1)
        step = places[1] - places[0]
        left = np.clip(((y - places[0]) / step).astype(int), 0, len(places) - 2)
        blend = ((y - places[left]) / step)[:, None]
        rows = np.broadcast_to(left[:, None], at.shape)
        reached = (1.0 - blend) * laws.conditional_cdf(at, rows) + blend * laws.conditional_cdf(at, rows + 1)
        found.append(np.diff(reached, axis=1, prepend=0.0, append=1.0).mean(axis=0))
    return np.stack(found)


def _interpolated(edges: Array, values: Array) -> OfLogit:
    """A function held at the nodes of panels, between them."""
    basis = np.polynomial.legendre.legvander(np.polynomial.legendre.leggauss(NODES_PER_PANEL)[0], NODES_PER_PANEL - 1)
    series = (2.0 * np.arange(NODES_PER_PANEL)[:, None] + 1.0) / 2.0 * (basis.T @ (values * WEIGHTS).T)

    def at(u: Array) -> Array:
        inside = np.clip(u, edges[0], edges[-1])
        panel = np.clip(np.searchsorted(edges, inside, side="right") - 1, 0, len(edges) - 2)
        low, high = edges[panel], edges[panel + 1]
        return np.asarray(legendre_series(series, panel, (2.0 * inside - low - high) / (high - low)))

    return at
