"""Laws of rates that are mixtures, as arrays of a posterior's file, and back.

Variables, for an estimand `name`: ``<name>_part_weight``, ``_part_alpha`` and ``_part_beta`` over
(regimen, <name>_part), with gaps where a regimen has fewer parts; and, where a part is held on a grid,
``<name>_grid_share`` (regimen), ``<name>_grid_logit`` and ``<name>_grid_weight`` (regimen, <name>_node).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import REGIMEN, Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_grid import GridRate

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["flatten_rates", "holds_rates", "stored_rate"]


def flatten_rates(name: str, laws: Mapping[str, Beta | BetaMixture]) -> xr.Dataset:
    """Laws of rates, by regimen, as a Dataset."""
    import xarray as xr

    split = [_split(law) for law in laws.values()]
    values: Plain = {}
    for k, part in enumerate(("weight", "alpha", "beta")):
        columns = [[row[k] for row in betas] for betas, _, _ in split]
        values[f"{name}_part_{part}"] = ((REGIMEN, f"{name}_part"), _padded(columns))
    if any(grid is not None for _, grid, _ in split):
        values[f"{name}_grid_share"] = (REGIMEN, [share for _, _, share in split])
        for part in ("logit", "weight"):
            columns = [[] if grid is None else list(getattr(grid, part)) for _, grid, _ in split]
            values[f"{name}_grid_{part}"] = ((REGIMEN, f"{name}_node"), _padded(columns))
    return xr.Dataset(values, coords={REGIMEN: list(laws)})


def holds_rates(group: xr.Dataset, name: str) -> bool:
    """Whether the laws of an estimand are stored as mixtures."""
    return f"{name}_part_weight" in group


def stored_rate(group: xr.Dataset, name: str, regimen: str) -> BetaMixture:
    """The law of one regimen's rate."""
    i = [str(r) for r in group[REGIMEN].to_numpy()].index(regimen)
    columns = [group[f"{name}_part_{part}"].to_numpy()[i] for part in ("weight", "alpha", "beta")]
    present = np.isfinite(columns[0])
    parts: list[tuple[float, Beta | GridRate]] = [
        (float(w), Beta(float(a), float(b))) for w, a, b in zip(*(c[present] for c in columns), strict=True)
    ]
    share = float(group[f"{name}_grid_share"].to_numpy()[i]) if f"{name}_grid_share" in group else 0.0
    if share > 0.0:
        logit, weight = (group[f"{name}_grid_{part}"].to_numpy()[i] for part in ("logit", "weight"))
        kept = np.isfinite(logit)
        parts.insert(0, (share, GridRate(logit[kept], weight[kept])))
    return BetaMixture(tuple(w for w, _ in parts), tuple(c for _, c in parts))


def _split(law: Beta | BetaMixture) -> tuple[list[tuple[float, float, float]], GridRate | None, float]:
    """The Betas of a law, and the one part that is held on a grid with its weight."""
    if isinstance(law, Beta):
        return [(1.0, law.alpha, law.beta)], None, 0.0
    betas, grid, share = [], None, 0.0
    for w, part in zip(law.weights, law.components, strict=True):
        if isinstance(part, Beta):
            betas.append((w, part.alpha, part.beta))
        else:
            grid, share = part, w
    return betas, grid, share


def _padded(columns: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Rows of different length as one array, with gaps."""
    width = max(1, *(len(column) for column in columns)) if columns else 1
    full = np.full((len(columns), width), np.nan)
    for row, column in zip(full, columns, strict=True):
        row[: len(column)] = column
    return full
