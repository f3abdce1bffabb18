"""A finished figure in Chinese: every text that the catalogue of the report holds, laid out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_escc.plots.style import house_style, wrapped
from bayes_escc.report.chinese import Names, figure_in_chinese
from bayes_escc.report.layout import display_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["with_chinese_texts"]


def with_chinese_texts(figure: Figure, *, own: Names = frozenset()) -> Figure:
    """The figure with its texts in Chinese; names of regimens and studies stay as they are.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Changed in place.
    own : frozenset of str
        What a person wrote, such as regimens and the title of the analysis: never translated.
    """
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    with house_style():
        figure.draw_without_rendering()  # labels of ticks are not known before
        for axes in (a for a in figure.findobj(Axes) if a.axison):
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [t for t in axis.get_major_ticks() if t.label1.get_visible() and low <= t.get_loc() <= high]
                labels = {tick.get_loc(): tick.label1.get_text() for tick in ticks}
                translated = {p: _translated(label, own) for p, label in labels.items()}
                if translated != labels:
                    axis.set_ticks(list(translated), list(translated.values()))
        for text in figure.findobj(Text):
            said = text.get_text()
            if (chinese := _translated(said, own)) != said:
                text.set_text(chinese)
    return figure


def _translated(text: str, own: Names) -> str:
    """A text in Chinese, broken into lines no longer than it had."""
    said = figure_in_chinese(text, own)
    if said == text:
        return text
    return wrapped(said, max(display_width(line) for line in text.split("\n"))) if "\n" in text else said
