"""Whether a constant hazard ratio describes the regimens, asked in three ways.

The model with hazards free to cross is fitted beside the proportional one: how much the hazard ratio then changes
between an early and a late time, which of the two models foresaw the data better (Bayes factor), and which would
foresee new patients better (leave-one-out). And data replicated under proportional hazards are searched for a
trend as strong as the observed one, which asks nothing of the other model.

References
----------
Gelman A, Meng X-L, Stern H. Stat Sinica 1996;6:733-807 (posterior predictive checks).
Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152 (restricted means where hazards are not proportional).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.answers.comparison import probability_with_error
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.exact_loo import loo_of
from bayes_escc.errors import AnalysisError
from bayes_escc.families import get_family
from bayes_escc.families.base import NOT_PROPORTIONAL, ProportionalityCheck
from bayes_escc.inference import Estimate, estimate
from bayes_escc.names import NO_ANSWER, NotebookView, Plain, PlainMapping
from bayes_escc.runs.run import prepare_design

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ProportionalHazards", "check_proportional_hazards"]

_FEW_EVENTS: Final = 40
_CREDIBLE: Final = 0.975
_FACTOR: Final = 3.0


@dataclass(frozen=True, repr=False)
class ProportionalHazards(NotebookView):
    """What speaks for and against a constant hazard ratio.

    Parameters
    ----------
    title, sentence : str
        `sentence` says the outcome in plain words.
    unit, reference : str
    early, late : float
        The times between which the change is measured: a quarter and three quarters of the events.
    ci_prob : float
    rows : tuple of dict
        Per regimen: ``change`` (the hazard ratio at the late time divided by that at the early one, where hazards may
        cross) with ``lower``, ``upper`` and ``probability_rising`` (above 1) with ``mcse_probability``; and
        ``predictive_probability``, a two-sided posterior predictive p-value: the share of data replicated under
        proportional hazards with a trend at least as strong, in either direction, as the observed one.
    bayes_factor, mcse_bayes_factor : float or None
        For proportional against free hazards; None where the evidence is not known.
    elpd_difference, se_difference : float
        Leave-one-out accuracy of the free hazards minus that of the proportional ones, and its standard error.
    messages : tuple of str
        Which of the two fits failed its diagnostics, and in what; `sentence` then says that there is no answer.
    """

    title: str
    sentence: str
    unit: str
    reference: str
    early: float
    late: float
    ci_prob: float
    rows: tuple[PlainMapping, ...]
    bayes_factor: float | None
    mcse_bayes_factor: float | None
    elpd_difference: float
    se_difference: float
    messages: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether both fits passed their diagnostics."""
        return not self.messages

    @property
    def table(self) -> pd.DataFrame:
        """One row per regimen."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows])

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        named = {k: v for k, v in vars(self).items() if k not in ("rows", "messages")}
        return {**named, "rows": [dict(r) for r in self.rows], "messages": list(self.messages)}

    def __repr__(self) -> str:
        from bayes_escc.report.check_text import proportional_hazards_text

        return proportional_hazards_text(self.to_dict())


def check_proportional_hazards(asked: Asked, table: Any = None) -> ProportionalHazards:
    """Check whether hazards are proportional between regimens.

    Four signs are looked at, any of which is enough to speak against it; docs/survival.md states their joint
    false-alarm rate, as simulated.

    Parameters
    ----------
    asked : Analysis or model
        Survival of patients with ``regimen_effect = "proportional"``.
    table : PatientTable, DataFrame or path, optional
        The analysis's own if not given; a model needs one.

    Raises
    ------
    AnalysisError
        If hazards are not assumed proportional, or there is one regimen only.
    """
    analysis, chosen = question(asked, table)
    proportionality = get_family(analysis.family).proportionality
    if proportionality is None:
        raise AnalysisError(NOT_PROPORTIONAL)
    design = prepare_design(analysis, chosen)
    check = proportionality(design)
    free = prepare_design(replace(analysis, spec=check.free), chosen)
    sampling = replace(analysis.sampling, sampler="laplace")
    fits = estimate(design, sampling), estimate(free, sampling)
    change = check.change(free, fits[1].parameters)
    tails = check.tails(fits[0].parameters, np.random.default_rng(analysis.sampling.seed))
    tail = (1.0 - analysis.ci_prob) / 2.0
    rows = []
    for i, regimen in enumerate(check.regimens[1:], start=1):
        draws = change[..., i]
        middle, lower, upper = np.exp(np.quantile(draws, [0.5, tail, 1.0 - tail]))
        rising, error = probability_with_error(draws > 0, draws)
        rows.append(
            {
                "regimen": regimen,
                "reference": check.regimens[0],
                "change": float(middle),
                "lower": float(lower),
                "upper": float(upper),
                "probability_rising": rising,
                "mcse_probability": error,
                "predictive_probability": tails[i - 1],
            }
        )
    factor, factor_error = _bayes_factor(*fits)
    elpd, se = _difference(loo_of(design, fits[0]), loo_of(free, fits[1]))
    failed = _failures(fits)
    sentence = NO_ANSWER if failed else _sentence(rows, factor, elpd, se, check)
    return ProportionalHazards(
        analysis.title,
        sentence,
        check.unit,
        check.regimens[0],
        check.early,
        check.late,
        analysis.ci_prob,
        tuple(rows),
        factor,
        factor_error,
        elpd,
        se,
        failed,
    )


def _failures(fits: tuple[Estimate, Estimate]) -> tuple[str, ...]:
    """What each of the two fits says of itself, if it failed its diagnostics."""
    named = zip(("proportional hazards", "free hazards"), (fit.diagnostics for fit in fits), strict=True)
    return tuple(f"{name}: {' '.join(d.messages)}" for name, d in named if not d.converged)


def _bayes_factor(proportional: Estimate, free: Estimate) -> tuple[float | None, float | None]:
    a, b = proportional.diagnostics, free.diagnostics
    if a.log_evidence is None or b.log_evidence is None:
        return None, None
    factor = math.exp(a.log_evidence - b.log_evidence)
    return factor, factor * math.hypot(a.mcse_log_evidence or 0.0, b.mcse_log_evidence or 0.0)


def _difference(proportional: Any, free: Any) -> tuple[float, float]:
    gap = free.each - proportional.each
    return float(gap.sum()), float(np.sqrt(gap.size * gap.var()))


def _sentence(
    rows: list[Plain],
    factor: float | None,
    elpd: float,
    se: float,
    check: ProportionalityCheck,
) -> str:
    """The outcome in plain words."""
    moved = [r for r in rows if not 1.0 - _CREDIBLE < r["probability_rising"] < _CREDIBLE]
    odd = [r for r in rows if r["predictive_probability"] < 0.05]
    against = factor is not None and factor < 1.0 / _FACTOR
    better = elpd > 2.0 * se > 0
    if moved or odd or against or better:
        named = ", ".join(dict.fromkeys(r["regimen"] for r in (*moved, *odd)))
        told = f"Hazards do not look proportional{f' ({named})' if named else ''}: "
        if moved:
            told += (
                f"between {check.early:.3g} and {check.late:.3g} {check.unit} the hazard ratio changes by a factor of "
                f"{moved[0]['change']:.2g} ({moved[0]['lower']:.2g} to {moved[0]['upper']:.2g}). "
            )
        else:
            told += "one hazard ratio does not describe the whole course. "
        return told + (
            "Compare survival at times or restricted means, and look at P(better) over time, with regimen_effect = "
            '"nonproportional" or "stratified".'
        )
    told = "Nothing here speaks against proportional hazards"
    if check.events < _FEW_EVENTS:
        told += f", but {check.events} events would show only a strong change"
    return f"{told}; the hazard ratio can stand for the whole course."
