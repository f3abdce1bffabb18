"""A question about two regimens, as a design is asked it."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_escc.names import Scale

__all__ = ["RegimenContrast"]


@dataclass(frozen=True)
class RegimenContrast:
    """A contrast of one estimand between two regimens, and the threshold it may pass.

    Parameters
    ----------
    estimand : str
    time : float or None
        Time or horizon of the estimand, where it has one.
    regimen, reference : str
    scale : {"difference", "ratio", "odds_ratio"}
    threshold : float
        The value of the contrast to be passed.
    """

    estimand: str
    time: float | None
    regimen: str
    reference: str
    scale: Scale
    threshold: float
