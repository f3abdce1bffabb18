"""Three or more rates, each with a prior of its contrast against a reference, by nested quadrature.

Given the reference's rate the others are independent: one quadrature over each of them, inside one over the
reference's. The exact binomial likelihood is part of the densities that are given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.following_panels import FURTHEST, beside, conditional_rows, expit, panel_edges, panel_nodes
from bayes_escc.probability.joint_rates import JointRates
from bayes_escc.probability.panels import NODES_PER_PANEL, WEIGHTS, RunningIntegral
from bayes_escc.probability.several_rates import SeveralRates

__all__ = ["Referenced", "integrate_referenced"]

Array = NDArray[np.float64]
_PANELS: Final = (20, 40, 80)
_WITHIN: Final = 1e-7


@dataclass(frozen=True)
class Referenced:
    """The densities of a reference's rate and of the others given it.

    Parameters
    ----------
    base : callable
        Log density of the logit of the reference, its likelihood included.
    others : sequence of callable
        Log density of the logit of each other rate, likelihood included, given the reference's: of two arrays that
        broadcast together, the reference's logits first.
    """

    base: Callable[[Array], Array]
    others: Sequence[Callable[[Array, Array], Array]]


def integrate_referenced(density: Referenced, rng: np.random.Generator, draws: int) -> SeveralRates:
    """Integrate the densities; the reference is number 0, the others follow.

    Notes
    -----
    Panels are halved until probabilities move by no more than 1e-7, or there are four times as many.
    """
    coarse = _Star.at(density, _PANELS[0] // 2)
    for panels in _PANELS:
        fine = _Star.at(density, panels)
        moved = max(1e-9, *(abs(a - b) for a, b in zip(fine.probes(), coarse.probes(), strict=True)))
        if moved <= _WITHIN:
            break
        coarse = fine
    table = fine.ranks()
    return SeveralRates(
        fine.pairs(),
        table,
        np.full(len(table), moved),
        np.full(len(table), moved * len(table)),
        fine.sample(rng, draws),
        fine.log_evidence,
        moved,
    )


@dataclass(frozen=True, eq=False)
class _Star:
    """The densities on panels: of the reference, and of the others at every node of the reference's."""

    density: Referenced
    first: Array
    log_inner: list[Array]
    log_weight: Array
    joints: list[JointRates]
    log_evidence: float

    @classmethod
    def at(cls, density: Referenced, panels: int) -> _Star:
        def rows_at(j: int, u: Array, count: int) -> tuple[Array, Array, Array]:
            ends = np.full(u.shape, -FURTHEST), np.full(u.shape, FURTHEST)
            return conditional_rows(lambda v: density.others[j](beside(u, v), v), *ends, count)

        def outer_log(v: Array) -> Array:
            u = v.ravel()
            found = density.base(u) + sum(rows_at(j, u, 6)[0] for j in range(len(density.others)))
            return np.asarray(found).reshape(v.shape)

        edges = panel_edges(outer_log, np.array([-FURTHEST]), np.array([FURTHEST]), panels)
        nodes, half = panel_nodes(edges)
        u = nodes.ravel()
        inner = [rows_at(j, u, panels) for j in range(len(density.others))]
        log = density.base(u) + sum(each[0] for each in inner)
        top = float(log.max())
        outer = np.exp(log - top).reshape(nodes.shape[1:])
        mass = half[0][:, None] * WEIGHTS * outer
        total = float(mass.sum())
        evidence = top + math.log(total)
        joints = [JointRates(edges[0], outer / total, rows, given, evidence) for _, rows, given in inner]
        with np.errstate(divide="ignore"):
            log_weight = np.log(mass.ravel() / total)
        return cls(density, u, [each[0] for each in inner], log_weight, joints, evidence)

    def probes(self) -> list[float]:
        """Probabilities and the evidence, by which two of these are compared."""
        found = [joint.second_below("difference", t, divided=False) for joint in self.joints for t in (-0.1, 0.0, 0.1)]
        found += [
            self.between(*pair).second_below("difference", 0.0) for pair in combinations(range(len(self.joints)), 2)
        ]
        return [*found, self.log_evidence]

    def pairs(self) -> dict[tuple[int, int], JointRates]:
        """The joint distribution of every two rates."""
        found = {(0, j + 1): joint for j, joint in enumerate(self.joints)}
        return found | {(j + 1, k + 1): self.between(j, k) for j, k in combinations(range(len(self.joints)), 2)}

    def _given(self, j: int, u: Array) -> Array:
        """Density of one rate at logits, given every node of the reference, (nodes, logits)."""
        return np.asarray(np.exp(self.density.others[j](self.first[:, None], u[None]) - self.log_inner[j][:, None]))

    def between(self, j: int, k: int) -> JointRates:
        """The joint distribution of two rates that are both compared with the reference."""
        weight, panels = np.exp(self.log_weight), len(self.joints[0].edges) - 1
        own = []
        for each in (j, k):

            def log_marginal(v: Array, each: int = each) -> Array:
                with np.errstate(divide="ignore"):
                    return np.asarray(np.log(weight @ self._given(each, v.ravel())).reshape(v.shape))

            own.append(panel_edges(log_marginal, np.array([-FURTHEST]), np.array([FURTHEST]), panels))
        given = [self._given(each, panel_nodes(e)[0].ravel()) for each, e in zip((j, k), own, strict=True)]
        outer = weight @ given[0]
        inner = (given[0] * weight[:, None]).T @ given[1] / np.maximum(outer, 1e-300)[:, None]
        rows = np.repeat(own[1], len(outer), axis=0)
        shape = (-1, NODES_PER_PANEL)
        half = 0.5 * np.diff(own[0][0])[:, None]
        total = float((half * WEIGHTS * outer.reshape(shape)).sum())
        return JointRates(own[0][0], outer.reshape(shape) / total, rows, inner.reshape(len(outer), *shape))

    def ranks(self) -> Array:
        """P(lowest), P(second lowest), ... of every rate, (K, K)."""
        weight, K = np.exp(self.log_weight), len(self.joints) + 1
        at_reference = [joint.conditional_cdf(self.first) for joint in self.joints]
        table = np.zeros((K, K))
        table[0] = weight @ _below(at_reference)
        for i, joint in enumerate(self.joints):
            u = joint.second[0]
            whose = np.broadcast_to(np.arange(len(u))[:, None], u.shape)
            others = [other.conditional_cdf(u, whose) for j, other in enumerate(self.joints) if j != i]
            counts = _below(others)
            for r in range(K - 1):
                part = joint.inner * counts[..., r].reshape(joint.inner.shape)
                whole = (0.5 * np.diff(joint.rows, axis=1)[..., None] * WEIGHTS * part).sum(axis=(1, 2))
                lower = JointRates(joint.edges, joint.outer, joint.rows, part).conditional_cdf(self.first) * whole
                table[i + 1, r] += float(weight @ lower)  # the reference is above
                table[i + 1, r + 1] += float(weight @ (whole - lower))
        return table / table.sum(axis=1, keepdims=True)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Independent draws of the rates, (size, K)."""
        outer = RunningIntegral(self.joints[0].edges, self.joints[0].outer)
        edges = outer.edges
        grid = (edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0.0, 1.0, 33)).ravel()
        first = np.interp(rng.uniform(size=size), np.maximum.accumulate(outer.below(grid)) / outer.total, grid)
        others = [joint.conditional_quantile(rng.uniform(size=size), self.first, first) for joint in self.joints]
        return expit(np.stack([first, *others], axis=1))


def _below(reached: Sequence[Array]) -> Array:
    """Probability that 0, 1, ... of independent numbers are below, from that of each, (..., numbers + 1)."""
    found = np.zeros((*reached[0].shape, len(reached) + 1))
    found[..., 0] = 1.0
    for p in reached:
        found[..., 1:] = found[..., 1:] * (1.0 - p[..., None]) + found[..., :-1] * p[..., None]
        found[..., 0] *= 1.0 - p
    return found
