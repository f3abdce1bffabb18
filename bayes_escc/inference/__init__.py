"""Compile once, fit many: the only room that calls a sampler."""

from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.fit import Fit, fit_design

__all__ = ["Diagnostics", "Fit", "fit_design"]
