"""Counts as papers print them, `10 (34.5%)`, in any layout, as one row per regimen and endpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bayes_escc.evidence.count_checks import printed_percent
from bayes_escc.evidence.grim import possible_counts
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.sheet.applied import Applied, Record, Recorder
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.roles import endpoint_of, roles_of_counts
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["apply_to_counts", "bare_label", "column_use", "count_labels", "is_total_of_patients"]

_N: Final = re.compile(r"(?i)[(\[]?\s*n\s*=\s*(\d+)\s*[)\]]?")
_OF: Final = re.compile(r"(\d+)\s*/\s*(\d+)(?:\s*[(\[]?\s*(\d+(?:\.\d+)?)\s*%?\s*[)\]]?)?")
_WITH: Final = re.compile(r"(\d+)\s*[(\[]\s*(\d+(?:\.\d+)?)\s*%?\s*[)\]]")
_ALONE: Final = re.compile(r"(\d+)(?:\s*例)?")
_INTERVAL: Final = re.compile(
    r"(?i)(?<=[\d%)\]])\s*[;,，；]?\s*(?:95\s*%\s*(?:ci)?\s*[:：,，]?\s*)?[(\[]?\s*"
    r"\d+(?:\.\d+)?\s*%?\s*(?:[-–—~～,，]|to)\s*\d+(?:\.\d+)?\s*%?\s*[)\]]?$"
)
"""An interval printed behind a count and its percentage: `13 (31.7) [18.1-48.1]`."""
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_IGNORED: Final = re.compile(
    r"(?i)^\s*(p\s*values?|(?:p|χ2|χ²|x2|t|z|u|f|卡方|统计量)\s*值?|chi-?squared?|statistic|or|hr|rr|95%\s*ci|.*95%?\s*ci.*|差值|difference|total|合计|总计|overall)\s*$"
)
_COUNTED: Final = re.compile(r"(?i)\bn\s*[(\[]\s*%|\bno\.?\s*[(\[]\s*%|\bn\s*/\s*n\b|\bn,\s*%|例")
_PATIENTS: Final = re.compile(
    r"(?i)^(n|no\.? of patients|patients|例数|总例数|患者数|人数|可评价例数|evaluable|total n|样本量)$"
)


@dataclass(frozen=True)
class _Cell:
    """One printed count: where it stands, whose it is, its patients and the percentage beside it if the sheet says."""

    record: Record
    column: str
    regimen: str
    endpoint: str
    text: str
    n: int | None
    study: str
    percent: str = ""


def _ignored(label: str) -> bool:
    """Whether a label heads a test, an interval or a total, and no counts beside it: `ORR, n (%) [95% CI]` does."""
    return _IGNORED.match(label) is not None and _COUNTED.search(label) is None


def is_total_of_patients(label: str) -> bool:
    """Whether a row of a table of counts gives the patients of every arm: `N`, `Patients`, `例数`."""
    return _PATIENTS.match(normalise(label)) is not None


def bare_label(label: str) -> str:
    """A regimen's label without its `(n=29)`."""
    return normalise(_N.sub("", normalise(label))).strip(" ,;:，；")


def column_use(table: Table, header: str) -> Text:
    """What a column of a table of counts is taken for."""
    roles = roles_of_counts(table.headers)[table.headers.index(header)]
    if _ignored(bare_label(header)) and not roles & {"regimen", "endpoint", "study", "n"}:
        return Text("left aside: holds no counts of one arm", "未用：非单组例数")
    if table.headers.index(header) == 0 or roles & {"regimen", "endpoint", "study"}:
        return Text("labels of the rows", "行标签")
    if "n" in roles:
        return Text("numbers of patients", "总例数")
    if "percent" in roles:
        return Text("percentages", "百分比")
    return Text("a column of counts", "计数列")


