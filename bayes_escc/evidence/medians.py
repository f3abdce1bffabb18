"""Published medians: one row per arm, with an interval or a number of events for its precision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import DataError
from bayes_escc.evidence.columns import canonical_columns
from bayes_escc.evidence.follow_up import DAYS_IN, unit_factor
from bayes_escc.evidence.numbers import is_not_reached, number_in
from bayes_escc.evidence.printed_intervals import split_intervals
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.table import Table, TableSettings, table_digest
from bayes_escc.evidence.values import check_count, check_events, check_level, check_order, check_time
from bayes_escc.names import DESIGNS
from bayes_escc.settings.reader import nearest
from bayes_escc.settings.setting import setting, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MedianSettings", "MedianTable", "read_medians"]

_NEEDED = ("study", "regimen", "median")
_ASKEW = 3.0
"""Ratio of the two arms of an interval, on the log scale, from which it is noted."""


@dataclass(frozen=True, kw_only=True)
class MedianSettings(TableSettings):
    """What `[data]` may say of a table of medians; every field declares one key."""

    time_unit: str | None = setting(text(*DAYS_IN), None, f"unit of the medians: {', '.join(DAYS_IN)}")


@dataclass(frozen=True, repr=False)
class MedianTable(Table):
    """A checked table of published medians.

    Made by `read_medians`.

    Parameters
    ----------
    frame : DataFrame
        Columns study, regimen, median, log_se (standard error of the log median), basis (how it
        was had: ``"interval"``, ``"events"`` or ``"assumed events"``), events, design, indexed by
        row number.
    digest, source, warnings
        See `Table`.
    time_unit : str
    """

    time_unit: str = field(default="months", kw_only=True)

    kind = "medians"
    columns_read = frozenset(
        {
            *_NEEDED,
            "log_se",
            "basis",
            "events",
            "events_basis",
            "design",
            "lower",
            "upper",
            "ci_level",
            "n",
        }
    )
    unit_of_rows = "arms"

    def __repr__(self) -> str:
        return f"MedianTable({self.source}: {len(self)} arms, {len(self.regimens)} regimens, in {self.time_unit})"

    def in_unit(self, unit: str) -> MedianTable:
        """The same medians in another unit."""
        frame = self.frame.assign(median=self.frame["median"] * unit_factor(self.time_unit, unit))
        return replace(self, frame=frame, time_unit=unit)


def read_medians(
    source: str | Path | pd.DataFrame, *, time_unit: str | None, sheet: str | None = None, drop: Sequence[str] = ()
) -> MedianTable:
    """Read and check a table of published medians.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, regimen, median and either lower, upper and optionally ci_level (0.95), or
        events and optionally events_basis (``stated`` or ``assumed``); further columns are kept.
    time_unit : {"days", "weeks", "months", "years"}
        Of the medians and their intervals.
    sheet : str, optional
    drop : sequence of str, optional
        Columns to leave out.

    Notes
    -----
    The log median is taken as normal. Its standard error is (log upper - log lower) / (2 z) from
    an interval. From a number of events D it is 1 / (log(2) sqrt(D)): by Greenwood's formula, the
    error of a Kaplan-Meier median of exponential times when censoring comes after it. (An
    exponential model's own median would have 1 / sqrt(D); publications print the former.)

    References
    ----------
    Collett D. Modelling survival data in medical research, 3rd ed., section 2.4. CRC Press 2015.
    """
    import pandas as pd

    if time_unit not in DAYS_IN:
        raise DataError(f"the unit of the medians must be declared: time_unit is one of {', '.join(DAYS_IN)}.")
    problems: list[Problem] = []
    raw = _columns(read_cells(source, sheet=sheet, drop=drop), problems)
    warnings = list(raw.notes)
    refuse_if_any(raw.source, problems)
    records = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        record = _record(row, number, str(time_unit), problems, warnings)
        key = (normalise(row["study"]), normalise(row["regimen"]))
        if key in seen:
            message = f"{key[0]}, {key[1]} also stands in row {seen[key]}"
            problems.append(Problem("duplicate_row", message, "Keep one.", number, "study", row["study"]))
        seen.setdefault(key, number)
        extra = {k: v for k, v in row.items() if k not in record}
        records.append({**record, **extra})
    refuse_if_any(raw.source, problems)
    warnings += _mixed_units(records, raw.numbers)
    frame = pd.DataFrame(records, index=list(raw.numbers))
    return MedianTable(frame, table_digest(frame), raw.source, time_unit=str(time_unit), warnings=tuple(warnings))


def _mixed_units(records: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> list[Problem]:
    """Medians more than ten times the shortest one, as days are beside months."""
    shortest = min(r["median"] for r in records)
    return [
        Problem(
            "mixed_units",
            f"{r['median']:g} is more than ten times the shortest median, {shortest:g}",
            "Check that all are in one unit.",
            row=number,
            column="median",
            value=f"{r['median']:g}",
        )
        for number, r in zip(numbers, records, strict=True)
        if r["median"] > 10 * shortest
    ]


def _columns(raw: RawTable, problems: list[Problem]) -> RawTable:
    """Columns under the package's names; an interval in one cell as its two limits."""
    before = raw.columns
    raw = canonical_columns(raw, (*_NEEDED, "lower", "upper", "interval", "ci_level", "events"), problems)
    refuse_if_any(raw.source, problems)
    header = next((o for o, n in zip(before, raw.columns, strict=True) if n == "interval"), "")
    cells = split_intervals(raw.cells, header, estimate="median", limits=("lower", "upper"))
    problems += [
        Problem(
            "missing_column",
            f"there is no column {column}; the columns are {', '.join(raw.columns)}",
            f"Add it.{nearest(column, raw.columns)}",
            1,
            column,
        )
        for column in _NEEDED
        if column not in cells
    ]
    return replace(raw, cells=cells)


class _Row:
    """One row being checked: its cells, and where what is wrong with them is noted."""

    def __init__(self, row: Mapping[str, str], number: int, problems: list[Problem], warnings: list[Problem]) -> None:
        self.row, self.number, self.problems, self.warnings = row, number, problems, warnings

    def text(self, column: str) -> str:
        """A cell as a label."""
        return normalise(self.row.get(column, ""))

    def refuse(self, code: str, column: str, message: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, message, remedy, self.number, column, self.row.get(column, "")))

    def note(self, code: str, column: str, message: str, remedy: str) -> None:
        """Note what a person should know."""
        self.warnings.append(Problem(code, message, remedy, self.number, column, self.row.get(column, "")))

    def positive(self, column: str) -> float | None:
        """A positive number, or None if there is none; what is no number is noted."""
        text = self.text(column)
        if not text:
            return None
        value = number_in(text)
        if value is None or not 0 < value < math.inf:
            self.refuse(
                "not_a_number", column, f"{column} is not a positive number", "Give it as printed, without unit."
            )
            return None
        return value


