"""Hazards that are constant between cut points; without any, the exponential model."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.families.base import ExactPosterior
from bayes_escc.families.exchangeable import PairPrior
from bayes_escc.families.step_hazards import default_cuts, exposure
from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import Array, PiecewiseCurves
from bayes_escc.families.survival.design import SurvivalDesign
from bayes_escc.families.survival.published import piecewise_hazards
from bayes_escc.families.survival.regimen_effects import CONTRAST
from bayes_escc.families.survival.risk import flat, observe
from bayes_escc.families.survival.rows import GroupedRows, unique_rows
from bayes_escc.families.survival.steps import StepCoordinates
from bayes_escc.names import CHAIN, DRAW, INTERVAL, REGIMEN, AnyArray, PlainMapping
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["PiecewiseDesign"]


def _at_known_time(event: Tensor, log_risk: Tensor, cumulative: Tensor, log_hazard: Tensor) -> Tensor:
    """Log-likelihood of a patient with an event at a known time (1) or censored (0)."""
    import pytensor.tensor as pt

    return event * (log_hazard + log_risk) - cumulative * pt.exp(log_risk)


def _between_scans(count: Tensor, log_risk: Tensor, before: Tensor, inside: Tensor) -> Tensor:
    """Log-likelihood of a patient with an event between two scans."""
    import pytensor.tensor as pt

    risk = pt.exp(log_risk)
    return count * kernels.between(pt, before * risk, inside * risk)


class PiecewiseDesign(SurvivalDesign):
    """``h_r(t) = exp(log_hazard_j + effect_r)`` in interval j.

    Effects are relative to the average regimen (or the first, with ``regimen_coding = "reference"``). Every stratum has
    log hazards of its own.

    Patients alike in regimen, stratum, covariates and centre share a likelihood: events and exposure per interval
    and covariate pattern are all it needs (Holford 1980), so that its cost grows with patterns,
    not with patients. Events between two scans stay apart, one row per distinct pair of times and
    pattern. Rows never depend on how patients are ordered.
    """

    def _prepare(self) -> None:
        f = self.follow_up
        if self.spec.baseline == "exponential":
            self.cuts = np.empty(0)
        elif self.spec.cutpoints is not None:
            self.cuts = np.array(self.spec.cutpoints)
        else:
            self.cuts = default_cuts(f.middle[f.event], self.groups.strata)
        self._collapse()

    # ---- sufficient statistics ----------------------------------------------------------------

    def _collapse(self) -> None:
        f, plain = self.follow_up, ~self.follow_up.interval
        unknown = np.isin(np.arange(self.patients), self.risk.unknown)
        # patients of one pattern are alike in group and risk; its first patient stands for it
        self.pattern, place = unique_rows([self.group, *self.risk.key.T])
        spent = exposure(f.entry, np.where(plain & ~unknown, f.lower, f.entry), self.cuts)
        count, intervals = len(self.pattern), len(self.cuts) + 1
        total = np.zeros((count, intervals))
        events = np.zeros((count, intervals))
        np.add.at(total, place, spent)
        exact = f.exact & ~unknown
        np.add.at(events, (place[exact], np.searchsorted(self.cuts, f.lower[exact], side="left")), 1.0)
        used = total > 0
        pattern, interval = np.nonzero(used)
        group = self.group[self.pattern[pattern]] * intervals + interval
        order = np.argsort(group, kind="stable")
        self.cell_pattern, self.cell_interval = pattern[order], interval[order]
        self.cell_events, self.cell_exposure = events[used][order], total[used][order]
        self.cells = (
            None
            if not order.size
            else GroupedRows(
                "cell",
                group[order],
                self.groups.count * intervals,
                self.pattern[self.cell_pattern],
                self.cell_events,
                self.cell_exposure,
            )
        )
        scans = np.column_stack([place, f.entry, f.lower, f.upper])[f.interval & ~unknown]
        rows, counts = np.unique(scans, axis=0, return_counts=True) if len(scans) else (scans, np.empty(0))
        self.row_pattern, self.row_count = rows[:, 0].astype("int32"), counts.astype(float)
        self.row_before = exposure(rows[:, 1], rows[:, 2], self.cuts)
        self.row_inside = exposure(rows[:, 2], rows[:, 3], self.cuts)
        # unknown yes-or-no values: each patient alone, as the likelihood averages over the values
        self.alone = {
            name: np.flatnonzero(which)
            for name, which in (("alone", unknown & plain), ("alone_interval", unknown & f.interval))
            if which.any()
        }

    @property
    def interval_labels(self) -> list[str]:
        """Intervals in words, which store the cut points with the result."""
        edges = ["0", *(f"{c:.15g}" for c in self.cuts)]
        closed = [f"({a}, {b}] {self.unit}" for a, b in pairwise(edges)]
        return [*closed, f"over {edges[-1]} {self.unit}"]

    @property
    def interval_starts(self) -> Array:
        return np.concatenate([[0.0], self.cuts])

    @property
    def step_scale(self) -> Array:
        """Size of the random walk's steps: the root of the distance between interval midpoints.

        Distances are relative to their mean, so that `drift_sd` is that of a typical step. The
        last interval, which is open, counts as wide as the one before it.
        """
        widths = np.diff(np.concatenate([[0.0], self.cuts]))
        widths = np.append(widths, widths[-1:])
        distance = (widths[1:] + widths[:-1]) / 2.0
        return np.asarray(np.sqrt(distance / distance.mean())) if distance.size else distance

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        steps = [str(j + 2) for j in range(len(self.cuts))]
        return {**super().coords, INTERVAL: self.interval_labels, "step": steps}

    @property
    def parameter_count(self) -> int:
        intervals = len(self.cuts) + 1
        ratios = self.effects.count
        if self.spec.regimen_effect == "nonproportional":
            ratios *= intervals
        return len(self.baselines) * intervals + ratios + self.risk.parameter_count

    @property
    def hierarchical(self) -> bool:
        return self.walks or super().hierarchical

    @property
    def nearly_normal(self) -> bool:
        walking_ratios = self.walks and self.spec.regimen_effect == "nonproportional" and bool(self.others)
        return not super().hierarchical and not walking_ratios  # whose steps have no coordinates of their own

    @property
    def structure(self) -> Hashable:
        spec = self.spec
        return (
            "survival",
            spec.baseline,
            spec.regimen_effect,
            spec.smoothing,
            self.prior_key,
            len(self.cuts),
            bool(self.cell_events.size),
            bool(self.row_count.size),
            spec.reference_time,
            tuple(self.alone),
            self.risk.structure,
            self.published_structure,
            tuple(self.cuts) if self.published is not None else None,
        )

    def frozen(self) -> Mapping[str, PlainMapping]:
        found = super().frozen()
        if self.spec.baseline == "exponential":
            return found
        return {**found, "model": {**found["model"], "cutpoints": self.cuts.tolist()}}

    # ---- the PyMC model -----------------------------------------------------------------------

    @property
    def data(self) -> Mapping[str, AnyArray]:
        found = self.published_data | self.risk.data
        found |= self.risk.branch_order(list(self.alone.values()))
        if self.cells is not None:
            found |= self.cells.data(self.risk)
        if self.row_pattern.size:
            found["row_regimen"] = self.group[self.pattern[self.row_pattern]]
            found |= self.risk.columns("row", self.pattern[self.row_pattern])
            found["row_count"] = self.row_count
            for j in range(len(self.cuts) + 1):
                found |= {f"row_before{j}": self.row_before[:, j], f"row_inside{j}": self.row_inside[:, j]}
        f = self.follow_up
        for name, i in self.alone.items():
            found |= {f"{name}_regimen": self.group[i], **self.risk.columns(name, i)}
            last = f.lower[i]
            stretches = {"before": exposure(f.entry[i], last, self.cuts)}
            if name == "alone":
                place = np.searchsorted(self.cuts, last, side="left").astype("int32")
                found |= {f"{name}_event": f.event[i].astype(float), f"{name}_at": place}
            else:
                found[f"{name}_count"] = np.ones(len(i))
                stretches["inside"] = exposure(last, f.upper[i], self.cuts)
            found |= {f"{name}_{k}{j}": v[:, j] for k, v in stretches.items() for j in range(v.shape[1])}
        if self.walks:
            found |= {"step_scale": self.step_scale, **self._step_coordinates().data}
        return found

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        data = self.data
        with pm.Model(coords=self.coords) as model:
            hazards = self._log_hazards()
            risk = self.risk.build()

            def column(name: str, dim: str) -> Tensor:
                return pm.Data(name, data[name], dims=dim)

            def stretch(name: str, regimen: Tensor, dim: str) -> Tensor:
                """Cumulative hazard over a stretch of time of patients whose covariates are zero."""
                parts = (column(f"{name}{j}", dim) for j in range(len(self.cuts) + 1))
                return sum(pt.exp(hazards[:, j])[regimen] * part for j, part in enumerate(parts))

            if self.cells is not None:
                level = pt.broadcast_to(hazards, (self.groups.count, len(self.cuts) + 1)).ravel()
                self.cells.observe(risk, level, pt.zeros_like(level), pt.zeros_like(level), 0.0)
            if self.row_pattern.size:
                model.add_coord("row", length=len(self.row_pattern))
                shift, _ = risk.branches("row", self.pattern[self.row_pattern], "row")
                regimen, ratio = column("row_regimen", "row"), pt.exp(shift)
                pm.CustomDist(
                    "between_scans",
                    *(ratio * stretch(name, regimen, "row") for name in ("row_before", "row_inside")),
                    logp=lambda count, start, within: count * kernels.between(pt, start, within),
                    observed=column("row_count", "row"),
                    dims="row",
                )
            shares = {}
            for name, i in self.alone.items():
                dim = f"{name}_patient_row"
                model.add_coord(dim, length=len(i))
                regimen = column(f"{name}_regimen", dim)
                log_risk, weights = risk.branches(name, i, dim)
                before = stretch(f"{name}_before", regimen, dim)
                term: Callable[..., Any] = _at_known_time if name == "alone" else _between_scans
                if name == "alone":
                    value, at = column(f"{name}_event", dim), column(f"{name}_at", dim)
                    others = [before, hazards[regimen, at]]
                else:
                    value = column(f"{name}_count", dim)
                    others = [before, stretch(f"{name}_inside", regimen, dim)]
                shares[name] = (
                    i,
                    observe(name, value, log_risk, weights, others, term, dim, len(i), self.risk.missing.branches),
                )
            self.risk.store_branches(shares)
            if self.published is not None:
                logs = pt.broadcast_to(hazards, (len(self.regimens), len(self.cuts) + 1))
                self.published.observe(piecewise_hazards(pt, logs, self.cuts), logs[:, 0], risk.coefficient)
        return model

    def _log_hazards(self) -> Tensor:
        """Log hazards by group and interval, inside the current PyMC model."""
        import pytensor.tensor as pt

        if self.spec.baseline == "exponential":
            logs = self._to_log_hazard(self._levels(self._name, None), pt)[:, None]
            return self.groups.of_strata(logs) + self.groups.of_regimens(self.effects.build())[:, None]
        if not self.walks:
            logs = self._to_log_hazard(self._levels(self._name, INTERVAL), pt)
            return self.groups.of_strata(logs) + self.groups.of_regimens(self._interval_effects(None))
        return self._random_walk()

    def _levels(self, name: str, dim: str | None) -> Tensor:
        """The parameter of every baseline, first axis baselines: regimens each from the own prior."""
        import pymc as pm
        import pytensor.tensor as pt

        prior, dims = self.spec.prior(self.spec.location), (self.baseline_dim, *([] if dim is None else [dim]))
        if self.strata:
            return prior.default.to_pymc(name, dims=dims)
        if self.baselines == ("",):
            return prior.default.to_pymc(name, dims=dim)[None]
        parts = [prior[regimen].to_pymc(f"{name}_{i}", dims=dim) for i, regimen in enumerate(self.baselines)]
        return pm.Deterministic(name, pt.stack(parts), dims=dims)

    def _random_walk(self) -> Tensor:
        """Log hazards that step from interval to interval, in the coordinates of `StepCoordinates`."""
        import pymc as pm
        import pytensor.tensor as pt

        drift = self.spec.prior("drift_sd").default.to_pymc("drift_sd")
        step = drift * pm.Data("step_scale", self.step_scale, dims="step")
        apart, whose = self.baselines != ("",), self.baseline_dim
        first = self._levels(f"{self._name}_first", None)[:, None]
        z = self._step_coordinates().standard_steps(drift, first)
        pm.Deterministic("step_z", z if apart else z[0], dims=(whose, "step") if apart else ("step",))
        moves = pt.cumsum(step * z, axis=-1)
        logs = pt.concatenate([first, first + moves], axis=1)
        dims: str | tuple[str, ...] = (whose, INTERVAL) if apart else INTERVAL
        pm.Deterministic(self._name, logs if apart else logs[0], dims=dims)
        return self.groups.of_strata(logs) + self.groups.of_regimens(self._interval_effects(step))

    def _step_coordinates(self) -> StepCoordinates:
        """Coordinates from the events and the follow-up in every interval, events between scans at the middle."""
        f = self.follow_up
        until, whose, happened = f.middle, self.baseline_of, np.asarray(f.event)
        events, spent = np.zeros((2, len(self.baselines), len(self.cuts) + 1))
        np.add.at(spent, whose, exposure(f.entry, until, self.cuts))
        np.add.at(events, (whose[happened], np.searchsorted(self.cuts, until[happened], side="left")), 1.0)
        return StepCoordinates.of_counts(events, spent, self.step_scale)

    def _interval_effects(self, step: Tensor) -> Tensor:
        """Log hazard ratios by regimen and interval; one column where they are proportional."""
        import pymc as pm
        import pytensor.tensor as pt

        spec = self.spec
        if spec.regimen_effect != "nonproportional" or not self.others:
            return self.effects.build()[:, None]
        if self.effects.exchangeable:
            if step is None:
                return self.effects.about_level(
                    self.effects.pair_prior.to_pymc("log_hazard_ratio", CONTRAST, INTERVAL, len(self.cuts) + 1)
                )
            first = self.effects.pair_prior.to_pymc("log_hazard_ratio_first", CONTRAST)[:, None]
            z = PairPrior(Prior("Normal"), len(self.regimens)).to_pymc("ratio_step_z", CONTRAST, "step", len(self.cuts))
            walk = pt.concatenate([first, first + pt.cumsum(step * z, axis=-1)], axis=1)
            return self.effects.about_level(pm.Deterministic("log_hazard_ratio", walk, dims=(CONTRAST, INTERVAL)))
        prior, rows = spec.prior("log_hazard_ratio"), []
        for i, label in enumerate(self.others):
            if step is None:
                rows.append(prior[label].to_pymc(f"log_hazard_ratio_{i}", dims=INTERVAL))
            else:
                first = prior[label].to_pymc(f"log_hazard_ratio_first_{i}")
                moves = pt.cumsum(step * pm.Normal(f"ratio_step_z_{i}", dims="step"))
                rows.append(pt.concatenate([first[None], first + moves]))
        return self.effects.about_level(pm.Deterministic("log_hazard_ratio", pt.stack(rows), dims=(CONTRAST, INTERVAL)))

    @property
    def walks(self) -> bool:
        """Whether log hazards follow a random walk."""
        return self.spec.smoothing == "random_walk" and self.cuts.size > 0

    @property
    def _name(self) -> str:
        """Name of the parameter that sets the level."""
        return "reference_median" if self.spec.location == "median" else self.spec.location

    def _with_prior(self, name: str, values: xr.DataArray) -> xr.DataArray:
        walking = name == self._name or (name == "log_hazard_ratio" and INTERVAL in values.dims)
        if self.walks and walking:  # the first interval has the prior, the others step from it
            return values.isel({INTERVAL: 0}, drop=True)
        return values

    def _to_log_hazard(self, level: Tensor, xp: Any) -> Tensor:
        match self.spec.location:
            case "median":
                return math.log(math.log(2.0)) - xp.log(level)
            case "hazard":
                return xp.log(level)
            case "log_cumulative_hazard":
                return level - math.log(float(self.spec.reference_time or 1.0))
        return level

    # ---- draws in NumPy -----------------------------------------------------------------------

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        spec, intervals, name = self.spec, len(self.cuts) + 1, self._name
        if spec.baseline == "exponential":
            values = {name: self.by_baseline(spec.location, rng, draws)}
            return self.dataset(values | self.prior_values(rng, draws))
        apart, walk = self.baselines != ("",), self.walks
        prior, scale = spec.prior(spec.location), self.step_scale
        found: dict[str, tuple[tuple[str, ...], Any]] = {}

        def path(first: Array, z: Array, sd: Array) -> Array:
            return np.concatenate([first[:, None], first[:, None] + np.cumsum(sd[:, None] * scale * z, axis=1)], axis=1)

        sd = spec.prior("drift_sd").default.sample(rng, draws) if walk else np.zeros(draws)
        if walk:
            found["drift_sd"] = ((CHAIN, DRAW), sd[None])
        levels, steps = [], []
        for label in self.baselines:
            one = prior[label] if apart else prior.default
            if walk:
                steps.append(rng.normal(size=(draws, len(self.cuts))))
                levels.append(path(one.sample(rng, draws), steps[-1], sd))
            else:
                levels.append(one.sample(rng, (draws, intervals)))
        level = np.stack(levels, axis=1)
        dims: tuple[str, ...] = (CHAIN, DRAW, self.baseline_dim, INTERVAL) if apart else (CHAIN, DRAW, INTERVAL)
        found[name] = (dims, (level if apart else level[:, 0])[None])
        effects = self.prior_values(rng, draws)
        if spec.regimen_effect == "nonproportional" and self.others:
            ratios = self._prior_ratios(rng, draws, path, sd)
            effects["log_hazard_ratio"] = ((CHAIN, DRAW, CONTRAST, INTERVAL), ratios[None])
        return self.dataset(found | effects)

    def _prior_ratios(
        self, rng: np.random.Generator, draws: int, path: Callable[[Array, Array, Array], Array], sd: Array
    ) -> Array:
        """Prior draws of log hazard ratios that change between intervals, (draws, contrasts, intervals)."""
        intervals, steps = len(self.cuts) + 1, len(self.cuts)
        if self.effects.exchangeable:
            if not self.walks:
                return self.effects.pair_prior.sample(rng, draws, intervals)
            firsts = self.effects.pair_prior.sample(rng, draws).T
            moves = PairPrior(Prior("Normal"), len(self.regimens)).sample(rng, draws, steps).swapaxes(0, 1)
        else:
            prior = self.spec.prior("log_hazard_ratio")
            if not self.walks:
                return np.stack([prior[label].sample(rng, (draws, intervals)) for label in self.others], axis=1)
            firsts = np.stack([prior[label].sample(rng, draws) for label in self.others])
            moves = rng.normal(size=(len(self.others), draws, steps))
        return np.stack([path(first, z, sd) for first, z in zip(firsts, moves, strict=True)], axis=1)

    def curves(self, parameters: xr.Dataset) -> PiecewiseCurves:
        spec, groups, intervals = self.spec, self.groups, len(self.cuts) + 1
        level = flat(parameters[self._name])
        if spec.baseline == "exponential":
            level = level[..., None]
        if level.ndim == 2:
            level = np.repeat(level[:, None, :], len(self.regimens), axis=1)
        effects = self.effects.from_level(parameters)
        effects = effects[..., None] if effects.ndim == 2 else effects
        logs = groups.of_strata(self._to_log_hazard(level, np), 1) + groups.of_regimens(effects, 1)
        return PiecewiseCurves(np.broadcast_to(logs, (len(logs), groups.count, intervals)), self.cuts)

    def time_ratios(self, parameters: xr.Dataset) -> Array | None:
        if self.spec.baseline != "exponential" or self.spec.regimen_effect != "proportional":
            return None
        return np.asarray(np.exp(-self.log_ratios(parameters)))

    # ---- closed form --------------------------------------------------------------------------

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        """Gamma posteriors of the hazards, where priors are Gamma and cells independent.

        With no covariates or centres, no events between scans, and regimens apart (stratified), alone or not
        told apart (in strata or not), the hazard of every cell has the posterior Gamma(alpha + events, beta +
        exposure).
        """
        import xarray as xr
        from scipy.special import gammaln

        spec, intervals = self.spec, len(self.cuts) + 1
        apart = spec.regimen_effect in ("stratified", "none") or len(self.regimens) == 1
        stated = spec.prior(spec.location)
        priors = [stated.default if self.strata or not label else stated[label] for label in self.baselines]
        gamma = spec.location == "hazard" and all(p.distribution == "Gamma" and not p.variance for p in priors)
        if (
            self.published is not None
            or not gamma
            or not apart
            or self.encoded.labels
            or self.risk.centres
            or self.row_count.size
        ):
            return None
        events, total = np.zeros((2, len(self.baselines), intervals))
        whose = self.baseline_of[self.pattern[self.cell_pattern]]
        np.add.at(events, (whose, self.cell_interval), self.cell_events)
        np.add.at(total, (whose, self.cell_interval), self.cell_exposure)
        shape, rate = (np.array([p[key] for p in priors])[:, None] for key in ("alpha", "beta"))
        alpha, beta = shape + events, rate + total
        evidence = shape * np.log(rate) - gammaln(shape) + gammaln(alpha) - alpha * np.log(beta)
        values = rng.gamma(alpha, 1.0 / beta, size=(chains, draws, *alpha.shape))
        dims: tuple[str, ...] = (CHAIN, DRAW)
        if self.baselines != ("",):
            dims = (*dims, self.baseline_dim)
        else:
            values = values[:, :, 0]
        if spec.baseline == "exponential":
            values = values[..., 0]
        else:
            dims = (*dims, INTERVAL)
        laws = prior_laws = xr.Dataset()
        if self._alone_with_their_hazards:
            prior = np.broadcast_to(shape, alpha.shape), np.broadcast_to(rate, beta.shape)
            laws, prior_laws = self._laws_of(alpha, beta), self._laws_of(*prior)
        return ExactPosterior(self.dataset({"hazard": (dims, values)}), laws, prior_laws, float(evidence.sum()))

    @property
    def _alone_with_their_hazards(self) -> bool:
        """Whether every regimen has one constant hazard of its own, which decides all else."""
        return self.spec.baseline == "exponential" and len(self.baselines) == len(self.regimens) and not self.strata

    def _laws_of(self, shape: Array, rate: Array) -> xr.Dataset:
        """Gamma laws of constant hazards, as `answers.exact_laws` reads them."""
        import xarray as xr

        named = {"hazard_gamma_shape": (REGIMEN, shape[:, 0]), "hazard_gamma_rate": (REGIMEN, rate[:, 0])}
        return xr.Dataset(named, coords={REGIMEN: list(self.regimens)})
