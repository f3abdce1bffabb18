"""What a synthesis rests on: every study left out, other heterogeneity, small-study effects, Bayes factors.

For a pairwise synthesis everything comes from the exact engine, so a whole table takes well under a second and has
no Monte Carlo error, counts taken as log odds ratios with their normal errors. Other models are fitted again
(`checks.refitted`).

References
----------
Stanley TD, Doucouliagos H. Res Synth Methods 2014;5:60-78 (PET and PEESE).
Vevea JL, Hedges LV. Psychometrika 1995;60:419-435 (selection; see `checks.selection`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.heterogeneity_priors import tau_priors
from bayes_escc.checks.prior_sensitivity import PriorSensitivity, prior_sensitivity
from bayes_escc.checks.refitted import refitted_rows
from bayes_escc.checks.selection import Selection, numbers, selection, words
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.families.response import ResponseSpec
from bayes_escc.families.survival import SurvivalSpec
from bayes_escc.families.synthesis import SynthesisSpec, prepare
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.gaussian import GaussianModel, integrate
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from bayes_escc.names import Direction

__all__ = ["Sensitivity", "sensitivity"]

_PET_SD: Final = 2.0
"""Prior standard deviation of the slope of PET, effect per standard error, which has no unit."""
_PEESE_SD: Final = 20.0
"""Of the slope of PEESE, effect per variance, over the typical standard error: wide, as variances are small."""


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """The pooled effect under every variation of an analysis.

    Parameters
    ----------
    title, unit, better : str
    ci_prob : float
    rows : tuple of dict
        group (``"analysis"``, ``"leave one out"``, ``"pooling"``, ``"prior of tau"``, ``"small-study
        effects"``, ``"selection"``), label, median, lower, upper, probability_below_null, tau (median or None).
    bayes_factors : mapping of str to float
        ``effect`` (an effect against none) and ``heterogeneity`` (random against common effects);
        both depend on the priors of what they test, which are those of the analysis.
    notes : tuple of str
        What the data say of the probability of publication, where a selection model was fitted: with
        three or more trials whose better direction is known.
    """

    title: str
    unit: str
    better: str
    ci_prob: float
    rows: tuple[Mapping[str, Any], ...]
    bayes_factors: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per variation."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows])

    def __repr__(self) -> str:
        lines = [f"Sensitivity of {self.title} ({self.unit}):"]
        lines += [f"  {r['label']}: {r['median']:.2f} ({r['lower']:.2f} to {r['upper']:.2f})" for r in self.rows]
        lines += [f"  Bayes factor for {k}: {v:.3g}" for k, v in self.bayes_factors.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "title": self.title,
            "unit": self.unit,
            "ci_prob": self.ci_prob,
            "rows": [dict(r) for r in self.rows],
            "bayes_factors": dict(self.bayes_factors),
            "notes": list(self.notes),
        }

    def plot(self) -> Figure:
        """Draw every variation under the interval of the analysis itself."""
        from bayes_escc.plots import interval_forest

        first = self.rows[0]
        factors = "; ".join(f"{k} {v:.3g}" for k, v in self.bayes_factors.items())
        return interval_forest(
            [(str(r["label"]), (r["lower"], r["median"], r["upper"])) for r in self.rows],
            title=f"Sensitivity. {self.title}",
            unit=self.unit,
            better=self.better,
            highlight=(first["lower"], first["median"], first["upper"]),
            footnote=f"Median and {100 * self.ci_prob:g} % credible interval of the pooled effect; shaded: the "
            f"analysis as specified. Bayes factors: {factors}. {' '.join(self.notes)}".rstrip(),
        )


def sensitivity(asked: Asked, table: Any = None) -> Sensitivity | PriorSensitivity:
    """Vary an analysis in every way a reader will ask about.

    Parameters
    ----------
    asked : Analysis or model
        A pairwise synthesis is varied by the exact engine; a network, a meta-regression, subgroups and arm counts
        with a 0 are fitted again for every row; a survival or response analysis is handed to `prior_sensitivity`.
    table : table, optional
        The analysis's own if not given; a model needs one.

    Returns
    -------
    Sensitivity or PriorSensitivity

    Raises
    ------
    AnalysisError
        If there is nothing to compare.
    """
    analysis, chosen = question(asked, table)
    spec = analysis.spec
    if isinstance(spec, SurvivalSpec | ResponseSpec):
        return prior_sensitivity(analysis, chosen)
    if not isinstance(spec, SynthesisSpec):  # pragma: no cover (there are three families)
        raise AnalysisError("sensitivity: needs a response, survival or synthesis analysis.")
    if spec.network or spec.covariates or spec.subgroup or spec.prior("effect").default.distribution != "Normal":
        return _refitted(analysis, chosen)
    try:
        contrasts = prepare(chosen, _normal(spec), analysis.data).contrasts
    except DataError:
        if spec.likelihood == "normal":
            raise
        return _refitted(analysis, chosen)  # a count of 0 has no log odds ratio with a normal error
    heterogeneity = tau_priors(contrasts, spec)
    tau = spec.prior("tau").default if spec.pooling == "random" else heterogeneity[2][1]
    random, common = _with(spec, "random", tau), _with(spec, "common", None)
    main = random if spec.pooling == "random" else common
    rows = [_row("analysis", "as specified", contrasts, main, analysis)]
    if len(contrasts) > 2:
        for study in contrasts.study:
            rows.append(_row("leave one out", f"without {study}", _without(contrasts, study), main, analysis))
    other = common if spec.pooling == "random" else random
    name = "common effect" if spec.pooling == "random" else f"random effects, tau ~ {tau}"
    rows.append(_row("pooling", name, contrasts, other, analysis))
    for label, prior in heterogeneity:
        rows.append(_row("prior of tau", label, contrasts, _with(spec, "random", prior), analysis))
    if len(contrasts) > 2:
        variance = np.diag(contrasts.V)
        typical = math.sqrt(1.0 / float(np.mean(1.0 / variance)))
        for label, x, slope_sd in (("PET", np.sqrt(variance), _PET_SD), ("PEESE", variance, _PEESE_SD / typical)):
            rows.append(_small_studies(label, x, slope_sd, contrasts, main, analysis))
    design, factors, notes = _design(contrasts, main), _bayes_factors(contrasts, main, random, common), []
    if len(contrasts) > 2 and contrasts.better in ("lower", "higher"):
        selected = _selected(contrasts, main)
        label = "selection of trials that favour the experimental arm"
        rows.append({"group": "selection", "label": label, **numbers(selected, design.ratio, analysis.ci_prob)})
        notes.append(words(selected, len(contrasts), analysis.ci_prob))
    return Sensitivity(
        analysis.title, design.unit, contrasts.better, analysis.ci_prob, tuple(rows), factors, tuple(notes)
    )


def _refitted(analysis: Analysis, table: Any) -> Sensitivity:
    """The same by fitting every variation, where the exact engine does not answer for all of them."""
    rows, (unit, better), notes = refitted_rows(analysis, table)
    return Sensitivity(analysis.title, unit, better, analysis.ci_prob, tuple(rows), {}, tuple(notes))


def _selected(contrasts: Contrasts, spec: SynthesisSpec) -> Selection:
    y, se, tau = contrasts.y, np.sqrt(np.diag(contrasts.V)), dict(spec.priors).get("tau")
    better = cast("Direction", contrasts.better)
    return selection(y, se, better, spec.prior("effect").default, tau.default if tau is not None else None)


def _normal(spec: SynthesisSpec) -> SynthesisSpec:
    kept = tuple((role, p) for role, p in spec.priors if role != "baseline")
    return replace(spec, likelihood="normal", priors=kept)


def _with(spec: SynthesisSpec, pooling: Any, tau: Prior | None) -> SynthesisSpec:
    priors = [("effect", spec.prior("effect"))]
    if tau is not None:
        priors.append(("tau", PriorSet(tau)))
    return replace(spec, likelihood="normal", pooling=pooling, priors=tuple(priors))


def _without(contrasts: Contrasts, study: str) -> Contrasts:
    return contrasts.take(np.array([s != study for s in contrasts.study]))


def _design(contrasts: Contrasts, spec: SynthesisSpec) -> NormalDesign:
    return NormalDesign(contrasts, spec, (), ((), np.empty((len(contrasts), 0))))


def _row(group: str, label: str, contrasts: Contrasts, spec: SynthesisSpec, analysis: Analysis) -> dict[str, Any]:
    design = _design(contrasts, spec)
    found = design.quadrature
    if found is None:
        raise AnalysisError("sensitivity: needs a Normal prior of the effect, which the exact engine integrates.")
    location, spread = found.linear(np.ones((1, 1)))
    law = found.mixture(location[0], spread[0], exponentiated=design.ratio)
    tau = None if found.law is None else found.law.quantile(0.5)
    return _numbers(group, label, law, design.ratio, analysis.ci_prob, tau)


def _numbers(group: str, label: str, law: NormalMixture, ratio: bool, prob: float, tau: float | None) -> dict[str, Any]:
    tail = (1.0 - prob) / 2.0
    lower, median, upper = (law.quantile(q) for q in (tail, 0.5, 1.0 - tail))
    below = float(law.cdf(1.0 if ratio else 0.0))
    return {
        "group": group,
        "label": label,
        "median": median,
        "lower": lower,
        "upper": upper,
        "probability_below_null": below,
        "tau": tau,
    }


def _small_studies(
    label: str, x: Any, slope_sd: float, contrasts: Contrasts, spec: SynthesisSpec, analysis: Analysis
) -> dict[str, Any]:
    """The effect of an infinitely large study: regression on the standard error (PET) or the variance (PEESE).

    The slope of PET has no unit, that of PEESE the unit of one over the effect; its prior has the same.
    """
    design = _design(contrasts, spec)
    model, tau = design.gaussian, dict(spec.priors).get("tau")
    if model is None:  # pragma: no cover (checked before)
        raise AnalysisError("sensitivity: needs a Normal prior of the effect.")
    wide = GaussianModel(
        model.y,
        model.V,
        np.column_stack([model.X, x]),
        model.L,
        np.append(model.m0, 0.0),
        np.append(model.s0, slope_sd),
    )
    found = integrate(wide, tau.default if tau is not None else None)
    location, spread = found.linear(np.array([[1.0, 0.0]]))
    law = found.mixture(location[0], spread[0], exponentiated=design.ratio)
    named = f"{label}: at standard error 0"
    median = None if found.law is None else found.law.quantile(0.5)
    return _numbers("small-study effects", named, law, design.ratio, analysis.ci_prob, median)


def _bayes_factors(
    contrasts: Contrasts, asked: SynthesisSpec, random: SynthesisSpec, common: SynthesisSpec
) -> dict[str, float]:
    evidence = {}
    for name, spec in (("asked", asked), ("random", random), ("common", common)):
        found = _design(contrasts, spec).quadrature
        evidence[name] = found.log_evidence if found is not None else math.nan
    full = _design(contrasts, asked).gaussian
    tau = dict(asked.priors).get("tau")
    if full is None:  # pragma: no cover (checked before)
        return {}
    null = GaussianModel(full.y, full.V, full.X[:, :0], full.L, full.m0[:0], full.s0[:0])
    without = integrate(null, tau.default if tau is not None else None).log_evidence
    return {
        "effect": math.exp(evidence["asked"] - without),
        "heterogeneity": math.exp(evidence["random"] - evidence["common"]),
    }
