"""One road from `[data]` to a table: whoever asks reads the same table, and says the same of it."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.analysis.data import read_data
from bayes_escc.cli import main
from bayes_escc.evidence.datasets import DATASETS
from bayes_escc.evidence.kinds import KINDS
from bayes_escc.evidence.patient_settings import PatientSettings
from bayes_escc.evidence.table import Table
from bayes_escc.settings.reader import Reader
from bayes_escc.settings.setting import settings_of
from bayes_escc.study.cuts import read_cut

DATED = pd.DataFrame(
    {
        "patient_id": ["p1", "p2", "p3", "p4"],
        "regimen": ["A", "A", "B", "B"],
        "begin": ["2023-01-10"] * 4,
        "pd": ["2023-04-10", "", "", "2023-07-01"],
        "seen": ["2023-04-10", "2023-05-02", "2023-12-05", "2023-07-01"],
        "survival": ["alive", "dead", "alive", "alive"],
    }
)
DATES = {"start": "begin", "event": "pd", "last_contact": "seen"}
VISITS = pd.DataFrame(
    [
        ("p1", "2023-02-10", "SD"),
        ("p1", "2023-04-10", "PD"),
        ("p2", "2023-04-10", "SD"),
        ("p3", "2023-12-05", "SD"),
        ("p4", "2023-04-10", "SD"),
        ("p4", "2023-07-01", "PD"),
    ],
    columns=["patient_id", "date", "result"],
)


def content(**data):
    return {
        "id": "roads",
        "data": {"kind": "patients", "time_unit": "months", "regimens": ["A", "B"], **data},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "sampling": {"draws": 50, "tune": 200, "chains": 2},
    }


def follow_up(table):
    found = table.follow_up("days")
    patients = table.frame["patient_id"]
    return {p: (round(lo, 6), round(hi, 6)) for p, lo, hi in zip(patients, found.lower, found.upper, strict=True)}


class TestStudies:
    def test_dates_are_read_in_a_study_as_in_a_run(self, tmp_path):
        DATED.to_csv(tmp_path / "ward.csv", index=False)
        analysis = be.Analysis.from_dict(content(dates=DATES, file="ward.csv"), folder=tmp_path)
        expected = follow_up(analysis.load_table())
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            study.update(DATED)
            assert follow_up(study.snapshot().cut.table("")) == expected
            assert study.snapshot().cut.columns == ("regimen", "time", "event")
            later = DATED.assign(pd=["2023-04-10", "2023-06-01", "", "2023-07-01"])
            later = pd.concat([later, later.assign(patient_id="p5", pd="", seen="").iloc[[0]]])
            changes, _ = study.preview(later)
            assert {(c.unit, c.kind) for c in changes} == {("p2", "event occurred"), ("p5", "new")}
            study.update(later)
            assert follow_up(study.snapshot().cut.table(""))["p5"] == (0.0, float("inf"))

    def test_scans_are_read_in_a_study_as_in_a_run(self, tmp_path):
        DATED.to_csv(tmp_path / "ward.csv", index=False)
        VISITS.to_csv(tmp_path / "visits.csv", index=False)
        scans = {"file": "visits.csv", "schedule": 2, "unit": "months", "start": "begin"}
        data = {"file": "ward.csv", "scans": scans}
        analysis = be.Analysis.from_dict(content(**data), folder=tmp_path)
        expected = follow_up(analysis.load_table())
        next_cut = tmp_path / "next"
        next_cut.mkdir()
        new = pd.concat([DATED, DATED.iloc[[0]].assign(patient_id="p5")])
        new.to_csv(next_cut / "ward.csv", index=False)
        VISITS.assign(result=["SD", "PD", "PD", "SD", "SD", "PD"]).to_csv(next_cut / "visits.csv", index=False)
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            study.update(tmp_path / "ward.csv")
            assert follow_up(study.snapshot().cut.table("")) == expected
            changes = study.diff(next_cut / "ward.csv")  # the visits that stand beside this cut
            assert {(c.unit, c.kind) for c in changes} == {("p2", "event occurred"), ("p5", "new")}

    def test_a_column_that_is_not_named_is_not_stored(self, tmp_path):
        frame = DATED.assign(months=[3.0, 3.7, 10.8, 5.6], progressed=[1, 0, 0, 1])
        analysis = be.Analysis.from_dict(content(time="months", event="progressed", where={"site": "x"}))
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            study.update(frame.assign(site="x"))
            assert study.snapshot().cut.columns == ("regimen", "time", "event", "site")
            assert study.diff(frame.assign(site="x", survival=["dead", "dead", "alive", "alive"])) == []

    def test_a_time_that_contradicts_its_dates_is_noted_everywhere(self, tmp_path, capsys):
        frame = DATED.assign(months=[9.0, 3.68, 10.8, 5.65], progressed=[1, 0, 0, 1])
        frame.to_csv(tmp_path / "ward.csv", index=False)
        data = {"time": "months", "event": "progressed", "dates": DATES, "file": "ward.csv"}
        analysis = be.Analysis.from_dict(content(**data), folder=tmp_path)
        assert [w.row for w in analysis.load_table().warnings if w.code == "time_and_dates"] == [2]
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            assert any("[time_and_dates]" in n for n in study.update(frame).notes)
        model = be.SurvivalModel(time="months", event="progressed", dates=DATES, data_unit="months")
        assert "time_and_dates" in {w.code for w in model.read(frame).warnings}
        stated = ["--kind", "patients", "--time", "months", "--event", "progressed", "--time-unit", "months", "--dates"]
        stated = ["check", str(tmp_path / "ward.csv"), *stated, *(f"{k}={v}" for k, v in DATES.items()), "--json"]
        assert main(stated) == 0
        assert "time_and_dates" in {w["code"] for w in json.loads(capsys.readouterr().out)["warnings"]}

    def test_a_study_stored_with_further_columns_goes_on(self, tmp_path):
        """Earlier versions stored columns that the analysis only seemed to name."""
        frame = DATED.assign(months=[3.0, 3.7, 10.8, 5.6], progressed=[1, 0, 0, 1])
        analysis = be.Analysis.from_dict(content(time="months", event="progressed"))
        with be.Study.create(tmp_path / "study.db", analysis) as study:
            study.update(frame)
            last = study.snapshot()
            rows = {u: {**r, "survival": "alive"} for u, r in last.cut.rows.items()}
            header = {**last.cut.header, "columns": [*last.cut.columns, "survival"]}
            old = replace(last, cut=replace(last.cut, rows=rows, header=header))
            assert study._compare(old, read_cut(frame, analysis)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_has_one_declaration(kind):
    declared = settings_of(KINDS[kind].settings)
    assert {s.name for s in declared} == {f.name for f in fields(KINDS[kind].settings)}
    assert all(s.help for s in declared)
    problems: list[str] = []
    read_data(
        Reader({"kind": kind, "shet": "a", **({} if kind == "patients" else {"overall": "os"})}, "data", problems)
    )
    assert any("data.shet: unknown key" in p and "Did you mean 'sheet'" in p for p in problems)
    assert kind == "patients" or any('data.overall: belongs to kind = "patients"' in p for p in problems)


def test_python_takes_what_a_file_may_state():
    """`read_patients` has the settings of `[data]`, with their defaults; two are questions of a model, one a table."""
    declared = {s.name: s.default for s in settings_of(PatientSettings)}
    python = {n: p.default for n, p in inspect.signature(be.read_patients).parameters.items() if n != "source"}
    only_files = {"not_evaluable", "design", "scans"}
    assert set(python) == set(declared) - only_files | {"pending"}
    same = set(python) - {"pending", "response", "event_codes"}
    assert {n: python[n] for n in same} == {n: declared[n] for n in same}


def test_the_docs_list_every_key():
    page = (Path(be.__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        for s in settings_of(kind.settings):
            assert f"| `{s.name}` | {s.help} |" in page, (kind.name, s.name)


def test_one_table_for_all_kinds():
    for name, dataset in DATASETS.items():
        if not dataset.flawed:
            table = be.load_dataset(name)
            assert isinstance(table, Table)
            assert table.kind == dataset.kind
            assert len(table.keep(table.frame.iloc[:2])) == 2


def test_names_at_the_prompt_are_normalised(capsys):
    assert main(["compare", "A=10/29", "Ａ=12/35"]) == 2
    assert "the name 'A' is used twice" in capsys.readouterr().err
