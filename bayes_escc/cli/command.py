"""What the commands share: how one is added to the parser, and how a result is printed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import FitError
from bayes_escc.names import PlainMapping

if TYPE_CHECKING:
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.report.quantities import Language

type Commands = argparse._SubParsersAction[argparse.ArgumentParser]
type Action = Callable[[argparse.Namespace], int]

__all__ = [
    "Action",
    "Commands",
    "add_command",
    "add_language",
    "add_workers",
    "code_of_fit",
    "language_of",
    "number",
    "print_json",
    "printed",
    "told",
    "whole",
]


def add_command(
    commands: Commands, name: str, action: Action, words: str, *, description: str = "", epilog: str = ""
) -> argparse.ArgumentParser:
    """Add a command whose result can be printed as JSON.

    Parameters
    ----------
    commands : subparsers
        Of the program, or of a command that has commands of its own.
    name : str
    action : callable
        Carries the command out and returns the exit code.
    words : str
        One line for the list of commands.
    description : str, optional
        For the command's own help.
    epilog : str, optional
        Examples, printed as they stand, as the description then is.
    """
    parser = commands.add_parser(
        name,
        help=words,
        description=description or None,
        epilog=epilog or None,
        formatter_class=argparse.RawDescriptionHelpFormatter if epilog else argparse.HelpFormatter,
        allow_abbrev=False,  # "--lang" would be a language for the answer, and none for its refusals
    )
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(action=action)
    return parser


def add_language(parser: argparse.ArgumentParser, *, stated: bool = False) -> None:
    """Add the language of the answer; where an analysis may state it, that is its default."""
    default = "[report] language of the analysis, else en" if stated else "en"
    parser.add_argument(
        "--language", choices=("en", "zh"), default=None if stated else "en", help=f"of the answer (default: {default})"
    )


def language_of(options: argparse.Namespace, analysis: Analysis | None = None) -> Language:
    """The language of the answer: as asked for, else as the analysis states it; later refusals are told in it too."""
    asked = options.language
    if asked is None and analysis is not None:
        asked = json.loads(analysis.content).get("report", {}).get("language")
    options.told_in = "zh" if asked == "zh" else "en"
    return "zh" if asked == "zh" else "en"


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add who fits, to a command that fits many times."""
    parser.add_argument("--workers", type=whole, default=1, metavar="N", help="processes that fit (default: 1)")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers fit instead, for example tcp://host:8786"
    )


def number(text: str) -> float:
    """A number as people type it, with any decimal point or minus sign; 10 % is 0.1."""
    from bayes_escc.evidence.numbers import number_in
    from bayes_escc.names import normalise

    typed = normalise(text)
    plain = typed.removesuffix("%")
    read = number_in(plain)
    if read is None:  # what is no number at all, nan or inf, is for the question to refuse by its name
        if plain.lstrip("+-").casefold() not in ("nan", "inf", "infinity"):
            raise ValueError(text)
        read = float(plain)
    return read / 100.0 if plain != typed else read


def whole(text: str) -> int:
    """A whole number as people type it; 1_0 is none."""
    from bayes_escc.evidence.numbers import whole_in

    read = whole_in(text)
    if read is None:
        raise ValueError(text)
    return read


def print_json(value: Any) -> None:
    """Write a value as JSON to standard output."""
    from bayes_escc.report.result import to_json

    sys.stdout.write(to_json(value))


def code_of_fit(converged: bool, messages: Iterable[str], language: Language = "en") -> int:
    """The exit code of an answer that rests on a fit: 0, or 4 with what failed on standard error."""
    if converged:
        return 0
    from bayes_escc.report.naming import Naming

    naming = Naming.of_names((), language)
    print(
        f"bayes-escc: {naming.say('not_converged', text=naming.said(' '.join(messages)))}".rstrip(": ："),
        file=sys.stderr,
    )
    return FitError.exit_code


def told(message: object, language: Language) -> str:
    """A sentence of the package, or a refusal, in the language of the answer."""
    if language == "en":
        return str(message)
    from bayes_escc.report.refusals import refusal_in_chinese

    return refusal_in_chinese(str(message))


def printed(
    result: PlainMapping, question: str = "", *where: str, full: bool = False, language: Language = "en"
) -> str:
    """A result for a terminal: the answer, or with `full` every table."""
    if full:
        from bayes_escc.report.text import result_text

        return result_text(result, language)
    from bayes_escc.report.answer import answer_text

    return answer_text(result, question, where=where, language=language)
