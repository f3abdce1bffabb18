"""What every draw says of each patient: the log-likelihood, and replicated follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.replicates import (
    by_patient,
    potential_follow_up,
    thinned_for_densities,
    thinned_for_replicates,
)
from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Curves
from bayes_escc.families.survival.missing import log_sum
from bayes_escc.families.survival.risk import Draws, Risk
from bayes_escc.names import AnyArray

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.evidence.follow_up import FollowUp

__all__ = ["Patients", "log_likelihood", "simulate"]

Array = NDArray[np.float64]
_NODES: Final = {1: 21, 2: 15, 3: 9}
"""Nodes per dimension of the quadrature, by number of dimensions."""


class Patients(Protocol):
    """What must be known of patients and their model: a survival design, or anything that answers the same."""

    @property
    def patients(self) -> int:
        """Number of patients."""

    @property
    def regimen(self) -> NDArray[np.int32]:
        """Index of the regimen of every patient."""

    @property
    def group(self) -> AnyArray:
        """Index of the baseline hazard of every patient: of the regimen, or of the regimen in the stratum."""

    @property
    def follow_up(self) -> FollowUp:
        """Their follow-up, in the unit of the curves."""

    @property
    def risk(self) -> Risk:
        """Their covariates and centres."""

    def curves(self, parameters: xr.Dataset) -> Curves:
        """The baseline hazard of every group under every draw."""

    def log_risk(self, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        """Log hazard of every patient relative to one whose covariates are zero, (draws, patients)."""


def log_likelihood(design: Patients, parameters: xr.Dataset) -> xr.Dataset:
    """Log-likelihood of every patient; densities of known event times are per unit of time.

    `time` is conditional: given the frailty of the patient's centre and the imputed
    numbers of each draw, with missing yes-or-no values summed out. Where there are frailties or
    imputed numbers, `time_integrated` is the same with these integrated out within each
    draw, as for a patient of a new centre whose missing values are known no better than from the
    other covariates. Beyond 250 patients (of 4000 draws) every second, third ... draw is kept, under its
    own label.
    """
    parameters = thinned_for_densities(parameters, design.patients)
    curves, risk = design.curves(parameters), design.risk
    everyone, draws = np.arange(design.patients), risk.draws(parameters)
    found = {"time": _terms(design, curves, everyone, risk.log_risk(draws, everyone))}
    if risk.unknown.size:
        weights = risk.log_weights(draws, risk.unknown)
        base = risk.log_risk(draws, risk.unknown)
        found["time"][:, risk.unknown] = _average(
            design, curves, risk.unknown, base + risk.branches(draws, risk.unknown), weights
        )
    if risk.centres or risk.missing.numbers:
        found["time_integrated"] = _integrated(design, curves, draws, found["time"])
    return by_patient(design.patients, parameters, **found)


def _terms(design: Patients, curves: Curves, who: AnyArray, log_risk: Array) -> Array:
    """Log-likelihood of some patients with log risks of shape (draws, patients)."""
    risk, group = np.exp(log_risk), design.group[who]
    f = design.follow_up
    entry, lower, upper = f.entry[who], f.lower[who], f.upper[who]
    exact, right, interval = f.exact[who], f.right[who], f.interval[who]
    values = -curves.patient_increment(group, entry, np.where(exact | right, lower, entry)) * risk
    if exact.any():
        log_hazard = curves.patient_log_hazard(group[exact], lower[exact]) + log_risk[:, exact]
        values[:, exact] = kernels.exact(log_hazard, -values[:, exact])
    if interval.any():
        i = interval
        before = curves.patient_increment(group[i], entry[i], lower[i]) * risk[:, i]
        inside = curves.patient_increment(group[i], lower[i], upper[i]) * risk[:, i]
        values[:, i] = kernels.between(np, before, inside)
    return np.asarray(values)


def _average(design: Patients, curves: Curves, who: AnyArray, log_risks: Array, log_weights: Array) -> Array:
    """The same averaged over branches, both arrays (branches, draws, patients)."""
    terms = [_terms(design, curves, who, log_risk) for log_risk in log_risks]
    return np.asarray(log_sum(np, np.stack(terms) + log_weights, len(terms)))


def _integrated(design: Patients, curves: Curves, draws: Draws, conditional: Array) -> Array:
    """Frailties and imputed numbers integrated out, patient by patient, by Gauss-Hermite quadrature.

    The weight of a value of a missing number is its density given the covariates observed, those
    that were themselves modelled on it included.
    """
    risk, found, coefficient = design.risk, conditional.copy(), draws["coefficient"]
    spread = draws["frailty_sd"][:, None] if risk.centres else None
    for columns, who in _alike(design):
        dimensions = len(columns) + (spread is not None)
        if dimensions == 0:
            continue
        base = np.asarray(coefficient @ risk.values[who].T)
        above = below = np.full(base.shape, -np.inf)
        for scores, weight in _grid(dimensions):
            log_risk, density = base, np.full(base.shape, np.log(weight))
            if spread is not None:
                log_risk = log_risk + spread * scores[-1]
            if columns:
                numbers, seen = risk.missing.complete(draws, who, dict(zip(columns, scores, strict=False)))
                density = density + seen
                for j, column in zip(risk.missing.numbers, numbers, strict=True):
                    if j in columns:
                        coded = column * risk.missing.scale[j] + risk.missing.centre[j]
                        log_risk = log_risk + coefficient[:, j, None] * coded
                if risk.missing.flags:
                    logs = risk.missing.log_branches(draws, who, numbers)
                    total = log_sum(np, logs, len(logs))
                    terms = _average(design, curves, who, log_risk + risk.branches(draws, who), logs - total)
                    density = density + total
                else:
                    terms = _terms(design, curves, who, log_risk)
            elif np.isin(who, risk.unknown).any():
                shifted = log_risk + risk.branches(draws, who)
                terms = _average(design, curves, who, shifted, risk.log_weights(draws, who))
            else:
                terms = _terms(design, curves, who, log_risk)
            above, below = np.logaddexp(above, density + terms), np.logaddexp(below, density)
        found[:, who] = above - below
    return found


def _alike(design: Patients) -> Iterator[tuple[tuple[int, ...], NDArray[np.intp]]]:
    """Groups of patients with the same numbers missing, and whether a yes-or-no value is."""
    risk = design.risk
    numbers = risk.missing.numbers
    gone = risk.encoded.missing[:, list(numbers)] if numbers else np.zeros((design.patients, 0), dtype=bool)
    key = np.column_stack([gone, np.isin(np.arange(design.patients), risk.unknown)])
    patterns, place = np.unique(key, axis=0, return_inverse=True)
    for i, pattern in enumerate(patterns):
        columns = tuple(j for j, out in zip(numbers, pattern[:-1], strict=True) if out)
        yield columns, np.flatnonzero(place.ravel() == i)


def _grid(dimensions: int) -> Iterator[tuple[tuple[float, ...], float]]:
    """Nodes and weights of a product Gauss-Hermite rule for independent standard normals."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES.get(dimensions, 5))
    weights = weights / weights.sum()
    for place in product(range(len(nodes)), repeat=dimensions):
        yield tuple(nodes[i] for i in place), float(np.prod(weights[list(place)]))


@np.errstate(over="ignore", invalid="ignore")  # draws of a vague prior may overflow
def simulate(design: Patients, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Replicated follow-up of the same patients: `time`, and `event` (1 or 0).

    Every patient keeps entry, covariates and centre; missing values are those of the draw. Who was
    censored is censored at the same time again; for who progressed, censoring is drawn from the
    reverse Kaplan-Meier estimate beyond the time of progression.
    """
    parameters = thinned_for_replicates(parameters, design.patients)
    curves, f = design.curves(parameters), design.follow_up
    risk = np.exp(design.log_risk(parameters, rng))
    shape = (curves.draws, design.patients)
    before: Any = 0.0
    if (f.entry > 0).any():
        before = curves.patient_increment(design.group, np.zeros(design.patients), f.entry)
    happens = curves.patient_inverse(design.group, before + rng.exponential(size=shape) / risk)
    censored = potential_follow_up(f.last, f.event, f.entry, rng, shape[0])
    time = np.minimum(happens, censored)
    return by_patient(design.patients, parameters, time=time, event=(happens <= censored).astype("int8"))
