"""A logit-normal hierarchy of counts, integrated.

``logit(rate_i) ~ Normal(mean, tau)``, ``events_i ~ Binomial(n_i, rate_i)``. On a grid of logits, a study's likelihood
averaged over normal deviations of spread tau is a convolution, which the Fourier transform gives for every mean at
once; tau itself is integrated by Gauss-Legendre nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import AnyArray
from bayes_escc.probability.rate_grid import GridRate

__all__ = ["RateHierarchy", "integrate_rates"]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_FINER: Final = 8
"""Grid points put between two for what is read off the grid."""
_NEGLIGIBLE: Final = 1e-18


@dataclass(frozen=True, eq=False)
class RateHierarchy:
    """The posterior of a hierarchy of rates, on a grid of mean log odds and nodes of tau.

    Parameters
    ----------
    logit : array of shape (size,)
    tau : array of shape (nodes,)
    log_prior : array of shape (nodes, size)
        Of tau (its quadrature weight included) and of the mean (per grid point).
    log_marginal : array of shape (studies, nodes, size)
        Log probability of every study's sequence of outcomes given tau and the mean.
    log_like : array of shape (studies, size)
        Given its own log odds.
    """

    logit: Array
    tau: Array
    log_prior: Array
    log_marginal: Array
    log_like: Array

    @property
    def step(self) -> float:
        """Distance of neighbouring logits."""
        return float(self.logit[1] - self.logit[0])

    @cached_property
    def _log_joint(self) -> Array:
        return np.asarray(self.log_prior + self.log_marginal.sum(axis=0))

    @cached_property
    def joint(self) -> Array:
        """Posterior probability of every tau and mean, (nodes, size)."""
        found = np.exp(self._log_joint - self._log_joint.max())
        return np.asarray(found / found.sum())

    @cached_property
    def log_evidence(self) -> float:
        """Log probability of the sequences of outcomes of all studies."""
        return _log_sum(self._log_joint)

    def _blurred(self, joint: Array) -> Array:
        """Density of a unit's log odds, from probabilities of tau and the mean: sums of normals of spread tau."""
        size = len(self.logit)
        frequency = 2.0 * math.pi * np.fft.rfftfreq(size, d=self.step)
        blur = np.exp(-0.5 * (self.tau[:, None] * frequency) ** 2)
        return np.asarray(np.maximum(np.fft.irfft((np.fft.rfft(joint, axis=1) * blur).sum(axis=0), size), 0.0))

    @cached_property
    def predicted(self) -> GridRate:
        """The rate of a new study."""
        return _finer(self.logit, self._blurred(self.joint))

    @cached_property
    def mean_rate(self) -> GridRate:
        """The rate of a study at the centre, expit(mean)."""
        return _finer(self.logit, self.joint.sum(axis=0))

    def study(self, i: int) -> GridRate:
        """The rate of one of the studies, shrunken towards the others."""
        log_rest = self._log_joint - self.log_marginal[i]
        rest = np.exp(log_rest - log_rest.max())
        weight = self._blurred(rest / rest.sum()) * np.exp(self.log_like[i])
        return _finer(self.logit, weight)

    @cached_property
    def tau_weight(self) -> Array:
        """Posterior probability of every node of tau, (nodes,)."""
        return np.asarray(self.joint.sum(axis=1))

    def tau_summary(self, prob: float) -> dict[str, float]:
        """Mean, sd, median and equal-tailed interval of tau."""
        weight, tau = self.tau_weight, self.tau
        mean = float(weight @ tau)
        reached = np.cumsum(weight) - 0.5 * weight
        tail = 0.5 * (1.0 - prob)
        lower, median, upper = (float(np.interp(q, reached, tau)) for q in (tail, 0.5, 1.0 - tail))
        sd = math.sqrt(float(weight @ (tau - mean) ** 2))
        return {"mean": mean, "sd": sd, "median": median, "lower": lower, "upper": upper}


