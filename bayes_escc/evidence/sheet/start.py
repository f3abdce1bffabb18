"""From a raw sheet to a folder of analyses: decide, say, ask, and only then write."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.sheet.analyses import analyses_of
from bayes_escc.evidence.sheet.deaths import TIMES, called
from bayes_escc.evidence.sheet.decide import Decision, decide
from bayes_escc.evidence.sheet.grids import Grid, read_grids
from bayes_escc.evidence.sheet.layout import find_table
from bayes_escc.evidence.sheet.mapped import KEY_FILE, new_key
from bayes_escc.evidence.sheet.mapping import load_mapping
from bayes_escc.evidence.sheet.questions import OpenQuestionsError, Question
from bayes_escc.evidence.sheet.roles import ROLES
from bayes_escc.evidence.sheet.summary import summary_of
from bayes_escc.evidence.sheet.wording import LANGUAGES, Text, language_of, masked
from bayes_escc.files import write_atomic

__all__ = ["Started", "decision_text", "log_text", "prepare", "read_answers", "sheet_language", "write_folder"]

MAPPING_FILE: Final = "mapping.toml"
LOG_FILE: Final = "sheet_log.csv"


@dataclass(frozen=True)
class Started:
    """What `start` wrote.

    Parameters
    ----------
    folder : Path
    files : tuple of Path
        The analyses, the mapping and the log.
    decision : Decision
    """

    folder: Path
    files: tuple[Path, ...]
    decision: Decision


def read_answers(use: Sequence[str], answers: Sequence[str]) -> dict[str, str]:
    """Answers from `ROLE=HEADER` and `CODE=VALUE`.

    Raises
    ------
    AnalysisError
        If one has another form, or names a role that does not exist.
    """
    found: dict[str, str] = {}
    problems = []
    for text, prefix in [*((u, "use.") for u in use), *((a, "") for a in answers)]:
        code, sign, value = text.partition("=")
        if prefix:
            role, value = _split_use(text)
            code, sign = prefix + role, "=" if role in ROLES else ""
            if role and not sign:
                problems.append(f"--use {text}: {role!r} is no role; roles are {', '.join(ROLES)}")
                continue
        else:
            code, value = _split_answer(text)
            sign = "=" if code else ""
        if not sign or not code or not value:
            problems.append(f"{'--use ROLE=HEADER' if prefix else '--answer CODE=VALUE'} is the form, not {text!r}")
        elif found.setdefault(code.strip(), value.strip()) != value.strip():
            problems.append(f"{code} is answered twice, {found[code]!r} and {value!r}")
    if problems:
        raise AnalysisError("; ".join(problems) + ".")
    return found


def _split_use(text: str) -> tuple[str, str]:
    role, _, header = text.partition("=")
    return role.strip(), header.strip()


def _split_answer(text: str) -> tuple[str, str]:
    """Code and value; of words that hold `=` themselves the last one parts."""
    code, _, value = (
        text.rpartition("=")
        if text.startswith(("word.", "regimen.", "endpoint.", "sheet.", "same.", "n."))
        else text.partition("=")
    )
    return code.strip(), value.strip()


def grids_for(sheets: Sequence[str | Path]) -> tuple[Grid, ...]:
    """Every sheet of several files."""
    names = [Path(s).name for s in sheets]
    grids = [g for s in sheets for g in read_grids(s)]
    titles = [g.sheet for g in grids]
    if len(names) > 1 and len(set(titles)) < len(titles):  # two files with a sheet of one name
        grids = [replace(g, sheet=f"{Path(g.file).stem} {g.sheet}".strip()) for g in grids]
    return tuple(grids)


def sheet_language(sheets: Sequence[str | Path]) -> str:
    """The language to ask in: Chinese where a table of the sheets has a Chinese header.

    Raises
    ------
    DataError
    """
    tables = [find_table(g) for g in grids_for(sheets) if not g.empty]
    return language_of(h for t in tables if t is not None for h in t.headers)


def prepare(
    sheets: Sequence[str | Path],
    out: str | Path,
    answers: Mapping[str, str] | None = None,
    *,
    language: str = "en",
    yes: bool = False,
    ask: Callable[[Question, Decision], str] | None = None,
    effects: bool = True,
    say: Callable[[Decision], None] | None = None,
) -> Decision:
    """Decide on one or more sheets, asking until nothing is open.

    Parameters
    ----------
    sheets : sequence of path
    out : path
        Folder of the analyses; answers of a mapping that is there already are kept.
    answers : mapping of str to str, optional
    language : {"en", "zh"}
    yes : bool
        Take the safe answer of every question that has one.
    ask : function, optional
        From a question to its answer; without it open questions are raised.
    effects : bool
        Whether questions say what each answer changes.
    say : function, optional
        Told of what was decided, once, before the first question.

    Raises
    ------
    OpenQuestionsError
        If questions are open and nobody can be asked.
    DataError, AnalysisError
    """
    if language not in LANGUAGES:
        raise AnalysisError(f"language is one of {', '.join(LANGUAGES)}, not {language!r}.")
    grids, folder = grids_for(sheets), Path(out)
    earlier = dict(load_mapping(folder / MAPPING_FILE).answers) if (folder / MAPPING_FILE).is_file() else {}
    given = {**earlier, **(answers or {})}
    key = b""
    while True:
        decision = decide(
            grids, given, earlier=frozenset(earlier), language=language, yes=yes, effects=effects, key=key
        )
        _refuse_without_outcome(decision, language)
        if not decision.questions:
            break
        if say is not None:
            say(decision)
            say = None
        if ask is None:
            count = len(decision.questions)
            raise OpenQuestionsError(
                decision.questions,
                Text(
                    f"the sheet leaves {count} {'question' if count == 1 else 'questions'} open; "
                    "nothing was written. Add the options below.",
                    f"表格中有{count}个问题需要回答，尚未写入任何文件。请加上以下选项。",
                ),
                language,
            )
        question = decision.questions[0]
        given[question.code] = ask(question, decision)
    if decision.mapping.rule("identifier") == "pseudonym":
        decision = decide(
            grids, given, earlier=frozenset(earlier), language=language, yes=yes, effects=False, key=new_key(folder)
        )
    if decision.applied is None or not decision.applied.rows:
        raise DataError("no patient of the sheet is left; see the rows set aside.")
    more = tuple(_relative(Path(s), folder) for s in sheets[1:])
    return replace(decision, mapping=replace(decision.mapping, more=more))


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


_NO_OUTCOME: Final = Text(
    "the sheet holds neither follow-up (dates of first dose and progression, or a time with a status) nor best "
    "responses nor adverse events. Name their columns with --use, for example --use response=HEADER.",
    "表中既无随访（首次用药与进展日期，或时间与状态），也无最佳疗效或不良反应。"
    "请用--use指明列，例如 --use response=列名。",
)


def _refuse_without_outcome(decision: Decision, language: str) -> None:
    """Say at once that no analysis is possible, rather than after questions about its reference.

    Raises
    ------
    DataError
    """
    applied, asked = decision.applied, {q.code for q in decision.questions}
    if applied is None or decision.mapping.kind != "patients" or any(c.startswith("use.") for c in asked):
        return
    outcomes = {"time", "last_free", "visit_result", "response", "ae_grade", "ae_any", "ae_severe"}
    if decision.mapping.rule("time") or outcomes & {*applied.columns, *decision.mapping.columns}:
        return
    aside = [p.header for p in decision.proposals if p.role is None and p.header not in decision.mapping.dropped]
    listed = ", ".join(masked(h) for h in aside)
    more = Text(f" Columns that are not read: {listed}.", f"未读取的列：{listed}。") if aside else Text("", "")
    raise DataError(_NO_OUTCOME.said(language) + more.said(language))


def write_folder(decision: Decision, sheets: Sequence[str | Path], out: str | Path, *, language: str = "en") -> Started:
    """Write analyses, mapping and log.

    Raises
    ------
    DataError
        If the sheet supports no analysis.
    """
    folder = Path(out)
    applied = decision.applied
    if applied is None or decision.questions:
        raise DataError("questions are still open; answer them first.")
    analyses = analyses_of(decision.mapping, applied, _relative(Path(sheets[0]), folder), language)
    if not analyses:
        raise DataError(_NO_OUTCOME.said(language))
    files = []
    for name, content in {
        **analyses,
        MAPPING_FILE: decision.mapping.to_toml(),
        LOG_FILE: log_text(decision, language),
    }.items():
        write_atomic(folder / name, content)
        files.append(folder / name)
    for name in {*(f"{t.lower()}.toml" for t in TIMES), "response.toml", "adverse_events.toml", "effects.toml"} - set(
        analyses
    ):
        (folder / name).unlink(missing_ok=True)  # of an earlier start; the sheet no longer supports it
    return Started(folder, tuple(files), decision)


def log_text(decision: Decision, language: str) -> str:
    """Every cell read differently, derived or set aside, as CSV that no spreadsheet takes for formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["sheet", "row", "column", "cell", "read_as", "why"])
    for aside in decision.aside:
        writer.writerow([_safe(aside.sheet), aside.row or "", "", "", "", aside.why.said(language)])
    for entry in decision.applied.log if decision.applied else ():
        cells = (entry.sheet, str(entry.row), entry.column, entry.cell, entry.read_as, entry.why.said(language))
        writer.writerow([_safe(c) for c in cells])
    return stream.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell


