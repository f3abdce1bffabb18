"""Rules on what the study will show when it is complete.

References
----------
Lee JJ, Liu DD. Clin Trials 2008;5:93-106.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction, Scale
from bayes_escc.rules.common import (
    UNIFORM,
    better_tails,
    law_in_words,
    null_of,
    one_standard,
    place,
    probability,
    verbs,
    with_reference,
    wrong_rates,
    wrong_side,
)
from bayes_escc.rules.rule import Look, Rule, exceeds
from bayes_escc.rules.state import FittedStudy, StudyData
from bayes_escc.rules.tails import RatePrior, contrast_tails, predictive_counts
from bayes_escc.settings.arguments import shown
from bayes_escc.settings.reader import check_margin, nearest

__all__ = ["PredictiveProbability", "PredictiveSurvival"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PredictiveProbability(Rule):
    """Lee and Liu: go on only while final success is likely enough.

    Success is P(rate better than `value`) > `success` at the last of `patients`; or, with a
    `reference`, P(regimen better than reference by `margin`) > `success`. The predictive
    probability of success averages over what the patients to come may bring.

    Parameters
    ----------
    patients : int or (int, int)
        Planned maximum, of every arm.
    success : float
        The authors' theta_T.
    stop_below, go_above : float, optional
        Their theta_L and theta_U; without `go_above` the study never ends early for success.
    value, reference, margin, better, prior, reference_prior, null_rate, alternative_rate
        As in `PosteriorProbability`.
    standard : Beta or BetaMixture, optional
        What is known of the standard treatment's rate, instead of a fixed value: success is P(rate > standard rate +
        margin) > `success`.
    final_prior, final_reference_prior : Beta or BetaMixture, optional
        Of the final analysis, where it is not to use what the prediction borrows. `final_prior` alone is that of
        both arms; without either they are `prior` and `reference_prior`.
    """

    kind: ClassVar[str] = "predictive_probability"
    patients: Any = None
    success: float
    reference: str | None = None
    value: float | None = None
    better: Direction | None = None
    margin: float | None = None
    scale: Scale = "difference"
    go_above: float | None = None
    stop_below: float | None = None
    prior: RatePrior = UNIFORM
    reference_prior: RatePrior | None = None
    null_rate: float | None = None
    alternative_rate: float | None = None
    standard: RatePrior | None = None
    final_prior: RatePrior | None = None
    final_reference_prior: RatePrior | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if self.patients is None:
            found.append("patients, the planned maximum, is required")
        if self.standard is None:
            found += one_standard(self)
        elif self.value is not None or self.reference is not None:
            found.append("standard takes the place of value and reference: give one of the three")
        elif self.better == "lower":
            found.append("standard is a rate to be exceeded: better is higher")
        if self.final_reference_prior is not None and self.reference is None:
            found.append("final_reference_prior goes with a reference")
        found += [f"{key} {text}" for key, text in check_margin(self.scale, self.better, self.margin, None)]
        return found + wrong_rates(value=self.value, null_rate=self.null_rate, alternative_rate=self.alternative_rate)

    def misplaced(self, better: Direction | None = None) -> list[str]:
        if self.standard is not None:
            null = self.standard.mean if self.null_rate is None else self.null_rate
            return wrong_side(self, null, "the mean standard rate" if self.null_rate is None else "null_rate")
        null_rate = self.value if self.reference is None else self.null_rate
        what = "value" if self.reference is None else "null_rate"
        return wrong_side(self, null_rate, what, better=self.better or better)

    @property
    def act(self) -> Literal["go", "stop"]:
        return "go"

    @property
    def statistic(self) -> str:
        return f"predictive probability that {self._final} > {self.success:g} at the end"

    @property
    def _final(self) -> str:
        if self.standard is None:
            return probability(self, place(self, "rate"))
        beyond = f" + {self.margin:g}" if self.margin else ""
        return f"P({place(self, 'rate')} > standard rate{beyond})"

    def _final_statistics(self, most: Look) -> Array:
        """The probability that the final analysis reports, for every final count."""
        prior = self.final_prior or self.prior
        if self.standard is not None:
            return contrast_tails(prior, most[0], self.standard, 0, self.margin or 0.0)[:, 0]
        own = replace(self, reference_prior=self.final_reference_prior or self.final_prior or self.reference_prior)
        return better_tails(own, prior, most)

    @property
    def _final_priors_in_words(self) -> str:
        """The priors of the final analysis, where it has its own."""
        own, other = self.final_prior, self.final_reference_prior
        if self.reference is None:
            return "" if own is None else f" The final analysis has the prior {law_in_words(own)}."
        if own is not None and other is None:
            return f" The final analysis has the prior {law_in_words(own)} in both arms."
        if other is None:
            return ""
        arm = "" if own is None else f"{law_in_words(own)} for the regimen and "
        return f" The final analysis has the prior {arm}{law_in_words(other)} for {self.reference}."

    @property
    def sentence(self) -> str:
        most = "/".join(map(str, self.patients))
        early = verbs(self, "the predictive probability of success", "Declare success")
        said = f"Success after {most} evaluable patients is {self._final} > {self.success:g}. {early}"
        if self.standard is not None:
            said += f" The standard rate is {law_in_words(self.standard)}, of mean {self.standard.mean:.3g}."
        return said + self._final_priors_in_words

    def thresholds(self, look: Look) -> Mapping[str, float]:
        if look == self.most:
            return {"stop_below": self.success, "go_above": self.success}
        return super().thresholds(look)

    def statistics(self, look: Look) -> Array:
        most = self.most or look
        final = self._final_statistics(most)
        if look == most:
            return final
        success = exceeds(final, self.success).astype(float)
        found = predictive_counts(self.prior, look[0], most[0]) @ success
        if self.arms == 2:
            found = found @ predictive_counts(self.reference_prior or self.prior, look[1], most[1]).T
        return np.asarray(np.clip(found, 0.0, 1.0))

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        if self.standard is not None:
            return (self.standard.mean if self.null_rate is None else self.null_rate,)
        return null_of(self)

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return with_reference(self, self.alternative_rate)


@dataclass(frozen=True, kw_only=True)
class PredictiveSurvival(Rule):
    """Predictive probability of success for progression-free survival, by completing the study.

    Success is a final analysis that reports more than `success` for P(hazard ratio of the regimen
    against the reference < `value`), or, without a reference, for P(median > `value`). Times are in the
    model's unit.

    Parameters
    ----------
    reference : str, optional
    value : float, optional
        1 with a reference; the median to be passed without.
    events, follow_up : int, float, optional
        One of them: the study closes at this number of events (of both arms), or when the last patient
        has been followed for so long.
    patients : int or (int, int), optional
        Planned size of every arm; those in the data if not given.
    accrual : float, optional
        Patients per unit of time, of both arms, where patients are still to come.
    drop_out : float, optional
        Hazard of leaving before the event, per unit of time, of both arms; nobody leaves if not given.
    final : {"logrank", "exponential"}
        The final analysis: the log hazard ratio of the log-rank statistic as normal with a flat prior, or
        exponential hazards with Gamma(events, time at risk) posteriors.
    success, stop_below, go_above : float
        As in `PredictiveProbability`.
    """

    kind: ClassVar[str] = "predictive_survival"
    timed: ClassVar[bool] = True
    reference: str | None = None
    value: Any = None
    events: int | None = None
    follow_up: float | None = None
    patients: Any = None
    accrual: float | None = None
    final: Any = None
    drop_out: float | None = None
    success: float
    go_above: float | None = None
    stop_below: float | None = None

    def __post_init__(self) -> None:
        alone = self.reference is None
        object.__setattr__(self, "value", self.value if self.value is not None or alone else 1.0)
        object.__setattr__(self, "final", self.final or ("exponential" if alone else "logrank"))
        super().__post_init__()

    def problems(self) -> list[str]:
        found = super().problems()
        if self.value is None:
            found.append("value, the median to be passed, is required without a reference")
        elif not isinstance(self.value, Real) or isinstance(self.value, bool) or not 0.0 < float(self.value) < math.inf:
            found.append(f"value is a hazard ratio or a median, so above 0, not {shown(self.value)}")
        if self.final not in ("logrank", "exponential"):
            found.append(f"final must be 'logrank' or 'exponential', not {shown(self.final)}")
        if (self.events is None) == (self.follow_up is None):
            found.append("give one of events (at which the study closes) and follow_up (of the last patient)")
        if self.follow_up is not None and not 0.0 <= self.follow_up < math.inf:
            found.append(f"follow_up is at least 0, not {self.follow_up:g}")
        if self.events is not None and (
            isinstance(self.events, bool) or self.events != int(self.events) or self.events < 1
        ):
            found.append(f"events is a whole number of at least 1, not {self.events!r}")
        if self.accrual is not None and not 0.0 < self.accrual < math.inf:
            found.append(f"accrual is above 0, not {self.accrual:g}")
        if self.drop_out is not None and not 0.0 <= self.drop_out < math.inf:
            found.append(f"drop_out is a hazard of at least 0, not {self.drop_out:g}")
        if self.reference is None and self.final == "logrank":
            found.append('final = "logrank" compares two arms; one arm takes "exponential"')
        if self.looks:
            found.append("looks are not used: every data cut is a look, and none is enumerated")
        return found

    def misfits(self, data: StudyData) -> list[str]:
        if data.followed is None:
            return [f"kind: a {self.kind} rule needs patients followed to an event; this model has none"]
        late = ["kind: patients who entered late cannot be completed yet"] if data.entered_late else []
        return [*late, *self._misplanned(data.followed)]

    def _misplanned(self, followed: Mapping[str, tuple[int, int]]) -> list[str]:
        """What keeps the plan from being carried out, given events and patients of each regimen."""
        regimens = list(followed)
        found = [
            f"{key}: {label!r} is not one of {', '.join(regimens)}.{nearest(label, regimens)}"
            for key, label in (("regimen", self.regimen), ("reference", self.reference))
            if label is not None and label not in regimens
        ]
        others = [r for r in regimens if r != self.reference]
        if self.regimen is None and len(others) != 1:
            found.append(f"regimen: name one of {', '.join(others)}")
        if found:
            return found
        arms = [self.regimen or others[0], *([self.reference] if self.reference is not None else [])]
        here = [followed[arm][1] for arm in arms]
        planned = here if self.most is None else list(self.most)
        for arm, n, most in zip(arms, here, planned, strict=True):
            if n > most:
                found.append(f"patients: the data hold {n} on {arm}, more than the planned {most}")
        coming = sum(max(most - n, 0) for n, most in zip(here, planned, strict=True))
        if coming and self.accrual is None:
            found.append(f"accrual: {coming} patients are still to come; state how many per unit of time")
        if self.events is not None and self.events > sum(planned):
            found.append(f"events: {self.events} events cannot come from {sum(planned)} patients; state more patients")
        return found

    def in_full(self, study: FittedStudy) -> Self:
        if self.regimen is not None or study.followed is None:
            return self
        return replace(self, regimen=next(r for r in study.followed if r != self.reference))

    def now(self, study: FittedStudy) -> tuple[float, float]:
        return study.completed(self.name)

    @property
    def not_exact(self) -> str:
        return "its statistic is simulated from the posterior"

    @property
    def statistic(self) -> str:
        return f"predictive probability that {self._final} > {self.success:g} in the final analysis"

    @property
    def _final(self) -> str:
        of = f" of {self.regimen}" if self.regimen else ""
        if self.reference is None:
            return f"P(median{of} > {self.value:g})"
        return f"P(hazard ratio{of} against {self.reference} < {self.value:g})"

    @property
    def sentence(self) -> str:
        closes = f"at {self.events} events" if self.events is not None else f"{self.follow_up:g} after the last patient"
        early = verbs(self, "the predictive probability of success", "Declare success")
        lost = f"; patients leave at a rate of {self.drop_out:g} per unit of time" if self.drop_out else ""
        return f"The study closes {closes}{lost}; success is {self._final} > {self.success:g} ({self.final}). {early}"

    def statistics(self, look: Look) -> Array:
        raise AnalysisError(f"{self.name}: {self.not_exact}.")
