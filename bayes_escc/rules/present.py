"""Rules on the present posterior: superiority, futility, Thall-Simon, toxicity, precision.

References
----------
Thall PF, Simon R. Biometrics 1994;50:337-349.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction, Scale
from bayes_escc.rules.common import (
    NO_PRIOR,
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
from bayes_escc.rules.normal import null_crossing
from bayes_escc.rules.rule import CONTINUE, GO, STOP, Look, Rule, between, decide, exceeds
from bayes_escc.rules.state import FittedStudy, Place, StudyData
from bayes_escc.rules.tails import RatePrior, contrast_tails, contrast_widths, interval_widths, upper_tails
from bayes_escc.settings.questions import no_probability, problems_with_interval
from bayes_escc.settings.reader import check_margin, nearest

__all__ = ["PosteriorProbability", "Precision", "ThallSimon", "Toxicity"]

Array = NDArray[np.float64]


class _OfPosterior(Rule):
    """A rule whose statistic is the posterior's own, of any estimand; the keys are declared by each kind."""

    of_posterior: ClassVar[bool] = True

    @property
    def not_exact(self) -> str:
        if self.estimand != "rate":
            return f"exact enumeration is for rates, not for {self.estimand}"
        return NO_PRIOR if self.prior is None else ""

    @property
    def _place(self) -> Place:
        return Place(self.estimand, self.regimen, self.endpoint, self.time)

    def misfits(self, data: StudyData) -> list[str]:
        found = self._wrong_labels(data)
        if found or self.not_exact:
            return found
        try:
            self.counts(data)
        except AnalysisError as error:
            return [str(error)]
        return []

    def _wrong_labels(self, data: StudyData) -> list[str]:
        known = list(data.estimands)
        if self.estimand not in known:
            hint = nearest(self.estimand, known)
            return [f"estimand: there is no {self.estimand!r} here, but {', '.join(known)}.{hint}"]
        labels = data.labels(self.estimand)
        regimens = labels.regimens
        found = [
            f"{key}: {label!r} is not one of {', '.join(regimens)}.{nearest(label, regimens)}"
            for key, label in (("regimen", self.regimen), ("reference", self.reference))
            if label is not None and label not in regimens
        ]
        if self.regimen is None and len([r for r in regimens if r != self.reference]) > 1:
            found.append(f"regimen: name one of {', '.join(regimens)}")
        if labels.endpoints and (self.endpoint is None and len(labels.endpoints) > 1):
            found.append(f"endpoint: name one of {', '.join(labels.endpoints)}")
        if labels.endpoints and self.endpoint is not None and self.endpoint not in labels.endpoints:
            hint = nearest(self.endpoint, labels.endpoints)
            found.append(f"endpoint: {self.endpoint!r} is not one of {', '.join(labels.endpoints)}.{hint}")
        times = labels.times
        if times and self.time not in times and (self.time is not None or len(times) > 1):
            found.append(f"time: give one of {', '.join(f'{t:g}' for t in times)}")
        return found

    def in_full(self, study: FittedStudy) -> Self:
        regimens = study.labels(self.estimand).regimens
        if self.regimen is not None or not regimens:
            return self
        return replace(self, regimen=next(r for r in regimens if r != self.reference))


