"""What a survival model says of regimens: medians, survival, restricted means, hazards and their ratios, by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from bayes_escc.families.survival.cure import CURE_FRACTION, CURED
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.event_free import remaining_mean, remaining_median, remaining_survival
from bayes_escc.families.survival.frailty import CENTRE
from bayes_escc.families.survival.population import marginal_hazard, median_time, restricted_mean, survival
from bayes_escc.families.survival.regimen_effects import CONTRAST
from bayes_escc.families.survival.strata import STRATUM
from bayes_escc.families.survival.words import Described
from bayes_escc.names import CHAIN, COVARIATE, DRAW, HORIZON, INTERVAL, REGIMEN, STUDY, TIME

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ENDPOINT_NAME", "estimands", "figure_data"]

ENDPOINT_NAME: Final = "PFS"
PROPORTION: Final = "proportion of patients"
REPORTED: Final = (
    "reference_median",
    "log_cumulative_hazard",
    "hazard",
    "log_hazard",
    "log_shape",
    "log_hazard_ratio",
    "log_time_ratio",
    "log_spread",
    "hazard_growth",
    "reference_cure_fraction",
    "coefficient",
    "drift_sd",
    "baseline_sd",
    "frailty_sd",
    "log_frailty",
    "coefficient_sd",
    "global_scale",
)
"""Parameters that are reported; the others are the sampler's own coordinates."""

_CURVE_DRAWS: Final = 1000
_CURVE_POINTS: Final = 60


class Estimated(Described, Protocol):
    """Patients, their model, and what its draws are turned into."""

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        """How much longer everything takes than on the first regimen, where that is one number."""


@np.errstate(over="ignore", invalid="ignore")
def estimands(design: Estimated, parameters: xr.Dataset) -> xr.Dataset:
    """Every estimand of a survival model, dimensions (chain, draw, regimen, time or horizon)."""
    import xarray as xr

    curves, population = design.curves(parameters), design.population(parameters)
    shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW])
    when = {TIME: design.times, HORIZON: design.horizons}

    def array(values: Array, dims: tuple[str, ...], unit: str, better: str) -> xr.DataArray:
        return xr.DataArray(
            values.reshape(*shape, *values.shape[1:]),
            dims=(CHAIN, DRAW, *dims),
            coords={REGIMEN: list(design.regimens), **{d: when[d] for d in dims if d in when}},
            attrs={"unit": unit, "better": better, "endpoint": ENDPOINT_NAME},
        )

    means = np.stack([restricted_mean(curves, population, float(h)) for h in design.horizons], axis=-1)
    hazards = marginal_hazard(curves, population, design.times)
    per = f"per {design.unit.removesuffix('s')}"
    found = {
        "median": array(median_time(curves, population), (REGIMEN,), design.unit, "higher"),
        "survival": array(survival(curves, population, design.times), (REGIMEN, TIME), PROPORTION, "higher"),
        "rmst": array(means, (REGIMEN, HORIZON), design.unit, "higher"),
        "hazard_rate": array(hazards, (REGIMEN, TIME), per, "lower"),
    }
    if design.spec.baseline in CURED:
        left = survival(curves, population, np.array([np.inf]))[..., 0]
        found[CURE_FRACTION] = array(left, (REGIMEN,), PROPORTION, "higher")
    if design.spec.event_free is not None:
        since = design.spec.event_free
        left = remaining_survival(curves, population, since, design.times)
        middle = remaining_median(curves, population, since)
        means = np.stack([remaining_mean(curves, population, since, float(h)) for h in design.horizons], axis=-1)
        after = f"from {since:g} {design.unit}, event-free then"
        found |= {
            "remaining_survival": array(left, (REGIMEN, TIME), f"{PROPORTION} {after}", "higher"),
            "remaining_median": array(middle, (REGIMEN,), f"{design.unit} {after}", "higher"),
            "remaining_rmst": array(means, (REGIMEN, HORIZON), f"{design.unit} {after}", "higher"),
        }
    if design.others and design.spec.regimen_effect != "none":
        to_first = f"ratio to {design.regimens[0]}"
        unit = f"{to_first}{_whose_ratio(design)}"
        if design.spec.regimen_effect == "proportional":
            ratio = np.exp(design.log_ratios(parameters))
            found["hazard_ratio"] = array(ratio, (REGIMEN,), unit, "lower")
        elif not design.strata:  # in every stratum it is another where regimens stretch time
            logs = curves.log_hazard(design.times)
            found["hazard_ratio"] = array(np.exp(logs - logs[:, :1]), (REGIMEN, TIME), unit, "lower")
        if design.encoded.labels or design.risk.centres or design.strata:
            unit = f"{to_first}, over the target population"
            found["marginal_hazard_ratio"] = array(hazards / hazards[:, :1], (REGIMEN, TIME), unit, "lower")
        stretched = design.time_ratios(parameters)
        if stretched is not None:
            found["time_ratio"] = array(stretched, (REGIMEN,), to_first, "higher")
    return xr.Dataset({**found, **_reported_parameters(design, parameters)})


