"""What a rule on a time to event sees at a look of every trial, by Newton's method on the whole batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.families import get_family
from bayes_escc.families.covariates import Covariate
from bayes_escc.families.gamma_hazards import GammaHazards
from bayes_escc.families.normal_priors import NormalPriors
from bayes_escc.inference.tail_areas import tail_areas
from bayes_escc.names import Plain
from bayes_escc.rules import Rule
from bayes_escc.trials.constant_hazards import gamma_statistics, sums_by_arm
from bayes_escc.trials.quantities import MEDIAN, RMST, SURVIVAL, Quantity, quantity_tails
from bayes_escc.trials.spec import PlannedRule

__all__ = ["FastModel", "engine_of", "hazard_statistics", "priors_of", "sufficient_statistics"]

FastModel = NormalPriors | GammaHazards
"""Models whose answers need no sampling."""

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_KINDS: Final = {"median": MEDIAN, "survival": SURVIVAL, "rmst": RMST}


def priors_of(analysis: Analysis, arms: int, rules: Sequence[PlannedRule]) -> FastModel | str:
    """The priors of a model whose answers to the rules need no sampling, or why it is of another kind."""
    family, data = get_family(analysis.family), analysis.data
    if family.normal_priors is None:
        return f"family {analysis.family}"
    if data.published is not None:
        return "published arms stand beside the patients"
    asked = (analysis.spec, data.time_unit)
    conjugate = family.gamma_hazards and family.gamma_hazards(*asked, interval=data.seen_at_scans)
    if conjugate is not None and (conjugate.apart or arms == 1):
        return conjugate
    found = family.normal_priors(*asked, interval=data.seen_at_scans)
    if isinstance(found, NormalPriors) and any(p.of_pfs and not _of_ratio(p.rule) for p in rules):
        if found.cuts:
            return "a rule has a value or margin of a curve, and the baseline is piecewise"
        if found.covariates and not analysis.spec.of_all_patients:
            return "a rule has a value or margin of a curve, and its population is not all patients of the trial"
    return found


def _of_ratio(rule: Rule) -> bool:
    """Whether a rule asks for the hazard ratio alone: whichever hazard is lower has every other quantity better."""
    if rule.reference is None:
        return False
    return rule.margin is None or rule.estimand == "hazard_ratio"


def engine_of(model: FastModel | str | None) -> str:
    """How statistics are computed: ``counts``, ``gamma``, ``newton`` or ``fit``."""
    if isinstance(model, FastModel):
        return "gamma" if isinstance(model, GammaHazards) else "newton"
    return "counts" if model is None else "fit"


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
    """P(better) of every trial, by the rule's estimand, margin or value; arrays are (trials, patients), months."""
    if isinstance(model, GammaHazards) or (model.exponential and not model.covariates and not model.cuts):
        return sufficient_statistics(model, planned, *sums_by_arm(arm, arms, time, seen, entered))
    others, shift = _contrasts(model, planned, arms)
    design = np.empty((*arm.shape, len(others) + len(model.covariates)))
    for column, i in enumerate(others):
        design[..., column] = (arm == i) - shift
    coded = [_coded(c, one, entered) for c, one in zip(covariates, model.covariates, strict=True)]
    for column, (values, _) in enumerate(coded, start=len(others)):
        design[..., column] = values
    time, events = np.where(entered, time, 0.0), (seen & entered).astype(np.float64)
    kinds = np.stack([binary for _, binary in coded], axis=1) if coded else np.empty((len(arm), 0), dtype=bool)
    found = np.empty(len(arm))
    for kind in np.unique(kinds, axis=0):
        here = (kinds == kind).all(axis=1)
        found[here] = _of_patients(
            _with_kinds(model, kind), planned, arms, arm[here], time[here], events[here], design[here]
        )
    return found


def _with_kinds(model: NormalPriors, binary: NDArray[np.bool_]) -> NormalPriors:
    """The model whose coefficients have the priors of yes-or-no or of continuous covariates, as these are."""
    priors = zip(binary, model.coefficients, model.continuous, strict=True)
    return replace(model, coefficients=tuple(yes_or_no if b else other for b, yes_or_no, other in priors))


