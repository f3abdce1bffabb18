"""Patient covariates: explicit entries, numbers out, constants stored. Never formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise
from bayes_escc.names import COVARIATE, REGIMEN, PlainMapping, covariate_in_words
from bayes_escc.settings.reader import Reader, nearest, raise_problems

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.evidence import EffectTable, PatientTable

__all__ = [
    "Covariate",
    "EncodedCovariates",
    "encode",
    "is_blank",
    "level_key",
    "means_by_regimen",
    "read_covariates",
    "yes_or_no",
]

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
    coding : {"auto", "numeric", "categorical", "ordinal"}
        A categorical column becomes one indicator per level other than the first, an ordinal one
        an indicator of "this level or above" per level other than the lowest, so that its
        coefficients are the steps between neighbouring levels (successive differences).
    missing : {"refuse", "complete_case", "impute"}
        What happens to patients without a value; ``"impute"`` keeps them, where the family can.
    levels : tuple of str
        Levels of a categorical or ordinal column in order, the reference or lowest first; by
        default sorted, by number where all are.
    bins : int or None
        Number of groups of equal size whose mean stands for the values of a continuous column.
    label, unit : str
        The covariate as people say it, and the unit of its values: words of tables and figures, without effect on the
        model.
    """

    column: str
    transform: Literal["none", "log", "sqrt"] = "none"
    center: str | float | None = None
    scale: str | float | None = None
    coding: Literal["auto", "numeric", "categorical", "ordinal"] = "auto"
    missing: Literal["refuse", "complete_case", "impute"] = "refuse"
    levels: tuple[str, ...] = ()
    bins: int | None = None
    label: str = ""
    unit: str = ""


@dataclass(frozen=True)
class EncodedCovariates:
    """Covariates as numbers.

    Parameters
    ----------
    labels : tuple of str
        One per column of `values`: the column, or ``column[level]``.
    values : array of shape (patients, labels)
        NaN where the value is missing and to be imputed.
    constants : tuple of (str, str)
        How each label was computed, in words, with the stored centre and scale.
    kept : array of bool
        Patients kept (all, unless `missing` asked for complete cases).
    encoders : tuple of Encoder
        How each column of `values` is computed, with the stored constants, for new patients.
    notes : tuple of Problem
        What was noticed, for example what binning loses.
    stated : mapping of str to str
        Labels that the analysis states, by column.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float64]
    constants: tuple[tuple[str, str], ...]
    kept: NDArray[np.bool_]
    encoders: tuple[Encoder, ...] = ()
    notes: tuple[Problem, ...] = ()
    stated: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Every label as people say it: what the analysis calls its column, what is known of it, or its name."""
        return tuple(covariate_in_words(label, self.stated.get(label.partition("[")[0])) for label in self.labels)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where a value is missing, shape (patients, labels)."""
        return np.asarray(np.isnan(self.values))

    @property
    def binary(self) -> NDArray[np.bool_]:
        """Which labels hold only 0 and 1 (beside missing values), shape (labels,)."""
        zero_or_one = (self.values == 0.0) | (self.values == 1.0) | self.missing
        return np.asarray(zero_or_one.all(axis=0))

    def profile(
        self, patient: PlainMapping, *, heading: str = "this patient cannot be described"
    ) -> NDArray[np.float64]:
        """A new patient as numbers, with the stored centres and scales.

        Parameters
        ----------
        patient : mapping
            Column of the table and value; every covariate needs one.
        heading : str
            Of the message where that is not possible.

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
        raise_problems(heading, list(dict.fromkeys(problems)))
        return np.array(found, dtype=float)


@dataclass(frozen=True)
class Encoder:
    """How one number is computed from a cell, with stored constants.

    Parameters
    ----------
    column : str
    levels : tuple of str
        The levels of a categorical or ordinal column, the reference first; empty for numbers.
    level : str
        The level this indicator stands for.
    ordinal : bool
        Whether the indicator is of this level or above.
    transform : {"none", "log", "sqrt"}
    center, scale : float
    """

    column: str
    levels: tuple[str, ...] = ()
    level: str = ""
    ordinal: bool = False
    transform: str = "none"
    center: float = 0.0
    scale: float = 1.0

    def __call__(self, cell: Any) -> float | None:
        """The number, or None if the cell cannot be used."""
        text = normalise(str(cell))
        if self.levels:
            place = {level_key(level): i for i, level in enumerate(self.levels)}
            found, own = place.get(level_key(text)), self.levels.index(self.level)
            if found is None:
                return None
            return float(found >= own if self.ordinal else found == own)
        value = _number(text)
        if value is None or (self.transform == "log" and value <= 0) or (self.transform == "sqrt" and value < 0):
            return None
        transformed = {"log": math.log, "sqrt": math.sqrt}.get(self.transform, float)(value)
        return (transformed - self.center) / self.scale

    def printed(self, value: float) -> float:
        """A value as modelled in the unit of its column."""
        back = self.center + self.scale * value
        return math.exp(back) if self.transform == "log" else back * abs(back) if self.transform == "sqrt" else back


