"""A study as its decision rules see it: labels and counts from the data, probabilities from the posterior."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bayes_escc.answers.estimand import direction_of
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.endpoints import MET_BY
from bayes_escc.names import (
    CATEGORY,
    CHAIN,
    DRAW,
    ENDPOINT,
    HORIZON,
    MONITORING,
    REGIMEN,
    TIME,
    Direction,
    PlainMapping,
    Scale,
)
from bayes_escc.probability.beta import BetaContrast
from bayes_escc.probability.marginal import probability_with_error
from bayes_escc.rules.state import EstimandLabels, Place
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["FittedPosterior", "LabelledData"]


@dataclass(frozen=True)
class LabelledData:
    """What is known of a study before its model is fitted; see `bayes_escc.rules.state.StudyData`.

    Parameters
    ----------
    arrays : mapping of str to DataArray
        Estimands by name; their labels count, not their draws.
    observed : Dataset or None
        Observed counts (`events` and `n`, or `counts` by category) or follow-up; None where there are neither.
    """

    arrays: Mapping[str, xr.DataArray]
    observed: xr.Dataset | None

    @property
    def estimands(self) -> Sequence[str]:
        return [str(name) for name in self.arrays]

    def labels(self, estimand: str) -> EstimandLabels:
        array = self.arrays[estimand]
        time = next((d for d in (TIME, HORIZON) if d in array.dims), None)
        return EstimandLabels(
            _texts(array, REGIMEN) if REGIMEN in array.coords else (),
            _texts(array, ENDPOINT) if ENDPOINT in array.dims else (),
            () if time is None else tuple(float(t) for t in array[time].to_numpy()),
            str(array.attrs.get("better", "")),
        )

    @property
    def counted(self) -> Sequence[str]:
        if self.observed is None or not ({"events", "n"} <= set(self.observed) or "counts" in self.observed):
            return ()
        return list(dict.fromkeys(_texts(self.observed, "row_regimen")))

    def count(self, regimen: str, endpoint: str | None) -> tuple[int, int]:
        observed = self.observed
        if observed is None:
            raise AnalysisError("there are no counts of patients")
        mine = observed["row_regimen"].to_numpy() == regimen
        if "counts" in observed:
            categories = _texts(observed, CATEGORY)
            met = MET_BY.get(endpoint or "ORR", (endpoint or "",))
            if not set(met) & set(categories):
                known = ", ".join([*MET_BY, *categories])
                raise AnalysisError(f"endpoint: {endpoint!r} is not one of {known}.")
            counts = observed["counts"].to_numpy()[mine].sum(axis=0)
            return int(sum(n for n, c in zip(counts, categories, strict=True) if c in met)), int(counts.sum())
        endpoints = observed["row_endpoint"].to_numpy().astype(str)
        known_here = list(dict.fromkeys(endpoints[mine].tolist()))
        if endpoint is None and len(known_here) > 1:
            raise AnalysisError(f"endpoint: name one of {', '.join(known_here)}")
        if endpoint is not None and endpoint not in known_here:
            hint = nearest(endpoint, known_here)
            raise AnalysisError(f"endpoint: {endpoint!r} is not one of {', '.join(known_here)}.{hint}")
        chosen = mine & (endpoints == (endpoint or known_here[0]))
        return int(observed["events"].to_numpy()[chosen].sum()), int(observed["n"].to_numpy()[chosen].sum())

    @property
    def followed(self) -> Mapping[str, tuple[int, int]] | None:
        observed = self.observed
        if observed is None or "regimen_index" not in observed:
            return None
        index, event = observed["regimen_index"].to_numpy(), observed["event"].to_numpy()
        regimens = str(observed.attrs["regimens"]).split("\x1f")
        return {r: (int(event[index == i].sum()), int((index == i).sum())) for i, r in enumerate(regimens)}

    @property
    def entered_late(self) -> bool:
        return self.followed is not None and self.observed is not None and float(self.observed["entry"].max()) > 0.0


@dataclass(frozen=True)
class FittedPosterior(LabelledData):
    """A study whose model is fitted; see `bayes_escc.rules.state.FittedStudy`.

    Parameters
    ----------
    posterior : Posterior
    """

    posterior: Posterior

    @classmethod
    def of(cls, posterior: Posterior) -> Self:
        """The study behind a posterior."""
        observed = posterior.observed if "observed_data" in posterior.groups else None
        return cls({n: posterior.estimand(n) for n in posterior.estimand_names}, observed, posterior)

    def direction(self, estimand: str, endpoint: str | None) -> Direction:
        return direction_of(self.arrays[estimand], endpoint, None)

    def beyond(self, place: Place, value: float, better: Direction | None) -> tuple[float, float]:
        direction = direction_of(self.arrays[place.estimand], place.endpoint, better)
        side = {"above" if direction == "higher" else "below": value}
        row = _row(self.posterior.probability_rows(place.estimand, regimen=place.regimen, **side), place)
        return float(row["probability"]), float(row["mcse_probability"])

    def better(
        self, place: Place, reference: str, scale: Scale, better: Direction | None, margin: float | None
    ) -> tuple[float, float]:
        compared = self.posterior.compare(
            place.estimand, reference=reference, scale=scale, better=better, margin=margin
        )
        row = _row(compared.rows, place)
        if margin is None:
            return float(row["probability_better"]), float(row["mcse_probability"])
        return float(row["probability_better_by_margin"]), float(row["mcse_probability_by_margin"])

    def width(self, place: Place, reference: str | None, scale: Scale, ci_prob: float) -> tuple[float, float]:
        if reference is None:
            rows = [r for r in self.posterior.summary_rows(ci_prob) if r["estimand"] == place.estimand]
            row, draws = _row(rows, place), self.arrays[place.estimand]
            exact = row["mcse_mean"] == 0.0
        else:
            compared = self.posterior.compare(
                place.estimand, reference=reference, scale=scale, better="higher", ci_prob=ci_prob
            )
            row, draws = _row(compared.rows, place), compared.draws
            exact = isinstance(compared.marginals[0], BetaContrast)
        return float(row["upper"] - row["lower"]), 0.0 if exact else _error_of_width(draws, row, ci_prob)

    def completed(self, rule: str) -> tuple[float, float]:
        groups = self.posterior.groups
        found = groups[MONITORING]["success"] if MONITORING in groups else None
        if found is None or rule not in found["rule"]:
            raise AnalysisError(f"{rule}: the study was not completed when the model was fitted; fit again.")
        draws = found.sel(rule=rule).transpose(CHAIN, DRAW).to_numpy()
        return probability_with_error(draws == 1, draws.astype(float))


def _texts(array: xr.DataArray | xr.Dataset, name: str) -> tuple[str, ...]:
    return tuple(map(str, np.ravel(array[name].to_numpy())))


def _row(rows: Sequence[PlainMapping], place: Place) -> PlainMapping:
    wanted = {REGIMEN: place.regimen, ENDPOINT: place.endpoint, "time": place.time}
    found = [r for r in rows if all(v is None or r[k] is None or r[k] == v for k, v in wanted.items())]
    if len(found) != 1:
        raise AnalysisError(f"{len(found)} rows of {place.estimand} fit the rule; name regimen and endpoint.")
    return found[0]


def _error_of_width(draws: xr.DataArray, row: PlainMapping, ci_prob: float) -> float:
    import arviz_stats as az

    labels = ((REGIMEN, REGIMEN), (ENDPOINT, ENDPOINT), (TIME, "time"), (HORIZON, "time"))
    cell = draws.sel({dim: row[key] for dim, key in labels if dim in draws.dims}).transpose(CHAIN, DRAW, ...)
    tail = 0.5 * (1.0 - ci_prob)
    return math.hypot(*(float(az.mcse(cell, method="quantile", prob=q)) for q in (tail, 1.0 - tail)))
