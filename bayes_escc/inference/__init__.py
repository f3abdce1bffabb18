"""Compile once, fit many: the only room that calls a sampler."""

from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.fit import Fit, fit_design
from bayes_escc.inference.leave_one_out import Loo, compare_models, loo

__all__ = ["Diagnostics", "Fit", "Loo", "compare_models", "fit_design", "loo"]
