"""Arm counts as binomial, beside published effects if there are any: zero cells need no correction. By NUTS."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.families.response.cells import empirical_logits
from bayes_escc.families.synthesis.contrasts import Arms, Contrasts
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.integrated import MAX_OWN_EFFECTS, log_density_of_arms
from bayes_escc.families.synthesis.normal import add_normal, normal_data, normal_deviance, normal_log_density
from bayes_escc.families.synthesis.predictor import Predictor
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.names import CHAIN, DRAW, OWN_EFFECTS, AnyArray
from bayes_escc.probability.logarithms import log_choose

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["BinomialSynthesisDesign"]

Array = NDArray[np.float64]


class BinomialSynthesisDesign(SynthesisDesign):
    """``events ~ Binomial(n, expit(baseline of the study + delta of the arm))``.

    Every study has a baseline of its own, with a vague prior: no randomised comparison leans on another
    trial's control arm. It is the log odds of the control arm; in a network whose regimens are exchangeable,
    where no arm is the control, the mean log odds of the study's arms, so that its prior favours none of them
    and the order of rows is nothing. The first `published` contrasts may be log odds ratios as published,
    ``published ~ N(delta, V)``, on the same effects.
    """

    def __init__(
        self,
        contrasts: Contrasts,
        arms: Arms,
        spec: SynthesisSpec,
        warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
        predictor: Predictor | None = None,
    ) -> None:
        super().__init__(contrasts, spec, warnings, covariates, predictor)
        self.counts = arms
        self.published = self.k - int(arms.contrast.max(initial=0))
        self.arm_contrast = np.where(arms.contrast > 0, arms.contrast + self.published, 0).astype("int32")
        self.studies = arms.studies
        self.arm_study = np.array([self.studies.index(s) for s in arms.study], dtype="int32")
        self.events = int(arms.events.sum())
        kinds = ["independent" if contrasts.independent else "correlated", *(["separate"] if self.separate else [])]
        if self.published:
            kinds.append("beside independent effects" if self._alone else "beside correlated effects")
        self.centred = spec.network and spec.regimen_coding == "exchangeable"
        if self.centred:
            kinds.append("about the mean of a study")
        self.variant = f"binomial, {spec.pooling}, {', '.join(kinds)}"

    def with_predictor(self, spec: SynthesisSpec, predictor: Predictor) -> BinomialSynthesisDesign:
        covariates = (tuple(self.covariates), self.Z)
        return BinomialSynthesisDesign(self.contrasts, self.counts, spec, self.warnings, covariates, predictor)

    def residual_deviance(self, parameters: xr.Dataset) -> tuple[Array, Array]:
        from scipy.special import expit, xlogy

        k, n = self.counts.events, self.counts.n

        def deviance(expected: Array) -> Array:
            return np.asarray(2.0 * (xlogy(k, k / expected) + xlogy(n - k, (n - k) / (n - expected))))

        expected = n * expit(self._logits(parameters))
        mean, at_mean = deviance(expected).mean(axis=(0, 1)), deviance(expected.mean(axis=(0, 1)))
        if not self.published:
            return mean, at_mean
        y, V, _ = self._first
        more = normal_deviance(y - self.delta(parameters)[..., : self.published], V)
        return np.concatenate([mean, more[0]]), np.concatenate([at_mean, more[1]])

    @property
    def _first(self) -> tuple[Array, Array, tuple[str, ...]]:
        """Published effects, their covariance and their studies."""
        m, c = self.published, self.contrasts
        return c.y[:m], c.V[:m, :m], c.study[:m]

    @property
    def _alone(self) -> bool:
        """Whether no study gives more than one published effect."""
        study = self._first[2]
        return len(set(study)) == len(study)

    @property
    def of_arms(self) -> Array:
        """What every arm has of the contrasts, beside its study's baseline, shape (arm, row)."""
        found = np.zeros((len(self.arm_contrast), self.k + 1))
        found[np.arange(len(found)), self.arm_contrast] = 1.0
        found[:, 0] = 0.0  # the first arm of a study
        if self.centred:
            member = (self.arm_study[:, None] == self.arm_study).astype(float)
            found -= member / member.sum(axis=1, keepdims=True) @ found
        return found[:, 1:]

    def approximation(self) -> tuple[Array, Array]:
        m, arms = self.published, self.counts
        k, other = arms.events + 0.5, arms.n - arms.events + 0.5  # a zero cell tells the sampler little, not nothing
        logit, variance = np.log(k / other), 1.0 / k + 1.0 / other
        base = np.array([arms.study.index(s) for s in arms.study])
        rows = arms.contrast > 0
        against = base[rows]
        V = np.diag(variance[rows]) + (against[:, None] == against) * variance[against]
        known, V_known, _ = self._first
        nothing = np.zeros((m, len(V)))
        return np.concatenate([known, logit[rows] - logit[against]]), np.block([[V_known, nothing], [nothing.T, V]])

    def contrasts_in(self, data: Mapping[Any, Any]) -> Array:
        arms = self.counts
        logit = empirical_logits(np.asarray(data["events"], dtype=float), arms.n)
        rows = np.flatnonzero(arms.contrast > 0)
        first = [arms.study.index(arms.study[i]) for i in rows]
        against = logit[..., rows] - logit[..., first]
        if not self.published:
            return against
        return np.concatenate([np.asarray(data["published"], dtype=float), against], axis=-1)

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        labels = [f"{s}: {r}" for s, r in zip(self.counts.study, self.counts.regimen, strict=True)]
        first = self.row_labels[: self.published]
        return {**super().coords, "trial": self.studies, "arm": labels, "published_row": first}

    @property
    def structure(self) -> Hashable:
        sizes = (len(self.studies), len(self.counts.n), self.published)
        return (super().structure, *sizes, self.spec.prior("baseline").default)

    @property
    def data(self) -> Mapping[str, AnyArray]:
        arms = self.counts
        y, V, _ = self._first
        return {
            **super().data,
            **(normal_data(y, V, self._alone) if self.published else {}),
            "arm_study": self.arm_study,
            **({"of_arms": self.of_arms} if self.centred else {"arm_contrast": self.arm_contrast}),
            "n": arms.n,
            "events_observed": arms.events,
        }

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        arms = self.counts
        with pm.Model(coords={d: list(v) for d, v in self.coords.items()}) as model:
            true = self.build_predictor()
            if self.published:
                y, V, _ = self._first
                add_normal("published", true[: self.published], y, V, "published_row", self._alone)
            baseline = self.spec.prior("baseline").to_pymc("baseline", list(self.studies), "trial")
            study = pm.Data("arm_study", self.arm_study, dims="arm")
            if self.centred:
                relative = pt.dot(pm.Data("of_arms", self.of_arms, dims=("arm", "row")), true)
            else:
                contrast = pm.Data("arm_contrast", self.arm_contrast, dims="arm")
                relative = pt.concatenate([pt.zeros(1), true])[contrast]
            n = pm.Data("n", arms.n, dims="arm")
            observed = pm.Data("events_observed", arms.events, dims="arm")
            pm.Binomial("events", n=n, logit_p=baseline[study] + relative, observed=observed, dims="arm")
        return model

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        found = super().prior(rng, draws)
        values = self.spec.prior("baseline").sample(rng, draws, list(self.studies))[None]
        return found.assign_coords(trial=list(self.studies)).assign(baseline=((CHAIN, DRAW, "trial"), values))

    def _logits(self, parameters: xr.Dataset) -> Array:
        relative = self.delta(parameters) @ self.of_arms.T
        return np.asarray(parameters["baseline"].to_numpy()[..., self.arm_study] + relative)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr
        from scipy.special import log_expit

        eta, k, n = self._logits(parameters), self.counts.events, self.counts.n
        values = log_choose(n, k) + k * log_expit(eta) + (n - k) * log_expit(-eta)
        # a trial has effects of its own in every model: its baseline, and its random effects
        found = xr.Dataset(
            {"events": ((CHAIN, DRAW, "arm"), values, OWN_EFFECTS)}, coords={"arm": list(self.coords["arm"])}
        )
        integrated = self._integrated_log_density(parameters)
        if integrated is not None:
            found = found.assign_coords(trial=list(self.studies))
            found = found.assign(events_integrated=((CHAIN, DRAW, "trial"), integrated, OWN_EFFECTS))
        if self.published:
            y, V, study = self._first
            residual = y - self.delta(parameters)[..., : self.published]
            studies, density = normal_log_density(residual, V, study)
            found = found.assign_coords(published_study=studies)
            found = found.assign(published=((CHAIN, DRAW, "published_study"), density))
        return found

    def _integrated_log_density(self, parameters: xr.Dataset) -> Array | None:
        """Log density of every study's counts, its baseline and random effects integrated out, (chain, draw, study).

        None where the prior of the baseline is not normal, or a study has more effects of its own than are integrated.
        """
        baseline = self.spec.prior("baseline").default
        most = 1 + int(np.bincount(self.arm_study).max() - 1) * self.random
        if baseline.distribution != "Normal" or most > MAX_OWN_EFFECTS or self.published:
            return None
        fixed = self.fixed_part(parameters)
        shape, fixed = fixed.shape[:-1], fixed.reshape(-1, self.k)
        mean = float(baseline["mu"]) + fixed @ self.of_arms.T
        tau = parameters["tau"].to_numpy().reshape(len(fixed), -1) if self.random else np.zeros((len(fixed), 1))
        each = tau[:, np.zeros(self.k, dtype=int) if self.groups is None else self.groups]
        found = []
        for number, study in enumerate(self.studies):
            arms = np.flatnonzero(self.arm_study == number)
            own = np.full((len(fixed), len(arms), 1), float(baseline["sigma"]))
            if self.L is not None:
                rows = np.array([s == study for s in self.contrasts.study])
                effects = self.of_arms[np.ix_(arms, rows)]
                spread = each[:, rows][:, :, None] * self.L[np.ix_(rows, rows)]
                own = np.concatenate([own, effects @ spread], axis=2)
            counts = self.counts.events[arms], self.counts.n[arms]
            found.append(log_density_of_arms(*counts, mean[:, arms], own).reshape(shape))
        return np.stack(found, axis=-1)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr
        from scipy.special import expit

        values = rng.binomial(self.counts.n, expit(self._logits(parameters)))
        found = xr.Dataset({"events": ((CHAIN, DRAW, "arm"), values)}, coords={"arm": list(self.coords["arm"])})
        if self.published:
            delta = self.delta(parameters)[..., : self.published]
            noise = rng.normal(size=delta.shape) @ np.linalg.cholesky(self._first[1]).T
            found = found.assign_coords(published_row=list(self.coords["published_row"]))
            found = found.assign(published=((CHAIN, DRAW, "published_row"), delta + noise))
        return found

    def observed(self) -> xr.Dataset:
        import xarray as xr

        arms, error = self.counts, np.sqrt(np.diag(self.contrasts.V))
        usable = np.isfinite(error) & np.isfinite(self.contrasts.y)  # a log odds ratio has none at zero cells
        values = {
            "events": ("arm", arms.events),
            "n": ("arm", arms.n),
            "y": ("row", np.where(usable, self.contrasts.y, np.nan)),
            "se": ("row", np.where(usable, error, np.nan)),
        }
        coords = {
            "arm": list(self.coords["arm"]),
            "arm_study": ("arm", list(arms.study)),
            "arm_regimen": ("arm", list(arms.regimen)),
            **self.row_coords(),
        }
        if self.published:
            values["published"] = ("published_row", self._first[0])
            coords["published_row"] = list(self.coords["published_row"])
        return xr.Dataset(values, coords=coords)
