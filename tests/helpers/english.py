"""English that reaches a Chinese reader: sentences of three words and more, and lines of a table in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["english_in"]

_SENTENCE = re.compile(r"(?<![\w./=~-])[A-Za-z][a-z]+(?:[ ,;:]+(?:[a-z]{2,}|a|an))(?:[ ,;:]+[A-Za-z-]+)+")
_TYPED = ("bayes-escc ", "--acknowledge", "usage:")
"""Lines, and ends of lines, that are to be typed."""


def english_in(text: str, own: Iterable[str] = ()) -> list[str]:
    """Runs of at least three English words in a text, but for names that a person gave and what is to be typed."""
    for name in sorted(own, key=len, reverse=True):
        text = text.replace(name, "X")
    found = []
    for line in text.split("\n"):
        if "TOML" in line:  # what the reader of TOML says
            continue
        plain = re.sub(r"bayes-escc [a-z]+ .*|--[a-z-]+( \S+)?|acknowledge=\[.*?\]|可用[^。]*。|\{ .*? \}", "", line)
        if not line.strip().startswith(_TYPED[1]):
            found += [m[0] for m in _SENTENCE.finditer(plain)]
    return found
