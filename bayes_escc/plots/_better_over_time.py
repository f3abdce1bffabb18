"""P(better) as a function of time: what one number hides where curves cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import REGIMEN
from bayes_escc.plots._survival import arm_styles, figure_data, time_ticks
from bayes_escc.plots.style import GREY, finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["better_over_time"]


def better_over_time(posterior: Posterior, *, reference: str | None = None) -> Figure:
    """Draw, for every time t, P(more patients progression-free at t) and P(longer restricted mean to t).

    Parameters
    ----------
    posterior : Posterior
        Of a survival model with at least two regimens.
    reference : str, optional
        The first regimen if not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    curves = figure_data(posterior)
    regimens = [str(r) for r in curves[REGIMEN].to_numpy()]
    base = regimens[0] if reference is None else reference
    if base not in regimens or len(regimens) < 2:
        raise AnalysisError(f"P(better) over time needs two regimens, one of them {base!r}; there are {regimens}.")
    unit, grid = str(curves.attrs["time_unit"]), curves["grid"].to_numpy()
    survival = {r: curves["survival"].sel({REGIMEN: r}).to_numpy() for r in regimens}
    observed = posterior.observed
    stop, member = observed["time"].to_numpy(), observed["regimen_index"].to_numpy()
    covered = min(stop[member == i].max() for i in range(len(regimens)))
    styles = arm_styles(regimens)
    with house_style():
        figure, (axes,) = new_figure(84, converged=posterior.diagnostics.converged)
        for regimen in (r for r in regimens if r != base):
            gain = survival[regimen] - survival[base]
            step = np.diff(grid)
            area = np.cumsum(step * (gain[:, 1:] + gain[:, :-1]) / 2.0, axis=1)
            colour = styles[regimen]["color"]
            for values, dash, words in (
                (gain[:, 1:], "-", "more patients progression-free at t"),
                (area, (0, (5, 1.5)), "longer restricted mean to t"),
            ):
                probability = (values > 0).mean(axis=0)
                axes.plot(
                    grid[1:],
                    probability,
                    color=colour,
                    linestyle=dash,
                    linewidth=1.8,
                    label=words if len(regimens) == 2 else f"{regimen}: {words}",
                )
        axes.axhline(0.5, color=GREY, linewidth=0.9)
        if covered < grid[-1]:
            axes.axvspan(covered, grid[-1], color="#EEEEEE", zorder=0)
            axes.annotate(
                "beyond the follow-up of one regimen",
                ((covered + grid[-1]) / 2, 0.98),
                ha="center",
                va="top",
                color=GREY,
                fontsize=7,
                rotation=90 if grid[-1] - covered < 0.35 * grid[-1] else 0,
            )
        axes.set_ylim(0, 1)
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.set_xlim(0, grid[-1])
        axes.set_xticks(time_ticks(float(grid[-1]), unit))
        axes.set_xlabel(f"t ({unit})")
        axes.set_ylabel("Posterior probability")
        axes.legend(loc="upper left", frameon=False)
        other = next(r for r in regimens if r != base) if len(regimens) == 2 else "each regimen"
        return finish(
            figure,
            title=f"P({other} better than {base}) over time",
            footnote=f"From {len(next(iter(survival.values())))} joint draws: Monte Carlo standard error about "
            f"{0.5 / len(next(iter(survival.values()))) ** 0.5:.2f} at 0.5. Survival is averaged over the target "
            "population within each draw.",
        )
