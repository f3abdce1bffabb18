"""Raw sheets of wards: what is decided, what is asked, what reaches a file, and that nothing is guessed."""

from __future__ import annotations

import datetime as dt
import random
import tomllib
import zipfile

import openpyxl
import pytest

import bayes_escc as be
from bayes_escc.cli.entry import main
from bayes_escc.errors import BayesEsccError, DataError
from bayes_escc.evidence.sheet.cells import read_day, read_number
from bayes_escc.evidence.sheet.decide import decide
from bayes_escc.evidence.sheet.grids import read_grids
from bayes_escc.evidence.sheet.mapped import apply_to_source, read_mapped
from bayes_escc.evidence.sheet.mapping import load_mapping, mapping_from
from bayes_escc.evidence.sheet.questions import OpenQuestionsError
from bayes_escc.evidence.sheet.start import prepare, write_folder
from bayes_escc.evidence.sheet.template import TEMPLATES
from tests.helpers import ward_sheets as ward

TODAY = dt.date(2024, 6, 1)
REFERENCE = {"margin.pfs": "1", "margin.response": "10"}
ZH = {**REFERENCE, "reference": "特瑞普利单抗 + 化疗"}
ARMS = {"regimen.1": "chemotherapy", "regimen.2": "anlotinib", "reference": "chemotherapy"}
CASES = {
    "chinese_pfs": (ward.chinese_pfs, "a.xlsx", ZH),
    "english_pfs": (ward.english_pfs, "b.xlsx", {**REFERENCE, **ARMS, "censored_at": "last_scan"}),
    "response_only": (
        ward.response_only,
        "c.csv",
        {
            "margin.response": "10",
            "reference": "特瑞普利单抗+化疗",
            "word.response.有效": "PR",
            "word.response.(blank)": "NE",
        },
    ),
    "two_sheets": (
        ward.two_sheets,
        "d.xlsx",
        {**REFERENCE, "sheet.化疗组": "化疗", "sheet.安罗组": "安罗替尼", "reference": "化疗"},
    ),
    "printed_counts": (ward.printed_counts, "e.xlsx", {"margin.response": "10", "reference": "特瑞普利单抗+化疗"}),
    "redcap": (ward.redcap, "f.csv", {**REFERENCE, "reference": "chemo", "coding.sex": "1=male"}),
    "spss": (ward.spss, "g.xlsx", {**REFERENCE, "reference": "chemo", "coding.status": "1=event"}),
    "web_page": (ward.web_page, "h.xls", {"margin.pfs": "1", "reference": "特瑞普利单抗+化疗"}),
    "in_two_parts": (
        ward.in_two_parts,
        "i.xlsx",
        {**REFERENCE, "reference": "特瑞普利单抗+化疗", "identifier": "住院号"},
    ),
    "regimen_once": (
        ward.regimen_once,
        "j.xlsx",
        {"margin.pfs": "1", "reference": "特瑞普利单抗+化疗", "end": "last_contact"},
    ),
    "tab_separated": (
        ward.tab_separated,
        "k.xls",
        {**REFERENCE, "reference": "特瑞普利单抗+化疗", "unit.time": "days"},
    ),
}
SAME_FOLLOW_UP = ("chinese_pfs", "english_pfs", "spss", "web_page", "in_two_parts", "regimen_once", "tab_separated")


def decided(name, tmp_path, **more):
    make, file, answers = CASES[name]
    path = make(tmp_path / file)
    decision = decide(read_grids(path), {**answers, **more}, effects=False, today=TODAY, key=b"key")
    assert not decision.questions, [(q.code, [c.value for c in q.candidates]) for q in decision.questions]
    return path, decision


@pytest.mark.parametrize("name", CASES)
def test_a_sheet_leads_to_a_table_through_its_questions(name, tmp_path):
    make, file, answers = CASES[name]
    grids = read_grids(make(tmp_path / file))
    given, asked = {}, []
    while questions := decide(grids, given, effects=False, today=TODAY, key=b"key").questions:
        code = questions[0].code
        assert code in answers, (code, questions[0].lines("en"))
        asked.append(code)
        given[code] = answers[code]
    assert sorted(asked) == sorted(answers)  # nothing more is asked, and nothing less