def decision_text(decision: Decision, language: str) -> list[str]:
    """What was decided, line by line: columns with reasons, rows left aside, notes, and what the table says."""
    heading = Text("Columns:", "各列：").said(language)
    lines = [heading]
    endpoint = decision.mapping.rule("endpoint")
    for p in decision.proposals:
        role = (
            Text("-", "-").said(language)
            if p.role is None
            else f"{called(p.role, endpoint).said(language)} ({p.role})"
            if p.role in ROLES
            else p.role
        )
        lines.append(
            f"  {masked(p.header)} -> {role}: {p.reason.said(language)}"
            if p.role
            else f"  {masked(p.header)}: {p.reason.said(language)}"
        )
    grouped: dict[tuple[str, str], list[int]] = {}
    for aside in decision.aside:
        grouped.setdefault((aside.sheet, aside.why.said(language)), []).append(aside.row)
    if grouped:
        lines.append(Text("Left aside:", "未读取的行：").said(language))
    for (sheet, why), rows in grouped.items():
        where = (
            ""
            if rows == [0]
            else Text(" rows ", "第").said(language)
            + ", ".join(str(r) for r in rows[:12] if r)
            + ("..." if len(rows) > 12 else "")
            + Text("", "行").said(language)
        )
        lines.append(f"  {sheet}{where}: {why}")
    if decision.notes:
        lines.append(Text("Decided:", "已决定：").said(language))
        lines += [f"  {note.said(language)}" for note in decision.notes]
    if decision.applied is not None:
        lines.append(summary_of(decision.applied, decision.mapping).said(language))
    return lines


def key_note(decision: Decision, language: str) -> str:
    """What to say of the key of pseudonyms, if there is one."""
    if decision.mapping.rule("identifier") != "pseudonym":
        return ""
    return Text(
        f"{KEY_FILE} turns hospital numbers into pseudonyms: keep it with the mapping, and give it to nobody.",
        f"{KEY_FILE} 用于把住院号转为假名：请与映射文件一同保存，不要外传。",
    ).said(language)
