"""The checks of one row of a table of effects: numbers, interval, p-value, conclusion.

Every check allows for the rounding of the printed numbers: a printed 0.73 may be anything from
0.725 to 0.735. All comparisons are made on the scale on which the interval is symmetric, which
for ratios is the logarithm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from bayes_escc.evidence.effect_arms import ARM_MEASURES
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise

__all__ = ["MEASURES", "RATIOS", "check_effect", "measure_of", "to_scale"]

RATIOS: Final = {"HR": "hazard ratio", "OR": "odds ratio", "RR": "risk ratio"}
MEASURES: Final[Mapping[str, str]] = {
    **RATIOS,
    "log HR": "log hazard ratio",
    "log OR": "log odds ratio",
    "log RR": "log risk ratio",
    "MD": "mean difference",
    "SMD": "standardised mean difference",
    "RD": "risk difference",
}
"""Effect measures and their names in words."""

_ALIASES: Final = {
    **{m.casefold(): m for m in (*MEASURES, *ARM_MEASURES)},
    **{words.casefold(): m for m, words in MEASURES.items()},
    "relative risk": "RR",
    "log relative risk": "log RR",
    "standardized mean difference": "SMD",
    **{f"{log}{gap}{m.casefold()}": f"log {m}" for log in ("log", "ln") for gap in ("", " ") for m in RATIOS},
    **{f"{log}({m.casefold()})": f"log {m}" for log in ("log", "ln") for m in RATIOS},
}

CONCLUSIONS: Final = ("lower", "higher", "no difference")
_Z_TOLERANCE: Final = 0.5
_ASYMMETRY_TOLERANCE: Final = 0.1
_ERROR_TOLERANCE: Final = 0.05
_RUN_TOGETHER: Final = tuple(re.compile(rf"^(-?\d+\.\d{{{d}}})(\d+\.\d{{{d}}})$") for d in (1, 2, 3, 4))

Refuse = Callable[[str, str, str, str], None]


@dataclass(frozen=True)
class Printed:
    """A number as printed: its value and half a unit of its last decimal."""

    value: float
    half: float

    def range(self, ratio: bool) -> tuple[float, float]:
        """Lowest and highest value it can stand for, on the log scale for a ratio."""
        low, high = self.value - self.half, self.value + self.half
        return (to_scale(max(low, 1e-12) if ratio else low, ratio), to_scale(high, ratio))


def measure_of(text: str) -> str:
    """The package's spelling of a measure of effects or arms; empty where there is none."""
    return _ALIASES.get(" ".join(normalise(text).casefold().replace("_", " ").split()), "")


def to_scale(value: float, ratio: bool) -> float:
    """The logarithm of a ratio; anything else unchanged."""
    return math.log(value) if ratio else value


def _from_scale(value: float, ratio: bool) -> float:
    return math.exp(value) if ratio else value


def _printed(text: str) -> Printed | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    decimals = len(text.partition(".")[2]) if "e" not in text.lower() else 12
    return Printed(value, 0.5 * 10.0**-decimals)


def check_effect(
    row: Mapping[str, str], number: int, problems: list[Problem], warnings: list[Problem]
) -> dict[str, Any] | None:
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
    level = _level(row, refuse)
    estimate = _number(row, "estimate", ratio, refuse)
    low = _limit(row, "ci_low", ratio, refuse)
    high = _limit(row, "ci_high", ratio, refuse)
    se = _standard_error(row, refuse)
    noted = {p.column for p in problems[before:]}  # what stands in a column and cannot be read is not missing
    garbled = bool(noted & {"ci_low", "ci_high"})
    if not garbled and not normalise(row.get("se", "")) and estimate is not None and level is not None:
        _missing_limit(row, estimate, low, high, ratio, refuse)
    if low is not None and high is not None and estimate is not None:
        if low.value >= high.value:
            refuse(
                "limits_out_of_order",
                "ci_low",
                f"the lower limit {low.value:g} is not below the upper limit {high.value:g}",
                "Swap or correct them.",
            )
        elif not low.value - low.half - estimate.half <= estimate.value <= high.value + high.half + estimate.half:
            refuse(
                "estimate_outside_interval",
                "estimate",
                f"the estimate lies outside its interval {low.value:g} to {high.value:g}",
                "Check all three numbers in the source; one of them is wrong.",
            )
        elif level is not None:
            _symmetry(estimate, low, high, level, ratio, number, refuse, warnings)
            if se is not None:
                _same_error(se, low, high, level, ratio, refuse)
            if measure not in ARM_MEASURES:
                _p_value(row, estimate, low, high, level, ratio, refuse)
    _conclusion(row, estimate, low, high, ratio, refuse)
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
    plain = re.sub(r"(?i)\s*(ci|confidence interval)$", "", text).strip()
    try:
        value = float(plain.rstrip("% ")) / (100.0 if plain.endswith("%") else 1.0)
    except ValueError:
        value = math.nan
    if 50.0 <= value < 100.0:
        refuse(
            "level_implausible",
            "ci_level",
            "a confidence level is a proportion",
            f"Write {value / 100:g} instead of {text}.",
        )
        return None
    if not 0.5 <= value < 1.0:
        refuse(
            "level_implausible", "ci_level", "a confidence level lies between 0.5 and 1", "Correct it, usually to 0.95."
        )
        return None
    return value


