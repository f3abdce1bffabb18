"""The command `report`: a page to print, or a Word file, of results."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_report"]


def add_report(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser("report", help="a page to print of one or several results")
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="folders that `run` wrote, one or several")
    parser.add_argument(
        "--language", choices=("en", "zh", "both"), help="default: [report] language of the first, or en"
    )
    parser.add_argument("--word", action="store_true", help="also write a Word file")
    parser.add_argument("--out", metavar="DIR", help="folder of the page (default: the results folder)")
    parser.set_defaults(action=_report)
    return parser


def _report(options: argparse.Namespace) -> int:
    from bayes_escc.runs.report import write_report

    paths = write_report(options.folders, options.out, language=options.language, word=options.word)
    if options.json:
        from bayes_escc.report.result import to_json

        print(to_json({"files": [str(p) for p in paths]}), end="")
    else:
        print("\n".join(f"The page is in {p}" for p in paths))
    return 0
