"""The data of a survival model as the results keep them, and what they say to its priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.per_patient import Patients
from bayes_escc.families.survival.published import FACT, PublishedFacts
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.names import CHAIN, DRAW

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["observed", "statistics", "with_published"]


class Observed(Patients, Protocol):
    """Patients, and what papers say beside them."""

    @property
    def spec(self) -> SurvivalSpec:
        """The specification, in the unit of time of the design."""

    @property
    def unit(self) -> str:
        """Unit of time."""

    @property
    def regimens(self) -> tuple[str, ...]:
        """Names of the regimens."""

    @property
    def published(self) -> PublishedFacts | None:
        """Published arms beside the patients."""


def observed(design: Observed) -> xr.Dataset:
    """The observed follow-up, without identifiers, and what papers say beside it."""
    import xarray as xr

    f, dim = design.follow_up, "patient"
    values = {
        "lower": (dim, f.lower),
        "upper": (dim, f.upper),
        "entry": (dim, f.entry),
        "time": (dim, f.last),
        "event": (dim, f.event.astype("int8")),
        "regimen_index": (dim, design.regimen),
    }
    found = xr.Dataset(values, coords={dim: [str(i + 1) for i in range(design.patients)]})
    if design.published is not None and design.published.labels:
        found = found.assign(published=(FACT, design.published.observed()))
        found = found.assign_coords({FACT: design.published.labels})
    return found.assign_attrs(time_unit=design.unit, regimens="\x1f".join(design.regimens))


def with_published(found: xr.Dataset, values: Array, labels: Sequence[str]) -> xr.Dataset:
    """Values of published facts, (draws, facts), beside those of patients."""
    shape = (found.sizes[CHAIN], found.sizes[DRAW], -1)
    both = found.assign(published=((CHAIN, DRAW, FACT), values.reshape(shape)))
    return both.assign_coords({FACT: list(labels)})


def statistics(design: Observed, data: xr.Dataset) -> list[Statistic]:
    """Events by time at risk, of all patients and by regimen, to be held against those the priors expect."""
    event, time = np.asarray(data["event"], dtype=float), np.asarray(data["time"], dtype=float)
    spent = np.maximum(time - design.follow_up.entry, 0.0)
    unit, several = design.unit.removesuffix("s"), len(design.regimens) > 1
    found = [Statistic(design.spec.location, f"the number of events per {unit}", _rate(event, spent))]
    role = "log_hazard_ratio" if design.spec.has("log_hazard_ratio") else design.spec.location
    for r, regimen in enumerate(design.regimens if several and design.spec.regimen_effect != "none" else ()):
        on = design.regimen == r
        if not on.any():
            continue
        rate = _rate(event[..., on], spent[..., on])
        if role == "log_hazard_ratio":
            what = f"the number of events per {unit} on {regimen}, as a multiple of that on the others,"
            found.append(Statistic(role, what, rate / _rate(event[..., ~on], spent[..., ~on])))
        else:
            found.append(Statistic(role, f"the number of events per {unit} on {regimen}", rate))
    return found[:-1] if role == "log_hazard_ratio" and len(design.regimens) == 2 else found  # the last says the same


def _rate(event: Array, time: Array) -> Array:
    """Events per time at risk, half an event added so that none is not nothing."""
    return np.asarray((event.sum(axis=-1) + 0.5) / np.maximum(time.sum(axis=-1), 1e-12))
