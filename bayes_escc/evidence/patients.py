"""One row per patient: reading, checking, and counting responses by regimen.

Identifiers are read as text and never leave the table: results refer to patients by position.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.arms import Arm
from bayes_escc.evidence.count_checks import same_but_spelling
from bayes_escc.evidence.counts import CountTable, read_counts, table_digest
from bayes_escc.evidence.dates import check_dates, date_columns
from bayes_escc.evidence.endpoints import RECIST, canonical_endpoint
from bayes_escc.evidence.exports import check_export
from bayes_escc.evidence.follow_up import (
    DAYS_IN,
    Dating,
    FollowUp,
    FollowUpColumns,
    check_between_patients,
    check_follow_up,
    event_meaning,
    follow_up_of,
    summarise_follow_up,
)
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, cell_text, normalise, read_cells
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PatientTable", "read_patients"]

NotEvaluable = Literal["nonresponse", "exclude"]
_YES = {"1", "1.0", "yes", "y", "true", "responder", "response", "是", "有"}
_NO = {"0", "0.0", "no", "n", "false", "non-responder", "nonresponder", "no response", "否", "无"}
_PENDING = {"", "pending", "not yet evaluable", "not yet assessed", "nye", "待评估", "未评估"}
_MET_BY = {"ORR": ("CR", "PR"), "DCR": ("CR", "PR", "SD")}


@dataclass(frozen=True, repr=False)
class PatientTable:
    """A checked table with one row per patient.

    Made by `read_patients`.

    Parameters
    ----------
    frame : DataFrame
        Columns patient_id, regimen, response (where there is one) and the others as text,
        indexed by the row number a person would count in the file.
    digest : str
        SHA-256 of the content; the order of rows does not change it.
    binary : bool
        Whether the response column holds yes or no rather than RECIST categories.
    source : str
        Where the table came from.
    warnings : tuple of Problem
        What was noticed but not refused.
    time_unit : str or None
        Unit of the columns time, entry, interval_lower and interval_upper, where there are any.
    """

    frame: pd.DataFrame
    digest: str
    binary: bool
    source: str
    warnings: tuple[Problem, ...] = field(default=())
    time_unit: str | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"PatientTable({self.source}: {len(self)} patients, {len(self.regimens)} regimens)"

    @property
    def regimens(self) -> tuple[str, ...]:
        """Regimens, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["regimen"]))

    def select(self, *, regimens: Sequence[str] | None = None, where: Mapping[str, Any] | None = None) -> PatientTable:
        """Keep the patients of some regimens, or those whose columns equal given values."""
        if regimens is None and not where:
            return self
        frame, problems = self.frame, []
        for column, wanted in (where or {}).items():
            if column not in frame.columns:
                problems.append(f"where: there is no column {column!r}.{nearest(column, frame.columns)}")
                continue
            values = wanted if isinstance(wanted, list | tuple) else [wanted]
            allowed = {normalise(cell_text(v)) for v in values}
            frame = frame[[normalise(c) in allowed for c in frame[column]]]
        if regimens is not None:
            order = {normalise(r): i for i, r in enumerate(regimens)}
            for label in order:
                if label not in set(frame["regimen"]) and not problems:
                    problems.append(
                        f"regimen {label!r} is not in {self.source}; it has "
                        f"{', '.join(self.regimens)}.{nearest(label, self.regimens)}"
                    )
            frame = frame[frame["regimen"].isin(order)]
            frame = frame.iloc[sorted(range(len(frame)), key=[order[r] for r in frame["regimen"]].__getitem__)]
        if problems:
            raise AnalysisError("; ".join(problems))
        if frame.empty:
            raise AnalysisError(f"no patients of {self.source} are left after the selection.")
        return self.keep(frame)

    def keep(self, frame: pd.DataFrame) -> PatientTable:
        """The same table with only some of its rows."""
        return replace(self, frame=frame, digest=table_digest(frame))

    @property
    def has_scans(self) -> bool:
        """Whether progression lies between scans."""
        return "interval_upper" in self.frame.columns

    def follow_up(self, unit: str | None = None, *, dating: Dating = "interval") -> FollowUp:
        """Entry and event interval of every patient.

        Parameters
        ----------
        unit : str, optional
            Unit of the times; that of the table if not given.
        dating : {"interval", "detecting_scan"}
            See `follow_up_of`.
        """
        if self.time_unit is None:
            raise AnalysisError(
                f"{self.source} was read without follow-up: name the columns with time= and event=, or interval=, "
                "and time_unit=."
            )
        return follow_up_of(self.frame, self.time_unit, to=unit, dating=dating)

    def follow_up_summary(self, unit: str | None = None) -> pd.DataFrame:
        """Patients, events, median follow-up (reverse Kaplan-Meier) and medians, by regimen.

        Progression known only to lie between two scans is shown at the scan that found it.
        """
        import pandas as pd

        return pd.DataFrame(summarise_follow_up(self.frame, self.follow_up(unit)))

    @property
    def studies(self) -> tuple[str, ...]:
        """The study of every patient: a column study, or else the table itself."""
        if "study" in self.frame.columns:
            return tuple(self.frame["study"])
        return (self.source,) * len(self)

    def arms(self, endpoint: str, design: str = "") -> tuple[Arm, ...]:
        """Where the evidence on each regimen comes from."""
        pairs = dict.fromkeys(zip(self.studies, self.frame["regimen"], strict=True))
        return tuple(Arm(study, regimen, endpoint, design) for study, regimen in pairs)

    def evaluable(self, not_evaluable: NotEvaluable) -> PatientTable:
        """The patients an endpoint counts: all whose response is known, or without those marked NE."""
        if "response" not in self.frame.columns:
            return self
        uncounted = {""} if self.binary or not_evaluable == "nonresponse" else {"", "NE"}
        out = self.frame["response"].isin(uncounted)
        return self.keep(self.frame[~out]) if out.any() else self

    def events(self, endpoint: str) -> Any:
        """Whether each patient met an endpoint, as a boolean array.

        ORR is a complete or partial response, DCR those or stable disease; a RECIST category
        stands for itself. A yes-or-no response column is whatever endpoint it is called.
        """
        if "response" not in self.frame.columns:
            raise AnalysisError(f"{self.source} has no response column.")
        label = canonical_endpoint(endpoint)
        if self.binary:
            return (self.frame["response"] == "1").to_numpy()
        if label not in _MET_BY and label not in RECIST:
            raise AnalysisError(
                f"endpoint {endpoint!r} cannot be read off best responses: use ORR, DCR or one of "
                f"{', '.join(RECIST)}, or a response column with 0 and 1."
            )
        return self.frame["response"].isin(_MET_BY.get(label, (label,))).to_numpy()

    def counts(
        self,
        endpoints: Sequence[str],
        *,
        not_evaluable: NotEvaluable = "nonresponse",
        design: str = "",
    ) -> CountTable:
        """Count responses by study and regimen.

        Parameters
        ----------
        endpoints : sequence of str
            ORR, DCR, RECIST categories; or the one endpoint a yes-or-no column stands for.
        not_evaluable : {"nonresponse", "exclude"}
            Whether patients marked NE stay in the denominator.
        design : str
            One of `names.DESIGNS`, if the patients' study has one.
        """
        import pandas as pd

        table = self.evaluable(not_evaluable)
        if self.binary and len(endpoints) > 1:
            raise AnalysisError(
                f"{self.source}: a yes-or-no response stands for one endpoint, not for {', '.join(endpoints)}; "
                "give the best responses (CR, PR, SD, PD, NE) or one endpoint."
            )
        study = pd.Series(table.studies, index=table.frame.index)
        rows = []
        for endpoint in endpoints:
            grouped = pd.DataFrame(
                {"study": study, "regimen": table.frame["regimen"], "met": table.events(endpoint)}
            ).groupby(["study", "regimen"], sort=False)["met"]
            for (name, regimen), met in grouped:
                rows.append(
                    {
                        "study": name,
                        "regimen": regimen,
                        "endpoint": endpoint,
                        "events": int(met.sum()),
                        "n": len(met),
                        "design": design,
                    }
                )
        declared = dict.fromkeys(endpoints, None) if self.binary else None
        counted = read_counts(pd.DataFrame(rows), endpoints=declared)
        return CountTable(counted.frame, table.digest, counted.directions, self.source, (*self.warnings,))


