"""What the documentation says is what happens."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import bundled_analyses, find_analysis
from bayes_escc.cli import main

ROOT = Path(be.__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_the_python_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (lines,) = blocks("python")
    exec(compile(lines, "README.md", "exec"), {})
    assert (tmp_path / "orr.nc").is_file()


def test_the_analysis_file_is_a_valid_one():
    (text,) = blocks("toml")
    analysis = be.Analysis.from_dict(tomllib.loads(text))
    assert analysis.predictions[0].patients == 20


def test_the_analyses_of_the_synthesis_page_are_valid():
    page = (ROOT / "docs" / "synthesis.md").read_text(encoding="utf-8")
    both, subgroups, risks = (tomllib.loads(t) for t in re.findall(r"```toml\n(.*?)```", page, re.S))
    assert be.Analysis.from_dict(both).data.counts == "counts.csv"
    assert be.Analysis.from_dict(subgroups).spec.heterogeneity == "separate"
    covariate = {"column": "latitude"}
    data = {"kind": "counts", "file": "trials.csv", "endpoint": "ORR"}
    content = {"data": data, "model": {"family": "synthesis", "covariates": [covariate]}}
    assert be.Analysis.from_dict({**content, **risks}).spec.effect_at == ({"latitude": 33}, {"latitude": 55})


def test_the_printed_comparison_is_the_commands(capsys):
    printed = re.search(r"\$ bayes-escc (compare .*?)\n\n((?:    .*\n|\n)+)", README)
    arguments = re.findall(r'"([^"]*)"|(\S+)', printed[1])
    main([a or b for a, b in arguments])
    output = capsys.readouterr().out
    for line in printed[2].splitlines():
        assert line[4:] in output.splitlines(), line


def test_the_printed_refusal_is_the_commands(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("printed.csv").write_text("study,regimen,endpoint,percent,n\nA,x,DCR,62.8,29\n")
    assert main(["check", "printed.csv", "--kind", "counts"]) == 3
    said = " ".join(capsys.readouterr().err.split())
    printed = re.search(r"(bayes-escc: printed\.csv was refused.*?)\n\n", README, re.S)[1]
    assert " ".join(printed.split()) in said


def test_the_year_of_a_study_runs_as_written(tmp_path, monkeypatch, capsys):
    """The story in the README, line by line; a line whose comment says refused is refused, with code 3."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    (story,) = [b for b in blocks("sh") if "study init" in b]
    first, *lines = story.strip().splitlines()
    monkeypatch.chdir(tmp_path / first.removeprefix("cd "))
    for line in lines:
        command, _, comment = line.partition("#")
        program, *arguments = shlex.split(command)
        assert program == "bayes-escc"
        assert main(arguments) == (3 if "refused" in comment else 0), line
    said = capsys.readouterr()
    assert "--acknowledge 'S11:removed silently'" in said.err
    assert "PREVIEW" in said.out
    assert "The record is whole: 14 entries" in said.out
    assert Path("figures/study_probability.svg").is_file()
    # three letters may stand in compressed draws by chance, so that the file as a whole cannot be searched for them
    with closing(sqlite3.connect("second_line.db")) as record:
        assert not any("S23" in line for line in record.iterdump())
    assert b"S23" not in b"".join(p.read_bytes() for p in Path("record").rglob("*") if p.is_file())


def test_the_cuts_of_the_example_are_those_it_makes(tmp_path):
    script = ROOT / "examples" / "living_study.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, script, "--write", tmp_path], env=environment, check=True)
    for made in sorted(tmp_path.glob("*.csv")):
        assert made.read_bytes() == (script.parent / "living_study" / made.name).read_bytes(), made.name


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.name)
def test_the_examples_run(script, tmp_path, monkeypatch, capsys):
    """As `python examples/NAME.py` in an empty folder, in this process: a warning is an error here too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    runpy.run_path(str(script), run_name="__main__")
    assert "P(better)" in capsys.readouterr().out


def test_the_example_analysis_runs(tmp_path):
    assert main(["run", str(ROOT / "examples" / "own_counts.toml"), "--out", str(tmp_path), "--no-figures"]) == 0


def test_every_analysis_is_explained():
    page = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    for name in bundled_analyses():
        assert f"`{name}`" in page
        assert find_analysis(name).question in page or name in page


def test_every_public_object_says_what_it_is():
    for name in be.__all__:
        thing = getattr(be, name)
        if callable(thing):
            assert thing.__doc__
            assert len(thing.__doc__) > 40, name


def test_the_printed_boundaries_are_the_commands(capsys):
    printed = re.search(r"\$ bayes-escc (monitor .*?)\n\n((?:    .*\n|\n)+)", README)
    assert main(printed[1].split()) == 0
    output = capsys.readouterr().out
    for line in printed[2].splitlines():
        assert line[4:] in output.splitlines(), line


def test_the_commands_of_the_monitoring_page_run(capsys):
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    bayes-escc (monitor .*)$", page, re.M)
    assert len(commands) == 3
    for command in commands:
        assert main(command.split()) == 0
    assert "0.131" in capsys.readouterr().out
    (lines,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(compile(lines, "monitoring.md", "exec"), {})
    assert "efficacy: P(ORR > standard rate)" in capsys.readouterr().out
