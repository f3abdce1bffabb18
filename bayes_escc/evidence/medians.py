"""Published medians: one row per arm, with an interval or a number of events for its precision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import DataError
from bayes_escc.evidence.follow_up import DAYS_IN, unit_factor
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise, read_cells
from bayes_escc.evidence.table import Table, TableSettings, table_digest
from bayes_escc.names import DESIGNS
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
        was had: ``"interval"``, ``"events"`` or ``"assumed events"``), events, design, indexed by
        row number.
    digest, source, warnings
        See `Table`.
    time_unit : str
    """

    time_unit: str = field(default="months", kw_only=True)

    kind = "medians"
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
    raw = read_cells(source, sheet=sheet, drop=drop)
    problems: list[Problem] = []
    warnings = list(raw.notes)
    for column in _NEEDED:
        if column not in raw.columns:
            message = f"there is no column {column}; the columns are {', '.join(raw.columns)}"
            problems.append(Problem("missing_column", message, f"Add it.{nearest(column, raw.columns)}", 1, column))
    refuse_if_any(raw.source, problems)
    records = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        record = _record(row, number, problems, warnings)
        key = (normalise(row["study"]), normalise(row["regimen"]))
        if key in seen:
            message = f"{key[0]}, {key[1]} also stands in row {seen[key]}"
            problems.append(Problem("duplicate_row", message, "Keep one.", number, "study", row["study"]))
        seen.setdefault(key, number)
        extra = {k: v for k, v in row.items() if k not in record}
        records.append({**record, **extra})
    refuse_if_any(raw.source, problems)
    frame = pd.DataFrame(records, index=list(raw.numbers))
    return MedianTable(frame, table_digest(frame), raw.source, time_unit=str(time_unit), warnings=tuple(warnings))


def _record(
    row: Mapping[str, str], number: int, problems: list[Problem], warnings: list[Problem]
) -> dict[str, Any]:  # fmt: skip
    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, message, remedy, row=number, column=column, value=row.get(column, "")))

    def positive(column: str) -> float | None:
        text = normalise(row.get(column, ""))
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            refuse("not_a_number", column, f"{column} is not a positive number", "Give it as printed, without unit.")
            return None
        return value

    for column in ("study", "regimen"):
        if not normalise(row[column]):
            refuse("blank_label", column, f"the {column} is blank", f"Name the {column}.")
    median, lower, upper, events = (positive(c) for c in ("median", "lower", "upper", "events"))
    level = positive("ci_level") or 0.95
    if not normalise(row["median"]):
        refuse("missing_number", "median", "the median is blank", "Give it, or leave the arm out.")
    design = normalise(row.get("design", "")).casefold().replace("randomized", "randomised")
    if design and design not in DESIGNS:
        refuse("unknown_design", "design", "unknown design", f"Use one of {', '.join(DESIGNS)}.")
    basis = normalise(row.get("events_basis", "")) or "stated"
    if basis not in ("stated", "assumed"):
        refuse("events_basis", "events_basis", "events_basis is stated or assumed", "Correct it.")
    error, how = math.nan, ""
    if lower is not None and upper is not None:
        if median is not None and not lower < median < upper:
            refuse("outside_interval", "median", f"not between {lower:g} and {upper:g}", "Correct the interval.")
        elif level >= 1:
            refuse("ci_level", "ci_level", "the level lies between 0 and 1", "Write 0.95 for 95 %.")
        else:
            z = NormalDist().inv_cdf(0.5 + level / 2.0)
            error, how = (math.log(upper) - math.log(lower)) / (2.0 * z), "interval"
    elif (lower is None) != (upper is None):
        refuse("bound_missing", "upper" if upper is None else "lower", "one end of the interval is missing",
               "Give both, or neither and a number of events.")  # fmt: skip
    elif events is None:
        refuse("no_precision", "events", "neither an interval nor a number of events",
               "Give lower and upper, or events; assumed events are marked events_basis = assumed.")  # fmt: skip
    else:
        error = 1.0 / (math.log(2.0) * math.sqrt(events))
        how = "events" if basis == "stated" else "assumed events"
        if basis == "assumed":
            message = f"{normalise(row['regimen'])}: {events:g} events are assumed, not published"
            warnings.append(
                Problem("assumed_events", message, "The interval is no better than the assumption.", number, "events")
            )
    return {
        "study": normalise(row["study"]), "regimen": normalise(row["regimen"]), "median": median or math.nan,
        "log_se": error, "basis": how, "events": events or math.nan, "design": design,
    }  # fmt: skip
