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
from numpy.typing import NDArray

from bayes_escc.answers.comparison import probability_with_error
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.exact_loo import loo_of
from bayes_escc.checks.variations import with_baseline
from bayes_escc.errors import AnalysisError
from bayes_escc.families.survival import SurvivalSpec
from bayes_escc.inference import Estimate, estimate
from bayes_escc.names import CHAIN, DRAW, AnyArray, NotebookView, Plain, PlainMapping
from bayes_escc.runs.run import prepare_design

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.families.survival.design import SurvivalDesign

__all__ = ["ProportionalHazards", "check_proportional_hazards"]

Array = NDArray[np.float64]
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

    @property
    def table(self) -> pd.DataFrame:
        """One row per regimen."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows])

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        named = {k: v for k, v in vars(self).items() if k != "rows"}
        return {**named, "rows": [dict(r) for r in self.rows]}

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
    spec = analysis.spec
    if not isinstance(spec, SurvivalSpec) or spec.regimen_effect != "proportional":
        raise AnalysisError(
            'proportional hazards: needs a survival analysis with regimen_effect = "proportional"; any other makes no '
            "such assumption."
        )
    design: Any = prepare_design(analysis, chosen)
    if not hasattr(design, "follow_up") or len(design.regimens) < 2:
        raise AnalysisError("proportional hazards: needs patients on at least two regimens.")
    spec = replace(design.spec, stated=tuple(r for r, _ in design.spec.priors))
    free_spec = with_baseline(spec, "weibull") if spec.baseline == "exponential" else spec
    if spec.baseline == "piecewise":
        free_spec = replace(free_spec, cutpoints=tuple(map(float, design.cuts)) or None)
    free_spec = replace(free_spec, regimen_effect="nonproportional")
    free: Any = prepare_design(replace(analysis, spec=free_spec), chosen)
    sampling = replace(analysis.sampling, sampler="laplace")
    fits = estimate(design, sampling), estimate(free, sampling)
    early, late = (float(q) for q in np.quantile(_middle(design)[design.follow_up.event], [0.25, 0.75]))
    change = _change(free, fits[1], early, late)
    tails = _predictive(design, fits[0], np.random.default_rng(analysis.sampling.seed))
    tail = (1.0 - analysis.ci_prob) / 2.0
    rows = []
    for i, regimen in enumerate(design.regimens[1:], start=1):
        draws = change[..., i]
        middle, lower, upper = np.exp(np.quantile(draws, [0.5, tail, 1.0 - tail]))
        rising, error = probability_with_error(draws > 0, draws)
        rows.append(
            {
                "regimen": regimen,
                "reference": design.regimens[0],
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
    sentence = _sentence(rows, factor, elpd, se, design.events, early, late, design.unit)
    return ProportionalHazards(
        analysis.title,
        sentence,
        design.unit,
        design.regimens[0],
        early,
        late,
        analysis.ci_prob,
        tuple(rows),
        factor,
        factor_error,
        elpd,
        se,
    )


def _middle(design: SurvivalDesign) -> Array:
    """When each event happened, or the middle of the interval that holds it."""
    f = design.follow_up
    return np.where(f.interval, (f.lower + np.where(f.right, f.lower, f.upper)) / 2.0, f.last)


def _change(free: SurvivalDesign, found: Estimate, early: float, late: float) -> Array:
    """Change of the log hazard ratio to the first regimen between two times, (chain, draw, regimen)."""
    hazards = free.curves(found.parameters).log_hazard(np.array([early, late]))
    ratios = hazards - hazards[:, :1]
    shape = (found.parameters.sizes[CHAIN], found.parameters.sizes[DRAW])
    return np.asarray((ratios[..., 1] - ratios[..., 0]).reshape(*shape, -1))


def _predictive(design: SurvivalDesign, found: Estimate, rng: np.random.Generator) -> list[float]:
    """Share of replicated data whose trend is at least as strong as the observed one, per regimen."""
    replicated = design.simulate(found.parameters, rng)

    def flat(name: str) -> Array:
        values = replicated[name].transpose(CHAIN, DRAW, ...).to_numpy()
        return np.asarray(values.reshape(-1, values.shape[-1]), dtype=float)

    observed, event = _middle(design), design.follow_up.event.astype(float)
    split = float(np.median(observed[design.follow_up.event]))
    entry = design.follow_up.entry
    mine = _trend(observed[None], event[None], entry, design.regimen, split, len(design.regimens))[0]
    theirs = _trend(flat("time"), flat("event"), entry, design.regimen, split, len(design.regimens))
    above = (theirs >= mine).mean(axis=0)
    return [float(min(1.0, 2.0 * min(p, 1.0 - p))) for p in above]


def _trend(time: Array, event: Array, entry: Array, regimen: AnyArray, split: float, regimens: int) -> Array:
    """Log ratio of the rate ratios after and before a time, against the first regimen, (draws, regimens - 1).

    Half an event is added to every count, so that none is zero.
    """
    logs = []
    for r in range(regimens):
        t, d, e = time[:, regimen == r], event[:, regimen == r], entry[regimen == r]
        first = np.clip(np.minimum(t, split) - e, 0.0, None).sum(axis=1)
        second = np.clip(t - np.maximum(e, split), 0.0, None).sum(axis=1)
        early = (d * (t <= split)).sum(axis=1) + 0.5
        later = (d * (t > split)).sum(axis=1) + 0.5
        logs.append(np.log(later / np.maximum(second, 1e-9)) - np.log(early / np.maximum(first, 1e-9)))
    stacked = np.stack(logs, axis=1)
    return np.asarray(stacked[:, 1:] - stacked[:, :1])


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
    events: int,
    early: float,
    late: float,
    unit: str,
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
                f"between {early:.3g} and {late:.3g} {unit} the hazard ratio changes by a factor of "
                f"{moved[0]['change']:.2g} ({moved[0]['lower']:.2g} to {moved[0]['upper']:.2g}). "
            )
        else:
            told += "one hazard ratio does not describe the whole course. "
        return told + (
            "Compare survival at times or restricted means, and look at P(better) over time, with regimen_effect = "
            '"nonproportional" or "stratified".'
        )
    told = "Nothing here speaks against proportional hazards"
    if events < _FEW_EVENTS:
        told += f", but {events} events would show only a strong change"
    return f"{told}; the hazard ratio can stand for the whole course."
