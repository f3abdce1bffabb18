"""The marginal likelihood of every model in closed form, against its own formula or SciPy's quadrature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects

EFFECTS = pd.DataFrame(
    [("T1", "A", -0.4, 0.2), ("T2", "A", -0.1, 0.15), ("T3", "B", -0.3, 0.25)],
    columns=["study", "experimental", "estimate", "se"],
).assign(control="C", endpoint="OS", measure="log HR")


def told(fit):
    assert fit.sampler == "exact"
    assert 0.0 <= fit.diagnostics.mcse_log_evidence <= 1e-8
    return fit.diagnostics.log_evidence


def test_counts_with_beta_priors():
    counts = pd.DataFrame(
        [("S1", "A", 3, 20), ("S2", "A", 5, 18), ("S3", "B", 9, 30)], columns=["study", "regimen", "events", "n"]
    ).assign(endpoint="ORR")
    fit = be.ResponseModel(endpoint="ORR", prior=be.Prior("Beta", alpha=2, beta=3)).fit(counts, seed=1)

    def likelihood(p):
        return stats.binom.pmf(3, 20, p) * stats.binom.pmf(5, 18, p) * stats.beta.pdf(p, 2, 3)

    expected = np.log(integrate.quad(likelihood, 0, 1, epsabs=0)[0]) + stats.betabinom.logpmf(9, 30, 2, 3)
    assert told(fit) == pytest.approx(expected, abs=1e-9)


def test_categories_with_dirichlet_priors():
    counts = {"CR": 2, "PR": 6, "SD": 9, "PD": 3}
    rows = [("S1", "A", c, k, 20) for c, k in counts.items()]
    table = pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"])
    fit = be.ResponseModel(likelihood="multinomial", endpoint="ORR").fit(table, seed=1)
    a = np.broadcast_to(fit.analysis.spec.prior("categories").default["a"], 4)
    assert told(fit) == pytest.approx(stats.dirichlet_multinomial.logpmf([2, 6, 9, 3], a, 20), abs=1e-9)


def test_hazards_with_gamma_priors():
    table = pd.DataFrame({"patient_id": list("abcde"), "regimen": list("AAABB"), "time": [3.0, 5, 8, 2, 9]})
    table["event"] = [1, 0, 1, 1, 0]
    model = be.SurvivalModel(
        baseline="exponential",
        regimen_effect="stratified",
        priors={"hazard": be.Prior("Gamma", alpha=2, beta=10)},
        data_unit="months",
    )
    expected = 0.0
    for d, t in ((2, 16.0), (1, 11.0)):
        expected += np.log(
            integrate.quad(lambda h, d=d, t=t: h**d * np.exp(-h * t) * stats.gamma.pdf(h, 2, scale=0.1), 0, np.inf)[0]
        )
    assert told(model.fit(table, seed=1)) == pytest.approx(expected, abs=1e-7)


def test_one_effect_and_a_network_with_and_without_heterogeneity():
    y, se = EFFECTS["estimate"].to_numpy(), EFFECTS["se"].to_numpy()
    pooled = EFFECTS.assign(experimental="A")

    def given(tau, X, prior):
        covariance = np.diag(se**2 + tau**2) + X @ prior @ X.T
        return float(stats.multivariate_normal(np.zeros(3), covariance).pdf(y))

    one = np.ones((3, 1)), np.eye(1)
    law = stats.halfnorm(scale=0.5)
    two = np.array([[1.0, 0], [1, 0], [0, 1]]), np.array([[1.0, 0.5], [0.5, 1.0]])
    for network, table, (X, prior) in ((False, pooled, one), (True, EFFECTS, two)):
        common = be.SynthesisModel(network=network, pooling="common").fit(table, seed=1)
        assert told(common) == pytest.approx(np.log(given(0.0, X, prior)), abs=1e-9)
        total = integrate.quad(lambda t, X=X, prior=prior: given(t, X, prior) * law.pdf(t), 0, 6, epsabs=0, limit=200)[
            0
        ]
        random = be.SynthesisModel(network=network).fit(table, seed=1)
        assert told(random) == pytest.approx(np.log(total), abs=1e-8)
        assert be.bayes_factors({"common": common, "random": random}).loc["random", "log_evidence"] == told(random)
        factors = be.bayes_factors({"common": common, "random": random})
        best = max(told(common), told(random))
        for name, fit in (("common", common), ("random", random)):
            assert factors.loc[name, "bayes_factor"] == pytest.approx(np.exp(told(fit) - best))
            assert factors.loc[name, "probability"] == pytest.approx(
                np.exp(told(fit)) / (np.exp(told(common)) + np.exp(told(random)))
            )


def test_what_is_typed_has_it_too():
    found = compare_counts(["A=10/29", "B=12/35"])["diagnostics"]
    expected = stats.betabinom.logpmf(10, 29, 1, 1) + stats.betabinom.logpmf(12, 35, 1, 1)
    assert found["log_evidence"] == pytest.approx(expected, abs=1e-10)
    typed = pool_effects(["A=-0.3,-0.6,0.0", "B=0.1,-0.2,0.4"], measure="log HR", common=True)
    y, se = np.array([-0.3, 0.1]), 0.3 / stats.norm.ppf(0.975)
    law = stats.multivariate_normal(np.zeros(2), np.eye(2) * se**2 + 1.0)
    assert typed["diagnostics"]["log_evidence"] == pytest.approx(law.logpdf(y), abs=1e-9)


def test_a_typed_effect_is_named_by_its_measure_and_tau_by_its_scale():
    from bayes_escc.report.text import result_text

    found = pool_effects(["A=0.71,0.57,0.87", "B=0.8,0.6,1.07", "C=0.6,0.4,0.9"])
    assert {row["endpoint"] for row in found["estimates"]} == {None}
    tau = next(r for r in found["estimates"] if r["estimand"] == "tau")
    assert tau["unit"] == "log hazard ratio"
    text = result_text(found)
    line = next(line for line in text.splitlines() if line.startswith("heterogeneity tau (log hazard ratio)"))
    assert f"{tau['median']:.2f} ({tau['lower']:.2f} to {tau['upper']:.2f})" in line  # not its exponential
    assert "hazard ratio below 1" in text


def test_published_medians_reached_and_not():
    rows = [("S", "A", 40, "NR", 12, 14), ("T", "A", 30, 8.0, 20, 15), ("U", "B", 40, 6.2, 33, 20)]
    table = be.read_medians(
        pd.DataFrame(rows, columns=["study", "regimen", "n", "median", "events", "follow_up"]), time_unit="months"
    )
    prior = be.Prior("LogNormal", mu=1.4, sigma=0.6)
    model = be.SurvivalModel(baseline="exponential", regimen_effect="stratified", priors={"median": prior})
    fit = model.fit(table, sampler="exact", draws=200, seed=1)
    beyond, *known = ((np.log(m), 1 / (np.log(2) * np.sqrt(d))) for m, d in ((14, 40), (8.0, 20), (6.2, 33)))

    def density(x):
        p = stats.norm.pdf(x, 1.4, 0.6) * stats.norm.pdf(known[0][0], x, known[0][1])
        return p * stats.norm.sf((beyond[0] - x) / beyond[1])

    expected = np.log(integrate.quad(density, -2, 6, epsabs=0)[0])
    expected += stats.norm.logpdf(known[1][0], 1.4, np.hypot(0.6, known[1][1]))
    assert told(fit) == pytest.approx(expected, abs=1e-7)
