"""Compiled models kept between processes, so that a warm run needs neither PyMC nor PyTensor.

PyTensor keeps compiled functions, but to find them again it must build the model, differentiate it and rewrite it,
which costs more than sampling a few hundred patients. What a structure compiled to is therefore kept whole: the machine
code of the two entry points, names and shapes of the variables, and the starting points of seeds that were used.

The name of a file is a digest of the structure, of this package's code, of the versions of everything that compiles
and of the processor. Before a kept model is used, its log density is compared with the densities that the design
states in NumPy, at two draws of its own prior; without agreement it is compiled anew. Only models in which everything
sampled has a stated prior can be compared so; hierarchies are compiled as always. Nothing of anyone's data is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import platform
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import BayesEsccError
from bayes_escc.families import Design
from bayes_escc.files import write_atomic
from bayes_escc.inference.cache import compiled_folder
from bayes_escc.inference.density import Target
from bayes_escc.inference.entry_points import CENTRE, ROOT, starting_points
from bayes_escc.names import CHAIN, DRAW, AnyArray

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["keep", "kept_model"]

_COMPILERS: Final = ("pymc", "pytensor", "numba", "llvmlite", "nutpie", "numpy", "scipy")
_ROOMS: Final = ("families", "inference", "probability", "settings")
_MOST_FILES: Final = 200
_MOST_POINTS: Final = 64
_LOG: Final = "_log__"


@dataclass(frozen=True)
class _Code:
    """A serialised library of Numba, and the name of the function in it that is wanted."""

    function: str
    library: str
    machine: bytes
    bitcode: bytes


@dataclass(frozen=True)
class _Entry:
    """A function of machine code, and the library that owns it."""

    library: Any
    address: int


@dataclass(frozen=True, eq=False)
class _Input:
    """What nutpie asks of a shared variable."""

    name: str
    ndim: int


@dataclass(frozen=True)
class _Kept:
    """What is on disk of a compiled model.

    Parameters
    ----------
    entries : tuple of _Code
        The log density with its gradient, and the expansion of a point.
    n_dim, n_expanded : int
    shape_info : tuple
        Names, slices and shapes of the variables.
    dims : mapping of str to tuple of str
    inputs : tuple of (name, key, type, number of axes)
    points : dict of int to list of float
        Starting points by seed.
    """

    entries: tuple[_Code, _Code]
    n_dim: int
    n_expanded: int
    shape_info: tuple[list[str], list[slice], list[tuple[int, ...]]]
    dims: Mapping[str, tuple[str, ...]]
    inputs: tuple[tuple[str, str, str, int], ...]
    points: dict[int, list[float]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """A line of JSON, then the code."""
        variables, slices, shapes = self.shape_info
        header = {
            "entries": [[e.function, e.library, len(e.machine), len(e.bitcode)] for e in self.entries],
            "n_dim": self.n_dim,
            "n_expanded": self.n_expanded,
            "variables": [[v, w.start, w.stop, s] for v, w, s in zip(variables, slices, shapes, strict=True)],
            "dims": self.dims,
            "inputs": self.inputs,
            "points": [[seed, point] for seed, point in self.points.items()],
        }
        code = b"".join(e.machine + e.bitcode for e in self.entries)
        return json.dumps(header).encode() + b"\n" + code

    @classmethod
    def of_bytes(cls, content: bytes) -> _Kept:
        """What `to_bytes` wrote."""
        line, code = content.split(b"\n", 1)
        header = json.loads(line)
        entries, at = [], 0
        for function, library, machine, bitcode in header["entries"]:
            middle, end = at + machine, at + machine + bitcode
            entries.append(_Code(function, library, code[at:middle], code[middle:end]))
            at = end
        if at != len(code) or len(entries) != 2:
            raise ValueError("the file is cut short")
        variables = header["variables"]
        return cls(
            (entries[0], entries[1]),
            header["n_dim"],
            header["n_expanded"],
            (
                [name for name, *_ in variables],
                [slice(start, stop) for _, start, stop, _ in variables],
                [tuple(shape) for *_, shape in variables],
            ),
            {name: tuple(dims) for name, dims in header["dims"].items()},
            tuple((name, key, kind, axes) for name, key, kind, axes in header["inputs"]),
            dict(header["points"]),
        )


def kept_model(design: Design) -> Any:
    """The compiled model of a structure for nutpie, from disk; None if there is none that can be used."""
    path = _place(design)
    if path is None or not path.is_file():
        return None
    try:
        kept = _Kept.of_bytes(path.read_bytes())
        compiled = _revived(kept, _Start(design, kept, path), {d: len(labels) for d, labels in design.coords.items()})
        return compiled if _agrees(design, compiled) else None
    except Exception:  # a file of another making, cut short, or that this machine cannot run: compile anew
        return None


def keep(design: Design, model: pm.Model, compiled: Any) -> None:
    """Keep a model that was just compiled, if it can be compared with its design's own densities."""
    path = _place(design)
    if path is None or not hasattr(compiled.compiled_logp_func, "_cache"):
        return
    with suppress(AttributeError, KeyError, TypeError, ValueError, OSError, BayesEsccError, pickle.PicklingError):
        names = {v.name for v in compiled.shared_var_keys}
        if not names <= {*design.data, *design.coords, CENTRE, ROOT} or not _agrees(design, compiled):
            return
        if starting_points(model) is None:  # they depend on the data
            return
        inputs = tuple(
            (v.name, key, compiled.shared_data[key].dtype.str, int(compiled.shared_data[key].ndim))
            for v, key in compiled.shared_var_keys.items()
        )
        variables, slices, shapes = compiled.shape_info
        kept = _Kept(
            (_code(compiled.compiled_logp_func), _code(compiled.compiled_expand_func)),
            int(compiled.n_dim),
            int(compiled.n_expanded),
            (
                list(variables),
                [slice(int(s.start), int(s.stop)) for s in slices],
                [tuple(int(n) for n in shape) for shape in shapes],
            ),
            {name: tuple(dims) for name, dims in (compiled.dims or {}).items()},
            inputs,
        )
        write_atomic(path, kept.to_bytes())
        # from now on this process adds the starting points it uses; nutpie's models are frozen, but this one is ours
        object.__setattr__(compiled, "initial_point_func", _Start(design, kept, path, compiled.initial_point_func))
        for old in sorted(path.parent.glob("*.model"), key=lambda p: p.stat().st_mtime)[:-_MOST_FILES]:
            old.unlink(missing_ok=True)


