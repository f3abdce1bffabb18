"""What a reader of a comparison asks to see varied: priors, shape of the hazard, covariates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from bayes_escc.families.response import ResponseSpec
from bayes_escc.families.survival import SurvivalSpec
from bayes_escc.families.survival.spec import DEFAULT_PRIORS
from bayes_escc.names import Plain
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["Variation", "variations", "with_baseline"]

HAZARD_RATIO_PRIORS: Final = (
    ("sceptical", Prior("Normal", mu=0.0, sigma=0.35)),
    ("neutral", Prior("Normal", mu=0.0, sigma=0.7)),
    ("enthusiastic", Prior("Normal", mu=math.log(0.7), sigma=0.35)),
    ("vague", Prior("Normal", mu=0.0, sigma=1.5)),
)
"""On the log hazard ratio: no difference within a factor of 2; of 4; centred at 0.7; and within a factor of 19."""

RATE_PRIORS: Final = (
    ("uniform", Prior("Beta", alpha=1, beta=1)),
    ("Jeffreys", Prior("Beta", alpha=0.5, beta=0.5)),
    ("10 patients, 20 % responding", Prior("Beta", alpha=2, beta=8)),
    ("10 patients, 40 % responding", Prior("Beta", alpha=4, beta=6)),
)
_LEVELS: Final = ("median", "log_cumulative_hazard", "hazard", "log_hazard")
_OF_COVARIATES: Final = ("coefficient", "coefficient_sd", "global_scale", "slab_variance")
_WORDS: Final = {
    "median": "median",
    "log_cumulative_hazard": "log cumulative hazard",
    "hazard": "hazard",
    "log_hazard": "log hazard",
    "log_shape": "log shape",
    "coefficient": "coefficients",
    "intercept": "intercept",
    "logit_mean": "mean log odds",
    "tau": "tau",
    "mean": "mean rate",
    "precision": "precision",
    "categories": "categories",
}


@dataclass(frozen=True)
class Variation:
    """One way to vary an analysis.

    Parameters
    ----------
    group, label : str
    spec : SurvivalSpec or ResponseSpec
    changed : tuple of (str, PriorSet)
        The priors that differ, where nothing else does; empty where the model itself changes.
    """

    group: str
    label: str
    spec: Any
    changed: tuple[tuple[str, PriorSet], ...] = ()


def variations(spec: SurvivalSpec | ResponseSpec, *, patients: bool = True) -> Iterator[Variation]:
    """All variations of a specification, itself first; of published medians, which are not patients, their prior."""
    yield Variation("analysis", "as specified", spec)
    if isinstance(spec, SurvivalSpec) and not patients:
        yield from _scaled(spec, ("median",))
    elif isinstance(spec, SurvivalSpec):
        yield from _of_survival(spec)
    elif spec.likelihood == "logistic":
        yield from _scaled(spec, ("intercept", "coefficient"))
    elif spec.pooling != "none" or spec.likelihood != "binomial":
        for one in _scaled(spec, ("logit_mean", "tau", "mean", "precision", "categories")):
            yield replace(one, changed=())  # fitted again
    else:
        for name, prior in RATE_PRIORS:
            yield _changed(spec, "prior of the rate", f"{name}: {prior}", "rate", PriorSet(prior))
    if spec.covariates:
        kept = tuple((role, p) for role, p in spec.priors if role not in _OF_COVARIATES)
        without = replace(spec, covariates=(), priors=kept)
        if isinstance(without, SurvivalSpec):  # a target population was one of covariates
            everyone = without.population if isinstance(without.population, str) else "all"
            without = replace(without, population=everyone, shrinkage="none", relevant=None)
        yield Variation("covariates", "without covariates", without)


def _of_survival(spec: SurvivalSpec) -> Iterator[Variation]:
    if spec.has("log_hazard_ratio"):
        for name, prior in HAZARD_RATIO_PRIORS:
            label = f"{name}: {prior}"
            yield _changed(spec, "prior of the log hazard ratio", label, "log_hazard_ratio", PriorSet(prior))
    yield from _scaled(spec, (*_LEVELS, "log_shape", *(("coefficient",) if spec.shrinkage == "none" else ())))
    for baseline in ("exponential", "weibull", "piecewise"):
        if baseline != spec.baseline:
            yield Variation("baseline", f"{baseline} hazards", with_baseline(spec, baseline))
    if spec.regimen_effect == "proportional" and spec.baseline != "exponential":
        priors = dict(spec.priors)
        other = replace(spec, regimen_effect="nonproportional", priors=tuple(priors.items()))
        yield Variation("regimen effect", "hazards not proportional", other)


def _changed(spec: Any, group: str, label: str, role: str, prior: PriorSet) -> Variation:
    priors = tuple((r, prior if r == role else p) for r, p in spec.priors)
    return Variation(group, label, replace(spec, priors=priors), ((role, prior),))


def _scaled(spec: Any, roles: tuple[str, ...]) -> Iterator[Variation]:
    """Priors half and twice as wide, where they have a width to change."""
    for role in roles:
        if role not in dict(spec.priors):
            continue
        for factor, word in ((0.5, "half as wide"), (2.0, "twice as wide")):
            found = spec.prior(role)
            wider = [_stretched(p, factor) for p in (found.default, *(p for _, p in found.overrides))]
            default, *others = wider
            names = [label for label, _ in found.overrides]
            overrides = tuple((name, p) for name, p in zip(names, others, strict=True) if p is not None)
            if default is None or len(overrides) < len(names):
                continue
            changed = PriorSet(default, overrides)
            shown = "" if names else f": {default}"
            yield _changed(spec, "other priors", f"{_WORDS[role]} {word}{shown}", role, changed)


def _stretched(prior: Prior, factor: float) -> Prior | None:
    if prior.variance:
        return None
    if prior.distribution in ("Normal", "LogNormal", "StudentT"):
        values: Plain = dict(prior.parameters)
        return Prior(prior.distribution, **{**values, "sigma": values["sigma"] * factor})
    if prior.distribution in ("HalfNormal", "HalfStudentT", "HalfCauchy"):
        scale = "beta" if prior.distribution == "HalfCauchy" else "sigma"
        values = dict(prior.parameters)
        return Prior(prior.distribution, **{**values, scale: values[scale] * factor})
    if prior.distribution == "Beta":  # the same mean, and patients' worth that make it half or twice as wide
        return Prior("Beta", alpha=prior["alpha"] / factor**2, beta=prior["beta"] / factor**2)
    if prior.distribution == "Dirichlet":
        return Prior("Dirichlet", a=[float(v) / factor**2 for v in prior["a"]])
    if prior.distribution == "Gamma":  # the same mean
        return Prior("Gamma", alpha=prior["alpha"] / factor**2, beta=prior["beta"] / factor**2)
    return None


def with_baseline(spec: SurvivalSpec, baseline: Any) -> SurvivalSpec:
    """The same with another shape of the hazard, its level centred where that of the analysis is."""
    kept = [(role, p) for role, p in spec.priors if role not in (*_LEVELS, "log_shape", "drift_sd")]
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
    if baseline == "exponential" and effect == "nonproportional":
        effect = "proportional"
    return replace(
        spec,
        baseline=baseline,
        regimen_effect=effect,
        location=level[0],
        smoothing="independent",
        cutpoints=None,
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
