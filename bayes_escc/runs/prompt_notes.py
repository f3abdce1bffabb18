"""Notes on what was asked at the prompt, where no analysis file says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem
from bayes_escc.names import Direction
from bayes_escc.settings.published_priors import PUBLISHED

__all__ = [
    "UNSTATED",
    "in_flags",
    "problem_in_flags",
    "speaking_flags",
    "unexplained_prompt_priors",
    "unusual_prompt_direction",
]

_FLAGS: Final = {
    "priors.effect": "--effect-prior",
    "priors.tau": "--tau-prior",
    "priors.log_odds_ratio": "--contrast-prior",
    "priors.log_risk_ratio": "--contrast-prior",
    "priors.risk_difference": "--contrast-prior",
    "priors.log_odds": "--prior",
    "priors.log_risk": "--prior",
    "priors.rate": "--prior",
    "estimands.baseline_rate": "--baseline",
    "bias.mean": "--bias-mean",
    "bias.sd": "--bias-sd",
    'model.regimen_coding = "reference"': "--against-reference",
    "change measure, for example": "change --measure, for example",
    "the prior of tau (bayes-escc sensitivity), or use common effects": "--tau-prior, or use --common",
    "give the standard error in a column se and leave the limits blank": "put it into a table with its standard error "
    "in a column se and no limits, and pool that file",
}
"""What an analysis file or a table calls what is typed at a prompt; a name before those that it holds."""

UNSTATED: Final = "as entered, randomisation not stated"
"""What is known of how patients came to arms that are typed."""


def in_flags(text: str) -> str:
    """A message about an analysis or a table, in the options by which the same is typed."""
    for name, flag in _FLAGS.items():
        text = text.replace(name, flag)
    return text


def problem_in_flags(problem: Problem) -> Problem:
    """The same of a problem of what was typed, or of a note on it."""
    return replace(problem, message=in_flags(problem.message), remedy=in_flags(problem.remedy))


@contextmanager
def speaking_flags() -> Iterator[None]:
    """Within it, an error about an analysis speaks of the options by which the same is typed."""
    try:
        yield
    except AnalysisError as error:
        raise AnalysisError(in_flags(str(error))) from error


def unexplained_prompt_priors(stated: Mapping[str, str], rationale: str) -> list[Problem]:
    """A note on priors that were typed without saying where they come from; those with a name need no reason.

    Parameters
    ----------
    stated : mapping of str to str
        What was typed for the prior of each, named as in a sentence; blank for a default.
    rationale : str
        As typed.
    """
    named = ("uniform", "jeffreys", *(name.casefold() for name in PUBLISHED))
    bare = [
        f"the prior of {role}, {text},"
        for role, text in stated.items()
        if text and not text.strip().casefold().startswith(named)
    ]
    if not bare or rationale.strip():
        return []
    have = "has" if len(bare) == 1 else "have"
    return [
        Problem(
            "no_rationale",
            f"{' and '.join(bare)} {have} no rationale",
            'Say in a sentence where a stated prior comes from: --rationale "...".',
        )
    ]


def unusual_prompt_direction(better: Direction) -> list[Problem]:
    """A note where fewer responses are taken to be better."""
    if better == "higher":
        return []
    return [
        Problem(
            "unusual_direction",
            "fewer events are taken to be better, although more responses usually are",
            "Right for toxicity; every probability and rank follows it.",
        )
    ]
