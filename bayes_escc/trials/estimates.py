"""Numbers from simulated trials, each with its Monte Carlo error and interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from bayes_escc.names import AnyArray, Plain

__all__ = ["Estimate", "average", "difference", "enumerated", "no_estimate", "proportion", "ratio", "wilson"]


@dataclass(frozen=True)
class Estimate:
    """A number with its Monte Carlo error and 95 % interval.

    Parameters
    ----------
    value, mcse, lower, upper : float
    exact : bool
        Whether it was enumerated rather than simulated.
    why : str
        Why there is no such number, where `value` is not one.
    """

    value: float
    mcse: float
    lower: float
    upper: float
    exact: bool = False
    why: str = ""

    def to_dict(self) -> Plain:
        """As plain data: None for what is no number, and `why` where that is the value itself."""
        known = {key: v if math.isfinite(v) else None for key, v in vars(self).items() if key not in ("exact", "why")}
        return {**known, "exact": self.exact, **({"why": self.why} if known["value"] is None else {})}


def enumerated(value: float) -> Estimate:
    """A number that is known without simulation."""
    return Estimate(value, 0.0, value, value, exact=True)


def no_estimate(why: str, *, exact: bool = False) -> Estimate:
    """A number that there is not, and why."""
    return Estimate(math.nan, math.nan, math.nan, math.nan, exact, why)


def wilson(count: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    if trials == 0:
        return math.nan, math.nan
    z = 1.959963984540054
    p, w = count / trials, z * z / trials
    middle = (p + w / 2.0) / (1.0 + w)
    half = z * math.sqrt(p * (1.0 - p) / trials + w / (4.0 * trials)) / (1.0 + w)
    return max(0.0, middle - half), min(1.0, middle + half)


def proportion(which: NDArray[np.bool_]) -> Estimate:
    """A share of trials."""
    n = len(which)
    if n == 0:
        return no_estimate("there are no trials")
    p = float(which.mean())
    return Estimate(p, math.sqrt(p * (1.0 - p) / n), *wilson(float(which.sum()), n))


def average(values: AnyArray) -> Estimate:
    """A mean over trials, with Student's interval."""
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Estimate(mean, math.nan, math.nan, math.nan)
    error = float(values.std(ddof=1)) / math.sqrt(n)
    half = float(stdtrit(n - 1, 0.975)) * error
    return Estimate(mean, error, mean - half, mean + half)


def ratio(top: NDArray[np.bool_], bottom: NDArray[np.bool_], *, none: str) -> Estimate:
    """P(top | bottom), with the error of a ratio of two shares of the same trials; `none` says why bottom never is."""
    n, below = len(bottom), float(bottom.mean())
    if below == 0.0:
        return no_estimate(none)
    value = float((top & bottom).mean()) / below
    error = float(np.std((top & bottom) - value * bottom, ddof=1) / (below * math.sqrt(n)))
    return Estimate(value, error, *wilson(float((top & bottom).sum()), int(bottom.sum())))


def difference(a: AnyArray, b: AnyArray) -> Estimate:
    """The mean difference of two designs over the same patients."""
    return average(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))
