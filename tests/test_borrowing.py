"""Historical rates as a prior: mixtures, their size in patients, and updating them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.answers.borrowed_history import borrowing_of
from bayes_escc.cli import main
from bayes_escc.probability.beta import Beta, exceedance
from bayes_escc.probability.mixture_fit import fit_beta_mixture
from bayes_escc.probability.rate_hierarchy import integrate_rates
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut
from tests.helpers.synthesis import AS_EVENTS, AS_TOTAL
from tests.oracles.quadrature import binomial_hierarchy, new_study_rate

MIXTURE = be.BetaMixture((0.6, 0.4), (Beta(8.0, 20.0), Beta(3.0, 4.0)))


def density(mixture):
    return lambda x: sum(
        w * stats.beta.pdf(x, c.alpha, c.beta) for w, c in zip(mixture.weights, mixture.components, strict=True)
    )


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 5.0), (11.0, 30.0), (90.0, 210.0)])
def test_the_size_of_one_beta_is_the_sum_of_its_parameters(alpha, beta):
    single = be.BetaMixture((1.0,), (Beta(alpha, beta),))
    assert single.ess() == pytest.approx(alpha + beta, rel=1e-6)
    assert single.ess_moment() == pytest.approx(alpha + beta, rel=1e-10)


def test_the_size_of_a_mixture_is_predictively_consistent():
    """Neuenschwander et al. 2020: n new patients add n to the expected ELIR."""
    n = 15
    weights = [
        integrate.quad(lambda x, k=k: density(MIXTURE)(x) * stats.binom.pmf(k, n, x), 0, 1)[0] for k in range(n + 1)
    ]
    expected = sum(w * MIXTURE.update(k, n).ess() for k, w in enumerate(weights))
    assert expected - n == pytest.approx(MIXTURE.ess(), rel=1e-5)


def test_updating_is_bayes_theorem():
    after = MIXTURE.update(9, 21)
    prior = density(MIXTURE)
    z = integrate.quad(lambda x: prior(x) * stats.binom.pmf(9, 21, x), 0, 1, epsabs=1e-13)[0]
    for x in (0.2, 0.4, 0.6):
        assert density(after)(x) == pytest.approx(prior(x) * stats.binom.pmf(9, 21, x) / z, rel=1e-9)
    mean = integrate.quad(lambda x: x * prior(x) * stats.binom.pmf(9, 21, x), 0, 1, epsabs=1e-13)[0] / z
    assert after.mean == pytest.approx(mean, rel=1e-9)
    assert float(after.cdf(after.quantile(0.3))) == pytest.approx(0.3, abs=1e-10)


def test_expectation_maximisation_finds_the_mixture_it_was_given():
    rng = np.random.default_rng(3)
    draws = np.concatenate([rng.beta(8, 20, 12000), rng.beta(30, 10, 8000)])
    fitted = fit_beta_mixture(draws, 2)
    low = int(np.argmin([c.mean for c in fitted.components]))
    assert fitted.weights[low] == pytest.approx(0.6, abs=4 * np.sqrt(0.24 / 20000))
    assert fitted.components[low].mean == pytest.approx(8 / 28, abs=0.005)
    single = fit_beta_mixture(rng.beta(5, 9, 20000), 1).components[0]
    assert single.mean == pytest.approx(5 / 14, abs=0.004)
    assert single.alpha + single.beta == pytest.approx(14, rel=0.05)


@pytest.fixture(scope="module")
def spondylitis_prior(over_studies):
    return be.map_prior(over_studies)


def test_the_map_prior_is_the_predictive_distribution(spondylitis_prior):
    """Baeten et al. 2013, eight historical controls: against quadrature over mean and spread."""
    expected = binomial_hierarchy(
        AS_EVENTS, AS_TOTAL, lambda mu: stats.norm(0, 2).logpdf(mu), lambda tau: stats.halfnorm(scale=1).logpdf(tau)
    )["predicted"]
    mean, sd = np.ravel(expected)[:2]
    assert spondylitis_prior.mean == pytest.approx(mean, abs=4 * sd / np.sqrt(2000))
    assert spondylitis_prior.sd == pytest.approx(sd, rel=0.08)
    assert sum(AS_TOTAL) > 5 * spondylitis_prior.ess() > 50  # 513 patients borrow far fewer


def test_a_vague_component_lets_the_data_speak(spondylitis_prior):
    """RBesT's example: 15 of 24 would contradict the historical 25 %."""
    full = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=0.0)
    robust = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=0.2)
    none = be.borrow(spondylitis_prior, events=15, n=24, robust_weight=1.0)
    assert full.posterior.mean < robust.posterior.mean < none.posterior.mean
    assert none.posterior.mean == pytest.approx(none.alone.mean)
    assert robust.weight_after > 0.6 > robust.robust_weight
    agreeing = be.borrow(spondylitis_prior, events=6, n=24, robust_weight=0.2)
    assert agreeing.weight_after < 0.2
    table = agreeing.table.set_index("rate")
    widths = table["upper"] - table["lower"]
    assert widths["with borrowing"] < widths["without"]
    assert agreeing.patients_borrowed < spondylitis_prior.ess()