def _record(
    row: Mapping[str, str], number: int, unit: str, problems: list[Problem], warnings: list[Problem]
) -> dict[str, Any]:
    at = _Row(row, number, problems, warnings)
    for column in ("study", "regimen"):
        if not at.text(column):
            at.refuse("blank_label", column, f"the {column} is blank", f"Name the {column}.")
    events = _events(at)
    median = _median(at, unit)
    level = 0.95 if not at.text("ci_level") else check_level(at.text("ci_level"), at.refuse)
    design = at.text("design").casefold().replace("randomized", "randomised")
    if design and design not in DESIGNS:
        at.refuse("unknown_design", "design", "unknown design", f"Use one of {', '.join(DESIGNS)}.")
    basis = at.text("events_basis") or "stated"
    if basis not in ("stated", "assumed"):
        at.refuse("events_basis", "events_basis", "events_basis is stated or assumed", "Correct it.")
    error, how = _precision(at, median, level, events, basis)
    return {
        "study": at.text("study"),
        "regimen": at.text("regimen"),
        "median": median or math.nan,
        "log_se": error,
        "basis": how,
        "events": events or math.nan,
        "design": design,
    }


def _median(at: _Row, unit: str) -> float | None:
    """The median, refused where it was not reached, as that carries no value."""
    if not at.text("median"):
        at.refuse("missing_number", "median", "the median is blank", "Give it, or leave the arm out.")
        return None
    if is_not_reached(at.text("median")):
        at.refuse(
            "median_not_reached",
            "median",
            "a median that was not reached has no value: survival stayed above one half to the end of follow-up",
            'Leave the arm out, or give its patients (kind = "patients"): a curve can be read off the figure.',
        )
        return None
    median = at.positive("median")
    if median is not None:
        check_time(median, unit, "median", at.refuse, at.note)
    return median


