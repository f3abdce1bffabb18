"""Installed packages that xarray and pandas import for data that no command has.

xarray imports all of Dask, with its cluster, to ask of an array whether it is one of Dask's, and pandas imports Arrow:
together they take longer than anything a closed form computes. A process that has its own data only can leave them out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["need_package", "packages_left_out"]

_LEFT_OUT: Final = ("dask", "pyarrow")


@contextmanager
def packages_left_out() -> Iterator[None]:
    """Meanwhile Dask and Arrow look as if they were not installed, unless they have been imported already.

    What needs one of them says so with `need_package`. For whoever owns the process, as the command line does.
    """
    modules: dict[str, Any] = sys.modules
    added = [name for name in _LEFT_OUT if name not in modules]
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
