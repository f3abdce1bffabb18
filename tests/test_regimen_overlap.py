"""Overlap of the patients of two own regimens: balance, propensity scores, states, and where it is told."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

import bayes_escc as be
from bayes_escc.answers.regimen_overlap import overlaps_in
from bayes_escc.cli import main
from bayes_escc.evidence.population.propensity import RegimenOverlap, propensity_scores, regimen_overlap
from bayes_escc.plots.chinese import with_chinese_texts
from bayes_escc.report.text import result_text
from bayes_escc.runs.checking import check_analysis
from bayes_escc.runs.figures import drawings_of
from tests.helpers.english import english_in
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut, texts

PAIR = ("A", "B")


def compared(values, member, binary=None, **options):
    names = [f"x{j}" for j in range(values.shape[1])]
    binary = binary or [set(np.unique(v)) <= {0.0, 1.0} for v in values.T]
    return regimen_overlap(PAIR, names, values.astype(float), member.astype(bool), binary, **options)


def cells(counts):
    """Patients of a yes-or-no covariate: on A without and with it, on B without and with it."""
    x = np.repeat([0.0, 1.0, 0.0, 1.0], counts)
    return x[:, None], np.repeat([True, True, False, False], counts)


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(5)
    member = rng.random(90) < 0.45
    x = np.stack([rng.normal(0.5 * member, 1.0), rng.random(90) < 0.3 + 0.2 * member], axis=1)
    return x.astype(float), member


def test_identical_groups_overlap_wholly(patients):
    x = patients[0]
    found = compared(np.vstack([x, x]), np.repeat([True, False], len(x)))
    assert found.state == "good"
    assert found.reasons == ()
    assert [b.difference for b in found.balance] == [0.0, 0.0]
    assert (found.coefficient, found.inside, found.reference_inside, found.extreme) == (1.0, 1.0, 1.0, 0.0)
    for ess in (found.ess, found.reference_ess, found.overlap_ess, found.reference_overlap_ess):
        assert ess == pytest.approx(len(x), abs=1e-6)
    assert sum(found.histogram) == found.patients == len(x)


def test_without_a_prior_the_scores_of_a_saturated_model_are_the_shares_of_the_cells():
    x, member = cells((12, 28, 21, 14))
    scores = propensity_scores(x, member, prior_sd=np.inf)
    assert scores == pytest.approx(np.where(x[:, 0] == 1, 28 / 42, 12 / 33), abs=1e-8)


def test_the_scores_are_the_mode_that_another_method_finds(patients):
    """Iteratively reweighted least squares, written out: normal equations of the working response."""
    x, member = patients
    z = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
    prior = np.diag([0.0, 1 / 2.5**2, 1 / 2.5**2])
    b = np.zeros(3)
    for _ in range(60):
        eta = z @ b
        p = 1 / (1 + np.exp(-eta))
        w = p * (1 - p)
        b = np.linalg.solve((z.T * w) @ z + prior, (z.T * w) @ (eta + (member - p) / w))
    assert propensity_scores(x, member) == pytest.approx(1 / (1 + np.exp(-z @ b)), abs=2e-9)


def test_weights_count_what_they_do_in_cells_by_hand():
    x, member = cells((12, 28, 21, 14))
    found = compared(x, member)
    p = propensity_scores(x, member)
    e0, e1 = p[0], p[-1]
    assert 12 / 33 < e0 < e1 < 28 / 42  # drawn together by the prior, but little
    assert (e0, e1) == pytest.approx((12 / 33, 28 / 42), abs=0.01)
    kish = lambda n, w: (n[0] * w[0] + n[1] * w[1]) ** 2 / (n[0] * w[0] ** 2 + n[1] * w[1] ** 2)  # noqa: E731
    assert found.ess == pytest.approx(kish((12, 28), (1 / e0, 1 / e1)))
    assert found.reference_ess == pytest.approx(kish((21, 14), (1 / (1 - e0), 1 / (1 - e1))))
    assert found.overlap_ess == pytest.approx(kish((12, 28), (1 - e0, 1 - e1)))
    assert found.reference_overlap_ess == pytest.approx(kish((21, 14), (e0, e1)))
    (b,) = found.balance
    assert (b.count, b.reference_count, b.smallest_cell) == (28, 14, 12)
    assert b.difference == pytest.approx((0.7 - 0.4) / np.sqrt(0.5 * (0.7 * 0.3 + 0.4 * 0.6)))
    assert found.coefficient == pytest.approx(min(12 / 40, 21 / 35) + min(28 / 40, 14 / 35))
    assert found.state == "thin"


def test_the_common_area_is_that_of_two_normal_densities():
    rng = np.random.default_rng(2)
    n, shift = 20_000, 0.8
    x = np.concatenate([rng.normal(shift, 1, n), rng.normal(0, 1, n)])[:, None]
    found = compared(x, np.repeat([True, False], n), [False])
    assert found.coefficient == pytest.approx(2 * norm.cdf(-shift / 2), abs=4 * np.sqrt(0.5 / n))
    assert found.balance[0].difference == pytest.approx(shift, abs=4 * np.sqrt(2 / n))


@pytest.mark.parametrize("gap", [0.001, 5.0])
def test_groups_that_a_covariate_tells_apart_do_not_overlap(gap):
    x = np.concatenate([np.linspace(gap, gap + 1, 30), np.linspace(-1, 0, 30)])[:, None]
    found = compared(x, np.repeat([True, False], 30), [False])
    assert found.state == "none"
    assert found.reasons[0].startswith("the covariates tell every patient on A from every one on B")
    assert found.coefficient == 0.0
    assert found.inside == found.reference_inside == 0.0
    assert np.isfinite([found.ess, found.reference_ess]).all()


def test_groups_are_told_apart_by_covariates_together_or_not_at_all():
    """Each alone overlaps; their sum separates. Groups that touch, or lie crosswise, are not told apart."""
    rng = np.random.default_rng(3)
    t = rng.uniform(-3, 3, 80)
    member = np.repeat([True, False], 40)
    apart = np.stack([t, -t + np.where(member, 0.2, -0.2)], axis=1)
    assert compared(apart, member, [False, False]).state == "none"
    touching = np.concatenate([np.repeat([1.0, 2.0], 20), np.repeat([0.0, 1.0], 20)])[:, None]
    assert compared(touching, member, [False]).state == "extrapolating"
    crosswise = np.array([*itertools.repeat((0, 0), 20), *itertools.repeat((1, 1), 20)] * 2, dtype=float)
    crosswise[40:, 1] = 1 - crosswise[40:, 1]
    assert compared(crosswise, member).state == "good"


def test_telling_apart_is_what_a_linear_programme_says():
    rng = np.random.default_rng(11)
    said = []
    for case in range(120):
        n, p = int(rng.integers(6, 60)), int(rng.integers(1, 6))
        member = np.arange(n) % 2 == 0
        x = rng.normal(rng.choice([0.0, 1.0, 2.5]) * member[:, None], 1.0, (n, p))
        x[:, : case % 3] = np.round(x[:, : case % 3])
        z = np.column_stack([np.ones(n), x])
        signed = -z * np.where(member, 1, -1)[:, None]
        programme = linprog(np.zeros(p + 1), A_ub=signed, b_ub=-np.ones(n), bounds=(None, None))
        said.append(programme.status == 0)
        assert (compared(x, member, [False] * p).state == "none") == said[-1], case
    assert 20 < sum(said) < 100


def test_a_covariate_that_is_one_value_in_each_group_is_told_in_words():
    x, member = cells((0, 30, 30, 0))
    found = compared(x, member)
    assert found.state == "none"
    assert "x0 is one value in the one group and another in the other" in found.reasons
    assert not any("inf" in reason for reason in found.reasons)
    assert RegimenOverlap.from_dict(found.to_dict()) == found


def test_order_units_and_names_change_nothing(patients):
    x, member = patients
    found = compared(x, member)
    order = np.random.default_rng(1).permutation(len(x))
    assert compared(x[order], member[order]).coefficient == found.coefficient
    assert compared(x[order], member[order]).histogram == found.histogram
    other = compared(x * np.array([1000.0, 1.0]) + np.array([7.0, 0.0]), member)
    for name in ("coefficient", "inside", "reference_inside", "extreme", "histogram", "state", "reasons"):
        assert getattr(other, name) == getattr(found, name), name
    assert other.ess == pytest.approx(found.ess, rel=1e-7)
    mirrored = compared(x, ~member)
    assert mirrored.coefficient == pytest.approx(found.coefficient, abs=1e-12)
    assert mirrored.state == found.state
    assert (mirrored.inside, mirrored.reference_inside) == (found.reference_inside, found.inside)
    assert (mirrored.ess, mirrored.overlap_ess) == pytest.approx((found.reference_ess, found.reference_overlap_ess))
    assert mirrored.histogram == found.reference_histogram[::-1]
    assert [b.difference for b in mirrored.balance] == pytest.approx([-b.difference for b in found.balance])


def frame_of(patients):
    x, member = patients
    response = np.random.default_rng(8).random(len(x)) < 0.4
    return pd.DataFrame(
        {
            "patient_id": range(1, len(x) + 1),
            "regimen": np.where(member, "A", "B"),
            "response": np.where(response, "yes", "no"),
            "age": np.round(60 + 8 * x[:, 0], 1),
            "liver": np.where(x[:, 1] > 0, "yes", "no"),
        }
    )


def analysis(folder, frame, *, data=None, model=None):
    frame.to_csv(folder / "own.csv", index=False)
    content = {
        "id": "two",
        "data": {"kind": "patients", "file": "own.csv", "endpoint": "ORR", **(data or {})},
        "model": {"family": "response", "likelihood": "logistic", "covariates": ["age", "liver"], **(model or {})},
        "comparisons": [{"estimand": "rate", "reference": "B", "margin": 0.1}],
        "sampling": {"sampler": "laplace", "seed": 3},
    }
    return be.Analysis.from_dict(content, folder=folder)


def test_the_reference_of_the_analysis_is_that_of_the_overlap(tmp_path, patients):
    (found,) = be.overlap(analysis(tmp_path, frame_of(patients)))
    assert (found.regimen, found.reference) == ("A", "B")
    age = found.balance[0]
    ages = frame_of(patients).groupby("regimen")["age"]
    assert (age.mean, age.reference_mean) == pytest.approx(tuple(ages.mean()))
    assert (age.low, age.reference_high) == pytest.approx((ages.min()["A"], ages.max()["B"]))
    assert not found.randomised
    three = frame_of(patients)
    three.loc[::3, "regimen"] = "C"
    pairs = [(o.regimen, o.reference) for o in be.overlap(analysis(tmp_path, three))]
    assert sorted(pairs) == [("A", "B"), ("C", "B")]


def test_patients_without_a_value_are_left_out_and_counted(tmp_path, patients):
    frame = frame_of(patients)
    frame.loc[[0, 4], "age"] = np.nan
    frame.loc[[4, 7], "liver"] = ""
    covariates = [{"column": c, "missing": "complete_case"} for c in ("age", "liver")]
    chosen = analysis(tmp_path, frame, model={"covariates": covariates})
    (found,) = be.overlap(chosen)
    assert found.left_out == 3
    assert found.patients + found.reference_patients == len(frame) - 3
    survival = be.find_analysis("second_line_pfs_weibull")
    table = survival.load_table().frame.copy()
    table.loc[table.index[:2], "nlr"] = ""
    table.to_csv(tmp_path / "pfs.csv", index=False)
    content = json.loads(survival.content)
    names = {"time": "time", "event": "event", "time_unit": "months"}
    content["data"] = {"kind": "patients", "file": "pfs.csv", **names, "regimens": content["data"]["regimens"]}
    content["model"]["covariates"][2]["missing"] = "impute"
    (imputed,) = be.overlap(be.Analysis.from_dict(content, folder=tmp_path))
    assert imputed.left_out == 2
    assert imputed.patients + imputed.reference_patients == len(table) - 2


def test_nobody_with_a_value_is_no_overlap():
    found = regimen_overlap(PAIR, ["x"], np.ones((4, 1)), np.zeros(4, dtype=bool), [False], left_out=5)
    assert found.state == "none"
    assert found.reasons == ("no patient on A has a value of every covariate",)


APART = "two.toml"


def written(folder, frame, design="single-arm"):
    frame.to_csv(folder / "own.csv", index=False)
    (folder / APART).write_text(
        f"""id = "two"
