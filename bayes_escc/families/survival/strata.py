"""Strata: patients whose baseline hazard is their own, while the effects of regimens and covariates are shared.

As in a stratified Cox regression, every stratum has its own level and its own shape of the hazard. A *group* is what
shares one baseline hazard: a regimen in a stratum. Groups stand stratum by stratum, regimens within, so that without
strata a group is a regimen.

References
----------
Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data, 2nd edition, section 4.4. Wiley, 2002.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise
from bayes_escc.families.covariates import is_blank, level_key, yes_or_no
from bayes_escc.names import AnyArray
from bayes_escc.settings.reader import Reader, nearest

if TYPE_CHECKING:
    from bayes_escc.evidence import PatientTable

__all__ = ["STRATUM", "Groups", "Strata", "StrataSpec", "of_one_stratum", "read_strata", "strata_of"]

STRATUM: Final = "stratum"
"""Dimension of the strata."""

MOST: Final = 24
"""Strata beyond which a column is not taken for categories."""

Levels = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class StrataSpec:
    """Which patients have a baseline hazard of their own.

    Parameters
    ----------
    columns : tuple of str
        Columns of the patient table, whose categories are crossed; none if all patients share a baseline.
    levels : tuple of tuple of str, or None
        The strata there are, each as its categories in the order of the columns; those in the data if None.
    """

    columns: tuple[str, ...] = ()
    levels: Levels | None = None

    def __bool__(self) -> bool:
        return bool(self.columns)


def read_strata(model: Reader, *, covariates: Sequence[str], frailty: str | None, effect: str) -> StrataSpec:
    """Read `strata` and `strata_levels` of `[model]`, beside the other settings that name columns."""
    columns = tuple(model.texts("strata", ()))
    levels = _read_levels(model, columns)
    if not columns:
        return StrataSpec()
    for column in columns:
        if column in covariates:
            model.problem(
                "strata",
                f"{column} is a covariate already, and the baselines of the strata take up all it could say of the "
                "hazard; leave it out of covariates, or out of strata",
            )
        if column == frailty:
            model.problem("strata", f"{column} is the column of the frailty already; leave it out of one of the two")
        if column == "regimen":
            model.problem(
                "strata",
                'regimens are compared and cannot be strata; regimen_effect = "stratified" gives each of them a '
                "baseline of its own",
            )
    if effect in ("stratified", "nonproportional"):
        model.problem(
            "strata",
            f'regimen_effect = "{effect}" gives every regimen a hazard of its own shape, which strata do not share; '
            'use "proportional", "accelerated" or "none", or analyse one stratum at a time ([data] where)',
        )
    return StrataSpec(columns, levels)


def _read_levels(model: Reader, columns: Sequence[str]) -> Levels | None:
    """The strata that are stated: a list of lists of categories; of one column, the categories alone will do."""
    value = model.take("strata_levels", None)
    if value is None:
        return None
    if not columns:
        model.problem("strata_levels", "needs strata, the columns whose categories it lists")
        return None
    listed = [[v] if isinstance(v, str | int | float) else v for v in value] if isinstance(value, list | tuple) else []
    good = bool(listed) and all(
        isinstance(row, list | tuple)
        and len(row) == len(columns)
        and all(isinstance(v, str | int | float) and not is_blank(_category(v)) for v in row)
        for row in listed
    )
    levels = tuple(tuple(_category(v) for v in row) for row in listed) if good else ()
    if not good or len(set(_known_as(levels, levels))) < len(levels):
        shown = ", ".join(columns)
        model.problem("strata_levels", f"must list distinct strata, each as its categories of {shown}, not {value!r}")
        return None
    return levels


@dataclass(frozen=True)
class Strata:
    """The stratum of every patient.

    Parameters
    ----------
    columns : tuple of str
    levels : tuple of tuple of str
        The categories of every stratum; one stratum without any if there are no columns.
    index : array of int of shape (patients,)
    """

    columns: tuple[str, ...]
    levels: Levels
    index: NDArray[np.int32]

    def __bool__(self) -> bool:
        """Whether baselines differ: one stratum is none."""
        return len(self.levels) > 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Strata in words; without any, one that is blank."""
        return tuple(_label(self.columns, level) for level in self.levels)

    def of_profile(self, profile: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The stratum of a profile of one patient, and what else the profile says.

        Raises
        ------
        AnalysisError
            If it does not name a stratum of the table.
        """
        rest, found = dict(profile), []
        for column in self.columns:
            if column not in rest:
                raise AnalysisError(
                    f"estimands.population: {column} is needed, one of the columns of model.strata: the baseline "
                    "hazard of a patient is that of the stratum."
                )
            found.append(_category(rest.pop(column)))
        level = _known_as([tuple(found)], self.levels)[0]
        if level not in self.levels:
            label = _label(self.columns, level)
            raise AnalysisError(
                f"estimands.population: there is no stratum {label!r}; there are {'; '.join(self.labels)}."
                f"{nearest(label, self.labels)}"
            )
        return self.levels.index(level), rest

    def of_rows(self, source: str, rows: Sequence[Mapping[str, str]], numbers: Sequence[int]) -> NDArray[np.int32]:
        """The strata of the rows of another table.

        Raises
        ------
        DataError
            If a row is of no stratum of the fit; every problem is listed.
        """
        cells = _known_as([tuple(_category(row.get(c, "")) for c in self.columns) for row in rows], self.levels)
        return _index(source, cells, numbers, self.columns, self.levels, "the patients of the fit have")


def _category(cell: Any) -> str:
    """A cell as a category: a number, or true and false, is the same however it is written."""
    text = normalise(str(cell))
    number = level_key(text)
    if isinstance(number, float) and math.isfinite(number):
        return f"{number:.15g}"
    return text.casefold() if text.casefold() in ("true", "false") else text


def _known_as(rows: Sequence[tuple[str, ...]], levels: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows of categories as the strata spell them.

    In a column all of whose categories mean yes or no, those that mean the same are one: 1, true and yes. Elsewhere 1
    is a number and "yes" a word.
    """
    spelled: list[dict[Any, str]] = []
    for column in zip(*levels, strict=True):
        means = {category: yes_or_no(category) for category in column if not is_blank(category)}
        known: dict[Any, str] = {}
        if None not in means.values():
            for category in sorted(means, key=_sort_key, reverse=True):
                known[means[category]] = category
        spelled.append(known)
    return [tuple(k.get(yes_or_no(c), c) if k else c for c, k in zip(row, spelled, strict=True)) for row in rows]


def _label(columns: Sequence[str], level: Sequence[str]) -> str:
    return ", ".join(f"{column} = {value}" for column, value in zip(columns, level, strict=True))


def of_one_stratum(patients: int) -> Strata:
    """Patients who share one baseline."""
    return Strata((), ((),), np.zeros(patients, dtype="int32"))


def strata_of(table: PatientTable, spec: StrataSpec) -> Strata:
    """The strata of the patients of a table.

    Raises
    ------
    AnalysisError
        If there is no such column, or it holds no categories.
    DataError
        If the stratum of a patient is not known, or not one of those that the model states.
    """
    if not spec:
        return of_one_stratum(len(table))
    known = list(table.frame.columns)
    for column in spec.columns:
        if column not in known:
            raise AnalysisError(
                f"model.strata: there is no column {column!r}; the columns are {', '.join(known)}."
                f"{nearest(column, known)}"
            )
    rows = list(zip(*([_category(v) for v in table.frame[c]] for c in spec.columns), strict=True))
    rows = _known_as(rows, spec.levels or rows)
    numbers = [int(i) for i in table.frame.index]
    if spec.levels is not None:
        index = _index(table.source, rows, numbers, spec.columns, spec.levels, "this model knows")
        return Strata(spec.columns, spec.levels, index)
    _index(table.source, rows, numbers, spec.columns, None, "")
    levels = tuple(sorted(set(rows), key=lambda level: [_sort_key(value) for value in level]))
    if len(levels) > MOST:
        raise AnalysisError(
            f"model.strata: {' and '.join(spec.columns)} make {len(levels)} strata, more than {MOST}; strata are "
            "groups of many patients, so put values together in groups, or take the column as a covariate."
        )
    place = {level: i for i, level in enumerate(levels)}
    return Strata(spec.columns, levels, np.array([place[row] for row in rows], dtype="int32"))


def _sort_key(value: str) -> tuple[int, float, str]:
    """Numbers by size, before texts by letters."""
    try:
        return 0, float(value), value
    except ValueError:
        return 1, 0.0, value


def _index(
    source: str,
    cells: Sequence[tuple[str, ...]],
    numbers: Sequence[int],
    columns: Sequence[str],
    levels: Levels | None,
    there_are: str,
) -> NDArray[np.int32]:
    """The place of every row among the strata; every blank cell, and every stratum that is none of them, is refused."""
    problems, found = [], []
    place = {} if levels is None else {level: i for i, level in enumerate(levels)}
    for number, row in zip(numbers, cells, strict=True):
        blank = [column for column, cell in zip(columns, row, strict=True) if is_blank(cell)]
        problems += [
            Problem(
                "missing_value",
                "the stratum is missing",
                "Fill it in, leave the patient out, or write unknown, which is then a stratum of its own.",
                row=number,
                column=column,
                value="",
            )
            for column in blank
        ]
        found.append(place.get(row, -1))
        if levels is not None and not blank and row not in place:
            problems.append(
                Problem(
                    "unknown_stratum",
                    f"there is no stratum {_label(columns, row)}: {there_are} "
                    f"{'; '.join(_label(columns, level) for level in levels)}",
                    "Correct the spelling; a further stratum has a baseline of its own, so it is another model.",
                    row=number,
                    column=columns[0] if len(columns) == 1 else None,
                    value=", ".join(row),
                )
            )
    refuse_if_any(source, problems)
    return np.array(found, dtype="int32")


@dataclass(frozen=True)
class Groups:
    """The groups of a design: in every stratum, one for each regimen.

    Parameters
    ----------
    strata, regimens : int
        How many there are.
    """

    strata: int
    regimens: int

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.strata * self.regimens

    def of(self, regimen: AnyArray, stratum: AnyArray) -> AnyArray:
        """The groups of patients of some regimens and strata."""
        return regimen if self.strata == 1 else (stratum * self.regimens + regimen).astype("int32")

    def of_regimens(self, values: Any, axis: int = 0) -> Any:
        """What every regimen has, along one axis, for every group; NumPy or PyTensor."""
        return values if self.strata == 1 else _along(values, np.tile(np.arange(self.regimens), self.strata), axis)

    def of_strata(self, values: Any, axis: int = 0) -> Any:
        """What every stratum has, along one axis, for every group; without strata the values themselves."""
        return values if self.strata == 1 else _along(values, np.repeat(np.arange(self.strata), self.regimens), axis)

    def on(self, regimen: int) -> slice:
        """The groups of one regimen."""
        return slice(regimen, None, self.regimens)


def _along(values: Any, places: AnyArray, axis: int) -> Any:
    return values[(slice(None),) * axis + (places,)]
