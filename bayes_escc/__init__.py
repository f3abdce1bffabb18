"""Bayesian comparison of regimens for advanced oesophageal squamous cell carcinoma.

Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayes_escc.analysis import Analysis, find_analysis
    from bayes_escc.comparison import Comparison
    from bayes_escc.errors import AnalysisError, BayesEsccError, DataError, FitError, RecordError
    from bayes_escc.evidence import (
        CountTable,
        MedianTable,
        PatientTable,
        Problem,
        load_dataset,
        read_counts,
        read_medians,
        read_patients,
        scan_intervals,
        simulate_cohort,
    )
    from bayes_escc.inference import Diagnostics, compare_models, loo
    from bayes_escc.models import ResponseModel, SurvivalModel
    from bayes_escc.posterior import Posterior
    from bayes_escc.priors import Prior
    from bayes_escc.results import to_result
    from bayes_escc.run import fit_analysis, run_analysis

__version__ = "0.1.0"

_HOMES = {
    "analysis": ("Analysis", "find_analysis"),
    "comparison": ("Comparison",),
    "errors": ("AnalysisError", "BayesEsccError", "DataError", "FitError", "RecordError"),
    "evidence": (
        "CountTable", "MedianTable", "PatientTable", "Problem", "load_dataset", "read_counts", "read_medians",
        "read_patients", "scan_intervals", "simulate_cohort",
    ),
    "inference": ("Diagnostics", "compare_models", "loo"),
    "models": ("ResponseModel", "SurvivalModel"),
    "posterior": ("Posterior",),
    "priors": ("Prior",),
    "results": ("to_result",),
    "run": ("fit_analysis", "run_analysis"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Analysis",
    "AnalysisError",
    "BayesEsccError",
    "Comparison",
    "CountTable",
    "DataError",
    "Diagnostics",
    "FitError",
    "MedianTable",
    "PatientTable",
    "Posterior",
    "Prior",
    "Problem",
    "RecordError",
    "ResponseModel",
    "SurvivalModel",
    "__version__",
    "compare_models",
    "find_analysis",
    "fit_analysis",
    "load_dataset",
    "loo",
    "read_counts",
    "read_medians",
    "read_patients",
    "run_analysis",
    "scan_intervals",
    "simulate_cohort",
    "to_result",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bayes_escc' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"bayes_escc.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
