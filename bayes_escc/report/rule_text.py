"""Decision rules as plain text: each in a sentence, its boundaries, and how often it is wrong and right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bayes_escc.names import format_probability
from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.layout import aligned, display_width
from bayes_escc.report.quantities import Language, endpoint_name
from bayes_escc.report.rule_words import RULE_WORDS

if TYPE_CHECKING:
    from bayes_escc.rules import BoundaryTable, OperatingCharacteristics, Rule, Scenario

__all__ = ["boundary_text", "characteristics_text", "names_of_rules", "not_tabulated", "rule_sentence", "without_rates"]


def names_of_rules(rules: Iterable[Rule]) -> Names:
    """Names that a person gave: of rules and regimens."""
    keys = ("name", "regimen", "reference", "rationale")
    return frozenset(str(getattr(rule, key)) for rule in rules for key in keys if getattr(rule, key, None))


def boundary_text(table: BoundaryTable, behaviour: OperatingCharacteristics | None, language: Language = "en") -> str:
    """The boundaries of a rule, and its error rates where it names true rates.

    Parameters
    ----------
    table : BoundaryTable
    behaviour : OperatingCharacteristics or None
    language : {"en", "zh"}
        What a person wrote (names, the rationale) stays as it is.
    """
    rule = table.rule
    header = [_say(name, language) for name in table.header]
    cells = [[_cell(cell, rule, language) for cell in line] for line in table.cells]
    lines = [*_heading(rule, language), "", aligned(header, cells)]
    if len(rule.criteria) == 2:
        lines.append(_say("both_fail" if rule.claim == "either" else "either_fails", language))
    if behaviour is not None:
        lines += ["", _error_rates(behaviour, language)]
    elif rule.arms == 2:
        lines += ["", _say("state_null", language)]
    return "\n".join(lines)


def characteristics_text(behaviour: OperatingCharacteristics, language: Language = "en") -> str:
    """How a rule behaves at every true rate, as a whole and look by look.

    Parameters
    ----------
    behaviour : OperatingCharacteristics
    language : {"en", "zh"}
    """

    def shown(p: float) -> str:
        return "-" if p == 0.0 else format_probability(p, 0.0)  # what cannot happen is no small probability

    rule = behaviour.rule
    names = " / ".join(_rate_name(name, language) for name in rule.rates_needed)
    header = [_say("true", language, names=names)]
    header += [_say(key, language) for key in ("p_go", "p_stop", "p_neither", "p_early")]
    header.append(_say("expected_both" if rule.arms == 2 else "expected", language))
    rows = [
        [
            "/".join(f"{r:g}" for r in s.rates),
            shown(s.probability_go),
            shown(s.probability_stop),
            shown(s.probability_undecided),
            shown(s.probability_early),
            f"{s.expected_patients:.2f}",
        ]
        for s in behaviour.scenarios
    ]
    at = ["/".join(map(str, dict.fromkeys(look) if len(set(look)) == 1 else look)) for look in behaviour.looks]
    by_look = [
        ["/".join(f"{r:g}" for r in s.rates), _say(decision, language), *map(shown, values)]
        for s in behaviour.scenarios
        for decision, values in (("go", s.go), ("stop", s.stop))
        if any(values)
    ]
    blocks = [*_heading(rule, language), "", aligned(header, rows), "", _say("first_decision", language)]
    blocks.append(aligned([_say("true_rate", language), "", *at], by_look))
    return "\n".join([*blocks, "", _say("every_path", language)])


def not_tabulated(rule: Rule, language: Language = "en") -> str:
    """A rule that cannot be enumerated, and why."""
    why = rule.not_exact if language == "en" else in_chinese(rule.not_exact)
    return _say("not_tabulated", language, rule=rule.name, sentence=rule_sentence(rule, language), why=why)


def without_rates(rule: Rule, language: Language = "en") -> str:
    """That a rule names no true rates."""
    return _say("no_true_rates", language, rule=rule.name)


def rule_sentence(rule: Rule, language: Language = "en") -> str:
    """A rule in a sentence.

    Parameters
    ----------
    rule : Rule
    language : {"en", "zh"}
    """
    if language == "en":
        return rule.sentence
    own: Any = rule
    if rule.kind == "thall_simon":
        return f"{_verbs(own, _statistic(own), '认为该方案有前景')}{_standard(own)}"
    if rule.kind == "toxicity":
        return f"若{_statistic(own)} > {own.stop_above:g}，则因毒性终止。"
    if rule.kind == "precision":
        return f"{_statistic(own)}小于{own.width:g}时，以足够精确终止。"
    if rule.kind == "counts":
        return _of_counts(own)
    if rule.kind == "bop2":
        return _of_bop2(own)
    if rule.kind == "predictive_probability":
        most = "/".join(map(str, own.patients))
        final = f"{most}例可评估后，以{_final(own)} > {own.success:g}为成功。"
        return f"{final}{_verbs(own, '预测成功概率', '宣告成功')}{_standard(own)}{_final_priors(own)}"
    if rule.kind == "predictive_survival":
        closes = f"{own.events}例事件时" if own.events is not None else f"末例患者入组后{own.follow_up:g}时"
        lost = f"；单位时间的失访率为{own.drop_out:g}" if own.drop_out else ""
        final = f"研究于{closes}结束{lost}；以{_final(own)} > {own.success:g}（{own.final}）为成功。"
        return f"{final}{_verbs(own, '预测成功概率', '宣告成功')}"
    if own.futility_value is not None:
        return (
            f"若{_statistic(own)} > {own.go_above:g}，则宣告成功；"
            f"若{_statistic(own.for_futility)} < {own.stop_below:g}，则因无效终止。"
        )
    return _verbs(own, _statistic(own), "宣告成功")


def _say(key: str, language: Language, **values: object) -> str:
    return RULE_WORDS[key][language].format(**values)


def _statistic(rule: Any) -> str:
    """What a rule watches, in Chinese."""
    return _in_chinese(rule.statistic, rule)


def _in_chinese(text: str, rule: Any) -> str:
    """Words of a rule in Chinese: its endpoints as people say them, its regimens as they were named."""
    stated = [rule.endpoint, *(c.endpoint for c in rule.criteria)]
    endpoints = {str(e).replace("_", " "): endpoint_name(str(e), "zh") for e in stated if e}
    said = in_chinese(text, names_of_rules([rule]) | frozenset(endpoints))
    for english, chinese in endpoints.items():
        said = said.replace(english, chinese)
    return said


def _final(rule: Any) -> str:
    """The probability that a final analysis reports, in Chinese."""
    said = rule.statistic.removeprefix("predictive probability that ")
    return _in_chinese(said.rpartition(" > ")[0], rule)


def _verbs(rule: Any, what: str, success: str) -> str:
    """What a rule does at its thresholds, in Chinese."""
    parts = [f"若{what} > {rule.go_above:g}，则{success}"] if rule.go_above is not None else []
    parts += [f"若{what} < {rule.stop_below:g}，则因无效终止"] if rule.stop_below is not None else []
    return f"{'；'.join(parts)}。" if parts else "不提前终止。"


def _standard(rule: Any) -> str:
    """The standard rate that a rule compares with, in Chinese."""
    from bayes_escc.rules.common import UNIFORM, law_in_words

    if rule.kind != "thall_simon" and rule.standard is None:
        return ""
    law = rule.standard or UNIFORM
    return f"标准治疗的率为{law_in_words(law)}，均值{law.mean:.3g}。"


def _final_priors(rule: Any) -> str:
    """The priors of a final analysis, where it has its own, in Chinese."""
    from bayes_escc.rules.common import law_in_words

    own, other = rule.final_prior, rule.final_reference_prior
    if rule.reference is None or other is None:
        both = "" if rule.reference is None else "两组"
        return "" if own is None else f"最终分析{both}的先验为{law_in_words(own)}。"
    arm = "" if own is None else f"方案组为{law_in_words(own)}，"
    return f"最终分析的先验：{arm}{rule.reference}为{law_in_words(other)}。"


def _of_bop2(rule: Any) -> str:
    """A BOP2 rule in Chinese."""
    n, early = rule.patients[0], ""
    if rule.efficacy is not None:
        cut = re.search(r"early if it is > (.+?)(?:, as O'Brien and Fleming)?; declare success if", rule.sentence)
        by = "（O'Brien-Fleming）" if isinstance(rule.efficacy, str) else ""
        early = f"若其 > {cut[1] if cut else ''}{by}，则提前宣告成功；"
    return (
        f"n例可评估时，若{_statistic(rule)} < {rule.cut:g} (n/{n})^{rule.power:g}，则因无效终止；{early}"
        f"至{n}例仍未终止则宣告成功。"
    )


def _of_counts(rule: Any) -> str:
    """A rule in counts, in Chinese."""
    stop, go = ([(int(r), int(n)) for r, n in (part.split("/") for part in getattr(rule, key) if part)]
                for key in ("stop_at_most", "go_at_least"))  # fmt: skip
    last = rule.looks[-1][0]
    parts = [f"{n}例中事件数≤{r}时终止" for r, n in stop] + [f"{n}例中事件数≥{r}时宣告成功" for r, n in go]
    if last not in {n for _, n in go}:
        parts += [f"{n}例中事件数>{r}时宣告成功" for r, n in stop if n == last]
    return f"{'；'.join(parts)}。"


def _heading(rule: Rule, language: Language) -> list[str]:
    """The name of a rule, the rule in a sentence, its priors and its rationale."""
    from bayes_escc.rules.common import law_in_words

    lines = [rule.name, "=" * min(78, display_width(rule.name)), rule_sentence(rule, language)]
    laws = (("prior", rule.prior), ("reference_prior", rule.reference_prior))
    said = [_say(key, language, law=law_in_words(law)) for key, law in laws if law is not None]
    if said and language == "zh":
        lines.append(f"{'；'.join(said)}。")
    elif said:
        lines.append(f"{'; '.join(said)[:1].upper()}{'; '.join(said)[1:]}.")
    lines += [rule.rationale] if rule.rationale else []
    return [*lines, _say("evaluable_note", language)]


def _cell(cell: str, rule: Rule, language: Language) -> str:
    """A cell of a boundary table."""
    if language == "en":
        return cell
    if against := re.fullmatch(r"rate against (\S+)", cell):
        return f"发生率（与{against[1]}相比）"
    if cell in {c.endpoint for c in rule.criteria}:
        return endpoint_name(cell, "zh")
    if cell in ("never", "always"):
        return {"never": "从不", "always": "总是"}[cell]
    return cell.replace(" or ", "或").replace(" to ", "～")


def _rate_name(name: str, language: Language) -> str:
    """What a true rate is the rate of."""
    if language == "en":
        return name
    if numbered := re.fullmatch(r"rate (\d)", name):
        return f"发生率{numbered[1]}"
    known = {"rate": "发生率", "regimen": "方案组发生率", "reference": "参照组发生率"}
    return known.get(name, endpoint_name(name, "zh"))


def _error_rates(behaviour: OperatingCharacteristics, language: Language) -> str:
    """A line on each scenario the rule names: false alarm, power, and what lies between."""

    def early(s: Scenario) -> str:
        if len(behaviour.looks) == 1:
            return ""
        chance = format_probability(s.probability_early, 0.0)
        return _say("early", language, chance=chance, patients=f"{s.expected_patients:.1f}")

    rule = behaviour.rule
    called = {rule.false_alarm_rates: "false_alarm", rule.power_rates: "power"}
    said = [
        _say(
            "goes" if rule.act == "go" else "stops",
            language,
            rate="/".join(f"{r:.3g}" for r in s.rates),
            p=format_probability(s.acts(rule.act), 0.0),
            how=_say(called[s.rates], language) if s.rates in called else "",
            early=early(s),
        )
        for s in behaviour.scenarios
    ]
    return "\n".join([_say("by_enumeration", language), *said])