def test_what_cannot_be_borrowed_is_refused(exact, spondylitis_prior):
    with pytest.raises(be.AnalysisError, match="pooled over studies"):
        be.map_prior(exact)
    with pytest.raises(be.AnalysisError, match="between 0 and 1"):
        be.borrow(spondylitis_prior, events=1, n=5, robust_weight=1.5)
    with pytest.raises(be.AnalysisError, match="between 0 and n"):
        be.borrow(spondylitis_prior, events=6, n=5)


# What RBesT 1.9 prints for the same data (vignette "Getting started with RBesT (binary)"): the mixture, its
# summary, the effective sample sizes, and the final probability of the trial's analysis.
RBEST = be.BetaMixture(
    (0.4612914, 0.1917812, 0.1893896, 0.1575378),
    (
        Beta(33.9513487, 103.0146367),
        Beta(19.4400089, 41.5205219),
        Beta(12.2692310, 55.9202833),
        Beta(2.2521243, 5.4812202),
    ),
)


def test_the_sizes_are_those_rbest_prints():
    assert round(RBEST.ess()) == 38
    assert round(RBEST.ess_moment()) == 24
    assert round(RBEST.robust(0.2).ess()) == 27
    assert RBEST.mean == pytest.approx(0.25545885, abs=1e-8)
    assert RBEST.sd == pytest.approx(0.08662045, abs=1e-8)
    # its quantiles are found to a few hundred-thousandths only
    assert [RBEST.quantile(q) for q in (0.025, 0.5, 0.975)] == pytest.approx([0.107304, 0.247588, 0.462768], abs=5e-5)


def test_the_final_analysis_is_the_one_rbest_prints():
    placebo = be.borrow(RBEST, events=1, n=6, robust_weight=0.2).posterior
    treated = Beta(0.5 + 14, 1 + 10)
    p = sum(
        w * exceedance(treated, c, 0.0, "difference")[0]
        for w, c in zip(placebo.weights, placebo.components, strict=True)
    )
    assert p == pytest.approx(0.9917197, abs=1e-6)


AS_PRIORS = {"logit_mean": be.Prior("Normal", mu=0, sigma=2), "tau": be.Prior("HalfNormal", sigma=1)}


@pytest.mark.parametrize(
    ("events", "total"), [(AS_EVENTS, AS_TOTAL), ([0, 3], [9, 40]), ([33, 41, 46, 52], [171, 314, 228, 256])]
)
def test_the_predictive_distribution_is_that_of_direct_quadrature(events, total):
    law = integrate_rates(np.array(events), np.array(total), *AS_PRIORS.values()).predicted
    expected = new_study_rate(events, total, stats.norm(0, 2).logpdf, stats.halfnorm(scale=1).logpdf)
    assert (law.mean, law.sd) == pytest.approx(expected, abs=1e-5)


def test_a_table_of_counts_gives_the_same_prior_as_rbest(spondylitis):
    prior = be.map_prior(be.read_counts(spondylitis), **AS_PRIORS)
    assert prior.mean == pytest.approx(RBEST.mean, abs=0.005)
    assert prior.sd == pytest.approx(RBEST.sd, abs=0.005)
    assert prior.ess() == pytest.approx(RBEST.ess(), rel=0.05)  # RBesT fits its mixture to 4000 draws
    assert prior.ess_moment() == pytest.approx(RBEST.ess_moment(), rel=0.05)
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        assert prior.quantile(q) == pytest.approx(RBEST.quantile(q), abs=0.01)


