"""What the count likelihoods share: rows of counts, and the cells (regimens) they belong to.

A *row* is one study's count for one regimen and endpoint; a *cell* is one regimen of one
endpoint. With a single endpoint the cells are the regimens themselves, so that the model's
dimension is called `regimen`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Arm, CountTable
from bayes_escc.families.base import Design, prior_line
from bayes_escc.families.frozen import stated_priors
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.names import CHAIN, DRAW, ENDPOINT, REGIMEN, STUDY, AnyArray, Plain, PlainMapping
from bayes_escc.probability.logarithms import log_choose, xlog1py, xlogy
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CountDesign", "binomial_log_pmf"]

RATE_UNIT = "proportion of patients"


def empirical_logits(k: AnyArray, n: AnyArray) -> NDArray[np.float64]:
    """Log odds of counts, half an event added to both sides."""
    return np.asarray(np.log((k + 0.5) / (n - k + 0.5)))


def binomial_log_pmf(k: AnyArray, n: AnyArray, p: AnyArray) -> NDArray[np.float64]:
    """Binomial log probability, finite at p = 0 and p = 1 where the count allows it."""
    return np.asarray(log_choose(n, k) + xlogy(k, p) + xlog1py(n - k, -p))


class CountDesign(Design):
    """Counts by row, prepared; the likelihoods of counts build on it."""

    variant: str

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        frame = table.frame
        self.spec = spec
        self.regimens = table.regimens
        self.endpoints = table.endpoints
        self.directions = dict(table.directions)
        self.warnings = table.warnings
        pairs = list(dict.fromkeys(zip(frame["endpoint"], frame["regimen"], strict=True)))
        self.cells = sorted(pairs, key=lambda c: (self.endpoints.index(c[0]), self.regimens.index(c[1])))
        place = {cell: i for i, cell in enumerate(self.cells)}
        self.row_cell = np.array(
            [place[c] for c in zip(frame["endpoint"], frame["regimen"], strict=True)], dtype="int32"
        )
        self.cell_endpoint = np.array([self.endpoints.index(e) for e, _ in self.cells], dtype="int32")
        self.row_study = tuple(frame["study"])
        self.count = frame["events"].to_numpy(dtype="int64")
        self.total = frame["n"].to_numpy(dtype="int64")
        self.cell_dim = REGIMEN if len(self.endpoints) == 1 else "endpoint_regimen"
        self.rows, self.events = len(frame), int(self.count.sum())
        designs = frame["design"] if "design" in frame else [""] * len(frame)
        self.arms = tuple(
            Arm(*a) for a in zip(frame["study"], frame["regimen"], frame["endpoint"], designs, strict=True)
        )
        largest: dict[tuple[str, str], int] = {}
        for arm, n in zip(self.arms, self.total, strict=True):
            key = (arm.study, arm.regimen)
            largest[key] = max(largest.get(key, 0), int(n))
        self.patients = sum(largest.values())

    @property
    def cell_labels(self) -> list[str]:
        """One label per cell: the regimen, with its endpoint where there are several."""
        one = len(self.endpoints) == 1
        return [regimen if one else f"{endpoint}: {regimen}" for endpoint, regimen in self.cells]

    @property
    def cell_regimens(self) -> list[str]:
        """The regimen of every cell (priors are looked up by it)."""
        return [regimen for _, regimen in self.cells]

    @property
    def reweightable(self) -> bool:
        return self.spec.pooling == "none" and self.spec.likelihood not in ("beta_binomial", "multinomial")

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        return self.cell_regimens

    @property
    def row_labels(self) -> list[str]:
        """One label per row: study and cell."""
        return [f"{study}: {self.cell_labels[c]}" for study, c in zip(self.row_study, self.row_cell, strict=True)]

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        return {
            REGIMEN: self.regimens,
            ENDPOINT: self.endpoints,
            self.cell_dim: self.cell_labels,
            "row": self.row_labels,
        }

    @property
    def data(self) -> Mapping[str, AnyArray]:
        return {"events_observed": self.count, "n": self.total, "row_regimen": self.row_cell}

    @property
    def structure(self) -> Hashable:
        """Options, sizes and the priors of the cells in order; not the counts."""
        priors = tuple((role, tuple(prior_set[r] for r in self.cell_regimens)) for role, prior_set in self.spec.priors)
        return ("response", self.variant, self.cell_dim, len(self.cells), len(self.endpoints), priors)

    def frozen(self) -> Mapping[str, PlainMapping]:
        return {"priors": stated_priors(self.spec.priors)}

    @property
    def prior_roles(self) -> tuple[tuple[str, str], ...]:
        """Parameters with a prior and the unit their range is told in."""
        units = {"logit_mean": " (log odds)", "tau": " (log odds)", "precision": " patients"}
        return tuple((role, units.get(role, "")) for role, _ in self.spec.priors)

    def priors_in_words(self) -> list[str]:
        return [line for role, unit in self.prior_roles for line in prior_line(role, self.spec.prior(role), unit)]

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated = {**dict(self.spec.priors), **(priors or {})}
        return xr.Dataset(
            {
                role: log_density_of(parameters[role], prior, self.cell_dim, self.cell_regimens)
                for role, prior in stated.items()
            }
        )

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        events, roles = np.asarray(data["events"], dtype=float), [role for role, _ in self.spec.priors]
        found = []
        for cell, label in enumerate(self.cell_labels):
            rows = self.row_cell == cell
            if not self.total[rows].any():
                continue
            rate = events[..., rows].sum(axis=-1) / self.total[rows].sum()
            found.append(Statistic(roles[0], f"the rate of {label}", rate))
        for label, rows in self.spread_groups if len(roles) > 1 else ():
            rows = rows & (self.total > 0)
            spread = empirical_logits(events[..., rows], self.total[rows]).std(axis=-1)
            found.append(Statistic(roles[1], f"the standard deviation of the log odds of {label}", spread))
        return found

    @property
    def spread_groups(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """Rows whose rates share a spread with a prior of its own: the studies of a regimen."""
        groups = [(f"the studies of {label}", self.row_cell == i) for i, label in enumerate(self.cell_labels)]
        return [(label, rows) for label, rows in groups if (rows & (self.total > 0)).sum() > 2]

    def observed(self) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset({"events": ("row", self.count), "n": ("row", self.total)}, coords=self.row_coords())

    def row_coords(self) -> Plain:
        """Labels of the rows, beside (and so never clashing with) those of the estimands."""
        return {
            "row": self.row_labels,
            f"row_{STUDY}": ("row", list(self.row_study)),
            f"row_{REGIMEN}": ("row", [self.cells[c][1] for c in self.row_cell]),
            f"row_{ENDPOINT}": ("row", [self.cells[c][0] for c in self.row_cell]),
        }

    def by_regimen(self, values: AnyArray, name: str, unit: str) -> xr.DataArray:
        """Values over cells (last axis) as an array over regimens, and endpoints if several.

        A regimen without rows for an endpoint is NaN there.
        """
        import xarray as xr

        leading = values.shape[:-1]
        full = np.full((*leading, len(self.endpoints), len(self.regimens)), np.nan)
        for i, (endpoint, regimen) in enumerate(self.cells):
            full[..., self.endpoints.index(endpoint), self.regimens.index(regimen)] = values[..., i]
        sample = (CHAIN, DRAW)[: len(leading)]
        array = xr.DataArray(
            full,
            dims=(*sample, ENDPOINT, REGIMEN),
            coords={ENDPOINT: list(self.endpoints), REGIMEN: list(self.regimens)},
            name=name,
            attrs={"unit": unit},
        )
        directions = [self.directions.get(e, "") for e in self.endpoints]
        if all(directions):
            array.attrs["better"] = directions[0] if len(set(directions)) == 1 else ",".join(directions)
        return array.isel({ENDPOINT: 0}) if len(self.endpoints) == 1 else array

    def by_row(self, values: AnyArray, name: str) -> xr.DataArray:
        """Values over rows (last axis) with study, regimen and endpoint as labels."""
        import xarray as xr

        return xr.DataArray(
            values, dims=(CHAIN, DRAW, "row"), coords=self.row_coords(), name=name, attrs={"unit": RATE_UNIT}
        )

    def parameters_as_estimands(self, parameters: xr.Dataset, **units: str) -> dict[str, xr.DataArray]:
        """Sampled parameters over cells or endpoints, labelled like estimands."""
        found = {}
        for name, unit in units.items():
            array = parameters[name]
            if self.cell_dim in array.dims:
                plain = self.by_regimen(array.to_numpy(), name, unit)
                plain.attrs.pop("better", None)
                found[name] = plain
            elif len(self.endpoints) == 1:
                found[name] = array.isel({ENDPOINT: 0}).assign_attrs(unit=unit)
            else:
                found[name] = array.assign_attrs(unit=unit)
        return found

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        counts = rng.binomial(self.total, self.row_rates(parameters, rng))
        return xr.Dataset({"events": ((CHAIN, DRAW, "row"), counts)}, coords=self.row_coords())

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        values = self.row_log_pmf(parameters)
        return xr.Dataset({"events": ((CHAIN, DRAW, "row"), values)}, coords=self.row_coords())

    @abstractmethod
    def row_rates(self, parameters: xr.Dataset, rng: np.random.Generator) -> NDArray[np.float64]:
        """Rate of a replicated row under each draw, shape (chain, draw, row)."""

    @abstractmethod
    def row_log_pmf(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        """Log probability of each row's count under each draw, shape (chain, draw, row)."""

    def dataset(self, values: Mapping[str, tuple[tuple[str, ...], AnyArray]]) -> xr.Dataset:
        """Parameters as a Dataset with the model's own labels."""
        import xarray as xr

        used = {d for dims, _ in values.values() for d in dims}
        coords = {d: list(labels) for d, labels in self.coords.items() if d in used}
        return xr.Dataset(dict(values), coords=coords)