@pytest.mark.parametrize("name", SAME_FOLLOW_UP)
def test_follow_up_is_that_of_the_patients(name, tmp_path):
    _, decision = decided(name, tmp_path)
    found = sorted((round(float(r["time"])), r["event"] == "1") for r in decision.applied.rows)
    assert found == sorted((p["days"], p["event"]) for p in ward.cohort())


@pytest.mark.parametrize("name", ["two_sheets", "redcap"])
def test_printed_times_keep_their_unit(name, tmp_path):
    _, decision = decided(name, tmp_path)
    assert decision.mapping.rule("time_unit") == "months"
    found = sorted(float(r["time"]) for r in decision.applied.rows)
    assert found == pytest.approx(sorted(float(p["days"]) / 30.4375 for p in ward.cohort()), abs=0.006)


def test_covariates_are_derived_from_cells_in_any_unit(tmp_path):
    _, chinese = decided("chinese_pfs", tmp_path)
    _, english = decided("english_pfs", tmp_path)
    for rows, limit in ((chinese.applied.rows, 0.6), (english.applied.rows, None)):
        for i, (row, patient) in enumerate(zip(rows, ward.cohort(), strict=True)):
            lymphocytes = limit if limit is not None and i == 5 else float(int(1000 * patient["lymphocytes"])) / 1000
            assert float(row["nlr"]) == pytest.approx(patient["neutrophils"] / lymphocytes, rel=1e-2)
            assert row["liver_metastasis"] == str(int(patient["liver"] == "有"))
            assert row["ecog"] == str(patient["ecog"])
    for row, patient in zip(chinese.applied.rows, ward.cohort(), strict=True):
        assert float(row["cd4_cd8"]) == pytest.approx(patient["cd4"] / patient["cd8"], rel=1e-4)
        assert (row["ae_grade"], row["age"]) == (str(patient["ae"]), str(patient["age"]))


def test_counts_as_papers_print_them(tmp_path):
    path, decision = decided("printed_counts", tmp_path)
    mapped = read_mapped(path, decision.mapping, kind="counts")
    table = be.read_counts(mapped.frame)
    got = {(r.regimen, r.endpoint): (r.events, r.n) for r in table.frame.itertuples()}
    a, b = "特瑞普利单抗+化疗", "特瑞普利单抗+安罗替尼"
    assert got[a, "ORR"] == (10, 29)
    assert got[b, "ORR"] == (12, 35)
    assert got[b, "grade3plus_AE"] == (9, 35)
    assert len(got) == 12


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_rows_and_columns_changes_nothing(name, tmp_path):
    path, decision = decided(name, tmp_path)
    if path.suffix != ".xlsx" or name in {"printed_counts", "regimen_once"}:
        pytest.skip("the layout says what belongs together")
    book = openpyxl.load_workbook(path)
    rng = random.Random(3)
    for page in book.worksheets:
        for cells in list(page.merged_cells.ranges):
            page.unmerge_cells(str(cells))
        at = {"chinese_pfs": 3, "english_pfs": 3, "spss": 2}.get(name, 1)
        rows = [[c.value for c in row] for row in page.iter_rows()]
        if not rows or len(rows[0]) < 2:
            continue
        end = at + sum(any(r) for r in rows[at:][:24]) if name != "two_sheets" else at + 12
        body = rows[at:end]
        rng.shuffle(body)
        order = list(range(1, len(rows[0])))
        rng.shuffle(order)
        order = [0, *order] if name != "spss" else [*order, 0]
        shuffled = rows[:at] + body + rows[end:]
        for r, row in enumerate(shuffled, start=1):
            for c, j in enumerate(order, start=1):
                page.cell(r, c).number_format = "General"  # of the cell that stood here
                page.cell(r, c).value = row[j]
    other = tmp_path / f"shuffled{path.suffix}"
    book.save(other)
    again = decide(read_grids(other), CASES[name][2], effects=False, today=TODAY, key=b"key")
    assert not again.questions
    assert again.mapping.to_toml() == decision.mapping.to_toml()
    assert again.applied.digest == decision.applied.digest


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_identifies_people_is_written_or_said(name, tmp_path, capsys):
    make, file, answers = CASES[name]
    path, out = make(tmp_path / file), tmp_path / "out"
    flags = [f for code, value in answers.items() for f in ("--answer", f"{code}={value}")]
    assert main(["start", str(path), "--out", str(out)]) == 3  # asks; nothing written
    assert not out.exists()
    assert main(["start", str(path), "--out", str(out), *flags]) == 0
    if (out / "response.toml").exists():
        assert main(["run", str(out / "response.toml"), "--out", str(out / "r"), "--no-figures"]) == 0
    said = "".join(capsys.readouterr())
    written = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    for secret in (*ward.PLANTED, "Smith", "ZY100007", *(p["phone"] for p in ward.cohort())):
        assert secret not in said, secret
        assert secret.encode() not in written, secret
        assert secret.encode("utf-16-le") not in written, secret


