"""The command line: `bayes-escc run | check | compare | datasets | models | ...`.

Parsing, `--help` and `compare` import neither PyMC nor ArviZ nor matplotlib. Errors are
sentences with an exit code and no traceback, unless `--debug` asks for one.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import itertools
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from bayes_escc.cli import app, checks, design, population, prompt, report, rules, run, sheet, study, tables, validate
from bayes_escc.cli.streams import discard_output, standard_streams
from bayes_escc.errors import BayesEsccError, beyond_numbers
from bayes_escc.names import VERSION
from bayes_escc.settings.packages import packages_left_out

__all__ = ["main"]

_COMMANDS = (run, tables, prompt, checks, study, population, sheet, app, design, rules, report, validate)
"""The modules of the commands, in the order of `--help`."""

_LINEAR_ALGEBRA = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Where libraries of linear algebra are told how many threads to use; what is set already stays."""

_EXIT_CODES = """exit codes: 0 done; 2 wrong usage or analysis; 3 data refused; 4 diagnostics failed (results are
written and marked NOT CONVERGED), or a validation; 5 a saved record is damaged; 6 the record is locked"""


class _UsageError(Exception):
    """Wrong usage: how the command is used, and what is wrong."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class _Parser(argparse.ArgumentParser):
    """A parser whose help and version are output like any other: argparse itself drops what cannot be written."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(self, message)

    def _print_message(self, message: str, file: Any = None) -> None:
        (file or sys.stderr).write(message or "")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bayes-escc",
        description="Posterior comparisons between regimens for advanced oesophageal squamous cell carcinoma.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bayes-escc {VERSION}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; `sys.argv` if not given.
    """
    for library in _LINEAR_ALGEBRA:  # before NumPy is loaded; matrices here are small, and threads wait for each other
        os.environ.setdefault(library, "1")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of a home that cannot be written to it tells at length
    with standard_streams() as closed, _ended_in_a_sentence():
        code = _exit_code(sys.argv[1:] if arguments is None else arguments)
        if closed and not code:  # what was printed went nowhere, but files were still written
            print("bayes-escc: the output could not be written: standard output is closed.", file=sys.stderr)
            return 2
        return code


class _Terminated(KeyboardInterrupt):
    """The process was asked to end, by another one or by the system."""


@contextlib.contextmanager
def _ended_in_a_sentence() -> Iterator[None]:
    """Within it, a request to end is carried out as an interrupt is: what was begun is undone, and said so."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        raise _Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit_code(given: Sequence[str]) -> int:
    """Carry out a command line, say what stopped it, and return the exit code."""
    debug = "--debug" in given
    options = argparse.Namespace()
    try:
        code = _carried_out(given, options)
        sys.stdout.flush()
    except BayesEsccError as error:
        if debug:
            raise
        print(f"bayes-escc: {_said(error, given, options)}", file=sys.stderr)
        return error.exit_code
    except (ArithmeticError, ValueError) as error:
        told = beyond_numbers(error)
        if debug or told is None:
            raise
        _tell(f"{told} --debug shows where.", given, options)
        return told.exit_code
    except KeyboardInterrupt as stop:
        ended = isinstance(stop, _Terminated)
        how = "ended from outside" if ended else "interrupted"
        _tell(f"{how}; nothing half written was left behind.", given, options)
        return 143 if ended else 130
    except BrokenPipeError:  # the reader of a pipe went away; that is its right
        discard_output()
        return 0
    except OSError as error:
        if debug:
            raise
        reason = "no space is left" if error.errno == errno.ENOSPC else str(error.strerror or error).lower()
        if error.filename is None:
            discard_output()
        whose = "the output could not be written" if error.filename is None else f"{error.filename} cannot be used"
        _tell(f"{whose}: {reason}.", given, options)
        return 2
    return code


def _in_chinese(given: Sequence[str], options: argparse.Namespace | None = None) -> bool:
    """Whether the answer was asked for in Chinese, on the command line or by the analysis that was opened."""
    asked = getattr(options, "told_in", getattr(options, "language", None))
    return asked == "zh" or "--language=zh" in given or ("--language", "zh") in itertools.pairwise(given)


def _tell(sentence: str, given: Sequence[str], options: argparse.Namespace) -> None:
    """Print what stopped a command, in the language of the answer."""
    if _in_chinese(given, options):
        from bayes_escc.report.refusals import refusal_in_chinese

        sentence = refusal_in_chinese(sentence)
    print(f"bayes-escc: {sentence}", file=sys.stderr)


def _carried_out(given: Sequence[str], options: argparse.Namespace) -> int:
    """Parse a command line into options, carry it out, and return the exit code."""
    try:
        # a blank before a negative number keeps argparse from taking it for an option
        _parser().parse_args([f" {a}" if re.match(r"-\.?\d", a) else a for a in given], namespace=options)
    except SystemExit:  # help or the version, which argparse has printed
        return 0
    except _UsageError as wrong:
        said = str(wrong)
        if _in_chinese(given):
            from bayes_escc.report.refusals import refusal_in_chinese

            said = refusal_in_chinese(f"{said}.").rstrip("。.")
        sys.stderr.write(f"{wrong.parser.format_usage()}{wrong.parser.prog}: error: {said}\n")
        raise SystemExit(2) from None
    with packages_left_out():
        return int(options.action(options))


def _said(error: BayesEsccError, given: Sequence[str], options: argparse.Namespace) -> str:
    """The message in the language of the answer, which speaks of options as they were typed."""
    said = _in_flags(str(error), given)
    chinese = getattr(options, "told_in", getattr(options, "language", None)) == "zh"
    if chinese:
        from bayes_escc.report.refusals import refusal_in_chinese

        said = refusal_in_chinese(said)
    # a table that is checked without an analysis: what its `[data]` would hold is typed
    alone = given[:1] == ["scans"] or (given[:1] == ["check"] and any(a.partition("=")[0] == "--kind" for a in given))
    if given[:1] == ["check"] and alone:  # scans makes no pseudonyms
        said = said.replace("id_pseudonyms = true", "--id-pseudonyms")
    return _settings_in_flags(said, "（或free、unknown）" if chinese else " (or free, or unknown)") if alone else said


def _in_flags(message: str, given: Sequence[str]) -> str:
    """A message whose problems begin with the name of an argument that was typed as an option, with the option."""
    for flag in {a.partition("=")[0] for a in given if re.match(r"--[a-z]", a)}:
        name = re.escape(flag[2:].replace("-", "_"))
        message = re.sub(rf"(^(?:scans: )?|; |\n  - ){name}(?=:? (?!=))", rf"\1{flag}", message)
    return message


def _settings_in_flags(message: str, other_meanings: str) -> str:
    """A remedy that names settings of `[data]`, in either language, with the options by which they are typed."""
    from bayes_escc.names import as_typed

    def listed(match: re.Match[str]) -> str:
        return f"--drop {as_typed(re.findall(r"'([^']*)'", match[1]))}"

    message = re.sub(r"(?<![A-Za-z_])drop=\[([^\]]*)\]", listed, message).replace("with drop=.", "with --drop.")
    message = re.sub(
        r'(?<![A-Za-z_])(time_unit|id|start) = "([^"]+)"',
        lambda m: f"--{m[1].replace('_', '-')} {as_typed([m[2]])}",
        message,
    )
    message = re.sub(r"\bwords = \{[^}]*\}", f"--words WORD=progression{other_meanings}", message)
    message = re.sub(r"(need |需用)start=", r"\1--start", message)
    return message.replace(": time_unit is one of", ": --time-unit is one of")
