"""Dates of patients: read strictly, checked against each other, and turned into follow-up.

Only dates that can be read in one way are read: year first (2024-01-31, 2024/1/31, 20240131, 2024年1月31日). What a
person in one country takes for January, a person in another takes for March.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.follow_up import EVENTS
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import latest_date
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest

__all__ = ["DateColumns", "check_dates", "date_columns", "read_date"]

_YEAR_FIRST: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))"
    r"(?:[T ]00:00(?::00(?:\.0+)?)?)?"
)
_PARTS: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_SERIAL: Final = (20_000.0, 80_000.0)
_EPOCHS: Final = (dt.date(1899, 12, 30), dt.date(1904, 1, 1))
"""Day zero of Excel for Windows, and of old Excel for the Mac."""
_FIRST_YEAR: Final = 1950
ROLES: Final = ("start", "event", "death", "last_contact")


@dataclass(frozen=True)
class DateColumns:
    """Which columns hold dates.

    Parameters
    ----------
    start : str
        Start of treatment: time zero.
    event, death, last_contact : str or None
        Progression; death; when the patient was last known to be without either.
    cut : date or None
        After which nothing is known.
    """

    start: str
    event: str | None = None
    death: str | None = None
    last_contact: str | None = None
    cut: dt.date | None = None

    @property
    def roles(self) -> dict[str, str]:
        """Role and column of those in use, named as in the checked table."""
        return {f"{role}_date": getattr(self, role) for role in ROLES if getattr(self, role) is not None}


def date_columns(stated: PlainMapping) -> DateColumns:
    """The columns of `dates = { start = ..., event = ..., death = ..., last_contact = ..., cut = ... }`.

    Raises
    ------
    AnalysisError
        With everything that is wrong with them.
    """
    wrong = [
        f"dates: unknown key {key!r}; allowed are {', '.join(ROLES)} and cut.{nearest(str(key), (*ROLES, 'cut'))}"
        for key in stated
        if key not in (*ROLES, "cut")
    ]
    wrong += [
        f"dates.{role}: must be the name of a column, not {stated[role]!r}"
        for role in ROLES
        if role in stated and not (isinstance(stated[role], str) and stated[role].strip())
    ]
    if "start" not in stated:
        wrong.append('dates: "start" is required, the column from whose date times count')
    if not {"event", "death", "last_contact"} & set(stated):
        wrong.append('dates: name at least one of "event", "death" and "last_contact"')
    cut = stated.get("cut")
    if cut is not None and not isinstance(cut, dt.date):
        found = read_date(str(cut))
        if isinstance(found, str):
            wrong.append(f"dates.cut: {found}, not {cut!r}")
        else:
            cut = found
    if isinstance(cut, dt.datetime):
        cut = cut.date()
    if wrong:
        raise AnalysisError("; ".join(wrong) + ".")
    return DateColumns(str(stated["start"]), stated.get("event"), stated.get("death"), stated.get("last_contact"), cut)


def read_date(text: str) -> dt.date | str:
    """The date of a cell, or what is wrong with it in words."""
    cell = normalise(text)
    found = _YEAR_FIRST.fullmatch(cell)
    if found:
        year, month, day = (int(g) for g in found.groups() if g is not None)
        try:
            date = dt.date(year, month, day)
        except ValueError:
            return "there is no such day in the calendar"
        return date if date.year >= _FIRST_YEAR else f"a year before {_FIRST_YEAR} cannot be meant"
    if _PARTS.fullmatch(cell):
        return "day and month cannot be told apart; write the year first, 2024-01-31"
    if re.fullmatch(r"\d{5}(\.0+)?", cell) and _SERIAL[0] <= float(cell) <= _SERIAL[1]:
        windows, mac = (epoch + dt.timedelta(days=int(float(cell))) for epoch in _EPOCHS)
        return (
            f"a spreadsheet's day number, {windows} in Excel for Windows or {mac} in old Excel for the Mac; "
            "save the column as dates, year first"
        )
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]", cell):
        return "a date without time of day and time zone is needed"
    return "not a date; write the year first, 2024-01-31"


@dataclass(frozen=True)
class _Rules:
    """What the dates of every patient are held against."""

    columns: DateColumns
    per_day: float
    derived: tuple[str, ...]
    today: dt.date
    event: str
    censored: str

    @property
    def derive(self) -> bool:
        """Whether time and event come from the dates."""
        return bool(self.derived)


def check_dates(
    cells: dict[str, list[str]],
    numbers: Sequence[int],
    columns: DateColumns,
    per_day: float,
    codes: Mapping[str, str],
    derived: tuple[str, ...],
    problems: list[Problem],
    warnings: list[Problem],
    *,
    growing: bool = False,
) -> None:
    """Check the dates of every patient, and fill in `time` and `event`, or both endpoints, if they come from them.

    What happened after the data cut is censored at it, and said patient by patient.

    Parameters
    ----------
    cells : dict of str to list of str
        Columns of the table, with the roles of `DateColumns.roles` as names; changed in place.
    numbers : sequence of int
        Row numbers as a person counts.
    columns : DateColumns
    per_day : float
        Units of time in a day.
    codes : mapping
        Meaning of the cells of the event column, in lower case: "1" for an event, "0" for none.
    derived : tuple of str
        Roles of the follow-up that come from the dates: time and event, perhaps overall and overall_event; without
        any the dates are only checked against them.
    problems, warnings : list of Problem
        What was found is appended.
    growing : bool
        Whether patients whose end is not known yet are kept, as followed for no time.
    """
    event, censored = (next(code for code, means in codes.items() if means == m) for m in ("1", "0"))
    rules = _Rules(columns, per_day, derived, latest_date(), event, censored)
    for role in derived:
        cells[role] = [""] * len(numbers)
    known = {text: read_date(text) for role in columns.roles for text in set(cells[role]) if text}
    follow_up = ("time", "event", "interval_lower", "interval_upper", "overall", "overall_event")
    names = [*columns.roles, *(c for c in follow_up if c in cells)]
    for i, number in enumerate(numbers):
        row = {name: cells[name][i] for name in names}
        ends = [row[r] for r in columns.roles if r != "start_date"]
        if growing and derived and row["start_date"] and not any(ends):
            row |= {role: censored if role in EVENTS else "0.0" for role in derived}
        else:
            _check_row(row, number, rules, known, codes, problems, warnings)
        for name in names:
            cells[name][i] = row[name]


def _check_row(
    row: dict[str, str],
    number: int,
    rules: _Rules,
    known: Mapping[str, dt.date | str],
    codes: Mapping[str, str],
    problems: list[Problem],
    warnings: list[Problem],
) -> None:
    columns = rules.columns

    def note(into: list[Problem], role: str, code: str, message: str, remedy: str) -> None:
        key = f"{role}_date"
        into.append(Problem(code, message, remedy, row=number, column=columns.roles[key], value=row[key]))

    when: dict[str, dt.date] = {}
    before = len(problems)
    for key in columns.roles:
        role = key.removesuffix("_date")
        if not row[key]:
            if role == "start":
                note(problems, role, "missing_date", "the start is blank", "Fill it in; times count from it.")
            continue
        found = known[row[key]]
        if isinstance(found, str):
            note(problems, role, "unusable_date", found, "Correct it.")
        else:
            when[role] = found
            row[key] = found.isoformat()
    for role, date in when.items():
        if date > rules.today:
            note(problems, role, "in_the_future", f"lies after today ({rules.today})", "Correct it.")
        if role != "start" and "start" in when and date < when["start"]:
            note(problems, role, f"{role}_before_start", f"lies before the start ({when['start']})", "Correct either.")
    death = when.get("death")
    for role in ("event", "last_contact"):
        if death is not None and role in when and when[role] > death:
            note(problems, role, "after_death", f"lies after death ({death})", "Correct either.")
    happened = min((when[role] for role in ("event", "death") if role in when), default=None)
    contact = when.get("last_contact")
    said = {"1": True, "0": False}.get(codes.get(normalise(row.get("event", "")).casefold(), ""))
    stated = None if rules.derive else said
    dated = next((role for role in ("event", "death") if role in when), None)
    able = [role for role in ("event", "death") if getattr(columns, role) is not None]
    if stated and happened is None and able and len(problems) == before:
        note(
            problems,
            able[0],
            "event_without_date",
            "the event is said to have happened, but has no date",
            "Fill in the date, or correct the event.",
        )
    if stated is False and dated is not None:
        note(
            problems,
            dated,
            "date_without_event",
            "there is a date, but the event is said not to have happened",
            "Correct either.",
        )
    if happened is not None and contact is not None and contact < happened and death is None:
        note(
            warnings,
            "last_contact",
            "contact_before_event",
            f"lies before the event ({happened})",
            "The event was used; check both.",
        )
    if happened is None and contact is None and len(problems) == before and rules.derive:
        role = "last_contact" if columns.last_contact is not None else able[0]
        note(problems, role, "no_end", "there is neither an event nor a last contact", "Fill in one of the dates.")
    if "start" in when and columns.cut is not None and when["start"] > columns.cut:
        note(
            problems,
            "start",
            "after_data_cut",
            f"lies after the data cut ({columns.cut})",
            "Leave the patient out, or correct the date.",
        )
    if len(problems) == before and "start" in when:
        _end_of_follow_up(row, number, rules, when["start"], happened, contact, warnings)
        if "overall_event" in row:
            for role, code, message, remedy in _overall_survival(row, rules, when):
                note(warnings, role, code, message, remedy)


def _end_of_follow_up(
    row: dict[str, str],
    number: int,
    rules: _Rules,
    start: dt.date,
    happened: dt.date | None,
    contact: dt.date | None,
    warnings: list[Problem],
) -> None:
    """Time and event from the dates, or checked against them; everything is censored at the data cut."""
    end, cut = happened or contact, rules.columns.cut
    if end is not None:
        time = (end - start).days * rules.per_day
        printed = number_in(row.get("time", ""))
        if rules.derive:
            row["time"], row["event"] = repr(time), rules.event if happened is not None else rules.censored
        elif printed is not None and abs(printed - time) > _apart(time, rules):
            warnings.append(
                Problem(
                    "time_and_dates",
                    f"the dates are {time:.4g} apart, not {printed:.4g}",
                    "The time was used; check the unit and both dates.",
                    row=number,
                    column="time",
                    value=row["time"],
                )
            )
    if cut is None:
        return
    known = (cut - start).days * rules.per_day
    scanned = "interval_lower" in row
    what = _interval_at_cut(row, known, rules) if scanned else _time_at_cut(row, known, rules, happened, contact)
    if what:
        remedy = "Right where the data are frozen at the cut."
        warnings.append(Problem("censored_at_cut", what, remedy, row=number, column=rules.columns.start))


def _overall_survival(
    row: dict[str, str], rules: _Rules, when: Mapping[str, dt.date]
) -> list[tuple[str, str, str, str]]:
    """Overall survival from the dates if it comes from them, censored at the data cut; what is noted of it.

    Every note has the role of its date, a code, a message and a remedy.
    """
    death, start, cut = when.get("death"), when["start"], rules.columns.cut
    noted = []
    if "overall" in rules.derived:
        seen = [when[role] for role in ("event", "last_contact") if role in when]
        end = death or max(seen)
        row["overall"] = repr((end - start).days * rules.per_day)
        row["overall_event"] = rules.event if death is not None else rules.censored
        if death is not None and when.get("event") == death:
            noted.append(
                (
                    "death",
                    "progression_at_death",
                    f"progression and death are dated on one day ({death})",
                    "It counts as a death without progression; correct the date of progression if it came before.",
                )
            )
    known = None if cut is None else (cut - start).days * rules.per_day
    overall = number_in(row["overall"])
    if known is not None and overall is not None and overall > known + 0.5 * rules.per_day:
        row["overall"], row["overall_event"] = repr(known), rules.censored
        noted.append(
            (
                "start",
                "censored_at_cut",
                f"death or the last contact lies after the data cut ({cut}): overall survival is censored there",
                "Right where the data are frozen at the cut.",
            )
        )
    return noted


def _apart(time: float, rules: _Rules) -> float:
    """By how much a time may differ from the one its dates give: three days and a hundredth."""
    return 3.0 * rules.per_day + 0.01 * time


def _time_at_cut(
    row: dict[str, str], known: float, rules: _Rules, happened: dt.date | None, contact: dt.date | None
) -> str:
    """Censor the time at the data cut where it goes on after it, and say so; else empty.

    A time is its own witness: who has no date of an end, or was seen long after an event, ends when the time says.
    """
    end, cut, time = happened or contact, rules.columns.cut, number_in(row.get("time", ""))
    if time is None or cut is None:
        return ""  # the check of times says so
    dated = end is not None and end <= cut
    slack = _apart(known, rules) if dated else 0.5 * rules.per_day
    if time <= known + slack and not (happened is not None and happened > cut):
        return ""
    what = "the event" if happened is not None else "the last contact"
    if end is None or dated:
        what, end_said = "the end of follow-up", f"{time:.4g}"
    else:
        end_said = str(end)
    row["time"], row["event"] = repr(known), rules.censored
    return f"{what} ({end_said}) lies after the data cut ({cut}): censored there, at {known:.4g}"


def _interval_at_cut(row: dict[str, str], known: float, rules: _Rules) -> str:
    """Censor the interval of progression at the data cut where it goes on after it, and say so; else empty."""
    lower, upper = (number_in(row.get(f"interval_{side}", "")) for side in ("lower", "upper"))
    cut, last = rules.columns.cut, known + 0.5 * rules.per_day
    if lower is not None and lower > last:
        row["interval_lower"], row["interval_upper"] = repr(known), "inf"
        what = "progression" if upper == lower else "the last scan without progression"
        return f"{what} ({lower:.4g}) lies after the data cut ({cut}): censored there, at {known:.4g}"
    if lower is not None and upper is not None and last < upper < float("inf"):
        row["interval_upper"] = "inf"
        what = f"the scan with progression ({upper:.4g})"
        return f"{what} lies after the data cut ({cut}): censored at the scan before it, at {lower:.4g}"
    return ""
