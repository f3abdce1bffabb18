"""What a pooled analysis also gives: risk ratios and differences from counts, weights, absolute risks.

The BCG vaccine trials (Colditz and others, JAMA 1994;271:698-702) are public and analysed in many textbooks; published
numbers are those of van Houwelingen and others (Stat Med 2002;21:589-624) and of the metafor package's documentation.
"""

import json
import math

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.answers.needed import needed_row
from bayes_escc.names import format_probability
from bayes_escc.probability.marginal import Draws
from bayes_escc.report.blocks import Table
from bayes_escc.report.chinese import in_chinese
from bayes_escc.report.page import sections
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.result import to_json, to_result
from bayes_escc.report.text import result_text
from bayes_escc.runs.page_facts import page_facts
from bayes_escc.runs.prompt_effects import pool_effects
from bayes_escc.runs.run import prepare_design

BCG = [  # study, cases and patients vaccinated, cases and patients not vaccinated, degrees of latitude
    ("Aronson 1948", 4, 123, 11, 139, 44),
    ("Ferguson 1949", 6, 306, 29, 303, 55),
    ("Rosenthal 1960", 3, 231, 11, 220, 42),
    ("Hart 1977", 62, 13598, 248, 12867, 52),
    ("Frimodt-Moller 1973", 33, 5069, 47, 5808, 13),
    ("Stein 1953", 180, 1541, 372, 1451, 44),
    ("Vandiviere 1973", 8, 2545, 10, 629, 19),
    ("Madras 1980", 505, 88391, 499, 88391, 13),
    ("Coetzee 1968", 29, 7499, 45, 7277, 27),
    ("Rosenthal 1961", 17, 1716, 65, 1665, 42),
    ("Comstock 1974", 186, 50634, 141, 27338, 18),
    ("Comstock 1969", 5, 2498, 3, 2341, 33),
    ("Comstock 1976", 27, 16913, 29, 17854, 33),
]
PUBLISHED_LOG_RR = [
    -0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173,
]  # fmt: skip
PUBLISHED_VARIANCE = [
    0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714,
]  # fmt: skip
VAGUE = {"effect": be.Prior("Normal", mu=0, sigma=100), "tau": be.Prior("HalfNormal", sigma=1)}


def bcg(**columns):
    rows = []
    for study, cases, n, control_cases, control_n, latitude in BCG:
        more = {"endpoint": "tuberculosis", "latitude": latitude}
        rows.append({"study": study, "regimen": "BCG", "events": cases, "n": n, **more})
        rows.append({"study": study, "regimen": "none", "events": control_cases, "n": control_n, **more})
    return be.read_counts(pd.DataFrame(rows).assign(**columns), endpoints={"tuberculosis": "lower"})


def effects_of(measure):
    """Effects and variances of every trial, by the textbook's formulas."""
    a, n, c, m = (np.array([row[i] for row in BCG], dtype=float) for i in (1, 2, 3, 4))
    if measure == "RR":
        return np.log(a / n / (c / m)), 1 / a - 1 / n + 1 / c - 1 / m
    if measure == "OR":
        return np.log(a / (n - a) / (c / (m - c))), 1 / a + 1 / (n - a) + 1 / c + 1 / (m - c)
    return a / n - c / m, a * (n - a) / n**3 + c * (m - c) / m**3


def fit(measure, table=None, **more):
    model = be.SynthesisModel(likelihood="normal", measure=measure, control="none", **{"priors": VAGUE, **more})
    return model.fit(bcg() if table is None else table, seed=1)


@pytest.fixture(scope="module")
def random():
    return fit("RR")


@pytest.fixture(scope="module")
def common():
    return fit("RR", pooling="common", priors={"effect": VAGUE["effect"]})


