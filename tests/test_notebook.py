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
