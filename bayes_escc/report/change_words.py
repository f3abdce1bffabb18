"""What a data cut changed, in Chinese: the kind of a change and its detail, as a study tells them in English."""

from __future__ import annotations

import re
from typing import Final

from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.chinese_terms import KINDS_OF_CHANGE

__all__ = ["change_in_chinese", "kind_in_chinese"]

_UNITS: Final = {"all patients": "全部患者", "who withdrew since": "此后撤回同意者"}
_DETAILS: Final = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"blank", "空白"),
        (r"not yet known", "尚不明确"),
        (r"no follow-up yet", "尚无随访"),
        (r"free at (\S+)", r"\1时未发生事件"),
        (r"event at (\S+)", r"\1时发生事件"),
        (r"event in (\(.+\])", r"\1内发生事件"),
        (r"was in an earlier cut", "曾在更早的数据截止中出现"),
        (r"in the last cut, not in this one", "上次数据截止中有，本次没有"),
        (r"published in the last cut, not in this one", "上次已发表数据中有，本次没有"),
        (r"the same row stands twice", "同一行出现两次"),
        (r"it is counted once", "只计一次"),
        (r"the same values as (.+) in every column", r"各列数值均与\1相同"),
        (r"(\d+) rows", r"\1行"),
        (
            r"the follow-up of (\d+) patients became (\S+) times as long \(median\), all in about the same ratio: "
            r"is the unit of time still the same\?",
            r"\1例患者的随访时间延长至\2倍（中位数），且比值大致相同：时间单位是否仍相同？",
        ),
        (
            r"k-hat (\S+), although the cut only extends follow-up: is the unit of time still the same\?",
            r"k-hat为\1，而本次数据仅延长了随访：时间单位是否仍相同？",
        ),
        (r"regimen (.+)", r"方案\1"),
        (r"response (not yet known)", "疗效尚不明确"),
        (r"response (.+)", r"疗效\1"),
        (r"alive at (\S+)", r"\1时存活"),
        (r"dead at (\S+)", r"\1时死亡"),
        (r"overall survival (.+)", r"总生存期\1"),
    )
)


def kind_in_chinese(kind: str) -> str:
    """A kind of change."""
    return KINDS_OF_CHANGE.get(kind, kind)


def change_in_chinese(unit: str, kind: str, detail: str = "", own: Names = frozenset()) -> str:
    """One change: whose, of which kind, and from what to what.

    Parameters
    ----------
    unit, kind, detail : str
        As a change of a study holds them.
    own : frozenset of str
        Names that are never translated.
    """
    said = "；".join(" → ".join(_said(end, own) for end in part.split(" -> ")) for part in detail.split("; "))
    return f"{_UNITS.get(unit, unit)}：{kind_in_chinese(kind)}" + (f"（{said}）" if detail else "")


def _said(text: str, own: Names) -> str:
    """One end of a change; what is a cell of the table stays as it is."""
    for pattern, chinese in _DETAILS:
        found = pattern.fullmatch(text)
        if found:
            return found.expand(chinese)
    return in_chinese(text, own) if re.search(r"[.?!]$", text) else text
