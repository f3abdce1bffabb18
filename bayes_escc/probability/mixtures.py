"""Mixtures of laws of one rate: conjugate updating, size in patients, and contrasts of two of them.

A component is a Beta, or what a quadrature left on a grid of logits (`GridRate`); both are updated in closed form.

References
----------
Schmidli H, Gsteiger S, Roychoudhury S, et al. Biometrics 2014;70:1023-1032 (robust mixtures).
Neuenschwander B, Weber S, Schmidli H, O'Hagan A. Biometrics 2020;76:578-587 (ELIR).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.distributions import root_of
from bayes_escc.probability.marginal import Distribution
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["VAGUE", "BetaMixture", "beta_of_width"]

Array = NDArray[np.float64]
VAGUE: Final = Beta(1.0, 1.0)
"""The uniform law of a rate: one patient's worth of prior."""


@dataclass(frozen=True)
class BetaMixture(Distribution):
    """A mixture of distributions of one rate, as a rule of Betas.

    Parameters
    ----------
    weights : tuple of float
        Positive, summing to one.
    components : tuple of Beta or GridRate
    """

    weights: tuple[float, ...]
    components: tuple[Beta | GridRate, ...]

    def __post_init__(self) -> None:
        several = all(isinstance(part, list | tuple) for part in (self.weights, self.components))
        if not several or not all(isinstance(part, Beta | GridRate) for part in self.components):
            raise AnalysisError("a mixture has weights and components, and components are Beta laws.")
        if not all(isinstance(w, Real) and not isinstance(w, bool) for w in self.weights):
            raise AnalysisError(f"the weights of a mixture are numbers, not {self.weights!r}.")
        if len(self.weights) != len(self.components) or not self.components:
            raise AnalysisError("a mixture has as many weights as components, and at least one.")
        if any(not w > 0.0 for w in self.weights) or abs(sum(self.weights) - 1.0) > 1e-6:
            raise AnalysisError(f"the weights of a mixture are above 0 and sum to 1, not {list(self.weights)}.")

    def __str__(self) -> str:
        return " + ".join(
            f"{w:.3f} Beta({c.alpha:.3g}, {c.beta:.3g})" if isinstance(c, Beta) else f"{w:.3f} (on a grid)"
            for w, c in zip(self.weights, self.components, strict=True)
        )

    @property
    def mean(self) -> float:
        """Expected rate."""
        return sum(w * c.mean for w, c in zip(self.weights, self.components, strict=True))

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        second = sum(w * (c.sd**2 + c.mean**2) for w, c in zip(self.weights, self.components, strict=True))
        return math.sqrt(max(second - self.mean**2, 0.0))

    def cdf(self, x: ArrayLike) -> Array:
        """P(rate <= x)."""
        return np.asarray(sum(w * c.cdf(x) for w, c in zip(self.weights, self.components, strict=True)))

    def sf(self, x: ArrayLike) -> Array:
        """P(rate > x)."""
        return np.asarray(sum(w * c.sf(x) for w, c in zip(self.weights, self.components, strict=True)))

    def cdf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) <= u)."""
        return np.asarray(sum(w * c.cdf_logit(u) for w, c in zip(self.weights, self.components, strict=True)))

    def sf_logit(self, u: ArrayLike) -> Array:
        """P(logit(rate) > u)."""
        return np.asarray(sum(w * c.sf_logit(u) for w, c in zip(self.weights, self.components, strict=True)))

    def density(self, x: ArrayLike) -> Array:
        """Probability density at rates strictly between 0 and 1."""
        rate = np.asarray(x, dtype=float)
        return self.logit_density(np.log(rate) - np.log1p(-rate))[0] / (rate * (1.0 - rate))

    def logit_density(self, u: Array) -> tuple[Array, Array, Array]:
        """Density of logit(rate) at `u` and its first two derivatives."""
        parts = [c.logit_density(u) for c in self.components]
        density, first, second = (
            np.asarray(sum(w * part[k] for w, part in zip(self.weights, parts, strict=True))) for k in range(3)
        )
        return density, first, second

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws of the rate."""
        which = rng.choice(len(self.weights), size=size, p=np.array(self.weights) / sum(self.weights))
        drawn = np.stack([c.sample(rng, size) for c in self.components])
        return np.asarray(np.take_along_axis(drawn, which[None], axis=0)[0])

    def quantile(self, q: float) -> float:
        """The rate below which a fraction `q` of the probability lies."""
        rates, reached = self._reached
        i = int(np.clip(np.searchsorted(reached, q), 1, len(rates) - 1))
        return root_of(lambda x: float(self.cdf(x)) - q, float(rates[i - 1]), float(rates[i]), 1e-13)

    @cached_property
    def _reached(self) -> tuple[Array, Array]:
        """Rates from 0 to 1 and the distribution function at each, between which quantiles are sought."""
        rates = np.concatenate([[0.0], 1.0 / (1.0 + np.exp(-np.linspace(-30.0, 30.0, 601))), [1.0]])
        return rates, np.concatenate([[0.0], self.cdf(rates[1:-1]), [1.0]])

    def rounding_floor(self) -> float:
        """Rounding error of a probability."""
        return max(c.rounding_floor() for c in self.components)

    def robust(self, weight: float, vague: Beta = VAGUE) -> BetaMixture:
        """The mixture with a vague component of the given weight.

        Parameters
        ----------
        weight : float
            From 0 (full borrowing) to 1 (none).
        vague : Beta
            One patient's worth of prior by default: uniform.

        Raises
        ------
        AnalysisError
        """
        if not 0.0 <= weight <= 1.0:
            raise AnalysisError(f"weight lies between 0 and 1, not {weight!r}.")
        kept = tuple((1.0 - weight) * w for w in self.weights) if weight < 1.0 else ()
        parts = [*zip(kept, self.components, strict=False), *([(weight, vague)] if weight > 0.0 else [])]
        return BetaMixture(tuple(w for w, _ in parts), tuple(c for _, c in parts))

    def updated(self, events: float, n: float) -> tuple[BetaMixture, float]:
        """The posterior after `events` among `n` patients, and the log of what the prior gave their sequence."""
        if not 0 <= events <= n:
            raise AnalysisError(f"events must lie between 0 and n, not {events} of {n}.")
        parts = [c.updated(events, n) for c in self.components]
        log = np.array([math.log(w) + evidence for w, (_, evidence) in zip(self.weights, parts, strict=True)])
        top = float(log.max())
        weights = np.maximum(np.exp(log - top), 1e-300)
        total = float(weights.sum())
        after = BetaMixture(tuple(float(w) for w in weights / total), tuple(law for law, _ in parts))
        return after, top + math.log(total)

    def update(self, events: int, n: int) -> BetaMixture:
        """The posterior after `events` among `n` patients: every component conjugate, weights by their evidence."""
        return self.updated(events, n)[0]

    def predictive(self, n: int) -> Array:
        """Probability of every number of events among `n` new patients, shape (n + 1,)."""
        logs = np.array([math.lgamma(v + 1.0) for v in range(n + 1)])
        choose = logs[n] - logs - logs[::-1]
        return np.asarray(np.exp(choose + np.array([self.updated(k, n)[1] for k in range(n + 1)])))

    def predictive_tail(self, events: int, n: int) -> float:
        """Probability, before the data, of a count as improbable as `events` among `n` patients or more so.

        Small where the data are in conflict with the prior.

        References
        ----------
        Box GEP. J R Stat Soc A 1980;143:383-430.
        """
        pmf = self.predictive(n)
        return float(min(pmf[pmf <= pmf[events] * (1.0 + 1e-9)].sum(), 1.0))

    def ess(self) -> float:
        """Effective sample size in patients, by the expected local information ratio (ELIR).

        The local information of the prior over that of one patient, averaged over the prior. For a
        single Beta(a, b) it is a + b. Where the prior has so much weight near 0 or 1 that the average does not
        exist (a Beta parameter below 1, as Jeffreys'; a wide hierarchy that has seen no event), it is not a number.
        """
        if len(self.components) == 1 and isinstance(self.components[0], Beta):
            return self.components[0].alpha + self.components[0].beta
        if any(isinstance(c, Beta) and min(c.alpha, c.beta) < 1.0 for c in self.components):
            return math.nan
        u, step = self._logits()
        density, first, second = self.logit_density(u)
        rate, rest = np.exp(-np.logaddexp(0.0, -u)), np.exp(-np.logaddexp(0.0, u))
        safe = np.where(density > 0.0, density, 1.0)  # where the density underflows it carries no weight
        slope = first / safe - (rest - rate)
        curvature = second / safe - (first / safe) ** 2 + 2.0 * rate * rest
        with np.errstate(over="ignore", invalid="ignore"):
            terms = np.where(density > 0.0, -density * (curvature - slope * (rest - rate)) / (rate * rest) * step, 0.0)
        if not any(isinstance(c, GridRate) for c in self.components):
            return float(terms.sum())
        return _settled(terms, density * step)

    def _logits(self) -> tuple[Array, float]:
        """Equidistant logits for the trapezoidal rule: those of a grid, where a component has one."""
        for c in self.components:
            if isinstance(c, GridRate):
                return c.logit, c.step
        u = np.linspace(-36.0, 36.0, 40_001)
        return u, float(u[1] - u[0])

    def ess_moment(self) -> float:
        """Effective sample size of the single Beta with the same mean and variance."""
        return self.mean * (1.0 - self.mean) / self.sd**2 - 1.0

    def ess_morita(self) -> float:
        """Effective sample size of Morita, Thall and Mueller, at the mean of the prior.

        The patients after whom a prior of no information has, on average, the curvature of this one at its mean x:
        x (1 - x) (-(log p)''(x) + 1 / x^2 + 1 / (1 - x)^2). For a single Beta(a, b) it is a + b.

        References
        ----------
        Morita S, Thall PF, Mueller P. Biometrics 2008;64:595-602.
        """
        x = self.mean
        density, first, second = (float(v[0]) for v in self.logit_density(np.array([math.log(x) - math.log1p(-x)])))
        if density <= 0.0:
            return math.nan
        slope = first / density - (1.0 - 2.0 * x)
        curvature = second / density - (first / density) ** 2 + 2.0 * x * (1.0 - x)
        information = -(curvature - slope * (1.0 - 2.0 * x)) / (x * (1.0 - x)) ** 2
        return x * (1.0 - x) * (information + x**-2 + (1.0 - x) ** -2)


