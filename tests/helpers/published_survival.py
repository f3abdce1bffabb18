"""Own patients beside published survival of other regimens: the files, and an analysis of them."""

import numpy as np
import pandas as pd

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.runs.run import prepare_design

FACTS = ["study", "regimen", "covariate", "statistic", "value"]


def own_patients(n=60, seed=3):
    rng = np.random.default_rng(seed)
    x = (np.arange(n) % 3 == 0).astype(int)
    t = 5 * rng.exponential(size=n) / np.exp(0.6 * x)
    c = rng.uniform(3, 16, n)
    return np.maximum(np.minimum(t, c).round(2), 0.01), (t <= c).astype(int), x


def published_patients(n=50, seed=4):
    rng = np.random.default_rng(seed)
    z = (np.arange(n) % 5 < 3).astype(int)
    t = 6 * rng.exponential(size=n) / np.exp(0.6 * z)
    c = rng.uniform(3, 16, n)
    return np.maximum(np.minimum(t, c).round(2), 0.01), (t <= c).astype(int)


def write(folder, *, share=60.0, arms=None, ratio=None, patients=True, scans=False):
    """Own patients on A with a yes-or-no covariate, and what papers say of B."""
    time, event, x = own_patients()
    own = pd.DataFrame({"patient_id": [f"P{i}" for i in range(len(x))], "regimen": "A", "study": "ward", "liver": x})
    if scans:
        own["lower"] = np.where(event == 1, np.maximum(time - 1.5, 0.0), time).round(2)
        own["upper"] = np.where(event == 1, time.astype(str), "inf")
    else:
        own["time"], own["event"] = time, event
    own.to_csv(folder / "own.csv", index=False)
    if patients:
        t, e = published_patients()
        rows = pd.DataFrame({"study": "trial", "regimen": "B", "time": t, "event": e})
        rows.to_csv(folder / "patients.csv", index=False)
    studies = {"trial", *(() if arms is None else [row["study"] for row in arms])}
    facts = [(s, r, "liver", "percent", share) for s in sorted(studies) for r in ("B", "C")]
    pd.DataFrame(facts, columns=FACTS).to_csv(folder / "covariates.csv", index=False)
    if arms is not None:
        pd.DataFrame(arms).to_csv(folder / "arms.csv", index=False)
    if ratio is not None:
        pd.DataFrame([ratio]).to_csv(folder / "effects.csv", index=False)


def analysis(folder, *, published=None, model=None, population="own", scans=False, **more):
    if published is None:
        published = {"patients": "patients.csv", "covariates": "covariates.csv"}
    columns = {"interval": ["lower", "upper"]} if scans else {"time": "time", "event": "event"}
    content = {
        "id": "unanchored_pfs",
        "data": {"kind": "patients", "file": "own.csv", "time_unit": "months", **columns},
        "published": published,
        "model": {"family": "survival", "baseline": "exponential", "covariates": ["liver"], **(model or {})},
        "estimands": {"population": population, "times": [6], "horizons": [9], **more.pop("estimands", {})},
        "comparisons": [{"estimand": "hazard_ratio", "reference": "A", "scale": "ratio"}],
        "sampling": {"sampler": "laplace", "draws": 2000, "chains": 4, "seed": 5},
        **more,
    }
    return Analysis.from_dict(content, folder=folder)


def design_of(folder, **more):
    found = analysis(folder, **more)
    return prepare_design(found, found.load_table())


RATIO = {
    "study": "other trial",
    "experimental": "B",
    "control": "A",
    "endpoint": "PFS",
    "measure": "HR",
    "estimate": 0.80,
    "ci_low": 0.60,
    "ci_high": 1.07,
    "ci_level": 0.95,
}
EVERYTHING = [
    {"study": "curve", "regimen": "B", "endpoint": "PFS", "n": 50},
    {"study": "middle", "regimen": "B", "endpoint": "PFS", "n": 80, "median": 4.1, "ci_low": 3.2, "ci_high": 5.9},
    {"study": "later", "regimen": "C", "endpoint": "PFS", "n": 40, "time": 6, "survival": 0.42, "at_risk": 15},
    {"study": "open", "regimen": "C", "endpoint": "PFS", "n": 30, "median": "NR", "time": 3},
    {"study": "counted", "regimen": "C", "endpoint": "PFS", "n": 35, "events": 18, "time": 6},
]


def write_everything(folder, **more):
    write(folder, arms=EVERYTHING, ratio=RATIO, **more)
    t, e = published_patients()
    rows = pd.DataFrame({"study": "curve", "regimen": "B", "time": t, "event": e})
    rows.to_csv(folder / "patients.csv", index=False)
    return {"arms": "arms.csv", "patients": "patients.csv", "effects": "effects.csv", "covariates": "covariates.csv"}
