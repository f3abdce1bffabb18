"""Order and labels decide no answer of a model that is sampled, by Laplace or by NUTS, within its Monte Carlo error.

Each model is fitted three times: as the rows stand, with rows, regimens and covariates in another order and another
seed, and with names that sort the other way round. The last has the same draws under other names, to the last digit
that counts; the second differs by the error that is printed beside the answers, and by nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be

NAMES = {"A": "zeta", "B": "mu", "C": "alpha"}
N = 48
rng = np.random.default_rng(7)
PATIENTS = pd.DataFrame(
    {
        "patient_id": [f"P{i}" for i in range(N)],
        "regimen": list("ABC") * (N // 3),
        "x": rng.normal(size=N).round(2),
        "old": rng.integers(0, 2, N),
        "centre": rng.choice(["u", "v", "w"], N),
        "time": rng.integers(1, 13, N),
        "event": rng.integers(0, 2, N),
    }
)
COUNTS = pd.DataFrame(
    [(s, r, int(rng.integers(1, 15)), 25) for s in ("s1", "s2", "s3") for r in "ABC"],
    columns=["study", "regimen", "events", "n"],
).assign(endpoint="ORR")
X, OLD = {"column": "x", "center": 0, "scale": 1}, {"column": "old"}
CUTS = {"cutpoints": [3, 6]}
LAPLACE = {"sampler": "laplace", "draws": 2000}
NUTS = {"sampler": "nuts", "draws": 500, "tune": 400, "chains": 2}


def survival(baseline, regimen_effect, **options):
    more = {"baseline": baseline, "regimen_effect": regimen_effect, **options}
    return be.SurvivalModel, {"data_unit": "months", "times": [3], "horizons": [6], **more}, PATIENTS, "median"


def rates(**options):
    return be.ResponseModel, {"endpoint": "ORR", **options}, COUNTS, "rate"


FAST = {
    "exponential hazards": (survival("exponential", "proportional"), LAPLACE),
    "Weibull shapes of their own": (survival("weibull", "nonproportional"), LAPLACE),
    "a ratio in every interval": (survival("piecewise", "nonproportional", **CUTS), LAPLACE),
    "time ratios": (survival("log_logistic", "accelerated"), LAPLACE),
    "rates that share a mean": (rates(pooling="partial"), NUTS),
    "overdispersed rates": (rates(likelihood="beta_binomial"), NUTS),
}
SLOW = {
    "effect modifiers": (survival("weibull", "proportional", covariates=[X, OLD], effect_modifiers=["old"]), LAPLACE),
    "frailties of centres": (survival("exponential", "proportional", frailty="centre"), NUTS),
    "piecewise hazards": (survival("piecewise", "proportional", **CUTS), LAPLACE),
    "random walks": (survival("piecewise", "stratified", smoothing="random_walk", **CUTS), LAPLACE),
    "Weibull hazards apart": (survival("weibull", "stratified"), LAPLACE),
    "log-normal times": (survival("log_normal", "accelerated"), LAPLACE),
    "log-logistic hazards": (survival("log_logistic", "proportional"), LAPLACE),
    "Gompertz hazards": (survival("gompertz", "proportional"), LAPLACE),
    "shrunken coefficients": (survival("exponential", "proportional", covariates=[X, OLD], shrinkage="ridge"), NUTS),
    "rates that differ between studies": (rates(pooling="partial", pool_over="studies"), NUTS),
    "contrasts with heavy tails": (
        rates(priors={"log_odds_ratio": be.Prior("StudentT", nu=4, mu=0, sigma=1)}),
        NUTS,
    ),
}
CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def answers(case, regimens, names=None, *, turned=False):
    """P(better) of every pair and the ranks, each with its error, under the names that the regimens have here."""
    (kind, options, frame, estimand), sampling = {**FAST, **SLOW}[case]
    options = dict(options)
    if turned:
        frame = frame.sample(frac=1, random_state=3).reset_index(drop=True)
        if "covariates" in options:
            options["covariates"] = options["covariates"][::-1]
    names = names or {r: r for r in regimens}
    frame = frame.assign(regimen=frame["regimen"].map(names))
    model = kind(regimens=[names[r] for r in regimens], **options)
    fit = model.fit(be.read_counts(frame) if "n" in frame else frame, seed=1 + turned, **sampling)
    back = {new: old for old, new in names.items()}
    found = {}
    for reference in regimens:
        for row in fit.compare(estimand, reference=names[reference], scale="ratio").rows:
            pair = (back[row.regimen], reference)
            found[(*pair, "better")] = row.probability_better, row.mcse_probability
    for row in fit.ranking_rows(estimand):
        found[back[row.regimen], "best"] = row.probability_best, row.mcse_probability_best
        found[back[row.regimen], "rank"] = row.mean_rank, row.mcse_mean_rank
    return found


@pytest.mark.parametrize("case", CASES)
def test_order_mirrors_the_answers_within_their_error_and_names_change_nothing(case):
    first = answers(case, ["A", "B", "C"])
    other = answers(case, ["C", "A", "B"], turned=True)
    relabelled = answers(case, ["A", "B", "C"], NAMES)
    assert first.keys() == other.keys() == relabelled.keys()
    for key, (value, error) in first.items():
        assert relabelled[key][0] == pytest.approx(value, abs=1e-9), key
        assert other[key][0] == pytest.approx(value, abs=4.5 * np.hypot(error, other[key][1])), key
    for a, b in ("AB", "AC", "BC"):
        assert first[a, b, "better"][0] + first[b, a, "better"][0] == pytest.approx(1, abs=1e-9)
    assert sum(first[r, "best"][0] for r in "ABC") == pytest.approx(1, abs=1e-9)
