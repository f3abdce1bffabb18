"""What every draw says of each patient's course: its log-likelihood, and replicated courses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bayes_escc.evidence.course import Course
from bayes_escc.families.course.hazards import Array, CourseHazards
from bayes_escc.families.course.spec import DEATH, LATER, PROGRESSION, TRANSITIONS, WORDS, CourseSpec
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.replicates import by_patient, potential_follow_up, thinned_for_replicates
from bayes_escc.families.step_hazards import exposure
from bayes_escc.names import AnyArray

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Followed", "course_statistics", "observed", "simulate", "terms"]


class Followed(Protocol):
    """Patients on regimens, and the hazards of their course."""

    @property
    def patients(self) -> int:
        """Number of patients."""

    @property
    def course(self) -> Course:
        """Their courses, in the unit of the hazards."""

    @property
    def regimen(self) -> AnyArray:
        """Index of the regimen of every patient."""

    @property
    def regimens(self) -> tuple[str, ...]:
        """Names of the regimens."""

    @property
    def unit(self) -> str:
        """Unit of time."""

    @property
    def spec(self) -> CourseSpec:
        """The specification."""

    def hazards(self, parameters: xr.Dataset) -> CourseHazards:
        """The hazards under every draw."""


@np.errstate(divide="ignore")
def terms(design: Followed, hazards: CourseHazards) -> Array:
    """Log-likelihood of every patient, (draws, patients); densities of event times are per unit of time."""
    c, r = design.course, design.regimen
    first = exposure(c.entry, c.first, hazards.cuts)
    total = -_spent(hazards.leaving, r, first)
    at = np.searchsorted(hazards.cuts, c.first, side="left")
    for moved, hazard in ((c.progressed, hazards.progression), (c.died_first, hazards.death)):
        total[:, moved] += np.log(hazard[:, r[moved], at[moved]])
    begin, end = _later(c, hazards)
    later = np.where(c.progressed[:, None], exposure(begin, end, hazards.later_cuts), 0.0)
    total -= _spent(hazards.later, r, later)
    died = c.died_later
    at = np.searchsorted(hazards.later_cuts, end[died], side="left")
    total[:, died] += np.log(hazards.later[:, r[died], at])
    return total


def _later(c: Course, hazards: CourseHazards) -> tuple[Array, Array]:
    """From when and until when the clock of death after progression runs."""
    return (np.zeros(len(c)), c.later) if hazards.clock == "reset" else (c.first, c.end)


def _spent(hazards: Array, regimen: AnyArray, spent: Array) -> Array:
    """Cumulative hazard of every patient, (draws, patients), from the time spent in every interval."""
    total: Array = np.zeros((len(hazards), len(regimen)))
    for j in range(hazards.shape[-1]):
        total += hazards[:, regimen, j] * spent[:, j]
    return total


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # draws of a vague prior may overflow
def simulate(design: Followed, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Replicated courses of the same patients, censored as the data were.

    `time` and `event` (1 or 0) of progression-free survival, `progressed`, and `overall` and `died` of overall
    survival. Who was censored alive is censored at the same time again; for who died, censoring is drawn from the
    reverse Kaplan-Meier estimate beyond the time of death.
    """
    thin = thinned_for_replicates(parameters, design.patients)
    hazards, c, r = design.hazards(thin), design.course, design.regimen
    shape = (hazards.draws, design.patients)
    leaving = hazards.leaving[:, r]
    before = _spent(hazards.leaving, r, exposure(np.zeros(len(c)), c.entry, hazards.cuts))
    free = _inverse(leaving, hazards.cuts, before + rng.exponential(size=shape))
    at = np.searchsorted(hazards.cuts, free, side="left")
    share = np.take_along_axis(hazards.progression[:, r] / leaving, at[..., None], axis=-1)[..., 0]
    progresses = rng.random(shape) < share
    later = hazards.later[:, r]
    passed: Array = np.zeros(shape)
    if hazards.clock == "forward":
        spent = exposure(np.zeros(shape), free, hazards.later_cuts)
        passed = (later * spent).sum(axis=-1)
    dies = _inverse(later, hazards.later_cuts, passed + rng.exponential(size=shape))
    dies = np.where(progresses, dies + (free if hazards.clock == "reset" else 0.0), free)
    censored = potential_follow_up(c.end, c.died, c.entry, rng, hazards.draws)
    seen = free <= censored
    return by_patient(
        design.patients,
        thin,
        time=np.minimum(free, censored),
        event=seen.astype("int8"),
        progressed=(seen & progresses).astype("int8"),
        overall=np.minimum(dies, censored),
        died=(dies <= censored).astype("int8"),
    )


def _inverse(hazards: Array, cuts: Array, cumulative: Array) -> Array:
    """When cumulative hazards (draws, patients) are reached under hazards (draws, patients, intervals)."""
    time, left = np.zeros(cumulative.shape), cumulative
    for j, width in enumerate([*np.diff(np.concatenate([[0.0], cuts])), np.inf]):
        step = np.minimum(left / hazards[..., j], width)
        time = time + step
        left = np.where(step < width, 0.0, np.maximum(left - hazards[..., j] * step, 0.0))
    return time


def observed(design: Followed) -> xr.Dataset:
    """The observed courses, without identifiers."""
    import xarray as xr

    c, dim = design.course, "patient"
    values = {
        "entry": (dim, c.entry),
        "time": (dim, c.first),
        "event": (dim, c.event.astype("int8")),
        "progressed": (dim, c.progressed.astype("int8")),
        "overall": (dim, c.end),
        "died": (dim, c.died.astype("int8")),
        "regimen_index": (dim, design.regimen),
    }
    found = xr.Dataset(values, coords={dim: [str(i + 1) for i in range(design.patients)]})
    return found.assign_attrs(time_unit=design.unit, regimens="\x1f".join(design.regimens))


def course_statistics(design: Followed, data: xr.Dataset) -> list[Statistic]:
    """Transitions by time at risk on every regimen, to be held against those the priors expect."""
    array: Mapping[str, Array] = {k: np.asarray(data[k], dtype=float) for k in _OBSERVED}
    unit = design.unit.removesuffix("s")
    progressed, died = array["progressed"], array["died"]
    first = np.maximum(array["time"] - design.course.entry, 0.0)
    later = np.maximum(array["overall"] - array["time"], 0.0)
    of = {
        PROGRESSION: (progressed, first),
        DEATH: (died * (1.0 - progressed), first),
        LATER: (died * progressed, later * progressed),
    }
    found = []
    for transition in TRANSITIONS:
        moved, spent = of[transition]
        for i, regimen in enumerate(design.regimens):
            mine = design.regimen == i
            rate = (moved[..., mine].sum(axis=-1) + 0.5) / np.maximum(spent[..., mine].sum(axis=-1), 1e-12)
            what = f"the number of events of {WORDS[transition]} per {unit} on {regimen}"
            found.append(Statistic(f"{transition}_hazard", what, rate))
    return found


_OBSERVED = ("time", "progressed", "overall", "died")
