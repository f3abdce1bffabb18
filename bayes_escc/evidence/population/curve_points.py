"""Points read from a survival figure, and the numbers at risk printed under it, checked and cleaned."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError
from bayes_escc.evidence.columns import canonical_columns, missing_columns
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, read_cells
from bayes_escc.evidence.trial_names import trial_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CurvePoints", "RiskTable", "checked_risk", "clean_points", "read_at_risk", "read_curve"]

Array = NDArray[np.float64]
MOST_CORRECTION: Final = 0.05
"""Points that would have to be moved by more than this are refused."""
WITHIN: Final = 0.0075
"""Share of the time axis within which the order of two points is the hand's: a few pixels of a figure."""
COARSEST: Final = 0.005
"""No figure is read less exactly than this, however few decimals its points have."""


@dataclass(frozen=True)
class CurvePoints:
    """A survival curve as decreasing points, the first at time 0.

    Parameters
    ----------
    time, survival : array of shape (points,)
        Survival, a proportion, just after each time.
    precision : float
        Of a printed or read survival.
    correction : float
        How far the furthest point had to be moved to make the curve decrease.
    notes : tuple of str
    """

    time: Array
    survival: Array
    precision: float
    correction: float
    notes: tuple[str, ...] = ()

    @property
    def falls(self) -> NDArray[np.bool_]:
        """Whether the curve falls at each point; where it is flat there are no events."""
        return np.append(False, np.diff(self.survival) < 0.0)

    @property
    def dense(self) -> bool:
        """Whether points were read all along the curve, and not at its steps alone."""
        return float(self.falls[1:].mean()) < 0.7 if len(self.time) > 2 else False

    def __call__(self, time: Array) -> Array:
        """Survival at any times, as a step function."""
        return np.asarray(self.survival[np.searchsorted(self.time, time, side="right") - 1])


@dataclass(frozen=True)
class RiskTable:
    """Numbers at risk: `n` patients still followed just before each of `time`, the first at 0."""

    time: Array
    n: NDArray[np.int64]


def read_curve(
    source: str | Path | pd.DataFrame,
    *,
    arm: str | None = None,
    study: str | None = None,
    scale: str | None = None,
    precision: float | None = None,
    sheet: str | None = None,
) -> CurvePoints:
    """Read points of one curve: columns time and survival, and the arm where there are several.

    Parameters
    ----------
    source : path or DataFrame
    arm, study : str, optional
        Whose curve, where the table has several.
    scale : {"percent", "proportion"}, optional
        Of survival; found from its values where they leave no doubt.
    precision : float, optional
        How exactly a survival was read, as a proportion; by default the last digit given, at most `COARSEST`.
    sheet : str, optional
        Of a workbook.

    Raises
    ------
    DataError
        With every problem.
    """
    table = _named(read_cells(source, sheet=sheet), ("time", "survival"))
    rows, numbers = _rows_of(table, arm, study)
    time, survival = (_column(table, rows, numbers, name) for name in ("time", "survival"))
    return clean_points(time, survival, scale=scale, precision=precision, source=table.source)


def read_at_risk(
    source: str | Path | pd.DataFrame,
    *,
    arm: str | None = None,
    study: str | None = None,
    sheet: str | None = None,
) -> RiskTable:
    """Read numbers at risk: columns time and n, and the arm (and study) where there are several.

    A number printed as ``12 (3)``, with the censored in brackets, is 12.
    """
    table = _named(read_cells(source, sheet=sheet), ("time", "at_risk"))
    rows, numbers = _rows_of(table, arm, study)
    time = _column(table, rows, numbers, "time")
    problems, counts = [], []
    for row, number in zip(rows, numbers, strict=True):
        match = re.fullmatch(r"\s*(\d+)\s*(?:\(\s*\d+\s*\))?\s*", row["at_risk"])
        counts.append(int(match[1]) if match else 0)
        if match is None:
            problems.append(
                Problem(
                    "not_a_count",
                    "is not a number of patients",
                    "Give the number at risk.",
                    number,
                    "at_risk",
                    row["at_risk"],
                )
            )
    refuse_if_any(table.source, problems)
    return checked_risk(time, counts, source=table.source)


