"""Published priors of the heterogeneity tau, from thousands of earlier meta-analyses.

`Turner` is for log odds ratios (used for log hazard and risk ratios too, for want of others),
`Rhodes` for standardised mean differences. Both were published for tau squared; here they are
given for tau, whose logarithm is half that of tau squared.

The papers' tables are behind what could be read when this was written. The numbers were taken
from, and agree cell by cell in, two public transcriptions of them: the R packages bayesmeta
(`TurnerEtAlPrior`, `RhodesEtAlPrior`) and rnmamod (`table_tau2_prior`). Left out on purpose:
mental health outcomes of Rhodes et al., of which both transcriptions give one location (3.85,
non-pharmacological) a whole unit off the pattern of every other outcome; and their separate
tables for cancer and respiratory disease, on one of which the transcriptions disagree in a sign.

References
----------
Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT. Stat Med 2015;34:984-998, table IV
(log-normal distributions of tau squared; any outcome: page 993).
Rhodes KM, Turner RM, Higgins JPT. J Clin Epidemiol 2015;68:52-60, table 3 (log-t distributions
with 5 degrees of freedom; any outcome: section 3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["PUBLISHED", "published_prior"]

_TURNER_COMPARISONS: Final = (
    "pharmacological vs placebo",
    "pharmacological vs pharmacological",
    "non-pharmacological vs placebo",
    "non-pharmacological vs pharmacological",
    "non-pharmacological vs non-pharmacological",
)
# outcome: location (negative) and scale for each of the five comparisons
_TURNER: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    "all-cause mortality": ((3.95, 1.34), (4.18, 1.41), (4.17, 1.55), (2.92, 1.02), (3.50, 1.26)),
    "obstetric outcomes": ((3.52, 1.74), (3.75, 1.79), (3.74, 1.91), (2.49, 1.50), (3.08, 1.68)),
    "cause-specific mortality, major morbidity or composite": (
        (3.71, 1.74),
        (3.95, 1.79),
        (3.93, 1.91),
        (2.68, 1.51),
        (3.27, 1.68),
    ),
    "resource use": ((2.34, 1.74), (2.58, 1.79), (2.56, 1.91), (1.31, 1.50), (1.90, 1.68)),
    "surgical or device success": ((2.14, 1.74), (2.37, 1.79), (2.36, 1.91), (1.11, 1.50), (1.69, 1.68)),
    "withdrawals": ((2.99, 1.74), (3.23, 1.79), (3.21, 1.91), (1.96, 1.51), (2.55, 1.68)),
    "internal or structural outcomes": ((2.71, 1.74), (2.94, 1.79), (2.93, 1.92), (1.67, 1.51), (2.26, 1.68)),
    "general physical health": ((2.29, 1.53), (2.53, 1.58), (2.51, 1.72), (1.26, 1.25), (1.85, 1.46)),
    "adverse events": ((1.87, 1.52), (2.10, 1.58), (2.10, 1.71), (0.84, 1.24), (1.43, 1.45)),
    "infection or new disease": ((2.49, 1.52), (2.73, 1.58), (2.71, 1.71), (1.46, 1.24), (2.05, 1.45)),
    "signs or symptoms": ((2.06, 1.51), (2.29, 1.58), (2.28, 1.71), (1.03, 1.24), (1.61, 1.45)),
    "pain": ((1.83, 1.52), (2.06, 1.58), (2.05, 1.71), (0.80, 1.25), (1.38, 1.45)),
    "quality of life": ((2.54, 1.54), (2.78, 1.60), (2.77, 1.73), (1.51, 1.27), (2.10, 1.47)),
    "mental health": ((2.12, 1.53), (2.35, 1.60), (2.34, 1.72), (1.09, 1.27), (1.67, 1.47)),
    "biological markers": ((1.77, 1.52), (2.00, 1.58), (1.99, 1.71), (0.74, 1.24), (1.33, 1.45)),
    "subjective outcomes": ((2.70, 1.52), (2.93, 1.58), (2.92, 1.71), (1.67, 1.25), (2.26, 1.45)),
    "any": ((2.56, 1.74), (2.56, 1.74), (2.56, 1.74), (2.56, 1.74), (2.56, 1.74)),
}

_RHODES_COMPARISONS: Final = (
    "pharmacological vs placebo",
    "pharmacological vs pharmacological",
    "non-pharmacological",
)
_RHODES: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    "obstetric outcome": ((4.13, 2.34), (4.40, 2.31), (3.99, 2.11)),
    "resource use": ((2.55, 2.73), (2.83, 2.70), (2.41, 2.57)),
    "internal or structural outcome": ((2.43, 2.50), (2.70, 2.46), (2.29, 2.32)),
    "physical health, adverse events, pain or quality of life": ((3.16, 2.50), (3.44, 2.44), (3.02, 2.27)),
    "signs, symptoms, infection or new disease": ((3.00, 2.50), (3.27, 2.47), (2.86, 2.33)),
    "biological marker": ((3.41, 2.83), (3.68, 2.78), (3.27, 2.66)),
    "subjective outcome": ((2.76, 2.58), (3.03, 2.59), (2.62, 2.41)),
    "any": ((3.44, 2.59), (3.44, 2.59), (3.44, 2.59)),
}

PUBLISHED: Final[Mapping[str, tuple[str, Sequence[str], Mapping[str, tuple[tuple[float, float], ...]]]]] = {
    "Turner": ("LogNormal", _TURNER_COMPARISONS, _TURNER),
    "Rhodes": ("LogStudentT", _RHODES_COMPARISONS, _RHODES),
}
"""Name: distribution of tau, comparisons, and the published (minus location, scale) of tau squared."""


def published_prior(name: str, given: Mapping[str, object]) -> tuple[str, dict[str, float], list[str]]:
    """The distribution and parameters of tau for a type of outcome and comparison.

    Parameters
    ----------
    name : str
        A key of `PUBLISHED`.
    given : mapping
        ``outcome`` and ``comparison``, by default pharmacological against placebo.

    Returns
    -------
    distribution, parameters, problems
    """
    distribution, comparisons, table = PUBLISHED[name]
    problems = [f"{name} has no parameter {k!r}: it takes outcome and comparison" for k in given if k not in _KEYS]
    outcome, comparison = given.get("outcome"), given.get("comparison", comparisons[0])
    for key, value, allowed in (("outcome", outcome, list(table)), ("comparison", comparison, list(comparisons))):
        if value not in allowed:
            import difflib

            close = difflib.get_close_matches(str(value), allowed, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            listed = "; ".join(allowed)
            problems.append(
                f"{name} {key} {value!r} is not one of: {listed}.{hint}" if value else f"{name} needs {key}: {listed}"
            )
    if problems:
        return distribution, {}, problems
    location, scale = table[str(outcome)][list(comparisons).index(str(comparison))]
    values = {"mu": -0.5 * location, "sigma": 0.5 * scale}
    return distribution, ({"nu": 5.0, **values} if distribution == "LogStudentT" else values), []


_KEYS: Final = ("outcome", "comparison")
