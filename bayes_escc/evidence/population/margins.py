"""The covariates of a published arm as a distribution: margins from what was printed, points to integrate over.

A published arm is an average over its patients, so a model is averaged over their covariates and never evaluated at
their mean. Covariates with levels (yes or no, or several) are enumerated and one continuous covariate takes
Gauss-Hermite nodes, exact to rounding; where several are continuous, scrambled Sobol points are joined by a normal
copula, whose error is measured with a second scramble. Correlated ones with levels are enumerated too, with the
probabilities of their combinations under the copula (given the one continuous covariate, at each of its nodes).

References
----------
Phillippo DM, Dias S, Ades AE, et al. J R Stat Soc A 2020;183:1189-1210 (integration over aggregate covariates).
Olsson U. Psychometrika 1979;44:443-460 (tetrachoric and polychoric correlations).
Plackett RL. Biometrika 1954;41:351-360 (normal probabilities as an integral over the correlation).
Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135 (standard deviations from quartiles and ranges).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.probability.distributions import normal_cdf, normal_quantile, root_of

__all__ = ["Margin", "Points", "integration_points", "latent_correlation", "margin_of"]

Array = NDArray[np.float64]
NODES: Final = 20
SOBOL: Final = 1024
CELL_POINTS: Final = 8192
FEW_VALUES: Final = 10
"""A covariate with no more values than this among own patients is a normal that was cut; with more it is continuous."""
STATISTICS: Final = ("percent", "mean", "sd", "median", "q1", "q3", "min", "max")
_QUARTILES: Final = 1.349
_ANGLES, _ANGLE_WEIGHTS = np.polynomial.legendre.leggauss(40)
_MOST_LATENT: Final = 0.999


@dataclass(frozen=True)
class Margin:
    """The distribution of one covariate.

    Parameters
    ----------
    kind : {"binary", "levels", "normal", "lognormal"}
    first, second : float
        The share; or mean and standard deviation (of the logarithm, for a log-normal).
    shares : tuple of float
        Of every level, in order; its values are 0, 1, 2, ...
    """

    kind: Literal["binary", "levels", "normal", "lognormal"]
    first: float = 0.0
    second: float = 0.0
    shares: tuple[float, ...] = ()

    @property
    def each(self) -> tuple[float, ...]:
        """The probability of every value of a covariate that is counted; none of a continuous one."""
        return (1.0 - self.first, self.first) if self.kind == "binary" else self.shares

    @property
    def cuts(self) -> Array:
        """Where a normal is cut to give these values."""
        return np.asarray(normal_quantile(np.clip(np.cumsum(self.each[:-1]), 0.0, 1.0)))

    def value(self, z: Array) -> Array:
        """Values at normal scores."""
        if self.each:
            return np.searchsorted(self.cuts, z).astype(float)
        x = self.first + self.second * z
        return np.asarray(np.exp(x) if self.kind == "lognormal" else x)

    @property
    def mean(self) -> float:
        """Expected value."""
        if self.each:
            return float(np.dot(self.each, range(len(self.each))))
        return math.exp(self.first + 0.5 * self.second**2) if self.kind == "lognormal" else self.first

    @property
    def sd(self) -> float:
        """Standard deviation."""
        if self.each:
            return math.sqrt(np.dot(self.each, (np.arange(len(self.each)) - self.mean) ** 2))
        return self.mean * math.sqrt(math.expm1(self.second**2)) if self.kind == "lognormal" else self.second


@dataclass(frozen=True)
class Points:
    """Points and weights that stand for the patients of an arm.

    Parameters
    ----------
    values : array of shape (points, covariates)
    weight : array of shape (points,)
        With sum one.
    exact : bool
        Whether the rule is exact to rounding; else its error is that of scrambled points.
    patients : int
        How many patients they stand for, whose sampling a bootstrap of the population repeats; 0 where they are all
        there are.
    """

    values: Array
    weight: Array
    exact: bool
    patients: int = 0

    def where(self, column: int, value: float) -> Points:
        """The patients with one value of a covariate."""
        chosen = self.values[:, column] == value
        weight = self.weight[chosen]
        return Points(self.values[chosen], weight / weight.sum(), self.exact, self.patients)


def margin_of(facts: Mapping[str, float], *, binary: bool, positive: bool, n: int) -> Margin | None:
    """A margin from the statistics a paper prints, or None if they do not fix one.

    Parameters
    ----------
    facts : mapping of str to float
        By name, of `STATISTICS`.
    binary : bool
        Whether the covariate is yes or no; a percentage then says all.
    positive : bool
        Whether the model takes its logarithm: it is then log-normal.
    n : int
        Number of patients, for the standard deviation from a range.
    """
    if binary:
        share = facts.get("percent")
        return None if share is None else Margin("binary", share / 100.0)
    if positive:
        return _log_normal(facts, n)
    centre = facts.get("mean", facts.get("median"))
    spread = facts.get("sd")
    if spread is None and {"q1", "q3"} <= facts.keys():
        spread = (facts["q3"] - facts["q1"]) / _QUARTILES
    if spread is None and {"min", "max"} <= facts.keys():
        spread = (facts["max"] - facts["min"]) / _range_width(n)
    return None if centre is None or spread is None or spread <= 0 else Margin("normal", centre, spread)


def _log_normal(facts: Mapping[str, float], n: int) -> Margin | None:
    if "median" in facts and facts["median"] > 0:
        for low, high, width in (("q1", "q3", _QUARTILES), ("min", "max", _range_width(n))):
            if {low, high} <= facts.keys() and 0 < facts[low] < facts[high]:
                return Margin("lognormal", math.log(facts["median"]), math.log(facts[high] / facts[low]) / width)
    if {"mean", "sd"} <= facts.keys() and facts["mean"] > 0 and facts["sd"] > 0:
        variance = math.log1p((facts["sd"] / facts["mean"]) ** 2)
        return Margin("lognormal", math.log(facts["mean"]) - 0.5 * variance, math.sqrt(variance))
    return None


def _range_width(n: int) -> float:
    """Expected range of n standard normals (Blom)."""
    return 2.0 * float(normal_quantile((max(n, 2) - 0.375) / (max(n, 2) + 0.25)))


def integration_points(margins: Sequence[Margin], correlation: Array | None = None, *, seed: int = 0) -> Points:
    """Points for the joint distribution of covariates.

    Parameters
    ----------
    margins : sequence of Margin
    correlation : array of shape (covariates, covariates), optional
        Of the normal copula; none if not given.
    seed : int
        Of the scramble.
    """
    k = len(margins)
    related = correlation is not None and bool(np.abs(correlation - np.eye(k)).max() > 1e-12) if k else False
    continuous = [j for j, m in enumerate(margins) if not m.each]
    if len(continuous) > 1:
        return _sobol(margins, np.eye(k) if correlation is None else correlation, seed)
    if related and correlation is not None:
        return _enumerated(margins, correlation, continuous, seed)
    axes: list[tuple[Array, Array]] = []
    for margin in margins:
        if margin.each:
            axes.append((np.arange(len(margin.each), dtype=np.float64), np.asarray(margin.each, dtype=np.float64)))
            continue
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        axes.append((margin.value(nodes), weights / weights.sum()))
    weight = np.array([math.prod(w) for w in product(*[w for _, w in axes])], dtype=float)
    values = np.array(list(product(*[a for a, _ in axes])), dtype=float).reshape(len(weight), k)
    used = weight > 0.0
    return Points(values[used], weight[used], True)


def _enumerated(margins: Sequence[Margin], correlation: Array, continuous: Sequence[int], seed: int) -> Points:
    """Combinations of correlated covariates with levels, at the nodes of the continuous one if there is one."""
    counted = [j for j in range(len(margins)) if j not in continuous]
    nodes, weights = np.zeros(1), np.ones(1)
    slope: Array = np.zeros(len(counted))
    rest: Array = correlation[np.ix_(counted, counted)]
    if continuous:
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        slope = np.asarray(correlation[np.array(counted), continuous[0]])
        rest = rest - np.outer(slope, slope)
    cuts = [margins[j].cuts for j in counted]
    cells = np.array(list(product(*(range(len(c) + 1) for c in cuts))), dtype=float)
    values, shares = [], []
    for node, weight in zip(nodes, weights, strict=True):
        row = np.zeros((len(cells), len(margins)))
        row[:, counted] = cells
        for j in continuous:
            row[:, j] = margins[j].value(np.array([node]))
        values.append(row)
        shares.append(weight * _cell_shares([c - s * node for c, s in zip(cuts, slope, strict=True)], rest, seed))
    share: Array = np.concatenate(shares)
    used = share > 0.0
    return Points(np.concatenate(values)[used], share[used] / share.sum(), len(counted) < 2)


def _cell_shares(cuts: Sequence[Array], covariance: Array, seed: int) -> Array:
    """Probability of every combination of normals between their cuts, the last fastest."""
    if len(cuts) == 1:
        return np.diff(normal_cdf(np.concatenate([[-np.inf], cuts[0], [np.inf]]) / math.sqrt(covariance[0, 0])))
    draws = _normal_scores(len(cuts), seed) @ np.linalg.cholesky(covariance).T
    sizes = tuple(len(c) + 1 for c in cuts)
    places = [np.searchsorted(c, draws[:, j]) for j, c in enumerate(cuts)]
    return np.bincount(np.ravel_multi_index(places, sizes), minlength=math.prod(sizes)) / len(draws)


@lru_cache(maxsize=4)
def _normal_scores(k: int, seed: int) -> Array:
    """Scrambled Sobol points as independent standard normals, for the probabilities of combinations."""
    from scipy.stats import qmc

    raw = qmc.Sobol(k, scramble=True, rng=np.random.default_rng(seed)).random(CELL_POINTS)
    return np.asarray(normal_quantile(np.clip(raw, 1e-12, 1.0 - 1e-12)))


def _sobol(margins: Sequence[Margin], correlation: Array, seed: int) -> Points:
    from scipy.stats import qmc

    raw = qmc.Sobol(len(margins), scramble=True, rng=np.random.default_rng(seed)).random(SOBOL)
    z = np.asarray(normal_quantile(np.clip(raw, 1e-12, 1.0 - 1e-12))) @ np.linalg.cholesky(correlation).T
    values = np.stack([m.value(z[:, j]) for j, m in enumerate(margins)], axis=1)
    return Points(values, np.full(SOBOL, 1.0 / SOBOL), False)


def latent_correlation(values: Array) -> Array:
    """The correlation of a normal copula from patients: of ranks, shrunk towards none in few patients.

    Parameters
    ----------
    values : array of shape (patients, covariates)

    Notes
    -----
    The correlation under which the copula, cut where a covariate has few values, has the Spearman correlation of the
    patients: 2 sin(pi rho / 6) of two continuous covariates, polychoric of two with levels. Times n / (n + 20) below 70
    patients, with eigenvalues of at least 0.05.
    """
    n, k = values.shape
    if k < 2:
        return np.eye(k)
    ranks = np.stack([_ranks(values[:, j]) for j in range(k)])
    spread = ranks.std(axis=1)
    latent: Array = np.eye(k)
    if (spread > 0).all():
        rho: Array = np.asarray(np.corrcoef(ranks))
        scores = [_Scores.of(x) for x in ranks]
        for i, j in combinations(range(k), 2):
            latent[i, j] = latent[j, i] = _latent_of_two(float(rho[i, j]), scores[i], scores[j], n)
    latent = latent * (n / (n + 20.0) if n < 70 else 1.0)
    np.fill_diagonal(latent, 1.0)
    eigen, vectors = np.linalg.eigh(latent)
    if eigen.min() < 0.05:
        latent = vectors @ np.diag(np.maximum(eigen, 0.05)) @ vectors.T
        scale = np.sqrt(np.diag(latent))
        latent = latent / np.outer(scale, scale)
    return np.asarray(latent)


@dataclass(frozen=True)
class _Scores:
    """The ranks of a covariate as a sum of steps where a normal is cut.

    The rank of a continuous one, as a share, is the chance to exceed another patient's: a step in the middle, of a
    normal that is correlated less by the square root of two.
    """

    cuts: Array
    steps: Array
    weaker: float
    sd: float

    @classmethod
    def of(cls, ranks: Array) -> _Scores:
        _, counts = np.unique(ranks, return_counts=True)
        if len(counts) > FEW_VALUES:
            return cls(np.zeros(1), np.ones(1), math.sqrt(0.5), math.sqrt(1.0 / 12.0))
        share = counts / counts.sum()
        middle = np.cumsum(share) - 0.5 * share
        spread = math.sqrt(share @ (middle - 0.5) ** 2)
        return cls(np.asarray(normal_quantile(np.cumsum(share)[:-1])), np.diff(middle), 1.0, spread)


def _latent_of_two(rho: float, one: _Scores, other: _Scores, n: int) -> float:
    """The correlation of two normals whose scores have the correlation `rho`.

    Their covariance is an integral over the correlation, summed over the steps. Where a combination of two yes-or-no
    covariates was never seen, half a patient is taken to have it, as in tetrachoric correlations.
    """
    a, b = one.cuts[:, None, None], other.cuts[None, :, None]
    steps, weaker, wanted = np.outer(one.steps, other.steps), one.weaker * other.weaker, rho * one.sd * other.sd
    if steps.size == 1 and weaker == 1.0:
        share, second = (float(normal_cdf(-s.cuts)[0]) for s in (one, other))
        half, both = 0.5 / n, share * second
        low, high = max(0.0, share + second - 1.0) - both, min(share, second) - both
        wanted = steps[0, 0] * min(max(wanted / steps[0, 0], low + half), high - half)

    def excess(r: float) -> float:
        end = math.asin(weaker * r)
        angle = 0.5 * end * (_ANGLES + 1.0)
        density = np.exp(-0.5 * (a**2 + b**2 - 2.0 * a * b * np.sin(angle)) / np.cos(angle) ** 2) / (2.0 * math.pi)
        return float((steps * (0.5 * end * density @ _ANGLE_WEIGHTS)).sum()) - wanted

    return root_of(excess, -_MOST_LATENT, _MOST_LATENT, near=1e-12)


def _ranks(values: Array) -> Array:
    """Ranks, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=float)
