"""Tables in: every problem with its row, value and remedy; every encoding; nothing lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_escc import AnalysisError, DataError, load_dataset, read_counts, read_patients
from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.reading import cell_text, read_cells

GOOD = {"study": "S1", "regimen": "camrelizumab", "endpoint": "ORR", "events": 6, "n": 20}


def counts(*rows, **kwargs):
    return read_counts(pd.DataFrame([{**GOOD, **row} for row in rows]), **kwargs)


def problems(*rows, columns=None):
    frame = pd.DataFrame([{**GOOD, **row} for row in rows])
    if columns:
        frame = frame[columns]
    with pytest.raises(DataError) as caught:
        read_counts(frame)
    return {p.code: p for p in caught.value.problems}


def test_a_column_of_any_kind_reads_like_its_cells_one_by_one():
    frame = pd.DataFrame(
        {
            "whole": [1, 2, 1],
            "real": [1.0, np.nan, -0.0],
            "small": np.array([1.5, 2.5, 3.0], dtype="float32"),
            "date": pd.to_datetime(["2024-01-01", None, "2024-02-03"]),
            "missing": pd.array([1, None, 3], dtype="Int64"),
            "label": pd.Categorical(["x", "y", "x"]),
            "yes": [True, False, True],
            "text": ["a", None, "b"],
            "mixed": [True, 1, 1.0],
        }
    )
    wanted = [[cell_text(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    assert [list(row) for row in read_cells(frame).cells.values()] == [
        list(column) for column in zip(*wanted, strict=True)
    ]
    assert wanted[2] == ["1", "0", "3", "2024-02-03 00:00:00", "3", "x", "true", "b", "1"]
    assert wanted[0][-1] == "true"


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ({"events": 21}, "events_exceed_n", "events"),
        ({"events": -1}, "negative_count", "events"),
        ({"events": 6.5}, "fractional_count", "events"),
        ({"events": 0.3}, "fractional_count", "events"),
        ({"events": "30%"}, "percentage_for_count", "events"),
        ({"events": "six"}, "not_a_number", "events"),
        ({"events": "inf"}, "not_a_number", "events"),
        ({"events": ""}, "missing_number", "events"),
        ({"n": 0, "events": 0}, "zero_total", "n"),
        ({"n": ""}, "missing_number", "n"),
        ({"n": -20}, "negative_count", "n"),
        ({"endpoint": "ORRR"}, "unknown_endpoint", "endpoint"),
        ({"endpoint": "xyz"}, "unknown_endpoint", "endpoint"),
        ({"study": " "}, "blank_label", "study"),
        ({"regimen": ""}, "blank_label", "regimen"),
        ({"percent": "31"}, "percent_disagrees", "percent"),
        ({"design": "crossover"}, "unknown_design", "design"),
        ({"better": "up"}, "unknown_direction", "better"),
        ({"events": "", "percent": "62.8", "n": 29}, "percent_impossible", "percent"),
        ({"events": "", "percent": "47", "n": 310}, "percent_ambiguous", "percent"),
        ({"events": "", "percent": "0.345", "n": 29}, "proportion_for_percent", "percent"),
        ({"events": "", "percent": "134.5", "n": 29}, "percent_out_of_range", "percent"),
        ({"events": "", "percent": "34.5", "n": ""}, "percent_without_n", "percent"),
        ({"events": "", "percent": "a third"}, "not_a_number", "percent"),
    ],
)
def test_each_problem_names_its_row_column_value_and_remedy(row, code, column):
    found = problems({"study": "S0"}, row)
    assert code in found
    problem = found[code]
    assert (problem.row, problem.column) == (3, column)
    assert problem.remedy.endswith(".")
    assert problem.value == str(row.get(column, GOOD.get(column))).strip()


def test_all_problems_come_together_in_row_order():
    with pytest.raises(DataError) as caught:
        counts({"events": 30}, {"study": "S2", "n": 0}, {"study": "S3", "endpoint": "OOR"})
    text = str(caught.value)
    assert "3 problems" in text.splitlines()[0]
    assert text.index("row 2") < text.index("row 3") < text.index("row 4")
    assert "Did you mean ORR?" in text


def test_duplicates_are_seen_even_where_a_row_has_other_problems():
    assert {"duplicate_row", "events_exceed_n"} <= set(problems({"events": 30}, {"events": 5}))
    assert "duplicate_row" in problems({}, {"endpoint": "objective response rate"})
    table = counts({"population": "all"}, {"population": "ESCC", "events": 3, "n": 9})
    with pytest.raises(DataError, match="overlapping populations"):
        table.select(endpoints=["ORR"])
    assert len(table.select(where={"population": "ESCC"})) == 1


def test_missing_columns_are_all_named():
    found = problems({}, columns=["study", "events"])
    assert "missing_column" in found
    with pytest.raises(DataError) as caught:
        read_counts(pd.DataFrame({"study": ["a"], "events": [1]}))
    assert {p.column for p in caught.value.problems} == {"regimen", "endpoint", "n"}


def test_warnings_leave_the_table_usable():
    table = counts(
        {"regimen": "toripalimab + anlotinib"},
        {"study": "S2", "regimen": "toripalimab+ Anlotinib", "events": 7},
        {"study": "S3", "regimen": "toripalimab + anlotinib"},
        {"regimen": "toripalimab + anlotinib", "endpoint": "DCR", "n": 19, "events": 12},
    )
    assert {w.code for w in table.warnings} == {"spelling", "same_counts", "changing_total"}


def test_labels_are_kept_as_written():
    table = counts({"study": "001", "regimen": "NA"}, {"study": "1", "regimen": "None", "events": 5})
    assert table.studies == ("001", "1")
    assert table.regimens == ("NA", "None")


def test_the_digest_ignores_row_order_and_sees_every_change():
    rows = [{}, {"study": "S2", "events": 7}]
    digest = counts(*rows).digest
    assert counts(*rows[::-1]).digest == digest
    assert counts(rows[0], {"study": "S2", "events": 8}).digest != digest


class TestGrim:
    def test_the_theses_percentages(self):
        assert recover_count("34.5", 29).rounded == range(10, 11)
        impossible = recover_count("62.8", 29)
        assert impossible.count is None
        assert [k for k, _ in impossible.nearest] == [18, 19]
        truncated = recover_count("34.28", 35)
        assert (list(truncated.rounded), list(truncated.truncated)) == ([], [12])
        assert recover_count("71.43", 35).count == 25
        assert recover_count("6.90", 29).count == 2

    @pytest.mark.parametrize("n", [1, 7, 20, 29, 35, 97, 100])
    @pytest.mark.parametrize("decimals", [1, 2])
    def test_every_printed_percentage_is_recovered(self, n, decimals):
        for k in range(n + 1):
            assert k in recover_count(f"{100 * k / n:.{decimals}f}", n).rounded

    def test_brute_force_over_all_counts(self):
        for n in (29, 35, 61):
            for tenth in range(0, 1001, 7):
                percent = f"{tenth / 10:.1f}"
                brute = [k for k in range(n + 1) if abs(100 * k / n - tenth / 10) <= 0.05 + 1e-12]
                assert list(recover_count(percent, n).rounded) == brute

    def test_recovered_and_flagged_in_a_table(self):
        table = read_counts(
            pd.DataFrame(
                {
                    "study": ["a", "b"],
                    "regimen": ["x", "y"],
                    "endpoint": "ORR",
                    "percent": ["34.28", "34.5%"],
                    "n": [35, 29],
                }
            )
        )
        assert list(table.frame["events"]) == [12, 10]
        assert [(w.code, w.row) for w in table.warnings] == [("percent_truncated", 2)]


class TestRecist:
    def test_categories_side_by_side(self, recist):
        table = read_counts(recist)
        assert set(table.endpoints) == {"CR", "PR", "SD", "PD", "NE"}
        assert set(table.frame["n"]) == {29, 35}

    def test_categories_must_add_up(self, recist):
        with pytest.raises(DataError, match=r"CR \+ PR \+ SD \+ PD \+ NE = 29, but n is 30"):
            read_counts(recist.assign(n=[30, 35]))


class TestFiles:
    TEXT = "study,regimen,endpoint,events,n\n甲,卡瑞利珠单抗,客观缓解率,46,228\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_encodings(self, tmp_path, encoding):
        path = tmp_path / "表 格.csv"
        path.write_bytes(self.TEXT.encode(encoding))
        table = read_counts(path)
        assert table.regimens == ("卡瑞利珠单抗",)
        assert table.endpoints == ("ORR",)
        assert any(w.code == "encoding" for w in table.warnings) == (encoding in ("gb18030", "utf-16"))

    @pytest.mark.parametrize("delimiter", [";", "\t", "，"])
    def test_delimiters(self, tmp_path, delimiter):
        path = tmp_path / "t.csv"
        path.write_text(self.TEXT.replace(",", delimiter), encoding="utf-8")
        assert len(read_counts(path)) == 1

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "0 bytes"),
            (b"\n\n", "empty"),
            (b"study,regimen\n", "no rows"),
            (b"PK\x03\x04....", "workbook or archive"),
            (b"a\x00b", "binary"),
            (b"\xff\xfea\x00", "no rows|empty"),
            (b"a,b\n\x80\xff\x80\n", "neither UTF-8 nor GB18030"),
            (b'study,n\n"open,3\n', "unclosed quote"),
            (b"study,regimen,endpoint,events,n\nA,x,ORR,1,2,9\n", "6 cells, the header 5"),
            (b"study,study ,regimen,endpoint,events,n\nA,A,x,ORR,1,2\n", "stands twice"),
            ("姓名,regimen\n张三,x\n".encode(), "identify patients"),
        ],
    )
    def test_files_that_are_refused(self, tmp_path, content, message):
        path = tmp_path / "t.csv"
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_counts(path)

    def test_there_is_no_file(self, tmp_path):
        with pytest.raises(DataError, match="no file"):
            read_counts(tmp_path / "absent.csv")

    def test_workbooks(self, tmp_path):
        openpyxl = pytest.importorskip("openpyxl")
        path = tmp_path / "t.xlsx"
        book = openpyxl.Workbook()
        sheet = book.active
        for row in (["study", "regimen", "endpoint", "events", "n"], ["001", "x", "ORR", 10, 29]):
            sheet.append(row)
        book.save(path)
        table = read_counts(path)
        assert table.studies == ("001",)
        assert table.frame["events"].iloc[0] == 10
        book.create_sheet("more")
        book.save(path)
        with pytest.raises(DataError, match="several sheets"):
            read_counts(path)
        assert len(read_counts(path, sheet="Sheet")) == 1
        sheet["D2"] = "=5+5"
        book.save(path)
        with pytest.raises(DataError, match="no stored result"):
            read_counts(path, sheet="Sheet")
        sheet["D2"] = 10
        sheet.merge_cells("A1:B1")
        book.save(path)
        with pytest.raises(DataError, match="merged cells"):
            read_counts(path, sheet="Sheet")

    def test_cells_stay_text(self):
        raw = read_cells(pd.DataFrame({"a": [1.0, np.nan, 2.5], "b": ["007", None, "x"]}))
        assert [dict(r) for r in raw.rows] == [{"a": "1", "b": "007"}, {"a": "2.5", "b": "x"}]
        assert raw.numbers == (2, 4)


def test_endpoints_know_their_direction():
    assert canonical_endpoint("objective remission rate") == "ORR"
    assert canonical_endpoint("疾病控制率") == "DCR"
    assert endpoint_direction("ORR") == "higher"
    for adverse in ("grade34_diarrhoea", "any_TRAE", "Grade >=3 pneumonitis", "neutropenia", "treatment_related_death"):
        assert endpoint_direction(adverse) == "lower"
    assert endpoint_direction("ASAS20") is None


def test_an_endpoint_of_ones_own_needs_its_direction():
    assert counts({"endpoint": "ASAS20", "better": "higher"}).directions == {"ASAS20": "higher"}
    assert counts({"endpoint": "ASAS20"}, endpoints={"ASAS20": "lower"}).directions == {"ASAS20": "lower"}


def test_an_endpoint_has_one_direction_whatever_the_order_of_its_rows():
    """A blank says nothing, above or below the row that says it; two directions are refused with both rows."""
    said, blank = {"better": "lower"}, {"study": "Ward 2", "better": ""}
    assert counts(said, blank).directions == counts(blank, said).directions == {"ORR": "lower"}
    own = [row | {"endpoint": "ASAS20"} for row in (blank, said)]
    assert counts(*own).directions == {"ASAS20": "lower"}
    with pytest.raises(DataError, match="row 3, column better 'higher': ORR is better higher here and lower in row 2"):
        counts(said, blank | {"better": "higher"})


def test_selection_says_what_there_is():
    table = load_dataset("second_line_cohorts")
    with pytest.raises(AnalysisError, match="Did you mean 'toripalimab"):
        table.select(regimens=["toripalimab + anlotinb"])
    with pytest.raises(AnalysisError, match="no column 'lines'"):
        table.select(where={"lines": "second"})
    with pytest.raises(AnalysisError, match="no row has line = third"):
        table.select(where={"line": "third"})
    chosen = table.select(endpoints=["DCR"], regimens=["toripalimab + anlotinib", "anlotinib + S-1"])
    assert chosen.regimens == ("toripalimab + anlotinib", "anlotinib + S-1")


def test_one_slip_among_the_values_of_a_selection_is_named():
    table = load_dataset("second_line_cohorts")
    with pytest.raises(AnalysisError, match=r"no row has line = secnd\. Did you mean"):
        table.select(where={"line": ["secnd", "second"]})


class TestDatasets:
    def test_the_theses_counts(self, cohorts):
        frame = cohorts.frame.set_index(["regimen", "endpoint"])
        for regimen, endpoint, events, n in [
            ("toripalimab + chemotherapy", "ORR", 10, 29),
            ("toripalimab + anlotinib", "ORR", 12, 35),
            ("toripalimab + anlotinib", "DCR", 25, 35),
            ("PD-1 inhibitor + anlotinib", "ORR", 6, 20),
            ("anlotinib + S-1", "ORR", 5, 20),
            ("PD-1 inhibitor + anlotinib", "DCR", 15, 20),
            ("anlotinib + S-1", "DCR", 14, 20),
        ]:
            assert tuple(frame.loc[(regimen, endpoint), ["events", "n"]]) == (events, n)
        assert ("toripalimab + chemotherapy", "DCR") not in frame.index
        assert (frame["source"] != "").all()

    def test_the_trials_have_a_source_and_a_verification_each(self):
        frame = load_dataset("pd1_trials_counts").frame
        assert (frame["source"] != "").all()
        assert frame["verification"].str.startswith("verified").all()
        assert set(frame["endpoint"]) == {"ORR", "any_AE", "any_TRAE", "grade3plus_TEAE", "grade3plus_TRAE"}

    def test_several_datasets_make_one_table(self):
        table = load_dataset(["second_line_cohorts", "pd1_trials_counts"])
        assert {"camrelizumab", "toripalimab + anlotinib"} <= set(table.regimens)
        with pytest.raises(AnalysisError, match="Did you mean"):
            load_dataset("second_line_cohort")


class TestPatients:
    FRAME = pd.DataFrame(
        {
            "patient_id": ["001", "1", "002", "3", "4"],
            "regimen": ["a", "a", "b", "b", "b"],
            "response": ["CR", "sd", "PD", "部分缓解", "not evaluable"],
        }
    )

    def test_study_and_design_are_read_in_any_case(self):
        """As every other column is; two spellings beside each other are refused."""
        said = self.FRAME.assign(Study=list("XXYYY"), DESIGN="single-arm")
        table = read_patients(said)
        assert table.studies == ("X", "X", "Y", "Y", "Y")
        assert list(table.frame["design"]) == ["single-arm"] * 5
        with pytest.raises(DataError, match="'study' can be each of the columns Study and STUDY"):
            read_patients(said.assign(STUDY="Z"))

    def test_identifiers_stay_apart_and_responses_are_understood(self):
        table = read_patients(self.FRAME)
        assert len(table) == 5
        assert list(table.frame["response"]) == ["CR", "SD", "PD", "PR", "NE"]
        assert [w.code for w in table.warnings] == ["not_evaluable"]
        orr = table.counts(["ORR"]).frame.set_index("regimen")
        assert list(orr["events"]) == [1, 1]
        assert list(orr["n"]) == [2, 3]
        excluded = table.counts(["ORR", "DCR"], not_evaluable="exclude").frame
        assert list(excluded["n"]) == [2, 2, 2, 2]
        assert list(excluded["events"]) == [1, 1, 2, 1]

    def test_yes_and_no(self):
        table = read_patients(self.FRAME.assign(response=["yes", "no", "1", "0", "否"]))
        assert table.binary
        assert list(table.events("ORR")) == [True, False, True, False, False]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"patient_id": ["001", "1", "1", "3", "4"]}, "conflicting_patient"),
            ({"patient_id": ["001", "", "002", "3", "4"]}, "blank_label"),
            ({"regimen": ["a", "a", "", "b", "b"]}, "blank_label"),
            ({"response": ["CR", "sd", "PD", "great", "NE"]}, "unknown_response"),
            ({"response": ["CR", "sd", "PD", "", "NE"]}, "unknown_response"),
        ],
    )
    def test_what_is_refused(self, change, code):
        with pytest.raises(DataError) as caught:
            read_patients(self.FRAME.assign(**change))
        assert code in {p.code for p in caught.value.problems}

    def test_an_identical_row_is_counted_once(self):
        table = read_patients(pd.concat([self.FRAME, self.FRAME.iloc[[0]]]))
        assert len(table) == 5
        assert "duplicate_patient" in {w.code for w in table.warnings}

    def test_other_column_names(self):
        frame = self.FRAME.rename(columns={"patient_id": "编号", "regimen": "arm", "response": "BOR"})
        assert len(read_patients(frame, id="编号", regimen="arm", response="BOR")) == 5
        with pytest.raises(DataError, match="no column patient_id"):
            read_patients(frame)

    def test_names_are_refused_unless_dropped(self):
        frame = self.FRAME.assign(姓名="x")
        with pytest.raises(DataError, match="identify patients"):
            read_patients(frame)
        assert "姓名" not in read_patients(frame, drop=["姓名"]).frame


def test_any_dataframe_will_do():
    frame = pd.DataFrame({**GOOD, "note": pd.array(["a", None], dtype="string"), "study": ["S1", "S2"]})
    frame["regimen"] = pd.Categorical(["x", "y"])
    frame["events"] = pd.array([3, None], dtype="Int64")
    with pytest.raises(DataError) as caught:
        read_counts(frame)
    assert [(p.code, p.row) for p in caught.value.problems] == [("missing_number", 3)]
    assert len(read_counts(frame.assign(events=pd.array([3, 4], dtype="Int64")))) == 2


@pytest.mark.parametrize(
    "cells",
    [
        {"CR": "1 (3%)", "PR": "9 (30%)", "SD": "10 (33%)", "PD": "20 (67%)", "n": "30"},
        {"CR": "1", "PR": "9", "SD": "10", "PD": "20.0", "n": "30"},
    ],
)
def test_categories_are_summed_however_their_counts_are_printed(cells):
    with pytest.raises(DataError, match=r"CR \+ PR \+ SD \+ PD = 40, but n is 30"):
        read_counts(pd.DataFrame([{"study": "S", "regimen": "A", **cells}]))


def test_a_total_of_categories_may_have_been_exported_with_a_decimal():
    cells = {"CR": "1 (3.3%)", "PR": "9 (30%)", "SD": "10", "PD": "10/30", "n": "30.0"}
    table = read_counts(pd.DataFrame([{"study": "S", "regimen": "A", **cells}]))
    assert list(table.frame["events"]) == [1, 9, 10, 10]
    assert set(table.frame["n"]) == {30}


def test_one_percentage_may_be_printed_with_fewer_decimals_beside_its_count():
    assert list(counts({"events": "6 (30%)", "n": 20, "percent": "30.0"}).frame["events"]) == [6]
    assert "percent_disagrees" in problems({"events": "6 (30%)", "n": 20, "percent": "31"})


def test_computed_percentages_are_recovered():
    for k, n in [(10, 30), (2, 7), (1, 3), (28, 97)]:
        table = counts({"events": "", "percent": 100 * k / n, "n": n})
        assert list(table.frame["events"]) == [k]


@pytest.mark.parametrize("percent", ["1/0", "1e2", "3_0", "nan"])
def test_percentages_are_decimal_numbers(percent):
    assert "not_a_number" in problems({"events": "", "percent": percent})


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("study,regimen\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match="breaks off"):
        read_counts(path)


def test_patient_columns_in_any_case_and_exported_numbers():
    frame = pd.DataFrame(
        {"Patient_ID": ["1", "2"], "REGIMEN": ["a", "b"], "Response": ["1.0", "0.0"], "f": [True, False]}
    )
    table = read_patients(frame)
    assert list(table.events("ORR")) == [True, False]
    assert len(table.select(where={"f": True})) == 1