@dataclass(frozen=True, kw_only=True)
class PosteriorProbability(_OfPosterior):
    """Act when a posterior probability passes a threshold: superiority, a margin, or futility.

    The probability is that of `regimen` being better than `reference` (by `margin`, on `scale`), or
    of the estimand being better than a fixed `value`.

    Parameters
    ----------
    estimand, time
        As for a comparison. For anything but a rate nothing is enumerated; where patients are followed to an event,
        looks are numbers of events (of both arms), and the false-alarm rate of any difference follows by normal theory.
    reference : str, optional
    value : float, optional
        One of `reference` and `value`.
    better : {"higher", "lower"}, optional
        By default what is known of the endpoint, and higher where nothing is.
    margin : float, optional
    scale : {"difference", "ratio", "odds_ratio"}
    go_above, stop_below : float, optional
        At least one.
    futility_value : float, optional
        A second fixed value: go by P(better than `value`), stop by P(better than `futility_value`).
    prior, reference_prior : Beta or BetaMixture, optional
        Of the rates. In an analysis they are those of the analysis.
    null_rate : float, optional
        The rate common to both arms under which a declaration is false (two arms).
    alternative_rate : float, optional
        The regimen's rate under which it is right.
    """

    kind: ClassVar[str] = "posterior_probability"
    estimand: str = "rate"
    time: float | None = None
    reference: str | None = None
    value: float | None = None
    better: Direction | None = None
    margin: float | None = None
    scale: Scale = "difference"
    go_above: float | None = None
    stop_below: float | None = None
    prior: RatePrior | None = UNIFORM
    reference_prior: RatePrior | None = None
    null_rate: float | None = None
    alternative_rate: float | None = None
    futility_value: float | None = None

    def problems(self) -> list[str]:
        if self.futility_value is None:
            found = super().problems()
        else:  # the two thresholds are of two probabilities, so neither bounds the other
            found = [*between(self, ("go_above", "stop_below"))]
            if self.value is None or self.go_above is None or self.stop_below is None:
                found.append("futility_value goes with value, go_above and stop_below")
        found += one_standard(self)
        if self.go_above is None and self.stop_below is None:
            found.append("give go_above, stop_below or both")
        found += [f"{key} {text}" for key, text in check_margin(self.scale, self.better, self.margin, None)]
        if self.estimand == "rate":
            found += wrong_rates(value=self.value, futility_value=self.futility_value)
        return found + wrong_rates(null_rate=self.null_rate, alternative_rate=self.alternative_rate)

    def misplaced(self, better: Direction | None = None) -> list[str]:
        if self.estimand != "rate":
            return []
        null = self.value if self.reference is None else self.null_rate
        what = "value" if self.reference is None else "null_rate"
        return wrong_side(self, null, what, better=self.better or better)

    @property
    def arms(self) -> int:
        return super().arms if self.estimand == "rate" else 1  # other looks count events, of both arms

    @property
    def _of_any_difference(self) -> bool:
        """Whether the statistic is the probability of any difference, which normal theory can follow."""
        if self.reference is not None:
            return self.margin is None
        return self.estimand in ("hazard_ratio", "marginal_hazard_ratio", "time_ratio") and self.value == 1.0

    def _wrong_labels(self, data: StudyData) -> list[str]:
        found = super()._wrong_labels(data)
        unclear = self.estimand == "rate" and self.better is None and "rate" in data.estimands
        if unclear and "lower" in data.labels(self.estimand).better:
            found.append("better: a lower rate is better in these data; state it in the rule")
        return found

    def in_full(self, study: FittedStudy) -> Self:
        full = super().in_full(study)
        return full if full.better else replace(full, better=study.direction(full.estimand, full.endpoint))

    def now(self, study: FittedStudy) -> tuple[float, float]:
        if self.reference is None:
            return study.beyond(self._place, float(self.value or 0.0), self.better)
        return study.better(self._place, self.reference, self.scale, self.better, self.margin)

    def verdict(self, study: FittedStudy, value: float, look: Look) -> int:
        if self.futility_value is None:
            return super().verdict(study, value, look)
        limits = self.thresholds(look)
        if exceeds(value, limits["go_above"]):
            return GO
        return STOP if exceeds(limits["stop_below"], self.for_futility.now(study)[0]) else CONTINUE

    def events_now(self, data: StudyData) -> Look:
        followed = data.followed
        if followed is None or not self._of_any_difference:
            return ()
        regimens = list(followed)
        arms = {str(self.regimen), self.reference or regimens[0]}
        return (sum(followed[arm][0] for arm in arms),)

    def chance_if_equal(self, events: Sequence[int]) -> float | None:
        if self.act != "go":
            return None
        return float(null_crossing(events, self.go_above, self.stop_below)[0].sum())

    @property
    def statistic(self) -> str:
        return probability(self, place(self, self.estimand))

    @property
    def sentence(self) -> str:
        if self.futility_value is None:
            return verbs(self, self.statistic, "Declare success")
        return (
            f"Declare success if {self.statistic} > {self.go_above:g}; stop for futility if "
            f"{self.for_futility.statistic} < {self.stop_below:g}."
        )

    @property
    def for_futility(self) -> PosteriorProbability:
        """The part of the rule that stops, where it is about another value than the part that goes."""
        return replace(self, value=self.futility_value, futility_value=None, go_above=None)

    def statistics(self, look: Look) -> Array:
        return better_tails(self, self.prior or UNIFORM, look)

    def decided(self, look: Look, values: Array, thresholds: Mapping[str, float]) -> NDArray[np.int8]:
        if self.futility_value is None:
            return super().decided(look, values, thresholds)
        found = decide(values, {"go_above": thresholds["go_above"]})
        stops = self.for_futility.verdicts(look) == STOP
        return np.where(stops & (found != GO), np.int8(STOP), found)

    @property
    def _null(self) -> tuple[float, ...] | None:
        return null_of(self)

    @property
    def _alternative(self) -> tuple[float, ...] | None:
        return with_reference(self, self.alternative_rate)


