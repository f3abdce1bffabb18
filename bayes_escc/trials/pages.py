"""The page of a design, as HTML and as Word, with its figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bayes_escc.errors import RecordError
from bayes_escc.files import write_atomic
from bayes_escc.names import PlainMapping
from bayes_escc.report.html import Chapter, html_page
from bayes_escc.report.quantities import Language
from bayes_escc.trials.page import design_sections
from bayes_escc.trials.page_words import DESIGN_WORDS
from bayes_escc.trials.summary import SCHEMA_VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["design_chapters", "design_drawings", "read_design_result", "write_design_page"]

PageLanguage = Literal["en", "zh", "both"]


def design_drawings(data: PlainMapping) -> dict[str, Callable[[Any], Figure]]:
    """The figures that a result has something for, by name."""
    from bayes_escc import plots

    names = ["decisions", "power", "duration", "convergence"]
    if data["calibration"] and data["calibration"]["curve"]:
        names.append("calibration")
    if data["drift"]:
        names.append("drift")
    if any(row["thresholds"] for row in data.get("boundaries", ())):
        names.append("boundaries")
    if data.get("replays"):
        names.append("replays")
    if data.get("accrual"):
        names.append("accrual")
    return {name: plots.figure(f"design_{name}") for name in names}


def read_design_result(folder: str | Path) -> PlainMapping:
    """The content of the `design.json` of a folder.

    Raises
    ------
    RecordError
        If there is none with what a page needs.
    """
    path = Path(folder) / "design.json"
    try:
        data: PlainMapping = json.loads(path.read_text(encoding="utf-8"))
        if data.get("schema_version") != SCHEMA_VERSION:
            raise ValueError("it is of an earlier version")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RecordError(
            f"{path} holds no result of a design ({error}): simulate it again, bayes-escc design FILE --out {folder}."
        ) from error
    return data


def design_chapters(data: PlainMapping, language: PageLanguage = "en") -> list[Chapter]:
    """The page of a design in one language or both.

    Parameters
    ----------
    data : mapping
        The content of `design.json`.
    language : {"en", "zh", "both"}
    """
    from bayes_escc.plots.chinese import with_chinese_texts
    from bayes_escc.plots.style import figure_files

    tongues: tuple[Language, ...] = ("en", "zh") if language == "both" else (language,)
    own = frozenset({" ".join(str(data["design"]["title"]).split()), *data["stated"]["arms"]})
    chapters = []
    for tongue in tongues:
        files = {}
        for name, draw in design_drawings(data).items():
            figure = draw(data)
            files[name] = figure_files(with_chinese_texts(figure, own=own) if tongue == "zh" else figure)
        values = {"id": data["design"]["id"], "sha": data["stated"]["sha256"][:16]}
        chapters.append(
            Chapter(
                "" if len(tongues) == 1 else f"{tongue}-",
                data["design"]["title"],
                DESIGN_WORDS["identity"][tongue].format(**values),
                tongue,
                data["audit"] is None or bool(data["audit"]["agrees"]),
                design_sections(data, tongue, list(files)),
                {name: parts[".svg"].decode() for name, parts in files.items()},
                {name: parts[".png"] for name, parts in files.items()},
            )
        )
    return chapters


def write_design_page(
    data: PlainMapping, folder: str | Path, *, language: PageLanguage = "en", word: bool = False
) -> list[Path]:
    """Write ``report.html``, and ``report.docx`` where asked for, of a design.

    Parameters
    ----------
    data : mapping
        The content of `design.json`.
    folder : path
    language : {"en", "zh", "both"}
    word : bool

    Returns
    -------
    list of Path
    """
    chapters = design_chapters(data, language)
    paths = [Path(folder) / "report.html"]
    write_atomic(paths[0], html_page(chapters))
    if word:
        from bayes_escc.report.word import word_file

        paths.append(Path(folder) / "report.docx")
        write_atomic(paths[1], word_file(chapters))
    return paths
