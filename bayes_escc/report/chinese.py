"""What the package says in English, in Chinese: sentence by sentence, from one catalogue.

Priors, notes, diagnostics and captions are written by the rooms that know them, in English, and are part of
`result.json`. The page, the Word file and the figures of a Chinese report pass them through `in_chinese`. What a person
wrote in the analysis (titles, reasons of priors) is theirs and stays as it is; so does a sentence that the catalogue
does not hold, which a test over the analyses that ship looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Final

from bayes_escc.report.chinese_figures import FIGURES
from bayes_escc.report.chinese_sentences import SENTENCES
from bayes_escc.report.chinese_terms import TERMS

__all__ = ["Names", "figure_in_chinese", "in_chinese", "shielded", "unshielded"]

_UNITS: Final = {
    "months": "个月", "month": "个月", "weeks": "周", "week": "周", "days": "天", "day": "天", "years": "年",
    "year": "年", "patients": "例", "%": "%", "percentage points": "个百分点", "points": "个百分点",
}  # fmt: skip
_NUMBER: Final = r"[-+\u2212]?(?:\d[\d.,]*(?:e[-+]?\d+)?|inf)"
_QUANTITY: Final = re.compile(rf"({_NUMBER}) (per )?({'|'.join(_UNITS)})\Z")
_HOLE: Final = re.compile(r"\{(\w+)\}")
_SHIELD: Final = 0xF0000
"""The first sign of Unicode's private plane A, which no text uses."""
_SIGNS: Final = 65_000
_SIGN: Final = f"[{chr(_SHIELD)}-{chr(_SHIELD + _SIGNS)}]"

type Names = frozenset[str]


def in_chinese(text: str, own: Names = frozenset()) -> str:
    """A paragraph of the package in Chinese; sentences that the catalogue does not hold stay as they are.

    Parameters
    ----------
    text : str
    own : frozenset of str
        Names that a person gave (`bayes_escc.report.naming.own_names`): never translated, even where one of them is a
        word of the catalogue.
    """
    translated, rest = [], shielded(" ".join(text.split()), own)
    known = False
    while rest:
        found = _first_sentence(rest)
        if own:  # a name may be a word of the sentence itself
            plain = unshielded(rest, own)
            other = _first_sentence(plain, own) if plain != rest else None
            if other is not None and (found is None or other[2] > found[2]):
                found, rest = other, plain
        if found is None:
            end = re.search(r"(?<=[.!?;])\s+", rest)
            cut = len(rest) if end is None else end.end()
            translated.append(rest[:cut])
            rest = rest[cut:]
            continue
        known = True
        translated.append(found[0])
        rest = shielded(rest[found[1] :].lstrip(), own)
    if known:
        return unshielded("".join(translated).strip(), own)
    folded = " ".join(text.split())
    if folded.endswith((".", "?")):  # a sentence that is not known is not taken apart as a list of words
        return text
    alone = unshielded(_term(shielded(folded, own)), own)
    return alone if alone != folded else text


@lru_cache(maxsize=4096)
def figure_in_chinese(text: str, own: Names = frozenset()) -> str:
    """A label of a figure in Chinese, its lines kept where they are not sentences.

    Parameters
    ----------
    text : str
    own : frozenset of str
        As of `in_chinese`.
    """
    folded = " ".join(text.split())
    if folded in own or not re.search("[A-Za-z]", folded):
        return text
    held = shielded(folded, own)
    for pattern, chinese, _ in _compiled("figures"):
        match = pattern.fullmatch(held)
        if match:
            return unshielded(_filled(chinese, match), own)
    said = unshielded(_term(held), own)
    if said != folded:
        return said
    translated = in_chinese(folded, own)
    return translated if translated != folded else text


@lru_cache(maxsize=64)
def _shield(own: Names) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    """The pattern of a person's names, the longest first, and the names; a name without a letter needs no shield."""
    names = tuple(sorted((" ".join(n.split()) for n in own if re.search(r"[^\W\d_]", n)), key=lambda n: (-len(n), n)))
    words = "|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in names)
    return (re.compile(words) if names else None), names


