"""Ranks of jointly normal numbers on scrambled points, where no order of integration makes them independent.

Given how the others differ among themselves, the place of one number is normal on a line that the others cut into
pieces, and the probability of each piece is exact. Those differences are integrated on Sobol points, scrambled several
times; the spread between the scramblings is the error.

References
----------
Genz A. J Comput Graph Stat 1992;1:141-149 (one variable in closed form, the others on quasi-random points).
Owen AB. J Complexity 1998;14:466-489 (scrambling).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.marginal import ROUNDING

__all__ = ["rank_scrambled"]

Array = NDArray[np.float64]
_SCRAMBLINGS: Final = 8
_LOG2_POINTS: Final = 13


def rank_scrambled(weight: Array, location: Array, covariance: Array) -> tuple[Array, Array, Array]:
    """Probability of every rank of jointly normal numbers, the lowest first.

    Parameters
    ----------
    weight : array of shape (nodes,)
    location : array of shape (nodes, K)
    covariance : array of shape (nodes, K, K)

    Returns
    -------
    table : array of shape (K, K)
    best_errors, rank_errors : array of shape (K,)
        Two standard errors of P(best) and of the mean rank.
    """
    k = location.shape[1]
    node, z = _points(weight, k - 2)
    parts = np.stack([_ranks_of_one(node, z, location, covariance, i) for i in range(k)], axis=1)
    best, rank = (
        2.0 * each.std(axis=0, ddof=1) / math.sqrt(_SCRAMBLINGS) + ROUNDING
        for each in (parts[..., 0], parts @ np.arange(1.0, k + 1.0))
    )
    return parts.mean(axis=0), best, rank


def _points(weight: Array, size: int) -> tuple[NDArray[np.int64], Array]:
    """Nodes, shape (scramblings, points), and standard normal numbers, with a last axis of the size."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    reached = np.cumsum(weight) / weight.sum()
    uniform = np.stack(
        [qmc.Sobol(size + 1, scramble=True, rng=seed).random_base2(_LOG2_POINTS) for seed in range(_SCRAMBLINGS)]
    )
    node = np.minimum(np.searchsorted(reached, uniform[..., 0]), len(weight) - 1)
    return node, np.asarray(ndtri(np.clip(uniform[..., 1:], 1e-300, 1.0 - 1e-16)))


def _ranks_of_one(node: NDArray[np.int64], z: Array, location: Array, covariance: Array, i: int) -> Array:
    """P(rank 1), P(rank 2), ... of one number, one row for each scrambling."""
    from scipy.special import ndtr

    k = location.shape[1]
    others = np.delete(np.arange(k), i)
    among = _contrasts(k - 1)
    maps = np.zeros((k - 1, k))  # its difference from the mean of the others, and theirs among themselves
    maps[0, i], maps[0, others] = 1.0, -1.0 / (k - 1)
    maps[1:, others] = among
    mean, joint = location @ maps.T, maps @ covariance @ maps.T
    floor = 1e-14 * np.maximum(np.trace(joint, axis1=1, axis2=2), 1e-300)
    factor = np.linalg.cholesky(joint[:, 1:, 1:] + floor[:, None, None] * np.eye(k - 2))
    slope = np.linalg.solve(factor, joint[:, 1:, :1])[..., 0]
    spread = np.sqrt(np.maximum(joint[:, 0, 0] - (slope**2).sum(axis=1), floor))
    found = []
    for at, one in zip(node, z, strict=True):
        places = np.sort((mean[at, 1:] + np.einsum("tij,tj->ti", factor[at], one)) @ among, axis=1)
        centre = mean[at, 0] + (slope[at] * one).sum(axis=1)
        reached = ndtr((places - centre[:, None]) / spread[at][:, None])
        found.append(np.diff(reached, axis=1, prepend=0.0, append=1.0).mean(axis=0))
    return np.stack(found)


def _contrasts(size: int) -> Array:
    """Orthonormal rows that sum to 0, shape (size - 1, size)."""
    found = np.zeros((size - 1, size))
    for j in range(1, size):
        found[j - 1, :j], found[j - 1, j] = 1.0, -float(j)
        found[j - 1] /= math.sqrt(j * (j + 1.0))
    return found
