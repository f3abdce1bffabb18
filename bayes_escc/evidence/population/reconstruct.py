"""Patients read back from a published Kaplan-Meier figure: times and events whose curve is the one printed.

Between two numbers at risk, n patients become n'. What was lost is events and censorings, D + C = n - n' exactly. For
every C the curve is walked: an event is placed each time it falls below halfway to the next step, S (1 - 1/(2n)), and
the C whose events add up is taken. A flat stretch of curve has no event, whatever the table says. After the last number
at risk the printed total of events decides. Nothing is rounded, nothing is repaired in silence.

References
----------
Guyot P, Ades AE, Ouwens MJNM, Welton NJ. BMC Med Res Methodol 2012;12:9.
Liu N, Zhou Y, Lee JJ. BMC Med Res Methodol 2021;21:111.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError
from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.evidence.population.curve_points import CurvePoints, RiskTable, clean_points, read_at_risk, read_curve
from bayes_escc.evidence.population.curve_walk import with_table, without_table
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.names import NotebookView, Plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reconstruction", "reconstruct", "reconstruct_points"]

Array = NDArray[np.float64]
VERSIONS: Final = 20
_ENOUGH: Final = 0.15
"""Where versions differ by less than this share of the sampling error, one of them is enough."""


@dataclass(frozen=True, repr=False)
class Reconstruction(NotebookView):
    """Patients whose Kaplan-Meier curve and numbers at risk are those printed.

    Parameters
    ----------
    time : array of shape (patients,)
    event : array of shape (patients,)
        Whether the patient had the event.
    curve : CurvePoints
        The curve they were read from.
    risk : RiskTable or None
    printed_events : int or None
    printed_median : float or None
    versions : tuple of (array, array)
        Further times and events that fit the figure as well.
    notes : tuple of str
    """

    time: Array
    event: NDArray[np.bool_]
    curve: CurvePoints
    risk: RiskTable | None
    printed_events: int | None = None
    printed_median: float | None = None
    versions: tuple[tuple[Array, NDArray[np.bool_]], ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def patients(self) -> int:
        """Number of patients."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Number of events."""
        return int(self.event.sum())

    def errors(self) -> tuple[float, float]:
        """Largest and root mean square difference from the curve, at its points."""
        gap = np.abs(kaplan_meier(self.time, self.event)(self.curve.time) - self.curve.survival)
        return float(gap.max()), float(np.sqrt((gap**2).mean()))

    def spread_of_log_rate(self) -> float:
        """Standard deviation of log(events / time) over the versions, in units of its sampling error."""
        if len(self.versions) < 2:
            return math.nan
        logs = [math.log(max(float(e.sum()), 0.5) / float(t.sum())) for t, e in self.versions]
        return float(np.std(logs, ddof=1)) * math.sqrt(float(max(self.events, 1)))

    def report(self) -> Plain:
        """What was reproduced, as plain data."""
        largest, typical = self.errors()
        median = kaplan_meier(self.time, self.event).median
        reproduced = None if self.risk is None else at_risk(self.risk.time, self.time).tolist()
        spread = self.spread_of_log_rate()
        return {
            "patients": self.patients,
            "events": self.events,
            "printed_events": self.printed_events,
            "largest_error": largest,
            "root_mean_square_error": typical,
            "precision": self.curve.precision,
            "largest_correction": self.curve.correction,
            "at_risk_time": None if self.risk is None else self.risk.time.tolist(),
            "at_risk_printed": None if self.risk is None else self.risk.n.tolist(),
            "at_risk": reproduced,
            "median": median,
            "printed_median": self.printed_median,
            "versions": len(self.versions),
            "spread_in_sampling_errors": None if math.isnan(spread) else spread,
            "notes": [*self.curve.notes, *self.notes],
        }

    def table(self, *, study: str = "", regimen: str = "") -> pd.DataFrame:
        """One row per patient: patient_id, study, regimen, time, event."""
        import pandas as pd

        name = study or regimen or "arm"
        return pd.DataFrame(
            {
                "patient_id": [f"reconstructed {name} {i + 1}" for i in range(self.patients)],
                "study": study,
                "regimen": regimen,
                "time": self.time,
                "event": self.event.astype(int),
            }
        )

    def __repr__(self) -> str:
        largest, _ = self.errors()
        return f"Reconstruction({self.patients} patients, {self.events} events; largest error {largest:.3g})"


