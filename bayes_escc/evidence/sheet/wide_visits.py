"""Visits kept beside each other, `Scan 1 / date`, `Scan 1 / result`, `Scan 2 / date` ..., as rows of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bayes_escc.evidence.sheet.cells import MISSING, WORDS, folded_word, read_day
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.roles import header_of, roles_of
from bayes_escc.names import normalise

__all__ = ["RESULT_HEADER", "scan_columns", "scans_sheet", "visits_beside"]

DATE_HEADER: Final = "scan date"
RESULT_HEADER: Final = "scan result"
"""Headers of the table that is made; no sheet has it, so they are the same whatever its own columns are called."""

_SCAN: Final = re.compile(
    r"(?i)scan|\bct|\bmri?\b|imag|assess|evaluat|visit|recist|follow.?up|评估|评价|影像|复查|随访|检查|疗效|访视"
)
_NUMBERS: Final = {c: i for i, c in enumerate("一二三四五六七八九十", start=1)}
_NUMBER: Final = re.compile(r"第?\s*([0-9]{1,2}|[一二三四五六七八九十])\s*次?")
_DATED: Final = re.compile(r"(?i)日期|时间|date|\bdt\b|\bday\b")


def _number_of(header: str) -> int | None:
    """Which scan a header is of, or None if it is of none."""
    plain = normalise(header)
    if not _SCAN.search(plain):
        return None
    if re.search(r"首次", plain):
        return 1
    found = _NUMBER.findall(plain)
    if len(found) != 1:
        return None
    return _NUMBERS.get(found[0]) or int(found[0])


def _kind_of(header: str, cells: Sequence[str]) -> str:
    """``date``, ``result`` or a blank, by what the cells hold; by the header where they hold nothing."""
    filled = [c for c in cells if folded_word(c) not in MISSING]
    if not filled:
        return "date" if _DATED.search(header) else "result"
    dates = sum(not isinstance(read_day(c), str) or read_day(c) in {"ambiguous", "serial"} for c in filled)
    words = sum(folded_word(c) in WORDS["visit_result"] for c in filled)
    return "date" if dates > 0.5 * len(filled) else "result" if words > 0.5 * len(filled) else ""


def scan_columns(table: Table) -> dict[int, tuple[int, int]]:
    """Columns of date and result of every scan by its number; empty where there are fewer than two scans."""
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, header in enumerate(table.headers):
        number = _number_of(header) if header else None
        if number is not None:
            found[number][_kind_of(header, table.cells(i))].append(i)
    pairs = {
        number: (kinds["date"][0], kinds["result"][0])
        for number, kinds in sorted(found.items())
        if len(kinds["date"]) == 1 and len(kinds["result"]) == 1
    }
    return pairs if len(pairs) >= 2 else {}


def scans_sheet(sheet: str) -> str:
    """What the table made of the scans of a sheet is called."""
    return f"{sheet} (scans)".strip()


def visits_beside(table: Table) -> Table | None:
    """One row per scan of every patient, in the row of the sheet that the patient has; None where there are no scans.

    A sheet that has a date of progression, too, keeps it: whoever wrote it down has read the scans.
    """
    pairs = scan_columns(table)
    used = {i for pair in pairs.values() for i in pair}
    others = [{r for r, _ in roles_of(header_of(h))} for i, h in enumerate(table.headers) if h and i not in used]
    if not pairs or any(roles & {"progression", "pfs_end"} for roles in others):
        return None
    seen = [
        (number, (row[date], row[result]))
        for number, row in zip(table.numbers, table.rows, strict=True)
        for date, result in pairs.values()
        if row[date] or row[result]
    ]
    return replace(
        table,
        sheet=scans_sheet(table.sheet),
        headers=(DATE_HEADER, RESULT_HEADER),
        rows=tuple(cells for _, cells in seen),
        numbers=tuple(number for number, _ in seen),
        sections=("",) * len(seen),
        aside=(),
    )
