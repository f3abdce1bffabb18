"""How far own patients and those of published arms differ, covariate by covariate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence.population.overlap import Overlap
from bayes_escc.plots.style import BLUE, GREY, ORANGE, SKY, VERMILION, finish, house_style, new_figure
from bayes_escc.report.quantities import covariate_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["balance"]

_COLOURS = (BLUE, ORANGE, VERMILION, SKY)
_FURTHEST = 3.0


def balance(overlaps: Sequence[Overlap], stated: Mapping[str, Mapping[str, str]] | None = None) -> Figure:
    """Draw standardised differences between own and published patients.

    Parameters
    ----------
    overlaps : sequence of Overlap
        Of `be.overlap`.
    stated : mapping, optional
        Labels of covariates that the analysis states: `covariates` of `result.json`.

    Returns
    -------
    matplotlib.figure.Figure
        One mark per covariate and study; shaded: less than 0.25 standard deviations apart.
    """
    names = [covariate_label(b.covariate, stated) for b in overlaps[0].balance]
    with house_style():
        figure, (axes,) = new_figure(38 + 9 * len(names), converged=True)
        axes.axvspan(-0.25, 0.25, color=GREY, alpha=0.15, linewidth=0)
        axes.axvline(0, color=GREY, linewidth=0.8)
        for k, found in enumerate(overlaps):
            gaps = np.clip([b.difference for b in found.balance], -_FURTHEST, _FURTHEST)
            offset = (k - 0.5 * (len(overlaps) - 1)) * 0.18
            label = f"{found.study}: {found.state}, {found.ess:.0f} of {found.patients} after matching"
            axes.plot(gaps, np.arange(len(names)) + offset, "o", color=_COLOURS[k % len(_COLOURS)], label=label)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        reach = max(1.2, *(abs(float(v)) for v in axes.get_xlim()))
        axes.set_xlim(-min(reach, _FURTHEST + 0.2), min(reach, _FURTHEST + 0.2))
        axes.set_xlabel("Published minus own, in pooled standard deviations")
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1)
        return finish(
            figure,
            title="Own patients and published arms",
            footnote="Shaded: less than 0.25 standard deviations. Beyond 1 an answer rests on the model alone.",
        )