def _cells_of(table: Table) -> list[_Cell]:
    headers = [normalise(h) for h in table.headers]
    roles = roles_of_counts(table.headers)
    long = [i for i, r in enumerate(roles) if "endpoint" in r]
    regimen_at = next((i for i, r in enumerate(roles) if "regimen" in r), None)
    if regimen_at is not None and any("events" in r or "percent" in r for r in roles) and long:
        return _long(table, roles)
    endpoints_in_rows = sum(endpoint_of(row[0]) is not None for row in table.rows if row)
    if endpoints_in_rows >= 1 and endpoints_in_rows >= 0.3 * len(table.rows):
        return _rows_are_endpoints(table, headers)
    if regimen_at is None:
        regimen_at = 0
    return _rows_are_regimens(table, roles, regimen_at)


def _long(table: Table, roles: Sequence[set[str]]) -> list[_Cell]:
    at = {
        name: next((i for i, r in enumerate(roles) if name in r), None)
        for name in ("study", "regimen", "endpoint", "events", "n", "percent")
    }
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        value = {k: row[i] if i is not None else "" for k, i in at.items()}
        n, percent = _ALONE.fullmatch(normalise(value["n"])), printed_percent(value["percent"])
        text = value["events"] or (f"{value['percent'].rstrip('%')}%" if value["percent"] else "")
        found.append(
            _Cell(
                Record(table.name, number, {}),
                "events",
                value["regimen"],
                value["endpoint"],
                text,
                int(n[1]) if n else None,
                value["study"],
                percent if value["events"] and number_in(percent) is not None else "",
            )
        )
    return found


def _rows_are_endpoints(table: Table, headers: Sequence[str]) -> list[_Cell]:
    totals = {}
    for row in table.rows:
        if _PATIENTS.match(normalise(row[0])):
            totals = {i: int(m[1]) for i, c in enumerate(row) if i and (m := _ALONE.fullmatch(normalise(c)))}
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        if _PATIENTS.match(normalise(row[0])) or _ignored(normalise(row[0])):
            continue
        for i in range(1, len(row)):
            if not headers[i] or _ignored(bare_label(headers[i])) or not row[i]:
                continue
            n = _N.search(headers[i])
            found.append(
                _Cell(
                    Record(table.name, number, {}),
                    table.headers[i],
                    headers[i],
                    row[0],
                    row[i],
                    int(n[1]) if n else totals.get(i),
                    "",
                )
            )
    return found


def _rows_are_regimens(table: Table, roles: Sequence[set[str]], regimen_at: int) -> list[_Cell]:
    n_at = next((i for i, r in enumerate(roles) if "n" in r), None)
    study_at = next((i for i, r in enumerate(roles) if "study" in r), None)
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        if _ignored(normalise(row[regimen_at])):
            continue
        n = _ALONE.fullmatch(normalise(row[n_at])) if n_at is not None else None
        inside = _N.search(normalise(row[regimen_at]))
        total = int(n[1]) if n else int(inside[1]) if inside else None
        for i, header in enumerate(table.headers):
            if i in {regimen_at, n_at, study_at} or not header or not row[i] or _ignored(normalise(header)):
                continue
            study = row[study_at] if study_at is not None else ""
            found.append(_Cell(Record(table.name, number, {}), header, row[regimen_at], header, row[i], total, study))
    return found


def count_labels(tables: Sequence[Table]) -> tuple[list[str], list[str]]:
    """Labels of regimens, and those of endpoints that hold counts."""
    cells = [c for t in tables for c in _cells_of(t)]
    return sorted({bare_label(c.regimen) for c in cells}), sorted(
        {normalise(c.endpoint) for c in cells if _parse(c.text)}
    )


def _parse(text: str) -> tuple[int | None, int | None, str] | None:
    """Events, patients and printed per cent of a cell."""
    plain = normalise(text).replace("％", "%")
    behind = _INTERVAL.search(plain)
    for count in (plain[: behind.start()], f"{plain[: behind.start()]})") if behind is not None else ():
        plain = count if _OF.fullmatch(count) or _WITH.fullmatch(count) else plain
    if m := _OF.fullmatch(plain):
        return int(m[1]), int(m[2]), m[3] or ""
    if m := _WITH.fullmatch(plain):
        return int(m[1]), None, m[2]
    if m := _PERCENT.fullmatch(plain):
        return None, None, m[1]
    if m := _ALONE.fullmatch(plain):
        return int(m[1]), None, ""
    return None


