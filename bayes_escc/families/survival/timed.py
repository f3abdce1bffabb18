"""Baselines given by functions of time: their reference time, and their patients by kind of observation."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.families.survival.risk import Built, flat
from bayes_escc.names import AnyArray, PlainMapping

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["TimedDesign"]


class TimedDesign(SurvivalDesign):
    """A baseline hazard that is a function of time relative to a reference time, one likelihood term per patient.

    Patients are grouped by what is known of their event: its time, that it had not happened, or two scans between
    which it did; those with a missing yes-or-no covariate form groups of their own.
    """

    def _prepare(self) -> None:
        self.reference_time = self._reference_time()
        if self.published is not None:  # whose level is that of the cumulative hazard at the reference time
            self.published = self.published.shifted(math.log(self.reference_time))
        f = self.follow_up
        unknown = np.isin(np.arange(self.patients), self.risk.unknown)
        right = f.right & ((f.lower > 0) | unknown)  # who was censored at once says nothing
        self.kinds = {
            name: np.flatnonzero(which)
            for kind, those in (("exact", f.exact), ("right", right), ("interval", f.interval))
            for name, which in ((kind, those & ~unknown), (f"{kind}_unknown", those & unknown))
            if which.any()
        }
        self.late = bool((f.entry > 0).any())

    def _reference_time(self) -> float:
        """The time at which levels are stated."""
        stated = self.spec.reference_time
        return float(stated if stated is not None else self.spec.prior("median").default.interval(0)[0])

    @property
    def data(self) -> Mapping[str, AnyArray]:
        found = self.published_data | self.risk.data
        found |= self.risk.branch_order([i for k, i in self.kinds.items() if k.endswith("_unknown")])
        for kind, i in self.kinds.items():
            found[f"{kind}_regimen"] = self.group[i]
            found |= self.risk.columns(kind, i) | self._times_of(kind, i)
        return found

    @abstractmethod
    def _times_of(self, kind: str, patients: AnyArray) -> dict[str, AnyArray]:
        """What the likelihood of one kind of observation needs of the patients' times."""

    @abstractmethod
    def _observe(
        self, kind: str, dim: str, scale: Tensor, weights: Tensor, parameters: list[Tensor], data: PlainMapping
    ) -> Tensor:
        """One observed variable for patients with one kind of observation; what `observe` returns."""

    def _observe_kinds(self, model: pm.Model, risk: Built, log_scale: Tensor, parameters: list[Tensor]) -> None:
        """The observed variables of all kinds, from log hazards and other parameters by group."""
        import pymc as pm

        data, shares = self.data, {}
        for kind, i in self.kinds.items():
            dim = f"{kind}_patient"
            model.add_coord(dim, length=len(i))
            regimen = pm.Data(f"{kind}_regimen", data[f"{kind}_regimen"], dims=dim)
            log_risk, weights = risk.branches(kind, i, dim)
            each = [parameter[regimen] for parameter in parameters]
            shares[kind] = self._observe(kind, dim, log_scale[regimen] + log_risk, weights, each, data)
        self.risk.store_branches({kind: (i, shares[kind]) for kind, i in self.kinds.items()})

    def frozen(self) -> Mapping[str, PlainMapping]:
        found = super().frozen()
        return {**found, "model": {**found["model"], "reference_time": self.reference_time}}

    def by_baseline_drawn(self, values: xr.DataArray) -> Array:
        """Draws of a parameter, (draws, regimens) whether they share it or not; with strata, (draws, strata)."""
        found = flat(values)
        return np.repeat(found[:, None], len(self.regimens), axis=1) if found.ndim == 1 else found
