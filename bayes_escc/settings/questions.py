"""Questions held against the range of what they ask about: a rate lies between 0 and 1, a ratio above 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, Final

from bayes_escc.names import Scale
from bayes_escc.settings.reader import is_finite, shortened

__all__ = [
    "is_ratio",
    "no_probability",
    "problems_with_contrast",
    "problems_with_interval",
    "problems_with_value",
    "sentence",
]

_TIMES: Final = ("days", "weeks", "months", "years")


def sentence(*problems: str) -> str:
    """Problems as one sentence."""
    text = "; ".join(problems)
    return text if text.endswith(("?", ".")) else f"{text}."


def is_ratio(unit: str) -> bool:
    """Whether an estimand of a unit is a ratio itself, not its logarithm: "hazard ratio", "ratio to A"."""
    return not unit.startswith("log") and (unit.endswith("ratio") or unit.startswith("ratio to "))


def problems_with_value(value: Any, unit: str, most: float = math.inf) -> list[str]:
    """What is wrong with a value that an estimand is compared with.

    Parameters
    ----------
    value : number
    unit : str
        Of the estimand; a proportion lies between 0 and 1, a ratio above 0, a time at 0 or above.
    most : float
        The largest value the estimand can have: a restricted mean is at most its horizon.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return [f"must be a finite number, not {value!r}"]
    number = float(value)
    if "proportion" in unit and not 0.0 <= number <= 1.0:
        return [f"lies outside 0 to 1, between which a proportion lies: {number:g}.{_as_fraction(number)}"]
    if is_ratio(unit) and number <= 0.0:
        return [f"must be greater than 0, as a ratio is, not {number:g}"]
    if unit in _TIMES and number < 0.0:
        return [f"must be at least 0, as a time is, not {number:g}"]
    if number > most:
        return [f"lies beyond the horizon of {most:g} {unit}, which no restricted mean exceeds: {number:g}"]
    return []


def problems_with_contrast(
    scale: Scale, unit: str, margin: float | None, rope: Sequence[float] | None, most: float = math.inf
) -> list[tuple[str, str]]:
    """What is wrong with a margin or a rope: no number, or beyond what a difference can reach.

    Parameters
    ----------
    scale : {"difference", "ratio", "odds_ratio"}
    unit : str
        Of the estimand; a difference of proportions lies between -1 and 1.
    margin, rope
        As asked.
    most : float
        The largest value the estimand can have: restricted means differ by less than their horizon.
    """
    asked = [("margin", margin), *(("rope", limit) for limit in rope or ())]
    endless = [(name, value) for name, value in asked if value is not None and not math.isfinite(value)]
    if endless:
        return list(dict.fromkeys((name, f"must be a finite number, not {value:g}") for name, value in endless))
    if scale != "difference":
        return []
    if "proportion" not in unit:
        return [
            (name, f"lies beyond the horizon of {most:g} {unit}, within which restricted means differ: {value:g}")
            for name, value in asked
            if value is not None and abs(value) >= most
        ]
    return [
        (name, f"lies outside -1 to 1, between which a difference of proportions lies: {value:g}.{_as_fraction(value)}")
        if abs(value) > 1.0
        else (name, f"must lie between -1 and 1, which no difference of proportions reaches, not {value:g}")
        for name, value in asked
        if value is not None and not -1.0 < value < 1.0 and not (name == "margin" and value < 0.0)
    ]


def problems_with_interval(ci_prob: Any) -> list[str]:
    """What is wrong with the probability of an interval: 95 and 0.05 are slips for 0.95, as in a table."""
    if isinstance(ci_prob, bool) or not isinstance(ci_prob, Real) or not is_finite(ci_prob):  # type: ignore[arg-type]
        return [f"must be a number between 0.5 and 1, not {shortened(ci_prob)}"]
    prob = float(ci_prob)
    if 0.5 <= prob < 1.0:
        return []
    meant = prob / 100.0 if 50.0 <= prob < 100.0 else 1.0 - prob if 0.0 < prob < 0.5 else None
    hint = "" if meant is None else f" (did you mean {meant:g}?)"
    return [f"must lie between 0.5 and 1, not {prob:g}{hint}"]


def no_probability(value: float) -> str:
    """What was given instead of a probability or a rate, and what was meant where it may have been percent."""
    meant = _as_fraction(value).strip().removesuffix("?")
    return f"not {value:g}" + (f" ({meant[:1].lower()}{meant[1:]}?)" if meant else "")


def _as_fraction(value: float) -> str:
    return f" Did you mean {value / 100.0:g}?" if 1.0 < abs(value) <= 100.0 else ""
