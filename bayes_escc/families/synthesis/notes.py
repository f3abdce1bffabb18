"""What a reader of a synthesis should know before its numbers: few studies, defaults off their scale."""

from __future__ import annotations

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Problem
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.spec import DEFAULT_PRIORS
from bayes_escc.families.told_apart import aliased, not_told_apart

__all__ = ["notes_on"]

_FEW = 3
"""Under this many studies a heterogeneity is mostly what its prior says."""


def notes_on(design: SynthesisDesign, source: str) -> list[Problem]:
    """Notes on a prepared synthesis.

    Raises
    ------
    AnalysisError
        If effects are differences in a unit of their own, far larger than the default priors allow.
    """
    return [*_few_studies(design), *_not_told_apart(design), *_off_scale(design, source), *_not_randomised(design)]


def _not_randomised(design: SynthesisDesign) -> list[Problem]:
    """Studies whose contrasts no randomisation protects."""
    pairs = zip(design.contrasts.study, design.contrasts.designs, strict=True)
    studies = list(dict.fromkeys(study for study, how in pairs if how not in ("randomised", "")))
    if not studies:
        return []
    of_all = len(set(design.contrasts.study))
    return [
        Problem(
            "not_randomised",
            f"{len(studies)} of {of_all} studies are not randomised ({', '.join(studies)}): their regimens differ in "
            "patients too, and so does the pooled effect",
            "Say so beside the effect, show it without them, or state a bias of theirs.",
        )
    ]


def _few_studies(design: SynthesisDesign) -> list[Problem]:
    if not design.random:
        return []
    groups = np.zeros(design.k, dtype=int) if design.groups is None else design.groups
    columns = np.column_stack([design.X, design.Z])
    found = []
    for number, label in enumerate(design.tau_labels):
        mine = groups == number
        studies = {s for s, here in zip(design.contrasts.study, mine, strict=True) if here}
        whose = f" of {label}" if design.separate else ""
        if len(studies) < _FEW:
            said = "one study" if len(studies) == 1 else f"{len(studies)} studies"
        elif int(mine.sum()) - int(np.linalg.matrix_rank(columns[mine])) < _FEW - 1:
            said = f"{len(studies)} studies, nearly as many effects as contrasts,"
        else:
            continue
        found.append(
            Problem(
                "few_studies",
                f"{said} can say little of the heterogeneity{whose}: its posterior is mostly its prior, and the "
                "pooled interval rests on it",
                "See how the answer changes with the prior of tau (bayes-escc sensitivity), or use common effects.",
            )
        )
    return found


def _not_told_apart(design: SynthesisDesign) -> list[Problem]:
    """Effects and slopes that the studies cannot tell apart."""
    names = [f"the effect of {t}" if design.effect_dim else "the effect" for t in design.terms]
    names += [f"the slope on {label}" for label in design.covariates]
    return not_told_apart(aliased(np.column_stack([design.X, design.Z]), names), where="these studies")


def _off_scale(design: SynthesisDesign, source: str) -> list[Problem]:
    """The default priors are for log ratios; a mean difference has a unit of its own."""
    unstated = [r for r in ("effect", "tau") if r in dict(design.spec.priors)]
    unstated = [r for r in unstated if design.spec.prior(r).default is DEFAULT_PRIORS[r][0]]
    if design.contrasts.measure not in ("MD", "RD") or not unstated:
        return []
    y, error = np.abs(design.contrasts.y), np.sqrt(np.diag(design.contrasts.V))
    roles = " and ".join(f"priors.{r}" for r in unstated)
    if design.contrasts.measure == "RD":
        return [
            Problem(
                "default_prior",
                f"the default of {roles} is for log ratios, and these are differences of risks, between -1 and 1",
                "State it on that scale, for example Normal(0, 0.3) for the effect and HalfNormal(0.1) for tau.",
            )
        ]
    if y.max() > 4.0 or error.max() > 1.0:
        size = float(f"{max(y.max(), error.max()):.1g}")
        raise AnalysisError(
            f"{roles}: the defaults are for log ratios, and {source} gives mean differences up to {y.max():g} in a "
            f"unit of their own. State them on that scale: an effect beyond 2 sigma should be a surprise, so perhaps "
            f"Normal(0, {10 * size:g}) for the effect and HalfNormal({size:g}) for tau."
        )
    return [
        Problem(
            "default_prior",
            f"the default of {roles} is for log ratios, and these are mean differences in a unit of their own",
            "State it on that scale.",
        )
    ]
