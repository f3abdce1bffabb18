"""How much of an answer lies beyond the follow-up on the shorter arm, where only the shape of the model speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.evidence import Problem
from bayes_escc.names import REGIMEN

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["extrapolation_notes"]

MENTIONED: Final = 0.05
"""Share of draws beyond follow-up up to which nothing is said."""


def extrapolation_notes(
    estimands: xr.Dataset, medians: Mapping[str, float], covered: float, unit: str, references: tuple[str, ...]
) -> list[Problem]:
    """Notes on medians whose draws lie beyond the follow-up that every regimen has.

    Parameters
    ----------
    estimands : Dataset
        Draws.
    medians : mapping of str to float
        Those that are times, by regimen, and from when each counts; one that is not among the estimands is left out.
    covered : float
        End of follow-up on the regimen whose follow-up is the shortest.
    unit : str
    references : tuple of str
        Regimens that others are compared with.

    Notes
    -----
    A comparison looks beyond follow-up in every draw in which either of its two medians does.
    """
    found = []
    for name, start in medians.items():
        if name not in estimands:
            continue
        beyond = estimands[name] + start > covered
        regimens = [str(r) for r in estimands[REGIMEN].to_numpy()]
        alone = {r: float(beyond.sel({REGIMEN: r}).mean()) for r in regimens}
        pairs = {
            f"{r} against {reference}": float((beyond.sel({REGIMEN: r}) | beyond.sel({REGIMEN: reference})).mean())
            for reference in references
            for r in regimens
            if r != reference
        }
        said = {what: share for what, share in {**alone, **pairs}.items() if share > MENTIONED}
        if said:
            listed = ", ".join(f"{np.round(100 * share):.0f} % of the draws for {what}" for what, share in said.items())
            compared = " Differences and P(better) of these medians rest on it as well." if said.keys() & pairs else ""
            found.append(
                Problem(
                    "beyond_follow_up",
                    f"the {name.replace('_', ' ')} lies beyond the {covered:.4g} {unit} for which every regimen was "
                    f"followed: {listed}",
                    f"There it rests on the shape of the model and the priors, not on events seen.{compared} The "
                    "restricted mean (rmst) within follow-up does not look beyond it.",
                )
            )
    return found
