"""Posterior of every regimen with 50 % and 95 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.names import Plain
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    beside,
    density,
    finish,
    house_style,
    new_figure,
    quantity,
    rows_of_forest,
    wrapped,
)
from bayes_escc.probability.hazard_laws import HazardContrast, HazardLaw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["intervals"]


def cells_of(posterior: Posterior, estimand: str, endpoint: str | None) -> list[tuple[Plain, Any, Any]]:
    """Labels, draws and law of every cell of an estimand, restricted to one endpoint."""
    return [
        (labels, draws.ravel(), posterior.law_at(estimand, labels))
        for labels, draws in labelled_cells(posterior.estimand(estimand))
        if endpoint in (None, labels["endpoint"])
    ]


def density_of(law: Any, draws: Any, grid: Any) -> Any:
    """Density of a cell on a grid: its law's, or a kernel estimate of its draws."""
    if isinstance(law, HazardLaw):
        return law.density(grid)
    if law is None or isinstance(law, HazardContrast):
        return density(draws, grid)
    inside = np.clip(grid, 1e-12, 1 - 1e-12)
    logit = np.log(inside) - np.log1p(-inside)
    return law.logit_density(logit)[0] / (inside * (1 - inside))


def quantiles_of(law: Any, draws: Any, probabilities: list[float]) -> list[float]:
    """Quantiles of a cell, exact where its law is known."""
    if law is None:
        return [float(q) for q in np.quantile(draws, probabilities)]
    return [law.quantile(q) for q in probabilities]


def cell_name(labels: Plain, *, endpoint: bool) -> str:
    """What a cell is of: its regimen, its study, and its endpoint where there are several."""
    parts = (labels["regimen"], labels["study"], labels["endpoint"] if endpoint else None)
    return ", ".join(str(part) for part in parts if part)


def intervals(posterior: Posterior, estimand: str = "rate", *, endpoint: str | None = None) -> Figure:
    """Draw a forest of regimens: posterior density, median, 50 % and 95 % intervals, numbers.

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
    ci = posterior.analysis.ci_prob
    several = len({labels["endpoint"] for labels, _, _ in cells}) > 1
    percent = "proportion" in str(posterior.estimand(estimand).attrs.get("unit", ""))
    factor = 100.0 if percent else 1.0
    with house_style():
        figure, (axes,) = new_figure(24 + 15 * len(cells), converged=posterior.diagnostics.converged)
        heights, labels_y = [], []
        for row, (labels, draws, law) in enumerate(cells):
            y = len(cells) - 1 - row
            low, q1, median, q3, high = quantiles_of(law, draws, [(1 - ci) / 2, 0.25, 0.5, 0.75, (1 + ci) / 2])
            wide = quantiles_of(law, draws, [0.001, 0.999])
            grid = np.linspace(wide[0], wide[1], 300)
            shape = density_of(law, draws, grid)
            shape = 0.62 * shape / np.max(shape[np.isfinite(shape)])
            axes.fill_between(grid * factor, y, y + shape, color=SKY, alpha=0.45, linewidth=0)
            axes.plot(grid * factor, y + shape, color=BLUE, linewidth=0.9)
            axes.plot([low * factor, high * factor], [y, y], color=BLACK, linewidth=1.2, solid_capstyle="butt")
            axes.plot([q1 * factor, q3 * factor], [y, y], color=BLACK, linewidth=4.0, solid_capstyle="butt")
            axes.plot(median * factor, y, "o", color="white", markeredgecolor=BLACK, markersize=5.5)
            sign = " %" if percent else ""
            beside(axes, y, f"{median * factor:.1f}{sign} ({low * factor:.1f} to {high * factor:.1f})")
            labels_y.append(wrapped(cell_name(labels, endpoint=several)))
            heights.append(y)
        rows_of_forest(axes, heights, labels_y, -0.45, len(cells) - 0.1)
        if percent:
            axes.set_xlim(left=0)
        name = endpoint or next((str(c[0]["endpoint"]) for c in cells if c[0]["endpoint"] and not several), "")
        axes.set_xlabel(quantity(name, estimand) + (" (% of patients)" if percent else ""))
        beside(axes, len(cells) - 0.3, f"Median ({100 * ci:g} % CrI)", color=GREY, bold=True)
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"Circle: posterior median. Thick line: 50 %, thin line: {100 * ci:g} % equal-tailed credible "
            "interval. Curve: posterior density.",
        )
