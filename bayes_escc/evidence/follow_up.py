"""Follow-up of patients: times and events as the file holds them, checked and made numbers.

Every kind of observation is one interval: the event happened after `lower` and no later than
`upper`. Equal ends are an event at a known time, an infinite upper end is censoring on the right,
a lower end of zero with a finite upper one censoring on the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import DAYS_IN
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
    "event_meaning",
    "follow_up_of",
    "summarise_follow_up",
    "unit_factor",
]

Dating = Literal["interval", "detecting_scan"]
_MEANINGS: Final = {
    "event": "event",
    "1": "event",
    "true": "event",
    "censored": "censored",
    "0": "censored",
    "false": "censored",
}


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


EVENTS: Final = ("event", "overall_event")
"""Roles of columns that say whether something happened; the others of the follow-up are times."""


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
