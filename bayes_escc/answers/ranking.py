"""Regimens ranked: P(best), ranks with their intervals, and SUCRA, for any number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.estimand import Estimand, SampledEstimand
from bayes_escc.answers.rows import Labels, RankRow, rank_rows
from bayes_escc.names import ENDPOINT, REGIMEN, TIME, Direction

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.answers.exact_laws import ExactLaws

__all__ = ["rank", "rank_estimand", "rank_probabilities"]


def rank_estimand(estimand: Estimand, *, better: Direction | None = None, ci_prob: float = 0.95) -> list[RankRow]:
    """P(best), rank with its interval, and SUCRA of every regimen, within endpoint and time.

    Parameters
    ----------
    estimand : Estimand
    better : {"higher", "lower"}, optional
        By default what the estimand says.
    ci_prob : float
        Least probability of the interval of ranks.

    Returns
    -------
    list of RankRow
        The entries of `ranking` in `result.json`; empty with fewer than two regimens.

    References
    ----------
    Salanti G, Ades AE, Ioannidis JPA. J Clin Epidemiol 2011;64:163-171.
    """
    groups: dict[tuple[str | None, float | None], list[Labels]] = {}
    for labels in estimand.cells():
        groups.setdefault((labels[ENDPOINT], labels[TIME]), []).append(labels)
    rows: list[RankRow] = []
    for (endpoint, _), members in groups.items():
        if len(members) > 1:
            ranks = estimand.ranks(members, estimand.direction(endpoint, better))
            rows += rank_rows(estimand.name, members, *ranks, ci_prob)
    return rows


def rank(
    array: xr.DataArray, *, better: Direction | None = None, exact: ExactLaws | None = None, ci_prob: float = 0.95
) -> list[RankRow]:
    """`rank_estimand` of an array of draws.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    better : {"higher", "lower"}, optional
    exact : ExactLaws, optional
        Laws behind the draws, for quadrature.
    ci_prob : float
    """
    return rank_estimand(SampledEstimand(array, exact), better=better, ci_prob=ci_prob)


def rank_probabilities(
    array: xr.DataArray, *, better: Direction | None = None, exact: ExactLaws | None = None
) -> tuple[list[str], NDArray[np.float64]]:
    """Probability of every rank for every regimen.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen).
    better : {"higher", "lower"}, optional
    exact : ExactLaws, optional

    Returns
    -------
    regimens : list of str
    table : array of shape (regimens, ranks)
        Rows sum to one; the first column is P(best).
    """
    estimand = SampledEstimand(array, exact)
    cells = estimand.cells()
    direction = estimand.direction(cells[0][ENDPOINT], better)
    return [str(labels[REGIMEN]) for labels in cells], estimand.ranks(cells, direction).table
