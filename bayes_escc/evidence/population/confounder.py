"""What a bias would take: an unmeasured factor of a prevalence and a strength, and the E-value.

References
----------
Bross IDJ. J Chronic Dis 1966;19:637-647.
Ding P, VanderWeele TJ. Epidemiology 2016;27:368-377.
VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.bias import BiasScale

__all__ = ["Confounder", "bias_of_confounder", "bounding_factor", "e_value", "needed_prevalence", "needed_strength"]


@dataclass(frozen=True)
class Confounder:
    """A factor nobody measured.

    Parameters
    ----------
    strength : float
        By how much it multiplies the odds (or the hazard) of whoever has it.
    prevalence, reference_prevalence : float
        Share of the patients who have it, on the regimen and on the reference.
    """

    strength: float
    prevalence: float
    reference_prevalence: float

    def __post_init__(self) -> None:
        problems = []
        if not 0.0 < self.strength < math.inf:
            problems.append(f"strength is a ratio above 0, not {self.strength!r}")
        for name in ("prevalence", "reference_prevalence"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                problems.append(f"{name} is a share from 0 to 1, not {getattr(self, name)!r}")
        if problems:
            raise AnalysisError("; ".join(problems) + ".")


def bias_of_confounder(confounder: Confounder) -> float:
    """The bias a factor causes, log((1 + (g - 1) p) / (1 + (g - 1) p0)).

    Notes
    -----
    Exact for rates and for small cumulative hazards; a close upper limit in size for odds and hazards of common
    events, which average less.
    """
    g = confounder.strength - 1.0
    return math.log1p(g * confounder.prevalence) - math.log1p(g * confounder.reference_prevalence)


def needed_prevalence(bias: float, strength: float, reference_prevalence: float) -> float | None:
    """The prevalence on the regimen at which a factor of a strength causes a bias; None if there is none."""
    g = Confounder(strength, 0.0, reference_prevalence).strength - 1.0
    if g == 0.0:
        return reference_prevalence if bias == 0.0 else None
    found = (math.exp(bias) * (1.0 + g * reference_prevalence) - 1.0) / g
    return found if 0.0 <= found <= 1.0 else None


def needed_strength(bias: float, prevalence: float, reference_prevalence: float) -> float | None:
    """The strength at which a factor of two prevalences causes a bias; None if no strength does."""
    Confounder(1.0, prevalence, reference_prevalence)
    ratio = math.exp(bias)
    slope = prevalence - ratio * reference_prevalence
    if slope == 0.0:
        return None if ratio != 1.0 else 1.0
    found = 1.0 + (ratio - 1.0) / slope
    return found if 0.0 < found < math.inf else None


def bounding_factor(with_arm: float, with_outcome: float) -> float:
    """The largest ratio a factor can fake whose association with arm and with outcome are two risk ratios."""
    if min(with_arm, with_outcome) < 1.0:
        raise AnalysisError("the two associations of a bounding factor are risk ratios of at least 1.")
    return with_arm * with_outcome / (with_arm + with_outcome - 1.0)


def risk_ratio(bias: float, scale: BiasScale) -> float:
    """A log odds or log hazard ratio of a common event as a risk ratio of at least 1.

    Notes
    -----
    The square root of the odds ratio; (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR)) of the hazard ratio. Response and
    progression are never rare, and the formulas for rare events would overstate how robust a comparison is.
    """
    size = math.exp(min(abs(bias), 500.0))
    if scale == "log_odds":
        return math.sqrt(size)
    root = math.sqrt(size)
    return float((1.0 - 0.5**root) / (1.0 - 0.5 ** (1.0 / root)))


def e_value(bias: float, scale: BiasScale) -> float:
    """The E-value of a bias: how strongly a factor must go with both arm and outcome to cause it.

    Parameters
    ----------
    bias : float
        On its log scale, of either sign.
    scale : {"log_odds", "log_hazard"}
    """
    ratio = risk_ratio(bias, scale)
    return ratio + math.sqrt(ratio * (ratio - 1.0))
