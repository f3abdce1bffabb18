"""What a case of the validation is: a source, the numbers expected, and how they are computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Answer", "Case", "Expected", "rounding"]


@dataclass(frozen=True)
class Expected:
    """One expected number.

    Parameters
    ----------
    quantity : str
        In the notation of its source.
    value, tolerance : float
    """

    quantity: str
    value: float
    tolerance: float


@dataclass(frozen=True)
class Answer:
    """A number found by sampling: five Monte Carlo errors are accepted if they are more than the tolerance."""

    value: float
    mcse: float


@dataclass(frozen=True)
class Case:
    """One case: its source, the numbers expected, and how this installation computes them.

    Parameters
    ----------
    name, title, title_zh, source : str
    expected : tuple of Expected
    compute : callable
        Returns the numbers in the order of `expected`.
    slow : bool
        Left out of a quick validation.
    """

    name: str
    title: str
    title_zh: str
    source: str
    expected: tuple[Expected, ...]
    compute: Callable[[], Sequence[float | Answer]]
    slow: bool = False


def rounding(digits: int) -> float:
    """Half a unit of the last printed digit, with room for the representation of numbers."""
    return 0.5 * 10.0**-digits + 1e-9
