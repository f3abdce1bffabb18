"""P(median, survival or restricted mean beyond a value) of many Weibull trials at once, standardised over the patients.

A quantity h of the parameters, such as a difference of medians, exceeds c with probability ``Phi(r + log(q / r) / r)``,
where r is the signed root of twice the drop of the log posterior l from its mode to its maximum on the surface h = c,
and ``q = rho * sqrt(det(W) n' inv(W) n / det(J))``: rho is the multiplier of the surface, n the gradient of h, J the
curvature of l at its mode, and W that of l - rho h on the surface. This is the formula of DiCiccio and Martin in
coordinates of which h is one, written so that none need be chosen. The maximum is found by Newton's steps with the
constraint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from bayes_escc.inference.tail_areas import cholesky, log_posterior, maximise, solve

__all__ = ["MEDIAN", "RMST", "SURVIVAL", "Quantity", "quantity_tails"]

Array = NDArray[np.float64]
MEDIAN, SURVIVAL, RMST = 0, 1, 2
_LOG_LOG2 = math.log(math.log(2.0))
_STEPS = 50
_NEAR = 0.3
_FAR = 10.0
"""Multiples of `_NEAR` standard deviations beyond which a tail that cannot be computed is extrapolated."""
_STALE = 10
"""Steps after which the curvature of the surface is computed anew."""
_WIDTH = 1e-4
"""Half the width of a difference quotient of gradients."""
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(10)
_NODES = np.ascontiguousarray((0.5 * (_POINTS + 1.0)) ** 2)
_SHARES = np.ascontiguousarray(_WEIGHTS * 0.5 * (_POINTS + 1.0))
"""Times as shares of the horizon, denser where curves are steep, and their weights."""


@dataclass(frozen=True)
class Quantity:
    """What is asked of the curves.

    Parameters
    ----------
    kind : int
        `MEDIAN`, `SURVIVAL` or `RMST`.
    time : float
        Of survival, or the horizon of a restricted mean; months.
    arm, reference : array of shape (contrasts,)
        The columns of the linear predictor that tell arms apart, for the arm and for what it is compared with.
    single, log_ratio : bool
        Whether the arm's own value is asked, or the logarithm of the ratio rather than the difference.
    cut : float
    """

    kind: int
    time: float
    arm: Array
    reference: Array
    single: bool
    log_ratio: bool
    cut: float


def quantity_tails(
    log_time: Array, seen: Array, design: Array, mean: Array, precision: Array, asked: Quantity, *, fixed_shape: bool
) -> Array:
    """P(quantity > cut) for every trial.

    Parameters
    ----------
    log_time, seen, design, mean, precision, fixed_shape
        As of `bayes_escc.inference.tail_areas.tail_areas`; covariates are centred.
    asked : Quantity

    Returns
    -------
    array of shape (trials,)
        NaN where Newton's method did not converge. Tails below 0.001 may be extrapolated.
    """
    free = np.array([i for i in range(len(mean)) if not (fixed_shape and i == 1)], dtype=np.int64)
    arrays = (np.ascontiguousarray(a) for a in (log_time, seen, design, mean, precision))
    settings = (
        asked.kind,
        float(asked.time),
        np.ascontiguousarray(asked.arm, dtype=np.float64),
        np.ascontiguousarray(asked.reference, dtype=np.float64),
        asked.single,
        asked.log_ratio,
    )
    return np.asarray(_quantity_tails(*arrays, free, settings, float(asked.cut), _NODES, _SHARES))


@numba.njit(cache=True)
def _arm_value(theta, z, kind, time, design, known, nodes, shares, gradient):  # type: ignore[no-untyped-def]
    """The value of an arm's standardised curve, and its gradient."""
    p = theta.shape[0]
    contrasts = z.shape[0]
    first = 2 + contrasts
    shape = math.exp(theta[1])
    shift = 0.0
    for j in range(contrasts):
        shift += z[j] * theta[2 + j]
    patients = design.shape[0] if p > first else 1
    index = np.zeros(patients)
    count = 0.0
    for i in range(patients):
        if p > first and not known[i]:
            continue
        count += 1.0
        for j in range(first, p):
            index[i] += design[i, j - 2] * theta[j]
    for j in range(p):
        gradient[j] = 0.0
    for i in range(patients):
        index[i] = math.exp(min(index[i], 30.0))
    steps = nodes.shape[0] if kind == 2 else 1
    if kind == 0:
        level = _LOG_LOG2
        if p > first:
            for _ in range(50):
                half, slope, risk = -0.5, 0.0, math.exp(level)
                for i in range(patients):
                    if known[i]:
                        hazard = min(risk * index[i], 700.0)
                        alive = math.exp(-hazard)
                        half += alive / count
                        slope += hazard * alive / count
                change = half / max(slope, 1e-12)
                level += min(max(change, -2.0), 2.0)
                if abs(change) < 1e-11:
                    break
        grown = (level - _LOG_LOG2 - shift) / shape
        value = math.exp(min(theta[0] + grown, 50.0))
        gradient[0] = value
        gradient[1] = -value * grown
        for j in range(contrasts):
            gradient[2 + j] = -value * z[j] / shape
        if p > first:
            total, risk = 0.0, math.exp(level)
            for i in range(patients):
                if known[i]:
                    hazard = min(risk * index[i], 700.0)
                    falls = hazard * math.exp(-hazard)
                    total += falls
                    for j in range(first, p):
                        gradient[j] -= falls * design[i, j - 2]
            for j in range(first, p):
                gradient[j] *= value / (shape * max(total, 1e-300))
        return value
    value = 0.0
    for k in range(steps):
        at = time * nodes[k] if kind == 2 else time
        weight = time * shares[k] if kind == 2 else 1.0
        log_at = math.log(at) - theta[0]
        level = _LOG_LOG2 + shape * log_at + shift
        slope, risk = 0.0, math.exp(min(level, 30.0))
        for i in range(patients):
            if p > first and not known[i]:
                continue
            hazard = min(risk * index[i], 700.0)
            alive = math.exp(-hazard)
            value += weight * alive / count
            falls = weight * hazard * alive / count
            slope -= falls
            for j in range(first, p):
                gradient[j] -= falls * design[i, j - 2]
        gradient[0] -= shape * slope
        gradient[1] += shape * log_at * slope
        for j in range(contrasts):
            gradient[2 + j] += z[j] * slope
    return value


