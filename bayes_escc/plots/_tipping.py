"""P(better) over the bias between two arms: curve with tipping points, and the surface over the biases of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.evidence.population.tipping import Tipping
from bayes_escc.names import format_probability
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, blank_figure, finish, house_style, minus
from bayes_escc.report.sentences import margin_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["tipping"]

_LABELS = {"log_odds": "log odds", "log_hazard": "log hazard"}
_LEVELS = (0.05, 0.2, 0.5, 0.8, 0.95)


def tipping(comparison: Tipping) -> Figure:
    """Draw P(better) over the bias, and over the biases of both arms.

    Parameters
    ----------
    comparison : Tipping
        Of `be.tipping`.

    Returns
    -------
    matplotlib.figure.Figure
        Left: P(better) given each bias, with the law of the bias as a band of one and two standard deviations.
        Right: contours of P(better) over the bias of the regimen and that of the reference.
    """
    with house_style():
        figure = blank_figure(82, converged=comparison.converged)
        left, right = figure.subplots(1, 2)
        _draw_curve(left, comparison)
        _draw_surface(right, comparison)
        p, error = comparison.averaged()
        anchored = comparison.anchoring[:1].upper() + comparison.anchoring[1:]
        plain, plain_error = comparison.critical.probability_at(0.0)
        return finish(
            figure,
            title=f"How much bias would change the answer: {comparison.regimen} against {comparison.reference}",
            footnote=(
                f"{anchored}. P(better) {format_probability(p, error)} averaged over a bias of mean "
                f"{comparison.bias.mean:g} and sd {comparison.bias.sd:g}, "
                f"{format_probability(plain, plain_error)} without bias. "
                "What is observed is the regimen's own contrast plus the bias."
            ),
        )


def _draw_curve(axes: Axes, tipping: Tipping) -> None:
    ends = tipping.grid[[0, -1]]
    grid = np.linspace(ends[0], ends[1], 121)
    if tipping.bias.sd > 0.0:
        for width, alpha in ((2.0, 0.10), (1.0, 0.16)):
            low, high = tipping.bias.mean - width * tipping.bias.sd, tipping.bias.mean + width * tipping.bias.sd
            axes.axvspan(low, high, color=GREY, alpha=alpha, linewidth=0)
    axes.plot(grid, tipping.curve(grid), color=BLUE, label="better")
    if tipping.margin is not None:
        by = tipping.curve(grid, by_margin=True)
        size = margin_text({"margin": tipping.margin, "scale": tipping.scale}, tipping.unit)
        axes.plot(grid, by, color=ORANGE, linestyle=(0, (5, 2)), label=f"better by {size}")
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    point = tipping.point(0.5)
    if point is not None and ends[0] <= point <= ends[1]:
        axes.plot(point, 0.5, "o", color="white", markeredgecolor=BLACK, markersize=5.5, zorder=3)
        late = point > ends.mean()
        axes.annotate(
            minus(f"tips at {point:+z.2f} (ratio {np.exp(point):.2f})"),
            (point, 0.5),
            xytext=(-7, -6) if late else (7, 6),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top" if late else "bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
        )
    axes.set_xlim(*ends)
    axes.set_ylim(0, 1)
    axes.set_xlabel(f"Bias on the {_LABELS[tipping.bias.scale]}; shaded: 1 and 2 sd of its law")
    axes.set_ylabel("P(better | bias)")


def _draw_surface(axes: Axes, tipping: Tipping) -> None:
    ends = tipping.grid[[0, -1]]
    grid = np.linspace(ends[0], ends[1], 25)
    surface = tipping.surface(grid, grid)
    filled = axes.contourf(grid, grid, surface, levels=np.linspace(0, 1, 11), cmap="Blues")
    lines = axes.contour(grid, grid, surface, levels=_LEVELS, colors=BLACK, linewidths=0.7)
    axes.clabel(lines, fmt="%g", fontsize=7)
    axes.plot(0.0, 0.0, "o", color="white", markeredgecolor=BLACK, markersize=5)
    axes.set_xlabel("Bias of the regimen")
    axes.set_ylabel("Bias of the reference")
    axes.figure.colorbar(filled, ax=axes, label="P(better)", ticks=[0, 0.25, 0.5, 0.75, 1])
