"""Regimens ranked: P(best), mean rank and SUCRA, for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.beta import Beta, best_probabilities, exceedance
from bayes_escc.comparison import direction_of, labelled_cells, laws_at, probability_with_error
from bayes_escc.names import ENDPOINT, REGIMEN, Direction

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["rank", "rank_laws", "rank_probabilities", "rank_rows"]


def rank_rows(
    estimand: str, endpoint: str | None, time: Any, regimens: Sequence[str], best: Sequence[tuple[float, float]],
    mean_ranks: Sequence[float],
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of the ranking; SUCRA is (K - mean rank) / (K - 1) for K regimens."""
    k = len(regimens)
    return [
        {
            "estimand": estimand, REGIMEN: regimen, ENDPOINT: endpoint, "time": time,
            "probability_best": best[i][0], "mcse_probability_best": best[i][1],
            "mean_rank": mean_ranks[i], "sucra": (k - mean_ranks[i]) / (k - 1) if k > 1 else None,
        }
        for i, regimen in enumerate(regimens)
    ]  # fmt: skip


def rank_laws(laws: Sequence[Beta], better: Direction) -> tuple[list[tuple[float, float]], list[float]]:
    """P(best) with its error, and the mean rank, of independent Beta laws by quadrature."""
    best = best_probabilities(laws, better)
    ranks = [1.0] * len(laws)
    for i, j in combinations(range(len(laws)), 2):
        above, _ = exceedance(laws[i], laws[j], 0.0, "difference")
        i_is_beaten = 1.0 - above if better == "higher" else above
        ranks[i] += i_is_beaten
        ranks[j] += 1.0 - i_is_beaten
    return best, ranks


def rank(
    array: xr.DataArray,
    *,
    better: Direction | None = None,
    laws: tuple[xr.DataArray, xr.DataArray] | None = None,
) -> list[dict[str, Any]]:
    """P(best), mean rank and SUCRA of every regimen, within endpoint and time.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    better : {"higher", "lower"}, optional
    laws : tuple of DataArray, optional
        Beta parameters, for quadrature.

    Returns
    -------
    list of dict
        The entries of `ranking` in `result.json`; empty with fewer than two regimens.

    References
    ----------
    Salanti G, Ades AE, Ioannidis JPA. J Clin Epidemiol 2011;64:163-171.
    """
    groups: dict[tuple[Any, Any], list[tuple[str, Any]]] = {}
    for labels, draws in labelled_cells(array):
        groups.setdefault((labels[ENDPOINT], labels["time"]), []).append((labels[REGIMEN], draws))
    rows: list[dict[str, Any]] = []
    for (endpoint, time), members in groups.items():
        if len(members) < 2:
            continue
        direction = direction_of(array, endpoint, better)
        regimens = [regimen for regimen, _ in members]
        if laws is not None:
            found = [laws_at(laws, {REGIMEN: r, ENDPOINT: endpoint}, r)[0] for r in regimens]
            best, ranks = rank_laws(found, direction)
        else:
            stacked = np.stack([draws for _, draws in members], axis=-1)
            signed = -stacked if direction == "higher" else stacked
            ahead = (signed[..., None] > signed[..., None, :]).sum(axis=-1)
            tied = (signed[..., None] == signed[..., None, :]).sum(axis=-1)  # a regimen ties with itself
            share = np.where(ahead == 0, 1.0 / tied, 0.0)
            best = [probability_with_error(share[..., i], stacked[..., i]) for i in range(len(members))]
            ranks = [float((1.0 + ahead + 0.5 * (tied - 1))[..., i].mean()) for i in range(len(members))]
        rows += rank_rows(str(array.name), endpoint, time, regimens, best, ranks)
    return rows


def rank_probabilities(
    array: xr.DataArray, *, better: Direction | None = None
) -> tuple[list[str], NDArray[np.float64]]:
    """Probability of every rank for every regimen.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen).
    better : {"higher", "lower"}, optional

    Returns
    -------
    regimens : list of str
    table : array of shape (regimens, ranks)
        Rows sum to one; the first column is P(best).
    """
    cells = list(labelled_cells(array))
    direction = direction_of(array, cells[0][0][ENDPOINT], better)
    stacked = np.stack([draws.ravel() for _, draws in cells], axis=-1)
    order = (-stacked if direction == "higher" else stacked).argsort(axis=-1).argsort(axis=-1)
    k = len(cells)
    table = np.stack([(order == rank).mean(axis=0) for rank in range(k)], axis=1)
    return [str(labels[REGIMEN]) for labels, _ in cells], table
