"""Times of follow-up, printed or dated; deaths without a date; overall survival beside progression-free survival."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.sheet.applied import Record, Recorder
from bayes_escc.evidence.sheet.cell_reading import FAULT, OS_FAULT, CellReading, add_fault, word_of
from bayes_escc.evidence.sheet.cells import MISSING, WORDS, read_number, time_unit
from bayes_escc.evidence.sheet.follow_up import Route, dated_route, time_agrees
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = [
    "UNDATED",
    "UNDATED_DEATH",
    "UNDATED_PROGRESSION",
    "Followed",
    "OverallReading",
    "listed_faults",
    "set_aside_of_os",
]

UNDATED: Final = Text("the patient died, on a date that is not known", "患者已死亡，死亡日期未知")
UNDATED_DEATH: Final = "!undated_death"
"""Under which a death without a date is kept until the scans of the patient are read."""
UNDATED_PROGRESSION: Final = Text("the disease progressed, on a date that is not known", "疾病已进展，进展日期未知")
Days = dict[int, dict[str, dt.date]]


@dataclass(frozen=True)
class Followed:
    """One endpoint of follow-up: where it is printed, and where it goes.

    Parameters
    ----------
    called : str
        ``"PFS"``, ``"OS"`` and the like.
    role : str
        Of the column of printed times.
    time, event : str
        Columns of the table.
    unit, source : str
        Rules of its unit, and of which counts where dates and printed time differ.
    fault : str
        Under which its faults are kept.
    """

    called: str
    role: str = "time"
    time: str = "time"
    event: str = "event"
    unit: str = "time_unit"
    source: str = "printed_time"
    fault: str = FAULT


_OS: Final = Followed("OS", "os", "os_time", "os_event", "os_unit", "printed_os", OS_FAULT)


class OverallReading(CellReading):
    """Reads deaths, and the times of overall survival."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.followed = Followed(self.endpoint)
        self.stated_dead: set[int] = set()
        self.unknown_progression: set[int] = set()
        self.undated: set[int] = set()
        self.pending: set[int] = set()

    def cut(self) -> dt.date | None:
        """The data cut-off of the whole sheet."""
        text = self.mapping.rule("cut")
        return dt.date.fromisoformat(text) if text else None

    # -- deaths ------------------------------------------------------------------------------------------------------

    def without_date(self, i: int, role: str) -> None:
        """A cell among dates that says only that the event happened."""
        (self.stated_dead if role == "death" else self.unknown_progression).add(i)

    def who_died(self) -> list[bool | None]:
        """What the sheet says of every record: died, alive, or nothing."""
        died: list[bool | None] = [None] * len(self.records)
        if "os_status" in self.columns:
            known = WORDS["censored" if self.mapping.rule("os_status") == "reversed" else "status"]
            self.words("os_status", known, ("event", "censored"))
            said = {"event": True, "censored": False}
            died = [said.get(r.values.pop("os_status", "")) for r in self.records]
        return [True if i in self.stated_dead else d for i, d in enumerate(died)]

    def date_deaths(self, days: Days, died: Sequence[bool | None]) -> None:
        """Deaths that are said and not dated: dated as was answered, or asked about, row by row."""
        answer, mode = self.mapping.rule("undated_deaths"), self.mapping.rule("time")
        dated, assumed = self.mapping.rule("os") == "dates", 0
        for i, record in enumerate(self.records):
            if died[i] is False and "death" in days[i]:
                header = self.columns["os_status"].header
                self.wrong[i].append(
                    Text(
                        f"there is a date of death, and {header!r} says alive",
                        f"有死亡日期，但“{header}”记为存活",
                    )
                )
            if died[i] is not True or "death" in days[i]:
                continue
            last = days[i].get("last_contact")
            if answer == "last_contact" and last is not None:
                days[i]["death"] = last
                assumed += 1
                self.recorder.read(
                    record,
                    self.columns["last_contact"].header,
                    last.isoformat(),
                    last.isoformat(),
                    Text("the last contact is the date of death, as answered", "按回答，末次随访日期即死亡日期"),
                )
            elif answer:
                self.undated.add(i)
            elif dated or mode == "visits" or (mode == "dates" and "progression" not in days[i]):
                self.pending.add(i)
                self._ask_when(record)
        if assumed:
            self.recorder.note(
                f"{assumed} {'death has' if assumed == 1 else 'deaths have'} no date: the last contact is taken for "
                "it, as answered",
                f"{assumed}例死亡无日期：按回答以末次随访日期代之",
            )

    def _ask_when(self, record: Record) -> None:
        last = self.columns.get("last_contact")
        candidates = [
            Candidate(
                "unknown",
                Text(
                    "not known: leave them out where it matters, listed in the log",
                    "未知：需要死亡日期的分析不纳入这些患者，在日志中列出",
                ),
            )
        ]
        if last is not None:
            candidates.insert(
                0,
                Candidate(
                    "last_contact", Text(f"{last.header}: they died on that day", f"{last.header}：即为死亡日期")
                ),
            )
        self.recorder.ask(
            "undated_deaths",
            Text(
                "Some patients died and have no date of death. When did they die? Enter the dates and start again, or:",
                "有些患者已死亡但无死亡日期，何时死亡？请补填日期后重新开始，或选择：",
            ),
            tuple(candidates),
            record,
        )

    # -- times -------------------------------------------------------------------------------------------------------

    def routed(self, record: Record, route: Route, followed: Followed) -> None:
        """Time and event of a record from its dates."""
        record.values[followed.time], record.values[followed.event] = str(route.days), "1" if route.event else "0"
        read = f"{route.days} days, {'event' if route.event else 'censored'}"
        self.recorder.read(record, followed.called, "", read, route.text)

    def overall_survival(self, days: Days, died: Sequence[bool | None]) -> None:
        """Overall survival of every record, where it stands beside progression-free survival."""
        how = self.mapping.rule("os")
        if not how or self.mapping.rule("unusable_os") == "leave_out":
            return
        for i, record in enumerate(self.records):
            if self.wrong.get(i) or i in self.pending:
                continue  # asked about already
            if how == "column":
                known = died[i] if died[i] is not None or "death" not in self.columns else "death" in days[i]
                self.printed_time(record, known, _OS)
                continue
            if i in self.undated:
                add_fault(record, OS_FAULT, UNDATED)
                continue
            own = {r: day for r, day in days[i].items() if r in {"start", "death", "last_contact", "cut"}}
            end = self.mapping.rule("os_end", "last_contact")
            route = dated_route(own, died[i], end, self.cut(), self.today)
            if isinstance(route, Route):
                self.routed(record, route, _OS)
            elif route[1].en not in record.values.get(FAULT, ""):
                add_fault(record, OS_FAULT, route[1])
        if how == "dates" and "os" in self.columns:
            self.compare_times(_OS)

    def printed_time(self, record: Record, status: bool | None, followed: Followed) -> None:
        """Time and status as they stand in their columns."""
        column = self.columns[followed.role]
        cell, called = record.cells[followed.role], followed.called
        read = read_number(cell)

        def fault(en: str, zh: str) -> None:
            add_fault(record, followed.fault, Text(en, zh))

        if ongoing := re.fullmatch(r"(\d+(?:\.\d+)?\s*[A-Za-z\u4e00-\u9fff]*)\s*\+", normalise(cell)):
            if status is True:
                fault(
                    f"{called} {masked(cell)!r} is censored by its +, and the status says the event happened",
                    f"{called}“{masked(cell)}”带+号表示删失，而状态记为已发生事件",
                )
                return
            status, read = False, read_number(ongoing[1])
        if word_of(cell) in MISSING:
            fault(f"there is no {called} time", f"缺少{called}时间")
            return
        if read is None:
            fault(f"{called} {masked(cell)!r} is no number", f"{called}“{masked(cell)}”不是数字")
            return
        value, sign, unit = read
        if sign or value < 0:
            fault(
                f"{called} {masked(cell)!r} is a limit or negative, not a time",
                f"{called}“{masked(cell)}”是界值或负数，不是时间",
            )
            return
        own, whole = time_unit(unit), self.mapping.rule(followed.unit)
        if not whole or (unit and not own):
            if unit and not own:
                fault(f"{called} {masked(cell)!r} has an unknown unit", f"{called}“{masked(cell)}”单位不明")
            return
        if status is None:
            fault("it is not said whether the event happened", "未注明是否发生事件")
            return
        value = value * DAYS_IN[own] / DAYS_IN[whole] if own and own != whole else value
        record.values[followed.time], record.values[followed.event] = f"{value:.10g}", "1" if status else "0"
        if record.values[followed.time] != cell:
            self.recorder.read(record, column.header, cell, f"{value:.10g} {whole}", Text("number", "按数字读取"))

    def compare_times(self, followed: Followed) -> None:
        """The column of times against the dates."""
        column = self.columns[followed.role]
        unequal = []
        for record in self.records:
            cell = record.cells[followed.role]
            read = read_number(cell)
            if read is None or not record.values.get(followed.time) or read[1]:
                continue
            own = time_unit(read[2]) or column.unit or self.mapping.rule("printed_unit")
            digits = re.search(r"\.(\d+)", normalise(cell))
            decimals = len(digits[1]) if digits else 0
            if own and not time_agrees(read[0], decimals, own, int(record.values[followed.time])):
                unequal.append(record)
        if not unequal:
            self.recorder.note(f"{column.header!r} agrees with the dates", f"“{column.header}”与日期一致")
        elif self.mapping.rule(followed.source) != "dates":
            for record in unequal:
                self.recorder.ask(
                    f"source.{followed.role}",
                    Text(
                        f"{column.header!r} is not the time between the dates. Which counts?",
                        f"“{column.header}”与日期推算的时间不符，以哪个为准？",
                    ),
                    (
                        Candidate("dates", Text("the dates", "以日期为准")),
                        Candidate("column", Text("the column as written", "以所填时间为准")),
                    ),
                    record,
                )


