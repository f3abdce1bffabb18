"""The specification of a response model: options and priors, no data, no PyMC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from bayes_escc.families.covariates import Covariate, read_covariates
from bayes_escc.families.modifiers import INTERACTION, read_interaction, read_modifiers
from bayes_escc.families.rate_hierarchy_priors import RATE_HIERARCHY_PRIORS
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = ["DEFAULT_PRIORS", "NAME", "ResponseSpec", "read_spec"]

NAME: Final = "response"

Likelihood = Literal["binomial", "beta_binomial", "multinomial", "logistic"]
_LIKELIHOODS: Final = ("binomial", "beta_binomial", "multinomial", "logistic")

DEFAULT_PRIORS: Final[Mapping[str, tuple[Prior, str]]] = {
    "rate": (
        Prior("Beta", alpha=1, beta=1, rationale="Uniform: every rate is equally plausible before the data."),
        "unit",
    ),
    **RATE_HIERARCHY_PRIORS,
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
class ResponseSpec:
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
    """

    likelihood: Likelihood
    pooling: Literal["none", "partial"]
    pool_over: Literal["regimens", "studies"]
    covariates: tuple[Covariate, ...]
    priors: tuple[tuple[str, PriorSet], ...]
    effect_modifiers: tuple[str, ...] = ()

    needs_response: ClassVar[bool] = True
    """Whether the model is one of a response, so that patients must have a column of it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that the model names."""
        return tuple(c.column for c in self.covariates)

    def prior(self, role: str) -> PriorSet:
        """The priors of one parameter."""
        return dict(self.priors)[role]

    @property
    def rate_prior(self) -> PriorSet | None:
        """The prior of the rates, where they are independent and binomial."""
        return self.prior("rate") if (self.likelihood, self.pooling) == ("binomial", "none") else None


def _roles(likelihood: str, pooling: str) -> tuple[str, ...]:
    """The parameters that have a prior."""
    if likelihood == "binomial":
        return ("logit_mean", "tau") if pooling == "partial" else ("rate",)
    return {
        "beta_binomial": ("mean", "precision"),
        "multinomial": ("categories",),
        "logistic": ("intercept", "coefficient"),
    }[likelihood]


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
    roles = _roles(likelihood, pooling)
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
    hierarchical = likelihood == "binomial" and pooling == "partial" and pool_over == "regimens"
    for role, prior_set in found:
        if hierarchical and prior_set.overrides:
            label = prior_set.overrides[0][0]
            priors.problem(f'{role}."{label}"', "the regimens share one hierarchy, so none has its own prior")
    return ResponseSpec(likelihood, pooling, pool_over, covariates, tuple(found), modifiers)
