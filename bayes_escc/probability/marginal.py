"""What is known of one number, whoever knows it: draws, weighted draws, or a distribution in closed form.

A `Marginal` answers four questions: mean, standard deviation, quantiles, and the probability of lying beyond a
value or between two, each probability with its error. `Draws` and `WeightedDraws` answer them by counting;
every `Distribution` (a Beta, a contrast of two Betas, a mixture, a density on panels) by its distribution function.
Rows of results are made of nothing else (`answers.rows`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.names import AnyArray, NotebookView
from bayes_escc.probability.effective import effective_size

__all__ = [
    "ROUNDING",
    "Distribution",
    "Draws",
    "Marginal",
    "Probability",
    "Side",
    "WeightedDraws",
    "finite",
    "probability_with_error",
]

Array = NDArray[np.float64]
Side = Literal["above", "below"]
ROUNDING: Final = 1e-14
"""Rounding error of a probability summed over the nodes of a quadrature."""


class Probability(NamedTuple):
    """A probability and its error: Monte Carlo standard error of draws, or the bound of a quadrature."""

    value: float
    error: float


class Marginal(Protocol):
    """What is known of one number."""

    @property
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""

    @property
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""

    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""

    def beyond(self, value: float, side: Side) -> Probability:
        """P(number > value) or P(number < value)."""

    def between(self, low: float, high: float) -> Probability:
        """P(low < number < high)."""


class Distribution(NotebookView, ABC):
    """A marginal known by its distribution function, up to quadrature and rounding."""

    @property
    @abstractmethod
    def mean(self) -> float | None:
        """Expected value; None where it does not exist."""

    @property
    @abstractmethod
    def sd(self) -> float | None:
        """Standard deviation; None where it does not exist."""

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Array:
        """P(number <= x)."""

    @abstractmethod
    def sf(self, x: ArrayLike) -> Array:
        """P(number > x), accurate in the upper tail."""

    @abstractmethod
    def quantile(self, q: float) -> float:
        """The value below which a fraction `q` of the probability lies."""

    @abstractmethod
    def rounding_floor(self) -> float:
        """Error of a probability: quadrature and rounding."""

    def beyond(self, value: float, side: Side) -> Probability:
        """P(number > value) or P(number < value)."""
        p = self.sf(value) if side == "above" else self.cdf(value)
        return Probability(float(p), self.rounding_floor())

    def between(self, low: float, high: float) -> Probability:
        """P(low < number < high)."""
        return Probability(float(self.cdf(high)) - float(self.cdf(low)), 2.0 * self.rounding_floor())


@dataclass(frozen=True)
class Draws:
    """A number known by its draws.

    Parameters
    ----------
    values : array of shape (chain, draw)
        Effective sample sizes are reckoned within and between chains.
    """

    values: Array

    @property
    def mean(self) -> float | None:
        return finite(self.values.mean())

    @property
    def sd(self) -> float | None:
        return finite(self.values.std(ddof=1))

    @cached_property
    def _sorted(self) -> Array:
        return np.sort(self.values, axis=None)

    def quantile(self, q: float) -> float:
        return float(np.quantile(self._sorted, q))

    def beyond(self, value: float, side: Side) -> Probability:
        return probability_with_error(self.values > value if side == "above" else self.values < value, self.values)

    def between(self, low: float, high: float) -> Probability:
        return probability_with_error((self.values > low) & (self.values < high), self.values)


@dataclass(frozen=True)
class WeightedDraws:
    """A number known by draws with weights, such as those of importance sampling.

    Parameters
    ----------
    values, weights : array of shape (draw,)
        Weights sum to one.
    ess : float
        How many unweighted draws they are worth.
    """

    values: Array
    weights: Array
    ess: float

    @property
    def mean(self) -> float | None:
        return finite(float(self.weights @ self.values))

    @property
    def sd(self) -> float | None:
        centred = self.values - self.weights @ self.values
        return finite(math.sqrt(float(self.weights @ centred**2)))

    @cached_property
    def _reached(self) -> tuple[Array, Array]:
        """Values in order, and the probability up to the middle of each."""
        order = np.argsort(self.values)
        weights = self.weights[order]
        return self.values[order], np.cumsum(weights) - weights / 2.0

    def quantile(self, q: float) -> float:
        values, reached = self._reached
        return float(np.interp(q, reached, values))

    def beyond(self, value: float, side: Side) -> Probability:
        return self._share(self.values > value if side == "above" else self.values < value)

    def between(self, low: float, high: float) -> Probability:
        return self._share((self.values > low) & (self.values < high))

    def _share(self, event: NDArray[np.bool_]) -> Probability:
        p = min(max(float(self.weights[event].sum()), 0.0), 1.0)
        moved = (p * self.ess + 0.5) / (self.ess + 1.0)  # half a draw, so that certainty is never claimed
        return Probability(p, math.sqrt(moved * (1.0 - moved) / self.ess))


def probability_with_error(event: AnyArray, draws: Array) -> Probability:
    """Share of draws in which an event happens, and its Monte Carlo standard error.

    Parameters
    ----------
    event, draws : array of shape (chain, draw)
        The event (true or false, or a share where several tie), and the quantity it is about.

    Notes
    -----
    The error is sqrt(p (1 - p) / ESS) with the effective sample size of the indicator. Where
    the event happened in all or in no draws, ESS is that of the quantity and p is moved by
    half a draw, so that certainty is never claimed.
    """
    p = float(event.mean())
    varies = 0.0 < p < 1.0
    basis = event.astype(float) if varies else draws
    ess = float(event.size)
    if np.isfinite(basis).all() and np.ptp(basis) > 0:
        ess = float(effective_size(basis[..., None])[0])
    ess = max(ess, 1.0)
    moved = p if varies else (p * ess + 0.5) / (ess + 1.0)
    return Probability(p, math.sqrt(moved * (1.0 - moved) / ess))


def finite(value: float | np.floating[Any]) -> float | None:
    """A number, or None for one that is infinite or undefined."""
    return float(value) if math.isfinite(value) else None
