"""Files written beside, flushed, then renamed: never half a file, never a good one destroyed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from bayes_escc.errors import AnalysisError

__all__ = ["write_atomic", "write_with"]


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that it is either the old one or the complete new one."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    write_with(path, lambda beside: beside.write_bytes(data))


def write_with(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` produce a file beside `path`, flush it to disk and rename it to `path`.

    Raises
    ------
    AnalysisError
        If the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror}.") from None
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        beside.unlink(missing_ok=True)
