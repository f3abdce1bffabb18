"""A data cut: the rows of one table as the study stores and compares them.

A cut holds only the columns the analysis names, one row per patient (or per arm, for counts), in the order of
their identifiers; so two files with the same content are the same cut, whatever their order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import CountTable, PatientTable
from bayes_escc.names import PlainMapping, normalise
from bayes_escc.study.digests import canonical, sha256

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROLES", "Cut", "Row", "read_cut", "standing_cut"]

Row = Mapping[str, str]

ROLES: Final = ("response", "time", "event", "interval_lower", "interval_upper", "overall", "overall_event")
"""Columns of a patient table that change as follow-up grows; all others are facts of the baseline."""


@dataclass(frozen=True)
class Cut:
    """The rows of one data cut.

    Parameters
    ----------
    kind : {"patients", "counts"}
    rows : mapping of str to mapping
        Cells by column, by identifier, in the order of the identifiers.
    header : mapping
        What all rows share: kind, columns, unit of time, coding of the response, directions.
    source : str
        Name of the file.
    source_sha256 : str
        Of the file, or of a DataFrame's content.
    notes : tuple of str
        What was noticed in reading but not refused.
    repeated : tuple of str
        Identifiers of identical rows that stand twice.
    order : tuple of str
        Identifiers in the order of the file, which decides the order of regimens that the analysis does not name.
    """

    kind: Literal["patients", "counts"]
    rows: Mapping[str, Row]
    header: PlainMapping
    source: str
    source_sha256: str = ""
    notes: tuple[str, ...] = ()
    repeated: tuple[str, ...] = field(default=(), compare=False)
    order: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns held, the identifier of patients left out."""
        return tuple(self.header["columns"])

    def same_rows(self, other: Cut) -> bool:
        """Whether another cut holds the same rows under the same columns."""
        return self.rows == other.rows and self.header == other.header

    def without(self, *units: str) -> Cut:
        """The same cut without some patients."""
        return Cut(self.kind, {u: r for u, r in self.rows.items() if u not in units}, self.header, self.source)

    def in_file_order(self) -> Cut:
        """The same cut with its rows as the file had them."""
        return replace(self, rows={unit: self.rows[unit] for unit in self.order})

    def table(self, digest: str) -> PatientTable | CountTable:
        """The rows as a checked table, under the digest of the snapshot."""
        import pandas as pd

        if self.kind == "counts":
            frame = pd.DataFrame([dict(r) for r in self.rows.values()], index=range(1, len(self) + 1))
            frame = frame.astype({"events": int, "n": int})
            return CountTable(frame, digest, self.source, directions=dict(self.header["directions"]))
        records = [{"patient_id": unit, **row} for unit, row in self.rows.items()]
        frame = pd.DataFrame(records, index=range(1, len(self) + 1))
        return PatientTable.of_cells(
            frame, digest, self.source, binary=self.header["binary"], time_unit=self.header["time_unit"]
        )


def read_cut(
    source: str | Path | pd.DataFrame,
    analysis: Analysis,
    published: PlainMapping | None = None,
    given: Mapping[str, str | Path | pd.DataFrame] | None = None,
) -> Cut:
    """Read and check a data cut for an analysis.

    Parameters
    ----------
    source : path or DataFrame
        The whole table as it stands now: every patient, not only the new ones.
    analysis : Analysis
        Names the columns.
    published : mapping, optional
        What is published beside the patients, which the cut holds too.
    given : mapping of str to path or DataFrame, optional
        Where of it comes with this cut.

    Raises
    ------
    DataError
        If the table cannot be used; every problem is listed.
    AnalysisError
        If the analysis is not one of patients or counts.
    """
    table = analysis.data.read(source, growing=True)
    digest = _source_digest(source, table.digest)
    if isinstance(table, PatientTable):
        cut = _of_patients(table, analysis, digest)
        return cut if published is None else standing_cut(cut, published, given or {}, source=cut.source)
    if isinstance(table, CountTable):
        return _of_counts(table, analysis, digest)
    raise AnalysisError(
        f'a study follows patients or counts (data.kind = "patients" or "counts"), not {table.kind}: published results '
        "do not grow; run the analysis again when there are more of them."
    )


