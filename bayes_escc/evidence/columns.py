"""Names of columns: one meaning has the same names in every table, and no meaning has two columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable
from bayes_escc.names import normalise
from bayes_escc.settings.reader import nearest

__all__ = [
    "SYNONYMS",
    "WEAK",
    "bare_header",
    "canonical_columns",
    "column_meant",
    "column_named",
    "missing_columns",
    "not_used",
    "refuse_other_units",
    "refuse_two_intervals",
    "told_apart",
    "unit_named",
]

EITHER: Final = "例数"
"""A number of cases: the events where another column is the total, the total where another column has the events."""

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "study": ("trial", "cohort", "研究"),
    "regimen": (
        *("treatment", "therapy", "treatment_arm", "treatment_group", "arm", "group"),
        *("方案", "治疗方案", "治疗", "用药方案", "化疗方案", "组别", "分组", "治疗组"),
    ),
    "experimental": (
        *("regimen", "treatment", "therapy", "experimental_regimen", "experimental_arm", "intervention"),
        *("试验组", "试验组方案", "试验方案", "方案", "治疗方案"),
    ),
    "control": ("comparator", "reference", "control_arm", "对照组", "对照组方案", "对照方案", "对照"),
    "endpoint": ("outcome", "终点"),
    "events": (
        *("responders", "event", "count", "number_of_events", "no_of_events", "events/n", "n/n", "r/n", "x/n"),
        *("events_(%)", "responders_(%)", "count_(%)", "n_(%)", "n(%)", "n/n_(%)", EITHER, "例数(%)", "例数_(%)"),
        *("事件数", "有效例数", "缓解例数", "发生例数"),
    ),
    "n": (
        *("total", "patients", "sample_size", "number_of_patients", "no_of_patients", "evaluable"),
        *("总例数", "总人数", "总数", "人数", "样本量", "患者数"),
    ),
    "percent": (
        *("percentage", "rate_percent", "per_cent", "%", "rate_(%)", "rate(%)", "百分比", "百分率", "率"),
        *("率(%)", "率_(%)", "发生率", "发生率(%)", "发生率_(%)", "百分比(%)", "百分比_(%)", "百分率(%)"),
    ),
    "measure": ("effect_measure", "效应指标"),
    "estimate": (
        "effect",
        "hr",
        "or",
        "rr",
        "rd",
        "md",
        "smd",
        "log_hr",
        "loghr",
        "log_or",
        "logor",
        "log_rr",
        "logrr",
        "mean_difference",
        "risk_difference",
        "mean",
        "log_odds",
        "log_hazard",
        "效应量",
    ),
    "median": (
        *("median_time", "median_pfs", "mpfs", "pfs", "median_os", "mos", "os", "median_survival"),
        *("median_progression-free_survival", "median_progression_free_survival", "median_overall_survival"),
        *("median_dor", "mdor", "dor", "median_dfs", "mdfs", "dfs", "median_efs", "mefs", "efs"),
        *("median_duration_of_response", "median_disease-free_survival", "median_event-free_survival"),
        *("median_ttp", "mttp", "ttp", "median_time_to_progression", "中位至疾病进展时间"),
        *("中位数", "中位时间", "中位pfs", "中位os", "中位生存期", "中位总生存期", "中位生存时间"),
        *("中位无进展生存期", "中位无进展生存时间", "无进展生存期", "总生存期", "中位缓解持续时间"),
    ),
    "follow_up": (
        *("followup", "follow-up", "median_follow_up", "median_followup", "median_follow-up"),
        *("随访", "随访时间", "中位随访时间", "中位随访"),
    ),
    "time": ("时间", "随访时间"),
    "survival": ("surv", "survival_probability", "生存率", "生存概率", "总生存率", "无进展生存率"),
    "at_risk": (
        *("n", "n_at_risk", "number_at_risk", "numbers_at_risk", "no_at_risk", "no._at_risk", "n.risk"),
        *("风险人数", "风险集人数", "在险人数"),
    ),
    "ci_low": ("lower", "lower_limit", "ci_lower", "lcl", "下限"),
    "ci_high": ("upper", "upper_limit", "ci_upper", "ucl", "上限"),
    "ci_level": ("level", "confidence_level", "置信水平"),
    "lower": ("ci_low", "lower_limit", "ci_lower", "lcl", "下限"),
    "upper": ("ci_high", "upper_limit", "ci_upper", "ucl", "上限"),
    "interval": (
        "ci",
        "confidence_interval",
        "95%_ci",
        "95%ci",
        "ci_95",
        "ci95",
        "95_ci",
        "95%_cri",
        "置信区间",
        "95%置信区间",
    ),
    "se": ("standard_error", "std_error", "标准误"),
    "p": ("p_value", "pvalue", "p值"),
    "population": ("subgroup", "人群"),
}
"""Further names of a meaning, lower case with underscores for blanks; the same in every table."""

WEAK: Final = frozenset({"arm", "group", "组别", "分组", "治疗"})
"""Further names that often mean something else: they are no candidates beside a column with the meaning's own name."""

