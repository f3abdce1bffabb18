"""A publication that arrives in a study of patients: recorded, compared, refitted, and taken back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import find_analysis
from bayes_escc.cli import main
from bayes_escc.names import format_probability
from bayes_escc.runs.run import fit_analysis
from bayes_escc.study.story import update_text
from bayes_escc.study.verify import verify

FOLDER = Path(be.__file__).parent.parent / "models" / "own_against_published"
OWN = FOLDER / "own_synthetic.csv"
PLAIN = ("probability_better", "mcse_probability")
ALLOWING = ("probability_better_with_bias", "mcse_probability_with_bias")
TWIN = ["synthetic-037:duplicate"]
FIRST = {name: pd.read_csv(FOLDER / f"{name}.csv", dtype=str) for name in ("arms", "covariates")}


def with_another(tables=FIRST):
    """The published tables once a second paper has come out."""
    arms, facts = tables["arms"], tables["covariates"]
    arm = arms.assign(study="乙研究", regimen="信迪利单抗", n="95", events="12", registry="NCT2")
    percent = facts["statistic"] == "percent"
    fact = facts.assign(study="乙研究", regimen="信迪利单抗", value=facts["value"].mask(percent, "40"))
    return {"arms": pd.concat([arms, arm]), "covariates": pd.concat([facts, fact])}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A study of patients beside one publication, then beside two."""
    found = tmp_path_factory.mktemp("publications") / "study.db"
    with be.Study.create(found, briefly("own_against_published_response"), who="a statistician") as study:
        study.update(OWN, acknowledge=TWIN)
        study.update(published=with_another(), why="a second paper came out")
    return found


@pytest.fixture
def study(path, tmp_path):
    copy = tmp_path / "study.db"
    shutil.copyfile(path, copy)
    with be.Study.open(copy) as found:
        yield found


def briefly(name):
    """An analysis that ships, with few draws."""
    stated = find_analysis(name)
    content = json.loads(stated.content)
    content["sampling"] |= {"draws": 300, "chains": 2}
    return be.Analysis.from_dict(content, folder=stated.folder)


def run_of(tables, tmp_path):
    """The posterior of the analysis on those files, without any study."""
    content = json.loads(find_analysis("own_against_published_response").content)
    content["data"]["file"] = str(OWN)
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        content["published"][name] = str(tmp_path / f"{name}.csv")
    return fit_analysis(be.Analysis.from_dict(content))


class TestRecord:
    def test_every_state_has_the_answer_of_its_own_publications(self, study, tmp_path):
        for cut, tables in ((1, FIRST), (2, with_another())):
            expected = run_of(tables, tmp_path).compare("rate", reference="camrelizumab").rows[0]
            row = study.fits()[cut - 1].result["comparisons"][0]
            error = 4 * 2**0.5 * row["mcse_probability"]
            assert row["probability_better"] == pytest.approx(expected["probability_better"], abs=error)
            assert row["mean"] == pytest.approx(expected["mean"], abs=0.25 * row["sd"])

    def test_it_is_compared_with_the_last_state(self, study):
        changes = study.changes(2)
        assert {c.kind for c in changes} == {"published"}
        assert "arms | 乙研究 | 信迪利单抗 | ORR" in [c.unit for c in changes]
        assert len(changes) == 1 + len(FIRST["covariates"])
        assert study.log[-1]["body"]["kinds"] == {"published": len(changes)}
        assert study.snapshot(1).cut.rows == study.snapshot(2).cut.rows

    def test_what_was_and_is_stands_side_by_side(self, study):
        later = pd.concat([with_another()["arms"], FIRST["arms"].assign(study="丙", events="50", registry="")])
        facts = FIRST["covariates"].assign(study="丙")
        update = study.update(published={"arms": later, "covariates": pd.concat([with_another()["covariates"], facts])})
        assert update.before["comparisons"] == study.fits()[-2].result["comparisons"]
        from bayes_escc.study.story import update_text

        text = update_text(update)
        assert "was" in text
        assert "allowing for bias" in text

    def test_the_posterior_of_an_earlier_state_knows_its_publications_alone(self, study):
        assert [a.study for a in study.posterior(1).arms].count("乙研究") == 0
        again = study.fitted(2)[0].compare("rate", reference="camrelizumab").rows
        assert [r["probability_better"] for r in again] == [
            r["probability_better"] for r in study.fits()[1].result["comparisons"]
        ]

    def test_the_same_publications_again_record_nothing(self, study):
        head = study.head
        again = study.update(OWN, published={n: t.iloc[::-1] for n, t in with_another().items()}, acknowledge=TWIN)
        assert again.snapshot is None
        assert study.head == head

    def test_a_number_written_otherwise_is_the_same(self, study):
        facts = with_another()["covariates"]
        facts = facts.assign(value=facts["value"].where(facts["statistic"] != "percent", facts["value"] + "0"))
        whole = facts["value"].str.contains(".", regex=False)
        assert study.diff(published={"covariates": facts[whole | (facts["statistic"] != "percent")]}) != []
        assert all(c.kind == "removed silently" for c in study.diff(published={"covariates": facts[whole]}))


