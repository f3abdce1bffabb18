"""Sentences in two languages, and what may not be repeated in any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from bayes_escc.evidence.identity import without_identifiers

__all__ = ["LANGUAGES", "Language", "Text", "language_of", "masked"]

Language = Literal["en", "zh"]
LANGUAGES: Final = ("en", "zh")


class Text(NamedTuple):
    """One sentence in English and in simplified Chinese."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en


def language_of(texts: Iterable[str]) -> Language:
    """The language of headers: Chinese where one of them holds a Chinese character."""
    return "zh" if any("\u4e00" <= c <= "\u9fff" for text in texts for c in text) else "en"


def masked(text: str, length: int = 40) -> str:
    """A cell or header as it may be repeated: identity and telephone numbers and addresses blotted out, cut short."""
    shown = without_identifiers(text)
    return shown if len(shown) <= length else shown[: length - 3] + "..."
