"""Forest plots of a synthesis: studies as published and shrunken, the pooled effect, the next trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.comparison import labelled_cells
from bayes_escc.distributions import normal_quantile
from bayes_escc.errors import AnalysisError
from bayes_escc.plots.intervals import quantiles_of
from bayes_escc.plots.style import BLACK, BLUE, GREY, SKY, VERMILION, finish, house_style, new_figure, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.posterior import Posterior

__all__ = ["plot_forest", "plot_interval_forest"]

Interval = tuple[float, float, float]
_RATIOS = ("hazard ratio", "odds ratio", "risk ratio")


@dataclass(frozen=True)
class _Line:
    """One line of a forest plot: intervals are (lower, middle, upper)."""

    label: str
    raw: Interval | None = None
    modelled: Interval | None = None
    weight: float = 0.0
    kind: str = "study"


def _interval(law: Any, draws: Any, ci: float) -> Interval:
    low, middle, high = quantiles_of(law, draws, [(1 - ci) / 2, 0.5, (1 + ci) / 2])
    return low, middle, high


def _modelled(posterior: Posterior, estimand: str) -> list[tuple[dict[str, Any], Interval]]:
    ci = posterior.analysis.ci_prob
    return [
        (labels, _interval(posterior.law_at(estimand, labels), draws.ravel(), ci))
        for labels, draws in labelled_cells(posterior.estimand(estimand))
    ]


def _lines(posterior: Posterior) -> list[_Line]:
    observed = posterior.tree["observed_data"].to_dataset()
    y, se = observed["y"].to_numpy(), observed["se"].to_numpy()
    ratio = posterior.estimand("effect").attrs["unit"] in _RATIOS
    natural = np.exp if ratio else np.asarray
    ci = posterior.analysis.ci_prob
    z = float(normal_quantile((1 + ci) / 2))
    weight = np.where(np.isfinite(se), se**-2.0, 0.0)
    lines = []
    for i, (labels, interval) in enumerate(_modelled(posterior, "study_effect")):
        raw = None
        if np.isfinite(se[i]):
            low, middle, high = (float(natural(v)) for v in (y[i] - z * se[i], y[i], y[i] + z * se[i]))
            raw = (low, middle, high)
        lines.append(_Line(str(labels["study"]), raw, interval, float(weight[i] / weight.max())))
    for labels, interval in _modelled(posterior, "effect"):
        name = ", ".join(str(v) for v in (labels["covariate"],) if v)
        lines.append(_Line(f"Pooled effect{': ' + name if name else ''}", None, interval, kind="pooled"))
    if "predicted_effect" in posterior.estimand_names:
        for labels, interval in _modelled(posterior, "predicted_effect"):
            name = ", ".join(str(v) for v in (labels["covariate"],) if v)
            lines.append(_Line(f"The next trial{': ' + name if name else ''}", None, interval, kind="predicted"))
    return lines


def _text(interval: Interval | None) -> str:
    if interval is None:
        return ""
    low, middle, high = interval
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def plot_forest(posterior: Posterior) -> Figure:
    """Draw the forest plot of a pairwise synthesis as journals print it.

    Grey squares are the studies as published, their area proportional to their information; blue
    circles are the studies as the model sees them; the diamond is the pooled effect and the
    dashed line the effect of the next trial. Limits beyond the axis end in an arrow.

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
        raise AnalysisError("a forest plot needs a pairwise synthesis; a network has plot_interval_forest and ranks.")
    lines = _lines(posterior)
    ci = 100 * posterior.analysis.ci_prob
    effect = posterior.estimand("effect")
    unit = str(effect.attrs["unit"])
    footnote = (
        f"Squares: studies as published, area by information, intervals brought to {ci:g} % and symmetric"
        f"{' on the log scale' if unit in _RATIOS else ''}. Circles: the same studies in the model, {ci:g} % credible "
        "interval. Diamond: pooled effect."
    )
    if any(line.kind == "predicted" for line in lines):
        footnote += " Dashed: effect of a new trial of the same kind."
    better = str(effect.attrs.get("better", ""))
    return _draw(
        lines, title=posterior.analysis.title, unit=unit, better=better,
        headings=("As published" if any(x.raw for x in lines) else "", "In the model"), footnote=footnote,
        converged=posterior.diagnostics.converged, sides=("experimental", "control"),
    )  # fmt: skip


def plot_interval_forest(
    rows: Sequence[tuple[str, Interval]], *, title: str, unit: str, better: str = "", highlight: Interval | None = None,
    footnote: str = "", converged: bool = True, sides: tuple[str, str] = ("experimental", "control"),
) -> Figure:  # fmt: skip
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
    lines = [_Line(label, None, interval) for label, interval in rows]
    return _draw(
        lines, title=title, unit=unit, better=better, headings=("", "In the model"), footnote=footnote,
        converged=converged, sides=sides, highlight=highlight,
    )  # fmt: skip


def _limits(lines: Sequence[_Line], ratio: bool) -> tuple[float, float]:
    """Axis limits that show every middle and most limits; the rest are clipped with arrows."""
    shown = [i for line in lines for i in (line.raw, line.modelled) if i is not None]
    values = np.array([v for i in shown for v in i])
    middles = np.array([i[1] for i in shown])
    if not ratio:
        low, high = np.quantile(values, 0.02), np.quantile(values, 0.98)
        pad = 0.08 * (high - low)
        return min(low, middles.min(), 0.0) - pad, max(high, middles.max(), 0.0) + pad
    logs, centre = np.log(values), np.log(middles)
    reach = max(1.6 * np.median(np.abs(logs)), np.abs(centre).max() + 0.15, 0.35)
    low, high = max(logs.min() - 0.06, -reach - 0.5), min(logs.max() + 0.06, reach + 0.5)
    return float(np.exp(min(low, -0.12))), float(np.exp(max(high, 0.12)))


