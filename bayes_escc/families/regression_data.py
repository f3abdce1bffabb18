"""Follow-up and covariates of patients as plain arrays, for companions that another method computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.covariates import EncodedCovariates

__all__ = ["RegressionData"]


@dataclass(frozen=True)
class RegressionData:
    """What a regression of survival needs.

    Parameters
    ----------
    stop, entry : array of shape (patients,)
        End of follow-up, and delayed entry (0 where there is none).
    event : array of bool, shape (patients,)
    regimen : array of int, shape (patients,)
        Index in `regimens`.
    regimens : tuple of str
    covariates : EncodedCovariates
    stratum : array of int, shape (patients,), optional
        Strata with a baseline hazard of their own.
    """

    stop: NDArray[np.float64]
    entry: NDArray[np.float64]
    event: NDArray[np.bool_]
    regimen: NDArray[np.integer[Any]]
    regimens: tuple[str, ...]
    covariates: EncodedCovariates
    stratum: NDArray[np.integer[Any]] | None = None
