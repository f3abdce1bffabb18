"""A synthesis varied by fitting it again: networks, meta-regressions, subgroups, arm counts with a 0.

Each row is a fit of its own, exact where the model is, otherwise by sampling; so it costs what the analysis costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.estimand import SampledEstimand
from bayes_escc.answers.exact_laws import ExactLaws
from bayes_escc.answers.rows import summarise
from bayes_escc.checks.heterogeneity_priors import published_priors, unit_of_tau
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Table
from bayes_escc.families.synthesis import SynthesisSpec
from bayes_escc.inference import HERE, Workers, estimate
from bayes_escc.names import LAWS, REGIMEN, Plain
from bayes_escc.runs.run import prepare_design
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    from bayes_escc.inference import Estimate

__all__ = ["effect_rows", "refitted_rows"]


def refitted_rows(
    analysis: Analysis, table: Table, workers: Workers = HERE
) -> tuple[list[Plain], tuple[str, str], list[str]]:
    """Rows of every effect under every variation; the unit and better direction; and what could not be fitted.

    Parameters
    ----------
    analysis : Analysis
        A synthesis.
    table : Table
    workers : Workers
        Who fits; every variation has the seed of the analysis, so that rows differ by what is varied alone.
    """
    design: Any = prepare_design(analysis, table)
    spec = analysis.spec
    if spec.network and spec.reference is None:  # the reference stays, whichever study is left out
        spec = replace(spec, reference=design.effect_labels[0])
    rows: list[Plain] = []
    notes: list[str] = []
    unit = ""
    asked = list(_variations(spec, table, design))
    pieces = [(replace(analysis, spec=varied), chosen) for _, _, varied, chosen in asked]
    for (group, label, _, _), fit in zip(asked, workers.run(_refit, pieces, analysis.sampling.seed), strict=True):
        if isinstance(fit, str):
            notes.append(f"{label}: not fitted ({fit}).")
            continue
        if not fit.diagnostics.converged:
            notes.append(f"{label}: NOT CONVERGED.")
        unit = unit or str(fit.estimands["effect"].attrs.get("unit", ""))
        rows += effect_rows(group, label, fit, analysis.ci_prob)
    return rows, (unit, design.contrasts.better), notes


def _refit(piece: tuple[Analysis, Table], _seed: int) -> Estimate | str:
    """The fit of a variation, or why there is none."""
    analysis, table = piece
    try:
        return estimate(prepare_design(analysis, table), analysis.sampling)
    except (AnalysisError, DataError) as error:
        return str(error).splitlines()[0]


def _variations(spec: SynthesisSpec, table: Table, design: Any) -> Iterator[tuple[str, str, SynthesisSpec, Table]]:
    """Group, label, specification and table of every variation, the analysis first."""
    yield "analysis", "as specified", spec, table
    unit, priors = unit_of_tau(design.contrasts, spec), dict(spec.priors)
    tau = priors.get("tau", PriorSet(Prior("HalfNormal", sigma=0.5 * unit)))
    without = {role: prior for role, prior in priors.items() if role != "tau"}
    if spec.pooling == "common":
        random = replace(spec, pooling="random", priors=_in_order(without, tau))
        yield "pooling", f"random effects, tau ~ {tau.default}", random, table
    elif spec.heterogeneity == "shared":
        yield "pooling", "common effect", replace(spec, pooling="common", priors=tuple(without.items())), table
    if spec.heterogeneity == "shared":
        wide_and_narrow = [Prior("HalfNormal", sigma=0.25 * unit), Prior("HalfNormal", sigma=unit)]
        for label, prior in [*((f"tau ~ {p}", p) for p in wide_and_narrow), *published_priors(design.contrasts)]:
            varied = replace(spec, pooling="random", priors=_in_order(without, PriorSet(prior)))
            yield "prior of tau", label, varied, table
    frame = getattr(table, "frame", None)
    used = list(dict.fromkeys(design.contrasts.study))
    if frame is not None and "study" in frame and len(used) > 2:
        for study in used:
            yield "leave one out", f"without {study}", spec, table.keep(frame[frame["study"] != study])


def _in_order(priors: Mapping[str, PriorSet], tau: PriorSet) -> tuple[tuple[str, PriorSet], ...]:
    """The priors with that of tau after the effect's, as a specification has them."""
    return tuple(
        pair for role, p in priors.items() for pair in ([(role, p), ("tau", tau)] if role == "effect" else [(role, p)])
    )


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
