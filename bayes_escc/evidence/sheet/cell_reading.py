"""The cells of patients one column after the other: words, grades, numbers, ratios; every doubt a question."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping as Mapping_
from statistics import median
from typing import Final

from bayes_escc.evidence.identity import identifying_content
from bayes_escc.evidence.sheet.applied import Record, Recorder
from bayes_escc.evidence.sheet.cells import (
    COUNT_UNITS,
    MISSING,
    count_unit,
    folded_word,
    read_grade,
    read_number,
)
from bayes_escc.evidence.sheet.deaths import called
from bayes_escc.evidence.sheet.mapping import Column, Mapping
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.roles import ROLES
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["COUNTS", "FAULT", "OS_FAULT", "CellReading", "add_fault", "fold_regimen", "word_of"]


FAULT: Final = "!"
OS_FAULT: Final = "!os"
"""Under which the faults of a row are kept until they are asked about."""
COUNTS: Final = ("neutrophils", "lymphocytes", "cd4", "cd8")
_FEWEST, _MOST = 0.02, 150.0
"""In 10^9 per litre, between which a blood count is in the unit of its column: `3.2` per microlitre is not."""


def word_of(cell: str) -> str:
    """A word as it is compared and may be repeated."""
    return masked(folded_word(cell))


def fold_regimen(label: str) -> str:
    """A regimen's label as it is compared: drugs joined by plus signs, in the order of the alphabet."""
    text = masked(normalise(label)).casefold()
    parts = [
        p.strip()
        for p in re.split(r"\s*(?:\+|＋|&|、|联合|(?<=[\u4e00-\u9fff])/(?=[\u4e00-\u9fff])|\bplus\b|\band\b)\s*", text)
        if p.strip()
    ]
    return " + ".join(sorted(parts)) if parts else text


