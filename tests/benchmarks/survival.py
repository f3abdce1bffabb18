"""What a survival fit costs as patients grow: python -m tests.benchmarks.survival [largest n [smallest n]].

Prints, for Weibull with a continuous covariate and for collapsed piecewise hazards with yes-or-no covariates (alone,
and with a continuous one in bins), wall seconds of the first fit, of a refit with new rows, of sampling within it, of
preparing the table, of a refit by Laplace and of its draws alone, and of one gradient.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

import bayes_escc as be
from bayes_escc.inference import compiled
from bayes_escc.runs.run import prepare_design

SIZES = (64, 1_000, 10_000, 100_000)
YES_OR_NO = [{"column": "liver_metastasis"}, {"column": "ecog"}]
SETTINGS = {"times": [6.0], "horizons": [12.0], "data_unit": "months", "time_unit": "months"}
MODELS = {
    "Weibull": be.SurvivalModel(covariates=[*YES_OR_NO, {"column": "nlr", "transform": "log"}], **SETTINGS),
    "piecewise": be.SurvivalModel(baseline="piecewise", cutpoints=[2, 4, 6, 9], covariates=YES_OR_NO, **SETTINGS),
    "binned": be.SurvivalModel(
        baseline="piecewise",
        cutpoints=[2, 4, 6, 9],
        **SETTINGS,
        covariates=[*YES_OR_NO, {"column": "nlr", "transform": "log", "bins": 10}],
    ),
}


def patients(n: int, seed: int):
    """Synthetic patients, half on each regimen, as a checked table."""
    frame = be.simulate_cohort(patients=(n // 2, n - n // 2), seed=seed)
    return be.read_patients(frame, response=None, time="time", event="event", time_unit="months")


def seconds_of(function, repeats: int = 1) -> float:
    """Median wall seconds of calling a function."""
    found = []
    for _ in range(repeats):
        tick = time.perf_counter()
        function()
        found.append(time.perf_counter() - tick)
    return statistics.median(found)


def gradient_seconds(model, table) -> float:
    """Median wall seconds of one log density with its gradient."""
    design = prepare_design(model.analysis, table)
    logp = design.build().logp_dlogp_function(ravel_inputs=True)
    logp.set_extra_values({})
    point = np.zeros(compiled._compiled[design.structure].n_dim)
    return seconds_of(lambda: logp(point), 20)


def measure(model, n: int) -> list[float]:
    """Seconds of every column of the table but the gradient, and the gradient in microseconds."""
    compiled.clear_compiled()
    first, again = patients(n, 1), patients(n, 2)
    repeats = 5 if n <= 1000 else 1
    inside: dict[str, list[float]] = {"auto": [], "laplace": []}

    def refit(sampler: str) -> None:
        inside[sampler].append(model.fit(again, seed=2, sampler=sampler).seconds["sample"])

    start = seconds_of(lambda: model.fit(first, seed=1))
    nuts, laplace = seconds_of(lambda: refit("auto"), repeats), seconds_of(lambda: refit("laplace"), repeats)
    prepare = seconds_of(lambda: prepare_design(model.analysis, again), repeats)
    draws = [statistics.median(inside[s]) for s in ("auto", "laplace")]
    return [start, nuts, draws[0], prepare, laplace, draws[1], 1e6 * gradient_seconds(model, again)]


def main(largest: int = SIZES[-1], smallest: int = SIZES[0]) -> None:
    """Print one line per model and size."""
    columns = ("first", "refit", "sampling", "prepare", "Laplace", "draws")
    print(f"{'model':<10} {'patients':>8} " + " ".join(f"{c:>9}" for c in columns) + f" {'gradient':>10}")
    for name, model in MODELS.items():
        for n in (s for s in SIZES if smallest <= s <= largest):
            *spent, gradient = measure(model, n)
            told = " ".join(f"{s:>8.2f}s" for s in spent)
            print(f"{name:<10} {n:>8} {told} {gradient:>8.0f}us", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
