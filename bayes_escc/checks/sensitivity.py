"""What an answer rests on: priors, models, studies; by the exact engine where there is one, else by fitting again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.power_scaling import scaled_by_powers
from bayes_escc.checks.prior_sensitivity import vary_regimens
from bayes_escc.checks.refitted import effect_rows, refitted_rows
from bayes_escc.checks.varied import Sensitivity
from bayes_escc.errors import AnalysisError
from bayes_escc.families import get_family
from bayes_escc.inference import Workers, estimate
from bayes_escc.names import LAWS
from bayes_escc.runs.run import prepare_design

__all__ = ["sensitivity"]


def sensitivity(
    asked: Asked,
    table: Any = None,
    *,
    estimand: str | None = None,
    reference: str | None = None,
    workers: int | None = 1,
    scheduler: str | None = None,
) -> Sensitivity:
    """Vary an analysis in every way a reader will ask about, and scale its prior and its likelihood.

    Parameters
    ----------
    asked : Analysis or model
        Of any family. A survival or response analysis is varied in its priors, hazards and covariates
        (`checks.prior_sensitivity`), a pairwise synthesis by the exact engine; a network, a meta-regression,
        subgroups, effects beside counts and arm counts with a 0 are fitted again for every row.
    table : table, optional
        The analysis's own if not given; a model needs one.
    estimand : str, optional
        What is compared in a survival or response analysis: that of the first comparison if not given, else
        ``median`` or ``rate``.
    reference : str, optional
        Regimen that the others are compared with; that of the analysis, or the first, if not given.
    workers : int or None
        Processes that fit; None for one a usable processor. The result does not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers fit instead (see `inference.run_many`).

    Returns
    -------
    Sensitivity
        With `power_scaling`, for every estimand and for P(better).

    Raises
    ------
    AnalysisError
        If there is nothing to compare.
    """
    analysis, chosen = question(asked, table)
    family, many = get_family(analysis.family), Workers(workers, scheduler)
    if not family.POOLS_STUDIES:
        return vary_regimens(analysis, chosen, estimand=estimand, reference=reference, workers=many)
    if estimand not in (None, family.VARIED):
        raise AnalysisError(f"sensitivity: a synthesis is varied in its effect, not in {estimand!r}.")
    design = prepare_design(analysis, chosen)
    first = estimate(design, analysis.sampling)
    scaled = scaled_by_powers(
        analysis,
        first.estimands,
        design.log_prior(first.parameters),
        design.log_likelihood(first.parameters),
        laws=ExactLaws(first.groups[LAWS]) if LAWS in first.groups else None,
        reference=reference,
    )
    exact = family.exact_variations and family.exact_variations(
        analysis.spec, analysis.ci_prob, lambda spec: prepare_design(replace(analysis, spec=spec), chosen)
    )
    factors: Mapping[str, float] = {}
    if exact is None:
        rows, (unit, better), notes = refitted_rows(analysis, chosen, design, many)
    else:
        rows, unit, better, notes, factors = (
            list(exact.rows),
            exact.unit,
            exact.better,
            list(exact.notes),
            exact.bayes_factors,
        )
        if not exact.as_specified:
            rows = [*effect_rows("analysis", "as specified", first, analysis.ci_prob), *rows]
    if not first.diagnostics.converged:
        notes.append("as specified: NOT CONVERGED.")
    return Sensitivity(
        analysis.title,
        "effect",
        unit,
        better,
        None,
        analysis.ci_prob,
        tuple(rows),
        factors,
        tuple(dict.fromkeys(notes)),
        scaled,
    )
