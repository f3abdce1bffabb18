"""Effects taken as normal on the analysis scale: exact by quadrature over tau, or by NUTS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Problem
from bayes_escc.families.base import ExactPosterior
from bayes_escc.families.prior_conflict import prior_conflicts
from bayes_escc.families.synthesis.absolute import Baseline, draw_baseline, risk_under
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.gaussian import GaussianModel, Quadrature, integrate
from bayes_escc.families.synthesis.marginals import Part, laws_of
from bayes_escc.families.synthesis.predictor import Predictor
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.families.synthesis.weights import StudyWeight, TauKnown, study_weights
from bayes_escc.names import CHAIN, DRAW, LEFT_OUT, OWN_EFFECTS, AnyArray

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["NormalDesign", "add_normal", "normal_data", "normal_deviance", "normal_log_density"]

Array = NDArray[np.float64]
_REPLICATES: Final = 4000
"""Data drawn from the prior, to be held against those there are."""
_EXACTLY_LEFT_OUT: Final = 40
"""Most studies of which each is left out by a quadrature of its own."""


def normal_data(y: Array, V: Array, independent: bool) -> dict[str, Array]:
    """The `pm.Data` of normal effects with known covariance."""
    known = {"standard_error": np.sqrt(np.diag(V))} if independent else {"factor": np.linalg.cholesky(V)}
    return {**known, "y_observed": y}


def add_normal(name: str, delta: Tensor, y: Array, V: Array, dim: str, independent: bool) -> None:
    """Add normal effects with known covariance to the current PyMC model."""
    import pymc as pm

    values = normal_data(y, V, independent)
    observed = pm.Data("y_observed", y, dims=dim)
    if independent:
        error = pm.Data("standard_error", values["standard_error"], dims=dim)
        pm.Normal(name, delta, error, observed=observed, dims=dim)
    else:
        pm.MvNormal(name, delta, chol=pm.Data("factor", values["factor"]), observed=observed, dims=dim)


def normal_log_density(residual: Array, V: Array, study: Sequence[str]) -> tuple[list[str], Array]:
    """Log density of every study's effects, shape (..., studies), given their residuals."""
    studies = list(dict.fromkeys(study))
    parts = []
    for one in studies:
        rows = np.array([s == one for s in study])
        block, r = V[np.ix_(rows, rows)], residual[..., rows]
        quadratic = np.einsum("...i,ij,...j->...", r, np.linalg.inv(block), r)
        parts.append(-0.5 * (quadratic + np.linalg.slogdet(2.0 * math.pi * block)[1]))
    return studies, np.stack(parts, axis=-1)


def normal_deviance(residual: Array, V: Array) -> tuple[Array, Array]:
    """Residual deviance of normal effects: mean over chains and draws, and at the mean residual."""
    white = residual @ np.linalg.inv(np.linalg.cholesky(V)).T
    return (white**2).mean(axis=(0, 1)), white.mean(axis=(0, 1)) ** 2


