"""What is reported of own patients beside published survival: populations, ledger, overlap, companions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.margins import Points
from bayes_escc.evidence.population.overlap import matching_weights
from bayes_escc.evidence.population.simulated import simulated_event_rate
from bayes_escc.evidence.population.survival_facts import SurvivalArm
from bayes_escc.families.beside import (
    PublishedCovariates,
    against,
    identification,
    place_of,
    reweighted_change,
    summary,
)
from bayes_escc.families.modifiers import INTERACTION, SUBGROUP_WARNING, subgroups
from bayes_escc.families.survival.population import Population, RegimenPopulations, restricted_mean
from bayes_escc.families.survival.published import PublishedFacts
from bayes_escc.families.survival.risk import flat
from bayes_escc.families.survival.words import Described
from bayes_escc.names import CHAIN, COVARIATE, DRAW, Plain
from bayes_escc.probability.psis import smooth

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["modified_report", "population_report"]

Array = NDArray[np.float64]
MOST_INTEGRATION_ERROR: Final = 0.05
"""Largest change of a log hazard under other integration points, in posterior standard deviations."""
_MOST_K: Final = 0.7
_DRAWS: Final = 1000


def population_report(
    design: Described, facts: PublishedFacts, parameters: xr.Dataset, reference: str | None = None
) -> Plain:
    """Answers in every population, the ledger of facts, overlap, identification, companions, integration error.

    Parameters
    ----------
    design : Described
    facts : PublishedFacts
        Of the design.
    parameters : Dataset
    reference : str, optional
        The regimen against which others are compared; the first if not given.
    """
    total = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
    some = parameters.isel({DRAW: slice(None, None, max(1, -(-total // _DRAWS)))})
    horizon = float(design.horizons[0])
    estimand = f"restricted mean to {horizon:g} {design.unit}"
    laws, first = facts.laws, place_of(reference, design.regimens)
    return {
        "endpoint": "PFS",
        "estimand": estimand,
        "headline": laws.target.name,
        "weights": laws.target.weights,
        "baselines": design.spec.baselines,
        "populations": [
            row
            for name, points in laws.populations().items()
            for row in _in_population(design, laws, some, name, points, horizon, first)
        ],
        "conditional": _conditional(design, parameters, first),
        "ledger": _ledger(design, facts, parameters, first),
        "not_used": [*facts.known.not_used, *(facts.known.arms[i].label for i in facts.silent)],
        "overlap": [o.to_dict() for o in laws.overlaps] if laws.encoded.labels else [],
        "identification": _identification(design, parameters),
        "companions": [against(c, "log_hazard_ratio", design.regimens[first]) for c in _companions(design, facts)],
        "integration": _integration(design, facts, some),
        "adjusted": list(laws.encoded.labels),
        **_modified(design, some, horizon, first),
    }


def modified_report(design: Described, parameters: xr.Dataset, reference: str | None = None) -> Plain:
    """What effect modifiers say where there are no published arms: P(better) by subgroup.

    Parameters
    ----------
    design : Described
    parameters : Dataset
    reference : str, optional
        As in `population_report`.
    """
    total = parameters.sizes[CHAIN] * parameters.sizes[DRAW]
    some = parameters.isel({DRAW: slice(None, None, max(1, -(-total // _DRAWS)))})
    horizon = float(design.horizons[0])
    estimand = f"restricted mean to {horizon:g} {design.unit}"
    first = place_of(reference, design.regimens)
    return {"endpoint": "PFS", "estimand": estimand, **_modified(design, some, horizon, first)}


def _modified(design: Described, parameters: xr.Dataset, horizon: float, first: int) -> Plain:
    """Subgroups, their warning, and what the data say of interactions."""
    modifiers = design.modifiers
    if not modifiers:
        return {}
    curves = design.curves(parameters)

    def alike(group: NDArray[np.bool_]) -> RegimenPopulations:
        x = design.encoded.values[group]
        risks = [flat(parameters["coefficient"]) @ modifiers.extended(x, r).T for r in range(len(design.regimens))]
        share = np.full(len(x), 1.0 / len(x))
        return RegimenPopulations(tuple(Population(r, share) for r in risks))

    def means(group: NDArray[np.bool_]) -> Array:
        if not design.strata:
            return restricted_mean(curves, alike(group), horizon)
        strata, counts = np.unique(design.strata.index[group], return_counts=True)
        each = [alike(group & (design.strata.index == s)) for s in strata]
        return restricted_mean(curves, design.of_strata(each, [int(s) for s in strata], counts / counts.sum()), horizon)

    return {
        "effect_modifiers": list(modifiers.names),
        "subgroups": subgroups(modifiers, design.encoded, design.regimen, means, "rmst", 1, first),
        "subgroup_warning": SUBGROUP_WARNING,
        "interactions": modifiers.identification(flat(parameters["coefficient"]), design.spec.prior(INTERACTION)),
    }


def _in_population(
    design: Described,
    laws: PublishedCovariates,
    parameters: xr.Dataset,
    name: str,
    points: Points,
    horizon: float,
    first: int,
) -> list[Plain]:
    """Restricted means of a population, the reference first; with shared coefficients P(better) is one everywhere."""
    population = design.over(laws, parameters, points)
    means = restricted_mean(design.curves(parameters), population, horizon)
    rows = []
    for r in sorted(range(len(design.regimens)), key=lambda r: r != first):
        gap = means[:, r] - means[:, first]
        rows.append(
            {
                "population": name,
                "regimen": design.regimens[r],
                **summary("rmst", means[:, r]),
                **(summary("difference", gap) if r != first else {}),
                "probability_better": float((gap > 0).mean()) if r != first else None,
            }
        )
    return rows


def _against(design: Described, parameters: xr.Dataset, first: int) -> tuple[list[str], Array]:
    """The other regimens, and their log hazard ratios against the reference, (draws, regimens)."""
    ratios = design.log_ratios(parameters)
    others = [r for r in range(len(design.regimens)) if r != first]
    return [design.regimens[r] for r in others], ratios[:, others] - ratios[:, [first]]


def _conditional(design: Described, parameters: xr.Dataset, first: int) -> list[Plain]:
    others, ratios = _against(design, parameters, first)
    return [
        {"regimen": name, "reference": design.regimens[first], **summary("log_hazard_ratio", ratios[:, r])}
        for r, name in enumerate(others)
    ]


def _ledger(design: Described, facts: PublishedFacts, parameters: xr.Dataset, first: int) -> list[Plain]:
    """Posterior sd of every contrast with and without each fact, which is taken away by reweighting the draws.

    Where a fact is all that is known of a regimen, what is left without it is the prior. Where weights are too uneven
    (a fact that outweighs the others), its information is taken from the precision of the draws.
    """
    if not facts.labels or len(design.regimens) < 2:
        return []
    each = facts.log_likelihood(design.curves(parameters), parameters)
    regimens, ratios = _against(design, parameters, first)
    prior = _against(design, design.prior(np.random.default_rng(2), 4000), first)[1].std(axis=0)
    sole = [_regimens_known_by(facts, k) for k in range(len(facts.labels))]
    own = {design.regimens[r] for r in set(design.regimen.tolist())}
    found = []
    for k, label in enumerate(facts.labels):
        weights, shape = smooth(-each[:, k])
        for r, regimen in enumerate(regimens):
            others = own | set[str]().union(*(s for j, s in enumerate(sole) if j != k))
            alone = {regimen, design.regimens[first]} - others
            without: float | None
            if alone:
                without = float(prior[r])
            elif shape > _MOST_K:
                without = _normal_sd_without(parameters, ratios[:, r], each[:, k])
            else:
                mean = weights @ ratios[:, r]
                without = float(math.sqrt(weights @ (ratios[:, r] - mean) ** 2))
            spread = float(ratios[:, r].std())
            found.append(
                {
                    "fact": label,
                    "route": _route(facts, k),
                    "regimen": regimen,
                    "reference": design.regimens[first],
                    "sd": spread,
                    "sd_without": without,
                    "share": None if without is None else max(0.0, 1.0 - spread / without),
                    "all_that_is_known": bool(alone),
                }
            )
    return found


def _normal_sd_without(parameters: xr.Dataset, contrast: Array, density: Array) -> float | None:
    """Posterior sd of a contrast once the information of a fact is taken from the precision; None if there is no such.

    Parameters
    ----------
    parameters : Dataset
    contrast, density : array of shape (draws,)
        The contrast, and the log-likelihood of the fact, whose curvature is that of a quadratic in the parameters.
    """
    columns = [contrast[:, None]]
    for name, array in parameters.data_vars.items():
        values = flat(array).reshape(len(contrast), -1)
        if name != "log_hazard_ratio":
            columns.append(np.log(values) if (values > 0).all() else values)
    x = np.concatenate(columns, axis=1)
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    k = x.shape[1]
    pairs = [(i, j) for i in range(k) for j in range(i, k)]
    terms = np.column_stack([np.ones(len(x)), x, *(x[:, i] * x[:, j] for i, j in pairs)])
    fitted = np.linalg.lstsq(terms, density, rcond=None)[0][1 + k :]
    curvature = np.zeros((k, k))
    for (i, j), value in zip(pairs, fitted, strict=True):
        curvature[i, j] += value
        curvature[j, i] += value
    precision = np.linalg.pinv(np.cov(x.T).reshape(k, k)) + curvature
    if np.linalg.eigvalsh(precision).min() <= 0.0:
        return None
    return float(contrast.std() * math.sqrt(np.linalg.inv(precision)[0, 0]))


def _regimens_known_by(facts: PublishedFacts, k: int) -> set[str]:
    """Regimens of which a fact says something."""
    if k < len(facts.used):
        return {facts.known.arms[facts.used[k]].regimen}
    ratio = facts.ratios[k - len(facts.used)]
    return {ratio.regimen, ratio.reference}


def _route(facts: PublishedFacts, k: int) -> str:
    return facts.known.arms[facts.used[k]].route if k < len(facts.used) else "hazard_ratio"


def _identification(design: Described, parameters: xr.Dataset) -> list[Plain]:
    labels = design.encoded.labels
    if not labels:
        return []
    prior = design.prior(np.random.default_rng(1), 4000)["coefficient"].std((CHAIN, DRAW)).to_numpy()
    posterior, size = parameters["coefficient"].std((CHAIN, DRAW)).to_numpy(), len(labels)
    found = identification(labels, posterior[:size], prior[:size])
    if design.modifiers:
        found += design.modifiers.identification(flat(parameters["coefficient"]), design.spec.prior(INTERACTION))
    return found


def _companions(design: Described, facts: PublishedFacts) -> list[Plain]:
    """Naive and matched ratios of events per time, for the published population: companions, never the headline."""
    found = []
    for arm, points in zip(facts.known.whole, facts.laws.points, strict=True):
        rate = _rate(arm)
        if rate is None:
            continue
        for r in sorted(set(design.regimen.tolist())):
            if design.regimens[r] == arm.regimen:
                continue
            on = design.regimen == r
            event, last = design.follow_up.event[on].astype(float), design.follow_up.last[on]
            x, common = design.encoded.values[on], {"study": arm.study, "regimen": arm.regimen}
            for method, note, own, size in _own_rates(design, event, last, x, points, arm):
                found.append(
                    {
                        **common,
                        "reference": design.regimens[r],
                        "method": method,
                        "note": note,
                        "published_rate": rate,
                        "rate": own,
                        "ess": size,
                        "log_hazard_ratio": None if own is None else math.log(rate / own),
                    }
                )
    return found


def _own_rates(
    design: Described, event: Array, last: Array, x: Array, points: Points, arm: SurvivalArm
) -> list[tuple[str, str, float | None, float]]:
    """By every method its name, what it is, events per time of own patients and how many patients it is worth."""
    plain = float(event.sum() / last.sum()) if event.any() else None
    found: list[tuple[str, str, float | None, float]] = [
        ("naive", "not a comparison of regimens", plain, float(len(event)))
    ]
    labels = design.encoded.labels
    if not labels:
        return found
    note, w = "for the published population", matching_weights(x, points.weight @ points.values)
    matched = None if w is None or not w @ event else float(w @ event / (w @ last))
    found.append(("matching weights", note, matched, 0.0 if w is None else 1.0 / float((w**2).sum())))
    scales = np.array([float(design.spec.prior("coefficient")[c].to_scipy().std()) for c in labels])
    simulated = simulated_event_rate(x, event, last, points.values, points.weight, scales, arm.last)
    found.append(("simulated treatment comparison", note, *simulated))
    return found


def _rate(arm: SurvivalArm) -> float | None:
    """Events per time, where an arm speaks by its patients."""
    events, time = float(arm.patients_event.sum()), float(arm.patients_time.sum())
    return events / time if events else None


def _integration(design: Described, facts: PublishedFacts, parameters: xr.Dataset) -> Plain:
    """How far estimates move under other points, and under no correlation, by reweighting the draws."""
    if not facts.used or not design.encoded.labels:
        return {"rule": "exact", "change": 0.0, "without_correlation": 0.0}
    alone = _change(design, facts, parameters, facts.laws.points_without_correlation())
    if facts.laws.exact:
        return {"rule": "exact", "change": 0.0, "without_correlation": alone}
    change = _change(design, facts, parameters, facts.laws.other_points())
    if change > MOST_INTEGRATION_ERROR:
        raise AnalysisError(
            f"the integration over published covariates moves an estimate by {change:.2f} posterior standard "
            f"deviations, above {MOST_INTEGRATION_ERROR:g}: leave out a covariate, or state [published] "
            'correlation = "none".'
        )
    return {"rule": "scrambled Sobol points", "change": change, "without_correlation": alone}


def _change(design: Described, facts: PublishedFacts, parameters: xr.Dataset, points: list[Points]) -> float:
    """Largest change of a log hazard ratio or coefficient, in posterior sd, under other points."""
    curves = design.curves(parameters)
    moved = facts.log_likelihood(curves, parameters, points) - facts.log_likelihood(curves, parameters)
    parts = [design.log_ratios(parameters)[:, 1:]]
    if COVARIATE in parameters.dims:
        parts.append(flat(parameters["coefficient"]))
    return reweighted_change(moved.sum(axis=1), np.concatenate(parts, axis=1))
