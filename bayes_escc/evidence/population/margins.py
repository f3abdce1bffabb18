"""The covariates of a published arm as a distribution: margins from what was printed, points to integrate over.

A published arm is an average over its patients, so a model is averaged over their covariates and never evaluated at
their mean. Yes-or-no covariates are enumerated and one continuous covariate takes Gauss-Hermite nodes, exact to
rounding; where several are continuous, scrambled Sobol points are joined by a normal
copula, whose error is measured with a second scramble. Correlated yes-or-no covariates are enumerated too, with the
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
STATISTICS: Final = ("percent", "mean", "sd", "median", "q1", "q3", "min", "max")
_QUARTILES: Final = 1.349
_ANGLES, _ANGLE_WEIGHTS = np.polynomial.legendre.leggauss(40)
_MOST_LATENT: Final = 0.999


@dataclass(frozen=True)
class Margin:
    """The distribution of one covariate.

    Parameters
    ----------
    kind : {"binary", "normal", "lognormal"}
    first, second : float
        The share; or mean and standard deviation (of the logarithm, for a log-normal).
    """

    kind: Literal["binary", "normal", "lognormal"]
    first: float
    second: float = 0.0

    def quantile(self, u: Array) -> Array:
        """Values at probabilities."""
        if self.kind == "binary":
            return np.asarray(u > 1.0 - self.first, dtype=float)
        z = self.first + self.second * normal_quantile(u)
        return np.asarray(np.exp(z) if self.kind == "lognormal" else z)

    @property
    def mean(self) -> float:
        """Expected value."""
        return math.exp(self.first + 0.5 * self.second**2) if self.kind == "lognormal" else self.first

    @property
    def sd(self) -> float:
        """Standard deviation."""
        if self.kind == "binary":
            return math.sqrt(self.first * (1.0 - self.first))
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
    continuous = [j for j, m in enumerate(margins) if m.kind != "binary"]
    if len(continuous) > 1:
        return _sobol(margins, np.eye(k) if correlation is None else correlation, seed)
    if related and correlation is not None:
        return _enumerated(margins, correlation, continuous, seed)
    axes: list[tuple[Array, Array]] = []
    for margin in margins:
        if margin.kind == "binary":
            axes.append((np.array([0.0, 1.0]), np.array([1.0 - margin.first, margin.first])))
            continue
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        z = margin.first + margin.second * nodes
        axes.append((np.exp(z) if margin.kind == "lognormal" else z, weights / weights.sum()))
    weight = np.array([math.prod(w) for w in product(*[w for _, w in axes])], dtype=float)
    values = np.array(list(product(*[a for a, _ in axes])), dtype=float).reshape(len(weight), k)
    used = weight > 0.0
    return Points(values[used], weight[used], True)


def _enumerated(margins: Sequence[Margin], correlation: Array, continuous: Sequence[int], seed: int) -> Points:
    """Combinations of correlated yes-or-no covariates, at the nodes of the continuous one if there is one."""
    binary = [j for j in range(len(margins)) if j not in continuous]
    nodes, weights = np.zeros(1), np.ones(1)
    slope: Array = np.zeros(len(binary))
    rest: Array = correlation[np.ix_(binary, binary)]
    if continuous:
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        slope = np.asarray(correlation[np.array(binary), continuous[0]])
        rest = rest - np.outer(slope, slope)
    above = np.array([float(normal_quantile(1.0 - margins[j].first)) for j in binary])
    cells = np.array(list(product((0.0, 1.0), repeat=len(binary))))
    values, shares = [], []
    for node, weight in zip(nodes, weights, strict=True):
        row = np.zeros((len(cells), len(margins)))
        row[:, binary] = cells
        for j in continuous:
            z = margins[j].first + margins[j].second * node
            row[:, j] = math.exp(z) if margins[j].kind == "lognormal" else z
        values.append(row)
        shares.append(weight * _cell_shares(above - slope * node, rest, seed))
    share: Array = np.concatenate(shares)
    used = share > 0.0
    return Points(np.concatenate(values)[used], share[used] / share.sum(), len(binary) < 2)


def _cell_shares(above: Array, covariance: Array, seed: int) -> Array:
    """Probability of every combination of normals being above their limits, the last fastest."""
    if len(above) == 1:
        p = float(normal_cdf(-above[0] / math.sqrt(covariance[0, 0])))
        return np.array([1.0 - p, p])
    draws = _normal_scores(len(above), seed) @ np.linalg.cholesky(covariance).T
    code = (draws > above) @ (2 ** np.arange(len(above))[::-1])
    return np.bincount(code, minlength=2 ** len(above)) / len(draws)


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
    u = normal_cdf(z)
    values = np.stack([m.quantile(u[:, j]) for j, m in enumerate(margins)], axis=1)
    return Points(values, np.full(SOBOL, 1.0 / SOBOL), False)


def latent_correlation(values: Array) -> Array:
    """The correlation of a normal copula from patients: of ranks, shrunk towards none in few patients.

    Parameters
    ----------
    values : array of shape (patients, covariates)

    Notes
    -----
    The correlation under which the copula, cut where a covariate has two values, has the Spearman correlation of the
    patients: 2 sin(pi rho / 6) of two continuous covariates, tetrachoric of two that are yes or no. Times n / (n + 20)
    below 70 patients, with eigenvalues of at least 0.05.
    """
    n, k = values.shape
    if k < 2:
        return np.eye(k)
    ranks = np.stack([_ranks(values[:, j]) for j in range(k)])
    spread = ranks.std(axis=1)
    latent: Array = np.eye(k)
    if (spread > 0).all():
        rho: Array = np.asarray(np.corrcoef(ranks))
        cut = [float((x == x.max()).mean()) if len(np.unique(x)) == 2 else None for x in ranks]
        for i, j in combinations(range(k), 2):
            latent[i, j] = latent[j, i] = _latent_of_two(float(rho[i, j]), cut[i], cut[j], n)
    latent = latent * (n / (n + 20.0) if n < 70 else 1.0)
    np.fill_diagonal(latent, 1.0)
    eigen, vectors = np.linalg.eigh(latent)
    if eigen.min() < 0.05:
        latent = vectors @ np.diag(np.maximum(eigen, 0.05)) @ vectors.T
        scale = np.sqrt(np.diag(latent))
        latent = latent / np.outer(scale, scale)
    return np.asarray(latent)


def _latent_of_two(rho: float, share: float | None, other: float | None, n: int) -> float:
    """The correlation of two normals whose Spearman correlation is `rho` once they are cut where shares are given.

    The covariance of what is observed is an integral over the correlation: of a yes-or-no covariate with its cut, of a
    continuous one with a cut in the middle and the correlation divided by the square root of two (its rank is the
    chance to exceed another patient's). Where a combination of two yes-or-no covariates was never seen, half a patient
    is taken to have it, as in tetrachoric correlations.
    """
    cuts = [0.0 if p is None else float(normal_quantile(1.0 - p)) for p in (share, other)]
    weaker = math.prod(math.sqrt(0.5) for p in (share, other) if p is None)
    wanted = rho * math.prod(math.sqrt(1.0 / 12.0 if p is None else p * (1.0 - p)) for p in (share, other))
    if share is not None and other is not None:
        half, both = 0.5 / n, share * other
        low, high = max(0.0, share + other - 1.0) - both, min(share, other) - both
        wanted = min(max(wanted, low + half), high - half)

    def excess(r: float) -> float:
        end = math.asin(weaker * r)
        angle = 0.5 * end * (_ANGLES + 1.0)
        quadratic = cuts[0] ** 2 + cuts[1] ** 2 - 2.0 * cuts[0] * cuts[1] * np.sin(angle)
        density = np.exp(-0.5 * quadratic / np.cos(angle) ** 2) / (2.0 * math.pi)
        return float(0.5 * end * _ANGLE_WEIGHTS @ density) - wanted

    return root_of(excess, -_MOST_LATENT, _MOST_LATENT, near=1e-12)


def _ranks(values: Array) -> Array:
    """Ranks, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=float)
