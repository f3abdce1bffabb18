"""P(hazard ratio below a value) of many Weibull trials at once: Newton to the mode, then a third-order tail area.

Proportional hazards with a Weibull or exponential baseline and normal priors on the logarithms. The posterior tail
of one log hazard ratio g beyond c is ``Phi(r + log(q / r) / r)``, where r is the signed root of twice the drop of the
log posterior from its mode to its maximum with g = c, and q its derivative there, scaled by the curvatures of the
other parameters. The error is of third order; near the mode, where r vanishes, the probit is interpolated.

References
----------
DiCiccio TJ, Martin MA. Approximations of marginal tail probabilities for a class of smooth functions with applications
to Bayesian and conditional inference. Biometrika 1991;78:891-902.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["cholesky", "log_posterior", "maximise", "solve", "tail_areas"]

Array = NDArray[np.float64]
_LOG_LOG2 = math.log(math.log(2.0))
_MOST_STEPS = 60
_LARGE = 30.0
"""Log cumulative hazards are not followed beyond this."""
_SMALL = 1e-7
"""Squared Newton decrement at which the last step is taken: what it leaves is of the order of its square."""
_NEAR = 0.3
"""Standard deviations from the mode within which the probit is interpolated."""


def tail_areas(
    log_time: Array, seen: Array, design: Array, mean: Array, precision: Array, cut: Array, *, fixed_shape: bool
) -> Array:
    """P(log hazard ratio < cut) for every trial.

    Parameters
    ----------
    log_time : array of shape (trials, patients)
        Logarithm of the time followed; -inf marks a patient of whom nothing is known.
    seen : array of shape (trials, patients)
        1 where the event was seen, else 0.
    design : array of shape (trials, patients, columns)
        Columns of the linear predictor of the log hazard; the first is that of the ratio asked for.
    mean, precision : arrays of shape (columns + 2,) and (columns + 2, columns + 2)
        Of the normal prior of log median, log shape and the coefficients.
    cut : array of shape (trials,)
    fixed_shape : bool
        The shape is that of its prior mean (exponential: 1).

    Returns
    -------
    array of shape (trials,)
        NaN where Newton's method did not converge.
    """
    free = np.array([i for i in range(len(mean)) if not (fixed_shape and i == 1)], dtype=np.int64)
    return np.asarray(
        _tail_areas(
            np.ascontiguousarray(log_time),
            np.ascontiguousarray(seen),
            np.ascontiguousarray(design),
            np.ascontiguousarray(mean),
            np.ascontiguousarray(precision),
            np.ascontiguousarray(cut),
            free,
        )
    )


@numba.njit(cache=True)
def log_posterior(theta, log_time, seen, design, mean, precision, gradient, hessian):  # type: ignore[no-untyped-def]
    """Log posterior with gradient and (negative) Hessian."""
    p = theta.shape[0]
    columns = p - 2
    shape = math.exp(theta[1])
    value = 0.0
    for i in range(p):
        gradient[i] = 0.0
        for j in range(p):
            hessian[i, j] = 0.0
    row = np.empty(p)
    for n in range(log_time.shape[0]):
        if log_time[n] == -np.inf:
            continue
        eta = 0.0
        for j in range(columns):
            row[2 + j] = design[n, j]
            eta += design[n, j] * theta[2 + j]
        grown = shape * (log_time[n] - theta[0])
        log_hazard = _LOG_LOG2 + grown + eta
        if log_hazard > _LARGE:
            log_hazard = _LARGE
        hazard = math.exp(log_hazard)
        excess = seen[n] - hazard
        value += seen[n] * (theta[1] + log_hazard) - hazard
        row[0] = -shape
        row[1] = grown
        gradient[1] += seen[n]
        for i in range(p):
            gradient[i] += excess * row[i]
            weighted = hazard * row[i]
            for j in range(i + 1):
                hessian[i, j] += weighted * row[j]
        # second derivatives of the log cumulative hazard itself
        hessian[1, 0] += excess * shape
        hessian[1, 1] -= excess * grown
    for i in range(p):
        for j in range(i):
            hessian[j, i] = hessian[i, j]
    for i in range(p):
        pull = 0.0
        for j in range(p):
            pull += precision[i, j] * (theta[j] - mean[j])
            hessian[i, j] += precision[i, j]
        gradient[i] -= pull
        value -= 0.5 * (theta[i] - mean[i]) * pull
    return value


@numba.njit(cache=True)
def cholesky(matrix, lower):  # type: ignore[no-untyped-def]
    """Cholesky factor; False where the matrix is not positive definite."""
    n = matrix.shape[0]
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    return True


@numba.njit(cache=True)
def solve(lower, m, right, result):  # type: ignore[no-untyped-def]
    """Solve with a Cholesky factor of m columns; the result may take the place of the right-hand side."""
    for a in range(m):
        total = right[a]
        for b in range(a):
            total -= lower[a, b] * result[b]
        result[a] = total / lower[a, a]
    for a in range(m - 1, -1, -1):
        total = result[a]
        for b in range(a + 1, m):
            total -= lower[b, a] * result[b]
        result[a] = total / lower[a, a]


@numba.njit(cache=True)
def maximise(theta, free, log_time, seen, design, mean, precision, gradient, hessian, part, lower):  # type: ignore[no-untyped-def]
    """Newton's method over the free parameters, with halved steps; (value, log determinant), NaN if it fails."""
    m = free.shape[0]
    step = np.empty(m)
    trial = theta.copy()
    value = log_posterior(theta, log_time, seen, design, mean, precision, gradient, hessian)
    for _ in range(_MOST_STEPS):
        for a in range(m):
            for b in range(m):
                part[a, b] = hessian[free[a], free[b]]
        damping = 0.0
        while not cholesky(part[:m, :m], lower):
            damping = 1e-3 if damping == 0.0 else 10.0 * damping
            if damping > 1e12:
                return np.nan, np.nan
            for a in range(m):
                part[a, a] = hessian[free[a], free[a]] + damping * (1.0 + abs(hessian[free[a], free[a]]))
        for a in range(m):
            total = gradient[free[a]]
            for b in range(a):
                total -= lower[a, b] * step[b]
            step[a] = total / lower[a, a]
        decrement = 0.0
        for a in range(m):
            decrement += step[a] * step[a]
        for a in range(m - 1, -1, -1):
            total = step[a]
            for b in range(a + 1, m):
                total -= lower[b, a] * step[b]
            step[a] = total / lower[a, a]
        if damping == 0.0 and decrement < _SMALL:
            determinant = 0.0
            for a in range(m):
                determinant += 2.0 * math.log(lower[a, a])
                theta[free[a]] += step[a]
                for i in range(theta.shape[0]):
                    gradient[i] -= hessian[i, free[a]] * step[a]
            return value + 0.5 * decrement, determinant
        size = 1.0
        improved = False
        for _ in range(40):
            for a in range(m):
                trial[free[a]] = theta[free[a]] + size * step[a]
            new = log_posterior(trial, log_time, seen, design, mean, precision, gradient, hessian)
            if new > value or (abs(new - value) < 1e-11 * (1.0 + abs(value))):
                improved = True
                break
            size *= 0.5
        if not improved:
            return np.nan, np.nan
        for a in range(m):
            theta[free[a]] = trial[free[a]]
        value = new
    return np.nan, np.nan


