"""What a reader of a comparison asks to see varied: priors, shape of the hazard, covariates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.families.survival.spec import DEFAULT_PRIORS, SurvivalSpec
from bayes_escc.families.survival.strata import StrataSpec
from bayes_escc.families.variation import Variation, changed, scaled, without_covariates
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["HAZARD_RATIO_PRIORS", "variations", "with_baseline"]

HAZARD_RATIO_PRIORS: Final = (
    ("sceptical", Prior("Normal", mu=0.0, sigma=0.35)),
    ("neutral", Prior("Normal", mu=0.0, sigma=0.7)),
    ("enthusiastic", Prior("Normal", mu=math.log(0.7), sigma=0.35)),
    ("vague", Prior("Normal", mu=0.0, sigma=1.5)),
)
"""On the log hazard ratio: no difference within a factor of 2; of 4; centred at 0.7; and within a factor of 19."""

_LEVELS: Final = ("median", "log_cumulative_hazard", "hazard", "log_hazard")
_WORDS: Final = {
    "median": "median",
    "log_cumulative_hazard": "log cumulative hazard",
    "hazard": "hazard",
    "log_hazard": "log hazard",
    "log_shape": "log shape",
    "log_spread": "log spread",
    "hazard_growth": "growth of the hazard",
    "cure_fraction": "cure fraction",
}
_SHAPES: Final = ("log_shape", "log_spread", "hazard_growth", "cure_fraction", "drift_sd")


def variations(spec: SurvivalSpec, design: Any = None) -> Iterator[Variation]:
    """All variations of a specification, itself first; of published medians, which are not patients, their prior.

    Parameters
    ----------
    spec : SurvivalSpec
    design : Design
        The specification prepared on the data: of patients it has all priors in the unit of the analysis.
    """
    patients = design is None or isinstance(design, SurvivalDesign)
    if isinstance(design, SurvivalDesign):  # no prior is put there twice
        spec = replace(design.spec, stated=tuple(r for r, _ in design.spec.priors), dating="interval")
    yield Variation("analysis", "as specified", spec)
    if patients:
        yield from _of_patients(spec)
    else:
        yield from scaled(spec, {"median": "median"})
    # a target population was one of covariates, or of strata
    everyone = spec.population if isinstance(spec.population, str) else "all"
    if spec.strata:
        yield Variation("strata", "one baseline for all", replace(spec, strata=StrataSpec(), population=everyone))
    if spec.covariates:
        yield without_covariates(spec, population=everyone, shrinkage="none", relevant=None)


def _of_patients(spec: SurvivalSpec) -> Iterator[Variation]:
    if spec.has("log_hazard_ratio"):
        for name, prior in HAZARD_RATIO_PRIORS:
            label = f"{name}: {prior}"
            yield changed(spec, "prior of the log hazard ratio", label, "log_hazard_ratio", PriorSet(prior))
    if spec.has("log_time_ratio"):
        for name, prior in HAZARD_RATIO_PRIORS:  # as wide, and a longer time where the hazard is lower
            mirrored = Prior("Normal", mu=-prior["mu"] or 0.0, sigma=prior["sigma"])
            label = f"{name}: {mirrored}"
            yield changed(spec, "prior of the log time ratio", label, "log_time_ratio", PriorSet(mirrored))
    yield from scaled(spec, _WORDS | ({"coefficient": "coefficients"} if spec.shrinkage == "none" else {}))
    for baseline in ("exponential", "weibull", "piecewise"):
        if baseline != spec.baseline:
            yield Variation("baseline", f"{baseline} hazards", with_baseline(spec, baseline))
    if spec.regimen_effect == "proportional" and spec.baseline in ("weibull", "piecewise") and not spec.strata:
        priors = dict(spec.priors)
        other = replace(spec, regimen_effect="nonproportional", priors=tuple(priors.items()))
        yield Variation("regimen effect", "hazards not proportional", other)


def with_baseline(spec: SurvivalSpec, baseline: Any) -> SurvivalSpec:
    """The same with another shape of the hazard, its level centred where that of the analysis is."""
    kept = [(role, p) for role, p in spec.priors if role not in (*_LEVELS, *_SHAPES)]
    if baseline == "piecewise":
        rate, width = math.log(math.log(2.0) / _middle(spec)), DEFAULT_PRIORS["log_hazard"][0]["sigma"]
        level = ("log_hazard", PriorSet(Prior("Normal", mu=rate, sigma=width)))
    elif spec.location in ("median", "log_cumulative_hazard"):
        level = (spec.location, spec.prior(spec.location))
    else:
        width = DEFAULT_PRIORS["median"][0]["sigma"]
        level = ("median", PriorSet(Prior("LogNormal", mu=math.log(_middle(spec)), sigma=width)))
    shape = [("log_shape", PriorSet(DEFAULT_PRIORS["log_shape"][0]))] if baseline == "weibull" else []
    effect = spec.regimen_effect
    if effect == "accelerated":  # the others have a ratio of hazards
        effect = "proportional"
        kept = [(r, p) for r, p in kept if r != "log_time_ratio"]
        kept.append(("log_hazard_ratio", PriorSet(DEFAULT_PRIORS["log_hazard_ratio"][0])))
    if baseline == "exponential" and effect == "nonproportional":
        effect = "proportional"
    return replace(
        spec,
        baseline=baseline,
        regimen_effect=effect,
        location=level[0],
        smoothing="independent",
        cutpoints=None,
        knots=None,
        priors=(level, *shape, *kept),
        stated=tuple(dict.fromkeys((*spec.stated, level[0], "log_shape"))),
    )


def _middle(spec: SurvivalSpec) -> float:
    """Median time that the prior of the level is centred at, were the hazard constant."""
    middle = spec.prior(spec.location).default.interval(0.0)[0]
    match spec.location:
        case "median":
            return middle
        case "hazard":
            return math.log(2.0) / middle
        case "log_hazard":
            return math.log(2.0) * math.exp(-middle)
    return float(spec.reference_time or 1.0) * math.log(2.0) * math.exp(-middle)