class TestRefusals:
    def test_rewriting_or_removing_a_published_fact_needs_a_persons_word(self, study):
        arms = with_another()["arms"]
        with pytest.raises(be.DataError, match="events 46 -> 47"):
            study.update(published={"arms": arms.assign(events=["47", "12"])})
        head = study.head
        with pytest.raises(be.DataError, match="removed silently"):
            study.update(published=FIRST)
        assert study.head == head

    def test_a_publication_is_taken_back(self, study):
        words = [c.acknowledgement for c in study.diff(published=FIRST)]
        update = study.update(published=FIRST, acknowledge=words, why="it was retracted")
        assert update.record["result"]["comparisons"] == study.fits()[0].result["comparisons"]

    def test_the_same_trial_twice_is_refused_and_leaves_no_trace(self, study):
        head = study.head
        arms = pd.concat([with_another()["arms"], FIRST["arms"].assign(study="ESCORT, update")])
        facts = pd.concat([with_another()["covariates"], FIRST["covariates"].assign(study="ESCORT, update")])
        with pytest.raises(be.DataError, match="count twice"):
            study.update(published={"arms": arms, "covariates": facts})
        assert study.head == head

    @pytest.mark.parametrize(
        ("published", "words"),
        [
            ({"arm": FIRST["arms"]}, "arms"),
            ({"arms": FIRST["arms"].drop(columns="n")}, "no column n"),
            ({}, "table of"),
        ],
    )
    def test_what_cannot_be_read_is_said(self, study, published, words):
        with pytest.raises(be.DataError, match=words):
            study.update(published=published)

    def test_a_study_without_published_arms_has_no_place_for_them(self, tmp_path):
        from tests.helpers.studies import analysis

        with (
            be.Study.create(tmp_path / "plain.db", analysis()) as plain,
            pytest.raises(be.DataError, match=r"no \[published\] arms"),
        ):
            plain.update(published=FIRST)


class TestTrust:
    def test_a_changed_publication_is_damage(self, path, tmp_path):
        copy = tmp_path / "study.db"
        shutil.copyfile(path, copy)
        with sqlite3.connect(copy) as db:
            for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {trigger}")
            header = db.execute("SELECT header FROM snapshot WHERE id = 2").fetchone()[0]
            assert '"events":"12"' in header
            db.execute(
                "UPDATE snapshot SET header = ? WHERE id = 2", (header.replace('"events":"12"', '"events":"21"'),)
            )
        db.close()
        found = verify(copy)
        assert not found.ok
        assert any("data cut 2" in line for line in found.damage)

    def test_a_whole_record_is_whole(self, path):
        assert verify(path).ok

    def test_it_is_exported_and_told(self, study, tmp_path):
        files = {p.name: p for p in study.export(tmp_path / "out")}
        assert "乙研究" in files["002_published_arms.csv"].read_text(encoding="utf-8")
        assert "乙研究" not in files["001_published_arms.csv"].read_text(encoding="utf-8")
        status = study.status()
        assert status["snapshot"]["published"] == [
            "ESCORT, camrelizumab: arms, covariates",
            "乙研究, 信迪利单抗: arms, covariates",
        ]
        assert study.history()["entries"][-1]["changes"] == {"published": 6}
        assert set(study.figures()) >= {"study_probability", "study_changes"}


