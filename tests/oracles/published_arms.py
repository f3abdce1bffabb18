"""Own patients beside one published arm by brute force: a grid over three parameters, nothing of the package."""

import numpy as np


def grid_posterior(x, y, share, n, events, *, points=61, reach=5.0):
    """Parameters (own log odds, published log odds, coefficient) on a grid, and their posterior weights.

    Own patients have one yes-or-no covariate x and responses y; of the published n, a share has the covariate.
    Priors: Normal(0, 1.5), Normal(0, 1.5), Normal(0, 1).
    """
    a, b, c = np.meshgrid(*[np.linspace(-reach, reach, points)] * 3, indexing="ij")
    log = -0.5 * (a / 1.5) ** 2 - 0.5 * (b / 1.5) ** 2 - 0.5 * c**2
    for value in (0, 1):
        chosen = x == value
        eta = a + c * value
        log += -y[chosen].sum() * np.logaddexp(0, -eta) - (1 - y[chosen]).sum() * np.logaddexp(0, eta)
    p = share / (1 + np.exp(-(b + c))) + (1 - share) / (1 + np.exp(-b))
    log += events * np.log(p) + (n - events) * np.log1p(-p)
    weight = np.exp(log - log.max())
    return a, b, c, weight / weight.sum()
