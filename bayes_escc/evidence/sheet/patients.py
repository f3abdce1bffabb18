"""The patients of a sheet read through a mapping: every cell by one rule, every doubt a question."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from bayes_escc.evidence.sheet.applied import Applied, Record, Recorder
from bayes_escc.evidence.sheet.cell_reading import COUNTS, FAULT, OS_FAULT, word_of
from bayes_escc.evidence.sheet.cells import (
    MISSING,
    NO_DATE,
    WORDS,
    date_order,
    folded_word,
    read_day,
    read_number,
)
from bayes_escc.evidence.sheet.date_questions import SERIAL_EPOCHS, ask_date
from bayes_escc.evidence.sheet.follow_up import EVENTS, Route, dated_route, disorder, end_route
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.overall import (
    UNDATED,
    UNDATED_DEATH,
    UNDATED_PROGRESSION,
    OverallReading,
    listed_faults,
    set_aside_of_os,
)
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.repeated import REPEATED, without_repeats
from bayes_escc.evidence.sheet.roles import CHARACTERISTICS
from bayes_escc.evidence.sheet.visits import with_visits
from bayes_escc.evidence.sheet.wide_visits import scans_sheet
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["apply_to_patients", "gather"]


COLUMNS: Final = (
    "patient_id",
    "regimen",
    "study",
    "time",
    "event",
    "os_time",
    "os_event",
    "response",
    *CHARACTERISTICS,
    "last_free",
    "first_progression",
    "scan_rule",
)
_YES_NO: Final = ("liver_metastasis", "ae_any", "ae_severe", "responder", "controlled")
_AS_WRITTEN: Final = ("line", "stage", "pdl1", "centre", "study")
_NUMBERS: Final = ("nlr", "cd4_cd8", "age", "kps")
_WRONG_DATES: Final = {
    "two-digit year": Text("the year has two digits", "年份只有两位"),
    "incomplete": Text("the day is missing", "日期不完整"),
    "no such day": Text("there is no such day", "不存在的日期"),
    "not a date": Text("not a date", "不是日期"),
}


def gather(tables: Sequence[Table], mapping: Mapping, use: str = "patients") -> list[Record]:
    """The rows of the sheets as records of cells by role; sheets that share an identifier are joined."""
    roles = [r for r in mapping.columns if (r.startswith("visit_")) == (use == "visits") or r == "identifier"]
    regimens = {u.sheet: u.regimen for u in mapping.sheets if u.use == use}
    chosen = [t for t in tables if t.sheet in regimens] or (list(tables) if len(tables) == 1 else [])
    joined = mapping.rule("sheets") == "joined" and use == "patients"
    together: dict[str, Record] = {}
    records: list[Record] = []
    for table in chosen:
        found = {role: place for role in roles if (place := mapping.columns[role].on(table)) is not None}
        at = {role: i for role, (i, _) in found.items()}
        units = {r: c.unit for r, (_, c) in found.items() if c.unit and c.unit != mapping.columns[r].unit}
        if "visit_patient" in at:
            at["identifier"] = at["visit_patient"]
        whole = regimens.get(table.sheet, "")
        carried = ""
        for number, row, section in zip(table.numbers, table.rows, table.sections, strict=True):
            cells = {role: _in_unit(row[i], units.get(role, "")) for role, i in at.items()}
            if whole:
                cells["regimen"] = whole
            elif mapping.rule("regimen") == "title":
                cells["regimen"] = section
            elif mapping.rule("regimen") == "filled_down" and "regimen" in at:
                carried = cells["regimen"] = cells["regimen"] or carried
            key = folded_word(cells.get("identifier", ""))
            if joined and key and key in together:
                together[key].cells |= {r: c for r, c in cells.items() if c and not together[key].cells.get(r)}
                continue
            record = Record(table.name, number, {**dict.fromkeys(roles, ""), **cells})
            records.append(record)
            if joined and key:
                together[key] = record
    return records


def _in_unit(cell: str, unit: str) -> str:
    """A cell with the unit its own sheet states in the header, where the other sheets state another."""
    read = read_number(cell) if unit else None
    if read is None or read[2]:
        return cell
    return f"{cell}×{unit}" if unit[:1].isdigit() else f"{cell} {unit}"


def apply_to_patients(
    tables: Sequence[Table], mapping: Mapping, *, key: bytes = b"", today: dt.date | None = None
) -> Applied:
    """Read the patients of some tables.

    Parameters
    ----------
    tables : sequence of Table
    mapping : Mapping
    key : bytes
        From which pseudonyms are made, where the only identifier is one that identifies people.
    today : date, optional
    """
    recorder = Recorder()
    records = gather(tables, mapping)
    epochs = {t.name: t.grid.serial_epoch for t in tables}
    _Reading(records, mapping, recorder, epochs, today or dt.date.today()).all()
    records = without_repeats(records, mapping, recorder)
    _set_aside(records, mapping, recorder)
    _name_patients(records, mapping, recorder, key)
    if mapping.rule("time") == "visits":
        visits = gather(tables, mapping, "visits")
        beside = {t.name: scans_sheet(t.sheet) for t in tables}
        here = {(beside[r.sheet], r.row): r.values["patient_id"] for r in records}
        for visit in visits:  # a scan in the row of its patient needs no number
            place = (visit.sheet, visit.row)
            visit.values["patient_id"] = (
                here.get(place, "") if visit.sheet in beside.values() else _number(visit, mapping, key)
            )
        records = with_visits(records, visits, mapping, recorder, epochs)
    used = [c for c in COLUMNS if c in ("patient_id", "regimen") or any(r.values.get(c) for r in records)]
    rows = tuple({c: r.values.get(c, "") for c in used} for r in records)
    places = tuple((r.sheet, r.row) for r in records)
    return Applied(tuple(used), rows, places, tuple(recorder.log), recorder.questions, tuple(recorder.notes))


class _Reading(OverallReading):
    """One pass over the records."""

    def all(self) -> None:
        """Read every column, then derive what follows from several."""
        self.regimens()
        if "response" in self.columns:
            self.words("response", WORDS["response"], ("CR", "PR", "SD", "PD", "NE", "pending"))
        elif "responder" in self.columns:
            self.words("responder", WORDS["yes_no"], ("1", "0"), into="response")
        for role in _YES_NO[:3]:
            self.words(role, WORDS["yes_no"], ("1", "0"))
        self.words("sex", WORDS["sex"], ("male", "female"))
        for role in _AS_WRITTEN:
            self.as_written(role)
        for role in ("ecog", "ae_grade"):
            self.grades(role)
        for role in (*_NUMBERS, *COUNTS):
            self.numbers(role)
        self.ratio("nlr", "neutrophils", "lymphocytes")
        self.ratio("cd4_cd8", "cd4", "cd8")
        self.follow_up()

    # -- dates and follow-up -----------------------------------------------------------------------------------------

    def order_of(self, role: str) -> str:
        """Whether day or month comes first in the dates of a column, where the column itself says."""
        column = self.columns[role]
        if column.order:
            return column.order
        orders = Counter(o for r in self.records if (o := date_order(r.cells[role])))
        if len(orders) == 1:
            return next(iter(orders))
        return ""

    def days(self) -> dict[int, dict[str, dt.date]]:
        """Every date of every record."""
        found: dict[int, dict[str, dt.date]] = {i: {} for i in range(len(self.records))}
        roles = [r for r in ("start", *EVENTS, "last_contact", "last_scan", "pfs_end", "cut") if r in self.columns]
        for role in roles:
            column, order = self.columns[role], self.order_of(role)
            words = {word_of(w): m for w, m in column.words}
            parted = False
            for i, record in enumerate(self.records):
                cell = record.cells[role]
                word = word_of(cell)
                meaning = words.get(word) or ("none" if word in MISSING or word in NO_DATE else "")
                if meaning == "undated":
                    self.without_date(i, role)
                    continue
                if meaning:
                    if word:
                        self.recorder.read(record, column.header, cell, "", Text("no date", "无日期"))
                    continue
                own = self.epochs.get(record.sheet)
                epoch = own or SERIAL_EPOCHS.get(column.epoch)
                day = read_day(cell, order, epoch)
                if isinstance(day, dt.date):
                    parted = parted or bool(re.match(r"\d{1,2}[-/.]", cell.strip()))
                    found[i][role] = day
                    if day.isoformat() != cell:
                        self.recorder.read(record, column.header, cell, day.isoformat(), Text("date", "日期"))
                else:
                    self.wrong_date(i, record, role, day)
            if parted and order:
                first = Text("the day first", "日在前") if order == "dmy" else Text("the month first", "月在前")
                self.recorder.note(
                    f"dates of {column.header!r} are read with {first.en}", f"“{column.header}”按{first.zh}读取日期"
                )
        return found

    def wrong_date(self, i: int, record: Record, role: str, what: str) -> None:
        """A date that cannot be read: asked where an answer serves the whole column, else a fault of the row."""
        header, cell = self.columns[role].header, record.cells[role]
        if what in {"ambiguous", "serial"}:
            ask_date(self.recorder, record, role, header, what)
        elif what == "not a date" and not re.search(r"\d", cell):
            word = word_of(cell)
            self.recorder.ask(
                f"word.{role}.{word}",
                Text(
                    f"What does {word!r} mean in {header!r}, a column of dates?",
                    f"日期列“{header}”中的“{word}”是什么意思？",
                ),
                (
                    Candidate(
                        "none",
                        Text("there is no such date: it did not happen, or is not known", "无此日期：未发生或未知"),
                    )
                    if role not in EVENTS
                    else Candidate("none", Text("it did not happen", "未发生")),
                    *(
                        [Candidate("undated", Text("it happened, on an unknown date", "已发生，日期未知"))]
                        if role in EVENTS
                        else []
                    ),
                ),
                record,
            )
        else:
            why = _WRONG_DATES.get(what, Text(what, what))
            self.wrong[i].append(Text(f"{header} {masked(cell)}: {why.en}", f"{header} {masked(cell)}：{why.zh}"))

    def statuses(self) -> list[bool | None]:
        """What the status column says of every record."""
        role = "status" if "status" in self.columns else "censored" if "censored" in self.columns else ""
        if not role:
            return [None] * len(self.records)
        self.words(role, WORDS[role], ("event", "censored"))
        said = {"event": True, "censored": False}
        return [said.get(r.values.pop(role, "")) for r in self.records]

    def follow_up(self) -> None:
        """Progression-free survival of every record, in days, or in the unit of its column; and overall survival."""
        mode = self.mapping.rule("time")
        if not mode:
            return
        days, died = self.days(), self.who_died()
        self.date_deaths(days, died)
        if mode == "visits":
            self.starts_and_deaths(days)
        else:
            self.times(mode, days)
        self.overall_survival(days, died)

    def times(self, mode: str, days: dict[int, dict[str, dt.date]]) -> None:
        """Time and event of every record."""
        statuses, cut = self.statuses(), self.cut()
        status_header = self.columns["status"].header if "status" in self.columns else ""
        only = bool(re.search(r"(?i)进展|progress|\bpd\b", status_header)) and not re.search(
            r"(?i)死亡|death|died|pfs", status_header
        )
        for i, record in enumerate(self.records):
            if self.wrong.get(i):
                for why in self.wrong[i]:
                    self.ask_rows(record, why)
                continue
            if mode == "column":
                self.printed_time(record, statuses[i], self.followed)
                continue
            if i in self.pending and "progression" not in days[i]:
                continue  # when the patient died is asked
            if mode == "end":
                route = end_route(days[i], self.mapping.rule("end", "pfs_end"), statuses[i], cut, self.today)
            elif i in self.undated and "progression" not in days[i]:
                self.ask_rows(record, UNDATED)
                continue
            elif i in self.unknown_progression and "progression" not in days[i]:
                self.ask_rows(record, UNDATED_PROGRESSION)
                continue
            else:
                end = self.mapping.rule("censored_at", "last_contact")
                route = dated_route(days[i], statuses[i], end, cut, self.today, only)
            if not isinstance(route, Route):
                self.ask_rows(record, route[1])
                continue
            self.routed(record, route, self.followed)
        if mode in ("dates", "end") and "time" in self.columns:
            self.compare_times(self.followed)

    def starts_and_deaths(self, days: dict[int, dict[str, dt.date]]) -> None:
        """The dates beside which visits are read."""
        for i, days_of in days.items():
            record = self.records[i]
            if i in self.undated:
                record.values[UNDATED_DEATH] = "1"
            whys = self.wrong.get(i, [])
            if not whys and "start" not in days_of:
                whys = [Text("there is no date of the first dose", "缺少首次用药日期")]
            elif not whys and (found := disorder(days_of, self.today)):
                whys = [found[1]]
            for why in whys:
                self.ask_rows(record, why)
            if not whys:
                record.values |= {f"{role}_date": day.isoformat() for role, day in days_of.items()}


def _set_aside(records: list[Record], mapping: Mapping, recorder: Recorder) -> None:
    """Rows that cannot be used: asked about, or left out of the follow-up as was answered."""
    if recorder.questions:
        return  # their answers may mend these rows
    set_aside_of_os(records, mapping, recorder)
    wrong = [r for r in records if FAULT in r.values]
    if not wrong:
        return
    if mapping.rule("unusable") == "set_aside":
        for record in wrong:
            recorder.read(
                record, "", "", "", Text(f"set aside: {record.values[FAULT]}", f"未纳入：{record.values[f'{FAULT}zh']}")
            )
            if record.values.pop(REPEATED, ""):
                record.values["regimen"] = ""  # nobody knows which of the rows is the patient
        records[:] = [r for r in records if r.values.get("regimen")]
        recorder.note(
            f"{'1 row has' if len(wrong) == 1 else f'{len(wrong)} rows have'} no usable follow-up, regimen or patient "
            "number and " + ("is" if len(wrong) == 1 else "are") + " set aside; see the log",
            f"{len(wrong)}行的随访、方案或编号不可用，未纳入相应分析，见日志",
        )
        return
    recorder.ask(
        "unusable",
        Text(
            "Some rows cannot be used as they are: correct the sheet and start again, or set them aside.",
            "有些行无法使用：请更正表格后重新开始，或将其排除。",
        ),
        (
            Candidate(
                "set_aside",
                Text("leave them out of the analysis of follow-up, listed in the log", "不纳入随访分析，在日志中列出"),
            ),
        ),
        details=listed_faults(wrong, FAULT),
    )


def _number(record: Record, mapping: Mapping, key: bytes) -> str:
    """The number of a patient as the sheet has it, or the pseudonym made from it."""
    cell = normalise(record.cells.get("identifier", ""))
    if mapping.rule("identifier") != "pseudonym" or not cell:
        return cell
    return "P" + hmac.new(key, cell.encode(), hashlib.sha256).hexdigest()[:12]


def _name_patients(records: list[Record], mapping: Mapping, recorder: Recorder, key: bytes) -> None:
    """An identifier for every patient: the sheet's own, a pseudonym, or a number that no order of rows changes."""
    rule = mapping.rule("identifier", "numbered")
    if rule in {"column", "pseudonym"} and "identifier" in mapping.columns:
        header = mapping.columns["identifier"].header
        several = len({r.sheet for r in records}) > 1 and mapping.rule("sheets") != "joined"
        repeated = several and len({word_of(r.cells["identifier"]) for r in records}) < len(records)
        for record in records:
            cell = _number(record, mapping, key)
            record.values["patient_id"] = f"{record.sheet} {cell}" if repeated and cell else cell
        blank = [r for r in records if not r.values["patient_id"]]
        for number, record in enumerate(_sorted(blank), start=1):
            record.values["patient_id"] = f"unnamed {number}"
            recorder.note(
                f"{len(blank)} patients have no {header!r}; they are numbered", f"{len(blank)}例无“{header}”，已编号"
            )
    else:
        for number, record in enumerate(_sorted(records), start=1):
            record.values["patient_id"] = f"patient {number:0{len(str(len(records)))}d}"
    for record in records:
        for mark in (FAULT, f"{FAULT}zh", OS_FAULT, f"{OS_FAULT}zh", REPEATED):
            record.values.pop(mark, None)


def _sorted(records: list[Record]) -> list[Record]:
    """Records by what they say, so that the order of the rows does not matter."""
    return sorted(records, key=lambda r: tuple(r.values.get(c, "") for c in COLUMNS if c != "patient_id"))
