"""The kinds of decision rule, each as its authors define it.

References
----------
Thall PF, Simon R. Biometrics 1994;50:337-349.
Lee JJ, Liu DD. Clin Trials 2008;5:93-106.
Zhou H, Lee JJ, Yuan Y. Stat Med 2017;36:3302-3314 (BOP2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_escc.beta import Beta, contrast_quantile
from bayes_escc.decision.rule import Look, Rule, Step
from bayes_escc.decision.tails import contrast_tails, predictive_counts, upper_tails
from bayes_escc.names import Direction, Scale
from bayes_escc.schema import check_margin

__all__ = ["KINDS", "Bop2", "Criterion", "PosteriorProbability", "Precision", "PredictiveProbability", "ThallSimon",
           "Toxicity"]  # fmt: skip

Array = NDArray[np.float64]
UNIFORM: Final = Beta(1.0, 1.0)
_NULL: Final = {"difference": 0.0, "ratio": 1.0, "odds_ratio": 1.0}
_NO_PRIOR: Final = "exact enumeration needs independent rates with Beta priors"


@dataclass(frozen=True, kw_only=True)
class PosteriorProbability(Rule):
    """Act when a posterior probability passes a threshold: superiority, a margin, or futility.

    The probability is that of `regimen` being better than `reference` (by `margin`, on `scale`), or
    of the estimand being better than a fixed `value`.

    Parameters
    ----------
    estimand, time
        As for a comparison; anything but a rate is followed, without exact operating characteristics.
    reference : str, optional
    value : float, optional
        One of `reference` and `value`.
    better : {"higher", "lower"}, optional
        By default what is known of the endpoint, and higher where nothing is.
    margin : float, optional
    scale : {"difference", "ratio", "odds_ratio"}
    go_above, stop_below : float, optional
        At least one.
    prior, reference_prior : Beta, optional
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
    prior: Beta | None = UNIFORM
    reference_prior: Beta | None = None
    null_rate: float | None = None
    alternative_rate: float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        found += _one_standard(self)
        if self.go_above is None and self.stop_below is None:
            found.append("give go_above, stop_below or both")
        found += [f"{key} {text}" for key, text in check_margin(self.scale, self.better, self.margin, None)]
        if self.estimand == "rate":
            found += _rates(value=self.value)
        return found + _rates(null_rate=self.null_rate, alternative_rate=self.alternative_rate)

    @property
    def not_exact(self) -> str:
        if self.estimand != "rate":
            return f"exact enumeration is for rates, not for {self.estimand}"
        return _NO_PRIOR if self.prior is None else ""

    @property
    def statistic(self) -> str:
        return _probability(self, _place(self, self.estimand))

    @property
    def sentence(self) -> str:
        return _verbs(self, self.statistic, "Declare success")

    def statistics(self, look: Look) -> Array:
        prior = self.prior or UNIFORM
        if self.reference is None:
            above = upper_tails(prior, look[0], float(self.value or 0.0))
            return above if _direction(self) == "higher" else 1.0 - above
        return _better(
            prior, look[0], self.reference_prior or prior, look[1], _direction(self), self.margin, self.scale
        )

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        return self._null if self.act == "go" else self._alternative

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return self._alternative if self.act == "go" else self._null

    @property
    def _null(self) -> tuple[float, ...] | None:
        if self.reference is None:
            return (float(self.value or 0.0),)
        return None if self.null_rate is None else (self.null_rate, self.null_rate)

    @property
    def _alternative(self) -> tuple[float, ...] | None:
        return _with_reference(self, self.alternative_rate)


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
    """

    kind: ClassVar[str] = "predictive_probability"
    patients: Any = None
    success: float = 0.95
    reference: str | None = None
    value: float | None = None
    better: Direction | None = None
    margin: float | None = None
    scale: Scale = "difference"
    go_above: float | None = None
    stop_below: float | None = None
    prior: Beta = UNIFORM
    reference_prior: Beta | None = None
    null_rate: float | None = None
    alternative_rate: float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if self.patients is None:
            found.append("patients, the planned maximum, is required")
        found += _one_standard(self)
        found += [f"{key} {text}" for key, text in check_margin(self.scale, self.better, self.margin, None)]
        return found + _rates(value=self.value, null_rate=self.null_rate, alternative_rate=self.alternative_rate)

    @property
    def act(self) -> Literal["go", "stop"]:
        return "go"

    @property
    def statistic(self) -> str:
        return f"predictive probability that {self._final} > {self.success:g} at the end"

    @property
    def _final(self) -> str:
        return _probability(self, _place(self, "rate"))

    @property
    def sentence(self) -> str:
        most = "/".join(map(str, self.patients))
        early = _verbs(self, "the predictive probability of success", "Declare success")
        return f"Success after {most} evaluable patients is {self._final} > {self.success:g}. {early}"

    def thresholds(self, look: Look) -> Mapping[str, float]:
        if look == self.most:
            return {"stop_below": self.success, "go_above": self.success}
        return super().thresholds(look)

    def statistics(self, look: Look) -> Array:
        most = self.most or look
        final = self._final_statistic(most)
        if look == most:
            return final
        success = (final > self.success).astype(float)
        found = predictive_counts(self.prior, look[0], most[0]) @ success
        if self.arms == 2:
            found = found @ predictive_counts(self.reference_prior or self.prior, look[1], most[1]).T
        return np.asarray(np.clip(found, 0.0, 1.0))

    def _final_statistic(self, most: Look) -> Array:
        if self.reference is None:
            above = upper_tails(self.prior, most[0], float(self.value or 0.0))
            return above if _direction(self) == "higher" else 1.0 - above
        other = self.reference_prior or self.prior
        return _better(self.prior, most[0], other, most[1], _direction(self), self.margin, self.scale)

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        if self.reference is None:
            return (float(self.value or 0.0),)
        return None if self.null_rate is None else (self.null_rate, self.null_rate)

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return _with_reference(self, self.alternative_rate)


@dataclass(frozen=True, kw_only=True)
class ThallSimon(Rule):
    """Thall and Simon: P(rate > standard rate + margin), the standard rate being uncertain.

    Parameters
    ----------
    standard : Beta
        What is known of the standard treatment's rate, for example Beta(10, 40) for 10 of 50.
    margin : float
        The authors' delta_0, from 0 to below 1.
    prior : Beta
        Of the experimental rate.
    go_above, stop_below : float, optional
        Their p_U and p_L; at least one.
    patients : int, optional
        Planned maximum.
    alternative_rate : float, optional
        By default the mean standard rate plus the margin.
    """

    kind: ClassVar[str] = "thall_simon"
    standard: Beta | None = None
    margin: float = 0.0
    prior: Beta = UNIFORM
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
            found.append(f"margin lies between 0 and 1, not {self.margin:g}")
        return found + _rates(alternative_rate=self.alternative_rate)

    @property
    def statistic(self) -> str:
        beyond = f" + {self.margin:g}" if self.margin else ""
        return f"P({_place(self, 'rate')} > standard rate{beyond})"

    @property
    def sentence(self) -> str:
        standard = self._standard
        known = f"The standard rate is Beta({standard.alpha:g}, {standard.beta:g}), of mean {standard.mean:.3g}."
        return f"{_verbs(self, self.statistic, 'Declare the regimen promising')} {known}"

    @property
    def _standard(self) -> Beta:
        return self.standard or UNIFORM

    def statistics(self, look: Look) -> Array:
        return contrast_tails(self.prior, look[0], self._standard, 0, self.margin)[:, 0]

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        return self._null if self.act == "go" else self._alternative

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return self._alternative if self.act == "go" else self._null

    @property
    def _null(self) -> tuple[float, ...]:
        return (self._standard.mean,)

    @property
    def _alternative(self) -> tuple[float, ...] | None:
        if self.alternative_rate is not None:
            return (self.alternative_rate,)
        target = self._standard.mean + self.margin
        return (target,) if self.margin > 0.0 and target < 1.0 else None


@dataclass(frozen=True)
class Criterion:
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
    prior : Beta, optional
        By default worth one patient with the null rate as its mean, as the authors propose.
    """

    rate: float
    alternative_rate: float | None = None
    endpoint: str | None = None
    better: Direction = "higher"
    prior: Beta | None = None

    @property
    def law(self) -> Beta:
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

    def to_dict(self) -> dict[str, Any]:
        """The criterion as plain data."""
        return {"rate": self.rate, "alternative_rate": self.alternative_rate, "endpoint": self.endpoint,
                "better": self.better, "prior": {"alpha": self.law.alpha, "beta": self.law.beta}}  # fmt: skip


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
    """

    kind: ClassVar[str] = "bop2"
    patients: Any = None
    criteria: tuple[Criterion, ...] = ()
    claim: Literal["either", "both"] = "both"
    nested: bool = False
    cut: float = 0.9
    power: float = 1.0

    def problems(self) -> list[str]:
        found = super().problems()
        if self.patients is None:
            found.append("patients, the planned maximum N, is required")
        if len(self.criteria) not in (1, 2):
            found.append(f"criteria: one endpoint or two, not {len(self.criteria)}")
        for i, c in enumerate(self.criteria):
            wrong = _rates(rate=c.rate, alternative_rate=c.alternative_rate)
            found += [f"criteria[{i}].{text}" for text in wrong]
            if c.alternative_rate is not None and (c.alternative_rate > c.rate) != (c.better == "higher"):
                found.append(f"criteria[{i}].alternative_rate must be better than the null rate {c.rate:g}")
        if not 0.0 < self.cut < 1.0:
            found.append(f"lambda lies between 0 and 1, not {self.cut:g}")
        if not 0.0 <= self.power < math.inf:
            found.append(f"gamma is at least 0, not {self.power:g}")
        if self.nested and (len(self.criteria) != 2 or self.criteria[0].rate > self.criteria[1].rate):
            found.append("nested endpoints are two, the inner (rarer) first")
        return found

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
            f"declare success if that is not so at {n}."
        )

    def threshold(self, n: int) -> float:
        """The cut at n patients, lambda (n / N)^gamma."""
        return float(self.cut * (n / self.patients[0]) ** self.power)

    def thresholds(self, look: Look) -> Mapping[str, float]:
        at = self.threshold(look[0])
        return {"stop_below": at, "go_above": at} if look == self.most else {"stop_below": at}

    def statistics(self, look: Look) -> Array:
        first = self.criteria[0].good(look[0])
        if len(self.criteria) == 1:
            return first
        choose = np.maximum if self.claim == "either" else np.minimum
        return np.asarray(choose(first[:, None], self.criteria[1].good(look[0])[None, :]))

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
    def power_rates(self) -> tuple[float, ...] | None:
        hoped = [c.alternative_rate for c in self.criteria]
        return None if any(h is None for h in hoped) else tuple(float(h or 0.0) for h in hoped)


@dataclass(frozen=True, kw_only=True)
class Toxicity(Rule):
    """Stop when an adverse event is probably more frequent than its limit.

    Parameters
    ----------
    limit : float
        The rate that must not be exceeded.
    stop_above : float
        Stop if P(rate > limit) is above this.
    prior : Beta
    acceptable_rate : float, optional
        A true rate at which stopping is a false alarm; the limit itself if not given.
    alternative_rate : float, optional
        A true rate at which the rule should stop.
    """

    kind: ClassVar[str] = "toxicity"
    limit: float = 0.30
    stop_above: float = 0.90
    prior: Beta = UNIFORM
    acceptable_rate: float | None = None
    alternative_rate: float | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if not 0.0 < self.stop_above < 1.0:
            found.append(f"stop_above is a probability between 0 and 1, not {self.stop_above:g}")
        if self.acceptable_rate is not None and self.acceptable_rate > self.limit:
            found.append(f"acceptable_rate ({self.acceptable_rate:g}) is above the limit ({self.limit:g})")
        return found + _rates(
            limit=self.limit, acceptable_rate=self.acceptable_rate, alternative_rate=self.alternative_rate
        )

    @property
    def statistic(self) -> str:
        return f"P({_place(self, 'rate')} > {self.limit:g})"

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
class Precision(Rule):
    """Stop when a credible interval is narrow enough.

    Parameters
    ----------
    width : float
        In the unit of the estimand, or of its contrast with `reference`.
    estimand, time, scale, reference
        As for a comparison; without reference, the estimand itself.
    ci_prob : float
    prior, reference_prior : Beta, optional
    """

    kind: ClassVar[str] = "precision"
    width: float = 0.2
    estimand: str = "rate"
    time: float | None = None
    scale: Scale = "difference"
    reference: str | None = None
    ci_prob: float = 0.95
    prior: Beta | None = UNIFORM
    reference_prior: Beta | None = None

    def problems(self) -> list[str]:
        found = super().problems()
        if not 0.0 < self.width < math.inf:
            found.append(f"width is above 0, not {self.width:g}")
        if not 0.0 < self.ci_prob < 1.0:
            found.append(f"ci_prob lies between 0 and 1, not {self.ci_prob:g}")
        return found

    @property
    def not_exact(self) -> str:
        if self.estimand != "rate":
            return f"exact enumeration is for rates, not for {self.estimand}"
        return _NO_PRIOR if self.prior is None else ""

    @property
    def statistic(self) -> str:
        what = _place(self, self.estimand)
        if self.reference is not None:
            what = f"{self.scale.replace('_', ' ')} in {what} against {self.reference}"
        return f"width of the {100 * self.ci_prob:g} % CrI of the {what}"

    @property
    def sentence(self) -> str:
        return f"Stop as precise enough when the {self.statistic} is below {self.width:g}."

    def thresholds(self, look: Look) -> Mapping[str, float]:
        return {"stop_below": self.width}

    def statistics(self, look: Look) -> Array:
        tail = 0.5 * (1.0 - self.ci_prob)
        ends = (tail, 1.0 - tail)
        laws = [_after(self.prior or UNIFORM, look[0], s) for s in range(look[0] + 1)]
        if self.reference is None:
            return np.array([law.quantile(ends[1]) - law.quantile(ends[0]) for law in laws])
        others = [_after(self.reference_prior or self.prior or UNIFORM, look[1], s) for s in range(look[1] + 1)]

        def width(x: Beta, y: Beta) -> float:
            low, high = (contrast_quantile(x, y, q, self.scale) for q in ends)
            return high - low

        return np.array([[width(x, y) for y in others] for x in laws])


KINDS: Final[Mapping[str, type[Rule]]] = {
    rule.kind: rule for rule in (PosteriorProbability, PredictiveProbability, ThallSimon, Bop2, Toxicity, Precision)
}
"""The kinds of rule by their name in an analysis."""


def _after(prior: Beta, n: int, s: int) -> Beta:
    return Beta(prior.alpha + s, prior.beta + n - s)


def _better(x: Beta, nx: int, y: Beta, ny: int, better: Direction, margin: float | None, scale: Scale) -> Array:
    """P(X better than Y by the margin) for every pair of counts."""
    cut = _NULL[scale] if margin is None else margin
    if better == "higher":
        return contrast_tails(x, nx, y, ny, cut, scale)
    return contrast_tails(y, ny, x, nx, cut if scale == "difference" else 1.0 / cut, scale).T


def _direction(rule: Any) -> Direction:
    """The better direction: higher unless stated; an analysis states it for the endpoints it knows."""
    return rule.better or "higher"


def _one_standard(rule: Any) -> list[str]:
    """A rule compares with a regimen or with a fixed value; a margin belongs to the former."""
    if (rule.reference is None) == (rule.value is None):
        return ["give one of reference (a regimen) and value (a fixed one)"]
    if rule.value is not None and rule.margin is not None:
        return ["margin goes with a reference: add it to value instead"]
    return []


def _rates(**stated: float | None) -> list[str]:
    return [
        f"{key} is a rate between 0 and 1, not {value:g}"
        for key, value in stated.items()
        if value is not None and not 0.0 < value < 1.0
    ]


def _with_reference(rule: Any, rate: float | None) -> tuple[float, ...] | None:
    if rate is None or (rule.reference is not None and rule.null_rate is None):
        return None
    return (rate,) if rule.reference is None else (rate, rule.null_rate)


def _place(rule: Any, estimand: str) -> str:
    """What is measured, of whom and when, as short as it is clear."""
    name = (rule.endpoint or estimand).replace("_", " ")
    if rule.endpoint and estimand != "rate":
        name = f"{name} {estimand.replace('_', ' ')}"
    at = f" at {rule.time:g}" if getattr(rule, "time", None) is not None else ""
    of = f" of {rule.regimen}" if rule.regimen else ""
    return f"{name}{at}{of}"


def _probability(rule: Any, what: str) -> str:
    """The probability a rule watches, in words."""
    sign = ">" if _direction(rule) == "higher" else "<"
    if rule.reference is None:
        return f"P({what} {sign} {rule.value:g})"
    by = f" by {rule.margin:g} ({rule.scale.replace('_', ' ')})" if rule.margin else ""
    return f"P({what} better than {rule.reference}{by})"


def _verbs(rule: Any, what: str, success: str) -> str:
    parts = []
    if rule.go_above is not None:
        parts.append(f"{success} if {what} > {rule.go_above:g}")
    if rule.stop_below is not None:
        parts.append(f"stop for futility if {what} < {rule.stop_below:g}")
    if not parts:
        return "There is no early stopping."
    said = "; ".join(parts) + "."
    return said[:1].upper() + said[1:]
