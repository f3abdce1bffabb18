"""Patients read from a figure over the figure they were read from, with both tables of numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.evidence.population.reconstruct import Reconstruction
from bayes_escc.evidence.problems import counted
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["reconstruction"]


def reconstruction(read: Reconstruction, *, unit: str = "") -> Figure:
    """Draw a reconstructed curve over the points it was read from.

    Parameters
    ----------
    read : Reconstruction
    unit : str, optional
        Of time.

    Returns
    -------
    matplotlib.figure.Figure
        Points of the figure, the curve of the patients, those of the other versions, and the numbers at risk.
    """
    largest, typical = read.errors()
    with house_style():
        figure, (axes,) = new_figure(92, converged=True)
        for time, event in read.versions:
            _steps(axes, time, event, ORANGE, 0.5)
        _steps(axes, read.time, read.event, BLUE, 1.5)
        axes.plot(read.curve.time, read.curve.survival, ".", color=BLACK, markersize=2.5)
        axes.plot([], [], ".", color=BLACK, markersize=4, label="points of the figure")
        axes.plot([], [], color=BLUE, label="reconstructed patients")
        if read.versions:
            axes.plot([], [], color=ORANGE, linewidth=0.8, label=f"{len(read.versions)} further versions that fit")
        axes.legend(frameon=False, loc="upper right")
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_ylabel("Survival")
        axes.set_xlabel(f"Time ({unit})" if unit else "Time")
        if read.risk is not None:
            _risk(axes, read)
        printed = "" if read.printed_events is None else f" ({read.printed_events} printed)"
        size = f"{counted(read.patients, 'patient')}, {counted(read.events, 'event')}"
        return finish(
            figure,
            title=f"Read from the figure: {size}{printed}",
            footnote=f"Difference from the points: at most {largest:.3f}, root mean square {typical:.4f}. Under the "
            "axis: numbers at risk, printed and reproduced.",
        )


def _steps(axes: Axes, time: np.ndarray, event: np.ndarray, colour: str, width: float) -> None:
    curve = kaplan_meier(time, event)
    t, s = np.concatenate([[0.0], curve.time, [time.max()]]), np.concatenate([[1.0], curve.survival])
    axes.step(t, np.append(s, s[-1]), where="post", color=colour, linewidth=width)


def _risk(axes: Axes, read: Reconstruction) -> None:
    assert read.risk is not None  # noqa: S101  the caller has asked
    reproduced = at_risk(read.risk.time, read.time)
    axes.set_xticks(read.risk.time, [f"{t:g}" for t in read.risk.time])
    for t, printed, ours in zip(read.risk.time, read.risk.n, reproduced, strict=True):
        axes.annotate(
            f"{printed}\n{ours}",
            (t, 0),
            xytext=(0, -15),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=7,
            color=GREY,
            annotation_clip=False,
        )
    axes.xaxis.labelpad = 24
