"""Checks of an analysis beyond its fit: what it rests on, and whether its evidence agrees."""

from bayes_escc.checks.inconsistency import Inconsistency, inconsistency
from bayes_escc.checks.prior_sensitivity import PriorSensitivity, prior_sensitivity
from bayes_escc.checks.sensitivity import Sensitivity, sensitivity

__all__ = ["Inconsistency", "PriorSensitivity", "Sensitivity", "inconsistency", "prior_sensitivity", "sensitivity"]
