"""From a design to draws: a closed form where one exists, otherwise NUTS, compiled once; Laplace on request.

Designs with the same structure share one compiled model; only their data differ. Chains,
draws, tuning steps and the seed decide the numbers; the machine and its number of cores do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from bayes_escc.analysis.analysis import SamplingSpec
from bayes_escc.errors import AnalysisError
from bayes_escc.families import Design
from bayes_escc.inference.diagnostics import MIN_ESS, Diagnostics, diagnose
from bayes_escc.inference.groups import DATA_GROUPS, Groups, Late, data_groups
from bayes_escc.inference.laplace import LaplaceError, laplace_draws
from bayes_escc.inference.nuts import CAREFUL, SMALL_STEPS, first_tuning, sample
from bayes_escc.names import DRAW, ESTIMANDS, FIGURE_DATA, LAWS, SAMPLE_DIMS, WEIGHTS, Plain

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Estimate", "Fit", "estimate", "fit_design"]

PRIOR_DRAWS: Final = 2000
LONGER: Final = 4
"""How many times as long chains that only move slowly are sampled again."""


@dataclass(frozen=True)
class Fit:
    """What fitting a design gave.

    Parameters
    ----------
    groups : Groups
        ArviZ's groups and `estimands`; `laws` where the posterior is in closed form. What nobody reads is not made.
    sampler : {"exact", "nuts", "laplace"}
    diagnostics : Diagnostics
    seconds : dict of str to float
        Wall time by part: import, compile, sample, total.
    """

    groups: Groups
    sampler: Literal["exact", "nuts", "laplace"]
    diagnostics: Diagnostics
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def tree(self) -> xr.DataTree:
        """All groups, made."""
        return self.groups.tree


def fit_design(design: Design, sampling: SamplingSpec) -> Fit:
    """Fit a design.

    Parameters
    ----------
    design : Design
    sampling : SamplingSpec
        ``sampler = "auto"`` takes the closed form where one exists, else NUTS. ``"laplace"`` falls back
        to NUTS where it cannot be trusted, and the diagnostics say why.

    Raises
    ------
    AnalysisError
        If ``sampler = "exact"`` and there is no closed form.
    FitError
        If no chain could start or sampling broke off.
    """
    started = time.perf_counter()
    # one independent stream per purpose, so that adding one never moves another
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(sampling.seed).spawn(4)]
    seconds = {"import": 0.0, "compile": 0.0, "sample": 0.0}
    found = estimate(design, sampling, streams[:2], seconds)
    groups, diagnostics = Groups(found.groups), found.diagnostics
    groups.add("posterior", found.parameters)
    groups.add(ESTIMANDS, found.estimands)
    _add_later(groups, design, found.parameters, streams[2], streams[3])
    for name, other in design.beside:
        beside = estimate(other, sampling, streams[:2], seconds)
        groups.add(name, beside.estimands)
        if not beside.diagnostics.converged:
            told = tuple(f"{name}: {message}" for message in beside.diagnostics.messages)
            diagnostics = replace(diagnostics, converged=False, messages=(*diagnostics.messages, *told))
    seconds["total"] = time.perf_counter() - started
    return Fit(groups, found.engine, diagnostics, seconds)


def _add_later(
    groups: Groups,
    design: Design,
    parameters: xr.Dataset,
    prior_rng: np.random.Generator,
    rng: np.random.Generator,
) -> None:
    """Add what is made of a posterior when it is first read: densities, replicates, the prior, data of figures."""

    def predictive() -> Plain:  # together, as they share a stream
        prior = groups["prior"]
        return {
            "posterior_predictive": _label_draws(design.simulate(parameters, rng)),
            "prior_predictive": _label_draws(design.simulate(prior, rng)),
            f"prior_{ESTIMANDS}": _label_draws(design.estimands(prior, rng)),
        }

    def if_any(name: str, make: Callable[[xr.Dataset], xr.Dataset | None]) -> None:
        def made() -> Plain:
            found = make(parameters)
            return {} if found is None else {name: found}

        groups.add_later([name], made)

    if_any("log_prior", lambda p: _label_draws(design.log_prior(p)))
    replicated = Late(predictive)
    groups.add_later(["posterior_predictive"], replicated)
    groups.add_later(["prior"], lambda: {"prior": _label_draws(design.prior(prior_rng, PRIOR_DRAWS))})
    groups.add_later(["prior_predictive", f"prior_{ESTIMANDS}"], replicated)
    groups.add_later(
        DATA_GROUPS, lambda: data_groups(design.observed(), _label_draws(design.log_likelihood(parameters)))
    )
    if_any(FIGURE_DATA, design.figure_data)
    if_any(WEIGHTS, design.study_weights)


@dataclass(frozen=True)
class Estimate:
    """The posterior of a design, without what is made from it for reports.

    Parameters
    ----------
    parameters, estimands : Dataset
        Draws, dimensions (chain, draw, ...).
    diagnostics : Diagnostics
    engine : {"exact", "nuts", "laplace"}
    groups : dict of str to Dataset
        What goes beside them into the tree.
    """

    parameters: xr.Dataset
    estimands: xr.Dataset
    diagnostics: Diagnostics
    engine: Literal["exact", "nuts", "laplace"]
    groups: Plain


def estimate(
    design: Design,
    sampling: SamplingSpec,
    streams: Sequence[np.random.Generator] | None = None,
    seconds: dict[str, float] | None = None,
) -> Estimate:
    """The posterior and the estimands of a design, which is all that checks by refitting need.

    Parameters
    ----------
    design : Design
    sampling : SamplingSpec
    streams : sequence of Generator, optional
        Of exact draws, and of what estimands draw; from the seed if not given.
    seconds : dict, optional
        Wall time is added under ``import``, ``compile`` and ``sample``.
    """
    seconds = dict.fromkeys(("import", "compile", "sample"), 0.0) if seconds is None else seconds
    draws_rng, rng = streams or [np.random.default_rng(s) for s in np.random.SeedSequence(sampling.seed).spawn(2)]
    exact = None
    if sampling.sampler in ("auto", "exact"):
        exact = design.exact(draws_rng, sampling.chains, sampling.draws)
    if sampling.sampler == "exact" and exact is None:
        raise AnalysisError('sampling.sampler: this model and its priors have no closed form; use "auto" or "nuts".')
    if exact is not None:
        laws = {LAWS: exact.laws, f"prior_{LAWS}": exact.prior_laws} if exact.laws else {}
        parameters = _label_draws(exact.draws)
        estimands = _label_draws(design.estimands(parameters, rng))
        diagnostics = Diagnostics.of_exact(
            None if exact.laws else sampling.chains * sampling.draws,
            log_evidence=exact.log_evidence,
            evidence_error=exact.evidence_error,
        )
        return Estimate(parameters, estimands, diagnostics, "exact", laws)
    parameters, estimands, stats, diagnostics = _sampled(design, sampling, rng, seconds)
    if stats is None:
        return Estimate(parameters, estimands, diagnostics, "laplace", {})
    return Estimate(parameters, estimands, diagnostics, "nuts", {"sample_stats": stats})


def _label_draws(data: xr.Dataset) -> xr.Dataset:
    """Number chains and draws from 0, unless they are labelled: some of the draws keep their numbers."""
    missing = {d: np.arange(data.sizes[d]) for d in SAMPLE_DIMS if d not in data.coords}
    return data.assign_coords(missing)


def _sampled(
    design: Design, sampling: SamplingSpec, rng: np.random.Generator, seconds: dict[str, float]
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset | None, Diagnostics]:
    """Draws by Laplace where that is asked for and can be trusted, otherwise by NUTS."""
    note = ""
    if sampling.sampler == "laplace":
        try:
            found = laplace_draws(
                design, chains=sampling.chains, draws=sampling.draws, seed=sampling.seed, seconds=seconds
            )
        except LaplaceError as reason:
            note = f"Sampled by NUTS instead of Laplace: {reason}."
        else:
            parameters = _label_draws(found.parameters)
            estimands = _label_draws(design.estimands(parameters, rng))
            return parameters, estimands, None, Diagnostics.of_laplace(found, estimands)
    parameters, estimands, stats, diagnostics = _nuts(design, sampling, rng, seconds)
    if note:
        diagnostics = replace(diagnostics, messages=(*diagnostics.messages, note))
    return parameters, estimands, stats, diagnostics


_Checked = tuple["xr.Dataset", "xr.Dataset", "xr.Dataset", Diagnostics]


def _nuts(design: Design, sampling: SamplingSpec, rng: np.random.Generator, seconds: dict[str, float]) -> _Checked:
    """Sample, check, and where the checks fail sample once more.

    What `first_tuning` gives is tried first; where that is a quick setting and anything is wrong with its draws, they
    are thrown away. A hierarchy with few units has a funnel at a small spread that the usual step size cannot enter:
    then the last attempt tunes twice as long for steps small enough. Where nothing diverged the chains are only slow:
    then it samples longer and keeps every fourth draw. The better of these two is kept, and its message says if it
    was the last.
    """
    tuning = first_tuning(design)
    first = _checked(design, *sample(design, sampling, tuning, seconds), rng)
    if tuning != CAREFUL and (first[3].stuck or first[3].slow):
        first = _checked(design, *sample(design, sampling, CAREFUL, seconds), rng)
    if first[3].slow and sampling.draws * sampling.chains >= 2 * MIN_ESS:
        longer = replace(sampling, tune=2 * sampling.tune, draws=LONGER * sampling.draws)
        parameters, stats = sample(design, longer, CAREFUL, seconds)
        every = {DRAW: slice(None, None, LONGER)}
        second = _checked(
            design,
            parameters.isel(every),
            stats.isel(every),
            rng,
            note=f"Sampled again, {LONGER} times as long, keeping one draw of {LONGER}.",
        )
    elif first[3].stuck:  # too few draws are not mended by smaller steps
        parameters, stats = sample(design, replace(sampling, tune=2 * sampling.tune), SMALL_STEPS, seconds)
        note = f"Sampled again with smaller steps (target acceptance {SMALL_STEPS.accept:g})."
        second = _checked(design, parameters, stats, rng, note=note)
    else:
        return first
    return min(first, second, key=lambda found: found[3].rank)


def _checked(
    design: Design, parameters: xr.Dataset, stats: xr.Dataset, rng: np.random.Generator, *, note: str = ""
) -> _Checked:
    """Draws with their estimands and diagnostics."""
    parameters, stats = (_label_draws(found.drop_vars(DRAW, errors="ignore")) for found in (parameters, stats))
    estimands = _label_draws(design.estimands(parameters, rng))
    diagnostics = diagnose(parameters, estimands, stats)
    if note:
        diagnostics = replace(diagnostics, messages=(*diagnostics.messages, note))
    return parameters, estimands, stats, diagnostics
