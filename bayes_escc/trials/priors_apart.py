"""The design prior and the prior of the analysis beside each other: they answer two questions and should differ."""

from __future__ import annotations

from typing import Any

from bayes_escc.analysis import Analysis
from bayes_escc.names import Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.trials.page_words import DESIGN_WORDS
from bayes_escc.trials.spec import TrialSpec

__all__ = ["prior_notes", "priors_apart"]


def priors_apart(spec: TrialSpec, analysis: Analysis | None) -> Plain:
    """What the analysis believes beforehand, and where the design prior says the same.

    Parameters
    ----------
    spec : TrialSpec
    analysis : Analysis or None

    Returns
    -------
    dict
        ``stated``, whether there is a design prior; ``analysis``, the laws of the analysis as pairs of what they are of
        and the law; and ``equal``, those of them that are the design prior too.
    """
    laws = {**_of_rates(spec), **_of_ratio(spec, analysis)}
    prior = spec.design_prior
    equal = []
    if prior is not None:
        for (endpoint, arm), law in laws.items():
            planned: Any = prior.log_hazard_ratio if not endpoint else None
            if endpoint in prior.rates:
                planned = prior.rates[endpoint][arm]
            same = (law.alpha, law.beta) == planned if isinstance(law, Beta) else law == planned
            if planned is not None and same:
                equal.append(_name(spec, endpoint, arm))
    shown = [[_name(spec, *place), _law(law)] for place, law in laws.items()]
    return {"stated": prior is not None, "analysis": shown, "equal": equal}


def prior_notes(spec: TrialSpec, analysis: Analysis | None) -> tuple[str, ...]:
    """What is said of the design prior beneath the results: that there is none, or that it is that of the analysis."""
    found = priors_apart(spec, analysis)
    if not found["stated"]:
        return (f"{DESIGN_WORDS['no_design_prior']['en']} [design_prior] gives assurance and P(effective | go).",)
    if not found["equal"]:
        return ()
    return (DESIGN_WORDS["priors_equal"]["en"].format(names=", ".join(found["equal"])),)


def _of_rates(spec: TrialSpec) -> dict[tuple[str, int], Any]:
    """The prior of every rate that a rule looks at, by endpoint and arm."""
    found: dict[tuple[str, int], Any] = {}
    for planned in (p for p in spec.rules if not p.of_pfs and len(p.endpoints) == 1):
        own, other = planned.rule.prior, planned.rule.reference_prior
        for arm, law in ((planned.arm, own), (planned.reference, own if other is None else other)):
            if arm >= 0 and law is not None:
                found.setdefault((planned.endpoint, arm), law)
    return found


def _of_ratio(spec: TrialSpec, analysis: Analysis | None) -> dict[tuple[str, int], Any]:
    """The normal prior of the log hazard ratio, where the analysis has one."""
    stated = None if analysis is None else analysis.spec.log_ratio_prior
    if stated is None or len(spec.arms) != 2 or not any(p.of_pfs for p in spec.rules):
        return {}
    prior = stated[spec.arms[1]]
    if prior.distribution != "Normal":
        return {}
    return {("", 1): (float(prior["mu"]), float(prior["sigma"]))}


def _name(spec: TrialSpec, endpoint: str, arm: int) -> str:
    return f"{endpoint}, {spec.arms[arm]}" if endpoint else "log HR"


def _law(law: Any) -> str:
    if isinstance(law, Beta):
        return f"Beta({law.alpha:g}, {law.beta:g})"
    return str(law) if isinstance(law, BetaMixture) else f"Normal({law[0]:g}, {law[1]:g})"
