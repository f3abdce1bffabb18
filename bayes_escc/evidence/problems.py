"""What is wrong with a table: one record per problem, reported together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bayes_escc.errors import DataError

__all__ = ["Problem", "describe", "refuse_if_any"]


@dataclass(frozen=True)
class Problem:
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

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def describe(heading: str, problems: Sequence[Problem]) -> str:
    """A heading and one indented line per problem, in row order."""
    ordered = sorted(problems, key=lambda p: (p.row is None, p.row or 0))
    return "\n".join([heading, *(f"  - {p}" for p in ordered)])


def refuse_if_any(source: str, problems: Sequence[Problem]) -> None:
    """Raise one `DataError` with every problem, or return if there is none.

    The error carries the problems in its `problems` attribute.
    """
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        error = DataError(describe(f"{source} was refused: {count}", problems))
        error.problems = tuple(problems)
        raise error
