"""Follow-up of patients: times and events as the file holds them, checked and made numbers.

Every kind of observation is one interval: the event happened after `lower` and no later than
`upper`. Equal ends are an event at a known time, an infinite upper end is censoring on the right,
a lower end of zero with a finite upper one censoring on the left.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.evidence.problems import Problem, counted
from bayes_escc.evidence.reading import normalise
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DAYS_IN",
    "Dating",
    "FollowUp",
    "FollowUpColumns",
    "check_between_patients",
    "check_follow_up",
    "event_meaning",
    "follow_up_of",
    "summarise_follow_up",
    "unit_factor",
]

DAYS_IN: Final[Mapping[str, float]] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
"""Days in each unit of time; a month is a twelfth of 365.25 days."""

Dating = Literal["interval", "detecting_scan"]
_LONGEST_MONTHS: Final = 240.0
_SERIAL_DATES: Final = (20_000.0, 80_000.0)
"""Day numbers by which a spreadsheet stores the dates of 1954 to 2119."""
_PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {"age": (18.0, 110.0), "ecog": (0.0, 5.0)}
_MEANINGS: Final = {"event": "event", "1": "event", "true": "event",
                    "censored": "censored", "0": "censored", "false": "censored"}  # fmt: skip
_CENSORING: Final = re.compile(r"cnsr|cens|删失")
_SHORT_DAYS: Final = 14.0
_INFINITE: Final = {"inf", "infinity", "+inf", "∞"}


def unit_factor(from_unit: str, to_unit: str) -> float:
    """What a time in one unit is multiplied by to have it in another."""
    for unit in (from_unit, to_unit):
        if unit not in DAYS_IN:
            raise AnalysisError(f"time unit {unit!r} is not one of {', '.join(DAYS_IN)}.{nearest(unit, DAYS_IN)}")
    return 1.0 if from_unit == to_unit else DAYS_IN[from_unit] / DAYS_IN[to_unit]


def event_meaning(value: object) -> str | None:
    """What a declared code means: ``"event"`` (or 1, true), ``"censored"`` (or 0, false); None if neither."""
    return _MEANINGS.get(str(value).casefold())


@dataclass(frozen=True)
class FollowUpColumns:
    """Which columns of a patient table hold the follow-up, and how events are coded.

    Parameters
    ----------
    time, event, entry, lower, upper, overall : str or None
        Columns: time to event or censoring; whether the event happened; delayed entry; last
        progression-free scan and first scan with progression; overall survival (checked against
        `time`, not used).
    codes : tuple of (str, str)
        Declared meaning of event codes other than 0 and 1: (code, ``"event"`` or ``"censored"``).
    unit : str or None
        Unit of all of these columns.
    """

    time: str | None = None
    event: str | None = None
    entry: str | None = None
    lower: str | None = None
    upper: str | None = None
    overall: str | None = None
    codes: tuple[tuple[str, str], ...] = ()
    unit: str | None = None

    @property
    def roles(self) -> dict[str, str]:
        """Role and column of those in use, named as in the checked table."""
        named = {
            "time": self.time, "event": self.event, "entry": self.entry,
            "interval_lower": self.lower, "interval_upper": self.upper, "overall": self.overall,
        }  # fmt: skip
        return {role: column for role, column in named.items() if column is not None}

    @property
    def meanings(self) -> dict[str, str]:
        """What the cells of the event column mean: "1" for an event, "0" for none."""
        if self.codes:
            return {normalise(k).casefold(): "1" if v == "event" else "0" for k, v in self.codes}
        return {"0": "0", "1": "1", "false": "0", "true": "1", "0.0": "0", "1.0": "1"}


@dataclass(frozen=True)
class FollowUp:
    """Times of all patients in one unit.

    Parameters
    ----------
    entry, lower, upper : array of shape (patients,)
        Delayed entry (0 where there is none) and the interval that holds the event.
    unit : str
    """

    entry: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    unit: str

    def take(self, positions: NDArray[np.integer]) -> FollowUp:
        """Some of the patients."""
        return FollowUp(self.entry[positions], self.lower[positions], self.upper[positions], self.unit)

    def in_unit(self, unit: str) -> FollowUp:
        """The same follow-up in another unit."""
        factor = unit_factor(self.unit, unit)
        return FollowUp(self.entry * factor, self.lower * factor, self.upper * factor, unit)

    def dated(self, dating: Dating) -> FollowUp:
        """Progression between the scans or on the day of the scan that found it, from when the patient entered.

        Who entered late was free of the event then, whatever scans came before.
        """
        lower = self.lower if dating == "interval" else np.where(self.right, self.lower, self.upper)
        return FollowUp(self.entry, np.maximum(lower, self.entry), self.upper, self.unit)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Patients with an event at a known time."""
        return np.asarray(self.lower == self.upper)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Patients censored on the right."""
        return np.isinf(self.upper)

    @property
    def interval(self) -> NDArray[np.bool_]:
        """Patients whose event is known only to lie between two times (the first may be 0)."""
        return ~self.exact & ~self.right

    @property
    def event(self) -> NDArray[np.bool_]:
        """Patients whose event happened."""
        return ~self.right

    @property
    def last(self) -> NDArray[np.float64]:
        """End of follow-up as a chart shows it: the event, its detection, or censoring."""
        return np.where(self.right, self.lower, self.upper)


def check_follow_up(
    rows: Sequence[dict[str, str]],
    numbers: Sequence[int],
    columns: FollowUpColumns,
    problems: list[Problem],
    warnings: list[Problem],
    *,
    pending: bool = False,
) -> None:
    """Check the follow-up of every patient and replace its cells by plain numbers, in place.

    Parameters
    ----------
    rows : sequence of dict
        One per patient, with the roles of `FollowUpColumns.roles` as keys.
    numbers : sequence of int
        Row numbers as a person counts.
    columns : FollowUpColumns
    problems, warnings : list of Problem
        What was found is appended.
    pending : bool
        Whether patients without any follow-up yet are kept, as censored at time zero.
    """
    if columns.unit not in DAYS_IN:
        said = "" if columns.unit is None else f" {columns.unit!r}"
        problems.append(
            Problem(
                "time_unit", f"the time unit{said} is not one of {', '.join(DAYS_IN)}",
                'Declare it, for example time_unit = "months".', column=columns.time or columns.lower,
            )
        )  # fmt: skip
        return
    codes = columns.meanings
    for number, row in zip(numbers, rows, strict=True):
        if pending and _nothing_known(row, codes):
            row.update({"time": "0.0"} if "time" in row else {}, **({"event": "0"} if "event" in row else {}))
            row.update({"interval_lower": "0.0", "interval_upper": "inf"} if "interval_lower" in row else {})
            if _number(row.get("entry", "")):
                row["entry"] = ""  # it is told again with the first follow-up after it
        else:
            _check_row(row, number, columns, codes, problems, warnings)


def _nothing_known(row: Mapping[str, str], codes: Mapping[str, str]) -> bool:
    """Whether a patient has no follow-up yet: no event, and no time free of it after entry."""

    def none(role: str, also: Collection[str] = ()) -> bool:
        cell = normalise(row.get(role, "")).casefold()
        return not cell or cell in also or _number(cell) == 0

    event = normalise(row.get("event", "")).casefold()
    unseen = "interval_upper" not in row or (none("interval_upper", _INFINITE) and _number(row["interval_upper"]) != 0)
    entered = normalise(row.get("entry", ""))
    since = _number(entered) if entered else None
    only_entered = since is not None and bool(row.get("time")) and _number(normalise(row["time"])) == since
    return (
        (not event or codes.get(event) == "0")
        and unseen
        and (none("time") or only_entered)
        and none("interval_lower")
        and (not entered or (since is not None and since >= 0))
    )


def _check_row(
    row: dict[str, str], number: int, columns: FollowUpColumns, codes: Mapping[str, str],
    problems: list[Problem], warnings: list[Problem],
) -> None:  # fmt: skip
    def refuse(role: str, code: str, message: str, remedy: str) -> None:
        column = columns.roles.get(role, role)
        problems.append(Problem(code, message, remedy, row=number, column=column, value=row.get(role, "")))

    unit = str(columns.unit)
    found: dict[str, float | None] = {}
    for role in ("time", "entry", "interval_lower", "interval_upper", "overall"):
        if role in row and (row[role] or role in ("time", "interval_lower", "interval_upper")):
            found[role] = _time(row[role], role, unit, refuse)
    if "event" in row:
        meaning = codes.get(normalise(row["event"]).casefold())
        if meaning is None:
            known = ", ".join(codes)
            what = "the event is blank" if not row["event"] else f"the event must be one of {known}"
            refuse("event", "event_code", what, 'Correct it, or declare what the codes mean with event_codes = '
                   '{ "2" = "event", "1" = "censored" }.')  # fmt: skip
        else:
            row["event"] = meaning
    time, entry, overall = found.get("time"), found.get("entry"), found.get("overall")
    lower, upper = found.get("interval_lower"), found.get("interval_upper")
    if time is not None and entry is not None and not entry < time:
        refuse("entry", "entry_after_end", f"entry is not before the end of follow-up ({time:g})", "Correct either.")
    if time is not None and overall is not None and time > overall * (1 + 1e-9):
        refuse("time", "pfs_exceeds_os", f"progression-free longer than alive ({overall:g})", "Correct either.")
    if lower is not None and math.isinf(lower):
        refuse("interval_lower", "not_a_number", "the last progression-free scan has no time", "Write 0 if none.")
    if lower is not None and upper is not None and upper < lower:
        refuse("interval_upper", "interval_reversed", f"progression before the last free scan ({lower:g})",
               "Correct either; write inf where no progression was seen.")  # fmt: skip
    if upper is not None and entry is not None and not entry < upper:
        refuse("entry", "entry_after_end", f"entry is not before progression ({upper:g})", "Correct either.")
    half_day = 0.5 / DAYS_IN[unit]
    if time == 0:
        found["time"] = half_day
        warnings.append(
            Problem(
                "zero_time", "a time of zero was taken as half a day", "Give the day, if it is known.",
                row=number, column=columns.time, value=row["time"],
            )
        )  # fmt: skip
    if upper == 0:
        found["interval_lower"], found["interval_upper"] = 0.0, half_day
        warnings.append(
            Problem(
                "zero_time", "progression at time zero was taken as within half a day", "Give the day, if it is known.",
                row=number, column=columns.upper, value=row["interval_upper"],
            )
        )  # fmt: skip
    for column, (low, high) in _PLAUSIBLE.items():
        key = next((k for k in row if k.casefold() == column), None)
        value = _number(row[key]) if key else None
        if key and value is not None and not low <= value <= high:
            refuse(key, "implausible", f"{column} lies between {low:g} and {high:g}", "Correct it.")
    for role, number_found in found.items():
        if number_found is not None:
            row[role] = repr(number_found)


def _number(text: str) -> float | None:
    try:
        value = float(normalise(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _time(text: str, role: str, unit: str, refuse: Any) -> float | None:
    """A time of at least zero, or None with the problem noted."""
    cell = normalise(text)
    if role == "interval_upper" and cell.casefold() in _INFINITE:
        return math.inf
    if not cell:
        remedy = "Write inf where no progression was seen." if role == "interval_upper" else "Fill it in."
        refuse(role, "missing_number", "the time is blank", remedy)
        return None
    value = _number(cell)
    if value is None:
        refuse(role, "not_a_number", "the time is not a number", f"Give a plain number of {unit}, without unit, "
               "comma or sign; for a date, the time since start.")  # fmt: skip
    elif value < 0:
        refuse(role, "negative_time", "the time is negative", "Times count from the start of treatment.")
    elif _SERIAL_DATES[0] <= value <= _SERIAL_DATES[1]:
        refuse(role, "serial_date", "this looks like a date stored as a spreadsheet's day number",
               f"Give the {unit} since the start of treatment.")  # fmt: skip
    elif value * DAYS_IN[unit] > _LONGEST_MONTHS * DAYS_IN["months"]:
        refuse(role, "too_long", f"more than {_LONGEST_MONTHS:g} months, if the unit is {unit}",
               "Check the value and time_unit.")  # fmt: skip
    else:
        return value
    return None


def check_between_patients(
    frame: pd.DataFrame, follow_up: FollowUp, columns: FollowUpColumns, warnings: list[Problem]
) -> None:
    """Arms without events, events coded the wrong way round, and mixed units: worth a look."""
    followed = follow_up.last > 0
    if not followed.any():
        return
    frame, follow_up = frame[followed], follow_up.take(np.flatnonzero(followed))
    named = columns.event or columns.upper

    def warn(code: str, message: str, remedy: str, column: str | None = named, row: int | None = None) -> None:
        warnings.append(Problem(code, message, remedy, row=row, column=column))

    share = float(follow_up.event.mean())
    if columns.event is not None and len(frame) >= 20 and not 0.05 <= share <= 0.90:
        warn("event_share", f"{100 * share:.0f} % of the patients had the event",
             "Check that 1 means the event; a column of censoring (CNSR) is coded the other way round.")  # fmt: skip
    elif columns.event is not None and not columns.codes and _CENSORING.search(columns.event.casefold()):
        warn("censoring_column", f"1 in {columns.event} was read as the event, though its name speaks of censoring",
             'If 1 means censored, as in CNSR, say so: event_codes = { "0" = "event", "1" = "censored" }.')  # fmt: skip
    if columns.event is not None and columns.upper is not None:
        other = frame.index[(frame["event"] == "1") != follow_up.event]
        if len(other):
            warn("event_contradicts_interval", f"the column {columns.event} and the interval disagree on whether "
                 f"{counted(len(other), 'patient')} had the event; the interval was used",
                 "Write inf where no event was seen, both ends alike for one at a known time, such as a death.",
                 columns.upper, int(other[0]))  # fmt: skip
    regimen, last = frame["regimen"].to_numpy(), follow_up.last
    medians = {}
    for label in dict.fromkeys(regimen):
        mine = regimen == label
        medians[label] = float(np.median(last[mine]))
        if not follow_up.event[mine].any():
            warn("no_events", f"no patient on {label} had the event",
                 "Its hazard is bounded above by the data; below, only the prior says anything.")  # fmt: skip
    if len(medians) > 1 and max(medians.values()) > 10 * min(medians.values()):
        high, low = max(medians, key=medians.__getitem__), min(medians, key=medians.__getitem__)
        warn("mixed_units", f"times on {high} are more than ten times those on {low}",
             "Check that all are in one unit.", columns.time or columns.upper)  # fmt: skip
    typical = float(np.median(last))
    if typical * DAYS_IN[str(columns.unit)] < _SHORT_DAYS and len(frame) >= 20:
        warn("short_follow_up", f"half of the patients were followed for {typical:.3g} {columns.unit} at most",
             "Check time_unit: no first scan comes so early.", columns.time or columns.upper)  # fmt: skip
    for number, value in zip(frame.index, last, strict=True):
        if value > 10 * typical:
            warn("mixed_units", f"{value:g} {columns.unit} is more than ten times the median",
                 "Check the unit of this row.", columns.time or columns.upper, int(number))  # fmt: skip


def follow_up_of(frame: pd.DataFrame, unit: str) -> FollowUp:
    """The follow-up in the cells of a checked table: entry and scans as they stand, an event at its time."""

    def numbers(role: str) -> NDArray[np.float64]:
        return np.array([float(v) if v else 0.0 for v in frame[role]])

    entry = numbers("entry") if "entry" in frame else np.zeros(len(frame))
    if "interval_upper" in frame:
        return FollowUp(entry, numbers("interval_lower"), numbers("interval_upper"), unit)
    time = numbers("time")
    return FollowUp(entry, time, np.where(frame["event"] == "1", time, np.inf), unit)


def summarise_follow_up(frame: pd.DataFrame, follow_up: FollowUp) -> list[dict[str, Any]]:
    """Patients, events, reverse Kaplan-Meier median follow-up and longest follow-up by regimen."""
    regimen = frame["regimen"].to_numpy()
    rows = []
    for label in [*dict.fromkeys(regimen), None]:
        mine = np.ones(len(regimen), dtype=bool) if label is None else regimen == label
        if label is None and len(set(regimen)) == 1:
            continue
        stop, event, start = follow_up.last[mine], follow_up.event[mine], follow_up.entry[mine]
        rows.append(
            {
                "regimen": label or "all", "patients": int(mine.sum()), "events": int(event.sum()),
                "censored": int((~event).sum()), "interval_censored": int(follow_up.interval[mine].sum()),
                "median_follow_up": kaplan_meier(stop, event, start, reverse=True).median,
                "longest_follow_up": float(stop.max()), "kaplan_meier_median": kaplan_meier(stop, event, start).median,
                "unit": follow_up.unit,
            }
        )  # fmt: skip
    return rows
