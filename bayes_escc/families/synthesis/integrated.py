"""The density of one study's arm counts with everything of its own integrated out, by adaptive quadrature.

The log odds of the arms are ``mean + loading u`` with standard normal u: the study's baseline and its random effects.
The integrand is log-concave in u, so that Newton's method finds its mode, and Gauss-Hermite nodes are laid about it
with the curvature there.

References
----------
Liu Q, Pierce DA. Biometrika 1994;81:624-629. Pinheiro JC, Bates DM. J Comput Graph Stat 1995;4:12-35.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.logarithms import log_choose

__all__ = ["MAX_OWN_EFFECTS", "log_density_of_arms"]

Array = NDArray[np.float64]
_NODES: Final = {1: 31, 2: 15, 3: 9, 4: 7}
MAX_OWN_EFFECTS: Final = max(_NODES)
"""Most effects of a study's own, its baseline among them, that are integrated."""
_STEPS: Final = 100
_AT_ONCE: Final = 2_000_000
"""Evaluations held in memory."""


def log_density_of_arms(events: NDArray[np.int64], n: NDArray[np.int64], mean: Array, loading: Array) -> Array:
    """Log probability of the counts of one study's arms, for every draw.

    Parameters
    ----------
    events, n : array of shape (arms,)
    mean : array of shape (draws, arms)
        Log odds where the study's own effects are 0.
    loading : array of shape (draws, arms, effects)
        What each of them, standard normal, adds to the log odds.

    Returns
    -------
    array of shape (draws,)
    """
    size = loading.shape[-1]
    rule = np.polynomial.hermite_e.hermegauss(_NODES[size])
    z = np.array(list(itertools.product(rule[0], repeat=size)))
    weight = np.array([sum(w) for w in itertools.product(np.log(rule[1]), repeat=size)])
    chunk = max(1, _AT_ONCE // (len(z) * len(events)))
    parts = [
        _log_density(events, n, mean[i : i + chunk], loading[i : i + chunk], z, weight)
        for i in range(0, len(mean), chunk)
    ]
    return np.concatenate(parts) + float(log_choose(n, events).sum())


def _log_density(
    k: NDArray[np.int64], n: NDArray[np.int64], mean: Array, loading: Array, z: Array, log_weight: Array
) -> Array:
    mode, precision = _mode(k, n, mean, loading)
    inverse = np.linalg.inv(np.linalg.cholesky(precision))  # u = mode + inverse' z has the curvature of the mode
    u = mode[:, None] + z @ inverse
    values = _log_likelihood(k, n, mean[:, None] + u @ np.swapaxes(loading, 1, 2))
    values = values - 0.5 * (u**2).sum(axis=-1) + 0.5 * (z**2).sum(axis=-1) + log_weight
    top = values.max(axis=1)
    log_det = np.log(np.diagonal(inverse, axis1=1, axis2=2)).sum(axis=1)
    total = top + np.log(np.exp(values - top[:, None]).sum(axis=1)) + log_det
    return np.asarray(total - 0.5 * z.shape[1] * math.log(2.0 * math.pi))


def _log_likelihood(k: NDArray[np.int64], n: NDArray[np.int64], logit: Array) -> Array:
    return np.asarray((k * logit - n * np.logaddexp(0.0, logit)).sum(axis=-1))


def _mode(k: NDArray[np.int64], n: NDArray[np.int64], mean: Array, loading: Array) -> tuple[Array, Array]:
    """The most probable own effects, and the curvature there, by Newton steps that are halved until they climb."""
    u = np.zeros((len(mean), loading.shape[-1]))

    def height(u: Array) -> Array:
        logit = mean + (loading @ u[..., None])[..., 0]
        return np.asarray(_log_likelihood(k, n, logit) - 0.5 * (u**2).sum(axis=-1))

    def curvature(u: Array) -> tuple[Array, Array]:
        p = 0.5 * (1.0 + np.tanh(0.5 * (mean + (loading @ u[..., None])[..., 0])))
        slope = (np.swapaxes(loading, 1, 2) @ (k - n * p)[..., None])[..., 0] - u
        weighted = loading * (n * p * (1.0 - p))[..., None]
        return slope, np.eye(loading.shape[-1]) + np.swapaxes(loading, 1, 2) @ weighted

    now = height(u)
    for _ in range(_STEPS):
        slope, precision = curvature(u)
        step = np.linalg.solve(precision, slope[..., None])[..., 0]
        if np.abs(step).max() < 1e-8:
            break
        for _ in range(30):
            next_height = height(u + step)
            lower = next_height < now - 1e-12 * np.abs(now)
            if not lower.any():
                break
            step[lower] *= 0.5
        u, now = u + step, height(u + step)
    return u, curvature(u)[1]
