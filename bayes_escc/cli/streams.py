"""Standard output and standard error of the command line where nobody takes what is written to them.

What a command prints is its result, so output that cannot be written is an error. What it says on standard error is
said beside the result: if nobody takes it, neither the result nor the exit code is another.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

__all__ = ["discard_output", "standard_streams"]


class _Untroubled:
    """A text stream that drops what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or drop it and all that follows."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            _to_nowhere(self._stream)
        return len(text)

    def flush(self) -> None:
        """Do nothing: what was written is flushed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def standard_streams() -> Iterator[bool]:
    """Streams that can be printed to, whatever they are redirected to; yields whether standard output was closed."""
    out, err = cast("TextIO | None", sys.stdout), cast("TextIO | None", sys.stderr)
    # first, so that no file of the program's own takes the number of a closed stream
    sys.stdout = _nowhere() if out is None else out
    sys.stderr = _nowhere() if err is None else err
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.stderr = cast("TextIO", _Untroubled(sys.stderr))
    try:
        yield out is None
    finally:
        sys.stderr = _nowhere() if err is None else err


def discard_output() -> None:
    """Let what is still to be printed go nowhere, so that Python does not complain of it at its end."""
    if not _to_nowhere(sys.stdout):
        sys.stdout = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")  # as long as the program runs


def _to_nowhere(stream: TextIO) -> bool:
    """Point the file of a stream to nowhere; False if it has none, as in a test."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return False
    return True
