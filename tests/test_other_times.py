"""Times to an event other than PFS and OS (DFS, EFS, RFS, TTP), and how Python states which one an analysis is of."""

from __future__ import annotations

import re
import tomllib

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.sheet.read import read_sheet
from bayes_escc.report.endpoint_words import chinese_of_endpoint, of_endpoint
from bayes_escc.report.refusals import refusal_in_chinese

ROWS = [
    (("A drug", "B drug")[i % 2], months, event)
    for i, (months, event) in enumerate(
        [(3.0, 1), (7.5, 1), (5.0, 0), (11.0, 0), (4.0, 1), (9.0, 1), (8.0, 1), (12.0, 0), (2.0, 1), (6.0, 1)]
    )
]
"""Regimen, months, and whether the event happened."""


def written(path, header, row):
    lines = [header, *(",".join(str(c) for c in (f"P{i:02d}", r[0], *row(i, r))) for i, r in enumerate(ROWS))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("header", "words", "endpoint"),
    [
        ("DFS(月),DFS状态", (1, 0), "DFS"),
        ("无病生存期（月）,是否复发或死亡", ("是", "否"), "DFS"),
        ("Disease-free survival (months),event", (1, 0), "DFS"),
        ("无事件生存期(月),结局", (1, 0), "EFS"),
        ("EFS (months),EFS event", ("yes", "no"), "EFS"),
        ("无复发生存时间(月),复发或死亡", ("有", "无"), "RFS"),
        ("relapse-free survival (months),relapse or death", (1, 0), "RFS"),
        ("TTP (months),progression (yes/no)", ("yes", "no"), "TTP"),
        ("至疾病进展时间(月),是否进展", ("是", "否"), "TTP"),
        ("time to progression or death (months),event", (1, 0), "PFS"),
    ],
)
def test_a_time_is_analysed_under_the_name_it_has_in_the_sheet(header, words, endpoint, tmp_path, capsys):
    """DFS and EFS led to nothing, TTP was left aside."""
    path = written(tmp_path / "w.csv", f"id,arm,{header}", lambda _, r: (r[1], words[1 - r[2]]))
    flags = ["--answer", "reference=A drug", "--answer", f"margin.{endpoint.lower()}=1"]
    assert main(["start", path, "--out", str(tmp_path / "out"), *flags]) == 0
    said = capsys.readouterr().out
    assert sorted(p.stem for p in (tmp_path / "out").glob("*.toml")) == sorted(["mapping", endpoint.lower()])
    text = (tmp_path / "out" / f"{endpoint.lower()}.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["data"].get("endpoint", "PFS") == endpoint
    if endpoint not in {"PFS", "TTP"}:
        assert not re.search(r"PFS|rogression|无进展", said + text)
    frame = be.Analysis.from_file(tmp_path / "out" / f"{endpoint.lower()}.toml").load_table().frame
    assert frame["time"].astype(float).tolist() == [r[1] for r in ROWS]
    assert frame["event"].astype(int).tolist() == [r[2] for r in ROWS]


def test_dates_of_relapse_are_relapse_free_survival(tmp_path):
    path = written(
        tmp_path / "w.csv",
        "编号,方案,手术日期,复发日期,末次随访日期",
        lambda i, r: (f"2021-01-{i + 1:02d}", f"2021-0{2 + i % 5}-15" if r[2] else "", "2021-12-01"),
    )
    found = read_sheet(path)
    assert found.mapping.rule("endpoint") == "RFS"
    assert found.frame["event"].astype(int).tolist() == [r[2] for r in ROWS]


def test_disease_free_and_overall_survival_stand_beside_each_other(tmp_path):
    path = written(
        tmp_path / "w.csv", "id,arm,DFS (months),DFS event,OS (months),death", lambda _, r: (r[1], r[2], r[1] + 1, r[2])
    )
    found = read_sheet(path)
    assert found.mapping.rule("endpoint") == "DFS"
    assert found.frame["os_time"].astype(float).tolist() == [r[1] + 1 for r in ROWS]


@pytest.mark.parametrize(
    ("text", "endpoint", "expected"),
    [
        ("median PFS", "DFS", "median DFS"),
        ("Progression-free (% of patients)", "EFS", "Event-free (% of patients)"),
        ("mean progression-free time", "RFS", "mean relapse-free time"),
        ("progression-free survival (PFS)", "TTP", "time to progression (TTP)"),
        ("progression or death", "TTP", "progression"),
        ("progression or death", "DFS", "recurrence or death"),
        ("限制性平均无进展生存时间", "DFS", "限制性平均无病生存时间"),
        ("无进展生存期(PFS)", "RFS", "无复发生存期(RFS)"),
        ("无进展生存率", "OS", "总生存率"),
    ],
)
def test_words_of_another_time(text, endpoint, expected):
    assert of_endpoint(text, endpoint) == expected
    assert of_endpoint(expected, endpoint) == expected


def test_what_a_result_says_of_another_time_is_chinese():
    """Priors of DFS stood in English on a Chinese page, for the catalogue knows those of PFS."""
    line = (
        "median DFS of a reference patient on the average regimen ~ LogNormal(2.485, 1): 95 % between 1.69 and 85.2 "
        "months."
    )
    said = of_endpoint(chinese_of_endpoint(line, "DFS"), "DFS")
    assert "参照患者的中位无病生存期" in said
    assert not re.search("[a-z]{3} [a-z]{2}", said)


def test_a_time_of_no_known_name_is_refused():
    with pytest.raises(be.AnalysisError, match="a survival analysis is of one of PFS, OS") as refused:
        be.Analysis.from_dict({"data": {"kind": "patients", "endpoint": "XFS"}, "model": {"family": "survival"}})
    assert "生存分析的终点应为" in refusal_in_chinese(str(refused.value))


@pytest.fixture(scope="module")
def fitted():
    frame = pd.DataFrame([(f"P{i}", *r) for i, r in enumerate(ROWS * 3)], columns=["patient_id", "regimen", "t", "e"])
    frame["patient_id"] = [f"P{i}" for i in range(len(frame))]
    models = {
        endpoint: be.SurvivalModel(
            baseline="exponential", time="t", event="e", data_unit="months", time_unit="months", endpoint=endpoint
        )
        for endpoint in ("OS", "PFS")
    }
    return {endpoint: model.fit(frame, draws=200, chains=2, seed=1) for endpoint, model in models.items()}


def texts_of(figure):
    from matplotlib.text import Text

    figure.draw_without_rendering()
    return " | ".join(t.get_text() for t in figure.findobj(Text))


def test_what_python_makes_of_overall_survival_says_so(fitted):
    """Figures and priors of a model in Python said progression-free survival, whatever the column was."""
    posterior, pfs = fitted["OS"], fitted["PFS"]
    assert posterior.outcome == "OS"
    assert "OS" in repr(posterior)
    assert any("median OS" in line for line in posterior.priors)
    comparison = posterior.compare("median")
    assert comparison.outcome == "OS"
    assert "OS median" in repr(comparison)
    wrong = re.compile("PFS|rogression")
    shown = [posterior._repr_html_(), comparison._repr_html_(), *posterior.priors]
    drawn = {
        name: texts_of(getattr(be.plots, name)(value))
        for name, value in (
            ("survival", posterior), ("better_over_time", posterior), ("hazards", posterior),
            ("difference", comparison), ("benefit", comparison),
        )
    }  # fmt: skip
    for text in (*shown, *drawn.values()):
        assert not wrong.search(text), text[:400]
    assert wrong.search(texts_of(be.plots.survival(pfs)))
    assert pfs.outcome == ""


def test_the_name_of_the_time_changes_no_number(fitted):
    a, b = (fitted[e].summary().drop(columns=["endpoint"], errors="ignore") for e in ("OS", "PFS"))
    pd.testing.assert_frame_equal(a, b)