class TestWithdrawal:
    def test_a_patient_withdraws_beside_the_publications(self, study):
        update = study.withdraw("synthetic-001")
        assert update.posterior is not None
        assert study.status()["snapshot"]["published"][1].startswith("乙研究")
        assert verify(study.path).ok


def test_from_the_command_line(path, tmp_path, capsys):
    copy = tmp_path / "study.db"
    shutil.copyfile(path, copy)
    table = with_another()["arms"].assign(events=["46", "14"])
    table.to_csv(tmp_path / "arms.csv", index=False)
    given = ["--published", f"arms={tmp_path / 'arms.csv'}"]
    assert main(["study", "diff", str(copy), *given]) == 0
    assert "events 12 -> 14" in capsys.readouterr().out
    assert main(["study", "update", str(copy), *given]) == 3
    word = "arms | 乙研究 | 信迪利单抗 | ORR:corrected"
    assert main(["study", "update", str(copy), *given, "--acknowledge", word, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["snapshot"] == 3
    assert told["before"]["comparisons"]
    assert main(["study", "update", str(copy), "--published", "arms.csv"]) == 2
    assert "arms=arms.csv" in capsys.readouterr().err


def test_an_update_is_headed_by_the_probability_that_allows_for_bias_and_says_what_may_count_twice(study):
    tables = with_another()
    part = FIRST["arms"].assign(study="ESCORT, Asia", n="60", events="14", registry="")
    facts = FIRST["covariates"]
    share = facts["value"].mask(facts["statistic"] == "percent", "40")
    update = study.update(
        published={
            "arms": pd.concat([tables["arms"], part]),
            "covariates": pd.concat([tables["covariates"], facts.assign(study="ESCORT, Asia", value=share)]),
        }
    )
    told = update_text(update)
    assert told.count("ESCORT, Asia, camrelizumab may be a part or an update of ESCORT") == 1
    row = next(r for r in update.record["result"]["comparisons"] if r["reference"] == "camrelizumab")
    line = next(li for li in told.splitlines() if "toripalimab" in li and "camrelizumab" in li)
    both = [format_probability(row[k], row[e]) for k, e in (PLAIN, ALLOWING)]
    assert both[0] != both[1]
    assert line.index(f" {both[1]} ") < line.index(f" {both[0]} ")
    said = update_text(update, "zh")
    assert "ESCORT, Asia, camrelizumab可能是ESCORT的一部分或其更新" in said
    assert "不考虑偏倚" in said


@pytest.mark.slow
def test_survival_beside_a_curve_is_followed_too(tmp_path):
    curve = pd.read_csv(FOLDER / "curve_synthetic.csv", dtype=str)
    facts = pd.read_csv(FOLDER / "covariates_pfs_synthetic.csv", dtype=str)
    arms = pd.DataFrame(
        [{"study": "A second paper", "regimen": "another", "n": "80", "median": "3.1", "ci_low": "2.4", "ci_high": "4"}]
    )
    study_name = facts["study"].iloc[0]
    more = facts.assign(study="A second paper", regimen="another")
    more = more.assign(value=more["value"].mask(more["statistic"] == "percent", "40"))
    with be.Study.create(tmp_path / "study.db", briefly("own_against_published_pfs")) as study:
        study.update(FOLDER / "own_pfs_synthetic.csv")
        update = study.update(published={"arms": arms, "covariates": pd.concat([facts, more])})
        assert update.before is not None
        assert {"arms | A second paper | another"} <= {c.unit for c in update.changes}
        ledger = update.record["result"]["population"]["ledger"]
        assert {row["route"] for row in ledger} == {"curve", "median"}
        first = update.before["comparisons"][0]
        assert first["reference"] == curve["regimen"].iloc[0]
        assert any(study_name in said for said in study.status()["snapshot"]["published"])
