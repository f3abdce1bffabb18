"""Simulated trials per CPU second: python -m tests.benchmarks.trials [trials].

Sixty patients in two arms, one look at 50 events, Weibull hazards: P(better) without and with four covariates, margins
on the median and the restricted mean; constant hazards by events and time at risk; and rates by counts. Generation of
the patients is included; one process.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import bayes_escc as be

DATA = {"kind": "patients", "regimen": "regimen", "time": "months", "event": "event", "time_unit": "months"}
COVARIATES = {
    "nlr": {"mean": 0, "sd": 1, "coefficient": 0.3},
    "pni": {"mean": 0, "sd": 1, "coefficient": 0.0},
    "liver": {"probability": 0.4, "coefficient": 0.4},
    "ecog": {"probability": 0.3, "coefficient": 0.2},
}

PIECEWISE = {"baseline": "piecewise", "cutpoints": [2.0, 5.0]}
STRATIFIED = {"baseline": "exponential", "regimen_effect": "stratified"}
GAMMA = {"hazard": {"distribution": "Gamma", "alpha": 1.0, "beta": 8.0, "rationale": "about one event"}}


def design(covariates: dict[str, Any], model: dict[str, Any] | None = None, **rule: Any) -> be.Design:
    """A trial of 60 patients under one truth; Weibull unless another model is given."""
    return be.Design.from_dict(
        {
            "id": "benchmark",
            "analysis": {
                "data": DATA,
                "model": {"family": "survival", "covariates": list(covariates), **(model or {"baseline": "weibull"})},
                **({"priors": GAMMA} if model == STRATIFIED else {}),
            },
            "design": {"arms": {"old": 1, "new": 1}, "patients": 60},
            "accrual": {"rate": 6, "drop_out": 0.01},
            "endpoints": {"PFS": {"visits": 2.0}},
            "truths": [{"name": "t", "PFS": {"median": 4, "hazard_ratio": 0.7}, "covariates": covariates}],
            "monitoring": [
                {
                    "name": "look",
                    "kind": "posterior_probability",
                    "reference": "old",
                    "looks": [{"events": 50}],
                    "go_above": 0.975,
                    **rule,
                }
            ],
        }
    )


def rates() -> be.Design:
    """A trial of 60 patients by response, compared as in a posterior of two Beta laws."""
    return be.Design.from_dict(
        {
            "id": "benchmark",
            "design": {"arms": {"old": 1, "new": 1}, "patients": 60},
            "accrual": {"rate": 6, "drop_out": 0.01},
            "endpoints": {"ORR": {"assessed_after": 2.0}},
            "truths": [{"name": "t", "ORR": {"old": 0.2, "new": 0.4}}],
            "monitoring": [
                {
                    "name": "look",
                    "kind": "posterior_probability",
                    "reference": "old",
                    "looks": [{"patients": 60}],
                    "go_above": 0.975,
                }
            ],
        }
    )


def main() -> None:
    """Print trials per CPU second."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    median = {"estimand": "median", "margin": 1.0}
    mean = {"estimand": "rmst", "time": 12.0, "margin": 0.5}
    cases = (
        ("P(lower hazard)", design({}, estimand="hazard_ratio")),
        ("P(lower hazard), 4 covariates", design(COVARIATES, estimand="hazard_ratio")),
        ("median longer by a month", design({}, **median)),
        ("median longer by a month, 4 covariates", design(COVARIATES, **median)),
        ("restricted mean longer by half a month, 4 covariates", design(COVARIATES, **mean)),
        ("constant hazards, Gamma priors", design({}, STRATIFIED, estimand="hazard_ratio")),
        ("constant hazards, normal priors", design({}, {"baseline": "exponential"}, estimand="hazard_ratio")),
        ("median longer by a month, Gamma priors", design({}, STRATIFIED, **median)),
        ("piecewise hazards, three intervals", design({}, PIECEWISE, estimand="hazard_ratio")),
        ("piecewise hazards, 4 covariates", design(COVARIATES, PIECEWISE, estimand="hazard_ratio")),
        ("rates by counts", rates()),
    )
    print(f"{'60 patients, one look':56s} trials per CPU second")
    for name, case in cases:
        case.conduct("t", 60, 0, 100)  # compiled, or read from the cache
        start = time.process_time()
        case.conduct("t", 60, 0, trials)
        print(f"{name:56s} {trials / (time.process_time() - start):10,.0f}")


if __name__ == "__main__":
    main()
