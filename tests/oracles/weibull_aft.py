"""Maximum likelihood of a Weibull accelerated failure time model by SciPy: log T = mu + x'g + sigma W, W Gumbel.

A second tool beside the numbers printed by lifelines, in the parametrisation of R's survreg, so that tables that
may not ship with this project need not.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats


def weibull_aft(time, event, x):
    """(mu, coefficients, sigma, log-likelihood) of right-censored times; x is (patients, covariates)."""
    logs, x = np.log(time), np.column_stack([np.ones(len(time)), x])

    def minus(parameters):
        *beta, log_sigma = parameters
        sigma = np.exp(log_sigma)
        z = (logs - x @ np.array(beta)) / sigma
        density = stats.gumbel_l.logpdf(z) - log_sigma - logs
        return -np.where(event == 1, density, stats.gumbel_l.logsf(z)).sum()

    start = np.r_[logs.mean(), np.zeros(x.shape[1] - 1), 0.0]
    rough = optimize.minimize(minus, start, method="Nelder-Mead", options={"maxiter": 20_000, "maxfev": 20_000})
    found = optimize.minimize(minus, rough.x, method="BFGS", options={"gtol": 1e-6})
    return found.x[0], found.x[1:-1], float(np.exp(found.x[-1])), -float(found.fun)
