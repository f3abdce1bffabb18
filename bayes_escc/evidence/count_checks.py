"""The checks of a table of counts: every row, and the rows against each other."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from bayes_escc.evidence.endpoints import RECIST, canonical_endpoint, endpoint_direction, misspelt_endpoint
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable, normalise
from bayes_escc.names import DESIGNS, Direction
from bayes_escc.settings.reader import nearest

__all__ = [
    "check_between_rows",
    "check_duplicates",
    "check_row",
    "melt_recist",
    "rename_columns",
    "require_columns",
    "same_but_spelling",
]

COLUMNS = ("study", "regimen", "endpoint", "events", "n")
_SYNONYMS = {
    "study": ("trial", "cohort", "研究"),
    "regimen": ("treatment", "therapy", "方案", "治疗方案"),
    "endpoint": ("outcome", "终点"),
    "events": ("responders", "event", "count", "例数"),
    "n": ("total", "patients", "sample_size", "总例数"),
    "percent": ("percentage", "rate_percent", "%", "百分比"),
}

Refuse = Callable[[str, str, str, str], None]


def rename_columns(raw: RawTable) -> RawTable:
    """Column names in any case, and a few synonyms, to the package's own."""
    folded = {c.casefold(): c for c in raw.columns}
    names: dict[str, str] = {}
    for canonical, synonyms in _SYNONYMS.items():
        for candidate in (canonical, *synonyms):
            if candidate in folded and canonical not in names.values():
                names[folded[candidate]] = canonical
                break
    names |= {folded[c.casefold()]: c for c in RECIST if c.casefold() in folded}
    for plain in ("better", "design", "population"):
        if plain in folded:
            names[folded[plain]] = plain
    columns = tuple(names.get(c, c) for c in raw.columns)
    rows = tuple({names.get(k, k): v for k, v in row.items()} for row in raw.rows)
    return RawTable(raw.source, columns, rows, raw.numbers, raw.notes)


def melt_recist(raw: RawTable, problems: list[Problem]) -> RawTable:
    """One row per category where the RECIST categories stand side by side."""
    categories = [c for c in RECIST if c in raw.columns]
    if "endpoint" in raw.columns or len(categories) < 2:
        return raw
    rows, numbers = [], []
    others = [c for c in raw.columns if c not in categories]
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        cells = [normalise(row[c]) for c in categories]
        if all(c.isdecimal() for c in cells):
            total = sum(map(int, cells))
            stated = normalise(row.get("n", "")) or str(total)
            if stated != str(total):
                problems.append(
                    Problem(
                        "categories_do_not_sum",
                        f"{' + '.join(categories)} = {total}, but n is {stated}",
                        "Give every patient one category; patients without an assessment are NE.",
                        row=number,
                        column="n",
                        value=stated,
                    )
                )
        else:
            total = 0
            stated = normalise(row.get("n", ""))
        for category, cell in zip(categories, cells, strict=True):
            rows.append({**{c: row[c] for c in others}, "endpoint": category, "events": cell, "n": stated})
            numbers.append(number)
    columns = (*[c for c in others if c != "n"], "endpoint", "events", "n")
    return RawTable(raw.source, columns, tuple(rows), tuple(numbers), raw.notes)


def require_columns(raw: RawTable, problems: list[Problem]) -> None:
    """Every column of a table of counts must be there, percent standing in for events."""
    for column in COLUMNS:
        if column in raw.columns or (column == "events" and "percent" in raw.columns):
            continue
        also = " (or percent)" if column == "events" else ""
        problems.append(
            Problem(
                "missing_column",
                f"there is no column {column}{also}; the columns are {', '.join(raw.columns)}",
                f"Add a column {column}.{nearest(column, raw.columns)}",
                row=1,
                column=column,
            )
        )


