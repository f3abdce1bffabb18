"""What the survival models share: patients prepared, estimands averaged, data replicated."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import PatientTable, Problem
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.followed import Followed
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.evidence.population.published_survival import load_survival
from bayes_escc.evidence.population.survival_facts import PublishedSurvival
from bayes_escc.families.base import Design
from bayes_escc.families.beside import PublishedCovariates
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.covariates import EncodedCovariates, means_by_regimen
from bayes_escc.families.extrapolation import extrapolation_notes
from bayes_escc.families.frozen import stated_covariates, stated_priors
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.modifiers import Modifiers, require_modifiers
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.regression_data import RegressionData
from bayes_escc.families.replicates import thinned_for_densities, thinned_for_replicates
from bayes_escc.families.survival import per_patient
from bayes_escc.families.survival.averaged import AveragedDesign
from bayes_escc.families.survival.bias import critical_bias, without_bias
from bayes_escc.families.survival.cure import CURE_FRACTION, prior_notes
from bayes_escc.families.survival.curves import Array, Curves
from bayes_escc.families.survival.estimands import ENDPOINT_NAME, estimands, figure_data
from bayes_escc.families.survival.frailty import centres_of
from bayes_escc.families.survival.observed import observed, statistics, with_published
from bayes_escc.families.survival.published import PublishedFacts, refuse_own_cohort
from bayes_escc.families.survival.regimen_effects import CONTRAST, RegimenEffects
from bayes_escc.families.survival.risk import Risk, Target
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.families.survival.strata import STRATUM, Groups, strata_of
from bayes_escc.families.survival.stratified import StratifiedTarget
from bayes_escc.families.survival.targets import Targets
from bayes_escc.families.survival.words import notes_on, priors_in_words
from bayes_escc.families.target import TargetTable
from bayes_escc.families.weighting import prior_change, variable_of
from bayes_escc.names import (
    CHAIN,
    COVARIATE,
    DRAW,
    REGIMEN,
    AnyArray,
    Plain,
    PlainMapping,
)
from bayes_escc.settings.prior import PriorSet
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["SurvivalDesign"]

_DEFAULT_TIMES: Final = (3.0, 6.0, 12.0)  # months
_TYPICAL_MEDIAN: Final = 6.0  # months


class SurvivalDesign(AveragedDesign):
    """Patients with follow-up, prepared for one baseline hazard.

    The hazard of patient i of centre c on regimen r is ``h_r(t) * exp(sum_j coefficient_j * x_ij +
    log_frailty_c)``; without `frailty`, centres do not differ (see `risk`). Regimens differ by a
    constant hazard ratio, by hazards of different shape, in everything, or not at
    all (`SurvivalSpec.regimen_effect`). With strata, ``h`` is that of the patient's stratum: a group is a regimen in a
    stratum (see `strata`).
    """

    spec: SurvivalSpec

    def __init__(
        self,
        table: PatientTable,
        spec: SurvivalSpec,
        encoded: EncodedCovariates,
        design: str,
        published: PublishedSpec | None = None,
    ) -> None:
        unit = spec.time_unit or table.follow_up().unit
        stated = spec.in_unit(unit).with_continuous(
            ()
            if spec.shrinkage != "none"
            else tuple(c for c, binary in zip(encoded.labels, encoded.binary, strict=True) if not binary)
        )
        self.unit = unit
        self.encoded = encoded
        known = None if published is None else load_survival(published, published.endpoint, unit)
        self.own = tuple(table.regimens)
        self.regimens = tuple(dict.fromkeys([*table.regimens, *(() if known is None else known.regimens)]))
        self.regimen = np.array([self.regimens.index(r) for r in table.frame["regimen"]], dtype="int32")
        self.strata = strata_of(table, spec.strata)
        self.groups = Groups(len(self.strata.levels), len(self.regimens))
        self.group = self.groups.of(self.regimen, self.strata.index)
        self.follow_up = table.follow_up(unit, dating=spec.dating)
        require_modifiers(spec.effect_modifiers, self.regimens)
        self.modifiers = Modifiers.of(spec.effect_modifiers, encoded, self.regimens)
        self.spec = stated.with_modifiers(self.modifiers)
        self.effects = RegimenEffects(self.spec, self.regimens)
        coded = self.modifiers.encoded(encoded, self.regimen, "log hazard ratio")
        centres = centres_of(table, spec.frailty, spec.prior("frailty_sd").default) if spec.frailty else None
        self.events = int(self.follow_up.event.sum())
        self.row_numbers = tuple(int(i) for i in table.frame.index)
        self.risk = Risk(
            self.spec, coded, self.regimen, self.regimens, centres, self.events, self.row_numbers, self.strata
        )
        self.rows = self.patients = len(self.regimen)
        self.arms = table.arms(ENDPOINT_NAME, design)
        self.published = None
        if published is not None and known is not None:
            self.published = self._beside(known, published)
            self.overlaps = self.published.laws.overlaps if encoded.labels else ()
            self.arms = (*self.arms, *self.published.evidence)
        self._prepare()
        self.times, self.horizons, self.covered = self._when()
        self.target = self._target()
        told = {(w.code, w.message) for w in table.warnings}
        beside = [] if self.published is None else self.published.notes
        mine = (w for w in (*encoded.notes, *beside, *notes_on(self)) if (w.code, w.message) not in told)
        self.warnings = (*table.warnings, *mine)
        self._check_overrides()

    # ---- what the baselines provide -----------------------------------------------------------

    @abstractmethod
    def _prepare(self) -> None:
        """What one baseline needs besides: called once follow-up, risk and published facts are there."""

    @abstractmethod
    def curves(self, parameters: xr.Dataset) -> Curves:
        """The baseline hazard of every regimen under every draw."""

    @property
    @abstractmethod
    def parameter_count(self) -> int:
        """Number of sampled parameters."""

    @property
    def hierarchical(self) -> bool:
        return self.risk.hierarchical

    @property
    def parameters_of_patients(self) -> bool:
        return bool(self.risk.missing or self.risk.centres)

    # ---- preparation --------------------------------------------------------------------------

    @property
    def own_regimens(self) -> Sequence[str]:
        return self.own

    @property
    def reweightable(self) -> bool:
        return True

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        if role == self.effects.name:
            return self.others
        if role == "coefficient":
            return self.encoded.labels
        apart = role == "log_shape" and self.spec.regimen_effect == "nonproportional"
        apart = apart or self.spec.regimen_effect == "stratified"
        return self.regimens if apart and size == len(self.regimens) else [""] * size

    def prior_change(self, changed: Sequence[tuple[str, PriorSet]]) -> Callable[[Mapping[str, AnyArray]], AnyArray]:
        joint = {self.effects.name: self.effects.pair_prior} if self.effects.count and self.effects.exchangeable else {}
        return prior_change(self, changed, joint)

    @property
    def others(self) -> tuple[str, ...]:
        """The regimens whose hazard is expressed relative to the first."""
        return self.regimens[1:]

    @property
    def baselines(self) -> tuple[str, ...]:
        """Whose baselines are their own: regimens, or strata of patients; one without a name if all share it."""
        if self.spec.regimen_effect == "stratified":
            return self.regimens
        return self.strata.labels if self.strata else ("",)

    @property
    def baseline_of(self) -> AnyArray:
        """Index in `baselines` of every patient."""
        return self.regimen if self.spec.regimen_effect == "stratified" else self.strata.index

    @property
    def baseline_dim(self) -> str:
        """Dimension of what every baseline has."""
        return STRATUM if self.strata else REGIMEN

    def groups_of(self, regimen: AnyArray, patients: AnyArray) -> AnyArray:
        """Whose hazards some patients of the table face on some regimens: the groups of the curves."""
        return self.groups.of(regimen, self.strata.index[patients])

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        beside = {} if self.published is None else self.published.coords
        strata = {STRATUM: self.strata.labels} if self.strata else {}
        return {REGIMEN: self.regimens, CONTRAST: self.others, **strata, **self.risk.coords, **beside}

    def _beside(self, known: PublishedSurvival, published: PublishedSpec) -> PublishedFacts:
        """Everything published, checked against the own patients."""
        if self.encoded.missing.any():
            raise DataError(
                "own patients beside published arms need every covariate of the model; leave out who lacks one "
                "([data] where), or the covariate."
            )
        refuse_own_cohort(known, self.arms, self.regimens, self.regimen, self.follow_up.event)
        laws = PublishedCovariates(self.encoded, known.whole, published)
        typical = _TYPICAL_MEDIAN * DAYS_IN["months"] / DAYS_IN[self.unit]
        return PublishedFacts(
            known,
            laws,
            self.spec,
            self.regimens,
            modifiers=self.modifiers,
            interval=bool(self.follow_up.interval.any()),
            level=math.log(math.log(2.0) / typical),
        )

    @property
    def published_structure(self) -> Hashable:
        """What published arms add to `structure`."""
        return None if self.published is None else self.published.structure

    @property
    def published_data(self) -> dict[str, AnyArray]:
        """Values of the model's data that are published."""
        return {} if self.published is None or not self.published.labels else dict(self.published.arrays)

    def _when(self) -> tuple[Array, Array, float]:
        """Times and horizons of the estimands, and the end of the shortest follow-up, which bounds their defaults."""
        last = self.follow_up.last
        reach = {} if self.published is None else self.published.last
        for r, name in enumerate(self.regimens):
            if (own := last[self.regimen == r]).size:
                reach[name] = max(reach.get(name, 0.0), float(own.max()))
        covered = min(reach.values())
        months = np.array(_DEFAULT_TIMES) * DAYS_IN["months"] / DAYS_IN[self.unit]
        within = months[months <= covered]
        times = self.spec.times if self.spec.times is not None else (within if within.size else months[:1])
        horizons = self.spec.horizons if self.spec.horizons is not None else (covered,)
        return np.asarray(times, dtype=float), np.asarray(horizons, dtype=float), covered

    def _target(self) -> Target | StratifiedTarget:
        """The target population."""
        if self.published is not None:
            points = self.published.laws.population()
            return Target(points.weight, points.values)
        anew = self.spec.centres == "new"
        among = Targets(self.risk, self.encoded, self.strata, self.regimen, self.regimens, anew)
        return among.target(self.spec.population)

    def _check_overrides(self) -> None:
        labels = {"coefficient": self.risk.labels, self.effects.name: self.others}
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
        found: list[Tensor] = [self.spec.regimen_coding]
        for role, _ in self.spec.priors:
            labels = {"coefficient": self.risk.labels, self.effects.name: self.others}.get(role, self.regimens)
            found.append((role, tuple(prior(role)[label] for label in labels)))
        return (*found, (STRATUM, self.groups.strata)) if self.strata else tuple(found)

    # ---- draws in NumPy -----------------------------------------------------------------------

    def prior_values(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of the effects of regimens, covariates and centres."""
        beside = {} if self.published is None else self.published.prior(rng, draws)
        return self.effects.prior(rng, draws) | self.risk.prior(rng, draws) | beside

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated, found = {**dict(self.spec.priors), **(priors or {})}, {}
        for role, prior in stated.items():
            name = variable_of(role)
            if name not in parameters:
                continue
            values = self._with_prior(name, parameters[name])
            if role == self.effects.name:
                found[name] = self.effects.log_density(values, prior)
            elif role == "coefficient" and self.risk.coefficients.shrunk:
                free = values.sel({COVARIATE: list(self.risk.coefficients.free)})
                if free.size:
                    found[name] = log_density_of(free, prior, COVARIATE)
            elif role == "global_scale":
                found[name] = log_density_of(values, PriorSet(self.risk.coefficients.scale))
            else:
                found[name] = log_density_of(values, prior, COVARIATE if role == "coefficient" else REGIMEN)
        return xr.Dataset(found)

    def _with_prior(self, name: str, values: xr.DataArray) -> xr.DataArray:
        """The entries of a parameter that have a prior: all of them, but for random walks."""
        return values

    def by_baseline(self, role: str, rng: np.random.Generator, draws: int) -> tuple[tuple[str, ...], Any]:
        """Prior draws of a parameter that every baseline has once."""
        prior = self.spec.prior(role)
        if self.baselines == ("",):
            return (CHAIN, DRAW), prior.default.sample(rng, draws)[None]
        return (CHAIN, DRAW, self.baseline_dim), prior.sample(rng, draws, self.baselines)[None]

    def baseline(self, role: str, name: str) -> Tensor:
        """A parameter that every baseline has once, inside the current PyMC model."""
        prior = self.spec.prior(role)
        if self.baselines == ("",):
            return prior.default.to_pymc(name)
        return prior.to_pymc(name, self.baselines, self.baseline_dim)

    def dataset(self, values: Mapping[str, tuple[tuple[str, ...], Any]]) -> xr.Dataset:
        """Parameters with the labels of their dimensions."""
        import xarray as xr

        used = {d for dims, _ in values.values() for d in dims}
        return xr.Dataset(dict(values), coords={d: list(v) for d, v in self.coords.items() if d in used})

    def log_ratios(self, parameters: xr.Dataset) -> Array:
        """Log hazard (or time) ratios of all regimens against the first, (draws, regimens)."""
        return self.effects.log_ratios(parameters)

    def log_risk(self, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        """Log hazard of every patient relative to one whose covariates are zero, (draws, patients).

        Missing values are those imputed in each draw; yes-or-no ones are drawn here.
        """
        return self.risk.resolved(self.risk.draws(parameters), rng)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        found = per_patient.log_likelihood(self, parameters)
        if self.published is None or not self.published.labels:
            return found
        thin = thinned_for_densities(parameters, self.patients)
        values = self.published.log_likelihood(self.curves(thin), thin)
        return with_published(found, values, self.published.labels)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        found = per_patient.simulate(self, parameters, rng)
        if self.published is None or not self.published.labels:
            return found
        thin = thinned_for_replicates(parameters, self.patients)
        values = self.published.simulate(self.curves(thin), thin, rng)
        return with_published(found, values, self.published.labels)

    def frozen(self) -> Mapping[str, PlainMapping]:
        model: Plain = {"time_unit": self.unit, "regimen_coding": self.spec.regimen_coding}
        if self.spec.covariates:
            model["covariates"] = stated_covariates(self.spec.covariates, self.encoded)
        if self.strata.columns:
            model["strata_levels"] = [list(level) for level in self.strata.levels]
        estimands: Plain = {"times": self.times.tolist(), "horizons": self.horizons.tolist()}
        if isinstance(self.spec.population, TargetTable):  # the file may not be there at the next look
            estimands["population"] = {"rows": [dict(row) for row in self.spec.population.rows]}
        priors = stated_priors(self.spec.priors)
        if self.risk.coefficients.shrunk:  # whose base prior the shrinkage replaces
            own = self.spec.prior("coefficient").overrides
            priors["coefficient"] = {label: prior.to_dict() for label, prior in own}
            if self.spec.shrinkage == "horseshoe":
                priors["global_scale"] = self.risk.coefficients.scale.to_dict()
        return {"model": model, "priors": priors, "estimands": estimands}

    def extrapolations(self, estimands: xr.Dataset, references: tuple[str, ...]) -> list[Problem]:
        compared = tuple(r for r in references if r in self.regimens) or self.regimens[:1]
        medians = {"median": 0.0, "remaining_median": self.spec.event_free or 0.0}
        found = extrapolation_notes(estimands, medians, self.covered, self.unit, compared)
        if CURE_FRACTION in estimands:
            rng = np.random.default_rng(21)
            found += prior_notes(estimands, self.estimands(self.prior(rng, 1000), rng))
        return found

    def critical_bias(self, parameters: xr.Dataset, contrast: RegimenContrast) -> Array | None:
        curves, population = self.curves(parameters), self.population(parameters)
        found = critical_bias(curves, population, contrast, regimens=self.regimens, event_free=self.spec.event_free)
        return None if found is None else found.reshape(parameters.sizes[CHAIN], parameters.sizes[DRAW])

    def without_bias(
        self, parameters: xr.Dataset, *, estimand: str, time: float | None, regimen: str, bias: float
    ) -> Array | None:
        found = without_bias(
            self.curves(parameters),
            self.population(parameters),
            regimens=self.regimens,
            event_free=self.spec.event_free,
            estimand=estimand,
            time=time,
            regimen=regimen,
            bias=bias,
        )
        return None if found is None else found.reshape(parameters.sizes[CHAIN], parameters.sizes[DRAW])

    def followed(self) -> Followed:
        return self

    def regression_data(self) -> RegressionData:
        f = self.follow_up
        stratum = self.strata.index if self.strata else None
        here = [r for r in range(len(self.regimens)) if (self.regimen == r).any()]  # others are known from papers alone
        place, names = np.searchsorted(here, self.regimen), tuple(self.regimens[r] for r in here)
        return RegressionData(f.last, f.entry, f.event, place, names, self.encoded, stratum)

    def population_report(self, parameters: xr.Dataset, reference: str | None = None) -> Plain | None:
        from bayes_escc.families.survival.published_report import modified_report, population_report

        if self.published is None:
            return modified_report(self, parameters, reference) if self.modifiers else None
        return population_report(self, self.published, parameters, reference)

    def covariate_means(self) -> xr.DataArray | None:
        if self.published is not None:
            return None  # means of published arms are in the table of balance
        return means_by_regimen(self.encoded, self.regimen, self.regimens)

    def standardised_over(self, reference: Design) -> Design:
        if not isinstance(reference, SurvivalDesign):
            return self
        target = reference.target
        if isinstance(target, Target):
            return self.changed(target=self.risk.carried(target))
        return self.changed(target=replace(target, each=tuple(self.risk.carried(t) for t in target.each)))

    def observed(self) -> xr.Dataset:
        return observed(self)

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        return statistics(self, data)

    # ---- estimands ----------------------------------------------------------------------------

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        return estimands(self, parameters)

    @property
    def interval_starts(self) -> Array:
        """Where the intervals of a piecewise hazard begin; one interval otherwise."""
        return np.zeros(1)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        """How much longer everything takes than on the first regimen, where that is one number."""
        return None

    def figure_data(self, parameters: xr.Dataset) -> xr.Dataset:
        return figure_data(self, parameters)

    def priors_in_words(self) -> list[str]:
        return priors_in_words(self)
