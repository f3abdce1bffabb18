"""Compile once, fit many: the only room that calls a sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_escc.settings.packages import lazy_names

if TYPE_CHECKING:
    from bayes_escc.inference.diagnostics import Diagnostics
    from bayes_escc.inference.fit import Estimate, Fit, estimate, fit_design
    from bayes_escc.inference.laplace import LaplaceDraws, LaplaceError, laplace_draws
    from bayes_escc.inference.leave_one_out import Loo, compare_models, loo
    from bayes_escc.inference.many import HERE, Workers, estimate_many, run_many
    from bayes_escc.inference.model_evidence import bayes_factors

__all__ = [
    "HERE",
    "Diagnostics",
    "Estimate",
    "Fit",
    "LaplaceDraws",
    "LaplaceError",
    "Loo",
    "Workers",
    "bayes_factors",
    "compare_models",
    "estimate",
    "estimate_many",
    "fit_design",
    "laplace_draws",
    "loo",
    "run_many",
]

_HOMES = {
    "diagnostics": ("Diagnostics",),
    "fit": ("Estimate", "Fit", "estimate", "fit_design"),
    "laplace": ("LaplaceDraws", "LaplaceError", "laplace_draws"),
    "leave_one_out": ("Loo", "compare_models", "loo"),
    "many": ("HERE", "Workers", "estimate_many", "run_many"),
    "model_evidence": ("bayes_factors",),
}

__getattr__ = lazy_names(__name__, _HOMES)