def check_row(
    row: Mapping[str, str],
    number: int,
    declared: Mapping[str, Direction | None],
    problems: list[Problem],
    warnings: list[Problem],
) -> dict[str, Any] | None:
    """The checked record of one row, or None if it has a problem (which is then noted)."""
    before = len(problems)

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        value = row.get(column, "")
        problems.append(Problem(code, message, remedy, row=number, column=column, value=value))

    labels = {c: normalise(row[c]) for c in ("study", "regimen", "endpoint")}
    for column, label in labels.items():
        if not label:
            refuse("blank_label", column, f"the {column} is blank", f"Name the {column}.")
    endpoint = canonical_endpoint(labels["endpoint"])
    better = row.get("better", "")
    if better not in {"", "higher", "lower"}:
        refuse("unknown_direction", "better", "better must be higher or lower", "Correct it or leave it blank.")
    if endpoint and not better and endpoint not in declared and endpoint_direction(endpoint) is None:
        slip = misspelt_endpoint(endpoint)
        hint = f"Did you mean {slip}? Otherwise add" if slip else "Use ORR, DCR, any_TRAE ..., or add"
        refuse(
            "unknown_endpoint",
            "endpoint",
            "unknown endpoint, so it is not known which direction is better",
            f"{hint} a column better with higher or lower.",
        )
    design = row.get("design", "").casefold().replace("randomized", "randomised")
    if design and design not in DESIGNS:
        refuse("unknown_design", "design", "unknown design", f"Use one of {', '.join(DESIGNS)}.")
    n = _count(row, "n", refuse)
    if n == 0:
        refuse("zero_total", "n", "there are no patients in this row", "Remove the row or give the number treated.")
    events = _events(row, number, n, refuse, warnings)
    if len(problems) > before or events is None or n is None:
        return None
    skipped = {*labels, "events", "n", "percent", "better"}
    extra = {k: v for k, v in row.items() if k not in skipped}
    if "design" in extra:
        extra["design"] = design
    if "percent" in row:
        extra["percent"] = row["percent"]
    return {**labels, "endpoint": endpoint, "events": events, "n": n, **extra}


def _count(row: Mapping[str, str], column: str, refuse: Refuse) -> int | None:
    """A whole number of at least zero, or None with the problem noted."""
    text = normalise(row.get(column, ""))
    if not text:
        refuse("missing_number", column, f"{column} is blank", "Give a whole number.")
        return None
    if text.endswith("%"):
        refuse(
            "percentage_for_count",
            column,
            "a percentage where a count is expected",
            "Give the count, or move the percentage to a column percent.",
        )
        return None
    try:
        value = float(text)
    except ValueError:
        refuse("not_a_number", column, f"{column} is not a number", "Give a whole number without words or separators.")
        return None
    if not (value == value and abs(value) < 1e12):
        refuse("not_a_number", column, f"{column} is not a finite number", "Give a whole number.")
    elif value < 0:
        refuse("negative_count", column, f"{column} is negative", "Counts start at 0.")
    elif not value.is_integer():
        what = (
            "a proportion where a count is expected" if value < 1 else "a fractional count; it looks like a percentage"
        )
        refuse(
            "fractional_count",
            column,
            what,
            "Give the whole number of patients, or move a percentage to a column percent.",
        )
    else:
        return int(value)
    return None


def _events(row: Mapping[str, str], number: int, n: int | None, refuse: Refuse, warnings: list[Problem]) -> int | None:
    """The count of a row, given or recovered from its printed percentage."""
    given, percent = normalise(row.get("events", "")), printed_percent(row.get("percent", ""))
    if not given and not percent:
        refuse(
            "missing_number",
            "events" if "events" in row else "percent",
            "there is neither a count nor a percentage",
            "Give events, or the percentage as it was printed.",
        )
        return None
    if not given:
        return _recovered(percent, number, n, refuse, warnings)
    events = _count(row, "events", refuse)
    if events is not None and n is not None and events > n > 0:
        refuse(
            "events_exceed_n",
            "events",
            f"more events than the {n} patients",
            "Correct events or n; if it is a percentage, move it to a column percent.",
        )
        return None
    if events is not None and n and percent:
        _agree(events, n, percent, number, refuse, warnings)
    return events


def printed_percent(text: str) -> str:
    """A percentage as it would be printed: without the sign, computed ones to eight decimals."""
    plain = normalise(text).rstrip("% ")
    whole, _, decimals = plain.partition(".")
    if len(decimals) > 8 and (whole + decimals).isdecimal():
        return f"{float(plain):.8f}"
    return plain


def _agree(events: int, n: int, percent: str, number: int, refuse: Refuse, warnings: list[Problem]) -> None:
    """Check a stated count against the percentage printed beside it."""
    try:
        found = recover_count(percent, n)
    except ValueError:
        refuse(
            "not_a_number", "percent", "percent is not a number", "Give the percentage as printed, or leave it blank."
        )
        return
    if events in found.rounded:
        return
    if events in found.truncated:
        warnings.append(_truncated(events, n, percent, number))
        return
    refuse(
        "percent_disagrees",
        "percent",
        f"{events} of {n} is {100 * events / n:.2f} %, not {percent} %",
        "Correct one of the two, or leave percent blank.",
    )


