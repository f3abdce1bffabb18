"""Progression-free survival: exponential, Weibull and piecewise exponential models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import MedianTable, PatientTable
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.families.base import NOT_PROPORTIONAL, Design
from bayes_escc.families.covariates import EncodedCovariates, encode
from bayes_escc.families.survival.normal_priors import gamma_hazards, normal_priors
from bayes_escc.families.survival.shapes import SHAPES
from bayes_escc.families.survival.spec import NAME, SurvivalSpec, described, read_spec
from bayes_escc.families.target import TargetTable
from bayes_escc.families.variation import Variation
from bayes_escc.names import DETECTING_SCAN, ESTIMANDS, FIGURE_DATA, REGIMEN
from bayes_escc.settings.reader import raise_problems

if TYPE_CHECKING:
    from bayes_escc.families.survival.free_hazards import Proportionality

__all__ = [
    "BIAS_ON_RATES",
    "FOLLOWS_PATIENTS",
    "HAS_PUBLISHED_ARMS",
    "KINDS",
    "KNOWN_BY",
    "NAME",
    "POOLS_STUDIES",
    "VARIED",
    "SurvivalSpec",
    "described",
    "figures",
    "gamma_hazards",
    "normal_priors",
    "prepare",
    "read_spec",
    "variations",
]

KINDS = ("patients", "medians")
BIAS_ON_RATES = False
FOLLOWS_PATIENTS = True
POOLS_STUDIES = False
KNOWN_BY = frozenset({"survival", "rmst", "median", "hazard_ratio", "remaining_survival"})
VARIED = "median"
HAS_PUBLISHED_ARMS = True
exact_variations = network_check = typed_effects = None


def figures(posterior: Any) -> tuple[str, ...]:
    """Names, in `bayes_escc.plots`, of the figures that a run draws."""
    if FIGURE_DATA not in posterior.groups:  # published medians have no curves
        return ("intervals",)
    estimands = posterior.groups[ESTIMANDS]
    chosen = {
        "survival": True,
        "hazards": True,
        "hazard_ratios": bool({"hazard_ratio", "coefficient"} & set(estimands.data_vars)),
        # under proportional hazards who is better is the same at every time
        "better_over_time": estimands["survival"].sizes[REGIMEN] > 1
        and posterior.analysis.spec.regimen_effect != "proportional",
        "dating": DETECTING_SCAN in posterior.groups,
        "predictive_check": True,
    }
    return tuple(name for name, drawn in chosen.items() if drawn)


def proportionality(design: Design) -> Proportionality:
    """What a check of proportional hazards compares.

    Raises
    ------
    AnalysisError
        If the model does not assume proportional hazards, or there are no patients on two regimens.
    """
    from bayes_escc.families.survival.design import SurvivalDesign
    from bayes_escc.families.survival.free_hazards import free_to_cross

    if design.spec.regimen_effect != "proportional":
        raise AnalysisError(NOT_PROPORTIONAL)
    if design.spec.strata:
        raise AnalysisError(
            "proportional hazards: cannot be checked across strata, whose hazards differ in shape already; leave "
            "model.strata out, or check one stratum at a time ([data] where)."
        )
    if not isinstance(design, SurvivalDesign) or len(design.regimens) < 2:
        raise AnalysisError("proportional hazards: needs patients on at least two regimens.")
    return free_to_cross(design)


def variations(spec: Any, design: Any, _table: Any) -> Iterator[Variation]:
    """What a reader asks to see varied, the specification itself first."""
    from bayes_escc.families.survival.varied import variations as listed

    return listed(spec, design)


def prepare(table: PatientTable | MedianTable, spec: SurvivalSpec, data: Any) -> Design:
    """Prepare a survival model on a table of patients, or of published medians.

    Parameters
    ----------
    table : PatientTable or MedianTable
        Whole; the regimens and rows of the analysis are taken from it here.
    spec : SurvivalSpec
    data : DataSpec
        Regimens and filters.

    Raises
    ------
    AnalysisError
        If the table has no follow-up, or a label is not in it.
    DataError
        If a covariate cannot be used.
    """
    if isinstance(table, MedianTable):
        from bayes_escc.families.survival.medians import MedianDesign

        return MedianDesign(table.select(regimens=data.regimens, where=dict(data.where)), spec, data.design)
    if not isinstance(table, PatientTable):
        raise AnalysisError('survival models need patients (data.kind = "patients") or medians, not counts.')
    published = getattr(data, "published", None)
    _check_published(spec, published)
    chosen = table.select(regimens=data.regimens, where=dict(data.where))
    encoded = encode(chosen, spec.covariates)
    complete = chosen if encoded.kept.all() else chosen.keep(chosen.frame[encoded.kept])
    if isinstance(spec.population, TargetTable):
        needed = [*(c.column for c in spec.covariates), *spec.strata.columns]
        spec = replace(spec, population=spec.population.loaded(data.folder, needed))
    if spec.dating == "interval":
        return _design(complete, spec, encoded, data.design, published)
    if not complete.has_scans:
        raise AnalysisError(
            'model.dating: "detecting_scan" needs interval columns (last scan without, first scan with progression); '
            "the table has known times, which are used as they are."
        )
    if published is not None:  # whose progressions are dated at the scan, so that all are
        return _design(complete, spec, encoded, data.design, published)
    main = _design(complete, replace(spec, dating="interval"), encoded, data.design)
    cuts = getattr(main, "cuts", ())
    other = replace(spec, cutpoints=tuple(map(float, cuts)) if len(cuts) else spec.cutpoints)
    return main.changed(beside=((DETECTING_SCAN, _design(complete, other, encoded, data.design)),))


def _check_published(spec: SurvivalSpec, published: PublishedSpec | None) -> None:
    """What own patients beside published arms need, and what needs published arms."""
    if published is None:
        if spec.baselines != "shared":
            raise AnalysisError(f'model.baselines: "{spec.baselines}" is of published arms, and there are none.')
        return
    problems = []
    if spec.regimen_effect != "proportional":
        problems.append(
            'model.regimen_effect: must be "proportional" beside published arms, which do not say how a contrast '
            "changes over time; fit your own regimens without [published] to see whether it does"
        )
    if spec.strata:
        problems.append(
            "model.strata: not beside published arms, whose papers do not say the hazard of each stratum; take the "
            "columns as covariates"
        )
    if spec.frailty is not None:
        problems.append("model.frailty: not beside published arms, whose patients have no centre")
    if spec.baseline == "m_spline":
        problems.append('model.baseline: "m_spline" is not there beside published arms; use "piecewise"')
    if spec.smoothing == "random_walk" or spec.shrinkage != "none":
        problems.append('model: smoothing = "random_walk" and shrinkage are not there beside published arms')
    raise_problems("own patients and published arms cannot be put together", problems)


def _design(
    table: PatientTable,
    spec: SurvivalSpec,
    encoded: EncodedCovariates,
    design: str,
    published: PublishedSpec | None = None,
) -> Design:
    if spec.baseline == "weibull":
        from bayes_escc.families.survival.weibull import WeibullDesign

        return WeibullDesign(table, spec, encoded, design, published)
    if spec.baseline == "m_spline":
        from bayes_escc.families.survival.spline import SplineDesign

        return SplineDesign(table, spec, encoded, design, published)
    if spec.baseline in SHAPES:
        from bayes_escc.families.survival.parametric import ParametricDesign

        return ParametricDesign(table, spec, encoded, design, published)
    from bayes_escc.families.survival.piecewise import PiecewiseDesign

    return PiecewiseDesign(table, spec, encoded, design, published)
