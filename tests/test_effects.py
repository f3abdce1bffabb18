"""Tables of published effects: every check with its message, rounding taken into account."""

# ruff: noqa: E501 (exact messages)
from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.datasets import DATASETS
from bayes_escc.evidence.effects import connected_pieces

GOOD = {
    "study": "ESCORT",
    "experimental": "camrelizumab",
    "control": "chemotherapy",
    "endpoint": "OS",
    "measure": "HR",
    "estimate": "0.71",
    "ci_low": "0.57",
    "ci_high": "0.87",
    "ci_level": "0.95",
    "p": "0.001",
}


def frame(*rows):
    return pd.DataFrame([{**GOOD, **row} for row in rows]).fillna("")


def refused(*rows):
    with pytest.raises(be.DataError) as caught:
        be.read_effects(frame(*rows))
    return {p.code: p for p in caught.value.problems}


ROWS = [
    (
        {"ci_low": "0.87", "ci_high": "0.57"},
        "limits_out_of_order",
        "row 2, column ci_low '0.87': the lower limit 0.87 is not below the upper limit 0.57. Swap or correct them. "
        "[limits_out_of_order]",
    ),
    (
        {"estimate": "0.91"},
        "estimate_outside_interval",
        "row 2, column estimate '0.91': the estimate lies outside its interval 0.57 to 0.87. Check all three numbers in "
        "the source; one of them is wrong. [estimate_outside_interval]",
    ),
    (
        {"estimate": "0.68", "ci_low": "0.62", "ci_high": "", "p": ""},
        "limit_missing",
        "row 2, column ci_high '': the upper limit is missing. Look it up. Symmetry on the log scale would give 0.75 "
        "(0.73 to 0.76 allowing for rounding); write that number into ci_high yourself if you accept it. [limit_missing]",
    ),
    (
        {"measure": "OR", "estimate": "2.36", "ci_low": "1.394.01", "ci_high": ""},
        "garbled_limits",
        "row 2, column ci_low '1.394.01': two limits seem to have run together; perhaps 1.39 and 4.01. Give the lower "
        "limit in ci_low and the upper limit in ci_high, as the source prints them. [garbled_limits]",
    ),
    (
        {"ci_low": "0.57-0.87", "ci_high": ""},
        "garbled_limits",
        "row 2, column ci_low '0.57-0.87': two limits seem to have run together; perhaps 0.57 and 0.87. Give the lower "
        "limit in ci_low and the upper limit in ci_high, as the source prints them. [garbled_limits]",
    ),
    (
        {"estimate": "0.62"},
        "interval_asymmetric",
        "row 2, column estimate '0.62': the middle of the interval on the log scale is 0.699 to 0.709 allowing for "
        "rounding, not the estimate 0.62. Check the three numbers; if the source uses another method, give the standard "
        "error in a column se and leave the limits blank. [interval_asymmetric]",
    ),
    (
        {"estimate": "0.74", "ci_low": "0.58", "ci_high": "0.96", "p": "0.002"},
        "p_inconsistent",
        "row 2, column p '0.002': the estimate and its 95 % interval imply p = 0.019 (two-sided); at a level of 99.0 % "
        "they would agree. Check estimate, limits, ci_level and p; a one-sided p is declared by a column p_sides. "
        "[p_inconsistent]",
    ),
    (
        {"ci_level": ""},
        "level_missing",
        "row 2, column ci_level '': the confidence level of the interval is not stated. Give it per row, for example "
        "0.95; trials with interim analyses print 98 % or 99 % intervals. [level_missing]",
    ),
    (
        {"ci_level": "95"},
        "level_implausible",
        "row 2, column ci_level '95': a confidence level is a proportion. Write 0.95 instead of 95. [level_implausible]",
    ),
    (
        {"ci_level": "0.05"},
        "level_implausible",
        "row 2, column ci_level '0.05': a confidence level lies between 0.5 and 1. Correct it, usually to 0.95. "
        "[level_implausible]",
    ),
    (
        {"estimate": "-0.34"},
        "non_positive_ratio",
        "row 2, column estimate '-0.34': a ratio is greater than 0; this looks like its logarithm. Give the ratio itself, "
        "or change measure, for example to log HR. [non_positive_ratio]",
    ),
    (
        {"measure": "RD", "estimate": "-12", "ci_low": "-20", "ci_high": "-4", "p": ""},
        "beyond_range",
        "row 2, column estimate '-12': a risk difference lies between -1 and 1. Give it as a share: -0.12 for 12 percentage "
        "points fewer. [beyond_range]",
    ),
    (
        {"measure": "hazard"},
        "unknown_measure",
        "row 2, column measure 'hazard': the effect measure is not known. Use one of HR, OR, RR, log HR, log OR, log RR, "
        "MD, SMD, RD; for a row that gives one arm, mean, log odds, log hazard, log risk. [unknown_measure]",
    ),
    (
        {"ci_low": "", "ci_high": "", "p": ""},
        "interval_missing",
        "row 2, column ci_low '': there is neither an interval nor a standard error. Give both limits and ci_level, or the "
        "standard error in a column se. [interval_missing]",
    ),
    (
        {"estimate": "1.19", "ci_low": "0.81", "ci_high": "1.74", "p": "0.37", "conclusion": "lower"},
        "conclusion_contradicts_estimate",
        "row 2, column conclusion 'lower': the conclusion says lower, but the estimate is 1.19 and its interval 0.81 to "
        "1.74 includes 1. Correct the conclusion. [conclusion_contradicts_estimate]",
    ),
    (
        {"estimate": "0.88", "ci_low": "0.68", "ci_high": "1.14", "p": "0.33", "conclusion": "lower"},
        "conclusion_beyond_interval",
        "row 2, column conclusion 'lower': the conclusion says lower, but the interval 0.68 to 1.14 includes 1. Say that "
        "a difference was not shown. [conclusion_beyond_interval]",
    ),
    (
        {"estimate": "0.71", "ci_low": "", "p": ""},
        "limit_missing",
        "row 2, column ci_low '': the lower limit is missing. Look it up. Symmetry on the log scale would give 0.58 (0.57 "
        "to 0.59 allowing for rounding); write that number into ci_low yourself if you accept it. [limit_missing]",
    ),
    (
        {"estimate": "0,71", "p": ""},
        "decimal_comma",
        "row 2, column estimate '0,71': estimate has a decimal comma. Write 0.71. [decimal_comma]",
    ),
    (
        {"measure": "OR", "ci_low": "0.00", "p": ""},
        "non_positive_ratio",
        "row 2, column ci_low '0.00': a ratio is greater than 0; this one was rounded to 0. Give more decimals, or the "
        "standard error of its logarithm in a column se. [non_positive_ratio]",
    ),
    (
        {"se": "0.2"},
        "standard_error_inconsistent",
        "row 2, column se '0.2': the 95 % interval implies a standard error of 0.108 on the log scale, not 0.2. Correct "
        "one of them, or leave one blank. [standard_error_inconsistent]",
    ),
    (
        {"p": "NS"},
        "p_value",
        "row 2, column p 'NS': a p-value is a number between 0 and 1, or one such as <0.001. Correct it. [p_value]",
    ),
    (
        {"conclusion": "no difference"},
        "conclusion_contradicts_interval",
        "row 2, column conclusion 'no difference': the conclusion says no difference, but the interval 0.57 to 0.87 "
        "excludes 1. Correct the conclusion. [conclusion_contradicts_interval]",
    ),
]


