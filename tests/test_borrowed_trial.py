"""A randomised trial whose control arm borrows from earlier trials: who borrows, and every answer with the prior."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.probability.beta import Beta, contrast_mean_sd, contrast_quantile, exceedance, rank_distribution
from bayes_escc.probability.mixture_fit import fit_law, largest_miss
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_contrasts import RateContrast, rank_rates
from bayes_escc.probability.rate_grid import GridRate
from bayes_escc.probability.rate_hierarchy import integrate_rates
from tests.helpers.synthesis import AS_EVENTS, AS_TOTAL
from tests.oracles.borrowed import History, probability_better, smooth_tau, tau_with_a_pole

PRIORS = {
    "logit_mean": {"distribution": "Normal", "mu": 0, "sigma": 2},
    "tau": {"distribution": "HalfNormal", "sigma": 1},
}
OF_THE_ORACLE = 4e-7
"""Four times what a probability of a new trial's rate moves in the oracle when its grid is halved (see `History`)."""
OF_THE_GRID = 1e-8
"""Error that the package states of a law on its grid, and far above what half the oracle's step moves a mean."""


def log_prior_mean(mean):
    return stats.norm.logpdf(mean, 0, 2)


@pytest.fixture(scope="module")
def oracle():
    return History(AS_EVENTS, AS_TOTAL, log_prior_mean, smooth_tau(lambda t: stats.halfnorm.logpdf(t, scale=1)))


MEAN, TAU = be.Prior("Normal", mu=0, sigma=2), be.Prior("HalfNormal", sigma=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    history = {
        "study": [f"old {i}" for i in range(8)],
        "regimen": "placebo",
        "endpoint": "ORR",
        "events": AS_EVENTS,
        "n": AS_TOTAL,
    }
    pd.DataFrame(history).to_csv(folder / "history.csv", index=False)
    trial = {
        "study": "new",
        "regimen": ["secukinumab", "placebo"],
        "endpoint": "ORR",
        "events": [14, 1],
        "n": [23, 6],
        "design": "randomised",
    }
    pd.DataFrame(trial).to_csv(folder / "trial.csv", index=False)
    return folder


def analysis(files, *, trial="trial.csv", **borrowing):
    content = {
        "data": {"file": trial, "endpoint": "ORR"},
        "model": {"family": "response"},
        "comparisons": [{"reference": "placebo", "margin": 0.1}, {"reference": "placebo", "scale": "odds_ratio"}],
        "borrowing": {"file": "history.csv", **({} if "method" in borrowing else {"priors": PRIORS}), **borrowing},
        "sampling": {"draws": 500},
    }
    return be.Analysis.from_dict(content, folder=files)


@pytest.fixture(scope="module")
def fitted(files):
    return be.fit_analysis(analysis(files))


@pytest.fixture(scope="module")
def result(fitted):
    return be.to_result(fitted)


def test_borrowed_patients_were_not_randomised(result):
    assert {row["anchoring"] for row in result["comparisons"]} == {
        "randomised, but for patients borrowed from earlier trials"
    }


def test_p_better_is_with_the_borrowed_prior(result, oracle):
    """The referee's numbers: 0.9945 at the robust weight of 0.2, 0.9974 at 0, 0.9671 without borrowing."""
    expected = {w: probability_better((14, 23), (1, 6), w, oracle.logit, oracle.predicted) for w in (0, 0.2, 1)}
    assert [round(p, 4) for p in expected.values()] == [0.9974, 0.9945, 0.9671]
    assert result["comparisons"][0]["probability_better"] == pytest.approx(expected[0.2], abs=OF_THE_ORACLE)
    assert result["ranking"][0]["probability_best"] == pytest.approx(expected[0.2], abs=OF_THE_ORACLE)
    by_weight = {r["robust_weight"]: r for r in result["borrowing"]["comparisons"] if r["scale"] == "difference"}
    for w, p in expected.items():
        assert by_weight[w]["probability_better"] == pytest.approx(p, abs=OF_THE_ORACLE)
        assert by_weight[w]["primary"] == (w == 0.2)
    odds = result["comparisons"][1]
    assert odds["probability_better"] == pytest.approx(expected[0.2], abs=OF_THE_ORACLE)
    assert odds["lower"] < odds["median"] < odds["upper"]


def test_the_experimental_arm_is_not_pulled(result):
    estimates = {r["regimen"]: r for r in result["estimates"] if r["estimand"] == "rate"}
    assert estimates["secukinumab"]["mean"] == pytest.approx(15 / 25, abs=1e-12)
    assert [r["regimen"] for r in result["borrowing"]["answers"]] == ["placebo"] * 6
    assert estimates["placebo"]["mean"] == pytest.approx(
        next(r["mean"] for r in result["borrowing"]["answers"] if r["primary"]), abs=1e-12
    )


def test_draws_and_the_file_are_of_the_same_posterior(fitted, result, tmp_path):
    draws = fitted.estimand("rate").sel(regimen="placebo").to_numpy().ravel()
    mean = next(r for r in result["estimates"] if r["regimen"] == "placebo")
    assert draws.mean() == pytest.approx(mean["mean"], abs=4 * mean["sd"] / np.sqrt(draws.size))
    assert (draws <= mean["upper"]).mean() == pytest.approx(0.975, abs=4 * np.sqrt(0.025 * 0.975 / draws.size))
    again = be.to_result(be.Posterior.load(fitted.save(tmp_path / "b.nc")))
    assert again["comparisons"] == result["comparisons"]
    assert again["borrowing"] == result["borrowing"]


def test_the_order_of_arms_and_of_the_history_changes_nothing(files, result):
    pd.read_csv(files / "trial.csv").iloc[::-1].to_csv(files / "reversed.csv", index=False)
    turned = be.to_result(be.fit_analysis(analysis(files, trial="reversed.csv")))
    assert turned["comparisons"][0]["probability_better"] == pytest.approx(
        result["comparisons"][0]["probability_better"], abs=1e-10
    )


def test_patients_borrow_as_their_counts_do(files, result):
    """The same trial patient by patient: 14 of 23 and 1 of 6 respond."""
    counts = (("secukinumab", 14, 23), ("placebo", 1, 6))
    rows = [(regimen, "PR" if i < k else "SD") for regimen, k, n in counts for i in range(n)]
    frame = pd.DataFrame(rows, columns=["regimen", "response"]).assign(study="new", design="randomised")
    frame.assign(patient_id=[f"P{i}" for i in range(len(frame))]).to_csv(files / "patients.csv", index=False)
    content = json.loads(analysis(files).content)
    content["data"] = {"kind": "patients", "file": "patients.csv", "endpoint": "ORR"}
    found = be.to_result(be.fit_analysis(be.Analysis.from_dict(content, folder=files)))
    assert found["comparisons"] == result["comparisons"]
    assert found["borrowing"] == result["borrowing"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"borrows": ["placebo", "adalimumab"]}, "'adalimumab' is not a regimen here"),
        ({"borrows": {"placebo": ["plcebo"]}}, "'plcebo' is not a historical regimen"),
    ],
)
def test_who_borrows_must_be_there(files, change, message):
    with pytest.raises(be.AnalysisError, match=message):
        be.fit_analysis(analysis(files, **change))