@pytest.mark.parametrize("name", CASES)
def test_a_mapping_survives_its_file_and_the_sheet_is_read_through_it(name, tmp_path):
    path, decision = decided(name, tmp_path)
    again = mapping_from(tomllib.loads(decision.mapping.to_toml()))
    assert again.to_toml() == decision.mapping.to_toml()
    if decision.mapping.rule("identifier") != "pseudonym":
        assert apply_to_source(path, again).digest == decision.applied.digest


def test_the_same_answers_typed_or_as_flags_give_the_same_bytes(tmp_path):
    path = ward.english_pfs(tmp_path / "b.xlsx")
    answers = CASES["english_pfs"][2]
    for folder, typed in (("flags", False), ("typed", True)):
        ask = (lambda question, _: answers[question.code]) if typed else None
        decision = prepare([path], tmp_path / folder, {} if typed else answers, ask=ask)
        write_folder(decision, [path], tmp_path / folder)
    for file in (tmp_path / "flags").iterdir():
        assert file.read_bytes() == (tmp_path / "typed" / file.name).read_bytes(), file.name


def test_yes_takes_what_is_safe_and_asks_the_rest(tmp_path, capsys):
    path = ward.in_two_parts(tmp_path / "i.xlsx")
    assert main(["start", str(path), "--out", str(tmp_path / "o"), "--yes"]) == 3
    said = "".join(capsys.readouterr())
    assert "reference=" in said
    assert "margin.pfs=" in said
    assert "--answer identifier=" not in said  # a pseudonym is safe


def test_questions_say_what_each_answer_changes(tmp_path):
    path = ward.spss(tmp_path / "g.xlsx")
    questions = {q.code: q for q in decide(read_grids(path), {}, today=TODAY).questions}
    event, censored = questions["coding.status"].candidates
    events = sum(bool(p["event"]) for p in ward.cohort())
    assert f"{events} events" in event.effect.en
    assert event.effect.en != censored.effect.en


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_filled_template_asks_nothing(kind, language, tmp_path, capsys):
    sheet = tmp_path / "t.xlsx"
    assert main(["template", kind, str(sheet), "--language", language]) == 0
    first = sheet.read_bytes()
    assert main(["template", kind, str(sheet), "--language", language]) == 0
    assert sheet.read_bytes() == first
    assert main(["start", str(sheet), "--out", str(tmp_path / "o"), "--language", language]) == 0
    for analysis in (p for p in (tmp_path / "o").glob("*.toml") if p.name != "mapping.toml"):
        assert len(be.find_analysis(str(analysis)).load_table()) > 1


def test_next_month_is_read_alike_or_asked(tmp_path, capsys):
    path = ward.chinese_pfs(tmp_path / "a.xlsx")
    out = tmp_path / "o"
    write_folder(prepare([path], out, ZH), [path], out)
    mapping = load_mapping(out / "mapping.toml")
    grown = ward.chinese_pfs(tmp_path / "next.xlsx", ward.cohort(30, seed=5)[:24] + ward.cohort(30, seed=6)[24:])
    assert len(apply_to_source(grown, mapping).rows) == 30
    book = openpyxl.load_workbook(grown)
    page = book["患者"]
    page["R5"] = "混合缓解"
    book.save(grown)
    with pytest.raises(OpenQuestionsError) as caught:
        apply_to_source(grown, mapping)
    assert "word.response.混合缓解" in str(caught.value)
    page["O3"] = "PD确认日"
    book.save(grown)
    with pytest.raises(OpenQuestionsError) as caught:
        apply_to_source(grown, mapping)
    assert [q.code for q in caught.value.questions] == ["use.progression"]
    analysis = be.find_analysis(str(out / "response.toml"))
    with pytest.raises(DataError):
        analysis.data.read(grown)