def _number(row: Mapping[str, str], column: str, ratio: bool, refuse: Refuse) -> Printed | None:
    text = normalise(row.get(column, ""))
    if not text:
        refuse("missing_number", column, f"{column} is blank", "Give the number as printed.")
        return None
    found = _printed(text)
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
    if _printed(text) is None and not _decimal_comma(text, column, refuse):
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
    if _printed(text) is None:
        return None
    return _number(row, column, ratio, refuse)


def _standard_error(row: Mapping[str, str], refuse: Refuse) -> float | None:
    text = normalise(row.get("se", ""))
    if not text:
        return None
    found = _printed(text)
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
) -> None:  # fmt: skip
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
    middle = _from_scale(2 * to_scale(estimate.value, ratio) - to_scale(known.value, ratio), ratio)
    smallest = _from_scale(2 * centre[0] - other[1], ratio)
    largest = _from_scale(2 * centre[1] - other[0], ratio)
    scale = "log scale" if ratio else "scale of the estimate"
    refuse(
        "limit_missing",
        column,
        f"the {name} limit is missing",
        f"Look it up. Symmetry on the {scale} would give {middle:.2f} ({smallest:.2f} to {largest:.2f} allowing for "
        f"rounding); write that number into {column} yourself if you accept it.",
    )


def _symmetry(
    estimate: Printed, low: Printed, high: Printed, level: float, ratio: bool, number: int, refuse: Refuse,
    warnings: list[Problem],
) -> None:  # fmt: skip
    ends = low.range(ratio), high.range(ratio)
    middle = (0.5 * (ends[0][0] + ends[1][0]), 0.5 * (ends[0][1] + ends[1][1]))
    centre = estimate.range(ratio)
    gap = max(middle[0] - centre[1], centre[0] - middle[1], 0.0)
    if gap == 0.0:
        return
    z = NormalDist().inv_cdf(0.5 * (1.0 + level))
    gap /= (to_scale(high.value, ratio) - to_scale(low.value, ratio)) / (2.0 * z)
    shown = _from_scale(middle[0], ratio), _from_scale(middle[1], ratio)
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
            Problem("interval_slightly_asymmetric", message, "It is under a tenth of a standard error.",
                    row=number, column="estimate", value=f"{estimate.value:g}")
        )  # fmt: skip


def _same_error(se: float, low: Printed, high: Printed, level: float, ratio: bool, refuse: Refuse) -> None:
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


def _p_value(
    row: Mapping[str, str], estimate: Printed, low: Printed, high: Printed, level: float, ratio: bool, refuse: Refuse
) -> None:
    text = normalise(row.get("p", "")).replace(" ", "").removeprefix("p").removeprefix("P").rstrip("*")
    if not text:
        return
    below = text.startswith(("<", "≤"))
    stated = _printed(text.lstrip("<≤="))
    if stated is None or not 0.0 < stated.value <= 1.0:
        refuse("p_value", "p", "a p-value is a number between 0 and 1, or one such as <0.001", "Correct it.")
        return
    sides_text = normalise(row.get("p_sides", "")).casefold() or "two"
    if sides_text not in {"one", "two"}:
        refuse("p_sides", "p_sides", "a p-value has one or two sides", "Write one or two.")
        return
    sides = 1.0 if sides_text == "one" else 2.0
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


def _conclusion(
    row: Mapping[str, str], estimate: Printed | None, low: Printed | None, high: Printed | None, ratio: bool,
    refuse: Refuse,
) -> None:  # fmt: skip
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
