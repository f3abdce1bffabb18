"""Covariates with missing values, modelled together with the outcome.

Every incomplete covariate has a model given the regimen, the stratum, the complete covariates and the
incomplete ones before it: a normal linear regression for numbers, a logistic one for yes-or-no
columns. Missing numbers are parameters, sampled with all others (non-centred); missing yes-or-no
values are summed out: the likelihood of such a patient is the average of those with either value,
weighted by their probabilities. Both assume that whether a value is missing depends on nothing
but what is observed (missing at random; Ibrahim, Chen and Lipsitz 2001).

Inside these regressions numbers are standardised, by the mean and sd of the observed values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Problem
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.exchangeable import zero_sum_basis
from bayes_escc.names import AnyArray
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    from bayes_escc.families.survival.strata import Strata
    from bayes_escc.families.tensors import Tensor

__all__ = ["IMPUTATION_PRIORS", "Imputation", "ImputationSpec", "log_sum"]

Array = NDArray[np.float64]
_MOST_BINARY: Final = 4
IMPUTATION_PRIORS: Final[Mapping[str, Prior]] = {
    "intercept": Prior("Normal", mu=0, sigma=1.5),
    "slope": Prior("Normal", mu=0, sigma=0.5),
    "sd": Prior("HalfNormal", sigma=1),
}
"""Default priors of the regressions, on the standardised scale (log odds for yes-or-no columns)."""


@dataclass(frozen=True)
class ImputationSpec:
    """What an analysis states of the regressions that impute.

    Parameters
    ----------
    stated : tuple of (str, Prior)
        Priors that replace those of `IMPUTATION_PRIORS`, by ``"intercept"``, ``"slope"`` and ``"sd"``.
    order : tuple of str
        Covariates in the order of their regressions, each of which may use those before it; those not named follow,
        with the fewest holes first. Numbers always come before yes-or-no covariates.
    """

    stated: tuple[tuple[str, Prior], ...] = ()
    order: tuple[str, ...] = ()

    @property
    def priors(self) -> dict[str, Prior]:
        """Of every part of a regression."""
        return {**IMPUTATION_PRIORS, **dict(self.stated)}


class Imputation:
    """The models of the incomplete covariates of one table.

    Parameters
    ----------
    encoded : EncodedCovariates
    regimen : array of shape (patients,)
        Index of the regimen of every patient.
    regimens : sequence of str
    rows : sequence of int
        The row of the table in which each patient stands.
    spec : ImputationSpec
        Priors and order of the regressions.
    strata : Strata, optional
        Strata of the patients, on which the regressions depend as they do on regimens.

    Attributes
    ----------
    numbers, flags : tuple of int
        Columns with missing numbers and with missing yes-or-no values, in the order of their regressions.
    unknown : array of int
        Patients with a missing yes-or-no value.
    labels : tuple of str
        Missing numbers, ``"column, row i"`` with the row of the table.
    """

    def __init__(
        self,
        encoded: EncodedCovariates,
        regimen: AnyArray,
        regimens: Sequence[str],
        rows: Sequence[int],
        spec: ImputationSpec,
        strata: Strata | None = None,
    ) -> None:
        missing, values = encoded.missing, encoded.values
        self.encoded, self.missing, self.priors = encoded, missing, spec.priors
        place = {_label_of(column, encoded.labels): i for i, column in enumerate(spec.order)}
        incomplete = sorted(
            np.flatnonzero(missing.any(axis=0)),
            key=lambda j: (place.get(encoded.labels[j], len(place)), missing[:, j].sum(), j),
        )
        self.numbers = tuple(int(j) for j in incomplete if not encoded.binary[j])
        self.flags = tuple(int(j) for j in incomplete if encoded.binary[j])
        self._check_order({int(j): place[encoded.labels[j]] for j in incomplete if encoded.labels[j] in place})
        if len(self.flags) > _MOST_BINARY:
            raise DataError(
                f"values are missing of {len(self.flags)} yes-or-no covariates; at most {_MOST_BINARY} can be summed "
                'out together. Set missing = "complete_case" for some, or leave them out.'
            )
        self.centre = np.where(encoded.binary & missing.any(axis=0), 0.0, np.nanmean(values, axis=0))
        spread = np.nanstd(values, axis=0)
        self.scale = np.where(encoded.binary & missing.any(axis=0), 1.0, np.where(spread > 0, spread, 1.0))
        self.patients = len(values)
        # standardised columns that every regression may use, complete for all patients
        fixed = {
            encoded.labels[j]: (values[:, j] - self.centre[j]) / self.scale[j]
            for j in np.flatnonzero(~missing.any(axis=0))
        }
        if len(regimens) > 1:
            fixed |= _contrasts("regimen", regimen, len(regimens))
        if strata:
            fixed |= _contrasts("stratum", strata.index, len(strata.levels))
        self.predictors = tuple(fixed)
        self.fixed = np.column_stack([*fixed.values()]) if fixed else np.zeros((len(values), 0))
        self.order = (*self.numbers, *self.flags)
        self.links = tuple(
            f"{encoded.labels[j]} on {encoded.labels[i]}" for k, j in enumerate(self.order) for i in self.order[:k]
        )
        self.where = {j: np.flatnonzero(missing[:, j]).astype("int32") for j in self.numbers}
        self.unknown = np.flatnonzero(missing[:, self.flags].any(axis=1)).astype("int32")
        self.labels = tuple(f"{encoded.labels[j]}, row {rows[i]}" for j in self.numbers for i in self.where[j])

    def _check_order(self, place: Mapping[int, int]) -> None:
        """Refuse a stated order in which a number comes after a yes-or-no covariate."""
        names = self.encoded.labels
        late = [(i, j) for i in self.flags for j in self.numbers if place.get(i, math.inf) < place.get(j, -math.inf)]
        if late:
            flag, number = (names[j] for j in late[0])
            raise AnalysisError(
                "model.imputation_order: numbers come before yes-or-no covariates, whose missing values are summed out "
                f"given them; put {number} before {flag}."
            )

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.order)

    # ---- size and shape -----------------------------------------------------------------------

    @property
    def branches(self) -> int:
        """Number of combinations of the missing yes-or-no values."""
        return int(2 ** len(self.flags))

    @property
    def branch_labels(self) -> tuple[str, ...]:
        names = [self.encoded.labels[j] for j in self.flags]
        return tuple(
            ", ".join(f"{name} = {int(b)}" for name, b in zip(names, bits, strict=True)) for bits in self._bits
        )

    @property
    def _bits(self) -> Array:
        """Combinations of yes and no, (branches, flags)."""
        return np.array([[s >> k & 1 for k in range(len(self.flags))] for s in range(self.branches)], dtype=float)

    @property
    def structure(self) -> tuple[Tensor, ...]:
        if not self:
            return ()
        counts = tuple(len(self.where[j]) for j in self.numbers)
        priors = tuple(self.priors.values())
        return counts, self.numbers, self.flags, len(self.predictors), len(self.unknown), priors

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        names = self.encoded.labels
        if not self:
            return {}
        return {
            "incomplete": tuple(names[j] for j in self.order),
            "incomplete_number": tuple(names[j] for j in self.numbers),
            "predictor": self.predictors,
            "link": self.links,
            "missing": self.labels,
            "unknown_patient": tuple(str(i + 1) for i in self.unknown),
            "branch": self.branch_labels if self.flags else (),
        }

    def flag_values(self, patients: AnyArray) -> Array:
        """Yes-or-no values by branch, (branches, flags, patients): observed ones in every branch."""
        values = self.encoded.values[np.ix_(patients, self.flags)].T
        return np.where(np.isnan(values), self._bits[:, :, None], values)

    def gather(self, j: int, patients: AnyArray) -> NDArray[np.int32]:
        """Where a patient's missing number stands among those of its column, from 1; 0 if observed."""
        found = np.zeros(self.patients, dtype="int32")
        found[self.where[j]] = np.arange(1, len(self.where[j]) + 1)
        return np.asarray(found[patients])

    def standard(self, j: int, values: Any) -> Tensor:
        """Values of a column on the scale of the regressions."""
        return (values - self.centre[j]) / self.scale[j]

    # ---- the regressions, in PyTensor and in NumPy alike ------------------------------------------

    @staticmethod
    def linked(k: int, base: Tensor, link: Tensor | Sequence[Tensor], earlier: Sequence[Tensor]) -> Tensor:
        """Linear predictor of the k-th incomplete covariate given those before it."""
        total, start = base[k], k * (k - 1) // 2
        for i, column in enumerate(earlier):
            total = total + link[start + i] * column
        return total

    def log_flags(
        self, base: Tensor, link: Tensor | Sequence[Tensor], numbers: Sequence[Tensor], flags: Sequence[Tensor], xp: Any
    ) -> Tensor:
        """Log probability of yes-or-no values (flags, ...) given the other covariates."""
        total: Tensor = 0.0
        for k, flag in enumerate(flags):
            logit = self.linked(len(self.numbers) + k, base, link, [*numbers, *flags[:k]])
            total = total + flag * logit - xp.logaddexp(xp.zeros(()), logit)
        return total

    # ---- in PyMC ----------------------------------------------------------------------------------

    @property
    def data(self) -> dict[str, AnyArray]:
        """Values of the data of `build`."""
        if not self:
            return {}
        found: dict[str, AnyArray] = {"imputation_x": self.fixed}
        everyone = np.arange(self.patients)
        if self.numbers:
            found |= {"number_scale": self.scale[[*self.numbers]], "number_centre": self.centre[[*self.numbers]]}
        for j in self.numbers:
            column = self.standard(j, self.encoded.values[:, j])
            seen = np.flatnonzero(~self.missing[:, j]).astype("int32")
            found |= {
                f"column{j}": np.nan_to_num(column),
                f"gather{j}": self.gather(j, everyone),
                f"missing_at{j}": self.where[j],
                f"seen_at{j}": seen,
                f"seen{j}": column[seen],
            }
        if self.flags:
            known = np.setdiff1d(everyone, self.unknown).astype("int32")
            free = self.missing[np.ix_(self.unknown, self.flags)].sum(axis=1)
            found |= {
                "known_at": known,
                "known_count": np.ones(len(known)),
                "known_flags": self.encoded.values[np.ix_(known, self.flags)].T,
                "unknown_at": self.unknown,
                "unknown_count": np.ones(len(self.unknown)),
                "unknown_flags": self.flag_values(self.unknown),
                "unknown_copies": (len(self.flags) - free) * np.log(2.0),
            }
            if len(self.flags) == 1:
                del found["unknown_count"], found["unknown_copies"]
        return found

    def build(self) -> tuple[dict[int, Tensor], Tensor]:
        """Create the regressions inside the current PyMC model.

        Returns
        -------
        numbers : dict of int to tensor
            Completed columns with missing numbers, as coded, for all patients.
        log_weights : tensor of shape (branches, patients)
            Log probability of every branch for the patients `unknown`.
        """
        import pymc as pm
        import pytensor.tensor as pt

        model, data = pm.modelcontext(None), self.data
        model.add_coord("patient", length=self.patients)
        fixed = pm.Data("imputation_x", data["imputation_x"], dims=("patient", "predictor"))
        base = self.priors["intercept"].to_pymc("imputation_intercept", dims="incomplete")[:, None]
        if self.predictors:
            slope = self.priors["slope"].to_pymc("imputation_slope", dims=("incomplete", "predictor"))
            base = base + (slope[:, None, :] * fixed[None, :, :]).sum(axis=-1)
        else:
            base = base + pt.zeros(fixed.shape[0])
        link: Tensor = self.priors["slope"].to_pymc("imputation_link", dims="link") if self.links else ()
        numbers: dict[int, Tensor] = {}
        completed: list[Tensor] = []
        imputed: list[Tensor] = []
        start = 0
        if self.numbers:
            spread = self.priors["sd"].to_pymc("imputation_sd", dims="incomplete_number")
            score = pm.Normal("missing_z", dims="missing")
            scale = pm.Data("number_scale", data["number_scale"], dims="incomplete_number")
            centre = pm.Data("number_centre", data["number_centre"], dims="incomplete_number")
        for k, j in enumerate(self.numbers):
            mean = self.linked(k, base, link, completed)
            stop = start + len(self.where[j])
            filled = mean[pm.Data(f"missing_at{j}", data[f"missing_at{j}"])] + spread[k] * score[start:stop]
            gather = pm.Data(f"gather{j}", data[f"gather{j}"], dims="patient")
            column = pm.Data(f"column{j}", data[f"column{j}"], dims="patient")
            completed.append(column + pt.concatenate([pt.zeros(1), filled])[gather])
            model.add_coord(f"seen_{j}", length=len(data[f"seen{j}"]))
            pm.Normal(
                f"covariate{j}",
                mean[pm.Data(f"seen_at{j}", data[f"seen_at{j}"], dims=f"seen_{j}")],
                spread[k],
                observed=pm.Data(f"seen{j}", data[f"seen{j}"], dims=f"seen_{j}"),
                dims=f"seen_{j}",
            )
            imputed.append(filled * scale[k] + centre[k])
            numbers[j] = completed[-1] * scale[k] + centre[k]
            start = stop
        if imputed:
            pm.Deterministic("imputed", pt.concatenate(imputed), dims="missing")
        return numbers, self._build_flags(base, link, completed) if self.flags else None

    def _build_flags(self, base: Tensor, link: Tensor, completed: list[Tensor]) -> Tensor:
        """The logistic regressions; log probabilities of the branches of the patients `unknown`."""
        import pymc as pm
        import pytensor.tensor as pt

        model, data = pm.modelcontext(None), self.data
        model.add_coord("known", length=len(data["known_at"]))

        def log_flags(who: str) -> Tensor:
            at = pm.Data(f"{who}_at", data[f"{who}_at"])
            flags = pm.Data(f"{who}_flags", data[f"{who}_flags"])
            listed = [flags[..., k, :] for k in range(len(self.flags))]
            return self.log_flags(base[:, at], link, [column[at] for column in completed], listed, pt)

        def observed(name: str, term: Tensor, count: str, dim: str) -> None:
            value = pm.Data(count, data[count], dims=dim)
            pm.CustomDist(name, term, logp=lambda n, each: n * each, observed=value, dims=dim)

        observed("covariate_flags", log_flags("known"), "known_count", "known")
        branches = log_flags("unknown")
        total = log_sum(pt, branches, self.branches)
        if len(self.flags) > 1:  # what the values seen of these patients say
            copies = pm.Data("unknown_copies", data["unknown_copies"], dims="unknown_patient")
            observed("covariate_flags_unknown", total - copies, "unknown_count", "unknown_patient")
        return branches - total

    # ---- in NumPy ---------------------------------------------------------------------------------

    def base(self, values: Mapping[str, Array], patients: AnyArray) -> Array:
        """Linear predictors from the complete columns, (incomplete, draws, patients)."""
        found = values["imputation_intercept"].T[:, :, None]
        if self.predictors:
            found = found + np.moveaxis(values["imputation_slope"] @ self.fixed[patients].T, 1, 0)
        return np.broadcast_to(found, (len(self.order), len(values["imputation_intercept"]), len(patients)))

    def complete(
        self, values: Mapping[str, Array], patients: AnyArray, scores: Mapping[int, Any] | None = None
    ) -> tuple[list[Array], Array]:
        """Completed numbers of some patients, on the scale of the regressions, and their density.

        Parameters
        ----------
        values : mapping of str to array of shape (draws, ...)
            The parameters of the regressions.
        patients : array of int
        scores : mapping of int to array, optional
            Normal scores that replace the sampled values of a column, (draws, patients) or plain.

        Returns
        -------
        numbers : list of array of shape (draws, patients)
        log_density : array of shape (draws, patients)
            Of the numbers that were observed.
        """
        base, link = self.base(values, patients), self._link(values)
        numbers: list[Array] = []
        density, start = np.zeros(base.shape[1:]), 0
        for k, j in enumerate(self.numbers):
            mean = self.linked(k, base, link, numbers)
            spread, place = values["imputation_sd"][:, k, None], self.gather(j, patients)
            seen = np.nan_to_num(self.standard(j, self.encoded.values[patients, j]))
            if scores is not None and j in scores:
                filled = mean + spread * scores[j]
            else:
                filled = self.standard(j, values["imputed"][:, start + np.maximum(place, 1) - 1])
            numbers.append(np.where(place > 0, filled, seen))
            log_normal = -0.5 * ((seen - mean) / spread) ** 2 - np.log(spread) - 0.5 * np.log(2.0 * np.pi)
            density += np.where(place > 0, 0.0, log_normal)
            start += len(self.where[j])
        return numbers, density

    def log_branches(self, values: Mapping[str, Array], patients: AnyArray, numbers: list[Array]) -> Array:
        """Log probability of the yes-or-no values in every branch, (branches, draws, patients).

        The sum over branches is the probability of those observed, times the copies of each.
        """
        base, link = self.base(values, patients), self._link(values)
        branches = [self.log_flags(base, link, numbers, list(held), np) for held in self.flag_values(patients)]
        return np.stack([np.broadcast_to(b, base.shape[1:]) for b in branches])

    def _link(self, values: Mapping[str, Array]) -> list[Array]:
        return [values["imputation_link"][:, i, None] for i in range(len(self.links))]

    def shift(self, coefficient: Array, patients: AnyArray) -> Array:
        """What missing yes-or-no values add to the log hazard by branch, (branches, draws, patients)."""
        free = self.missing[np.ix_(patients, self.flags)]
        return np.stack([coefficient[:, self.flags] @ (bits * free).T for bits in self._bits])

    def sample(self, rng: np.random.Generator, draws: int) -> dict[str, tuple[tuple[str, ...], Array]]:
        """Prior draws of the regressions and of what is missing, by name with dimensions."""
        size = len(self.order)
        found: dict[str, tuple[tuple[str, ...], Array]] = {
            "imputation_intercept": (("incomplete",), self.priors["intercept"].sample(rng, (draws, size))),
        }
        if self.predictors:
            slopes = self.priors["slope"].sample(rng, (draws, size, len(self.predictors)))
            found["imputation_slope"] = (("incomplete", "predictor"), slopes)
        if self.links:
            found["imputation_link"] = (("link",), self.priors["slope"].sample(rng, (draws, len(self.links))))
        if self.numbers:
            spread = self.priors["sd"].sample(rng, (draws, len(self.numbers)))
            found["imputation_sd"] = (("incomplete_number",), spread)
        values = {name: array for name, (_, array) in found.items()}
        if self.numbers:
            concerned = np.flatnonzero(self.missing[:, self.numbers].any(axis=1))
            scores = {j: rng.normal(size=(draws, len(concerned))) for j in self.numbers}
            numbers, _ = self.complete(values, concerned, scores)
            columns = [
                column[:, self.missing[concerned, j]] * self.scale[j] + self.centre[j]
                for j, column in zip(self.numbers, numbers, strict=True)
            ]
            values["imputed"] = np.concatenate(columns, axis=1)
            found["imputed"] = (("missing",), values["imputed"])
        if self.flags:
            numbers, _ = self.complete(values, self.unknown)
            logs = self.log_branches(values, self.unknown, numbers)
            shares = np.exp(logs - log_sum(np, logs, self.branches))
            found["branch_probability"] = (("unknown_patient", "branch"), np.moveaxis(shares, 0, -1))
        return found

    # ---- in words -----------------------------------------------------------------------------------

    def notes(self) -> list[Problem]:
        """How much was missing, and what was done."""
        return [
            Problem(
                "imputed",
                f"{int(self.missing[:, j].sum())} of {self.patients} values of {self.encoded.labels[j]} are missing",
                "They are "
                + ("sampled with everything else" if j in self.numbers else "summed out")
                + " given the regimen and the other covariates, on the assumption that whether one is missing depends "
                "on nothing unseen.",
                column=self.encoded.labels[j],
            )
            for j in self.order
        ]

    def words(self) -> list[str]:
        """The priors of the regressions."""
        listed = ", ".join(self.encoded.labels[j] for j in self.order)
        return [
            f"missing values of {listed}, given regimen and other covariates, all standardised: intercept ~ "
            f"{self.priors['intercept']}, slopes ~ {self.priors['slope']}, residual sd ~ {self.priors['sd']}."
        ]


def _contrasts(name: str, index: AnyArray, count: int) -> dict[str, Array]:
    """Contrasts of regimens or strata, of one scale, so that the order of their labels decides nothing."""
    columns = zero_sum_basis(count)[index]
    columns = (columns - columns.mean(axis=0)) / np.sqrt(columns.var(axis=0).mean())
    return {f"{name} contrast {k + 1}": column for k, column in enumerate(columns.T)}


def _label_of(column: str, labels: Sequence[str]) -> str:
    """The label of a covariate that has two levels or is a number; its other labels are never incomplete."""
    return next((label for label in labels if label == column or label.startswith(f"{column}[")), column)


def log_sum(xp: Any, logs: Tensor, branches: int) -> Tensor:
    """Logarithm of the sum of exp(logs) over the first axis, whose length is `branches`."""
    total = logs[0]
    for s in range(1, branches):
        total = xp.logaddexp(total, logs[s])
    return total
