"""Hazard of a reference patient over time, by regimen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.names import REGIMEN
from bayes_escc.plots._survival import arm_styles, figure_data, time_ticks
from bayes_escc.plots.style import finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["hazards"]


def hazards(posterior: Posterior) -> Figure:
    """Draw the hazard of a patient whose covariates are zero, on every regimen; with strata, of the population.

    Parameters
    ----------
    posterior : Posterior
        Of a survival model of patients.

    Returns
    -------
    matplotlib.figure.Figure
        Posterior median and credible interval, as far as the regimen was followed.
    """
    curves, observed = figure_data(posterior), posterior.observed
    unit, ci = str(curves.attrs["time_unit"]), posterior.analysis.ci_prob
    stop, member = observed["time"].to_numpy(), observed["regimen_index"].to_numpy()
    grid = curves["middle"].to_numpy()
    with house_style():
        figure, (axes,) = new_figure(84, converged=posterior.diagnostics.converged)
        tops = []
        for i, (regimen, style) in enumerate(arm_styles(curves[REGIMEN].to_numpy()).items()):
            own = stop[member == i]  # empty where a regimen is known from papers alone
            inside = grid <= (own.max() if own.size else stop.max())
            draws = curves["hazard"].sel({REGIMEN: regimen}).to_numpy()[:, inside]
            low, middle, high = np.quantile(draws, [(1 - ci) / 2, 0.5, (1 + ci) / 2], axis=0)
            jump: Any = "mid" if posterior.analysis.spec.hazards_jump else None
            axes.fill_between(grid[inside], low, high, step=jump, color=style["color"], alpha=0.16, linewidth=0)
            drawn = "steps-mid" if jump else "default"
            axes.plot(grid[inside], middle, drawstyle=drawn, linewidth=1.9, label=regimen, **style)
            tops.append(float(np.quantile(high, 0.9)))
        axes.set_ylim(0, 1.15 * max(tops))
        axes.set_xlim(0, float(stop.max()))
        axes.set_xticks(time_ticks(float(stop.max()), unit))
        axes.set_xlabel(f"Time from start of treatment ({unit})")
        axes.set_ylabel(f"Hazard of progression (per {unit.removesuffix('s')})")
        axes.legend(loc="upper left", frameon=False)
        whose = "for a patient with average continuous covariates and none of the yes-or-no ones"
        if curves.attrs.get("hazard_of") == "population":
            whose = "of those in the target population who are still free of the event, over all strata"
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"Posterior median and {100 * ci:g} % equal-tailed credible interval, {whose}.",
        )
