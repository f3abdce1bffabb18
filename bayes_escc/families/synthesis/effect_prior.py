"""The prior of the effects of a synthesis: of terms apart from each other, or the same for every pair of regimens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.exchangeable import PairPrior
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["EffectPrior"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EffectPrior:
    """The prior of `mu`, the effects on the analysis scale.

    Parameters
    ----------
    stated : PriorSet
    terms : tuple of str
        Labels of `mu`.
    regimens : int
        Of a network whose effects are alike a priori for every pair of regimens: how many there are, the first terms
        being all but the reference; 0 where terms are independent.
    """

    stated: PriorSet
    terms: tuple[str, ...]
    regimens: int

    @property
    def basic(self) -> int:
        """Number of terms that have a joint prior."""
        return max(self.regimens - 1, 0)

    @property
    def pairs(self) -> PairPrior | None:
        """The joint prior of the effects of a network against its reference; None where terms are independent."""
        return PairPrior(self.stated.default, self.regimens) if self.regimens else None

    @property
    def correlation(self) -> Array:
        """Correlation of the terms before the data."""
        found = np.eye(len(self.terms))
        if self.pairs is not None:
            found[: self.basic, : self.basic] = self.pairs.correlation
        return found

    def build(self) -> Tensor:
        """The effects inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        if self.pairs is None or self.basic == 1:
            return self.stated.to_pymc("mu", self.terms, "term")
        if self.basic == len(self.terms):
            return self.pairs.to_pymc("mu", "term")
        of_regimens = self.pairs.to_pymc("mu_of_regimens", "basic_term")
        others = [self.stated[label].to_pymc(f"mu_{label}") for label in self.terms[self.basic :]]
        return pm.Deterministic("mu", pt.concatenate([of_regimens, pt.stack(others)]), dims="term")

    def sample(self, rng: np.random.Generator, draws: int) -> Array:
        """Draws of the effects, (draws, terms)."""
        if self.pairs is None:
            return self.stated.sample(rng, draws, self.terms)
        parts = [self.pairs.sample(rng, draws)]
        if self.terms[self.basic :]:
            parts.append(self.stated.sample(rng, draws, self.terms[self.basic :]))
        return np.concatenate(parts, axis=1)

    def log_density(self, mu: xr.DataArray) -> dict[str, xr.DataArray]:
        """Log density of draws of the effects, (chain, draw, ...): of those with a joint prior, and of those apart."""
        if self.pairs is None:
            return {"mu": log_density_of(mu, self.stated, "term")} if mu.size else {}
        together = mu.isel(term=slice(self.basic)).transpose(CHAIN, DRAW, "term")
        density = self.pairs.log_density(together.to_numpy().reshape(-1, self.basic))
        found = {"mu": together.isel(term=0, drop=True).copy(data=density.reshape(together.shape[:2]))}
        apart = mu.isel(term=slice(self.basic, None))
        return {**found, **({"mu_apart": log_density_of(apart, self.stated, "term")} if apart.size else {})}
