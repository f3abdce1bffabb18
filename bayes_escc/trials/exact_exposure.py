"""Designs on a time to event that need no simulation: one arm, a constant hazard, looks by events.

The events of an arm whose hazard is h are a Poisson process of rate h in the months at risk of all its patients
together, however they enter. What a rule sees at the d-th event is d and the months at risk then, so every look has at
most two cuts in months, between which it does nothing; the d-th event comes after a cut if fewer than d events come
before it. So the law of all verdicts together is that of the numbers of events at the cuts, a chain with Poisson steps.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, gammaln

from bayes_escc.families.gamma_hazards import GammaHazards
from bayes_escc.families.normal_priors import NormalPriors
from bayes_escc.trials.answers import verdicts_of
from bayes_escc.trials.conduct import ends_of, looks_of
from bayes_escc.trials.enumerated import Enumerated
from bayes_escc.trials.hazards import FastModel, sufficient_statistics
from bayes_escc.trials.spec import LookPlan, PlannedRule, TrialSpec, Truth

__all__ = ["by_exposure", "why_not_by_exposure"]

Array = NDArray[np.float64]
_TAIL: Final = 1e-13
"""Probability of months at risk beyond which no cut is looked for."""
_HALVINGS: Final = 60


def why_not_by_exposure(spec: TrialSpec, model: FastModel | str | None) -> str:
    """Why a design on a time to event cannot be enumerated; blank if it can."""
    constant = isinstance(model, GammaHazards) or (
        isinstance(model, NormalPriors) and model.exponential and not model.cuts
    )
    adjusted = isinstance(model, NormalPriors) and bool(model.covariates)
    if len(spec.arms) > 1 or not constant or adjusted:
        return f"{spec.rules[0].name} looks at a time to event"
    if spec.pfs is None or spec.pfs.visits is not None:
        return "events are seen at visits"
    if spec.accrual.drop_out[0]:
        return "patients drop out"
    plans = [plan for planned in spec.rules for plan in planned.looks]
    if any(plan != LookPlan(events=plan.events) for plan in plans):
        return "a look waits for more than a number of events"
    if max(plan.events or 0 for plan in plans) > spec.patients[0]:
        return "a look waits for more events than patients"
    if not all(_constant(truth) for truth in spec.scenarios):
        return "a true hazard is not constant"
    return ""


def _constant(truth: Truth) -> bool:
    """Whether all patients have one hazard at all times."""
    alike = truth.responders_hazard == 1.0 or not truth.rates
    return truth.shape == 1.0 and alike and not any(c.coefficient for c in truth.covariates)


def by_exposure(spec: TrialSpec, model: FastModel | str | None) -> dict[tuple[int, str], Enumerated]:
    """Operating characteristics of a design for which `why_not_by_exposure` has nothing to say; every size alike."""
    if not isinstance(model, FastModel):
        return {}
    keys = looks_of(spec)
    hazards = np.array([math.log(2.0) / truth.median for truth in spec.scenarios])
    events = [int(spec.rules[r].looks[look].events or 0) for r, look in keys]
    ranges = [_range(d, hazards) for d in events]
    cuts = [
        _cuts(model, spec.rules[r], look, d, *ranges[k])
        for k, ((r, look), d) in enumerate(zip(keys, events, strict=True))
    ]
    acts, laws = _verdicts(cuts, events, hazards)
    ends = ends_of(spec, acts, np.broadcast_to(np.array(events, dtype=np.float64), acts.shape))
    last = np.array([len(planned.looks) - 1 for planned in spec.rules])
    early = (ends.rule >= 0) & (ends.look < last[np.maximum(ends.rule, 0)])
    found: dict[tuple[int, str], Enumerated] = {}
    for truth, law in zip(spec.scenarios, laws, strict=True):
        made = Enumerated(
            _shares(law, ends.at > 0),
            _shares(law, ends.at < 0),
            _shares(law, ends.advice > 0),
            _shares(law, ends.advice < 0),
            float(law @ (ends.decision > 0)),
            float(law @ (ends.decision < 0)),
            float(law @ early),
            None,
            None,
        )
        found |= {(most, truth.name): made for most in spec.patients}
    return found


def _shares(law: Array, acts: NDArray[np.bool_]) -> tuple[float, ...]:
    return tuple(float(v) for v in law @ acts)


def _range(events: int, hazards: Array) -> tuple[float, float]:
    """Months at risk between which that number of events comes, but for a negligible probability, in every truth."""
    low = float(gammaincinv(events, _TAIL)) / float(hazards.max())
    return low, float(gammaincinv(events, 1.0 - _TAIL)) / float(hazards.min())


def _cuts(
    model: FastModel, planned: PlannedRule, look: int, events: int, low: float, high: float
) -> tuple[int, float, float]:
    """Which way the verdict of a look goes with months at risk, and from which on it is 0 and 1 in that direction."""

    def verdict(exposure: float) -> int:
        sums = np.array([[float(events)]]), np.array([[exposure]])
        return int(verdicts_of(planned, look, sufficient_statistics(model, planned, *sums))[0])

    turned = -1 if planned.rule.better == "lower" else 1

    def first(above: int) -> float:
        """Months at risk from which the verdict in that direction is greater."""
        if turned * verdict(low) > above:
            return 0.0
        if not turned * verdict(high) > above:
            return math.inf
        a, b = math.log(low), math.log(high)
        for _ in range(_HALVINGS):
            middle = 0.5 * (a + b)
            a, b = (a, middle) if turned * verdict(math.exp(middle)) > above else (middle, b)
        return math.exp(b)

    return turned, first(-1), first(0)


def _verdicts(
    cuts: list[tuple[int, float, float]], events: list[int], hazards: Array
) -> tuple[NDArray[np.int8], Array]:
    """Every combination of verdicts that can be, (combinations, looks), and its probability, (truths, combinations)."""
    most = max(events)
    asked = sorted((cut, k, part) for k, (_, *two) in enumerate(cuts) for part, cut in enumerate(two))
    start = np.zeros((len(hazards), most + 1))
    start[:, 0] = 1.0
    # by what is known so far, (look, part): whether its events come before the cut
    laws: dict[tuple[tuple[int, int, bool], ...], Array] = {(): start}
    before = 0.0
    for cut, k, part in asked:
        if math.isfinite(cut) and cut > before:
            step = _poisson_steps(hazards * (cut - before), most)
            laws = {known: np.einsum("tn,tnm->tm", law, step) for known, law in laws.items()}
            before = cut
        split: dict[tuple[tuple[int, int, bool], ...], Array] = {}
        for known, law in laws.items():
            come = np.arange(most + 1) >= events[k] if math.isfinite(cut) else np.ones(most + 1, dtype=bool)
            for before_cut, where in ((True, come), (False, ~come)):
                part_law = np.where(where, law, 0.0)
                if part_law.any():
                    split[(*known, (k, part, before_cut))] = part_law
        laws = split
    acts = np.empty((len(laws), len(cuts)), dtype=np.int8)
    for row, known in enumerate(laws):
        before_of = {(k, part): came for k, part, came in known}
        for k, (turned, _, _) in enumerate(cuts):
            acts[row, k] = turned * (1 - int(before_of[k, 0]) - int(before_of[k, 1]))
    return acts, np.stack([law.sum(axis=1) for law in laws.values()], axis=1)


def _poisson_steps(means: Array, most: int) -> Array:
    """P(number of events after | before), (truths, before, after); the last number stands for all beyond."""
    k = np.arange(most + 1)
    with np.errstate(divide="ignore"):
        law = np.exp(k * np.log(means)[:, None] - means[:, None] - gammaln(k + 1.0))
    steps = np.zeros((len(means), most + 1, most + 1))
    for n in k:
        steps[:, n, n:] = law[:, : most + 1 - n]
        steps[:, n, most] = 1.0 - steps[:, n, n:most].sum(axis=1)
    return np.maximum(steps, 0.0)
