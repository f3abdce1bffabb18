"""What normal and binomial syntheses share: the linear predictor of the contrasts and its estimands.

``delta = X mu + Z coefficient + tau L z``: `mu` holds the effects (one, one per subgroup, or one
per regimen of a network against the reference), `coefficient` the meta-regression, `tau` the
standard deviation between studies, `offset` the standardised random effects z (non-centred).
All of it lives on the analysis scale, the logarithm for ratios; estimands are reported on the
natural scale.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Arm, Problem
from bayes_escc.evidence.effect_checks import MEASURES, RATIOS
from bayes_escc.families.base import Design
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.names import CHAIN, COVARIATE, DRAW, ENDPOINT, REGIMEN
from bayes_escc.priors import Prior
from bayes_escc.schema import nearest

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SynthesisDesign"]

Array = NDArray[np.float64]


class SynthesisDesign(Design):
    """Contrasts of one endpoint, prepared."""

    variant: str

    def __init__(
        self,
        contrasts: Contrasts,
        spec: SynthesisSpec,
        warnings: Sequence[Problem],
        covariates: tuple[tuple[str, ...], Array],
    ) -> None:
        self.contrasts, self.spec, self.warnings = contrasts, spec, tuple(warnings)
        self.covariates, self.Z = covariates
        self.k = len(contrasts)
        self.random = spec.pooling == "random"
        measure = contrasts.measure.removeprefix("log ")
        self.ratio = measure in RATIOS
        self.unit = MEASURES[measure]
        self.log_unit = f"log {self.unit}" if self.ratio else self.unit
        self.effect_dim, self.effect_labels, self.terms, self.X, self.C = self._terms()
        self.L = contrasts.random_effects_factor() if self.random else None
        design = "network" if spec.network else "randomised"
        sizes = {
            (study, regimen): None if math.isnan(n) else int(n)
            for study, *regimens, ns in zip(
                contrasts.study, contrasts.experimental, contrasts.control, contrasts.n, strict=True
            )
            for regimen, n in zip(regimens, ns, strict=True)
        }
        self.arms = tuple(Arm(s, r, contrasts.endpoint, design, n) for (s, r), n in sizes.items())
        self.rows = self.k
        self.patients = self._count_patients()
        self.events = 0

    def _terms(self) -> tuple[str | None, list[str], list[str], Array, Array]:
        """Dimension and labels of the effects, names of the terms, design matrix, effects from terms."""
        contrasts, spec = self.contrasts, self.spec
        if spec.network:
            regimens = list(contrasts.regimens)
            if spec.reference is not None and spec.reference not in regimens:
                raise AnalysisError(
                    f"model.reference: {spec.reference!r} is not in this network; it has {', '.join(regimens)}."
                    f"{nearest(spec.reference, regimens)}"
                )
            reference = spec.reference or max(regimens, key=contrasts.control.count)
            regimens = [reference, *[r for r in regimens if r != reference]]
            signs = np.zeros((self.k, len(regimens)))
            for i, (e, c) in enumerate(zip(contrasts.experimental, contrasts.control, strict=True)):
                signs[i, regimens.index(e)] += 1.0
                signs[i, regimens.index(c)] -= 1.0
            return REGIMEN, regimens, regimens[1:], signs[:, 1:], np.eye(len(regimens))[:, 1:]
        if spec.subgroup is not None:
            if spec.subgroup not in contrasts.frame:
                columns = list(contrasts.frame.columns)
                raise AnalysisError(
                    f"model.subgroup: there is no column {spec.subgroup!r}.{nearest(spec.subgroup, columns)}"
                )
            cells = [str(v) for v in contrasts.frame[spec.subgroup]]
            levels = list(dict.fromkeys(cells))
            member = np.array([[float(c == level) for level in levels] for c in cells])
            labels = [f"{spec.subgroup} = {level}" for level in levels]
            return COVARIATE, labels, labels, member, np.eye(len(levels))
        return None, ["effect"], ["effect"], np.ones((self.k, 1)), np.ones((1, 1))

    def _count_patients(self) -> int:
        """Patients of all arms; the control arm of a study once."""
        n, seen, total = self.contrasts.n, set(), 0.0
        for study, control, (experimental, baseline) in zip(
            self.contrasts.study, self.contrasts.control, n, strict=True
        ):
            total += 0.0 if math.isnan(experimental) else experimental
            if (study, control) not in seen:
                total += 0.0 if math.isnan(baseline) else baseline
            seen.add((study, control))
        return int(total)

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
        if self.effect_dim is not None:
            found[self.effect_dim] = self.effect_labels
        return found

    @property
    def structure(self) -> Hashable:
        roles = ["effect", *(["tau"] if self.random else []), *(["coefficient"] if self.covariates else [])]
        labels = {"effect": self.terms, "tau": ["tau"], "coefficient": self.covariates}
        priors = tuple((role, tuple(self.spec.prior(role)[x] for x in labels[role])) for role in roles)
        return ("synthesis", self.variant, self.k, len(self.terms), len(self.covariates), priors)

    @property
    def data(self) -> Mapping[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {"design": self.X}
        if self.covariates:
            found["covariate_values"] = self.Z
        if self.L is not None and not self.contrasts.independent:
            found["random_factor"] = self.L
        return found

    def build_predictor(self) -> Any:
        """The true contrasts inside the current PyMC model."""
        import pymc as pm
        import pytensor.tensor as pt

        X = pm.Data("design", self.X, dims=("row", "term"))
        mu = self.spec.prior("effect").to_pymc("mu", self.terms, "term")
        # sums of columns instead of a matrix product: quicker to compile and to differentiate
        delta = sum(X[:, j] * mu[j] for j in range(len(self.terms)))
        if self.covariates:
            Z = pm.Data("covariate_values", self.Z, dims=("row", COVARIATE))
            beta = self.spec.prior("coefficient").to_pymc("coefficient", self.covariates, COVARIATE)
            delta = delta + sum(Z[:, j] * beta[j] for j in range(len(self.covariates)))
        if self.L is not None:
            tau = self.spec.prior("tau").default.to_pymc("tau")
            offset = pm.Normal("offset", 0.0, 1.0, dims="row")
            if not self.contrasts.independent:
                offset = pt.dot(pm.Data("random_factor", self.L), offset)
            delta = delta + tau * offset
        return delta

    def delta(self, parameters: xr.Dataset) -> Array:
        """The true contrasts under each draw, shape (chain, draw, row)."""
        found = parameters["mu"].to_numpy() @ self.X.T
        if self.covariates:
            found = found + parameters["coefficient"].to_numpy() @ self.Z.T
        if self.L is not None:
            found = found + parameters["tau"].to_numpy()[..., None] * (parameters["offset"].to_numpy() @ self.L.T)
        return np.asarray(found)

    def parameters_of(self, theta: Array, tau: Array | None, offset: Array | None) -> xr.Dataset:
        """Draws of the parameters as a Dataset; theta stacks mu and the coefficients."""
        import xarray as xr

        p = len(self.terms)
        values: dict[str, Any] = {"mu": ((CHAIN, DRAW, "term"), theta[..., :p])}
        coords: dict[str, Any] = {"term": self.terms}
        if self.covariates:
            values["coefficient"] = ((CHAIN, DRAW, COVARIATE), theta[..., p:])
            coords[COVARIATE] = list(self.covariates)
        if tau is not None and offset is not None:
            values |= {"tau": ((CHAIN, DRAW), tau), "offset": ((CHAIN, DRAW, "row"), offset)}
            coords["row"] = self.row_labels
        return xr.Dataset(values, coords=coords)

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        theta = [self.spec.prior("effect").sample(rng, draws, self.terms)]
        if self.covariates:
            theta.append(self.spec.prior("coefficient").sample(rng, draws, self.covariates))
        stacked = np.concatenate(theta, axis=1)[None]
        if not self.random:
            return self.parameters_of(stacked, None, None)
        tau = self.spec.prior("tau").default.sample(rng, draws)[None]
        return self.parameters_of(stacked, tau, rng.normal(size=(1, draws, self.k)))

    def row_coords(self) -> dict[str, Any]:
        """Labels of the contrasts."""
        c = self.contrasts
        return {
            "row": self.row_labels,
            "row_study": ("row", list(c.study)),
            "row_regimen": ("row", list(c.experimental)),
            "row_endpoint": ("row", [c.endpoint] * self.k),
        }

    def labelled(self, values: Array, dim: str | None, name: str, unit: str, leading: tuple[str, ...]) -> xr.DataArray:
        """An array over leading dimensions and one label dimension (None: a single number)."""
        import xarray as xr

        coords: dict[str, Any] = {ENDPOINT: self.contrasts.endpoint}
        if dim == "row":
            coords |= self.row_coords()
        elif dim is not None:
            coords[dim] = list(self.coords[dim])
        dims = leading if dim is None else (*leading, dim)
        plain = values[..., 0] if dim is None and values.ndim > len(leading) else values
        array = xr.DataArray(plain, dims=dims, coords=coords, name=name, attrs={"unit": unit})
        if "effect" in name and self.contrasts.better:
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
            fresh = rng.normal(size=effects.shape) * self._varies()
            new = natural(effects + tau[..., None] * fresh)
            found["predicted_effect"] = self.labelled(new, self.effect_dim, "predicted_effect", self.unit, sample)
        found["study_effect"] = self.labelled(natural(self.delta(parameters)), "row", "study_effect", self.unit, sample)
        if self.random:
            found["tau"] = self.labelled(tau, None, "tau", self.log_unit, sample)
            if self.typical_error is not None:
                share = tau**2 / (tau**2 + self.typical_error**2)
                found["i_squared"] = self.labelled(share, None, "i_squared", "share of the variance", sample)
        found["mu"] = self.labelled(effects, self.effect_dim, "mu", self.log_unit, sample)
        if self.covariates:
            found["coefficient"] = self.labelled(
                parameters["coefficient"].to_numpy(), COVARIATE, "coefficient", self.log_unit, sample
            )
        return xr.Dataset(found)

    def _varies(self) -> Array:
        """1 where an effect differs between studies, 0 for the reference of a network."""
        return np.asarray(np.abs(self.C).sum(axis=1) > 0, dtype=float)

    @property
    def typical_error(self) -> float | None:
        """Typical standard error of a study, for I-squared; None where it makes no sense."""
        return None

    def priors_in_words(self) -> list[str]:
        lines = []
        for role, prior_set in self.spec.priors:
            for label, prior in [("", prior_set.default), *prior_set.overrides]:
                name = f"{role} of {label}" if label else role
                lines.append(f"{name} ~ {prior}: {self._in_words(role, prior)}. {prior.rationale}".rstrip())
        return lines

    def _in_words(self, role: str, prior: Prior) -> str:
        low, high = prior.interval(0.95)
        if role == "baseline":
            return f"95 % between {1 / (1 + math.exp(-low)):.2g} and {1 / (1 + math.exp(-high)):.2g} of the patients"
        if role == "tau" or not self.ratio:
            return f"95 % between {low:.3g} and {high:.3g} ({self.log_unit})"
        return f"95 % between {_exp(low)} and {_exp(high)} as {'an' if self.unit[0] in 'aeio' else 'a'} {self.unit}"

    @abstractmethod
    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        """Log-likelihood of every study given its true contrast."""


def _ratio(log: Array) -> Array:
    """exp, finite also for the wildest draws of a vague prior."""
    return np.exp(np.clip(log, -300.0, 300.0))


def _exp(value: float) -> str:
    return f"{math.exp(value):.3g}" if value < 100 else "very large"
