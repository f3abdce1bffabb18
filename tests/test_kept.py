"""Compiled models kept between processes: the same draws without PyMC, and never another model's code."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import bayes_escc as be
from bayes_escc.inference import compiled, kept
from bayes_escc.inference.density import Target
from bayes_escc.inference.entry_points import starting_points
from bayes_escc.runs.run import prepare_design

TABLE = be.read_patients(
    be.simulate_cohort(patients=(20, 20), seed=3), response=None, time="time", event="event", time_unit="months"
)
ONE = be.SurvivalModel(covariates=[{"column": "ecog"}], times=[6.0], horizons=[9.0], time_unit="months")
OTHER = be.SurvivalModel(
    covariates=[{"column": "ecog"}],
    times=[6.0],
    horizons=[9.0],
    time_unit="months",
    priors={"log_hazard_ratio": be.Prior("Normal", mu=0.0, sigma=2.0)},
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for kept models; PyTensor's own cache stays where it is."""
    monkeypatch.setattr(kept, "compiled_folder", lambda: tmp_path)
    compiled.clear_compiled()
    yield tmp_path / "bayes_escc"
    compiled.clear_compiled()


def built(model):
    design = prepare_design(model.analysis, TABLE)
    return design, compiled.compiled_with_data(design, dict.fromkeys(("import", "compile", "sample"), 0.0))


def test_a_kept_model_has_the_densities_and_starting_points_of_the_one_compiled(folder):
    design, anew = built(ONE)
    again = kept.kept_model(design)
    assert again is not None
    again = again.with_data(**{k: v for k, v in design.data.items() if k in {i.name for i in again.shared_var_keys}})
    points = np.random.default_rng(2).normal(size=(5, anew.n_dim))
    for one, two in zip(Target(anew).density(points), Target(again).density(points), strict=True):
        assert np.array_equal(one, two)
    for name, values in Target(anew).expand(points).items():
        assert np.array_equal(values, Target(again).expand(points)[name])
    stated = starting_points(design.build())
    for seed in (1, 2, 1):
        assert np.array_equal(anew.initial_point_func(seed), stated(seed))
        assert np.array_equal(again.initial_point_func(seed), stated(seed))
    known = kept.kept_model(design)
    assert known.initial_point_func._kept.points.keys() == {1, 2}


def test_code_of_another_model_is_not_used_under_a_wrong_name(folder):
    design, _ = built(ONE)
    other, _ = built(OTHER)
    one, two = kept._place(design), kept._place(other)
    assert one != two
    assert kept.kept_model(other) is not None
    two.write_bytes(one.read_bytes())
    assert kept.kept_model(other) is None


@pytest.mark.parametrize("content", [b"", b"not a model", b"{}\ncode"])
def test_a_broken_file_is_compiled_over(folder, content):
    design, _ = built(ONE)
    kept._place(design).write_bytes(content)
    assert kept.kept_model(design) is None
    compiled.clear_compiled()
    built(ONE)
    assert kept.kept_model(design) is not None


def test_a_function_that_its_library_lacks_is_never_called(folder):
    """As where two processes compile one model at a time, and Numba's cache holds the function of the other."""
    design, anew = built(ONE)
    (path,) = folder.iterdir()
    found = kept._Kept.of_bytes(path.read_bytes())
    first, second = found.entries
    path.write_bytes(replace(found, entries=(replace(first, function=first.function + "0"), second)).to_bytes())
    assert kept.kept_model(design) is None

    class Overtaken:
        """The compiled function, its name another than that in Numba's cache."""

        _wrapper_name = anew.compiled_logp_func._wrapper_name + "0"
        _cache, _sig = anew.compiled_logp_func._cache, anew.compiled_logp_func._sig

    with pytest.raises(ValueError, match="another function"):
        kept._code(Overtaken)


def test_another_version_of_the_code_is_another_file(folder, monkeypatch):
    design = prepare_design(ONE.analysis, TABLE)
    here = kept._place(design)
    monkeypatch.setattr(kept, "_surroundings", lambda: b"another version")
    assert kept._place(design) != here


def test_hierarchies_are_compiled_as_always(folder):
    model = be.SurvivalModel(
        baseline="piecewise", smoothing="random_walk", cutpoints=[3.0], times=[6.0], horizons=[9.0], time_unit="months"
    )
    design = prepare_design(model.analysis, TABLE)
    assert design.hierarchical
    assert kept._place(design) is None


SCRIPT = """
import hashlib, sys
import bayes_escc as be
table = be.read_patients(
    be.simulate_cohort(patients=(20, 20), seed=3), response=None, time="time", event="event", time_unit="months"
)
model = be.SurvivalModel(covariates=[{"column": "ecog"}], times=[6.0], horizons=[9.0], time_unit="months")
fit = model.fit(table, seed=4, draws=200, tune=200)
print(hashlib.sha256(fit.estimand("median").to_numpy().tobytes()).hexdigest(), "pymc" in sys.modules)
"""


def test_a_warm_process_samples_the_same_draws_without_pymc():
    lines = [
        subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(2)
    ]
    assert lines[0][0] == lines[1][0]
    assert lines[1][1] == "False"
