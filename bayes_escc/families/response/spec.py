"""The specification of a response model: options and priors, no data, no PyMC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from bayes_escc.families.covariates import Covariate, read_covariates
from bayes_escc.families.exchangeable import RegimenCoding, read_coding, require_exchangeable
from bayes_escc.families.modifiers import INTERACTION, read_interaction, read_modifiers
from bayes_escc.families.rate_hierarchy_priors import RATE_HIERARCHY_PRIORS
from bayes_escc.families.response.links import EFFECTS, LEVELS
from bayes_escc.families.specification import Specification
from bayes_escc.names import PlainMapping, normalise
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = ["DEFAULT_PRIORS", "NAME", "ResponseSpec", "described", "read_spec"]

NAME: Final = "response"

Likelihood = Literal["binomial", "beta_binomial", "multinomial", "logistic"]
_LIKELIHOODS: Final = ("binomial", "beta_binomial", "multinomial", "logistic")

DEFAULT_PRIORS: Final[Mapping[str, tuple[Prior, str]]] = {
    "rate": (
        Prior("Beta", alpha=1, beta=1, rationale="Uniform: every rate is equally plausible before the data."),
        "unit",
    ),
    **RATE_HIERARCHY_PRIORS,
    "log_odds": (Prior("Normal", mu=0, sigma=1.5, rationale="Nearly uniform on the rate."), "real"),
    "log_risk": (Prior("Normal", mu=-1, sigma=1, rationale="A rate between 5 % and all patients."), "real"),
    "log_odds_ratio": (Prior("Normal", mu=0, sigma=1, rationale="Odds differ sevenfold at most."), "real"),
    "log_risk_ratio": (Prior("Normal", mu=0, sigma=0.5, rationale="Rates differ threefold at most."), "real"),
    "risk_difference": (Prior("Normal", mu=0, sigma=0.25, rationale="Rates differ by half at most."), "real"),
    "mean": (
        Prior("Beta", alpha=1, beta=1, rationale="Uniform: every mean rate is equally plausible before the data."),
        "unit",
    ),
    "precision": (
        Prior(
            "LogNormal",
            mu=3,
            sigma=1,
            rationale="Between studies, a rate of 30 % varies with a standard deviation of 4 to 23 points.",
        ),
        "positive",
    ),
    "categories": (
        Prior("Dirichlet", a=[0.5], rationale="Jeffreys: every category counts half a patient before the data."),
        "simplex",
    ),
    "intercept": (
        Prior("Normal", mu=0, sigma=1.5, rationale="Nearly uniform on the rate of an average patient."),
        "real",
    ),
    "coefficient": (
        Prior("Normal", mu=0, sigma=1, rationale="One unit or standard deviation changes the odds sevenfold at most."),
        "real",
    ),
}
"""Default prior and domain of every parameter of the family."""


@dataclass(frozen=True)
class ResponseSpec(Specification):
    """Options and priors of a response model.

    Parameters
    ----------
    likelihood : {"binomial", "beta_binomial", "multinomial", "logistic"}
    pooling : {"none", "partial"}
        Whether units share a hierarchy (binomial only).
    pool_over : {"regimens", "studies"}
        The units: regimens of one endpoint, or studies of one regimen.
    covariates : tuple of Covariate
        For the logistic likelihood.
    priors : tuple of (str, PriorSet)
        The parameters of this likelihood and their priors.
    effect_modifiers : tuple of str
        Columns of the covariates whose coefficient depends on the regimen.
    regimen_coding : {"exchangeable", "reference"}
        Whether a prior of a contrast holds for every pair of regimens or for each against the reference.
    reference : str or None
        That regimen; None where there is none.
    """

    likelihood: Likelihood
    pooling: Literal["none", "partial"]
    pool_over: Literal["regimens", "studies"]
    covariates: tuple[Covariate, ...]
    priors: tuple[tuple[str, PriorSet], ...]
    effect_modifiers: tuple[str, ...] = ()
    regimen_coding: RegimenCoding = "exchangeable"
    reference: str | None = None

    needs_response: ClassVar[bool] = True

    @property
    def predicts_empty_rows(self) -> bool:
        return self.pooling == "partial" or self.likelihood == "beta_binomial"

    @property
    def derives_endpoints(self) -> bool:
        return self.likelihood == "multinomial"

    @property
    def rate_prior(self) -> PriorSet | None:
        roles = [role for role, _ in self.priors]
        independent = (self.likelihood, self.pooling) == ("binomial", "none") and roles == ["rate"]
        return self.prior("rate") if independent else None

    @property
    def effect(self) -> str | None:
        """The contrast that has a prior, if one has."""
        return next((role for role, _ in self.priors if role in EFFECTS), None)

    @property
    def level(self) -> str:
        """What the prior of the rates themselves speaks of."""
        return next(role for role, _ in self.priors if role in LEVELS)


def _roles(likelihood: str, pooling: str, priors: Reader) -> tuple[str, ...]:
    """The parameters that have a prior."""
    if likelihood == "binomial":
        return ("logit_mean", "tau") if pooling == "partial" else _roles_of_rates(priors)
    return {
        "beta_binomial": ("mean", "precision"),
        "multinomial": ("categories",),
        "logistic": ("intercept", "coefficient"),
    }[likelihood]


def _roles_of_rates(priors: Reader) -> tuple[str, ...]:
    """What the priors of independent or tied rates speak of: a level, and perhaps a contrast."""
    levels, effects = ([role for role in roles if priors.has(role)] for roles in (LEVELS, EFFECTS))
    for stated, what in ((levels, "the rates already have"), (effects, "their contrast already has")):
        for role in stated[1:]:
            priors.take(role)
            priors.problem(role, f"{what} a prior, of {stated[0]}; state one of them")
    return (levels[0] if levels else "rate", *effects[:1])


_ALLOWED: Final = ("Normal", "StudentT", "Cauchy", "Uniform")


def _read_coding(
    model: Reader, priors: Reader, found: Sequence[tuple[str, PriorSet]]
) -> tuple[RegimenCoding, str | None]:
    """Whether a prior of a contrast holds for every pair or against a reference, and which that is."""
    stated_coding, reference = model.has("regimen_coding"), model.text("reference", None)
    coding: RegimenCoding = read_coding(model) if stated_coding else "exchangeable"
    effect = next((role for role, _ in found if role in EFFECTS), None)
    _check_distributions(found, priors)
    if effect is None:
        for key, stated in (("regimen_coding", stated_coding), ("reference", reference is not None)):
            if stated:
                model.problem(key, f"belongs to a prior of a contrast ({', '.join(EFFECTS)}); there is none")
        return "exchangeable", None
    if reference is not None and not stated_coding:
        coding = "reference"
    if coding == "reference" and reference is None:
        model.problem("reference", 'is needed with regimen_coding = "reference": name the regimen')
    if coding == "exchangeable" and reference is not None:
        model.problem("reference", 'has no meaning with regimen_coding = "exchangeable"; leave one of them out')
    _check_tied(found, effect, coding, priors)
    return coding, None if reference is None else normalise(reference)


def _check_distributions(found: Sequence[tuple[str, PriorSet]], priors: Reader) -> None:
    """Problems with the laws of log odds, log risks and contrasts."""
    for role, prior_set in found:
        if role == "rate" or role not in {*LEVELS, *EFFECTS}:
            continue
        for prior in (prior_set.default, *(p for _, p in prior_set.overrides)):
            if prior.distribution not in _ALLOWED:
                priors.problem(role, f"{prior} is not possible here: use one of {', '.join(_ALLOWED)}")


def _check_tied(found: Sequence[tuple[str, PriorSet]], effect: str, coding: RegimenCoding, priors: Reader) -> None:
    """Problems with the priors of a level and of a contrast where regimens are exchangeable."""
    level, of_level = next((role, p) for role, p in found if role in LEVELS)
    if coding == "exchangeable" and of_level.overrides:
        priors.problem(level, "is that of the average regimen, so none has its own; name model.reference")
    require_exchangeable(effect, dict(found)[effect], coding, priors)


def read_spec(model: Reader, priors: Reader, estimands: Reader) -> ResponseSpec:  # noqa: ARG001  (every family is read alike)
    """Read `[model]` and `[priors]` of a response analysis; `[estimands]` has no settings here."""
    likelihood = model.text("likelihood", "binomial", _LIKELIHOODS)
    pooling = model.text("pooling", "none", ("none", "partial"))
    over_studies = likelihood == "beta_binomial"
    if model.has("pool_over") and pooling == "none" and not over_studies:
        model.problem("pool_over", 'has no meaning with pooling = "none"; did you mean pooling = "partial"?')
    pool_over = model.text("pool_over", "studies" if over_studies else "regimens", ("regimens", "studies"))
    covariates = read_covariates(model)
    modifiers = read_modifiers(model, covariates)
    if pooling == "partial" and likelihood in {"multinomial", "logistic"}:
        model.problem("pooling", f'"partial" is not available with likelihood = "{likelihood}"; use "none"')
    if over_studies and pool_over == "regimens":
        model.problem("pool_over", 'a beta-binomial pools the studies of a regimen; use "studies" or leave it out')
    if covariates and likelihood != "logistic":
        model.problem("covariates", f'need likelihood = "logistic", not "{likelihood}"')
    roles = _roles(likelihood, pooling, priors)
    found = []
    for role in roles:
        default, domain = DEFAULT_PRIORS[role]
        found.append((role, priors.prior(role, default, domain)))
    if modifiers:
        found.append((INTERACTION, read_interaction(priors)))
    elif priors.has(INTERACTION):
        priors.take(INTERACTION)
        priors.problem(INTERACTION, "is the prior of model.effect_modifiers, and there are none")
    for role in DEFAULT_PRIORS:
        if role not in roles and priors.has(role):
            priors.take(role)
            priors.problem(
                role,
                f'is not a parameter with likelihood = "{likelihood}", pooling = "{pooling}", '
                f"which takes {' and '.join(roles)}",
            )
    coding, reference = _read_coding(model, priors, found)
    hierarchical = likelihood == "binomial" and pooling == "partial" and pool_over == "regimens"
    for role, prior_set in found:
        if hierarchical and prior_set.overrides:
            label = prior_set.overrides[0][0]
            priors.problem(f'{role}."{label}"', "the regimens share one hierarchy, so none has its own prior")
    return ResponseSpec(likelihood, pooling, pool_over, covariates, tuple(found), modifiers, coding, reference)


def described(model: PlainMapping, priors: PlainMapping) -> list[str]:
    """Keys of the sentences that describe a stated model, in their order."""
    likelihood = str(model.get("likelihood", "binomial"))
    if likelihood != "binomial":
        return [likelihood]
    if model.get("pooling") == "partial":
        return ["binomial", f"pooling_{model.get('pool_over', 'partial')}"]
    return ["binomial", "pooling_none" if set(priors) <= {"rate"} else "pooling_contrast"]
