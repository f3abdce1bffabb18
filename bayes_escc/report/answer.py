"""The answer of a run for a terminal: what was asked, the verdict, one table, what matters, and where the rest is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.layout import aligned, display_width, wrapped
from bayes_escc.report.quantities import estimate_text, name_of, of_itself
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
_BOOKKEEPING: Final = {"sheet_note": 1, "patients_counted": 1, "mapped": 2}
"""Notes that say how a sheet was read come after those about its patients, and digests last."""

Row = PlainMapping


def answer_text(result: PlainMapping, question: str = "", *, where: Sequence[str] = ()) -> str:
    """The answer in at most 25 lines of 100 columns.

    Parameters
    ----------
    result : mapping
        The content of `result.json`.
    question : str
        What the analysis asks; its title if not given.
    where : sequence of str
        Lines that say where the rest is.
    """
    ending = _lines(where, 2)
    head = [*_lines([question or result["analysis"]["title"]], 2), "", *_lines(verdict(result), 7)]
    notes = _notes(result)
    room = MAX_LINES - len(head) - len(ending) - len(notes) - (1 if notes else 0) - (1 if ending else 0)
    table = _table(result, room - 1) if result["diagnostics"]["converged"] else []
    blocks = [head, table, notes, ending]
    return "\n\n".join("\n".join(block) for block in blocks if block)


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


def _notes(result: PlainMapping) -> list[str]:
    """Why a fit cannot be read, and what was noticed in the data."""
    messages = [] if result["diagnostics"]["converged"] else [" ".join(result["diagnostics"]["messages"])]
    for w in sorted(result["data"]["warnings"], key=lambda w: _BOOKKEEPING.get(w.get("code", ""), 0)):
        place = f"row {w['row']}: " if w["row"] else ""
        messages.append(f"Note: {place}{w['message']}")
    for sentence in (row["sentence"] for row in result.get("monitoring", ())):
        messages.append(f"Monitoring: {sentence}")
    shown: list[str] = []
    for number, message in enumerate(messages):
        lines = _lines([message], 2)
        if len(shown) + len(lines) > _MOST_NOTES:
            more = len(messages) - number
            return [*shown, f"{more} more note{'s' if more > 1 else ''}: --full"]
        shown += lines
    return shown


def _table(result: PlainMapping, room: int) -> list[str]:
    """One row for each question; a probability that several ask for, as one hazard ratio answers them all, once."""
    units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
    time_unit = units.get("median", units.get("rmst", ""))
    rows = result["comparisons"]
    if not rows:
        return _estimates(result, time_unit, room)
    pairs = list(dict.fromkeys((row["regimen"], row["reference"]) for row in rows))
    biased = any(allows_for_bias(row) for row in rows)
    margins = any(row["margin"] is not None for row in rows)
    ropes = any(row["rope"] is not None for row in rows)
    ci = f"{100 * rows[0]['ci_prob']:g} % CrI"
    header = ["", f"median ({ci})", *(["P(better)", "no bias"] if biased else ["P(better)"])]
    header += [*(["by margin"] if margins else []), *(["in ROPE"] if ropes else [])]
    lines: list[list[str]] = []
    for row, repeated in zip(rows[: max(1, min(_MOST_ROWS, room - 4))], said_before(rows), strict=False):
        unit = units.get(row["estimand"], "")
        shown = f"{contrast_text(row, unit, with_unit=False)} {_short(contrast_unit(row, unit))}".rstrip()
        cells = [_asked(row, unit, time_unit, pairs), shown]
        cells.append("same" if repeated else format_probability(*headline_probability(row)))
        if biased:
            without = format_probability(row["probability_better"], row["mcse_probability"])
            cells.append("same" if repeated else without)
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
        cells[0] = _cut(cells[0], max(20, WIDTH - over))
    title = f"{pairs[0][0]} against {pairs[0][1]}:" if len(pairs) == 1 else f"Against {pairs[0][1]}:"
    titles = [title] if len({reference for _, reference in pairs}) == 1 else []
    hidden = len(rows) - len(lines)
    table = [_cut(line, WIDTH) for line in (*titles, *aligned(header, lines).split("\n"))]
    return [*table, f"... and {hidden} more: --full"] if hidden else table


def _asked(row: Row, unit: str, time_unit: str, pairs: Sequence[tuple[str, str]]) -> str:
    """What a row of the table asks."""
    name = name_of(row, unit, time_unit).replace("restricted mean PFS", "mean PFS")
    if row["scale"] == "odds_ratio":
        name = f"{name}, odds ratio"
    elif row["scale"] == "ratio":
        name = name if "ratio" in name else f"{name}, ratio"
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


def _estimates(result: PlainMapping, time_unit: str, room: int) -> list[str]:
    """Without comparisons: what is known of the effect, the rates, or the medians."""
    units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
    known = [r for r in result["estimates"] if not of_itself(r)]
    named = [r["estimand"] for r in known]
    chosen = next((n for n in ("effect", "rate", "median") if n in named), named[0] if named else "")
    rows = [r for r in known if r["estimand"] in (chosen, *_BESIDE)]
    limits = list(result.get("thresholds", ()))
    header = ["", f"median ({100 * rows[0]['ci_prob']:g} % CrI)"] if rows else []
    lines = []
    for r in rows:
        who = ", ".join(str(r[k]) for k in ("study", "regimen", "covariate") if r.get(k))
        name = {"predicted_effect": "the next trial", "study_effect": ""}.get(
            r["estimand"], name_of(r, str(r["unit"]), time_unit)
        )
        text = estimate_text(r)
        lines.append([_cut(", ".join(p for p in (who, name) if p), 55), text.replace(f"{header[1][8:-1]} ", "")])
    for t in limits:
        who = ", ".join(str(t[k]) for k in ("regimen", "study") if t.get(k))
        side = ">" if t["side"] == "above" else "<"
        name = f"P({name_of(t, units.get(t['estimand'], ''), time_unit).partition(' (')[0]} {side} {t['value']:g})"
        lines.append(
            [
                _cut(f"{name}{', ' + who if who else ''}", 55),
                format_probability(t["probability"], t["mcse_probability"]),
            ]
        )
    for row in result.get("needed_to_treat", ()):
        who = ", ".join(str(row[k]) for k in ("regimen", "covariate") if row[k])
        lines.insert(1, [_cut(", ".join(p for p in (who, "number needed to treat") if p), 55), row["sentence"]])
    shown = lines[: max(1, min(_MOST_ROWS, room - 3))]
    table = aligned(header, shown).split("\n") if shown else []
    if len(lines) > len(shown):
        table.append(f"... and {len(lines) - len(shown)} more: --full")
    return table
