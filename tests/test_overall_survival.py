"""Overall survival: a sheet that holds nothing else leads to it, and it is called so wherever a person reads it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date

import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.sheet.read import read_sheet
from bayes_escc.report.chinese import in_chinese
from bayes_escc.report.endpoint_words import of_endpoint

ENDS = [
    ("2021-08-10", "", 7.2, 1), ("", "2022-01-20", 12.3, 0), ("2021-05-01", "", 3.9, 1), ("2021-12-01", "", 10.8, 1),
    ("2021-04-02", "", 2.9, 1), ("", "2021-12-20", 11.3, 0), ("2021-09-15", "", 8.2, 1), ("2021-07-07", "", 5.9, 1),
    ("", "2022-02-01", 12.7, 0), ("2021-10-10", "", 9.0, 1), ("2021-06-06", "", 4.8, 1), ("2021-11-11", "", 10.0, 1),
]  # fmt: skip
"""Death, last contact, months, and whether the patient died."""
PATIENTS = [(i + 1, ("chemo", "immuno")[i % 2], f"2021-01-{1 + i:02d}", *end) for i, end in enumerate(ENDS)]


def sheet(path, header, row):
    path.write_text(header + "\n" + "".join(",".join(map(str, row(p))) + "\n" for p in PATIENTS), encoding="utf-8")
    return str(path)


SHEETS = {
    "dates in Chinese": (
        "研究编号,治疗方案,开始治疗日期,死亡日期,末次随访",
        lambda p: (p[0], p[1], p[2], p[3], p[4] or p[3]),
    ),
    "dates in English": ("patient id,arm,first dose,date of death,last contact", lambda p: p[:5]),
    "time in Chinese": ("研究编号,治疗方案,OS(月),死亡", lambda p: (p[0], p[1], p[5], "是" if p[6] else "否")),
    "time in English": (
        "patient id,treatment,overall survival (months),OS_status",
        lambda p: (p[0], p[1], p[5], p[6]),
    ),
}


def started(folder, kind, language="en"):
    header, row = SHEETS[kind]
    path = sheet(folder / "ward.csv", header, row)
    given = ["--answer", "reference=chemo", "--answer", "margin.os=2", "--language", language]
    return main(["start", path, "--out", str(folder / "cohort"), *given])


@pytest.mark.parametrize("kind", SHEETS)
def test_a_sheet_of_overall_survival_alone_leads_to_its_analysis(kind, tmp_path, capsys):
    """Dates of death gave an analysis of progression-free survival; a time with a status none."""
    language = "zh" if "Chinese" in kind else "en"
    assert started(tmp_path, kind, language) == 0
    said = capsys.readouterr().out
    assert ("总生存期" if language == "zh" else "overall survival") in said
    assert not re.search("PFS|无进展|rogression-free", said)
    assert sorted(p.name for p in (tmp_path / "cohort").glob("*.toml")) == ["mapping.toml", "os.toml"]
    stated = tomllib.loads((tmp_path / "cohort" / "os.toml").read_text(encoding="utf-8"))
    assert stated["data"]["endpoint"] == "OS"
    assert "rogression" not in (tmp_path / "cohort" / "os.toml").read_text(encoding="utf-8")
    table = be.Analysis.from_file(tmp_path / "cohort" / "os.toml").load_table()
    assert (len(table.frame), table.frame["event"].astype(int).sum()) == (12, 9)
    times = dict(zip(table.frame["patient_id"].astype(int), table.frame["time"].astype(float), strict=True))
    for number, _, first, died, seen, months, _ in PATIENTS:
        days = (date.fromisoformat(died or seen) - date.fromisoformat(first)).days
        assert times[number] == (days if "dates" in kind else months), number


def test_a_death_without_progression_is_still_an_event_of_pfs(tmp_path):
    """Where the sheet dates progression too, nothing changes."""
    header = "patient id,arm,first dose,PD date,date of death,last contact"
    path = sheet(
        tmp_path / "ward.csv", header, lambda p: (p[0], p[1], p[2], "2021-02-20" if p[0] == 2 else "", p[3], p[4])
    )
    found = read_sheet(path)
    assert found.mapping.rule("endpoint") == ""
    assert "median PFS" in repr(found)


@pytest.mark.parametrize(
    ("header", "row", "uses"),
    [
        (
            "patient id,arm,first dose,PD date,date of death,last contact",
            lambda p: (*p[:3], "2021-02-20" if p[0] == 2 else "", *p[3:5]),
            ("progression=none",),
        ),
        (
            "编号,方案,PFS(月),是否进展,OS(月),死亡",
            lambda p: (p[0], p[1], round(p[5] / 2, 1), "是", p[5], "是" if p[6] else "否"),
            ("time=OS(月)", "status=死亡"),
        ),
    ],
)
def test_a_sheet_with_both_gives_both_or_either(header, row, uses, tmp_path):
    """One folder with two analyses; what is named or left out gives one, with the same patients."""
    path = sheet(tmp_path / "both.csv", header, row)
    used = [word for use in uses for word in ("--use", use)]
    pfs, overall = ["--answer", "margin.pfs=1"], ["--answer", "margin.os=2"]
    for name, more in (("pfs", [*pfs, "--use", "os=none"]), ("os", [*overall, *used]), ("both", [*pfs, *overall])):
        assert main(["start", path, "--out", str(tmp_path / name), "--answer", "reference=chemo", *more]) == 0
    written = {f: sorted(p.stem for p in (tmp_path / f).glob("*.toml")) for f in ("pfs", "os", "both")}
    assert written == {"pfs": ["mapping", "pfs"], "os": ["mapping", "os"], "both": ["mapping", "os", "pfs"]}
    for name, events in (("pfs", None), ("os", 9)):
        alone = be.Analysis.from_file(tmp_path / name / f"{name}.toml").load_table().frame
        beside = be.Analysis.from_file(tmp_path / "both" / f"{name}.toml").load_table().frame
        for column in ("patient_id", "time", "event"):
            assert alone[column].tolist() == beside[column].tolist()
        assert events in (None, alone["event"].astype(int).sum())


@pytest.mark.parametrize(
    ("header", "died", "lives", "asked"),
    [
        ("alive", "no", "yes", False),
        ("OS_CNSR", "0", "1", False),
        ("死亡", "是", "否", False),
        ("生存状态", "1", "0", True),
        ("生存状态", "死亡", "存活", False),
    ],
)
def test_who_is_alive_is_not_taken_for_who_died(header, died, lives, asked, tmp_path):
    """1 under "alive" is no death, 1 under "vital status" may be either."""
    row = lambda p: (p[0], p[1], p[5], died if p[6] else lives)  # noqa: E731
    path = sheet(tmp_path / "w.csv", f"编号,方案,OS(月),{header}", row)
    if asked:
        with pytest.raises(be.OpenQuestionsError) as found:
            read_sheet(path)
        assert [q.code for q in found.value.questions] == ["coding.death"]
        assert read_sheet(path, answers={"coding.death": f"{died}=dead"}).frame["event"].astype(int).sum() == 9
        assert read_sheet(path, answers={"coding.death": f"{lives}=dead"}).frame["event"].astype(int).sum() == 3
        return
    assert read_sheet(path).frame["event"].astype(int).sum() == 9


def events_of(path, **answers):
    """Events and endpoint of a sheet, or the codes of the questions it leaves open."""
    try:
        found = read_sheet(path, answers={f"use.{role}": header for role, header in answers.items()})
    except be.OpenQuestionsError as error:
        return [q.code for q in error.questions]
    return int(found.frame["event"].astype(int).sum()), found.mapping.rule("endpoint", "PFS")


@pytest.mark.parametrize(
    ("header", "died", "lives"),
    [
        ("vital status (1=dead, 0=alive)", 1, 0),
        ("OS status (0=alive, 1=dead)", 1, 0),
        ("Survival status (1=Dead 0=Alive)", 1, 0),
        ("alive or dead (1=dead)", 1, 0),
        ("生存状态(1=死亡;0=存活)", 1, 0),
        ("生存状态（死亡=1；存活=0）", 1, 0),
        ("生存状态（1死亡0存活）", 1, 0),
        ("OS status 1=dead 0=alive", 1, 0),
        ("vital status (1=alive, 0=dead)", 0, 1),
        ("生存状态(0=死亡;1=存活)", 0, 1),
        ("alive (1=yes)", 0, 1),
        ("是否存活(1=是;0=否)", 0, 1),
        ("是否死亡(1=是;0=否)", 1, 0),
        ("OS status (1=alive, 2=dead)", 2, 1),
        ("vital status (0=alive, 1=death from any cause, 2=lost to follow-up)", 1, 2),
    ],
)
def test_a_legend_in_the_header_says_which_code_is_death(header, died, lives, tmp_path):
    """`vital status (1=dead, 0=alive)` was read backwards for the word alive in its legend."""
    row = lambda p: (p[0], p[1], p[5], died if p[6] else lives)  # noqa: E731
    path = sheet(tmp_path / "w.csv", f'编号,方案,OS(月),"{header}"', row)
    assert events_of(path) == (9, "OS")
    assert events_of(path, time="OS(月)", status=header) == (9, "OS")


@pytest.mark.parametrize(
    "header", ["vital status (1=a, 0=b)", "OS status (1=dead or alive, 0=other)", "生存状态(1甲0乙)"]
)
def test_a_legend_that_is_not_understood_is_asked(header, tmp_path):
    path = sheet(tmp_path / "w.csv", f'id,arm,OS (months),"{header}"', lambda p: (p[0], p[1], p[5], p[6]))
    assert events_of(path) == ["coding.death"]


BOTH = "id,arm,PFS (months),PFS event,OS (months),"


@pytest.mark.parametrize(
    ("header", "died", "lives", "uses", "expected"),
    [
        ("alive", 0, 1, {"status": "alive"}, (9, "OS")),
        ("alive", "no", "yes", {"status": "alive"}, (9, "OS")),
        ("alive", 0, 1, {"censored": "alive"}, (9, "OS")),
        ("是否存活", "否", "是", {"status": "是否存活"}, (9, "OS")),
        ("OS_CNSR", 0, 1, {"status": "OS_CNSR"}, (9, "OS")),
        ("生存状态", 0, 1, {"status": "生存状态"}, ["coding.death"]),
        ("vital status", 0, 1, {"censored": "vital status"}, (9, "OS")),
        ("death", 1, 0, {}, (9, "OS")),
        ("alive", 0, 1, {}, (9, "OS")),
        ("生存状态", 1, 0, {}, ["coding.death"]),
        ("grade", 1, 0, {}, ["use.status"]),
    ],
)
def test_the_time_of_overall_survival_goes_with_deaths_whichever_way_they_are_coded(
    header, died, lives, uses, expected, tmp_path
):
    """The events of PFS were counted as deaths, and the living as dead where their column was named."""
    row = lambda p: (p[0], p[1], round(p[5] / 2, 1), 1, p[5], died if p[6] else lives)  # noqa: E731
    path = sheet(tmp_path / "both.csv", BOTH + header, row)
    assert events_of(path, time="OS (months)", **uses) == expected
    asked = {"vital status": "coding.death", "生存状态": "coding.death", "grade": "use.os_status"}.get(header)
    assert events_of(path) == ([asked] if asked else (12, "PFS"))
    assert events_of(path, os="none") == (12, "PFS")


def test_deaths_do_not_go_with_the_time_of_pfs(tmp_path):
    row = lambda p: (p[0], p[1], round(p[5] / 2, 1), 1, p[5], p[6])  # noqa: E731
    path = sheet(tmp_path / "both.csv", BOTH + "death", row)
    found = read_sheet(path, answers={"use.status": "death"})
    assert found.mapping.columns["time"].header == "OS (months)"
    assert events_of(path, status="death") == (9, "OS")
    assert events_of(path, status="death", time="PFS (months)", os="none") == (9, "PFS")
    with pytest.raises(be.DataError, match="is a time to death") as refused:
        events_of(path, time="OS (months)", status="PFS event")
    assert "至死亡的时间" in in_chinese(str(refused.value))
    alone = sheet(tmp_path / "alone.csv", "id,arm,PFS (months),death", lambda p: (p[0], p[1], p[5], p[6]))
    assert events_of(alone, status="death") == ["use.time"]
    two = sheet(tmp_path / "two.csv", BOTH + "death,vital status", lambda p: (*row(p), "dead" if p[6] else "alive"))
    assert events_of(two, time="OS (months)") == ["use.status"]


def seen(p):
    """The last date of a patient."""
    return p[4] or p[3]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("survival time (months),death", lambda p: (p[5], p[6]), (9, "OS")),
        ("生存时间(月),是否死亡", lambda p: (p[5], "是" if p[6] else "否"), (9, "OS")),
        ("survival (weeks),status (1=alive; 2=dead)", lambda p: (p[5] * 4, 1 + p[6]), (9, "OS")),
        ("time (months),status", lambda p: (p[5], "dead" if p[6] else "alive"), (9, "OS")),
        ("time (months),status", lambda p: (p[5], p[6]), (9, "PFS")),
        (
            "first dose,date of death,last contact,status",
            lambda p: (p[2], p[3], seen(p), "dead" if p[6] else "alive"),
            (9, "OS"),
        ),
        ("first dose,date of death,last contact,last scan", lambda p: (p[2], p[3], seen(p), p[2]), (9, "OS")),
        (
            "first dose,date of death,last contact,last scan,status",
            lambda p: (p[2], p[3], seen(p), p[2], "dead" if p[6] else "alive"),
            (9, "OS"),
        ),
        ("首次用药日期,末次随访日期,是否死亡", lambda p: (p[2], seen(p), "是" if p[6] else "否"), ["end"]),
        ("总生存时间(月),结局", lambda p: (p[5], "死亡" if p[6] else "存活"), (9, "OS")),
        ("总生存时间(月),OS结局(1=死亡;0=删失)", lambda p: (p[5], p[6]), (9, "OS")),
        ("总生存时间(月),末次随访状态", lambda p: (p[5], "死亡" if p[6] else "存活"), (9, "OS")),
        ("OS (months),not dead", lambda p: (p[5], 1 - p[6]), (9, "OS")),
        ("OS(月),OS(天),死亡", lambda p: (p[5], p[5] * 30, p[6]), ["use.time"]),
        ("OS(月),PFS结局,死亡", lambda p: (p[5], 1, p[6]), ["use.time"]),
        ("PFS(月),状态", lambda p: (p[5], "死亡" if p[6] else "存活"), ["use.time"]),
        ("总生存时间(月),随访结局", lambda p: (p[5], "死亡" if p[6] else "存活"), (9, "OS")),
    ],
)
def test_deaths_are_not_called_pfs_where_the_sheet_holds_no_progression(header, row, expected, tmp_path):
    path = sheet(tmp_path / "w.csv", f"编号,方案,{header}", lambda p: (p[0], p[1], *row(p)))
    assert events_of(path) == expected
    if "last contact" in header:
        times = read_sheet(path).frame["time"].astype(int).tolist()
        assert times == [(date.fromisoformat(seen(p)) - date.fromisoformat(p[2])).days for p in PATIENTS]


def test_who_is_alive_may_have_progressed(tmp_path):
    """A status of deaths beside dates of progression made patients who progressed and live unusable."""
    path = sheet(
        tmp_path / "w.csv",
        "编号,方案,首次用药日期,进展日期,死亡日期,末次随访日期,状态",
        lambda p: (*p[:3], "2021-02-20" if p[0] == 2 else "", p[3], seen(p), "死亡" if p[6] else "存活"),
    )
    assert events_of(path) == (10, "PFS")
    assert events_of(path, progression="none") == (9, "OS")


def test_the_end_of_follow_up_is_asked_about_in_words_of_death(tmp_path, capsys):
    path = sheet(
        tmp_path / "w.csv",
        "编号,方案,首次用药日期,末次随访日期,是否死亡",
        lambda p: (p[0], p[1], p[2], seen(p), "是" if p[6] else "否"),
    )
    with pytest.raises(be.OpenQuestionsError) as asked:
        read_sheet(path)
    assert main(["start", path, "--out", str(tmp_path / "cohort")]) == 3
    assert "PFS" not in capsys.readouterr().out
    assert "死亡日期" in str(asked.value)
    assert "PFS" not in str(asked.value)
    found = read_sheet(path, answers={"end": "last_contact"})
    assert (found.frame["event"].astype(int).sum(), found.mapping.rule("endpoint")) == (9, "OS")


@pytest.mark.parametrize(
    ("header", "died", "lives"),
    [("生存状态", 1, 0), ("是否存活", 0, 1), ("存活", "否", "是"), ("存活与否", 0, 1), ("survival status", 1, 0)],
)
def test_every_question_of_overall_survival_speaks_of_death(header, died, lives, tmp_path, capsys):
    """The question spoke of progression, its printed option undid the time, and the mapping kept words of PFS."""
    path = sheet(
        tmp_path / "w.csv", f"编号,方案,OS(月),{header}", lambda p: (p[0], p[1], p[5], died if p[6] else lives)
    )
    out = ["start", path, "--out", str(tmp_path / "os"), "--language", "zh", "--answer", "margin.os=2"]
    out += ["--answer", "reference=chemo"]
    wrong = re.compile("PFS|进展")
    if header in {"生存状态", "survival status"}:
        assert main(out) == 3
        said = capsys.readouterr()
        assert not wrong.search(said.out + said.err)
        assert f"coding.death={died}=dead" in said.out + said.err
        out += ["--answer", f"coding.death={died}=dead"]
    assert main([*out, "--use", f"status={header}"]) == 0
    assert not wrong.search(capsys.readouterr().out)
    assert not wrong.search((tmp_path / "os" / "mapping.toml").read_text(encoding="utf-8"))
    table = be.Analysis.from_file(tmp_path / "os" / "os.toml").load_table()
    assert table.frame["event"].astype(int).sum() == 9
    assert main(["start", path, "--out", str(tmp_path / "os")]) == 0  # the earlier answers hold


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results and pages of an analysis of overall survival, quickly."""
    folder = tmp_path_factory.mktemp("os")
    assert started(folder, "time in English") == 0
    found = {}
    for language in ("en", "zh"):
        out = folder / language
        code = main(["run", str(folder / "cohort" / "os.toml"), "--out", str(out), "--report", "--language", language,
                     "--sampler", "laplace", "--full"])  # fmt: skip
        assert code == 0
        found[language] = out
    return found


