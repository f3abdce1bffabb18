"""How figures look and are saved: journal width, Okabe-Ito colours, deterministic bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_escc.files import write_atomic
from bayes_escc.names import Plain
from bayes_escc.report.layout import wrapped
from bayes_escc.report.quantities import endpoint_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLACK", "BLUE", "GREY", "MM", "ORANGE", "SKY", "STAMP", "VERMILION", "WIDTH", "blank_figure", "chinese_fonts",
    "density", "figure_files", "finish", "house_style", "minus", "new_figure", "quantity", "save_figure", "wrapped",
]  # fmt: skip

# Okabe and Ito's colours: distinct to colour-blind readers, and of different lightness in grey
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
VERMILION: Final = "#D55E00"
SKY: Final = "#56B4E9"
GREY: Final = "#666666"
BLACK: Final = "#000000"

MM: Final = 1 / 25.4
WIDTH: Final = 178 * MM
"""Two journal columns, in inches."""
_PNG_DPI: Final = 300

_STYLE: Final[Plain] = {
    "font.size": 8, "axes.titlesize": 9, "axes.labelsize": 8, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "legend.fontsize": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8,
    "axes.titlelocation": "left", "lines.linewidth": 1.4,
    "savefig.bbox": None, "svg.hashsalt": "bayes_escc", "svg.fonttype": "none", "text.parse_math": False,
    "figure.dpi": 100,
}  # fmt: skip


_CHINESE: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Noto Sans CJK JP",
)  # fmt: skip
"""Families with Chinese characters, the preferred first; of a collection Matplotlib may see the Japanese face alone."""
_CHINESE_FILES: Final = ("notosanscjk", "notosanssc", "sourcehansans", "wqy-", "msyh", "simhei", "pingfang", "hiragino")


@cache
def chinese_fonts() -> tuple[str, ...]:
    """The first installed family with Chinese characters, as a tuple; empty where there is none.

    Glyphs fall back from family to family only along `font.family` itself. Matplotlib's list of fonts is stored for
    good when it is first used, so that a font installed later has to be looked for.
    """
    from matplotlib import font_manager

    manager = font_manager.fontManager
    if not any(font.name in _CHINESE for font in manager.ttflist):
        for path in font_manager.findSystemFonts():
            if Path(path).name.lower().startswith(_CHINESE_FILES):
                manager.addfont(path)
    present = {font.name for font in manager.ttflist}
    return tuple(name for name in _CHINESE if name in present)[:1]


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the house style, and leave the user's own settings alone."""
    import logging
    import warnings

    import matplotlib as mpl

    style: Any = {**_STYLE, "font.family": ["DejaVu Sans", *chinese_fonts()]}
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # said once, on saving
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


def blank_figure(height_mm: float, *, converged: bool) -> Figure:
    """An empty figure of full width, marked if its fit failed its diagnostics."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height_mm * MM), layout="constrained")
    FigureCanvasAgg(figure)
    if not converged:
        _mark_not_converged(figure)
    return figure


def new_figure(height_mm: float, *, converged: bool, panels: int = 1, share: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure of full width with panels one below the other, marked if its fit failed its diagnostics.

    Panels of one scale `share` their axis, so that they can be compared by eye.
    """
    figure = blank_figure(height_mm * panels, converged=converged)
    axes = figure.subplots(panels, 1, squeeze=False, sharex=share)
    for panel in axes[:, 0]:
        panel.tick_params(labelbottom=True)
    return figure, list(axes[:, 0])


STAMP: Final = "not-converged"
"""Name of the stamp in a figure: it lies over everything on purpose, in whatever language it is written."""


def _mark_not_converged(figure: Figure) -> None:
    """Write NOT CONVERGED across a figure."""
    figure.text(
        0.5, 0.5, "NOT CONVERGED", ha="center", va="center", rotation=20, fontsize=30, color=VERMILION, alpha=0.35,
        fontweight="bold", zorder=10, gid=STAMP,
    )  # fmt: skip


def minus(text: str) -> str:
    """Numbers with a proper minus sign."""
    return text.replace("-", "\u2212")


def finish(figure: Figure, *, title: str, footnote: str = "") -> Figure:
    """Add the title and the small print under a figure."""
    figure.suptitle(wrapped(title, 84), x=0.01, ha="left", fontsize=9, fontweight="bold")
    if footnote:
        figure.supxlabel(wrapped(footnote, 130), fontsize=7, color=GREY, x=0.01, ha="left")
    return figure


def beside(axes: Axes, y: float, text: str, *, color: str = BLACK, bold: bool = False) -> None:
    """Numbers right of the axes, at the height of their row, or in bold their heading."""
    axes.annotate(
        text,
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        ha="left",
        color=color,
        fontweight="bold" if bold else "normal",
    )


def rows_of_forest(axes: Axes, heights: ArrayLike, names: Sequence[str], below: float, above: float) -> None:
    """Labelled rows, the first on top, over a quiet grid of values."""
    axes.set_yticks(heights, names)
    axes.set_ylim(below, above)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def quantity(endpoint: str | None, estimand: str) -> str:
    """What a figure shows, in words: the endpoint's own name says "rate" already."""
    if not endpoint:
        return estimand.replace("_", " ").capitalize()
    name = endpoint_name(endpoint)
    return name if estimand == "rate" else f"{name}, {estimand.replace('_', ' ')}"


def figure_files(figure: Figure) -> dict[str, bytes]:
    """A figure as SVG (its text as text) and as PNG at 300 dpi, by suffix; the same bytes every time.

    Texts are laid out once, for both.
    """
    import io
    import warnings

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    files = {}
    with house_style(), warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        # the canvases' own methods: `savefig` would draw everything once more before each to lay it out
        with io.BytesIO() as stream:
            unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            as_svg: Any = FigureCanvasSVG(figure)  # its methods have no types
            as_svg.print_svg(stream, metadata=unsaid)
            files[".svg"] = stream.getvalue()
        shown = figure.dpi
        figure.dpi = _PNG_DPI
        with io.BytesIO() as stream:
            as_png: Any = FigureCanvasAgg(figure)
            as_png.print_png(stream, metadata={"Software": None})
            files[".png"] = stream.getvalue()
        figure.dpi = shown
    if any("missing from font" in str(w.message) for w in noted):
        warnings.warn(
            "no installed font has some of the characters of a figure's labels; install one that has them, for example "
            "Noto Sans CJK for Chinese, and run again.",
            UserWarning,
            stacklevel=2,
        )
    return files


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Save a figure as SVG and as PNG, each atomically."""
    paths = []
    for suffix, content in figure_files(figure).items():
        path = stem.with_name(stem.name + suffix)
        write_atomic(path, content)
        paths.append(path)
    return paths


def density(draws: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kernel density of draws on a grid, by ArviZ's bounded estimator."""
    import arviz_stats as az
    import xarray as xr

    curve = az.kde(xr.DataArray(np.asarray(draws).ravel(), dims="sample"), dim="sample", circular=False)
    at, values = (curve.sel(plot_axis=axis).to_numpy() for axis in ("x", "y"))
    return np.asarray(np.interp(grid, at, values, left=0.0, right=0.0))
