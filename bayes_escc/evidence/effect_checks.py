"""The checks of one row of a table of effects: measure, level, estimate, limits, and what they imply.

Every check allows for the rounding of the printed numbers: a printed 0.73 may be anything from
0.725 to 0.735. All comparisons are made on the scale on which the interval is symmetric, which
for ratios is the logarithm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

from bayes_escc.evidence.effect_agreement import (
    check_conclusion,
    check_error,
    check_p_value,
    check_symmetry,
    error_from_p_value,
)
from bayes_escc.evidence.effect_arms import ARM_MEASURES
from bayes_escc.evidence.effect_measures import (
    MEASURES,
    RATIOS,
    Printed,
    Refuse,
    as_printed,
    from_scale,
    measure_of,
    to_scale,
)
from bayes_escc.evidence.numbers import is_not_reached
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.values import check_level, check_order
from bayes_escc.names import Plain

__all__ = ["MEASURES", "RATIOS", "check_effect", "measure_of", "to_scale"]

_RUN_TOGETHER: Final = tuple(re.compile(rf"^(-?\d+\.\d{{{d}}})(\d+\.\d{{{d}}})$") for d in (1, 2, 3, 4))


def check_effect(row: Mapping[str, str], number: int, problems: list[Problem], warnings: list[Problem]) -> Plain | None:
    """The checked numbers of one row, or None if it has a problem (which is then noted).

    Returns
    -------
    dict or None
        measure, estimate, ci_low, ci_high, ci_level as given, and ``y`` and ``se``: estimate and
        standard error on the analysis scale (log for ratios).
    """
    before = len(problems)

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, message, remedy, row=number, column=column, value=row.get(column, "")))

    measure = _measure(row, refuse)
    ratio = measure in RATIOS
    by_p_value = _gives_only_p_value(row) and measure not in ARM_MEASURES
    level = 0.95 if by_p_value else _level(row, refuse)
    estimate = _number(row, "estimate", ratio, refuse)
    if measure == "RD" and estimate is not None and abs(estimate.value) > 1.0:
        refuse(
            "beyond_range",
            "estimate",
            "a risk difference lies between -1 and 1",
            "Give it as a share: -0.12 for 12 percentage points fewer.",
        )
    low = _limit(row, "ci_low", ratio, refuse)
    open_above = low is not None and is_not_reached(row.get("ci_high", ""))
    high = None if open_above else _limit(row, "ci_high", ratio, refuse)
    se = _standard_error(row, refuse)
    if open_above and se is None:
        se = _error_of_lower_limit(estimate, low, level, ratio, refuse, number, warnings)
    if by_p_value and estimate is not None:
        se = error_from_p_value(row, estimate, ratio, refuse)
        if se is not None:
            warnings.append(
                Problem(
                    "se_from_p_value",
                    f"the standard error, {se:.3g}, is the one that estimate and p-value imply",
                    "Give the interval instead, if the source has one.",
                    row=number,
                    column="p",
                    value=row["p"],
                )
            )
    noted = {p.column for p in problems[before:]}  # what stands in a column and cannot be read is not missing
    garbled = bool(noted & {"ci_low", "ci_high"})
    if (
        not garbled
        and not by_p_value
        and not open_above
        and not normalise(row.get("se", ""))
        and estimate is not None
        and level is not None
    ):
        _missing_limit(row, estimate, low, high, ratio, refuse)
    if low is not None and high is not None and estimate is not None:
        if not check_order(low.value, high.value, "ci_low", refuse):
            pass
        elif not low.value - low.half - estimate.half <= estimate.value <= high.value + high.half + estimate.half:
            refuse(
                "estimate_outside_interval",
                "estimate",
                f"the estimate lies outside its interval {low.value:g} to {high.value:g}",
                "Check all three numbers in the source; one of them is wrong.",
            )
        elif level is not None:
            check_symmetry(estimate, low, high, level, ratio, number, refuse, warnings)
            if se is not None:
                check_error(se, low, high, level, ratio, refuse)
            if measure not in ARM_MEASURES:
                check_p_value(row, estimate, low, high, level, ratio, refuse)
    check_conclusion(row, estimate, low, high, ratio, refuse)
    if len(problems) > before or estimate is None or level is None:
        return None
    if low is not None and high is not None:
        z = NormalDist().inv_cdf(0.5 * (1.0 + level))
        se = (to_scale(high.value, ratio) - to_scale(low.value, ratio)) / (2.0 * z)
    return {
        "measure": measure,
        "estimate": estimate.value,
        "ci_low": low.value if low else math.nan,
        "ci_high": high.value if high else math.nan,
        "ci_level": level,
        "y": to_scale(estimate.value, ratio),
        "se": se,
    }


def _error_of_lower_limit(
    estimate: Printed | None,
    low: Printed | None,
    level: float | None,
    ratio: bool,
    refuse: Refuse,
    number: int,
    warnings: list[Problem],
) -> float | None:
    """The standard error that the lower limit implies, where the upper one was not reached."""
    if estimate is None or low is None or level is None:
        return None
    if low.value >= estimate.value:
        refuse("estimate_outside_interval", "estimate", f"not above its lower limit {low.value:g}", "Correct either.")
        return None
    message = "the upper limit was not reached; the precision is that of the lower one"
    warnings.append(
        Problem("upper_limit_not_reached", message, "Give the standard error, if it is reported.", number, "ci_high")
    )
    z = NormalDist().inv_cdf(0.5 * (1.0 + level))
    return (to_scale(estimate.value, ratio) - to_scale(low.value, ratio)) / z


def _gives_only_p_value(row: Mapping[str, str]) -> bool:
    """Whether the p-value is all that tells the precision of a row."""
    return bool(normalise(row.get("p", ""))) and not any(normalise(row.get(c, "")) for c in ("ci_low", "ci_high", "se"))


def _measure(row: Mapping[str, str], refuse: Refuse) -> str:
    given = normalise(row.get("measure", ""))
    measure = measure_of(given)
    if not measure:
        refuse(
            "unknown_measure",
            "measure",
            "the effect measure is not known" if given else "the effect measure is not stated",
            f"Use one of {', '.join(MEASURES)}; for a row that gives one arm, {', '.join(ARM_MEASURES)}.",
        )
    return measure


def _level(row: Mapping[str, str], refuse: Refuse) -> float | None:
    text = normalise(row.get("ci_level", ""))
    has_se = bool(normalise(row.get("se", "")))
    if not text:
        if has_se:
            return 0.95
        refuse(
            "level_missing",
            "ci_level",
            "the confidence level of the interval is not stated",
            "Give it per row, for example 0.95; trials with interim analyses print 98 % or 99 % intervals.",
        )
        return None
    return check_level(text, refuse)


def _number(row: Mapping[str, str], column: str, ratio: bool, refuse: Refuse) -> Printed | None:
    text = normalise(row.get(column, ""))
    if not text:
        refuse("missing_number", column, f"{column} is blank", "Give the number as printed.")
        return None
    found = as_printed(text)
    if found is None:
        if not _decimal_comma(text, column, refuse):
            refuse("not_a_number", column, f"{column} is not a number", "Give one number without words or separators.")
    elif ratio and found.value == 0:
        refuse(
            "non_positive_ratio",
            column,
            "a ratio is greater than 0; this one was rounded to 0",
            "Give more decimals, or the standard error of its logarithm in a column se.",
        )
        return None
    elif ratio and found.value < 0:
        refuse(
            "non_positive_ratio",
            column,
            "a ratio is greater than 0; this looks like its logarithm",
            "Give the ratio itself, or change measure, for example to log HR.",
        )
        return None
    return found


def _decimal_comma(text: str, column: str, refuse: Refuse) -> bool:
    """Whether a number is written with a decimal comma, which is then noted."""
    if not re.fullmatch(r"-?\d+,\d+", text):
        return False
    point = text.replace(",", ".")
    refuse("decimal_comma", column, f"{column} has a decimal comma", f"Write {point}.")
    return True


def _limit(row: Mapping[str, str], column: str, ratio: bool, refuse: Refuse) -> Printed | None:
    text = normalise(row.get(column, ""))
    if not text:
        return None
    if as_printed(text) is None and not _decimal_comma(text, column, refuse):
        parts = re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"(?<=\d)-|[–—~]|to", " ", text))
        run_together = next((m for m in (p.match(text) for p in _RUN_TOGETHER) if m), None)
        guess = run_together.groups() if run_together else tuple(parts) if len(parts) == 2 else ()
        hint = f"; perhaps {guess[0]} and {guess[1]}" if guess else ""
        refuse(
            "garbled_limits",
            column,
            f"two limits seem to have run together{hint}" if guess else "the limit is not a number",
            "Give the lower limit in ci_low and the upper limit in ci_high, as the source prints them.",
        )
    if as_printed(text) is None:
        return None
    return _number(row, column, ratio, refuse)


def _standard_error(row: Mapping[str, str], refuse: Refuse) -> float | None:
    text = normalise(row.get("se", ""))
    if not text:
        return None
    found = as_printed(text)
    if found is None or found.value <= 0:
        refuse(
            "standard_error",
            "se",
            "a standard error is a number greater than 0",
            "Give it on the log scale for a ratio, or leave it blank and give the interval.",
        )
        return None
    return found.value


def _missing_limit(
    row: Mapping[str, str], estimate: Printed, low: Printed | None, high: Printed | None, ratio: bool, refuse: Refuse
) -> None:
    if low is None and high is None:
        if not any(normalise(row.get(c, "")) for c in ("ci_low", "ci_high")):
            refuse(
                "interval_missing",
                "ci_low",
                "there is neither an interval nor a standard error",
                "Give both limits and ci_level, or the standard error in a column se.",
            )
        return
    if low is not None and high is not None:
        return
    known, column, name = (low, "ci_high", "upper") if low else (high, "ci_low", "lower")
    if known is None:  # pragma: no cover (one of them is there)
        return
    centre, other = estimate.range(ratio), known.range(ratio)
    middle = from_scale(2 * to_scale(estimate.value, ratio) - to_scale(known.value, ratio), ratio)
    smallest = from_scale(2 * centre[0] - other[1], ratio)
    largest = from_scale(2 * centre[1] - other[0], ratio)
    scale = "log scale" if ratio else "scale of the estimate"
    refuse(
        "limit_missing",
        column,
        f"the {name} limit is missing",
        f"Look it up. Symmetry on the {scale} would give {middle:.2f} ({smallest:.2f} to {largest:.2f} allowing for "
        f"rounding); write that number into {column} yourself if you accept it.",
    )
