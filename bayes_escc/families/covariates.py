"""Patient covariates: explicit entries, numbers out, constants stored. Never formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise
from bayes_escc.schema import Reader, nearest, raise_problems

if TYPE_CHECKING:
    from bayes_escc.evidence import EffectTable, PatientTable

__all__ = ["Covariate", "EncodedCovariates", "encode", "read_covariates"]

_BINARY = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "是": 1.0, "否": 0.0, "有": 1.0, "无": 0.0}


@dataclass(frozen=True)
class Covariate:
    """One covariate as the analysis states it.

    Parameters
    ----------
    column : str
        Column of the patient table.
    transform : {"none", "log", "sqrt"}
        Applied to a numeric column first.
    center : "mean", "none" or float
        Subtracted after the transform; by default the mean of a continuous column and
        nothing for a yes-or-no column.
    scale : "sd", "none" or float
        Divided by after centring; by default the standard deviation of a continuous column.
    coding : {"auto", "numeric", "categorical"}
        A categorical column becomes one indicator per level other than the first.
    missing : {"refuse", "complete_case"}
        What happens to patients without a value.
    """

    column: str
    transform: Literal["none", "log", "sqrt"] = "none"
    center: str | float | None = None
    scale: str | float | None = None
    coding: Literal["auto", "numeric", "categorical"] = "auto"
    missing: Literal["refuse", "complete_case"] = "refuse"


@dataclass(frozen=True)
class EncodedCovariates:
    """Covariates as numbers.

    Parameters
    ----------
    labels : tuple of str
        One per column of `values`: the column, or ``column[level]``.
    values : array of shape (patients, labels)
    constants : tuple of (str, str)
        How each label was computed, in words, with the stored centre and scale.
    kept : array of bool
        Patients kept (all, unless `missing` asked for complete cases).
    encoders : tuple of Encoder
        How each column of `values` is computed, with the stored constants, for new patients.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float64]
    constants: tuple[tuple[str, str], ...]
    kept: NDArray[np.bool_]
    encoders: tuple[Encoder, ...] = ()

    def profile(self, patient: Mapping[str, Any]) -> NDArray[np.float64]:
        """A new patient as numbers, with the stored centres and scales.

        Parameters
        ----------
        patient : mapping
            Column of the table and value; every covariate needs one.

        Raises
        ------
        AnalysisError
            If a covariate is missing, unknown or unusable.
        """
        columns = list(dict.fromkeys(e.column for e in self.encoders))
        problems = [f"{c} is needed" for c in columns if c not in patient]
        problems += [f"{c} is not a covariate here.{nearest(c, columns)}" for c in patient if c not in columns]
        found = []
        for encoder in self.encoders:
            if encoder.column in patient:
                value = encoder(patient[encoder.column])
                if value is None:
                    problems.append(f"{encoder.column} = {patient[encoder.column]!r} cannot be used")
                else:
                    found.append(value)
        raise_problems("this patient cannot be described", list(dict.fromkeys(problems)))
        return np.array(found, dtype=float)


@dataclass(frozen=True)
class Encoder:
    """How one number is computed from a cell, with stored constants.

    Parameters
    ----------
    column : str
    levels : tuple of str
        The levels of a categorical column, the reference first; empty for numbers.
    level : str
        The level this indicator stands for.
    transform : {"none", "log", "sqrt"}
    center, scale : float
    """

    column: str
    levels: tuple[str, ...] = ()
    level: str = ""
    transform: str = "none"
    center: float = 0.0
    scale: float = 1.0

    def __call__(self, cell: Any) -> float | None:
        """The number, or None if the cell cannot be used."""
        text = normalise(str(cell))
        if self.levels:
            return float(text == self.level) if text in self.levels else None
        value = _number(text)
        if value is None or (self.transform == "log" and value <= 0) or (self.transform == "sqrt" and value < 0):
            return None
        transformed = {"log": math.log, "sqrt": math.sqrt}.get(self.transform, float)(value)
        return (transformed - self.center) / self.scale


def read_covariates(model: Reader) -> tuple[Covariate, ...]:
    """Read `covariates = [{ column = ..., ... }]` of `[model]`."""
    found = []
    for entry in model.tables("covariates"):
        column = entry.text("column")
        transform = entry.text("transform", "none", ("none", "log", "sqrt"))
        center = _constant(entry, "center", "mean")
        scale = _constant(entry, "scale", "sd")
        coding = entry.text("coding", "auto", ("auto", "numeric", "categorical"))
        missing = entry.text("missing", "refuse", ("refuse", "complete_case"))
        entry.finish()
        if isinstance(scale, float) and scale <= 0:
            entry.problem("scale", f"must be positive, not {scale:g}")
        if column:
            found.append(Covariate(column, transform, center, scale, coding, missing))
    columns = [c.column for c in found]
    if len(set(columns)) < len(columns):
        model.problem("covariates", "name a column twice")
    return tuple(found)


def _constant(entry: Reader, key: str, word: str) -> str | float | None:
    value = entry.take(key, None)
    if value is None or value in (word, "none"):
        return value  # type: ignore[no-any-return]
    if isinstance(value, bool):
        return word if value else "none"
    if isinstance(value, int | float):
        return float(value)
    entry.problem(key, f'must be "{word}", "none" or a number, not {value!r}')
    return None


