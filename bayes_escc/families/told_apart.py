"""What the data cannot tell apart, whatever the model: there the answer is that of the priors, and a note says so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem

__all__ = ["NOT_TOLD_APART", "aliased", "few_units", "not_told_apart"]

NOT_TOLD_APART = "not_told_apart"
"""Key of the notes."""

_ROUNDING = 1e-8


def aliased(columns: NDArray[np.float64], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Names of columns that depend linearly on one another, in groups that share no name.

    Parameters
    ----------
    columns : array of shape (row, column)
        The linear predictor's columns.
    names : sequence of str
        Their names.

    Returns
    -------
    list of tuple of str
        One for every set of columns whose effects the rows cannot tell apart; one name alone is a column of zeros.
    """
    values = np.asarray(columns, dtype=float)
    scale = np.sqrt((values**2).sum(axis=0))
    null = _null_space(values / np.where(scale > 0.0, scale, 1.0))
    if not null.size:
        return []
    # the projection on the null space links two columns only if some dependence holds both
    linked = np.abs(null @ null.T) > _ROUNDING
    groups: list[set[int]] = []
    for i in np.flatnonzero(linked.diagonal()):
        mine = set(map(int, np.flatnonzero(linked[i])))
        touched = [g for g in groups if g & mine]
        groups = [g for g in groups if not g & mine] + [mine.union(*touched)]
    return [tuple(names[i] for i in sorted(g)) for g in sorted(groups, key=min)]


def _null_space(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal combinations of columns that vanish in every row, shape (column, combinations)."""
    count = values.shape[1]
    if not count:
        return np.empty((0, 0))
    _, sizes, rows = np.linalg.svd(np.vstack([values, np.zeros((count, count))]), full_matrices=False)
    return np.asarray(rows[sizes <= _ROUNDING * max(1.0, float(sizes.max()))].T)


def not_told_apart(groups: Sequence[tuple[str, ...]], *, where: str) -> list[Problem]:
    """One note for every group of effects.

    Parameters
    ----------
    groups : sequence of tuple of str
        As `aliased` gives them.
    where : str
        What the rows are, such as ``"these patients"``.
    """
    return [
        Problem(
            NOT_TOLD_APART,
            f"{where} say nothing of {group[0]}: it is the same in all of them"
            if len(group) == 1
            else f"{where} cannot tell apart {', '.join(group[:-1])} and {group[-1]}: they always change together",
            "Only their priors divide the effect between them. Leave one out, or give them priors that you can defend "
            "without these data.",
        )
        for group in groups
    ]


def few_units(role: str, sizes: Sequence[tuple[str, int]]) -> list[Problem]:
    """One note for every group too small to tell how much its members differ.

    Parameters
    ----------
    role : str
        The parameter that says how much.
    sizes : sequence of (str, int)
        What the groups consist of, such as ``"studies of A"``, and how many there are.
    """
    return [
        Problem(
            "few_studies",
            f"the {what} number {count}, and can say little of how much they differ: the posterior of {role} is mostly "
            "its prior",
            f"See how the answer changes with priors.{role} (bayes-escc sensitivity).",
        )
        for what, count in sizes
        if count < 3
    ]
