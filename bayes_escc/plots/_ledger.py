"""What every published fact contributed: the spread of a contrast with it, and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.answers.bias import population_of
from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.plots.style import BLACK, BLUE, GREY, finish, house_style, new_figure, rows_of_forest, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["ledger"]


def ledger(posterior: Posterior) -> Figure:
    """Draw the posterior standard deviation of every log hazard ratio with and without each published fact.

    Parameters
    ----------
    posterior : Posterior
        Of own patients beside published survival.

    Returns
    -------
    matplotlib.figure.Figure
        One row per fact and contrast; the longer the line, the more the fact contributed.

    Raises
    ------
    AnalysisError
        If the posterior has no published survival.
    """
    rows: list[Plain] = (population_of(posterior) or {}).get("ledger", [])
    if not rows:
        raise AnalysisError("there is no ledger: it is of own patients beside published survival.")
    with house_style():
        figure, (axes,) = new_figure(40 + 11 * len(rows), converged=posterior.diagnostics.converged)
        names = []
        for y, row in enumerate(rows):
            _draw_row(axes, y, row)
            whose = "" if row["regimen"] in row["fact"] else f"; of {row['regimen']}"
            names.append(wrapped(f"{row['fact']} ({row['route'].replace('_', ' ')}){whose}"))
        axes.plot([], [], "o", color="white", markeredgecolor=GREY, markersize=5.5, label="without the fact")
        axes.plot([], [], "o", color=BLUE, markersize=5.5, label="with it")
        rows_of_forest(axes, range(len(rows)), names, len(rows) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.margins(x=0.18)
        axes.set_xlabel("Posterior standard deviation of the log hazard ratio")
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        return finish(
            figure,
            title="What every published fact contributed",
            footnote="Each fact is taken away by reweighting. Where it is all that is known of a regimen, what is left "
            "without it is the prior.",
        )


def _draw_row(axes: Axes, y: int, row: Plain) -> None:
    """One fact: from the spread without it to that with it."""
    with_it, without = float(row["sd"]), row["sd_without"]
    share = "only a refit tells"
    if without is not None:
        axes.plot([with_it, without], [y, y], color=GREY, linewidth=1.4, zorder=1)
        axes.plot(without, y, "o", color="white", markeredgecolor=GREY, markersize=5.5, zorder=2)
        share = "all that is known" if row["all_that_is_known"] else f"{100 * row['share']:.0f} % narrower"
    axes.plot(with_it, y, "o", color=BLUE, markersize=5.5, zorder=3)
    right = float(np.max([with_it, without or 0.0]))
    axes.annotate(share, (right, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8, color=BLACK)
