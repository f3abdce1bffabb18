"""From a table of scans to the interval in which every patient progressed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DEATH_RULES", "DeathRule", "interval_of", "scan_intervals"]

DeathRule = Literal["interval", "exact", "censor"]
DEATH_RULES = ("interval", "exact", "censor")


def scan_intervals(
    scans: str | Path | pd.DataFrame,
    *,
    schedule: float,
    deaths: str | Path | pd.DataFrame | None = None,
    death_after_missed: DeathRule = "interval",
    missed: int = 1,
) -> pd.DataFrame:
    """Interval (last scan without progression, first scan with it] of every patient.

    Parameters
    ----------
    scans : path or DataFrame
        One row per scan: patient_id, time since start of treatment, progression (0 or 1).
    schedule : float
        Planned time between scans, in the unit of the times.
    deaths : path or DataFrame, optional
        One row per patient who died: patient_id, time.
    death_after_missed : {"interval", "exact", "censor"}
        A death without progression is an event at a known time, unless more than `missed` planned
        scans were missed before it. Then progression may have come first: ``"interval"`` puts
        the event anywhere between the last scan and death; ``"exact"`` keeps the death as the
        event; ``"censor"`` ends follow-up at the last scan.
    missed : int
        Planned scans that may be missed before that rule applies.

    Returns
    -------
    DataFrame
        Columns patient_id, last_free, first_progression (equal for an event at a known time, inf for
        none; ready for `read_patients`), and rule: how the interval came about.

    Raises
    ------
    DataError
        If a row cannot be used, a scan follows death, or a patient has neither scan nor death.
    """
    import pandas as pd

    if not schedule > 0 or missed < 0:
        raise AnalysisError(f"schedule must be positive and missed at least 0, not {schedule!r} and {missed!r}.")
    if death_after_missed not in DEATH_RULES:
        raise AnalysisError(f'death_after_missed is "interval", "exact" or "censor", not {death_after_missed!r}.')
    raw = read_cells(scans)
    problems: list[Problem] = []
    _columns(raw, ("patient_id", "time", "progression"), problems)
    refuse_if_any(raw.source, problems)
    seen: dict[str, list[tuple[float, bool]]] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        patient, time = _patient_and_time(row, number, problems)
        mark = normalise(row["progression"])
        if mark not in ("0", "1"):
            problems.append(
                Problem(
                    "progression_code",
                    "progression must be 0 or 1",
                    "Correct it.",
                    number,
                    "progression",
                    row["progression"],
                )
            )
        elif patient and time is not None:
            seen.setdefault(patient, []).append((time, mark == "1"))
    refuse_if_any(raw.source, problems)
    died: dict[str, float] = {}
    if deaths is not None:
        died = _deaths(read_cells(deaths), seen)
    rows = []
    for patient in [*seen, *(p for p in died if p not in seen)]:
        lower, upper, rule = interval_of(
            sorted(seen.get(patient, [])), died.get(patient), schedule * (missed + 1), death_after_missed
        )
        rows.append({"patient_id": patient, "last_free": lower, "first_progression": upper, "rule": rule})
    return pd.DataFrame(rows)


def interval_of(
    visits: list[tuple[float, bool]], death: float | None, longest: float, rule: DeathRule
) -> tuple[float, float, str]:
    """Last scan without and first with progression, and the rule that gave them.

    Parameters
    ----------
    visits : list of (time, progressed)
        In order of time.
    death : float or None
    longest : float
        Time between the last scan and a death without progression up to which the death is the event.
    rule : {"interval", "exact", "censor"}
        What happens to a death after more than that.
    """
    first = next((time for time, progressed in visits if progressed), None)
    last_free = max(
        (time for time, progressed in visits if not progressed and (first is None or time < first)), default=0.0
    )
    if first is not None:
        return last_free, first, "progression between scans" if first > last_free else "progression at a known time"
    if death is None:
        return last_free, float("inf"), "no progression by the last scan"
    if death - last_free <= longest:
        return death, death, "death, scans as planned"
    if rule == "exact":
        return death, death, "death after missed scans, taken as the event"
    if rule == "censor":
        return last_free, float("inf"), "death after missed scans, censored at the last scan"
    return last_free, death, "death after missed scans, event between last scan and death"


def _columns(raw: RawTable, needed: tuple[str, ...], problems: list[Problem]) -> None:
    for column in needed:
        if column not in raw.columns:
            message = f"there is no column {column}; the columns are {', '.join(raw.columns)}"
            problems.append(Problem("missing_column", message, f"Add it.{nearest(column, raw.columns)}", 1, column))


def _patient_and_time(row: PlainMapping, number: int, problems: list[Problem]) -> tuple[str, float | None]:
    patient, text = normalise(row["patient_id"]), normalise(row["time"])
    if not patient:
        problems.append(Problem("blank_label", "the patient_id is blank", "Fill it in.", number, "patient_id", ""))
    time = number_in(text)
    if time is None or not 0 <= time < float("inf"):
        remedy = "Give a plain number of at least 0: the time since start of treatment."
        problems.append(Problem("not_a_number", "the time cannot be used", remedy, number, "time", row["time"]))
        return patient, None
    return patient, time


def _deaths(raw: RawTable, seen: Mapping[str, list[tuple[float, bool]]]) -> dict[str, float]:
    problems: list[Problem] = []
    _columns(raw, ("patient_id", "time"), problems)
    refuse_if_any(raw.source, problems)
    found: dict[str, float] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        patient, time = _patient_and_time(row, number, problems)
        if time is None:
            continue
        if patient in found:
            problems.append(Problem("duplicate_patient", "died twice", "Keep one row.", number, "patient_id", patient))
        late = max((t for t, _ in seen.get(patient, [])), default=0.0)
        if late > time:
            message = f"a scan at {late:g} follows death"
            problems.append(Problem("scan_after_death", message, "Correct either.", number, "time", row["time"]))
        found[patient] = time
    refuse_if_any(raw.source, problems)
    return found