def reconstruct(
    curves: str | Path | pd.DataFrame,
    *,
    at_risk: str | Path | pd.DataFrame | None = None,
    arm: str | None = None,
    n: int | None = None,
    events: int | None = None,
    median: float | None = None,
    censored: Sequence[float] | None = None,
    scale: str | None = None,
    precision: float | None = None,
    versions: int = VERSIONS,
    seed: int = 1,
) -> Reconstruction:
    """Read patients back from a published survival curve.

    Parameters
    ----------
    curves : path or DataFrame
        Points of the curve: columns time and survival, and regimen (or arm) where there are several curves.
    at_risk : path or DataFrame, optional
        Numbers at risk: columns time and n, and the same arm column.
    arm : str, optional
        Whose curve.
    n : int, optional
        Number of patients, where there is no risk table.
    events : int, optional
        Printed total of events.
    median : float, optional
        Printed median, to compare with.
    censored : sequence of float, optional
        Times of the censoring ticks.
    scale : {"percent", "proportion"}, optional
    precision : float, optional
        How exactly survival was read; by default its last digit.
    versions : int
        How many versions that fit as well are made, for the uncertainty of the reading.
    seed : int

    Returns
    -------
    Reconstruction

    Raises
    ------
    DataError
        If curve and numbers at risk contradict each other, or if there is neither a risk table nor n and events:
        a curve alone does not say how many patients it rests on.
    """
    points = read_curve(curves, arm=arm, scale=scale, precision=precision)
    risk = None if at_risk is None else read_at_risk(at_risk, arm=arm)
    return reconstruct_points(
        points, risk, n=n, events=events, median=median, censored=censored, versions=versions, seed=seed
    )


def reconstruct_points(
    points: CurvePoints,
    risk: RiskTable | None,
    *,
    n: int | None = None,
    events: int | None = None,
    median: float | None = None,
    censored: Sequence[float] | None = None,
    versions: int = VERSIONS,
    seed: int = 1,
) -> Reconstruction:
    """As `reconstruct`, from points and numbers at risk already checked."""
    ticks = None if censored is None else np.sort(np.asarray(censored, dtype=float))
    _check(risk, n, events, ticks)
    if risk is None:
        time, event, notes = without_table(points, int(n or 0), int(events or 0))
    else:
        time, event, notes = with_table(points, risk, events, ticks, None)
    rng = np.random.default_rng(seed)
    others = [_version(points, risk, n, events, ticks, rng) for _ in range(versions)]
    found = Reconstruction(
        time, event, points, risk, events, median, tuple(v for v in others if v is not None), tuple(notes)
    )
    return replace(found, notes=(*found.notes, *_comparisons(found)))


def _check(risk: RiskTable | None, n: int | None, events: int | None, ticks: Array | None) -> None:
    problems = []
    if risk is None and (n is None or events is None):
        problems.append(
            Problem(
                "no_numbers",
                "a curve alone does not say how many patients it rests on, or how many were censored",
                "Give the numbers at risk; or the number of patients and the total of events; or use the printed "
                "median and survival at fixed times as data instead.",
            )
        )
    total = n if risk is None else int(risk.n[0])
    if risk is not None and n is not None and n != total:
        problems.append(Problem("n", f"n is {n}, but {total} are at risk at time 0", "Correct one of them."))
    if events is not None and total is not None and not 0 <= events <= total:
        problems.append(Problem("events", f"{events} events among {total} patients", "Correct one of them."))
    if ticks is not None and total is not None and len(ticks) > total:
        problems.append(Problem("ticks", f"{len(ticks)} censored among {total} patients", "Read the ticks again."))
    refuse_if_any("the curve", problems)


def _version(
    points: CurvePoints,
    risk: RiskTable | None,
    n: int | None,
    events: int | None,
    ticks: Array | None,
    rng: np.random.Generator,
) -> tuple[Array, NDArray[np.bool_]] | None:
    """Another set of patients that fits: points moved within their precision, censorings anywhere in their interval."""
    noise = rng.uniform(-0.5, 0.5, len(points.survival)) * points.precision
    noise[0] = 0.0
    moved = clean_points(points.time, np.clip(points.survival + noise, 0.0, 1.0), scale="proportion")
    # a stretch that was flat stays flat
    flat = np.append(False, np.diff(points.survival) == 0.0)
    survival = moved.survival.copy()
    for i in np.flatnonzero(flat):
        survival[i] = survival[i - 1]
    moved = replace(points, survival=np.minimum.accumulate(survival))
    try:
        if risk is None:
            time, event, _ = without_table(moved, int(n or 0), int(events or 0))
        else:
            time, event, _ = with_table(moved, risk, events, ticks, rng)
    except DataError:
        return None
    return time, event


def _comparisons(found: Reconstruction) -> list[str]:
    """What differs from what was printed, in words."""
    notes = []
    if found.printed_events is not None and found.printed_events != found.events:
        notes.append(f"{found.events} events were read from the curve, {found.printed_events} are printed.")
    median = kaplan_meier(found.time, found.event).median
    stated = found.printed_median
    if stated is not None and (median is None or abs(median - stated) > 0.05 * stated):
        shown = "not reached" if median is None else f"{median:.3g}"
        notes.append(f"The median read is {shown}, {stated:g} is printed.")
    spread = found.spread_of_log_rate()
    if not math.isnan(spread):
        enough = "one version is enough" if spread < _ENOUGH else "fit several versions and stack their draws"
        notes.append(f"Versions that fit as well differ by {spread:.2f} sampling errors of the event rate: {enough}.")
    return notes