def shielded(text: str, own: Names) -> str:
    """A text with every name of a person's own replaced by one sign that no catalogue holds."""
    pattern, names = _shield(own)
    return text if pattern is None else pattern.sub(lambda m: chr(_SHIELD + names.index(m[0]) % _SIGNS), text)


def unshielded(text: str, own: Names) -> str:
    """The text with the names back in it."""
    names = _shield(own)[1]
    return re.sub(_SIGN, lambda m: names[ord(m[0]) - _SHIELD], text) if names else text


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


def _first_sentence(text: str, own: Names = frozenset()) -> tuple[str, int, int] | None:
    """The first sentence of a text in Chinese by the pattern with most fixed signs, where it ends, and their number."""
    for pattern, chinese, fixed in _compiled("sentences"):
        match = pattern.match(text)
        if match:
            return _filled(chinese, match, own), match.end(), fixed
    return None


def _filled(chinese: str, match: re.Match[str], own: Names = frozenset()) -> str:
    def said(hole: re.Match[str]) -> str:
        held = match[hole[1]]
        if hole[1] == "columns":
            return held.replace(" and ", "、").replace(", ", "、")
        if hole[1] in _LISTS:
            separator, joined, translated = _LISTS[hole[1]]
            return joined.join(item if item in own else translated(item) for item in separator.split(held))
        if hole[1] == "effects":
            return _effects(held, own)
        if held in own or hole[1] in ("title", "path", "stratum", "pieces"):
            return held
        return _effect(held) if hole[1] == "effect" else _term(held)

    return _HOLE.sub(said, chinese)


def _stratum(text: str) -> str:
    """What is said of one stratum, whose name is a person's own; a name may hold commas."""
    for pattern, chinese, _ in _compiled_terms():
        match = pattern.fullmatch(text) if "{stratum}" in chinese else None
        if match:
            return _filled(chinese, match)
    return text


def _effects(held: str, own: Names) -> str:
    """Effects that cannot be told apart, one by one: ``the hazard of line = 1, B against A and age``.

    The last follows the one `and` of the list; before it, names of strata may hold commas.
    """
    end = next((e for e in (held.rfind(" and the "), held.rfind(" and ")) if e >= 0), len(held))
    last, items, pieces = held[end:].removeprefix(" and "), list[str](), held[:end].split(", ")
    for place, piece in enumerate(pieces):
        begins = piece in own or piece.startswith("the ") or " against " in piece
        of_stratum = bool(items) and items[-1].startswith("the hazard of ") and not begins
        if of_stratum and (" = " in piece or re.search("the hazard of | against ", ", ".join([*pieces[place:], last]))):
            items[-1] += f", {piece}"
        else:
            items.append(piece)
    said = [item if item in own else _effect(item) for item in items]
    return "、".join(said) + (f"和{last if last in own else _effect(last)}" if last else "")


def _effect(text: str) -> str:
    """One effect of a model: a hazard, a slope, the label of a covariate, or a regimen against another."""
    pair = re.fullmatch(r"(.+) against (.+)", text)
    return f"{pair[1]}与{pair[2]}的差别" if pair and not text.startswith("the ") else _term(text)


def _span(text: str) -> str:
    """An interval of times: ``2 to 4``, or from a time on."""
    return f"{text.removesuffix(' on')}以后" if text.endswith(" on") else text.replace(" to ", "～")


_LISTS: Final[Mapping[str, tuple[re.Pattern[str], str, Callable[[str], str]]]] = {
    "strata": (re.compile("; "), "；", _stratum),
    "shares": (re.compile(r", (?=\d+ % of the draws for )"), "；", lambda item: _term(item)),
    "spans": (re.compile(", "), "、", _span),
}
"""Holes that hold a list: what stands between its items in English and in Chinese, and how one of them is translated.

Items are translated one by one: a pattern of one item could match from the first to the last.
"""


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
