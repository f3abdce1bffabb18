"""One run at a time in a process of its own: its progress, its end, and how to stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["Job"]


class Job:
    """A command of the package in a child process.

    Parameters
    ----------
    arguments : list of str
        Of ``bayes-escc``.
    log : Path
        Where its output goes.
    """

    def __init__(self, arguments: list[str], log: Path) -> None:
        self.log, self.started, self.cancelled = log, time.monotonic(), False
        with log.open("wb") as stream:
            self._process = subprocess.Popen(  # noqa: S603 (our own command, without a shell)
                [sys.executable, "-m", "bayes_escc.cli", *arguments],
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
            )

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    @property
    def seconds(self) -> int:
        """How long ago it began."""
        return int(time.monotonic() - self.started)

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.is_file() else ""

    def cancel(self) -> None:
        """Stop it and what it started."""
        if not self.running:
            return
        self.cancelled = True
        if os.name == "posix":
            os.killpg(self._process.pid, signal.SIGTERM)
        else:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