def apply_to_counts(tables: Sequence[Table], mapping: Mapping) -> Applied:
    """Read counts from the sheets of a mapping."""
    recorder = Recorder()
    sheets = {u.sheet for u in mapping.sheets if u.use == "counts"}
    chosen = [t for t in tables if t.sheet in sheets] or list(tables)
    rows: list[dict[str, str]] = []
    places = []
    for table in chosen:
        for cell in _cells_of(table):
            row = _row(cell, mapping, recorder, several=len(chosen) > 1)
            if row is not None:
                rows.append(row)
                places.append((cell.record.sheet, cell.record.row))
    unread = dict.fromkeys(label for table in chosen for label in _statistics(table))
    if unread:
        named = ", ".join(unread)
        recorder.note(f"not counts, and not read: {named}", f"非例数，未读取：{named}")
    for row, place in _summed(rows, places):
        recorder.note(
            "ORR is CR + PR, DCR is CR + PR + SD, where the sheet gives the categories alone",
            "表中仅有CR、PR、SD例数者，ORR=CR+PR，DCR=CR+PR+SD",
        )
        rows.append(row)
        places.append(place)
    order = sorted(range(len(rows)), key=lambda i: tuple(rows[i].values()))
    columns = ("study", "regimen", "endpoint", "events", "percent", "n", "design")
    used = tuple(c for c in columns if any(r[c] for r in rows))
    return Applied(
        used,
        tuple({c: rows[i][c] for c in used} for i in order),
        tuple(places[i] for i in order),
        tuple(recorder.log),
        recorder.questions,
        tuple(recorder.notes),
    )


def _statistics(table: Table) -> list[str]:
    """Labels of rows and columns that hold tests, intervals, differences or totals."""
    labels = [*table.headers, *(cell for row in table.rows for cell in row[:1])]
    return [masked(plain) for label in labels if (plain := normalise(label)) and _ignored(plain)]


def _summed(rows: list[dict[str, str]], places: list[tuple[str, int]]) -> list[tuple[dict[str, str], tuple[str, int]]]:
    """Responses and disease control of arms of which the sheet gives the categories alone."""
    arms: dict[tuple[str, str], dict[str, int]] = {}
    for i, row in enumerate(rows):
        arms.setdefault((row["study"], row["regimen"]), {})[row["endpoint"]] = i
    made = []
    for at in arms.values():
        for endpoint, parts in (("ORR", ("CR", "PR")), ("DCR", ("CR", "PR", "SD"))):
            if endpoint in at or not all(p in at and rows[at[p]]["events"] for p in parts):
                continue
            first = rows[at[parts[0]]]
            events = sum(int(rows[at[p]]["events"]) for p in parts)
            if len({rows[at[p]]["n"] for p in parts}) == 1:
                made.append(
                    ({**first, "endpoint": endpoint, "events": str(events), "percent": ""}, places[at[parts[0]]])
                )
    return made


def _contradiction(cell: _Cell, events: int | None, of: int | None, percent: str) -> str:
    """What a cell and what stands beside it say of one count, where they cannot both be right; blank where they can."""
    n = of if of is not None else cell.n
    shares = [p for p in (percent, cell.percent) if p]
    said = [masked(normalise(cell.text)), *(f"{p} %" for p in (cell.percent,) if p)]
    said += [f"n = {cell.n}"] if cell.n is not None else []
    apart = of is not None and cell.n is not None and of != cell.n
    if not apart and (events is None or not n):
        return ""
    # a percentage in the cell itself goes with its count, and the check of counts refuses it
    if apart or (cell.percent and n and any(events not in possible_counts(p, n) for p in shares)):
        return ", ".join(said)
    return ""


