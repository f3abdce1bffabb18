"""Posterior of one contrast, with margin and region of practical equivalence shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.answers.comparison import NULL_VALUE, Comparison, better_threshold, labelled_cells
from bayes_escc.errors import AnalysisError
from bayes_escc.names import ENDPOINT, REGIMEN, AnyArray, Plain, PlainMapping, format_probability
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    density,
    finish,
    house_style,
    minus,
    new_figure,
    quantity,
    wrapped,
)
from bayes_escc.probability.beta import BetaContrast
from bayes_escc.report.sentences import allows_for_bias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["difference"]

_POINTS: Final = 400
_EXACT_POINTS: Final = 161
"""Of a curve each of whose points is a quadrature; it is smooth, and drawn a millimetre apart."""


def chosen_rows(
    comparison: Comparison, regimen: str | None, endpoint: str | None
) -> Sequence[tuple[int, PlainMapping]]:
    """The rows of a comparison that a figure shows, each with its place; one panel for each."""
    found = [
        (i, row)
        for i, row in enumerate(comparison.rows)
        if regimen in (None, row[REGIMEN]) and endpoint in (None, row[ENDPOINT])
    ]
    if not found:
        raise AnalysisError(f"there is no comparison of {regimen or 'any regimen'} ({endpoint or 'any endpoint'}).")
    return found


def panel_title(row: PlainMapping) -> str:
    """What one panel of several compares."""
    ending = f", {quantity(row[ENDPOINT], 'rate')}" if row[ENDPOINT] else ""
    return wrapped(f"{row[REGIMEN]} against {row['reference']}{ending}", 76)


def anchorings(rows: Sequence[tuple[int, PlainMapping]]) -> str:
    """How the contrasts of a figure are anchored, for its footnote."""
    found = {str(row["anchoring"]) for _, row in rows}
    if len(found) == 1:
        return found.pop().capitalize()
    return "; ".join(f"{row[REGIMEN]}: {row['anchoring']}" for _, row in rows)


def draws_of(comparison: Comparison, index: int) -> AnyArray:
    """The draws behind one row of a comparison."""
    return list(labelled_cells(comparison.draws))[index][1].ravel()


def scale_words(comparison: Comparison, row: PlainMapping) -> tuple[str, float, str]:
    """Axis label, factor for display and unit of a contrast."""
    name = quantity(row[ENDPOINT], comparison.estimand)
    if comparison.scale == "difference":
        if "proportion" in str(comparison.draws.attrs.get("unit", "")):
            return f"Difference in {name} (percentage points)", 100.0, "points"
        return f"Difference in {name} ({comparison.draws.attrs.get('unit', '')})", 1.0, ""
    return f"{'Odds ratio' if comparison.scale == 'odds_ratio' else 'Ratio'} of {name}", 1.0, ""


def difference(comparison: Comparison, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
    """Draw the posterior of each contrast with its probabilities written on it.

    Parameters
    ----------
    comparison : Comparison
    regimen, endpoint : str, optional
        Draw these only; otherwise one panel for every row of the comparison.

    Returns
    -------
    matplotlib.figure.Figure
        Ratios are drawn on a logarithmic axis.
    """
    rows = chosen_rows(comparison, regimen, endpoint)
    with house_style():
        alike = comparison.scale == "difference"
        height = 82 if len(rows) == 1 else 66
        figure, panels = new_figure(height, converged=comparison.converged, panels=len(rows), share=alike)
        for axes, (index, row) in zip(panels, rows, strict=True):
            _draw_panel(axes, comparison, index, row)
            if len(rows) > 1:
                axes.set_title(panel_title(row), fontweight="bold")
        first = rows[0][1]
        title = panel_title(first).replace("\n", " ") if len(rows) == 1 else f"Compared with {comparison.reference}"
        return finish(
            figure,
            title=title,
            footnote=f"{anchorings(rows)}. Curve: posterior density; bar: {100 * comparison.ci_prob:g} % "
            "equal-tailed credible interval.",
        )


def _curve(comparison: Comparison, index: int, row: PlainMapping) -> tuple[AnyArray, AnyArray]:
    """Grid and density of a contrast; of its logarithm for a ratio, as the axis shows it."""
    ratio = comparison.scale != "difference"
    draws = draws_of(comparison, index)
    finite = draws[np.isfinite(draws) & ((draws > 0) | (not ratio))]
    low, high = np.quantile(finite, [0.0005, 0.9995])
    known = comparison.marginals[index]
    size = _EXACT_POINTS if isinstance(known, BetaContrast) else _POINTS
    if ratio:
        grid = np.geomspace(max(low, row["lower"] / 3), min(high, row["upper"] * 3), size)
    else:
        grid = np.linspace(low, high, size)
    if isinstance(known, BetaContrast):
        shape = known.density(grid)
        return grid, shape * grid if ratio else shape
    return grid, density(np.log(finite), np.log(grid)) if ratio else density(finite, grid)


def _draw_panel(axes: Axes, comparison: Comparison, index: int, row: PlainMapping) -> None:
    label, factor, unit = scale_words(comparison, row)
    grid, shape = _curve(comparison, index, row)
    peak, at = float(shape.max()), grid * factor
    handles = _shade(axes, comparison, row, grid, shape, factor, unit)
    axes.plot(at, shape, color=BLACK, linewidth=1.2)
    axes.vlines(NULL_VALUE[comparison.scale] * factor, 0, 1.1 * peak, color=BLACK, linewidth=0.8)
    bar = -0.07 * peak
    ends = [row["lower"] * factor, row["upper"] * factor]
    axes.plot(ends, [bar, bar], color=BLACK, linewidth=1.4, solid_capstyle="butt")
    axes.plot(row["median"] * factor, bar, "o", color="white", markeredgecolor=BLACK, markersize=5.5)
    digits = 1 if factor == 100.0 else 2
    median, lower, upper = (minus(f"{row[k] * factor:.{digits}f}") for k in ("median", "lower", "upper"))
    axes.set_ylim(-0.42 * peak, (1.5 + 0.15 * len(handles)) * peak)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if comparison.scale != "difference":
        log_axis(axes, at)
    axes.text(
        0.5,
        -0.16 * peak,
        f"median {median} ({100 * row['ci_prob']:g} % CrI {lower} to {upper})",
        transform=axes.get_yaxis_transform(),
        ha="center",
        va="top",
    )
    axes.set_xlabel(label)
    higher = row["better"] == "higher"
    right, left = (row[REGIMEN], row["reference"]) if higher else (row["reference"], row[REGIMEN])
    style: Plain = {"xycoords": "axes fraction", "va": "top", "color": GREY}
    axes.annotate(wrapped(f"{right} better →", 52), (1.0, 0.995), ha="right", **style)
    axes.annotate(wrapped(f"← {left} better", 52), (0.0, 0.995), ha="left", **style)
    p = format_probability(row["probability_better"], row["mcse_probability"])
    said = f"P(better) {p}" if p[0] in "<>" else f"P(better) = {p}"
    said += " without bias" if allows_for_bias(row) else ""
    axes.annotate(said, (0.0, 0.9), xycoords="axes fraction", ha="left", va="top", fontweight="bold", fontsize=9)
    if handles:
        axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0.0, 0.83),
            frameon=False,
            handlelength=1.4,
            borderpad=0,
            borderaxespad=0,
        )


def _shade(
    axes: Axes, comparison: Comparison, row: PlainMapping, grid: AnyArray, shape: AnyArray, factor: float, unit: str
) -> list[Any]:
    """Shade margin and region of practical equivalence; returns the legend's handles."""
    at, handles = grid * factor, []
    axes.fill_between(at, 0, shape, color=SKY, alpha=0.25, linewidth=0)
    if row["margin"] is not None:
        cut = better_threshold(comparison.scale, row["better"], row["margin"])
        beyond = grid > cut if row["better"] == "higher" else grid < cut
        p = format_probability(row["probability_better_by_margin"], row["mcse_probability_by_margin"])
        size = f"{row['margin'] * factor:g} {unit}".strip()
        word = f"Better by {size} or more" if comparison.scale == "difference" else f"Better by a factor beyond {size}"
        handles.append(
            axes.fill_between(at, 0, shape, where=beyond, facecolor=BLUE, alpha=0.75, linewidth=0, label=f"{word}: {p}")
        )
        height = 1.1 * float(shape.max())
        axes.vlines(cut * factor, 0, height, color=BLUE, linewidth=0.9, linestyle=(0, (4, 2)))
    if row["rope"] is not None:
        inside = (grid >= row["rope"][0]) & (grid <= row["rope"][1])
        p = format_probability(row["probability_in_rope"], row["mcse_probability_in_rope"])
        limits = minus(f"{row['rope'][0] * factor:g} to {row['rope'][1] * factor:g} {unit}".strip())
        handles.append(
            axes.fill_between(
                at,
                0,
                shape,
                where=inside,
                facecolor=ORANGE,
                alpha=0.6,
                hatch="////",
                edgecolor="white",
                label=f"Practically equal ({limits}): {p}",
            )
        )
    return handles


def log_axis(axes: Axes, at: AnyArray) -> None:
    """A logarithmic axis labelled with plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    steps = [1, 2, 5] if at[-1] / at[0] < 200 else [1]
    ticks = [s * 10.0**e for e in range(-6, 7) for s in steps if at[0] <= s * 10.0**e <= at[-1]]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.set_xlim(at[0], at[-1])
