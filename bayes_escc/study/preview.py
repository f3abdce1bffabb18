"""At once, what a data cut does to the answer: the draws of the last fit, reweighted.

Draw s of the last fit gets the weight exp(sum over changed patients of its log-likelihood now minus then). The
weights start from the last *fit*, never from a reweighting, and are shown only where they can be trusted. The
preview is never the record; the refit says how far it was off. A patient whose change alone upsets the weights is
named: an error in units or arms looks just like that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.estimand import WeightedEstimand
from bayes_escc.answers.rows import ComparisonRow, Question, comparison_row
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.families import Design
from bayes_escc.names import CHAIN, DRAW, ENDPOINT, ESTIMANDS, REGIMEN, TIME, Plain, PlainMapping
from bayes_escc.probability.psis import log_mean_exp, smooth
from bayes_escc.runs.run import prepare_design
from bayes_escc.study.changes import Change
from bayes_escc.study.cuts import Cut
from bayes_escc.study.publications import published_in, with_published

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ALARM_K", "MAX_K", "MIN_ESS", "Preview", "disagreement", "preview"]

MAX_K: Final = 0.3
"""Largest k-hat at which a preview is shown."""
MIN_ESS: Final = 1000.0
"""Fewest effective draws at which a preview is shown."""
ALARM_K: Final = 0.7
"""A single patient's change with a k-hat above this is worth a second look."""
ALARM_SHARE: Final = 0.1
"""So is one that alone leaves less than this share of the draws effective, whatever their tail."""

_NO_MATTER: Final = 0.01
"""A patient whose log weights differ by less than this between all draws can upset nothing."""

_BLOCK: Final = 1_000_000
"""Draws times patients of which the log-likelihood is asked at a time; families thin theirs above more."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Preview:
    """What reweighting the last fit says of a data cut.

    Parameters
    ----------
    reason : str
        Why no numbers are shown; blank where they are.
    pareto_k, ess : float or None
        Reliability of the weights, and effective draws after weighting.
    comparisons : tuple of ComparisonRow
        One per comparison of the last fit: P(better), its Monte Carlo error, median and interval.
    suspects : tuple of (str, float)
        Patients whose own change upsets the weights, with their k-hat, the worst first.
    predictive : mapping or None
        Log density of the new patients under the last posterior, in the unit of time of the analysis:
        patients, log_density, mcse, pareto_k.
    """

    reason: str
    pareto_k: float | None = None
    ess: float | None = None
    comparisons: tuple[ComparisonRow, ...] = ()
    suspects: tuple[tuple[str, float], ...] = ()
    predictive: PlainMapping | None = None

    @property
    def shown(self) -> bool:
        """Whether the numbers can be trusted."""
        return not self.reason

    def to_dict(self) -> Plain:
        """As plain data, without names of patients."""
        return {
            "shown": self.shown,
            "reason": self.reason,
            "pareto_k": _finite(self.pareto_k),
            "ess": self.ess,
            "comparisons": [row.plain() for row in self.comparisons],
            "suspects": len(self.suspects),
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should look at."""
        return tuple(
            f"Is the row of {unit} right? Its change alone is hard to reconcile with all other data (k-hat {k:.2f}): "
            "check the unit of time, the regimen and the identifier."
            for unit, k in self.suspects
        )


