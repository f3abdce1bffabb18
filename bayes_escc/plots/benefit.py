"""P(benefit exceeds d) over all d: one curve instead of one margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.beta import exceedance
from bayes_escc.comparison import NULL_VALUE, Comparison, better_threshold
from bayes_escc.names import REGIMEN
from bayes_escc.plots.difference import _log_axis, choose_row, draws_of, scale_words
from bayes_escc.plots.style import BLACK, BLUE, GREY, finish, house_style, new_figure, wrapped
from bayes_escc.text import format_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_benefit"]


def plot_benefit(comparison: Comparison, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
    """Draw the probability that the benefit of a regimen exceeds d, for every d.

    Parameters
    ----------
    comparison : Comparison
    regimen, endpoint : str, optional
        Which row, if the comparison has several.

    Returns
    -------
    matplotlib.figure.Figure
        Benefit is to the right of no difference: where lower is better, the axis is turned.
    """
    index, row = choose_row(comparison, regimen, endpoint)
    draws = draws_of(comparison, index)
    label, factor, unit = scale_words(comparison, row)
    ratio = comparison.scale != "difference"
    higher = row["better"] == "higher"
    finite = draws[np.isfinite(draws) & ((draws > 0) | (not ratio))]
    low, high = np.quantile(finite, [0.001, 0.999])
    grid = np.geomspace(low, high, 160) if ratio else np.linspace(low, high, 160)
    if comparison.laws is not None:
        above = np.array([exceedance(*comparison.laws[index], float(t), comparison.scale)[0] for t in grid])
    else:
        ordered = np.sort(draws)
        above = 1.0 - np.searchsorted(ordered, grid, side="right") / ordered.size
    curve = above if higher else 1.0 - above
    null = NULL_VALUE[comparison.scale]
    with house_style():
        figure, axes = new_figure(72, converged=comparison.converged)
        at = grid * factor
        axes.plot(at, curve, color=BLUE, linewidth=1.8)
        axes.fill_between(at, 0, curve, color=BLUE, alpha=0.12, linewidth=0)
        marks = [(null, row["probability_better"], row["mcse_probability"], "o")]
        if row["margin"] is not None:
            cut = better_threshold(comparison.scale, row["better"], row["margin"])
            marks.append((cut, row["probability_better_by_margin"], row["mcse_probability_by_margin"], "s"))
        for value, p, error, marker in marks:
            axes.plot([value * factor] * 2, [0, p], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.plot(value * factor, p, marker, color="white", markeredgecolor=BLACK, markersize=5.5)
            axes.annotate(
                f"{format_probability(p, error)} beyond {value * factor:g} {unit}".strip(), (value * factor, p),
                xytext=(7, 5), textcoords="offset points", va="bottom",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
            )  # fmt: skip
        axes.set_ylim(0, 1.04)
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.set_ylabel("Posterior probability")
        if ratio:
            _log_axis(axes, at)
        if not higher:
            axes.invert_xaxis()
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(wrapped(f"{label}: {row[REGIMEN]} {'over' if ratio else 'minus'} {row['reference']}", 100))
        direction = "more" if higher else "less"
        return finish(
            figure, title=f"Probability that {row[REGIMEN]} is better by at least d",
            footnote=f"{row['anchoring'].capitalize()}. At every d on the axis: the probability that the true contrast "
            f"is {direction} than d.",
        )  # fmt: skip
