"""Published medians: one row per arm, with an interval or a number of events for its precision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.counts import table_digest
from bayes_escc.evidence.follow_up import DAYS_IN, unit_factor
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise, read_cells
from bayes_escc.names import DESIGNS
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MedianTable", "read_medians"]

_NEEDED = ("study", "regimen", "median")


@dataclass(frozen=True, repr=False)
class MedianTable:
    """A checked table of published medians.

    Made by `read_medians`.

    Parameters
    ----------
    frame : DataFrame
        Columns study, regimen, median, log_se (standard error of the log median), basis (how it
        was had: ``"interval"``, ``"events"`` or ``"assumed events"``), events, design, indexed by
        row number.
    digest : str
    source : str
    time_unit : str
    warnings : tuple of Problem
    """

    frame: pd.DataFrame
    digest: str
    source: str
    time_unit: str
    warnings: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"MedianTable({self.source}: {len(self)} arms, {len(self.regimens)} regimens, in {self.time_unit})"

    @property
    def regimens(self) -> tuple[str, ...]:
        """Regimens, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["regimen"]))

    def select(self, *, regimens: Sequence[str] | None = None, where: Mapping[str, Any] | None = None) -> MedianTable:
        """Keep some regimens, in the order given, or the rows whose columns equal given values."""
        frame, problems = self.frame, []
        for column, wanted in (where or {}).items():
            if column not in frame.columns:
                problems.append(f"where: there is no column {column!r}.{nearest(column, frame.columns)}")
                continue
            values = wanted if isinstance(wanted, list | tuple) else [wanted]
            frame = frame[frame[column].astype(str).isin([normalise(str(v)) for v in values])]
        if regimens is not None:
            order = {normalise(r): i for i, r in enumerate(regimens)}
            problems += [
                f"regimen {r!r} is not in {self.source}.{nearest(r, self.regimens)}"
                for r in order
                if r not in set(self.frame["regimen"])
            ]
            frame = frame[frame["regimen"].isin(order)]
            frame = frame.iloc[sorted(range(len(frame)), key=[order[r] for r in frame["regimen"]].__getitem__)]
        if problems:
            raise AnalysisError("; ".join(problems))
        if frame.empty:
            raise AnalysisError(f"no arms of {self.source} are left after the selection.")
        noted = tuple(w for w in self.warnings if w.row is None or w.row in frame.index)
        return replace(self, frame=frame, digest=table_digest(frame), warnings=noted)

    def in_unit(self, unit: str) -> MedianTable:
        """The same medians in another unit."""
        frame = self.frame.assign(median=self.frame["median"] * unit_factor(self.time_unit, unit))
        return replace(self, frame=frame, time_unit=unit)


def read_medians(source: str | Path | pd.DataFrame, *, time_unit: str | None, sheet: str | None = None) -> MedianTable:
    """Read and check a table of published medians.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, regimen, median and either lower, upper and optionally ci_level (0.95), or
        events and optionally events_basis (``stated`` or ``assumed``); further columns are kept.
    time_unit : {"days", "weeks", "months", "years"}
        Of the medians and their intervals.
    sheet : str, optional

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
    raw = read_cells(source, sheet=sheet)
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
    return MedianTable(frame, table_digest(frame), raw.source, str(time_unit), tuple(warnings))


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
