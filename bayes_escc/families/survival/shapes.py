"""Hazards of one median and a shape: log-logistic, log-normal, Gompertz, and Weibull with a cure fraction.

A shape is written in u = log(t / m), m the median of a patient whose covariates are zero, so that H(0) = log 2 whatever
the shape, and its parameters have no unit; with a cure fraction m is the median of those who ever have the event. All
are stable in value and gradient. Hazards of other patients, and of other regimens where they are proportional,
are multiples of this one; a regimen that stretches time has a median of its own.

Functions take the array module as first argument: NumPy, or PyTensor's `tensor`. Parameters, of which `a` holds one or
more, and u broadcast.

References
----------
Kalbfleisch JD, Prentice RL. The statistical analysis of failure time data. 2nd ed. Wiley, 2002: chapter 2.
Jackson CH. flexsurv: a platform for parametric survival modelling in R. J Stat Softw 2016;70(8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEVER", "SHAPES", "Gompertz", "LogLogistic", "LogNormal", "Shape", "WeibullCure"]

Array = NDArray[np.float64]
_LOG_LOG2: Final = math.log(math.log(2.0))
_SMALL: Final = 1e-3
NEVER: Final = math.log(1e4)
"""Log time, in medians, of what never happens."""
_SPENT: Final = 100.0
"""Logarithm beyond which a hazard that spends itself is spent."""
_LEAST: Final = -690.0
"""Logarithm of a cumulative hazard that is as good as nothing, and still a number."""
_FAR: Final = -30.0
"""Tails are not told apart beyond this, where cumulative hazards are below 1e-13 (log-logistic) or 1e-197."""


class Shape(Protocol):
    """The hazard of a patient with median one, as a function of log time."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the parameters of their priors, in the order in which `a` holds them."""

    def log_cumulative(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        """Log cumulative hazard."""

    def log_hazard(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        """Log of the hazard per unit of log time, t h(t)."""

    def log_increment(self, xp: Any, a: Sequence[Any], lower: Any, upper: Any, started: Any) -> Any:
        """Log of the cumulative hazard between two log times; from time zero where `started` is 0."""

    def inverse(self, a: Sequence[Array], log_cumulative: Array) -> Array:
        """Log time at which a log cumulative hazard is reached; `NEVER` where it never is."""


class LogLogistic:
    """S = 1 / (1 + (t / m)^k), k = exp(-log_spread)."""

    roles: Final = ("log_spread",)

    def log_cumulative(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        x = xp.exp(-a[0]) * u
        near = xp.maximum(x, _FAR)
        return xp.where(x < _FAR, x, xp.log(_softplus(xp, near)))

    def log_hazard(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        return -a[0] - _softplus(xp, -xp.exp(-a[0]) * u)

    def log_increment(self, xp: Any, a: Sequence[Any], lower: Any, upper: Any, started: Any) -> Any:
        k, lower = xp.exp(-a[0]), xp.where(started > 0.0, lower, upper - 1.0)
        # log((1 + y) / (1 + x)) as log1p of the relative step, so that nothing cancels
        grown = xp.expm1(xp.minimum(k * (upper - lower), 600.0))
        step = xp.log1p(xp.exp(-_softplus(xp, -k * lower)) * grown)
        return xp.where(started > 0.0, xp.log(xp.maximum(step, 1e-300)), self.log_cumulative(xp, a, upper))

    def inverse(self, a: Sequence[Array], log_cumulative: Array) -> Array:
        c = np.exp(log_cumulative)
        # log(expm1(c)) is c for large c, and log c for small
        logs = np.where(c > 30.0, c, np.log(np.expm1(np.minimum(c, 30.0))))
        return np.asarray(np.where(log_cumulative < _FAR, log_cumulative, logs) / np.exp(-a[0]))


class LogNormal:
    """S = 1 - Phi(k log(t / m)), k = exp(-log_spread), the spread being the standard deviation of log time."""

    roles: Final = ("log_spread",)

    def log_cumulative(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        return xp.log(-_log_upper_tail(xp, xp.exp(-a[0]) * u))

    def log_hazard(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        z = xp.exp(-a[0]) * u
        return -a[0] - 0.5 * z**2 - 0.5 * math.log(2.0 * math.pi) - _log_upper_tail(xp, z)

    def log_increment(self, xp: Any, a: Sequence[Any], lower: Any, upper: Any, started: Any) -> Any:
        k = xp.exp(-a[0])
        end = -_log_upper_tail(xp, k * upper)
        start = -_log_upper_tail(xp, k * lower)
        return xp.log(xp.maximum(end - started * start, 1e-300))

    def inverse(self, a: Sequence[Array], log_cumulative: Array) -> Array:
        from scipy.special import ndtri, ndtri_exp

        c = np.exp(log_cumulative)
        early = ndtri(-np.expm1(-np.minimum(c, 1.0)))
        late = -ndtri_exp(-np.maximum(c, 0.5))
        return np.asarray(np.where(c < 0.7, early, late) / np.exp(-a[0]))


class Gompertz:
    """h = h(0) exp(g t / m), g = hazard_growth the log of the hazard at the median over that at the start.

    With a hazard that falls (g < 0) the cumulative hazard is bounded: some patients are never reached, for which stands
    a time of ten thousand medians, that summaries remain numbers.
    """

    roles: Final = ("hazard_growth",)

    def log_cumulative(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        x = xp.exp(u)
        return _LOG_LOG2 + u + _log_mean_exp(xp, a[0] * x) - _log_mean_exp(xp, a[0])

    def log_hazard(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        return _LOG_LOG2 + u + a[0] * xp.exp(u) - _log_mean_exp(xp, a[0])

    def log_increment(self, xp: Any, a: Sequence[Any], lower: Any, upper: Any, started: Any) -> Any:
        start = started * xp.exp(lower)
        gap = xp.exp(upper) - start
        return _LOG_LOG2 + a[0] * start + xp.log(gap) + _log_mean_exp(xp, a[0] * gap) - _log_mean_exp(xp, a[0])

    def inverse(self, a: Sequence[Array], log_cumulative: Array) -> Array:
        log_y = log_cumulative - _LOG_LOG2 + np.asarray(_log_mean_exp(np, a[0]))  # of expm1(a x) / a
        y = np.exp(log_y)
        s = a[0] * y
        small = np.abs(s) < _SMALL
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = np.where(small, 1.0 - s / 2.0 + s**2 / 3.0, np.log1p(np.maximum(s, -1.0)) / np.where(small, 1.0, s))
            return np.asarray(np.where(s <= -1.0, NEVER, np.minimum(np.log(ratio) + log_y, NEVER)))


class WeibullCure:
    """H = theta F(t), F a Weibull distribution: a hazard that spends itself and leaves some event-free for good.

    The promotion-time model: multiples of this hazard are of the same form, each with a fraction exp(-theta) that never
    has the event, so that it does not matter which patient is the reference. With the fraction c = exp(-theta) and the
    time m by which half of those who ever have the event have had it,

    H(m) = -log((1 + c) / 2), so that F(m) = log(2 / (1 + c)) / theta.

    As c falls to zero, H becomes the Weibull hazard of median m.

    References
    ----------
    Chen M-H, Ibrahim JG, Sinha D. A new Bayesian model for survival data with a surviving fraction. J Am Stat Assoc
    1999;94:909-919.
    """

    roles: Final = ("log_shape", "cure_fraction")

    def log_cumulative(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        log_theta, log_rate = self._limits(xp, a)
        y = xp.minimum(xp.exp(a[0]) * u, _SPENT)
        return log_theta + log_rate + y + _log_mean_exp(xp, -xp.exp(log_rate + y))

    def log_hazard(self, xp: Any, a: Sequence[Any], u: Any) -> Any:
        log_theta, log_rate = self._limits(xp, a)
        y = xp.minimum(xp.exp(a[0]) * u, _SPENT)
        return log_theta + log_rate + a[0] + y - xp.exp(log_rate + y)

    def log_increment(self, xp: Any, a: Sequence[Any], lower: Any, upper: Any, started: Any) -> Any:
        log_theta, log_rate = self._limits(xp, a)
        k = xp.exp(a[0])
        last = xp.minimum(k * upper, _SPENT)
        gap = xp.where(started > 0.0, k * (upper - lower), 1.0)
        inside = started * -xp.expm1(-gap) + (1.0 - started)
        # F = 1 - exp(-w): exp(-w0) - exp(-w1) = exp(-w0) (1 - exp(-(w1 - w0)))
        begun = started * xp.exp(log_rate + xp.minimum(k * lower, _SPENT))
        log_step = log_rate + last + xp.log(xp.maximum(inside, 1e-300))
        found = log_theta - begun + log_step + _log_mean_exp(xp, -xp.exp(log_step))
        return xp.maximum(found, _LEAST)

    def inverse(self, a: Sequence[Array], log_cumulative: Array) -> Array:
        log_theta, log_rate = self._limits(np, a)
        logs = np.minimum(log_cumulative - log_theta, 0.0)  # of F
        with np.errstate(divide="ignore"):
            far = np.log(-np.log1p(-np.exp(logs)))
        return np.asarray(np.minimum((np.where(logs < _FAR, logs, far) - log_rate) / np.exp(a[0]), NEVER))

    @staticmethod
    def _limits(xp: Any, a: Sequence[Any]) -> tuple[Any, Any]:
        """Logarithms of theta, and of the rate at which F begins in units of the median."""
        fraction = xp.clip(a[1], 1e-250, 1.0 - 1e-12)
        theta = -xp.log(fraction)
        share = -xp.log1p(-0.5 * (1.0 - fraction)) / theta
        return xp.log(theta), xp.log(-xp.log1p(-share))


SHAPES: Final[dict[str, Shape]] = {
    "log_logistic": LogLogistic(),
    "log_normal": LogNormal(),
    "gompertz": Gompertz(),
    "weibull_cure": WeibullCure(),
}
"""By the value of ``model.baseline``."""


def _softplus(xp: Any, x: Any) -> Any:
    """log(1 + exp(x))."""
    return np.logaddexp(0.0, x) if xp is np else xp.softplus(x)


def _log_mean_exp(xp: Any, s: Any) -> Any:
    """log((exp(s) - 1) / s), the mean of exp over 0 to s in logarithms; s / 2 near zero."""
    small = xp.abs(s) < _SMALL
    safe = xp.where(small, 1.0, s)
    size = xp.abs(safe)
    whole = xp.maximum(safe, 0.0) + xp.log(-xp.expm1(-size) / size)
    near = xp.where(small, s, 0.0)
    return xp.where(small, near / 2.0 + near**2 / 24.0, whole)


def _log_upper_tail(xp: Any, z: Any) -> Any:
    """log(1 - Phi(z)) in both tails."""
    if xp is np:
        from scipy.special import log_ndtr

        return log_ndtr(-np.maximum(z, _FAR))
    high, low = xp.maximum(z, 0.0), xp.maximum(xp.minimum(z, 0.0), _FAR)
    upper = xp.log(0.5 * xp.erfcx(high / math.sqrt(2.0))) - 0.5 * high**2
    lower = xp.log1p(-0.5 * xp.erfc(-low / math.sqrt(2.0)))
    return xp.where(z > 0.0, upper, lower)
