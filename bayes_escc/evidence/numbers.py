"""Numbers as people print them, each read where it has one meaning and not at all where it has two.

The Lancet prints a decimal point at half height (0·57), typesetters a minus sign that no keyboard has (U+2212), tables
an interval in one cell (0.62–0.87), a count with its percentage (10 (34.5%)) and a level in per cent (95%).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bayes_escc.names import normalise

__all__ = [
    "NOT_REACHED",
    "count_with_percent",
    "decimal_comma",
    "interval_in",
    "is_not_reached",
    "level_in",
    "number_in",
    "number_text",
    "whole_in",
]

_POINT: Final = re.compile(r"(?<=\d)[·•‧∙⋅・](?=\d)")
_MINUS: Final = str.maketrans(dict.fromkeys("−‒–—﹣－‐‑", "-"))
_PLAIN: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_UNSIGNED: Final = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_INTERVAL: Final = re.compile(
    rf"[\[(]?\s*(-?{_UNSIGNED})\s*(?:to|至|~|,|;|/|-{{1,2}}(?=\s*-)|-)\s*(-?{_UNSIGNED})\s*[\])]?", re.IGNORECASE
)
_COUNT: Final = re.compile(
    rf"([0-9]+)(?:\s*/\s*([0-9]+))?\s*[(\[]\s*({_UNSIGNED})\s*%?\s*[)\]]|([0-9]+)\s*/\s*([0-9]+)"
)
_PRINTED: Final = re.compile(r"(?:[0-9\s()\[\]%;/~-]|,\s|to|至)+", re.IGNORECASE)
_LEVEL: Final = re.compile(rf"({_UNSIGNED})\s*(%?)\s*(?:ci|cri|confidence interval)?", re.IGNORECASE)
NOT_REACHED: Final = frozenset(
    {
        "nr",
        "ne",
        "na",
        "nc",
        "n.r.",
        "n.e.",
        "nyr",
        "not reached",
        "not yet reached",
        "not estimable",
        "not evaluable",
        "not estimated",
        "not available",
        "未达到",
        "未达",
        "未到达",
        "尚未达到",
        "中位数未达到",
        "未达到中位数",
        "不可估计",
        "无法估计",
        "inf",
        "infinity",
        "∞",
        "+inf",
    }
)
"""What a table prints where a median or a limit was not reached."""


def number_text(text: str) -> str:
    """A cell with its decimal point and minus sign as a keyboard has them; anything else as it stands."""
    cell = normalise(_POINT.sub(".", text))  # before U+FF65 and its kin are folded
    return _POINT.sub(".", cell).translate(_MINUS) if not cell.isascii() else cell


def number_in(text: str) -> float | None:
    """The number a cell stands for, maybe infinite if it has too many digits; None if it is none (1_0, 1,5, nan)."""
    cell = number_text(text)
    return float(cell) if _PLAIN.fullmatch(cell) else None


def whole_in(text: str) -> int | None:
    """The whole number a text stands for; None if it is none (1_0, 1.5), or has too many digits to be one."""
    cell = number_text(text)
    return int(cell) if re.fullmatch(r"[+-]?[0-9]{1,18}", cell) else None


def decimal_comma(text: str) -> str | None:
    """The number with a point, if a cell is one with a comma in the place of the point.

    So is what is printed with several: ``0,57-0,87``, ``0,71 (0,57 to 0,87)``, ``10 (34,5%)``; not ``(5,8)``, which may
    be the interval from 5 to 8.
    """
    cell = number_text(text)
    if re.fullmatch(r"-?[0-9]+,[0-9]+", cell):
        return cell.replace(",", ".")
    bare, commas = re.subn(r"(?<![0-9,])[0-9]+,[0-9]+(?![0-9,])", "0", cell)
    if commas > 1 or (commas == 1 and "%" in bare):
        return re.sub(r"(?<=[0-9]),(?=[0-9])", ".", cell) if _PRINTED.fullmatch(bare) else None
    return None


@dataclass(frozen=True)
class PrintedInterval:
    """Both ends of an interval as they were printed."""

    low: str
    high: str


def interval_in(text: str) -> PrintedInterval | None:
    """Both limits of an interval in one cell: ``0.62–0.87``, ``0.62 to 0.87``, ``(0.62, 0.87)``."""
    found = _INTERVAL.fullmatch(number_text(text))
    return PrintedInterval(found[1], found[2]) if found else None


def count_with_percent(text: str) -> tuple[str, str, str] | None:
    """Count, denominator and percentage (one of them maybe blank) of ``10 (34.5%)``, ``10/29 (34.5)`` or ``10/29``."""
    found = _COUNT.fullmatch(number_text(text))
    return (found[1] or found[4], found[2] or found[5] or "", found[3] or "") if found else None


def level_in(text: str) -> float | None:
    """A confidence level, ``0.95``, ``95%`` or ``95 % CI``; None if the text is none."""
    found = _LEVEL.fullmatch(number_text(text))
    if found is None:
        return None
    return float(found[1]) / 100.0 if found[2] else float(found[1])


def is_not_reached(text: str) -> bool:
    """Whether a cell says that a median or a limit was not reached."""
    return normalise(text).casefold() in NOT_REACHED
