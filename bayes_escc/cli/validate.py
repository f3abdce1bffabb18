"""The command `validate`: is this installation as it was shipped, and does it answer as it should."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from bayes_escc.cli.command import Commands, add_command, whole

if TYPE_CHECKING:
    from bayes_escc.validation.record import Check

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the command to the parser of `bayes-escc`."""
    parser = add_command(
        commands,
        "validate",
        _validate,
        "check this installation against published answers, and write a report to file",
        description="Installation: versions, digests of files that ship, a tiny model sampled. Operation: published "
        "answers and certified cases, each with its source, the expected number, tolerance and result. Performance: "
        "models calibrated by simulation. Writes validation.html (to print and sign) and validation.json; ends with "
        "exit code 4 if anything fails.",
    )
    parser.add_argument("--out", default="validation", metavar="DIR", help="folder of the report (default: validation)")
    parser.add_argument("--language", choices=("en", "zh", "both"), default="en", help="of the page (default: en)")
    parser.add_argument("--quick", action="store_true", help="leave out the checks that take longer")
    parser.add_argument(
        "--calibration",
        type=whole,
        metavar="N",
        help="simulations of every model that is calibrated (default: 40; 0: none)",
    )


def _validate(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.validation.performance import DEFAULT_SIZE
    from bayes_escc.validation.validate import validate

    size = DEFAULT_SIZE if options.calibration is None else options.calibration
    record = validate(out=options.out, language=options.language, quick=options.quick, calibration=size, tell=_tell)
    if options.json:
        sys.stdout.write(record.to_json())
    else:
        print(f"{record.count('passed')} passed, {len(record.failed)} failed, {record.count('not run')} not run.")
        print(f"The report is in {Path(options.out) / 'validation.html'}")
    return 0 if record.passed else 4


def _tell(check: Check) -> None:
    """Say on standard error what failed, as soon as it did."""
    if check.state == "failed":
        note = f" ({check.note})" if check.note else ""
        print(f"FAILED {check.name}: expected {check.expected}, found {check.found}{note}", file=sys.stderr)
