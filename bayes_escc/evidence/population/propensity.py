"""Do the patients of two own regimens overlap? Balance, a propensity score, and what may be said.

References
----------
Rosenbaum PR, Rubin DB. Biometrika 1983;70:41-55 (propensity score).
Gelman A, Jakulin A, Pittau MG, Su YS. Ann Appl Stat 2008;2:1360-1383 (weakly informative priors keep it finite).
Li F, Morgan KL, Zaslavsky AM. J Am Stat Assoc 2018;113:390-400 (overlap weights).
Crump RK, Hotz VJ, Imbens GW, Mitnik OA. Biometrika 2009;96:187-199 (scores between 0.1 and 0.9).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.population.overlap import (
    FEWEST_IN_CELL,
    MOST_OUTSIDE,
    State,
    difference_in_words,
    standardised,
    state_of_difference,
    state_of_ess,
    worst_of,
)
from bayes_escc.names import Plain, PlainMapping

__all__ = ["BINS", "PRIOR_SD", "PairedBalance", "RegimenOverlap", "propensity_scores", "regimen_overlap"]

Array = NDArray[np.float64]
PRIOR_SD: Final = 2.5
"""Standard deviation of the normal prior of a coefficient per standard deviation of its covariate; its mean is zero.

Shrinkage makes regimens look more alike than they are, so the prior is wide: of moderate coefficients in fifty patients
it takes about one per cent.
"""
BINS: Final = 20
"""Bins of equal width, from 0 to 1, into which scores are counted."""
_EXTREME: Final = (0.1, 0.9)
_DIGITS: Final = 9
_FLAT: Final = 1e5
"""Standard deviation of a prior that leaves a coefficient to the patients, and finite where they are separated."""


@dataclass(frozen=True)
class PairedBalance:
    """One covariate among the patients of two regimens.

    Parameters
    ----------
    covariate : str
    mean, reference_mean : float
        On the regimen and on the reference, in the unit of the covariate; geometric means where the model takes its
        logarithm.
    sd, reference_sd : float
        As modelled.
    count, reference_count : int or None
        Patients with a yes-or-no covariate.
    difference : float
        Regimen minus reference, over the pooled standard deviation.
    low, high, reference_low, reference_high : float
        Ranges, in the unit of the covariate.
    outside, reference_outside : float
        Share of the patients on the one beyond the range of those on the other.
    smallest_cell : int or None
        Fewest patients of a regimen with or without a yes-or-no covariate.
    """

    covariate: str
    mean: float
    reference_mean: float
    sd: float
    reference_sd: float
    count: int | None
    reference_count: int | None
    difference: float
    low: float
    high: float
    reference_low: float
    reference_high: float
    outside: float
    reference_outside: float
    smallest_cell: int | None


@dataclass(frozen=True)
class RegimenOverlap:
    """How far the patients of two regimens are alike.

    Parameters
    ----------
    regimen, reference : str
    state : {"good", "thin", "extrapolating", "none"}
    reasons : tuple of str
    randomised : bool
        Whether patients were randomised between the two, so that differences are chance and no warning is given.
    balance : tuple of PairedBalance
    patients, reference_patients : int
        With a value of every covariate.
    left_out : int
        Patients on either without one.
    inside, reference_inside : float
        Share of the patients on the one whose score is within the range of scores on the other.
    coefficient : float
        Area under both densities of the score.
    extreme : float
        Share of all patients with a score below 0.1 or above 0.9.
    ess, reference_ess : float
        Effective number of patients when each regimen is weighted to the patients of both.
    overlap_ess, reference_overlap_ess : float
        The same weighted to where the two are alike.
    histogram, reference_histogram : tuple of int
        Patients by score, in `BINS` bins of equal width from 0 to 1.
    """

    regimen: str
    reference: str
    state: State
    reasons: tuple[str, ...]
    randomised: bool
    balance: tuple[PairedBalance, ...]
    patients: int
    reference_patients: int
    left_out: int
    inside: float = 0.0
    reference_inside: float = 0.0
    coefficient: float = 0.0
    extreme: float = 0.0
    ess: float = 0.0
    reference_ess: float = 0.0
    overlap_ess: float = 0.0
    reference_overlap_ess: float = 0.0
    histogram: tuple[int, ...] = (0,) * BINS
    reference_histogram: tuple[int, ...] = (0,) * BINS

    @property
    def warned(self) -> bool:
        """Whether a reader has to be told: overlap is less than good, and not by the chance of randomisation."""
        return self.state != "good" and not self.randomised

    def to_dict(self) -> Plain:
        """Plain values."""
        lists = {key: list(value) for key, value in vars(self).items() if isinstance(value, tuple)}
        return {**vars(self), **lists, "balance": [vars(b) for b in self.balance]}

    @classmethod
    def from_dict(cls, found: PlainMapping) -> RegimenOverlap:
        """What `to_dict` made."""
        lists = {key: tuple(value) for key, value in found.items() if isinstance(value, list)}
        balance = tuple(PairedBalance(**b) for b in found["balance"])
        return cls(**{**found, **lists, "balance": balance})

    def ways_out(self) -> str:
        """What can be done about regimens whose patients do not overlap."""
        return (
            "Ways out: compare only patients who could have had either regimen ([data] where); leave out a covariate "
            "and allow for it as bias ([bias]); or add patients who are alike and had the other regimen."
        )


def propensity_scores(values: Array, member: NDArray[np.bool_], *, prior_sd: float = PRIOR_SD) -> Array:
    """Probability of having had a regimen, given the covariates: the posterior mode of a logistic regression.

    Parameters
    ----------
    values : array of shape (patients, covariates)
        As modelled, without missing values.
    member : array of bool, shape (patients,)
        Who had the regimen; some did and some did not.
    prior_sd : float
        Of every coefficient per standard deviation of its covariate, Normal with mean zero; the intercept is free.
        Infinite: maximum likelihood, where it exists.

    Returns
    -------
    array of shape (patients,)
        To nine digits, so that equal patients have equal scores.
    """
    x = np.column_stack([np.ones(len(member)), _standard(values)])
    precision = np.diag([0.0, *[prior_sd**-2.0] * (x.shape[1] - 1)])
    y = member.astype(float)

    def loss(b: Array) -> float:
        eta = x @ b
        return float((np.logaddexp(0.0, eta) - y * eta).sum() + 0.5 * b @ precision @ b)

    b = np.zeros(x.shape[1])
    b[0] = math.log(y.sum() / (1.0 - y).sum())
    for _ in range(100):
        p = _probability(x @ b)
        gradient = x.T @ (p - y) + precision @ b
        if np.abs(gradient).max() < 1e-10 * len(y):
            break
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + precision + 1e-12 * np.eye(len(b))
        step, size, now = np.linalg.solve(hessian, gradient), 1.0, loss(b)
        while loss(b - size * step) > now and size > 1e-6:
            size *= 0.5
        b = b - size * step
    least = 10.0**-_DIGITS  # so that a weight is finite
    return np.clip(np.round(_probability(x @ b), _DIGITS), least, 1.0 - least)


def _probability(log_odds: Array) -> Array:
    """The inverse logit."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * log_odds))


