"""Priors of contrasts of rates, and of log odds and log risks, with the exact binomial likelihood by quadrature."""

from __future__ import annotations

from itertools import permutations

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import bayes_escc as be
from bayes_escc.runs.prompt_counts import compare_counts
from tests.oracles.tied_rates import SeveralTied, TiedRates

SD = {"log_odds_ratio": 1.0, "log_risk_ratio": 0.5, "risk_difference": 0.25}
COUNTS = ((1, 6), (14, 23))


def content(counts=COUNTS, *, priors, reverse=False, names=("placebo", "secukinumab"), **model):
    rows = [
        {"study": "t", "regimen": r, "endpoint": "ORR", "events": k, "n": n, "design": "randomised"}
        for r, (k, n) in zip(names, counts, strict=True)
    ]
    return pd.DataFrame(rows[::-1] if reverse else rows), {
        "data": {"endpoint": "ORR"},
        "model": {"family": "response", **model},
        "priors": priors,
        "comparisons": [
            {"reference": names[0], "margin": 0.1},
            {"reference": names[0], "scale": "ratio"},
            {"reference": names[0], "scale": "odds_ratio"},
        ],
        "sampling": {"draws": 500},
    }


def fitted(tmp_path, *args, sampler="auto", **settings):
    table, stated = content(*args, **settings)
    table.to_csv(tmp_path / "t.csv", index=False)
    stated["data"]["file"] = "t.csv"
    stated["sampling"]["sampler"] = sampler
    return be.fit_analysis(be.Analysis.from_dict(stated, folder=tmp_path))


def normal(sd, **extra):
    return {"distribution": "Normal", "mu": 0, "sigma": sd, "rationale": "A test.", **extra}


@pytest.mark.parametrize("effect", SD)
@pytest.mark.parametrize("reference", [None, "placebo"])
def test_answers_are_those_of_a_two_dimensional_quadrature(tmp_path, effect, reference):
    model = {} if reference is None else {"reference": reference}
    posterior = fitted(tmp_path, priors={effect: normal(SD[effect])}, **model)
    result = be.to_result(posterior)

    def log_effect(x):
        return stats.norm.logpdf(x, 0, SD[effect])

    oracle = TiedRates(COUNTS, effect, log_effect, exchangeable=reference is None)
    before = TiedRates(((0, 0), (0, 0)), effect, log_effect, exchangeable=reference is None)
    difference, ratio, odds = result["comparisons"]
    assert posterior.sampler == "exact"
    assert difference["probability_better"] == pytest.approx(oracle.above(0.0), abs=2e-8)
    assert difference["probability_better_by_margin"] == pytest.approx(oracle.above(0.1), abs=2e-7)
    assert ratio["probability_better"] == odds["probability_better"] == difference["probability_better"]
    assert difference["mean"] == pytest.approx(oracle.mean(lambda a, b: b - a), abs=1e-8)
    assert odds["mean"] == pytest.approx(oracle.mean(lambda a, b: b / (1 - b) / (a / (1 - a))), rel=1e-3)
    for q in ("lower", "median", "upper"):
        share = {"lower": 0.975, "median": 0.5, "upper": 0.025}[q]
        assert oracle.above(difference[q]) == pytest.approx(share, abs=1e-6)
    estimates = {r["regimen"]: r for r in result["estimates"]}
    assert estimates["placebo"]["mean"] == pytest.approx(oracle.mean(lambda a, b: a + 0 * b), abs=1e-8)
    assert estimates["secukinumab"]["mean"] == pytest.approx(oracle.mean(lambda a, b: b + 0 * a), abs=1e-8)
    evidence = np.log(oracle.integral()) - np.log(before.integral())
    assert result["diagnostics"]["log_evidence"] == pytest.approx(evidence, abs=1e-5)
    draws = posterior.estimand("rate").sel(regimen="secukinumab").to_numpy()
    row = estimates["secukinumab"]
    assert draws.mean() == pytest.approx(row["mean"], abs=4 * row["sd"] / np.sqrt(draws.size))
    again = be.to_result(be.Posterior.load(posterior.save(tmp_path / "p.nc")))
    assert again["comparisons"] == result["comparisons"]


