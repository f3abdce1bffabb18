"""The specification of a course of disease: options and priors, no data, no PyMC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal, Self

from bayes_escc.evidence.follow_up import DAYS_IN, unit_factor
from bayes_escc.families.course.hazards import Clock
from bayes_escc.families.covariates import Covariate
from bayes_escc.families.specification import Specification
from bayes_escc.names import PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = [
    "DEATH",
    "HAZARDS",
    "LATER",
    "NAME",
    "PROGRESSION",
    "TRANSITIONS",
    "WORDS",
    "CourseSpec",
    "described",
    "read_spec",
]

NAME: Final = "course"

Baseline = Literal["exponential", "piecewise"]
PROGRESSION: Final = "progression"
DEATH: Final = "death_without_progression"
LATER: Final = "death_after_progression"
TRANSITIONS: Final = (PROGRESSION, DEATH, LATER)
HAZARDS: Final = tuple(f"{t}_hazard" for t in TRANSITIONS)
WORDS: Final[Mapping[str, str]] = {t: t.replace("_", " ") for t in TRANSITIONS}
HORIZONED: Final = ("pfs_rmst", "os_rmst", "time_after_progression")
"""Estimands that are up to a horizon."""
_TYPICAL: Final = {PROGRESSION: 6.0, DEATH: 60.0, LATER: 6.0}
"""Months within which one patient in two would go, were there nothing else: where the default priors are centred."""
_WORTH: Final = 0.5
_DEFAULT: Final = {
    f"{t}_hazard": Prior(
        "Gamma",
        alpha=_WORTH,
        beta=_WORTH * months / math.log(2.0),
        rationale="Worth half an event: the level is for the data to say.",
    )
    for t, months in _TYPICAL.items()
}


@dataclass(frozen=True)
class CourseSpec(Specification):
    """Options and priors of a model of progression-free and overall survival together.

    Parameters
    ----------
    baseline : {"exponential", "piecewise"}
        Constant hazards, or hazards constant between cut points; every regimen has its own.
    cutpoints : tuple of (str, tuple of float)
        Where the hazard of each transition changes; of transitions that are not named, by the stated rule.
    clock : {"reset", "forward"}
        Whether the hazard of death after progression runs from progression or from the start.
    time_unit : str or None
        Of priors, cut points, times, horizons and results; the data's if None.
    priors : tuple of (str, PriorSet)
        Of the hazards of the three transitions.
    stated : tuple of str
        Parameters whose prior was given rather than taken from the defaults.
    times, horizons : tuple of float or None
        When probabilities are reported, and up to when restricted means.
    covariates : tuple of Covariate
        None yet.
    """

    baseline: Baseline
    cutpoints: tuple[tuple[str, tuple[float, ...]], ...]
    clock: Clock
    time_unit: str | None
    priors: tuple[tuple[str, PriorSet], ...]
    stated: tuple[str, ...] = ()
    times: tuple[float, ...] | None = None
    horizons: tuple[float, ...] | None = None
    covariates: tuple[Covariate, ...] = ()

    needs_both_endpoints: ClassVar[bool] = True

    @property
    def stated_unit(self) -> str | None:
        return self.time_unit

    @property
    def constant_hazards(self) -> bool:
        return self.baseline == "exponential"

    @property
    def hazards_jump(self) -> bool:
        return self.baseline == "piecewise"

    def times_of(self, estimand: str) -> tuple[float, ...]:
        return (self.horizons if estimand in HORIZONED else self.times) or ()

    def reported_at(self, estimand: str, time: float) -> Self:
        return replace(self, horizons=(time,)) if estimand in HORIZONED else replace(self, times=(time,))

    def in_unit(self, unit: str) -> CourseSpec:
        """The same with its default priors, which are in months, put in a unit."""
        factor = unit_factor("months", unit)
        priors = tuple(
            (role, p if role in self.stated else PriorSet(_in_unit(p.default, factor), p.overrides))
            for role, p in self.priors
        )
        return replace(self, time_unit=unit, priors=priors)


def _in_unit(prior: Prior, factor: float) -> Prior:
    return Prior("Gamma", alpha=prior["alpha"], beta=prior["beta"] * factor, rationale=prior.rationale)


def described(model: PlainMapping, _: PlainMapping) -> list[str]:
    """Keys of the sentences of the page that describe a model as stated, in their order."""
    return ["course", f"course_{model.get('baseline', 'exponential')}", f"clock_{model.get('clock', 'reset')}"]


def read_spec(model: Reader, priors: Reader, estimands: Reader) -> CourseSpec:
    """Read `[model]`, `[priors]` and `[estimands]` of an analysis of a course of disease."""
    baseline = model.text("baseline", "exponential", ("exponential", "piecewise"))
    cutpoints = _read_cutpoints(model)
    clock = model.text("clock", "reset", ("reset", "forward"))
    unit = model.text("time_unit", None, tuple(DAYS_IN))
    if cutpoints and baseline != "piecewise":
        model.problem("cutpoints", f'needs baseline = "piecewise", not "{baseline}"')
    found, stated = [], []
    for role, default in _DEFAULT.items():
        stated += [role] if priors.has(role) else []
        found.append((role, priors.prior(role, default, "positive")))
    return CourseSpec(
        baseline,
        cutpoints,
        clock,
        unit,
        tuple(found),
        tuple(stated),
        _numbers(estimands, "times"),
        _numbers(estimands, "horizons"),
    )


def _read_cutpoints(model: Reader) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Cut points of all transitions alike, or of each by name."""
    stated = model.take("cutpoints", None)
    if stated is None:
        return ()
    if not isinstance(stated, Mapping):
        cuts = _ascending(model, "cutpoints", stated)
        return tuple((t, cuts) for t in TRANSITIONS)
    table = Reader(stated, model.where("cutpoints"), model.problems)
    named = {t: table.take(t, None) for t in TRANSITIONS}
    table.finish()
    return tuple((t, _ascending(table, t, value)) for t, value in named.items() if value is not None)


def _numbers(reader: Reader, key: str) -> tuple[float, ...] | None:
    value = reader.take(key, None)
    return None if value is None else _ascending(reader, key, value) or None


def _ascending(reader: Reader, key: str, value: Any) -> tuple[float, ...]:
    """Positive numbers in ascending order; of cut points there may be none."""
    listed = value if isinstance(value, list | tuple) else [value]
    good = all(isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < math.inf for v in listed)
    if not good or any(a >= b for a, b in pairwise(listed)):
        reader.problem(key, f"must be positive numbers in ascending order, not {value!r}")
        return ()
    return tuple(float(v) for v in listed)
