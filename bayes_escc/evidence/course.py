"""The course of disease of patients: free of progression, then alive with it, then dead; or dead without progression.

Both endpoints of a patient, progression-free and overall survival, are one path through these states.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.follow_up import unit_factor

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Course", "course_of"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Course:
    """How patients went through the states.

    Parameters
    ----------
    entry, first : array of shape (patients,)
        From when, and until when, each was observed free of progression.
    progressed, died_first : array of bool
        How that ended: with progression, with death without it, or else with censoring. Who is said to have progressed
        on the day of death died without progression.
    later : array
        Time observed alive after progression; 0 of who did not progress.
    died_later : array of bool
        Whether that ended with death.
    unknown : array of bool
        Followed for life after assessments for progression had ended: of the time in between it is not known whether
        progression came first, and nothing is taken from it.
    unit : str
    """

    entry: Array
    first: Array
    progressed: Flags
    died_first: Flags
    later: Array
    died_later: Flags
    unknown: Flags
    unit: str

    def __len__(self) -> int:
        return len(self.first)

    @property
    def end(self) -> Array:
        """When observation of each ended, by death or censoring."""
        return np.asarray(self.first + self.later)

    @property
    def died(self) -> Flags:
        """Whether it ended with death."""
        return np.asarray(self.died_first | self.died_later)

    @property
    def event(self) -> Flags:
        """Whether progression-free survival ended with an event."""
        return np.asarray(self.progressed | self.died_first)

    def in_unit(self, unit: str) -> Course:
        """The same in another unit of time."""
        factor = unit_factor(self.unit, unit)
        moved = {name: getattr(self, name) * factor for name in ("entry", "first", "later")}
        return replace(self, **moved, unit=unit)


def course_of(frame: pd.DataFrame, unit: str) -> Course:
    """The courses in the cells of a checked table.

    Parameters
    ----------
    frame : DataFrame
        With the columns time, event, overall and overall_event of both endpoints.
    unit : str
        Of its times.

    Raises
    ------
    AnalysisError
        If it does not hold both endpoints, or progression only between two scans.
    """
    if "interval_upper" in frame:
        raise AnalysisError(
            "progression lies between two scans (interval), and a model of progression-free and overall survival "
            "together takes dated progression: give the time or the date of the scan that found it, with time and "
            "event or with dates."
        )
    if "time" not in frame or "overall_event" not in frame:
        raise AnalysisError(
            "the table was not read with both endpoints: name time and event of progression-free survival, and overall "
            "and overall_event of overall survival; or dates of progression (event), death and last contact."
        )
    time, overall = (np.array([float(v) for v in frame[role]]) for role in ("time", "overall"))
    event, died = (frame[role].to_numpy() == "1" for role in ("event", "overall_event"))
    entry = np.array([float(v or 0.0) for v in frame["entry"]]) if "entry" in frame else np.zeros(len(frame))
    beyond = overall > time * (1.0 + 1e-9)
    progressed = event & (beyond | ~died)
    return Course(
        entry,
        time,
        progressed,
        event & ~progressed,
        np.where(progressed & beyond, overall - time, 0.0),
        progressed & died,
        ~event & beyond,
        unit,
    )
