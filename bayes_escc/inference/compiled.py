"""Compiled models of this process: one for every structure, whatever data it is fitted to."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from types import ModuleType
from typing import Any, Final

from bayes_escc.families import Design
from bayes_escc.inference.cache import prepare_cache

__all__ = ["clear_compiled", "compiled_with_data", "import_nutpie"]

_MAX_COMPILED: Final = 32
_compiled: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def compiled_with_data(design: Design, seconds: dict[str, float]) -> Any:
    """The compiled model of a design for nutpie, holding its data.

    Parameters
    ----------
    design : Design
    seconds : dict
        The time of importing and compiling is added to ``import`` and ``compile``.
    """
    tick = time.perf_counter()
    prepare_cache()
    import_nutpie()  # here, so that the time is not counted as compiling

    tock = time.perf_counter()
    seconds["import"] += tock - tick
    with _lock:
        compiled = _compiled.get(design.structure)
        if compiled is None:
            compiled = _from_disk_or_anew(design)
            _compiled[design.structure] = compiled
            while len(_compiled) > _MAX_COMPILED:
                _compiled.popitem(last=False)
        else:
            _compiled.move_to_end(design.structure)
    seconds["compile"] += time.perf_counter() - tock
    # data are always set anew, also after compiling, so that the cache holds no one's data in use
    names = {v.name for v in compiled.shared_var_keys}
    return compiled.with_data(**{k: v for k, v in design.data.items() if k in names})


def _from_disk_or_anew(design: Design) -> Any:
    """The model as an earlier process has kept it, or compiled and kept."""
    from bayes_escc.inference.kept import keep, kept_model

    compiled = kept_model(design)
    if compiled is None:
        from bayes_escc.inference.entry_points import compile_model

        model = design.build()
        compiled = compile_model(model)
        keep(design, model, compiled)
    return compiled


def import_nutpie() -> Any:
    """The package nutpie, without ArviZ and all its figures until something of these is asked for.

    nutpie imports ArviZ at once, and with it Matplotlib, for a conversion of traces that is not used here; that takes
    as long as sampling many a model. While nutpie is imported, a module stands in ArviZ's place that is
    the real one as soon as anything of it is read; afterwards only nutpie's own reference is left.
    """
    if "nutpie" not in sys.modules and "arviz" not in sys.modules:
        later = _Later("arviz")
        sys.modules["arviz"] = later
        try:
            importlib.import_module("nutpie")
        finally:
            later.leave()
    return importlib.import_module("nutpie")


class _Later(ModuleType):
    """A module that is imported when something of it is first read."""

    def leave(self) -> None:
        """Make room for the real module."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]

    def __getattr__(self, name: str) -> Any:
        self.leave()
        return getattr(importlib.import_module(self.__name__), name)


def clear_compiled() -> None:
    """Forget the compiled models of this process (for benchmarks and tests)."""
    with _lock:
        _compiled.clear()
