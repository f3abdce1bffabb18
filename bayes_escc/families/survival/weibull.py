"""Weibull hazards: proportional hazards and accelerated failure times from one fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.evidence import PatientTable
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array, WeibullCurves, weibull_stretch
from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.families.survival.published import weibull_hazards
from bayes_escc.families.survival.risk import flat, observe
from bayes_escc.families.survival.rows import GroupedRows
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.names import CHAIN, DRAW, REGIMEN, AnyArray, PlainMapping

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["WeibullDesign"]

LOG_LOG2 = math.log(math.log(2.0))
_TINY = 1e-100
_NAMES = {"median": "reference_median", "log_cumulative_hazard": "log_cumulative_hazard"}


class WeibullDesign(SurvivalDesign):
    """``H_r(t) = exp(log_scale_r) * (t / reference_time)^shape_r``.

    The level is set by the median of a patient of the average regimen whose covariates are zero
    (average, after centring), or by the log cumulative hazard of that patient at `reference_time`: log
    cumulative hazards at `reference_time` and log shapes of the average regimen are the means over regimens.
    Regimens multiply the hazard; with ``nonproportional`` each has its own shape besides, and its log hazard
    ratio is that of the cumulative hazards at `reference_time`. With ``regimen_coding = "reference"`` the level
    is that of the first regimen.
    """

    def __init__(
        self,
        table: PatientTable,
        spec: SurvivalSpec,
        encoded: EncodedCovariates,
        design: str,
        published: PublishedSpec | None = None,
    ) -> None:
        super().__init__(table, spec, encoded, design, published)
        stated = self.spec.reference_time
        self.reference_time = float(stated if stated is not None else self.spec.prior("median").default.interval(0)[0])
        if self.published is not None:  # whose level is that of the cumulative hazard at the reference time
            self.published = self.published.shifted(math.log(self.reference_time))
        f = self.follow_up
        # who was censored at once says nothing; unknown yes-or-no values make groups of their own
        unknown = np.isin(np.arange(self.patients), self.risk.unknown)
        right = f.right & ((f.lower > 0) | unknown)
        self.kinds = {
            name: np.flatnonzero(which)
            for kind, those in (("exact", f.exact), ("right", right), ("interval", f.interval))
            for name, which in ((kind, those & ~unknown), (f"{kind}_unknown", those & unknown))
            if which.any()
        }
        self.late = bool((f.entry > 0).any())
        self.known: GroupedRows | None = None
        if not self.late:
            together = np.flatnonzero((f.exact | right) & ~unknown)
            self.kinds = {kind: i for kind, i in self.kinds.items() if kind not in ("exact", "right")}
            if together.size:
                log_time = np.log(np.maximum(f.lower, _TINY) / self.reference_time)
                self.known = GroupedRows.of_patients(
                    "complete", self.risk, self.regimen, len(self.regimens), together, log_time, f.exact
                )

    @property
    def shapes(self) -> int:
        """Number of Weibull shapes."""
        return len(self.regimens) if self.spec.regimen_effect in ("stratified", "nonproportional") else 1

    @property
    def parameter_count(self) -> int:
        ratios = len(self.others) if self.spec.has("log_hazard_ratio") else 0
        return len(self.strata) + self.shapes + ratios + self.risk.parameter_count

    @property
    def structure(self) -> Hashable:
        return (
            "survival",
            "weibull",
            self.spec.regimen_effect,
            self.prior_key,
            self.reference_time,
            tuple(self.kinds),
            self.known is not None,
            self.late,
            self.risk.structure,
            self.published_structure,
        )

    @property
    def data(self) -> Mapping[str, AnyArray]:
        found = self.published_data | self.risk.data
        found |= self.risk.branch_order([i for k, i in self.kinds.items() if k.endswith("_unknown")])
        if self.known is not None:
            found |= self.known.data(self.risk)
        f = self.follow_up
        for kind, i in self.kinds.items():
            found[f"{kind}_regimen"] = self.regimen[i]
            found |= self.risk.columns(kind, i)
            if kind.startswith("interval"):
                found |= self._stretch(f"{kind}_before", f.entry[i], f.lower[i])
                found |= self._stretch(f"{kind}_inside", f.lower[i], f.upper[i])
            else:
                found[f"{kind}_log_time"] = np.log(np.maximum(f.lower[i], _TINY) / self.reference_time)
                if self.late:
                    found |= self._stretch(f"{kind}_since_entry", f.entry[i], f.lower[i])
        return found

    def _stretch(self, name: str, lower: Array, upper: Array) -> dict[str, AnyArray]:
        parts = weibull_stretch(lower, upper, self.reference_time)
        return {f"{name}_{part}": v for part, v in zip(("log_upper", "log_ratio", "started"), parts, strict=True)}

    def frozen(self) -> Mapping[str, PlainMapping]:
        found = super().frozen()
        return {**found, "model": {**found["model"], "reference_time": self.reference_time}}

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        spec, data, n = self.spec, self.data, len(self.regimens)
        own = spec.regimen_effect
        with pm.Model(coords=self.coords) as model:
            prior = spec.prior(spec.location)
            if own == "stratified":
                level = prior.to_pymc(_NAMES[spec.location], self.regimens, REGIMEN)
            else:
                level = prior.default.to_pymc(_NAMES[spec.location])
            if own in ("stratified", "nonproportional"):
                log_shape = spec.prior("log_shape").to_pymc("log_shape", self.regimens, REGIMEN)
            else:
                log_shape = spec.prior("log_shape").default.to_pymc("log_shape") * pt.ones(n)
            shape = pt.exp(log_shape)
            if spec.location == "median":
                of_level = shape
                if own == "nonproportional" and self.exchangeable:
                    of_level = pt.exp(log_shape.mean())
                elif own != "stratified":
                    of_level = shape[0]
                level = LOG_LOG2 - of_level * (pt.log(level) - math.log(self.reference_time))
            log_scale = level + self.regimen_effect()
            risk = self.risk.build()
            if self.known is not None:
                slopes = pt.broadcast_to(shape, (n,)), pt.broadcast_to(log_shape, (n,))
                self.known.observe(risk, log_scale, *slopes, -math.log(self.reference_time))
            shares = {}
            for kind, i in self.kinds.items():
                dim = f"{kind}_patient"
                model.add_coord(dim, length=len(i))
                regimen = pm.Data(f"{kind}_regimen", data[f"{kind}_regimen"], dims=dim)
                log_risk, weights = risk.branches(kind, i, dim)
                scale = log_scale[regimen] + log_risk
                shares[kind] = self._observe(kind, dim, scale, weights, shape[regimen], log_shape[regimen], data)
            self.risk.store_branches({kind: (i, shares[kind]) for kind, i in self.kinds.items()})
            if self.published is not None:
                logs = pt.broadcast_to(log_shape, (n,))
                hazard_of = weibull_hazards(pt, log_scale, logs, self.reference_time)
                self.published.observe(hazard_of, log_scale, risk.coefficient)
        return model

    def _observe(
        self, kind: str, dim: str, scale: Any, weights: Any, shape: Any, log_shape: Any, data: PlainMapping
    ) -> Tensor:
        """One observed variable for patients with one kind of observation; what `observe` returns."""
        import pymc as pm
        import pytensor.tensor as pt

        log_t0 = math.log(self.reference_time)

        def column(name: str) -> Tensor:
            return pm.Data(name, data[name], dims=dim)

        def stretch(name: str) -> list[Tensor]:
            return [column(f"{name}_{part}") for part in ("log_upper", "log_ratio", "started")]

        def cumulative(log_time: Tensor, a: Tensor, k: Tensor, since: Sequence[Tensor]) -> Tensor:
            if since:
                return kernels.weibull_increment(pt, a, k, log_time, *since)
            return kernels.weibull_cumulative(pt, a, k, log_time)

        def known(log_time: Tensor, a: Tensor, k: Tensor, log_k: Tensor, *since: Tensor) -> Tensor:
            hazard = kernels.weibull_log_hazard(a, k, log_k, log_time) - log_t0
            return kernels.exact(hazard, cumulative(log_time, a, k, since))

        def censored(log_time: Tensor, a: Tensor, k: Tensor, _: Any, *since: Tensor) -> Tensor:
            return kernels.right(cumulative(log_time, a, k, since))

        def between(upper: Tensor, a: Tensor, k: Tensor, _: Any, *stretches: Tensor) -> Tensor:
            start = kernels.weibull_increment(pt, a, k, *stretches[:3])
            return kernels.between(pt, start, kernels.weibull_increment(pt, a, k, upper, *stretches[3:]))

        if kind.startswith("interval"):
            before, inside = stretch(f"{kind}_before"), stretch(f"{kind}_inside")
            value, rest = inside[0], [*before, *inside[1:]]
            term: Callable[..., Any] = between
        else:
            value = column(f"{kind}_log_time")
            rest = stretch(f"{kind}_since_entry")[1:] if self.late else []
            term = known if kind.startswith("exact") else censored
        return observe(
            kind,
            value,
            scale,
            weights,
            [shape, log_shape, *rest],
            term,
            dim,
            len(self.kinds[kind]),
            self.risk.missing.branches,
        )

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        spec = self.spec
        values = {_NAMES[spec.location]: self.by_stratum(spec.location, rng, draws)}
        if self.shapes == 1 and spec.regimen_effect not in ("stratified", "nonproportional"):
            values["log_shape"] = ((CHAIN, DRAW), spec.prior("log_shape").default.sample(rng, draws)[None])
        else:
            shapes = spec.prior("log_shape").sample(rng, draws, self.regimens)
            values["log_shape"] = ((CHAIN, DRAW, REGIMEN), shapes[None])
        return self.dataset(values | self.prior_values(rng, draws))

    def curves(self, parameters: xr.Dataset) -> WeibullCurves:
        n = len(self.regimens)

        def each(name: str) -> Array:
            found = flat(parameters[name])
            return np.repeat(found[:, None], n, axis=1) if found.ndim == 1 else found

        shape = np.exp(each("log_shape"))
        if self.spec.location == "median":
            of_level = shape
            if self.spec.regimen_effect != "stratified":
                of_level = shape[:, :1] if not self.exchangeable else np.exp(np.log(shape).mean(axis=1, keepdims=True))
            level = LOG_LOG2 - of_level * np.log(each("reference_median") / self.reference_time)
        else:
            level = each("log_cumulative_hazard")
        return WeibullCurves(level + self.log_effects(parameters), shape, self.reference_time)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        if self.spec.regimen_effect != "proportional" or self.modifiers:
            return None
        return np.asarray(np.exp(-self.log_ratios(parameters) / np.exp(flat(parameters["log_shape"]))[:, None]))
