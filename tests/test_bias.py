"""Bias and tipping: exact laws and draws against brute force, against refits, and at the prompt."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.analysis.analysis import Analysis
from bayes_escc.cli.entry import main
from bayes_escc.evidence.population.between_trials import between_trials, log_odds_of_counts
from bayes_escc.evidence.population.bias import (
    Bias,
    CriticalBiasDraws,
    CriticalBiasOfMixture,
    CriticalBiasOfRates,
    biased_rate,
    critical_bias_of_rates,
    critical_bias_of_ratios,
    increasing_root,
    true_effect_weights,
)
from bayes_escc.evidence.population.confounder import (
    Confounder,
    bias_of_confounder,
    bounding_factor,
    e_value,
    needed_prevalence,
    needed_strength,
)
from bayes_escc.evidence.population.critical_laws import CriticalBiasOfLaw
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.hazard_laws import Gamma, HazardContrast, HazardLaw
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.probability.rate_contrasts import RateContrast
from bayes_escc.probability.rate_grid import GridRate
from bayes_escc.report.text import result_text
from bayes_escc.runs.prompt_counts import compare_counts
from tests.oracles import bias as oracle

PASSES = {
    "difference": lambda t: lambda x, y: x - y > t,
    "ratio": lambda t: lambda x, y: x / y > t,
    "odds_ratio": lambda t: lambda x, y: x / (1 - x) / (y / (1 - y)) > t,
}


@pytest.mark.parametrize(
    ("scale", "threshold", "better"),
    [
        ("difference", 0.0, "higher"),
        ("difference", 0.1, "higher"),
        ("difference", -0.1, "lower"),
        ("ratio", 1.2, "higher"),
        ("odds_ratio", 0.7, "lower"),
    ],
)
def test_biased_rates_agree_with_a_grid(scale, threshold, better):
    x, y = (13.0, 24.0), (11.0, 20.0)
    exact = CriticalBiasOfRates(Beta(*x), Beta(*y), threshold, scale, better == "higher")

    def by_grid(b):
        above = oracle.rates_given_bias(x, y, better, PASSES[scale](threshold), b)
        return above if better == "higher" else 1 - above

    # one cell of the grid is 0.012 wide, so a probability is off by at most its share of a density below 1
    for b in (-0.6, 0.0, 0.4):
        assert exact.probability_at(b)[0] == pytest.approx(by_grid(b), abs=6e-3)
    bias = Bias("log_odds", 0.1, 0.5)
    value, error = exact.averaged(bias)
    assert value == pytest.approx(oracle.averaged(lambda b: exact.probability_at(b)[0], 0.1, 0.5), abs=1e-9)
    assert error < 1e-9
    for level in (0.2, 0.8):
        assert exact.probability_at(exact.tipping(level))[0] == pytest.approx(level, abs=1e-8)


@pytest.mark.parametrize(("better", "threshold"), [("higher", 0.1), ("lower", -0.1)])
def test_draws_of_rates_agree_with_exact_laws(better, threshold):
    rng = np.random.default_rng(3)
    x, y = Beta(13, 24), Beta(4, 9)
    own, other = rng.beta(13, 24, (4, 5000)), rng.beta(4, 9, (4, 5000))
    exact = CriticalBiasOfRates(x, y, threshold, "difference", better == "higher")
    drawn = critical_bias_of_rates(own, other, threshold=threshold, scale="difference", better=better)
    for b in (-0.5, 0.0, 0.7):
        p, error = drawn.probability_at(b)
        assert abs(p - exact.probability_at(b)[0]) < 4 * error
        direct = biased_rate(own, b) - other
        assert p == np.mean(direct > threshold if better == "higher" else direct < threshold)
    bias = Bias("log_odds", 0.2, 0.5)
    p, error = drawn.averaged(bias)
    assert abs(p - exact.averaged(bias)[0]) < 4 * error
    shifted = drawn.with_reference_bias(0.4)
    assert abs(shifted.probability_at(0.1)[0] - exact.with_reference_bias(0.4).probability_at(0.1)[0]) < 0.02


def test_without_a_margin_only_the_difference_of_two_biases_counts():
    exact = CriticalBiasOfRates(Beta(13, 24), Beta(11, 20), 0.0, "difference", True)
    assert exact.with_reference_bias(0.3).probability_at(0.5)[0] == pytest.approx(
        exact.probability_at(0.2)[0], abs=1e-9
    )


def test_swapping_the_arms_turns_bias_and_probability():
    x, y = Beta(13, 24), Beta(11, 20)
    one = CriticalBiasOfRates(x, y, 0.0, "difference", True)
    other = CriticalBiasOfRates(y, x, 0.0, "difference", True)
    for b in (-0.5, 0.0, 0.9):
        assert one.probability_at(b)[0] == pytest.approx(1 - other.probability_at(-b)[0], abs=1e-10)
    assert one.averaged(Bias("log_odds", 0.2, 0.5))[0] == pytest.approx(
        1 - other.averaged(Bias("log_odds", -0.2, 0.5))[0], abs=1e-10
    )


def test_a_pooled_effect_is_averaged_in_closed_form():
    law = NormalMixture(np.array([0.3, 0.7]), np.array([-0.4, -0.1]), np.array([0.2, 0.3]))
    critical = CriticalBiasOfMixture(law, better_below=False)
    bias = Bias("log_hazard", -0.05, 0.35)
    expected = oracle.averaged(lambda b: critical.probability_at(b)[0], -0.05, 0.35)
    assert critical.averaged(bias)[0] == pytest.approx(expected, abs=1e-9)
    assert critical.averaged(bias.with_sd(0.0))[0] == critical.probability_at(-0.05)[0]
    # better where the hazard ratio less its bias is below 1
    assert critical.probability_at(0.2)[0] == pytest.approx(
        0.3 * stats.norm.cdf(0.6 / 0.2) + 0.7 * stats.norm.cdf(0.3 / 0.3)
    )


def test_a_shift_of_draws_is_a_refit_with_an_offset():
    """Under a prior on the true effect the draws are weighted; the refit is conjugate."""
    rng = np.random.default_rng(8)
    estimate, error, prior_sd = -0.5, 0.25, 0.5
    mean, sd = oracle.normal_posterior_with_offset(estimate, error, prior_sd, 0.0)
    observed = rng.normal(mean, sd, 40_000)  # the prior stated on the effect as observed
    for bias in (-0.3, 0.2):
        weights, pareto_k = true_effect_weights(observed, lambda v: -0.5 * (v / prior_sd) ** 2, bias)
        refit = oracle.normal_posterior_with_offset(estimate, error, prior_sd, bias)
        true = observed - bias
        assert pareto_k < 0.5
        size = 1.0 / (weights**2).sum()
        assert abs(weights @ true - refit[0]) < 4 * refit[1] / math.sqrt(size)
        assert abs(weights @ (true < 0) - stats.norm.cdf(-refit[0] / refit[1])) < 4 * 0.5 / math.sqrt(size)


@pytest.mark.parametrize(("scale", "threshold"), [("difference", 0.0), ("difference", 0.1), ("odds_ratio", 1.3)])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_rates_of_every_kind_of_law_shift_alike(scale, threshold, better):
    x, y = Beta(13.0, 24.0), Beta(11.0, 20.0)
    exact = CriticalBiasOfRates(x, y, threshold, scale, better == "higher")
    u = np.linspace(-9.0, 9.0, 4001)
    on_grid = np.exp(x.log_density_logit(u))
    kinds = (x, BetaMixture((0.4, 0.6), (x, x)), GridRate(u, on_grid / on_grid.sum()))
    for kind in kinds:
        one = CriticalBiasOfLaw(RateContrast(kind, y, scale), threshold, better)
        close = {"abs": 1e-7}
        for b in (-0.6, 0.0, 0.4):
            assert one.probability_at(b)[0] == pytest.approx(exact.probability_at(b)[0], **close)
        assert one.averaged(Bias("log_odds", 0.1, 0.5))[0] == pytest.approx(
            exact.averaged(Bias("log_odds", 0.1, 0.5))[0], **close
        )
        assert one.tipping(0.6) == pytest.approx(exact.tipping(0.6), abs=1e-5)
        assert one.contrast_at(0.3, 0.2) == pytest.approx(exact.contrast_at(0.3, 0.2), abs=1e-6)
        taken, expected = one.with_reference_bias(0.2), exact.with_reference_bias(0.2)
        assert taken.probability_at(0.5)[0] == pytest.approx(expected.probability_at(0.5)[0], **close)


@pytest.mark.parametrize(
    ("what", "scale", "threshold", "better"),
    [
        ("hazard", "ratio", 1.0, "lower"),
        ("hazard", "ratio", 0.8, "lower"),
        ("median", "ratio", 1.2, "higher"),
        ("survival", "difference", 0.05, "higher"),
        ("rmst", "difference", 0.5, "higher"),
        ("rmst", "difference", -0.5, "lower"),
    ],
)
def test_biased_hazards_agree_with_draws(what, scale, threshold, better):
    own, other = (HazardLaw(Gamma(shape, rate), what, 6.0) for shape, rate in ((21.0, 190.0), (16.0, 120.0)))
    critical = CriticalBiasOfLaw(HazardContrast(own, other, scale), threshold, better)
    rng, size = np.random.default_rng(11), 400_000
    hazards = rng.gamma(21.0, 1 / 190.0, size), rng.gamma(16.0, 1 / 120.0, size)

    def better_by_draws(bias, taken=0.0):
        value, against = (
            {"hazard": h, "median": np.log(2) / h, "survival": np.exp(-6 * h), "rmst": -np.expm1(-6 * h) / h}[what]
            for h in (hazards[0] * np.exp(-bias), hazards[1] * np.exp(-taken))
        )
        contrast = value - against if scale == "difference" else value / against
        return np.mean(contrast > threshold if better == "higher" else contrast < threshold)

    for b in (-0.4, 0.0, 0.5):
        assert critical.probability_at(b)[0] == pytest.approx(better_by_draws(b), abs=4 * 0.5 / math.sqrt(size))
    assert critical.with_reference_bias(0.3).probability_at(0.1)[0] == pytest.approx(
        better_by_draws(0.1, 0.3), abs=4 * 0.5 / math.sqrt(size)
    )
    drawn = better_by_draws(rng.normal(0.1, 0.35, size))
    value, error = critical.averaged(Bias("log_hazard", 0.1, 0.35))
    assert value == pytest.approx(drawn, abs=4 * 0.5 / math.sqrt(size))
    assert error < 1e-8
    assert critical.probability_at(critical.tipping(0.7))[0] == pytest.approx(0.7, abs=1e-7)
    assert critical.contrast_at(0.0, 0.3) == HazardContrast(own, other, scale).quantile(0.3)


@pytest.mark.parametrize(
    "priors",
    [
        {"prior": "log_odds=Normal(-1, 0.5)"},
        {"contrast_prior": "log_odds_ratio=Normal(0, 1)"},
        {"contrast_prior": "log_odds_ratio=Normal(0, 1)", "against_reference": True},
    ],
)
@pytest.mark.parametrize(("scale", "margin"), [("difference", 0.1), ("odds_ratio", 1.2)])
def test_a_probability_without_bias_is_that_of_the_comparison_whatever_the_prior(priors, scale, margin):
    two, three = ("A=10/29", "B=12/35"), ("A=10/29", "B=12/35", "C=5/20")
    for arms in (two,) if scale == "odds_ratio" and "against_reference" in priors else (two, three):  # which takes long
        result = compare_counts(arms, scale=scale, margin=margin, **priors)
        for row, bias in zip(result["comparisons"], result["bias"], strict=True):
            plain, *_, half, most = bias["averaged"]
            for key in ("probability_better", "probability_better_by_margin"):
                assert plain[key] == pytest.approx(row[key], abs=1e-12)
            assert half["probability_better"] == row["probability_better_with_bias"]
            assert half["mcse_probability"] < 1e-6
            assert f"{row['probability_better']:.3f} without" in bias["sentences"][0]
            assert abs(most["probability_better"] - 0.5) < abs(plain["probability_better"] - 0.5)


def test_a_probability_of_constant_hazards_without_bias_is_that_of_the_comparison():
    content = {
        "id": "pfs",
        "data": {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": {"hazard": {"distribution": "Gamma", "alpha": 1, "beta": 6}},
        "comparisons": [
            {"estimand": "rmst", "margin": 0.5},
            {"estimand": "hazard_ratio", "margin": 0.8},
            {"estimand": "median", "margin": 1.0},
        ],
    }
    frame = be.load_dataset("second_line_pfs_synthetic").frame
    columns = ["patient_id", "regimen", "time", "event"]
    analysis = be.Analysis.from_dict(content)
    posterior = be.fit_analysis(analysis, analysis.data.read(frame[columns]))
    assert posterior.sampler == "exact"
    result = be.to_result(posterior)
    for row, bias in zip(result["comparisons"], result["bias"], strict=True):
        for key in ("probability_better", "probability_better_by_margin"):
            assert bias["averaged"][0][key] == pytest.approx(row[key], abs=1e-12)
        (one,) = (t for t in be.tipping(posterior) if (t.estimand, t.time) == (row["estimand"], row["time"]))
        assert one.course([0.0])[0]["median"] == pytest.approx(row["median"], rel=1e-9)


def test_critical_values_may_be_infinite():
    draws = CriticalBiasDraws(np.array([[np.inf, np.inf, 0.1, -np.inf]]))
    assert draws.tipping(0.6) == 0.1
    assert draws.tipping(0.01) is None
    value, _ = draws.averaged(Bias("log_odds", 0.1, 0.5))
    assert value == pytest.approx((2 + 0.5) / 4)


def test_roots_of_many_increasing_functions():
    at = np.array([-3.0, 0.0, 2.5, 40.0, -40.0])
    found = increasing_root(lambda b: np.tanh(b - at) + 0.01 * (b - at), 5, 12.0)
    assert found[:3] == pytest.approx(at[:3], abs=1e-8)
    assert found[3] == np.inf
    assert found[4] == -np.inf


def test_confounders_against_a_table_of_patients():
    confounder = Confounder(2.5, 0.6, 0.3)
    risk = 0.1
    arms = [risk * (p * 2.5 + (1 - p)) for p in (0.6, 0.3)]
    bias = bias_of_confounder(confounder)
    assert bias == pytest.approx(math.log(arms[0] / arms[1]))
    assert needed_prevalence(bias, 2.5, 0.3) == pytest.approx(0.6)
    assert needed_strength(bias, 0.6, 0.3) == pytest.approx(2.5)
    assert needed_prevalence(2.0, 2.5, 0.3) is None
    assert needed_strength(2.0, 0.6, 0.3) is None
    with pytest.raises(be.AnalysisError, match="prevalence"):
        Confounder(2.0, 1.3, 0.2)


def test_e_values():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 has the E-value 7.26; an odds ratio counts by its square root
    assert e_value(2 * math.log(3.9), "log_odds") == pytest.approx(7.26, abs=0.005)
    assert e_value(0.0, "log_hazard") == 1.0
    assert e_value(-0.4, "log_hazard") == pytest.approx(e_value(0.4, "log_hazard"))
    # a factor whose two associations are both the E-value fakes exactly the risk ratio
    e = e_value(2 * math.log(1.8), "log_odds")
    assert bounding_factor(e, e) == pytest.approx(1.8)


def test_critical_bias_of_ratios_is_the_log_ratio():
    rng = np.random.default_rng(0)
    ratio = np.exp(rng.normal(-0.3, 0.2, (2, 500)))
    critical = critical_bias_of_ratios(ratio, np.ones_like(ratio), threshold=0.9, better="lower")
    assert critical.probability_at(0.1)[0] == np.mean(ratio * math.exp(-0.1) < 0.9)


def test_default_sds_come_from_the_bundled_trials():
    """Arms of one class of regimens in different second-line trials, as docs/population.md shows."""
    frame = be.load_dataset("pd1_trials_counts").frame
    chosen = frame[(frame["line"] == "second") & (frame["endpoint"] == "ORR") & (frame["population"] == "all")]
    spread = {}
    for arm in ("experimental", "control"):
        rows = chosen[chosen["arm"] == arm]
        spread[arm] = between_trials(*log_odds_of_counts(rows["events"].astype(int), rows["n"].astype(int)))
    low, high = spread["experimental"].bias_sd[0], spread["control"].bias_sd[0]
    assert low < 0.5 < high
    with pytest.raises(be.DataError, match="at least two"):
        between_trials([0.1], [0.2])


def test_between_trials_against_a_simulated_spread():
    rng = np.random.default_rng(5)
    errors = np.full(400, 0.2)
    found = between_trials(rng.normal(0, np.hypot(0.5, errors)), errors)
    assert found.lower < 0.5 < found.upper


def test_two_cohorts_at_the_prompt(capsys):
    assert main(["compare", "A=10/29", "B=12/35", "--margin", "0.1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    (row,), (bias,) = result["comparisons"], result["bias"]
    assert row["bias_sd"] == 0.5
    assert row["probability_better"] == pytest.approx(0.48964, abs=5e-6)
    assert [a["bias_sd"] for a in bias["averaged"]] == [0.0, 0.25, 0.5, 1.0]
    assert bias["averaged"][2]["probability_better"] == row["probability_better_with_bias"]
    assert bias["averaged"][0]["probability_better"] == pytest.approx(row["probability_better"], abs=1e-10)
    half = next(t for t in bias["tipping"] if t["level"] == 0.5 and t["margin"] is None)
    exact = CriticalBiasOfRates(Beta(13, 24), Beta(11, 20), 0.0, "difference", True)
    assert exact.probability_at(half["bias"])[0] == pytest.approx(0.5, abs=1e-9)
    assert main(["compare", "A=10/29", "B=12/35"]) == 0
    text = capsys.readouterr().out
    assert "tips at 0.5" in text
    assert "E-value" in text
    assert "doubles the odds" in text
    assert main(["compare", "A=10/29", "B=12/35", "--bias-sd", "0", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "bias" not in result
    assert result["comparisons"][0]["probability_better_with_bias"] == pytest.approx(row["probability_better"])
    assert main(["compare", "A=10/29", "B=12/35", "--bias-sd", "-1", "--level", "1.5"]) == 2
    said = capsys.readouterr().err
    assert "bias-sd" in said
    assert "level" in said


def test_the_command_and_the_function_agree(capsys, tmp_path):
    command = ["tipping", "A=10/29", "B=16/35", "--level", "0.8", "--margin", "0.1", "--json", "--out", str(tmp_path)]
    assert main(command) == 0
    (row,) = json.loads(capsys.readouterr().out)["bias"]
    (one,) = be.tipping({"A": (10, 29), "B": (16, 35)}, margin=0.1)
    assert row["tipping"][0]["bias"] == one.point(0.8)
    assert one.probability(one.point(0.8, by_margin=True), by_margin=True) == pytest.approx(0.8, abs=1e-9)
    assert (tmp_path / "tipping.png").is_file()
    # the contrast that is left has its median at the null exactly where the probability is a half
    assert one.contrast(one.point(0.5), 0.5) == pytest.approx(0.0, abs=1e-9)
    surface = one.surface([-0.5, 0.0, 0.5], [0.0, 0.5])
    assert surface[0, 1] == pytest.approx(one.probability(0.0))
    assert surface[1, 2] == pytest.approx(surface[0, 1], abs=1e-9)
    assert main(["tipping", "A=10/29", "second_line_response"]) == 2
    assert "NAME=EVENTS/N" in capsys.readouterr().err
    with pytest.raises(be.AnalysisError, match="level"):
        one.point(1.2)


def test_an_unanchored_analysis_is_headed_by_the_averaged_probability():
    posterior = be.fit_analysis(be.find_analysis("second_line_response"))
    result = be.to_result(posterior)
    (row,) = result["comparisons"]
    assert (row["bias_scale"], row["bias_sd"]) == ("log_odds", 0.5)
    (prompt,) = be.tipping({"A": (10, 29), "B": (12, 35)}, margin=0.1)
    assert row["probability_better_with_bias"] == pytest.approx(prompt.averaged()[0], abs=1e-9)
    assert len(result["bias"]) == 1
    text = result_text(result)
    assert text.index("allowing for bias") < text.index("without")
    (stated,) = be.tipping(posterior, bias_sd=1.0)
    assert stated.averaged()[0] == pytest.approx(prompt.averaged(1.0)[0], abs=1e-9)


def test_randomised_contrasts_carry_no_bias_unless_it_is_stated():
    posterior = be.fit_analysis(be.find_analysis("anlotinib_randomised_response"))
    result = be.to_result(posterior)
    assert "bias" not in result
    for row in result["comparisons"]:
        assert row["bias_sd"] == 0.0
        assert row["probability_better_with_bias"] == pytest.approx(row["probability_better"], abs=1e-9)


def _with_bias(**table):
    content = json.loads(be.find_analysis("second_line_response").content)
    return Analysis.from_dict({**content, "bias": table})


def test_bias_is_stated_by_arm_or_for_all():
    analysis = _with_bias(sd=0.2, mean=0.1, rationale="Same ward, same years.")
    row = be.to_result(be.fit_analysis(analysis))["comparisons"][0]
    assert (row["bias_mean"], row["bias_sd"]) == (0.1, 0.2)
    arms = {
        "toripalimab + anlotinib": {"sd": 0.3, "mean": 0.2, "scale": "log_odds"},
        "Luoyang cohort 1": {"sd": 0.4, "mean": -0.1},
    }
    row = be.to_result(be.fit_analysis(_with_bias(**arms)))["comparisons"][0]
    assert row["bias_mean"] == pytest.approx(0.3)
    assert row["bias_sd"] == pytest.approx(0.5)
    with pytest.raises(be.AnalysisError) as refused:
        _with_bias(sd=-1, skale="log_odds")
    assert "bias.sd" in str(refused.value)
    assert "skale" in str(refused.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"Toripalimab + anlotinib": {"sd": 0.3}}, "is neither a regimen nor a study here"),
        ({"nobody": {"sd": 0.3}}, "Luoyang cohort 1"),
        ({"sd": 0.3, "scale": "log_hazard"}, 'bias.scale: a bias is on "log_odds" here, not on "log_hazard"'),
        ({"Luoyang cohort 1": {"sd": 0.3, "scale": "log_hazard"}}, 'a bias is on "log_odds" here'),
    ],
)
def test_a_bias_that_would_shift_nothing_is_refused(table, said):
    """It was left aside without a word, and the default took its place."""
    with pytest.raises(be.AnalysisError, match="does not fit its data: 1 problem") as refused:
        be.fit_analysis(_with_bias(**table))
    assert said in str(refused.value)


def test_a_bias_of_what_cannot_be_shifted_is_refused(tmp_path):
    row = "study,experimental,control,endpoint,measure,estimate,se\nA,x,c,QoL,MD,3,1\nB,x,c,QoL,MD,4,1\n"
    (tmp_path / "e.csv").write_text(row)
    priors = {
        "effect": {"distribution": "Normal", "mu": 0, "sigma": 30},
        "tau": {"distribution": "HalfNormal", "sigma": 3},
    }
    content = {"id": "a", "data": {"kind": "effects", "file": "e.csv"}, "model": {"family": "synthesis"}}
    analysis = Analysis.from_dict({**content, "priors": priors, "bias": {"sd": 0.3}}, folder=tmp_path)
    with pytest.raises(be.AnalysisError, match="nothing is estimated here that a bias"):
        be.fit_analysis(analysis)


MEDIANS = """study,regimen,n,median,events
one,A,40,4.0,36
two,B,50,5.5,41
"""


def test_medians_shift_as_constant_hazards_do(tmp_path):
    path = tmp_path / "medians.csv"
    path.write_text(MEDIANS, encoding="utf-8")
    content = {
        "id": "medians",
        "data": {"kind": "medians", "file": "medians.csv", "time_unit": "months"},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "comparisons": [{"estimand": "median", "reference": "A", "margin": 1.0}],
    }
    posterior = be.fit_analysis(Analysis.from_dict(content, folder=tmp_path))
    own, other = (posterior.estimand("median").sel(regimen=r).to_numpy() for r in ("B", "A"))
    (one,) = be.tipping(posterior)
    for b in (-0.3, 0.0, 0.4):
        assert one.probability(b) == np.mean(own * math.exp(b) > other)
        assert one.probability(b, by_margin=True) == np.mean(own * math.exp(b) > other + 1.0)
    loaded = be.Posterior.load(posterior.save(tmp_path / "posterior.nc"))
    (again,) = be.tipping(loaded)  # its table is not where this process stands; the critical biases are in the file
    assert again.averaged(by_margin=True) == one.averaged(by_margin=True)


def survival_analysis(tmp_path, baseline="weibull"):
    table = be.load_dataset("second_line_pfs_synthetic").frame
    table.to_csv(tmp_path / "patients.csv", index=False)
    content = {
        "id": "pfs",
        "data": {
            "kind": "patients",
            "file": "patients.csv",
            "time": "time",
            "event": "event",
            "time_unit": "months",
        },
        "model": {"family": "survival", "baseline": baseline, "covariates": ["liver_metastasis"]},
        "estimands": {"times": [6], "horizons": [12]},
        "comparisons": [
            {"estimand": "rmst", "reference": "toripalimab + chemotherapy", "margin": 0.5},
            {"estimand": "survival", "reference": "toripalimab + chemotherapy", "margin": 0.1},
            {"estimand": "median", "reference": "toripalimab + chemotherapy", "margin": 1.0},
            {"estimand": "hazard_ratio", "reference": "toripalimab + chemotherapy", "scale": "ratio", "margin": 0.8},
        ],
        "sampling": {"sampler": "laplace", "draws": 500, "chains": 2, "seed": 4},
    }
    return Analysis.from_dict(content, folder=tmp_path)


@pytest.fixture(scope="module")
def survival(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survival")
    return be.fit_analysis(survival_analysis(folder))


def test_survival_estimands_shift_with_the_curves(survival):
    found = {t.estimand: t for t in be.tipping(survival)}
    assert set(found) == {"rmst", "survival", "median", "hazard_ratio"}
    ratio = found["hazard_ratio"]
    for name, one in found.items():
        # longer survival under proportional hazards is a hazard ratio below 1, at every bias
        for b in (-0.3, 0.0, 0.25):
            assert one.probability(b) == pytest.approx(ratio.probability(b), abs=1e-9), name
        assert one.averaged()[0] == pytest.approx(ratio.averaged()[0], abs=1e-6)
        # what is left of the contrast at the tipping point of a margin has its median at the margin
        point = one.point(0.5, by_margin=True)
        assert one.contrast(point, 0.5) == pytest.approx(one.margin, abs=2e-3)
    assert found["rmst"].anchoring == "unanchored, not randomised"
    (liver,) = found["rmst"].covariates
    patients = be.load_dataset("second_line_pfs_synthetic").frame
    shares = patients["liver_metastasis"].astype(float).groupby(patients["regimen"]).mean()
    difference = shares["toripalimab + anlotinib"] - shares["toripalimab + chemotherapy"]
    coefficient = float(np.median(survival.estimand("coefficient")))
    assert (liver.name, liver.words) == ("liver_metastasis", "liver metastasis")
    assert (liver.effect, liver.difference) == pytest.approx((coefficient, difference))
    assert liver.bias == pytest.approx(coefficient * difference)
    rows = be.to_result(survival)["comparisons"]
    assert all(r["bias_scale"] == "log_hazard" and r["bias_sd"] == 0.35 for r in rows)
    assert all(r["probability_better_by_margin_with_bias"] is not None for r in rows)


def test_a_covariate_that_accounts_for_nearly_nothing_has_no_sign(survival):
    one = be.tipping(survival)[0]
    (liver,) = one.covariates
    said = " ".join(replace(one, covariates=(replace(liver, bias=-0.001),)).sentences())
    assert "accounts for +0.00 on" in said
    assert "-0.00" not in said


def test_another_margin_needs_no_refit(survival, tmp_path):
    path = survival.save(tmp_path / "posterior.nc")
    loaded = be.Posterior.load(path)
    stored = {t.estimand: t for t in be.tipping(loaded)}
    for one in be.tipping(survival):
        assert stored[one.estimand].averaged(by_margin=True) == one.averaged(by_margin=True)
    (other,) = be.tipping(survival, estimand="rmst", margin=0.0)
    assert other.averaged(by_margin=True)[0] == pytest.approx(other.averaged()[0], abs=1e-9)
