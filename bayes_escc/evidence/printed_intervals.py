"""An interval printed in one cell, beside the estimate or within it, as the two limits that the checks take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bayes_escc.evidence.numbers import interval_in, is_not_reached, level_in, number_text
from bayes_escc.names import normalise

__all__ = ["header_of_interval", "level_of", "limits_in", "split_intervals"]

_WITHIN: Final = re.compile(r"([^\s(\[]+)\s*([(\[].+[)\]])")
_OPEN: Final = re.compile(r"[(\[]?\s*(\S+)\s*(?:to|至|~|,|;|/|-)\s*([^\s)\]]+(?: [^\s)\]]+)*)\s*[)\]]?", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"(?P<open>[(\[]?)\s*(?:(?P<level>[5-9][0-9](?:\.[0-9]+)?)\s*%\s*)?"
    r"(?:ci|cri|confidence interval|置信区间|可信区间)\s*[:,;=]?\s*(?P<rest>.+)",
    re.IGNORECASE,
)
"""An interval with its own name before it, ``(95% CI 0.57 to 0.87)``, and maybe its level."""
_LEVEL: Final = re.compile(r"(?<![0-9.])([5-9][0-9](?:\.[0-9]+)?)(?:\s*%|\s*_?(?:ci|cri)|$)", re.IGNORECASE)


def split_intervals(
    cells: Mapping[str, Sequence[str]],
    header: str,
    *,
    estimate: str = "estimate",
    limits: tuple[str, str] = ("ci_low", "ci_high"),
) -> dict[str, Sequence[str]]:
    """Limits from a column of intervals, or from estimates printed with theirs, ``0.71 (0.57 to 0.87)``.

    Parameters
    ----------
    cells : mapping
        Columns of the table under the package's names.
    header : str
        Name, in the file, of the column that holds the interval; ``95% CI`` and ``HR (95% CI)`` state the level too.
    estimate : str
        The column whose interval it is.
    limits : (str, str)
        Names of the columns of limits.

    Returns
    -------
    dict
        With columns ci_low and ci_high in the place of interval; a cell that is no interval stands in both, for the
        checks of the limits to name it.
    """
    split: dict[str, Sequence[str]] = dict(cells)
    lower, upper = limits
    if lower in split or upper in split:
        return split
    if "interval" not in split:
        within = [_WITHIN.fullmatch(number_text(text)) for text in split.get(estimate, ())]
        if not _LEVEL.search(normalise(header)):  # the header promises none
            within = [m if m and limits_in(m[2]) else None for m in within]
        if not any(within):
            return split
        # what has no interval, as a blank or a median not reached, stays as it is, for the checks to name
        split[estimate] = [m[1] if m else text for m, text in zip(within, split[estimate], strict=True)]
        split["interval"] = [m[2] if m else "" for m in within]
    printed = split.pop("interval")
    level = _LEVEL.search(normalise(header))
    stated = split.get("ci_level", [f"{level[1]}%" if level and text.strip() else "" for text in printed])
    own = [level_of(text) for text in printed]
    pairs = [
        (text, text) if found is None or (one and said and level_in(one) != level_in(said)) else found
        for text, found, one, said in zip(printed, map(limits_in, printed), own, stated, strict=True)
    ]
    split[lower], split[upper] = [low for low, _ in pairs], [high for _, high in pairs]
    levels = [said or one for said, one in zip(stated, own, strict=True)]
    if any(levels) or "ci_level" in split:
        split["ci_level"] = levels
    return split


def header_of_interval(before: Sequence[str], columns: Sequence[str], estimate: str) -> str:
    """Name in the file of the column that holds intervals: one of their own, or that of the estimates."""
    named = dict(zip(columns, before, strict=True))
    return named.get("interval", named.get(estimate, ""))


def level_of(text: str) -> str:
    """The level that is printed before an interval, ``(90% CI 0.6 to 1.05)``; blank where none is."""
    named = _LABEL.fullmatch(number_text(text))
    return f"{named['level']}%" if named and named["level"] else ""


def limits_in(text: str) -> tuple[str, str] | None:
    """Both limits of a cell, of which the upper may not have been reached."""
    named = _LABEL.fullmatch(number_text(text))
    plain = text if named is None else f"{named['open']}{named['rest']}"
    found = interval_in(plain)
    if found is not None:
        return found.low, found.high
    ends = _OPEN.fullmatch(number_text(plain))
    return (ends[1], ends[2]) if ends and is_not_reached(ends[2]) and interval_in(f"{ends[1]} to 1") else None
