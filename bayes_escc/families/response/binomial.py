"""Binomial counts: independent Beta rates (conjugate), or a logit-normal hierarchy."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable
from bayes_escc.families.base import ExactPosterior
from bayes_escc.families.response.cells import RATE_UNIT, CountDesign, binomial_log_pmf
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.families.told_apart import few_units
from bayes_escc.names import CHAIN, DRAW, ENDPOINT, OWN_EFFECTS, AnyArray, Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.logarithms import log_choose
from bayes_escc.probability.mixture_fit import mixture_of_betas
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_storage import flatten_rates
from bayes_escc.settings.prior import PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["BinomialDesign", "HierarchicalDesign"]


def integrated_log_pmf(
    k: AnyArray, n: AnyArray, mean: NDArray[np.float64], tau: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Binomial log probability whose log odds are Normal(mean, tau), these integrated out.

    By Gauss-Hermite quadrature centred and scaled at the top of the integrand (Liu and Pierce, Biometrika
    1994;81:624-629).

    Parameters
    ----------
    k, n : array of shape (rows,)
    mean, tau : array of shape (..., rows)
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    precision = 1.0 / np.maximum(tau, 1e-8) ** 2
    at = mean + (np.log(k + 0.5) - np.log(n - k + 0.5) - mean) * (n / (n + 4.0 * precision))
    for _ in range(30):
        rate = 1.0 / (1.0 + np.exp(-at))
        slope = k - n * rate - precision * (at - mean)
        step = slope / (n * rate * (1.0 - rate) + precision)
        at = at + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max(initial=0.0)) < 1e-9:
            break
    rate = 1.0 / (1.0 + np.exp(-at))
    spread = 1.0 / np.sqrt(n * rate * (1.0 - rate) + precision)
    logit = at[..., None] + spread[..., None] * nodes
    log_like = -k[:, None] * np.logaddexp(0.0, -logit) - (n - k)[:, None] * np.logaddexp(0.0, logit)
    log_prior = -0.5 * precision[..., None] * (logit - mean[..., None]) ** 2 + 0.5 * np.log(precision)[..., None]
    terms = log_like + log_prior + 0.5 * nodes**2 + np.log(weights)
    top = terms.max(axis=-1, keepdims=True)
    total = top[..., 0] + np.log(np.exp(terms - top).sum(axis=-1)) + np.log(spread) - 0.5 * np.log(2.0 * np.pi)
    return np.asarray(total + log_choose(n, k))


class BinomialDesign(CountDesign):
    """Independent rates: ``events ~ Binomial(n, rate)``, one rate per regimen and endpoint.

    Under Beta priors the posterior is Beta(alpha + events, beta + n - events), summed over the
    studies of the regimen; then `exact` gives it.
    """

    variant = "binomial"

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        super().__init__(table, spec)
        self.borrowed: Mapping[str, BetaMixture] = {}

    def borrowing(self, priors: Mapping[str, BetaMixture]) -> BinomialDesign:
        """The same design with other priors of the rates of some regimens: those that borrow from earlier trials."""
        arms = tuple(replace(arm, borrows=arm.regimen in priors) for arm in self.arms)
        return self.changed(borrowed=dict(priors), arms=arms)

    @property
    def structure(self) -> Hashable:
        return (super().structure, tuple((r, str(prior)) for r, prior in self.borrowed.items()))

    def priors_in_words(self) -> list[str]:
        tail = [
            f"rate of {r}: borrowed, median {prior.quantile(0.5):.3g}, 95 % {prior.quantile(0.025):.3g} to "
            f"{prior.quantile(0.975):.3g}; {prior.ess_moment():.0f} patients by moments."
            for r, prior in self.borrowed.items()
        ]
        return [*super().priors_in_words(), *tail]

    def build(self) -> pm.Model:
        import pymc as pm

        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_regimen", self.row_cell, dims="row")
            n = pm.Data("n", self.total, dims="row")
            observed = pm.Data("events_observed", self.count, dims="row")
            if self.borrowed:
                rate = self._borrowed_rates()
            else:
                rate = self.spec.prior("rate").to_pymc("rate", self.cell_regimens, self.cell_dim)
            pm.Binomial("events", n=n, p=rate[row], observed=observed, dims="row")
        return model

    def _borrowed_rates(self) -> Tensor:
        """The rates, where the prior of some is a mixture; a law on a grid enters as the Betas fitted to it."""
        import pymc as pm
        import pytensor.tensor as pt

        rates = []
        for i, regimen in enumerate(self.cell_regimens):
            prior = self._prior_of(regimen)
            betas = mixture_of_betas(prior) if isinstance(prior, BetaMixture) else BetaMixture((1.0,), (prior,))
            shapes = np.array([(c.alpha, c.beta) for c in betas.components if isinstance(c, Beta)])
            parts = pm.Beta.dist(alpha=shapes[:, 0], beta=shapes[:, 1])
            rates.append(pm.Mixture(f"rate_{i}", w=np.array(betas.weights), comp_dists=parts))
        return pm.Deterministic("rate", pt.stack(rates), dims=self.cell_dim)

    def _prior_of(self, regimen: str) -> Beta | BetaMixture:
        """The prior of one rate; that of a regimen that does not borrow must be a Beta."""
        if regimen in self.borrowed:
            return self.borrowed[regimen]
        shape = self.spec.prior("rate")[regimen].beta_shape()
        if shape is None:
            raise AnalysisError("borrowing needs a Beta prior of the rate: it is the robust component.")
        return Beta(*shape)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        values = self.spec.prior("rate").sample(rng, draws, self.cell_regimens)[None]
        for i, regimen in enumerate(self.cell_regimens):
            if regimen in self.borrowed:
                values[..., i] = self.borrowed[regimen].sample(rng, (1, draws))
        return self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)})

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        found = super().log_prior(parameters, priors)
        if not self.borrowed:
            return found
        values, density = parameters["rate"].to_numpy(), found["rate"].to_numpy().copy()
        for i, regimen in enumerate(self.cell_regimens):
            if regimen in self.borrowed:
                with np.errstate(divide="ignore"):
                    density[..., i] = np.log(self.borrowed[regimen].density(values[..., i]))
        return found.assign(rate=found["rate"].copy(data=density))

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior | None:
        import xarray as xr

        if self.borrowed:
            return self._exact_borrowed(rng, chains, draws)
        shapes = [self.spec.prior("rate")[r].beta_shape() for r in self.cell_regimens]
        if any(s is None for s in shapes):
            return None
        start = np.array(shapes, dtype=float)
        events = np.bincount(self.row_cell, self.count, len(self.cells))
        total = np.bincount(self.row_cell, self.total, len(self.cells))
        alpha, beta = start[:, 0] + events, start[:, 1] + total - events
        values = rng.beta(alpha, beta, (chains, draws, len(self.cells)))
        laws, prior_laws = (
            xr.Dataset(
                {"rate_alpha": self.by_regimen(a, "rate_alpha", ""), "rate_beta": self.by_regimen(b, "rate_beta", "")}
            )
            for a, b in ((alpha, beta), (start[:, 0], start[:, 1]))
        )
        each = zip(start, events, total, strict=True)
        evidence = self._log_coefficients + sum(Beta(*shape).updated(k, n)[1] for shape, k, n in each)
        draws_of_rates = self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)})
        return ExactPosterior(draws_of_rates, laws, prior_laws, evidence)

    @property
    def _log_coefficients(self) -> float:
        """In how many orders the events of each row could have come: the logarithm, of all rows."""
        return float(np.sum(log_choose(self.total, self.count)))

    def _exact_borrowed(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior:
        """The posterior where the prior of some rates is a mixture: every part of it is conjugate."""
        events = np.bincount(self.row_cell, self.count, len(self.cells))
        total = np.bincount(self.row_cell, self.total, len(self.cells))
        prior = {r: self._prior_of(r) for r in self.cell_regimens}
        updated = {r: prior[r].updated(events[i], total[i]) for i, r in enumerate(self.cell_regimens)}
        laws = {r: law for r, (law, _) in updated.items()}
        evidence = self._log_coefficients + sum(log for _, log in updated.values())
        values = np.stack([law.sample(rng, (chains, draws)) for law in laws.values()], axis=-1)
        found = self.dataset({"rate": ((CHAIN, DRAW, self.cell_dim), values)})
        return ExactPosterior(found, flatten_rates("rate", laws), flatten_rates("rate", prior), evidence)

    def row_rates(self, parameters: xr.Dataset, rng: np.random.Generator) -> NDArray[np.float64]:
        return np.asarray(parameters["rate"].to_numpy()[..., self.row_cell])

    def row_log_pmf(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        return binomial_log_pmf(self.count, self.total, parameters["rate"].to_numpy()[..., self.row_cell])

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset({"rate": self.by_regimen(parameters["rate"].to_numpy(), "rate", RATE_UNIT)})


class HierarchicalDesign(CountDesign):
    """Rates that share a logit-normal hierarchy.

    ``logit(theta_u) = logit_mean + tau * offset_u`` with ``offset_u ~ Normal(0, 1)``.

    Over regimens, the units u are the regimens of one endpoint, which share one mean and one
    tau; a regimen's studies have its rate. Over studies, the units are the studies of one
    regimen, each regimen with its own mean and tau; its `rate` is that of a study at the
    centre, expit(logit_mean), and `predicted_rate` that of a new study.
    """

    def __init__(self, table: CountTable, spec: ResponseSpec) -> None:
        super().__init__(table, spec)
        self.over_studies = spec.pool_over == "studies"
        self.variant = f"binomial, partial over {spec.pool_over}"
        if self.over_studies:
            self.unit_dim, self.group_dim = "row", self.cell_dim
            self.unit_group, self.row_unit = self.row_cell, np.arange(self.rows, dtype="int32")
        else:
            self.unit_dim, self.group_dim = self.cell_dim, ENDPOINT
            self.unit_group, self.row_unit = self.cell_endpoint, self.row_cell
        what = [f"studies of {g}" if self.over_studies else f"regimens ({g})" for g in self.group_labels]
        sizes = np.bincount(self.unit_group, minlength=len(what))
        self.warnings = (*self.warnings, *few_units("tau", list(zip(what, map(int, sizes), strict=True))))

    funnel = True

    @property
    def hierarchical(self) -> bool:
        return True

    @property
    def nearly_normal(self) -> bool:
        return True

    @property
    def group_labels(self) -> list[str]:
        """The label under which each group's priors are looked up."""
        return self.cell_regimens if self.over_studies else list(self.endpoints)

    @property
    def spread_groups(self) -> list[tuple[str, NDArray[np.bool_]]]:
        if self.over_studies:
            return super().spread_groups
        of_row = self.cell_endpoint[self.row_cell]
        groups = [(f"the regimens ({e})", of_row == i) for i, e in enumerate(self.endpoints)]
        return [(label, rows) for label, rows in groups if (rows & (self.total > 0)).sum() > 2]

    @property
    def data(self) -> Mapping[str, AnyArray]:
        events, total = (np.bincount(self.row_unit, c, len(self.unit_group)) for c in (self.count, self.total))
        rate = (events + 0.5) / (total + 1.0)
        return {
            "events_observed": self.count,
            "n": self.total,
            "row_unit": self.row_unit,
            "unit_group": self.unit_group,
            "unit_information": total * rate * (1.0 - rate),
            "unit_logit": np.log(rate / (1.0 - rate)),
        }

    @property
    def structure(self) -> Hashable:
        return (super().structure, self.rows if self.over_studies else None)

    def build(self) -> pm.Model:
        import pymc as pm

        spec = self.spec
        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_unit", self.row_unit, dims="row")
            group = pm.Data("unit_group", self.unit_group, dims=self.unit_dim)
            n = pm.Data("n", self.total, dims="row")
            observed = pm.Data("events_observed", self.count, dims="row")
            mean = spec.prior("logit_mean").to_pymc("logit_mean", self.group_labels, self.group_dim)
            tau = spec.prior("tau").to_pymc("tau", self.group_labels, self.group_dim)
            offset = self._offset(mean[group], tau[group])
            logit = mean[group] + tau[group] * offset
            pm.Binomial("events", n=n, logit_p=logit[row], observed=observed, dims="row")
        return model

    def _offset(self, mean: Tensor, tau: Tensor) -> Tensor:
        """Standard normal offsets inside the current PyMC model, sampled centred as far as counts inform each.

        Given the mean and tau, an offset is nearly normal with precision ``1 + tau^2 information``. In these units,
        u, it hardly depends on them, whatever the number of patients (Papaspiliopoulos 2007); the prior stays exact.
        """
        import pymc as pm
        import pytensor.tensor as pt

        information = pm.Data("unit_information", self.data["unit_information"], dims=self.unit_dim)
        observed = pm.Data("unit_logit", self.data["unit_logit"], dims=self.unit_dim)
        root = pt.sqrt(1.0 + tau**2 * information)
        moved = tau * information * (observed - mean) / root
        # the sampler's own scale, as its name says, which is not among the draws
        u = pm.Normal("offset_u__", -moved, root, dims=self.unit_dim)
        return pm.Deterministic("offset", (u + moved) / root, dims=self.unit_dim)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        spec, units = self.spec, len(self.unit_group)
        group = (CHAIN, DRAW, self.group_dim)
        return self.dataset(
            {
                "logit_mean": (group, spec.prior("logit_mean").sample(rng, draws, self.group_labels)[None]),
                "tau": (group, spec.prior("tau").sample(rng, draws, self.group_labels)[None]),
                "offset": ((CHAIN, DRAW, self.unit_dim), rng.normal(size=(1, draws, units))),
            }
        )

    def _unit_rates(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        from scipy.special import expit

        mean, tau = parameters["logit_mean"].to_numpy(), parameters["tau"].to_numpy()
        group = self.unit_group
        return np.asarray(expit(mean[..., group] + tau[..., group] * parameters["offset"].to_numpy()))

    def row_rates(self, parameters: xr.Dataset, rng: np.random.Generator) -> NDArray[np.float64]:
        return self._unit_rates(parameters)[..., self.row_unit]

    def row_log_pmf(self, parameters: xr.Dataset) -> NDArray[np.float64]:
        return binomial_log_pmf(self.count, self.total, self._unit_rates(parameters)[..., self.row_unit])

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        """Log probability of every row given the rate of its unit; and with that rate integrated out.

        Where a unit has several rows the others tell its rate, which then stays known when one is left out.
        """
        found = super().log_likelihood(parameters)
        values = found["events"].to_numpy().copy()
        group = self.unit_group[self.row_unit]
        mean, tau = (parameters[name].to_numpy()[..., group] for name in ("logit_mean", "tau"))
        alone = np.bincount(self.row_unit)[self.row_unit] == 1
        values[..., alone] = integrated_log_pmf(self.count[alone], self.total[alone], mean[..., alone], tau[..., alone])
        dims = found["events"].dims
        return found.assign(
            events=(dims, found["events"].to_numpy(), OWN_EFFECTS), events_integrated=(dims, values, OWN_EFFECTS)
        )

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr
        from scipy.special import expit

        mean, tau = parameters["logit_mean"].to_numpy(), parameters["tau"].to_numpy()
        units = self._unit_rates(parameters)
        found: Plain = {}
        if self.over_studies:
            found["rate"] = self.by_regimen(expit(mean), "rate", RATE_UNIT)
            new = expit(mean + tau * rng.normal(size=mean.shape))
            found["predicted_rate"] = self.by_regimen(new, "predicted_rate", RATE_UNIT)
            found["study_rate"] = self.by_row(units, "study_rate")
        else:
            found["rate"] = self.by_regimen(units, "rate", RATE_UNIT)
        found |= self.parameters_as_estimands(parameters, tau="log odds", logit_mean="log odds")
        return xr.Dataset(found)
