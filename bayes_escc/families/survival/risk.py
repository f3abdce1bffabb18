"""The log hazard of a patient relative to a reference patient: covariates, centre, what is missing.

A patient with a missing yes-or-no value has one log risk in every *branch* (combination of those
values), and a probability of every branch; all others have one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.survival.frailty import CENTRE, Centres, new_centres
from bayes_escc.families.survival.missing import Imputation, log_sum
from bayes_escc.families.survival.population import MOST_PATTERNS, Population, condensed
from bayes_escc.families.survival.shrinkage import Coefficients
from bayes_escc.names import CHAIN, COVARIATE, DRAW, AnyArray, PlainMapping

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.survival.spec import SurvivalSpec
    from bayes_escc.families.survival.strata import Strata
    from bayes_escc.families.tensors import Tensor

__all__ = ["Built", "Risk", "Target", "flat", "observe"]

Array = NDArray[np.float64]
Draws = Mapping[str, Array]
_NAMES = (
    "log_frailty",
    "frailty_sd",
    "imputation_intercept",
    "imputation_slope",
    "imputation_link",
    "imputation_sd",
    "imputed",
    "branch_probability",
)


@dataclass(frozen=True)
class Target:
    """Whom results are averaged over, those alike as one row.

    Parameters
    ----------
    weight : array of shape (rows,)
        Sums to one.
    x : array of shape (rows, labels)
        Coded covariates, 0 where missing.
    centres : tuple of str, optional
        The centre of every row; without, results are averaged over new centres.
    patients : array of int of shape (rows,), optional
        Patients of the table, given where some of them lack values.
    """

    weight: Array
    x: Array
    centres: tuple[str, ...] | None = None
    patients: NDArray[np.intp] | None = None


class Risk:
    """Log risks of the patients of one table.

    Parameters
    ----------
    spec : SurvivalSpec
    encoded : EncodedCovariates
    regimen : array of shape (patients,)
    regimens : sequence of str
    centres : Centres or None
    events : int
    rows : sequence of int
        The row of the table in which each patient stands.
    strata : Strata, optional
        On which covariates may depend where they are imputed.
    """

    def __init__(
        self,
        spec: SurvivalSpec,
        encoded: EncodedCovariates,
        regimen: AnyArray,
        regimens: Sequence[str],
        centres: Centres | None,
        events: int,
        rows: Sequence[int],
        strata: Strata | None = None,
    ) -> None:
        self.encoded, self.centres = encoded, centres
        self.coefficients = Coefficients(spec, encoded, events)
        self.values = np.nan_to_num(encoded.values)
        self.missing = Imputation(encoded, regimen, regimens, rows, spec.imputation, strata)
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
        found: dict[str, Sequence[str]] = {COVARIATE: self.labels, **self.coefficients.coords}
        if self.centres:
            found[CENTRE] = self.centres.labels
        return found | self.missing.coords

    @property
    def parameter_count(self) -> int:
        """Sampled parameters that events must inform."""
        return self.coefficients.parameter_count + (1 if self.centres else 0)

    @property
    def hierarchical(self) -> bool:
        """Whether centres, missing numbers or coefficients have a spread that is itself estimated."""
        return bool(self.centres or self.missing.numbers or self.coefficients.shrunk)

    @property
    def structure(self) -> Hashable:
        centres = len(self.centres.labels) if self.centres else 0
        return centres, self.missing.structure, self.coefficients.structure

    # ---- in PyMC ---------------------------------------------------------------------------------

    @property
    def data(self) -> dict[str, AnyArray]:
        """Values of the data that `build` creates."""
        return self.missing.data

    def build(self) -> Built:
        """Create coefficients, frailties and imputation inside the current PyMC model."""
        coefficient = self.coefficients.build() if self.labels else None
        frailty = self.centres.build() if self.centres else None
        numbers, log_weights = self.missing.build() if self.missing else ({}, None)
        return Built(self, coefficient, frailty, numbers, log_weights)

    def columns(self, name: str, patients: AnyArray) -> dict[str, AnyArray]:
        """Values of the data that `Built.branches` creates for some patients, by name."""
        found: dict[str, AnyArray] = {}
        missing = self.missing
        split = np.isin(patients, self.unknown).any()
        for j in range(len(self.labels)):
            if j not in missing.numbers and not (split and j in missing.flags):
                found[f"{name}_x{j}"] = self.values[patients, j]
        if missing.numbers:
            found[f"{name}_row"] = patients.astype("int32")
        if split:
            found[f"{name}_unknown"] = np.searchsorted(self.unknown, patients).astype("int32")
            found[f"{name}_flags"] = missing.flag_values(patients)
            found[f"{name}_ones"] = np.ones(len(patients))
        if self.centres:
            found[f"{name}_centre"] = self.centres.index[patients]
        return found

    @property
    def shifts(self) -> bool:
        """Whether rows differ by more than their covariates: by centres, or by numbers that are imputed."""
        return bool(self.centres or self.missing.numbers)

    @property
    def _complete(self) -> list[int]:
        """Covariates without missing numbers."""
        return [j for j in range(len(self.labels)) if j not in self.missing.numbers]

    def matrix(self, patients: AnyArray) -> dict[str, AnyArray]:
        """Values of the data that `Built.linear` needs for some patients; those `unknown` are not among them."""
        found = {"x": np.ascontiguousarray(self.values[np.ix_(patients, self._complete)].T)}
        if self.missing.numbers:
            found["row"] = patients.astype("int32")
        if self.centres:
            found["centre"] = self.centres.index[patients]
        return found

    def branch_order(self, groups: Sequence[AnyArray]) -> dict[str, AnyArray]:
        """Data that put the patients of the groups with unknown values in the order of `unknown`."""
        return {"branch_order": np.argsort(np.concatenate(groups))} if self.unknown.size else {}

    def store_branches(self, groups: Mapping[str, tuple[AnyArray, Tensor]]) -> None:
        """Keep the probability of every branch given the outcome, as `branch_probability`.

        Parameters
        ----------
        groups : mapping
            Patients of each group, and what `observe` returned for it.
        """
        import pymc as pm
        import pytensor.tensor as pt

        found = [(who, logs) for who, logs in groups.values() if logs is not None]
        if not found:
            return
        order = pm.Data("branch_order", self.branch_order([who for who, _ in found])["branch_order"])
        logs = pt.concatenate([part for _, part in found], axis=1)[:, order]
        shares = pt.exp(logs - log_sum(pt, logs, self.missing.branches))
        pm.Deterministic("branch_probability", shares.T, dims=("unknown_patient", "branch"))

    # ---- in NumPy --------------------------------------------------------------------------------

    def prior(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Any]]:
        """Prior draws of everything the risk depends on."""
        found: dict[str, tuple[tuple[str, ...], Any]] = {}
        if self.labels:
            found |= self.coefficients.sample(rng, draws)
        if self.centres:
            spread, each = self.centres.sample(rng, draws)
            found |= {"frailty_sd": ((), spread), "log_frailty": ((CENTRE,), each)}
        if self.missing:
            found |= self.missing.sample(rng, draws)
        return {name: ((CHAIN, DRAW, *dims), array[None]) for name, (dims, array) in found.items()}

    def draws(self, parameters: xr.Dataset) -> Draws:
        """The parameters the risk depends on, with chains and draws as one first axis."""
        return {str(name): flat(parameters[name]) for name in _NAMES if name in parameters} | {
            "coefficient": flat(parameters["coefficient"])
            if self.labels
            else np.zeros((parameters.sizes[CHAIN] * parameters.sizes[DRAW], 0))
        }

    def log_risk(self, draws: Draws, patients: AnyArray, *, frailty: bool = True) -> Array:
        """Log risk of some patients, (draws, patients), without what yes-or-no values unknown add.

        Missing numbers are as imputed in each draw, the centre that of the patient.
        """
        found = np.asarray(draws["coefficient"] @ self.values[patients].T) + self._imputed(draws, patients)
        if self.centres and frailty:
            found = found + draws["log_frailty"][:, self.centres.index[patients]]
        return found

    def _imputed(self, draws: Draws, patients: AnyArray) -> Array:
        """What imputed numbers add to the log risk, (draws, patients)."""
        found, start = np.zeros((len(draws["coefficient"]), len(patients))), 0
        for j in self.missing.numbers:
            place = self.missing.gather(j, patients)
            at = np.flatnonzero(place)
            found[:, at] += draws["coefficient"][:, j, None] * draws["imputed"][:, start + place[at] - 1]
            start += len(self.missing.where[j])
        return found

    def branches(self, draws: Draws, patients: AnyArray) -> Array:
        """What unknown yes-or-no values add to the log risk, (branches, draws, patients)."""
        return self.missing.shift(draws["coefficient"], patients)

    def log_weights(self, draws: Draws, patients: AnyArray) -> Array:
        """Log probability of every branch given the other covariates, (branches, draws, patients)."""
        numbers, _ = self.missing.complete(draws, patients)
        logs = self.missing.log_branches(draws, patients, numbers)
        return np.asarray(logs - log_sum(np, logs, len(logs)))

    def resolved(self, draws: Draws, rng: np.random.Generator) -> Array:
        """Log risk of all patients with unknown yes-or-no values drawn, (draws, patients)."""
        found = self.log_risk(draws, np.arange(len(self.values)))
        if self.unknown.size:
            reached = np.cumsum(draws["branch_probability"], axis=-1)
            chosen = (rng.random((*reached.shape[:2], 1)) > reached[..., :-1]).sum(axis=-1)
            shifts = self.branches(draws, self.unknown)
            found[:, self.unknown] += np.take_along_axis(shifts, chosen[None], axis=0)[0]
        return found

    # ---- target populations -----------------------------------------------------------------------

    def target(self, chosen: NDArray[np.bool_], *, new_centre: bool = False) -> Target:
        """Patients of the table as a target population."""
        key = self.key[chosen][:, [*range(len(self.labels))]] if new_centre and not self.missing else self.key[chosen]
        _, first, counts = np.unique(key, axis=0, return_index=True, return_counts=True)
        patients = np.flatnonzero(chosen)[first]
        centres = None
        if self.centres and not new_centre:
            centres = tuple(self.centres.labels[i] for i in self.centres.index[patients])
        return Target(counts / counts.sum(), self.values[patients], centres, patients if self.missing else None)

    def carried(self, target: Target) -> Target:
        """A target population of an earlier table, for this one.

        Raises
        ------
        AnalysisError
            If some of its patients lack values, which no other table can fill in.
        """
        if target.patients is not None:
            raise AnalysisError(
                "results cannot be averaged over the patients of the first look, whose missing covariates are imputed "
                "there; give estimands.population as a table or a profile."
            )
        return target

    def population(self, parameters: xr.Dataset, target: Target) -> Population:
        """The target population under every draw."""
        draws = self.draws(parameters)
        size = len(target.weight) * (self.missing.branches if target.patients is not None else 1)
        if size <= MOST_PATTERNS:
            return Population(*self._rows(draws, target))
        total = len(draws["coefficient"])
        return condensed(
            lambda block: self._rows({k: v[block] for k, v in draws.items()}, target), total, len(target.weight)
        )

    def _rows(self, draws: Draws, target: Target) -> tuple[Array, Array]:
        """Log risks, (draws, rows), and weights of a target population."""
        found, weight = np.asarray(draws["coefficient"] @ target.x.T), target.weight
        if self.centres and target.centres is not None:
            place = {label: i for i, label in enumerate(self.centres.labels)}
            found = found + draws["log_frailty"][:, [place[c] for c in target.centres]]
        if target.patients is not None:
            found = found + self._imputed(draws, target.patients)
            split = np.isin(target.patients, self.unknown)
            if split.any():
                found, weight = self._split(draws, target.patients, split, found, weight)
        if self.centres and target.centres is None:
            return self._anew(draws, found, weight)
        return found, weight

    def _split(
        self, draws: Draws, patients: AnyArray, split: NDArray[np.bool_], found: Array, weight: Array
    ) -> tuple[Array, Array]:
        """Every branch of the patients with unknown values as a row, weighted by its probability."""
        who = patients[split]
        place = np.searchsorted(self.unknown, who)
        shares = np.moveaxis(draws["branch_probability"][:, place], -1, 0)
        parts = self.branches(draws, who) + found[:, split]
        weights = shares * weight[split]
        kept = np.broadcast_to(weight[~split], (len(found), int((~split).sum())))
        return np.concatenate([found[:, ~split], *parts], axis=1), np.concatenate([kept, *weights], axis=1)

    @staticmethod
    def _anew(draws: Draws, found: Array, weight: Array) -> tuple[Array, Array]:
        """The same people at new centres."""
        added, share = new_centres(draws["frailty_sd"], found.shape[1])
        if not share.size:
            return found + added, weight
        both = (found[:, :, None] + added[:, None, :]).reshape(len(found), -1)
        return both, (weight[..., None] * share).reshape(*weight.shape[:-1], -1)


@dataclass(frozen=True)
class Built:
    """The risk inside one PyMC model."""

    risk: Risk
    coefficient: Tensor
    frailty: Tensor
    numbers: Mapping[int, Tensor]
    log_weights: Tensor

    def linear(self, column: PlainMapping) -> tuple[Tensor, Tensor]:
        """Coefficients of the rows of a matrix of covariates, and what is added to the log risk of its columns.

        Parameters
        ----------
        column : mapping of str to tensor
            The data of `Risk.matrix`.
        """
        import pytensor.tensor as pt

        shift: Tensor = pt.zeros(0)
        parts = [self.coefficient[j] * completed[column["row"]] for j, completed in self.numbers.items()]
        if self.frailty is not None:
            parts.append(self.frailty[column["centre"]])
        if parts:
            shift = sum(parts[1:], start=parts[0])
        kept = self.risk._complete
        return (self.coefficient[kept] if kept else pt.zeros(0)), shift

    def branches(self, name: str, patients: AnyArray, dim: str) -> tuple[Tensor, Tensor]:
        """Log risk of some patients, (patients,), and None.

        For patients with unknown yes-or-no values, who make groups of their own: log risks of every
        branch, (branches, patients), and their log weights.
        """
        import pymc as pm

        columns, missing = self.risk.columns(name, patients), self.risk.missing

        def column(key: str) -> Tensor:
            return pm.Data(f"{name}_{key}", columns[f"{name}_{key}"], dims=dim)

        total: Tensor = 0.0
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
            return total, None
        flags = pm.Data(f"{name}_flags", columns[f"{name}_flags"])
        total = total + sum(self.coefficient[j] * flags[:, k] for k, j in enumerate(missing.flags))
        return total, self.log_weights[:, column("unknown")]


def observe(
    name: str,
    value: Tensor,
    risk: Tensor,
    log_weights: Tensor,
    others: Sequence[Tensor],
    term: Callable[..., Any],
    dim: str,
    patients: int,
    branches: int,
) -> Tensor:
    """An observed variable whose log density is `term`, averaged over branches where there are any.

    Parameters
    ----------
    name : str
    value : tensor
        Data; the first argument of `term`.
    risk : tensor
        The second argument of `term`, (patients,) or (branches, patients).
    log_weights : tensor or None
        Of the branches, if there are any.
    others : sequence of tensor
        Further arguments.
    dim : str
    patients, branches : int

    Returns
    -------
    tensor or None
        Log weight plus log density of every branch, (branches, patients).
    """
    import pymc as pm
    import pytensor.tensor as pt

    if log_weights is None:
        pm.CustomDist(name, risk, *others, logp=term, observed=value, dims=dim)
        return None
    logs = log_weights + term(value, risk, *others)
    ones = pm.Data(f"{name}_ones", np.ones(patients), dims=dim)
    pm.CustomDist(name, log_sum(pt, logs, branches), logp=lambda count, each: count * each, observed=ones, dims=dim)
    return logs


def flat(array: xr.DataArray) -> Array:
    """Draws of a parameter with chains and draws as one first axis."""
    values = array.transpose(CHAIN, DRAW, ...).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))
