"""Reading a table with one row per patient: which columns mean what, and the checks of every row.

`PatientSettings` declares, once, what `[data]` of an analysis may say of such a table; `read_patients` takes the
same settings in Python.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayes_escc.evidence.columns import column_meant, column_named, refuse_other_units
from bayes_escc.evidence.dates import check_dates, date_columns
from bayes_escc.evidence.endpoints import RECIST, canonical_endpoint
from bayes_escc.evidence.exports import check_export
from bayes_escc.evidence.follow_up import DAYS_IN, EVENTS, FollowUpColumns, event_meaning, follow_up_of
from bayes_escc.evidence.follow_up_checks import check_between_patients, check_follow_up
from bayes_escc.evidence.identity import pseudonym
from bayes_escc.evidence.labels import similar_regimens
from bayes_escc.evidence.patient_settings import PatientSettings
from bayes_escc.evidence.patients import PatientTable
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.table import Source, table_digest
from bayes_escc.evidence.visits import joined
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest

__all__ = ["read_patient_table", "read_patients"]

_YES = {"1", "1.0", "yes", "y", "true", "responder", "response", "是", "有"}
_NO = {"0", "0.0", "no", "n", "false", "non-responder", "nonresponder", "no response", "否", "无"}
_PENDING = {"", "pending", "not yet evaluable", "not yet assessed", "nye", "待评估", "未评估"}


def read_patients(
    source: Source,
    *,
    id: str = "patient_id",
    regimen: str | None = None,
    response: str | None = "response",
    time: str | None = None,
    event: str | None = None,
    entry: str | None = None,
    interval: Sequence[str] | None = None,
    overall: str | None = None,
    overall_event: str | None = None,
    both_endpoints: bool = False,
    time_unit: str | None = None,
    event_codes: Mapping[Any, Any] | None = None,
    dates: PlainMapping | None = None,
    sheet: str | None = None,
    drop: Sequence[str] = (),
    id_pseudonyms: bool = False,
    pending: bool = False,
) -> PatientTable:
    """Read and check a patient table.

    Parameters
    ----------
    source : path or DataFrame
        One row per patient.
    id : str
        Column with the patient's identifier, read as text.
    regimen : str, optional
        Column with the regimen; if not given, the one column called regimen, or by a name that means it (treatment,
        arm, group, 治疗方案 ...).
    response : str or None
        Column with the best response: CR, PR, SD, PD or NE (in words or Chinese too), or 0
        and 1 (yes and no). None if there is none.
    time, event : str, optional
        Columns with the time to progression, death or censoring, and 1 or 0 for event or not.
    entry : str, optional
        Column with the time from which the patient was at risk (delayed entry); blank is 0.
    interval : (str, str), optional
        Columns with the last progression-free scan (0 if none) and the first scan with
        progression (inf if none; equal to the first for an event at a known time).
    overall : str, optional
        Column with overall survival, for the check that nobody is progression-free after death.
    overall_event : str, optional
        Column with 1 for death at `overall` and 0 for alive then, coded as `event`; with both the table holds both
        endpoints.
    both_endpoints : bool
        Whether `dates` give overall survival too: to death, else to the last contact.
    time_unit : {"days", "weeks", "months", "years"}
        Unit of all these columns; must be declared with them (of `dates` it is that of the follow-up).
    event_codes : mapping, optional
        What other codes than 0 and 1 (or false and true) mean: ``{"2": "event", "1": "censored"}``, or
        ``{2: 1, 1: 0}``.
    dates : mapping, optional
        Columns of dates: ``start``, and ``event``, ``death``, ``last_contact``; and ``cut``, the date of the
        data cut, after which nothing counts. They are checked against each other; without `time` and `interval` they
        give the follow-up: to the earlier of event and death, else to the last contact (in days, unless `time_unit`).
    sheet : str, optional
        Sheet of a workbook.
    drop : sequence of str, optional
        Columns to leave out; columns that identify patients must be.
    id_pseudonyms : bool
        Replace identifiers by pseudonyms; see `identity.pseudonym`.
    pending : bool
        Keep patients of whom nothing is known yet instead of refusing them: a response that is
        blank or "pending" stays blank and counts nowhere; who has no follow-up (time blank or 0,
        no event) is censored at time zero and says nothing.

    Returns
    -------
    PatientTable

    Raises
    ------
    DataError
        If anything makes the table unusable, with every problem, its row and remedy.
    """
    codes = {str(code): event_meaning(meaning) or "" for code, meaning in (event_codes or {}).items()}
    ends: Any = interval if interval is None or isinstance(interval, str) else tuple(interval)  # its length is checked
    settings = PatientSettings(
        sheet=sheet,
        drop=tuple(drop),
        id=id,
        id_pseudonyms=id_pseudonyms,
        regimen=regimen,
        response=response,
        time=time,
        event=event,
        entry=entry,
        interval=ends,
        overall=overall,
        overall_event=overall_event,
        both_endpoints=both_endpoints,
        time_unit=time_unit,
        event_codes=tuple(codes.items()),
        dates=None if dates is None else date_columns(dates),
    )
    return read_patient_table(source, settings, growing=pending)


def read_patient_table(
    source: Source,
    settings: PatientSettings,
    *,
    folder: Path | None = None,
    growing: bool = False,
    example: str | None = None,
) -> PatientTable:
    """Read and check a patient table as its settings say.

    Parameters
    ----------
    source : path or DataFrame
    settings : PatientSettings
    folder : Path, optional
        Where the table of visits stands if it is not beside `source`.
    growing : bool
        Keep patients of whom nothing is known yet, as `pending` of `read_patients`.
    example : str, optional
        A unit of time to name where none is declared.
    """
    if settings.scans is None:
        return _read_table(source, settings, growing, example)
    file, dates = _visits_file(source, str(settings.scans.file), folder), settings.dates
    frame, notes = joined(
        source,
        file,
        settings.scans,
        patient_id=settings.id,
        sheet=settings.sheet,
        drop=settings.drop,
        pending=growing,
        cut=None if dates is None or dates.cut is None else (dates.start, dates.cut),
    )
    table = _read_table(frame, replace(settings, sheet=None), growing, example)
    label = Path(source).name if isinstance(source, str | Path) else table.source
    return replace(table, warnings=(*notes, *table.warnings), source=label)


def _visits_file(source: Source, name: str, folder: Path | None) -> Path:
    """The table of visits: beside the table of patients, else beside the analysis."""
    beside = [Path(source).parent] if isinstance(source, str | Path) else []
    for place in (*beside, *([] if folder is None else [folder])):
        if (place / name).is_file():
            return place / name
    return (folder or (beside[0] if beside else Path())) / name


def _read_table(source: Source, settings: PatientSettings, growing: bool, example: str | None = None) -> PatientTable:
    import pandas as pd

    pseudonymous = settings.id if settings.id_pseudonyms else None
    raw = read_cells(
        source, sheet=settings.sheet, drop=settings.drop, pseudonymous=pseudonymous, identifier=settings.id
    )
    problems: list[Problem] = []
    warnings = list(raw.notes)
    columns, dated = settings.follow_up, settings.dates
    needed = _needed_columns(raw, settings, columns, problems)
    refuse_if_any(raw.source, problems)
    check_export(raw, needed["patient_id"], problems, warnings)
    refuse_if_any(raw.source, problems)
    cells = {role: list(texts) for role, texts in raw.renamed({c: r for r, c in needed.items()}).cells.items()}
    for role in ("patient_id", "regimen"):
        plain = {t: normalise(t) for t in set(cells[role])}
        cells[role] = [plain[t] for t in cells[role]]
        problems += [
            Problem("blank_label", f"the {role} is blank", "Fill it in.", row=number, column=needed[role], value="")
            for number, label in zip(raw.numbers, cells[role], strict=True)
            if not label
        ]
    if settings.id_pseudonyms:
        cells["patient_id"] = [pseudonym(label) if label else "" for label in cells["patient_id"]]
    binary = _read_responses(raw, cells, needed.get("response"), problems, warnings, _PENDING if growing else ())
    if dated is not None and columns.unit in DAYS_IN:
        check_dates(
            cells,
            raw.numbers,
            dated,
            1.0 / DAYS_IN[str(columns.unit)],
            columns.meanings,
            settings.derived,
            problems,
            warnings,
            growing=growing,
        )
    if columns.roles:
        dated_wrongly = {p.row for p in problems} if settings.derived else set()
        found: list[Problem] = []
        check_follow_up(cells, raw.numbers, columns, found, warnings, pending=growing, example=example)
        # whose dates were refused has no follow-up to be refused again
        problems += [p for p in found if p.row not in dated_wrongly or p.column not in settings.derived]
    kept = _without_duplicates(raw, cells["patient_id"], problems, warnings)
    warnings += similar_regimens(dict.fromkeys(cells["regimen"]), needed["regimen"])
    refuse_if_any(raw.source, problems)
    frame = pd.DataFrame(cells, index=list(raw.numbers), dtype=object)
    if len(kept) < len(frame):
        frame = frame.iloc[kept]
    observed = None
    if columns.roles:
        observed = follow_up_of(frame, str(columns.unit))
        check_between_patients(frame, observed.dated("interval"), columns, warnings)
    return PatientTable(
        frame, table_digest(frame), raw.source, binary=binary, observed=observed, warnings=tuple(warnings)
    )


def _needed_columns(
    raw: RawTable, settings: PatientSettings, columns: FollowUpColumns, problems: list[Problem]
) -> dict[str, str]:
    """The column of the file for every role; what is missing or stands there twice is noted."""
    needed = {"patient_id": settings.id, "regimen": settings.regimen or column_meant(raw, "regimen", problems)}
    if settings.response is not None:
        needed["response"] = settings.response
    derived = settings.derived
    if derived:
        problems += [
            Problem(
                "column_name",
                f"the dates give the follow-up, but the table has a column {column} too",
                f"Name it with {column}=, to have it checked against the dates, or leave it out with drop=.",
                row=1,
                column=column,
            )
            for column in derived
            if column in raw.columns
        ]
    needed |= {role: c for role, c in columns.roles.items() if role not in derived}
    times = (c for r, c in needed.items() if r in columns.roles and r not in EVENTS)
    refuse_other_units(times, columns.unit, problems)
    needed |= settings.dates.roles if settings.dates is not None else {}
    for role in ("study", "design"):  # read where there is one, in any case
        if (column := column_named(raw, role, problems)) in raw.columns:
            needed.setdefault(role, column)
    for role, column in needed.items():
        needed[role] = column = column_named(raw, column, problems)
        if column not in raw.columns and not problems:
            said = f" ({role})" if role != column else ""
            problems.append(
                Problem(
                    "missing_column",
                    f"there is no column {column}{said}; the columns are {', '.join(raw.columns)}",
                    f"Add it, or name the column that holds the {role}.{nearest(column, raw.columns)}",
                    row=1,
                    column=column,
                )
            )
    problems += _in_two_roles(needed)
    problems += [
        Problem(
            "column_name",
            f"the table calls its {column} {needed[column]!r}, but there is also a column {column}",
            "Rename the column that is not meant, or leave it out with drop=.",
            row=1,
            column=column,
        )
        for column in raw.columns
        if column in needed and column not in needed.values()
    ]
    return needed


def _in_two_roles(needed: Mapping[str, str]) -> list[Problem]:
    """One column that is named for two things, of which it can hold but one."""
    roles: dict[str, list[str]] = {}
    for role, column in needed.items():
        roles.setdefault(column, []).append(role.replace("_", " "))
    return [
        Problem(
            "two_roles",
            f"the column is named as the {' and as the '.join(named)}",
            "Name another column for one of them, or leave one of them out.",
            row=1,
            column=column,
        )
        for column, named in roles.items()
        if len(named) > 1
    ]


def _read_responses(
    raw: RawTable,
    cells: dict[str, list[str]],
    column: str | None,
    problems: list[Problem],
    warnings: list[Problem],
    pending: Collection[str] = (),
) -> bool:
    """Canonical responses, in place, blank where `pending`; returns whether the column holds yes or no."""
    if column is None:
        return False
    plain = {t: normalise(t).casefold() for t in set(cells["response"])}
    binary = all(c in _YES | _NO for c in plain.values() if c and c not in pending)
    meaning: dict[str, str | None] = {}
    for response, cell in plain.items():
        label = canonical_endpoint(cell) if cell else ""
        if cell in pending:
            meaning[response] = ""
        elif binary and cell:
            meaning[response] = "1" if cell in _YES else "0"
        else:
            meaning[response] = label if label in RECIST else None
    for number, response in zip(raw.numbers, cells["response"], strict=True):
        if meaning[response] is None:
            problems.append(
                Problem(
                    "unknown_response",
                    "unknown response" if plain[response] else "the response is blank",
                    f"Use one of {', '.join(RECIST)} (NE: not evaluable), or 0 (no) and 1 (yes).",
                    row=number,
                    column=column,
                    value=response,
                )
            )
    cells["response"] = [meaning[t] or "" for t in cells["response"]]
    not_evaluable = cells["response"].count("NE")
    if not_evaluable:
        warnings.append(
            Problem(
                "not_evaluable",
                f"{not_evaluable} patient{' was' if not_evaluable == 1 else 's were'} not evaluable",
                'They count as non-responders unless not_evaluable = "exclude".',
                column=column,
            )
        )
    return binary


def _without_duplicates(
    raw: RawTable, patients: Sequence[str], problems: list[Problem], warnings: list[Problem]
) -> list[int]:
    """Positions of the rows to keep: a second row of a patient that is the same in every column is dropped."""
    if "" not in patients and len(set(patients)) == len(patients):
        return list(range(len(patients)))
    first: dict[str, int] = {}
    kept = []
    for i, patient in enumerate(patients):
        if not patient or first.setdefault(patient, i) == i:
            kept.append(i)
            continue
        was = first[patient]
        differing = [c for c, texts in raw.cells.items() if texts[i] != texts[was]]
        if not differing:
            warnings.append(
                Problem(
                    "duplicate_patient",
                    f"the same row also stands in row {raw.numbers[was]}; it was counted once",
                    "Remove one of them.",
                    row=raw.numbers[i],
                    column="patient_id",
                    value=patient,
                )
            )
        else:
            problems.append(
                Problem(
                    "conflicting_patient",
                    f"the patient also stands in row {raw.numbers[was]}, with other values "
                    f"({', '.join(differing[:5])})",
                    "Keep one row per patient.",
                    row=raw.numbers[i],
                    column="patient_id",
                    value=patient,
                )
            )
    return kept
