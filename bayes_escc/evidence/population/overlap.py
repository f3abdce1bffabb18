"""Do own and published patients overlap? Balance, matching weights, and what may be said.

References
----------
Signorovitch JE, Wu EQ, Yu AP, et al. Pharmacoeconomics 2010;28:935-945 (matching-adjusted indirect comparison).
Phillippo DM, Ades AE, Dias S, et al. NICE DSU Technical Support Document 18, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Plain, PlainMapping
from bayes_escc.probability.distributions import normal_cdf

__all__ = [
    "FEWEST_IN_CELL",
    "MOST_OUTSIDE",
    "Balance",
    "Overlap",
    "State",
    "difference_in_words",
    "matching_weights",
    "overlap_of",
    "standardised",
    "state_of_difference",
    "state_of_ess",
    "worst_of",
]

Array = NDArray[np.float64]
State = Literal["good", "thin", "extrapolating", "none"]
_ORDER: Final = ("good", "thin", "extrapolating", "none")
MOST_OUTSIDE: Final = 0.2
"""Largest share of patients beyond the range of those they are compared with that needs no extrapolation."""
FEWEST_IN_CELL: Final = 3
"""Fewest patients on one side of a yes-or-no covariate that are not thin."""


@dataclass(frozen=True)
class Balance:
    """One covariate among own and published patients.

    Parameters
    ----------
    covariate : str
    own_mean, target_mean : float
        In the unit of the covariate; geometric means where the model takes its logarithm.
    own_sd, target_sd : float
        As modelled.
    difference : float
        Standardised: over the pooled standard deviation.
    own_low, own_high : float
        Range among own patients, in the unit of the covariate.
    outside : float
        Share of the published patients beyond it.
    smallest_cell : int or None
        Fewest own patients with and without a yes-or-no covariate.
    """

    covariate: str
    own_mean: float
    own_sd: float
    target_mean: float
    target_sd: float
    difference: float
    own_low: float
    own_high: float
    outside: float
    smallest_cell: int | None


@dataclass(frozen=True)
class Overlap:
    """How far own patients can speak of those of a published arm.

    Parameters
    ----------
    study : str
    state : {"good", "thin", "extrapolating", "none"}
    reasons : tuple of str
    balance : tuple of Balance
    patients : int
        Own.
    ess : float
        Effective number of own patients after matching; 0 where no weights exist.
    largest_weight : float
        Share of one patient.
    """

    study: str
    state: State
    reasons: tuple[str, ...]
    balance: tuple[Balance, ...]
    patients: int
    ess: float
    largest_weight: float

    def to_dict(self) -> Plain:
        """Plain values."""
        return {**vars(self), "reasons": list(self.reasons), "balance": [vars(b) for b in self.balance]}

    @classmethod
    def from_dict(cls, found: PlainMapping) -> Overlap:
        """What `to_dict` made."""
        balance = tuple(Balance(**b) for b in found["balance"])
        return cls(**{**found, "reasons": tuple(found["reasons"]), "balance": balance})

    def ways_out(self) -> str:
        """What can be done about patients that do not overlap."""
        return (
            'Ways out: ask in the population of own patients (population = "own") and state [overlap] extrapolate = '
            "true, knowing that the model alone carries the answer; leave out a covariate and allow for it as bias "
            "([bias]); or choose a published arm, or own patients, that are more alike."
        )


def matching_weights(values: Array, target: Array) -> Array | None:
    """Weights of own patients, with sum one, under which their means are those of a target; None if there are none.

    Parameters
    ----------
    values : array of shape (patients, covariates)
    target : array of shape (covariates,)

    Notes
    -----
    Maximum entropy: w proportional to exp(x'a), the a that minimises sum exp((x - target)'a), by Newton steps. Outside
    the convex hull of the patients the minimum is at infinity.
    """
    spread = values.std(axis=0)
    used = spread > 0
    if not used.all() and not np.allclose(values[0, ~used], target[~used], atol=1e-9):
        return None
    x = (values[:, used] - target[used]) / spread[used]
    a = np.zeros(x.shape[1])
    for _ in range(200):
        logs = x @ a
        w = np.exp(logs - logs.max())
        w /= w.sum()
        gradient = w @ x
        if np.abs(gradient).max() < 1e-9:
            return w
        hessian = (x * w[:, None]).T @ x - np.outer(gradient, gradient) + 1e-10 * np.eye(len(a))
        step = np.linalg.solve(hessian, gradient)
        a = a - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(a).max() > 60.0:
            return None
    return w if np.abs(gradient).max() < 1e-4 else None


def overlap_of(
    study: str,
    names: Sequence[str],
    own: Array,
    target_mean: Array,
    target_sd: Array,
    binary: Sequence[bool],
    words: Sequence[str] = (),
    printed: Sequence[Callable[[float], float]] = (),
) -> Overlap:
    """Balance and overlap of own patients with one published arm.

    Parameters
    ----------
    study : str
    names : sequence of str
        Of the covariates.
    own : array of shape (patients, covariates)
        As modelled.
    target_mean, target_sd : array of shape (covariates,)
    binary : sequence of bool
    words : sequence of str, optional
        The covariates as people say them, for the reasons.
    printed : sequence of callable, optional
        From a value as modelled to the unit in which the covariate is printed.
    """
    balance = []
    for j, name in enumerate(names):
        mean, sd = float(own[:, j].mean()), float(own[:, j].std())
        gap, shown = target_mean[j] - mean, printed[j] if printed else float
        low, high = float(own[:, j].min()), float(own[:, j].max())
        cell = int(min(own[:, j].sum(), len(own) - own[:, j].sum())) if binary[j] else None
        balance.append(
            Balance(
                name,
                shown(mean),
                sd,
                shown(float(target_mean[j])),
                float(target_sd[j]),
                standardised(gap, sd, float(target_sd[j])),
                shown(low),
                shown(high),
                _outside(low, high, float(target_mean[j]), float(target_sd[j]), binary[j]),
                cell,
            )
        )
    weights = matching_weights(own, target_mean) if len(names) else np.full(len(own), 1.0 / len(own))
    ess = 0.0 if weights is None else 1.0 / float((weights**2).sum())
    said = dict(zip(names, words or names, strict=True))
    state, reasons = _state(balance, said, len(own), ess, weights is not None)
    largest = 0.0 if weights is None else float(weights.max())
    return Overlap(study, state, tuple(reasons), tuple(balance), len(own), ess, largest)


def standardised(gap: float, sd: float, other_sd: float) -> float:
    """A difference of means over the pooled standard deviation; without end where neither group varies."""
    pooled = math.sqrt(0.5 * (sd**2 + other_sd**2))
    return 0.0 if gap == 0 else gap / pooled if pooled > 0 else math.copysign(math.inf, gap)


def state_of_difference(difference: float) -> State | None:
    """What a standardised difference says of overlap; None where it is small."""
    size = abs(difference)
    return "extrapolating" if size > 1.0 else "thin" if size >= 0.25 else None


def difference_in_words(name: str, difference: float) -> str:
    """A standardised difference as a reason."""
    if math.isinf(difference):
        return f"{name} is one value in the one group and another in the other"
    return f"{name} differs by {abs(difference):.2f} standard deviations"


def state_of_ess(ess: float, n: int) -> State | None:
    """What an effective number of n weighted patients says of overlap; None where enough are left."""
    if ess / n < 0.2 or ess < 10:
        return "extrapolating"
    return "thin" if ess / n < 0.5 or ess < 20 else None


def worst_of(found: Sequence[tuple[State, str]]) -> State:
    """The worst state of those found, each with its reason; good where there is none."""
    return max((s for s, _ in found), key=_ORDER.index, default="good")


def _outside(low: float, high: float, mean: float, sd: float, binary: bool) -> float:
    """Share of a target beyond a range."""
    if binary:
        return (1.0 - mean if low > 0 else 0.0) + (mean if high < 1 else 0.0)
    if sd == 0:
        return float(not low <= mean <= high)
    return float(normal_cdf((low - mean) / sd) + normal_cdf((mean - high) / sd))


def _state(
    balance: Sequence[Balance], said: Mapping[str, str], n: int, ess: float, exist: bool
) -> tuple[State, list[str]]:
    """The worst of what the rules say, and why, of covariates as they are said."""
    found: list[tuple[State, str]] = []
    if not exist:
        worst = max(balance, key=lambda b: abs(b.difference))
        found.append(
            (
                "none",
                f"no weights of own patients give the means of the published ones, furthest apart in "
                f"{said[worst.covariate]}: {worst.target_mean:.3g} published, own from {worst.own_low:.3g} to "
                f"{worst.own_high:.3g}",
            )
        )
    for b in balance:
        state = state_of_difference(b.difference)
        if state is not None:
            found.append((state, difference_in_words(said[b.covariate], b.difference)))
        if b.outside > MOST_OUTSIDE:
            share = f"{100 * b.outside:.0f} %"
            found.append(
                ("extrapolating", f"{share} of the published patients lie outside the own range of {said[b.covariate]}")
            )
        if b.smallest_cell is not None and b.smallest_cell < FEWEST_IN_CELL:
            found.append(("thin", f"only {b.smallest_cell} own patients are on one side of {said[b.covariate]}"))
    left = state_of_ess(ess, n) if exist else None
    if left is not None:
        found.append((left, f"matching leaves {ess:.1f} of {n} own patients"))
    return worst_of(found), [reason for _, reason in found]
