"""The weight of every study in a pooled effect.

Given the heterogeneity, the posterior mean of an effect is a weighted mean of the studies' effects and of the mean of
its prior, with weights ``1 / (s_i^2 + tau^2)`` and ``1 / s_0^2``. A study's weight is that share, averaged over the
posterior of tau: so the weights, with that of the prior, sum to one, and the posterior mean of the effect is the
weighted mean exactly. Beside it stands the weight of common effects, which is that of ``tau = 0``.

References
----------
Roever C, Friede T. Bounds for the weight of external data in shrinkage estimation. Biom J 2021;63:1131-1143.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
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
    random: bool

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
        The subgroup whose effect it is; None where there is one effect.
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
    """Weights of the studies in every pooled effect; none in a network or a meta-regression.

    Parameters
    ----------
    design : prepared synthesis
    tau : sequence of (array, array)
        Values of the heterogeneity with their probabilities: of all studies, or by subgroup; empty for common effects.
    """
    if design.spec.network or design.covariates:
        return []
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
