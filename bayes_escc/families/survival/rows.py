"""Rows of right-censored data laid out for one pass: those of a group together, and what events contribute as totals.

A group is what shares a baseline hazard: a regimen under Weibull hazards, a regimen and an interval under piecewise
ones. Rows that are alike in everything are one row with a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.survival.risk import Built, Risk
from bayes_escc.names import AnyArray

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

__all__ = ["GroupedRows", "unique_rows"]

Array = NDArray[np.float64]


def unique_rows(columns: Sequence[AnyArray]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Distinct rows of some columns, sorted: where each first stands, and of every row its place among them."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        if len(values) > 1:  # codes stay below the number of rows, so that products do not overflow
            _, code = np.unique(code * len(values) + place, return_inverse=True)
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    return first, place


@dataclass(frozen=True)
class GroupedRows:
    """Rows in order of their groups.

    Parameters
    ----------
    name : str
        Begins the names of the data.
    group : array of int of shape (rows,)
        Sorted.
    groups : int
    patients : array of int of shape (rows,)
        A patient whose risk is that of the row.
    events : array of shape (rows,)
        Number of events.
    weight : array of shape (rows,)
        Number of patients, or exposure; above 0.
    log_time : array of shape (rows,), optional
        What the slope multiplies.
    """

    name: str
    group: AnyArray
    groups: int
    patients: AnyArray
    events: Array
    weight: Array
    log_time: Array | None = None

    @classmethod
    def of_patients(
        cls,
        name: str,
        risk: Risk,
        regimen: AnyArray,
        regimens: int,
        patients: AnyArray,
        log_time: Array,
        event: NDArray[np.bool_],
    ) -> GroupedRows:
        """Patients under one Weibull hazard a regimen; those alike in everything become one row.

        Parameters
        ----------
        regimen, log_time, event : array of shape (all patients,)
        patients : array of int
            Those meant.
        """
        columns = [regimen[patients], *risk.key[patients].T, log_time[patients]]
        first, place = unique_rows(columns)
        count = len(first)
        return cls(
            name,
            regimen[patients][first],
            regimens,
            patients[first],
            np.bincount(place, event[patients], count),
            np.bincount(place, minlength=count).astype(float),
            log_time[patients][first],
        )

    def data(self, risk: Risk) -> dict[str, AnyArray]:
        """Values of the data that `observe` creates."""

        def totals(values: Array) -> Array:
            return np.bincount(self.group, values, self.groups)

        own = risk.matrix(self.patients)
        lines = [] if self.log_time is None else [self.log_time]
        if not np.all(self.weight == 1.0):
            lines.append(np.log(self.weight))
        covariates = own.pop("x")
        found = own | {
            "starts": np.searchsorted(self.group, np.arange(self.groups + 1)),
            "events": totals(self.events),
            "x": np.vstack([*lines, covariates]),
            "event_x": covariates @ self.events,
        }
        if self.log_time is not None:
            found["event_log_time"] = totals(self.events * self.log_time)
        if risk.shifts:
            found["row_events"] = self.events
        return {f"{self.name}_{key}": value for key, value in found.items()}

    def observe(self, built: Built, level: Tensor, slope: Tensor, log_slope: Tensor, shared: float) -> None:
        """One observed variable: the events of every group, given every row's exposure.

        Parameters
        ----------
        built : Built
            The risk inside the current PyMC model.
        level, slope, log_slope : tensor of shape (groups,)
            Of the cumulative hazard exp(level + slope log_time); without log times, the hazard exp(level).
        shared : float
            Added to the log density of every event.
        """
        import pymc as pm

        from bayes_escc.families.survival.hazard_sum import HazardSum

        values = self.data(built.risk)
        column = {}
        for key, value in values.items():
            name = key.removeprefix(f"{self.name}_")
            # a length that the structure decides is said, or compiled code checks it, which takes seconds to compile
            fixed = {"shape": value.shape} if name in ("events", "event_x", "event_log_time", "starts") else {}
            column[name] = pm.Data(key, value, **fixed)
        timed = self.log_time is not None
        coefficient, shift = built.linear(column)

        def logp(
            events: Tensor, level: Tensor, slope: Tensor, log_slope: Tensor, coefficient: Tensor, shift: Tensor
        ) -> Tensor:
            total = (events * (level + log_slope + shared)).sum()
            if timed:
                total = total + ((slope - 1.0) * column["event_log_time"]).sum()
            total = total + (coefficient * column["event_x"]).sum()
            if "row_events" in column:
                total = total + (shift * column["row_events"]).sum()
            hazards = HazardSum(timed=timed)
            return total - hazards(level, slope, coefficient, shift, column["starts"], column["x"])[0]

        pm.CustomDist(
            self.name,
            level,
            slope,
            log_slope,
            coefficient,
            shift,
            logp=logp,
            signature="(g),(g),(g),(p),(n)->(g)",
            observed=column["events"],
        )