def read_covariates(model: Reader, *, survival: bool = False) -> tuple[Covariate, ...]:
    """Read `covariates = ["column", { column = ..., ... }]` of `[model]`.

    Parameters
    ----------
    model : Reader
    survival : bool
        Whether missing values may be imputed and continuous columns binned, which the survival
        family alone can do.
    """
    found = []
    for entry in model.tables("covariates", named="column"):
        column = entry.text("column")
        transform = entry.text("transform", "none", ("none", "log", "sqrt"))
        center = _constant(entry, "center", "mean")
        scale = _constant(entry, "scale", "sd")
        coding = entry.text("coding", "auto", ("auto", "numeric", "categorical", "ordinal"))
        choices = ("refuse", "complete_case", *(("impute",) if survival else ()))
        missing = entry.text("missing", "refuse", choices)
        levels = _levels(entry)
        bins = entry.number("bins", None, above=1, integer=True) if survival else None
        label, unit = entry.text("label", ""), entry.text("unit", "")
        entry.finish()
        if isinstance(scale, float) and scale <= 0:
            entry.problem("scale", f"must be positive, not {scale:g}")
        if levels and coding not in ("categorical", "ordinal"):
            entry.problem("levels", f'needs coding = "categorical" or "ordinal", not "{coding}"')
        if bins is not None and coding in ("categorical", "ordinal"):
            entry.problem("bins", f"are of continuous covariates; {coding} levels collapse as they are")
        if bins is not None and missing == "impute":
            entry.problem("bins", 'cannot be had with missing = "impute", whose values lie between bins')
        if column:
            found.append(Covariate(column, transform, center, scale, coding, missing, levels, bins, label, unit))
    columns = [c.column for c in found]
    if len(set(columns)) < len(columns):
        model.problem("covariates", "name a column twice")
    return tuple(found)


def _levels(entry: Reader) -> tuple[str, ...]:
    """Levels in order; numbers are taken as their text."""
    value = entry.take("levels", ())
    good = isinstance(value, list | tuple) and all(isinstance(v, str | int | float) for v in value)
    levels = tuple(normalise(str(v)) for v in value) if good else ()
    if not good or len(set(levels)) < len(levels) or len(levels) == 1:
        entry.problem("levels", f"must be two or more distinct levels in order, not {value!r}")
        return ()
    return levels


