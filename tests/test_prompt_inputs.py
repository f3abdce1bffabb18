"""What is typed at the prompt, one row each, through the command line and Python alike: value, message, exit code."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
from scipy import integrate, stats

import bayes_escc as be
from bayes_escc.cli import main
from bayes_escc.evidence.population.bias import Bias, CriticalBiasOfRates
from bayes_escc.probability.beta import Beta
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects

CALLS = {"compare": compare_counts, "pool": pool_effects}
ARMS = ("A=10/29", "B=12/35")
ESCORT = ("ESCORT=0.71,0.57,0.87",)


@dataclass(frozen=True)
class Typed:
    """A command and its options, and what must come of them: a message and an exit code, or a note."""

    command: str
    words: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    code: int = 2
    noted: str = ""

    def line(self) -> list[str]:
        """As it is typed."""
        given: list[str] = []
        for name, value in self.options.items():
            name = {"levels": "level"}.get(name, name)
            values = value if isinstance(value, tuple) else (value,)
            given += [f"--{name.replace('_', '-')}", *([] if value is True else map(str, values))]
        return [self.command, *self.words, *given, "--json"]


ROWS = {
    "margin in per cent": Typed("compare", ARMS, {"margin": 35.0}, "Did you mean 0.35?"),
    "margin of 10": Typed("compare", ARMS, {"margin": 10.0}, "Did you mean 0.1?"),
    "margin that is no number": Typed("compare", ARMS, {"margin": math.nan}, "finite number"),
    "endless margin": Typed("compare", ARMS, {"margin": math.inf}, "finite number"),
    "rope that is no number": Typed("compare", ARMS, {"rope": (math.nan, math.nan)}, "finite number"),
    "rope upside down": Typed("compare", ARMS, {"rope": (0.2, 0.1)}, "lower limit first"),
    "rope in per cent": Typed("compare", ARMS, {"rope": (-5.0, 5.0)}, "Did you mean"),
    "margin of a ratio below 0": Typed("compare", ARMS, {"scale": "ratio", "margin": -1.0}, "margin"),
    "interval of no width": Typed("compare", ARMS, {"ci_prob": 0.0}, "between 0 and 1"),
    "interval in per cent": Typed("compare", ARMS, {"ci_prob": 95.0}, "between 0 and 1"),
    "bias that is no number": Typed("compare", ARMS, {"bias_sd": math.nan}, "at least 0"),
    "prior without end": Typed("compare", ARMS, {"prior": "1e-300,1e300"}, "between 1e-05 and 1e+15"),
    "prior of digits without end": Typed("compare", ARMS, {"prior": f"1,1{'0' * 400}"}, "greater than 0"),
    "prior below 0": Typed("compare", ARMS, {"prior": "-1,1"}, "greater than 0"),
    "prior in words": Typed("compare", ARMS, {"prior": "flat"}, "uniform, jeffreys"),
    "prior without a reason": Typed("compare", ARMS, {"prior": "3,7"}, noted="no_rationale"),
    "prior with a reason": Typed("compare", ARMS, {"prior": "3,7", "rationale": "Two earlier trials."}),
    "prior with a name": Typed("compare", ARMS, {"prior": "jeffreys"}),
    "fewer responses are better": Typed("compare", ARMS, {"better": "lower"}, noted="unusual_direction"),
    "more events than patients": Typed("compare", ("A=30/29", "B=12/35"), {}, "between 0 and 29", 3),
    "nobody": Typed("compare", ("A=0/0", "B=12/35"), {}, "at least 1", 3),
    "underscore": Typed("compare", ("A=1_0/29", "B=12/35"), {}, "is not NAME=EVENTS/N"),
    "digits without end": Typed("compare", (f"A=1/{'9' * 5000}", "B=12/35"), {}, "is not NAME=EVENTS/N"),
    "one name in two widths": Typed("compare", ("A=10/29", "Ａ=12/35"), {}, "used twice"),
    "full-width numbers": Typed("compare", ("A＝１０／２９", "B=12/35")),
    "escape in a name": Typed("compare", ("A\x1b[31m=10/29", "B=12/35"), {}, "cannot be seen or printed"),
    "escape in the name of an effect": Typed("pool", ("A\x1b[31m=0.7,0.5,0.9",), {}, "cannot be seen or printed"),
    "one arm": Typed("compare", ("A=10/29",), {}, "at least two arms"),
    "mid-dots": Typed("pool", ("ESCORT=0·71,0·57,0·87",)),
    "as printed": Typed("pool", ("ESCORT=0.71 (0.57–0.87)",)),
    "as printed in words and brackets": Typed("pool", ("ESCORT=0·71 [0·57 to 0·87]",)),
    "as printed with full-width brackets": Typed("pool", ("ESCORT＝0.71（0.57，0.87）",)),
    "upper limit not reached": Typed("pool", ("S=0.7,0.5,NE",), noted="upper_limit_not_reached"),
    "limits run together": Typed("pool", ("S=0.7 0.5 0.9",), {}, "is not NAME=ESTIMATE,LOW,HIGH"),
    "limits upside down": Typed("pool", ("S=0.7,0.9,0.5",), {}, "not below", 3),
    "no number": Typed("pool", ("S=0.7,nan,0.9",), {}, "not a number", 3),
    "pool: margin that is no number": Typed("pool", ESCORT, {"margin": math.nan}, "finite number"),
    "pool: margin below 0": Typed("pool", ESCORT, {"margin": -1.0}, "greater than 0"),
    "pool: difference of risks in per cent": Typed(
        "pool", ("S=0.1,0.02,0.18",), {"measure": "RD", "margin": 35.0}, "Did you mean 0.35?"),
    "pool: level in per cent": Typed("pool", ESCORT, {"level": 95.0}, "0.95", 3),
    "pool: unknown measure": Typed("pool", ESCORT, {"measure": "XX"}, "is not a measure"),
    "pool: prior without a reason": Typed("pool", ESCORT, {"tau_prior": "HalfNormal(0.3)"}, noted="no_rationale"),
    "pool: prior with a reason": Typed(
        "pool", ESCORT, {"tau_prior": "HalfNormal(0.3)", "rationale": "Earlier trials of the class."}),
    "pool: prior that is no law": Typed("pool", ESCORT, {"tau_prior": "HalfNormal"}, "HalfNormal(0.25)"),
    "pool: prior without parameters": Typed("pool", ESCORT, {"tau_prior": "HalfCauchy()"}, "needs (beta)"),
    "pool: prior of no width": Typed("pool", ESCORT, {"tau_prior": "HalfNormal(1e-300)"}, "between 1e-08 and 1e+12"),
    "pool: prior without end": Typed("pool", ESCORT, {"effect_prior": "Normal(0,1e300)"}, "between 1e-08 and 1e+12"),
    "pool: prior far away": Typed("pool", ESCORT, {"effect_prior": "Normal(1e300,1)"}, "between -1e+12 and 1e+12"),
    "pool: logarithm far away": Typed("pool", ESCORT, {"tau_prior": "LogNormal(1000,1)"}, "between -300 and 300"),
    "prior that decides everything": Typed("compare", ARMS, {"prior": "1e6,1e6"}, noted="no_rationale"),
    "tipping point of a level without bias": Typed("compare", ARMS, {"bias_sd": 0.0, "levels": (0.8,)}),
    "level in per cent": Typed("compare", ARMS, {"levels": (80.0,)}, "--level must lie between 0 and 1, not 80 (did"),
    "ratio below 1": Typed("compare", ARMS, {"scale": "ratio", "margin": 0.5}, "--margin must be at least 1"),
    "law of log odds that is half a law": Typed("compare", ARMS, {"prior": "log_odds=HalfNormal(1)"}, "- --prior: "),
    "law of a log risk above 0": Typed("compare", ARMS, {"prior": "log_risk=Normal(5, 1)"}, "--prior: Normal(5, 1)"),
    "law of a contrast that favours one": Typed(
        "compare", ARMS, {"contrast_prior": "log_odds_ratio=Normal(5, 1)"}, "it needs --against-reference"),
    "law of a contrast that not all pairs can have": Typed(
        "compare", (*ARMS, "C=1/3"), {"contrast_prior": "risk_difference=Uniform(-0.5, 0.5)"}, "--against-reference"),
    "pool: one name twice": Typed("pool", ("A=0.7,0.5,0.9", "A=0.8,0.6,1.1"), {}, "the name 'A' is used twice"),
    "pool: a logarithm": Typed("pool", ("A=-0.7,-0.9,-0.5",), {}, "change --measure, for example", 3),
    "pool: an estimate beside its interval": Typed("pool", ("A=0.7,0.8,0.9",), {}, "what was typed was refused", 3),
    "pool: differences beyond the default priors": Typed(
        "pool", ("A=12,5,19", "B=25,20,30"), {"measure": "MD"}, "--effect-prior and --tau-prior: the defaults are"),
    "pool: one default prior of differences": Typed(
        "pool", ("A=12,5,19",), {"measure": "MD", "effect_prior": "Normal(0, 100)"}, "--tau-prior: the defaults are"),
    "pool: differences within the default priors": Typed(
        "pool", ("A=1.2,0.5,1.9",), {"measure": "MD"}, noted="default_prior"),
    "pool: a baseline of what is no risk": Typed(
        "pool", ("A=0.7,0.5,0.9",), {"measure": "SMD", "baseline": "0.3"}, "--baseline: effects measured as SMD"),
    "pool: nobody knows which is better": Typed(
        "pool", ("A=0.7,0.5,0.9",), {"measure": "OR", "baseline": "0.3"}, noted="unknown_direction"),
    "pool: it is known which is better": Typed("pool", ESCORT, {"baseline": "0.3"}),
    "pool: too many parameters": Typed(
        "pool", ESCORT, {"tau_prior": "HalfNormal(1, 2)"}, "--tau-prior: HalfNormal takes (sigma), not 2 numbers"),
    "pool: no such law": Typed("pool", ESCORT, {"tau_prior": "HalfNormall(2)"}, "--tau-prior: unknown distribution"),
    "pool: no such published law": Typed("pool", ESCORT, {"tau_prior": "Turner(x; y)"}, "--tau-prior: Turner outcome"),
    "pool: a value that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("line=third",)}, "has line = 'third'; it has first, second."),
    "pool: one value of two that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("line=first|thrid",)}, "has line = 'thrid'; it has"),
    "pool: a column that is not there": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("lines=first",)}, "Did you mean 'line'?"),
    "pool: an endpoint that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"endpoint": "ORR"}, "--endpoint: pd1_trials_effects.csv has no 'ORR'"),
    "bias beyond every ratio": Typed("compare", ARMS, {"bias_sd": 1e6}, "--bias-sd must be a number of at least 0 and"),
    "mean of a bias beyond every ratio": Typed("compare", ARMS, {"bias_mean": 1e6}, "from -100 to 100, not 1e+06"),
    "widest bias": Typed("compare", ARMS, {"bias_sd": 20.0, "bias_mean": -100.0}),
    "pool: wide prior of the effect": Typed("pool", ESCORT, {"effect_prior": "Normal(0,1e6)"}, noted="no_rationale"),
}  # fmt: skip


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
