"""Compiled models of this process: one for every structure, whatever data it is fitted to."""

from __future__ import annotations

import importlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

from bayes_escc.families import Design
from bayes_escc.inference.cache import prepare_cache

__all__ = ["clear_compiled", "compiled_with_data"]

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
    for name in ("nutpie", "pymc"):  # here, so that the time is not counted as compiling
        importlib.import_module(name)

    tock = time.perf_counter()
    seconds["import"] += tock - tick
    with _lock:
        compiled = _compiled.get(design.structure)
        if compiled is None:
            from bayes_escc.inference.entry_points import compile_model

            compiled = compile_model(design.build())
            _compiled[design.structure] = compiled
            while len(_compiled) > _MAX_COMPILED:
                _compiled.popitem(last=False)
        else:
            _compiled.move_to_end(design.structure)
    seconds["compile"] += time.perf_counter() - tock
    # data are always set anew, also after compiling, so that the cache holds no one's data in use
    names = {v.name for v in compiled.shared_var_keys}
    return compiled.with_data(**{k: v for k, v in design.data.items() if k in names})


def clear_compiled() -> None:
    """Forget the compiled models of this process (for benchmarks and tests)."""
    with _lock:
        _compiled.clear()
