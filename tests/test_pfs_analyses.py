"""The PFS analyses that ship: synthetic patients labelled as such, published medians, figures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.report.text import result_text
from bayes_escc.runs.run import prepare_design
from tests.helpers.schema import SCHEMA, conforms
from tests.helpers.survival import mean_matches

CHEMO, ANLOTINIB = "toripalimab + chemotherapy", "toripalimab + anlotinib"


class TestSyntheticCohort:
    def test_the_bundled_table_is_what_the_simulator_makes(self):
        table = be.load_dataset("second_line_pfs_synthetic")
        again = be.read_patients(be.simulate_cohort(), response=None, time="time", event="event", time_unit="months")
        assert table.digest == again.digest
        assert table.frame["patient_id"].str.startswith("synthetic").all()
        assert table.frame["study"].str.startswith("synthetic").all()
        assert "SYNTHETIC" in be.find_analysis("second_line_pfs_weibull").title
        assert table.frame["regimen"].value_counts().to_dict() == {CHEMO: 29, ANLOTINIB: 35}

    def test_medians_are_as_asked(self):
        frame = be.simulate_cohort(patients=(20_000, 20_000), follow_up=(500.0, 600.0))
        found = frame.groupby("regimen")["time"].median()
        assert found[CHEMO] == pytest.approx(4.5, rel=0.03)
        assert found[ANLOTINIB] == pytest.approx(4.2, rel=0.03)

    def test_the_truth_is_recovered(self):
        frame = be.simulate_cohort(patients=(1000, 1000))
        model = be.SurvivalModel(
            data_unit="months",
            covariates=[
                {"column": "liver_metastasis"},
                {"column": "ecog"},
                {"column": "nlr", "transform": "log", "center": "none", "scale": "none"},
            ],
        )
        fit = model.fit(frame, seed=1, draws=500, tune=500, chains=2)
        for name, truth in (("liver_metastasis", 0.6), ("ecog", 0.4), ("nlr", 0.3)):
            draws = fit.estimand("coefficient").sel(covariate=name)
            assert abs(float(draws.mean()) - truth) < 4 * float(draws.std())

    def test_scans(self):
        frame = be.simulate_cohort(scan_every=1.5)
        assert (frame["first_progression"] > frame["last_free"]).all()
        model = be.SurvivalModel(interval=("last_free", "first_progression"), data_unit="months", times=[6])
        fit = model.fit(frame, seed=1, draws=200, tune=300)
        found = {w["code"] for w in fit.evidence["warnings"]}
        assert "interval_censored" in found

    @pytest.mark.parametrize("baseline", ["weibull", "piecewise"])
    def test_dating_at_the_scan_stands_beside_the_interval_result(self, baseline, tmp_path):
        frame = be.simulate_cohort(scan_every=1.5)
        settings = {
            "baseline": baseline,
            "interval": ("last_free", "first_progression"),
            "data_unit": "months",
            "times": [6],
        }
        fit = be.SurvivalModel(**settings).fit(frame, seed=1, sampler="laplace")
        assert fit.detecting_scan is None
        dated = be.SurvivalModel(**settings, dating="detecting_scan").fit(frame, seed=1, sampler="laplace")
        assert dated.estimand("median").equals(fit.estimand("median"))  # asked for or not, intervals are the result
        at_scan = be.Posterior.load(dated.save(tmp_path / "dated.nc")).detecting_scan
        assert at_scan.estimand_names == fit.estimand_names
        later = at_scan.estimand("median").mean(("chain", "draw")) - fit.estimand("median").mean(("chain", "draw"))
        assert (later > 0.3).all()  # by about half of the time between scans
        if baseline == "weibull":  # and the hazard seems to rise
            assert float(at_scan.estimand("log_shape").mean()) > float(fit.estimand("log_shape").mean()) + 0.05
        result = be.to_result(dated)
        told = result["detecting_scan"]
        assert set(told) == {"estimates", "comparisons"}
        assert [set(row) for row in told["estimates"]] == [set(row) for row in result["estimates"]]
        shown = result_text(result)
        assert "between scans: median" in shown
        assert "Scans find progression late" in shown
        texts = [t.get_text() for t in be.plots.dating(dated).axes[0].texts]
        assert len(texts) == 2 * 2 + 1  # both datings of both regimens, and the heading
        with pytest.raises(ValueError, match="was not asked for"):
            be.plots.dating(fit)

    def test_known_times_cannot_be_dated(self):
        model = be.SurvivalModel(data_unit="months", dating="detecting_scan")
        with pytest.raises(be.AnalysisError, match='"detecting_scan" needs interval columns'):
            model.fit(be.simulate_cohort())

    def test_impossible_settings(self):
        with pytest.raises(be.AnalysisError, match="one entry per arm"):
            be.simulate_cohort(patients=(5,))
        with pytest.raises(be.AnalysisError, match="must be positive"):
            be.simulate_cohort(shape=-1)


class TestMedians:
    FRAME = pd.DataFrame(
        {
            "study": ["S1", "S2", "S3"],
            "regimen": ["a", "b", "b"],
            "median": [4.0, 6.0, 5.0],
            "lower": ["", 4.5, ""],
            "upper": ["", 8.0, ""],
            "events": [25, "", 40],
            "events_basis": ["assumed", "", "stated"],
        }
    )

    def test_precision(self):
        table = be.read_medians(self.FRAME, time_unit="months")
        assert table.frame["log_se"].tolist() == pytest.approx(
            [1 / (np.log(2) * 5), np.log(8 / 4.5) / (2 * stats.norm.ppf(0.975)), 1 / (np.log(2) * np.sqrt(40))]
        )
        assert table.frame["basis"].tolist() == ["assumed events", "interval", "events"]
        assert [(w.code, w.row) for w in table.warnings] == [("assumed_events", 2), ("level_assumed", 3)]

    def test_the_error_is_that_of_a_kaplan_meier_median(self):
        rng = np.random.default_rng(1)
        medians = np.median(rng.exponential(size=(20_000, 101)), axis=1)
        assert np.log(medians).std() == pytest.approx(1 / (np.log(2) * np.sqrt(101)), rel=0.02)

    @pytest.mark.parametrize("sampler", ["exact", "nuts"])
    def test_conjugate(self, sampler):
        model = be.SurvivalModel(
            baseline="exponential",
            regimen_effect="stratified",
            priors={"median": be.Prior("LogNormal", mu=1.5, sigma=0.5)},
        )
        fit = model.fit(be.read_medians(self.FRAME, time_unit="months"), sampler=sampler, draws=2000, seed=2)
        error = be.read_medians(self.FRAME, time_unit="months").frame["log_se"].to_numpy()
        for regimen, rows in (("a", [0]), ("b", [1, 2])):
            precision = 1 / 0.25 + (error[rows] ** -2).sum()
            mean = (1.5 / 0.25 + (np.log(self.FRAME["median"][rows]) * error[rows] ** -2).sum()) / precision
            mean_matches(np.log(fit.estimand("median").sel(regimen=regimen)), mean, precision**-0.5)
        assert "assumed_events" in {w["code"] for w in fit.evidence["warnings"]}

    def test_units(self):
        days = self.FRAME.assign(
            median=self.FRAME["median"] * 30.4375, lower=["", 4.5 * 30.4375, ""], upper=["", 8 * 30.4375, ""]
        )
        model = be.SurvivalModel(baseline="exponential", regimen_effect="stratified", time_unit="months")
        values = [
            model.fit(be.read_medians(f, time_unit=u)).summary("median")["median"]
            for f, u in ((self.FRAME, "months"), (days, "days"))
        ]
        assert np.allclose(*values)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"median": "4.2m"}, "not_a_number"),
            ({"median": ""}, "missing_number"),
            ({"events": ""}, "no_precision"),
            ({"lower": "3"}, "bound_missing"),
            ({"lower": "5", "upper": "6"}, "outside_interval"),
            ({"events_basis": "guessed"}, "events_basis"),
            ({"study": ""}, "blank_label"),
            ({"study": "S2", "regimen": "b"}, "duplicate_row"),
        ],
    )
    def test_problems(self, change, code):
        frame = self.FRAME.astype(object)
        for column, value in change.items():
            frame.loc[0, column] = value
        with pytest.raises(be.DataError) as caught:
            be.read_medians(frame, time_unit="months")
        assert code in {p.code for p in caught.value.problems}

    def test_what_medians_cannot_say(self):
        table = be.read_medians(self.FRAME, time_unit="months")
        with pytest.raises(be.AnalysisError, match="nothing about the shape"):
            be.SurvivalModel().fit(table)
        with pytest.raises(be.DataError, match="must be declared"):
            be.read_medians(self.FRAME, time_unit=None)
        model = be.SurvivalModel(baseline="exponential", regimen_effect="stratified")
        with pytest.raises(be.AnalysisError, match="no survival curves"):
            be.plots.survival(model.fit(table))

    def test_numpy_likelihood_is_pymcs(self):
        model = be.SurvivalModel(baseline="exponential", regimen_effect="stratified")
        design = prepare_design(model.analysis, be.read_medians(self.FRAME, time_unit="months"))
        draws = design.prior(np.random.default_rng(1), 3)
        pymc_model = design.build()
        find = pymc_model.compile_fn(pymc_model.logp(pymc_model.observed_RVs, sum=False)[0].sum())
        for i in range(3):
            theirs = find({"median_log__": np.log(draws["median"].to_numpy()[0, i])})
            assert float(design.log_likelihood(draws)["log_median"][0, i].sum()) == pytest.approx(float(theirs))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The three analyses, run from the command line with few draws."""
    folder = tmp_path_factory.mktemp("pfs")
    found = {}
    for name in ("second_line_pfs_weibull", "second_line_pfs_piecewise", "second_line_pfs_medians"):
        out = folder / name
        code = main(["run", name, "--out", str(out)])
        found[name] = (code, out)
    return found