class CellReading:
    """Reads the columns of some records, and notes what it does and does not know."""

    def __init__(
        self,
        records: list[Record],
        mapping: Mapping,
        recorder: Recorder,
        epochs: dict[str, dt.date | None],
        today: dt.date,
    ) -> None:
        self.records, self.mapping, self.recorder = records, mapping, recorder
        self.epochs, self.today = epochs, today
        self.columns = mapping.columns
        self.stated = mapping.rule("endpoint")
        self.endpoint = self.stated or "PFS"
        self.overall = self.endpoint == "OS"
        self.wrong: dict[int, list[Text]] = defaultdict(list)

    # -- words -------------------------------------------------------------------------------------------------------

    def regimens(self) -> None:
        """Names of regimens; unknown labels are asked."""
        known = {fold_regimen(k): v for k, v in self.mapping.regimens.items()}
        header = self.columns["regimen"].header if "regimen" in self.columns else ""
        for record in self.records:
            cell = record.cells.get("regimen", "")
            folded = fold_regimen(cell)
            if not cell or word_of(cell) in MISSING:
                self.ask_rows(record, Text("the regimen is blank", "未填治疗方案"))
            elif folded in known:
                record.values["regimen"] = known[folded]
                if normalise(cell) != known[folded]:
                    self.recorder.read(
                        record, header, cell, known[folded], Text("one spelling of the regimen", "统一方案名称")
                    )
            else:
                shown = masked(normalise(cell))
                self.recorder.ask(
                    f"regimen.{shown}",
                    Text(f"Which regimen is {shown!r}?", f"“{shown}”是哪一种方案？"),
                    (
                        Candidate(shown, Text("a regimen of its own, as written", "按原文作为一种方案")),
                        *(
                            Candidate(n, Text("the same as this one", "与该方案相同"))
                            for n in sorted(set(known.values()))
                        ),
                    ),
                    record,
                    free="text",
                )

    def words(self, role: str, known: Mapping_[str, str], meanings: tuple[str, ...], into: str = "") -> None:
        """Cells that are one of a few words; others are asked."""
        if role not in self.columns:
            return
        column = self.columns[role]
        table = {**dict(known), **{word_of(w): m for w, m in column.words}}
        stated = {word_of(w) for w, _ in column.words}
        signs = any(word_of(r.cells[role]) in {"+", "(+)", "＋"} for r in self.records)
        cells = {word_of(r.cells[role]) for r in self.records} - MISSING
        coded, pending = bool(cells) and cells <= {"1", "2"} and "2" in cells, 0
        if coded and not stated and len(meanings) == 2:
            self.ask_coding(role, meanings)
            return
        blank_asked = self.blank_may_mean(role, table, cells - stated)
        for record in self.records:
            cell, word = record.cells[role], word_of(record.cells[role])
            if not word and not cell and blank_asked and word not in stated:
                self.ask_word(role, "", record, meanings)
                continue
            if word not in table:
                word = _without_more(role, word, table)
            if role == "response" and word in MISSING:
                word = ""  # blank, slash and dash alike: not assessed, or not evaluable?
            meaning = table.get(word)
            if word not in stated:
                dash = word in {"-", "—", "–", "−"}
                if coded or (role == "response" and not word):
                    meaning = None
                elif dash and not signs and word in table and cells & {"1", "yes", "y", "是", "有"}:
                    meaning = None  # a dash beside "yes": no, or not known?
                elif word in MISSING and not (dash and signs):
                    if word:
                        self.recorder.read(record, column.header, cell, "", Text("nothing known", "视为缺失"))
                    continue
            if meaning is None:
                self.ask_word(role, word, record, meanings)
                continue
            value = "" if meaning in {"missing", "pending"} else meaning
            pending += role == "response" and meaning in {"", "pending"}
            record.values[into or role] = value
            if value != cell:
                self.recorder.read(record, column.header, cell, value or meaning, Text("word", "按词义读取"))
        if pending:
            self.recorder.note(
                f"{pending} {'patient is' if pending == 1 else 'patients are'} not yet assessed for response and "
                f"{'does' if pending == 1 else 'do'} not count in its rates",
                f"{pending}例尚未评估疗效，不计入缓解率",
            )

    def blank_may_mean(self, role: str, table: Mapping_[str, str], cells: set[str]) -> bool:
        """Whether a status on which the events depend says one thing or nothing, so that a blank may be the other."""
        printed = self.mapping.rule("os" if role == "os_status" else "time") in {"column", "end"}
        known = {table.get(w) for w in cells}
        return role in {"status", "censored", "os_status"} and printed and len(known) == 1 and None not in known

    def ask_coding(self, role: str, meanings: tuple[str, ...]) -> None:
        """Ask what 1 and 2 stand for."""
        header, said = self.columns[role].header, called(role, self.stated)
        second = _MEANINGS[meanings[1]]
        self.recorder.ask(
            f"coding.{role}",
            Text(
                f"What do 1 and 2 mean in the column {header!r} ({said.en})?",
                f"“{header}”({said.zh})中的1和2各代表什么？",
            ),
            (
                Candidate(f"1={meanings[0]}", Text(f"2 is {second.en}", f"2为{second.zh}")),
                Candidate(f"2={meanings[0]}", Text(f"1 is {second.en}", f"1为{second.zh}")),
            ),
        )

    def ask_word(self, role: str, word: str, record: Record, meanings: tuple[str, ...]) -> None:
        """Ask what a word means."""
        said, shown = called(role, self.stated), word or "(blank)"
        scores = role in {"ecog", "ae_grade"}  # 0 and 1 are grades here, not no and yes
        died = self.overall or role == "os_status"
        known = {**_MEANINGS, "event": Text("dead", "死亡"), "censored": _ALIVE} if died else _MEANINGS
        if self.stated and not died:
            known = {**_MEANINGS, "event": Text("the event happened", "已发生事件")}
        candidates = [Candidate(m, Text(m, m) if scores else known.get(m, Text(m, m))) for m in meanings]
        if "pending" not in meanings:
            candidates.append(Candidate("missing", Text("not known", "缺失")))
        self.recorder.ask(
            f"word.{role}.{shown}",
            Text(
                f"What does {shown!r} mean in the column {self.columns[role].header!r} ({said.en})?",
                f"“{self.columns[role].header}”({said.zh})一列中的“{shown if word else '空白'}”是什么意思？",
            ),
            tuple(candidates),
            record,
            safe="missing" if role == "sex" else None,
        )

    def as_written(self, role: str) -> None:
        """Categories kept as they are, unless they identify people."""
        if role not in self.columns:
            return
        if identifying_content([r.cells[role] for r in self.records]):
            self.recorder.note(
                f"{self.columns[role].header!r} holds what may identify people and was not kept",
                f"“{self.columns[role].header}”含可识别个人的内容，未保留",
            )
            return
        for record in self.records:
            cell = record.cells[role]
            record.values[role] = "" if word_of(cell) in MISSING else normalise(cell)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def grades(self, role: str) -> None:
        """Whole numbers from 0 to 5, with or without a sign."""
        if role not in self.columns:
            return
        column = self.columns[role]
        words = {word_of(w): m for w, m in column.words}
        for record in self.records:
            cell = record.cells[role]
            word = word_of(cell)
            if word in words:
                record.values[role] = "" if words[word] == "missing" else words[word]
                continue
            if role == "ae_grade" and word in {"无", "none", "no", "否"}:
                record.values[role] = "0"
                self.recorder.read(record, column.header, cell, "0", Text("no adverse event", "无不良反应"))
                continue
            if word in MISSING:
                continue
            grade = read_grade(re.sub(r"^[><=≥≤]+", "", normalise(cell).replace(" ", "")))
            sign = re.match(r"^[><=≥≤]+", normalise(cell).replace(" ", ""))
            if grade is None or grade > 5 or (sign and sign[0] in {"<", "≤", "<=", ">"}):
                self.ask_word(role, word, record, tuple(str(g) for g in range(6)))
                continue
            record.values[role] = str(grade)
            if str(grade) != cell:
                why = Text("at least this grade", "至少为该级") if sign else Text("number", "按数字读取")
                self.recorder.read(record, column.header, cell, str(grade), why)

    def numbers(self, role: str) -> None:
        """Numbers with a unit; a value below a limit counts as the limit."""
        if role not in self.columns:
            return
        column = self.columns[role]
        factor = 1.0
        if role in COUNTS:
            found = self.count_factor(role, column)
            if found is None:
                return
            factor = found
        for record in self.records:
            cell = record.cells[role]
            if word_of(cell) in MISSING or word_of(cell) in {"未查", "不详", "unknown", "unk"}:
                continue
            read = read_number(cell)
            if read is None:
                self.ask_number(role, record, cell)
                continue
            value, sign, unit = read
            own = COUNT_UNITS.get(count_unit(unit), factor) if role in COUNTS and unit else factor
            if (role == "age" and unit not in {"", "岁", "y", "yr", "yrs", "years", "周岁"}) or value < 0:
                self.ask_number(role, record, cell)
                continue
            if role in COUNTS[:2] and not (_FEWEST if own != 1.0 else 0) <= value * own <= _MOST:
                self.ask_number(role, record, cell)  # of the size of another unit
                continue
            record.values[role] = f"{value * own:.10g}"
            if sign or record.values[role] != cell:
                why = (
                    Text("at its limit", "取界值")
                    if sign
                    else Text("number in the common unit", "换算为统一单位")
                    if own != 1.0
                    else Text("number", "按数字读取")
                )
                self.recorder.read(record, column.header, cell, record.values[role], why)

    def ask_number(self, role: str, record: Record, cell: str) -> None:
        """A cell that is no number, or none that the column can hold."""
        said, shown = ROLES[role].said, word_of(cell)
        what = Text("no number", "不是数字")
        if read_number(cell) is not None:
            what = Text("no value it can hold in its unit", "按该列单位不可能取此值")
        words = {word_of(w): m for w, m in self.columns[role].words}
        if word_of(cell) in words:
            record.values[role] = "" if words[word_of(cell)] == "missing" else words[word_of(cell)]
            return
        self.recorder.ask(
            f"word.{role}.{shown}",
            Text(
                f"{shown!r} in the column {self.columns[role].header!r} ({said.en}) is {what.en}. Which is meant?",
                f"“{self.columns[role].header}”({said.zh})一列中的“{shown}”{what.zh}，应为多少？",
            ),
            (Candidate("missing", Text("not known", "缺失")),),
            record,
            free="number",
            safe=None,
        )

    def count_factor(self, role: str, column: Column) -> float | None:
        """By how much a blood count is multiplied; asked where unit and size do not agree."""
        read = [v for r in self.records if (v := read_number(r.cells[role])) is not None]
        values = [v[0] for v in read if not count_unit(v[2])] or [v[0] for v in read]
        if not values:
            return 1.0
        middle = median(values)
        stated = column.unit
        if confirmed := self.mapping.rule(f"unit.{role}"):
            return COUNT_UNITS.get(confirmed, 1.0)
        if role in ("cd4", "cd8"):
            return 1.0  # only their ratio is used, and both are of one kind
        likely = "10^9/L" if 0.05 < middle <= 20 else "/uL" if middle > 200 else ""
        if stated in COUNT_UNITS and (stated == likely or (stated == "10^6/L" and likely == "/uL")):
            return COUNT_UNITS[stated]
        if not stated and likely:
            said = ROLES[role].said
            self.recorder.note(
                f"{column.header!r} ({said.en}) is taken in {likely}, by its size (median {middle:.3g})",
                f"“{column.header}”({said.zh})按数值大小取单位{likely}(中位数{middle:.3g})",
            )
            return COUNT_UNITS[likely]
        self.recorder.ask(
            f"unit.{role}",
            Text(
                f"In which unit is {column.header!r}? Its median is {middle:.3g}"
                + (f", its header says {stated}" if stated else "")
                + ".",
                f"“{column.header}”的单位是什么？中位数为{middle:.3g}"
                + (f"，表头写明{stated}" if stated else "")
                + "。",
            ),
            tuple(Candidate(u, Text("", "")) for u in (*COUNT_UNITS, "%")),
        )
        return None

    def ratio(self, into: str, top: str, bottom: str) -> None:
        """A ratio of two columns; where it is given too, they must agree."""
        if top not in self.columns or bottom not in self.columns:
            return
        given = into in self.columns
        chosen = self.mapping.rule(into)
        unequal = []
        shares = [self.mapping.rule(f"unit.{r}", self.columns[r].unit) == "%" for r in (top, bottom)]
        if shares[0] != shares[1] and top == "neutrophils" and any(r.values.get(top) for r in self.records):
            self.recorder.note("a count and a share give no ratio", "一为计数、一为百分比，不能求比值")
            return
        for record in self.records:
            a, b = record.values.get(top, ""), record.values.get(bottom, "")
            printed = record.values.get(into, "")
            if not a or not b or float(b) <= 0:
                if a and b and not printed:
                    self.recorder.read(
                        record, self.columns[bottom].header, b, "", Text("no ratio with 0", "分母为0，比值缺失")
                    )
                continue
            value = float(a) / float(b)
            if given and printed:
                decimals = len(printed.partition(".")[2])
                if abs(float(printed) - value) > 0.5 * 10.0**-decimals + 0.03 * value:
                    unequal.append(record)
                if chosen != "computed":
                    continue
            record.values[into] = f"{value:.6g}"
            self.recorder.read(
                record,
                into,
                f"{a} / {b}",
                f"{value:.4g}",
                Text(
                    f"{into} = {top} / {bottom}", f"{ROLES[into].said.zh}={ROLES[top].said.zh}/{ROLES[bottom].said.zh}"
                ),
            )
        if unequal and chosen not in {"given", "computed"}:
            said = ROLES[into].said
            text = Text(
                f"The {said.en} given is not that of the two counts. Which counts?",
                f"所给{said.zh}与两项计数之比不符，以哪个为准？",
            )
            for record in unequal:
                self.recorder.ask(
                    f"source.{into}",
                    text,
                    (
                        Candidate("given", Text("the column as written", "按所给数值")),
                        Candidate("computed", Text("the ratio of the counts", "按计数重新计算")),
                    ),
                    record,
                )

    def ask_rows(self, record: Record, why: Text) -> None:
        """A row that cannot be used for the follow-up: correct it, or set it aside."""
        add_fault(record, FAULT, why)