def checked_risk(time: Sequence[float] | Array, n: Sequence[int], *, source: str = "the numbers at risk") -> RiskTable:
    """Numbers at risk that start at 0 and never rise, or a `DataError` that names the place."""
    order = np.argsort(np.asarray(time, dtype=float), kind="stable")
    t, counts = np.asarray(time, dtype=float)[order], np.asarray(n, dtype=np.int64)[order]
    problems = []
    if len(t) == 0 or t[0] != 0.0:
        problems.append(
            Problem(
                "no_start",
                "the first number at risk must be at time 0",
                "Check that times were read at the ticks of the axis, not at the edges of the table.",
            )
        )
    if len(np.unique(t)) < len(t):
        problems.append(Problem("twice", "a time has two numbers at risk", "Give each time once."))
    if len(counts) and counts[0] < 1:
        problems.append(Problem("nobody", "nobody is at risk at time 0", "Give the number of patients."))
    for i in np.flatnonzero(np.diff(counts) > 0):
        problems.append(
            Problem(
                "rises",
                f"the number at risk rises from {counts[i]} at {t[i]:g} to {counts[i + 1]} at {t[i + 1]:g}",
                "Check both numbers, and whether rows of two arms were exchanged.",
            )
        )
    refuse_if_any(source, problems)
    return RiskTable(t, counts)


def clean_points(
    time: Sequence[float] | Array,
    survival: Sequence[float] | Array,
    *,
    scale: str | None = None,
    precision: float | None = None,
    source: str = "the curve",
) -> CurvePoints:
    """Sort, rescale and make decreasing; refuse what is not a survival curve.

    Parameters
    ----------
    time, survival : array of shape (points,)
    scale : {"percent", "proportion"}, optional
    precision : float, optional
    source : str
        For messages.
    """
    t, s = np.asarray(time, dtype=float), np.asarray(survival, dtype=float)
    problems: list[Problem] = []
    if len(t) == 0 or not (np.isfinite(t).all() and np.isfinite(s).all()):
        problems.append(
            Problem("no_points", "there must be points, each with a time and a survival", "Read the curve.")
        )
        refuse_if_any(source, problems)
    if (t < 0).any():
        problems.append(Problem("negative_time", "a time is below 0", "Shift the axis so that treatment starts at 0."))
    factor = _factor(s, scale, problems)
    digit = precision if precision is not None else min(_last_digit(s) / factor, COARSEST)
    s = np.round(s / factor, 12)
    order = np.lexsort((-s, t))
    t, s = t[order], s[order]
    if len(t) > 2 and s[-1] > s[0] + 0.1:
        problems.append(
            Problem(
                "rises",
                "the curve rises: this is a cumulative incidence or the wrong axis",
                "Give the share free of the event, 1 minus the incidence.",
            )
        )
    refuse_if_any(source, problems)
    notes = []
    if t[0] > 0 and s[0] < 0.9:
        notes.append(f"The first point is {s[0]:.3f} at {t[0]:g}; before it the curve is taken as 1.")
    last = np.append(np.diff(t) > 0, True)
    t, s = t[last], s[last]  # of equal times the lowest: survival just after the step
    if t[0] > 0.0:
        t, s = np.insert(t, 0, 0.0), np.insert(s, 0, 1.0)
    s, moved = _in_order(t, s, 2.0 * digit)
    if moved:
        notes.append(
            f"Points within {WITHIN:.2%} of the time axis stood in an order in which survival rises; {moved} of them "
            "changed places."
        )
    smooth = np.clip(_decreasing(s), 0.0, 1.0)
    smooth[0] = 1.0 if t[0] == 0.0 and s[0] > 0.95 else smooth[0]
    correction = float(np.abs(smooth - s).max())
    if correction > MOST_CORRECTION:
        worst = int(np.abs(smooth - s).argmax())
        problems.append(
            Problem(
                "not_decreasing",
                f"near {t[worst]:g} the points rise; one would have to be moved by {correction:.3f}",
                "Read the curve there again: points of another arm may have been taken.",
            )
        )
    refuse_if_any(source, problems)
    return CurvePoints(t, smooth, digit, correction, tuple(notes))


