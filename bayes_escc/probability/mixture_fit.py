"""Mixtures of Betas fitted to draws of a rate, or to a law known by quadrature.

By expectation-maximisation, a component at a time. A law known by quadrature is fitted until the mixture
holds it: until the distribution functions, and the points that hold 0.5 to 99.5 % of the probability, differ
by no more than a thousandth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["HOLDS", "FittedMixture", "fit_beta_mixture", "fit_law", "largest_miss", "mixture_of_betas"]

Array = NDArray[np.float64]
HOLDS: Final = 1e-3
"""Largest difference of a mixture that holds a law, in probability and in the rate of a quantile."""
CHECKED: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)
"""Where a mixture is held against a law."""
_MAX_COMPONENTS: Final = 4
_MOST_COMPONENTS: Final = 8
_CLOSE: Final = 5e-4
"""Divergence (nats) from the best mixture that one more component must gain to be kept."""


@dataclass(frozen=True)
class FittedMixture:
    """A mixture fitted to a law.

    Parameters
    ----------
    mixture : BetaMixture
    miss : float
        The largest difference between the two, as `largest_miss` finds it.
    """

    mixture: BetaMixture
    miss: float

    @property
    def holds(self) -> bool:
        """Whether the mixture is as close as it should be."""
        return self.miss <= HOLDS


def largest_miss(mixture: BetaMixture, law: GridRate | BetaMixture) -> float:
    """The largest difference of a mixture from a law at its 0.5 to 99.5 % points, in probability or in rate."""
    misses = []
    for q in CHECKED:
        at = law.quantile(q)
        misses += [abs(float(mixture.cdf(np.array([at]))[0]) - q), abs(mixture.quantile(q) - at)]
    return max(misses)


_SMALLEST: Final = math.exp(-6.0)
"""Smallest shape parameter that is fitted."""


def fit_law(law: GridRate) -> FittedMixture:
    """Fit Betas to a law until they hold it; at most eight, whose parameters are below 1 only if that is needed.

    Expectation-maximisation gives a start, least squares on the distribution function the mixture.

    Parameters
    ----------
    law : GridRate

    Returns
    -------
    FittedMixture
        The closest found, and by how much it misses.
    """
    keep = law.weight > 1e-9 * law.weight.max()
    every = max(1, int(keep.sum()) // 300)  # a smooth density needs no more nodes than this
    u, p = law.logit[keep][::every], law.weight[keep][::every]
    x = np.clip(1.0 / (1.0 + np.exp(-u)), 1e-9, 1.0 - 1e-9)
    target = _Target.of(law)
    closest: FittedMixture | None = None
    for least in (1.0, 0.01):
        for k in range(1, _MOST_COMPONENTS + 1):
            start = _expectation_maximisation(x, p / p.sum(), k, least, rounds=15)[0]
            mixture, about = target.closest(start, least)
            if about > HOLDS and k < _MOST_COMPONENTS:
                continue  # not yet worth an exact look
            fitted = FittedMixture(mixture, largest_miss(mixture, law))
            if closest is None or fitted.miss < closest.miss:
                closest = fitted
            if fitted.holds:
                return fitted
    assert closest is not None  # noqa: S101  (the last of every round is looked at)
    return closest


def mixture_of_betas(law: BetaMixture) -> BetaMixture:
    """The same mixture with the Betas fitted to a part in place of one that is held on a grid."""
    parts: list[tuple[float, Beta | GridRate]] = []
    for w, part in zip(law.weights, law.components, strict=True):
        if isinstance(part, Beta):
            parts.append((w, part))
        else:
            betas = fit_law(part).mixture
            parts += [(w * v, c) for v, c in zip(betas.weights, betas.components, strict=True)]
    return BetaMixture(tuple(w for w, _ in parts), tuple(c for _, c in parts))


@dataclass(frozen=True)
class _Target:
    """A law at many of its points: probabilities, rates, and how far a rate moves with a probability."""

    levels: Array
    rates: Array
    scale: Array

    @classmethod
    def of(cls, law: GridRate) -> _Target:
        levels = np.unique(np.concatenate([np.linspace(0.0025, 0.9975, 60), CHECKED]))
        rates = np.array([law.quantile(float(q)) for q in levels])
        density = law.logit_density(np.log(rates) - np.log1p(-rates))[0] / (rates * (1.0 - rates))
        return cls(levels, rates, np.maximum(1.0, 1.0 / np.maximum(density, 1e-3)))

    def closest(self, start: BetaMixture, least: float) -> tuple[BetaMixture, float]:
        """The mixture nearest by least squares, from a start of as many components, and how far it is off."""
        from scipy.optimize import least_squares
        from scipy.special import betainc

        k = len(start.weights)
        shapes = np.array([(c.alpha, c.beta) for c in start.components if isinstance(c, Beta)])

        def parts(v: Array) -> tuple[Array, Array]:
            share = np.exp(v[:k] - v[:k].max())
            return share / share.sum(), least + np.exp(np.minimum(np.maximum(v[k:], -12.0), 14.0)).reshape(k, 2)

        def difference(v: Array) -> Array:
            weights, ab = parts(v)
            return np.asarray((weights @ betainc(ab[:, :1], ab[:, 1:], self.rates) - self.levels) * self.scale)

        first = np.concatenate([np.log(start.weights), np.log(np.maximum(shapes - least, 1e-4)).ravel()])
        found = least_squares(difference, first, max_nfev=60, ftol=1e-4, xtol=1e-6, gtol=1e-12)
        weights, ab = parts(found.x)
        order = [i for i in np.argsort(-weights) if weights[i] > 1e-6]
        total = float(weights[order].sum())
        mixture = BetaMixture(
            tuple(float(weights[i]) / total for i in order),
            tuple(Beta(float(ab[i, 0]), float(ab[i, 1])) for i in order),
        )
        return mixture, float(np.abs(found.fun).max())


def fit_beta_mixture(values: ArrayLike, components: int | None = None, weights: ArrayLike | None = None) -> BetaMixture:
    """Fit a mixture of Betas to draws of a rate, or to weighted nodes of its density, by expectation-maximisation.

    Parameters
    ----------
    values : array
        Draws; or nodes, with `weights`.
    components : int, optional
        If not given, as many (up to four) as bring the mixture noticeably closer.
    weights : array, optional
        Probability of every value; equal if not given.
    """
    x = np.clip(np.asarray(values, dtype=float).ravel(), 1e-9, 1.0 - 1e-9)
    p = np.full(len(x), 1.0 / len(x)) if weights is None else np.asarray(weights, dtype=float).ravel()
    p = p / p.sum()
    if components is not None:
        return _expectation_maximisation(x, p, components, 1.0)[0]
    # draws support only so much detail: the gain of a component must exceed its share of AIC
    least = max(_CLOSE, 3.0 / len(x)) if weights is None else _CLOSE
    best, fit = _expectation_maximisation(x, p, 1, 1.0)
    for k in range(2, _MAX_COMPONENTS + 1):
        found, better = _expectation_maximisation(x, p, k, 1.0)
        if better - fit <= least:
            break
        best, fit = found, better
    return best


def _expectation_maximisation(x: Array, p: Array, k: int, least: float, rounds: int = 400) -> tuple[BetaMixture, float]:
    """A mixture of k Betas with parameters of at least `least`, and its mean log density under the weights p."""
    logs, logs1 = np.log(x), np.log1p(-x)
    order = np.argsort(x)
    part = np.minimum((np.cumsum(p[order]) * k).astype(int), k - 1)
    weights = np.full(k, 1.0 / k)
    shapes = []
    for group in range(k):
        mine = order[part == group]
        share = p[mine] / p[mine].sum()
        mean = float(share @ x[mine])
        shapes.append(_by_moments(mean, max(float(share @ (x[mine] - mean) ** 2), 1e-8)))
    previous = -math.inf
    for _ in range(rounds):
        log_density = np.stack(
            [
                math.log(w) + (a - 1) * logs + (b - 1) * logs1 - Beta(a, b).log_normaliser()
                for w, (a, b) in zip(weights, shapes, strict=True)
            ]
        )
        top = log_density.max(axis=0)
        total = top + np.log(np.exp(log_density - top).sum(axis=0))
        likelihood = float(p @ total)
        share = np.exp(log_density - total) * p
        weights = np.maximum(share.sum(axis=1), 1e-12)
        weights = weights / weights.sum()
        shapes = [
            _maximise(a, b, float(s @ logs / s.sum()), float(s @ logs1 / s.sum()), least)
            for s, (a, b) in zip(share, shapes, strict=True)
        ]
        if likelihood - previous < 1e-7:
            break
        previous = likelihood
    kept = sorted(zip(weights, shapes, strict=True), key=lambda c: -c[0])
    mixture = BetaMixture(tuple(float(w) for w, _ in kept), tuple(Beta(float(a), float(b)) for _, (a, b) in kept))
    return mixture, likelihood


def _by_moments(mean: float, variance: float) -> tuple[float, float]:
    total = max(mean * (1.0 - mean) / variance - 1.0, 2.0)
    # of rates next to 0 or 1 the smaller one vanishes, and no Beta law has it
    return max(mean * total, _SMALLEST), max((1.0 - mean) * total, _SMALLEST)


def _maximise(a: float, b: float, mean_log: float, mean_log1: float, least: float) -> tuple[float, float]:
    """The most likely shape parameters, given the means of log x and log(1 - x); at least `least`.

    The likelihood is concave in them. Newton's method on their logarithms finds its top; where that
    lies below 1, the top on the boundary is known: of Beta(1, b) it is b = -1 / mean log(1 - x).
    """
    from scipy.special import polygamma, psi

    u = np.log([a, b])
    for _ in range(25):
        shape = np.exp(u)
        both = shape.sum()
        residual = psi(shape) - psi(both) - np.array([mean_log, mean_log1])
        jacobian = (np.diag(polygamma(1, shape)) - polygamma(1, both)) * shape
        step = np.clip(np.linalg.solve(jacobian, residual), -1.0, 1.0)
        u = np.clip(u - step, math.log(_SMALLEST), 14.0)
        if np.abs(step).max() < 1e-9:
            break
    found = float(np.exp(u[0])), float(np.exp(u[1]))
    if min(found) >= least or least < 1.0:
        return max(found[0], least), max(found[1], least)
    edges = [(1.0, min(max(1.0, -1.0 / mean_log1), 1e6)), (min(max(1.0, -1.0 / mean_log), 1e6), 1.0)]
    return max(edges, key=lambda s: (s[0] - 1) * mean_log + (s[1] - 1) * mean_log1 - Beta(*s).log_normaliser())
