"""A public function given something of another kind answers with a sentence that names the argument."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import bayes_escc as be

COUNTS = pd.DataFrame(
    {"study": ["s", "s"], "regimen": ["A", "B"], "endpoint": ["ORR"] * 2, "n": [20, 30], "events": [5, 9]}
)
PATIENTS = pd.DataFrame({"regimen": ["A", "B"] * 6, "months": [float(i) + 1 for i in range(12)], "died": [1, 0, 1] * 4})
POSTERIOR = be.ResponseModel(endpoint="ORR").fit(COUNTS)
LOOP: dict[str, object] = {}
LOOP["loop"] = LOOP
ROUND: list[object] = []
ROUND.append(ROUND)
STRANGE = {
    "a mapping within itself": LOOP,
    "a list within itself": ROUND,
    "an object": object(),
    "bytes": b"A",
    "half a character": "\ud800",
    "a number without end": 10**400,
}
CALLS = {
    "ResponseModel": (be.ResponseModel, {}),
    "SurvivalModel": (be.SurvivalModel, {}),
    "CourseModel": (be.CourseModel, {}),
    "SynthesisModel": (be.SynthesisModel, {}),
    "fit": (be.ResponseModel(endpoint="ORR").fit, {"table": COUNTS}),
    "read_counts": (be.read_counts, {"source": COUNTS}),
    "read_patients": (
        be.read_patients,
        {"source": PATIENTS, "time": "months", "event": "died", "time_unit": "months", "response": None},
    ),
    "load_dataset": (be.load_dataset, {"name": "second_line_cohorts"}),
    "find_analysis": (be.find_analysis, {"name": "second_line_response"}),
    "read_sheet": (be.read_sheet, {"source": COUNTS}),
    "pseudonym": (be.pseudonym, {"identifier": "A-017"}),
    "Prior": (be.Prior, {"distribution": "Beta", "alpha": 1, "beta": 1}),
    "compare": (POSTERIOR.compare, {"estimand": "rate", "reference": "A"}),
    "probability": (POSTERIOR.probability, {"estimand": "rate", "above": 0.1}),
    "ranking": (POSTERIOR.ranking, {}),
    "predict": (POSTERIOR.predict, {"patients": 20}),
    "summary": (POSTERIOR.summary, {}),
    "load": (be.Posterior.load, {"path": "a.nc"}),
    "simulate_cohort": (be.simulate_cohort, {"regimens": ("A", "B"), "patients": (9, 9), "medians": (5.0, 6.0)}),
    "sensitivity": (be.sensitivity, {"asked": be.ResponseModel(endpoint="ORR"), "table": COUNTS}),
}


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_of_another_kind_is_a_sentence(name, strange, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    function, right = CALLS[name]
    refusals = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL} or parameter.name == "table":
            continue
        try:
            function(**{**right, parameter.name: STRANGE[strange]})
        except be.BayesEsccError as refused:
            refusals[parameter.name] = str(refused)
    assert max(map(len, refusals.values()), default=0) < 3000


@pytest.mark.parametrize("mu", [700.0, 1000.0])
def test_numbers_beyond_a_computer_are_the_error_of_the_package(mu):
    table = pd.DataFrame(
        [("A", 0.7, 0.5, 0.98), ("B", 0.8, 0.6, 1.0667)], columns=["study", "estimate", "ci_low", "ci_high"]
    ).assign(experimental="x", control="y", ci_level=0.95, endpoint="OS", measure="HR")
    model = be.SynthesisModel(priors={"effect": be.Prior("Normal", mu=mu, sigma=1)})
    with pytest.raises(be.BayesEsccError, match="beyond what can be computed") as refused:
        be.to_result(model.fit(table))
    assert refused.value.exit_code == 4
    assert isinstance(refused.value.__cause__, ArithmeticError)


def test_the_sentence_names_argument_kind_and_value():
    with pytest.raises(be.AnalysisError, match="times= must be a sequence of numbers, not 'soon'"):
        be.SurvivalModel(times="soon")
    with pytest.raises(
        be.AnalysisError,
        match="priors= must be a mapping of names to Prior objects or PriorSet objects or mappings, not Prior",
    ):
        be.SynthesisModel(priors=be.Prior("HalfNormal", sigma=0.5))
    with pytest.raises(be.AnalysisError, match="reference= must be a text"):
        POSTERIOR.compare("rate", reference=["A"])
    with pytest.raises(be.AnalysisError, match="holds itself"):
        be.ResponseModel(where=LOOP)
    with pytest.raises(TypeError, match="unexpected keyword argument 'endpiont'"):
        be.ResponseModel(endpiont="ORR")
