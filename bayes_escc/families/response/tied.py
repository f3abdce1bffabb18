"""Binomial rates whose prior speaks of their contrast or of their log odds or log risk, by quadrature.

The prior is a density on the scale on which it is stated, carried to the rates with its Jacobian; pairs of values
that no two rates have (a risk ratio that would lift a rate above one) are left out of it. The likelihood is the
exact binomial one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable
from bayes_escc.families.base import ExactPosterior, prior_line
from bayes_escc.families.exchangeable import PairPrior
from bayes_escc.families.prior_conflict import Statistic, against_the_others
from bayes_escc.families.response.cells import RATE_UNIT, CountDesign, binomial_log_pmf, empirical_logits
from bayes_escc.families.response.links import EFFECTS, LEVELS, Link, softplus
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.probability.following_panels import FURTHEST
from bayes_escc.probability.joint_rates import JointRates, integrate_joint
from bayes_escc.probability.logarithms import log_beta, log_choose
from bayes_escc.probability.rate_storage import flatten_joint, flatten_several
from bayes_escc.probability.referenced_rates import Referenced, integrate_referenced
from bayes_escc.probability.several_rates import Exchangeable, SeveralRates, integrate_exchangeable
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["TiedDesign"]

Array = NDArray[np.float64]
_FEWEST: Final = 1e-3
"""Share of the stated prior that must belong to pairs of rates."""


class TiedDesign(CountDesign):
    """Rates of regimens with a prior of the contrast of any two, or of each against a reference.

    With ``regimen_coding = "exchangeable"`` the level prior is that of the average of the regimens on the scale of
    the contrast, and every pair of regimens has the stated prior; with a reference, the level is that regimen's and
    the others have their contrasts against it.
    """

    variant = "binomial, tied"

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        super().__init__(table, spec)
        if len(self.endpoints) > 1:
            raise AnalysisError("data.endpoint: name one endpoint; the prior of a contrast is that of one.")
        if len(self.regimens) < 2:
            raise AnalysisError(f"priors.{spec.effect}: needs two regimens, and there is one.")
        if spec.reference is not None and spec.reference not in self.regimens:
            raise AnalysisError(
                f"model.reference: {spec.reference!r} is not a regimen here; there are {', '.join(self.regimens)}."
            )
        self.effect, self.level = str(spec.effect), spec.level
        if spec.reference is None:
            self._pairs: PairPrior | None = PairPrior(spec.prior(self.effect).default, len(self.regimens))
        else:
            self._pairs = None
        self.base = 0 if spec.reference is None else self.cell_regimens.index(spec.reference)
        self.others = [i for i in range(len(self.cells)) if i != self.base]

    @property
    def structure(self) -> Hashable:
        return (super().structure, self.spec.regimen_coding, self.base)

    @property
    def _counts(self) -> tuple[Array, Array]:
        events = np.bincount(self.row_cell, self.count, len(self.cells))
        return events, np.bincount(self.row_cell, self.total, len(self.cells))

    # -- the prior -----------------------------------------------------------------------------------------------
    def _parts(
        self, u: Tensor, log_pdf: Callable[[Prior, Any], Any], priors: Mapping[str, PriorSet], xp: Any = np
    ) -> tuple[Tensor, Tensor]:
        """Log density of the level and of the contrasts, of logits by regimen (first axis), Jacobians included."""
        link = EFFECTS[self.effect]
        values = [link.value(u[i], xp) for i in range(len(self.cells))]
        slopes = sum(link.log_slope(u[i], xp) for i in range(len(self.cells)))
        others = [values[i] - values[self.base] for i in self.others]
        centre = u[self.base] if self._pairs is None else _logit_of(link, sum(values) / len(values), xp)
        of_level = self._log_level(priors[self.level][self.cell_regimens[self.base]], centre, log_pdf, xp)
        of_level = of_level - link.log_slope(centre, xp) + slopes
        if self._pairs is not None and len(others) > 1:
            stacked = (xp.stack(others) - self._pairs.location) / self._pairs.scale
            return of_level, self._pairs._log_density(xp, stacked)
        effect = priors[self.effect]
        each = [log_pdf(effect[self.cell_regimens[i]], d) for i, d in zip(self.others, others, strict=True)]
        return of_level, sum(each)

    def _log_level(self, prior: Prior, u: Any, log_pdf: Any, xp: Any = np) -> Any:
        """Log density of the logit of a level."""
        level = LEVELS[self.level]
        shape = prior.beta_shape() if self.level == "rate" else None
        if shape is None:
            return log_pdf(prior, level.value(u, xp)) + level.log_slope(u, xp)
        # of the logit, so that nothing is lost where a rate is 1 to all digits
        found = -(shape[0] - 1.0) * softplus(-u, xp) - (shape[1] - 1.0) * softplus(u, xp)
        return found - float(log_beta(*shape)) + level.log_slope(u, xp)

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated = {**dict(self.spec.priors), **(priors or {})}
        rate = np.clip(parameters["rate"].to_numpy(), 1e-300, 1.0 - 1e-16)
        u = np.moveaxis(np.log(rate) - np.log1p(-rate), -1, 0)
        own = _with_pairs(self, stated) if priors else self
        level, effect = own._parts(u, lambda prior, x: prior.log_density(x), stated)
        level = level - (-np.logaddexp(0.0, -u) - np.logaddexp(0.0, u)).sum(axis=0)  # per unit of the rates
        dims = (CHAIN, DRAW)
        return xr.Dataset({self.level: (dims, np.asarray(level)), self.effect: (dims, np.asarray(effect))})

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        return self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), self._prior_rates(rng, draws)[0][None])})

    def _prior_rates(self, rng: np.random.Generator, draws: int) -> tuple[Array, float]:
        """Rates drawn from the prior, (draws, cells), and the share of its values that belong to rates."""
        link, level = EFFECTS[self.effect], LEVELS[self.level]
        kept: list[Array] = []
        drawn = 0
        while sum(map(len, kept)) < draws and drawn < 2000 * draws:
            start = link.value(
                level.logit(self.spec.prior(self.level)[self.cell_regimens[self.base]].sample(rng, draws))
            )
            if self._pairs is None:
                effects = self.spec.prior(self.effect).sample(rng, draws, [self.cell_regimens[i] for i in self.others])
            else:
                effects = self._pairs.sample(rng, draws)
            values = np.empty((draws, len(self.cells)))
            values[:, self.base], values[:, self.others] = 0.0, effects
            if self._pairs is not None:
                values -= values.mean(axis=1, keepdims=True)
            values += start[:, None]
            logit = np.clip(link.logit(values), -FURTHEST, FURTHEST)
            if link.name == "log_odds":
                possible = np.isfinite(values).all(axis=1)
            else:
                possible = (values < (0.0 if link.name == "log_risk" else 1.0)).all(axis=1)
                possible &= (values > (-np.inf if link.name == "log_risk" else 0.0)).all(axis=1)
            kept.append(np.exp(-np.logaddexp(0.0, -logit[possible])))
            drawn += draws
        found = np.concatenate(kept)
        share = len(found) / drawn
        if len(found) < draws or share < _FEWEST:
            raise AnalysisError(
                f"priors.{self.effect}: hardly any of its values is one that two rates between 0 and 1 can have; "
                f"state a narrower prior of it or of {self.level}."
            )
        return found[:draws], share

    def priors_in_words(self) -> list[str]:
        whose = "the average regimen" if self._pairs is not None else self.cell_regimens[self.base]
        against = (
            "any two regimens" if self._pairs is not None else f"a regimen against {self.cell_regimens[self.base]}"
        )
        level = [f"{line} (of {whose})" for line in prior_line(self.level, self.spec.prior(self.level), "")]
        return [
            *level,
            *(f"{line} (of {against})" for line in prior_line(self.effect, self.spec.prior(self.effect), "")),
        ]

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        events = np.asarray(data["events"], dtype=float)
        rows = [self.row_cell == cell for cell in range(len(self.cells))]
        totals = np.array([self.total[r].sum() for r in rows])
        counts = np.stack([events[..., r].sum(axis=-1) for r in rows], axis=-1)
        found = [
            Statistic(self.level, f"the rate of {label}", counts[..., cell] / max(totals[cell], 1))
            for cell, label in enumerate(self.cell_labels)
            if totals[cell] > 0
        ]
        logits, seen = empirical_logits(counts, totals), [i for i in range(len(totals)) if totals[i] > 0]
        if self._pairs is not None:
            each = against_the_others(logits[..., seen], [self.cell_labels[i] for i in seen]) if len(seen) > 1 else []
            return found + [Statistic(self.effect, f"the log odds ratio of {what}", value) for what, value in each]
        for i in self.others if self.base in seen else ():
            if i in seen:
                what = f"the log odds ratio of {self.cell_labels[i]} against {self.cell_labels[self.base]}"
                found.append(Statistic(self.effect, what, logits[..., i] - logits[..., self.base]))
        return found

    # -- the model -----------------------------------------------------------------------------------------------
    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        def log_pdf(prior: Prior, x: Tensor) -> Tensor:
            values: Any = dict(prior.parameters)
            return pm.logp(getattr(pm, prior.distribution).dist(**values), x)

        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_regimen", self.row_cell, dims="row")
            n = pm.Data("n", self.total, dims="row")
            observed = pm.Data("events_observed", self.count, dims="row")
            rate = pm.Uniform("rate", 0.0, 1.0, dims=self.cell_dim)
            u = pm.math.logit(rate)
            level, effect = self._parts(u, log_pdf, dict(self.spec.priors), pt)
            per_rate = -(pt.softplus(-u) + pt.softplus(u)).sum()
            pm.Potential("prior_of_rates", level + effect - per_rate)
            pm.Binomial("events", n=n, p=rate[row], observed=observed, dims="row")
        return model

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        events, total = self._counts
        if len(self.cells) > 2:
            return self._several(rng, chains, draws, events, total) if self._smooth else None
        after = self._integrated(events, total)
        before = self._integrated(0.0 * events, 0.0 * total, within=1e-5)  # bounds of a prior leave kinks
        order = [self.base, self.others[0]]
        values = np.empty((chains, draws, 2))
        values[..., order] = after.sample(rng, chains * draws).reshape(chains, draws, 2)
        names = [self.cell_regimens[i] for i in order]
        evidence = after.log_evidence - before.log_evidence + float(np.sum(log_choose(self.total, self.count)))
        return ExactPosterior(
            self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)}),
            flatten_joint("rate", names, after),
            flatten_joint("rate", names, before),
            evidence,
            after.error + before.error,
        )

    @property
    def _smooth(self) -> bool:
        """Whether three or more rates are integrated: the priors have no edges, and that of any pair is normal."""
        level, effect = (self.spec.prior(role) for role in (self.level, self.effect))
        stated = [level.default, effect.default, *(p for s in (level, effect) for _, p in s.overrides)]
        return all(p.distribution != "Uniform" for p in stated) and (
            self._pairs is None or effect.default.distribution == "Normal"
        )

    def _several(
        self, rng: np.random.Generator, chains: int, draws: int, events: Array, total: Array
    ) -> ExactPosterior:
        """The exact posterior of three or more rates."""
        order = [self.base, *self.others]
        after = self._several_integrated(events[order], total[order], rng, chains * draws)
        before = self._several_integrated(0.0 * events, 0.0 * total, rng, 1)
        values = np.empty((chains, draws, len(order)))
        values[..., order] = after.draws.reshape(chains, draws, len(order))
        names = [self.cell_regimens[i] for i in order]
        return ExactPosterior(
            self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)}),
            flatten_several("rate", names, after),
            flatten_several("rate", names, before),
            after.log_evidence - before.log_evidence + float(np.sum(log_choose(self.total, self.count))),
            after.error + before.error,
        )

    def _several_integrated(self, events: Array, total: Array, rng: np.random.Generator, draws: int) -> SeveralRates:
        """The joint distribution of three or more rates after counts, the reference (or first regimen) first."""
        link, priors = EFFECTS[self.effect], dict(self.spec.priors)
        names = [self.cell_regimens[i] for i in (self.base, *self.others)]

        def like(i: int, u: Array) -> Array:
            return np.asarray(-events[i] * np.logaddexp(0.0, -u) - (total[i] - events[i]) * np.logaddexp(0.0, u))

        def log_level(u: Array) -> Array:
            """Log density of a level, per unit of the value on the scale of the contrast."""
            return np.asarray(self._log_level(priors[self.level][names[0]], u, _log_density) - link.log_slope(u))

        if self._pairs is not None:
            density = Exchangeable(
                events,
                total,
                link.value,
                lambda v: np.clip(link.logit(v), -FURTHEST, FURTHEST),
                link.log_slope,
                log_level,
                float(self._pairs.scale),
            )
            return integrate_exchangeable(density, rng, draws)

        def given(i: int) -> Callable[[Array, Array], Array]:
            prior = priors[self.effect][names[i]]

            def log_density(first: Array, own: Array) -> Array:
                contrast = link.value(own) - link.value(first)
                return np.asarray(prior.log_density(contrast) + link.log_slope(own) + like(i, own))

            return log_density

        others = [given(i) for i in range(1, len(names))]
        return integrate_referenced(
            Referenced(lambda u: like(0, u) + log_level(u) + link.log_slope(u), others), rng, draws
        )

    def _integrated(self, events: Array, total: Array, *, within: float = 1e-7) -> JointRates:
        """The joint distribution of both rates after counts, the reference (or first regimen) first."""
        priors, link, level = dict(self.spec.priors), EFFECTS[self.effect], LEVELS[self.level]
        order = [self.base, self.others[0]]
        k, n = events[order], total[order]

        def log_density(first: Array, second: Array) -> Array:
            pair = [first, second] if self.base == 0 else [second, first]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                level_part, effect_part = self._parts(pair, lambda prior, x: prior.log_density(x), priors)
                like = sum(
                    -k[i] * np.logaddexp(0.0, -u) - (n[i] - k[i]) * np.logaddexp(0.0, u)
                    for i, u in enumerate((first, second))
                )
            found = np.asarray(level_part + effect_part + like)
            return np.where(np.isnan(found), -np.inf, found)

        centre = priors[self.level][self.cell_regimens[self.base]].support
        low_level, high_level = (float(v) for v in level.logit(np.array(centre)))
        low_effect, high_effect = priors[self.effect][self.cell_regimens[self.others[0]]].support

        def limits(first: Array) -> tuple[Array, Array]:
            own = link.value(first)
            low, high = own + low_effect, own + high_effect
            if self._pairs is not None:
                with np.errstate(invalid="ignore"):
                    low = np.fmax(low, 2.0 * link.value(np.array(low_level)) - own)
                    high = np.fmin(high, 2.0 * link.value(np.array(high_level)) - own)
            inside = [
                np.clip(np.nan_to_num(link.logit(v), nan=0.0, posinf=FURTHEST, neginf=-FURTHEST), -FURTHEST, FURTHEST)
                for v in (low, high)
            ]
            return inside[0], np.maximum(inside[0], inside[1])

        span = (low_level, high_level) if self._pairs is None else (-FURTHEST, FURTHEST)
        return integrate_joint(log_density, limits, (max(span[0], -FURTHEST), min(span[1], FURTHEST)), within=within)

    def row_rates(self, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
        return np.asarray(parameters["rate"].to_numpy()[..., self.row_cell])

    def row_log_pmf(self, parameters: xr.Dataset) -> Array:
        return binomial_log_pmf(self.count, self.total, parameters["rate"].to_numpy()[..., self.row_cell])

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset({"rate": self.by_regimen(parameters["rate"].to_numpy(), "rate", RATE_UNIT)})


def _logit_of(link: Link, value: Tensor, xp: Any) -> Tensor:
    """The logit of an average on the scale of a contrast, of numbers or of tensors."""
    if link.name == "log_odds":
        return value
    if link.name == "log_risk":
        return value - xp.log(-xp.expm1(value))
    return xp.log(value) - xp.log1p(-value)


def _log_density(prior: Prior, x: Any) -> Any:
    return prior.log_density(x)


def _with_pairs(design: TiedDesign, priors: Mapping[str, PriorSet]) -> TiedDesign:
    """The design with another prior of pairs of regimens."""
    if design._pairs is None:
        return design
    return design.changed(_pairs=PairPrior(priors[design.effect].default, len(design.regimens)))
