"""What is known of an estimand, cell by cell: the marginal of each, of each contrast, and the ranks.

A fitted posterior, a posterior reweighted to new data, and rates in closed form are all `Estimand`s; rows of results
are made from any of them alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.rows import Labels, labels_of
from bayes_escc.errors import AnalysisError
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
    Plain,
    PlainMapping,
    Scale,
)
from bayes_escc.probability.beta import Beta, BetaContrast, rank_distribution
from bayes_escc.probability.marginal import Draws, Marginal, WeightedDraws, probability_with_error
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_contrasts import rank_rates
from bayes_escc.settings.questions import is_ratio
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.answers.exact_laws import ExactLaws

__all__ = [
    "DIRECTIONS",
    "BetaRates",
    "Estimand",
    "RankTable",
    "SampledEstimand",
    "WeightedEstimand",
    "contrast",
    "direction_of",
    "labelled_cells",
    "largest",
    "natural_scale",
    "ranks_of_draws",
    "unit_of",
    "wrong_scale",
]

Array = NDArray[np.float64]
DIRECTIONS: Final = ("higher", "lower")


class RankTable(NamedTuple):
    """Ranks of K regimens within one endpoint and time.

    Parameters
    ----------
    table : array of shape (K, K)
        Probability of every rank (columns, the best first) for every regimen (rows).
    best_errors, rank_errors : sequence of float
        Errors of P(best) and of the mean rank.
    """

    table: Array
    best_errors: Sequence[float]
    rank_errors: Sequence[float]


class Estimand(Protocol):
    """What is known of one estimand."""

    @property
    def name(self) -> str:
        """As results call it."""

    def cells(self) -> Sequence[Labels]:
        """Labels of every cell about which something is known."""

    def unit(self, labels: Labels) -> str:
        """Unit of a cell."""

    def direction(self, endpoint: str | None, stated: Direction | None) -> Direction:
        """Which direction is better: as stated, or as is known of the endpoint."""

    def marginal(self, labels: Labels) -> Marginal:
        """What is known of one cell."""

    def contrast(self, labels: Labels, reference: str, scale: Scale) -> Marginal | None:
        """What is known of a regimen against another in the same place; None where the other has no data."""

    def ranks(self, members: Sequence[Labels], better: Direction) -> RankTable:
        """Ranks of cells that differ in their regimens."""


@dataclass(frozen=True)
class SampledEstimand:
    """An estimand known by its joint draws, and by the exact laws behind them where there are any.

    Parameters
    ----------
    array : DataArray
        Draws, dimensions (chain, draw, regimen) and possibly endpoint, time or category.
    exact : ExactLaws, optional
    """

    array: xr.DataArray
    exact: ExactLaws | None = None

    @property
    def name(self) -> str:
        return str(self.array.name)

    @cached_property
    def _cells(self) -> dict[tuple[Any, ...], tuple[Labels, Array]]:
        return {_key(labels): (labels, draws) for labels, draws in labelled_cells(self.array)}

    def cells(self) -> Sequence[Labels]:
        return [labels for labels, _ in self._cells.values()]

    def draws(self, labels: Labels) -> Array:
        """Draws of one cell, shape (chain, draw)."""
        return self._cells[_key(labels)][1]

    def unit(self, labels: Labels) -> str:
        return unit_of(self.array, labels)

    def direction(self, endpoint: str | None, stated: Direction | None) -> Direction:
        return direction_of(self.array, endpoint, stated)

    def marginal(self, labels: Labels) -> Marginal:
        return self.law(labels) or Draws(self.draws(labels))

    def law(self, labels: Labels) -> Marginal | None:
        """The exact law of one cell, or None."""
        return None if self.exact is None else self.exact.marginal(self.name, labels)

    def contrast(self, labels: Labels, reference: str, scale: Scale) -> Marginal | None:
        values = self.contrast_draws(labels, reference, scale)
        if values is None:
            return None
        law = None if self.exact is None else self.exact.contrast(self.name, labels, reference, scale)
        return law or Draws(values)

    def contrast_draws(self, labels: Labels, reference: str, scale: Scale) -> Array | None:
        """The contrast with a reference draw by draw; None where that has no data."""
        base = self._cells.get(_key({**labels, REGIMEN: reference}))
        if base is None:
            return None
        values = np.asarray(contrast(self.draws(labels), base[1], scale))
        return None if np.isnan(values).all() else values

    def ranks(self, members: Sequence[Labels], better: Direction) -> RankTable:
        laws = [self.law(labels) for labels in members]
        betas = [law for law in laws if isinstance(law, Beta)]
        if len(betas) == len(members):
            return _ranks_of_betas(betas, better)
        rates = [law for law in laws if isinstance(law, Beta | BetaMixture)]
        if len(rates) == len(members):
            return _ranks_of_rates(rank_rates(rates, better))
        regimens = [str(labels[REGIMEN]) for labels in members]
        exact = None if self.exact is None else self.exact.ranks(self.name, regimens, better)
        if exact is not None:
            table, best_errors, rank_errors = exact
            return RankTable(table, best_errors.tolist(), rank_errors.tolist())
        return ranks_of_draws(np.stack([self.draws(labels) for labels in members], axis=-1), better)


@dataclass(frozen=True)
class WeightedEstimand(SampledEstimand):
    """An estimand whose draws have weights, such as a posterior reweighted to new data.

    Parameters
    ----------
    weights : array of shape (chain * draw,)
    ess : float
        How many unweighted draws they are worth.
    """

    weights: Array = field(default_factory=lambda: np.empty(0))
    ess: float = 0.0

    def marginal(self, labels: Labels) -> Marginal:
        return WeightedDraws(self.draws(labels).ravel(), self.weights, self.ess)

    def contrast(self, labels: Labels, reference: str, scale: Scale) -> Marginal | None:
        values = self.contrast_draws(labels, reference, scale)
        return None if values is None else WeightedDraws(values.ravel(), self.weights, self.ess)


@dataclass(frozen=True)
class BetaRates:
    """Independent rates of regimens on one endpoint, each with a Beta law.

    Parameters
    ----------
    laws : mapping of str to Beta
        By regimen.
    endpoint, name, units : str
    """

    laws: Mapping[str, Beta]
    endpoint: str
    name: str = "rate"
    units: str = "proportion of patients"

    def cells(self) -> Sequence[Labels]:
        return [labels_of(regimen=regimen, endpoint=self.endpoint) for regimen in self.laws]

    def unit(self, labels: Labels) -> str:
        return self.units

    def direction(self, endpoint: str | None, stated: Direction | None) -> Direction:
        return stated or "higher"

    def marginal(self, labels: Labels) -> Beta:
        return self.laws[labels[REGIMEN]]

    def contrast(self, labels: Labels, reference: str, scale: Scale) -> BetaContrast:
        return BetaContrast(self.marginal(labels), self.laws[reference], scale)

    def ranks(self, members: Sequence[Labels], better: Direction) -> RankTable:
        return _ranks_of_betas([self.marginal(labels) for labels in members], better)


def _key(labels: Labels) -> tuple[Any, ...]:
    return tuple(labels[name] for name in LABEL_DIMS)


def contrast(values: Any, reference: Any, scale: Scale) -> Any:
    """The contrast of values against a reference, draw by draw."""
    if scale == "difference":
        return values - reference
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "ratio":
            return values / reference
        return (values / (1.0 - values)) / (reference / (1.0 - reference))


def labelled_cells(array: xr.DataArray) -> Iterator[tuple[Plain, NDArray[np.float64]]]:
    """Every cell of an array beside chain and draw: its labels and its draws (chain, draw).

    Labels are those of `names.LABEL_DIMS`, None where the array has none; a RECIST category is
    an endpoint, a horizon a time. Cells without any draw (a regimen without data for an endpoint) are left out.
    """
    dims = [d for d in array.dims if d not in (CHAIN, DRAW)]
    values = np.moveaxis(array.transpose(CHAIN, DRAW, *dims).to_numpy(), (0, 1), (-2, -1))
    for position in np.ndindex(*[array.sizes[d] for d in dims]):
        if np.isnan(values[position]).all():
            continue
        labels: Plain = dict.fromkeys(LABEL_DIMS)
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
    return "ratio" if is_ratio(str(array.attrs.get("unit", ""))) else "difference"


def largest(array: xr.DataArray) -> float:
    """The largest value an estimand can have where that is a time: a restricted mean is at most its horizon."""
    return float(array[HORIZON].max()) if HORIZON in array.coords else math.inf


def wrong_scale(array: xr.DataArray, scale: Scale) -> str:
    """Why two regimens cannot be contrasted on a scale; empty where they can."""
    unit = str(array.attrs.get("unit", "proportion"))
    if scale == "odds_ratio" and "proportion" not in unit:
        return f"{array.name} is not a proportion, so it has no odds; use {natural_scale(array)}"
    if scale == "ratio" and unit.endswith("difference"):
        return f"{array.name} is a {unit}, which may be 0 or negative, so its ratio means nothing; use difference"
    if scale == "difference" and natural_scale(array) == "ratio":
        return (
            f"{array.name} is a ratio, and a difference of two ratios changes with the regimen they are against; "
            "use ratio"
        )
    return ""


def unit_of(array: xr.DataArray, labels: PlainMapping) -> str:
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


def _ranks_of_betas(laws: Sequence[Beta], better: Direction) -> RankTable:
    """Ranks of independent Beta laws, by quadrature."""
    return _ranks_of_rates(rank_distribution(laws, better))


def _ranks_of_rates(ranked: Sequence[tuple[Array, float]]) -> RankTable:
    errors = [error for _, error in ranked]
    table = np.stack([probabilities for probabilities, _ in ranked])
    return RankTable(table, errors, [error * len(errors) for error in errors])


def ranks_of_draws(stacked: Array, better: Direction) -> RankTable:
    """Ranks from joint draws, shape (chain, draw, regimen)."""
    shares = _rank_shares(stacked, better)
    k = stacked.shape[-1]
    best_errors = [probability_with_error(shares[..., i, 0], stacked[..., i]).error for i in range(k)]
    return RankTable(shares.mean(axis=(0, 1)), best_errors, _errors_of_mean(shares @ np.arange(1.0, k + 1.0)))


def _rank_shares(stacked: Array, better: Direction) -> Array:
    """Share of every rank in each draw, shape (chain, draw, regimen, rank); regimens that tie share their ranks."""
    signed = -stacked if better == "higher" else stacked
    ahead = (signed[..., None] > signed[..., None, :]).sum(axis=-1)[..., None]
    tied = (signed[..., None] == signed[..., None, :]).sum(axis=-1)[..., None]  # a regimen ties with itself
    ranks = np.arange(stacked.shape[-1])
    return np.where((ranks >= ahead) & (ranks < ahead + tied), 1.0 / tied, 0.0)


def _errors_of_mean(values: Array) -> list[float]:
    """Monte Carlo error of the mean of each cell of (chain, draw, cell) values; half a draw where none varies."""
    from bayes_escc.probability.effective import error_of_mean

    errors = error_of_mean(values)
    size = values.shape[0] * values.shape[1]
    return [float(e) if np.isfinite(e) and e > 0 else 0.5 / size for e in errors]