def _of_patients(
    model: NormalPriors, planned: PlannedRule, arms: int, arm: Whole, time: Array, events: Array, design: Array
) -> Array:
    """The same of patients who entered, whose covariates are coded."""
    if model.cuts:
        time, events, design = _by_interval(np.array(model.cuts), time, events, design)
        if not model.covariates:
            time, events, design = _by_pattern(arm, arms, time, events, design)
    log_time = np.full(time.shape, -np.inf)
    np.log(time, out=log_time, where=time > 0)
    return _newton(model, planned, arms, log_time, events, design)


def _by_interval(cuts: Array, time: Array, events: Array, design: Array) -> tuple[Array, Array, Array]:
    """Every patient as a row in each interval: time at risk there, event there, and a column for each later level.

    The hazard is constant within an interval, so a row has the likelihood of an exponential time. An event at a cut
    belongs to the interval that ends there.
    """
    starts, ends = np.append(0.0, cuts), np.append(cuts, np.inf)
    parts = [np.clip(time, start, end) - start for start, end in zip(starts, ends, strict=True)]
    place = np.searchsorted(cuts, time, side="left")
    hits = [events * (place == i) for i in range(len(starts))]
    levels = np.zeros((len(starts), len(cuts)))
    levels[1:] = np.eye(len(cuts))
    whole = [np.broadcast_to(level, (*design.shape[:-1], len(cuts))) for level in levels]
    rows = [np.concatenate([design, own], axis=-1) for own in whole]
    return np.concatenate(parts, axis=1), np.concatenate(hits, axis=1), np.concatenate(rows, axis=1)


def _by_pattern(arm: Whole, arms: int, time: Array, events: Array, design: Array) -> tuple[Array, Array, Array]:
    """Sums over the patients of each arm in each interval, who are alike where nothing is adjusted for."""
    trials, patients = arm.shape
    intervals = time.shape[1] // patients
    shape = (trials, intervals, patients)
    here = np.stack([arm == i for i in range(arms)])[:, :, None, :]  # (arms, trials, 1, patients)
    sums = [(values.reshape(shape) * here).sum(axis=-1) for values in (time, events)]
    first = design.reshape(*shape, -1)[np.arange(trials)[:, None], :, here[:, :, 0, :].argmax(axis=-1).T]
    together = [np.moveaxis(total, 0, 1).reshape(trials, -1) for total in sums]
    return together[0], together[1], first.reshape(trials, arms * intervals, -1)


def sufficient_statistics(model: FastModel, planned: PlannedRule, events: Array, exposure: Array) -> Array:
    """The same where hazards are constant and nothing is adjusted for, of events and months at risk, (trials, arms)."""
    if isinstance(model, GammaHazards):
        return gamma_statistics(model, planned, events, exposure)
    trials, arms = events.shape
    others, shift = _contrasts(model, planned, arms)
    codes = np.array([[float(i == other) - shift for other in others] for i in range(arms)]).reshape(arms, len(others))
    with np.errstate(divide="ignore"):
        log_time = np.where(exposure > 0, np.log(np.maximum(exposure, 1e-300)), -np.inf)
    return _newton(model, planned, arms, log_time, events, np.broadcast_to(codes, (trials, *codes.shape)))


def _contrasts(model: NormalPriors, planned: PlannedRule, arms: int) -> tuple[list[int], float]:
    """Arms with a column of their own, that of the rule first, and what is taken off each column."""
    base = max(planned.reference, 0)
    others = [i for i in range(arms) if i != base]
    if planned.arm != base:
        others = [planned.arm, *(i for i in others if i != planned.arm)]
    return others, 1.0 / arms if model.exchangeable or arms == 1 else 0.0


def _newton(model: NormalPriors, planned: PlannedRule, arms: int, log_time: Array, seen: Array, design: Array) -> Array:
    """P(better) by Newton's method and third-order tail areas; of patients, or of the sums of arms."""
    others, shift = _contrasts(model, planned, arms)
    data = (log_time, seen, design, *_with_levels(model, *_prior(model, len(others))))
    rule = planned.rule
    natural = "lower" if rule.estimand == "hazard_ratio" else "higher"
    turned = (rule.better or natural) != natural
    if _of_ratio(rule):
        # with proportional hazards, whichever hazard is lower has every other quantity better
        cut = np.full(len(log_time), math.log(rule.margin) if rule.margin else 0.0)
        below = tail_areas(*data, cut, fixed_shape=model.exponential)
        return 1.0 - below if turned else below
    codes = [np.array([float(i == o) - shift for o in others]) for i in (planned.arm, max(planned.reference, 0))]
    above = quantity_tails(*data, _asked(rule, codes, model.unit, turned=turned), fixed_shape=model.exponential)
    return 1.0 - above if turned else above


