"""What comes of a sheet read through its mapping: the table, what was done to its cells, and what is open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.wording import Text, masked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Applied", "LogEntry", "Record", "Recorder"]


@dataclass(frozen=True)
class LogEntry:
    """One cell read differently, derived or set aside."""

    sheet: str
    row: int
    column: str
    cell: str
    read_as: str
    why: Text


@dataclass
class Record:
    """One patient: where it stands, and its cells by role."""

    sheet: str
    row: int
    cells: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """A sheet read through its mapping.

    Parameters
    ----------
    columns : tuple of str
    rows : tuple of mapping
        Canonical cells, as text, blank where nothing is known.
    places : tuple of (str, int)
        Sheet and row of each.
    log : tuple of LogEntry
    questions : tuple of Question
        What a person must decide before the table can be used.
    notes : tuple of Text
        What was decided for many rows together.
    """

    columns: tuple[str, ...]
    rows: tuple[MappingType[str, str], ...]
    places: tuple[tuple[str, int], ...]
    log: tuple[LogEntry, ...]
    questions: tuple[Question, ...]
    notes: tuple[Text, ...]

    def frame(self) -> pd.DataFrame:
        """The table, all cells as text."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows], columns=list(self.columns), dtype=str)

    @property
    def digest(self) -> str:
        """SHA-256 of the table, whatever the order of its rows."""
        lines = sorted("\x1f".join(row[c] for c in self.columns) for row in self.rows)
        return hashlib.sha256("\x1e".join(["\x1f".join(self.columns), *lines]).encode()).hexdigest()


class Recorder:
    """Collects what happens while a sheet is read."""

    def __init__(self) -> None:
        self.log: list[LogEntry] = []
        self.notes: dict[Text, None] = {}
        self._asked: dict[str, tuple[Question, set[tuple[str, int]]]] = {}

    def read(self, record: Record, header: str, cell: str, read_as: str, why: Text) -> None:
        """Log one cell."""
        self.log.append(LogEntry(record.sheet, record.row, header, masked(cell), masked(read_as, 200), why))

    def note(self, en: str, zh: str) -> None:
        """Say something once."""
        self.notes[Text(en, zh)] = None

    def ask(
        self,
        code: str,
        text: Text,
        candidates: tuple[Candidate, ...],
        record: Record | None = None,
        *,
        free: str = "",
        safe: str | None = None,
        details: Text | None = None,
    ) -> None:
        """Open a question, or add a patient to one that is open."""
        _, rows = self._asked.setdefault(code, (Question(code, text, candidates, free, safe, details), set()))
        if record is not None:
            rows.add((record.sheet, record.row))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The open questions in a fixed order, each with the number of its patients and their rows."""
        told = []
        for code in sorted(self._asked):
            question, rows = self._asked[code]
            if rows:
                patients = "1 patient" if len(rows) == 1 else f"{len(rows)} patients"
                told_rows = Text(f" ({patients}, {_rows(rows, 'en')})", f"（{len(rows)}例，{_rows(rows, 'zh')}）")
                question = replace(question, rows=told_rows)
            told.append(question)
        return tuple(told)


def _rows(rows: set[tuple[str, int]], language: str) -> str:
    listed = [str(n) for _, n in sorted(rows, key=lambda r: (r[1], r[0]))]
    shown = ", ".join(listed[:12]) + (" ..." if len(listed) > 12 else "")
    return f"第{shown}行" if language == "zh" else f"{'row' if len(listed) == 1 else 'rows'} {shown}"
