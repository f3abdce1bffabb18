"""Publications beside the patients of a study: read with a data cut, kept in it, and compared with those before.

A data cut holds the tables of published arms as they stand then, as it holds the patients. So a publication is an
update like any other: recorded, compared, refitted; and what an earlier cut knew of papers is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import DataError
from bayes_escc.evidence.columns import missing_columns
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.population.published import TABLES, rows_of
from bayes_escc.evidence.problems import refuse_if_any
from bayes_escc.evidence.reading import read_cells
from bayes_escc.settings.reader import nearest
from bayes_escc.study.changes import Change
from bayes_escc.study.cuts import Cut

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Sources",
    "Tables",
    "compare_publications",
    "publications",
    "published_arms",
    "published_in",
    "with_published",
]

Tables = Mapping[str, Sequence[Mapping[str, str]]]
"""Rows of published tables, by the name of the table."""
Sources = Mapping[str, "str | Path | pd.DataFrame"]
"""Files or tables of publications, by the name of the table."""

_IDENTITY: Final = {
    "arms": ("study", "regimen", "endpoint", "subgroup", "population"),
    "covariates": ("study", "regimen", "covariate", "statistic"),
    "effects": ("study", "experimental", "control", "endpoint", "population"),
}
"""What a row is of; rows of a curve, or patients, belong to their arm together."""

_REQUIRED: Final = {
    "arms": ("study", "regimen", "n"),
    "covariates": ("study", "regimen", "covariate", "statistic", "value"),
    "curves": ("study", "regimen", "time", "survival"),
    "at_risk": ("time", "n"),
    "patients": ("study", "regimen", "time", "event"),
    "effects": ("study", "experimental", "control"),
}
"""Columns without which a table cannot be compared with the one before."""


def publications(analysis: Analysis, given: Sources, standing: Cut | None) -> Tables | None:
    """The published tables of a new cut: those given, else as they stand; None where the study has none.

    Parameters
    ----------
    analysis : Analysis
        As stated: where the study begins.
    given : mapping of str to path or DataFrame
        Whole tables as they stand now, by name.
    standing : Cut or None
        The last cut.

    Raises
    ------
    DataError
        If a table is none of `[published]`, or the analysis has no published arms.
    """
    spec = analysis.data.published
    if spec is None:
        if given:
            raise DataError(
                "the analysis of this study has no [published] arms beside the patients, so a publication has no place "
                "in it. Begin a study with an analysis that has them."
            )
        return None
    strange = [f"{name!r}.{nearest(name, TABLES)}" for name in given if name not in TABLES]
    if strange:
        raise DataError(f"published tables are {', '.join(TABLES)}, not {' '.join(strange)}")
    before = spec.rows() if standing is None else published_in(standing)
    for name, source in given.items():
        table = read_cells(source)
        refuse_if_any(table.source, missing_columns(table, _REQUIRED[name]))
    found = {**before, **{name: rows_of(source) for name, source in given.items()}}
    # a file in another order is the same file
    return {t: before[t] if t in before and _sorted(before[t]) == _sorted(found[t]) else found[t] for t in found}


def published_in(cut: Cut) -> Tables:
    """The published tables that a cut holds."""
    found: Tables = cut.header.get("published", {})
    return found


def published_arms(cut: Cut) -> dict[str, list[str]]:
    """The tables that say something of every published arm, or contrast, by its name."""
    found: dict[str, list[str]] = {}
    for table, rows in published_in(cut).items():
        for row in rows:
            regimen = row.get("regimen") or f"{row.get('experimental', '')} against {row.get('control', '')}"
            named = found.setdefault(f"{row.get('study', '')}, {regimen}", [])
            if table not in named:
                named.append(table)
    return found


def with_published(analysis: Analysis, cut: Cut) -> Analysis:
    """The analysis with the publications that a cut holds."""
    spec = analysis.data.published
    if spec is None or "published" not in cut.header:
        return analysis
    tables = {t: tuple(tuple(row.items()) for row in rows) for t, rows in published_in(cut).items()}
    return replace(analysis, data=replace(analysis.data, published=spec.holding(tables)))


def compare_publications(old: Cut | None, new: Cut) -> list[Change]:
    """What a cut changes of published tables: what is new passes, everything else needs a person's word."""
    found = []
    for table in TABLES:
        was = {} if old is None else _by_identity(table, published_in(old).get(table, ()))
        now = _by_identity(table, published_in(new).get(table, ()))
        for name in sorted(was.keys() | now.keys()):
            unit = f"{table} | {name}"
            if name not in now:
                found.append(Change(unit, "removed silently", "published in the last cut, not in this one"))
            elif name not in was:
                found.append(Change(unit, "published", _cells(now[name])))
            elif _sorted(was[name]) != _sorted(now[name]):
                found.append(Change(unit, "corrected", _difference(was[name], now[name])))
    return found


def _by_identity(table: str, rows: Sequence[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """Rows by what they are of."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        named = [row[c] for c in _IDENTITY.get(table, ("study", "regimen")) if row.get(c)]
        found.setdefault(" | ".join(named), []).append(row)
    return found


def _sorted(rows: Sequence[Mapping[str, str]]) -> list[list[tuple[str, str]]]:
    """Rows as they are compared: in no order, numbers by their value."""
    return sorted(sorted((c, _value(text)) for c, text in row.items()) for row in rows)


def _value(text: str) -> str:
    found = number_in(text)
    return text if found is None else repr(found)


def _cells(rows: Sequence[Mapping[str, str]]) -> str:
    """What one row says beside its name; of several only how many they are."""
    if len(rows) > 1:
        return f"{len(rows)} rows"
    named = {c for columns in _IDENTITY.values() for c in columns} | {"source", "notes"}
    return ", ".join(f"{c} {value}" for c, value in rows[0].items() if c not in named)


def _difference(was: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]) -> str:
    if len(was) != 1 or len(now) != 1:
        gone = sum(row not in _sorted(now) for row in _sorted(was))
        return f"{len(was)} rows -> {len(now)} rows, {gone} of the former changed"
    pairs = ((c, was[0].get(c, ""), now[0].get(c, "")) for c in dict.fromkeys([*was[0], *now[0]]))
    return "; ".join(f"{c} {a or 'blank'} -> {b or 'blank'}" for c, a, b in pairs if _value(a) != _value(b))
