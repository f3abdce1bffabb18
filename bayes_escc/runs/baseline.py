"""Table 1: patients before treatment by regimen, with standardised differences and without p values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bayes_escc.names import Plain

__all__ = ["baseline_rows", "standardised_difference"]

_MOST_GRADES = 6
"""Whole numbers with up to six values, as ECOG has, are grades that are counted; more are measured."""


def baseline_rows(regimens: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[Plain]:
    """Table 1: every covariate by regimen, with the largest standardised difference of two regimens.

    Parameters
    ----------
    regimens : sequence of str
        Of every patient.
    columns : mapping of str to sequence of str
        Values of the covariates; "" where missing.

    Returns
    -------
    list of dict
        For a number: median and quartiles; for a category: counts of every level; and the number missing. `smd` is None
        where it is not defined, and `overlap` False where regimens share no value.
    """
    groups = list(dict.fromkeys(regimens))
    rows = []
    for name, values in columns.items():
        numbers = [_number(v) for v in values]
        known = [x for v, x in zip(values, numbers, strict=True) if v]
        graded = len(set(known)) <= _MOST_GRADES and all(x is None or float(x).is_integer() for x in known)
        numeric = all(x is not None for x in known) and not graded
        by_group: dict[str, list[Any]] = {g: [] for g in groups}
        missing = dict.fromkeys(groups, 0)
        for g, text, x in zip(regimens, values, numbers, strict=True):
            if not text:
                missing[g] += 1
            else:
                by_group[g].append(x if numeric else text)
        smd, overlap = _largest_difference(list(by_group.values()), numeric)
        row: Plain = {
            "name": name,
            "kind": "number" if numeric else "category",
            "missing": missing,
            "n": {g: len(v) for g, v in by_group.items()},
            "smd": smd,
            "overlap": overlap,
        }
        if numeric:
            row["quartiles"] = {
                g: [float(q) for q in np.quantile(v, [0.25, 0.5, 0.75])] if v else None for g, v in by_group.items()
            }
        else:
            levels = sorted({v for group in by_group.values() for v in group})
            row["levels"] = {level: {g: v.count(level) for g, v in by_group.items()} for level in levels}
        rows.append(row)
    return rows


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _largest_difference(groups: Sequence[Sequence[Any]], numeric: bool) -> tuple[float | None, bool]:
    found: list[float] = []
    overlap = True
    for i, a in enumerate(groups):
        for b in groups[i + 1 :]:
            if not a or not b:
                continue
            if not numeric and not set(a) & set(b):
                overlap = False
            value = standardised_difference(a, b, numeric=numeric)
            if value is not None:
                found.append(value)
    return (max(found) if found else None), overlap


def standardised_difference(a: Sequence[Any], b: Sequence[Any], *, numeric: bool) -> float | None:
    """Standardised mean difference of two groups; None where nothing varies or levels are disjoint.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107. Yang D, Dalton JE. SAS Global Forum 2012, paper 335 (categories).
    """
    if numeric:
        spread = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2.0) if min(len(a), len(b)) > 1 else 0.0
        return abs(float(np.mean(a) - np.mean(b))) / spread if spread > 0 else None
    levels = sorted(set(a) | set(b))
    if len(levels) < 2 or not set(a) & set(b):
        return None
    p, q = (np.array([list(g).count(level) / len(g) for level in levels[1:]]) for g in (a, b))
    covariance = sum((np.diag(s) - np.outer(s, s)) / 2.0 for s in (p, q))
    difference = p - q
    return float(math.sqrt(max(0.0, difference @ np.linalg.pinv(covariance) @ difference)))
