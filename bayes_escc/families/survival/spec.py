"""The specification of a survival model: options and priors, no data, no PyMC."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal, Self

from bayes_escc.evidence.follow_up import DAYS_IN, Dating, unit_factor
from bayes_escc.families.covariates import Covariate, read_covariates
from bayes_escc.families.exchangeable import RegimenCoding, read_coding, require_exchangeable
from bayes_escc.families.modifiers import INTERACTION, Modifiers, read_interaction, read_modifiers
from bayes_escc.families.specification import Specification
from bayes_escc.families.survival.missing import IMPUTATION_PRIORS, ImputationSpec
from bayes_escc.families.survival.strata import StrataSpec, read_strata
from bayes_escc.families.target import Target, read_population
from bayes_escc.names import PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = ["DEFAULT_PRIORS", "NAME", "Baseline", "RegimenEffect", "SurvivalSpec", "described", "read_spec"]

NAME: Final = "survival"

Baseline = Literal[
    "exponential", "weibull", "piecewise", "m_spline", "log_logistic", "log_normal", "gompertz", "weibull_cure"
]
StudyBaselines = Literal["own", "exchangeable", "shared"]
RegimenEffect = Literal["proportional", "accelerated", "nonproportional", "stratified", "none"]
_STRETCHED: Final = ("log_logistic", "log_normal", "gompertz")
_SHAPED: Final = (*_STRETCHED, "weibull_cure")
_SHAPES: Final = ("log_shape", "log_spread", "hazard_growth", "cure_fraction")
"""Parameters that a baseline has beside its level."""
_BASELINES: Final = ("exponential", "weibull", "piecewise", "m_spline", *_SHAPED)
_STUDY_BASELINES: Final = ("own", "exchangeable", "shared")
_EFFECTS: Final = ("proportional", "accelerated", "nonproportional", "stratified", "none")

_DEFAULT_MEDIAN: Final = 6.0  # months
_WIDE: Final = 2.5
_WIDE_IN_INTERVALS: Final = 5.0
"""Where every interval has a level of its own, each with few events, each of which would lean on the contrast."""
DEFAULT_PRIORS: Final[Mapping[str, tuple[Prior, str]]] = {
    "median": (
        Prior(
            "LogNormal",
            mu=math.log(_DEFAULT_MEDIAN),
            sigma=_WIDE,
            rationale="From a day to a lifetime: the level is for the data to say, and leans on no contrast.",
        ),
        "positive",
    ),
    "log_cumulative_hazard": (
        Prior("Normal", mu=0, sigma=1, rationale="At the reference time, 95 % of the priors leave 0.1 to 87 % free."),
        "real",
    ),
    "hazard": (Prior("Gamma", alpha=1, beta=_DEFAULT_MEDIAN / math.log(2)), "positive"),
    "log_hazard": (
        Prior(
            "Normal",
            mu=math.log(math.log(2) / _DEFAULT_MEDIAN),
            sigma=_WIDE_IN_INTERVALS,
            rationale="Almost flat: the level is for its few events to say, and leans on no contrast.",
        ),
        "real",
    ),
    "log_shape": (
        Prior(
            "Normal",
            mu=0,
            sigma=0.3,
            rationale="From hazards that fall by a quarter to hazards that rise by 3/4 when time doubles.",
        ),
        "real",
    ),
    "log_spread": (
        Prior(
            "Normal",
            mu=-0.3,
            sigma=0.4,
            rationale="A standard deviation of log time between 0.3 and 1.6 (log-normal), or 0.6 and 3 (log-logistic).",
        ),
        "real",
    ),
    "hazard_growth": (
        Prior(
            "Normal",
            mu=0,
            sigma=0.7,
            rationale="From hazards that fall to a quarter until the median to hazards that rise fourfold.",
        ),
        "real",
    ),
    "cure_fraction": (
        Prior(
            "Beta",
            alpha=1,
            beta=4,
            rationale="A fifth of patients on average never have the event; in one draw of 16, more than half.",
        ),
        "unit",
    ),
    "log_time_ratio": (
        Prior("Normal", mu=0, sigma=0.6, rationale="Sceptical of large effects: times between 0.3 and 3.2 as long."),
        "real",
    ),
    "log_hazard_ratio": (
        Prior("Normal", mu=0, sigma=0.7, rationale="Sceptical of large effects: hazard ratio between 0.25 and 3.9."),
        "real",
    ),
    "coefficient": (
        Prior("Normal", mu=0, sigma=0.7, rationale="A prognostic factor changes the hazard fourfold at most."),
        "real",
    ),
    "drift_sd": (
        Prior(
            "HalfNormal",
            sigma=0.5,
            rationale="Hazards of neighbouring intervals, or knots, are alike within a factor of 2.7.",
        ),
        "positive",
    ),
    "coefficient_sd": (
        Prior(
            "HalfNormal",
            sigma=0.5,
            rationale="A covariate typically changes the hazard by a factor of 1.4; the data say how much.",
        ),
        "positive",
    ),
    "global_scale": (Prior("HalfCauchy", beta=0.1, rationale="Set from the number of covariates."), "positive"),
    "slab_variance": (
        Prior(
            "InverseGamma",
            alpha=2,
            beta=1,
            rationale="Coefficients that matter follow a t distribution with 4 degrees of freedom and scale 0.7.",
        ),
        "positive",
    ),
    "baseline_sd": (
        Prior(
            "HalfNormal",
            sigma=0.35,
            rationale="Hazards of patients alike in two studies typically differ by a factor of 1.3, rarely "
            "by more than 2.7.",
        ),
        "positive",
    ),
    "frailty_sd": (
        Prior(
            "HalfNormal",
            sigma=0.3,
            rationale="Hazards of two centres typically differ by a factor of 1.2, one pair in 20 by 2.5 or more.",
        ),
        "positive",
    ),
}
"""Default prior and domain of every parameter of the family; times are in months."""

_CONTINUOUS: Final = Prior(
    "Normal", mu=0, sigma=0.5, rationale="Two standard deviations apart, hazards differ sevenfold at most."
)
_LOCATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "exponential": ("median", "log_cumulative_hazard", "hazard", "log_hazard"),
    "weibull": ("median", "log_cumulative_hazard"),
    "piecewise": ("log_hazard", "hazard"),
    "m_spline": ("log_hazard",),
    **dict.fromkeys(_SHAPED, ("median",)),
}


@dataclass(frozen=True)
class SurvivalSpec(Specification):
    """Options and priors of a survival model.

    Parameters
    ----------
    baseline : {"exponential", "weibull", "piecewise", "m_spline", "log_logistic", "log_normal", "gompertz", \
"weibull_cure"}
    regimen_effect : {"proportional", "accelerated", "nonproportional", "stratified", "none"}
    location : str
        Which prior sets the level of the hazard: ``median``, ``log_cumulative_hazard``,
        ``hazard`` or ``log_hazard``.
    smoothing : {"independent", "random_walk"}
        Of piecewise log hazards.
    cutpoints : tuple of float or None
        Where piecewise hazards change; None takes the stated rule.
    reference_time : float or None
    time_unit : str or None
        Of priors, cut points, reference time, times, horizons and results; the data's if None.
    dating : {"interval", "detecting_scan"}
        When progression found by a scan happened.
    covariates : tuple of Covariate
    priors : tuple of (str, PriorSet)
        The parameters of this model and their priors.
    stated : tuple of str
        Parameters whose prior was given rather than taken from the defaults.
    times, horizons : tuple of float or None
        When survival is reported, and to when the restricted mean.
    population : str, tuple of (str, value) or TargetTable
        Over whom results are averaged: ``"all"``, a regimen, the profile of one patient, or a table.
    event_free : float or None
        How long a new patient has been free of the event whose further course is predicted.
    frailty : str or None
        Column of the centres whose hazards differ (log-normal frailty).
    centres : {"observed", "new"}
        Whether patients of the target population stay at their own centres or are averaged over
        new ones. Profiles and tables are of new ones; a profile may name its centre.
    shrinkage : {"none", "ridge", "horseshoe"}
        Of the coefficients of covariates; see `shrinkage`.
    relevant : int or None
        How many covariates are expected to matter (horseshoe); a third of them if None.
    regimen_coding : {"exchangeable", "reference"}
        Whether regimens deviate from a common level, under a prior that is the same for every pair of them, or
        the first regimen has the prior of the level and the others log hazard ratios against it.
    baselines : {"shared", "exchangeable", "own"}
        Of studies known from papers, beside that of own patients.
    imputation : ImputationSpec
        Priors and order of the regressions that impute missing covariates.
    effect_modifiers : tuple of str
        Columns of the covariates whose coefficient depends on the regimen.
    knots : tuple of float or None
        Where the pieces of a spline meet, the last where it ends; None takes the stated rule.
    strata : StrataSpec
        Which patients have a baseline hazard of their own.
    """

    baseline: Baseline
    regimen_effect: RegimenEffect
    location: str
    smoothing: Literal["independent", "random_walk"]
    cutpoints: tuple[float, ...] | None
    reference_time: float | None
    time_unit: str | None
    dating: Dating
    covariates: tuple[Covariate, ...]
    priors: tuple[tuple[str, PriorSet], ...]
    stated: tuple[str, ...] = ()
    times: tuple[float, ...] | None = None
    horizons: tuple[float, ...] | None = None
    population: Target = "all"
    event_free: float | None = None
    frailty: str | None = None
    centres: Literal["observed", "new"] = "observed"
    shrinkage: Literal["none", "ridge", "horseshoe"] = "none"
    relevant: int | None = None
    regimen_coding: RegimenCoding = "exchangeable"
    baselines: StudyBaselines = "shared"
    imputation: ImputationSpec = field(default_factory=ImputationSpec)
    effect_modifiers: tuple[str, ...] = ()
    strata: StrataSpec = field(default_factory=StrataSpec)
    knots: tuple[float, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        centre = [] if self.frailty is None else [self.frailty]
        return (*(c.column for c in self.covariates), *centre, *self.strata.columns)

    @property
    def adjusted_for(self) -> tuple[str, ...]:
        return (*super().adjusted_for, *self.strata.columns)

    @property
    def stated_unit(self) -> str | None:
        return self.time_unit

    @property
    def log_ratio_prior(self) -> PriorSet | None:
        return dict(self.priors).get("log_hazard_ratio")

    @property
    def no_hazard_ratio(self) -> str:
        return 'its regimen_effect is "none"' if self.regimen_effect == "none" else ""

    @property
    def ratio_by_time(self) -> str:
        one = self.regimen_effect in ("proportional", "none")
        return "" if one else f'regimen_effect = "{self.regimen_effect}"'

    @property
    def constant_hazards(self) -> bool:
        return self.baseline == "exponential"

    @property
    def hazards_jump(self) -> bool:
        return self.baseline == "piecewise"

    @property
    def of_all_patients(self) -> bool:
        return self.population == "all"

    def times_of(self, estimand: str) -> tuple[float, ...]:
        return (self.horizons if estimand == "rmst" else self.times) or ()

    def reported_at(self, estimand: str, time: float) -> Self:
        if estimand == "rmst":
            return replace(self, horizons=(time,))
        return replace(self, times=(time,)) if estimand in ("survival", "hazard_ratio") else self

    def has(self, role: str) -> bool:
        """Whether the model has this parameter."""
        return role in dict(self.priors)

    def in_unit(self, unit: str) -> SurvivalSpec:
        """The same specification with its default priors, which are in months, put in a unit."""
        factor = unit_factor("months", unit)
        changed = []
        for role, prior_set in self.priors:
            prior = prior_set.default
            if role not in self.stated and role in ("median", "log_hazard"):
                shift = math.log(factor) if role == "median" else -math.log(factor)
                prior = Prior(
                    prior.distribution, mu=prior["mu"] + shift, sigma=prior["sigma"], rationale=prior.rationale
                )
            changed.append((role, PriorSet(prior, prior_set.overrides)))
        return replace(self, time_unit=unit, priors=tuple(changed))

    def with_continuous(self, labels: tuple[str, ...]) -> SurvivalSpec:
        """The same with the default prior of continuous covariates for those that are."""
        if not self.has("coefficient") or "coefficient" in self.stated:
            return self
        found = self.prior("coefficient")
        named = dict(found.overrides)
        extra = tuple((label, _CONTINUOUS) for label in labels if label not in named)
        changed = PriorSet(found.default, (*found.overrides, *extra))
        return replace(self, priors=tuple((r, changed if r == "coefficient" else p) for r, p in self.priors))

    def with_modifiers(self, modifiers: Modifiers) -> SurvivalSpec:
        """The same with the priors of the further columns of effect modifiers."""
        if not modifiers:
            return self
        changed = modifiers.prior(self.prior("coefficient"), self.prior(INTERACTION))
        return replace(self, priors=tuple((r, changed if r == "coefficient" else p) for r, p in self.priors))


def read_spec(model: Reader, priors: Reader, estimands: Reader) -> SurvivalSpec:
    """Read `[model]`, `[priors]` and `[estimands]` of a survival analysis."""
    baseline = model.text("baseline", "weibull", _BASELINES)
    effect = model.text("regimen_effect", "proportional", _EFFECTS)
    coding = read_coding(model)
    smoothing = model.text("smoothing", "independent", ("independent", "random_walk"))
    cutpoints = _numbers(model, "cutpoints")
    knots = _numbers(model, "knots")
    reference_time = model.number("reference_time", None, above=0)
    unit = model.text("time_unit", None, tuple(DAYS_IN))
    dating = model.text("dating", "interval", ("interval", "detecting_scan"))
    covariates = read_covariates(model, survival=True)
    modifiers = read_modifiers(model, covariates)
    frailty = model.text("frailty", None)
    strata = read_strata(model, covariates=[c.column for c in covariates], frailty=frailty, effect=effect)
    study_baselines = model.text("baselines", "shared", _STUDY_BASELINES)
    centres = estimands.text("centres", "observed", ("observed", "new"))
    shrinkage = model.text("shrinkage", "none", ("none", "ridge", "horseshoe"))
    relevant = model.number("relevant", None, above=0, integer=True)
    location = _location(baseline, priors)
    given = (cutpoints is not None, smoothing == "random_walk", knots is not None)
    keys = (("cutpoints", "piecewise"), ("smoothing", "piecewise"), ("knots", "m_spline"))
    _only_of(model, baseline, [(key, of, there) for (key, of), there in zip(keys, given, strict=True)])
    if reference_time is not None and baseline == "m_spline":
        model.problem("reference_time", "is not there with an m_spline, whose level is the hazard at time zero")
    _check_effect(model, baseline, effect, bool(modifiers))
    if baseline not in ("exponential", "piecewise") and any(c.bins for c in covariates):
        model.problem(
            "covariates", f"bins collapse the rows of exponential and piecewise models; a {baseline} model has none"
        )
    if location == "log_cumulative_hazard" and reference_time is None:
        model.problem("reference_time", "is required with priors.log_cumulative_hazard: when the prior holds")
    if location == "hazard" and smoothing == "random_walk":
        priors.problem("hazard", "a random walk is of log hazards; give priors.log_hazard")
    if not covariates and shrinkage != "none":
        model.problem("shrinkage", "needs covariates, whose coefficients it shrinks")
    if modifiers and shrinkage != "none":
        model.problem("shrinkage", "is not there with effect_modifiers, whose prior shrinks them already")
    if modifiers and effect in ("stratified", "none"):
        model.problem("effect_modifiers", f'have no meaning with regimen_effect = "{effect}"')
    if relevant is not None and shrinkage != "horseshoe":
        model.problem("relevant", f'needs shrinkage = "horseshoe", not "{shrinkage}"')
    if frailty is None and centres == "new":
        estimands.problem("centres", "needs model.frailty, the column of the centres")
    if frailty in {c.column for c in covariates}:
        model.problem("frailty", f"{frailty} is a covariate already; leave one out")
    roles = _roles(location, baseline, effect, smoothing, shrinkage if covariates else None, frailty)
    roles = [*roles, *(["baseline_sd"] if study_baselines == "exchangeable" else [])]
    prior_sets, stated = _read_priors(priors, roles, effect, shrinkage, coding)
    imputation = _read_imputation(model, priors, [c.column for c in covariates if c.missing == "impute"])
    if modifiers:
        prior_sets = (*prior_sets, (INTERACTION, read_interaction(priors)))
    elif priors.has(INTERACTION):
        priors.take(INTERACTION)
        priors.problem(INTERACTION, "is the prior of model.effect_modifiers, and there are none")
    return SurvivalSpec(
        baseline,
        effect,
        location,
        smoothing,
        cutpoints,
        reference_time,
        unit,
        dating,
        covariates,
        prior_sets,
        stated,
        times=_numbers(estimands, "times"),
        horizons=_numbers(estimands, "horizons"),
        population=read_population(estimands),
        event_free=estimands.number("event_free", None, above=0),
        frailty=frailty,
        centres=centres,
        shrinkage=shrinkage,
        relevant=relevant,
        regimen_coding=coding,
        baselines=study_baselines,
        imputation=imputation,
        effect_modifiers=modifiers,
        strata=strata,
        knots=knots,
    )


def _only_of(model: Reader, baseline: str, settings: Sequence[tuple[str, str, bool]]) -> None:
    """Whether a setting was given that only another baseline has; settings are key, baseline and whether given."""
    for key, of, given in settings:
        if given and baseline != of:
            model.problem(key, f'needs baseline = "{of}", not "{baseline}"')


def _check_effect(model: Reader, baseline: str, effect: str, modifiers: bool) -> None:
    """Whether a baseline takes what regimens are said to do to it."""
    if effect == "nonproportional" and baseline == "exponential":
        model.problem("regimen_effect", 'constant hazards are proportional; use "proportional" or "stratified"')
    if effect == "accelerated" and baseline == "weibull_cure":
        model.problem(
            "regimen_effect",
            'if regimens stretched time, all would keep as many for good; use "proportional" or "stratified"',
        )
    elif effect == "accelerated" and baseline not in _STRETCHED:
        listed = ", ".join(f'"{b}"' for b in _STRETCHED)
        model.problem("regimen_effect", f'"accelerated" is of baseline = {listed}; a Weibull model gives both ratios')
    if effect == "nonproportional" and baseline == "weibull_cure":
        model.problem("regimen_effect", '"weibull_cure" hazards take "proportional", "stratified" or "none"')
    if effect == "nonproportional" and baseline in _STRETCHED:
        model.problem("regimen_effect", f'"{baseline}" hazards take "proportional", "accelerated" or "stratified"')
    if effect == "nonproportional" and baseline == "m_spline":
        model.problem("regimen_effect", '"m_spline" hazards take "proportional", "stratified" or "none"')
    if effect == "accelerated" and modifiers:
        model.problem("effect_modifiers", "act on hazard ratios; they are not there with accelerated regimens")


def _read_imputation(model: Reader, priors: Reader, imputed: Sequence[str]) -> ImputationSpec:
    """The regressions that impute: `priors.imputation_intercept`, `_slope` and `_sd`, and `imputation_order`."""
    found = []
    for part, default in IMPUTATION_PRIORS.items():
        role = f"imputation_{part}"
        if not priors.has(role):
            continue
        stated = priors.prior(role, default, "positive" if part == "sd" else "real")
        if stated.overrides:
            priors.problem(f'{role}."{stated.overrides[0][0]}"', "one value holds for all")
        if not imputed:
            priors.problem(role, 'needs a covariate with missing = "impute"')
        found.append((part, stated.default))
    order = model.texts("imputation_order", ())
    for column in order:
        if column not in imputed:
            model.problem("imputation_order", f'{column} is not a covariate with missing = "impute"')
    if len(set(order)) < len(order):
        model.problem("imputation_order", "names a covariate twice")
    return ImputationSpec(tuple(found), tuple(order))


def _roles(
    location: str, baseline: str, effect: str, smoothing: str, shrinkage: str | None, frailty: str | None
) -> list[str]:
    """The parameters of a model that have priors; `shrinkage` is None without covariates."""
    in_the_model = {
        location: True,
        "log_shape": baseline in ("weibull", "weibull_cure"),
        "log_spread": baseline in ("log_logistic", "log_normal"),
        "hazard_growth": baseline == "gompertz",
        "cure_fraction": baseline == "weibull_cure",
        "log_time_ratio": effect == "accelerated",
        "log_hazard_ratio": effect in ("proportional", "nonproportional"),
        "coefficient": shrinkage is not None,
        "coefficient_sd": shrinkage == "ridge",
        "global_scale": shrinkage == "horseshoe",
        "slab_variance": shrinkage == "horseshoe",
        "drift_sd": smoothing == "random_walk" or baseline == "m_spline",
        "frailty_sd": frailty is not None,
    }
    return [role for role, present in in_the_model.items() if present]


def _read_priors(
    priors: Reader, roles: Sequence[str], effect: str, shrinkage: str, coding: RegimenCoding
) -> tuple[tuple[tuple[str, PriorSet], ...], tuple[str, ...]]:
    """The priors of all parameters of a model, and which of them were stated."""
    by_regimen = {
        "stratified": {roles[0], *_SHAPES},
        "nonproportional": {"log_shape"},
    }.get(effect, set())
    prior_sets, stated = [], []
    for role in roles:
        default, domain = DEFAULT_PRIORS[role]
        if priors.has(role):
            stated.append(role)
        prior_set = priors.prior(role, default, domain)
        if prior_set.overrides and role not in {*by_regimen, "log_hazard_ratio", "log_time_ratio", "coefficient"}:
            label = prior_set.overrides[0][0]
            shared = role not in (roles[0], *_SHAPES)
            why = "one value holds for all" if shared else f'needs regimen_effect = "stratified", not "{effect}"'
            priors.problem(f'{role}."{label}"', why)
        if role == "coefficient" and shrinkage != "none" and prior_set.default is not default:
            priors.problem(
                role,
                f"the {shrinkage} shrinkage is the prior of the coefficients; give priors.coefficient.NAME for a "
                "covariate that is not to be shrunk",
            )
        if role in ("log_hazard_ratio", "log_time_ratio"):
            require_exchangeable(role, prior_set, coding, priors)
        prior_sets.append((role, prior_set))
    for role in DEFAULT_PRIORS:
        if role not in roles and priors.has(role):
            priors.take(role)
            priors.problem(role, f"is not a parameter of this model, which takes {', '.join(roles)}")
    return tuple(prior_sets), tuple(stated)


def _location(baseline: str, priors: Reader) -> str:
    """The one prior that sets the level of the hazard."""
    allowed = _LOCATIONS[baseline]
    given = [role for role in allowed if priors.has(role)]
    for extra in given[1:]:
        priors.take(extra)
        priors.problem(extra, f"the level of the hazard has its prior already, priors.{given[0]}; leave one out")
    return given[0] if given else allowed[0]


def _numbers(reader: Reader, key: str) -> tuple[float, ...] | None:
    """Positive numbers in ascending order."""
    value = reader.take(key, None)
    if value is None:
        return None
    listed = value if isinstance(value, list | tuple) else [value]
    good = all(isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < math.inf for v in listed)
    if not good or any(a >= b for a, b in pairwise(listed)):
        reader.problem(key, f"must be positive numbers in ascending order, not {value!r}")
        return None
    return tuple(float(v) for v in listed)


def described(model: PlainMapping, _priors: PlainMapping) -> list[str]:
    """Keys of the sentences that describe a stated model, in their order."""
    keys = [str(model.get("baseline", "weibull"))]
    keys += [f"smoothing_{model['smoothing']}"] if model.get("smoothing") else []
    keys.append(f"effect_{model.get('regimen_effect', 'proportional')}")
    keys += [key for key in ("strata", "frailty") if model.get(key)]
    return [*keys, f"shrinkage_{model.get('shrinkage')}"]
