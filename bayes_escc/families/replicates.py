"""What is kept of every draw for each patient: densities, and follow-up replicated under the censoring of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.names import CHAIN, DRAW

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["by_patient", "potential_follow_up", "thinned_for_densities", "thinned_for_replicates"]

Array = NDArray[np.float64]
_MOST_DENSITIES: Final = 1_000_000
_MOST_REPLICATES: Final = 250_000


def potential_follow_up(
    last: Array, event: NDArray[np.bool_], entry: Array, rng: np.random.Generator, draws: int
) -> Array:
    """When patients would be censored in replicated data, (draws, patients).

    Who was censored is censored at the same time again; for who had the event, censoring is drawn from the reverse
    Kaplan-Meier estimate beyond its time.

    Parameters
    ----------
    last, entry : array of shape (patients,)
        End of follow-up, and delayed entry.
    event : array of bool
        Whether the follow-up ended with the event.
    rng : Generator
    draws : int
    """
    shape = (draws, len(last))
    reverse = kaplan_meier(last, event, entry, reverse=True)
    steps = np.append(reverse.time, last.max())
    below = np.append(1.0 - reverse.survival, 1.0)
    found = np.broadcast_to(last, shape).copy()
    floor = 1.0 - reverse(last[event])  # P(censored by the time of the event)
    u = floor + (1.0 - floor) * rng.random((shape[0], floor.size))
    drawn = steps[np.minimum(np.searchsorted(below, u), len(steps) - 1)]
    found[:, event] = np.maximum(drawn, last[event])
    return found


def thinned_for_densities(parameters: xr.Dataset, patients: int) -> xr.Dataset:
    """The draws for which log-likelihoods are kept."""
    return _thin(parameters, patients, _MOST_DENSITIES)


def thinned_for_replicates(parameters: xr.Dataset, patients: int) -> xr.Dataset:
    """The draws for which follow-up is replicated."""
    return _thin(parameters, patients, _MOST_REPLICATES)


def _thin(parameters: xr.Dataset, patients: int, most: int) -> xr.Dataset:
    """Fewer draws where patients times draws would be too many values; labels of draws stay."""
    values = parameters.sizes[CHAIN] * parameters.sizes[DRAW] * patients
    return parameters.isel({DRAW: slice(None, None, max(1, -(-values // most)))})


def by_patient(patients: int, parameters: xr.Dataset, **values: Any) -> xr.Dataset:
    """Values (draws, patients) with the labels of the draws and the places of the patients."""
    import xarray as xr

    shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW], -1)
    labels = {d: parameters[d] for d in (CHAIN, DRAW) if d in parameters.coords}
    return xr.Dataset(
        {name: ((CHAIN, DRAW, "patient"), v.reshape(shape)) for name, v in values.items()},
        coords={**labels, "patient": [str(i + 1) for i in range(patients)]},
    )
