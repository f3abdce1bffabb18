"""Simulated treatment comparison: a regression of own patients, averaged over the covariates of a published arm.

A companion of the joint model, never its headline: it regresses the outcome of own patients on their covariates,
predicts what they would have done had their covariates been those of the published arm, and compares that with what
was published. Averaged over the arm's patients rather than taken at their mean, so that rate stands beside rate. How
many patients the prediction is worth follows from its variance.

References
----------
Phillippo DM, Ades AE, Dias S, et al. NICE DSU Technical Support Document 18, 2016.
Remiro-Azocar A, Heath A, Baio G. Res Synth Methods 2022;13:716-744 (marginal, by g-computation).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["simulated_event_rate", "simulated_rate"]

Array = NDArray[np.float64]
_STEPS = 100


def simulated_rate(
    values: Array, response: Array, points: Array, weight: Array, scale: Array
) -> tuple[float | None, float]:
    """Response rate of own patients predicted for the patients of a published arm.

    Parameters
    ----------
    values : array of shape (patients, covariates)
    response : array of shape (patients,)
        0 or 1.
    points : array of shape (points, covariates)
        Covariates of the published arm.
    weight : array of shape (points,)
    scale : array of shape (covariates,)
        Standard deviations of normal priors about zero that bound the coefficients where patients are few.

    Returns
    -------
    rate : float or None
        None where the regression has no finite answer: everyone, or nobody, responded.
    patients : float
        The number whose plain proportion would be as precise, p (1 - p) / variance by the delta method.
    """
    if response.min() == response.max():
        return None, 0.0
    design = np.column_stack([np.ones(len(values)), values])
    ridge = np.diag([0.0, *(1.0 / scale**2)])
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(response.mean() / (1.0 - response.mean()))
    for _ in range(_STEPS):
        p = _expit(design @ beta)
        step = np.linalg.solve((design.T * (p * (1 - p))) @ design + ridge, design.T @ (response - p) - ridge @ beta)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    p = _expit(design @ beta)
    covariance = np.linalg.inv((design.T * (p * (1 - p))) @ design + ridge)
    target = np.column_stack([np.ones(len(points)), points])
    q = _expit(target @ beta)
    rate = float(weight @ q)
    slope = (weight * q * (1.0 - q)) @ target
    return rate, rate * (1.0 - rate) / float(slope @ covariance @ slope)


def simulated_event_rate(
    values: Array, event: Array, time: Array, points: Array, weight: Array, scale: Array, horizon: float
) -> tuple[float | None, float]:
    """Events per time of own patients predicted for the patients of a published arm, followed to a horizon.

    Parameters
    ----------
    values : array of shape (patients, covariates)
    event, time : array of shape (patients,)
    points : array of shape (points, covariates)
    weight : array of shape (points,)
    scale : array of shape (covariates,)
        As in `simulated_rate`.
    horizon : float
        Follow-up of the published arm; those at high risk leave early, so the ratio depends on it.

    Returns
    -------
    rate : float or None
        Expected events over expected time, hazards being constant; None without events.
    patients : float
        The number of own patients whose plain ratio of events to time would be as precise.
    """
    if not event.any():
        return None, 0.0
    design = np.column_stack([np.ones(len(values)), values])
    ridge = np.diag([0.0, *(1.0 / scale**2)])
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(event.sum() / time.sum())
    for _ in range(_STEPS):
        mean = time * np.exp(design @ beta)
        step = np.linalg.solve((design.T * mean) @ design + ridge, design.T @ (event - mean) - ridge @ beta)
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    covariance = np.linalg.inv((design.T * (time * np.exp(design @ beta))) @ design + ridge)
    target = np.column_stack([np.ones(len(points)), points])

    def log_rate(b: Array) -> float:
        hazard = np.exp(target @ b)
        lost = -np.expm1(-hazard * horizon)
        return float(np.log(weight @ lost) - np.log(weight @ (lost / hazard)))

    steps = 1e-5 * np.eye(len(beta))
    slope = np.array([(log_rate(beta + s) - log_rate(beta - s)) / 2e-5 for s in steps])
    worth = 1.0 / float(slope @ covariance @ slope)  # events, whose logarithm has variance one over their number
    return float(np.exp(log_rate(beta))), worth * len(values) / float(event.sum())


def _expit(x: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)))
