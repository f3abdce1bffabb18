"""What each data cut of a study changed, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots.style import BLACK, GREY, VERMILION, finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["study_changes"]


def study_changes(history: PlainMapping, harmless: Sequence[str]) -> Figure:
    """Draw how many patients changed in each data cut, and how.

    Parameters
    ----------
    history : mapping
        `Study.history()`.
    harmless : sequence of str
        Kinds that pass without a word; the others are framed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Rectangle

    cuts = [entry for entry in history["entries"] if entry["changes"]]
    if not cuts:
        raise AnalysisError("this study has no data cut yet, so nothing changed.")
    present = {kind for entry in cuts for kind in entry["changes"]}
    kinds = [k for k in harmless if k in present] + sorted(present - set(harmless))
    counts = np.array([[entry["changes"].get(kind, 0) for entry in cuts] for kind in kinds])
    with house_style():
        figure, (axes,) = new_figure(28 + 7.5 * len(kinds), converged=True)
        shade = np.sqrt(counts / max(1, counts.max()))
        axes.imshow(shade, cmap="Greys", vmin=0, vmax=1.8, aspect="auto", interpolation="nearest")
        for i, kind in enumerate(kinds):
            for j in range(len(cuts)):
                if counts[i, j]:
                    axes.text(j, i, str(counts[i, j]), ha="center", va="center", color=BLACK, fontsize=8)
                    if kind not in harmless:
                        frame = Rectangle(
                            (j - 0.46, i - 0.44), 0.92, 0.88, fill=False, edgecolor=VERMILION, linewidth=1.4
                        )
                        axes.add_patch(frame)
        axes.set_yticks(range(len(kinds)), kinds)
        labels = [f"{e['snapshot']}{'w' if e['action'] == 'withdraw' else ''}\n{e['at'][:10]}" for e in cuts]
        every = -(-len(cuts) // 16)
        narrow = len(cuts) > 9
        shown = range(0, len(cuts), every)
        axes.set_xticks(list(shown), [labels[j].split("\n")[0] if narrow else labels[j] for j in shown])
        axes.set_xlabel("Data cut (w: withdrawal)")
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(-0.5, len(cuts)), minor=True)
        axes.set_yticks(np.arange(-0.5, len(kinds)), minor=True)
        axes.grid(which="minor", color="#DDDDDD", linewidth=0.6)
        axes.tick_params(which="minor", length=0)
        for side in axes.spines.values():
            side.set_color(GREY)
        return finish(
            figure,
            title="What each data cut changed",
            footnote="Changes by kind; arms, in a study of counts. Framed: past facts rewritten, each acknowledged "
            "by a person; a patient who withdraws is erased.",
        )
