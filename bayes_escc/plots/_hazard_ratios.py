"""Forest of hazard ratios: regimens and covariates on one logarithmic axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.answers.comparison import labelled_cells, probability_with_error, unit_of
from bayes_escc.errors import AnalysisError
from bayes_escc.names import COVARIATE, REGIMEN, TIME, format_probability
from bayes_escc.plots._difference import log_axis
from bayes_escc.plots.style import BLACK, GREY, beside, finish, house_style, new_figure, rows_of_forest
from bayes_escc.report.quantities import covariate_words, per_step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["hazard_ratios"]


def _rows(posterior: Posterior) -> list[tuple[str, Any]]:
    """Label and draws of every hazard ratio that is not one by definition."""
    found = []
    if "hazard_ratio" in posterior.estimand_names:
        array = posterior.estimand("hazard_ratio")
        reference = str(array[REGIMEN].to_numpy()[0])
        unit = posterior.estimand("median").attrs["unit"]
        for labels, draws in labelled_cells(array):
            if labels[REGIMEN] != reference:
                when = f", at {labels[TIME]:g} {unit}" if labels[TIME] is not None else ""
                found.append((f"{labels[REGIMEN]}\nagainst {reference}{when}", draws))
    if "coefficient" in posterior.estimand_names:
        array = posterior.estimand("coefficient")
        stated = {c.column: {"label": c.label, "unit": c.unit} for c in posterior.analysis.spec.covariates}
        for labels, draws in labelled_cells(array):
            unit = unit_of(array, labels)
            steps = per_step(unit)[1]  # one doubling, or one point
            label = covariate_words(str(labels[COVARIATE]), unit, stated)
            found.append((label, np.exp(steps * draws)))
    return found


def hazard_ratios(posterior: Posterior) -> Figure:
    """Draw hazard ratios of regimens and covariates with 50 % and 95 % intervals.

    Parameters
    ----------
    posterior : Posterior
        Of a survival model.

    Returns
    -------
    matplotlib.figure.Figure
        To the left of one the hazard is lower: longer progression-free.
    """
    rows = _rows(posterior)
    if not rows:
        raise AnalysisError("this posterior has neither hazard ratios of regimens nor of covariates.")
    ci = posterior.analysis.ci_prob
    levels = [(1 - ci) / 2, 0.25, 0.5, 0.75, (1 + ci) / 2]
    with house_style():
        figure, (axes,) = new_figure(34 + 10 * len(rows), converged=posterior.diagnostics.converged)
        heights = np.arange(len(rows))[::-1]
        ends = []
        for y, (_, draws) in zip(heights, rows, strict=True):
            low, q1, median, q3, high = np.quantile(draws, levels)
            ends += [low, high]
            p, error = probability_with_error(draws < 1, draws)
            axes.plot([low, high], [y, y], color=BLACK, linewidth=1.2, solid_capstyle="butt")
            axes.plot([q1, q3], [y, y], color=BLACK, linewidth=4.0, solid_capstyle="butt")
            axes.plot(median, y, "o", color="white", markeredgecolor=BLACK, markersize=5.5)
            beside(axes, y, f"{median:.2f} ({low:.2f} to {high:.2f})   {format_probability(p, error)}")
        axes.axvline(1.0, color=GREY, linewidth=0.9)
        rows_of_forest(axes, heights, [label for label, _ in rows], -0.6, len(rows) - 0.1)
        log_axis(axes, np.array([min(0.45, min(ends) * 0.95), max(2.2, max(ends) * 1.05)]))
        axes.set_xlabel("Hazard ratio    (← progression later  |  progression earlier →)")
        beside(axes, len(rows) - 0.35, f"Median ({100 * ci:g} % CrI)   P(below 1)", color=GREY, bold=True)
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"Circle: posterior median. Thick line: 50 %, thin line: {100 * ci:g} % equal-tailed credible "
            "interval. Hazard ratios are conditional on the covariates.",
        )
