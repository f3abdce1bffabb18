"""The results folder is one thing: all of a run or all of the run before, and nobody's own files are touched."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.errors import AnalysisError
from bayes_escc.runs.results_folder import MANIFEST, ResultsFolder, read_manifest, results_folder
from bayes_escc.runs.run import run_analysis


def write(path, **files):
    with results_folder(path) as folder:
        for name, content in files.items():
            folder.write(name, content)


def interrupted(path, error):
    with results_folder(path) as folder:
        folder.write("result", "2")
        raise error


def content(path):
    return {p.name: p.read_text() for p in path.iterdir() if p.name != MANIFEST}


def analysis(identity="mine", **changes):
    data = {"kind": "counts", "dataset": "second_line_cohorts", "endpoint": "ORR", "where": {"line": "second"}}
    regimens = ["toripalimab + chemotherapy", "toripalimab + anlotinib"]
    return be.Analysis.from_dict({"id": identity, "data": {**data, "regimens": regimens}, **changes})


def test_the_manifest_names_every_file_with_its_digest(tmp_path):
    write(tmp_path / "out", a="1", b="2")
    stated = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert stated["files"] == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in (("a", "1"), ("b", "2"))
    }
    write(tmp_path / "again", b="2", a="1")
    assert json.loads((tmp_path / "again" / MANIFEST).read_text())["run"] == stated["run"]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a", "b", MANIFEST}


def test_files_of_the_last_run_go_and_those_of_the_user_stay(tmp_path):
    write(tmp_path, old="1", both="1")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "folder").mkdir()
    write(tmp_path, both="2", new="2")
    assert {p.name for p in tmp_path.iterdir()} == {"both", "new", "notes.txt", "folder", MANIFEST}
    assert (tmp_path / "both").read_text() == "2"


def test_what_the_user_changed_is_kept(tmp_path):
    write(tmp_path, table="1", figure="1")
    (tmp_path / "table").write_text("1, corrected by hand")
    (tmp_path / "figure").write_text("1, drawn over")
    (tmp_path / "report").write_text("mine")
    with pytest.warns(UserWarning, match="kept as|not removed") as noted:
        write(tmp_path, table="2", report="2")
    said = " ".join(str(w.message) for w in noted)
    assert content(tmp_path) == {
        "table": "2",
        "table.1": "1, corrected by hand",
        "figure": "1, drawn over",
        "report": "2",
        "report.1": "mine",
    }
    assert "table.1" in said
    assert "report.1" in said
    assert "figure: not removed" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_between_files_leaves_the_old_folder_whole(error, tmp_path):
    write(tmp_path / "out", result="1", posterior="1")
    with pytest.raises(error):
        interrupted(tmp_path / "out", error)
    assert content(tmp_path / "out") == {"result": "1", "posterior": "1"}
    with pytest.raises(error):
        interrupted(tmp_path / "new" / "er", error)
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_a_run_killed_while_it_puts_files_in_place_is_completed_by_the_next(tmp_path):
    write(tmp_path, a="1", b="1", c="1")
    code = f"""
import os, pathlib
from bayes_escc.runs import results_folder as m
replace, calls = pathlib.Path.replace, []
def dies(self, target):
    if pathlib.Path(target).parent == pathlib.Path({str(tmp_path)!r}):
        calls.append(target)
        if len(calls) == 2:
            os.kill(os.getpid(), 9)
    return replace(self, target)
with m.results_folder(pathlib.Path({str(tmp_path)!r})) as folder:
    for name in "abd":
        folder.write(name, "2")
    pathlib.Path.replace = dies
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    with pytest.raises(KeyError), results_folder(tmp_path):
        raise KeyError  # even a run that fails finds the one before complete
    assert content(tmp_path) == {"a": "2", "b": "2", "d": "2"}


def test_staging_that_a_killed_run_left_is_swept(tmp_path):
    write(tmp_path, a="1")
    (tmp_path / ".staging").mkdir()
    (tmp_path / ".staging" / "a").write_text("half")
    write(tmp_path, a="2")
    assert content(tmp_path) == {"a": "2"}


def test_two_runs_into_one_folder_at_once_are_refused(tmp_path):
    with results_folder(tmp_path / "out") as folder:
        folder.write("a", "1")
        with pytest.raises(AnalysisError, match="another run is writing into"), results_folder(tmp_path / "out"):
            pass
    assert content(tmp_path / "out") == {"a": "1"}
    write(tmp_path / "out", a="2")


