"""`bayes-escc validate`: what it checks, what it says of a fault, and the page that is filed."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bayes_escc as be
from bayes_escc.analysis.bundled import models_folder
from bayes_escc.cli.entry import main
from bayes_escc.validation import validate as module
from bayes_escc.validation.calibration.cases import find_cases
from bayes_escc.validation.calibration.once import Outcome
from bayes_escc.validation.case import Answer, Case, Expected
from bayes_escc.validation.cases import CASES
from bayes_escc.validation.chinese import in_chinese
from bayes_escc.validation.installation import installation_checks
from bayes_escc.validation.manifest import compare_files, read_manifest, shipped_files
from bayes_escc.validation.page import validation_page
from bayes_escc.validation.performance import PERFORMED, performance_checks
from bayes_escc.validation.record import Check
from tests.oracles import left_out
from tests.oracles.quadrature import beta_exceeds
from tests.oracles.trials import weibull_tail

BY_NAME = {case.name: case for case in CASES}
WRONG = Case(
    "wrong", "A <case>", "病例", "nobody", (Expected("q", 1.0, 0.1), Expected("r", 2.0, 0.1)), lambda: [1.2, 2.0]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("validation")


@pytest.fixture(scope="module")
def record(folder):
    return be.validate(out=folder, language="both", quick=True)


def test_this_checkout_passes(record):
    assert record.passed, record.failed
    assert {c.area for c in record.checks} == {"installation", "operation", "performance"}
    assert len({c.name for c in record.checks}) == len(record.checks)
    assert all(c.source and c.title and c.title_zh for c in record.checks)
    slow = {f"{case.name}: {e.quantity}" for case in CASES if case.slow for e in case.expected}
    left = {c.name for c in record.checks if c.state == "not run"}
    assert left - {"code"} == slow | {f"calibration {name}" for name in PERFORMED}
    for check in record.checks:
        if check.state == "passed" and isinstance(check.found, float) and not check.name.startswith("sampler"):
            assert abs(check.found - check.expected) <= check.tolerance


def test_the_json_holds_every_check_and_the_page_its_digest(record, folder):
    import hashlib

    text = (folder / "validation.json").read_bytes()
    result = json.loads(text)
    assert result == json.loads(record.to_json())
    assert result["passed"] is True
    assert len(result["checks"]) == len(record.checks)
    page = (folder / "validation.html").read_text(encoding="utf-8")
    assert page.count(hashlib.sha256(text).hexdigest()) == 2
    assert "Reviewed by" in page
    assert "审核人" in page


def test_the_chinese_page_speaks_chinese(record):
    for check in record.checks:
        assert re.search("[一-鿿]", in_chinese(check.source)), check.source
        assert not check.note or re.search("[一-鿿]", in_chinese(check.note)), check.note
        quantity = check.name.split(": ", 1)[1] if ": " in check.name else ""
        for text in (quantity, str(check.expected), str(check.found or "")):
            assert set(re.findall("[a-z]{4,}", in_chinese(text))) <= {"elpd"}, text
    (check,) = performance_checks(5, cases=("predictive_response",))
    said = in_chinese(check.source)
    assert said.startswith("基于模拟的校准（Talts 等，2018），模拟 5 次")
    assert not re.search("[a-z]{6}", said)
    assert in_chinese("tests/oracles/quadrature.py") == "tests/oracles/quadrature.py"  # names of files stay
    assert in_chinese("OSError: disk full") == "OSError: disk full"


def test_what_failed_is_told_by_its_title_in_the_language_of_the_page(record):
    by_name = {check.name: check for check in record.checks}
    changed = replace(by_name["files models"], state="failed", found="30 unchanged", note="changed: models/a.toml")
    number = replace(by_name["kaplan_meier: median, days"], state="failed", found=309.0)
    failed = replace(record, checks=(changed, number))
    english, chinese = (validation_page(failed, language) for language in ("en", "zh"))
    assert (
        f"<li>{changed.title}: expected {changed.expected}, found 30 unchanged (changed: models/a.toml)</li>" in english
    )
    assert f"<li>{number.title}: median, days: expected 310, found 309</li>".replace("'", "&#39;") in english
    assert f"<li>{number.title_zh}: 中位数，天: 预期 310，结果 309</li>" in chinese
    assert "结果 30 个未改变 (已改变：models/a.toml)</li>" in chinese


def test_the_page_asks_nothing_of_the_outside(record, folder):
    page = (folder / "validation.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"(src|href)=|@import|url\(", page)
    assert "default-src 'none'" in page
    hostile = replace(record.checks[-1], title="<b>bold</b>", note="<img src=x>", state="failed")
    page = validation_page(replace(record, checks=(hostile,)))
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page


def test_a_wrong_number_gives_exit_code_4(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(module, "SAMPLER", replace(WRONG, name="sampler"))
    monkeypatch.setattr(module.validate, "__kwdefaults__", {**module.validate.__kwdefaults__, "cases": (WRONG,)})
    assert main(["validate", "--out", str(tmp_path), "--json", "--calibration", "0"]) == 4
    out = capsys.readouterr()
    result = json.loads(out.out)
    assert [c["name"] for c in result["checks"] if c["state"] == "failed"] == ["sampler: q", "wrong: q"]
    assert "FAILED wrong: q: expected 1.0, found 1.2" in out.err
    page = (tmp_path / "validation.html").read_text(encoding="utf-8")
    assert "FAILED: 2 of" in page
    assert "A &lt;case&gt;" in page


def test_models_are_calibrated_at_a_chosen_size(monkeypatch, tmp_path):
    (check,) = performance_checks(30, cases=("predictive_response",))
    assert (check.area, check.state, check.name) == ("performance", "passed", "calibration predictive_response")
    assert "30 simulations" in check.source
    assert float(check.found) >= 0.001
    (check,) = performance_checks(30, run=False, cases=("predictive_response",))
    assert (check.state, check.found) == ("not run", None)
    right = find_cases(["predictive_response"])[0]

    class Wrong(type(right)):
        def once(self, seed):
            (event,) = super().once(seed).predicted.values()
            return Outcome(predicted={"success": replace(event, true=not event.true)})

    from bayes_escc.validation import performance

    monkeypatch.setattr(performance, "find_cases", lambda names: (Wrong(),))
    (check,) = performance_checks(30, cases=("predictive_response",))
    assert check.state == "failed"
    assert check.note.startswith("worst: probability")
    with pytest.raises(be.AnalysisError, match="not -1"):
        be.validate(calibration=-1)


def test_a_case_that_cannot_be_computed_fails_with_its_reason():
    def broken():
        raise be.DataError("no such table")

    for compute, note in (
        (broken, "DataError: no such table"),
        (lambda: [1.0], "1 numbers instead of 2"),
        (lambda: [float("nan"), 2.0], "the answer is not a number"),
    ):
        first = next(iter(module.check_case(replace(WRONG, compute=compute), "operation")))
        assert (first.state, first.found, first.note) == ("failed", None, note)


def test_sampled_numbers_may_differ_by_five_monte_carlo_errors():
    def state(value, mcse):
        case = replace(WRONG, expected=(Expected("q", 1.0, 0.01),), compute=lambda: [Answer(value, mcse)])
        return next(iter(module.check_case(case, "operation"))).state

    assert state(1.09, 0.02) == "passed"
    assert state(1.11, 0.02) == "failed"
    assert state(1.02, float("nan")) == "failed"
    assert state(1.02, float("inf")) == "failed"


def test_the_manifest_is_of_these_files():
    """If this fails after a change of a model or a data set: make manifest."""
    assert not compare_files(read_manifest(), shipped_files()), compare_files(read_manifest(), shipped_files())
    assert "datasets/second_line_cohorts.csv" in read_manifest()


def test_files_that_were_tampered_with_are_named(tmp_path):
    models = tmp_path / "models"
    shutil.copytree(models_folder(), models)

    def checked() -> Check:
        return next(c for c in installation_checks(models) if c.name == "files models")

    path = models / "second_line_response.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert checked().state == "passed"
    path.write_text(path.read_text(encoding="utf-8").replace("alpha = 1", "alpha = 2"), encoding="utf-8")
    (models / "pd1_first_line_os.toml").unlink()
    (models / "designs" / "mine.toml").write_text("", encoding="utf-8")
    check = checked()
    assert check.state == "failed"
    assert check.note == (
        "changed: models/second_line_response.toml; missing: models/pd1_first_line_os.toml; "
        "not shipped: models/designs/mine.toml"
    )


def test_a_version_that_is_too_old_or_missing_is_named(monkeypatch):
    from bayes_escc.validation import installation

    monkeypatch.setattr(
        installation.metadata,
        "requires",
        lambda _: ["numpy>=99", "pandas>=1", "no-such-package-here>=1", "flask>=99; extra == 'app'"],
    )
    found = {c.name: c for c in installation_checks() if c.name.startswith("version")}
    assert found["version numpy"].state == "failed"
    assert found["version numpy"].found == np.__version__
    assert found["version pandas"].state == "passed"
    assert found["version no-such-package-here"].note == "not installed"
    assert "version flask" not in found


def test_a_language_that_there_is_not():
    with pytest.raises(be.AnalysisError, match="'fr'"):
        be.validate(language="fr")


def test_certified_numbers_are_those_of_the_oracles():
    from bayes_escc.validation import computed

    expected = {name: [e.value for e in case.expected] for name, case in BY_NAME.items()}
    assert expected["two_cohorts"][0] == pytest.approx(beta_exceeds(13, 24, 11, 20), abs=1e-9)
    effects = left_out.normal_effects(computed.LOG_RATIOS, computed.ERRORS, 0.5)
    assert expected["leave_one_out"] == pytest.approx(effects, abs=1e-4)
    arm = np.arange(len(computed.TRIAL_TIMES)) % 2
    tail = weibull_tail(np.array(computed.TRIAL_TIMES), np.array(computed.TRIAL_SEEN, dtype=float), arm)
    assert expected["tail_area"][0] == pytest.approx(tail, abs=1e-4)


def test_the_follow_up_is_that_of_the_tests():
    copied = Path(be.__file__).parent / "validation" / "data" / "lung_follow_up.csv"
    rows = (Path(__file__).parent / "data" / "lung.csv").read_text(encoding="utf-8").splitlines()
    assert copied.read_text(encoding="utf-8").splitlines() == [",".join(r.split(",")[:2]) for r in rows]


def test_the_page_of_documentation_names_every_case():
    page = (Path(be.__file__).parents[1] / "docs" / "validation.md").read_text(encoding="utf-8")
    for case in CASES:
        assert f"`{case.name}`" in page, case.name
