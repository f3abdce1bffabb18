"""Independent draws and the evidence of a model without a hierarchy, in a fraction of a second.

The mode and the Hessian of the log posterior density on the unconstrained scale give a multivariate t
distribution (Geweke 1989). Proposals drawn from it are weighted by posterior over proposal density,
the weights are Pareto-smoothed, and plain draws are taken from the proposals in proportion to them. The
mean weight is the evidence. The shape k-hat of the weights' tail says whether all this can be trusted.

References
----------
Geweke J. Econometrica 1989;57:1317-1339.
Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. J Mach Learn Res 2024;25(72):1-58.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families import Design
from bayes_escc.inference.compiled import compiled_with_data
from bayes_escc.inference.density import Adjustment, Target
from bayes_escc.names import SAMPLE_DIMS
from bayes_escc.probability.psis import smooth

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LaplaceDraws", "LaplaceError", "laplace_draws"]

Array = NDArray[np.float64]

MAX_PARETO_K: Final = 0.5
"""Largest k-hat at which the weights have a finite variance, so that the error of the evidence is known."""
MIN_EFFICIENCY: Final = 0.05
PROPOSALS_PER_DRAW: Final = 4
_FREEDOM: Final = 6.0
_REFINE_BELOW: Final = 0.6
_STARTS: Final = 3
_ITERATIONS: Final = 100


class LaplaceError(Exception):
    """The approximation cannot be used; the message says why, as the end of a sentence."""


@dataclass(frozen=True)
class LaplaceDraws:
    """Draws by importance resampling, and what is known of their quality.

    Parameters
    ----------
    parameters : Dataset
        Dimensions (chain, draw, ...).
    log_evidence, mcse_log_evidence : float
        Logarithm of the marginal likelihood of the data, and its Monte Carlo standard error.
    pareto_k : float
        Shape of the tail of the weights.
    ess : float
        Effective number of proposals.
    proposals : int
    """

    parameters: xr.Dataset
    log_evidence: float
    mcse_log_evidence: float
    pareto_k: float
    ess: float
    proposals: int


def laplace_draws(
    design: Design,
    *,
    chains: int,
    draws: int,
    seed: int,
    adjust: Adjustment | None = None,
    seconds: dict[str, float] | None = None,
) -> LaplaceDraws:
    """Fit a design by mode, Hessian and importance resampling.

    Parameters
    ----------
    design : Design
        Without a hierarchy.
    chains, draws : int
        Layout of the draws; they are independent, so chains are only labels.
    seed : int
    adjust : function, optional
        From the variables of the model at many points, by name, to what is added to its log density there:
        another prior in place of the compiled one, for example.
    seconds : dict, optional
        Wall time is added under ``import``, ``compile`` and ``sample``.

    Raises
    ------
    LaplaceError
        If no mode is found, the Hessian is not that of a maximum, or the weights are unreliable.
    """
    from threadpoolctl import threadpool_limits

    seconds = dict.fromkeys(("import", "compile", "sample"), 0.0) if seconds is None else seconds
    if design.hierarchical:
        raise LaplaceError("the model has a hierarchy")
    compiled = compiled_with_data(design, seconds)
    tick = time.perf_counter()
    rng = np.random.default_rng(seed)
    target = Target(compiled, adjust)
    with threadpool_limits(limits=1):
        mode, precision = find_mode(target, seed)
        found = _importance(target, rng, mode, precision, chains * draws)
        kept = systematic(rng, found.weights, chains * draws)
        arrays = target.expand(found.points[kept])
    parameters = _dataset(design, compiled, arrays, chains, draws)
    seconds["sample"] += time.perf_counter() - tick
    return LaplaceDraws(parameters, found.log_evidence, found.error, found.pareto_k, found.ess, len(found.weights))


def find_mode(target: Target, seed: int) -> tuple[Array, Array]:
    """The mode and minus the Hessian there, by damped Newton steps (Levenberg-Marquardt).

    Raises
    ------
    LaplaceError
        If none of a few starting points leads to a maximum.
    """
    for start in range(_STARTS):
        point = np.asarray(target.compiled.initial_point_func(seed + start), dtype=float)
        found = _climb(target, point)
        if found is not None:
            return found
    raise LaplaceError("no mode of the posterior was found")


def _climb(target: Target, point: Array) -> tuple[Array, Array] | None:
    values, gradients = target.density(point[None])
    value, gradient, damping = values[0], gradients[0], 1e-3
    if not np.isfinite(value):
        return None
    precision = target.curvature(point)
    for _ in range(_ITERATIONS):
        size = np.maximum(np.abs(np.diag(precision)), 1e-8)
        root = _cholesky(precision + damping * np.diag(size))
        if root is None:
            damping = max(10.0 * damping, 1e-3)
            if damping > 1e12:
                return None
            continue
        step = np.linalg.solve(root.T, np.linalg.solve(root, gradient))
        gain = float(gradient @ step)  # twice the rise a quadratic would promise
        if gain < 1e-9 and damping <= 1e-3:
            return (point, precision) if _cholesky(precision) is not None else None
        (new,), (slope,) = target.density((point + step)[None])
        if new > value:
            point, value, gradient, damping = point + step, new, slope, max(damping / 10.0, 1e-12)
            precision = target.curvature(point)
        elif gain < 1e-9:  # no step can be told from rounding
            damping = 1e-3
            if _cholesky(precision) is not None:
                return point, precision
            return None
        else:
            damping = max(10.0 * damping, 1e-3)
            if damping > 1e12:
                return None
    return None


def _cholesky(matrix: Array) -> Array | None:
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        return None


@dataclass(frozen=True)
class _Sample:
    points: Array
    weights: Array
    log_evidence: float
    error: float
    pareto_k: float
    ess: float

    @property
    def efficiency(self) -> float:
        return self.ess / len(self.weights)


def _importance(target: Target, rng: np.random.Generator, mode: Array, precision: Array, draws: int) -> _Sample:
    """Weighted proposals; once more around their own mean where the mode was a poor centre."""
    size = PROPOSALS_PER_DRAW * draws
    root = np.linalg.inv(np.linalg.cholesky(precision)).T
    found = _weigh(target, rng, mode, root, size)
    if found.efficiency < _REFINE_BELOW or not found.pareto_k <= MAX_PARETO_K:
        middle = found.weights @ found.points
        centred = found.points - middle
        spread = _cholesky((centred * found.weights[:, None]).T @ centred * ((_FREEDOM - 2.0) / _FREEDOM))
        if spread is not None:
            other = _weigh(target, rng, middle, spread, size)
            found = max(found, other, key=lambda one: (one.pareto_k <= MAX_PARETO_K, one.efficiency))
    if not found.pareto_k <= MAX_PARETO_K:
        raise LaplaceError(f"k-hat of the importance weights is {found.pareto_k:.2f}, above {MAX_PARETO_K}")
    if found.efficiency < MIN_EFFICIENCY:
        raise LaplaceError(f"only {100 * found.efficiency:.1f} % of the proposals count")
    return found


def _weigh(target: Target, rng: np.random.Generator, centre: Array, root: Array, size: int) -> _Sample:
    """Proposals from a multivariate t with their weights; `root` is a square root of its scale matrix."""
    from scipy.special import gammaln

    d, nu = len(centre), _FREEDOM
    normal, chi = rng.standard_normal((size, d)), rng.chisquare(nu, size) / nu
    points = centre + (normal / np.sqrt(chi)[:, None]) @ root.T
    distance = (normal**2).sum(axis=1) / chi
    _, logdet = np.linalg.slogdet(root)
    constant = gammaln((nu + d) / 2.0) - gammaln(nu / 2.0) - 0.5 * d * np.log(nu * np.pi) - logdet
    proposal = constant - 0.5 * (nu + d) * np.log1p(distance / nu)
    log_ratio = target.density(points)[0] - proposal
    if target.adjust is not None:
        log_ratio = log_ratio + target.adjust(target.expand(points))
    top = float(log_ratio.max())
    if not np.isfinite(top):
        raise LaplaceError("the posterior density is zero around its mode")
    raw = np.exp(log_ratio - top)
    mean = float(raw.mean())
    weights, pareto_k = smooth(log_ratio)
    error = float(raw.std(ddof=1)) / (mean * size**0.5)
    return _Sample(points, weights, top + float(np.log(mean)), error, pareto_k, 1.0 / float((weights**2).sum()))


def systematic(rng: np.random.Generator, weights: Array, draws: int) -> NDArray[np.intp]:
    """Positions of `draws` proposals taken in proportion to their weights, in random order.

    Notes
    -----
    Systematic resampling of independent proposals takes each with probability draws * weight, and twice
    only where that exceeds one. With several proposals for every draw this is rejection sampling: the
    draws are distinct and independent, and their Monte Carlo errors need no correction.
    """
    order = rng.permutation(len(weights))
    steps = np.cumsum(weights[order])
    places = (rng.random() + np.arange(draws)) / draws * steps[-1]
    return np.asarray(rng.permutation(order[np.minimum(np.searchsorted(steps, places), len(weights) - 1)]))


def _dataset(design: Design, compiled: Any, arrays: dict[str, Array], chains: int, draws: int) -> xr.Dataset:
    """The variables of the model, without the sampler's own scale, laid out by chain and draw."""
    import xarray as xr

    labels = {d: list(v) for d, v in design.coords.items()}
    found, used = {}, set()
    for name, values in arrays.items():
        if name.endswith("__"):
            continue
        dims = tuple(compiled.dims.get(name, ()) or ()) or tuple(f"{name}_dim_{i}" for i in range(values.ndim - 1))
        found[name] = ((*SAMPLE_DIMS, *dims), values.reshape(chains, draws, *values.shape[1:]))
        used |= set(dims)
    return xr.Dataset(found, coords={d: v for d, v in labels.items() if d in used})
