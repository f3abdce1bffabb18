"""The priors of a survival model as numbers, where all are normal on the logarithm."""

from __future__ import annotations

import math

from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.families.normal_priors import NormalPriors
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.settings.prior import Prior

__all__ = ["normal_priors"]


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
    reasons = {
        "its baseline is piecewise": spec.baseline not in ("weibull", "exponential"),
        f"its regimen_effect is {spec.regimen_effect}": spec.regimen_effect != "proportional",
        f"its level is set by {spec.location}": spec.location != "median",
        "some patients are event-free for good": spec.event_free is not None,
        "centres have a frailty": spec.frailty is not None,
        f"its coefficients are shrunken ({spec.shrinkage})": spec.shrinkage != "none",
        "progression lies between two scans (interval)": interval,
        "a covariate has levels or bins": any(
            c.coding in ("categorical", "ordinal") or c.bins is not None for c in spec.covariates
        ),
    }
    for reason, applies in reasons.items():
        if applies:
            return reason
    median, ratio = _normal(spec.prior("median").default), _normal(spec.prior("log_hazard_ratio").default)
    shape = _normal(spec.prior("log_shape").default) if spec.baseline == "weibull" else (0.0, 1.0)
    coefficients = tuple(_normal(spec.prior("coefficient").default) for _ in spec.covariates)
    stated = [spec.prior(role) for role in ("median", "log_hazard_ratio")]
    if median is None or shape is None or ratio is None or any(c is None for c in coefficients):
        return "a prior is not normal on the logarithm"
    if any(prior.overrides for prior in stated) or (spec.covariates and spec.prior("coefficient").overrides):
        return "regimens or covariates have priors of their own"
    unit = spec.time_unit or time_unit or "months"
    months = DAYS_IN[unit] / DAYS_IN["months"]
    return NormalPriors(
        (median[0] + math.log(months), median[1]),
        shape,
        ratio,
        spec.baseline == "exponential",
        spec.regimen_coding == "exchangeable",
        months,
        tuple(c for c in coefficients if c is not None),
        spec.covariates,
    )


def _normal(prior: Prior) -> tuple[float, float] | None:
    values = dict(prior.parameters)
    if prior.distribution not in ("Normal", "LogNormal") or prior.variance:
        return None
    mu, sigma = values["mu"], values["sigma"]
    return None if isinstance(mu, tuple) or isinstance(sigma, tuple) else (mu, sigma)
