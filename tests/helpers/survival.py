"""Synthetic patients with progression, and the designs that tests of survival models go through."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd

import bayes_escc as be

NLR = {"column": "nlr", "transform": "log"}

LIVER = {"column": "liver"}


def mean_matches(draws, mean, sd):
    """The mean of draws is the true mean, within four Monte Carlo errors; so is the sd."""
    error = float(az.mcse(draws, method="mean"))
    assert abs(float(draws.mean()) - mean) < 4 * error, (float(draws.mean()), mean, error)
    error = float(az.mcse(draws, method="sd"))
    assert abs(float(draws.std()) - sd) < 4 * error, (float(draws.std()), sd, error)


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
