"""The tables of models/README.md: the thesis's pools, the classical answers and ours, every number computed anew."""

from __future__ import annotations

import re
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from tests.oracles.meta import classical

PAGE = (Path(be.__file__).parent.parent / "models" / "README.md").read_text(encoding="utf-8")
INTERVAL = r"(\d+\.\d\d) \[(\d+\.\d\d) to (\d+\.\d\d)\]"
POOLS = [line for line in PAGE.splitlines() if re.match(r"\| `pd1_\w+` \|.*HR|\| `pd1_\w+` \|.*OR", line)]
VAGUE = be.Prior("Normal", mu=0, sigma=100)
COLUMNS = ("pd1_second_line_pfs", "pd1_second_line_response", "pd1_second_line_os")


def numbers(cell):
    return tuple(float(v) for v in re.search(INTERVAL, cell).groups())


def rounded(logs):
    return tuple(round(float(v), 2) for v in np.exp(logs))


@pytest.fixture(scope="module")
def posteriors():
    names = [re.match(r"\| `(\w+)`", line)[1] for line in POOLS]
    return {name: be.fit_analysis(be.find_analysis(name)) for name in names}


def observed(posterior):
    data = posterior.observed
    return data["y"].to_numpy(), data["se"].to_numpy()


def exact(y, se, **settings):
    """Posterior median and interval of the pooled effect, by the package's quadrature."""
    frame = pd.DataFrame(
        {
            "study": [str(i) for i in range(len(y))],
            "experimental": "e",
            "control": "c",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": np.exp(y),
            "se": se,
        }
    )
    priors = {"effect": VAGUE, **settings.pop("priors", {})}
    r = be.SynthesisModel(priors=priors, **settings).fit(frame, draws=20, chains=2).summary("effect").iloc[0]
    return tuple(round(float(r[c]), 2) for c in ("median", "lower", "upper"))


def test_every_pool_of_the_thesis_has_its_row():
    assert len(POOLS) == 8
    assert sum("**reproduced**" in line for line in POOLS) == 4


@pytest.mark.parametrize("line", POOLS, ids=lambda line: line.split("`")[1])
def test_the_row_of_a_pool(line, posteriors):
    name, trials, _, usual, vague, ours = (c.strip() for c in line.strip("|").split("|"))
    posterior = posteriors[name.strip("`")]
    studies = posterior.observed["row_study"].to_numpy()
    assert [re.sub(r" \(.*\)", "", t) for t in trials.split(", ")] == list(studies)
    y, se = observed(posterior)
    found = classical(y, se)
    assert numbers(usual) == rounded(found[usual.split(" ")[0]])
    assert numbers(vague) == exact(y, se, pooling="common") == rounded(found["common"])
    effect = posterior.estimand("effect")
    r = posterior.summary("effect").iloc[0]
    for printed, column, q in zip(numbers(ours), ("median", "lower", "upper"), (0.5, 0.025, 0.975), strict=True):
        error = 0.0 if posterior.sampler == "exact" else float(az.mcse(effect, method="quantile", prob=q))
        assert abs(r[column] - printed) <= 0.005 + 1e-9 + 4 * error, (column, r[column])


@pytest.mark.parametrize("name", ["pd1_second_line_os", "pd1_first_line_response"])
def test_what_the_thesis_pooled_as_one_effect_comes_out_to_two_decimals(name, posteriors):
    line = next(x for x in POOLS if name in x)
    printed = numbers(line.split("|")[3])
    assert exact(*observed(posteriors[name]), pooling="common") == printed


@pytest.mark.parametrize("name", ["pd1_second_line_pfs", "pd1_second_line_response"])
def test_what_it_pooled_as_random_effects_comes_out_once_tau_is_taken_as_known(name, posteriors):
    y, se = observed(posteriors[name])
    tau = classical(y, se)["tau"]
    known = exact(y, se, priors={"tau": be.Prior("Uniform", lower=tau - 1e-6, upper=tau + 1e-6)})
    printed = numbers(next(x for x in POOLS if name in x).split("|")[3])
    assert known == pytest.approx(printed, abs=0.0101)  # the thesis has 4.84 for 4.83
    open_tau = exact(y, se, priors={"tau": be.Prior("HalfNormal", sigma=1)})
    assert open_tau[1] < known[1] < known[2] < open_tau[2]


def rows_of_assumptions():
    start = PAGE.index("| | PFS, 3 trials that disagree")
    lines = PAGE[start:].split("\n\n")[0].splitlines()[2:]
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", rows_of_assumptions(), ids=lambda row: row[0])
def test_every_assumption_about_the_heterogeneity(row, posteriors):
    label, *cells = row
    for cell, name in zip(cells, COLUMNS, strict=True):
        y, se = observed(posteriors[name])
        usual = {"common effect (tau = 0)": "common", "DerSimonian-Laird": "DL"}.get(label)
        usual = "HKSJ" if "Hartung" in label else usual
        if usual is not None:
            assert numbers(cell) == rounded(classical(y, se)[usual])
            continue
        law, first, second = re.match(r"tau ~ (\w+)\(([\d.]+)(?:, ([\d.]+))?\)", label).groups()
        prior = be.Prior("Uniform", lower=0, upper=float(second)) if second else be.Prior(law, sigma=float(first))
        assert numbers(cell) == exact(y, se, priors={"tau": prior})
