"""What a rule sees at a look of every trial: counts for rates, and P(better) of hazards for times."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.rules import Rule
from bayes_escc.rules.rule import decide
from bayes_escc.settings.prior import Prior
from bayes_escc.trials.spec import PlannedRule

__all__ = ["FastModel", "fast_model", "hazard_statistics", "rate_statistics", "rate_verdicts", "verdicts_of"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@lru_cache(maxsize=4096)
def _statistics(rule: Rule, look: tuple[int, ...]) -> Array:
    return rule.statistics(look)


@lru_cache(maxsize=4096)
def _verdicts(rule: Rule, look: tuple[int, ...]) -> NDArray[np.int8]:
    return rule.verdicts(look)


def _looked_up(table: Callable[[Rule, tuple[int, ...]], NDArray[Any]], rule: Rule, n: Whole, x: Whole) -> Array:
    """Entries of the tables by counts, of every trial; nothing is decided while an arm has nobody evaluable."""
    found = np.full(len(n), np.nan)
    looks, which = np.unique(n, axis=0, return_inverse=True)
    for i, look in enumerate(looks):
        if (look == 0).any():
            continue
        here = which.ravel() == i
        entries = table(rule, tuple(int(v) for v in look))
        found[here] = entries[tuple(x[here].T)]
    return found


def rate_statistics(planned: PlannedRule, n: Whole, x: Whole) -> Array:
    """The statistic of a rule on a rate; arrays as in `Counts`."""
    return _looked_up(_statistics, planned.rule, n, x)


def rate_verdicts(planned: PlannedRule, look: int, n: Whole, x: Whole) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE of a rule on a rate at one of its looks."""
    stated: dict[str, Any] = {
        key: values[look]
        for key, values in (
            ("go_above", planned.go_above),
            ("stop_below", planned.stop_below),
            ("stop_above", planned.stop_above),
        )
        if values[look] is not None
    }
    rule = replace(planned.rule, looks=(), **{k: v for k, v in stated.items() if hasattr(planned.rule, k)})
    found = _looked_up(_verdicts, rule, n, x)
    return np.nan_to_num(found, nan=0.0).astype(np.int8)


