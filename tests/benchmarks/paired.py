"""Speed against a naive PyMC model in the same run: python -m tests.benchmarks.paired [patients ...].

CPU seconds of this process, so that other work on the machine disturbs little, and ratios, which it disturbs less.
Sampling is 4 chains of 1,000 draws; "per second" is the smallest bulk effective sample size of any parameter by CPU
second of sampling alone. The naive model is what one writes first: proportional Weibull hazards with X @ b, nutpie's
defaults. Then refits of a compiled structure by part, and whole commands in processes of their own.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import bayes_escc as be
from bayes_escc.inference import estimate
from bayes_escc.inference.compiled import compiled_with_data
from bayes_escc.inference.nuts import first_tuning, sample
from bayes_escc.runs.run import prepare_design

__all__: list[str] = []

SIZES = (64, 1_000, 10_000)
SEEDS = (1, 2, 3)
SETTINGS = {"times": [6.0], "horizons": [12.0], "data_unit": "months", "time_unit": "months"}
YES_OR_NO = [{"column": "liver_metastasis"}, {"column": "ecog"}]
FOUR = [*YES_OR_NO, {"column": "nlr", "transform": "log"}, {"column": "age"}]
PIECES = {"baseline": "piecewise", "cutpoints": [2, 4, 6, 9], "covariates": YES_OR_NO}
MODELS: dict[str, Callable[[], Any]] = {
    "Weibull": lambda: be.SurvivalModel(covariates=FOUR, **SETTINGS),
    "independent piecewise": lambda: be.SurvivalModel(**PIECES, smoothing="independent", **SETTINGS),
    "random walk": lambda: be.SurvivalModel(**PIECES, smoothing="random_walk", **SETTINGS),
}


def patients(n: int, seed: int = 1) -> Any:
    """Synthetic patients, half on each regimen, as a checked table."""
    frame = be.simulate_cohort(patients=(n // 2, n - n // 2), seed=seed)
    frame["age"] = np.random.default_rng(seed).normal(60.0, 8.0, n).round(1)
    return be.read_patients(frame, response=None, time="time", event="event", time_unit="months")


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of all threads, and what the work returned."""
    tick = time.process_time()
    found = work()
    return time.process_time() - tick, found


def smallest_ess(draws: Any) -> float:
    """Smallest bulk effective sample size in a dataset of (chain, draw, ...)."""
    import arviz as az
    import xarray as xr

    cells = [a.transpose("chain", "draw", ...).to_numpy() for a in draws.data_vars.values()]
    flat = np.concatenate([c.reshape(*c.shape[:2], -1) for c in cells], axis=-1)
    return float(az.ess(xr.DataArray(flat, dims=("chain", "draw", "cell"))).min())


def naive(design: Any) -> Any:
    """The same proportional Weibull model as one writes it first, compiled by nutpie."""
    import nutpie
    import pymc as pm

    follow, x = design.follow_up, np.column_stack([design.regimen == 1, design.encoded.values]).astype(float)
    log_time, event = np.log(follow.last), follow.event.astype(float)
    with pm.Model() as model:
        b = pm.Normal("b", 0.0, 1.0, shape=x.shape[1])
        level, shape = pm.Normal("level", -1.5, 1.0), pm.LogNormal("shape", 0.0, 0.5)
        log_hazard = level + x @ b
        hazard = pm.math.exp(log_hazard + shape * log_time)
        terms = event * (pm.math.log(shape) + log_hazard + (shape - 1.0) * log_time) - hazard
        pm.Potential("likelihood", terms.sum())
    return nutpie.compile_pymc_model(model)


def sample_naive(compiled: Any, seed: int) -> Any:
    import nutpie

    trace = nutpie.sample(compiled, draws=1000, chains=4, cores=2, seed=seed, progress_bar=False)
    return trace["posterior"].to_dataset()


def sampling(sizes: tuple[int, ...]) -> None:
    print("Effective draws per CPU second of sampling (median of three seeds), and gradients a kept draw")
    print(f"  {'model':24}{'patients':>9}{'package':>10}{'naive':>10}{'ratio':>8}{'gradients':>11}")
    for name, make in MODELS.items():
        for n in sizes:
            model = make()
            design = prepare_design(model.analysis, patients(n))
            seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
            compiled_with_data(design, seconds)
            plain = naive(design) if name == "Weibull" else None
            rates, steps, others = [], [], []
            for seed in SEEDS:
                settings = replace(model.analysis.sampling, seed=seed)
                spent, (draws, stats) = cpu_seconds(
                    lambda d=design, s=settings, spent=seconds: sample(d, s, first_tuning(d), spent)
                )
                rates.append(smallest_ess(draws) / spent)
                steps.append(float(stats["n_steps"].mean()))
                if plain is not None:
                    spent, draws = cpu_seconds(lambda c=plain, s=seed: sample_naive(c, s))
                    others.append(smallest_ess(draws) / spent)
            ours, theirs = float(np.median(rates)), float(np.median(others)) if others else float("nan")
            print(
                f"  {name:24}{n:9,}{ours:10,.0f}{theirs:10,.0f}{ours / theirs:8.1f}{np.median(steps):11.1f}", flush=True
            )


def refits() -> None:
    print("\nRefits of a compiled structure, 64 patients (CPU seconds, smallest of three)")
    model = MODELS["Weibull"]()
    model.fit(patients(64), seed=1)
    table = patients(64, 2)
    design = prepare_design(model.analysis, table)
    settings = model.analysis.sampling
    seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
    for label, work in (
        ("sampling alone", lambda: sample(design, settings, first_tuning(design), seconds)),
        ("estimate: with estimands and diagnostics", lambda: estimate(design, settings)),
        ("fit: with predictive groups and figures' data", lambda: model.fit(table, seed=2)),
        ("fit by Laplace", lambda: model.fit(table, seed=2, sampler="laplace")),
    ):
        print(f"  {label:48}{min(cpu_seconds(work)[0] for _ in range(3)):6.2f}", flush=True)


def command(*arguments: str, environment: dict[str, str] | None = None) -> float:
    """CPU seconds of a command in a process of its own, those of its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bayes_escc.cli", *arguments],
        check=True,
        env=os.environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands() -> None:
    print("\nWhole commands (CPU seconds, smallest of two), and a first fit with an empty cache")
    with tempfile.TemporaryDirectory() as folder:
        out = ("--out", str(Path(folder) / "out"))
        for arguments in (
            ("compare", "A=10/29", "B=12/35"),
            ("run", "second_line_response", *out, "--no-figures"),
            ("run", "second_line_response", *out),
            ("run", "second_line_pfs_weibull", *out, "--no-figures"),
            ("run", "second_line_pfs_weibull", *out),
        ):
            label = " ".join(a for a in arguments if not a.startswith(("--out", folder)))
            print(f"  {label:48}{min(command(*arguments) for _ in range(2)):6.2f}", flush=True)
        for name in ("second_line_pfs_weibull", "second_line_pfs_piecewise"):
            empty = {"PYTENSOR_FLAGS": f"base_compiledir={Path(folder) / name}"}
            spent = command("run", name, *out, "--no-figures", environment=empty)
            print(f"  {f'run {name}, cold':48}{spent:6.2f}", flush=True)


def main(sizes: tuple[int, ...]) -> None:
    """Print everything."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load {load:.1f}\n")
    sampling(sizes)
    refits()
    commands()


if __name__ == "__main__":
    main(tuple(int(a) for a in sys.argv[1:]) or SIZES)
