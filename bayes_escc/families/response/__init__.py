"""Response rates: binomial, beta-binomial, multinomial and logistic models of counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable, PatientTable
from bayes_escc.families.base import Design
from bayes_escc.families.response.spec import NAME, ResponseSpec, described, read_spec
from bayes_escc.families.variation import Variation
from bayes_escc.settings.reader import nearest, raise_problems

__all__ = [
    "BIAS_ON_RATES",
    "FOLLOWS_PATIENTS",
    "HAS_PUBLISHED_ARMS",
    "KINDS",
    "KNOWN_BY",
    "NAME",
    "POOLS_STUDIES",
    "VARIED",
    "ResponseSpec",
    "described",
    "figures",
    "prepare",
    "read_spec",
    "variations",
]

KINDS = ("counts", "patients")
BIAS_ON_RATES = True
FOLLOWS_PATIENTS = False
POOLS_STUDIES = False
KNOWN_BY = frozenset({"rate"})
VARIED = "rate"
HAS_PUBLISHED_ARMS = True
exact_variations = network_check = proportionality = None
normal_priors = gamma_hazards = typed_effects = None


def figures(posterior: Any) -> tuple[str, ...]:
    """Names, in `bayes_escc.plots`, of the figures that a run draws."""
    spec = posterior.analysis.borrowing
    of_history = () if spec is None else ("borrowing", "historical_rates") if spec.method == "map" else ("borrowing",)
    return (*of_history, "intervals", "difference")


def variations(spec: Any, _design: Any, _table: Any) -> Iterator[Variation]:
    """What a reader asks to see varied, the specification itself first."""
    from bayes_escc.families.response.varied import variations as listed

    return listed(spec)


def prepare(table: CountTable | PatientTable, spec: ResponseSpec, data: Any) -> Design:
    """Prepare a response model on a table.

    Parameters
    ----------
    table : CountTable or PatientTable
        The whole table; the regimens and rows of the analysis are taken from it here.
    spec : ResponseSpec
    data : DataSpec
        Endpoints, regimens and filters.

    Raises
    ------
    AnalysisError
        If the likelihood and the table do not go together, or a label is not in the table.
    DataError
        If the rows are incomplete for the likelihood.
    """
    where = dict(data.where)
    if isinstance(table, PatientTable):
        table = table.select(regimens=data.regimens, where=where)
    else:
        endpoints = None if spec.derives_endpoints else data.endpoints
        table = table.select(endpoints=endpoints, regimens=data.regimens, where=where)
    design = _design(table, spec, data)
    _check_overrides(spec, design)
    return design


def _design(table: CountTable | PatientTable, spec: ResponseSpec, data: Any) -> Design:
    if getattr(data, "published", None) is not None:
        from bayes_escc.families.response.published import PublishedResponseDesign

        if not isinstance(table, PatientTable):
            raise AnalysisError('published: stands beside own patients (data.kind = "patients").')
        return PublishedResponseDesign.from_published(table, spec, data)
    if spec.likelihood == "logistic":
        from bayes_escc.families.response.logistic import LogisticDesign

        if not isinstance(table, PatientTable):
            raise AnalysisError(
                'model.likelihood: "logistic" needs patients (data.kind = "patients"); for counts use "binomial".'
            )
        return LogisticDesign.from_patients(table, spec, data)
    if spec.likelihood == "multinomial":
        from bayes_escc.families.response.multinomial import MultinomialDesign

        return MultinomialDesign.from_table(table, spec, data)
    counts: CountTable = data.counted(table) if isinstance(table, PatientTable) else table
    if spec.likelihood == "beta_binomial":
        from bayes_escc.families.response.beta_binomial import BetaBinomialDesign

        return BetaBinomialDesign(counts, spec)
    from bayes_escc.families.response.binomial import BinomialDesign, HierarchicalDesign

    if spec.effect is not None:
        from bayes_escc.families.response.tied import TiedDesign

        return TiedDesign(counts, spec)
    if spec.pooling == "none" and spec.level != "rate":
        from bayes_escc.families.response.log_rates import LogRateDesign

        return LogRateDesign(counts, spec)
    return HierarchicalDesign(counts, spec) if spec.pooling == "partial" else BinomialDesign(counts, spec)


def _check_overrides(spec: ResponseSpec, design: Design) -> None:
    """A prior for a regimen or covariate that is not there is a slip, not a wish."""
    problems = []
    for role, prior_set in spec.priors:
        labels = design.coords["covariate"] if role == "coefficient" else design.coords["regimen"]
        for label, _ in prior_set.overrides:
            if label not in labels:
                problems.append(
                    f'priors.{role}."{label}": is not here; there are {", ".join(labels)}.{nearest(label, labels)}'
                )
    raise_problems("the priors do not fit the data", problems)
