"""Published trials in small, and how two fits of them are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_escc as be
from bayes_escc.runs.run import prepare_design
from tests.oracles.offsets import residue

VAGUE = {"effect": be.Prior("Normal", mu=0, sigma=100)}


def sampled_point(design, model, draws, i):
    """Draw i of a design's own parameters as a point of its PyMC model (one tau, no covariates)."""
    values = {name: a.to_numpy()[0, i] for name, a in draws.data_vars.items()}
    whitener, told = design.data.get("random_whitener", np.eye(design.k)), design.data["told"]
    mean = whitener @ (design.data["design"] @ values["mu"])
    values["residue__"] = residue(values["offset"], mean, values["tau"], told, design.data["told_error"])
    point = {v.name: values[v.name] for v in model.free_RVs if v.name != "tau"}
    return {**point, "tau_log__": np.log(values["tau"])}


def row(posterior, estimand, **labels):
    frame = posterior.summary(estimand)
    for column, value in labels.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def assert_agree(nuts, exact):
    """Every mean of a NUTS fit within four of its Monte Carlo errors of the exact one."""
    known = {(r["estimand"], r["regimen"], r["study"]): r["mean"] for r in exact.summary_rows()}
    checked = 0
    for r in nuts.summary_rows():
        if r["mcse_mean"]:
            assert abs(r["mean"] - known[r["estimand"], r["regimen"], r["study"]]) < 4 * r["mcse_mean"], r
            checked += 1
    assert checked > 10


def effects_table(y, se, measure, **columns):
    """Effects with their standard errors as intervals, as a table of trials."""
    low, high = np.array(y) - 1.959963985 * np.array(se), np.array(y) + 1.959963985 * np.array(se)
    ratio = measure in ("HR", "OR", "RR")
    numbers = [np.exp(v) if ratio else v for v in (np.array(y), low, high)]
    return pd.DataFrame(
        {
            "study": [f"trial {i}" for i in range(len(y))],
            "experimental": "drug",
            "control": "usual",
            "endpoint": "weight",
            "measure": measure,
            "estimate": numbers[0],
            "ci_low": numbers[1],
            "ci_high": numbers[2],
            "ci_level": 0.95,
            **columns,
        }
    )


TRIALS = {"t1": "AB", "t2": "BC", "t3": "CAB", "t4": "CD"}
NETWORK = pd.DataFrame(
    [(s, r, 4 + 3 * i + len(s), 30 + 5 * i) for s, arms in TRIALS.items() for i, r in enumerate(arms)],
    columns=["study", "regimen", "events", "n"],
).assign(endpoint="ORR")  # fmt: skip


def network(frame, reference, **options):
    model = be.SynthesisModel(
        endpoint="ORR",
        network=True,
        likelihood="binomial",
        reference=reference,
        pooling="common",
        priors={"effect": be.Prior("Normal", mu=0, sigma=0.8), "baseline": be.Prior("Normal", mu=-1, sigma=0.5)},
        **options,
    )
    return prepare_design(model.analysis, be.read_counts(frame))


# Historical controls in ankylosing spondylitis (Baeten et al., Lancet 2013; as in RBesT's data set AS)
AS_TOTAL = [107, 44, 51, 39, 139, 20, 78, 35]
AS_EVENTS = [23, 12, 19, 9, 39, 6, 9, 10]

# Published networks: NICE DSU Technical Support Documents 2 and 4 (Dias et al. 2011)
PARKINSON = [
    # study, arm, mean off-time reduction, standard error
    (1, 1, -1.22, 0.504),
    (1, 3, -1.53, 0.439),
    (2, 1, -0.7, 0.282),
    (2, 2, -2.4, 0.258),
    (3, 1, -0.3, 0.505),
    (3, 2, -2.6, 0.510),
    (3, 4, -1.2, 0.478),
    (4, 3, -0.24, 0.265),
    (4, 4, -0.59, 0.354),
    (5, 3, -0.73, 0.335),
    (5, 4, -0.18, 0.442),
    (6, 4, -2.2, 0.197),
    (6, 5, -2.5, 0.190),
    (7, 4, -1.8, 0.200),
    (7, 5, -2.1, 0.250),
]

SMOKING = [
    "9/140 23/140 10/138 134",
    "11/78 12/85 29/170 234",
    "75/731 363/714 13",
    "2/106 9/205 13",
    "58/549 237/1561 13",
    "0/33 9/48 13",
    "3/100 31/98 13",
    "1/31 26/95 13",
    "6/39 17/77 13",
    "79/702 77/694 12",
    "18/671 21/535 12",
    "64/642 107/761 13",
    "5/62 8/90 13",
    "20/234 34/237 13",
    "0/20 9/20 14",
    "8/116 19/149 12",
    "95/1107 143/1031 13",
    "15/187 36/504 13",
    "78/584 73/675 13",
    "69/1177 54/888 13",
    "20/49 16/43 23",
    "7/66 32/127 24",
    "12/76 20/74 34",
    "9/55 3/26 34",
]

COUNSELLING = ["No intervention", "Self-help", "Individual counselling", "Group counselling"]
