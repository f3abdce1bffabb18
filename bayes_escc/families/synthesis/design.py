"""What normal and binomial syntheses share: the linear predictor of the contrasts and its estimands.

``delta = X mu + Z coefficient + tau L z``: `mu` holds the effects (one, one per subgroup, or one
per regimen of a network against the reference), `coefficient` the meta-regression, `tau` the
standard deviation between studies (one, or one per subgroup), `offset` the standardised random
effects z (non-centred).
All of it lives on the analysis scale, the logarithm for ratios; estimands are reported on the
natural scale.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Container, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.evidence.effect_checks import MEASURES, RATIOS
from bayes_escc.families.base import Design
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.prior_conflict import Statistic, against_the_others
from bayes_escc.families.synthesis.absolute import (
    Baseline,
    baseline_in_words,
    beyond_risks,
    draw_baseline,
    risk_under,
)
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.effect_prior import EffectPrior
from bayes_escc.families.synthesis.predictor import Predictor, predictor_of
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.families.synthesis.weights import TauKnown, as_dataset, study_weights
from bayes_escc.names import CHAIN, COVARIATE, DRAW, ENDPOINT, REGIMEN, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.families.tensors import Tensor


__all__ = ["SynthesisDesign"]

Array = NDArray[np.float64]


class SynthesisDesign(Design):
    """Contrasts of one endpoint, prepared."""

    spec: SynthesisSpec
    variant: str
    relative = True
    settings: tuple[Sequence[str], Array] = ((), np.empty((0, 0)))
    """Values of the covariates at which the effect is reported, in words and as modelled, (settings, covariates)."""

    def __init__(
        self,
        contrasts: Contrasts,
        spec: SynthesisSpec,
        warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
        predictor: Predictor | None = None,
    ) -> None:
        self.contrasts, self.spec, self.warnings = contrasts, spec, tuple(warnings)
        self.covariates, self.Z = covariates
        self.k = len(contrasts)
        self.random = spec.pooling == "random"
        self.measure = measure = contrasts.measure.removeprefix("log ")
        self.ratio = measure in RATIOS
        self.unit = MEASURES[measure]
        self.log_unit = f"log {self.unit}" if self.ratio else self.unit
        found = predictor or predictor_of(contrasts, spec)
        self.effect_dim, self.effect_labels, self.terms = found.dim, list(found.labels), list(found.terms)
        self.X, self.C, self.groups = found.X, found.C, found.groups
        self.exchangeable_regimens = found.regimens
        self.L = contrasts.random_effects_factor() if self.random else None
        self.arms = contrasts.arms(linked=spec.network)
        self.rows = self.k
        self.patients = contrasts.patients
        self.events = 0

    @property
    def separate(self) -> bool:
        """Whether every subgroup has a heterogeneity of its own."""
        return self.groups is not None

    @property
    def tau_labels(self) -> list[str]:
        """Labels of the heterogeneity, in `priors.tau`: subgroups, or one for all studies."""
        return list(self.effect_labels) if self.separate else ["tau"]

    @property
    def hierarchical(self) -> bool:
        return self.random

    @property
    def row_labels(self) -> list[str]:
        """One label per contrast: the study, with the regimen if it gives several."""
        c = self.contrasts
        return [s if c.study.count(s) == 1 else f"{s}: {e}" for s, e in zip(c.study, c.experimental, strict=True)]

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        found = {"term": self.terms, "row": self.row_labels, COVARIATE: self.covariates, REGIMEN: ()}
        if 0 < self.exchangeable_regimens <= len(self.terms):
            found["basic_term"] = self.terms[: self.exchangeable_regimens - 1]
        if self.effect_dim is not None:
            found[self.effect_dim] = self.effect_labels
        return found

    @property
    def structure(self) -> Hashable:
        roles = ["effect", *(["tau"] if self.random else []), *(["coefficient"] if self.covariates else [])]
        labels = {"effect": self.terms, "tau": self.tau_labels, "coefficient": self.covariates}
        priors = tuple((role, tuple(self.spec.prior(role)[x] for x in labels[role])) for role in roles)
        sizes = (self.k, len(self.terms), len(self.covariates), self.exchangeable_regimens)
        return ("synthesis", self.variant, *sizes, priors)

    @property
    def data(self) -> Mapping[str, AnyArray]:
        found: dict[str, AnyArray] = {"design": self.X}
        if self.covariates:
            found["covariate_values"] = self.Z
        if self.L is not None and not self.contrasts.independent:
            found |= {"random_factor": self.L, "random_whitener": np.linalg.inv(self.L)}
        if self.L is not None:
            found["told"], found["told_error"] = self._told
        if self.groups is not None:
            found["group"] = self.groups
        return found

    def approximation(self) -> tuple[Array, Array]:
        """The contrasts and their covariance, as if normal; guides the sampler, and decides no result."""
        return self.contrasts.y, self.contrasts.V

    @property
    def _told(self) -> tuple[Array, Array]:
        """What the data say of ``L^-1 delta``, and with what standard error."""
        y, V = self.approximation()
        if self.L is None or self.contrasts.independent:
            return y, np.sqrt(np.diag(V))
        whitener = np.linalg.inv(self.L)
        return whitener @ y, np.sqrt(np.diag(whitener @ V @ whitener.T))

    def build_predictor(self) -> Tensor:
        """The true contrasts inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        X = pm.Data("design", self.X, dims=("row", "term"))
        mu = self.prior_of_effects().build()
        # sums of columns instead of a matrix product: quicker to compile and to differentiate
        delta = sum(X[:, j] * mu[j] for j in range(len(self.terms)))
        if self.covariates:
            Z = pm.Data("covariate_values", self.Z, dims=("row", COVARIATE))
            beta = self.spec.prior("coefficient").to_pymc("coefficient", self.covariates, COVARIATE)
            delta = delta + sum(Z[:, j] * beta[j] for j in range(len(self.covariates)))
        if self.L is not None:
            if self.groups is None:
                tau = self.spec.prior("tau").default.to_pymc("tau")
            else:
                tau = self.spec.prior("tau").to_pymc("tau", self.tau_labels, COVARIATE)
                tau = tau[pm.Data("group", self.groups, dims="row")]
            offset = self._build_offset(delta, tau)
            if not self.contrasts.independent:
                offset = pt.dot(pm.Data("random_factor", self.L), offset)
            delta = delta + tau * offset
        return delta

    def prior_of_effects(self, stated: PriorSet | None = None) -> EffectPrior:
        """The prior of the effects, or the same with another law."""
        return EffectPrior(stated or self.spec.prior("effect"), tuple(self.terms), self.exchangeable_regimens)

    @property
    def term_correlation(self) -> Array:
        """Correlation of the terms before the data."""
        return self.prior_of_effects().correlation

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        stated = {**dict(self.spec.priors), **(priors or {})}
        dims = {"tau": COVARIATE, "coefficient": COVARIATE, "baseline": "trial"}
        found = self.prior_of_effects(stated["effect"]).log_density(parameters["mu"]) if "mu" in parameters else {}
        for role, dim in dims.items():
            if role in stated and role in parameters and parameters[role].size:
                found[role] = log_density_of(parameters[role], stated[role], dim)
        return xr.Dataset(found)

    def contrasts_in(self, data: Mapping[Any, Any]) -> Array:
        """The contrasts that data or replicates of them give, (..., row)."""
        return np.asarray(data["y"], dtype=float)

    def statistics(self, data: Mapping[Any, Any]) -> list[Statistic]:
        """Weighted least squares estimates of the effects, and what they leave unexplained (Cochran's Q)."""
        _, V = self.approximation()
        whitener = np.linalg.inv(np.linalg.cholesky(V))
        y, X = self.contrasts_in(data) @ whitener.T, whitener @ np.column_stack([self.X, self.Z])
        theta = y @ np.linalg.pinv(X).T
        residual = y - theta @ X.T
        of_effects = theta[..., : len(self.terms)]
        if self.exchangeable_regimens:
            each = against_the_others(of_effects @ self.C.T, self.effect_labels)
        else:
            each = [(label if self.effect_dim else "", of_effects[..., j]) for j, label in enumerate(self.terms)]
        found = [
            Statistic(
                "effect",
                f"the effect of {what} ({self.log_unit})" if what else f"the weighted mean effect ({self.log_unit})",
                value,
            )
            for what, value in each
        ]
        for j, label in enumerate(self.covariates, len(self.terms)):
            found.append(Statistic("coefficient", f"the slope on {label} ({self.log_unit})", theta[..., j]))
        if not self.random:
            return found
        groups = np.zeros(self.k, dtype=int) if self.groups is None else self.groups
        for g, label in enumerate(self.tau_labels):
            rows = groups == g
            freedom = int(rows.sum()) - int(np.linalg.matrix_rank(X[rows]))
            if freedom > 0:
                whose = f" of {label}" if self.separate else ""
                spread = np.sqrt((residual[..., rows] ** 2).sum(axis=-1) / freedom)
                found.append(Statistic("tau", f"the spread between studies{whose}, in their standard errors,", spread))
        return found

    def _build_offset(self, mean: Tensor, tau: Tensor) -> Tensor:
        """The standardised random effects, standard normal before the data, in coordinates that suit NUTS.

        Given mu and tau a study's offset is known as well as its own data let it be: hardly for a small trial,
        almost exactly for a large one. What is sampled, `residue`, is therefore the offset minus what the data
        say of it, over what they leave open, by the normal approximation ``whitened y ~ N(mean, tau^2 + s^2)``.
        The change of variables is exact whatever that approximation is worth (Papaspiliopoulos, Roberts and
        Skoeld, Stat Sci 2007;22:59-73, on parametrisations between centred and non-centred).
        """
        import pymc as pm
        import pytensor.tensor as pt

        told = pm.Data("told", self._told[0], dims="row")
        error = pm.Data("told_error", self._told[1], dims="row")
        if not self.contrasts.independent:
            mean = pt.dot(pm.Data("random_whitener", self.data["random_whitener"]), mean)
        total = pt.sqrt(tau**2 + error**2)
        residue = pm.Normal("residue__", 0.0, 1.0, dims="row")  # like a transformed value: not kept
        offset = pm.Deterministic("offset", tau * (told - mean) / total**2 + error / total * residue, dims="row")
        # the density of the offset is standard normal: replace that of the residue
        pm.Potential("offset_density", 0.5 * (residue**2 - offset**2) + pt.log(error / total), dims="row")
        return offset

    def delta(self, parameters: xr.Dataset) -> Array:
        """The true contrasts under each draw, shape (chain, draw, row)."""
        found = self.fixed_part(parameters)
        if self.L is not None:
            tau = parameters["tau"].to_numpy()
            each = tau[..., None] if self.groups is None else tau[..., self.groups]
            found = found + each * (parameters["offset"].to_numpy() @ self.L.T)
        return np.asarray(found)

    def fixed_part(self, parameters: xr.Dataset) -> Array:
        """The expected contrasts under each draw, without the studies' own effects, shape (chain, draw, row)."""
        found = parameters["mu"].to_numpy() @ self.X.T
        if self.covariates:
            found = found + parameters["coefficient"].to_numpy() @ self.Z.T
        return np.asarray(found)

    def parameters_of(self, theta: Array, tau: Array | None, offset: Array | None) -> xr.Dataset:
        """Draws of the parameters as a Dataset; theta stacks mu and the coefficients."""
        import xarray as xr

        p = len(self.terms)
        values: Plain = {"mu": ((CHAIN, DRAW, "term"), theta[..., :p])}
        coords: Plain = {"term": self.terms}
        if self.covariates:
            values["coefficient"] = ((CHAIN, DRAW, COVARIATE), theta[..., p:])
            coords[COVARIATE] = list(self.covariates)
        if tau is not None and offset is not None:
            dims = (CHAIN, DRAW, COVARIATE) if self.separate else (CHAIN, DRAW)
            values |= {"tau": (dims, tau), "offset": ((CHAIN, DRAW, "row"), offset)}
            coords["row"] = self.row_labels
            if self.separate:
                coords[COVARIATE] = self.tau_labels
        return xr.Dataset(values, coords=coords)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        theta = [self.prior_of_effects().sample(rng, draws)]
        if self.covariates:
            theta.append(self.spec.prior("coefficient").sample(rng, draws, self.covariates))
        stacked = np.concatenate(theta, axis=1)[None]
        if not self.random:
            return self.parameters_of(stacked, None, None)
        tau = self.spec.prior("tau").sample(rng, draws, self.tau_labels)[None]
        tau = tau if self.separate else tau[..., 0]
        return self.parameters_of(stacked, tau, rng.normal(size=(1, draws, self.k)))

    def row_coords(self) -> Plain:
        """Labels of the contrasts."""
        c = self.contrasts
        groups = {}
        if self.effect_dim == COVARIATE:  # figures set studies out by subgroup
            groups = {"row_subgroup": ("row", [self.effect_labels[i] for i in self.X.argmax(axis=1)])}
        return {
            **groups,
            "row": self.row_labels,
            "row_study": ("row", list(c.study)),
            "row_regimen": ("row", list(c.experimental)),
            "row_endpoint": ("row", [c.endpoint] * self.k),
        }

    def labelled(self, values: Array, dim: str | None, name: str, unit: str, leading: tuple[str, ...]) -> xr.DataArray:
        """An array over leading dimensions and one label dimension (None: a single number)."""
        import xarray as xr

        coords: Plain = {ENDPOINT: self.contrasts.endpoint}
        if dim == "row":
            coords |= self.row_coords()
        elif dim == "pair":
            coords["row_covariate"] = ("pair", self.subgroup_pairs[0])
        elif dim == "setting":
            coords["row_covariate"] = ("setting", list(self.settings[0]))
        elif dim is not None:
            coords[dim] = list(self.coords[dim])
        dims = leading if dim is None else (*leading, dim)
        plain = values[..., 0] if dim is None and values.ndim > len(leading) else values
        array = xr.DataArray(plain, dims=dims, coords=coords, name=name, attrs={"unit": unit})
        if (
            "effect" in name or name in ("subgroup_difference", "event_rate", "risk_difference")
        ) and self.contrasts.better:
            array.attrs["better"] = self.contrasts.better
        return array

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        sample = (CHAIN, DRAW)
        natural = _ratio if self.ratio else np.asarray
        effects = parameters["mu"].to_numpy() @ self.C.T
        found = {"effect": self.labelled(natural(effects), self.effect_dim, "effect", self.unit, sample)}
        if self.random:
            tau = parameters["tau"].to_numpy()
            each = tau if self.separate else tau[..., None]
            fresh = self._fresh(rng, effects.shape)
            new = natural(effects + each * fresh)
            found["predicted_effect"] = self.labelled(new, self.effect_dim, "predicted_effect", self.unit, sample)
        found["study_effect"] = self.labelled(natural(self.delta(parameters)), "row", "study_effect", self.unit, sample)
        if self.random:
            over = self.effect_dim if self.separate else None
            found["tau"] = self.labelled(tau, over, "tau", self.log_unit, sample)
            if self.typical_errors is not None:
                typical = self.typical_errors if self.separate else self.typical_errors[0]
                share = tau**2 / (tau**2 + typical**2)
                found["i_squared"] = self.labelled(share, over, "i_squared", "share of the variance", sample)
        labels, contrast = self.subgroup_pairs
        if labels:
            against = natural(effects @ contrast.T)
            found["subgroup_difference"] = self.labelled(
                against, "pair", "subgroup_difference", self.difference_unit, sample
            )
        found["mu"] = self.labelled(effects, self.effect_dim, "mu", self.log_unit, sample)
        if self.covariates:
            found["coefficient"] = self.labelled(
                parameters["coefficient"].to_numpy(), COVARIATE, "coefficient", self.log_unit, sample
            )
            if len(self.settings[0]):
                at = self._at_settings(parameters, rng)
                found |= {n: self.labelled(natural(v), "setting", n, self.unit, sample) for n, v in at.items()}
        if self.spec.baseline_rate is not None:
            found |= self._risks(effects, self.spec.baseline_rate, rng)
        return xr.Dataset(found)

    def _at_settings(self, parameters: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
        """The effect at the stated values of covariates, and that of a new study there."""
        at = parameters["mu"].to_numpy() @ self.C.T + parameters["coefficient"].to_numpy() @ self.settings[1].T
        if not self.random:
            return {"effect_at": at}
        new = at + parameters["tau"].to_numpy()[..., None] * rng.normal(size=at.shape)
        return {"effect_at": at, "predicted_effect_at": new}

    def _risks(self, effects: Array, stated: Baseline, rng: np.random.Generator) -> dict[str, xr.DataArray]:
        """Risk under every effect at the stated baseline, and its difference to that."""
        sample, baseline = (CHAIN, DRAW), draw_baseline(stated, rng, effects.shape[:-1])
        before = np.broadcast_to(baseline[..., None], effects.shape)
        risk = risk_under(self.measure, effects, before)
        found = {}
        if not isinstance(stated, float):
            found["baseline_rate"] = self.labelled(baseline, None, "baseline_rate", "proportion", sample)
        found["event_rate"] = self.labelled(risk, self.effect_dim, "event_rate", "proportion", sample)
        difference = risk - before
        found["risk_difference"] = self.labelled(difference, self.effect_dim, "risk_difference", "points", sample)
        return found

    def unanswered(self, estimands: xr.Dataset, asked: Container[str]) -> list[str]:
        effect = estimands["effect"]
        if REGIMEN not in effect.dims or effect.attrs.get("better") or "effect" in asked:
            return []
        endpoint = str(effect.coords[ENDPOINT].item()) if ENDPOINT in effect.coords else "the endpoint"
        return [
            f"better: it is not known whether more or less of {endpoint} is better, and a network ranks its regimens. "
            "Add a column better with higher or lower to the table, or a comparison of 'effect' with better = "
            "'higher' or 'lower'"
        ]

    def extrapolations(self, estimands: xr.Dataset, references: tuple[str, ...]) -> list[Problem]:
        share = beyond_risks(self.measure, estimands["event_rate"]) if "event_rate" in estimands else 0.0
        if share < 0.001:
            return []
        return [
            Problem(
                "beyond_risks",
                f"in {100 * share:.2g} % of the draws the {self.unit} leads from the stated baseline beyond 0 or 1, "
                "where the risk stays",
                "Odds ratios do not: leave measure out, or use the binomial likelihood.",
            )
        ]

    def _fresh(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Standardised random effects of a new study.

        In a network it is a study of all regimens: as within any study, the contrasts against the
        reference have correlation one half, so that two other regimens differ by as much.
        """
        noise = rng.normal(size=shape)
        if self.effect_dim != REGIMEN:
            return np.asarray(noise * self.varies)
        reference = noise[..., ~self.varies.astype(bool)]
        return np.asarray((noise - reference) / math.sqrt(2.0))

    def tau_known(self, parameters: xr.Dataset) -> TauKnown:
        """The heterogeneity after the data, of all studies or by subgroup, as values and their probabilities."""
        if not self.random:
            return []
        tau = parameters["tau"].to_numpy().reshape(-1, len(self.tau_labels)).T
        return [(each, np.full(len(each), 1.0 / len(each))) for each in tau]

    def study_weights(self, parameters: xr.Dataset) -> xr.Dataset | None:
        return as_dataset(study_weights(self, self.tau_known(parameters)))

    @property
    def varies(self) -> Array:
        """1 where an effect differs between studies, 0 for the reference of a network."""
        return np.asarray(np.abs(self.C).sum(axis=1) > 0, dtype=float)

    @property
    def subgroup_pairs(self) -> tuple[list[str], Array]:
        """Every subgroup against every earlier one: labels, and coefficients of the effects."""
        if self.spec.subgroup is None or self.effect_dim != COVARIATE:
            return [], np.empty((0, len(self.C)))
        levels = [label.removeprefix(f"{self.spec.subgroup} = ") for label in self.effect_labels]
        pairs = [(j, i) for j in range(len(levels)) for i in range(j)]
        labels = [f"{self.spec.subgroup}: {levels[j]} against {levels[i]}" for j, i in pairs]
        one = np.eye(len(levels))
        return labels, np.array([one[j] - one[i] for j, i in pairs]).reshape(len(pairs), len(levels))

    @property
    def difference_unit(self) -> str:
        """Unit of an effect set against that of another subgroup."""
        return f"ratio of {self.unit}s" if self.ratio else f"difference of {self.unit}s"

    @property
    def typical_errors(self) -> Array | None:
        """Typical standard error of a study, for I-squared, of all studies or by subgroup; None without sense."""
        return None

    def priors_in_words(self) -> list[str]:
        lines = []
        for role, prior_set in self.spec.priors:
            for label, prior in [("", prior_set.default), *prior_set.overrides]:
                name = f"{role} of {label}" if label else role
                if role == "effect" and self.exchangeable_regimens:
                    name = "effect of any regimen against any other"
                lines.append(f"{name} ~ {prior}: {self._in_words(role, prior)}. {prior.rationale}".rstrip())
        if self.spec.baseline_rate is not None:
            lines.append(baseline_in_words(self.spec.baseline_rate))
        return lines

    def _in_words(self, role: str, prior: Prior) -> str:
        low, high = prior.interval(0.95)
        if role == "baseline":
            return f"95 % between {1 / (1 + math.exp(-low)):.2g} and {1 / (1 + math.exp(-high)):.2g} of the patients"
        if role == "tau" or not self.ratio:
            return f"95 % between {low:.3g} and {high:.3g} ({self.log_unit})"
        return f"95 % between {_exp(low)} and {_exp(high)} as {'an' if self.unit[0] in 'aeio' else 'a'} {self.unit}"

    def frozen(self) -> Mapping[str, PlainMapping]:
        if not self.spec.network:
            return {}
        return {"model": {"regimen_coding": self.spec.regimen_coding, "reference": self.effect_labels[0]}}

    @abstractmethod
    def with_predictor(self, spec: SynthesisSpec, predictor: Predictor) -> SynthesisDesign:
        """The same evidence under another linear predictor and its priors."""

    @abstractmethod
    def residual_deviance(self, parameters: xr.Dataset) -> tuple[Array, Array]:
        """Of every data point: the mean over the draws, and at the means of the fitted values."""

    @abstractmethod
    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        """Log-likelihood of every study given its true contrast."""


def _ratio(log: Array) -> Array:
    """exp, finite also for the wildest draws of a vague prior."""
    return np.exp(np.clip(log, -300.0, 300.0))


def _exp(value: float) -> str:
    return f"{math.exp(value):.3g}" if value < 100 else "very large"
