"""The results folder of a run is one thing: written beside, put in place at once, and swept of what it held before.

Files are written into a hidden staging folder inside the results folder, on the same file system. When the last one is
flushed to the disk, a manifest (names, digests, the id of the run) completes the staging folder, and only then are its
files renamed into place, with interrupts held back. Whatever happens before leaves the old results as they were; a
power cut while files are being renamed is completed by the next run, because the manifest says what belongs together.
Files that no manifest names are the user's: they are never removed, and moved aside where a result has their name.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.files import write_atomic

__all__ = ["MANIFEST", "ResultsFolder", "read_manifest", "results_folder"]

MANIFEST: Final = "manifest.json"
_STAGING: Final = ".staging"
_LOCK: Final = ".lock"
_PROBE: Final = "x" * 200
"""A file name as long as those of results may be."""


class ResultsFolder:
    """A results folder that is being written; made by `results_folder`.

    Parameters
    ----------
    path : Path
        Where the results will stand.
    staging : Path
        Where they are written.
    """

    def __init__(self, path: Path, staging: Path) -> None:
        self.path = path
        self.staging = staging
        self.names: list[str] = []

    def write(self, name: str, content: str | bytes) -> None:
        """Write one file of the results.

        Raises
        ------
        AnalysisError
            If it cannot be written, for example because the disk is full.
        """
        write_atomic(self.staging / name, content)
        self.names.append(name)

    @property
    def paths(self) -> list[Path]:
        """The files written so far, where they will stand."""
        return [self.path / name for name in self.names]

    def finish(self) -> None:
        """Complete the staging folder with its manifest, and put its files in place."""
        digests = {name: _digest(self.staging / name) for name in self.names}
        run = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()[:16]
        self.write(MANIFEST, json.dumps({"run": run, "files": digests}, indent=1, ensure_ascii=False) + "\n")
        _put_in_place(self.staging, self.path)


@contextmanager
def results_folder(path: Path) -> Iterator[ResultsFolder]:
    """Take a results folder for one run: found writable and locked first, and put in place at the end.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Yields
    ------
    ResultsFolder
        Its files are put in place when the block ends without an exception; otherwise nothing changes.

    Raises
    ------
    AnalysisError
        If the folder cannot be made or written to, or another run is writing into it.
    """
    made = _make(path)
    finished = False
    try:
        with _locked(path), _interruptible():
            _sweep_staging(path)
            folder = ResultsFolder(path, path / _STAGING)
            try:
                _probe(folder.staging)
                yield folder
                folder.finish()
                finished = True
            finally:
                shutil.rmtree(folder.staging, ignore_errors=True)
    finally:
        if not finished:
            for folder_made in made:
                with suppress(OSError):  # not empty: it holds the results of another run by now
                    folder_made.rmdir()


def read_manifest(path: Path) -> dict[str, str]:
    """Names and digests of the files that the last run left in a folder; empty where none did."""
    try:
        stated = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        files = stated["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not isinstance(files, Mapping):
        return {}
    return {str(name): str(digest) for name, digest in files.items() if Path(str(name)).name == name}


def _make(path: Path) -> list[Path]:
    """Make a folder; which folders were missing, the innermost first."""
    missing = [p for p in (path, *path.parents) if not os.path.lexists(p)]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnalysisError(f"{_shown(path)} cannot be written to: {error.strerror}.") from None
    return missing


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 160 else f"{text[:70]}...{text[-70:]}"


def _probe(staging: Path) -> None:
    """Find out before the fit whether files can be written."""
    try:
        staging.mkdir()
        probe = staging / _PROBE
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise AnalysisError(f"{_shown(staging.parent)} cannot be written to: {error.strerror}.") from None


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sweep_staging(path: Path) -> None:
    """Remove what a killed run left; if it was complete, put it in place first. The lock is held, so nobody uses it."""
    staging = path / _STAGING
    if (staging / MANIFEST).is_file():
        _put_in_place(staging, path)
    shutil.rmtree(staging, ignore_errors=True)


def _put_in_place(staging: Path, path: Path) -> None:
    """Rename the files of a complete staging folder into place, the manifest last, and sweep those of the last run."""
    before, now = read_manifest(path), read_manifest(staging)
    with _held_back():
        for name, digest in now.items():
            if (staging / name).is_file():
                _set_aside(path / name, before, digest)
                (staging / name).replace(path / name)
        kept = [name for name, digest in before.items() if name not in now and not _remove(path / name, digest)]
        (staging / MANIFEST).replace(path / MANIFEST)
        _flush(path)
    if kept:
        warnings.warn(
            f"{', '.join(kept)}: not removed, because changed since the last run wrote it; it is not of this run.",
            UserWarning,
            stacklevel=2,
        )


def _set_aside(path: Path, before: Mapping[str, str], digest: str) -> None:
    """Keep a user's file that has the name of a result; without a manifest the folder is of an older version."""
    if not before or not path.is_file():
        return
    present = _digest(path)
    if present in (before.get(path.name), digest):
        return
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.{number}")):
        number += 1
    path.replace(aside)
    warnings.warn(
        f"{path.name} was not of the last run or was changed since: it is kept as {aside.name}.",
        UserWarning,
        stacklevel=2,
    )


def _remove(path: Path, digest: str) -> bool:
    """Remove a file of the last run, unless somebody changed it since."""
    if not path.is_file():
        return True
    if _digest(path) != digest:
        return False
    path.unlink()
    return True


def _flush(folder: Path) -> None:
    """Flush the names of a folder to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _held_back() -> Iterator[None]:
    """Hold interrupts back for a moment, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Leave by an exception when the process is asked to end, so that what was begun is removed; as a caller does."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a folder; the system frees it when the process ends, however it ends."""
    lock = path / _LOCK
    while True:
        try:
            stream = lock.open("a+b")
        except OSError as error:
            raise AnalysisError(f"{_shown(path)} cannot be written to: {error.strerror}.") from None
        try:
            _take(stream, path)
            if lock.exists() and os.fstat(stream.fileno()).st_ino == lock.stat().st_ino:
                break  # else: the run before removed the lock that was just taken
        except BaseException:
            stream.close()
            raise
        stream.close()
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        stream.close()


def _take(stream: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # pragma: no cover (Windows: an open file cannot be removed, which the sweep would notice)
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return  # a file system without locks
        raise AnalysisError(
            f"another run is writing into {_shown(path)}: wait for it, or name another folder."
        ) from None
