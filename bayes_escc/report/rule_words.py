"""Words of boundary tables and error rates of decision rules, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.report.page_words import Phrase, phrases

__all__ = ["RULE_WORDS"]

RULE_WORDS: Final[Mapping[str, Phrase]] = phrases(
    {
        # the rule
        "prior": ("prior {law}", "先验{law}"),
        "reference_prior": ("prior of the reference {law}", "参照组的先验{law}"),
        "evaluable_note": (
            "Looks count evaluable patients: who has not yet been assessed is waited for, and is neither a response "
            "nor a failure.",
            "查看按可评估患者计数：尚未评估者等待结果，既不计为缓解，也不计为未缓解。",
        ),
        "not_tabulated": ("{rule}: {sentence} Not tabulated: {why}.", "{rule}：{sentence}未列表：{why}。"),
        "no_true_rates": (
            "{rule}: names no true rates; give --rates, with --rule.",
            "{rule}：未写明真实发生率；请用--rates给出，并用--rule选定规则。",
        ),
        # boundaries
        "patients, regimen": ("patients, regimen", "方案组例数"),
        "patients, reference": ("patients, reference", "参照组例数"),
        "evaluable patients": ("evaluable patients", "可评估例数"),
        "endpoint": ("endpoint", "终点"),
        "events, reference": ("events, reference", "参照组事件数"),
        "fails if": ("fails if", "不达标"),
        "holds if": ("holds if", "达标"),
        "stop if": ("stop if", "终止"),
        "go if": ("go if", "成功"),
        "both_fail": (
            "Stop when both endpoints fail; at the last look, success otherwise.",
            "两个终点均不达标时终止；末次查看时不终止即为成功。",
        ),
        "either_fails": (
            "Stop when either endpoint fails; at the last look, success otherwise.",
            "任一终点不达标时终止；末次查看时不终止即为成功。",
        ),
        "state_null": (
            "State null_rate (the rate both arms share) to have the false-alarm rate.",
            "请写明null_rate（两组相同的发生率），以得出误判概率。",
        ),
        # error rates
        "by_enumeration": ("By enumeration:", "经精确枚举："),
        "goes": (
            "If the true rate is {rate}, it goes with probability {p}{how}{early}.",
            "真实发生率为{rate}时，宣告成功的概率为{p}{how}{early}。",
        ),
        "stops": (
            "If the true rate is {rate}, it stops with probability {p}{how}{early}.",
            "真实发生率为{rate}时，终止的概率为{p}{how}{early}。",
        ),
        "false_alarm": (" (a false alarm)", "（误判）"),
        "power": (" (power)", "（把握度）"),
        "early": (
            ", ends before the last look with {chance}, and takes {patients} patients on average",
            "，在末次查看前结束的概率为{chance}，平均入组{patients}例",
        ),
        "true": ("true {names}", "真实{names}"),
        "true_rate": ("true rate", "真实发生率"),
        "p_go": ("P(go)", "P(成功)"),
        "p_stop": ("P(stop)", "P(终止)"),
        "p_neither": ("P(neither)", "P(未决)"),
        "p_early": ("P(early end)", "P(提前结束)"),
        "expected": ("expected patients", "期望例数"),
        "expected_both": ("expected patients, both arms", "期望例数（两组合计）"),
        "go": ("go", "成功"),
        "stop": ("stop", "终止"),
        "first_decision": ("First decision, by look (evaluable patients):", "各次查看的首次决策（可评估例数）："),
        "every_path": ("Exact: every path of counts is followed.", "精确值：枚举了计数的所有路径。"),
    }
)
"""Words of the tables; columns of a boundary table stand under the names that its CSV has."""
