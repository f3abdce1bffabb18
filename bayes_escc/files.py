"""Files written beside, flushed, then renamed: never half a file, never a good one destroyed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bayes_escc.errors import AnalysisError

__all__ = ["write_atomic"]


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that it is either the old one or the complete new one: beside, flushed to the disk, renamed.

    Raises
    ------
    AnalysisError
        If the folder cannot be written to, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror}.") from None
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        raise AnalysisError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        beside.unlink(missing_ok=True)
