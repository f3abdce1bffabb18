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
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.columns import unit_named
from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem, counted
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import DAYS_IN, LONG_DAYS, SERIAL_DATES, check_time
from bayes_escc.names import Plain
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DAYS_IN",
    "EVENTS",
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

Dating = Literal["interval", "detecting_scan"]
_POSSIBLE: Final[Mapping[str, tuple[float, float]]] = {"age": (0.0, 120.0), "ecog": (0.0, 5.0)}
_USUAL: Final[Mapping[str, tuple[float, float]]] = {"age": (18.0, 110.0)}
_MEANINGS: Final = {
    "event": "event",
    "1": "event",
    "true": "event",
    "censored": "censored",
    "0": "censored",
    "false": "censored",
}
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
        `time`, and used where `overall_event` says whether it ended in death).
    overall_event : str or None
        Whether `overall` ends in death, coded as `event` is; time and event are then of progression or death.
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
    overall_event: str | None = None

    @property
    def roles(self) -> dict[str, str]:
        """Role and column of those in use, named as in the checked table."""
        named = {
            "time": self.time,
            "event": self.event,
            "entry": self.entry,
            "interval_lower": self.lower,
            "interval_upper": self.upper,
            "overall": self.overall,
            "overall_event": self.overall_event,
        }
        return {role: column for role, column in named.items() if column is not None}

    def code_of(self, meaning: str) -> str:
        """A code of the event column that means "1", an event, or "0", none."""
        return next(code for code, means in self.meanings.items() if means == meaning)

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

    @property
    def middle(self) -> NDArray[np.float64]:
        """End of follow-up, but for events between two times the middle of these."""
        return np.asarray((self.lower + self.last) / 2.0)


def check_follow_up(
    cells: dict[str, list[str]],
    numbers: Sequence[int],
    columns: FollowUpColumns,
    problems: list[Problem],
    warnings: list[Problem],
    *,
    pending: bool = False,
    example: str | None = None,
) -> None:
    """Check the follow-up of all patients, column by column, and replace its cells by plain numbers, in place.

    Parameters
    ----------
    cells : dict of str to list of str
        Columns of the table, with the roles of `FollowUpColumns.roles` as names.
    numbers : sequence of int
        Row numbers as a person counts.
    columns : FollowUpColumns
    problems, warnings : list of Problem
        What was found is appended.
    pending : bool
        Whether patients without any follow-up yet are kept, as censored at time zero.
    example : str, optional
        A unit to name where none is declared, if no column names one itself.
    """
    unit = columns.unit
    if unit is None or unit not in DAYS_IN:
        said = "" if columns.unit is None else f" {columns.unit!r}"
        named = next(filter(None, map(unit_named, (c for r, c in columns.roles.items() if r not in EVENTS))), None)
        problems.append(
            Problem(
                "time_unit",
                f"the time unit{said} is not one of {', '.join(DAYS_IN)}",
                f'Declare it, for example time_unit = "{named or example or "months"}".',
                column=columns.time or columns.lower,
            )
        )
        return
    if pending:
        _fill_in_pending(cells, columns)
    notes = _Notes(cells, numbers, columns, problems, warnings)
    if pending and "time" in cells:
        censored = columns.code_of("0")
        pairs = zip(cells["time"], cells["event"], strict=True)
        notes.waiting = np.array([t == _WAITING and e == censored for t, e in pairs], dtype=bool)
    for role in EVENTS:
        _check_events(cells, role, columns.meanings, notes)
    times: dict[str, NDArray[np.float64]] = {
        role: _times(cells[role], role, unit, notes) for role in _TIMES if role in cells
    }
    _check_order(times, notes)
    if "overall_event" in cells:
        _check_endpoints(times, cells, notes)
    _check_plausible(cells, notes)
    half_day = 0.5 / DAYS_IN[unit]
    moving = [("time", "time"), ("interval_upper", "interval_lower")]
    moving += [("overall", "overall")] if "overall_event" in cells else []
    for role, moved in moving:
        if role in times:
            what = (
                "progression at time zero was taken as within half a day"
                if role == "interval_upper"
                else "a time of zero was taken as half a day"
            )
            for i in np.flatnonzero((times[role] == 0) & ~notes.waiting).tolist():
                notes.note(i, "zero_time", role, what, "Give the day, if it is known.")
                times[moved][i], times[role][i] = 0.0, half_day
    for role, values in times.items():
        texts = cells[role]
        cells[role] = [t if v != v else repr(v) for t, v in zip(texts, values.tolist(), strict=True)]


