"""What the survival models share: patients prepared, estimands averaged, data replicated."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm, PatientTable
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.families.base import Design
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.frozen import stated_covariates, stated_priors
from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array, Curves
from bayes_escc.families.survival.event_free import remaining_mean, remaining_median, remaining_survival
from bayes_escc.families.survival.population import (
    MOST_PATTERNS,
    Population,
    condensed,
    marginal_hazard,
    median_time,
    restricted_mean,
    survival,
)
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.families.survival.target import TargetTable, target_patterns
from bayes_escc.families.survival.words import notes_on, priors_in_words
from bayes_escc.names import CHAIN, COVARIATE, DRAW, HORIZON, INTERVAL, REGIMEN, TIME
from bayes_escc.schema import nearest

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CONTRAST", "ENDPOINT_NAME", "SurvivalDesign"]

ENDPOINT_NAME: Final = "PFS"
CONTRAST: Final = "contrast"
"""Dimension of log hazard ratios: every regimen but the first."""

_MOST_DENSITIES: Final = 2_000_000
_MOST_REPLICATES: Final = 500_000
_CURVE_DRAWS: Final = 1000
_CURVE_POINTS: Final = 60
_DEFAULT_TIMES: Final = (3.0, 6.0, 12.0)  # months


class SurvivalDesign(Design):
    """Patients with follow-up, prepared for one baseline hazard.

    The hazard of patient i on regimen r is ``h_r(t) * exp(sum_j coefficient_j * x_ij)``. Regimens
    differ by a constant hazard ratio, by hazards of different shape, in everything, or not at
    all (`SurvivalSpec.regimen_effect`).
    """

    def __init__(self, table: PatientTable, spec: SurvivalSpec, encoded: EncodedCovariates, design: str) -> None:
        unit = spec.time_unit or str(table.time_unit)
        self.spec = spec.in_unit(unit).with_continuous(
            tuple(c for c, x in zip(encoded.labels, encoded.values.T, strict=True) if not set(x) <= {0.0, 1.0})
        )
        self.unit = unit
        self.encoded = encoded
        self.regimens = table.regimens
        self.regimen = np.array([self.regimens.index(r) for r in table.frame["regimen"]], dtype="int32")
        self.follow_up = table.follow_up(unit, dating=spec.dating)
        self.rows = self.patients = len(self.regimen)
        self.row_numbers = tuple(int(i) for i in table.frame.index)
        self.events = int(self.follow_up.event.sum())
        studies = table.frame["study"] if "study" in table.frame else [table.source] * len(table)
        pairs = dict.fromkeys(zip(studies, table.frame["regimen"], strict=True))
        self.arms = tuple(Arm(study, regimen, ENDPOINT_NAME, design) for study, regimen in pairs)
        self.times, self.horizons = self._when()
        self.weights = self._target()
        self.warnings = (*table.warnings, *notes_on(self))
        self._check_overrides()

    # ---- what the baselines provide -----------------------------------------------------------

    @abstractmethod
    def curves(self, parameters: xr.Dataset) -> Curves:
        """The baseline hazard of every regimen under every draw."""

    @property
    @abstractmethod
    def parameter_count(self) -> int:
        """Number of sampled parameters."""

    # ---- preparation --------------------------------------------------------------------------

    @property
    def others(self) -> tuple[str, ...]:
        """The regimens whose hazard is expressed relative to the first."""
        return self.regimens[1:]

    @property
    def strata(self) -> tuple[str, ...]:
        """Regimens with a baseline of their own; one unnamed stratum if they share it."""
        return self.regimens if self.spec.regimen_effect == "stratified" else ("",)

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        return {REGIMEN: self.regimens, CONTRAST: self.others, COVARIATE: self.encoded.labels}

    def _when(self) -> tuple[Array, Array]:
        """Times and horizons of the estimands; the defaults stay within the data."""
        last = self.follow_up.last
        covered = min(float(last[self.regimen == r].max()) for r in range(len(self.regimens)))
        months = np.array(_DEFAULT_TIMES) * DAYS_IN["months"] / DAYS_IN[self.unit]
        within = months[months <= covered]
        times = self.spec.times if self.spec.times is not None else (within if within.size else months[:1])
        horizons = self.spec.horizons if self.spec.horizons is not None else (covered,)
        self.covered = covered
        return np.asarray(times, dtype=float), np.asarray(horizons, dtype=float)

    def _target(self) -> tuple[Array, Array]:
        """Distinct covariate patterns of the target population and their shares."""
        return target_patterns(self.spec.population, self.encoded, self.regimen, self.regimens)

    def _check_overrides(self) -> None:
        labels = {"coefficient": self.encoded.labels, "log_hazard_ratio": self.others}
        for role, prior_set in self.spec.priors:
            allowed = labels.get(role, self.regimens)
            for label, _ in prior_set.overrides:
                if label not in allowed:
                    listed = ", ".join(allowed)
                    raise AnalysisError(
                        f'priors.{role}."{label}": is not here; there are {listed}.{nearest(label, allowed)}'
                    )

    @property
    def prior_key(self) -> Hashable:
        """The priors of all parameters with their labels, for `structure`."""
        prior = self.spec.prior
        found: list[Any] = []
        for role, _ in self.spec.priors:
            labels = {"coefficient": self.encoded.labels, "log_hazard_ratio": self.others}.get(role, self.regimens)
            found.append((role, tuple(prior(role)[label] for label in labels)))
        return tuple(found)

    def linear_predictor(self, patients: NDArray[Any], name: str, dim: str) -> Any:
        """Sum of coefficients times covariates of some patients, inside the current PyMC model."""
        import pymc as pm

        model = pm.modelcontext(None)
        total: Any = 0.0
        for j in range(len(self.encoded.labels)):
            column = pm.Data(f"{name}_x{j}", self.encoded.values[patients, j], dims=dim)
            total = total + model["coefficient"][j] * column
        return total

    def covariate_data(self, patients: NDArray[Any], name: str) -> dict[str, NDArray[Any]]:
        """The data of `linear_predictor`."""
        return {f"{name}_x{j}": self.encoded.values[patients, j] for j in range(len(self.encoded.labels))}

    def coefficients_prior(self) -> None:
        """Create the coefficients inside the current PyMC model."""
        if self.encoded.labels:
            self.spec.prior("coefficient").to_pymc("coefficient", self.encoded.labels, COVARIATE)

    def regimen_effect(self) -> Any:
        """Log hazard ratios of all regimens against the first, inside the current PyMC model."""
        import pytensor.tensor as pt

        if not (self.spec.has("log_hazard_ratio") and self.others):
            return pt.zeros(len(self.regimens))
        found = self.spec.prior("log_hazard_ratio").to_pymc("log_hazard_ratio", self.others, CONTRAST)
        return pt.concatenate([[0.0], found])

    # ---- draws in NumPy -----------------------------------------------------------------------

    def prior_values(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of the effects of regimens and covariates."""
        found: dict[str, tuple[tuple[str, ...], Any]] = {}
        for role, labels, dim in (
            ("log_hazard_ratio", self.others, CONTRAST),
            ("coefficient", self.encoded.labels, COVARIATE),
        ):
            if self.spec.has(role) and labels:
                values = self.spec.prior(role).sample(rng, draws, labels)
                found[role] = ((CHAIN, DRAW, dim), values[None])
        return found

    def by_stratum(self, role: str, rng: np.random.Generator, draws: int) -> tuple[tuple[str, ...], Any]:
        """Prior draws of a parameter that every stratum has once."""
        prior = self.spec.prior(role)
        if self.strata == ("",):
            return (CHAIN, DRAW), prior.default.sample(rng, draws)[None]
        return (CHAIN, DRAW, REGIMEN), prior.sample(rng, draws, self.strata)[None]

    def dataset(self, values: Mapping[str, tuple[tuple[str, ...], Any]]) -> xr.Dataset:
        """Parameters with the labels of their dimensions."""
        import xarray as xr

        used = {d for dims, _ in values.values() for d in dims}
        return xr.Dataset(dict(values), coords={d: list(v) for d, v in self.coords.items() if d in used})

    def log_ratios(self, parameters: xr.Dataset) -> Array:
        """Log hazard ratios of all regimens against the first, (draws, regimens)."""
        size = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
        if "log_hazard_ratio" not in parameters:
            return np.zeros((size, len(self.regimens)))
        found = flat(parameters["log_hazard_ratio"])
        return np.concatenate([np.zeros((size, 1, *found.shape[2:])), found], axis=1)

    def log_risk(self, parameters: xr.Dataset, x: Array) -> Array:
        """Log hazard of patients with covariates x relative to one with zeros, (draws, patients)."""
        size = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
        if "coefficient" not in parameters:
            return np.zeros((size, len(x)))
        return np.asarray(flat(parameters["coefficient"]) @ x.T)

    def population(self, parameters: xr.Dataset) -> Population:
        """The target population under every draw."""
        patterns, weight = self.weights
        if len(patterns) > MOST_PATTERNS and "coefficient" in parameters:
            return condensed(flat(parameters["coefficient"]), patterns, weight)
        return Population(self.log_risk(parameters, patterns), weight)

    def _thin(self, parameters: xr.Dataset, most: int) -> xr.Dataset:
        """Fewer draws where patients times draws would be too many values."""
        values = parameters.sizes[CHAIN] * parameters.sizes[DRAW] * self.patients
        step = max(1, -(-values // most))
        return parameters.isel({DRAW: slice(None, None, step)})

    def _by_patient(self, parameters: xr.Dataset, **values: Array) -> xr.Dataset:
        import xarray as xr

        shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW], -1)
        labels = [str(i + 1) for i in range(self.patients)]
        return xr.Dataset(
            {name: ((CHAIN, DRAW, "patient"), v.reshape(shape)) for name, v in values.items()},
            coords={"patient": labels},
        )

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        """Per patient; densities of known event times are per unit of time of the analysis.

        Beyond 500 patients (of 4000 draws) every second, third ... draw is kept.
        """
        parameters = self._thin(parameters, _MOST_DENSITIES)
        curves, log_risk = self.curves(parameters), self.log_risk(parameters, self.encoded.values)
        risk, f, regimen = np.exp(log_risk), self.follow_up, self.regimen
        last = np.where(f.exact | f.right, f.lower, f.entry)
        values = -curves.patient_increment(regimen, f.entry, last) * risk
        if f.exact.any():
            i = f.exact
            log_hazard = curves.patient_log_hazard(regimen[i], f.lower[i]) + log_risk[:, i]
            values[:, i] = kernels.exact(log_hazard, -values[:, i])
        if f.interval.any():
            i = f.interval
            before = curves.patient_increment(regimen[i], f.entry[i], f.lower[i]) * risk[:, i]
            inside = curves.patient_increment(regimen[i], f.lower[i], f.upper[i]) * risk[:, i]
            values[:, i] = kernels.between(np, before, inside)
        return self._by_patient(parameters, progression=values)

    @np.errstate(over="ignore", invalid="ignore")  # draws of a vague prior may overflow
    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        """Replicated follow-up of the same patients: `time`, and `event` (1 or 0).

        Every patient keeps entry and covariates. Who was censored is censored at the same time
        again; for who progressed, censoring is drawn from the reverse Kaplan-Meier estimate
        beyond the time of progression.
        """
        parameters = self._thin(parameters, _MOST_REPLICATES)
        curves, f = self.curves(parameters), self.follow_up
        risk = np.exp(self.log_risk(parameters, self.encoded.values))
        shape = (curves.draws, self.patients)
        before: Any = 0.0
        if (f.entry > 0).any():
            before = curves.patient_increment(self.regimen, np.zeros(self.patients), f.entry)
        happens = curves.patient_inverse(self.regimen, before + rng.exponential(size=shape) / risk)
        censored = self._potential_follow_up(rng, shape)
        time = np.minimum(happens, censored)
        return self._by_patient(parameters, time=time, event=(happens <= censored).astype("int8"))

    def _potential_follow_up(self, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        f, last, event = self.follow_up, self.follow_up.last, self.follow_up.event
        reverse = kaplan_meier(last, event, f.entry, reverse=True)
        steps = np.append(reverse.time, last.max())
        below = np.append(1.0 - reverse.survival, 1.0)
        found = np.broadcast_to(last, shape).copy()
        floor = 1.0 - reverse(last[event])  # P(censored by the time of progression)
        u = floor + (1.0 - floor) * rng.random((shape[0], floor.size))
        drawn = steps[np.minimum(np.searchsorted(below, u), len(steps) - 1)]
        found[:, event] = np.maximum(drawn, last[event])
        return found

    def frozen(self) -> Mapping[str, Mapping[str, Any]]:
        model: dict[str, Any] = {"time_unit": self.unit}
        if self.spec.covariates:
            model["covariates"] = stated_covariates(self.spec.covariates, self.encoded)
        estimands: dict[str, Any] = {"times": self.times.tolist(), "horizons": self.horizons.tolist()}
        if isinstance(self.spec.population, TargetTable):  # the file may not be there at the next look
            estimands["population"] = {"rows": [dict(row) for row in self.spec.population.rows]}
        return {"model": model, "priors": stated_priors(self.spec.priors), "estimands": estimands}

    def standardised_over(self, reference: Design) -> Design:
        if not isinstance(reference, SurvivalDesign):
            return self
        found = copy.copy(self)
        found.weights = reference.weights
        return found

    def observed(self) -> xr.Dataset:
        import xarray as xr

        f, dim = self.follow_up, "patient"
        values = {
            "lower": (dim, f.lower), "upper": (dim, f.upper), "entry": (dim, f.entry), "time": (dim, f.last),
            "event": (dim, f.event.astype("int8")), "regimen_index": (dim, self.regimen),
        }  # fmt: skip
        found = xr.Dataset(values, coords={dim: [str(i + 1) for i in range(self.patients)]})
        return found.assign_attrs(time_unit=self.unit, regimens="\x1f".join(self.regimens))

    # ---- estimands ----------------------------------------------------------------------------

    @np.errstate(over="ignore", invalid="ignore")
    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        curves, population = self.curves(parameters), self.population(parameters)
        shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW])
        labels = {REGIMEN: list(self.regimens)}

        def array(values: Array, dims: tuple[str, ...], unit: str, better: str) -> xr.DataArray:
            when = {TIME: self.times, HORIZON: self.horizons}
            coords = {**labels, **{d: when[d] for d in dims if d in when}}
            return xr.DataArray(
                values.reshape(*shape, *values.shape[1:]), dims=(CHAIN, DRAW, *dims), coords=coords,
                attrs={"unit": unit, "better": better, "endpoint": ENDPOINT_NAME},
            )  # fmt: skip

        def across(found: list[Array]) -> Array:
            return np.stack(found, axis=-1)

        means = across([restricted_mean(curves, population, float(h)) for h in self.horizons])
        found = {
            "median": array(median_time(curves, population), (REGIMEN,), self.unit, "higher"),
            "survival": array(survival(curves, population, self.times), (REGIMEN, TIME), PROPORTION, "higher"),
            "rmst": array(means, (REGIMEN, HORIZON), self.unit, "higher"),
        }
        hazards = marginal_hazard(curves, population, self.times)
        found["hazard_rate"] = array(hazards, (REGIMEN, TIME), f"per {self.unit.removesuffix('s')}", "lower")
        if self.spec.event_free is not None:
            since = self.spec.event_free
            left = remaining_survival(curves, population, since, self.times)
            means = across([remaining_mean(curves, population, since, float(h)) for h in self.horizons])
            after = f"from {since:g} {self.unit}, event-free then"
            found |= {
                "remaining_survival": array(left, (REGIMEN, TIME), f"{PROPORTION} {after}", "higher"),
                "remaining_median": array(
                    remaining_median(curves, population, since), (REGIMEN,), f"{self.unit} {after}", "higher"
                ),
                "remaining_rmst": array(means, (REGIMEN, HORIZON), f"{self.unit} {after}", "higher"),
            }
        if len(self.regimens) > 1 and self.spec.regimen_effect != "none":
            reference = self.regimens[0]
            if self.spec.regimen_effect == "proportional":
                ratio = np.exp(self.log_ratios(parameters))
                found["hazard_ratio"] = array(ratio, (REGIMEN,), f"ratio to {reference}", "lower")
            else:
                logs = curves.log_hazard(self.times)
                ratio = np.exp(logs - logs[:, :1])
                found["hazard_ratio"] = array(ratio, (REGIMEN, TIME), f"ratio to {reference}", "lower")
            if self.encoded.labels:
                name, unit = "marginal_hazard_ratio", f"ratio to {reference}, over the target population"
                found[name] = array(hazards / hazards[:, :1], (REGIMEN, TIME), unit, "lower")
            stretched = self.time_ratios(parameters)
            if stretched is not None:
                found["time_ratio"] = array(stretched, (REGIMEN,), f"ratio to {reference}", "higher")
        return xr.Dataset({**found, **self._parameters_as_estimands(parameters)})

    @property
    def interval_starts(self) -> Array:
        """Where the intervals of a piecewise hazard begin; one interval otherwise."""
        return np.zeros(1)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        """How much longer everything takes than on the first regimen, where that is one number."""
        return None

    def _parameters_as_estimands(self, parameters: xr.Dataset) -> dict[str, xr.DataArray]:
        units = {
            "reference_median": self.unit,
            "hazard": f"per {self.unit.removesuffix('s')}",
            "log_hazard": f"log of events per {self.unit.removesuffix('s')}",
        }
        found = {}
        for name, array in parameters.data_vars.items():
            if name not in REPORTED:  # the sampler's own coordinates
                continue
            plain = array.assign_attrs(unit=units.get(str(name), ""))
            if name == "coefficient":
                each = [f"log hazard ratio per {how}" for _, how in self.encoded.constants]
                plain = plain.assign_coords(unit=(COVARIATE, each))
            if CONTRAST in plain.dims:
                plain = plain.assign_coords({f"row_{REGIMEN}": (CONTRAST, list(self.others))})
            if INTERVAL in plain.dims:
                plain = plain.assign_coords({f"row_{TIME}": (INTERVAL, self.interval_starts)})
            found[str(name)] = plain
        return found

    def figure_data(self, parameters: xr.Dataset) -> xr.Dataset:
        """Standardised survival and baseline hazard on a grid of times, for figures."""
        import xarray as xr

        total = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
        parameters = parameters.isel({DRAW: slice(None, None, max(1, -(-total // _CURVE_DRAWS)))})
        curves, population = self.curves(parameters), self.population(parameters)
        grid = np.linspace(0.0, float(self.follow_up.last.max()), _CURVE_POINTS + 1)
        middle = (grid[1:] + grid[:-1]) / 2.0
        return xr.Dataset(
            {
                "survival": (("sample", REGIMEN, "grid"), survival(curves, population, grid)),
                "hazard": (("sample", REGIMEN, "middle"), np.exp(curves.log_hazard(middle))),
            },
            coords={REGIMEN: list(self.regimens), "grid": grid, "middle": middle},
            attrs={"time_unit": self.unit},
        )

    def priors_in_words(self) -> list[str]:
        return priors_in_words(self)


REPORTED: Final = (
    "reference_median", "log_cumulative_hazard", "hazard", "log_hazard", "log_shape", "log_hazard_ratio",
    "coefficient", "drift_sd",
)  # fmt: skip
PROPORTION: Final = "proportion of patients"


def flat(array: Any) -> Array:
    """Draws of a parameter with chains and draws as one first axis."""
    values = array.transpose(CHAIN, DRAW, ...).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))