def _ask_regimen(cell: _Cell, recorder: Recorder) -> None:
    """Ask which regimen a label is."""
    shown = masked(bare_label(cell.regimen)) or "(blank)"
    recorder.ask(
        f"regimen.{shown}",
        Text(f"Which regimen is {shown!r}?", f"“{shown}”是哪一种方案？"),
        (
            Candidate(shown, Text("as written", "按原文")),
            Candidate("none", Text("no regimen: leave it aside", "不是方案，不读取")),
        ),
        cell.record,
        free="text",
    )


def _ask_count(code: str, cell: _Cell, contradiction: str, recorder: Recorder) -> None:
    """Ask for the count of a cell that contradicts what stands beside it."""
    label, regimen = masked(normalise(cell.endpoint)), masked(bare_label(cell.regimen))
    recorder.ask(
        code,
        Text(
            f"{label} of {regimen!r} contradicts itself: {contradiction}. What is the count, as 8/29?",
            f"“{regimen}”的{label}自相矛盾：{contradiction}。例数应为多少（如8/29）？",
        ),
        (Candidate("none", Text("leave it aside", "不读取")),),
        cell.record,
        free="text",
    )


def _row(cell: _Cell, mapping: Mapping, recorder: Recorder, *, several: bool) -> dict[str, str] | None:
    label = normalise(cell.endpoint)
    endpoint = mapping.endpoints.get(label) or endpoint_of(label)
    if endpoint == "none" or _ignored(label):
        return None
    parsed = _parse(cell.text)
    if endpoint is None:
        if parsed is not None and (cell.n is not None or parsed[1] is not None):
            recorder.ask(
                f"endpoint.{masked(label)}",
                Text(f"Which endpoint is {masked(label)!r}?", f"“{masked(label)}”是哪个终点？"),
                (
                    Candidate("none", Text("none: leave it aside", "不是终点，不读取")),
                    Candidate("ORR", Text("objective response", "客观缓解")),
                    Candidate("DCR", Text("disease control", "疾病控制")),
                    Candidate("grade3plus_AE", Text("adverse events of grade 3 or more", "3级及以上不良反应")),
                ),
                free="text",
                safe="none",
            )
        return None
    regimen = mapping.regimens.get(bare_label(cell.regimen), "")
    if not regimen:
        _ask_regimen(cell, recorder)
        return None
    if regimen == "none":
        return None
    if parsed is None:
        recorder.read(cell.record, cell.column, cell.text, "", Text("no count; set aside", "不是例数，未读取"))
        return None
    contradiction = _contradiction(cell, *parsed)
    if contradiction:
        code = ".".join(("count", *filter(None, (masked(normalise(cell.study)), masked(regimen), endpoint))))
        stated = mapping.rule(code)
        if stated == "none":
            recorder.read(cell.record, cell.column, cell.text, "", Text("left aside", "不读取"))
            return None
        parsed = _parse(stated) if stated else None
        if parsed is None or parsed[0] is None:
            _ask_count(code, cell, contradiction, recorder)
            return None
    events, n, percent = parsed
    percent = percent or ("" if contradiction else cell.percent)
    n = n if n is not None else cell.n
    if n is None:
        code = f"n.{masked(regimen)}"
        stated = mapping.rule(code)
        if not stated:
            recorder.ask(code, Text(f"How many patients had {regimen!r}?", f"“{regimen}”共多少例？"), (), free="number")
            return None
        n = int(float(stated))
    study = normalise(cell.study) or (
        cell.record.sheet if several and not mapping.rule("study") else mapping.rule("study", "this cohort")
    )
    said = str(events) if events is not None else ""
    if said != cell.text:
        recorder.read(
            cell.record,
            cell.column,
            cell.text,
            f"{said or percent + ' %'} of {n}",
            Text(f"{endpoint}, {regimen}", f"{endpoint}，{regimen}"),
        )
    return {
        "study": study,
        "regimen": regimen,
        "endpoint": endpoint,
        "events": said,
        "percent": percent,
        "n": str(n),
        "design": mapping.rule("design"),
    }
