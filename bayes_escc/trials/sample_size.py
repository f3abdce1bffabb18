"""The number of patients for a power, from trials of several sizes that share their patients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from bayes_escc.names import Plain
from bayes_escc.trials.conduct import Outcomes
from bayes_escc.trials.enumerated import Enumerated
from bayes_escc.trials.estimates import difference, enumerated
from bayes_escc.trials.spec import TrialSpec

__all__ = ["sample_size"]

_MISFIT: Final = 0.001


def sample_size(
    spec: TrialSpec,
    outcomes: Mapping[tuple[int, str], Outcomes],
    exact: Mapping[tuple[int, str], Enumerated] | None = None,
) -> Plain | None:
    """The size at which P(go) reaches the power sought, with its Monte Carlo error.

    The probit of P(go) is a straight line in the root of the number of patients wherever the evidence grows as the
    number does. It is fitted by generalised least squares with the covariance of the shares, which come from the same
    patients; if the shares do not follow it, it is said, and the size is read off between neighbours instead, where the
    bounds of the shares reach the power too. Of shares that are enumerated nothing is fitted, since they go up and down
    with the number of patients: the size is the smallest of the list from which the power holds for good.

    Returns
    -------
    dict or None
        ``patients``, ``mcse`` (None where it is read off), ``lower``, ``upper`` (None where a bound is outside the
        sizes), ``exact``, ``steps`` (from one size to the next, with the difference of P(go) over the same patients),
        ``reached`` (the smallest size of the list from which the power holds for good), ``fitted`` (shares by the
        curve), ``misfit`` (probability of shares this far from it).
    """
    wanted = spec.sample_size
    if wanted is None:
        return None
    sizes = [n for n in spec.patients if (n, wanted.truth) in outcomes]
    trials = min((len(outcomes[(n, wanted.truth)].decision) for n in sizes), default=0)
    if len(sizes) < 3 or trials < 2:
        return None
    go = np.stack([outcomes[(n, wanted.truth)].decision[:trials] > 0 for n in sizes], axis=1).astype(np.float64)
    shares = np.clip(go.mean(axis=0), 0.5 / trials, 1.0 - 0.5 / trials)
    z = ndtri(shares)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    covariance = np.cov(go.T) / trials + np.diag(np.full(len(sizes), 1e-9))
    covariance = covariance / np.outer(density, density)
    design = np.column_stack([np.ones(len(sizes)), np.sqrt(sizes)])
    weights = np.linalg.inv(covariance)
    variance = np.linalg.inv(design.T @ weights @ design)
    a, b = variance @ design.T @ weights @ z
    rest = z - design @ (a, b)
    misfit = float(chdtrc(len(sizes) - 2, float(rest @ weights @ rest)))
    holds = np.minimum.accumulate((shares >= wanted.power)[::-1])[::-1]
    reached = next((n for n, h in zip(sizes, holds, strict=True) if h), None)
    found: Plain = {
        "truth": wanted.truth,
        "power": wanted.power,
        "sizes": sizes,
        "shares": [float(v) for v in go.mean(axis=0)],
        "fitted": [float(ndtr(a + b * math.sqrt(n))) for n in sizes],
        "misfit": misfit,
        "reached": reached,
        "patients": None,
        "mcse": None,
        "lower": None,
        "upper": None,
        "exact": False,
        "steps": [
            {"from": sizes[i], "to": sizes[i + 1], "difference": difference(go[:, i + 1], go[:, i])}
            for i in range(len(sizes) - 1)
        ],
    }
    known = [(exact or {}).get((n, wanted.truth)) for n in sizes]
    if all(made is not None for made in known):
        return {**found, **_enumerated(sizes, [made.probability_go for made in known if made], wanted.power)}
    root = (float(ndtri(wanted.power)) - a) / b if b > 0 else math.nan
    if misfit < _MISFIT or not root > 0:
        spread = 1.96 * np.sqrt(shares * (1.0 - shares) / trials)
        for key, curve in (("patients", shares), ("lower", shares + spread), ("upper", shares - spread)):
            found[key] = _between(sizes, np.maximum.accumulate(curve), wanted.power)
        return found
    slope = -2.0 * root / b * np.array([1.0, root])
    error = math.sqrt(float(slope @ variance @ slope))
    patients = root * root
    return {
        **found,
        "patients": patients,
        "mcse": error,
        "lower": patients - 1.96 * error,
        "upper": patients + 1.96 * error,
    }


def _enumerated(sizes: list[int], shares: list[float], power: float) -> Plain:
    """What is known where every share is."""
    holds = np.minimum.accumulate((np.array(shares) >= power)[::-1])[::-1]
    reached = next((n for n, h in zip(sizes, holds, strict=True) if h), None)
    steps = [
        {"from": sizes[i], "to": sizes[i + 1], "difference": enumerated(shares[i + 1] - shares[i])}
        for i in range(len(sizes) - 1)
    ]
    told: Plain = {"shares": shares, "steps": steps, "exact": True, "reached": reached, "patients": reached}
    return told | {"fitted": shares, "misfit": None, "mcse": None if reached is None else 0.0}


def _between(sizes: list[int], shares: Any, power: float) -> float | None:
    """Where shares that never fall reach the power, between neighbours; None outside the sizes."""
    if not shares[0] <= power <= shares[-1]:
        return None
    return float(np.interp(power, shares, sizes))