def listed_faults(wrong: Sequence[Record], kind: str) -> Text:
    """The rows with their faults, the first twenty of them."""
    shown = wrong[:20]
    en = "\n".join(f"     row {r.row} ({r.sheet}): {r.values[kind]}" for r in shown)
    zh = "\n".join(f"     第{r.row}行({r.sheet})：{r.values[f'{kind}zh']}" for r in shown)
    rest = len(wrong) - len(shown)
    return Text(
        f"\n{en}" + (f"\n     ... {rest} more" if rest else ""), f"\n{zh}" + (f"\n     另有{rest}行" if rest else "")
    )


def set_aside_of_os(records: Sequence[Record], mapping: Mapping, recorder: Recorder) -> None:
    """Rows of no use to overall survival alone: asked about, or left out of it as was answered."""
    answer = mapping.rule("unusable_os")
    if not mapping.rule("os"):
        return
    if answer == "leave_out":
        recorder.note("overall survival is left out, as answered", "按回答不做总生存期分析")
        return
    if not any(r.values.get("os_event") == "1" for r in records):
        recorder.note(
            "no death has a time so far: overall survival is not analysed", "尚无带时间的死亡：不做总生存期分析"
        )
        for record in records:
            record.values |= {"os_time": "", "os_event": ""}
        return
    wrong = [r for r in records if OS_FAULT in r.values]
    if wrong and answer != "set_aside":
        recorder.ask(
            "unusable_os",
            Text(
                "Some rows cannot be used for overall survival (OS): correct the sheet and start again, or:",
                "有些行不能用于总生存期(OS)：请更正表格后重新开始，或选择：",
            ),
            (
                Candidate("set_aside", Text("leave these patients out of it", "OS分析不纳入这些患者")),
                Candidate("leave_out", Text("no analysis of overall survival", "不做OS分析")),
            ),
            details=listed_faults(wrong, OS_FAULT),
        )
        return
    for record in wrong:
        why = Text(record.values[OS_FAULT], record.values[f"{OS_FAULT}zh"])
        recorder.read(record, "OS", "", "", Text(f"set aside: {why.en}", f"未纳入：{why.zh}"))
    if wrong:
        recorder.note(
            f"{len(wrong)} {'patient is' if len(wrong) == 1 else 'patients are'} left out of overall survival; "
            "see the log",
            f"{len(wrong)}例未纳入总生存期分析，见日志",
        )
