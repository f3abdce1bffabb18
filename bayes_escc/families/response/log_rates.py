"""Independent binomial rates whose prior speaks of their log odds or of the log of their risk, by quadrature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.families.base import ExactPosterior
from bayes_escc.families.response.binomial import BinomialDesign
from bayes_escc.families.response.links import LEVELS
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.probability.following_panels import FURTHEST, density_on_grid
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_storage import flatten_rates
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.evidence import CountTable
    from bayes_escc.families.response.spec import ResponseSpec
    from bayes_escc.families.tensors import Tensor

__all__ = ["LogRateDesign"]

Array = NDArray[np.float64]
_FEWEST: Final = 1e-3
"""Share of the stated prior of a log risk that must belong to risks."""


class LogRateDesign(BinomialDesign):
    """``events ~ Binomial(n, rate)`` with a prior of ``logit(rate)`` or of ``log(rate)``, one for each regimen.

    A prior of the log risk holds below 0 alone: what it has above is left out.
    """

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        super().__init__(table, spec)
        self.variant = f"binomial, {spec.level}"
        self.level = spec.level
        for regimen in self.cell_regimens:
            stated = spec.prior(self.level)[regimen]
            if LEVELS[self.level].name == "log_risk" and not float(stated.law().cdf(0.0)) >= _FEWEST:
                raise AnalysisError(
                    f"priors.{self.level}: {stated} has hardly any probability below 0, where the logarithm of a risk "
                    "lies; state one that has, for example Normal(-1, 1)."
                )

    @property
    def prior_roles(self) -> tuple[tuple[str, str], ...]:
        return ((self.level, ""),)

    def _log_prior_of(self, regimen: str, u: Array) -> Array:
        """Log density of the logit of a rate, not normalised where the stated law reaches beyond rates."""
        link = LEVELS[self.level]
        return np.asarray(self.spec.prior(self.level)[regimen].log_density(link.value(u)) + link.log_slope(u))

    def _law(self, regimen: str, events: float, n: float) -> tuple[BetaMixture, float]:
        """The law of a rate after counts, and the log of the integral of its density."""
        low, high = LEVELS[self.level].logit(np.array(self.spec.prior(self.level)[regimen].support))

        def log_density(u: Array) -> Array:
            like = -events * np.logaddexp(0.0, -u) - (n - events) * np.logaddexp(0.0, u)
            with np.errstate(divide="ignore"):
                return np.asarray(self._log_prior_of(regimen, u) + like)

        law, log_total = density_on_grid(log_density, max(float(low), -FURTHEST), min(float(high), FURTHEST))
        return BetaMixture((1.0,), (law,)), log_total

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        if any(p.distribution == "Uniform" for p in map(self.spec.prior(self.level).__getitem__, self.cell_regimens)):
            return None  # its edges are not resolved by an equidistant grid
        if len(self.endpoints) > 1:
            return None
        events = np.bincount(self.row_cell, self.count, len(self.cells))
        total = np.bincount(self.row_cell, self.total, len(self.cells))
        before = {r: self._law(r, 0.0, 0.0) for r in self.cell_regimens}
        after = {r: self._law(r, events[i], total[i]) for i, r in enumerate(self.cell_regimens)}
        evidence = self._log_coefficients + sum(after[r][1] - before[r][1] for r in self.cell_regimens)
        values = np.stack([after[r][0].sample(rng, (chains, draws)) for r in self.cell_regimens], axis=-1)
        laws, prior_laws = (flatten_rates("rate", {r: law for r, (law, _) in d.items()}) for d in (after, before))
        return ExactPosterior(
            self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)}), laws, prior_laws, evidence, 1e-8
        )

    def build(self) -> pm.Model:
        import pymc as pm

        link = LEVELS[self.level]
        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_regimen", self.row_cell, dims="row")
            n = pm.Data("n", self.total, dims="row")
            observed = pm.Data("events_observed", self.count, dims="row")
            name = self.level if link.name == "log_odds" else "unbounded_log_risk"
            if link.name == "log_odds":
                value = self.spec.prior(self.level).to_pymc(name, self.cell_regimens, self.cell_dim)
                rate = pm.Deterministic("rate", pm.math.invlogit(value), dims=self.cell_dim)
            else:
                rate = self._bounded_risks()
            pm.Binomial("events", n=n, p=rate[row], observed=observed, dims="row")
        return model

    def _bounded_risks(self) -> Tensor:
        """Rates whose logarithm has its prior below 0."""
        import pymc as pm
        import pytensor.tensor as pt

        parts = []
        for i, regimen in enumerate(self.cell_regimens):
            prior = self.spec.prior(self.level)[regimen]
            values: Any = dict(prior.parameters)
            law = getattr(pm, prior.distribution).dist(**values)
            parts.append(pm.Truncated(f"log_risk_{i}", law, upper=0.0))
        return pm.Deterministic("rate", pm.math.exp(pt.stack(parts)), dims=self.cell_dim)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        laws = [self._sampled(regimen, rng, draws) for regimen in self.cell_regimens]
        return self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), np.stack(laws, axis=-1)[None])})

    def _sampled(self, regimen: str, rng: np.random.Generator, draws: int) -> Array:
        prior, link = self.spec.prior(self.level)[regimen], LEVELS[self.level]
        kept = np.empty(0)
        while len(kept) < draws:
            values = prior.sample(rng, 2 * draws)
            kept = np.concatenate([kept, values[values < 0.0] if link.name == "log_risk" else values])
        return np.exp(-np.logaddexp(0.0, -link.logit(kept[:draws])))

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        own = self.changed(spec=_with_priors(self.spec, priors)) if priors else self
        rate = np.clip(parameters["rate"].to_numpy(), 1e-300, 1.0 - 1e-16)
        u = np.log(rate) - np.log1p(-rate)
        each = [own._log_prior_of(r, u[..., i]) for i, r in enumerate(self.cell_regimens)]
        density = np.stack(each, axis=-1) + np.logaddexp(0.0, -u) + np.logaddexp(0.0, u)
        return xr.Dataset({self.level: parameters["rate"].copy(data=density).drop_attrs()})


def _with_priors(spec: ResponseSpec, priors: Mapping[str, PriorSet]) -> ResponseSpec:
    return replace(spec, priors=tuple((role, priors.get(role, prior)) for role, prior in spec.priors))
