"""Whether the numbers of one row agree: interval with estimate, standard error, p-value and conclusion.

Every check allows for the rounding of the printed numbers, on the scale on which the interval is
symmetric, which for ratios is the logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from bayes_escc.evidence.effect_measures import Printed, as_printed, from_scale, to_scale
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import Refuse

__all__ = ["check_conclusion", "check_error", "check_p_value", "check_symmetry", "error_from_p_value"]

CONCLUSIONS: Final = ("lower", "higher", "no difference")
_Z_TOLERANCE: Final = 0.5
_ASYMMETRY_TOLERANCE: Final = 0.1
_ERROR_TOLERANCE: Final = 0.05
_P_TOLERANCE: Final = 0.1


def check_symmetry(
    estimate: Printed,
    low: Printed,
    high: Printed,
    level: float,
    ratio: bool,
    number: int,
    refuse: Refuse,
    warnings: list[Problem],
) -> None:
    """An estimate lies in the middle of its interval: refused beyond a tenth of a standard error, else noted."""
    ends = low.range(ratio), high.range(ratio)
    middle = (0.5 * (ends[0][0] + ends[1][0]), 0.5 * (ends[0][1] + ends[1][1]))
    centre = estimate.range(ratio)
    gap = max(middle[0] - centre[1], centre[0] - middle[1], 0.0)
    if gap == 0.0:
        return
    z = NormalDist().inv_cdf(0.5 * (1.0 + level))
    gap /= (to_scale(high.value, ratio) - to_scale(low.value, ratio)) / (2.0 * z)
    shown = from_scale(middle[0], ratio), from_scale(middle[1], ratio)
    scale = "on the log scale" if ratio else "arithmetically"
    message = f"the middle of the interval {scale} is {shown[0]:.3f} to {shown[1]:.3f} allowing for rounding, "
    message += f"not the estimate {estimate.value:g}"
    if gap > _ASYMMETRY_TOLERANCE:
        refuse(
            "interval_asymmetric",
            "estimate",
            message,
            "Check the three numbers; if the source uses another method, give the standard error in a column se "
            "and leave the limits blank.",
        )
    else:
        warnings.append(
            Problem(
                "interval_slightly_asymmetric",
                message,
                "It is under a tenth of a standard error.",
                row=number,
                column="estimate",
                value=f"{estimate.value:g}",
            )
        )


def check_error(se: float, low: Printed, high: Printed, level: float, ratio: bool, refuse: Refuse) -> None:
    """A standard error beside an interval must be that of the interval, which is the one used."""
    z = NormalDist().inv_cdf(0.5 * (1.0 + level))
    (least, most), (below, above) = high.range(ratio), low.range(ratio)
    narrow, wide = (least - above) / (2.0 * z), (most - below) / (2.0 * z)
    if not narrow * (1.0 - _ERROR_TOLERANCE) <= se <= wide * (1.0 + _ERROR_TOLERANCE):
        middle = (to_scale(high.value, ratio) - to_scale(low.value, ratio)) / (2.0 * z)
        refuse(
            "standard_error_inconsistent",
            "se",
            f"the {100 * level:g} % interval implies a standard error of {middle:.3g}"
            f"{' on the log scale' if ratio else ''}, not {se:g}",
            "Correct one of them, or leave one blank.",
        )


@dataclass(frozen=True)
class PrintedP:
    """A p-value as printed: its number, whether it is only a bound, and its sides."""

    stated: Printed
    below: bool
    sides: float


def printed_p_value(row: Mapping[str, str], refuse: Refuse) -> PrintedP | None:
    """The p-value of a row; None if there is none, or it cannot be used, which is then noted."""
    text = normalise(row.get("p", "")).replace(" ", "").removeprefix("p").removeprefix("P").rstrip("*")
    if not text:
        return None
    stated = as_printed(text.lstrip("<≤="))
    if stated is None or not 0.0 < stated.value <= 1.0:
        refuse("p_value", "p", "a p-value is a number between 0 and 1, or one such as <0.001", "Correct it.")
        return None
    sides = normalise(row.get("p_sides", "")).casefold() or "two"
    if sides not in {"one", "two"}:
        refuse("p_sides", "p_sides", "a p-value has one or two sides", "Write one or two.")
        return None
    return PrintedP(stated, text.startswith(("<", "≤")), 1.0 if sides == "one" else 2.0)


def error_from_p_value(row: Mapping[str, str], estimate: Printed, ratio: bool, refuse: Refuse) -> float | None:
    """The standard error that an estimate and an exact p-value imply: that of Wald's test, |estimate| / z(p).

    Refused where the p-value is a bound, or where the rounding of the two printed numbers leaves the error open by more
    than a tenth.
    """
    printed = printed_p_value(row, refuse)
    if printed is None:
        return None
    if printed.below:
        refuse(
            "p_is_a_bound",
            "p",
            "a p-value that is only a bound does not give the standard error",
            "Look up the exact one, the interval, or the standard error.",
        )
        return None
    p, half, y = printed.stated.value, printed.stated.half, abs(to_scale(estimate.value, ratio))
    least, most = (_z(min(max(q, 1e-300), printed.sides * 0.5) / printed.sides) for q in (p + half, p - half))
    low, high = sorted(abs(v) for v in estimate.range(ratio))
    z = _z(p / printed.sides)
    if least <= 0 or z <= 0 or y == 0 or (high - low) / (2 * y) + (most - least) / (2 * z) > _P_TOLERANCE:
        refuse(
            "p_too_coarse",
            "p",
            "the estimate and its p-value are rounded too much to give the standard error",
            "Look up the interval, or give both with more decimals.",
        )
        return None
    return y / z


def _z(tail: float) -> float:
    return -NormalDist().inv_cdf(tail) if tail < 0.5 else 0.0


def check_p_value(
    row: Mapping[str, str], estimate: Printed, low: Printed, high: Printed, level: float, ratio: bool, refuse: Refuse
) -> None:
    """A p-value is the one that estimate and interval imply."""
    printed = printed_p_value(row, refuse)
    if printed is None:
        return
    stated, below, sides = printed.stated, printed.below, printed.sides
    sides_text = "one" if sides == 1.0 else "two"
    normal = NormalDist()
    width = to_scale(high.value, ratio) - to_scale(low.value, ratio)
    se = width / (2.0 * normal.inv_cdf(0.5 * (1.0 + level)))
    rounding = sum(0.5 * (r[1] - r[0]) for r in (estimate.range(ratio),)) / se
    ends = [0.5 * (r[1] - r[0]) for r in (low.range(ratio), high.range(ratio))]
    z = abs(to_scale(estimate.value, ratio)) / se
    rounding += z * sum(ends) / width
    implied = sides * (1.0 - normal.cdf(z))
    if below:
        z_stated = -normal.inv_cdf(stated.value / sides)
        agrees = z >= z_stated - rounding - _Z_TOLERANCE
    else:
        most, least = stated.value + stated.half, max(stated.value - stated.half, 1e-12)
        z_low = -normal.inv_cdf(min(most / sides, 1.0 - 1e-12))
        z_high = -normal.inv_cdf(least / sides)
        agrees = z_low - rounding - _Z_TOLERANCE <= z <= z_high + rounding + _Z_TOLERANCE
    if agrees:
        return
    needed = width / 2.0 * -normal.inv_cdf(stated.value / sides) / max(abs(to_scale(estimate.value, ratio)), 1e-12)
    other = 2.0 * normal.cdf(needed) - 1.0
    hint = f"; at a level of {100 * other:.1f} % they would agree" if 0.8 < other < 0.9999 and not below else ""
    refuse(
        "p_inconsistent",
        "p",
        f"the estimate and its {100 * level:g} % interval imply p = {implied:.2g} ({sides_text}-sided){hint}",
        "Check estimate, limits, ci_level and p; a one-sided p is declared by a column p_sides.",
    )


def check_conclusion(
    row: Mapping[str, str],
    estimate: Printed | None,
    low: Printed | None,
    high: Printed | None,
    ratio: bool,
    refuse: Refuse,
) -> None:
    """A conclusion says no more than estimate and interval do."""
    claim = normalise(row.get("conclusion", "")).casefold()
    if not claim or estimate is None:
        return
    if claim not in CONCLUSIONS:
        refuse("unknown_conclusion", "conclusion", "unknown conclusion", f"Use one of {', '.join(CONCLUSIONS)}.")
        return
    null = 1.0 if ratio else 0.0
    interval = f"{low.value:g} to {high.value:g}" if low and high else ""
    includes = low is not None and high is not None and low.value <= null <= high.value
    if claim == "no difference":
        if interval and not includes:
            refuse(
                "conclusion_contradicts_interval",
                "conclusion",
                f"the conclusion says no difference, but the interval {interval} excludes {null:g}",
                "Correct the conclusion.",
            )
    elif (claim == "lower") != (estimate.value < null):
        refuse(
            "conclusion_contradicts_estimate",
            "conclusion",
            f"the conclusion says {claim}, but the estimate is {estimate.value:g}"
            + (f" and its interval {interval} includes {null:g}" if includes else ""),
            "Correct the conclusion.",
        )
    elif includes:
        refuse(
            "conclusion_beyond_interval",
            "conclusion",
            f"the conclusion says {claim}, but the interval {interval} includes {null:g}",
            "Say that a difference was not shown.",
        )
