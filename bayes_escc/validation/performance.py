"""Are the posteriors of this installation calibrated: a small run of the calibration that ships with the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_escc.validation.calibration.calibrate import simulate, verdict_of
from bayes_escc.validation.calibration.cases import find_cases
from bayes_escc.validation.calibration.once import Case
from bayes_escc.validation.calibration.tally import LEVEL, Tally
from bayes_escc.validation.record import Check

__all__ = ["DEFAULT_SIZE", "PERFORMED", "performance_checks"]

DEFAULT_SIZE: Final = 40
PERFORMED: Final = (
    "rates", "borrowed_rates", "categories", "medians", "exponential_closed", "piecewise_closed", "pool",
    "pool_common", "meta_regression", "subgroups", "subgroups_apart", "network", "predictive_response",
    "predictive_follow_up", "logistic", "weibull",
)  # fmt: skip
"""Everything in closed form or by quadrature, and two models by the sampler."""

_SOURCE: Final = (
    "Simulation-based calibration (Talts et al. 2018), {n} simulations: truths from the prior, data from the truths; "
    "{tests} tests of ranks, coverage of 50 and 95 % intervals and probabilities. Found: the smallest p value times "
    "their number"
)


def performance_checks(size: int, *, run: bool = True, cases: tuple[str, ...] = PERFORMED) -> Iterator[Check]:
    """Calibrate models on this computer.

    Parameters
    ----------
    size : int
        Simulations of every model.
    run : bool
        If not, the checks are recorded as not run.
    cases : tuple of str
        Names of calibrations.
    """
    for case in find_cases(cases) if cases else ():
        yield _check(case, size) if run else _not_run(case)


def _check(case: Case, size: int) -> Check:
    tally, tests = Tally(), 0
    p: float | None = None
    try:
        tally.add(simulate(case, 0, size))
        verdict = verdict_of(tally)
        p, tests = float(f"{verdict.p:.3g}"), verdict.tests
        right, said = verdict.calibrated, []
        if not right and verdict.worst is not None:
            said.append(f"worst: {verdict.worst.of} of {verdict.worst.quantity}")
        if tally.not_converged:
            said.append(f"{tally.not_converged} of {size} fits did not converge")
        note = "; ".join(said)
    except Exception as error:  # whatever goes wrong is a finding of the validation, and its words belong there
        right, note = False, f"{type(error).__name__}: {error}"
    return Check(
        "performance",
        f"calibration {case.name}",
        f"Calibration: {case.title}",
        f"校准：{case.title_zh}",
        _SOURCE.format(n=size, tests=tests),
        f"at least {LEVEL:g}",
        p,
        None,
        "passed" if right else "failed",
        note,
    )


def _not_run(case: Case) -> Check:
    return Check(
        "performance",
        f"calibration {case.name}",
        f"Calibration: {case.title}",
        f"校准：{case.title_zh}",
        "Simulation-based calibration (Talts et al. 2018)",
        f"at least {LEVEL:g}",
        None,
        None,
        "not run",
        "left out of this validation",
    )
