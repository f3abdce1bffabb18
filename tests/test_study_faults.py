"""What a record survives: kills at every step, full disks, two writers, flipped and missing bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.study import store as stores
from bayes_escc.study import study as studies
from bayes_escc.study.verify import verify
from tests.helpers.studies import FIRST, SECOND, analysis

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are injected into forked processes")


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    root = Path(be.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1"}
    script = root / "tests" / "helpers" / "study_faults.py"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, tmp_path_factory.mktemp("faults")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


BEFORE = {"damage": [], "entries": 2, "snapshot": 1, "fits": 1}


def test_a_kill_at_any_step_leaves_the_old_state_or_the_new(faults):
    steps = {(k["act"], k["step"]) for k in faults["kills"]}
    assert {("update", f"insert {t}") for t in ("leaf", "snapshot", "change", "fit", "log")} <= steps
    assert {("withdraw", "update leaf set"), ("withdraw", "vacuum"), ("withdraw", "checkpoint")} <= steps
    for kill in faults["kills"]:
        assert kill["code"] == -9, kill
        assert kill["left"] in (BEFORE, kill["after"]), kill
        assert not kill["then"]["damage"], kill
    for act in ("update", "withdraw", "amend"):
        mine = [k for k in faults["kills"] if k["act"] == act]
        committed = [k["step"] for k in mine].index("committed")
        assert all(k["left"] == BEFORE for k in mine[:committed])
        assert all(k["left"] == mine[0]["after"] for k in mine[committed:])


def test_a_stale_lock_is_cleared_and_said(faults):
    for kill in faults["kills"]:
        assert any("ended without finishing" in n for n in kill["notes"]), kill


def test_an_erasure_that_was_interrupted_is_finished_by_the_next_writing(faults):
    late = [k for k in faults["kills"] if k["act"] == "withdraw" and k["left"] == k["after"]]
    assert len(late) >= 3
    assert not any(k["named"] for k in late)


def test_a_full_disk_changes_nothing_and_says_so(faults):
    assert [f["code"] for f in faults["full"]][:2] == [2, 2]
    for found in faults["full"] + faults["limit"]:
        assert found["code"] in (0, 2), found
        assert found["left"] == BEFORE or found["code"] == 0, found
    assert faults["limit"][0]["code"] == 2


def test_a_study_that_could_not_be_begun_leaves_no_file(faults):
    assert {b["code"] for b in faults["begin"]} == {0, 2}
    for begun in faults["begin"]:
        assert (begun["files"] > 0) == (begun["code"] == 0), begun


def test_of_two_writers_one_writes_and_one_is_told(faults):
    for codes in faults["race"]["codes"]:
        assert codes in ([0, 6], [0, 0], [0, 3], [3, 6]), codes
    assert [0, 6] in faults["race"]["codes"]
    assert not faults["race"]["left"]["damage"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "s.db"
    with be.Study.create(path, analysis()) as study:
        study.update(FIRST)
        study.update(SECOND)
        study.withdraw("A3")
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # nothing stands beside it that a copy would miss
    return path


@pytest.fixture
def path(whole, tmp_path):
    return Path(shutil.copy(whole, tmp_path))


def test_the_second_writer_learns_who_is_at_work(path):
    with be.Study.open(path) as one, be.Study.open(path) as other, one._store.at_work("update"):
        with pytest.raises(be.LockedError, match=rf"process {os.getpid()} on .*, at work since 20.*\(update\)") as told:
            other.withdraw("A1")
        assert told.value.exit_code == 6


def test_who_wrote_first_wins_even_without_the_note(path, monkeypatch):
    with be.Study.open(path) as one, be.Study.open(path) as other:
        fit = studies.fit_cut

        def slow(*arguments, **options):
            one._store._db.execute("DELETE FROM writer")
            monkeypatch.setattr(studies, "fit_cut", fit)
            other.update(SECOND[SECOND.code != "A3"].assign(months=SECOND.months + (1 - SECOND.progressed)))
            return fit(*arguments, **options)

        monkeypatch.setattr(studies, "fit_cut", slow)
        with pytest.raises(be.LockedError, match="changed by someone else"):
            one.withdraw("B1")
        assert len(one.log) == 5
    assert verify(path).ok


def test_another_writers_transaction_is_waited_for_and_then_told(path, monkeypatch):
    monkeypatch.setattr(stores, "_PATIENCE", 0.05)
    blocking = sqlite3.connect(path, isolation_level=None)
    blocking.execute("BEGIN IMMEDIATE")
    with be.Study.open(path) as study:
        assert study.snapshot().id == 3  # readers go on
        with pytest.raises(be.LockedError, match="another process is writing"):
            study.withdraw("A1")
    blocking.close()


def read_all(path):
    with be.Study.open(path) as study:
        return (
            study.log,
            [study.snapshot(i).cut.rows for i in (1, 2)],
            [study.changes(i) for i in (1, 2)],
            [(f.snapshot, f.record) for f in study.fits()],
        )


def test_a_flipped_byte_is_found_wherever_it_matters(path, tmp_path):
    content, truth = path.read_bytes(), read_all(path)
    found, harmless = 0, 0
    copy = tmp_path / "flipped.db"
    for place in range(40, len(content), max(1, len(content) // 90)):
        for tail in ("-wal", "-shm"):
            Path(f"{copy}{tail}").unlink(missing_ok=True)
        copy.write_bytes(content[:place] + bytes([content[place] ^ 0x21]) + content[place + 1 :])
        try:
            whole = verify(copy).ok
        except be.RecordError:
            whole = False
        if whole:
            assert read_all(copy) == truth, place
        else:
            for command in ("status", "history"):  # the answer or a sentence, never a traceback
                assert main(["study", command, str(copy)]) in (0, 5), place
        found, harmless = found + (not whole), harmless + whole
    assert found > harmless  # the others are bytes of pages that nothing uses


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_named_as_damaged(path, tmp_path, capsys, share):
    content = path.read_bytes()
    copy = tmp_path / "short.db"
    copy.write_bytes(content[: int(share * len(content))])
    assert main(["study", "verify", str(copy)]) == 5
    said = "".join(capsys.readouterr())
    assert re.search("damaged|empty", said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE log SET why = 'another reason' WHERE seq = 2", "entry 2 of the log"),
        ("DELETE FROM log WHERE seq = 3", "removed or reordered"),
        ("DELETE FROM log WHERE seq = 4", "whose end may have been cut off"),
        ("UPDATE leaf SET cells = replace(cells, '3.0', '9.0') WHERE unit = 'A1'", "a row of data cut 1"),
        ("UPDATE leaf SET unit = NULL, salt = NULL, cells = NULL WHERE unit = 'B1'", "knows of no withdrawal"),
        (
            "UPDATE fit SET record = replace(record, 'probability_better\":0', 'probability_better\":1') WHERE id = 2",
            "the result of fit 2",
        ),
        ("UPDATE fit SET draws = zeroblob(100) WHERE id = 1", "the draws of fit 1"),
        ("UPDATE change SET kind = 'new' WHERE snapshot = 2 AND kind = 'event occurred'", "a change of data cut 2"),
        ("UPDATE analysis SET content = replace(content, '5.0', '9.0')", "does not match its digest"),
        ("DELETE FROM tombstone", "0 tombstones, but 1 withdrawals"),
        ("UPDATE snapshot SET root = 'x' WHERE id = 2", "data cut 2"),
        ("UPDATE snapshot SET source_sha256 = 'x' WHERE source_sha256 IS NOT NULL", "the source file of data cut"),
        ("UPDATE meta SET value = x'00' WHERE key = 'salt'", "the salt of the tombstones"),
        ("UPDATE tombstone SET digest = 'x'", "a tombstone is not the one"),
        ("UPDATE change SET unit = 'B2', detail = 'B2' WHERE salt IS NULL", "names someone again"),
        ("UPDATE change SET kind = 'corrected' WHERE salt IS NULL", "the changes of data cut"),
        ("UPDATE analysis SET sha256 = 'x' WHERE stated IS NULL", "not the one the log recorded"),
        ("UPDATE analysis SET sha256 = 'x' WHERE stated IS NOT NULL", "analysis 2 does not match"),
        ("UPDATE analysis SET digest = 'x' WHERE id = 1", "analysis 1 does not match"),
    ],
)
def test_tampering_is_named(path, statement, said):
    direct = sqlite3.connect(path, isolation_level=None)
    for (name,) in direct.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        direct.execute(f"DROP TRIGGER {name}")
    assert direct.execute(statement).rowcount > 0
    direct.close()
    found = verify(path)
    assert any(said in line for line in found.damage), found
    assert found.whole < found.entries or re.search("tombstone|meta|analysis SET (sha|dig)", statement)


def test_nothing_is_added_to_a_broken_chain(path):
    direct = sqlite3.connect(path, isolation_level=None)
    direct.execute("DROP TRIGGER log_stays_update")
    direct.execute("UPDATE log SET who = 'nobody' WHERE seq = 2")
    direct.close()
    with be.Study.open(path) as study:
        assert study.snapshot().id == 3
        retitled = analysis(title="Another")
        for act in (lambda: study.update(SECOND), lambda: study.withdraw("A1"), lambda: study.amend(retitled, why="")):
            with pytest.raises(be.RecordError, match="entry 2 of the log"):
                act()
        assert study._store.scalar("SELECT COUNT(*) FROM log") == 4


@pytest.mark.parametrize(
    ("statement", "cut", "said"),
    [
        ("UPDATE fit SET record = replace(record, '1', '2') WHERE id = 3", 2, "the result of fit 3"),
        ("UPDATE leaf SET cells = replace(cells, '6.0', '7.0') WHERE unit = 'A2' AND id > 4", 1, "data cut 2"),
        ("UPDATE log SET at = '' WHERE seq = 4", 2, "entry 4 of the log"),
    ],
)
def test_the_last_whole_state_is_shown_and_the_damage_said(path, capsys, statement, cut, said):
    direct = sqlite3.connect(path, isolation_level=None)
    for (name,) in direct.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        direct.execute(f"DROP TRIGGER {name}")
    assert direct.execute(statement).rowcount > 0
    direct.close()
    assert main(["study", "status", str(path), "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert said in found["damage"][0]
    assert found["snapshot"]["number"] == cut
    assert found["fit"]["snapshot"] <= cut
    assert main(["study", "history", str(path)]) in (0, 5)


def test_what_is_whole_stays_readable_beside_what_is_damaged(path):
    direct = sqlite3.connect(path, isolation_level=None)
    direct.execute("DROP TRIGGER fit_stays_update")
    direct.execute("UPDATE fit SET draws = zeroblob(9) WHERE id = 3")
    direct.close()
    assert verify(path).whole == 3
    with be.Study.open(path) as study:
        assert study.snapshot().cut.rows.keys() == {"A1", "A2", "B1", "B2", "B3"}
        assert len(study.fits()) == 3


def test_bytes_that_are_no_text_are_damage_too(path, tmp_path, capsys):
    raw = path.read_bytes()
    at = raw.index(b"record_sha256 TEXT NOT NULL") + len(b"record_sha256 TEXT NOT NUL")
    broken = tmp_path / "broken.db"
    broken.write_bytes(raw[:at] + b"\xcc" + raw[at + 1 :])
    for command in ("status", "verify"):
        assert main(["study", command, str(broken)]) == 5
        assert "is damaged" in "".join(capsys.readouterr())


def test_a_clock_that_went_back_is_a_remark(path, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "now", lambda: "2001-01-01T00:00:00+00:00")
    with be.Study.open(path) as study:
        study.update(SECOND[SECOND.code != "A3"].assign(months=SECOND.months + (1 - SECOND.progressed)))
    found = verify(path)
    assert found.ok
    assert "the clock was wrong" in found.remarks[0]


def test_a_newer_file_is_refused_and_a_copy_is_as_good(path, tmp_path):
    shutil.copy(path, tmp_path / "研究 copy.db")
    assert verify(tmp_path / "研究 copy.db").ok
    direct = sqlite3.connect(path)
    direct.execute("PRAGMA user_version = 99")
    direct.close()
    with pytest.raises(be.RecordError, match="schema 99"):
        be.Study.open(path)