class TestMeasuresOfCounts:
    def test_log_risk_ratios_and_their_variances_are_the_published_ones(self, common):
        observed = common.observed
        assert observed["y"].to_numpy() == pytest.approx(PUBLISHED_LOG_RR, abs=6e-5)
        assert observed["se"].to_numpy() ** 2 == pytest.approx(PUBLISHED_VARIANCE, abs=6e-5)

    def test_the_common_risk_ratio_is_the_published_one(self, common):
        row = common.summary("mu").iloc[0]
        assert (row["mean"], row["sd"]) == pytest.approx((-0.4303, 0.0405), abs=6e-5)
        assert common.summary("effect").iloc[0]["unit"] == "risk ratio"

    @pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
    def test_every_measure_agrees_with_inverse_variances(self, measure):
        y, v = effects_of(measure)
        found = fit(measure, pooling="common", priors={"effect": VAGUE["effect"]}).summary("mu").iloc[0]
        assert found["mean"] == pytest.approx((y / v).sum() / (1 / v).sum(), rel=1e-4)
        assert found["sd"] == pytest.approx((1 / v).sum() ** -0.5, rel=1e-4)

    def test_the_arm_that_contrasts_of_a_study_share_correlates_risk_ratios(self):
        rows = [
            {"study": "three", "regimen": r, "endpoint": "ORR", "events": e, "n": n}
            for r, e, n in [("A", 12, 40), ("B", 20, 50), ("C", 9, 30)]
        ]
        model = be.SynthesisModel(measure="RR", network=True, reference="A", pooling="common", kind="counts")
        design = prepare_design(model.analysis, be.read_counts(pd.DataFrame(rows)))
        shared = 1 / 12 - 1 / 40
        expected = np.array([[shared + 1 / 20 - 1 / 50, shared], [shared, shared + 1 / 9 - 1 / 30]])
        assert np.allclose(design.contrasts.V, expected)

    def test_what_a_measure_cannot_take_is_refused(self):
        with pytest.raises(be.AnalysisError, match="baseline_rate"):
            be.SynthesisModel(likelihood="binomial", measure="RR", control="none")
        rows = bcg().frame.copy()
        rows.loc[rows.index[0], "events"] = 0
        counts = be.read_counts(rows, endpoints={"tuberculosis": "lower"})
        with pytest.raises(be.DataError, match=r"risk ratio needs counts between 0 and n; Aronson 1948 \(BCG: 0/123\)"):
            fit("RR", counts)
        effects = pd.DataFrame(
            [
                {
                    "study": "S",
                    "experimental": "A",
                    "control": "B",
                    "endpoint": "ORR",
                    "measure": "OR",
                    "estimate": 1.2,
                    "se": 0.2,
                }
            ]
        )
        with pytest.raises(be.AnalysisError, match=r"model\.measure: effects name their own"):
            be.SynthesisModel(measure="RR", kind="effects").fit(be.read_effects(effects))

    def test_the_default_priors_of_a_risk_difference_are_said_to_be_of_log_ratios(self):
        notes = fit("RD", priors={}).evidence["warnings"]
        assert any(n["code"] == "default_prior" and "differences of risks" in n["message"] for n in notes)


