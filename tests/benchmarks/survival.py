"""What a survival fit costs as patients grow: python -m tests.benchmarks.survival [largest n].

Prints, for Weibull with a continuous covariate and for collapsed piecewise hazards with yes-or-no covariates,
wall seconds of the first fit, of a refit with new rows, of sampling within it, and of one gradient.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import bayes_escc as be
from bayes_escc.inference import compiled
from bayes_escc.run import prepare_design

SIZES = (64, 1_000, 10_000, 100_000)
YES_OR_NO = [{"column": "liver_metastasis"}, {"column": "ecog"}]
SETTINGS = {"times": [6.0], "horizons": [12.0], "data_unit": "months", "time_unit": "months"}
MODELS = {
    "Weibull": be.SurvivalModel(covariates=[*YES_OR_NO, {"column": "nlr", "transform": "log"}], **SETTINGS),
    "piecewise": be.SurvivalModel(baseline="piecewise", cutpoints=[2, 4, 6, 9], covariates=YES_OR_NO, **SETTINGS),
}


def patients(n: int, seed: int):
    """Synthetic patients, half on each regimen, as a checked table."""
    frame = be.simulate_cohort(patients=(n // 2, n - n // 2), seed=seed)
    return be.read_patients(frame, response=None, time="time", event="event", time_unit="months")


def gradient_seconds(model, table) -> float:
    """Median wall seconds of one log density with its gradient."""
    design = prepare_design(model.analysis, table)
    logp = design.build().logp_dlogp_function(ravel_inputs=True)
    logp.set_extra_values({})
    point = np.zeros(compiled._compiled[design.structure].n_dim)
    seconds = []
    for _ in range(20):
        tick = time.perf_counter()
        logp(point)
        seconds.append(time.perf_counter() - tick)
    return float(np.median(seconds))


def main(largest: int = SIZES[-1]) -> None:
    """Print one line per model and size."""
    print(f"{'model':<10} {'patients':>8} {'first':>8} {'refit':>8} {'sampling':>8} {'gradient':>10}")
    for name, model in MODELS.items():
        for n in (s for s in SIZES if s <= largest):
            compiled.clear_compiled()
            tables = patients(n, 1), patients(n, 2)
            tick = time.perf_counter()
            model.fit(tables[0], seed=1)
            tock = time.perf_counter()
            again = model.fit(tables[1], seed=2)
            done = time.perf_counter()
            print(
                f"{name:<10} {n:>8} {tock - tick:>7.2f}s {done - tock:>7.2f}s {again.seconds['sample']:>7.2f}s "
                f"{1e6 * gradient_seconds(model, tables[1]):>8.0f}us",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
