"""A whole trial designed: patients simulated, looks taken, rules applied, errors and power counted."""

from bayes_escc.trials.design import Design
from bayes_escc.trials.summary import DesignResult

__all__ = ["Design", "DesignResult"]
