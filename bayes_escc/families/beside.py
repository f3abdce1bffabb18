"""Own patients beside published arms: the covariates of those arms as laws, overlap, and target populations.

What the families share that set own patients beside published arms. A published arm is known by the margins of its
covariates; they become points to integrate over, encoded as the model has the own patients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import Problem
from bayes_escc.evidence.population.margins import Margin, Points, integration_points, latent_correlation, margin_of
from bayes_escc.evidence.population.overlap import Overlap, matching_weights, overlap_of
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.families.covariates import EncodedCovariates, Encoder
from bayes_escc.families.target import TargetTable, target_patterns
from bayes_escc.names import Plain
from bayes_escc.probability.distributions import normal_cdf

__all__ = [
    "ArmOfPaper",
    "PublishedCovariates",
    "against",
    "identification",
    "place_of",
    "reweighted_change",
    "subgroup_columns",
    "summary",
]

Array = NDArray[np.float64]
MOST_BELOW_ZERO: Final = 0.025
"""Share of a law below zero that is noted where no own patient is."""


class ArmOfPaper(Protocol):
    """What must be known of a published arm."""

    @property
    def study(self) -> str:
        """Name of the study."""

    @property
    def regimen(self) -> str:
        """What its patients received."""

    @property
    def n(self) -> int:
        """Number of patients."""

    @property
    def facts(self) -> Mapping[str, Mapping[str, float]]:
        """Of every covariate, its statistics by name."""


@dataclass(frozen=True)
class _Column:
    """A column of the patients: one covariate of the model, or several that tell its levels apart.

    Parameters
    ----------
    label : str
        Of the first covariate.
    places : tuple of int
        Of its covariates among those of the model.
    encoders : tuple of Encoder
    """

    label: str
    places: tuple[int, ...]
    encoders: tuple[Encoder, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """Its levels, the reference first; none of a number, or of yes or no."""
        return self.encoders[0].levels

    @property
    def names(self) -> list[str]:
        """How papers' facts name the levels."""
        return [f"{self.encoders[0].column}[{level}]" for level in self.levels]

    @property
    def needed(self) -> str:
        """What has to be published of it."""
        return ", ".join(self.names) if self.levels else self.label

    def index(self, values: Array) -> Array:
        """Of every patient the level as a number, or the covariate itself."""
        if not self.levels:
            return values[:, self.places[0]]
        place = [1 if e.ordinal else self.levels.index(e.level) for e in self.encoders]
        return np.asarray(np.rint(values[:, list(self.places)] @ np.array(place)))


def _columns_of(encoded: EncodedCovariates) -> tuple[_Column, ...]:
    """The columns behind the covariates of a model."""
    found: dict[tuple[str, tuple[str, ...], int], list[int]] = {}
    for j, e in enumerate(encoded.encoders):
        found.setdefault((e.column, e.levels, -1 if e.levels else j), []).append(j)
    return tuple(
        _Column(encoded.labels[places[0]], tuple(places), tuple(encoded.encoders[j] for j in places))
        for places in found.values()
    )


