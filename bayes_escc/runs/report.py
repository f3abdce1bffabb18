"""A page of one or several results folders, as HTML and as Word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Final, Literal

from bayes_escc.errors import AnalysisError, RecordError
from bayes_escc.families import get_family
from bayes_escc.files import write_atomic
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.report.chinese import Names
from bayes_escc.report.html import Chapter, html_page
from bayes_escc.report.naming import own_names
from bayes_escc.report.page import sections
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.quantities import Language
from bayes_escc.runs.results_folder import read_manifest
from bayes_escc.settings.arguments import checked

__all__ = ["Drawn", "Report", "Source", "chapters_of", "folder_source", "write_report"]

ReportLanguage = Literal["en", "zh", "both"]
Drawn = Mapping[str, Mapping[str, bytes]]
"""Figures by name and suffix."""
SENSITIVITY: Final = "sensitivity.json"


@dataclass(frozen=True)
class Source:
    """What one chapter is made of.

    Parameters
    ----------
    facts : mapping
        The content of `page.json`.
    figures : function
        From a language to the figures in it.
    folder : Path
        Where the page is written if no place is given.
    """

    facts: PlainMapping
    figures: Callable[[Language], Drawn]
    folder: Path


class Report:
    """The page of one or several results: shown in a notebook, saved as HTML and Word.

    Parameters
    ----------
    sources : str, Path, Source, or sequence of them
        Results folders, each made by a run.
    language : {"en", "zh", "both"}, optional
        What ``[report] language`` states, or English, if not given.

    Raises
    ------
    RecordError
        If a folder holds no whole result of this package.

    Examples
    --------
    >>> report = be.Report("results/second_line_response", language="zh")  # doctest: +SKIP
    >>> report.save("for_the_meeting", word=True)  # doctest: +SKIP
    """

    @checked
    def __init__(
        self, sources: str | Path | Source | Sequence[str | Path | Source], language: ReportLanguage | None = None
    ) -> None:
        several = [sources] if isinstance(sources, str | Path | Source) else list(sources)
        if not several:
            raise AnalysisError("name at least one results folder.")
        self.sources = tuple(s if isinstance(s, Source) else folder_source(s) for s in several)
        self.language = language

    @cached_property
    def chapters(self) -> list[Chapter]:
        """Every source in every language asked for."""
        return chapters_of(self.sources, self.language)

    @cached_property
    def html(self) -> str:
        """The page as one HTML file."""
        return html_page(self.chapters)

    @property
    def word(self) -> bytes:
        """The page as a Word file."""
        from bayes_escc.report.word import word_file

        return word_file(self.chapters)

    def save(self, out: str | Path | None = None, *, word: bool = False) -> list[Path]:
        """Write ``report.html``, and ``report.docx`` where asked for, to a folder.

        Parameters
        ----------
        out : path, optional
            The results folder itself, or where there are several the folder that holds the first, if not given.
        word : bool

        Returns
        -------
        list of Path
        """
        first = self.sources[0].folder
        place = Path(out) if out is not None else first if len(self.sources) == 1 else first.parent
        paths = [place / "report.html"]
        write_atomic(paths[0], self.html)
        if word:
            paths.append(place / "report.docx")
            write_atomic(paths[1], self.word)
        return paths

    def __repr__(self) -> str:
        return f"Report({'; '.join(dict.fromkeys(c.title for c in self.chapters))})"

    def _repr_html_(self) -> str:
        """In a notebook: the page in a frame of its own, so that its styles stay in it."""
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:40em;border:1px solid #888"></iframe>'


def write_report(
    sources: Sequence[str | Path | Source],
    out: str | Path | None = None,
    *,
    language: ReportLanguage | None = None,
    word: bool = False,
) -> list[Path]:
    """Write the page of one or several results.

    Parameters
    ----------
    sources : sequence of str, Path or Source
        Results folders, each made by a run, or sources such as a study.
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
    return Report(sources, language).save(out, word=word)


def chapters_of(sources: Sequence[Source], language: ReportLanguage | None = None) -> list[Chapter]:
    """The chapters of a page: every source in every language asked for.

    Raises
    ------
    RecordError
        If the facts of a source cannot be understood.
    """
    try:
        return _chapters(sources, language)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        folders = ", ".join(str(source.folder) for source in sources)
        raise RecordError(
            f"page.json of {folders} cannot be understood ({type(error).__name__}: {error}): run the analysis again."
        ) from error


