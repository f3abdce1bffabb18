"""Whether randomisation protects a contrast is read off the studies between its regimens."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.answers.comparison import NETWORK, UNANCHORED, anchoring
from bayes_escc.evidence import Arm
from bayes_escc.evidence.arms import design_of_study, studies_between
from bayes_escc.runs.run import prepare_design


def counts(design):
    """Three cohorts that compare three regimens in a triangle."""
    rows = [
        {"study": study, "regimen": regimen, "endpoint": "ORR", "events": 10 + i, "n": 40, "design": design}
        for study, pair in (("c1", "AB"), ("c2", "BC"), ("c3", "AC"))
        for i, regimen in enumerate(pair)
    ]
    return be.read_counts(pd.DataFrame(rows if design is not None else [{**r, "design": ""} for r in rows]))


def labels(design, likelihood="normal"):
    model = be.SynthesisModel(network=True, endpoint="ORR", likelihood=likelihood, kind="counts")
    arms = prepare_design(model.analysis, counts(design)).arms
    return {anchoring(arms, "ORR", a, b) for a, b in combinations("ABC", 2)}


@pytest.mark.parametrize("likelihood", ["normal", "binomial"])
def test_a_network_of_cohorts_is_not_randomised(likelihood):
    assert labels("non-randomised", likelihood) == {UNANCHORED}
    assert labels("randomised", likelihood) == {NETWORK[0]}
    assert labels(None, likelihood) == {NETWORK[1]}


def test_only_studies_on_a_path_between_the_regimens_count():
    studies = {"r1": ("AB", "randomised"), "r2": ("BC", "randomised"), "n1": ("CD", "non-randomised")}
    arms = [Arm(s, r, "OS", design, linked=True) for s, (pair, design) in studies.items() for r in pair]
    assert studies_between(arms, "A", "C") == {"r1", "r2"}
    assert anchoring(arms, "OS", "A", "C") == NETWORK[0]
    assert anchoring(arms, "OS", "C", "D") == UNANCHORED
    assert anchoring(arms, "OS", "A", "D") == NETWORK[2]
    loop = [*arms, Arm("n2", "A", "OS", "non-randomised", linked=True), Arm("n2", "D", "OS", "", linked=True)]
    assert studies_between(loop, "A", "C") == {"r1", "r2", "n1", "n2"}
    assert anchoring(loop, "OS", "B", "C") == NETWORK[2]


def test_a_study_of_three_arms_is_between_each_two_of_them():
    arms = [Arm("t", r, "OS", "randomised", linked=True) for r in "ABC"]
    arms += [Arm("u", r, "OS", "non-randomised", linked=True) for r in "CD"]
    assert studies_between(arms, "A", "B") == {"t"}
    assert anchoring(arms, "OS", "A", "B") == NETWORK[0]


def test_a_pool_of_cohorts_says_so():
    model = be.SynthesisModel(endpoint="ORR", control="A", where={"study": "c1"}, kind="counts")
    design = prepare_design(model.analysis, counts("non-randomised"))
    (noted,) = [w for w in design.warnings if w.code == "not_randomised"]
    assert "1 of 1 studies" in noted.message
    randomised = prepare_design(model.analysis, counts("randomised"))
    assert not [w for w in randomised.warnings if w.code == "not_randomised"]


def test_published_effects_are_of_trials_unless_a_column_says_otherwise():
    table = pd.DataFrame(
        {
            "study": ["s1", "s2"],
            "regimen": ["B", "C"],
            "control": "A",
            "endpoint": "OS",
            "measure": "HR",
            "estimate": [0.8, 0.7],
            "se": [0.1, 0.2],
        }
    )
    model = be.SynthesisModel(network=True, endpoint="OS")
    arms = prepare_design(model.analysis, be.read_effects(table)).arms
    assert anchoring(arms, "OS", "B", "C") == NETWORK[0]
    marked = be.read_effects(table.assign(design=["randomised", "non-randomised"]))
    arms = prepare_design(model.analysis, marked).arms
    assert anchoring(arms, "OS", "B", "C") == NETWORK[2]
    assert anchoring(arms, "OS", "A", "B") == NETWORK[0]


def patients(**columns):
    """Two studies of patients, of which the second is a cohort."""
    rows = [
        {"study": study, "regimen": regimen, "response": r, "time": 3.0 + i, "event": 1, "design": design}
        for study, pair, design in (("trial", "AB", "Randomized"), ("cohort", "CD", "non-randomised"))
        for regimen in pair
        for i, r in enumerate(("PR", "SD", "PD"))
    ]
    frame = pd.DataFrame(rows).assign(patient_id=range(len(rows)), **columns)
    return be.read_patients(frame, time="time", event="event", time_unit="months", response="response")


FAMILIES = {
    "survival": be.SurvivalModel(baseline="exponential", data_unit="months"),
    "binomial": be.ResponseModel(endpoint="ORR"),
    "multinomial": be.ResponseModel(likelihood="multinomial"),
}


@pytest.mark.parametrize("family", list(FAMILIES))
def test_patients_of_several_studies_have_the_design_of_their_study(family):
    model, endpoint = FAMILIES[family], {"survival": "PFS", "binomial": "ORR", "multinomial": None}[family]
    arms = prepare_design(model.analysis, patients()).arms
    assert {(a.study, a.design) for a in arms} == {("trial", "randomised"), ("cohort", "non-randomised")}
    assert anchoring(arms, endpoint, "A", "B") == "randomised"
    assert anchoring(arms, endpoint, "C", "D") == UNANCHORED
    assert anchoring(arms, endpoint, "A", "C") == UNANCHORED
    unsaid = prepare_design(model.analysis, patients(design="")).arms
    assert anchoring(unsaid, endpoint, "A", "B") == "same study, randomisation not stated"


def test_a_study_has_the_design_that_any_of_its_rows_states():
    assert design_of_study(["", "randomised", "nan"]) == "randomised"
    assert design_of_study(["randomised", "Non-Randomized"]) == "non-randomised"
    assert design_of_study(["phase II", ""]) == ""
    table = counts("randomised")
    half = be.read_counts(table.frame.assign(design=["non-randomised", ""] * 3))
    model = be.SynthesisModel(network=True, endpoint="ORR", kind="counts")
    assert {a.design for a in prepare_design(model.analysis, half).arms} == {"non-randomised"}


def test_effects_and_counts_together_keep_their_designs():
    effects = be.read_effects(
        pd.DataFrame(
            [
                {
                    "study": "e1",
                    "experimental": "D",
                    "control": "C",
                    "endpoint": "ORR",
                    "measure": "OR",
                    "estimate": 1.2,
                    "se": 0.2,
                }
            ]
        )
    )
    model = be.SynthesisModel(network=True, endpoint="ORR", kind="effects", reference="A")
    for design, expected in (("randomised", NETWORK[0]), ("non-randomised", NETWORK[2]), (None, NETWORK[1])):
        arms = prepare_design(model.analysis, be.combine_evidence(effects, counts(design))).arms
        assert anchoring(arms, "ORR", "A", "D") == expected
        assert anchoring(arms, "ORR", "C", "D") == NETWORK[0]
