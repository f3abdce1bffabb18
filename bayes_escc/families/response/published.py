"""Own patients beside published arms: one logistic model, the published arms averaged over their covariates.

Own patients count one by one, ``expit(intercept[regimen] + x'coefficient)``. The responders of a published arm are
binomial with the mean of that probability over the arm's covariates, computed in logarithms so that it holds at any
size of the coefficients. Coefficients are shared by all regimens: with them P(better) is the same in every population,
and only sizes differ. Declared effect modifiers have a coefficient on every regimen; the answer in the published
population then stays what it was, and in others it rests on the prior of the interaction, unless subgroup rows of the
published arm tell. Those rows are counts of the patients with, and of those without, one covariate.

References
----------
Chandler C, Ishak J. Anchors away: navigating unanchored indirect comparisons via multilevel unanchored
meta-regression, 2025.
Phillippo DM, Dias S, Ades AE, et al. J R Stat Soc A 2020;183:1189-1210.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Arm, PatientTable
from bayes_escc.evidence.labels import similar_regimens
from bayes_escc.evidence.population.margins import Points
from bayes_escc.evidence.population.overlap import matching_weights
from bayes_escc.evidence.population.published import PublishedArm, PublishedSpec
from bayes_escc.evidence.population.simulated import simulated_rate
from bayes_escc.evidence.trial_names import trial_key
from bayes_escc.families.base import Design
from bayes_escc.families.beside import (
    PublishedCovariates,
    against,
    identification,
    place_of,
    reweighted_change,
    subgroup_columns,
    summary,
)
from bayes_escc.families.covariates import EncodedCovariates, encode
from bayes_escc.families.modifiers import Modifiers, require_modifiers
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.response.logistic import LogisticDesign
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.names import CHAIN, COVARIATE, DRAW, REGIMEN, AnyArray, Plain

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_escc.families.tensors import Tensor

__all__ = ["PublishedResponseDesign"]

Array = NDArray[np.float64]
ARM: Final = "published_arm"
MOST_INTEGRATION_ERROR: Final = 0.05
"""Largest change of a rate under other integration points, in posterior standard deviations."""
MOST_OF_THE_PRIOR: Final = 0.9
"""Posterior over prior standard deviation above which the prior answers."""


@dataclass(frozen=True)
class Counted:
    """One count of the likelihood: a published arm, or its patients with or without a covariate.

    Parameters
    ----------
    arm : PublishedArm
    label : str
    n, events : int
    index : int
        Of the arm among the published ones.
    column : int
        Of the covariate; -1 for a whole arm.
    value : float
        Of the covariate.
    """

    arm: PublishedArm
    label: str
    n: int
    events: int
    index: int
    column: int = -1
    value: float = 0.0


class PublishedResponseDesign(LogisticDesign):
    """A logistic model of own patients and of the counts of published arms."""

    def __init__(
        self,
        table: PatientTable,
        spec: ResponseSpec,
        encoded: EncodedCovariates,
        endpoint: str,
        design: str,
        published: PublishedSpec,
    ) -> None:
        super().__init__(table, spec, encoded, endpoint, design)
        loaded = published.load(endpoint)
        self.published, self.target = published, published.target
        self.known = loaded.arms
        self._refuse_own_cohort()
        self.own = self.regimens
        self.regimens = tuple(dict.fromkeys([*self.regimens, *(a.regimen for a in self.known)]))
        self.arms = (*self.arms, *(Arm(a.study, a.regimen, endpoint, a.design) for a in self.known))
        require_modifiers(spec.effect_modifiers, self.regimens)
        self.modifiers = Modifiers.of(spec.effect_modifiers, encoded, self.regimens)
        self.laws = PublishedCovariates(self.encoded, self.known, published)
        self.points, self.overlaps = self.laws.points, self.laws.overlaps
        self.counted = self._counted()
        self.arm_regimen = np.array([self.regimens.index(c.arm.regimen) for c in self.counted], dtype="int32")
        self.arm_n = np.array([c.n for c in self.counted], dtype="int64")
        self.arm_events = np.array([c.events for c in self.counted], dtype="int64")
        self.own_patients = self.patients
        self.patients += int(self.arm_n.sum())
        self.events += int(self.arm_events.sum())
        alike = similar_regimens(self.regimens) if len(self.regimens) > len(self.own) else []
        self.warnings = (*self.warnings, *alike, *loaded.notes, *self.laws.notes)
        self.population_points = self.laws.population()

    @classmethod
    def from_published(cls, table: PatientTable, spec: ResponseSpec, data: Any) -> PublishedResponseDesign:
        """Encode own patients and read the published arms."""
        if spec.likelihood != "logistic":
            raise AnalysisError('published: needs likelihood = "logistic", whose covariates both sides share.')
        own = LogisticDesign.from_patients(table, spec, data)
        patients = table.evaluable(data.not_evaluable)
        encoded = encode(patients, spec.covariates)
        complete = replace(patients, frame=patients.frame[encoded.kept])
        return cls(complete, spec, encoded, own.endpoint, data.design, data.published)

    # ---- what is known of a published arm -----------------------------------------------------

    def _counted(self) -> list[Counted]:
        """Every count of the likelihood: arms, and in place of an arm its subgroups."""
        columns = subgroup_columns(self.encoded, [(a.study, s.covariate) for a in self.known for s in a.subgroups])
        found = []
        for k, arm in enumerate(self.known):
            if not arm.subgroups:
                found.append(Counted(arm, f"{arm.study}: {arm.regimen}", arm.n, arm.events, k))
            for part in arm.subgroups:
                label, column = f"{arm.study}: {arm.regimen}, {part.label}", columns[part.covariate]
                found.append(Counted(arm, label, part.n, part.events or 0, k, column, float(part.present)))
        return found

    def _points_counted(self, points: Sequence[Points]) -> list[Points]:
        """The covariates of the patients of every count, with the further columns of effect modifiers."""
        found = []
        for c in self.counted:
            part = points[c.index] if c.column < 0 else points[c.index].where(c.column, c.value)
            regimen = self.regimens.index(c.arm.regimen)
            found.append(replace(part, values=self.modifiers.extended(part.values, regimen)))
        return found

    def _refuse_own_cohort(self) -> None:
        """Own patients that are a published arm would count twice."""
        for arm in self.known:
            if arm.regimen not in self.regimens:
                continue
            mine = self.regimen == self.regimens.index(arm.regimen)
            own = (trial_key(a.study) for a in self.arms if a.regimen == arm.regimen)
            same_study = trial_key(arm.study) in own
            if same_study or (int(mine.sum()), int(self.response[mine].sum())) == (arm.n, arm.events):
                raise DataError(
                    f"{arm.study} ({arm.events} of {arm.n} on {arm.regimen}) seems to be the own patients of that "
                    "regimen: they would count twice. Leave the published arm out, or the own patients."
                )

    @property
    def own_regimens(self) -> Sequence[str]:
        return self.own

    def standardised_over(self, reference: Design) -> Design:
        if not isinstance(reference, PublishedResponseDesign):
            return self
        return self.changed(population=reference.population, population_points=reference.population_points)

    def rates(self, parameters: xr.Dataset, population: Points, rng: np.random.Generator) -> Array:
        """Mean response probability of a population on every regimen, (chain, draw, regimen)."""
        shape = parameters.sizes[CHAIN], parameters.sizes[DRAW]
        weight = self.laws.weights(population, shape[0] * shape[1], rng)
        weight = weight if weight.ndim == 1 else weight.reshape(*shape, -1)
        return self.mean_rates(parameters, population.values, weight)

    # ---- the model ------------------------------------------------------------------------------

    @property
    def count_labels(self) -> list[str]:
        """Labels of the published counts."""
        return [c.label for c in self.counted]

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        patients = [str(i + 1) for i in range(self.own_patients)]
        return {REGIMEN: self.regimens, COVARIATE: self.labels, "patient": patients, ARM: self.count_labels}

    @property
    def data(self) -> Mapping[str, AnyArray]:
        each = self._points_counted(self.points)
        most = max(len(p.weight) for p in each)
        # counts with fewer points are filled up with points that weigh nothing
        values = np.stack([np.pad(p.values, ((0, most - len(p.weight)), (0, 0))) for p in each])
        weight = np.stack([np.pad(p.weight, (0, most - len(p.weight)), constant_values=1e-300) for p in each])
        return {
            **super().data,
            **{f"point_x{j}": np.ascontiguousarray(values[:, :, j]) for j in range(len(self.labels))},
            "point_log_weight": np.log(weight),
            "arm_regimen": self.arm_regimen,
            "arm_n": self.arm_n,
            "arm_events": self.arm_events,
        }

    @property
    def structure(self) -> Hashable:
        return ("published", self.data["point_log_weight"].shape, super().structure)

    def build(self) -> pm.Model:
        import pymc as pm
        import pytensor.tensor as pt

        model = super().build()
        data = self.data
        with model:
            regimen, n = (pm.Data(name, data[name], dims=ARM) for name in ("arm_regimen", "arm_n"))
            observed = pm.Data("arm_events", data["arm_events"], dims=ARM)
            log_weight = pm.Data("point_log_weight", data["point_log_weight"], dims=(ARM, "point"))
            logit = model["intercept"][regimen][:, None]
            for j in range(len(self.labels)):
                logit = logit + model["coefficient"][j] * pm.Data(
                    f"point_x{j}", data[f"point_x{j}"], dims=(ARM, "point")
                )
            log_p = pt.logsumexp(log_weight - pt.softplus(-logit), axis=1)
            log_q = pt.logsumexp(log_weight - pt.softplus(logit), axis=1)
            pm.CustomDist("published", log_p, log_q, n, logp=_binomial, observed=observed, dims=ARM)
        return model

    def _arm_logs(self, parameters: xr.Dataset, points: Sequence[Points] | None = None) -> tuple[Array, Array]:
        """Log probability of response and of none in every published arm, (chain, draw, arm)."""
        intercept = parameters["intercept"].to_numpy()
        found = []
        shape = (parameters.sizes[CHAIN], parameters.sizes[DRAW])
        for k, p in enumerate(self._points_counted(self.points if points is None else points)):
            logit = np.broadcast_to(intercept[..., self.arm_regimen[k], None], (*shape, len(p.weight)))
            if self.labels:
                logit = logit + parameters["coefficient"].to_numpy() @ p.values.T
            found.append([_log_mean(p.weight, -np.logaddexp(0.0, -s * logit)) for s in (1.0, -1.0)])
        return np.stack([f[0] for f in found], axis=-1), np.stack([f[1] for f in found], axis=-1)

    def _arm_log_likelihood(self, parameters: xr.Dataset, points: Sequence[Points] | None = None) -> Array:
        log_p, log_q = self._arm_logs(parameters, points)
        constant = [
            math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
            for n, k in zip(self.arm_n.tolist(), self.arm_events.tolist(), strict=True)
        ]
        return np.asarray(constant + self.arm_events * log_p + (self.arm_n - self.arm_events) * log_q)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        values = self._arm_log_likelihood(parameters)
        return super().log_likelihood(parameters).assign(published=((CHAIN, DRAW, ARM), values))

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        log_p, _ = self._arm_logs(parameters)
        counts = rng.binomial(self.arm_n, np.exp(np.minimum(log_p, 0.0)))
        return super().simulate(parameters, rng).assign(published=((CHAIN, DRAW, ARM), counts))

    def observed(self) -> xr.Dataset:
        return super().observed().assign(published=(ARM, self.arm_events))

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        response = np.asarray(data["response"], dtype=float)
        shares = [
            Statistic("intercept", f"the share of responders on {name}", response[..., self.regimen == r].mean(axis=-1))
            for r, name in enumerate(self.own)
        ]
        counts = np.asarray(data["published"], dtype=float) / self.arm_n
        return shares + [
            Statistic("intercept", f"the share of responders in {label.replace(': ', ', ')}", counts[..., k])
            for k, label in enumerate(self.count_labels)
        ]

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        found = super().estimands(parameters, rng)
        rate = found["rate"].copy(data=self.rates(parameters, self.population_points, rng))
        return found.assign(rate=rate)

    def covariate_means(self) -> xr.DataArray | None:
        return None  # means of published arms are in the table of balance

    # ---- what is reported beside the headline ---------------------------------------------------

    def population_report(self, parameters: xr.Dataset, reference: str | None = None) -> Plain:
        """Answers in every population, overlap, what identifies the coefficients, companions, integration error."""
        rng, first = np.random.default_rng(0), place_of(reference, self.regimens)
        self._refuse_what_the_prior_says(parameters)
        return {
            "endpoint": self.endpoint,
            "headline": self.target.name,
            "weights": self.target.weights,
            "populations": [
                row
                for name, points in self.laws.populations().items()
                for row in self._in_population(parameters, name, points, rng, first)
            ],
            "conditional": self._conditional(parameters, first),
            "overlap": [o.to_dict() for o in self.overlaps],
            "identification": self._identification(parameters),
            "companions": [against(c, "log_odds_ratio", self.regimens[first]) for c in self._companions()],
            "integration": self._integration(parameters),
            "adjusted": list(self.encoded.labels),
            **self.modified(parameters, first),
        }

    def _in_population(
        self, parameters: xr.Dataset, name: str, points: Points, rng: np.random.Generator, first: int
    ) -> list[Plain]:
        """The answer in a population: the reference, then the others against it."""
        rates = self.rates(parameters, points, rng)
        rows = []
        for r in sorted(range(len(self.regimens)), key=lambda r: r != first):
            gap = rates[..., r] - rates[..., first]
            rows.append(
                {
                    "population": name,
                    "regimen": self.regimens[r],
                    **summary("rate", rates[..., r]),
                    **(summary("difference", gap) if r != first else {}),
                    "probability_better": float((self.better * gap > 0).mean()) if r != first else None,
                }
            )
        return rows

    def _conditional(self, parameters: xr.Dataset, first: int) -> list[Plain]:
        intercept = parameters["intercept"].to_numpy()
        return [
            {
                "regimen": name,
                "reference": self.regimens[first],
                **summary("log_odds_ratio", intercept[..., r] - intercept[..., first]),
            }
            for r, name in enumerate(self.regimens)
            if r != first
        ]

    def _identification(self, parameters: xr.Dataset) -> list[Plain]:
        """Posterior over prior standard deviation of every coefficient and interaction; near 1 it is the prior."""
        size = len(self.encoded.labels)
        if not size:
            return []
        prior = self.prior(np.random.default_rng(1), 4000)["coefficient"].std((CHAIN, DRAW)).to_numpy()
        posterior = parameters["coefficient"].std((CHAIN, DRAW)).to_numpy()
        interactions: list[Plain] = self.modified(parameters).get("interactions", [])
        return [*identification(self.encoded.labels, posterior[:size], prior[:size]), *interactions]

    def _refuse_what_the_prior_says(self, parameters: xr.Dataset) -> None:
        """A contrast of the headline that the data say nothing of is refused, where modifiers make one possible."""
        if not self.modifiers or len(self.regimens) < 2:
            return
        spreads = []
        for draws in (parameters, self.prior(np.random.default_rng(3), 4000)):
            rates = self.mean_rates(draws, self.population_points.values, self.population_points.weight)
            odds = np.log(rates) - np.log1p(-rates)
            spreads.append((odds - odds[..., :1]).std(axis=(0, 1))[1:])
        for regimen, after, before in zip(self.regimens[1:], *spreads, strict=True):
            if after > MOST_OF_THE_PRIOR * before:
                raise DataError(
                    f"{regimen} against {self.regimens[0]} in the population {self.target.name!r}: the data leave the "
                    f"log odds ratio as uncertain as its prior was ({after:.2f} against {before:.2f}), because "
                    f"{', '.join(self.modifiers.names)} may act differently on each regimen. Ways out: ask in the "
                    'published population (population = { study = "..." }); give subgroup rows of the published arm; '
                    "or share the coefficients (leave out model.effect_modifiers)."
                )

    def _companions(self) -> list[Plain]:
        """Naive, matched and simulated comparisons, for the published population: companions, never the headline."""
        found = []
        for arm, points in zip(self.known, self.points, strict=True):
            theirs = (arm.events + 0.5) / (arm.n + 1.0)
            for r, regimen in enumerate(self.own):
                if regimen == arm.regimen:
                    continue
                x, y = self.encoded.values[self.regimen == r], self.response[self.regimen == r].astype(float)
                common = {
                    "study": arm.study,
                    "regimen": arm.regimen,
                    "reference": regimen,
                    "published_rate": arm.events / arm.n,
                }
                for method, note, rate, size in self._own_rates(x, y, points):
                    ratio = None if rate is None else _log_odds_ratio(theirs, rate, len(y))
                    found.append(
                        {**common, "method": method, "note": note, "rate": rate, "ess": size, "log_odds_ratio": ratio}
                    )
        return found

    def _own_rates(self, x: Array, y: Array, points: Points) -> list[tuple[str, str, float | None, float]]:
        """By every method its name, what it is, the rate of own patients and the number of patients it is worth."""
        found: list[tuple[str, str, float | None, float]] = [
            ("naive", "not a comparison of regimens", float(y.mean()), float(len(y)))
        ]
        if not self.encoded.labels:
            return found
        note = "for the published population"
        weights = matching_weights(x, points.weight @ points.values)
        matched = (None, 0.0) if weights is None else (float(weights @ y), 1.0 / float((weights**2).sum()))
        found.append(("matching weights", note, *matched))
        scales = [float(self.spec.prior("coefficient")[c].to_scipy().std()) for c in self.encoded.labels]
        simulated = simulated_rate(x, y, points.values, points.weight, np.array(scales))
        found.append(("simulated treatment comparison", note, *simulated))
        return found

    def _integration(self, parameters: xr.Dataset) -> Plain:
        """How far rates move under other points, and under no correlation, by reweighting the draws."""
        if self.laws.exact:
            return {"rule": "exact", "change": 0.0, "without_correlation": self._change(parameters, None)}
        change = self._change(parameters, self.laws.other_points())
        if change > MOST_INTEGRATION_ERROR:
            raise AnalysisError(
                f"the integration over published covariates moves a rate by {change:.2f} posterior standard "
                f"deviations, above {MOST_INTEGRATION_ERROR:g}: leave out a covariate, or state [published] "
                'correlation = "none".'
            )
        return {
            "rule": "scrambled Sobol points",
            "change": change,
            "without_correlation": self._change(parameters, None),
        }

    def _change(self, parameters: xr.Dataset, points: Sequence[Points] | None) -> float:
        """Largest change of a regimen's intercept, in posterior standard deviations, under other points."""
        if points is None:
            points = self.laws.points_without_correlation()
        moved = (
            (self._arm_log_likelihood(parameters, points) - self._arm_log_likelihood(parameters)).sum(axis=-1).ravel()
        )
        return reweighted_change(moved, parameters["intercept"].to_numpy().reshape(-1, len(self.regimens)))


def _binomial(value: Tensor, log_p: Tensor, log_q: Tensor, n: Tensor) -> Tensor:
    """Log density of a count whose probabilities are given as logarithms."""
    import pytensor.tensor as pt

    constant = pt.gammaln(n + 1.0) - pt.gammaln(value + 1.0) - pt.gammaln(n - value + 1.0)
    return constant + value * log_p + (n - value) * log_q


def _log_mean(weight: Array, logs: Array) -> Array:
    """Logarithm of the weighted mean of exponentials, over the last axis."""
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - top) @ weight) + top[..., 0])


def _log_odds_ratio(theirs: float, mine: float, n: int) -> float:
    own = (mine * n + 0.5) / (n + 1.0)
    return math.log(theirs / (1.0 - theirs)) - math.log(own / (1.0 - own))
