"""Tails of Beta posteriors for every count at once.

After s responses among n patients the rate is Beta(alpha + s, beta + n - s). Decision rules need
its tail, or that of a contrast of two arms, for all s from 0 to n; neighbouring counts differ by
one term of a binomial sum, so one incomplete beta function serves them all.

Contrasts are integrated by the tanh-sinh rule (Takahasi and Mori, Publ RIMS 1974;9:721) over
the part of the reference's range where the contrast can be reached, so that powers at either end do no harm.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Scale
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture

__all__ = [
    "RatePrior",
    "contrast_tails",
    "contrast_widths",
    "interval_widths",
    "log_gammas",
    "predictive_counts",
    "upper_tails",
]

Array = NDArray[np.float64]
RatePrior = Beta | BetaMixture
"""What a rule knows of a rate before its patients: a Beta, or a mixture of Betas."""
_EXPONENT: Final = 40.0
"""Tails below exp(-40) are left out of the quadrature."""


def weighted(prior: RatePrior, n: int) -> list[tuple[Beta, Array]]:
    """The Betas of a prior, each with its weight after every possible number of responses, (n + 1,)."""
    if isinstance(prior, Beta):
        return [(prior, np.ones(n + 1))]
    betas = [c for c in prior.components if isinstance(c, Beta)]
    if len(betas) != len(prior.components):
        raise AnalysisError("a rule takes a prior made of Betas.")
    log = np.array(
        [
            math.log(w)
            + log_gammas(c.alpha, n)
            + log_gammas(c.beta, n)[::-1]
            - math.lgamma(c.alpha + c.beta + n)
            - c.log_normaliser()
            for w, c in zip(prior.weights, betas, strict=True)
        ]
    )
    weights = np.exp(log - log.max(axis=0))
    return list(zip(betas, weights / weights.sum(axis=0), strict=True))


def upper_tails(prior: RatePrior, n: int, limit: float) -> Array:
    """P(rate > limit) after each possible number of responses.

    Parameters
    ----------
    prior : Beta or BetaMixture
    n : int
        Patients.
    limit : float
        Between 0 and 1.

    Returns
    -------
    array of shape (n + 1,)
        At s, the probability after s responses.
    """
    at = np.array([limit])
    log_x, log_rest = np.log(at), np.log1p(-at)
    return np.asarray(sum(w * _tails(c, n, log_x, log_rest)[:, 0] for c, w in weighted(prior, n)))


def _tails(prior: Beta, n: int, log_x: Array, log_rest: Array) -> Array:
    """P(rate > x) for every count (rows) and every x (columns), from log x and log(1 - x)."""
    first = Beta(prior.alpha, prior.beta + n).sf_logit(log_x - log_rest)
    s = np.arange(n)[:, None]
    steps = (prior.alpha + s) * log_x + (prior.beta + n - s - 1) * log_rest
    steps += (
        math.lgamma(prior.alpha + prior.beta + n)
        - log_gammas(prior.alpha + 1.0, n)[:-1, None]
        - log_gammas(prior.beta + 1.0, n)[-2::-1, None]
    )
    rising = np.concatenate([first[None, :], np.exp(steps)])
    return np.minimum(np.cumsum(rising, axis=0), 1.0)


def log_gammas(start: float, n: int) -> Array:
    """Logarithm of Gamma(start + s) for s = 0 ... n."""
    return math.lgamma(start) + np.concatenate([[0.0], np.cumsum(np.log(start + np.arange(n)))])


def contrast_tails(
    x: RatePrior, nx: int, y: RatePrior, ny: int, threshold: float, scale: Scale = "difference"
) -> Array:
    """P(contrast of X against Y > threshold) after every pair of counts.

    Parameters
    ----------
    x, y : Beta or BetaMixture
        Priors of the regimen's and the reference's rate.
    nx, ny : int
        Their patients; with ny = 0 the reference is what its prior says.
    threshold : float
        On the scale of the contrast; positive for ratio and odds ratio.
    scale : {"difference", "ratio", "odds_ratio"}

    Returns
    -------
    array of shape (nx + 1, ny + 1)
    """
    if scale == "difference" and abs(threshold) >= 1.0:
        return np.full((nx + 1, ny + 1), float(threshold < 0))
    found = np.zeros((nx + 1, ny + 1))
    for one, v in weighted(x, nx):
        for other, w in weighted(y, ny):
            found += v[:, None] * w[None, :] * _pair_tails(one, nx, other, ny, threshold, scale)
    return np.clip(found, 0.0, 1.0)


def _pair_tails(x: Beta, nx: int, y: Beta, ny: int, threshold: float, scale: Scale) -> Array:
    """The same for two Betas, by the tanh-sinh rule."""
    low, width, certain = 0.0, 1.0, None
    if scale == "difference" and threshold >= 0.0:
        width = 1.0 - threshold
    elif scale == "difference":  # a reference below -threshold is beaten by any rate
        low, width = -threshold, 1.0 + threshold
        certain = 1.0 - upper_tails(y, ny, low)
    elif scale == "ratio":
        width = min(1.0, 1.0 / threshold)
    v, step = _nodes(min(x.alpha, x.beta, y.alpha, y.beta, 1.0), x.alpha + x.beta + y.alpha + y.beta + nx + ny)
    u = math.pi * np.sinh(v)
    log_t, log_u = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
    log_y, log_y_rest = _affine(low, width, log_t), _affine(1.0 - low - width, width, log_u)
    if scale == "odds_ratio":
        shifted = u + math.log(threshold)
        log_x, log_x_rest = -np.logaddexp(0.0, -shifted), -np.logaddexp(0.0, shifted)
    else:
        factor = threshold if scale == "ratio" else 1.0
        start, reach = (low + threshold, width) if scale == "difference" else (0.0, factor * width)
        log_x, log_x_rest = _affine(start, reach, log_t), _affine(1.0 - start - reach, reach, log_u)
    s = np.arange(ny + 1)[:, None]
    weights = (y.alpha + s - 1.0) * log_y + (y.beta + ny - s - 1.0) * log_y_rest
    weights += math.lgamma(y.alpha + y.beta + ny) - (log_gammas(y.alpha, ny) + log_gammas(y.beta, ny)[::-1])[:, None]
    weights += math.log(width) + log_t + log_u + np.log(math.pi * np.cosh(v) * step)
    found = _tails(x, nx, log_x, log_x_rest) @ np.exp(weights).T
    return np.clip(found if certain is None else found + certain, 0.0, 1.0)


def _nodes(power: float, patients: float) -> tuple[Array, float]:
    """Nodes of the tanh-sinh rule and their distance, which resolves a posterior of so many patients."""
    reach = math.asinh(_EXPONENT / (math.pi * power))
    half = math.ceil(reach / min(1.0 / 24.0, 0.3 / math.sqrt(patients)))
    return np.linspace(-reach, reach, 2 * half + 1), reach / half


def _affine(start: float, width: float, log_t: Array) -> Array:
    """log(start + width t) from log t, without loss where t is tiny."""
    if start <= 1e-15:
        return math.log(width) + log_t
    return np.log(start + width * np.exp(log_t))


def predictive_counts(prior: RatePrior, n: int, total: int) -> Array:
    """Beta-binomial law of the final count, given the count so far.

    Returns
    -------
    array of shape (n + 1, total + 1)
        At [s, t], the probability of t responses among `total` patients after s among the first n.
    """
    return np.asarray(sum(w[:, None] * _beta_binomial(c, n, total) for c, w in weighted(prior, n)))


def _beta_binomial(prior: Beta, n: int, total: int) -> Array:
    rest = total - n
    s, y = np.arange(n + 1)[:, None], np.arange(rest + 1)[None, :]
    choose = math.lgamma(rest + 1.0) - log_gammas(1.0, rest) - log_gammas(1.0, rest)[::-1]
    up, down = log_gammas(prior.alpha, total), log_gammas(prior.beta, total)
    size = math.lgamma(prior.alpha + prior.beta + n) - math.lgamma(prior.alpha + prior.beta + total)
    log_p = choose + up[s + y] + down[total - s - y] - up[s] - down[n - s] + size
    found = np.zeros((n + 1, total + 1))
    found[s, s + y] = np.exp(log_p)
    return found


def interval_widths(prior: RatePrior, n: int, ci_prob: float) -> Array:
    """Width of the equal-tailed credible interval of the rate, for every count, (n + 1,)."""
    tail = 0.5 * (1.0 - ci_prob)
    ends = [_quantiles(prior, n, q) for q in (tail, 1.0 - tail)]
    return ends[1] - ends[0]


def _quantiles(prior: RatePrior, n: int, q: float) -> Array:
    """A quantile of the rate for every count, by bisection of the logit."""
    low, high, parts = np.full(n + 1, -400.0), np.full(n + 1, 400.0), weighted(prior, n)
    for _ in range(62):
        u = 0.5 * (low + high)
        at = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
        above = np.asarray(sum(w * np.diagonal(_tails(c, n, *at)) for c, w in parts))
        low, high = np.where(above > 1.0 - q, u, low), np.where(above > 1.0 - q, high, u)
    return 1.0 / (1.0 + np.exp(-low))


def contrast_widths(x: RatePrior, nx: int, y: RatePrior, ny: int, ci_prob: float, scale: Scale) -> Array:
    """Width of the equal-tailed credible interval of the contrast, for every pair of counts, (nx + 1, ny + 1).

    The quantiles are interpolated between thresholds, in the normal score of the tail; their error is below
    a thousandth of the width.
    """
    from statistics import NormalDist

    plain = scale == "difference"
    # of a ratio the logarithm, finest about 1
    grid = np.linspace(-1.0, 1.0, 401) if plain else 12.0 * np.sinh(np.linspace(-6.0, 6.0, 601)) / math.sinh(6.0)
    natural = grid if plain else np.exp(grid)
    tails = np.stack([contrast_tails(x, nx, y, ny, float(t), scale) for t in natural], axis=-1)
    tail = 0.5 * (1.0 - ci_prob)
    normal = NormalDist()
    found = []
    for q in (1.0 - tail, tail):  # tails fall along the grid
        after = np.clip((tails > q).sum(axis=-1), 1, len(grid) - 1)
        sides = [
            np.clip(np.take_along_axis(tails, (after - k)[..., None], -1)[..., 0], 1e-15, 1 - 1e-15) for k in (1, 0)
        ]
        z = [np.vectorize(normal.inv_cdf)(s) for s in sides]
        share = (z[0] - normal.inv_cdf(q)) / np.where(z[0] > z[1], z[0] - z[1], 1.0)
        found.append(grid[after - 1] + np.clip(share, 0.0, 1.0) * (grid[after] - grid[after - 1]))
    return np.asarray(found[1] - found[0] if plain else np.exp(found[1]) - np.exp(found[0]))
