"""What a design does under one truth, or over a design prior, known without simulation."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AveragedOver", "Enumerated"]


@dataclass(frozen=True)
class Enumerated:
    """What a design does under one truth, exact up to rounding.

    Parameters
    ----------
    go, stop : tuple of float
        P(a rule goes, stops at a look that is reached), by rule and look as in `looks_of`.
    advice_go, advice_stop : tuple of float
        P(the first act of a rule is this), by rule.
    probability_go, probability_stop, early : float
        P(the trial ends so), and P(it ends before the last look of the rule that ends it).
    expected_patients, expected_months : float or None
        Patients entered and months at the end; None where chance decides when a look falls.
    """

    go: tuple[float, ...]
    stop: tuple[float, ...]
    advice_go: tuple[float, ...]
    advice_stop: tuple[float, ...]
    probability_go: float
    probability_stop: float
    early: float
    expected_patients: float | None
    expected_months: float | None


@dataclass(frozen=True)
class AveragedOver:
    """What a design does over a design prior, exact up to rounding.

    Parameters
    ----------
    go, effective, go_and_effective : float
        P(success is declared), P(the truth is effective), and P(both).
    patients, months : float or None
        Expected at the end; None where chance decides when a look falls.
    """

    go: float
    effective: float
    go_and_effective: float
    patients: float | None
    months: float | None
