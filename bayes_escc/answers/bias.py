"""Comparisons allowing for bias: the critical bias of every row, from exact laws or from the draws that are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.comparison import Comparison, anchoring
from bayes_escc.answers.estimand import contrast, direction_of, labelled_cells, natural_scale
from bayes_escc.answers.rows import NULL_VALUE, better_threshold, labels_of
from bayes_escc.evidence.population.bias import (
    BiasScale,
    CriticalBias,
    CriticalBiasByQuadrature,
    CriticalBiasDraws,
    CriticalBiasOfMixture,
    CriticalBiasOfRates,
    benefit_shrinks_with,
    biased_rate,
    critical_bias_of_rates,
    critical_bias_of_ratios,
)
from bayes_escc.evidence.population.critical_laws import CriticalBiasOfLaw, critical_bias_of_law
from bayes_escc.evidence.population.stated import is_randomised
from bayes_escc.evidence.population.tipping import MeasuredCovariate, Tipping
from bayes_escc.families.contrast import RegimenContrast
from bayes_escc.inference.groups import Groups
from bayes_escc.names import (
    CHAIN,
    COVARIATE,
    DRAW,
    ENDPOINT,
    ESTIMANDS,
    REGIMEN,
    TIME,
    Direction,
    Plain,
    PlainMapping,
    Scale,
    covariate_in_words,
)
from bayes_escc.probability.beta import BetaContrast
from bayes_escc.probability.hazard_laws import HazardContrast
from bayes_escc.probability.marginal import Marginal
from bayes_escc.probability.normal_mixture import NormalMixture

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.answers.exact_laws import ExactLaws
    from bayes_escc.evidence import Arm
    from bayes_escc.families import Design
    from bayes_escc.inference.diagnostics import Diagnostics

__all__ = [
    "BIAS_KEYS",
    "Fitted",
    "add_bias_groups",
    "bias_fields",
    "bias_scales",
    "contrast_from_curves",
    "population_of",
    "tipping_of_row",
    "with_bias",
]

Array = NDArray[np.float64]
CRITICAL_BIAS: Final = "critical_bias"
"""Group of a posterior: the critical bias of the comparisons whose estimands need curves."""
POPULATION: Final = "population"
"""Group of a posterior: what is reported of populations, as text."""
COVARIATE_MEANS: Final = "covariate_means"
"""Group of a posterior: the mean of every covariate on every regimen."""
_QUESTION: Final = "question"
BIAS_KEYS: Final = (
    "bias_scale",
    "bias_mean",
    "bias_sd",
    "probability_better_with_bias",
    "mcse_probability_with_bias",
    "probability_better_by_margin_with_bias",
    "mcse_probability_by_margin_with_bias",
)
"""Keys a comparison row has of bias."""
_HAZARD_RATIOS: Final = (
    "hazard_ratio",
    "progression_hazard_ratio",
    "death_without_progression_hazard_ratio",
    "death_after_progression_hazard_ratio",
)
"""Estimands on whose logarithm the bias of a log hazard is added."""
_RATIO_SCALES: Final[Mapping[str, BiasScale]] = {"hazard ratio": "log_hazard", "odds ratio": "log_odds"}


class Fitted(Protocol):
    """What questions of bias ask of a posterior."""

    @property
    def analysis(self) -> Analysis:
        """The analysis."""

    @property
    def diagnostics(self) -> Diagnostics:
        """Whether the fit can be trusted."""

    @property
    def groups(self) -> Groups:
        """Draws, estimands and what is kept beside them."""

    @property
    def arms(self) -> Sequence[Arm]:
        """Where the evidence on each regimen comes from."""

    @property
    def estimand_names(self) -> tuple[str, ...]:
        """Names of what was estimated."""

    def estimand(self, name: str) -> xr.DataArray:
        """Draws of an estimand."""

    def exact_laws(self) -> ExactLaws | None:
        """The exact laws of the estimands, where there are any."""


def bias_scales(family: str, units: Collection[str]) -> frozenset[BiasScale]:
    """The scales on which a bias shifts what a family estimates; none where no estimand is a rate or such a ratio.

    Parameters
    ----------
    family : str
    units : collection of str
        Of the estimands.
    """
    from bayes_escc.families import get_family

    if get_family(family).BIAS_ON_RATES:
        return frozenset({"log_odds"})
    if get_family(family).FOLLOWS_PATIENTS:
        return frozenset({"log_hazard"})
    return frozenset(_RATIO_SCALES[unit] for unit in units if unit in _RATIO_SCALES)


def bias_fields(tipping: Tipping | None) -> Plain:
    """What a comparison row says of bias; nothing where no scale of bias is known."""
    if tipping is None:
        return dict.fromkeys(BIAS_KEYS)
    better = tipping.averaged()
    by_margin = (None, None) if tipping.margin is None else tipping.averaged(by_margin=True)
    values = (tipping.bias.scale, tipping.bias.mean, tipping.bias.sd, *better, *by_margin)
    return dict(zip(BIAS_KEYS, values, strict=True))


def with_bias(posterior: Fitted, comparison: Comparison) -> Comparison:
    """A comparison whose rows also say P(better) allowing for bias."""
    rows = tuple(replace(row, **bias_fields(tipping_of_row(posterior, row))) for row in comparison.rows)
    return replace(comparison, rows=rows)


def tipping_of_row(posterior: Fitted, row: PlainMapping) -> Tipping | None:
    """The bias analysis of one comparison; None where its critical bias is not known.

    Parameters
    ----------
    posterior : Fitted
    row : mapping
        An entry of `comparisons`.
    """
    scale, better = row["scale"], row["better"]
    found = _critical(posterior, row, NULL_VALUE[scale])
    if found is None:
        return None
    kind, critical = found
    by_margin = None
    if row["margin"] is not None:
        other = _critical(posterior, row, better_threshold(scale, better, row["margin"]))
        by_margin = None if other is None else other[1]
    names = [_names_of(posterior, row[k], row[ENDPOINT]) for k in (REGIMEN, "reference")]
    bias = posterior.analysis.bias.of(
        kind, randomised=is_randomised(row["anchoring"]), regimen=names[0], reference=names[1]
    )
    left = _contrast(posterior, row, critical)
    covariates = _measured(posterior, row[REGIMEN], row["reference"])
    return Tipping(
        row["estimand"],
        row[REGIMEN],
        row["reference"],
        row[ENDPOINT],
        row["time"],
        scale,
        better,
        row["margin"] if by_margin is not None else None,
        row["anchoring"],
        bias,
        critical,
        by_margin,
        left,
        covariates,
        posterior.diagnostics.converged,
        () if posterior.diagnostics.converged else posterior.diagnostics.messages,
        str(posterior.estimand(row["estimand"]).attrs.get("unit", "")),
        posterior.analysis.data.outcome,
    )


def _contrast(posterior: Fitted, row: PlainMapping, critical: CriticalBias) -> Callable[[float, float], float] | None:
    """Quantiles of the contrast left after a bias, where the estimand's own draws or law tell them."""
    if isinstance(critical, CriticalBiasByQuadrature):
        return critical.contrast_at
    array = posterior.estimand(row["estimand"])
    rates = _shifts_rates(posterior)
    if not rates and (
        row["scale"] != "ratio" or not str(array.attrs.get("unit", "")).startswith(("hazard", "odds", "ratio"))
    ):
        return None
    if isinstance(critical, CriticalBiasOfMixture):
        law = critical.law
        return lambda bias, q: float(np.exp(law.quantile(q) - bias))
    own, against = (_draws(array, row, r) for r in (row[REGIMEN], row["reference"]))
    if rates:
        return lambda bias, q: float(np.quantile(contrast(biased_rate(own, bias), against, row["scale"]), q))
    return lambda bias, q: float(np.quantile(own / against, q) * np.exp(-bias))


