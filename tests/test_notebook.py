"""What a notebook shows of a posterior and a comparison is their answer, with names as text."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.runs.run import run_analysis


def test_posterior_and_comparison_show_their_answer():
    rows = [("S", "A <b>", "ORR", 10, 29), ("S", "B", "ORR", 12, 35)]
    table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"]))
    posterior = be.ResponseModel().fit(table, seed=1)
    page = posterior._repr_html_()
    rates = posterior.summary("rate")
    assert all(f"{median:.6f}" in page for median in rates["median"])
    assert "A &lt;b&gt;" in page
    assert "<b>" not in page
    compared = posterior.compare()._repr_html_()
    assert "P(better)" in compared
    assert "A &lt;b&gt;" in compared
    assert "<b>" not in compared


def test_every_public_object_shows_itself():
    for name in be.__all__:
        value = getattr(be, name)
        if inspect.isclass(value) and not issubclass(value, BaseException):
            assert hasattr(value, "_repr_html_"), name
    prior = be.Prior("Beta", alpha=1, beta=1, rationale="<none>")
    assert "&lt;none&gt;" in prior._repr_html_() or "Beta" in prior._repr_html_()


def test_a_summary_prints_median_and_interval_first_in_80_columns():
    long = "camrelizumab plus apatinib plus irinotecan after first-line platinum and fluoropyrimidine"
    frame = pd.DataFrame(
        {"study": ["S", "S"], "regimen": ["A", long], "endpoint": "ORR", "events": [10, 12], "n": [29, 35]}
    )
    summary = be.ResponseModel().fit(be.read_counts(frame), seed=1).summary()
    columns = list(summary.columns)
    assert columns.index("median") < columns.index("lower") < columns.index("upper") < columns.index("mean")
    lines = repr(summary).split("\n")
    assert len(lines) == 1 + len(summary)
    assert max(map(len, lines)) <= 80
    assert f"{summary['median'].iloc[0]:.3f}" in lines[1]
    assert "95 % CrI" in lines[0]
    assert type(summary[["median"]]) is pd.DataFrame


def test_a_report_is_an_object(tmp_path):
    analysis = be.find_analysis("second_line_response")
    run_analysis(analysis, tmp_path / "out", figures=False)
    report = be.Report(tmp_path / "out", language="both")
    assert "<iframe" in report._repr_html_()
    assert analysis.title in repr(report)
    (page,) = report.save(tmp_path / "page")
    assert page.read_text(encoding="utf-8") == report.html
    with pytest.raises(be.AnalysisError, match="at least one"):
        be.Report([])


COUNTS = {"study": ["s", "s"], "regimen": ["A", "B"], "endpoint": ["ORR"] * 2, "n": [20, 30], "events": [5, 9]}
PATIENTS = {
    "patient_id": [f"P{i}" for i in range(12)],
    "regimen": ["A", "B"] * 6,
    "months": [float(i % 5 + 1) for i in range(12)],
    "died": [1, 1, 0] * 4,
}
EFFECTS = {
    "study": ["s", "t"],
    "experimental": ["A", "A"],
    "control": ["B", "B"],
    "endpoint": ["OS", "OS"],
    "measure": ["HR", "HR"],
    "estimate": [0.7, 0.8],
    "ci_low": [0.5, 0.6],
    "ci_high": [0.98, 1.0667],
    "ci_level": [0.95, 0.95],
}
MEDIANS = {"study": ["s", "t"], "regimen": ["A", "B"], "n": [40, 40], "median": [5, 6], "events": [30, 31]}
STARTS = {"patient_id": ["P0", "P1"], "regimen": ["A", "B"], "start": ["2022-01-10", "2022-01-11"]}
VISITS = {
    "patient_id": ["P0", "P0", "P1"],
    "date": ["2022-03-01", "2022-05-01", "2022-03-05"],
    "result": ["SD", "PD", "SD"],
}
ENTRIES = {
    "read_counts": lambda frame: be.read_counts(frame(COUNTS)),
    "read_patients": lambda frame: be.read_patients(
        frame(PATIENTS), time="months", event="died", time_unit="months", response=None
    ),
    "read_effects": lambda frame: be.read_effects(frame(EFFECTS)),
    "read_medians": lambda frame: be.read_medians(frame(MEDIANS), time_unit="months"),
    "join_scans": lambda frame: be.join_scans(frame(STARTS), frame(VISITS), schedule=6, unit="weeks", start="start"),
    "read_sheet": lambda frame: be.read_sheet(
        frame({"编号": ["1", "2"], "方案": ["甲药", "乙药"], "疗效": ["PR", "SD"]})
    ),
    "ResponseModel.fit": lambda frame: be.ResponseModel(endpoint="ORR").fit(frame(COUNTS)),
    "SynthesisModel.fit": lambda frame: be.SynthesisModel(endpoint="OS").fit(frame(EFFECTS)),
    "sensitivity": lambda frame: be.sensitivity(be.ResponseModel(endpoint="ORR"), frame(COUNTS)),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_frames_of_polars_are_read_as_those_of_pandas_and_the_answer_shows_itself(name):
    polars = pytest.importorskip("polars")
    ours, theirs = ENTRIES[name](pd.DataFrame), ENTRIES[name](polars.DataFrame)
    assert theirs._repr_html_() == ours._repr_html_()
    for digest in ("digest", "table_digest"):
        assert getattr(theirs, digest, None) == getattr(ours, digest, None)