def _recovered(percent: str, number: int, n: int | None, refuse: Refuse, warnings: list[Problem]) -> int | None:
    if n is None or n == 0:
        refuse("percent_without_n", "percent", "a percentage without a number of patients", "Give n.")
        return None
    try:
        found = recover_count(percent, n)
        value = float(percent)
    except ValueError:
        refuse(
            "not_a_number", "percent", "percent is not a number", "Give the percentage as printed, for example 34.5."
        )
        return None
    if not 0 <= value <= 100:
        refuse("percent_out_of_range", "percent", "a percentage lies between 0 and 100", "Correct it.")
        return None
    near = ", ".join(f"{k}/{n} = {p:.2f} %" for k, p in found.nearest)
    if found.count is not None:
        if not found.rounded:
            warnings.append(_truncated(found.count, n, percent, number))
        return found.count
    possible = found.rounded or found.truncated
    if possible:
        refuse(
            "percent_ambiguous",
            "percent",
            f"{percent} % of {n} can be any of {', '.join(map(str, possible))}",
            "Give the count, or the percentage with more decimals.",
        )
    elif 0 < value < 1 and recover_count(f"{value * 100:.10g}", n).count is not None:
        refuse(
            "proportion_for_percent",
            "percent",
            "a proportion where a percentage is expected",
            f"Write {value * 100:g} instead of {percent}.",
        )
    else:
        refuse(
            "percent_impossible",
            "percent",
            f"no whole number of {n} patients gives {percent} %, by rounding or by truncation; nearest are {near}",
            "Check n and the percentage in the source; never guess the count.",
        )
    return None


def _truncated(events: int, n: int, percent: str, number: int) -> Problem:
    return Problem(
        "percent_truncated",
        f"{events}/{n} = {100 * events / n:.4f} % was truncated, not rounded, to {percent} %",
        f"The count {events} was taken; rounding would print another percentage.",
        row=number,
        column="percent",
        value=percent,
    )


def check_duplicates(raw: RawTable, problems: list[Problem]) -> None:
    """A study, regimen and endpoint (of one population) may stand in one row only."""
    seen: dict[tuple[str, ...], int] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        label = tuple(normalise(row[c]) for c in ("study", "regimen", "endpoint"))
        key = (*label[:2], canonical_endpoint(label[2]), normalise(row.get("population", "")))
        if key in seen and all(label):
            problems.append(
                Problem(
                    "duplicate_row",
                    f"{', '.join(label)} also stands in row {seen[key]}",
                    "Keep one, or tell subgroups apart with a column population.",
                    row=number,
                    column="study",
                    value=row["study"],
                )
            )
        seen.setdefault(key, number)


def check_between_rows(records: Sequence[tuple[int, Mapping[str, Any]]], warnings: list[Problem]) -> None:
    """Studies under two names, regimens under two spellings, changing totals."""
    totals: dict[tuple[Any, ...], tuple[int, int]] = {}
    for number, r in records:
        arm = (r["study"], r["regimen"], r.get("population"))
        before = totals.setdefault(arm, (number, r["n"]))
        if before[1] != r["n"]:
            warnings.append(
                Problem(
                    "changing_total",
                    f"{r['study']}, {r['regimen']} has n = {r['n']} here and {before[1]} in row {before[0]}",
                    "Right if the endpoints have different denominators.",
                    row=number,
                    column="n",
                    value=str(r["n"]),
                )
            )
    spellings: dict[str, dict[str, int]] = {"regimen": {}, "study": {}}
    for column, labels in spellings.items():
        for number, r in records:
            labels.setdefault(r[column], number)
        for a, b in combinations(labels, 2):
            if same_but_spelling(a, b):
                warnings.append(
                    Problem(
                        "spelling",
                        f"{column} {b!r} resembles {a!r} in row {labels[a]}",
                        "If they are the same, spell them alike.",
                        row=labels[b],
                        column=column,
                        value=b,
                    )
                )
    contents: dict[tuple[Any, ...], tuple[int, str]] = {}
    for number, r in records:
        content = (r["regimen"], r["endpoint"], r["events"], r["n"], r.get("population"))
        first = contents.setdefault(content, (number, r["study"]))
        if first[1] != r["study"] and r["events"] > 0:
            warnings.append(
                Problem(
                    "same_counts",
                    f"{r['study']} and {first[1]} (row {first[0]}) report the same counts for {r['regimen']}",
                    "If they are one study under two names, keep one.",
                    row=number,
                    column="study",
                    value=r["study"],
                )
            )


def same_but_spelling(a: str, b: str) -> bool:
    """Whether two labels differ only in case, punctuation or a slip of the pen."""

    def plain(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    x, y = plain(a), plain(b)
    digits = [c for c in x if c.isdigit()] == [c for c in y if c.isdigit()]
    return x == y or (digits and min(len(x), len(y)) > 7 and difflib.SequenceMatcher(None, x, y).ratio() > 0.92)
