"""What the figures of a study share: its looks in order, and how an axis of them is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayes_escc.names import PlainMapping
from bayes_escc.report.quantities import is_until
from bayes_escc.report.quantities import time_unit_of as time_unit_in

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["asked", "estimand_words", "look_axis", "looks_of", "time_unit_of", "unconverged"]

Look = PlainMapping
_MOST_LABELS = 14


def looks_of(history: PlainMapping) -> list[Look]:
    """The entries of a study's history that have a fit, oldest first."""
    return [entry for entry in history["entries"] if entry["fit"] is not None]


def unconverged(looks: Sequence[Look]) -> bool:
    """Whether any fit failed its diagnostics."""
    return not all(look["fit"]["converged"] for look in looks)


def look_axis(axes: Axes, looks: Sequence[Look]) -> None:
    """Label an axis of looks with the number of the data cut, its patients and events."""
    every = -(-len(looks) // _MOST_LABELS)
    shown = range(0, len(looks), every)
    axes.set_xticks(list(shown))
    labels = []
    for i in shown:
        look = looks[i]
        name = {"withdraw": "w", "amend": "a"}.get(look["action"], "")
        labels.append(f"{look['fit']['snapshot']}{name}\n{look['fit']['patients']}\n{look['fit']['events']}")
    axes.set_xticklabels(labels)
    axes.set_xlim(-0.6, len(looks) - 0.4)
    axes.set_xlabel("Data cut (w: after a withdrawal; a: after a change of the analysis), patients, events")


def asked(row: PlainMapping) -> tuple[Any, ...]:
    """What tells one comparison of a study from another."""
    return tuple(row[k] for k in ("estimand", "regimen", "reference", "scale", "endpoint", "time"))


def time_unit_of(look: PlainMapping) -> str:
    """The unit of times of a look, as its estimates state it; blank where there are none."""
    return time_unit_in({str(r["estimand"]): str(r["unit"]) for r in look["estimates"]})


def estimand_words(name: str, time: float | None, unit: str = "") -> str:
    """An estimand and its time in words."""
    own = {"rmst": "restricted mean", "pfs_rmst": "restricted mean PFS", "os_rmst": "restricted mean OS"}
    words = own.get(name, name.replace("_", " "))
    if time is None:
        return words
    return f"{words} {'to' if is_until(name) else 'at'} {time:g}{' ' + unit if unit else ''}"
