"""Priors of the heterogeneity to vary an analysis by, on the scale of its measure and in its unit.

Log ratios and standardised differences have no unit; a mean or risk difference has that of its outcome, whose
standard deviation the unit-information standard deviation of the trials tells: halved, it is that of one patient.

References
----------
Roever C, Bender R, Dias S, et al. Res Synth Methods 2021;12:448-474 (unit-information standard deviation).
Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT. Stat Med 2015;34:984-998.
Rhodes KM, Turner RM, Higgins JPT. J Clin Epidemiol 2015;68:52-60.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from bayes_escc.evidence.endpoints import canonical_endpoint, endpoint_direction
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.names import Plain
from bayes_escc.settings.prior import Prior

__all__ = ["published_priors", "tau_priors", "unit_of_tau"]

_SCALES: Final = (0.1, 0.25, 0.5, 1.0)
_WITHOUT_UNIT: Final = ("HR", "OR", "RR", "SMD")
_MEDIAN_OF_DEFAULT: Final = 0.5 * 0.6744897501960817
"""Median of HalfNormal(0.5), the default prior of tau for measures without unit."""
_TURNER_OUTCOMES: Final[Mapping[str, str]] = {
    "OS": "all-cause mortality",
    "OS_event": "all-cause mortality",
    "death": "all-cause mortality",
    "PFS": "cause-specific mortality, major morbidity or composite",
    "PFS_event": "cause-specific mortality, major morbidity or composite",
    "DFS": "cause-specific mortality, major morbidity or composite",
    "EFS": "cause-specific mortality, major morbidity or composite",
}
"""Outcome of the published priors by endpoint; no published outcome is a tumour response."""


def unit_of_tau(contrasts: Contrasts, spec: SynthesisSpec) -> float:
    """The size that a heterogeneity of 1 on the log scale of ratios corresponds to, in the unit of the effects.

    One for measures without unit; else the standard deviation of one patient, half the unit-information
    standard deviation, where the patients of every trial are known; else what the analysis's own priors say.
    """
    if contrasts.measure.removeprefix("log ") in _WITHOUT_UNIT:
        return 1.0
    patients = np.asarray(contrasts.n, dtype=float).sum(axis=1)
    if np.isfinite(patients).all() and (patients > 0.0).all():
        return 0.5 * math.sqrt(float(patients.sum()) / float((1.0 / np.diag(contrasts.V)).sum()))
    if spec.pooling == "random":
        median = float(spec.prior("tau").default.law().ppf(0.5))
        return median / _MEDIAN_OF_DEFAULT
    return float(spec.prior("effect").default["sigma"])


def tau_priors(contrasts: Contrasts, spec: SynthesisSpec) -> list[tuple[str, Prior]]:
    """Priors of tau from narrow to wide, each with its label; and a published one that fits, by its name."""
    unit = unit_of_tau(contrasts, spec)
    chosen = [Prior("HalfNormal", sigma=scale * unit) for scale in _SCALES]
    chosen.append(Prior("HalfCauchy", beta=0.5 * unit))
    found = [(f"tau ~ {prior}", prior) for prior in chosen]
    return found + published_priors(contrasts)


def published_priors(contrasts: Contrasts) -> list[tuple[str, Prior]]:
    """The published prior of the outcome and comparison of an analysis; none where no published one fits.

    Turner's are of log odds ratios of binary outcomes, used for other ratios for want of their own; Rhodes's of
    standardised mean differences. Comparisons are taken to be of medicines, against placebo where a control says so.
    """
    measure = contrasts.measure.removeprefix("log ")
    inert = any(word in c.casefold() for c in contrasts.control for word in ("placebo", "best supportive", "no treat"))
    comparison = "pharmacological vs placebo" if inert else "pharmacological vs pharmacological"
    endpoint = canonical_endpoint(contrasts.endpoint)
    if measure == "SMD":
        given = {"outcome": "any", "comparison": comparison}
        name = "Rhodes"
    elif measure in ("HR", "OR", "RR"):
        outcome = _TURNER_OUTCOMES.get(endpoint)
        if outcome is None and endpoint_direction(endpoint) == "lower" and endpoint not in ("PD", "NE"):
            outcome = "adverse events"
        if outcome is None:
            return []
        given, name = {"outcome": outcome, "comparison": comparison}, "Turner"
    else:
        return []
    named: Plain = {**given}
    prior = Prior(name, **named)
    return [(f"{name}, {given['outcome']}, {comparison}: tau ~ {prior}", prior)]
