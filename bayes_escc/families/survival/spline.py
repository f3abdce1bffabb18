"""Hazards that are smooth in time: a cubic M-spline whose coefficients walk at random (see `spline_curves`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.risk import flat, observe
from bayes_escc.families.survival.spline_curves import HazardBasis, SplineCurves, default_knots
from bayes_escc.families.survival.steps import StepCoordinates
from bayes_escc.families.survival.timed import TimedDesign
from bayes_escc.names import CHAIN, DRAW, AnyArray, PlainMapping

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["SplineDesign"]

_TERM: Final = "spline_term"
"""Dimension of the splines."""
_COEFFICIENT: Final = "log_coefficient"
"""Name of the logarithms of their coefficients."""


class SplineDesign(TimedDesign):
    """``h_r(t) = exp(effect_r) sum_k exp(log_coefficient_k) b_k(t)``, constant after the last knot.

    The first log coefficient is the log hazard at time zero of a patient whose covariates are zero, on the average
    regimen (or the first); the others walk at random from it, with steps of sd `drift_sd` between typical neighbours.
    Regimens multiply the hazard, have a hazard of their own (``stratified``), or do not differ. Covariates multiply the
    hazard in every case. Every stratum has coefficients of its own.
    """

    def _prepare(self) -> None:
        knots = self.spec.knots
        if knots is None:
            happened = self.follow_up.middle[self.follow_up.event]
            found = default_knots(happened) if happened.size else self.follow_up.last.max(keepdims=True)
            knots = tuple(float(t) for t in found)
        self.spec = replace(self.spec, knots=knots)  # so that a variation has the same, and notes can name them
        self.basis = HazardBasis(knots)
        super()._prepare()

    def _reference_time(self) -> float:
        return self.basis.end

    @property
    def hierarchical(self) -> bool:
        return True

    @property
    def nearly_normal(self) -> bool:
        return not super().hierarchical

    @property
    def parameter_count(self) -> int:
        return len(self.baselines) * self.basis.size + self.effects.count + self.risk.parameter_count

    @property
    def coords(self) -> Mapping[str, Any]:
        terms = [str(k + 1) for k in range(self.basis.size)]
        return {**super().coords, _TERM: terms, "step": terms[1:]}

    @property
    def structure(self) -> Hashable:
        return (
            "survival",
            "m_spline",
            self.spec.regimen_effect,
            self.prior_key,
            self.basis.size,
            tuple(self.kinds),
            self.risk.structure,
        )

    def frozen(self) -> Mapping[str, PlainMapping]:
        found = super().frozen()
        model = {key: value for key, value in found["model"].items() if key != "reference_time"}
        return {**found, "model": {**model, "knots": list(self.basis.knots)}}

    @property
    def data(self) -> Mapping[str, AnyArray]:
        return {**super().data, "step_scale": self.basis.step_scale, **self._coordinates().data}

    def _coordinates(self) -> StepCoordinates:
        """Coordinates of the steps, from the events and the follow-up that belong to every spline."""
        f, until = self.follow_up, self.follow_up.middle
        events, spent = np.zeros((2, len(self.baselines), self.basis.size))
        np.add.at(spent, self.baseline_of, self.basis.cumulative(until) - self.basis.cumulative(f.entry))
        happened = np.asarray(f.event)
        np.add.at(events, self.baseline_of[happened], self.basis.hazard(until[happened]))
        return StepCoordinates.of_counts(events, spent, self.basis.step_scale)

    def _times_of(self, kind: str, patients: AnyArray) -> dict[str, AnyArray]:
        f, i = self.follow_up, patients
        reached = self.basis.cumulative(f.lower[i])
        parts = {"since": reached - self.basis.cumulative(f.entry[i])}
        if kind.startswith("interval"):
            parts["inside"] = self.basis.cumulative(f.upper[i]) - reached
        elif kind.startswith("exact"):
            parts["hazard"] = self.basis.hazard(f.lower[i])
        found = {f"{kind}_{name}{k}": values[:, k] for name, values in parts.items() for k in range(self.basis.size)}
        return {**found, f"{kind}_last": f.upper[i] if kind.startswith("interval") else f.lower[i]}

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        groups, size = self.groups, self.basis.size
        with pm.Model(coords=self.coords) as model:
            coefficients = pt.exp(self._log_coefficients())
            if self.baselines == ("",):
                coefficients = pt.broadcast_to(coefficients, (groups.count, size))
            coefficients = groups.of_strata(coefficients)
            risk = self.risk.build()
            effect = groups.of_regimens(self.effects.build())
            self._observe_kinds(model, risk, effect, [coefficients[:, k] for k in range(size)])
        return model

    def _log_coefficients(self) -> Tensor:
        """Logarithms of the coefficients, (baselines, terms), inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        apart = self.baselines != ("",)
        whose = (self.baseline_dim,) if apart else ()
        drift = self.spec.prior("drift_sd").default.to_pymc("drift_sd")
        first = self.baseline("log_hazard", "log_hazard")
        first = first[:, None] if apart else first[None, None]
        z = self._coordinates().standard_steps(drift, first)
        pm.Deterministic("step_z", z if apart else z[0], dims=(*whose, "step"))
        steps = drift * pm.Data("step_scale", self.basis.step_scale, dims="step")
        logs = pt.concatenate([first, first + pt.cumsum(steps * z, axis=-1)], axis=1)
        pm.Deterministic(_COEFFICIENT, logs if apart else logs[0], dims=(*whose, _TERM))
        return logs

    def _observe(
        self, kind: str, dim: str, scale: Tensor, weights: Tensor, parameters: list[Tensor], data: PlainMapping
    ) -> Tensor:
        import pymc as pm
        import pytensor.tensor as pt

        def column(name: str) -> Tensor:
            return pm.Data(f"{kind}_{name}", data[f"{kind}_{name}"], dims=dim)

        def weighed(name: str) -> Tensor:
            return sum(each * column(f"{name}{k}") for k, each in enumerate(parameters))

        def between(_: Tensor, a: Tensor, since: Tensor, inside: Tensor) -> Tensor:
            return kernels.between(pt, pt.exp(a) * since, pt.exp(a) * inside)

        def exact(_: Tensor, a: Tensor, since: Tensor, hazard: Tensor) -> Tensor:
            return kernels.exact(a + pt.log(hazard), pt.exp(a) * since)

        def right(_: Tensor, a: Tensor, since: Tensor) -> Tensor:
            return kernels.right(pt.exp(a) * since)

        rest = [weighed("since")]
        term: Callable[..., Tensor] = right
        if kind.startswith("interval"):
            rest, term = [*rest, weighed("inside")], between
        elif kind.startswith("exact"):
            rest, term = [*rest, weighed("hazard")], exact
        patients, branches = len(self.kinds[kind]), self.risk.missing.branches
        return observe(kind, column("last"), scale, weights, rest, term, dim, patients, branches)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        size, baselines = self.basis.size, len(self.baselines)
        whose = () if self.baselines == ("",) else (self.baseline_dim,)
        dims, first = self.by_baseline("log_hazard", rng, draws)
        drift = self.spec.prior("drift_sd").default.sample(rng, draws)
        z = rng.normal(size=(draws, *((baselines,) if whose else ()), size - 1))
        steps = drift.reshape(-1, *[1] * (z.ndim - 1)) * self.basis.step_scale * z
        walk = np.concatenate([np.zeros_like(steps[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)
        values = {
            "log_hazard": (dims, first),
            "drift_sd": ((CHAIN, DRAW), drift[None]),
            "step_z": ((CHAIN, DRAW, *whose, "step"), z[None]),
            _COEFFICIENT: ((CHAIN, DRAW, *whose, _TERM), first[..., None] + walk[None]),
        }
        return self.dataset(values | self.prior_values(rng, draws))

    def curves(self, parameters: xr.Dataset) -> SplineCurves:
        groups, coefficients = self.groups, np.exp(flat(parameters[_COEFFICIENT]))
        if coefficients.ndim == 2:
            coefficients = np.repeat(coefficients[:, None], len(self.regimens), axis=1)
        effects: Array = groups.of_regimens(self.effects.from_level(parameters), 1)
        return SplineCurves(self.basis, effects, groups.of_strata(coefficients, 1))
