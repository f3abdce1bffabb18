"""What a validation found, as values: one `Check` per question, all of them in a `Validation`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from bayes_escc.names import NotebookView, Plain

__all__ = ["Area", "Check", "State", "Validation"]

Area = Literal["installation", "operation", "performance"]
State = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Parameters
    ----------
    area : {"installation", "operation", "performance"}
    name : str
        Identifier; checks of one case share what stands before the colon.
    title, title_zh : str
        What is asked, in English and in Chinese.
    source : str
        Who printed the expected answer, or what it was certified against.
    expected, found : str or float or None
    tolerance : float or None
        Largest accepted distance between two numbers.
    state : {"passed", "failed", "not run"}
    note : str
        What went wrong, or why the check was not run.
    """

    area: Area
    name: str
    title: str
    title_zh: str
    source: str
    expected: str | float | None
    found: str | float | None
    tolerance: float | None
    state: State
    note: str = ""


@dataclass(frozen=True)
class Validation(NotebookView):
    """The record of one validation.

    Parameters
    ----------
    package : str
        Version of the package.
    computer : mapping of str to str
        Name, system, processor and Python of this computer.
    began : str
        Date and time in ISO 8601, with the offset from UTC.
    seconds : float
    quick : bool
        Whether the checks that take longer were left out.
    checks : tuple of Check
    """

    package: str
    computer: Mapping[str, str]
    began: str
    seconds: float
    quick: bool
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(c for c in self.checks if c.state == "failed")

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    def count(self, state: State) -> int:
        """Number of checks in a state."""
        return sum(c.state == state for c in self.checks)

    def to_dict(self) -> Plain:
        """The record as plain data."""
        counts = {"passed": self.count("passed"), "failed": self.count("failed"), "not_run": self.count("not run")}
        return {"schema_version": 1, "passed": self.passed, "counts": counts, **asdict(self)}

    def to_json(self) -> str:
        """The record as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