def test_a_folder_that_cannot_be_written_is_refused_before_the_fit(tmp_path, monkeypatch):
    def fit(_):
        pytest.fail("fitted before the folder was tried")

    monkeypatch.setattr("bayes_escc.runs.run.fit_analysis", fit)
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(AnalysisError, match="cannot be written to"):
            run_analysis(analysis(), out)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_rules_with_long_names_have_files_of_their_own(tmp_path):
    long = "règle " * 60
    rules = [
        {
            "name": long + end,
            "kind": "posterior_probability",
            "regimen": "toripalimab + anlotinib",
            "value": 0.2,
            "stop_below": 0.1,
            "looks": [35, 40],
        }
        for end in "ab"
    ]
    _, _, paths = run_analysis(analysis(monitoring=rules), tmp_path)
    drawn = [p.name for p in paths if p.name.startswith("monitoring")]
    assert len(drawn) == 4
    assert all(len(name.encode()) < 200 for name in drawn)


def test_a_disk_that_fills_is_a_sentence_and_leaves_the_old_results(tmp_path):
    _, _, paths = run_analysis(analysis(), tmp_path / "out", figures=False)
    before = {p.name: p.read_bytes() for p in paths}
    code = f"""
import resource, sys
from tests.test_results_folder import analysis, run_analysis
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    run_analysis(analysis("other"), {str(tmp_path / "out")!r}, figures=False)
except Exception as error:
    print(type(error).__name__, error)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("AnalysisError")
    assert "posterior.nc cannot be written: File too large" in ended.stdout
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_results_are_said_to_be_there_when_they_are(tmp_path, monkeypatch, capsys):
    write = ResultsFolder.write

    def full(folder, name, *content):
        if name.endswith(".png"):
            raise AnalysisError(f"{name} cannot be written: No space left on device.")
        return write(folder, name, *content)

    command = ["run", "second_line_response", "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patched:
        patched.setattr(ResultsFolder, "write", full)
        assert main(command) == 2
    told = capsys.readouterr()
    assert told.out.startswith("Which second-line regimen")
    assert "Results are in" not in told.out
    assert "No space left on device" in told.err
    assert main([*command, "--no-figures"]) == 0
    assert "Results are in" in capsys.readouterr().out


def test_a_run_that_is_asked_to_end_leaves_nothing(tmp_path):
    write(tmp_path / "out", a="1")
    code = f"""
import pathlib, time
from bayes_escc.runs.results_folder import results_folder
with results_folder(pathlib.Path({str(tmp_path / "out")!r})) as folder:
    folder.write("a", "2")
    print("written", flush=True)
    time.sleep(60)
"""
    for number, code_of_exit in ((signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout.readline() == "written\n"
        process.send_signal(number)
        assert process.wait(60) == code_of_exit
        process.stdout.close()
        assert content(tmp_path / "out") == {"a": "1"}
        assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")]


def test_a_command_that_is_asked_to_end_says_so_with_its_exit_code(tmp_path):
    code = """
import sys, time
from bayes_escc.cli import entry
entry._carried_out = lambda *given: (print("begun", flush=True), time.sleep(60))[0]
sys.exit(entry.main([]))
"""
    for number, code_of_exit, how in ((signal.SIGTERM, 143, "ended from outside"), (signal.SIGINT, 130, "interrupted")):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
        assert (process.returncode, said) == (
            code_of_exit,
            f"bayes-escc: {how}; nothing half written was left behind.\n",
        )


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such device")
def test_a_home_that_cannot_be_written_to_is_no_concern_of_the_user(tmp_path):
    (tmp_path / "counts.csv").write_text("study,regimen,endpoint,events,n\nQ,a,ORR,7,31\nR,b,ORR,12,33\n")
    (tmp_path / "own.toml").write_text('[data]\nkind = "counts"\nfile = "counts.csv"\nendpoint = "ORR"\n')
    code = "import sys; from bayes_escc.cli import main; sys.exit(main(['run', 'own.toml', '--out', 'out']))"
    kept = {k: v for k, v in os.environ.items() if k not in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False,
        env=kept | {"HOME": "/dev/null", "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "out" / "rates.png").is_file()


def test_without_matplotlib_a_run_says_so_and_writes_the_rest(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "matplotlib" else real(name, *a))
    with pytest.warns(UserWarning, match="Matplotlib is not installed"):
        _, _, paths = run_analysis(analysis(), tmp_path)
    assert {p.suffix for p in paths} == {".json", ".csv", ".nc"}
    assert set(read_manifest(tmp_path)) == {p.name for p in paths} - {MANIFEST}