def encode(table: PatientTable | EffectTable, covariates: Sequence[Covariate]) -> EncodedCovariates:
    """Turn the covariates of a table, of patients or of studies, into numbers.

    Raises
    ------
    DataError
        If a column is absent, a value is missing or unusable, or a column is constant; every
        problem is listed with its row.
    """
    problems: list[Problem] = []
    kept = np.ones(len(table), dtype=bool)
    cells: dict[str, list[str]] = {}
    for covariate in covariates:
        column = covariate.column
        if column not in table.frame.columns:
            problems.append(
                Problem(
                    "missing_column",
                    f"there is no column {column}",
                    f"The columns are {', '.join(table.frame.columns)}.{nearest(column, table.frame.columns)}",
                    column=column,
                )
            )
            continue
        cells[column] = [normalise(str(v)) for v in table.frame[column]]
        blank = np.array([c == "" or c.casefold() in {"na", "nan"} for c in cells[column]])
        if covariate.missing == "complete_case":
            kept &= ~blank
        else:
            problems += [
                Problem(
                    "missing_value",
                    "the value is missing",
                    'Fill it in, or set missing = "complete_case".',
                    row=int(row),
                    column=column,
                    value=cells[column][i],
                )
                for i, row in enumerate(table.frame.index)
                if blank[i]
            ]
    refuse_if_any(table.source, problems)
    if not kept.any():
        raise DataError(f"{table.source}: no patient has a value for every covariate.")
    labels: list[str] = []
    columns: list[NDArray[np.float64]] = []
    constants: list[tuple[str, str]] = []
    encoders: list[Encoder] = []
    rows = [int(r) for r, keep in zip(table.frame.index, kept, strict=True) if keep]
    for covariate in covariates:
        texts = [c for c, keep in zip(cells[covariate.column], kept, strict=True) if keep]
        for label, values, how, encoder in _encode_one(covariate, texts, rows, problems):
            labels.append(label)
            columns.append(values)
            constants.append((label, how))
            encoders.append(encoder)
    refuse_if_any(table.source, problems)
    shape = (int(kept.sum()), len(labels))
    values = np.column_stack(columns) if columns else np.empty(shape)
    return EncodedCovariates(tuple(labels), values, tuple(constants), kept, tuple(encoders))


def _encode_one(
    covariate: Covariate, texts: Sequence[str], rows: Sequence[int], problems: list[Problem]
) -> list[tuple[str, NDArray[np.float64], str, Encoder]]:
    column = covariate.column
    numbers = [_number(t) for t in texts]
    numeric = covariate.coding == "numeric" or (
        covariate.coding == "auto" and sum(x is not None for x in numbers) > 0.5 * len(texts)
    )
    if len(set(texts)) == 1:
        problems.append(
            Problem(
                "constant_covariate",
                f"every patient has the value {texts[0]!r}",
                "Leave the covariate out.",
                column=column,
            )
        )
        return []
    if not numeric:
        levels = tuple(sorted(set(texts)))
        return [
            (
                f"{column}[{level}]", np.array([float(t == level) for t in texts]), f"{level} against {levels[0]}",
                Encoder(column, levels, level),
            )
            for level in levels[1:]
        ]  # fmt: skip
    bad = [
        Problem(
            "not_a_number",
            "the value is not a number",
            'Correct it, or use coding = "categorical".',
            row=row,
            column=column,
            value=text,
        )
        for row, text, number in zip(rows, texts, numbers, strict=True)
        if number is None
    ]
    x = np.array([np.nan if v is None else v for v in numbers])
    low = {"log": x <= 0, "sqrt": x < 0}.get(covariate.transform, np.zeros(len(x), dtype=bool))
    bad += [
        Problem(
            "outside_transform",
            f"{covariate.transform} needs a {'positive' if covariate.transform == 'log' else 'non-negative'} value",
            "Correct it or change the transform.",
            row=row,
            column=column,
            value=text,
        )
        for row, text, wrong in zip(rows, texts, low, strict=True)
        if wrong
    ]
    if bad:
        problems.extend(bad)
        return []
    transformed: Any = {"none": x, "log": np.log, "sqrt": np.sqrt}[covariate.transform]
    values = transformed if covariate.transform == "none" else transformed(x)
    binary = set(np.unique(values)) <= {0.0, 1.0}
    center = _resolve(covariate.center, 0.0 if binary else float(values.mean()), float(values.mean()))
    spread = float(values.std(ddof=1))
    scale = _resolve(covariate.scale, 1.0 if binary else spread, spread, none=1.0)
    name = column if covariate.transform == "none" else f"{covariate.transform}({column})"
    how = f"({name} - {center:.6g}) / {scale:.6g}" if (center, scale) != (0.0, 1.0) else name
    encoder = Encoder(column, transform=covariate.transform, center=center, scale=scale)
    return [(column, (values - center) / scale, how, encoder)]


def _number(text: str) -> float | None:
    if text.casefold() in _BINARY:
        return _BINARY[text.casefold()]
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _resolve(stated: str | float | None, default: float, word: float, none: float = 0.0) -> float:
    if stated is None:
        return default
    if isinstance(stated, float):
        return stated
    return none if stated == "none" else word