def contrast_from_curves(
    design: Design, parameters: xr.Dataset, row: PlainMapping
) -> Callable[[float, float], float] | None:
    """Quantiles of a contrast left after a bias, from the curves of a design; None where the estimand needs none."""
    question = {"estimand": row["estimand"], "time": row["time"]}
    against = design.without_bias(parameters, **question, regimen=row["reference"], bias=0.0)
    if against is None:
        return None

    def quantile(bias: float, q: float) -> float:
        own = design.without_bias(parameters, **question, regimen=row[REGIMEN], bias=bias)
        return float(np.quantile(contrast(own, against, row["scale"]), q))

    return quantile


def _shifts_rates(posterior: Fitted) -> bool:
    """Whether a bias is added to the log odds of the rates themselves."""
    from bayes_escc.families import get_family

    return get_family(posterior.analysis.family).BIAS_ON_RATES


def _measured(posterior: Fitted, regimen: str, reference: str) -> tuple[MeasuredCovariate, ...]:
    """What every measured covariate accounts for: its coefficient times the difference of its means."""
    if COVARIATE_MEANS not in posterior.groups or "coefficient" not in posterior.estimand_names:
        return ()
    means = posterior.groups[COVARIATE_MEANS]["mean"]
    coefficients = posterior.estimand("coefficient").median((CHAIN, DRAW))
    labels = {c.column: c.label for c in posterior.analysis.spec.covariates}
    found = []
    for name in map(str, means[COVARIATE].to_numpy()):
        own, against = (float(means.sel({REGIMEN: r, COVARIATE: name})) for r in (regimen, reference))
        effect = float(coefficients.sel({COVARIATE: name}))
        words = covariate_in_words(name, labels.get(name.partition("[")[0]))
        found.append(MeasuredCovariate(name, effect, own - against, effect * (own - against), words))
    return tuple(found)


