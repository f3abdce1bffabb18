"""Draws that were made elsewhere, by a PyMC or Stan model of the user's own, as a tree of estimands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.families.base import family_of
from bayes_escc.names import (
    CATEGORY,
    CHAIN,
    COVARIATE,
    DRAW,
    ENDPOINT,
    ESTIMANDS,
    HORIZON,
    REGIMEN,
    STUDY,
    TIME,
    Plain,
    PlainMapping,
)
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["parts_of_draws"]

_LABELS: Final = (REGIMEN, STUDY, ENDPOINT, CATEGORY, TIME, HORIZON, COVARIATE)
_UNITS: Final[Mapping[str, str]] = {
    "rate": "proportion of patients",
    "survival": "proportion",
    "remaining_survival": "proportion",
    "hazard_ratio": "hazard ratio",
}
_BETTER: Final[Mapping[str, str]] = {
    "survival": "higher",
    "rmst": "higher",
    "median": "higher",
    "hazard_ratio": "lower",
}


def _estimand_tree(
    draws: Any,
    *,
    dims: Mapping[str, Sequence[str]],
    coords: Mapping[str, Sequence[Any]],
    rename: Mapping[str, str],
    units: Mapping[str, str],
    better: Mapping[str, str],
) -> xr.DataTree:
    """A tree with `posterior` as it was given, `estimands` from it, and the other groups that were there.

    Raises
    ------
    AnalysisError
        Naming every problem with names, shapes, labels, units and directions.
    """
    import xarray as xr

    groups = _groups(draws, dims, coords)
    posterior = groups["posterior"]
    known = {str(n) for n in (*posterior.data_vars, *posterior.dims)}
    problems = [f"rename: there is no {n!r} in the draws.{nearest(n, known)}" for n in rename if n not in known]
    if problems:
        raise AnalysisError(f"from_draws: {'; '.join(problems)}.")
    renamed = posterior.rename(dict(rename))
    usable = [n for n in renamed.data_vars if set(renamed[n].dims) <= {CHAIN, DRAW, *_LABELS}]
    names = [str(n) for n in usable]
    stated = [("units", n) for n in units] + [("better", n) for n in better]
    problems = [f"{what}: {n!r} is not one of {', '.join(names)}" for what, n in stated if n not in names]
    problems += [f"better: {v!r} is neither higher nor lower" for v in better.values() if v not in ("higher", "lower")]
    if not names:
        problems.append(
            "no variable has, beside chain and draw, only dimensions that label a reported number "
            f"({', '.join(_LABELS)}): rename those of yours"
        )
    if problems:
        raise AnalysisError(f"from_draws: {'; '.join(problems)}.")
    estimands = xr.Dataset({n: _labelled(renamed[n], units, better) for n in names})
    return xr.DataTree.from_dict({**{f"/{n}": g for n, g in groups.items()}, f"/{ESTIMANDS}": estimands})


def _labelled(array: xr.DataArray, units: Mapping[str, str], better: Mapping[str, str]) -> xr.DataArray:
    name = str(array.name)
    attrs = {"unit": units.get(name, array.attrs.get("unit", _UNITS.get(name, "")))}
    direction = better.get(name, array.attrs.get("better", _BETTER.get(name)))
    if direction:
        attrs["better"] = direction
    unlabelled = {d: [str(i + 1) for i in range(array.sizes[d])] for d in array.dims if d not in array.coords}
    numbered = {d: np.arange(array.sizes[d]) for d in (CHAIN, DRAW) if d in unlabelled}
    found = array.astype(float).assign_coords({**unlabelled, **numbered})
    found.attrs = attrs
    return found.transpose(CHAIN, DRAW, ...)


def _groups(
    draws: Any, dims: Mapping[str, Sequence[str]], coords: Mapping[str, Sequence[Any]]
) -> dict[str, xr.Dataset]:
    """The groups of a tree; a dataset, or a mapping of arrays, is its posterior."""
    import xarray as xr

    if isinstance(draws, xr.DataTree):
        if "posterior" not in draws.children:
            raise AnalysisError("from_draws: the tree has no group posterior.")
        groups = {str(n): node.to_dataset() for n, node in draws.children.items() if n != ESTIMANDS}
        posterior = groups["posterior"]
    elif isinstance(draws, xr.Dataset):
        groups, posterior = {}, draws
    elif isinstance(draws, Mapping):
        groups, posterior = {}, _of_arrays(draws, dims)
    else:
        raise AnalysisError(
            f"from_draws: draws are a DataTree, a Dataset or a mapping of arrays, not {type(draws).__name__}. ArviZ's "
            "from_cmdstanpy, from_pystan and from_numpyro make a DataTree."
        )
    if coords:
        posterior = _with_coords(posterior, coords)
    if CHAIN not in posterior.dims:
        posterior = posterior.expand_dims(CHAIN)
    missing = [str(n) for n, a in posterior.data_vars.items() if DRAW not in a.dims]
    if missing:
        raise AnalysisError(f"from_draws: {', '.join(missing)} has no dimension draw.")
    return {**groups, "posterior": posterior}


def _with_coords(posterior: xr.Dataset, coords: Mapping[str, Sequence[Any]]) -> xr.Dataset:
    problems = []
    for name, labels in coords.items():
        if name not in posterior.dims:
            problems.append(f"coords: no variable has the dimension {name!r}.{nearest(name, map(str, posterior.dims))}")
        elif posterior.sizes[name] != len(labels):
            problems.append(f"coords: {name!r} has {posterior.sizes[name]} values, not {len(labels)}")
        elif len(set(labels)) < len(labels):
            problems.append(f"coords: labels of {name!r} repeat")
    if problems:
        raise AnalysisError(f"from_draws: {'; '.join(problems)}.")
    return posterior.assign_coords({n: list(v) for n, v in coords.items()})


def _of_arrays(draws: PlainMapping, dims: Mapping[str, Sequence[str]]) -> xr.Dataset:
    """Arrays (chain, draw, ...) or, of one chain, (draw, ...) with the names of their further dimensions."""
    import xarray as xr

    problems = [f"dims: there is no variable {n!r}.{nearest(n, draws)}" for n in dims if n not in draws]
    found = {}
    for name, values in draws.items():
        array, further = np.asarray(values, dtype=float), tuple(dims.get(name, ()))
        if array.ndim == len(further) + 1:
            array = array[None]
        if array.ndim != len(further) + 2:
            problems.append(
                f"{name} has shape {array.shape}; it should be (chain, draw{''.join(f', {d}' for d in further)}): name "
                "its further dimensions with dims"
            )
            continue
        found[name] = ((CHAIN, DRAW, *further), array)
    if problems:
        raise AnalysisError(f"from_draws: {'; '.join(problems)}.")
    try:
        return xr.Dataset(found)
    except ValueError as error:
        raise AnalysisError(f"from_draws: the arrays do not fit each other: {error}.") from None


def parts_of_draws(draws: Any, *, labels: PlainMapping, asked: PlainMapping) -> Plain:
    """What a posterior of draws made elsewhere is made of: groups, analysis, digest and diagnostics.

    Parameters
    ----------
    draws : DataTree, Dataset or mapping of str to array
    labels : mapping
        ``dims``, ``coords``, ``rename``, ``units`` and ``better`` of `Posterior.from_draws`.
    asked : mapping
        Its identity, questions and probability of intervals.
    """
    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.inference.diagnostics import diagnose
    from bayes_escc.inference.groups import Groups

    tree = _estimand_tree(draws, **labels)
    estimands, posterior = tree[ESTIMANDS].to_dataset(), tree["posterior"].to_dataset()
    stats = tree["sample_stats"].to_dataset() if "sample_stats" in tree.children else posterior
    return {
        "groups": Groups.of(tree),
        "analysis": Analysis.from_dict(_analysis_content(estimands, **asked), label="from_draws"),
        "data_sha256": _digest_of(posterior),
        "diagnostics": diagnose(posterior, estimands, stats),
    }


def _analysis_content(
    estimands: xr.Dataset,
    *,
    id: str,
    title: str,
    question: str,
    comparisons: Sequence[PlainMapping],
    thresholds: Sequence[PlainMapping],
    ci_prob: float,
) -> Plain:
    """What an analysis file would say of draws made elsewhere: the questions, and the family whose words fit."""
    family = family_of([str(n) for n in estimands.data_vars])
    data: Plain = {"kind": family.KINDS[0], **({"time_unit": "months"} if family.FOLLOWS_PATIENTS else {})}
    return {
        "id": id,
        "title": title,
        "question": question,
        "data": data,
        "model": {"family": family.NAME},
        "comparisons": [dict(c) for c in comparisons],
        "thresholds": [dict(t) for t in thresholds],
        "report": {"ci_prob": ci_prob},
    }


def _digest_of(posterior: xr.Dataset) -> str:
    """SHA-256 of the draws, by which a result says what it was made of."""
    digest = hashlib.sha256()
    for name in sorted(map(str, posterior.data_vars)):
        values = np.ascontiguousarray(posterior[name].to_numpy(), dtype=float)
        digest.update(f"{name}{values.shape}".encode() + values.tobytes())
    return digest.hexdigest()
