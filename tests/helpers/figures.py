"""What a test looks at in a figure: its texts, and whether any is cut or overlaps."""

from __future__ import annotations

from matplotlib.text import Text

from bayes_escc.plots.style import STAMP


def texts(figure):
    """Every text that is drawn: Matplotlib keeps tick labels outside the axes' limits too."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                outside = not low - 1e-9 <= tick.get_loc() <= high + 1e-9
                if outside or not axes.get_visible() or not axes.axison:
                    hidden |= {tick.label1, tick.label2}
    return [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible() and t not in hidden]


def assert_nothing_is_cut(figure):
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    frame = figure.bbox
    for text in texts(figure):
        if text.get_gid() == STAMP:
            continue
        box = text.get_window_extent(renderer)
        inside = box.x0 > -2 and box.y0 > -2 and box.x1 < frame.x1 + 2 and box.y1 < frame.y1 + 2
        assert inside, (text.get_text(), box)


def assert_no_text_overlaps(figure):
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts(figure) if t.get_gid() != STAMP]
    for i, (a, box) in enumerate(boxes):
        for b, other in boxes[i + 1 :]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert wide < 1 or high < 2, (a, b)
