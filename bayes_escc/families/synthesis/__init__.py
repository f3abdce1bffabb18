"""Evidence synthesis: pairwise meta-analysis, meta-regression, subgroups and networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable, EffectTable
from bayes_escc.families.base import Design
from bayes_escc.families.covariates import encode
from bayes_escc.families.synthesis.binomial import BinomialSynthesisDesign
from bayes_escc.families.synthesis.contrasts import contrasts_of_arms, contrasts_of_effects, read_arms
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.families.synthesis.spec import NAME, SynthesisSpec, read_spec
from bayes_escc.schema import nearest, raise_problems

__all__ = ["KINDS", "NAME", "SynthesisSpec", "prepare", "read_spec"]

KINDS = ("effects", "counts")


def prepare(table: EffectTable | CountTable, spec: SynthesisSpec, data: Any) -> Design:
    """Prepare a synthesis on a table.

    Parameters
    ----------
    table : EffectTable or CountTable
        The whole table; the rows of the analysis are taken from it here.
    spec : SynthesisSpec
    data : DataSpec
        Endpoint, regimens and filters.

    Raises
    ------
    AnalysisError
        If likelihood and table do not go together, or a label is not in the table.
    DataError
        If the rows cannot be pooled: shared control arms, a network in pieces, zero cells.
    """
    endpoints = data.endpoints
    if endpoints is not None and len(endpoints) > 1:
        raise AnalysisError("data.endpoint: a synthesis pools one endpoint; name one.")
    if isinstance(table, EffectTable):
        if spec.likelihood == "binomial":
            raise AnalysisError('model.likelihood: "binomial" needs counts (data.kind = "counts"), not effects.')
        if spec.control is not None:
            raise AnalysisError("model.control: effects name their own control in the column control; leave it out.")
        chosen = table.select(
            endpoint=endpoints[0] if endpoints else None, regimens=data.regimens, where=dict(data.where)
        )
        contrasts = contrasts_of_effects(chosen, network=spec.network)
        arms = None
    else:
        counted = table.select(endpoints=endpoints, regimens=data.regimens, where=dict(data.where))
        arms = read_arms(counted, control=spec.control, network=spec.network, reference=spec.reference)
        contrasts = contrasts_of_arms(counted, arms, normal=spec.likelihood == "normal")
    if spec.network:
        contrasts.require_connected(table.source)
    warnings = tuple(w for w in table.warnings if w.row is None or w.row in contrasts.frame.index)
    encoded: tuple[tuple[str, ...], Any] = ((), np.empty((len(contrasts), 0)))
    if spec.covariates:
        holder = EffectTable(contrasts.frame, "", table.source)
        found = encode(holder, spec.covariates)
        if not found.kept.all():
            raise AnalysisError('covariates: missing = "complete_case" is not available here; select rows with where.')
        encoded = (found.labels, found.values)
    design: SynthesisDesign
    if arms is not None and spec.likelihood == "binomial":
        design = BinomialSynthesisDesign(contrasts, arms, spec, warnings, encoded)
    else:
        design = NormalDesign(contrasts, spec, warnings, encoded)
        design.events = int(arms.events.sum()) if arms is not None else 0
    _check_overrides(spec, design)
    return design


def _check_overrides(spec: SynthesisSpec, design: SynthesisDesign) -> None:
    """A prior for a regimen, subgroup or covariate that is not there is a slip, not a wish."""
    problems = []
    for role, labels in (("effect", design.terms), ("coefficient", list(design.covariates))):
        for label, _ in spec.prior(role).overrides if role in dict(spec.priors) else ():
            if label not in labels:
                problems.append(
                    f'priors.{role}."{label}": is not here; there are {", ".join(labels)}.{nearest(label, labels)}'
                )
    raise_problems("the priors do not fit the data", problems)
