"""`[borrowing]`: which earlier trials inform which regimens, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bayes_escc.analysis.data import DataSpec, read_data
from bayes_escc.analysis.questions import is_number
from bayes_escc.families.rate_hierarchy_priors import RATE_HIERARCHY_PRIORS
from bayes_escc.names import normalise
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.reader import Reader

__all__ = ["BorrowingSpec", "read_borrowing"]


@dataclass(frozen=True)
class BorrowingSpec:
    """From which historical counts a response analysis borrows, and how much.

    Parameters
    ----------
    data : DataSpec
        The historical counts; their endpoint is the analysis's own if not named.
    robust_weight : float
        Prior probability that the new patients are not like the historical ones.
    weights : tuple of float
        Every weight that is answered: `robust_weight`, a grid, and 1 (no borrowing).
    priors : tuple of (str, Prior)
        Of the hierarchy: ``logit_mean``, ``tau``; of a power prior: ``discount``.
    borrows : tuple of (str, tuple of str or None) or None
        Regimens that borrow, each with the historical regimens that inform it (None: those of its own name, or
        all if there are none). If not stated, the one regimen that the history shares by name.
    method : {"map", "power"}
        A meta-analytic-predictive prior, or a normalised power prior.
    sam_difference : float or None
        If given, the robust weight is the self-adapting one for this clinically relevant difference.
    """

    data: DataSpec
    robust_weight: float
    weights: tuple[float, ...]
    priors: tuple[tuple[str, Prior], ...]
    borrows: tuple[tuple[str, tuple[str, ...] | None], ...] | None = None
    method: Literal["map", "power"] = "map"
    sam_difference: float | None = None


def read_borrowing(r: Reader) -> BorrowingSpec:
    """Read `[borrowing]`, noting problems in the reader."""
    weight = r.number("robust_weight", 0.2, above=0, below=1, closed=True)
    grid = r.take("grid", [0.0, 0.1, 0.2, 0.5, 0.8])
    if not isinstance(grid, list | tuple) or not all(is_number(v) and 0 <= v <= 1 for v in grid):
        r.problem("grid", f"must be robust weights from 0 to 1, not {grid!r}")
        grid = []
    method = r.text("method", "map", ("map", "power"))
    sam = r.number("sam_difference", None, above=0, below=1)
    if sam is not None and r.has("robust_weight"):
        r.problem("sam_difference", "chooses the robust weight from the data: leave robust_weight out")
    borrows = _read_borrows(r)
    stated = r.table("priors")
    priors = []
    for role in ("logit_mean", "tau") if method == "map" else ("discount",):
        found = stated.prior(role, *RATE_HIERARCHY_PRIORS.get(role, _DISCOUNT))
        if found.overrides:
            stated.problem(role, "there is one prior for all historical studies")
        priors.append((role, found.default))
    stated.finish()
    data = read_data(r)
    if data.kind != "counts":
        r.problem("kind", f'historical rates are counts, not "{data.kind}"')
    if not data.datasets and data.file is None:
        r.problem("dataset", "name the historical counts: a dataset or a file")
    weights = tuple(sorted({float(v) for v in (*grid, weight, 1.0)}))
    return BorrowingSpec(data, weight, weights, tuple(priors), borrows, method, sam)


_DISCOUNT = (Prior("Beta", alpha=1, beta=1, rationale="Every share of the history is equally plausible."), "unit")


def _read_borrows(r: Reader) -> tuple[tuple[str, tuple[str, ...] | None], ...] | None:
    """Who borrows: a list of regimens, or a table of regimens and the historical regimens that inform each."""
    stated = r.take("borrows", None)
    if stated is None:
        return None

    def labels(value: Any) -> tuple[str, ...] | None:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not listed or not all(isinstance(v, str) for v in listed):
            r.problem("borrows", f"must be regimens, or a table of regimens and historical regimens, not {stated!r}")
            return None
        return tuple(normalise(v) for v in listed)

    if isinstance(stated, Mapping):
        return tuple((normalise(str(k)), labels(v)) for k, v in stated.items())
    return tuple((name, None) for name in labels(stated) or ())
