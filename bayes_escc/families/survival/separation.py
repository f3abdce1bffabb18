"""Where the likelihood has no maximum, so that the prior alone bounds an effect.

A hazard without events, or with nothing but events at once, is estimated as zero or infinite by maximum likelihood. A
posterior exists all the same; its far end is that of the prior, and the reader must know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.evidence.follow_up import FollowUp
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.names import AnyArray

__all__ = ["separation_notes"]

_COMPARE = "Show the answer under a wider and a narrower prior beside it."


def separation_notes(
    follow_up: FollowUp, regimen_of: AnyArray, regimens: Sequence[str], encoded: EncodedCovariates
) -> list[Problem]:
    """One problem for every regimen or covariate whose effect the data bound on one side only.

    Parameters
    ----------
    follow_up : FollowUp
    regimen_of : array of int
        Index in `regimens` of the regimen of every patient.
    regimens : sequence of str
    encoded : EncodedCovariates
        Covariates of the same patients.
    """
    event = follow_up.event
    if not event.any():
        return [
            Problem(
                "no_events",
                "no patient had the event",
                "The data bound every hazard from above; below, and between regimens, only the priors speak.",
            )
        ]
    at_once = event & (follow_up.lower <= follow_up.entry)
    found = []
    for r, regimen in enumerate(regimens):
        mine = regimen_of == r
        if not mine.any():  # known from papers alone
            continue
        if not event[mine].any():
            found.append(
                Problem(
                    "no_events",
                    f"no patient on {regimen} had the event",
                    "Its hazard is bounded above by the data; below, only the prior says anything.",
                )
            )
        elif at_once[mine].all():
            found.append(_unbounded(f"every patient on {regimen} had the event by the first look", "hazard", None))
    for label, column, binary in zip(encoded.labels, encoded.values.T, encoded.binary, strict=True):
        found += _of_covariate(label, column, bool(binary), event, at_once)
    return found


def _of_covariate(
    label: str, column: AnyArray, binary: bool, event: NDArray[np.bool_], at_once: NDArray[np.bool_]
) -> list[Problem]:
    """Separation along one covariate: all events at one end of its values."""
    seen = ~np.isnan(column)
    values, events = column[seen], column[seen & event]
    if not events.size or np.ptp(values) == 0:
        return []
    if binary:
        level = "1" if (events == 0).all() else "0" if (events == 1).all() else None
        if level is not None:
            count = int((values == float(level)).sum())
            return [
                _unbounded(f"none of the {count} patients with {label} = {level} had the event", "coefficient", label)
            ]
        for level in ("0", "1"):
            if at_once[seen & (column == float(level))].all():
                said = f"every patient with {label} = {level} had the event by the first look"
                return [_unbounded(said, "coefficient", label)]
        return []
    for end, value in (("lowest", values.min()), ("highest", values.max())):
        if (events == value).all():
            return [_unbounded(f"every event is at the {end} value of {label}", "coefficient", label)]
    return []


def _unbounded(said: str, what: str, column: str | None) -> Problem:
    return Problem(
        "separation",
        said,
        f"The likelihood alone would make the {what} infinite; the prior bounds it. {_COMPARE}",
        column=column,
    )
