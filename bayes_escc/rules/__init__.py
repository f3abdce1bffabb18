"""Decision rules as values, and what they do: boundaries and exact operating characteristics.

Rules stand in an analysis (`[[monitoring]]`) and are hashed with it. Everything here is NumPy on
the Beta law; the present position of a study is in `bayes_escc.answers.rule_position`, which knows posteriors.
"""

from bayes_escc.rules.boundaries import BoundaryTable, boundaries
from bayes_escc.rules.calibrate import calibrate
from bayes_escc.rules.kinds import (
    KINDS,
    Bop2,
    CountBoundary,
    Criterion,
    PosteriorProbability,
    Precision,
    PredictiveProbability,
    PredictiveSurvival,
    ThallSimon,
    Toxicity,
)
from bayes_escc.rules.paths import OperatingCharacteristics, Scenario, operating_characteristics
from bayes_escc.rules.reading import read_rule, read_rules
from bayes_escc.rules.rule import Look, Rule

__all__ = [
    "KINDS",
    "Bop2",
    "BoundaryTable",
    "CountBoundary",
    "Criterion",
    "Look",
    "OperatingCharacteristics",
    "PosteriorProbability",
    "Precision",
    "PredictiveProbability",
    "PredictiveSurvival",
    "Rule",
    "Scenario",
    "ThallSimon",
    "Toxicity",
    "boundaries",
    "calibrate",
    "operating_characteristics",
    "read_rule",
    "read_rules",
]
