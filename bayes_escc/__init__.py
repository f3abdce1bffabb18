"""Bayesian comparison of regimens for advanced oesophageal squamous cell carcinoma.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from bayes_escc.names import VERSION

if TYPE_CHECKING:
    from bayes_escc.analysis import Analysis, find_analysis
    from bayes_escc.answers.borrowing import Borrowed, borrow, map_prior, power_prior, sam_weight
    from bayes_escc.answers.comparison import Comparison
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.answers.rule_position import positions
    from bayes_escc.checks import (
        Inconsistency,
        PowerScaling,
        PriorSensitivity,
        ProportionalHazards,
        Sensitivity,
        check_proportional_hazards,
        exact_loo,
        inconsistency,
        power_scaling,
        prior_sensitivity,
        sensitivity,
    )
    from bayes_escc.errors import AnalysisError, BayesEsccError, DataError, FitError, LockedError, RecordError
    from bayes_escc.evidence import (
        CountTable,
        EffectTable,
        MedianTable,
        MixedTable,
        PatientTable,
        Problem,
        combine_evidence,
        join_scans,
        load_dataset,
        pseudonym,
        read_counts,
        read_effects,
        read_medians,
        read_patients,
        scan_intervals,
        simulate_cohort,
    )
    from bayes_escc.evidence.population.reconstruct import Reconstruction, reconstruct
    from bayes_escc.evidence.sheet.questions import OpenQuestionsError
    from bayes_escc.evidence.sheet.read import RawSheet, read_sheet
    from bayes_escc.inference import Diagnostics, bayes_factors, compare_models, loo
    from bayes_escc.probability.mixtures import BetaMixture
    from bayes_escc.report.result import result_schema, to_result
    from bayes_escc.rules import (
        Bop2,
        CountBoundary,
        Criterion,
        PosteriorProbability,
        Precision,
        PredictiveProbability,
        PredictiveSurvival,
        ThallSimon,
        Toxicity,
        boundaries,
        calibrate,
        operating_characteristics,
    )
    from bayes_escc.runs.estimators import CourseModel, ResponseModel, SurvivalModel, SynthesisModel
    from bayes_escc.runs.overlap import overlap
    from bayes_escc.runs.own_draws import write_posterior
    from bayes_escc.runs.report import Report, write_report
    from bayes_escc.runs.run import fit_analysis, run_analysis
    from bayes_escc.runs.tipping import tipping
    from bayes_escc.settings.prior import Prior
    from bayes_escc.study.study import Study
    from bayes_escc.trials import Design, DesignResult
    from bayes_escc.validation.record import Validation
    from bayes_escc.validation.validate import validate

__version__ = VERSION

_HOMES = {
    "analysis": ("Analysis", "find_analysis"),
    "answers.borrowing": ("Borrowed", "borrow", "map_prior", "power_prior", "sam_weight"),
    "checks": (
        "Inconsistency",
        "PowerScaling",
        "PriorSensitivity",
        "ProportionalHazards",
        "Sensitivity",
        "check_proportional_hazards",
        "exact_loo",
        "inconsistency",
        "power_scaling",
        "prior_sensitivity",
        "sensitivity",
    ),
    "answers.comparison": ("Comparison",),
    "rules": (
        "Bop2",
        "CountBoundary",
        "Criterion",
        "PosteriorProbability",
        "Precision",
        "PredictiveProbability",
        "PredictiveSurvival",
        "ThallSimon",
        "Toxicity",
        "boundaries",
        "calibrate",
        "operating_characteristics",
    ),
    "errors": ("AnalysisError", "BayesEsccError", "DataError", "FitError", "LockedError", "RecordError"),
    "evidence": (
        "CountTable",
        "EffectTable",
        "MedianTable",
        "MixedTable",
        "PatientTable",
        "Problem",
        "combine_evidence",
        "join_scans",
        "load_dataset",
        "pseudonym",
        "read_counts",
        "read_effects",
        "read_medians",
        "read_patients",
        "scan_intervals",
        "simulate_cohort",
    ),
    "inference": ("Diagnostics", "bayes_factors", "compare_models", "loo"),
    "probability.mixtures": ("BetaMixture",),
    "runs.estimators": ("CourseModel", "ResponseModel", "SurvivalModel", "SynthesisModel"),
    "answers.rule_position": ("positions",),
    "answers.posterior": ("Posterior",),
    "settings.prior": ("Prior",),
    "report.result": ("result_schema", "to_result"),
    "evidence.sheet.questions": ("OpenQuestionsError",),
    "evidence.sheet.read": ("RawSheet", "read_sheet"),
    "runs.overlap": ("overlap",),
    "runs.tipping": ("tipping",),
    "evidence.population.reconstruct": ("Reconstruction", "reconstruct"),
    "runs.own_draws": ("write_posterior",),
    "runs.report": ("Report", "write_report"),
    "runs.run": ("fit_analysis", "run_analysis"),
    "study.study": ("Study",),
    "trials": ("Design", "DesignResult"),
    "validation.record": ("Validation",),
    "validation.validate": ("validate",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Analysis",
    "AnalysisError",
    "BayesEsccError",
    "BetaMixture",
    "Bop2",
    "Borrowed",
    "Comparison",
    "CountBoundary",
    "CountTable",
    "CourseModel",
    "Criterion",
    "DataError",
    "Design",
    "DesignResult",
    "Diagnostics",
    "EffectTable",
    "FitError",
    "Inconsistency",
    "LockedError",
    "MedianTable",
    "MixedTable",
    "OpenQuestionsError",
    "PatientTable",
    "Posterior",
    "PosteriorProbability",
    "PowerScaling",
    "Precision",
    "PredictiveProbability",
    "PredictiveSurvival",
    "Prior",
    "PriorSensitivity",
    "Problem",
    "ProportionalHazards",
    "RawSheet",
    "Reconstruction",
    "RecordError",
    "Report",
    "ResponseModel",
    "Sensitivity",
    "Study",
    "SurvivalModel",
    "SynthesisModel",
    "ThallSimon",
    "Toxicity",
    "Validation",
    "__version__",
    "bayes_factors",
    "borrow",
    "boundaries",
    "calibrate",
    "check_proportional_hazards",
    "combine_evidence",
    "compare_models",
    "exact_loo",
    "find_analysis",
    "fit_analysis",
    "inconsistency",
    "join_scans",
    "load_dataset",
    "loo",
    "map_prior",
    "operating_characteristics",
    "overlap",
    "plots",
    "positions",
    "power_prior",
    "power_scaling",
    "prior_sensitivity",
    "pseudonym",
    "read_counts",
    "read_effects",
    "read_medians",
    "read_patients",
    "read_sheet",
    "reconstruct",
    "result_schema",
    "run_analysis",
    "sam_weight",
    "scan_intervals",
    "sensitivity",
    "simulate_cohort",
    "tipping",
    "to_result",
    "validate",
    "write_posterior",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "plots":
        return importlib.import_module("bayes_escc.plots")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bayes_escc' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"bayes_escc.{_HOME_OF[name]}"), name)
    if inspect.isfunction(value):
        value = importlib.import_module("bayes_escc.settings.arguments").checked(value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