@pytest.mark.parametrize(("row", "code", "message"), ROWS)
def test_each_check_has_its_exact_message(row, code, message):
    assert str(refused(row)[code]) == message


def test_scales_duplicates_and_labels_are_checked_between_rows():
    found = refused({}, {"study": "S2", "measure": "OR"}, {"study": "ESCORT"})
    assert str(found["mixed_scales"]) == (
        "row 3, column measure 'OR': OS is reported as OR here and as HR in row 2. Bring all rows of an endpoint to one "
        "measure. [mixed_scales]"
    )
    assert str(found["study_twice"]) == (
        "row 4, column study 'ESCORT': ESCORT, camrelizumab against chemotherapy, OS also stands in row 2. Keep one, or "
        "tell subgroups apart with a column population. [study_twice]"
    )
    assert "same_regimen" in refused({"control": "camrelizumab"})
    assert "blank_label" in refused({"experimental": " "})
    with pytest.raises(be.DataError, match="no column estimate"):
        be.read_effects(frame({}).drop(columns="estimate"))


def test_every_problem_of_a_table_is_reported_at_once():
    rows = [{"se": "", **row, "study": f"S{i}"} for i, (row, _, _) in enumerate(ROWS)]
    with pytest.raises(be.DataError) as caught:
        be.read_effects(frame(*rows))
    assert {code for _, code, _ in ROWS} <= {p.code for p in caught.value.problems}


