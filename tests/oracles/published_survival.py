"""Own patients beside published survival by brute force: grids, quadrature and roots, nothing of the package."""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq


def grid_posterior(own, published, ratio, *, points=81):
    """Level, log hazard ratio and coefficient of exponential hazards on a grid, and their posterior weights.

    Parameters
    ----------
    own : tuple of arrays
        Time, event and a yes-or-no covariate of patients on regimen A.
    published : tuple
        Times and events of patients on regimen B, and the share of them that has the covariate.
    ratio : tuple of float or None
        A hazard ratio of B against A, as its logarithm and standard error.

    Notes
    -----
    The log hazard of A is level - contrast / 2, that of B level + contrast / 2. Priors: level Normal(log(log 2 / 6),
    2.5), contrast and coefficient Normal(0, 0.7).
    """
    time, event, x = own
    middle = np.log(event.sum() / time.sum())
    a, c, b = np.meshgrid(
        np.linspace(middle - 1.6, middle + 1.6, points),
        np.linspace(-2.2, 2.2, points),
        np.linspace(-2.2, 2.2, points),
        indexing="ij",
    )
    log = -0.5 * ((a - np.log(np.log(2) / 6)) / 2.5) ** 2 - 0.5 * (c / 0.7) ** 2 - 0.5 * (b / 0.7) ** 2
    for value in (0, 1):
        on = x == value
        eta = a - c / 2 + b * value
        log += event[on].sum() * eta - time[on].sum() * np.exp(eta)
    times, events, share = published
    for t, e in zip(times, events, strict=True):
        low, high = np.exp(a + c / 2), np.exp(a + c / 2 + b)
        log += np.log((1 - share) * low**e * np.exp(-low * t) + share * high**e * np.exp(-high * t))
    if ratio is not None:
        log += -0.5 * ((ratio[0] - c) / ratio[1]) ** 2
    weight = np.exp(log - log.max())
    return a, c, b, weight / weight.sum()


def averaged_survival(time, scale, shape, coefficient, mean, sd):
    """Survival of Weibull patients whose covariate is normal, by adaptive quadrature."""

    def each(z):
        left = np.exp(-scale * time**shape * np.exp(coefficient * (mean + sd * z)))
        return np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) * left

    return quad(each, -9, 9, epsabs=1e-13, epsrel=1e-12)[0]


def averaged_density(time, scale, shape, coefficient, mean, sd):
    """Density of the event times of the same patients."""

    def each(z):
        hazard = scale * shape * time ** (shape - 1) * np.exp(coefficient * (mean + sd * z))
        left = np.exp(-scale * time**shape * np.exp(coefficient * (mean + sd * z)))
        return np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) * hazard * left

    return quad(each, -9, 9, epsabs=1e-13, epsrel=1e-12)[0]


def averaged_median(scale, shape, coefficient, mean, sd):
    """Where the averaged survival is one half."""
    return brentq(lambda t: averaged_survival(t, scale, shape, coefficient, mean, sd) - 0.5, 1e-6, 1e4, xtol=1e-12)
