"""Survival likelihoods in 60-digit decimal arithmetic, by the textbook formulas."""

from __future__ import annotations

from decimal import Decimal, getcontext

getcontext().prec = 60
STEP = Decimal("1e-20")


def weibull_hazards(parameters, lower, upper):
    """Cumulative hazards at two times; parameters are log scale and log shape, the unit is 1."""
    a, shape = Decimal(parameters[0]), Decimal(parameters[1]).exp()

    def cumulative(t):
        return (a + shape * Decimal(t).ln()).exp() if t > 0 else Decimal(0)

    return cumulative(lower), cumulative(upper)


def log_between(before, after):
    """log(exp(-before) - exp(-after)), as the textbook has it."""
    return -before + (1 - (before - after).exp()).ln()


def weibull(kind, parameters, times):
    """Log-likelihood of one patient: entry, lower, upper."""
    entry, lower, upper = times
    start, first = weibull_hazards(parameters, entry, lower)
    if kind == "right":
        return start - first
    if kind == "exact":
        log_shape = Decimal(parameters[1])
        rate = Decimal(parameters[0]) + log_shape + (log_shape.exp() - 1) * Decimal(lower).ln()
        return rate + start - first
    return start + log_between(first, weibull_hazards(parameters, lower, upper)[1])


def gradient(function, parameters):
    """Central differences; with 60 digits they are exact to twenty."""
    found = []
    for i in range(len(parameters)):
        up = [Decimal(p) + (STEP if i == j else 0) for j, p in enumerate(parameters)]
        down = [Decimal(p) - (STEP if i == j else 0) for j, p in enumerate(parameters)]
        found.append((function(up) - function(down)) / (2 * STEP))
    return found
