"""Ranks of jointly normal numbers from orthant probabilities: every order of them, one after the other."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
from scipy import stats


def ranks_of_normals(mean, covariance):
    """Probability of every rank (columns, the lowest number first) of every number, shape (K, K)."""
    k = len(mean)
    table = np.zeros((k, k))
    for order in permutations(range(k)):
        steps = np.zeros((k - 1, k))  # each number less the next one in the order: all below 0
        for row, (lower, higher) in enumerate(pairwise(order)):
            steps[row, lower], steps[row, higher] = 1.0, -1.0
        at, spread = steps @ mean, steps @ covariance @ steps.T
        law = stats.multivariate_normal(at, spread, allow_singular=True, abseps=1e-6, releps=1e-6, maxpts=200_000)
        p = float(law.cdf(np.zeros(k - 1), rng=np.random.default_rng(1)) if k > 2 else law.cdf(0.0))
        for rank, i in enumerate(order):
            table[i, rank] += p
    return table
