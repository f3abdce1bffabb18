"""Draws of a fit as bytes: a header of JSON, then arrays; no pickle, nothing per patient.

Kept are the parameters and the estimands, which are about the regimens. Log-likelihood, predictions, imputed
values and the data themselves are by patient; they are computed again from the rows when they are needed. Draws are
kept in single precision, which is far finer than their Monte Carlo error, and of many numbers a draw fewer draws are
kept, so that a cut costs at most about half a megabyte.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import RecordError
from bayes_escc.names import CHAIN, DRAW, ESTIMANDS, LAWS, Plain, PlainMapping

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["GROUPS", "pack", "unpack"]

GROUPS: Final = ("posterior", ESTIMANDS, LAWS)
"""Groups of a fit that are kept."""

_MAGIC: Final = b"ESCC-DRAWS-1\n"
_MOST_VALUES: Final = 120_000
"""Most numbers of draws that are kept of a fit."""
_FEWEST_DRAWS: Final = 2_000
"""Draws that are kept in any case: a preview by reweighting needs them."""
_PATIENT_DIMS: Final = ("patient", "missing", "unknown_patient")
"""Dimensions along which patients stand: themselves, and their imputed values."""


def pack(groups: Mapping[str, xr.Dataset]) -> bytes:
    """The kept groups of a posterior as bytes."""
    header: Plain = {}
    blocks: list[bytes] = []
    step = _step(groups)
    for group in GROUPS:
        if group in groups:
            data = groups[group]
            data = _thinned(data.drop_dims([d for d in data.dims if d in _PATIENT_DIMS]), step)
            header[group] = {
                "variables": {str(n): _describe(v, blocks) for n, v in data.data_vars.items()},
                "coords": {str(n): _describe(v, blocks) for n, v in data.coords.items()},
                "attrs": _plain(data.attrs),
            }
    text = json.dumps(header, ensure_ascii=False).encode()
    return _MAGIC + zlib.compress(len(text).to_bytes(8, "little") + text + b"".join(blocks), 1)


def unpack(content: bytes) -> dict[str, xr.Dataset]:
    """The groups of packed draws.

    Raises
    ------
    RecordError
        If the bytes are not what `pack` made.
    """
    import xarray as xr

    if not content.startswith(_MAGIC):
        raise RecordError("the stored draws are not in a format this version reads.")
    try:
        raw = zlib.decompress(content[len(_MAGIC) :])
        size = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + size])
        place = 8 + size
        found = {}
        for group, parts in header.items():
            read: dict[str, Plain] = {}
            for kind in ("variables", "coords"):
                read[kind] = {}
                for name, entry in parts[kind].items():
                    values, place = _values(entry, raw, place)
                    read[kind][name] = (tuple(entry["dims"]), values, entry["attrs"])
            found[group] = xr.Dataset(read["variables"], coords=read["coords"], attrs=parts["attrs"])
        return found
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"the stored draws cannot be understood ({error}).") from None


def _step(groups: Mapping[str, xr.Dataset]) -> int:
    """Which draws are kept: every one, every second, every third ..."""
    kept = [groups[g] for g in GROUPS if g in groups]
    variables = [v for g in kept for v in g.data_vars.values() if DRAW in v.dims and not set(v.dims) & {*_PATIENT_DIMS}]
    if not variables:
        return 1
    draws = variables[0].sizes[DRAW] * variables[0].sizes.get(CHAIN, 1)
    wanted = max(_FEWEST_DRAWS, _MOST_VALUES * draws // max(1, sum(v.size for v in variables)))
    return max(1, draws // wanted)


def _thinned(data: xr.Dataset, step: int) -> xr.Dataset:
    """Every so-many-th draw, in single precision, under its own label."""
    if DRAW in data.dims:
        data = data.isel({DRAW: slice(None, None, step)})
    drawn = {n: v.astype(np.float32) for n, v in data.data_vars.items() if DRAW in v.dims and v.dtype == np.float64}
    return data.assign(drawn)


def _describe(variable: Any, blocks: list[bytes]) -> Plain:
    values = np.asarray(variable.to_numpy())
    entry: Plain = {
        "dims": list(variable.dims),
        "shape": list(values.shape),
        "attrs": _plain(variable.attrs),
    }
    if values.dtype.kind in "iufb":
        little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        blocks.append(little.tobytes())
        return {**entry, "dtype": little.dtype.str, "bytes": little.nbytes}
    return {**entry, "labels": [str(v) for v in values.ravel()]}


def _values(entry: PlainMapping, raw: bytes, place: int) -> tuple[Any, int]:
    if "labels" in entry:
        return np.array(entry["labels"], dtype=str).reshape(entry["shape"]), place
    end = place + entry["bytes"]
    if end > len(raw):
        raise ValueError("the arrays are cut short")
    values = np.frombuffer(raw[place:end], dtype=np.dtype(entry["dtype"]))
    if values.dtype == np.float32:
        values = values.astype(np.float64)
    return values.reshape(entry["shape"]), end


def _plain(attrs: Mapping[Any, Any]) -> Plain:
    return {str(k): v.item() if hasattr(v, "item") else v for k, v in attrs.items()}
