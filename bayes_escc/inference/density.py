"""A compiled log density called from NumPy, for whoever needs it at a few points: the mode, and checks."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adjustment", "Target"]

Array = NDArray[np.float64]
Adjustment = Callable[[dict[str, Array]], Array]
"""From the variables of a model at many points, by name, to what is added to its log density there."""


class Target:
    """A compiled log posterior density on the unconstrained scale, Jacobians included."""

    def __init__(self, compiled: Any, adjust: Adjustment | None = None) -> None:
        self.compiled = compiled  # kept alive: it owns the data the record points to
        self.adjust = adjust
        self.size = int(compiled.n_dim)
        word, pointer = ctypes.c_uint64, ctypes.c_void_p
        self._logp = ctypes.CFUNCTYPE(ctypes.c_int64, word, pointer, pointer, pointer, pointer)(
            compiled.compiled_logp_func.address
        )
        self._expand = ctypes.CFUNCTYPE(ctypes.c_int64, word, word, pointer, pointer, pointer)(
            compiled.compiled_expand_func.address
        )
        self._record = compiled.user_data.ctypes.data

    def density(self, points: Array) -> tuple[Array, Array]:
        """Log density and gradient, shapes (points,) and (points, parameters).

        A density that is not finite is minus infinity, with a gradient of zero.
        """
        points = np.ascontiguousarray(points)
        values, gradients = np.full(len(points), -np.inf), np.zeros_like(points)
        step, call, size, record = points.strides[0], self._logp, self.size, self._record
        at, slope, value = points.ctypes.data, gradients.ctypes.data, values.ctypes.data
        for i in range(len(points)):
            if call(size, at + i * step, slope + i * step, value + 8 * i, record) != 0:
                values[i], gradients[i] = -np.inf, 0.0
        return values, gradients

    def expand(self, points: Array) -> dict[str, Array]:
        """Every variable of the model at each point, by name, first axis points."""
        points = np.ascontiguousarray(points)
        flat = np.empty((len(points), self.compiled.n_expanded))
        for i in range(len(points)):
            self._expand(
                self.size,
                flat.shape[1],
                points.ctypes.data + i * points.strides[0],
                flat.ctypes.data + i * flat.strides[0],
                self._record,
            )
        names, slices, shapes = self.compiled.shape_info
        return {
            name: flat[:, where].reshape(len(points), *shape)
            for name, where, shape in zip(names, slices, shapes, strict=True)
        }

    def curvature(self, point: Array) -> Array:
        """Minus the Hessian at a point, by central differences of the gradient."""
        steps = np.diag(6e-6 * np.maximum(1.0, np.abs(point)))
        _, ahead = self.density(point + steps)
        _, behind = self.density(point - steps)
        found = -(ahead - behind) / (2.0 * np.diag(steps))[:, None]
        return np.asarray((found + found.T) / 2.0)
