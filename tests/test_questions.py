"""Questions are held against the range of what they ask about, at the prompt and in Python alike."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli.entry import main
from bayes_escc.errors import AnalysisError
from bayes_escc.report.result import comparisons_of
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects
from bayes_escc.runs.run import fit_analysis


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"above": math.nan}, "finite number"),
        ({"below": math.inf}, "finite number"),
        ({"above": 35}, r"Did you mean 0\.35\?$"),
        ({"above": -0.2}, "outside 0 to 1"),
        ({"above": "0.3"}, "finite"),
    ],
)
def test_values_no_rate_can_take_are_refused(exact, question, message):
    with pytest.raises(AnalysisError, match=message):
        exact.probability("rate", **question)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"margin": 10}, r"Did you mean 0\.1\?$"),
        ({"rope": (-5, 5)}, "Did you mean -0.05"),
        ({"margin": math.nan}, "finite"),
    ],
)
def test_margins_no_difference_of_rates_can_reach_are_refused(exact, question, message):
    with pytest.raises(AnalysisError, match=message):
        exact.compare("rate", **question)
    with pytest.raises(AnalysisError, match=message):
        compare_counts(["A=10/29", "B=12/35"], **question)


@pytest.mark.parametrize("stated", ["above = nan", "above = 35", "below = -0.1"])
def test_a_wrong_threshold_is_one_problem(stated, tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(f'[data]\ndataset = "second_line_cohorts"\nendpoint = "ORR"\n[[thresholds]]\n{stated}\n')
    with pytest.raises(AnalysisError, match=r"cannot be used: 1 problem\n"):
        be.find_analysis(str(path))


def test_no_time_is_below_zero():
    content = {
        "data": {"kind": "patients", "dataset": "second_line_pfs_synthetic", "time": "time", "event": "event"},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": {"hazard": {"distribution": "Gamma", "alpha": 1, "beta": 6, "rationale": "r"}},
    }
    content["data"]["time_unit"] = "months"
    analysis = be.Analysis.from_dict({**content, "thresholds": [{"estimand": "median", "above": -3}]})
    with pytest.raises(AnalysisError, match=r"thresholds\[0\].above: must be at least 0, as a time is, not -3"):
        fit_analysis(analysis)
    posterior = fit_analysis(be.Analysis.from_dict(content))
    with pytest.raises(AnalysisError, match="above must be at least 0, as a time is, not -3"):
        posterior.probability("median", above=-3)


@pytest.mark.parametrize("margin", [math.nan, math.inf, -1.0, 0.0])
def test_margins_no_ratio_can_take_are_refused(margin):
    with pytest.raises(AnalysisError, match="--margin must be"):
        pool_effects(["ESCORT=0.71,0.57,0.87", "B=0.8,0.6,1.1"], margin=margin)


def test_full_width_names_are_one_name():
    with pytest.raises(AnalysisError, match="used twice"):
        compare_counts(["A=10/29", "\N{FULLWIDTH LATIN CAPITAL LETTER A}=12/35"])


@pytest.mark.parametrize("prior", ["1e-300,1e300", "1e-6,1", "1,1e16"])
def test_priors_that_are_constants_are_refused(prior):
    with pytest.raises(AnalysisError, match="--prior: alpha and beta must lie between"):
        compare_counts(["A=10/29", "B=12/35"], prior=prior)


def test_counts_without_bound_are_a_sentence():
    with pytest.raises(AnalysisError, match="is not NAME=EVENTS/N"):
        compare_counts(["A=10/29", f"B=1/1{'0' * 400}"])


def test_a_full_disk_is_a_sentence():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "bayes_escc.cli", "compare", "A=10/29", "B=12/35"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "bayes-escc: the output could not be written: no space is left.\n"


def test_a_bundled_analysis_is_printed_and_copied_as_it_is(tmp_path, capsys):
    from bayes_escc.analysis.bundled import bundled_analyses

    text = Path(bundled_analyses()["second_line_response"]).read_text(encoding="utf-8")
    assert main(["models", "second_line_response"]) == 0
    assert capsys.readouterr().out == text
    target = tmp_path / "my analysis.toml"
    assert main(["models", "second_line_response", "--copy", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == text
    assert f"bayes-escc run '{target}'" in capsys.readouterr().out
    assert main(["models", "second_line_response", "--copy", str(target)]) == 2


def analysis(**tables):
    content = {
        "schema": 1,
        "id": "asked",
        "title": "Asked",
        "question": "What is asked?",
        "data": {"kind": "counts", "file": "none.csv", "endpoint": "ORR"},
        "model": {"family": "response"},
        **tables,
    }
    return be.Analysis.from_dict(content)


COUNTS = [("S", "A", "ORR", 10, 29), ("S", "B", "ORR", 12, 35)]


def warnings_of(asked, rows=COUNTS):
    table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"]))
    result = be.to_result(fit_analysis(asked, table))
    return {w["code"]: w["message"] for w in result["data"]["warnings"]}


@pytest.mark.parametrize(
    "tables",
    [
        {"thresholds": [{"estimand": "rate", "above": 35}]},
        {"thresholds": [{"estimand": "survival", "below": 35}]},
        {"comparisons": [{"estimand": "rate", "margin": 35}]},
    ],
)
def test_questions_of_a_file_are_held_against_their_range_when_it_is_read(tables):
    with pytest.raises(AnalysisError, match=r"Did you mean 0\.35\?"):
        analysis(**tables)


@pytest.mark.parametrize(("margin", "meant"), [("80", "0.8"), ("0.01", None), ("250", None)])
def test_a_margin_of_percent_is_no_ratio(margin, meant, capsys):
    asked = ["pool", "A=0.7,0.6,0.82", "B=0.8,0.7,0.91", "--margin", margin]
    for language, said in (("en", f"must lie between 0.1 and 10, being a ratio, not {margin}"), ("zh", "0.1～10")):
        assert main([*asked, "--language", language]) == 2
        told = capsys.readouterr().err
        assert said in told
        assert meant is None or f"{meant}" in told
    with pytest.raises(AnalysisError, match=r"between 0\.1 and 10"):
        analysis(comparisons=[{"estimand": "rate", "scale": "ratio", "margin": float(margin)}])


def test_ratios_of_a_file_are_held_against_their_range_before_anything_is_sampled():
    rows = [("S", "x", "c", "OS", "HR", 0.7, 0.2)]
    columns = ["study", "experimental", "control", "endpoint", "measure", "estimate", "se"]
    table = be.read_effects(pd.DataFrame(rows, columns=columns).assign(measure="log HR"))
    asked = analysis(
        data={"kind": "effects", "file": "none.csv"},
        model={"family": "synthesis", "pooling": "common"},
        thresholds=[{"estimand": "effect", "below": -0.3}],
    )
    with pytest.raises(AnalysisError, match=r"thresholds\[0\]\.below: must be greater than 0, as a ratio is"):
        fit_analysis(asked, table)


@pytest.mark.parametrize(
    ("endpoint", "better", "noted"),
    [("ORR", "lower", True), ("ORR", "higher", False), ("SAE", "higher", True), ("SAE", "lower", False)],
)
def test_a_direction_against_the_usual_one_is_noted(endpoint, better, noted):
    rows = [(study, regimen, endpoint, events, n) for study, regimen, _, events, n in COUNTS]
    asked = analysis(
        data={"kind": "counts", "file": "none.csv", "endpoint": endpoint}, comparisons=[{"better": better}]
    )
    found = warnings_of(asked, rows)
    assert ("unusual_direction" in found) == noted
    if noted:
        assert f"rate of {endpoint} is usually better" in found["unusual_direction"]


def test_a_stated_prior_without_a_rationale_is_noted():
    prior = {"distribution": "Beta", "alpha": 1, "beta": 1}
    assert warnings_of(analysis(priors={"rate": prior}))["no_rationale"].startswith("priors.rate has no rationale")
    own = {**prior, "rationale": "Uniform.", "B": {"distribution": "Beta", "alpha": 2, "beta": 3}}
    assert 'priors.rate."B" has' in warnings_of(analysis(priors={"rate": own}))["no_rationale"]
    assert "no_rationale" not in warnings_of(analysis(priors={"rate": {**prior, "rationale": "Uniform."}}))
    assert "no_rationale" not in warnings_of(analysis())


@pytest.mark.parametrize(
    ("endpoint", "measure", "noted"),
    [
        ("OS", "OR", True),
        ("progression-free survival", "log OR", True),
        ("总生存期", "RR", True),
        ("OS", "HR", False),
        ("PFS", "MD", False),
        ("ORR", "OR", False),
        ("OS at 12 months", "OR", False),
        ("OS_event", "OR", False),
    ],
)
def test_odds_of_a_time_to_an_event_are_noted(endpoint, measure, noted):
    row = {"study": "S", "experimental": "x", "control": "c", "endpoint": endpoint, "measure": measure}
    numbers = (
        {"estimate": 0.7, "se": 0.1} if measure in ("log OR", "MD") else {"estimate": 0.7, "lower": 0.5, "upper": 0.98}
    )
    level = {} if "se" in numbers else {"ci_level": 0.95}
    table = be.read_effects(pd.DataFrame([{**row, **numbers, **level}]))
    assert ("not_a_hazard_ratio" in {w.code for w in table.warnings}) == noted


@pytest.mark.parametrize("stated", ["higher", "lower"])
def test_a_direction_that_the_question_states_is_not_asked_for_again(stated, tmp_path):
    """Of published effects whose endpoint nobody knows: without it a network is refused, with it nothing is noted."""
    header = "study,experimental,control,endpoint,measure,estimate,se\n"
    (tmp_path / "rows.csv").write_text(
        header
        + "s1,drug,usual,walk,MD,20,8\ns2,drug,usual,walk,MD,10,5\n"
        + "s3,other,drug,walk,MD,5,7\ns4,other,usual,walk,MD,9,7\n"
    )
    content = {
        "data": {"kind": "effects", "file": "rows.csv", "endpoint": "walk"},
        "model": {"family": "synthesis", "network": True, "reference": "usual"},
        "priors": {
            "effect": {"distribution": "Normal", "mu": 0, "sigma": 50, "rationale": "Metres."},
            "tau": {"distribution": "HalfNormal", "sigma": 10, "rationale": "Metres."},
        },
        "comparisons": [{"estimand": "effect", "reference": "usual"}],
    }
    with pytest.raises(AnalysisError, match="not known whether higher or lower is better"):
        fit_analysis(be.Analysis.from_dict(content, folder=tmp_path))
    content["comparisons"][0]["better"] = stated
    analysis = be.Analysis.from_dict(content, folder=tmp_path)
    result = be.to_result(fit_analysis(analysis))
    assert "unknown_direction" not in {w["code"] for w in result["data"]["warnings"]}
    best = max(result["ranking"], key=lambda r: r["probability_best"])["regimen"]
    assert best == ("usual" if stated == "lower" else "other")
    from bayes_escc.runs.checking import check_analysis

    assert "unknown_direction" not in {note.code for note in check_analysis(analysis)[1]}


NETWORK = "study,regimen,reference,endpoint,measure,estimate,ci_low,ci_high,ci_level\n"
ROWS = ("T1,B,A,PFS,HR,0.70,0.50,0.98,0.95\n", "T2,C,B,PFS,HR,0.90,0.66,1.23,0.95\n")


def network_of(folder, rows, scale):
    (folder / "effects.csv").write_text(NETWORK + "".join(rows))
    content = f"""
