"""Regimens ranked: P(best), ranks with their intervals, and SUCRA, for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.comparison import direction_of, labelled_cells, laws_at, probability_with_error
from bayes_escc.names import CHAIN, DRAW, ENDPOINT, REGIMEN, Direction
from bayes_escc.probability.beta import Beta, rank_distribution

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["rank", "rank_laws", "rank_probabilities", "rank_rows"]

Array = NDArray[np.float64]


def rank_rows(
    estimand: str, endpoint: str | None, time: Any, regimens: Sequence[str], table: Array,
    best_errors: Sequence[float], rank_errors: Sequence[float], ci_prob: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of the ranking.

    Parameters
    ----------
    table : array of shape (K, K)
        Probability of every rank (columns, the best first) for every regimen (rows).
    best_errors, rank_errors : sequence of float
        Errors of P(best) and of the mean rank.
    ci_prob : float
        Least probability of the interval of ranks.

    Notes
    -----
    SUCRA is (K - mean rank) / (K - 1): an average over the posterior, so what is uncertain about
    a regimen's place is in the interval of its rank; the error of SUCRA is numerical.
    """
    k = len(regimens)
    tail = (1.0 - ci_prob) / 2.0
    rows = []
    for i, regimen in enumerate(regimens):
        mean = float(table[i] @ np.arange(1, k + 1))
        reached = np.cumsum(table[i]) + 1e-9
        lower, median, upper = (int(np.searchsorted(reached, q)) + 1 for q in (tail, 0.5, 1.0 - tail))
        rows.append(
            {
                "estimand": estimand, REGIMEN: regimen, ENDPOINT: endpoint, "time": time,
                "probability_best": float(table[i, 0]), "mcse_probability_best": best_errors[i],
                "mean_rank": mean, "mcse_mean_rank": rank_errors[i],
                "median_rank": median, "lower_rank": lower, "upper_rank": min(upper, k), "ci_prob": ci_prob,
                "sucra": (k - mean) / (k - 1) if k > 1 else None,
                "mcse_sucra": rank_errors[i] / (k - 1) if k > 1 else None,
            }
        )  # fmt: skip
    return rows


def rank_laws(laws: Sequence[Beta], better: Direction) -> tuple[Array, list[float], list[float]]:
    """Probability of every rank, and the errors of P(best) and mean rank, of independent Beta laws."""
    found = rank_distribution(laws, better)
    table = np.stack([probabilities for probabilities, _ in found])
    errors = [error for _, error in found]
    return table, errors, [error * len(laws) for error in errors]


def rank(
    array: xr.DataArray,
    *,
    better: Direction | None = None,
    laws: tuple[xr.DataArray, xr.DataArray] | None = None,
    ci_prob: float = 0.95,
) -> list[dict[str, Any]]:
    """P(best), rank with its interval, and SUCRA of every regimen, within endpoint and time.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    better : {"higher", "lower"}, optional
    laws : tuple of DataArray, optional
        Beta parameters, for quadrature.
    ci_prob : float

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
            known = [laws_at(laws, {REGIMEN: r, ENDPOINT: endpoint}, r)[0] for r in regimens]
            table, best_errors, rank_errors = rank_laws(known, direction)
        else:
            stacked = np.stack([draws for _, draws in members], axis=-1)
            shares = _rank_shares(stacked, direction)
            table = shares.mean(axis=(0, 1))
            best_errors = [probability_with_error(shares[..., i, 0], stacked[..., i])[1] for i in range(len(members))]
            rank_errors = _errors_of_mean(shares @ np.arange(1.0, len(members) + 1.0))
        rows += rank_rows(str(array.name), endpoint, time, regimens, table, best_errors, rank_errors, ci_prob)
    return rows


def _rank_shares(stacked: Array, better: Direction) -> Array:
    """Share of every rank in each draw, shape (chain, draw, regimen, rank); regimens that tie share their ranks."""
    signed = -stacked if better == "higher" else stacked
    ahead = (signed[..., None] > signed[..., None, :]).sum(axis=-1)[..., None]
    tied = (signed[..., None] == signed[..., None, :]).sum(axis=-1)[..., None]  # a regimen ties with itself
    ranks = np.arange(stacked.shape[-1])
    return np.where((ranks >= ahead) & (ranks < ahead + tied), 1.0 / tied, 0.0)


def _errors_of_mean(values: Array) -> list[float]:
    """Monte Carlo error of the mean of each cell of (chain, draw, cell) values; half a draw where none varies."""
    import arviz as az
    import xarray as xr

    found = az.mcse(xr.DataArray(values, dims=(CHAIN, DRAW, "cell")), method="mean").to_numpy()
    size = values.shape[0] * values.shape[1]
    return [float(e) if np.isfinite(e) and e > 0 else 0.5 / size for e in found]


def rank_probabilities(array: xr.DataArray, *, better: Direction | None = None) -> tuple[list[str], Array]:
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
    shares = _rank_shares(np.stack([draws for _, draws in cells], axis=-1), direction)
    return [str(labels[REGIMEN]) for labels, _ in cells], shares.mean(axis=(0, 1))
