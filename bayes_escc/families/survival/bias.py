"""At which bias on the log hazard a regimen stops being better, draw by draw, on any survival estimand.

A bias b says that the log hazard observed on a regimen is its own plus b. Taking it away multiplies the hazards of
that regimen by exp(-b) in every draw; survival, medians and restricted means then follow from the same curves and
the same target population, so nothing is fitted again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.population.bias import increasing_root
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.families.survival.cure import CURE_FRACTION
from bayes_escc.families.survival.curves import Curves
from bayes_escc.families.survival.event_free import remaining_mean, remaining_median, remaining_survival
from bayes_escc.families.survival.population import Population, restricted_mean, survival
from bayes_escc.families.survival.stratified import AnyPopulation, StratifiedPopulation

__all__ = ["critical_bias", "without_bias"]

Array = NDArray[np.float64]
Value = Callable[[Curves], Array]
FURTHEST: Final = 12.0
"""Biases on the log hazard beyond this are not told from infinite ones."""


def critical_bias(
    curves: Curves,
    population: AnyPopulation,
    contrast: RegimenContrast,
    *,
    regimens: Sequence[str],
    event_free: float | None,
) -> Array | None:
    """The bias on the log hazard at which a regimen just passes a threshold, (draws,).

    Parameters
    ----------
    curves : Curves
        Baseline hazards of all regimens under every draw of the posterior.
    population : Population, RegimenPopulations or StratifiedPopulation
        The target population under the same draws.
    contrast : RegimenContrast
        Of the median, survival, the restricted mean, or what remains of them after an event-free time.
    regimens : sequence of str
        Names of the regimens, in the order of the curves.
    event_free : float or None
        The time from which what remains is counted.

    Returns
    -------
    array or None
        The regimen is better where the bias is above this number. None for an estimand that is not one of these.
    """
    estimand, time = _asked(contrast.estimand, contrast.time)
    threshold = contrast.threshold
    i, j = (list(regimens).index(name) for name in (contrast.regimen, contrast.reference))
    mine, other = (slice(r, None, len(regimens)) for r in (i, j))
    value, value_against = (_value(population.of(r), event_free, estimand, time) for r in (i, j))
    if value is None or value_against is None:
        return None
    zero = np.zeros(curves.draws)
    against = value_against(curves.without_bias(other, zero))
    with np.errstate(divide="ignore", over="ignore"):
        if contrast.scale == "difference":
            needed = against + threshold
        elif contrast.scale == "ratio":
            needed = against * threshold
        else:
            odds = threshold * against / (1.0 - against)
            needed = odds / (1.0 + odds)
    at_once = _biased_to(needed, curves.without_bias(mine, zero), population.of(i), estimand, time)
    if at_once is not None:
        return np.where(at_once > FURTHEST, np.inf, np.where(at_once < -FURTHEST, -np.inf, at_once))
    straight = _straightened(estimand, time)
    wanted = straight(needed)
    with np.errstate(over="ignore", invalid="ignore"):
        return increasing_root(lambda b: straight(value(curves.without_bias(mine, b))) - wanted, curves.draws, FURTHEST)


def _biased_to(
    needed: Array, one: Curves, population: Population | StratifiedPopulation, estimand: str, time: float | None
) -> Array | None:
    """The bias that makes an estimand a given number, (draws,), where it follows without a search; else None.

    A bias shifts the log cumulative hazard, so it is the distance of that at the time from where it must be.
    """
    if estimand not in ("survival", "median"):
        return None
    with np.errstate(divide="ignore"):
        if isinstance(population, StratifiedPopulation):
            when = np.full(one.draws, time or 0.0) if estimand == "survival" else np.maximum(needed, 0.0)
            cumulative = one.cumulative_each(np.tile(when[:, None, None], (1, population.strata, 1)))[..., 0]
            return -population.at(cumulative).log_cumulative_at(needed if estimand == "survival" else 0.5)
        if estimand == "survival":
            cumulative = one.cumulative(np.array([0.0 if time is None else time]))[:, 0, 0]
            return np.log(cumulative) - population.log_cumulative_at(needed)
        cumulative = one.cumulative_each(np.maximum(needed, 0.0)[:, None, None])[:, 0, 0]
        return np.asarray(np.log(cumulative) - population.nodes.log_cumulative_at(0.5))


def _straightened(estimand: str, time: float | None) -> Callable[[Array], Array]:
    """A scale on which an estimand is nearly a straight line in the bias, so that few steps find a root."""
    if estimand != "rmst" or time is None:
        return lambda value: value

    def log_odds(value: Array) -> Array:
        share = np.clip(value / time, 1e-12, 1.0 - 1e-12)
        return np.asarray(np.log(share / (1.0 - share)))

    return log_odds


def without_bias(
    curves: Curves,
    population: AnyPopulation,
    *,
    regimens: Sequence[str],
    event_free: float | None,
    estimand: str,
    time: float | None,
    regimen: str,
    bias: float,
) -> Array | None:
    """A survival estimand of one regimen after a bias has been taken away, (draws,); None for any other."""
    r = list(regimens).index(regimen)
    value = _value(population.of(r), event_free, *_asked(estimand, time))
    if value is None:
        return None
    return value(curves.without_bias(slice(r, None, len(regimens)), np.full(curves.draws, bias)))


def _asked(estimand: str, time: float | None) -> tuple[str, float | None]:
    """An estimand with its time: who is event-free for good is so at the end of time."""
    return ("survival", np.inf) if estimand == CURE_FRACTION else (estimand, time)


def _value(
    population: Population | StratifiedPopulation, since: float | None, estimand: str, time: float | None
) -> Value | None:
    """An estimand as a function of the curves of one regimen."""
    at = np.array([0.0 if time is None else time])
    if estimand == "median":
        if isinstance(population, StratifiedPopulation):
            return lambda curves: population.median(curves)[:, 0]
        reached = population.nodes.log_cumulative_at(0.5)[:, None]
        return lambda curves: curves.inverse(reached)[:, 0]
    functions: dict[str, Callable[[Curves], Array]] = {
        "survival": lambda curves: survival(curves, population, at)[:, 0, 0],
        "rmst": lambda curves: restricted_mean(curves, population, float(at[0]))[:, 0],
    }
    if since is not None:
        functions |= {
            "remaining_survival": lambda curves: remaining_survival(curves, population, since, at)[:, 0, 0],
            "remaining_rmst": lambda curves: remaining_mean(curves, population, since, float(at[0]))[:, 0],
            "remaining_median": lambda curves: remaining_median(curves, population, since)[:, 0],
        }
    return functions.get(estimand)
