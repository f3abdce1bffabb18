"""Estimates as a DataFrame that prints median and interval first, in at most 80 columns."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_escc.names import format_number

__all__ = ["WIDTH", "SummaryFrame"]

WIDTH: Final = 80
"""Columns of a terminal that a summary takes at most."""
_LABELS: Final = ("estimand", "regimen", "study", "endpoint", "time", "covariate")
_LEAST: Final = 8


class SummaryFrame(pd.DataFrame):
    """A DataFrame of estimates; whatever is selected from it is a plain DataFrame.

    Printed, it shows labels, median, interval and unit of every row; `mean`, `sd` and errors are further columns.
    """

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def __repr__(self) -> str:
        if not len(self) or not {"median", "lower", "upper"} <= set(self.columns):
            return str(super().__repr__())
        labels = [c for c in _LABELS if c in self.columns]
        level = f"{100 * float(self['ci_prob'].iloc[0]):g} % CrI" if "ci_prob" in self.columns else "interval"
        rows = [
            [
                *(_cell(r[c]) for c in labels),
                format_number(float(r["median"])),
                f"{format_number(float(r['lower']))} to {format_number(float(r['upper']))}",
                _cell(r.get("unit")),
            ]
            for r in self.to_dict("records")
        ]
        table = [[*labels, "median", level, "unit"], *rows]
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        free = [*range(len(labels)), len(table[0]) - 1]  # numbers are never cut
        while sum(widths) + 2 * (len(widths) - 1) > WIDTH:
            widest = max(free, key=lambda i: widths[i])
            if widths[widest] <= _LEAST:
                break
            widths[widest] -= 1
        return "\n".join(
            "  ".join(_fitted(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip()[:WIDTH]
            for line in table
        )

    def __str__(self) -> str:
        return repr(self)


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _fitted(text: str, width: int) -> str:
    """A text padded to a width, or cut with an ellipsis."""
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}\u2026"
