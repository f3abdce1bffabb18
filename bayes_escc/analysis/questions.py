"""What an analysis asks: comparisons, thresholds and predictions as values, and how each is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bayes_escc.names import Direction, Scale, normalise
from bayes_escc.settings.questions import problems_with_contrast, problems_with_value
from bayes_escc.settings.reader import Reader, check_margin, is_finite

__all__ = [
    "MAX_PREDICTED",
    "ComparisonSpec",
    "PredictionSpec",
    "ThresholdSpec",
    "is_number",
    "one_direction",
    "read_comparison",
    "read_prediction",
    "read_threshold",
]

MAX_PREDICTED = 10_000
"""Most future patients whose responses are predicted."""

_SCALES = ("difference", "ratio", "odds_ratio")


@dataclass(frozen=True)
class ComparisonSpec:
    """One comparison of regimens; see `Comparison` for the meaning of each entry."""

    estimand: str
    reference: str | None = None
    scale: Scale | None = None
    """None for that of the estimand: ratios by their ratio, all else by its difference."""
    better: Direction | None = None
    margin: float | None = None
    rope: tuple[float, float] | None = None
    rationale: str = ""
    """Why the margin and the region are what they are."""
    fixed: Literal["before", "after"] | None = None
    """Whether they were fixed before the data."""


@dataclass(frozen=True)
class ThresholdSpec:
    """P(estimand above or below a value), for every regimen or one."""

    estimand: str
    value: float
    side: Literal["above", "below"] = "above"
    regimen: str | None = None


@dataclass(frozen=True)
class PredictionSpec:
    """Responders among the next patients of every regimen."""

    patients: int
    at_least: tuple[int, ...] = ()


def read_comparison(r: Reader) -> ComparisonSpec:
    """Read one of `[[comparisons]]`, noting problems in the reader."""
    estimand, reference = r.text("estimand", "rate"), _label(r, "reference")
    scale = r.text("scale", None, _SCALES)
    better = r.text("better", None, ("higher", "lower"))
    margin = r.number("margin", None)
    rope = r.take("rope", None)
    if rope is not None:
        good = isinstance(rope, list | tuple) and len(rope) == 2 and all(is_number(v) for v in rope)
        if not good or not rope[0] < rope[1]:
            r.problem("rope", f"must be two numbers, the lower first, not {rope!r}")
            rope = None
        else:
            rope = (float(rope[0]), float(rope[1]))
    known = scale or _scale_of(estimand)
    for message in [] if known is None else check_margin(known, better, margin, rope):
        r.problem(*message)
    for message in problems_with_contrast(known or "difference", _unit(estimand), margin, rope):
        r.problem(*message)
    rationale, fixed = r.text("rationale", ""), r.text("fixed", None, ("before", "after"))
    r.finish()
    return ComparisonSpec(estimand, reference, scale, better, margin, rope, rationale, fixed)


def _scale_of(estimand: str) -> Scale | None:
    """The scale of a comparison that states none; None for effects: only the data tell whether they are ratios."""
    if "effect" in estimand:
        return None
    return "ratio" if estimand.endswith("ratio") else "difference"


def _label(r: Reader, key: str) -> str | None:
    """A label, spelled as tables store it."""
    value = r.text(key, None)
    return None if value is None else normalise(value)


def one_direction(comparisons: Sequence[ComparisonSpec], problems: list[str]) -> tuple[ComparisonSpec, ...]:
    """Comparisons of one estimand share its better direction; who does not state it takes it over."""
    stated: dict[str, Direction] = {}
    for i, c in enumerate(comparisons):
        if c.better is not None and stated.setdefault(c.estimand, c.better) != c.better:
            problems.append(f"comparisons[{i}].better: contradicts an earlier comparison of {c.estimand}")
    return tuple(replace(c, better=c.better or stated.get(c.estimand)) for c in comparisons)


def _unit(estimand: str) -> str:
    """The unit of an estimand that is a proportion in every family; no unit says nothing of its range."""
    return "proportion" if estimand in ("rate", "survival", "remaining_survival") else ""


def read_threshold(r: Reader) -> ThresholdSpec:
    """Read one of `[[thresholds]]`, noting problems in the reader."""
    estimand, regimen = r.text("estimand", "rate"), _label(r, "regimen")
    given = [key for key in ("above", "below") if r.has(key)]
    above, below = r.number("above", None), r.number("below", None)
    if len(given) != 1:
        r.problem("above", "give one of above and below")
    side: Any = "above" if above is not None else "below"
    for problem in problems_with_value(above if above is not None else below or 0.0, _unit(estimand)):
        r.problem(side, problem)
    r.finish()
    return ThresholdSpec(estimand, above if above is not None else below or 0.0, side, regimen)


def read_prediction(r: Reader) -> PredictionSpec:
    """Read one of `[[predictions]]`, noting problems in the reader."""
    patients = r.number("patients", above=1, below=MAX_PREDICTED, integer=True, closed=True)
    at_least = r.take("at_least", [])
    listed = at_least if isinstance(at_least, list | tuple) else [at_least]
    if not all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= (patients or 0) for v in listed):
        r.problem("at_least", f"must be numbers of responders from 0 to {patients}, not {at_least!r}")
        listed = []
    r.finish()
    return PredictionSpec(patients or 1, tuple(listed))


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value)
