"""Checks of an analysis beyond its fit: what it rests on, and whether its evidence agrees."""

from bayes_escc.checks.exact_loo import exact_loo
from bayes_escc.checks.inconsistency import Inconsistency, inconsistency
from bayes_escc.checks.power_scaling import PowerScaling, power_scaling
from bayes_escc.checks.proportional_hazards import ProportionalHazards, check_proportional_hazards
from bayes_escc.checks.sensitivity import sensitivity
from bayes_escc.checks.varied import Sensitivity

__all__ = [
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
]

PriorSensitivity = Sensitivity
prior_sensitivity = sensitivity
"""One act varies every family; these are earlier names of the same."""
