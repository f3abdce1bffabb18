"""Risks at a stated baseline: what a relative effect means for patients whose risk without it is known.

An odds ratio multiplies the odds of the baseline, a risk ratio the risk, a risk difference is added to it. A hazard
ratio, with the risk of an event by some time, gives ``1 - (1 - baseline)^HR`` by then, where hazards are proportional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.numbers import number_in, whole_in
from bayes_escc.names import normalise
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.reader import Reader, shortened

__all__ = [
    "Baseline",
    "baseline_in_words",
    "beyond_risks",
    "draw_baseline",
    "rate_of_counts",
    "read_baseline",
    "risk_under",
    "typed_baseline",
]

Array = NDArray[np.float64]
Baseline = float | Prior
"""A risk that is stated exactly, or its law."""
_EXAMPLE: Final = Prior("Beta", alpha=13, beta=29)


def read_baseline(estimands: Reader) -> Baseline | None:
    """Read a risk: a number, `{ events = ..., n = ... }` (uniform before these patients), or a law between 0 and 1."""
    key = "baseline_rate"
    given = estimands.take(key, None)
    if given is None:
        return None
    if not isinstance(given, Mapping):
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0.0 < given < 1.0:
            estimands.problem(
                key, f"must be a risk between 0 and 1, {{ events = ..., n = ... }} or a distribution, not {given!r}"
            )
            return None
        return float(given)
    if "events" not in given and "n" not in given:
        return Reader({key: given}, estimands.path, estimands.problems).prior(key, _EXAMPLE, "unit").default
    entry = Reader(given, estimands.where(key), estimands.problems)
    n = entry.number("n", above=0, integer=True)
    events = entry.number("events", above=-1, below=(n or 0) + 1, integer=True)
    entry.finish()
    return None if n is None or events is None else rate_of_counts(events, n)


def rate_of_counts(events: int, n: int) -> Prior:
    """What counts of other patients say of a risk that was uniform before them."""
    return Prior("Beta", alpha=1 + events, beta=1 + n - events, rationale=f"{events} of {n}, uniform before them.")


def typed_baseline(text: str) -> Baseline:
    """A baseline as it is typed: `0.3`, or `12/40` of other patients.

    Raises
    ------
    AnalysisError
    """
    typed = normalise(text)
    first, slash, second = typed.partition("/")
    events, n = whole_in(first), whole_in(second)
    if slash and events is not None and n is not None and 0 <= events <= n and n > 0:
        return rate_of_counts(events, n)
    risk = number_in(typed.removesuffix("%"))
    if risk is not None and typed.endswith("%"):
        risk /= 100.0
    if risk is not None and 0.0 < risk < 1.0:
        return risk
    raise AnalysisError(f"--baseline: {shortened(text)} is no risk; give 0.3, or 12/40 for 12 of 40 patients.")


def baseline_in_words(baseline: Baseline) -> str:
    """A baseline with its uncertainty."""
    if isinstance(baseline, float):
        return f"baseline risk {100 * baseline:.3g} %, as stated"
    low, high = baseline.interval(0.95)
    limits = f"95 % between {100 * low:.3g} % and {100 * high:.3g} %"
    return f"baseline risk ~ {baseline}: {limits}. {baseline.rationale}".rstrip()


def draw_baseline(baseline: Baseline, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draws of the baseline risk."""
    return np.full(shape, baseline) if isinstance(baseline, float) else baseline.sample(rng, shape)


def risk_under(measure: str, effect: Array, baseline: Array) -> Array:
    """The risk of patients with an effect.

    Parameters
    ----------
    measure : {"OR", "RR", "RD", "HR"}
    effect : array
        On the scale on which it is pooled: the logarithm of a ratio.
    baseline : array of the same shape
        Risk without it.

    Raises
    ------
    AnalysisError
        If the measure is not one of risks.
    """
    if measure == "OR":
        odds = np.log(baseline) - np.log1p(-baseline) + effect
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * odds)))
    if measure == "RR":
        return np.asarray(np.minimum(np.exp(np.minimum(np.log(baseline) + effect, 0.0)), 1.0))
    if measure == "RD":
        return np.asarray(np.clip(baseline + effect, 0.0, 1.0))
    if measure == "HR":
        return np.asarray(-np.expm1(np.log1p(-baseline) * np.exp(np.clip(effect, -300.0, 300.0))))
    raise AnalysisError(
        f"estimands.baseline_rate: effects measured as {measure} say nothing of risks; only OR, RR, RD and HR do."
    )


def beyond_risks(measure: str, risk: Any) -> float:
    """Share of draws that a ratio or difference of risks put at 0 or 1, because the effect leads beyond them."""
    values = np.asarray(risk)
    return float(((values >= 1.0) | (values <= 0.0)).mean()) if measure in ("RR", "RD") else 0.0
