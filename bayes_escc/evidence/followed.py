"""Patients who are still followed, and the hazards they face: what completing their study needs of a design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import AnyArray

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.evidence.follow_up import FollowUp

__all__ = ["Followed", "Hazards"]

Array = NDArray[np.float64]


class Hazards(Protocol):
    """Baseline hazards of groups (regimens, or regimens in strata) under every draw."""

    def patient_increment(self, group: AnyArray, lower: Array, upper: Array) -> Array:
        """Cumulative hazard of every patient from `lower` to `upper`, (draws, patients)."""

    def patient_inverse(self, group: AnyArray, cumulative: Array) -> Array:
        """When every patient's cumulative hazard is reached, (draws, patients)."""


class Followed(Protocol):
    """Patients with follow-up and a model of their hazard."""

    @property
    def patients(self) -> int:
        """Number of patients."""

    @property
    def regimens(self) -> Sequence[str]:
        """Names of the regimens."""

    @property
    def regimen(self) -> AnyArray:
        """Index of the regimen of every patient."""

    @property
    def follow_up(self) -> FollowUp:
        """Their follow-up, in the unit of the hazards."""

    def curves(self, parameters: xr.Dataset) -> Hazards:
        """The baseline hazard of every group under every draw."""

    def groups_of(self, regimen: AnyArray, patients: AnyArray) -> AnyArray:
        """The groups of some patients of the table on some regimens."""

    def log_risk(self, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        """Log hazard of every patient relative to one whose covariates are zero, (draws, patients)."""
