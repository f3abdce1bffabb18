"""The answer of a run for a terminal: what was asked, the verdict, one table, what matters, and where the rest is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.endpoint_words import of_result
from bayes_escc.report.layout import aligned, display_width, wrapped
from bayes_escc.report.monitoring_words import position_sentence
from bayes_escc.report.naming import own_names, title_of
from bayes_escc.report.page_words import Phrase, phrases
from bayes_escc.report.quantities import Language, estimate_text, interval_label, name_of, of_itself, time_unit_of
from bayes_escc.report.sentences import (
    allows_for_bias,
    contrast_text,
    contrast_unit,
    headline_probability,
    margin_text,
    said_before,
    verdict,
)

__all__ = ["MAX_LINES", "WIDTH", "answer_text"]

MAX_LINES: Final = 25
WIDTH: Final = 100
_MOST_ROWS: Final = 8
_MOST_NOTES: Final = 3
"""Lines of notes; more are counted."""
_BOOKKEEPING: Final = {"sheet_note": 1, "patients_counted": 1, "course": 1, "mapped": 2}
"""Notes that say how a sheet was read come after those about its patients, and digests last."""

_WORDS: Final[dict[str, Phrase]] = phrases(
    {
        "median": ("median ({ci} % CrI)", "中位数({ci}%CrI)"),
        "better": ("P(better)", "更优的概率"),
        "no_bias": ("no bias", "不计偏倚"),
        "by_margin": ("by margin", "达到有意义差值"),
        "in_rope": ("in ROPE", "实际等效"),
        "same": ("same", "同上"),
        "pair": ("{a} against {b}:", "{a}与{b}比较："),
        "against": ("Against {b}:", "与{b}比较："),
        "odds_ratio": ("{name}, odds ratio", "{name}，比值比(OR)"),
        "ratio": ("{name}, ratio", "{name}，比"),
        "next_trial": ("the next trial", "下一项试验"),
        "needed": ("number needed to treat", "需治疗人数(NNT)"),
        "note": ("Note: {text}", "注意：{text}"),
        "row": ("row {row}: ", "第{row}行："),
        "rule": ("Monitoring: {text}", "监测：{text}"),
        "more_note": ("1 more note: --full", "另有1条提示：--full"),
        "more_notes": ("{n} more notes: --full", "另有{n}条提示：--full"),
        "more_rows": ("... and {n} more: --full", "……另有{n}行：--full"),
    }
)
"""Words of the tables and notes."""

Row = PlainMapping


def answer_text(
    result: PlainMapping, question: str = "", *, where: Sequence[str] = (), language: Language = "en"
) -> str:
    """The answer in at most 25 lines of 100 columns.

    Parameters
    ----------
    result : mapping
        The content of `result.json`.
    question : str
        What the analysis asks; its title if not given.
    where : sequence of str
        Lines that say where the rest is.
    language : {"en", "zh"}
        What a person wrote (the question, names, reasons) stays as it is.
    """
    ending = _lines(where, 2)
    head = [*_lines([question or title_of(result, language)], 2), "", *_lines(verdict(result, language), 8)]
    notes = _notes(result, language)
    room = MAX_LINES - len(head) - len(ending) - len(notes) - (1 if notes else 0) - (1 if ending else 0)
    table = _table(result, room - 1, language) if result["diagnostics"]["converged"] else []
    blocks = [head, table, notes, ending]
    told = "\n\n".join("\n".join(block) for block in blocks if block)
    return of_result(told, result, own_names(result) | {question, *where} - {""})


def _lines(texts: Sequence[str], most: int) -> list[str]:
    """Texts wrapped to the width; more lines than allowed end in an ellipsis."""
    lines = [line for text in texts for line in wrapped(" ".join(text.split()), WIDTH).split("\n")]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _cut(f"{lines[most - 1]} {lines[most]}", WIDTH)]


def _cut(text: str, width: int) -> str:
    """A text no wider than a column."""
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 3:
        text = text[:-1]
    return f"{text.rstrip()}..."


def _notes(result: PlainMapping, language: Language) -> list[str]:
    """Why a fit cannot be read, and what was noticed in the data."""
    own = own_names(result)
    said = _said(" ".join(result["diagnostics"]["messages"]), language, own)
    messages = [] if result["diagnostics"]["converged"] else [said]
    for w in sorted(result["data"]["warnings"], key=lambda w: _BOOKKEEPING.get(w.get("code", ""), 0)):
        place = _say("row", language, row=w["row"]) if w["row"] else ""
        messages.append(_say("note", language, text=f"{place}{_said(w['message'], language, own)}"))
    for position in result.get("monitoring", ()):
        messages.append(_say("rule", language, text=position_sentence(position, language, own)))
    shown: list[str] = []
    for number, message in enumerate(messages):
        lines = _lines([message], 2)
        if len(shown) + len(lines) > _MOST_NOTES:
            more = len(messages) - number
            return [*shown, _say("more_notes" if more > 1 else "more_note", language, n=more)]
        shown += lines
    return shown


def _say(key: str, language: Language, **values: object) -> str:
    return _WORDS[key][language].format(**values)


def _said(text: str, language: Language, own: Names = frozenset()) -> str:
    """A text of the package, written in English, in the language of the answer."""
    return in_chinese(text, own) if language == "zh" else text


def _table(result: PlainMapping, room: int, language: Language) -> list[str]:
    """One row for each question; a probability that several ask for, as one hazard ratio answers them all, once."""
    units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
    time_unit = time_unit_of(units)
    rows = result["comparisons"]
    if not rows:
        return _estimates(result, time_unit, room, language)
    pairs = list(dict.fromkeys((row["regimen"], row["reference"]) for row in rows))
    biased = any(allows_for_bias(row) for row in rows)
    margins = any(row["margin"] is not None for row in rows)
    ropes = any(row["rope"] is not None for row in rows)
    shown = {"better": True, "no_bias": biased, "by_margin": margins, "in_rope": ropes}
    header = ["", _say("median", language, ci=f"{100 * rows[0]['ci_prob']:g}")]
    header += [_say(key, language) for key, wanted in shown.items() if wanted]
    lines: list[list[str]] = []
    for row, repeated in zip(rows[: max(1, min(_MOST_ROWS, room - 4))], said_before(rows), strict=False):
        unit = units.get(row["estimand"], "")
        same = _say("same", language)
        cells = [_asked(row, unit, time_unit, pairs, language), _contrast(row, unit, language)]
        cells.append(same if repeated else format_probability(*headline_probability(row)))
        if biased:
            without = format_probability(row["probability_better"], row["mcse_probability"])
            cells.append(same if repeated else without)
        if margins:
            stated = row["margin"] is not None and row["probability_better_by_margin"] is not None
            p = format_probability(*headline_probability(row, margin=True)) if stated else ""
            size = margin_text(row, unit).partition(" ")[0] if stated else ""  # in the unit of the row
            cells.append(f"{p} ({size})" if stated else "")
        if ropes:
            cells.append(format_probability(row["probability_in_rope"], row["mcse_probability_in_rope"]))
        lines.append(cells)
    over = sum(max(display_width(line[i]) for line in [header, *lines]) + 2 for i in range(1, len(header)))
    for cells in [header, *lines]:
        cells[0] = _cut(of_result(cells[0], result), max(20, WIDTH - over))
    title = _say("pair" if len(pairs) == 1 else "against", language, a=pairs[0][0], b=pairs[0][1])
    titles = [title] if len({reference for _, reference in pairs}) == 1 else []
    hidden = len(rows) - len(lines)
    told = [[of_result(cell, result) for cell in line] for line in lines]
    table = [_cut(line, WIDTH) for line in (*titles, *aligned(header, told).split("\n"))]
    return [*table, _say("more_rows", language, n=hidden)] if hidden else table


def _contrast(row: Row, unit: str, language: Language) -> str:
    """Median and interval of a comparison; in English the unit once, after both."""
    if language == "zh":
        return contrast_text(row, unit, language)
    return f"{contrast_text(row, unit, with_unit=False)} {_short(contrast_unit(row, unit))}".rstrip()


def _asked(row: Row, unit: str, time_unit: str, pairs: Sequence[tuple[str, str]], language: Language) -> str:
    """What a row of the table asks."""
    name = name_of(row, unit, time_unit, language).replace("restricted mean ", "mean ")
    if row["scale"] == "odds_ratio" or (row["scale"] == "ratio" and "ratio" not in name and "比" not in name):
        name = _say(row["scale"], language, name=name)
    if len(pairs) == 1:
        return name
    who = (
        row["regimen"] if len({reference for _, reference in pairs}) == 1 else f"{row['regimen']} / {row['reference']}"
    )
    return f"{who}: {name}"


def _short(text: str) -> str:
    return text.replace("percentage points", "points")


_BESIDE: Final = (
    "predicted_effect", "effect_at", "predicted_effect_at", "event_rate", "risk_difference", "study_effect",
)  # fmt: skip
"""Estimands that stand beside the effect, without comparisons."""


def _estimates(result: PlainMapping, time_unit: str, room: int, language: Language) -> list[str]:
    """Without comparisons: what is known of the effect, the rates, or the medians."""
    units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
    known = [r for r in result["estimates"] if not of_itself(r)]
    named = [r["estimand"] for r in known]
    kinds: Sequence[tuple[str, ...]] = (("effect",), ("rate",), ("median",), ("pfs_median", "os_median"))
    chosen = next((n for n in kinds if n[0] in named), tuple(named[:1]))
    rows = [r for r in known if r["estimand"] in (*chosen, *_BESIDE)]
    limits = list(result.get("thresholds", ()))
    header = ["", _say("median", language, ci=f"{100 * rows[0]['ci_prob']:g}")] if rows else []
    lines = []
    for r in rows:
        who = ", ".join(str(r[k]) for k in ("study", "regimen", "covariate") if r.get(k))
        name = {"predicted_effect": _say("next_trial", language), "study_effect": ""}.get(
            r["estimand"], name_of(r, str(r["unit"]), time_unit, language)
        )
        text = estimate_text(r, language).replace(f"({interval_label(r, language)} ", "(")
        lines.append([_cut(of_result(", ".join(p for p in (who, name) if p), result), 55), text])
    for t in limits:
        who = ", ".join(str(t[k]) for k in ("regimen", "study") if t.get(k))
        side = ">" if t["side"] == "above" else "<"
        of = name_of(t, units.get(t["estimand"], ""), time_unit, language).partition(" (")[0].partition("（")[0]
        name = f"P({of} {side} {t['value']:g})"
        lines.append(
            [
                _cut(of_result(f"{name}{', ' + who if who else ''}", result), 55),
                format_probability(t["probability"], t["mcse_probability"]),
            ]
        )
    for row in result.get("needed_to_treat", ()):
        who = ", ".join(str(row[k]) for k in ("regimen", "covariate") if row[k])
        name = _cut(", ".join(p for p in (who, _say("needed", language)) if p), 55)
        lines.insert(1, [name, _said(row["sentence"], language)])
    shown = lines[: max(1, min(_MOST_ROWS, room - 3))]
    told = [[of_result(cell, result) for cell in line] for line in shown]
    table = aligned(header, told).split("\n") if shown else []
    if len(lines) > len(shown):
        table.append(_say("more_rows", language, n=len(lines) - len(shown)))
    return table