def test_check_prints_every_message_of_a_file(tmp_path, capsys):
    """One file with every flaw of a row, a study twice and two scales: all messages at once, exit 3."""
    flawed = [{"se": "", **GOOD, **row, "study": f"S{i}", "endpoint": "PFS"} for i, (row, _, _) in enumerate(ROWS)]
    between = [{**GOOD, "study": "Twice"}, {**GOOD, "study": "Twice"}, {**GOOD, "measure": "RR"}]
    path = tmp_path / "flaws.csv"
    pd.DataFrame([*flawed, *between]).fillna("").to_csv(path, index=False)
    assert main(["check", "--kind", "effects", str(path)]) == 3
    shown = capsys.readouterr().err
    for i, (_, _, message) in enumerate(ROWS):
        assert message.replace("row 2,", f"row {i + 2},") in shown
    last = len(ROWS) + 3
    assert f"row {last}, column study 'Twice': Twice, camrelizumab against chemotherapy, OS also stands in row" in shown
    assert f"row {last + 1}, column measure 'RR': OS is reported as RR here and as HR in row {last - 1}." in shown


@pytest.mark.parametrize(
    ("changes", "measure", "level"),
    [
        ({"measure": "ln(HR)", "estimate": "-0.34", "ci_low": "-0.56", "ci_high": "-0.14"}, "log HR", 0.95),
        ({"measure": "hazard ratio", "ci_level": "95% CI"}, "HR", 0.95),
        ({"measure": "relative risk", "ci_level": "90 %", "p": ""}, "RR", 0.9),
        ({"measure": "RD", "estimate": "-0.05", "ci_low": "-0.12", "ci_high": "0.02", "p": "p=0.16"}, "RD", 0.95),
        ({"measure": "ＨＲ", "ci_level": "97.5%", "p": "<.01"}, "HR", 0.975),
        ({"measure": "log_or", "estimate": "0.1", "ci_low": "-0.3", "ci_high": "0.5", "p": ""}, "log OR", 0.95),
    ],
)
def test_measures_and_levels_may_be_written_as_sources_do(changes, measure, level):
    found = be.read_effects(frame(changes)).frame.iloc[0]
    assert (found["measure"], found["ci_level"]) == (measure, level)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_table_whose_column_names_the_measure(tmp_path, encoding):
    path = tmp_path / "试验.csv"
    path.write_text(
        "研究,试验组,对照组,终点,HR,下限,上限,置信水平\n甲,卡瑞利珠单抗,化疗,OS,0.71,0.57,0.87,95%\n", encoding=encoding
    )
    found = be.read_effects(path).frame.iloc[0]
    assert (found["study"], found["measure"], found["estimate"], found["ci_level"]) == ("甲", "HR", 0.71, 0.95)


def test_standard_errors_follow_the_level_of_each_row():
    table = be.read_effects(
        frame(
            {},
            {"study": "S2", "ci_level": "99.1%", "estimate": "0.74", "ci_low": "0.58", "ci_high": "0.96", "p": "0.002"},
        )
    )
    expected = [
        np.log(0.87 / 0.57) / (2 * stats.norm.ppf(0.975)),
        np.log(0.96 / 0.58) / (2 * stats.norm.ppf(0.9955)),
    ]
    np.testing.assert_allclose(table.frame["se"], expected, rtol=1e-12)
    np.testing.assert_allclose(table.frame["y"], np.log([0.71, 0.74]), rtol=1e-12)


def test_standard_errors_may_stand_in_place_of_intervals():
    table = be.read_effects(
        pd.DataFrame(
            [
                {
                    "study": "A",
                    "experimental": "x",
                    "control": "y",
                    "endpoint": "off time",
                    "measure": "MD",
                    "estimate": -1.5,
                    "se": 0.4,
                }
            ]
        )
    )
    assert table.frame.loc[2, ["y", "se"]].tolist() == [-1.5, 0.4]


def test_rounding_alone_is_never_a_problem():
    rng = np.random.default_rng(1)
    rows = []
    for i in range(200):
        y, se = rng.normal(-0.2, 0.4), rng.uniform(0.05, 0.4)
        p = 2 * stats.norm.sf(abs(y) / se)
        rows.append(
            {
                "study": f"S{i}",
                "estimate": f"{np.exp(y):.2f}",
                "ci_low": f"{np.exp(y - 1.959964 * se):.2f}",
                "ci_high": f"{np.exp(y + 1.959964 * se):.2f}",
                "p": f"{p:.3f}" if p >= 0.0015 else "<0.002",
            }
        )
    assert len(be.read_effects(frame(*rows))) == 200