class _Start:
    """The starting point of a seed: from disk if it was used before, otherwise from the model, built for it."""

    def __init__(self, design: Design, kept: _Kept, path: Path, make: Any = None) -> None:
        self._design, self._kept, self._path = design, kept, path
        self._lock = threading.Lock()
        self._make = make

    def __call__(self, seed: Any = None) -> AnyArray:
        with self._lock:
            known = self._kept.points.get(seed) if isinstance(seed, int) else None
            if known is not None:
                return np.array(known)
            if self._make is None:
                self._make = starting_points(self._design.build())
            found = np.asarray(self._make(seed), dtype=float)
            if isinstance(seed, int) and len(self._kept.points) < _MOST_POINTS:
                self._kept.points[seed] = found.tolist()
                with suppress(BayesEsccError):
                    write_atomic(self._path, self._kept.to_bytes())
            return found


def _place(design: Design) -> Path | None:
    """The file of a structure; None where it cannot be told apart from others."""
    try:
        stated = pickle.dumps((type(design).__module__, type(design).__qualname__, design.structure))
    except (AttributeError, TypeError, pickle.PicklingError):
        return None
    if design.hierarchical or not design.nearly_normal:
        return None
    return compiled_folder() / "bayes_escc" / f"{hashlib.sha256(stated + _surroundings()).hexdigest()[:40]}.model"


