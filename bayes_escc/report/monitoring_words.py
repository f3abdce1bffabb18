"""Where a decision rule stands, in a sentence of either language."""

from __future__ import annotations

from typing import Final

from bayes_escc.names import PlainMapping, format_number, format_probability
from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.quantities import Language

__all__ = ["decision_words", "position_sentence"]

_LIMITS: Final = {"go_above": "大于{value}则成功", "stop_below": "小于{value}则终止", "stop_above": "大于{value}则终止"}
_DECISIONS: Final = {"go": "成功", "stop": "终止", "continue": "继续", "undecided": "尚不能决定"}


def decision_words(decision: str, language: Language) -> str:
    """What a rule decides."""
    return _DECISIONS.get(decision, in_chinese(decision)) if language == "zh" else decision


def position_sentence(position: PlainMapping, language: Language, own: Names = frozenset()) -> str:
    """An entry of `monitoring` as a sentence: value, thresholds, decision, and what the rule does wrongly how often.

    Parameters
    ----------
    position : mapping
    language : {"en", "zh"}
        In English it is the sentence of the entry.
    own : frozenset of str
        Names that are never translated.
    """
    if language == "en":
        return str(position["sentence"])
    value, error = position["value"], position["mcse"]
    probable = str(position["statistic"]).startswith(("P(", "the predictive probability"))
    shown = format_probability(value, error) if probable else format_number(value)
    held = "，".join(_LIMITS[k].format(value=f"{v:.4g}") for k, v in position["thresholds"].items())
    looks = position["patients"]
    counts = "；".join(f"{n}例中{k}例" for k, n in zip(position["events"], looks, strict=False)) if looks else ""
    said = f"{position['rule']}：{in_chinese(str(position['statistic']), own)}为{shown}"
    said += f"（可评价患者{counts}）" if counts else ""
    said += f"；{held}" if held else ""
    said += f"：{decision_words(position['decision'], language)}。"
    if position["false_alarm"] is not None:
        at = "、".join("/".join(map(str, look)) for look in position["looks"])
        false_alarm = format_probability(position["false_alarm"], 0.0)
        rates = position["null_rates"]
        true = f"真实发生率为{'/'.join(f'{r:.3g}' for r in rates)}时" if rates else "两方案相同时"
        said += f"于{at}例（或事件）时查看，{true}误判的概率为{false_alarm}"
        if position["power"] is not None:
            said += f"，正确判断的概率为{format_probability(position['power'], 0.0)}"
        said += "。"
    return said
