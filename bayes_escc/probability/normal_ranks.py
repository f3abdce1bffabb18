"""Ranks of jointly normal effects, given nodes of a heterogeneity: by quadrature, not by draws.

In a network most regimens are compared with a few others, its hubs. Ranks do not change when all effects are shifted
together, and up to such a shift the other regimens are independent once the effects of the hubs are known: their
conditional independence is read off the zeros of the precision. Given the hubs, the rank of one regimen is how many of
the independent others are better, built up one at a time and integrated over its own effect; what is left of the
hubs is integrated too. All of it is by Gauss and Legendre's rule. Where more than one number is left of the hubs, as
in networks of many loops, `rank_scrambled` takes over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Direction
from bayes_escc.probability.marginal import ROUNDING
from bayes_escc.probability.scrambled_ranks import rank_scrambled

__all__ = ["rank_normals"]

Array = NDArray[np.float64]
_REACH: Final = 8.5
"""Standard deviations from the mean beyond which a normal has no weight."""
_STEPS: Final = np.array([-_REACH, -2.5, 0.0, 2.5, _REACH])
"""Ends of the panels on which an effect is integrated, in its standard deviations."""
_BLOCK: Final = 400_000
"""Numbers held at once: places of hubs by nodes of the rule."""
_ZERO: Final = 1e-8


def rank_normals(weight: Array, location: Array, covariance: Array, better: Direction) -> tuple[Array, Array, Array]:
    """Probability of every rank of jointly normal numbers.

    Parameters
    ----------
    weight : array of shape (nodes,)
        Of the components of the mixture; they sum to one.
    location : array of shape (nodes, K)
    covariance : array of shape (nodes, K, K)
        It may be singular, as where one of the numbers is a constant; no two numbers differ by a constant.
    better : {"higher", "lower"}

    Returns
    -------
    table : array of shape (K, K)
        Probability of every rank (columns, the best first) for every number (rows).
    best_errors, rank_errors : array of shape (K,)
        Errors of P(best) and of the mean rank: bounds of the quadrature, or of `rank_scrambled`.
    """
    signed = -location if better == "higher" else location
    graph = _Graph.of(weight, covariance)
    if graph.free > 1:
        return rank_scrambled(weight, signed, covariance)
    nodes = 5 + 16 // location.shape[1]  # the more numbers, the more panels
    tables = np.stack(
        [
            _on_panels(graph, *_fewer(weight, signed, covariance, degree), panels, nodes + more)
            for degree, panels, more in ((14, 4, 0), (20, 6, 1))
        ]
    )
    change = tables[1] - tables[0]
    ranks = np.arange(1.0, len(change) + 1.0)
    return tables[1], np.abs(change[:, 0]) + ROUNDING, np.abs(change @ ranks) + ROUNDING


@dataclass(frozen=True)
class _Graph:
    """Which numbers are independent given which others, up to a common shift.

    Parameters
    ----------
    hubs, others : array of int
    apart : tuple of int or None
        Two numbers that are independent given the hubs; None where all depend on each other.
    grounded : bool
        Whether the first hub may be taken as 0: no shift is needed to make the others independent.
    """

    hubs: NDArray[np.int64]
    others: NDArray[np.int64]
    apart: tuple[int, int] | None
    grounded: bool

    @property
    def free(self) -> int:
        """How many hubs are left to integrate."""
        return len(self.hubs) - self.grounded

    @classmethod
    def of(cls, weight: Array, covariance: Array) -> _Graph:
        """Read the graph off the precision at the node of the largest weight."""
        precision = _precision(covariance[int(np.argmax(weight))])
        k = len(precision)
        pairs = list(combinations(range(k), 2))
        scale = np.abs(np.diag(precision)).min()
        apart = max(pairs, key=lambda pair: float(precision[pair]))
        level = float(precision[apart])
        if level > -_ZERO * scale:
            level = 0.0
        linked = [pair for pair in pairs if abs(float(precision[pair]) - level) > _ZERO * scale]
        hubs = _cover(linked, k)
        grounded = level == 0.0
        if grounded and not hubs:
            hubs = (0,)
        rest = np.setdiff1d(np.arange(k), hubs)
        return cls(np.array(hubs, dtype=int), rest, None if grounded else apart, grounded)

    def conditional(self, location: Array, covariance: Array) -> _Conditional:
        """The hubs, and the others given the hubs, at every node."""
        precision = np.stack([_precision(one) for one in covariance])
        if self.apart is not None:
            precision = precision - precision[:, self.apart[0], self.apart[1]][:, None, None]
        hubs, others = self.hubs, self.others
        spread = 1.0 / np.sqrt(precision[:, others, others])
        slope = -precision[:, others[:, None], hubs] * spread[..., None] ** 2
        inner = hubs[int(self.grounded) :]
        factor = np.zeros((len(location), len(hubs), len(inner)))
        if len(inner):
            free = np.delete(np.arange(location.shape[1]), hubs[0]) if self.grounded else np.arange(location.shape[1])
            joint = np.linalg.inv(precision[:, free[:, None], free])
            kept = np.searchsorted(free, inner)
            factor[:, int(self.grounded) :] = np.linalg.cholesky(joint[:, kept[:, None], kept])
        return _Conditional(location[:, hubs], factor, location[:, others], slope, spread)


@dataclass(frozen=True)
class _Conditional:
    """Hubs as ``centre + factor z``; the others independent with mean ``own + slope (hubs - centre)`` and a spread.

    Parameters
    ----------
    centre : array of shape (nodes, hubs)
    factor : array of shape (nodes, hubs, free)
    own, spread : array of shape (nodes, others)
    slope : array of shape (nodes, others, hubs)
    """

    centre: Array
    factor: Array
    own: Array
    slope: Array
    spread: Array

    def ranks(self, graph: _Graph, node: NDArray[np.int64], z: Array, nodes: int) -> Array:
        """P(rank) of every number with the hubs at given places, shape (places, K, K), by so many nodes a panel."""
        moved = np.einsum("nhf,nf->nh", self.factor[node], z)
        hubs = self.centre[node] + moved
        means = self.own[node] + np.einsum("noh,nh->no", self.slope[node], moved)
        found = np.zeros((len(node), graph.hubs.size + graph.others.size, graph.hubs.size + graph.others.size))
        spread = self.spread[node]
        for row, i in enumerate(graph.hubs):
            below = _chance(hubs[:, row], means, spread)
            ahead = np.delete(hubs, row, axis=1) < hubs[:, row, None]
            found[:, i] = _number_of([*np.moveaxis(below, -1, 0), *np.moveaxis(ahead.astype(float), -1, 0)])
        x, weights = _rule(hubs, means, spread, nodes)
        chances = _chance(x, means[:, None, :], spread[:, None, :])
        ahead = (hubs[:, None, :] < x[..., None]).astype(float)
        for row, i in enumerate(graph.others):
            others = [chances[..., j] for j in range(len(graph.others)) if j != row]
            at = (x - means[:, row, None]) / spread[:, row, None]
            density = np.exp(-0.5 * at**2) / (math.sqrt(2.0 * math.pi) * spread[:, row, None]) * weights
            counts = _number_of([*others, *np.moveaxis(ahead, -1, 0)])
            found[:, i] = np.einsum("nx,nxr->nr", density, counts)
        return found

    def places(self, panels: int) -> tuple[Array, Array]:
        """Places of the one free hub at every node, with weights, on panels that end where two hubs are equal."""
        nodes, weights = np.polynomial.legendre.leggauss(8)
        ends = np.linspace(0.0, 1.0, panels // 2 + 1)
        half = 0.5 * np.diff(ends)[:, None]
        at, part = (0.5 * (ends[:-1] + ends[1:])[:, None] + half * nodes).ravel(), (half * weights).ravel()
        apart = np.zeros(len(self.centre))
        if self.centre.shape[1] == 2:
            apart = (self.centre[:, 0] - self.centre[:, 1]) / self.factor[:, 1, 0]
        middle = np.clip(apart, -_REACH, _REACH)[:, None]
        z = np.concatenate([-_REACH + (middle + _REACH) * at, middle + (_REACH - middle) * at], axis=1)
        width = np.concatenate([(middle + _REACH) * part, (_REACH - middle) * part], axis=1)
        density = width * np.exp(-0.5 * z**2)
        return z, density / density.sum(axis=1, keepdims=True)


def _precision(covariance: Array) -> Array:
    """Precision of the differences, which a common shift does not change: its rows sum to 0."""
    k = len(covariance)
    centring = np.eye(k) - 1.0 / k
    return np.asarray(np.linalg.pinv(centring @ covariance @ centring, rcond=1e-12, hermitian=True))


def _cover(linked: list[tuple[int, int]], k: int) -> tuple[int, ...]:
    """The fewest numbers one of which is in every linked pair."""
    for size in range(k):
        for chosen in combinations(range(k), size):
            if all(i in chosen or j in chosen for i, j in linked):
                return chosen
        if size >= 4 and k > 14:  # many regimens: one hub after the other, the one with the most links first
            break
    hubs: list[int] = []
    while left := [pair for pair in linked if not set(pair) & set(hubs)]:
        hubs.append(max(range(k), key=lambda i: sum(i in pair for pair in left)))
    return tuple(sorted(hubs))


def _chance(value: Array, mean: Array, spread: Array) -> Array:
    """P(a normal number lies below a value), with one axis more for the numbers."""
    from scipy.special import ndtr

    return np.asarray(ndtr((value[..., None] - mean) / spread))


def _number_of(chances: list[Array]) -> Array:
    """Distribution of how many of several independent events happen, along a last axis more."""
    found = np.zeros((*np.broadcast_shapes(*(c.shape for c in chances)), len(chances) + 1))
    found[..., 0] = 1.0
    for count, chance in enumerate(chances, start=1):
        p = chance[..., None]
        found[..., 1 : count + 1] = found[..., 1 : count + 1] * (1.0 - p) + found[..., :count] * p
        found[..., :1] *= 1.0 - p
    return found


def _rule(hubs: Array, means: Array, spread: Array, size: int) -> tuple[Array, Array]:
    """Nodes and weights, shape (places, nodes): panels end where any of the numbers changes, and at the hubs."""
    nodes, weights = np.polynomial.legendre.leggauss(size)
    ends = (means[..., None] + spread[..., None] * _STEPS).reshape(len(means), -1)
    edges = np.sort(np.concatenate([hubs, ends], axis=1), axis=1)
    half = 0.5 * np.diff(edges, axis=1)[..., None]
    x = 0.5 * (edges[:, :-1] + edges[:, 1:])[..., None] + half * nodes
    return x.reshape(len(means), -1), (half * weights).reshape(len(means), -1)


def _fewer(weight: Array, location: Array, covariance: Array, degree: int) -> tuple[Array, Array, Array]:
    """A part of the nodes with weights of their own that integrate polynomials of the variance as all of them do.

    The effects depend smoothly on the heterogeneity, so a few nodes suffice (Caratheodory's theorem; the weights
    are non-negative least squares).
    """
    from scipy.optimize import nnls

    if len(weight) <= degree + 1:
        return weight, location, covariance
    variance = np.trace(covariance, axis1=1, axis2=2)
    middle = float(np.interp(0.5, np.cumsum(weight), variance))
    place = variance / (variance + middle)
    scaled = 2.0 * (place - place.min()) / max(float(np.ptp(place)), 1e-300) - 1.0
    powers = np.polynomial.legendre.legvander(scaled, degree).T
    kept = weight > 1e-14
    chosen = np.zeros(len(weight))
    chosen[kept] = nnls(powers[:, kept], powers[:, kept] @ weight[kept])[0]
    which = chosen > 0.0
    return chosen[which] / chosen[which].sum(), location[which], covariance[which]


def _on_panels(graph: _Graph, weight: Array, location: Array, covariance: Array, panels: int, nodes: int) -> Array:
    """Every node, and the place of the hub if there is one, by Gauss and Legendre's rule."""
    given = graph.conditional(location, covariance)
    z, part = np.zeros((len(weight), 0)), weight[:, None]
    if graph.free:
        z, part = given.places(panels)
        part, z = weight[:, None] * part, z.reshape(-1, 1)
    node = np.repeat(np.arange(len(weight)), part.shape[1])
    total = part.ravel()
    tables = [
        np.einsum("n,nkr->kr", total[some], given.ranks(graph, node[some], z[some], nodes))
        for some in _blocks(len(node), location.shape[1])
    ]
    found = np.sum(tables, axis=0)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _blocks(size: int, k: int) -> Iterator[slice]:
    """Pieces of a long computation that fit into memory."""
    step = max(1, _BLOCK // (k * k * len(_STEPS) * 8))
    return (slice(start, start + step) for start in range(0, size, step))