EVENTS: Final = ("event", "overall_event")
"""Roles of columns that say whether something happened; the others of the follow-up are times."""
_TIMES: Final = ("time", "entry", "interval_lower", "interval_upper", "overall")
_NEEDED: Final = frozenset({"time", "interval_lower", "interval_upper"})


class _Notes:
    """Where what is found in a row is noted, with the name of its column and the cell as it stood."""

    def __init__(
        self,
        cells: Mapping[str, Sequence[str]],
        numbers: Sequence[int],
        columns: FollowUpColumns,
        problems: list[Problem],
        warnings: list[Problem],
    ) -> None:
        self.numbers, self.problems, self.warnings = numbers, problems, warnings
        self.named = columns.roles
        self.printed = {role: list(texts) for role, texts in cells.items() if role in self.named}
        self.cells = cells
        self.waiting = np.zeros(len(numbers), dtype=bool)

    def _made(self, code: str, role: str, i: int, message: str, remedy: str) -> Problem:
        cell = self.printed.get(role, self.cells.get(role, []))[i]
        return Problem(code, message, remedy, row=self.numbers[i], column=self.named.get(role, role), value=cell)

    def refuse(self, i: int, code: str, role: str, message: str, remedy: str) -> None:
        """Note a problem of a row."""
        self.problems.append(self._made(code, role, i, message, remedy))

    def note(self, i: int, code: str, role: str, message: str, remedy: str) -> None:
        """Note what a person should know of a row."""
        self.warnings.append(self._made(code, role, i, message, remedy))


_WAITING: Final = "0.0"
"""Time of a patient who has no follow-up yet."""


def _fill_in_pending(cells: dict[str, list[str]], columns: FollowUpColumns) -> None:
    """Patients of whom nothing is known yet are censored at time zero, in place."""
    roles, codes = [r for r in (*EVENTS, *_TIMES) if r in cells], columns.meanings
    told = {"time": _WAITING, "event": columns.code_of("0"), "interval_lower": "0.0", "interval_upper": "inf"}
    if "overall_event" in cells:
        told |= {"overall": _WAITING, "overall_event": columns.code_of("0")}
    for i, row in enumerate(zip(*(cells[r] for r in roles), strict=True)):
        known = dict(zip(roles, row, strict=True))
        if not _nothing_known(known, codes):
            continue
        for role, cell in told.items():
            if role in cells:
                cells[role][i] = cell
        if _number(known.get("entry", "")):
            cells["entry"][i] = ""  # it is told again with the first follow-up after it


def _nothing_known(row: Mapping[str, str], codes: Mapping[str, str]) -> bool:
    """Whether a patient has no follow-up yet: no event, and no time free of it after entry."""

    def none(role: str, also: Collection[str] = ()) -> bool:
        cell = normalise(row.get(role, "")).casefold()
        return not cell or cell in also or _number(cell) == 0

    events = [normalise(row.get(role, "")).casefold() for role in EVENTS]
    unseen = "interval_upper" not in row or (none("interval_upper", _INFINITE) and _number(row["interval_upper"]) != 0)
    entered = normalise(row.get("entry", ""))
    since = _number(entered) if entered else None
    only_entered = since is not None and bool(row.get("time")) and _number(normalise(row["time"])) == since
    return (
        all(not event or codes.get(event) == "0" for event in events)
        and unseen
        and ("overall_event" not in row or none("overall") or (only_entered and row["overall"] == row["time"]))
        and (none("time") or only_entered)
        and none("interval_lower")
        and (not entered or (since is not None and since >= 0))
    )


def _number(text: str) -> float | None:
    value = number_in(text)
    return value if value is not None and math.isfinite(value) else None