_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "days": ("d", "day", "days", "天", "日"),
    "weeks": ("w", "wk", "wks", "week", "weeks", "周"),
    "months": ("m", "mo", "mos", "mth", "mths", "month", "months", "月", "个月"),
    "years": ("y", "yr", "yrs", "year", "years", "年"),
}
_UNIT_NAMES: Final[Mapping[str, str]] = {name: unit for unit, names in _UNITS.items() for name in names}
_WITH_UNIT: Final = re.compile(
    r"(.+?)\s*(?:[(\[]\s*(?:in\s+)?({0})\s*[)\]]?|,\s*(?:in\s+)?({0}))".format("|".join(_UNIT_NAMES)),
    re.IGNORECASE,
)
"""A header that names a time and its unit, ``PFS (months)`` or ``median PFS, months``."""

_COUNTED: Final = re.compile("([天周月年])数$")
"""The end of a header that counts a unit, 随访月数."""

_WITH_INTERVAL: Final = re.compile(
    r"(.+?)\s*[\s_(\[,:]\s*[0-9]{2}(?:\.[0-9]+)?\s*%?\s*(?:ci|cri|confidence interval|置信区间|可信区间)\s*[)\]]?",
    re.IGNORECASE,
)
"""A header that names an estimate and its interval, ``HR (95% CI)``."""


def _folded(name: str) -> str:
    """A header without its unit and interval, in lower case."""
    plain = bare_header(normalise(name))[0]
    return plain.casefold().replace(" ", "_")


def bare_header(plain: str) -> tuple[str, str | None]:
    """A header without what it says of an interval and a unit, and that unit."""
    unit = None
    while True:
        if within := _WITH_INTERVAL.fullmatch(plain):
            plain = within[1]
        elif timed := _WITH_UNIT.fullmatch(plain):
            plain, unit = timed[1], _UNIT_NAMES[(timed[2] or timed[3]).casefold()]
        else:
            return plain, unit


def _unit_of_header(name: str) -> str | None:
    """The unit of time that a header states, ``PFS (months)``; None if it states none."""
    return bare_header(normalise(name))[1]


def unit_named(header: str) -> str | None:
    """The unit that a header states or ends in, ``PFS (months)`` or ``pfs_months``: to suggest, never to assume."""
    plain = normalise(header)
    counted = _COUNTED.search(plain)
    last = counted[1] if counted else re.split(r"[\W_]+", plain)[-1]
    return _unit_of_header(header) or _UNIT_NAMES.get(last.casefold())


def _candidates(folded: Mapping[str, Sequence[str]], meaning: str, taken: Collection[str] = ()) -> list[str]:
    """Columns that can be what is meant; names that often mean something else only where none has its own name."""
    own = [c for c in folded.get(meaning.casefold(), ()) if c not in taken]
    names = [s.casefold() for s in SYNONYMS.get(meaning, ()) if not (own and s in WEAK)]
    return own + [c for name in dict.fromkeys(names) for c in folded.get(name, ()) if c not in taken]


def _by_folded(raw: RawTable) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for column in raw.columns:
        folded.setdefault(_folded(column), []).append(column)
    return folded


def canonical_columns(
    raw: RawTable, meanings: Iterable[str], problems: list[Problem], further: Mapping[str, str] | None = None
) -> RawTable:
    """The table with its columns under the package's names; two columns for one meaning are refused.

    Parameters
    ----------
    raw : RawTable
    meanings : iterable of str
        Names of columns, in the order in which they take one that may mean two.
    problems : list of Problem
        Appended to.
    further : mapping, optional
        Names that are taken as they are, by their spelling in lower case.
    """
    folded = _by_folded(raw)
    names: dict[str, str] = _either(folded) if "n" in (meanings := tuple(meanings)) else {}
    for meaning in meanings:
        if meaning in names.values():
            continue
        candidates = _candidates(folded, meaning, names)
        if "interval" in meanings and not _candidates(folded, "interval"):
            candidates, beside = _interval_apart(candidates)
            names |= dict.fromkeys(beside, "interval")
        if len(candidates) > 1:
            problems.append(_two(meaning, candidates))
        elif candidates:
            names[candidates[0]] = meaning
    for plain, meaning in (further or {}).items():
        candidates = [c for c in folded.get(plain, ()) if c not in names]
        if len(candidates) > 1:
            problems.append(_two(meaning, candidates))
        elif candidates:
            names[candidates[0]] = meaning
    return raw if problems else raw.renamed(names)


