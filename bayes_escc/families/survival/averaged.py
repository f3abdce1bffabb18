"""The target population of a survival design under every draw of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence.population.margins import Points
from bayes_escc.families.base import Design
from bayes_escc.families.beside import PublishedCovariates
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.modifiers import Modifiers
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.population import Population, RegimenPopulations, condensed
from bayes_escc.families.survival.published import PublishedFacts
from bayes_escc.families.survival.risk import Risk, Target, flat
from bayes_escc.families.survival.strata import Groups
from bayes_escc.families.survival.stratified import AnyPopulation, StratifiedPopulation, StratifiedTarget
from bayes_escc.names import CHAIN, DRAW

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["AveragedDesign"]


class AveragedDesign(Design):
    """A design whose results are averages over a target population.

    Parameters (attributes)
    -----------------------
    target : Target or StratifiedTarget
        Whom results are averaged over.
    risk : Risk
    encoded : EncodedCovariates
        Without the further columns of effect modifiers.
    modifiers : Modifiers
    regimens : tuple of str
    groups : Groups
        Those whose baseline hazards are their own.
    published : PublishedFacts or None
        Published arms beside the own patients.
    """

    target: Target | StratifiedTarget
    risk: Risk
    encoded: EncodedCovariates
    modifiers: Modifiers
    regimens: tuple[str, ...]
    groups: Groups
    published: PublishedFacts | None

    def population(self, parameters: xr.Dataset) -> AnyPopulation:
        """The target population under every draw."""
        target = self.target
        if isinstance(target, StratifiedTarget):
            each = tuple(self._on_regimens(parameters, t) for t in target.each)
            return self.of_strata(each, target.stratum, target.share)
        if self.published is not None:
            laws = self.published.laws
            points = Points(target.x, target.weight, True, laws.population().patients)
            return self.over(laws, parameters, points)
        return self._on_regimens(parameters, target)

    def of_strata(
        self, each: Sequence[Population | RegimenPopulations], stratum: Sequence[int], share: Array
    ) -> StratifiedPopulation:
        """A population whose patients of every stratum are known, with the share of each."""
        return StratifiedPopulation(tuple(each), tuple(stratum), share, self.groups.strata, self.groups.regimens)

    def _on_regimens(self, parameters: xr.Dataset, target: Target) -> Population | RegimenPopulations:
        """A target population under every draw; on every regimen, where covariates act differently on each."""
        if not self.modifiers:
            return self.risk.population(parameters, target)
        x = target.x[:, : len(self.encoded.labels)]  # own patients come with the columns of their own regimen
        each = (replace(target, x=self.modifiers.extended(x, r)) for r in range(len(self.regimens)))
        return RegimenPopulations(tuple(self.risk.population(parameters, t) for t in each))

    def over(
        self, laws: PublishedCovariates, parameters: xr.Dataset, points: Points
    ) -> Population | RegimenPopulations:
        """A population of points under every draw, resampled in each if the analysis says so."""
        size = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
        weight = laws.weights(points, size, np.random.default_rng(0))
        if weight.ndim == 1:
            return self._on_regimens(parameters, Target(weight, points.values))
        if self.modifiers:
            values = (self.modifiers.extended(points.values, r) for r in range(len(self.regimens)))
            return RegimenPopulations(
                tuple(self._weighted(parameters, replace(points, values=v), weight) for v in values)
            )
        return self._weighted(parameters, points, weight)

    def _weighted(self, parameters: xr.Dataset, points: Points, weight: Array) -> Population:
        """A population of points that every draw weighs anew."""
        size = len(weight)
        log_risk = self.risk.population(parameters, Target(points.weight, points.values)).log_risk
        if log_risk.shape == weight.shape:
            return Population(log_risk, weight)
        logs = np.asarray(flat(parameters["coefficient"]) @ points.values.T)
        return condensed(lambda block: (logs[block], weight[block]), size, len(points.weight))
