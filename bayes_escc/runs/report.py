"""A page of one or several results folders, as HTML and as Word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from bayes_escc.errors import AnalysisError, RecordError
from bayes_escc.files import write_atomic
from bayes_escc.report.html import Chapter, html_page
from bayes_escc.report.page import sections
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.quantities import Language
from bayes_escc.runs.results_folder import read_manifest

__all__ = ["chapters_of", "write_report"]

ReportLanguage = Literal["en", "zh", "both"]


def write_report(
    folders: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    language: ReportLanguage | None = None,
    word: bool = False,
) -> list[Path]:
    """Write the page of one or several results folders.

    Parameters
    ----------
    folders : sequence of str or Path
        Each made by a run.
    out : str or Path, optional
        Folder of the page; the results folder itself, or where there are several the folder that holds the first.
    language : {"en", "zh", "both"}, optional
        What ``[report] language`` states, or English, if not given.
    word : bool
        A Word file beside the HTML.

    Returns
    -------
    list of Path
        ``report.html`` and ``report.docx``.

    Raises
    ------
    RecordError
        If a folder holds no whole result of this package.
    """
    if not folders:
        raise AnalysisError("name at least one results folder.")
    first = Path(folders[0])
    chapters = chapters_of(folders, language)
    place = Path(out) if out is not None else first if len(folders) == 1 else first.parent
    paths = [place / "report.html"]
    write_atomic(paths[0], html_page(chapters))
    if word:
        from bayes_escc.report.word import word_file

        paths.append(place / "report.docx")
        write_atomic(paths[1], word_file(chapters))
    return paths


def chapters_of(folders: Sequence[str | Path], language: ReportLanguage | None = None) -> list[Chapter]:
    """The chapters of a page: every folder in every language asked for."""
    try:
        return _chapters([_read(Path(folder)) for folder in folders], language)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"page.json of {', '.join(map(str, folders))} cannot be understood ({type(error).__name__}: {error}): run "
            "the analysis again."
        ) from error


def _chapters(
    read: Sequence[tuple[dict[str, Any], dict[str, dict[str, bytes]]]], language: ReportLanguage | None
) -> list[Chapter]:
    """One chapter for every folder that was read, in every language."""
    stated = language or str(read[0][0]["analysis"].get("report", {}).get("language", "en"))
    languages: tuple[Language, ...] = ("en", "zh") if stated == "both" else ("zh",) if stated == "zh" else ("en",)
    single = len(read) * len(languages) == 1
    chapters = []
    for tongue in languages:
        for number, (facts, drawn) in enumerate(read, start=1):
            analysis = facts["result"]["analysis"]
            identity = WORDS["identity"][tongue].format(id=analysis["id"], sha=analysis["sha256"][:16])
            figures = {name: parts[".svg"].decode() for name, parts in drawn.items() if ".svg" in parts}
            pictures = {name: parts[".png"] for name, parts in drawn.items() if ".png" in parts}
            chapters.append(
                Chapter(
                    "" if single else f"{tongue}{number}-",
                    analysis["title"],
                    identity,
                    tongue,
                    bool(facts["result"]["diagnostics"]["converged"]),
                    sections(facts, tongue, list(figures)),
                    figures,
                    pictures,
                )
            )
    return chapters


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, bytes]]]:
    """Facts and figures of a results folder, each as the run left it."""
    manifest = read_manifest(folder)
    if "page.json" not in manifest:
        raise RecordError(
            f"{folder} holds no results with a page: run the analysis into it first (bayes-escc run --out)."
        )
    contents: dict[str, bytes] = {}
    for name, digest in manifest.items():
        if name != "page.json" and not name.endswith((".svg", ".png")):
            continue
        try:
            content = (folder / name).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != digest:
            raise RecordError(f"{folder / name} is not as the run left it: run the analysis again.")
        contents[name] = content
    drawn: dict[str, dict[str, bytes]] = {}
    for name, content in contents.items():
        path = Path(name)
        if path.suffix in (".svg", ".png"):
            drawn.setdefault(path.stem, {})[path.suffix] = content
    return json.loads(contents["page.json"]), drawn
