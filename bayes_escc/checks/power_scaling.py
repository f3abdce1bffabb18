"""How much every answer owes to the prior and to the likelihood, by power-scaling the draws there are.

The prior, or the likelihood, is raised to a power a little below and a little above 1, and the draws are weighted for
it. The sensitivity of an estimand is the rate at which its distribution then moves (cumulative Jensen-Shannon
distance per doubling of the power), as ArviZ's `psense` gives it; P(better) is given under both powers themselves.
Nothing is fitted again.

References
----------
Kallioinen N, Paananen T, Buerkner PC, Vehtari A. Stat Comput 2024;34:57.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.estimand import SampledEstimand, natural_scale
from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.answers.posterior import Posterior
from bayes_escc.answers.rows import NULL_VALUE, Labels, side_of
from bayes_escc.errors import AnalysisError
from bayes_escc.inference.groups import INTEGRATED
from bayes_escc.names import (
    CHAIN,
    DRAW,
    ENDPOINT,
    ESTIMANDS,
    LABEL_DIMS,
    REGIMEN,
    SAMPLE_DIMS,
    TIME,
    Direction,
    NotebookView,
    Plain,
    PlainMapping,
)
from bayes_escc.probability.marginal import Marginal, Side, WeightedDraws
from bayes_escc.probability.psis import smooth

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["ESTIMATE_COLUMNS", "PROBABILITY_COLUMNS", "PowerScaling", "power_scaling", "scaled_by_powers"]

Array = NDArray[np.float64]
POWERS: Final = (0.8, 1.25)
"""Powers of the prior or the likelihood under which P(better) is given."""
SENSITIVE: Final = 0.05
"""Above it an answer is called sensitive (Kallioinen and others, section 3)."""
_LARGEST_K: Final = 0.7
_NEAR_ONE: Final = (0.99, 1.01)

ESTIMATE_COLUMNS: Final = ("estimand", *LABEL_DIMS, "prior", "likelihood", "diagnosis")
PROBABILITY_COLUMNS: Final = (
    *("estimand", "regimen", "reference", "endpoint", "time", "probability_better", "mcse_probability"),
    *("prior_weaker", "prior_stronger", "likelihood_weaker", "likelihood_stronger", "mcse_scaled", "pareto_k"),
)
CONFLICT: Final = "prior and data may disagree"
STRONG: Final = "strong prior or weak data"


@dataclass(frozen=True, repr=False)
class PowerScaling(NotebookView):
    """Sensitivity of every estimand, and of P(better), to powers of the prior and of the likelihood.

    Parameters
    ----------
    title : str
    estimates : tuple of dict
        estimand, regimen, study, endpoint, time, covariate; ``prior`` and ``likelihood``, the sensitivities (the
        rate at which the distribution moves, cumulative Jensen-Shannon distance per doubling of the power); and
        ``diagnosis``: both above 0.05, ``"prior and data may disagree"``; the prior's alone, ``"strong prior or
        weak data"``; otherwise empty.
    probabilities : tuple of dict
        estimand, regimen, reference (None for an effect, held against no effect), endpoint, time;
        ``probability_better`` with ``mcse_probability``, and the same with the prior, or the likelihood, to the
        power 0.8 (``_weaker``) and 1.25 (``_stronger``); ``mcse_scaled``, the largest error of these four, and
        ``pareto_k``, the largest of their weightings.
    notes : tuple of str
        What the weighting cannot be trusted with.
    """

    title: str
    estimates: tuple[PlainMapping, ...]
    probabilities: tuple[PlainMapping, ...]
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per estimand."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.estimates], columns=list(ESTIMATE_COLUMNS))

    @property
    def probability_table(self) -> pd.DataFrame:
        """One tidy row per probability."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.probabilities], columns=list(PROBABILITY_COLUMNS))

    def __repr__(self) -> str:
        from bayes_escc.report.sensitivity_text import power_scaling_text

        return power_scaling_text(self.to_dict())

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        return {
            "title": self.title,
            "powers": list(POWERS),
            "estimates": [dict(r) for r in self.estimates],
            "probabilities": [dict(r) for r in self.probabilities],
            "notes": list(self.notes),
        }