@cache
def _surroundings() -> bytes:
    """Everything beside the structure that the machine code depends on."""
    from numba.core.registry import cpu_target

    versions = []
    for package in _COMPILERS:
        try:
            versions.append((package, version(package)))
        except PackageNotFoundError:
            versions.append((package, ""))
    machine = cpu_target.target_context.codegen().magic_tuple()
    settings = tuple(os.environ.get(name, "") for name in ("PYTENSOR_FLAGS", "PYTENSORRC", "NUMBA_CPU_NAME"))
    digest = hashlib.sha256(repr((versions, machine, settings, sys.version, platform.machine())).encode())
    root = Path(__file__).parents[1]
    for path in sorted(p for room in _ROOMS for p in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.digest()


def _code(function: Any) -> _Code:
    """A compiled C function as Numba has written it to its own cache."""
    from numba.core.registry import cpu_target

    numba_cache = function._cache
    key = numba_cache._index_key(function._sig, cpu_target.target_context.codegen())
    library, kind, (machine, bitcode) = numba_cache._cache_file.load(key)[0]
    if kind != "object":
        raise ValueError("Numba keeps no machine code")
    name = str(function._wrapper_name)
    if name.encode() not in machine:  # another process compiled the same meanwhile, under a name of its own
        raise ValueError("Numba's cache holds another function")
    return _Code(name, str(library), bytes(machine), bytes(bitcode))


def _revived(kept: _Kept, start: _Start, lengths: Mapping[str, int]) -> Any:
    """Nutpie's compiled model of what is kept; lengths of dimensions are inputs too."""
    import pandas as pd
    from nutpie import compile_pymc as nutpie_compile

    inputs = {_Input(name, axes): key for name, key, _, axes in kept.inputs}
    data = {
        key: np.full((0,) * axes, lengths.get(name, 0) if axes == 0 else 0, dtype=kind)
        for name, key, kind, axes in kept.inputs
    }
    for values in data.values():
        values.flags.writeable = False
    names, _, shapes = kept.shape_info
    sizes = {d: n for v, s in zip(names, shapes, strict=True) for d, n in zip(kept.dims.get(v, ()), s, strict=True)}
    coords = {d: pd.Index([str(i) for i in range(n)]) for d, n in sizes.items()}
    coords["unconstrained_parameter"] = pd.Index([str(i) for i in range(kept.n_dim)])
    logp, expand = (_revived_entry(code) for code in kept.entries)
    return nutpie_compile.CompiledPyMCModel(
        _n_dim=kept.n_dim,
        dims={name: tuple(dims) for name, dims in kept.dims.items()},
        _coords=coords,
        _shapes={name: tuple(shape) for name, shape in zip(names, shapes, strict=True)},
        compiled_logp_func=logp,
        compiled_expand_func=expand,
        initial_point_func=start,
        shared_data=data,
        shared_var_keys=inputs,
        user_data=nutpie_compile.make_user_data(inputs, data),
        n_expanded=kept.n_expanded,
        shape_info=kept.shape_info,
        logp_func=None,
        expand_func=None,
    )


def _revived_entry(code: _Code) -> _Entry:
    """A function of machine code, linked; every symbol it needs is looked for first, as LLVM aborts without one."""
    from llvmlite import binding
    from numba.core.registry import cpu_target
    from numba.core.runtime import rtsys

    context = cpu_target.target_context
    rtsys.initialize(context)
    needed = [f.name for f in binding.parse_bitcode(code.bitcode).functions if f.is_declaration]
    if any(not s.startswith("llvm.") and binding.address_of_symbol(s) is None for s in needed):
        context.refresh()
        if any(not s.startswith("llvm.") and binding.address_of_symbol(s) is None for s in needed):
            raise ValueError("a symbol is missing")
    library = context.codegen().unserialize_library((code.library, "object", (code.machine, code.bitcode)))
    address = int(library.get_pointer_to_function(code.function))
    if not address:
        raise ValueError("the function is not in its library")
    return _Entry(library, address)


def _agrees(design: Design, compiled: Any) -> bool:
    """Whether a compiled log density differs between two draws of the prior as the design's own densities do."""
    names, slices, _ = compiled.shape_info
    free = [(n, s) for n, s in zip(names, slices, strict=True) if s.stop <= compiled.n_dim]
    prior = design.prior(np.random.default_rng(1), 2)
    points = np.empty((2, int(compiled.n_dim)))
    jacobian = np.zeros(2)
    for name, where in free:
        logged = name.endswith(_LOG)
        if not logged and name.endswith("__"):
            return False
        values = prior[name.removesuffix(_LOG)].transpose(CHAIN, DRAW, ...).to_numpy().reshape(2, -1)
        points[:, where] = np.log(values) if logged else values
        jacobian += points[:, where].sum(axis=1) if logged else 0.0
    given = {v.name for v in compiled.shared_var_keys}
    target = Target(compiled.with_data(**{k: v for k, v in design.data.items() if k in given}))
    ours = jacobian
    with np.errstate(all="ignore"):  # draws of a wide prior may be extreme
        densities = (design.log_prior(prior), design.log_likelihood(prior))
    for density in densities:
        for name, array in density.data_vars.items():
            if not str(name).endswith("_integrated"):
                ours = ours + array.transpose(CHAIN, DRAW, ...).to_numpy().reshape(2, -1).sum(axis=1)
    found, _ = target.density(points)
    if not (np.isfinite(found).all() and np.isfinite(ours).all()):
        return False
    gap, size = np.diff(found)[0] - np.diff(ours)[0], max(1.0, float(np.abs(found).max()))
    return bool(abs(gap) < 1e-8 * size)
