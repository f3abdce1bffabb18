"""Default priors of a hierarchy of rates, wherever one is fitted: in a model of responses or of earlier trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_escc.settings.prior import Prior

__all__ = ["RATE_HIERARCHY_PRIORS"]

RATE_HIERARCHY_PRIORS: Final[Mapping[str, tuple[Prior, str]]] = {
    "logit_mean": (
        Prior("Normal", mu=0, sigma=1.5, rationale="Nearly uniform on the rate: 95 % between 5 % and 95 %."),
        "real",
    ),
    "tau": (
        Prior("HalfNormal", sigma=1, rationale="Odds may differ severalfold between units, hardly more than tenfold."),
        "positive",
    ),
}
"""By role: the prior and the domain of its values."""