def test_rounding_alone_is_no_problem_below_zero_either():
    """Differences and logarithms, of any sign and unit."""
    rng = np.random.default_rng(2)
    rows = []
    for i in range(200):
        unit = 10.0 ** rng.integers(-1, 3)
        y, se = unit * rng.normal(-0.2, 0.5), unit * rng.uniform(0.05, 0.4)
        p = 2 * stats.norm.sf(abs(y) / se)
        rows.append(
            {
                "study": f"S{i}",
                "endpoint": f"E{i % 2}",
                "measure": "MD" if i % 2 else "log HR",
                "estimate": f"{y:.2f}",
                "ci_low": f"{y - 1.959964 * se:.2f}",
                "ci_high": f"{y + 1.959964 * se:.2f}",
                "p": f"{p:.3f}" if p >= 0.0015 else "<0.002",
            }
        )
    table = be.read_effects(frame(*rows))
    assert len(table) == 200
    assert {w.code for w in table.warnings} <= {"interval_slightly_asymmetric", "unknown_direction"}
    flawed = {"measure": "MD", "estimate": "-0.9", "ci_low": "-1.2", "ci_high": "0.2", "p": ""}
    assert str(refused(flawed)["interval_asymmetric"]).startswith(
        "row 2, column estimate '-0.9': the middle of the interval arithmetically is -0.550 to -0.450 allowing for rounding"
    )


def test_contrasts_of_one_study_are_not_pooled_as_independent():
    table = be.load_dataset("pd1_trials_effects")
    assert "shared_control" in {w.code for w in table.warnings}
    chosen = table.select(endpoint="OS", where={"line": "first", "population": "all"})
    with pytest.raises(be.DataError) as caught:
        chosen.require_independent()
    assert str(caught.value.problems[0]) == (
        "row 16, column study 'CheckMate 648': CheckMate 648 gives 2 contrasts that share patients (nivolumab + "
        "cisplatin/5-FU and nivolumab + ipilimumab); pooled as independent its control arm would count 2 times. Keep one "
        "with where or regimens, or use network = true, which models their correlation. [shared_control]"
    )


@pytest.mark.parametrize("column", ["n_experimental", "events_experimental", "design"])
def test_what_describes_arms_selects_no_contrast(column):
    said = ["randomised", "single-arm"] if column == "design" else ["50", "60"]
    rows = [{"experimental": name, column: cell} for name, cell in zip("ab", said, strict=True)]
    with pytest.raises(be.DataError, match="share the arm"):
        be.read_effects(frame(*rows)).require_usable()
    assert "study_twice" in refused(*({**row, "experimental": "a"} for row in rows))


def test_one_error_of_a_shared_arm_may_be_printed_in_two_ways():
    rows = [{"experimental": name, "control_se": cell} for name, cell in (("a", "0.05"), ("b", "0.050"))]
    be.read_effects(frame(*rows)).require_usable()
    rows[1]["control_se"] = "0.06"
    with pytest.raises(be.DataError, match=r"control_se differs between the rows of one arm \(0.05, 0.06\)"):
        be.read_effects(frame(*rows)).require_usable()


@pytest.mark.parametrize("header", ["HR, 95% CI", "HR [95% CI]", "HR (95% CI)"])
def test_the_header_of_an_interval_names_the_measure_too(header):
    labels = {c: GOOD[c] for c in ("study", "experimental", "control", "endpoint")}
    table = be.read_effects(pd.DataFrame([{**labels, header: "0.71 (0.57-0.87)"}]))
    assert list(table.frame["measure"]) == ["HR"]


def test_one_estimate_without_an_interval_hides_no_other():
    labels = {c: GOOD[c] for c in ("study", "experimental", "control", "endpoint")}
    rows = [{**labels, "HR (95% CI)": "0.71 (0.57-0.87)"}, {**labels, "study": "T", "HR (95% CI)": "NR"}]
    with pytest.raises(be.DataError) as caught:
        be.read_effects(pd.DataFrame(rows))
    assert {p.row for p in caught.value.problems} == {3}


def test_regimens_are_selected_however_wide_their_letters():
    table = be.read_effects(frame({"experimental": "drug（weekly）"}))
    for name in ("drug（weekly）", "drug(weekly)"):
        assert len(table.select(regimens=[name, GOOD["control"]])) == 1


def test_the_design_of_a_trial_is_read_as_that_of_counts_is():
    assert list(be.read_effects(frame({"design": "Randomized"})).frame["design"]) == ["randomised"]
    assert "unknown_design" in refused({"design": "crossover"})


