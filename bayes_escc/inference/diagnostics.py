"""Whether the draws can be trusted, per parameter and per reported quantity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.names import SAMPLE_DIMS, NotebookView, Plain
from bayes_escc.probability.effective import mixing

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.inference.laplace import LaplaceDraws

__all__ = ["Diagnostics", "diagnose"]

MAX_RHAT: Final = 1.01
SLOW_RHAT: Final = 1.1
MIN_ESS: Final = 400
MIN_EBFMI: Final = 0.3


@dataclass(frozen=True)
class Diagnostics(NotebookView):
    """Convergence of a fit.

    Parameters
    ----------
    converged : bool
        True when every check below passed.
    max_rhat : float or None
        Largest rank-normalised split R-hat (Vehtari et al. 2021) of parameters and estimands;
        at most 1.01 is asked for. None where nothing reported rests on draws.
    min_ess_bulk, min_ess_tail : float or None
        Smallest effective sample sizes; at least 400 are asked for (100 per chain at 4).
    divergences : int
        Divergent transitions after tuning; none is accepted.
    min_ebfmi : float or None
        Smallest energy Bayesian fraction of missing information; at least 0.3 is asked for.
    messages : tuple of str
        What failed and what to do, or how the posterior was computed.
    worst : str
        The quantity with the smallest bulk effective sample size.
    stuck : bool
        Whether the sampler did not move freely, which smaller steps may mend.
    slow : bool
        Whether nothing diverged and the chains all but agree, but move too slowly: longer chains may mend that.
    pareto_k : float or None
        After Laplace: shape of the tail of the importance weights; at most 0.5 is asked for.
    log_evidence, mcse_log_evidence : float or None
        In closed form and after Laplace: logarithm of the marginal likelihood, and its error (of the quadrature, or
        Monte Carlo).
    """

    converged: bool
    max_rhat: float | None
    min_ess_bulk: float | None
    min_ess_tail: float | None
    divergences: int
    min_ebfmi: float | None
    messages: tuple[str, ...] = ()
    worst: str = field(default="", compare=False)
    stuck: bool = field(default=False, compare=False)
    slow: bool = field(default=False, compare=False)
    pareto_k: float | None = None
    log_evidence: float | None = None
    mcse_log_evidence: float | None = None

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Sorts fits of one model, the most trustworthy first."""
        return not self.converged, self.divergences, -(self.min_ess_bulk or 0.0)

    @classmethod
    def of_exact(
        cls, draws: int | None = None, *, log_evidence: float | None = None, evidence_error: float = 0.0
    ) -> Diagnostics:
        """Diagnostics of a closed form.

        Parameters
        ----------
        draws : int, optional
            Independent draws of the closed form on which what is reported rests; where it rests on none, R-hat
            and effective sample sizes do not exist.
        log_evidence : float, optional
        evidence_error : float
            Its error by quadrature.
        """
        if draws is None:
            message = "Closed form: probabilities come from quadrature, not from draws."
            found = cls(True, None, None, None, 0, None, (message,))
        else:
            found = cls(True, 1.0, float(draws), float(draws), 0, None, ("Closed form: draws are independent.",))
        error = None if log_evidence is None else evidence_error
        return replace(found, log_evidence=log_evidence, mcse_log_evidence=error)

    @classmethod
    def of_laplace(cls, found: LaplaceDraws, estimands: xr.Dataset) -> Diagnostics:
        """Diagnostics of independent draws by importance resampling."""
        draws = float(found.parameters.sizes["chain"] * found.parameters.sizes["draw"])
        size = min(draws, found.ess)
        messages = _undefined(found.parameters, estimands)
        if size < MIN_ESS:
            messages.append(f"Only {size:.0f} effective draws; at least {MIN_ESS} are needed: use more draws.")
        told = (
            f"Laplace: {found.proposals} proposals around the mode, of which {found.ess:.0f} count; k-hat "
            f"{found.pareto_k:.2f}; draws are independent."
        )
        return cls(
            not messages,
            1.0,
            size,
            size,
            0,
            None,
            (*messages, told),
            pareto_k=found.pareto_k,
            log_evidence=found.log_evidence,
            mcse_log_evidence=found.mcse_log_evidence,
        )

    def to_dict(self) -> Plain:
        """The entries of `result.json`."""
        return {
            "converged": self.converged,
            "max_rhat": self.max_rhat,
            "min_ess_bulk": self.min_ess_bulk,
            "min_ess_tail": self.min_ess_tail,
            "divergences": self.divergences,
            "min_ebfmi": self.min_ebfmi,
            "pareto_k": self.pareto_k,
            "log_evidence": self.log_evidence,
            "mcse_log_evidence": self.mcse_log_evidence,
            "messages": list(self.messages),
        }