def _standard(values: Array) -> Array:
    """Covariates that differ between patients, over their standard deviation."""
    spread = values.std(axis=0)
    varies = spread > 1e-12 * np.maximum(1.0, np.abs(values).max(axis=0, initial=0.0))
    return np.asarray((values[:, varies] - values[:, varies].mean(axis=0)) / spread[varies])


def _separated(values: Array, member: NDArray[np.bool_]) -> bool:
    """Whether some weighted sum of the covariates is larger in everyone on the regimen than in anyone else.

    Under an almost flat prior the score is then such a sum; if there is none, no score puts everyone on one side.
    """
    scores = propensity_scores(values, member, prior_sd=_FLAT)
    return float(scores[member].min()) > float(scores[~member].max())


def regimen_overlap(
    pair: tuple[str, str],
    names: Sequence[str],
    values: Array,
    member: NDArray[np.bool_],
    binary: Sequence[bool],
    *,
    words: Sequence[str] = (),
    printed: Sequence[Callable[[float], float]] = (),
    left_out: int = 0,
    randomised: bool = False,
) -> RegimenOverlap:
    """Balance and overlap of the patients of two regimens.

    Parameters
    ----------
    pair : tuple of str
        The regimen and the reference.
    names : sequence of str
        Of the covariates.
    values : array of shape (patients, covariates)
        As modelled, of patients on either, without missing values.
    member : array of bool, shape (patients,)
        Who had the regimen rather than the reference.
    binary : sequence of bool
    words : sequence of str, optional
        The covariates as people say them, for the reasons.
    printed : sequence of callable, optional
        From a value as modelled to the unit in which the covariate is printed.
    left_out : int
        Patients on either regimen who are not here, because a value is missing.
    randomised : bool

    Notes
    -----
    The score orders patients by the ratio of the two densities, which therefore cross once, and the area under both is
    one less the largest distance of the two distribution functions: no width of a kernel is chosen.
    """
    own, other = values[member], values[~member]
    n, m = len(own), len(other)
    empty = RegimenOverlap(*pair, "none", (), randomised, (), n, m, left_out)
    if not (n and m):
        return replace(empty, reasons=(f"no patient on {pair[0] if m else pair[1]} has a value of every covariate",))
    shown = printed or [float] * len(names)
    balance = tuple(_balance(name, own[:, j], other[:, j], binary[j], shown[j]) for j, name in enumerate(names))
    scores = propensity_scores(values, member)
    p, q = scores[member], scores[~member]
    ess, reference_ess = _effective(1.0 / p), _effective(1.0 / (1.0 - q))
    inside, reference_inside = 1.0 - _beyond(p, q), 1.0 - _beyond(q, p)
    said = dict(zip(names, words or names, strict=True))
    found = _apart(balance, said, pair) if _separated(values, member) else []
    found += _of_balance(balance, said, pair)
    found += _of_scores(pair, inside, ess, n) + _of_scores(pair[::-1], reference_inside, reference_ess, m)
    return replace(
        empty,
        state=worst_of(found),
        reasons=tuple(reason for _, reason in found),
        balance=balance,
        inside=inside,
        reference_inside=reference_inside,
        coefficient=_common_area(p, q),
        extreme=float(((scores < _EXTREME[0]) | (scores > _EXTREME[1])).mean()),
        ess=ess,
        reference_ess=reference_ess,
        overlap_ess=_effective(1.0 - p),
        reference_overlap_ess=_effective(q),
        histogram=_counted(p),
        reference_histogram=_counted(q),
    )


