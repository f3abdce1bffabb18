"""Rules on times to an event where hazards are constant: events and time at risk of each arm say all there is to say.

With Gamma priors of hazards that have nothing in common, P(better) is the incomplete beta function (the F law of the
ratio of two Gamma variables), and values and margins of one arm's curve are incomplete gamma functions or one integral.
With normal priors on logarithms, Newton's method meets two numbers for every arm instead of every patient.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc

from bayes_escc.families.gamma_hazards import GammaHazards
from bayes_escc.probability.hazard_laws import Gamma, HazardLaw, Quantity
from bayes_escc.trials.spec import PlannedRule

__all__ = ["gamma_statistics", "sums_by_arm"]

Array = NDArray[np.float64]
_BATCH: Final = 2_000
_DECIDED: Final[dict[str, Quantity]] = {
    "hazard_ratio": "hazard",
    "median": "median",
    "survival": "survival",
    "rmst": "rmst",
}


def sums_by_arm(
    arm: NDArray[np.int64], arms: int, time: Array, seen: NDArray[np.bool_], entered: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Events and months at risk, (trials, arms), of the patients who were followed at all."""
    followed = entered & (time > 0)
    of = [followed & (arm == i) for i in range(arms)]
    events = np.stack([(here & seen).sum(axis=1) for here in of], axis=1).astype(np.float64)
    return events, np.stack([np.where(here, time, 0.0).sum(axis=1) for here in of], axis=1)


def gamma_statistics(model: GammaHazards, planned: PlannedRule, events: Array, exposure: Array) -> Array:
    """P(better) of every trial under Gamma priors.

    Parameters
    ----------
    model : GammaHazards
    planned : PlannedRule
        A posterior probability of a hazard ratio, median, survival or restricted mean.
    events, exposure : array of shape (trials, arms)
        Exposure in months.
    """
    rule = planned.rule
    what = _DECIDED[rule.estimand]
    months = model.unit if rule.estimand in ("median", "rmst") else 1.0
    time = float(rule.time or 1.0) * model.unit
    natural = "lower" if what == "hazard" else "higher"
    turned = (rule.better or natural) != natural
    own = _after(model, rule.regimen or "", planned.arm, events, exposure)
    if rule.reference is None:
        hazard = HazardLaw(Gamma(1.0, 1.0), what, time).at(float(rule.value or 0.0) * months)
        better = gammainc(own[0], own[1] * hazard)
    else:
        other = _after(model, rule.reference, planned.reference, events, exposure)
        margin = rule.margin
        if margin is None or what == "hazard" or (what == "median" and rule.scale == "ratio"):
            # every quantity is better where the hazard is lower; ratios of hazards and of medians have F laws
            factor = 1.0 if margin is None else margin if what == "hazard" else 1.0 / margin
            better = betainc(own[0], other[0], factor * own[1] / (factor * own[1] + other[1]))
        else:
            cut = margin if rule.scale == "ratio" else (-1.0 if turned else 1.0) * margin * months
            better = _beyond(own, other, HazardLaw(Gamma(1.0, 1.0), what, time), cut, ratio=rule.scale == "ratio")
    return np.asarray(1.0 - better if turned else better)


def _after(model: GammaHazards, regimen: str, arm: int, events: Array, exposure: Array) -> tuple[Array, Array]:
    """Shape and rate of a hazard after the data."""
    alpha, beta = model.prior(regimen)
    return alpha + events[:, arm], beta + exposure[:, arm]


def _beyond(own: tuple[Array, Array], other: tuple[Array, Array], law: HazardLaw, cut: float, *, ratio: bool) -> Array:
    """P(difference or ratio > cut), by quadrature over the hazard of the reference."""
    found = np.empty(len(own[0]))
    for start in range(0, len(found), _BATCH):
        part = slice(start, start + _BATCH)
        shapes, which = np.unique(other[0][part], return_inverse=True)
        base = law.of(np.stack([_nodes(float(shape))[0] for shape in shapes])[which] / other[1][part, None])
        hazard = law.at(cut * base if ratio else cut + base)
        found[part] = gammainc(own[0][part, None], own[1][part, None] * hazard) @ _nodes(float(shapes[0]))[1]
    return np.clip(found, 0.0, 1.0)


@lru_cache(maxsize=4096)
def _nodes(shape: float) -> tuple[Array, Array]:
    """Nodes and weights that integrate over a Gamma law of this shape and rate 1."""
    return Gamma(shape, 1.0).rule()