def test_several_matches_or_none_ask_who_borrows(files):
    history = pd.read_csv(files / "history.csv")
    history.assign(regimen=["placebo"] * 4 + ["secukinumab"] * 4).to_csv(files / "both.csv", index=False)
    history.assign(regimen="sugar").to_csv(files / "neither.csv", index=False)
    for name, why in (("both.csv", "are regimens of both"), ("neither.csv", "none of the historical regimens")):
        with pytest.raises(be.AnalysisError, match=f"{why}.*borrows = "):
            be.fit_analysis(analysis(files, file=name))
    answered = be.to_result(be.fit_analysis(analysis(files, file="neither.csv", borrows=["placebo"])))
    assert answered["comparisons"][0]["probability_better"] == pytest.approx(0.9945, abs=5e-5)
    own = be.to_result(be.fit_analysis(analysis(files, file="both.csv", borrows=["placebo", "secukinumab"])))
    assert {h["study"]: h["informs"] for h in own["borrowing"]["historical"]} == {
        f"old {i}": ["placebo" if i < 4 else "secukinumab"] for i in range(8)
    }


def test_the_hierarchy_is_in_the_output(result, oracle):
    prior = result["borrowing"]["map_prior"]
    assert prior["tau"]["mean"] == pytest.approx(oracle.tau[0], abs=OF_THE_GRID)
    assert prior["tau"]["sd"] == pytest.approx(oracle.tau[1], abs=OF_THE_GRID)
    assert prior["mean_rate"]["mean"] == pytest.approx(oracle.centre[0], abs=OF_THE_GRID)
    for row, (mean, sd) in zip(prior["study_rates"], oracle.rates, strict=True):
        assert (row["mean"], row["sd"]) == pytest.approx((mean, sd), abs=OF_THE_GRID)
    assert result["borrowing"]["priors"]["tau"].startswith("HalfNormal")


