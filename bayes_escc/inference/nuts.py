"""One run of nutpie's NUTS, and the settings each kind of model runs with."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from bayes_escc.analysis.analysis import SamplingSpec
from bayes_escc.errors import FitError
from bayes_escc.families import Design
from bayes_escc.inference.compiled import compiled_with_data, import_nutpie
from bayes_escc.inference.density import Target
from bayes_escc.inference.entry_points import CENTRE, ROOT
from bayes_escc.inference.laplace import LaplaceError, find_mode
from bayes_escc.names import SAMPLE_DIMS, AnyArray, Plain

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CAREFUL", "SMALL_STEPS", "Tuning", "first_tuning", "sample"]


@dataclass(frozen=True)
class Tuning:
    """How the sampler adapts to a posterior.

    Parameters
    ----------
    adaptation : {"diag", "low_rank"}
        Mass matrix: a diagonal, or with the directions besides in which the posterior is most stretched.
    accept : float
        Target acceptance; higher means smaller steps.
    most_steps : int or None
        Tuning steps at most.
    whitened : bool
        Whether coordinates are changed first so that the normal approximation at the mode is standard normal.
    """

    adaptation: Literal["diag", "low_rank"] = "diag"
    accept: float = 0.9
    most_steps: int | None = None
    whitened: bool = False

    def within(self, sampling: SamplingSpec) -> SamplingSpec:
        """The settings asked for, with no more tuning steps than needed."""
        return sampling if self.most_steps is None else replace(sampling, tune=min(sampling.tune, self.most_steps))


CAREFUL: Final = Tuning()
SMALL_STEPS: Final = Tuning(accept=0.995)
QUICK: Final = Tuning(adaptation="low_rank", accept=0.8, most_steps=400)
WHITENED: Final = Tuning(accept=0.65, most_steps=150, whitened=True)
WHITENED_WALK: Final = Tuning(accept=0.75, most_steps=200, whitened=True)
WHITENED_FUNNEL: Final = Tuning(accept=0.97, most_steps=500, whitened=True)
_START: Final = 2.0
"""Chains start within this many standard deviations of the mode, in each whitened coordinate."""


def first_tuning(design: Design) -> Tuning:
    """The settings a design is tried with first.

    Without a spread that is itself estimated a posterior is close to normal, however correlated: in coordinates in
    which its normal approximation is standard, long steps are accepted from the start, and three gradients give a draw
    that is worth more than an independent one. Where no mode is found, a low-rank metric learns the same in a few
    hundred steps. In hierarchies both follow directions that change with the spread, and harm. A random walk
    is sampled in coordinates that hardly depend on its drift; the drift itself asks for somewhat smaller steps. So are
    the rates of a hierarchy, whose spread, where units are few, asks for much smaller ones.
    """
    if not design.nearly_normal:
        return CAREFUL
    if not design.hierarchical:
        return WHITENED
    return WHITENED_FUNNEL if design.funnel else WHITENED_WALK


def sample(
    design: Design, sampling: SamplingSpec, tuning: Tuning, seconds: dict[str, float]
) -> tuple[xr.Dataset, xr.Dataset]:
    """Parameters and sampler statistics, dimensions (chain, draw, ...).

    Raises
    ------
    FitError
        If no chain could start or sampling broke off.
    """
    current = compiled_with_data(design, seconds)
    nutpie = import_nutpie()
    from threadpoolctl import threadpool_limits

    tick = time.perf_counter()
    if tuning.whitened:
        changed = _whitened(current, sampling.seed)
        current, tuning = (current, QUICK) if changed is None else (changed, tuning)
    settings = tuning.within(sampling)
    try:
        with threadpool_limits(limits=1):  # threaded BLAS under parallel chains costs more than it gives
            trace = nutpie.sample(
                current,
                draws=settings.draws,
                tune=settings.tune,
                chains=settings.chains,
                cores=min(settings.chains, os.cpu_count() or 1),
                seed=settings.seed,
                target_accept=tuning.accept,
                adaptation=tuning.adaptation,
                save_warmup=False,
                progress_bar=sys.stderr.isatty(),
                return_raw_trace=True,
            )
    except RuntimeError as error:
        raise FitError(f"the sampler could not run: {_first_line(error)}.") from error
    found = _datasets(design, current, trace)
    seconds["sample"] += time.perf_counter() - tick
    return found


def _first_line(error: RuntimeError) -> str:
    """What a sampler says, without the stack of the language it is written in."""
    first = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{first[:1].lower()}{first[1:]}; a prior or a value may lie too far from the rest"


def _whitened(compiled: Any, seed: int) -> Any:
    """The compiled model in coordinates in which its posterior is nearly standard normal; None without a mode."""
    if not {CENTRE, ROOT} <= {variable.name for variable in compiled.shared_var_keys}:
        return None
    try:
        mode, precision = find_mode(Target(compiled), seed)
    except LaplaceError:
        return None
    root = np.linalg.inv(np.linalg.cholesky(precision)).T

    def start(seed: int | None) -> AnyArray:
        return np.random.default_rng(seed).uniform(-_START, _START, len(mode))

    return replace(compiled.with_data(**{CENTRE: mode, ROOT: root}), initial_point_func=start)


def _datasets(design: Design, compiled: Any, trace: Any) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws and statistics after tuning, read from the sampler's own tables.

    nutpie's conversion to ArviZ makes groups for tuning besides and takes longer than sampling a few dozen patients.
    """
    import xarray as xr

    draws, stats = trace.get_arrow_trace()
    tuned = [int(_column(batch, "tuning").sum()) for batch in stats]
    most = min(batch.num_rows - start for batch, start in zip(stats, tuned, strict=True))

    def together(batches: Any, name: str, shape: tuple[int, ...]) -> AnyArray:
        parts = [_column(b, name).reshape(-1, *shape)[start:] for b, start in zip(batches, tuned, strict=True)]
        return np.stack([part[:most] for part in parts])

    names, _, shapes = compiled.shape_info
    kept: Plain = {}
    for name, shape in zip(names, shapes, strict=True):
        if name.endswith("__"):
            continue
        dims = tuple(compiled.dims.get(name, ()) or ()) or tuple(f"{name}_dim_{i}" for i in range(len(shape)))
        kept[name] = ((*SAMPLE_DIMS, *dims), together(draws, name, tuple(shape)))
    used = {d for dims, _ in kept.values() for d in dims}
    labels: Plain = {d: list(values) for d, values in design.coords.items() if d in used}
    labels |= {d: np.arange(n) for d, n in zip(SAMPLE_DIMS, (len(draws), most), strict=True)}
    wanted = [n for n in stats[0].column_names if n not in SAMPLE_DIMS and _is_number(stats[0], n)]
    numbers = {name: (SAMPLE_DIMS, together(stats, name, ())) for name in wanted}
    return xr.Dataset(kept, coords=labels), xr.Dataset(numbers, coords={d: labels[d] for d in SAMPLE_DIMS})


def _column(batch: Any, name: str) -> AnyArray:
    """A column of an Arrow table as numbers, those of a row one after another."""
    import pyarrow

    values = pyarrow.array(batch.column(name))
    if hasattr(values, "flatten"):
        values = values.flatten()
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _is_number(batch: Any, name: str) -> bool:
    import pyarrow

    kind = pyarrow.field(batch.schema.field(name)).type
    return bool(pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind))