@numba.njit(cache=True)
def _probit_of_tail(cut, mode, trial, work):  # type: ignore[no-untyped-def]
    """Probit of P(parameter > cut), given that the cut is not at the mode."""
    place, theta, top, whole, others, lean = mode
    log_time, seen, design, mean, precision = trial
    gradient, hessian, part, lower = work
    held = theta.copy()
    held[place] = cut
    for a in range(others.shape[0]):  # where they would be if the posterior were normal
        held[others[a]] -= lean[a] * (cut - theta[place])
    value, determinant = maximise(held, others, log_time, seen, design, mean, precision, gradient, hessian, part, lower)
    if np.isnan(value):
        return np.nan
    drop = max(top - value, 0.0)
    sign = 1.0 if theta[place] > cut else -1.0
    r = sign * math.sqrt(2.0 * drop)
    q = gradient[place] * math.exp(0.5 * (determinant - whole))
    if r == 0.0 or not q / r > 0.0:
        return np.nan
    return r + math.log(q / r) / r


@numba.njit(cache=True)
def _tail_areas(log_time, seen, design, mean, precision, cut, free):  # type: ignore[no-untyped-def]
    trials = log_time.shape[0]
    p = mean.shape[0]
    result = np.empty(trials)
    gradient, hessian = np.empty(p), np.empty((p, p))
    part, lower = np.empty((p, p)), np.empty((p, p))
    place = 2
    others = np.empty(free.shape[0] - 1, dtype=np.int64)
    lean = np.empty(free.shape[0] - 1)
    count = 0
    for i in range(free.shape[0]):
        if free[i] != place:
            others[count] = free[i]
            count += 1
    for t in range(trials):
        events, exposure = 0.0, 0.0
        for n in range(log_time.shape[1]):
            if log_time[t, n] > -np.inf:
                events += seen[t, n]
                exposure += math.exp(log_time[t, n])
        theta = mean.copy()
        if events > 0.0 and exposure > 0.0:
            theta[0] = _LOG_LOG2 + math.log(exposure / events)
        top, whole = maximise(
            theta, free, log_time[t], seen[t], design[t], mean, precision, gradient, hessian, part, lower
        )
        if np.isnan(top):
            result[t] = np.nan
            continue
        # marginal standard deviation of the ratio: the ratio of determinants with and without it
        for a in range(others.shape[0]):
            for b in range(others.shape[0]):
                part[a, b] = hessian[others[a], others[b]]
        m = others.shape[0]
        cholesky(part[:m, :m], lower)
        determinant = 0.0
        for a in range(m):
            determinant += 2.0 * math.log(lower[a, a])
        sd = math.exp(0.5 * (determinant - whole))
        for a in range(m):
            lean[a] = hessian[others[a], place]
        solve(lower, m, lean, lean)
        mode = (place, theta, top, whole, others, lean)
        trial = (log_time[t], seen[t], design[t], mean, precision)
        work = (gradient, hessian, part, lower)
        distance = cut[t] - theta[place]
        if abs(distance) >= _NEAR * sd:
            z = _probit_of_tail(cut[t], mode, trial, work)
        else:
            below = _probit_of_tail(theta[place] - _NEAR * sd, mode, trial, work)
            above = _probit_of_tail(theta[place] + _NEAR * sd, mode, trial, work)
            share = (distance + _NEAR * sd) / (2.0 * _NEAR * sd)
            z = below + share * (above - below)
        # z is of P(ratio > cut)
        result[t] = 0.5 * math.erfc(z / math.sqrt(2.0))
    return result
