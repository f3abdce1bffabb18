"""What a comparison becomes if part of what was observed is bias.

A contrast of regimens on a log scale (log odds, log hazard ratio) that was observed is the sum of the regimens' own
contrast and a bias b: whatever else differs between the patients, the scans and the doctors of the two arms. For
every draw there is one *critical bias*, at which the regimen stops being better (by a margin, if one is stated).
All answers follow from the distribution of this number, without fitting anything again:

- P(better | b) is its distribution function at b;
- the tipping point of a probability is its quantile;
- under b ~ Normal(mean, sd), P(better) is the mean over draws of Phi((critical - mean) / sd).

The shift is exact where priors are stated on the contrast as observed. `true_effect_weights` turns the same draws
into those of a prior on the regimen's own effect.

References
----------
Welton NJ, Ades AE, Carlin JB, Altman DG, Sterne JAC. J R Stat Soc A 2009;172:119-136.
Turner RM, Spiegelhalter DJ, Smith GCS, Thompson SG. J R Stat Soc A 2009;172:21-47.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, Literal

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import Direction, Scale
from bayes_escc.probability.beta import Beta, contrast_quantile, exceedance, exceedance_after_shifts
from bayes_escc.probability.distributions import normal_cdf, root_of
from bayes_escc.probability.logit_panels import DEEP, LogitPanels
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.probability.panels import legendre_series
from bayes_escc.probability.psis import smooth

__all__ = [
    "BIAS_SCALES",
    "DEFAULT_SD",
    "MOST_MEAN",
    "MOST_SD",
    "Bias",
    "BiasScale",
    "BiasedBeta",
    "CriticalBias",
    "CriticalBiasByQuadrature",
    "CriticalBiasDraws",
    "CriticalBiasOfMixture",
    "CriticalBiasOfRates",
    "benefit_shrinks_with",
    "biased_rate",
    "critical_bias_of_rates",
    "critical_bias_of_ratios",
    "default_bias",
    "increasing_root",
    "no_bias",
    "true_effect_weights",
]

Array = NDArray[np.float64]
BiasScale = Literal["log_odds", "log_hazard"]
BIAS_SCALES: Final = ("log_odds", "log_hazard")
DEFAULT_SD: Final = {"log_odds": 0.5, "log_hazard": 0.35}
"""Standard deviation of the bias of an unanchored contrast, where nobody states another."""

MOST_SD: Final = 20.0
"""Largest standard deviation of a bias that may be stated."""
MOST_MEAN: Final = 100.0
"""Farthest mean from 0."""

_RATIONALE: Final = (
    "Default for arms that were not randomised against each other: arms of one regimen in different second-line "
    "trials differ about this much (see docs/population.md for the calculation)."
)
_NODES, _WEIGHTS = legendre.leggauss(16)
_PANELS: Final = 12
_BRACKET: Final = 1e-9
"""Width of the bracket around a root that is good enough."""
_MOST_STEPS: Final = 100
_MOST_SD: Final = 8.5
"""So many standard deviations of a bias are integrated over."""


@dataclass(frozen=True)
class Bias:
    """What is believed of the bias of a contrast before its size is known.

    Parameters
    ----------
    scale : {"log_odds", "log_hazard"}
        Of the bias, which is added to the regimen's own contrast: the contrast observed is the regimen's own plus b.
    mean, sd : float
        Of its normal law. A positive mean on the log odds says that the regimen looks more often successful than it
        is; on the log hazard, that its events look more frequent than they are.
    rationale : str
    """

    scale: BiasScale
    mean: float = 0.0
    sd: float = 0.0
    rationale: str = ""

    def with_sd(self, sd: float) -> Bias:
        """The same with another standard deviation."""
        return replace(self, sd=sd)

    def minus(self, other: Bias) -> Bias:
        """The bias of a contrast of two arms with independent biases, this one of the regimen."""
        rationale = " ".join(dict.fromkeys(r for r in (self.rationale, other.rationale) if r))
        return Bias(self.scale, self.mean - other.mean, math.hypot(self.sd, other.sd), rationale)


def default_bias(scale: BiasScale) -> Bias:
    """The bias of a contrast that was not randomised."""
    return Bias(scale, 0.0, DEFAULT_SD[scale], _RATIONALE)


def no_bias(scale: BiasScale) -> Bias:
    """The bias of a randomised contrast."""
    return Bias(scale, 0.0, 0.0, "Randomised: no bias is assumed.")


def benefit_shrinks_with(better: Direction) -> bool:
    """Whether a larger bias leaves less benefit: yes where the biased quantity is better when it is higher."""
    return better == "higher"


class CriticalBias(ABC):
    """The bias at which a regimen stops being better, as a random number.

    Parameters (attributes)
    -----------------------
    better_below : bool
        Whether the regimen is better when the bias is below its critical value (else, above).
    """

    better_below: bool

    @abstractmethod
    def probability_at(self, bias: float) -> tuple[float, float]:
        """P(better | bias), and its error."""

    def probabilities_at(self, biases: Array) -> Array:
        """P(better | bias) for each of several biases."""
        return np.array([self.probability_at(float(b))[0] for b in biases])

    @abstractmethod
    def averaged(self, bias: Bias) -> tuple[float, float]:
        """P(better) over the normal law of the bias, and its error."""

    @abstractmethod
    def quantile(self, q: float) -> float:
        """Quantile of the critical bias."""

    @abstractmethod
    def with_reference_bias(self, bias: float) -> CriticalBias:
        """The critical bias of the regimen once a bias has been taken from the reference as well."""

    def tipping(self, probability: float) -> float | None:
        """The bias at which P(better) is a given probability; None where no finite one is."""
        found = self.quantile(1.0 - probability if self.better_below else probability)
        return found if math.isfinite(found) else None


@dataclass(frozen=True)
class CriticalBiasDraws(CriticalBias):
    """A critical bias known by draws.

    Parameters
    ----------
    values : array of shape (chain, draw)
        May be infinite: a benefit that no bias can undo, or a margin that no bias can reach.
    better_below : bool
    biased : callable, optional
        The values once a bias has been taken from the reference; they grow by it if not given, which is exact on
        the scale of the bias itself.
    """

    values: Array
    better_below: bool = True
    biased: Callable[[float], Array] | None = None

    def with_reference_bias(self, bias: float) -> CriticalBias:
        return replace(self, values=self.values + bias if self.biased is None else self.biased(bias))

    def probability_at(self, bias: float) -> tuple[float, float]:
        from bayes_escc.evidence.population.draws import share_with_error

        event = self.values > bias if self.better_below else self.values < bias
        return share_with_error(event, self.values)

    def averaged(self, bias: Bias) -> tuple[float, float]:
        from bayes_escc.evidence.population.draws import mean_with_error

        if bias.sd == 0.0:
            return self.probability_at(bias.mean)
        z = (self.values - bias.mean) / bias.sd
        return mean_with_error(normal_cdf(z if self.better_below else -z))

    def probabilities_at(self, biases: Array) -> Array:
        shares = [self.values > b if self.better_below else self.values < b for b in biases]
        return np.array([float(share.mean()) for share in shares])

    def quantile(self, q: float) -> float:
        finite = np.sort(self.values, axis=None)
        place = q * (finite.size - 1)
        low, high, share = finite[math.floor(place)], finite[math.ceil(place)], place - math.floor(place)
        if not (math.isfinite(low) and math.isfinite(high)):
            return float(low if share < 0.5 else high)
        return float(low + share * (high - low))


@dataclass(frozen=True)
class CriticalBiasOfMixture(CriticalBias):
    """A critical bias whose law is a normal mixture: that of a pooled effect on its own log scale.

    Parameters
    ----------
    law : NormalMixture
        Not exponentiated.
    better_below : bool
    """

    law: NormalMixture
    better_below: bool

    def probability_at(self, bias: float) -> tuple[float, float]:
        p = self.law.sf(bias) if self.better_below else self.law.cdf(bias)
        return float(p), self.law.rounding_floor()

    def averaged(self, bias: Bias) -> tuple[float, float]:
        wider = replace(self.law, location=self.law.location - bias.mean, spread=np.hypot(self.law.spread, bias.sd))
        p = wider.sf(0.0) if self.better_below else wider.cdf(0.0)
        return float(p), self.law.rounding_floor()

    def quantile(self, q: float) -> float:
        return self.law.quantile(q)

    def with_reference_bias(self, bias: float) -> CriticalBias:
        return replace(self, law=replace(self.law, location=self.law.location + bias))


class CriticalBiasByQuadrature(CriticalBias):
    """A critical bias whose P(better | bias) is known at every bias: averages and quantiles on panels of biases."""

    @property
    @abstractmethod
    def _centre_and_spread(self) -> tuple[float, float]:
        """About where the critical bias lies."""

    @property
    @abstractmethod
    def _course(self) -> tuple[Array, Array, float]:
        """`course` of this critical bias, kept."""

    @abstractmethod
    def contrast_at(self, bias: float, q: float) -> float:
        """Quantile of the contrast that is left after a bias is taken from the regimen."""

    def course(self) -> tuple[Array, Array, float]:
        """P(better | bias) as Legendre series on panels: edges, coefficients, and the largest error seen."""
        centre, spread = self._centre_and_spread
        reach = 9.0 * spread
        edges = centre + np.linspace(-reach, reach, _PANELS + 1)
        at = edges[:-1, None] + 0.5 * np.diff(edges)[:, None] * (_NODES + 1.0)
        values = self.probabilities_at(at)
        coefficients = (values * _WEIGHTS) @ legendre.legvander(_NODES, len(_NODES) - 1)
        coefficients *= np.arange(len(_NODES)) + 0.5
        inner = edges[1:-1:3]
        seen = self._on_panels(edges, coefficients, inner)
        error = float(np.abs(seen - self.probabilities_at(inner)).max())
        return edges, coefficients, error

    @staticmethod
    def _on_panels(edges: Array, coefficients: Array, bias: Array) -> Array:
        inside = np.clip(bias, edges[0], edges[-1])
        panel = np.clip(np.searchsorted(edges, inside, side="right") - 1, 0, len(edges) - 2)
        place = 2.0 * (inside - edges[panel]) / (edges[panel + 1] - edges[panel]) - 1.0
        return legendre_series(coefficients.T, panel, place)

    def averaged(self, bias: Bias) -> tuple[float, float]:
        if bias.sd == 0.0:
            return self.probability_at(bias.mean)
        edges, coefficients, error = self._course
        # beyond its panels the course is flat, so that the cost does not grow with the number of patients
        reach = np.clip((edges - bias.mean) / bias.sd, -_MOST_SD, _MOST_SD)
        even = np.linspace(-_MOST_SD, _MOST_SD, _PANELS + 1)
        ends = np.unique(np.concatenate([reach, even[(even > reach[0]) & (even < reach[-1])]]))
        half = 0.5 * np.diff(ends)[:, None]
        z = (ends[:-1, None] + half * (_NODES + 1.0)).ravel()
        weights = (half * _WEIGHTS).ravel() * np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
        inside = float(weights @ self._on_panels(edges, coefficients, bias.mean + bias.sd * z))
        outside = normal_cdf(np.array([reach[0], -reach[-1]])) @ self._on_panels(edges, coefficients, edges[[0, -1]])
        return min(max(inside + float(outside), 0.0), 1.0), error + 1e-13

    def quantile(self, q: float) -> float:
        def excess(bias: float) -> float:
            p = float(self._on_panels(edges, coefficients, np.array([bias]))[0])
            return (1.0 - p if self.better_below else p) - q

        edges, coefficients, _ = self._course
        if excess(edges[0]) > 0.0 or excess(edges[-1]) < 0.0:
            return -math.inf if excess(edges[0]) > 0.0 else math.inf
        return root_of(excess, float(edges[0]), float(edges[-1]), near=1e-14)


@dataclass(frozen=True)
class BiasedBeta(Beta):
    """A Beta law of a rate as observed, seen after a bias on its log odds is taken away."""

    bias: float = 0.0

    def panels(self, depth: float = DEEP) -> LogitPanels:
        return super().panels(depth).shifted(self.bias)


@dataclass(frozen=True)
class CriticalBiasOfRates(CriticalBiasByQuadrature):
    """The critical bias of two independent rates with Beta laws, by quadrature.

    Parameters
    ----------
    regimen, reference : Beta
    threshold : float
        The contrast that has to be passed.
    scale : {"difference", "ratio", "odds_ratio"}
    better_below : bool
    reference_bias : float
        Taken from the log odds of the reference.
    """

    regimen: Beta
    reference: Beta
    threshold: float
    scale: Scale
    better_below: bool
    reference_bias: float = 0.0

    def with_reference_bias(self, bias: float) -> CriticalBias:
        return replace(self, reference_bias=bias)

    def probability_at(self, bias: float) -> tuple[float, float]:
        if self.reference_bias != 0.0:
            return float(self._better(np.array(bias))), 1e-12
        seen = BiasedBeta(self.regimen.alpha, self.regimen.beta, bias)
        above, error = exceedance(seen, self.reference, self.threshold, self.scale)
        return (above if self.better_below else 1.0 - above), error

    @cached_property
    def _centre_and_spread(self) -> tuple[float, float]:
        """About where the critical bias lies, on the log odds."""
        x, y = self.regimen, self.reference
        centre = math.log(x.alpha / x.beta) - math.log(y.alpha / y.beta) + self.reference_bias
        return centre, math.sqrt(sum(1.0 / v for v in (x.alpha, x.beta, y.alpha, y.beta)))

    @property
    def _course(self) -> tuple[Array, Array, float]:
        return _course_of(self)

    def probabilities_at(self, biases: Array) -> Array:
        return self._better(np.asarray(biases, dtype=float))

    def _better(self, bias: Array) -> Array:
        above = exceedance_after_shifts(
            self.regimen, self.reference, self.threshold, self.scale, bias, self.reference_bias
        )
        return above if self.better_below else 1.0 - above

    def contrast_at(self, bias: float, q: float) -> float:
        """Quantile of the contrast that is left after a bias is taken from the regimen."""
        seen = BiasedBeta(self.regimen.alpha, self.regimen.beta, bias)
        return contrast_quantile(seen, self.reference, q, self.scale)


@lru_cache(maxsize=256)
def _course_of(critical: CriticalBiasOfRates) -> tuple[Array, Array, float]:
    """Its course; kept, because comparison, tables of bias and figures ask for it in turn."""
    return critical.course()


def biased_rate(rate: ArrayLike, bias: ArrayLike) -> Array:
    """A rate as observed, after a bias on its log odds is taken away."""
    p = np.asarray(rate, dtype=float)
    with np.errstate(divide="ignore"):
        u = np.log(p) - np.log1p(-p) - np.asarray(bias, dtype=float)
    return np.asarray(np.exp(-np.logaddexp(0.0, -u)))


def critical_bias_of_rates(
    regimen: Array, reference: Array, *, threshold: float, scale: Scale, better: Direction
) -> CriticalBiasDraws:
    """The critical bias of two rates known by draws.

    Parameters
    ----------
    regimen, reference : array of shape (chain, draw)
    threshold : float
        The contrast that has to be passed: 0 or 1, or a margin.
    scale : {"difference", "ratio", "odds_ratio"}
    better : {"higher", "lower"}

    Notes
    -----
    A regimen's rate x passes the threshold against y until its log odds fall to those of the rate that just meets
    it: y + threshold, y * threshold, or odds(y) * threshold.
    """

    def values(against: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if scale == "odds_ratio":
                limit = np.log(against) - np.log1p(-against) + math.log(threshold)
            else:
                needed = np.clip(against + threshold if scale == "difference" else against * threshold, 0.0, 1.0)
                limit = np.log(needed) - np.log1p(-needed)
            # a rate of exactly 0 (or 1) against a limit that is the same: neither is better, whatever the bias
            return np.nan_to_num(np.log(regimen) - np.log1p(-regimen) - limit, nan=0.0, posinf=np.inf, neginf=-np.inf)

    return CriticalBiasDraws(
        values(reference), benefit_shrinks_with(better), lambda bias: values(biased_rate(reference, bias))
    )


def critical_bias_of_ratios(
    regimen: Array, reference: Array, *, threshold: float, better: Direction
) -> CriticalBiasDraws:
    """The critical bias of a ratio (hazard ratio, odds ratio) known by draws.

    Parameters
    ----------
    regimen, reference : array of shape (chain, draw)
        Ratios against a common comparator.
    threshold : float
        The ratio that has to be passed: 1, or a margin.
    better : {"higher", "lower"}
    """
    with np.errstate(divide="ignore"):
        values = np.log(regimen) - np.log(reference) - math.log(threshold)
    return CriticalBiasDraws(np.asarray(values), benefit_shrinks_with(better))


def true_effect_weights(effect: Array, log_prior: Callable[[Array], Array], bias: float) -> tuple[Array, float]:
    """Weights that turn draws under a prior on the effect as observed into those under a prior on the true effect.

    Parameters
    ----------
    effect : array of shape (draws,)
        The effect as observed.
    log_prior : callable
        Log density of the prior, of either.
    bias : float

    Returns
    -------
    weights : array of shape (draws,)
        Pareto-smoothed, with sum one.
    pareto_k : float
        Above 0.7 the weights should not be trusted.
    """
    return smooth(log_prior(effect - bias) - log_prior(effect))


def increasing_root(function: Callable[[Array], Array], size: int, furthest: float) -> Array:
    """Roots of a vector of increasing functions: inverse quadratic interpolation where it is safe, else bisection.

    Parameters
    ----------
    function : callable
        From arguments of shape (size,) to values, the i-th value depending on the i-th argument alone.
    size : int
    furthest : float
        Where a function has the same sign at both ends of (-furthest, furthest), the root is infinite.

    Notes
    -----
    Steps never come closer to an end of the bracket than its wanted width, so that both ends close in: some ten
    evaluations, where ends that close in by bisection alone take a hundred.

    References
    ----------
    Chandrupatla TR. Adv Eng Softw 1997;28:145-149.
    """
    newest, other = np.full(size, -furthest), np.full(size, furthest)
    f_newest, f_other = function(newest), function(other)
    never, always = ~(f_other > 0.0), f_newest >= 0.0
    share, at = np.full(size, 0.5), newest
    settled = never | always
    for _ in range(_MOST_STEPS):
        if settled.all():
            break
        at = np.where(settled, at, newest + share * (other - newest))
        value = function(at)
        same = (value < 0.0) == (f_newest < 0.0)
        last, f_last = np.where(same, newest, other), np.where(same, f_newest, f_other)
        other, f_other = np.where(same, other, newest), np.where(same, f_other, f_newest)
        newest, f_newest = at, value
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            nearest = 0.5 * _BRACKET / np.abs(other - newest)
            settled = settled | (nearest > 0.5) | (value == 0.0)
            place, height = (newest - other) / (last - other), (f_newest - f_other) / (f_last - f_other)
            safe = (height**2 < place) & ((1.0 - height) ** 2 < 1.0 - place)
            quadratic = f_newest / (f_other - f_newest) * f_last / (f_other - f_last)
            quadratic += (
                (last - newest) / (other - newest) * f_newest / (f_last - f_newest) * f_other / (f_last - f_other)
            )
            share = np.clip(np.where(safe & np.isfinite(quadratic), quadratic, 0.5), nearest, 1.0 - nearest)
    return np.where(never, np.inf, np.where(always, -np.inf, at))
