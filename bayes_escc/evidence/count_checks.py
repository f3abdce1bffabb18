"""The checks of a table of counts: every row, and the rows against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bayes_escc.evidence.columns import canonical_columns, told_apart
from bayes_escc.evidence.endpoints import RECIST, canonical_endpoint, endpoint_direction, misspelt_endpoint
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.labels import similar_labels
from bayes_escc.evidence.numbers import count_with_percent, number_in, number_text
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable, normalise
from bayes_escc.evidence.values import Refuse, check_count, check_design, check_events
from bayes_escc.names import Direction, Plain, PlainMapping
from bayes_escc.settings.reader import nearest

__all__ = [
    "check_between_rows",
    "check_duplicates",
    "check_percent",
    "check_row",
    "count_and_percent_apart",
    "melt_recist",
    "rename_columns",
    "require_columns",
]

COLUMNS = ("study", "regimen", "endpoint", "events", "n")


def rename_columns(raw: RawTable, problems: list[Problem]) -> RawTable:
    """Column names in any case, and a few synonyms, to the package's own."""
    further = {c.casefold(): c for c in RECIST} | {c: c for c in ("better", "design", "population")}
    return canonical_columns(raw, (*COLUMNS, "percent"), problems, further)


def melt_recist(raw: RawTable, problems: list[Problem]) -> RawTable:
    """One row per category where the RECIST categories stand side by side."""
    categories = [c for c in RECIST if c in raw.columns]
    if "endpoint" in raw.columns or len(categories) < 2:
        return raw
    rows, numbers = [], []
    others = [c for c in raw.columns if c not in categories]
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        cells = [normalise(row[c]) for c in categories]
        counts = [number_in((count_with_percent(c) or (c,))[0]) for c in cells]  # 9 (30%) is a count too
        known = [c for c in counts if c is not None and c.is_integer()]
        if len(known) == len(cells):
            total = int(sum(known))
            stated = normalise(row.get("n", "")) or str(total)
            if number_in(stated) not in (None, total):
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
            stated = normalise(row.get("n", ""))
        for category, cell in zip(categories, cells, strict=True):
            rows.append({**{c: row[c] for c in others}, "endpoint": category, "events": cell, "n": stated})
            numbers.append(number)
    columns = (*[c for c in others if c != "n"], "endpoint", "events", "n")
    return RawTable.of_rows(raw.source, columns, rows, numbers, raw.notes)


def require_columns(raw: RawTable, problems: list[Problem]) -> None:
    """Every column of a table of counts must be there, percent standing in for events."""
    printed = [count_with_percent(text) for text in raw.cells.get("events", ())]
    for column in COLUMNS:
        if column in raw.columns or (column == "events" and "percent" in raw.columns):
            continue
        if column == "n" and any(p and p[1] for p in printed):
            continue  # 10/29 gives both; a row without its total is named
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
    *,
    empty_rows: bool = False,
) -> Plain | None:
    """The checked record of one row, or None if it has a problem (which is then noted)."""
    before = len(problems)

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        value = row.get(column, "")
        problems.append(Problem(code, message, remedy, row=number, column=column, value=value))

    row = count_and_percent_apart(row, refuse)
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
    design = check_design(row.get("design", ""), refuse)
    n = check_count(row.get("n", ""), "n", refuse)
    events: int | None
    if n == 0:
        events = _without_patients(row, labels, number, refuse, warnings, empty_rows=empty_rows)
    else:
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


def _without_patients(
    row: Mapping[str, str],
    labels: Mapping[str, str],
    number: int,
    refuse: Refuse,
    warnings: list[Problem],
    *,
    empty_rows: bool,
) -> int | None:
    """The events of a row without patients: none, where the model predicts such a row."""
    if not empty_rows:
        remedy = 'Remove the row, give the number treated, or let a hierarchy (pooling = "partial") predict it.'
        refuse("zero_total", "n", "there are no patients in this row", remedy)
        return None
    stated = [row.get(column, "") for column in ("events", "percent")]
    if any(number_in(normalise(text)) not in (None, 0.0) for text in stated if text):
        refuse("events_exceed_n", "events", "there are events, and no patients in this row", "Correct events or n.")
        return None
    message = f"{labels['regimen']} has no patients in {labels['study']}"
    remedy = "Its rate is predicted from the others in the hierarchy, and from the prior."
    warnings.append(Problem("no_patients", message, remedy, row=number, column="n", value="0"))
    return 0


