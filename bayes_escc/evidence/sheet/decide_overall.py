"""Whether the events of a sheet are deaths, which columns say so, and in which direction they are coded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.sheet.asking import Asking
from bayes_escc.evidence.sheet.cells import MISSING, WORDS, folded_word, read_day, read_number
from bayes_escc.evidence.sheet.columns import Roles, propose_roles
from bayes_escc.evidence.sheet.deaths import (
    counted_dead,
    is_of_progression,
    is_time_to_death,
    reading_of,
    tells_death,
    values_in,
)
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Column, Mapping
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.roles import header_of, roles_of
from bayes_escc.evidence.sheet.sorting import PATIENT_ROLES
from bayes_escc.evidence.sheet.wording import Text
from bayes_escc.names import PlainMapping

__all__ = ["MOST_VALUES", "OverallDecisions", "numeric_columns", "of_who_died"]

_PROGRESSION: Final = frozenset({"progression", "independent_progression", "pfs_end", "visit_result"})
MOST_VALUES: Final = 8
"""Different values beyond which a column is none of a status."""
_STATUSES: Final = ("status", "censored")


class OverallDecisions(Asking):
    """How overall survival comes about."""

    def _of_deaths(self, roles: Roles, tables: Sequence[Table], uses: PlainMapping) -> Roles:
        """The columns of overall survival as those of the follow-up, where the sheet or a person says so."""
        if "use.censored" in uses and "use.status" not in uses and roles.columns.keys() >= set(_STATUSES):
            uses = {**uses, "use.status": "none"}  # what a person named counts
            roles = propose_roles(tables, uses, PATIENT_ROLES)
        own = self._pair(roles, uses)
        if own:
            given = {c: h for c, h in uses.items() if c.removeprefix("use.") not in own or h == own[c[4:]]}
            given |= {f"use.{role}": header or "none" for role, header in own.items()}
            told = propose_roles(tables, given, PATIENT_ROLES)
            why = Text("the only column of its kind", "同类中唯一的一列")
            new = {h for role, h in own.items() if f"use.{role}" not in uses}
            shown = [replace(p, reason=why) if p.header in new and p.role else p for p in told.proposals]
            roles = replace(told, proposals=tuple(shown))
        return self._directed(roles, uses)

    def _pair(self, roles: Roles, uses: PlainMapping) -> dict[str, str]:
        """Which column is the time to death and which says who died, by role, where that is not as proposed."""
        held = roles.columns
        time = held["time"].header if "time" in held else ""
        status = next((held[r].header for r in _STATUSES if r in held), "")
        given = any(f"use.{r}" in uses for r in _STATUSES)
        said = bool(status) and tells_death(status, roles.cells[status])
        deaths = of_who_died(roles)
        own = self._time_to_death(roles, uses, time, status, said, given)
        if own is None:
            return {}
        self.overall = True
        if "start" in held and "death" in held:
            return own  # the dates say who died
        if given:
            if is_of_progression(status):
                shown = own.get("time", time)
                raise DataError(
                    f"{shown!r} is a time to death, and {status!r}, named as its status, is of progression. "
                    "Name the column that says who died, or the time to progression."
                )
            return own
        if not said and len(deaths) == 1:
            return own | dict.fromkeys(_STATUSES, "") | {"status": deaths[0]}
        if len(deaths) + said > 1:
            self._ask_who_died(deaths + [status] * said)
        elif status and is_of_progression(status):
            return own | dict.fromkeys(_STATUSES, "")
        return own

    def _time_to_death(
        self, roles: Roles, uses: PlainMapping, time: str, status: str, said: bool, given: bool
    ) -> dict[str, str] | None:
        """The column of the time to death as far as it is to be changed; None where the events are not deaths."""
        held = roles.columns.keys()
        deaths = of_who_died(roles)
        os = [h for h in roles.aside if is_time_to_death(h)]
        other = bool(held & _PROGRESSION) or is_of_progression(time)
        neutral = not status or said or not (is_of_progression(status) or other)
        if time and is_time_to_death(time):
            return {}
        if "start" in held and held & {"progression", "independent_progression"}:
            return None
        if "use.time" in uses and (time or uses["use.time"] == "none") and other:
            return None
        if said and (given or is_of_progression(time)):
            if given and len(os) == 1 and "use.time" not in uses:
                return {"time": os[0]}
            if is_of_progression(time):
                self._ask_time_to_death(roles, status, time)
                return None
        if other or not neutral:
            return None
        if len(os) > 1 and not time and "use.time" not in uses and (said or deaths):
            self._ask_which_time(os)
            return None
        if len(os) == 1 and "use.time" not in uses and (not time or said or (deaths and not status)):
            return {"time": os[0]}
        if time:
            return {} if said or (deaths and not status) else None
        if "start" in held and "death" in held:
            return {"last_scan": ""} if held >= {"last_scan", "last_contact"} and "use.last_scan" not in uses else {}
        if "start" in held and "last_contact" in held and (said or (deaths and not status)):
            return {}
        return None

    def _ask_time_to_death(self, roles: Roles, status: str, time: str) -> None:
        """Ask which time is that of deaths which stand beside the time of another endpoint."""
        numeric = [h for h in numeric_columns(roles) if not is_of_progression(h)]
        self.ask(
            Question(
                "use.time",
                Text(
                    f"{status!r} says who died, and {time!r} is not a time to death. Which column is the time (time)?",
                    f"“{status}”说明是否死亡，而“{time}”不是至死亡的时间。哪一列是时间(time)？",
                ),
                (
                    *(Candidate(h, Text("overall survival", "总生存时间")) for h in numeric),
                    Candidate(time, Text("this one, with deaths alone as its events", "仍用该列，仅以死亡为事件")),
                    Candidate("none", Text("none of them", "都不是")),
                ),
            )
        )

    def _ask_which_time(self, headers: Sequence[str]) -> None:
        """Several columns may be the time to death."""
        self.ask(
            Question(
                "use.time",
                Text("Which column is the time to death (time)?", "哪一列是至死亡的时间(time)？"),
                (*(Candidate(h, Text("", "")) for h in headers), Candidate("none", Text("none of them", "都不是"))),
            )
        )

    def _ask_who_died(self, headers: Sequence[str]) -> None:
        """Several columns may say who died."""
        self.ask(
            Question(
                "use.status",
                Text("Which column says whether the patient died (status)?", "哪一列说明患者是否死亡(status)？"),
                (*(Candidate(h, Text("", "")) for h in headers), Candidate("none", Text("there is none", "没有"))),
            )
        )

    # -- which way round ---------------------------------------------------------------------------------------------

    def _directed(self, roles: Roles, uses: PlainMapping) -> Roles:
        """The column of who died with the role and the words that its header and cells give it, or a question."""
        role = next((r for r in _STATUSES if r in roles.columns), "")
        if not role:
            return roles
        header = roles.columns[role].header
        cells = roles.cells[header]
        reversed_ = "censored" in {r for r, _ in roles_of(header_of(header))}
        if not (self.overall or (f"use.{role}" in uses and (tells_death(header, cells) or reversed_))):
            return roles
        found, words = reading_of(header, cells)
        if role == "censored" and f"use.{role}" in uses and not found and not header_of(header).codes:
            return roles  # a person said that 1 is not an event
        values = values_in(cells)
        if len(values) > MOST_VALUES:
            return roles  # no column of a status; its words are asked about
        if not found or (role == "censored" and found == "status" and values & set(WORDS["yes_no"]) - set(words)):
            died = self._ask_coding(header, values)
            if died is None:
                return roles
            found, words = "status", counted_dead(values, died)
        elif found == "censored" and role == "status":
            self._say_reversed(header)
        column = Column(header, words=tuple(sorted(words.items())), also=roles.columns[role].also)
        columns = {r: c for r, c in roles.columns.items() if r not in _STATUSES} | {found: column}
        shown = [replace(p, role=found) if p.header == header and p.role else p for p in roles.proposals]
        return replace(roles, columns=columns, proposals=tuple(shown))

    def _say_reversed(self, header: str) -> None:
        self.notes.append(
            Text(
                f"{header!r} says who is alive or censored: its yes, or 1, is no event",
                f"“{header}”说明谁存活或删失：其中的“是”或1不计为事件",
            )
        )

    def _ask_coding(self, header: str, values: set[str]) -> str | None:
        """Which value of a column means that the patient died."""
        offered = sorted(values | ({"0", "1"} if values <= {"0", "1"} else set()), reverse=True)
        others = {v: ", ".join(w for w in offered if w != v) for v in offered}
        answer = self.ask(
            Question(
                "coding.death",
                Text(
                    f"What does {offered[0]!r} mean in the column {header!r}: dead or alive?",
                    f"“{header}”一列中的“{offered[0]}”代表死亡还是存活？",
                )
                if len(offered) == 2
                else Text(
                    f"Which value of the column {header!r} means that the patient died?",
                    f"“{header}”一列中哪个取值代表死亡？",
                ),
                tuple(
                    Candidate(f"{v}=dead", Text(f"{v} is dead, {others[v]} alive", f"{v}为死亡，{others[v]}为存活"))
                    for v in offered
                ),
            )
        )
        return answer.removesuffix("=dead") if answer else None

    # -- what it is called -------------------------------------------------------------------------------------------

    def _of_overall(self, mapping: Mapping) -> Mapping:
        """Overall survival, where deaths are all that the sheet dates or its time is one to death."""
        has, mode = set(mapping.columns), mapping.rule("time")
        if not self.overall or has & _PROGRESSION:
            return mapping
        if not mode:  # an open question may still lead to it, and is asked beside columns called by their names
            return mapping.with_rule(endpoint="OS") if self.questions else mapping
        why = Text("the sheet dates no progression", "表中没有进展日期")
        if mode == "column":
            named = is_time_to_death(mapping.columns["time"].header)
            why = (
                Text("the time is one to death", "时间为至死亡的时间")
                if named
                else Text("the sheet holds deaths and no progression", "表中仅有死亡、没有进展")
            )
        self.notes.append(
            Text(
                f"{why.en}: deaths are the events, and what is analysed is overall survival (OS)",
                f"{why.zh}：以死亡为事件，分析总生存期(OS)",
            )
        )
        return mapping.with_rule(endpoint="OS")


def of_who_died(roles: Roles) -> list[str]:
    """Columns left aside that say who died, by name, codes or words."""
    own = {"os", "os_status", "death", "last_contact", *_STATUSES}
    return [
        h
        for h in roles.aside
        if 1 <= len(values_in(roles.cells[h])) <= MOST_VALUES
        and {r for r, how in roles_of(header_of(h)) if how != "loose"} <= own
        and tells_death(h, roles.cells[h])
        and not any(isinstance(read_day(v), date) for v in values_in(roles.cells[h]))
    ]


def numeric_columns(roles: Roles) -> list[str]:
    """Columns left aside that hold numbers alone."""
    return [
        h
        for h in roles.aside
        if (filled := [c for c in roles.cells[h] if folded_word(c) not in MISSING])
        and all(read_number(c) is not None for c in filled)
    ]
