"""A study from its first data cut to its withdrawal of a patient, in Python and from the command line."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.errors import DataError
from bayes_escc.study.cuts import read_cut
from bayes_escc.study.draws import pack, unpack
from bayes_escc.study.freeze import freeze, prepare_frozen
from bayes_escc.study.migrations import SCHEMA_VERSION
from bayes_escc.study.story import history_text, status_text, update_text
from bayes_escc.study.verify import verify
from tests.helpers.studies import FIRST, PRIOR, SECOND, analysis, cohort, sums
from tests.oracles.exponential import probability_lower_hazard


@pytest.fixture
def study(tmp_path):
    with be.Study.create(tmp_path / "study.db", analysis(), who="a statistician") as found:
        yield found


def contents(path):
    return b"".join(p.read_bytes() for p in Path(path).parent.glob(f"{Path(path).name}*"))


class TestRecord:
    def test_the_posterior_is_that_of_the_data_as_they_stand(self, study):
        for frame in (FIRST, SECOND):
            row = study.update(frame).record["result"]["comparisons"][0]
            exact = probability_lower_hazard(PRIOR, sums(frame, "old"), sums(frame, "new"))
            assert row["probability_better"] == pytest.approx(exact, abs=4 * row["mcse_probability"])
        assert [f.snapshot for f in study.fits()] == [1, 2]
        assert [e["action"] for e in study.log] == ["init", "cut", "cut"]
        assert study.log[0]["who"] == "a statistician"

    def test_a_fit_is_a_function_of_snapshot_analysis_and_seed(self, study, tmp_path):
        study.update(FIRST)
        study.update(SECOND)
        with be.Study.create(tmp_path / "other.db", analysis()) as other:
            other.update(SECOND.sample(frac=1, random_state=3))
            a, b = study.fits()[-1].result, other.fits()[-1].result
        assert a["estimates"] == b["estimates"]
        assert a["comparisons"] == b["comparisons"]

    def test_the_file_alone_holds_what_was_accepted(self, study, tmp_path):
        """A copy without the files SQLite keeps beside it while the study is open."""
        study.update(FIRST)
        copy = tmp_path / "copy.db"
        shutil.copyfile(tmp_path / "study.db", copy)
        with be.Study.open(copy) as found:
            assert found.head == study.head

    def test_the_same_table_again_records_nothing(self, study):
        study.update(FIRST)
        head = study.head
        again = study.update(FIRST.iloc[::-1])
        assert again.snapshot is None
        assert "nothing to record" in again.notes[-1]
        assert study.head == head

    def test_a_refused_cut_leaves_no_trace(self, study):
        study.update(SECOND)
        head = study.head
        with pytest.raises(be.DataError, match="4 changes need"):
            study.update(FIRST)
        with pytest.raises(be.DataError, match="changes need"):
            study.update(SECOND.assign(arm="other"), acknowledge=[])
        assert study.head == head
        assert study.snapshot().id == 1

    def test_acknowledged_changes_are_kept_as_such(self, study):
        study.update(SECOND)
        words = ["A2:event retracted", "A3:removed silently", "B1:time shortened", "B3:removed silently"]
        update = study.update(FIRST, acknowledge=words, why="the trial office corrected its dates")
        assert {c.kind for c in study.changes(update.snapshot) if c.acknowledged} == {
            "event retracted",
            "removed silently",
            "time shortened",
        }
        assert study.log[-1]["body"]["kinds"]["removed silently"] == 2

    def test_an_earlier_cut_is_never_changed(self, study):
        study.update(FIRST)
        study.update(SECOND)
        rows = study.snapshot(1).cut.rows
        assert rows["A2"]["event"] == "0"
        assert list(rows) == ["A1", "A2", "B1", "B2"]
        for table in ("log", "fit", "leaf", "snapshot"):
            with pytest.raises(be.RecordError, match="damaged"), study._store.guarded():
                study._store._db.execute(f"DELETE FROM {table}")

    def test_reasons_name_no_patient(self, study):
        with pytest.raises(be.DataError, match="names a patient"):
            study.update(FIRST, why="A2 was seen again.")
        study.update(FIRST, why="All was seen again.")

    @pytest.mark.parametrize(
        ("unit", "why", "named"),
        [
            ("甲17", "患者甲17撤回知情同意", True),
            ("017", "patient-017 left", True),
            ("s10", "S10: reviewed", True),
            ("12", "cut-off 2024-12-01, version 3.12", False),
            ("17", "of 170", False),
            ("A1", "CA1-9", False),
        ],
    )
    def test_what_names_a_patient(self, study, unit, why, named):
        study.update(FIRST.replace("A1", unit))
        if named:
            with pytest.raises(be.DataError, match="names a patient"):
                study.update(SECOND.replace("A1", unit), why=why)
        else:
            study.update(SECOND.replace("A1", unit), why=why)

    def test_no_reason_names_who_left_the_table_or_is_in_it(self, study):
        study.update(FIRST)
        study.update(FIRST[FIRST.code != "A1"], acknowledge=["A1:removed silently"])
        with pytest.raises(be.DataError, match="names a patient"):
            study.withdraw("A1", why="A1 withdrew")
        with pytest.raises(be.DataError, match="names a patient"):
            study.amend(analysis(title="Another"), why="asked by A2")

    def test_acknowledgements_may_be_given_one_by_one(self, study, capsys):
        study.update(SECOND)
        back = SECOND.assign(months=[3.0, 5.0, 1.0, 7.0, 2.0, 0.0], progressed=[1, 0, 0, 0, 1, 0])
        back.to_csv(cut := study.path.with_name("cut.csv"), index=False)
        words = [w for said in ("A2:event retracted", "B1:time shortened") for w in ("--acknowledge", said)]
        assert main(["study", "update", str(study.path), str(cut), *words]) == 0
        assert "Recorded as data cut 2" in capsys.readouterr().out

    def test_what_the_last_cut_changed(self, study, capsys):
        assert study.diff() == []
        study.update(FIRST)
        study.update(SECOND)
        assert [str(c) for c in study.diff()] == [str(c) for c in study.changes(2)]
        assert main(["study", "diff", str(study.path)]) == 0
        assert capsys.readouterr().out.startswith(
            "What data cut 2 changed:\n1 event occurred, 2 new, 1 follow-up extended"
        )

    def test_a_regimen_the_study_does_not_know(self, tmp_path):
        open_ended = analysis(data={"regimens": ["old", "new"]})
        content = json.loads(open_ended.content)
        del content["data"]["regimens"], content["comparisons"]
        with be.Study.create(tmp_path / "s.db", be.Analysis.from_dict(content)) as study:
            study.update(FIRST)
            assert study.frozen.data.regimens == ("old", "new")
            with pytest.raises(be.DataError, match=r"'nwe' .*Did you mean 'new'"):
                study.update(pd.concat([SECOND, FIRST.iloc[[3]].assign(code="Q", arm="nwe")]))

    def test_a_cut_without_patients_of_a_regimen(self, study):
        study.update(FIRST)
        with pytest.raises(DataError, match="no patients on new"):
            study.update(FIRST[FIRST.arm == "old"], acknowledge=["B1:removed silently", "B2:removed silently"])
        assert len(study.log) == 2

    def test_regimens_the_analysis_does_not_name_stand_as_in_the_first_file(self, tmp_path):
        content = json.loads(analysis().content)
        del content["data"]["regimens"], content["comparisons"]
        content["data"]["where"] = {"line": "second"}
        frame = FIRST.iloc[::-1].assign(line="second")
        other = frame.iloc[[0]].assign(code="X1", arm="never compared", line="third")
        with be.Study.create(tmp_path / "s.db", be.Analysis.from_dict(content)) as study:
            study.update(pd.concat([other, frame]))
            assert study.frozen.data.regimens == ("new", "old")
            study.update(pd.concat([other, other.assign(code="X2", arm="nor this"), SECOND.assign(line="second")]))
            assert study.frozen.data.regimens == ("new", "old")
            assert study.fits()[-1].result["data"]["patients"] == len(SECOND)

    def test_counts_and_responses_are_followed_too(self, tmp_path):
        spec = be.Analysis.from_dict({"id": "c", "data": {"kind": "counts", "endpoint": "ORR"}})
        columns = ["study", "regimen", "endpoint", "events", "n"]
        first = pd.DataFrame([("S", "x", "ORR", 3, 10), ("T", "y", "ORR", 4, 10)], columns=columns)
        with be.Study.create(tmp_path / "c.db", spec) as study:
            study.update(first)
            study.update(first.assign(events=[4, 6], n=[14, 13]))
            direct = be.ResponseModel(endpoint="ORR").fit(first.assign(events=[4, 6], n=[14, 13]))
            stored = study.fits()[-1].result["comparisons"][0]
            assert stored["probability_better"] == direct.compare("rate").table["probability_better"].iloc[0]
            with pytest.raises(be.DataError, match="no row 'x'"):
                study.withdraw("x")
            study.update(pd.concat([first.assign(events=[4, 6], n=[14, 13]), first.iloc[[0]].assign(study="U")]))
            study.withdraw("U | x | ORR", why="consent of the hospital withdrawn")
            assert study.fits()[-1].result["comparisons"] == study.fits()[1].result["comparisons"]
            assert verify(study.path).ok
            with pytest.raises(be.DataError, match="was withdrawn from the study"):
                study.update(pd.concat([first, first.iloc[[0]].assign(study="U")]))

    def test_a_row_of_counts_that_was_withdrawn_is_refused_as_such(self, tmp_path):
        spec = be.Analysis.from_dict(
            {"data": {"kind": "counts", "endpoint": "ORR", "regimens": ["x", "y"]}, "model": {"family": "response"}}
        )
        rows = [("S", "x", "ORR", 5, 20), ("S", "y", "ORR", 7, 20), ("T", "y", "ORR", 4, 10)]
        frame = pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"])
        with be.Study.create(tmp_path / "s.db", spec) as counts:
            counts.update(frame)
            assert counts.withdraw("T | y | ORR").record["result"]["data"]["patients"] == 40
            with pytest.raises(DataError, match=r"T \| y \| ORR was withdrawn from the study") as refused:
                counts.update(frame)
            assert "patient" not in str(refused.value)
            assert counts.update(frame[:2]).snapshot is None

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (
                [("x", "y | z", "ORR", 1, 10), ("x | y", "z", "ORR", 5, 10)],
                r"several rows are called x \| y \| z \| ORR",
            ),
            ([("S1", "A", "ORR", 1, 10), ("s1", "A", "ORR", 5, 10)], r"differ only .* 'S1 \| A \| ORR' and 's1 \| A"),
        ],
    )
    def test_rows_of_counts_that_one_name_cannot_tell_apart_are_refused(self, tmp_path, rows, said):
        spec = be.Analysis.from_dict({"id": "c", "data": {"kind": "counts", "endpoint": "ORR"}})
        frame = pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"])
        with be.Study.create(tmp_path / "c.db", spec) as counts, pytest.raises(be.DataError, match=said):
            counts.update(frame)

    def test_numbers_of_several_endpoints_name_theirs(self, tmp_path):
        columns = ["study", "regimen", "endpoint", "events", "n"]
        rows = [("S", "A", "ORR", 3, 10), ("S", "B", "ORR", 5, 10), ("S", "A", "DCR", 6, 10), ("S", "B", "DCR", 8, 10)]
        spec = be.Analysis.from_dict({"id": "c", "data": {"kind": "counts", "endpoint": ["ORR", "DCR"]}})
        with be.Study.create(tmp_path / "c.db", spec) as counts:
            first = counts.update(pd.DataFrame(rows, columns=columns))
            grown = [(s, r, e, k + 1, n + 2) for s, r, e, k, n in rows]
            second = counts.update(pd.DataFrame(grown, columns=columns))
            told = status_text(counts.status())
            history = history_text(counts.history())
        assert "20 patients.\n" in update_text(first)
        for text in (update_text(first), told, update_text(second)):
            assert "rate of ORR, difference: B" in text
            assert "rate of DCR, difference: B" in text
            assert "events" not in text
        assert "rate of DCR: A" in update_text(second)
        assert "P(better): rate of" in history

    def test_a_study_of_one_arm_tells_its_estimate(self, tmp_path):
        columns = ["study", "regimen", "endpoint", "events", "n"]
        spec = be.Analysis.from_dict({"id": "c", "data": {"kind": "counts", "endpoint": "ORR"}})
        with be.Study.create(tmp_path / "c.db", spec) as counts:
            first = update_text(counts.update(pd.DataFrame([("S", "A", "ORR", 1, 1)], columns=columns)))
            told = status_text(counts.status())
            second = update_text(counts.update(pd.DataFrame([("S", "A", "ORR", 4, 9)], columns=columns)))
        assert "1 patient, 1 event." in first
        assert "1 row\n" in told
        assert "1 data cut;" in told
        for text in (first, told, second):
            assert "rate: A" in text
        assert second.count("rate: A") == 2  # the estimate, and what it was before

    def test_published_results_do_not_grow(self, tmp_path):
        with pytest.raises(be.AnalysisError, match="follows patients or counts"):
            be.Study.create(tmp_path / "s.db", "pd1_second_line_os")
        assert not (tmp_path / "s.db").exists()

    def test_draws_are_packed_to_single_precision_and_without_pickle(self, study):
        kept = study.update(FIRST).posterior.groups
        content = pack(kept)
        assert b"pickle" not in content
        groups = unpack(content)
        for name in ("posterior", "estimands"):
            xr.testing.assert_allclose(groups[name], kept[name], rtol=1e-7)
        assert "observed_data" not in groups
        with pytest.raises(be.RecordError):
            unpack(content[:-40])

    def test_nothing_by_patient_is_packed(self):
        draws = {"tau": (("chain", "draw"), np.zeros((2, 3)))}
        for dim in ("patient", "missing", "unknown_patient"):
            draws[f"by_{dim}"] = (("chain", "draw", dim), np.zeros((2, 3, 4)))
        assert list(unpack(pack({"posterior": xr.Dataset(draws)}))["posterior"]) == ["tau"]


class TestWithdrawal:
    def test_add_and_withdraw_returns_to_the_start(self, study):
        study.update(FIRST)
        start = study.fits()[-1].result
        study.update(pd.concat([FIRST, SECOND.iloc[[2]]]))
        study.withdraw("A3", why="consent withdrawn")
        back = study.fits()[-1].result
        assert back["estimates"] == start["estimates"]
        assert back["comparisons"] == start["comparisons"]
        assert study.snapshot().cut.rows == study.snapshot(1).cut.rows

    @pytest.mark.parametrize("months", [17.7215, 4.7215])  # the shorter is the end of follow-up of its regimen
    def test_nothing_of_the_patient_is_left_in_the_bytes(self, study, months):
        odd = pd.concat([FIRST, FIRST.iloc[[0]].assign(code="Zebra-4711", months=months, progressed=0)])
        study.update(odd)
        study.update(odd.assign(months=odd.months + (odd.progressed == 0)))
        assert b"Zebra-4711" in contents(study.path)
        study.withdraw("Zebra-4711")
        left = contents(study.path)
        assert b"Zebra-4711" not in left
        assert str(months).encode() not in left
        assert f"{months + 1:g}".encode() not in left
        assert verify(study.path).ok
        assert study.snapshot(1).erased == 1
        assert study.snapshot(2).cut.rows.keys() == set(FIRST.code)

    def test_what_the_digests_say_cannot_be_tested_against_a_guess(self, study):
        study.update(FIRST)
        study.withdraw("A1")
        rows = study._store.rows("SELECT * FROM leaf WHERE cells IS NULL")
        assert [(r["unit"], r["salt"]) for r in rows] == [(None, None)]
        assert study._store.row("SELECT source_sha256, source_salt FROM snapshot WHERE id = 1")[:] == (None, None)

    def test_who_withdrew_is_recognised_and_refused(self, study):
        study.update(FIRST)
        study.withdraw("A1")
        with pytest.raises(be.DataError, match="A1 withdrew"):
            study.update(FIRST)
        study.update(SECOND[SECOND.code != "A1"])
        with pytest.raises(be.DataError, match="no patient 'A9'"):
            study.withdraw("A9")

    def test_an_erasure_does_not_wait_for_a_fit(self, study):
        study.update(FIRST)
        study.withdraw("B1")
        last = study.withdraw("B2")
        assert last.posterior is None
        assert "cannot be fitted" in last.notes[0]
        assert verify(study.path).ok
        study.update(pd.concat([FIRST.iloc[:2], SECOND.iloc[[5]]]))
        assert study.fits()[-1].snapshot == 4


class TestAmendment:
    def test_a_question_may_change_and_is_said(self, study, capsys):
        study.update(FIRST)
        study.amend(analysis(comparisons=[{"estimand": "rmst", "reference": "old"}]), why="asked by the board")
        assert study.fits()[-1].result["comparisons"][0]["estimand"] == "rmst"
        assert "comparisons after 1 data cut." in study.rules_changed
        assert main(["study", "status", str(study.path)]) == 0
        assert "changed after data had been seen" in capsys.readouterr().out
        assert verify(study.path).ok

    def test_the_model_may_not(self, study):
        study.update(FIRST)
        with pytest.raises(be.AnalysisError, match="not in priors"):
            study.amend(analysis(priors={"hazard": {"distribution": "Gamma", "alpha": 9, "beta": 5}}), why="")
        assert "nothing to record" in study.amend(analysis(), why="").notes[-1]


class TestPosterior:
    def test_a_posterior_is_made_again_from_the_record(self, study, tmp_path, capsys):
        with pytest.raises(be.DataError, match="no fit yet"):
            study.posterior()
        then = study.update(FIRST).posterior
        study.update(SECOND)
        again = study.posterior(1)
        assert again.summary().equals(then.summary())
        assert again.data_sha256 == study.snapshot(1).root
        assert main(["study", "results", str(study.path), "--out", str(tmp_path / "out")]) == 0
        assert "every number is the recorded one" in capsys.readouterr().out
        assert (tmp_path / "out" / "survival.svg").is_file()
        result = json.loads((tmp_path / "out" / "result.json").read_text())
        assert result["comparisons"] == study.fits()[-1].result["comparisons"]
        study.withdraw("A1")
        with pytest.raises(be.DataError, match="1 of the patients of data cut 1 withdrew"):
            study.posterior(1)


class TestFrozen:
    def test_a_target_population_in_a_file_is_carried(self, tmp_path):
        frame = be.simulate_cohort(patients=(15, 15), seed=4)
        (tmp_path / "registry.csv").write_text("nlr,age\n2.5,60\n4.0,70\n")
        (tmp_path / "pfs.toml").write_text(
            'id = "pfs"\n[data]\nkind = "patients"\ntime = "time"\nevent = "event"\ntime_unit = "months"\n'
            '[model]\nfamily = "survival"\ncovariates = [{ column = "nlr", transform = "log" }]\n'
            '[estimands]\npopulation = { file = "registry.csv" }\n'
        )
        with be.Study.create(tmp_path / "s.db", tmp_path / "pfs.toml") as study:
            (tmp_path / "registry.csv").unlink()
            frozen = freeze(study.analysis, read_cut(frame, study.analysis))
            assert frozen.spec.population.rows == ((("nlr", "2.5"),), (("nlr", "4.0"),))
            cut = read_cut(frame, study.analysis)
            assert prepare_frozen(frozen, cut, cut, "").target.weight.tolist() == [0.5, 0.5]

    @pytest.fixture
    def cuts(self):
        frame = be.simulate_cohort(patients=(20, 20), seed=4).drop(columns="study")
        start = frame.iloc[np.r_[0:10, 20:30]]
        spec = be.Analysis.from_dict(
            {
                "id": "pfs",
                "data": {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
                "model": {
                    "family": "survival",
                    "baseline": "piecewise",
                    "time_unit": "weeks",
                    "covariates": [{"column": "nlr", "transform": "log"}, {"column": "ecog"}],
                },
            }
        )
        return spec, read_cut(start, spec), read_cut(frame, spec)

    def test_a_population_that_cannot_be_carried_is_refused_at_once(self, tmp_path):
        frame = be.simulate_cohort(patients=(15, 15), seed=4).drop(columns="study").astype({"nlr": object})
        frame.loc[3, "nlr"] = ""
        model = {"family": "survival", "covariates": [{"column": "nlr", "transform": "log", "missing": "impute"}]}
        data = {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"}
        spec = be.Analysis.from_dict({"id": "pfs", "data": data, "model": model})
        with be.Study.create(tmp_path / "s.db", spec) as study:
            with pytest.raises(be.AnalysisError, match=r"give estimands\.population"):
                study.update(frame)
            assert study.snapshot() is None

    def test_constants_are_those_of_the_first_fit(self, cuts):
        spec, first, later = cuts
        frozen = freeze(spec, first)
        started, grown = prepare_frozen(frozen, first, first, ""), prepare_frozen(frozen, later, first, "")
        assert started.structure == grown.structure
        assert started.cuts.tolist() == grown.cuts.tolist()
        assert started.times.tolist() == grown.times.tolist()
        assert started.encoded.encoders == grown.encoded.encoders
        assert grown.patients == 40
        assert np.array_equal(started.target.x, grown.target.x)
        assert np.array_equal(started.target.weight, grown.target.weight)
        drifting = freeze(spec, later)
        assert drifting.content != frozen.content

    def test_freezing_changes_no_answer(self, cuts):
        from bayes_escc.runs.run import prepare_design

        spec, first, _ = cuts
        plain, frozen = prepare_design(spec, first.table("")), prepare_frozen(freeze(spec, first), first, first, "")
        rng = np.random.default_rng(1)
        parameters = plain.prior(rng, 50)
        for name, values in plain.estimands(parameters, rng).data_vars.items():
            np.testing.assert_allclose(frozen.estimands(parameters, rng)[name], values, rtol=1e-10)
        for a, b in zip(plain.data.values(), frozen.data.values(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10)
        assert plain.prior_key == frozen.prior_key

    def test_a_frozen_analysis_freezes_to_itself(self, cuts):
        spec, first, later = cuts
        frozen = freeze(spec, first)
        assert json.loads(freeze(frozen, later).content) == json.loads(frozen.content)


class TestCommands:
    @pytest.fixture
    def files(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Path("pfs.toml").write_text(
            'id = "pfs"\ntitle = "Two regimens"\n[data]\nkind = "patients"\nid = "code"\nregimen = "arm"\n'
            'time = "months"\nevent = "progressed"\ntime_unit = "months"\nregimens = ["old", "new"]\n'
            '[model]\nfamily = "survival"\nbaseline = "exponential"\nregimen_effect = "stratified"\n'
            '[priors.hazard]\ndistribution = "Gamma"\nalpha = 1\nbeta = 5\n'
            '[estimands]\ntimes = [6]\nhorizons = [12]\n[[comparisons]]\nestimand = "rmst"\nreference = "old"\n'
        )
        FIRST.to_csv("cut1.csv", index=False)
        SECOND.to_csv("cut2.csv", index=False)
        return tmp_path

    def test_a_life(self, files, capsys):
        def run(*arguments):
            code = main(["study", *arguments])
            said = capsys.readouterr()
            return code, said.out, said.err

        assert run("init", "s.db", "--analysis", "pfs.toml")[0] == 0
        assert run("init", "s.db", "--analysis", "pfs.toml")[0] == 2
        code, out, _ = run("update", "s.db", "cut1.csv", "--who", "me")
        assert code == 0
        assert "4 new" in out
        assert "P(better)" in out
        code, out, _ = run("diff", "s.db", "cut2.csv", "--json")
        assert [c["kind"] for c in json.loads(out)["changes"]] == [
            "event occurred",
            "new",
            "follow-up extended",
            "new",
        ]
        assert run("update", "s.db", "cut2.csv")[0] == 0
        code, _, err = run("update", "s.db", "cut1.csv")
        assert code == 3
        assert "--acknowledge 'A2:event retracted'" in err
        assert run("withdraw", "s.db", "A3")[0] == 0
        code, out, _ = run("status", "s.db", "--json")
        found = json.loads(out)
        assert (found["data_cuts"], found["withdrawn"], found["snapshot"]["rows"]) == (2, 1, 5)
        assert found["snapshot"]["nothing_known_yet"] == 1
        code, out, _ = run("history", "s.db", "--json")
        assert [e["action"] for e in json.loads(out)["entries"]] == ["init", "cut", "cut", "withdraw"]
        assert run("history", "s.db")[1].count("\n") >= 6
        code, out, _ = run("verify", "s.db", "--json")
        assert code == 0
        assert json.loads(out)["head"] == found["head"]

    def test_files_that_are_no_study(self, files, capsys):
        assert main(["study", "status", "none.db"]) == 5
        Path("empty.db").touch()
        assert main(["study", "status", "empty.db"]) == 5
        assert main(["study", "status", "cut1.csv"]) == 5
        sqlite3.connect("other.db").execute("CREATE TABLE t (x)").connection.close()
        assert main(["study", "verify", "other.db"]) == 5
        said = capsys.readouterr().err
        for words in ("there is no study", "empty (0 bytes)", "is not a study", "not a study of bayes_escc"):
            assert words in said

    def test_reading_imports_no_sampler(self, files):
        main(["study", "init", "s.db", "--analysis", "pfs.toml"])
        main(["study", "update", "s.db", "cut1.csv"])
        code = (
            "import sys; from bayes_escc.cli import main\n"
            "for c in ('status', 'history', 'verify'): assert main(['study', c, 's.db']) == 0\n"
            "heavy = {'pymc', 'arviz', 'matplotlib', 'nutpie'} & set(sys.modules); assert not heavy, heavy"
        )
        root = Path(be.__file__).parent.parent
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(root)}, capture_output=True)


def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path):
    """`study_v1.sql` was written by the first version of the schema; it is never made anew."""
    direct = sqlite3.connect(tmp_path / "old.db")
    direct.executescript((Path(__file__).parent / "data" / "study_v1.sql").read_text(encoding="utf-8"))
    assert direct.execute("PRAGMA user_version").fetchone() == (1,)
    direct.close()
    assert verify(tmp_path / "old.db").ok
    with be.Study.open(tmp_path / "old.db") as study:
        assert study._store.scalar("PRAGMA user_version") == SCHEMA_VERSION > 1
        assert [e["action"] for e in study.log] == ["init", "cut", "cut", "withdraw"]
        with pytest.raises(be.DataError, match="A3 withdrew"):
            study.update(SECOND)
        study.update(SECOND[SECOND.code != "A3"].assign(months=SECOND.months + (1 - SECOND.progressed)))
        assert study.fits()[-1].snapshot == 4
    assert verify(tmp_path / "old.db").ok


def test_a_cohort_that_grows(tmp_path):
    at = cohort(5)
    with be.Study.create(tmp_path / "s.db", analysis()) as study:
        for month in (4, 6, 8, 12):
            update = study.update(at(month))
            assert all(c.harmless for c in update.changes)
        exact = probability_lower_hazard(PRIOR, sums(at(12), "old"), sums(at(12), "new"))
        row = study.fits()[-1].result["comparisons"][0]
        assert row["probability_better"] == pytest.approx(exact, abs=4 * row["mcse_probability"])
