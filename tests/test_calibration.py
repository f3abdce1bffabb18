"""Calibration: what ships holds for today's code, and the machinery rejects what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayes_escc as be
from bayes_escc.validation.calibration import digest
from bayes_escc.validation.calibration.calibrate import (
    Record,
    calibrate,
    digest_of,
    out_of_date,
    read_record,
    simulate,
    verdict_of,
    write_record,
)
from bayes_escc.validation.calibration.cases import all_cases, find_cases
from bayes_escc.validation.calibration.once import (
    RANKS,
    ModelCase,
    Outcome,
    Placed,
    Predicted,
    compare_with_truth,
    place,
)
from bayes_escc.validation.calibration.report import write_report
from bayes_escc.validation.calibration.tally import Tally, checks_of

SHIPPED = Path(__file__).parents[1] / "docs" / "calibration"


def test_calibrations_in_the_repository_hold_for_this_code():
    """If this fails, the code of a model has changed since it was calibrated: run what the message says."""
    changed = out_of_date(all_cases(), read_record(SHIPPED))
    assert not changed, f'The code of these models has changed. Run: make calibrate MODELS="{" ".join(changed)}"'


def test_calibrations_in_the_repository_are_calibrated():
    records = read_record(SHIPPED)
    known = {c.name for c in all_cases()}
    assert set(records) <= known
    for name, record in records.items():
        assert verdict_of(record.tally).calibrated, (name, verdict_of(record.tally))
    page = (SHIPPED / "README.md").read_text(encoding="utf-8")
    for name in known:
        assert f"`{name}`" in page, "the page names every case, run or not"


# ---- what is wrong is rejected ---------------------------------------------------------------------


def case(name):
    return find_cases([name])[0]


def with_prior(case, **priors):
    content = json.loads(case.analysis.content)
    content["priors"] |= {role: prior.to_dict() for role, prior in priors.items()}
    return replace(case, analysis=type(case.analysis).from_dict(content))


def refitted(name, **priors):
    """A case whose data come from the stated priors, but which is fitted with others."""
    return replace(with_prior(case(name), **priors), generate=case(name).simulate)


class Reversed(ModelCase):
    """A model that swaps its regimens."""

    def once(self, seed):
        rng = np.random.default_rng(seed)
        simulated = self.simulate(rng)
        draws = self.design(simulated.table).exact(rng, 4, 250).draws
        found = self.base_design.estimands(draws, rng)
        swapped = found.isel(regimen=[1, 0]).assign_coords(regimen=found["regimen"].to_numpy())
        return Outcome(*compare_with_truth(simulated.truth, swapped, rng))


def tally_of(case, number=100):
    tally = Tally()
    tally.add(simulate(case, 0, number))
    return tally


def test_a_right_model_is_calibrated():
    verdict = verdict_of(tally_of(case("medians")))
    assert verdict.calibrated, verdict


@pytest.mark.parametrize(
    ("name", "priors"),
    [
        ("medians", {"median": be.Prior("LogNormal", mu=np.log(6), sigma=0.15)}),
        ("exponential_closed", {"hazard": be.Prior("Gamma", alpha=24, beta=192)}),
    ],
    ids=["medians", "hazards"],
)
def test_a_wrong_prior_scale_is_rejected(name, priors):
    verdict = verdict_of(tally_of(refitted(name, **priors)))
    assert not verdict.calibrated, verdict


def test_a_forgotten_jacobian_is_rejected():
    """A hazard sampled on the log scale without its Jacobian: Gamma(2, 16) acts as Gamma(1, 16)."""
    few = with_prior(case("exponential_closed"), hazard=be.Prior("Gamma", alpha=2, beta=16))
    few = replace(few, base=few.base.iloc[:6].assign(time=2.0))
    fitted = replace(with_prior(few, hazard=be.Prior("Gamma", alpha=1, beta=16)), generate=few.simulate)
    assert not verdict_of(tally_of(fitted)).calibrated


def test_a_wrong_sign_is_rejected():
    right = case("medians")
    wrong = Reversed(**{name: getattr(right, name) for name in right.__dataclass_fields__})
    tally = tally_of(wrong, 60)
    assert not verdict_of(tally).calibrated
    tests = {t.of: t.p for t in checks_of(tally) if "minus" in t.quantity}
    assert tests["ranks"] < 1e-4
    assert tests["probability of the more probable"] < 1e-4


def test_an_overconfident_posterior_is_rejected_by_its_coverage_and_probabilities():
    rng = np.random.default_rng(3)

    def outcomes(shrunk, number=400):
        for _ in range(number):
            truth = rng.normal()
            y = truth + rng.normal()
            draws = y / 2 + shrunk * np.sqrt(0.5) * rng.normal(size=1000)
            p = float((draws > 0).mean())
            yield Outcome({"mean": place(truth, draws, rng)}, {"mean > 0": Predicted(p, truth > 0)})

    right, wrong = Tally(), Tally()
    right.add(outcomes(1.0))
    wrong.add(outcomes(0.5))
    assert verdict_of(right).calibrated, verdict_of(right)
    p = {t.of: t.p for t in checks_of(wrong)}
    assert max(p["ranks"], p["coverage of 50 %"], p["coverage of 95 %"]) < 1e-6
    assert p["probability of the more probable"] < 1e-3


# ---- pieces ----------------------------------------------------------------------------------------


def test_ranks_and_intervals():
    rng = np.random.default_rng(1)
    draws = np.arange(990.0)
    assert place(-1.0, draws, rng) == Placed(0, False, False)
    assert place(2000.0, draws, rng) == Placed(RANKS - 1, False, False)
    assert place(495.5, draws, rng) == Placed(50, True, True)
    ranks = [place(0.0, np.zeros(99), rng) for _ in range(400)]
    assert {p.inside_50 for p in ranks} == {None}
    assert len({p.rank for p in ranks}) > 90
    with pytest.raises(be.FitError, match="too few"):
        place(0.0, np.zeros(50), rng)
    with pytest.raises(be.FitError, match="not a number"):
        place(np.nan, draws, rng)


@pytest.mark.parametrize("size", [100, 1000])
def test_intervals_of_few_draws_hold_what_they_say(size):
    """Quantiles between the smallest and the largest draw hold 93.1 rather than 95 % with a hundred draws."""
    rng = np.random.default_rng(5)
    placed = [place(rng.normal(), rng.normal(size=size), rng) for _ in range(20_000)]
    for share, inside in ((0.5, [p.inside_50 for p in placed]), (0.95, [p.inside_95 for p in placed])):
        assert abs(np.mean(inside) - share) < 4 * (share * (1 - share) / len(placed)) ** 0.5


def test_ranks_of_regimens_are_those_of_each_draw():
    def estimands(rates):
        values = np.asarray(rates, dtype=float).reshape(1, -1, 3)
        return xr.Dataset({"rate": (("chain", "draw", "regimen"), values)}, coords={"regimen": list("ABC")})

    draws = np.tile([0.2, 0.5, 0.4], (99, 1)) + 1e-3 * np.random.default_rng(1).normal(size=(99, 3))
    placed, predicted = compare_with_truth(estimands([0.3, 0.2, 0.1]), estimands(draws), np.random.default_rng(1))
    assert set(placed) == {"rate of A", "rate, last minus first regimen", "rank by rate"}
    assert placed["rank by rate"].rank == 0  # the truth is 1, all draws say 3
    assert predicted == {
        "rate, last minus first regimen > 0": Predicted(1.0, False),
        "highest rate": Predicted(0.0, True),
    }


def test_a_record_is_continued_and_begun_anew_when_the_code_has_changed(tmp_path, monkeypatch):
    from bayes_escc.validation.calibration import calibrate as module

    chosen = [case("predictive_response")]
    first = calibrate(chosen, tmp_path, size=30, workers=1)["predictive_response"]
    at_once = calibrate(chosen, tmp_path / "other", size=50, workers=1)["predictive_response"]
    in_parts = calibrate(chosen, tmp_path, size=50, workers=1)["predictive_response"]
    assert first.tally.simulations == 30
    assert in_parts.tally.to_dict() == at_once.tally.to_dict()
    assert read_record(tmp_path)["predictive_response"].tally.to_dict() == at_once.tally.to_dict()
    assert out_of_date(chosen, read_record(tmp_path)) == []
    monkeypatch.setattr(module, "digest_of", lambda _: "other")
    assert out_of_date(chosen, read_record(tmp_path)) == ["predictive_response"]
    assert calibrate(chosen, tmp_path, size=20, workers=1)["predictive_response"].tally.simulations == 20


def test_the_report_names_what_was_not_run(tmp_path):
    tally = Tally()
    tally.add(simulate(case("predictive_response"), 0, 40))
    tally.add(simulate(case("medians"), 0, 40))
    records = {"medians": Record(tally, digest_of(case("medians")), {}), "rates": Record(tally, "old", {})}
    write_record(tmp_path, records)
    write_report(all_cases(), read_record(tmp_path), tmp_path)
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "**Run with other code than today's:** `rates`." in page
    assert "`weibull` (Weibull)" in page.split("Not yet run:")[1]
    assert "`medians` (80)" in page
    assert len((tmp_path / "calibration.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert {p.name for p in tmp_path.iterdir()} == {
        "README.md", "calibration.csv", "calibration.json", "probabilities.svg", "ranks_response.svg",
        "ranks_survival.svg",
    }  # fmt: skip


def test_an_unknown_case_is_named():
    with pytest.raises(be.AnalysisError, match=r"'weibul'\. Did you mean 'weibull'"):
        find_cases(["weibul"])


# ---- the digest --------------------------------------------------------------------------------------


def test_a_digest_is_blind_to_words_and_layout():
    one = 'def f(x: int) -> int:\n    """Doc."""\n    # why\n    return x + 1\n'
    assert digest.normal_form(one) == digest.normal_form("import os\ndef f(x):\n    return (x\n  + 1)")
    assert digest.normal_form(one) != digest.normal_form("def f(x):\n    return x - 1")
    said = 'def f(x):\n    raise ValueError("{}")'
    assert digest.normal_form(said.format("a")) == digest.normal_form(said.format("b"))


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("weibull", {"families.survival.weibull", "families.survival.kernels", "families.survival.risk"}),
        ("random_walk", {"families.survival.piecewise", "families.survival.kernels"}),
        ("imputation", {"families.survival.missing"}),
        ("horseshoe", {"families.survival.shrinkage"}),
        ("network", {"families.synthesis.gaussian", "families.synthesis.contrasts", "families.exchangeable"}),
        ("borrowed_rates", {"families.response.binomial", "probability.mixtures", "probability.beta"}),
        ("logistic_laplace", {"families.response.logistic", "inference.laplace"}),
        ("predictive_response", {"rules.final_success", "rules.tails"}),
    ],
)
def test_a_case_depends_on_the_modules_that_make_its_answer(name, modules):
    assert {f"bayes_escc.{m}" for m in modules} <= set(digest.modules_behind(case(name).code()[0]))


def test_a_changed_density_is_noticed(monkeypatch):
    chosen = case("weibull")
    before = digest_of(chosen)
    path = digest._path("bayes_escc.families.survival.kernels")
    text = path.read_text(encoding="utf-8").replace("log_scale + log_shape", "log_scale - log_shape")
    form = digest._form_of
    monkeypatch.setattr(digest, "_form_of", lambda m: digest.normal_form(text) if m.endswith("kernels") else form(m))
    assert digest_of(chosen) != before


def test_models_are_covered():
    """Every family, likelihood, baseline and sampler that ships is calibrated by some case."""
    stated = [json.loads(c.analysis.content)["model"] for c in all_cases() if isinstance(c, ModelCase)]
    seen = {(key, str(value)) for model in stated for key, value in model.items()}
    assert {("baseline", b) for b in ("weibull", "exponential", "piecewise")} <= seen
    assert {("regimen_effect", e) for e in ("nonproportional", "stratified")} <= seen
    assert {("shrinkage", s) for s in ("ridge", "horseshoe")} <= seen
    assert {("likelihood", k) for k in ("beta_binomial", "multinomial", "logistic", "binomial", "normal")} <= seen
    assert ("smoothing", "random_walk") in seen
    assert {c.sampler for c in all_cases() if isinstance(c, ModelCase)} == {"exact", "nuts", "laplace"}
