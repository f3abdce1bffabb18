"""The package's own fit of a simulated trial: for models the fast engine does not answer, and to audit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.patient_reading import PatientSettings
from bayes_escc.trials.generate import Patients
from bayes_escc.trials.spec import PlannedRule, TrialSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fitted_probability", "fitted_statistics", "frame_of"]


def frame_of(spec: TrialSpec, analysis: Analysis, patients: Patients, state: Any, trial: int) -> pd.DataFrame:
    """A simulated trial as the table the analysis reads."""
    import pandas as pd

    here = state.entered[trial]
    data = analysis.data.settings
    if not isinstance(data, PatientSettings):
        raise AnalysisError("a design simulates patients; its analysis must be one of patients (data.kind)")
    columns: dict[str, Any] = {
        data.id: [f"P{i + 1:04d}" for i in np.flatnonzero(here)],
        data.regimen: np.array(spec.arms)[patients.arm[trial][here]],
    }
    if spec.pfs is not None:
        columns[data.time or "time"] = state.time[trial][here]
        columns[data.event or "event"] = state.seen[trial][here].astype(int)
    for name, values in patients.covariates.items():
        columns[name] = values[trial][here]
    return pd.DataFrame(columns)


def fitted_probability(
    analysis: Analysis, table: pd.DataFrame, planned: PlannedRule, spec: TrialSpec
) -> tuple[float, float]:
    """P(better) of one trial by the package's own fit, and its Monte Carlo error."""
    from bayes_escc.runs.run import fit_prepared, prepare_design

    read = analysis.data.read(table)
    posterior = fit_prepared(analysis, prepare_design(analysis, read), read)
    estimand = getattr(planned.rule, "estimand", "hazard_ratio")
    named = "median" if estimand == "hazard_ratio" and planned.rule.margin is None else estimand  # type: ignore[attr-defined]
    rows = posterior.compare(
        named,
        reference=spec.arms[planned.reference],
        margin=getattr(planned.rule, "margin", None),
        scale="ratio" if named == "hazard_ratio" else "difference",
    ).table
    row = rows[rows["regimen"] == spec.arms[planned.arm]].iloc[0]
    by_margin = getattr(planned.rule, "margin", None) is not None
    key = "probability_better_by_margin" if by_margin else "probability_better"
    error = "mcse_probability_by_margin" if by_margin else "mcse_probability"
    return float(row[key]), float(row[error])


def fitted_statistics(
    spec: TrialSpec, analysis: Analysis, planned: PlannedRule, patients: Patients, state: Any, trials: NDArray[np.int64]
) -> NDArray[np.float64]:
    """P(better) of some trials by the package's own fit."""
    found = [
        fitted_probability(analysis, frame_of(spec, analysis, patients, state, int(t)), planned, spec)[0]
        for t in trials
    ]
    return np.array(found)
