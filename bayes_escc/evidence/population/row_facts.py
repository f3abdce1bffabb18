"""The one fact of survival that a row of published arms says: a median, survival at a time, or events by a time."""

from __future__ import annotations

import math
from typing import Final

from bayes_escc.evidence.numbers import is_not_reached
from bayes_escc.evidence.population.row_cells import RowCells
from bayes_escc.evidence.population.survival_facts import Counted, Fact, Landmark, Median, NotReached

__all__ = ["fact_of_row"]

_LOG2: Final = math.log(2.0)


def fact_of_row(cells: RowCells, n: int, events: int | None, factor: float, scale: str) -> Fact | None:
    """What a row says of survival, or None; what is wrong with it is noted.

    Parameters
    ----------
    cells : RowCells
    n : int
        Patients of the arm, 0 where no row says it.
    events : int or None
        Of this row.
    factor : float
        By which its times are multiplied.
    scale : {"percent", "proportion"}
        Of survival.
    """
    if cells.text("median"):
        return _median(cells, n, events, factor)
    if cells.text("survival"):
        return _landmark(cells, factor, scale)
    time = cells.number("time")
    if time is not None and events is not None and n:
        if events > n:
            cells.refuse("events_exceed_n", "events", f"{events} events among {n} patients")
        return Counted(time * factor, events, n)
    return None


def _median(cells: RowCells, n: int, events: int | None, factor: float) -> Fact | None:
    if is_not_reached(cells.text("median")):
        time, left = cells.number("time"), cells.number("at_risk")
        if time is None or not (left or n):
            cells.refuse("not_reached", "median", "a median not reached needs the follow-up (time) and n")
            return None
        return NotReached(time * factor, 0.5 * math.sqrt(0.5 / left) if left else 0.5 / math.sqrt(n))
    value = cells.number("median")
    low, high, z = cells.interval()
    if value is None:
        return None
    if (low is not None and not low < value) or (high is not None and not value < high):
        cells.refuse("outside_interval", "median", f"{value:g} does not lie in its interval")
        return None
    if low is None and high is None:
        if not events:
            cells.refuse("no_precision", "median", "a median needs its interval, or the number of events")
            return None
        assumed = cells.text("events_basis") == "assumed"
        error = (2.0 if assumed else 1.0) / (_LOG2 * math.sqrt(events))
        return Median(value * factor, error, error, "assumed events" if assumed else "events")
    below = None if low is None else math.log(value / low) / z
    above = None if high is None else math.log(high / value) / z
    return Median(value * factor, below or above or 1.0, above or below or 1.0, "interval")


def _landmark(cells: RowCells, factor: float, scale: str) -> Fact | None:
    time, survival = cells.number("time"), cells.proportion("survival", scale)
    if time is None or survival is None or not 0.0 < survival < 1.0:
        cells.refuse("landmark", "survival", "survival at a time needs the time, and lies between 0 and 1")
        return None
    low, high, z = cells.interval(scale)
    if (low is not None and low > survival) or (high is not None and high < survival):
        cells.refuse("outside_interval", "survival", f"{survival:g} does not lie in its interval")
        return None
    if (low is not None and low > 1.0) or (high is not None and high > 1.0):
        cells.refuse("outside_interval", "survival", "a limit of survival lies between 0 and 1")
        return None
    slope = -survival * math.log(survival)
    if low is not None and high is not None and 0.0 < low < survival < high < 1.0:
        error = (math.log(-math.log(low)) - math.log(-math.log(high))) / (2.0 * z)
    elif left := cells.number("at_risk"):
        error = survival * math.sqrt((1.0 - survival) / left) / slope  # Peto: never too small
    else:
        cells.refuse("no_precision", "survival", "survival at a time needs its interval, or the number still at risk")
        return None
    return Landmark(time * factor, survival, error)
