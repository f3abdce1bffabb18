"""The league table: every regimen against every other, from rows of comparisons of each pair once.

Orientation is one everywhere: a cell compares the regimen of its row with that of its column, and
regimens stand in the order of their mean rank, the best first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bayes_escc.errors import AnalysisError
from bayes_escc.names import ENDPOINT, REGIMEN, Plain, PlainMapping

__all__ = ["league_cells", "league_groups", "league_order", "mirrored"]

Row = PlainMapping


def league_groups(rows: Sequence[Row], endpoint: str | None = None) -> list[list[Row]]:
    """The rows of each league: one per endpoint and time.

    Raises
    ------
    AnalysisError
        If `endpoint` is named and has none.
    """
    groups: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        if endpoint in (None, row[ENDPOINT]):
            groups.setdefault((row[ENDPOINT], row["time"]), []).append(row)
    if not groups:
        raise AnalysisError("a league table needs at least two regimens" + (f" with {endpoint}." if endpoint else "."))
    return list(groups.values())


def league_order(rows: Sequence[Row]) -> list[str]:
    """The regimens of one league, the best ranked first."""
    return list(dict.fromkeys([rows[0][REGIMEN], *(r["reference"] for r in rows)]))


def mirrored(row: Row) -> Plain:
    """The same pair with regimen and reference exchanged: estimate, limits and P(better)."""
    ratio = row["scale"] != "difference"

    def turned(value: float) -> float:
        return (1.0 / value if value else float("inf")) if ratio else -value

    return {
        **row,
        REGIMEN: row["reference"],
        "reference": row[REGIMEN],
        "median": turned(row["median"]),
        "lower": turned(row["upper"]),
        "upper": turned(row["lower"]),
        "mean": None,
        "sd": None,
        "probability_better": 1.0 - row["probability_better"],
    }


def league_cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The regimens of one league in order, and the n x n table of estimates as journals print it.

    Cells on the diagonal are empty; minus signs are typographic, so that spreadsheets take no cell for a formula.
    """
    order = league_order(rows)
    known = {(r[REGIMEN], r["reference"]): r for pair in rows for r in (pair, mirrored(pair))}

    def cell(a: str, b: str) -> str:
        if a == b:
            return ""
        r = known[a, b]
        return f"{_shown(r['median'])} ({_shown(r['lower'])} to {_shown(r['upper'])})"

    return order, [[cell(a, b) for b in order] for a in order]


def _shown(value: float) -> str:
    """Two decimals for ordinary sizes, two digits for small numbers, none after the point for large ones."""
    size = abs(value)
    text = f"{value:.2g}" if 0.0 < size < 0.095 or size >= 1e5 else f"{value:.0f}" if size >= 100 else f"{value:.2f}"
    return text.replace("-", "\N{MINUS SIGN}")