def test_a_study_follows_the_raw_sheet(tmp_path):
    path = ward.chinese_pfs(tmp_path / "a.xlsx")
    out = tmp_path / "o"
    write_folder(prepare([path], out, ZH), [path], out)
    study, db = (
        main(["study", "init", str(tmp_path / "s.db"), "--analysis", str(out / "response.toml")]),
        tmp_path / "s.db",
    )
    assert study == 0
    (out / "mapping.toml").unlink()  # the study carries it
    assert main(["study", "update", str(db), str(path)]) == 0
    grown = ward.chinese_pfs(tmp_path / "next.xlsx", ward.cohort(30)[:24] + ward.cohort(30, seed=6)[24:])
    del grown


def test_run_of_a_sheet_says_what_to_type(tmp_path, capsys):
    path = ward.chinese_pfs(tmp_path / "a.xlsx")
    assert main(["run", str(path)]) == 2
    assert "bayes-escc start" in capsys.readouterr().err


STRANGE = {
    "numbers": "1,2,3\n4,5,6\n",
    "one column": "编号\n1\n2\n",
    "only a title": "患者登记表\n",
    "prose": "Dear colleague,\nplease find the data attached.\n",
    "header alone": "编号,治疗方案,疗效\n",
    "wide": ",".join(f"v{i}" for i in range(300)) + "\n" + ",".join("1" for _ in range(300)),
    "no regimen": "编号,疗效\n1,PR\n2,SD\n3,CR\n",
    "time without status": "id,arm,PFS (mo)\n1,a drug,3\n2,b drug,4\n",
    "impossible dates": "id,arm,first dose,progression date,last contact\n1,drug x,2021-02-30,,2022-01-01\n2,drug y,21.3.4,2021-9-9,\n",
    "backwards": "id,arm,first dose,progression date,last contact\n1,drug x,2022-02-03,2021-01-01,2022-01-01\n",
    "signs": "id,arm,PFS (mo),event\n1,drug x,>6,0\n2,drug y,4,1\n",
    "ambiguous": "id,arm,first dose,progression date,last contact\n1,drug x,03/04/2021,05/06/2021,07/08/2021\n2,drug y,01/02/2021,,03/09/2021\n",
    "duplicate headers": "id,arm,response,response\n1,x drug,PR,PR\n2,y drug,SD,SD\n",
    "transposed": "编号,P1,P2,P3\n治疗方案,A药,B药,A药\n疗效,PR,SD,PD\n",
    "empty columns": "id,,arm,,response\n1,,x drug,,PR\n2,,y drug,,SD\n",
    "quotes": 'id,arm,response\n1,"x, drug",PR\n2,"y ""z"" drug",SD\n',
    "markup": "id,arm,response\n1,<script>alert(1)</script>,PR\n2,=cmd|' /C calc'!A0,SD\n",
    "french": "numéro;traitement;réponse\n1;FOLFOX;RC\n2;FOLFIRI;RP\n",
    "status words": "id,arm,PFS (mo),status\n1,drug x,3,复发\n2,drug y,4,存活\n",
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_sheet_nobody_designed_for_is_asked_about_or_refused(name, tmp_path, capsys):
    path = tmp_path / "strange.csv"
    path.write_text(STRANGE[name], encoding="utf-8")
    assert main(["start", str(path), "--out", str(tmp_path / "o")]) in (2, 3)
    assert not (tmp_path / "o").exists()
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(6))
def test_answering_anything_never_ends_in_a_traceback(seed, tmp_path):
    rng = random.Random(seed)
    for name, (make, file, _) in CASES.items():
        grids = read_grids(make(tmp_path / f"{seed}{file}"))
        given = {}
        try:
            for _ in range(40):
                questions = decide(grids, given, effects=False, today=TODAY, key=b"k").questions
                if not questions:
                    break
                question = rng.choice(questions)
                values = [c.value for c in question.candidates] or ["3"]
                given[question.code] = rng.choice(values)
        except BayesEsccError as error:
            said = str(error)
            assert len(said) > 20, name