def read_patients(
    source: str | Path | pd.DataFrame,
    *,
    id: str = "patient_id",
    regimen: str = "regimen",
    response: str | None = "response",
    time: str | None = None,
    event: str | None = None,
    entry: str | None = None,
    interval: Sequence[str] | None = None,
    overall: str | None = None,
    time_unit: str | None = None,
    event_codes: Mapping[Any, Any] | None = None,
    dates: Mapping[str, Any] | None = None,
    sheet: str | None = None,
    drop: Sequence[str] = (),
    pending: bool = False,
) -> PatientTable:
    """Read and check a patient table.

    Parameters
    ----------
    source : path or DataFrame
        One row per patient.
    id, regimen : str
        Columns with the patient's identifier (read as text) and regimen.
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
    time_unit : {"days", "weeks", "months", "years"}
        Unit of all these columns; must be declared with them (of `dates` it is that of the follow-up).
    event_codes : mapping, optional
        What other codes than 0 and 1 (or false and true) mean: ``{"2": "event", "1": "censored"}``, or
        ``{2: 1, 1: 0}``.
    dates : mapping, optional
        Columns of dates: ``start``, and ``event``, ``death``, ``last_contact``; and ``cut``, the date of the
        data cut. They are checked against each other; without `time` and `interval` they give the
        follow-up: to the earlier of event and death, else to the last contact (in days, unless `time_unit`).
    sheet : str, optional
        Sheet of a workbook.
    drop : sequence of str, optional
        Columns to leave out; columns that identify patients must be.
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
    import pandas as pd

    raw = read_cells(source, sheet=sheet, drop=drop)
    problems: list[Problem] = []
    warnings = list(raw.notes)
    needed = {"patient_id": id, "regimen": regimen}
    if response is not None:
        needed["response"] = response
    dated = date_columns(dates) if dates is not None else None
    derived = dated is not None and time is None and event is None and interval is None
    if derived:
        time, event, time_unit = "time", "event", time_unit or "days"
        problems += [
            Problem(
                "column_name", f"the dates give the follow-up, but the table has a column {column} too",
                f"Name it with {column}=, to have it checked against the dates, or leave it out with drop=.",
                row=1, column=column,
            )
            for column in ("time", "event") if column in raw.columns
        ]  # fmt: skip
    columns = _follow_up_columns(time, event, entry, interval, overall, time_unit, event_codes)
    from_dates = ("time", "event") if derived else ()
    needed |= {role: column for role, column in columns.roles.items() if role not in from_dates}
    needed |= dated.roles if dated is not None else {}
    folded = {c.casefold(): c for c in raw.columns}
    check_export(raw, folded.get(id.casefold(), id), problems, warnings)
    for role, column in needed.items():
        needed[role] = column = folded.get(column.casefold(), column)
        if column not in raw.columns:
            problems.append(
                Problem(
                    "missing_column",
                    f"there is no column {column} ({role}); the columns are {', '.join(raw.columns)}",
                    f"Add it, or name the column that holds the {role}.{nearest(column, raw.columns)}",
                    row=1,
                    column=column,
                )
            )
    refuse_if_any(raw.source, problems)
    rename = {column: role for role, column in needed.items()}
    for column in raw.columns:
        if column in needed and column not in rename:
            problems.append(
                Problem(
                    "column_name",
                    f"the table calls its {column} {needed[column]!r}, but there is also a column {column}",
                    "Rename the column that is not meant.",
                    row=1,
                    column=column,
                )
            )
    refuse_if_any(raw.source, problems)
    rows = [{rename.get(k, k): v for k, v in row.items()} for row in raw.rows]
    for number, row in zip(raw.numbers, rows, strict=True):
        for role in ("patient_id", "regimen"):
            row[role] = normalise(row[role])
            if not row[role]:
                problems.append(
                    Problem(
                        "blank_label", f"the {role} is blank", "Fill it in.", row=number, column=needed[role], value=""
                    )
                )
    binary = _read_responses(raw, rows, needed.get("response"), problems, warnings, _PENDING if pending else ())
    if dated is not None and columns.unit in DAYS_IN:
        said = {"1": True, "0": False}
        check_dates(
            rows, raw.numbers, dated, 1.0 / DAYS_IN[str(columns.unit)],
            lambda cell: said.get(columns.meanings.get(normalise(cell).casefold(), "")), derived, problems, warnings,
        )  # fmt: skip
    if columns.roles:
        check_follow_up(rows, raw.numbers, columns, problems, warnings, pending=pending)
    kept = _without_duplicates(raw, rows, problems, warnings)
    for a, b in combinations(dict.fromkeys(r["regimen"] for r in rows), 2):
        if same_but_spelling(a, b):
            warnings.append(
                Problem(
                    "spelling",
                    f"regimen {b!r} resembles {a!r}",
                    "If they are the same, spell them alike.",
                    column=regimen,
                    value=b,
                )
            )
    refuse_if_any(raw.source, problems)
    frame = pd.DataFrame([rows[i] for i in kept], index=[raw.numbers[i] for i in kept])
    if columns.roles:
        check_between_patients(frame, columns, warnings)
    return PatientTable(
        frame, table_digest(frame), binary, raw.source, tuple(warnings), time_unit if columns.roles else None
    )


def _follow_up_columns(
    time: str | None, event: str | None, entry: str | None, interval: Sequence[str] | None, overall: str | None,
    time_unit: str | None, event_codes: Mapping[Any, Any] | None,
) -> FollowUpColumns:  # fmt: skip
    """The columns of the follow-up, refused where they do not make sense together."""
    wrong = []
    if (time is None) != (event is None):
        wrong.append("time= and event= go together")
    if interval is not None and (isinstance(interval, str) or len(interval) != 2):
        wrong.append(f"interval= takes two columns, lower and upper, not {interval!r}")
    if time is None and interval is None and (entry or overall or event_codes):
        wrong.append("entry=, overall= and event_codes= need time= and event=, or interval=")
    meanings = {code: event_meaning(meaning) for code, meaning in (event_codes or {}).items()}
    if meanings and set(meanings.values()) != {"event", "censored"}:
        wrong.append('event_codes= gives every code the meaning "event" or "censored", and uses both')
    if wrong:
        raise AnalysisError("; ".join(wrong) + ".")
    lower, upper = interval or (None, None)
    codes = tuple((str(k), str(v)) for k, v in meanings.items())
    return FollowUpColumns(time, event, entry, lower, upper, overall, codes, time_unit)


def _read_responses(
    raw: RawTable,
    rows: list[dict[str, str]],
    column: str | None,
    problems: list[Problem],
    warnings: list[Problem],
    pending: Collection[str] = (),
) -> bool:
    """Canonical responses, in place, blank where `pending`; returns whether the column holds yes or no."""
    if column is None:
        return False
    cells = [normalise(row["response"]).casefold() for row in rows]
    binary = all(c in _YES | _NO for c in cells if c and c not in pending)
    not_evaluable = 0
    for number, row, cell in zip(raw.numbers, rows, cells, strict=True):
        if cell in pending:
            row["response"] = ""
            continue
        if binary and cell:
            row["response"] = "1" if cell in _YES else "0"
            continue
        label = canonical_endpoint(cell) if cell else ""
        if label in RECIST:
            row["response"] = label
            not_evaluable += label == "NE"
            continue
        what = "the response is blank" if not cell else "unknown response"
        problems.append(
            Problem(
                "unknown_response",
                what,
                f"Use one of {', '.join(RECIST)} (NE: not evaluable), or 0 (no) and 1 (yes).",
                row=number,
                column=column,
                value=row["response"],
            )
        )
    if not_evaluable:
        warnings.append(
            Problem(
                "not_evaluable",
                f"{not_evaluable} patients were not evaluable",
                'They count as non-responders unless not_evaluable = "exclude".',
                column=column,
            )
        )
    return binary


def _without_duplicates(
    raw: RawTable, rows: list[dict[str, str]], problems: list[Problem], warnings: list[Problem]
) -> list[int]:
    """Positions of the rows to keep: an identical second row of a patient is dropped."""
    first: dict[str, int] = {}
    kept = []
    for i, (number, row) in enumerate(zip(raw.numbers, rows, strict=True)):
        patient = row["patient_id"]
        if not patient or patient not in first:
            first[patient] = i
            kept.append(i)
        elif row == rows[first[patient]]:
            warnings.append(
                Problem(
                    "duplicate_patient",
                    f"the same row also stands in row {raw.numbers[first[patient]]}; it was counted once",
                    "Remove one of them.",
                    row=number,
                    column="patient_id",
                    value=patient,
                )
            )
        else:
            problems.append(
                Problem(
                    "conflicting_patient",
                    f"the patient also stands in row {raw.numbers[first[patient]]}, with other values",
                    "Keep one row per patient.",
                    row=number,
                    column="patient_id",
                    value=patient,
                )
            )
    return kept