@numba.njit(cache=True)
def _quantity(theta, asked, design, known, nodes, shares, gradient, spare):  # type: ignore[no-untyped-def]
    """The quantity and its gradient."""
    kind, time, arm, reference, single, log_ratio = asked
    value = _arm_value(theta, arm, kind, time, design, known, nodes, shares, gradient)
    if single:
        return value
    other = _arm_value(theta, reference, kind, time, design, known, nodes, shares, spare)
    if log_ratio:
        for j in range(theta.shape[0]):
            gradient[j] = gradient[j] / max(value, 1e-300) - spare[j] / max(other, 1e-300)
        return math.log(max(value, 1e-300)) - math.log(max(other, 1e-300))
    for j in range(theta.shape[0]):
        gradient[j] -= spare[j]
    return value - other


@numba.njit(cache=True)
def _curvature(theta, free, asked, design, known, nodes, shares, result):  # type: ignore[no-untyped-def]
    """Second derivatives of the quantity over the free parameters, from differences of gradients."""
    p, m = theta.shape[0], free.shape[0]
    moved = theta.copy()
    up, down, spare = np.empty(p), np.empty(p), np.empty(p)
    for a in range(m):
        moved[free[a]] = theta[free[a]] + _WIDTH
        _quantity(moved, asked, design, known, nodes, shares, up, spare)
        moved[free[a]] = theta[free[a]] - _WIDTH
        _quantity(moved, asked, design, known, nodes, shares, down, spare)
        moved[free[a]] = theta[free[a]]
        for b in range(m):
            result[a, b] = (up[free[b]] - down[free[b]]) / (2.0 * _WIDTH)
    for a in range(m):
        for b in range(a):
            middle = 0.5 * (result[a, b] + result[b, a])
            result[a, b] = middle
            result[b, a] = middle


@numba.njit(cache=True)
def _factored(hessian, free, rho, bend, lower):  # type: ignore[no-untyped-def]
    """Factor of the curvature on the surface; without the surface's own where that is not positive definite."""
    m = free.shape[0]
    part = np.empty((m, m))
    for a in range(m):
        for b in range(m):
            part[a, b] = hessian[free[a], free[b]] + rho * bend[a, b]
    if cholesky(part, lower):
        return True
    for a in range(m):
        for b in range(m):
            part[a, b] = hessian[free[a], free[b]]
    damping = 0.0
    while not cholesky(part, lower):
        damping = 1e-3 if damping == 0.0 else 10.0 * damping
        if damping > 1e12:
            break
        for a in range(m):
            part[a, a] = hessian[free[a], free[a]] + damping * (1.0 + abs(hessian[free[a], free[a]]))
    return False