def _events(at: _Row) -> float | None:
    if not at.text("events"):
        return None
    events = check_count(at.text("events"), "events", at.refuse)
    n = check_count(at.text("n"), "n", at.refuse) if at.text("n") else None
    if events == 0:
        at.refuse("no_events", "events", "a median needs events", "Correct it, or leave it blank.")
        return None
    return float(events) if events is not None and check_events(events, n, at.refuse) else None


def _precision(
    at: _Row, median: float | None, level: float | None, events: float | None, basis: str
) -> tuple[float, str]:
    """Standard error of the log median, and how it was had."""
    ends = {c: None if is_not_reached(at.text(c)) else at.positive(c) for c in ("lower", "upper")}
    lower, upper = ends["lower"], ends["upper"]
    open_end = lower is not None and is_not_reached(at.text("upper"))
    if is_not_reached(at.text("lower")):
        at.refuse(
            "limit_not_reached", "lower", "a lower limit is always reached", "Give it, or leave both limits blank."
        )
    elif lower is not None and (upper is not None or open_end):
        if median is None or level is None:
            return math.nan, ""
        if upper is not None and not check_order(lower, upper, "lower", at.refuse):
            return math.nan, ""
        if not lower < median < (upper or math.inf):
            at.refuse(
                "outside_interval",
                "median",
                f"not between {lower:g} and {upper or math.inf:g}",
                "Correct the interval.",
            )
            return math.nan, ""
        z = NormalDist().inv_cdf(0.5 + level / 2.0)
        if upper is None:
            at.note(
                "upper_limit_not_reached",
                "upper",
                "the upper limit was not reached; the precision is that of the lower one",
                "Events say more, if they are reported.",
            )
            return math.log(median / lower) / z, "interval"
        below, above = math.log(median / lower), math.log(upper / median)
        if max(below, above) > _ASKEW * min(below, above):
            at.note(
                "interval_askew",
                "median",
                f"{median:g} lies far from the middle of {lower:g} to {upper:g} on the log scale",
                "Kaplan-Meier intervals often do; check the three numbers.",
            )
        return (math.log(upper) - math.log(lower)) / (2.0 * z), "interval"
    elif (at.text("lower") == "") != (at.text("upper") == ""):
        missing = "upper" if at.text("upper") == "" else "lower"
        at.refuse(
            "bound_missing",
            missing,
            "one end of the interval is missing",
            "Give both, or neither and a number of events.",
        )
    elif events is not None:
        if basis == "assumed":
            message = f"{at.text('regimen')}: {events:g} events are assumed, not published"
            at.warnings.append(
                Problem(
                    "assumed_events", message, "The interval is no better than the assumption.", at.number, "events"
                )
            )
        return 1.0 / (math.log(2.0) * math.sqrt(events)), "events" if basis == "stated" else "assumed events"
    elif not at.text("events") and not at.text("lower"):
        at.refuse(
            "no_precision",
            "events",
            "neither an interval nor a number of events",
            "Give lower and upper, or events; assumed events are marked events_basis = assumed.",
        )
    return math.nan, ""
