"""Effects taken as normal on the analysis scale: exact by quadrature over tau, or by NUTS."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.families.base import ExactPosterior
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.gaussian import GaussianModel, Quadrature, integrate
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.laws import AGAINST
from bayes_escc.names import CHAIN, COVARIATE, DRAW, REGIMEN

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["NormalDesign"]

Array = NDArray[np.float64]


class NormalDesign(SynthesisDesign):
    """``y ~ N(delta, V)`` with V known; see `SynthesisDesign` for delta."""

    def __init__(
        self,
        contrasts: Contrasts,
        spec: SynthesisSpec,
        warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
    ) -> None:
        super().__init__(contrasts, spec, warnings, covariates)
        self.blocks = contrasts.independent
        self.variant = f"normal, {spec.pooling}, {'independent' if self.blocks else 'correlated'}"

    @property
    def data(self) -> Mapping[str, NDArray[Any]]:
        V = self.contrasts.V
        known = {"standard_error": np.sqrt(np.diag(V))} if self.blocks else {"factor": np.linalg.cholesky(V)}
        return {**super().data, **known, "y_observed": self.contrasts.y}

    @property
    def structure(self) -> Hashable:
        return super().structure

    def build(self) -> pm.Model:
        import pymc as pm

        with pm.Model(coords={d: list(v) for d, v in self.coords.items()}) as model:
            delta = self.build_predictor()
            observed = pm.Data("y_observed", self.contrasts.y, dims="row")
            if self.blocks:
                error = pm.Data("standard_error", self.data["standard_error"], dims="row")
                pm.Normal("y", delta, error, observed=observed, dims="row")
            else:
                factor = pm.Data("factor", self.data["factor"])
                pm.MvNormal("y", delta, chol=factor, observed=observed, dims="row")
        return model

    @property
    def typical_error(self) -> float | None:
        """Higgins and Thompson's typical within-study standard error.

        References
        ----------
        Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558.
        """
        if not self.blocks or self.spec.network or self.k < 2:
            return None
        w = 1.0 / np.diag(self.contrasts.V)
        return math.sqrt((self.k - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()))

    @cached_property
    def gaussian(self) -> GaussianModel | None:
        """The model for the exact engine; None unless all effects have normal priors."""
        roles = [("effect", self.terms), *([("coefficient", list(self.covariates))] if self.covariates else [])]
        priors = [self.spec.prior(role)[label] for role, labels in roles for label in labels]
        if any(p.distribution != "Normal" for p in priors):
            return None
        return GaussianModel(
            self.contrasts.y, self.contrasts.V, np.column_stack([self.X, self.Z]), self.L,
            np.array([float(p["mu"]) for p in priors]), np.array([float(p["sigma"]) for p in priors]),
        )  # fmt: skip

    @cached_property
    def quadrature(self) -> Quadrature | None:
        """The exact posterior on nodes of tau, or None where there is none."""
        if self.gaussian is None:
            return None
        return integrate(self.gaussian, self.spec.prior("tau").default if self.random else None)

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        found = self.quadrature
        if found is None or self.gaussian is None:
            return None
        prior = integrate(self.gaussian.without_data(), self.spec.prior("tau").default if self.random else None)
        tau = np.zeros(chains * draws) if found.law is None else found.law.sample(rng, (chains * draws,))
        values = self.gaussian.draw(tau, rng).reshape(chains, draws, -1)
        p = len(self.gaussian.m0)
        shaped = tau.reshape(chains, draws)
        parameters = self.parameters_of(
            values[..., :p], shaped if self.random else None, values[..., p:] if self.random else None
        )
        return ExactPosterior(parameters, self.laws(found), self.laws(prior))

    def laws(self, found: Quadrature) -> xr.Dataset:
        """Every estimand's marginal law, as `laws.law_at` reads it."""
        import xarray as xr

        p, q = len(self.terms), len(self.covariates)
        zeros = np.zeros((len(self.C), q))
        effects = np.column_stack([self.C, zeros])
        rows = np.column_stack([self.X, self.Z])
        everywhere = np.eye(self.k) if self.L is None else self.L
        varies = self._varies()
        wanted: list[tuple[str, str | None, Array, Array | None, Array, bool]] = [
            ("effect", self.effect_dim, effects, None, np.zeros(len(effects)), self.ratio),
            ("mu", self.effect_dim, effects, None, np.zeros(len(effects)), False),
            ("study_effect", "row", rows, everywhere, np.zeros(self.k), self.ratio),
        ]
        if self.random:
            wanted.append(("predicted_effect", self.effect_dim, effects, None, varies, self.ratio))
        if q:
            only = np.column_stack([np.zeros((q, p)), np.eye(q)])
            wanted.append(("coefficient", COVARIATE, only, None, np.zeros(q), False))
        values: dict[str, Any] = {"node_weight": ("node", found.weight, {"error": repr(found.error)})}
        coords: dict[str, Any] = {}
        for name, dim, of_theta, of_z, extra, exponentiated in wanted:
            location, spread = found.linear(of_theta, of_z, extra)
            moments = np.array([found.moments(float(e), exponentiated) for e in extra])
            for part, content, dims in (
                ("location", location, ("node",)), ("spread", spread, ("node",)), ("moments", moments, ()),
            ):  # fmt: skip
                array = self.labelled(np.moveaxis(content, 0, -1), dim, f"{name}_{part}", "", dims)
                array.attrs = {"exponentiated": "yes" if exponentiated else "no"}
                values[f"{name}_{part}"] = array.drop_vars("endpoint")
        if self.spec.network:  # the law of one regimen against another needs how their effects go together
            values["effect_covariance"] = (("node", REGIMEN, AGAINST), found.covariance(effects))
            coords[AGAINST] = list(self.effect_labels)
        if found.law is not None:
            values["panel_edge"] = ("panel_edge_number", found.law.edges)
            shared = {"scale": repr(found.law.scale), "moments": str(found.law.moments)}
            values["tau_density"] = (("panel", "panel_node"), found.law.density, {**shared, "typical": "0.0"})
            if self.typical_error is not None:
                typical = {**shared, "typical": repr(self.typical_error)}
                values["i_squared_density"] = (("panel", "panel_node"), found.law.density, typical)
        return xr.Dataset(values, coords=coords)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        residual = self.contrasts.y - self.delta(parameters)
        V = self.contrasts.V
        if self.blocks:
            variance = np.diag(V)
            values = -0.5 * (residual**2 / variance + np.log(2.0 * math.pi * variance))
            return xr.Dataset({"y": ((CHAIN, DRAW, "row"), values)}, coords=self.row_coords())
        studies = list(dict.fromkeys(self.contrasts.study))
        parts = []
        for study in studies:
            rows = np.array([s == study for s in self.contrasts.study])
            block, r = V[np.ix_(rows, rows)], residual[..., rows]
            quadratic = np.einsum("...i,ij,...j->...", r, np.linalg.inv(block), r)
            parts.append(-0.5 * (quadratic + np.linalg.slogdet(2.0 * math.pi * block)[1]))
        return xr.Dataset({"y": ((CHAIN, DRAW, "trial"), np.stack(parts, axis=-1))}, coords={"trial": studies})

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        delta = self.delta(parameters)
        noise = rng.normal(size=delta.shape) @ np.linalg.cholesky(self.contrasts.V).T
        return xr.Dataset({"y": ((CHAIN, DRAW, "row"), delta + noise)}, coords=self.row_coords())

    def observed(self) -> xr.Dataset:
        import xarray as xr

        error = np.sqrt(np.diag(self.contrasts.V))
        return xr.Dataset({"y": ("row", self.contrasts.y), "se": ("row", error)}, coords=self.row_coords())
