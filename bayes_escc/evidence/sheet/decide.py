"""From sheets and answers to a mapping: what can be read in one way is decided, the rest is asked."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.sheet.applied import Applied
from bayes_escc.evidence.sheet.apply import apply_mapping
from bayes_escc.evidence.sheet.columns import Proposal, propose_roles
from bayes_escc.evidence.sheet.counts import column_use, count_labels
from bayes_escc.evidence.sheet.deaths import TIMES
from bayes_escc.evidence.sheet.decide_patients import CohortDecisions
from bayes_escc.evidence.sheet.effects import interval_column
from bayes_escc.evidence.sheet.grids import Grid
from bayes_escc.evidence.sheet.layout import Aside, Table, find_table
from bayes_escc.evidence.sheet.mapping import Column, Mapping, SheetUse
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.sorting import settings_of, use_of
from bayes_escc.evidence.sheet.summary import summary_of
from bayes_escc.evidence.sheet.wide_visits import scan_columns, visits_beside
from bayes_escc.evidence.sheet.wording import Text, masked

__all__ = ["Decision", "decide"]

_WITH_EFFECTS: Final = (
    "use.",
    "order.",
    "epoch.",
    "unit.",
    "word.",
    "coding.",
    "censored_at",
    "source.",
    "unusable",
    "undated_deaths",
    "end",
    "regimen_blank",
    "cut",
)
_MOST_ROUNDS: Final = 60
_EFFECT_ROLES: Final = frozenset(
    {"study", "experimental", "control", "endpoint", "measure", "estimate", "ci_low", "ci_high"}
)


@dataclass(frozen=True)
class Decision:
    """What a set of sheets and answers leads to.

    Parameters
    ----------
    mapping : Mapping
        Complete if there are no questions.
    applied : Applied or None
    questions : tuple of Question
        Still open.
    proposals : tuple of Proposal
        One per column.
    aside : tuple of Aside
        Rows and sheets left aside.
    notes : tuple of Text
        What was decided and should be said.
    answers : mapping of str to str
        Those that were used.
    """

    mapping: Mapping
    applied: Applied | None
    questions: tuple[Question, ...]
    proposals: tuple[Proposal, ...]
    aside: tuple[Aside, ...]
    notes: tuple[Text, ...]
    answers: MappingType[str, str]


def decide(
    grids: Sequence[Grid],
    answers: MappingType[str, str] | None = None,
    *,
    earlier: frozenset[str] = frozenset(),
    language: str = "en",
    yes: bool = False,
    effects: bool = True,
    key: bytes = b"",
    today: dt.date | None = None,
) -> Decision:
    """Decide what can be decided, and ask the rest.

    Parameters
    ----------
    grids : sequence of Grid
        Every sheet of every file.
    answers : mapping of str to str, optional
        By code of the question.
    earlier : frozenset of str
        Codes answered for an earlier sheet: no fault if nothing asks them any more.
    language : {"en", "zh"}
        In which questions are stored beside their answers.
    yes : bool
        Whether questions with a safe answer take it.
    effects : bool
        Whether to say what each candidate would change.
    key : bytes
        Of pseudonyms.
    today : date, optional

    Raises
    ------
    DataError
        If no sheet holds a table that can be understood, or an answer fits no question.
    """
    given = dict(answers or {})
    work = _Work(grids, given, yes=yes, key=key, today=today)
    work.earlier = earlier
    decision = work.run(language)
    if not effects:
        return decision
    told = []
    for question in decision.questions:
        if question.candidates and question.code.startswith(_WITH_EFFECTS):
            found = {}
            for candidate in question.candidates:
                trial = _Work(
                    grids, {**given, question.code: candidate.value}, yes=True, key=key, today=today, tentative=True
                )
                outcome = trial.run(language)
                if outcome.applied is not None:
                    found[candidate.value] = summary_of(outcome.applied, outcome.mapping)
            question = question.with_effects(found)
        told.append(question)
    return replace(decision, questions=tuple(told))


class _Work(CohortDecisions):
    """One pass from sheets to a mapping."""

    def run(self, language: str) -> Decision:
        """Sheets, roles, rules; then the cells, until no question has an answer left."""
        tables, aside = self._tables()
        uses = self._uses(tables)
        kinds = [u for u in ("patients", "counts", "effects") if u in uses.values()]
        kind = kinds[0]
        for other in kinds[1:]:
            for table, use in zip(tables, uses.values(), strict=True):
                if use == other:
                    aside.append(
                        Aside(
                            table.name,
                            table.numbers[0],
                            Text(f"a sheet of {other}, beside patients", f"与患者表并列的{other}表，未读取"),
                        )
                    )
        chosen = [t for i, t in enumerate(tables) if uses[i] == kind or (kind == "patients" and uses[i] == "visits")]
        for table in chosen:
            aside += table.aside
            self.notes += table.grid.notes
        main = [t for i, t in enumerate(tables) if uses[i] == kind]
        visits = [t for i, t in enumerate(tables) if uses[i] == "visits" and kind == "patients"]
        if kind == "patients" and not visits:
            main, visits = self._unfolded(main)
            chosen = [*main, *visits]
        proposals: tuple[Proposal, ...] = ()
        if kind == "patients":
            mapping, proposals = self._patients(main, visits)
        elif kind == "counts":
            mapping, proposals = self._counts(main)
        else:
            mapping, proposals = self._effects(main)
        applied = None
        if not self.questions or self.tentative:
            mapping, applied = self._settle(chosen, mapping)
        if applied is not None:
            self.notes += applied.notes
            self._intentions(mapping, applied)
        answers = {code: answer for code, (_, answer) in self.used.items()}
        stray = sorted(set(self.given) - set(answers) - set(self.questions) - self.earlier)
        if stray and not self.tentative and not self.questions:
            raise DataError(f"there is no question {', '.join(stray)}; nothing in the sheet asks it. Leave it out.")
        mapping = replace(
            mapping,
            answers=tuple(sorted(answers.items())),
            asked={code: question.text.said(language) for code, (question, _) in self.used.items()},
        )
        ordered = tuple(self.questions.values())
        return Decision(mapping, applied, ordered, proposals, tuple(aside), tuple(dict.fromkeys(self.notes)), answers)

    # -- sheets ------------------------------------------------------------------------------------------------------

    def _tables(self) -> tuple[list[Table], list[Aside]]:
        """The tables of all sheets; sheets without one are left aside, a sheet of settings is read."""
        tables, aside = [], []
        for grid in self.grids:
            name = grid.sheet or grid.file
            if grid.empty:
                aside.append(Aside(name, 0, Text("empty sheet", "空工作表")))
                continue
            settings = settings_of(grid.rows)
            if settings:
                self.settings |= settings
                aside.append(Aside(name, 0, Text("settings, read as answers", "设置页，作为回答读取")))
                continue
            table = find_table(grid)
            if table is None or not use_of(table):
                aside.append(Aside(name, 0, Text("no table of patients, counts or effects", "非患者、计数或效应表")))
                continue
            tables.append(table)
        if not tables:
            seen = (
                "; ".join(f"{g.sheet or g.file}: {_first_row(g)}" for g in self.grids if not g.empty)
                or "all sheets are empty"
            )
            raise DataError(
                "no sheet holds a table that is understood: a header with names such as treatment (治疗方案), "
                "first dose (首次用药日期), progression (进展日期) or best response (疗效) and rows below it. "
                f"First rows: {seen}. "
                "Name the columns in the first row; `bayes-escc template patients OUT.xlsx` writes a sheet to fill in."
            )
        return tables, aside

    def _uses(self, tables: Sequence[Table]) -> dict[int, str]:
        return {i: use_of(t) for i, t in enumerate(tables)}

    def _unfolded(self, tables: Sequence[Table]) -> tuple[list[Table], list[Table]]:
        """Sheets of patients without the columns of their scans, and tables of these scans."""
        patients, visits = [], []
        for table in tables:
            pairs = scan_columns(table)
            beside = visits_beside(table)
            if beside is not None:
                visits.append(beside)
                used = {i for pair in pairs.values() for i in pair}
                named = ", ".join(masked(table.headers[i]) for i in sorted(used))
                self.notes.append(Text(f"scans are read as visits: {named}", f"各次影像评估按访视读取：{named}"))
                table = replace(table, headers=tuple("" if i in used else h for i, h in enumerate(table.headers)))
            elif pairs:
                self.notes.append(
                    Text(
                        f"{len(pairs)} scans of every patient are not read: the date of progression counts",
                        f"每例患者的{len(pairs)}次影像评估未读取：以进展日期为准",
                    )
                )
            patients.append(table)
        return patients, visits

    # -- counts and effects ------------------------------------------------------------------------------------------

    def _counts(self, tables: Sequence[Table]) -> tuple[Mapping, tuple[Proposal, ...]]:
        regimens, _ = count_labels(tables)
        mapping = Mapping("counts", tuple(SheetUse(t.sheet, "counts") for t in tables))
        named = self._named(mapping, Counter(r for r in regimens if r), {})
        proposals = [Proposal(h, None, column_use(t, h)) for t in tables for h in t.headers if h]
        return named, tuple(proposals)

    def _effects(self, tables: Sequence[Table]) -> tuple[Mapping, tuple[Proposal, ...]]:
        roles = propose_roles(tables, self.uses_answers(), _EFFECT_ROLES | {"regimen"})
        columns = dict(roles.columns)
        treatment = columns.pop("regimen", None)
        if treatment is not None and "experimental" not in columns:
            columns["experimental"] = treatment
        mapping = Mapping("effects", tuple(SheetUse(t.sheet, "effects") for t in tables))
        for table in tables:
            found = interval_column(table)
            if found is not None:
                columns["estimate"] = Column(found[0])
                mapping = mapping.with_rule(measure=found[1]) if found[1] and "measure" not in columns else mapping
        for question in roles.questions:
            self.ask(question)
        if "estimate" not in columns:
            self.ask(
                Question(
                    "use.estimate",
                    Text("Which column holds the effects?", "哪一列是效应量？"),
                    tuple(Candidate(h, Text("", "")) for h in roles.aside),
                )
            )
        return replace(mapping, columns=columns, aside=roles.aside, dropped=roles.dropped), roles.proposals

    # -- cells -------------------------------------------------------------------------------------------------------

    def _settle(self, tables: Sequence[Table], mapping: Mapping) -> tuple[Mapping, Applied]:
        """Apply the mapping, answer what can be answered, until nothing is left or a person must say."""
        for _ in range(_MOST_ROUNDS):
            applied = apply_mapping(tables, mapping, key=self.key, today=self.today)
            changed = False
            for question in applied.questions:
                before = mapping
                answer = self.ask(question)
                if answer is not None:
                    mapping = taken(mapping, question.code, answer)
                    changed = changed or mapping != before
            if not changed:
                return mapping, applied
        return mapping, applied

    def _intentions(self, mapping: Mapping, applied: Applied) -> None:
        """What no sheet says: the reference, and which difference matters."""
        if mapping.kind == "effects":
            return
        names = sorted({row["regimen"] for row in applied.rows if row.get("regimen")})
        if len(names) > 1:
            self.ask(
                Question(
                    "reference",
                    Text(
                        "Which regimen is the reference, with which the others are compared?",
                        "哪种方案为参照，其他方案与之比较？",
                    ),
                    tuple(Candidate(n, _patients_of(applied, n)) for n in names),
                )
            )
            none = Candidate(
                "none", Text("none stated: only the probability of being better", "不设定：仅报告更优的概率")
            )
            if mapping.rule("time") and {"time", "visit_result"} & {*applied.columns, *mapping.columns}:
                self.ask(_margin(mapping.rule("endpoint", "PFS"), none))
            if "os_time" in applied.columns:
                first = TIMES[mapping.rule("endpoint", "PFS")][0]
                self.notes.append(
                    Text(
                        f"deaths are analysed too: overall survival (OS) beside {first.en}",
                        f"同时分析死亡：除{first.zh}外，另做总生存期(OS)分析",
                    )
                )
                self.ask(_margin("OS", none))
            if "response" in applied.columns or mapping.kind == "counts":
                self.ask(
                    Question(
                        "margin.response",
                        Text(
                            "Which difference in response matters to patients, in percentage points?",
                            "缓解率相差多少个百分点对患者才有意义？",
                        ),
                        (none,),
                        "number",
                    )
                )


def _margin(endpoint: str, none: Candidate) -> Question:
    """Which difference in mean time matters."""
    mean = TIMES[endpoint][1]
    return Question(
        f"margin.{endpoint.lower()}",
        Text(
            f"Which difference in {mean.en} matters to patients, in months?",
            f"{mean.zh}相差多少个月对患者才有意义？",
        ),
        (none,),
        "number",
    )


def taken(mapping: Mapping, code: str, answer: str) -> Mapping:
    """The mapping with one answer."""
    kind, _, rest = code.partition(".")
    if kind == "word":
        role, _, word = rest.partition(".")
        return mapping.with_column(role, mapping.columns[role].with_word("" if word == "(blank)" else word, answer))
    if kind == "coding":
        code, _, meaning = answer.partition("=")
        other = {"event": "censored", "censored": "event", "male": "female", "1": "0"}[meaning]
        column = mapping.columns[rest].with_word(code, meaning).with_word({"1": "2", "2": "1"}[code], other)
        return mapping.with_column(rest, column)
    if kind in {"order", "epoch"}:
        return mapping.with_column(rest, _column_with(mapping.columns[rest], kind, answer))
    if kind == "regimen" and rest:
        return replace(mapping, regimens={**mapping.regimens, rest: answer})
    if kind == "endpoint":
        return replace(mapping, endpoints={**mapping.endpoints, rest: answer})
    if kind == "unit":
        return mapping.with_rule(**{code: answer})
    if code == "source.os":
        return (
            mapping.with_rule(printed_os=answer)
            if answer == "dates"
            else mapping.with_rule(os="column", os_unit=mapping.columns["os"].unit or "months")
        )
    if code == "source.time":
        return (
            mapping.with_rule(printed_time=answer)
            if answer == "dates"
            else mapping.with_rule(time="column", time_unit=mapping.columns["time"].unit or "months")
        )
    if kind == "source":
        return mapping.with_rule(**{rest: answer})
    if kind == "rule":
        return mapping.with_rule(**{rest: answer})
    return mapping.with_rule(**{code: answer})


def _column_with(column: Column, key: str, answer: str) -> Column:
    return replace(column, order=answer) if key == "order" else replace(column, epoch=answer)


def _first_row(grid: Grid) -> str:
    row = next((r for r in grid.rows if sum(bool(c) for c in r) >= 2), next((r for r in grid.rows if any(r)), ()))
    return " | ".join(masked(c, 20) for c in row if c)[:160] if not _names_in(row) else "..."


def _names_in(row: Sequence[str]) -> bool:
    """Whether a row holds data rather than names of columns, so that it is not repeated."""
    return sum(bool(re.search(r"\d", c)) for c in row if c) > 0.3 * max(1, sum(bool(c) for c in row))


def _patients_of(applied: Applied, name: str) -> Text:
    n = sum(row.get("regimen") == name for row in applied.rows)
    return Text("", "") if "patient_id" not in applied.columns else Text(f"{n} patients", f"{n}例")