class TestWeights:
    def test_they_are_inverse_variances_averaged_over_the_heterogeneity(self, random):
        """Independent quadrature over tau, the effect integrated in closed form."""
        y, v = effects_of("RR")
        tau = np.linspace(0.0, 6.0, 60_001)[1:]
        variance = v[:, None] + tau**2
        w = np.vstack([1 / variance, np.full(len(tau), 100.0**-2)])
        mean = (w[:-1] * y[:, None]).sum(axis=0) / w.sum(axis=0)
        log = -0.5 * (np.log(variance).sum(axis=0) + np.log(w.sum(axis=0)))
        log -= 0.5 * ((w[:-1] * (y[:, None] - mean) ** 2).sum(axis=0) + w[-1] * mean**2)
        density = np.exp(log - log.max() - 0.5 * tau**2)
        expected = (w / w.sum(axis=0)) @ density / density.sum()
        table = random.study_weights()
        assert table["weight"].to_numpy() == pytest.approx(expected, abs=1e-5)
        assert table["study"].tolist()[-1] is None or pd.isna(table["study"].iloc[-1])
        assert table["weight"].sum() == pytest.approx(1.0, abs=1e-12)
        posterior_mean = float((table["weight"].to_numpy()[:-1] * y).sum())
        assert random.summary("mu").iloc[0]["mean"] == pytest.approx(posterior_mean, abs=1e-9)

    def test_those_of_a_common_effect_are_inverse_variances(self, common):
        _, v = effects_of("RR")
        table = common.study_weights()
        shares = np.append(1 / v, 1e-4) / ((1 / v).sum() + 1e-4)
        assert table["weight"].to_numpy() == pytest.approx(shares, abs=1e-12)
        assert table["weight_common"].to_numpy() == pytest.approx(shares, abs=1e-12)

    def test_they_follow_their_studies(self, random):
        rows = bcg().frame
        shuffled = be.read_counts(rows.sample(frac=1.0, random_state=3), endpoints={"tuberculosis": "lower"})
        other = fit("RR", shuffled).study_weights().set_index("study")["weight"]
        assert dict(random.study_weights().dropna(subset=["study"]).set_index("study")["weight"]) == pytest.approx(
            dict(other[other.index.notna()]), abs=1e-9
        )

    def test_every_subgroup_has_its_own_which_sum_to_one(self):
        table = bcg().frame
        table["climate"] = np.where(table["latitude"].astype(float) > 35, "cold", "warm")
        counts = be.read_counts(table, endpoints={"tuberculosis": "lower"})
        found = fit("RR", counts, subgroup={"column": "climate", "heterogeneity": "separate"}).study_weights()
        assert found.groupby("covariate")["weight"].sum().to_numpy() == pytest.approx([1.0, 1.0])
        assert set(found["covariate"]) == {"climate = cold", "climate = warm"}

    @pytest.mark.parametrize("pooling", ["common", "random"])
    def test_a_network_of_two_regimens_has_those_of_a_pool(self, pooling, random, common):
        pool = {"random": random, "common": common}[pooling].study_weights()
        priors = VAGUE if pooling == "random" else {"effect": VAGUE["effect"]}
        model = be.SynthesisModel(network=True, measure="RR", pooling=pooling, reference="none", priors=priors)
        network = model.fit(bcg(), seed=1).study_weights()
        for column in ("weight", "weight_common"):
            assert network[column].to_numpy() == pytest.approx(pool[column].to_numpy(), abs=1e-6)

    def test_studies_of_a_regression_share_the_information(self):
        found = fit("RR", covariates=["latitude"]).study_weights()
        sums = found.groupby("covariate")[["weight", "weight_common"]].sum()
        assert list(sums.index) == ["effect", "slope on latitude"]
        assert sums.to_numpy() == pytest.approx(np.ones((2, 2)))
        assert (found[["weight", "weight_common"]].to_numpy() >= 0).all()

    def test_an_indirect_contrast_rests_on_both_sides_of_its_chain(self):
        """A against B and B against C with variances 1 and 3, and a prior that says nothing: a quarter and three."""
        frame = pd.DataFrame({"study": ["s1", "s2"], "regimen": ["B", "C"], "control": ["A", "B"], "endpoint": "OS"})
        frame = frame.assign(measure="log HR", estimate=[0.1, 0.2], se=np.sqrt([1.0, 3.0]))
        wide = {"effect": be.Prior("Normal", mu=0, sigma=1e4)}
        model = be.SynthesisModel(endpoint="OS", network=True, reference="A", pooling="common", priors=wide)
        table = model.fit(be.read_effects(frame), seed=1).study_weights()
        of = {(r.covariate, r.study): r.weight for r in table.itertuples()}
        assert of["C against A", "s1"] == pytest.approx(0.25, abs=1e-6)
        assert of["C against A", "s2"] == pytest.approx(0.75, abs=1e-6)
        assert of["B against A", "s1"] == pytest.approx(1.0, abs=1e-6)

    def test_a_run_writes_them_and_a_saved_posterior_keeps_them(self, random, tmp_path):
        saved = be.Posterior.load(random.save(tmp_path / "posterior.nc"))
        assert saved.study_weights().equals(random.study_weights())
        result = to_result(random)
        assert [r["study"] for r in result["weights"]] == [*(row[0] for row in BCG), None]
        text = result_text(result)
        assert "the prior of the effect" in text
        assert "averaged over tau" in text


