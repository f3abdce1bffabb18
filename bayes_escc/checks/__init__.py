"""Checks of a synthesis beyond its fit: what it rests on, and whether its evidence agrees."""

from bayes_escc.checks.inconsistency import Inconsistency, inconsistency
from bayes_escc.checks.sensitivity import Sensitivity, sensitivity

__all__ = ["Inconsistency", "Sensitivity", "inconsistency", "sensitivity"]
