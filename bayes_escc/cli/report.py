"""The command `report`: a page to print, or a Word file, of results."""

from __future__ import annotations

import argparse

from bayes_escc.cli.command import Commands, add_command, print_json

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the parser of `bayes-escc`."""
    parser = add_command(commands, "report", _report, "a page to print of one or several results")
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="FOLDER",
        help="folders that `run` wrote, or studies (.db)",
    )
    parser.add_argument(
        "--language", choices=("en", "zh", "both"), help="default: [report] language of the first, or en"
    )
    parser.add_argument("--word", action="store_true", help="also write a Word file")
    parser.add_argument("--out", metavar="DIR", help="folder of the page (default: the results folder)")


def _report(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.runs.report import folder_source, write_report

    sources = []
    for name in options.folders:
        if Path(name).is_file():
            from bayes_escc.study.report import study_source

            sources.append(study_source(name))
        else:
            sources.append(folder_source(name))
    paths = write_report(sources, options.out, language=options.language, word=options.word)
    if options.json:
        print_json({"files": [str(p) for p in paths]})
    else:
        print("\n".join(f"The page is in {p}" for p in paths))
    return 0