def test_the_tails_of_the_prior_are_those_of_the_quadrature():
    """Four trials of 0 of 5: mean 0.0960, 97.5 % point 0.7709, and no effective size by ELIR."""
    law = integrate_rates(np.zeros(4), np.full(4, 5), MEAN, be.Prior("HalfNormal", sigma=2)).predicted
    assert law.mean == pytest.approx(0.0960, abs=5e-5)
    assert law.quantile(0.975) == pytest.approx(0.7709, abs=5e-5)
    assert np.isnan(BetaMixture((1.0,), (law,)).ess())
    fitted = fit_law(law)
    assert fitted.holds
    assert fitted.miss == largest_miss(fitted.mixture, law) <= 1e-3


def test_a_trial_without_patients_is_predicted_by_the_others():
    full = integrate_rates(np.array(AS_EVENTS), np.array(AS_TOTAL), MEAN, TAU)
    with_empty = integrate_rates(np.array([*AS_EVENTS, 0]), np.array([*AS_TOTAL, 0]), MEAN, TAU)
    assert with_empty.study(8).mean == pytest.approx(full.predicted.mean, abs=1e-9)
    assert with_empty.predicted.mean == pytest.approx(full.predicted.mean, abs=1e-9)


def test_a_prior_of_tau_that_rises_without_bound_is_integrated():
    """Gamma(0.001, 0.001): almost all of it says that there is no heterogeneity."""
    pooled = integrate_rates(np.array(AS_EVENTS), np.array(AS_TOTAL), MEAN, be.Prior("Gamma", alpha=0.001, beta=0.001))
    oracle = History(AS_EVENTS, AS_TOTAL, log_prior_mean, tau_with_a_pole(stats.gamma(0.001, scale=1000.0)))
    assert pooled.tau_summary(0.95)["median"] < 1e-4
    assert pooled.mean_rate.mean == pytest.approx(oracle.centre[0], abs=OF_THE_GRID)
    assert pooled.tau_weight @ pooled.tau == pytest.approx(oracle.tau[0], abs=OF_THE_GRID)
    for i, (mean, _) in enumerate(oracle.rates):
        assert pooled.study(i).mean == pytest.approx(mean, abs=OF_THE_GRID)


GRID = GridRate(np.arange(-25, 25, 0.02), np.exp(Beta(4.0, 9.0).log_density_logit(np.arange(-25, 25, 0.02))) * 0.02)


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
def test_contrasts_of_mixtures_are_those_of_their_components(scale):
    x, y = Beta(15.0, 10.0), Beta(4.0, 9.0)
    null = 0.0 if scale == "difference" else 1.0
    mixed = BetaMixture((0.3, 0.7), (Beta(2.0, 5.0), y))
    for threshold in (null, 0.15 if scale == "difference" else 1.7):
        expected = (
            0.3 * exceedance(x, Beta(2.0, 5.0), threshold, scale)[0] + 0.7 * exceedance(x, y, threshold, scale)[0]
        )
        assert float(RateContrast(x, mixed, scale).sf(threshold)) == pytest.approx(expected, abs=1e-11)
        for first, second in ((x, GRID), (GRID, x), (GRID, GRID)):
            same = [Beta(4.0, 9.0) if law is GRID else law for law in (first, second)]
            assert float(RateContrast(first, second, scale).sf(threshold)) == pytest.approx(
                exceedance(*same, threshold, scale)[0], abs=3e-7
            )
    single = RateContrast(x, BetaMixture((0.5, 0.5), (y, y)), scale)
    assert single.quantile(0.9) == pytest.approx(contrast_quantile(x, y, 0.9, scale), rel=1e-8)
    assert (single.mean, single.sd) == pytest.approx(contrast_mean_sd(x, y, scale), rel=1e-9)
    assert (RateContrast(x, GRID, scale).mean, RateContrast(x, GRID, scale).sd) == pytest.approx(
        contrast_mean_sd(x, y, scale), rel=1e-5
    )


def test_ranks_of_mixtures_are_those_of_their_components():
    betas = [Beta(15.0, 10.0), Beta(4.0, 9.0), Beta(6.0, 6.0)]
    expected = np.stack([p for p, _ in rank_distribution(betas, "higher")])
    mixed = [betas[0], GRID, BetaMixture((0.4, 0.6), (betas[2], betas[2]))]
    found = np.stack([p for p, _ in rank_rates(mixed, "higher")])
    assert found == pytest.approx(expected, abs=1e-7)
    assert found.sum(axis=0) == pytest.approx(np.ones(3), abs=1e-7)


