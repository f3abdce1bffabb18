"""What a reader of a comparison of rates asks to see varied: priors and covariates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.families.variation import Variation, changed, scaled, without_covariates
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["RATE_PRIORS", "variations"]

RATE_PRIORS: Final = (
    ("uniform", Prior("Beta", alpha=1, beta=1)),
    ("Jeffreys", Prior("Beta", alpha=0.5, beta=0.5)),
    ("10 patients, 20 % responding", Prior("Beta", alpha=2, beta=8)),
    ("10 patients, 40 % responding", Prior("Beta", alpha=4, beta=6)),
)
_OF_HIERARCHIES: Final = {
    "logit_mean": "mean log odds",
    "tau": "tau",
    "mean": "mean rate",
    "precision": "precision",
    "categories": "categories",
}


def variations(spec: ResponseSpec) -> Iterator[Variation]:
    """All variations of a specification, itself first."""
    yield Variation("analysis", "as specified", spec)
    if spec.likelihood == "logistic":
        yield from scaled(spec, {"intercept": "intercept", "coefficient": "coefficients"})
    elif spec.pooling != "none" or spec.likelihood != "binomial":
        for one in scaled(spec, _OF_HIERARCHIES):
            yield replace(one, changed=())  # fitted again
    elif spec.level != "rate" or spec.effect is not None:
        for one in scaled(spec, {role: role.replace("_", " ") for role, _ in spec.priors}):
            yield replace(one, changed=())  # fitted again
    else:
        for name, prior in RATE_PRIORS:
            yield changed(spec, "prior of the rate", f"{name}: {prior}", "rate", PriorSet(prior))
    if spec.covariates:
        yield without_covariates(spec)
