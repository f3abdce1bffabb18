"""Groups of the tree as ArviZ expects them: what is observed, replicated and has a density goes by one name.

`observed_data`, `posterior_predictive` and `log_likelihood` hold the same variables, so that predictive checks, LOO and
LOO-PIT need no preparation. Sizes, entry times, whether a time is censored and the like are `constant_data`. Densities
with a unit's own effect integrated out are a group of their own, or power scaling would count the data twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["DATA_GROUPS", "INTEGRATED", "Groups", "Late", "data_groups", "densities_of", "observed_of"]

INTEGRATED: Final = "_integrated"
_OBSERVED, _CONSTANT = "observed_data", "constant_data"
_LOG_LIKELIHOOD, _INTEGRATED_GROUP = "log_likelihood", "integrated_log_likelihood"
DATA_GROUPS: Final = (_OBSERVED, _LOG_LIKELIHOOD, _CONSTANT, _INTEGRATED_GROUP)
"""Groups that `data_groups` may make."""


class Late[T]:
    """A value that is made when it is first asked for, once; a copy in another process has it.

    Parameters
    ----------
    make : callable
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._value: tuple[T, ...] = ()
        self._lock = threading.RLock()

    def __call__(self) -> T:
        with self._lock:
            if self._make is not None:
                self._value, self._make = (self._make(),), None
        return self._value[0]

    @classmethod
    def known(cls, value: T) -> Late[T]:
        """A value that is there."""
        return cls(lambda: value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Late.known, (self(),)


class Groups(Mapping[str, "xr.Dataset"]):
    """The groups of a fit by name, in the order of the tree; some are made when they are first read.

    Parameters
    ----------
    made : mapping of str to Dataset, optional
        Groups that are there from the start.

    Notes
    -----
    A group that is made late holds the same numbers as one made at once: whoever adds it gives it a random stream
    of its own. Once read it is kept.
    """

    def __init__(self, made: Mapping[str, xr.Dataset] | None = None) -> None:
        self._made: dict[str, xr.Dataset | None] = dict(made or {})  # None until it is read
        self._later: dict[str, Late[Mapping[str, xr.Dataset]]] = {}
        self._tree: xr.DataTree | None = None

    @classmethod
    def of(cls, tree: xr.DataTree) -> Groups:
        """The groups of a tree."""
        return cls({str(name): node.to_dataset() for name, node in tree.children.items()})

    def copy(self) -> Groups:
        """The same groups, to which others can be added; what is made for one is made for both."""
        found = Groups()
        found._made, found._later = dict(self._made), dict(self._later)
        return found

    def add(self, name: str, group: xr.Dataset) -> None:
        """Add or replace a group."""
        self._later.pop(name, None)
        self._made[name] = group
        self._tree = None

    def add_later(self, names: Sequence[str], make: Callable[[], Mapping[str, xr.Dataset]]) -> None:
        """Add groups that are made together when one of them is first read.

        Parameters
        ----------
        names : sequence of str
            Those that may be made.
        make : callable
            Called once; gives all of them, or those of them that there are, and perhaps others, which are not added.
        """
        self._made |= dict.fromkeys(names)
        self._tree = None
        self._later |= dict.fromkeys(names, Late(make))

    def _known(self, name: str) -> xr.Dataset | None:
        """A group, made if it was not; None if there is none."""
        late = self._later.get(name)
        if late is not None:
            self._made[name] = late().get(name)
            self._later.pop(name, None)
        return self._made.get(name)

    def __getitem__(self, name: str) -> xr.Dataset:
        found = self._known(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return self._known(str(name)) is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name in list(self._made) if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Groups, (dict(self),)

    @property
    def tree(self) -> xr.DataTree:
        """All groups as ArviZ's tree."""
        import xarray as xr

        if self._tree is None:
            self._tree = xr.DataTree.from_dict({f"/{name}": group for name, group in self.items()})
        return self._tree


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


def observed_of(groups: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """What was observed and what stands beside it, as `Design.observed` gave it; empty where there is none."""
    import xarray as xr

    observed = groups[_OBSERVED] if _OBSERVED in groups else xr.Dataset()
    return observed.assign(groups[_CONSTANT].data_vars) if _CONSTANT in groups else observed


def densities_of(groups: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Log densities, those with effects integrated out among them, as `Design.log_likelihood` gave them."""
    found = groups[_LOG_LIKELIHOOD]
    if _INTEGRATED_GROUP in groups:
        found = found.assign(groups[_INTEGRATED_GROUP].data_vars)
    return found