def integrate_rates(events: AnyArray, n: AnyArray, logit_mean: Any, tau: Any) -> RateHierarchy:
    """Integrate a hierarchy of counts.

    Parameters
    ----------
    events, n : array of shape (studies,)
        A study without patients (n = 0) says nothing and is predicted by the others.
    logit_mean, tau : Prior
        Of the mean log odds and of the standard deviation between studies.

    Raises
    ------
    AnalysisError
        If the priors leave weight where the grid does not reach.
    """
    law = tau.law()
    most = min(max(8.0, float(law.ppf(1.0 - 1e-7))), 16.0)
    reach = 10.0 * most
    # no likelihood is narrower than one of rate 1/2; the step resolves it to rounding
    step = min(0.05, 1.6 / math.sqrt(float(np.max(n, initial=0)) + 1.0))
    size = 2 ** math.ceil(math.log2(2.0 * reach / step))
    logit = (np.arange(size) - size // 2) * (2.0 * reach / size)
    k, m = np.asarray(events, dtype=float)[:, None], np.asarray(n, dtype=float)[:, None]
    log_like = -k * np.logaddexp(0.0, -logit) - (m - k) * np.logaddexp(0.0, logit)
    top = log_like.max(axis=1, keepdims=True)
    spectrum = np.fft.rfft(np.exp(log_like - top), axis=1)
    frequency = 2.0 * math.pi * np.fft.rfftfreq(size, d=2.0 * reach / size)
    root = 0.5 * math.sqrt(most) * (_NODES + 1.0)
    spread = root**2  # nodes gather where tau is small
    with np.errstate(divide="ignore"):
        log_mean = np.log(logit_mean.law().pdf(logit) * (2.0 * reach / size))
        share = law.pdf(spread) * _WEIGHTS * root * math.sqrt(most)
    missed = 1.0 - float(share.sum()) - float(1.0 - law.cdf(most))
    if missed > 1e-6:  # a density that rises without bound at 0: what the nodes miss lies there
        spread, share = np.concatenate([[0.0], spread]), np.concatenate([[missed], share])
    log_marginal = np.empty((len(k), len(spread), size))
    for i, s in enumerate(spread):
        marginal = np.fft.irfft(spectrum * np.exp(-0.5 * (s * frequency) ** 2), size, axis=1)
        log_marginal[:, i] = np.log(np.maximum(marginal, _NEGLIGIBLE)) + top
    with np.errstate(divide="ignore"):
        log_prior = log_mean + np.log(share)[:, None]
    found = RateHierarchy(logit, spread, log_prior, log_marginal, log_like - top)
    edge = np.abs(logit) > reach - 3.0 * most
    if not np.isfinite(found.log_evidence) or found.joint[:, edge].sum() > 1e-6 or found.joint[-6:].sum() > 1e-3:
        raise AnalysisError(
            f"the priors {logit_mean} of the mean log odds and {tau} of tau leave rates beyond all bounds; state "
            "narrower ones, for example Normal(0, 1.5) and HalfNormal(1)."
        )
    return found


def _log_sum(log_values: Array) -> float:
    top = float(log_values.max())
    return top + math.log(float(np.exp(log_values - top).sum()))


def _finer(logit: Array, weight: Array) -> GridRate:
    """A law on a grid fine enough to be read between its points, without its empty ends."""
    size = len(weight)
    spectrum = np.zeros(size * _FINER // 2 + 1, dtype=complex)
    spectrum[: size // 2 + 1] = np.fft.rfft(weight / weight.sum())
    fine = np.maximum(np.fft.irfft(spectrum, size * _FINER), 0.0)
    step = (logit[1] - logit[0]) / _FINER
    u = logit[0] + step * np.arange(size * _FINER)
    inside = np.flatnonzero(fine > 1e-15 * fine.max())
    kept = slice(int(inside[0]), int(inside[-1]) + 1)
    return GridRate(u[kept], fine[kept] / fine[kept].sum())
