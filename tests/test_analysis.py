"""Analysis files: what they may say, and every problem at once with its path."""

from __future__ import annotations

import json
import tomllib

import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import bundled_analyses, find_analysis
from bayes_escc.runs.run import prepare_design

GOOD = """
schema = 1
id = "t"
[data]
kind = "counts"
dataset = "second_line_cohorts"
endpoint = "ORR"
[model]
family = "response"
"""


def refused(text):
    with pytest.raises(be.AnalysisError) as caught:
        be.Analysis.from_dict(tomllib.loads(text))
    return str(caught.value)


def test_all_problems_come_together_each_with_its_path():
    text = refused(
        """
schema = 2
id = "a/b"
titel = "x"
[data]
kind = "count"
dataset = "d"
file = "f.csv"
endpoint = []
[model]
family = "response"
likelihood = "binomal"
pooling = true
[priors.rate]
distribution = "Beta"
alpha = -1
beta = 1
[priors.tau]
distribution = "HalfNormal"
[[comparisons]]
estimand = "rate"
margin = -0.1
rope = [0.1, -0.1]
scal = "ratio"
[[comparisons]]
scale = "ratio"
better = "higher"
margin = 0.9
[[thresholds]]
estimand = "rate"
[sampling]
draws = 1.5
sampler = "mcmc"
[report]
ci_prob = 95
"""
    )
    for path in (
        "schema:",
        "id:",
        "titel:",
        "data.kind:",
        "data.file:",
        "data.endpoint:",
        "model.likelihood:",
        "model.pooling:",
        "priors.rate:",
        "priors.tau:",
        "comparisons[0].margin:",
        "comparisons[0].rope:",
        "comparisons[0].scal:",
        "comparisons[1].margin:",
        "thresholds[0].above:",
        "sampling.draws:",
        "sampling.sampler:",
        "report.ci_prob:",
    ):
        assert path in text, path
    for hint in ("Did you mean 'title'", "Did you mean 'counts'", "Did you mean 'binomial'", "Did you mean 'scale'"):
        assert hint in text
    assert "18 problems" in text


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("[priors.rate]\nalpha = 1\nbeta = 1", "priors.rate.distribution: is required"),
        ("[priors.rate]\ndistribution = 'Beta'\nalpha = 1\nbeta = 1\nsigma = 2", "needs"),
        ("[priors.rate]\ndistribution = '__import__(\"os\")'", "unknown distribution"),
        ('[priors.rate."x"]\ndistribution = "Normal"', 'priors.rate."x": Normal'),
        ("[priors.rte]\ndistribution = 'Beta'", "Did you mean 'rate'"),
        ("[sampling]\nseed = -1", "sampling.seed"),
        ("[sampling]\nchains = 1", "sampling.chains"),
        ("[sampling]\ndraws = 0", "sampling.draws"),
        ("[report]\nci_prob = true", "report.ci_prob"),
        ("[[predictions]]\npatients = 10\nat_least = [11]", "predictions[0].at_least"),
        ("[comparisons]\nestimand = 'rate'", "comparisons: must be a list of tables"),
    ],
)
def test_single_problems(extra, message):
    assert message in refused(GOOD + extra)


def test_a_where_filter_is_a_value_or_a_list():
    content = tomllib.loads(GOOD)
    content["data"]["where"] = {"line": ["second"], "population": "all"}
    analysis = be.Analysis.from_dict(content)
    assert dict(analysis.data.where) == {"line": ("second",), "population": "all"}
    content["data"]["where"] = {"line": {"a": 1}}
    with pytest.raises(be.AnalysisError, match=r"data\.where\.line"):
        be.Analysis.from_dict(content)


def test_a_file_is_read_relative_to_itself_and_digested(tmp_path):
    (tmp_path / "分析").mkdir()
    path = tmp_path / "分析" / "mine.toml"
    path.write_text(GOOD.replace('dataset = "second_line_cohorts"', 'file = "数据.csv"'), encoding="utf-8")
    (path.parent / "数据.csv").write_text(
        "study,regimen,endpoint,events,n\nA,x,ORR,3,9\nA,y,ORR,4,9\n", encoding="utf-8"
    )
    analysis = be.Analysis.from_file(path)
    posterior = be.fit_analysis(analysis)
    assert list(posterior.estimand("rate")["regimen"]) == ["x", "y"]
    import hashlib

    assert analysis.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert be.Analysis.from_dict(json.loads(analysis.content)).spec == analysis.spec