[data]
kind = "patients"
file = "own.csv"
endpoint = "ORR"
design = "{design}"
[model]
family = "response"
likelihood = "logistic"
covariates = ["age", "liver"]
[[comparisons]]
estimand = "rate"
reference = "B"
""",
        encoding="utf-8",
    )
    return str(folder / APART)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_overlap_ends_with_3_and_the_ways_out(tmp_path, patients, capsys, language):
    frame = frame_of(patients)
    frame.loc[frame["regimen"] == "A", "age"] += 100
    given = ["overlap", written(tmp_path, frame), "--language", language]
    assert main([*given, "--out", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert ("可行的办法" if language == "zh" else "Ways out: compare only patients") in said.err
    assert ("无重叠" if language == "zh" else "no overlap") in said.err
    drawn = (tmp_path / "propensity.svg").read_text(encoding="utf-8")
    assert ("倾向评分" if language == "zh" else "Propensity") in drawn
    if language == "zh":
        assert english_in(said.out, ["A", "B"]) == english_in(said.err, ["A", "B"]) == []


def test_what_is_randomised_is_shown_without_a_warning(tmp_path, patients, capsys):
    frame = frame_of(patients)
    frame.loc[frame["regimen"] == "A", "age"] += 100
    path = written(tmp_path, frame, "randomised")
    assert main(["overlap", path]) == 0
    said = capsys.readouterr()
    assert "The patients were randomised" in said.out
    assert said.err == ""
    _, notes = check_analysis(be.find_analysis(path))
    assert "overlap" not in {note.code for note in notes}
    _, notes = check_analysis(be.find_analysis(written(tmp_path, frame, "single-arm")))
    (note,) = (note for note in notes if note.code == "overlap")
    assert note.message.startswith("A against B: overlap of their patients is none")
    assert "Ways out" in note.remedy


def test_what_has_no_two_regimens_with_covariates_is_refused():
    with pytest.raises(be.AnalysisError, match="neither \\[published\\] arms nor own patients on two regimens"):
        be.overlap("second_line_response")


@pytest.fixture(scope="module")
def posterior(tmp_path_factory, patients):
    return be.fit_analysis(analysis(tmp_path_factory.mktemp("two"), frame_of(patients)))


def test_a_run_tells_of_overlap_wherever_it_is_read(posterior, tmp_path):
    result = json.loads(be.report.result.to_json(be.to_result(posterior)))
    jsonschema.validate(result, be.result_schema())
    (found,) = result["overlap"]
    assert found["state"] in ("thin", "extrapolating")
    (warning,) = (w for w in result["data"]["warnings"] if w["code"] == "overlap")
    assert found["reasons"][0] in warning["message"]
    text = result_text(result)
    assert f"A against B: overlap is {found['state']}." in text
    assert "propensity" in drawings_of(posterior, [])
    posterior.save(tmp_path / "posterior.nc")
    assert overlaps_in(be.Posterior.load(tmp_path / "posterior.nc").groups) == overlaps_in(posterior.groups)


@pytest.mark.parametrize("names", [PAIR, ("camrelizumab plus apatinib plus irinotecan after first-line platinum", "B")])
def test_the_figure_is_whole_in_both_languages(patients, names):
    found = replace(compared(*patients), regimen=names[0], reference=names[1])
    for count in (1, 2):
        figure = be.plots.propensity([found] * count)
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)
        chinese = with_chinese_texts(figure, own=frozenset(names))
        assert_nothing_is_cut(chinese)
        assert_no_text_overlaps(chinese)
        said = [t.get_text().replace("\n", " ") for t in texts(chinese)]
        assert english_in("\n".join(said), names) == []
        assert not any("Patients" in text for text in said)
