"""Scales on which a prior may speak of rates: the log odds, the log of the risk, and the risk itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

__all__ = ["EFFECTS", "LEVELS", "LINKS", "Link", "softplus"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A scale of rates, as functions of their logits.

    Parameters
    ----------
    name : {"log_odds", "log_risk", "risk"}
    """

    name: str

    def value(self, u: Tensor, xp: Any = np) -> Tensor:
        """The value of rates with logits `u`."""
        if self.name == "log_odds":
            return u
        log_rate = -softplus(-u, xp)
        return log_rate if self.name == "log_risk" else xp.exp(log_rate)

    def log_slope(self, u: Tensor, xp: Any = np) -> Tensor:
        """Logarithm of the derivative of the value with respect to the logit."""
        if self.name == "log_odds":
            return 0.0 * u
        rest = -softplus(u, xp)
        return rest if self.name == "log_risk" else rest - softplus(-u, xp)

    def logit(self, value: Tensor) -> Array:
        """The logit of a value; infinite where no rate has it."""
        at = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.name == "log_odds":
                return at
            if self.name == "log_risk":
                return np.asarray(np.where(at >= 0.0, np.inf, at - np.log(-np.expm1(np.minimum(at, -0.0)))))
            return np.asarray(np.log(np.clip(at, 0.0, 1.0)) - np.log1p(-np.clip(at, 0.0, 1.0)))


def softplus(u: Tensor, xp: Any) -> Tensor:
    """log(1 + exp(u)), of numbers or of tensors."""
    return np.logaddexp(0.0, u) if xp is np else xp.softplus(u)


LINKS: Final[Mapping[str, Link]] = {name: Link(name) for name in ("log_odds", "log_risk", "risk")}
EFFECTS: Final[Mapping[str, Link]] = {
    "log_odds_ratio": LINKS["log_odds"],
    "log_risk_ratio": LINKS["log_risk"],
    "risk_difference": LINKS["risk"],
}
"""Contrasts of two rates that may have a prior, and the scale on which each is a difference."""
LEVELS: Final[Mapping[str, Link]] = {
    "rate": LINKS["risk"],
    "log_odds": LINKS["log_odds"],
    "log_risk": LINKS["log_risk"],
}
"""What the prior of a rate itself may speak of."""
