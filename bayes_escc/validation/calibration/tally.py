"""Counts over simulations, which add up; and the tests they are put to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Plain, PlainMapping
from bayes_escc.validation.calibration.once import RANKS, Outcome

__all__ = ["LEVEL", "CalibrationTest", "PlacedTally", "PredictedTally", "Tally", "checks_of", "worst"]

LEVEL: Final = 0.001
"""A model is called calibrated where the smallest of its p values, times their number, is at least this."""
_BINS: Final = 20
_PROBABILITY_BINS: Final = 10


@dataclass
class PlacedTally:
    """How often the truth of a quantity had every rank, and lay inside the intervals, where it is continuous."""

    ranks: NDArray[np.int64] = field(default_factory=lambda: np.zeros(RANKS, dtype=np.int64))
    inside_50: int = 0
    inside_95: int = 0
    continuous: bool = True

    @property
    def simulations(self) -> int:
        """Number of simulations."""
        return int(self.ranks.sum())


@dataclass
class PredictedTally:
    """Posterior probabilities of an event, by tenths: how many, their sum, and how often it was true.

    `variance` is the sum of p (1 - p), that of the number of times it should be true.
    """

    number: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_PROBABILITY_BINS, dtype=np.int64))
    expected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_PROBABILITY_BINS))
    true: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_PROBABILITY_BINS, dtype=np.int64))
    variance: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_PROBABILITY_BINS))


@dataclass
class Tally:
    """What many simulations of one case gave."""

    placed: dict[str, PlacedTally] = field(default_factory=dict)
    predicted: dict[str, PredictedTally] = field(default_factory=dict)
    engines: dict[str, int] = field(default_factory=dict)
    not_converged: int = 0

    @property
    def simulations(self) -> int:
        """Number of simulations."""
        return sum(self.engines.values())

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count some simulations more."""
        for outcome in outcomes:
            self.engines[outcome.engine] = self.engines.get(outcome.engine, 0) + 1
            self.not_converged += not outcome.converged
            for name, placed in outcome.placed.items():
                tally = self.placed.setdefault(name, PlacedTally())
                tally.ranks[placed.rank] += 1
                tally.inside_50 += bool(placed.inside_50)
                tally.inside_95 += bool(placed.inside_95)
                tally.continuous &= placed.inside_50 is not None
            for name, predicted in outcome.predicted.items():
                p = predicted.probability
                events = self.predicted.setdefault(name, PredictedTally())
                i = min(int(p * _PROBABILITY_BINS), _PROBABILITY_BINS - 1)
                events.number[i] += 1
                events.expected[i] += p
                events.true[i] += predicted.true
                events.variance[i] += p * (1.0 - p)

    def favoured(self) -> tuple[float, int]:
        """Sum of the probabilities of what was more probable than not, and how often it was true."""
        half = _PROBABILITY_BINS // 2
        events = list(self.predicted.values())
        expected = sum(float(t.expected[half:].sum() + (t.number - t.expected)[:half].sum()) for t in events)
        return expected, sum(int(t.true[half:].sum() + (t.number - t.true)[:half].sum()) for t in events)

    def to_dict(self) -> Plain:
        """As plain data."""
        return {
            "simulations": self.simulations,
            "engines": self.engines,
            "not_converged": self.not_converged,
            "quantities": {
                name: {
                    "continuous": t.continuous,
                    "inside_50": t.inside_50,
                    "inside_95": t.inside_95,
                    "ranks": t.ranks.tolist(),
                }
                for name, t in self.placed.items()
            },
            "probabilities": {
                name: {
                    "number": t.number.tolist(),
                    "expected": t.expected.tolist(),
                    "true": t.true.tolist(),
                    "variance": t.variance.tolist(),
                }
                for name, t in self.predicted.items()
            },
        }

    @classmethod
    def from_dict(cls, record: PlainMapping) -> Tally:
        """From what `to_dict` gave."""
        placed = {
            name: PlacedTally(np.array(t["ranks"], dtype=np.int64), t["inside_50"], t["inside_95"], t["continuous"])
            for name, t in record["quantities"].items()
        }
        predicted = {
            name: PredictedTally(
                np.array(t["number"], dtype=np.int64),
                np.array(t["expected"], dtype=float),
                np.array(t["true"], dtype=np.int64),
                np.array(t["variance"], dtype=float),
            )
            for name, t in record["probabilities"].items()
        }
        return cls(placed, predicted, dict(record["engines"]), record["not_converged"])


@dataclass(frozen=True)
class CalibrationTest:
    """A test of calibration.

    Parameters
    ----------
    quantity : str
    of : str
        What of it: its ranks, the coverage of an interval, or a probability.
    p : float
        Probability of what was seen, or of something more extreme, if the posterior is right.
    """

    quantity: str
    of: str
    p: float


def checks_of(tally: Tally) -> list[CalibrationTest]:
    """Every test of a tally: ranks by chi-square and by their distribution function, coverage, and probabilities."""
    from scipy import stats

    found = []
    for name, t in tally.placed.items():
        n = t.simulations
        bins = min(_BINS, max(2, n // 5))
        edges = np.linspace(0, RANKS, bins + 1).round().astype(int)
        counts = np.add.reduceat(t.ranks, edges[:-1])
        uniform = stats.chisquare(counts, n * np.diff(edges) / RANKS).pvalue
        found.append(CalibrationTest(name, "ranks", float(uniform)))
        distance = np.abs(np.cumsum(t.ranks) / n - np.arange(1, RANKS + 1) / RANKS).max()
        found.append(CalibrationTest(name, "distribution of ranks", float(stats.kstwo.sf(distance, n))))
        if not t.continuous:
            continue
        found.append(CalibrationTest(name, "coverage of 50 %", float(stats.binomtest(t.inside_50, n, 0.5).pvalue)))
        found.append(CalibrationTest(name, "coverage of 95 %", float(stats.binomtest(t.inside_95, n, 0.95).pvalue)))
    for name, events in tally.predicted.items():
        excess = events.true - events.expected
        variance = float(events.variance.sum())
        half = _PROBABILITY_BINS // 2
        for of, total in (
            ("probability", float(excess.sum())),
            ("probability of the more probable", float(excess[half:].sum() - excess[:half].sum())),
        ):
            z = total / math.sqrt(variance) if variance > 0 else (0.0 if abs(total) < 0.5 else math.inf)
            found.append(CalibrationTest(name, of, float(2.0 * stats.norm.sf(abs(z)))))
        used = events.variance > 1.0  # where a normal law is near enough
        chi = (excess[used] ** 2 / events.variance[used]).sum()
        if used.any():
            found.append(CalibrationTest(name, "probability by tenths", float(stats.chi2.sf(chi, used.sum()))))
    return found


def worst(tests: list[CalibrationTest]) -> tuple[float, CalibrationTest]:
    """The smallest p value times the number of tests, at most 1, and the test that gave it."""
    test = min(tests, key=lambda t: t.p)
    return min(1.0, test.p * len(tests)), test
