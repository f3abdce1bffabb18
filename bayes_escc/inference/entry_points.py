"""A compiled model whose C entry points survive the process, so that a warm start is quick.

nutpie hands its sampler two C functions: the log density with its gradient, and the expansion
of a point into the stored variables. PyTensor caches what these call, but nutpie's own
wrappers close over unique names and array constants, so Numba refuses to cache them and LLVM
compiles them anew in every process, which takes several seconds. Here the same wrappers are
generated as plain source with fixed positions into nutpie's data record, and go through
PyTensor's disk cache; everything else (functions, record, `with_data`) is nutpie's own.

The wrappers also know an affine change of coordinates, ``point = centre + root z``, whose centre and root are data like
all others: with the mode and a square root of the covariance there, the sampler sees a posterior that is nearly
standard normal, whatever the scales and correlations of the model's parameters. Both are empty in a model as it is
compiled, and coordinates are then those of the model.

This uses names that nutpie does not promise to keep. `compile_model` falls back to nutpie's
public compiler if any of them is missing, and a test holds both to the same draws.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["CENTRE", "ROOT", "compile_model", "starting_points"]

CENTRE, ROOT = "affine_centre", "affine_root"
"""Names of the data with which the sampler's coordinates are changed."""
_MOST_ARGUMENTS = 20
_ENTRY = "bayes_escc_entry"

_LOGP_SOURCE = """
def {name}(dim, point, gradient, value, record):
    if dim != {n_dim}:
        return -1
    try:
{unpack}
{change}
        arguments = (inside,){arguments}
        logp, grad = inner(*arguments)
        total = logp[()]
        if not np.isfinite(total):
            return 4
        for i in range({n_dim}):
            if not np.isfinite(grad[i]):
                return 3
            gradient[i] = 0.0 if changed else grad[i]
        if changed:
            for i in range({n_dim}):
                for j in range({n_dim}):
                    gradient[j] += {root}[i, j] * grad[i]
        value[0] = total
    except Exception:
        return 1
    return 0
"""

_EXPAND_SOURCE = """
def {name}(dim, n_expanded, point, output, record):
    if dim != {n_dim} or n_expanded != {n_expanded}:
        return -1
    try:
{unpack}
{change}
        arguments = (inside,){arguments}
        values = inner(*arguments)[0]
        for i in range({n_expanded}):
            output[i] = values[i]
    except Exception:
        return -2
    return 0
"""


_CHANGE_SOURCE = """
        inside = carray(point, ({n_dim},)).copy()
        changed = {root}.shape[0] > 0
        if changed:
            for i in range({n_dim}):
                inside[i] = {centre}[i]
                for j in range({n_dim}):
                    inside[i] += {root}[i, j] * point[j]
"""


def compile_model(model: pm.Model) -> Any:
    """Compile a PyMC model for nutpie, with entry points cached on disk where possible."""
    import nutpie
    import pytensor

    # with PyTensor's default of relaxed arithmetic, a model just compiled and the same model from the cache differ in
    # their last digits, and then in every draw
    with pytensor.config.change_flags(numba__fastmath=False):
        try:
            return _compile_cached(model)
        except (AttributeError, ImportError, KeyError, TypeError, ValueError):
            return nutpie.compile_pymc_model(model)


def starting_points(model: pm.Model) -> Any:
    """A function from a seed to a point at which a chain may start, (parameters,); None if it depends on the data."""
    from nutpie import compile_pymc as nutpie_compile
    from pymc.initial_point import make_initial_point_expression, make_initial_point_fn
    from pytensor.graph.traversal import ancestors

    settings: Any = {"default_strategy": "support_point", "jitter_rvs": set(model.free_RVs), "return_transformed": True}
    expressions = make_initial_point_expression(
        free_rvs=model.free_RVs,
        rvs_to_transforms=model.rvs_to_transforms,
        initval_strategies=model.rvs_to_initial_values,
        **settings,
    )
    if {*ancestors(expressions)} & {*model.data_vars}:
        return None
    shapes = nutpie_compile._compute_shapes(model)
    names = [str(model.rvs_to_values[v].name) for v in model.free_RVs]
    function = nutpie_compile._wrap_with_lock(make_initial_point_fn(model=model, overrides=None, **settings))
    return nutpie_compile._rv_dict_to_flat_array_wrapper(function, names, [shapes[name] for name in names])


