"""Synthetic patients with a known truth: for trying the models out, never evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ASSUMED_LOG_HAZARD_RATIOS", "simulate_cohort", "simulate_course"]

_REGIMENS: Final = ("toripalimab + chemotherapy", "toripalimab + anlotinib")
_PATIENTS: Final = (29, 35)
_MEDIANS: Final = (4.5, 4.2)
"""Published median PFS of the two second-line cohorts, in months."""

ASSUMED_LOG_HAZARD_RATIOS: Final[Mapping[str, float]] = {
    "liver_metastasis": 0.6,
    "ecog": 0.4,
    "log_nlr": 0.3,
    "log_cd4_cd8": -0.2,
}
"""Assumed log hazard ratios; the cohorts' reports print p values only."""


def simulate_cohort(
    *,
    regimens: Sequence[str] = _REGIMENS,
    patients: Sequence[int] = _PATIENTS,
    medians: Sequence[float] = _MEDIANS,
    shape: float = 1.3,
    log_hazard_ratios: Mapping[str, float] = ASSUMED_LOG_HAZARD_RATIOS,
    follow_up: tuple[float, float] = (3.0, 21.0),
    scan_every: float | None = None,
    seed: int = 20211101,
) -> pd.DataFrame:
    """Make synthetic patients from a Weibull proportional-hazards model.

    Parameters
    ----------
    regimens, patients, medians : sequence
        Name, number of patients and median PFS in months of every arm; by default those of the
        two second-line toripalimab cohorts. The hazard is set so that the expected survival
        curve of the arm's own patients passes one half at the median.
    shape : float
        Weibull shape.
    log_hazard_ratios : mapping
        Effects of ``liver_metastasis``, ``ecog`` (1 against 0), ``log_nlr`` and ``log_cd4_cd8``.
    follow_up : (float, float)
        Potential follow-up in months is uniform between these.
    scan_every : float, optional
        Months between scans; adds ``last_free`` and ``first_progression`` as scans would see it.
    seed : int

    Returns
    -------
    DataFrame
        Columns patient_id, regimen, study, time, event, liver_metastasis, ecog, nlr, cd4_cd8.
        Identifiers and study begin with "synthetic", so that no one takes them for patients.

    Notes
    -----
    The covariate mix (40 % liver metastases, 60 % ECOG 1, NLR around 3, CD4/CD8 around 1.4), the
    shape and the effects are assumptions, not findings.
    """
    import pandas as pd

    if not len(regimens) == len(patients) == len(medians):
        raise AnalysisError("regimens, patients and medians need one entry per arm.")
    if min(patients) < 1 or min(medians) <= 0 or shape <= 0 or not 0 < follow_up[0] < follow_up[1]:
        raise AnalysisError("patients, medians, shape and follow_up must be positive, follow_up ascending.")
    rng = np.random.default_rng(seed)
    parts: list[pd.DataFrame] = []
    for regimen, n, median in zip(regimens, patients, medians, strict=True):
        covariates = {
            "liver_metastasis": (rng.random(n) < 0.4).astype(int),
            "ecog": (rng.random(n) < 0.6).astype(int),
            "log_nlr": rng.normal(np.log(3.0), 0.5, n),
            "log_cd4_cd8": rng.normal(np.log(1.4), 0.4, n),
        }
        risk = np.exp(np.sum([log_hazard_ratios.get(k, 0.0) * v for k, v in covariates.items()], axis=0))
        scale = _scale_with_median(risk, median, shape)
        event_time = (rng.exponential(size=n) / (scale * risk)) ** (1.0 / shape)
        stop = rng.uniform(*follow_up, n)
        part = {
            "patient_id": [f"synthetic-{len(parts) + 1}-{i + 1:03d}" for i in range(n)],
            "regimen": regimen,
            "study": f"synthetic cohort {len(parts) + 1}",
            "time": np.round(np.maximum(np.minimum(event_time, stop), 0.01), 2),
            "event": (event_time <= stop).astype(int),
            "liver_metastasis": covariates["liver_metastasis"],
            "ecog": covariates["ecog"],
            "nlr": np.round(np.exp(covariates["log_nlr"]), 2),
            "cd4_cd8": np.round(np.exp(covariates["log_cd4_cd8"]), 2),
        }
        if scan_every is not None:
            seen = np.ceil(event_time / scan_every) * scan_every
            found = seen <= stop
            part["last_free"] = np.where(found, seen, stop // scan_every * scan_every + scan_every) - scan_every
            part["first_progression"] = np.where(found, seen, np.inf)
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def simulate_course(
    *,
    regimens: Sequence[str] = _REGIMENS,
    patients: Sequence[int] = _PATIENTS,
    medians: Sequence[float] = _MEDIANS,
    later: Sequence[float] = (7.0, 7.0),
    died_first: float = 0.12,
    follow_up: tuple[float, float] = (3.0, 21.0),
    seed: int = 20211101,
) -> pd.DataFrame:
    """Make synthetic patients with both endpoints, under constant hazards of progression and death.

    Parameters
    ----------
    regimens, patients, medians : sequence
        Name, number of patients and median PFS in months of every arm, as of `simulate_cohort`.
    later : sequence of float
        Median survival after progression in months.
    died_first : float
        Share of the events of progression-free survival that are deaths.
    follow_up : (float, float)
        Potential follow-up in months is uniform between these.
    seed : int

    Returns
    -------
    DataFrame
        Columns patient_id, regimen, study, time and event (PFS), overall and overall_event (OS), in months.

    Notes
    -----
    Survival after progression and the share of deaths without it are assumptions, not findings.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    parts: list[pd.DataFrame] = []
    for regimen, n, median, after in zip(regimens, patients, medians, later, strict=True):
        first = rng.exponential(median / np.log(2.0), n)
        progressed = rng.random(n) >= died_first
        death = first + np.where(progressed, rng.exponential(after / np.log(2.0), n), 0.0)
        stop = rng.uniform(*follow_up, n)
        time, overall = (np.round(np.maximum(np.minimum(t, stop), 0.01), 2) for t in (first, death))
        event, died = (first <= stop).astype(int), (death <= stop).astype(int)
        soon = progressed & (event == 1) & (overall <= time)  # rounding must not turn a progression into a death
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"synthetic-{len(parts) + 1}-{i + 1:03d}" for i in range(n)],
                    "regimen": regimen,
                    "study": f"synthetic cohort {len(parts) + 1}",
                    "time": time,
                    "event": event,
                    "overall": np.where(soon, np.round(time + 0.01, 2), overall),
                    "overall_event": died,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _scale_with_median(risk: np.ndarray, median: float, shape: float) -> float:
    """Scale at which the mean of exp(-scale risk median^shape) over patients is one half."""
    low, high = -50.0, 50.0
    for _ in range(200):
        middle = (low + high) / 2.0
        mean = np.exp(-np.exp(middle) * risk * median**shape).mean()
        low, high = (middle, high) if mean > 0.5 else (low, middle)
    return float(np.exp(low))
