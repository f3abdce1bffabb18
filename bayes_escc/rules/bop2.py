"""BOP2: futility boundaries that tighten as patients come, and perhaps efficacy boundaries that relax.

References
----------
Zhou H, Lee JJ, Yuan Y. Stat Med 2017;36:3302-3314.
Xu X and others. BOP2-FE: Bayesian optimal phase II design with futility and efficacy stopping boundaries. 2025.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction, NotebookView, Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.rules.common import wrong_rates, wrong_side
from bayes_escc.rules.rule import Look, Rule, Step, plain
from bayes_escc.rules.state import StudyData
from bayes_escc.rules.tails import RatePrior, upper_tails
from bayes_escc.settings.arguments import wrong_fields

__all__ = ["Bop2", "Criterion"]

Array = NDArray[np.float64]
OBRIEN_FLEMING: Final = "obrien_fleming"
"""The efficacy boundary that needs no parameter of its own."""


@dataclass(frozen=True)
class Criterion(NotebookView):
    """One endpoint of a BOP2 rule.

    Parameters
    ----------
    rate : float
        The rate that is not good enough (the null).
    alternative_rate : float, optional
        The rate hoped for.
    endpoint : str, optional
    better : {"higher", "lower"}
        "lower" for toxicity.
    prior : Beta or BetaMixture, optional
        By default worth one patient with the null rate as its mean, as the authors propose.
    """

    rate: float
    alternative_rate: float | None = None
    endpoint: str | None = None
    better: Direction = "higher"
    prior: RatePrior | None = None

    def __post_init__(self) -> None:
        if found := wrong_fields(self):
            raise AnalysisError("; ".join(found))

    @property
    def law(self) -> RatePrior:
        """The prior in use."""
        return self.prior or Beta(self.rate, 1.0 - self.rate)

    @property
    def words(self) -> str:
        """The probability in words."""
        return (
            f"P({(self.endpoint or 'rate').replace('_', ' ')} {'>' if self.better == 'higher' else '<'} {self.rate:g})"
        )

    def good(self, n: int) -> Array:
        """P(better than the null rate) for every count among n patients."""
        above = upper_tails(self.law, n, self.rate)
        return above if self.better == "higher" else 1.0 - above

    def to_dict(self) -> Plain:
        """The criterion as plain data."""
        return {
            "rate": self.rate,
            "alternative_rate": self.alternative_rate,
            "endpoint": self.endpoint,
            "better": self.better,
            "prior": plain(self.law),
        }


@dataclass(frozen=True, kw_only=True)
class Bop2(Rule):
    """BOP2 of Zhou, Lee and Yuan: stop if P(rate > null) < lambda (n / N)^gamma; else succeed at N.

    Parameters
    ----------
    patients : int
        The planned maximum N.
    criteria : sequence of Criterion
        One endpoint, or two.
    claim : {"either", "both"}
        With two endpoints: whether either suffices (co-primary, or nested as CR within CR + PR), or
        both are needed (efficacy and toxicity). Under "either" the study stops when both fail.
    nested : bool
        Whether whoever counts for the first endpoint counts for the second (CR and CR + PR).
    cut, power : float
        The authors' lambda (between 0 and 1) and gamma (at least 0).
    efficacy : "obrien_fleming" or float, optional
        Early success of BOP2-FE, as soon as P(rate > null) is above a cut that falls to lambda at N: that of
        O'Brien and Fleming, 2 Phi(Phi^-1((1 + lambda) / 2) / sqrt(n / N)) - 1; or with this eta (at least 0),
        1 - (1 - lambda) (n / N)^eta. Without it the study never ends early for success.
    """

    kind: ClassVar[str] = "bop2"
    patients: Any = None
    criteria: tuple[Criterion, ...] = ()
    claim: Literal["either", "both"] = "both"
    nested: bool = False
    cut: float
    power: float
    efficacy: str | float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if self.patients is None:
            found.append("patients, the planned maximum N, is required")
        if len(self.criteria) not in (1, 2):
            found.append(f"criteria: one endpoint or two, not {len(self.criteria)}")
        for i, c in enumerate(self.criteria):
            wrong = wrong_rates(rate=c.rate, alternative_rate=c.alternative_rate)
            found += [f"criteria[{i}].{text}" for text in wrong]
            found += [f"criteria[{i}].{text}" for text in wrong_side(c, c.rate, "the null rate", better=c.better)]
        if not 0.0 < self.cut < 1.0:
            found.append(f"lambda lies between 0 and 1, not {self.cut:g}")
        if not 0.0 <= self.power < math.inf:
            found.append(f"gamma is at least 0, not {self.power:g}")
        if isinstance(self.efficacy, str):
            if self.efficacy != OBRIEN_FLEMING:
                found.append(f'efficacy is "{OBRIEN_FLEMING}", or eta as a number, not {self.efficacy!r}')
        elif self.efficacy is not None and not 0.0 <= self.efficacy < math.inf:
            found.append(f"efficacy: eta is at least 0, not {self.efficacy:g}")
        if self.nested and (len(self.criteria) != 2 or self.criteria[0].rate > self.criteria[1].rate):
            found.append("nested endpoints are two, the inner (rarer) first")
        return found

    def counts(self, data: StudyData) -> tuple[Look, Look]:
        regimen = self.counted_arms(data)[0]
        cells = [data.count(regimen, c.endpoint) for c in self.criteria]
        sizes = [n for _, n in cells]
        if len(set(sizes)) > 1:
            shown = ", ".join(map(str, sizes))
            raise AnalysisError(f"criteria: the endpoints have different numbers of evaluable patients ({shown}).")
        return tuple(k for k, _ in cells), (sizes[0],)

    @property
    def act(self) -> Literal["go", "stop"]:
        return "go"

    @property
    def statistic(self) -> str:
        if len(self.criteria) == 1:
            return self.criteria[0].words
        which = "larger" if self.claim == "either" else "smaller"
        return f"the {which} of {self.criteria[0].words} and {self.criteria[1].words}"

    @property
    def sentence(self) -> str:
        n = self.patients[0]
        return (
            f"Stop for futility if {self.statistic} < {self.cut:g} (n/{n})^{self.power:g} among n evaluable patients; "
            f"{self._early(n)}declare success if that is not so at {n}."
        )

    def _early(self, n: int) -> str:
        """When success is declared early, in words."""
        if self.efficacy is None:
            return ""
        cut = (
            f"1 - {1.0 - self.cut:g} (n/{n})^{self.efficacy:g}"
            if not isinstance(self.efficacy, str)
            else (
                f"2 Phi({NormalDist().inv_cdf((1.0 + self.cut) / 2.0):.4g} / sqrt(n/{n})) - 1, as O'Brien and Fleming"
            )
        )
        return f"declare success early if it is > {cut}; "

    def threshold(self, n: int) -> float:
        """The cut at n patients, lambda (n / N)^gamma."""
        return float(self.cut * (n / self.patients[0]) ** self.power)

    def efficacy_threshold(self, n: int) -> float | None:
        """The cut above which n patients end the study for success; None where nothing does before the last."""
        share = n / self.patients[0]
        if share >= 1.0:
            return self.threshold(n)
        if self.efficacy is None:
            return None
        if isinstance(self.efficacy, str):
            normal = NormalDist()
            return 2.0 * normal.cdf(normal.inv_cdf((1.0 + self.cut) / 2.0) / math.sqrt(share)) - 1.0
        return float(1.0 - (1.0 - self.cut) * share**self.efficacy)

    def thresholds(self, look: Look) -> Mapping[str, float]:
        stop, go = self.threshold(look[0]), self.efficacy_threshold(look[0])
        return {"stop_below": stop} if go is None else {"stop_below": stop, "go_above": go}

    def statistics(self, look: Look) -> Array:
        first = self.criteria[0].good(look[0])
        if len(self.criteria) == 1:
            return first
        choose = np.maximum if self.claim == "either" else np.minimum
        return np.asarray(choose(first[:, None], self.criteria[1].good(look[0])[None, :]))

    def cut_falls_by(self, evaluable: Array, power: float | None = None) -> Array:
        return np.asarray((evaluable / self.patients[0]) ** (self.power if power is None else power))

    @property
    def not_calibrated(self) -> str:
        if self.efficacy is None:
            return ""
        return (
            "calibration of a design does not tune a rule with an efficacy boundary; find lambda and gamma with "
            "bayes-escc monitor calibrate, which is exact, and state them."
        )

    @property
    def rates_needed(self) -> tuple[str, ...]:
        return tuple(c.endpoint or f"rate {i + 1}" for i, c in enumerate(self.criteria))

    def steps(self, rates: Array) -> Sequence[Step]:
        if len(self.criteria) == 1:
            return super().steps(rates)
        first, second = rates[:, 0], rates[:, 1]
        # independent, unless a third number states how often both happen in one patient
        both = first if self.nested else rates[:, 2] if rates.shape[1] > 2 else first * second
        neither = 1.0 - first - second + both
        return [[((1, 1), both), ((1, 0), first - both), ((0, 1), second - both), ((0, 0), neither)]]

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        return tuple(c.rate for c in self.criteria)

    @property
    def scenarios(self) -> tuple[tuple[float, ...], ...]:
        null, hoped = self.false_alarm_rates, self.power_rates
        if null is None or hoped is None or len(null) == 1:
            return super().scenarios
        mixed = [(null[0], hoped[1]), (hoped[0], null[1])]  # one endpoint as hoped for, the other not
        fits = [r for r in mixed if not self.nested or r[0] <= r[1]]
        return (null, *fits, hoped)

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        hoped = [c.alternative_rate for c in self.criteria]
        return None if any(h is None for h in hoped) else tuple(float(h or 0.0) for h in hoped)
