"""Independent answers for meta-analysis: adaptive quadrature by SciPy, nothing from the package."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import integrate, stats


def random_effects(y, se, tau_prior, m0=0.0, s0=np.inf, cuts=()):
    """Posterior of a normal-normal model by `scipy.integrate.quad` over tau.

    Returns mean and sd of mu, of tau and of a new study's effect, and P(mu < c), P(new < c) for the cuts.
    """
    y, v = np.asarray(y, float), np.asarray(se, float) ** 2

    def given(tau):
        w = 1 / (v + tau**2)
        precision = w.sum() + s0**-2
        mean = (w @ y + m0 * s0**-2) / precision
        log_like = 0.5 * (np.log(w).sum() - np.log(precision) - w @ (y - mean) ** 2 - (mean - m0) ** 2 * s0**-2)
        return mean, 1 / precision, log_like

    shift = max(given(t)[2] for t in np.linspace(0, 3 * np.ptp(y) + 0.1, 200))

    def density(tau):
        return np.exp(given(tau)[2] - shift) * tau_prior.pdf(tau)

    top = float(tau_prior.ppf(1 - 1e-10)) if np.isfinite(tau_prior.ppf(1)) else np.inf
    scale = float(np.sqrt(v.mean()) + np.std(y))

    def total(f):
        edges = [e for e in (0, 0.2 * scale, scale, 3 * scale, 10 * scale, 100 * scale) if e < top]
        pieces = [*itertools.pairwise(edges), (edges[-1], top)]
        return sum(
            integrate.quad(lambda t: density(t) * f(t), a, b, epsabs=0, epsrel=1e-11, limit=400)[0] for a, b in pieces
        )

    z = total(lambda t: 1.0)
    mu = total(lambda t: given(t)[0]) / z
    mu2 = total(lambda t: given(t)[1] + given(t)[0] ** 2) / z
    tau = total(lambda t: t) / z
    return {
        "mu": (mu, np.sqrt(mu2 - mu**2)),
        "tau": (tau, np.sqrt(total(lambda t: t**2) / z - tau**2)),
        "new_sd": np.sqrt(mu2 - mu**2 + total(lambda t: t**2) / z),
        "below": [total(lambda t, c=c: stats.norm.cdf((c - given(t)[0]) / np.sqrt(given(t)[1]))) / z for c in cuts],
        "new_below": [
            total(lambda t, c=c: stats.norm.cdf((c - given(t)[0]) / np.sqrt(given(t)[1] + t**2))) / z for c in cuts
        ],
        "tau_below": [
            integrate.quad(density, 0, c, epsabs=0, epsrel=1e-11, limit=400, points=[c / 100, c / 10])[0] / z
            for c in cuts
            if c > 0
        ],
    }


def generalised_least_squares(y, V, X):
    """Estimates and standard errors of a common-effect model under a flat prior."""
    inverse = np.linalg.inv(V)
    covariance = np.linalg.inv(X.T @ inverse @ X)
    return covariance @ X.T @ inverse @ y, np.sqrt(np.diag(covariance))


def _log_binomial(k, n, eta):
    return k * eta - n * np.logaddexp(0, eta)


def _contrast_likelihood(control, experimental, deltas, baseline_sd, share=0.0):
    """Likelihood of a two-arm trial as a function of the log odds ratio, its baseline integrated out.

    The baseline is the log odds of the control arm and a share of the log odds ratio: one half for the arms' mean.
    """
    b = np.linspace(-12, 12, 2401)
    prior = stats.norm.logpdf(b, 0, baseline_sd)
    logs = np.array(
        [
            _log_binomial(*control, b - share * d) + _log_binomial(*experimental, b + (1 - share) * d) + prior
            for d in deltas
        ]
    )
    top = logs.max()
    return np.log(np.exp(logs - top).sum(axis=1)) + top


def mixed_random_effects(effects, trials, tau_prior, mu_sd, baseline_sd):
    """Mean and sd of the pooled log odds ratio and of tau, on a grid: effects (y, se) and arm counts together.

    trials: ((events, n) of the control, (events, n) of the experimental arm).
    """
    from scipy.interpolate import CubicSpline

    grid = np.linspace(-14, 14, 1401)
    curves = [CubicSpline(grid, _contrast_likelihood(c, e, grid, baseline_sd)) for c, e in trials]
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    mus = np.linspace(-4, 4, 401)
    edges = np.linspace(0, float(tau_prior.ppf(1 - 1e-7)), 21)
    x, w = np.polynomial.legendre.leggauss(12)
    taus = np.concatenate([0.5 * (a + b) + 0.5 * (b - a) * x for a, b in itertools.pairwise(edges)])
    tau_weights = np.concatenate([0.5 * (b - a) * w for a, b in itertools.pairwise(edges)])
    log_post = stats.norm.logpdf(mus, 0, mu_sd)[:, None] + tau_prior.logpdf(taus)[None]
    for y, se in effects:
        log_post = log_post + stats.norm.logpdf(y, mus[:, None], np.hypot(se, taus)[None])
    for curve in curves:
        delta = np.clip(mus[:, None, None] + taus[None, :, None] * nodes, -14, 14)
        values = curve(delta)
        top = values.max()
        log_post = log_post + np.log(np.exp(values - top) @ weights) + top
    post = np.exp(log_post - log_post.max()) * tau_weights
    post /= post.sum()

    def moments(values, p):
        mean = values @ p
        return mean, np.sqrt(values**2 @ p - mean**2)

    return {"mu": moments(mus, post.sum(axis=1)), "tau": moments(taus, post.sum(axis=0))}


def mixed_common_network(effects, trials, effect_sd, baseline_sd, correlation=0.0):
    """Mean, sd and (50, 2.5, 97.5 %) quantiles of B and of C against A in a network of common effects, on a grid.

    effects: (coefficients of the two effects, y, se); trials: (coefficients, control, experimental). The prior of
    the two effects against A has a correlation, one half where the three regimens are exchangeable; that of a
    baseline is of the mean log odds of the trial's arms.
    """
    one = np.linspace(-8, 8, 641)
    b, c = np.meshgrid(one, one, indexing="ij")
    square = (b**2 - 2 * correlation * b * c + c**2) / (1 - correlation**2)
    log_post = -0.5 * square / effect_sd**2
    for (p, q), y, se in effects:
        log_post = log_post + stats.norm.logpdf(y, p * b + q * c, se)
    grid = np.linspace(-17, 17, 3401)
    for (p, q), control, experimental in trials:
        curve = _contrast_likelihood(control, experimental, grid, baseline_sd, share=0.5)
        log_post = log_post + np.interp(p * b + q * c, grid, curve)
    post = np.exp(log_post - log_post.max())
    post /= post.sum()
    found = []
    for p in (post.sum(axis=1), post.sum(axis=0)):
        mean, cdf = one @ p, np.cumsum(p)
        quantiles = np.interp([0.5, 0.025, 0.975], cdf, one + 0.5 * (one[1] - one[0]))
        found.append((mean, np.sqrt(one**2 @ p - mean**2), quantiles))
    return found


def subgroups_with_one_heterogeneity(groups, tau_prior, m0, s0):
    """P(second effect < first) and mean and sd of tau, for subgroups (y, se) that share tau."""
    data = [(np.asarray(y, float), np.asarray(se, float) ** 2) for y, se in groups]

    def given(tau):
        total, means, variances = 0.0, [], []
        for y, v in data:
            w = 1 / (v + tau**2)
            precision = w.sum() + s0**-2
            mean = (w @ y + m0 * s0**-2) / precision
            total += 0.5 * (np.log(w).sum() - np.log(precision) - w @ (y - mean) ** 2 - (mean - m0) ** 2 * s0**-2)
            means.append(mean)
            variances.append(1 / precision)
        return total, means, variances

    shift = max(given(t)[0] for t in np.linspace(0, 2, 200))

    def total(f):
        def density(tau):
            log_like, means, variances = given(tau)
            return np.exp(log_like - shift) * tau_prior.pdf(tau) * f(tau, means, variances)

        return integrate.quad(density, 0, float(tau_prior.ppf(1 - 1e-12)), epsabs=0, epsrel=1e-11, limit=400)[0]

    z = total(lambda *_: 1.0)
    mean = total(lambda t, *_: t) / z
    return {
        "below": total(lambda _, m, v: stats.norm.cdf((m[0] - m[1]) / np.sqrt(v[0] + v[1]))) / z,
        "tau": (mean, np.sqrt(total(lambda t, *_: t**2) / z - mean**2)),
    }


def one_effect(effects, trials, effect_sd, baseline_sd):
    """Quantiles of a common log odds ratio of published effects (y, se) and two-arm counts, on a grid.

    The prior of a baseline is of the mean log odds of the trial's arms.
    """
    grid = np.linspace(-6, 6, 2401)
    log_post = stats.norm.logpdf(grid, 0, effect_sd)
    for y, se in effects:
        log_post = log_post + stats.norm.logpdf(y, grid, se)
    for control, experimental in trials:
        log_post = log_post + _contrast_likelihood(control, experimental, grid, baseline_sd, share=0.5)
    cdf = np.cumsum(np.exp(log_post - log_post.max()))
    return np.interp([0.5, 0.025, 0.975], cdf / cdf[-1], grid + 0.5 * (grid[1] - grid[0]))


def classical(y, se):
    """The classical intervals: a common effect; DerSimonian-Laird; the same with Hartung-Knapp-Sidik-Jonkman's.

    Returns (estimate, lower, upper) on the scale of y under ``"common"``, ``"DL"`` and ``"HKSJ"``, and ``"tau"``.
    """
    y, v = np.asarray(y, float), np.asarray(se, float) ** 2
    w = 1 / v
    mean = w @ y / w.sum()
    q = w @ (y - mean) ** 2
    tau2 = max(0.0, (q - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    z = stats.norm.ppf(0.975)
    found = {"common": (mean, mean - z * w.sum() ** -0.5, mean + z * w.sum() ** -0.5), "tau": tau2**0.5}
    w = 1 / (v + tau2)
    mean = w @ y / w.sum()
    found["DL"] = (mean, mean - z * w.sum() ** -0.5, mean + z * w.sum() ** -0.5)
    error = (w @ (y - mean) ** 2 / (len(y) - 1) / w.sum()) ** 0.5
    t = stats.t.ppf(0.975, len(y) - 1)
    found["HKSJ"] = (mean, mean - t * error, mean + t * error)
    return found
