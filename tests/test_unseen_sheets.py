"""Six kinds of sheets a newcomer brought: what each once led to, and what it leads to now."""

from __future__ import annotations

import tomllib

import openpyxl
import pytest

from bayes_escc.cli import main
from bayes_escc.evidence.sheet.decide import decide
from bayes_escc.evidence.sheet.grids import read_grids
from bayes_escc.evidence.sheet.read import read_sheet

HEADER = "编号,方案,PFS(月),是否进展,OS(月),是否死亡"


def csv(path, header, rows):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def arms(i):
    return ("甲药", "乙药")[i % 2]


def test_a_time_of_overall_survival_that_is_not_reached_is_asked_about_not_left_aside(tmp_path):
    """One 未达到 among the times left the whole column of OS aside."""
    rows = [
        f"{i},{arms(i)},{i + 2},是,{'未达到' if i == 4 else i + 5},{'否' if i in (4, 7) else '是'}" for i in range(10)
    ]
    asked = decide(read_grids(csv(tmp_path / "w.csv", HEADER, rows)), {}, effects=False).questions
    assert "unusable_os" in {q.code for q in asked}
    found = read_sheet(tmp_path / "w.csv", answers={"unusable_os": "set_aside"}).frame
    assert found["os_time"].tolist() == [str(i + 5) if i != 4 else "" for i in range(10)]
    assert found["time"].tolist() == [str(i + 2) for i in range(10)]


def test_a_plus_behind_a_time_is_censoring(tmp_path):
    rows = [f"{i},{arms(i)},{i + 2}{'+' if i == 3 else ''},{'否' if i == 3 else '是'},{i + 5},是" for i in range(8)]
    found = read_sheet(csv(tmp_path / "w.csv", HEADER, rows)).frame
    assert found["time"].tolist() == [str(i + 2) for i in range(8)]
    assert found["event"].tolist() == ["0" if i == 3 else "1" for i in range(8)]
    rows[5] = "5,乙药,7+,是,10,是"  # censored, and happened
    asked = decide(read_grids(csv(tmp_path / "w.csv", HEADER, rows)), {}, effects=False).questions
    assert "带+号表示删失" in "".join(next(q for q in asked if q.code == "unusable").lines("zh"))


@pytest.mark.parametrize("total", ["中位值", "中位数（月）", "Median (range)", "平均数", "合计(例)", "范围"])
def test_a_row_of_summaries_is_no_patient(total, tmp_path):
    rows = [f"P{i},{arms(i)},{i + 2},是,{i + 5},是" for i in range(8)]
    found = read_sheet(csv(tmp_path / "w.csv", HEADER, [*rows, f"{total},,5.1,,10.2,"]))
    assert len(found.frame) == 8


def test_sex_and_age_in_one_column_are_not_a_question_for_every_patient(tmp_path):
    """36 questions: what does 女/50 mean?"""
    rows = [f"P{i},{arms(i)},{('男', '女')[i % 2]}/{50 + i},{i + 2},是" for i in range(8)]
    found = read_sheet(csv(tmp_path / "w.csv", "编号,方案,性别/年龄,PFS(月),是否进展", rows)).frame
    assert found["sex"].tolist() == ["male", "female"] * 4


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("PR（已确认）", "PR"), ("CR (confirmed)", "CR"), ("PR确认", "PR"), ("PR（未确认）", None), ("PR?", None)],
)
def test_that_a_response_is_confirmed_changes_nothing(word, meaning, tmp_path):
    rows = [f"P{i},{arms(i)},{word if i == 2 else 'SD'}" for i in range(8)]
    path = csv(tmp_path / "w.csv", "编号,方案,最佳疗效", rows)
    asked = [q.code for q in decide(read_grids(path), {"reference": "甲药"}, effects=False).questions]
    if meaning is None:
        assert any(code.startswith("word.response") for code in asked)
    else:
        assert read_sheet(path).frame["response"].tolist()[2] == meaning


@pytest.mark.parametrize(
    ("header", "kind"),
    [("Worst grade TRAE", "TRAE"), ("irAE 分级", "irAE"), ("治疗相关不良反应最高分级", "TRAE"), ("AE grade", "AE")],
)
def test_adverse_events_are_of_the_kind_that_the_header_names(header, kind, tmp_path, capsys):
    """Treatment-related events were analysed as events of any kind."""
    rows = [f"P{i},{arms(i)},SD,{i % 4}" for i in range(12)]
    path = csv(tmp_path / "w.csv", f"编号,方案,最佳疗效,{header}", rows)
    flags = ["--answer", "reference=甲药", "--answer", "margin.response=none"]
    assert main(["start", path, "--out", str(tmp_path / "out"), *flags]) == 0
    stated = tomllib.loads((tmp_path / "out" / "adverse_events.toml").read_text(encoding="utf-8"))
    assert stated["data"]["endpoint"] == [f"any_{kind}", f"grade3plus_{kind}"]
    assert main(["check", str(tmp_path / "out" / "adverse_events.toml")]) == 0
    capsys.readouterr()


def test_a_name_that_says_nothing_takes_the_title_of_its_group(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["患者", None, "随访", None, "不良反应"])
    page.append(["编号", "方案", "PFS(月)", "是否进展", "最高级别"])
    page.merge_cells("A1:B1")
    page.merge_cells("C1:D1")
    for i in range(10):
        page.append([f"P{i}", arms(i), i + 2, "是", i % 4])
    book.save(tmp_path / "w.xlsx")
    found = read_sheet(tmp_path / "w.xlsx").frame
    assert found["ae_grade"].tolist() == [str(i % 4) for i in range(10)]
