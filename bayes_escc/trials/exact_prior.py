"""The design prior of rates integrated without simulation: patients arrive as balls are drawn from Polya's urn.

Over a Beta(a, b) law of its rate, the next patient of an arm with x events in n has an event with probability
(a + x) / (a + b + n), so numbers of events from look to look are Beta-binomial, and when a trial ends what is still
uncertain of the rate is Beta(a + x, b + n - x). So P(go), and P(go and the truth is effective), are finite sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.beta import Beta
from bayes_escc.rules.tails import contrast_tails, upper_tails
from bayes_escc.trials.enumerated import AveragedOver
from bayes_escc.trials.exact import mixed, ways_of, why_not_exact
from bayes_escc.trials.exact_paths import Mover, Path, Stage, arms_used, endpoints_used, follow
from bayes_escc.trials.spec import DesignPrior, TrialSpec

__all__ = ["averaged_over_prior"]

Array = NDArray[np.float64]


def averaged_over_prior(spec: TrialSpec) -> dict[int, AveragedOver] | str:
    """What a design does over its design prior, by size; or why that is simulated.

    Parameters
    ----------
    spec : TrialSpec
    """
    prior = spec.design_prior
    if prior is None:
        return ""
    if reason := why_not_exact(spec):
        return reason
    endpoints = endpoints_used(spec)
    if len(endpoints) > 1:
        return "rules are about two endpoints, whose association the design prior does not state"
    if endpoints != [prior.estimand] or prior.estimand not in prior.rates:
        return "the design prior is not of the rate that rules are about"
    found: dict[int, AveragedOver] = {}
    for most in spec.patients:
        ways = ways_of(spec, most)
        if isinstance(ways, str):
            return ways
        found[most] = _averaged(spec, prior, ways)
    return found


def _averaged(spec: TrialSpec, prior: DesignPrior, ways: Sequence[tuple[float, list[Stage]]]) -> AveragedOver:
    laws, arms = [Beta(*law) for law in prior.rates[prior.estimand]], arms_used(spec)
    movers = [_urn(laws[arm], 1 + axis) for axis, arm in enumerate(arms)]
    paths = [
        (weight, follow(spec, stages, movers, Path(spec, 1, lambda stage: _effective(prior, laws, arms, stage.n))))
        for weight, stages in ways
    ]
    over = mixed([(weight, path.results()[0]) for weight, path in paths])
    effective = float(_effective(prior, laws, arms, (0,) * len(laws)).ravel()[0])
    both = float(sum(weight * path.right_go[0] for weight, path in paths))
    return AveragedOver(over.probability_go, effective, both, over.expected_patients, over.expected_months)


def _urn(law: Beta, axis: int) -> Mover:
    """How patients of an arm arrive over the law of its rate; their events are on an axis of the counts."""

    def move(state: Array, before: int, more: int) -> Array:
        moved = np.moveaxis(state, axis, -1)
        return np.moveaxis(moved @ _beta_binomials(law, before, more), -1, axis)

    return move


@lru_cache(maxsize=256)
def _beta_binomials(law: Beta, before: int, more: int) -> Array:
    """P(events after | events before), (before + 1, before + more + 1)."""
    from scipy.special import betaln, gammaln

    k, band = np.arange(more + 1), np.zeros((before + 1, before + more + 1))
    ways = gammaln(more + 1.0) - gammaln(k + 1.0) - gammaln(more - k + 1.0)
    for x in range(before + 1):
        a, b = law.alpha + x, law.beta + before - x
        band[x, x : x + more + 1] = np.exp(ways + betaln(a + k, b + more - k) - betaln(a, b))
    return band


def _effective(prior: DesignPrior, laws: Sequence[Beta], arms: Sequence[int], n: Sequence[int]) -> Array:
    """P(the truth is effective) for every count of the arms in use, (1, counts...)."""
    last = len(laws) - 1
    cut = float(prior.below if prior.below is not None else prior.above or 0.0)
    of = {arm: n[arm] if arm in arms else 0 for arm in {0, last}}
    above = upper_tails(laws[0], of[0], cut) if last == 0 else _contrasts(laws[last], of[last], laws[0], of[0], cut)
    table = 1.0 - above if prior.below is not None else above
    if last > 0:
        table = table.T  # the first arm stands before the last
    shape = [1] * (1 + len(arms))
    for arm, size in zip((0, last) if last else (0,), table.shape, strict=True):
        if arm in arms:
            shape[1 + arms.index(arm)] = size
    return np.asarray(table).reshape(shape)


@lru_cache(maxsize=512)
def _contrasts(x: Beta, n: int, y: Beta, m: int, cut: float) -> Array:
    """P(rate of x exceeds that of y by more than a cut), for every pair of counts."""
    return contrast_tails(x, n, y, m, cut)
