"""The Beta distribution and contrasts of two independent Betas, by quadrature with an error bound.

This is the exact engine behind conjugate response rates. It needs numpy alone, so that
`bayes-escc compare` answers without importing SciPy, pandas or xarray; the tests hold it against
SciPy and against closed forms.

Every probability comes as `(value, error)`: the error is the change between the last two
refinements of the quadrature plus a rounding floor, so it is a bound in practice, not a guess.

References
----------
Incomplete beta function: continued fraction DLMF 8.17.22, evaluated with the modified Lentz
algorithm (Thompson and Barnett, J Comput Phys 1986;64:490).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import Direction, Scale
from bayes_escc.probability.marginal import Distribution, Probability, Side

__all__ = [
    "Beta",
    "BetaContrast",
    "contrast_density",
    "contrast_mean_sd",
    "contrast_quantile",
    "exceedance",
    "exceedance_after_shifts",
    "rank_distribution",
]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_TINY = 1e-300
_DEEP = 600.0
"""Beyond this logit a distribution function is a pure power of the rate, to the last digit."""
_TOLERANCE = 1e-12
_MAX_PANELS = 4096


@dataclass(frozen=True)
class Beta(Distribution):
    """A Beta(alpha, beta) law of one rate.

    Parameters
    ----------
    alpha, beta : float
        Positive shape parameters.
    """

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """Expected rate."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        total = self.alpha + self.beta
        return math.sqrt(self.alpha * self.beta / (total + 1.0)) / total

    def log_normaliser(self) -> float:
        """Logarithm of the Beta function B(alpha, beta)."""
        return math.lgamma(self.alpha) + math.lgamma(self.beta) - math.lgamma(self.alpha + self.beta)

    def rounding_floor(self) -> float:
        """Relative rounding error of a density value, from cancellation between log-gammas."""
        largest = max(abs(math.lgamma(v)) for v in (self.alpha, self.beta, self.alpha + self.beta))
        return 8.0 * np.finfo(float).eps * (1.0 + largest)

    def log_density_logit(self, u: Array) -> Array:
        """Log density of logit(rate) at `u`."""
        return -self.alpha * np.logaddexp(0.0, -u) - self.beta * np.logaddexp(0.0, u) - self.log_normaliser()

    def logit_density(self, u: Array) -> tuple[Array, Array, Array]:
        """Density of logit(rate) at `u` and its first two derivatives."""
        rate, rest = np.exp(-np.logaddexp(0.0, -u)), np.exp(-np.logaddexp(0.0, u))
        density = np.exp(self.log_density_logit(u))
        slope = self.alpha * rest - self.beta * rate
        return density, density * slope, density * (slope**2 - (self.alpha + self.beta) * rate * rest)

    def updated(self, events: float, n: float) -> tuple[Beta, float]:
        """The law after `events` among `n` patients, and the log of what the prior gave their sequence."""
        after = Beta(self.alpha + events, self.beta + n - events)
        return after, after.log_normaliser() - self.log_normaliser()

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws of the rate."""
        return rng.beta(self.alpha, self.beta, size)

    def cdf(self, x: ArrayLike) -> Array:
        """P(rate <= x), the regularised incomplete beta function."""
        return self.cdf_logit(_logit(np.asarray(x, dtype=float)))

    def sf(self, x: ArrayLike) -> Array:
        """P(rate > x), accurate in the upper tail."""
        return self.sf_logit(_logit(np.asarray(x, dtype=float)))

    def cdf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) <= u), also where the rate itself is too small for a number."""
        u = np.asarray(u, dtype=float)
        with np.errstate(over="ignore"):
            tail = np.exp(self.alpha * u - math.log(self.alpha) - self.log_normaliser())
        result = np.where(u < -_DEEP, np.minimum(tail, 1.0), 1.0)
        inside = (u >= -_DEEP) & (u < math.inf)
        if inside.any():
            result[inside] = _incomplete_beta(u[inside], self.alpha, self.beta, self.log_normaliser())
        return result

    def sf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) > u)."""
        return Beta(self.beta, self.alpha).cdf_logit(-np.asarray(u, dtype=float))

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        if not 0.0 < q < 1.0:
            return 0.0 if q <= 0.0 else 1.0
        return _expit(self._logit_quantile(q))

    def _logit_quantile(self, q: float) -> float:
        """Logit of the quantile, by bracketed Newton steps on the log of the smaller tail."""
        if q > 0.5:
            return -Beta(self.beta, self.alpha)._logit_quantile(1.0 - q)
        # below this the distribution function is a pure power
        deep = (math.log(q) + math.log(self.alpha) + self.log_normaliser()) / self.alpha
        if deep < -_DEEP:
            return deep
        low, high = -_DEEP, _DEEP
        u = math.log(self.alpha / self.beta)
        for _ in range(200):
            u = min(max(u, low), high)
            tail = float(self.cdf_logit(np.array([u]))[0])
            excess = math.log(max(tail, _TINY) / q)
            low, high = (low, u) if excess > 0 else (u, high)
            slope = math.exp(float(self.log_density_logit(np.array([u]))[0])) / max(tail, _TINY)
            proposal = u - excess / slope if slope > 0 else math.nan
            if not low < proposal < high:
                proposal = 0.5 * (low + high)
            if abs(proposal - u) <= 1e-15 * (1.0 + abs(u)):
                return proposal
            u = proposal
        return u


@lru_cache(maxsize=256)
def _logit_range(law: Beta) -> tuple[float, float]:
    """Logits that hold all but about 1e-15 of the probability."""
    return law._logit_quantile(1e-15), -Beta(law.beta, law.alpha)._logit_quantile(1e-15)


def _expit(u: float) -> float:
    if u > 0:
        return 1.0 / (1.0 + math.exp(-u))
    return math.exp(max(u, -740.0)) / (1.0 + math.exp(u)) if u > -740.0 else 0.0


def _logit(x: Array) -> Array:
    """Logit, infinite at and beyond 0 and 1."""
    with np.errstate(divide="ignore"):
        inside = np.clip(x, 0.0, 1.0)
        return np.asarray(np.log(inside) - np.log1p(-inside))


def _incomplete_beta(u: Array, a: float, b: float, log_normaliser: float) -> Array:
    """Regularised incomplete beta function I_x(a, b) at x = expit(u)."""
    log_x, log_rest = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
    swap = np.exp(log_x) > (a + 1.0) / (a + b + 2.0)
    result = np.empty_like(u)
    for flip, (p, q) in ((False, (a, b)), (True, (b, a))):
        chosen = swap == flip
        if chosen.any():
            own, other = (log_rest, log_x) if flip else (log_x, log_rest)
            log_front = p * own[chosen] + q * other[chosen] - math.log(p) - log_normaliser
            value = np.exp(log_front) / _continued_fraction(np.exp(own[chosen]), p, q)
            result[chosen] = 1.0 - value if flip else value
    return np.clip(result, 0.0, 1.0)


def _continued_fraction(z: Array, p: float, q: float) -> Array:
    """Continued fraction of the incomplete beta function by the modified Lentz algorithm."""
    c = np.ones_like(z)
    d = 1.0 - (p + q) * z / (p + 1.0)
    d = 1.0 / np.where(np.abs(d) < _TINY, _TINY, d)
    h = d.copy()
    for m in range(1, 20_000):
        for term in (
            m * (q - m) * z / ((p + 2 * m - 1.0) * (p + 2 * m)),
            -(p + m) * (p + q + m) * z / ((p + 2 * m) * (p + 2 * m + 1.0)),
        ):
            d = 1.0 + term * d
            d = 1.0 / np.where(np.abs(d) < _TINY, _TINY, d)
            c = 1.0 + term / c
            c = np.where(np.abs(c) < _TINY, _TINY, c)
            delta = c * d
            h *= delta
        if np.all(np.abs(delta - 1.0) < 1e-15):
            break
    return 1.0 / h


def _image(scale: Scale, threshold: float, u: Array) -> Array:
    """Logit of the rate x at which the contrast of x against y = expit(u) equals the threshold."""
    if scale == "odds_ratio":
        return u + math.log(threshold)
    if scale == "difference":
        return u if threshold == 0.0 else _logit(np.exp(-np.logaddexp(0.0, -u)) + threshold)
    log_x = math.log(threshold) - np.logaddexp(0.0, -u)
    if threshold == 1.0:
        return u
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(log_x < 0.0, log_x - np.log(-np.expm1(np.minimum(log_x, 0.0))), math.inf))


def _kinks(scale: Scale, threshold: float) -> list[float]:
    """Logits of y at which x leaves (0, 1), where the integrand may behave like a root."""
    if scale == "difference" and 0.0 < threshold < 1.0:
        return [math.log1p(-threshold) - math.log(threshold)]
    if scale == "difference" and -1.0 < threshold < 0.0:
        return [math.log(-threshold) - math.log1p(threshold)]
    if scale == "ratio" and threshold > 1.0:
        return [-math.log(threshold - 1.0)]
    return []


def _panels(law: Beta, breaks: Sequence[float], count: int) -> tuple[Array, Array]:
    """Quadrature nodes on the logit scale and weights times density.

    Panels are equal on the scale of asinh(logit - centre): fine where the density bends, coarse
    in the long exponential tails of a law with small shape parameters.
    """
    low, high = _logit_range(law)
    centre = min(max(math.log(law.alpha / law.beta), low), high)
    width = min(0.5 * (high - low), 8.0)
    start, end = (math.asinh((v - centre) / width) for v in (low, high))
    inner = sorted({b for b in breaks if low < b < high})
    grid_pieces = []
    edges = [low, *inner, high]
    for left, right in pairwise(edges):
        ends = [math.asinh((v - centre) / width) for v in (left, right)]
        share = max(2, round(count * (ends[1] - ends[0]) / (end - start)))
        piece = centre + width * np.sinh(np.linspace(ends[0], ends[1], share + 1))
        piece[0], piece[-1] = left, right
        # towards a break the integrand may behave like a root: panels shrink geometrically
        shrink = 0.2 ** np.arange(1, 24)
        head = left + (piece[1] - left) * shrink[::-1] if left in inner else []
        tail = right - (right - piece[-2]) * shrink if right in inner else []
        grid_pieces.append(np.unique(np.concatenate([piece, head, tail])))
    grid = np.concatenate([p[:-1] for p in grid_pieces] + [grid_pieces[-1][-1:]])
    half = 0.5 * np.diff(grid)
    nodes = (grid[:-1] + half)[:, None] + half[:, None] * _NODES
    weights = half[:, None] * _WEIGHTS * np.exp(law.log_density_logit(nodes))
    return nodes.ravel(), weights.ravel()


def exceedance(x: Beta, y: Beta, threshold: float, scale: Scale) -> tuple[float, float]:
    """P(contrast of X against Y > threshold) for independent X and Y.

    Parameters
    ----------
    x, y : Beta
        Laws of the regimen's and the reference's rate.
    threshold : float
        On the scale of the contrast; positive for ratio and odds ratio.
    scale : {"difference", "ratio", "odds_ratio"}
        Contrast: x - y, x / y or odds(x) / odds(y).

    Returns
    -------
    probability, error : float
        The error bounds quadrature and rounding.
    """
    if scale != "difference" and threshold <= 0.0:
        return 1.0, 0.0
    floor = max(x.rounding_floor(), y.rounding_floor())
    count, previous = 32, math.nan
    while True:
        value = _integrate(x, y, threshold, scale, count)
        change = abs(value - previous)
        if change < max(_TOLERANCE, floor) or count >= _MAX_PANELS:
            return value, change + floor * min(value, 1.0 - value) + 1e-15
        previous, count = value, 2 * count


def _integrate(x: Beta, y: Beta, threshold: float, scale: Scale, count: int) -> float:
    """P(contrast > threshold) by Gauss-Legendre quadrature over logit(y) in `count` panels."""
    u, weights = _panels(y, _kinks(scale, threshold), count)
    value = weights @ x.sf_logit(_image(scale, threshold, u)) / weights.sum()
    return min(max(float(value), 0.0), 1.0)


def exceedance_after_shifts(
    x: Beta, y: Beta, threshold: float, scale: Scale, shifts: ArrayLike, reference_shift: float = 0.0
) -> Array:
    """P(contrast > threshold) after each of several shifts has been taken from the log odds of X.

    Parameters
    ----------
    x, y, threshold, scale
        As `exceedance` takes them.
    shifts : array
    reference_shift : float
        Taken from the log odds of Y.

    Returns
    -------
    array
        Of the shape of `shifts`.
    """
    breaks = [k + reference_shift for k in _kinks(scale, threshold)]
    u, weights = _panels(y, breaks, 32)
    above = x.sf_logit(_image(scale, threshold, u - reference_shift)[:, None] + np.ravel(shifts))
    return np.asarray(weights @ above / weights.sum()).reshape(np.shape(shifts))


def contrast_quantile(x: Beta, y: Beta, q: float, scale: Scale) -> float:
    """Quantile of the contrast of independent X against Y, by root finding on `exceedance`."""

    def excess(t: float) -> float:
        natural = t if scale == "difference" else math.exp(min(max(t, -700.0), 700.0))
        return (1.0 - q) - _integrate(x, y, natural, scale, 48)

    if scale == "difference":
        centre, spread = x.mean - y.mean, math.hypot(x.sd, y.sd)
        limits = (-1.0, 1.0)
    else:
        centre = math.log(x.mean) - math.log(y.mean)
        spread = math.hypot(x.sd / x.mean, y.sd / y.mean)
        if scale == "odds_ratio":
            centre = math.log(x.alpha / x.beta) - math.log(y.alpha / y.beta)
            spread = math.hypot(x.sd / (x.mean * (1 - x.mean)), y.sd / (y.mean * (1 - y.mean)))
        limits = (-690.0, 690.0)
    low, high = centre - spread, centre + spread
    while low > limits[0] and excess(low) > 0:
        low = max(limits[0], low - 2 * (high - low))
    while high < limits[1] and excess(high) < 0:
        high = min(limits[1], high + 2 * (high - low))
    root = _illinois(excess, low, high, max(1e-11, x.rounding_floor(), y.rounding_floor()))
    return root if scale == "difference" else math.exp(root)


def _illinois(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Root of an increasing function inside a bracket (regula falsi, Illinois variant)."""
    f_low, f_high = function(low), function(high)
    side = 0
    for _ in range(100):
        if f_low == f_high:
            break
        mid = (low * f_high - high * f_low) / (f_high - f_low)
        if not low < mid < high:
            mid = 0.5 * (low + high)
        value = function(mid)
        if abs(value) < tolerance or high - low < 1e-14 * (1.0 + abs(mid)):
            return float(mid)
        if value < 0:
            low, f_low = mid, value
            if side == -1:
                f_high *= 0.5
            side = -1
        else:
            high, f_high = mid, value
            if side == 1:
                f_low *= 0.5
            side = 1
    return 0.5 * (low + high)