def test_the_figures_of_a_run_are_drawn(tmp_path):
    from matplotlib.figure import Figure

    posterior = fitted(tmp_path, ((0, 5), (5, 5)), priors={"log_odds_ratio": normal(1.0)})
    comparison = posterior.compare("rate", reference="placebo", margin=0.1)
    assert isinstance(be.plots.intervals(posterior), Figure)
    assert isinstance(be.plots.difference(comparison), Figure)
    law = posterior.exact_laws().marginal("rate", {"regimen": "secukinumab", "endpoint": "ORR"})
    u = np.linspace(-3.0, 9.0, 241)
    density = law.logit_density(u)[0]
    assert np.trapezoid(density, u) == pytest.approx(
        float(np.diff(law.cdf(1 / (1 + np.exp(-u[[0, -1]]))))[0]), abs=1e-4
    )


def test_a_bounded_prior_of_the_contrast_cuts_the_posterior_and_its_densities(tmp_path):
    posterior = fitted(tmp_path, priors={"log_odds_ratio": {"distribution": "Uniform", "lower": -1, "upper": 1}})
    result = be.to_result(posterior)
    nodes, weights = special.roots_legendre(400)

    def integral(value=lambda u0, u1: 1.0, low=-1.0):
        """Over the average c of both logits, and over their difference d from `low` to the bound."""
        c, d = 40 * nodes[:, None], low + (1 - low) * (nodes + 1) / 2
        u0, u1 = c - d / 2, c + d / 2
        log = -np.logaddexp(0, c) - np.logaddexp(0, -c)
        for (k, n), u in zip(COUNTS, (u0, u1), strict=True):
            log = log - k * np.logaddexp(0, -u) - (n - k) * np.logaddexp(0, u)
        return float((weights[:, None] * weights * (1 - low) / 2 * np.exp(log) * value(u0, u1)).sum())

    whole = integral()
    better = result["comparisons"][0]["probability_better"]
    assert better == pytest.approx(integral(low=0.0) / whole, abs=1e-7)
    means = {r["regimen"]: r["mean"] for r in result["estimates"]}
    assert means["placebo"] == pytest.approx(integral(lambda a, b: special.expit(a)) / whole, abs=1e-8)
    assert means["secukinumab"] == pytest.approx(integral(lambda a, b: special.expit(b)) / whole, abs=1e-8)
    for regimen in means:
        law = posterior.exact_laws().marginal("rate", {"regimen": regimen, "endpoint": "ORR"})
        u, h = np.linspace(-2.0, 2.0, 9), 1e-3
        density = law.logit_density(u)[0]
        below, above = (law.cdf(special.expit(u + side * h)) for side in (-1, 1))
        # at a given second logit, the prior's bounds are met between two nodes of the first: 0.2 % for a figure
        assert density == pytest.approx((above - below) / (2 * h), abs=1e-5 if regimen == "placebo" else 2e-3)
    first = posterior.exact_laws().marginal("rate", {"regimen": "placebo", "endpoint": "ORR"})
    density, slope, bend = first.logit_density(u)
    down, up = (first.logit_density(u + side * h) for side in (-1, 1))
    assert slope == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-4)
    assert bend == pytest.approx((up[1] - down[1]) / (2 * h), abs=1e-3)


def test_neither_rows_nor_names_decide_who_is_better(tmp_path):
    prior = {"log_odds_ratio": normal(1.0)}
    first = be.to_result(fitted(tmp_path, priors=prior))["comparisons"][0]
    turned = be.to_result(fitted(tmp_path, priors=prior, reverse=True))["comparisons"][0]
    assert turned["probability_better"] == pytest.approx(first["probability_better"], abs=1e-9)
    mirrored = be.to_result(fitted(tmp_path, COUNTS[::-1], priors=prior))["comparisons"][0]
    assert mirrored["probability_better"] == pytest.approx(1 - first["probability_better"], abs=1e-9)
    tie = be.to_result(fitted(tmp_path, ((4, 20), (4, 20)), priors=prior))
    assert [r["probability_best"] for r in tie["ranking"]] == pytest.approx([0.5, 0.5], abs=1e-9)


@pytest.mark.parametrize("effect", SD)
def test_before_the_data_no_regimen_is_favoured(tmp_path, effect):
    posterior = fitted(tmp_path, priors={effect: normal(SD[effect])})
    laws = posterior.exact_laws(prior=True)
    labels = {"regimen": "secukinumab", "endpoint": "ORR"}
    contrast = laws.contrast("rate", labels, "placebo", "difference")
    assert contrast.beyond(0.0, "above").value == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("sd", [0.02, 3.0])
