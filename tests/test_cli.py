"""The command line as people and programs use it: output, exit codes, files, cost of starting."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import bundled_analyses
from bayes_escc.cli import main
from tests.oracles.quadrature import beta_exceeds

COUNTS = "study,regimen,endpoint,events,n\nA,x,ORR,3,19\nB,y,ORR,9,21\n"
ANALYSIS = """
id = "mine"
title = "x against y"
[data]
kind = "counts"
file = "counts.csv"
endpoint = "ORR"
[model]
family = "response"
[[comparisons]]
reference = "x"
margin = 0.1
rope = [-0.05, 0.05]
"""


@pytest.fixture
def analysis(tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS)
    path = tmp_path / "mine.toml"
    path.write_text(ANALYSIS)
    return path


def run(*arguments):
    return main([str(a) for a in arguments])


class TestCompare:
    def test_json_has_the_schema_and_the_exact_answer(self, capsys):
        assert run("compare", "A=10/29", "B=12/35", "--margin", "0.1", "--rope", "-0.05", "0.05", "--json") == 0
        result = json.loads(capsys.readouterr().out)
        row = result["comparisons"][0]
        assert row["probability_better"] == pytest.approx(beta_exceeds(13, 24, 11, 20), abs=1e-10)
        assert row["probability_better_by_margin"] == pytest.approx(beta_exceeds(13, 24, 11, 20, 0.1), abs=1e-10)
        assert (row["regimen"], row["reference"], row["rope"]) == ("B", "A", [-0.05, 0.05])
        assert result["analysis"]["sampler"] == "exact"

    def test_it_is_the_same_as_a_run(self, capsys, analysis, tmp_path):
        assert run("run", analysis, "--out", tmp_path / "out", "--json", "--no-figures") == 0
        ran = json.loads(capsys.readouterr().out)
        run("compare", "x=3/19", "y=9/21", "--margin", "0.1", "--rope", "-0.05", "0.05", "--json")
        typed = json.loads(capsys.readouterr().out)
        assert ran.keys() == typed.keys()
        for block in ("analysis", "data", "diagnostics"):
            assert ran[block].keys() == typed[block].keys()
        for block in ("estimates", "comparisons", "ranking"):
            for a, b in zip(ran[block], typed[block], strict=True):
                assert a.keys() == b.keys()
                for key in a.keys() - {"endpoint", "anchoring", "ess_bulk"}:
                    if isinstance(a[key], float):
                        assert a[key] == pytest.approx(b[key], rel=1e-9, abs=1e-12), key
                    else:
                        assert a[key] == b[key], key

    def test_priors_scales_and_directions(self, capsys):
        run("compare", "A=1/10", "B=4/10", "--prior", "jeffreys", "--json")
        row = json.loads(capsys.readouterr().out)["comparisons"][0]
        assert row["probability_better"] == pytest.approx(beta_exceeds(4.5, 6.5, 1.5, 9.5), abs=1e-9)
        run("compare", "A=1/10", "B=4/10", "--better", "lower", "--scale", "odds_ratio", "--margin", "0.8", "--json")
        row = json.loads(capsys.readouterr().out)["comparisons"][0]
        assert row["probability_better"] == pytest.approx(1 - beta_exceeds(5, 7, 2, 10), abs=1e-9)
        truth = 1 - beta_exceeds(5, 7, 2, 10, 0.8, "odds_ratio")
        assert row["probability_better_by_margin"] == pytest.approx(truth, abs=1e-8)

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (["A=10/29"], 2, "at least two arms"),
            (["A=10/29", "A=1/2"], 2, "used twice"),
            (["A=10/29", "B=twelve"], 2, "NAME=EVENTS/N"),
            (["A=10/29", "B=34.3/35"], 2, "NAME=EVENTS/N"),
            (["A=30/29", "B=12/35"], 3, "between 0 and 29"),
            (["A=0/0", "B=12/35"], 3, "at least 1"),
            (["A=1/2", "B=1/2", "--prior", "0,1"], 2, "greater than 0"),
            (["A=1/2", "B=1/2", "--prior", "flat"], 2, "alpha,beta"),
            (["A=1/2", "B=1/2", "--rope", "0.1", "-0.1"], 2, "lower limit first"),
            (["A=1/2", "B=1/2", "--margin", "-0.1"], 2, "at least 0"),
            (["A=1/2", "B=1/2", "--ci-prob", "95"], 2, "between 0.5 and 1"),
        ],
    )
    def test_what_is_refused(self, capsys, arguments, code, message):
        assert run("compare", *arguments) == code
        captured = capsys.readouterr()
        assert message in captured.err
        assert "Traceback" not in captured.err
        assert captured.out == ""

    def test_the_table_is_readable(self, capsys):
        run("compare", "toripalimab=10/29", "卡瑞利珠单抗=12/35")
        text = capsys.readouterr().out
        assert "卡瑞利珠单抗 against toripalimab" in text
        assert "0.490" in text


class TestRun:
    def test_files_are_written_and_agree(self, capsys, analysis, tmp_path):
        out = tmp_path / "with space" / "结果"
        assert run("run", analysis, "--out", out) == 0
        text = capsys.readouterr()
        assert "y against x" in text.out
        assert text.err == ""
        names = {p.name for p in out.iterdir()}
        assert {"result.json", "posterior.nc", "estimates.csv", "comparisons.csv", "rates.svg", "rates.png"} <= names
        assert "difference.svg" in names
        assert not [n for n in names if n.startswith(".")]
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        stored = be.to_result(be.Posterior.load(out / "posterior.nc"))
        assert result == json.loads(json.dumps(stored))
        comparisons = (out / "comparisons.csv").read_text(encoding="utf-8").splitlines()
        assert comparisons[0].endswith(",anchoring,status")
        assert comparisons[1].endswith('"unanchored, not randomised",converged')

    def test_the_same_seed_gives_the_same_numbers(self, analysis, tmp_path):
        results = []
        for folder in ("a", "b"):
            run("run", analysis, "--out", tmp_path / folder, "--sampler", "nuts", "--seed", "7", "--no-figures")
            result = json.loads((tmp_path / folder / "result.json").read_text())
            result["analysis"].pop("seconds")
            results.append(result)
        assert results[0] == results[1]
        assert results[0]["analysis"]["seed"] == 7

    def test_failed_diagnostics_mark_everything(self, capsys, analysis, tmp_path):
        out = tmp_path / "out"
        arguments = ("--sampler", "nuts", "--draws", "20", "--tune", "20", "--chains", "2")
        assert run("run", analysis, "--out", out, *arguments) == 4
        text = capsys.readouterr()
        assert "NOT CONVERGED" in text.err
        assert "NOT CONVERGED" in text.out
        assert json.loads((out / "result.json").read_text())["diagnostics"]["converged"] is False
        for table in ("estimates.csv", "comparisons.csv"):
            assert all(line.endswith("NOT CONVERGED") for line in (out / table).read_text().splitlines()[1:])
        posterior = be.Posterior.load(out / "posterior.nc")
        assert not posterior.diagnostics.converged
        assert repr(posterior.compare("rate", reference="x")).startswith("NOT CONVERGED: ")
        for given in ((), ("--language", "zh"), ("--json",)):
            assert run("tipping", analysis, "--results", out, "--out", tmp_path, *given) == 4
            text = capsys.readouterr()
            assert ("未收敛：" if "zh" in given else "NOT CONVERGED: ") in text.err
            if given == ("--json",):
                found = json.loads(text.out)
                assert found["diagnostics"] == {"converged": False, "messages": list(posterior.diagnostics.messages)}
                (sentences,) = (row["sentences"] for row in found["bias"])
                assert [s[:13] for s in sentences] == ["NOT CONVERGED"]
            else:
                assert text.out.startswith("未收敛：" if given else "NOT CONVERGED: ")
        assert repr(be.tipping(posterior)[0]).startswith("NOT CONVERGED: ")
        assert "NOT CONVERGED" in (tmp_path / "tipping.svg").read_text()

    def test_typed_numbers_whose_fit_failed_are_marked_too(self, capsys, monkeypatch):
        fit = be.fit_analysis

        def failed(*given):
            found = fit(*given)
            wrong = replace(found.diagnostics, converged=False, messages=("Chains differ.",))
            return replace(found, diagnostics=wrong)

        monkeypatch.setattr("bayes_escc.runs.run.fit_analysis", failed)
        for given in ((), ("--full",), ("--json",)):
            assert run("compare", "A=10/29", "B=12/35", "--prior", "log_odds=Normal(-1, 0.5)", *given) == 4
            text = capsys.readouterr()
            assert text.err.strip() == "bayes-escc: NOT CONVERGED: Chains differ."
            assert "if the patients on" not in text.out

    def test_errors_are_sentences_with_their_exit_code(self, capsys, analysis, tmp_path):
        assert run("run", "no_such_analysis") == 2
        assert "there is no analysis" in capsys.readouterr().err
        analysis.write_text(ANALYSIS + "\n[sampling]\nchain = 4\n")
        assert run("run", analysis) == 2
        assert "sampling.chain: unknown key" in capsys.readouterr().err
        analysis.write_text(ANALYSIS)
        (tmp_path / "counts.csv").write_text(COUNTS.replace("3,19", "30,19"))
        assert run("run", analysis) == 3
        assert "row 2, column events '30'" in capsys.readouterr().err
        with pytest.raises(be.DataError):
            run("--debug", "run", analysis)
        with pytest.raises(be.DataError):
            run("run", analysis, "--debug")

    def test_a_folder_that_cannot_be_written(self, capsys, analysis, tmp_path):
        (tmp_path / "file").write_text("x")
        assert run("run", analysis, "--out", tmp_path / "file" / "out", "--no-figures") == 2
        assert "cannot be written" in capsys.readouterr().err

    def test_a_formula_in_a_name_is_defused_in_csv(self, analysis, tmp_path):
        (tmp_path / "counts.csv").write_text(COUNTS.replace("B,y", "B,=1+1"))
        run("run", analysis, "--out", tmp_path / "out", "--no-figures")
        assert "'=1+1" in (tmp_path / "out" / "estimates.csv").read_text()


class TestCheck:
    def test_a_good_table(self, capsys, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("study,regimen,endpoint,percent,n\nA,x,ORR,34.28,35\n")
        assert run("check", path, "--kind", "counts") == 0
        text = capsys.readouterr().out
        assert "12/35 = 34.2857 % was truncated, not rounded" in text
        assert run("check", path, "--kind", "counts", "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert found["ok"] is True
        assert found["warnings"][0]["code"] == "percent_truncated"

    def test_an_impossible_percentage(self, capsys, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("study,regimen,endpoint,percent,n\nA,x,DCR,62.8,29\n")
        assert run("check", path, "--kind", "counts") == 3
        text = capsys.readouterr().err
        assert "18/29 = 62.07 %, 19/29 = 65.52 %" in text
        assert run("check", path, "--kind", "counts", "--json") == 3
        found = json.loads(capsys.readouterr().out)
        assert found["ok"] is False
        assert found["problems"][0] | {"message": "", "remedy": ""} == {
            "code": "percent_impossible",
            "row": 2,
            "column": "percent",
            "value": "62.8",
            "message": "",
            "remedy": "",
        }

    def test_patients(self, capsys, tmp_path):
        path = tmp_path / "p.csv"
        path.write_text("pid,arm,bor\n001,x,CR\n002,y,PD\n")
        assert run("check", path, "--kind", "patients", "--id", "pid", "--regimen", "arm", "--response", "bor") == 0
        assert "2 patients" in capsys.readouterr().out

    def test_no_such_file(self, capsys):
        assert run("check", "absent.csv", "--kind", "counts") == 3
        assert run("check", "absent.csv", "--kind", "counts", "--json") == 3


class TestLists:
    def test_datasets(self, capsys):
        assert run("datasets") == 0
        assert "second_line_cohorts (counts)" in capsys.readouterr().out
        assert run("datasets", "second_line_cohorts") == 0
        text = capsys.readouterr().out
        assert "toripalimab + anlotinib" in text
        assert "Sources:" in text
        assert run("datasets", "pd1_trials_counts", "--json") == 0
        assert all(r["source"] for r in json.loads(capsys.readouterr().out)["rows"])
        assert run("datasets", "x") == 2

    def test_models(self, capsys):
        assert run("models") == 0
        text = capsys.readouterr().out
        assert all(name in text for name in bundled_analyses())
        assert run("models", "second_line_response") == 0
        assert 'endpoint = "ORR"' in capsys.readouterr().out
        assert run("models", "--json") == 0
        assert len(json.loads(capsys.readouterr().out)) == len(bundled_analyses())


HEAVY = ("pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib")


@pytest.mark.parametrize(
    ("code", "also"),
    [
        ("import bayes_escc", ("numpy", "pandas", "xarray", "scipy")),
        ("from bayes_escc.cli import main; main(['compare', 'A=10/29', 'B=12/35'])", ("pandas", "xarray", "scipy")),
        (
            "from bayes_escc.cli import main; main(['pool', 'pd1_trials_effects', '--endpoint', 'OS', '--where', "
            "'line=second', '--where', 'population=all'])",
            ("pandas", "xarray", "scipy"),
        ),
        ("from bayes_escc.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass", ("numpy", "pandas")),
    ],
)
def test_starting_costs_nothing(code, also):
    program = f"{code}\nimport sys\nprint('LOADED', [m for m in {(*HEAVY, *also)!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stdout


def test_the_installed_command_answers():
    done = subprocess.run([sys.executable, "-m", "bayes_escc.cli", "--version"], capture_output=True, text=True)
    assert done.stdout.strip() == f"bayes-escc {be.__version__}"
    usage = subprocess.run([sys.executable, "-m", "bayes_escc.cli", "runn"], capture_output=True, text=True)
    assert usage.returncode == 2


def test_negative_numbers_are_numbers(capsys):
    assert run("compare", "A=1/9", "B=3/9", "--rope", "-5e-2", "0.05", "--json") == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["rope"] == [-0.05, 0.05]
    assert run("compare", "A=1/9", "B=3/9", "--prior", "-1,1") == 2
    assert "greater than 0" in capsys.readouterr().err


def test_tables_keep_their_columns_when_they_are_empty(analysis, tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS.splitlines()[0] + "\nA,x,ORR,3,19\n")
    analysis.write_text(ANALYSIS.split("[[comparisons]]")[0])
    assert run("run", analysis, "--out", tmp_path / "out") == 0
    header = (tmp_path / "out" / "comparisons.csv").read_text().strip()
    assert header.startswith("estimand,regimen,reference")


def test_identifying_columns_can_be_dropped(capsys, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("patient_id,姓名,regimen,response\n1,张,x,CR\n", encoding="utf-8")
    assert run("check", path, "--kind", "patients") == 3
    assert run("check", path, "--kind", "patients", "--drop", "姓名") == 0


class TestMonitor:
    def test_a_typed_rule(self, capsys):
        arguments = [
            "bop2",
            "rate=0.2",
            "alternative_rate=0.4",
            "lambda=0.909",
            "gamma=1",
            "patients=40",
            "looks=10,15,20,25,30,35",
        ]
        assert run("monitor", "table", *arguments) == 0
        said = capsys.readouterr().out
        assert re.search(r"\n +40 +<= 11 +>= 12\n", said)
        assert "If the true rate is 0.2, it goes with probability" in said
        assert run("monitor", "table", *arguments, "--csv") == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "evaluable patients,stop if,go if"
        assert lines[-1] == "40,<= 11,>= 12"
        assert run("monitor", "table", *arguments, "--json") == 0
        (found,) = json.loads(capsys.readouterr().out)["rules"]
        assert found["rows"][-1]["stop"] == [[0, 11]]
        assert found["operating_characteristics"]["false_alarm"] < 0.1

    def test_a_csv_of_several_rules_says_which_rule_a_row_is_of(self, capsys):
        assert run("monitor", "table", "second_line_response_monitored", "--csv") == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        of = {name: [r for r in rows if r["rule"] == name] for name in ("efficacy", "predicted success", "deaths")}
        assert len(rows) == sum(len(found) for found in of.values())
        for name, found in of.items():
            assert run("monitor", "table", "second_line_response_monitored", "--rule", name, "--csv") == 0
            alone = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
            assert [{k: r[k] for k in alone[0]} for r in found] == alone
            assert all(not v for r in found for k, v in r.items() if k not in ("rule", *alone[0]))

    def test_two_arms_at_unequal_looks(self, capsys):
        typed = ["posterior_probability", "reference=control", "go_above=0.95", "prior=1,2", "looks=10,20/25"]
        assert run("monitor", "oc", *typed, "--rates", "0.3/0.3", "0.6/0.3", "--json") == 0
        (found,) = json.loads(capsys.readouterr().out)["rules"]
        assert found["looks"] == [[10, 10], [20, 25]]
        assert found["rule"]["prior"] == {"alpha": 1.0, "beta": 2.0}
        assert [s["rates"] for s in found["scenarios"]] == [[0.3, 0.3], [0.6, 0.3]]
        assert found["scenarios"][0]["expected_patients"] > 40

    def test_calibrating(self, capsys):
        typed = ["toxicity", "limit=0.3", "looks=10,20,30", "alternative_rate=0.5"]
        assert run("monitor", "calibrate", *typed, "--false-alarm", "0.10", "--json") == 0
        (found,) = json.loads(capsys.readouterr().out)["rules"]
        assert found["operating_characteristics"]["false_alarm"] <= 0.10
        assert run("monitor", "calibrate", "precision", "width=0.2", "looks=10,20", "--false-alarm", "0.10") == 2

    def test_an_analysis_with_its_figure(self, capsys, tmp_path):
        shipped = ["second_line_response_monitored", "--rule", "deaths"]
        assert run("monitor", "table", *shipped, "--figure", tmp_path / "deaths") == 0
        assert "Stop for toxicity" in capsys.readouterr().out
        assert (tmp_path / "deaths.png").is_file()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["bob2"], "Did you mean 'bop2'?"),
            (["toxicity", "loks=10"], "Did you mean 'looks'?"),
            (["toxicity", "limit=1.4", "stop_above=0.9", "looks=20,10"], "limit is a rate between 0 and 1, not 1.4"),
            (["toxicity", "limit=30", "stop_above=0.9", "looks=20,10"], "not 30 (did you mean 0.3?)"),
            (["toxicity", "limit=0.3", "stop_above=90", "looks=20,10"], "not 90 (did you mean 0.9?)"),
            (["toxicity", "stop_above=0.9", "limit"], "'limit' is not KEY=VALUE"),
            (["second_line_response"], "has no [[monitoring]] rules"),
            (["second_line_response_monitored", "--rule", "death"], "Did you mean 'deaths'?"),
            (["second_line_response_monitored", "limit=0.2"], "belongs to a kind of rule"),
            (
                ["posterior_probability", "value=0.2", "estimand=median", "go_above=0.9"],
                "exact enumeration is for rates",
            ),
            (["toxicity", "limit=0.3", "stop_above=0.9", "looks=10,20", "--looks", "20,10"], "10 cannot follow 20"),
        ],
    )
    def test_what_is_refused(self, capsys, arguments, said):
        assert run("monitor", "table", *arguments) == 2
        assert said in capsys.readouterr().err