@pytest.mark.parametrize(("language", "name"), [("en", "median OS"), ("zh", "中位总生存期")])
def test_overall_survival_is_called_so_in_text_page_and_figures(results, language, name, capsys):
    out = results[language]
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["data"]["endpoint"] == "OS"
    assert "PFS" not in json.dumps(result)
    assert main(["report", str(out), "--language", language]) == 0
    capsys.readouterr()
    from bayes_escc.report.answer import answer_text
    from bayes_escc.report.text import result_text

    for text in (result_text(result, language), answer_text(result, language=language)):
        assert name in text
        assert not re.search("PFS|无进展|rogression", text)
    page = next(out.glob("*.html")).read_text(encoding="utf-8")
    told = re.sub(r"<svg.*?</svg>", "", page, flags=re.S)
    assert name in told
    assert re.findall(r".{30}(?:PFS|无进展|rogression-free).{20}", told) == []
    analysis = str(results["en"].parent / "cohort" / "os.toml")
    given = ["tipping", analysis, "--results", str(out), "--estimand", "median", "--language", language]
    assert main([*given, "--out", str(out / "bias")]) == 0
    said = capsys.readouterr().out
    assert name in said
    assert not re.search("PFS|无进展|rogression", said)
    for path in [*out.glob("*.svg"), *(out / "bias").glob("*.svg")]:
        texts = " | ".join(re.findall(r">([^<>]+)</text>", path.read_text(encoding="utf-8")))
        assert not re.search("PFS|无进展|rogression", texts), path.name


def test_a_name_of_ones_own_keeps_its_words():
    assert of_endpoint("median PFS on PFS arm", "OS", frozenset({"PFS arm"})) == "median OS on PFS arm"
    assert of_endpoint("median PFS", "") == "median PFS"
    assert of_endpoint("MyPFS2 and PFS rate", "OS") == "MyPFS2 and OS rate"
