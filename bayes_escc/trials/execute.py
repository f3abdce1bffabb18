"""Running pieces of trials: here, in processes, or on a cluster; each finished piece is kept.

A piece is a run of consecutive trials of one truth. Its outcome depends on the design, the seed and the trials' numbers
alone, so workers, order, retries and interruptions change nothing. The outcome is kept per trial, not summed, and put
together in the order of the trials.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bayes_escc.errors import FitError
from bayes_escc.files import write_atomic
from bayes_escc.settings.packages import need_package
from bayes_escc.trials.conduct import Outcomes

__all__ = ["Piece", "Work", "execute", "fingerprint", "pack", "unpack"]

TRIALS_PER_PIECE: Final = 5_000
_RETRIES: Final = 3


@dataclass(frozen=True)
class Piece:
    """Some trials of one truth.

    Parameters
    ----------
    truth : str
        Name of the truth; blank for truths drawn from the design prior.
    patients : int
        The most that enter.
    first, trials : int
    """

    truth: str
    patients: int
    first: int
    trials: int

    @property
    def name(self) -> str:
        """Name of the file that keeps its outcome."""
        told = hashlib.sha256(self.truth.encode()).hexdigest()[:8]
        return f"{told}-{self.patients}-{self.first}-{self.trials}.npz"


Work = Callable[[str, str, Piece], bytes]
"""What workers run: the design as JSON, the folder of its file names, and a piece; its packed outcome. A function of a
module, so that other processes find it."""


def pack(outcomes: Outcomes) -> bytes:
    """Outcomes as the bytes of an npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **vars(outcomes))
    return buffer.getvalue()


def unpack(content: bytes) -> Outcomes:
    """Outcomes from bytes."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    return Outcomes(first=int(values.pop("first")), **values)


def fingerprint() -> str:
    """Versions that decide the numbers, and a few numbers; workers whose fingerprint differs are not used."""
    import numba
    import scipy

    from bayes_escc.names import VERSION
    from bayes_escc.trials.streams import uniforms

    told = hashlib.sha256(uniforms(1, "event", 0, 8, 8).tobytes()).hexdigest()[:12]
    versions = (VERSION, np.__version__, numba.__version__, scipy.__version__, sys.version.split()[0])
    return " ".join((*versions, told))


def execute(
    work: Work,
    content: str,
    folder: str,
    pieces: Sequence[Piece],
    *,
    workers: int = 1,
    scheduler: str | None = None,
    keep: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[tuple[Piece, Outcomes]]:
    """Run pieces, and return their outcomes in the order given.

    Parameters
    ----------
    work : callable
        Makes the outcome of a piece.
    content, folder : str
        The design.
    pieces : sequence of Piece
    workers : int
        Processes on this machine.
    scheduler : str, optional
        Address of an existing Dask scheduler, used instead.
    keep : Path, optional
        Folder in which finished pieces are kept, and looked for.
    say : callable
        Told of progress.

    Returns
    -------
    list of (Piece, Outcomes)
        Of a run that was interrupted, the pieces that were finished.
    """
    done: dict[Piece, Outcomes] = {}
    if keep is not None:
        for piece in pieces:
            with contextlib.suppress(OSError, ValueError, KeyError, EOFError):
                done[piece] = unpack((keep / piece.name).read_bytes())
    left = [piece for piece in pieces if piece not in done]
    try:
        for piece, result in _results(work, content, folder, left, workers, scheduler):
            if keep is not None:
                write_atomic(keep / piece.name, result)
            done[piece] = unpack(result)
            say(f"{sum(p.trials for p in done):,} of {sum(p.trials for p in pieces):,} trials")
    except KeyboardInterrupt:
        if not done:
            raise
        say("interrupted: the report is made of the trials that were finished; the same command continues")
    return [(piece, done[piece]) for piece in pieces if piece in done]


def _results(
    work: Work, content: str, folder: str, pieces: Sequence[Piece], workers: int, scheduler: str | None
) -> Iterator[tuple[Piece, bytes]]:
    if scheduler:
        yield from _on_cluster(work, content, folder, pieces, scheduler)
    elif workers <= 1 or len(pieces) <= 1:
        for piece in pieces:
            yield piece, work(content, folder, piece)
    else:
        yield from _in_processes(work, content, folder, pieces, min(workers, len(pieces)))


def _in_processes(
    work: Work, content: str, folder: str, pieces: Sequence[Piece], workers: int
) -> Iterator[tuple[Piece, bytes]]:
    """Processes of this machine; pieces of one that dies are run again."""
    import multiprocessing

    left = list(pieces)
    for _ in range(_RETRIES):
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_single) as pool:
            futures = {pool.submit(work, content, folder, piece): piece for piece in left}
            try:
                for future in as_completed(futures):
                    result = future.result()
                    left.remove(futures[future])
                    yield futures[future], result
            except BrokenProcessPool:
                continue
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return
    for piece in left:
        yield piece, work(content, folder, piece)


def _single() -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _untyped(function: Any) -> Any:
    """A function of a library without types."""
    return function


def _on_cluster(
    work: Work, content: str, folder: str, pieces: Sequence[Piece], scheduler: str
) -> Iterator[tuple[Piece, bytes]]:
    """Workers of an existing Dask cluster, if each of them makes the same numbers as this process."""
    need_package("dask")
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise FitError("a scheduler needs the extra: pip install 'bayes-escc[cluster]'.") from None
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    try:
        client: Any = _untyped(Client)(scheduler, timeout=30)
    except (OSError, TimeoutError) as error:
        raise FitError(f"the scheduler {scheduler} does not answer ({error}).") from None
    with client:
        here = fingerprint()
        strange = [f"{worker}: {there}" for worker, there in client.run(fingerprint).items() if there != here]
        if strange:
            listed = "\n".join(f"  - {line}" for line in strange)
            raise FitError(f"workers would make other numbers than this machine ({here}):\n{listed}")
        if not client.scheduler_info()["workers"]:
            raise FitError(f"the scheduler {scheduler} has no workers.")
        futures: dict[Any, Piece] = {
            client.submit(work, content, folder, piece, key=f"{digest}-{piece.name}", retries=_RETRIES): piece
            for piece in pieces
        }
        for future in _untyped(as_completed)(list(futures)):
            piece = futures[future]
            try:
                result = future.result()
            except KilledWorker:  # its worker died too often: it costs this piece, run here
                result = work(content, folder, piece)
            yield piece, result
