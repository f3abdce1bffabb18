"""Evidence synthesis: pairwise meta-analysis, meta-regression, subgroups and networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable, EffectTable, MixedTable, Problem
from bayes_escc.evidence.table import Table, filter_rows
from bayes_escc.families.covariates import EncodedCovariates, encode
from bayes_escc.families.synthesis.absolute import risk_under
from bayes_escc.families.synthesis.binomial import BinomialSynthesisDesign
from bayes_escc.families.synthesis.contrasts import (
    Arms,
    Contrasts,
    contrasts_of_arms,
    contrasts_of_effects,
    read_arms,
)
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.families.synthesis.notes import notes_on
from bayes_escc.families.synthesis.spec import NAME, SynthesisSpec, described, read_spec
from bayes_escc.families.synthesis.typed import typed_effects
from bayes_escc.families.synthesis.varied_exactly import exact_variations
from bayes_escc.families.variation import Variation
from bayes_escc.names import ESTIMANDS, REGIMEN, Plain
from bayes_escc.settings.reader import nearest, raise_problems

if TYPE_CHECKING:
    from bayes_escc.families.synthesis.inconsistency import NetworkModels

__all__ = [
    "BIAS_ON_RATES",
    "FOLLOWS_PATIENTS",
    "HAS_PUBLISHED_ARMS",
    "KINDS",
    "KNOWN_BY",
    "NAME",
    "POOLS_STUDIES",
    "VARIED",
    "SynthesisDesign",
    "SynthesisSpec",
    "described",
    "exact_variations",
    "figures",
    "network_check",
    "prepare",
    "read_spec",
    "typed_effects",
    "variations",
]

KINDS = ("effects", "counts")
BIAS_ON_RATES = False
FOLLOWS_PATIENTS = False
POOLS_STUDIES = True
KNOWN_BY: frozenset[str] = frozenset()
VARIED = "effect"
HAS_PUBLISHED_ARMS = False
proportionality = normal_priors = gamma_hazards = None

MAX_LEAGUE = 10
"""Most regimens whose league table can be read in one figure."""


def figures(posterior: Any) -> tuple[str, ...]:
    """Names, in `bayes_escc.plots`, of the figures that a run draws."""
    estimands = posterior.groups[ESTIMANDS]
    effect = estimands["effect"]
    if REGIMEN not in effect.dims:
        return ("forest", "funnel") + ("heterogeneity",) * ("tau" in estimands)
    stated = any(c.better for c in posterior.analysis.comparisons if c.estimand == "effect")
    if not stated and not effect.attrs.get("better"):
        return ("network", "regimens")
    few = effect.sizes[REGIMEN] <= MAX_LEAGUE
    return ("network", "regimens", "ranks", "league") if few else ("network", "regimens", "ranks")


def network_check(design: SynthesisDesign) -> NetworkModels | None:
    """The models that tell whether direct and indirect evidence agree; None where there is no network."""
    from bayes_escc.families.synthesis.inconsistency import network_models

    return network_models(design) if design.spec.network else None


def variations(spec: Any, design: Any, table: Any) -> Iterator[Variation]:
    """What a reader asks to see varied, the specification itself first."""
    from bayes_escc.families.synthesis.varied import variations as listed

    return listed(spec, design, table)


def prepare(table: Table, spec: SynthesisSpec, data: Any) -> SynthesisDesign:
    """Prepare a synthesis on a table.

    Parameters
    ----------
    table : EffectTable, CountTable or MixedTable
        The whole table; the rows of the analysis are taken from it here.
    spec : SynthesisSpec
    data : DataSpec
        Endpoint, regimens and filters.

    Raises
    ------
    AnalysisError
        If likelihood and table do not go together, or a label is not in the table.
    DataError
        If the rows cannot be pooled: shared control arms, a network in pieces, zero cells, a study
        given both as an effect and as counts.
    """
    if data.endpoints is not None and len(data.endpoints) > 1:
        raise AnalysisError("data.endpoint: a synthesis pools one endpoint; name one.")
    where = dict(data.where)
    if spec.subgroup is not None:
        table, where = _apart(table, spec.subgroup, where)
    effects, counts = _selected(table, where, spec, data)
    arms: Arms | None = None
    parts: list[Contrasts] = []
    if effects is not None:
        parts.append(contrasts_of_effects(effects, network=spec.network))
    if counts is not None:
        # the reference of the whole network need not be among the counts
        reference = spec.reference if effects is None or spec.reference in counts.regimens else None
        arms = read_arms(counts, control=spec.control, network=spec.network, reference=reference)
        parts.append(contrasts_of_arms(counts, arms, normal=spec.likelihood == "normal", measure=spec.measure or "OR"))
    contrasts = parts[0] if len(parts) == 1 else parts[0].followed_by(parts[1])
    if spec.network:
        contrasts.require_connected(table.source)
    rows = set(contrasts.frame.index)
    warnings = tuple(w for w in table.warnings if w.row is None or isinstance(table, MixedTable) or w.row in rows)
    encoded: tuple[tuple[str, ...], Any] = ((), np.empty((len(contrasts), 0)))
    settings: tuple[list[str], Any] = ([], np.empty((0, 0)))
    if spec.covariates:
        holder = EffectTable(contrasts.frame, "", table.source)
        found = encode(holder, spec.covariates)
        encoded = (found.labels, found.values)
        settings = _settings(spec, found)
        warnings += tuple(
            Problem(
                "covariate_scale",
                f"{label} in the model is {how}, and effects are those where that is 0",
                "center and scale of the covariate change it.",
                column=label,
            )
            for label, how in found.constants
            if how != label
        )
        if not found.kept.all():
            left_out = [s for s, kept in zip(contrasts.study, found.kept, strict=True) if not kept]
            contrasts = contrasts.take(found.kept)
            arms = None if arms is None else arms.of(contrasts.study)
            noted = Problem(
                "incomplete_studies",
                f"{', '.join(left_out)} left out: no value for every covariate",
                'Fill it in; missing = "complete_case" leaves such studies out.',
                column=spec.covariates[0].column,
            )
            warnings = (*warnings, noted)
    design: SynthesisDesign
    if arms is not None and spec.likelihood == "binomial":
        design = BinomialSynthesisDesign(contrasts, arms, spec, warnings, encoded)
    else:
        design = NormalDesign(contrasts, spec, warnings, encoded)
    _check_overrides(spec, design)
    events = 0 if arms is None else int(arms.events.sum())
    if spec.baseline_rate is not None:
        risk_under(design.measure, np.zeros(1), np.full(1, 0.5))  # refuses measures that are not of risks
    return design.changed(
        events=events, settings=settings, warnings=(*design.warnings, *notes_on(design, table.source))
    )


def _settings(spec: SynthesisSpec, encoded: EncodedCovariates) -> tuple[list[str], Any]:
    """Where effects are asked for: in words, and as the model has the covariates."""
    labels, rows = [], []
    for stated in spec.effect_at:
        rows.append(encoded.profile(stated, heading=f"estimands.effect_at: {dict(stated)!r} cannot be used"))
        labels.append(", ".join(f"{column} = {value}" for column, value in stated.items()))
    return labels, np.array(rows, dtype=float).reshape(len(rows), len(encoded.labels))


def _selected(
    table: Table, where: Plain, spec: SynthesisSpec, data: Any
) -> tuple[EffectTable | None, CountTable | None]:
    """The rows of the analysis: effects, counts or both."""
    endpoint = data.endpoints[0] if data.endpoints else None
    if not isinstance(table, CountTable):
        if spec.likelihood == "binomial" and isinstance(table, EffectTable):
            raise AnalysisError(
                'model.likelihood: "binomial" needs counts (data.kind = "counts", or data.counts beside the effects), '
                "not effects alone."
            )
        if spec.control is not None and isinstance(table, EffectTable):
            raise AnalysisError("model.control: effects name their own control in the column control; leave it out.")
        if spec.measure is not None and isinstance(table, EffectTable):
            raise AnalysisError("model.measure: effects name their own measure in the column measure; leave it out.")
    if isinstance(table, MixedTable):
        effects, counts = table.select_both(
            endpoint=endpoint, regimens=data.regimens, where=where, measure=spec.measure or "OR"
        )
        if counts is None and spec.likelihood == "binomial":
            raise AnalysisError(
                f'model.likelihood: "binomial" needs counts, and no row of {table.counts.source} is left after the '
                'selection; use "normal".'
            )
        return effects, counts
    if isinstance(table, EffectTable):
        return table.select(endpoint=endpoint, regimens=data.regimens, where=where), None
    if not isinstance(table, CountTable):
        raise AnalysisError('a synthesis takes effects or counts (data.kind = "effects" or "counts"), not patients.')
    return None, table.select(endpoints=data.endpoints, regimens=data.regimens, where=where)


def _apart(table: Any, column: str, where: Plain) -> tuple[Any, Plain]:
    """A study that reports several subgroups, as one study each: its patients are in one of them only."""
    if isinstance(table, MixedTable):
        effects, _ = _apart(table.effects, column, where)
        counts, _ = _apart(table.counts, column, where)
        same = effects is table.effects and counts is table.counts
        return MixedTable.of(effects, counts), where if same else {k: v for k, v in where.items() if k != "study"}
    if column not in table.frame:
        return table, where
    problems: list[str] = []
    frame = filter_rows(table.frame, where, problems)
    levels = frame.groupby("study", sort=False)[column].nunique()
    several = set(levels[levels > 1].index)
    if problems or not several:
        return table, where
    named = [f"{s} ({v})" if s in several else s for s, v in zip(frame["study"], frame[column], strict=True)]
    noted = Problem(
        "subgroups_of_a_study",
        f"{', '.join(sorted(several))}: subgroups of one study are pooled as independent",
        "That holds where no patient is in two of them.",
        column=column,
    )
    apart = replace(table, frame=frame.assign(study=named), warnings=(*table.warnings, noted))
    return apart, {k: v for k, v in where.items() if k != "study"}


def _check_overrides(spec: SynthesisSpec, design: SynthesisDesign) -> None:
    """A prior for a regimen, subgroup or covariate that is not there is a slip, not a wish."""
    problems = []
    for role, labels in (
        ("effect", design.terms),
        ("tau", design.tau_labels),
        ("coefficient", list(design.covariates)),
    ):
        for label, _ in spec.prior(role).overrides if role in dict(spec.priors) else ():
            if label not in labels:
                problems.append(
                    f'priors.{role}."{label}": is not here; there are {", ".join(labels)}.{nearest(label, labels)}'
                )
    raise_problems("the priors do not fit the data", problems)
