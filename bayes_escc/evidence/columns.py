"""Names of columns: one meaning has the same names in every table, and no meaning has two columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable
from bayes_escc.names import normalise

__all__ = ["SYNONYMS", "canonical_columns", "column_named", "not_used", "refuse_two_intervals", "told_apart"]

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "study": ("trial", "cohort", "研究"),
    "regimen": ("treatment", "therapy", "方案", "治疗方案"),
    "experimental": ("regimen", "treatment", "experimental_regimen", "intervention", "试验组", "治疗方案"),
    "control": ("comparator", "reference", "对照组"),
    "endpoint": ("outcome", "终点"),
    "events": ("responders", "event", "count", "例数"),
    "n": ("total", "patients", "sample_size", "总例数"),
    "percent": ("percentage", "rate_percent", "%", "百分比"),
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
    "median": ("median_time", "中位数", "中位时间"),
    "follow_up": ("followup", "follow-up", "median_follow_up", "median_followup", "随访", "随访时间", "中位随访时间"),
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
"""Further names of a meaning, lower case with underscores for blanks."""


_WITH_INTERVAL: Final = re.compile(
    r"(.+?)\s*[(\[,]\s*[0-9]{2}(?:\.[0-9]+)?\s*%?\s*(?:ci|cri|confidence interval|置信区间|可信区间)\s*[)\]]?",
    re.IGNORECASE,
)
"""A header that names an estimate and its interval, ``HR (95% CI)``."""


def _folded(name: str) -> str:
    plain = normalise(name)
    within = _WITH_INTERVAL.fullmatch(plain)
    return (within[1] if within else plain).casefold().replace(" ", "_")


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
    folded: dict[str, list[str]] = {}
    for column in raw.columns:
        folded.setdefault(_folded(column), []).append(column)
    names: dict[str, str] = {}
    for meaning in meanings:
        spelled = [meaning, *SYNONYMS.get(meaning, ())]
        candidates = [c for s in spelled for c in folded.get(s.casefold(), ()) if c not in names]
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
