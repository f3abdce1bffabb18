"""Weibull hazards: proportional hazards and accelerated failure times from one fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array, WeibullCurves, weibull_stretch
from bayes_escc.families.survival.published import weibull_hazards
from bayes_escc.families.survival.risk import flat, observe
from bayes_escc.families.survival.rows import GroupedRows
from bayes_escc.families.survival.timed import TimedDesign
from bayes_escc.names import CHAIN, DRAW, REGIMEN, AnyArray, PlainMapping

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["WeibullDesign"]

LOG_LOG2 = math.log(math.log(2.0))
_TINY = 1e-100
_NAMES = {"median": "reference_median", "log_cumulative_hazard": "log_cumulative_hazard"}


class WeibullDesign(TimedDesign):
    """``H_r(t) = exp(log_scale_r) * (t / reference_time)^shape_r``.

    The level is set by the median of a patient of the average regimen whose covariates are zero
    (average, after centring), or by the log cumulative hazard of that patient at `reference_time`: log
    cumulative hazards at `reference_time` and log shapes of the average regimen are the means over regimens.
    Regimens multiply the hazard; with ``nonproportional`` each has its own shape besides, and its log hazard
    ratio is that of the cumulative hazards at `reference_time`. With ``regimen_coding = "reference"`` the level
    is that of the first regimen. Every stratum has a level and a shape of its own.
    """

    def _prepare(self) -> None:
        super()._prepare()
        self.known: GroupedRows | None = None
        if not self.late:  # whose events and censored times are one pass over sorted rows
            together = np.sort(np.concatenate([self.kinds.pop(k, np.empty(0, int)) for k in ("exact", "right")]))
            if together.size:
                f = self.follow_up
                log_time = np.log(np.maximum(f.lower, _TINY) / self.reference_time)
                self.known = GroupedRows.of_patients(
                    "complete", self.risk, self.group, self.groups.count, together, log_time, f.exact
                )

    @property
    def shapes(self) -> int:
        """Number of Weibull shapes."""
        return len(self.regimens) if self.spec.regimen_effect == "nonproportional" else len(self.baselines)

    @property
    def parameter_count(self) -> int:
        return len(self.baselines) + self.shapes + self.effects.count + self.risk.parameter_count

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
        return super().data if self.known is None else {**super().data, **self.known.data(self.risk)}

    def _times_of(self, kind: str, patients: AnyArray) -> dict[str, AnyArray]:
        f, i = self.follow_up, patients
        if kind.startswith("interval"):
            found = self._stretch(f"{kind}_before", f.entry[i], f.lower[i])
            return found | self._stretch(f"{kind}_inside", f.lower[i], f.upper[i])
        found = {f"{kind}_log_time": np.log(np.maximum(f.lower[i], _TINY) / self.reference_time)}
        return found | self._stretch(f"{kind}_since_entry", f.entry[i], f.lower[i]) if self.late else found

    def _stretch(self, name: str, lower: Array, upper: Array) -> dict[str, AnyArray]:
        parts = weibull_stretch(lower, upper, self.reference_time)
        return {f"{name}_{part}": v for part, v in zip(("log_upper", "log_ratio", "started"), parts, strict=True)}

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        spec, n, groups = self.spec, self.groups.count, self.groups
        shared, free = self.baselines == ("",), spec.regimen_effect == "nonproportional"
        with pm.Model(coords=self.coords) as model:
            level = self.baseline(spec.location, _NAMES[spec.location])
            if free:
                log_shape = spec.prior("log_shape").to_pymc("log_shape", self.regimens, REGIMEN)
            else:
                log_shape = self.baseline("log_shape", "log_shape")
                log_shape = log_shape * pt.ones(n) if shared else log_shape
            shape = pt.exp(log_shape)
            if spec.location == "median":
                of_level = shape
                if free and self.effects.exchangeable:
                    of_level = pt.exp(log_shape.mean())
                elif shared:
                    of_level = shape[0]
                level = LOG_LOG2 - of_level * (pt.log(level) - math.log(self.reference_time))
            level, shape, log_shape = (groups.of_strata(v) for v in (level, shape, log_shape))
            log_scale = level + groups.of_regimens(self.effects.build())
            risk = self.risk.build()
            if self.known is not None:
                slopes = pt.broadcast_to(shape, (n,)), pt.broadcast_to(log_shape, (n,))
                self.known.observe(risk, log_scale, *slopes, -math.log(self.reference_time))
            self._observe_kinds(model, risk, log_scale, [shape, log_shape])
            if self.published is not None:
                logs = pt.broadcast_to(log_shape, (n,))
                hazard_of = weibull_hazards(pt, log_scale, logs, self.reference_time)
                self.published.observe(hazard_of, log_scale, risk.coefficient)
        return model

    def _observe(
        self, kind: str, dim: str, scale: Tensor, weights: Tensor, parameters: list[Tensor], data: PlainMapping
    ) -> Tensor:
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
            [*parameters, *rest],
            term,
            dim,
            len(self.kinds[kind]),
            self.risk.missing.branches,
        )

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        spec = self.spec
        values = {_NAMES[spec.location]: self.by_baseline(spec.location, rng, draws)}
        if spec.regimen_effect == "nonproportional":
            shapes = spec.prior("log_shape").sample(rng, draws, self.regimens)
            values["log_shape"] = ((CHAIN, DRAW, REGIMEN), shapes[None])
        else:
            values["log_shape"] = self.by_baseline("log_shape", rng, draws)
        return self.dataset(values | self.prior_values(rng, draws))

    def curves(self, parameters: xr.Dataset) -> WeibullCurves:
        groups, shape = self.groups, np.exp(self.by_baseline_drawn(parameters["log_shape"]))
        if self.spec.location == "median":
            of_level = shape
            if self.baselines == ("",):
                shared = np.exp(np.log(shape).mean(axis=1, keepdims=True))
                of_level = shared if self.effects.exchangeable else shape[:, :1]
            level = LOG_LOG2 - of_level * np.log(
                self.by_baseline_drawn(parameters["reference_median"]) / self.reference_time
            )
        else:
            level = self.by_baseline_drawn(parameters["log_cumulative_hazard"])
        effects = groups.of_regimens(self.effects.from_level(parameters), 1)
        return WeibullCurves(groups.of_strata(level, 1) + effects, groups.of_strata(shape, 1), self.reference_time)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        if self.spec.regimen_effect != "proportional" or self.modifiers or self.strata:
            return None
        return np.asarray(np.exp(-self.log_ratios(parameters) / np.exp(flat(parameters["log_shape"]))[:, None]))
