"""Decision rules in a study: positions at every fit, the looks actually taken, rules changed after data."""

from __future__ import annotations

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.study.verify import verify

RULE = {
    "name": "efficacy",
    "kind": "thall_simon",
    "endpoint": "ORR",
    "standard": {"alpha": 34, "beta": 124},
    "go_above": 0.95,
    "stop_below": 0.05,
    "looks": [10, 15, 20, 25, 30, 35],
    "alternative_rate": 0.4,
    "rationale": "Worth studying further if the rate is above that of taxanes.",
}
CONTENT = {
    "id": "monitored",
    "data": {"kind": "patients", "endpoint": "ORR", "response": "best", "regimens": ["x"]},
    "model": {"family": "response"},
}


def patients(known, responders, pending=0):
    best = ["PR"] * responders + ["SD"] * (known - responders) + [""] * pending
    return pd.DataFrame({"patient_id": [f"{i:02d}" for i in range(len(best))], "regimen": "x", "best": best})


@pytest.fixture
def study(tmp_path):
    spec = be.Analysis.from_dict({**CONTENT, "monitoring": [RULE]})
    with be.Study.create(tmp_path / "s.db", spec) as found:
        yield found


def test_the_looks_are_those_that_were_taken(study):
    words = []
    for known, responders in ((8, 2), (8, 3), (17, 6)):
        words.append(study.update(patients(known, responders, pending=2)).record["result"]["monitoring"][0])
    assert [w["patients"] for w in words] == [[8], [8], [17]]
    assert words[-1]["looks"] == [[8], [17]]
    assert words[-1]["events"] == [6]
    # more looks, more chances to be wrong: as the enumeration of the rule itself says
    from bayes_escc.rules import operating_characteristics

    (rule,) = study.analysis.rules
    null = rule.false_alarm_rates
    exact = operating_characteristics(rule, [(8,), (17,)], [null]).scenarios[0].acts(rule.act)
    assert words[-1]["false_alarm"] == pytest.approx(exact, abs=1e-12)


def test_a_cut_asks_every_rule_and_enumerates_it_once(study, monkeypatch):
    from bayes_escc.answers import rule_position
    from bayes_escc.rules import ThallSimon

    study.update(patients(8, 3))
    asked, enumerated = [], []
    now, enumerate_rule = ThallSimon.now, rule_position.operating_characteristics
    monkeypatch.setattr(ThallSimon, "now", lambda rule, state: asked.append(rule.name) or now(rule, state))
    monkeypatch.setattr(
        rule_position, "operating_characteristics", lambda *a: enumerated.append(a[1]) or enumerate_rule(*a)
    )
    study.update(patients(17, 6))
    assert asked == ["efficacy"]
    # at the looks taken, and with those still planned; never at looks that were planned and did not take place
    assert [[n for (n,) in looks] for looks in enumerated] == [[8, 17], [8, 17, 20, 25, 30, 35]]


def test_positions_stand_in_status_and_history(study, capsys):
    study.update(patients(12, 5))
    assert main(["study", "status", str(study.path)]) == 0
    said = capsys.readouterr().out
    assert "efficacy:" in said
    assert "were the true rate" in said
    assert main(["study", "history", str(study.path)]) == 0
    assert "efficacy" in capsys.readouterr().out


def test_a_rule_changed_after_data_is_said_everywhere(study, capsys):
    study.update(patients(12, 5))
    looser = be.Analysis.from_dict({**CONTENT, "monitoring": [{**RULE, "go_above": 0.8}]})
    study.amend(looser, why="the board asked for it")
    assert study.fits()[-1].result["monitoring"][0]["thresholds"]["go_above"] == 0.8
    assert verify(study.path).ok
    patients(15, 6).to_csv(study.path.with_name("cut.csv"), index=False)
    cut = str(study.path.with_name("cut.csv"))
    for command in (["status"], ["history"], ["verify"], ["diff"], ["diff", cut], ["update", cut]):
        assert main(["study", command[0], str(study.path), *command[1:]]) == 0
        assert "changed after data had been seen: monitoring after 1 data cut" in capsys.readouterr().out


def test_a_rule_changed_before_data_is_no_matter(study):
    study.amend(be.Analysis.from_dict({**CONTENT, "monitoring": [{**RULE, "go_above": 0.8}]}), why="")
    assert study.rules_changed == ""
    study.update(patients(12, 5))
    assert study.fits()[-1].result["monitoring"][0]["thresholds"]["go_above"] == 0.8


def test_a_rule_of_two_arms_in_the_place_of_one_of_one_arm(tmp_path):
    rule = {
        "name": "efficacy",
        "kind": "posterior_probability",
        "regimen": "x",
        "endpoint": "ORR",
        "go_above": 0.95,
        "rationale": "A test.",
    }
    data = {**CONTENT["data"], "regimens": ["y", "x"]}

    def asks(**of):
        return be.Analysis.from_dict({**CONTENT, "data": data, "monitoring": [{**rule, **of}]})

    both = pd.concat([patients(9, 3), patients(8, 2).assign(regimen="y", patient_id=[f"y{i}" for i in range(8)])])
    with be.Study.create(tmp_path / "s.db", asks(value=0.2)) as study:
        study.update(both)
        study.amend(asks(reference="y", null_rate=0.2), why="the control arm opened")
        assert study.fits()[-1].result["monitoring"][0]["looks"] == [[9, 8]]


def test_a_withdrawal_is_no_data_cut_that_was_seen(study):
    study.update(patients(12, 5))
    study.withdraw("03")
    study.amend(be.Analysis.from_dict({**CONTENT, "monitoring": [{**RULE, "go_above": 0.8}]}), why="")
    assert study.rules_changed.endswith("monitoring after 1 data cut.")