def test_broken_files(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[data\n")
    with pytest.raises(be.AnalysisError, match="not valid TOML"):
        find_analysis(str(path))
    path.write_text("a = 1\na = 2\n")
    with pytest.raises(be.AnalysisError, match="not valid TOML"):
        find_analysis(str(path))
    with pytest.raises(be.AnalysisError, match="cannot be read"):
        find_analysis(str(tmp_path / "absent.toml"))
    with pytest.raises(be.AnalysisError, match="Did you mean 'second_line_response'"):
        find_analysis("second_line_respons")


@pytest.mark.parametrize("name", bundled_analyses())
def test_every_analysis_that_ships_is_sound(name):
    analysis = find_analysis(name)
    assert analysis.id == name
    assert analysis.title != name
    assert analysis.question.endswith("?")
    design = prepare_design(analysis, analysis.load_table())
    assert design.patients > 0
    for line in design.priors_in_words():
        assert line.endswith("."), "every prior has a rationale"


def test_an_endpoint_of_ones_own_takes_its_direction_from_the_comparison(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(
        GOOD.replace('dataset = "second_line_cohorts"', 'file = "d.csv"').replace('"ORR"', '"ASAS20"')
        + '[[comparisons]]\nbetter = "higher"\n'
    )
    (tmp_path / "d.csv").write_text("study,regimen,endpoint,events,n\nA,x,ASAS20,3,9\nB,y,ASAS20,4,9\n")
    posterior = be.fit_analysis(find_analysis(str(path)))
    assert be.to_result(posterior)["comparisons"][0]["better"] == "higher"


def test_sampling_can_be_overridden_and_the_file_keeps_its_digest():
    analysis = find_analysis("second_line_response")
    changed = analysis.with_sampling(seed=3, draws=None)
    assert (changed.sampling.seed, changed.sampling.draws) == (3, analysis.sampling.draws)
    assert changed.sha256 == analysis.sha256


def test_questions_the_data_cannot_answer_are_named_before_anything_is_fitted(monkeypatch):
    content = tomllib.loads(GOOD)
    content["comparisons"] = [{"reference": "zz"}, {"estimand": "tau"}]
    content["thresholds"] = [{"estimand": "rate", "above": 0.2, "regimen": "yy"}]
    monkeypatch.setattr("bayes_escc.runs.run.fit_design", None)
    with pytest.raises(be.AnalysisError) as caught:
        be.fit_analysis(be.Analysis.from_dict(content))
    for path in ("comparisons[0].reference", "comparisons[1].estimand", "thresholds[0].regimen"):
        assert path in str(caught.value)


def test_directions_of_one_estimand_agree():
    content = tomllib.loads(GOOD)
    content["comparisons"] = [{"better": "lower"}, {"scale": "ratio"}]
    assert [c.better for c in be.Analysis.from_dict(content).comparisons] == ["lower", "lower"]
    content["comparisons"][1]["better"] = "higher"
    assert "comparisons[1].better: contradicts" in refused_content(content)


def test_keys_of_patient_tables_do_not_fit_counts():
    content = tomllib.loads(GOOD)
    content["data"] |= {"design": "randomised", "response": "bor"}
    text = refused_content(content)
    assert "data.design: belongs to kind" in text
    assert "data.response: belongs to kind" in text


def test_labels_in_full_width_are_the_same_labels(tmp_path):
    (tmp_path / "d.csv").write_text(
        "study,regimen,endpoint,events,n\nA,甲（一）,ORR,3,9\nB,乙,ORR,4,9\n", encoding="utf-8"
    )
    path = tmp_path / "a.toml"
    path.write_text(
        'id = "a"\n[data]\nfile = "d.csv"\nregimens = ["甲（一）", "乙"]\ndrop = ["note"]\n'
        '[priors.rate."甲（一）"]\ndistribution = "Beta"\nalpha = 2\nbeta = 2\n'
        '[[comparisons]]\nreference = "甲（一）"\n[[thresholds]]\nabove = 0.2\nregimen = "甲（一）"\n',
        encoding="utf-8",
    )
    result = be.to_result(be.fit_analysis(find_analysis(str(path))))
    assert result["comparisons"][0]["reference"] == "甲(一)"
    assert result["estimates"][0]["mean"] == pytest.approx(5 / 13)
    assert len(result["thresholds"]) == 1


def refused_content(content):
    with pytest.raises(be.AnalysisError) as caught:
        be.Analysis.from_dict(content)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a" * 300, "食" * 60])
def test_an_id_that_no_file_can_be_named_after_is_refused_when_it_is_read(name):
    with pytest.raises(be.AnalysisError, match="takes at most 150 bytes"):
        be.Analysis.from_dict({"id": name, "data": {"dataset": "second_line_cohorts"}, "model": {"family": "response"}})
