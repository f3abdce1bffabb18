"""Numbers with their units and names of what they are about, English and Chinese, in one format everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from bayes_escc.names import COVARIATE_WORDS, PlainMapping, covariate_in_words

__all__ = [
    "KNOWN_COVARIATES",
    "UNITS_ZH",
    "Language",
    "Row",
    "covariate_label",
    "covariate_words",
    "endpoint_name",
    "estimate_text",
    "interval_label",
    "interval_text",
    "is_log_ratio",
    "is_measure",
    "is_until",
    "name_of",
    "of_itself",
    "per_step",
    "time_unit_of",
    "unit_of_contrast",
]

Language = Literal["en", "zh"]
Row = PlainMapping

_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "median": {"en": "median PFS", "zh": "中位无进展生存期"},
    "rmst": {"en": "restricted mean PFS", "zh": "限制性平均无进展生存时间"},
    "survival": {"en": "PFS rate", "zh": "无进展生存率"},
    "pfs": {"en": "PFS rate", "zh": "无进展生存率"},
    "os": {"en": "OS rate", "zh": "总生存率"},
    "pfs_median": {"en": "median PFS", "zh": "中位无进展生存期"},
    "os_median": {"en": "median OS", "zh": "中位总生存期"},
    "pfs_rmst": {"en": "restricted mean PFS", "zh": "限制性平均无进展生存时间"},
    "os_rmst": {"en": "restricted mean OS", "zh": "限制性平均总生存时间"},
    "alive_after_progression": {"en": "alive after progression", "zh": "进展后存活的比例"},
    "time_after_progression": {"en": "mean time alive after progression", "zh": "进展后存活的平均时间"},
    "progression_incidence": {"en": "cumulative incidence of progression", "zh": "进展的累积发生率"},
    "death_without_progression_incidence": {
        "en": "cumulative incidence of death without progression",
        "zh": "未进展死亡的累积发生率",
    },
    "survival_after_progression": {"en": "survival since progression", "zh": "自进展起的生存率"},
    "progression_hazard_ratio": {"en": "hazard ratio of progression", "zh": "进展的风险比(HR)"},
    "death_without_progression_hazard_ratio": {
        "en": "hazard ratio of death without progression",
        "zh": "未进展死亡的风险比(HR)",
    },
    "death_after_progression_hazard_ratio": {
        "en": "hazard ratio of death after progression",
        "zh": "进展后死亡的风险比(HR)",
    },
    "hazard_ratio": {"en": "hazard ratio", "zh": "风险比(HR)"},
    "marginal_hazard_ratio": {"en": "marginal hazard ratio", "zh": "边际风险比(HR)"},
    "time_ratio": {"en": "time ratio", "zh": "时间比"},
    "hazard": {"en": "hazard", "zh": "风险率"},
    "log_hazard_ratio": {"en": "log hazard ratio", "zh": "对数风险比"},
    "log_odds_ratio": {"en": "log odds ratio", "zh": "对数比值比"},
    "logit_mean": {"en": "mean log odds", "zh": "平均对数比值"},
    "precision": {"en": "precision of the rates", "zh": "发生率的精度参数"},
    "odds_ratio": {"en": "odds ratio", "zh": "比值比(OR)"},
    "risk_ratio": {"en": "risk ratio", "zh": "相对危险度(RR)"},
    "hazard_rate": {"en": "hazard", "zh": "风险率"},
    "rate": {"en": "rate", "zh": "发生率"},
    "log_time_ratio": {"en": "log time ratio", "zh": "对数时间比"},
    "hazard_growth": {"en": "growth of the hazard until the median", "zh": "至中位时间的风险增长"},
    "cure_fraction": {"en": "long-term event-free proportion", "zh": "长期无事件比例"},
    "reference_cure_fraction": {"en": "reference long-term event-free proportion", "zh": "参照患者长期无事件比例"},
    "log_spread": {"en": "spread of log time", "zh": "对数时间的离散度"},
    "log_shape": {"en": "Weibull shape", "zh": "Weibull形状参数"},
    "intercept": {"en": "odds, average patient", "zh": "平均患者的比值"},
    "log_hazard": {"en": "hazard, reference patient", "zh": "参照患者的风险率"},
    "residual_median": {"en": "remaining median", "zh": "剩余中位时间"},
    "remaining_median": {"en": "remaining median", "zh": "剩余中位时间"},
    "subgroup_difference": {"en": "ratio between subgroups", "zh": "亚组之间的比"},
    "reference_median": {"en": "reference median", "zh": "参照患者中位无进展生存期"},
    "predicted_effect": {"en": "effect of the next trial", "zh": "下一试验的效应"},
    "study_effect": {"en": "effect in the study", "zh": "各研究的效应"},
    "tau": {"en": "heterogeneity tau", "zh": "异质性标准差tau"},
    "i_squared": {"en": "I-squared", "zh": "I²"},
    "drift_sd": {"en": "drift sd", "zh": "相邻对数风险率之差的标准差"},
    "frailty_sd": {"en": "frailty sd", "zh": "各中心对数风险率的标准差"},
    "baseline_sd": {"en": "baseline sd", "zh": "各研究基线对数风险率的标准差"},
    "coefficient_sd": {"en": "coefficient sd", "zh": "共同收缩的系数的标准差"},
    "mu": {"en": "mean effect (log scale)", "zh": "平均效应（对数尺度）"},
    "effect": {"en": "effect", "zh": "效应"},
    "effect_at": {"en": "effect at the stated covariates", "zh": "指定协变量取值下的效应"},
    "predicted_effect_at": {
        "en": "effect of the next trial at the stated covariates",
        "zh": "指定协变量取值下下一试验的效应",
    },
    "baseline_rate": {"en": "risk without the treatment", "zh": "基线风险"},
    "event_rate": {"en": "risk at the stated baseline", "zh": "指定基线风险下的发生率"},
    "risk_difference": {"en": "risk difference at the stated baseline", "zh": "指定基线风险下的率差"},
}
_UNTIL: Final = ("rmst", "pfs_rmst", "os_rmst", "time_after_progression")
"""Estimands that are of the time up to a horizon, not at it."""
_ENDPOINTS_ZH: Final = {
    "progression": "进展",
    "death without progression": "未进展死亡",
    "death after progression": "进展后死亡",
    "ORR": "客观缓解率(ORR)",
    "DCR": "疾病控制率(DCR)",
    "PFS": "无进展生存期(PFS)",
    "OS": "总生存期(OS)",
    "DFS": "无病生存期(DFS)",
    "EFS": "无事件生存期(EFS)",
    "RFS": "无复发生存期(RFS)",
    "TTP": "至疾病进展时间(TTP)",
    "CR": "完全缓解率",
    "PR": "部分缓解率",
    "response": "缓解率",
    "treatment related death": "治疗相关死亡率",
}
_ADVERSE: Final = {
    "AE": "不良事件(AE)",
    "TRAE": "治疗相关不良事件(TRAE)",
    "TEAE": "治疗期间不良事件(TEAE)",
    "irAE": "免疫相关不良事件(irAE)",
}
_GRADES_OF_EVENTS: Final = {
    "any": ("any ", "任何级别"),
    "grade3plus": ("grade 3+ ", "≥3级"),
    "grade34": ("grade 3 or 4 ", "3～4级"),
}
UNITS_ZH: Final = {"months": "个月", "days": "天", "weeks": "周", "years": "年", "points": "个百分点", "%": "%"}
_RATIOS_ZH: Final = {
    "hazard ratio": "风险比(HR)",
    "odds ratio": "比值比(OR)",
    "risk ratio": "相对危险度(RR)",
    "ratio": "比",
}
_MEASURES_ZH: Final = {
    **_RATIOS_ZH,
    "mean difference": "均数差(MD)",
    "standardised mean difference": "标准化均数差(SMD)",
    "risk difference": "率差(RD)",
}
_SPREADS: Final = ("tau", "frailty_sd", "coefficient_sd", "global_scale")
"""Standard deviations of logarithms, which stay logarithms where the logarithms themselves are shown as ratios."""


# ---- numbers ----------------------------------------------------------------------------------


def _decimals(low: float, high: float, least: int) -> int:
    """Decimals that show two figures of the width of an interval."""
    width = abs(high - low)
    return least if not 0 < width < math.inf else min(4, max(least, 1 - math.floor(math.log10(width))))


def _plain(value: float, decimals: int) -> str:
    """A number without a minus before nothing, and in powers of ten where it is out of all proportion."""
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1e6:
        return f"{value:.2e}"
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


_LIFETIME: Final = {"days": 36_525.0, "weeks": 5_218.0, "months": 1_200.0, "years": 100.0}
"""A hundred years: a time beyond it is one that is not reached, whatever number a model has for it."""


def _time(value: float, decimals: int, unit: str, *, itself: bool, language: Language) -> str:
    """A time, or a difference of times, without its unit; not the number a model has for what never happens."""
    most = _LIFETIME[unit]
    if not abs(value) > most:
        return _plain(value, decimals)
    if itself:
        return "not reached" if language == "en" else "未达到"
    return f"> {most:g}" if value > 0 else f"< -{most:g}"


def unit_of_contrast(unit: str) -> str:
    """The unit of a contrast as `interval_text` takes it: points, a unit of time, or nothing."""
    of = unit.removeprefix("difference in ")
    if of.startswith("proportion"):
        return "points" if of != unit else of
    return of if of in UNITS_ZH else ""


def interval_text(
    low: float, middle: float, high: float, unit: str, language: Language = "en", *, itself: bool = False
) -> tuple[str, str]:
    """A middle and its interval, with one number of decimals and their unit.

    Parameters
    ----------
    low, middle, high : float
        Proportions are shown as per cent, and their differences as percentage points.
    unit : str
        As in `estimates` of `result.json`; ``"points"`` for a difference of proportions; ``""`` for none.
    language : {"en", "zh"}
    itself : bool
        Whether the numbers are times themselves, which beyond a hundred years are not reached, and no differences.

    Returns
    -------
    middle, interval : str
    """
    shown = "%" if unit.startswith("proportion") else unit
    factor = 100.0 if shown in ("%", "points") else 1.0
    least = 1 if shown in ("%", "points") or shown in UNITS_ZH else 2
    values = [factor * v for v in (low, middle, high)]
    decimals = _decimals(values[0], values[2], least)
    lower, central, upper = (
        _time(v, decimals, shown, itself=itself, language=language) if shown in _LIFETIME else _plain(v, decimals)
        for v in values
    )
    if itself and shown in _LIFETIME and values[2] > _LIFETIME[shown]:
        return _with_open_end(values, (lower, central, upper), shown, language)
    rate = re.fullmatch(r"(?:.* )?per (month|week|day|year)", shown)
    if rate:
        after = f" per {rate[1]}" if language == "en" else f"/{UNITS_ZH[rate[1] + 's'].removeprefix('个')}"
        between = " to " if language == "en" else "～"
        return f"{central}{after}", f"{lower}{between}{upper}{after}"
    if language == "zh":
        after = UNITS_ZH.get(shown, "")
        span = f"{lower}%～{upper}%" if shown == "%" else f"{lower}～{upper}{after}"
        return f"{central}{after}", span
    after = {"%": " %", "points": " percentage points", "": ""}.get(shown, f" {shown}" if shown in UNITS_ZH else "")
    return f"{central}{after}", f"{lower} to {upper}{after}"


def _with_open_end(
    values: Sequence[float], said: tuple[str, str, str], unit: str, language: Language
) -> tuple[str, str]:
    """A time of which the upper limit, or more, is not reached: the unit stands after the numbers alone."""
    after = f" {unit}" if language == "en" else UNITS_ZH[unit]
    lower, central, upper = (
        word if value > _LIFETIME[unit] else f"{word}{after}" for value, word in zip(values, said, strict=True)
    )
    return central, f"{lower} to {upper}" if language == "en" else f"{lower}～{upper}"


def estimate_text(row: Row, language: Language = "en") -> str:
    """Median and interval of a row of `estimates`; of a logarithm, what it is the logarithm of."""
    low, central, high = (float(row[k]) for k in ("lower", "median", "upper"))
    unit = str(row["unit"])
    if is_log_ratio(unit, str(row.get("estimand", ""))) or row.get("estimand") in _SHOWN_AS_RATIO:
        steps = per_step(unit)[1]
        low, central, high = (math.exp(max(-700.0, min(steps * v, 700.0))) for v in (low, central, high))
        unit = "ratio"
    middle, span = interval_text(low, central, high, unit, language, itself=True)
    return f"{middle} ({interval_label(row, language)} {span})"


def is_log_ratio(unit: str, estimand: str = "") -> bool:
    """Whether an estimate is the logarithm of a ratio, which is shown as the ratio; not so a standard deviation."""
    return unit.startswith(("log hazard ratio", "log odds ratio", "log risk ratio")) and estimand not in _SPREADS


def is_measure(unit: str) -> bool:
    """Whether what stands as the unit of an effect is the name of its measure, which the effect is named by already."""
    return unit in _MEASURES_ZH


def of_itself(row: Row) -> bool:
    """Whether an estimate is the ratio of a regimen to itself, which is one and says nothing."""
    return "ratio" in str(row["unit"]) and bool(row["lower"] == row["upper"])


_SHOWN_AS_RATIO: Final = ("log_shape", "log_spread", "hazard_growth", "intercept", "log_hazard")
"""Estimands that are logarithms and shown without."""

_SCALED: Final = re.compile(r"\((?:log\((?P<logged>.+?)\)|(?P<plain>.+?)) [-+] [\d.e+-]+\) / (?P<scale>[\d.e+-]+)$")


def per_step(unit: str, language: Language = "en") -> tuple[str, float]:
    """What one step of a coefficient is, in words, and how many of its own units: a doubling, or one point.

    Parameters
    ----------
    unit : str
        As in `estimates`, for example ``"log hazard ratio per (log(nlr) - 1.15) / 0.506"``.
    """
    how = unit.partition(" per ")[2]
    scaled = _SCALED.match(how)
    if scaled is None:
        return how.replace("_", " "), 1.0
    scale = float(scaled["scale"])
    if scaled["logged"]:
        return ("per doubling" if language == "en" else "每增加一倍"), math.log(2.0) / scale
    return ("per point" if language == "en" else "每增加1"), 1.0 / scale


def interval_label(row: Row, language: Language) -> str:
    """What the interval of a row is called, with its probability."""
    return f"{100 * row['ci_prob']:g} % CrI" if language == "en" else f"{100 * row['ci_prob']:g}%CrI"


KNOWN_COVARIATES: Final = tuple(COVARIATE_WORDS)


def covariate_label(
    column: str, stated: Mapping[str, Mapping[str, str]] | None = None, language: Language = "en"
) -> str:
    """A covariate as people say it: the `label` of the analysis, what is known of the column, or its name.

    Parameters
    ----------
    column : str
        Or one of its levels, ``column[level]``.
    stated : mapping, optional
        By column, the keys `label` and `unit` of the analysis: `covariates` of `result.json`.
    language : {"en", "zh"}
    """
    given = (stated or {}).get(column.partition("[")[0], {}).get("label")
    return covariate_in_words(column, given, chinese=language == "zh")


def covariate_words(
    covariate: str, unit: str, stated: Mapping[str, Mapping[str, str]] | None = None, language: Language = "en"
) -> str:
    """What the effect of a covariate compares: "NLR, per doubling", "ECOG 1 or more against 0", "age, per year".

    Parameters
    ----------
    covariate : str
        The column, or ``column[level]``.
    unit : str
        Of its coefficient, as in `estimates`.
    stated : mapping, optional
        As `covariate_label` takes it.
    language : {"en", "zh"}
    """
    column, _, level = covariate.partition("[")
    label, how = covariate_label(column, stated, language), unit.partition(" per ")[2]
    if level and " against " in how:
        above, _, below = how.partition(" against ")
        more = level.startswith(">=")
        if language == "zh":
            return f"{label} {above}{'及以上' if more else ''}与{below}相比"
        return f"{label} {above}{' or more' if more else ''} against {below}"
    words, steps = per_step(unit, language)
    if steps == 1.0 and _SCALED.match(how) is None:
        return label
    measured = (stated or {}).get(column, {}).get("unit", "")
    if measured and "log(" not in how:
        singular = measured.removesuffix("s") if measured in UNITS_ZH else measured
        words = f"per {singular}" if language == "en" else f"每增加1{UNITS_ZH.get(measured, measured)}"
    return f"{label}, {words}" if language == "en" else f"{label}（{words}）"


# ---- names ------------------------------------------------------------------------------------


def name_of(row: Row, unit: str = "", time_unit: str = "", language: Language = "en") -> str:
    """What a row is about: the endpoint or the estimand, with its time."""
    estimand, endpoint, time = str(row["estimand"]), row.get("endpoint"), row.get("time")
    measure = unit.removeprefix("log ")
    measure = measure if measure in _MEASURES_ZH else ""
    if estimand == "rate" and endpoint:
        name = endpoint_name(str(endpoint), language)
    elif estimand == "effect" and measure:
        name = measure if language == "en" else _MEASURES_ZH[measure]
    else:
        name = _NAMES.get(estimand, {"en": estimand.replace("_", " "), "zh": estimand.replace("_", " ")})[language]
        if estimand in ("predicted_effect", "study_effect", "tau") and measure:
            name = f"{name} ({unit})" if language == "en" else f"{name}（{_measure_zh(unit, measure)}）"
    if time is None:
        return name
    if language == "zh":
        at = f"{time:g}{UNITS_ZH.get(time_unit, '')}"
        return f"{at}{'内' if is_until(estimand) else ''}{name}"
    return f"{name} {'to' if is_until(estimand) else 'at'} {time:g} {time_unit}".rstrip()


def is_until(estimand: str) -> bool:
    """Whether the time of an estimand is a horizon, up to which it is meant."""
    return estimand in _UNTIL


def time_unit_of(units: Mapping[str, str]) -> str:
    """The unit of times of a result, as the first of its estimands that is a time states it; blank if none is.

    Parameters
    ----------
    units : mapping of str to str
        By estimand.
    """
    return next((unit for unit in units.values() if unit in _LIFETIME), "")


def endpoint_name(endpoint: str, language: Language = "en") -> str:
    """An endpoint as people say it: ``grade3plus_TRAE`` is the rate of treatment-related events of grade 3 or more."""
    graded, _, events = endpoint.partition("_")
    if graded in _GRADES_OF_EVENTS and events in _ADVERSE:
        how = _GRADES_OF_EVENTS[graded]
        return f"rate of {how[0]}{events}" if language == "en" else f"{how[1]}{_ADVERSE[events]}发生率"
    if endpoint == "SAE":
        return "rate of SAE" if language == "en" else "严重不良事件(SAE)发生率"
    label = endpoint.replace("_", " ")
    return label if language == "en" else _ENDPOINTS_ZH.get(label, label)


def _measure_zh(unit: str, measure: str) -> str:
    return f"{_MEASURES_ZH[measure]}{'的对数' if unit != measure else ''}"
