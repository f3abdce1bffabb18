"""What is said in words of a course of disease: its priors, and what to bear in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from bayes_escc.evidence import Problem
from bayes_escc.evidence.problems import counted
from bayes_escc.families.base import prior_line
from bayes_escc.families.course.estimands import Estimated
from bayes_escc.families.course.patients import Followed
from bayes_escc.families.course.spec import TRANSITIONS, WORDS
from bayes_escc.families.told_apart import NOT_TOLD_APART

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from bayes_escc.families.course.hazards import Array

__all__ = ["notes_on", "priors_in_words"]


class Described(Followed, Estimated, Protocol):
    """Patients, their model and its priors."""

    @property
    def parameter_count(self) -> int:
        """Number of hazards."""

    @property
    def events(self) -> int:
        """Number of transitions observed."""

    @property
    def covered(self) -> float:
        """End of follow-up for life on the regimen that was followed the shortest."""

    @property
    def happened(self) -> Mapping[str, Array]:
        """Transitions by regimen and interval."""

    @property
    def at_risk(self) -> Mapping[str, Array]:
        """Time at risk of each by regimen and interval."""

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        """Draws of the parameters from the prior."""


def notes_on(design: Described) -> list[Problem]:
    """What a reader of the results should know about the data and the model."""
    found = [*_counts(design), *_unknown(design), *_no_events(design), *_cuts_beyond(design)]
    if design.parameter_count > design.events / 5:
        found.append(
            Problem(
                "many_parameters",
                f"the model estimates {counted(design.parameter_count, 'hazard')} from "
                f"{counted(design.events, 'event')}",
                "The priors matter: at least five events per hazard are usual. Use fewer cut points, or show how the "
                "answer changes with the priors.",
            )
        )
    late = [t for t in sorted({*design.times, *design.horizons}) if t > design.covered * (1 + 1e-9)]
    if late:
        found.append(
            Problem(
                "beyond_follow_up",
                f"results at {', '.join(f'{t:g}' for t in late)} {design.unit} lie beyond the end of follow-up of one "
                "regimen",
                "There they rest on the shape of the model.",
            )
        )
    return found


def _counts(design: Described) -> list[Problem]:
    """How many went which way, by regimen."""
    c, found = design.course, []
    for i, regimen in enumerate(design.regimens):
        on = design.regimen == i
        progressed, later, first = (int((on & which).sum()) for which in (c.progressed, c.died_later, c.died_first))
        found.append(
            Problem(
                "course",
                f"of {counted(int(on.sum()), 'patient')} on {regimen}, {progressed} progressed and {later} of them "
                f"died; {first} died without progression",
                "The others were censored.",
            )
        )
    return found


def _unknown(design: Described) -> list[Problem]:
    unknown = int(design.course.unknown.sum())
    if not unknown:
        return []
    return [
        Problem(
            "progression_unknown",
            f"{counted(unknown, 'patient')} lived on after assessments for progression had ended; all are censored "
            "there, for both endpoints",
            "Of the time in between it is not known whether progression came first. Where many were left out because "
            "they were doing badly, both answers are too good; date the progression where the chart tells it.",
        )
    ]


def _no_events(design: Described) -> list[Problem]:
    """Hazards that no event informs."""
    found = []
    for transition in TRANSITIONS:
        for regimen, count in zip(design.regimens, design.happened[transition].sum(axis=-1), strict=True):
            if not count:
                found.append(
                    Problem(
                        NOT_TOLD_APART,
                        f"no event of {WORDS[transition]} on {regimen}",
                        "Its hazard is bounded above by the data; below, only the prior says anything.",
                    )
                )
    return found


def _cuts_beyond(design: Described) -> list[Problem]:
    """Intervals in which nobody was at risk."""
    found = []
    for transition in TRANSITIONS:
        cuts, spent = design.cuts[transition], design.at_risk[transition].sum(axis=0)
        if cuts.size and not spent[-1]:
            found.append(
                Problem(
                    NOT_TOLD_APART,
                    f"nobody was at risk of {WORDS[transition]} after the last cut point, at {cuts[-1]:g} "
                    f"{design.unit}",
                    "There the prior alone speaks: use fewer cut points, or show what another prior would say.",
                )
            )
    return found


def priors_in_words(design: Described) -> list[str]:
    """One line per prior, and what they imply together."""
    per = f" per {design.unit.removesuffix('s')}"
    lines = []
    for transition in TRANSITIONS:
        prior = dict(design.spec.priors)[f"{transition}_hazard"]
        lines += prior_line(f"hazard of {WORDS[transition]}", prior, per)
    hazards = design.hazards(design.prior(np.random.default_rng(20), 1000))

    def spread(values: Array) -> str:
        low, middle, high = np.quantile(values, [0.025, 0.5, 0.975], method="inverted_cdf")
        return f"{middle:.3g} (95 % between {low:.3g} and {high:.3g})"

    first = design.regimens[0]
    implied = (
        f"Together the priors imply, on {first}: median PFS {spread(hazards.median_free()[:, 0])} and median OS "
        f"{spread(hazards.median_alive()[:, 0])} {design.unit}."
    )
    return [*lines, implied]
