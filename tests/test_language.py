"""The language of an answer: whole in the one that was asked for, and no name of a person's own translated."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.plots.chinese import with_chinese_texts
from bayes_escc.report.chinese import figure_in_chinese, in_chinese
from bayes_escc.report.naming import own_names
from bayes_escc.report.text import result_text
from bayes_escc.runs.prompt_counts import compare_counts

AWKWARD = [
    ("Control", "Experimental"),  # headings of forests
    ("months", "patients"),  # units
    ("Prior", "Posterior"),
    ("event", "none"),
    ("A against B", "C"),  # a name that a pattern could take apart
    ("rate of X", "P(better)"),
    ("randomised", "good"),
    ("new; poor and age", "45 months"),
]


@pytest.mark.parametrize(("first", "second"), AWKWARD)
def test_an_arm_named_like_a_word_of_the_catalogue_keeps_its_name(first, second):
    result = json.loads(json.dumps(compare_counts([f"{first}=12/30", f"{second}=7/28"], better="higher")))
    own = own_names(result)
    assert {first, second} <= own
    shown = result_text(result, "zh")
    assert shown.count(first) >= 3
    assert shown.count(second) >= 3
    for text in (f"{first} against {second}", f"← {first} better", f"{second}, before the data"):
        assert first in figure_in_chinese(text, own) or second in figure_in_chinese(text, own), text
    assert figure_in_chinese(first, own) == first
    said = in_chinese(f"no patient on {first} had the event. The log names their rows.", own)
    assert said == f"{first}组无患者发生事件。所在行见日志。"


def test_a_name_is_kept_where_the_catalogue_uses_the_same_word_itself():
    said = in_chinese("no event lies between 2 and 3 months.", frozenset({"months", "event"}))
    assert "之间没有事件" in said


def test_figures_keep_names_and_translate_the_rest():
    table = pd.DataFrame({"study": "ward", "regimen": ["Control", "Prior"], "endpoint": "ORR", "n": [30, 28]})
    posterior = be.ResponseModel().fit(table.assign(events=[12, 7]))
    figure = be.plots.difference(posterior.compare("rate", reference="Control"))
    with_chinese_texts(figure, own=frozenset({"Control", "Prior"}))
    from matplotlib.text import Text

    shown = [t.get_text() for t in figure.findobj(Text)]
    assert any("Control更优" in t or "Prior更优" in t for t in shown), shown
    assert not any("better" in t for t in shown), shown


def test_run_in_chinese_is_chinese_throughout(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", "second_line_response", "--out", str(out), "--full", "--language", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "比较" in shown
    assert "结果保存于" in shown
    assert "median" not in shown
    assert "Results are in" not in shown
    drawn = (out / "difference.svg").read_text(encoding="utf-8")
    assert "更优" in drawn
    assert "better" not in drawn
    english = be.Report(out, language="en").html  # drawn again in the language of the page
    assert "better" in english
    assert "更优 →" not in english


REFUSED = {
    "counts": (
        "study,regimen,endpoint,n,events\nS,A,ORR,20,25\nS,,ORR,30,7\nS,C,ORR,-3,x\n",
        (
            "第2行，events列“25”：事件数多于20例患者。请更正事件数",
            "第3行，regimen列“”：regimen为空。",
            "events不是数字。",
        ),
    ),
    "effects": (
        "study,experimental,control,endpoint,measure,estimate,ci_low,ci_high,ci_level\n"
        "S,A,B,OS,HR,0.7,0.5,0.98,\nT,A,A,OS,HR,0.7,0.5,0.98,0.95\n",
        ("第2行，ci_level列“”：未注明区间的置信水平。请逐行给出", "第3行", "试验方案与对照方案相同。请更正其一。"),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_in_a_chinese_run_has_heading_row_and_remedy_in_chinese(kind, tmp_path, capsys):
    table, said = REFUSED[kind]
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    family = {"counts": "response", "effects": "synthesis"}[kind]
    (tmp_path / "t.toml").write_text(
        f'id = "t"\nquestion = "Which?"\n[data]\nkind = "{kind}"\nfile = "t.csv"\n[model]\nfamily = "{family}"\n',
        encoding="utf-8",
    )
    assert main(["run", str(tmp_path / "t.toml"), "--language", "zh"]) == 3
    told = capsys.readouterr().err
    assert told.startswith("bayes-escc: t.csv未被接受：")
    for part in said:
        assert part in told
    assert main(["run", str(tmp_path / "t.toml")]) == 3
    assert "was refused" in capsys.readouterr().err


def test_a_key_that_is_not_known_is_told_in_chinese(tmp_path, capsys):
    (tmp_path / "t.toml").write_text('id = "t"\n[data]\nfiel = "t.csv"\n', encoding="utf-8")
    assert main(["run", str(tmp_path / "t.toml"), "--language=zh"]) == 2
    assert "  - data.fiel：未知的键；此处可用" in capsys.readouterr().err


def test_overlap_of_times_to_event_in_both_languages(capsys):
    """It printed an empty line for survival, exit 0."""
    assert main(["overlap", "own_against_published_pfs"]) == 0
    assert "48.9 of 60 own patients count after matching" in capsys.readouterr().out
    assert main(["overlap", "own_against_published_pfs", "--language", "zh"]) == 0
    told = capsys.readouterr().out
    assert "肝转移" in told
    assert "匹配后本组60例相当于48.9例" in told


def test_a_tipping_point_in_chinese(capsys):
    given = ["tipping", "A=10/29", "B=12/35", "--margin", "10%", "--language"]
    tables = {}
    for language in ("en", "zh"):
        assert main([*given, language]) == 0
        tables[language] = capsys.readouterr().out
    assert "缓解率：B与A比较，扣除偏倚之后" in tables["zh"]
    assert not re.findall(r"[A-Za-z]{3,}", re.sub(r"CrI|OR", "", tables["zh"]))
    numbers = {language: re.findall(r"[-+]?\d+\.\d+", table) for language, table in tables.items()}
    assert sorted(numbers["en"]) == sorted(numbers["zh"])
