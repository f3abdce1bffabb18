"""Published effects as papers print them, `0.71 (0.57-0.87)`, as one row per contrast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bayes_escc.evidence.effect_measures import measure_of
from bayes_escc.evidence.sheet.applied import Applied, Record, Recorder
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["apply_to_effects", "interval_column"]

_INTERVAL: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*[(\[,;]\s*(?:95\s*%\s*ci[:,]?\s*)?(\d+(?:\.\d+)?)\s*(?:-|–|—|~|～|to|,|至)\s*(\d+(?:\.\d+)?)\s*[)\]]?",
    re.IGNORECASE,
)
_COLUMNS: Final = (
    "study",
    "experimental",
    "control",
    "endpoint",
    "measure",
    "estimate",
    "ci_low",
    "ci_high",
    "ci_level",
)


def _printed(cell: str) -> str:
    """A cell in plain signs, with points for the mid-dots that some journals print."""
    return re.sub(r"(?<=\d)[·∙⋅](?=\d)", ".", normalise(cell))


def interval_column(table: Table) -> tuple[str, str] | None:
    """A column of estimates with their intervals, and its measure: ``HR (95% CI)``."""
    for i, header in enumerate(table.headers):
        cells = [_printed(c) for c in table.cells(i) if c]
        if cells and sum(_INTERVAL.fullmatch(c) is not None for c in cells) >= 0.5 * len(cells):
            named = re.search(r"(?i)\b(HR|OR|RR)\b", header) or re.search(r"(风险比|比值比|相对危险度)", header)
            words = {"风险比": "HR", "比值比": "OR", "相对危险度": "RR"}
            return header, (words.get(named[1], named[1].upper()) if named else "")
    return None


def apply_to_effects(tables: Sequence[Table], mapping: Mapping) -> Applied:
    """Read effects from the sheets of a mapping."""
    recorder = Recorder()
    sheets = {u.sheet for u in mapping.sheets if u.use == "effects"}
    rows, places = [], []
    for table in [t for t in tables if t.sheet in sheets] or list(tables):
        at = {role: i for role, c in mapping.columns.items() if (i := table.column(c.header)) is not None}
        for number, cells in zip(table.numbers, table.rows, strict=True):
            record = Record(table.name, number, {role: _printed(cells[i]) for role, i in at.items()})
            row = dict.fromkeys(_COLUMNS, "") | {r: c for r, c in record.cells.items() if r in _COLUMNS}
            if found := _INTERVAL.fullmatch(record.cells.get("estimate", "")):
                row |= {"estimate": found[1], "ci_low": found[2], "ci_high": found[3]}
                recorder.read(
                    record,
                    mapping.columns["estimate"].header,
                    found[0],
                    f"{found[1]}, {found[2]} to {found[3]}",
                    Text("estimate and limits", "估计值与区间"),
                )
            for role in ("experimental", "control", "endpoint", "measure"):
                row[role] = row[role] or mapping.rule(role)
                if not row[role]:
                    _ask(role, recorder)
            if not row["ci_level"]:
                row["ci_level"] = "0.95"
                recorder.note("intervals without a stated level are taken as 95 %", "未注明水平的区间按95%处理")
            if row["measure"] and not measure_of(row["measure"]):
                recorder.ask(
                    f"rule.measure.{masked(row['measure'])}",
                    Text(
                        f"Which measure is {masked(row['measure'])!r}?", f"“{masked(row['measure'])}”是哪种效应指标？"
                    ),
                    (),
                    free="text",
                )
            rows.append(row)
            places.append((table.name, number))
    return Applied(_COLUMNS, tuple(rows), tuple(places), tuple(recorder.log), recorder.questions, tuple(recorder.notes))


def _ask(role: str, recorder: Recorder) -> None:
    asked = {
        "experimental": Text("Which regimen is the experimental one?", "试验方案是什么？"),
        "control": Text("Which regimen is the control?", "对照方案是什么？"),
        "endpoint": Text("Which endpoint are the effects of?", "效应量对应哪个终点？"),
        "measure": Text("Which measure are the effects?", "效应量是哪种指标？"),
    }
    offered = {"endpoint": ("PFS", "OS", "ORR"), "measure": ("HR", "OR", "RR")}
    candidates = tuple(Candidate(v, Text("", "")) for v in offered.get(role, ()))
    recorder.ask(f"rule.{role}", asked[role], candidates, free="text")
