"""Checks of an analysis beyond its fit: what it rests on, and whether its evidence agrees."""

from bayes_escc.checks.exact_loo import exact_loo
from bayes_escc.checks.inconsistency import Inconsistency, inconsistency
from bayes_escc.checks.prior_sensitivity import PriorSensitivity, prior_sensitivity
from bayes_escc.checks.proportional_hazards import ProportionalHazards, check_proportional_hazards
from bayes_escc.checks.sensitivity import Sensitivity, sensitivity

__all__ = [
    "Inconsistency",
    "PriorSensitivity",
    "ProportionalHazards",
    "Sensitivity",
    "check_proportional_hazards",
    "exact_loo",
    "inconsistency",
    "prior_sensitivity",
    "sensitivity",
]
