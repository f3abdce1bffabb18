"""What one update of a study did."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_escc.answers.posterior import Posterior
from bayes_escc.names import PlainMapping
from bayes_escc.study.changes import Change

__all__ = ["Update"]


@dataclass(frozen=True)
class Update:
    """What one update did.

    Parameters
    ----------
    snapshot : int or None
        Number of the data cut that was recorded, or that a withdrawal changed; None if nothing had changed.
    changes : tuple of Change
    posterior : Posterior or None
        The fit to everything; None if nothing had changed, or nothing can be fitted any more.
    record : mapping
        What was stored with the fit: result, preview, predictive density.
    notes : tuple of str
        What a person should know.
    before : mapping or None
        The result of the fit before, with which this one is compared.
    """

    snapshot: int | None
    changes: tuple[Change, ...]
    posterior: Posterior | None
    record: PlainMapping
    notes: tuple[str, ...] = ()
    before: PlainMapping | None = None
