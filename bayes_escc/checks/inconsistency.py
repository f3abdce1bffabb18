"""Whether the direct and the indirect evidence of a network agree: node splitting and unrelated effects.

Both are the synthesis itself with other design matrices (`families.synthesis.inconsistency` tells which), so they
hold for published effects, for arm counts and for both together: exact where the analysis is exact, otherwise by
NUTS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bayes_escc.analysis.analysis import SamplingSpec
from bayes_escc.checks.asked import Asked, question
from bayes_escc.errors import AnalysisError
from bayes_escc.families import get_family
from bayes_escc.families.base import NetworkCheck, NetworkFit
from bayes_escc.inference import Workers, fit_design
from bayes_escc.names import NotebookView, Plain, PlainMapping
from bayes_escc.runs.run import prepare_design

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inconsistency", "inconsistency"]

KINDS = ("network", "unrelated", "direct", "indirect", "difference")


@dataclass(frozen=True, repr=False)
class Inconsistency(NotebookView):
    """Direct against indirect evidence for every pair of regimens with direct evidence.

    Parameters
    ----------
    title, unit : str
    ratio : bool
        Whether the numbers are ratios.
    ci_prob : float
    rows : tuple of dict
        regimen, reference, trials; ``network``, ``unrelated``, ``direct``, ``indirect`` and ``difference``, each
        (median, lower, upper) or None where there is no such estimate; ``tau`` of the split model;
        probability_above (that the direct effect exceeds the indirect one) and its Monte Carlo error.
    models : tuple of dict
        ``model`` ("consistency" or "unrelated mean effects"), ``tau`` (median, lower, upper, or None),
        ``points``, ``residual_deviance`` (posterior mean), ``p`` (effective parameters), ``dic``.
    messages : tuple of str
        What the diagnostics said of fits by sampling that did not converge.
    """

    title: str
    unit: str
    ratio: bool
    ci_prob: float
    rows: tuple[PlainMapping, ...]
    models: tuple[PlainMapping, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether every fit passed its checks."""
        return not self.messages

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per pair and kind of estimate."""
        import pandas as pd

        found = []
        for row in self.rows:
            for kind in KINDS:
                if row[kind] is not None:
                    median, lower, upper = row[kind]
                    place = {k: row[k] for k in ("regimen", "reference", "trials")}
                    found.append({**place, "evidence": kind, "median": median, "lower": lower, "upper": upper})
        return pd.DataFrame(found)

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        return {
            "title": self.title,
            "unit": self.unit,
            "ci_prob": self.ci_prob,
            "converged": self.converged,
            "rows": [dict(r) for r in self.rows],
            "models": [dict(m) for m in self.models],
            "messages": list(self.messages),
        }


def inconsistency(
    asked: Asked, table: Any = None, *, workers: int | None = 1, scheduler: str | None = None
) -> Inconsistency:
    """Compare direct with indirect evidence throughout a network.

    Parameters
    ----------
    asked : Analysis or SynthesisModel
        A synthesis with ``network = true``; its ``[sampling]`` holds where sampling is needed.
    table : table, optional
        Needed with a model; for an analysis, its own if not given.
    workers : int or None
        Processes that fit, one split of the network each; None for one a usable processor. The result does not depend
        on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers fit instead (see `inference.run_many`).

    Raises
    ------
    AnalysisError
        If the analysis is no such network.
    """
    analysis, chosen = question(asked, table)
    of_network = get_family(analysis.family).network_check
    check = None if of_network is None else of_network(prepare_design(analysis, chosen))
    if check is None:
        raise AnalysisError("inconsistency: needs a synthesis with network = true.")
    pieces = [(check, i, analysis.sampling) for i in range(len(check.designs))]
    fits = Workers(workers, scheduler).run(_fit, pieces, analysis.sampling.seed)
    prob = analysis.ci_prob
    return Inconsistency(
        analysis.title,
        check.unit,
        check.ratio,
        prob,
        tuple(check.rows(fits, prob)),
        tuple(check.models(fits, prob)),
        tuple(dict.fromkeys(m for fit in fits for m in fit.messages)),
    )


def _fit(piece: tuple[NetworkCheck, int, SamplingSpec], _seed: int) -> NetworkFit:
    """A fit with the analysis's own seed, so that models differ by their structure alone; exact where it can be."""
    check, i, sampling = piece
    exact = None if sampling.sampler == "nuts" else check.exactly(i)
    if exact is not None:
        return exact
    found = fit_design(check.designs[i], replace(sampling, sampler="nuts"))
    messages = () if found.diagnostics.converged else found.diagnostics.messages
    return check.by_sampling(i, found.groups["posterior"], messages)
