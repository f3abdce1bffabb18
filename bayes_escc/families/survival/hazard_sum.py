"""The sum of many cumulative hazards, with its gradient, in one pass over the rows.

With right-censored data the likelihood of proportional hazards needs every row only through

    sum_i exp(level[g_i] + slope[g_i] * log_time_i + log_weight_i + sum_j coefficient_j x_ji + shift_i);

what events contribute is linear in the parameters and enters through totals. Written out in PyTensor this makes half
a dozen passes over the rows and as many temporary arrays, and exponentials one at a time. Here blocks of rows that
fit the nearest cache go through once, in loops that LLVM turns into vector instructions.

Arithmetic is strict (no `fastmath`), so that compiling again does not change a digit. The exponential is a Cody-Waite
reduction and a polynomial of degree 12, right to two units in the last place; it is infinite above 709.4 and stays at
the smallest normal number below -708.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from bayes_escc.names import AnyArray

__all__ = ["HazardSum"]

_BLOCK: Final = 512
_ROUND: Final = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest integer in the lowest bits
_EXPONENT: Final = int(np.float64(_ROUND).view(np.int64)) - 1023
_VERSION: Final = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
"""Part of the key of compiled code: code of an earlier version of this file is never used."""
_PARAMETERS: Final = 4  # level, slope, coefficient, shift: the inputs with a gradient


def _strict[F: Callable[..., Any]](function: F) -> F:
    """Compile with strict arithmetic."""
    return cast("F", numba_njit(fastmath=False, error_model="numpy")(function))


class HazardSum(Op):  # type: ignore[misc]  # PyTensor is untyped
    """The sum above, and its derivatives with respect to level, slope, coefficient and shift.

    Parameters
    ----------
    timed : bool
        Whether the first row of the matrix is log time, which the slope multiplies.

    Notes
    -----
    Inputs are level and slope (vectors of length groups), coefficient (covariates), shift (rows, or empty), starts
    (int64, groups + 1: rows of a group are consecutive; where each starts, and the number of rows) and a
    matrix with the rows of the data as columns: log time if `timed`, log weight if there are weights, then covariates.
    """

    __props__ = ("timed",)

    def __init__(self, *, timed: bool) -> None:
        self.timed = timed

    def make_node(self, *inputs: Any) -> Apply[Any, Any]:
        """The sum and its four gradients as outputs."""
        tensors = [pt.as_tensor(v) for v in inputs]
        gradients = [pt.tensor(dtype="float64", shape=t.type.shape) for t in tensors[:_PARAMETERS]]
        return Apply(self, tensors, [pt.dscalar(), *gradients])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        """In NumPy, for PyTensor's Python backend."""
        for storage, value in zip(output_storage, _in_numpy(self.timed, *inputs), strict=True):
            storage[0] = np.asarray(value)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """The gradients that were found on the way; second derivatives are not offered."""
        slopes = [cotangents[0] * outputs[1 + i] for i in range(_PARAMETERS)]
        return [*slopes, *(disconnected_type() for _ in inputs[_PARAMETERS:])]

    L_op = pullback

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Only the sum may be differentiated, and only by the parameters."""
        return [[i < _PARAMETERS, *[False] * _PARAMETERS] for i in range(len(node.inputs))]


@np.errstate(over="ignore", invalid="ignore")
def _in_numpy(
    timed: bool, level: AnyArray, slope: AnyArray, coefficient: AnyArray, shift: AnyArray, starts: AnyArray, x: AnyArray
) -> tuple[Any, ...]:
    group, fixed = np.repeat(np.arange(len(level)), np.diff(starts)), len(x) - len(coefficient)
    total = level[group] + x[timed:fixed].sum(axis=0) + coefficient @ x[fixed:]
    if timed:
        total = total + slope[group] * x[0]
    if len(shift):
        total = total + shift
    hazard = np.exp(total)
    by_slope = np.bincount(group, hazard * x[0], len(level)) if timed else np.zeros(len(level))
    by_shift = hazard if len(shift) else np.zeros(0)
    return hazard.sum(), np.bincount(group, hazard, len(level)), by_slope, x[fixed:] @ hazard, by_shift


@register_funcify_default_op_cache_key(HazardSum)  # type: ignore[untyped-decorator]  # PyTensor is untyped
def _in_numba(op: HazardSum, **_: Any) -> tuple[Any, int]:
    timed = op.timed
    exponential, folded, add, keep, add_four, keep_four = _loops()

    @_strict
    def hazard_sum(
        level: AnyArray, slope: AnyArray, coefficient: AnyArray, shift: AnyArray, starts: AnyArray, x: AnyArray
    ) -> Any:
        groups, (lines, rows) = len(level), x.shape
        fixed, fours = lines - len(coefficient), lines - lines % 4
        width = min(_BLOCK, rows)
        u, h = np.empty(width), np.empty(width)
        words = u.view(np.int64)
        sums = np.zeros((lines + 1, width))  # of hazard times each line of x, and of the hazard
        by_level, by_slope = np.zeros(groups), np.zeros(groups)
        by_coefficient, by_shift = np.zeros(len(coefficient)), np.zeros(len(shift))
        factor = np.ones(lines)
        for j in range(fixed, lines):
            factor[j] = coefficient[j - fixed]
        total = 0.0
        for g in range(groups):
            if timed:
                factor[0] = slope[g]
            first, last = starts[g], starts[g + 1]
            for i in range(width):
                for j in range(fixed):
                    sums[j, i] = 0.0
                sums[lines, i] = 0.0
            for start in range(first, last, width):
                stop = min(start + width, last)
                size = stop - start
                for i in range(size):
                    u[i] = level[g]
                if len(shift):
                    for i in range(size):
                        u[i] += shift[start + i]
                for j in range(0, fours, 4):
                    add_four(
                        u,
                        size,
                        factor,
                        j,
                        x[j, start:stop],
                        x[j + 1, start:stop],
                        x[j + 2, start:stop],
                        x[j + 3, start:stop],
                    )
                for j in range(fours, lines):
                    add(u, size, factor[j], x[j, start:stop])
                exponential(u, words, h, size)
                for i in range(size):
                    sums[lines, i] += h[i]
                for j in range(0, fours, 4):
                    keep_four(
                        h,
                        size,
                        sums[j],
                        sums[j + 1],
                        sums[j + 2],
                        sums[j + 3],
                        x[j, start:stop],
                        x[j + 1, start:stop],
                        x[j + 2, start:stop],
                        x[j + 3, start:stop],
                    )
                for j in range(fours, lines):
                    keep(sums[j], size, h, x[j, start:stop])
                if len(shift):
                    for i in range(size):
                        by_shift[start + i] = h[i]
            used = min(width, last - first)
            by_level[g] = folded(sums[lines], used)
            if timed:
                by_slope[g] = folded(sums[0], used)
            total += by_level[g]
        for j in range(len(coefficient)):
            by_coefficient[j] = folded(sums[fixed + j], width)
        return np.asarray(total), by_level, by_slope, by_coefficient, by_shift

    return hazard_sum, _VERSION


def _loops() -> tuple[Any, ...]:
    """The inner loops, each over one block; four lines at a time halve the passes over it."""

    @_strict
    def exponential(u: AnyArray, words: AnyArray, h: AnyArray, size: int) -> None:
        """Exponentials of u into h, for the first values; u and words are the same memory, and are overwritten."""
        for i in range(size):
            x = u[i]
            x = x if x > -708.0 else -708.0
            x = x if x < 710.0 else 710.0
            shifted = x * 1.4426950408889634 + _ROUND
            power = shifted - _ROUND
            r = x - power * 0.693145751953125
            r = r - power * 1.42860682030941723212e-6
            r2 = r * r
            r4 = r2 * r2
            low = (1.0 + r) + (0.5 + r * (1 / 6)) * r2
            middle = (1 / 24 + r * (1 / 120)) + (1 / 720 + r * (1 / 5040)) * r2
            high = (1 / 40320 + r * (1 / 362880)) + (1 / 3628800 + r * (1 / 39916800)) * r2
            h[i] = low + middle * r4 + (high + (1 / 479001600) * r4) * (r4 * r4)
            u[i] = shifted
        for i in range(size):
            words[i] = (words[i] - _EXPONENT) << 52
        for i in range(size):
            h[i] = h[i] * u[i]

    @_strict
    def folded(values: AnyArray, size: int) -> Any:
        """The sum of the first values, halving their number again and again; they are overwritten."""
        while size > 4:
            half = size // 2
            rest = size - half
            for i in range(half):
                values[i] += values[rest + i]
            size = rest
        total = 0.0
        for i in range(size):
            total += values[i]
        return total

    @_strict
    def add(u: AnyArray, size: int, factor: float, x: AnyArray) -> None:
        for i in range(size):
            u[i] += factor * x[i]

    @_strict
    def keep(total: AnyArray, size: int, h: AnyArray, x: AnyArray) -> None:
        for i in range(size):
            total[i] += h[i] * x[i]

    @_strict
    def add_four(
        u: AnyArray, size: int, factor: Any, j: int, x0: AnyArray, x1: AnyArray, x2: AnyArray, x3: AnyArray
    ) -> None:
        b0, b1, b2, b3 = factor[j], factor[j + 1], factor[j + 2], factor[j + 3]
        for i in range(size):
            u[i] += (b0 * x0[i] + b1 * x1[i]) + (b2 * x2[i] + b3 * x3[i])

    @_strict
    def keep_four(
        h: AnyArray,
        size: int,
        s0: AnyArray,
        s1: AnyArray,
        s2: AnyArray,
        s3: AnyArray,
        x0: AnyArray,
        x1: AnyArray,
        x2: AnyArray,
        x3: AnyArray,
    ) -> None:
        for i in range(size):
            value = h[i]
            s0[i] += value * x0[i]
            s1[i] += value * x1[i]
            s2[i] += value * x2[i]
            s3[i] += value * x3[i]

    return exponential, folded, add, keep, add_four, keep_four