def _constant(entry: Reader, key: str, word: str) -> str | float | None:
    value = entry.take(key, None)
    if value is None:
        return None
    if value in (word, "none"):
        return str(value)
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
        cells[column] = ["" if is_blank(c) else c for c in (normalise(str(v)) for v in table.frame[column])]
        blank = np.array([c == "" for c in cells[column]])
        if covariate.missing == "complete_case":
            kept &= ~blank
        elif covariate.missing == "refuse":
            problems += [
                Problem(
                    "missing_value",
                    "the value is missing",
                    'Fill it in, or set missing = "complete_case"; survival models can also "impute".',
                    row=int(row),
                    column=column,
                    value=str(table.frame[column].iloc[i]),
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
    notes: list[Problem] = []
    rows = [int(r) for r, keep in zip(table.frame.index, kept, strict=True) if keep]
    for covariate in covariates:
        texts = [c for c, keep in zip(cells[covariate.column], kept, strict=True) if keep]
        for label, values, how, encoder in _encode_one(covariate, texts, rows, problems, notes):
            labels.append(label)
            columns.append(values)
            constants.append((label, how))
            encoders.append(encoder)
    refuse_if_any(table.source, problems)
    shape = (int(kept.sum()), len(labels))
    values = np.column_stack(columns) if columns else np.empty(shape)
    stated = {c.column: c.label for c in covariates if c.label}
    return EncodedCovariates(tuple(labels), values, tuple(constants), kept, tuple(encoders), tuple(notes), stated)


_Column = tuple[str, NDArray[np.float64], str, Encoder]


def _encode_one(
    covariate: Covariate, texts: Sequence[str], rows: Sequence[int], problems: list[Problem], notes: list[Problem]
) -> list[_Column]:
    """The columns of numbers of one covariate; blank texts become NaN."""
    column = covariate.column
    given = [t for t in texts if t]
    numbers = [_number(t) for t in texts]
    numeric = covariate.coding == "numeric" or (
        covariate.coding == "auto" and sum(x is not None for x in numbers) > 0.5 * len(given)
    )
    if len(set(given)) < 2:
        said = f"every patient has the value {given[0]!r}" if given else "no patient has a value"
        problems.append(Problem("constant_covariate", said, "Leave the covariate out.", column=column))
        return []
    if not numeric:
        return _encode_levels(covariate, texts, rows, problems)
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
        if number is None and text
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
    seen = values[~np.isnan(values)]
    binary = set(np.unique(seen)) <= {0.0, 1.0}
    center = _resolve(covariate.center, 0.0 if binary else float(seen.mean()), float(seen.mean()))
    spread = float(seen.std(ddof=1))
    scale = _resolve(covariate.scale, 1.0 if binary else spread, spread, none=1.0)
    name = column if covariate.transform == "none" else f"{covariate.transform}({column})"
    how = f"({name} - {center:.6g}) / {scale:.6g}" if (center, scale) != (0.0, 1.0) else name
    encoder = Encoder(column, transform=covariate.transform, center=center, scale=scale)
    coded = (values - center) / scale
    if covariate.bins is not None and not binary:
        coded, note = _binned(coded, covariate.bins, column)
        notes.append(note)
    return [(column, coded, how, encoder)]


def _encode_levels(
    covariate: Covariate, texts: Sequence[str], rows: Sequence[int], problems: list[Problem]
) -> list[_Column]:
    """Indicators of the levels of a categorical or ordinal column."""
    column, ordinal = covariate.column, covariate.coding == "ordinal"
    spelled: dict[Any, str] = {}
    for text in texts:
        if text:
            spelled.setdefault(level_key(text), text)
    if covariate.levels:
        known = {level_key(level): level for level in covariate.levels}
        strange = [(row, t) for row, t in zip(rows, texts, strict=True) if t and level_key(t) not in known]
        problems += [
            Problem(
                "unknown_level",
                f"the level is not one of {', '.join(covariate.levels)}",
                f"Correct it, or add it to levels.{nearest(t, covariate.levels)}",
                row=row,
                column=column,
                value=t,
            )
            for row, t in strange
        ]
        if strange:
            return []
        order = [k for k in known if k in spelled]  # levels that no patient has say nothing
    else:
        order = sorted(spelled, key=lambda k: (isinstance(k, str), k))
        if ordinal and any(isinstance(k, str) for k in order):
            problems.append(
                Problem(
                    "order_unknown",
                    f"the order of {', '.join(spelled[k] for k in order)} is not known",
                    "Give levels = [...], the lowest first.",
                    column=column,
                )
            )
            return []
    levels = tuple(spelled[k] for k in order)
    blank = np.array([not t for t in texts])
    if blank.any() and len(levels) > 2:
        problems.append(
            Problem(
                "cannot_impute",
                f"missing values of a covariate with {len(levels)} levels cannot be imputed",
                'Set missing = "complete_case", or write "unknown" as a level of its own.',
                column=column,
            )
        )
        return []
    place = np.array([order.index(level_key(t)) if t else -1 for t in texts])
    found: list[_Column] = []
    for i, level in enumerate(levels[1:], start=1):
        held = np.where(blank, np.nan, place >= i if ordinal else place == i)
        label = f"{column}[>={level}]" if ordinal else f"{column}[{level}]"
        how = f"{level} against {levels[i - 1] if ordinal else levels[0]}"
        found.append((label, held, how, Encoder(column, levels, level, ordinal)))
    return found


def level_key(text: str) -> float | str:
    """A level as it is told apart: "1" and "1.0" are one."""
    try:
        return float(text)
    except ValueError:
        return text


def _binned(values: NDArray[np.float64], bins: int, column: str) -> tuple[NDArray[np.float64], Problem]:
    """Values replaced by the mean of their bin, and what this loses.

    Bins hold equal shares of the patients (fewer where values are tied).
    """
    inner = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    place = np.searchsorted(inner, values, side="left")
    count = np.bincount(place, minlength=len(inner) + 1)
    mean = np.bincount(place, values, minlength=len(inner) + 1) / np.maximum(count, 1)
    coded = mean[place]
    kept = float(coded.var() / values.var())
    listed = ", ".join(f"{m:.3g}" for m, n in zip(mean, count, strict=True) if n)
    return coded, Problem(
        "binned",
        f"{int((count > 0).sum())} bins stand for {column} and keep {100 * kept:.1f} % of its variance; "
        f"coded, they are {listed}",
        "The coefficient is known about as well as from that share of the information; what happens within a bin "
        "is not seen.",
        column=column,
    )


def is_blank(text: str) -> bool:
    """Whether a cell says that the value is missing."""
    return text == "" or text.casefold() in {"na", "nan", "n/a", "<na>"}


def yes_or_no(text: str) -> float | None:
    """Whether a text means yes (1) or no (0); None where it is neither."""
    found = _BINARY.get(text.casefold(), level_key(text))
    return float(found) if found in (0.0, 1.0) else None


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


def means_by_regimen(
    encoded: EncodedCovariates, regimen: NDArray[np.integer[Any]], regimens: Sequence[str]
) -> xr.DataArray | None:
    """Mean of every covariate on every regimen, over the patients in whom it is known, (regimen, covariate)."""
    import xarray as xr

    if not encoded.labels:
        return None
    means = np.array([np.nanmean(encoded.values[regimen == i], axis=0) for i in range(len(regimens))])
    return xr.DataArray(
        means, dims=(REGIMEN, COVARIATE), coords={REGIMEN: list(regimens), COVARIATE: list(encoded.labels)}
    )
