"""What the data decided in a model, written out as entries of an analysis.

Centres and scales of covariates, cut points, times, and the defaults of priors depend on the first data a
model sees. A study that grows states them once and carries them, so that its looks stay comparable.
"""

from __future__ import annotations

from collections.abc import Sequence

from bayes_escc.families.covariates import Covariate, EncodedCovariates
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.settings.prior import PriorSet

__all__ = ["stated_covariates", "stated_priors", "with_former_defaults"]


def with_former_defaults(content: PlainMapping) -> Plain:
    """A frozen analysis with what it left out because it had no name when it was frozen.

    Regimens were coded against the first of them before `regimen_coding` existed.
    """
    model = dict(content.get("model", {}))
    if model.get("family", "") == "survival" or model.get("network"):
        model.setdefault("regimen_coding", "reference")
    return {**content, "model": model}


def stated_priors(priors: Sequence[tuple[str, PriorSet]]) -> Plain:
    """The `[priors]` of an analysis."""
    return {role: prior_set.to_dict() for role, prior_set in priors}


def stated_covariates(covariates: Sequence[Covariate], encoded: EncodedCovariates) -> list[Plain]:
    """The `covariates` of an analysis, with the centres, scales and levels that were used."""
    entries = []
    for covariate in covariates:
        first = next(e for e in encoded.encoders if e.column == covariate.column)
        entry: Plain = {"column": covariate.column, "missing": covariate.missing}
        if covariate.bins is not None:
            entry["bins"] = covariate.bins
        if first.levels:
            entry |= {"coding": covariate.coding if covariate.coding != "auto" else "categorical"}
            entry |= {"levels": list(first.levels)}
        else:
            entry |= {
                "coding": "numeric",
                "transform": covariate.transform,
                "center": first.center,
                "scale": first.scale,
            }
        entry |= {key: value for key in ("label", "unit") if (value := getattr(covariate, key))}
        entries.append(entry)
    return entries
