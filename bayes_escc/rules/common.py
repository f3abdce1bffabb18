"""What the rules share: checks, the words of their statistics, the tail of a contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Direction
from bayes_escc.probability.beta import Beta
from bayes_escc.rules.tails import RatePrior, contrast_tails, upper_tails
from bayes_escc.settings.questions import no_probability

__all__ = [
    "NO_PRIOR",
    "UNIFORM",
    "better_tails",
    "direction",
    "law_in_words",
    "null_of",
    "one_standard",
    "place",
    "probability",
    "verbs",
    "with_reference",
    "wrong_rates",
    "wrong_side",
]

Array = NDArray[np.float64]
UNIFORM: Final = Beta(1.0, 1.0)
NO_PRIOR: Final = "exact enumeration needs independent rates with Beta priors"
_NULL: Final = {"difference": 0.0, "ratio": 1.0, "odds_ratio": 1.0}


def better_tails(rule: Any, prior: RatePrior, look: Sequence[int]) -> Array:
    """P(better than the value, or than the reference by the margin) for every count, or pair of counts, at a look."""
    better = direction(rule)
    if rule.reference is None:
        above = upper_tails(prior, look[0], float(rule.value or 0.0))
        return above if better == "higher" else 1.0 - above
    cut = _NULL[rule.scale] if rule.margin is None else rule.margin
    x, y = (prior, look[0]), (rule.reference_prior or prior, look[1])
    if better == "higher":
        return contrast_tails(*x, *y, cut, rule.scale)
    return contrast_tails(*y, *x, cut if rule.scale == "difference" else 1.0 / cut, rule.scale).T


def law_in_words(law: RatePrior) -> str:
    """A prior of a rate in words."""
    return f"Beta({law.alpha:g}, {law.beta:g})" if isinstance(law, Beta) else str(law)


def direction(rule: Any) -> Direction:
    """The better direction: higher unless stated; an analysis states it for the endpoints it knows."""
    return rule.better or "higher"


def one_standard(rule: Any) -> list[str]:
    """A rule compares with a regimen or with a fixed value; a margin belongs to the former."""
    if (rule.reference is None) == (rule.value is None):
        return ["give one of reference (a regimen) and value (a fixed one)"]
    if rule.value is not None and rule.margin is not None:
        return ["margin goes with a reference: add it to value instead"]
    return []


def wrong_rates(**stated: float | None) -> list[str]:
    """What is wrong with rates given by their keys; those not given are right."""
    return [
        f"{key} is a rate between 0 and 1, {no_probability(value)}"
        for key, value in stated.items()
        if value is not None and not 0.0 < value < 1.0
    ]


def wrong_side(rule: Any, null: float | None, what: str, *, better: Direction | None = "higher") -> list[str]:
    """What is wrong with a true rate at which the rule should act: that it is no better than the null.

    Parameters
    ----------
    rule : Rule
        With an `alternative_rate`.
    null : float or None
        Where acting is a false alarm; None where the rule does not say.
    what : str
        What the null is called.
    better : {"higher", "lower"} or None
        None where nobody has said yet.
    """
    rate = rule.alternative_rate
    if rate is None or null is None or better is None or (rate > null if better == "higher" else rate < null):
        return []
    side = "above" if better == "higher" else "below"
    return [f"alternative_rate ({rate:g}) must lie {side} {what} ({null:g}), or what is called power is none"]


def null_of(rule: Any) -> tuple[float, ...] | None:
    """The rates under which the regimen is not better, where the rule says them."""
    if rule.reference is None:
        return (float(rule.value or 0.0),)
    return None if rule.null_rate is None else (rule.null_rate, rule.null_rate)


def with_reference(rule: Any, rate: float | None) -> tuple[float, ...] | None:
    """The alternative rate, with the reference's null rate where there is a reference."""
    if rate is None or (rule.reference is not None and rule.null_rate is None):
        return None
    return (rate,) if rule.reference is None else (rate, rule.null_rate)


def place(rule: Any, estimand: str) -> str:
    """What is measured, of whom and when, as short as it is clear."""
    name = (rule.endpoint or estimand).replace("_", " ")
    if rule.endpoint and estimand != "rate":
        name = f"{name} {estimand.replace('_', ' ')}"
    at = f" at {rule.time:g}" if rule.time is not None else ""
    of = f" of {rule.regimen}" if rule.regimen else ""
    return f"{name}{at}{of}"


def probability(rule: Any, what: str) -> str:
    """The probability a rule watches, in words."""
    sign = ">" if direction(rule) == "higher" else "<"
    if rule.reference is None:
        return f"P({what} {sign} {rule.value:g})"
    by = f" by {rule.margin:g} ({rule.scale.replace('_', ' ')})" if rule.margin else ""
    return f"P({what} better than {rule.reference}{by})"


def verbs(rule: Any, what: str, success: str) -> str:
    """What the rule does at its thresholds, in words."""
    parts = []
    if rule.go_above is not None:
        parts.append(f"{success} if {what} > {rule.go_above:g}")
    if rule.stop_below is not None:
        parts.append(f"stop for futility if {what} < {rule.stop_below:g}")
    if not parts:
        return "There is no early stopping."
    said = "; ".join(parts) + "."
    return said[:1].upper() + said[1:]
