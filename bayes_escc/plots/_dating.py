"""Median survival with progression between scans, and beside it as if it happened at the scan that found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.answers.comparison import labelled_cells, unit_of
from bayes_escc.plots.style import BLACK, BLUE, GREY, beside, finish, house_style, new_figure, rows_of_forest, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["dating"]


def dating(posterior: Posterior, estimand: str = "median") -> Figure:
    """Draw an estimand by regimen under both datings of progression.

    Parameters
    ----------
    posterior : Posterior
        With ``dating = "detecting_scan"``.
    estimand : str
        One value per regimen.

    Raises
    ------
    ValueError
        If the posterior has no second dating.
    """
    at_scan = posterior.detecting_scan
    if at_scan is None:
        raise ValueError('dating: the analysis was not asked for dating = "detecting_scan".')
    ci = posterior.analysis.ci_prob
    between, later = (list(labelled_cells(p.estimand(estimand))) for p in (posterior, at_scan))
    with house_style():
        figure, (axes,) = new_figure(26 + 16 * len(between), converged=posterior.diagnostics.converged)
        ticks, names = [], []
        for row, pair in enumerate(zip(between, later, strict=True)):
            y = len(between) - 1 - row
            looks = ((0.16, BLACK, "-", "o", BLACK), (-0.16, BLUE, "--", "s", "white"))
            for (_, draws), (shift, colour, line, marker, face) in zip(pair, looks, strict=True):
                low, middle, high = np.quantile(draws, [(1 - ci) / 2, 0.5, (1 + ci) / 2])
                axes.plot([low, high], [y + shift] * 2, color=colour, linewidth=1.4, linestyle=line)
                axes.plot(middle, y + shift, marker, color=face, markeredgecolor=colour, markersize=5.5)
                beside(axes, y + shift, f"{middle:.1f} ({low:.1f} to {high:.1f})", color=colour)
            ticks.append(y)
            names.append(wrapped(str(pair[0][0]["regimen"])))
        rows_of_forest(axes, ticks, names, -0.6, len(between) - 0.2)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"{estimand.capitalize()} ({unit_of(posterior.estimand(estimand), between[0][0])})")
        beside(axes, len(between) - 0.4, f"Median ({100 * ci:g} % CrI)", color=GREY, bold=True)
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote="Circle, full line: progression anywhere between two scans, which is the result. Square, broken "
            f"line: dated at the scan that found it, for comparison. Lines: {100 * ci:g} % equal-tailed credible "
            "intervals.",
        )
