"""Checks say the same in another unit, on another scale, and of a table in another order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.checks import inconsistency, sensitivity
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.runs.run import prepare_design

TRIANGLE = [
    ("A", "B", -3.0, 1.2),
    ("A", "B", -5.5, 1.5),
    ("A", "C", -1.0, 1.1),
    ("B", "C", 2.0, 2.0),
    ("A", "C", 0.5, 1.4),
]


def effects(unit=1.0, measure="MD", **columns):
    """A network of three regimens; on the log scale where the measure is a logarithm, as ratios where it is a ratio."""
    natural = np.exp if measure in ("HR", "OR", "RR") else np.asarray
    y, se = np.array([r[2] for r in TRIANGLE]) * unit, np.array([r[3] for r in TRIANGLE]) * unit
    frame = pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(len(TRIANGLE))],
            "experimental": [r[1] for r in TRIANGLE],
            "control": [r[0] for r in TRIANGLE],
            "endpoint": "weight",
            "measure": measure,
            "estimate": natural(y),
            "ci_low": natural(y - 1.959963985 * se),
            "ci_high": natural(y + 1.959963985 * se),
            "ci_level": 0.95,
            "better": "lower",
            **columns,
        }
    )
    return be.read_effects(frame)


def model(unit=1.0, **options):
    priors = {"effect": be.Prior("Normal", mu=0, sigma=10 * unit), "tau": be.Prior("HalfNormal", sigma=2 * unit)}
    return be.SynthesisModel(endpoint="weight", priors=priors, **options)


KINDS = ("network", "unrelated", "direct", "indirect", "difference")


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_inconsistency_is_the_same_in_another_unit(factor):
    first, other = (inconsistency(model(u, network=True), effects(u)) for u in (1.0, factor))
    for a, b in zip(first.rows, other.rows, strict=True):
        for kind in KINDS:
            if a[kind] is not None:
                assert np.array(b[kind]) / factor == pytest.approx(a[kind], rel=1e-5, abs=1e-7)
        if a["probability_above"] is not None:
            assert b["probability_above"] == pytest.approx(a["probability_above"], abs=1e-6)
    for a, b in zip(first.models, other.models, strict=True):
        for key in ("residual_deviance", "p", "dic"):
            assert b[key] == pytest.approx(a[key], rel=1e-5)


def test_power_scaling_is_the_same_in_another_unit():
    options = {"where": {"control": "A", "experimental": "C"}}
    first, other = (be.power_scaling(model(u, **options).fit(effects(u), seed=4)).to_dict() for u in (1.0, 1000.0))
    for a, b in zip(first["estimates"], other["estimates"], strict=True):
        for key in ("prior", "likelihood"):
            if a[key] is not None:
                assert b[key] == pytest.approx(a[key], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("check", [sensitivity, inconsistency])
def test_ratios_and_their_logarithms_give_the_same_check(check):
    network = {"network": True} if check is inconsistency else {"where": {"control": "A", "experimental": "C"}}
    ratio, log = (check(model(0.1, **network), effects(0.1, measure)) for measure in ("HR", "log HR"))
    for a, b in zip(ratio.rows, log.rows, strict=True):
        for key in set(KINDS) | {"median", "lower", "upper", "tau", "probability_below_null", "probability_above"}:
            if a.get(key) is not None:
                assert b[key] == pytest.approx(a[key], rel=1e-6, abs=1e-9)


COUNTS = pd.DataFrame(
    [("t1", "A", 9, 40), ("t1", "B", 14, 41), ("t2", "B", 11, 30), ("t2", "C", 7, 33), ("t3", "C", 12, 50),
     ("t3", "A", 10, 52), ("t3", "B", 18, 49), ("t4", "C", 8, 36), ("t4", "D", 15, 38)],
    columns=["study", "regimen", "events", "n"],
).assign(endpoint="ORR")  # fmt: skip
RENAMED = {"A": "z", "B": "y", "C": "x", "D": "w"}


def arms_network(frame, reference, likelihood):
    asked = be.SynthesisModel(network=True, endpoint="ORR", likelihood=likelihood, reference=reference, kind="counts")
    return asked, be.read_counts(frame)


ORDERS = {
    "rows": (COUNTS.sample(frac=1.0, random_state=2), {}),
    "labels": (COUNTS.assign(regimen=COUNTS["regimen"].map(RENAMED)), RENAMED),
    "labels and rows": (COUNTS.assign(regimen=COUNTS["regimen"].map(RENAMED)).iloc[::-1], RENAMED),
}


@pytest.mark.parametrize("reference", ["A", "D"])
@pytest.mark.parametrize("order", list(ORDERS))
class TestRandomEffectsOfArmCounts:
    """A network with a trial of three arms, whose random effects have correlation one half."""

    def test_normal_likelihood(self, order, reference):
        frame, names = ORDERS[order]

        def contrasts(rows, against, back):
            asked, table = arms_network(rows, against, "normal")
            fit = asked.fit(table, seed=1)
            exact = fit.exact_laws()
            new = {v: k for k, v in back.items()}
            found = {}
            for regimen in dict.fromkeys(rows["regimen"]):
                for other in dict.fromkeys(rows["regimen"]):
                    for name in ("effect", "predicted_effect"):
                        labels = {"regimen": regimen, "endpoint": "ORR", "study": None, "time": None, "covariate": None}
                        law = exact.contrast(name, labels, other, "ratio")
                        if law is not None:
                            key = name, new.get(regimen, regimen), new.get(other, other)
                            found[key] = [law.quantile(q) for q in (0.025, 0.5, 0.975)]
            return found, fit.diagnostics.log_evidence

        (a, evidence), (b, other) = contrasts(COUNTS, "B", {}), contrasts(frame, names.get(reference, reference), names)
        assert a.keys() == b.keys()
        assert len(a) == 2 * 4 * 3
        for key, numbers in a.items():
            assert b[key] == pytest.approx(numbers, rel=1e-6), key
        assert other == pytest.approx(evidence, abs=1e-8)

    def test_binomial_likelihood(self, order, reference):
        """The density of every trial's counts, baseline and random effects integrated out."""
        frame, names = ORDERS[order]
        first = prepare_design(*_asked(COUNTS, "B"))
        other = prepare_design(*_asked(frame, names.get(reference, reference)))
        parameters = first.prior(np.random.default_rng(3), 40)
        known = {str(t): parameters["mu"].sel(term=t).to_numpy() for t in parameters["term"].to_numpy()}
        known["B"] = np.zeros_like(known["A"])
        back = {v: k for k, v in names.items()}
        turned = np.stack([known[back.get(t, t)] - known[reference] for t in other.terms], axis=-1)
        mapped = other.prior(np.random.default_rng(3), 40)
        mapped = mapped.assign(mu=((CHAIN, DRAW, "term"), turned), tau=parameters["tau"])
        a, b = (d.log_likelihood(p)["events_integrated"] for d, p in ((first, parameters), (other, mapped)))
        for study in ("t1", "t2", "t3", "t4"):
            expected = a.sel(trial=study).to_numpy()
            np.testing.assert_allclose(b.sel(trial=study).to_numpy(), expected, atol=5e-3)


def _asked(frame, reference):
    asked, table = arms_network(frame, reference, "binomial")
    return asked.analysis, table