@pytest.fixture(scope="module")
def regression():
    covariates = [{"column": "latitude", "center": 0, "scale": 1}]
    priors = {**VAGUE, "coefficient": be.Prior("Normal", mu=0, sigma=10)}
    return fit("RR", covariates=covariates, priors=priors, effect_at=[{"latitude": 13}, {"latitude": 55}])


class TestEffectsAtCovariates:
    def test_they_agree_with_a_quadrature(self, regression):
        """Weighted least squares for every tau, summed over a grid; the published answer is near."""
        y, v = effects_of("RR")
        x = np.column_stack([np.ones(13), [row[5] for row in BCG]])
        prior = np.diag([100.0**-2, 10.0**-2])
        weights, means, variances = [], [], []
        at = np.array([[1.0, 13.0], [1.0, 55.0]])
        for tau in np.linspace(0.0, 4.0, 4001)[1:]:
            w = 1 / (v + tau**2)
            precision = x.T @ (w[:, None] * x) + prior
            theta = np.linalg.solve(precision, x.T @ (w * y))
            fit_ = (w * (y - x @ theta) ** 2).sum() + theta @ prior @ theta
            weights.append(0.5 * (np.log(w).sum() - np.linalg.slogdet(precision)[1] - fit_ - tau**2))
            means.append(at @ theta)
            variances.append(np.diag(at @ np.linalg.solve(precision, at.T)))
        share = np.exp(np.array(weights) - max(weights))
        share /= share.sum()
        mean = share @ np.array(means)
        sd = np.sqrt(share @ (np.array(variances) + (np.array(means) - mean) ** 2))
        laws = [
            regression.law_at("effect_at", row.plain() | {"time": None})
            for row in regression.summary_rows()
            if row.estimand == "effect_at"
        ]
        for law, m, s in zip(laws, mean, sd, strict=True):
            assert law.weight @ law.location == pytest.approx(m, abs=1e-4)
            assert np.sqrt(law.weight @ (law.spread**2 + (law.location - m) ** 2)) == pytest.approx(s, abs=1e-4)
        assert mean == pytest.approx(0.2515 - 0.0291 * np.array([13, 55]), abs=0.05)  # REML, metafor

    def test_centre_and_scale_of_the_covariate_change_nothing(self, regression):
        other = fit(
            "RR",
            covariates=[{"column": "latitude", "center": 33, "scale": 10}],
            priors={
                "effect": be.Prior("Normal", mu=0, sigma=100),
                "tau": VAGUE["tau"],
                "coefficient": be.Prior("Normal", mu=0, sigma=100),
            },
            effect_at=[{"latitude": 13}, {"latitude": 55}],
        )
        for a, b in zip(regression.summary_rows(), other.summary_rows(), strict=True):
            if a.estimand in ("effect_at", "predicted_effect_at"):
                assert (a.median, a.lower, a.upper) == pytest.approx((b.median, b.lower, b.upper), rel=2e-3)

    def test_what_cannot_be_asked_is_refused(self):
        with pytest.raises(be.AnalysisError, match=r"effect_at: needs covariates"):
            be.SynthesisModel(effect_at=[{"latitude": 33}])
        with pytest.raises(be.AnalysisError, match=r"effect_at\[0\]\.latitude: is required"):
            be.SynthesisModel(covariates=["latitude"], effect_at=[{"lattitude": 33}])
        with pytest.raises(be.AnalysisError, match=r"effect_at: .* cannot be used"):
            fit("RR", covariates=["latitude"], effect_at=[{"latitude": "north"}])


