"""Published survival beside own patients: arms and hazard ratios in the likelihood of the same hazards.

An arm of study s on regimen r has the log hazard of own patients on r, plus a shift of its study. What the shift may be
is said by ``baselines``: none (shared), exchangeable with the study of the own patients, or the arm's own. A single arm
with its own baseline says nothing of regimens, and is left out; arms of one randomised trial always have a level of
their trial, so that only the contrast within it counts.

References
----------
Phillippo DM, Dias S, Ades AE, et al. J R Stat Soc A 2020;183:1189-1210.
Chandler C, Ishak J. Anchors away: navigating unanchored indirect comparisons via multilevel unanchored
meta-regression, 2025.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Arm, Problem
from bayes_escc.evidence.labels import similar_regimens
from bayes_escc.evidence.population.margins import Points
from bayes_escc.evidence.population.survival_facts import (
    Counted,
    Fact,
    Landmark,
    Median,
    PublishedSurvival,
    SurvivalArm,
)
from bayes_escc.evidence.trial_names import trial_key
from bayes_escc.families.beside import PublishedCovariates, subgroup_columns
from bayes_escc.families.modifiers import Modifiers
from bayes_escc.families.survival import published_terms as terms
from bayes_escc.families.survival.curves import Curves, PiecewiseCurves, WeibullCurves
from bayes_escc.families.survival.parametric_curves import ParametricCurves
from bayes_escc.families.survival.risk import flat
from bayes_escc.families.survival.shapes import Shape
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.names import CHAIN, DRAW, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["FACT", "PublishedFacts", "parametric_hazards", "piecewise_hazards", "refuse_own_cohort", "weibull_hazards"]

Array = NDArray[np.float64]
HazardOf = Callable[[int, Any, Any], terms.Hazard]
"""The hazard of an arm from the index of its regimen, the shift of its log hazard and of its log shape."""
FACT: Final = "published_fact"
OWN_LEVEL: Final = "own_level_study"
EXCHANGEABLE: Final = "exchangeable_study"
SHAPED: Final = "own_shape_study"
LEVEL_SD: Final = 2.5
SHAPE_SD: Final = 0.2
_BLOCK: Final = 4_000_000
_TINY: Final = 1e-9


class PublishedFacts:
    """Published arms and hazard ratios beside the own patients of one design.

    Parameters
    ----------
    known : PublishedSurvival
    laws : PublishedCovariates
        Of the arms of `known`.
    spec : SurvivalSpec
    regimens : tuple of str
        Of the design: own and published.
    modifiers : Modifiers
        Covariates that act differently on each regimen.
    interval : bool
        Whether the progressions of own patients lie between two scans, so that published ones must too.
    level : float
        Where the log hazard of a trial with its own level is expected.
    """

    def __init__(
        self,
        known: PublishedSurvival,
        laws: PublishedCovariates,
        spec: SurvivalSpec,
        regimens: tuple[str, ...],
        *,
        modifiers: Modifiers,
        interval: bool,
        level: float,
    ) -> None:
        self.modifiers = modifiers
        self.known, self.laws, self.spec, self.regimens, self.interval = known, laws, spec, regimens, interval
        self.level = level
        self.ratios = known.ratios
        whole = known.whole
        self.place = tuple(
            whole.index(next(w for w in whole if (w.study, w.regimen) == (a.study, a.regimen))) for a in known.arms
        )
        parts = [(a.study, a.part.covariate) for a in known.arms if a.part]
        parts += [(h.study, h.part.covariate) for h in known.ratios if h.part]
        self.columns = subgroup_columns(laws.encoded, parts)
        studies = list(dict.fromkeys(a.study for a in known.arms))
        several = {s for s in studies if len({a.regimen for a in known.arms if a.study == s}) > 1}
        apart = {s for s in several if spec.baselines == "own" or self._randomised(s)}
        self.silent = tuple(i for i, a in enumerate(known.arms) if spec.baselines == "own" and a.study not in several)
        self.used = tuple(i for i in range(len(known.arms)) if i not in self.silent)
        speaking = [s for s in studies if any(known.arms[i].study == s for i in self.used)]
        self.own_level = tuple(s for s in speaking if s in apart)
        self.exchangeable = tuple(s for s in speaking if s not in apart and spec.baselines == "exchangeable")
        own_shape = spec.baseline == "weibull" and spec.baselines != "shared"
        self.shaped = tuple(s for s in speaking if own_shape)
        self._check_dating()
        if any(tuple(modifiers.names) not in ((), (h.part.covariate if h.part else None,)) for h in self.ratios):
            raise AnalysisError(
                "model.effect_modifiers: a hazard ratio of a trial is an average over its patients, which does not say "
                "how the regimens act on whom. Leave the hazard ratios out ([published] effects), give them by the "
                "modifier (a column subgroup), or share the coefficients."
            )
        self.arrays = self._arrays(laws.points)

    def shifted(self, by: float) -> PublishedFacts:
        """The same with trials' own levels expected elsewhere."""
        moved = copy.copy(self)
        vars(moved).update(level=self.level + by)
        return moved

    def _randomised(self, study: str) -> bool:
        return any(a.design.startswith("randomised") for a in self.known.arms if a.study == study)

    @property
    def labels(self) -> list[str]:
        """Every fact of the likelihood: arms, then hazard ratios."""
        return [self.known.arms[i].label for i in self.used] + [h.label for h in self.ratios]

    @property
    def evidence(self) -> tuple[Arm, ...]:
        """Where the evidence on each regimen comes from."""
        apart = {*self.own_level, *(self.known.arms[i].study for i in self.silent)}
        found = [Arm(a.study, a.regimen, "PFS", a.design, linked=a.study in apart) for a in self.known.arms]
        found += [Arm(h.study, r, "PFS", h.design, linked=True) for h in self.ratios for r in (h.reference, h.regimen)]
        return tuple(dict.fromkeys(found))

    @property
    def last(self) -> dict[str, float]:
        """Until when published arms speak of each regimen."""
        found: dict[str, float] = {}
        for i in self.used:
            arm = self.known.arms[i]
            found[arm.regimen] = max(found.get(arm.regimen, 0.0), arm.last)
        return found

    @property
    def notes(self) -> list[Problem]:
        """What a reader of the results should know."""
        found = [*similar_regimens(self.regimens), *self.known.notes, *self.laws.notes]
        if self.silent:
            names = ", ".join(self.known.arms[i].label for i in self.silent)
            found.append(
                Problem(
                    "silent_arms",
                    f'with baselines = "own" a single arm says nothing of regimens: {names}',
                    "Its regimen is known from the prior alone unless a trial compares it; exchangeable or shared "
                    "baselines let it speak, and say that it is not randomised.",
                )
            )
        if self.spec.baselines == "exchangeable":
            found.append(
                Problem(
                    "exchangeable_and_bias",
                    "exchangeable baselines widen the contrast by how much studies differ, and so does [bias]",
                    "State [bias] sd = 0 if the spread of the baselines is all that is meant.",
                )
            )
        return found

    def _check_dating(self) -> None:
        """Progressions between scans and progressions dated at a scan are not mixed."""
        if not self.interval:
            return
        lacking = [self.known.arms[i].label for i in self.used if self.known.arms[i].scan_interval is None]
        if lacking:
            raise DataError(
                f"own progressions lie between two scans, published ones are dated at the scan that found them "
                f"({', '.join(lacking)}): to mix the two is a bias of half a scan interval. Give the scan_interval of "
                'the arms, or state model.dating = "detecting_scan", which dates all alike.'
            )

    # ---- data -----------------------------------------------------------------------------------

    def _arrays(self, points: Sequence[Points]) -> dict[str, AnyArray]:
        """Everything the likelihood needs, by name."""
        found: dict[str, AnyArray] = {}
        for i in self.used:
            arm, p = self.known.arms[i], self._points(i, points)
            found[f"arm{i}_log_weight"] = np.log(p.weight)
            x = self.modifiers.extended(p.values, self._regimen(i))
            found |= {f"arm{i}_x{j}": np.ascontiguousarray(x[:, j]) for j in range(x.shape[1])}
            said = self._patients(arm) if arm.fact is None else _fact(arm.fact)
            if self.interval and arm.fact is not None:
                said |= _dated(arm.fact, float(arm.scan_interval or 0.0))
            found |= {f"arm{i}_{k}": v for k, v in said.items()}
        for i, h in enumerate(self.ratios):
            found[f"ratio{i}"] = np.array([h.log_ratio, h.error])
        return found

    def _points(self, i: int, points: Sequence[Points]) -> Points:
        """The covariates of those patients of an arm who speak."""
        part, whole = self.known.arms[i].part, points[self.place[i]]
        return whole if part is None else whole.where(self.columns[part.covariate], float(part.present))

    def _gap(self, i: int, effects: Tensor, coefficient: Tensor) -> Tensor:
        """The log hazard ratio that a trial gives: of its patients, or of those of a subgroup."""
        h = self.ratios[i]
        r, reference = self.regimens.index(h.regimen), self.regimens.index(h.reference)
        gap = effects[..., r] - effects[..., reference]
        if self.modifiers and h.part is not None and h.part.present:
            first = len(self.laws.encoded.labels)
            gap = gap + coefficient[..., first + r] - coefficient[..., first + reference]
        return gap

    def _patients(self, arm: SurvivalArm) -> dict[str, AnyArray]:
        """Rows of patients, those alike once."""
        found: dict[str, AnyArray] = {}
        time, event = np.maximum(arm.patients_time, _TINY), arm.patients_event
        kinds = {"right": ~event & (time > _TINY)}
        if not self.interval:
            kinds["exact"] = event
        for kind, which in kinds.items():
            values, counts = np.unique(time[which], return_counts=True)
            if len(values):
                found |= {f"{kind}_time": values, f"{kind}_count": counts.astype(float)}
        if self.interval and event.any():
            values, counts = np.unique(time[event], return_counts=True)
            lower = np.maximum(values - float(arm.scan_interval or 0.0), 0.0)
            found |= {"lower": lower, "upper": values, "interval_count": counts.astype(float)}
        return found

    @property
    def structure(self) -> Hashable:
        """What decides the compiled code."""
        arms = tuple(
            (self._regimen(i), self._kind(i), tuple(k for k in self.arrays if k.startswith(f"arm{i}_")))
            for i in self.used
        )
        ratios = tuple(
            (self.regimens.index(h.regimen), self.regimens.index(h.reference), bool(h.part and h.part.present))
            for h in self.ratios
        )
        where = tuple(self.known.arms[i].study for i in self.used)
        return arms, ratios, where, self.own_level, self.exchangeable, self.shaped, self.level

    def _regimen(self, i: int) -> int:
        return self.regimens.index(self.known.arms[i].regimen)

    def _kind(self, i: int) -> str:
        return type(self.known.arms[i].fact).__name__

    @property
    def coords(self) -> dict[str, Sequence[str]]:
        """Labels of the dimensions of parameters and facts."""
        return {
            FACT: self.labels,
            OWN_LEVEL: self.own_level,
            EXCHANGEABLE: ("own patients", *self.exchangeable),
            SHAPED: self.shaped,
        }

    # ---- the likelihood -------------------------------------------------------------------------

    def _contributions(
        self, xp: Any, arrays: PlainMapping, hazard_of: HazardOf, effects: Any, coefficient: Any, own: Any
    ) -> list[Tensor]:
        """Log-likelihood of every fact, each of shape (...,).

        Parameters
        ----------
        effects : array of shape (..., regimens)
            Level of the log hazard on every regimen.
        coefficient : array of shape (..., covariates) or None
        own : mapping of str to array
            The parameters of studies, by name; absent where there are none.
        """
        found = []
        for i in self.used:
            hazard = hazard_of(self._regimen(i), *self._shifts(i, effects, own))
            found.append(self._arm(xp, i, hazard, arrays, self._eta(i, arrays, coefficient, effects)))
        for i in range(len(self.ratios)):
            gap = self._gap(i, effects, coefficient)
            found.append(_normal(xp, arrays[f"ratio{i}"][0] - gap, arrays[f"ratio{i}"][1]))
        return found

    def _eta(self, i: int, arrays: PlainMapping, coefficient: Tensor, effects: Tensor) -> Tensor:
        """Log hazard of the points of an arm relative to covariates of zero, (..., points)."""
        eta = effects[..., :1] * 0.0 + arrays[f"arm{i}_log_weight"] * 0.0
        for j in range(len(self.laws.encoded.labels) + len(self.modifiers.labels)):
            eta = eta + coefficient[..., j, None] * arrays[f"arm{i}_x{j}"]
        return eta

    def _shifts(self, i: int, effects: Tensor, own: PlainMapping) -> tuple[Tensor, Tensor]:
        """What the study of an arm adds to its log hazard and to its log shape."""
        study, level, shape = self.known.arms[i].study, effects[..., 0] * 0.0, effects[..., 0] * 0.0
        if study in self.own_level:
            first = next(self._regimen(k) for k in self.used if self.known.arms[k].study == study)
            level = own["study_level"][..., self.own_level.index(study)] - effects[..., first]
        elif study in self.exchangeable:
            z = own["study_z"]
            level = own["baseline_sd"] * (z[..., 1 + self.exchangeable.index(study)] - z[..., 0])
        if study in self.shaped:
            shape = SHAPE_SD * own["study_log_shape_z"][..., self.shaped.index(study)]
        return level, shape

    def _arm(self, xp: Any, i: int, hazard: terms.Hazard, arrays: PlainMapping, eta: Tensor) -> Tensor:
        """Log-likelihood of what one arm says."""
        fact, logw = self.known.arms[i].fact, arrays[f"arm{i}_log_weight"]
        if fact is None:
            prefix = f"arm{i}_"
            rows = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
            return terms.patients(xp, hazard, eta, logw, rows)
        time = arrays[f"arm{i}_time"]
        if isinstance(fact, Median):
            gap = xp.log(time)[0] - terms.median(xp, hazard, eta, logw, time)
            errors = arrays[f"arm{i}_error"]
            # a normal law with another spread on either side, whose density does not jump where they meet
            return -0.5 * (gap / xp.where(gap > 0.0, errors[0], errors[1])) ** 2 - xp.log(0.5 * errors.sum())
        # at an early time it may round to certainty, whose logarithm is none
        left = xp.minimum(terms.survival(xp, hazard, eta, logw, time)[..., 0], -1e-300)
        if isinstance(fact, Counted):
            dead, alive = arrays[f"arm{i}_value"][0], arrays[f"arm{i}_value"][1]
            return dead * xp.log(-xp.expm1(left)) + alive * left
        if isinstance(fact, Landmark):
            return _normal(xp, arrays[f"arm{i}_value"][0] - xp.log(-left), arrays[f"arm{i}_error"][0])
        return _log_normal_cdf(xp, (xp.exp(left) - 0.5) / arrays[f"arm{i}_error"][0])

    def observe(self, hazard_of: HazardOf, effects: Tensor, coefficient: Tensor) -> None:
        """Add the facts to the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        own: Plain = {}
        if self.own_level:
            own["study_level"] = pm.Normal("study_level", self.level, LEVEL_SD, dims=OWN_LEVEL)
        if self.exchangeable:
            own["baseline_sd"] = self.spec.prior("baseline_sd").default.to_pymc("baseline_sd")
            own["study_z"] = pm.Normal("study_z", dims=EXCHANGEABLE)
        if self.shaped:
            own["study_log_shape_z"] = pm.Normal("study_log_shape_z", dims=SHAPED)
        if not self.labels:
            return
        arrays = {name: pm.Data(name, value) for name, value in self.arrays.items()}
        found = pt.stack(self._contributions(pt, arrays, hazard_of, effects, coefficient, own))
        ones = np.ones(len(self.labels))
        pm.CustomDist("published", found, logp=lambda one, each: one * each, observed=ones, dims=FACT)

    # ---- in NumPy -------------------------------------------------------------------------------

    def prior(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of the parameters of studies."""
        found: dict[str, tuple[tuple[str, ...], Any]] = {}
        if self.own_level:
            values = rng.normal(self.level, LEVEL_SD, (1, draws, len(self.own_level)))
            found["study_level"] = ((CHAIN, DRAW, OWN_LEVEL), values)
        if self.exchangeable:
            spread: Prior = self.spec.prior("baseline_sd").default
            found["baseline_sd"] = ((CHAIN, DRAW), spread.sample(rng, draws)[None])
            found["study_z"] = ((CHAIN, DRAW, EXCHANGEABLE), rng.normal(size=(1, draws, 1 + len(self.exchangeable))))
        if self.shaped:
            found["study_log_shape_z"] = ((CHAIN, DRAW, SHAPED), rng.normal(size=(1, draws, len(self.shaped))))
        return found

    def log_likelihood(self, curves: Curves, parameters: xr.Dataset, points: Sequence[Points] | None = None) -> Array:
        """Log-likelihood of every fact, (draws, facts).

        Parameters
        ----------
        curves : Curves
        parameters : Dataset
        points : sequence of Points, optional
            Other integration points than those of the model.
        """
        arrays = self.arrays if points is None else self._arrays(points)
        own = {name: flat(parameters[name]) for name in _PARAMETERS if name in parameters}
        coefficient = flat(parameters["coefficient"]) if "coefficient" in parameters else None
        largest = max([1, *(len(v) for k, v in arrays.items() if k.endswith(("_time", "upper")))])
        size = max(1, _BLOCK // (largest * max([1, *(len(v) for k, v in arrays.items() if k.endswith("_weight"))])))
        parts = []
        for start in range(0, curves.draws, size):
            block = slice(start, start + size)
            some = {name: v[block] for name, v in own.items()}
            slopes = None if coefficient is None else coefficient[block]
            hazard_of, effects = hazards_in_numpy(curves, block)
            found = self._contributions(np, arrays, hazard_of, effects, slopes, some)
            parts.append(np.stack(np.broadcast_arrays(*found), axis=-1) if found else np.zeros((len(effects), 0)))
        return np.concatenate(parts)

    def simulate(self, curves: Curves, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        """Replicates of `observed`, (draws, facts)."""
        own = {name: flat(parameters[name]) for name in _PARAMETERS if name in parameters}
        coefficient = flat(parameters["coefficient"]) if "coefficient" in parameters else None
        hazard_of, effects = hazards_in_numpy(curves, slice(None))
        found = []
        for i in self.used:
            hazard = hazard_of(self._regimen(i), *self._shifts(i, effects, own))
            eta = self._eta(i, self.arrays, coefficient, effects)
            found.append(self._replicate(i, hazard, eta, rng))
        for i, h in enumerate(self.ratios):
            found.append(rng.normal(self._gap(i, effects, coefficient), h.error))
        return np.stack(found, axis=-1) if found else np.zeros((curves.draws, 0))

    def _replicate(self, i: int, hazard: terms.Hazard, eta: Array, rng: np.random.Generator) -> Array:
        """Replicates of what one arm says, (draws,)."""
        arm, logw = self.known.arms[i], self.arrays[f"arm{i}_log_weight"]
        fact = arm.fact
        if fact is None:
            times, counts = np.unique(np.maximum(arm.patients_time, _TINY), return_counts=True)
            expected = np.zeros(len(eta))
            for t, count in zip(times, counts, strict=True):
                expected -= count * terms.survival(np, hazard, eta, logw, np.array([t]))[:, 0]
            return np.asarray(rng.poisson(np.minimum(expected, 1e9)), dtype=float)
        time = self.arrays[f"arm{i}_time"]
        if isinstance(fact, Median):
            return np.asarray(rng.normal(terms.median(np, hazard, eta, logw, time), 0.5 * (fact.below + fact.above)))
        left = terms.survival(np, hazard, eta, logw, time)[..., 0]
        if isinstance(fact, Counted):
            return np.asarray(rng.binomial(arm.n, -np.expm1(left)), dtype=float)
        if isinstance(fact, Landmark):
            return np.asarray(rng.normal(np.log(np.maximum(-left, 1e-300)), fact.error))
        return np.asarray(rng.normal(np.exp(left), fact.error) > 0.5, dtype=float) if fact else np.zeros(len(eta))

    def observed(self) -> Array:
        """What each fact says, as one number: events, a log median, log(-log survival), a log hazard ratio."""
        found = []
        for i in self.used:
            arm = self.known.arms[i]
            fact = arm.fact
            if arm.event is not None:
                found.append(float(arm.event.sum()))
            elif isinstance(fact, Median):
                found.append(float(np.log(self.arrays[f"arm{i}_time"][0])))
            elif isinstance(fact, Landmark):
                found.append(math.log(-math.log(fact.survival)))
            else:
                found.append(float(fact.events) if isinstance(fact, Counted) else 1.0)
        return np.array([*found, *(h.log_ratio for h in self.ratios)])


_PARAMETERS: Final = ("study_level", "baseline_sd", "study_z", "study_log_shape_z")


def refuse_own_cohort(
    known: PublishedSurvival,
    own: Sequence[Arm],
    regimens: Sequence[str],
    regimen: AnyArray,
    event: NDArray[np.bool_],
) -> None:
    """Own patients that are a published arm would count twice.

    Parameters
    ----------
    known : PublishedSurvival
    own : sequence of Arm
        Of the own patients.
    regimens : sequence of str
    regimen : array of int of shape (patients,)
    event : array of bool of shape (patients,)
    """
    studies = {(trial_key(a.study), a.regimen.casefold()) for a in own}
    said = [(a.study, a.regimen) for a in known.arms]
    said += [(h.study, name) for h in known.ratios for name in (h.regimen, h.reference)]
    twice = [f"{s}, {r}" for s, r in said if (trial_key(s), r.casefold()) in studies]
    for arm in known.arms:
        mine = regimen == list(regimens).index(arm.regimen)
        if arm.event is not None and mine.any() and (mine.sum(), event[mine].sum()) == (arm.n, arm.event.sum()):
            twice.append(f"{arm.label}, with the same {arm.event.sum()} events in {arm.n} patients")
    if twice:
        raise DataError(
            f"own patients seem to be a published arm ({'; '.join(dict.fromkeys(twice))}): they would count twice. "
            "Leave the published arm out, or the own patients."
        )


def weibull_hazards(xp: Any, log_scale: Tensor, log_shape: Tensor, reference_time: float) -> HazardOf:
    """Hazards of arms from the log scale and log shape of every regimen, (..., regimens)."""

    def of(regimen: int, level: Tensor, shape: Tensor) -> terms.Hazard:
        return terms.WeibullHazard(xp, log_scale[..., regimen] + level, log_shape[..., regimen] + shape, reference_time)

    return of


def piecewise_hazards(xp: Any, logs: Tensor, cuts: Array) -> HazardOf:
    """Hazards of arms from the log hazards of every regimen and interval, (..., regimens, intervals)."""

    def of(regimen: int, level: Tensor, _: Any) -> terms.Hazard:
        return terms.PiecewiseHazard(xp, logs[..., regimen, :] + level[..., None], cuts)

    return of


def parametric_hazards(
    xp: Any, shape: Shape, log_multiple: Any, log_median: Any, parameters: Sequence[Any], reference_time: float
) -> tuple[HazardOf, Tensor]:
    """Hazards of arms of a shape, and the log cumulative hazard of every regimen at the reference time."""

    def of(regimen: int, level: Tensor, _: Any) -> terms.Hazard:
        each = [values[..., regimen] for values in parameters]
        return terms.ShapedHazard(xp, shape, log_multiple[..., regimen] + level, log_median[..., regimen], each)

    return of, log_multiple + shape.log_cumulative(xp, parameters, math.log(reference_time) - log_median)


def hazards_in_numpy(curves: Curves, block: slice) -> tuple[HazardOf, Array]:
    """Hazards of arms, and the level of every regimen, under some draws."""
    if isinstance(curves, PiecewiseCurves):
        logs = curves.log_hazards[block]
        return piecewise_hazards(np, logs, curves.cuts), np.asarray(logs[..., 0])
    if isinstance(curves, ParametricCurves):
        shapes = [values[block] for values in curves.parameters]
        each = (curves.log_multiple[block], curves.log_median[block], shapes)
        return parametric_hazards(np, curves.shape, *each, curves.reference_time)
    if not isinstance(curves, WeibullCurves):  # pragma: no cover (there are no others)
        raise AnalysisError("model.baseline: published arms are not known beside it.")
    scale, shape = curves.log_scale[block], np.log(curves.shape[block])
    return weibull_hazards(np, scale, shape, curves.reference_time), scale


def _fact(fact: Fact) -> dict[str, AnyArray]:
    """A single printed number as arrays."""
    if isinstance(fact, Median):
        return {"time": np.array([fact.value]), "error": np.array([fact.below, fact.above])}
    if isinstance(fact, Landmark):
        value = np.array([math.log(-math.log(fact.survival))])
        return {"time": np.array([fact.time]), "value": value, "error": np.array([fact.error])}
    if isinstance(fact, Counted):
        return {"time": np.array([fact.time]), "value": np.array([fact.events, fact.n - fact.events], dtype=float)}
    return {"time": np.array([fact.time]), "error": np.array([fact.error])}


def _dated(fact: Fact, scan_interval: float) -> dict[str, AnyArray]:
    """A printed number dated at scans, as of the middle of the interval between scans."""
    half = 0.5 * scan_interval
    printed = fact.value if isinstance(fact, Median) else fact.time
    middle = max(printed - half, 0.5 * printed)
    if not isinstance(fact, Median):
        return {"time": np.array([middle])}
    rounding = (printed - middle) / (math.sqrt(3.0) * middle)  # uniform over the interval
    return {"time": np.array([middle]), "error": np.hypot([fact.below, fact.above], rounding)}


def _normal(xp: Any, gap: Tensor, error: Tensor) -> Tensor:
    return -0.5 * (gap / error) ** 2 - xp.log(error) - 0.5 * math.log(2.0 * math.pi)


def _log_normal_cdf(xp: Any, z: Tensor) -> Tensor:
    """Logarithm of the normal distribution function."""
    if xp is np:
        from bayes_escc.probability.distributions import normal_cdf

        return np.log(np.maximum(normal_cdf(z), 1e-300))
    return xp.log(0.5 * xp.erfc(-xp.clip(z, -8.0, 8.0) / math.sqrt(2.0)))
