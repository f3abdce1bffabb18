"""Own patients beside a published arm of another regimen: the files, and an analysis of them."""

import numpy as np
import pandas as pd

from bayes_escc.analysis.analysis import Analysis

OWN, PUBLISHED = "A", "B"


def write(folder, *, share=60.0, n=50, events=21, patients=60, seed=3, rows=None):
    """Own patients with a yes-or-no covariate, and one published arm."""
    rng = np.random.default_rng(seed)
    x = (np.arange(patients) % 3 == 0).astype(int)
    y = rng.random(patients) < 1 / (1 + np.exp(0.2 + 1.0 * x))
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(patients)],
            "regimen": OWN,
            "study": "ward",
            "response": np.where(y, "PR", "PD"),
            "liver": x,
            "nlr": np.exp(rng.normal(1.0, 0.5, patients)).round(2),
            "age": rng.normal(62, 8, patients).round(1),
        }
    )
    frame.to_csv(folder / "own.csv", index=False)
    arms = pd.DataFrame(
        [{"study": "trial", "regimen": PUBLISHED, "endpoint": "ORR", "n": n, "events": events, "design": "single-arm"}]
    )
    arms.to_csv(folder / "arms.csv", index=False)
    facts = [("trial", PUBLISHED, "liver", "percent", share)] if rows is None else rows
    columns = ["study", "regimen", "covariate", "statistic", "value"]
    pd.DataFrame(facts, columns=columns).to_csv(folder / "covariates.csv", index=False)
    return x, y.astype(float)


def analysis(folder, *, covariates=("liver",), population="own", sampler="laplace", **more):
    content = {
        "id": "unanchored",
        "data": {"kind": "patients", "file": "own.csv", "endpoint": "ORR"},
        "published": {"arms": "arms.csv", "covariates": "covariates.csv", **more.pop("published", {})},
        "model": more.pop("model", {"family": "response", "likelihood": "logistic", "covariates": list(covariates)}),
        "estimands": {"population": population, **more.pop("estimands", {})},
        "comparisons": [{"estimand": "rate", "reference": OWN}],
        "sampling": {"sampler": sampler, "draws": 2000, "chains": 4, "seed": 5},
        **more,
    }
    return Analysis.from_dict(content, folder=folder)
