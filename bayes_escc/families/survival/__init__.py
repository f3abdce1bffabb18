"""Progression-free survival: exponential, Weibull and piecewise exponential models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import MedianTable, PatientTable
from bayes_escc.families.base import Design
from bayes_escc.families.covariates import EncodedCovariates, encode
from bayes_escc.families.survival.normal_priors import normal_priors
from bayes_escc.families.survival.spec import NAME, SurvivalSpec, read_spec
from bayes_escc.families.survival.target import TargetTable
from bayes_escc.names import DETECTING_SCAN, ESTIMANDS, FIGURE_DATA, REGIMEN

__all__ = [
    "BIAS_SHIFTS",
    "HAS_PUBLISHED_ARMS",
    "KINDS",
    "NAME",
    "SurvivalSpec",
    "figures",
    "normal_priors",
    "prepare",
    "read_spec",
]

KINDS = ("patients", "medians")
BIAS_SHIFTS = "curves"
HAS_PUBLISHED_ARMS = False


def figures(posterior: Any) -> tuple[str, ...]:
    """Names, in `bayes_escc.plots`, of the figures that a run draws."""
    if FIGURE_DATA not in posterior.tree.children:  # published medians have no curves
        return ("intervals",)
    estimands = posterior.tree[ESTIMANDS].to_dataset()
    chosen = {
        "survival": True,
        "hazards": True,
        "hazard_ratios": bool({"hazard_ratio", "coefficient"} & set(estimands.data_vars)),
        # under proportional hazards who is better is the same at every time
        "better_over_time": estimands["survival"].sizes[REGIMEN] > 1
        and posterior.analysis.spec.regimen_effect != "proportional",
        "dating": DETECTING_SCAN in posterior.tree.children,
        "predictive_check": True,
    }
    return tuple(name for name, drawn in chosen.items() if drawn)


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
    chosen = table.select(regimens=data.regimens, where=dict(data.where))
    encoded = encode(chosen, spec.covariates)
    complete = chosen if encoded.kept.all() else chosen.keep(chosen.frame[encoded.kept])
    if isinstance(spec.population, TargetTable):
        needed = [c.column for c in spec.covariates]
        spec = replace(spec, population=spec.population.loaded(data.folder, needed))
    if spec.dating == "interval":
        return _design(complete, spec, encoded, data.design)
    if not complete.has_scans:
        raise AnalysisError(
            'model.dating: "detecting_scan" needs interval columns (last scan without, first scan with progression); '
            "the table has known times, which are used as they are."
        )
    main = _design(complete, replace(spec, dating="interval"), encoded, data.design)
    cuts = getattr(main, "cuts", ())
    other = replace(spec, cutpoints=tuple(map(float, cuts)) if len(cuts) else spec.cutpoints)
    return main.changed(beside=((DETECTING_SCAN, _design(complete, other, encoded, data.design)),))


def _design(table: PatientTable, spec: SurvivalSpec, encoded: EncodedCovariates, design: str) -> Design:
    if spec.baseline == "weibull":
        from bayes_escc.families.survival.weibull import WeibullDesign

        return WeibullDesign(table, spec, encoded, design)
    from bayes_escc.families.survival.piecewise import PiecewiseDesign

    return PiecewiseDesign(table, spec, encoded, design)
