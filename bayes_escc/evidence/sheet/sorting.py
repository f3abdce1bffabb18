"""What every sheet holds: patients, visits, counts as papers print them, effects, settings, or nothing to read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from bayes_escc.evidence.sheet.cells import folded_word
from bayes_escc.evidence.sheet.counts import is_total_of_patients
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.roles import CHARACTERISTICS, endpoint_of, header_of, roles_of, roles_of_counts

__all__ = ["PATIENT_ROLES", "SETTINGS", "VISIT_ROLES", "settings_of", "use_of"]

PATIENT_ROLES: Final = frozenset(
    {
        "identifier",
        "regimen",
        "start",
        "progression",
        "independent_progression",
        "last_contact",
        "last_scan",
        "cut",
        "death",
        "pfs_end",
        "time",
        "status",
        "censored",
        "response",
        "responder",
        "controlled",
        *CHARACTERISTICS,
        "study",
    }
)
VISIT_ROLES: Final = frozenset({"identifier", "visit_date", "visit_result"})
_ARM: Final = re.compile(r"(?i)[(（\[]?\s*n\s*=\s*\d+")
_COUNT: Final = re.compile(r"\d+\s*[/(（]\s*\d+(\.\d+)?\s*%?\s*[)）]?")

SETTINGS: Final = {
    "reference": ("reference regimen", "参照方案"),
    "margin.os": ("smallest difference in os that matters (months)", "os最小有意义差值(月)"),
    "margin.pfs": ("smallest difference in pfs that matters (months)", "pfs最小有意义差值(月)"),
    "margin.response": (
        "smallest difference in response that matters (percentage points)",
        "缓解率最小有意义差值(百分点)",
    ),
    "cut": ("data cut-off", "数据截止日期"),
    "schedule": ("weeks between planned scans", "计划影像评估间隔(周)"),
    "margin.effect": ("smallest effect that matters (ratio)", "最小有意义效应(比值)"),
}
"""Labels of the template's sheet of settings, folded, in both languages."""


def settings_of(table_rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Answers on a sheet of settings: label in one cell, value in the next."""
    labels = {folded_word(label): code for code, both in SETTINGS.items() for label in both}
    found = {}
    for row in table_rows:
        for label, value in pairwise(row):
            code = labels.get(folded_word(label))
            if code and value:
                found[code] = value
    return found


def use_of(table: Table) -> str:
    """``patients``, ``visits``, ``counts``, ``effects`` or a blank."""
    headers = [header_of(h) for h in table.headers if h]
    roles = {roles_of(h)[0][0] for h in headers if roles_of(h)}
    roles |= {r for found in roles_of_counts(table.headers) for r in found & {"events"}}
    first = [row[0] for row in table.rows if row and row[0]]
    rows_named = sum(endpoint_of(cell) is not None for cell in first)
    arms = sum(_ARM.search(h.text) is not None for h in headers)
    named = any(re.search(r"(?i)\b(hr|or|rr)\b.*ci|风险比|比值比|\b(hr|rr)\b", h.text) for h in headers)
    if ("estimate" in roles or named) and roles & {"study", "experimental", "control", "endpoint"}:
        return "effects"
    totals = any(is_total_of_patients(cell) for cell in first)
    if (rows_named >= 2 or (rows_named >= 1 and len(first) <= 3)) and (arms >= 1 or totals or _counted(table)):
        return "counts"
    if {"n", "events"} <= roles or {"n", "percent"} <= roles:
        return "counts"
    endpoints = sum(endpoint_of(h.text) is not None for h in headers)
    if (
        endpoints >= 1
        and ("n" in roles or _counted(table))
        and "regimen" in roles
        and not roles & {"start", "status", "time"}
    ):
        return "counts"
    if {"visit_date", "visit_result"} & roles and _repeats(table) and "regimen" not in roles:
        return "visits"
    return "patients" if len(roles & PATIENT_ROLES) >= 2 else ""


def _counted(table: Table) -> bool:
    cells = [c for row in table.rows for c in row[1:] if c]
    return bool(cells) and sum(_COUNT.match(c) is not None for c in cells) >= 0.3 * len(cells)


def _repeats(table: Table) -> bool:
    numbered = [
        {r for r, _ in roles_of(header_of(h))} & {"identifier", "hospital_number"} if h else set()
        for h in table.headers
    ]
    at = next((i for i, found in enumerate(numbered) if found), None)
    if at is None:
        return False
    ids = [c for c in table.cells(at) if c]
    return len(set(ids)) < len(ids)
