"""What is noted of strata: how many patients and events each has, and which of them say nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.evidence.problems import counted
from bayes_escc.families.survival.strata import Strata
from bayes_escc.names import AnyArray

__all__ = ["short_strata", "strata_notes"]

Array = NDArray[np.float64]


def strata_notes(strata: Strata, regimen: AnyArray, regimens: Sequence[str], event: NDArray[np.bool_]) -> list[Problem]:
    """One note on all strata, and one on those that say nothing of the hazard, or of the regimens.

    Parameters
    ----------
    strata : Strata
    regimen : array of int of shape (patients,)
        Index in `regimens`.
    regimens : sequence of str
    event : array of bool of shape (patients,)
    """
    if not strata.columns:
        return []
    if not strata:
        return [
            Problem(
                "one_stratum",
                f"every patient is of the stratum {strata.labels[0]}",
                "With one stratum the model is that without strata.",
            )
        ]
    members = [strata.index == s for s in range(len(strata.levels))]
    listed = "; ".join(
        f"{label}: {counted(int(mine.sum()), 'patient')}, {counted(int((mine & event).sum()), 'event')}"
        for label, mine in zip(strata.labels, members, strict=True)
    )
    found = [
        Problem(
            "strata",
            f"strata with a baseline hazard of their own: {listed}",
            "The effects of regimens and covariates are shared by all strata.",
        )
    ]
    empty = [label for label, mine in zip(strata.labels, members, strict=True) if not (mine & event).any()]
    if empty:
        found.append(
            Problem(
                "stratum_without_events",
                f"no patient of {'; '.join(empty)} had the event",
                "Its hazard is bounded above by the data; below, only the prior says anything. It says nothing of the "
                "regimens, and results over a population that holds its patients lean on the prior.",
            )
        )
    alone = [
        f"{label} ({regimens[int(regimen[mine][0])]})"
        for label, mine in zip(strata.labels, members, strict=True)
        if len(regimens) > 1 and len(np.unique(regimen[mine])) == 1
    ]
    if alone:
        found.append(
            Problem(
                "stratum_of_one_regimen",
                f"all patients of a stratum are on one regimen: {'; '.join(alone)}",
                "Such a stratum has a baseline of its own and says nothing of the difference between regimens.",
            )
        )
    return found


def short_strata(strata: Strata, last: Array, asked: Sequence[float], unit: str) -> list[Problem]:
    """A note on strata in which nobody was followed as far as results are asked for.

    Parameters
    ----------
    strata : Strata
    last : array of shape (patients,)
        When the follow-up of every patient ended.
    asked : sequence of float
        Times and horizons of results.
    unit : str
    """
    if not strata:
        return []
    ends = {s: float(last[strata.index == s].max()) for s in np.unique(strata.index)}
    short = [f"{strata.labels[s]} ({end:.4g} {unit})" for s, end in ends.items() if max(asked) > end * (1.0 + 1e-9)]
    if not short:
        return []
    return [
        Problem(
            "beyond_follow_up",
            f"nobody of these strata was followed to {max(asked):g} {unit}: {'; '.join(short)}",
            "Their part of the results rests on the shape of the model there.",
        )
    ]
