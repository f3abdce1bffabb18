"""One row of a table of published medians: its median, or how far follow-up reached without one, and its precision."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

from bayes_escc.evidence.count_checks import check_percent, count_and_percent_apart
from bayes_escc.evidence.numbers import is_not_reached, number_in, number_text
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import check_count, check_design, check_events, check_level, check_order, check_time
from bayes_escc.names import Plain

__all__ = ["NOT_REACHED_BASIS", "median_record"]

NOT_REACHED_BASIS: Final = "not reached"
"""The basis of a row whose number is the end of follow-up, beyond which the median lies."""
_ASKEW: Final = 3.0
"""Ratio of the two arms of an interval, on the log scale, from which it is noted."""
_BEYOND: Final = re.compile(r"[>≥]\s*(.+)")


@dataclass(frozen=True)
class _Row:
    """One row being checked: its cells, and where what is wrong with them is noted."""

    row: Mapping[str, str]
    number: int
    unit: str
    problems: list[Problem]
    warnings: list[Problem]

    def text(self, column: str) -> str:
        """A cell as a label."""
        return normalise(self.row.get(column, ""))

    def refuse(self, code: str, column: str, message: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, message, remedy, self.number, column, self.row.get(column, "")))

    def note(self, code: str, column: str, message: str, remedy: str) -> None:
        """Note what a person should know."""
        self.warnings.append(Problem(code, message, remedy, self.number, column, self.row.get(column, "")))

    def positive(self, column: str, text: str | None = None) -> float | None:
        """A positive number, or None if there is none; what is no number is noted."""
        cell = self.text(column) if text is None else text
        if not cell:
            return None
        value = number_in(cell)
        if value is None or not 0 < value < math.inf:
            self.refuse(
                "not_a_number", column, f"{column} is not a positive number", "Give it as printed, without unit."
            )
            return None
        return value

    def time(self, column: str, text: str | None = None) -> float | None:
        """A positive time that a person can have; None if there is none or it was refused."""
        value = self.positive(column, text)
        if value is not None and not check_time(value, self.unit, column, self.refuse, self.note):
            return None
        return value


def median_record(
    row: Mapping[str, str], number: int, unit: str, problems: list[Problem], warnings: list[Problem]
) -> Plain:
    """The checked content of one row.

    Parameters
    ----------
    row : mapping of str to str
        Its cells under the package's names.
    number : int
        As a person counts rows.
    unit : str
        Of its times.
    problems, warnings : list of Problem
        Appended to.

    Returns
    -------
    dict
        Columns of `MedianTable`; not a number where a problem was noted.
    """
    at = _Row(row, number, unit, problems, warnings)
    row = count_and_percent_apart({k: v for k, v in row.items() if k != "percent"}, at.refuse)
    at = replace(at, row=row)
    for column in ("study", "regimen"):
        if not at.text(column):
            at.refuse("blank_label", column, f"the {column} is blank", f"Name the {column}.")
    n = check_count(at.text("n"), "n", at.refuse) if at.text("n") else None
    if n == 0:
        at.refuse("zero_total", "n", "there are no patients in this row", "Give their number, or leave the arm out.")
    events = _events(at, n)
    level = 0.95 if not at.text("ci_level") else check_level(at.text("ci_level"), at.refuse)
    design = check_design(at.text("design"), at.refuse)
    basis = at.text("events_basis") or "stated"
    if basis not in ("stated", "assumed"):
        at.refuse("events_basis", "events_basis", "events_basis is stated or assumed", "Correct it.")
    beyond = _BEYOND.fullmatch(number_text(at.text("median")))
    if beyond or is_not_reached(at.text("median")):
        end = at.time("median", beyond[1]) if beyond else at.time("follow_up")
        median, error, how = _not_reached(at, end, n, events, level, stated=bool(beyond or at.text("follow_up")))
    else:
        median = _median(at)
        error, how = _precision(at, median, level, events, basis)
    return {
        "study": at.text("study"),
        "regimen": at.text("regimen"),
        "median": median or math.nan,
        "log_se": error,
        "basis": how,
        "events": math.nan if events is None else float(events),
        "design": design,
    }


def _median(at: _Row) -> float | None:
    if not at.text("median"):
        at.refuse("missing_number", "median", "the median is blank", "Give it, or leave the arm out.")
        return None
    return at.time("median")


def _events(at: _Row, n: int | None) -> int | None:
    if not at.text("events"):
        return None
    events = check_count(at.text("events"), "events", at.refuse)
    if events is not None and n and at.text("percent"):
        check_percent(events, n, at.text("percent"), at.number, at.refuse, at.warnings)
    reached = not is_not_reached(at.text("median")) and not _BEYOND.fullmatch(number_text(at.text("median")))
    if events == 0 and reached:
        at.refuse("no_events", "events", "a median needs events", "Correct it, or leave it blank.")
        return None
    return events if check_events(events, n, at.refuse) else None


def _not_reached(
    at: _Row, end: float | None, n: int | None, events: int | None, level: float | None, *, stated: bool
) -> tuple[float | None, float, str]:
    """End of follow-up, standard error of the log median there, and the basis, of a median that was not reached.

    At a survival of one half, the estimate from n patients has the standard error sqrt(1/4 / n); by the slope of an
    exponential curve there, that of the log median is 1 / (log(2) sqrt(n)). Every event lowers the Kaplan-Meier curve
    by at least 1/n, so that n is more than twice the events; without either, a lower limit L says
    log(end / L) / z.
    """
    nothing = (None, math.nan, "")
    if not stated:
        at.refuse(
            "median_not_reached",
            "median",
            "a median that was not reached says that survival stayed above one half to the end of follow-up, which is "
            "not stated",
            f"Give that time in a column follow_up, or as the median >12 if it was 12 {at.unit}; otherwise leave the "
            'arm out, or give its patients (kind = "patients").',
        )
        return nothing
    if end is None:
        return nothing
    if n is not None and events is not None and 2 * events >= n > 0:
        at.refuse(
            "half_had_events",
            "events",
            f"the median was not reached, although {events} of {n} patients had the event",
            "Correct the events, n or the median: every event lowers the curve by at least 1/n.",
        )
        return nothing
    lower = None if is_not_reached(at.text("lower")) else at.positive("lower")
    upper = None if is_not_reached(at.text("upper")) else at.positive("upper")
    if upper is not None:
        at.refuse("limit_reached", "upper", "the median was not reached, but its upper limit was", "Correct either.")
        return nothing
    if n:
        error, whose = 1.0 / (math.log(2.0) * math.sqrt(n)), f"{n} patients"
    elif events:
        error, whose = 1.0 / (math.log(2.0) * math.sqrt(2.0 * events)), f"twice its {events} events, the fewest it had"
    elif lower is not None and lower < end and level is not None:
        z = NormalDist().inv_cdf(0.5 + level / 2.0)
        error, whose = math.log(end / lower) / z, f"its lower limit, {lower:g}"
    else:
        at.refuse(
            "no_precision",
            "n",
            "how many patients were followed is not stated",
            "Give n, or events, or a lower limit below the follow-up.",
        )
        return nothing
    at.note(
        "median_not_reached",
        "median",
        f"not reached: used as a median beyond {end:g} {at.unit}, with the precision of {whose}",
        "Leave the arm out if survival was not above one half to then.",
    )
    return end, error, NOT_REACHED_BASIS


def _precision(
    at: _Row, median: float | None, level: float | None, events: float | None, basis: str
) -> tuple[float, str]:
    """Standard error of the log median, and how it was had."""
    ends = {c: None if is_not_reached(at.text(c)) else at.positive(c) for c in ("lower", "upper")}
    lower, upper = ends["lower"], ends["upper"]
    open_end = lower is not None and is_not_reached(at.text("upper"))
    if is_not_reached(at.text("lower")):
        at.refuse(
            "limit_not_reached", "lower", "a lower limit is always reached", "Give it, or leave both limits blank."
        )
    elif lower is not None and (upper is not None or open_end):
        if not at.text("ci_level"):
            message, remedy = "the level of the interval is not stated: 95 % is taken", "State it in a column ci_level."
            at.warnings.append(Problem("level_assumed", message, remedy, at.number, "ci_level"))
        return _of_interval(at, median, lower, upper, level)
    elif (at.text("lower") == "") != (at.text("upper") == ""):
        missing = "upper" if at.text("upper") == "" else "lower"
        at.refuse(
            "bound_missing",
            missing,
            "one end of the interval is missing",
            "Give both, or neither and a number of events.",
        )
    elif events is not None:
        if basis == "assumed":
            message = f"{at.text('regimen')}: {events:g} events are assumed, not published"
            at.warnings.append(
                Problem(
                    "assumed_events", message, "The interval is no better than the assumption.", at.number, "events"
                )
            )
        return 1.0 / (math.log(2.0) * math.sqrt(events)), "events" if basis == "stated" else "assumed events"
    elif not at.text("events") and not at.text("lower"):
        at.refuse(
            "no_precision",
            "events",
            "neither an interval nor a number of events",
            "Give lower and upper, or events; assumed events are marked events_basis = assumed.",
        )
    return math.nan, ""


def _of_interval(
    at: _Row, median: float | None, lower: float, upper: float | None, level: float | None
) -> tuple[float, str]:
    """The standard error that an interval implies, whose upper limit may not have been reached."""
    nothing = (math.nan, "")
    if median is None or level is None:
        return nothing
    if upper is not None and not check_order(lower, upper, "lower", at.refuse):
        return nothing
    if not lower < median < (upper or math.inf):
        at.refuse(
            "outside_interval", "median", f"not between {lower:g} and {upper or math.inf:g}", "Correct the interval."
        )
        return nothing
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    if upper is None:
        at.note(
            "upper_limit_not_reached",
            "upper",
            "the upper limit was not reached; the precision is that of the lower one",
            "Events say more, if they are reported.",
        )
        return math.log(median / lower) / z, "interval"
    below, above = math.log(median / lower), math.log(upper / median)
    if max(below, above) > _ASKEW * min(below, above):
        at.note(
            "interval_askew",
            "median",
            f"{median:g} lies far from the middle of {lower:g} to {upper:g} on the log scale",
            "Kaplan-Meier intervals often do; check the three numbers.",
        )
    return (math.log(upper) - math.log(lower)) / (2.0 * z), "interval"