def test_a_network_in_pieces_is_named():
    table = be.read_effects(frame({}, {"study": "S2", "experimental": "a", "control": "b"}))
    with pytest.raises(be.DataError) as caught:
        table.require_connected()
    assert str(caught.value.problems[0]) == (
        "the network is in 2 pieces without a common regimen: (1) camrelizumab, chemotherapy; (2) a, b. Compare within "
        "one piece, or give regimens that are the same in practice one name. [network_in_pieces]"
    )
    assert "network_in_pieces" in {w.code for w in table.warnings}
    assert connected_pieces([("a", "b"), ("c", "d"), ("b", "c")]) == [["a", "b", "c", "d"]]


def test_selection_refuses_what_is_not_there():
    table = be.load_dataset("pd1_trials_effects")
    with pytest.raises(be.AnalysisError, match="Did you mean 'PFS'"):
        table.select(endpoint="PSF")
    with pytest.raises(be.AnalysisError, match="name one"):
        table.select()
    with pytest.raises(be.AnalysisError, match="no row has population = al"):
        table.select(endpoint="OS", where={"population": "al"})
    with pytest.raises(be.DataError, match="overlapping populations"):
        table.select(endpoint="OS", where={"study": "KEYNOTE-590"})


def test_bundled_rows_are_verified_and_checkmate_keeps_its_own_levels():
    table = be.load_dataset("pd1_trials_effects")
    assert table.frame["verification"].str.startswith("verified").all()
    assert (table.frame["source"] != "").all()
    levels = set(table.frame.loc[table.frame["study"] == "CheckMate 648", "ci_level"])
    assert levels == {0.991, 0.985, 0.995, 0.982, 0.986}


def test_check_shows_every_flaw_of_the_thesis(capsys):
    path = str(DATASETS["thesis_pooled_results"].path)
    assert main(["check", "--kind", "effects", path]) == 3
    shown = capsys.readouterr().err
    for code in (
        "limit_missing",
        "garbled_limits",
        "conclusion_contradicts_estimate",
        "conclusion_beyond_interval",
        "conclusion_contradicts_interval",
    ):
        assert code in shown
    assert main(["datasets", "thesis_pooled_results"]) == 0
    assert "1.394.01" in capsys.readouterr().out
    with pytest.raises(be.DataError):
        be.load_dataset("thesis_pooled_results")


def test_check_accepts_the_trials(capsys):
    assert main(["check", "--kind", "effects", str(DATASETS["pd1_trials_effects"].path)]) == 0
    assert "No problems" in capsys.readouterr().out
    assert main(["datasets", "pd1_trials_effects", "--json"]) == 0


def test_counts_are_told_apart_from_effects():
    frame = pd.DataFrame({"study": ["A", "A"], "regimen": ["x", "y"], "endpoint": "ORR", "events": [3, 4], "n": [9, 9]})
    with pytest.raises(be.DataError, match="these are counts of events, not effects") as refused:
        be.read_effects(frame)
    assert [p.code for p in refused.value.problems] == ["counts"]


def test_medians_with_their_events_are_no_counts():
    """They were said to be counts, since they hold events and patients too."""
    frame = pd.DataFrame({"study": ["A"], "regimen": ["x"], "n": [40], "median": ["14.2"], "events": [18]})
    with pytest.raises(be.DataError, match="these are medians of single regimens, not effects") as refused:
        be.read_effects(frame)
    assert [p.code for p in refused.value.problems] == ["medians"]


def test_optional_columns_are_read_in_any_case():
    table = be.read_effects(frame({"Design": "randomised", "N experimental": "228"}))
    assert {"design", "n_experimental"} <= {*table.frame.columns}


def test_an_effect_has_one_direction():
    """Two are refused with both rows, as is a word that is none; a blank says nothing."""
    smd = {"endpoint": "pain", "measure": "SMD", "estimate": "0.4", "ci_low": "0.1", "ci_high": "0.7", "p": ""}
    rows = [{**smd, "better": "lower"}, {**smd, "study": "B", "better": "higher"}]
    found = refused(*rows)["two_directions"]
    assert (found.row, found.message) == (3, "pain is better higher here and lower in row 2")
    assert refused({**smd, "better": "up"})["unknown_direction"].column == "better"
    assert "unknown_direction" not in {
        w.code for w in be.read_effects(frame(rows[0], rows[1] | {"better": ""})).warnings
    }
