"""How a comparison of regimens changes with the priors, the shape of the hazard and the covariates.

Every line is a fit of its own. Other priors in the same model need no compilation: the proposals of the Laplace
engine are weighted for them. Where its weights are unreliable the line is sampled by NUTS.

References
----------
Spiegelhalter DJ, Freedman LS, Parmar MKB. J R Stat Soc A 1994;157:357-416 (sceptical and enthusiastic priors).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.comparison import compare, labelled_cells
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.variations import Variation, variations
from bayes_escc.errors import AnalysisError
from bayes_escc.families import Design
from bayes_escc.families.response import ResponseSpec
from bayes_escc.families.survival import SurvivalSpec
from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.inference import Diagnostics, Estimate, LaplaceError, estimate, laplace_draws
from bayes_escc.names import REGIMEN
from bayes_escc.runs.run import prepare_design
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["PriorSensitivity", "prior_sensitivity"]


@dataclass(frozen=True, repr=False)
class PriorSensitivity:
    """One comparison under every variation of an analysis.

    Parameters
    ----------
    title : str
    estimand, unit, better, reference : str
        What is compared, in which direction, and with which regimen.
    ci_prob : float
    rows : tuple of dict
        group, label, regimen, reference, endpoint, time (the last, where there are several);
        ``probability_better`` with ``mcse_probability``; the contrast ``median``, ``lower``, ``upper``, a
        difference unless the estimand is a ratio; ``hazard_ratio`` with its ``_lower`` and ``_upper`` (None
        where it is not one number); ``log_evidence`` with ``mcse_log_evidence``, ``bayes_factor`` against the
        analysis as specified (None without evidence, or where other patients were used), and ``sampler``.
    """

    title: str
    estimand: str
    unit: str
    better: str
    reference: str
    ci_prob: float
    rows: tuple[Mapping[str, Any], ...]

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per variation and regimen."""
        import pandas as pd

        return pd.DataFrame([dict(r) for r in self.rows])

    def __repr__(self) -> str:
        from bayes_escc.report.text import prior_sensitivity_text

        return prior_sensitivity_text(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        named = {k: getattr(self, k) for k in ("title", "estimand", "unit", "better", "reference", "ci_prob")}
        return {**named, "rows": [dict(r) for r in self.rows]}

    def plot(self) -> Figure:
        """Draw the contrast under every variation, with that of the analysis behind it."""
        from bayes_escc.plots import interval_forest

        regimens = list(dict.fromkeys(r["regimen"] for r in self.rows))
        regimen = regimens[0]
        mine = [r for r in self.rows if r["regimen"] == regimen]
        first = mine[0]
        several = f" {', '.join(regimens[1:])} as in the table." if len(regimens) > 1 else ""
        return interval_forest(
            [(str(r["label"]), (r["lower"], r["median"], r["upper"])) for r in mine],
            title=f"Sensitivity. {self.title}",
            unit=f"{self.estimand}, {self.unit}",
            better=self.better,
            highlight=(first["lower"], first["median"], first["upper"]),
            sides=(regimen, self.reference),
            footnote=f"{regimen} against {self.reference}: median and {100 * self.ci_prob:g} % credible interval; "
            f"shaded: the analysis as specified.{several}",
        )


def prior_sensitivity(
    asked: Asked, table: Any = None, *, estimand: str | None = None, reference: str | None = None
) -> PriorSensitivity:
    """Vary the priors and the model of a survival or response analysis.

    Parameters
    ----------
    asked : Analysis or model
        Of patients (survival, or response with or without covariates) or of counts. Hierarchies, beta-binomial
        and RECIST models are fitted again for every row.
    table : table, optional
        The analysis's own if not given; a model needs one.
    estimand : str, optional
        What is compared: that of the first comparison if not given, else ``median`` or ``rate``.
    reference : str, optional
        The first regimen if not given.

    Raises
    ------
    AnalysisError
        If there is nothing to compare, or the model is of another kind.
    """
    analysis, chosen = question(asked, table)
    spec = analysis.spec
    if not isinstance(spec, SurvivalSpec | ResponseSpec):
        raise AnalysisError("sensitivity: needs a survival or response analysis; for a synthesis use `sensitivity`.")
    first = analysis.comparisons[0] if analysis.comparisons else None
    wanted = estimand or (first.estimand if first else "median" if isinstance(spec, SurvivalSpec) else "rate")
    design = prepare_design(analysis, chosen)
    if isinstance(spec, SurvivalSpec):
        if not isinstance(design, SurvivalDesign):
            raise AnalysisError("sensitivity: needs patients; published medians have one prior and a closed form.")
        # all priors in the unit of the analysis, so that none is put there twice
        spec = replace(design.spec, stated=tuple(r for r, _ in design.spec.priors), dating="interval")
    about = _Question(wanted, reference or (first.reference if first else None), analysis)
    rows: list[dict[str, Any]] = []
    base: tuple[int, Diagnostics] | None = None
    for one in variations(spec):
        current = design if one.changed else prepare_design(replace(analysis, spec=one.spec), chosen)
        found = _estimate(current, one, analysis, chosen)
        if base is None:
            base = current.patients, found.diagnostics
        comparable = current.patients == base[0]
        rows += _rows(one, found, about, current, base[1] if comparable else None)
    return PriorSensitivity(
        analysis.title,
        wanted,
        rows[0].pop("unit"),
        rows[0].pop("better"),
        rows[0]["reference"],
        analysis.ci_prob,
        tuple({k: v for k, v in row.items() if k not in ("unit", "better")} for row in rows),
    )


@dataclass(frozen=True)
class _Question:
    estimand: str
    reference: str | None
    analysis: Analysis


def _estimate(design: Design, one: Variation, analysis: Analysis, table: Any) -> Estimate:
    """A variation by Laplace, weighted for its priors where only these differ; by NUTS where that fails."""
    sampling = replace(analysis.sampling, sampler="laplace")
    spec = one.spec
    if isinstance(spec, ResponseSpec) and (
        spec.pooling != "none" or spec.likelihood in ("beta_binomial", "multinomial")
    ):
        return estimate(design, replace(sampling, sampler="auto"))
    if not one.changed:
        return estimate(design, sampling)
    try:
        found = laplace_draws(
            design,
            chains=sampling.chains,
            draws=sampling.draws,
            seed=sampling.seed,
            adjust=_other_priors(design, one.changed),
        )
    except LaplaceError:
        changed = prepare_design(replace(analysis, spec=one.spec), table)
        return estimate(changed, sampling)
    streams = np.random.SeedSequence(sampling.seed).spawn(2)
    estimands = design.estimands(found.parameters, np.random.default_rng(streams[1]))
    return Estimate(found.parameters, estimands, Diagnostics.of_laplace(found, estimands), "laplace", {})


_VARIABLES = {"median": "reference_median"}


def _other_priors(design: Any, changed: tuple[tuple[str, PriorSet], ...]) -> Any:
    """The change in log prior density, as a function of the variables of the model."""
    spec = design.spec

    def adjust(variables: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        total: Any = 0.0
        for role, new in changed:
            old = spec.prior(role)
            values = variables[_VARIABLES.get(role, role)]
            values = values.reshape(len(values), -1) if values.ndim < 2 else values
            if role == "log_hazard_ratio" and design.exchangeable:
                laws = (replace(design.pair_prior, prior=p.default) for p in (new, old))
                after, before = (law.log_density(values).reshape(len(values), -1).sum(axis=1) for law in laws)
                total = total + after - before
                continue
            for i, label in enumerate(_labels(design, role, values.shape[1])):
                each = values[:, i].reshape(len(values), -1)
                total = total + (_log_density(new[label], each) - _log_density(old[label], each)).sum(axis=1)
        return np.asarray(total)

    return adjust


def _labels(design: Any, role: str, size: int) -> list[str]:
    """Labels by which the priors of a role are looked up, along the first axis of its variable."""
    if role == "log_hazard_ratio":
        return list(design.others)
    if role == "coefficient":
        return list(design.encoded.labels)
    if role == "rate":
        return list(design.cell_regimens)
    regimens = list(design.regimens)
    by_regimen = role == "intercept" or (role == "log_shape" and design.spec.regimen_effect != "proportional")
    by_regimen = by_regimen or getattr(design.spec, "regimen_effect", "") == "stratified"
    return regimens if by_regimen and size == len(regimens) else [""] * size


def _log_density(prior: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(prior.to_scipy().logpdf(values))


def _rows(
    one: Variation, found: Estimate, asked: _Question, design: Design, base: Diagnostics | None
) -> list[dict[str, Any]]:
    analysis, told = asked.analysis, found.diagnostics
    if asked.estimand not in found.estimands:
        known = ", ".join(str(n) for n in found.estimands.data_vars)
        raise AnalysisError(f"sensitivity: there is no estimand {asked.estimand!r} here, but {known}.")
    array = found.estimands[asked.estimand]
    if REGIMEN not in array.dims or array.sizes[REGIMEN] < 2:
        raise AnalysisError("sensitivity: there is only one regimen, so there is nothing to compare.")
    reference = asked.reference or str(array[REGIMEN].to_numpy()[0])
    ratio = asked.estimand.endswith("ratio")
    stated = next((c.better for c in analysis.comparisons if c.estimand == asked.estimand), None)
    comparison = compare(
        array,
        reference=reference,
        scale="ratio" if ratio else "difference",
        better=stated,
        ci_prob=analysis.ci_prob,
        arms=tuple(design.arms),
        converged=told.converged,
    )
    factor = None
    if base is not None and base.log_evidence is not None and told.log_evidence is not None:
        factor = math.exp(told.log_evidence - base.log_evidence)
    ratios = _hazard_ratios(found.estimands, reference, analysis.ci_prob)
    kept = ("regimen", "reference", "endpoint", "time", "probability_better", "mcse_probability")
    last = max((row["time"] for row in comparison.rows if row["time"] is not None), default=None)
    return [
        {
            "group": one.group,
            "label": one.label,
            **{k: row[k] for k in (*kept, "median", "lower", "upper")},
            **ratios.get(row["regimen"], _NO_RATIO),
            "log_evidence": told.log_evidence,
            "mcse_log_evidence": told.mcse_log_evidence,
            "bayes_factor": factor,
            "sampler": found.engine,
            "unit": "ratio" if ratio else f"difference in {array.attrs.get('unit', '')}",
            "better": row["better"],
        }
        for row in comparison.rows
        if row["time"] == last
    ]


_NO_RATIO = dict.fromkeys(("hazard_ratio", "hazard_ratio_lower", "hazard_ratio_upper"))


def _hazard_ratios(estimands: xr.Dataset, reference: str, prob: float) -> dict[str, dict[str, float]]:
    """Hazard ratio of every regimen to the reference, where it does not change with time."""
    if "hazard_ratio" not in estimands or "time" in estimands["hazard_ratio"].dims:
        return {}
    ratio = estimands["hazard_ratio"]
    found, tail = {}, (1.0 - prob) / 2.0
    for labels, draws in labelled_cells(ratio / ratio.sel({REGIMEN: reference}, drop=True)):
        middle, lower, upper = np.quantile(draws, [0.5, tail, 1.0 - tail])
        found[str(labels[REGIMEN])] = dict(zip(_NO_RATIO, map(float, (middle, lower, upper)), strict=True))
    return found
