"""What a study shows is what its log vouches for; locks, media and repeated commands do no harm."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.study import digests
from bayes_escc.study.changes import compare_cuts
from bayes_escc.study.cuts import read_cut
from bayes_escc.study.digests import sha256, tombstone
from bayes_escc.study.draws import pack, unpack
from bayes_escc.study.lock import Holder, present_holder, state_of
from bayes_escc.study.store import Store
from bayes_escc.study.verify import damage_of, verify
from tests.helpers.studies import FIRST, SECOND, analysis, table


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two data cuts, and a withdrawal after the second."""
    path = tmp_path_factory.mktemp("trust") / "s.db"
    with be.Study.create(path, analysis()) as study:
        study.update(FIRST)
        study.update(SECOND)
        study.withdraw("A3")
    return path


@pytest.fixture
def path(recorded, tmp_path):
    return Path(shutil.copy(recorded, tmp_path / "s.db"))


def read_cut_of(frame):
    return read_cut(frame, analysis())


def tamper(path, *statements):
    direct = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        direct.execute(*statement) if isinstance(statement, tuple) else direct.execute(statement)
    direct.close()


def unguard(path):
    """Remove what keeps SQLite itself from changing a record."""
    direct = sqlite3.connect(path, isolation_level=None)
    for (name,) in direct.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        direct.execute(f"DROP TRIGGER {name}")
    direct.close()


def forged_fit(path):
    """A copy of the last fit with another P(better), whose own digests agree with it."""
    direct = sqlite3.connect(path)
    direct.row_factory = sqlite3.Row
    fit = dict(direct.execute("SELECT * FROM fit ORDER BY id DESC LIMIT 1").fetchone())
    direct.close()
    record = json.loads(fit["record"])
    record["result"]["comparisons"][0]["probability_better"] = 0.999
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    columns = ("snapshot", "analysis", "at", "record", "record_sha256", "draws", "draws_sha256", "digest")
    values = {**fit, "record": text, "record_sha256": sha256(text)}
    query = f"INSERT INTO fit ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    return query, columns, values


class TestWhatTheLogVouchesFor:
    @pytest.mark.parametrize("digest", ["of the log", "of its own"])
    def test_a_fit_that_was_inserted_is_not_shown(self, path, capsys, digest):
        query, columns, values = forged_fit(path)
        if digest == "of its own":
            values["digest"] = sha256("forged")
        with be.Study.open(path) as study:
            honest = study.status()["fit"]["comparisons"][0]["probability_better"]
        tamper(path, (query, tuple(values[c] for c in columns)))
        assert main(["study", "status", str(path), "--json"]) == 5
        shown = json.loads(capsys.readouterr().out)
        assert shown["fit"]["comparisons"][0]["probability_better"] == honest
        assert any("fit 4" in line for line in shown["damage"])
        assert main(["study", "history", str(path), "--json"]) == 5
        fits = [e["fit"] for e in json.loads(capsys.readouterr().out)["entries"] if e["fit"]]
        assert 0.999 not in [f["comparisons"][0]["probability_better"] for f in fits]

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO analysis (stated, sha256, content, digest) "
            "SELECT stated, sha256, content, digest FROM analysis",
            "INSERT INTO snapshot (kind, at, header, root, source, source_digest) "
            "SELECT kind, at, header, root, source, source_digest FROM snapshot WHERE id = 1",
            "INSERT INTO leaf (unit, salt, cells, digest) SELECT unit, salt, cells, 'x' FROM leaf WHERE unit = 'A1'",
            "INSERT INTO tombstone (digest, at) VALUES ('x', '')",
            "UPDATE meta SET value = x'00' WHERE key = 'salt'",
            "INSERT INTO fit (snapshot, analysis, at, record, record_sha256, draws, draws_sha256, digest) "
            "SELECT snapshot, analysis, at, record, record_sha256, draws, draws_sha256, digest FROM fit WHERE id = 1",
        ],
    )
    def test_nothing_is_added_to_what_verify_calls_damaged(self, path, statement):
        tamper(path, statement)
        assert not verify(path).ok
        with be.Study.open(path) as study:
            before = study._store.scalar("SELECT COUNT(*) FROM log")
            for act in (
                lambda: study.update(SECOND[SECOND.code != "A3"].assign(months=SECOND.months + 0.5)),
                lambda: study.withdraw("B2"),
                lambda: study.amend(analysis(title="Another"), why=""),
            ):
                with pytest.raises(be.RecordError, match="damaged, so nothing was recorded"):
                    act()
            assert study._store.scalar("SELECT COUNT(*) FROM log") == before

    @pytest.mark.parametrize(
        ("statement", "shown"),
        [
            ("DELETE FROM change WHERE id = 1", "changes"),
            ("UPDATE change SET snapshot = 3 WHERE id = 1", "changes"),
            ("DELETE FROM snapshot WHERE id = 1", "fits"),
            ("UPDATE snapshot SET id = -1 WHERE id = 3", "fits"),
            ("DELETE FROM fit WHERE id = 1", "fits"),
            ("UPDATE fit SET snapshot = 7 WHERE id = 1", "fits"),
            ("UPDATE fit SET analysis = 7 WHERE id = 1", "fits"),
            ("UPDATE analysis SET stated = 7 WHERE id = 1", "analysis"),
            ("UPDATE analysis SET content = '2999-01-01' WHERE stated IS NOT NULL", "fits"),
            ("UPDATE log SET body = 7 WHERE seq = 2", "fits"),
        ],
    )
    def test_what_is_missing_or_moved_is_never_passed_over(self, path, statement, shown):
        """Neither the commands nor the objects show less, or other, than the log recorded without a word."""
        unguard(path)
        tamper(path, statement)
        assert not verify(path).ok
        with be.Study.open(path, read_only=True) as study, pytest.raises(be.RecordError):
            {"changes": lambda: study.changes(1), "fits": study.fits, "analysis": lambda: study.analysis}[shown]()
        for command in ("status", "history") if shown == "fits" else ():
            assert main(["study", command, str(path)]) == 5

    def test_the_number_of_a_row_decides_nothing(self, path):
        with be.Study.open(path) as study:
            honest = study.status()["fit"], study.fits()
        unguard(path)
        tamper(path, "UPDATE fit SET id = 70 WHERE id = 1")
        with be.Study.open(path) as study:
            assert (study.status()["fit"], study.fits()) == honest

    def test_cuts_keep_their_numbers_after_a_withdrawal(self, path, capsys):
        later = SECOND[SECOND.code != "A3"]
        later = later.assign(months=later.months + 0.5 * (1 - later.progressed))
        with be.Study.open(path) as study:
            assert study.status()["snapshot"]["number"] == 2
            assert study.update(later).snapshot == 3
            assert "A3" not in study.snapshot(2).cut.rows
            assert study.posterior(2).evidence["patients"] == 5
            assert [c.kind for c in study.changes(2)][-1] == "withdrawn"
        assert main(["study", "history", str(path), "--json"]) == 0
        entries = json.loads(capsys.readouterr().out)["entries"]
        assert [e["snapshot"] for e in entries] == [None, 1, 2, 2, 3]
        assert main(["study", "results", str(path), "--cut", "3", "--out", str(path.parent / "out")]) == 0


def test_what_is_checked_entry_by_entry_is_looked_up_and_never_searched_for(path, monkeypatch):
    """A query that reads a whole table for every entry makes the costs of a study grow with its square."""
    asked = []
    for name in ("rows", "row"):
        ask = getattr(Store, name)
        monkeypatch.setattr(Store, name, lambda s, q, *v, ask=ask: (asked.append((q, len(v))), ask(s, q, *v))[1])
    with be.Study.open(path) as study:
        assert damage_of(study.store) == ()
        repeated = [query for query, times in Counter(asked).items() if times > 1]
        plans = [study.store.rows(f"EXPLAIN QUERY PLAN {q}", *[0] * count) for q, count in repeated]
    assert len(repeated) >= 4
    assert not [
        (q, r["detail"]) for (q, _), plan in zip(repeated, plans, strict=True) for r in plan if "SCAN" in r["detail"]
    ]


@pytest.mark.parametrize("text", ["\x1b[31m", "\ud800", "A\u202eB"], ids=["escape", "half a character", "direction"])
def test_the_log_holds_no_character_that_cannot_be_printed(path, tmp_path, text):
    later = SECOND[SECOND.code != "A3"].assign(months=SECOND.months + 0.5 * (SECOND.progressed == 0))
    with be.Study.open(path) as study:
        before = study.log
        for act in (
            lambda: study.update(later, who=text),
            lambda: study.update(later, why=text),
            lambda: study.withdraw("A2", why=text),
            lambda: study.withdraw(text),
            lambda: study.amend(analysis(title="Another title"), why=text),
            lambda: be.Study.create(tmp_path / "new.db", analysis(), why=text),
        ):
            with pytest.raises(be.AnalysisError, match=r"cannot be seen or printed|a text of whole characters"):
                act()
        assert study.log == before
    assert not (tmp_path / "new.db").exists()


class TestTheSameCommandAgain:
    def test_after_a_kill_is_a_word_and_no_error(self, path, capsys, tmp_path):
        cut = tmp_path / "cut.csv"
        retracted = SECOND[SECOND.code != "A3"].assign(progressed=[1, 0, 0, 1, 0], months=[3.0, 6.5, 8.0, 2.0, 0.0])
        retracted.to_csv(cut, index=False)
        command = ["study", "update", str(path), str(cut), "--acknowledge", "A2:event retracted"]
        assert main(command) == 0
        capsys.readouterr()
        assert main(command) == 0
        assert "same as the last cut" in capsys.readouterr().out
        for _ in range(2):
            assert main(["study", "withdraw", str(path), "B2"]) == 0
        assert "recorded already" in capsys.readouterr().out
        assert verify(path).ok

    def test_a_withdrawal_whose_erasing_waits_is_said_to_be_recorded(self, path, monkeypatch):
        def full(store):
            raise be.AnalysisError("the disk is full.")

        monkeypatch.setattr("bayes_escc.study.store.Store.scrub", full)
        with be.Study.open(path) as study:
            notes = study.withdraw("B2").notes
            assert "B2" not in study.snapshot().cut.rows
        assert "The withdrawal is recorded" in notes[-1]
        monkeypatch.undo()
        assert "Erased bytes may still be in the file" in verify(path).remarks[0]
        with be.Study.open(path) as study:
            study.withdraw("B2")
        assert verify(path).remarks == ()

    def test_what_is_to_be_pasted_is_quoted_for_the_shell(self, path, capsys, tmp_path):
        odd = "`touch x`; $(id) 'B'"
        cut = tmp_path / "cut.csv"
        frame = pd.concat([SECOND[SECOND.code != "A3"], table((odd, "new", 4.0, 1))])
        with be.Study.open(path) as study:
            study.update(frame)
        frame.assign(progressed=frame.progressed * (frame.code != odd)).to_csv(cut, index=False)
        assert main(["study", "update", str(path), str(cut)]) == 3
        typed = capsys.readouterr().err.split("--acknowledge ", 1)[1].strip()
        shown = subprocess.run(["sh", "-c", f"printf %s {typed}"], capture_output=True, text=True, check=True)
        assert shown.stdout == f"{odd}:event retracted"


class TestUnits:
    def test_follow_up_in_another_unit_asks_for_a_word(self, tmp_path):
        first = table(*[(f"P{i}", ("old", "new")[i % 2], 0.8 + 0.4 * i, int(i in (2, 5))) for i in range(12)])
        grown = first.assign(months=first.months + (1 - first.progressed) * 1.0)
        days = grown.assign(months=(grown.months * 30.4375).round(0))
        with be.Study.create(tmp_path / "s.db", analysis()) as study:
            study.update(first)
            with pytest.raises(be.DataError, match=r"39\.4 times as long"):
                study.update(days)
            assert len(study.log) == 2
            study.update(grown)

    def test_time_that_passes_for_everyone_is_no_jump_of_scale(self):
        first = table(*[(f"P{i}", ("old", "new")[i % 2], 0.3 + 0.1 * i, 0) for i in range(12)])
        later = first.assign(months=first.months + 4.0 + 0.05 * first.index)
        assert {c.kind for c in compare_cuts(read_cut_of(first), read_cut_of(later))} == {"follow-up extended"}
        weeks = first.assign(months=first.months * 4.348)
        assert "jump of scale" in {c.kind for c in compare_cuts(read_cut_of(first), read_cut_of(weeks))}


class TestLock:
    def held(self, path, **changes):
        holder = {**vars(present_holder("update", "not a date")), **changes}
        columns = ("pid", "started", "boot", "host", "since", "doing")
        values = tuple(holder[c] for c in columns)
        tamper(path, (f"INSERT INTO writer (id, {', '.join(columns)}) VALUES (1, ?, ?, ?, ?, ?, ?)", values))

    @pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the start of a process is read from /proc")
    def test_a_process_is_known_by_more_than_its_number(self):
        here = present_holder("update", "2099-01-01T00:00:00+00:00")
        assert state_of(here) == "running"
        assert state_of(Holder(**{**vars(here), "started": "1"})) == "ended"
        assert state_of(Holder(**{**vars(here), "boot": "another"})) == "ended"
        assert state_of(Holder(**{**vars(here), "host": "elsewhere"})) == "unknown"
        assert state_of(Holder(**{**vars(here), "pid": 2**22 + 1})) == "ended"

    @pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the start of a process is read from /proc")
    @pytest.mark.parametrize("since", ["not a date", "2999-01-01T00:00:00+00:00", ""])
    def test_a_stale_lock_is_broken_with_a_word_whatever_its_date(self, path, since):
        self.held(path, started="1", since=since)
        with be.Study.open(path) as study:
            notes = study.update(
                SECOND[SECOND.code != "A3"].assign(months=SECOND.months + 0.5 * (1 - SECOND.progressed))
            ).notes
        assert "ended without finishing" in notes[0]

    def test_an_unknowable_lock_is_broken_by_a_person(self, path, capsys, monkeypatch):
        self.held(path, host="another-machine")
        with be.Study.open(path) as study, pytest.raises(be.LockedError, match="study unlock"):
            study.withdraw("B2")
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert main(["study", "unlock", str(path)]) == 6
        assert "--yes" in capsys.readouterr().err
        assert main(["study", "unlock", str(path), "--yes"]) == 0
        assert main(["study", "unlock", str(path)]) == 0
        assert "is not locked" in capsys.readouterr().out
        assert main(["study", "withdraw", str(path), "B2"]) == 0

    def test_a_running_process_keeps_its_lock(self, path):
        self.held(path)
        assert main(["study", "unlock", str(path), "--yes"]) == (6 if Path("/proc/self/stat").exists() else 0)


class TestMedia:
    def test_reading_makes_and_changes_nothing(self, path, capsys):
        before = path.read_bytes()
        for command in ("status", "history", "verify", "diff"):
            assert main(["study", command, str(path)]) == 0
        assert sorted(p.name for p in path.parent.iterdir()) == ["s.db"]
        assert path.read_bytes() == before

    def test_what_is_open_for_reading_is_not_written(self, path):
        with be.Study.open(path, read_only=True) as study, pytest.raises(be.AnalysisError, match="reading only"):
            study.update(SECOND)

    def test_a_foreign_write_ahead_log_is_refused_and_touches_nothing(self, path, tmp_path):
        other = tmp_path / "other.db"
        with be.Study.create(other, analysis()) as study:
            study._store._db.execute("PRAGMA wal_autocheckpoint = 0")
            study._store._db.execute("INSERT INTO meta (key, value) VALUES ('x', zeroblob(9000))")
            shutil.copy(f"{other}-wal", f"{path}-wal")
        before = path.read_bytes()
        for command in (["update", str(path), "none.csv"], ["status", str(path)], ["verify", str(path)]):
            assert main(["study", *command]) == 5
        assert path.read_bytes() == before
        Path(f"{path}-wal").unlink()
        Path(f"{path}-shm").unlink(missing_ok=True)
        assert verify(path).ok

    def test_its_own_write_ahead_log_is_read_from_a_copy(self, path, tmp_path):
        with be.Study.open(path) as study:
            study._store._db.execute("PRAGMA wal_autocheckpoint = 0")
            study._store._db.execute("INSERT INTO meta (key, value) VALUES ('note', x'01')")
            for tail in ("", "-wal"):
                shutil.copy(f"{path}{tail}", tmp_path / f"copy.db{tail}")
        with be.Study.open(tmp_path / "copy.db", read_only=True) as study:
            assert study._store.scalar("SELECT COUNT(*) FROM meta WHERE key = 'note'") == 1
        assert (tmp_path / "copy.db-wal").stat().st_size > 0

    @pytest.mark.parametrize("share", [0.6, 0.9, 0.97])
    def test_an_export_of_a_file_cut_short_saves_what_is_whole(self, path, tmp_path, share):
        content = path.read_bytes()
        short = tmp_path / "short.db"
        short.write_bytes(content[: int(len(content) * share)])
        assert main(["study", "export", str(short), "--out", str(tmp_path / "out")]) == 5
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
        assert manifest["damage"]
        assert "log.jsonl" in manifest["sha256"]
        assert not any("bayes-escc study" in line for line in manifest["damage"])  # it is being saved already

    def test_a_file_that_cannot_be_read_at_all_can_still_be_saved(self, path, tmp_path, capsys):
        short = tmp_path / "short `x`.db"
        short.write_bytes(path.read_bytes()[:30_000])
        for command in ("verify", "status", "history"):
            assert main(["study", command, str(short)]) == 5
            said = capsys.readouterr().err
            assert f"What is whole can be saved: bayes-escc study export {shlex.quote(str(short))} --out FOLDER" in said
            assert "study verify" not in said

    def test_a_data_cut_that_there_is_not_is_named(self, path):
        with (
            be.Study.open(path, read_only=True) as study,
            pytest.raises(be.DataError, match="no data cut 99; the last"),
        ):
            study.posterior(99)


def test_the_draws_of_a_cut_are_bounded():
    import numpy as np
    import xarray as xr

    wide = xr.Dataset({"curve": (("chain", "draw", "time"), np.random.default_rng(1).normal(size=(4, 1000, 200)))})
    content = pack({"posterior": wide})
    kept = unpack(content)["posterior"]["curve"]
    assert kept.sizes["chain"] * kept.sizes["draw"] == 2000
    assert len(content) < 2000 * 200 * 4
    np.testing.assert_allclose(kept.to_numpy(), wide["curve"].to_numpy()[:, ::2], rtol=1e-7)


def test_many_new_identifiers_after_a_withdrawal_need_few_slow_hashes(monkeypatch):
    """One in 4,096 of those that never withdrew; who withdrew is recognised, by tombstones of earlier versions too."""
    salt, slow = b"salt", []
    stone = tombstone(salt, "P17")
    whole = digests._slow
    monkeypatch.setattr(digests, "_slow", lambda *given: slow.append(given) or whole(*given))
    assert digests.withdrawn(salt, {stone}, [f"P{i}" for i in range(3000)]) == ["P17"]
    assert len(slow) < 20
    assert digests.withdrawn(salt, {stone.rpartition(".")[2], "abc.x"}, ["P16", "P17"]) == ["P17"]
