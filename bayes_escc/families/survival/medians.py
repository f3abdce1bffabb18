"""Published medians: a normal likelihood of the log median of every arm."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm
from bayes_escc.evidence.median_rows import NOT_REACHED_BASIS
from bayes_escc.evidence.medians import MedianTable
from bayes_escc.families.base import Design, ExactPosterior, prior_line
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.survival.estimands import ENDPOINT_NAME
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.names import CHAIN, DRAW, REGIMEN, AnyArray
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["MedianDesign"]

_GRID = 4001
"""Points, over 20 standard deviations, by which a posterior with medians not reached is inverted."""


class MedianDesign(Design):
    """``log(published median) ~ Normal(log(median of the regimen), log_se)``, one row per arm.

    Arms of one regimen share its median. Under log-normal priors the posterior is log-normal. A median that was not
    reached is censored at the end of follow-up: it contributes the probability that the median its patients would
    have shown lies beyond it. The log posterior of a regimen with such an arm is integrated on a grid.
    """

    def __init__(self, table: MedianTable, spec: SurvivalSpec, design: str) -> None:
        if spec.baseline != "exponential" or spec.regimen_effect != "stratified" or spec.location != "median":
            raise AnalysisError(
                'model: medians say nothing about the shape of hazards; use baseline = "exponential", '
                'regimen_effect = "stratified" and a prior on the median.'
            )
        if spec.covariates:
            raise AnalysisError("model.covariates: published medians have none.")
        if spec.strata:
            raise AnalysisError("model.strata: published medians are of whole arms; strata need patients.")
        unit = spec.time_unit or table.time_unit
        self.spec, self.unit = spec.in_unit(unit), unit
        frame = table.in_unit(unit).frame
        self.regimens = table.regimens
        self.regimen = np.array([self.regimens.index(r) for r in frame["regimen"]], dtype="int32")
        self.log_median = np.log(frame["median"].to_numpy(dtype=float))
        self.log_se = frame["log_se"].to_numpy(dtype=float)
        self.reached = (frame["basis"] != NOT_REACHED_BASIS).to_numpy(dtype=bool)
        self.warnings = table.warnings
        self.rows = len(frame)
        events = frame["events"].to_numpy(dtype=float)
        self.events = int(np.nansum(events))
        n = frame["n"] if "n" in frame else [""] * self.rows
        self.patients = sum(int(v) for v in n if str(v).isdecimal())
        self.arms = tuple(
            Arm(s, r, ENDPOINT_NAME, d or design)
            for s, r, d in zip(frame["study"], frame["regimen"], frame["design"], strict=True)
        )
        self.labels = [f"{s}: {r}" for s, r in zip(frame["study"], frame["regimen"], strict=True)]

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        rows = {"row": self.labels}
        if not self.reached.all():
            rows = {
                "row_reached": [x for x, r in zip(self.labels, self.reached, strict=True) if r],
                "row_beyond": [x for x, r in zip(self.labels, self.reached, strict=True) if not r],
            }
        return {REGIMEN: self.regimens, **rows}

    @property
    def structure(self) -> Hashable:
        parts = () if self.reached.all() else (self.reached.any(), "beyond")
        return ("survival", "medians", tuple(self.spec.prior("median")[r] for r in self.regimens), *parts)

    @property
    def data(self) -> Mapping[str, AnyArray]:
        arrays = {"row_regimen": self.regimen, "log_median_observed": self.log_median, "log_se": self.log_se}
        if self.reached.all():
            return arrays
        known = {name: array[self.reached] for name, array in arrays.items()} if self.reached.any() else {}
        beyond = {name.replace("observed", "least"): array[~self.reached] for name, array in arrays.items()}
        return {**known, **{f"{name}_beyond": array for name, array in beyond.items()}}

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        rows = "row" if self.reached.all() else "row_reached"
        with pm.Model(coords=self.coords) as model:
            data = {
                name: pm.Data(name, array, dims="row_beyond" if name.endswith("_beyond") else rows)
                for name, array in self.data.items()
            }
            log_median = pt.log(self.spec.prior("median").to_pymc("median", self.regimens, REGIMEN))
            if self.reached.any():
                center = log_median[data["row_regimen"]]
                pm.Normal("log_median", center, data["log_se"], observed=data["log_median_observed"], dims=rows)
            if not self.reached.all():
                least = data["log_median_least_beyond"]
                center = log_median[data["row_regimen_beyond"]]
                would_be = pm.Normal.dist(center, data["log_se_beyond"])
                pm.Censored("log_median_beyond", would_be, lower=None, upper=least, observed=least, dims="row_beyond")
        return model

    def _dataset(self, values: NDArray[np.float64]) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset({"median": ((CHAIN, DRAW, REGIMEN), values)}, coords={REGIMEN: list(self.regimens)})

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        return self._dataset(self.spec.prior("median").sample(rng, draws, self.regimens)[None])

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        import xarray as xr

        priors = [self.spec.prior("median")[r] for r in self.regimens]
        if any(p.distribution != "LogNormal" or p.variance for p in priors):
            return None
        centre, spread = (np.array([p[key] for p in priors]) for key in ("mu", "sigma"))
        precision, weighted = spread**-2.0, centre * spread**-2.0
        known, se = self.reached, self.log_se
        np.add.at(precision, self.regimen[known], se[known] ** -2.0)
        np.add.at(weighted, self.regimen[known], self.log_median[known] * se[known] ** -2.0)
        mean, sd = weighted / precision, precision**-0.5
        logs = rng.normal(mean, sd, (chains, draws, len(self.regimens)))
        # the density of the medians that were reached, from what the posterior's normals leave of the squares
        squares = ((self.log_median / se)[known] ** 2).sum() + ((centre / spread) ** 2).sum() - (mean * weighted).sum()
        evidence = -0.5 * squares - np.log(se[known]).sum() - 0.5 * known.sum() * math.log(2.0 * math.pi)
        evidence += np.log(sd / spread).sum()
        for i in np.unique(self.regimen[~known]):
            drawn, chance = self._censored_draws(int(i), float(mean[i]), float(sd[i]), rng.random((chains, draws)))
            logs[..., i] = drawn
            evidence += math.log(chance)
        return ExactPosterior(self._dataset(np.exp(logs)), xr.Dataset(), xr.Dataset(), float(evidence), 1e-8)

    def _censored_draws(
        self, regimen: int, mean: float, sd: float, uniform: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Draws of a log median, known as Normal(mean, sd) but for its arms whose median was not reached.

        With the probability, under that normal, that these were not reached.
        """
        from scipy.special import log_ndtr

        rows = np.flatnonzero(~self.reached & (self.regimen == regimen))
        least, error = self.log_median[rows], self.log_se[rows]

        def log_density(x: NDArray[np.float64]) -> NDArray[np.float64]:
            beyond = log_ndtr((x[:, None] - least) / error).sum(axis=1)
            return np.asarray(-0.5 * ((x - mean) / sd) ** 2 + beyond)

        # the density is log-concave and no wider than Normal(mean, sd); its mode lies at or above the mean
        wide = np.linspace(mean, max(mean, float(least.max())) + 10.0 * sd, _GRID)
        mode = wide[np.argmax(log_density(wide))]
        grid = np.linspace(mode - 10.0 * sd, mode + 10.0 * sd, _GRID)
        log = log_density(grid)
        density = np.exp(log - log.max())
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        step = (grid[1] - grid[0]) / (sd * math.sqrt(2.0 * math.pi))
        return np.interp(uniform, below / below[-1], grid), float(below[-1] * step * math.exp(log.max()))

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        prior = (priors or {}).get("median", self.spec.prior("median"))
        return xr.Dataset({"median": log_density_of(parameters["median"], prior, REGIMEN)})

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        median = np.exp(np.asarray(data["log_median"], dtype=float))
        return [
            Statistic("median", f"the median of {label}, in {self.unit},", median[..., i])
            for i, label in enumerate(self.labels)
        ]

    def _by_row(self, values: NDArray[np.float64]) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset({"log_median": ((CHAIN, DRAW, "row"), values)}, coords={"row": self.labels})

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        z = (self.log_median - np.log(parameters["median"].to_numpy())[..., self.regimen]) / self.log_se
        values = -0.5 * z**2 - np.log(self.log_se) - 0.5 * math.log(2.0 * math.pi)
        if not self.reached.all():
            from scipy.special import log_ndtr

            values = np.where(self.reached, values, log_ndtr(-z))
        return self._by_row(values)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        shown = rng.normal(np.log(parameters["median"].to_numpy())[..., self.regimen], self.log_se)
        return self._by_row(np.where(self.reached, shown, np.minimum(shown, self.log_median)))

    def observed(self) -> xr.Dataset:
        import xarray as xr

        values = {"log_median": ("row", self.log_median), "log_se": ("row", self.log_se)}
        return xr.Dataset(values, coords={"row": self.labels})

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        attrs = {"unit": self.unit, "better": "higher"}
        return parameters.assign(median=parameters["median"].assign_attrs(attrs))

    def critical_bias(self, parameters: xr.Dataset, contrast: RegimenContrast) -> NDArray[np.float64] | None:
        """Hazards are taken as constant: a median grows by exp(b) when a bias b is taken from the log hazard."""
        if contrast.estimand != "median":
            return None
        pair = (contrast.regimen, contrast.reference)
        own, against = (parameters["median"].sel({REGIMEN: r}).to_numpy() for r in pair)
        needed = against + contrast.threshold if contrast.scale == "difference" else against * contrast.threshold
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(needed, 0.0)) - np.log(own))

    def without_bias(
        self, parameters: xr.Dataset, *, estimand: str, time: float | None, regimen: str, bias: float
    ) -> NDArray[np.float64] | None:
        if estimand != "median":
            return None
        return np.asarray(parameters["median"].sel({REGIMEN: regimen}).to_numpy() * math.exp(bias))

    def priors_in_words(self) -> list[str]:
        return prior_line("median PFS", self.spec.prior("median"), f" {self.unit}")
