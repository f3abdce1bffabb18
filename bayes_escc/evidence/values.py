"""Checks that belong to a kind of value, whoever reads it: a level, a count, an interval, a time, a date.

A reader says which of its columns hold which kind of value; what can be wrong with it is said here, once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from bayes_escc.evidence.numbers import decimal_comma, level_in, number_in, number_text
from bayes_escc.names import DESIGNS

__all__ = [
    "DAYS_IN",
    "LONG_DAYS",
    "SERIAL_DATES",
    "Refuse",
    "check_count",
    "check_design",
    "check_events",
    "check_level",
    "check_order",
    "check_time",
    "latest_date",
]

Refuse = Callable[[str, str, str, str], None]
"""Notes a problem of one row: code, column, message, remedy."""

DAYS_IN: Final[Mapping[str, float]] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
"""Days in each unit of time; a month is a twelfth of 365.25 days."""
LONG_DAYS: Final = 240.0 * 30.4375
"""Follow-up beyond twenty years is rare enough to be said."""
LONGEST_DAYS: Final = 150.0 * 365.25
"""No time of a person is longer."""
SERIAL_DATES: Final = (20_000.0, 80_000.0)
"""Day numbers by which a spreadsheet stores the dates of 1954 to 2119."""
_RECENT_SERIAL: Final = 40_178.0
"""The first of 2010; as days since birth it is an age of 110 years."""


def check_level(text: str, refuse: Refuse) -> float | None:
    """A confidence level from 0.5 to 1, as a proportion or with a sign of per cent."""
    value = level_in(text)
    if value is not None and 50.0 <= value < 100.0:
        refuse(
            "level_implausible",
            "ci_level",
            "a confidence level is a proportion",
            f"Write {value / 100:g} instead of {text}.",
        )
        return None
    if value is None or not 0.5 <= value < 1.0:
        refuse(
            "level_implausible", "ci_level", "a confidence level lies between 0.5 and 1", "Correct it, usually to 0.95."
        )
        return None
    return value


def check_count(text: str, column: str, refuse: Refuse) -> int | None:
    """A whole number of at least zero, at most a million million; None with the problem noted."""
    cell = number_text(text)
    if not cell:
        refuse("missing_number", column, f"{column} is blank", "Give a whole number.")
        return None
    if cell.endswith("%"):
        refuse(
            "percentage_for_count",
            column,
            "a percentage where a count is expected",
            "Give the count, or move the percentage to a column percent.",
        )
        return None
    value = number_in(cell)
    if value is None and cell.casefold() in {"inf", "infinity", "nan", "-inf", "+inf"}:
        refuse("not_a_number", column, f"{column} is not a finite number", "Give a whole number.")
    elif value is None:
        point = decimal_comma(cell)
        hint = f" {cell} could be {point} or {cell.replace(',', '')}." if point else ""
        refuse(
            "not_a_number",
            column,
            f"{column} is not a number",
            f"Give a whole number without words or separators.{hint}",
        )
    elif not abs(value) <= 1e12:
        refuse("not_a_number", column, f"{column} is above a million million", "Give a whole number.")
    elif value < 0:
        refuse("negative_count", column, f"{column} is negative", "Counts start at 0.")
    elif not value.is_integer():
        what = (
            "a proportion where a count is expected" if value < 1 else "a fractional count; it looks like a percentage"
        )
        refuse(
            "fractional_count",
            column,
            what,
            "Give the whole number of patients, or move a percentage to a column percent.",
        )
    else:
        return int(value)
    return None


def check_design(text: str, refuse: Refuse) -> str:
    """How patients came to their regimens, as the package spells it; blank where nothing is said."""
    design = number_text(text).casefold().replace("randomized", "randomised")
    if design and design not in DESIGNS:
        refuse("unknown_design", "design", "unknown design", f"Use one of {', '.join(DESIGNS)}.")
    return design


def check_events(events: int | None, n: int | None, refuse: Refuse) -> bool:
    """Whether no more events are reported than there are patients."""
    if events is not None and n is not None and events > n > 0:
        refuse(
            "events_exceed_n",
            "events",
            f"more events than the {n} patients",
            "Correct events or n; if it is a percentage, move it to a column percent.",
        )
        return False
    return True


def check_order(low: float, high: float, column: str, refuse: Refuse) -> bool:
    """Whether the lower limit of an interval lies below the upper one."""
    if low >= high:
        refuse(
            "limits_out_of_order",
            column,
            f"the lower limit {low:g} is not below the upper limit {high:g}",
            "Swap or correct them.",
        )
        return False
    return True


def check_time(value: float, unit: str, column: str, refuse: Refuse, note: Refuse) -> bool:
    """Whether a number can be a time: not negative, no date in disguise, no longer than a life."""
    if value < 0:
        refuse("negative_time", column, "the time is negative", "Times count from the start of treatment.")
    elif SERIAL_DATES[0] <= value <= SERIAL_DATES[1] and (unit != "days" or value >= _RECENT_SERIAL):
        refuse(
            "serial_date",
            column,
            "this looks like a date stored as a spreadsheet's day number",
            f"Give the {unit} since the start of treatment.",
        )
    elif value * DAYS_IN[unit] > LONGEST_DAYS:
        refuse("too_long", column, f"more than 150 years, if the unit is {unit}", "Check the value and time_unit.")
    else:
        if value * DAYS_IN[unit] > LONG_DAYS:
            note(
                "long_time",
                column,
                f"more than 240 months, if the unit is {unit}",
                "Right for a registry, or where age is the time scale.",
            )
        return True
    return False


def latest_date() -> dt.date:
    """After which nothing can have happened anywhere: the later of the date here and of the first place to have it."""
    first = dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)
    return max(dt.date.today(), first.date())
