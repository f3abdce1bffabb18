"""The rows of a result: what is reported of one number, made in one place, whoever asks.

A row is a frozen dataclass that can also be read by key, as a row of a table can. `plain` gives what JSON gets:
the fields in their order, lists for tuples. Numbers come from a `Marginal` alone, so that a posterior, counts typed at
a prompt, a reweighted fit and a closed form are reported alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import ENDPOINT, LABEL_DIMS, REGIMEN, TIME, Direction, Plain, PlainMapping, Scale
from bayes_escc.probability.marginal import Marginal, Side

__all__ = [
    "NULL_VALUE",
    "ComparisonRow",
    "EstimateRow",
    "Labels",
    "PredictionRow",
    "Question",
    "RankRow",
    "Row",
    "Summary",
    "ThresholdRow",
    "WeightRow",
    "better_threshold",
    "comparison_row",
    "estimate_row",
    "labels_of",
    "rank_rows",
    "side_of",
    "summarise",
    "threshold_row",
]

Array = NDArray[np.float64]
Label = str | float | None
Labels = PlainMapping
"""What names one cell of an estimand: regimen, study, endpoint, time, covariate; None where it has none."""

NULL_VALUE: Final[Mapping[str, float]] = {"difference": 0.0, "ratio": 1.0, "odds_ratio": 1.0}
"""The contrast of two equal regimens, by scale."""


class Row(Mapping[str, Any]):
    """A row of a result; its fields are its columns, in order."""

    def __getitem__(self, key: str) -> Any:
        if key not in self.columns():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns())

    def __len__(self) -> int:
        return len(self.columns())

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(f.name for f in fields(cls))  # type: ignore[arg-type]  # every subclass is a dataclass

    def plain(self) -> Plain:
        """As JSON has it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in self.items()}


class Summary(NamedTuple):
    """Mean, standard deviation, median and equal-tailed interval of a number."""

    mean: float | None
    sd: float | None
    median: float
    lower: float
    upper: float
    ci_prob: float


def summarise(known: Marginal, ci_prob: float) -> Summary:
    """The summary of a number.

    Parameters
    ----------
    known : Marginal
    ci_prob : float
        Probability of the equal-tailed interval.
    """
    tail = (1.0 - ci_prob) / 2.0
    lower, median, upper = (known.quantile(q) for q in (tail, 0.5, 1.0 - tail))
    return Summary(known.mean, known.sd, median, lower, upper, ci_prob)


@dataclass(frozen=True)
class EstimateRow(Row):
    """An entry of `estimates` in `result.json`."""

    estimand: str
    regimen: str | None
    study: str | None
    endpoint: str | None
    time: float | None
    covariate: str | None
    unit: str
    mean: float | None
    sd: float | None
    median: float
    lower: float
    upper: float
    ci_prob: float
    mcse_mean: float | None
    ess_bulk: float | None


@dataclass(frozen=True)
class WeightRow(Row):
    """An entry of `weights`: the share of a study, or of the prior (no study), in a pooled effect."""

    study: str | None
    regimen: str | None
    endpoint: str | None
    covariate: str | None
    weight: float
    weight_common: float


@dataclass(frozen=True)
class ComparisonRow(Row):
    """An entry of `comparisons` or `league`: a regimen against a reference."""

    estimand: str
    regimen: str
    reference: str
    endpoint: str | None
    scale: Scale
    time: float | None
    better: Direction
    mean: float | None
    sd: float | None
    median: float
    lower: float
    upper: float
    ci_prob: float
    probability_better: float
    mcse_probability: float
    margin: float | None
    probability_better_by_margin: float | None
    mcse_probability_by_margin: float | None
    rope: tuple[float, float] | None
    probability_in_rope: float | None
    mcse_probability_in_rope: float | None
    bias_scale: str | None = field(default=None, kw_only=True)
    bias_mean: float | None = field(default=None, kw_only=True)
    bias_sd: float | None = field(default=None, kw_only=True)
    probability_better_with_bias: float | None = field(default=None, kw_only=True)
    mcse_probability_with_bias: float | None = field(default=None, kw_only=True)
    probability_better_by_margin_with_bias: float | None = field(default=None, kw_only=True)
    mcse_probability_by_margin_with_bias: float | None = field(default=None, kw_only=True)
    anchoring: str


@dataclass(frozen=True)
class ThresholdRow(Row):
    """An entry of `thresholds`: P(estimand above or below a value)."""

    estimand: str
    regimen: str | None
    study: str | None
    endpoint: str | None
    time: float | None
    covariate: str | None
    side: Side
    value: float
    probability: float
    mcse_probability: float


@dataclass(frozen=True)
class RankRow(Row):
    """An entry of `ranking`."""

    estimand: str
    regimen: str
    endpoint: str | None
    time: float | None
    probability_best: float
    mcse_probability_best: float
    mean_rank: float
    mcse_mean_rank: float
    median_rank: int
    lower_rank: int
    upper_rank: int
    ci_prob: float
    sucra: float | None
    mcse_sucra: float | None
    rank_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class PredictionRow(Row):
    """An entry of `predictions`: responders among the next patients."""

    estimand: str
    regimen: str
    endpoint: str | None
    patients: int
    mean: float
    sd: float
    median: int
    lower: int
    upper: int
    ci_prob: float
    at_least: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Question:
    """How regimens are compared.

    Parameters
    ----------
    scale : {"difference", "ratio", "odds_ratio"}
    margin : float, optional
        Smallest difference (or ratio) that matters, in the better direction.
    rope : tuple of float, optional
        Region of practical equivalence on the scale of the contrast.
    ci_prob : float
        Probability of the equal-tailed intervals.
    """

    scale: Scale
    margin: float | None = None
    rope: tuple[float, float] | None = None
    ci_prob: float = 0.95