def count_and_percent_apart(row: Mapping[str, str], refuse: Refuse) -> Mapping[str, str]:
    """The row with ``10 (34.5%)`` as events 10 and percent 34.5, and ``10/29 (34.5%)`` with its n, read or checked."""
    printed = count_with_percent(row.get("events", ""))
    if printed is None:
        return row
    events, of, percent = printed
    beside = printed_percent(row.get("percent", ""))
    if beside and percent and beside != percent and number_in(beside) != number_in(percent):  # 34.50 is 34.5
        refuse("percent_disagrees", "percent", f"{beside} % here and {percent} % beside the count", "Correct either.")
    stated = normalise(row.get("n", ""))
    if of and stated and number_in(stated) != float(of):
        refuse("total_disagrees", "n", f"the count is one of {of} patients", "Correct either.")
    total = {"n": of} if of and not stated else {}
    return {**row, "events": events, **total, **({"percent": percent} if percent else {})}


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
    events = check_count(given, "events", refuse)
    if not check_events(events, n, refuse):
        return None
    if events is not None and n and percent:
        check_percent(events, n, percent, number, refuse, warnings)
    return events


def printed_percent(text: str) -> str:
    """A percentage as it would be printed: without the sign, computed ones to eight decimals, .5 as 0.5."""
    plain = number_text(text).rstrip("% ")
    plain = f"0{plain}" if plain.startswith(".") else plain
    whole, _, decimals = plain.partition(".")
    if len(decimals) > 8 and (whole + decimals).isdecimal():
        return f"{float(plain):.8f}"
    return plain


def check_percent(events: int, n: int, percent: str, number: int, refuse: Refuse, warnings: list[Problem]) -> None:
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
            f"{percent} % of {n} can be any of {_listed(possible)}",
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


def _listed(counts: range) -> str:
    """Counts one by one, or, where there are many, the first and the last."""
    if len(counts) <= 10:
        return ", ".join(map(str, counts))
    return f"{counts[0]} to {counts[-1]}, {len(counts)} counts"


def _truncated(events: int, n: int, percent: str, number: int) -> Problem:
    return Problem(
        "percent_truncated",
        f"{events}/{n} = {100 * events / n:.4f} % was truncated, not rounded, to {percent} %",
        f"The count {events} was taken; rounding would print another percentage.",
        row=number,
        column="percent",
        value=percent,
    )


_COUNTED = frozenset({"events", "n", "percent", "better", "source", "notes", "verification"})
"""Columns that do not tell two rows apart."""


def check_duplicates(raw: RawTable, problems: list[Problem], warnings: list[Problem]) -> None:
    """A row whose labels all stand in another row; where a further column tells the two apart, that is noted."""
    seen: dict[tuple[str, ...], list[tuple[tuple[str, ...], int]]] = {}
    further = [c for c in raw.columns if c not in {*COLUMNS, *_COUNTED}]
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        label = tuple(normalise(row[c]) for c in ("study", "regimen", "endpoint"))
        key, apart = (*label[:2], canonical_endpoint(label[2])), tuple(normalise(row[c]) for c in further)
        if key in seen and all(label):
            same = next((n for other, n in seen[key] if other == apart), None)
            if same is not None:
                problems.append(
                    Problem(
                        "duplicate_row",
                        f"{', '.join(label)} also stands in row {same}",
                        "Keep one, or tell subgroups apart with a column population.",
                        row=number,
                        column="study",
                        value=row["study"],
                    )
                )
            else:
                warnings += told_apart(", ".join(label), further, apart, seen[key][0], number, row["study"])
        seen.setdefault(key, []).append((apart, number))


def check_between_rows(records: Sequence[tuple[int, PlainMapping]], warnings: list[Problem]) -> None:
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
        for a, b in similar_labels(labels):
            if a != b:
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
