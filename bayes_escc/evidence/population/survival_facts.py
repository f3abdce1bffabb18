"""What papers say of survival, as values: an arm and its one fact, hazard ratios, and all of them together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.population.reconstruct import Reconstruction
from bayes_escc.evidence.population.subgroup_rows import Subgroup
from bayes_escc.evidence.problems import Problem

__all__ = [
    "Counted",
    "Fact",
    "HazardRatio",
    "Landmark",
    "Median",
    "NotReached",
    "PublishedSurvival",
    "Route",
    "SurvivalArm",
]

Array = NDArray[np.float64]
Route = Literal["curve", "subgroups", "median", "landmark", "hazard_ratio"]
_LOG2: Final = math.log(2.0)


@dataclass(frozen=True)
class Median:
    """A printed median.

    Parameters
    ----------
    value : float
    below, above : float
        Standard errors of its logarithm towards either side.
    basis : str
        Where they come from.
    """

    value: float
    below: float
    above: float
    basis: str


@dataclass(frozen=True)
class NotReached:
    """A median that was not reached: survival estimated above one half at the end of follow-up.

    Parameters
    ----------
    time : float
    error : float
        Standard error of the survival there.
    """

    time: float
    error: float


@dataclass(frozen=True)
class Landmark:
    """Survival at a time.

    Parameters
    ----------
    time, survival : float
    error : float
        Standard error of log(-log survival).
    """

    time: float
    survival: float
    error: float


@dataclass(frozen=True)
class Counted:
    """Events by a time, in n patients who were all followed to it."""

    time: float
    events: int
    n: int


Fact = Median | NotReached | Landmark | Counted


@dataclass(frozen=True)
class SurvivalArm:
    """One published arm and the one thing it says of survival.

    Parameters
    ----------
    study, regimen, design : str
    n : int
    facts : mapping of str to mapping
        Of every covariate, its statistics by name.
    fact : Median, NotReached, Landmark or Counted, optional
    time, event : array of shape (patients,), optional
        Its patients, dated as the paper dates them.
    scan_interval : float or None
        Time between scans, where it is known.
    reconstruction : Reconstruction or None
        Where the patients were read back from a curve.
    part : Subgroup or None
        Which of its patients speak here, where it speaks by subgroup; `n` is theirs.
    """

    study: str
    regimen: str
    design: str
    n: int
    facts: Mapping[str, Mapping[str, float]]
    fact: Fact | None = None
    time: Array | None = None
    event: NDArray[np.bool_] | None = None
    scan_interval: float | None = None
    reconstruction: Reconstruction | None = None
    part: Subgroup | None = None

    @property
    def label(self) -> str:
        """Study and regimen, and the subgroup."""
        return f"{self.study}: {self.regimen}" + (f", {self.part.label}" if self.part else "")

    @property
    def route(self) -> Route:
        """How it speaks."""
        if self.time is not None:
            return "curve"
        if self.part is not None:
            return "subgroups"
        return "median" if isinstance(self.fact, Median | NotReached) else "landmark"

    @property
    def patients_time(self) -> Array:
        """Times of its patients; none where it speaks otherwise."""
        return np.zeros(0) if self.time is None else self.time

    @property
    def patients_event(self) -> NDArray[np.bool_]:
        """Whether each of its patients had the event."""
        return np.zeros(0, dtype=bool) if self.event is None else self.event

    @property
    def last(self) -> float:
        """The latest time it says something of."""
        if self.time is not None:
            return float(self.time.max())
        return self.fact.value if isinstance(self.fact, Median) else self.fact.time if self.fact else 0.0


@dataclass(frozen=True)
class HazardRatio:
    """A hazard ratio of a randomised trial.

    Parameters
    ----------
    study, regimen, reference, design : str
    log_ratio, error : float
    n : int
        Patients of both arms, 0 if not given.
    part : Subgroup or None
        Of whom it is, where it is not of all.
    """

    study: str
    regimen: str
    reference: str
    design: str
    log_ratio: float
    error: float
    n: int = 0
    part: Subgroup | None = None

    @property
    def label(self) -> str:
        """Study and contrast, and the subgroup."""
        of = f", {self.part.label}" if self.part else ""
        return f"{self.study}: {self.regimen} against {self.reference}{of}"


@dataclass(frozen=True)
class PublishedSurvival:
    """Everything published of one endpoint.

    Parameters
    ----------
    arms : tuple of SurvivalArm
        Each with one fact; those that speak by subgroup once for each.
    ratios : tuple of HazardRatio
    not_used : tuple of str
        What was left out because the arm speaks by another route.
    notes : tuple of Problem
    """

    arms: tuple[SurvivalArm, ...]
    ratios: tuple[HazardRatio, ...]
    not_used: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def whole(self) -> tuple[SurvivalArm, ...]:
        """The arms, each once: all of its patients, whose covariates are as printed."""
        found: dict[tuple[str, str], SurvivalArm] = {}
        for arm in self.arms:
            if arm.part is None:
                found[arm.study, arm.regimen] = arm
            elif (arm.study, arm.regimen) not in found:
                parts = [a for a in self.arms if (a.study, a.regimen) == (arm.study, arm.regimen)]
                found[arm.study, arm.regimen] = replace(arm, n=sum(a.n for a in parts), fact=None, part=None)
        return tuple(found.values())

    @property
    def regimens(self) -> tuple[str, ...]:
        """Regimens, in order of appearance."""
        names = [a.regimen for a in self.arms] + [n for h in self.ratios for n in (h.reference, h.regimen)]
        return tuple(dict.fromkeys(names))