def _counted(scores: Array) -> tuple[int, ...]:
    """Scores by bin."""
    return tuple(int(c) for c in np.histogram(scores, BINS, (0.0, 1.0))[0])


def _balance(name: str, own: Array, other: Array, binary: bool, shown: Callable[[float], float]) -> PairedBalance:
    """One covariate among the patients of either regimen."""
    (mean, reference_mean), (sd, reference_sd) = ([float(f(v)) for v in (own, other)] for f in (np.mean, np.std))
    gap = mean - reference_mean
    if abs(gap) < 1e-12 * max(1.0, abs(mean)):  # the order of rows decides the last digit
        gap = 0.0
    low, high, reference_low, reference_high = (
        shown(float(v)) for v in (own.min(), own.max(), other.min(), other.max())
    )
    cells = [own.sum(), len(own) - own.sum(), other.sum(), len(other) - other.sum()]
    return PairedBalance(
        covariate=name,
        mean=shown(mean),
        reference_mean=shown(reference_mean),
        sd=sd,
        reference_sd=reference_sd,
        count=int(own.sum()) if binary else None,
        reference_count=int(other.sum()) if binary else None,
        difference=standardised(gap, sd, reference_sd),
        low=low,
        high=high,
        reference_low=reference_low,
        reference_high=reference_high,
        outside=_beyond(own, other),
        reference_outside=_beyond(other, own),
        smallest_cell=int(min(cells)) if binary else None,
    )


def _beyond(own: Array, other: Array) -> float:
    """Share of the one beyond the range of the other."""
    return float(((own < other.min()) | (own > other.max())).mean())


def _effective(weights: Array) -> float:
    """Effective number of patients under weights (Kish)."""
    scaled = weights / weights.max() if weights.max() > 0 else np.ones(len(weights))
    return float(scaled.sum() ** 2 / (scaled**2).sum())


def _common_area(p: Array, q: Array) -> float:
    """Area under both densities of scores."""
    at = np.union1d(p, q)
    below = [np.searchsorted(np.sort(s), at, side="right") / len(s) for s in (p, q)]
    return 1.0 - float(np.abs(below[0] - below[1]).max())


def _apart(balance: Sequence[PairedBalance], said: Mapping[str, str], pair: tuple[str, str]) -> list[tuple[State, str]]:
    """No overlap, with the covariate that shows it best."""
    b = max(balance, key=lambda b: abs(b.difference))
    reason = (
        f"the covariates tell every patient on {pair[0]} from every one on {pair[1]}, furthest apart in "
        f"{said[b.covariate]}: from {b.low:.3g} to {b.high:.3g} against from {b.reference_low:.3g} to "
        f"{b.reference_high:.3g}"
    )
    return [("none", reason)]


def _of_scores(pair: tuple[str, str], inside: float, ess: float, n: int) -> list[tuple[State, str]]:
    """What the rules say of the scores of the patients on one regimen, held against those on the other."""
    found: list[tuple[State, str]] = []
    if 1.0 - inside > MOST_OUTSIDE:
        share = f"{100 * (1.0 - inside):.0f} %"
        reason = f"{share} of the patients on {pair[0]} have a propensity outside the range on {pair[1]}"
        found.append(("extrapolating", reason))
    state = state_of_ess(ess, n)
    if state is not None:
        found.append((state, f"weighting to all patients leaves {ess:.1f} of {n} on {pair[0]}"))
    return found


def _of_balance(
    balance: Sequence[PairedBalance], said: Mapping[str, str], pair: tuple[str, str]
) -> list[tuple[State, str]]:
    """What the rules say of single covariates."""
    found: list[tuple[State, str]] = []
    for b in balance:
        name, state = said[b.covariate], state_of_difference(b.difference)
        if state is not None:
            found.append((state, difference_in_words(name, b.difference)))
        for a, other, outside in ((*pair, b.outside), (*pair[::-1], b.reference_outside)):
            if outside > MOST_OUTSIDE:
                share = f"{100 * outside:.0f} %"
                found.append(
                    ("extrapolating", f"{share} of the patients on {a} lie outside the range of {name} on {other}")
                )
        if b.smallest_cell is not None and b.smallest_cell < FEWEST_IN_CELL:
            found.append(("thin", f"only {b.smallest_cell} patients of a regimen are on one side of {name}"))
    return found