def power_scaling(posterior: Posterior, *, reference: str | None = None) -> PowerScaling:
    """Sensitivity of a fit to the strength of its prior and of its likelihood, without fitting it again.

    Parameters
    ----------
    posterior : Posterior
        With the groups ``log_prior`` and ``log_likelihood``.
    reference : str, optional
        Regimen that P(better) is against; that of the analysis's comparisons, or the first, if not given.

    Raises
    ------
    AnalysisError
        If a group is missing.
    """
    missing = [name for name in ("log_prior", "log_likelihood") if name not in posterior.groups]
    if missing:
        raise AnalysisError(f"power scaling: this posterior has no group {' and no group '.join(missing)}.")
    groups, estimands = posterior.groups, posterior.groups[ESTIMANDS]
    regimens = [str(r) for r in estimands[REGIMEN].to_numpy()] if REGIMEN in estimands.coords else []
    if reference is not None and reference not in regimens:
        raise AnalysisError(f"power scaling: reference {reference!r} is not one of {', '.join(regimens)}.")
    return scaled_by_powers(
        posterior.analysis,
        estimands,
        groups["log_prior"],
        groups["log_likelihood"],
        laws=posterior.exact_laws(),
        reference=reference,
    )


def scaled_by_powers(
    analysis: Analysis,
    estimands: xr.Dataset,
    log_prior: xr.Dataset,
    log_likelihood: xr.Dataset,
    *,
    laws: ExactLaws | None = None,
    reference: str | None = None,
) -> PowerScaling:
    """The same from the draws themselves.

    Parameters
    ----------
    analysis : Analysis
    estimands, log_prior, log_likelihood : Dataset
        Dimensions (chain, draw, ...). The log-likelihood may be that of some of the draws.
    laws : ExactLaws, optional
        Behind the estimands.
    reference : str, optional
    """
    components = {"prior": _total(log_prior), "likelihood": _total(log_likelihood)}
    if DRAW in components["likelihood"].coords:
        kept = {DRAW: components["likelihood"][DRAW]}
        components["prior"], estimands = components["prior"].sel(kept), estimands.sel(kept)
    cells = [(array, labels) for array in estimands.data_vars.values() for labels in _varying(array)]
    estimates = _estimates(cells, components)
    weights = {
        f"{name}_{word}": smooth(((power - 1.0) * total).to_numpy().ravel())
        for name, total in components.items()
        for power, word in zip(POWERS, ("weaker", "stronger"), strict=True)
    }
    probabilities = [
        row
        for array in estimands.data_vars.values()
        for row in _probabilities(array, analysis, laws, reference, weights)
    ]
    worst = {name: k for name, (_, k) in weights.items() if not k <= _LARGEST_K}
    notes = [
        f"P(better) with the {name.split('_')[0]} {name.split('_')[1]}: the draws there are cannot be weighted for it "
        f"(Pareto k-hat {k:.2f}); fit with that prior instead."
        for name, k in worst.items()
    ]
    return PowerScaling(analysis.title, tuple(estimates), tuple(probabilities), tuple(notes))


def _total(group: xr.Dataset) -> xr.DataArray:
    """The sum of a group's log densities in each draw, (chain, draw); what is integrated is not counted twice."""
    parts = [
        array.sum([d for d in array.dims if d not in SAMPLE_DIMS])
        for name, array in group.data_vars.items()
        if not str(name).endswith(INTEGRATED)
    ]
    if not parts:
        raise AnalysisError("power scaling: this model has no stated prior, or no likelihood, to be scaled.")
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total.transpose(CHAIN, DRAW)


def _varying(array: xr.DataArray) -> Iterator[tuple[Labels, Array]]:
    """Cells of an estimand that are known up to a distribution: not a reference against itself."""
    estimand = SampledEstimand(array)
    for labels in estimand.cells():
        draws = estimand.draws(labels)
        seen = draws[np.isfinite(draws)]
        if not seen.size or not np.ptp(seen) > 0.0:
            continue
        yield labels, np.where(np.isnan(draws), np.median(seen), np.clip(draws, seen.min(), seen.max()))


