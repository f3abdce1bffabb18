"""The errors a person can cause, each a sentence with its remedy.

Every message says what is wrong (value, row, column, file), what is allowed and how to mend it.
The command line turns each class into its exit code; nothing else in the package raises
`SystemExit`.
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = [
    "UNPRINTABLE",
    "AnalysisError",
    "BayesEsccError",
    "DataError",
    "FitError",
    "LockedError",
    "RecordError",
    "beyond_numbers",
]

UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
"""Characters that cannot be seen or printed, and may command a terminal: no name holds one, no message repeats one."""


class BayesEsccError(Exception):
    """Base of every error this package raises on purpose (exit code 2)."""

    exit_code = 2

    def __init__(self, message: str = "") -> None:
        super().__init__(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", message))


class AnalysisError(BayesEsccError, ValueError):
    """An analysis file, a model or an argument that cannot be used (exit code 2)."""


class DataError(BayesEsccError, ValueError):
    """A table that was refused; the message lists every problem found (exit code 3).

    `problems` holds the same problems as records, where the checks of a table raised it.
    """

    exit_code = 3
    problems: tuple[Any, ...] = ()


class FitError(BayesEsccError, RuntimeError):
    """A model that could not be sampled at all (exit code 4)."""

    exit_code = 4


class RecordError(BayesEsccError, RuntimeError):
    """A saved result that is damaged, foreign or newer than this package (exit code 5)."""

    exit_code = 5


def beyond_numbers(error: Exception) -> FitError | None:
    """What is said where a computation leaves the numbers that a computer has; None where it does not."""
    singular = type(error).__name__ == "LinAlgError"  # of NumPy, which is not loaded for its name
    if not (singular or isinstance(error, ArithmeticError)):
        return None
    return FitError(
        f"the numbers go beyond what can be computed ({error}): a prior, an effect or a time lies too far from the "
        "rest."
    )


class LockedError(BayesEsccError, RuntimeError):
    """A record that someone else is writing, or has written since it was read (exit code 6)."""

    exit_code = 6