def _whose_ratio(design: Estimated) -> str:
    """Of whom hazard ratios hold, where they depend on covariates."""
    return f", where {' and '.join(design.modifiers.names)} are zero, as modelled" if design.modifiers else ""


def _reported_parameters(design: Estimated, parameters: xr.Dataset) -> dict[str, xr.DataArray]:
    """Parameters that a reader may ask for, with their units and the labels of their rows."""
    per = f"per {design.unit.removesuffix('s')}"
    units = {
        "reference_median": design.unit,
        "reference_cure_fraction": PROPORTION,
        "hazard": per,
        "coefficient_sd": "log hazard ratio (sd of the shrunken)",
        "global_scale": "log hazard ratio (scale of the horseshoe)",
        "frailty_sd": "log hazard ratio between centres (sd)",
        "baseline_sd": "log hazard ratio between studies (sd)",
        "log_hazard": f"log of events {per}",
    }
    found = {}
    for name, array in parameters.data_vars.items():
        if name not in REPORTED or (name == "log_hazard" and design.spec.baseline == "m_spline"):
            continue  # of a spline it is the hazard at time zero, where nobody asks for it
        plain = array.assign_attrs(unit=units.get(str(name), ""))
        if name == "coefficient":
            each = [f"log hazard ratio per {how}" for _, how in design.risk.encoded.constants]
            plain = plain.assign_coords(unit=(COVARIATE, each))
        if name == "log_frailty":
            ratio = array.copy(data=np.exp(array.to_numpy())).assign_attrs(unit="ratio to a typical centre")
            found["frailty"] = ratio.assign_coords({f"row_{STUDY}": (CENTRE, array[CENTRE].to_numpy())})
            continue
        if STRATUM in plain.dims:
            plain = plain.assign_coords({f"row_{COVARIATE}": (STRATUM, list(design.strata.labels))})
        if CONTRAST in plain.dims:
            plain = plain.assign_coords({f"row_{REGIMEN}": (CONTRAST, list(design.others))})
        if INTERVAL in plain.dims:
            plain = plain.assign_coords({f"row_{TIME}": (INTERVAL, design.interval_starts)})
        found[str(name)] = plain
    return found


def figure_data(design: Estimated, parameters: xr.Dataset) -> xr.Dataset:
    """Standardised survival and hazard on a grid of times, for figures.

    The hazard is that of the baseline, or where every stratum has another, of the standardised survival.
    """
    import xarray as xr

    total = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
    parameters = parameters.isel({DRAW: slice(None, None, max(1, -(-total // _CURVE_DRAWS)))})
    curves, population = design.curves(parameters), design.population(parameters)
    grid = np.linspace(0.0, float(design.follow_up.last.max()), _CURVE_POINTS + 1)
    middle = (grid[1:] + grid[:-1]) / 2.0
    hazard = marginal_hazard(curves, population, middle) if design.strata else np.exp(curves.log_hazard(middle))
    whose = {"hazard_of": "population"} if design.strata else {}
    return xr.Dataset(
        {
            "survival": (("sample", REGIMEN, "grid"), survival(curves, population, grid)),
            "hazard": (("sample", REGIMEN, "middle"), hazard),
        },
        coords={REGIMEN: list(design.regimens), "grid": grid, "middle": middle},
        attrs={"time_unit": design.unit, **whose},
    )
