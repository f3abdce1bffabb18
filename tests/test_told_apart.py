"""What the data cannot tell apart is said, with the names of the parameters, whatever the family."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.families.told_apart import aliased
from bayes_escc.runs.run import prepare_design
from tests.helpers.synthesis import NETWORK, network


def notes(model, table):
    design = prepare_design(model.analysis, table)
    return [(w.code, w.message) for w in design.warnings]


class TestAliased:
    def test_each_dependence_is_named_and_nothing_else(self):
        rng = np.random.default_rng(1)
        a, b, c, d = rng.normal(size=(4, 12))
        columns = np.column_stack([a, b, a * 1000 - 0.001 * b, c, np.zeros(12), d, -2 * d])
        assert aliased(columns, "abscz" "de") == [("a", "b", "s"), ("z",), ("d", "e")]  # fmt: skip
        assert aliased(columns[:, [0, 1, 3, 5]], "abcd") == []
        assert aliased(np.empty((3, 0)), "") == []

    def test_fewer_rows_than_columns(self):
        assert aliased(np.array([[1.0, 2.0, 0.0]]), "abc") == [("a", "b"), ("c",)]

    def test_order_and_unit_are_nothing(self):
        rng = np.random.default_rng(2)
        a, b = rng.normal(size=(2, 9))
        columns = np.column_stack([a, b, a + b])
        for order in ([0, 1, 2], [2, 0, 1]):
            scaled = columns[:, order] * np.array([1e6, 1.0, 1e-6])
            assert [set(g) for g in aliased(scaled, [f"{i}" for i in order])] == [{"0", "1", "2"}]


def patients(**columns):
    n = 24
    return pd.DataFrame(
        {
            "patient_id": np.arange(n),
            "regimen": ["A", "B"] * (n // 2),
            "time": np.arange(1, n + 1) / 2,
            "event": [1, 1, 0] * (n // 3),
            "response": [0, 1, 1, 0] * (n // 4),
            **columns,
        }
    )


OLD = (np.arange(24) % 3 == 0).astype(int)
X = np.linspace(-1, 1, 24)


@pytest.mark.parametrize("family", ["survival", "logistic"])
class TestPatients:
    def notes(self, family, frame, *names):
        covariates = [{"column": name} for name in names]
        model = (
            be.SurvivalModel(data_unit="months", covariates=covariates)
            if family == "survival"
            else be.ResponseModel(endpoint="ORR", likelihood="logistic", covariates=covariates)
        )
        return [said for code, said in notes(model, model.read(frame)) if code == "not_told_apart"]

    def test_covariates_that_are_one(self, family):
        frame = patients(nlr=X, copy=3 - 2 * X, old=OLD)
        (said,) = self.notes(family, frame, "nlr", "copy", "old")
        assert "nlr" in said
        assert "copy" in said
        assert "old" not in said
        assert self.notes(family, frame, "nlr", "old") == []

    def test_a_covariate_that_is_the_regimen(self, family):
        (said,) = self.notes(family, patients(line=[0, 1] * 12, old=OLD), "line", "old")
        assert all(word in said for word in ("on B", "line"))


class TestSurvival:
    def said(self, frame, **options):
        model = be.SurvivalModel(data_unit="months", **options)
        return notes(model, model.read(frame))

    def test_regimens_that_no_centre_joins(self):
        """Two centres gave A and B, the third gave C alone."""
        frame = patients(regimen=["A", "B", "C"] * 8, centre=["u", "v", "w", "v", "u", "w"] * 4)
        said = dict(self.said(frame, frailty="centre"))["centres_confounded"]
        assert "C, centre w" in said
        assert "A, centre u" in said
        joined = patients(regimen=["A", "B", "C"] * 8, centre=["u", "v", "w", "v", "w", "u"] * 4)
        assert "centres_confounded" not in dict(self.said(joined, frailty="centre"))

    def test_a_shape_without_events(self):
        frame = patients(event=[1] + [0] * 23)
        assert any("shape" in said for code, said in self.said(frame) if code == "not_told_apart")
        frame = patients(event=[1, 0] * 12)
        said = [s for c, s in self.said(frame, regimen_effect="nonproportional") if c == "not_told_apart"]
        assert said == ["0 events on B cannot tell the shape of the hazard from its level"]
        assert not [s for c, s in self.said(frame) if c == "not_told_apart"]

    def test_intervals_without_events(self):
        frame = patients(event=[int(not 3 < t <= 6) for t in np.arange(1, 25) / 2])
        said = [s for c, s in self.said(frame, baseline="piecewise", cutpoints=[3, 6]) if c == "not_told_apart"]
        assert said == ["no event lies between 3 to 6 months"]  # one at 3 months is in the first interval
        full = self.said(patients(), baseline="piecewise", cutpoints=[3, 6])
        assert not [s for c, s in full if c == "not_told_apart"]


def trials(n=6, **columns):
    return be.read_effects(
        pd.DataFrame(
            {
                "study": [f"s{i}" for i in range(n)],
                "regimen": "drug",
                "control": "usual",
                "endpoint": "OS",
                "measure": "HR",
                "estimate": np.linspace(0.7, 1.0, n),
                "se": 0.2,
                **columns,
            }
        )
    )


class TestSynthesis:
    def test_slopes(self):
        table = trials(year=np.arange(6), since=np.arange(6) * 12.0, age=[60, 61, 64, 60, 62, 61])
        covariates = [{"column": c} for c in ("year", "since", "age")]
        model = be.SynthesisModel(endpoint="OS", covariates=covariates)
        (said,) = [s for c, s in notes(model, table) if c == "not_told_apart"]
        assert said.startswith("these studies cannot tell apart the slope on year and the slope on since")

    def test_more_slopes_than_studies(self):
        table = trials(3, year=[1, 2, 5], age=[60, 63, 61], dose=[3, 2, 2])
        covariates = [{"column": c} for c in ("year", "age", "dose")]
        model = be.SynthesisModel(endpoint="OS", covariates=covariates)
        found = dict(notes(model, table))
        assert "the slope on dose" in found["not_told_apart"]
        assert "nearly as many effects as contrasts" in found["few_studies"]

    def test_heterogeneity_of_two_studies_and_of_a_tree(self):
        assert "2 studies can say little" in dict(notes(be.SynthesisModel(endpoint="OS"), trials(2)))["few_studies"]
        assert "few_studies" not in dict(notes(be.SynthesisModel(endpoint="OS"), trials(3)))
        tree = be.SynthesisModel(endpoint="OS", network=True)
        said = dict(notes(tree, trials(4, regimen=["B", "C", "D", "E"], control="A")))  # each comparison once
        assert "nearly as many effects as contrasts" in said["few_studies"]
        many = trials(6, regimen=["B", "C"] * 3, control="A")
        assert "few_studies" not in dict(notes(tree, many))

    def test_a_network_that_is_joined_has_none(self):
        assert "not_told_apart" not in {w.code for w in network(NETWORK, "A").warnings}


@pytest.mark.parametrize(
    ("options", "role"), [({"pooling": "partial"}, "tau"), ({"likelihood": "beta_binomial"}, "precision")]
)
def test_rates_that_share_a_spread(options, role):
    rows = [("s1", "A", 3), ("s2", "A", 4), ("s3", "A", 9), ("s1", "B", 2), ("s2", "B", 5), ("s3", "C", 1)]
    table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "events"]).assign(n=20, endpoint="ORR"))
    said = [s for c, s in notes(be.ResponseModel(endpoint="ORR", **options), table) if c == "few_studies"]
    if role == "tau":
        assert said == []  # three regimens share it
        two = be.ResponseModel(endpoint="ORR", regimens=["A", "B"], **options)
        said = [s for c, s in notes(two, table) if c == "few_studies"]
        assert len(said) == 1
    else:
        assert len(said) == 2
        assert "the studies of B number 2" in said[0]
        assert "the studies of C number 1" in said[1]
    assert f"the posterior of {role} is mostly its prior" in said[0]
