"""What a reader of both endpoints asks to see varied: widths of priors, shape of the hazards, and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_escc.families.course.hazards import Clock
from bayes_escc.families.course.spec import LATER, TRANSITIONS, WORDS, CourseSpec
from bayes_escc.families.variation import Variation, scaled

if TYPE_CHECKING:
    from bayes_escc.families.course.design import CourseDesign

__all__ = ["variations"]


def variations(spec: CourseSpec, design: CourseDesign) -> Iterator[Variation]:
    """All variations of a specification, itself first."""
    spec = replace(design.spec, stated=tuple(role for role, _ in spec.priors))  # in the unit of the analysis
    yield Variation("analysis", "as specified", spec)
    yield from scaled(spec, {f"{t}_hazard": f"hazard of {WORDS[t]}" for t in TRANSITIONS})
    other: tuple[Clock, str] = ("reset", "time since progression")
    if spec.clock == "reset":
        other = ("forward", "time since the start")
    # of constant hazards the clock does not matter
    cuts = tuple((t, c) for t, c in spec.cutpoints if t != LATER)
    turned = replace(spec, baseline="piecewise", clock=other[0], cutpoints=cuts)
    if spec.baseline == "exponential":
        yield Variation("baseline", "piecewise hazards", replace(spec, baseline="piecewise"))
        yield Variation("clock", f"piecewise hazards by {other[1]}", turned)
    else:
        yield Variation("baseline", "exponential hazards", replace(spec, baseline="exponential", cutpoints=()))
        yield Variation("clock", f"hazards by {other[1]}", turned)
