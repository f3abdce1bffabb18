"""Overall survival beside progression-free survival of one sheet: which columns or dates give it, and who died."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bayes_escc.evidence.sheet.cells import MISSING, folded_word, read_number, time_unit
from bayes_escc.evidence.sheet.columns import Proposal, Roles, propose_roles
from bayes_escc.evidence.sheet.deaths import (
    counted_dead,
    is_of_progression,
    is_time_to_death,
    reading_of,
    tells_death,
    values_in,
)
from bayes_escc.evidence.sheet.decide_follow_up import FollowUpDecisions
from bayes_escc.evidence.sheet.decide_overall import MOST_VALUES, of_who_died
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Column, Mapping
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.roles import header_of
from bayes_escc.evidence.sheet.wording import Text
from bayes_escc.names import normalise

__all__ = ["BesideDecisions"]

_DATED: Final = ("dates", "visits")
"""Ways to progression-free survival in which dates of death count."""
_LEFT_OUT: Final = Candidate("none", Text("none: leave overall survival out", "都不是：不做OS分析"))


class BesideDecisions(FollowUpDecisions):
    """How overall survival comes about where progression-free survival is analysed."""

    def _beside(self, mapping: Mapping, tables: Sequence[Table], roles: Roles) -> Mapping:
        """The mapping with what overall survival is read from, where the sheet holds it beside progression."""
        mode = mapping.rule("time")
        if not mode or mapping.rule("endpoint") == "OS":
            return mapping
        if mode == "column" and not {"status", "censored"} & set(mapping.columns):
            return mapping  # which column says who progressed is asked first
        wanted = self.uses_answers().get("use.os") != "none"
        has = set(mapping.columns)
        dated = "start" in has and ("last_contact" in has or mapping.rule("censored_at") == "cut")
        times = self._times_to_death(mapping, tables, roles) if wanted else []
        if not (times or dated or mode in _DATED):
            return mapping
        mapping = self._who_died(mapping, tables, roles, ask=bool(times) and not dated)
        known = {"death", "os_status"} & set(mapping.columns)
        if not wanted or not known:
            return mapping
        if dated:
            end = "last_contact" if "last_contact" in has else "cut"
            mapping = mapping.with_rule(os="dates", os_end=end, os_unit="days")
            if len(times) == 1:
                mapping = mapping.with_column("os", times[0])
        elif len(times) > 1:
            self._ask_which_os(times)
            return mapping
        elif times:
            mapping = self._unit_of_os(mapping.with_column("os", times[0]).with_rule(os="column"), roles)
        return mapping

    def _shown_beside(self, mapping: Mapping, proposals: Sequence[Proposal]) -> tuple[Mapping, tuple[Proposal, ...]]:
        """Mapping and proposals in which the columns of overall survival are no longer left aside."""
        own = {one.header: r for r in ("os", "os_status") if r in mapping.columns for one in _all(mapping.columns[r])}
        why = Text("of overall survival", "用于总生存期")
        shown = [
            replace(p, role=own[p.header], reason=p.reason if p.role == own[p.header] else why)
            if p.header in own
            else p
            for p in proposals
        ]
        return replace(mapping, aside=tuple(h for h in mapping.aside if h not in own)), tuple(shown)

    # -- time --------------------------------------------------------------------------------------------------------

    def _times_to_death(self, mapping: Mapping, tables: Sequence[Table], roles: Roles) -> list[Column]:
        """Columns that may be the time of overall survival; one of several sheets with its other headers."""
        if "os" in mapping.columns:
            return [mapping.columns["os"]]
        found = [h for h in roles.aside if is_time_to_death(h) and _mostly_numbers(roles.cells[h])]
        if len(found) > 1:
            proposed = propose_roles(tables, {}, frozenset({"os"})).columns.get("os")
            if proposed is not None and {c.header for c in _all(proposed)} >= set(found):
                return [proposed]
        return [Column(h, time_unit(header_of(h).unit)) for h in found]

    def _ask_which_os(self, times: Sequence[Column]) -> None:
        self.ask(
            Question(
                "use.os",
                Text("Which column is the time to death (os)?", "哪一列是至死亡的时间(os)？"),
                (*(Candidate(c.header, Text("", "")) for c in times), _LEFT_OUT),
                safe="none",
            )
        )

    def _unit_of_os(self, mapping: Mapping, roles: Roles) -> Mapping:
        """Unit of the column of times: from header or cells, else asked."""
        column = mapping.columns["os"]
        cells = [c for c in roles.cells[column.header] if folded_word(c) not in MISSING]
        units = {time_unit(m[1]) for c in cells if (m := re.search(r"\d\s*([A-Za-z\u4e00-\u9fff]+)$", normalise(c)))}
        unit = column.unit or (units.pop() if len(units) == 1 and "" not in units else "")
        answer = unit or self.ask(self.question_of_unit("unit.os", column.header))
        return mapping.with_rule(os_unit=answer) if answer else mapping

    # -- who died ----------------------------------------------------------------------------------------------------

    def _who_died(self, mapping: Mapping, tables: Sequence[Table], roles: Roles, *, ask: bool) -> Mapping:
        """The mapping with the column that says who died, if the sheet has one."""
        mode, uses = mapping.rule("time"), self.uses_answers()
        stated = mapping.columns.get("os_status")
        if stated is None and uses.get("use.os_status") == "none":
            return mapping
        found = [stated.header] if stated is not None else of_who_died(roles)
        status = next((mapping.columns[r] for r in ("status", "censored") if r in mapping.columns), None)
        if status is not None and mode in _DATED and tells_death(status.header, roles.cells[status.header]):
            found += [status.header] if stated is None else []
            mapping = replace(mapping, columns={r: c for r, c in mapping.columns.items() if c is not status})
        column = Column(found[0]) if len(found) == 1 else None
        if len(found) > 1:
            proposed = propose_roles(tables, {}, frozenset({"os_status"})).columns.get("os_status")
            if proposed is not None and {c.header for c in _all(proposed)} >= set(found):
                column = proposed
        if column is not None:
            return self._told_dead(mapping, stated or column, roles)
        if not found and not ("death" not in mapping.columns and ask):
            return mapping
        self._ask_who(found or self._few_words(roles))
        return mapping

    def _few_words(self, roles: Roles) -> list[str]:
        return [
            h
            for h in roles.aside
            if 1 <= len({folded_word(c) for c in roles.cells[h]} - MISSING) <= MOST_VALUES and not is_of_progression(h)
        ]

    def _ask_who(self, headers: Sequence[str]) -> None:
        self.ask(
            Question(
                "use.os_status",
                Text("Which column says whether the patient died (os_status)?", "哪一列说明患者是否死亡(os_status)？"),
                (*(Candidate(h, Text("", "")) for h in headers), _LEFT_OUT),
                safe="none",
            )
        )

    def _told_dead(self, mapping: Mapping, column: Column, roles: Roles) -> Mapping:
        """The mapping with a column of who died and what its values mean, or a question."""
        header = column.header
        cells = [c for one in _all(column) for c in roles.cells.get(one.header, ())]
        values = values_in(cells)
        if len(values) > MOST_VALUES:
            return mapping.with_column("os_status", column)
        found, words = reading_of(header, cells)
        if not found:
            died = self._ask_coding(header, values)
            if died is None:
                return mapping
            found, words = "status", counted_dead(values, died)
        mapping = mapping.with_column("os_status", replace(column, words=tuple(sorted(words.items()))))
        if found == "censored":
            self._say_reversed(header)
            mapping = mapping.with_rule(os_status="reversed")
        return mapping


def _mostly_numbers(cells: Sequence[str]) -> bool:
    """Whether most cells are numbers, be they followed by a plus; what is none is asked about row by row."""
    filled = [c for c in cells if folded_word(c) not in MISSING]
    return bool(filled) and 2 * sum(read_number(c.strip().rstrip("+")) is not None for c in filled) >= len(filled)


def _all(column: Column) -> tuple[Column, ...]:
    return (column, *column.also)
