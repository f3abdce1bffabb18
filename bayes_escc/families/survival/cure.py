"""Patients who stay event-free for good: whether the data show them, and how much of what is said is the prior.

Whether a curve ends in a plateau is known only to those who looked long after the last event. Without such follow-up a
fraction that never has the event is told from a long tail by the model and its priors alone.

References
----------
Maller RA, Zhou S. Survival analysis with long-term survivors. Wiley, 1996: chapter 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bayes_escc.evidence import Problem
from bayes_escc.evidence.problems import counted
from bayes_escc.names import REGIMEN, AnyArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from bayes_escc.families.survival.curves import Array

__all__ = ["CURED", "CURE_FRACTION", "plateau_notes", "prior_notes", "short_follow_up"]

CURED: Final = ("weibull_cure",)
"""Baselines whose hazard spends itself."""
CURE_FRACTION: Final = "cure_fraction"
"""Name of the estimand, and of the prior."""
_SUFFICIENT: Final = 0.05
_MUCH: Final = 0.5
"""Share of the prior's standard deviation from which on the answer is said to be much of the prior."""


def short_follow_up(time: Array, event: AnyArray) -> float:
    """The statistic alpha of Maller and Zhou: near zero where follow-up shows a plateau, one where it shows none.

    Parameters
    ----------
    time : array of shape (patients,)
        End of follow-up.
    event : array of bool of shape (patients,)

    Notes
    -----
    ``(1 - N / n)^n``, N the number of events as long before the last event as the end of follow-up is after it.
    """
    if not event.any():
        return 1.0
    last, end = float(time[event].max()), float(time.max())
    inside = int(((time > 2.0 * last - end) & (time <= last) & event).sum())
    return float((1.0 - inside / len(time)) ** len(time))


def plateau_notes(groups: Sequence[tuple[str, AnyArray]], time: Array, event: AnyArray, unit: str) -> list[Problem]:
    """A note on every group of patients that was not followed long enough after its last event.

    Parameters
    ----------
    groups : sequence of (str, array of bool)
        Patients who share a cure fraction, with whose they are, as in " on A"; blank for everyone.
    time : array of shape (patients,)
    event : array of bool of shape (patients,)
    unit : str
    """
    found = []
    for whose, mine in groups:
        events = mine & event
        if not events.any() or short_follow_up(time[mine], event[mine]) < _SUFFICIENT:
            continue
        last = float(time[events].max())
        beyond = int((time[mine] > last).sum())
        found.append(
            Problem(
                "no_plateau",
                f"the last event{whose} was at {last:.4g} {unit}, and {counted(beyond, 'patient')} followed longer, to "
                f"{float(time[mine].max()):.4g} {unit} at most, show no plateau",
                "Without one, those who never have the event cannot be told from those who have it late: the "
                "long-term event-free proportion rests on the model and its prior. Show the answer without a "
                'cure fraction too (baseline = "weibull"), or wait for longer follow-up.',
            )
        )
    return found


def prior_notes(estimands: xr.Dataset, prior: xr.Dataset) -> list[Problem]:
    """A note on how much of a cure fraction is its prior, where that is much.

    Parameters
    ----------
    estimands, prior : Dataset
        Draws of the estimands under the posterior and under the prior.
    """
    said = []
    for regimen in estimands[REGIMEN].to_numpy():
        after, before = (float(d[CURE_FRACTION].sel({REGIMEN: regimen}).std()) for d in (estimands, prior))
        if after > _MUCH * before:
            said.append(f"{100.0 * after / before:.0f} % on {regimen}")
    if not said:
        return []
    return [
        Problem(
            "prior_speaks",
            "the standard deviation of the long-term event-free proportion, relative to that before the data: "
            f"{', '.join(said)}",
            "So much of the answer is its prior: vary it (sensitivity), or wait for longer follow-up.",
        )
    ]
