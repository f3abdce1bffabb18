"""What a study costs as its patients grow: python -m tests.benchmarks.study [patients ...].

Prints, for a Weibull model with two covariates by NUTS and for exponential hazards in closed form, wall seconds of a
preview and of an update from a cold shell (imports, reading, refitting, recording; compiled code comes from the disk
cache after the first), of the same within a running process, and the size of the file after three data cuts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_escc as be
from tests.benchmarks.__main__ import command

__all__: list[str] = []

SIZES = (64, 1_000)
DATA = {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"}
SETTINGS = {"estimands": {"times": [6], "horizons": [12]}, "comparisons": [{"estimand": "rmst"}]}
GAMMA = {"hazard": {"distribution": "Gamma", "alpha": 1, "beta": 6, "rationale": "Vague."}}
COVARIATES = [{"column": "ecog"}, {"column": "nlr", "transform": "log"}]
MODELS = {
    "Weibull, NUTS": {"model": {"family": "survival", "covariates": COVARIATES}},
    "exponential, exact": {
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": GAMMA,
    },
}


def cuts(n: int, folder: Path) -> list[Path]:
    """Four cuts of one cohort: at three looks, and five patients more for the preview."""
    frame = be.simulate_cohort(patients=(n // 2, n - n // 2), seed=7).drop(columns="study")
    rng = np.random.default_rng(7)
    entered = rng.uniform(0.0, 12.0, n)
    written = []
    for i, month in enumerate((8.0, 10.0, 12.0)):
        known = entered < month
        event = (frame.event == 1) & (frame.time <= month - entered)
        followed = np.maximum(np.round(np.minimum(frame.time, month - entered), 2), 0.01)
        table = frame.assign(time=followed, event=event.astype(int))[known]
        written.append(folder / f"cut{i}.csv")
        table.to_csv(written[-1], index=False)
    few = frame.assign(patient_id="later-" + frame.patient_id, time=1.0, event=0).iloc[:5]
    whole = pd.read_csv(written[-1])
    written.append(folder / "preview.csv")
    pd.concat([whole, few[whole.columns]]).to_csv(written[-1], index=False)
    return written


def seconds(work, *arguments) -> float:
    tick = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - tick


def main(sizes) -> None:
    print(f"{'':28} {'shell':>8} {'shell':>8} {'shell':>8} {'process':>8} {'process':>8} {'file':>8}")
    print(
        f"{'model':20} {'patients':>7} {'first':>8} {'update':>8} {'preview':>8} {'update':>8} {'preview':>8} {'kB':>8}"
    )
    for name, parts in MODELS.items():
        for n in sizes:
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                files, path = cuts(n, folder), folder / "study.db"
                analysis = be.Analysis.from_dict({"id": "benchmark", "data": DATA, **SETTINGS, **parts})
                be.Study.create(path, analysis).close()
                first, again = (seconds(command, "study", "update", str(path), str(f)) for f in files[:2])
                shown = seconds(command, "study", "update", str(path), str(files[2]), "--preview")
                with be.Study.open(path) as study:
                    fit = study.update(files[2])
                    assert fit.snapshot == 3
                    preview = seconds(study.preview, files[3])
                    warm = seconds(study.update, files[3])
                size = path.stat().st_size / 1000
            numbers = "".join(f" {v:8.2f}" for v in (first, again, shown, warm, preview))
            print(f"{name:20} {n:7d}{numbers} {size:8.0f}")


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or SIZES)
