"""What a synthesis costs: python -m tests.benchmarks.synthesis.

Prints the exact route from a cold shell, and NUTS on a network of ten trials, first and again on changed data.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

import bayes_escc as be
from bayes_escc.inference.compiled import clear_compiled

__all__: list[str] = []

SELECTION = ("--endpoint", "OS", "--where", "line=second", "--where", "histology=ESCC", "--where", "pd_l1=any")
TYPED = ("ATTRACTION-3=0.77,0.62,0.96", "KEYNOTE-181=0.78,0.63,0.96", "ESCORT=0.71,0.57,0.87")


def seconds_of(*command: str, repeats: int = 5) -> float:
    """Median wall seconds of a command, its output thrown away."""
    found = []
    for _ in range(repeats):
        tick = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        found.append(time.perf_counter() - tick)
    return statistics.median(found)


def from_a_cold_shell():
    print("Exact synthesis from a cold shell (median of 5; wall seconds)")
    cli = ("-m", "bayes_escc.cli")
    with tempfile.TemporaryDirectory() as out:
        run = (*cli, "run", "pd1_second_line_os", "--out", out)
        for label, command in (
            ("python -c 'import numpy'", ("-c", "import numpy")),
            ("pool, three effects typed", (*cli, "pool", *TYPED)),
            ("pool, five effects of a dataset", (*cli, "pool", "pd1_trials_effects", *SELECTION)),
            ("run --no-figures: files, draws, tables", (*run, "--no-figures")),
            ("run: three figures as SVG and PNG too", run),
        ):
            print(f"  {label:40s} {seconds_of(*command):6.2f}")


def network(seed: int) -> pd.DataFrame:
    """Ten trials of five regimens with loops; simulated, for timing only."""
    rng = np.random.default_rng(seed)
    pairs = [(1, 0), (2, 0), (3, 0), (4, 0), (2, 1), (3, 1), (4, 2), (1, 0), (2, 0), (4, 3)]
    return pd.DataFrame(
        [
            {
                "study": f"trial {i}",
                "experimental": f"regimen {a}",
                "control": f"regimen {b}",
                "endpoint": "OS",
                "measure": "log HR",
                "estimate": round(rng.normal(-0.1 * (a - b), 0.2), 3),
                "se": 0.15,
            }
            for i, (a, b) in enumerate(pairs)
        ]
    )


def a_network_again():
    print("\nRandom-effects network of ten trials in one process (4 chains x (1000 + 1000); wall seconds)")
    model = be.SynthesisModel(network=True, reference="regimen 0")
    model.fit(network(0), sampler="nuts", draws=50, tune=50)  # imports
    clear_compiled()
    first = model.fit(network(0), sampler="nuts").seconds
    again = [model.fit(network(seed), seed=seed, sampler="nuts").seconds for seed in range(1, 6)]
    exact = [model.fit(network(seed), seed=seed).seconds["total"] for seed in range(1, 6)]
    total = statistics.median(s["total"] for s in again)
    print(f"  NUTS, first        {first['total']:6.2f} (compile {first['compile']:.2f})")
    print(f"  NUTS, changed data {total:6.2f} (compile {max(s['compile'] for s in again):.4f})")
    print(f"  quadrature         {statistics.median(exact):6.2f}")


if __name__ == "__main__":
    from_a_cold_shell()
    a_network_again()
