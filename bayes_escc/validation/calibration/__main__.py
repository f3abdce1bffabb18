"""`python -m bayes_escc.validation.calibration [CASE ...]`: bring calibrations up to date and report them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bayes_escc.errors import BayesEsccError
from bayes_escc.validation.calibration.calibrate import FULL, FULL_SAMPLED, calibrate, read_record, verdict_of
from bayes_escc.validation.calibration.cases import all_cases, find_cases
from bayes_escc.validation.calibration.report import write_report

__all__ = ["main"]


def main() -> int:
    """Run what the command line asks for.

    Returns
    -------
    int
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m bayes_escc.validation.calibration",
        description="Calibrate models by simulation. Only what is out of date or below the size is run; every batch is "
        "kept at once, so that an interrupted run goes on where it stopped. Ends with 4 where one is not calibrated.",
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="some cases only (default: all)")
    parser.add_argument("--size", type=int, help=f"simulations of every case (default: {FULL}, sampled {FULL_SAMPLED})")
    parser.add_argument("--workers", type=int, help="processes (default: one for every usable processor)")
    parser.add_argument("--scheduler", help="address of a Dask scheduler whose workers are used instead")
    parser.add_argument("--out", type=Path, default=Path("docs/calibration"), metavar="DIR")
    parser.add_argument("--list", action="store_true", help="name the cases, and stop")
    parser.add_argument("--report", action="store_true", help="only write table and figures of what has been run")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{c.name}: {c.title}" for c in all_cases()))
        return 0
    try:
        cases = find_cases(options.cases)
        if options.report:
            records = read_record(options.out)
        else:
            records = calibrate(
                cases, options.out, size=options.size, workers=options.workers, scheduler=options.scheduler, tell=_tell
            )
        write_report(all_cases(), records, options.out)
    except BayesEsccError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0 if all(verdict_of(records[c.name].tally).calibrated for c in cases if c.name in records) else 4


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
