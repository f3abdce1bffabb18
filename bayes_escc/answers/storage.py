"""Posteriors on disk: one netCDF file, its content digested, read only if it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.errors import RecordError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load_tree", "tree_bytes"]


def tree_bytes(tree: xr.DataTree, record: str) -> bytes:
    """The file of a tree and its record (JSON text), with the digest of both.

    It is made in memory, because HDF5 that runs out of disk while it writes ends the process.
    """
    signed = tree.copy()
    signed.attrs = {"bayes_escc": record, "sha256": content_digest(tree, record)}
    return _netcdf(signed)


def _netcdf(tree: xr.DataTree) -> bytes:
    """A tree as a netCDF 4 file, with values and attributes encoded as xarray does.

    xarray's own writer asks HDF5 again for every dimension of every variable, which takes five times as long.
    """
    import h5py

    with h5py.File("posterior.nc", "w", driver="core", backing_store=False, track_order=True) as file:
        for node in tree.subtree:
            group = file if node.path == "/" else file.create_group(node.path, track_order=True)
            _write_group(group, node.to_dataset(inherit=False))
        file.flush()
        return bytes(file.id.get_file_image())


def _write_group(group: Any, data: xr.Dataset) -> None:
    """Variables of a group, and as HDF5's dimension scales its dimensions, with coordinates or without."""
    import h5py
    import xarray as xr

    variables, attributes = xr.conventions.encode_dataset_coordinates(data)
    group.attrs.update(attributes)
    scales: dict[Any, Any] = {}
    for number, (dimension, size) in enumerate(data.sizes.items()):
        if dimension in variables:
            scale, label = _write_variable(group, dimension, variables[dimension]), str(dimension)
        else:
            scale = group.create_dataset(dimension, (size,), dtype=">f4")
            label = f"This is a netCDF dimension but not a netCDF variable. {size:9d}"
        h5py.h5ds.set_scale(scale.id, label.encode())
        scale.attrs["_Netcdf4Dimid"] = np.int32(number)
        scales[dimension] = scale
    for name, variable in variables.items():
        if name not in scales:
            written = _write_variable(group, name, variable)
            for axis, dimension in enumerate(variable.dims):
                h5py.h5ds.attach_scale(written.id, scales[dimension].id, axis)


def _write_variable(group: Any, name: Any, variable: xr.Variable) -> Any:
    import h5py
    import xarray as xr

    encoded = xr.conventions.encode_cf_variable(variable)
    values = encoded.to_numpy()
    text = values.dtype.kind in "UO"
    options = {"data": values.astype(object), "dtype": h5py.string_dtype()} if text else {"data": values}
    written = group.create_dataset(name, track_order=True, **options)
    written.attrs.update(encoded.attrs)
    return written


def load_tree(path: Path) -> tuple[xr.DataTree, str]:
    """Read a tree and its record, and verify the digest.

    Raises
    ------
    RecordError
        If the file is not one of ours or is damaged.
    """
    tree = open_tree(path)
    record, digest = tree.attrs.get("bayes_escc"), tree.attrs.get("sha256")
    if not isinstance(record, str) or not isinstance(digest, str):
        raise RecordError(f"{path.name} was not saved by bayes_escc.")
    if content_digest(tree, record) != digest:
        raise RecordError(f"{path.name} is damaged: its content does not match its digest.")
    tree.attrs = {}
    return tree, record


def open_tree(path: Path) -> xr.DataTree:
    import xarray as xr

    if not path.is_file():
        raise RecordError(f"there is no file {path}.")
    with path.open("rb") as stream:
        if stream.read(8) != b"\x89HDF\r\n\x1a\n":
            raise RecordError(f"{path.name} is not a netCDF 4 file; only files saved by bayes_escc are read.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return tree.load()
    except Exception as error:  # a damaged file makes the HDF5 reader raise whatever it stumbles over
        raise RecordError(f"{path.name} is damaged and cannot be read: {error}.") from None


def content_digest(tree: xr.DataTree, text: str) -> str:
    """SHA-256 of the record and of every array: name, dimensions, type and bytes."""
    digest = hashlib.sha256(text.encode())
    for group in sorted(tree.children):
        data = tree[group].to_dataset()
        digest.update(_attributes(data.attrs).encode())
        for name in sorted(map(str, data.variables)):
            variable = data.variables[name]
            digest.update(f"/{group}/{name}{variable.dims}{_attributes(variable.attrs)}".encode())
            values = variable.to_numpy()
            if values.dtype.kind in "iufb":
                little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
                digest.update(f"{little.dtype.str}{little.shape}".encode() + little.tobytes())
            else:
                digest.update("\x1f".join(map(str, values.ravel())).encode())
    return digest.hexdigest()


def _attributes(attrs: Mapping[Any, Any]) -> str:
    """Attributes as text: numbers come back from a file as NumPy's, which print alike."""
    return str(sorted((str(k), str(v)) for k, v in attrs.items()))
