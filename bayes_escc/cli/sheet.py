"""`bayes-escc start` and `bayes-escc template`: from a ward's sheet to analyses, and an empty sheet to fill in."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from bayes_escc.cli.command import Commands, add_command, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from bayes_escc.evidence.sheet.decide import Decision
    from bayes_escc.evidence.sheet.questions import Question

__all__ = ["analyses_in", "refuse_raw_sheet", "register"]

_START = """Reads a real sheet: titles, merged cells, footnotes, totals, units in headers, dates in any style. Says what
it takes every column for, asks what it cannot decide, and writes a folder with analyses, mapping.toml and a log.
Nothing is written while a question is open. Identity and telephone numbers and names reach no file."""
_EXAMPLES = """examples:
  bayes-escc start patients.xlsx --out cohort
  bayes-escc start patients.xlsx --out cohort --use progression=进展日期 --answer reference=化疗 --answer margin.os=2
  bayes-escc run cohort"""


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    start = add_command(
        commands,
        "start",
        _start,
        "turn a raw sheet into analyses, asking what it does not say",
        description=_START,
        epilog=_EXAMPLES,
    )
    start.add_argument("sheets", nargs="+", metavar="SHEET", help="a workbook or text file, as the ward keeps it")
    start.add_argument("--out", required=True, metavar="FOLDER", help="where analyses, mapping and log are written")
    start.add_argument(
        "--use", action="append", default=[], metavar="ROLE=HEADER", help="which column is what; none for no column"
    )
    start.add_argument("--answer", action="append", default=[], metavar="CODE=VALUE", help="the answer to a question")
    start.add_argument("--yes", action="store_true", help="take every answer that is safe; what is not is still asked")
    start.add_argument(
        "--language", choices=("en", "zh"), help="of questions and comments (default: that of the sheet's headers)"
    )
    template = add_command(
        commands, "template", _template, "write an Excel file to fill in, which start reads without a question"
    )
    template.add_argument("kind", choices=("patients", "counts", "effects", "visits"))
    template.add_argument("out", metavar="OUT", help="the .xlsx file to write")
    template.add_argument("--language", choices=("en", "zh"), default="en", help="of headers and instructions")


_TABLES = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".txt")


def refuse_raw_sheet(name: str) -> None:
    """Say what to type where a sheet is given instead of an analysis.

    Raises
    ------
    AnalysisError
    """
    from pathlib import Path

    from bayes_escc.errors import AnalysisError

    path = Path(name)
    if path.suffix.lower() in _TABLES:
        folder = path.with_suffix("")
        raise AnalysisError(
            f"{path.name} is a table, not an analysis. Type `bayes-escc start {path} --out {folder}`, which "
            f"reads it and writes the analyses, and then `bayes-escc run {folder}`."
        )


def analyses_in(name: str) -> list[Path] | None:
    """The analyses in a folder that `start` wrote, in order; None where the name is no folder.

    Raises
    ------
    AnalysisError
        If the folder holds none.
    """
    from pathlib import Path

    from bayes_escc.errors import AnalysisError
    from bayes_escc.evidence.sheet.analyses import reading_order

    folder = Path(name)
    if not folder.is_dir():
        return None
    found = sorted(p for p in folder.glob("*.toml") if p.name != "mapping.toml")
    if not found:
        raise AnalysisError(f"{folder} holds no analysis (.toml); `bayes-escc start SHEET --out {folder}` writes some.")
    return sorted(found, key=lambda p: reading_order(p.stem))


def _start(options: argparse.Namespace) -> int:
    from bayes_escc.evidence.sheet.start import (
        decision_text,
        key_note,
        prepare,
        read_answers,
        sheet_language,
        write_folder,
    )

    answers = read_answers(options.use, options.answer)
    options.language = options.language or sheet_language(options.sheets)
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and not options.json
    told: list[str] = []

    def say(decision: Decision) -> None:
        told.extend(decision_text(decision, options.language))
        if not options.json:
            print("\n".join(told))

    ask = _Prompt(options.language).ask if terminal else None
    decision = prepare(
        options.sheets, options.out, answers, language=options.language, yes=options.yes, ask=ask, say=say
    )
    started = write_folder(decision, options.sheets, options.out, language=options.language)
    if options.json:
        columns = [
            {"header": p.header, "role": p.role, "reason": p.reason.said(options.language)} for p in decision.proposals
        ]
        content = {
            "folder": str(started.folder),
            "files": [f.name for f in started.files],
            "columns": columns,
            "answers": dict(decision.mapping.answers),
            "notes": [n.said(options.language) for n in decision.notes],
            "mapping_sha256": decision.mapping.digest,
            "table_sha256": decision.applied.digest if decision.applied else "",
        }
        print_json(content)
        return 0
    if not told:
        print("\n".join(decision_text(decision, options.language)))
    for path in started.files:
        print(path)
    if note := key_note(decision, options.language):
        print(note)
    print({"en": "Next", "zh": "下一步"}[options.language] + f": bayes-escc run {started.folder}")
    return 0


class _Prompt:
    """Asks in a terminal: a number, the answer itself, or nothing for the safe one."""

    def __init__(self, language: str) -> None:
        self.language = language

    def ask(self, question: Question, decision: Decision) -> str:
        """One answer that the question accepts."""
        print("\n" + "\n".join(question.lines(self.language)))
        hint = {"en": "number or answer", "zh": "序号或答案"}[self.language]
        default = f" [{question.safe}]" if question.safe is not None else ""
        while True:
            try:
                typed = input(f"{hint}{default}: ").strip()
            except EOFError:
                raise KeyboardInterrupt from None
            if not typed and question.safe is not None:
                return question.safe
            numbered = {str(i): c.value for i, c in enumerate(question.candidates, start=1)}
            listed = {} if question.free == "number" else numbered
            answer = question.accepts(listed.get(typed, typed))
            if answer is not None:
                return answer
            print({"en": "That is not one of the answers.", "zh": "不是可选的答案。"}[self.language])


def _template(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.evidence.sheet.template import write_template

    path = write_template(options.kind, Path(options.out), language=options.language)
    if options.json:
        print_json({"file": str(path)})
        return 0
    print(path)
    print({"en": "Fill it in, then", "zh": "填写后运行"}[options.language] + f": bayes-escc start {path} --out FOLDER")
    return 0
