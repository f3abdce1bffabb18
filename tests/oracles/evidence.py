"""Marginal likelihoods in closed form."""

from __future__ import annotations

from math import lgamma, log


def gamma_exponential(events: float, exposure: float, alpha: float, beta: float) -> float:
    """log of the integral of hazard^events exp(-hazard exposure) over hazard ~ Gamma(alpha, beta)."""
    return alpha * log(beta) - lgamma(alpha) + lgamma(alpha + events) - (alpha + events) * log(beta + exposure)


def beta_binomial(events: int, n: int, alpha: float, beta: float) -> float:
    """log probability of `events` of n whose rate ~ Beta(alpha, beta)."""

    def log_beta(a: float, b: float) -> float:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    choose = lgamma(n + 1) - lgamma(events + 1) - lgamma(n - events + 1)
    return choose + log_beta(alpha + events, beta + n - events) - log_beta(alpha, beta)
