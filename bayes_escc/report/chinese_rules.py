"""What is wrong with a decision rule, or with what is asked of it, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["RULES"]

_RATES: Final = (
    ("{key} is a probability between 0 and 1", "{key}为0～1之间的概率"),
    ("{key} is a rate between 0 and 1", "{key}为0～1之间的率"),
    ("margin lies between 0 and 1", "margin应在0～1之间"),
    ("the false-alarm rate asked for lies between 0 and 1", "所要求的误判概率应在0～1之间"),
    ("a true rate lies between 0 and 1", "真实发生率应在0～1之间"),
)
"""What must be a probability; what was given instead follows."""

_WRONG: Final = (
    ("a look is a number of patients, not {value}", "查看时点为例数，而非{value}"),
    (
        "a look is a number, or two: of the regimen and of the reference, not {value}",
        "查看时点为一个例数，或方案组与参照组两个例数，而非{value}",
    ),
    ("patients at a look are whole numbers from 1 to {most}, not {value}",
     "查看时的例数为1～{most}的整数，而非{value}"),
    ("{a} cannot follow {b}: looks ascend", "{a}不能在{b}之后：查看时点须递增"),
    ("a look has more patients than the {most} the rule allows (patients)",
     "某次查看的例数超过规则的上限{most}例(patients)"),
    ("go_above ({a}) must be greater than stop_below ({b})", "go_above（{a}）应大于stop_below（{b}）"),
    ("futility_value goes with value, go_above and stop_below", "futility_value须与value、go_above和stop_below同用"),
    ("give go_above, stop_below or both", "请给出go_above或stop_below，或两者"),
    ("standard, a Beta law of the standard rate, is required", "须给出standard，即标准治疗的率的Beta分布"),
    (
        "alternative_rate ({rate}) must lie above {what} ({null}), or what is called power is none",
        "alternative_rate（{rate}）应高于{what}（{null}），否则所称把握度并非把握度",
    ),
    (
        "{key}.alternative_rate ({rate}) must lie above {what} ({null}), or what is called power is none",
        "{key}.alternative_rate（{rate}）应高于{what}（{null}），否则所称把握度并非把握度",
    ),
    (
        "alternative_rate ({rate}) must lie below {what} ({null}), or what is called power is none",
        "alternative_rate（{rate}）应低于{what}（{null}），否则所称把握度并非把握度",
    ),
    (
        "{key}.alternative_rate ({rate}) must lie below {what} ({null}), or what is called power is none",
        "{key}.alternative_rate（{rate}）应低于{what}（{null}），否则所称把握度并非把握度",
    ),
    ("acceptable_rate ({rate}) is above the limit ({limit})", "acceptable_rate（{rate}）高于上限（{limit}）"),
    ("width is above 0, not {value}", "width应大于0，而非{value}"),
    ("patients, the planned maximum, is required", "须给出patients，即计划的最多例数"),
    ("patients, the planned maximum N, is required", "须给出patients，即计划的最多例数N"),
    (
        "standard takes the place of value and reference: give one of the three",
        "standard代替value与reference：三者只给其一",
    ),
    ("standard is a rate to be exceeded: better is higher", "standard是应超过的率：better应为higher"),
    ("final_reference_prior goes with a reference", "final_reference_prior须与reference同用"),
    ("give one of reference (a regimen) and value (a fixed one)", "请给出reference（方案）或value（固定值）之一"),
    ("margin goes with a reference: add it to value instead", "margin须与reference同用：请改为加到value上"),
    ("criteria: one endpoint or two, not {n}", "criteria：一个或两个终点，而非{n}个"),
    ("lambda lies between 0 and 1, not {value}", "lambda应在0～1之间，而非{value}"),
    ("gamma is at least 0, not {value}", "gamma应不小于0，而非{value}"),
    ("efficacy: eta is at least 0, not {value}", "efficacy：eta应不小于0，而非{value}"),
    ("nested endpoints are two, the inner (rarer) first", "嵌套终点须为两个，内层（较少见者）在前"),
    ("must be responses of patients, such as {example}, or a list of them, not {value}",
     "应为患者中的事件数，如{example}，或其列表，而非{value}"),
    ("responses of patients, such as {example}, not {value}", "应为患者中的事件数，如{example}，而非{value}"),
    ("{count} has more responses than patients", "{count}的事件数多于例数"),
    ("one number of responses for each number of patients", "每个例数只对应一个事件数"),
    ("{count} cannot both stop and go", "{count}不能既终止又成功"),
    ("no number of responses is stated for {n} patients", "未给出{n}例时的事件数"),
    ("state null_rate, the rate under which a declaration is false", "请给出null_rate，即宣告成功属误判时的率"),
    ("a {kind} rule has no declaring threshold to tune", "{kind}规则没有可校准的界值"),
    ("no threshold keeps the false-alarm rate at {rate} with these looks",
     "在这些查看时点，没有界值能使误判概率不超过{rate}"),
    ("state alternative_rate, for which the power is to be largest", "请给出alternative_rate，使该率下的把握度最大"),
    ("no lambda and gamma keep the false-alarm rate at {rate}", "没有lambda与gamma能使误判概率不超过{rate}"),
    ("state null_rate and alternative_rate, or give the true rates ({columns})",
     "请写明null_rate与alternative_rate，或给出真实发生率（{columns}）"),
    ("give the true rates ({columns})", "请给出真实发生率（{columns}）"),
    ("state its looks, the numbers of evaluable patients at which it is read", "请写明looks，即查看时的可评估例数"),
    ("true rates are {columns}, not {value}", "真实发生率应为{columns}，而非{value}"),
    ("a true rate is a number, not {value}", "真实发生率应为数字，而非{value}"),
    ("no patients can have the rates {value} together", "患者不可能同时具有这些率{value}"),
    # asked at the prompt
    ("{text} is not KEY=VALUE", "{text}不是KEY=VALUE的形式"),
    ("--rule chooses among the rules of an analysis; a kind of rule is one already",
     "--rule用于选择分析中的规则；规则类型本身即为一条规则"),
    ("KEY=VALUE belongs to a kind of rule ({columns}), not to the analysis {name}",
     "KEY=VALUE用于规则类型（{columns}），而非分析{name}"),
    ("{name} is no analysis and no kind of rule", "{name}既不是分析，也不是规则类型"),
    ("{name} has no [[monitoring]] rules", "{name}没有[[monitoring]]规则"),
    ("the rules of {name} are {columns}", "{name}的规则为{columns}"),
    ("--rates is for one rule: add --rule, one of {columns}", "--rates只用于一条规则：请加--rule，可选{columns}"),
)  # fmt: skip


def _sentences() -> Iterator[tuple[str, str]]:
    """Every sentence as it stands alone, and after the place or the rule that it is about."""
    wrong = [*_WRONG]
    for english, chinese in _RATES:
        wrong.append((f"{english}, not {{value}}", f"{chinese}，而非{{value}}"))
        wrong.append(
            (f"{english}, not {{value}} (did you mean {{meant}}?)", f"{chinese}，而非{{value}}（是否指{{meant}}？）")
        )
    for english, chinese in wrong:
        yield f"{english}.", f"{chinese}。"
        yield f"{{path}}: {english}.", f"{{path}}：{chinese}。"


RULES: Final = tuple(_sentences())
