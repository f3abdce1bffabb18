"""Prior against posterior, for every regimen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.plots._intervals import cell_name, cells_of, density_of
from bayes_escc.plots.style import (
    BLUE,
    GREY,
    SKY,
    blank_figure,
    finish,
    house_style,
    quantity,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["prior_posterior"]


def prior_posterior(posterior: Posterior, estimand: str = "rate", *, endpoint: str | None = None) -> Figure:
    """Draw the prior (dashed) and the posterior of an estimand, one panel per regimen.

    Parameters
    ----------
    posterior : Posterior
    estimand : str
    endpoint : str, optional
        One endpoint; all of them if not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    cells = cells_of(posterior, estimand, endpoint)
    prior_array = posterior.estimand(estimand, prior=True)
    priors = [draws.ravel() for labels, draws in labelled_cells(prior_array) if endpoint in (None, labels["endpoint"])]
    percent = "proportion" in str(prior_array.attrs.get("unit", ""))
    factor = 100.0 if percent else 1.0
    columns = min(len(cells), 3)
    rows = -(-len(cells) // columns)
    several = len({labels["endpoint"] for labels, _, _ in cells}) > 1
    with house_style():
        figure = blank_figure(18 + 40 * rows, converged=posterior.diagnostics.converged)
        grid_axes = figure.subplots(rows, columns, squeeze=False, sharex=percent)
        for place, axes in enumerate(grid_axes.flat):
            if place >= len(cells):
                axes.set_visible(False)
                continue
            labels, draws, law = cells[place]
            prior = priors[place]
            ends = (0.0005, 0.9995) if percent else np.quantile(np.r_[draws, prior], [0.001, 0.999])
            grid = np.linspace(float(ends[0]), float(ends[1]), 500)
            after = density_of(law, draws, grid) / factor
            before = density_of(posterior.law_at(estimand, labels, prior=True), prior, grid) / factor
            axes.fill_between(grid * factor, 0, after, color=SKY, alpha=0.45, linewidth=0)
            axes.plot(grid * factor, after, color=BLUE, label="Posterior")
            axes.plot(grid * factor, before, color=GREY, linestyle=(0, (4, 2)), label="Prior")
            axes.set_ylim(0, 1.08 * float(np.quantile(after[np.isfinite(after)], 0.998)))
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.set_title(wrapped(cell_name(labels, endpoint=several), 30), fontsize=8)
            axes.tick_params(labelbottom=True)
        handles, names = grid_axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=2, frameon=False)
        endpoint_name = endpoint or (str(cells[0][0]["endpoint"] or "") if not several else "")
        unit = " (% of patients)" if percent else ""
        figure.supxlabel(quantity(endpoint_name, estimand) + unit, fontsize=8)
        finish(figure, title=posterior.analysis.title)
        return figure