def _draw(
    lines: Sequence[_Line], *, title: str, unit: str, better: str, headings: tuple[str, str], footnote: str,
    converged: bool, sides: tuple[str, str], highlight: Interval | None = None,
) -> Figure:  # fmt: skip
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ratio = unit in _RATIOS
    with house_style():
        figure, (axes,) = new_figure(38 + 8.2 * len(lines), converged=converged)
        left, right = _limits(lines, ratio)
        if ratio:
            axes.set_xscale("log")
        axes.set_xlim(left, right)
        axes.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=0.8, zorder=0)
        pooled = [x.modelled for x in lines if x.kind == "pooled" and x.modelled is not None]
        if len(pooled) == 1:  # with subgroups there is no one line to hold all studies against
            axes.axvline(pooled[0][1], color=SKY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
        if highlight is not None:
            axes.axvspan(highlight[0], highlight[2], color=SKY, alpha=0.2, linewidth=0, zorder=0)
        # columns in points beside the axis, as wide as their text, however narrow the labels leave the axis
        first, second = 8.0, 8.0
        if headings[0]:
            second += 12.0 + 3.9 * max(len(headings[0]) + 1, *(len(_text(x.raw)) for x in lines))
        beside: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
        heights = []
        for number, line in enumerate(lines):
            y = float(len(lines) - 1 - number)
            heights.append(y)
            _draw_line(axes, line, y, (left, right))
            weight = "normal" if line.kind == "study" else "bold"
            for x, text in ((first, _text(line.raw)), (second, _text(line.modelled))):
                if text:
                    axes.annotate(text, (1.0, y), xytext=(x, 0), fontsize=7.5, fontweight=weight, **beside)
        top = len(lines) - 0.25
        for x, text in ((first, headings[0]), (second, headings[1])):
            if text:
                axes.annotate(text, (1.0, top), xytext=(x, 0), fontsize=7.5, fontweight="bold", color=GREY, **beside)
        axes.set_yticks(heights, [wrapped(x.label, 30) for x in lines])
        for tick, line in zip(axes.get_yticklabels(), lines, strict=True):
            tick.set_fontweight("normal" if line.kind == "study" else "bold")
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.7, len(lines) + 0.1)
        axes.spines["left"].set_visible(False)
        if ratio:
            axes.xaxis.set_major_locator(FixedLocator(_ticks(left, right)))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axes.set_xlabel(unit[0].upper() + unit[1:] + (", logarithmic axis" if ratio else ""))
        if better in ("lower", "higher"):
            _favours(axes, 1.0 if ratio else 0.0, sides if better == "lower" else sides[::-1])
        return finish(figure, title=title, footnote=footnote)


def _favours(axes: Axes, null: float, sides: tuple[str, str]) -> None:
    """Say on both sides of no effect whom it favours, under the axis."""
    for text, offset, side in (
        (f"\N{LEFTWARDS ARROW} favours {sides[0]}", -7, "right"),
        (f"favours {sides[1]} \N{RIGHTWARDS ARROW}", 7, "left"),
    ):  # fmt: skip
        axes.annotate(
            text, (null, 0), xycoords=("data", "axes fraction"), xytext=(offset, -16), textcoords="offset points",
            ha=side, va="top", fontsize=7.5, annotation_clip=False,
        )  # fmt: skip
    axes.xaxis.labelpad = 15


def _ticks(left: float, right: float) -> list[float]:
    candidates = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0]
    found = [t for t in candidates if left <= t <= right]
    extra = [t for t in (0.6, 0.8, 0.9, 1.2) if left <= t <= right] if len(found) < 4 else []
    return sorted([*found, *extra])


def _draw_line(axes: Axes, line: _Line, y: float, limits: tuple[float, float]) -> None:
    both = line.raw is not None and line.modelled is not None
    if line.raw is not None:
        at = y + (0.16 if both else 0.0)
        _bar(axes, line.raw, at, limits, color=GREY, width=1.0)
        axes.scatter([line.raw[1]], [at], s=8 + 62 * line.weight, marker="s", color=GREY, zorder=3, linewidths=0)
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
        at = y - (0.16 if both else 0.0)
        _bar(axes, line.modelled, at, limits, color=BLUE, width=1.4)
        axes.plot(line.modelled[1], at, "o", color="white", markeredgecolor=BLUE, markersize=4.2, zorder=4)


def _bar(
    axes: Axes, interval: Interval, y: float, limits: tuple[float, float], *, color: str, width: float, style: Any = "-"
) -> None:
    low, high = max(interval[0], limits[0]), min(interval[2], limits[1])
    axes.plot([low, high], [y, y], color=color, linewidth=width, linestyle=style, solid_capstyle="butt", zorder=2)
    for clipped, x, marker in ((interval[0] < limits[0], low, "<"), (interval[2] > limits[1], high, ">")):
        if clipped:
            axes.plot(x, y, marker, color=color if color != BLACK else GREY, markersize=4.5, zorder=3, clip_on=False)