def _asked(rule: Rule, codes: Sequence[Array], unit: float, *, turned: bool) -> Quantity:
    """What the rule asks of the curves; values in the analysis's unit become months."""
    months = unit if rule.estimand in ("median", "rmst") else 1.0
    single, log_ratio = rule.reference is None, rule.scale == "ratio" and rule.reference is not None
    if single:
        cut = float(rule.value or 0.0) * months
    elif log_ratio:
        cut = math.log(float(rule.margin or 1.0))
    else:
        cut = (-1.0 if turned else 1.0) * float(rule.margin or 0.0) * months
    time = float(rule.time or 1.0) * unit
    return Quantity(_KINDS[rule.estimand], time, codes[0], codes[1], single, log_ratio, cut)


def _prior(model: NormalPriors, contrasts: int) -> tuple[Array, Array]:
    """Mean and precision of log median, log shape, contrasts of arms and coefficients."""
    ratio, coefficients = model.log_hazard_ratio, model.coefficients
    mean = [model.log_median[0], model.log_shape[0], *[ratio[0]] * contrasts, *[m for m, _ in coefficients]]
    precision = np.zeros((len(mean), len(mean)))
    precision[0, 0], precision[1, 1] = 1.0 / model.log_median[1] ** 2, 1.0 / model.log_shape[1] ** 2
    if contrasts:
        pairs = 0.5 * (np.eye(contrasts) + 1.0) if model.exchangeable else np.eye(contrasts)
        precision[2 : 2 + contrasts, 2 : 2 + contrasts] = np.linalg.inv(pairs) / ratio[1] ** 2
    for i, (_, sd) in enumerate(coefficients, start=2 + contrasts):
        precision[i, i] = 1.0 / sd**2
    return np.array(mean), precision


def _with_levels(model: NormalPriors, mean: Array, precision: Array) -> tuple[Array, Array]:
    """The prior with how much the log hazard of each later interval is above the first; levels are independent."""
    more = len(model.cuts)
    if not more:
        return mean, precision
    variance = model.log_median[1] ** 2
    covariance = np.linalg.inv(precision)
    p = len(mean)
    whole = np.full((p + more, p + more), 0.0)
    whole[:p, :p] = covariance
    whole[0, p:] = whole[p:, 0] = variance  # the first level is in both
    whole[p:, p:] = variance * (np.eye(more) + 1.0)
    return np.concatenate([mean, np.zeros(more)]), np.linalg.inv(whole)


def _coded(values: Array, covariate: Covariate, entered: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    """A covariate as the analysis codes it: transformed, centred and scaled by the patients of each trial.

    With it, in which trials it is yes-or-no.
    """
    transforms: Plain = {"none": np.asarray, "log": np.log, "sqrt": np.sqrt}
    values = np.asarray(transforms[covariate.transform](values), dtype=np.float64)
    count = np.maximum(entered.sum(axis=1, keepdims=True), 2)
    mean = (values * entered).sum(axis=1, keepdims=True) / count
    sd = np.sqrt((((values - mean) ** 2) * entered).sum(axis=1, keepdims=True) / (count - 1))
    binary = ((values == 0.0) | (values == 1.0) | ~entered).all(axis=1, keepdims=True)
    centre = _resolved(covariate.center, mean, 0.0, unasked=np.where(binary, 0.0, mean))
    scale = _resolved(covariate.scale, sd, 1.0, unasked=np.where(binary, 1.0, sd))
    return np.asarray((values - centre) / np.where(np.asarray(scale) > 0, scale, 1.0) * entered), binary[:, 0]


def _resolved(stated: str | float | None, measured: Array, none: float, *, unasked: Array | float) -> Array | float:
    """A centre or scale: as stated, as measured, none at all, or what is usual where nothing is stated."""
    if stated is None:
        return unasked
    if isinstance(stated, str):
        return none if stated == "none" else measured
    return float(stated)
