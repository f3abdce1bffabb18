"""What the package says in English, in Chinese: sentence by sentence, from one catalogue.

Priors, notes, diagnostics and captions are written by the rooms that know them, in English, and are part of
`result.json`. The page, the Word file and the figures of a Chinese report pass them through `in_chinese`. What a person
wrote in the analysis (titles, reasons of priors) is theirs and stays as it is; so does a sentence that the catalogue
does not hold, which a test over the analyses that ship looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from bayes_escc.report.chinese_figures import FIGURES
from bayes_escc.report.chinese_sentences import SENTENCES, TERMS

__all__ = ["figure_in_chinese", "in_chinese"]

_UNITS: Final = {
    "months": "个月", "month": "个月", "weeks": "周", "week": "周", "days": "天", "day": "天", "years": "年",
    "year": "年", "patients": "例", "%": "%", "percentage points": "个百分点", "points": "个百分点",
}  # fmt: skip
_NUMBER: Final = r"[-+\u2212]?(?:\d[\d.,]*(?:e[-+]?\d+)?|inf)"
_QUANTITY: Final = re.compile(rf"({_NUMBER}) (per )?({'|'.join(_UNITS)})\Z")
_HOLE: Final = re.compile(r"\{(\w+)\}")


def in_chinese(text: str) -> str:
    """A paragraph of the package in Chinese; sentences that the catalogue does not hold stay as they are."""
    translated, rest = [], " ".join(text.split())
    known = False
    while rest:
        found = _first_sentence(rest)
        if found is None:
            end = re.search(r"(?<=[.!?;])\s+", rest)
            cut = len(rest) if end is None else end.end()
            translated.append(rest[:cut])
            rest = rest[cut:]
            continue
        known = True
        translated.append(found[0])
        rest = rest[found[1] :].lstrip()
    if known:
        return "".join(translated).strip()
    folded = " ".join(text.split())
    alone = _term(folded)
    return alone if alone != folded else text


@lru_cache(maxsize=4096)
def figure_in_chinese(text: str) -> str:
    """A label of a figure in Chinese, its lines kept where they are not sentences."""
    folded = " ".join(text.split())
    if not re.search("[A-Za-z]", folded):
        return text
    for pattern, chinese, _ in _compiled("figures"):
        match = pattern.fullmatch(folded)
        if match:
            return _filled(chinese, match)
    said = _term(folded)
    if said != folded:
        return said
    translated = in_chinese(folded)
    return translated if translated != folded else text


@cache
def _compiled(name: str) -> tuple[tuple[re.Pattern[str], str, int], ...]:
    """The patterns of a table; those with more fixed words first."""
    table: Iterable[tuple[str, str]] = SENTENCES if name == "sentences" else FIGURES
    ending = r"(?=\s|\Z)" if name == "sentences" else ""
    made = []
    for english, chinese in table:
        pattern, end, seen = "", 0, set[str]()
        for hole in _HOLE.finditer(english):
            pattern += re.escape(english[end : hole.start()])
            pattern += f"(?P={hole[1]})" if hole[1] in seen else f"(?P<{hole[1]}>.+?)"
            seen.add(hole[1])
            end = hole.end()
        pattern += re.escape(english[end:]) + ending
        made.append((re.compile(pattern), chinese, len(_HOLE.sub("", english))))
    return tuple(sorted(made, key=lambda m: -m[2]))


def _first_sentence(text: str) -> tuple[str, int] | None:
    """The first sentence of a text in Chinese, and where it ends: of the patterns that fit, the one with most words."""
    for pattern, chinese, _ in _compiled("sentences"):
        match = pattern.match(text)
        if match:
            return _filled(chinese, match), match.end()
    return None


def _filled(chinese: str, match: re.Match[str]) -> str:
    return _HOLE.sub(lambda hole: match[hole[1]] if hole[1] == "title" else _term(match[hole[1]]), chinese)


def _term(text: str) -> str:
    """A word or quantity inside a sentence: from the list of terms, a number with its unit, or as it is."""
    if text in TERMS:
        return TERMS[text]
    quantity = _QUANTITY.match(text)
    if quantity:
        unit = _UNITS[quantity[3]]
        return f"{quantity[1]}{'/' + unit.removeprefix('个') if quantity[2] else unit}"
    for pattern, chinese, _ in _compiled_terms():
        match = pattern.fullmatch(text)
        if match:
            return _filled(chinese, match)
    for separator, joined in (("; ", "；"), (", ", "、"), (" and ", "和")):
        parts = text.split(separator)
        said = [_term(part) for part in parts] if len(parts) > 1 else []
        if said and any(a != b for a, b in zip(said, parts, strict=True)):
            return joined.join(said)
    return text


@cache
def _compiled_terms() -> tuple[tuple[re.Pattern[str], str, int], ...]:
    """Terms with holes, as patterns; more fixed words first."""
    made = []
    for english, chinese in TERMS.items():
        if "{" in english:
            pattern = re.escape(english)
            for hole in _HOLE.finditer(english):
                pattern = pattern.replace(re.escape(hole[0]), f"(?P<{hole[1]}>[^;]+?)")
            made.append((re.compile(pattern), chinese, len(english)))
    return tuple(sorted(made, key=lambda m: -m[2]))
