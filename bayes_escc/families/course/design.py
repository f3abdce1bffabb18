"""A course of disease prepared on patients: hazards by transition, regimen and interval, with an exact posterior.

The likelihood of dated progression and death factorises: a hazard h of one transition, regimen and interval with d
events in a time at risk of e contributes ``h^d exp(-h e)``, so that a Gamma(a, b) prior becomes Gamma(a + d, b + e)
(Andersen and Keiding 2002). Under other priors the same cells are sampled.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import PatientTable, Problem
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.families.base import Design, ExactPosterior
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.course.bias import critical_bias, without_bias
from bayes_escc.families.course.estimands import estimands, figure_data
from bayes_escc.families.course.hazards import Array, CourseHazards
from bayes_escc.families.course.patients import course_statistics, observed, simulate, terms
from bayes_escc.families.course.spec import DEATH, LATER, PROGRESSION, TRANSITIONS, CourseSpec
from bayes_escc.families.course.words import notes_on, priors_in_words
from bayes_escc.families.extrapolation import extrapolation_notes
from bayes_escc.families.frozen import stated_priors
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.replicates import by_patient, thinned_for_densities
from bayes_escc.families.step_hazards import default_cuts, exposure
from bayes_escc.names import CHAIN, DRAW, REGIMEN, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import PriorSet
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["CourseDesign"]

_DEFAULT_TIMES: Final = (3.0, 6.0, 12.0)  # months


class CourseDesign(Design):
    """Three transitions, each with a hazard of its own on every regimen, constant between its cut points.

    Parameters (attributes)
    -----------------------
    course : Course
        Of the patients, in the unit of the analysis.
    regimen : array of int, shape (patients,)
    cuts : mapping of str to array
        Where the hazard of each transition changes.
    happened, at_risk : mapping of str to array of shape (regimens, intervals)
        Transitions, and time at risk of them.
    times, horizons : array
    covered : float
        End of follow-up for life on the regimen that was followed the shortest.
    """

    spec: CourseSpec

    def __init__(self, table: PatientTable, spec: CourseSpec, design: str) -> None:
        unit = spec.time_unit or str(table.time_unit)
        self.spec, self.unit = spec.in_unit(unit), unit
        self.course = table.course(unit)
        self.regimens = tuple(table.regimens)
        self.regimen = np.array([self.regimens.index(r) for r in table.frame["regimen"]], dtype="int32")
        self.rows = self.patients = len(self.regimen)
        self.row_numbers = tuple(int(i) for i in table.frame.index)
        self.arms = table.arms("PFS and OS", design)
        self.events = int(self.course.progressed.sum() + self.course.died.sum())
        self.cuts = self._cuts()
        self.happened, self.at_risk = {}, {}
        for transition, (start, stop, moved) in self._stretches().items():
            cuts = self.cuts[transition]
            spent, count = np.zeros((2, len(self.regimens), len(cuts) + 1))
            np.add.at(spent, self.regimen, exposure(start, stop, cuts))
            np.add.at(count, (self.regimen[moved], np.searchsorted(cuts, stop[moved], side="left")), 1.0)
            self.happened[transition], self.at_risk[transition] = count, spent
        self._when()
        self._check_overrides()
        told = {(w.code, w.message) for w in table.warnings}
        mine = (w for w in notes_on(self) if (w.code, w.message) not in told)
        self.warnings = (*table.warnings, *mine)

    # ---- preparation --------------------------------------------------------------------------

    def _stretches(self) -> dict[str, tuple[Array, Array, AnyArray]]:
        """Of every transition: from when and until when each patient is at risk, by its clock, and who goes."""
        c = self.course
        start = np.zeros(self.patients) if self.spec.clock == "reset" else c.first
        stop = c.later if self.spec.clock == "reset" else c.end
        late = (np.where(c.progressed, start, 0.0), np.where(c.progressed, stop, 0.0), c.died_later)
        return {PROGRESSION: (c.entry, c.first, c.progressed), DEATH: (c.entry, c.first, c.died_first), LATER: late}

    def _cuts(self) -> dict[str, Array]:
        stated, found = dict(self.spec.cutpoints), {}
        for transition, (_, stop, moved) in self._stretches().items():
            if self.spec.baseline == "exponential":
                found[transition] = np.empty(0)
            elif transition in stated:
                found[transition] = np.array(stated[transition], dtype=float)
            else:
                found[transition] = default_cuts(stop[moved], len(self.regimens))
        return found

    def _when(self) -> None:
        """Times and horizons of the estimands, by default those to which every regimen was followed for life."""
        end = self.course.end
        self.covered = min(float(end[self.regimen == r].max()) for r in range(len(self.regimens)))
        months = np.array(_DEFAULT_TIMES) * DAYS_IN["months"] / DAYS_IN[self.unit]
        within = months[months <= self.covered]
        times = self.spec.times if self.spec.times is not None else (within if within.size else months[:1])
        horizons = self.spec.horizons if self.spec.horizons is not None else (self.covered,)
        self.times, self.horizons = np.asarray(times, dtype=float), np.asarray(horizons, dtype=float)

    def _check_overrides(self) -> None:
        for role, prior_set in self.spec.priors:
            for label, _ in prior_set.overrides:
                if label not in self.regimens:
                    raise AnalysisError(
                        f'priors.{role}."{label}": is not here; there are {", ".join(self.regimens)}.'
                        f"{nearest(label, self.regimens)}"
                    )

    @property
    def longest(self) -> float:
        """The longest follow-up."""
        return float(self.course.end.max())

    @property
    def reweightable(self) -> bool:
        return True

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        return self.regimens

    @property
    def parameter_count(self) -> int:
        """Number of hazards."""
        return sum(counts.size for counts in self.happened.values())

    @property
    def structure(self) -> Hashable:
        priors = tuple((role, tuple(p[r] for r in self.regimens)) for role, p in self.spec.priors)
        return ("course", priors, tuple(len(self.cuts[t]) for t in TRANSITIONS))

    def interval_labels(self, transition: str) -> list[str]:
        """Intervals in words, which store the cut points with the result."""
        edges = ["0", *(f"{c:.15g}" for c in self.cuts[transition])]
        return [*(f"({a}, {b}] {self.unit}" for a, b in pairwise(edges)), f"over {edges[-1]} {self.unit}"]

    def dims_of(self, transition: str) -> tuple[str, ...]:
        """Dimensions of the hazard of a transition: the regimen, and the interval where there are several."""
        return (REGIMEN, f"{transition}_interval") if self.cuts[transition].size else (REGIMEN,)

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        intervals = {f"{t}_interval": self.interval_labels(t) for t in TRANSITIONS if self.cuts[t].size}
        return {REGIMEN: self.regimens, **intervals}

    @property
    def data(self) -> Mapping[str, AnyArray]:
        found: dict[str, AnyArray] = {}
        for t in TRANSITIONS:
            found |= {f"{t}_events": self.happened[t].ravel(), f"{t}_at_risk": self.at_risk[t].ravel()}
        return found

    def frozen(self) -> Mapping[str, PlainMapping]:
        model: Plain = {"time_unit": self.unit}
        if self.spec.baseline == "piecewise":
            model["cutpoints"] = {t: cuts.tolist() for t, cuts in self.cuts.items()}
        estimated: Plain = {"times": self.times.tolist(), "horizons": self.horizons.tolist()}
        return {"model": model, "priors": stated_priors(self.spec.priors), "estimands": estimated}

    # ---- the PyMC model -----------------------------------------------------------------------

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        data = self.data
        with pm.Model(coords=self.coords) as model:
            for t in TRANSITIONS:
                hazard = self._hazard(t).ravel()
                model.add_coord(f"{t}_cell", length=self.happened[t].size)
                dims = f"{t}_cell"
                time = pm.Data(f"{t}_at_risk", data[f"{t}_at_risk"], dims=dims)
                pm.CustomDist(
                    t,
                    hazard,
                    time,
                    logp=lambda count, hazard, time: count * pt.log(hazard) - hazard * time,
                    observed=pm.Data(f"{t}_events", data[f"{t}_events"], dims=dims),
                    dims=dims,
                )
        return model

    def _hazard(self, transition: str) -> Tensor:
        """The hazards of a transition inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        name, dims = f"{transition}_hazard", self.dims_of(transition)
        prior = self.spec.prior(name)
        if len(dims) == 1:
            return prior.to_pymc(name, self.regimens, REGIMEN)
        parts = [prior[r].to_pymc(f"{name}_{i}", dims=dims[1]) for i, r in enumerate(self.regimens)]
        return pm.Deterministic(name, pt.stack(parts), dims=dims)

    # ---- draws in NumPy -----------------------------------------------------------------------

    def dataset(self, values: Mapping[str, Array]) -> xr.Dataset:
        """Hazards, (chain, draw, regimen, interval), with the labels of their dimensions."""
        import xarray as xr

        found = {}
        for t in TRANSITIONS:
            each, dims = values[t], self.dims_of(t)
            found[f"{t}_hazard"] = ((CHAIN, DRAW, *dims), each if len(dims) > 1 else each[..., 0])
        return xr.Dataset(found, coords={d: list(v) for d, v in self.coords.items()})

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        found = {}
        for t in TRANSITIONS:
            prior, intervals = self.spec.prior(f"{t}_hazard"), len(self.cuts[t]) + 1
            found[t] = np.stack([prior[r].sample(rng, (draws, intervals)) for r in self.regimens], axis=1)[None]
        return self.dataset(found)

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated = {**dict(self.spec.priors), **(priors or {})}
        return xr.Dataset({role: log_density_of(parameters[role], prior, REGIMEN) for role, prior in stated.items()})

    def hazards(self, parameters: xr.Dataset) -> CourseHazards:
        """The hazards under every draw, chains and draws flattened; the first two on the cut points of both."""
        count = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
        each = {}
        for t in TRANSITIONS:
            values = parameters[f"{t}_hazard"].transpose(CHAIN, DRAW, *self.dims_of(t)).to_numpy()
            each[t] = np.asarray(values.reshape(count, len(self.regimens), -1), dtype=float)
        cuts = np.union1d(self.cuts[PROGRESSION], self.cuts[DEATH])
        ends = np.append(cuts, np.inf)
        first = {t: each[t][..., np.searchsorted(self.cuts[t], ends, side="left")] for t in (PROGRESSION, DEATH)}
        return CourseHazards(first[PROGRESSION], first[DEATH], each[LATER], cuts, self.cuts[LATER], self.spec.clock)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        thin = thinned_for_densities(parameters, self.patients)
        return by_patient(self.patients, thin, time=terms(self, self.hazards(thin)))

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        return simulate(self, parameters, rng)

    def observed(self) -> xr.Dataset:
        return observed(self)

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        return course_statistics(self, data)

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        return estimands(self, parameters)

    def figure_data(self, parameters: xr.Dataset) -> xr.Dataset:
        return figure_data(self, parameters)

    def extrapolations(self, estimands: xr.Dataset, references: tuple[str, ...]) -> list[Problem]:
        compared = tuple(r for r in references if r in self.regimens) or self.regimens[:1]
        medians = {"pfs_median": 0.0, "os_median": 0.0}
        return extrapolation_notes(estimands, medians, self.covered, self.unit, compared)

    def critical_bias(self, parameters: xr.Dataset, contrast: RegimenContrast) -> Array | None:
        found = critical_bias(self.hazards(parameters), contrast, self.regimens)
        return None if found is None else found.reshape(parameters.sizes[CHAIN], parameters.sizes[DRAW])

    def without_bias(
        self, parameters: xr.Dataset, *, estimand: str, time: float | None, regimen: str, bias: float
    ) -> Array | None:
        found = without_bias(
            self.hazards(parameters), self.regimens, estimand=estimand, time=time, regimen=regimen, bias=bias
        )
        return None if found is None else found.reshape(parameters.sizes[CHAIN], parameters.sizes[DRAW])

    def priors_in_words(self) -> list[str]:
        return priors_in_words(self)

    # ---- closed form --------------------------------------------------------------------------

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        """Gamma posteriors of the hazards, where all priors are Gamma."""
        import xarray as xr
        from scipy.special import gammaln

        found, evidence = {}, 0.0
        for t in TRANSITIONS:
            priors = [self.spec.prior(f"{t}_hazard")[r] for r in self.regimens]
            if any(p.distribution != "Gamma" or p.variance for p in priors):
                return None
            shape, rate = (np.array([p[key] for p in priors])[:, None] for key in ("alpha", "beta"))
            alpha, beta = shape + self.happened[t], rate + self.at_risk[t]
            logs = shape * np.log(rate) - gammaln(shape) + gammaln(alpha) - alpha * np.log(beta)
            evidence += float(logs.sum())
            found[t] = rng.gamma(alpha, 1.0 / beta, size=(chains, draws, *alpha.shape))
        return ExactPosterior(self.dataset(found), xr.Dataset(), xr.Dataset(), evidence)
