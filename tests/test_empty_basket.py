"""A basket without patients in a hierarchy of rates: accepted where the model predicts it, and said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.probability.rate_hierarchy import integrate_rates

EVENTS, TOTAL = np.array([3, 7, 0, 5]), np.array([12, 20, 0, 16])
PRIORS = {"logit_mean": be.Prior("Normal", mu=0, sigma=1.5), "tau": be.Prior("HalfNormal", sigma=1)}


def baskets(events=EVENTS, total=TOTAL):
    return pd.DataFrame(
        {
            "study": "basket trial",
            "regimen": [f"histology {i + 1}" for i in range(len(events))],
            "endpoint": "ORR",
            "events": events,
            "n": total,
        }
    )


@pytest.fixture(scope="module")
def fitted():
    model = be.ResponseModel(endpoint="ORR", pooling="partial", priors=PRIORS)
    return model.fit(baskets(), seed=3, draws=500, tune=500)


def test_the_empty_basket_is_predicted_from_the_hierarchy(fitted):
    """Against the integrated hierarchy, in which a basket without patients has the law of a new one."""
    exact = integrate_rates(EVENTS, TOTAL, PRIORS["logit_mean"], PRIORS["tau"])
    rows = {r.regimen: r for r in fitted.summary_rows() if r.estimand == "rate"}
    for i in range(4):
        row, law = rows[f"histology {i + 1}"], exact.study(i)
        assert row.mean == pytest.approx(law.mean, abs=4.5 * row.mcse_mean)
    assert exact.study(2).mean == pytest.approx(exact.predicted.mean, abs=1e-9)
    assert rows["histology 3"].sd > max(rows[f"histology {i}"].sd for i in (1, 2, 4))


def test_what_is_empty_is_said(fitted):
    notes = be.to_result(fitted)["data"]["warnings"]
    assert [(n["code"], n["column"]) for n in notes if n["code"] == "no_patients"] == [("no_patients", "n")]


def test_the_empty_basket_changes_nothing_for_the_others():
    exact = integrate_rates(EVENTS, TOTAL, PRIORS["logit_mean"], PRIORS["tau"])
    kept = TOTAL > 0
    without = integrate_rates(EVENTS[kept], TOTAL[kept], PRIORS["logit_mean"], PRIORS["tau"])
    for whole, part in ((0, 0), (1, 1), (3, 2)):
        assert exact.study(whole).mean == pytest.approx(without.study(part).mean, abs=1e-9)


@pytest.mark.parametrize("settings", [{}, {"likelihood": "multinomial"}])
def test_a_model_without_a_hierarchy_refuses_it_with_the_remedy(settings):
    with pytest.raises(be.DataError, match=r"no patients in this row.*pooling"):
        be.ResponseModel(endpoint=None if settings else "ORR", **settings).fit(baskets())


def test_events_without_patients_are_refused():
    with pytest.raises(be.DataError):
        be.ResponseModel(endpoint="ORR", pooling="partial").fit(baskets(np.array([3, 7, 1, 5])))


def test_an_empty_historical_trial_is_one_more_to_be_predicted(tmp_path):
    history = baskets().assign(study=list("abcd"), regimen="placebo")
    history.to_csv(tmp_path / "history.csv", index=False)
    trial = pd.DataFrame(
        {"study": "new", "regimen": ["drug", "placebo"], "endpoint": "ORR", "events": [9, 3], "n": [20, 10]}
    )
    trial.to_csv(tmp_path / "trial.csv", index=False)
    answers = []
    for name in ("history.csv", "shorter.csv"):
        history[history["n"] > 0].to_csv(tmp_path / "shorter.csv", index=False)
        analysis = be.Analysis.from_dict(
            {
                "data": {"file": "trial.csv", "endpoint": "ORR"},
                "model": {"family": "response"},
                "comparisons": [{"reference": "placebo"}],
                "borrowing": {"file": name},
                "sampling": {"draws": 200},
            },
            folder=tmp_path,
        )
        answers.append(be.to_result(be.fit_analysis(analysis)))
    whole, shorter = (a["comparisons"][0]["probability_better"] for a in answers)
    assert whole == pytest.approx(shorter, abs=1e-9)
    rows = {r["study"]: r for r in answers[0]["borrowing"]["map_prior"]["study_rates"]}
    assert rows["c"]["mean"] == pytest.approx(answers[0]["borrowing"]["map_prior"]["mean"], abs=1e-6)
