"""Reading the rows of a table of effects: names of columns, labels, duplicates, scales, directions; no pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.evidence.all_pairs import reduce_all_pairs
from bayes_escc.evidence.columns import bare_header, canonical_columns, refuse_two_intervals, told_apart
from bayes_escc.evidence.effect_arms import (
    ARM_MEASURES,
    CONTROL_SE,
    check_shared_arm,
    contrasts_of_arm_rows,
)
from bayes_escc.evidence.effect_checks import check_effect, measure_of
from bayes_escc.evidence.endpoints import canonical_endpoint, stated_directions
from bayes_escc.evidence.printed_intervals import header_of_interval, split_intervals
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.values import check_design
from bayes_escc.names import Plain
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "KNOWN_COLUMNS", "read_effect_rows"]

COLUMNS = ("study", "experimental", "control", "endpoint", "measure", "estimate", "ci_low", "ci_high", "ci_level")


def read_effect_rows(
    source: str | Path | pd.DataFrame, *, sheet: str | None = None, drop: Sequence[str] = ()
) -> tuple[str, list[tuple[int, Plain]], list[Problem]]:
    """The checked rows of a table of effects by row number, with its name and notes; needs no pandas.

    Raises
    ------
    DataError
    """
    problems: list[Problem] = []
    raw = _rename(read_cells(source, sheet=sheet, drop=drop), problems)
    refuse_if_any(raw.source, problems)
    warnings: list[Problem] = list(raw.notes)
    _require_columns(raw, problems)
    refuse_if_any(raw.source, problems)
    _check_duplicates(raw, problems, warnings)
    _check_scales(raw, problems)
    _check_directions(raw, problems)
    records: list[tuple[int, Plain]] = []
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        before = len(problems)
        labels = _labels(row, number, problems)
        numbers = check_effect(row, number, problems, warnings)
        check_shared_arm(row, number, problems, None if numbers is None or _is_arm(row) else numbers["se"])
        if numbers is None or len(problems) > before:
            continue
        extra = {k: v for k, v in row.items() if k not in labels and k not in numbers}
        if "design" in extra:
            extra["design"] = _design(row, number, problems)
        records.append((number, {**labels, **numbers, **extra}))
    if any(r["measure"] in ARM_MEASURES for _, r in records):
        records = contrasts_of_arm_rows(records, problems, warnings)
    records = reduce_all_pairs(records, problems, warnings)
    refuse_if_any(raw.source, problems)
    return raw.source, records, warnings


_PROVENANCE = ("source", "verification", "notes", "registration")

_OPTIONAL = (
    *("better", "design", "control_se", "n_experimental", "n_control"),
    *("events_experimental", "events_control"),
)
"""Columns with one name, taken in any case."""

_MEANINGS = (*COLUMNS, "interval", "population", "p", "p_sides", "se", "conclusion")


def _rename(raw: RawTable, problems: list[Problem]) -> RawTable:
    """Column names in any case, and a few synonyms, to the package's own; an interval in one cell as its two limits.

    Estimates under the name of their measure, such as ``HR``, need no column measure.
    """
    before = raw.columns
    raw = canonical_columns(raw, _MEANINGS, problems, {c: c for c in _OPTIONAL})
    refuse_two_intervals(raw.columns, ("ci_low", "ci_high"), problems)
    if problems:
        return raw
    cells: dict[str, Sequence[str]] = dict(raw.cells)
    implied = next(
        (
            measure_of(bare_header(normalise(old))[0])
            for old, new in zip(before, raw.columns, strict=True)
            if new == "estimate"
        ),
        "",
    )
    if implied and "measure" not in cells:
        cells["measure"] = [implied] * len(raw)
    cells = split_intervals(cells, header_of_interval(before, raw.columns, "estimate"))
    if "control" not in cells and "measure" in cells and all(measure_of(m) in ARM_MEASURES for m in cells["measure"]):
        cells["control"] = [""] * len(raw)
    return replace(raw, cells=cells)


def _is_arm(row: Mapping[str, str]) -> bool:
    """Whether a row gives one arm, not a contrast."""
    return measure_of(row.get("measure", "")) in ARM_MEASURES


def _design(row: Mapping[str, str], number: int, problems: list[Problem]) -> str:
    """How patients came to their regimens; what is no design is noted."""

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, message, remedy, row=number, column=column, value=row[column]))

    return check_design(row["design"], refuse)


def _require_columns(raw: RawTable, problems: list[Problem]) -> None:
    by_error = "se" in raw.columns or "p" in raw.columns
    if "median" in raw.columns and "estimate" not in raw.columns:
        problems.append(
            Problem(
                "medians",
                "these are medians of single regimens, not effects",
                'Read them as such: kind = "medians" in an analysis, read_medians in Python, --kind medians of check.',
            )
        )
        return
    if {"events", "n"} <= {*raw.columns} and "estimate" not in raw.columns:
        problems.append(
            Problem(
                "counts",
                "these are counts of events, not effects",
                'Read them as such: kind = "counts" in an analysis, read_counts in Python, --kind counts of check.',
            )
        )
        return
    for column in COLUMNS:
        if column in raw.columns or (by_error and column in {"ci_low", "ci_high", "ci_level"}):
            continue
        problems.append(
            Problem(
                "missing_column",
                f"there is no column {column}; the columns are {', '.join(raw.columns)}",
                f"Add a column {column}.{nearest(column, raw.columns)}",
                row=1,
                column=column,
            )
        )


def _labels(row: Mapping[str, str], number: int, problems: list[Problem]) -> dict[str, str]:
    labels = {c: normalise(row[c]) for c in ("study", "experimental", "control", "endpoint")}
    for column, label in labels.items():
        if not label and not (column == "control" and _is_arm(row)):
            problems.append(
                Problem(
                    "blank_label", f"the {column} is blank", f"Name the {column}.", row=number, column=column, value=""
                )
            )
    if labels["experimental"] and labels["experimental"] == labels["control"] and not _is_arm(row):
        problems.append(
            Problem(
                "same_regimen",
                "experimental and control are the same regimen",
                "Correct one of them.",
                row=number,
                column="control",
                value=labels["control"],
            )
        )
    labels["endpoint"] = canonical_endpoint(labels["endpoint"])
    labels["population"] = normalise(row.get("population", ""))
    return labels


_MEASURED = frozenset(
    {
        "estimate",
        "ci_low",
        "ci_high",
        "ci_level",
        "se",
        "p",
        "p_sides",
        "conclusion",
        "source",
        "notes",
        "verification",
    }
)
"""Columns that do not tell two rows apart."""

_OF_ARMS = frozenset(
    {
        CONTROL_SE,
        *(f"{what}_{arm}" for what in ("n", "events") for arm in ("experimental", "control")),
        "n",
        "events",
        "better",
        "design",
    }
)
"""Columns that describe the arms of a contrast: they differ between contrasts and select none of them."""


def _check_duplicates(raw: RawTable, problems: list[Problem], warnings: list[Problem]) -> None:
    """A row whose labels all stand in another row; where a further column tells the two apart, that is noted."""
    seen: dict[tuple[str, ...], list[tuple[tuple[str, ...], int]]] = {}
    further = [c for c in raw.columns if c not in {*COLUMNS, *_MEASURED, *_OF_ARMS}]
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        label = tuple(normalise(row.get(c, "")) for c in ("study", "experimental", "control", "endpoint"))
        arm = _is_arm(row)
        key = (label[0], label[1], "" if arm else label[2], canonical_endpoint(label[3]))
        apart = tuple(normalise(row[c]) for c in further)
        if key in seen and all(key[:2]) and key[3] and (arm or key[2]):
            what = key[1] if arm else f"{key[1]} against {key[2]}"
            same = next((n for other, n in seen[key] if other == apart), None)
            if same is not None:
                problems.append(
                    Problem(
                        "study_twice",
                        f"{key[0]}, {what}, {key[3]} also stands in row {same}",
                        "Keep one, or tell subgroups apart with a column population.",
                        row=number,
                        column="study",
                        value=row["study"],
                    )
                )
            else:
                warnings += told_apart(
                    f"{key[0]}, {what}, {key[3]}", further, apart, seen[key][0], number, row["study"]
                )
        seen.setdefault(key, []).append((apart, number))


def _check_scales(raw: RawTable, problems: list[Problem]) -> None:
    """One endpoint is reported on one scale; a log among ratios is a slip that pooling hides."""
    first: dict[str, tuple[str, int]] = {}
    for number, row in zip(raw.numbers, raw.rows, strict=True):
        measure, endpoint = normalise(row["measure"]), canonical_endpoint(normalise(row["endpoint"]))
        if not measure or not endpoint:
            continue
        other, where = first.setdefault(endpoint, (measure, number))
        if _scale_of(measure) != _scale_of(other):
            problems.append(
                Problem(
                    "mixed_scales",
                    f"{endpoint} is reported as {measure} here and as {other} in row {where}",
                    "Bring all rows of an endpoint to one measure.",
                    row=number,
                    column="measure",
                    value=measure,
                )
            )


def _check_directions(raw: RawTable, problems: list[Problem]) -> None:
    """A direction is higher or lower, and an endpoint has one."""
    for number, cell in zip(raw.numbers, raw.cells.get("better", ()), strict=False):
        if normalise(cell) not in {"", "higher", "lower"}:
            problems.append(
                Problem(
                    "unknown_direction",
                    "better must be higher or lower",
                    "Correct it or leave it blank.",
                    row=number,
                    column="better",
                    value=cell,
                )
            )
    stated_directions(raw, problems)


def _scale_of(measure: str) -> str:
    """The measure of the contrasts a row gives: those of arms are differences between arms."""
    known = measure_of(measure) or measure
    return ARM_MEASURES.get(known, known)


KNOWN_COLUMNS = frozenset({*_MEANINGS, *_MEASURED, *_PROVENANCE, *_OF_ARMS})
"""Columns that mean something to the reader; any other is a label or a covariate of the person's own."""
