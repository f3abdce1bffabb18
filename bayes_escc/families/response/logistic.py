"""Response of single patients given their regimen and covariates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import PatientTable, Problem
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction
from bayes_escc.families.base import Design, prior_line
from bayes_escc.families.beside import place_of
from bayes_escc.families.covariates import EncodedCovariates, encode, means_by_regimen
from bayes_escc.families.frozen import stated_covariates, stated_priors
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.modifiers import INTERACTION, SUBGROUP_WARNING, Modifiers, require_modifiers, subgroups
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.response.cells import RATE_UNIT
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.families.told_apart import aliased, not_told_apart
from bayes_escc.names import CHAIN, COVARIATE, DRAW, ENDPOINT, REGIMEN, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["LogisticDesign"]


class LogisticDesign(Design):
    """``response_i ~ Bernoulli(expit(intercept[regimen_i] + sum_j coefficient_j * x_ij))``.

    Every regimen has its own intercept, the log odds of a patient whose covariates are zero
    (average, after centring), so no regimen is the reference of the model. `rate` is
    standardised: the mean over all patients of the analysis of the response probability each
    would have on the regimen, within each draw (g-computation). Declared effect modifiers have a
    further coefficient on every regimen (see `modifiers`).
    """

    def __init__(
        self, table: PatientTable, spec: ResponseSpec, encoded: EncodedCovariates, endpoint: str, design: str
    ) -> None:
        self.spec = spec
        self.endpoint = endpoint
        self.encoded = encoded
        self.population = encoded.values
        self.regimens = table.regimens
        self.regimen = np.array([self.regimens.index(r) for r in table.frame["regimen"]], dtype="int32")
        self.modifiers = Modifiers.of(spec.effect_modifiers, encoded, self.regimens)
        self.response = table.events(endpoint).astype("int64")
        self.warnings = (*table.warnings, *self._not_told_apart())
        self.rows = self.patients = len(self.response)
        self.row_numbers = tuple(int(i) for i in table.frame.index)
        self.arms = table.arms(endpoint, design)
        self.events = int(self.response.sum())

    def _not_told_apart(self) -> list[Problem]:
        """Regimens and covariates whose effects the patients cannot tell apart, or bound on one side only."""
        member = np.eye(len(self.regimens))[self.regimen]
        names = [*(f"the response on {r}" for r in self.regimens), *self.encoded.labels]
        groups = aliased(np.hstack([member, self.encoded.values]), names) if self.encoded.labels else []
        found = not_told_apart(groups, where="these patients")
        for r, regimen in enumerate(self.regimens):
            mine = self.response[self.regimen == r]
            if mine.min() == mine.max():
                found.append(
                    Problem(
                        "separation",
                        f"{'every' if mine.max() else 'no'} patient on {regimen} responded",
                        "The likelihood alone would make the intercept infinite; the prior bounds it. Show the answer "
                        "under a wider and a narrower prior beside it.",
                    )
                )
        return found

    @classmethod
    def from_patients(cls, table: PatientTable, spec: ResponseSpec, data: Any) -> LogisticDesign:
        """Encode the covariates of the evaluable patients."""
        endpoints = data.endpoints or ("ORR",)
        if len(endpoints) != 1:
            raise AnalysisError("data.endpoint: a logistic model takes one endpoint; run one analysis for each.")
        patients = table.evaluable(data.not_evaluable)
        encoded = encode(patients, spec.covariates)
        kept = patients.frame[encoded.kept]
        complete = replace(patients, frame=kept)
        if data.published is None:
            require_modifiers(spec.effect_modifiers, complete.regimens)
        return cls(complete, spec, encoded, canonical_endpoint(endpoints[0]), data.design)

    @property
    def reweightable(self) -> bool:
        return True

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        if role == "coefficient":
            return self.encoded.labels
        return self.regimens if role == "intercept" and size == len(self.regimens) else [""] * size

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all coefficients."""
        return (*self.encoded.labels, *self.modifiers.labels)

    @property
    def coefficient_prior(self) -> PriorSet:
        """The priors of all coefficients."""
        interaction = self.spec.prior(INTERACTION) if self.modifiers else None
        return self.modifiers.prior(self.spec.prior("coefficient"), interaction)

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        patients = [str(i + 1) for i in range(self.patients)]
        return {REGIMEN: self.regimens, COVARIATE: self.labels, "patient": patients}

    @property
    def data(self) -> Mapping[str, AnyArray]:
        data: dict[str, AnyArray] = {"response_observed": self.response, "patient_regimen": self.regimen}
        values = self.modifiers.extended(self.encoded.values, self.regimen)
        return data | {f"x{j}": values[:, j] for j in range(len(self.labels))}

    @property
    def structure(self) -> Hashable:
        prior = self.spec.prior
        return (
            "response",
            "logistic",
            tuple(prior("intercept")[r] for r in self.regimens),
            tuple(self.coefficient_prior[c] for c in self.labels),
        )

    def build(self) -> pm.Model:
        import pymc as pm

        spec, labels, data = self.spec, self.labels, self.data
        with pm.Model(coords=self.coords) as model:
            regimen = pm.Data("patient_regimen", self.regimen, dims="patient")
            observed = pm.Data("response_observed", self.response, dims="patient")
            intercept = spec.prior("intercept").to_pymc("intercept", self.regimens, REGIMEN)
            logit = intercept[regimen]
            if labels:
                coefficient = self.coefficient_prior.to_pymc("coefficient", labels, COVARIATE)
                # a sum of columns compiles and runs far faster than a matrix product
                for j in range(len(labels)):
                    logit = logit + coefficient[j] * pm.Data(f"x{j}", data[f"x{j}"], dims="patient")
            pm.Bernoulli("response", logit_p=logit, observed=observed, dims="patient")
        return model

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        import xarray as xr

        labels = self.labels
        intercept = self.spec.prior("intercept").sample(rng, draws, self.regimens)[None]
        values = {"intercept": ((CHAIN, DRAW, REGIMEN), intercept)}
        coords = {REGIMEN: list(self.regimens)}
        if labels:
            slopes = self.coefficient_prior.sample(rng, draws, labels)[None]
            values["coefficient"] = ((CHAIN, DRAW, COVARIATE), slopes)
            coords[COVARIATE] = list(labels)
        return xr.Dataset(values, coords=coords)

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated = {**dict(self.spec.priors), "coefficient": self.coefficient_prior, **(priors or {})}
        dims = {"intercept": REGIMEN, "coefficient": COVARIATE}
        return xr.Dataset(
            {
                role: log_density_of(parameters[role], prior, dims[role])
                for role, prior in stated.items()
                if role in parameters
            }
        )

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        response = np.asarray(data["response"], dtype=float)
        return [
            Statistic(
                "intercept", f"the share of responders on {regimen}", response[..., self.regimen == r].mean(axis=-1)
            )
            for r, regimen in enumerate(self.regimens)
        ]

    def _shift(
        self, parameters: xr.Dataset, x: NDArray[np.float64], regimen: int | NDArray[Any]
    ) -> NDArray[np.float64]:
        """The covariates' part of the log odds of patients with covariates x, shape (chain, draw, patient)."""
        shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW], len(x))
        if not self.encoded.labels:
            return np.zeros(shape)
        return np.asarray(parameters["coefficient"].to_numpy() @ self.modifiers.extended(x, regimen).T)

    def _logits(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        shift = self._shift(parameters, self.encoded.values, self.regimen)
        return np.asarray(parameters["intercept"].to_numpy()[..., self.regimen] + shift)

    def mean_rates(
        self, parameters: xr.Dataset, x: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mean response probability of a population on every regimen, (chain, draw, regimen).

        Parameters
        ----------
        parameters : Dataset
        x : array of shape (patients, covariates)
        weight : array of shape (patients,) or (chain, draw, patients)
            With sum one.
        """
        from scipy.special import expit

        intercept, columns = parameters["intercept"].to_numpy(), []
        shift = self._shift(parameters, x, 0)
        for r in range(len(self.regimens)):
            shift = self._shift(parameters, x, r) if r and self.modifiers else shift
            each = expit(intercept[..., r, None] + shift)
            columns.append(each @ weight if weight.ndim == 1 else (each * weight).sum(axis=-1))
        return np.stack(columns, axis=-1)

    def frozen(self) -> Mapping[str, PlainMapping]:
        found: dict[str, PlainMapping] = {"priors": stated_priors(self.spec.priors)}
        if self.spec.covariates:
            found["model"] = {"covariates": stated_covariates(self.spec.covariates, self.encoded)}
        return found

    def standardised_over(self, reference: Design) -> Design:
        if not isinstance(reference, LogisticDesign):
            return self
        return self.changed(population=reference.population)

    def observed(self) -> xr.Dataset:
        import xarray as xr

        coords = {"patient": list(self.coords["patient"])}
        return xr.Dataset({"response": ("patient", self.response)}, coords=coords)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr
        from scipy.special import expit

        rates = expit(self._logits(parameters))
        values = (rng.random(rates.shape) < rates).astype("int8")
        coords = {"patient": list(self.coords["patient"])}
        return xr.Dataset({"response": ((CHAIN, DRAW, "patient"), values)}, coords=coords)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        sign = np.where(self.response == 1, 1.0, -1.0)
        values = -np.logaddexp(0.0, -sign * self._logits(parameters))
        coords = {"patient": list(self.coords["patient"])}
        return xr.Dataset({"response": ((CHAIN, DRAW, "patient"), values)}, coords=coords)

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        size = len(self.population)
        rates = self.mean_rates(parameters, self.population, np.full(size, 1.0 / size))
        rate = xr.DataArray(
            rates,
            dims=(CHAIN, DRAW, REGIMEN),
            coords={REGIMEN: list(self.regimens), ENDPOINT: self.endpoint},
            attrs={"unit": RATE_UNIT},
        )
        direction = endpoint_direction(self.endpoint)
        if direction is not None:
            rate.attrs["better"] = direction
        found = {"rate": rate, "intercept": parameters["intercept"].assign_attrs(unit="log odds")}
        if self.encoded.labels:
            coded = self.modifiers.encoded(self.encoded, self.regimen, "log odds ratio")
            units = [f"log odds ratio per {how}" for _, how in coded.constants]
            found["coefficient"] = parameters["coefficient"].assign_coords(unit=(COVARIATE, units))
        return xr.Dataset(found)

    def covariate_means(self) -> xr.DataArray | None:
        return means_by_regimen(self.encoded, self.regimen, self.regimens)

    def priors_in_words(self) -> list[str]:
        lines = prior_line("intercept", self.spec.prior("intercept"), " (log odds)")
        if self.encoded.labels:
            lines += prior_line("coefficient", self.spec.prior("coefficient"), " (log odds ratio)")
        if self.modifiers:
            words = "difference between two regimens of the coefficient of an effect modifier"
            lines += prior_line(words, self.spec.prior(INTERACTION), " (log odds ratio)")
        return lines

    @property
    def better(self) -> int:
        """1 where a higher rate is better, -1 where a lower one is."""
        return -1 if endpoint_direction(self.endpoint) == "lower" else 1

    def subgroups(self, parameters: xr.Dataset, first: int = 0) -> list[Plain]:
        """P(better) in every subgroup of the patients by an effect modifier."""

        def means(group: NDArray[np.bool_]) -> NDArray[np.float64]:
            x = self.encoded.values[group]
            found = self.mean_rates(parameters, x, np.full(len(x), 1.0 / len(x)))
            return found.reshape(-1, len(self.regimens))

        return subgroups(self.modifiers, self.encoded, self.regimen, means, "rate", self.better, first)

    def modified(self, parameters: xr.Dataset, first: int = 0) -> Plain:
        """What effect modifiers add to the report: subgroups, their warning, and what the data say of interactions."""
        if not self.modifiers:
            return {}
        flat = parameters["coefficient"].to_numpy().reshape(-1, len(self.labels))
        return {
            "effect_modifiers": list(self.modifiers.names),
            "subgroups": self.subgroups(parameters, first),
            "subgroup_warning": SUBGROUP_WARNING,
            "interactions": self.modifiers.identification(flat, self.spec.prior(INTERACTION)),
        }

    def population_report(self, parameters: xr.Dataset, reference: str | None = None) -> Plain | None:
        if not self.modifiers:
            return None
        return {"endpoint": self.endpoint, **self.modified(parameters, place_of(reference, self.regimens))}
