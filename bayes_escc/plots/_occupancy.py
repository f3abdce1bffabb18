"""Where patients are over time: free of progression, alive after it, dead; model and data, by regimen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.names import REGIMEN, AnyArray
from bayes_escc.plots._survival import figure_data, time_ticks
from bayes_escc.plots.style import BLACK, GREY, blank_figure, finish, house_style, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["occupancy"]

_COLUMNS: Final = 2
_FILLS: Final = (("#5B9BD5", ""), ("#FBD38D", "////"), ("#EDEDED", ""))
"""Of each state, the first at the bottom: of different lightness, the second hatched, so that grey tells them apart."""
_LEAST: Final = 0.07
"""Least height of a band that holds its name."""


def occupancy(posterior: Posterior) -> Figure:
    """Draw, for every regimen, the share of patients in each state over time.

    Parameters
    ----------
    posterior : Posterior
        Of a model of progression-free and overall survival together.

    Returns
    -------
    matplotlib.figure.Figure
        Bands: posterior means. Their edges are progression-free and overall survival, each with its credible
        interval (dotted) and the Kaplan-Meier estimate of the data (steps).
    """
    curves, observed = figure_data(posterior), posterior.observed
    regimens = [str(r) for r in curves[REGIMEN].to_numpy()]
    unit, ci, grid = str(curves.attrs["time_unit"]), posterior.analysis.ci_prob, curves["grid"].to_numpy()
    member = observed["regimen_index"].to_numpy()
    columns = min(_COLUMNS, len(regimens))
    rows = -(-len(regimens) // columns)
    tail = (1.0 - ci) / 2.0
    with house_style():
        figure = blank_figure(26 + 62 * rows, converged=posterior.diagnostics.converged)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for spare in panels.flat[len(regimens) :]:
            spare.set_visible(False)
        for i, (regimen, axes) in enumerate(zip(regimens, panels.flat, strict=False)):
            edges = [curves[name].sel({REGIMEN: regimen}).to_numpy() for name in ("pfs", "os")]
            _bands(axes, grid, *(draws.mean(axis=0) for draws in edges))
            mine, ends = member == i, (("time", "event"), ("overall", "died"))
            for draws, (stop, happened) in zip(edges, ends, strict=True):
                for limit in np.quantile(draws, [tail, 1.0 - tail], axis=0):
                    axes.plot(grid, limit, color=BLACK, linewidth=0.7, linestyle=(0, (1, 1.6)))
                times, events = observed[stop].to_numpy()[mine], observed[happened].to_numpy()[mine] == 1
                steps = kaplan_meier(times, events, observed["entry"].to_numpy()[mine])
                at = np.concatenate([[0.0], steps.time, [times.max()]])
                axes.step(at, steps(at), where="post", color=BLACK, linewidth=1.1)
            axes.set_title(wrapped(f"{regimen} (n = {int(mine.sum())})", 46), fontsize=8)
            axes.set_xlim(0, float(grid[-1]))
            axes.set_ylim(0, 1)
            axes.set_xticks(time_ticks(float(grid[-1]), unit))
            axes.set_yticks(np.linspace(0, 1, 6), [f"{100 * v:.0f}" for v in np.linspace(0, 1, 6)])
            axes.tick_params(labelbottom=True)
        for row in panels:
            row[0].set_ylabel("Patients (%)")
        figure.supxlabel(f"Time from start of treatment ({unit})", fontsize=8)
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"Bands: posterior mean. Dotted: {100 * ci:g} % equal-tailed credible intervals of "
            "progression-free and overall survival. Steps: their Kaplan-Meier estimates.",
        )


def _bands(axes: Axes, grid: AnyArray, free: AnyArray, alive: AnyArray) -> None:
    """The three states, one upon the other, each with its name where it is widest."""
    levels = (np.zeros_like(free), free, alive, np.ones_like(free))
    names = ("progression-free", "alive after\nprogression", "dead")
    inner = slice(len(grid) // 6, -len(grid) // 4)
    for low, high, name, (colour, hatch) in zip(levels[:-1], levels[1:], names, _FILLS, strict=True):
        axes.fill_between(grid, low, high, facecolor=colour, hatch=hatch, edgecolor="#FFFFFF", linewidth=0)
        at = inner.start + int(np.argmax((high - low)[inner]))
        if name == "progression-free":
            at = len(grid) // 9
        if (high - low)[at] > _LEAST:
            axes.text(
                grid[at] if name != "progression-free" else grid[1],
                (low + high)[at] / 2.0 if name != "progression-free" else 0.06,
                name,
                ha="center" if name != "progression-free" else "left",
                va="center",
                fontsize=7.5,
                color=BLACK,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "#FFFFFF", "edgecolor": GREY, "linewidth": 0.4},
            )