def _chapters(sources: Sequence[Source], language: ReportLanguage | None) -> list[Chapter]:
    """One chapter for every source, in every language."""
    stated = language or str(sources[0].facts["analysis"].get("report", {}).get("language", "en"))
    languages: tuple[Language, ...] = ("en", "zh") if stated == "both" else ("zh",) if stated == "zh" else ("en",)
    single = len(sources) * len(languages) == 1
    chapters = []
    for tongue in languages:
        for number, source in enumerate(sorted(sources, key=_place), start=1):
            analysis = source.facts["result"]["analysis"]
            identity = WORDS["identity"][tongue].format(id=analysis["id"], sha=analysis["sha256"][:16])
            drawn = source.figures(tongue)
            figures = {name: parts[".svg"].decode() for name, parts in drawn.items() if ".svg" in parts}
            pictures = {name: parts[".png"] for name, parts in drawn.items() if ".png" in parts}
            chapters.append(
                Chapter(
                    "" if single else f"{tongue}{number}-",
                    analysis["title"],
                    identity,
                    tongue,
                    bool(source.facts["result"]["diagnostics"]["converged"]),
                    sections(source.facts, tongue, list(figures)),
                    figures,
                    pictures,
                )
            )
    return chapters


_ORDER: Final = (
    ("PFS", "DFS", "EFS", "RFS", "TTP"),
    ("OS",),
    ("ORR", "DCR", "CR", "PR", "SD", "PD"),
    ("AE", "TRAE", "TEAE", "irAE", "SAE"),
)
"""Endpoints in the order of their chapters; others follow."""


def _place(source: Source) -> int:
    """The place of a chapter: progression-free survival, survival, response, adverse events, others."""
    result = source.facts["result"]
    endpoints = {str(r["endpoint"]).rpartition("_")[2] for r in result["estimates"] if r.get("endpoint")}
    if "os" in {r["estimand"] for r in result["estimates"]}:  # of both endpoints
        endpoints = {"PFS"}
    if not endpoints and get_family(result["analysis"]["family"]).FOLLOWS_PATIENTS:
        endpoints = {str(result["data"].get("endpoint") or "PFS")}
    return next((i for i, names in enumerate(_ORDER) if endpoints & set(names)), len(_ORDER))


def folder_source(folder: str | Path) -> Source:
    """A results folder, whole and as the run left it.

    Its figures in another language are drawn again from its posterior; a `sensitivity.json` that `sensitivity` wrote
    there for the same analysis becomes part of the page.

    Raises
    ------
    RecordError
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if "page.json" not in manifest:
        raise RecordError(
            f"{folder} holds no results with a page: run the analysis into it first (bayes-escc run --out)."
        )
    contents: dict[str, bytes] = {}
    for name, digest in manifest.items():
        if name not in ("page.json", "posterior.nc") and not name.endswith((".svg", ".png")):
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
    try:
        facts = dict(json.loads(contents["page.json"]))
    except (TypeError, ValueError) as error:
        raise RecordError(f"page.json of {folder} cannot be understood ({error}): run the analysis again.") from error
    if "sensitivity" not in facts and (folder / SENSITIVITY).is_file():
        facts |= _sensitivity_beside(folder, facts)

    def figures(language: Language) -> Drawn:
        if not drawn or language == facts.get("language_of_figures", "en"):
            return drawn
        return _drawn_again(folder / "posterior.nc", list(drawn), language, own_names(facts["result"]))

    return Source(facts, figures, folder)


def _sensitivity_beside(folder: Path, facts: PlainMapping) -> Plain:
    """The sensitivity analysis that stands beside the results, if it is of the same analysis."""
    try:
        found = json.loads((folder / SENSITIVITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RecordError(f"{folder / SENSITIVITY} cannot be read: run bayes-escc sensitivity again.") from None
    same = isinstance(found, dict) and found.get("analysis_sha256") == facts["result"]["analysis"]["sha256"]
    return {"sensitivity": found} if same else {}


def _drawn_again(path: Path, names: Sequence[str], language: Language, own: Names) -> Drawn:
    """The figures of a results folder in another language, from its posterior."""
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.report.endpoint_words import endpoint_of
    from bayes_escc.report.result import comparisons_of
    from bayes_escc.runs.figures import drawings_of
    from bayes_escc.runs.run import drawn_files

    posterior = Posterior.load(path)
    drawings = drawings_of(posterior, comparisons_of(posterior))
    endpoint = endpoint_of(json.loads(posterior.analysis.content))
    return drawn_files({name: draw() for name, draw in drawings.items() if name in names}, language, own, endpoint)
