"""Models of the same patients compared by the evidence each gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from bayes_escc.errors import AnalysisError
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.inference.leave_one_out import check_same_coding

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["bayes_factors"]


class _Fitted(Protocol):
    @property
    def groups(self) -> Mapping[str, xr.Dataset]: ...

    @property
    def diagnostics(self) -> Diagnostics: ...


def bayes_factors(fits: Mapping[str, _Fitted]) -> pd.DataFrame:
    """Bayes factors between models of the same patients, the best supported first.

    Parameters
    ----------
    fits : mapping of str to Posterior
        At least two, each in closed form or fitted with ``sampler="laplace"``, which give the evidence.

    Returns
    -------
    DataFrame
        Columns log_evidence, mcse (of the logarithm), bayes_factor (against the best supported),
        mcse_bayes_factor, and probability (of each model, were all equally probable before the data).

    Raises
    ------
    AnalysisError
        If a fit has no evidence, or the fits saw different patients or other codings of them.

    Notes
    -----
    The evidence averages the likelihood over the prior, so it depends on the priors, vague ones above all, in
    a way that estimates do not. `compare_models` asks another question: how well new patients are predicted.
    """
    import pandas as pd

    if len(fits) < 2:
        raise AnalysisError("Bayes factors need at least two fits.")
    check_same_coding(fits)
    without = [name for name, fit in fits.items() if fit.diagnostics.log_evidence is None]
    if without:
        raise AnalysisError(
            f'{", ".join(without)}: there is no evidence; fit with sampler = "laplace" (where that was asked for, '
            "the messages of the diagnostics say why it could not be used)."
        )
    logs = {name: float(fit.diagnostics.log_evidence or 0.0) for name, fit in fits.items()}
    errors = {name: float(fit.diagnostics.mcse_log_evidence or 0.0) for name, fit in fits.items()}
    best = max(logs, key=logs.__getitem__)
    total = sum(math.exp(v - logs[best]) for v in logs.values())
    rows = []
    for name in sorted(logs, key=lambda n: -logs[n]):
        factor = math.exp(logs[name] - logs[best])
        error = 0.0 if name == best else factor * math.hypot(errors[name], errors[best])
        rows.append(
            {
                "model": name,
                "log_evidence": logs[name],
                "mcse": errors[name],
                "bayes_factor": factor,
                "mcse_bayes_factor": error,
                "probability": factor / total,
            }
        )
    return pd.DataFrame(rows).set_index("model")