@dataclass(frozen=True)
class BetaContrast:
    """A contrast of two independent rates, each with a Beta law.

    Parameters
    ----------
    x, y : Beta
        Of the regimen and of the reference.
    scale : {"difference", "ratio", "odds_ratio"}
    """

    x: Beta
    y: Beta
    scale: Scale

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""
        return contrast_mean_sd(self.x, self.y, self.scale)[0]

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""
        return contrast_mean_sd(self.x, self.y, self.scale)[1]

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""
        return contrast_quantile(self.x, self.y, q, self.scale)

    def beyond(self, value: float, side: Side) -> Probability:
        """P(contrast > value) or P(contrast < value)."""
        above, error = exceedance(self.x, self.y, value, self.scale)
        return Probability(above if side == "above" else 1.0 - above, error)

    def between(self, low: float, high: float) -> Probability:
        """P(low < contrast < high)."""
        above_low, above_high = (exceedance(self.x, self.y, v, self.scale) for v in (low, high))
        return Probability(above_low[0] - above_high[0], above_low[1] + above_high[1])

    def density(self, values: Array) -> Array:
        """Density at increasing values, for drawing."""
        return contrast_density(self.x, self.y, values, self.scale)


def contrast_density(x: Beta, y: Beta, values: Array, scale: Scale) -> Array:
    """Density of the contrast of independent X against Y, for drawing.

    Computed as the average slope of `exceedance` between neighbouring points, so that it is
    finite even where the density itself is not.
    """
    edges = np.concatenate([values[:1], 0.5 * (values[1:] + values[:-1]), values[-1:]])
    above = np.array([_integrate(x, y, float(t), scale, 32) for t in edges])
    return np.asarray(np.maximum(-np.diff(above) / np.diff(edges), 0.0))


