"""One simulation: a truth from the prior, data from the truth, the posterior, and where the truth falls in it.

References
----------
Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. arXiv:1804.06788 (ranks).
Modrak M, Moon AH, Kim S, et al. Bayesian Anal 2023 (the log likelihood as a statistic of parameters and data).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import FitError
from bayes_escc.names import CHAIN, DRAW, REGIMEN

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayes_escc.analysis.analysis import Analysis, SamplingSpec
    from bayes_escc.families import Design

__all__ = [
    "RANKS",
    "Case",
    "ModelCase",
    "Outcome",
    "Placed",
    "Predicted",
    "Simulated",
    "as_it_is",
    "compare_with_truth",
    "place",
]

Array = NDArray[np.float64]

RANKS: Final = 100
"""Number of ranks a truth may have among the draws that are kept, one fewer."""
_CHAINS, _DRAWS, _TUNE, _KEEP_EVERY = 4, 250, 500, 10


@dataclass(frozen=True)
class Placed:
    """Where the truth of one quantity falls in its posterior.

    Parameters
    ----------
    rank : int
        Number of kept draws below the truth, from 0 to `RANKS` - 1; ties are broken at random.
    inside_50, inside_95 : bool or None
        Whether the equal-tailed credible interval holds it; None of whole numbers, whose intervals hold more than they
        say.
    """

    rank: int
    inside_50: bool | None
    inside_95: bool | None


@dataclass(frozen=True)
class Predicted:
    """A posterior probability and whether what it is of was true."""

    probability: float
    true: bool


@dataclass(frozen=True)
class Outcome:
    """What one simulation gave, by the name of the quantity or of the event."""

    placed: Mapping[str, Placed] = field(default_factory=dict)
    predicted: Mapping[str, Predicted] = field(default_factory=dict)
    engine: str = "exact"
    converged: bool = True


class Case(Protocol):
    """A model with its priors and a design of the data, simulated and fitted again and again."""

    @property
    def name(self) -> str:
        """Identifier."""

    @property
    def title(self) -> str:
        """What is calibrated, for tables."""

    @property
    def title_zh(self) -> str:
        """The same in Chinese."""

    @property
    def family(self) -> str:
        """Which figure it belongs to."""

    def once(self, seed: int) -> Outcome:
        """One simulation."""

    def code(self) -> tuple[tuple[str, ...], str]:
        """Modules that make its answer, before what they import, and what the case itself states."""


@dataclass(frozen=True)
class Simulated:
    """A simulated table and the truth behind it.

    Parameters
    ----------
    table : DataFrame
    truth : Dataset
        The estimands, chain = draw = 1.
    parameters : Dataset or None
        The parameters; None where they are not those of the fitted model, so that its likelihood has no truth.
    analysis : Analysis or None
        That of this simulation, where more than the table was simulated.
    """

    table: pd.DataFrame
    truth: xr.Dataset
    parameters: xr.Dataset | None
    analysis: Analysis | None = None


def as_it_is(design: Design) -> Design:
    """A design that is not changed."""
    return design


@dataclass(frozen=True)
class ModelCase:
    """A case that is an analysis of a simulated table.

    Parameters
    ----------
    name, title, title_zh, family : str
    analysis : Analysis
        With every prior and everything that data might decide stated.
    base : DataFrame
        The table as it is laid out; what is observed is replaced.
    write : callable
        Puts replicated data (a Dataset as `Design.simulate` gives it, chain = draw = 1) into the table.
    sampler : {"exact", "nuts", "laplace"}
    adapt : callable, optional
        Changes a prepared design, for example to borrow.
    generate : callable, optional
        Makes table and truth in another way than from `Design.prior` and `Design.simulate`.
    """

    name: str
    title: str
    title_zh: str
    family: str
    analysis: Analysis
    base: pd.DataFrame
    write: Callable[[pd.DataFrame, xr.Dataset], pd.DataFrame]
    sampler: Literal["exact", "nuts", "laplace"] = "nuts"
    adapt: Callable[[Design], Design] = as_it_is
    generate: Callable[[np.random.Generator], Simulated] | None = None

    def design(self, table: pd.DataFrame, analysis: Analysis | None = None) -> Design:
        """The design of the analysis, or of another, on a table."""
        from bayes_escc.runs.run import prepare_design

        chosen = analysis or self.analysis
        return self.adapt(prepare_design(chosen, chosen.data.read(table)))

    @cached_property
    def base_design(self) -> Design:
        """The design on the table before anything is simulated."""
        return self.design(self.base)

    def simulate(self, rng: np.random.Generator) -> Simulated:
        """A truth from the prior and data from the truth."""
        if self.generate is not None:
            return self.generate(rng)
        parameters = self.base_design.prior(rng, 1)
        truth = self.base_design.estimands(parameters, rng)
        replicate = self.base_design.simulate(parameters, rng)
        table = self.write(self.base, replicate)
        if "study_rate" in truth:  # drawn given a study's own counts, which are only now known
            truth["study_rate"] = self.design(table).estimands(parameters, rng)["study_rate"]
        return Simulated(table, truth, parameters)

    def once(self, seed: int) -> Outcome:
        from bayes_escc.inference.fit import estimate

        rng = np.random.default_rng(seed)
        simulated = self.simulate(rng)
        design = self.design(simulated.table, simulated.analysis)
        found = estimate(design, self.sampling(int(rng.integers(2**31))))
        placed, predicted = compare_with_truth(simulated.truth, found.estimands, rng)
        if simulated.parameters is not None:
            kept = found.parameters.isel({DRAW: slice(None, None, _KEEP_EVERY)})
            draws, truth = (_total(design.log_likelihood(p)) for p in (kept, simulated.parameters))
            placed["log likelihood"] = place(float(truth[0]), draws, rng)
        return Outcome(placed, predicted, found.engine, found.diagnostics.converged)

    def sampling(self, seed: int) -> SamplingSpec:
        """How every fit is computed."""
        from bayes_escc.analysis.analysis import SamplingSpec

        return SamplingSpec(sampler=self.sampler, draws=_DRAWS, tune=_TUNE, chains=_CHAINS, seed=seed)

    def code(self) -> tuple[tuple[str, ...], str]:
        modules = [cls.__module__ for cls in type(self.base_design).__mro__ if cls.__module__.startswith("bayes_escc.")]
        if self.sampler != "exact":
            modules.append(f"bayes_escc.inference.{self.sampler}")
        return tuple(modules), f"{self.analysis.content}\n{self.base.to_csv(index=False)}\n{self.sampler}"


def place(truth: float, draws: Array, rng: np.random.Generator) -> Placed:
    """Where a truth falls among draws.

    Parameters
    ----------
    truth : float
    draws : array
        Joint draws in order; all of them make the intervals, one in so many that `RANKS` - 1 are left make the rank.
    rng : Generator
        Breaks ties.

    Raises
    ------
    FitError
        If a draw or the truth is not a number.
    """
    if np.isnan(truth) or np.isnan(draws).any():
        raise FitError("calibration: a quantity is not a number under some draw.")
    if draws.size < RANKS - 1:
        raise FitError(f"calibration: {draws.size} draws are too few for {RANKS} ranks.")
    kept = draws[:: draws.size // (RANKS - 1)][: RANKS - 1]
    below, level = int((kept < truth).sum()), int((kept == truth).sum())
    # the k-th smallest of n draws has k / (n + 1) below it on average: intervals of few draws hold what they say
    quarter, three, low, high = np.quantile(draws, [0.25, 0.75, 0.025, 0.975], method="weibull")
    rank = below + (int(rng.integers(0, level + 1)) if level else 0)
    if level:
        return Placed(rank, None, None)
    return Placed(rank, bool(quarter <= truth <= three), bool(low <= truth <= high))


def compare_with_truth(
    truth: xr.Dataset, draws: xr.Dataset, rng: np.random.Generator
) -> tuple[dict[str, Placed], dict[str, Predicted]]:
    """Every estimand that people read, placed; and every question of which regimen is better, predicted."""
    placed: dict[str, Placed] = {}
    predicted: dict[str, Predicted] = {}
    for name in map(str, draws.data_vars):
        if name not in truth:
            continue
        found, right = _values(draws[name]), _values(truth[name])
        if REGIMEN not in draws[name].dims:
            for label in list(found)[:2]:
                placed[label] = place(float(right[label][0]), found[label], rng)
            continue
        each, true = (np.stack(list(v.values()), axis=-1).astype(np.float64) for v in (found, right))
        first = next(iter(found))
        if np.ptp(each[:, 0]) > 0.0:  # the reference of relative effects has one of zero
            placed[first] = place(float(true[0, 0]), each[:, 0], rng)
        if each.shape[1] < 2:
            continue
        gap, true_gap = each[:, -1] - each[:, 0], float(true[0, -1] - true[0, 0])
        if np.ptp(gap) == 0.0:  # of an estimand that is the same on every regimen
            continue
        question = f"{name}, last minus first regimen"
        placed[question] = place(true_gap, gap, rng)
        predicted[f"{question} > 0"] = Predicted(float((gap > 0).mean() + 0.5 * (gap == 0).mean()), true_gap > 0)
        if each.shape[1] > 2:
            rank, true_rank = ((v > v[:, :1]).sum(axis=1).astype(np.float64) + 1.0 for v in (each, true))
            placed[f"rank by {name}"] = place(float(true_rank[0]), rank, rng)
            predicted[f"highest {name}"] = Predicted(float((rank == 1).mean()), bool(true_rank[0] == 1))
    return placed, predicted


def _values(array: xr.DataArray) -> dict[str, Array]:
    """Draws of an estimand by label: regimens at the last of all other labels; else every cell."""
    others = [d for d in array.dims if d not in (CHAIN, DRAW, REGIMEN)]
    if REGIMEN in array.dims:
        array = array.isel(dict.fromkeys(others, -1)).transpose(CHAIN, DRAW, REGIMEN)
        values = array.to_numpy().reshape(-1, array.sizes[REGIMEN])
        return {f"{array.name} of {r}": values[:, i] for i, r in enumerate(array[REGIMEN].to_numpy())}
    array = array.transpose(CHAIN, DRAW, *others)
    values = array.to_numpy().reshape(array.sizes[CHAIN] * array.sizes[DRAW], -1)
    if values.shape[1] == 1:
        return {str(array.name): values[:, 0]}
    return {f"{array.name} {i + 1}": values[:, i] for i in range(values.shape[1])}


def _total(log_likelihood: xr.Dataset) -> Array:
    """The log likelihood of all data under every draw."""
    total: Array | float = 0.0
    for array in log_likelihood.data_vars.values():
        values = array.transpose(CHAIN, DRAW, ...).to_numpy()
        total = total + values.reshape(values.shape[0] * values.shape[1], -1).sum(axis=1)
    return np.asarray(total, dtype=float)
