"""At which bias on the log hazards a regimen stops being better in either endpoint, draw by draw.

A bias b says that patients of a regimen were at a risk that differs by exp(b) in every transition: each of its log
hazards is its own plus b. Taking it away multiplies the three hazards by exp(-b), and everything follows from the same
draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from bayes_escc.evidence.population.bias import increasing_root
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.course.hazards import Array, CourseHazards

__all__ = ["critical_bias", "without_bias"]

_FURTHEST: Final = 12.0
"""Biases on the log hazard beyond this are not told from infinite ones."""
_MEDIANS: Final = {"pfs_median": "pfs", "os_median": "os"}

Value = Callable[[CourseHazards, Array], Array]
_AT: Final[Mapping[str, Value]] = {
    "pfs": lambda hazards, time: hazards.free(time[:, None, None])[:, 0, 0],
    "os": lambda hazards, time: hazards.alive(time[:, None, None])[:, 0, 0],
    "pfs_rmst": lambda hazards, time: hazards.mean_free(float(time[0]))[:, 0],
    "os_rmst": lambda hazards, time: (hazards.mean_free(float(time[0])) + hazards.mean_after(float(time[0])))[:, 0],
    "pfs_median": lambda hazards, _: hazards.median_free()[:, 0],
    "os_median": lambda hazards, _: hazards.median_alive()[:, 0],
}
"""Estimands of one regimen, at a time of every draw; restricted means up to one time of all."""


def critical_bias(hazards: CourseHazards, contrast: RegimenContrast, regimens: Sequence[str]) -> Array | None:
    """The bias above which a regimen passes a threshold, (draws,).

    Parameters
    ----------
    hazards : CourseHazards
        Of all regimens under every draw of the posterior.
    contrast : RegimenContrast
        Of PFS or OS at a time, of a median or a restricted mean.
    regimens : sequence of str
        In the order of the hazards.

    Returns
    -------
    array or None
        None for an estimand that is not one of these.
    """
    if contrast.estimand not in _AT:
        return None
    own, other = (hazards.of(list(regimens).index(r)) for r in (contrast.regimen, contrast.reference))
    when = np.full(hazards.draws, contrast.time or 0.0)
    against = _AT[contrast.estimand](other, when)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if contrast.scale == "difference":
            needed = against + contrast.threshold
        elif contrast.scale == "ratio":
            needed = against * contrast.threshold
        else:
            odds = contrast.threshold * against / (1.0 - against)
            needed = odds / (1.0 + odds)
        value, most = _AT[_MEDIANS.get(contrast.estimand, contrast.estimand)], 1.0
        if "rmst" in contrast.estimand:
            most = contrast.time or 1.0
        wanted = _log_odds(needed / most)
        if contrast.estimand in _MEDIANS:  # at least what is needed where half are there at that time
            when, wanted = np.maximum(needed, 0.0), np.zeros(hazards.draws)

        def above(bias: Array) -> Array:
            return _log_odds(value(_less(own, bias), when) / most) - wanted

        return increasing_root(above, hazards.draws, _FURTHEST)


def without_bias(
    hazards: CourseHazards, regimens: Sequence[str], *, estimand: str, time: float | None, regimen: str, bias: float
) -> Array | None:
    """An estimand of one regimen after a bias has been taken away, (draws,); None for one that is not of endpoints."""
    if estimand not in _AT:
        return None
    own = hazards.of(list(regimens).index(regimen))
    return _AT[estimand](_less(own, np.full(hazards.draws, bias)), np.full(hazards.draws, time or 0.0))


def _less(hazards: CourseHazards, bias: Array) -> CourseHazards:
    factor = np.exp(-bias)[:, None]
    return hazards.scaled(factor, factor, factor)


def _log_odds(share: Array) -> Array:
    """A scale on which shares are nearly straight in the bias, so that few steps find a root."""
    inside = np.clip(share, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(inside / (1.0 - inside)))
