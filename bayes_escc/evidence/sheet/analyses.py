"""The analyses a sheet allows, as commented TOML: progression-free survival, response, adverse events, effects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from bayes_escc.evidence.sheet.applied import Applied
from bayes_escc.evidence.sheet.deaths import TIMES
from bayes_escc.evidence.sheet.mapping import Mapping as SheetMapping
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["COVARIATES", "adjusted_for", "analyses_of", "reading_order"]

COVARIATES: Final = ("liver_metastasis", "ecog", "nlr", "cd4_cd8")
_LOG: Final = ("nlr", "cd4_cd8")
_EVENTS_PER_PARAMETER: Final = 5
_FILLED: Final = 0.9


def _q(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def adjusted_for(applied: Applied, *, beside: bool = False) -> tuple[str, ...]:
    """Prognostic factors the comparison of follow-up is adjusted for.

    Those of liver metastasis, ECOG, NLR and CD4/CD8 that at least nine patients in ten have and that differ between
    them, if there are at least five events for every parameter of the model; else none. `beside` asks it of overall
    survival that stands beside progression-free survival.
    """
    rows = [r for r in applied.rows if _followed(r, beside)]
    events = sum(_happened(r, beside) for r in rows)
    usable = [
        c
        for c in COVARIATES
        if rows
        and sum(bool(r.get(c)) for r in rows) >= _FILLED * len(rows)
        and len({r[c] for r in rows if r.get(c)}) > 1
    ]
    parameters = 1 + len({r["regimen"] for r in rows}) + len(usable)
    return tuple(usable) if usable and events >= _EVENTS_PER_PARAMETER * parameters else ()


_OF_PFS: Final = (
    {"mu": 1.386, "sigma": 0.6},
    Text(
        "Second-line ESCC: median PFS around 4 months, 95 % between 1.2 and 13.",
        "食管鳞癌二线：中位PFS约4个月，95%在1.2～13个月。",
    ),
)
_WEAK: Final = (
    {"mu": 2.485, "sigma": 1.0},
    Text(
        "Weak: no published value is assumed; median around 12 months, 95 % between 1.7 and 85. State what is known.",
        "弱先验：不采用任何文献值；中位数约12个月，95%在1.7～85个月。如有依据请改写。",
    ),
)
_MEDIANS: Final[Mapping[str, tuple[Mapping[str, object], Text]]] = {
    "PFS": _OF_PFS,
    "TTP": _OF_PFS,
    "OS": (
        {"mu": 2.079, "sigma": 0.6},
        Text(
            "Second-line ESCC: median OS around 8 months, 95 % between 2.5 and 26.",
            "食管鳞癌二线：中位OS约8个月，95%在2.5～26个月。",
        ),
    ),
    **dict.fromkeys(("DFS", "EFS", "RFS"), _WEAK),
}
"""Prior of the median of every time to an event."""
_QUESTIONS: Final[Mapping[str, str]] = {
    "PFS": "Which regimen keeps patients progression-free longer?",
    "OS": "Which regimen keeps patients alive longer?",
    "DFS": "Which regimen keeps patients disease-free longer?",
    "EFS": "Which regimen keeps patients event-free longer?",
    "RFS": "Which regimen keeps patients relapse-free longer?",
    "TTP": "Which regimen delays progression longer?",
}


_IN_ORDER: Final = ("pfs", "dfs", "efs", "rfs", "ttp", "os", "response", "adverse_events")


def reading_order(name: str) -> tuple[int, str]:
    """A key that sorts analyses as they are read: times to an event, response, adverse events, then others by name."""
    return (_IN_ORDER.index(name) if name in _IN_ORDER else len(_IN_ORDER), name)


def _followed(row: Mapping[str, str], beside: bool) -> bool:
    """Whether a patient has follow-up: a time, or an interval between scans."""
    return bool(row.get("os_time") if beside else row.get("time") or row.get("last_free"))


def _happened(row: Mapping[str, str], beside: bool) -> bool:
    """Whether the event is known to have happened."""
    if beside:
        return row.get("os_event") == "1"
    return row.get("event") == "1" or row.get("first_progression", "inf") not in {"", "inf"}


def analyses_of(mapping: SheetMapping, applied: Applied, file: str, language: str) -> dict[str, str]:
    """Name and content of every analysis file.

    Parameters
    ----------
    mapping : Mapping
    applied : Applied
    file : str
        The sheet, relative to the folder of the analyses.
    language : {"en", "zh"}
        Of the comments.
    """
    answers = dict(mapping.answers)
    if mapping.kind == "effects":
        return {"effects.toml": "\n".join(_effects(applied, file, answers, language)) + "\n"}
    found = {}
    names = sorted({r["regimen"] for r in applied.rows if r.get("regimen")})
    reference = answers.get("reference", names[0] if names else "")
    regimens = [reference, *(n for n in names if n != reference)]
    if mapping.kind == "counts":
        endpoints = sorted({r["endpoint"] for r in applied.rows})
        for name, chosen in _by_harm(endpoints).items():
            found[name] = _rates(name, chosen, regimens, file, answers, language, counts=True)
        return found
    if "time" in applied.columns or "last_free" in applied.columns:
        endpoint = mapping.rule("endpoint", "PFS")
        found[f"{endpoint.lower()}.toml"] = _survival(endpoint, mapping, applied, regimens, file, answers, language)
    if "os_time" in applied.columns:
        found["os.toml"] = _survival("OS", mapping, applied, regimens, file, answers, language, beside=True)
    if "response" in applied.columns:
        binary = {r["response"] for r in applied.rows} <= {"0", "1", ""}
        found["response.toml"] = _rates(
            "response.toml", ["ORR"] if binary else ["ORR", "DCR"], regimens, file, answers, language, counts=False
        )
    harms = [e for e, column, _ in mapping.adverse if {column, "ae_grade"} & set(applied.columns)]
    if harms:
        found["adverse_events.toml"] = _rates(
            "adverse_events.toml", harms, regimens, file, answers, language, counts=True
        )
    return found


def _by_harm(endpoints: list[str]) -> dict[str, list[str]]:
    from bayes_escc.evidence.endpoints import endpoint_direction

    good = [e for e in endpoints if endpoint_direction(e) != "lower"]
    bad = [e for e in endpoints if endpoint_direction(e) == "lower" and e not in {"PD", "NE"}]
    rates = sorted({"ORR", "DCR"}.intersection(good), reverse=True) or good  # the first one heads the page
    return {k: v for k, v in (("response.toml", rates), ("adverse_events.toml", bad)) if v}


def _head(name: str, title: Text, question: Text, language: str) -> list[str]:
    said = Text(
        "Written by `bayes-escc start`. Change what you like: `bayes-escc run` reads it again.",
        "由 `bayes-escc start` 生成，可自行修改；`bayes-escc run` 每次重新读取。",
    )
    return [
        f"# {said.said(language)}",
        "schema = 1",
        f"id = {_q(name.removesuffix('.toml'))}",
        f"title = {_q(title.said(language))}",
        f"question = {_q(question.said(language))}",
        "",
    ]


def _data(kind: str, file: str, regimens: list[str], language: str) -> list[str]:
    said = Text(
        "the sheet as it is; mapping.toml says how it is read, this month and next",
        "原始表格；mapping.toml 规定其读取方式，本月与下月相同",
    )
    listed = ", ".join(_q(r) for r in regimens)
    return [
        "[data]",
        f"kind = {_q(kind)}",
        f"file = {_q(file)}   # {said.said(language)}",
        'mapping = "mapping.toml"',
        f"regimens = [{listed}]",
        _comment(
            Text(
                'Say how patients came to their regimens: design = "randomised", "non-randomised" or "single-arm".',
                '请注明患者如何分组：design = "randomised"(随机)、"non-randomised"(非随机)或 "single-arm"(单臂)。',
            ),
            language,
        ),
    ]


def _prior(role: str, law: Mapping[str, object], why: Text, language: str) -> list[str]:
    values = [f"{k} = {_q(v) if isinstance(v, str) else v}" for k, v in law.items()]
    return ["", f"[priors.{role}]", *values, f"rationale = {_q(why.said(language))}"]


def _tail() -> list[str]:
    return ["", "[sampling]", 'sampler = "auto"', "seed = 20211101", "", "[report]", "ci_prob = 0.95"]


def _comment(text: Text, language: str) -> str:
    return f"# {text.said(language)}"


def _survival(
    endpoint: str,
    mapping: SheetMapping,
    applied: Applied,
    regimens: list[str],
    file: str,
    answers: Mapping[str, str],
    language: str,
    *,
    beside: bool = False,
) -> str:
    versus = Text(" against ", "与").said(language).join(regimens)
    name = TIMES[endpoint][0]
    title = Text(f"{name.en[:1].upper()}{name.en[1:]}: {versus}", f"{name.zh}：{versus}")
    question = Text(_QUESTIONS[endpoint], f"哪种方案的{name.zh}更长？")
    lines = _head(f"{endpoint.lower()}.toml", title, question, language)
    lines += _data("patients", file, regimens, language)
    if endpoint != "PFS":
        why = Text("deaths are the events", "以死亡为事件") if endpoint == "OS" else name
        lines.append(f'endpoint = "{endpoint}"   # {why.said(language)}')
    if beside:
        lines += ['time = "os_time"', 'event = "os_event"', f"time_unit = {_q(mapping.rule('os_unit', 'days'))}"]
    elif "last_free" in applied.columns:
        lines += ['interval = ["last_free", "first_progression"]', f"time_unit = {_q(mapping.rule('time_unit'))}"]
    else:
        lines += ['time = "time"', 'event = "event"', f"time_unit = {_q(mapping.rule('time_unit', 'days'))}"]
    lines += [
        "",
        "[model]",
        'family = "survival"',
        'time_unit = "months"   # 1 month = 30.4375 days',
        'baseline = "weibull"',
    ]
    if len(regimens) > 1:
        lines.append('regimen_effect = "proportional"')
    chosen = adjusted_for(applied, beside=beside)
    present = [c for c in COVARIATES if c in applied.columns]
    if present:
        lines.append(_comment(_why_adjusted(chosen), language))
        mark = "" if chosen else "# "
        listed = [c for c in present if c in chosen] if chosen else present
        lines.append(f"{mark}covariates = [")
        for c in listed:
            log = ', transform = "log"' if c in _LOG else ""
            blank = any(_followed(r, beside) and not r.get(c) for r in applied.rows)
            lines.append(f'{mark}  {{ column = "{c}"{log}{', missing = "impute"' if blank else ""} }},')
        lines.append(f"{mark}]")
    lines += _prior("median", {"distribution": "LogNormal", **_MEDIANS[endpoint][0]}, _MEDIANS[endpoint][1], language)
    lines += _prior(
        "log_shape",
        {"distribution": "Normal", "mu": 0, "sigma": 0.3},
        Text(
            "From hazards that fall by a quarter to hazards that rise by 3/4 when time doubles.",
            "时间加倍时风险率下降四分之一至上升四分之三。",
        ),
        language,
    )
    if len(regimens) > 1:
        lines += _prior(
            "log_hazard_ratio",
            {"distribution": "Normal", "mu": 0, "sigma": 0.7},
            Text(
                "Sceptical of large effects: hazard ratio between 0.25 and 3.9.",
                "对大效应持怀疑态度：风险比(HR)在0.25～3.9之间。",
            ),
            language,
        )
    times, horizons = ([3, 6, 12], [6, 12]) if endpoint in {"PFS", "TTP"} else ([6, 12, 24], [12, 24])
    lines += ["", "[estimands]", f"times = {times}", f"horizons = {horizons}"]
    if len(regimens) > 1:
        margin = answers.get(f"margin.{endpoint.lower()}", "none")
        lines += ["", "[[comparisons]]", 'estimand = "rmst"', f"reference = {_q(regimens[0])}"]
        if margin != "none":
            said = Text("months; the smallest difference that matters, as answered", "月；最小有意义差值(按回答)")
            lines.append(f"margin = {margin}   # {said.said(language)}")
        for estimand, scale in (("median", ""), ("survival", ""), ("hazard_ratio", "ratio")):
            lines += ["", "[[comparisons]]", f'estimand = "{estimand}"', f"reference = {_q(regimens[0])}"]
            lines += [f'scale = "{scale}"'] if scale else []
    return "\n".join([*lines, *_tail()]) + "\n"


def _why_adjusted(chosen: tuple[str, ...]) -> Text:
    if chosen:
        return Text(
            "Adjusted for these: at least nine patients in ten have them, with five events or more per parameter.",
            "按以下因素校正：至少九成患者有记录，且每个参数不少于5例事件。",
        )
    return Text(
        "Not adjusted: fewer than five events per parameter, or too many values missing. To adjust, remove the #.",
        "未校正：每个参数不足5例事件，或缺失过多。如需校正，请删去行首的 #。",
    )


def _rates(
    name: str,
    endpoints: list[str],
    regimens: list[str],
    file: str,
    answers: Mapping[str, str],
    language: str,
    *,
    counts: bool,
) -> str:
    versus = Text(" against ", "与").said(language).join(regimens)
    harm = name.startswith("adverse")
    title = (
        Text(f"Adverse events: {versus}", f"不良反应：{versus}")
        if harm
        else Text(f"Response: {versus}", f"疗效：{versus}")
    )
    question = (
        Text(
            "How often do adverse events occur, and on which regimen less often?", "不良反应发生率如何，哪种方案更低？"
        )
        if harm
        else Text("Which regimen has the higher response rate?", "哪种方案的缓解率更高？")
    )
    lines = _head(name, title, question, language)
    lines += _data("counts" if counts else "patients", file, regimens, language)
    lines.append(f"endpoint = [{', '.join(_q(e) for e in endpoints)}]")
    if not counts:
        said = Text("NE count as not responding", "NE按未缓解计入分母")
        lines += ['response = "response"', f'not_evaluable = "nonresponse"   # {said.said(language)}']
    lines += ["", "[model]", 'family = "response"', 'likelihood = "binomial"', 'pooling = "none"']
    lines += _prior(
        "rate",
        {"distribution": "Beta", "alpha": 1, "beta": 1},
        Text("Uniform: no regimen is favoured before the data.", "均匀先验：数据之前不偏向任何方案。"),
        language,
    )
    if len(regimens) > 1:
        lines += ["", "[[comparisons]]", 'estimand = "rate"', f"reference = {_q(regimens[0])}", 'scale = "difference"']
        margin = answers.get("margin.response", "none")
        if margin != "none" and not harm:
            said = Text("the smallest difference that matters, as answered", "最小有意义差值(按回答)")
            lines.append(f"margin = {float(margin) / 100:g}   # {said.said(language)}")
    return "\n".join([*lines, *_tail()]) + "\n"


def _effects(applied: Applied, file: str, answers: Mapping[str, str], language: str) -> Iterator[str]:
    endpoints = sorted({r["endpoint"] for r in applied.rows})
    yield from _head(
        "effects.toml",
        Text("Pooled published effects", "合并已发表的效应"),
        Text("How large is the effect, and how far do the studies disagree?", "效应多大，各研究之间差异多大？"),
        language,
    )
    yield from [
        "[data]",
        'kind = "effects"',
        f"file = {_q(file)}",
        'mapping = "mapping.toml"',
        f"endpoint = {_q(endpoints[0])}",
    ]
    if len(endpoints) > 1:
        yield _comment(
            Text(f"also in the sheet: {', '.join(endpoints[1:])}", f"表中另有：{'、'.join(endpoints[1:])}"), language
        )
    pairs = {(r["experimental"], r["control"]) for r in applied.rows if r["endpoint"] == endpoints[0]}
    yield from ["", "[model]", 'family = "synthesis"', 'likelihood = "normal"', 'pooling = "random"']
    if len({frozenset(p) for p in pairs}) > 1:
        yield "network = true"
    yield from _prior(
        "effect",
        {"distribution": "Normal", "mu": 0, "sigma": 1},
        Text("Neither arm is favoured before the data.", "数据之前不偏向任何一组。"),
        language,
    )
    yield from _prior(
        "tau",
        {"distribution": "HalfNormal", "sigma": 0.5},
        Text("Effects of alike trials seldom differ more than threefold.", "相似试验的效应很少相差三倍以上。"),
        language,
    )
    margin = answers.get("margin.effect", "none")
    if len({frozenset(p) for p in pairs}) == 1:
        for value in ("1.0", *((margin,) if margin != "none" else ())):
            yield from ["", "[[thresholds]]", 'estimand = "effect"', f"below = {value}"]
    yield from _tail()
