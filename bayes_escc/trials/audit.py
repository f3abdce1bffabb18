"""Auditing the fast engine: simulated trials answered again by the package's own fit."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.trials.conduct import look_times, looks_of, state_at, statistic_at
from bayes_escc.trials.generate import generate
from bayes_escc.trials.hazards import FastModel
from bayes_escc.trials.slow import fitted_probability, frame_of
from bayes_escc.trials.spec import PlannedRule, TrialSpec, Truth
from bayes_escc.trials.summary import Audit

__all__ = ["audit_design"]

_NEAR: Final = 0.005
_SEARCHED: Final = 500


def audit_design(spec: TrialSpec, analysis: Analysis, model: FastModel) -> Audit:
    """Answer a share of the trials, and some that are near a threshold, by the package's own fit.

    The share is spread over truths, rules and looks; of those near a threshold the nearest are taken.
    """
    stated = spec.simulation
    count = max(1, min(stated.audit_most, round(stated.audit * stated.trials)))
    most = count if stated.audit_near is None else stated.audit_near
    looks = [(r, look) for r, look in looks_of(spec) if spec.rules[r].of_pfs]
    places = [(truth, r, look) for truth in spec.truths for r, look in looks]
    chosen = [(*places[i % len(places)], i // len(places)) for i in range(count)]
    near = sorted(
        ((gap, place, trial) for place in places for gap, trial in _near(spec, model, *place)),
        key=lambda found: found[0],
    )
    chosen += [(*place, trial) for _, place, trial in near[:most]]
    gaps, errors, changed = [], [], 0
    for truth, r, look, trial in chosen:
        planned = spec.rules[r]
        patients = generate(spec, truth, spec.patients[-1], trial, 1)
        state = state_at(spec, patients, look_times(spec, patients, planned, planned.looks[look]))
        fast = float(statistic_at(spec, model, analysis, planned, patients, state)[0][0])
        value, error = fitted_probability(analysis, frame_of(spec, analysis, patients, state, 0), planned)
        gaps.append(abs(value - fast))
        errors.append(max(error, 1e-4))
        changed += any((value > h) != (fast > h) and abs(value - h) > 4 * error for h in _limits(planned, look))
    in_errors = float(np.max(np.array(gaps) / np.array(errors)))
    searched = min(_SEARCHED, stated.trials) * len(places)
    return Audit(len(chosen), float(np.max(gaps)), in_errors, changed, len(chosen) - count, len(near), searched)


def _limits(planned: PlannedRule, look: int) -> list[float]:
    return [h for h in (planned.go_above[look], planned.stop_below[look]) if h is not None]


def _near(spec: TrialSpec, model: FastModel, truth: Truth, r: int, look: int) -> list[tuple[float, int]]:
    """Trials whose answer is close to a threshold, with how close."""
    planned = spec.rules[r]
    trials = min(_SEARCHED, spec.simulation.trials)
    patients = generate(spec, truth, spec.patients[-1], 0, trials)
    state = state_at(spec, patients, look_times(spec, patients, planned, planned.looks[look]))
    values: NDArray[np.float64] = statistic_at(spec, model, None, planned, patients, state)[0]
    gaps = np.min([np.abs(values - h) for h in _limits(planned, look)], axis=0)
    return [(float(gaps[t]), int(t)) for t in np.flatnonzero(gaps <= _NEAR)]
