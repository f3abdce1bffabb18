"""Averages over a population whose patients have the baseline hazards of their strata.

The survival on a regimen is the mean over patients of the survival each would have there under the own baseline,
``S_r(t) = sum_s share_s S_rs(t)``: a mixture over strata. Survival, hazard and restricted mean follow from those within
strata; a median is where the mixture is one half, which no stratum tells alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.population.bias import increasing_root
from bayes_escc.families.survival.curves import Curves, PiecewiseCurves
from bayes_escc.families.survival.population import Population, RegimenPopulations
from bayes_escc.families.survival.risk import Target

__all__ = ["AnyPopulation", "StratifiedPopulation", "StratifiedTarget"]

Array = NDArray[np.float64]
_FURTHEST: Final = 60.0
"""Log of the ratio of two times beyond which a median is not looked for."""


@dataclass(frozen=True)
class StratifiedTarget:
    """Whom results are averaged over, stratum by stratum.

    Parameters
    ----------
    each : tuple of Target
        The patients of every stratum in which there are some.
    stratum : tuple of int
        Which strata these are.
    share : array of the same length
        Of all patients; sums to one.
    """

    each: tuple[Target, ...]
    stratum: tuple[int, ...]
    share: Array


@dataclass(frozen=True)
class StratifiedPopulation:
    """A target population under every draw, stratum by stratum.

    Curves have a baseline for every group: a regimen in a stratum, strata one after another.

    Parameters
    ----------
    each : tuple of Population or RegimenPopulations
        The patients of every stratum in which there are some.
    stratum : tuple of int
    share : array of the same length
    strata, regimens : int
        How many strata the curves have, also without patients here, and how many groups each of them.
    """

    each: tuple[Population | RegimenPopulations, ...]
    stratum: tuple[int, ...]
    share: Array
    strata: int
    regimens: int

    def of(self, regimen: int) -> StratifiedPopulation:
        """The same patients on one regimen, whose curves have one group a stratum."""
        return replace(self, each=tuple(p.of(regimen) for p in self.each), regimens=1)

    @cached_property
    def nodes(self) -> StratifiedPopulation:
        """Fewer log risks with the same mean survival in every stratum, as `Population.nodes`."""
        return replace(self, each=tuple(p.nodes for p in self.each))

    def _groups(self, stratum: int) -> slice:
        return slice(stratum * self.regimens, (stratum + 1) * self.regimens)

    def mean_survival(self, cumulative: Array) -> Array:
        """Mean survival on every regimen, (draws, regimens, ...), from cumulative hazards of (draws, groups, ...)."""
        return np.asarray(
            sum(
                share * p.mean_survival(cumulative[:, self._groups(s)])
                for share, s, p in zip(self.share, self.stratum, self.each, strict=True)
            )
        )

    def _log_parts(self, cumulative: Array) -> Array:
        """Log of the share of all patients who are of a stratum and event-free, (strata, draws, regimens, ...)."""
        parts = []
        for share, s, p in zip(self.share, self.stratum, self.each, strict=True):
            here = cumulative[:, self._groups(s)]
            each = [p.of(r).log_mean_survival(here[:, r]) for r in range(self.regimens)]
            parts.append(np.log(share) + np.stack(each, axis=1))
        return np.stack(parts)

    def log_survival(self, cumulative: Array) -> Array:
        """Logarithm of `mean_survival`, also where that is smaller than any number."""
        return np.asarray(np.logaddexp.reduce(self._log_parts(cumulative), axis=0))

    def mean_hazard(self, hazard: Array, cumulative: Array) -> Array:
        """Mean hazard of those still free of the event, whose strata are no longer those that began."""
        logs = self._log_parts(cumulative)
        left = np.exp(logs - logs.max(axis=0))
        means = np.stack(
            [
                p.mean_hazard(hazard[:, self._groups(s)], cumulative[:, self._groups(s)])
                for s, p in zip(self.stratum, self.each, strict=True)
            ]
        )
        return np.asarray((left * means).sum(axis=0) / left.sum(axis=0))

    def piecewise_mean(self, curves: PiecewiseCurves, horizon: float) -> Array:
        """Restricted mean of hazards that are constant between cut points, (draws, regimens)."""
        return np.asarray(
            sum(
                share * p.piecewise_mean(PiecewiseCurves(curves.log_hazards[:, self._groups(s)], curves.cuts), horizon)
                for share, s, p in zip(self.share, self.stratum, self.each, strict=True)
            )
        )

    def median(self, curves: Curves) -> Array:
        """Median of the mean survival on every regimen, (draws, regimens)."""
        return self.further_median(curves, 0.0)

    def further_median(self, curves: Curves, since: float) -> Array:
        """Time from `since` until half of those event-free then have had the event, (draws, regimens).

        Notes
        -----
        The root lies between the shortest and the longest time in which a single patient has an even chance.
        """
        patients = self if since > 0.0 else self.nodes  # ratios of survival that is nearly nothing need everyone
        before = curves.cumulative(np.array([since]))
        half = patients.log_survival(before)[..., 0] - np.log(2.0)
        low, high = (self._even_chance(curves, before[..., 0], most=most) - since for most in (True, False))

        def passed(logs: Array) -> Array:
            time = np.tile(since + low * np.exp(logs.reshape(low.shape)), (1, self.strata))
            return np.asarray((half - patients.log_survival(curves.cumulative_each(time[..., None]))[..., 0]).ravel())

        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            apart = np.log(high / low)
            furthest = min(float(np.max(apart, initial=0.0, where=np.isfinite(apart))) + 1e-6, _FURTHEST)
            ratio = np.exp(increasing_root(passed, low.size, furthest)).reshape(low.shape)
            return np.where(low < high, np.clip(low * ratio, low, high), low)

    def _even_chance(self, curves: Curves, before: Array, *, most: bool) -> Array:
        """When those at the highest (or lowest) risk of any stratum have an even chance of the event, by regimen."""
        reached = np.zeros_like(before)
        for s, p in zip(self.stratum, self.each, strict=True):
            for r in range(self.regimens):
                risks, group = p.of(r).log_risk, s * self.regimens + r
                end = risks.max(axis=1) if most else risks.min(axis=1)
                reached[:, group] = np.log(before[:, group] + np.log(2.0) * np.exp(-end))
        times = curves.inverse(reached)
        found = np.stack([times[:, self._groups(s)] for s in self.stratum])
        return np.asarray(found.min(axis=0) if most else found.max(axis=0))

    def at(self, cumulative: Array) -> Population:
        """The patients at one time, who differ also by the cumulative hazards of their strata, (draws, groups).

        Of one regimen: the mean of exp(-exp(log risk)) is the survival then.
        """
        logs = np.log(np.clip(cumulative, 1e-300, 1e300))
        risks, weights = [], []
        for share, s, p in zip(self.share, self.stratum, self.each, strict=True):
            risks.append(p.of(0).log_risk + logs[:, s, None])
            weights.append(share * np.broadcast_to(p.of(0).weight, p.of(0).log_risk.shape))
        return Population(np.concatenate(risks, axis=1), np.concatenate(weights, axis=1))


AnyPopulation = Population | RegimenPopulations | StratifiedPopulation