def _compile_cached(model: pm.Model) -> Any:
    import numba
    import pytensor
    from nutpie import compile_pymc as nutpie_compile
    from pymc.initial_point import make_initial_point_fn
    from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS

    initial_point = make_initial_point_fn(
        model=model,
        overrides=None,
        default_strategy="support_point",
        jitter_rvs=set(model.free_RVs),
        return_transformed=True,
    )
    n_dim, n_expanded, logp, expand, initial, shape_info, reparameterized = nutpie_compile._make_functions(
        model,
        mode="NUMBA",
        compute_grad=True,
        join_expanded=True,
        pymc_initial_point_fn=nutpie_compile._wrap_with_lock(initial_point),
    )
    affine = [pytensor.shared(np.empty((0,) * (i + 1)), name=name) for i, name in enumerate((CENTRE, ROOT))]
    shared = list(dict.fromkeys([*logp.get_shared(), *expand.get_shared(), *affine]))
    keys = {variable: f"v{i}" for i, variable in enumerate(shared)}
    data = {}
    for variable, key in keys.items():
        data[key] = np.array(variable.get_value(), order="C", copy=True)
        data[key].flags.writeable = False
    record = nutpie_compile.make_user_data(keys, data)

    kinds = numba.types
    doubles = kinds.CPointer(kinds.double)
    centre, root = (keys[variable] for variable in affine)
    entries = []
    for source, function, signature in (
        (_LOGP_SOURCE, logp, kinds.int64(kinds.uint64, doubles, doubles, doubles, kinds.voidptr)),
        (_EXPAND_SOURCE, expand, kinds.int64(kinds.uint64, kinds.uint64, doubles, doubles, kinds.voidptr)),
    ):
        inner = function.vm.jit_fn
        cache_key = CACHED_SRC_FUNCTIONS[inner.py_func]
        if cache_key is None:
            raise ValueError("PyTensor did not cache the model's functions")
        unpack, arguments = _unpacking(function.get_shared(), affine, keys, record.dtype)
        text = source.format(
            name=_ENTRY,
            unpack=unpack,
            arguments=arguments,
            n_dim=n_dim,
            n_expanded=n_expanded,
            change=_CHANGE_SOURCE.format(centre=centre, root=root, n_dim=n_dim).strip("\n"),
            root=root,
        )
        entries.append(_entry_point(text, inner, signature, cache_key))
    dims, coords = nutpie_compile._prepare_dims_and_coords(model, shape_info, reparameterized)
    names, _, shapes = shape_info
    return nutpie_compile.CompiledPyMCModel(
        _n_dim=n_dim,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, shape in zip(names, shapes, strict=True)},
        compiled_logp_func=entries[0],
        compiled_expand_func=entries[1],
        initial_point_func=initial,
        shared_data=data,
        shared_var_keys=keys,
        user_data=record,
        n_expanded=n_expanded,
        shape_info=shape_info,
        logp_func=logp,
        expand_func=expand,
        reparameterized_names=reparameterized,
    )


def _unpacking(inputs: Any, others: Any, keys: dict[Any, str], record: Any) -> tuple[str, str]:
    """Source that reads each shared array out of nutpie's record, and the arguments that the inputs make."""
    if record.itemsize % 8:
        raise ValueError("nutpie's record is not a run of 64-bit words")
    lines = [f"        words = carray(record, ({record.itemsize // 8},), uint64)"]
    shared, base = record.fields["shared"][:2]
    data, data_at = shared.fields["data"][:2]
    shape, shape_at = shared.fields["shape"][:2]
    names = []
    for variable in (*inputs, *others):
        key = keys[variable]
        pointer = (base + data_at + data.fields[key][1]) // 8
        sizes = (base + shape_at + shape.fields[key][1]) // 8
        extents = "".join(f"int(words[{sizes + axis}]), " for axis in range(variable.ndim))
        lines.append(f"        {key} = carray(as_pointer(words[{pointer}]), ({extents}), {variable.dtype})")
        names.append(key)
    names = names[: len(inputs)]
    # in groups: Python makes a longer tuple by way of a list, which Numba cannot
    groups = (names[i : i + _MOST_ARGUMENTS] for i in range(0, len(names), _MOST_ARGUMENTS))
    arguments = "".join(f" + ({', '.join(group)},)" for group in groups)
    return "\n".join(lines), arguments


def _entry_point(text: str, inner: Any, signature: Any, cache_key: Any) -> Any:
    """Compile one wrapper through PyTensor's disk cache, keyed by its source and what it calls."""
    import numba
    from nutpie.compile_pymc import address_as_void_pointer
    from pytensor.link.numba.cache import compile_numba_function_src

    kinds = {d: np.dtype(d).type for d in ("float64", "float32", "int64", "int32", "int16", "int8", "uint64", "bool")}
    namespace = {
        "__name__": __name__,
        "carray": numba.carray,
        "as_pointer": address_as_void_pointer,
        "np": np,
        "inner": inner,
        **kinds,
    }
    key = hashlib.sha256(f"{text}{cache_key}{numba.__version__}".encode()).hexdigest()
    function = compile_numba_function_src(text, _ENTRY, namespace, cache_key=key)
    return numba.cfunc(signature, cache=True)(function)
