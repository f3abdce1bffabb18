"""Text for a terminal: aligned columns, and lines no wider than a column, Chinese characters counted as two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from bayes_escc.names import PlainMapping

__all__ = ["aligned", "display_width", "row_label", "wrapped"]

_HELD: Final = re.compile(r"(?:\S|(?<=\d)\s+(?=%))+")
"""What no line is broken within: a word, and a number with its per cent sign."""
_ENDINGS = "，。；：、！？）”"
"""Marks that no line of Chinese begins with."""
_NUMBER: Final = re.compile(r"[0-9.][0-9.%]")
"""Two characters of one number, between which no line ends."""


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with columns padded to their widest cell; numbers to the right."""
    table = [list(header), *[list(r) for r in rows]]
    widths = [max(display_width(line[i]) for line in table) for i in range(len(header))]
    numeric = [all(r[i][:1] in "-0123456789<>" or not r[i] for r in rows) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            " " * (w - display_width(c)) + c if right else c + " " * (w - display_width(c))
            for c, w, right in zip(cells, widths, numeric, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), "  ".join("-" * w for w in widths), *map(line, rows)])


def display_width(text: str) -> int:
    """Columns a text takes in a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(label: str, width: int = 26) -> str:
    """A label broken into lines by the width it takes, so that nothing is cut off; "95 %" stays on one line."""
    lines, line = [], ""
    for word in (" ".join(held.split()) for held in _HELD.findall(label)):
        candidate = f"{line} {word}".strip()
        if display_width(candidate) <= width:
            line = candidate
            continue
        lines += [line] if line else []
        line = word
        while display_width(line) > width:  # a word without blanks breaks after / or -, or, as in Chinese, anywhere
            fits = next(i for i in range(len(line), 0, -1) if display_width(line[:i]) <= width)
            cut = max(line.rfind(mark, 0, fits) for mark in "/-") + 1 or fits
            whole = cut
            while cut > 1 and (line[cut] in _ENDINGS or _NUMBER.fullmatch(line[cut - 1 : cut + 1])):
                cut -= 1
            cut = whole if cut == 1 else cut  # a number longer than the line
            lines.append(line[:cut])
            line = line[cut:]
    return "\n".join([*lines, line])


def row_label(row: PlainMapping, several_endpoints: bool) -> str:
    """Study, regimen, covariate and time of a row; its endpoint where there are several, or nothing else."""
    parts = [row.get("study"), row.get("regimen"), row.get("covariate")]
    if row.get("time") is not None:
        parts.append(f"at {row['time']:.4g}")
    if several_endpoints or not any(parts):
        parts.append(row.get("endpoint"))
    return ", ".join(str(p) for p in parts if p)
