"""One way to vary an analysis, and the prior widths that readers of every family ask to see varied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bayes_escc.names import Plain
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["ExactVariations", "Variation", "changed", "scaled", "without_covariates"]

_OF_COVARIATES = ("coefficient", "coefficient_sd", "global_scale", "slab_variance")


@dataclass(frozen=True)
class Variation:
    """One way to vary an analysis.

    Parameters
    ----------
    group, label : str
    spec : specification
        Of the family of the analysis.
    changed : tuple of (str, PriorSet)
        The priors that differ, where nothing else does; empty where the model itself changes.
    without : str, optional
        A study that is left out.
    """

    group: str
    label: str
    spec: Any
    changed: tuple[tuple[str, PriorSet], ...] = ()
    without: str | None = None


@dataclass(frozen=True)
class ExactVariations:
    """The effects of a synthesis under every variation, by quadrature.

    Parameters
    ----------
    rows : tuple of dict
        One per variation, with group, label, median, lower, upper, probability_below_null and tau.
    unit, better : str
    bayes_factors : mapping of str to float
    notes : tuple of str
    as_specified : bool
        Whether the first row is the analysis itself, not an approximation of it.
    """

    rows: tuple[Plain, ...]
    unit: str
    better: str
    bayes_factors: Mapping[str, float]
    notes: tuple[str, ...]
    as_specified: bool


def changed(spec: Any, group: str, label: str, role: str, prior: PriorSet) -> Variation:
    """The same model with another prior of one role."""
    priors = tuple((r, prior if r == role else p) for r, p in spec.priors)
    return Variation(group, label, replace(spec, priors=priors), ((role, prior),))


def scaled(spec: Any, roles: Mapping[str, str]) -> Iterator[Variation]:
    """Priors half and twice as wide, where they have a width to change.

    Parameters
    ----------
    spec : specification
    roles : mapping of str to str
        The priors to vary, with what each is called.
    """
    for role, word in roles.items():
        if role not in dict(spec.priors):
            continue
        for factor, how in ((0.5, "half as wide"), (2.0, "twice as wide")):
            found = spec.prior(role)
            default, *others = [_stretched(p, factor) for p in (found.default, *(p for _, p in found.overrides))]
            names = [label for label, _ in found.overrides]
            overrides = tuple((name, p) for name, p in zip(names, others, strict=True) if p is not None)
            if default is None or len(overrides) < len(names):
                continue
            shown = "" if names else f": {default}"
            yield changed(spec, "other priors", f"{word} {how}{shown}", role, PriorSet(default, overrides))


def without_covariates(spec: Any, **also: Any) -> Variation:
    """The same without covariates and their priors."""
    kept = tuple((role, p) for role, p in spec.priors if role not in _OF_COVARIATES)
    return Variation("covariates", "without covariates", replace(spec, covariates=(), priors=kept, **also))


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
