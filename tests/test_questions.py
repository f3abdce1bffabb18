"""Questions are held against the range of what they ask about, at the prompt and in Python alike."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from bayes_escc.cli.entry import main
from bayes_escc.errors import AnalysisError
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"above": math.nan}, "finite number"), ({"below": math.inf}, "finite number"),
        ({"above": 35}, r"Did you mean 0\.35\?$"), ({"above": -0.2}, "outside 0 to 1"), ({"above": "0.3"}, "finite"),
    ],
)  # fmt: skip
def test_values_no_rate_can_take_are_refused(exact, question, message):
    with pytest.raises(AnalysisError, match=message):
        exact.probability("rate", **question)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"margin": 10}, r"Did you mean 0\.1\?$"), ({"rope": (-5, 5)}, "Did you mean -0.05"),
        ({"margin": math.nan}, "finite"),
    ],
)  # fmt: skip
def test_margins_no_difference_of_rates_can_reach_are_refused(exact, question, message):
    with pytest.raises(AnalysisError, match=message):
        exact.compare("rate", **question)
    with pytest.raises(AnalysisError, match=message):
        compare_counts(["A=10/29", "B=12/35"], **question)


@pytest.mark.parametrize("margin", [math.nan, math.inf, -1.0, 0.0])
def test_margins_no_ratio_can_take_are_refused(margin):
    with pytest.raises(AnalysisError, match="--margin must be"):
        pool_effects(["ESCORT=0.71,0.57,0.87", "B=0.8,0.6,1.1"], margin=margin)


def test_full_width_names_are_one_name():
    with pytest.raises(AnalysisError, match="used twice"):
        compare_counts(["A=10/29", "\N{FULLWIDTH LATIN CAPITAL LETTER A}=12/35"])


@pytest.mark.parametrize("prior", ["1e-300,1e300", "1e-6,1", "1,1e16"])
def test_priors_that_are_constants_are_refused(prior):
    with pytest.raises(AnalysisError, match="--prior: alpha and beta must lie between"):
        compare_counts(["A=10/29", "B=12/35"], prior=prior)


def test_counts_without_bound_are_a_sentence():
    with pytest.raises(AnalysisError, match="is not NAME=EVENTS/N"):
        compare_counts(["A=10/29", f"B=1/1{'0' * 400}"])


def test_a_full_disk_is_a_sentence():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "bayes_escc.cli", "compare", "A=10/29", "B=12/35"],
            stdout=out, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "bayes-escc: the output could not be written: no space is left.\n"


def test_a_bundled_analysis_is_printed_and_copied_as_it_is(tmp_path, capsys):
    from bayes_escc.analysis.analysis import bundled_analyses

    text = Path(bundled_analyses()["second_line_response"]).read_text(encoding="utf-8")
    assert main(["models", "second_line_response"]) == 0
    assert capsys.readouterr().out == text
    target = tmp_path / "my analysis.toml"
    assert main(["models", "second_line_response", "--copy", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == text
    assert f"bayes-escc run '{target}'" in capsys.readouterr().out
    assert main(["models", "second_line_response", "--copy", str(target)]) == 2
