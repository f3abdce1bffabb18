"""Hazards of one median and a shape: log-logistic, log-normal, Gompertz and cure baselines (see `shapes`)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.parametric_curves import MOST, TINY, ParametricCurves
from bayes_escc.families.survival.published import parametric_hazards
from bayes_escc.families.survival.risk import observe
from bayes_escc.families.survival.shapes import SHAPES
from bayes_escc.families.survival.timed import TimedDesign
from bayes_escc.families.weighting import variable_of
from bayes_escc.names import AnyArray, PlainMapping

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["ParametricDesign"]


class ParametricDesign(TimedDesign):
    """``H_r(t) = exp(effect_r) H0(t / median_r)``, H0 of one of the `SHAPES`.

    The median is that of a patient whose covariates are zero, on the average regimen (or the first). Regimens multiply
    the hazard, stretch time (``accelerated``: medians of their own), have median and shape of their own
    (``stratified``), or do not differ. Covariates multiply the hazard in every case. Every stratum has a median and a
    shape of its own.
    """

    def _prepare(self) -> None:
        self.shape = SHAPES[self.spec.baseline]
        super()._prepare()

    @property
    def accelerated(self) -> bool:
        """Whether regimens stretch time rather than multiply the hazard."""
        return self.spec.regimen_effect == "accelerated"

    @property
    def parameter_count(self) -> int:
        return (1 + len(self.shape.roles)) * len(self.baselines) + self.effects.count + self.risk.parameter_count

    @property
    def structure(self) -> Hashable:
        return (
            "survival",
            self.spec.baseline,
            self.spec.regimen_effect,
            self.prior_key,
            self.reference_time,
            tuple(self.kinds),
            self.late,
            self.risk.structure,
            self.published_structure,
        )

    def _times_of(self, kind: str, patients: AnyArray) -> dict[str, AnyArray]:
        f, i, found = self.follow_up, patients, {}
        ends = {"lower": f.lower[i]}
        if kind.startswith("interval"):
            ends["upper"] = f.upper[i]
        if self.late:
            ends["entry"] = f.entry[i]
        for name, time in ends.items():
            found[f"{kind}_log_{name}"] = np.log(np.maximum(time, TINY))
            found[f"{kind}_{name}_started"] = np.where(time > 0.0, 1.0, 0.0)
        return {**found, f"{kind}_waited": np.where(f.lower[i] > f.entry[i], 1.0, 0.0)}

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        n, groups = self.groups.count, self.groups
        with pm.Model(coords=self.coords) as model:
            log_median = pt.log(self.baseline("median", "reference_median"))
            parameters = [self.baseline(role, variable_of(role)) for role in self.shape.roles]
            if self.baselines == ("",):
                log_median, parameters = log_median * pt.ones(n), [each * pt.ones(n) for each in parameters]
            log_median, parameters = groups.of_strata(log_median), [groups.of_strata(each) for each in parameters]
            effect = groups.of_regimens(self.effects.build())
            multiple = pt.zeros(n) if self.accelerated else effect
            log_median = log_median + effect if self.accelerated else log_median
            risk = self.risk.build()
            self._observe_kinds(model, risk, multiple, [log_median, *parameters])
            if self.published is not None:
                hazard_of, level = parametric_hazards(
                    pt, self.shape, multiple, log_median, parameters, self.reference_time
                )
                self.published.observe(hazard_of, level, risk.coefficient)
        return model

    def _observe(
        self, kind: str, dim: str, scale: Tensor, weights: Tensor, parameters: list[Tensor], data: PlainMapping
    ) -> Tensor:
        import pymc as pm
        import pytensor.tensor as pt

        shape, late, interval = self.shape, self.late, kind.startswith("interval")
        count = len(shape.roles)
        known = kind.startswith("exact")

        def column(name: str) -> Any:
            return pm.Data(f"{kind}_{name}", data[f"{kind}_{name}"], dims=dim)

        def spent(a: Any, m: Any, s: Sequence[Any], start: Any, started: Any, end: Any) -> Any:
            logs = shape.log_increment(pt, s, start - m, end - m, started)
            return pt.exp(pt.minimum(a + logs, MOST))

        def term(last: Any, a: Any, m: Any, *rest: Any) -> Any:
            s, waited, rest = rest[:count], rest[count], rest[count + 1 :]
            entry, began = rest[:2] if late else (last, 0.0 * last)
            lower, reached = rest[-2:] if interval else (last, 0.0)
            # nobody waits from entry to an interval, or an end, that begins there
            since = waited * spent(a, m, s, entry, began, pt.where(waited > 0.0, lower, entry + 1.0))
            if interval:
                return kernels.between(pt, since, spent(a, m, s, lower, reached, last))
            if not known:
                return kernels.right(since)
            return kernels.exact(a + shape.log_hazard(pt, s, last - m) - last, since)

        value = column("log_upper" if interval else "log_lower")
        rest = [column("waited"), *([column("log_entry"), column("entry_started")] if late else [])]
        rest += [column("log_lower"), column("lower_started")] if interval else []
        patients, branches = len(self.kinds[kind]), self.risk.missing.branches
        return observe(kind, value, scale, weights, [*parameters, *rest], term, dim, patients, branches)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        values = {"reference_median": self.by_baseline("median", rng, draws)}
        values |= {variable_of(role): self.by_baseline(role, rng, draws) for role in self.shape.roles}
        return self.dataset(values | self.prior_values(rng, draws))

    def curves(self, parameters: xr.Dataset) -> ParametricCurves:
        effect = self.groups.of_regimens(self.effects.from_level(parameters), 1)
        log_median, *shapes = (
            self.groups.of_strata(self.by_baseline_drawn(parameters[variable_of(role)]), 1)
            for role in ("median", *self.shape.roles)
        )
        log_median = np.log(log_median)
        multiple = np.zeros_like(effect) if self.accelerated else effect
        log_median = log_median + effect if self.accelerated else log_median
        return ParametricCurves(self.shape, multiple, log_median, tuple(shapes), self.reference_time)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        return np.asarray(np.exp(self.log_ratios(parameters))) if self.accelerated else None
