"""Notes on what was asked rather than on the data: a direction against the usual one, priors without a rationale."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence import Problem
from bayes_escc.names import ENDPOINT

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.analysis.questions import ComparisonSpec

__all__ = ["question_notes", "still_open"]


def still_open(analysis: Analysis, notes: Iterable[Problem]) -> list[Problem]:
    """The notes of a table that the questions of the analysis have not settled: all but a direction that they state."""
    settled = bool(analysis.comparisons) and all(c.better is not None for c in analysis.comparisons)
    return [note for note in notes if not (settled and note.code == "unknown_direction")]


def question_notes(analysis: Analysis, estimands: xr.Dataset) -> list[Problem]:
    """What a reader of the answers should know of the questions.

    Parameters
    ----------
    analysis : Analysis
    estimands : Dataset
        With the direction that is better as the attribute `better`, one for each endpoint.
    """
    compared = [note for c in analysis.comparisons if c.estimand in estimands for note in _direction(c, estimands)]
    return [*dict.fromkeys(compared), *_unexplained_priors(analysis)]


def _direction(asked: ComparisonSpec, estimands: xr.Dataset) -> list[Problem]:
    """A stated direction that contradicts what is known of an endpoint turns every answer round."""
    array = estimands[asked.estimand]
    known = str(array.attrs.get("better", "")).split(",")
    labels = [str(e) for e in np.atleast_1d(array[ENDPOINT].to_numpy())] if ENDPOINT in array.coords else []
    if len(labels) != len(known):
        labels = [str(array.attrs.get("endpoint", ""))] * len(known)
    usual = [(e, d) for e, d in zip(labels, known, strict=True) if d in ("higher", "lower") and d != asked.better]
    if asked.better is None or not usual:
        return []
    whose = ", ".join(dict.fromkeys(e for e, _ in usual if e))
    what = asked.estimand.replace("_", " ") + (f" of {whose}" if whose else "")
    return [
        Problem(
            "unusual_direction",
            f'better = "{asked.better}" is stated, although a {usual[0][1]} {what} is usually better',
            "Every probability and rank follows what is stated; remove it if that is not meant.",
        )
    ]


def _unexplained_priors(analysis: Analysis) -> list[Problem]:
    """Stated priors that do not say why they are what they are; the defaults do."""
    stated = json.loads(analysis.content).get("priors", {})
    unexplained = [
        f'priors.{role}."{label}"' if label else f"priors.{role}"
        for role, prior_set in analysis.spec.priors
        if role in stated
        for label, prior in (("", prior_set.default), *prior_set.overrides)
        if not prior.rationale
    ]
    if not unexplained:
        return []
    have = "has" if len(unexplained) == 1 else "have"
    return [
        Problem(
            "no_rationale",
            f"{', '.join(unexplained)} {have} no rationale",
            'Say in a sentence where a stated prior comes from: rationale = "..." beside its parameters.',
        )
    ]
