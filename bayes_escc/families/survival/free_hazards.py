"""Proportional hazards against hazards that are free to cross: the other model, and two signs of a change.

References
----------
Gelman A, Meng X-L, Stern H. Stat Sinica 1996;6:733-807 (posterior predictive checks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.families.survival.varied import with_baseline
from bayes_escc.names import CHAIN, DRAW, AnyArray

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.survival.design import SurvivalDesign

__all__ = ["Proportionality", "free_to_cross"]


@dataclass(frozen=True)
class Proportionality:
    """What a check of proportional hazards compares.

    Parameters
    ----------
    design : SurvivalDesign
        With proportional hazards.
    free : SurvivalSpec
        The same with hazards that are free to cross.
    early, late : float
        The times by which a quarter and three quarters of the events have happened.
    """

    design: SurvivalDesign
    free: SurvivalSpec
    early: float
    late: float

    @property
    def regimens(self) -> Sequence[str]:
        """The reference first."""
        return self.design.regimens

    @property
    def events(self) -> int:
        """Number of events."""
        return self.design.events

    @property
    def unit(self) -> str:
        """Unit of time."""
        return self.design.unit

    def change(self, free: Any, parameters: xr.Dataset) -> Array:
        """Change of the log hazard ratio to the first regimen between the two times, (chain, draw, regimen)."""
        hazards = free.curves(parameters).log_hazard(np.array([self.early, self.late]))
        ratios = hazards - hazards[:, :1]
        shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW])
        return np.asarray((ratios[..., 1] - ratios[..., 0]).reshape(*shape, -1))

    def tails(self, parameters: xr.Dataset, rng: np.random.Generator) -> list[float]:
        """Share of replicated data whose trend is at least as strong as the observed one, of all but the first."""
        design = self.design
        replicated = design.simulate(parameters, rng)

        def flat(name: str) -> Array:
            values = replicated[name].transpose(CHAIN, DRAW, ...).to_numpy()
            return np.asarray(values.reshape(-1, values.shape[-1]), dtype=float)

        observed, event = design.follow_up.middle, design.follow_up.event.astype(float)
        split = float(np.median(observed[design.follow_up.event]))
        entry = design.follow_up.entry
        mine = _trend(observed[None], event[None], entry, design.regimen, split, len(design.regimens))[0]
        theirs = _trend(flat("time"), flat("event"), entry, design.regimen, split, len(design.regimens))
        above = (theirs >= mine).mean(axis=0)
        return [float(min(1.0, 2.0 * min(p, 1.0 - p))) for p in above]


def free_to_cross(design: SurvivalDesign) -> Proportionality:
    """Proportional hazards of patients, and the same with hazards that are free to cross."""
    spec = replace(design.spec, stated=tuple(r for r, _ in design.spec.priors))
    free = spec if spec.baseline in ("weibull", "piecewise") else with_baseline(spec, "weibull")
    if spec.baseline == "piecewise":
        free = replace(free, cutpoints=tuple(float(c) for c in getattr(design, "cuts", ())) or None)
    early, late = (float(q) for q in np.quantile(design.follow_up.middle[design.follow_up.event], [0.25, 0.75]))
    return Proportionality(design, replace(free, regimen_effect="nonproportional"), early, late)


def _trend(time: Array, event: Array, entry: Array, regimen: AnyArray, split: float, regimens: int) -> Array:
    """Log ratio of the rate ratios after and before a time, against the first regimen, (draws, regimens - 1).

    Half an event is added to every count, so that none is zero.
    """
    logs = []
    for r in range(regimens):
        t, d, e = time[:, regimen == r], event[:, regimen == r], entry[regimen == r]
        first = np.clip(np.minimum(t, split) - e, 0.0, None).sum(axis=1)
        second = np.clip(t - np.maximum(e, split), 0.0, None).sum(axis=1)
        early = (d * (t <= split)).sum(axis=1) + 0.5
        later = (d * (t > split)).sum(axis=1) + 0.5
        logs.append(np.log(later / np.maximum(second, 1e-9)) - np.log(early / np.maximum(first, 1e-9)))
    stacked = np.stack(logs, axis=1)
    return np.asarray(stacked[:, 1:] - stacked[:, :1])
