"""What is imported when: names of a room on first use, and no package that is asked for data nobody has.

xarray imports all of Dask, with its cluster, to ask of an array whether it is one of Dask's: that takes longer than
anything a closed form computes. A process that has no such arrays can leave it out.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from bayes_escc.names import Plain

__all__ = ["lazy_names", "need_package", "packages_left_out"]

_LEFT_OUT: Final = ("dask",)


@contextmanager
def packages_left_out() -> Iterator[None]:
    """Meanwhile Dask looks as if it were not installed, unless it or xarray has been imported already.

    xarray looks for Dask once and remembers what it found, so that hiding it afterwards would break xarray. What needs
    Dask says so with `need_package`. For whoever owns the process, as the command line does.
    """
    modules: Plain = sys.modules
    added = [] if "xarray" in modules else [name for name in _LEFT_OUT if name not in modules]
    modules.update(dict.fromkeys(added))  # None stands for a module that cannot be imported
    try:
        yield
    finally:
        for name in added:
            need_package(name)


def need_package(name: str) -> None:
    """Let a package that was left out be imported."""
    if sys.modules.get(name, sys) is None:
        del sys.modules[name]


def lazy_names(room: str, homes: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a room whose names load on first use.

    Parameters
    ----------
    room : str
        The package's name.
    homes : mapping
        Names by the module of the room that they stand in.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{room}.{home_of[name]}"), name)
        setattr(sys.modules[room], name, value)
        return value

    return load
