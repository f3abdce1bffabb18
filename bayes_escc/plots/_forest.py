"""Forest plots of a synthesis: studies as published and shrunken, the pooled effect, the next trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.plots.forest_lines import RATIOS, Interval, Line, heterogeneity_of, lines_of, origin_of
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    VERMILION,
    finish,
    house_style,
    minus,
    new_figure,
    wrapped,
)
from bayes_escc.settings.questions import is_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["forest", "interval_forest"]

_SIZE: Final = 7.0
_GAP: Final = 7.0
"""Points between two columns of text."""


def forest(posterior: Posterior) -> Figure:
    """Draw the forest plot of a pairwise synthesis as journals print it.

    Grey squares are the studies as published, their area proportional to their information; blue
    circles are the studies as the model sees them; the diamond is the pooled effect and the
    dashed line the effect of the next trial. Limits beyond the axis end in an arrow. Patients (and
    events, where they are known) stand beside the names.

    Parameters
    ----------
    posterior : Posterior
        Of a synthesis without network.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    AnalysisError
        If the posterior is of another family or of a network.
    """
    if "study_effect" not in posterior.estimand_names or "regimen" in posterior.estimand("effect").dims:
        raise AnalysisError("a forest plot needs a pairwise synthesis; a network has interval_forest and ranks.")
    lines = lines_of(posterior)
    ci = 100 * posterior.analysis.ci_prob
    effect = posterior.estimand("effect")
    unit = str(effect.attrs["unit"])
    heading, origin = origin_of(posterior, unit)
    footnote = (
        f"Squares: studies {origin}, area by information, intervals brought to {ci:g} % and symmetric"
        f"{' on the log scale' if unit in RATIOS else ''}. Circles: the same studies in the model, {ci:g} % credible "
        "interval. Diamond: pooled effect."
    )
    if any(line.share for line in lines):
        footnote += " Weight: share of a study in the information on the pooled effect, at the median of tau."
    if any(line.kind == "predicted" for line in lines):
        footnote += " Dashed: effect of a new trial of the same kind."
    return _draw(
        lines,
        title=posterior.analysis.title,
        unit=unit,
        better=str(effect.attrs.get("better", "")),
        headings=(heading if any(x.raw for x in lines) else "", "In the model"),
        footnote=heterogeneity_of(posterior) + footnote,
        converged=posterior.diagnostics.converged,
        sides=("experimental", "control"),
    )


def interval_forest(
    rows: Sequence[tuple[str, Interval]],
    *,
    title: str,
    unit: str,
    better: str = "",
    highlight: Interval | None = None,
    footnote: str = "",
    converged: bool = True,
    sides: tuple[str, str] = ("experimental", "control"),
) -> Figure:
    """Draw labelled intervals, one per line, for example the pooled effect without each study.

    Parameters
    ----------
    rows : sequence of (str, (lower, middle, upper))
    title, unit, footnote : str
    better : {"lower", "higher", ""}
    highlight : (lower, middle, upper), optional
        Shaded behind all lines, for example the result of the full analysis.
    converged : bool
    sides : (str, str)
        Whom the better and the other side of the axis favour.
    """
    lines = [Line(label, None, interval) for label, interval in rows]
    return _draw(
        lines,
        title=title,
        unit=unit,
        better=better,
        headings=("", "Median (CrI)"),
        footnote=footnote,
        converged=converged,
        sides=sides,
        highlight=highlight,
    )


def _decimals(lines: Sequence[Line], ratio: bool) -> int:
    """Decimals that tell the estimates of a figure apart."""
    middles = [abs(i[1]) for line in lines for i in (line.raw, line.modelled) if i is not None]
    if ratio:
        return 2
    return 3 if max(middles) < 0.1 else 1 if max(middles) >= 10 else 2


def _text(interval: Interval | None, decimals: int) -> str:
    if interval is None:
        return ""

    def shown(value: float) -> str:
        rounded = round(value, decimals) + 0.0  # no minus zero
        return minus(f"{value:.0f}" if abs(value) >= 100 else f"{rounded:.{decimals}f}")

    low, middle, high = (shown(v) for v in interval)
    return f"{middle} ({low} to {high})"


def _limits(lines: Sequence[Line], ratio: bool) -> tuple[float, float]:
    """Axis limits that show every modelled middle and most limits; the rest are clipped with arrows."""
    scale = np.log if ratio else np.asarray
    shown = np.array([scale(i) for line in lines for i in (line.raw, line.modelled) if i is not None])
    middles = scale(np.array([line.modelled[1] for line in lines if line.modelled is not None]))
    reach = 2.5 * float(np.median(shown[:, 2] - shown[:, 0])) / 2.0
    low = max(float(shown[:, 0].min()), float(middles.min()) - reach)
    high = min(float(shown[:, 2].max()), float(middles.max()) + reach)
    low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.06 * (high - low)
    low, high = low - pad, high + pad
    return (float(np.exp(low)), float(np.exp(high))) if ratio else (low, high)


def _widest(texts: Sequence[str], figure: Figure, weight: str = "normal") -> float:
    """Width of the widest line of some texts, in points."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    probe = figure.text(0, 0, "", fontsize=_SIZE, fontweight=weight)
    widths = [0.0]
    for text in texts:
        probe.set_text(text)
        widths.append(probe.get_window_extent(renderer).width * 72.0 / figure.dpi)
    probe.remove()
    return max(widths)