def _estimates(
    cells: Sequence[tuple[xr.DataArray, tuple[Labels, Array]]], components: Mapping[str, xr.DataArray]
) -> list[Plain]:
    import arviz_stats as az
    import xarray as xr

    if not cells:
        return []
    values = xr.Dataset({"cell": ((CHAIN, DRAW, "number"), np.stack([draws for _, (_, draws) in cells], axis=-1))})
    tree = {"/posterior": values}
    for name, total in components.items():
        tree[f"/log_{name}"] = xr.Dataset({name: ((CHAIN, DRAW), total.to_numpy())})
    data = xr.DataTree.from_dict(tree)
    found = {}
    for name, total in components.items():
        flat = float(np.ptp(total.to_numpy())) < 1e-9  # a flat prior stays flat, whatever its power
        found[name] = np.zeros(len(cells)) if flat else az.psense(data, group=name, alphas=_NEAR_ONE)["cell"].to_numpy()
    return [
        {
            "estimand": str(array.name),
            **{key: labels[key] for key in LABEL_DIMS},
            "prior": float(prior),
            "likelihood": float(likelihood),
            "diagnosis": _diagnosis(prior, likelihood),
        }
        for (array, (labels, _)), prior, likelihood in zip(cells, found["prior"], found["likelihood"], strict=True)
    ]


def _diagnosis(prior: float, likelihood: float) -> str:
    if not prior >= SENSITIVE:
        return ""
    return CONFLICT if likelihood >= SENSITIVE else STRONG


def _probabilities(
    array: xr.DataArray,
    analysis: Analysis,
    laws: ExactLaws | None,
    reference: str | None,
    weights: Mapping[str, tuple[Array, float]],
) -> Iterator[Plain]:
    """P(better) of an estimand, as it is and under every power."""
    asked = next((c for c in analysis.comparisons if c.estimand == array.name), None)
    regimens = [str(r) for r in array[REGIMEN].to_numpy()] if REGIMEN in array.dims else []
    stated = reference or (asked.reference if asked else None)
    base = (stated if stated in regimens else regimens[0]) if len(regimens) > 1 else None
    if base is None and array.name != "effect":  # only an effect is itself a comparison
        return
    known, scale = SampledEstimand(array, laws), natural_scale(array)
    for labels in known.cells():
        better = _direction(known, labels, asked.better if asked else None)
        if better is None or (base is not None and labels[REGIMEN] == base):
            continue
        as_is = known.marginal(labels) if base is None else known.contrast(labels, base, scale)
        drawn = known.draws(labels) if base is None else known.contrast_draws(labels, base, scale)
        if as_is is None or drawn is None:
            continue
        yield {
            "estimand": str(array.name),
            "regimen": labels[REGIMEN],
            "reference": base,
            "endpoint": labels[ENDPOINT],
            "time": labels[TIME],
            **_under_powers(as_is, drawn.ravel(), NULL_VALUE[scale], side_of(better), weights),
        }


def _under_powers(
    as_is: Marginal, drawn: Array, null: float, side: Side, weights: Mapping[str, tuple[Array, float]]
) -> dict[str, float]:
    """A probability, and the same moved by as much as that of the draws moves when they are weighted."""
    exactly = as_is.beyond(null, side)
    unmoved = float((drawn > null).mean() if side == "above" else (drawn < null).mean())
    found = {"probability_better": exactly.value, "mcse_probability": exactly.error}
    errors = []
    for power, (weight, _) in weights.items():
        moved = WeightedDraws(drawn, weight, 1.0 / float((weight**2).sum())).beyond(null, side)
        found[power] = float(np.clip(exactly.value + moved.value - unmoved, 0.0, 1.0))
        errors.append(moved.error)
    return {**found, "mcse_scaled": max(errors), "pareto_k": max(k for _, k in weights.values())}


def _direction(known: SampledEstimand, labels: Labels, stated: Direction | None) -> Direction | None:
    """Which direction is better, or None where that is not known."""
    try:
        return known.direction(labels[ENDPOINT], stated)
    except AnalysisError:
        return None
