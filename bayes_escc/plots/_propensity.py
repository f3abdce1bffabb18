"""Scores of the patients of two regimens, one above and one below the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence.population.propensity import BINS, RegimenOverlap
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["propensity"]


def propensity(overlaps: Sequence[RegimenOverlap]) -> Figure:
    """Draw the propensity scores of the patients of every regimen above those of the reference.

    Parameters
    ----------
    overlaps : sequence of RegimenOverlap
        Of `be.overlap`, of own patients on several regimens.

    Returns
    -------
    matplotlib.figure.Figure
        One mirrored histogram of patients for each; shaded: scores below 0.1 and above 0.9.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    with house_style():
        figure, panels = new_figure(74, converged=True, panels=len(overlaps), share=True)
        for axes, o in zip(panels, overlaps, strict=True):
            for low, high in ((0.0, 0.1), (0.9, 1.0)):
                axes.axvspan(low, high, color=GREY, alpha=0.15, linewidth=0)
            sides = (
                (o.regimen, o.patients, o.histogram, 1.0, BLUE, ""),
                (o.reference, o.reference_patients, o.reference_histogram, -1.0, ORANGE, "///"),
            )
            for name, n, counts, sign, colour, hatch in sides:
                axes.bar(
                    edges[:-1],
                    sign * np.array(counts),
                    1.0 / BINS,
                    align="edge",
                    color=colour,
                    edgecolor=BLACK,
                    linewidth=0.5,
                    hatch=hatch,
                    label=f"{name}: {n} patients",
                )
            axes.axhline(0, color=BLACK, linewidth=0.8)
            most = max(1, *o.histogram, *o.reference_histogram)
            step = max(1, -(-most // 4))
            ticks = np.arange(-(-most // step) * -step, most + step, step)
            axes.set_yticks(ticks, [f"{abs(t):g}" for t in ticks])
            axes.set_xlim(0, 1)
            axes.set_xlabel("Propensity: probability of the regimen above the line, given the covariates")
            axes.set_ylabel("Patients")
            axes.set_title(f"Overlap is {o.state}; common area {100 * o.coefficient:.0f} %", fontsize=8)
            axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, -0.2), ncols=1)
        return finish(
            figure,
            title="Propensity of own patients by regimen",
            footnote="Below the line the reference. Shaded: scores below 0.1 and above 0.9.",
        )