def test_the_power_prior_is_normalised_and_informed_by_the_data():
    """Against two-dimensional quadrature of p(rate, power | data)."""
    k0, n0, k, n = 30, 100, 12, 20
    found = be.power_prior([10, 20], [40, 60], discount=Beta(1.0, 1.0)).update(k, n)

    def normaliser(d):
        return np.exp(Beta(1 + d * k0, 1 + d * (n0 - k0)).log_normaliser())

    def joint(rate, d):
        return rate ** (d * k0 + k) * (1 - rate) ** (d * (n0 - k0) + n - k) / normaliser(d)

    z = integrate.dblquad(joint, 0, 1, 0, 1, epsabs=1e-14)[0]
    mean = integrate.dblquad(lambda r, d: r * joint(r, d), 0, 1, 0, 1, epsabs=1e-14)[0] / z
    assert found.mean == pytest.approx(mean, rel=1e-7)
    with pytest.raises(be.AnalysisError, match="between 0 and n"):
        be.power_prior([5], [4])


def test_the_self_adapting_weight_grows_with_the_conflict(files):
    prior = BetaMixture((1.0,), (Beta(30.0, 70.0),))
    ratio = stats.binom.pmf(9, 20, 0.3) / max(stats.binom.pmf(9, 20, 0.45), stats.binom.pmf(9, 20, 0.15))
    assert be.sam_weight(prior, events=9, n=20, difference=0.15) == pytest.approx(1 / (1 + ratio), rel=1e-12)
    agreeing, opposed = (be.sam_weight(prior, events=k, n=20, difference=0.15) for k in (6, 13))
    assert agreeing < 0.3 < 0.9 < opposed
    result = be.to_result(be.fit_analysis(analysis(files, sam_difference=0.2)))
    primary = next(r for r in result["borrowing"]["answers"] if r["primary"])
    history = integrate_rates(np.array(AS_EVENTS), np.array(AS_TOTAL), MEAN, TAU).predicted.mean
    ratio = stats.binom.pmf(1, 6, history) / max(
        stats.binom.pmf(1, 6, history + 0.2), stats.binom.pmf(1, 6, history - 0.2)
    )
    assert primary["robust_weight"] == pytest.approx(1 / (1 + ratio), rel=1e-5)


def test_a_power_prior_by_name_in_an_analysis(files, monkeypatch):
    monkeypatch.setattr("bayes_escc.answers.borrowing._DISCOUNTS", 6)  # on both sides; how well 48 do is held above
    text = analysis(files, method="power", robust_weight=0.0)
    result = be.to_result(be.fit_analysis(text))
    assert result["borrowing"]["method"] == "power"
    prior = be.power_prior(AS_EVENTS, AS_TOTAL).update(1, 6)
    expected = sum(
        w * exceedance(Beta(15, 10), c, 0.0, "difference")[0]
        for w, c in zip(prior.weights, prior.components, strict=True)
    )
    assert result["comparisons"][0]["probability_better"] == pytest.approx(expected, abs=1e-9)


def test_moritas_size_is_that_of_a_beta():
    assert BetaMixture((0.5, 0.5), (Beta(7.0, 21.0), Beta(7.0, 21.0))).ess_morita() == pytest.approx(28.0, rel=1e-9)
    assert BetaMixture((1.0,), (GRID,)).ess_morita() == pytest.approx(13.0, rel=1e-2)


@pytest.mark.slow
def test_nuts_samples_the_same_borrowed_posterior(files, result):
    content = analysis(files).with_sampling(sampler="nuts", draws=500, tune=500)
    draws = be.fit_analysis(content).estimand("rate").sel(regimen="placebo").to_numpy()
    exact = next(r for r in result["estimates"] if r["regimen"] == "placebo")
    assert draws.mean() == pytest.approx(exact["mean"], abs=6 * exact["sd"] / np.sqrt(draws.size / 2) + 1e-3)


def test_the_forest_of_historical_rates_is_whole(fitted):
    from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut

    figure = be.plots.historical_rates(fitted)
    assert_nothing_is_cut(figure)
    assert_no_text_overlaps(figure)
    assert any("old 0: 23/107" in text.get_text() for text in figure.findobj() if hasattr(text, "get_text"))