def labels_of(**named: Label) -> Plain:
    """Labels of a cell: those named, None for the others."""
    return {**dict.fromkeys(LABEL_DIMS), **named}


def side_of(better: Direction) -> Side:
    """On which side of a value a contrast is better."""
    return "above" if better == "higher" else "below"


def better_threshold(scale: Scale, better: Direction, margin: float) -> float:
    """The value a contrast must pass to be better by a margin."""
    return -margin if scale == "difference" and better == "lower" else margin


def estimate_row(
    estimand: str,
    labels: Labels,
    known: Marginal,
    *,
    unit: str,
    ci_prob: float,
    mcse_mean: float | None = 0.0,
    ess_bulk: float | None = None,
) -> EstimateRow:
    """What is reported of one cell of an estimand.

    Parameters
    ----------
    estimand : str
    labels : mapping
    known : Marginal
    unit : str
    ci_prob : float
    mcse_mean, ess_bulk : float, optional
        Precision of draws; a closed form has no error of its mean and no draws.
    """
    s = summarise(known, ci_prob)
    return EstimateRow(
        estimand, *_five(labels), unit, s.mean, s.sd, s.median, s.lower, s.upper, ci_prob, mcse_mean, ess_bulk
    )


def comparison_row(
    estimand: str,
    labels: Labels,
    reference: str,
    known: Marginal,
    question: Question,
    better: Direction,
    anchoring: str,
) -> ComparisonRow:
    """What is reported of a regimen against a reference.

    Parameters
    ----------
    estimand : str
    labels : mapping
        Of the regimen.
    reference : str
    known : Marginal
        The contrast, on the scale of the question.
    question : Question
    better : {"higher", "lower"}
    anchoring : str
        How far the contrast is protected by randomisation.
    """
    s, side, margin, rope = summarise(known, question.ci_prob), side_of(better), question.margin, question.rope
    p = known.beyond(NULL_VALUE[question.scale], side)
    by_margin = None if margin is None else known.beyond(better_threshold(question.scale, better, margin), side)
    in_rope = None if rope is None else known.between(*rope)
    return ComparisonRow(
        estimand=estimand,
        regimen=labels[REGIMEN],
        reference=reference,
        endpoint=labels[ENDPOINT],
        scale=question.scale,
        time=labels[TIME],
        better=better,
        mean=s.mean,
        sd=s.sd,
        median=s.median,
        lower=s.lower,
        upper=s.upper,
        ci_prob=s.ci_prob,
        probability_better=p.value,
        mcse_probability=p.error,
        margin=margin,
        probability_better_by_margin=by_margin and by_margin.value,
        mcse_probability_by_margin=by_margin and by_margin.error,
        rope=rope,
        probability_in_rope=in_rope and in_rope.value,
        mcse_probability_in_rope=in_rope and in_rope.error,
        anchoring=anchoring,
    )


def threshold_row(estimand: str, labels: Labels, known: Marginal, *, side: Side, value: float) -> ThresholdRow:
    """P(estimand above or below a value) in one cell.

    Parameters
    ----------
    estimand : str
    labels : mapping
    known : Marginal
    side : {"above", "below"}
    value : float
    """
    p = known.beyond(value, side)
    return ThresholdRow(estimand, *_five(labels), side, value, p.value, p.error)


def _five(labels: Labels) -> tuple[Any, Any, Any, Any, Any]:
    """Regimen, study, endpoint, time and covariate."""
    regimen, study, endpoint, time, covariate = (labels[key] for key in LABEL_DIMS)
    return regimen, study, endpoint, time, covariate


def rank_rows(
    estimand: str,
    members: Sequence[Labels],
    table: Array,
    best_errors: Sequence[float],
    rank_errors: Sequence[float],
    ci_prob: float,
) -> list[RankRow]:
    """Rows of the ranking of regimens within one endpoint and time.

    Parameters
    ----------
    estimand : str
    members : sequence of mapping
        Labels of the regimens ranked.
    table : array of shape (K, K)
        Probability of every rank (columns, the best first) for every regimen (rows).
    best_errors, rank_errors : sequence of float
        Errors of P(best) and of the mean rank.
    ci_prob : float
        Least probability of the interval of ranks.

    Notes
    -----
    SUCRA is (K - mean rank) / (K - 1): an average over the posterior, so what is uncertain about
    a regimen's place is in the interval of its rank; the error of SUCRA is numerical.
    """
    k = len(members)
    tail = (1.0 - ci_prob) / 2.0
    rows = []
    for i, labels in enumerate(members):
        mean = float(table[i] @ np.arange(1, k + 1))
        reached = np.cumsum(table[i]) + 1e-9
        lower, median, upper = (int(np.searchsorted(reached, q)) + 1 for q in (tail, 0.5, 1.0 - tail))
        rows.append(
            RankRow(
                estimand,
                labels[REGIMEN],
                labels[ENDPOINT],
                labels[TIME],
                float(table[i, 0]),
                best_errors[i],
                mean,
                rank_errors[i],
                median,
                lower,
                min(upper, k),
                ci_prob,
                (k - mean) / (k - 1) if k > 1 else None,
                rank_errors[i] / (k - 1) if k > 1 else None,
                tuple(table[i].tolist()),
            )
        )
    return rows
