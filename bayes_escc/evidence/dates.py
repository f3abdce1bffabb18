"""Dates of patients: read strictly, checked against each other, and turned into follow-up.

Only dates that can be read in one way are read: year first (2024-01-31, 2024/1/31, 20240131, 2024年1月31日). What a
person in one country takes for January, a person in another takes for March.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise
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


def date_columns(stated: Mapping[str, Any]) -> DateColumns:
    """The columns of `dates = { start = ..., event = ..., death = ..., last_contact = ..., cut = ... }`.

    Raises
    ------
    AnalysisError
        With everything that is wrong with them.
    """
    wrong = [
        f"dates: unknown key {key!r}; allowed are {', '.join(ROLES)} and cut.{nearest(str(key), (*ROLES, 'cut'))}"
        for key in stated if key not in (*ROLES, "cut")
    ]  # fmt: skip
    wrong += [
        f"dates.{role}: must be the name of a column, not {stated[role]!r}"
        for role in ROLES if role in stated and not (isinstance(stated[role], str) and stated[role].strip())
    ]  # fmt: skip
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
    return DateColumns(
        str(stated["start"]), stated.get("event"), stated.get("death"), stated.get("last_contact"), cut
    )  # fmt: skip


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


def check_dates(
    rows: Sequence[dict[str, str]], numbers: Sequence[int], columns: DateColumns, per_day: float,
    codes: Callable[[str], bool | None], derive: bool, problems: list[Problem], warnings: list[Problem],
    today: dt.date | None = None, *, growing: bool = False,
) -> None:  # fmt: skip
    """Check the dates of every patient, and fill in `time` and `event` if they come from them.

    Parameters
    ----------
    rows : sequence of dict
        One per patient, with the roles of `DateColumns.roles` as keys; changed in place.
    numbers : sequence of int
        Row numbers as a person counts.
    columns : DateColumns
    per_day : float
        Units of time in a day.
    codes : function
        From the cell of the event column to True, False, or None for neither.
    derive : bool
        Whether time and event come from the dates; else they are only checked against them.
    problems, warnings : list of Problem
        What was found is appended.
    today : date, optional
        After which nothing can have happened.
    growing : bool
        Whether patients whose end is not known yet are kept, as followed for no time.
    """
    latest = min(today or dt.date.today(), columns.cut or dt.date.max)
    named = "the data cut" if columns.cut is not None and latest == columns.cut else "today"
    for number, row in zip(numbers, rows, strict=True):
        if growing and derive and row["start_date"] and not any(row[r] for r in columns.roles if r != "start_date"):
            row |= {"time": "0.0", "event": "0"}
        _check_row(row, number, columns, per_day, codes, derive, (latest, named), problems, warnings)


def _check_row(
    row: dict[str, str], number: int, columns: DateColumns, per_day: float, codes: Callable[[str], bool | None],
    derive: bool, latest: tuple[dt.date, str], problems: list[Problem], warnings: list[Problem],
) -> None:  # fmt: skip
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
        found = read_date(row[key])
        if isinstance(found, str):
            note(problems, role, "unusable_date", found, "Correct it.")
        else:
            when[role] = found
            row[key] = found.isoformat()
    for role, date in when.items():
        if date > latest[0]:
            note(problems, role, "after_data_cut", f"lies after {latest[1]} ({latest[0]})", "Correct either date.")
        if role != "start" and "start" in when and date < when["start"]:
            note(problems, role, f"{role}_before_start", f"lies before the start ({when['start']})", "Correct either.")
    death = when.get("death")
    for role in ("event", "last_contact"):
        if death is not None and role in when and when[role] > death:
            note(problems, role, "after_death", f"lies after death ({death})", "Correct either.")
    happened = min((when[role] for role in ("event", "death") if role in when), default=None)
    contact = when.get("last_contact")
    stated = codes(row["event"]) if "event" in row else None
    dated = next((role for role in ("event", "death") if role in when), None)
    able = [role for role in ("event", "death") if getattr(columns, role) is not None]
    if stated and happened is None and able and len(problems) == before:
        note(problems, able[0], "event_without_date", "the event is said to have happened, but has no date",
             "Fill in the date, or correct the event.")  # fmt: skip
    if stated is False and dated is not None:
        note(problems, dated, "date_without_event", "there is a date, but the event is said not to have happened",
             "Correct either.")  # fmt: skip
    if happened is not None and contact is not None and contact < happened and death is None:
        note(warnings, "last_contact", "contact_before_event", f"lies before the event ({happened})",
             "The event was used; check both.")  # fmt: skip
    if happened is None and contact is None and len(problems) == before and derive and "time" not in row:
        role = "last_contact" if columns.last_contact is not None else able[0]
        note(problems, role, "no_end", "there is neither an event nor a last contact", "Fill in one of the dates.")
    if len(problems) > before or "start" not in when:
        return
    end = happened or contact
    if end is None:
        return
    time = (end - when["start"]).days * per_day
    if derive:
        row["time"], row["event"] = repr(time), "1" if happened is not None else "0"
        return
    try:
        printed = float(normalise(row.get("time", "")))
    except ValueError:
        return  # the check of times says so
    if abs(printed - time) > 3.0 * per_day + 0.01 * time:
        warnings.append(
            Problem(
                "time_and_dates", f"the dates are {time:.4g} apart, not {printed:.4g}",
                "The time was used; check the unit and both dates.", row=number, column="time", value=row["time"],
            )
        )  # fmt: skip
