"""What a course of disease says of regimens, by draw: both endpoints, the states in between, and hazard ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from bayes_escc.families.course.hazards import Array, CourseHazards
from bayes_escc.families.course.spec import TRANSITIONS, WORDS
from bayes_escc.names import CHAIN, DRAW, ENDPOINT, HORIZON, REGIMEN, TIME, TOGETHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

__all__ = ["estimands", "figure_data"]

PROPORTION: Final = "proportion of patients"
_ROW: Final = "hazard_row"
_CURVE_DRAWS: Final = 1000
_CURVE_POINTS: Final = 60


class Estimated(Protocol):
    """Patients on regimens, and what is asked of their course."""

    @property
    def regimens(self) -> tuple[str, ...]:
        """Names of the regimens."""

    @property
    def unit(self) -> str:
        """Unit of time."""

    @property
    def times(self) -> Array:
        """When probabilities are reported."""

    @property
    def horizons(self) -> Array:
        """Up to when restricted means are."""

    @property
    def cuts(self) -> Mapping[str, Array]:
        """Where the hazard of each transition changes."""

    @property
    def longest(self) -> float:
        """The longest follow-up."""

    def hazards(self, parameters: xr.Dataset) -> CourseHazards:
        """The hazards under every draw."""


@np.errstate(over="ignore", invalid="ignore")
def estimands(design: Estimated, parameters: xr.Dataset) -> xr.Dataset:
    """Every estimand, dimensions (chain, draw, regimen, time or horizon)."""
    import xarray as xr

    hazards, times = design.hazards(parameters), design.times
    shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW])
    when = {TIME: times, HORIZON: design.horizons}

    def array(values: Array, unit: str, better: str, dim: str = "", together: str = "") -> xr.DataArray:
        dims = (REGIMEN, *([dim] if dim else []))
        attrs = {"unit": unit} | ({"better": better} if better else {}) | ({TOGETHER: together} if together else {})
        coords = {REGIMEN: list(design.regimens), **({dim: when[dim]} if dim else {})}
        return xr.DataArray(values.reshape(*shape, *values.shape[1:]), coords, (CHAIN, DRAW, *dims), attrs=attrs)

    free, after = hazards.free(times), hazards.alive_after(times)
    mean_free, mean_after = (
        np.stack([of(float(h)) for h in design.horizons], axis=-1) for of in (hazards.mean_free, hazards.mean_after)
    )
    progressed, died = (hazards.incidence(cause, times) for cause in ("progression", "death"))
    unit = design.unit
    found = {
        "pfs": array(free, PROPORTION, "higher", TIME, "os"),
        "os": array(free + after, PROPORTION, "higher", TIME, "pfs"),
        "pfs_median": array(hazards.median_free(), unit, "higher", together="os_median"),
        "os_median": array(hazards.median_alive(), unit, "higher", together="pfs_median"),
        "pfs_rmst": array(mean_free, unit, "higher", HORIZON, "os_rmst"),
        "os_rmst": array(mean_free + mean_after, unit, "higher", HORIZON, "pfs_rmst"),
        "alive_after_progression": array(after, PROPORTION, "", TIME),
        "time_after_progression": array(mean_after, unit, "", HORIZON),
        "progression_incidence": array(progressed, PROPORTION, "lower", TIME),
        "death_without_progression_incidence": array(died, PROPORTION, "lower", TIME),
    }
    if hazards.clock == "reset":
        found["survival_after_progression"] = array(hazards.survival_after(times), PROPORTION, "higher", TIME)
    return xr.Dataset(found | _hazards(design, parameters))


def _hazards(design: Estimated, parameters: xr.Dataset) -> dict[str, xr.DataArray]:
    """The hazards of all transitions and intervals as rows, and ratios of those that are constant."""
    import xarray as xr

    rows, ends, starts, found = [], [], [], {}
    for transition in TRANSITIONS:
        name, cuts = f"{transition}_hazard", design.cuts[transition]
        values = parameters[name].transpose(CHAIN, DRAW, REGIMEN, ...)
        rows.append(values.to_numpy().reshape(*values.shape[:3], -1))
        ends += [WORDS[transition]] * (len(cuts) + 1)
        starts += [0.0, *cuts.tolist()]
        if not cuts.size and len(design.regimens) > 1:
            ratio = values / values.isel({REGIMEN: 0}, drop=True)
            attrs = {"unit": f"ratio to {design.regimens[0]}", "better": "lower"}
            found[f"{name}_ratio"] = ratio.drop_vars((CHAIN, DRAW), errors="ignore").assign_attrs(attrs)
    coords = {REGIMEN: list(design.regimens), f"row_{ENDPOINT}": (_ROW, ends)}
    if len(ends) > len(TRANSITIONS):
        coords[f"row_{TIME}"] = (_ROW, starts)
    per = {"unit": f"per {design.unit.removesuffix('s')}"}
    dims = (CHAIN, DRAW, REGIMEN, _ROW)
    return {"hazard": xr.DataArray(np.concatenate(rows, axis=-1), coords, dims, attrs=per), **found}


def figure_data(design: Estimated, parameters: xr.Dataset) -> xr.Dataset:
    """Both endpoints on a grid of times, for figures."""
    import xarray as xr

    total = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
    hazards = design.hazards(parameters.isel({DRAW: slice(None, None, max(1, -(-total // _CURVE_DRAWS)))}))
    grid = np.linspace(0.0, design.longest, _CURVE_POINTS + 1)
    dims = ("sample", REGIMEN, "grid")
    return xr.Dataset(
        {"pfs": (dims, hazards.free(grid)), "os": (dims, hazards.alive(grid))},
        coords={REGIMEN: list(design.regimens), "grid": grid},
        attrs={"time_unit": design.unit},
    )
