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


OWN = Arm("own", "A", "PFS", "non-randomised")


class TestPatientsBesidePublishedEvidence:
    """A contrast is what the studies on the paths between two regimens are, whatever stands beside own patients."""

    @staticmethod
    def effect(study, pair, design="randomised"):
        return [Arm(study, r, "PFS", design, linked=True) for r in pair]

    def both(self, arms, a, b):
        found = anchoring(arms, "PFS", a, b)
        assert found == anchoring(arms, "PFS", b, a)
        return found

    def test_a_chain_of_hazard_ratios_of_randomised_trials(self):
        arms = [OWN, *self.effect("t1", "AC"), *self.effect("t2", "CB")]
        assert self.both(arms, "A", "B") == self.both(arms, "A", "C") == NETWORK[0]
        broken = [OWN, *self.effect("t1", "AC"), *self.effect("t2", "CB", "non-randomised")]
        assert self.both(broken, "A", "B") == NETWORK[2]
        assert self.both(broken, "A", "C") == NETWORK[0]
        unsaid = [OWN, *self.effect("t1", "AC"), *self.effect("t2", "CB", "")]
        assert self.both(unsaid, "A", "B") == NETWORK[1]

    def test_a_published_arm_whose_level_is_compared_as_it_stands_is_no_anchor(self):
        single = Arm("cohort", "B", "PFS", "single-arm")
        assert self.both([OWN, single], "A", "B") == UNANCHORED
        assert self.both([OWN, single, *self.effect("t1", "BC")], "A", "B") == UNANCHORED
        assert self.both([OWN, single, *self.effect("t1", "BC")], "A", "C") == NETWORK[2]
        beside = [OWN, single, *self.effect("t1", "AC"), *self.effect("t2", "CB")]
        assert self.both(beside, "A", "B") == NETWORK[2]

    def test_own_randomised_patients_are_a_trial_like_others(self):
        own = [Arm("own", r, "PFS", "randomised") for r in "AC"]
        assert self.both([*own, *self.effect("t1", "CB")], "A", "C") == "randomised"
        assert self.both([*own, *self.effect("t1", "CB")], "A", "B") == NETWORK[0]
        single = Arm("cohort", "C", "PFS", "single-arm")
        assert self.both([*own, single, *self.effect("t1", "CB")], "A", "B") == NETWORK[2]

    def test_regimens_that_nothing_joins(self):
        assert self.both([OWN, *self.effect("t1", "CB")], "A", "B") == UNANCHORED


@pytest.mark.parametrize("design", ["randomised", "non-randomised"])
@pytest.mark.parametrize("single_arm", [False, True])
def test_own_patients_and_a_chain_of_published_hazard_ratios(tmp_path, design, single_arm):
    """Own patients on A; trials of C against A and of B against C; and perhaps a cohort on B."""
    own = pd.DataFrame({"patient_id": range(12), "regimen": "A", "time": range(1, 13), "event": [1, 1, 0] * 4})
    own.assign(liver=[0, 1] * 6).to_csv(tmp_path / "own.csv", index=False)
    ratio = {"endpoint": "PFS", "measure": "HR", "estimate": 0.8, "ci_low": 0.6, "ci_high": 1.07, "ci_level": 0.95}
    rows = [{"study": "t1", "experimental": "C", "control": "A", **ratio, "design": "randomised"}]
    rows.append({"study": "t2", "experimental": "B", "control": "C", **ratio, "design": design})
    pd.DataFrame(rows).to_csv(tmp_path / "effects.csv", index=False)
    facts = [{"study": "cohort", "regimen": "B", "covariate": "liver", "statistic": "percent", "value": 60}]
    pd.DataFrame(facts).to_csv(tmp_path / "covariates.csv", index=False)
    arm = [
        {"study": "cohort", "regimen": "B", "endpoint": "PFS", "n": 80, "median": 4.1, "ci_low": 3.2, "ci_high": 5.9}
    ]
    pd.DataFrame(arm).to_csv(tmp_path / "arms.csv", index=False)
    more = {"arms": "arms.csv", "covariates": "covariates.csv"} if single_arm else {}
    content = {
        "data": {"kind": "patients", "file": "own.csv", "time_unit": "months", "time": "time", "event": "event"},
        "published": {"effects": "effects.csv", **more},
        "model": {"family": "survival", "baseline": "exponential", "covariates": ["liver"]},
        "estimands": {"population": "own", "times": [6], "horizons": [9]},
    }
    analysis = be.Analysis.from_dict(content, folder=tmp_path)
    arms = prepare_design(analysis, analysis.load_table()).arms
    whole = design == "randomised" and not single_arm
    assert anchoring(arms, "PFS", "A", "B") == (NETWORK[0] if whole else NETWORK[2])
    assert anchoring(arms, "PFS", "A", "C") == (NETWORK[2] if single_arm else NETWORK[0])


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
