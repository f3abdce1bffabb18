"""Posterior of one contrast, with margin and region of practical equivalence shaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.beta import contrast_density
from bayes_escc.comparison import NULL_VALUE, Comparison, better_threshold, labelled_cells
from bayes_escc.errors import AnalysisError
from bayes_escc.names import ENDPOINT, REGIMEN
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    density,
    finish,
    house_style,
    new_figure,
    quantity,
    wrapped,
)
from bayes_escc.text import format_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_difference"]


def choose_row(comparison: Comparison, regimen: str | None, endpoint: str | None) -> tuple[int, Mapping[str, Any]]:
    """The one row of a comparison that a figure shows."""
    found = [
        (i, row)
        for i, row in enumerate(comparison.rows)
        if regimen in (None, row[REGIMEN]) and endpoint in (None, row[ENDPOINT])
    ]
    if not found:
        raise AnalysisError(f"there is no comparison of {regimen or 'any regimen'} ({endpoint or 'any endpoint'}).")
    if len(found) > 1:
        names = "; ".join(", ".join(str(r[k]) for k in (REGIMEN, ENDPOINT) if r[k]) for _, r in found)
        raise AnalysisError(f"the comparison has several rows: choose one with regimen= (and endpoint=) from {names}.")
    return found[0]


def draws_of(comparison: Comparison, index: int) -> Any:
    """The draws behind one row of a comparison."""
    return list(labelled_cells(comparison.draws))[index][1].ravel()


def scale_words(comparison: Comparison, row: Mapping[str, Any]) -> tuple[str, float, str]:
    """Axis label, factor for display and unit of a contrast."""
    name = quantity(row[ENDPOINT], comparison.estimand)
    if comparison.scale == "difference":
        if "proportion" in str(comparison.draws.attrs.get("unit", "")):
            return f"Difference in {name} (percentage points)", 100.0, "points"
        return f"Difference in {name} ({comparison.draws.attrs.get('unit', '')})", 1.0, ""
    return f"{'Odds ratio' if comparison.scale == 'odds_ratio' else 'Ratio'} of {name}", 1.0, ""


def plot_difference(comparison: Comparison, *, regimen: str | None = None, endpoint: str | None = None) -> Figure:
    """Draw the posterior of a contrast with its probabilities written on it.

    Parameters
    ----------
    comparison : Comparison
    regimen, endpoint : str, optional
        Which row, if the comparison has several.

    Returns
    -------
    matplotlib.figure.Figure
        Ratios are drawn on a logarithmic axis.
    """
    index, row = choose_row(comparison, regimen, endpoint)
    draws = draws_of(comparison, index)
    label, factor, unit = scale_words(comparison, row)
    null = NULL_VALUE[comparison.scale]
    ratio = comparison.scale != "difference"
    finite = draws[np.isfinite(draws) & ((draws > 0) | (not ratio))]
    low, high = np.quantile(finite, [0.0005, 0.9995])
    if ratio:
        low, high = max(low, row["lower"] / 3), min(high, row["upper"] * 3)
        grid = np.geomspace(low, high, 400)
    else:
        grid = np.linspace(low, high, 400)
    law = comparison.laws[index] if comparison.laws is not None else None
    if law is not None:
        shape = contrast_density(*law, grid, comparison.scale)
    else:
        shape = density(np.log(finite), np.log(grid)) if ratio else density(finite, grid)
    if ratio and law is not None:
        shape = shape * grid  # density of the logarithm, as the axis shows
    peak = float(shape.max())
    with house_style():
        figure, axes = new_figure(82, converged=comparison.converged)
        at = grid * factor
        axes.fill_between(at, 0, shape, color=SKY, alpha=0.25, linewidth=0)
        p = format_probability(row["probability_better"], row["mcse_probability"])
        certainty = f"P(better) {p}" if p[0] in "<>" else f"P(better) = {p}"
        handles = []
        if row["margin"] is not None:
            cut = better_threshold(comparison.scale, row["better"], row["margin"])
            beyond = grid > cut if row["better"] == "higher" else grid < cut
            p = format_probability(row["probability_better_by_margin"], row["mcse_probability_by_margin"])
            size = f"{row['margin'] * factor:g} {unit}".strip()
            handles.append(
                axes.fill_between(
                    at, 0, shape, where=beyond, facecolor=BLUE, alpha=0.75, linewidth=0,
                    label=f"Better by {'more than ' if ratio else ''}{size}{'' if ratio else ' or more'}: {p}",
                )
            )  # fmt: skip
            axes.vlines(cut * factor, 0, 1.1 * peak, color=BLUE, linewidth=0.9, linestyle=(0, (4, 2)))
        if row["rope"] is not None:
            inside = (grid >= row["rope"][0]) & (grid <= row["rope"][1])
            p = format_probability(row["probability_in_rope"], row["mcse_probability_in_rope"])
            limits = f"{row['rope'][0] * factor:g} to {row['rope'][1] * factor:g} {unit}".strip().replace("-", "\u2212")
            handles.append(
                axes.fill_between(
                    at, 0, shape, where=inside, facecolor=ORANGE, alpha=0.6, hatch="////", edgecolor="white",
                    label=f"No difference in practice ({limits}): {p}",
                )
            )  # fmt: skip
        axes.plot(at, shape, color=BLACK, linewidth=1.2)
        axes.vlines(null * factor, 0, 1.1 * peak, color=BLACK, linewidth=0.8)
        bar = -0.07 * peak
        axes.plot(
            [row["lower"] * factor, row["upper"] * factor],
            [bar, bar],
            color=BLACK,
            linewidth=1.4,
            solid_capstyle="butt",
        )
        axes.plot(row["median"] * factor, bar, "o", color="white", markeredgecolor=BLACK, markersize=5.5)
        digits = 1 if factor == 100.0 else 2
        median, lower, upper = (
            f"{row[k] * factor:.{digits}f}".replace("-", "\u2212") for k in ("median", "lower", "upper")
        )
        interval = f"median {median} ({100 * row['ci_prob']:g} % CrI {lower} to {upper})"
        axes.annotate(
            interval, (row["median"] * factor, bar), xytext=(0, -7), textcoords="offset points", ha="center", va="top"
        )
        axes.set_ylim(-0.28 * peak, (1.5 + 0.15 * len(handles)) * peak)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if ratio:
            _log_axis(axes, at)
        axes.set_xlabel(label)
        higher = row["better"] == "higher"
        for side, name in (
            (1, row[REGIMEN] if higher else row["reference"]),
            (-1, row["reference"] if higher else row[REGIMEN]),
        ):
            text = wrapped(f"{name} better →" if side > 0 else f"← {name} better", 52)
            axes.annotate(
                text, (1.0 if side > 0 else 0.0, 0.995), xycoords="axes fraction", ha="right" if side > 0 else "left",
                va="top", color=GREY,
            )  # fmt: skip
        axes.annotate(
            certainty, (0.0, 0.9), xycoords="axes fraction", ha="left", va="top", fontweight="bold", fontsize=9
        )
        if handles:
            axes.legend(
                handles=handles, loc="upper left", bbox_to_anchor=(0.0, 0.83), frameon=False, handlelength=1.4,
                borderpad=0, borderaxespad=0,
            )  # fmt: skip
        return finish(
            figure, title=f"{row[REGIMEN]} against {row['reference']}",
            footnote=f"{row['anchoring'].capitalize()}. Curve: posterior density; bar: {100 * row['ci_prob']:g} % "
            "equal-tailed credible interval.",
        )  # fmt: skip


def _log_axis(axes: Any, at: Any) -> None:
    """A logarithmic axis labelled with plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    steps = [1, 2, 5] if at[-1] / at[0] < 200 else [1]
    ticks = [s * 10.0**e for e in range(-6, 7) for s in steps if at[0] <= s * 10.0**e <= at[-1]]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.set_xlim(at[0], at[-1])