def contrast_mean_sd(x: Beta, y: Beta, scale: Scale) -> tuple[float | None, float | None]:
    """Mean and standard deviation of the contrast; None where the moment does not exist."""
    if scale == "difference":
        return x.mean - y.mean, math.hypot(x.sd, y.sd)
    if scale == "ratio":
        first: tuple[float, float | None] = (x.mean, x.mean**2 + x.sd**2)
        inverse = _moments_of_ratio(y.alpha + y.beta, y.alpha)
    else:
        numerator = _odds_moments(x.alpha, x.beta)
        if numerator[0] is None:
            return None, None
        first = (numerator[0], numerator[1])
        inverse = _odds_moments(y.beta, y.alpha)
    if inverse[0] is None:
        return None, None
    mean = first[0] * inverse[0]
    if first[1] is None or inverse[1] is None:
        return mean, None
    return mean, math.sqrt(max(first[1] * inverse[1] - mean**2, 0.0))


def _moments_of_ratio(total: float, alpha: float) -> tuple[float | None, float | None]:
    """First two moments of 1 / rate for a Beta(alpha, total - alpha) rate."""
    first = (total - 1.0) / (alpha - 1.0) if alpha > 1.0 else None
    second = (total - 1.0) * (total - 2.0) / ((alpha - 1.0) * (alpha - 2.0)) if alpha > 2.0 else None
    return first, second


