"""From dates or a printed time to progression-free survival: one rule per patient, said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["EVENTS", "Route", "dated_route", "disorder", "end_route", "time_agrees"]

EVENTS: Final = ("progression", "death")
_CALLED: Final = {
    "progression": Text("progression", "疾病进展"),
    "death": Text("death", "死亡"),
    "last_contact": Text("last contact", "末次随访"),
    "last_scan": Text("last tumour assessment", "末次肿瘤评估"),
    "cut": Text("data cut-off", "数据截止"),
    "start": Text("first dose", "首次用药"),
    "pfs_end": Text("end of PFS", "PFS终点"),
}


@dataclass(frozen=True)
class Route:
    """How one patient's follow-up came about.

    Parameters
    ----------
    days : int
    event : bool
    text : Text
        The rule that was used.
    """

    days: int
    event: bool
    text: Text


_NOTHING: Final = Text("", "")
Problem = tuple[str, Text]
"""A short name of what is wrong, and the sentence."""


def dated_route(
    days: Mapping[str, dt.date],
    said: bool | None,
    censored_at: str,
    cut: dt.date | None,
    today: dt.date,
    only_progression: bool = False,
) -> Route | Problem:
    """Follow-up from the dates of one patient.

    Parameters
    ----------
    days : mapping of str to date
        Those that are there: start, progression, death, last_contact, last_scan, cut.
    said : bool or None
        What the status column says: event, censored, or nothing.
    censored_at : {"last_contact", "last_scan", "cut"}
        Where the follow-up of a patient without an event ends.
    cut : date or None
        What happens after it has not been seen.
    today : date
    only_progression : bool
        Whether the status column tells progression alone, so that a death without it is an event all the same.

    Returns
    -------
    Route, or what is wrong with the patient
    """
    if "start" not in days:
        return "no start", Text("there is no date of the first dose", "缺少首次用药日期")
    start = days["start"]
    if wrong := disorder(days, today):
        return wrong
    happened = {role: days[role] for role in EVENTS if role in days}
    if said is True and not happened:
        return "event without date", Text(
            "the event is said to have happened, but has no date", "记为已进展或死亡，但无日期"
        )
    if said is False and ("progression" in happened or (happened and not only_progression)):
        return "status and dates", Text(
            "there is a date of progression or death, but the status says no event", "有进展或死亡日期，但状态为无事件"
        )
    cut = min((c for c in (cut, days.get("cut")) if c is not None), default=None)
    if cut is not None and start > cut:
        return "start after cut", Text(f"treatment began after the data cut-off {cut}", f"首次用药晚于数据截止日{cut}")
    if happened:
        role = min(happened, key=lambda r: (happened[r], EVENTS.index(r)))
        if cut is None or happened[role] <= cut:
            return _route(start, role, happened[role], True)
        return _route(
            start, "cut", cut, False, Text(f"; {_CALLED[role].en} came later", f"；{_CALLED[role].zh}发生在其后")
        )
    end_role = censored_at
    end = days.get(censored_at) if censored_at != "cut" else cut
    if end is None and censored_at == "last_scan" and "last_contact" in days:
        return "no end", Text("there is neither an event nor a tumour assessment", "既无事件也无肿瘤评估日期")
    if end is None:
        return "no end", Text("there is neither an event nor a last date", "既无事件日期也无末次随访日期")
    if cut is not None and end > cut:
        end, end_role = cut, "cut"
    return _route(start, end_role, end, False)


def _route(start: dt.date, role: str, end: dt.date, event: bool, more: Text = _NOTHING) -> Route:
    called, first = _CALLED[role], _CALLED["start"]
    what = Text("event", "事件") if event else Text("censored", "删失")
    return Route(
        (end - start).days,
        event,
        Text(
            f"{what.en}: {called.en} {end} - {first.en} {start}{more.en}",
            f"{what.zh}：{called.zh}{end} - {first.zh}{start}{more.zh}",
        ),
    )


def disorder(days: Mapping[str, dt.date], today: dt.date) -> Problem | None:
    """Dates in an order that cannot be."""
    start = days["start"]
    for role in ("start", "progression", "death", "last_contact", "last_scan", "pfs_end"):
        if role in days and days[role] > today:
            called = _CALLED[role]
            return "in the future", Text(
                f"{called.en} {days[role]} lies in the future", f"{called.zh}{days[role]}晚于今天"
            )
    for role in ("progression", "death", "last_contact", "last_scan", "pfs_end"):
        if role in days and days[role] < start:
            called = _CALLED[role]
            return "before the start", Text(
                f"{called.en} {days[role]} lies before the first dose {start}",
                f"{called.zh}{days[role]}早于首次用药{start}",
            )
    death = days.get("death")
    if death is not None:
        for role in ("progression", "last_contact", "last_scan"):
            if role in days and days[role] > death:
                called = _CALLED[role]
                return "after death", Text(
                    f"{called.en} {days[role]} lies after death {death}", f"{called.zh}{days[role]}晚于死亡{death}"
                )
    return None


def end_route(
    days: Mapping[str, dt.date], role: str, event: bool | None, cut: dt.date | None, today: dt.date
) -> Route | Problem:
    """Follow-up from the start, one end date and a status."""
    if "start" not in days:
        return "no start", Text("there is no date of the first dose", "缺少首次用药日期")
    if role not in days:
        return "no end", Text("there is no date at which follow-up ends", "缺少随访终点日期")
    if event is None:
        return "no status", Text("it is not said whether the event happened", "未注明是否发生事件")
    if wrong := disorder(days, today):
        return wrong
    end = days[role]
    if cut is not None and end > cut:
        more = Text("; the event came later", "；事件发生在其后") if event else Text("", "")
        return _route(days["start"], "cut", cut, False, more)
    return _route(days["start"], role, end, event)


def time_agrees(printed: float, decimals: int, unit: str, days: int) -> bool:
    """Whether a printed time is the number of days between two dates, give or take its rounding and one day.

    The tolerance is 0.1 month and half the last digit printed; some systems count both the first and the last day.
    """
    tolerance = 0.1 * DAYS_IN["months"] + 0.5 * 10.0**-decimals * DAYS_IN[unit]
    return min(abs(printed * DAYS_IN[unit] - d) for d in (days, days + 1)) <= tolerance + 1e-9
