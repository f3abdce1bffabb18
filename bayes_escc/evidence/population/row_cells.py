"""Cells of a row of published survival, each checked as it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from bayes_escc.evidence.arms import design_said
from bayes_escc.evidence.numbers import is_not_reached, number_in
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.values import check_level, check_order
from bayes_escc.names import DESIGNS

__all__ = ["RowCells", "scale_of_survival"]

LIMITS: Final = (("ci_low", "lower"), ("ci_high", "upper"))
"""Columns of the limits of an interval, each under its names."""


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

    def refuse(self, code: str, column: str, message: str, remedy: str = "Correct the row, or leave it out.") -> None:
        """Note a problem."""
        self._note(code, column, message, remedy)

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
        percent = text.endswith("%") or scale == "percent"
        return None if value is None else value / 100.0 if percent else value

    def interval(self, scale: str | None = "proportion") -> tuple[float | None, float | None, float]:
        """Both limits, None where there is none or it was not reached, and the normal quantile of its level."""
        limits = []
        for names in LIMITS:
            name = next((n for n in names if self.text(n)), names[0])
            reached = self.text(name) and not is_not_reached(self.text(name))
            limits.append(self.proportion(name, scale) if reached else None)
        low, high = limits
        if low is not None and high is not None:
            check_order(low, high, "ci_low", self._note)
        level = check_level(self.text("ci_level"), self._note) if self.text("ci_level") else None
        return low, high, NormalDist().inv_cdf(0.5 + (level or 0.95) / 2.0)

    def _note(self, code: str, column: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(code, message, remedy, self.row_number, column, self.text(column)))


def scale_of_survival(rows: Sequence[RowCells], stated: str | None) -> str:
    """Whether the survival of all rows, and its limits, are in percent; cells that leave it in doubt are noted.

    Parameters
    ----------
    rows : sequence of RowCells
        Those with survival at a time count.
    stated : {"percent", "proportion"} or None
    """
    large: tuple[RowCells, str] | None = None
    small: tuple[RowCells, str] | None = None
    for cells in rows:
        for names in (("survival",), *LIMITS) if cells.text("survival") and not cells.text("median") else ():
            column = next((n for n in names if cells.text(n)), names[0])
            text = cells.text(column)
            signed, value = text.endswith("%"), number_in(text.removesuffix("%").strip())
            if value is not None and (signed or value > 1.0):
                large = large or (cells, column)
                if stated == "proportion" and not signed:
                    cells.refuse("unit", column, "survival is said to be a proportion, and this exceeds 1")
            elif value is not None and value > 0.0:
                small = small or (cells, column)
    if stated is None and large is not None and small is not None:
        other, name = large
        small[0].refuse(
            "mixed_scales",
            small[1],
            f"this can be a proportion or a percentage, and {name} in row {other.row_number} is a percentage",
            'Say scale = "percent" in [published], or bring all rows to one scale.',
        )
    elif stated == "percent" and small is not None and large is None:
        small[0].refuse(
            "unit",
            small[1],
            "survival is said to be in percent, but none exceeds 1",
            'Say scale = "proportion" in [published], or give percentages.',
        )
    return stated or ("proportion" if large is None else "percent")