def _without_more(role: str, word: str, table: Mapping_[str, str]) -> str:
    """A word without what changes nothing: that a response is confirmed, or the age behind a sex."""
    bare = word
    if role == "response":
        bare = re.sub(r"\s*\(?\s*(?:(?<!未)(?:已|经)?确认|\bconfirmed)\s*\)?$", "", word)
    elif role == "sex" and (found := re.fullmatch(r"(\w+?)\s*[/、,，;；]?\s*\d{1,3}\s*(?:岁|y|yrs?|years)?", word)):
        bare = found[1]
    return bare if bare in table else word


def add_fault(record: Record, kind: str, why: Text) -> None:
    """Note a fault of a row; `kind` is `FAULT`, or `OS_FAULT` where the row is of no use to overall survival alone."""
    record.values[kind] = "; ".join(filter(None, (record.values.get(kind, ""), why.en)))
    record.values[f"{kind}zh"] = "；".join(filter(None, (record.values.get(f"{kind}zh", ""), why.zh)))


_ALIVE: Final = Text("alive at the last contact", "末次随访时存活")
_MEANINGS: Final = {
    "event": Text("progression or death", "发生进展或死亡"),
    "censored": Text("no event so far", "尚未发生事件"),
    "CR": Text("complete response", "完全缓解"),
    "PR": Text("partial response", "部分缓解"),
    "SD": Text("stable disease", "疾病稳定"),
    "PD": Text("progressive disease", "疾病进展"),
    "NE": Text("not evaluable: stays in the denominator", "不可评价：计入分母"),
    "pending": Text("not yet assessed: does not count", "尚未评估：不计入"),
    "1": Text("yes", "是"),
    "0": Text("no", "否"),
    "male": Text("male", "男"),
    "female": Text("female", "女"),
}