def preview(
    groups: Mapping[str, xr.Dataset],
    result: PlainMapping,
    analysis: Analysis,
    old: Cut,
    new: Cut,
    changes: Sequence[Change],
) -> Preview:
    """Reweight the draws of the last fit to a new cut.

    Parameters
    ----------
    groups : mapping
        Parameters and estimands of the last fit (`draws.unpack`).
    result : mapping
        Its `result.json`.
    analysis : Analysis
        Frozen.
    old, new : Cut
        The cut of the last fit, and the new one.
    changes : sequence of Change

    Returns
    -------
    Preview
    """
    if published_in(old) != published_in(new):
        return Preview("What is published changed, which reweighting patients does not follow: refit.")
    analysis = with_published(analysis, old)
    parameters, estimands = groups["posterior"], groups[ESTIMANDS]
    try:
        before, after = (prepare_design(analysis, cut.table("")) for cut in (old, new))
    except (AnalysisError, DataError) as error:
        return Preview(f"The cut cannot be fitted: {error}")
    apart = _cannot_speak(parameters, before, after)
    if apart:
        return Preview(f"{apart}: refit.")
    ratio, each, entered = _log_ratios(parameters, before, after, old, new, changes)
    draws = len(ratio)
    diagnostics = result["diagnostics"]
    efficiency = min(1.0, float(diagnostics["min_ess_bulk"] or draws) / draws)
    weights, k_hat = smooth(ratio, efficiency=efficiency)
    ess = efficiency / float((weights**2).sum())
    alone = {u: smooth(v, efficiency=efficiency) for u, v in each.items() if _matters(v)}
    few = {u: draws * float((w**2).sum()) * ALARM_SHARE > 1.0 for u, (w, _) in alone.items()}
    found = ((u, k) for u, (_, k) in alone.items() if k > ALARM_K or few[u])
    suspects = tuple(sorted(found, key=lambda item: -item[1]))
    predictive = _predictive(entered, efficiency) if entered else None
    if not diagnostics["converged"]:
        return Preview("The last fit did not converge.", k_hat, ess, (), suspects, predictive)
    if k_hat > MAX_K or ess < MIN_ESS:
        reason = (
            f"The cut changes too much for the last fit's draws (k-hat {k_hat:.2f}, at most {MAX_K:g} is asked for; "
            f"{ess:.0f} effective draws, at least {MIN_ESS:.0f}): refit."
        )
        return Preview(reason, k_hat, ess, (), suspects, predictive)
    rows = _weighted(estimands, result["comparisons"], weights, ess)
    return Preview("", k_hat, ess, rows, suspects, predictive)


def _cannot_speak(parameters: xr.Dataset, before: Design, after: Design) -> str:
    """Why the draws of the last fit cannot speak of the new data; blank if they can."""
    if any(str(name).startswith("imput") for name in parameters.data_vars):
        return "Missing covariates are imputed together with the fit"
    for name in parameters.dims:
        if name in (CHAIN, DRAW):
            continue
        then, now = (list(map(str, d.coords.get(str(name), ()))) for d in (before, after))
        if then != now:
            fresh = [label for label in now if label not in then]
            lost = [label for label in then if label not in now]
            what = f"{name} {', '.join(fresh or lost)}"
            return f"The last fit does not know {what}" if fresh else f"The last fit has {what}, these data do not"
    return ""


def _log_ratios(
    parameters: xr.Dataset, before: Design, after: Design, old: Cut, new: Cut, changes: Sequence[Change]
) -> tuple[Array, dict[str, Array], list[Array]]:
    """Log weights of all draws; those of every changed patient alone; log-likelihoods of the new patients."""
    if not (before.row_numbers and after.row_numbers):
        now, then = (_log_likelihood(design, parameters).sum(axis=1) for design in (after, before))
        return now - then, {}, []
    changed = list(dict.fromkeys(c.unit for c in changes))
    terms = []
    for design, cut in ((before, old), (after, new)):
        units = list(cut.rows)
        place = {units[number - 1]: i for i, number in enumerate(design.row_numbers)}
        mine = [unit for unit in changed if unit in place]
        values = _log_likelihood(design, parameters, [place[unit] for unit in mine])
        terms.append(dict(zip(mine, values.T, strict=True)))
    nothing = np.zeros(parameters.sizes[CHAIN] * parameters.sizes[DRAW])
    each = {unit: terms[1].get(unit, nothing) - terms[0].get(unit, nothing) for unit in changed}
    fresh = {c.unit for c in changes if c.kind == "new"}
    entered = [values for unit, values in terms[1].items() if unit in fresh]
    return np.sum([nothing, *each.values()], axis=0), each, entered