FIGURES = {"survival", "hazards", "hazard_ratios", "predictive_check", "propensity"}


class TestFromTheCommandLine:
    @pytest.mark.parametrize("kind", ["weibull", "piecewise", "medians"])
    def test_run(self, results, kind):
        code, out = results[f"second_line_pfs_{kind}"]
        assert code == 0
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        for block, shape in SCHEMA.items():
            records = result.get(block, [])
            for record in records if isinstance(records, list) else [records]:
                conforms(record, shape, block)
        pictures = {p.stem for p in out.glob("*.png")}
        # under proportional hazards who is better is the same at every time: one flat line says nothing
        more = {"better_over_time"} if kind == "piecewise" else set()
        assert pictures == ({"medians"} if kind == "medians" else FIGURES | more)
        loaded = be.Posterior.load(out / "posterior.nc")
        assert loaded.analysis.family == "survival"

    def test_a_comparison_says_which_estimand_and_when(self, results, capsys):
        main(
            [
                "run",
                "second_line_pfs_weibull",
                "--no-figures",
                "--full",
                "--out",
                str(results["second_line_pfs_weibull"][1]),
            ]
        )
        text = capsys.readouterr().out
        assert "restricted mean PFS to 12 months" in text
        assert "Together the priors imply" in text

    def test_check(self, tmp_path, capsys):
        path = tmp_path / "patients.csv"
        be.simulate_cohort().to_csv(path, index=False)
        arguments = ["check", str(path), "--kind", "patients", "--time", "time", "--event", "event"]
        assert main([*arguments, "--time-unit", "months"]) == 0
        assert "median follow up" in capsys.readouterr().out
        assert main(arguments) == 3
        assert "time_unit" in capsys.readouterr().err


