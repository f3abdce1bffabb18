"""The kinds of decision rule, by their name in an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.rules.bop2 import Bop2, Criterion
from bayes_escc.rules.counts import CountBoundary
from bayes_escc.rules.final_success import PredictiveProbability, PredictiveSurvival
from bayes_escc.rules.present import PosteriorProbability, Precision, ThallSimon, Toxicity
from bayes_escc.rules.rule import Rule

__all__ = [
    "KINDS",
    "Bop2",
    "CountBoundary",
    "Criterion",
    "PosteriorProbability",
    "Precision",
    "PredictiveProbability",
    "PredictiveSurvival",
    "ThallSimon",
    "Toxicity",
]

KINDS: Final[Mapping[str, type[Rule]]] = {
    rule.kind: rule
    for rule in (
        PosteriorProbability,
        PredictiveProbability,
        PredictiveSurvival,
        ThallSimon,
        Bop2,
        Toxicity,
        Precision,
        CountBoundary,
    )
}
