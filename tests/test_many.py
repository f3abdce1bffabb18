"""Many pieces of work: the same results here, in processes, on a cluster, and after a worker was lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import bayes_escc as be
from bayes_escc.inference import many
from bayes_escc.inference.many import run_many, worker_fingerprint


def draw(piece, seed):
    return piece, float(np.random.default_rng(seed).normal())


def draw_or_die(piece, seed):
    """Kill the worker at the third piece, once."""
    number, folder = piece
    mark = Path(folder) / "died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return draw(number, seed)


def always_die(piece, seed):
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(piece, seed):
    if piece >= 2:
        raise be.FitError(f"piece {piece} cannot be fitted.")
    return piece


def test_a_piece_has_its_own_stream():
    found = run_many(draw, list(range(6)), 7, workers=1)
    assert [piece for piece, _ in found] == list(range(6))
    assert len({value for _, value in found}) == 6
    assert run_many(draw, list(range(9)), 7, workers=1)[:6] == found
    assert run_many(draw, list(range(6)), 8, workers=1) != found
    assert run_many(draw, [], 1) == []


def test_a_lost_worker_costs_only_its_pieces(tmp_path):
    pieces = [(i, str(tmp_path)) for i in range(8)]
    found = run_many(draw_or_die, pieces, 7, workers=2)
    assert (tmp_path / "died").exists()
    assert found == run_many(draw, list(range(8)), 7, workers=1)


def test_the_first_error_is_raised_wherever_it_happened():
    for workers in (1, 2):
        with pytest.raises(be.FitError, match="piece 2 cannot be fitted"):
            run_many(refuse, list(range(5)), 1, workers=workers)


@pytest.mark.slow
def test_a_piece_that_always_kills_its_worker_is_named():
    with pytest.raises(be.FitError, match="piece 1 of 2 was lost 4 times"):
        run_many(always_die, [0, 1], 1, workers=2)


def test_workers_that_differ_are_refused():
    ours = worker_fingerprint()
    many._check_workers({"tcp://a": ours, "tcp://b": ours})
    with pytest.raises(be.FitError, match=r"tcp://b has numpy 0\.1, here it is"):
        many._check_workers({"tcp://a": ours, "tcp://b": ours | {"numpy": "0.1"}})
    with pytest.raises(be.FitError, match="no workers"):
        many._check_workers({})


def test_no_scheduler_is_a_sentence():
    pytest.importorskip("distributed")
    with pytest.raises(be.FitError, match="no Dask scheduler at"):
        run_many(draw, [1, 2], 1, scheduler="nonsense")


@pytest.mark.slow
def test_a_cluster_of_two_workers_one_of_which_is_killed(tmp_path):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster:
        pieces = [(i, str(tmp_path)) for i in range(12)]
        found = run_many(draw_or_die, pieces, 7, scheduler=cluster.scheduler_address)
    assert (tmp_path / "died").exists()
    assert found == run_many(draw, list(range(12)), 7, workers=1)


@pytest.mark.slow
def test_fits_do_not_depend_on_workers():
    from bayes_escc.runs.run import prepare_design

    cohorts = be.load_dataset("second_line_cohorts")
    model = be.ResponseModel(endpoint="ORR", pooling="partial")
    designs = [prepare_design(model.analysis, cohorts)] * 3
    sampling = model.analysis.with_sampling(draws=50, tune=50, chains=2, seed=3).sampling
    here, there = (many.estimate_many(designs, sampling, workers=n) for n in (1, 2))
    for one, other in zip(here, there, strict=True):
        assert one.parameters.equals(other.parameters)
    assert not here[0].parameters.equals(here[1].parameters)


@pytest.mark.parametrize("command", ["sensitivity", "inconsistency"])
def test_commands_that_fit_many_times_take_workers_or_a_scheduler(command, monkeypatch, capsys):
    from bayes_escc.cli import main

    given = []

    def noted(task, pieces, seed, workers=None, scheduler=None):
        given.append((len(pieces), workers, scheduler))
        raise be.FitError("stopped here.")

    monkeypatch.setattr(many, "run_many", noted)
    name = "pd1_first_line_network"
    assert main([command, name, "--scheduler", "tcp://host:8786"]) != 0
    assert main([command, name, "--workers", "3"]) != 0
    assert [(w, s) for _, w, s in given] == [(1, "tcp://host:8786"), (3, None)]
    assert given[0][0] >= 2
    assert main([command, name, "--workers", "0"]) != 0
    assert "workers must be 1 or more, not 0" in capsys.readouterr().err


def test_split_networks_do_not_depend_on_who_fits_them():
    one, other = (be.inconsistency(be.find_analysis("pd1_first_line_network"), workers=n) for n in (1, 2))
    assert one.to_dict() == other.to_dict()


def test_variations_do_not_depend_on_who_fits_them():
    analysis = be.find_analysis("second_line_response")
    one, other = (be.sensitivity(analysis, workers=n) for n in (1, 2))
    assert one.to_dict() == other.to_dict()


@pytest.mark.slow
def test_variations_on_a_cluster_one_of_whose_workers_is_killed():
    """The second worker is killed while the variations are fitted; the table is the same."""
    distributed = pytest.importorskip("distributed")
    analysis = be.find_analysis("pd1_first_line_network")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster:
        doomed = list(cluster.workers.values())[1].pid
        killer = threading.Timer(3.0, os.kill, (doomed, signal.SIGKILL))
        killer.start()
        found = be.sensitivity(analysis, scheduler=cluster.scheduler_address)
        killer.join()
    assert found.to_dict() == be.sensitivity(analysis).to_dict()


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path):
    """A file where the folder should be stands for a read-only home, which root could write all the same."""
    blocked = tmp_path / "file"
    blocked.touch()
    code = (
        "import warnings, os\n"
        "from bayes_escc.inference.cache import prepare_cache\n"
        "with warnings.catch_warnings(record=True) as said:\n"
        "    warnings.simplefilter('always')\n"
        "    prepare_cache()\n"
        "print(said[0].category.__name__, said[0].message)\n"
        "print(os.environ['PYTENSOR_FLAGS'])\n"
        "import pytensor\n"
        "print(pytensor.config.base_compiledir)\n"
    )
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"cxx=,base_compiledir={blocked / 'compiled'}",
        "TMPDIR": str(tmp_path),
    }
    said, flags, used = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said.startswith("CacheWarning compiled code cannot be kept in")
    assert flags.startswith("cxx=,base_compiledir=")
    assert Path(used).parent == tmp_path
