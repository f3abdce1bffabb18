"""Many independent pieces of work, as fits of one structure: in processes, or on a Dask cluster.

A piece is what one call of a function of a module is given. Each has a random stream of its own, by its number, so
that results do not depend on who computes a piece, in which order, or after how many attempts. A worker that is lost
costs the pieces it was at work on, which are done again.

Workers of a cluster are held to this process first: the same versions, the same code, the same arithmetic.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.errors import FitError
from bayes_escc.settings.packages import need_package

if TYPE_CHECKING:
    from bayes_escc.analysis.analysis import SamplingSpec
    from bayes_escc.families import Design
    from bayes_escc.inference.fit import Estimate

__all__ = ["HERE", "Workers", "estimate_many", "run_many", "worker_fingerprint"]

Task = Callable[[Any, int], Any]

RETRIES: Final = 3
_PACKAGES: Final = ("numpy", "scipy", "numba", "llvmlite", "pytensor", "pymc", "nutpie", "xarray")
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Workers:
    """Who does many independent pieces of work; results do not depend on it.

    Parameters
    ----------
    count : int, optional
        Processes; one, which is this, if not given, and as many as there are usable processors with None.
    scheduler : str, optional
        Address of a running Dask scheduler, whose workers are used instead.
    """

    count: int | None = 1
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise FitError(f"workers must be 1 or more, not {self.count}.")

    def run(self, task: Task, pieces: Sequence[Any], seed: int) -> list[Any]:
        """Call a function on every piece, as `run_many` does."""
        return run_many(task, pieces, seed, self.count, self.scheduler)


HERE: Final = Workers()
"""This process alone."""


def estimate_many(
    designs: Sequence[Design], sampling: SamplingSpec, *, workers: int | None = None, scheduler: str | None = None
) -> list[Estimate]:
    """The posterior of each of many designs.

    Parameters
    ----------
    designs : sequence of Design
        Best of one structure, which every worker then compiles, or reads from the cache, once.
    sampling : SamplingSpec
        Of every fit; the seed is that of the whole, and each fit has a stream of its own.
    workers, scheduler
        As of `run_many`.
    """
    return run_many(_estimate, [(design, sampling) for design in designs], sampling.seed, workers, scheduler)


def _estimate(piece: tuple[Design, SamplingSpec], seed: int) -> Estimate:
    from bayes_escc.inference.fit import estimate

    return estimate(piece[0], replace(piece[1], seed=seed))


def run_many(
    task: Task, pieces: Sequence[Any], seed: int, workers: int | None = None, scheduler: str | None = None
) -> list[Any]:
    """Call a function on every piece.

    Parameters
    ----------
    task : function
        Of a piece and a seed; at the top of a module, so that workers can import it.
    pieces : sequence
        What can be sent to another process.
    seed : int
        Of the whole; the seed of a piece follows from it and the piece's number.
    workers : int, optional
        Processes; as many as there are usable processors if not given. With one, or a single piece, the work is done
        here.
    scheduler : str, optional
        Address of a running Dask scheduler, for example ``tcp://host:8786``, whose workers are used instead.

    Returns
    -------
    list
        Results in the order of the pieces.

    Raises
    ------
    FitError
        If workers were lost again and again, or those of a cluster differ from this process.
    Exception
        What the function raised on the first of the pieces on which it did.
    """
    seeds = _seeds(seed, len(pieces))
    if scheduler is not None:
        return _on_cluster(task, pieces, seeds, scheduler)
    count = min(len(pieces), workers if workers is not None else _processors())
    if count <= 1:
        return [task(piece, own) for piece, own in zip(pieces, seeds, strict=True)]
    return _in_processes(task, pieces, seeds, count)


def _seeds(seed: int, count: int) -> list[int]:
    import numpy as np

    # each from its own number: the first pieces of a longer list keep their seeds
    return [int(np.random.SeedSequence((seed, i)).generate_state(1)[0]) for i in range(count)]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---- processes -------------------------------------------------------------------------------------


def _in_processes(task: Task, pieces: Sequence[Any], seeds: Sequence[int], count: int) -> list[Any]:
    """In fresh processes; if one dies, the pieces without a result go to new ones."""
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")  # a fork would copy threads and locks of the sampler
    results: dict[int, Any] = {}
    errors: dict[int, Exception] = {}
    for _ in range(RETRIES + 1):
        left = [i for i in range(len(pieces)) if i not in results and i not in errors]
        if not left:
            break
        with _one_thread_each(), ProcessPoolExecutor(min(count, len(left)), mp_context=context) as pool:
            waiting = iter(left)
            running: dict[Future[Any], int] = {}

            def start(waiting: Iterator[int] = waiting, running: Any = running, pool: Any = pool) -> bool:
                """Send one more piece; no more than two a worker are under way, so that few are lost with one."""
                i = next(waiting, None)
                if i is not None:
                    running[pool.submit(task, pieces[i], seeds[i])] = i
                return i is not None

            try:
                while len(running) < 2 * count and start():
                    pass
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        i = running.pop(future)
                        error = future.exception()
                        if isinstance(error, BrokenProcessPool):
                            raise error
                        if isinstance(error, Exception):
                            errors[i] = error
                        else:
                            results[i] = future.result()
                        start()
            except BrokenProcessPool:
                continue
    return _in_order(results, errors, len(pieces))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """The environment of processes started meanwhile: linear algebra in one thread."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _in_order(results: dict[int, Any], errors: dict[int, Exception], count: int) -> list[Any]:
    if errors:
        raise errors[min(errors)]
    lost = [i for i in range(count) if i not in results]
    if lost:
        raise FitError(
            f"piece {lost[0] + 1} of {count} was lost {RETRIES + 1} times with its worker; it may need more memory "
            "than there is: use fewer workers."
        )
    return [results[i] for i in range(count)]