@numba.njit(cache=True)
def _probit(cut, mode, top, whole, free, data, asked, design, known, nodes, shares, bend):  # type: ignore[no-untyped-def]
    """Probit of P(quantity > cut), given that the cut is not at the mode."""
    log_time, seen, mean, precision = data
    p, m = mode.shape[0], free.shape[0]
    theta = mode.copy()
    gradient, hessian, normal, spare = np.empty(p), np.empty((p, p)), np.empty(p), np.empty(p)
    lower, slope, across = np.empty((m, m)), np.empty(m), np.empty(m)
    solved_slope, solved_across = np.empty(m), np.empty(m)
    value = log_posterior(theta, log_time, seen, design, mean, precision, gradient, hessian)
    at = _quantity(theta, asked, design, known, nodes, shares, normal, spare)
    rho = 0.0
    converged = False
    for number in range(_STEPS):
        if number >= _STALE:  # it should have converged: the surface bends otherwise here than at the mode
            _curvature(theta, free, asked, design, known, nodes, shares, bend)
        _factored(hessian, free, rho, bend, lower)
        for a in range(m):
            slope[a], across[a] = gradient[free[a]], normal[free[a]]
        solve(lower, m, slope, solved_slope)
        solve(lower, m, across, solved_across)
        along, thick = 0.0, 0.0
        for a in range(m):
            along += across[a] * solved_slope[a]
            thick += across[a] * solved_across[a]
        if not thick > 0.0:
            return np.nan
        rho = (along - (cut - at)) / thick
        length = 0.0
        for a in range(m):
            step = solved_slope[a] - rho * solved_across[a]
            slope[a] = step
            length += step * step * hessian[free[a], free[a]]
        if length < 1e-13 and (cut - at) ** 2 < 1e-13 * thick:
            converged = True
            break
        size = 1.0
        longest = 0.0
        for a in range(m):
            longest = max(longest, abs(slope[a]))
        most = 1.0 if number < 2 * _STALE else 0.1
        if longest > most:
            size = most / longest
        for a in range(m):
            theta[free[a]] += size * slope[a]
        value = log_posterior(theta, log_time, seen, design, mean, precision, gradient, hessian)
        at = _quantity(theta, asked, design, known, nodes, shares, normal, spare)
        if not (math.isfinite(value) and math.isfinite(at)):
            return np.nan
    if not converged:
        return np.nan
    _curvature(theta, free, asked, design, known, nodes, shares, bend)
    if not _factored(hessian, free, rho, bend, lower):
        return np.nan
    for a in range(m):
        across[a] = normal[free[a]]
    solve(lower, m, across, solved_across)
    thick, determinant = 0.0, 0.0
    for a in range(m):
        thick += across[a] * solved_across[a]
        determinant += 2.0 * math.log(lower[a, a])
    r = math.sqrt(2.0 * max(top - value, 0.0)) * (1.0 if rho > 0.0 else -1.0)
    q = rho * math.sqrt(thick) * math.exp(0.5 * (determinant - whole))
    if r == 0.0 or not q / r > 0.0:
        return np.nan
    return r + math.log(q / r) / r


@numba.njit(cache=True)
def _quantity_tails(log_time, seen, design, mean, precision, free, asked, cut, nodes, shares):  # type: ignore[no-untyped-def]
    trials, p, m = log_time.shape[0], mean.shape[0], free.shape[0]
    result = np.full(trials, np.nan)
    gradient, hessian, normal, spare = np.empty(p), np.empty((p, p)), np.empty(p), np.empty(p)
    part, lower, bend = np.empty((p, p)), np.empty((p, p)), np.empty((m, m))
    across, solved, left = np.empty(m), np.empty(m), np.empty((m, m))
    for t in range(trials):
        known = log_time[t] > -np.inf
        events, exposure = 0.0, 0.0
        for n in range(log_time.shape[1]):
            if known[n]:
                events += seen[t, n]
                exposure += math.exp(log_time[t, n])
        theta = mean.copy()
        if events > 0.0 and exposure > 0.0:
            theta[0] = _LOG_LOG2 + math.log(exposure / events)
        top, whole = maximise(
            theta, free, log_time[t], seen[t], design[t], mean, precision, gradient, hessian, part, lower
        )
        if np.isnan(top):
            continue
        at = _quantity(theta, asked, design[t], known, nodes, shares, normal, spare)
        for a in range(m):
            across[a] = normal[free[a]]
            for b in range(m):
                left[a, b] = lower[a, b]
        solve(left, m, across, solved)
        variance = 0.0
        for a in range(m):
            variance += across[a] * solved[a]
        if not variance > 0.0:
            continue
        near = _NEAR * math.sqrt(variance)
        data = (log_time[t], seen[t], mean, precision)
        _curvature(theta, free, asked, design[t], known, nodes, shares, bend)
        if abs(cut - at) >= near:
            start = bend.copy()
            z = _probit(cut, theta, top, whole, free, data, asked, design[t], known, nodes, shares, bend)
            if np.isnan(z) and abs(cut - at) > _FAR * near:
                # so far out that the surface is hard to reach and the tail is below 0.001: the probit goes on straight
                step = math.copysign(near, cut - at)
                bend[:, :] = start
                z = _probit(at + 9 * step, theta, top, whole, free, data, asked, design[t], known, nodes, shares, bend)
                bend[:, :] = start
                one = _probit(
                    at + 8 * step, theta, top, whole, free, data, asked, design[t], known, nodes, shares, bend
                )
                z += ((cut - at) / step - 9.0) * (z - one)
        else:
            start = bend.copy()
            below = _probit(at - near, theta, top, whole, free, data, asked, design[t], known, nodes, shares, bend)
            above = _probit(at + near, theta, top, whole, free, data, asked, design[t], known, nodes, shares, start)
            z = below + (cut - at + near) / (2.0 * near) * (above - below)
        if not np.isnan(z):
            result[t] = 0.5 * math.erfc(-z / math.sqrt(2.0))
    return result
