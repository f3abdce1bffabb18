"""R-hat and effective sample sizes of many quantities at once.

The same numbers as ArviZ's (a test compares them), which computes them one quantity at a time and ranks the
draws of each three times; here that took longer than sampling.

References
----------
Vehtari A, Gelman A, Simpson D, Carpenter B, Buerkner PC. Bayesian Anal 2021;16:667-718.
Geyer CJ. Stat Sci 1992;7:473-483.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixing", "effective_size", "error_of_mean", "mixing"]

Array = NDArray[np.float64]
_TAILS: Final = (0.11, 0.89)  # as ArviZ has them by default
_FEWEST_DRAWS: Final = 4
_STANDARD: Final = NormalDist()


@dataclass(frozen=True)
class Mixing:
    """How well chains mixed, arrays of shape (cells,); NaN where there are too few draws.

    Parameters
    ----------
    rhat : array
        The larger of rank-normalised split R-hat of the draws and of their distances from the median.
    bulk, tail : array
        Effective sample sizes of the ranks, and the smaller of those of the two tail indicators (11 % and 89 %).
    """

    rhat: Array
    bulk: Array
    tail: Array


def mixing(values: Array) -> Mixing:
    """R-hat and effective sample sizes.

    Parameters
    ----------
    values : array of shape (chains, draws, cells)
        Finite, and not constant within a cell.
    """
    chains, draws, cells = values.shape
    if draws < _FEWEST_DRAWS:
        missing = np.full(cells, np.nan)
        return Mixing(missing, missing, missing)
    by_cell = np.ascontiguousarray(np.moveaxis(values, -1, 0))
    scores = _normal_scores(_split(by_cell))
    middle = np.median(_split(by_cell), axis=(1, 2), keepdims=True)
    apart = _normal_scores(np.abs(_split(by_cell) - middle))
    rhat = np.maximum(_rhat(scores), _rhat(apart)) if chains > 1 else np.full(cells, np.nan)
    limits = np.quantile(by_cell, _TAILS, axis=(1, 2))
    tails = [_effective(_split((by_cell <= q[:, None, None]).astype(float))) for q in limits]
    return Mixing(rhat, _effective(scores), np.minimum(*tails))


def error_of_mean(values: Array) -> Array:
    """Monte Carlo standard error of the mean of each cell, shape (cells,): sd over the root of the effective size.

    Parameters
    ----------
    values : array of shape (chains, draws, cells)
    """
    return np.asarray(values.std(axis=(0, 1), ddof=1) / np.sqrt(effective_size(values)))


def effective_size(values: Array) -> Array:
    """Effective sample size of each cell for its mean, shape (cells,); NaN where there are too few draws.

    Parameters
    ----------
    values : array of shape (chains, draws, cells)
    """
    if values.shape[1] < _FEWEST_DRAWS:
        return np.full(values.shape[2], np.nan)
    return _effective(_split(np.ascontiguousarray(np.moveaxis(values, -1, 0))))


def _split(values: Array) -> Array:
    """Halves of every chain as chains, (cells, 2 chains, half the draws)."""
    half = values.shape[2] // 2
    return np.concatenate([values[:, :, :half], values[:, :, -half:]], axis=1)


def _normal_scores(values: Array) -> Array:
    """Normal quantiles of the ranks within a cell (Blom 1958), equal values sharing their mean rank."""
    cells, size = len(values), values[0].size
    flat = values.reshape(cells, size)
    order = np.argsort(flat, axis=1, kind="stable")
    ordered = np.take_along_axis(flat, order, axis=1)
    place = np.arange(size)
    new = np.concatenate([np.ones((cells, 1), dtype=bool), ordered[:, 1:] != ordered[:, :-1]], axis=1)
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    ends = np.concatenate([new[:, 1:], np.ones((cells, 1), dtype=bool)], axis=1)
    last = np.minimum.accumulate(np.where(ends, place, size)[:, ::-1], axis=1)[:, ::-1]
    doubled = first + last + 2  # twice the mean rank, from 2 to 2 size
    table = _scores(size)
    found = np.empty_like(flat)
    np.put_along_axis(found, order, table[doubled], axis=1)
    return found.reshape(values.shape)


@lru_cache(maxsize=4)
def _scores(size: int) -> Array:
    """Normal quantiles of all mean ranks among so many values, at twice the rank."""
    shares = (np.arange(2 * size + 1) / 2.0 - 0.375).clip(0.1) / (size + 0.25)
    return np.array([_STANDARD.inv_cdf(p) for p in shares.tolist()])


def _rhat(values: Array) -> Array:
    draws = values.shape[2]
    between = draws * values.mean(axis=2).var(axis=1, ddof=1)
    within = values.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((between / within + draws - 1) / draws))


def _effective(values: Array) -> Array:
    """Effective sample size of each cell, from autocorrelations up to Geyer's initial monotone sequence."""
    _, chains, draws = values.shape
    covariance = _autocovariance(values).mean(axis=1)
    within = covariance[:, 0] * draws / (draws - 1.0)
    total = within * (draws - 1.0) / draws
    if chains > 1:
        total = total + values.mean(axis=2).var(axis=1, ddof=1)
    size = chains * draws
    flat = np.ptp(values, axis=(1, 2)) < np.finfo(float).resolution
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = 1.0 - (within[:, None] - covariance) / total[:, None]
    correlation[:, 0] = 1.0
    times = np.array([size if still else _time(c) for c, still in zip(correlation, flat, strict=True)])
    return np.asarray(np.where(flat, size, size / np.maximum(times, 1.0 / np.log10(size))))


def _autocovariance(values: Array) -> Array:
    draws = values.shape[-1]
    length = _fast_length(2 * draws)
    spectrum = np.fft.rfft(values - values.mean(axis=-1, keepdims=True), n=length)
    found: Any = np.fft.irfft(np.abs(spectrum) ** 2, n=length)[..., :draws]
    return np.asarray(found / draws)


def _fast_length(least: int) -> int:
    """The smallest length of a fast Fourier transform, a product of twos, threes and fives."""
    powers = range(least.bit_length() + 1)
    odd: list[int] = [3**i * 5**j for i in powers for j in powers if 3**i * 5**j < 2 * least]
    return min(k << max(0, (-(-least // k) - 1).bit_length()) for k in odd)


def _time(correlation: Array) -> float:
    """Integrated autocorrelation time, from the correlations at all lags.

    Sums of neighbours are positive and fall in a reversible chain: the sequence ends before the first pair
    that is not positive, and each pair is at most the one before it.
    """
    if np.isnan(correlation).any():
        return float("nan")
    lags = len(correlation)
    most = max((lags - 3) // 2, 0)  # the pairs that are looked at
    pairs = correlation[: 2 * (most + 1)].reshape(-1, 2).sum(axis=1)
    stops = np.flatnonzero(~(pairs > 0.0))
    end = int(stops[0]) if stops.size else most
    kept = np.minimum.accumulate(pairs[:end])
    rest = max(float(correlation[2 * end]), 0.0)
    return float(-1.0 + 2.0 * kept.sum() + rest)