def standing_cut(
    cut: Cut, published: PlainMapping | None, given: Mapping[str, str | Path | pd.DataFrame], *, source: str = ""
) -> Cut:
    """The patients of a cut with what is published; named after what came."""
    names = [Path(s).name if isinstance(s, str | Path) else f"published {name}" for name, s in given.items()]
    digests = [_source_digest(s, canonical(list((published or {}).get(name, ())))) for name, s in given.items()]
    own = [cut.source_sha256] if source else []
    return replace(
        cut,
        header={**cut.header, "published": dict(published or {})},
        source=", ".join([*([source] if source else []), *names]),
        source_sha256=sha256(" ".join([*own, *digests])) if digests else cut.source_sha256,
    )


def _source_digest(source: Any, otherwise: str) -> str:
    if isinstance(source, str | Path):
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return otherwise


def _of_patients(table: PatientTable, analysis: Analysis, digest: str) -> Cut:
    frame = table.frame
    stored = {normalise(c).casefold() for c in analysis.data.columns()} - {"patient_id"}
    columns = [str(c) for c in frame.columns if str(c).casefold() in stored]
    records = {r["patient_id"]: {c: r[c] for c in columns} for r in frame.to_dict("records")}
    header = {"kind": "patients", "columns": columns, "binary": table.binary, "time_unit": table.time_unit}
    repeated = tuple(str(w.value) for w in table.warnings if w.code == "duplicate_patient")
    _refuse_ambiguous(records, table.source)
    return Cut(
        "patients",
        dict(sorted(records.items())),
        header,
        table.source,
        digest,
        tuple(str(w) for w in table.warnings if w.code != "duplicate_patient"),
        repeated,
        tuple(records),
    )


def _refuse_ambiguous(units: Iterable[str], source: str) -> None:
    """Acknowledgements are typed, so identifiers that differ only in case would be mistaken."""
    seen: dict[str, str] = {}
    clashes = []
    for unit in units:
        other = seen.setdefault(unit.casefold(), unit)
        if other != unit:
            clashes.append(f"{other!r} and {unit!r}")
    if clashes:
        raise DataError(
            f"{source} was refused: identifiers differ only in upper and lower case: {', '.join(clashes)}. A study "
            "follows patients by identifier, and counts by study, regimen and endpoint: spell them alike if they are "
            "one, apart if they are two."
        )


def _named(row: Mapping[Any, Any]) -> str:
    """What a row of counts is called in a study."""
    return f"{row['study']} | {row['regimen']} | {row['endpoint']}"


def _of_counts(table: CountTable, analysis: Analysis, digest: str) -> Cut:
    data = analysis.data
    every = analysis.spec.derives_endpoints
    chosen = table.select(endpoints=None if every else data.endpoints, regimens=None, where=dict(data.where))
    frame = chosen.frame
    columns = [str(c) for c in frame.columns if c not in ("source", "notes")]
    rows = frame.to_dict("records")
    records = {_named(r): {c: str(r[c]) for c in columns} for r in rows}
    if len(records) < len(rows):
        twice = [name for name, times in Counter(map(_named, rows)).items() if times > 1]
        raise DataError(
            f"{table.source} was refused: several rows are called {', '.join(twice)}. A study follows counts by study, "
            'regimen and endpoint with " | " between them: spell these names without " | ".'
        )
    _refuse_ambiguous(records, table.source)
    header = {"kind": "counts", "columns": columns, "directions": dict(sorted(chosen.directions.items()))}
    return Cut(
        "counts",
        dict(sorted(records.items())),
        header,
        table.source,
        digest,
        tuple(str(w) for w in table.warnings),
        (),
        tuple(records),
    )
