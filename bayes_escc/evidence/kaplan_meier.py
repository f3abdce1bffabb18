"""The Kaplan-Meier estimator, and follow-up by its reverse; delayed entry allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["KaplanMeier", "at_risk", "kaplan_meier"]


@dataclass(frozen=True)
class KaplanMeier:
    """A survival step function.

    Parameters
    ----------
    time : array of shape (steps,)
        Distinct times with an event, ascending.
    survival : array of shape (steps,)
        Survival just after each of them.
    """

    time: NDArray[np.float64]
    survival: NDArray[np.float64]

    def __call__(self, time: ArrayLike) -> NDArray[np.float64]:
        """Survival at any times, shape of `time`."""
        steps = np.concatenate([[1.0], self.survival])
        return np.asarray(steps[np.searchsorted(self.time, np.asarray(time, dtype=float), side="right")])

    @property
    def median(self) -> float | None:
        """First time at which survival is at most one half; None if it never is."""
        reached = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.time[reached[0]]) if reached.size else None


def at_risk(time: ArrayLike, stop: ArrayLike, start: ArrayLike | None = None) -> NDArray[np.int64]:
    """Number of patients still followed, and not yet failed, just before each time.

    Parameters
    ----------
    time : array
        When to count.
    stop, start : array of shape (patients,)
        End of follow-up, and its beginning where patients enter late. A patient is at risk at
        `time` if start < time <= stop; at time 0 everyone who starts then is.
    """
    at, last = np.asarray(time, dtype=float), np.asarray(stop, dtype=float)
    first = np.zeros_like(last) if start is None else np.asarray(start, dtype=float)
    entered = np.searchsorted(np.sort(first), at, side="left") + np.where(at == 0, (first == 0).sum(), 0)
    return np.asarray(entered - np.searchsorted(np.sort(last), at, side="left"))


def kaplan_meier(
    stop: ArrayLike, event: ArrayLike, start: ArrayLike | None = None, *, reverse: bool = False
) -> KaplanMeier:
    """Kaplan-Meier estimate of survival, or of the time to censoring.

    Parameters
    ----------
    stop : array of shape (patients,)
        Time of the event or of censoring.
    event : array of shape (patients,)
        Whether the event happened.
    start : array of shape (patients,), optional
        Delayed entry: the patient is at risk only after it.
    reverse : bool
        Estimate time to censoring, for the median follow-up. Where an event and a censoring fall
        on one time the event comes first, so its patient is no longer at risk of censoring.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481.
    Schemper M, Smith TL. Control Clin Trials 1996;17:343-346 (reverse Kaplan-Meier).
    """
    last, happened = np.asarray(stop, dtype=float), np.asarray(event, dtype=bool)
    counted = ~happened if reverse else happened
    times, failed = np.unique(last[counted], return_counts=True)
    exposed = at_risk(times, last, start).astype(float)
    if reverse:
        gone = np.sort(last[happened])
        exposed -= np.searchsorted(gone, times, side="right") - np.searchsorted(gone, times, side="left")
    return KaplanMeier(times, np.cumprod(1.0 - failed / exposed))