def test_priors_the_grid_cannot_hold_are_refused(spondylitis):
    with pytest.raises(be.AnalysisError, match="narrower"):
        be.map_prior(be.read_counts(spondylitis.iloc[:1]), tau=be.Prior("HalfCauchy", beta=5))
    with pytest.raises(be.AnalysisError, match="one endpoint"):
        be.map_prior(be.load_dataset("second_line_cohorts"))


def test_a_count_in_conflict_with_the_history_is_improbable():
    n = 24
    pmf = [integrate.quad(lambda x, k=k: density(RBEST)(x) * stats.binom.pmf(k, n, x), 0, 1)[0] for k in range(n + 1)]
    for k in (6, 15):
        found = be.borrow(RBEST, events=k, n=n)
        assert found.conflict == pytest.approx(sum(p for p in pmf if p <= pmf[k] * (1 + 1e-9)), rel=1e-6)
    assert be.borrow(RBEST, events=15, n=n).conflict < 0.02 < 0.5 < be.borrow(RBEST, events=6, n=n).conflict


def test_a_mixture_with_jeffreys_component_has_no_elir():
    assert np.isnan(MIXTURE.robust(0.2, Beta(0.5, 0.5)).ess())
    assert be.BetaMixture((1.0,), (Beta(1.0, 1.0),)).ess() == 2.0


@pytest.fixture(scope="module")
def borrowing():
    return be.fit_analysis(be.find_analysis("second_line_borrowing"))


def test_an_analysis_that_borrows_answers_with_and_without(borrowing):
    result = be.to_result(borrowing)
    found = result["borrowing"]
    assert [h["study"] for h in found["historical"]] == ["ATTRACTION-3", "KEYNOTE-181", "ESCORT", "RATIONALE-302"]
    assert sum(h["n"] for h in found["historical"]) == 171 + 198 + 228 + 256
    estimates = {r["regimen"]: r for r in result["estimates"] if r["estimand"] == "rate"}
    for r in found["answers"]:
        if r["primary"]:
            for key in ("mean", "sd", "median", "lower", "upper"):
                assert r[key] == pytest.approx(estimates[r["regimen"]][key], rel=1e-9)
    one = [r for r in found["answers"] if r["regimen"] == "toripalimab + chemotherapy"]
    assert [r["robust_weight"] for r in one] == [0.0, 0.1, 0.2, 0.5, 0.8, 1.0]
    assert [r["primary"] for r in one] == [False, False, False, True, False, False]
    assert sorted(r["mean"] for r in one) == [r["mean"] for r in one]  # the cohort lies above the history
    assert sorted((r["ess_elir"] for r in one), reverse=True) == [r["ess_elir"] for r in one]


def test_the_answer_is_bayes_theorem_on_the_exact_prior(borrowing):
    """The answer uses the quadrature itself, not a mixture fitted to it."""
    law = integrate_rates(
        np.array([33, 33, 46, 52]),
        np.array([171, 198, 228, 256]),
        be.Prior("Normal", mu=0, sigma=2),
        be.Prior("HalfNormal", sigma=0.5),
    ).predicted
    rate, weight = law.rates, law.weight
    for regimen, k, n in (("toripalimab + chemotherapy", 10, 29), ("toripalimab + anlotinib", 12, 35)):
        like = stats.binom.pmf(k, n, rate)
        full = weight @ (like * rate) / (weight @ like)
        evidence, vague = weight @ like, 1 / (n + 1)
        for b in borrowing_of(borrowing)[regimen]:
            w = b.robust_weight
            after = w * vague / (w * vague + (1 - w) * evidence)
            assert b.weight_after == pytest.approx(after, abs=1e-9)
            assert b.posterior.mean == pytest.approx(after * (k + 1) / (n + 2) + (1 - after) * full, abs=1e-9)


def test_borrowing_survives_its_file_and_nuts(borrowing, tmp_path):
    saved = be.Posterior.load(borrowing.save(tmp_path / "b.nc"))
    assert be.to_result(saved)["borrowing"] == be.to_result(borrowing)["borrowing"]


def test_the_figure_of_borrowing_is_whole(borrowing):

    figure = be.plots.borrowing(borrowing)
    assert_nothing_is_cut(figure)
    assert_no_text_overlaps(figure)


