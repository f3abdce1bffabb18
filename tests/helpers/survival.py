"""Synthetic patients with progression, and the designs that tests of survival models go through."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

import bayes_escc as be

NLR = {"column": "nlr", "transform": "log"}

LIVER = {"column": "liver"}


def mean_matches(draws, mean, sd):
    """The mean of draws is the true mean, within four Monte Carlo errors; so is the sd."""
    error = float(az.mcse(draws, method="mean"))
    assert abs(float(draws.mean()) - mean) < 4 * error, (float(draws.mean()), mean, error)
    error = float(az.mcse(draws, method="sd"))
    assert abs(float(draws.std()) - sd) < 4 * error, (float(draws.std()), sd, error)


def agrees(a, b, name):
    """Means and standard deviations of one estimand are alike within four Monte Carlo errors."""

    def cells(fit):
        draws = fit.estimand(name).transpose("chain", "draw", ...)
        values = draws.to_numpy().reshape(*draws.shape[:2], -1)
        return xr.DataArray(values, dims=("chain", "draw", "cell"))

    x, y = cells(a), cells(b)
    varies = x.std(("chain", "draw")) > 1e-12  # the reference's ratio to itself does not
    x, y = x[..., varies.to_numpy()], y[..., varies.to_numpy()]
    for method, summary in (("mean", "mean"), ("sd", "std")):
        error = np.hypot(az.mcse(x, method=method), az.mcse(y, method=method))
        gap = np.abs(getattr(x, summary)(("chain", "draw")) - getattr(y, summary)(("chain", "draw")))
        assert (gap <= 4 * error).all(), (name, method, (gap / error).max().item())


def by_pymc(design, parameters):
    """PyMC's log density of the data under one draw, and its slopes; compiled with nothing optimised."""
    import pytensor

    model, point = design.build(), {}
    for variable in model.free_RVs:
        value, where = parameters[variable.name].to_numpy()[0, 0], model.rvs_to_values[variable].name
        if where.endswith("_logodds__"):
            value = np.log(value) - np.log1p(-value)
        point[where] = np.log(value) if where.endswith("_log__") else value
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        total = float(model.compile_logp(vars=model.observed_RVs)(point))
        return total, model.compile_dlogp(vars=model.free_RVs)(point)


def cohort(n, *, seed=1, shape=1.2, effect=-0.4, slope=0.5, follow=(3.0, 15.0)):
    """Patients from a Weibull model with a known truth, in months."""
    rng = np.random.default_rng(seed)
    arm, x = np.arange(n) % 2, rng.normal(size=n)
    liver = (rng.random(n) < 0.4).astype(int)
    hazard = np.log(2) / 4.0**shape * np.exp(effect * arm + slope * x + 0.3 * liver)
    time = (rng.exponential(size=n) / hazard) ** (1 / shape)
    stop = rng.uniform(*follow, n)
    return pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": np.where(arm, "B", "A"),
            "time": np.minimum(time, stop),
            "event": (time <= stop).astype(int),
            "nlr": np.exp(x),
            "liver": liver,
        }
    )


def scans(frame, every=2.0):
    """What visits every two months would see."""
    upper = np.where(frame["event"] == 1, np.ceil(frame["time"] / every) * every, np.inf)
    lower = np.where(frame["event"] == 1, upper - every, frame["time"])
    return frame.assign(lower=lower, upper=upper).drop(columns=["time", "event"])


def two_arms(first, second, labels=("A", "B")):
    """Patients with given numbers of events and total times."""
    rows = []
    for label, (events, total, n) in zip(labels, (first, second), strict=True):
        rows += [{"regimen": label, "time": total / n, "event": int(i < events)} for i in range(n)]
    return pd.DataFrame(rows).assign(patient_id=lambda f: [f"{r}{i}" for i, r in enumerate(f["regimen"])])


DESIGNS = {
    "weibull": {},
    "weibull nonproportional": {"regimen_effect": "nonproportional"},
    "weibull stratified": {"regimen_effect": "stratified"},
    "weibull at a time": {
        "priors": {"log_cumulative_hazard": be.Prior("Normal")},
        "reference_time": 4.0,
        "regimen_effect": "none",
    },
    "exponential": {"baseline": "exponential"},
    "exponential stratified": {"baseline": "exponential", "regimen_effect": "stratified"},
    "piecewise": {"baseline": "piecewise", "cutpoints": [2.0, 5.0]},
    "piecewise hazard": {
        "baseline": "piecewise",
        "cutpoints": [2.0, 5.0],
        "priors": {"hazard": be.Prior("Gamma", alpha=2, beta=8)},
    },
    "piecewise nonproportional": {
        "baseline": "piecewise",
        "cutpoints": [2.0, 5.0],
        "regimen_effect": "nonproportional",
    },
    "piecewise stratified": {"baseline": "piecewise", "cutpoints": [2.0, 5.0], "regimen_effect": "stratified"},
    "random walk": {"baseline": "piecewise", "cutpoints": [2.0, 5.0, 8.0], "smoothing": "random_walk"},
    "random walk nonproportional": {
        "baseline": "piecewise",
        "cutpoints": [2.0, 5.0, 8.0],
        "smoothing": "random_walk",
        "regimen_effect": "nonproportional",
    },
}
