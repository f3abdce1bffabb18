"""The command `report`: a page to print, or a Word file, of results."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bayes_escc.cli.command import Commands, add_command, print_json
from bayes_escc.errors import AnalysisError

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the parser of `bayes-escc`."""
    parser = add_command(commands, "report", _report, "a page to print of one or several results")
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="FOLDER",
        help="folders that `run` wrote, or studies (.db); or one folder that `design --out` wrote",
    )
    parser.add_argument(
        "--language", choices=("en", "zh", "both"), help="default: [report] language of the first, or en"
    )
    parser.add_argument("--word", action="store_true", help="also write a Word file")
    parser.add_argument("--out", metavar="DIR", help="folder of the page (default: the results folder)")


def _report(options: argparse.Namespace) -> int:
    from bayes_escc.runs.report import folder_source, write_report

    designs = [name for name in options.folders if (Path(name) / "design.json").is_file()]
    if designs:
        return _design_report(options, designs)
    sources = []
    for name in options.folders:
        if Path(name).is_file():
            from bayes_escc.study.report import study_source

            sources.append(study_source(name))
        else:
            sources.append(folder_source(name))
    paths = write_report(sources, options.out, language=options.language, word=options.word)
    _say_where(options, paths)
    return 0


def _design_report(options: argparse.Namespace, designs: list[str]) -> int:
    """The page of a simulated design."""
    from bayes_escc.trials.pages import read_design_result, write_design_page

    if len(options.folders) > 1:
        raise AnalysisError(f"the page of a design stands alone: give {designs[0]} and no other folder.")
    folder = designs[0]
    language: Any = options.language or "en"
    data = read_design_result(folder)
    _say_where(options, write_design_page(data, options.out or folder, language=language, word=options.word))
    return 0


def _say_where(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    if options.json:
        print_json({"files": [str(p) for p in paths]})
    else:
        print("\n".join(f"The page is in {p}" for p in paths))
