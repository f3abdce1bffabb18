"""The package's own fit of a simulated trial: for models the fast engine does not answer, and to audit it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.patient_settings import PatientSettings
from bayes_escc.names import Plain
from bayes_escc.trials.generate import Patients
from bayes_escc.trials.spec import PlannedRule, TrialSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fitted_probability", "fitted_statistics", "frame_of"]


def frame_of(spec: TrialSpec, analysis: Analysis, patients: Patients, state: Any, trial: int) -> pd.DataFrame:
    """A simulated trial as the table the analysis reads, in its unit of time."""
    import pandas as pd

    here = state.entered[trial]
    data = analysis.data.settings
    if not isinstance(data, PatientSettings):
        raise AnalysisError("a design simulates patients; its analysis must be one of patients (data.kind)")
    columns: Plain = {
        data.id: [f"P{i + 1:04d}" for i in np.flatnonzero(here)],
        data.regimen or "regimen": np.array(spec.arms)[patients.arm[trial][here]],
    }
    if spec.pfs is not None:
        unit = analysis.data.time_unit or "months"
        columns[data.time or "time"] = state.time[trial][here] * (DAYS_IN["months"] / DAYS_IN[unit])
        columns[data.event or "event"] = state.seen[trial][here].astype(int)
    for name, values in patients.covariates.items():
        columns[name] = values[trial][here]
    return pd.DataFrame(columns)


def fitted_probability(analysis: Analysis, table: pd.DataFrame, planned: PlannedRule) -> tuple[float, float]:
    """The statistic of a rule on one trial by the package's own fit, and its Monte Carlo error."""
    from bayes_escc.answers.study_state import FittedPosterior
    from bayes_escc.runs.run import fit_prepared, prepare_design

    read = analysis.data.read(table)
    rule = planned.rule
    if not rule.asks_posterior:
        raise AnalysisError(f"{planned.name}: a rule of kind {rule.kind} is not answered by a fit")
    spec = analysis.spec
    if rule.estimand == "hazard_ratio":
        # of constant hazards that are stratified it is the same at any time
        changes: Plain = {"scale": "ratio", "time": (rule.time or 1.0) if spec.ratio_by_time else None}
        rule = replace(rule, **changes)
    if rule.time is not None:
        spec = spec.reported_at(rule.estimand, rule.time)
    asked = replace(analysis, spec=spec, rules=(), comparisons=(), thresholds=(), predictions=())
    posterior = fit_prepared(asked, prepare_design(asked, read), read)
    return replace(rule, endpoint=None).now(FittedPosterior.of(posterior))


def fitted_statistics(
    spec: TrialSpec, analysis: Analysis, planned: PlannedRule, patients: Patients, state: Any, trials: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The statistic of some trials by the package's own fit."""
    found = [
        fitted_probability(analysis, frame_of(spec, analysis, patients, state, int(t)), planned)[0] for t in trials
    ]
    return np.array(found)
