"""Order and labels decide no answer: every model of rates and of trial effects that is exact, or nearly so.

Each model is fitted three times: as the rows stand, with rows, regimens and covariates in another order, and with all
names changed to others that sort the other way round. Answers, log evidence and notes of conflict must be the same
but for the names. Mirrored data (non-responders for responders, or every effect inverted) mirror the answers, and
before the data every regimen is the best with probability 1/K.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.answers.ranking import rank_estimand

NAMES = {"A": "zeta", "B": "mu", "C": "delta", "D": "beta", "E": "alpha"}
OF_QUADRATURE = 1e-7
Prior = be.Prior


def counts(rows):
    return pd.DataFrame(rows, columns=["study", "regimen", "events", "n"]).assign(endpoint="ORR")


def effects(rows, **more):
    columns = ["study", "regimen", "control", "estimate", "se"]
    return pd.DataFrame(rows, columns=columns).assign(endpoint="OS", measure="HR", **more)


TWO = counts([("s", "A", 14, 23), ("s", "B", 1, 6)])
THREE = counts([("s", "A", 14, 23), ("s", "B", 1, 6), ("s", "C", 0, 11)])
STUDIES = counts(
    [(s, r, (3 * i + 5 * j) % 13, 17 + 4 * i + j) for i, s in enumerate("uvw") for j, r in enumerate("ABC")]
)
RECIST = pd.DataFrame(
    [
        ("t", regimen, category, k, sum(ks))
        for regimen, ks in (("A", (2, 7, 9, 5)), ("B", (1, 3, 9, 8)), ("C", (4, 0, 6, 6)))
        for category, k in zip(("CR", "PR", "SD", "PD"), ks, strict=True)
    ],
    columns=["study", "regimen", "endpoint", "events", "n"],
)
_rng = np.random.default_rng(1)
PATIENTS = pd.DataFrame(
    {
        "patient_id": np.arange(60),
        "regimen": list("ABC") * 20,
        "x": _rng.normal(size=60).round(2),
        "old": _rng.integers(0, 2, 60),
        "response": _rng.integers(0, 2, 60),
    }
)
PAIRWISE = effects(
    [
        (f"s{i}", "B", "A", e, s)
        for i, (e, s) in enumerate([(0.4, 0.4), (0.5, 0.3), (0.9, 0.1), (0.7, 0.2), (0.6, 0.2)])
    ],
    year=[3.0, 1.0, 4.0, 1.5, 5.0],
    dose=[1.0, 0.0, 0.0, 1.0, 1.0],
    region=["east", "west", "east", "west", "east"],
)
NETWORK = effects(
    [
        ("s1", "B", "A", 0.8, 0.15),
        ("s2", "C", "A", 0.7, 0.2),
        ("s3", "C", "B", 0.95, 0.25),
        ("s4", "D", "A", 0.9, 0.3),
        ("s5", "D", "C", 1.3, 0.2),
    ]
)
ARMS = counts(
    [
        (study, regimen, 4 + 3 * i + len(study), 30 + 5 * i)
        for study, arms in {"t1": "AB", "t2": "BC", "t3": "CAB", "t4": "CD"}.items()
        for i, regimen in enumerate(arms)
    ]
)
X, OLD = {"column": "x", "center": 0, "scale": 1}, {"column": "old"}
YEAR, DOSE = {"column": "year", "center": 0, "scale": 1}, {"column": "dose", "center": 0, "scale": 1}


def rates(frame, scale="difference", **options):
    def fit(table, regimens, turned):
        covariates = options.get("covariates", [])
        more = {"covariates": covariates[::-1] if turned else covariates} if covariates else {}
        model = be.ResponseModel(regimens=regimens, **{**options, **more})
        sampler = {"sampler": "laplace", "draws": 4000} if covariates else {"draws": 200, "chains": 2}
        return model.fit(table, seed=1, **sampler)

    return fit, frame, "rate", scale


def synthesis(frame, scale="ratio", **options):
    def fit(table, regimens, turned):
        covariates = options.get("covariates", [])
        more = {"covariates": covariates[::-1] if turned else covariates} if covariates else {}
        if options.get("network"):
            more["reference"] = regimens[0]
        endpoint = "OS" if "se" in frame else "ORR"
        if "se" not in frame:
            more["kind"] = "counts"
        model = be.SynthesisModel(endpoint=endpoint, **{**options, **more})
        return model.fit(table, seed=1, draws=200, chains=2)

    return fit, frame, "effect", scale


NARROW = {"effect": Prior("Normal", mu=0, sigma=0.1), "tau": Prior("HalfNormal", sigma=0.01)}
POINTS = {"effect": Prior("Normal", mu=0, sigma=0.3), "tau": Prior("HalfNormal", sigma=0.1)}
EXACT = {
    "uniform rates": rates(THREE, endpoint="ORR"),
    "rates against a firm prior": rates(THREE, endpoint="ORR", prior=Prior("Beta", alpha=60, beta=20)),
    "rates over studies, odds": rates(STUDIES, "odds_ratio", endpoint="ORR", prior=Prior("Beta", alpha=0.5, beta=0.5)),
    "log odds": rates(THREE, endpoint="ORR", priors={"log_odds": Prior("Normal", mu=-1, sigma=0.7)}),
    "log risks": rates(THREE, "ratio", endpoint="ORR", priors={"log_risk": Prior("Normal", mu=-1, sigma=0.7)}),
    "log odds ratio": rates(TWO, endpoint="ORR", priors={"log_odds_ratio": Prior("Normal", mu=0, sigma=0.3)}),
    "log risk ratio": rates(TWO, "ratio", endpoint="ORR", priors={"log_risk_ratio": Prior("Normal", mu=0, sigma=1)}),
    "risk difference": rates(TWO, endpoint="ORR", priors={"risk_difference": Prior("Normal", mu=0, sigma=0.3)}),
    "RECIST categories": rates(RECIST, likelihood="multinomial"),
    "network": synthesis(NETWORK, network=True),
    "network of common effects": synthesis(NETWORK, network=True, pooling="common"),
    "network against firm priors": synthesis(NETWORK.assign(se=0.05), network=True, priors=NARROW),
    "network of counts": synthesis(ARMS, network=True),
    "network of risk differences": synthesis(ARMS, "difference", network=True, measure="RD", priors=POINTS),
    "network of risk ratios": synthesis(ARMS, network=True, measure="RR"),
    "pool": synthesis(PAIRWISE),
    "pool against firm priors": synthesis(PAIRWISE, priors=NARROW),
    "meta-regression": synthesis(PAIRWISE, covariates=[YEAR, DOSE]),
    "subgroups": synthesis(PAIRWISE, subgroup="region"),
    "subgroups, each with its heterogeneity": synthesis(
        PAIRWISE, subgroup={"column": "region", "heterogeneity": "separate"}
    ),
}


def regimens_of(frame):
    return sorted({*frame["regimen"], *frame.get("control", ())})


def renamed(frame):
    """The table with regimens and studies under names that sort the other way round, and the way back."""
    names = {r: NAMES[r] for r in regimens_of(frame)}
    new = frame.copy()
    for column in {"regimen", "control"} & set(frame):
        new[column] = frame[column].map(names)
    studies = sorted(set(frame["study"])) if "study" in frame else []
    other = {s: f"trial {chr(122 - i)}" for i, s in enumerate(studies)}
    if other:
        new["study"] = frame["study"].map(other)
    return new, {new: old for old, new in {**names, **other}.items()}


def answers(fit, name, scale, regimens, back=None):
    """Whatever is known exactly: summaries, all contrasts, ranks, evidence, and the notes of conflict."""
    known = back or {}

    def plain(label):
        return known.get(label, label)

    found, K = {}, len(regimens)
    for row in fit.summary_rows():
        if row.ess_bulk is not None or (row.regimen and name == "effect" and K > 2):
            continue  # drawn, or against a reference that has changed
        key = (row.estimand, plain(row.regimen), plain(row.study), row.endpoint)
        if row.estimand == "subgroup_difference":  # the subgroup that is met first is the one that is compared with
            found[(*key, *sorted(row.covariate.removeprefix("region: ").split(" against ")))] = abs(np.log(row.median))
            continue
        found |= {(*key, row.covariate, k): row[k] for k in ("mean", "sd", "median", "lower", "upper")}
    if K > 1 and "regimen" in fit.estimand(name).dims:
        for reference in regimens:
            for row in fit.compare(name, reference=reference, scale=scale).rows:
                key = (plain(row.regimen), plain(reference), row.endpoint)
                found |= {(*key, k): row[k] for k in ("probability_better", "mean", "median", "lower", "upper")}
        for row in fit.ranking_rows(name):
            error = 4 * max(row.mcse_probability_best, row.mcse_mean_rank)
            found |= {(plain(row.regimen), row.endpoint, i): (p, error) for i, p in enumerate(row.rank_probabilities)}
    found["log evidence"] = fit.diagnostics.log_evidence
    notes = []
    for warning in fit.evidence["warnings"]:
        if warning["code"] == "prior_conflict":
            what = warning["message"].split(" is ")[0]
            for label in sorted(known, key=len, reverse=True):
                what = re.sub(rf"\b{re.escape(label)}\b", known[label], what)
            notes.append(what)
    return found, sorted(notes)


def same(first, second, rel=1e-8):
    """The same numbers, of a table of ranks within the errors that are stated."""
    assert first.keys() == second.keys()
    for key, value in first.items():
        if isinstance(value, tuple):
            assert second[key][0] == pytest.approx(value[0], abs=value[1] + second[key][1] + OF_QUADRATURE), key
        elif value is None:
            assert second[key] is None, key
        else:
            assert second[key] == pytest.approx(value, rel=rel, abs=OF_QUADRATURE), key


@pytest.mark.parametrize("case", EXACT)
def test_order_and_names_change_nothing_but_labels(case):
    fit, frame, name, scale = EXACT[case]
    regimens = regimens_of(frame)
    first, notes = answers(fit(frame, regimens, False), name, scale, regimens)
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    turned, said = answers(fit(shuffled, regimens[::-1], True), name, scale, regimens)
    same(first, turned)
    new, back = renamed(frame)
    other = [NAMES[r] for r in regimens]
    relabelled, again = answers(fit(new, other, False), name, scale, other, back)
    same(first, relabelled)
    assert notes == said == again
    assert notes or "firm" not in case


def twisted(frame):
    """Non-responders for responders; every effect inverted, by regimen and control for each other."""
    if "se" in frame:
        return frame.rename(columns={"regimen": "control", "control": "regimen"}).assign(estimate=1 / frame["estimate"])
    return frame.assign(events=frame["n"] - frame["events"])


# Beta(1, 1), and contrasts of odds and of risks themselves, are the same of responders and of non-responders
MIRRORED = {
    "uniform rates": rates(THREE, endpoint="ORR"),
    "rates over studies": rates(STUDIES, endpoint="ORR", prior=Prior("Beta", alpha=0.5, beta=0.5)),
    "log odds": rates(THREE, endpoint="ORR", priors={"log_odds": Prior("Normal", mu=0, sigma=0.7)}),
    "log odds ratio": rates(TWO, endpoint="ORR", priors={"log_odds_ratio": Prior("Normal", mu=0, sigma=0.3)}),
    "risk difference": rates(TWO, endpoint="ORR", priors={"risk_difference": Prior("Normal", mu=0, sigma=0.3)}),
    "pool": synthesis(PAIRWISE),
    "meta-regression": synthesis(PAIRWISE, covariates=[YEAR, DOSE]),
    "subgroups": synthesis(PAIRWISE, subgroup="region"),
    "network": synthesis(NETWORK, network=True),
    "network of counts": synthesis(ARMS, network=True),
}


@pytest.mark.parametrize("case", MIRRORED)
def test_mirrored_data_mirror_the_answers(case):
    fit, frame, name, _ = MIRRORED[case]
    regimens = regimens_of(frame)
    first, other = fit(frame, regimens, False), fit(twisted(frame), regimens, False)
    assert other.diagnostics.log_evidence == pytest.approx(first.diagnostics.log_evidence, abs=OF_QUADRATURE)
    if "regimen" not in first.estimand(name).dims:  # one effect, or one for each subgroup
        for one, two in zip(first.summary_rows(), other.summary_rows(), strict=True):
            if one.estimand in ("effect", "study_effect") and one.ess_bulk is None:
                assert (two.lower, two.median) == pytest.approx((1 / one.upper, 1 / one.median), rel=1e-7), one
        return
    ratio = "ratio" if name == "effect" else "odds_ratio"
    for reference in regimens:
        one, two = (f.compare(name, reference=reference, scale=ratio).rows for f in (first, other))
        inverted = (
            "se" not in frame
        )  # twisted counts turn the effect, swapped arms of trials leave regimens as they are
        for a, b in zip(one, two, strict=True):
            if inverted:
                assert (b.lower, b.median) == pytest.approx((1 / a.upper, 1 / a.median), rel=1e-6), a
                assert b.probability_better == pytest.approx(1 - a.probability_better, abs=OF_QUADRATURE)
            else:
                assert (b.lower, b.median) == pytest.approx((a.lower, a.median), rel=1e-6), a
                assert b.probability_better == pytest.approx(a.probability_better, abs=OF_QUADRATURE)


@pytest.mark.parametrize("case", EXACT)
def test_before_the_data_every_regimen_is_the_best_as_likely_as_another(case):
    fit, frame, name, _ = EXACT[case]
    regimens = regimens_of(frame)
    posterior = fit(frame, regimens, False)
    if "regimen" not in posterior.estimand(name).dims:
        pytest.skip("one effect is of one pair of regimens")
    for row in rank_estimand(posterior.known(name, prior=True), better="higher"):
        error = 4 * max(row.mcse_probability_best, row.mcse_mean_rank) + OF_QUADRATURE
        assert row.probability_best == pytest.approx(1 / len(regimens), abs=error)


def test_differences_have_no_ratio():
    fit, frame, name, _ = EXACT["network of risk differences"]
    posterior = fit(frame, regimens_of(frame), False)
    with pytest.raises(be.AnalysisError, match="its ratio means nothing; use difference"):
        posterior.compare(name, reference="A", scale="ratio")


def test_a_logistic_regression_by_laplace_within_its_monte_carlo_error():
    fit, frame, name, scale = rates(PATIENTS, likelihood="logistic", covariates=[X, OLD])
    regimens = regimens_of(frame)
    first = fit(frame, regimens, False)
    turned = fit(frame.sample(frac=1, random_state=3).reset_index(drop=True), regimens[::-1], True)
    new, back = renamed(frame)
    relabelled = fit(new, [NAMES[r] for r in regimens], False)
    errors = [f.diagnostics.mcse_log_evidence for f in (first, turned)]
    evidence = [f.diagnostics.log_evidence for f in (first, turned)]
    assert evidence[1] == pytest.approx(evidence[0], abs=4 * np.hypot(*errors))
    assert relabelled.diagnostics.log_evidence == pytest.approx(evidence[0], abs=1e-9)
    for reference in regimens:
        one, two = (
            {r.regimen: r for r in f.compare(name, reference=reference, scale=scale).rows} for f in (first, turned)
        )
        three = {back[r.regimen]: r for r in relabelled.compare(name, reference=NAMES[reference], scale=scale).rows}
        for regimen, row in one.items():
            error = np.hypot(row.mcse_probability, two[regimen].mcse_probability)
            assert two[regimen].probability_better == pytest.approx(row.probability_better, abs=4 * error)
            assert three[regimen].probability_better == pytest.approx(row.probability_better, abs=1e-9)


def test_an_arm_that_borrows_answers_alike_whatever_stands_first(tmp_path):
    history = counts([(f"old {i}", "B", k, n) for i, (k, n) in enumerate([(23, 107), (12, 44), (19, 51)])])
    answered = []
    for i, (trial, past) in enumerate(((TWO, history), (TWO.iloc[::-1], history.iloc[::-1]))):
        folder = tmp_path / str(i)
        folder.mkdir()
        trial.assign(study="new").to_csv(folder / "trial.csv", index=False)
        past.to_csv(folder / "history.csv", index=False)
        content = {
            "data": {"file": "trial.csv", "endpoint": "ORR"},
            "model": {"family": "response"},
            "comparisons": [{"reference": "B", "margin": 0.1}, {"reference": "B", "scale": "odds_ratio"}],
            "borrowing": {"file": "history.csv", "robust_weight": 0.3},
            "sampling": {"draws": 200},
        }
        result = be.to_result(be.fit_analysis(be.Analysis.from_dict(content, folder=folder)))
        best = {r["regimen"]: r["probability_best"] for r in result["ranking"]}
        answered.append((result["comparisons"], best, result["diagnostics"]["log_evidence"]))
    (one, best, evidence), (two, again, other) = answered
    assert (again, other) == (pytest.approx(best, abs=1e-9), pytest.approx(evidence, abs=1e-9))
    for a, b in zip(one, two, strict=True):
        for key in ("probability_better", "mean", "median", "lower", "upper"):
            assert b[key] == pytest.approx(a[key], rel=1e-7), key
