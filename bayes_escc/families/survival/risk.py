"""The log hazard of a patient relative to a reference patient: covariates, centre, what is missing.

A patient with a missing yes-or-no value has one log risk in every *branch* (combination of those
values), and a probability of every branch; all others have one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.survival.frailty import CENTRE, Centres, new_centres
from bayes_escc.families.survival.missing import Imputation, mixture, parameters_of
from bayes_escc.families.survival.population import Population
from bayes_escc.names import CHAIN, COVARIATE, DRAW

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.survival.spec import SurvivalSpec

__all__ = ["Built", "Risk", "Target", "flat", "observe"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """Whom results are averaged over: patients of the table, or people described by covariates.

    Parameters
    ----------
    weight : array of shape (rows,)
        Sums to one.
    patients : array of int of shape (rows,), optional
        One patient for every group of patients alike.
    x : array of shape (rows, labels), optional
        Coded covariates of people who need not be in the table.
    centre : int or None
        The centre of all of them; None is that of each patient, or a new one for `x`.
    new_centre : bool
        Whether patients of the table, too, are averaged over new centres.
    """

    weight: Array
    patients: NDArray[np.intp] | None = None
    x: Array = field(default_factory=lambda: np.empty((0, 0)))
    centre: int | None = None
    new_centre: bool = False


class Risk:
    """Log risks of the patients of one table.

    Parameters
    ----------
    spec : SurvivalSpec
    encoded : EncodedCovariates
    regimen : array of shape (patients,)
    regimens : sequence of str
    centres : Centres or None
    """

    def __init__(
        self, spec: SurvivalSpec, encoded: EncodedCovariates, regimen: NDArray[Any], regimens: Sequence[str],
        centres: Centres | None,
    ) -> None:  # fmt: skip
        self.spec, self.encoded, self.centres = spec, encoded, centres
        self.values = np.nan_to_num(encoded.values)
        self.missing = Imputation(encoded, regimen, regimens)
        self.unknown = self.missing.unknown

    # ---- what decides it -------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        return self.encoded.labels

    @property
    def key(self) -> Array:
        """Rows of numbers, alike for patients whose risk is the same whatever the parameters."""
        columns = [*self.values.T]
        if self.centres:
            columns.append(self.centres.index.astype(float))
        if self.missing:
            alone = np.arange(1.0, len(self.values) + 1)
            columns.append(np.where(self.encoded.missing.any(axis=1), alone, 0.0))
        return np.column_stack(columns) if columns else np.empty((len(self.values), 0))

    @property
    def coords(self) -> dict[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {COVARIATE: self.labels}
        if self.centres:
            found[CENTRE] = self.centres.labels
        return found | self.missing.coords

    @property
    def parameter_count(self) -> int:
        """Sampled parameters that events must inform."""
        return len(self.labels) + (1 if self.centres else 0)

    @property
    def structure(self) -> Hashable:
        centres = len(self.centres.labels) if self.centres else 0
        return centres, self.missing.structure

    # ---- in PyMC ---------------------------------------------------------------------------------

    @property
    def data(self) -> dict[str, NDArray[Any]]:
        """Values of the data that `build` creates."""
        return self.missing.data

    def build(self) -> Built:
        """Create coefficients, frailties and imputation inside the current PyMC model."""
        coefficient = None
        if self.labels:
            coefficient = self.spec.prior("coefficient").to_pymc("coefficient", self.labels, COVARIATE)
        frailty = self.centres.build() if self.centres else None
        numbers, log_weights = self.missing.build() if self.missing else ({}, [])
        return Built(self, coefficient, frailty, numbers, log_weights)

    def columns(self, name: str, patients: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Values of the data that `Built.branches` creates for some patients, by name."""
        found: dict[str, NDArray[Any]] = {}
        missing = self.missing
        split = np.isin(patients, self.unknown).any()
        for j in range(len(self.labels)):
            if j not in missing.numbers and not (split and j in missing.flags):
                found[f"{name}_x{j}"] = self.values[patients, j]
        if missing.numbers:
            found[f"{name}_row"] = patients.astype("int32")
        if split:
            found[f"{name}_unknown"] = np.searchsorted(self.unknown, patients).astype("int32")
            flags = missing.flag_values(patients)
            for s, k in np.ndindex(missing.branches, len(missing.flags)):
                found[f"{name}_branch{s}_x{missing.flags[k]}"] = flags[s, k]
        if self.centres:
            found[f"{name}_centre"] = self.centres.index[patients]
        return found

    def branch_order(self, groups: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Data that put the patients of the groups with unknown values in the order of `unknown`."""
        return {"branch_order": np.argsort(np.concatenate(groups))} if self.unknown.size else {}

    def store_branches(self, groups: Mapping[str, tuple[NDArray[Any], Sequence[Any]]]) -> None:
        """Keep the probability of every branch given the outcome, as `branch_probability`.

        Parameters
        ----------
        groups : mapping
            Patients of each group, and what `observe` returned for it.
        """
        import pymc as pm
        import pytensor.tensor as pt

        found = [(who, pt.stack(list(logs), axis=-1)) for who, logs in groups.values() if logs]
        if not found:
            return
        order = pm.Data("branch_order", self.branch_order([who for who, _ in found])["branch_order"])
        logs = pt.concatenate([part for _, part in found])[order]
        pm.Deterministic("branch_probability", pt.special.softmax(logs, axis=-1), dims=("unknown_patient", "branch"))

    # ---- in NumPy --------------------------------------------------------------------------------

    def prior(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of everything the risk depends on."""
        found: dict[str, tuple[tuple[str, ...], Any]] = {}
        if self.labels:
            found["coefficient"] = ((COVARIATE,), self.spec.prior("coefficient").sample(rng, draws, self.labels))
        if self.centres:
            spread, each = self.centres.sample(rng, draws)
            found |= {"frailty_sd": ((), spread), "log_frailty": ((CENTRE,), each)}
        if self.missing:
            found |= self.missing.sample(rng, draws)
        return {name: ((CHAIN, DRAW, *dims), array[None]) for name, (dims, array) in found.items()}

    def coefficient(self, parameters: xr.Dataset) -> Array:
        """Coefficients, (draws, labels)."""
        if not self.labels:
            return np.zeros((parameters.sizes[CHAIN] * parameters.sizes[DRAW], 0))
        return flat(parameters["coefficient"])

    def log_risk(self, parameters: xr.Dataset, patients: NDArray[Any], *, frailty: bool = True) -> Array:
        """Log risk of some patients, (draws, patients), without what yes-or-no values unknown add.

        Missing numbers are as imputed in each draw, the centre that of the patient.
        """
        coefficient = self.coefficient(parameters)
        found = np.asarray(coefficient @ self.values[patients].T)
        if self.missing:
            drawn = flat(parameters["imputed"]) if self.missing.numbers else np.empty(0)
            start = 0
            for j in self.missing.numbers:
                place = self.missing.gather(j, patients)
                at = np.flatnonzero(place)
                found[:, at] += coefficient[:, j, None] * drawn[:, start + place[at] - 1]
                start += len(self.missing.where[j])
        if self.centres and frailty:
            found = found + flat(parameters["log_frailty"])[:, self.centres.index[patients]]
        return found

    def branches(self, parameters: xr.Dataset, patients: NDArray[Any]) -> Array:
        """What unknown yes-or-no values add to the log risk, (branches, draws, patients)."""
        return self.missing.shift(self.coefficient(parameters), patients)

    def log_weights(self, parameters: xr.Dataset, patients: NDArray[Any]) -> Array:
        """Log probability of every branch given the other covariates, (branches, draws, patients)."""
        values = parameters_of(parameters, flat)
        numbers, _ = self.missing.complete(values, patients)
        logs = self.missing.log_branches(values, patients, numbers)
        return np.asarray(logs - np.logaddexp.reduce(logs, axis=0))

    def resolved(self, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        """Log risk of all patients with unknown yes-or-no values drawn, (draws, patients)."""
        found = self.log_risk(parameters, np.arange(len(self.values)))
        if self.unknown.size:
            reached = np.cumsum(flat(parameters["branch_probability"]), axis=-1)
            chosen = (rng.random((*reached.shape[:2], 1)) > reached[..., :-1]).sum(axis=-1)
            shifts = self.branches(parameters, self.unknown)
            found[:, self.unknown] += np.take_along_axis(shifts, chosen[None], axis=0)[0]
        return found

    def target(self, chosen: NDArray[np.bool_], *, new_centre: bool = False) -> Target:
        """Patients of the table as a target population, those alike as one row."""
        patients = np.flatnonzero(chosen)
        _, first, counts = np.unique(self.key[patients], axis=0, return_index=True, return_counts=True)
        return Target(counts / counts.sum(), patients=patients[first], new_centre=new_centre)

    def population(self, parameters: xr.Dataset, target: Target) -> Population:
        """The target population under every draw."""
        weight = target.weight
        if target.patients is None:
            found = np.asarray(self.coefficient(parameters) @ target.x.T)
            anew = target.centre is None
        else:
            found = self.log_risk(parameters, target.patients, frailty=not target.new_centre)
            anew = target.new_centre
            split = np.isin(target.patients, self.unknown)
            if split.any():
                found, weight = self._split(parameters, target.patients, split, found, weight)
        if self.centres is None:
            return Population(found, weight)
        if target.patients is None and target.centre is not None:
            return Population(found + flat(parameters["log_frailty"])[:, target.centre, None], weight)
        return self._anew(parameters, found, weight) if anew else Population(found, weight)

    def _split(
        self, parameters: xr.Dataset, patients: NDArray[Any], split: NDArray[np.bool_], found: Array, weight: Array
    ) -> tuple[Array, Array]:
        """Every branch of the patients with unknown values as a row, weighted by its probability."""
        who = patients[split]
        place = np.searchsorted(self.unknown, who)
        shares = np.moveaxis(flat(parameters["branch_probability"])[:, place], -1, 0)
        parts = self.branches(parameters, who) + found[:, split]
        weights = shares * weight[split]
        kept = np.broadcast_to(weight[~split], (len(found), int((~split).sum())))
        return np.concatenate([found[:, ~split], *parts], axis=1), np.concatenate([kept, *weights], axis=1)

    def _anew(self, parameters: xr.Dataset, found: Array, weight: Array) -> Population:
        """The same people at new centres."""
        added, share = new_centres(flat(parameters["frailty_sd"]), found.shape[1])
        if not share.size:
            return Population(found + added, weight)
        both = (found[:, :, None] + added[:, None, :]).reshape(len(found), -1)
        return Population(both, (weight[..., None] * share).reshape(*weight.shape[:-1], -1))


@dataclass(frozen=True)
class Built:
    """The risk inside one PyMC model."""

    risk: Risk
    coefficient: Any
    frailty: Any
    numbers: Mapping[int, Any]
    log_weights: Sequence[Any]

    def branches(self, name: str, patients: NDArray[Any], dim: str) -> tuple[list[Any], list[Any]]:
        """Log risks of some patients, one per branch, and the log weights of the branches.

        One log risk and no weights for patients without unknown yes-or-no values; a group holds
        patients of one kind.
        """
        import pymc as pm

        columns, missing = self.risk.columns(name, patients), self.risk.missing

        def column(key: str) -> Any:
            return pm.Data(f"{name}_{key}", columns[f"{name}_{key}"], dims=dim)

        total: Any = 0.0
        for j in range(len(self.risk.labels)):
            if f"{name}_x{j}" in columns:
                total = total + self.coefficient[j] * column(f"x{j}")
        if self.numbers:
            at = column("row")
            for j, completed in self.numbers.items():
                total = total + self.coefficient[j] * completed[at]
        if self.frailty is not None:
            total = total + self.frailty[column("centre")]
        if f"{name}_unknown" not in columns:
            return [total], []
        at = column("unknown")
        found = []
        for s in range(missing.branches):
            found.append(sum((self.coefficient[j] * column(f"branch{s}_x{j}") for j in missing.flags), total))
        return found, [weight[at] for weight in self.log_weights]


def observe(
    name: str, value: Any, risks: Sequence[Any], weights: Sequence[Any], others: Sequence[Any],
    term: Callable[..., Any], dim: str,
) -> list[Any]:  # fmt: skip
    """An observed variable whose log density is `term`, averaged over branches where there are any.

    Parameters
    ----------
    name : str
    value : tensor
        Data; the first argument of `term`.
    risks, weights : sequence of tensor
        The second argument of `term` in every branch, and log weights; no weights for one branch.
    others : sequence of tensor
        Further arguments.
    dim : str

    Returns
    -------
    list of tensor
        Log weight plus log density of every branch; empty for one branch.
    """
    import pymc as pm
    import pytensor.tensor as pt

    count = len(risks)

    def log_density(observed: Any, *arguments: Any) -> Any:
        rest = arguments[count + len(weights) :]
        terms = [term(observed, risk, *rest) for risk in arguments[:count]]
        return mixture(pt, terms, arguments[count : count + len(weights)]) if weights else terms[0]

    pm.CustomDist(name, *risks, *weights, *others, logp=log_density, observed=value, dims=dim)
    return [w + term(value, risk, *others) for risk, w in zip(risks, weights, strict=False)]


def flat(array: Any) -> Array:
    """Draws of a parameter with chains and draws as one first axis."""
    values = array.transpose(CHAIN, DRAW, ...).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))