class PublishedCovariates:
    """The covariates of published arms beside those of own patients.

    Parameters
    ----------
    encoded : EncodedCovariates
        Of the own patients, complete.
    arms : sequence of ArmOfPaper
    spec : PublishedSpec

    Raises
    ------
    DataError
        If a covariate is not published, or own and published patients do not overlap enough for what is asked.
    """

    def __init__(self, encoded: EncodedCovariates, arms: Sequence[ArmOfPaper], spec: PublishedSpec) -> None:
        self.encoded, self.arms, self.spec, self.target = encoded, tuple(arms), spec, spec.target
        self.patients = len(encoded.values)
        self.n = np.array([a.n for a in arms], dtype="int64")
        self.columns, self.doubts = _columns_of(encoded), list[Problem]()
        self.margins = [self._margins(a) for a in arms]
        self.points = self._all_points(0)
        self.overlaps = tuple(self._overlap(a, p) for a, p in zip(arms, self.points, strict=True))
        self.notes = (*self.doubts, *self._overlap_notes())

    # ---- what is known of a published arm -----------------------------------------------------

    def _margins(self, arm: ArmOfPaper) -> list[Margin]:
        """The margin of every column of the covariates in a published arm."""
        found, lacking = [], []
        for column in self.columns:
            margin = self._levels(arm, column) if column.levels else self._number(arm, column)
            if margin is None and self.spec.missing == "own":
                margin = self._own_margin(column)
            if margin is None:
                lacking.append(column.needed)
            else:
                found.append(margin)
        if lacking:
            needed = (
                "a percent for yes or no, and of each level; mean and sd, or median with q1 and q3 (or min and max), "
                "for numbers"
            )
            raise DataError(
                f"{arm.study}, {arm.regimen}: nothing usable is published of {', '.join(lacking)} ({needed}). Leave it "
                "out of the model on both sides, and allow for it as bias; or state [published] missing = "
                '"own" to take it as among own patients.'
            )
        return found

    def _number(self, arm: ArmOfPaper, column: _Column) -> Margin | None:
        """The margin of a number, or of yes or no."""
        j, encoder = column.places[0], column.encoders[0]
        facts = arm.facts.get(self.encoded.labels[j]) or arm.facts.get(encoder.column) or {}
        found = margin_of(facts, binary=bool(self.encoded.binary[j]), positive=encoder.transform != "none", n=arm.n)
        lowest = encoder.printed(float(self.encoded.values[:, j].min()))
        below = 0.0 if found is None or found.kind != "normal" else float(normal_cdf(-found.first / found.second))
        if lowest > 0.0 and below > MOST_BELOW_ZERO:
            share = f"{100 * below:.0f} % of patients below 0"
            said = f"{arm.study}, {arm.regimen}: a normal law of {column.label} has {share}"
            remedy = 'Take its logarithm (transform = "log" in model.covariates), whose law is above 0.'
            self.doubts.append(Problem("below_zero", said, remedy))
        return found

    def _levels(self, arm: ArmOfPaper, column: _Column) -> Margin | None:
        """The margin of a column with levels, whose percentages are printed level by level, all or all but one."""
        said = {name.casefold(): facts.get("percent") for name, facts in arm.facts.items()}
        percent = [said.get(name.casefold()) for name in column.names]
        known = [p for p in percent if p is not None]
        if len(known) < len(percent) - 1:
            return None
        rest, rounding = 100.0 - sum(known), 0.5 * len(percent)
        if rest < -rounding or (len(known) == len(percent) and rest > rounding):
            raise DataError(
                f"{arm.study}, {arm.regimen}: the percentages of {', '.join(column.names)} add up to {sum(known):.4g}. "
                "Give those of the same patients, level by level."
            )
        shares = np.array([max(rest, 0.0) if p is None else p for p in percent])
        return Margin("levels", shares=tuple((shares / shares.sum()).tolist()))

    def _own_margin(self, column: _Column) -> Margin:
        j, encoder = column.places[0], column.encoders[0]
        values = self.encoded.values[:, j]
        if column.levels:
            counts = np.bincount(column.index(self.encoded.values).astype(int), minlength=len(column.levels))
            return Margin("levels", shares=tuple((counts / counts.sum()).tolist()))
        if self.encoded.binary[j]:
            return Margin("binary", float(values.mean()))
        centre, spread = encoder.center + encoder.scale * float(values.mean()), encoder.scale * float(values.std())
        return Margin("lognormal" if encoder.transform == "log" else "normal", centre, spread)

    def _all_points(self, seed: int, *, correlated: bool = True) -> list[Points]:
        """Integration points of every published arm."""
        each = zip(self.margins, self.n.tolist(), strict=True)
        return [self._points_of(m, n, seed, correlated=correlated) for m, n in each]

    def _points_of(self, margins: Sequence[Margin], patients: int, seed: int, *, correlated: bool) -> Points:
        """Integration points of a published arm, encoded as the model has them."""
        related = correlated and self.spec.correlation == "own"
        own = np.array([c.index(self.encoded.values) for c in self.columns]).T
        raw = integration_points(margins, latent_correlation(own) if related and margins else None, seed=seed)
        columns = [_encoded(raw.values[:, k], e) for k, c in enumerate(self.columns) for e in c.encoders]
        values = np.stack(columns, axis=1) if columns else np.zeros((1, 0))
        return Points(values, raw.weight if columns else np.ones(1), raw.exact, patients)

    @property
    def exact(self) -> bool:
        """Whether every integral is exact to rounding."""
        return all(p.exact for p in self.points)

    def other_points(self) -> list[Points]:
        """Points of another scramble, by which the error of the integrals is measured."""
        return self._all_points(1)

    def points_without_correlation(self) -> list[Points]:
        """Points of independent covariates."""
        return self._all_points(0, correlated=False)

    def _overlap(self, arm: ArmOfPaper, points: Points) -> Overlap:
        mean = points.weight @ points.values
        sd = np.sqrt(points.weight @ (points.values - mean) ** 2)
        encoded, binary = self.encoded, list(self.encoded.binary)
        printed = [e.printed for e in encoded.encoders]
        several = [a.study for a in self.arms].count(arm.study) > 1
        name = f"{arm.study}, {arm.regimen}" if several else arm.study
        return overlap_of(name, encoded.labels, encoded.values, mean, sd, binary, encoded.words, printed)

    def _overlap_notes(self) -> list[Problem]:
        """Overlap in words; patients that do not overlap are refused unless the analysis says to extrapolate."""
        notes = []
        for overlap in self.overlaps if self.encoded.labels else ():
            said = f"{overlap.study}: overlap of own and published patients is {overlap.state}"
            said += f" ({'; '.join(overlap.reasons)})" if overlap.reasons else ""
            stands = self.spec.extrapolate and (overlap.state != "none" or self.target.population == "own")
            if overlap.state in ("extrapolating", "none") and not stands:
                raise DataError(f"{said}. {overlap.ways_out()}")
            if overlap.state != "good":
                remedy = "Sizes rest on the model; compare the answers in the other populations."
                notes.append(Problem("overlap", said, remedy))
        return notes

    @property
    def _columns(self) -> list[str]:
        """Columns of a table of patients that the covariates need."""
        return list(dict.fromkeys(e.column for e in self.encoded.encoders))

    def _table(self) -> TargetTable:
        """The patients of another source."""
        return TargetTable(self.target.file, self.target.sheet, self.target.rows)

    # ---- in whose population --------------------------------------------------------------------

    def population(self) -> Points:
        """The population of the headline."""
        if self.target.population == "study":
            studies = self.studies()
            if self.target.study not in studies:
                raise AnalysisError(
                    f"estimands.population: no study {self.target.study!r}; there are {', '.join(studies)}."
                )
            return studies[self.target.study]
        if self.target.population == "profile":
            return Points(self.encoded.profile(dict(self.target.profile))[None, :], np.ones(1), True)
        if self.target.population == "file":
            wanted = self._table().loaded(self.spec.folder, self._columns)
            values, share = target_patterns(wanted, self.encoded, np.zeros(0), ())
            return Points(values, share, True, len(wanted.rows))
        return self.populations()[self.target.population]

    def populations(self) -> dict[str, Points]:
        """Every population by name: own, each study, pooled, overlap."""
        own = Points(self.encoded.values, np.full(self.patients, 1.0 / self.patients), True, self.patients)
        found = {"own": own, **self.studies(), "pooled": _together([own, *self.points])}
        weights = self.matching() if self.n.sum() > 0 else None  # effects of trials alone have no patients here
        if weights is not None:
            odds = weights * self.n.sum()
            balance = odds / (1.0 + odds)
            found["overlap"] = Points(self.encoded.values, balance / balance.sum(), True, self.patients)
        elif self.target.population == "overlap":
            raise DataError(f"population: there is no overlap to compare in. {self.overlaps[0].ways_out()}")
        return found

    def studies(self) -> dict[str, Points]:
        """The patients of every published study, all of its arms together."""
        found: dict[str, list[Points]] = {}
        for arm, points in zip(self.arms, self.points, strict=True):
            found.setdefault(arm.study, []).append(points)
        return {study: _together(arms) for study, arms in found.items()}

    def matching(self) -> Array | None:
        """Weights that match own patients to all published ones together; None where there are none."""
        if not self.encoded.labels or not self.arms:
            return np.full(self.patients, 1.0 / self.patients)
        means = np.stack([p.weight @ p.values for p in self.points])
        return matching_weights(self.encoded.values, self.n @ means / self.n.sum())

    def weights(self, population: Points, size: int, rng: np.random.Generator) -> Array:
        """Weights of a population's points, (points,), or of one bootstrap population for every draw."""
        if self.target.weights == "fixed" or not population.patients:
            return population.weight
        # a Dirichlet whose weights vary as those of that many patients do; of a published arm, the means of its
        # covariates then vary by their own standard errors
        shape = np.maximum(population.weight * population.patients, 1e-12)
        raw = rng.gamma(shape, size=(size, len(population.weight)))
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def subgroup_columns(encoded: EncodedCovariates, named: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The column of every covariate by which papers give subgroup rows.

    Parameters
    ----------
    encoded : EncodedCovariates
    named : sequence of (study, covariate)

    Raises
    ------
    DataError
        If one is no yes-or-no covariate of the model.
    """
    labels = [e.column for e in encoded.encoders]
    plain = {c for c in labels if labels.count(c) == 1 and not encoded.encoders[labels.index(c)].levels}
    found = {c: labels.index(c) for _, c in named if c in plain and encoded.binary[labels.index(c)]}
    strange = dict.fromkeys(f"{study} has rows by {c}" for study, c in named if c not in found)
    if strange:
        known = [n for n, binary in zip(encoded.labels, encoded.binary, strict=True) if binary]
        raise DataError(
            f"{'; '.join(strange)}, which is no yes-or-no covariate of the model "
            f"({', '.join(known) or 'it has none'}). Add it to model.covariates, or leave the subgroup rows out."
        )
    return found


def identification(labels: Sequence[str], posterior: Array, prior: Array) -> list[Plain]:
    """Posterior over prior standard deviation of every coefficient; near 1 it comes from the prior.

    Parameters
    ----------
    labels : sequence of str
    posterior, prior : array of shape (labels,)
        Standard deviations.
    """
    return [
        {"covariate": label, "sd_ratio": float(s / p), "from_the_prior": bool(s / p > 0.9)}
        for label, s, p in zip(labels, posterior, prior, strict=True)
    ]


def summary(name: str, draws: Array) -> dict[str, float]:
    """Median and 95 % interval of draws, under names that begin with `name`."""
    lower, median, upper = np.quantile(draws, [0.025, 0.5, 0.975])
    return {name: float(median), f"{name}_lower": float(lower), f"{name}_upper": float(upper)}


def against(row: Plain, effect: str, reference: str) -> Plain:
    """A companion's row as it reads against a reference: turned round where it compares the reference itself.

    Parameters
    ----------
    row : dict
        With regimen and reference.
    effect : str
        The name of its log ratio, which changes its sign.
    reference : str
    """
    if row["regimen"] != reference:
        return row
    turned = None if row[effect] is None else -row[effect]
    return {**row, "regimen": row["reference"], "reference": reference, effect: turned}


def place_of(reference: str | None, regimens: Sequence[str]) -> int:
    """Where a reference stands among the regimens; the first where none is asked for."""
    return next((r for r, name in enumerate(regimens) if name == reference), 0)


def reweighted_change(moved: Array, values: Array) -> float:
    """Largest change of a mean, in standard deviations, of draws whose log density changes by `moved`.

    Parameters
    ----------
    moved : array of shape (draws,)
    values : array of shape (draws, quantities)
    """
    weights = np.exp(moved - moved.max())
    weights /= weights.sum()
    spread = values.std(axis=0)
    changed = np.abs(weights @ values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return float(changed.max())


def _together(parts: Sequence[Points]) -> Points:
    """Several populations as one, each by its number of patients; alike where nobody says a number."""
    if len(parts) == 1:
        return parts[0]
    sizes = np.array([float(p.patients) for p in parts])
    share = sizes / sizes.sum() if sizes.any() else np.full(len(parts), 1.0 / len(parts))
    return Points(
        np.concatenate([p.values for p in parts]),
        np.concatenate([s * p.weight for s, p in zip(share, parts, strict=True)]),
        all(p.exact for p in parts),
        int(sizes.sum()),
    )


def _encoded(values: Array, encoder: Encoder) -> Array:
    """A column of raw values as the model has it."""
    if encoder.levels:
        own = encoder.levels.index(encoder.level)
        return np.asarray(values >= own if encoder.ordinal else values == own, dtype=float)
    transformed = {"log": np.log, "sqrt": np.sqrt}.get(encoder.transform, np.asarray)(values)
    return np.asarray((transformed - encoder.center) / encoder.scale)
