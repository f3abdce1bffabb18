"""`be.validate()`: installation, operation and performance of this installation, checked and reported."""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import get_args

from bayes_escc.errors import AnalysisError
from bayes_escc.files import write_atomic
from bayes_escc.names import VERSION
from bayes_escc.validation.case import Answer, Case
from bayes_escc.validation.cases import CASES
from bayes_escc.validation.installation import SAMPLER, installation_checks
from bayes_escc.validation.page import Languages, validation_page
from bayes_escc.validation.performance import DEFAULT_SIZE, performance_checks
from bayes_escc.validation.record import Area, Check, Validation

__all__ = ["check_case", "validate"]


def validate(
    *,
    out: str | Path | None = None,
    language: Languages = "en",
    quick: bool = False,
    calibration: int = DEFAULT_SIZE,
    cases: Sequence[Case] = CASES,
    models: str | Path | None = None,
    tell: Callable[[Check], None] | None = None,
) -> Validation:
    """Check on this computer that the package is as it was shipped and answers as it should.

    *Installation*: versions of the package and of what it needs, digests of the files that ship, and a tiny model
    sampled whose answer is known. *Operation*: published answers and certified cases, each with its source, the
    expected number, the tolerance and the result. *Performance*: models calibrated by simulation, at a size of your
    choice. A check that fails is recorded, not raised.

    Parameters
    ----------
    out : path, optional
        Folder for `validation.json` and `validation.html`; nothing is written if not given.
    language : {"en", "zh", "both"}
        Of the page.
    quick : bool
        Leave out what takes longer; the record says what was not run.
    calibration : int
        Simulations of every model that is calibrated; 0 for none, and none in a quick validation.
    cases : sequence of Case
        Those that ship, if not given.
    models : path, optional
        Folder of the shipped analyses; that of the installation if not given.
    tell : callable, optional
        Called with every check as it ends.

    Returns
    -------
    Validation
        `passed` says whether no check failed.

    Raises
    ------
    AnalysisError
        If the language is none of the three, the size is negative, or the folder cannot be written to.

    Examples
    --------
    >>> from bayes_escc.validation.validate import validate
    >>> validate(quick=True, cases=()).count("passed") > 10  # doctest: +SKIP
    True
    """
    if language not in get_args(Languages):
        raise AnalysisError(f"language is 'en', 'zh' or 'both', not {language!r}.")
    if isinstance(calibration, bool) or calibration < 0:
        raise AnalysisError(f"calibration is a number of simulations, 0 for none, not {calibration!r}.")
    began, clock = datetime.now().astimezone().isoformat(timespec="seconds"), time.perf_counter()
    checks: list[Check] = []
    folder = None if models is None else Path(models)
    for check in _checks(quick=quick, calibration=calibration, cases=cases, models=folder):
        checks.append(check)
        if tell is not None:
            tell(check)
    seconds = round(time.perf_counter() - clock, 1)
    record = Validation(VERSION, _computer(), began, seconds, quick, tuple(checks))
    if out is not None:
        write_atomic(Path(out) / "validation.json", record.to_json())
        write_atomic(Path(out) / "validation.html", validation_page(record, language))
    return record


def _checks(*, quick: bool, calibration: int, cases: Sequence[Case], models: Path | None) -> Iterator[Check]:
    yield from installation_checks(models)
    yield from check_case(SAMPLER, "installation")
    for case in cases:
        yield from check_case(case, "operation", run=not (quick and case.slow))
    yield from performance_checks(calibration, run=calibration > 0 and not quick)


def check_case(case: Case, area: Area, *, run: bool = True) -> Iterator[Check]:
    """Hold what this installation computes to what is expected, number by number.

    Parameters
    ----------
    case : Case
    area : {"installation", "operation"}
    run : bool
        If not, the numbers are recorded as not run.
    """
    found: list[Answer | None] = [None] * len(case.expected)
    note = "" if run else "left out of a quick validation"
    if run:
        try:
            answers = case.compute()
            found = [a if isinstance(a, Answer) else Answer(float(a), 0.0) for a in answers]
            if len(found) != len(case.expected):
                found, note = [None] * len(case.expected), f"{len(answers)} numbers instead of {len(case.expected)}"
        except Exception as error:  # whatever goes wrong is a finding of the validation, and its words belong there
            note = f"{type(error).__name__}: {error}"
    for expected, answer in zip(case.expected, found, strict=True):
        value = answer.value if answer is not None and math.isfinite(answer.value) else None
        tolerance = expected.tolerance if answer is None else max(expected.tolerance, 5.0 * answer.mcse)
        right = value is not None and math.isfinite(tolerance) and abs(value - expected.value) <= tolerance
        yield Check(
            area,
            f"{case.name}: {expected.quantity}",
            case.title,
            case.title_zh,
            case.source,
            expected.value,
            value,
            tolerance if math.isfinite(tolerance) else None,
            "passed" if right else "failed" if run else "not run",
            note or ("" if value is not None or not run else "the answer is not a number"),
        )


def _computer() -> dict[str, str]:
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "python": sys.version.split()[0],
    }
