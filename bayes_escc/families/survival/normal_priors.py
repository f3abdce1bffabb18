"""The priors of a survival model as numbers, where a method without sampling can take them."""

from __future__ import annotations

import math

from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.families.gamma_hazards import GammaHazards
from bayes_escc.families.normal_priors import NormalPriors
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.settings.prior import Prior

__all__ = ["gamma_hazards", "normal_priors"]


def normal_priors(spec: SurvivalSpec, time_unit: str | None, *, interval: bool) -> NormalPriors | str:
    """The priors of a model as numbers, or why they are not all normal.

    Parameters
    ----------
    spec : SurvivalSpec
    time_unit : str or None
        Of the data; months if neither they nor the model state one.
    interval : bool
        Whether events are known to lie between two scans.
    """
    piecewise = spec.baseline == "piecewise"
    reasons = {
        f"its baseline is {spec.baseline}": spec.baseline not in ("weibull", "exponential", "piecewise"),
        "its cut points are found in the data": piecewise and spec.cutpoints is None,
        "its hazards are a random walk": piecewise and spec.smoothing != "independent",
        f"its regimen_effect is {spec.regimen_effect}": spec.regimen_effect != "proportional",
        f"its level is set by {spec.location}": spec.location != ("log_hazard" if piecewise else "median"),
        "some patients are event-free for good": spec.event_free is not None,
        "centres have a frailty": spec.frailty is not None,
        "every stratum has a baseline of its own": bool(spec.strata),
        "its hazard ratios depend on covariates (effect_modifiers)": bool(spec.effect_modifiers),
        f"its coefficients are shrunken ({spec.shrinkage})": spec.shrinkage != "none",
        "progression lies between two scans (interval)": interval,
        "a covariate has levels or bins": any(
            c.coding in ("categorical", "ordinal") or c.bins is not None for c in spec.covariates
        ),
    }
    for reason, applies in reasons.items():
        if applies:
            return reason
    level, ratio = _normal(spec.prior(spec.location).default), _normal(spec.prior("log_hazard_ratio").default)
    shape = _normal(spec.prior("log_shape").default) if spec.baseline == "weibull" else (0.0, 1.0)
    coefficients = _coefficients(spec, continuous=False)
    continuous = _coefficients(spec, continuous=True)
    stated = [spec.prior(role) for role in (spec.location, "log_hazard_ratio")]
    if level is None or shape is None or ratio is None or None in coefficients:
        return "a prior is not normal on the logarithm"
    if any(prior.overrides for prior in stated) or (spec.covariates and spec.prior("coefficient").overrides):
        return "regimens or covariates have priors of their own"
    months = _months(spec, time_unit)
    median = math.log(math.log(2.0)) - level[0] if piecewise else level[0]
    return NormalPriors(
        (median + math.log(months), level[1]),
        shape,
        ratio,
        spec.baseline != "weibull",
        spec.regimen_coding == "exchangeable",
        months,
        tuple(c for c in coefficients if c is not None),
        tuple(c for c in continuous if c is not None),
        spec.covariates,
        tuple(float(cut) * months for cut in spec.cutpoints or ()) if piecewise else (),
    )


def _coefficients(spec: SurvivalSpec, *, continuous: bool) -> tuple[tuple[float, float] | None, ...]:
    """The priors of the coefficients, if all covariates are yes-or-no or all are continuous."""
    columns = tuple(c.column for c in spec.covariates)
    priors = (spec.with_continuous(columns) if continuous else spec).prior("coefficient") if columns else None
    return () if priors is None else tuple(_normal(priors[column]) for column in columns)


def _normal(prior: Prior) -> tuple[float, float] | None:
    values = dict(prior.parameters)
    if prior.distribution not in ("Normal", "LogNormal") or prior.variance:
        return None
    mu, sigma = values["mu"], values["sigma"]
    return None if isinstance(mu, tuple) or isinstance(sigma, tuple) else (mu, sigma)


def gamma_hazards(spec: SurvivalSpec, time_unit: str | None, *, interval: bool) -> GammaHazards | None:
    """The Gamma priors of constant hazards, or None where the model is of another kind.

    Parameters are those of `normal_priors`.
    """
    plain = spec.baseline == "exponential" and spec.location == "hazard" and spec.regimen_effect != "none"
    if not plain or interval or spec.covariates or spec.strata:
        return None
    if spec.frailty is not None or spec.event_free is not None:
        return None
    months, stated = _months(spec, time_unit), spec.prior("hazard")
    if any(p.distribution != "Gamma" or p.variance for p in (stated.default, *(own for _, own in stated.overrides))):
        return None

    def law(prior: Prior) -> tuple[float, float]:
        return float(prior["alpha"]), float(prior["beta"]) * months

    apart = spec.regimen_effect == "stratified"
    own = tuple((str(label), law(prior)) for label, prior in stated.overrides) if apart else ()
    return GammaHazards(law(stated.default), own, apart, months)


def _months(spec: SurvivalSpec, time_unit: str | None) -> float:
    """Months in the unit of the model."""
    return DAYS_IN[spec.time_unit or time_unit or "months"] / DAYS_IN["months"]
