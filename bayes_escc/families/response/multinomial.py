"""Best overall response in RECIST categories: ORR and DCR from one joint posterior."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Arm, CountTable, PatientTable, Problem
from bayes_escc.evidence.endpoints import RECIST, canonical_endpoint
from bayes_escc.families.base import Design, ExactPosterior, prior_line
from bayes_escc.families.frozen import stated_priors
from bayes_escc.families.log_prior import log_density_of
from bayes_escc.families.prior_conflict import Statistic
from bayes_escc.families.response.cells import RATE_UNIT
from bayes_escc.families.response.spec import ResponseSpec
from bayes_escc.names import CATEGORY, CHAIN, DRAW, ENDPOINT, REGIMEN, STUDY, AnyArray, Plain, PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["MultinomialDesign"]

_ENDPOINTS = {"ORR": ("CR", "PR"), "DCR": ("CR", "PR", "SD")}


class MultinomialDesign(Design):
    """``counts ~ Multinomial(n, category_rate)`` per study and regimen, Dirichlet priors.

    Conjugate, so `exact` gives the posterior: Dirichlet(a + counts). Response and disease
    control are sums of category rates in the same draw, hence Beta distributed and correlated
    as they are in patients. Patients not evaluable stay in the denominator.
    """

    def __init__(
        self,
        spec: ResponseSpec,
        rows: Sequence[tuple[str, str]],
        counts: NDArray[np.int64],
        categories: Sequence[str],
        endpoints: Sequence[str],
        designs: Sequence[str] = (),
        warnings: Sequence[Problem] = (),
    ) -> None:
        self.warnings = warnings
        self.spec = spec
        self.categories = tuple(categories)
        self.endpoints = tuple(endpoints)
        self.row_study = [study for study, _ in rows]
        self.row_regimen = [regimen for _, regimen in rows]
        self.regimens = tuple(dict.fromkeys(self.row_regimen))
        self.row_cell = np.array([self.regimens.index(r) for r in self.row_regimen], dtype="int32")
        self.counts = counts
        self.arms = tuple(
            Arm(study, regimen, endpoint, design)
            for (study, regimen), design in zip(rows, designs or [""] * len(rows), strict=True)
            for endpoint in (*self.endpoints, *self.categories)
        )
        self.rows = len(rows)
        self.patients = int(counts.sum())
        self.events = int(counts[:, [c in ("CR", "PR") for c in categories]].sum())
        for regimen in self.regimens:
            weights = spec.prior("categories")[regimen]["a"]
            if len(weights) not in (1, len(self.categories)):
                raise AnalysisError(
                    f"priors.categories: a has {len(weights)} weights, but there are "
                    f"{len(self.categories)} categories ({', '.join(self.categories)}); give one "
                    "for each, or one for all."
                )

    @classmethod
    def from_table(cls, table: CountTable | PatientTable, spec: ResponseSpec, data: Any) -> MultinomialDesign:
        """Collect the categories of every study and regimen, and check that they add up."""
        wanted = [canonical_endpoint(e) for e in data.endpoints or ("ORR", "DCR")]
        bad = [e for e in wanted if e not in _ENDPOINTS and e not in RECIST]
        if bad:
            raise AnalysisError(
                f"data.endpoint: {', '.join(bad)} cannot be built from RECIST categories; use "
                f"{', '.join([*_ENDPOINTS, *RECIST])}."
            )
        if isinstance(table, PatientTable):
            if table.binary:
                raise AnalysisError("a multinomial model needs responses as CR, PR, SD, PD, NE, not yes and no.")
            patients = table.evaluable(data.not_evaluable)
            found = [c for c in RECIST if (patients.frame["response"] == c).any()]
            present = [c for c in RECIST if c in found or c != "NE"]
            table = patients.counts(present, design=data.design)
        frame = table.frame[table.frame["endpoint"].isin(RECIST)]
        categories = [c for c in RECIST if (frame["endpoint"] == c).any()]
        missing = [c for c in RECIST if c not in categories and c != "NE"]
        if missing:
            raise DataError(
                f"{table.source} has no counts of {', '.join(missing)}: a multinomial model needs CR, PR, SD and PD "
                "(and NE, if any patient was not evaluable); write 0 where there were none."
            )
        rows, counts, problems = [], [], []
        for (study, regimen), arm in frame.groupby(["study", "regimen"], sort=False):
            by = dict(zip(arm["endpoint"], arm["events"], strict=True))
            absent = [c for c in categories if c not in by]
            total = int(arm["n"].max())
            if absent:
                problems.append(f"{study}, {regimen}: no row for {', '.join(absent)} (write 0 if none)")
            elif sum(by.values()) != total:
                problems.append(
                    f"{study}, {regimen}: {' + '.join(categories)} = {sum(by.values())}, but n is {total}; "
                    "patients without an assessment are NE"
                )
            rows.append((str(study), str(regimen)))
            counts.append([int(by.get(c, 0)) for c in categories])
        if problems:
            raise DataError("\n  - ".join([f"{table.source} was refused:", *problems]))
        missing = [e for e in wanted if e in RECIST and e not in categories]
        if missing:
            raise DataError(f"{table.source} has no counts for {', '.join(missing)}.")
        order = {r: i for i, r in enumerate(table.regimens)}
        sequence = sorted(range(len(rows)), key=lambda i: order[rows[i][1]])
        designs = dict(
            zip(zip(frame["study"], frame["regimen"], strict=True), frame.get("design", [""] * len(frame)), strict=True)
        )
        ordered = [rows[i] for i in sequence]
        return cls(
            spec,
            ordered,
            np.array([counts[i] for i in sequence]),
            categories,
            wanted,
            [designs[r] for r in ordered],
            table.warnings,
        )

    @property
    def coords(self) -> Mapping[str, Sequence[str]]:
        rows = [f"{s}: {r}" for s, r in zip(self.row_study, self.row_regimen, strict=True)]
        return {REGIMEN: self.regimens, CATEGORY: self.categories, "row": rows}

    @property
    def data(self) -> Mapping[str, AnyArray]:
        return {"counts_observed": self.counts, "n": self.counts.sum(axis=1), "row_regimen": self.row_cell}

    @property
    def structure(self) -> Hashable:
        weights = tuple(map(tuple, self._weights()))
        return ("response", "multinomial", len(self.regimens), self.categories, weights)

    def _weights(self) -> NDArray[np.float64]:
        """Dirichlet weights, shape (regimens, categories)."""
        prior = self.spec.prior("categories")
        size = len(self.categories)
        return np.array([np.broadcast_to(prior[r]["a"], size) for r in self.regimens], dtype=float)

    def frozen(self) -> Mapping[str, PlainMapping]:
        return {"priors": stated_priors(self.spec.priors)}

    def build(self) -> pm.Model:
        import pymc as pm

        with pm.Model(coords=self.coords) as model:
            row = pm.Data("row_regimen", self.row_cell, dims="row")
            n = pm.Data("n", self.counts.sum(axis=1), dims="row")
            observed = pm.Data("counts_observed", self.counts, dims=("row", CATEGORY))
            rate = pm.Dirichlet("category_rate", a=self._weights(), dims=(REGIMEN, CATEGORY))
            pm.Multinomial("counts", n=n, p=rate[row], observed=observed, dims=("row", CATEGORY))
        return model

    def _parameters(self, values: NDArray[np.float64]) -> xr.Dataset:
        import xarray as xr

        return xr.Dataset(
            {"category_rate": ((CHAIN, DRAW, REGIMEN, CATEGORY), values)},
            coords={REGIMEN: list(self.regimens), CATEGORY: list(self.categories)},
        )

    def _draws(self, rng: np.random.Generator, weights: NDArray[np.float64], shape: tuple[int, int]) -> xr.Dataset:
        gammas = rng.gamma(weights, size=(*shape, *weights.shape))
        return self._parameters(gammas / gammas.sum(axis=-1, keepdims=True))

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        return self._draws(rng, self._weights(), (1, draws))

    def log_prior(self, parameters: xr.Dataset, priors: Mapping[str, PriorSet] | None = None) -> xr.Dataset:
        import xarray as xr

        prior = (priors or {}).get("categories", self.spec.prior("categories"))
        return xr.Dataset({"category_rate": log_density_of(parameters["category_rate"], prior, REGIMEN)})

    def statistics(self, data: xr.Dataset) -> list[Statistic]:
        counts, found = np.asarray(data["counts"], dtype=float), []
        for r, regimen in enumerate(self.regimens):
            of_regimen = counts[..., self.row_cell == r, :].sum(axis=-2)
            share = of_regimen / of_regimen.sum(axis=-1, keepdims=True)
            found += [
                Statistic("categories", f"the share of {category} on {regimen}", share[..., j])
                for j, category in enumerate(self.categories)
            ]
        return found

    def exact(self, rng: np.random.Generator, chains: int, draws: int) -> ExactPosterior:
        before = self._weights()
        weights = before.copy()
        np.add.at(weights, self.row_cell, self.counts)
        evidence = self._log_coefficients.sum() + float((_log_normaliser(weights) - _log_normaliser(before)).sum())
        draws_of_rates = self._draws(rng, weights, (chains, draws))
        return ExactPosterior(draws_of_rates, self._laws(weights), self._laws(before), float(evidence))

    @property
    def _log_coefficients(self) -> NDArray[np.float64]:
        """In how many orders the categories of each row could have come: the logarithm."""
        from scipy.special import gammaln

        return np.asarray(gammaln(self.counts.sum(axis=1) + 1.0) - gammaln(self.counts + 1.0).sum(axis=1))

    def _laws(self, weights: NDArray[np.float64]) -> xr.Dataset:
        """Beta marginals of a Dirichlet's category rates and of their sums."""
        import xarray as xr

        coords = {REGIMEN: list(self.regimens), CATEGORY: list(self.categories)}
        alpha = xr.DataArray(weights.copy(), dims=(REGIMEN, CATEGORY), coords=coords)
        rate, total = self._combine(alpha), alpha.sum(CATEGORY)
        return xr.Dataset(
            {
                "category_rate_alpha": alpha,
                "category_rate_beta": total - alpha,
                "rate_alpha": rate,
                "rate_beta": total - rate,
            }
        )

    def _combine(self, rates: xr.DataArray) -> xr.DataArray:
        """Sum category rates into the endpoints."""
        import xarray as xr

        parts = []
        for endpoint in self.endpoints:
            members = [c for c in _ENDPOINTS.get(endpoint, (endpoint,)) if c in self.categories]
            parts.append(rates.sel({CATEGORY: members}).sum(CATEGORY))
        joined = xr.concat(parts, dim=xr.Variable(ENDPOINT, list(self.endpoints)))
        ordered = joined.transpose(..., ENDPOINT, REGIMEN)
        return ordered.isel({ENDPOINT: 0}) if len(self.endpoints) == 1 else ordered

    def estimands(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        rates = parameters["category_rate"]
        rate = self._combine(rates).assign_attrs(unit=RATE_UNIT)
        better = ["lower" if e in ("PD", "NE") else "higher" for e in self.endpoints]
        rate.attrs["better"] = better[0] if len(set(better)) == 1 else ",".join(better)
        return xr.Dataset({"rate": rate, "category_rate": rates.assign_attrs(unit=RATE_UNIT)})

    def row_coords(self) -> Plain:
        """Labels of the rows as xarray coordinates."""
        return {
            "row": list(self.coords["row"]),
            f"row_{STUDY}": ("row", self.row_study),
            f"row_{REGIMEN}": ("row", self.row_regimen),
        }

    def observed(self) -> xr.Dataset:
        import xarray as xr

        coords = {**self.row_coords(), CATEGORY: list(self.categories)}
        return xr.Dataset({"counts": (("row", CATEGORY), self.counts)}, coords=coords)

    def simulate(self, parameters: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
        import xarray as xr

        rates = parameters["category_rate"].to_numpy()[:, :, self.row_cell]
        counts = rng.multinomial(self.counts.sum(axis=1), rates / rates.sum(axis=-1, keepdims=True))
        coords = {**self.row_coords(), CATEGORY: list(self.categories)}
        return xr.Dataset({"counts": ((CHAIN, DRAW, "row", CATEGORY), counts)}, coords=coords)

    def log_likelihood(self, parameters: xr.Dataset) -> xr.Dataset:
        import xarray as xr
        from scipy.special import xlogy

        rates = parameters["category_rate"].to_numpy()[:, :, self.row_cell]
        values = self._log_coefficients + xlogy(self.counts, rates).sum(axis=-1)
        return xr.Dataset({"counts": ((CHAIN, DRAW, "row"), values)}, coords=self.row_coords())

    def priors_in_words(self) -> list[str]:
        prior = self.spec.prior("categories")
        default: Prior = prior.default
        size = len(self.categories)
        a = default["a"] if len(default["a"]) == size else default["a"] * size
        filled = Prior("Dirichlet", a=a, rationale=default.rationale)
        return prior_line("category rates", type(prior)(filled, prior.overrides), "")


def _log_normaliser(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the normalising constant of each Dirichlet, shape (regimens,)."""
    from scipy.special import gammaln

    return np.asarray(gammaln(weights).sum(axis=-1) - gammaln(weights.sum(axis=-1)))
