"""P(better) under bias by brute force, with nothing of the package: grids, SciPy and conjugate algebra."""

import numpy as np
from scipy import stats


def rates_given_bias(x, y, better, passes, bias):
    """P(better | bias) of two Beta laws, by a grid over both log odds."""
    u = np.linspace(-14, 14, 2401)
    p = 1 / (1 + np.exp(-u))
    weight_x = np.exp(stats.beta.logpdf(p, *x) + np.log(p) + np.log1p(-p))
    weight_y = np.exp(stats.beta.logpdf(p, *y) + np.log(p) + np.log1p(-p))
    weight_x, weight_y = weight_x / weight_x.sum(), weight_y / weight_y.sum()
    own = 1 / (1 + np.exp(-(u - bias)))
    return float(weight_x @ passes(own[:, None], p[None, :]).astype(float) @ weight_y)


def averaged(of_bias, mean, sd):
    """The mean of a function of a normal bias, by the trapezoidal rule."""
    z = np.linspace(-7, 7, 141)
    weight = np.exp(-0.5 * z**2)
    return float(sum(w * of_bias(mean + sd * v) for w, v in zip(weight, z, strict=True)) / weight.sum())


def normal_posterior_with_offset(estimate, error, prior_sd, bias):
    """Refit of a normal effect whose observation is the effect plus a known bias, under a prior on the effect."""
    precision = prior_sd**-2.0 + error**-2.0
    mean = (estimate - bias) * error**-2.0 / precision
    return mean, precision**-0.5
