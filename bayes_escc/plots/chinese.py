"""A finished figure in Chinese, or in the words of its endpoint: every text that is said otherwise, laid out again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bayes_escc.plots.style import house_style, wrapped
from bayes_escc.report.chinese import Names, figure_in_chinese
from bayes_escc.report.endpoint_words import of_endpoint
from bayes_escc.report.layout import display_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["names_of", "with_chinese_texts", "with_endpoint_texts"]


def with_chinese_texts(figure: Figure, *, own: Names = frozenset(), known: Mapping[str, str] | None = None) -> Figure:
    """The figure with its texts in Chinese; names of regimens and studies stay as they are.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Changed in place.
    own : frozenset of str
        What a person wrote, such as regimens and the title of the analysis: never translated.
    known : mapping of str to str, optional
        Sentences that no catalogue holds, with which a text may begin, in Chinese: a decision rule.
    """

    def say(text: str) -> str:
        plain = " ".join(text.split())
        for english, chinese in (known or {}).items():
            if plain.startswith(english):
                return chinese + figure_in_chinese(plain.removeprefix(english).strip(), own)
        return figure_in_chinese(text, own)

    return _with_texts(figure, say)


def with_endpoint_texts(figure: Figure, endpoint: str, *, own: Names = frozenset()) -> Figure:
    """The figure with its texts in the words of its endpoint.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Changed in place.
    endpoint : str
        As `bayes_escc.report.endpoint_words.endpoint_of` gives it; blank changes nothing.
    own : frozenset of str
        What a person wrote.
    """
    return _with_texts(figure, lambda text: of_endpoint(text, endpoint, own)) if endpoint else figure


def names_of(value: Any) -> Names:
    """Names of regimens and studies of a posterior, a comparison or a tipping point, which stay as they are."""
    rows = [*getattr(value, "arms", ()), *getattr(value, "rows", ()), value]
    found = [getattr(row, name, None) for row in rows for name in ("regimen", "study", "reference")]
    return frozenset(name for name in found if isinstance(name, str))


def _with_texts(figure: Figure, say: Callable[[str], str]) -> Figure:
    """The figure with every text said otherwise."""
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    with house_style():
        figure.draw_without_rendering()  # labels of ticks are not known before
        for axes in (a for a in figure.findobj(Axes) if a.axison):
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [t for t in axis.get_major_ticks() if t.label1.get_visible() and low <= t.get_loc() <= high]
                labels = {tick.get_loc(): tick.label1.get_text() for tick in ticks}
                translated = {p: _said(label, say) for p, label in labels.items()}
                if translated != labels:
                    axis.set_ticks(list(translated), list(translated.values()))
        for text in figure.findobj(Text):
            said = text.get_text()
            if (other := _said(said, say)) != said:
                text.set_text(other)
    return figure


def _said(text: str, say: Callable[[str], str]) -> str:
    """A text said otherwise, broken into lines no longer than it had."""
    said = say(text)
    if said == text:
        return text
    return wrapped(said, max(display_width(line) for line in text.split("\n"))) if "\n" in text else said
