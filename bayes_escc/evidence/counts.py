"""Counts by study, regimen and endpoint: reading, checking, selecting.

`read_counts` collects every problem of a table before it refuses it. A `CountTable` that
exists has passed all checks; what a person may know better is in its `warnings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.errors import DataError
from bayes_escc.evidence.count_checks import (
    COLUMNS,
    check_between_rows,
    check_duplicates,
    check_row,
    melt_recist,
    rename_columns,
    require_columns,
)
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction, stated_directions
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise, read_cells
from bayes_escc.evidence.table import Table, TableSettings, filter_rows, in_order, table_digest
from bayes_escc.names import Direction, Plain, PlainMapping

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CountSettings", "CountTable", "read_counts"]


@dataclass(frozen=True, kw_only=True)
class CountSettings(TableSettings):
    """What `[data]` may say of a table of counts; every field declares one key."""


@dataclass(frozen=True, repr=False)
class CountTable(Table):
    """A checked table of events among patients, one row per study, regimen and endpoint.

    Made by `read_counts` or `load_dataset`, never by hand.

    Parameters
    ----------
    frame : DataFrame
        Columns study, regimen, endpoint, events, n, then any further columns as text.
    digest, source, warnings
        See `Table`.
    directions : mapping of str to {"higher", "lower"}
        The better direction of each endpoint that has one.
    """

    directions: Mapping[str, Direction] = field(default_factory=dict, kw_only=True)

    kind = "counts"
    columns_read = frozenset({*COLUMNS, "percent", "better", "design", "population"})

    def __repr__(self) -> str:
        return (
            f"CountTable({self.source}: {len(self)} rows, {len(self.studies)} studies, "
            f"{len(self.regimens)} regimens, endpoints {', '.join(self.endpoints)})"
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["study"]))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Endpoints, in order of appearance."""
        return tuple(dict.fromkeys(self.frame["endpoint"]))

    def select(
        self,
        *,
        endpoints: Sequence[str] | None = None,
        regimens: Sequence[str] | None = None,
        where: PlainMapping | None = None,
    ) -> CountTable:
        """Keep some rows; regimens and endpoints come in the order given.

        Parameters
        ----------
        endpoints, regimens : sequence of str, optional
            Labels to keep; all if not given.
        where : mapping, optional
            Column and the value (or list of values) its cells must equal.

        Raises
        ------
        AnalysisError
            If a label or column does not exist, or nothing is left.
        DataError
            If a study would count twice for one regimen and endpoint.
        """
        problems: list[str] = []
        frame = filter_rows(self.frame, where or {}, problems)
        if endpoints is not None:
            frame = in_order(frame, "endpoint", [canonical_endpoint(e) for e in endpoints], self.source, problems)
        if regimens is not None:
            frame = in_order(frame, "regimen", [normalise(r) for r in regimens], self.source, problems)
        frame = self._not_empty(frame, problems)
        twice = frame[frame.duplicated(["study", "regimen", "endpoint"], keep=False)]
        if not twice.empty:
            first = twice.iloc[0]
            raise DataError(
                f"{self.source}: {first['study']} counts more than once for {first['regimen']}, "
                f"{first['endpoint']}: its rows are overlapping populations. Choose one with "
                "where, for example where = { population = ... }."
            )
        return self.keep(frame)


def read_counts(
    source: str | Path | pd.DataFrame,
    *,
    sheet: str | None = None,
    endpoints: Mapping[str, Direction | None] | None = None,
    drop: Sequence[str] = (),
    empty_rows: bool = False,
) -> CountTable:
    """Read and check a table of counts.

    Parameters
    ----------
    source : path or DataFrame
        Columns study, regimen, endpoint, n and either events or percent (as printed, for
        example ``34.5``), in any order, with any further columns. Alternatively, without an
        endpoint column, the RECIST categories CR, PR, SD, PD, NE as columns.
    sheet : str, optional
        Sheet of a workbook.
    endpoints : mapping, optional
        Endpoints that are not part of the package's vocabulary and whether "higher" or
        "lower" is better. A column ``better`` in the table does the same.
    drop : sequence of str, optional
        Columns to leave out.
    empty_rows : bool
        Keep rows without patients (n = 0), which a hierarchy predicts from the others; otherwise they are refused.

    Returns
    -------
    CountTable

    Raises
    ------
    DataError
        If anything makes the counts unusable. The message, and the error's `problems`, list
        every problem with row, column, value and remedy.
    """
    import pandas as pd

    raw = read_cells(source, sheet=sheet, drop=drop)
    problems: list[Problem] = []
    warnings: list[Problem] = list(raw.notes)
    raw = rename_columns(raw, problems)
    refuse_if_any(raw.source, problems)
    raw = melt_recist(raw, problems)
    require_columns(raw, problems)
    refuse_if_any(raw.source, problems)
    declared = {canonical_endpoint(k): v for k, v in (endpoints or {}).items()}
    declared |= stated_directions(raw, problems)
    check_duplicates(raw, problems, warnings)
    records: list[tuple[int, Plain]] = []
    directions: Plain = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        record = check_row(row, number, declared, problems, warnings, empty_rows=empty_rows)
        if record is not None:
            records.append((number, record))
            endpoint = record["endpoint"]
            directions[endpoint] = declared.get(endpoint) or endpoint_direction(endpoint)
    check_between_rows(records, warnings)
    refuse_if_any(raw.source, problems)
    frame = pd.DataFrame([r for _, r in records], index=[number for number, _ in records])
    frame = frame.astype({"events": int, "n": int})
    known = {k: v for k, v in directions.items() if v is not None}
    return CountTable(frame, table_digest(frame), raw.source, directions=known, warnings=tuple(warnings))
