"""Saving, loading, refusing; what a posterior answers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import bayes_escc as be


@pytest.mark.parametrize("name", ["exact", "nuts", "several", "over_studies"])
def test_a_posterior_survives_its_file(name, request, tmp_path):
    posterior = request.getfixturevalue(name)
    path = posterior.save(tmp_path / "结果 p.nc")
    loaded = be.Posterior.load(path)
    assert be.to_result(loaded) == be.to_result(posterior)
    assert loaded.diagnostics == posterior.diagnostics
    assert loaded.analysis.sha256 == posterior.analysis.sha256
    for group in posterior.tree.children:
        assert loaded.tree[group].to_dataset().equals(posterior.tree[group].to_dataset()), group


def test_saving_again_replaces_the_file_also_while_it_is_loaded(exact, nuts, tmp_path):
    path = tmp_path / "p.nc"
    exact.save(path)
    held = be.Posterior.load(path)
    nuts.save(path)
    assert be.Posterior.load(path).sampler == "nuts"
    assert held.sampler == "exact"
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"]


def test_a_failed_save_leaves_the_good_file(exact, tmp_path, monkeypatch):
    path = exact.save(tmp_path / "p.nc")
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bayes_escc.files.os.fsync", full)
    with pytest.raises(be.AnalysisError, match="No space left"):
        exact.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"]


def test_damage_is_found_wherever_it_is(exact, tmp_path):
    path = exact.save(tmp_path / "p.nc")
    good = path.read_bytes()
    draws = exact.tree["posterior"]["rate"].to_numpy().tobytes()[:64]
    at = good.index(draws[:16])
    flipped = bytearray(good)
    flipped[at + 3] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(be.RecordError, match="damaged"):
        be.Posterior.load(path)
    record = bytearray(good)
    where = good.index(b'"sampler"')
    record[where + 1] ^= 1
    path.write_bytes(record)
    with pytest.raises(be.RecordError):
        be.Posterior.load(path)
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(be.RecordError, match="damaged"):
        be.Posterior.load(path)


@pytest.mark.parametrize("content", [b"", pickle.dumps({"a": 1}), b"CDF\x01", b"text"])
def test_other_formats_are_refused(content, tmp_path):
    path = tmp_path / "p.nc"
    path.write_bytes(content)
    with pytest.raises(be.RecordError, match="not a netCDF 4 file"):
        be.Posterior.load(path)


def test_foreign_and_absent_files_are_refused(tmp_path):
    import xarray as xr

    path = tmp_path / "p.nc"
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(be.RecordError, match="not saved by bayes_escc"):
        be.Posterior.load(path)
    with pytest.raises(be.RecordError, match="no file"):
        be.Posterior.load(tmp_path / "absent.nc")


def test_files_of_a_newer_version_are_refused(exact, tmp_path, monkeypatch):
    monkeypatch.setattr("bayes_escc.answers.record.FORMAT_VERSION", 99)
    path = exact.save(tmp_path / "p.nc")
    monkeypatch.undo()
    with pytest.raises(be.RecordError, match="update bayes_escc"):
        be.Posterior.load(path)


def test_summary_follows_the_interval_asked_for(exact):
    wide, narrow = exact.summary("rate", ci_prob=0.95), exact.summary("rate", ci_prob=0.5)
    assert (wide["lower"] < narrow["lower"]).all()
    assert (wide["upper"] > narrow["upper"]).all()
    assert "time" not in wide.columns


def test_questions_that_have_no_answer(exact):
    with pytest.raises(be.AnalysisError, match="Did you mean 'rate'"):
        exact.estimand("rat")
    with pytest.raises(be.AnalysisError, match="give one of above and below"):
        exact.probability("rate")
    with pytest.raises(be.AnalysisError, match="not a regimen"):
        exact.probability("rate", above=0.2, regimen="x")
    with pytest.raises(be.AnalysisError, match="whole number"):
        exact.predict(0)


def test_study_effects_cannot_be_compared_by_regimen(over_studies):
    with pytest.raises(be.AnalysisError, match="not estimated by regimen"):
        over_studies.compare("study_rate")


def test_the_default_reference_is_the_first_regimen(exact):
    comparison = exact.compare()
    assert comparison.reference == "toripalimab + chemotherapy"
    assert len(comparison.rows) == 3
    assert "P(better)" in repr(comparison)
    assert np.isfinite(comparison.table["mean"]).all()


def test_the_digest_covers_attributes_and_a_broken_record_is_said(exact, tmp_path, monkeypatch):
    import h5py

    path = exact.save(tmp_path / "p.nc")
    with h5py.File(path, "a") as file:
        file["posterior"].attrs["note"] = "x"
    with pytest.raises(be.RecordError, match="damaged"):
        be.Posterior.load(path)
    monkeypatch.setattr("bayes_escc.answers.record.json.dumps", lambda *a, **k: '{"a": 1}')
    path = exact.save(tmp_path / "q.nc")
    with pytest.raises(be.RecordError, match="cannot be understood"):
        be.Posterior.load(path)


def test_predictions_check_their_arguments(exact):
    for patients, at_least in ((5.5, ()), (5, (-1,)), (5, (6,)), (100_000, ())):
        with pytest.raises(be.AnalysisError):
            exact.predict(patients, at_least=at_least)


def test_a_saved_tree_comes_back_as_it_was(tmp_path):
    """Whatever a tree holds: truth values, text in any script, gaps, single numbers, dimensions without labels."""
    import xarray as xr

    from bayes_escc.answers.storage import load_tree, tree_bytes

    first = xr.Dataset(
        {
            "hazard": (("chain", "draw", "piece"), np.arange(24.0).reshape(2, 3, 4), {"unit": "per month"}),
            "reached": (("chain", "draw"), np.array([[True, False, True], [False, False, True]])),
            "count": ("piece", np.arange(4, dtype="int32")),
            "level": ((), 2.5),
        },
        coords={"chain": [0, 1], "draw": [5, 6, 7], "regimen": "单药", "time": ("draw", [0.5, np.nan, np.inf])},
        attrs={"note": "两种方案", "digits": 3},
    )
    second = xr.Dataset({"name": ("row", ["a", "", "抗PD-1 + 化疗"])}, coords={"row": ["x", "y", "z"]})
    empty = xr.Dataset({"none": ("row", np.array([], dtype=float))}, coords={"row": np.array([], dtype=int)})
    tree = xr.DataTree.from_dict({"/first": first, "/second": second, "/third": empty})
    path = tmp_path / "tree.nc"
    path.write_bytes(tree_bytes(tree, '{"long": "' + "x" * 100_000 + '"}'))
    again, record = load_tree(path)
    xr.testing.assert_identical(again, tree)
    assert len(record) > 100_000
    assert again["first"]["reached"].dtype == bool
    assert path.read_bytes() == tree_bytes(tree, record)
