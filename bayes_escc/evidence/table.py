"""What every checked table has: rows, a digest of them, where they came from and what was noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import cell_text, normalise
from bayes_escc.names import NotebookView, PlainMapping
from bayes_escc.settings.reader import nearest
from bayes_escc.settings.setting import setting, text, texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NotEvaluable", "Source", "Table", "TableSettings", "filter_rows", "in_order", "no_row_has", "table_digest"]

_NAMED: Final = 20
"""Labels that a message names."""

NotEvaluable = Literal["nonresponse", "exclude"]
"""What patients marked NE count as: non-responders, or nothing."""

type Source = str | Path | pd.DataFrame
"""What a table is read from."""


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """What `[data]` may say of a table of any kind; every field declares one key."""

    sheet: str | None = setting(text(), None, "sheet of a workbook")
    drop: tuple[str, ...] = setting(texts(), (), "columns to leave out, for example those that identify patients")

    # What tables of some kinds state, and those of the others answer all the same.

    @property
    def counts(self) -> str | None:
        """File or dataset of counts that stand beside effects."""
        return None

    @property
    def design(self) -> str:
        """How patients came to their regimens, where it is stated."""
        return ""

    @property
    def not_evaluable(self) -> NotEvaluable:
        """Whether patients marked NE count as non-responders or not at all."""
        return "nonresponse"

    @property
    def time_unit(self) -> str | None:
        """Unit of the times of the table."""
        return None

    @property
    def seen_at_scans(self) -> bool:
        """Whether events are known to lie between two scans."""
        return False

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the checked table that every analysis with these settings uses."""
        return frozenset()

    @property
    def dated_by(self) -> frozenset[str]:
        """Columns of dates from which times are made."""
        return frozenset()

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns of times and responses, where they are stated."""
        return ()

    def outcome(self, needs_response: bool) -> dict[str, str]:
        """Columns of the outcome itself, which cannot be a covariate, and the key that names each."""
        return {}

    def of_response(self) -> Self:
        """The same for a model of a response."""
        return self

    def of_both_endpoints(self) -> Self:
        """The same for a model of progression-free and overall survival together."""
        return self


@dataclass(frozen=True, repr=False)
class Table(NotebookView):
    """A checked table of evidence; made by the readers, never by hand.

    Parameters
    ----------
    frame : DataFrame
        The rows, indexed by the number a person would count in the file.
    digest : str
        SHA-256 of the content; the order of rows does not change it.
    source : str
        Where the table came from.
    warnings : tuple of Problem
        What was noticed but not refused.
    """

    frame: pd.DataFrame
    digest: str
    source: str
    warnings: tuple[Problem, ...] = field(default=(), kw_only=True)

    kind: ClassVar[str] = ""
    """Name of the kind of evidence, as in ``[data] kind``."""
    unit_of_rows: ClassVar[str] = "rows"
    columns_read: ClassVar[frozenset[str]] = frozenset()
    """Columns that mean something to every analysis of such a table; others do where an analysis names them."""

    def __len__(self) -> int:
        return len(self.frame)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the rows as a DataFrame."""
        return self.frame.copy()

    @property
    def regimens(self) -> tuple[str, ...]:
        """Regimens, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["regimen"]))

    def keep(self, frame: pd.DataFrame) -> Self:
        """The same table with only some of its rows, and the warnings that concern them."""
        gone = set(self.frame.index) - set(frame.index)
        noted = tuple(w for w in self.warnings if w.row not in gone)
        return replace(self, frame=frame, digest=table_digest(frame), warnings=noted)

    def select(self, *, regimens: Sequence[str] | None = None, where: PlainMapping | None = None) -> Self:
        """Keep the rows of some regimens, in the order given, or those whose columns equal given values.

        Parameters
        ----------
        regimens : sequence of str, optional
            All if not given.
        where : mapping, optional
            Column and the value (or list of values) its cells must equal.

        Raises
        ------
        AnalysisError
            If a regimen or column does not exist, or nothing is left.
        """
        if regimens is None and not where:
            return self
        problems: list[str] = []
        frame = filter_rows(self.frame, where or {}, problems)
        if regimens is not None:
            frame = in_order(frame, "regimen", [normalise(r) for r in regimens], self.source, problems)
        return self.keep(self._not_empty(frame, problems))

    def _not_empty(self, frame: pd.DataFrame, problems: Sequence[str]) -> pd.DataFrame:
        """The rows of a selection, refused if it went wrong or left none."""
        if problems:
            raise AnalysisError("; ".join(problems))
        if frame.empty:
            raise AnalysisError(f"no {self.unit_of_rows} of {self.source} are left after the selection.")
        return frame


def in_order(frame: pd.DataFrame, column: str, labels: Sequence[str], source: str, problems: list[str]) -> pd.DataFrame:
    """The rows with some labels, in the order of the labels; those that do not exist are noted."""
    known = dict.fromkeys(frame[column])
    present = list(known)[:_NAMED] + [f"and {len(known) - _NAMED} more"] * (len(known) > _NAMED)
    if not problems:
        problems += [
            f"{column} {label!r} is not in {source}; it has {', '.join(present) or 'no rows left'}."
            f"{nearest(label, known)}"
            for label in [x for x in labels if x not in known][:_NAMED]
        ]
    place = {label: i for i, label in enumerate(labels)}
    frame = frame[frame[column].isin(place)]
    return frame.iloc[frame[column].map(place).argsort(kind="stable")]


def filter_rows(frame: pd.DataFrame, where: PlainMapping, problems: list[str]) -> pd.DataFrame:
    """Keep the rows whose cells equal a value (or one of several) in every column named."""
    problems += no_row_has([frame], where)
    for column, wanted in where.items():
        if column not in frame.columns:
            problems.append(f"where: there is no column {column!r}.{nearest(column, frame.columns)}")
            continue
        cells = {v: normalise(cell_text(v)) for v in frame[column].unique()}
        allowed = _values(wanted)
        absent_anywhere = any(p.startswith(f"where: no row has {column} = ") for p in problems)
        if not absent_anywhere and not allowed & {*cells.values()}:
            problems.append(f"where: no row has {column} = {', '.join(sorted(allowed))}")
        frame = frame[frame[column].isin([v for v, cell in cells.items() if cell in allowed])]
    return frame


def no_row_has(frames: Sequence[pd.DataFrame], where: PlainMapping) -> list[str]:
    """What `where` asks for and no row of any of some tables has, in words; one slip among several values too."""
    found = []
    for column, wanted in where.items():
        known = {normalise(cell_text(v)) for frame in frames if column in frame for v in frame[column].unique()}
        absent = sorted(_values(wanted) - known)
        if known and absent:
            hint = nearest(absent[0], sorted(known)) if len(absent) == 1 else ""
            found.append(f"where: no row has {column} = {', '.join(absent)}{hint and '.' + hint}")
    return found


def _values(wanted: object) -> set[str]:
    """The cells that a value of `where`, or one of several, stands for."""
    return {normalise(cell_text(v)) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])}


def table_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a table's columns and rows, whatever the order of the rows."""
    columns = [map(str, frame.iloc[:, i].tolist()) for i in range(frame.shape[1])]
    lines = sorted(map("\x1f".join, zip(*columns, strict=True)))
    content = "\x1e".join(["\x1f".join(map(str, frame.columns)), *lines])
    return hashlib.sha256(content.encode()).hexdigest()
