"""Fitted models are shared: each structure is compiled once for the whole run."""

from __future__ import annotations

import pandas as pd
import pytest

import bayes_escc as be
from tests.helpers.synthesis import AS_EVENTS, AS_TOTAL


@pytest.fixture(scope="session")
def cohorts():
    return be.load_dataset("second_line_cohorts")


@pytest.fixture(scope="session")
def exact(cohorts):
    model = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=1, beta=1))
    return model.fit(cohorts, seed=1)


@pytest.fixture(scope="session")
def nuts(cohorts):
    model = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=1, beta=1))
    return model.fit(cohorts, seed=1, sampler="nuts")


@pytest.fixture(scope="session")
def several(cohorts):
    return be.ResponseModel(endpoint=["ORR", "DCR", "treatment_related_death"]).fit(cohorts, seed=3)


@pytest.fixture(scope="session")
def spondylitis():
    return pd.DataFrame(
        {
            "study": [f"Study {i + 1}" for i in range(8)],
            "regimen": "placebo",
            "endpoint": "ASAS20",
            "better": "higher",
            "events": AS_EVENTS,
            "n": AS_TOTAL,
        }
    )


@pytest.fixture(scope="session")
def over_studies(spondylitis):
    model = be.ResponseModel(
        pooling="partial",
        pool_over="studies",
        priors={"logit_mean": be.Prior("Normal", mu=0, sigma=2), "tau": be.Prior("HalfNormal", sigma=1)},
    )
    return model.fit(be.read_counts(spondylitis), seed=11, draws=2000)


@pytest.fixture(scope="session")
def overdispersed(spondylitis):
    model = be.ResponseModel(likelihood="beta_binomial")
    return model.fit(be.read_counts(spondylitis), seed=12, draws=2000)


@pytest.fixture(scope="session")
def recist():
    """Two arms in RECIST categories, side by side in columns."""
    return pd.DataFrame(
        {
            "study": ["A", "B"],
            "regimen": ["x", "y"],
            "CR": [1, 0],
            "PR": [9, 12],
            "SD": [8, 13],
            "PD": [9, 8],
            "NE": [2, 2],
        }
    )