@dataclass(frozen=True, kw_only=True)
class ThallSimon(Rule):
    """Thall and Simon: P(rate > standard rate + margin), the standard rate being uncertain.

    Parameters
    ----------
    standard : Beta or BetaMixture
        What is known of the standard treatment's rate, for example Beta(10, 40) for 10 of 50.
    margin : float
        The authors' delta_0, from 0 to below 1.
    prior : Beta or BetaMixture
        Of the experimental rate.
    go_above, stop_below : float, optional
        Their p_U and p_L; at least one.
    patients : int, optional
        Planned maximum.
    alternative_rate : float, optional
        By default the mean standard rate plus the margin.
    """

    kind: ClassVar[str] = "thall_simon"
    standard: RatePrior | None = None
    margin: float = 0.0
    prior: RatePrior = UNIFORM
    go_above: float | None = None
    stop_below: float | None = None
    patients: Any = None
    alternative_rate: float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if self.standard is None:
            found.append("standard, a Beta law of the standard rate, is required")
        if self.go_above is None and self.stop_below is None:
            found.append("give go_above, stop_below or both")
        if not 0.0 <= self.margin < 1.0:
            found.append(f"margin lies between 0 and 1, {no_probability(self.margin)}")
        return found + wrong_rates(alternative_rate=self.alternative_rate)

    def misplaced(self, better: Direction | None = None) -> list[str]:
        return wrong_side(self, self._standard.mean, "the mean standard rate")

    @property
    def statistic(self) -> str:
        beyond = f" + {self.margin:g}" if self.margin else ""
        return f"P({place(self, 'rate')} > standard rate{beyond})"

    @property
    def sentence(self) -> str:
        standard = self._standard
        known = f"The standard rate is {law_in_words(standard)}, of mean {standard.mean:.3g}."
        return f"{verbs(self, self.statistic, 'Declare the regimen promising')} {known}"

    @property
    def _standard(self) -> RatePrior:
        return self.standard or UNIFORM

    def statistics(self, look: Look) -> Array:
        return contrast_tails(self.prior, look[0], self._standard, 0, self.margin)[:, 0]

    @property
    def _null(self) -> tuple[float, ...]:
        return (self._standard.mean,)

    @property
    def _alternative(self) -> tuple[float, ...] | None:
        if self.alternative_rate is not None:
            return (self.alternative_rate,)
        target = self._standard.mean + self.margin
        return (target,) if self.margin > 0.0 and target < 1.0 else None


@dataclass(frozen=True, kw_only=True)
class Toxicity(Rule):
    """Stop when an adverse event is probably more frequent than its limit.

    Parameters
    ----------
    limit : float
        The rate that must not be exceeded.
    stop_above : float
        Stop if P(rate > limit) is above this.
    prior : Beta or BetaMixture
    acceptable_rate : float, optional
        A true rate at which stopping is a false alarm; the limit itself if not given.
    alternative_rate : float, optional
        A true rate at which the rule should stop.
    """

    kind: ClassVar[str] = "toxicity"
    limit: float
    stop_above: float
    prior: RatePrior = UNIFORM
    acceptable_rate: float | None = None
    alternative_rate: float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if not 0.0 < self.stop_above < 1.0:
            found.append(f"stop_above is a probability between 0 and 1, {no_probability(self.stop_above)}")
        if self.acceptable_rate is not None and self.acceptable_rate > self.limit:
            found.append(f"acceptable_rate ({self.acceptable_rate:g}) is above the limit ({self.limit:g})")
        return found + wrong_rates(
            limit=self.limit, acceptable_rate=self.acceptable_rate, alternative_rate=self.alternative_rate
        )

    def misplaced(self, better: Direction | None = None) -> list[str]:
        return wrong_side(self, self.limit, "the limit")

    @property
    def statistic(self) -> str:
        return f"P({place(self, 'rate')} > {self.limit:g})"

    @property
    def sentence(self) -> str:
        return f"Stop for toxicity if {self.statistic} > {self.stop_above:g}."

    def statistics(self, look: Look) -> Array:
        return upper_tails(self.prior, look[0], self.limit)

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        return (self.limit if self.acceptable_rate is None else self.acceptable_rate,)

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return None if self.alternative_rate is None else (self.alternative_rate,)


@dataclass(frozen=True, kw_only=True)
class Precision(_OfPosterior):
    """Stop when a credible interval is narrow enough.

    Parameters
    ----------
    width : float
        In the unit of the estimand, or of its contrast with `reference`.
    estimand, time, scale, reference
        As for a comparison; without reference, the estimand itself.
    ci_prob : float
    prior, reference_prior : Beta or BetaMixture, optional
    """

    kind: ClassVar[str] = "precision"
    is_probability: ClassVar[bool] = False
    width: float
    estimand: str = "rate"
    time: float | None = None
    scale: Scale = "difference"
    reference: str | None = None
    ci_prob: float = 0.95
    prior: RatePrior | None = UNIFORM
    reference_prior: RatePrior | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if not 0.0 < self.width < math.inf:
            found.append(f"width is above 0, not {self.width:g}")
        found += [f"ci_prob {wrong}" for wrong in problems_with_interval(self.ci_prob)]
        return found

    @property
    def statistic(self) -> str:
        what = place(self, self.estimand)
        if self.reference is not None:
            what = f"{self.scale.replace('_', ' ')} in {what} against {self.reference}"
        return f"width of the {100 * self.ci_prob:g} % CrI of the {what}"

    @property
    def sentence(self) -> str:
        return f"Stop as precise enough when the {self.statistic} is below {self.width:g}."

    def now(self, study: FittedStudy) -> tuple[float, float]:
        return study.width(self._place, self.reference, self.scale, self.ci_prob)

    def thresholds(self, look: Look) -> Mapping[str, float]:
        return {"stop_below": self.width}

    def statistics(self, look: Look) -> Array:
        prior = self.prior or UNIFORM
        if self.reference is None:
            return interval_widths(prior, look[0], self.ci_prob)
        return contrast_widths(prior, look[0], self.reference_prior or prior, look[1], self.ci_prob, self.scale)
