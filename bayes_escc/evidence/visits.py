"""Visit tables as hospitals keep them: one row per visit, dates, results in words; joined to the patients.

Every patient gets the last scan without progression and the first with it, and the rule by which they came about.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.columns import column_named
from bayes_escc.evidence.dates import read_date
from bayes_escc.evidence.endpoints import canonical_endpoint
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.problems import Problem, counted, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.scans import DEATH_RULES, DeathRule, interval_of
from bayes_escc.evidence.values import latest_date
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.settings.questions import sentence
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INTERVAL_COLUMNS", "MEANINGS", "ScanSettings", "join_scans", "joined"]

INTERVAL_COLUMNS: Final = ("last_free", "first_progression")
MEANINGS: Final = ("progression", "free", "unknown")
_WORDS: Final[Mapping[str, str]] = {
    "0": "free",
    "1": "progression",
    "no": "free",
    "yes": "progression",
    "false": "free",
    "true": "progression",
    "no progression": "free",
    "progression": "progression",
    "non-cr/non-pd": "free",
    "non-pd": "free",
    "无进展": "free",
    "进展": "progression",
    "是": "progression",
    "否": "free",
    "": "unknown",
    "not done": "unknown",
    "未评价": "unknown",
    "nd": "unknown",
    "na": "unknown",
}
_RECIST: Final = {"CR": "free", "PR": "free", "SD": "free", "PD": "progression", "NE": "unknown"}


@dataclass(frozen=True)
class ScanSettings:
    """How a table of visits is read.

    Parameters
    ----------
    schedule : float
        Planned time between scans.
    unit : {"days", "weeks", "months", "years"}
        Of the schedule, of the intervals made, and of `time`.
    id : str
        Column of the identifier in the visits.
    date, time : str or None
        Column with the date of the visit, or with the time since the start of treatment.
    result : str
        Column with what the scan showed.
    words : mapping
        What further words in it mean: "progression", "free" or "unknown". Known are CR, PR, SD, PD, NE, in
        words and in Chinese, 0 and 1, yes and no; a blank is unknown.
    start, death : str or None
        Columns of the patient table with the dates of start and death; the latter a time where `time` is given.
    missed : int
        Planned scans that may be missed before a death without progression counts as an event at a known time.
    death_after_missed : {"interval", "exact", "censor"}
        What happens to it otherwise; see `scan_intervals`.
    file : str or None
        Where the visits stand, for an analysis.
    """

    schedule: float
    unit: str
    id: str = "patient_id"
    date: str | None = "date"
    time: str | None = None
    result: str = "result"
    words: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None
    death: str | None = None
    missed: int = 1
    death_after_missed: DeathRule = "interval"
    file: str | None = None

    def __post_init__(self) -> None:
        wrong = []
        number = isinstance(self.schedule, int | float) and not isinstance(self.schedule, bool)
        if not number or not 0 < self.schedule < math.inf:
            wrong.append(f"schedule must be a positive time between scans, not {self.schedule!r}")
        if self.unit not in DAYS_IN:
            hint = nearest(str(self.unit), DAYS_IN)
            wrong.append(f"unit {self.unit!r} is not one of {', '.join(DAYS_IN)}{'.' if hint else ''}{hint}")
        if isinstance(self.missed, bool) or not isinstance(self.missed, int) or self.missed < 0:
            wrong.append(f"missed must be a whole number of at least 0, not {self.missed!r}")
        if self.death_after_missed not in DEATH_RULES:
            wrong.append(f"death_after_missed is one of {', '.join(DEATH_RULES)}, not {self.death_after_missed!r}")
        if self.time is None and self.date is None:
            wrong.append("name the column of the visits with date= or time=")
        if self.time is None and self.start is None:
            wrong.append("dates of visits need start=, the column of the patient table with the start of treatment")
        strange = sorted({str(m) for m in self.words.values()} - set(MEANINGS))
        if strange:
            wrong.append(f"words= mean one of {', '.join(MEANINGS)}, not {', '.join(strange)}")
        if wrong:
            raise AnalysisError(f"scans: {sentence(*wrong)}")


def join_scans(
    patients: str | Path | pd.DataFrame,
    visits: str | Path | pd.DataFrame,
    *,
    schedule: float,
    unit: str,
    patient_id: str = "patient_id",
    id: str | None = None,
    date: str | None = "date",
    time: str | None = None,
    result: str = "result",
    words: Mapping[str, str] | None = None,
    start: str | None = None,
    death: str | None = None,
    missed: int = 1,
    death_after_missed: DeathRule = "interval",
    drop: Sequence[str] = (),
) -> pd.DataFrame:
    """Add to a patient table the interval in which every patient progressed, from a table of visits.

    Parameters
    ----------
    patients, visits : path or DataFrame
        One row per patient, and one row per visit.
    schedule, unit, date, time, result, words, start, death, missed, death_after_missed
        See `ScanSettings`.
    patient_id, id : str
        Columns of the identifier in the patient table and (the same if not given) in the visits.
    drop : sequence of str
        Columns of the patient table to leave out.

    Returns
    -------
    DataFrame
        The patient table with columns last_free, first_progression (equal for an event at a known time, inf for
        none) and scan_rule; ready for ``read_patients(..., interval=("last_free", "first_progression"))``.

    Raises
    ------
    DataError
        If a row of either table cannot be used; every problem is listed.
    """
    settings = ScanSettings(
        schedule,
        unit,
        id or patient_id,
        None if time is not None else date,
        time,
        result,
        dict(words or {}),
        start,
        death,
        missed,
        death_after_missed,
    )
    return joined(patients, visits, settings, patient_id=patient_id, drop=drop)[0]


def joined(
    patients: str | Path | pd.DataFrame,
    visits: str | Path | pd.DataFrame,
    settings: ScanSettings,
    *,
    patient_id: str = "patient_id",
    sheet: str | None = None,
    drop: Sequence[str] = (),
    pending: bool = False,
    cut: tuple[str, dt.date] | None = None,
) -> tuple[pd.DataFrame, list[Problem]]:
    """The patient table with its intervals, and what was done in words.

    Patients without a scan or a death are refused, or, where `pending`, known to be free at the start alone. What
    happened after a data `cut`, given with the column of the dates of start, is left out.
    """
    import pandas as pd

    table, raw = read_cells(patients, sheet=sheet, drop=drop), read_cells(visits)
    clash = [c for c in (*INTERVAL_COLUMNS, "scan_rule") if c in table.columns]
    if clash:
        raise AnalysisError(f"scans: {table.source} has a column {clash[0]} already; rename it or leave out the scans.")
    key = _column(table, patient_id, "the identifier")
    _refuse_twice(table, key)
    starts = _ends(table, key, settings.start, settings, None) if settings.time is None else {}
    deaths = _ends(table, key, settings.death, settings, starts)
    seen, notes = _visits(raw, settings, starts, {normalise(row[key]) for row in table.rows}, table.source)
    if cut is not None:
        notes += _leave_out_after(cut, table, key, settings, seen, deaths)
    problems: list[Problem] = []
    found, rules = [], Counter[str]()
    for number, row in zip(table.numbers, table.rows, strict=True):
        patient = normalise(row[key])
        scans, died = sorted(seen.get(patient, [])), deaths.get(patient)
        late = max((t for t, _ in scans), default=0.0)
        if died is not None and late > died + 1e-9:
            problems.append(
                Problem(
                    "scan_after_death",
                    f"a scan at {late:.4g} {settings.unit} follows death at {died:.4g}",
                    "Correct either.",
                    number,
                    key,
                    patient,
                )
            )
        if not scans and died is None and not pending:
            problems.append(
                Problem(
                    "no_scans",
                    "the patient has neither a usable scan after the start nor a death"
                    + ("" if cut is None else f", up to the data cut ({cut[1]})"),
                    "Add them, or leave the patient out.",
                    number,
                    key,
                    patient,
                )
            )
            continue
        longest = settings.schedule * (settings.missed + 1)
        lower, upper, rule = interval_of(scans, died, longest, settings.death_after_missed)
        rules[rule] += 1
        found.append({**row, INTERVAL_COLUMNS[0]: lower, INTERVAL_COLUMNS[1]: upper, "scan_rule": rule})
    refuse_if_any(table.source, problems)
    notes += [
        Problem("scan_rule", f"{counted(count, 'patient')}: {rule}", "See scan_rule of each.")
        for rule, count in rules.items()
    ]
    return pd.DataFrame(found), notes


def _refuse_twice(table: RawTable, key: str) -> None:
    """A patient who stands in two rows could be given the start of either."""
    first: dict[str, int] = {}
    problems = []
    for number, cell in zip(table.numbers, table.cells[key], strict=True):
        patient = normalise(cell)
        if first.setdefault(patient, number) != number:
            problems.append(
                Problem(
                    "conflicting_patient",
                    f"the patient also stands in row {first[patient]}",
                    "Keep one row per patient.",
                    number,
                    key,
                    patient,
                )
            )
    refuse_if_any(table.source, problems)


def _leave_out_after(
    cut: tuple[str, dt.date],
    table: RawTable,
    key: str,
    settings: ScanSettings,
    seen: dict[str, list[tuple[float, bool]]],
    deaths: Plain,
) -> list[Problem]:
    """Drop scans and deaths after the data cut, in place, and say so patient by patient."""
    name, day = cut
    column = _column(table, name, "start of treatment")
    notes = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        patient, start = normalise(row[key]), read_date(row[column])
        if not isinstance(start, dt.date):
            continue  # the check of dates says so
        last = ((day - start).days + 0.5) / DAYS_IN[settings.unit]
        scans = seen.get(patient, [])
        late = [scan for scan in scans if scan[0] > last]
        left = [counted(len(late), "scan")] if late else []
        if patient in deaths and deaths[patient] > last:
            del deaths[patient]
            left.append("the death")
        if left:
            seen[patient] = [scan for scan in scans if scan[0] <= last]
            notes.append(
                Problem(
                    "after_data_cut",
                    f"{' and '.join(left)} after the data cut ({day}) left out",
                    "Right where the data are frozen at the cut.",
                    number,
                    key,
                    patient,
                )
            )
    return notes


def _contradictions(
    raw: RawTable,
    result: str,
    seen: Mapping[str, list[tuple[float, bool]]],
    rows: Mapping[tuple[str, float], list[int]],
) -> tuple[list[Problem], list[Problem]]:
    """Two results on one day, refused; a scan without progression after one with it, noted."""
    problems, notes = [], []
    place = {number: i for i, number in enumerate(raw.numbers)}
    for patient, scans in seen.items():
        first = min((t for t, progressed in scans if progressed), default=None)
        for time in sorted({t for t, _ in scans}):
            numbers = rows[patient, time]
            meanings = {progressed for t, progressed in scans if t == time}
            if len(meanings) > 1:
                problems.append(
                    Problem(
                        "two_results",
                        f"another result of the same day stands in row {numbers[0]}",
                        "Keep the one that holds.",
                        numbers[-1],
                        result,
                        raw.cells[result][place[numbers[-1]]],
                    )
                )
            elif first is not None and time > first and meanings == {False}:
                notes.append(
                    Problem(
                        "free_after_progression",
                        "no progression after a scan that showed it; the first one was used",
                        "Right unless the earlier scan was not confirmed.",
                        numbers[0],
                        result,
                        raw.cells[result][place[numbers[0]]],
                    )
                )
    return problems, notes


def _column(raw: RawTable, name: str, what: str) -> str:
    problems: list[Problem] = []
    column = column_named(raw, name, problems)
    refuse_if_any(raw.source, problems)
    if column not in raw.cells:
        message = f"there is no column {name} ({what}); the columns are {', '.join(raw.columns)}"
        refuse_if_any(
            raw.source,
            [Problem("missing_column", message, f"Add it, or name another.{nearest(name, raw.columns)}", 1, name)],
        )
        raise AssertionError  # pragma: no cover (refused above)
    return column


def _ends(table: RawTable, key: str, name: str | None, settings: ScanSettings, starts: PlainMapping | None) -> Plain:
    """Dates of start (where `starts` is None), or times of death, by patient."""
    if name is None:
        return {}
    column = _column(table, name, "start of treatment" if starts is None else "death")
    problems: list[Problem] = []
    found: Plain = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        cell, patient = row[column], normalise(row[key])
        if not cell:
            if starts is None:
                problems.append(Problem("missing_date", "the start is blank", "Fill it in.", number, column, cell))
            continue
        value = _moment(cell, settings, starts.get(patient) if starts else None, dated=settings.time is None)
        if isinstance(value, str):
            problems.append(Problem("unusable_date", value, "Correct it.", number, column, cell))
        elif isinstance(value, float) and value < 0:
            problems.append(
                Problem("death_before_start", "lies before the start", "Correct either.", number, column, cell)
            )
        else:
            found[patient] = value
    refuse_if_any(table.source, problems)
    return found


def _moment(cell: str, settings: ScanSettings, start: dt.date | None, *, dated: bool) -> dt.date | float | str:
    """A date where there is no start yet, else the time since then; or what is wrong with the cell."""
    if not dated:
        value = number_in(cell)
        return (
            value
            if value is not None and abs(value) < float("inf")
            else f"not a plain number of {settings.unit} since the start"
        )
    date = read_date(cell)
    if isinstance(date, dt.date) and date > latest_date():
        return f"lies after today ({latest_date()})"
    if isinstance(date, str) or start is None:
        return date
    return (date - start).days / DAYS_IN[settings.unit]


def _visits(
    raw: RawTable, settings: ScanSettings, starts: Mapping[str, dt.date], known: set[str], source: str
) -> tuple[dict[str, list[tuple[float, bool]]], list[Problem]]:
    """Usable scans after the start, by patient, and how many were left out and why."""
    key, result = _column(raw, settings.id, "the identifier"), _column(raw, settings.result, "the result")
    when = _column(raw, settings.time or settings.date or "", "when the visit was")
    words = {**_WORDS, **{normalise(k).casefold(): v for k, v in settings.words.items()}}
    problems: list[Problem] = []
    seen: dict[str, list[tuple[float, bool]]] = {}
    rows: dict[tuple[str, float], list[int]] = {}
    left_out = Counter[str]()
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        patient, cell = normalise(row[key]), normalise(row[result])
        if patient not in known:
            problems.append(
                Problem(
                    "unknown_patient", f"is not in {source}", "Correct it, or add the patient.", number, key, patient
                )
            )
            continue
        meaning = words.get(cell.casefold()) or _RECIST.get(canonical_endpoint(cell))
        if meaning is None:
            problems.append(
                Problem(
                    "unknown_result",
                    "the result is not known",
                    'Correct it, or say what it means with words = { "..." = "progression" | "free" | "unknown" }.',
                    number,
                    result,
                    row[result],
                )
            )
            continue
        value = _moment(row[when], settings, starts.get(patient), dated=settings.time is None)
        if not isinstance(value, float):
            problems.append(Problem("unusable_date", str(value), "Correct it.", number, when, row[when]))
        elif meaning == "unknown":
            left_out["without a usable result"] += 1
        elif value > 0:
            seen.setdefault(patient, []).append((value, meaning == "progression"))
            rows.setdefault((patient, value), []).append(number)
        elif meaning == "progression":
            problems.append(
                Problem(
                    "progression_before_start",
                    "progression on or before the day of the start",
                    "Correct either; a baseline scan shows no progression.",
                    number,
                    when,
                    row[when],
                )
            )
        else:
            left_out["on or before the day of the start (baseline)"] += 1
    contradicted, notes = _contradictions(raw, result, seen, rows)
    refuse_if_any(raw.source, [*problems, *contradicted])
    remedy = "They say nothing about when progression happened."
    notes += [
        Problem(
            "scans_left_out",
            f"{counted(n, 'visit')} {why} {'was' if n == 1 else 'were'} left out",
            remedy,
            column=result,
        )
        for why, n in left_out.items()
    ]
    return seen, notes
