"""Published medians: one row per arm, with an interval or a number of events for its precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.errors import DataError
from bayes_escc.evidence.columns import canonical_columns, refuse_other_units, refuse_two_intervals
from bayes_escc.evidence.follow_up import DAYS_IN, unit_factor
from bayes_escc.evidence.median_rows import median_record
from bayes_escc.evidence.printed_intervals import header_of_interval, split_intervals
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.table import Table, TableSettings, table_digest
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest
from bayes_escc.settings.setting import setting, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MedianSettings", "MedianTable", "read_medians"]

_NEEDED = ("study", "regimen", "median")


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
        was had: ``"interval"``, ``"events"`` or ``"assumed events"``; or ``"not reached"``: then
        the median lies beyond the time that stands in its place), events, design, indexed by row
        number.
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
            "follow_up",
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
        A median not reached (``NR``) needs follow_up, the time to which survival stayed above one
        half, and n, events or a lower limit; or it is written as ``>12``.
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
    Of an arm whose median was not reached by a time T, what is known is that the median that its
    n patients would have shown lies beyond T: its standard error there is 1 / (log(2) sqrt(n)).

    References
    ----------
    Collett D. Modelling survival data in medical research, 3rd ed., section 2.4. CRC Press 2015.
    """
    import pandas as pd

    if time_unit not in DAYS_IN:
        raise DataError(f"the unit of the medians must be declared: time_unit is one of {', '.join(DAYS_IN)}.")
    problems: list[Problem] = []
    raw = _columns(read_cells(source, sheet=sheet, drop=drop), str(time_unit), problems)
    warnings = list(raw.notes)
    refuse_if_any(raw.source, problems)
    records = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        record = median_record(row, number, str(time_unit), problems, warnings)
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


def _mixed_units(records: Sequence[PlainMapping], numbers: Sequence[int]) -> list[Problem]:
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


def _columns(raw: RawTable, unit: str, problems: list[Problem]) -> RawTable:
    """Columns under the package's names; an interval in one cell as its two limits."""
    before = raw.columns
    raw = canonical_columns(
        raw, (*_NEEDED, "lower", "upper", "interval", "ci_level", "events", "n", "follow_up"), problems
    )
    refuse_if_any(raw.source, problems)
    used = ("median", "lower", "upper", "interval", "follow_up")
    refuse_other_units([b for b, c in zip(before, raw.columns, strict=True) if c in used], unit, problems)
    refuse_two_intervals(raw.columns, ("lower", "upper"), problems)
    refuse_if_any(raw.source, problems)
    header = header_of_interval(before, raw.columns, "median")
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
