"""Effect measures, their spellings, and numbers as printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bayes_escc.evidence.effect_arms import ARM_MEASURES
from bayes_escc.evidence.numbers import number_in, number_text
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import Refuse

__all__ = ["MEASURES", "RATIOS", "Printed", "Refuse", "as_printed", "from_scale", "measure_of", "to_scale"]

RATIOS: Final = {"HR": "hazard ratio", "OR": "odds ratio", "RR": "risk ratio"}
MEASURES: Final[Mapping[str, str]] = {
    **RATIOS,
    "log HR": "log hazard ratio",
    "log OR": "log odds ratio",
    "log RR": "log risk ratio",
    "MD": "mean difference",
    "SMD": "standardised mean difference",
    "RD": "risk difference",
}
"""Effect measures and their names in words."""

_ALIASES: Final = {
    **{m.casefold(): m for m in (*MEASURES, *ARM_MEASURES)},
    **{words.casefold(): m for m, words in MEASURES.items()},
    "relative risk": "RR",
    "log relative risk": "log RR",
    "standardized mean difference": "SMD",
    **{f"{log}{gap}{m.casefold()}": f"log {m}" for log in ("log", "ln") for gap in ("", " ") for m in RATIOS},
    **{f"{log}({m.casefold()})": f"log {m}" for log in ("log", "ln") for m in RATIOS},
}


@dataclass(frozen=True)
class Printed:
    """A number as printed: its value and half a unit of its last decimal."""

    value: float
    half: float

    def range(self, ratio: bool) -> tuple[float, float]:
        """Lowest and highest value it can stand for, on the log scale for a ratio."""
        low, high = self.value - self.half, self.value + self.half
        return (to_scale(max(low, 1e-12) if ratio else low, ratio), to_scale(high, ratio))


def measure_of(text: str) -> str:
    """The package's spelling of a measure of effects or arms; empty where there is none."""
    return _ALIASES.get(" ".join(normalise(text).casefold().replace("_", " ").split()), "")


def to_scale(value: float, ratio: bool) -> float:
    """The logarithm of a ratio; anything else unchanged."""
    return math.log(value) if ratio else value


def from_scale(value: float, ratio: bool) -> float:
    """The inverse of `to_scale`."""
    return math.exp(value) if ratio else value


def as_printed(text: str) -> Printed | None:
    """A number with the rounding its decimals imply; None if the text is no finite number."""
    value = number_in(text)
    if value is None or not math.isfinite(value):
        return None
    text = number_text(text)
    decimals = len(text.partition(".")[2]) if "e" not in text.lower() else 12
    return Printed(value, 0.5 * 10.0**-decimals)
