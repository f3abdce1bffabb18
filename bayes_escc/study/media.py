"""Opening a study file safely where it lies: read-only media, and write-ahead logs that are not its own.

SQLite replays a write-ahead log that lies beside a file whoever wrote it: its checksums cover the log alone. A log
that was copied next to the wrong study would so overwrite it. Therefore a log with content is first replayed on a
copy, and accepted only if the copy still is the same study.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bayes_escc.errors import RecordError

__all__ = ["connect_to_read", "refuse_foreign_wal"]

_TRIES: Final = 3
"""A copy made while another process writes may be torn; it is made again this often."""
_PAUSE: Final = 0.2


def connect_to_read(path: Path) -> tuple[sqlite3.Connection, Callable[[], None]]:
    """A connection that neither writes nor makes any file beside the study, and what to call after closing it.

    What a write-ahead log holds is read from a copy of both.
    """
    if not _has_wal(path):
        return _connect(path, "immutable=1"), lambda: None
    folder = refuse_foreign_wal(path, keep=True)
    return _connect(Path(folder) / path.name, "mode=rw"), lambda: shutil.rmtree(folder, ignore_errors=True)


def refuse_foreign_wal(path: Path, *, keep: bool = False) -> str:
    """Refuse a write-ahead log beside a study that belongs to another file.

    Parameters
    ----------
    path : Path
    keep : bool
        Whether the folder with the copies is kept.

    Returns
    -------
    str
        The folder that holds a copy of the file with its log replayed; blank if there is no log, or it is not kept.

    Raises
    ------
    RecordError
        If the log is not this study's. Nothing is touched.
    """
    if not _has_wal(path):
        return ""
    for attempt in range(_TRIES):
        folder = tempfile.mkdtemp(prefix="bayes-escc-")
        accepted = False
        try:
            for tail in ("", "-wal"):
                shutil.copyfile(f"{path}{tail}", Path(folder) / f"{path.name}{tail}")
            accepted = _same_study(path, Path(folder) / path.name)
        except OSError:  # the log was moved into the file meanwhile
            accepted = not _has_wal(path)
        finally:
            if not (accepted and keep):
                shutil.rmtree(folder, ignore_errors=True)
        if accepted:
            return folder if keep else ""
        if attempt + 1 < _TRIES:
            time.sleep(_PAUSE)
    raise RecordError(
        f"beside {path.name} lies a write-ahead log, {path.name}-wal, that belongs to another file or is damaged: "
        "read together they are no study. Nothing was touched. Move it (and the file ending in -shm) away; the study "
        "is then read as it was last written whole."
    )


def _has_wal(path: Path) -> bool:
    wal = Path(f"{path}-wal")
    return wal.is_file() and wal.stat().st_size > 0


def _same_study(path: Path, copy: Path) -> bool:
    """Whether a copy with its log replayed is whole and continues the study of the file alone.

    The file alone may be between two states, if a process was killed while it moved the log into it; then the first
    entry decides.
    """
    try:
        replayed = _log_hashes(copy, "mode=rw", whole=True)
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    try:
        alone = _log_hashes(path, "immutable=1", whole=True)
    except (sqlite3.Error, UnicodeDecodeError):
        try:
            alone = _log_hashes(path, "immutable=1", whole=False)[:1]
        except (sqlite3.Error, UnicodeDecodeError):
            return True
    return replayed[: len(alone)] == alone


def _log_hashes(path: Path, how: str, *, whole: bool) -> list[str]:
    connection = _connect(path, how)
    try:
        if whole and [r[0] for r in connection.execute("PRAGMA quick_check(1)")] != ["ok"]:
            raise sqlite3.DatabaseError("the pages do not fit together")
        return [str(r[0]) for r in connection.execute("SELECT hash FROM log ORDER BY seq")]
    finally:
        connection.close()


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.resolve()))}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection
