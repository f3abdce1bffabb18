"""Rows of a result as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from bayes_escc.answers.league import league_cells, league_groups
from bayes_escc.names import PlainMapping

__all__ = ["league_csv", "ranking_csv", "rows_csv", "sensitivity_tables"]


def league_csv(rows: Sequence[PlainMapping], status: str) -> str:
    """The league table as CSV, ready for print: each cell compares the regimen of its row with that of its column.

    Of several tables the first cell says which it is: the endpoint, and the time if there is one.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    groups = league_groups(rows)
    for number, group in enumerate(groups):
        order, cells = league_cells(group)
        writer.writerows([[]] if number else [])
        which = [] if len(groups) == 1 else [str(group[0]["endpoint"] or group[0]["estimand"])]
        which += [f"at {group[0]['time']:g}"] if which and group[0]["time"] is not None else []
        first = ", ".join(["row against column", " ".join(which)] if which else ["row against column"])
        writer.writerow([first, *map(_csv_cell, order), "status"])
        writer.writerows([_csv_cell(name), *line, status] for name, line in zip(order, cells, strict=True))
    return buffer.getvalue()


def rows_csv(rows: Sequence[PlainMapping], columns: Sequence[str], status: str | None = None) -> str:
    """Rows as CSV; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    last = ["status"] if status is not None else []
    writer.writerow([*columns, *last])
    for row in rows:
        writer.writerow([*(_csv_cell(row[c]) for c in columns), *([status] if last else [])])
    return buffer.getvalue()


def sensitivity_tables(found: PlainMapping) -> dict[str, str]:
    """A sensitivity analysis as CSV, by the name of the file: every variation, and what power scaling gave."""
    tables = {"sensitivity.csv": found["rows"]}
    scaled = found["power_scaling"]
    if scaled is not None:
        tables |= {"power_scaling.csv": scaled["estimates"], "power_scaling_better.csv": scaled["probabilities"]}
    return {name: rows_csv(rows, list(rows[0])) for name, rows in tables.items() if rows}


def ranking_csv(rows: Sequence[PlainMapping], status: str) -> str:
    """The ranking as CSV, with the probability of every rank in a column of its own."""
    most = max(len(row["rank_probabilities"]) for row in rows)
    columns = [c for c in rows[0] if c != "rank_probabilities"]
    ranks = [f"probability_rank_{i + 1}" for i in range(most)]
    wide = [
        {**dict.fromkeys(ranks), **row, **dict(zip(ranks, row["rank_probabilities"], strict=False))} for row in rows
    ]
    return rows_csv(wide, [*columns, *ranks], status)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"
    if isinstance(value, list | tuple):
        return " to ".join(map(str, value))
    return "" if value is None else value
