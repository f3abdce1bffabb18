"""Laws of rates that are mixtures, as arrays of a posterior's file, and back.

Variables, for an estimand `name`: ``<name>_part_weight``, ``_part_alpha`` and ``_part_beta`` over
(regimen, <name>_part), with gaps where a regimen has fewer parts; and, where a part is held on a grid,
``<name>_grid_share`` (regimen), ``<name>_grid_logit`` and ``<name>_grid_weight`` (regimen, <name>_node). Two rates
under a joint prior: ``<name>_joint_edge``, ``_outer``, ``_rows`` and ``_inner``, as `JointRates` holds them, with the
error as text in an attribute; the coordinate `regimen` has the first rate first. Three or more rates: the same of every
pair, as ``<name>_pair_<i>_<j>_joint_edge`` and so on, with the probability of every rank, ``<name>_rank`` (regimen,
rank), the lowest rate first, and its errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import REGIMEN, Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.joint_rates import JointRates
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_grid import GridRate
from bayes_escc.probability.several_rates import SeveralRates

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "flatten_joint",
    "flatten_rates",
    "flatten_several",
    "holds_joint",
    "holds_rates",
    "holds_several",
    "stored_joint",
    "stored_pair",
    "stored_rate",
]


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


def flatten_joint(name: str, regimens: Sequence[str], joint: JointRates) -> xr.Dataset:
    """The joint law of two rates, the first regimen's first, as a Dataset."""
    import xarray as xr

    node, panel, inner = f"{name}_joint_node", f"{name}_joint_panel", f"{name}_joint_inner_panel"
    values: Plain = {
        f"{name}_joint_edge": (f"{name}_joint_cut", joint.edges, {"error": repr(joint.error)}),
        f"{name}_joint_outer": ((panel, "panel_place"), joint.outer),
        f"{name}_joint_rows": ((node, f"{name}_joint_inner_cut"), joint.rows),
        f"{name}_joint_inner": ((node, inner, "panel_place"), joint.inner),
    }
    return xr.Dataset(values, coords={REGIMEN: list(regimens)})


def holds_joint(group: xr.Dataset, name: str) -> bool:
    """Whether the law of an estimand is stored as that of two rates together."""
    return f"{name}_joint_edge" in group


def stored_joint(group: xr.Dataset, name: str) -> tuple[list[str], JointRates]:
    """Both regimens, the first rate's first, and their joint law."""
    edges = group[f"{name}_joint_edge"]
    outer, rows, inner = (
        np.ascontiguousarray(group[f"{name}_joint_{part}"].to_numpy()) for part in ("outer", "rows", "inner")
    )
    joint = JointRates(edges.to_numpy(), outer, rows, inner, error=float(str(edges.attrs["error"])))
    return [str(r) for r in group[REGIMEN].to_numpy()], joint


def flatten_several(name: str, regimens: Sequence[str], rates: SeveralRates) -> xr.Dataset:
    """The joint laws of every two of three or more rates, and their ranks, as a Dataset."""
    import xarray as xr

    parts = [flatten_joint(f"{name}_pair_{i}_{j}", regimens, joint) for (i, j), joint in rates.pairs.items()]
    ranks: Plain = {
        f"{name}_rank": ((REGIMEN, "rank"), rates.table),
        f"{name}_rank_best_error": (REGIMEN, rates.best_errors),
        f"{name}_rank_error": (REGIMEN, rates.rank_errors),
    }
    return xr.merge([*parts, xr.Dataset(ranks, coords={REGIMEN: list(regimens)})])


def holds_several(group: xr.Dataset, name: str) -> bool:
    """Whether the laws of an estimand are stored as those of every two of its rates."""
    return f"{name}_rank_best_error" in group


def stored_pair(group: xr.Dataset, name: str, one: str, two: str) -> tuple[list[str], JointRates]:
    """Two regimens, in the order in which they are stored, and their joint law."""
    regimens = [str(r) for r in group[REGIMEN].to_numpy()]
    i, j = sorted((regimens.index(one), regimens.index(two)))
    return [regimens[i], regimens[j]], stored_joint(group, f"{name}_pair_{i}_{j}")[1]


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