def _odds_moments(alpha: float, beta: float) -> tuple[float | None, float | None]:
    """First two moments of rate / (1 - rate) for a Beta(alpha, beta) rate."""
    first = alpha / (beta - 1.0) if beta > 1.0 else None
    second = alpha * (alpha + 1.0) / ((beta - 1.0) * (beta - 2.0)) if beta > 2.0 else None
    return first, second


def rank_distribution(laws: Sequence[Beta], better: Direction) -> list[tuple[Array, float]]:
    """P(rank 1), P(rank 2), ... of each rate, and their error, for any number of independent Betas.

    Given the rate, the number of better ones among the others is a sum of independent events; its
    distribution, built up one rate at a time, is integrated over the density of the rate. Over
    the rates, the probabilities of each rank sum to one, which the tests check.
    """
    results = []
    floor = max(law.rounding_floor() for law in laws)
    for i, law in enumerate(laws):
        others = [other for j, other in enumerate(laws) if j != i]
        count, previous = 32, np.full(len(laws), math.nan)
        while True:
            u, weights = _panels(law, [], count)
            ahead = np.zeros((len(u), len(laws)))
            ahead[:, 0] = 1.0
            for other in others:
                p = (other.sf_logit(u) if better == "higher" else other.cdf_logit(u))[:, None]
                ahead[:, 1:] = ahead[:, 1:] * (1.0 - p) + ahead[:, :-1] * p
                ahead[:, :1] *= 1.0 - p
            found = weights @ ahead / weights.sum()
            change = float(np.abs(found - previous).max())
            if change < max(_TOLERANCE, floor) or count >= _MAX_PANELS:
                results.append((np.asarray(found), change + floor + 1e-15))
                break
            previous, count = found, 2 * count
    return results