def _interval_apart(candidates: list[str]) -> tuple[list[str], list[str]]:
    """Of two columns, ``HR`` and ``HR 95% CI``, the one of estimates and the one of their intervals."""
    beside = [c for c in candidates if _WITH_INTERVAL.fullmatch(normalise(c))]
    if len(candidates) != 2 or len(beside) != 1:
        return candidates, []
    return [c for c in candidates if c not in beside], beside


def _either(folded: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """`例数` as the total where another column has the events or their percentage, and no other is the total."""
    cases = folded.get(EITHER, ())
    if len(cases) != 1 or _candidates(folded, "n"):
        return {}
    beside = [c for meaning in ("events", "percent") for c in _candidates(folded, meaning, cases)]
    return {cases[0]: "n"} if beside else {}


def _two(meaning: str, candidates: Collection[str]) -> Problem:
    listed = " and ".join(candidates)
    return Problem(
        "two_columns",
        f"the columns {listed} can all be the {meaning}"
        if len(candidates) > 2
        else f"the columns {listed} can both be the {meaning}",
        "Rename or drop those that are not meant.",
        row=1,
        column=next(iter(candidates)),
    )


def missing_columns(table: RawTable, columns: Sequence[str]) -> list[Problem]:
    """One problem for every column that is not there."""
    return [
        Problem(
            "missing_column",
            f"there is no column {c}; the columns are {', '.join(table.columns)}",
            f"Add it.{nearest(c, table.columns)}",
            1,
            c,
        )
        for c in columns
        if c not in table.columns
    ]


def refuse_two_intervals(columns: Collection[str], limits: tuple[str, str], problems: list[Problem]) -> None:
    """Refuse an interval in one cell beside limits in columns of their own."""
    beside = [c for c in limits if c in columns]
    if "interval" in columns and beside:
        problems.append(_two("interval", ["interval", *beside]))


def column_named(raw: RawTable, name: str, problems: list[Problem]) -> str:
    """The column of a name that somebody stated: spelled exactly so, else the only one in other capitals."""
    if name in raw.cells:
        return name
    candidates = [c for c in raw.columns if normalise(c).casefold() == normalise(name).casefold()]
    if len(candidates) > 1:
        listed = " and ".join(candidates)
        problems.append(
            Problem(
                "two_columns",
                f"{name!r} can be each of the columns {listed}",
                "Spell it exactly as the one meant.",
                row=1,
                column=candidates[0],
            )
        )
    return candidates[0] if candidates else name


def column_meant(raw: RawTable, meaning: str, problems: list[Problem]) -> str:
    """The column of a meaning that nobody named, under any of its names; two candidates are refused."""
    candidates = _candidates(_by_folded(raw), meaning)
    if len(candidates) > 1:
        problems.append(_two(meaning, candidates))
    return candidates[0] if candidates else meaning


def refuse_other_units(headers: Iterable[str], unit: str | None, problems: list[Problem]) -> None:
    """Refuse times whose header states another unit than the one declared."""
    for header in headers:
        stated = _unit_of_header(header)
        if stated is not None and unit is not None and stated != unit:
            problems.append(
                Problem(
                    "units_disagree",
                    f"the header says {stated}, but the declared unit is {unit}",
                    f'Correct either: time_unit = "{stated}", or the header.',
                    row=1,
                    column=header,
                )
            )


def told_apart(
    what: str, further: Sequence[str], apart: Sequence[str], other: tuple[Sequence[str], int], number: int, study: str
) -> list[Problem]:
    """A note on two rows of one label that differ in a further column, unless it is population, made for that."""
    differing = [c for c, a, b in zip(further, apart, other[0], strict=True) if a != b]
    if "population" in differing:
        return []
    return [
        Problem(
            "told_apart",
            f"{what} also stands in row {other[1]}, told apart by {', '.join(differing)}",
            "An analysis takes one of them, chosen with where.",
            row=number,
            column="study",
            value=study,
        )
    ]


def not_used(columns: Collection[str], used: Collection[str]) -> list[Problem]:
    """A note on the columns that nothing reads; what documents a row (source, notes) needs no reader."""
    documents = {"source", "notes", "verification", "registration"}
    exact = {_folded(c) for c in columns if c in used}
    known = documents | ({_folded(u) for u in used} - exact)
    left = [c for c in columns if c not in used and _folded(c) not in known]
    if not left:
        return []
    return [Problem("not_used", f"not used: {', '.join(left)}", "Right if none of them matters to the answer.")]
