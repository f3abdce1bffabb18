"""What the page and the figures of a design show beside its operating characteristics, as plain data.

The design as stated, its boundaries, when patients come and looks fall, and ten trials with what its first rule saw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bayes_escc.analysis import Analysis
from bayes_escc.names import Plain
from bayes_escc.rules import boundaries
from bayes_escc.rules.boundaries import BoundaryRow, in_words
from bayes_escc.trials.answers import rate_statistics, rule_at
from bayes_escc.trials.conduct import counts_at, look_times, state_at, statistic_at
from bayes_escc.trials.exact import why_not_exact
from bayes_escc.trials.generate import Patients, generate
from bayes_escc.trials.hazards import FastModel, engine_of
from bayes_escc.trials.priors_apart import priors_apart
from bayes_escc.trials.spec import THRESHOLDS, LookPlan, PlannedRule, TrialSpec, Truth

__all__ = ["design_facts", "look_dates"]

Array = NDArray[np.float64]
_TRIALS: Final = 400
_REPLAYED: Final = 10
_BAND: Final = (0.05, 0.5, 0.95)


def design_facts(spec: TrialSpec, model: FastModel | str | None, *, analysis: Analysis | None, sha256: str) -> Plain:
    """The design as stated, its boundaries, its accrual and a few of its trials.

    Parameters
    ----------
    spec : TrialSpec
    model : FastModel, str or None
        As `Design.model`.
    analysis : Analysis or None
        Of which the name and the priors are shown.
    sha256 : str
        Digest of the design.

    Returns
    -------
    dict
        ``stated``, ``boundaries``, ``accrual``, ``replays``.
    """
    return {
        "stated": {
            **_stated(spec, model),
            "analysis": None if analysis is None else analysis.id,
            "priors": priors_apart(spec, analysis),
            "sha256": sha256,
        },
        "boundaries": [row for planned in spec.rules for row in _boundaries(spec, planned)],
        "accrual": _accrual(spec),
        "replays": _replays(spec, model),
    }


def look_dates(spec: TrialSpec, truth: Truth, planned: PlannedRule, plan: LookPlan) -> tuple[float, float, float]:
    """The 5th, 50th and 95th percentile of the month of a look, from a few hundred trials."""
    patients = generate(spec, truth, spec.patients[-1], 0, _TRIALS)
    low, middle, high = np.quantile(look_times(spec, patients, planned, plan), _BAND)
    return float(low), float(middle), float(high)


def _stated(spec: TrialSpec, model: FastModel | str | None) -> Plain:
    prior = spec.design_prior
    return {
        "arms": list(spec.arms),
        "allocation": list(spec.allocation),
        "block": spec.block,
        "patients": list(spec.patients),
        "rate": [list(step) for step in spec.accrual.rate],
        "pattern": spec.accrual.pattern,
        "drop_out": list(spec.accrual.drop_out),
        "binary": dict(spec.binary),
        "time_to_event": None if spec.pfs is None else {"name": spec.pfs.name, "visits": spec.pfs.visits},
        "truths": [_truth(spec, truth) for truth in spec.truths],
        "rules": [
            {
                "name": p.name,
                "sentence": p.rule.sentence,
                "statistic": p.rule.statistic,
                "rule": p.rule.to_dict(),
                "binding": p.binding,
                "rationale": p.rule.rationale,
                "looks": [vars(plan) for plan in p.looks],
                "thresholds": [_thresholds(p, i) for i in range(len(p.looks))],
            }
            for p in spec.rules
        ],
        "design_prior": None
        if prior is None
        else {
            "log_hazard_ratio": prior.log_hazard_ratio,
            "rates": {name: [list(law) for law in laws] for name, laws in prior.rates.items()},
            "estimand": prior.estimand,
            "below": prior.below,
            "above": prior.above,
        },
        "engine": engine_of(model),
        "not_exact": why_not_exact(spec, model),
    }


def _truth(spec: TrialSpec, truth: Truth) -> Plain:
    found: Plain = {
        "name": truth.name,
        "should_go": truth.should_go,
        "rates": {name: list(rates) for name, rates in truth.rates.items()},
    }
    if spec.pfs is not None:
        ratios = [[list(step) for step in steps] for steps in truth.hazard_ratio]
        found |= {"median": truth.median, "shape": truth.shape, "hazard_ratio": ratios}
    return found


def _thresholds(planned: PlannedRule, look: int) -> dict[str, float]:
    stated = {key: getattr(planned, key)[look] for key in THRESHOLDS}
    return {key: value for key, value in stated.items() if value is not None}


# ---- boundaries ---------------------------------------------------------------------------------


def _boundaries(spec: TrialSpec, planned: PlannedRule) -> list[Plain]:
    """What goes and stops at each look of a rule, in what a person at the bedside counts."""
    patients = generate(spec, spec.truths[0], spec.patients[-1], 0, _TRIALS)
    rows: list[Plain] = []
    for i, plan in enumerate(planned.looks):
        row: Plain = {
            "rule": planned.name,
            "look": i + 1,
            "when": vars(plan),
            "thresholds": _thresholds(planned, i),
            "patients": None,
            "varies": False,
            "counted": None,
            "reference_events": None,
            "stop": None,
            "go": None,
            "hazard_ratio": None,
        }
        if planned.of_pfs:
            rows.append({**row, "hazard_ratio": _observed_ratios(spec, planned, i)})
            continue
        counts = counts_at(spec, patients, planned, plan, look_times(spec, patients, planned, plan))
        n = tuple(int(v) for v in np.median(counts.n, axis=0).round())
        row |= {"patients": list(n), "varies": bool((counts.n != n).any())}
        if 0 in n or planned.rule.not_exact or planned.adaptive:
            rows.append(row)
            continue
        for bound in _shown_rows(spec, planned, i, n):
            said = {"stop": in_words(bound.stop, n[0]), "go": in_words(bound.go, n[0])}
            rows.append({**row, "counted": bound.counted, "reference_events": bound.reference_events, **said})
    return rows


def _shown_rows(spec: TrialSpec, planned: PlannedRule, look: int, n: tuple[int, ...]) -> list[BoundaryRow]:
    """Boundaries at one look; of two arms, where the reference has a number of events it may well have."""
    rule = rule_at(planned, look, n, ended=False)
    table = boundaries(rule, [n if len(n) > 1 else n[0]]).rows
    if len(n) == 1:
        return list(table)
    rate = spec.truths[0].rates[planned.endpoint][planned.reference]
    spread = 1.28 * math.sqrt(n[1] * rate * (1.0 - rate))
    likely = {min(max(round(n[1] * rate + step * spread), 0), n[1]) for step in (-1, 0, 1)}
    return [row for row in table if row.reference_events in likely]


def _observed_ratios(spec: TrialSpec, planned: PlannedRule, look: int) -> dict[str, float] | None:
    """About which observed hazard ratio meets each threshold, without a prior, events being spread as patients are."""
    rule, events = planned.rule, planned.looks[look].events
    if rule.estimand != "hazard_ratio" or events is None:
        return None
    shares = np.array([spec.allocation[planned.arm], spec.allocation[planned.reference]], dtype=np.float64)
    within = events * shares / sum(spec.allocation)
    error = math.sqrt(float((1.0 / within).sum()))
    centre = 0.0 if rule.margin is None else math.log(rule.margin) if rule.margin > 0 else 0.0
    sign = -1.0 if rule.better == "lower" else 1.0
    return {key: math.exp(centre + sign * float(ndtri(v)) * error) for key, v in _thresholds(planned, look).items()}


# ---- patients and trials ------------------------------------------------------------------------


def _accrual(spec: TrialSpec) -> Plain:
    """How many have entered by month, and when looks fall, with what varies from trial to trial."""
    patients = generate(spec, spec.truths[0], spec.patients[-1], 0, _TRIALS)
    months = np.linspace(0.0, float(np.quantile(patients.entry[:, -1], 0.99)), 60)
    entered = np.stack([(patients.entry <= month).sum(axis=1) for month in months], axis=1)
    low, middle, high = np.quantile(entered, _BAND, axis=0)
    looks = []
    for planned in spec.rules:
        for i, plan in enumerate(planned.looks):
            for truth in spec.truths:
                first, usual, last = look_dates(spec, truth, planned, plan)
                names = {"rule": planned.name, "look": i + 1, "truth": truth.name}
                looks.append({**names, "lower": first, "median": usual, "upper": last})
    shown = {"months": months, "lower": low, "median": middle, "upper": high}
    return {**{key: [float(v) for v in values] for key, values in shown.items()}, "looks": looks}


def _replays(spec: TrialSpec, model: FastModel | str | None) -> Plain | None:
    """What the first rule saw in ten trials of each truth; None where every answer needs a fit."""
    planned = next((p for p in spec.rules if p.binding), spec.rules[0])
    if planned.of_pfs and not isinstance(model, FastModel):
        return None
    if not planned.rule.is_probability:
        return None
    paths = []
    for truth in spec.truths:
        patients = generate(spec, truth, spec.patients[-1], 0, _REPLAYED)
        values, months = zip(
            *(_seen(spec, model, planned, i, patients) for i in range(len(planned.looks))), strict=True
        )
        paths.append({"truth": truth.name, "statistic": _columns(values), "months": _columns(months)})
    limits = [_limits(planned, i) for i in range(len(planned.looks))]
    return {"rule": planned.name, "statistic": planned.rule.statistic, "thresholds": limits, "paths": paths}


def _limits(planned: PlannedRule, look: int) -> dict[str, float]:
    """What the statistic is held against; of BOP2 at the planned number of patients."""
    stated = _thresholds(planned, look)
    if stated or planned.of_pfs:
        return stated
    plan = planned.looks[look]
    count = plan.evaluable if plan.own is None else plan.own[0]
    return {} if count is None else dict(planned.rule.thresholds((count,)))


def _seen(
    spec: TrialSpec, model: FastModel | str | None, planned: PlannedRule, look: int, patients: Patients
) -> tuple[Array, Array]:
    plan = planned.looks[look]
    times = look_times(spec, patients, planned, plan)
    if planned.of_pfs:
        state = state_at(spec, patients, times)
        return statistic_at(spec, model, None, planned, patients, state)[0], times
    counts = counts_at(spec, patients, planned, plan, times)
    return rate_statistics(planned, look, counts.n, counts.x, counts.ended), times


def _columns(values: Sequence[Any]) -> list[list[float | None]]:
    """One list per trial, of its looks; None where there is no value."""
    return [[float(v) if math.isfinite(v) else None for v in trial] for trial in np.stack(values, axis=1)]
