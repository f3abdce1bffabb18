"""Checks of the follow-up of patients: events, times, their order, what is plausible, and patients set side by side."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.columns import unit_named
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem, counted
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import DAYS_IN, LONG_DAYS, SERIAL_DATES, check_time

if TYPE_CHECKING:
    import pandas as pd

from bayes_escc.evidence.follow_up import EVENTS, FollowUp, FollowUpColumns

__all__ = ["check_between_patients", "check_follow_up"]

_POSSIBLE: Final[Mapping[str, tuple[float, float]]] = {"age": (0.0, 120.0), "ecog": (0.0, 5.0)}

_USUAL: Final[Mapping[str, tuple[float, float]]] = {"age": (18.0, 110.0)}

_CENSORING: Final = re.compile(r"cnsr|cens|删失")

_SHORT_DAYS: Final = 14.0

_INFINITE: Final = {"inf", "infinity", "+inf", "∞"}


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
