"""Which counts can have produced a printed percentage: the GRIM test.

A percentage of `n` patients, printed to `d` decimals, is possible only if some whole number of
patients gives it by rounding. Some tables truncate instead; that is recognised and flagged.

References
----------
Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

__all__ = ["Recovery", "possible_counts", "printed_decimals", "recover_count"]


@dataclass(frozen=True)
class Recovery:
    """What a printed percentage says about the count behind it.

    Parameters
    ----------
    rounded : range
        Counts that give the percentage by rounding to the printed decimals.
    truncated : range
        Counts that give it by cutting the further decimals off (where rounding fails).
    nearest : tuple of (int, float)
        The counts on either side and their percentages.
    """

    rounded: range
    truncated: range
    nearest: tuple[tuple[int, float], ...]

    @property
    def count(self) -> int | None:
        """The count, if exactly one explains the percentage."""
        possible = self.rounded or self.truncated
        return possible[0] if len(possible) == 1 else None


def printed_decimals(text: str) -> int:
    """Number of decimals a percentage was printed with."""
    return len(text.partition(".")[2])


def recover_count(percent: str, n: int) -> Recovery:
    """Counts out of `n` that a printed percentage allows.

    Parameters
    ----------
    percent : str
        The percentage as printed, without the sign; its decimals are its precision.
    n : int
        Number of patients, positive.

    Raises
    ------
    ValueError
        If `percent` is not a decimal number.
    """
    if not re.fullmatch(r"-?\d{1,9}(\.\d*)?", percent):
        raise ValueError(f"{percent!r} is not a decimal number")
    value = Fraction(percent)
    step = Fraction(1, 10 ** printed_decimals(percent))
    per_point = Fraction(n, 100)
    rounded = _within(n, ceil((value - step / 2) * per_point), floor((value + step / 2) * per_point))
    truncated = range(0) if rounded else _within(n, ceil(value * per_point), ceil((value + step) * per_point) - 1)
    centre = floor(value * per_point)
    around = range(max(0, min(centre, n) - 1), min(n, max(centre, 0) + 2) + 1)
    closest = sorted(around, key=lambda k: abs(Fraction(100 * k, n) - value))[:2]
    return Recovery(rounded, truncated, tuple((k, float(Fraction(100 * k, n))) for k in sorted(closest)))


def possible_counts(percent: str, n: int) -> range:
    """Counts out of `n` that give a percentage by rounding, else by truncation; none where it is no decimal number."""
    try:
        found = recover_count(percent, n)
    except ValueError:
        return range(0)
    return found.rounded or found.truncated


def _within(n: int, first: int, last: int) -> range:
    """Counts from the first to the last that are possible among `n`."""
    return range(max(0, first), min(n, last) + 1)
