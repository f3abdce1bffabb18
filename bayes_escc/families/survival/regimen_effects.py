"""How regimens differ by one ratio of hazards or times: its prior, its draws, and what it adds to the level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.families.exchangeable import PairPrior, deviations
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.risk import flat
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["CONTRAST", "RegimenEffects"]

CONTRAST: Final = "contrast"
"""Dimension of log hazard ratios against the first regimen: every other one."""


@dataclass(frozen=True)
class RegimenEffects:
    """Log hazard (or time) ratios between regimens, relative to the level of the model.

    Parameters
    ----------
    spec : SurvivalSpec
        The model and its priors.
    regimens : tuple of str
        All regimens; parameters are stored against the first of them, whatever the coding.
    """

    spec: SurvivalSpec
    regimens: tuple[str, ...]

    @property
    def name(self) -> str:
        """What regimens differ by: a ratio of hazards, or of times."""
        return "log_time_ratio" if self.spec.regimen_effect == "accelerated" else "log_hazard_ratio"

    @property
    def others(self) -> tuple[str, ...]:
        """The regimens whose hazard is expressed relative to the first."""
        return self.regimens[1:]

    @property
    def count(self) -> int:
        """Number of ratios in the model."""
        return len(self.others) if self.spec.has(self.name) else 0

    @property
    def exchangeable(self) -> bool:
        """Whether regimens deviate from a common level, rather than from the first of them."""
        return self.spec.regimen_coding == "exchangeable"

    @property
    def pair_prior(self) -> PairPrior:
        """The prior of the ratio of every pair of regimens."""
        return PairPrior(self.spec.prior(self.name).default, len(self.regimens))

    def build(self) -> Tensor:
        """Effects of all regimens relative to the level, inside the current PyMC model."""
        import pytensor.tensor as pt

        if not self.count:
            return pt.zeros(len(self.regimens))
        if self.exchangeable:
            ratios = self.pair_prior.to_pymc(self.name, CONTRAST)
        else:
            ratios = self.spec.prior(self.name).to_pymc(self.name, self.others, CONTRAST)
        return self.about_level(ratios)

    def about_level(self, contrasts: Tensor) -> Tensor:
        """Effects relative to the level, first axis regimens, from tensors of those against the first regimen."""
        import pytensor.tensor as pt

        effects = pt.concatenate([pt.zeros_like(contrasts[:1]), contrasts])
        return effects - effects.mean(axis=0, keepdims=True) if self.exchangeable else effects

    def prior(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of the ratios against the first regimen, where the model has any."""
        if not self.count:
            return {}
        stated = self.spec.prior(self.name)
        ratios = self.pair_prior.sample(rng, draws) if self.exchangeable else stated.sample(rng, draws, self.others)
        return {self.name: ((CHAIN, DRAW, CONTRAST), ratios[None])}

    def log_density(self, values: xr.DataArray, prior: PriorSet) -> xr.DataArray:
        """Log density of the ratios against the first regimen under a prior, of every pair where exchangeable."""
        if not self.exchangeable:
            return log_density_of(values, prior, CONTRAST)
        contrasts = values.transpose(CHAIN, DRAW, CONTRAST, ...)
        density = replace(self.pair_prior, prior=prior.default).log_density(flat(contrasts))
        rest = contrasts.isel({CONTRAST: 0}, drop=True)
        return rest.copy(data=density.reshape(rest.shape)).drop_attrs()

    def log_ratios(self, parameters: xr.Dataset) -> Array:
        """Log ratios of all regimens against the first, (draws, regimens, ...)."""
        if self.name not in parameters:
            return np.zeros((parameters.sizes[CHAIN] * parameters.sizes[DRAW], len(self.regimens)))
        ratios = flat(parameters[self.name])
        return np.concatenate([np.zeros((len(ratios), 1, *ratios.shape[2:])), ratios], axis=1)

    def from_level(self, parameters: xr.Dataset) -> Array:
        """Effects of all regimens relative to the level, (draws, regimens, ...)."""
        ratios = self.log_ratios(parameters)
        return deviations(ratios[:, 1:]) if self.exchangeable else ratios
