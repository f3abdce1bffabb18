"""A TOML file read whole: one sentence for what is no TOML, with where to look."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from bayes_escc.errors import AnalysisError

__all__ = ["read_toml"]

MAX_BYTES: Final = 10_000_000


def read_toml(path: Path) -> tuple[dict[str, Any], bytes]:
    """The content of a TOML file, and its bytes.

    Raises
    ------
    AnalysisError
        If it cannot be read, is larger than ten million bytes, or is no TOML in UTF-8; also where a number has
        thousands of digits, or thousands of brackets stand in each other.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AnalysisError(f"{path} cannot be read: {error.strerror}.") from None
    if len(raw) > MAX_BYTES:
        raise AnalysisError(
            f"{path.name} has {len(raw):,} bytes; at most {MAX_BYTES:,} are read. Name tables with file."
        )
    try:
        return tomllib.loads(raw.decode("utf-8-sig")), raw
    except RecursionError:
        hint = "Look for an opening bracket, [ or {, that is repeated or never closed."
        raise AnalysisError(f"{path.name} is not valid TOML: brackets are nested too deeply. {hint}") from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise AnalysisError(f"{path.name} is not in UTF-8 (line {line}): save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise AnalysisError(f"{path.name} is not valid TOML: {error}.") from None
    except ValueError:  # of a number; Python converts no more than 4,300 digits
        line = _longest_number(raw)
        hint = f"Shorten it (line {line}), for example to 1e9."
        raise AnalysisError(f"{path.name} is not valid TOML: a number has thousands of digits. {hint}") from None


def _longest_number(raw: bytes) -> int:
    """The line with the longest run of digits."""
    lines = raw.splitlines() or [b""]
    runs = [max((len(run) for run in re.findall(rb"[0-9_]+", line)), default=0) for line in lines]
    return runs.index(max(runs)) + 1
