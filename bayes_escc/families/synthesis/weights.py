"""The weight of every study in a pooled effect.

Given the heterogeneity, the posterior mean of an effect is a weighted mean of the studies' effects and of the mean of
its prior, with weights ``1 / (s_i^2 + tau^2)`` and ``1 / s_0^2``. A study's weight is that share, averaged over the
posterior of tau: so the weights, with that of the prior, sum to one, and the posterior mean of the effect is the
weighted mean exactly. Beside it stands the weight of common effects, which is that of ``tau = 0``.

In a network and in a meta-regression a study informs several effects at once. Its weight in a contrast c is its share
of the information: with v the posterior covariance of the effects given tau and I_s the study's information,
``c' v I_s v c / c' v c``. Those of the studies and of the prior sum to one; in a pool they are the weights above.

References
----------
Riley RD, Ensor J, Jackson D, Burke DL. Stat Methods Med 2018;27:2885-2905.
Roever C, Friede T. Bounds for the weight of external data in shrinkage estimation. Biom J 2021;63:1131-1143.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.spec import SynthesisSpec

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["StudyWeight", "TauKnown", "as_dataset", "study_weights"]

Array = NDArray[np.float64]
TauKnown = Sequence[tuple[Array, Array]]
"""Values of the heterogeneity with their probabilities: of all studies, or by subgroup."""


class _Pooled(Protocol):
    """What weights need of a prepared synthesis."""

    spec: SynthesisSpec
    contrasts: Contrasts
    covariates: tuple[str, ...]
    effect_dim: str | None
    effect_labels: list[str]
    terms: list[str]
    X: Array
    Z: Array
    C: Array
    L: Array | None
    random: bool

    @property
    def term_correlation(self) -> Array: ...

    @property
    def separate(self) -> bool: ...

    def approximation(self) -> tuple[Array, Array]: ...


@dataclass(frozen=True)
class StudyWeight:
    """What one study, or the prior, is worth in a pooled effect.

    Parameters
    ----------
    study : str or None
        None for the prior of the effect.
    regimen : str or None
        The experimental regimen of the study.
    endpoint : str or None
    covariate : str or None
        The subgroup whose effect it is, the contrast of a network, or the effect or slope of a meta-regression; None
        where there is one effect.
    weight : float
        In the model of the analysis.
    weight_common : float
        If the studies had one effect in common.
    """

    study: str | None
    regimen: str | None
    endpoint: str | None
    covariate: str | None
    weight: float
    weight_common: float


def study_weights(design: _Pooled, tau: TauKnown) -> list[StudyWeight]:
    """Weights of the studies in every effect.

    Parameters
    ----------
    design : prepared synthesis
    tau : sequence of (array, array)
        Values of the heterogeneity with their probabilities: of all studies, or by subgroup; empty for common effects.
    """
    if design.spec.network or design.covariates:
        return _shares_of_information(design, tau)
    variance, c = np.diag(design.approximation()[1]), design.contrasts
    found = []
    for j, label in enumerate(design.effect_labels):
        rows = np.flatnonzero(design.X[:, j])
        covariate = label if design.effect_dim else None
        prior = design.spec.prior("effect")[design.terms[j]]
        known = float(prior["sigma"]) ** -2 if prior.distribution == "Normal" else 0.0
        values, shares = tau[j if design.separate else 0] if design.random else (np.zeros(1), np.ones(1))
        columns = [_shares(variance[rows], known, t, w) for t, w in ((values, shares), (np.zeros(1), np.ones(1)))]
        names: list[tuple[str | None, str | None]] = [(c.study[i], c.experimental[i]) for i in rows]
        names += [(None, None)] if known else []
        found += [
            StudyWeight(study, regimen, c.endpoint or None, covariate, float(weight), float(common))
            for (study, regimen), weight, common in zip(names, *columns, strict=False)
        ]
    return found


def _shares_of_information(design: _Pooled, tau: TauKnown) -> list[StudyWeight]:
    """Shares of the studies in what is known of every contrast; none unless all priors of effects are Normal."""
    roles = [("effect", design.terms), *([("coefficient", list(design.covariates))] if design.covariates else [])]
    priors = [design.spec.prior(role)[label] for role, labels in roles for label in labels]
    if any(p.distribution != "Normal" for p in priors):
        return []
    sd = np.array([float(p["sigma"]) for p in priors])
    correlation = np.eye(len(sd))
    correlation[: len(design.terms), : len(design.terms)] = design.term_correlation
    prior = np.linalg.inv(sd[:, None] * correlation * sd)
    values, shares = _thinned(*tau[0]) if design.random else (np.zeros(1), np.ones(1))
    wanted = _contrasts_of(design)
    coefficients = np.array([c for _, c in wanted])
    known, common = (
        _information(design, prior, coefficients, *at) for at in ((values, shares), (np.zeros(1), np.ones(1)))
    )
    studies: list[str | None] = [*dict.fromkeys(design.contrasts.study), None]
    return [
        StudyWeight(study, None, design.contrasts.endpoint or None, label, float(known[s, j]), float(common[s, j]))
        for j, (label, _) in enumerate(wanted)
        for s, study in enumerate(studies)
    ]


def _contrasts_of(design: _Pooled) -> list[tuple[str, Array]]:
    """Contrasts by name, as coefficients of terms and slopes: any two regimens, or the effect and every slope."""
    slopes = len(design.covariates)
    if design.spec.network:
        pairs = combinations(range(len(design.effect_labels)), 2)
        names = design.effect_labels
        return [
            (f"{names[j]} against {names[i]}", np.append(design.C[j] - design.C[i], np.zeros(slopes))) for i, j in pairs
        ]
    unit = np.eye(len(design.terms) + slopes)
    return [("effect", unit[0]), *((f"slope on {c}", unit[1 + i]) for i, c in enumerate(design.covariates))]


def _information(design: _Pooled, prior: Array, wanted: Array, tau: Array, share: Array) -> Array:
    """Shares of every study and, last, of the prior, (studies + 1, contrasts), averaged over tau."""
    V, X = design.approximation()[1], np.column_stack([design.X, design.Z])
    like = np.eye(len(V)) if design.L is None else design.L @ design.L.T
    studies = list(dict.fromkeys(design.contrasts.study))
    rows = [np.array([s == one for s in design.contrasts.study]) for one in studies]
    found = np.zeros((len(studies) + 1, len(wanted)))
    for t, p in zip(tau, share, strict=True):
        parts = [X[r].T @ np.linalg.solve(V[np.ix_(r, r)] + t**2 * like[np.ix_(r, r)], X[r]) for r in rows]
        information = np.stack([*parts, prior])
        reach = np.linalg.solve(information.sum(axis=0), wanted.T)  # (terms, contrasts)
        each = np.einsum("ic,sij,jc->sc", reach, information, reach)
        found += p * each / each.sum(axis=0)
    return found


def _thinned(values: Array, shares: Array, most: int = 200) -> tuple[Array, Array]:
    """Values with their probabilities; of many draws some, at equal steps of their order."""
    if len(values) <= most:
        return values, shares
    order = np.argsort(values)
    reached = np.cumsum(shares[order])
    at = np.searchsorted(reached, (np.arange(most) + 0.5) / most * reached[-1])
    return values[order][np.minimum(at, len(values) - 1)], np.full(most, 1.0 / most)


def as_dataset(weights: Sequence[StudyWeight]) -> xr.Dataset | None:
    """Weights as a group of a posterior's tree, empty text for what is absent; None without weights."""
    import xarray as xr

    if not weights:
        return None
    columns = {f.name: [getattr(row, f.name) for row in weights] for f in fields(StudyWeight)}
    return xr.Dataset({k: ("weighed", ["" if v is None else v for v in column]) for k, column in columns.items()})


def _shares(variance: Array, prior: float, tau: Array, probability: Array) -> Array:
    """Shares of the studies and, last, of the prior, averaged over tau."""
    precision = 1.0 / (variance[:, None] + tau**2)
    precision = np.vstack([precision, np.full(len(tau), prior)])
    return np.asarray((precision / precision.sum(axis=0)) @ probability)