def test_narrow_and_wide_priors_are_resolved(tmp_path, sd):
    """A narrow prior makes both rates one: that of the pooled counts; a wide one nearly leaves them alone."""
    result = be.to_result(
        fitted(tmp_path, ((3, 40), (9, 40)), priors={"log_odds_ratio": normal(sd)}, reference="placebo")
    )

    def inner(a, low):
        def f(d):
            return stats.norm.pdf(d, 0, sd) * special.expit(a + d) ** 9 * special.expit(-a - d) ** 31

        return integrate.quad(f, low, 12 * sd, epsabs=0, epsrel=1e-10, limit=200)[0]

    def outer(low):
        f = lambda p: p**3 * (1 - p) ** 37 * inner(special.logit(p), low)  # noqa: E731
        return integrate.quad(f, 1e-9, 0.6, epsabs=0, epsrel=1e-9, limit=200)[0]

    expected = outer(0.0) / outer(-12 * sd)
    assert result["comparisons"][0]["probability_better"] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("level", ["log_odds", "log_risk"])
def test_independent_rates_with_priors_of_their_logarithms(tmp_path, level):
    prior = {level: {"distribution": "Normal", "mu": -1.0, "sigma": 0.8, "rationale": "A test."}}
    result = be.to_result(fitted(tmp_path, priors=prior))
    log_slope = {"log_odds": lambda p: 1 / (p * (1 - p)), "log_risk": lambda p: 1 / p}[level]
    link = {"log_odds": special.logit, "log_risk": np.log}[level]

    def density(p, k, n):
        return stats.norm.pdf(link(p), -1.0, 0.8) * log_slope(p) * p**k * (1 - p) ** (n - k)

    norms = [integrate.quad(density, 0, 1, args=c, epsabs=1e-15)[0] for c in COUNTS]
    means = [integrate.quad(lambda p, *c: p * density(p, *c), 0, 1, args=c, epsabs=1e-15)[0] for c in COUNTS]

    def both(p):
        below = integrate.quad(density, 0, p, args=COUNTS[0], epsabs=0, epsrel=1e-10)[0]
        return below * density(p, *COUNTS[1])

    better = integrate.quad(both, 0, 1, epsabs=0, epsrel=1e-8)[0]
    estimates = {r["regimen"]: r["mean"] for r in result["estimates"]}
    assert estimates["placebo"] == pytest.approx(means[0] / norms[0], abs=1e-7)
    assert estimates["secukinumab"] == pytest.approx(means[1] / norms[1], abs=1e-7)
    assert result["comparisons"][0]["probability_better"] == pytest.approx(better / np.prod(norms), abs=1e-7)


