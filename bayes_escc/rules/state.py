"""What a decision rule may ask of a study: the labels of its estimands, its counts, and its posterior.

Rules know no posterior; they ask through these protocols, which `bayes_escc.answers.study_state` keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bayes_escc.names import Direction, Scale

__all__ = ["EstimandLabels", "FittedStudy", "Place", "StudyData"]


@dataclass(frozen=True)
class EstimandLabels:
    """The labels of an estimand.

    Parameters
    ----------
    regimens, endpoints : tuple of str
        Empty where it is not given by regimen, or by endpoint.
    times : tuple of float
        Times or horizons; empty where it has none.
    better : str
        "higher" or "lower", comma-separated by endpoint if they differ; empty where neither is known.
    """

    regimens: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    better: str = ""


@dataclass(frozen=True)
class Place:
    """One cell of an estimand.

    Parameters
    ----------
    estimand : str
    regimen, endpoint : str or None
        None where there is only one.
    time : float or None
    """

    estimand: str
    regimen: str | None
    endpoint: str | None
    time: float | None


class StudyData(Protocol):
    """What is known of a study before its model is fitted."""

    @property
    def estimands(self) -> Sequence[str]:
        """Names of what the model estimates."""

    def labels(self, estimand: str) -> EstimandLabels:
        """The labels of an estimand."""

    @property
    def counted(self) -> Sequence[str]:
        """Regimens whose patients are counted; empty where the model has no counts."""

    def count(self, regimen: str, endpoint: str | None) -> tuple[int, int]:
        """Events and evaluable patients of a regimen.

        Raises
        ------
        AnalysisError
            If the endpoint is unknown, or not given where there are several.
        """

    @property
    def followed(self) -> Mapping[str, tuple[int, int]] | None:
        """Events and patients of every regimen, in the model's order; None where nobody is followed to an event."""

    @property
    def entered_late(self) -> bool:
        """Whether some of the patients who are followed came under observation late."""


class FittedStudy(StudyData, Protocol):
    """A study at this moment, its model fitted. Probabilities come with their Monte Carlo or quadrature error."""

    def direction(self, estimand: str, endpoint: str | None) -> Direction:
        """Which direction of an estimand is better."""

    def beyond(self, place: Place, value: float, better: Direction | None) -> tuple[float, float]:
        """P(better than a fixed value)."""

    def better(
        self, place: Place, reference: str, scale: Scale, better: Direction | None, margin: float | None
    ) -> tuple[float, float]:
        """P(better than a reference, by a margin)."""

    def width(self, place: Place, reference: str | None, scale: Scale, ci_prob: float) -> tuple[float, float]:
        """Width of a credible interval, of the estimand or of its contrast with a reference."""

    def completed(self, rule: str) -> tuple[float, float]:
        """Share of the studies completed under a rule of this name that end in success."""
