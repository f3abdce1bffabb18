"""`bayes-escc app`: a page on this computer, for those who will not type."""

from __future__ import annotations

import argparse

from bayes_escc.cli.command import Commands, add_command

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the parser of `bayes-escc`."""
    app = add_command(
        commands,
        "app",
        _app,
        "open a page on this computer: sheet, questions, run, result",
        description="Opens a page that only this computer can reach, over the same calls as the command line. Nothing "
        "is sent anywhere; what it writes stands in one folder. Needs the extra app: pip install 'bayes-escc[app]'.",
    )
    app.add_argument("sheet", nargs="?", metavar="SHEET", help="a sheet to begin with")
    app.add_argument(
        "--folder", default="bayes-escc-work", metavar="DIR", help="where everything is kept (default: bayes-escc-work)"
    )
    app.add_argument("--language", choices=("en", "zh"), default="en")
    app.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")


def _app(options: argparse.Namespace) -> int:
    from bayes_escc.errors import AnalysisError

    try:
        from bayes_escc.cli.app.serve import serve
    except ModuleNotFoundError as error:
        if error.name not in {"flask", "waitress", "werkzeug"}:
            raise
        raise AnalysisError("the page needs Flask and waitress: pip install 'bayes-escc[app]'.") from None
    return serve(
        options.folder,
        sheet=options.sheet,
        language=options.language,
        browser=not options.no_browser,
        as_json=options.json,
    )
