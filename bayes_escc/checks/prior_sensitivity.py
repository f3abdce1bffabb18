"""How a comparison of regimens changes with the priors, the shape of the hazard and the covariates.

Every line is a fit of its own. Other priors in the same model need no compilation: the proposals of the Laplace
engine are weighted for them. Where its weights are unreliable the line is sampled by NUTS.

References
----------
Spiegelhalter DJ, Freedman LS, Parmar MKB. J R Stat Soc A 1994;157:357-416 (sceptical and enthusiastic priors).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.comparison import compare, labelled_cells
from bayes_escc.answers.estimand import natural_scale
from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.checks.power_scaling import PowerScaling, scaled_by_powers
from bayes_escc.checks.varied import Sensitivity
from bayes_escc.errors import AnalysisError
from bayes_escc.families import Design, get_family
from bayes_escc.families.variation import Variation
from bayes_escc.inference import HERE, Diagnostics, Estimate, LaplaceError, Workers, estimate, laplace_draws
from bayes_escc.names import LAWS, REGIMEN, Plain
from bayes_escc.runs.run import design_of, prepare_design

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["vary_regimens"]


def vary_regimens(
    analysis: Analysis,
    table: Any,
    *,
    estimand: str | None = None,
    reference: str | None = None,
    workers: Workers = HERE,
) -> Sensitivity:
    """Vary the priors and the model of a survival or response analysis.

    Parameters
    ----------
    analysis : Analysis
        Of patients, counts or published medians. Hierarchies, beta-binomial and RECIST models, rates with borrowed
        priors and medians are fitted again for every row.
    table : table
    estimand : str, optional
        What is compared: that of the first comparison if not given, else ``median`` or ``rate``.
    reference : str, optional
        The first regimen if not given.
    workers : Workers
        Who fits; every variation has the seed of the analysis, so that rows differ by what is varied alone.

    Raises
    ------
    AnalysisError
        If there is nothing to compare.
    """
    spec = analysis.spec
    first = analysis.comparisons[0] if analysis.comparisons else None
    family = get_family(analysis.family)
    wanted = estimand or (first.estimand if first else family.VARIED)
    design = design_of(analysis, table)
    about = _Question(wanted, reference or (first.reference if first else None), analysis)
    rows: list[Plain] = []
    base: tuple[int, Diagnostics] | None = None
    scaled, notes = None, []
    asked = list(family.variations(spec, design, table))
    fits = workers.run(_varied, [(one, analysis, table, design) for one in asked], analysis.sampling.seed)
    for one, (current, found) in zip(asked, fits, strict=True):
        if base is None:
            base = current.patients, found.diagnostics
            scaled = _scaled(analysis, current, found, about.reference)
        if not found.diagnostics.converged:
            notes.append(f"{one.label}: NOT CONVERGED.")
        comparable = current.patients == base[0]
        rows += _rows(one, found, about, current, base[1] if comparable else None)
    if analysis.borrowing is not None:
        alone = _fitted(prepare_design(analysis, table), analysis)
        rows += _rows(Variation("borrowing", "without borrowing", spec), alone, about, design, None)
    return Sensitivity(
        analysis.title,
        wanted,
        rows[0]["unit"],
        rows[0]["better"],
        rows[0]["reference"],
        analysis.ci_prob,
        tuple({k: v for k, v in row.items() if k not in ("unit", "better")} for row in rows),
        notes=tuple(notes),
        power_scaling=scaled,
    )


def _varied(piece: tuple[Variation, Analysis, Any, Design], _seed: int) -> tuple[Design, Estimate]:
    """The design and the fit of a variation; only other priors are weighted, on the design of the analysis."""
    one, analysis, table, design = piece
    varied = replace(analysis, spec=one.spec)
    if one.changed and _by_laplace(varied, design):
        return design, _estimate(design, one, varied, table)
    current = design_of(varied, table)
    return current, _fitted(current, varied)


def _scaled(analysis: Analysis, design: Design, found: Estimate, reference: str | None) -> PowerScaling:
    return scaled_by_powers(
        analysis,
        found.estimands,
        design.log_prior(found.parameters),
        design.log_likelihood(found.parameters),
        laws=ExactLaws(found.groups[LAWS]) if LAWS in found.groups else None,
        reference=reference,
    )


@dataclass(frozen=True)
class _Question:
    estimand: str
    reference: str | None
    analysis: Analysis


def _by_laplace(analysis: Analysis, design: Design) -> bool:
    """Whether the model has no exact posterior, and Laplace proposals that can be weighted for other priors."""
    if analysis.borrowing is not None or not design.reweightable or design.hierarchical:
        return False
    return design.exact(np.random.default_rng(0), 1, 1) is None


def _fitted(design: Design, analysis: Analysis) -> Estimate:
    """A fit of its own: by Laplace where that can be had, with the evidence; else exactly, or by NUTS."""
    engine: Any = "laplace" if _by_laplace(analysis, design) else "auto"
    return estimate(design, replace(analysis.sampling, sampler=engine))


def _estimate(design: Design, one: Variation, analysis: Analysis, table: Any) -> Estimate:
    """Other priors of the same model by weighting; fitted anew where that fails."""
    sampling = analysis.sampling
    try:
        found = laplace_draws(
            design,
            chains=sampling.chains,
            draws=sampling.draws,
            seed=sampling.seed,
            adjust=design.prior_change(one.changed),
        )
    except LaplaceError:
        return _fitted(design_of(analysis, table), analysis)
    streams = np.random.SeedSequence(sampling.seed).spawn(2)
    estimands = design.estimands(found.parameters, np.random.default_rng(streams[1]))
    return Estimate(found.parameters, estimands, Diagnostics.of_laplace(found, estimands), "laplace", {})


def _rows(one: Variation, found: Estimate, asked: _Question, design: Design, base: Diagnostics | None) -> list[Plain]:
    analysis, told = asked.analysis, found.diagnostics
    if asked.estimand not in found.estimands:
        known = ", ".join(str(n) for n in found.estimands.data_vars)
        raise AnalysisError(f"sensitivity: there is no estimand {asked.estimand!r} here, but {known}.")
    array = found.estimands[asked.estimand]
    if REGIMEN not in array.dims or array.sizes[REGIMEN] < 2:
        raise AnalysisError("sensitivity: there is only one regimen, so there is nothing to compare.")
    reference = asked.reference or str(array[REGIMEN].to_numpy()[0])
    scale = natural_scale(array)
    stated = next((c.better for c in analysis.comparisons if c.estimand == asked.estimand), None)
    comparison = compare(
        array,
        reference=reference,
        scale=scale,
        better=stated,
        ci_prob=analysis.ci_prob,
        exact=ExactLaws(found.groups[LAWS]) if LAWS in found.groups else None,
        arms=tuple(design.arms),
        converged=told.converged,
    )
    factor = None
    if base is not None and base.log_evidence is not None and told.log_evidence is not None:
        factor = math.exp(told.log_evidence - base.log_evidence)
    ratios = _hazard_ratios(found.estimands, reference, analysis.ci_prob)
    kept = ("regimen", "reference", "endpoint", "time", "probability_better", "mcse_probability")
    last = max((row["time"] for row in comparison.rows if row["time"] is not None), default=None)
    return [
        {
            "group": one.group,
            "label": one.label,
            **{k: row[k] for k in (*kept, "median", "lower", "upper")},
            **ratios.get(row["regimen"], _NO_RATIO),
            "log_evidence": told.log_evidence,
            "mcse_log_evidence": told.mcse_log_evidence,
            "bayes_factor": factor,
            "sampler": found.engine,
            "unit": "ratio" if scale == "ratio" else f"difference in {array.attrs.get('unit', '')}",
            "better": row["better"],
        }
        for row in comparison.rows
        if row["time"] == last
    ]


_NO_RATIO = dict.fromkeys(("hazard_ratio", "hazard_ratio_lower", "hazard_ratio_upper"))


def _hazard_ratios(estimands: xr.Dataset, reference: str, prob: float) -> dict[str, dict[str, float]]:
    """Hazard ratio of every regimen to the reference, where it does not change with time."""
    if "hazard_ratio" not in estimands or "time" in estimands["hazard_ratio"].dims:
        return {}
    ratio = estimands["hazard_ratio"]
    found, tail = {}, (1.0 - prob) / 2.0
    for labels, draws in labelled_cells(ratio / ratio.sel({REGIMEN: reference}, drop=True)):
        middle, lower, upper = np.quantile(draws, [0.5, tail, 1.0 - tail])
        found[str(labels[REGIMEN])] = dict(zip(_NO_RATIO, map(float, (middle, lower, upper)), strict=True))
    return found
