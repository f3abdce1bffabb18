"""Analyses by name: those that ship, and files."""

from __future__ import annotations

from pathlib import Path

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.settings.reader import nearest

__all__ = ["bundled_analyses", "find_analysis", "models_folder"]


def models_folder() -> Path:
    """The analyses inside the installed package, or `models/` beside it in a checkout."""
    inside = Path(__file__).parents[1] / "models_shipped"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def bundled_analyses() -> dict[str, Path]:
    """Names and files of the analyses that ship with the package."""
    return {p.stem: p for p in sorted(models_folder().glob("*.toml"))}


def find_analysis(name: str | Path) -> Analysis:
    """The analysis of a path, or of the name of one that ships with the package.

    Raises
    ------
    AnalysisError
        If there is neither, or the file cannot be used.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return Analysis.from_file(path)
    known = bundled_analyses()
    if str(name) not in known:
        raise AnalysisError(
            f"there is no analysis {str(name)!r}: give the path of a .toml file, or one of "
            f"{', '.join(known)}.{nearest(str(name), known)}"
        )
    return Analysis.from_file(known[str(name)])
