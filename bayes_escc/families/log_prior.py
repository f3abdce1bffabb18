"""Log density of the priors at draws of the parameters, one array per parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["log_density_of"]


def log_density_of(
    values: xr.DataArray, priors: PriorSet, dim: str | None = None, labels: Sequence[str] | None = None
) -> xr.DataArray:
    """Log prior density of every entry of a parameter.

    Parameters
    ----------
    values : DataArray
        Dimensions (chain, draw, ...).
    priors : PriorSet
    dim : str, optional
        Dimension along which labels may have priors of their own; all entries have the default if not given.
    labels : sequence of str, optional
        The labels by which priors are looked up along `dim`: its coordinate if not given.

    Returns
    -------
    DataArray
        Of the shape of `values`; of a Dirichlet, without the dimension of its categories, the last.
    """
    if priors.default.distribution == "Dirichlet":
        return _of_categories(values, priors, str(dim))
    if dim is None or dim not in values.dims or not priors.overrides:
        found = priors.default.log_density(values.to_numpy())
        return values.copy(data=_sloping(found, values.to_numpy())).drop_attrs()
    axis = values.dims.index(dim)
    each = labels if labels is not None else [str(v) for v in values[dim].to_numpy()]
    columns = np.moveaxis(values.to_numpy(), axis, 0)
    found = np.stack([priors[label].log_density(x) for label, x in zip(each, columns, strict=True)], axis=axis)
    return values.copy(data=found).drop_attrs()


def _sloping(density: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A flat density with a slope below its rounding error: ArviZ's power scaling warns of one without any."""
    return density if not density.size or np.ptp(density) > 0 else density + 1e-12 * values


def _of_categories(values: xr.DataArray, priors: PriorSet, dim: str) -> xr.DataArray:
    import xarray as xr

    labels = [str(v) for v in values[dim].to_numpy()]
    each = [values.sel({dim: label}).to_numpy() for label in labels]
    found = [_sloping(priors[label].log_density(x), x[..., 0]) for label, x in zip(labels, each, strict=True)]
    return xr.DataArray(np.stack(found, axis=-1), dims=values.dims[:-1], coords={dim: labels})
