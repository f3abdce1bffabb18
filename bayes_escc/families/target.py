"""Over whom results are averaged: everyone, one regimen, the profile of one patient, or a table of patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import cell_text, read_cells
from bayes_escc.names import AnyArray
from bayes_escc.settings.reader import Reader, nearest

if TYPE_CHECKING:
    from bayes_escc.families.covariates import EncodedCovariates

__all__ = ["Target", "TargetTable", "read_population", "target_patterns"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TargetTable:
    """Patients of another source, for example a registry, over whom results are averaged.

    Parameters
    ----------
    file, sheet : str or None
        Where they stand, relative to the analysis.
    rows : tuple of ((column, value), ...)
        The patients themselves; after `loaded` also where a file was named.
    numbers : tuple of int
        The row of each, as a person counts.
    """

    file: str | None = None
    sheet: str | None = None
    rows: tuple[tuple[tuple[str, Any], ...], ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def source(self) -> str:
        return Path(self.file).name if self.file else "the target population"

    def loaded(self, folder: Path | None, columns: Sequence[str]) -> TargetTable:
        """The same with the rows of the file, and of them only the columns that are needed."""
        if self.file is None or self.rows:
            return self
        raw = read_cells((folder or Path()) / self.file, sheet=self.sheet)
        rows = tuple(tuple((k, v) for k, v in row.items() if k in columns) for row in raw.rows)
        missing = [c for c in columns if c not in raw.columns]
        refuse_if_any(raw.source, [_no_column(c, raw.columns) for c in missing])
        return replace(self, rows=rows, numbers=tuple(raw.numbers))


Target = str | tuple[tuple[str, Any], ...] | TargetTable


def read_population(estimands: Reader) -> Target:
    """Read `population` of `[estimands]`."""
    value = estimands.take("population", "all")
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, Mapping) and value:
        if "file" in value:
            inner = Reader(value, estimands.where("population"), estimands.problems)
            file, sheet = inner.text("file"), inner.text("sheet", None)
            inner.finish()
            return TargetTable(file, sheet)
        rows = value.get("rows")
        if isinstance(rows, list | tuple) and len(value) == 1 and rows and all(_is_profile(r) for r in rows):
            return TargetTable(rows=tuple(tuple((str(k), v) for k, v in row.items()) for row in rows))
        if _is_profile(value):
            return tuple((str(k), v) for k, v in value.items())
    estimands.problem(
        "population",
        'must be "all", a regimen, the covariates of one patient as a table, { file = "registry.csv" } or '
        f"{{ rows = [...] }}, not {value!r}",
    )
    return "all"


def _is_profile(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(v, str | int | float) for v in value.values())


def target_patterns(
    wanted: Target, encoded: EncodedCovariates, regimen: AnyArray, regimens: Sequence[str]
) -> tuple[Array, Array]:
    """Distinct covariate patterns of a target population and their shares.

    Raises
    ------
    AnalysisError
        If it is no regimen, or the profile lacks a covariate.
    DataError
        If a row of a table cannot be used; every problem is listed.
    """
    x = encoded.values
    if isinstance(wanted, TargetTable):
        x = _table_patterns(wanted, encoded)
    elif isinstance(wanted, tuple):
        x = encoded.profile(dict(wanted))[None, :]
    elif wanted in regimens:
        x = x[regimen == list(regimens).index(wanted)]
    elif wanted != "all":
        raise AnalysisError(
            f'estimands.population: {wanted!r} is neither "all" nor a regimen; there are '
            f"{', '.join(regimens)}.{nearest(wanted, regimens)}"
        )
    patterns, counts = np.unique(x, axis=0, return_counts=True)
    return patterns, counts / counts.sum()


def _table_patterns(wanted: TargetTable, encoded: EncodedCovariates) -> Array:
    """The covariates of every row, coded with the constants of the fitted patients."""
    if not encoded.encoders:
        raise AnalysisError(
            "estimands.population: without covariates in the model all patients are alike, so results cannot be "
            "carried over to another population; add covariates, or leave it out."
        )
    source, rows = wanted.source, [{k: cell_text(v) for k, v in row} for row in wanted.rows]
    numbers = wanted.numbers or tuple(range(2, len(rows) + 2))
    known = list(dict.fromkeys(c for row in rows for c in row))
    needed = dict.fromkeys(e.column for e in encoded.encoders)
    problems = [_no_column(column, known) for column in needed if column not in known]
    refuse_if_any(source, problems)
    values = np.zeros((len(rows), len(encoded.encoders)))
    for i, (number, row) in enumerate(zip(numbers, rows, strict=True)):
        for j, encoder in enumerate(encoded.encoders):
            cell = row.get(encoder.column, "")
            value = encoder(cell) if cell else None
            if value is not None:
                values[i, j] = value
                continue
            allowed = f"one of {', '.join(encoder.levels)}" if encoder.levels else "a number the transform takes"
            problem = Problem(
                "missing_value" if not cell else "unusable_value",
                "the value is missing" if not cell else f"the value must be {allowed}, as in the patients of the fit",
                "Fill it in, correct it, or leave the row out.",
                row=number,
                column=encoder.column,
                value=cell,
            )
            if problem not in problems:
                problems.append(problem)
    refuse_if_any(source, problems)
    return values


def _no_column(column: str, known: Sequence[str]) -> Problem:
    return Problem(
        "missing_column",
        f"there is no column {column}, a covariate of the model",
        f"Add it, or rename the column that holds it.{nearest(column, known)}",
        row=1,
        column=column,
    )
