"""Compiling once, the same numbers everywhere, and diagnostics that speak up."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import nutpie
import pandas as pd
import pytest
import xarray as xr

import bayes_escc as be
from bayes_escc.inference import compiled
from bayes_escc.inference.diagnostics import diagnose
from bayes_escc.inference.entry_points import _compile_cached
from bayes_escc.runs.run import prepare_design

FAST = {"sampler": "nuts", "draws": 200, "tune": 200}


def frame_of(cohorts, **changes):
    return cohorts.frame.query("endpoint == 'ORR'").drop(columns="percent").assign(**changes)


def test_new_counts_cost_no_compilation_and_meet_the_closed_form(cohorts, monkeypatch):
    model = be.ResponseModel(endpoint="ORR")
    model.fit(frame_of(cohorts), **FAST)

    def refuse(_):
        raise AssertionError("compiled again")

    monkeypatch.setattr("bayes_escc.inference.entry_points.compile_model", refuse)
    changed = frame_of(cohorts, events=[3, 20, 1, 18])
    again = model.fit(changed, seed=2, sampler="nuts")
    exact = model.fit(changed)
    rate, law = again.estimand("rate"), exact.summary("rate").set_index("regimen")
    for regimen in law.index:
        draws = rate.sel(regimen=regimen)
        assert abs(float(draws.mean()) - law.loc[regimen, "mean"]) < 4 * float(draws.std()) / np.sqrt(2000)


def test_more_rows_of_the_same_structure_cost_no_compilation(cohorts, monkeypatch):
    model = be.ResponseModel(endpoint="ORR")
    model.fit(frame_of(cohorts), **FAST)
    monkeypatch.setattr("bayes_escc.inference.entry_points.compile_model", None)
    frame = frame_of(cohorts)
    doubled = be.ResponseModel(endpoint="ORR").fit(
        pd.concat([frame, frame.assign(study=frame["study"] + " again")]), **FAST
    )
    assert doubled.tree["log_likelihood"]["events"].sizes["row"] == 8
    assert list(doubled.estimand("rate")["regimen"]) == list(dict.fromkeys(frame["regimen"]))


LATE = ("log_prior", "posterior_predictive", "prior", "prior_predictive", "prior_estimands", "log_likelihood")
"""What is made of a posterior when somebody reads it."""


def test_what_nobody_reads_is_not_made(cohorts, monkeypatch):
    called = []
    design = type(prepare_design(be.ResponseModel(endpoint="ORR").analysis, cohorts))
    for name in ("log_prior", "prior", "simulate", "log_likelihood"):
        original = getattr(design, name)

        def counted(self, *arguments, _name=name, _original=original):
            called.append(_name)
            return _original(self, *arguments)

        monkeypatch.setattr(design, name, counted)
    fit = be.ResponseModel(endpoint="ORR").fit(frame_of(cohorts), seed=3)
    fit.summary()
    fit.compare("rate")
    assert called == []
    assert fit.groups["prior_predictive"].sizes["draw"] == 2000
    assert called == ["prior", "simulate", "simulate"]  # with the replicates, whose random stream it shares
    assert fit.groups["prior_predictive"] is fit.groups["prior_predictive"]


def test_the_order_of_reading_changes_no_number(cohorts):
    def fit():
        return be.ResponseModel(endpoint="ORR").fit(frame_of(cohorts), seed=3)

    whole, forwards, backwards = fit().tree, fit().groups, fit().groups
    for name in LATE:
        xr.testing.assert_identical(forwards[name], whole[name].to_dataset())
    for name in reversed(LATE):
        xr.testing.assert_identical(backwards[name], whole[name].to_dataset())
    assert list(backwards) == list(whole.children) == list(forwards)


def test_groups_are_kept_by_copies_and_by_other_processes(cohorts):
    groups = be.ResponseModel(endpoint="ORR").fit(frame_of(cohorts), seed=3).groups
    other = groups.copy()
    other.add("mine", xr.Dataset({"x": 1}))
    assert "mine" in other
    assert "mine" not in groups
    sent = pickle.loads(pickle.dumps(groups))
    assert list(sent) == list(groups)
    for name in LATE:
        xr.testing.assert_identical(sent[name], groups[name])
        xr.testing.assert_identical(other[name], groups[name])
    assert groups.get("nothing") is None
    with pytest.raises(KeyError):
        groups["nothing"]


def test_labels_are_those_of_the_table_not_of_the_first_fit(cohorts):
    model = be.ResponseModel()
    model.fit(frame_of(cohorts), **FAST)
    other = model.fit(frame_of(cohorts, regimen=["p", "q", "r", "s"]), **FAST)
    assert list(other.tree["posterior"]["regimen"].to_numpy()) == ["p", "q", "r", "s"]


def test_the_seed_decides_and_the_cores_do_not(cohorts, monkeypatch):
    model = be.ResponseModel(endpoint="ORR")
    first = model.fit(cohorts, seed=5, **FAST).estimand("rate")
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert model.fit(cohorts, seed=5, **FAST).estimand("rate").equals(first)
    assert not model.fit(cohorts, seed=6, **FAST).estimand("rate").equals(first)
    assert model.fit(cohorts, seed=5).estimand("rate").equals(model.fit(cohorts, seed=5).estimand("rate"))


def test_the_cached_entry_points_draw_what_nutpie_draws(cohorts):
    """Compared before rounding in the last digit, which differs between compilations, can grow."""
    design = prepare_design(be.ResponseModel(endpoint="ORR", pooling="partial").analysis, cohorts)
    settings = {"draws": 8, "tune": 20, "chains": 3, "seed": 3, "progress_bar": False, "save_warmup": False}
    model = design.build()
    ours = nutpie.sample(_compile_cached(model), **settings)["posterior"].to_dataset()
    stock = nutpie.sample(nutpie.compile_pymc_model(model), **settings)["posterior"].to_dataset()
    for name in ("tau", "logit_mean", "offset"):
        assert np.allclose(ours[name].to_numpy(), stock[name].to_numpy(), rtol=1e-6, atol=1e-8)


def test_the_cache_of_compiled_models_is_bounded():
    assert len(compiled._compiled) <= compiled._MAX_COMPILED


class TestDiagnostics:
    @staticmethod
    def draws(values):
        return xr.Dataset({"rate": (("chain", "draw"), values)})

    def stats(self, shape, diverging=0):
        flags = np.zeros(shape, dtype=bool)
        flags.ravel()[:diverging] = True
        energy = np.random.default_rng(0).normal(size=shape)
        return xr.Dataset({"diverging": (("chain", "draw"), flags), "energy": (("chain", "draw"), energy)})

    def test_good_draws_pass(self):
        values = np.random.default_rng(1).normal(size=(4, 1000))
        found = diagnose(self.draws(values), self.draws(values), self.stats((4, 1000)))
        assert found.converged
        assert found.messages == ()

    def test_each_failure_speaks(self):
        rng = np.random.default_rng(1)
        apart = rng.normal(size=(4, 1000)) + np.arange(4)[:, None]
        found = diagnose(self.draws(apart), self.draws(apart), self.stats((4, 1000), diverging=3))
        text = " ".join(found.messages)
        assert not found.converged
        for part in ("R-hat", "effective draws", "3 divergent transitions"):
            assert part in text
        infinite = rng.normal(size=(4, 1000))
        infinite[0, 0] = np.inf
        sound = self.draws(rng.normal(size=(4, 1000)))
        assert not diagnose(sound, self.draws(infinite), self.stats((4, 1000))).converged

    def test_slow_energy_speaks(self):
        values = np.random.default_rng(1).normal(size=(4, 1000))
        stats = self.stats((4, 1000)).assign(
            energy=(("chain", "draw"), np.random.default_rng(2).normal(size=(4, 1000)).cumsum(axis=1))
        )
        assert "E-BFMI" in " ".join(diagnose(self.draws(values), self.draws(values), stats).messages)

    def test_too_few_draws_are_said(self, cohorts):
        posterior = be.ResponseModel(endpoint="ORR").fit(cohorts, sampler="nuts", draws=20, tune=50, chains=2)
        assert not posterior.diagnostics.converged
        assert "NOT CONVERGED" in repr(posterior)


def test_sampling_settings_are_checked(cohorts):
    model = be.ResponseModel(endpoint="ORR")
    with pytest.raises(be.AnalysisError) as caught:
        model.fit(cohorts, draws=1, chains=1, seed=-1)
    for part in ("draws", "chains", "seed"):
        assert part in str(caught.value)


@pytest.mark.parametrize("divergent", [0, 3])
def test_chains_that_are_only_slow_are_sampled_longer_and_thinned(monkeypatch, divergent):
    """Autocorrelation 0.85 leaves 4000 draws worth 320; of four times as many, every fourth is worth a thousand."""
    from scipy.signal import lfilter

    from bayes_escc.analysis.analysis import SamplingSpec
    from bayes_escc.inference import fit

    asked = []

    def walk(design, sampling, tuning, seconds):
        asked.append((sampling.draws, tuning.accept))
        noise = np.random.default_rng(len(asked)).normal(size=(4, sampling.draws))
        labels = {"draw": np.arange(sampling.draws)}
        draws = xr.Dataset({"x": (("chain", "draw"), lfilter([1.0], [1.0, -0.85], noise))}, labels)
        diverging = np.arange(noise.size).reshape(noise.shape) < divergent
        return draws, xr.Dataset({"diverging": (("chain", "draw"), diverging)}, labels)

    class Walk:
        hierarchical = True
        nearly_normal = False

        def estimands(self, parameters, rng):
            return parameters[["x"]].rename(x="y")

    monkeypatch.setattr(fit, "sample", walk)
    parameters, _, stats, diagnostics = fit._nuts(Walk(), SamplingSpec(), np.random.default_rng(1), {})
    assert parameters.sizes["draw"] == stats.sizes["draw"] == 1000
    assert list(parameters["draw"]) == list(stats["draw"]) == list(range(1000))
    if divergent:
        assert asked == [(1000, 0.9), (1000, 0.995)]
    else:
        assert asked == [(1000, 0.9), (4000, 0.9)]
        assert diagnostics.converged
        assert "Sampled again, 4 times as long" in diagnostics.messages[-1]


def test_a_quick_setting_that_fails_is_thrown_away(monkeypatch):
    """Divergences in whitened coordinates: the careful settings are used instead, and nothing is said of it."""
    from bayes_escc.analysis.analysis import SamplingSpec
    from bayes_escc.inference import fit, nuts

    asked = []

    def draw(design, sampling, tuning, seconds):
        asked.append(tuning)
        noise = np.random.default_rng(1).normal(size=(4, sampling.draws))
        diverging = np.zeros(noise.shape, dtype=bool)
        diverging[0, 0] = tuning == nuts.WHITENED
        both = {"x": (("chain", "draw"), noise)}, {"diverging": (("chain", "draw"), diverging)}
        return tuple(xr.Dataset(part) for part in both)

    class Plain:
        hierarchical = False
        nearly_normal = True

        def estimands(self, parameters, rng):
            return parameters[["x"]].rename(x="y")

    monkeypatch.setattr(fit, "sample", draw)
    *_, diagnostics = fit._nuts(Plain(), SamplingSpec(), np.random.default_rng(1), {})
    assert asked == [nuts.WHITENED, nuts.CAREFUL]
    assert diagnostics.converged
    assert not diagnostics.messages


@pytest.mark.parametrize(("shape", "memory"), [((4, 1000), 0.0), ((4, 1000), 0.9), ((2, 51), -0.5), ((3, 20), 0.99)])
def test_mixing_is_what_arviz_finds(shape, memory):
    """Also with ties, which share a rank, and with chains that hardly move."""
    import arviz as az
    from scipy.signal import lfilter

    from bayes_escc.probability.effective import error_of_mean, mixing

    rng = np.random.default_rng(1)
    cells = [lfilter([1.0], [1.0, -memory], rng.normal(size=shape)) for _ in range(3)]
    cells.append((cells[0] > 0.5).astype(float))
    values = np.stack(cells, axis=-1)
    found, labelled = mixing(values), xr.DataArray(values, dims=("chain", "draw", "cell"))
    assert np.allclose(found.rhat, az.rhat(labelled), rtol=1e-12)
    assert np.allclose(found.bulk, az.ess(labelled, method="bulk"), rtol=1e-12)
    assert np.allclose(found.tail, az.ess(labelled, method="tail"), rtol=1e-12)
    assert np.allclose(error_of_mean(values), az.mcse(labelled, method="mean"), rtol=1e-12)


def test_whitened_coordinates_are_those_of_the_model(cohorts):
    """The density and its gradient in other coordinates, and the variables, follow the chain rule."""
    from bayes_escc.inference.compiled import compiled_with_data
    from bayes_escc.inference.density import Target
    from bayes_escc.inference.entry_points import CENTRE, ROOT

    design = prepare_design(be.ResponseModel(endpoint="ORR").analysis, cohorts)
    plain = compiled_with_data(design, {"import": 0.0, "compile": 0.0})
    rng = np.random.default_rng(1)
    centre, root = rng.normal(size=plain.n_dim), rng.normal(size=(plain.n_dim, plain.n_dim))
    changed, target = Target(plain.with_data(**{CENTRE: centre, ROOT: root})), Target(plain)
    points = rng.normal(size=(5, plain.n_dim))
    value, slope = target.density(centre + points @ root.T)
    assert np.allclose(changed.density(points)[0], value, rtol=1e-12)
    assert np.allclose(changed.density(points)[1], slope @ root, rtol=1e-9, atol=1e-9)
    inside = target.expand(centre + points @ root.T)
    assert all(np.allclose(v, inside[k], rtol=1e-12) for k, v in changed.expand(points).items())


def test_importing_nutpie_leaves_arviz_for_whoever_needs_it():
    """nutpie's own reference becomes ArviZ when read; nothing stays in its place among the modules."""
    code = """
import sys
from bayes_escc.inference.compiled import import_nutpie
nutpie = import_nutpie()
assert not {"arviz", "matplotlib"} & set(sys.modules)
held = sys.modules["nutpie.sample"].arviz
import arviz
assert held.from_dict is arviz.from_dict and sys.modules["arviz"] is arviz
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_too_few_draws_have_no_r_hat():
    from bayes_escc.probability.effective import mixing

    found = mixing(np.random.default_rng(1).normal(size=(4, 3, 2)))
    assert np.isnan([found.rhat, found.bulk, found.tail]).all()
