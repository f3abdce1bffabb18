"""The figures of a study, and its record as plain files."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.plots.style import house_style
from bayes_escc.study.changes import HARMLESS
from tests.helpers.figures import assert_no_text_overlaps, assert_nothing_is_cut, texts
from tests.helpers.studies import FIRST, SECOND, analysis, cohort

RULE = {
    "name": "superiority",
    "kind": "posterior_probability",
    "estimand": "median",
    "reference": "old",
    "go_above": 0.95,
    "stop_below": 0.1,
    "rationale": "For the board.",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    at = cohort(3, patients=40)
    spec = analysis(monitoring=[RULE], sampling={"draws": 500, "chains": 4})
    with be.Study.create(tmp_path_factory.mktemp("figures") / "s.db", spec, who="me") as found:
        for month in (3, 5, 7, 9):
            found.update(at(month))
        found.withdraw("P02")
        after = at(11)
        after = after[after.code != "P02"]
        after.loc[0, "arm"] = "new"
        found.update(after, acknowledge=["P01:regimen changed"])
        yield found


def test_every_figure_is_drawn_within_its_frame(study):
    found = study.figures()
    assert set(found) == {"study_probability", "study_estimates", "study_changes", "study_follow_up"}
    for figure in found.values():
        assert_nothing_is_cut(figure)
        assert_no_text_overlaps(figure)
    said = " ".join(t.get_text() for t in texts(found["study_probability"]))
    assert "superiority: go above 0.95" in said
    assert "look by look" in said
    assert "regimen changed" in [t.get_text() for t in texts(found["study_changes"])]


def test_figures_name_no_patient_and_are_the_same_each_time(study, tmp_path):
    again = study.figures()
    for name, figure in study.figures().items():
        assert not [t for t in texts(figure) if "P0" in t.get_text()], name
        for stem, one in (("a", figure), ("b", again[name])):
            with house_style():
                one.savefig(tmp_path / stem, format="svg", metadata={"Date": None})
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_large_and_small_studies_and_long_names_fit(tmp_path):
    names = {"old": "camrelizumab plus apatinib plus irinotecan", "new": "best supportive care"}
    at = cohort(8, patients=300)
    spec = analysis(
        data={"regimens": list(names.values())}, comparisons=[{"estimand": "rmst", "reference": names["old"]}]
    )
    with be.Study.create(tmp_path / "s.db", spec) as study:
        for i in range(3):
            study.update(at(6.0 + 3 * i).replace(names))
        told = study.history()
        told["entries"] = told["entries"][:1] + told["entries"][1:] * 7  # as if there had been 21 looks
        for draw in (
            be.plots.study_probability(told),
            be.plots.study_estimates(told),
            be.plots.study_changes(told, HARMLESS),
        ):
            assert_nothing_is_cut(draw)
            assert_no_text_overlaps(draw)
        for figure in study.figures().values():
            assert_nothing_is_cut(figure)
            assert_no_text_overlaps(figure)
    with be.Study.create(tmp_path / "t.db", analysis()) as study:
        assert study.figures() == {}
        study.update(FIRST)
        for figure in study.figures().values():
            assert_nothing_is_cut(figure)


def test_the_record_as_plain_files(study, tmp_path):
    files = study.export(tmp_path / "record")
    manifest = json.loads((tmp_path / "record" / "manifest.json").read_text())
    assert manifest["head"] == study.head
    assert manifest["damage"] == []
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((tmp_path / "record" / name).read_bytes()).hexdigest() == digest
    assert len(files) == len(manifest["sha256"]) + 1
    entries = [json.loads(line) for line in (tmp_path / "record" / "log.jsonl").read_text().splitlines()]
    assert entries == study.log
    cuts = sorted(p for p in (tmp_path / "record" / "cuts").glob("*.csv") if "changes" not in p.name)
    assert [p.stem[4:-3] for p in cuts if len(p.stem) > 3] == ["after_withdrawal_"]
    assert [p.stem for p in cuts if len(p.stem) == 3] == ["001", "002", "003", "004", "005"]  # as the user numbers them
    last = cuts[-1]
    with last.open() as stream:
        rows = {r["patient_id"]: r for r in csv.DictReader(stream)}
    assert rows.keys() == study.snapshot().cut.rows.keys()
    assert rows["P01"]["regimen"] == "new"
    everything = b"".join(p.read_bytes() for p in (tmp_path / "record").rglob("*") if p.is_file())
    assert b"P02" not in everything
    results = json.loads((tmp_path / "record" / "results" / f"of_cut_{last.stem}.json").read_text())
    assert results["fits"][0]["result"]["data"]["patients"] == len(rows)
    with pytest.raises(be.AnalysisError, match="not an empty folder"):
        study.export(tmp_path / "record")


def test_an_export_of_a_damaged_record_saves_what_is_whole(tmp_path, capsys):
    path = tmp_path / "s.db"
    with be.Study.create(path, analysis()) as study:
        study.update(FIRST)
        study.update(SECOND)
    direct = sqlite3.connect(path)
    direct.execute("DROP TRIGGER leaf_stays_update")
    direct.execute("UPDATE leaf SET cells = replace(cells, '6.0', '7.0') WHERE unit = 'A2' AND id > 4")
    direct.commit()
    direct.close()
    assert main(["study", "export", str(path), "--out", str(tmp_path / "record")]) == 5
    assert "a row of data cut 2" in capsys.readouterr().err
    assert (tmp_path / "record" / "cuts" / "001.csv").is_file()
    assert not (tmp_path / "record" / "cuts" / "002.csv").exists()
    assert json.loads((tmp_path / "record" / "manifest.json").read_text())["damage"]


def test_an_analysis_that_cannot_be_read_does_not_stop_the_export(tmp_path):
    with be.Study.create(tmp_path / "s.db", analysis()) as study:
        study.update(FIRST)
        study.store._db.execute("DROP TRIGGER analysis_stays_update")
        study.store._db.execute("UPDATE analysis SET content = substr(content, 2) WHERE stated IS NOT NULL")
        with pytest.raises(be.RecordError, match=r"02_frozen\.json cannot be understood"):
            study.export(tmp_path / "record")
    assert (tmp_path / "record" / "cuts" / "001.csv").is_file()


def test_commands_draw_and_export(study, tmp_path, capsys):
    assert main(["study", "plot", str(study.path), "--out", str(tmp_path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["files"]) == 8
    assert (tmp_path / "study_follow_up.png").is_file()
    assert main(["study", "export", str(study.path), "--out", str(tmp_path / "r")]) == 0