# ---- a cluster -------------------------------------------------------------------------------------


def _on_cluster(task: Task, pieces: Sequence[Any], seeds: Sequence[int], scheduler: str) -> list[Any]:
    need_package("dask")
    try:
        from distributed import Client, as_completed
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise FitError('a scheduler needs Dask: install "bayes-escc[cluster]".') from None
    try:
        client = Client(scheduler, set_as_default=False, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise FitError(f"there is no Dask scheduler at {scheduler}: {error}.") from None
    results: dict[int, Any] = {}
    errors: dict[int, Exception] = {}
    with client:
        _check_workers(client.run(worker_fingerprint))
        name = hashlib.sha256(os.urandom(16)).hexdigest()[:16]  # or the scheduler might answer from another call
        futures = {
            client.submit(task, piece, own, key=f"bayes_escc-{name}-{i}", retries=RETRIES, pure=False): i
            for i, (piece, own) in enumerate(zip(pieces, seeds, strict=True))
        }
        for future in as_completed(list(futures), loop=client.loop):
            i = futures[future]
            if future.status == "finished":
                results[i] = future.result()
                continue
            raised = future.exception() if future.status == "error" else None
            if raised is not None and not isinstance(raised, KilledWorker):
                errors[i] = raised  # what is lost with its worker is done here, below
    for i in range(len(pieces)):  # Dask counts the death of a worker against every piece it held
        if i not in results and i not in errors:
            results[i] = task(pieces[i], seeds[i])
    return _in_order(results, errors, len(pieces))


def worker_fingerprint() -> dict[str, str]:
    """Versions, code and arithmetic of this process, which all workers must share."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    root = Path(__file__).parents[1]
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found | {"bayes_escc": code.hexdigest()[:16], "arithmetic": _arithmetic()}


def _arithmetic() -> str:
    """A digest of random numbers and of functions of them to nine digits."""
    import numpy as np

    draws = np.random.default_rng(np.random.SeedSequence((1, 64))).normal(size=256)
    values = np.concatenate([draws, np.exp(draws), np.log(np.abs(draws)), [draws @ draws]])
    return hashlib.sha256(" ".join(f"{v:.9g}" for v in values).encode()).hexdigest()[:16]


def _check_workers(found: dict[str, dict[str, str]]) -> None:
    """Refuse workers that differ.

    Raises
    ------
    FitError
        Naming every worker and what differs there; or if there are no workers.
    """
    if not found:
        raise FitError("the Dask scheduler has no workers: start some, then try again.")
    ours = worker_fingerprint()
    problems = [
        f"{worker} has {name} {theirs.get(name, 'missing')}, here it is {own}"
        for worker, theirs in sorted(found.items())
        for name, own in ours.items()
        if theirs.get(name) != own
    ]
    if problems:
        raise FitError("workers differ from this process: " + "; ".join(problems) + ". Install the same everywhere.")
