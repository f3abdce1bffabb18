"""Log-normal, log-logistic and Gompertz survival by SciPy's densities and quadrature, nothing of the package."""

import numpy as np
from scipy import optimize, stats
from scipy.integrate import quad


def law(baseline, median, parameter):
    """The distribution of event times, of SciPy."""
    if baseline == "log_logistic":
        return stats.fisk(np.exp(-parameter[0]), scale=median)
    return stats.lognorm(np.exp(parameter[0]), scale=median)


def promotion(median, parameter):
    """Theta and the Weibull law of the promotion-time model whose patients who have the event have a median."""
    shape, fraction = np.exp(parameter[0]), parameter[1]
    theta = -np.log(fraction)

    def half(scale):
        left = np.exp(-theta * stats.weibull_min(shape, scale=scale).cdf(median))
        return left - 0.5 * (1.0 + fraction)

    scale = optimize.brentq(half, median * 1e-3, median * 1e15 ** (1.0 / shape), xtol=1e-14 * median, rtol=1e-14)
    return theta, stats.weibull_min(shape, scale=scale)


def growing(median, parameter):
    """A Gompertz hazard as a function of time, its level so that the cumulative hazard at the median is log 2."""
    area = quad(lambda s: np.exp(parameter * s), 0, 1, epsabs=0, epsrel=1e-13)[0]
    return lambda t: np.log(2) / median / area * np.exp(parameter * t / median)


def hazard(baseline, t, median, parameter):
    """The hazard at a time."""
    if baseline == "gompertz":
        return growing(median, parameter[0])(t)
    if baseline == "weibull_cure":
        theta, found = promotion(median, parameter)
        return theta * found.pdf(t)
    found = law(baseline, median, parameter)
    return np.exp(found.logpdf(t) - found.logsf(t))


def cumulative(baseline, lower, upper, median, parameter):
    """The cumulative hazard between two times."""
    if baseline == "gompertz":
        return quad(growing(median, parameter[0]), lower, upper, epsabs=0, epsrel=1e-12)[0]
    if baseline == "weibull_cure":
        theta, found = promotion(median, parameter)
        return theta * quad(found.pdf, lower, upper, epsabs=0, epsrel=1e-11)[0]
    found = law(baseline, median, parameter)
    return found.logsf(lower) - found.logsf(upper)


def most_likely(baseline, time, event, second):
    """Maximum likelihood of log median, log spread and log time ratio of the second arm, and their standard errors."""

    def negative(x):
        total = 0.0
        for arm, shift in ((~second, 0.0), (second, x[2])):
            found = law(baseline, np.exp(x[0] + shift), x[1:2])
            t, e = time[arm], event[arm]
            total += found.logpdf(t[e]).sum() + found.logsf(t[~e]).sum()
        return -total

    best = optimize.minimize(negative, [np.log(np.median(time)), -0.3, 0.0], method="Nelder-Mead", tol=1e-10)
    step, each = 1e-3, np.eye(3)
    curvature = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            corners = [(a, b) for a in (1, -1) for b in (1, -1)]
            values = [a * b * negative(best.x + step * (a * each[i] + b * each[j])) for a, b in corners]
            curvature[i, j] = sum(values) / (4 * step**2)
    return best.x, np.sqrt(np.diag(np.linalg.inv(curvature)))
