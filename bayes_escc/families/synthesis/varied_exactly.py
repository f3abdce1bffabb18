"""A pairwise synthesis varied by the exact engine: a whole table in well under a second, without Monte Carlo error.

Every study left out, other heterogeneity, small-study effects, a selection model, Bayes factors. Arm counts are taken
as log odds ratios with their normal errors.

References
----------
Stanley TD, Doucouliagos H. Res Synth Methods 2014;5:60-78 (PET and PEESE).
Vevea JL, Hedges LV. Psychometrika 1995;60:419-435 (selection).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.gaussian import GaussianModel, integrate
from bayes_escc.families.synthesis.heterogeneity_priors import tau_priors
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.families.synthesis.selection import Selection, numbers, selection, words
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.families.variation import ExactVariations
from bayes_escc.names import Direction, Plain
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["exact_variations"]

_AS_NORMAL: Final = "log odds ratios of the arms, taken as normal"
"""What every row of arm counts but the first rests on."""
_PET_SD: Final = 2.0
"""Prior standard deviation of the slope of PET, effect per standard error, which has no unit."""
_PEESE_SD: Final = 20.0
"""Of the slope of PEESE, effect per variance, over the typical standard error: wide, as variances are small."""


def exact_variations(
    spec: SynthesisSpec, prob: float, prepare: Callable[[SynthesisSpec], Any]
) -> ExactVariations | None:
    """The pooled effect under every variation of a pairwise synthesis; None where it must be fitted again.

    Parameters
    ----------
    spec : SynthesisSpec
    prob : float
        Of the intervals.
    prepare : function
        From a specification to its design on the table of the analysis.
    """
    if spec.network or spec.covariates or spec.subgroup or spec.prior("effect").default.distribution != "Normal":
        return None
    try:
        contrasts = prepare(_normal(spec)).contrasts
    except DataError:
        if spec.likelihood == "normal":
            raise
        return None  # a count of 0 has no log odds ratio with a normal error
    heterogeneity = tau_priors(contrasts, spec)
    tau = spec.prior("tau").default if spec.pooling == "random" else heterogeneity[2][1]
    random, common = _with(spec, "random", tau), _with(spec, "common", None)
    main = random if spec.pooling == "random" else common
    label = "as specified" if spec.likelihood == "normal" else _AS_NORMAL
    rows = [_row("analysis", label, contrasts, main, prob)]
    if len(contrasts) > 2:
        for study in contrasts.study:
            rows.append(_row("leave one out", f"without {study}", _without(contrasts, study), main, prob))
    other = common if spec.pooling == "random" else random
    name = "common effect" if spec.pooling == "random" else f"random effects, tau ~ {tau}"
    rows.append(_row("pooling", name, contrasts, other, prob))
    for label, prior in heterogeneity:
        rows.append(_row("prior of tau", label, contrasts, _with(spec, "random", prior), prob))
    if len(contrasts) > 2:
        variance = np.diag(contrasts.V)
        typical = math.sqrt(1.0 / float(np.mean(1.0 / variance)))
        for label, x, slope_sd in (("PET", np.sqrt(variance), _PET_SD), ("PEESE", variance, _PEESE_SD / typical)):
            rows.append(_small_studies(label, x, slope_sd, contrasts, main, prob))
    design, factors, notes = _design(contrasts, main), _bayes_factors(contrasts, main, random, common), []
    if len(contrasts) > 2 and contrasts.better in ("lower", "higher"):
        selected = _selected(contrasts, main)
        label = "selection of trials that favour the experimental arm"
        rows.append({"group": "selection", "label": label, **numbers(selected, design.ratio, prob)})
        notes.append(words(selected, len(contrasts), prob))
    return ExactVariations(
        tuple(rows), design.unit, contrasts.better, factors, tuple(notes), as_specified=spec.likelihood == "normal"
    )


def _selected(contrasts: Contrasts, spec: SynthesisSpec) -> Selection:
    y, se, tau = contrasts.y, np.sqrt(np.diag(contrasts.V)), dict(spec.priors).get("tau")
    better = cast("Direction", contrasts.better)
    return selection(y, se, better, spec.prior("effect").default, tau.default if tau is not None else None)


def _normal(spec: SynthesisSpec) -> SynthesisSpec:
    kept = tuple((role, p) for role, p in spec.priors if role != "baseline")
    return replace(spec, likelihood="normal", priors=kept)


def _with(spec: SynthesisSpec, pooling: Any, tau: Prior | None) -> SynthesisSpec:
    priors = [("effect", spec.prior("effect"))]
    if tau is not None:
        priors.append(("tau", PriorSet(tau)))
    return replace(spec, likelihood="normal", pooling=pooling, priors=tuple(priors))


def _without(contrasts: Contrasts, study: str) -> Contrasts:
    return contrasts.take(np.array([s != study for s in contrasts.study]))


def _design(contrasts: Contrasts, spec: SynthesisSpec) -> NormalDesign:
    return NormalDesign(contrasts, spec, (), ((), np.empty((len(contrasts), 0))))


def _row(group: str, label: str, contrasts: Contrasts, spec: SynthesisSpec, prob: float) -> Plain:
    design = _design(contrasts, spec)
    found = design.quadrature
    if found is None:
        raise AnalysisError("sensitivity: needs a Normal prior of the effect, which the exact engine integrates.")
    location, spread = found.linear(np.ones((1, 1)))
    law = found.mixture(location[0], spread[0], exponentiated=design.ratio)
    tau = None if found.law is None else found.law.quantile(0.5)
    return _numbers(group, label, law, design.ratio, prob, tau)


def _numbers(group: str, label: str, law: NormalMixture, ratio: bool, prob: float, tau: float | None) -> Plain:
    tail = (1.0 - prob) / 2.0
    lower, median, upper = (law.quantile(q) for q in (tail, 0.5, 1.0 - tail))
    below = float(law.cdf(1.0 if ratio else 0.0))
    return {
        "group": group,
        "label": label,
        "median": median,
        "lower": lower,
        "upper": upper,
        "probability_below_null": below,
        "tau": tau,
    }


def _small_studies(
    label: str, x: Any, slope_sd: float, contrasts: Contrasts, spec: SynthesisSpec, prob: float
) -> Plain:
    """The effect of an infinitely large study: regression on the standard error (PET) or the variance (PEESE).

    The slope of PET has no unit, that of PEESE the unit of one over the effect; its prior has the same.
    """
    design = _design(contrasts, spec)
    model, tau = design.gaussian, dict(spec.priors).get("tau")
    if model is None:  # pragma: no cover (checked before)
        raise AnalysisError("sensitivity: needs a Normal prior of the effect.")
    wide = GaussianModel(
        model.y,
        model.V,
        np.column_stack([model.X, x]),
        model.L,
        np.append(model.m0, 0.0),
        np.append(model.s0, slope_sd),
    )
    found = integrate(wide, tau.default if tau is not None else None)
    location, spread = found.linear(np.array([[1.0, 0.0]]))
    law = found.mixture(location[0], spread[0], exponentiated=design.ratio)
    named = f"{label}: at standard error 0"
    median = None if found.law is None else found.law.quantile(0.5)
    return _numbers("small-study effects", named, law, design.ratio, prob, median)


def _bayes_factors(
    contrasts: Contrasts, asked: SynthesisSpec, random: SynthesisSpec, common: SynthesisSpec
) -> dict[str, float]:
    evidence = {}
    for name, spec in (("asked", asked), ("random", random), ("common", common)):
        found = _design(contrasts, spec).quadrature
        evidence[name] = found.log_evidence if found is not None else math.nan
    full = _design(contrasts, asked).gaussian
    tau = dict(asked.priors).get("tau")
    if full is None:  # pragma: no cover (checked before)
        return {}
    null = GaussianModel(full.y, full.V, full.X[:, :0], full.L, full.m0[:0], full.s0[:0])
    without = integrate(null, tau.default if tau is not None else None).log_evidence
    return {
        "effect": math.exp(evidence["asked"] - without),
        "heterogeneity": math.exp(evidence["random"] - evidence["common"]),
    }
