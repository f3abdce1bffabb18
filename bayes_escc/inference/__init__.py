"""Compile once, fit many: the only room that calls a sampler."""

from bayes_escc.inference.bayes_factors import bayes_factors
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.fit import Estimate, Fit, estimate, fit_design
from bayes_escc.inference.laplace import LaplaceDraws, LaplaceError, laplace_draws
from bayes_escc.inference.leave_one_out import Loo, compare_models, loo
from bayes_escc.inference.many import estimate_many, run_many

__all__ = [
    "Diagnostics",
    "Estimate",
    "Fit",
    "LaplaceDraws",
    "LaplaceError",
    "Loo",
    "bayes_factors",
    "compare_models",
    "estimate",
    "estimate_many",
    "fit_design",
    "laplace_draws",
    "loo",
    "run_many",
]