schema = 1
id = "network"
title = "Three regimens"
question = "Which?"
[data]
kind = "effects"
file = "effects.csv"
[model]
family = "synthesis"
likelihood = "normal"
network = true
pooling = "common"
[[comparisons]]
estimand = "effect"
reference = "A"
{scale}
"""
    (folder / "network.toml").write_text(content)
    return be.find_analysis(folder / "network.toml")


def test_hazard_ratios_are_compared_by_their_ratio_unless_said_otherwise(tmp_path):
    """Without a scale it was their difference, and changed with the order of the rows."""
    found = []
    for rows in (ROWS, ROWS[::-1]):
        posterior = fit_analysis(network_of(tmp_path, rows, ""))
        found.append({r.regimen: r for r in comparisons_of(posterior)[0].rows})
    assert found[0]["B"].scale == "ratio"
    assert found[0]["B"].median == pytest.approx(0.7, abs=0.02)
    for regimen in ("B", "C"):
        assert found[0][regimen].median == pytest.approx(found[1][regimen].median, rel=1e-9)
        assert found[0][regimen].probability_better == pytest.approx(found[1][regimen].probability_better, abs=1e-9)
    with pytest.raises(be.AnalysisError, match=r"effect is a ratio, .* use ratio"):
        fit_analysis(network_of(tmp_path, ROWS, 'scale = "difference"'))


@pytest.mark.parametrize("unit", ["months", "days"])
def test_no_restricted_mean_exceeds_its_horizon_and_no_two_differ_by_it(unit):
    per = 1.0 if unit == "months" else 30.4375
    frame = be.simulate_cohort(patients=(8, 8), seed=1)
    settings = {"data_unit": "months", "time_unit": unit, "horizons": [6 * per, 9 * per]}
    posterior = be.SurvivalModel(baseline="exponential", **settings).fit(frame, sampler="laplace", seed=1)
    for asked in ({"margin": 9 * per}, {"rope": (-9.5 * per, 1.0)}):
        with pytest.raises(be.AnalysisError, match=r"beyond the horizon of .*, within which restricted means differ"):
            posterior.compare("rmst", **asked)
    assert posterior.compare("rmst", margin=7 * per).rows  # can be reached at the later horizon
    assert posterior.compare("median", margin=20 * per).rows  # has no bound
    with pytest.raises(be.AnalysisError, match="which no restricted mean exceeds"):
        posterior.probability("rmst", above=9.5 * per)
    assert posterior.probability("rmst", below=9 * per)["probability"].eq(1.0).all()


def test_a_margin_beyond_the_horizon_is_refused_before_the_fit(tmp_path):
    be.simulate_cohort(patients=(8, 8), seed=1).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "a.toml").write_text(
        """
schema = 1
id = "a"
title = "A"
question = "Which?"
[data]
kind = "patients"
file = "t.csv"
time = "time"
event = "event"
time_unit = "months"
[model]
family = "survival"
[estimands]
horizons = [6]
[[comparisons]]
estimand = "rmst"
reference = "toripalimab + chemotherapy"
margin = 6
[[thresholds]]
estimand = "rmst"
above = 12
"""
    )
    with pytest.raises(be.AnalysisError) as refused:
        fit_analysis(be.find_analysis(tmp_path / "a.toml"))
    assert "comparisons[0].margin: lies beyond the horizon of 6 months" in str(refused.value)
    assert "thresholds[0].above: lies beyond the horizon of 6 months" in str(refused.value)
