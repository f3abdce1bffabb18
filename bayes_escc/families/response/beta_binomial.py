"""Beta-binomial counts: the studies of one regimen differ more than chance alone explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import CountTable
from bayes_escc.families.response.cells import RATE_UNIT, CountDesign
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.families.told_apart import few_units
from bayes_escc.names import CHAIN, DRAW, PlainMapping
from bayes_escc.probability.logarithms import log_choose

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["BetaBinomialDesign"]


class BetaBinomialDesign(CountDesign):
    """``events ~ BetaBinomial(mean * precision, (1 - mean) * precision, n)`` per regimen.

    The rates of a regimen's studies are Beta distributed with that mean and precision (the sum
    of the shape parameters, in patients); they are integrated out of the likelihood. `rate` is
    the mean; `study_rate` and `predicted_rate` are drawn from the Beta given the data.
    """

    variant = "beta_binomial"

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        super().__init__(table, spec)
        what = [f"studies of {label}" for label in self.cell_labels]
        sizes = np.bincount(self.row_cell, minlength=len(what))
        self.warnings = (*self.warnings, *few_units("precision", list(zip(what, map(int, sizes), strict=True))))

    def build(self) -> pm.Model:
        import pymc as pm

        spec = self.spec
        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_regimen", self.row_cell, dims="row")
            n = pm.Data("n", self.total, dims="row")
            observed = pm.Data("events_observed", self.count, dims="row")
            mean = spec.prior("mean").to_pymc("mean", self.cell_regimens, self.cell_dim)
            precision = spec.prior("precision").to_pymc("precision", self.cell_regimens, self.cell_dim)
            alpha, beta = mean * precision, (1.0 - mean) * precision
            pm.BetaBinomial("events", n=n, alpha=alpha[row], beta=beta[row], observed=observed, dims="row")
        return model

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        dims = (CHAIN, DRAW, self.cell_dim)
        return self.dataset(
            {
                role: (dims, self.spec.prior(role).sample(rng, draws, self.cell_regimens)[None])
                for role in ("mean", "precision")
            }
        )

    def _shapes(self, parameters: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        mean, precision = parameters["mean"].to_numpy(), parameters["precision"].to_numpy()
        return mean * precision, (1.0 - mean) * precision

    def row_rates(self, parameters: xr.Dataset, rng: np.random.Generator) -> NDArray[np.float64]:
        alpha, beta = self._shapes(parameters)
        return _beta_draws(rng, alpha[..., self.row_cell], beta[..., self.row_cell])

    def row_log_pmf(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        from scipy.special import betaln

        alpha, beta = (s[..., self.row_cell] for s in self._shapes(parameters))
        k, n = self.count, self.total
        return np.asarray(log_choose(n, k) + betaln(k + alpha, n - k + beta) - betaln(alpha, beta))

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        alpha, beta = self._shapes(parameters)
        row_alpha = alpha[..., self.row_cell] + self.count
        row_beta = beta[..., self.row_cell] + self.total - self.count
        found: PlainMapping = {
            "rate": self.by_regimen(parameters["mean"].to_numpy(), "rate", RATE_UNIT),
            "predicted_rate": self.by_regimen(_beta_draws(rng, alpha, beta), "predicted_rate", RATE_UNIT),
            "study_rate": self.by_row(_beta_draws(rng, row_alpha, row_beta), "study_rate"),
            **self.parameters_as_estimands(parameters, mean=RATE_UNIT, precision="patients"),
        }
        return xr.Dataset(found)


def _beta_draws(rng: np.random.Generator, alpha: Any, beta: Any) -> NDArray[np.float64]:
    """Beta draws that survive shape parameters near zero."""
    return np.asarray(rng.beta(np.maximum(alpha, 1e-12), np.maximum(beta, 1e-12)))