def _factor(s: Array, scale: str | None, problems: list[Problem]) -> float:
    top = float(s.max())
    if (s < 0).any():
        problems.append(Problem("negative", "a survival is below 0", "Check the vertical axis."))
    if scale == "percent":
        if top <= 1.0:
            problems.append(
                Problem(
                    "unit",
                    "survival is said to be in percent, but none exceeds 1",
                    'Say scale "proportion", or give percentages.',
                )
            )
        if top > 102.0:
            problems.append(Problem("unit", f"a survival of {top:g} % is above 100", "Check the vertical axis."))
        return 100.0
    if scale not in (None, "proportion"):
        problems.append(Problem("unit", f"scale {scale!r} is not percent or proportion", "Choose one."))
        return 1.0
    if scale is None and 1.02 < top <= 102.0:
        return 100.0
    if top > 1.02:
        problems.append(
            Problem("unit", f"a survival of {top:g} is no proportion", 'Say scale "percent" if these are percentages.')
        )
    return 1.0


def _last_digit(values: Array) -> float:
    """The unit of the last decimal that any of the values has, at least a millionth."""
    for digits in range(6):
        if np.allclose(values, np.round(values, digits), rtol=0.0, atol=1e-9):
            return float(10.0**-digits)
    return 1e-6


def _in_order(time: Array, survival: Array, noise: float) -> tuple[Array, int]:
    """Survival put in decreasing order among points so close in time that a hand cannot tell which comes first.

    The upper and the lower end of a step are such points; pooled, the step would end at the next point, however far.
    """
    values, origin = survival.copy(), time.copy()
    within = WITHIN * float(time[-1])
    swapped = True
    while swapped:
        swapped = False
        for i in np.flatnonzero((np.diff(values) > noise) & (np.diff(origin) <= within)):
            if values[i + 1] - values[i] > noise and abs(origin[i + 1] - origin[i]) <= within:
                values[[i, i + 1]], origin[[i, i + 1]] = values[[i + 1, i]], origin[[i + 1, i]]
                swapped = True
    return values, int((values != survival).sum())


def _decreasing(values: Array) -> Array:
    """The closest decreasing sequence in least squares: pool adjacent violators."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values:
        means.append(float(value))
        sizes.append(1)
        while len(means) > 1 and means[-2] < means[-1]:
            size = sizes[-2] + sizes[-1]
            mean = (means[-2] * sizes[-2] + means[-1] * sizes[-1]) / size
            means[-2:], sizes[-2:] = [mean], [size]
    return np.repeat(means, sizes)


def _named(table: RawTable, needed: Sequence[str]) -> RawTable:
    """The table with its columns under the package's names, which all tables share; two for one meaning are refused."""
    problems: list[Problem] = []
    found = canonical_columns(table, (*needed, "regimen", "study"), problems)
    refuse_if_any(table.source, problems)
    refuse_if_any(table.source, missing_columns(found, needed))
    return found


def _rows_of(table: RawTable, arm: str | None, study: str | None = None) -> tuple[list[dict[str, str]], list[int]]:
    """The rows of one arm, of one study if the table names studies."""
    column = "regimen" if "regimen" in table.columns else None
    rows = [
        (dict(r), n)
        for r, n in zip(table.rows, table.numbers, strict=True)
        if study is None or trial_key(r.get("study", study)) == trial_key(study)
    ]
    if column is None:
        return [r for r, _ in rows], [n for _, n in rows]
    arms = {name.casefold(): name for name in dict.fromkeys(r[column] for r, _ in rows)}
    if arm is None and len(arms) > 1:
        raise DataError(f"{table.source} has curves of {', '.join(arms.values())}: name one with arm.")
    if not arms:
        raise DataError(f"{table.source} has no rows of {study}.")
    if arm is not None and arm.casefold() not in arms:
        raise DataError(f"{table.source} has no {column} {arm!r}, but {', '.join(arms.values())}.")
    rows = [(r, n) for r, n in rows if arm is None or r[column].casefold() == arm.casefold()]
    return [r for r, _ in rows], [n for _, n in rows]


def _column(table: RawTable, rows: Sequence[dict[str, str]], numbers: Sequence[int], name: str) -> Array:
    """A column of numbers."""
    problems, found = [], []
    for row, number in zip(rows, numbers, strict=True):
        read = number_in(row[name].removesuffix("%"))  # 6_0 is no number
        value = math.nan if read is None else read
        if not math.isfinite(value):
            problems.append(Problem("not_a_number", "is not a number", "Correct it.", number, name, row[name]))
        found.append(value)
    refuse_if_any(table.source, problems)
    return np.array(found)