@pytest.mark.parametrize(
    ("priors", "model", "message"),
    [
        ({"log_odds_ratio": normal(1), "log_risk_ratio": normal(1)}, {}, "already have a prior|already has a prior"),
        ({"rate": {"distribution": "Beta", "alpha": 1, "beta": 1}, "log_odds": normal(1)}, {}, "already have a prior"),
        ({"log_odds_ratio": {"distribution": "Normal", "mu": 0.5, "sigma": 1}}, {}, "favours one regimen"),
        ({"log_odds_ratio": normal(1)}, {"regimen_coding": "reference"}, "model.reference"),
        ({"log_odds_ratio": normal(1)}, {"reference": "plcebo"}, "is not a regimen here"),
        ({}, {"reference": "placebo"}, "belongs to a prior of a contrast"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_remedy(tmp_path, priors, model, message):
    with pytest.raises(be.AnalysisError, match=message):
        fitted(tmp_path, priors=priors, **model)


def test_a_prior_of_the_odds_ratio_in_python():
    table = content(priors={})[0]
    model = be.ResponseModel(endpoint="ORR", priors={"log_odds_ratio": be.Prior("Normal", mu=0, sigma=1)})
    posterior = model.fit(table, seed=1)
    better = posterior.compare("rate", reference="placebo", margin=0.1)
    oracle = TiedRates(COUNTS, "log_odds_ratio", lambda x: stats.norm.logpdf(x, 0, 1))
    assert better.rows[0].probability_better == pytest.approx(oracle.above(0.0), abs=2e-8)
    against = be.ResponseModel(
        endpoint="ORR", priors={"log_odds_ratio": be.Prior("Normal", mu=0, sigma=1)}, reference="placebo"
    ).fit(table, seed=1)
    found = against.compare("rate", reference="placebo").rows[0].probability_better
    assert (round(better.rows[0].probability_better, 3), round(found, 3)) == (0.926, 0.916)  # docs/rates.md


def test_a_rule_on_rates_by_quadrature_has_no_monte_carlo_interval(tmp_path):
    table, stated = content(priors={"log_odds_ratio": normal(1.0)})
    table.to_csv(tmp_path / "t.csv", index=False)
    stated["data"]["file"] = "t.csv"
    rule = {"kind": "posterior_probability", "regimen": "secukinumab", "reference": "placebo", "go_above": 0.9}
    stated["monitoring"] = [rule]
    result = be.to_result(be.fit_analysis(be.Analysis.from_dict(stated, folder=tmp_path)))
    (now,) = result["monitoring"]
    assert now["value"] == pytest.approx(result["comparisons"][0]["probability_better"], abs=1e-12)
    assert "go" in now["sentence"]
    assert "Monte Carlo" not in now["sentence"]


class TestAtThePrompt:
    """The numbers of `ResponseModel`, and the messages of the command line."""

    ARMS = ("placebo=1/6", "secukinumab=14/23")

    @pytest.mark.parametrize(("against", "expected"), [(False, 0.926), (True, 0.916)])
    def test_a_prior_of_the_odds_ratio(self, against, expected):
        result = compare_counts(
            self.ARMS, contrast_prior="log_odds_ratio=Normal(0, 1)", against_reference=against, margin=0.1, ci_prob=0.9
        )
        (row,) = result["comparisons"]
        assert round(row["probability_better"], 3) == expected  # docs/rates.md
        assert (row["ci_prob"], row["margin"], row["anchoring"]) == (0.9, 0.1, "as entered, randomisation not stated")
        assert result["diagnostics"]["log_evidence"] is not None
        assert [w["code"] for w in result["data"]["warnings"]].count("no_rationale") == 1
        jsonschema.validate(result, be.result_schema())

    def test_priors_of_log_odds_and_the_direction(self):
        up, down = (
            compare_counts(
                self.ARMS, prior="log_odds=Normal(-1, 0.8)", better=b, bias_sd=0, rationale="Earlier trials."
            )
            for b in ("higher", "lower")
        )
        first, second = up["comparisons"][0]["probability_better"], down["comparisons"][0]["probability_better"]
        assert first + second == pytest.approx(1, abs=1e-9)
        assert not up.get("bias")
        frame = content(priors={})[0]
        prior = be.Prior("Normal", mu=-1, sigma=0.8)
        row = (
            be.ResponseModel(endpoint="ORR", priors={"log_odds": prior}).fit(frame).compare("rate", reference="placebo")
        )
        assert first == pytest.approx(row.rows[0].probability_better, abs=1e-9)

    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ({"contrast_prior": "odds_ratio=Normal(0, 1)"}, "--contrast-prior is of one of log_odds_ratio"),
            ({"contrast_prior": "log_odds_ratio=Norml(0, 1)"}, "Norml"),
            ({"contrast_prior": "log_odds_ratio=Normal(0.4, 1)"}, "favours one regimen"),
            ({"prior": "logodds=Normal(0, 1)"}, "--prior is of one of log_odds, log_risk"),
            ({"against_reference": True}, "--contrast-prior"),
            ({"prior": "log_odds=Normal(0, 1)", "levels": (0.6,)}, "--level"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, stated, message):
        with pytest.raises(be.AnalysisError, match=message):
            compare_counts(self.ARMS, **stated)


THREE = ((3, 12), (7, 10), (5, 20))


def answered(posterior, names=("placebo", "secukinumab", "third")):
    """Means, differences of rates with their sd, ranks and the log evidence."""
    found = {r.regimen: r.mean for r in posterior.summary_rows() if r.estimand == "rate"}
    for a, b in permutations(names, 2):
        (row,) = [r for r in posterior.compare("rate", reference=b).rows if r.regimen == a]
        found[a, b] = (row.mean, row.sd)
        assert row.mcse_probability < 1e-6
    return found


@pytest.mark.parametrize("effect", SD)
@pytest.mark.parametrize("coding", ["exchangeable", "reference"])
def test_three_regimens_are_those_of_a_grid_over_all_rates(effect, coding):
    names = ["placebo", "secukinumab", "third"]
    frame = pd.DataFrame({"study": "s", "regimen": names, "endpoint": "ORR"})
    frame[["events", "n"]] = THREE
    whole = coding == "exchangeable"
    means = [0.0, 0.0] if whole else [0.0, 0.2]
    prior = {name: be.Prior("Normal", mu=mu, sigma=SD[effect]) for name, mu in zip(names[1:], means, strict=True)}
    if whole:
        prior = be.Prior("Normal", mu=0, sigma=SD[effect])
    stated = prior if whole else {"secukinumab": prior["secukinumab"], "third": prior["third"]}
    reference = {} if whole else {"reference": "placebo"}
    posterior = be.ResponseModel(endpoint="ORR", priors={effect: stated}, **reference).fit(frame, seed=1, draws=500)
    assert posterior.sampler == "exact"
    oracle = SeveralTied(THREE, effect, [SD[effect]] * 2, means, exchangeable=whole)
    before = SeveralTied([(0, 0)] * 3, effect, [SD[effect]] * 2, means, exchangeable=whole)
    found = answered(posterior)
    close = 1e-8 if effect == "log_odds_ratio" or whole else 1e-6
    for i, a in enumerate(names):
        assert found[a] == pytest.approx(oracle.mean(lambda *p, i=i: p[i]), abs=close)
        for j, b in enumerate(names):
            if a != b:
                mean = oracle.mean(lambda *p, i=i, j=j: p[i] - p[j])
                sd = np.sqrt(oracle.mean(lambda *p, i=i, j=j: (p[i] - p[j]) ** 2) - mean**2)
                assert found[a, b] == pytest.approx((mean, sd), abs=close)
    evidence = np.log(oracle.total) - np.log(before.total)
    assert posterior.diagnostics.log_evidence == pytest.approx(evidence, abs=5e-5)  # the grid, where a rate is 0 or 1
    draws = posterior.estimand("rate").to_numpy().reshape(-1, 3)
    ranks = posterior.ranking_rows("rate")
    for row in ranks:
        i = names.index(row.regimen)
        share = (draws.argmax(axis=1) == i).mean()
        assert row.probability_best == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(draws)) + 2e-3)
        # the mean rank is one, and one for every regimen that is better
        ahead = [posterior.compare("rate", reference=row.regimen).rows[j].probability_better for j in range(2)]
        assert row.mean_rank == pytest.approx(1 + sum(ahead), abs=4 * row.mcse_mean_rank)
    assert sum(r.probability_best for r in ranks) == pytest.approx(
        1, abs=4 * max(r.mcse_probability_best for r in ranks)
    )


def test_four_regimens_of_which_two_are_alike(tmp_path):
    counts = ((3, 12), (7, 10), (3, 12), (0, 9))
    frame = pd.DataFrame({"study": "s", "regimen": list("ABCD"), "endpoint": "ORR"})
    frame[["events", "n"]] = counts
    prior = {"log_odds_ratio": be.Prior("Normal", mu=0, sigma=0.8)}
    posterior = be.ResponseModel(endpoint="ORR", priors=prior).fit(frame, seed=1, draws=500)
    oracle = SeveralTied(counts, "log_odds_ratio", [0.8], nodes=44)
    means = {r.regimen: r.mean for r in posterior.summary_rows() if r.estimand == "rate"}
    for i, name in enumerate("ABCD"):
        assert means[name] == pytest.approx(oracle.mean(lambda *p, i=i: p[i]), abs=1e-6)
    alike = {r.regimen: r.probability_better for r in posterior.compare("rate", reference="A").rows}
    assert alike["C"] == pytest.approx(0.5, abs=1e-9)
    again = be.Posterior.load(posterior.save(tmp_path / "p.nc"))
    assert [r.plain() for r in again.compare("rate", reference="D").rows] == [
        r.plain() for r in posterior.compare("rate", reference="D").rows
    ]
    assert [r.plain() for r in again.ranking_rows("rate")] == [r.plain() for r in posterior.ranking_rows("rate")]


def test_three_regimens_whose_prior_is_no_normal_are_sampled():
    """A Student prior of every pair has no such nesting; it is said to be sampled, not called exact."""
    frame = pd.DataFrame({"study": "s", "regimen": list("ABC"), "endpoint": "ORR", "events": [1, 2, 3], "n": 9})
    model = be.ResponseModel(endpoint="ORR", priors={"log_odds_ratio": be.Prior("StudentT", nu=4, mu=0, sigma=1)})
    with pytest.raises(be.AnalysisError, match="no closed form"):
        model.fit(frame, sampler="exact")


@pytest.mark.slow
@pytest.mark.parametrize("effect", SD)
@pytest.mark.parametrize("reference", [None, "placebo"])
def test_nuts_samples_the_same_posterior(tmp_path, effect, reference):
    model = {} if reference is None else {"reference": reference}
    exact, sampled = (
        be.to_result(fitted(tmp_path, priors={effect: normal(SD[effect])}, sampler=s, **model))
        for s in ("auto", "nuts")
    )
    for a, b in zip(exact["estimates"], sampled["estimates"], strict=True):
        assert b["mean"] == pytest.approx(a["mean"], abs=5 * b["mcse_mean"])
