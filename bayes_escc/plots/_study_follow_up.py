"""Accrual and follow-up of a study: patients and events cut by cut, and every patient's course, without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots._survival import arm_styles, time_ticks
from bayes_escc.plots.looks import looks_of
from bayes_escc.plots.style import BLACK, GREY, blank_figure, finish, house_style, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["study_follow_up"]

_MOST_MM = 190.0


def study_follow_up(history: PlainMapping, courses: Sequence[PlainMapping], unit: str) -> Figure:
    """Draw accrual above, and below one bar per patient: how long followed, what was added last, and how it ended.

    Parameters
    ----------
    history : mapping
        `Study.history()`.
    courses : sequence of mapping
        One per patient, without identifier: regimen, last (end of follow-up), event, before (its end one cut ago).
    unit : str
        Of the times.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.lines import Line2D

    if not courses:
        raise AnalysisError("this study follows no patients over time, so there is no follow-up to draw.")
    looks = looks_of(history)
    regimens = list(dict.fromkeys(c["regimen"] for c in courses))
    styles = arm_styles(regimens)
    ordered = [c for r in regimens for c in sorted((c for c in courses if c["regimen"] == r), key=lambda c: -c["last"])]
    height = float(min(_MOST_MM, max(50.0, 2.3 * len(ordered) + 20.0)))
    with house_style():
        figure = blank_figure(height + 52, converged=True)
        above, below = figure.subplots(2, 1, height_ratios=[40, height])
        x = np.arange(len(looks))
        for key, marker, colour, dash in (("patients", "o", BLACK, "-"), ("events", "s", GREY, "--")):
            above.plot(
                x,
                [look["fit"][key] for look in looks],
                marker=marker,
                markersize=4,
                color=colour,
                linestyle=dash,
                label=key,
            )
        every = -(-len(looks) // 14)
        above.set_xticks(x[::every], [str(look["fit"]["snapshot"]) for look in looks][::every])
        above.set_ylim(bottom=0)
        above.set_xlabel("Data cut")
        above.set_ylabel("Number")
        above.legend(loc="best", frameon=False)
        thick = float(np.clip(0.62 * height / len(ordered) * 2.83, 0.4, 4.0))
        for i, course in enumerate(ordered):
            colour = styles[course["regimen"]]["color"]
            below.plot([0, course["last"]], [i, i], color=colour, linewidth=thick, alpha=0.45, solid_capstyle="butt")
            if course["before"] is not None and course["before"] < course["last"]:
                below.plot(
                    [course["before"], course["last"]], [i, i], color=colour, linewidth=thick, solid_capstyle="butt"
                )
            mark = {"marker": "X", "color": BLACK} if course["event"] else {"marker": ">", "color": colour}
            size = float(np.clip(2.2 * thick, 1.5, 5.0))
            below.plot([course["last"]], [i], linestyle="none", markersize=size, markeredgewidth=0, **mark)
        longest = max(c["last"] for c in ordered)
        below.set_ylim(len(ordered) - 0.3, -0.7)
        below.set_xlim(0, 1.03 * longest if longest > 0 else 1.0)
        below.set_xticks(time_ticks(longest, unit) if longest > 0 else [0])
        below.set_xlabel(f"Time since start ({unit})")
        below.set_yticks([])
        start = 0
        for regimen in regimens:
            count = sum(c["regimen"] == regimen for c in ordered)
            room = max(10, int(count * height / len(ordered) / 1.9))
            below.annotate(
                wrapped(f"{regimen} ({count})", room),
                (0, start + (count - 1) / 2),
                xytext=(-4, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                rotation=90,
                color=BLACK,
                annotation_clip=False,
            )
            start += count
        handles = [
            Line2D([], [], color=GREY, linewidth=4, alpha=0.45, label="followed before"),
            Line2D([], [], color=GREY, linewidth=4, label="added by the last cut"),
            Line2D([], [], color=BLACK, marker="X", linestyle="none", markersize=5, label="event"),
            Line2D([], [], color=GREY, marker=">", linestyle="none", markersize=5, label="followed on"),
        ]
        below.legend(handles=handles, loc="lower right", frameon=False)
        return finish(
            figure,
            title="Accrual and follow-up",
            footnote="One bar per patient, in order of length within each regimen; patients are not named.",
        )
