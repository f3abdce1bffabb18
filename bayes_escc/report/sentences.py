"""Results in sentences, English and Chinese: what terminal, page and Word say of a result, from one place.

The number comes first and the word after it, and the word comes from one table of grades (`GRADES`), taken from the
unrounded probability. Nothing here computes: a sentence says what the rows of `result.json` hold. Words that claim more
than a posterior probability can (see the test of this module) do not occur, and a probability near one half is never
called a likeness of the regimens: it says that the data cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bayes_escc.names import NO_ANSWER, format_probability
from bayes_escc.report.endpoint_words import of_result
from bayes_escc.report.naming import own_names
from bayes_escc.report.quantities import (
    UNITS_ZH,
    Language,
    Row,
    estimate_text,
    interval_label,
    interval_text,
    is_measure,
    name_of,
    of_itself,
    time_unit_of,
)

__all__ = [
    "GRADES",
    "Contrast",
    "allows_for_bias",
    "contrast_text",
    "contrast_unit",
    "design_sentence",
    "grade",
    "headline_probability",
    "margin_text",
    "rope_sentence",
    "said_before",
    "verdict",
]

GRADES: Final[tuple[tuple[float, Mapping[Language, str]], ...]] = (
    (0.99, {"en": "almost certainly", "zh": "几乎肯定"}),
    (0.95, {"en": "very probably", "zh": "极有可能"}),
    (0.90, {"en": "probably", "zh": "很可能"}),
    (0.66, {"en": "more likely than not, but uncertain", "zh": "较可能（但不确定性较大）"}),
)
"""Least probability of each word; below the last, the data cannot tell."""

_TIE: Final = 1e-6
"""Probabilities that differ by less are told as equal, so that no order of rows decides who is named."""
_SURVIVAL: Final = (
    "median",
    "rmst",
    "survival",
    "cure_fraction",
    "hazard_ratio",
    "marginal_hazard_ratio",
    "time_ratio",
    *("pfs", "pfs_median", "pfs_rmst"),
)
_OVERALL: Final = ("os", "os_median", "os_rmst")


# ---- contrasts --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contrast:
    """A row of `comparisons`, turned so that its first regimen is the one more probably better.

    Parameters
    ----------
    first, second : str
    probability : float
        That `first` is better than `second`, at least one half; allowing for bias where the row does.
    error : float
        Its Monte Carlo standard error.
    without_bias : float or None
        The same as if patients did not differ, where the row allows for bias.
    low, middle, high : float
        Of `first` against `second`, on the scale of the row.
    turned : bool
        Whether `first` is the reference of the row.
    """

    first: str
    second: str
    probability: float
    error: float
    without_bias: float | None
    low: float
    middle: float
    high: float
    turned: bool

    @classmethod
    def of(cls, row: Row) -> Contrast:
        """Read a row."""
        p, error = headline_probability(row)
        plain = row["probability_better"] if allows_for_bias(row) else None
        values = (row["lower"], row["median"], row["upper"])
        if p > 0.5 - _TIE:
            return cls(row["regimen"], row["reference"], p, error, plain, *values, False)
        low, middle, high = (
            -v if row["scale"] == "difference" else math.inf if v == 0 else 1 / v for v in values[::-1]
        )
        other = None if plain is None else 1.0 - plain
        return cls(row["reference"], row["regimen"], 1.0 - p, error, other, low, middle, high, True)


def allows_for_bias(row: Row) -> bool:
    """Whether the headline of a comparison is averaged over a bias between the patients."""
    return bool(row.get("bias_sd")) and row.get("probability_better_with_bias") is not None


def headline_probability(row: Row, *, margin: bool = False) -> tuple[float, float]:
    """P(better), or P(better by the margin), and its Monte Carlo error; allowing for bias where the row does."""
    name = "_by_margin" if margin else ""
    if allows_for_bias(row) and row.get(f"probability_better{name}_with_bias") is not None:
        error = "mcse_probability_by_margin_with_bias" if margin else "mcse_probability_with_bias"
        return row[f"probability_better{name}_with_bias"], row[error] or 0.0
    error = "mcse_probability_by_margin" if margin else "mcse_probability"
    return row[f"probability_better{name}"], row[error] or 0.0


def said_before(rows: Sequence[Row]) -> list[bool]:
    """For every comparison, whether its probability is one that an earlier row of the same regimens gives already.

    Under one hazard ratio the probability of being better is one number, whatever is compared: it is printed once.
    """
    known, found = set(), []
    for row in rows:
        values = (row["probability_better"], headline_probability(row)[0])
        key = (row["regimen"], row["reference"], row["endpoint"], *(round(v, 6) for v in values))
        found.append(key in known)
        known.add(key)
    return found


def grade(probability: float, error: float = 0.0) -> int | None:
    """The place in `GRADES` of a probability of at least one half; None where the data cannot tell.

    Closer to a boundary than two Monte Carlo standard errors, the milder word is taken.
    """
    for i, (least, _) in enumerate(GRADES):
        if probability - (2.0 * error if abs(probability - least) < 2.0 * error else 0.0) >= least:
            return i
    return None


def contrast_unit(row: Row, unit: str) -> str:
    """The unit of a contrast: of a difference of proportions, percentage points; of a ratio, none."""
    if row["scale"] != "difference" or is_measure(unit):
        return ""
    return "points" if unit.startswith("proportion") else unit


def contrast_text(row: Row, unit: str, language: Language = "en", *, with_unit: bool = True) -> str:
    """Median and interval of a row of `comparisons`, regimen against reference."""
    shown = contrast_unit(row, unit)
    middle, span = interval_text(row["lower"], row["median"], row["upper"], shown, language)
    if not with_unit:
        ending = {"points": " percentage points", "": ""}.get(shown, f" {shown}")
        middle, span = middle.removesuffix(ending), span.removesuffix(ending)
    return f"{middle} ({span})"


def margin_text(row: Row, unit: str, language: Language = "en") -> str:
    """The margin of a comparison with its unit."""
    shown = contrast_unit(row, unit)
    if shown == "points":
        return f"{100 * row['margin']:g}" + (" percentage points" if language == "en" else "个百分点")
    if language == "zh":
        return f"{row['margin']:g}{UNITS_ZH.get(shown, '')}"
    named = shown if shown in UNITS_ZH else ""
    return f"{row['margin']:g} {named.removesuffix('s') if row['margin'] == 1 else named}".rstrip()


def _probability(p: float, error: float | None) -> str:
    return format_probability(p, error)


_DESIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "randomised": ("The regimens were assigned at random.", "患者随机分组。"),
    "randomised, but for patients borrowed from earlier trials": (
        "The regimens were assigned at random, but for the patients borrowed from earlier trials.",
        "患者随机分组，但从既往试验借用的患者除外。",
    ),
    "randomised within trials, compared through the network": (
        "Assigned at random within trials; the comparison runs through the network of trials.",
        "各试验内随机分组，比较经由试验网络得出。",
    ),
    "same study, randomisation not stated": (
        "Whether the regimens were assigned at random is not stated.",
        "是否随机分组未说明。",
    ),
    "as entered, randomisation not stated": (
        "Whether the regimens were assigned at random is not stated.",
        "是否随机分组未说明。",
    ),
}
"""What is said of a contrast by its anchoring, the best protected first; of any other that it is not randomised."""


def design_sentence(anchoring: str, language: Language = "en") -> str:
    """What is known of the assignment of patients to the regimens."""
    not_randomised = (
        "The regimens were not assigned at random; differences between patients are part of this number.",
        "患者并非随机分组，该数值同时反映了患者之间的差异。",
    )
    return _DESIGNS.get(anchoring, not_randomised)[language == "zh"]


def _least_protected(anchors: Iterable[str]) -> str:
    """The anchoring by which the least protected of several contrasts is known."""
    order = list(_DESIGNS)
    return max(sorted(anchors), key=lambda a: order.index(a) if a in _DESIGNS else len(order))


def _verb(row: Row, language: Language, *, past: bool) -> str:
    """What the better regimen does, up to the name of the other."""
    estimand, better = str(row["estimand"]), row.get("better")
    if estimand in _OVERALL:
        if language == "zh":
            return "生存时间长于"
        if estimand == "os":
            return "kept more patients alive than" if past else "keeps more patients alive"
        return "kept patients alive longer than" if past else "keeps patients alive longer"
    if estimand in _SURVIVAL:
        if language == "zh":
            return "长期无事件比例高于" if estimand == "cure_fraction" else "无进展生存期长于"
        if estimand == "cure_fraction":
            return "kept more patients event-free for good than" if past else "keeps more patients event-free for good"
        if estimand in ("survival", "pfs"):
            return "kept more patients progression-free than" if past else "keeps more patients progression-free"
        return "kept patients progression-free longer than" if past else "keeps patients progression-free longer"
    name = name_of(row, language=language)
    if estimand == "rate":
        higher = better != "lower"
        if language == "zh":
            return f"{name}{'高于' if higher else '低于'}"
        word = "higher" if higher else "lower"
        return f"had the {word} {name} than" if past else f"has the {word} {name}"
    if language == "zh":
        return "结局优于"
    return "had the better outcome than" if past else "has the better outcome"


def _size(row: Row, contrast: Contrast, unit: str, time_unit: str, language: Language) -> str:
    """The contrast of the better regimen with the other, with its interval."""
    middle, span = interval_text(contrast.low, contrast.middle, contrast.high, contrast_unit(row, unit), language)
    name = name_of(row, unit, time_unit, language)
    if row["scale"] == "odds_ratio":
        name = "odds ratio" if language == "en" else "比值比(OR)"
    elif row["scale"] == "ratio" and "ratio" not in name and "比" not in name:
        name = f"ratio of {name}" if language == "en" else f"{name}之比"
    ci = interval_label(row, language)
    if language == "zh":
        named = f"{name}差值" if row["scale"] == "difference" and not is_measure(unit) else name
        return f"{named}{middle}({ci} {span})"
    if row["scale"] != "difference" or is_measure(unit):
        return f"{name} {middle}, {ci} {span}"
    if row.get("better") == "lower" or contrast.middle < 0:  # a bias may favour the regimen that did worse
        return f"difference in {name} {middle}, {ci} {span}"
    longer = "longer" if time_unit and unit == time_unit else "higher"
    return f"its {name} is {middle} {longer}, {ci} {span}"


def _events(result: Row) -> int:
    """The events of the comparison that heads the verdict; zero where those of several endpoints are added up."""
    endpoints = {r.get("endpoint") for r in result["estimates"] if r["estimand"] == "rate"}
    return 0 if len(endpoints) > 1 else int(result["data"]["events"] or 0)


def _two(row: Row, data: Row, events: int, unit: str, time_unit: str, language: Language) -> list[str]:
    """The verdict on one comparison of two regimens."""
    contrast = Contrast.of(row)
    level = grade(contrast.probability, contrast.error)
    p = _with_bias(contrast, language)
    size = _size(row, contrast, unit, time_unit, language)
    if language == "zh":
        counts = f"共{data['patients']}例" + (f"、{events}例事件。" if events else "。") if data["patients"] else ""
        if level is None:
            first = (
                f"现有数据无法分辨{contrast.first}与{contrast.second}何者{_better_zh(row)}："
                f"前者更优的后验概率为{p}，{size}。"
            )
        else:
            word = GRADES[level][1]["zh"]
            first = f"在本组患者中，{contrast.first}的{_joined_zh(row, word)}{contrast.second}：后验概率{p}，{size}。"
        return [counts + first, *_margin(row, unit, language), design_sentence(row["anchoring"], "zh")]
    if level is None:
        first = (
            f"The data cannot tell which of {contrast.first} and {contrast.second} {_verb(row, 'en', past=False)}: "
            f"posterior probability {p} for {contrast.first}; {size}."
        )
    else:
        where = "" if row["anchoring"].startswith("randomised") else " in these patients"
        first = (
            f"{_counted(_graded(contrast.first, level), int(data['patients'] or 0), events)} "
            f"{_verb(row, 'en', past=True)} {contrast.second}{where}: posterior probability {p}; {size}."
        )
    return [first, *_margin(row, unit, language), design_sentence(row["anchoring"], "en")]


def _counted(said: str, patients: int, events: int) -> str:
    """What is said, after the number of patients that it rests on, where that is known."""
    if not patients:  # published effects seldom tell
        return f"I{said[1:]}" if said.startswith("it is ") else said
    counted = f" and {events} {'event' if events == 1 else 'events'}" if events else ""
    return f"With {patients} {'patient' if patients == 1 else 'patients'}{counted}, {said}"


def _graded(subject: str, level: int) -> str:
    """A subject with the word of its grade, before a verb."""
    word = GRADES[level][1]["en"]
    return f"it is {word}, that {subject}" if level == len(GRADES) - 1 else f"{subject} {word}"


def _with_bias(contrast: Contrast, language: Language) -> str:
    """The probability of a contrast, and beside it what it would be if patients did not differ."""
    p = _probability(contrast.probability, contrast.error)
    if contrast.without_bias is None:
        return p
    plain = _probability(contrast.without_bias, contrast.error)
    return f"{p} allowing for bias ({plain} without)" if language == "en" else f"{p}（考虑偏倚；不考虑时为{plain}）"


def _better_zh(row: Row) -> str:
    if row["estimand"] in _SURVIVAL:
        return "的长期无事件比例更高" if row["estimand"] == "cure_fraction" else "的无进展生存期更长"
    if row["estimand"] in _OVERALL:
        return "的生存时间更长"
    if row["estimand"] == "rate":
        return f"的{name_of(row, language='zh')}更{'低' if row.get('better') == 'lower' else '高'}"
    return "结局更优"


def _joined_zh(row: Row, word: str) -> str:
    """A verb of `_verb` in Chinese, with the grade before what is compared."""
    verb = _verb(row, "zh", past=True)
    for mark in ("长于", "高于", "低于", "优于"):
        if verb.endswith(mark):
            return f"{verb.removesuffix(mark)}{word}{mark}"
    return f"{word}{verb}"


def _margin(row: Row, unit: str, language: Language) -> list[str]:
    """Whether the difference matters, where a margin was stated."""
    if row["margin"] is None or row["probability_better_by_margin"] is None:
        return []
    p, error = headline_probability(row, margin=True)
    size, shown = margin_text(row, unit, language), _probability(p, error)
    level = 2 if p >= 0.90 else 1 if p > 0.10 else 0
    ratio = row["scale"] != "difference"
    if language == "zh":
        word = ("几乎达不到有意义的差别", "差别是否有意义尚不能确定", "差别达到有意义的程度")[level]
        reach = f"比值达到或优于{size}" if ratio else f"优势达到{size}及以上"
        return [f"{row['regimen']}相对{row['reference']}{reach}的后验概率为{shown}（{word}）。"]
    word = (
        "hardly by a difference that matters",
        "whether by a difference that matters is open",
        "by a difference that matters",
    )[level]
    reach = f"by a ratio of {size} or beyond" if ratio else f"by {size} or more"
    return [f"That {row['regimen']} is better {reach} has posterior probability {shown}: {word}."]


def rope_sentence(row: Row, rationale: str, language: Language = "en") -> str:
    """That two regimens are practically equal: only with a reason for the region, and a probability of 0.95."""
    if row["rope"] is None or not rationale or row["probability_in_rope"] < 0.95:
        return ""
    p = _probability(row["probability_in_rope"], row["mcse_probability_in_rope"])
    if language == "zh":
        return f"差别位于事先说明的实际等效区间内的后验概率为{p}。"
    return f"The difference lies inside the stated region of practical equivalence with posterior probability {p}."


def _many(result: Row, row: Row, language: Language) -> list[str]:
    """The verdict on three or more regimens, from their ranks."""
    keys = ("estimand", "endpoint", "time")
    ranks = [r for r in result["ranking"] if all(r.get(k) == row.get(k) for k in keys)]
    ranks.sort(key=lambda r: -r["probability_best"])
    if len(ranks) < 3:
        return []
    first, second = ranks[0], ranks[1]
    tied = [r["regimen"] for r in ranks if first["probability_best"] - r["probability_best"] < _TIE]
    p1, p2 = (_probability(r["probability_best"], r["mcse_probability_best"]) for r in (first, second))
    level = grade(first["probability_best"], first["mcse_probability_best"] or 0.0)
    compared = [r for r in result["comparisons"] if all(r.get(k) == row.get(k) for k in keys)]
    anchor = _least_protected({r["anchoring"] for r in compared})
    biased = any(allows_for_bias(r) for r in compared)
    if language == "zh":
        ranked = f"{len(ranks)}种方案中，{first['regimen']}最优的后验概率为{p1}，{second['regimen']}为{p2}"
        if len(tied) > 1:
            ranked = f"{len(ranks)}种方案中，{'、'.join(tied)}最优的后验概率相同，均为{p1}"
        ending = "；概率低于0.66时不作排序结论。" if level is None else "。"
        note = ["排序未考虑患者之间的偏倚，下列各项比较已考虑。"] if biased else []
        return [ranked + ending, *note, design_sentence(anchor, "zh")]
    who = first["regimen"] if level is None else _graded(first["regimen"], level)
    ranked = f"Of {len(ranks)} regimens, {who} ranks first"
    ranked += f" with posterior probability {p1}, and {second['regimen']} with {p2}"
    if len(tied) > 1:
        both = f"{', '.join(tied[:-1])} and {tied[-1]} {'both' if len(tied) == 2 else 'all'}"
        ranked = f"Of {len(ranks)} regimens, {both} rank first with the same posterior probability, {p1}"
    ending = "; no order is claimed below 0.66." if level is None else "."
    note = ["The ranks do not allow for bias between the patients; the comparisons below do."] if biased else []
    return [ranked + ending, *note, design_sentence(anchor, "en")]


def _alone(result: Row, time_unit: str, language: Language) -> list[str]:
    """What is known without any comparison: the pooled effect, the rates or the medians, and the first threshold."""
    known = [r for r in result["estimates"] if not of_itself(r)]
    names = ("effect", "rate", "median", "pfs_median", "os_median")
    rows = [r for name in names for r in known if r["estimand"] == name][:2]
    said = []
    for row in rows:
        name = name_of(row, str(row["unit"]), time_unit, language)
        who = str(row["regimen"] or "")
        text = estimate_text(row, language)
        if language == "zh":
            said.append(f"{who}{'：' if who else '合并'}{name}{text}。")
        else:
            said.append(f"{name[:1].upper()}{name[1:]} {'of ' + who if who else '(pooled)'}: {text}.")
    asked = [t for t in result.get("thresholds", ()) if rows and t["estimand"] == rows[0]["estimand"]]
    for t in asked[:1]:
        p = _probability(t["probability"], t["mcse_probability"])
        unit = str(rows[0]["unit"])
        value = f"{100 * t['value']:g} %" if unit.startswith("proportion") else f"{t['value']:g}"
        side = t["side"]
        if language == "zh":
            said.append(f"其{'高于' if side == 'above' else '低于'}{value.replace(' ', '')}的后验概率为{p}。")
        else:
            whose = f" of {t['regimen']}" if t.get("regimen") and len(rows) > 1 else ""
            said.append(f"Posterior probability {p} that it{whose} is {side} {value}.".replace("it of", "that of"))
    return said


def verdict(result: Row, language: Language = "en") -> list[str]:
    """The answer in sentences; the first holds the probability, the last says how patients came to the regimens.

    Parameters
    ----------
    result : mapping
        The content of `result.json`.
    language : {"en", "zh"}

    Returns
    -------
    list of str
        Of a fit that failed its diagnostics, one sentence that says so, and no answer.
    """
    own = own_names(result)
    return [of_result(sentence, result, own) for sentence in _verdict(result, language)]


def _verdict(result: Row, language: Language) -> list[str]:
    """The sentences, of progression-free survival where they are of a time."""
    if not result["diagnostics"]["converged"]:
        if language == "zh":
            return ["未收敛：抽样诊断未通过，不给出结论。"]
        return [NO_ANSWER]
    units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
    time_unit = time_unit_of(units)
    if not result["comparisons"]:
        return _alone(result, time_unit, language)
    row = result["comparisons"][0]
    several = _many(result, row, language)
    if several:
        return several
    said = _two(row, result["data"], _events(result), units.get(row["estimand"], ""), time_unit, language)
    joint = _joint(result, row, time_unit, language)
    return [said[0], *joint, said[-1]] if joint else said  # the margin of one of two then stands in the table alone


def _joint(result: Row, row: Row, time_unit: str, language: Language) -> list[str]:
    """What the draws say of two estimands at once, of which the comparison that heads the verdict is one."""
    for r in result.get("joint", ()):
        if row["estimand"] not in (r["first"], r["second"]) or r["time"] != row["time"]:
            continue
        names = [name_of({"estimand": r[k], "time": None}, "", time_unit, language) for k in ("first", "second")]
        cases = ("both", "first_only", "second_only", "neither")
        p = dict(zip(cases, (_probability(r[f"probability_{c}"], r[f"mcse_{c}"]) for c in cases), strict=True))
        if language == "zh":
            return [
                f"{r['regimen']}在{names[0]}与{names[1]}两项上均更优的后验概率为{p['both']}，"
                f"仅前者更优{p['first_only']}，仅后者更优{p['second_only']}，两项均不更优{p['neither']}"
                + ("（未考虑偏倚）。" if allows_for_bias(row) else "。")
            ]
        return [
            f"{r['regimen']} is better in both {names[0]} and {names[1]} with posterior probability {p['both']}, in "
            f"the first alone {p['first_only']}, in the second alone {p['second_only']}, in neither {p['neither']}"
            + (", bias not allowed for." if allows_for_bias(row) else ".")
        ]
    return []
