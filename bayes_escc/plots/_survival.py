"""Kaplan-Meier steps under the model's curves, with the numbers at risk beneath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.names import FIGURE_DATA, REGIMEN, AnyArray, Plain
from bayes_escc.plots.style import BLACK, BLUE, GREY, VERMILION, blank_figure, finish, house_style, wrapped

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["arm_styles", "figure_data", "survival", "time_ticks"]

_COLOURS: Final = (BLUE, VERMILION, "#009E73", "#CC79A7", BLACK, "#8A6D00")
_DASHES: Final = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), "-", (0, (3, 1)))
_STEPS: Final = {
    "days": (7, 14, 30, 60, 90, 180, 365, 730),
    "weeks": (1, 2, 4, 8, 13, 26, 52, 104),
    "months": (1, 2, 3, 6, 12, 24, 36),
    "years": (0.25, 0.5, 1, 2, 5),
}


def figure_data(posterior: Posterior) -> xr.Dataset:
    """Curves on a grid; refused where the family has none."""
    if FIGURE_DATA not in posterior.groups:
        raise AnalysisError("this posterior has no survival curves: it is not of a survival model of patients.")
    return posterior.groups[FIGURE_DATA]


def arm_styles(regimens: Iterable[object]) -> dict[str, Plain]:
    """Colour and line style of every regimen, the same in all figures."""
    return {
        str(r): {"color": _COLOURS[i % len(_COLOURS)], "linestyle": _DASHES[i % len(_DASHES)]}
        for i, r in enumerate(regimens)
    }


def time_ticks(last: float, unit: str) -> AnyArray:
    """Ticks at clinical steps, at most nine."""
    steps = _STEPS.get(unit, ())
    step = next((s for s in steps if last / s <= 9), max(1.0, last / 6))
    return np.arange(0.0, last + 1e-9, step)


def survival(posterior: Posterior) -> Figure:
    """Draw progression-free survival of every regimen: data, model and uncertainty.

    Parameters
    ----------
    posterior : Posterior
        Of a survival model.

    Returns
    -------
    matplotlib.figure.Figure
        Steps: Kaplan-Meier estimate, with a tick for every censored patient. Curve and ribbon: the
        model's survival, averaged over the target population, with its credible interval, as far
        as the regimen was followed. Beneath: patients at risk, and cumulative numbers censored and
        with event.
    """
    curves, observed = figure_data(posterior), posterior.observed
    regimens = [str(r) for r in curves[REGIMEN].to_numpy()]
    unit, ci = str(curves.attrs["time_unit"]), posterior.analysis.ci_prob
    stop, event, start = (observed[k].to_numpy() for k in ("time", "event", "entry"))
    member = observed["regimen_index"].to_numpy()
    last = float(stop.max())
    ticks = time_ticks(last, unit)
    styles = arm_styles(regimens)
    arms = [(stop[member == i], event[member == i] == 1, start[member == i]) for i in range(len(regimens))]
    corner = _empty_corner(curves, regimens, last, arms)
    with house_style():
        lines = 4 * len(regimens)
        figure = blank_figure(84 + 4.1 * lines, converged=posterior.diagnostics.converged)
        axes, table = figure.subplots(2, 1, sharex=True, height_ratios=[78, 4.1 * lines])
        for i, regimen in enumerate(regimens):
            _draw_arm(axes, curves, regimen, *arms[i], ci, styles[regimen], last)
            _key(axes, posterior, regimen, i, unit, styles[regimen], corner)
            if arms[i][0].size:  # the rest are known from papers alone
                _numbers(table, regimen, i, ticks, *arms[i], styles[regimen]["color"])
        axes.set_ylim(0, 1.02)
        axes.set_yticks(np.linspace(0, 1, 6), [f"{100 * v:.0f}" for v in np.linspace(0, 1, 6)])
        axes.set_ylabel("Progression-free (% of patients)")
        axes.set_xlim(0, last * 1.01)
        axes.set_xticks(ticks)
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(f"Time from start of treatment ({unit})")
        axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
        axes.set_axisbelow(True)
        table.set_ylim(lines, 0)
        table.axis("off")
        scans = bool((np.isfinite(observed["upper"]) & (observed["lower"] < observed["upper"])).any())
        dated = " Steps date progression at the scan that found it; the model does not." if scans else ""
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"Steps: Kaplan-Meier estimate, ticks: censored. Smooth line and ribbon: posterior median and "
            f"{100 * ci:g} % equal-tailed credible interval.{dated}",
        )


def _draw_arm(
    axes: Axes,
    curves: xr.Dataset,
    regimen: str,
    stop: AnyArray,
    event: AnyArray,
    start: AnyArray,
    ci: float,
    style: Plain,
    last: float,
) -> None:
    if stop.size:
        steps = kaplan_meier(stop, event, start)
        at = np.concatenate([[0.0], steps.time, [stop.max()]])
        axes.step(at, steps(at), where="post", linewidth=0.9, alpha=0.9, **style)
        ticks = stop[~event]
        axes.plot(ticks, steps(ticks), "|", color=style["color"], markersize=6, markeredgewidth=0.9)
    grid = curves["grid"].to_numpy()
    inside = grid <= (stop.max() if stop.size else last) * (1 + 1e-9)
    draws = curves["survival"].sel({REGIMEN: regimen}).to_numpy()[:, inside]
    low, middle, high = np.quantile(draws, [(1 - ci) / 2, 0.5, (1 + ci) / 2], axis=0)
    axes.fill_between(grid[inside], low, high, color=style["color"], alpha=0.16, linewidth=0)
    axes.plot(grid[inside], middle, color=style["color"], linestyle=style["linestyle"], linewidth=1.9)


def _empty_corner(curves: xr.Dataset, regimens: Sequence[str], last: float, arms: Any) -> tuple[float, float]:
    """Where the key begins, in shares of the panel: top right, or bottom left where curves stay high."""
    grid = curves["grid"].to_numpy()

    def heights(when: float) -> list[float]:
        i = int(np.argmin(np.abs(grid - when)))
        drawn = [float(np.median(curves["survival"].sel({REGIMEN: r}).to_numpy()[:, i])) for r in regimens]
        return drawn + [float(kaplan_meier(*arm)(np.array([when]))[0]) for arm in arms if arm[0].size]

    height = 0.13 * len(regimens)
    above, below = 1.0 - max(heights(0.45 * last)), min(heights(0.55 * last))
    return (0.02, height - 0.02) if above < height <= below else (0.45, 0.97)


def _key(
    axes: Axes,
    posterior: Posterior,
    regimen: str,
    row: int,
    unit: str,
    style: Plain,
    corner: tuple[float, float],
) -> None:
    """Name, median and hazard ratio of one regimen, in the empty corner of the panel."""
    ci = posterior.analysis.ci_prob
    levels = [(1 - ci) / 2, 0.5, (1 + ci) / 2]

    def told(name: str) -> str:
        draws = posterior.estimand(name).sel({REGIMEN: regimen}).to_numpy()
        low, middle, high = (f"{v:.2f}" if v < 10 else f"{v:.1f}" for v in np.quantile(draws, levels))
        return f"{middle} ({low} to {high})"

    text = f"median {told('median')} {unit}"
    if row > 0 and "hazard_ratio" in posterior.estimand_names and posterior.estimand("hazard_ratio").ndim == 3:
        text += f"; HR {told('hazard_ratio')}"
    x, y = corner[0], corner[1] - 0.13 * row
    axes.plot([x, x + 0.05], [y, y], transform=axes.transAxes, linewidth=1.9, **style)
    axes.text(x + 0.06, y, regimen, transform=axes.transAxes, va="center", color=style["color"], fontweight="bold")
    axes.text(x + 0.06, y - 0.052, text, transform=axes.transAxes, va="center", color=BLACK, fontsize=7.5)


def _numbers(
    table: Axes,
    regimen: str,
    index: int,
    ticks: AnyArray,
    stop: AnyArray,
    event: AnyArray,
    start: AnyArray,
    colour: str,
) -> None:
    """Rows of the table beneath the panel: at risk, censored and events by each tick."""
    top = 4 * index + 0.5
    table.text(
        -0.03,
        top,
        wrapped(regimen, 60),
        transform=table.get_yaxis_transform(),
        ha="left",
        va="center",
        color=colour,
        fontweight="bold",
    )
    rows = (
        ("At risk", at_risk(ticks, stop, start)),
        ("Censored", ((stop < ticks[:, None]) & ~event).sum(axis=1)),
        ("Events", ((stop < ticks[:, None]) & event).sum(axis=1)),
    )
    for offset, (name, values) in enumerate(rows, start=1):
        table.text(
            -0.03,
            top + offset,
            name,
            transform=table.get_yaxis_transform(),
            ha="right",
            va="center",
            color=GREY,
            fontsize=7.5,
        )
        for tick, value in zip(ticks, values, strict=True):
            table.text(tick, top + offset, f"{value}", ha="center", va="center", fontsize=7.5)
