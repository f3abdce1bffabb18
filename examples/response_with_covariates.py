"""Response of single patients, adjusted for liver metastasis and NLR. The patients are simulated.

Run from anywhere: python examples/response_with_covariates.py
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_escc as be


def simulated_patients(n: int = 120, seed: int = 1) -> pd.DataFrame:
    """Made-up patients with a known truth: odds ratio 2 for regimen B, 0.5 for liver metastasis."""
    rng = np.random.default_rng(seed)
    regimen = rng.choice(["A", "B"], n)
    liver = rng.random(n) < 0.3
    nlr = rng.lognormal(1.1, 0.5, n)
    logit = -0.6 + np.log(2) * (regimen == "B") + np.log(0.5) * liver - 0.4 * (np.log(nlr) - 1.1) / 0.5
    responded = rng.random(n) < 1 / (1 + np.exp(-logit))
    return pd.DataFrame(
        {
            "patient_id": [f"SIM{i:03d}" for i in range(n)],
            "regimen": regimen,
            "liver_metastasis": np.where(liver, "yes", "no"),
            "nlr": nlr.round(2),
            "response": np.where(responded, "PR", rng.choice(["SD", "PD", "NE"], n)),
        }
    )


def main() -> None:
    model = be.ResponseModel(
        likelihood="logistic",
        endpoint="ORR",
        regimens=["A", "B"],
        covariates=[{"column": "liver_metastasis"}, {"column": "nlr", "transform": "log"}],
    )
    posterior = model.fit(simulated_patients(), seed=2)
    print(posterior.summary().to_string(index=False))
    print(posterior.compare("rate", reference="A", margin=0.10))


if __name__ == "__main__":
    main()