def _check_events(cells: dict[str, list[str]], role: str, codes: Mapping[str, str], notes: _Notes) -> None:
    """Codes of a column of events as 1 and 0, in place."""
    if role not in cells:
        return
    texts = cells[role]
    meaning = {text: codes.get(normalise(text).casefold()) for text in set(texts)}
    if None in meaning.values():
        for i, text in enumerate(texts):
            if meaning[text] is None:
                what = f"the event must be one of {', '.join(codes)}" if text else "the event is blank"
                notes.refuse(
                    i,
                    "event_code",
                    role,
                    what,
                    "Correct it, or declare what the codes mean with "
                    'event_codes = { "2" = "event", "1" = "censored" }.',
                )
    cells[role] = [meaning[text] or text for text in texts]


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """The numbers of cells, NaN where there is none."""
    if _ORDINARY.fullmatch("\n".join(texts)):  # the quick road of a large table
        try:
            return np.array([float(t) if t else math.nan for t in texts])
        except ValueError:
            pass
    found = (number_in(t) for t in texts)
    return np.array([math.nan if v is None or math.isinf(v) else v for v in found])


_ORDINARY: Final = re.compile(r"[0-9.\n]*")


def _times(texts: Sequence[str], role: str, unit: str, notes: _Notes) -> NDArray[np.float64]:
    """Times of at least zero, NaN where a cell is blank or cannot be used, which is then noted."""
    values = _numbers(texts)
    for i in np.flatnonzero(np.isnan(values)).tolist():
        cell = normalise(texts[i])
        if role == "interval_upper" and cell.casefold() in _INFINITE:
            values[i] = math.inf
        elif not cell:
            if role in _NEEDED or (role == "overall" and "overall_event" in notes.cells):
                remedy = "Write inf where no progression was seen." if role == "interval_upper" else "Fill it in."
                notes.refuse(i, "missing_number", role, "the time is blank", remedy)
        elif role == "interval_lower" and cell.casefold() in _INFINITE:
            notes.refuse(i, "not_a_number", role, "the last progression-free scan has no time", "Write 0 if none.")
        else:
            notes.refuse(
                i,
                "not_a_number",
                role,
                "the time is not a number",
                f"Give a plain number of {unit}, without unit, comma or sign; for a date, the time since start.",
            )
    finite = np.where(np.isfinite(values), values, 0.0)
    for i in np.flatnonzero((finite < 0) | (finite * DAYS_IN[unit] > LONG_DAYS) | (finite >= SERIAL_DATES[0])).tolist():
        if not check_time(float(values[i]), unit, role, partial(notes.refuse, i), partial(notes.note, i)):
            values[i] = math.nan
    return values


def _check_order(times: Mapping[str, NDArray[np.float64]], notes: _Notes) -> None:
    """Entry before the end, progression-free no longer than alive, scans in order."""
    absent = np.full(len(notes.numbers), math.nan)
    time, entry, overall = (times.get(r, absent) for r in ("time", "entry", "overall"))
    lower, upper = (times.get(r, absent) for r in ("interval_lower", "interval_upper"))
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(entry >= time).tolist():
            notes.refuse(
                i,
                "entry_after_end",
                "entry",
                f"entry is not before the end of follow-up ({time[i]:g})",
                "Correct either.",
            )
        for i in np.flatnonzero(time > overall * (1 + 1e-9)).tolist():
            notes.refuse(
                i, "pfs_exceeds_os", "time", f"progression-free longer than alive ({overall[i]:g})", "Correct either."
            )
        for i in np.flatnonzero(upper < lower).tolist():
            notes.refuse(
                i,
                "interval_reversed",
                "interval_upper",
                f"progression before the last free scan ({lower[i]:g})",
                "Correct either; write inf where no progression was seen.",
            )
        for i in np.flatnonzero(entry >= upper).tolist():
            notes.refuse(
                i, "entry_after_end", "entry", f"entry is not before progression ({upper[i]:g})", "Correct either."
            )


def _check_endpoints(
    times: Mapping[str, NDArray[np.float64]], cells: Mapping[str, Sequence[str]], notes: _Notes
) -> None:
    """Progression-free and overall survival are of one course of disease: a death is an event of both."""
    if "time" not in times:
        return
    time, overall = times["time"], times["overall"]
    with np.errstate(invalid="ignore"):
        at_the_end = overall <= time * (1 + 1e-9)
    for i in np.flatnonzero(at_the_end & ~notes.waiting).tolist():
        if cells["event"][i] == "0" and cells["overall_event"][i] == "1":
            notes.refuse(
                i,
                "death_is_no_event",
                "event",
                f"died at {overall[i]:g}, but progression-free survival does not end with an event then",
                "Set the event to 1, as a death without progression is one; or give the earlier time at which "
                "assessments for progression ended.",
            )


