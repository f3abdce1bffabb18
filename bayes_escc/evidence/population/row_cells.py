"""Cells of a row of published survival, each checked as it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from bayes_escc.evidence.arms import design_said
from bayes_escc.evidence.numbers import is_not_reached, number_in
from bayes_escc.evidence.problems import Problem
from bayes_escc.names import DESIGNS

__all__ = ["RowCells"]


@dataclass
class RowCells:
    """A row being checked."""

    row: Mapping[str, str]
    row_number: int
    problems: list[Problem]

    def text(self, *names: str) -> str:
        """The first cell that says something."""
        return next((v for v in (self.row.get(n, "").strip() for n in names) if v), "")

    @property
    def by_a_time(self) -> bool:
        """Whether it says what happened by a time, and its events are those by then."""
        return bool(self.text("time")) and not self.text("median")

    def refuse(self, code: str, column: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(
            Problem(code, message, "Correct the row, or leave it out.", self.row_number, column, self.text(column))
        )

    def number(self, *names: str, zero: bool = False) -> float | None:
        """A positive number, or None where the cell is blank; anything else is noted."""
        text = self.text(*names)
        if not text:
            return None
        value = number_in(text)
        if value is None or not math.isfinite(value) or value < 0 or (value == 0 and not zero):
            self.refuse("not_a_number", names[0], f"{names[0]} is not a number it can be")
            return None
        return value

    def count(self, name: str) -> int | None:
        """A whole number, or None."""
        text = self.text(name)
        whole = text.removesuffix(".0")
        if text and not whole.isdecimal():
            self.refuse("not_a_count", name, f"{name} is not a whole number")
        return int(whole) if whole.isdecimal() else None

    def design(self) -> str:
        """How patients came to the arm, or empty."""
        text = self.text("design")
        if text and not design_said(text):
            self.refuse("unknown_design", "design", f"a design is one of {', '.join(DESIGNS)}")
        return design_said(text)

    def proportion(self, name: str, scale: str | None) -> float | None:
        """A share, given as one or in percent."""
        text = self.text(name)
        value = self.number(name) if not text.endswith("%") else number_in(text.removesuffix("%").strip())
        percent = text.endswith("%") or scale == "percent" or (scale is None and value is not None and value > 1.0)
        return None if value is None else value / 100.0 if percent else value

    def interval(self, scale: str | None = "proportion") -> tuple[float | None, float | None, float]:
        """Both limits, None where there is none or it was not reached, and the normal quantile of its level."""
        limits = []
        for names in (("ci_low", "lower"), ("ci_high", "upper")):
            name = next((n for n in names if self.text(n)), names[0])
            reached = self.text(name) and not is_not_reached(self.text(name))
            limits.append(self.proportion(name, scale) if reached else None)
        level = self.number("ci_level") or 0.95
        level = level / 100.0 if level > 1.0 else level
        if not 0.5 <= level < 1.0:
            self.refuse("level", "ci_level", "the level of an interval lies between 0.5 and 1")
            level = 0.95
        return limits[0], limits[1], NormalDist().inv_cdf(0.5 + level / 2.0)