class TestRisksAtABaseline:
    @pytest.mark.parametrize(
        ("measure", "expected"),
        [
            ("OR", lambda p, y: p * np.exp(y) / (1 - p + p * np.exp(y))),
            ("RR", lambda p, y: p * np.exp(y)),
            ("RD", lambda p, y: p + y),
        ],
    )
    def test_a_fixed_baseline_moves_quantiles_as_the_measure_says(self, measure, expected):
        common = {"pooling": "common", "priors": {"effect": VAGUE["effect"]}}
        found = fit(measure, baseline_rate=0.1, **common)
        y, v = effects_of(measure)
        mean, sd = (y / v).sum() / (1 / v).sum(), (1 / v).sum() ** -0.5
        row = found.summary("event_rate").iloc[0]
        for value, z in ((row["median"], 0.0), (row["lower"], -1.959964), (row["upper"], 1.959964)):
            scale = abs(expected(0.1, mean + sd) - expected(0.1, mean))
            assert value == pytest.approx(expected(0.1, mean + z * sd), abs=0.15 * scale)
        difference = found.summary("risk_difference").iloc[0]
        assert difference["median"] == pytest.approx(row["median"] - 0.1, abs=1e-12)
        assert "baseline_rate" not in found.estimand_names

    def test_a_hazard_ratio_acts_on_survival(self):
        effects = pd.DataFrame(
            [
                {
                    "study": "S",
                    "experimental": "A",
                    "control": "B",
                    "endpoint": "OS",
                    "measure": "log HR",
                    "estimate": np.log(0.7),
                    "se": 0.01,
                }
            ]
        )
        model = be.SynthesisModel(pooling="common", baseline_rate=0.4, priors={"effect": VAGUE["effect"]})
        rate = model.fit(be.read_effects(effects)).summary("event_rate").iloc[0]["median"]
        assert rate == pytest.approx(1 - 0.6**0.7, abs=5e-4)

    def test_the_uncertainty_of_counts_is_that_of_their_beta(self):
        found = fit("OR", baseline_rate={"events": 12, "n": 40}, pooling="common", priors={"effect": VAGUE["effect"]})
        row = found.summary("baseline_rate").iloc[0]
        assert row["mean"] == pytest.approx(13 / 42, abs=4 * row["mcse_mean"])
        assert any("Beta(13, 29)" in line for line in found.priors)

    def test_a_number_needed_is_one_over_the_difference_and_its_sign_is_said(self):
        found = to_result(fit("RR", baseline_rate=0.1, priors=VAGUE))
        (row,) = found["needed_to_treat"]
        difference = next(r for r in found["estimates"] if r["estimand"] == "risk_difference")
        assert row["better"] == "lower"
        assert row["median"] == pytest.approx(-1 / difference["median"])
        assert (row["at_best"], row["at_worst"]) == pytest.approx((-1 / difference["lower"], -1 / difference["upper"]))
        assert row["sentence"].startswith("20 for one to benefit (95 % CrI ")

    def test_the_page_shows_weights_and_numbers_needed_in_both_languages(self):
        posterior, table = fit("RR", baseline_rate=0.1, priors=VAGUE), bcg()
        result = to_result(posterior)
        facts = json.loads(to_json(page_facts(posterior, prepare_design(posterior.analysis, table), table, result)))
        (needed,) = facts["result"]["needed_to_treat"]
        limits = [math.ceil(needed[k]) for k in ("at_best", "at_worst")]
        for language, sentence, prior in (
            ("en", f"20 for one to benefit (95 % CrI {limits[0]} to {limits[1]})", "Prior of the effect"),
            ("zh", f"每20例多1例获益（95%CrI {limits[0]}～{limits[1]}）", "效应的先验"),
        ):
            tables = {b.title: b for s in sections(facts, language) for b in s.blocks if isinstance(b, Table)}
            (row,) = tables[WORDS["needed_table"][language]].rows
            assert row[1:] == (sentence, format_probability(needed["probability_benefit"], needed["mcse_probability"]))
            weights = tables[WORDS["weights_table"][language]].rows
            assert [line[0] for line in weights] == [*(trial[0] for trial in BCG), prior]
            expected = [(f"{100 * w['weight']:.1f}%", f"{100 * w['weight_common']:.1f}%") for w in result["weights"]]
            assert [line[1:] for line in weights] == expected
            assert sum(float(line[1].rstrip("%")) for line in weights) == pytest.approx(100.0, abs=0.1 * len(weights))
        facts["result"] |= {"weights": [], "needed_to_treat": []}
        text = str(sections(facts, "en"))
        assert not [k for k in ("needed_table", "weights_table") if WORDS[k]["en"] in text]

    @pytest.mark.parametrize(
        ("low", "high", "form"),
        [
            (-0.1, 0.04, "每{m}例多1例获益（95%CrI 每{best}例多1例获益，经无穷大，至每{worst}例多1例受害）"),
            (0.02, 0.05, "每{m}例多1例受害（95%CrI {best}～{worst}）"),
            (-0.05, -0.02, "每{m}例多1例获益（95%CrI {best}～{worst}）"),
        ],
    )
    def test_the_words_of_a_number_needed_have_their_chinese(self, low, high, form):
        row = needed_row(Draws(np.linspace(low, high, 4000).reshape(4, 1000)), better="lower", ci_prob=0.95)
        m, *limits = (math.ceil(abs(v)) for v in (row.median, row.at_best, row.at_worst))
        best, worst = limits if row.at_best * row.at_worst < 0 else sorted(limits)
        assert in_chinese(row.sentence) == form.format(m=m, best=best, worst=worst)

    def test_through_infinity(self):
        row = needed_row(Draws(np.linspace(-0.04, 0.02, 601).reshape(1, -1)), better="lower", ci_prob=0.95)
        assert (
            row.sentence
            == "100 for one to benefit (95 % CrI 26 for one to benefit, through infinity, to 55 for one to be harmed)"
        )
        assert row.at_worst < 0 < row.at_best
        assert row.probability_benefit == pytest.approx(2 / 3, abs=0.01)

    def test_a_risk_ratio_that_leads_beyond_certainty_is_noted(self):
        rows = bcg().frame.assign(regimen=["none", "BCG"] * 13)
        found = fit("RR", be.read_counts(rows, endpoints={"tuberculosis": "lower"}), baseline_rate=0.6, priors=VAGUE)
        assert any(n["code"] == "beyond_risks" for n in found.evidence["warnings"])

    @pytest.mark.parametrize("wrong", [0, 1, "0.3", True, {"events": 41, "n": 40}, {"events": 3}])
    def test_what_is_no_risk_is_refused(self, wrong):
        with pytest.raises(be.AnalysisError, match="baseline_rate"):
            be.SynthesisModel(baseline_rate=wrong)

    def test_measures_without_risks_are_refused(self):
        effects = pd.DataFrame(
            [
                {
                    "study": "S",
                    "experimental": "A",
                    "control": "B",
                    "endpoint": "pain",
                    "measure": "SMD",
                    "estimate": 0.1,
                    "se": 0.1,
                }
            ]
        )
        with pytest.raises(be.AnalysisError, match="SMD say nothing of risks"):
            be.SynthesisModel(baseline_rate=0.3).fit(be.read_effects(effects))

    def test_the_prompt_gives_them_too(self):
        found = pool_effects(["A=0.71,0.57,0.87", "B=0.8,0.6,1.1"], baseline="12/40")
        names = [r["estimand"] for r in found["estimates"]]
        assert names[-3:] == ["baseline_rate", "event_rate", "risk_difference"]
        assert found["needed_to_treat"][0]["better"] == "lower"
        assert [r["study"] for r in found["weights"]] == ["A", "B", None]
        with pytest.raises(be.AnalysisError, match="is no risk"):
            pool_effects(["A=0.71,0.57,0.87"], baseline="41/40")