def _names_of(posterior: Fitted, regimen: str, endpoint: str | None) -> tuple[str, ...]:
    """A regimen and the studies it comes from."""
    studies = [a.study for a in posterior.arms if a.regimen == regimen and endpoint in (None, a.endpoint)]
    return (regimen, *dict.fromkeys(studies))


def _critical(posterior: Fitted, row: PlainMapping, threshold: float) -> tuple[BiasScale, CriticalBias] | None:
    """The critical bias of a row at a threshold, and the scale of the bias."""
    exact = _exact_critical(posterior, row, threshold)
    if exact is not None:
        return exact
    stored = _stored(posterior, row, threshold)
    if stored is not None:
        return "log_hazard", stored
    name, reference, better = row["estimand"], row["reference"], row["better"]
    array = posterior.estimand(name)
    unit = str(array.attrs.get("unit", ""))
    if _shifts_rates(posterior) and unit.startswith("proportion"):
        own, against = _draws(array, row, row[REGIMEN]), _draws(array, row, reference)
        return "log_odds", critical_bias_of_rates(own, against, threshold=threshold, scale=row["scale"], better=better)
    # two ratios differ by nothing where one is once the other, so that without a margin the scale does not matter
    ratio = threshold if row["scale"] == "ratio" else 1.0 if threshold == NULL_VALUE[row["scale"]] else None
    if name in _HAZARD_RATIOS and ratio is not None:
        own, against = _draws(array, row, row[REGIMEN]), _draws(array, row, reference)
        return "log_hazard", critical_bias_of_ratios(own, against, threshold=ratio, better=better)
    if unit in _RATIO_SCALES and ratio is not None:
        return _RATIO_SCALES[unit], _of_effect(posterior, array, row, ratio)
    return _proportional(posterior, row, threshold)


def _exact_critical(
    posterior: Fitted, row: PlainMapping, threshold: float
) -> tuple[BiasScale, CriticalBiasByQuadrature] | None:
    """The critical bias from the exact law of a row, so that without bias it is the row itself; None without one."""
    law = _exact_contrast(posterior, row)
    unit = str(posterior.estimand(row["estimand"]).attrs.get("unit", ""))
    rates = _shifts_rates(posterior) and unit.startswith("proportion")
    if isinstance(law, HazardContrast):
        return "log_hazard", CriticalBiasOfLaw(law, threshold, row["better"])
    if rates and isinstance(law, BetaContrast):
        below = benefit_shrinks_with(row["better"])
        return "log_odds", CriticalBiasOfRates(law.x, law.y, threshold, row["scale"], below)
    found = critical_bias_of_law(law, threshold, row["better"]) if rates else None
    return None if found is None else ("log_odds", found)


def _exact_contrast(posterior: Fitted, row: PlainMapping) -> Marginal | None:
    """The exact law of the contrast of a row, where there is one."""
    exact = posterior.exact_laws()
    labels = labels_of(**{key: row[key] for key in (REGIMEN, ENDPOINT, TIME)})
    return None if exact is None else exact.contrast(row["estimand"], labels, row["reference"], row["scale"])


def _of_effect(posterior: Fitted, array: xr.DataArray, row: PlainMapping, threshold: float) -> CriticalBias:
    """The critical bias of a pooled ratio: exact where its law is, else from draws."""
    law = _exact_contrast(posterior, row)
    if isinstance(law, NormalMixture) and law.exponentiated:
        plain = replace(law, exponentiated=False, location=law.location - np.log(threshold))
        return CriticalBiasOfMixture(plain, benefit_shrinks_with(row["better"]))
    own, against = _draws(array, row, row[REGIMEN]), _draws(array, row, row["reference"])
    return critical_bias_of_ratios(own, against, threshold=threshold, better=row["better"])


_WHOLE_CURVE: Final = (
    "median",
    "survival",
    "rmst",
    "cure_fraction",
    "remaining_survival",
    "remaining_median",
    "remaining_rmst",
)


def _proportional(posterior: Fitted, row: PlainMapping, threshold: float) -> tuple[BiasScale, CriticalBias] | None:
    """Without a margin, longer survival under proportional hazards is a hazard ratio below 1, whoever the patients."""
    if row["estimand"] not in _WHOLE_CURVE or threshold != NULL_VALUE[row["scale"]] or row["better"] != "higher":
        return None
    if "hazard_ratio" not in posterior.estimand_names:
        return None
    ratio = posterior.estimand("hazard_ratio")
    if set(ratio.dims) != {CHAIN, DRAW, REGIMEN}:
        return None
    own, against = (ratio.sel({REGIMEN: r}).to_numpy() for r in (row[REGIMEN], row["reference"]))
    return "log_hazard", critical_bias_of_ratios(own, against, threshold=1.0, better="lower")


