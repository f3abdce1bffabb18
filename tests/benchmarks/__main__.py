"""What things cost on this machine: `make bench`. Prints; asserts nothing.

Seconds depend on the machine and its load; the ratios, measured in one run, do not much.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import bayes_escc as be
from bayes_escc.inference.compiled import clear_compiled
from bayes_escc.probability.beta import Beta, exceedance

__all__: list[str] = []


def median_of(function, repeats=5):
    seconds = []
    for _ in range(repeats):
        tick = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - tick)
    return statistics.median(seconds)


def command(*arguments):
    subprocess.run([sys.executable, "-m", "bayes_escc.cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def whole_commands():
    print("Whole commands, from a cold shell (median of 5; wall seconds)")
    start = median_of(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    quick = median_of(lambda: command("compare", "A=10/29", "B=12/35"))
    print(f"  python -c pass                     {start:6.2f}")
    print(f"  bayes-escc compare A=10/29 B=12/35 {quick:6.2f}")
    with tempfile.TemporaryDirectory() as out:
        base = ("run", "second_line_response", "--out", out, "--no-figures")
        command(*base, "--sampler", "nuts")  # fills the disk cache
        exact = median_of(lambda: command(*base), 3)
        nuts = median_of(lambda: command(*base, "--sampler", "nuts"), 3)
    imports = median_of(lambda: subprocess.run([sys.executable, "-c", "import pymc, nutpie"], check=True), 3)
    print(f"  run, closed form, no figures       {exact:6.2f}")
    print(f"  run, NUTS, warm, no figures        {nuts:6.2f}")
    print(f"  import pymc, nutpie alone          {imports:6.2f}   = {imports / nuts:.0%} of the NUTS run")


def fits_in_one_process():
    print("\nFits in one process (4 chains x (1000 + 1000); wall seconds)")
    cohorts = be.load_dataset("second_line_cohorts")
    frame = cohorts.frame.query("endpoint == 'ORR'").drop(columns="percent")
    rng = np.random.default_rng(1)
    kinds = {
        "binomial": be.ResponseModel(),
        "partial over regimens": be.ResponseModel(pooling="partial"),
        "beta-binomial": be.ResponseModel(likelihood="beta_binomial"),
    }
    be.ResponseModel().fit(frame, sampler="nuts")  # imports
    for name, model in kinds.items():
        clear_compiled()
        first = model.fit(frame, sampler="nuts").seconds
        again = []
        for seed in range(5):
            new = frame.assign(events=rng.binomial(frame["n"], 0.3))
            again.append(model.fit(new, seed=seed, sampler="nuts").seconds)
        compile_again = max(s["compile"] for s in again)
        total = statistics.median(s["total"] for s in again)
        print(
            f"  {name:22s} first {first['total']:5.2f} (compile {first['compile']:.2f}); new counts {total:5.2f} "
            f"(compile {compile_again:.4f}); ratio {first['total'] / total:.1f}"
        )


def exact_probability():
    print("\nP(B > A) for 10/29 against 12/35")
    x, y = Beta(13, 24), Beta(11, 20)
    value, error = exceedance(x, y, 0.0, "difference")
    exact = median_of(lambda: exceedance(x, y, 0.0, "difference"), 20)
    generator = np.random.default_rng(1)
    draws = 4000
    drawn = median_of(lambda: np.mean(generator.beta(13, 24, draws) > generator.beta(11, 20, draws)), 20)
    print(f"  quadrature {1e3 * exact:.2f} ms, {value:.12f}, error below {error:.0e}")
    print(f"  {draws} draws {1e3 * drawn:.2f} ms, error {np.sqrt(value * (1 - value) / draws):.0e}")


def decision_rules():
    print("\nDecision rules, every path of counts (two arms, seven looks, 10 to 40 patients each)")
    rule = be.PosteriorProbability(
        reference="B", go_above=0.95, null_rate=0.3, alternative_rate=0.5, looks=(10, 15, 20, 25, 30, 35, 40)
    )
    exact = be.operating_characteristics(rule)
    seconds = median_of(lambda: be.operating_characteristics(rule))
    same = round(exact.false_alarm * (1 - exact.false_alarm) / 1e-8)
    print(f"  {1e3 * seconds:.1f} ms: false alarm {exact.false_alarm:.6f}; {same:,} simulated trials would err by 1e-4")
    bop2 = be.Bop2(criteria=(be.Criterion(0.2, 0.4),), cut=0.9, power=1, patients=40, looks=(10, 20, 30))
    print(f"  BOP2 calibrated over its whole grid: {1e3 * median_of(lambda: be.calibrate(bop2, 0.1)):.0f} ms")
    typed = ("monitor", "table", "toxicity", "limit=0.3", "stop_above=0.9", "looks=10,20")
    print(f"  bayes-escc monitor table, from a cold shell: {median_of(lambda: command(*typed)):.2f} s")


if __name__ == "__main__":
    whole_commands()
    fits_in_one_process()
    exact_probability()
    decision_rules()
