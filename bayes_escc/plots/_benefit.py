"""P(benefit exceeds d) over all d: one curve instead of one margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.answers.comparison import NULL_VALUE, Comparison, better_threshold
from bayes_escc.names import REGIMEN, PlainMapping, format_probability
from bayes_escc.plots._difference import anchorings, chosen_rows, draws_of, log_axis, panel_title, scale_words
from bayes_escc.plots.style import BLACK, BLUE, GREY, finish, house_style, minus, new_figure, wrapped
from bayes_escc.probability.beta import BetaContrast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["benefit"]


def benefit(comparison: Comparison, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
    """Draw the probability that the benefit of a regimen exceeds d, for every d.

    Parameters
    ----------
    comparison : Comparison
    regimen, endpoint : str, optional
        Draw these only; otherwise one panel for every row of the comparison.

    Returns
    -------
    matplotlib.figure.Figure
        Benefit is to the right of no difference: where lower is better, the axis is turned.
    """
    rows = chosen_rows(comparison, regimen, endpoint)
    with house_style():
        figure, panels = new_figure(72, converged=comparison.converged, panels=len(rows))
        for axes, (index, row) in zip(panels, rows, strict=True):
            _draw_panel(axes, comparison, index, row)
            if len(rows) > 1:
                axes.set_title(panel_title(row), fontweight="bold")
        who = f"{rows[0][1][REGIMEN]} is" if len(rows) == 1 else "a regimen is"
        return finish(
            figure,
            title=f"Probability that {who} better than {comparison.reference} by at least d",
            footnote=f"{anchorings(rows)}. At every d on the axis: the probability that the true contrast is beyond d.",
        )


def _draw_panel(axes: Axes, comparison: Comparison, index: int, row: PlainMapping) -> None:
    label, factor, unit = scale_words(comparison, row)
    ratio, higher = comparison.scale != "difference", row["better"] == "higher"
    draws = draws_of(comparison, index)
    finite = draws[np.isfinite(draws) & ((draws > 0) | (not ratio))]
    low, high = np.quantile(finite, [0.001, 0.999])
    grid = np.geomspace(low, high, 160) if ratio else np.linspace(low, high, 160)
    known = comparison.marginals[index]
    if isinstance(known, BetaContrast):
        above = np.array([known.beyond(float(t), "above").value for t in grid])
    else:
        ordered = np.sort(draws)
        above = 1.0 - np.searchsorted(ordered, grid, side="right") / ordered.size
    at, curve = grid * factor, above if higher else 1.0 - above
    axes.plot(at, curve, color=BLUE, linewidth=1.8)
    axes.fill_between(at, 0, curve, color=BLUE, alpha=0.12, linewidth=0)
    marks = [(NULL_VALUE[comparison.scale], row["probability_better"], row["mcse_probability"], "o")]
    if row["margin"] is not None:
        cut = better_threshold(comparison.scale, row["better"], row["margin"])
        marks.append((cut, row["probability_better_by_margin"], row["mcse_probability_by_margin"], "s"))
    steps = np.log(at) if ratio else at
    places = [math.log(m[0]) if ratio else m[0] * factor for m in marks]
    close = abs(places[-1] - places[0]) < 0.12 * (steps[-1] - steps[0])
    for (value, p, error, marker), below in zip(marks, (False, close), strict=False):
        axes.plot([value * factor] * 2, [0, p], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.plot(value * factor, p, marker, color="white", markeredgecolor=BLACK, markersize=5.5)
        said = f"{format_probability(p, error)} beyond {value * factor:g} {unit}".strip()
        axes.annotate(
            minus(said),
            (value * factor, p),
            xytext=(7, -8 if below else 5),
            textcoords="offset points",
            va="top" if below else "bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
        )
    axes.set_ylim(0, 1.12)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_ylabel("Posterior probability")
    if ratio:
        log_axis(axes, at)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(wrapped(f"{label}: {row[REGIMEN]} {'over' if ratio else 'minus'} {row['reference']}", 100))