def test_borrowing_from_own_files_by_the_command_line(tmp_path, capsys):
    rows = {
        "study": ["past 1", "past 2", "past 3"],
        "regimen": "drug",
        "endpoint": "ORR",
        "events": [4, 9, 7],
        "n": [30, 41, 38],
    }
    pd.DataFrame(rows).to_csv(tmp_path / "past.csv", index=False)
    pd.DataFrame({"study": ["ours"], "regimen": ["drug"], "endpoint": ["ORR"], "events": [6], "n": [25]}).to_csv(
        tmp_path / "ours.csv", index=False
    )
    text = (
        'schema = 1\n[data]\nfile = "ours.csv"\nendpoint = "ORR"\n[model]\nfamily = "response"\n'
        '[borrowing]\nfile = "past.csv"\nrobust_weight = 0.1\ngrid = [0.9]\n'
    )
    (tmp_path / "b.toml").write_text(text)
    assert main(["run", str(tmp_path / "b.toml"), "--out", str(tmp_path / "out"), "--no-figures", "--full"]) == 0
    said = capsys.readouterr().out
    assert "Borrowed from 3 historical arms, 109 patients" in said
    assert "not randomised" in said
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert [r["robust_weight"] for r in result["borrowing"]["answers"]] == [0.1, 0.9, 1.0]
    (tmp_path / "self.toml").write_text(text.replace('file = "past.csv"', 'file = "ours.csv"'))
    assert main(["run", str(tmp_path / "self.toml"), "--out", str(tmp_path / "out")]) == 2
    assert "counted twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"borrowing": {"dataset": "pd1_trials_counts", "robust_weigth": 0.2}}, "robust_weigth: unknown key"),
        ({"borrowing": {"dataset": "pd1_trials_counts", "robust_weight": 2}}, "from 0 to 1"),
        ({"borrowing": {"dataset": "pd1_trials_counts", "grid": ["a"]}}, "borrowing.grid"),
        ({"borrowing": {}}, "name the historical counts"),
        ({"borrowing": {"dataset": "x"}, "model": {"family": "response", "pooling": "partial"}}, 'pooling = "none"'),
        ({"borrowing": {"dataset": "x"}, "data": {"endpoint": ["ORR", "DCR"]}}, "name one endpoint"),
        ({"borrowing": {"dataset": "x", "priors": {"tau": {"distribution": "Normal"}}}}, "borrowing.priors.tau"),
        ({"borrowing": {"dataset": "x", "kind": "medians"}}, "historical rates are counts"),
    ],
)
def test_wrong_borrowing_keys_are_named(change, message):
    content = {"data": {"endpoint": "ORR"}, "model": {"family": "response"}, **change}
    with pytest.raises(be.AnalysisError, match=message):
        be.Analysis.from_dict(content)


def test_borrowing_needs_a_beta_prior(cohorts):
    analysis = be.Analysis.from_dict(
        {
            "data": {"dataset": "second_line_cohorts", "endpoint": "ORR"},
            "priors": {"rate": {"distribution": "Uniform", "lower": 0.1, "upper": 0.9}},
            "borrowing": {
                "dataset": "pd1_trials_counts",
                "where": {"line": "second", "population": "all"},
                "borrows": ["toripalimab + anlotinib"],
            },
        }
    )
    with pytest.raises(be.AnalysisError, match="Beta prior"):
        be.fit_analysis(analysis, cohorts)


@pytest.mark.parametrize(
    ("events", "total"),
    [([0, 0, 0], [30, 40, 20]), ([20], [20]), ([2, 40, 5, 80], [50, 50, 60, 100]), ([1500, 1700], [5000, 5200])],
)
def test_the_mixture_is_close_to_the_map_distribution_of_any_history(events, total):
    """No event, all events, trials that contradict each other, trials of thousands."""
    frame = pd.DataFrame(
        {"study": list("abcd")[: len(events)], "regimen": "x", "endpoint": "ORR", "events": events, "n": total}
    )
    prior = be.map_prior(be.read_counts(frame))
    law = integrate_rates(
        np.array(events), np.array(total), be.Prior("Normal", mu=0, sigma=1.5), be.Prior("HalfNormal", sigma=1)
    ).predicted
    assert prior.mean == pytest.approx(law.mean, abs=1e-3)
    for q in (0.005, 0.025, 0.2, 0.5, 0.8, 0.975, 0.995):
        assert prior.quantile(q) == pytest.approx(law.quantile(q), abs=1e-3)
        assert float(prior.cdf(law.quantile(q))) == pytest.approx(q, abs=1e-3)
