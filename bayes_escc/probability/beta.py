"""The Beta distribution and contrasts of two independent Betas, by quadrature with an error bound.

This is the exact engine behind conjugate response rates. It needs numpy alone, so that
`bayes-escc compare` answers without importing SciPy, pandas or xarray; the tests hold it against
SciPy and against closed forms.

Every probability comes with its error: the change when every panel of the quadrature is cut in two, plus a rounding
floor, so it is a bound in practice, not a guess. The cost does not depend on the number of patients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction, Scale
from bayes_escc.probability.distributions import normal_quantile, root_of
from bayes_escc.probability.logit_panels import (
    CORE,
    DEEP,
    LogitPanels,
    log_density_from_mode,
    logit_panels,
    shared_rule,
)
from bayes_escc.probability.marginal import Distribution, Probability, Side

__all__ = [
    "LARGEST_SHAPE",
    "SMALLEST_SHAPE",
    "Beta",
    "BetaContrast",
    "contrast_density",
    "contrast_mean_sd",
    "contrast_quantile",
    "contrast_rule",
    "contrast_tail",
    "exceedance",
    "exceedance_after_shifts",
    "image_logit",
    "kinks",
    "moments_of_inverse",
    "moments_of_odds",
    "rank_distribution",
]

Array = NDArray[np.float64]
SMALLEST_SHAPE: Final = 1e-5
LARGEST_SHAPE: Final = 1e15
"""Parameters of a Beta between which its quadrature is accurate and quick."""
_EPSILON: Final = float(np.finfo(float).eps)
_NOTHING: Final = 1e-15
_AT_ONCE: Final = 8_192
"""Points that a quadrature is evaluated at in one call, so that they stay in the processor's cache."""
_SMALL: Final = 1e-10
"""A probability below this is computed again with panels that reach into the far tails."""


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

    @property
    def _logit_spread(self) -> float:
        """Roughly the standard deviation of the log odds."""
        return math.sqrt(1.0 / self.alpha + 1.0 / self.beta)

    def log_normaliser(self) -> float:
        """Logarithm of the Beta function B(alpha, beta)."""
        return math.lgamma(self.alpha) + math.lgamma(self.beta) - math.lgamma(self.alpha + self.beta)

    def rounding_floor(self) -> float:
        """Relative rounding error of a density value; it grows with the root of the number of patients."""
        return 16.0 * _EPSILON * (1.0 + math.sqrt(min(self.alpha, self.beta)))

    def panels(self, depth: float = DEEP) -> LogitPanels:
        """The density of logit(rate) on panels, down to a fall of its logarithm by `depth`.

        Raises
        ------
        AnalysisError
            If a parameter is so small or so large that the rate is a constant to all digits.
        """
        if not SMALLEST_SHAPE <= min(self.alpha, self.beta) <= max(self.alpha, self.beta) <= LARGEST_SHAPE:
            raise AnalysisError(
                f"Beta({self.alpha:g}, {self.beta:g}) cannot be integrated: its parameters must lie between "
                f"{SMALLEST_SHAPE:g} and {LARGEST_SHAPE:g}."
            )
        return logit_panels(self.alpha, self.beta, depth)

    def log_density_logit(self, u: Array) -> Array:
        """Log density of logit(rate) at `u`."""
        panels = self.panels()
        at = np.asarray(u, dtype=float) - panels.centre
        return log_density_from_mode(self.alpha, self.beta, at) - math.log(panels.running.total)

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
        return self.panels().below(u)

    def sf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) > u)."""
        return self.panels().above(u)

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        if not 0.0 < q < 1.0:
            return 0.0 if q <= 0.0 else 1.0
        return _expit(self.panels().quantile(q))


def _expit(u: float) -> float:
    if u > 0:
        return 1.0 / (1.0 + math.exp(-u))
    return math.exp(max(u, -740.0)) / (1.0 + math.exp(u)) if u > -740.0 else 0.0


def _logit(x: Array) -> Array:
    """Logit, infinite at and beyond 0 and 1."""
    with np.errstate(divide="ignore"):
        inside = np.clip(x, 0.0, 1.0)
        return np.asarray(np.log(inside) - np.log1p(-inside))


def image_logit(scale: Scale, threshold: float, u: Array) -> Array:
    """Logit of the rate x at which the contrast of x against y = expit(u) equals the threshold."""
    if scale == "odds_ratio":
        return u + math.log(threshold)
    if threshold == (0.0 if scale == "difference" else 1.0):
        return u
    log_y, log_rest = -np.logaddexp(0.0, -u), -np.logaddexp(0.0, u)
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "difference":  # x and 1 - x each on its own, so that neither is a difference of near equals
            x, rest = np.exp(log_y) + threshold, np.exp(log_rest) - threshold
            return np.asarray(np.log(np.maximum(x, 0.0)) - np.log(np.maximum(rest, 0.0)))
        log_x = math.log(threshold) + log_y
        return np.asarray(np.where(log_x < 0.0, log_x - np.log(-np.expm1(np.minimum(log_x, 0.0))), math.inf))


def kinks(scale: Scale, threshold: float) -> list[float]:
    """Logits of y at which x leaves (0, 1), where the integrand may behave like a root."""
    if scale == "difference" and 0.0 < threshold < 1.0:
        return [math.log1p(-threshold) - math.log(threshold)]
    if scale == "difference" and -1.0 < threshold < 0.0:
        return [math.log(-threshold) - math.log1p(threshold)]
    if scale == "ratio" and threshold > 1.0:
        return [-math.log(threshold - 1.0)]
    return []


def _turned(scale: Scale, threshold: float) -> float:
    """The threshold of the contrast of y against x."""
    return -threshold if scale == "difference" else 1.0 / threshold


def _cuts(x: LogitPanels, y: LogitPanels, threshold: float, scale: Scale) -> Array:
    """Logits of y where panels end: where those of x do, and ever closer to where x leaves (0, 1)."""
    ends = image_logit(scale, _turned(scale, threshold), x.centre + x.edges)
    return np.concatenate([ends[np.isfinite(ends)], _around_kinks(y, scale, threshold)])


def _around_kinks(y: LogitPanels, scale: Scale, threshold: float, shift: float = 0.0) -> Array:
    """Logits of y ever closer to where x leaves (0, 1), if the logits of y are shifted up."""
    ends = [np.empty(0)]
    for kink in kinks(scale, threshold):
        at = kink + shift
        panel = int(np.clip(np.searchsorted(y.edges, at - y.centre) - 1, 0, len(y.edges) - 2))
        reach: Array = float(y.edges[panel + 1] - y.edges[panel]) * 0.2 ** np.arange(1.0, 24.0)
        ends += [np.array([at]), at - reach, at + reach]
    return np.concatenate(ends)


def contrast_rule(y: Beta, scale: Scale, threshold: float) -> tuple[Array, Array]:
    """Logits of y and their probabilities, to integrate what is known of x where the contrast equals a threshold.

    Parameters
    ----------
    y : Beta
    scale : {"difference", "ratio", "odds_ratio"}
    threshold : float
    """
    panels = y.panels(CORE)
    return panels.rule(_around_kinks(panels, scale, threshold), 2)


def _tail(x: Beta, y: Beta, threshold: float, scale: Scale, side: Side, depth: float, parts: int = 1) -> float:
    """P(contrast beyond the threshold) by Gauss-Legendre quadrature over logit(y)."""
    of_x, of_y = x.panels(depth), y.panels(depth)
    u, weights = of_y.rule(_cuts(of_x, of_y, threshold, scale), parts)
    limit = image_logit(scale, threshold, u)
    p = float(weights @ (of_x.above(limit) if side == "above" else of_x.below(limit)))
    return min(max(p, 0.0), 1.0)


def _smooth_tail(x: Beta, y: Beta, threshold: float, scale: Scale, side: Side) -> float:
    """`_tail` where neither rate leaves (0, 1) within reach: the nodes of the narrower law serve every threshold."""
    of_x, of_y = x.panels(CORE), y.panels(CORE)
    over_x = x._logit_spread < y._logit_spread
    own, at = (of_x, _turned(scale, threshold)) if over_x else (of_y, threshold)
    if any(own.edges[0] < kink - own.centre < own.edges[-1] for kink in kinks(scale, at)):
        return _tail(x, y, threshold, scale, side, CORE)
    u, weights = own.nodes
    limit = image_logit(scale, at, u)
    if over_x:
        p = weights @ (of_y.below(limit) if side == "above" else of_y.above(limit))
    else:
        p = weights @ (of_x.above(limit) if side == "above" else of_x.below(limit))
    return min(max(float(p), 0.0), 1.0)


def contrast_tail(x: Beta, y: Beta, threshold: float, scale: Scale, side: Side) -> Probability:
    """P(contrast of X against Y beyond a threshold) for independent X and Y.

    Panels are those of both densities, so that the cost does not depend on the number of patients; a small
    probability is computed again with panels that reach into the far tails, where its relative error stays small.

    Parameters
    ----------
    x, y : Beta
        Laws of the regimen's and the reference's rate.
    threshold : float
        On the scale of the contrast; positive for ratio and odds ratio.
    scale : {"difference", "ratio", "odds_ratio"}
        Contrast: x - y, x / y or odds(x) / odds(y).
    side : {"above", "below"}

    Returns
    -------
    Probability
        Its error bounds quadrature and rounding.
    """
    if scale != "difference" and threshold <= 0.0:
        return Probability(1.0 if side == "above" else 0.0, 0.0)
    depth = CORE
    p = _tail(x, y, threshold, scale, side, depth)
    if p < _SMALL:
        depth = DEEP
        p = _tail(x, y, threshold, scale, side, depth)
    finer = _tail(x, y, threshold, scale, side, depth, 2)
    floor = max(x.rounding_floor(), y.rounding_floor())
    return Probability(finer, abs(finer - p) + floor * min(finer, 1.0 - finer) + 1e-16)


def exceedance(x: Beta, y: Beta, threshold: float, scale: Scale) -> Probability:
    """P(contrast of X against Y > threshold): `contrast_tail` above."""
    return contrast_tail(x, y, threshold, scale, "above")


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
    taken = np.ravel(np.asarray(shifts, dtype=float))
    over = _over_reference if y._logit_spread <= x._logit_spread else _over_regimen
    return over(x, y, threshold, scale, taken, reference_shift).reshape(np.shape(shifts))


def _over_reference(x: Beta, y: Beta, threshold: float, scale: Scale, taken: Array, reference_shift: float) -> Array:
    """P(contrast > threshold) after shifts of X, by quadrature over Y, whose law is the narrower one."""
    of_x, of_y = x.panels(), y.panels(CORE)
    u, weights = of_y.rule(_around_kinks(of_y, scale, threshold, reference_shift))
    limit = image_logit(scale, threshold, u - reference_shift)
    parts = np.array_split(taken, math.ceil(taken.size * u.size / _AT_ONCE)) if taken.size else []
    return np.concatenate([np.empty(0), *(of_x.above(limit + part[:, None]) @ weights for part in parts)])


def _over_regimen(x: Beta, y: Beta, threshold: float, scale: Scale, taken: Array, reference_shift: float) -> Array:
    """The same by quadrature over X; where Y leaves (0, 1) moves with the shift, and is met by panels of its own."""
    of_x, of_y, turned = x.panels(CORE), y.panels(), _turned(scale, threshold)
    ends = of_x.centre + of_x.edges[[0, -1]]
    bent = np.array([any(ends[0] < k + t < ends[1] for k in kinks(scale, turned)) for t in taken], dtype=bool)
    u, weights = of_x.nodes
    found = np.empty(taken.shape)
    straight = np.flatnonzero(~bent)
    for part in np.array_split(straight, math.ceil(straight.size * u.size / _AT_ONCE)) if straight.size else []:
        limit = image_logit(scale, turned, u - taken[part, None]) + reference_shift
        found[part] = of_y.below(limit) @ weights
    for i in np.flatnonzero(bent):
        u, weights = of_x.rule(_around_kinks(of_x, scale, turned, float(taken[i])))
        found[i] = weights @ of_y.below(image_logit(scale, turned, u - taken[i]) + reference_shift)
    return found


def contrast_quantile(x: Beta, y: Beta, q: float, scale: Scale) -> float:
    """Quantile of the contrast of independent X against Y, by root finding on its distribution function."""

    def excess(t: float) -> float:
        natural = t if scale == "difference" else math.exp(min(max(t, -700.0), 700.0))
        if q <= 0.5:
            return _smooth_tail(x, y, natural, scale, "below") - q
        return (1.0 - q) - _smooth_tail(x, y, natural, scale, "above")

    if scale == "difference":
        centre, spread = x.mean - y.mean, math.hypot(x.sd, y.sd)
        limits = (-1.0, 1.0)
        if min(x.alpha, x.beta, y.alpha, y.beta) < 0.1 and excess(-_NOTHING) < 0.0 < excess(_NOTHING):
            return 0.0  # both rates lie so close to 0 (or to 1) that their difference is nothing
    else:
        log_means = [math.log(law.alpha) - math.log(law.alpha + law.beta) for law in (x, y)]
        centre, spread = log_means[0] - log_means[1], math.hypot(*(_spread_of_log(law) for law in (x, y)))
        if scale == "odds_ratio":
            centre = math.log(x.alpha / x.beta) - math.log(y.alpha / y.beta)
            spread = math.sqrt(sum(1.0 / v for law in (x, y) for v in (law.alpha, law.beta)))
        limits = (-690.0, 690.0)
    guess = min(max(centre + spread * float(normal_quantile(q)), limits[0]), limits[1])
    near = max(0.2 * spread, 1e-15)
    low, high = max(guess - near, limits[0]), min(guess + near, limits[1])
    while low > limits[0] and excess(low) > 0:
        low = max(limits[0], low - 2 * (high - low))
    while high < limits[1] and excess(high) < 0:
        high = min(limits[1], high + 2 * (high - low))
    root = root_of(excess, low, high, max(1e-12, x.rounding_floor(), y.rounding_floor()))
    return root if scale == "difference" else math.exp(root)


def _spread_of_log(law: Beta) -> float:
    """Roughly the standard deviation of the logarithm of a rate."""
    return math.sqrt(law.beta / law.alpha / (law.alpha + law.beta + 1.0))


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
        return contrast_tail(self.x, self.y, value, self.scale, side)

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
    above = np.array([_tail(x, y, float(t), scale, "above", CORE) for t in edges])
    return np.asarray(np.maximum(-np.diff(above) / np.diff(edges), 0.0))


def contrast_mean_sd(x: Beta, y: Beta, scale: Scale) -> tuple[float | None, float | None]:
    """Mean and standard deviation of the contrast; None where the moment does not exist."""
    if scale == "difference":
        return x.mean - y.mean, math.hypot(x.sd, y.sd)
    if scale == "ratio":
        numerator: _Moments = (x.mean, x.beta / (x.alpha * (x.alpha + x.beta + 1.0)))
        inverse = moments_of_inverse(y)
    else:
        numerator, inverse = moments_of_odds(x.alpha, x.beta), moments_of_odds(y.beta, y.alpha)
    if numerator[0] is None or inverse[0] is None:
        return None, None
    mean = numerator[0] * inverse[0]
    if numerator[1] is None or inverse[1] is None:
        return mean, None
    return mean, mean * math.sqrt(numerator[1] + inverse[1] + numerator[1] * inverse[1])


_Moments = tuple[float | None, float | None]
"""A mean, and the variance relative to its square; None where they do not exist."""


def moments_of_inverse(law: Beta) -> _Moments:
    """Of 1 / rate."""
    a, total = law.alpha, law.alpha + law.beta
    mean = (total - 1.0) / (a - 1.0) if a > 1.0 else None
    return mean, law.beta / ((a - 2.0) * (total - 1.0)) if a > 2.0 else None


def moments_of_odds(alpha: float, beta: float) -> _Moments:
    """Of rate / (1 - rate) for a Beta(alpha, beta) rate."""
    mean = alpha / (beta - 1.0) if beta > 1.0 else None
    return mean, (alpha + beta - 1.0) / (alpha * (beta - 2.0)) if beta > 2.0 else None


def rank_distribution(laws: Sequence[Beta], better: Direction) -> list[tuple[Array, float]]:
    """P(rank 1), P(rank 2), ... of each rate, and their error, for any number of independent Betas.

    Given the rate, the number of better ones among the others is a sum of independent events; its
    distribution, built up one rate at a time, is integrated over the density of the rate, on panels that
    all rates share. Over the rates, the probabilities of each rank sum to one, which the tests check.
    """
    panels = [law.panels(CORE) for law in laws]
    floor = max(law.rounding_floor() for law in laws)
    coarse, fine = (_ranks_of_all(panels, parts, better) for parts in (1, 2))
    return [(f, float(np.abs(f - c).max()) + floor + 1e-15) for c, f in zip(coarse, fine, strict=True)]


def _ranks_of_all(panels: Sequence[LogitPanels], parts: int, better: Direction) -> list[Array]:
    """P(rank 1), P(rank 2), ... of every rate."""
    u, lengths = shared_rule(panels, parts)
    beaten = np.stack([p.above(u) if better == "higher" else p.below(u) for p in panels])
    ahead = np.zeros((len(panels) + 1, len(u)))  # by number of better rates among all, at every node
    ahead[0] = 1.0
    for k, p in enumerate(beaten, start=1):
        ahead[1 : k + 1] += (ahead[:k] - ahead[1 : k + 1]) * p
        ahead[0] *= 1.0 - p
    found = []
    for own, p in zip(panels, beaten, strict=True):
        weights = own.probabilities(u, lengths)
        there = weights > 0.0
        found.append(np.asarray(_without(ahead[:, there], p[there]) @ weights[there]))
    return found


def _without(ahead: Array, p: Array) -> Array:
    """Probabilities of numbers of better rates, (rates, nodes), without the rate that is better with probability `p`.

    The sum of independent events is undone from its near end, none better, where `p` is at most one half, and from its
    far end, all better, where it is above: an error made on the way is multiplied by at most one.
    """
    left = np.empty((len(ahead) - 1, len(p)))
    few = p <= 0.5
    for side, end, own in ((few, slice(None), p), (~few, slice(None, None, -1), 1.0 - p)):
        whole, one = ahead[end][:, side], own[side]
        part = np.empty((len(left), len(one)))
        before = np.zeros(len(one))
        for k in range(len(left)):
            before = part[k] = (whole[k] - one * before) / (1.0 - one)
        left[:, side] = part[end]
    return np.maximum(left, 0.0)
