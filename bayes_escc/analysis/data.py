"""`[data]` of an analysis: which rows of which table, and what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.dates import date_columns
from bayes_escc.evidence.follow_up import DAYS_IN, event_meaning
from bayes_escc.evidence.scans import DEATH_RULES
from bayes_escc.evidence.visits import INTERVAL_COLUMNS, MEANINGS, ScanSettings
from bayes_escc.names import DESIGNS
from bayes_escc.settings.reader import Reader

__all__ = ["DataSpec", "read_data"]

_PATIENTS_ONLY: Final = ("id", "regimen", "response", "not_evaluable", "design", "dates", "scans")


@dataclass(frozen=True)
class DataSpec:
    """Which rows of which table, and the folder that files are relative to. Column names are of patient tables."""

    kind: str
    datasets: tuple[str, ...] = ()
    file: str | None = None
    counts: str | None = None
    sheet: str | None = None
    drop: tuple[str, ...] = ()
    endpoints: tuple[str, ...] | None = None
    regimens: tuple[str, ...] | None = None
    where: tuple[tuple[str, Any], ...] = ()
    id: str = "patient_id"
    regimen: str = "regimen"
    response: str | None = None
    not_evaluable: Literal["nonresponse", "exclude"] = "nonresponse"
    design: str = ""
    time: str | None = None
    event: str | None = None
    entry: str | None = None
    interval: tuple[str, str] | None = None
    overall: str | None = None
    time_unit: str | None = None
    event_codes: tuple[tuple[str, str], ...] = ()
    dates: tuple[tuple[str, Any], ...] = ()
    scans: ScanSettings | None = None
    scans_file: str | None = None
    folder: Path | None = None


def read_data(data: Reader) -> DataSpec:
    """Read `[data]`, noting problems in the reader."""
    kind = data.text("kind", "counts", ("counts", "patients", "effects", "medians"))
    if kind != "patients":
        for key in _PATIENTS_ONLY:
            if data.has(key):
                data.problem(key, f'belongs to kind = "patients", not "{kind}"')
    datasets = data.texts("dataset", ())
    file, counts = data.text("file", None), data.text("counts", None)
    if counts is not None and kind != "effects":
        data.problem("counts", f'stands beside effects, kind = "effects", not "{kind}"')
    sheet, drop = data.text("sheet", None), data.texts("drop", ())
    if datasets and file:
        data.problem("file", "name a dataset or a file, not both")
    endpoints, regimens = data.texts("endpoint", None), data.texts("regimens", None)
    where_reader = data.table("where")
    where = []
    for key in where_reader.left():
        value = where_reader.take(key)
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(v, str | int | float) for v in listed):
            where_reader.problem(key, f"must be a value or a list of values, not {value!r}")
        else:
            where.append((key, tuple(listed) if isinstance(value, list) else value))
    patients = {
        "id": data.text("id", "patient_id"),
        "regimen": data.text("regimen", "regimen"),
        "response": data.text("response", None),
        "not_evaluable": data.text("not_evaluable", "nonresponse", ("nonresponse", "exclude")),
        "design": data.text("design", "", DESIGNS),
        **{role: data.text(role, None) for role in ("time", "event", "entry", "overall")},
        "interval": data.texts("interval", None),
        "time_unit": data.text("time_unit", None, tuple(DAYS_IN)),
        "event_codes": _read_codes(data),
        "dates": _read_dates(data),
    }
    scans, scans_file = _read_scans(data, dict(patients["dates"]))
    if scans is not None:
        for key in ("interval", "time", "event"):
            if patients[key] is not None:
                data.problem(key, "the scans give the interval; leave it out")
        if patients["time_unit"] not in (None, scans.unit):
            data.problem("time_unit", f"the scans give intervals in {scans.unit}; leave it out, or set the same unit")
        patients |= {"interval": INTERVAL_COLUMNS, "time_unit": scans.unit}
    patients |= {"scans": scans, "scans_file": scans_file}
    if patients["interval"] is not None and len(patients["interval"]) != 2:
        data.problem("interval", "takes two columns: last scan without, first scan with progression")
    if (patients["time"] is None) != (patients["event"] is None):
        data.problem("event", "goes together with time: the column of 1 (event) and 0 (censored)")
    population = data.texts("population", None)
    if population is not None:  # the filter most often wanted, under its own name
        where.append(("population", population))
    data.finish()
    return DataSpec(kind, datasets, file, counts, sheet, drop, endpoints, regimens, tuple(where), **patients)


def _read_scans(data: Reader, dates: Mapping[str, Any]) -> tuple[ScanSettings | None, str | None]:
    """`[data.scans]`: the visits from which the intervals are made."""
    if not data.has("scans"):
        return None, None
    scans = data.table("scans")
    time = scans.text("time", None)
    stated = {
        "schedule": scans.number("schedule", above=0), "unit": scans.text("unit", choices=tuple(DAYS_IN)),
        "id": scans.text("id", "patient_id"), "date": scans.text("date", None if time else "date"), "time": time,
        "result": scans.text("result", "result"), "start": scans.text("start", dates.get("start")),
        "death": scans.text("death", dates.get("death")),
        "missed": scans.number("missed", 1, above=0, below=100, integer=True, closed=True),
        "death_after_missed": scans.text("death_after_missed", "interval", DEATH_RULES),
    }  # fmt: skip
    words = scans.table("words")
    stated["words"] = {key: words.text(key, choices=MEANINGS) for key in words.left()}
    file = scans.text("file")
    scans.finish()
    try:
        return ScanSettings(**stated), file
    except AnalysisError as error:
        if stated["schedule"] is not None and stated["unit"] is not None:
            scans.problem("", str(error).removeprefix("scans: ").rstrip("."))
        return None, file


def _read_dates(data: Reader) -> tuple[tuple[str, Any], ...]:
    """The columns of dates, as `evidence.dates.date_columns` takes them."""
    stated = data.take("dates", None)
    if stated is None:
        return ()
    if not isinstance(stated, Mapping):
        data.problem("dates", f'must be a table, for example {{ start = "start_date" }}, not {stated!r}')
        return ()
    try:
        date_columns(stated)
    except AnalysisError as error:
        data.problem("dates", str(error).rstrip("."))
        return ()
    return tuple((str(k), str(v)) for k, v in stated.items())


def _read_codes(data: Reader) -> tuple[tuple[str, str], ...]:
    codes = data.table("event_codes")
    found = []
    for key in codes.left():
        meaning = event_meaning(value := codes.take(key))
        if meaning is None:
            codes.problem(key, f'must be "event" (or 1) or "censored" (or 0), not {value!r}')
        found.append((key, meaning or "event"))
    return tuple(found)
