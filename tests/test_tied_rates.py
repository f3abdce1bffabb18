"""Priors of contrasts of rates, and of log odds and log risks, with the exact binomial likelihood by quadrature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import bayes_escc as be
from tests.oracles.tied_rates import TiedRates

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
