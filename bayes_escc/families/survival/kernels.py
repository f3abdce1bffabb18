"""Log-likelihood terms of survival data, stable in value and gradient.

Every patient contributes through cumulative hazards over stretches of time. With entry e, and the
event in (L, U]: an event at a known time t gives log h(t) - H(e, t), censoring on the right at c
gives -H(e, c), and an event between two times -H(e, L) + log(1 - exp(-H(L, U))). The two classical
ways to lose this are to subtract cumulative hazards, H(U) - H(L), and to take the logarithm of a
difference of survival probabilities; neither happens here, so cumulative hazards from 1e-12 to
1e6 keep their digits, and so do their gradients.

Functions take the array module as first argument: NumPy, or PyTensor's `tensor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

__all__ = ["between", "cells", "exact", "right", "weibull_cumulative", "weibull_increment", "weibull_log_hazard"]


def weibull_cumulative(xp: Any, log_scale: Tensor, shape: Tensor, log_time: Tensor) -> Tensor:
    """H(t) = exp(log_scale) (t / t0)^shape, from log(t / t0)."""
    return xp.exp(log_scale + shape * log_time)


def weibull_log_hazard(log_scale: Tensor, shape: Tensor, log_shape: Tensor, log_time: Tensor) -> Tensor:
    """Logarithm of the hazard per reference time t0; subtract log(t0) for the hazard per unit."""
    return log_scale + log_shape + (shape - 1.0) * log_time


def weibull_increment(
    xp: Any, log_scale: Tensor, shape: Tensor, log_upper: Tensor, log_ratio: Tensor, started: Tensor
) -> Tensor:
    """H(L, U) without cancellation.

    Parameters
    ----------
    log_upper : array
        log(U / t0); anything finite where U = 0.
    log_ratio : array
        log(U / L) of at least 0; 0 where L = 0.
    started : array
        1 where L > 0 or U = L, else 0.

    Notes
    -----
    H(U) - H(L) = H(U) (1 - (L / U)^shape). The indicator, rather than a logarithm of zero or a
    branch, keeps the gradient finite where L = 0.
    """
    inside = started * -xp.expm1(-shape * log_ratio) + (1.0 - started)
    return xp.exp(log_scale + shape * log_upper) * inside


def exact(log_hazard: Tensor, cumulative: Tensor) -> Tensor:
    """Log density of an event at a known time, given the cumulative hazard since entry."""
    return log_hazard - cumulative


def right(cumulative: Tensor) -> Tensor:
    """Log probability of no event since entry."""
    return -cumulative


def between(xp: Any, before: Tensor, inside: Tensor) -> Tensor:
    """Log probability of an event between two times.

    log(-expm1(-x)) has full relative precision for small x and full absolute precision for large
    x, and so has its derivative, exp(-x) / -expm1(-x).
    """
    return -before + xp.log(-xp.expm1(-inside))


def cells(xp: Any, events: Tensor, exposure: Tensor, log_hazard: Tensor) -> Tensor:
    """Log-likelihood of events and exposure under constant hazards (Holford 1980)."""
    return events * log_hazard - exposure * xp.exp(log_hazard)
