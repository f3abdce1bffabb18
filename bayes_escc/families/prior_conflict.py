"""Whether the data are what the priors led one to expect: Box's prior predictive tails.

A prior that is wrong by much, but held firmly, is not overruled by a small trial: the posterior then lies between the
two, and neither supports it. The note says so before its numbers are quoted.

References
----------
Box GEP. J R Stat Soc A 1980;143:383-430.
Evans M, Moshonov H. Bayesian Anal 2006;1:893-914.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem

__all__ = ["CONFLICT", "Statistic", "against_the_others", "prior_conflicts"]

Array = NDArray[np.float64]
CONFLICT: Final = 0.05
"""Two-sided tail of the prior predictive distribution below which prior and data are said to disagree."""


@dataclass(frozen=True)
class Statistic:
    """One number that the data give, and that every replicate of them gives too.

    Parameters
    ----------
    role : str
        The parameter whose prior it speaks about.
    what : str
        The number in words, as the subject of a sentence.
    values : array
        Shape (), of the data, or (draws,), of replicates under the prior.
    """

    role: str
    what: str
    values: Array

    def tail(self, replicates: Array) -> float:
        """Two-sided tail: twice the smaller share of replicates at least as extreme, at most 1."""
        seen = replicates[np.isfinite(replicates)]
        if not seen.size or not np.isfinite(self.values):
            return 1.0
        slack = 1e-9 * np.maximum(1.0, np.abs(self.values))
        below = float((seen <= self.values + slack).mean())
        above = float((seen >= self.values - slack).mean())
        return min(1.0, 2.0 * min(below, above))


def against_the_others(values: Array, names: Sequence[str]) -> list[tuple[str, Array]]:
    """Each of several values less the mean of the others, in words; of two the second against the first.

    No regimen is set apart as a reference, so that the order in which they stand decides no note.

    Parameters
    ----------
    values : array of shape (..., names)
    names : sequence of str
        Two or more.
    """
    if len(names) == 2:
        return [(f"{names[1]} against {names[0]}", values[..., 1] - values[..., 0])]
    found = []
    for i, name in enumerate(names):
        others = np.delete(values, i, axis=-1).mean(axis=-1)
        found.append((f"{name} against the mean of the others", values[..., i] - others))
    return found


def prior_conflicts(observed: Sequence[Statistic], predicted: Sequence[Statistic]) -> list[Problem]:
    """One note for every statistic of the data in the outer tail of its prior predictive distribution.

    Parameters
    ----------
    observed, predicted : sequence of Statistic
        The same statistics of the data and of replicates under the prior.
    """
    found = []
    for here, there in zip(observed, predicted, strict=True):
        replicates = np.asarray(there.values, dtype=float).ravel()
        tail = here.tail(replicates)
        if tail >= CONFLICT:
            continue
        low, high = np.quantile(replicates[np.isfinite(replicates)], [0.025, 0.975])
        resolution = 2.0 / len(replicates)
        shown = f"{tail:.2g}" if tail > resolution else f"at most {resolution:.1g}"
        found.append(
            Problem(
                "prior_conflict",
                f"{here.what} is {float(here.values):.3g}, and before the data 95 % of the priors' predictions lay "
                f"between {low:.3g} and {high:.3g} (prior predictive tail {shown}): the prior of {here.role} and the "
                "data disagree",
                f"The posterior lies between them and neither supports it. Give priors.{here.role} a centre and a "
                "width you can defend without these data, or show the answer under a wider one beside it.",
            )
        )
    return found
