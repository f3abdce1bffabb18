"""Arm counts as binomial: zero cells need no continuity correction. By NUTS."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.families.response.cells import log_choose
from bayes_escc.families.synthesis.contrasts import Arms, Contrasts
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.names import CHAIN, DRAW

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["BinomialSynthesisDesign"]

Array = NDArray[np.float64]


class BinomialSynthesisDesign(SynthesisDesign):
    """``events ~ Binomial(n, expit(baseline of the study + delta of the arm))``."""

    def __init__(
        self, contrasts: Contrasts, arms: Arms, spec: SynthesisSpec, warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
    ) -> None:  # fmt: skip
        super().__init__(contrasts, spec, warnings, covariates)
        self.counts = arms
        self.studies = arms.studies
        self.arm_study = np.array([self.studies.index(s) for s in arms.study], dtype="int32")
        self.events = int(arms.events.sum())
        self.variant = f"binomial, {spec.pooling}, {'independent' if contrasts.independent else 'correlated'}"

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        labels = [f"{s}: {r}" for s, r in zip(self.counts.study, self.counts.regimen, strict=True)]
        return {**super().coords, "trial": self.studies, "arm": labels}

    @property
    def structure(self) -> Hashable:
        return (super().structure, len(self.studies), len(self.counts.n), self.spec.prior("baseline").default)

    @property
    def data(self) -> Mapping[str, NDArray[Any]]:
        arms = self.counts
        return {
            **super().data,
            "arm_study": self.arm_study,
            "arm_contrast": arms.contrast,
            "n": arms.n,
            "events_observed": arms.events,
        }

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        arms = self.counts
        with pm.Model(coords={d: list(v) for d, v in self.coords.items()}) as model:
            delta = pt.concatenate([pt.zeros(1), self.build_predictor()])
            baseline = self.spec.prior("baseline").to_pymc("baseline", list(self.studies), "trial")
            study = pm.Data("arm_study", self.arm_study, dims="arm")
            contrast = pm.Data("arm_contrast", arms.contrast, dims="arm")
            n = pm.Data("n", arms.n, dims="arm")
            observed = pm.Data("events_observed", arms.events, dims="arm")
            pm.Binomial("events", n=n, logit_p=baseline[study] + delta[contrast], observed=observed, dims="arm")
        return model

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        found = super().prior(rng, draws)
        values = self.spec.prior("baseline").sample(rng, draws, list(self.studies))[None]
        return found.assign_coords(trial=list(self.studies)).assign(baseline=((CHAIN, DRAW, "trial"), values))

    def _logits(self, parameters: xr.Dataset) -> Array:
        delta = self.delta(parameters)
        padded = np.concatenate([np.zeros((*delta.shape[:-1], 1)), delta], axis=-1)
        return np.asarray(parameters["baseline"].to_numpy()[..., self.arm_study] + padded[..., self.counts.contrast])

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr
        from scipy.special import log_expit

        eta, k, n = self._logits(parameters), self.counts.events, self.counts.n
        values = log_choose(n, k) + k * log_expit(eta) + (n - k) * log_expit(-eta)
        return xr.Dataset({"events": ((CHAIN, DRAW, "arm"), values)}, coords={"arm": list(self.coords["arm"])})

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr
        from scipy.special import expit

        values = rng.binomial(self.counts.n, expit(self._logits(parameters)))
        return xr.Dataset({"events": ((CHAIN, DRAW, "arm"), values)}, coords={"arm": list(self.coords["arm"])})

    def observed(self) -> xr.Dataset:
        import xarray as xr

        arms, error = self.counts, np.sqrt(np.diag(self.contrasts.V))
        usable = np.isfinite(error) & np.isfinite(self.contrasts.y)  # a log odds ratio has none at zero cells
        return xr.Dataset(
            {
                "events": ("arm", arms.events),
                "n": ("arm", arms.n),
                "y": ("row", np.where(usable, self.contrasts.y, np.nan)),
                "se": ("row", np.where(usable, error, np.nan)),
            },
            coords={"arm": list(self.coords["arm"]), **self.row_coords()},
        )
