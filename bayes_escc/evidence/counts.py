"""Counts by study, regimen and endpoint: reading, checking, selecting.

`read_counts` collects every problem of a table before it refuses it. A `CountTable` that
exists has passed all checks; what a person may know better is in its `warnings`.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.endpoints import (
    RECIST,
    canonical_endpoint,
    endpoint_direction,
    misspelt_endpoint,
)
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.names import DESIGNS, Direction
from bayes_escc.schema import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CountTable", "read_counts", "same_but_spelling", "table_digest"]

COLUMNS = ("study", "regimen", "endpoint", "events", "n")
_SYNONYMS = {
    "study": ("trial", "cohort", "研究"),
    "regimen": ("treatment", "therapy", "方案", "治疗方案"),
    "endpoint": ("outcome", "终点"),
    "events": ("responders", "event", "count", "例数"),
    "n": ("total", "patients", "sample_size", "总例数"),
    "percent": ("percentage", "rate_percent", "%", "百分比"),
}


@dataclass(frozen=True, repr=False)
class CountTable:
    """A checked table of events among patients, one row per study, regimen and endpoint.

    Made by `read_counts` or `load_dataset`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        Columns study, regimen, endpoint, events, n, then any further columns as text.
    digest : str
        SHA-256 of the content; the order of rows does not change it.
    directions : mapping of str to {"higher", "lower"}
        The better direction of each endpoint that has one.
    source : str
        Where the table came from.
    warnings : tuple of Problem
        What was noticed but not refused.
    """

    frame: pd.DataFrame
    digest: str
    directions: Mapping[str, Direction]
    source: str
    warnings: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return (
            f"CountTable({self.source}: {len(self)} rows, {len(self.studies)} studies, "
            f"{len(self.regimens)} regimens, endpoints {', '.join(self.endpoints)})"
        )

    def to_frame(self) -> pd.DataFrame:
        """A copy of the rows as a DataFrame."""
        return self.frame.copy()

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["study"]))

    @property
    def regimens(self) -> tuple[str, ...]:
        """Regimens, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["regimen"]))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Endpoints, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["endpoint"]))

    def select(
        self,
        *,
        endpoints: Sequence[str] | None = None,
        regimens: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> CountTable:
        """Keep some rows; regimens and endpoints come in the order given.

        Parameters
        ----------
        endpoints, regimens : sequence of str, optional
            Labels to keep; all if not given.
        where : mapping, optional
            Column and the value (or list of values) its cells must equal.

        Raises
        ------
        AnalysisError
            If a label or column does not exist, or nothing is left.
        DataError
            If a study would count twice for one regimen and endpoint.
        """
        frame = self.frame
        problems = []
        for column, wanted in (where or {}).items():
            if column not in frame.columns:
                problems.append(f"where: there is no column {column!r}.{nearest(column, frame.columns)}")
                continue
            values = wanted if isinstance(wanted, list | tuple) else [wanted]
            cells = [_filter_text(v) for v in frame[column]]
            allowed = {_filter_text(v) for v in values}
            absent = sorted(allowed - set(cells))
            if absent and not set(cells) & allowed:
                problems.append(f"where: no row has {column} = {', '.join(absent)}")
            frame = frame[[c in allowed for c in cells]]
        for name, labels in (("endpoint", endpoints), ("regimen", regimens)):
            if labels is None:
                continue
            wanted_labels = [canonical_endpoint(x) if name == "endpoint" else normalise(x) for x in labels]
            present = set(frame[name])
            for label in wanted_labels:
                if label not in present and not problems:
                    problems.append(
                        f"{name} {label!r} is not in {self.source}; it has "
                        f"{', '.join(sorted(present)) or 'no rows left'}.{nearest(label, present)}"
                    )
            order = {label: i for i, label in enumerate(wanted_labels)}
            frame = frame[frame[name].isin(order)]
            frame = frame.sort_values(name, key=lambda s, o=order: s.map(o), kind="stable")
        if problems:
            raise AnalysisError("; ".join(problems))
        if frame.empty:
            raise AnalysisError(f"no rows of {self.source} are left after the selection.")
        twice = frame[frame.duplicated(["study", "regimen", "endpoint"], keep=False)]
        if not twice.empty:
            first = twice.iloc[0]
            raise DataError(
                f"{self.source}: {first['study']} counts more than once for {first['regimen']}, "
                f"{first['endpoint']}: its rows are overlapping populations. Choose one with "
                "where, for example where = { population = ... }."
            )
        noted = tuple(w for w in self.warnings if w.row is None or w.row in frame.index)
        return CountTable(frame, table_digest(frame), self.directions, self.source, noted)


def read_counts(
    source: str | Path | pd.DataFrame,
    *,
    sheet: str | None = None,
    endpoints: Mapping[str, Direction | None] | None = None,
    drop: Sequence[str] = (),
) -> CountTable:
    """Read and check a table of counts.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, regimen, endpoint, n and either events or percent (as printed, for
        example ``34.5``), in any order, with any further columns. Alternatively, without an
        endpoint column, the RECIST categories CR, PR, SD, PD, NE as columns.
    sheet : str, optional
        Sheet of a workbook.
    endpoints : mapping, optional
        Endpoints that are not part of the package's vocabulary and whether "higher" or
        "lower" is better. A column ``better`` in the table does the same.
    drop : sequence of str, optional
        Columns to leave out.

    Returns
    -------
    CountTable

    Raises
    ------
    DataError
        If anything makes the counts unusable. The message, and the error's `problems`, list
        every problem with row, column, value and remedy.
    """
    import pandas as pd

    raw = read_cells(source, sheet=sheet, drop=drop)
    problems: list[Problem] = []
    warnings: list[Problem] = list(raw.notes)
    raw = _melt_recist(_rename(raw), problems)
    _require_columns(raw, problems)
    refuse_if_any(raw.source, problems)
    declared = {canonical_endpoint(k): v for k, v in (endpoints or {}).items()}
    _check_duplicates(raw, problems)
    records, directions = [], {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        record = _check_row(row, number, declared, problems, warnings)
        if record is not None:
            records.append((number, record))
            better = row.get("better") or declared.get(record["endpoint"])
            directions[record["endpoint"]] = better or endpoint_direction(record["endpoint"])
    _check_between_rows(records, warnings)
    refuse_if_any(raw.source, problems)
    frame = pd.DataFrame([r for _, r in records], index=[number for number, _ in records])
    frame = frame.astype({"events": int, "n": int})
    known = {k: v for k, v in directions.items() if v is not None}
    return CountTable(frame, table_digest(frame), known, raw.source, tuple(warnings))


def table_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's columns and rows, whatever the order of the rows."""
    lines = sorted("\x1f".join(map(str, r)) for r in frame.itertuples(index=False, name=None))
    content = "\x1e".join(["\x1f".join(map(str, frame.columns)), *lines])
    return hashlib.sha256(content.encode()).hexdigest()


def _filter_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return normalise(str(value))


def _rename(raw: RawTable) -> RawTable:
    """Column names in any case, and a few synonyms, to the package's own."""
    folded = {c.casefold(): c for c in raw.columns}
    names = {}
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


def _melt_recist(raw: RawTable, problems: list[Problem]) -> RawTable:
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
                    Problem("categories_do_not_sum", f"{' + '.join(categories)} = {total}, but n is {stated}",
                            "Give every patient one category; patients without an assessment are NE.",
                            row=number, column="n", value=stated)
                )  # fmt: skip
        else:
            total = 0
            stated = normalise(row.get("n", ""))
        for category, cell in zip(categories, cells, strict=True):
            rows.append({**{c: row[c] for c in others}, "endpoint": category, "events": cell, "n": stated})
            numbers.append(number)
    columns = (*[c for c in others if c != "n"], "endpoint", "events", "n")
    return RawTable(raw.source, columns, tuple(rows), tuple(numbers), raw.notes)


def _require_columns(raw: RawTable, problems: list[Problem]) -> None:
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


def _check_row(
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
        refuse("unknown_endpoint", "endpoint", "unknown endpoint, so it is not known which direction is better",
               f"{hint} a column better with higher or lower.")  # fmt: skip
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


def _count(row: Mapping[str, str], column: str, refuse: Any) -> int | None:
    """A whole number of at least zero, or None with the problem noted."""
    text = normalise(row.get(column, ""))
    if not text:
        refuse("missing_number", column, f"{column} is blank", "Give a whole number.")
        return None
    if text.endswith("%"):
        refuse("percentage_for_count", column, "a percentage where a count is expected",
               "Give the count, or move the percentage to a column percent.")  # fmt: skip
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
            "a proportion where a count is expected"
            if value < 1
            else "a fractional count; it looks like a percentage"
        )
        refuse("fractional_count", column, what,
               "Give the whole number of patients, or move a percentage to a column percent.")  # fmt: skip
    else:
        return int(value)
    return None


def _events(
    row: Mapping[str, str], number: int, n: int | None, refuse: Any, warnings: list[Problem]
) -> int | None:
    """The count of a row, given or recovered from its printed percentage."""
    given, percent = normalise(row.get("events", "")), normalise(row.get("percent", "")).rstrip("% ")
    if not given and not percent:
        refuse("missing_number", "events" if "events" in row else "percent", "there is neither a count nor a percentage",
               "Give events, or the percentage as it was printed.")  # fmt: skip
        return None
    if not given:
        return _recovered(percent, row, number, n, refuse, warnings)
    events = _count(row, "events", refuse)
    if events is not None and n is not None and events > n > 0:
        refuse("events_exceed_n", "events", f"more events than the {n} patients",
               "Correct events or n; if it is a percentage, move it to a column percent.")  # fmt: skip
        return None
    if events is not None and n and percent:
        _agree(events, n, percent, number, refuse, warnings)
    return events


def _agree(
    events: int, n: int, percent: str, number: int, refuse: Any, warnings: list[Problem]
) -> None:
    """Check a stated count against the percentage printed beside it."""
    try:
        found = recover_count(percent, n)
    except ValueError:
        refuse("not_a_number", "percent", "percent is not a number", "Give the percentage as printed, or leave it blank.")
        return
    if events in found.rounded:
        return
    if events in found.truncated:
        warnings.append(_truncated(events, n, percent, number))
        return
    refuse("percent_disagrees", "percent", f"{events} of {n} is {100 * events / n:.2f} %, not {percent} %",
           "Correct one of the two, or leave percent blank.")  # fmt: skip


def _recovered(
    percent: str, row: Mapping[str, str], number: int, n: int | None, refuse: Any, warnings: list[Problem]
) -> int | None:
    if n is None or n == 0:
        refuse("percent_without_n", "percent", "a percentage without a number of patients", "Give n.")
        return None
    try:
        found = recover_count(percent, n)
        value = float(percent)
    except ValueError:
        refuse("not_a_number", "percent", "percent is not a number", "Give the percentage as printed, for example 34.5.")
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
        refuse("percent_ambiguous", "percent",
               f"{percent} % of {n} can be any of {', '.join(map(str, possible))}",
               "Give the count, or the percentage with more decimals.")  # fmt: skip
    elif 0 < value < 1 and recover_count(f"{value * 100:.10g}", n).count is not None:
        refuse("proportion_for_percent", "percent", "a proportion where a percentage is expected",
               f"Write {value * 100:g} instead of {percent}.")  # fmt: skip
    else:
        refuse("percent_impossible", "percent",
               f"no whole number of {n} patients gives {percent} %, by rounding or by truncation; nearest are {near}",
               "Check n and the percentage in the source; never guess the count.")  # fmt: skip
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


def _check_duplicates(raw: RawTable, problems: list[Problem]) -> None:
    """A study, regimen and endpoint (of one population) may stand in one row only."""
    seen: dict[tuple[str, ...], int] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        label = tuple(normalise(row[c]) for c in ("study", "regimen", "endpoint"))
        key = (*label[:2], canonical_endpoint(label[2]), normalise(row.get("population", "")))
        if key in seen and all(label):
            problems.append(
                Problem("duplicate_row", f"{', '.join(label)} also stands in row {seen[key]}",
                        "Keep one, or tell subgroups apart with a column population.", row=number, column="study",
                        value=row["study"])
            )  # fmt: skip
        seen.setdefault(key, number)


def _check_between_rows(
    records: Sequence[tuple[int, Mapping[str, Any]]], warnings: list[Problem]
) -> None:
    """Studies under two names, regimens under two spellings, changing totals."""
    totals: dict[tuple[Any, ...], tuple[int, int]] = {}
    for number, r in records:
        arm = (r["study"], r["regimen"], r.get("population"))
        before = totals.setdefault(arm, (number, r["n"]))
        if before[1] != r["n"]:
            warnings.append(
                Problem("changing_total", f"{r['study']}, {r['regimen']} has n = {r['n']} here and {before[1]} in row {before[0]}",
                        "Right if the endpoints have different denominators.", row=number, column="n", value=str(r["n"]))
            )  # fmt: skip
    spellings: dict[str, dict[str, int]] = {"regimen": {}, "study": {}}
    for column, labels in spellings.items():
        for number, r in records:
            labels.setdefault(r[column], number)
        for a, b in combinations(labels, 2):
            if same_but_spelling(a, b):
                warnings.append(
                    Problem("spelling", f"{column} {b!r} resembles {a!r} in row {labels[a]}",
                            "If they are the same, spell them alike.", row=labels[b], column=column, value=b)
                )  # fmt: skip
    contents: dict[tuple[Any, ...], tuple[int, str]] = {}
    for number, r in records:
        content = (r["regimen"], r["endpoint"], r["events"], r["n"], r.get("population"))
        first = contents.setdefault(content, (number, r["study"]))
        if first[1] != r["study"] and r["events"] > 0:
            warnings.append(
                Problem("same_counts", f"{r['study']} and {first[1]} (row {first[0]}) report the same counts for {r['regimen']}",
                        "If they are one study under two names, keep one.", row=number, column="study", value=r["study"])
            )  # fmt: skip


def same_but_spelling(a: str, b: str) -> bool:
    """Whether two labels differ only in case, punctuation or a slip of the pen."""

    def plain(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    x, y = plain(a), plain(b)
    digits = [c for c in x if c.isdigit()] == [c for c in y if c.isdigit()]
    return x == y or (
        digits and min(len(x), len(y)) > 7 and difflib.SequenceMatcher(None, x, y).ratio() > 0.92
    )
