"""Which dates or times give progression-free or overall survival, and where follow-up ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.sheet.cells import MISSING, folded_word, read_day, time_unit
from bayes_escc.evidence.sheet.columns import Roles, propose_roles
from bayes_escc.evidence.sheet.deaths import TIMES, endpoint_named, is_of_progression, is_of_relapse
from bayes_escc.evidence.sheet.decide_overall import OverallDecisions, numeric_columns
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.sorting import PATIENT_ROLES
from bayes_escc.evidence.sheet.wording import Text
from bayes_escc.names import normalise

__all__ = ["FollowUpDecisions"]


_ENDS: Final = frozenset({"progression", "death", "last_contact", "last_scan", "pfs_end"})
"""Roles that say when follow-up ended."""
_READABLE: Final = ("ambiguous", "serial")
"""What is a date, but not of itself."""


class FollowUpDecisions(OverallDecisions):
    """How progression-free survival comes about."""

    # -- time to progression -----------------------------------------------------------------------------------------

    def _time(self, mapping: Mapping, tables: Sequence[Table], roles: Roles) -> Mapping:
        """How progression-free survival comes about."""
        has = set(mapping.columns)
        if "visit_result" in has and "start" in has:
            return mapping.with_rule(time="visits", time_unit="weeks")
        if "independent_progression" in has and "progression" not in has:
            mapping = mapping.with_column("progression", mapping.columns["independent_progression"])
            has.add("progression")
        elif "independent_progression" in has:
            own, independent = (mapping.columns[r].header for r in ("progression", "independent_progression"))
            answer = self.ask(
                Question(
                    "use.progression",
                    Text("Whose progression counts?", "以哪一方评定的进展为准？"),
                    (
                        Candidate(own, Text("the investigator's", "研究者评估")),
                        Candidate(independent, Text("independent review", "独立评审")),
                    ),
                )
            )
            if answer == independent:
                mapping = mapping.with_column("progression", mapping.columns["independent_progression"])
        mapping = replace(mapping, columns={r: c for r, c in mapping.columns.items() if r != "independent_progression"})
        status = "status" in has or "censored" in has
        if "start" not in has and "time" not in has and has & _ENDS:
            self._ask_start(roles)
        printed = "time" in has and status and "progression" not in has
        if "start" in has and has & {"progression", "death"} and not (printed and is_of_progression(_time_of(mapping))):
            return self._cut(self._censored_at(mapping.with_rule(time="dates", time_unit="days"), tables), tables)
        if "start" in has and "pfs_end" in has and status:
            return self._cut(mapping.with_rule(time="end", end="pfs_end", time_unit="days"), tables)
        if "time" in has and not status and self.given.get("use.status") == "none":
            return mapping
        if "time" in has and not status:
            self._ask_status(roles)
            return mapping.with_rule(time="column")
        if "time" in has:
            return self._time_unit(mapping.with_rule(time="column"), roles)
        if "start" in has and has & {"last_contact", "last_scan"} and status:
            role = "last_contact" if "last_contact" in has else "last_scan"
            header = mapping.columns[role].header
            answer = self.ask(
                Question(
                    "end",
                    *self._end_words(header, role),
                )
            )
            return (
                mapping
                if answer in {None, "none"}
                else self._cut(mapping.with_rule(time="end", end=role, time_unit="days"), tables)
            )
        if status and "start" not in has and not has & _ENDS:
            self._ask_time(roles)
        return mapping

    def _of_ttp(self, roles: Roles, tables: Sequence[Table]) -> Roles:
        """A time to progression as the time of follow-up, where the sheet has no other."""
        has, uses = set(roles.columns), self.uses_answers()
        found = [h for h in numeric_columns(roles) if endpoint_named(h) == "TTP"]
        if len(found) != 1 or has & {"time", "progression", "pfs_end", "visit_result"} or "use.time" in uses:
            return roles
        return propose_roles(tables, {**uses, "use.time": found[0]}, PATIENT_ROLES)

    def _of_named(self, mapping: Mapping) -> Mapping:
        """Another time to an event than PFS and OS, where the columns that are read name it."""
        mode = mapping.rule("time")
        role = {"column": "time", "end": "pfs_end", "dates": "progression"}.get(mode, "")
        if mapping.rule("endpoint") or role not in mapping.columns:
            return mapping
        header = mapping.columns[role].header
        endpoint = "RFS" if mode == "dates" and is_of_relapse(header) else endpoint_named(header)
        if not endpoint:
            return mapping
        name = TIMES[endpoint][0]
        more = (
            Text("; the events are those of its status, as the sheet has them", "；事件以表中的结局列为准")
            if mode != "dates"
            else Text(": the event is relapse or death", "：以复发或死亡为事件")
        )
        self.notes.append(
            Text(
                f"{header!r} is of {name.en}: that is what is analysed ({endpoint}){more.en}",
                f"“{header}”为{name.zh}：分析{name.zh}({endpoint}){more.zh}",
            )
        )
        return mapping.with_rule(endpoint=endpoint)

    def _end_words(self, header: str, role: str) -> tuple[Text, tuple[Candidate, ...]]:
        """Whether the last date is that of the event: the question and its candidates."""
        if self.overall:
            return (
                Text(
                    f"There is no date of death. Is {header!r} the date of death of patients who died?",
                    f"没有死亡日期，“{header}”对死亡患者是否即为死亡日期？",
                ),
                (
                    Candidate(role, Text("yes: analyse overall survival (OS)", "是：分析总生存期(OS)")),
                    Candidate("none", Text("no: leave overall survival out", "否：不做OS分析")),
                ),
            )
        return (
            Text(
                f"There is a status but no date of progression. Is {header!r} also the date of the event?",
                f"有状态但无进展日期，“{header}”是否也是事件日期？",
            ),
            (
                Candidate(
                    role,
                    Text(
                        "yes: the date of progression or death where the event happened",
                        "是：发生事件者为进展或死亡日期",
                    ),
                ),
                Candidate("none", Text("no: leave progression-free survival out", "否：不做PFS分析")),
            ),
        )

    def _ask_start(self, roles: Roles) -> None:
        """Dates of follow-up without its beginning: one of the other columns of dates may be it."""
        dated = [
            h
            for h in roles.aside
            if (filled := [c for c in roles.cells[h] if folded_word(c) not in MISSING])
            and sum(not isinstance(read_day(c), str) or read_day(c) in _READABLE for c in filled) >= 0.5 * len(filled)
        ]
        if not dated:
            self.notes.append(
                Text(
                    "no column holds the start of treatment, so progression-free survival is left out",
                    "没有开始治疗日期列，故不做PFS分析",
                )
            )
            return
        self.ask(
            Question(
                "use.start",
                Text("Which column is the date of the first dose (start)?", "哪一列是首次用药日期(start)？"),
                (
                    *(Candidate(h, Text("", "")) for h in dated),
                    Candidate("none", Text("none: leave progression-free survival out", "都不是：不做PFS分析")),
                ),
            )
        )

    def _ask_time(self, roles: Roles) -> None:
        """A status without a time: one of the columns of numbers may be it."""
        numeric = [h for h in numeric_columns(roles) if not (self.overall and is_of_progression(h))]
        if numeric:
            self.ask(
                Question(
                    "use.time",
                    Text("Which column is the time to death (time)?", "哪一列是至死亡的时间(time)？")
                    if self.overall
                    else Text(
                        "Which column is the time to progression or death (time)?", "哪一列是无进展生存时间(time)？"
                    ),
                    (*(Candidate(h, Text("", "")) for h in numeric), Candidate("none", Text("none of them", "都不是"))),
                )
            )

    def _ask_status(self, roles: Roles) -> None:
        few = [
            h
            for h in roles.aside
            if 1 <= len({folded_word(c) for c in roles.cells[h]} - MISSING) <= 6
            and not (self.overall and is_of_progression(h))
        ]
        self.ask(
            Question(
                "use.status",
                Text("Which column says whether the patient died (status)?", "哪一列说明患者是否死亡(status)？")
                if self.overall
                else Text(
                    "Which column says whether the patient progressed or died (status)?",
                    "哪一列说明是否进展或死亡(status)？",
                ),
                tuple(Candidate(h, Text("", "")) for h in few) or (Candidate("none", Text("there is none", "没有")),),
            )
        )

    def _censored_at(self, mapping: Mapping, tables: Sequence[Table]) -> Mapping:
        """Where the follow-up of patients without an event ends."""
        present = [r for r in ("last_scan", "last_contact") if r in mapping.columns]
        if len(present) == 2:
            means = {
                "last_scan": Text("the last tumour assessment: usual for PFS", "末次肿瘤评估：PFS的通常做法"),
                "last_contact": Text("the last contact", "末次随访"),
            }
            answer = self.ask(
                Question(
                    "censored_at",
                    Text(
                        "At which date does the follow-up of patients without an event end?",
                        "无事件患者的随访截止于哪个日期？",
                    ),
                    tuple(
                        Candidate(
                            r,
                            Text(
                                f"{mapping.columns[r].header}: {means[r].en}",
                                f"{mapping.columns[r].header}：{means[r].zh}",
                            ),
                        )
                        for r in present
                    ),
                )
            )
            return mapping.with_rule(censored_at=answer or "last_scan")
        if present:
            return mapping.with_rule(censored_at=present[0])
        return mapping.with_rule(censored_at="cut")

    def _cut(self, mapping: Mapping, tables: Sequence[Table]) -> Mapping:
        """The data cut-off: answered, in the titles, or asked where nothing else ends the follow-up."""
        needed = mapping.rule("censored_at") == "cut" and "cut" not in mapping.columns
        stated = self.given.get("cut") or self.settings.get("cut") or _cut_in_titles(tables)
        question = Question(
            "cut",
            Text(
                "There is no last date. At which date was the sheet closed (year-month-day)?",
                "无末次日期，数据截止于哪天(年-月-日)？",
            ),
            (),
            "text",
        )
        if stated:
            day = read_day(stated)
            if isinstance(day, str):
                raise DataError(f"cut: {stated!r} is not a date; write it with the year first, 2024-01-31.")
            if "cut" in self.given or "cut" in self.settings:
                self.used["cut"] = (question, day.isoformat())
            self.notes.append(
                Text(f"data cut-off {day}; what came later is not counted", f"数据截止日期{day}，其后的事件不计")
            )
            return mapping.with_rule(cut=day.isoformat())
        if needed:
            self.ask(question)
        return mapping

    def _time_unit(self, mapping: Mapping, roles: Roles) -> Mapping:
        """Unit of the column of times: from header or cells, else asked."""
        column = mapping.columns["time"]
        if column.unit:
            return mapping.with_rule(time_unit=column.unit)
        cells = [c for c in roles.cells[column.header] if folded_word(c) not in MISSING]
        units = {time_unit(m[1]) for c in cells if (m := re.search(r"\d\s*([A-Za-z\u4e00-\u9fff]+)$", normalise(c)))}
        if len(units) == 1 and "" not in units:
            return mapping.with_rule(time_unit=units.pop())
        answer = self.ask(self.question_of_unit("unit.time", column.header))
        return mapping.with_rule(time_unit=answer) if answer else mapping

    def question_of_unit(self, code: str, header: str) -> Question:
        """In which unit a column of times is."""
        return Question(
            code,
            Text(f"In which unit is {header!r}?", f"“{header}”的单位是什么？"),
            tuple(
                Candidate(u, Text(u, {"months": "月", "days": "天", "weeks": "周", "years": "年"}[u]))
                for u in ("months", "days", "weeks", "years")
            ),
        )


def _time_of(mapping: Mapping) -> str:
    return mapping.columns["time"].header if "time" in mapping.columns else ""


def _cut_in_titles(tables: Sequence[Table]) -> str:
    for table in tables:
        for title in table.titles:
            found = re.search(
                r"(?i)(?:数据截止|截止日期|截止时间|截至|data cut[- ]?off|cut[- ]?off)\D{0,12}"
                r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)",
                normalise(title),
            )
            if found:
                return found[1]
    return ""