def _check_plausible(cells: Mapping[str, Sequence[str]], notes: _Notes) -> None:
    """Ages and performance states that cannot be, or are rare."""
    for column, texts in cells.items():
        name = column.casefold()
        if name not in _POSSIBLE:
            continue
        values = _numbers(texts)
        (least, most), (low, high) = _POSSIBLE[name], _USUAL.get(name, _POSSIBLE[name])
        with np.errstate(invalid="ignore"):
            impossible, rare = (values < least) | (values > most), (values < low) | (values > high)
        for i in np.flatnonzero(impossible).tolist():
            notes.refuse(i, "implausible", column, f"{name} lies between {least:g} and {most:g}", "Correct it.")
        for i in np.flatnonzero(rare & ~impossible).tolist():
            notes.note(i, "implausible", column, f"{name} lies between {low:g} and {high:g}, as a rule", "Check it.")


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
        warn(
            "event_share",
            f"{100 * share:.0f} % of the patients had the event",
            "Check that 1 means the event; a column of censoring (CNSR) is coded the other way round.",
        )
    elif columns.event is not None and not columns.codes and _CENSORING.search(columns.event.casefold()):
        warn(
            "censoring_column",
            f"1 in {columns.event} was read as the event, though its name speaks of censoring",
            'If 1 means censored, as in CNSR, say so: event_codes = { "0" = "event", "1" = "censored" }.',
        )
    if columns.event is not None and columns.upper is not None:
        other = frame.index[(frame["event"] == "1") != follow_up.event]
        if len(other):
            warn(
                "event_contradicts_interval",
                f"the column {columns.event} and the interval disagree on whether "
                f"{counted(len(other), 'patient')} had the event; the interval was used",
                "Write inf where no event was seen, both ends alike for one at a known time, such as a death.",
                columns.upper,
                int(other[0]),
            )
    regimen, last = frame["regimen"].to_numpy(), follow_up.last
    medians = {}
    for label in dict.fromkeys(regimen):
        mine = regimen == label
        medians[label] = float(np.median(last[mine]))
        if not follow_up.event[mine].any():
            warn(
                "no_events",
                f"no patient on {label} had the event",
                "Its hazard is bounded above by the data; below, only the prior says anything.",
            )
    if len(medians) > 1 and max(medians.values()) > 10 * min(medians.values()):
        high, low = max(medians, key=medians.__getitem__), min(medians, key=medians.__getitem__)
        warn(
            "mixed_units",
            f"times on {high} are more than ten times those on {low}",
            "Check that all are in one unit.",
            columns.time or columns.upper,
        )
    typical = float(np.median(last))
    if typical * DAYS_IN[str(columns.unit)] < _SHORT_DAYS and len(frame) >= 20:
        warn(
            "short_follow_up",
            f"half of the patients were followed for {typical:.3g} {columns.unit} at most",
            "Check time_unit: no first scan comes so early.",
            columns.time or columns.upper,
        )
    for i in np.flatnonzero(last > 10 * typical).tolist():
        warn(
            "mixed_units",
            f"{last[i]:g} {columns.unit} is more than ten times the median",
            "Check the unit of this row.",
            columns.time or columns.upper,
            int(frame.index[i]),
        )


def follow_up_of(frame: pd.DataFrame, unit: str) -> FollowUp:
    """The follow-up in the cells of a checked table: entry and scans as they stand, an event at its time."""

    def numbers(role: str) -> NDArray[np.float64]:
        return np.array([float(v) if v else 0.0 for v in frame[role].tolist()])

    entry = numbers("entry") if "entry" in frame else np.zeros(len(frame))
    if "interval_upper" in frame:
        return FollowUp(entry, numbers("interval_lower"), numbers("interval_upper"), unit)
    time = numbers("time")
    return FollowUp(entry, time, np.where(frame["event"].to_numpy() == "1", time, np.inf), unit)


def summarise_follow_up(frame: pd.DataFrame, follow_up: FollowUp) -> list[Plain]:
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
                "regimen": label or "all",
                "patients": int(mine.sum()),
                "events": int(event.sum()),
                "censored": int((~event).sum()),
                "interval_censored": int(follow_up.interval[mine].sum()),
                "median_follow_up": kaplan_meier(stop, event, start, reverse=True).median,
                "longest_follow_up": float(stop.max()),
                "kaplan_meier_median": kaplan_meier(stop, event, start).median,
                "unit": follow_up.unit,
            }
        )
    return rows
