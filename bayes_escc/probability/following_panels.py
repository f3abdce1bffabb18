"""Densities of logits integrated on Gauss-Legendre panels that follow them. Needs NumPy alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.panels import NODES, WEIGHTS
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["FURTHEST", "beside", "conditional_rows", "density_on_grid", "expit", "panel_edges", "panel_nodes"]

Array = NDArray[np.float64]

FURTHEST: Final = 700.0
"""Logits beyond which no double precision rate differs from 0 or 1."""
_NEGLIGIBLE: Final = 42.0
"""Log density below its maximum, beyond which nothing is integrated."""


def expit(u: Array) -> Array:
    """The rate of a logit."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -u)))


def conditional_rows(
    log_density: Callable[[Array], Array], low: Array, high: Array, panels: int
) -> tuple[Array, Array, Array]:
    """Integrate densities of one logit, one for each row.

    Parameters
    ----------
    log_density : callable
        Of logits, shape (rows, ...), to the same shape.
    low, high : array of shape (rows,)
    panels : int

    Returns
    -------
    log_total : array of shape (rows,)
    edges : array of shape (rows, panels + 1)
    density : array of shape (rows, panels, NODES_PER_PANEL)
        At the nodes; integrates to one in each row.
    """
    edges = panel_edges(log_density, low, high, panels)
    v, half = panel_nodes(edges)
    log = log_density(v)
    top = np.max(log, axis=(1, 2), keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    density = np.exp(log - top)
    total = (half[..., None] * WEIGHTS * density).sum(axis=(1, 2))
    with np.errstate(divide="ignore"):
        return np.log(total) + top[:, 0, 0], edges, density / np.maximum(total, 1e-300)[:, None, None]


def beside(u: Array, v: Array) -> Array:
    """One value for each row, laid out to be used with an array of rows."""
    return u.reshape(-1, *(1,) * (v.ndim - 1))


def panel_nodes(edges: Array) -> tuple[Array, Array]:
    """Nodes of every panel, (rows, panels, NODES_PER_PANEL), and half the width of every panel."""
    half = 0.5 * np.diff(edges, axis=1)
    centre = 0.5 * (edges[:, :-1] + edges[:, 1:])
    return centre[..., None] + half[..., None] * NODES, half


def panel_edges(log_density: Callable[[Array], Array], low: Array, high: Array, panels: int) -> Array:
    """Edges of panels that gather about the top of a density and reach to where nothing is left, (rows, panels + 1).

    Parameters
    ----------
    log_density : callable
        Of points, one row each: shape (rows, points) to the same shape.
    low, high : array of shape (rows,)
    """
    low, high = np.maximum(low, -FURTHEST), np.minimum(high, FURTHEST)
    at = _between(low, high, np.concatenate([[1e-9], np.linspace(0.0, 1.0, 65)[1:-1], [1.0 - 1e-9]]))
    for _ in range(8):  # towards the top: where the bracket is refined, the next one is an eighth as wide
        best = np.argmax(log_density(at), axis=1)
        rows = np.arange(len(at))
        left, right = at[rows, np.maximum(best - 1, 0)], at[rows, np.minimum(best + 1, at.shape[1] - 1)]
        mode = at[rows, best]
        at = _between(left, right, np.linspace(0.0, 1.0, 17))
    top = log_density(mode[:, None])[:, 0]
    reach = np.maximum(high - mode, mode - low)
    # how wide the density is: the distance at which it has lost half a unit of its logarithm
    sizes = np.exp(np.linspace(np.log(1e-6), 0.0, 33)) * reach[:, None]
    lost = np.inf * np.ones_like(sizes)
    for sign in (-1.0, 1.0):
        points = mode[:, None] + sign * sizes
        outside = (points <= low[:, None]) | (points >= high[:, None])
        lost = np.minimum(
            lost, np.where(outside, np.inf, top[:, None] - log_density(np.clip(points, low[:, None], high[:, None])))
        )
    wide = np.argmax(lost > 0.5, axis=1)
    scale = np.where((lost > 0.5).any(axis=1), sizes[np.arange(len(sizes)), wide], reach)
    ends = []
    for sign, limit in ((-1.0, low), (1.0, high)):
        most = np.arcsinh(np.abs(limit - mode) / scale)
        steps = np.linspace(0.0, 1.0, 49) * most[:, None]
        points = np.clip(mode[:, None] + sign * scale[:, None] * np.sinh(steps), low[:, None], high[:, None])
        counts = log_density(points) > top[:, None] - _NEGLIGIBLE
        last = np.minimum(counts.shape[1] - 1 - np.argmax(counts[:, ::-1], axis=1) + 1, counts.shape[1] - 1)
        ends.append(sign * steps[np.arange(len(steps)), last])
    graded = mode[:, None] + scale[:, None] * np.sinh(_between(ends[0], ends[1], np.linspace(0.0, 1.0, panels + 1)))
    return np.asarray(np.clip(graded, low[:, None], high[:, None]))


def _between(low: Array, high: Array, shares: Array) -> Array:
    return np.asarray(low[:, None] + (high - low)[:, None] * shares)


def density_on_grid(log_density: Callable[[Array], Array], low: float, high: float) -> tuple[GridRate, float]:
    """The law of one rate from the log density of its logit, and the log of its integral.

    Parameters
    ----------
    log_density : callable
        Smooth, of logits of any shape.
    low, high : float
        Between which the logit may lie.
    """
    edges = panel_edges(log_density, np.array([low]), np.array([high]), 40)[0]
    narrowest = float(np.diff(edges).min())
    size = int(np.clip((edges[-1] - edges[0]) / (narrowest / 10.0), 2_000, 60_000))
    logit = np.linspace(edges[0], edges[-1], size + 1)
    log = log_density(logit)
    top = float(log.max())
    weight = np.exp(log - top)
    total = float(weight.sum())
    return GridRate(logit, weight / total), top + math.log(total * float(logit[1] - logit[0]))