class TestFigures:
    @pytest.fixture(scope="class")
    @classmethod
    def posterior(cls, results):
        return be.Posterior.load(results["second_line_pfs_weibull"][1] / "posterior.nc")

    def test_numbers_beneath_the_curves(self, posterior):
        figure = be.plots.survival(posterior)
        texts = [t.get_text() for t in figure.axes[1].texts]
        assert texts.count("At risk") == 2
        i = texts.index("At risk")
        assert texts[i + 1] == "29"
        assert any("median" in t.get_text() for t in figure.axes[0].texts)

    def test_forest(self, posterior):
        figure = be.plots.hazard_ratios(posterior)
        labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
        assert labels[0] == f"{ANLOTINIB}\nagainst {CHEMO}"
        assert "liver metastasis" in labels
        assert len(labels) == 5

    def test_better_over_time(self, posterior):
        figure = be.plots.better_over_time(posterior)
        curve = figure.axes[0].lines[0].get_ydata()
        table = posterior.compare("survival").table.set_index("time")
        at = np.interp(6.0, figure.axes[0].lines[0].get_xdata(), curve)
        assert at == pytest.approx(table.loc[6, "probability_better"], abs=0.06)
        with pytest.raises(be.AnalysisError, match="needs two regimens"):
            be.plots.better_over_time(posterior, reference="x")

    def test_predictive_check(self, posterior):
        figure = be.plots.predictive_check(posterior)
        assert len(figure.axes) == 2
        replicated = posterior.tree["posterior_predictive"].to_dataset()
        observed = posterior.observed
        share = float(replicated["event"].mean())
        assert abs(share - float(observed["event"].mean())) < 0.12
        censored = observed["event"].to_numpy() == 0
        assert (replicated["time"].to_numpy()[..., censored] <= observed["time"].to_numpy()[censored]).all()


