"""Groups of the tree as ArviZ expects them: what is observed, replicated and has a density goes by one name.

`observed_data`, `posterior_predictive` and `log_likelihood` hold the same variables, so that predictive checks, LOO and
LOO-PIT need no preparation. Sizes, entry times, whether a time is censored and the like are `constant_data`. Densities
with a unit's own effect integrated out are a group of their own, or power scaling would count the data twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["INTEGRATED", "data_groups", "densities_of", "observed_of"]

INTEGRATED: Final = "_integrated"
_OBSERVED, _CONSTANT = "observed_data", "constant_data"
_LOG_LIKELIHOOD, _INTEGRATED_GROUP = "log_likelihood", "integrated_log_likelihood"


def data_groups(observed: xr.Dataset, log_likelihood: xr.Dataset) -> dict[str, xr.Dataset]:
    """Split what a design gives into ArviZ's groups.

    Parameters
    ----------
    observed : Dataset
        As `Design.observed` gives it.
    log_likelihood : Dataset
        As `Design.log_likelihood` gives it.
    """
    integrated = [str(n) for n in log_likelihood.data_vars if str(n).endswith(INTEGRATED)]
    data = [str(n) for n in observed.data_vars if n in log_likelihood]
    rest = [str(n) for n in observed.data_vars if n not in data]
    groups = {_OBSERVED: observed[data], _LOG_LIKELIHOOD: log_likelihood.drop_vars(integrated)}
    if rest:
        groups[_CONSTANT] = observed[rest]
    if integrated:
        groups[_INTEGRATED_GROUP] = log_likelihood[integrated]
    return groups


def observed_of(tree: xr.DataTree) -> xr.Dataset:
    """What was observed and what stands beside it, as `Design.observed` gave it; empty where there is none."""
    import xarray as xr

    observed = tree[_OBSERVED].to_dataset() if _OBSERVED in tree.children else xr.Dataset()
    return observed.assign(tree[_CONSTANT].to_dataset().data_vars) if _CONSTANT in tree.children else observed


def densities_of(tree: xr.DataTree) -> xr.Dataset:
    """Log densities, those with effects integrated out among them, as `Design.log_likelihood` gave them."""
    found = tree[_LOG_LIKELIHOOD].to_dataset()
    if _INTEGRATED_GROUP in tree.children:
        found = found.assign(tree[_INTEGRATED_GROUP].to_dataset().data_vars)
    return found
