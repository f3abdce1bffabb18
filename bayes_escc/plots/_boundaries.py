"""The boundaries of a decision rule, with the path of the study through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.plots.style import BLACK, BLUE, GREY, VERMILION, finish, house_style, new_figure, wrapped
from bayes_escc.rules import BoundaryTable, Rule
from bayes_escc.rules import boundaries as boundaries_of
from bayes_escc.rules.boundaries import BoundaryRow, in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["boundaries"]

_LABELLED = 12
"""Most looks whose boundaries are written beside the bars."""
_DOTTED = ("Dotted: every patient an event.", "Dotted: as many events in either arm.")
_STOP, _GO = "#F3C6B2", "#BBD9EE"


def boundaries(rule: Rule, looks: Sequence[Any] | None = None, *, path: Sequence[tuple[int, ...]] = ()) -> Figure:
    """Draw the counts that stop and go at each look.

    Parameters
    ----------
    rule : Rule
        Of one arm, with one endpoint or two (a panel each); or of two arms.
    looks : sequence, optional
        The rule's schedule if not given.
    path : sequence of (int, ...)
        The study so far, a point for each look: evaluable patients and events (of every endpoint). For two
        arms: events of the reference and of the regimen.

    Returns
    -------
    matplotlib.figure.Figure
        Stop regions are hatched, so that they can be told apart in grey.

    Raises
    ------
    AnalysisError
        If the rule cannot be enumerated.
    """
    table = boundaries_of(rule, looks)
    with house_style():
        if rule.arms == 2:
            figure, (axes,) = new_figure(95, converged=True)
            _draw_two_arms(axes, table, path)
        else:
            counted = list(dict.fromkeys(row.counted for row in table.rows))
            figure, panels = new_figure(78, converged=True, panels=len(counted))
            for i, (axes, name) in enumerate(zip(panels, counted, strict=True)):
                rows = [row for row in table.rows if row.counted == name]
                words = ("stop", "go") if len(counted) == 1 else ("fails", "holds")
                _draw_counts(axes, rows, [(p[0], p[1 + i]) for p in path], words)
                what = name if len(counted) > 1 else rule.endpoint or "events"
                axes.set_ylabel("Events" if what == "events" else f"Events ({what.replace('_', ' ')})")
            panels[-1].set_xlabel("Evaluable patients")
        return finish(
            figure,
            title=f"Decision boundaries: {rule.name.replace('_', ' ')}",
            footnote=f"{rule.sentence} {_DOTTED[rule.arms - 1]}",
        )


def _draw_counts(
    axes: Axes, rows: Sequence[BoundaryRow], path: Sequence[tuple[int, int]], words: tuple[str, str]
) -> None:
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    at = [row.patients[0] for row in rows]
    gap = float(np.diff(at).min()) if len(at) > 1 else max(4.0, at[0] / 4)
    width, top = 0.4 * gap, max(at)
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    edges = [k for _, k in path]
    for row in rows:
        n = row.patients[0]
        for ranges, colour, hatch, edge in ((row.stop, _STOP, "/////", VERMILION), (row.go, _GO, None, BLUE)):
            for low, high in ranges:
                axes.bar(
                    n,
                    high - low + 1,
                    width,
                    bottom=low - 0.5,
                    color=colour,
                    hatch=hatch,
                    edgecolor=edge,
                    linewidth=0.6,
                    zorder=2,
                )
                inner, above = (high, False) if low == 0 else (low, True)
                edges.append(inner)
                if len(rows) <= _LABELLED and len(ranges) == 1 and high - low < n:
                    said = in_words(ranges, n).replace("<=", "\u2264").replace(">=", "\u2265")
                    axes.annotate(
                        said,
                        (n + width / 2, inner + (-0.5 if above else 0.5)),
                        (2, 1 if above else -1),
                        textcoords="offset points",
                        va="bottom" if above else "top",
                        fontsize=7,
                    )
    handles: list[Any] = [
        Patch(facecolor=_STOP, hatch="/////", edgecolor=VERMILION, linewidth=0.6, label=words[0]),
        Patch(facecolor=_GO, edgecolor=BLUE, linewidth=0.6, label=words[1]),
    ]
    shown = [h for h, used in zip(handles, (any(r.stop for r in rows), any(r.go for r in rows)), strict=True) if used]
    if path:
        x, y = zip(*path, strict=True)
        shown += axes.plot(x, y, "o-", color=BLACK, markerfacecolor="white", markersize=5, zorder=4, label="this study")
    axes.legend(handles=shown, loc="upper left", frameon=False)
    axes.set_ylim(-0.5, min(top + 0.5, max([0.45 * top, *(1.35 * k + 3 for k in edges)])))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if len(at) <= _LABELLED:
        axes.set_xticks(at)
    axes.set_xlim(0, top + 0.9 * gap)


def _draw_two_arms(axes: Axes, table: BoundaryTable, path: Sequence[tuple[int, ...]]) -> None:
    rule = table.rule
    looks = list(dict.fromkeys(row.patients for row in table.rows))
    shades = np.linspace(0.25, 1.0, len(looks))
    for look, shade in zip(looks, shades, strict=True):
        rows = [row for row in table.rows if row.patients == look]
        for attribute, colour, style in (("go", BLUE, "-"), ("stop", VERMILION, (0, (3, 1.5)))):
            points = [(row.reference_events, _edge(getattr(row, attribute), look[0])) for row in rows]
            known = [(k, s) for k, s in points if s is not None]
            if not known:
                continue
            x, y = zip(*known, strict=True)
            axes.plot(x, y, linestyle=style, color=colour, alpha=float(shade), linewidth=1.3)
            axes.annotate(
                "/".join(map(str, look)) if look[0] != look[1] else str(look[0]),
                (x[-1], y[-1]),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=colour,
            )
    most = max(max(look) for look in looks)
    axes.plot([0, most], [0, most], color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    if path:
        x, y = zip(*path, strict=True)
        axes.plot(x, y, "o-", color=BLACK, markerfacecolor="white", markersize=5)
    axes.plot([], [], color=BLUE, label="go on this side or beyond (numbers: patients per arm)")
    if any(row.stop for row in table.rows):
        axes.plot([], [], color=VERMILION, linestyle=(0, (3, 1.5)), label="stop on this side or beyond")
    axes.legend(loc="upper left", frameon=False)
    axes.set_xlabel(wrapped(f"Events, {rule.reference or 'reference'}", 90))
    axes.set_ylabel(wrapped(f"Events, {rule.regimen or 'regimen'}", 40))
    axes.set_xlim(-0.5, most + 1.5)
    axes.set_ylim(-0.5, most * 1.12)


def _edge(ranges: Sequence[tuple[int, int]], most: int) -> int | None:
    """The count nearest the undecided ones."""
    if not ranges:
        return None
    low, high = ranges[0] if ranges[0][0] == 0 and ranges[0][1] < most else ranges[-1]
    return high if low == 0 else low
