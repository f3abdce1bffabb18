"""What is typed at the prompt, one row each, through the command line and Python alike: value, message, exit code."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.population.bias import Bias, CriticalBiasOfRates
from bayes_escc.probability.beta import Beta
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects
from tests.helpers.prompts import ARMS, ESCORT, ROWS

CALLS = {"compare": compare_counts, "pool": pool_effects}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_typed_gives_what_it_must(name, capsys):
    typed = ROWS[name]
    code = main(typed.line())
    printed = capsys.readouterr()
    if typed.refused:
        with pytest.raises(be.BayesEsccError) as refused:
            CALLS[typed.command](typed.words, **typed.options)
        assert (code, refused.value.exit_code) == (typed.code, typed.code)
        assert typed.refused in str(refused.value)
        assert printed.err == f"bayes-escc: {refused.value}\n"
        assert printed.out == ""
        return
    assert code == 0, printed.err
    told = json.loads(printed.out)
    called = CALLS[typed.command](typed.words, **typed.options)
    assert told["analysis"]["sha256"] == called["analysis"]["sha256"]
    assert [w["code"] for w in told["data"]["warnings"] if w["code"] == typed.noted] == [typed.noted] * bool(
        typed.noted
    )
    if typed.noted != "no_rationale":
        assert "no_rationale" not in {w["code"] for w in told["data"]["warnings"]}


def test_a_level_that_is_asked_for_has_its_tipping_point(capsys):
    assert main(["compare", *ARMS, "--bias-sd", "0", "--level", "0.8"]) == 0
    assert "tips at 0.8" in capsys.readouterr().out
    (row,) = compare_counts(ARMS, bias_sd=0.0, levels=(0.8,))["bias"]
    (one,) = be.tipping({"A": (10, 29), "B": (12, 35)})
    assert row["tipping"][0]["bias"] == one.point(0.8)
    assert "bias" not in compare_counts(ARMS, bias_sd=0.0)  # nobody asked, and no bias is allowed for


def test_conditions_that_leave_no_row_together_are_named(capsys):
    given = ["pool", "pd1_trials_effects", "--where", "line=first", "--where", "study=ESCORT"]
    assert main(given) == 2
    assert "no row of pd1_trials_effects.csv meets all of line=first, study=ESCORT" in capsys.readouterr().err


def test_what_is_asked_in_python_is_refused_in_its_own_words():
    with pytest.raises(be.AnalysisError, match=r"^margin is the size"):
        be.tipping({"A": (10, 29), "B": (12, 35)}, margin=-0.1)


@pytest.mark.parametrize(
    "words",
    [
        ["template", "patients", "OUT.xlsx"],
        ["models", "second_line_response", "--copy", "OUT.toml"],
        ["models"],
        ["models", "second_line_response"],
        ["datasets"],
        ["datasets", "second_line_cohorts"],
        ["check", "second_line_response"],
        ["compare", *ARMS],
        ["pool", *ESCORT],
        ["tipping", *ARMS],
        ["monitor", "table", "second_line_response_monitored", "--rule", "deaths"],
        ["monitor", "oc", "second_line_response_monitored", "--rule", "deaths"],
        ["design", "check", "second_line_single_arm"],
        ["overlap", "own_against_published_response"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_command_prints_json_where_it_is_asked_to(words, tmp_path, capsys):
    given = [str(tmp_path / w) if w.startswith("OUT") else w for w in words]
    assert main([*given, "--json"]) in (0, 3)
    assert json.loads(capsys.readouterr().out)
    assert all(Path(g).is_file() for g, w in zip(given, words, strict=True) if w.startswith("OUT"))


def test_numbers_beyond_a_computer_are_one_sentence(capsys):
    for given in ([*ESCORT, "--effect-prior", "Normal(1000,1)"], ["S=1,0.9999999999,1.0000000001"]):
        assert main(["pool", *given]) == 4
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "beyond what can be computed" in said


@pytest.mark.parametrize(
    ("counts", "asked", "said"),
    [
        ({}, {}, 'counts are whole numbers by arm, such as {"A": (10, 29), "B": (12, 35)}.'),
        ({"A": (10, 29, 3), "B": (12, 35)}, {}, "not {A: (10, 29, 3)}"),
        ({"A": (10.5, 29), "B": (12, 35)}, {}, "not {A: (10.5, 29)}"),
        ({"A": (True, 29), "B": (12, 35)}, {}, "not {A: (True, 29)}"),
        ({"A": (10, 29), "B": (12, 35)}, {"scale": "oods_ratio"}, "Did you mean 'odds_ratio'?"),
        ({"A": (10, 29), "B": (12, 35)}, {"better": "up"}, "better 'up' is not one of higher, lower."),
        ({"A": (10, 29), "B": (12, 35)}, {"bias_mean": 1e6}, "from -100 to 100"),
        ({"A": (10, 29), "B": (12, 35)}, {"bias_sd": math.nan}, "from 0 to 20"),
    ],
)
def test_what_is_asked_of_counts_in_python_is_refused_in_a_sentence(counts, asked, said):
    with pytest.raises(be.AnalysisError) as refused:
        be.tipping(counts, **asked)
    assert said in str(refused.value)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 1e6, "x", True, None])
def test_a_bias_that_is_no_number_is_refused(wrong):
    (one,) = be.tipping({"A": (10, 29), "B": (12, 35)})
    for ask in (
        one.probability,
        lambda b: one.curve([b]),
        lambda b: one.course([b]),
        lambda b: one.surface([b], [0.0]),
    ):
        with pytest.raises(be.AnalysisError, match="a bias is a number from -700 to 700"):
            ask(wrong)


def test_printed_effects_are_the_numbers_typed():
    plain = pool_effects(ESCORT)["estimates"]
    for words in ("ESCORT=0·71,0·57,0·87", "ESCORT=0.71 (0.57–0.87)", "ESCORT＝0.71（0.57，0.87）"):
        assert pool_effects((words,))["estimates"] == plain


class TestCost:
    """The answer costs the same for any number of patients, and is as exact."""

    @pytest.mark.parametrize("n", [10**3, 10**6, 10**9, 10**12])
    def test_the_probability_is_that_of_the_normal_limit(self, n):
        """Within a relative 1e-6 from a million on, where log odds are normal; for a thousand by quadrature."""
        k = n // 2 + max(1, round(math.sqrt(n)))
        found = compare_counts([f"a={n // 2}/{n}", f"b={k}/{n}"])["comparisons"][0]["probability_better"]
        x, y = (1 + k, 1 + n - k), (1 + n // 2, 1 + n - n // 2)
        if n == 10**3:
            law, other = stats.beta(*x), stats.beta(*y)
            expected = integrate.quad(lambda p: law.sf(p) * other.pdf(p), 0.3, 0.7, epsabs=1e-13, points=[0.5])[0]
        else:
            variance = sum(Fraction(a * b, (a + b) ** 2 * (a + b + 1)) for a, b in (x, y))
            expected = NormalDist().cdf(float(Fraction(x[0] - y[0], n + 2)) / math.sqrt(variance))
        assert found == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize("n", [10**3, 10**12])
    def test_averaging_over_a_bias_looks_at_as_many_places(self, n, monkeypatch):
        places = []
        whole = CriticalBiasOfRates._on_panels

        def counted(edges, coefficients, bias):
            places.append(bias.size)
            return whole(edges, coefficients, bias)

        monkeypatch.setattr(CriticalBiasOfRates, "_on_panels", staticmethod(counted))
        critical = CriticalBiasOfRates(Beta(n / 2 + 9, n / 2), Beta(n / 2, n / 2), 0.0, "difference", True)
        value, _ = critical.averaged(Bias("log_odds", 0.1, 0.5))
        assert sum(places) < 500
        centre, spread = critical._centre_and_spread
        assert value == pytest.approx(
            NormalDist().cdf((centre - 0.1) / math.hypot(0.5, spread)), abs=1e-4 if n < 1e4 else 1e-9
        )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "words",
    [["compare", *ARMS, "--json"], ["check", "second_line_response"], ["--version"], ["study", "update", "--help"]],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(("where", "buffering"), [("> /dev/full", ""), ("> /dev/full", "1"), (">&-", "")])
def test_output_that_nobody_takes_is_one_sentence(words, where, buffering, tmp_path):
    """Neither a full disk nor a closed standard output gives a traceback, whether or not Python buffers output."""
    code, said = redirected(f"exec {where}", words, tmp_path, buffering)
    assert code == 2
    assert said.startswith("bayes-escc: the output could not be written: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "2>&- >&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [(["compare", *ARMS], 0), (["nothing"], 2), (["study", "status", "none.db"], 5)],
)
def test_complaints_that_nobody_takes_change_no_exit_code(words, code, where, tmp_path):
    """Nor do they land among the results."""
    out = tmp_path / "out"
    kept = "" if ">&-" in where.split()[1:] else f" >{out}"
    found, _ = redirected(f"exec {where}{kept}", words, tmp_path)
    assert found == (2 if not kept and code == 0 else code)
    assert not kept or bool(out.read_text()) == (code == 0)


def redirected(streams, words, folder, buffering=""):
    """Exit code and standard error of a command whose streams a shell has redirected."""
    program = f"import sys; from bayes_escc.cli import main; sys.exit(main({words!r}))"
    done = subprocess.run(
        ["/bin/sh", "-c", f'{streams}; exec "$0" -c "$1"', sys.executable, program],
        stderr=subprocess.PIPE, text=True, cwd=folder, check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": buffering},
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(("typed", "plain"), [("10%", "0.1"), ("10 %", "0.1"), ("0·1", "0.1"), ("１０％", "0.1")])
def test_numbers_at_the_prompt_are_read_as_in_tables(typed, plain, capsys):
    answers = []
    for margin in (typed, plain):
        assert main(["compare", "A=10/29", "B=12/35", "--margin", margin, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["comparisons"])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("command", "options"),
    [("compare", ["--margin", "0.1_0"]), ("compare", ["--margin", "٠.١"]), ("compare", ["--prior", "1_0,2"]),
     ("compare", ["--prior", "log_odds=Normal(0, 1_0)"]), ("pool", ["--baseline", "1_2/40"]),
     ("pool", ["--tau-prior", "HalfNormal(0_5)"]), ("pool", ["--level", "0.9_5"])],
)  # fmt: skip
def test_an_underscore_is_in_no_number(command, options, capsys):
    arms = ["A=10/29", "B=12/35"] if command == "compare" else ["E=0.71,0.57,0.87", "F=0.8,0.6,1.05"]
    try:
        code = main([command, *arms, *options])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "printed", "plain"),
    [("compare", ["--prior", "０·５，２"], ["--prior", "0.5,2"]),
     ("compare", ["--prior", "log_odds=Normal（−1，0·5）"], ["--prior", "log_odds=Normal(-1, 0.5)"]),
     ("pool", ["--baseline", "30%"], ["--baseline", "0.3"]),
     ("pool", ["--baseline", "１２／４０"], ["--baseline", "12/40"]),
     ("pool", ["--tau-prior", "HalfNormal(0·5)"], ["--tau-prior", "HalfNormal(0.5)"])],
)  # fmt: skip
def test_priors_and_risks_are_read_as_they_are_printed(command, printed, plain, capsys):
    arms = ["A=10/29", "B=12/35"] if command == "compare" else ["E=0.71,0.57,0.87", "F=0.8,0.6,1.05"]
    answers = []
    for options in (printed, plain):
        assert main([command, *arms, *options, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["estimates"])
    assert answers[0] == answers[1]


def test_counts_are_typed_with_their_percentage(capsys):
    assert main(["compare", "A=10/29 (34.5%)", "B=12/35 [34·3]", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["estimates"]
    assert main(["compare", "A=10/29", "B=12/35", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["estimates"] == printed
    assert main(["compare", "A=10/29 (44.5%)", "B=12/35"]) == 3
    assert "10 of 29 is 34.48 %, not 44.5 %; correct either" in capsys.readouterr().err


def test_tipping_reads_arms_as_compare_does(capsys):
    """It had a reader of its own, for which full-width digits and printed percentages were no arms."""
    told = []
    for arms in (["甲=10/29", "乙=12/35"], ["甲=１０／２９", "乙 = 12/35 (34.3%)"]):
        assert main(["tipping", *arms, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    for arms in (["A=10/29", "B=12"], ["A=10/29", "B=36/35"], ["A=10/29", "A=12/35"], ["A=10/29"]):
        codes = [main([command, *arms]) for command in ("compare", "tipping")]
        compared, tipped = capsys.readouterr().err.splitlines()
        assert codes[0] == codes[1]
        assert compared == tipped


def test_effects_are_typed_with_the_level_of_their_interval(capsys):
    """An interval of 90 % is narrower than one of 95 % for the same data."""
    assert main(["pool", "E=0.71 (90% CI, 0.57 to 0.88)", "F=0.8,0.6,1.05", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["estimates"]
    ratio = NormalDist().inv_cdf(0.975) / NormalDist().inv_cdf(0.95)
    wider = [0.71 * (limit / 0.71) ** ratio for limit in (0.57, 0.88)]
    assert main(["pool", f"E=0.71,{wider[0]:.4f},{wider[1]:.4f}", "F=0.8,0.6,1.05", "--json"]) == 0
    other = json.loads(capsys.readouterr().out)["estimates"]
    assert found[0]["median"] == pytest.approx(other[0]["median"], rel=1e-3)
    assert found[0]["upper"] == pytest.approx(other[0]["upper"], rel=1e-3)


def test_what_is_typed_in_tens_of_thousands_is_shown_short(capsys):
    assert main(["compare", "A=10/29", "B=12/" + "9" * 5000]) == 2
    assert len(capsys.readouterr().err) < 300
    for names in ([f"R{i}=3/30" for i in range(51)], [f"S{i}=0.8,0.6,1.07" for i in range(201)]):
        assert main(["pool" if "," in names[0] else "compare", *names]) == 2
        assert "can be typed; put" in capsys.readouterr().err


@pytest.mark.parametrize(
    "prior", [["--contrast-prior", "log_odds_ratio=Normal(0, 1)", "--prior", "log_odds=Normal(0, 1e-8)"],
              ["--contrast-prior", "risk_difference=Normal(0, 0.001)"]]
)  # fmt: skip
def test_a_prior_that_ties_rates_beyond_what_is_integrated_is_refused(prior, capsys):
    assert main(["compare", "A=10/29", "B=12/35", *prior]) == 2
    assert "ties the rates too closely to be integrated at once" in capsys.readouterr().err


def test_as_many_patients_under_any_prior(capsys):
    """A million million was taken under Beta priors, and refused as row 3 of a DataFrame under others."""
    for options in ([], ["--prior", "log_odds=Normal(0, 2)"]):
        assert main(["compare", "A=3/7", "B=500000000000/1000000000000", *options]) == 0
        assert main(["compare", "A=3/7", "B=500000000000/1000000000001", *options]) == 3
        assert capsys.readouterr().err.startswith("bayes-escc: 'B=500000000000/1000000000001': the number of patients")


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--margin", "0,1"], "选项--margin：'0,1'不是数字"),
     (["--scale", "odds"], "不在'difference', 'ratio', 'odds_ratio'之列"),
     (["--rope", "0.1"], "选项--rope后应有2个值"), (["--frob"], "不认识的参数：--frob")],
)  # fmt: skip
def test_wrong_usage_is_told_in_the_language_of_the_answer(options, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "A=10/29", "B=12/35", "--language", "zh", *options])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_word_is_no_number(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "A=10/29", "B=12/35", "--margin", "a tenth"])
    assert ended.value.code == 2
    assert "--margin: invalid number value: 'a tenth'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["tipping", "A=10/29", "B=12/35", "B=30/35"], "'B' is used twice"),
        (["tipping", "A=10/29", "B=12/35", "--bias-mean", "inf"], "finite number"),
        (["tipping", "A=10/29", "B=12/35", "--estimand", "rmst"], "one estimand, the rate"),
        (["tipping", "A=10/29", "B=12/35", "--reference", "C"], "'C' is not one of A, B"),
        (["tipping", "pd1_second_line_os"], "effect is not estimated by regimen"),
    ],
)
def test_a_tipping_point_that_cannot_be_had_is_refused_with_its_reason(given, said, capsys):
    assert main(given) == 2
    assert said in capsys.readouterr().err


def test_a_tipping_point_takes_the_reference_that_was_asked_for(capsys):
    assert main(["tipping", "A=10/29", "B=12/35", "--reference", "B"]) == 0
    assert "response: A against B" in capsys.readouterr().out


def test_an_option_cut_short_is_not_guessed(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "A=10/29", "B=12/35", "--lang", "zh"])
    assert ended.value.code == 2
    assert "--lang" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["pool", "pd1_trials_effects", "--measure", "OR"], "--measure and --level are of typed effects"),
        (["pool", "pd1_trials_effects", "--level", "0.9"], "--measure and --level are of typed effects"),
        (["pool", "A=0.7,0.5,0.9", "--better", "lower"], "state --baseline too"),
        (["monitor", "table", "thall_simon", "standard=34,124", "--rule", "x"], "a kind of rule is one already"),
        (["check", "COUNTS", "--kind", "counts", "--time", "months"], 'time: belongs to kind = "patients"'),
    ],
)
def test_an_option_that_nothing_uses_is_refused(given, said, tmp_path, capsys):
    counts = tmp_path / "counts.csv"
    counts.write_text("study,regimen,endpoint,events,n\nS,A,ORR,3,20\nS,B,ORR,5,20\n")
    assert main([str(counts) if g == "COUNTS" else g for g in given]) == 2
    assert said in capsys.readouterr().err
