"""What a cell says: dates in any style, numbers with their signs and units, words of wards in two languages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bayes_escc.evidence.dates import read_date
from bayes_escc.names import normalise

__all__ = [
    "COUNT_UNITS",
    "MISSING",
    "NO_DATE",
    "TIME_UNITS",
    "WORDS",
    "count_unit",
    "date_order",
    "folded_word",
    "read_day",
    "read_grade",
    "read_number",
    "time_unit",
]  # fmt: skip

MISSING: Final = frozenset(
    {"", "/", "//", "\\", "-", "--", "---", "—", "——", "–", "−", ".", "na", "n/a", "#n/a", "nan", "null", "未查", "未检", "未测",
     "未做", "缺失", "missing", "not done", "nd", "无数据", "未提供", "未检测", "?", "？", "空", "*", "na."}
)  # fmt: skip
"""Cells that hold nothing, folded."""

NO_DATE: Final = frozenset(
    {"无", "未", "否", "no", "none", "未进展", "未pd", "无进展", "未死亡", "未死", "存活", "健在", "生存", "alive", "no pd", "未到", "未达到", "ongoing", "未发生",
     "not progressed", "no progression", "not reached", "仍在随访", "随访中", "在随访", "未见进展", "尚未进展", "n", "not dead", "censored", "删失", "0", "未出现"}
)  # fmt: skip
"""Words in a column of dates that say the event did not happen."""

_YES: Final = frozenset(
    {
        "1",
        "yes",
        "y",
        "true",
        "t",
        "是",
        "有",
        "+",
        "阳性",
        "positive",
        "pos",
        "√",
        "✓",
        "✔",
        "1.0",
        "存在",
        "(+)",
        "present",
        "对",
    }
)
_NO: Final = frozenset(
    {
        "0",
        "no",
        "n",
        "false",
        "f",
        "否",
        "无",
        "-",
        "—",
        "–",
        "−",
        "阴性",
        "negative",
        "neg",
        "×",
        "✗",
        "x",
        "0.0",
        "(-)",
        "absent",
        "未见",
        "没有",
        "none",
    }
)
_YES_NO: Final = {**dict.fromkeys(_YES, "1"), **dict.fromkeys(_NO, "0")}

_EVENT: Final = frozenset(
    {"1", "pd", "progressed", "progression", "progressive disease", "died", "dead", "death", "event", "yes", "y", "true", "进展", "疾病进展", "死亡",
     "已进展", "已死亡", "是", "有", "pd/死亡", "进展/死亡", "progressed/died", "deceased", "+", "1.0", "发生", "进展或死亡", "病情进展", "√"}
)  # fmt: skip
_CENSORED: Final = frozenset(
    {"0", "ongoing", "alive", "no pd", "lost", "lost to follow-up", "lost to follow up", "censored", "censor", "no", "n", "false", "未进展", "随访中",
     "存活", "失访", "否", "无", "无进展", "未死亡", "-", "删失", "截尾", "no progression", "not progressed", "progression-free", "progression free",
     "未发生", "no event", "生存", "健在", "在治", "治疗中", "在组", "on treatment", "continuing", "0.0", "未pd", "未见进展", "尚未进展", "在研", "仍在治疗"}
)  # fmt: skip
_RESPONSES: Final = {
    "cr": "CR", "pr": "PR", "sd": "SD", "pd": "PD", "ne": "NE", "complete response": "CR", "partial response": "PR",
    "stable disease": "SD", "progressive disease": "PD", "not evaluable": "NE", "not assessable": "NE", "unevaluable": "NE",
    "inevaluable": "NE", "complete remission": "CR", "partial remission": "PR", "progression": "PD", "stable": "SD",
    "完全缓解": "CR", "部分缓解": "PR", "疾病稳定": "SD", "稳定": "SD", "疾病进展": "PD", "进展": "PD", "不可评价": "NE", "不能评价": "NE",
    "无法评价": "NE", "不可评估": "NE", "无法评估": "NE", "不能评估": "NE", "病情稳定": "SD", "病情进展": "PD", "完全缓解(cr)": "CR",
    "部分缓解(pr)": "PR", "疾病稳定(sd)": "SD", "疾病进展(pd)": "PD", "稳定(sd)": "SD", "进展(pd)": "PD", "cr(完全缓解)": "CR",
    "pr(部分缓解)": "PR", "sd(疾病稳定)": "SD", "pd(疾病进展)": "PD", "sd(稳定)": "SD", "pd(进展)": "PD", "不可评价(ne)": "NE", "ne(不可评价)": "NE",
    "待评估": "", "pending": "", "not yet evaluable": "", "not yet assessed": "", "待评": "", "未到评估时间": "",
}  # fmt: skip
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "yes_no": _YES_NO,
    "status": {**dict.fromkeys(_EVENT, "event"), **dict.fromkeys(_CENSORED, "censored")},
    "censored": {**dict.fromkeys(_YES, "censored"), **dict.fromkeys(_NO, "event"), "删失": "censored", "事件": "event", "censored": "censored", "event": "event"},
    "response": _RESPONSES,
    "sex": {"m": "male", "male": "male", "男": "male", "男性": "male", "f": "female", "female": "female", "女": "female", "女性": "female", "man": "male", "woman": "female"},
    "visit_result": {"cr": "CR", "pr": "PR", "sd": "SD", "pd": "PD", "ne": "NE", **{k: v for k, v in _RESPONSES.items() if v}},
}  # fmt: skip
"""What words mean, folded, by the kind of column."""

_MONTHS: Final = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}  # noqa: SIM905 (a list of words)  # fmt: skip
_NAMED_MONTH: Final = re.compile(
    r"(\d{1,2})[-/ .]?([A-Za-z]{3,9})[-/ .,]*(\d{4})|([A-Za-z]{3,9})[-/ .]*(\d{1,2}),?[-/ ]*(\d{4})"
)
_PARTED: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})\s*[-/.。年]\s*(\d{1,2})\s*[-/.。月]\s*(\d{1,2})\s*[日号]?")
_TIME_OF_DAY: Final = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(AM|PM|am|pm|Z)?$")


@lru_cache(maxsize=8192)
def folded_word(cell: str) -> str:
    """A word as it is compared: compatibility forms, small letters, single blanks, no full stop at its end."""
    word = normalise(cell).casefold().rstrip("。；;,，")
    return word if len(word) <= 1 else word.rstrip(".") or word


def read_day(cell: str, order: str = "", epoch: dt.date | None = None) -> dt.date | str:
    """The day a cell names, or a code for what is wrong with it.

    Parameters
    ----------
    cell : str
    order : {"", "dmy", "mdy"}
        How 03/04/2021 is read; where it is not known such a cell is ``"ambiguous"`` (unless one number exceeds 12).
    epoch : date, optional
        Day zero of serial numbers; where it is not known such a cell is ``"serial"``.

    Returns
    -------
    date or {"ambiguous", "serial", "no such day", "two-digit year", "incomplete", "not a date"}
    """
    text = _TIME_OF_DAY.sub("", normalise(cell)).strip()
    if found := _YEAR_FIRST.fullmatch(text):
        return _day(*(int(g) for g in found.groups()))
    if found := _NAMED_MONTH.fullmatch(text):
        d, m, y, m2, d2, y2 = found.groups()
        month = _MONTHS.get((m or m2).casefold()[:3])
        return _day(int(y or y2), month, int(d or d2)) if month else "not a date"
    if found := _PARTED.fullmatch(text):
        a, b, year = (int(g) for g in found.groups())
        if a == b:
            return _day(year, a, b)
        if order == "dmy" or (not order and a > 12 >= b):
            return _day(year, b, a)
        if order == "mdy" or (not order and b > 12 >= a):
            return _day(year, a, b)
        return "ambiguous" if a <= 12 and b <= 12 else "no such day"
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and 20_000 <= float(text) <= 80_000:
        return "serial" if epoch is None else epoch + dt.timedelta(days=int(float(text)))
    if re.fullmatch(
        r"\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{1,2}[-/ ]?[A-Za-z]{3}[-/ ]?\d{2}", text
    ):
        return "two-digit year"
    if re.fullmatch(
        r"\d{4}([-/.年]\d{1,2}月?)?年?|\d{6}|[A-Za-z]{3,9}[-/ ]?\d{4}|\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}/\d{4}", text
    ):
        return "incomplete"
    found_day = read_date(text)
    return (
        found_day if isinstance(found_day, dt.date) else "no such day" if "no such day" in found_day else "not a date"
    )


def _day(year: int, month: int, day: int) -> dt.date | str:
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return "no such day"
    return date if date.year >= 1950 else "no such day"


def date_order(cell: str) -> str:
    """``"dmy"`` or ``"mdy"`` where a number above 12 says which comes first, else a blank."""
    found = _PARTED.fullmatch(_TIME_OF_DAY.sub("", normalise(cell)).strip())
    if not found:
        return ""
    a, b = int(found[1]), int(found[2])
    return "dmy" if a > 12 >= b else "mdy" if b > 12 >= a else ""


TIME_UNITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("d", "day", "days", "天", "日"), "days"), **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "周"), "weeks"),
    **dict.fromkeys(("m", "mo", "mos", "mth", "mths", "month", "months", "月", "个月"), "months"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years", "年"), "years"),
}  # fmt: skip


def time_unit(text: str) -> str:
    """Unit of time a header or cell names, or a blank."""
    return TIME_UNITS.get(text.casefold().strip().rstrip("."), "")


COUNT_UNITS: Final = {"10^9/L": 1.0, "10^6/L": 0.001, "/uL": 0.001}
"""Units of blood counts, and how many 10^9/L one of them is."""


def count_unit(text: str) -> str:
    """Unit of a blood count, in one of the spellings of `COUNT_UNITS`; ``"%"`` for a share; or a blank."""
    plain = re.sub(
        r"[\s×x*^()]+", "", normalise(text).casefold().replace("µ", "u").replace("μ", "u").replace("升", "l")
    )
    if plain in {"109/l", "g/l", "103/ul", "k/ul", "10e9/l", "10e3/ul", "103/mm3"}:
        return "10^9/L"
    if plain in {"106/l", "10e6/l"}:
        return "10^6/L"
    if plain in {"/ul", "/mm3", "cells/ul", "cell/ul", "cells/mm3", "个/ul", "个/mm3"}:
        return "/uL"
    return "%" if plain in {"%", "％"} else ""


_NUMBER: Final = re.compile(r"([<>≤≥]=?|~|约)?\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%\u4e00-\u9fff^/µμ×*0-9]*)")


def read_number(cell: str) -> tuple[float, str, str] | None:
    """Value, sign (``<``, ``>=`` ...) and unit of a cell, or None where it is no number."""
    text = normalise(cell).replace("＜", "<").replace("＞", ">").replace(" ", "")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[+-]?\d+,\d{1,2}", text):
        text = text.replace(",", ".")  # a decimal comma: thousands have three digits behind it
    found = _NUMBER.fullmatch(text)
    if not found or not (-1e12 < float(found[2]) < 1e12):
        return None
    sign = (found[1] or "").replace("≥", ">=").replace("≤", "<=")
    return float(found[2]), sign, found[3]


_ROMAN: Final = {"0": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "Ⅰ": 1, "ⅱ": 2}


def read_grade(cell: str) -> int | None:
    """A grade or score as a whole number: ``1``, ``1分``, ``Ⅲ级``, ``G3``, ``grade 2``, ``PS 1``; None where it is none."""
    text = folded_word(cell).replace(" ", "")
    text = re.sub(r"^(grade|gr\.?|g|ecog|ps|ctcae)[:=]?", "", text)
    text = re.sub(r"(分|级|度)$", "", text)
    if re.fullmatch(r"\d(\.0)?", text):
        return int(text[0])
    return _ROMAN.get(text)
