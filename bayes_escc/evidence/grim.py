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

__all__ = ["Recovery", "printed_decimals", "recover_count"]


@dataclass(frozen=True)
class Recovery:
    """What a printed percentage says about the count behind it.

    Parameters
    ----------
    rounded : tuple of int
        Counts that give the percentage by rounding to the printed decimals.
    truncated : tuple of int
        Counts that give it by cutting the further decimals off (where rounding fails).
    nearest : tuple of (int, float)
        The counts on either side and their percentages.
    """

    rounded: tuple[int, ...]
    truncated: tuple[int, ...]
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
    centre = int(value * n / 100)
    reach = 2 + int(step * n / 100)  # further counts are further off than one printed step
    candidates = range(max(0, centre - reach), min(n, centre + reach) + 1)
    exact = {k: Fraction(100 * k, n) for k in candidates}
    rounded = tuple(k for k, p in exact.items() if abs(p - value) <= step / 2)
    truncated = () if rounded else tuple(k for k, p in exact.items() if value <= p < value + step)
    closest = sorted(exact, key=lambda k: abs(exact[k] - value))[:2]
    nearest = tuple((k, float(exact[k])) for k in sorted(closest))
    return Recovery(rounded, truncated, nearest)
