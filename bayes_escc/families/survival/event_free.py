"""What awaits a patient who has been free of the event for some time.

Given that a patient is event-free at time s, survival to s + t is S(s + t) / S(s). Over a population it is that
of those still free of the event at s, who are not those who began: the ones at high risk have left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.survival.curves import Curves, PiecewiseCurves
from bayes_escc.families.survival.population import Population, RegimenPopulations
from bayes_escc.families.survival.stratified import AnyPopulation, StratifiedPopulation

__all__ = ["remaining_mean", "remaining_median", "remaining_survival"]

Array = NDArray[np.float64]
_NODES = 24


def _survivors(
    curves: Curves, population: Population | RegimenPopulations, since: float
) -> tuple[Array, list[Population]]:
    """Cumulative hazard at `since`, (draws, regimens), and who is left on each regimen."""
    before = curves.cumulative(np.array([since]))[..., 0]
    return before, [population.of(r).survivors(before[:, r]) for r in range(before.shape[1])]


def remaining_survival(curves: Curves, population: AnyPopulation, since: float, times: Array) -> Array:
    """P(free of the event at since + t | free at since), (draws, regimens, times)."""
    if isinstance(population, StratifiedPopulation):
        logs = population.log_survival(curves.cumulative(np.append(since, since + np.asarray(times))))
        return np.asarray(np.exp(logs[..., 1:] - logs[..., :1]))
    before, left = _survivors(curves, population, since)
    return _survival_of(left, curves, before, since + np.asarray(times))


def _survival_of(left: list[Population], curves: Curves, before: Array, times: Array) -> Array:
    """Survival of those left on each regimen to some times, (draws, regimens, times)."""
    grown = curves.cumulative(times) - before[..., None]
    return np.stack([p.mean_survival(grown[:, r]) for r, p in enumerate(left)], axis=1)


def remaining_median(curves: Curves, population: AnyPopulation, since: float) -> Array:
    """Further time until half of those free at `since` have had the event, (draws, regimens)."""
    if isinstance(population, StratifiedPopulation):
        return population.further_median(curves, since)
    before, left = _survivors(curves, population, since)
    more = np.stack([p.nodes.log_cumulative_at(0.5) for p in left], axis=1)
    return np.asarray(curves.inverse(np.log(before + np.exp(more))) - since)


def remaining_mean(curves: Curves, population: AnyPopulation, since: float, horizon: float) -> Array:
    """Mean further event-free time up to `horizon` from `since`, (draws, regimens).

    Notes
    -----
    By Gauss-Legendre quadrature between the points where the hazard jumps.
    """
    cuts = curves.cuts if isinstance(curves, PiecewiseCurves) else np.empty(0)
    inner = cuts[(cuts > since) & (cuts < since + horizon)] - since
    edges = np.concatenate([[0.0], inner, [horizon]])
    x, w = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2.0
    nodes = (edges[:-1, None] + half * (x + 1.0)).ravel()
    if isinstance(population, StratifiedPopulation):
        found = remaining_survival(curves, population, since, nodes)
    else:
        before, left = _survivors(curves, population, since)
        found = _survival_of([p.nodes for p in left], curves, before, since + nodes)
    return np.asarray(found @ (half * w).ravel())
