"""Ten simulated trials of each truth on their way through the regions of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots._design import data_of, footnote_of, is_trusted, probability_axis
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, finish, house_style, new_figure, wrapped
from bayes_escc.rules.rule import CONTINUE, decide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["design_replays"]


def design_replays(result: Any) -> Figure:
    """Draw what a rule saw in ten trials of each truth, up to the look at which it acted.

    Parameters
    ----------
    result : DesignResult or mapping
        Of `Design.simulate`, or the content of its ``design.json``.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per truth; where the rule goes is blue, where it stops is hatched. Filled points are decisions.

    Raises
    ------
    AnalysisError
        If the rule is about counts, or every answer needs a fit.
    """
    data = data_of(result)
    replays = data.get("replays")
    if not replays:
        raise AnalysisError("the trials of this design are not replayed: its rule is about counts, or needs fits.")
    with house_style():
        figure, panels = new_figure(48, converged=is_trusted(data), panels=len(replays["paths"]), share=True)
        for axes, path in zip(panels, replays["paths"], strict=True):
            edge = _regions(axes, replays["thresholds"])
            _draw(axes, path, replays["thresholds"], edge)
            axes.set_title(wrapped(path["truth"], 70))
        panels[-1].set_xlabel(f"Look of {replays['rule']}")
        title = f"Ten trials of each truth: {data['design']['title']}"
        return finish(figure, title=title, footnote=footnote_of(data))


def _regions(axes: Axes, limits: list[PlainMapping]) -> float:
    """Shade where the rule goes and stops; returns the smallest probability drawn."""
    edge = probability_axis(axes, [v for held in limits for v in held.values()])
    for n, held in enumerate(limits, start=1):
        for low, high, colour, hatch in (
            (held.get("go_above", 1.0), 1.0, BLUE, ""),
            (0.0, held.get("stop_below", 0.0), ORANGE, "////"),
            (held.get("stop_above", 1.0), 1.0, ORANGE, "////"),
        ):
            if high > low:
                bottom, top = max(low, edge), min(high, 1.0 - edge)
                axes.fill_between([n - 0.5, n + 0.5], bottom, top, fc=colour, alpha=0.25, hatch=hatch, ec="white", lw=0)
    axes.set_xticks(range(1, len(limits) + 1))
    axes.set_xlim(0.5, len(limits) + 0.5)
    return edge


def _draw(axes: Axes, path: PlainMapping, limits: list[PlainMapping], edge: float) -> None:
    for i, values in enumerate(path["statistic"]):
        shown, acted = _until_it_acts(values, limits)
        at = [n + 0.045 * (i - 4.5) for n in range(1, len(shown) + 1)]
        known = np.clip([np.nan if v is None else v for v in shown], 1.5 * edge, 1.0 - 1.5 * edge)
        axes.plot(at, known, color=GREY, lw=0.8, marker="o", ms=3, mfc="white")
        if acted:
            axes.plot(at[-1:], known[-1:], marker="o", ms=4, color=BLACK, ls="")


def _until_it_acts(values: list[float | None], limits: list[PlainMapping]) -> tuple[list[float | None], bool]:
    """The statistic up to the first look at which the rule acts, and whether it does."""
    for i, (value, held) in enumerate(zip(values, limits, strict=True)):
        if value is not None and decide(np.array(value), held) != CONTINUE:
            return values[: i + 1], True
    return values, False