def _draw(
    lines: Sequence[Line],
    *,
    title: str,
    unit: str,
    better: str,
    headings: tuple[str, str],
    footnote: str,
    converged: bool,
    sides: tuple[str, str],
    highlight: Interval | None = None,
) -> Figure:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ratio = is_ratio(unit)
    cells = [c for c in (0, 1) if any(line.cells[c] for line in lines)]
    labels = [wrapped(x.label, 26 if cells else 32) for x in lines]
    base = (6.0 if len(lines) <= 22 else 5.0) + (1.6 if any(x.raw for x in lines) and len(lines) <= 22 else 0.0)
    heights = np.array([max(base, 2.0 + 3.1 * (label.count("\n") + 1)) for label in labels]) / base
    places = heights.sum() - np.cumsum(heights) + 0.5 * heights
    with house_style():
        figure, (axes,) = new_figure(38 + base * float(heights.sum() + 0.8), converged=converged)
        left, right = _limits(lines, ratio)
        if ratio:
            axes.set_xscale("log")
        axes.set_xlim(left, right)
        axes.set_ylim(-0.4, float(heights.sum()) + 0.8)
        axes.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=0.8, zorder=0)
        pooled = [x.modelled for x in lines if x.kind == "pooled" and x.modelled is not None]
        if len(pooled) == 1:
            axes.axvline(pooled[0][1], color=SKY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
        if highlight is not None:
            axes.axvspan(highlight[0], highlight[2], color=SKY, alpha=0.2, linewidth=0, zorder=0)
        for y, line in zip(places, lines, strict=True):
            _draw_line(axes, line, float(y), (left, right))
        _columns(
            figure, axes, lines, labels, places, float(heights.sum()) + 0.35, headings, _decimals(lines, ratio), cells
        )
        axes.spines["left"].set_visible(False)
        if ratio:
            axes.xaxis.set_major_locator(FixedLocator(_ticks(left, right)))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        else:
            axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(unit[0].upper() + unit[1:] + (" (log axis)" if ratio else ""))
        if better in ("lower", "higher"):
            _favours(axes, 1.0 if ratio else 0.0, sides if better == "lower" else sides[::-1])
        return finish(figure, title=title, footnote=footnote)


def _columns(
    figure: Figure,
    axes: Axes,
    lines: Sequence[Line],
    labels: Sequence[str],
    places: Any,
    top: float,
    headings: tuple[str, str],
    decimals: int,
    cells: Sequence[int],
) -> None:
    """Names and patients left of the axis, numbers right of it, in columns as wide as their texts."""

    def put(text: str, x: float, y: float, offset: float, align: str, weight: str, color: str = BLACK) -> None:
        axes.annotate(
            text,
            (x, y),
            xycoords=("axes fraction", "data"),
            xytext=(offset, 0),
            textcoords="offset points",
            ha=align,
            va="center",
            fontsize=_SIZE,
            fontweight=weight,
            color=color,
            annotation_clip=False,
        )

    weights = ["normal" if line.kind == "study" else "bold" for line in lines]
    offset = _GAP
    for column in reversed(cells):
        heading = ("Experi-\nmental", "Control")[column]
        width = _widest([heading, *(line.cells[column] for line in lines)], figure, "bold")
        put(heading, 0.0, top, -offset, "right", "bold", GREY)
        for line, y in zip(lines, places, strict=True):
            if line.cells[column]:
                put(line.cells[column], 0.0, float(y), -offset, "right", "normal")
        offset += width + _GAP
    axes.set_yticks(list(places), list(labels), fontsize=_SIZE)
    axes.tick_params(axis="y", length=0, pad=offset + _widest(labels, figure, "bold"))
    for tick, weight in zip(axes.get_yticklabels(), weights, strict=True):
        tick.set_fontweight(weight)
        tick.set_horizontalalignment("left")
    offset = _GAP
    for heading, part in zip(headings, ("raw", "modelled"), strict=True):
        if not heading:
            continue
        texts = [_text(getattr(line, part), decimals) for line in lines]
        put(heading, 1.0, top, offset, "left", "bold", GREY)
        for text, y, weight in zip(texts, places, weights, strict=True):
            if text:
                put(text, 1.0, float(y), offset, "left", weight)
        bold = [t for t, weight in zip(texts, weights, strict=True) if weight == "bold"]
        offset += max(_widest([heading, *bold], figure, "bold"), _widest(texts, figure)) + _GAP
    if any(line.share for line in lines):
        put("Weight", 1.0, top, offset, "left", "bold", GREY)
        for line, y in zip(lines, places, strict=True):
            put(line.share, 1.0, float(y), offset, "left", "normal")


def _favours(axes: Axes, null: float, sides: tuple[str, str]) -> None:
    """Say on both sides of no effect whom it favours, under the axis."""
    for text, offset, side in (
        (f"\N{LEFTWARDS ARROW} favours {sides[0]}", -7, "right"),
        (f"favours {sides[1]} \N{RIGHTWARDS ARROW}", 7, "left"),
    ):
        axes.annotate(
            text,
            (null, 0),
            xycoords=("data", "axes fraction"),
            xytext=(offset, -16),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=_SIZE,
            annotation_clip=False,
        )
    axes.xaxis.labelpad = 15


def _ticks(left: float, right: float) -> list[float]:
    """Round ratios inside the limits, as many as stand clear of each other."""
    levels = (
        (1.0,),
        (1.0, 3.0),
        (1.0, 2.0, 5.0),
        (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
        (1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0),
    )
    chosen = [1.0]
    for steps in levels:
        found = sorted(
            {round(s * 10.0**e, 10) for e in range(-6, 7) for s in steps if left <= s * 10.0**e <= right} | {1.0}
        )
        apart = np.diff(np.log(found)) / np.log(right / left)
        if len(found) > 1 and apart.min() < 0.11:
            break
        chosen = found
    return chosen


def _draw_line(axes: Axes, line: Line, y: float, limits: tuple[float, float]) -> None:
    both = line.raw is not None and line.modelled is not None
    if line.raw is not None:
        at = y + (0.17 if both else 0.0)
        _bar(axes, line.raw, at, limits, color=GREY, width=1.0)
        if limits[0] <= line.raw[1] <= limits[1]:
            axes.scatter([line.raw[1]], [at], s=5 + 50 * line.weight, marker="s", color=GREY, zorder=3, linewidths=0)
    if line.modelled is None:
        return
    if line.kind == "pooled":
        low, middle, high = line.modelled
        inside = [min(max(v, limits[0]), limits[1]) for v in (low, middle, high)]
        axes.fill(
            [inside[0], inside[1], inside[2], inside[1]], [y, y + 0.3, y, y - 0.3], color=BLUE, zorder=3, linewidth=0
        )
    elif line.kind == "predicted":
        _bar(axes, line.modelled, y, limits, color=VERMILION, width=1.6, style=(0, (4, 2)))
        axes.plot(line.modelled[1], y, "|", color=VERMILION, markersize=8, markeredgewidth=1.6, zorder=3)
    else:
        at = y - (0.17 if both else 0.0)
        _bar(axes, line.modelled, at, limits, color=BLUE, width=1.3)
        axes.plot(line.modelled[1], at, "o", color="white", markeredgecolor=BLUE, markersize=3.8, zorder=4)


def _bar(
    axes: Axes, interval: Interval, y: float, limits: tuple[float, float], *, color: str, width: float, style: Any = "-"
) -> None:
    low, high = (min(max(v, limits[0]), limits[1]) for v in (interval[0], interval[2]))
    axes.plot([low, high], [y, y], color=color, linewidth=width, linestyle=style, solid_capstyle="butt", zorder=2)
    for clipped, x, marker in ((interval[0] < limits[0], low, "<"), (interval[2] > limits[1], high, ">")):
        if clipped:
            axes.plot(x, y, marker, color=color, markersize=4.2, zorder=3, clip_on=False)
