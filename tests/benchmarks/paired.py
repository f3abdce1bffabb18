"""Speed against a naive PyMC model in the same run: python -m tests.benchmarks.paired [patients ...].

CPU seconds of this process, so that other work on the machine disturbs little, and ratios, which it disturbs less.
Sampling is 4 chains of 1,000 draws; "per second" is the smallest bulk effective sample size of any parameter by CPU
second of sampling alone. The naive model is what one writes first: proportional Weibull hazards with X @ b, nutpie's
defaults, and the same in brms where R has it. Then hierarchies of rates, refits of a compiled structure by part, whole
commands in processes of their own, and large tables. Every line with a target says whether it was met; what importing
NumPy takes says how busy the machine is (about 0.1 if idle).
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
import pandas as pd

import bayes_escc as be
from bayes_escc.inference import estimate
from bayes_escc.inference.compiled import compiled_with_data
from bayes_escc.inference.nuts import first_tuning, sample
from bayes_escc.runs.run import prepare_design
from tests.benchmarks.in_r import brms_is_installed, brms_rate

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


TARGETS = {
    "Weibull": (25_000, 20_000, 5_000),
    "independent piecewise": (40_000, 40_000, 40_000),
    "random walk": (5_000, 3_000, 2_000),
}
"""Effective draws per CPU second at the sizes above."""
OF_HIERARCHIES = 5_000
MOST_IN_R = 1_000  # with more patients a fit takes minutes


def verdict(value: float, target: float | None, *, least: bool = False) -> str:
    """Whether a number meets its target: at most, or with `least` at least."""
    if target is None:
        return ""
    met = value >= target if least else value <= target
    return f"   target {target:,g}: {'met' if met else 'NOT met'}"


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
    print(f"  {'model':24}{'patients':>9}{'package':>10}{'naive':>10}{'ratio':>8}{'gradients':>11}{'brms':>8}")
    in_r = brms_is_installed()
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
            asked = in_r and plain is not None and n <= MOST_IN_R
            brms = float(np.median(brms_rate(design, SEEDS))) if asked else float("nan")
            print(
                f"  {name:24}{n:9,}{ours:10,.0f}{theirs:10,.0f}{ours / theirs:8.1f}{np.median(steps):11.1f}{brms:8,.0f}"
                + verdict(ours, dict(zip(SIZES, TARGETS[name], strict=True)).get(n), least=True),
                flush=True,
            )


def hierarchies() -> None:
    """Rates of twelve cohorts of 20 to 75 patients that borrow from each other, over regimens and over studies."""
    for over in ("regimens", "studies"):
        model = be.ResponseModel(pooling="partial", pool_over=over)
        rows = [
            {"study": f"S{i}", "regimen": f"R{i}" if over == "regimens" else f"R{i % 2}", "endpoint": "ORR",
             "events": 6 + 2 * i, "n": 20 + 5 * i}
            for i in range(12)
        ]  # fmt: skip
        design = prepare_design(model.analysis, be.read_counts(pd.DataFrame(rows)))
        seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
        compiled_with_data(design, seconds)
        rates, steps = [], []
        for seed in SEEDS:
            settings = replace(model.analysis.sampling, seed=seed)
            spent, (draws, stats) = cpu_seconds(
                lambda d=design, s=settings, spent=seconds: sample(d, s, first_tuning(d), spent)
            )
            rates.append(smallest_ess(draws) / spent)
            steps.append(float(stats["n_steps"].mean()))
        ours = float(np.median(rates))
        print(
            f"  {f'hierarchy over {over}':24}{12:9,}{ours:10,.0f}{'':10}{'':8}{np.median(steps):11.1f}{'':8}"
            + verdict(ours, OF_HIERARCHIES, least=True),
            flush=True,
        )


def refits() -> None:
    print("\nRefits of a compiled structure, 64 patients (CPU seconds, smallest of three)")
    model = MODELS["Weibull"]()
    model.fit(patients(64), seed=1)
    table = patients(64, 2)
    design = prepare_design(model.analysis, table)
    settings = model.analysis.sampling
    seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
    for label, work, target in (
        ("sampling alone", lambda: sample(design, settings, first_tuning(design), seconds), None),
        ("estimate: with estimands and diagnostics", lambda: estimate(design, settings), None),
        ("fit: ready for every question", lambda: model.fit(table, seed=2), 0.15),
        ("fit, and all its groups read", lambda: model.fit(table, seed=2).tree, None),
        ("fit by Laplace", lambda: model.fit(table, seed=2, sampler="laplace"), None),
    ):
        spent = min(cpu_seconds(work)[0] for _ in range(3))
        print(f"  {label:48}{spent:6.2f}{verdict(spent, target)}", flush=True)


def large_tables() -> None:
    print("\nLarge tables (CPU seconds, once)")
    for name, n, target in (("Weibull", 100_000, 20.0), ("independent piecewise", 1_000_000, None)):
        model = MODELS[name]()
        frame = be.simulate_cohort(patients=(n // 2, n - n // 2), seed=1)
        frame["age"] = np.random.default_rng(1).normal(60.0, 8.0, n).round(1)
        settings: dict[str, Any] = {"response": None, "time": "time", "event": "event", "time_unit": "months"}
        spent, table = cpu_seconds(lambda f=frame, s=settings: be.read_patients(f, **s))
        print(f"  {f'read {n:,} patients':48}{spent:6.2f}{verdict(spent, 1e-5 * n)}", flush=True)
        design = prepare_design(model.analysis, table)
        seconds = dict.fromkeys(("import", "compile", "sample"), 0.0)
        compiled_with_data(design, seconds)
        work = lambda d=design, s=seconds: sample(d, model.analysis.sampling, first_tuning(d), s)  # noqa: B023, E731
        spent, _ = cpu_seconds(work)
        print(f"  {f'sample {name}, {n:,} patients':48}{spent:6.2f}{verdict(spent, target)}", flush=True)


def command(*arguments: str, environment: dict[str, str] | None = None) -> float:
    """CPU seconds of a command in a process of its own, those of its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bayes_escc.cli", *arguments],
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands() -> None:
    print("\nWhole commands (CPU seconds, smallest of three), and first fits with an empty cache")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import numpy"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"  {'import numpy alone':48}{after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:6.2f}")
    with tempfile.TemporaryDirectory() as folder:
        out = ("--out", str(Path(folder) / "out"))
        study, cut = _study(Path(folder))
        for arguments, target in (
            (("compare", "A=10/29", "B=12/35"), 0.25),
            (("pool", "ESCORT=0.71,0.57,0.87", "ATTRACTION=0.77,0.62,0.96"), 0.25),
            (("run", "second_line_response", *out, "--no-figures"), 1.0),
            (("run", "second_line_response", *out), 2.5),
            (("run", "second_line_pfs_weibull", *out, "--no-figures"), 3.5),
            (("run", "second_line_pfs_weibull", *out), None),
            (("run", "second_line_response", *out, "--report"), None),
            (("study", "update", study, cut, "--preview"), 0.5),
        ):
            label = " ".join(a for a in arguments if not a.startswith(("--out", folder)))
            spent = min(command(*arguments) for _ in range(3))
            print(f"  {label:48}{spent:6.2f}{verdict(spent, target)}", flush=True)
        spent = command("study", "update", study, cut)
        print(f"  {'study update':48}{spent:6.2f}{verdict(spent, 2.0)}", flush=True)
        for name in ("second_line_pfs_weibull", "second_line_pfs_piecewise"):
            empty = {"PYTENSOR_FLAGS": f"base_compiledir={Path(folder) / name}"}
            spent = command("run", name, *out, "--no-figures", environment=empty)
            print(f"  {f'run {name}, cold':48}{spent:6.2f}{verdict(spent, 12.0)}", flush=True)


def _study(folder: Path) -> tuple[str, str]:
    """A study in closed form with one data cut, and the table of a second with five patients more."""
    counts = {"study": "own", "endpoint": "ORR", "regimen": ["A", "B"], "events": [8, 10], "n": [24, 30]}
    grown = {**counts, "events": [10, 11], "n": [27, 32]}
    for name, values in (("first", counts), ("second", grown)):
        pd.DataFrame(values).to_csv(folder / f"{name}.csv", index=False)
    analysis = be.Analysis.from_dict({"id": "benchmark", "data": {"kind": "counts"}, "model": {"family": "response"}})
    be.Study.create(folder / "study.db", analysis).close()
    command("study", "update", str(folder / "study.db"), str(folder / "first.csv"))
    return str(folder / "study.db"), str(folder / "second.csv")


def main(sizes: tuple[int, ...]) -> None:
    """Print everything."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load {load:.1f}\n")
    sampling(sizes)
    hierarchies()
    refits()
    commands()
    large_tables()


if __name__ == "__main__":
    main(tuple(int(a) for a in sys.argv[1:]) or SIZES)