class TestLeaveOneOut:
    """PSIS against exact refits, and refusals."""

    @pytest.fixture(scope="class")
    @classmethod
    def frame(cls):
        return be.simulate_cohort().iloc[::3].reset_index(drop=True)

    @staticmethod
    def model(**options):
        return be.SurvivalModel(data_unit="months", times=[6], horizons=[6], **options)

    def test_is_that_of_exact_refits(self, frame):
        """Conjugate, so that leaving each patient out has a closed form: a Lomax predictive."""
        prior = be.Prior("Gamma", alpha=2, beta=8)
        model = self.model(baseline="exponential", regimen_effect="none", priors={"hazard": prior})
        found = be.loo(model.fit(frame, draws=4000, seed=1))
        d, e = frame["event"].to_numpy(), frame["time"].to_numpy()
        alpha, beta = 2 + d.sum() - d, 8 + e.sum() - e
        truth = np.where(d == 1, np.log(alpha), 0) + alpha * np.log(beta) - (alpha + d) * np.log(beta + e)
        assert np.allclose(found.each, truth, atol=0.01)
        assert found.elpd == pytest.approx(truth.sum(), abs=0.05)
        assert found.unreliable == 0
        assert found.p == pytest.approx(1, abs=0.35)

    def test_models_are_compared(self, frame):
        fits = {
            "weibull": self.model().fit(frame, seed=1),
            "exponential": self.model(baseline="exponential").fit(frame, seed=1),
        }
        table = be.compare_models(fits)
        assert set(table.index) == set(fits)
        assert table["difference"].iloc[0] == 0
        assert (table["difference"] <= 0).all()
        assert table["se_difference"].iloc[1] > 0

    def test_unlike_codings_are_refused(self, frame):
        scans = be.simulate_cohort(scan_every=1.5).iloc[::3]
        fast = {"draws": 100, "tune": 100}
        exact = self.model().fit(scans, **fast)
        interval = self.model(interval=("last_free", "first_progression")).fit(scans, **fast)
        with pytest.raises(be.AnalysisError, match="coded differently"):
            be.compare_models({"a": exact, "b": interval})
        days = self.model(time_unit="days").fit(scans, **fast)
        with pytest.raises(be.AnalysisError, match="differ by the unit"):
            be.compare_models({"a": exact, "b": days})
        with pytest.raises(be.AnalysisError, match="at least two"):
            be.compare_models({"a": exact})


@pytest.mark.parametrize(("events", "high"), [(0, True), (30, False)])
def test_the_key_of_survival_stands_clear_of_curves(events, high):
    """Where nobody had an event the curves fill the top right, and the key moves."""
    frame = pd.DataFrame(
        {"patient_id": range(30), "regimen": "mono", "time": np.linspace(1, 20, 30), "event": np.arange(30) < events}
    )
    priors = {"hazard": be.Prior("Gamma", alpha=1, beta=20)}
    model = be.SurvivalModel(baseline="exponential", regimen_effect="none", data_unit="weeks", priors=priors)
    figure = be.plots.survival(model.fit(frame, draws=100))
    (name, _) = (t for t in figure.axes[0].texts if t.get_text().startswith(("mono", "median")))
    assert (name.get_position()[1] < 0.3) is high