def _draws(array: xr.DataArray, row: PlainMapping, regimen: str) -> Array:
    """Draws, (chain, draw), of one regimen at the endpoint and time of a row."""
    for labels, values in labelled_cells(array):
        if labels[REGIMEN] == regimen and all(labels[k] == row[k] for k in (ENDPOINT, "time")):
            return values
    raise KeyError(f"{array.name} of {regimen}")


def _key(contrast: RegimenContrast) -> str:
    """The name under which a critical bias is stored."""
    c = contrast
    return "\x1f".join([c.estimand, c.regimen, c.reference, repr(c.time), c.scale, repr(float(c.threshold))])


def _stored(posterior: Fitted, row: PlainMapping, threshold: float) -> CriticalBias | None:
    """The critical bias computed at the fit, where curves were at hand."""
    if CRITICAL_BIAS not in posterior.groups:
        return None
    group = posterior.groups[CRITICAL_BIAS]
    key = _key(RegimenContrast(row["estimand"], row["time"], row[REGIMEN], row["reference"], row["scale"], threshold))
    known = [str(q) for q in group[_QUESTION].to_numpy()]
    if key not in known:
        return None
    values = group["bias"].transpose(_QUESTION, CHAIN, DRAW).to_numpy()[known.index(key)]
    return CriticalBiasDraws(np.asarray(values, dtype=float), row["better"] == "lower")


def add_bias_groups(groups: Groups, analysis: Analysis, design: Design) -> None:
    """Add to the groups of a fit what questions of bias will ask; each is made when the first question comes."""
    import xarray as xr

    def critical() -> dict[str, xr.Dataset]:
        found = critical_bias_group(analysis, design, groups)
        return {} if found is None else {CRITICAL_BIAS: found}

    def means() -> dict[str, xr.Dataset]:
        found = design.covariate_means()
        return {} if found is None else {COVARIATE_MEANS: xr.Dataset({"mean": found})}

    def population() -> dict[str, xr.Dataset]:
        reference = next((c.reference for c in analysis.comparisons if c.reference), None)
        found = design.population_report(groups["posterior"], reference)
        if found is None:
            return {}
        return {POPULATION: xr.Dataset(attrs={"report": json.dumps(found, ensure_ascii=False)})}

    for name, make in ((CRITICAL_BIAS, critical), (COVARIATE_MEANS, means), (POPULATION, population)):
        groups.add_later([name], make)


def population_of(posterior: Fitted) -> Plain | None:
    """The entry `population` of `result.json`, where published arms stand beside own patients."""
    if POPULATION not in posterior.groups:
        return None
    report: Plain = json.loads(posterior.groups[POPULATION].attrs["report"])
    return report


def critical_bias_group(analysis: Analysis, design: Design, groups: Groups) -> xr.Dataset | None:
    """The critical biases of an analysis's own comparisons, where they need the curves of the fit.

    Only contrasts that are not randomised have any.
    """
    import xarray as xr

    parameters, estimands = groups["posterior"], groups[ESTIMANDS]
    keys: list[str] = []
    values: list[Array] = []
    for question in _open_questions(analysis, design, estimands):
        bias = design.critical_bias(parameters, question)
        if bias is not None:
            keys.append(_key(question))
            values.append(bias)
    if not keys:
        return None
    return xr.Dataset({"bias": ((_QUESTION, CHAIN, DRAW), np.stack(values))}, coords={_QUESTION: keys})


def _open_questions(analysis: Analysis, design: Design, estimands: xr.Dataset) -> list[RegimenContrast]:
    """Every contrast and threshold an analysis asks for, once."""
    found: dict[RegimenContrast, None] = {}
    for spec in analysis.comparisons:
        array = estimands[spec.estimand]
        if REGIMEN not in array.dims:
            continue
        reference = spec.reference or str(array[REGIMEN].to_numpy()[0])
        for labels, _ in labelled_cells(array):
            regimen = labels[REGIMEN]
            anchored = anchoring(design.arms, labels[ENDPOINT], regimen, reference)
            if regimen == reference or (is_randomised(anchored) and not analysis.bias.arms):
                continue
            direction = direction_of(array, labels[ENDPOINT], spec.better)
            scale = spec.scale or natural_scale(array)
            for threshold in _thresholds(scale, direction, spec.margin):
                found.setdefault(RegimenContrast(spec.estimand, labels["time"], regimen, reference, scale, threshold))
    return list(found)


def _thresholds(scale: Scale, better: Direction, margin: float | None) -> Sequence[float]:
    null = NULL_VALUE[scale]
    return [null] if margin is None else [null, better_threshold(scale, better, margin)]