def beta_of_width(mean: float, width: float, prob: float = 0.9) -> Beta:
    """The Beta with a mean and the width of its central interval.

    Parameters
    ----------
    mean, width : float
        Between 0 and 1.
    prob : float
        Probability of the interval.

    Raises
    ------
    AnalysisError
        If no Beta of this mean is so wide.
    """

    def excess(log_size: float) -> float:
        law = Beta(mean * math.exp(log_size), (1.0 - mean) * math.exp(log_size))
        return width - (law.quantile(0.5 + 0.5 * prob) - law.quantile(0.5 - 0.5 * prob))

    narrowest, widest = 14.0, math.log(1.0 / max(mean, 1.0 - mean))  # beyond, the law is U-shaped
    if not excess(widest) < 0.0 < excess(narrowest):
        raise AnalysisError(
            f"no Beta with one mode has a mean of {mean:g} and a {100 * prob:g} % interval {width:g} wide."
        )
    found = math.exp(root_of(excess, widest, narrowest))
    return Beta(mean * found, (1.0 - mean) * found)


def _settled(terms: Array, mass: Array) -> float:
    """The sum of the terms, or not a number where it is made of the extreme tails."""
    reached = np.cumsum(mass)
    sums = [float(terms[(reached > tail) & (reached < 1.0 - tail)].sum()) for tail in (1e-5, 1e-7, 1e-9)]
    settled = abs(sums[1] - sums[0]) <= 0.02 * abs(sums[1]) and abs(sums[2] - sums[1]) <= 0.02 * abs(sums[2])
    return sums[2] if settled else math.nan
