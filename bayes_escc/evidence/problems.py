"""What is wrong with a table: one record per problem, reported together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.names import NotebookView, Plain

__all__ = ["Problem", "counted", "describe", "refuse_if_any"]

_TOLD: Final = 5
"""Rows with the same problem told one by one."""
_NAMED: Final = 20
"""Further such rows that are named."""


@dataclass(frozen=True)
class Problem(NotebookView):
    """One thing wrong, or worth knowing, about a table.

    Parameters
    ----------
    code : str
        Short stable name, for programs (``"events_exceed_n"``).
    message : str
        What is wrong and what is allowed.
    remedy : str
        What to do about it.
    row : int or None
        Row in the file as a person counts (the header is row 1), or in a DataFrame its
        position plus 2, so that both agree; None for the whole table.
    column : str or None
        Column it concerns.
    value : str or None
        The value as it was read.
    """

    code: str
    message: str
    remedy: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = []
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column}")
        head = ", ".join(place)
        shown = "" if self.value is None else f" {self.value!r}"
        lead = f"{head}{shown}: " if head else ""
        return f"{lead}{self.message}. {self.remedy} [{self.code}]"

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        return asdict(self)


def counted(n: int, what: str) -> str:
    """A number of things in words: ``"1 event"``, ``"2 events"``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def describe(heading: str, problems: Sequence[Problem]) -> str:
    """A heading and one indented line per problem, in row order.

    The same message about many rows of a column is told for the first five; the last of these names the rest.
    """
    ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0))
    alike: dict[tuple[str, str | None, str], list[Problem]] = {}
    for problem in ordered:
        alike.setdefault((problem.code, problem.column, problem.message), []).append(problem)
    lines = [heading]
    for problem in ordered:
        those = alike[problem.code, problem.column, problem.message]
        if len(those) <= _TOLD + 1 or problem.row is None:  # one more is as short to say as to count
            lines.append(f"  - {problem}")
        elif any(problem is p for p in those[:_TOLD]):
            lines.append(f"  - {problem}")
            if problem is those[_TOLD - 1]:
                rest = [str(p.row) for p in those[_TOLD:]]
                named = ", ".join(rest[:_NAMED]) + (" ..." if len(rest) > _NAMED else "")
                lines.append(f"    and the same in {len(rest)} more rows: {named}")
    return "\n".join(lines)


def refuse_if_any(source: str, problems: Sequence[Problem]) -> None:
    """Raise one `DataError` with every problem, or return if there is none.

    The error carries the problems in its `problems` attribute.
    """
    if problems:
        error = DataError(describe(f"{source} was refused: {counted(len(problems), 'problem')}", problems))
        error.problems = tuple(problems)
        raise error