def diagnose(posterior: xr.Dataset, estimands: xr.Dataset, stats: xr.Dataset) -> Diagnostics:
    """Check the draws of a NUTS fit.

    Quantities that do not vary (a rate fixed by its prior) and missing cells are left out.
    """
    names: list[str] = []
    cells: list[Any] = []
    undefined = _undefined(posterior, estimands)
    for data in (posterior, estimands):
        for name, array in data.data_vars.items():
            values = array.transpose(*SAMPLE_DIMS, ...).to_numpy()
            values = values.reshape(*values.shape[:2], -1)
            kept = np.isfinite(values).all(axis=(0, 1))  # what is not was noted, or is a cell without data
            kept &= values.max(axis=(0, 1), initial=-np.inf, where=kept) > values.min(
                axis=(0, 1), initial=np.inf, where=kept
            )
            names += [str(name)] * int(kept.sum())
            cells.append(values[..., kept])
    quality = mixing(np.concatenate(cells, axis=-1))
    rhats, bulk, tails = quality.rhat, quality.bulk, quality.tail
    divergences = int(stats["diverging"].sum()) if "diverging" in stats else 0
    ebfmi = float(np.min(_ebfmi(stats["energy"].to_numpy()))) if "energy" in stats else None
    lowest = int(np.argmin(bulk))
    min_bulk, worst, min_tail = float(bulk[lowest]), names[lowest], float(tails.min())
    max_rhat = float(np.max(rhats))  # a NaN stays a NaN
    messages = list(undefined)
    if not max_rhat <= MAX_RHAT:
        messages.append(f"R-hat is {max_rhat:.3f}, above {MAX_RHAT}: the chains disagree; use more tuning and draws.")
    if min_bulk < MIN_ESS or min_tail < MIN_ESS:
        messages.append(
            f"Only {min(min_bulk, min_tail):.0f} effective draws (of {worst}); at least {MIN_ESS} "
            "are needed: use more draws."
        )
    if divergences:
        messages.append(
            f"{divergences} divergent transitions: the posterior may not have been explored; a more "
            "informative prior on the spread between units usually helps."
        )
    if ebfmi is not None and ebfmi < MIN_EBFMI:
        messages.append(f"E-BFMI is {ebfmi:.2f}, below {MIN_EBFMI}: the sampler moves slowly between energies.")
    hampered = divergences > 0 or (ebfmi is not None and ebfmi < MIN_EBFMI)
    stuck = hampered or not max_rhat <= MAX_RHAT
    slow = bool(messages) and not hampered and not undefined and max_rhat <= SLOW_RHAT
    return Diagnostics(
        not messages, max_rhat, min_bulk, min_tail, divergences, ebfmi, tuple(messages), worst, stuck, slow
    )


def _undefined(*groups: xr.Dataset) -> list[str]:
    """Quantities with draws that are infinite or undefined; a cell without any is missing, not wrong."""
    found = []
    for group in groups:
        for name, array in group.data_vars.items():
            values = array.transpose(*SAMPLE_DIMS, ...).to_numpy()
            missing = np.isnan(values).all(axis=(0, 1))
            if not (np.isfinite(values).all(axis=(0, 1)) | missing).all():
                found.append(f"{name} has infinite or undefined draws.")
    return found


def _ebfmi(energy: Any) -> Any:
    """Energy Bayesian fraction of missing information of each chain (Betancourt 2016)."""
    return np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1)
