"""Where compiled code is kept: PyTensor's folder, or a temporary one where that cannot be written."""

from __future__ import annotations

import getpass
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

__all__ = ["CacheWarning", "compiled_folder", "prepare_cache"]


class CacheWarning(UserWarning):
    """Compiled code cannot be kept where it should be."""


def prepare_cache() -> None:
    """See to it that PyTensor, not imported yet, finds a folder that it can write.

    In a container or a shared installation the home folder may be read-only. Then PyTensor cannot even be imported. A
    folder beside other temporary files serves instead, and a `CacheWarning` says so.
    """
    if "pytensor" in sys.modules:
        return
    wanted = compiled_folder()
    if _writable(wanted):
        return
    folder = Path(tempfile.gettempdir()) / f"bayes_escc-compiled-{_user()}"
    if not _writable(folder) or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
        folder = Path(tempfile.mkdtemp(prefix="bayes_escc-compiled-"))
    flags = [f for f in os.environ.get("PYTENSOR_FLAGS", "").split(",") if f and "base_compiledir" not in f]
    os.environ["PYTENSOR_FLAGS"] = ",".join([*flags, f"base_compiledir={folder}"])
    warnings.warn(
        f"compiled code cannot be kept in {wanted}, which is not writable; {folder} is used instead. Set "
        "PYTENSOR_FLAGS=base_compiledir=FOLDER to keep it elsewhere.",
        CacheWarning,
        stacklevel=2,
    )


def compiled_folder() -> Path:
    """The folder of compiled code, which PyTensor uses."""
    stated = re.search(r"base_compiledir=([^,]+)", os.environ.get("PYTENSOR_FLAGS", ""))
    if stated:
        return Path(stated[1].strip()).expanduser()
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"]) / "PyTensor"
    return Path("~/.pytensor").expanduser()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _user() -> str:
    try:
        return re.sub(r"\W", "_", getpass.getuser())
    except (OSError, KeyError):
        return "user"