def verdicts_of(planned: PlannedRule, look: int, statistic: Array) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE for a probability; numbers equal to nine decimals are equal."""
    thresholds = {
        key: value
        for key, value in (
            ("go_above", planned.go_above[look]),
            ("stop_below", planned.stop_below[look]),
            ("stop_above", planned.stop_above[look]),
        )
        if value is not None
    }
    return decide(np.round(statistic, 9), thresholds)


# ---- hazards ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FastModel:
    """The normal priors of a model of proportional hazards that is answered without sampling.

    Parameters
    ----------
    log_median, log_shape, log_hazard_ratio : tuple of (mean, sd)
        The first in months; the last of any pair of regimens (or against the reference).
    exponential, exchangeable : bool
    coefficients : tuple of (mean, sd)
        By covariate.
    covariates : tuple of str
    """

    log_median: tuple[float, float]
    log_shape: tuple[float, float]
    log_hazard_ratio: tuple[float, float]
    exponential: bool
    exchangeable: bool
    coefficients: tuple[tuple[float, float], ...] = ()
    covariates: tuple[str, ...] = ()


def fast_model(analysis: Analysis, arms: int) -> FastModel | str:
    """The priors as the fast engine takes them, or why it cannot answer."""
    spec = analysis.spec
    if not isinstance(spec, SurvivalSpec):
        return f"family {analysis.family}"
    reasons = {
        "its baseline is piecewise": spec.baseline not in ("weibull", "exponential"),
        f"its regimen_effect is {spec.regimen_effect}": spec.regimen_effect != "proportional",
        f"its level is set by {spec.location}": spec.location != "median",
        "centres have a frailty": spec.frailty is not None,
        f"its coefficients are shrunken ({spec.shrinkage})": spec.shrinkage != "none",
        "progression lies between two scans (interval)": getattr(analysis.data.settings, "interval", None) is not None,
    }
    for reason, applies in reasons.items():
        if applies:
            return reason
    median, shape, ratio = (
        (_normal(spec.prior(n).default) for n in ("median", "log_shape", "log_hazard_ratio"))
        if spec.baseline == "weibull"
        else (_normal(spec.prior("median").default), (0.0, 1.0), _normal(spec.prior("log_hazard_ratio").default))
    )
    coefficients = tuple(_normal(spec.prior("coefficient").default) for _ in spec.covariates)
    if any(c.column is None or getattr(c, "kind", "") == "levels" for c in spec.covariates):
        return "a covariate has levels"
    if median is None or shape is None or ratio is None or any(c is None for c in coefficients):
        return "a prior is not normal on the logarithm"
    unit = spec.time_unit or analysis.data.time_unit or "months"
    months = DAYS_IN[unit] / DAYS_IN["months"]
    return FastModel(
        (median[0] + math.log(months), median[1]),
        shape,
        ratio,
        spec.baseline == "exponential",
        spec.regimen_coding == "exchangeable" or arms == 1,
        tuple(c for c in coefficients if c is not None),
        tuple(str(c.column) for c in spec.covariates),
    )


def _normal(prior: Prior) -> tuple[float, float] | None:
    values = dict(prior.parameters)
    if prior.distribution in ("Normal", "LogNormal"):
        mu, sigma = values["mu"], values["sigma"]
        return None if isinstance(mu, tuple) or isinstance(sigma, tuple) else (mu, sigma)
    return None


def hazard_statistics(
    model: FastModel,
    planned: PlannedRule,
    arms: int,
    arm: Whole,
    time: Array,
    seen: NDArray[np.bool_],
    covariates: Sequence[Array],
    entered: NDArray[np.bool_],
) -> Array:
    """P(hazard lower than the reference's, by the margin) of every trial; arrays are (trials, patients), months."""
    from bayes_escc.trials.weibull import tail_areas

    others = [i for i in range(arms) if i != planned.reference]
    others = [planned.arm, *(i for i in others if i != planned.arm)]
    shift = 1.0 / arms if model.exchangeable else 0.0
    columns = [(arm == i) - shift for i in others]
    columns += [_centred(c, entered) for c in covariates]
    design = np.stack(columns, axis=-1).astype(np.float64)
    with np.errstate(divide="ignore"):
        log_time = np.where(entered & (time > 0), np.log(np.maximum(time, 1e-300)), -np.inf)
    contrasts = len(others)
    mean = np.array(
        [
            model.log_median[0],
            model.log_shape[0],
            *[model.log_hazard_ratio[0]] * contrasts,
            *[m for m, _ in model.coefficients],
        ]
    )
    scale = model.log_hazard_ratio[1]
    pairs = np.eye(contrasts) if not model.exchangeable else 0.5 * (np.eye(contrasts) + 1.0)
    precision = np.zeros((len(mean), len(mean)))
    precision[0, 0], precision[1, 1] = 1.0 / model.log_median[1] ** 2, 1.0 / model.log_shape[1] ** 2
    precision[2 : 2 + contrasts, 2 : 2 + contrasts] = np.linalg.inv(pairs) / scale**2
    for i, (_, sd) in enumerate(model.coefficients, start=2 + contrasts):
        precision[i, i] = 1.0 / sd**2
    margin = getattr(planned.rule, "margin", None)
    cut = np.full(len(arm), math.log(margin) if margin else 0.0)
    return tail_areas(log_time, seen.astype(np.float64), design, mean, precision, cut, fixed_shape=model.exponential)


def _centred(values: Array, entered: NDArray[np.bool_]) -> Array:
    count = np.maximum(entered.sum(axis=1, keepdims=True), 1)
    centre = (values * entered).sum(axis=1, keepdims=True) / count
    binary = np.isin(values, (0.0, 1.0)).all()
    sd = 1.0 if binary else np.sqrt((((values - centre) ** 2) * entered).sum(axis=1, keepdims=True) / count)
    return np.asarray((values - centre) / np.where(np.asarray(sd) > 0, sd, 1.0) * entered)
