"""Coefficients of covariates: independent priors, or priors that learn how large coefficients are.

Ridge: coefficient_j ~ Normal(0, coefficient_sd), one spread for all, estimated. Regularised horseshoe
(Piironen and Vehtari, Electron J Stat 2017;11:5018-5051): most coefficients near zero, a few free up to a slab,

    coefficient_j ~ Normal(0, global_scale * s_j),  s_j^2 = slab l_j^2 / (slab + global_scale^2 l_j^2),
    l_j ~ HalfCauchy(1),

with slab_variance written slab. Covariates that are given a prior of their own are not shrunk, and the contrast
between regimens never is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.families.base import prior_line
from bayes_escc.names import COVARIATE
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    from bayes_escc.families.covariates import EncodedCovariates
    from bayes_escc.families.survival.spec import SurvivalSpec
    from bayes_escc.families.tensors import Tensor

__all__ = ["Coefficients", "expected_global_scale"]

Array = NDArray[np.float64]


def expected_global_scale(relevant: int, covariates: int, events: int) -> float:
    """The global scale at which about so many coefficients are expected to be free (Piironen and Vehtari, eq. 3.12).

    A log hazard carries one unit of information per event, so that events stand where the original
    has the number of observations over their variance.
    """
    return relevant / (covariates - relevant) / math.sqrt(max(events, 1))


class Coefficients:
    """The coefficients of one design.

    Parameters
    ----------
    spec : SurvivalSpec
    encoded : EncodedCovariates
    events : int

    Raises
    ------
    AnalysisError
        If a covariate to be shrunk is not standardised, or `relevant` is not below their number.
    """

    def __init__(self, spec: SurvivalSpec, encoded: EncodedCovariates, events: int) -> None:
        self.spec, self.labels = spec, encoded.labels
        own = {label for label, _ in spec.prior("coefficient").overrides} if self.labels else set()
        shrinks = spec.shrinkage != "none"
        self.shrunk = tuple(label for label in self.labels if shrinks and label not in own)
        self.free = tuple(label for label in self.labels if label not in self.shrunk)
        order = (*self.shrunk, *self.free)
        self.place = np.array([order.index(label) for label in self.labels], dtype="int64")
        self.relevant = spec.relevant or max(1, len(self.shrunk) // 3)
        if not shrinks:
            return
        if not self.shrunk or (spec.shrinkage == "horseshoe" and self.relevant >= len(self.shrunk)):
            raise AnalysisError(
                f"model.relevant: {self.relevant} of {len(self.shrunk)} shrunken coefficients cannot be the few that "
                "matter; state fewer, or use shrinkage only with more covariates."
            )
        spread = np.nanstd(encoded.values, axis=0)
        for label, sd, binary in zip(self.labels, spread, encoded.binary, strict=True):
            if label in self.shrunk and not binary and not 0.5 <= sd <= 2.0:
                raise AnalysisError(
                    f"model.shrinkage: {label} as coded has a standard deviation of {sd:.3g}, and shrinkage needs "
                    f'coefficients on one scale; set its scale = "sd", or give it a prior of its own, '
                    f"[priors.coefficient.{label}]."
                )
        self.scale = Prior("HalfCauchy", beta=1.0)
        if spec.shrinkage == "horseshoe":
            expected = expected_global_scale(self.relevant, len(self.shrunk), events)
            self.scale = spec.prior("global_scale").default
            if "global_scale" not in spec.stated:
                why = f"{self.relevant} of {len(self.shrunk)} covariates are expected to matter."
                self.scale = Prior("HalfCauchy", beta=expected, rationale=why)

    @property
    def coords(self) -> dict[str, Sequence[str]]:
        return {COVARIATE: self.labels, "shrunk": self.shrunk, "free": self.free} if self.shrunk else {}

    @property
    def structure(self) -> tuple[Tensor, ...]:
        if not self.shrunk:
            return ()
        scale = self.scale if self.spec.shrinkage == "horseshoe" else None
        return self.spec.shrinkage, self.shrunk, self.free, scale

    @property
    def parameter_count(self) -> int:
        """Coefficients, those shrunk together counting as one."""
        return len(self.free) + (1 if self.shrunk else 0)

    def build(self) -> Tensor:
        """Create the coefficients inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        prior = self.spec.prior("coefficient")
        if not self.shrunk:
            return prior.to_pymc("coefficient", self.labels, COVARIATE)
        parts = [pm.Normal("coefficient_z", dims="shrunk")]
        if self.spec.shrinkage == "ridge":
            parts[0] = parts[0] * self.spec.prior("coefficient_sd").default.to_pymc("coefficient_sd")
        else:
            local = pm.HalfCauchy("local_scale", beta=1.0, dims="shrunk")
            slab = self.spec.prior("slab_variance").default.to_pymc("slab_variance")
            parts[0] = parts[0] * _horseshoe_sd(pt, self.scale.to_pymc("global_scale"), local, slab)
        if self.free:
            parts.append(prior.to_pymc("coefficient_free", self.free, "free"))
        return pm.Deterministic("coefficient", pt.concatenate(parts)[self.place], dims=COVARIATE)

    def sample(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Array]]:
        """Prior draws, by name with dimensions."""
        prior = self.spec.prior("coefficient")
        if not self.shrunk:
            return {"coefficient": ((COVARIATE,), prior.sample(rng, draws, self.labels))}
        found: dict[str, tuple[tuple[str, ...], Array]] = {}
        z = rng.normal(size=(draws, len(self.shrunk)))
        if self.spec.shrinkage == "ridge":
            spread = self.spec.prior("coefficient_sd").default.sample(rng, draws)
            found["coefficient_sd"], parts = ((), spread), [z * spread[:, None]]
        else:
            scale, slab = self.scale.sample(rng, draws), self.spec.prior("slab_variance").default.sample(rng, draws)
            local = np.abs(rng.standard_cauchy((draws, len(self.shrunk))))
            found |= {"global_scale": ((), scale), "slab_variance": ((), slab)}
            parts = [z * _horseshoe_sd(np, scale[:, None], local, slab[:, None])]
        if self.free:
            parts.append(prior.sample(rng, draws, self.free))
        return found | {"coefficient": ((COVARIATE,), np.concatenate(parts, axis=1)[:, self.place])}

    def words(self) -> list[str]:
        """The priors of the coefficients, one line each."""
        what, prior = "log hazard ratio of covariates", self.spec.prior("coefficient")
        lines = prior_line(what, prior, "")
        if not self.shrunk:
            return lines
        listed, lines = ", ".join(self.shrunk), lines[1:]
        if self.spec.shrinkage == "ridge":
            return [f"{what} {listed} ~ Normal(0, coefficient_sd): shrunk together (ridge).", *lines]
        low, high = self.scale.interval(0.95)
        return [
            f"{what} {listed}: regularised horseshoe (Piironen and Vehtari 2017).",
            f"global scale of the horseshoe ~ {self.scale}: 95 % between {low:.3g} and {high:.3g}. "
            f"{self.scale.rationale}".rstrip(),
            *lines,
        ]


def _horseshoe_sd(xp: Any, scale: Tensor, local: Tensor, slab: Tensor) -> Tensor:
    """Standard deviations of coefficients under the regularised horseshoe.

    Notes
    -----
    scale * local * sqrt(slab / (slab + scale^2 local^2)), written so that a huge local scale does not overflow.
    """
    wide = scale * local
    return wide / xp.sqrt(1.0 + (wide / xp.sqrt(slab)) ** 2)
