"""What a reader of a synthesis asks to see varied where every variation is a fit of its own.

For networks, meta-regressions, subgroups, and arm counts with a 0: the pooling, the prior of the heterogeneity, and
every study left out. Where the exact engine answers for all of them, `exact_variations` does it at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bayes_escc.evidence.table import Table
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.heterogeneity_priors import published_priors, unit_of_tau
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.families.variation import Variation
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["variations"]


def variations(spec: SynthesisSpec, design: SynthesisDesign, table: Table) -> Iterator[Variation]:
    """All variations of a specification, itself first.

    Parameters
    ----------
    spec : SynthesisSpec
    design : SynthesisDesign
        The specification prepared on the table.
    table : Table
    """
    if spec.network and spec.reference is None:  # the reference stays, whichever study is left out
        spec = replace(spec, reference=design.effect_labels[0])
    yield Variation("analysis", "as specified", spec)
    unit, priors = unit_of_tau(design.contrasts, spec), dict(spec.priors)
    tau = priors.get("tau", PriorSet(Prior("HalfNormal", sigma=0.5 * unit)))
    without = {role: prior for role, prior in priors.items() if role != "tau"}
    if spec.pooling == "common":
        random = replace(spec, pooling="random", priors=_in_order(without, tau))
        yield Variation("pooling", f"random effects, tau ~ {tau.default}", random)
    elif spec.heterogeneity == "shared":
        yield Variation("pooling", "common effect", replace(spec, pooling="common", priors=tuple(without.items())))
    if spec.heterogeneity == "shared":
        wide_and_narrow = [Prior("HalfNormal", sigma=0.25 * unit), Prior("HalfNormal", sigma=unit)]
        for label, prior in [*((f"tau ~ {p}", p) for p in wide_and_narrow), *published_priors(design.contrasts)]:
            varied = replace(spec, pooling="random", priors=_in_order(without, PriorSet(prior)))
            yield Variation("prior of tau", label, varied)
    frame = getattr(table, "frame", None)
    used = list(dict.fromkeys(design.contrasts.study))
    if frame is not None and "study" in frame and len(used) > 2:
        for study in used:
            yield Variation("leave one out", f"without {study}", spec, without=study)


def _in_order(priors: Mapping[str, PriorSet], tau: PriorSet) -> tuple[tuple[str, PriorSet], ...]:
    """The priors with that of tau after the effect's, as a specification has them."""
    return tuple(
        pair for role, p in priors.items() for pair in ([(role, p), ("tau", tau)] if role == "effect" else [(role, p)])
    )