def _log_likelihood(design: Design, parameters: xr.Dataset, columns: Sequence[int] | None = None) -> Array:
    """Log-likelihood by row (some of them), (draws, rows), from a block of draws at a time.

    Of large tables families keep fewer draws of the log-likelihood; blocks are small enough to keep all.
    """
    chains, draws = parameters.sizes[CHAIN], parameters.sizes[DRAW]
    size = max(1, min(draws, _BLOCK // (chains * max(1, design.patients))))
    blocks = []
    for start in range(0, draws, size):
        some = parameters.isel({DRAW: slice(start, start + size)})
        group = design.log_likelihood(some)
        values = group[str(next(iter(group.data_vars)))].transpose(CHAIN, DRAW, ...).to_numpy()
        if values.shape[1] != some.sizes[DRAW]:
            raise AnalysisError("the log-likelihood of these data is thinned even in small blocks of draws.")
        values = values.reshape(*values.shape[:2], -1)
        blocks.append(values if columns is None else values[..., list(columns)])
    whole = np.concatenate(blocks, axis=1)
    return np.asarray(whole.reshape(chains * draws, -1))


def _matters(log_ratio: Array) -> bool:
    """Whether the weights of one patient differ enough between draws to be looked at."""
    with np.errstate(invalid="ignore"):
        return not np.ptp(log_ratio) < _NO_MATTER


def _predictive(entered: list[Array], efficiency: float) -> Plain:
    """Log predictive density of the new patients together, and how well the draws know it."""
    total = np.sum(entered, axis=0)
    value = log_mean_exp(total)
    relative = np.exp(total - value)
    _, k_hat = smooth(total, efficiency=efficiency)
    error = float(relative.std(ddof=1) / np.sqrt(len(total) * efficiency))
    return {"patients": len(entered), "log_density": value, "mcse": error, "pareto_k": _finite(k_hat)}


def _weighted(
    estimands: xr.Dataset, rows: Sequence[PlainMapping], weights: Array, ess: float
) -> tuple[ComparisonRow, ...]:
    """The comparisons of a fit under other weights."""
    reweighted = []
    for row in rows:
        estimand = WeightedEstimand(estimands[row["estimand"]], weights=weights, ess=ess)
        labels = next(
            cell for cell in estimand.cells() if all(_alike(cell[k], row[k]) for k in (REGIMEN, ENDPOINT, TIME))
        )
        known = estimand.contrast(labels, row["reference"], row["scale"])
        if known is None:
            raise AnalysisError(f"the last fit knows nothing of {row['reference']}.")
        rope = None if row["rope"] is None else (row["rope"][0], row["rope"][1])
        question = Question(row["scale"], row["margin"], rope, row["ci_prob"])
        reweighted.append(
            comparison_row(estimand.name, labels, row["reference"], known, question, row["better"], row["anchoring"])
        )
    return tuple(reweighted)


def _alike(a: Any, b: Any) -> bool:
    return bool(a == b if not isinstance(a, float) or b is None else abs(a - b) <= 1e-9 * abs(a))


def disagreement(shown: Preview, comparisons: Sequence[PlainMapping]) -> Plain | None:
    """How far a preview was from the refit, in combined Monte Carlo errors; None if it showed nothing.

    Returns
    -------
    dict
        largest : float, of all comparisons; alarm : bool, above 4, which reweighting that passed its gates
        does not explain.
    """
    if not shown.shown or not shown.comparisons:
        return None
    gaps = []
    for guess, row in zip(shown.comparisons, comparisons, strict=False):
        error = np.hypot(guess["mcse_probability"], row["mcse_probability"])
        gaps.append(abs(guess["probability_better"] - row["probability_better"]) / error)
    return {"largest": float(max(gaps)), "alarm": bool(max(gaps) > 4.0)}


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