class NormalDesign(SynthesisDesign):
    """``y ~ N(delta, V)`` with V known; see `SynthesisDesign` for delta."""

    def __init__(
        self,
        contrasts: Contrasts,
        spec: SynthesisSpec,
        warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
        predictor: Predictor | None = None,
    ) -> None:
        super().__init__(contrasts, spec, warnings, covariates, predictor)
        self.blocks = contrasts.independent
        kind = "independent" if self.blocks else "correlated"
        self.variant = f"normal, {spec.pooling}, {kind}{', separate' if self.separate else ''}"

    def with_predictor(self, spec: SynthesisSpec, predictor: Predictor) -> NormalDesign:
        return NormalDesign(self.contrasts, spec, self.warnings, (self.covariates, self.Z), predictor)

    def residual_deviance(self, parameters: xr.Dataset) -> tuple[Array, Array]:
        return normal_deviance(self.contrasts.y - self.delta(parameters), self.contrasts.V)

    @property
    def data(self) -> Mapping[str, AnyArray]:
        return {**super().data, **normal_data(self.contrasts.y, self.contrasts.V, self.blocks)}

    def build(self) -> pm.Model:
        import pymc as pm

        with pm.Model(coords={d: list(v) for d, v in self.coords.items()}) as model:
            delta = self.build_predictor()
            add_normal("y", delta, self.contrasts.y, self.contrasts.V, "row", self.blocks)
        return model

    @property
    def typical_errors(self) -> Array | None:
        """Higgins and Thompson's typical within-study standard error, of all studies or by subgroup.

        ``I^2 = tau^2 / (tau^2 + s^2)`` with ``s^2 = (k - 1) sum(w) / (sum(w)^2 - sum(w^2))`` and
        weights ``w = 1 / se^2``. None in a network, with correlated contrasts, or where fewer than
        two studies share a heterogeneity.

        References
        ----------
        Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558.
        """
        groups = np.zeros(self.k, dtype="int32") if self.groups is None else self.groups
        sizes = np.bincount(groups)
        if not self.blocks or self.spec.network or sizes.min() < 2:
            return None
        w = 1.0 / np.diag(self.contrasts.V)
        first, second = np.bincount(groups, w), np.bincount(groups, w**2)
        return np.asarray(np.sqrt((sizes - 1) * first / (first**2 - second)))

    @cached_property
    def gaussian(self) -> GaussianModel | None:
        """The model for the exact engine; None unless all effects have normal priors."""
        roles = [("effect", self.terms), *([("coefficient", list(self.covariates))] if self.covariates else [])]
        priors = [self.spec.prior(role)[label] for role, labels in roles for label in labels]
        if any(p.distribution != "Normal" for p in priors):
            return None
        return GaussianModel(
            self.contrasts.y,
            self.contrasts.V,
            np.column_stack([self.X, self.Z]),
            self.L,
            np.array([float(p["mu"]) for p in priors]),
            np.array([float(p["sigma"]) for p in priors]),
            self.theta_correlation,
        )

    @property
    def theta_correlation(self) -> Array | None:
        """Prior correlation of terms and coefficients; None where they are independent."""
        if self.exchangeable_regimens < 3:
            return None
        found = np.eye(len(self.terms) + len(self.covariates))
        found[: len(self.terms), : len(self.terms)] = self.term_correlation
        return found

    @cached_property
    def parts(self) -> Sequence[Part] | None:
        """The pieces that are independent given the data, each with one tau; None without an exact posterior.

        One piece, or one per subgroup where each has a heterogeneity of its own.
        """
        model = self.gaussian
        if model is None:
            return None
        tau = self.spec.prior("tau") if self.random else None
        if self.groups is None:
            return [Part(np.arange(len(model.m0)), np.arange(self.k), model, tau.default if tau else None)]
        found = []
        for j, label in enumerate(self.effect_labels):
            rows, terms = np.flatnonzero(self.groups == j), np.array([j])
            piece = GaussianModel(
                model.y[rows],
                model.V[np.ix_(rows, rows)],
                model.X[np.ix_(rows, terms)],
                np.eye(len(rows)),
                model.m0[terms],
                model.s0[terms],
            )
            found.append(Part(terms, rows, piece, tau[label] if tau else None))
        return found

    @property
    def quadrature(self) -> Quadrature | None:
        """The exact posterior on nodes of tau, or None where there is none or there are several."""
        parts = self.parts
        return parts[0].posterior if parts is not None and len(parts) == 1 else None

    @property
    def tau_of_parts(self) -> TauKnown:
        """The heterogeneity of every independent piece, by quadrature; empty where there is no exact posterior."""
        return [(part.posterior.tau, part.posterior.weight) for part in self.parts or ()]

    def risks_at(self, baseline: Baseline, rng: np.random.Generator, draws: int) -> dict[str, Array]:
        """Draws of the risk without and with the one effect of a pool, and of their difference, each (1, draws)."""
        if self.quadrature is None:
            raise AnalysisError("risks at a baseline need one effect with a Normal prior.")
        location, spread = self.quadrature.linear(np.ones((1, 1)))
        node = rng.choice(len(self.quadrature.weight), size=(1, draws), p=self.quadrature.weight)
        effect = location[0][node] + spread[0][node] * rng.normal(size=node.shape)
        before = draw_baseline(baseline, rng, node.shape)
        after = risk_under(self.measure, effect, before)
        found = {} if isinstance(baseline, float) else {"baseline_rate": before}
        return {**found, "event_rate": after, "risk_difference": after - before}

    def exact_study_weights(self) -> list[StudyWeight]:
        """What every study is worth in a pooled effect, where the heterogeneity is known by quadrature."""
        return study_weights(self, self.tau_of_parts)

    def tau_known(self, parameters: xr.Dataset) -> TauKnown:
        return self.tau_of_parts or super().tau_known(parameters)

    @property
    def log_evidence(self) -> tuple[float, float] | None:
        """Logarithm of the density of the effects, everything integrated out, and its error; None if not exact."""
        if self.parts is None:
            return None
        found = [part.posterior for part in self.parts]
        return sum(q.log_evidence for q in found), sum(q.error for q in found) + 1e-12

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        parts = self.parts
        if parts is None:
            return None
        p = self.X.shape[1] + self.Z.shape[1]
        theta, offset = np.empty((chains, draws, p)), np.empty((chains, draws, self.k))
        taus = []
        for part in parts:
            law = part.posterior.law
            tau = np.zeros(chains * draws) if law is None else law.sample(rng, (chains * draws,))
            values = part.model.draw(tau, rng).reshape(chains, draws, -1)
            theta[..., part.terms] = values[..., : len(part.terms)]
            if self.random:
                offset[..., part.rows] = values[..., len(part.terms) :]
            taus.append(tau.reshape(chains, draws))
        tau = np.stack(taus, axis=-1) if self.separate else taus[0]
        parameters = self.parameters_of(theta, tau if self.random else None, offset if self.random else None)
        after, before = [part.posterior for part in parts], [part.prior for part in parts]
        evidence, error = self.log_evidence or (math.nan, math.nan)
        return ExactPosterior(parameters, laws_of(self, parts, after), laws_of(self, parts, before), evidence, error)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        residual = self.contrasts.y - self.delta(parameters)
        studies, values = normal_log_density(residual, self.contrasts.V, self.contrasts.study)
        densities = {"y": values}
        if self.random:
            densities["y_integrated"] = self._integrated_log_density(parameters)
        dim, coords = ("row", self.row_coords()) if self.blocks else ("trial", {"trial": studies})
        exact = {} if self.left_out is None else {LEFT_OUT: " ".join(map(repr, self.left_out))}
        if not self.random:
            return xr.Dataset({"y": ((CHAIN, DRAW, dim), values, exact)}, coords=coords)
        named = {
            name: ((CHAIN, DRAW, dim), each, {**OWN_EFFECTS, **(exact if name != "y" else {})})
            for name, each in densities.items()
        }
        return xr.Dataset(named, coords=coords)

    @cached_property
    def left_out(self) -> list[float] | None:
        """Log density of every study's effects given those of the others, by quadrature; None where that is much work.

        The density of a study that is left out is the evidence of all studies over that of the others.
        """
        studies = list(dict.fromkeys(self.contrasts.study))
        if self.parts is None or len(studies) > _EXACTLY_LEFT_OUT:
            return None
        labels = list(range(self.k)) if self.blocks else [studies.index(s) for s in self.contrasts.study]
        found = dict.fromkeys(labels, 0.0)
        for part in self.parts:
            own = np.array([labels[row] for row in part.rows])
            for label in dict.fromkeys(own.tolist()):
                others = integrate(part.model.keeping(own != label), part.tau)
                found[label] += part.posterior.log_evidence - others.log_evidence
        return [float(found[label]) for label in dict.fromkeys(labels)]

    def _integrated_log_density(self, parameters: xr.Dataset) -> Array:
        """Log density of every study's effects with its random effects integrated out, (chain, draw, study)."""
        residual = self.contrasts.y - self.fixed_part(parameters)
        tau = parameters["tau"].to_numpy()
        each = np.broadcast_to(tau[..., None], residual.shape) if self.groups is None else tau[..., self.groups]
        correlation = np.eye(self.k) if self.L is None else self.L @ self.L.T
        parts = []
        for one in dict.fromkeys(self.contrasts.study):
            rows = np.array([s == one for s in self.contrasts.study])
            r, t = residual[..., rows], each[..., rows]
            block = (
                self.contrasts.V[np.ix_(rows, rows)]
                + (t[..., :, None] * t[..., None, :]) * correlation[np.ix_(rows, rows)]
            )
            chol = np.linalg.cholesky(block)
            white = np.linalg.solve(chol, r[..., None])[..., 0]
            log_det = 2.0 * np.log(np.diagonal(chol, axis1=-2, axis2=-1)).sum(axis=-1)
            parts.append(-0.5 * ((white**2).sum(axis=-1) + log_det + rows.sum() * math.log(2.0 * math.pi)))
        return np.stack(parts, axis=-1)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        delta = self.delta(parameters)
        noise = rng.normal(size=delta.shape) @ np.linalg.cholesky(self.contrasts.V).T
        return xr.Dataset({"y": ((CHAIN, DRAW, "row"), delta + noise)}, coords=self.row_coords())

    def conflicts_without_xarray(self, rng: np.random.Generator) -> list[Problem]:
        """What `conflicts` says, from replicates drawn here: a pool typed at the prompt imports nothing heavy."""
        delta = self.prior_of_effects().sample(rng, _REPLICATES) @ self.X.T
        if self.L is not None:
            tau = self.spec.prior("tau").sample(rng, _REPLICATES, self.tau_labels)
            each = tau if self.groups is None else tau[:, self.groups]
            delta = delta + each * (rng.normal(size=delta.shape) @ self.L.T)
        y = delta + rng.normal(size=delta.shape) @ np.linalg.cholesky(self.contrasts.V).T
        return prior_conflicts(self.statistics({"y": self.contrasts.y}), self.statistics({"y": y}))

    def observed(self) -> xr.Dataset:
        import xarray as xr

        error = np.sqrt(np.diag(self.contrasts.V))
        return xr.Dataset({"y": ("row", self.contrasts.y), "se": ("row", error)}, coords=self.row_coords())
