"""Who is at work on a study file: a process, recognised beyond its number, and whether it still runs.

A process number is given out again after a process ends, so the number alone cannot tell a live lock from a stale
one. Where the system says when a process started and when the machine did (Linux), both are recorded too. Times of
the log are only shown, never used to decide: clocks go back, and files travel.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Holder", "present_holder", "state_of"]

State = Literal["running", "ended", "unknown"]


@dataclass(frozen=True)
class Holder:
    """A process that prepares a change of a study.

    Parameters
    ----------
    pid : int
    started : str
        When the process started, as the system counts it; blank where the system does not say.
    boot : str
        Identity of the machine's start; blank where the system does not say.
    host : str
    since : str
        When the work began, for a reader.
    doing : str
        What it prepares.
    """

    pid: int
    started: str
    boot: str
    host: str
    since: str
    doing: str

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> Holder:
        """The holder that a file names; what an older file does not say is blank."""
        keys = set(row.keys())
        named = {k: str(row[k]) if k in keys else "" for k in ("started", "boot", "host", "since", "doing")}
        return cls(pid=int(str(row["pid"])), **named)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, at work since {self.since} ({self.doing})"


def present_holder(doing: str, since: str) -> Holder:
    """The process that runs this, at work on something."""
    return Holder(os.getpid(), _started(os.getpid()), _boot(), platform.node(), since, doing)


def state_of(holder: Holder) -> State:
    """Whether the process of a lock still runs.

    Returns
    -------
    {"running", "ended", "unknown"}
        Unknown for a process of another machine, and for one whose number is in use where the system does not say
        when a process started.
    """
    if holder.host != platform.node():
        return "unknown"
    if holder.boot and _boot() and holder.boot != _boot():
        return "ended"
    if os.name == "nt":  # there, asking for a process this way would end it
        return "unknown"
    try:
        os.kill(holder.pid, 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return "ended"
    except PermissionError:
        pass  # it runs, for another user
    started = _started(holder.pid)
    if not (holder.started and started):
        return "running" if holder.pid == os.getpid() else "unknown"
    return "running" if started == holder.started else "ended"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _started(pid: int) -> str:
    """Field 22 of the process's status: its start in clock ticks since the machine's."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
