"""Tables as people make them, one row each: what is read and as what, what is noted, what is refused and why.

Every row goes through the command line and Python alike, which must agree. The inputs are synthetic or were made from
public bug reports.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import tracemalloc
import zipfile
from contextlib import nullcontext

import numpy as np
import openpyxl
import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.columns import WEAK
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.identity import identifying_header, pseudonym
from bayes_escc.evidence.labels import similar_labels
from bayes_escc.evidence.numbers import interval_in, level_in, number_in, whole_in
from bayes_escc.evidence.visits import ScanSettings, joined
from bayes_escc.runs.checking import check_analysis
from tests.helpers.inputs import COUNT, EFFECT, FOLLOWED, INPUTS, PATIENT


def checked(capsys, *arguments):
    code = main(["check", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def usable(table):
    """The table, refused in Python where no model can take all of its rows."""
    if isinstance(table, be.EffectTable):
        table.require_usable()
    return table


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_gives_what_it_must(name, tmp_path, capsys):
    made = INPUTS[name]
    path = tmp_path / "table.csv"
    path.write_text(made.text, encoding="utf-8", newline="")
    code, told = checked(capsys, path, "--kind", made.kind, *made.options)
    assert code == (3 if made.refused else 0), told
    found = {p["code"] for p in told["problems" if made.refused else "warnings"]}
    assert (made.refused or made.noted or next(iter(found), "")) in found | {""}
    options = dict(zip([o.lstrip("-").replace("-", "_") for o in made.options[::2]], made.options[1::2], strict=True))
    content = {"data": {"kind": made.kind, "file": "table.csv", **options}}
    if made.kind in ("patients", "medians"):
        content["model"] = {"family": "survival"}
    if made.kind == "effects":
        content["model"] = {"family": "synthesis"}
    analysis = be.Analysis.from_dict(content, folder=tmp_path)
    if made.refused:
        with pytest.raises(be.DataError) as refused:
            usable(analysis.load_table())
        assert made.refused in {p.code for p in refused.value.problems}
        return
    table = usable(analysis.load_table())
    assert table.digest == told["sha256"]
    for column, values in made.values.items():
        shown = table.frame[column].tolist()
        assert shown == (values if isinstance(values[0], str) else pytest.approx(values)), column


@pytest.mark.parametrize(
    "name", [n for n, i in INPUTS.items() if i.kind == "effects" and i.noted != "unknown_direction"]
)
def test_check_passes_no_effects_that_run_refuses(name, tmp_path, capsys):
    """A network is prepared from every table that `check` passes, by the command and in Python, or both refuse it.

    A direction that is not known is refused by networks alone, which rank; of a table `check` notes it.
    """
    (tmp_path / "table.csv").write_text(INPUTS[name].text, encoding="utf-8", newline="")
    analysis = be.Analysis.from_dict(
        {
            "id": "a",
            "data": {"kind": "effects", "file": "table.csv"},
            "model": {"family": "synthesis", "network": True},
        },
        folder=tmp_path,
    )
    passed, _ = checked(capsys, tmp_path / "table.csv", "--kind", "effects")
    with nullcontext() if passed == 0 else pytest.raises(be.DataError):
        check_analysis(analysis)


def test_check_prepares_an_analysis_as_run_does(tmp_path, capsys):
    (tmp_path / "t.csv").write_text(f"{COUNT}\nA,x,ORR,10,29\nB,y,ORR,12,35\n")
    question = '[[comparisons]]\nestimand = "rate"\nreference = "{}"\n'
    text = 'id = "a"\n[data]\nkind = "counts"\nfile = "t.csv"\n[model]\nfamily = "response"\n'
    (tmp_path / "a.toml").write_text(text + question.format("x"))
    assert main(["check", str(tmp_path / "a.toml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    (tmp_path / "a.toml").write_text(text + question.format("z"))
    codes = [main([command, str(tmp_path / "a.toml")]) for command in ("check", "run")]
    messages = capsys.readouterr().err.strip().splitlines()
    assert codes == [2, 2]
    assert messages[: len(messages) // 2] == messages[len(messages) // 2 :]
    assert main(["check", str(tmp_path / "t.csv")]) == 2
    assert "--kind" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("network", "question", "said"),
    [
        (False, 'estimand = "effect"\nreference = "c"\nbetter = "lower"', "not estimated by regimen"),
        (True, 'estimand = "effect"\nreference = "c"\nscale = "odds_ratio"', "has no odds"),
        (True, 'estimand = "effect"\nreference = "c"\nscale = "ratio"\nmargin = 1.2', "at most 1"),
    ],
)
def test_check_passes_no_question_that_run_refuses(network, question, said, tmp_path, capsys):
    """Both refuse it before the fit, in the same words."""
    (tmp_path / "t.csv").write_text(f"{EFFECT},se\nA,x,c,OS,log HR,-0.3,0.3\nB,y,c,OS,log HR,-0.4,0.3\n")
    text = 'id = "a"\n[data]\nkind = "effects"\nfile = "t.csv"\n[model]\nfamily = "synthesis"\n'
    text += 'network = true\nreference = "c"\npooling = "common"\n' if network else ""
    (tmp_path / "a.toml").write_text(f"{text}[[comparisons]]\n{question}\n")
    told = []
    for command in ("check", "run"):
        assert main([command, str(tmp_path / "a.toml")]) == 2
        told.append(capsys.readouterr().err)
    assert said in told[0]
    assert told[0] == told[1]


def test_all_pairs_of_a_trial_count_once():
    """The variance of the arm they share is solved from the others: v_c = (v_ac + v_bc - v_ab) / 2."""
    variance = {"a": 0.04, "b": 0.03, "c": 0.02}
    effect = {"a": 0.5, "b": 0.2, "c": 0.0}
    pairs = [("a", "c"), ("c", "b"), ("a", "b")]
    rows = [
        {"study": "T", "experimental": e, "control": c, "endpoint": "OS", "measure": "log HR",
         "estimate": round(effect[e] - effect[c], 6), "se": math.sqrt(variance[e] + variance[c])}
        for e, c in pairs
    ]  # fmt: skip
    table = be.read_effects(pd.DataFrame(rows))
    assert len(table) == 2
    assert set(table.frame["control"]) == {table.frame["control"].iloc[0]}
    base = table.frame["control"].iloc[0]
    assert float(table.frame["control_se"].iloc[0]) == pytest.approx(math.sqrt(variance[base]))
    for _, row in table.frame.iterrows():
        assert row["y"] == pytest.approx(effect[row["experimental"]] - effect[base])
    shuffled = be.read_effects(pd.DataFrame(rows[::-1]))
    assert shuffled.digest == table.digest
    posterior = [
        be.SynthesisModel(network=True, pooling="common", reference="a").fit(t).summary() for t in (table, shuffled)
    ]  # fmt: skip
    means = [np.sort(p.loc[p["estimand"] != "study_effect", "mean"].astype(float)) for p in posterior]
    assert np.allclose(*means)


def test_rounded_pairs_say_the_same_in_any_order_and_any_way_round():
    """The base was the arm that stood first, and the effect of C against A 0.462 or 0.438."""
    pairs = [("A", "B", 0.70, 0.50, 0.98), ("B", "C", 0.90, 0.66, 1.23), ("C", "A", 1.55, 1.10, 2.18)]
    turned = [("B", "A", 1 / 0.70, 1 / 0.98, 1 / 0.50), *pairs[1:]]
    said = []
    for rows in (*itertools.permutations(pairs), turned):
        columns = ["experimental", "control", "estimate", "ci_low", "ci_high"]
        frame = pd.DataFrame(rows, columns=columns).assign(study="T", endpoint="PFS", measure="HR", ci_level=0.95)
        table = be.read_effects(frame).frame
        y = {table["control"].iloc[0]: 0.0, **dict(zip(table["experimental"], table["y"], strict=True))}
        shared = float(table["control_se"].iloc[0]) ** 2
        v = {
            table["control"].iloc[0]: shared,
            **dict(zip(table["experimental"], table["se"] ** 2 - shared, strict=True)),
        }
        said.append([y["C"] - y["A"], y["B"] - y["A"], v["A"], v["B"], v["C"]])
    for other in said[1:]:
        assert other == pytest.approx(said[0], abs=1e-12)
    ab, bc, ca = math.log(0.70), math.log(0.90), math.log(1.55)
    assert said[0][0] == pytest.approx(ca - (ab + bc + ca) / 3, abs=1e-12)  # the loop's gap, shared by its three pairs


def test_pseudonyms_take_the_place_of_identifiers(tmp_path, monkeypatch):
    monkeypatch.setenv("BAYES_ESCC_SALT", "a secret of the ward")
    frame = pd.DataFrame({"住院号": ["13812345678", "Z2"], "regimen": ["A", "B"], "m": [2, 3], "e": [1, 1]})
    settings = {"id": "住院号", "response": None, "time": "m", "event": "e", "time_unit": "months"}
    with pytest.raises(be.DataError, match="identify"):
        be.read_patients(frame, **settings)
    table = be.read_patients(frame, **settings, id_pseudonyms=True)
    assert list(table.frame["patient_id"]) == [pseudonym("13812345678"), pseudonym("Z2")]
    monkeypatch.setenv("BAYES_ESCC_SALT", "another secret")
    assert pseudonym("Z2") != table.frame["patient_id"].iloc[1]
    monkeypatch.delenv("BAYES_ESCC_SALT")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert pseudonym("Z2") == pseudonym("Ｚ2")
    assert (tmp_path / "bayes_escc" / "pseudonym_salt").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("header", "identifies"),
    [("Patient Name", True), ("name", True), ("DOB", True), ("出生日期 birth", True), ("phone_no", True),
     ("eMail", True), ("medical record no", True), ("drug_name", False),
     ("year_of_birth", False), ("last_contact", False),
     ("regimen", False), ("命名", False), ("bold", False), ("姓 名", True), ("ID No.", True), ("证件号码", True),
     ("病案ID", True), ("patient initials", True), ("contact number", True), ("insurance no", True),
     ("DoB", True), ("WeChat", True), ("next of kin", True), ("signature", True), ("bed no", True), ("签名", True),
     ("工作单位", True), ("条码号", True), ("姓", True), ("名称", False), ("akin", False), ("PatientName", True)],
)  # fmt: skip
def test_headers_that_identify(header, identifies):
    assert identifying_header(header) is identifies


@pytest.mark.parametrize(
    ("text", "value"),
    [("0·57", 0.57), ("−1.5", -1.5), ("１２", 12), ("1e3", 1000), (" .5 ", 0.5), ("1_0", None), ("1,5", None),
     ("nan", None),     ("inf", None), ("0x10", None), ("٣", None), ("", None), ("1.", 1), ("--1", None)],
)  # fmt: skip
def test_numbers(text, value):
    assert number_in(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("１２", 12), ("−3", -3), ("+3", 3), ("1_2", None), ("1.0", None), ("٣", None), ("9" * 30, None)],
)
def test_whole_numbers(text, value):
    assert whole_in(text) == value


def test_intervals_and_levels():
    for text in ("0.62–0.87", "0.62 to 0.87", "(0.62, 0.87)", "[0.62;0.87]", "0.62-0.87", "0.62 至 0.87"):
        found = interval_in(text)
        assert (found.low, found.high) == ("0.62", "0.87"), text
    assert (interval_in("-0.5--0.1").low, interval_in("-0.5--0.1").high) == ("-0.5", "-0.1")
    assert interval_in("0.62") is None
    assert [level_in(t) for t in ("95%", "0.95", "95 % CI", "x")] == [0.95, 0.95, 0.95, None]


class TestBounds:
    """What would cost without end is bounded, or refused in a sentence."""

    def test_percentages_of_very_many(self):
        found = recover_count("34.5", 10**11)
        assert found.count is None
        assert (found.rounded[0], found.rounded[-1]) == (34_450_000_000, 34_550_000_000)
        with pytest.raises(be.DataError, match="counts"):
            be.read_counts(pd.DataFrame([("A", "x", "ORR", "34.5", 10**11)],
                                        columns=["study", "regimen", "endpoint", "percent", "n"]))  # fmt: skip

    def test_spelling_of_very_many_labels(self):
        labels = [f"study {i} of many" for i in range(20_000)] + ["STUDY 7 of many"]
        assert similar_labels(labels) == [("study 7 of many", "STUDY 7 of many")]

    def test_a_workbook_that_unpacks_to_too_much(self, tmp_path, monkeypatch):
        book = openpyxl.Workbook()
        book.active.append(["study", "regimen", "endpoint", "events", "n"])
        book.active.append(["A", "x", "ORR", 10, 29])
        book.save(tmp_path / "t.xlsx")
        assert len(be.read_counts(tmp_path / "t.xlsx")) == 1
        monkeypatch.setattr("bayes_escc.evidence.workbooks.MAX_UNPACKED", 1000)
        with pytest.raises(be.DataError, match=r"unpacks to [0-9,]+ bytes; at most 1,000"):
            be.read_counts(tmp_path / "t.xlsx")

    def test_a_workbook_made_to_burst(self, tmp_path, capsys):
        """More than 300 million bytes of one cell, repeated, in half a million; refused without unpacking them."""
        book = openpyxl.Workbook()
        book.active.append(["study", "regimen", "endpoint", "events", "n"])
        book.save(tmp_path / "small.xlsx")
        cell, path = b'<c t="n"><v>1</v></c>', tmp_path / "t.xlsx"
        row = b"<row>" + cell * 5 + b"</row>"
        with (
            zipfile.ZipFile(tmp_path / "small.xlsx") as small,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as large,
        ):
            for part in small.namelist():
                head, rows, tail = small.read(part).partition(b"</row>")
                with large.open(part, "w") as file:
                    file.write(head + rows)
                    for _ in range(28 if "sheet1" in part else 0):
                        file.write(row * 100_000)
                    file.write(tail)
        assert path.stat().st_size < 5_000_000
        tracemalloc.start()
        for command in (["check", str(path), "--kind", "counts"], ["start", str(path), "--out", str(tmp_path / "out")]):
            assert main(command) == 3
            assert re.search(r"unpacks to 3\d\d,\d{3},\d{3} bytes; at most 100,000,000", capsys.readouterr().err)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 50_000_000

    def test_a_workbook_of_too_many_cells(self, tmp_path, monkeypatch):
        book = openpyxl.Workbook()
        for _ in range(3):
            book.active.append(["study", "regimen", "endpoint", "events", "n"])
        book.save(tmp_path / "t.xlsx")
        monkeypatch.setattr("bayes_escc.evidence.workbooks.MAX_FILLED", 14)
        with pytest.raises(be.DataError, match="holds more than 14 cells"):
            be.read_counts(tmp_path / "t.xlsx")

    def test_a_workbook_with_a_cell_far_away(self, tmp_path, capsys):
        """All the blank cells between would be made: thousands of millions here."""
        book = openpyxl.Workbook()
        book.active.append(["study", "regimen", "endpoint", "events", "n"])
        book.active.append(["A", "x", "ORR", 10, 29])
        book.active["XFD1048576"] = " "
        book.save(tmp_path / "t.xlsx")
        with pytest.raises(be.DataError, match=r"reaches to row 1,048,576 and column 16,384; at most 5,000,000 cells"):
            be.read_counts(tmp_path / "t.xlsx")
        assert main(["check", str(tmp_path / "t.xlsx"), "--kind", "counts"]) == 3
        assert "Delete what stands or is formatted beyond the table" in capsys.readouterr().err

    def test_a_formula_that_was_never_computed(self, tmp_path):
        book = openpyxl.Workbook()
        book.active.append(["study", "regimen", "endpoint", "events", "n"])
        book.active.append(["A", "x", "ORR", "=5+5", 29])
        book.save(tmp_path / "t.xlsx")
        with pytest.raises(be.DataError, match=r"D2.*no stored result"):
            be.read_counts(tmp_path / "t.xlsx")

    @pytest.mark.parametrize(
        ("cell", "message"),
        [([1, 2], "row 2, column extra: a cell of a table holds one value, not a list"),
         (np.array([1, 2]), "one value, not a ndarray"), (b"x", "not a bytes"),
         ("\ud800", "cannot be seen or printed"), (10**5000, "thousands of digits")],
        ids=["list", "array", "bytes", "surrogate", "digits"],
    )  # fmt: skip
    def test_cells_that_are_none(self, cell, message):
        frame = pd.DataFrame({"study": ["A"], "regimen": ["x"], "endpoint": ["ORR"], "events": [10], "n": [29]})
        frame["extra"] = pd.Series([cell], dtype=object)
        with pytest.raises(be.DataError, match=message):
            be.read_counts(frame)

    def test_a_header_longer_than_any_cell(self, tmp_path):
        (tmp_path / "t.csv").write_text("x" * 131_073 + ",n\n1,2\n")
        with pytest.raises(be.DataError, match="not a regular table"):
            be.read_counts(tmp_path / "t.csv")

    def test_labels_of_very_many_studies(self):
        rows = [(f"S{i}", "x", "ORR", 1, 10) for i in range(3000)]
        table = be.read_counts(pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"]))
        with pytest.raises(be.AnalysisError) as refused:
            table.select(regimens=[f"S{i}" for i in range(3000)])
        assert len(str(refused.value)) < 20_000

    @pytest.mark.parametrize(
        ("line", "message"),
        [("x = " + "9" * 5000, r"thousands of digits\. Shorten it \(line 2\)"),
         ("x = " + "[" * 5000 + "]" * 5000, r"nested too deeply\. Look for an opening bracket"),
         ("x = " + "{a=" * 5000 + "1" + "}" * 5000, r"nested too deeply\. Look for an opening bracket"),
         ("[sampling]\nchains = 64\ndraws = 1_000_000", r"keep 64,000,000, which take 0\.5 GB"),
         ("[sampling]\nseed = 1" + "0" * 400, "must be a whole number"),
         ("[report]\nci_prob = 1" + "0" * 400, "must be")],
        ids=["digits", "brackets", "braces", "draws", "whole", "real"],
    )  # fmt: skip
    def test_numbers_and_brackets_without_end(self, tmp_path, line, message, capsys):
        (tmp_path / "a.toml").write_text(f'id = "a"\n{line}\n')
        with pytest.raises(be.AnalysisError, match=message):
            be.find_analysis(str(tmp_path / "a.toml"))
        assert main(["run", str(tmp_path / "a.toml")]) == 2
        assert "Traceback" not in capsys.readouterr().err

    @pytest.mark.parametrize(
        "line", ["x = " + "9" * 5000, "x = " + "[" * 5000 + "]" * 5000], ids=["digits", "brackets"]
    )
    def test_mappings_without_end(self, tmp_path, line, capsys):
        (tmp_path / "m.toml").write_text(f"{line}\n")
        (tmp_path / "t.csv").write_text("study,regimen,endpoint,events,n\nA,x,ORR,10,29\n")
        assert main(["check", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "m.toml")]) == 2
        assert "m.toml" in capsys.readouterr().err

    def test_characters_that_command_a_terminal(self):
        """They are refused wherever an analysis holds a text, and no message repeats them."""
        content = {"id": "a", "title": "x\x1b[31m", "data": {"regimens": ["A\u202eB"]}, "\x1b": 1}
        with pytest.raises(be.AnalysisError) as refused:
            be.Analysis.from_dict(content)
        assert "title: holds a character" in str(refused.value)
        assert "data.regimens[0]: holds" in str(refused.value)
        assert "\x1b" not in str(refused.value)

    def test_none_is_a_key_that_is_missing(self):
        assert be.Analysis.from_dict({"id": None, "data": {"dataset": "second_line_cohorts"}}).id == "analysis"

    def test_a_table_within_itself(self):
        content: dict[str, object] = {"id": "a"}
        content["data"] = content
        with pytest.raises(be.AnalysisError, match="cannot be used"):
            be.Analysis.from_dict(content)
        with pytest.raises(be.AnalysisError, match="no larger than"):
            be.Prior("Normal", mu=10**400)

    @pytest.mark.parametrize(
        ("content", "message"),
        [({"id": "a", "title": "\ud83d"}, "1 problem\n  - title: holds a character that cannot be seen or printed"),
         ({"id": "a", "data": {"file": 10**5000}}, "a whole number has thousands of digits"),
         ({"id": "a", "data": {1: "x", "y": 2}}, "the keys of a table must be texts"),
         ({"id": "a", "data": {b"x": 2}}, "the keys of a table must be texts")],
        ids=["half a character", "digits", "numbers as keys", "bytes as keys"],
    )  # fmt: skip
    def test_what_no_file_could_hold_is_a_sentence(self, content, message):
        with pytest.raises(be.AnalysisError) as refused:
            be.Analysis.from_dict(content)
        assert str(refused.value) in (
            f"the analysis cannot be used: {message}",
            f"the analysis cannot be used: {message}.",
        )

    def test_nests_without_end_in_python_are_a_sentence(self):
        nested: object = 1
        for _ in range(6000):
            nested = [nested]
        with pytest.raises(be.AnalysisError, match="nested too deeply"):
            be.Analysis.from_dict({"id": "a", "data": nested})


VISITS = pd.DataFrame(
    [("p1", "2023-02-13", "SD"), ("p1", "2023-03-27", "PD"), ("p2", "2023-02-13", "SD")],
    columns=["patient_id", "date", "result"],
)  # fmt: skip
WARD = pd.DataFrame({"patient_id": ["p1", "p2"], "regimen": ["A", "B"], "start": ["2023-01-02"] * 2})


@pytest.mark.parametrize(
    ("command", "table", "options", "said"),
    [
        ("check", "patient_id,姓名,regimen,months,event\n1,王小明,A,3,1\n", ("--kind", "patients", *FOLLOWED),
         "leave it out with --drop '姓名'."),
        ("check", "patient_id,phone no,regimen,months,event\n1,13812345678,A,3,1\n", ("--kind", "patients", *FOLLOWED),
         "leave it out with --drop 'phone no'"),
        ("check", "study,regimen,n,events,median (days),ci_low,ci_high,ci_level\nQ,a,60,40,155,119,219,0.95\n",
         ("--kind", "medians", "--time-unit", "months"), "Correct either: --time-unit days, or the header."),
        ("check", "study,regimen,n,events,median,ci_low,ci_high,ci_level\nQ,a,60,40,5.1,3.9,7.2,0.95\n",
         ("--kind", "medians"), "must be declared: --time-unit is one of days"),
        ("scans", "patient_id,regimen,start\n1,A,2024-03-04\n", ("--schedule", "42", "--unit", "fortnights"),
         "unit 'fortnights' is not one of days, weeks, months, years"),
        ("scans", "patient_id,regimen,start\n1,A,2024-03-04\n", ("--schedule", "inf", "--unit", "days"),
         "--schedule must be a positive time between scans, not inf"),
        ("scans", "patient_id,regimen,start\n1,A,2024-03-04\n", ("--schedule", "42", "--unit", "days"),
         "dates of visits need --start, the column of the patient table"),
        ("scans", "patient_id,regimen,start\n1,A,2024-03-04\n",
         ("--schedule", "42", "--unit", "days", "--start", "start"), "say what it means with --words WORD=progression"),
    ],
)  # fmt: skip
def test_a_table_without_an_analysis_is_told_of_options(command, table, options, said, tmp_path, capsys):
    """What an analysis states as a setting is typed at the prompt as an option."""
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    (tmp_path / "v.csv").write_text("patient_id,date,result\n1,2024-04-16,better\n")
    files = [str(tmp_path / "t.csv"), *([str(tmp_path / "v.csv")] if command == "scans" else [])]
    assert main([command, *files, *options]) in (2, 3)
    told = capsys.readouterr().err
    assert said in told
    assert "drop=" not in told
    assert ".." not in told


class TestVisits:
    """Visits are held to what dates and patients are held to elsewhere."""

    def join(self, patients=WARD, visits=VISITS):
        return be.join_scans(patients, visits, schedule=42, unit="days", start="start")

    @pytest.mark.parametrize(
        ("patients", "visits", "code"),
        [(pd.concat([WARD, WARD.iloc[[0]].assign(start="2023-01-09")]), VISITS, "conflicting_patient"),
         (WARD, pd.concat([VISITS, VISITS.iloc[[0]].assign(date="2099-01-01")]), "unusable_date"),
         (WARD, pd.concat([VISITS, VISITS.iloc[[1]].assign(result="SD")]), "two_results")],
        ids=["one patient twice", "in the future", "two results on one day"],
    )  # fmt: skip
    def test_what_contradicts_itself_is_refused(self, patients, visits, code):
        with pytest.raises(be.DataError) as refused:
            self.join(patients, visits)
        assert code in {p.code for p in refused.value.problems}

    @pytest.mark.parametrize(
        ("patients", "visits", "code"),
        [
            ("p1,A,2023-01-02\np1,B,2023-01-09\n", "p1,2023-02-13,SD\n", "conflicting_patient"),
            ("p1,A,2023-01-02\n", "p1,2099-02-13,SD\n", "unusable_date"),
            ("p1,A,2023-01-02\n", "p1,2023-13-02,SD\n", "unusable_date"),
            ("p1,A,2023-01-02\n", "p1,03/04/2023,SD\n", "unusable_date"),
            ("p1,A,2023-01-02\n", "p1,44970,SD\n", "unusable_date"),
            ("p1,A,2023-01-02\n", "p1,2023-02-13,SD\np1,2023-02-13,PD\n", "two_results"),
            ("p1,A,2023-01-02\n", "p1,2023-02-13,better\n", "unknown_result"),
            ("p1,A,2023-01-02\n", "p2,2023-02-13,SD\n", "unknown_patient"),
            ("p1,A,\n", "p1,2023-02-13,SD\n", "missing_date"),
            ("p1,A,2023-01-02\n", "p1,2022-02-13,SD\n", "no_scans"),
            ("p1,A,2023-01-02\n", "p1,2023-02-13,S\x1bD\n", "control_character"),
        ],
    )
    def test_what_is_wrong_with_visits_is_one_message_in_both_ways(self, patients, visits, code, tmp_path, capsys):
        """Through the command line and Python alike: the same problems in the same words."""
        (tmp_path / "p.csv").write_text(f"patient_id,regimen,start\n{patients}")
        (tmp_path / "v.csv").write_text(f"patient_id,date,result\n{visits}")
        files = [str(tmp_path / name) for name in ("p.csv", "v.csv")]
        with pytest.raises(be.DataError) as refused:
            be.join_scans(*files, schedule=42, unit="days", start="start")
        assert [p.code for p in refused.value.problems] == [code]
        assert main(["scans", *files, "--schedule", "42", "--unit", "days", "--start", "start"]) == 3
        told = capsys.readouterr().err
        plain = re.sub(r"words = \{.*\}", "--words WORD=progression (or free, or unknown)", str(refused.value))
        assert told == f"bayes-escc: {plain}\n"
        assert "\x1b" not in told

    def test_stable_after_progression_is_noted(self, tmp_path):
        after = pd.concat([VISITS, VISITS.iloc[[0]].assign(date="2023-05-08")])
        frame = self.join(visits=after)
        assert list(frame["first_progression"]) == [84, np.inf]
        _, notes = joined(WARD, after, ScanSettings(42, "days", start="start"))
        assert "free_after_progression" in {n.code for n in notes}


READERS = {
    "counts": ("study,regimen,endpoint,events,n\nA,x,ORR,{count},20\n", ()),
    "medians": ("study,regimen,n,median,events,lower,upper,ci_level\nA,x,20,{time},{count},{low},{high},{level}\n",
                ("--time-unit", "months")),
    "effects": (f"{EFFECT},ci_low,ci_high,ci_level\nA,x,c,OS,HR,0.7,{{low}},{{high}},{{level}}\n", ()),
    "patients": (f"{PATIENT}\n1,A,{{time}},1\n", FOLLOWED),
}  # fmt: skip
NAMED = {
    "study": ["trial", "研究"],
    "regimen": ["treatment", "arm", "group", "Treatment group", "方案", "治疗方案", "组别"],
    "endpoint": ["outcome", "终点"],
    "events": ["responders", "Number of events", "事件数"],
    "n": ["N", "patients", "sample size", "总例数", "人数"],
    "ci_low": ["lower", "LCL", "下限"],
    "ci_high": ["upper", "UCL", "上限"],
    "ci_level": ["level", "置信水平"],
    "median": ["mPFS", "median PFS", "PFS (months)", "Median OS, months", "中位PFS", "中位数"],
}
NAMES_OF = {
    "counts": ("study", "regimen", "endpoint", "events", "n"),
    "medians": ("study", "regimen", "n", "median", "events", "ci_low", "ci_high", "ci_level"),
    "effects": ("study", "endpoint", "ci_low", "ci_high", "ci_level"),
    "patients": ("regimen",),
}
PLAIN = {
    "counts": "study,regimen,endpoint,events,n\nA,x,ORR,10,20\n",
    "medians": "study,regimen,n,median,events,ci_low,ci_high,ci_level\nA,x,20,0.7,10,0.6,0.8166,0.95\n",
    "effects": f"{EFFECT},ci_low,ci_high,ci_level\nA,x,c,OS,HR,0.7,0.6,0.8166,0.95\n",
    "patients": f"{PATIENT}\n1,A,0.7,1\n",
}


@pytest.mark.parametrize(
    ("kind", "meaning", "name"), [(k, m, n) for k, meanings in NAMES_OF.items() for m in meanings for n in NAMED[m]]
)
def test_every_reader_of_a_meaning_takes_its_names(kind, meaning, name, tmp_path, capsys):
    """Readers by name: a further name of a column gives the same table, and beside the usual one it is refused."""
    path = tmp_path / "t.csv"
    header, row = PLAIN[kind].strip().split("\n")
    cells, path_options = header.split(","), READERS[kind][1]
    place = cells.index(meaning)
    quoted = f'"{name}"' if "," in name else name
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    usual = checked(capsys, path, "--kind", kind, *path_options)[1]
    path.write_text(",".join([*cells[:place], quoted, *cells[place + 1 :]]) + f"\n{row}\n", encoding="utf-8")
    status, told = checked(capsys, path, "--kind", kind, *path_options)
    assert (status, told.get("sha256")) == (0, usual["sha256"]), told
    path.write_text(f"{header},{quoted}\n{row},{row.split(',')[place]}\n", encoding="utf-8")
    status, told = checked(capsys, path, "--kind", kind, *path_options)
    if name in WEAK:
        assert "not_used" in {w["code"] for w in told["warnings"]}
    else:
        (problem,) = [p for p in told["problems"] if p["code"] == "two_columns"]
        assert meaning in problem["message"]
        assert name in problem["message"]


RIGHT = {"count": "10", "level": "0.95", "low": "0.6", "high": "0.8166", "time": "0.7"}
WRONG = {
    "count": [("21", "events_exceed_n"), ("1.5", "fractional_count"), ("1_0", "not_a_number"),
              ("-1", "negative_count")],
    "level": [("0.05", "level_implausible"), ("95", "level_implausible"), ("x", "level_implausible")],
    "low": [("0.9", "limits_out_of_order")],
    "time": [("45000", "serial_date"), ("2000", "too_long"), ("1_0", "not_a_number")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "cell", "code"),
    [(k, v, c, code) for k, (text, _) in READERS.items() for v, wrong in WRONG.items() if f"{{{v}}}" in text
     for c, code in wrong],
)  # fmt: skip
def test_every_reader_of_a_kind_of_value_checks_it(kind, value, cell, code, tmp_path, capsys):
    """Readers by check: what is wrong with a level, a count, an interval or a time is wrong in every table."""
    text, options = READERS[kind]
    path = tmp_path / "t.csv"
    path.write_text(text.format(**RIGHT))
    assert checked(capsys, path, "--kind", kind, *options)[0] == 0
    path.write_text(text.format(**{**RIGHT, value: cell}))
    status, told = checked(capsys, path, "--kind", kind, *options)
    assert status == 3
    assert code in {p["code"] for p in told["problems"]}


@pytest.mark.parametrize(
    "options",
    [{"strata": "event"}, {"covariates": [{"column": "time"}]}, {"frailty": "event"}],
    ids=["strata", "covariate", "centre"],
)
def test_the_outcome_explains_nothing(options):
    """The event as a stratum gave "no problems" and another hazard ratio."""
    frame = be.simulate_cohort(patients=(10, 10), seed=1)
    with pytest.raises(be.AnalysisError, match=r"is the column of data\.(event|time), the outcome itself"):
        be.SurvivalModel(data_unit="months", **options).fit(frame)


def test_the_response_explains_no_response_but_may_explain_survival(tmp_path):
    content = {"id": "a", "data": {"kind": "patients", "response": "best"}}
    logistic = {"family": "response", "likelihood": "logistic", "covariates": [{"column": "best"}]}
    with pytest.raises(be.AnalysisError, match=r"best is the column of data\.response, the outcome itself"):
        be.Analysis.from_dict({**content, "model": logistic})
    survival = {"family": "survival", "covariates": [{"column": "best"}]}
    data = {**content["data"], "time": "t", "event": "e", "time_unit": "months"}
    assert be.Analysis.from_dict({**content, "data": data, "model": survival}).spec.covariates
