"""Digests of the models and data sets that ship: `python -m bayes_escc.validation.manifest` writes them anew.

The manifest is committed, and a test holds it to the files. Line ends do not count, because version control may turn
them; nothing else is forgiven.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bayes_escc.analysis.bundled import models_folder
from bayes_escc.errors import RecordError
from bayes_escc.files import write_atomic

__all__ = ["MANIFEST", "Differences", "compare_files", "read_manifest", "shipped_files"]

MANIFEST: Final = Path(__file__).parent / "manifest.json"
_SUFFIXES: Final = {".toml", ".csv", ".json"}


@dataclass(frozen=True)
class Differences:
    """Names of files that are not as they were shipped."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.changed or self.missing or self.added)

    def __str__(self) -> str:
        """The differences in words."""
        kinds = (("changed", self.changed), ("missing", self.missing), ("not shipped", self.added))
        return "; ".join(f"{word}: {', '.join(names)}" for word, names in kinds if names)


def shipped_files(models: Path | None = None) -> dict[str, str]:
    """SHA-256 of every model and data set of this installation, by name.

    Parameters
    ----------
    models : Path, optional
        Folder of the analyses; that of the installation if not given.
    """
    package = Path(__file__).parents[1]
    folders = {
        "models": models or models_folder(),
        "datasets": package / "evidence" / "data",
        "validation": package / "validation" / "data",
        "schema": package / "report",
    }
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": _digest(path)
        for name, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES and path.is_file()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read_manifest() -> dict[str, str]:
    """The digests of the files as they were shipped.

    Raises
    ------
    RecordError
        If the manifest is missing or damaged.
    """
    try:
        content = json.loads(MANIFEST.read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in content["files"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise RecordError(f"{MANIFEST} is missing or damaged: install the package again.") from None


def compare_files(shipped: Mapping[str, str], present: Mapping[str, str]) -> Differences:
    """Which files differ from those shipped."""
    return Differences(
        changed=tuple(n for n, digest in shipped.items() if present.get(n, digest) != digest),
        missing=tuple(n for n in shipped if n not in present),
        added=tuple(n for n in present if n not in shipped),
    )


if __name__ == "__main__":
    write_atomic(MANIFEST, json.dumps({"files": shipped_files()}, indent=1) + "\n")