def test_a_workbook_is_bounded_by_what_it_unpacks_to(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(DataError, match="unpacks to"):
        read_grids(path)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2021-3-5", dt.date(2021, 3, 5)),
        ("2021/03/05", dt.date(2021, 3, 5)),
        ("2021.3.5", dt.date(2021, 3, 5)),
        ("2021年3月5日", dt.date(2021, 3, 5)),
        ("20210305", dt.date(2021, 3, 5)),
        ("５ Mar 2021", dt.date(2021, 3, 5)),
        ("2021-03-05 08:30:00", dt.date(2021, 3, 5)),
        ("03/04/2021", "ambiguous"),
        ("13/04/2021", dt.date(2021, 4, 13)),
        ("44260", "serial"),
        ("21-3-5", "two-digit year"),
        ("2021.3", "incomplete"),
        ("2021-02-30", "no such day"),
        ("unknown", "not a date"),
        ("2021年3月", "incomplete"),
    ],
)
def test_dates_in_every_style(cell, expected):
    assert read_day(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3.2", (3.2, "", "")),
        (">=3", (3, ">=", "")),
        ("＜0.1", (0.1, "<", "")),
        ("4.2月", (4.2, "", "月")),
        ("1,234", (1234, "", "")),
        ("3,5", (3.5, "", "")),
        ("58岁", (58, "", "岁")),
        ("abc", None),
        ("1-2", None),
    ],
)
def test_numbers_with_signs_and_units(cell, expected):
    assert read_number(cell) == expected


def test_read_sheet_in_python(tmp_path):
    path = ward.english_pfs(tmp_path / "b.xlsx")
    with pytest.raises(be.OpenQuestionsError, match=r"answers=\{'regimen.1'"):
        be.read_sheet(path)
    answers = {
        k: v for k, v in CASES["english_pfs"][2].items() if k not in {"reference", "margin.pfs", "margin.response"}
    }
    with pytest.raises(be.DataError, match="no sheet has that header") as refused:
        be.read_sheet(path, answers={"use.progression": "nowhere"})
    assert "'nowhere', named as progression" in str(refused.value)
    assert "--use" not in str(refused.value)
    sheet = be.read_sheet(path, answers=answers)
    assert len(sheet.frame) == 24
    assert "24 patients" in repr(sheet)
    assert set(sheet.log.columns) >= {"row", "cell", "read_as"}
    (tmp_path / "m.toml").write_text(sheet.mapping.to_toml(), encoding="utf-8")
    assert be.read_sheet(path, mapping=tmp_path / "m.toml").digest == sheet.digest


def test_dataframes_of_other_libraries_are_tables(tmp_path):
    pl = pytest.importorskip("polars")
    rows = {"study": ["A", "A"], "regimen": ["x", "y"], "endpoint": ["ORR", "ORR"], "events": [3, 5], "n": [10, 12]}
    assert be.read_counts(pl.DataFrame(rows)).digest == be.read_counts(__import__("pandas").DataFrame(rows)).digest
    with pytest.raises(DataError, match="collect a lazy one"):
        be.read_counts(pl.DataFrame(rows).lazy())
    with pytest.raises(DataError, match="not int"):
        be.read_counts(3)
    raw = pl.DataFrame({"编号": ["1", "2"], "治疗方案": ["甲药", "乙药"], "疗效": ["PR", "SD"]})
    assert [r["response"] for r in be.read_sheet(raw).applied.rows] == ["PR", "SD"]


def test_categories_alone_give_responses_and_a_status_asks_for_its_time(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("regimen,CR,PR,SD,PD,n\nx drug,1,10,10,8,29\ny drug,1,11,15,8,35\n", encoding="utf-8")
    rows = decide(read_grids(path), {"reference": "x drug", "margin.response": "none"}, today=TODAY).applied.rows
    assert {(r["regimen"], r["endpoint"]): r["events"] for r in rows if r["endpoint"] in {"ORR", "DCR"}} == {
        ("x drug", "ORR"): "11",
        ("x drug", "DCR"): "21",
        ("y drug", "ORR"): "12",
        ("y drug", "DCR"): "27",
    }
    path.write_text("id,arm,duration (months),progressed\n1,drug x,3,yes\n2,drug y,4,no\n", encoding="utf-8")
    assert [q.code for q in decide(read_grids(path), {}, today=TODAY).questions] == ["use.time"]
