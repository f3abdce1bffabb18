"""Sentences in two languages, and what may not be repeated in any of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

__all__ = ["LANGUAGES", "Language", "Text", "identifying_content", "language_of", "masked"]

Language = Literal["en", "zh"]
LANGUAGES: Final = ("en", "zh")

_IDENTIFYING: Final = re.compile(
    r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{15}(?!\d)"  # national identity numbers, 18 and 15 digits
    r"|(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"  # mobile telephones
    r"|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"  # telephones with an area code
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
)
_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧阳司徒诸葛"
)
_NAME: Final = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff·]{{1,3}}")


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
    shown = _IDENTIFYING.sub("***", text)
    return shown if len(shown) <= length else shown[: length - 3] + "..."


def identifying_content(cells: list[str]) -> str | None:
    """What makes the cells of a column identify people (``"number"`` or ``"name"``), or None."""
    filled = [c for c in cells if c]
    if any(_IDENTIFYING.search(c) for c in filled):
        return "number"
    names = [c for c in filled if _NAME.fullmatch(c)]
    if len(filled) >= 4 and len(names) >= 0.7 * len(filled) and len(set(names)) >= 0.8 * len(names):
        return "name"
    return None
