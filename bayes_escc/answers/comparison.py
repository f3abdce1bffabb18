"""Regimens compared: differences, ratios, probabilities, ranks. Knows no family.

A comparison works on the joint draws of one estimand, draw by draw. Where the marginal
posteriors are known Beta laws, the same quantities come from quadrature instead (`beta`), with
the quadrature's error in place of a Monte Carlo error. xarray and ArviZ are imported only when
draws are there, so that closed-form comparisons start at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm
from bayes_escc.names import (
    CATEGORY,
    CHAIN,
    COVARIATE,
    DRAW,
    ENDPOINT,
    HORIZON,
    LABEL_DIMS,
    REGIMEN,
    TIME,
    Direction,
    Scale,
    normalise,
)
from bayes_escc.probability.beta import Beta, contrast_mean_sd, contrast_quantile, exceedance
from bayes_escc.probability.laws import Law
from bayes_escc.settings.reader import check_margin, nearest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = [
    "Comparison",
    "anchoring",
    "check_probability",
    "compare",
    "contrast_row",
    "direction_of",
    "labelled_cells",
    "laws_at",
    "natural_scale",
    "probability_with_error",
    "unit_of",
]

NULL_VALUE: Final[Mapping[str, float]] = {"difference": 0.0, "ratio": 1.0, "odds_ratio": 1.0}
DIRECTIONS: Final = ("higher", "lower")
UNANCHORED: Final = "unanchored, not randomised"


def anchoring(arms: Sequence[Arm], endpoint: str | None, regimen: str, reference: str) -> str:
    """How far a contrast of two regimens is protected by randomisation.

    Returns
    -------
    str
        ``"randomised"`` if both come from one randomised study;
        ``"same study, randomisation not stated"``;
        ``"pooled over studies, randomisation not preserved"`` if several studies hold both;
        ``"randomised within trials, compared through the network"`` in a network;
        otherwise ``"unanchored, not randomised"``.
    """
    chosen = [a for a in arms if endpoint is None or a.endpoint == endpoint]
    if chosen and all(a.design == "network" for a in chosen):
        return "randomised within trials, compared through the network"
    mine = {a.study for a in chosen if a.regimen == regimen}
    theirs = {a.study for a in chosen if a.regimen == reference}
    designs = {a.design for a in chosen if a.regimen in (regimen, reference)}
    if not mine or mine != theirs or designs & {"single-arm", "non-randomised"}:
        return UNANCHORED
    if len(mine) > 1:
        return "pooled over studies, randomisation not preserved"
    return "randomised" if designs == {"randomised"} else "same study, randomisation not stated"


@dataclass(frozen=True, repr=False)
class Comparison:
    """Every regimen against a reference, on one estimand.

    Parameters
    ----------
    estimand, reference, scale : str
    margin : float or None
        Smallest difference (or ratio) that matters, in the better direction.
    rope : tuple of float or None
        Region of practical equivalence on the scale of the contrast.
    ci_prob : float
        Probability of the equal-tailed intervals.
    draws : DataArray
        The contrast itself, draw by draw: dimensions (chain, draw, ..., regimen), without
        the reference. Attribute ``unit``.
    rows : tuple of dict
        One per regimen (and endpoint, time): the entries of `comparisons` in `result.json`.
    laws : tuple of (Beta, Beta) or None
        Laws of regimen and reference behind each row, where a closed form exists.
    converged : bool
        Whether the fit passed its diagnostics.
    """

    estimand: str
    reference: str
    scale: Scale
    margin: float | None
    rope: tuple[float, float] | None
    ci_prob: float
    draws: xr.DataArray
    rows: tuple[Mapping[str, Any], ...]
    laws: tuple[tuple[Beta, Beta], ...] | None = field(default=None)
    converged: bool = True

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per regimen, with intervals, probabilities and their errors."""
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self.rows])

    @property
    def probability(self) -> pd.Series:
        """P(better than the reference) by regimen (and endpoint, time if there are several)."""
        table = self.table
        keys = [k for k in (ENDPOINT, "time") if table[k].nunique(dropna=False) > 1]
        return table.set_index([*keys, REGIMEN])["probability_better"]

    def __repr__(self) -> str:
        lines = [f"Comparison of {self.estimand} with {self.reference} ({self.scale}):"]
        for row in self.rows:
            place = ", ".join(str(row[k]) for k in (REGIMEN, ENDPOINT) if row[k])
            place += f" at {row['time']:g}" if row["time"] is not None else ""
            p = row["probability_better"]
            said = "> 0.999" if p >= 0.9995 else "< 0.001" if p < 0.0005 else f"= {p:.3f}"
            lines.append(
                f"  {place}: {row['median']:.3g} ({100 * self.ci_prob:g} % CrI {row['lower']:.3g} to "
                f"{row['upper']:.3g}), P(better) {said} [{row['anchoring']}]"
            )
        return "\n".join(lines)

    def plot(self, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
        """Draw the posterior of each contrast with margin and ROPE shaded and labelled."""
        from bayes_escc.plots.difference import plot_difference

        return plot_difference(self, regimen=regimen, endpoint=endpoint)

    def plot_benefit(self, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
        """Draw P(benefit exceeds d) for every d."""
        from bayes_escc.plots.benefit import plot_benefit

        return plot_benefit(self, regimen=regimen, endpoint=endpoint)


def contrast(values: Any, reference: Any, scale: Scale) -> Any:
    """The contrast of values against a reference, draw by draw."""
    if scale == "difference":
        return values - reference
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "ratio":
            return values / reference
        return (values / (1.0 - values)) / (reference / (1.0 - reference))


def better_threshold(scale: Scale, better: Direction, margin: float) -> float:
    """The value a contrast must pass to be better by a margin."""
    return -margin if scale == "difference" and better == "lower" else margin


def contrast_row(
    x: Beta,
    y: Beta,
    *,
    scale: Scale,
    better: Direction,
    margin: float | None,
    rope: tuple[float, float] | None,
    ci_prob: float,
) -> dict[str, Any]:
    """The numbers of one comparison of two Beta laws, by quadrature."""
    tail = (1.0 - ci_prob) / 2.0
    mean, sd = contrast_mean_sd(x, y, scale)
    lower, median, upper = (contrast_quantile(x, y, q, scale) for q in (tail, 0.5, 1.0 - tail))

    def beyond(threshold: float) -> tuple[float, float]:
        value, error = exceedance(x, y, threshold, scale)
        return (value, error) if better == "higher" else (1.0 - value, error)

    by_margin: tuple[Any, Any] = (None, None)
    in_rope: tuple[Any, Any] = (None, None)
    if margin is not None:
        by_margin = beyond(better_threshold(scale, better, margin))
    if rope is not None:
        low, high = exceedance(x, y, rope[0], scale), exceedance(x, y, rope[1], scale)
        in_rope = (low[0] - high[0], low[1] + high[1])
    return _numbers(
        mean, sd, median, lower, upper, ci_prob, beyond(NULL_VALUE[scale]), margin, by_margin, rope, in_rope
    )


def _numbers(
    mean: float | None, sd: float | None, median: float, lower: float, upper: float, ci_prob: float,
    better: tuple[float, float], margin: float | None, by_margin: tuple[Any, Any],
    rope: tuple[float, float] | None, in_rope: tuple[Any, Any],
) -> dict[str, Any]:  # fmt: skip
    return {
        "mean": mean, "sd": sd, "median": median, "lower": lower, "upper": upper, "ci_prob": ci_prob,
        "probability_better": better[0], "mcse_probability": better[1],
        "margin": margin, "probability_better_by_margin": by_margin[0], "mcse_probability_by_margin": by_margin[1],
        "rope": list(rope) if rope else None, "probability_in_rope": in_rope[0], "mcse_probability_in_rope": in_rope[1],
    }  # fmt: skip


def probability_with_error(event: NDArray[Any], draws: NDArray[np.float64]) -> tuple[float, float]:
    """Share of draws in which an event happens, and its Monte Carlo standard error.

    Parameters
    ----------
    event, draws : array of shape (chain, draw)
        The event (true or false, or a share where several tie), and the quantity it is about.

    Notes
    -----
    The error is sqrt(p (1 - p) / ESS) with the effective sample size of the indicator. Where
    the event happened in all or in no draws, ESS is that of the quantity and p is moved by
    half a draw, so that certainty is never claimed.
    """
    import arviz as az
    import xarray as xr

    p = float(event.mean())
    varies = 0.0 < p < 1.0
    basis = event.astype(float) if varies else draws
    ess = float(event.size)
    if np.isfinite(basis).all() and np.ptp(basis) > 0:
        ess = float(az.ess(xr.DataArray(basis, dims=(CHAIN, DRAW)), method="mean"))
    ess = max(ess, 1.0)
    moved = p if varies else (p * ess + 0.5) / (ess + 1.0)
    return p, math.sqrt(moved * (1.0 - moved) / ess)


def labelled_cells(array: xr.DataArray) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Every cell of an array beside chain and draw: its labels and its draws (chain, draw).

    Labels are those of `names.LABEL_DIMS`, None where the array has none; a RECIST category is
    an endpoint, a horizon a time. Cells without any draw (a regimen without data for an endpoint) are left out.
    """
    dims = [d for d in array.dims if d not in (CHAIN, DRAW)]
    values = np.moveaxis(array.transpose(CHAIN, DRAW, *dims).to_numpy(), (0, 1), (-2, -1))
    for position in np.ndindex(*[array.sizes[d] for d in dims]):
        if np.isnan(values[position]).all():
            continue
        labels: dict[str, Any] = dict.fromkeys(LABEL_DIMS)
        for name, coordinate in array.coords.items():
            plain = str(name).removeprefix("row_")
            key = {CATEGORY: ENDPOINT, HORIZON: TIME}.get(plain, plain)
            if key not in labels or name == "row":
                continue
            label = coordinate.to_numpy()[tuple(position[dims.index(d)] for d in coordinate.dims)]
            labels[key] = label.item() if hasattr(label, "item") else label
        yield labels, values[position]


def natural_scale(array: xr.DataArray) -> Scale:
    """How an estimand's regimens are compared if nothing else is said: a ratio by ratios, the rest by differences."""
    return "ratio" if str(array.attrs.get("unit", "")).endswith("ratio") else "difference"


def unit_of(array: xr.DataArray, labels: Mapping[str, Any]) -> str:
    """Unit of one cell of an estimand: its covariate's own, where covariates have different ones."""
    if "unit" in array.coords:
        return str(array.coords["unit"].sel({COVARIATE: labels[COVARIATE]}).item())
    return str(array.attrs.get("unit", ""))


def direction_of(array: xr.DataArray, endpoint: str | None, stated: Direction | None) -> Direction:
    """Which direction is better: as stated, or as the estimand says for the endpoint."""
    if stated is not None:
        if stated not in DIRECTIONS:
            hint = nearest(str(stated), DIRECTIONS)
            raise AnalysisError(f"better {stated!r} is not one of {', '.join(DIRECTIONS)}.{hint}")
        return stated
    known = str(array.attrs.get("better", "")).split(",")
    index = 0
    if len(known) > 1 and endpoint is not None:
        index = list(array.coords[ENDPOINT].to_numpy()).index(endpoint)
    better = known[index]
    if better not in ("higher", "lower"):
        where = f" of {endpoint}" if endpoint else ""
        raise AnalysisError(
            f"it is not known whether a higher or a lower {array.name}{where} is better: "
            'state better = "higher" or "lower".'
        )
    return "higher" if better == "higher" else "lower"


def check_reference(array: xr.DataArray, reference: str) -> None:
    """Refuse an estimand without regimens, or a reference that is not one of them."""
    if REGIMEN not in array.dims:
        raise AnalysisError(
            f"{array.name} is not estimated by regimen, so regimens cannot be compared on it. The probability that it "
            "lies below or above a value is a threshold."
        )
    regimens = [str(r) for r in array[REGIMEN].to_numpy()]
    if reference not in regimens:
        raise AnalysisError(
            f"reference {reference!r} is not a regimen here: use one of {', '.join(regimens)}."
            f"{nearest(reference, regimens)}"
        )


def compare(
    array: xr.DataArray,
    *,
    reference: str,
    scale: Scale = "difference",
    better: Direction | None = None,
    margin: float | None = None,
    rope: tuple[float, float] | None = None,
    ci_prob: float = 0.95,
    laws: tuple[xr.DataArray, xr.DataArray] | None = None,
    contrast_law: Callable[[str, str], Law | None] | None = None,
    arms: Sequence[Arm] = (),
    converged: bool = True,
) -> Comparison:
    """Compare every regimen of an estimand with a reference.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    reference : str
        Regimen the others are compared with.
    scale : {"difference", "ratio", "odds_ratio"}
        Regimen minus reference, regimen over reference, or the ratio of their odds.
    better : {"higher", "lower"}, optional
        Direction of benefit; by default what the estimand says.
    margin : float, optional
        For P(better by margin): a difference of at least 0, or a ratio on the better side of 1.
    rope : tuple of float, optional
        Lower and upper limit of practical equivalence.
    ci_prob : float
        Probability of the intervals.
    laws : tuple of DataArray, optional
        Beta parameters over the estimand's label dimensions, for quadrature.
    contrast_law : callable, optional
        Gives the exact law of a regimen against a reference, on this scale, or None.
    arms : sequence of Arm
        Origin of the evidence, for the label on randomisation.
    converged : bool
        Whether the fit passed its diagnostics; carried to figures.

    Raises
    ------
    AnalysisError
        If the reference, scale, direction or margin do not fit the estimand.
    """
    reference = normalise(reference)
    check_reference(array, reference)
    margin, rope, ci_prob = _checked_numbers(margin, rope, ci_prob)
    if scale not in NULL_VALUE:
        raise AnalysisError(f"scale {scale!r} is not one of {', '.join(NULL_VALUE)}.{nearest(scale, NULL_VALUE)}")
    if scale == "odds_ratio" and "proportion" not in str(array.attrs.get("unit", "proportion")):
        raise AnalysisError(f"{array.name} is not a proportion, so it has no odds; use difference or ratio.")
    base = array.sel({REGIMEN: reference}, drop=True)
    others = [r for r in array[REGIMEN].to_numpy() if r != reference]
    chosen = array.sel({REGIMEN: others})
    draws = contrast(chosen, base, scale).rename(f"{array.name}_{scale}")
    draws.attrs = {"unit": array.attrs.get("unit", "") if scale == "difference" else "ratio"}
    rows, pairs = [], []
    for labels, values in labelled_cells(draws):
        direction = direction_of(array, labels[ENDPOINT], better)
        _check_margin(scale, direction, margin, rope)
        pair = laws_at(laws, labels, reference) if laws is not None else None
        known = contrast_law(labels[REGIMEN], reference) if contrast_law is not None else None
        if known is not None:
            numbers = _row_from_law(known, scale, direction, margin, rope, ci_prob)
        elif pair is not None:
            pairs.append(pair)
            numbers = contrast_row(*pair, scale=scale, better=direction, margin=margin, rope=rope, ci_prob=ci_prob)
        else:
            numbers = _row_from_draws(values, scale, direction, margin, rope, ci_prob)
        rows.append(
            {
                "estimand": str(array.name), REGIMEN: labels[REGIMEN], "reference": reference,
                ENDPOINT: labels[ENDPOINT], "scale": scale, "time": labels["time"], "better": direction,
                **numbers, "anchoring": anchoring(arms, labels[ENDPOINT], labels[REGIMEN], reference),
            }
        )  # fmt: skip
    return Comparison(
        str(array.name), reference, scale, margin, rope, ci_prob, draws, tuple(rows),
        tuple(pairs) if laws is not None else None, converged,
    )  # fmt: skip


def check_probability(value: Any, name: str) -> float:
    """A number strictly between 0 and 1, or an `AnalysisError`."""
    if isinstance(value, Real) and not isinstance(value, bool) and 0.0 < float(value) < 1.0:
        return float(value)
    raise AnalysisError(f"{name} must be a number between 0 and 1, not {value!r}.")


def _checked_numbers(margin: Any, rope: Any, ci_prob: Any) -> tuple[float | None, tuple[float, float] | None, float]:
    """Margin, limits and interval probability as finite numbers, or an `AnalysisError`."""

    def number(value: Any, name: str) -> float:
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        raise AnalysisError(f"{name} must be a finite number, not {value!r}.")

    limits = None
    if rope is not None:
        if not isinstance(rope, Sequence) or isinstance(rope, str) or len(rope) != 2:
            raise AnalysisError(f"rope must be two numbers, the lower first, not {rope!r}.")
        limits = (number(rope[0], "rope"), number(rope[1], "rope"))
    size = None if margin is None else number(margin, "margin")
    return size, limits, check_probability(ci_prob, "ci_prob")


def _check_margin(scale: Scale, better: Direction, margin: float | None, rope: tuple[float, float] | None) -> None:
    problems = check_margin(scale, better, margin, rope)
    if rope is not None and not rope[0] < rope[1]:
        problems.append(("rope", f"needs the lower limit first, not {list(rope)}"))
    if problems:
        raise AnalysisError("; ".join(f"{key} {message}" for key, message in problems) + ".")


def laws_at(laws: tuple[xr.DataArray, xr.DataArray], labels: Mapping[str, Any], reference: str) -> tuple[Beta, Beta]:
    """The laws of a regimen and of the reference, at the same other labels."""

    def at(regimen: str) -> Beta:
        place = {REGIMEN: regimen}
        for name in (ENDPOINT, CATEGORY):
            if name in laws[0].dims:
                place[name] = labels[ENDPOINT]
        return Beta(float(laws[0].sel(place)), float(laws[1].sel(place)))

    return at(labels[REGIMEN]), at(reference)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _row_from_law(
    law: Law, scale: Scale, better: Direction, margin: float | None, rope: tuple[float, float] | None, ci_prob: float
) -> dict[str, Any]:
    tail = (1.0 - ci_prob) / 2.0
    lower, median, upper = (law.quantile(q) for q in (tail, 0.5, 1.0 - tail))

    def beyond(threshold: float) -> tuple[float, float]:
        return float(law.sf(threshold) if better == "higher" else law.cdf(threshold)), law.rounding_floor()

    by_margin: tuple[Any, Any] = (None, None)
    in_rope: tuple[Any, Any] = (None, None)
    if margin is not None:
        by_margin = beyond(better_threshold(scale, better, margin))
    if rope is not None:
        in_rope = (float(law.cdf(rope[1])) - float(law.cdf(rope[0])), 2.0 * law.rounding_floor())
    return _numbers(
        _finite(law.mean), _finite(law.sd), median, lower, upper,
        ci_prob, beyond(NULL_VALUE[scale]), margin, by_margin, rope, in_rope,
    )  # fmt: skip


def _row_from_draws(
    values: NDArray[np.float64], scale: Scale, better: Direction, margin: float | None,
    rope: tuple[float, float] | None, ci_prob: float,
) -> dict[str, Any]:  # fmt: skip
    tail = (1.0 - ci_prob) / 2.0
    lower, median, upper = np.quantile(values, [tail, 0.5, 1.0 - tail])

    def beyond(threshold: float) -> tuple[float, float]:
        event = values > threshold if better == "higher" else values < threshold
        return probability_with_error(event, values)

    by_margin: tuple[Any, Any] = (None, None)
    in_rope: tuple[Any, Any] = (None, None)
    if margin is not None:
        by_margin = beyond(better_threshold(scale, better, margin))
    if rope is not None:
        in_rope = probability_with_error((values > rope[0]) & (values < rope[1]), values)
    return _numbers(
        _finite(values.mean()), _finite(values.std(ddof=1)), float(median), float(lower), float(upper),
        ci_prob, beyond(NULL_VALUE[scale]), margin, by_margin, rope, in_rope,
    )  # fmt: skip
