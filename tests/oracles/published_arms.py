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


class ModifiedPosterior:
    """Draws on a grid: own and published log odds, and a coefficient on either side."""

    def __init__(self, a, b, c, d, weight):
        self.a, self.b, self.c, self.d, self.weight = a, b, c, d, weight

    def answer(self, share):
        """Mean, sd and P(> 0) of the difference in rates, published minus own, where a share has the covariate."""
        expit = lambda v: 1.0 / (1.0 + np.exp(-v))  # noqa: E731
        rates = [share * expit(i + s) + (1 - share) * expit(i) for i, s in ((self.b, self.d), (self.a, self.c))]
        gap = rates[0] - rates[1]
        mean = (self.weight * gap).sum()
        return mean, np.sqrt((self.weight * (gap - mean) ** 2).sum()), self.weight[gap > 0].sum()


def modified_posterior(x, y, share, counts, *, points=41, reach=4.0):
    """As `grid_posterior`, with a coefficient on either side.

    ``counts`` are (value of the covariate or None for all, n, events) of the published arm. The coefficients are
    normal with a common part of sd 1 and parts of their own that make them differ with sd 0.35.
    """
    axis = np.linspace(-reach, reach, points)
    a, b, c, d = np.meshgrid(axis, axis, axis, axis, indexing="ij")
    each = 0.35**2 / 2
    inverse = np.linalg.inv(np.array([[1 + each, 1.0], [1.0, 1 + each]]))
    log = -0.5 * (a / 1.5) ** 2 - 0.5 * (b / 1.5) ** 2
    log -= 0.5 * (inverse[0, 0] * c**2 + 2 * inverse[0, 1] * c * d + inverse[1, 1] * d**2)
    for value in (0, 1):
        chosen = x == value
        eta = a + c * value
        log += -y[chosen].sum() * np.logaddexp(0, -eta) - (1 - y[chosen]).sum() * np.logaddexp(0, eta)
    for value, n, events in counts:
        mix = share if value is None else float(value)
        p = mix / (1 + np.exp(-(b + d))) + (1 - mix) / (1 + np.exp(-b))
        log += events * np.log(p) + (n - events) * np.log1p(-p)
    weight = np.exp(log - log.max())
    return ModifiedPosterior(a, b, c, d, weight / weight.sum())
