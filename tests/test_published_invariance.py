"""What must not change beside published arms: names, units, the size of a sum, and how the same patients are told."""

import json

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.evidence.population import margins
from bayes_escc.runs.run import fit_analysis, prepare_design
from tests.helpers import published_arms as response
from tests.helpers import published_survival as survival

EVERY = ("own.csv", "arms.csv", "patients.csv", "effects.csv", "covariates.csv")


def renamed(folder, names):
    """Every file with its regimens under other names."""
    for name in EVERY:
        if not (folder / name).exists():
            continue
        frame = pd.read_csv(folder / name)
        for column in ("regimen", "experimental", "control"):
            if column in frame:
                frame[column] = frame[column].map(names)
        frame.to_csv(folder / name, index=False)


def row_of(posterior, estimand, regimen, reference, **options):
    rows = posterior.compare(estimand, reference=reference, **options).rows
    return next(r for r in rows if r["regimen"] == regimen)


def same(one, other):
    """Two answers within their Monte Carlo errors."""
    error = np.hypot(one["mcse_probability"], other["mcse_probability"])
    assert abs(one["probability_better"] - other["probability_better"]) < 4 * error + 1e-6


@pytest.mark.slow
def test_names_of_regimens_change_nothing_beside_published_survival(tmp_path):
    """The own regimen comes first or last in every order of names."""
    found = []
    for i, names in enumerate(({"A": "A", "B": "B", "C": "C"}, {"A": "zeta", "B": "alpha", "C": "mu"})):
        folder = tmp_path / str(i)
        folder.mkdir()
        published = survival.write_everything(folder)
        renamed(folder, names)
        fit = survival.analysis(folder, published=published, model={"baseline": "weibull"})
        fit = be.Analysis.from_dict(json.loads(json.dumps(content_with(fit, names))), folder=folder)
        found.append(row_of(fit_analysis(fit), "median", names["B"], names["A"]))
    same(*found)
    assert found[0]["median"] == pytest.approx(found[1]["median"], abs=0.15)


def content_with(analysis, names):
    """The content of an analysis whose comparisons have other names."""
    content = json.loads(analysis.content)
    for comparison in content["comparisons"]:
        comparison["reference"] = names[comparison["reference"]]
    return content


@pytest.mark.slow
def test_the_unit_of_time_changes_nothing_beside_published_survival(tmp_path):
    """Own patients and the analysis in weeks, papers in months as they were printed."""
    published, week = survival.write_everything(tmp_path), 7 / 30.4375
    months = fit_analysis(survival.analysis(tmp_path, published=published, model={"baseline": "weibull"}))
    own = pd.read_csv(tmp_path / "own.csv")
    own["time"] /= week
    own.to_csv(tmp_path / "own.csv", index=False)
    content = json.loads(survival.analysis(tmp_path, published=published, model={"baseline": "weibull"}).content)
    content["data"]["time_unit"] = "weeks"
    content["published"]["time_unit"] = "months"
    content["estimands"] |= {"times": [6 / week], "horizons": [9 / week]}
    weeks = fit_analysis(be.Analysis.from_dict(content, folder=tmp_path))
    for estimand, factor in (("median", week), ("rmst", week), ("hazard_ratio", 1.0)):
        options = {"scale": "ratio"} if estimand == "hazard_ratio" else {}
        one, other = (row_of(p, estimand, "B", "A", **options) for p in (months, weeks))
        same(one, other)
        assert other["median"] * factor == pytest.approx(one["median"], abs=0.06 * abs(one["upper"] - one["lower"]))


def test_names_of_regimens_change_nothing_beside_published_counts(tmp_path):
    found = []
    for i, names in enumerate(({"A": "A", "B": "B"}, {"A": "zeta", "B": "alpha"})):
        folder = tmp_path / str(i)
        folder.mkdir()
        response.write(folder)
        renamed(folder, names)
        content = content_with(response.analysis(folder), names)
        found.append(
            row_of(be.fit_analysis(be.Analysis.from_dict(content, folder=folder)), "rate", names["B"], names["A"])
        )
    same(*found)


def test_a_published_arm_of_many_is_what_its_patients_say(tmp_path):
    """3,000 patients told as a count and a percentage, or one by one: the contrast is the same, and as well known."""
    rng, n = np.random.default_rng(8), 3000
    response.write(tmp_path, patients=n)
    x = rng.random(n) < 0.6
    y = rng.random(n) < 1 / (1 + np.exp(-0.3 + 1.0 * x))
    arms = pd.DataFrame(
        [{"study": "trial", "regimen": "B", "endpoint": "ORR", "n": n, "events": int(y.sum()), "design": "single-arm"}]
    )
    arms.to_csv(tmp_path / "arms.csv", index=False)
    share = pd.read_csv(tmp_path / "covariates.csv").assign(value=100 * x.mean())
    share.to_csv(tmp_path / "covariates.csv", index=False)
    told = be.fit_analysis(response.analysis(tmp_path))
    own = pd.read_csv(tmp_path / "own.csv")
    more = own.iloc[:n].assign(regimen="B", study="trial", liver=x.astype(int), response=np.where(y, "PR", "PD"))
    more["patient_id"] = [f"Q{i}" for i in range(n)]
    pd.concat([own, more]).to_csv(tmp_path / "own.csv", index=False)
    content = json.loads(response.analysis(tmp_path).content)
    content.pop("published")
    content["estimands"].pop("population")
    one_by_one = be.fit_analysis(be.Analysis.from_dict(content, folder=tmp_path))
    rows = [row_of(p, "rate", "B", "A") for p in (told, one_by_one)]
    widths = [r["upper"] - r["lower"] for r in rows]
    # the populations differ: of own patients, and of both sides together
    assert abs(rows[0]["median"] - rows[1]["median"]) < 0.5 * widths[1]
    assert widths[0] == pytest.approx(widths[1], rel=0.25)


def test_twice_as_many_points_change_the_answer_by_less_than_is_stated(tmp_path, monkeypatch):
    """The stated error is 0.05 posterior standard deviations at most; a sum of twice the points is within it."""
    rows = [
        ("trial", "B", "liver", "percent", 40.0),
        ("trial", "B", "age", "mean", 60.0),
        ("trial", "B", "age", "sd", 9.0),
        ("trial", "B", "nlr", "median", 2.9),
        ("trial", "B", "nlr", "q1", 2.0),
        ("trial", "B", "nlr", "q3", 4.2),
    ]
    response.write(tmp_path, rows=rows)
    asked = response.analysis(tmp_path, covariates=["liver", "age", {"column": "nlr", "transform": "log"}])
    design = prepare_design(asked, asked.load_table())
    parameters = fit_analysis(asked).groups["posterior"].isel(chain=slice(0, 1))
    once = design.log_likelihood(parameters)["published"].to_numpy().sum(axis=-1)
    monkeypatch.setattr(margins, "SOBOL", 2 * margins.SOBOL)
    doubled = prepare_design(asked, asked.load_table())
    twice = doubled.log_likelihood(parameters)["published"].to_numpy().sum(axis=-1)
    weights = np.exp((twice - once).ravel() - (twice - once).max())
    for name in ("intercept", "coefficient"):
        draws = parameters[name].to_numpy().reshape(len(weights), -1)
        moved = np.average(draws, axis=0, weights=weights) - draws.mean(axis=0)
        assert np.abs(moved / draws.std(axis=0)).max() < 0.05
