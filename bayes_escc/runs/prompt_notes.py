"""Notes on what was asked at the prompt, where no analysis file says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.evidence.problems import Problem
from bayes_escc.names import Direction
from bayes_escc.settings.published_priors import PUBLISHED

__all__ = ["UNSTATED", "unexplained_prompt_priors", "unusual_prompt_direction"]


UNSTATED: Final = "as entered, randomisation not stated"
"""What is known of how patients came to arms that are typed."""


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
