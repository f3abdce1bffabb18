"""A synthesis varied by fitting it again: networks, meta-regressions, subgroups, arm counts with a 0.

Each row is a fit of its own, exact where the model is, otherwise by sampling; so it costs what the analysis costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.estimand import SampledEstimand
from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.answers.rows import summarise
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Table
from bayes_escc.families import Design, get_family
from bayes_escc.families.variation import Variation
from bayes_escc.inference import HERE, Workers, estimate
from bayes_escc.names import LAWS, REGIMEN, Plain
from bayes_escc.runs.run import prepare_design

if TYPE_CHECKING:
    from bayes_escc.inference import Estimate

__all__ = ["effect_rows", "refitted_rows"]


def refitted_rows(
    analysis: Analysis, table: Table, design: Design, workers: Workers = HERE
) -> tuple[list[Plain], tuple[str, str], list[str]]:
    """Rows of every effect under every variation; the unit and better direction; and what could not be fitted.

    Parameters
    ----------
    analysis : Analysis
        A synthesis.
    table : Table
    design : Design
        The analysis on the table.
    workers : Workers
        Who fits; every variation has the seed of the analysis, so that rows differ by what is varied alone.
    """
    rows: list[Plain] = []
    notes: list[str] = []
    unit = better = ""
    asked = list(get_family(analysis.family).variations(analysis.spec, design, table))
    pieces = [(replace(analysis, spec=one.spec), _left(table, one)) for one in asked]
    for one, fit in zip(asked, workers.run(_refit, pieces, analysis.sampling.seed), strict=True):
        if isinstance(fit, str):
            notes.append(f"{one.label}: not fitted ({fit}).")
            continue
        if not fit.diagnostics.converged:
            notes.append(f"{one.label}: NOT CONVERGED.")
        unit = unit or str(fit.estimands["effect"].attrs.get("unit", ""))
        better = better or str(fit.estimands["effect"].attrs.get("better", ""))
        rows += effect_rows(one.group, one.label, fit, analysis.ci_prob)
    return rows, (unit, better), notes


def _left(table: Table, one: Variation) -> Table:
    """The table without the study that a variation leaves out."""
    if one.without is None:
        return table
    frame = table.frame
    return table.keep(frame[frame["study"] != one.without])


def _refit(piece: tuple[Analysis, Table], _seed: int) -> Estimate | str:
    """The fit of a variation, or why there is none."""
    analysis, table = piece
    try:
        return estimate(prepare_design(analysis, table), analysis.sampling)
    except (AnalysisError, DataError) as error:
        return str(error).splitlines()[0]


def effect_rows(group: str, label: str, fit: Estimate, prob: float) -> list[Plain]:
    """Rows of every effect of a fit."""
    exact = ExactLaws(fit.groups[LAWS]) if LAWS in fit.groups else None
    effect = SampledEstimand(fit.estimands["effect"], exact)
    null = 1.0 if "ratio" in str(fit.estimands["effect"].attrs.get("unit", "")) else 0.0
    tau = fit.estimands.get("tau")
    spread = None if tau is None or tau.ndim > 2 else float(tau.median())
    rows = []
    for labels in effect.cells():
        known = effect.marginal(labels)
        if known.sd == 0.0:
            continue  # the reference against itself
        s = summarise(known, prob)
        whose = labels[REGIMEN] or labels["covariate"]
        rows.append(
            {
                "group": group,
                "label": f"{whose}: {label}" if whose else label,
                "median": s.median,
                "lower": s.lower,
                "upper": s.upper,
                "probability_below_null": known.beyond(null, "below").value,
                "tau": spread,
            }
        )
    return rows
