"""Where a study stands against its decision rules, with the false-alarm rate beside every threshold.

The statistic of a counting rule is exact: it follows from the counts and the rule's prior. That of a
posterior probability or of a precision rule is the posterior's own. The false-alarm rate is computed
by enumeration for rates with Beta priors (`decision.paths`); for other estimands it is not stated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.borrowed_history import BORROWING, borrowed_priors
from bayes_escc.answers.posterior import Posterior
from bayes_escc.answers.study_state import FittedPosterior, LabelledData
from bayes_escc.names import Plain, format_number, format_probability
from bayes_escc.rules.paths import operating_characteristics
from bayes_escc.rules.reading import with_borrowed, with_direction, with_prior
from bayes_escc.rules.rule import GO, STOP, Decision, Look, Rule, as_look
from bayes_escc.settings.reader import raise_problems

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Position", "Standing", "check_rules", "positions", "standings"]

_OF_QUADRATURE: Final = 1e-6
"""Errors up to which a probability is that of a quadrature; those of draws are far larger."""
_AFTERWARDS: Final = "This rule was not specified in the analysis."


@dataclass(frozen=True)
class Position:
    """One rule at the present state of a study.

    Parameters
    ----------
    rule, kind : str
        Name and kind of the rule.
    statistic : str
        In words.
    value, mcse : float
        The statistic, and its Monte Carlo or quadrature error.
    thresholds : mapping of str to float
        What holds at this look: `go_above`, `stop_below`, `stop_above`.
    decision : {"go", "stop", "continue"}
    events, look : tuple of int
        Counts and evaluable patients now, of regimen and reference (or of the endpoints of a BOP2
        rule). Where patients are followed, `events` is empty and `look` is the number of events of both
        arms, if the rule compares them; otherwise empty.
    looks : tuple of Look
        The looks taken, this one last.
    false_alarm, power : float or None
        P(the rule has acted by now) at the looks taken, under the rates it calls null and alternative.
    planned_false_alarm, planned_power : float or None
        The same with the looks still planned. Exact for rates; by normal theory for a comparison of follow-up.
    null_rates : tuple of float or None
        The true rates of the false-alarm rate; in two arms without a `null_rate`, the observed
        rate of both together.
    sentence : str
    """

    rule: str
    kind: str
    statistic: str
    value: float
    mcse: float
    thresholds: Mapping[str, float]
    decision: Decision
    events: tuple[int, ...]
    look: Look
    looks: tuple[Look, ...]
    false_alarm: float | None
    power: float | None
    planned_false_alarm: float | None
    planned_power: float | None
    null_rates: tuple[float, ...] | None
    sentence: str

    def to_dict(self) -> Plain:
        """An entry of `monitoring` in `result.json`."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "statistic": self.statistic,
            "value": self.value,
            "mcse": self.mcse,
            "thresholds": dict(self.thresholds),
            "decision": self.decision,
            "events": list(self.events),
            "patients": list(self.look),
            "looks": [list(look) for look in self.looks],
            "false_alarm": self.false_alarm,
            "power": self.power,
            "planned_false_alarm": self.planned_false_alarm,
            "planned_power": self.planned_power,
            "null_rates": None if self.null_rates is None else list(self.null_rates),
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Standing:
    """What a rule says at this moment, whichever looks came before: all that needs the posterior, computed once.

    Parameters
    ----------
    rule : Rule
        With the regimen, direction and priors that the study leaves no doubt about.
    value, error : float
        The statistic, and its Monte Carlo or quadrature error.
    decision : {"go", "stop", "continue"}
    events, look : tuple of int
        As in `Position`.
    beforehand : bool
        Whether the analysis specifies the rule.
    """

    rule: Rule
    value: float
    error: float
    decision: Decision
    events: tuple[int, ...]
    look: Look
    beforehand: bool

    def position(self, taken: Sequence[Any] | None = None) -> Position:
        """The position, with the error rates of the looks taken.

        Parameters
        ----------
        taken : sequence, optional
            As in `positions`.
        """
        rule, counted = self.rule, () if self.rule.not_exact else self.look
        rates = _error_rates(rule, self.events, counted, taken) if counted else _normal_rates(rule, self.look, taken)
        limits = dict(rule.thresholds(counted))
        sentence = _sentence(rule, self.value, self.error, limits, self.decision, self.events, self.look, rates)
        return Position(
            rule=rule.name,
            kind=rule.kind,
            statistic=rule.statistic,
            value=self.value,
            mcse=self.error,
            thresholds=limits,
            decision=self.decision,
            events=self.events,
            look=self.look,
            looks=rates.looks,
            false_alarm=rates.false_alarm,
            power=rates.power,
            planned_false_alarm=rates.planned_false_alarm,
            planned_power=rates.planned_power,
            null_rates=rates.null_rates,
            sentence=sentence if self.beforehand else f"{sentence} {_AFTERWARDS}",
        )


def standings(posterior: Posterior, rules: Sequence[Rule] | None = None) -> tuple[Standing, ...]:
    """What every rule says at this moment.

    Parameters
    ----------
    posterior : Posterior
    rules : sequence of Rule, optional
        Those of the analysis if not given.

    Raises
    ------
    AnalysisError
        If a rule does not fit the data.
    """
    stated = posterior.analysis.rules
    asked = tuple(stated if rules is None else (in_analysis(r, posterior.analysis) for r in rules))
    if not asked:
        return ()
    study = FittedPosterior.of(posterior)
    check_rules(asked, study.arrays, study.observed)
    return tuple(_standing(_in_full(rule, study), study, rule in stated) for rule in asked)


def _standing(rule: Rule, study: FittedPosterior, beforehand: bool) -> Standing:
    events, look = ((), ()) if rule.not_exact else rule.counts(study)
    value, error = rule.now(study)
    verdict = rule.verdict(study, value, look)
    decision: Decision = "go" if verdict == GO else "stop" if verdict == STOP else "continue"
    return Standing(rule, value, error, decision, events, look or rule.events_now(study), beforehand)


def positions(
    posterior: Posterior,
    taken: Mapping[str, Sequence[Any]] | None = None,
    *,
    rules: Sequence[Rule] | None = None,
) -> tuple[Position, ...]:
    """The present position of every rule of the analysis.

    Parameters
    ----------
    posterior : Posterior
    taken : mapping of str to sequence, optional
        By name of the rule, the looks taken so far in evaluable patients, the present one last
        (added if it is not there). Without it, the planned looks up to now are taken to have happened.
    rules : sequence of Rule, optional
        Those of the analysis if not given. Of others it is said that they were not specified beforehand; on a rate
        they use the analysis's prior where the statistic is the posterior's own.

    Returns
    -------
    tuple of Position

    Raises
    ------
    AnalysisError
        If a rule does not fit the data.
    """
    return tuple(each.position((taken or {}).get(each.rule.name)) for each in standings(posterior, rules))


def in_analysis(rule: Rule, analysis: Analysis) -> Rule:
    """A rule made in Python, with the prior and the direction it would have been read with."""
    own = with_prior(rule, analysis.spec.rate_prior, {"prior", "reference_prior"})
    return with_direction(own, analysis.data.endpoints or ())


def check_rules(rules: Sequence[Rule], estimands: Mapping[str, xr.DataArray], observed: xr.Dataset | None) -> None:
    """Refuse rules the data cannot answer, all problems at once.

    Parameters
    ----------
    rules : sequence of Rule
    estimands : mapping of str to DataArray
        Draws of any number, for their labels.
    observed : Dataset or None
        The observed counts, or follow-up.

    Raises
    ------
    AnalysisError
    """
    data = LabelledData(estimands, observed)
    problems = [f"monitoring[{i}].{p}" for i, rule in enumerate(rules) for p in rule.misfits(data)]
    raise_problems("the monitoring rules do not fit the data", problems)


def _in_full(rule: Rule, study: FittedPosterior) -> Rule:
    """The rule with the regimen, direction and priors that the study leaves no doubt about."""
    analysis = study.posterior.analysis
    full = rule.in_full(study)
    full = full if full is rule else in_analysis(full, analysis)
    if BORROWING not in study.posterior.groups:
        return full
    if full.regimen is None:  # the only one beside the reference
        others = [r for r in study.labels(full.estimand).regimens if r != full.reference]
        full = in_analysis(replace(full, regimen=others[0]), analysis) if len(others) == 1 else full
    return with_borrowed(full, borrowed_priors(study.posterior.groups[BORROWING], fitted=True))


@dataclass(frozen=True)
class _Rates:
    looks: tuple[Look, ...]
    false_alarm: float | None
    power: float | None
    planned_false_alarm: float | None
    planned_power: float | None
    null_rates: tuple[float, ...] | None


def _error_rates(rule: Rule, events: tuple[int, ...], look: Look, taken: Sequence[Any] | None) -> _Rates:
    """Exact behaviour of the rule at the looks taken, and with those still planned."""
    if taken is None:
        before = [p for p in rule.looks if all(a <= b for a, b in zip(p, look, strict=True)) and p != look]
        looks = (*before, look)
    else:
        looks = _ascending([as_look(each, rule.arms) for each in taken], look)
    null = rule.false_alarm_rates
    if null is None and rule.arms == 2 and rule.act == "go":
        pooled = (sum(events) + 1.0) / (sum(look) + 2.0)
        null = (pooled, pooled)
    hoped = rule.power_rates
    rates = [r for r in (null, hoped) if r is not None]
    if not rates:
        return _Rates(looks, None, None, None, None, None)
    later = [p for p in rule.schedule if all(a >= b for a, b in zip(p, look, strict=True)) and p != look]

    def acting(at: Sequence[Look]) -> tuple[float | None, float | None]:
        chance = {s.rates: s.acts(rule.act) for s in operating_characteristics(rule, at, rates).scenarios}
        return (None if null is None else chance[null], None if hoped is None else chance[hoped])

    now = acting(looks)
    return _Rates(looks, *now, *(acting([*looks, *later]) if later else now), null)


def _normal_rates(rule: Rule, look: Look, taken: Sequence[Any] | None) -> _Rates:
    """False-alarm rate of a comparison of follow-up at its looks, by normal theory."""
    nothing = _Rates((), None, None, None, None, None)
    if not look or look[0] < 1:
        return nothing
    before = rule.looks if taken is None else [as_look(each, 1) for each in taken]
    looks = _ascending(before, look)
    later = [p for p in rule.looks if p[0] > look[0]]
    passes = rule.chance_if_equal([n for (n,) in looks])
    if passes is None:
        return nothing
    return _Rates(looks, passes, None, rule.chance_if_equal([n for (n,) in (*looks, *later)]), None, None)


def _ascending(taken: Sequence[Look], now: Look) -> tuple[Look, ...]:
    """The looks taken up to now, each once.

    Withdrawn patients and corrected regimens can leave a look with fewer patients than one before it; the
    larger one then has no place on a path of growing counts and is left out.
    """
    kept = [now]
    for look in reversed(taken):
        if look != kept[-1] and all(n <= m for n, m in zip(look, kept[-1], strict=True)):
            kept.append(look)
    return tuple(reversed(kept))


def _sentence(
    rule: Rule,
    value: float,
    error: float,
    limits: Mapping[str, float],
    decision: Decision,
    events: tuple[int, ...],
    look: Look,
    rates: _Rates,
) -> str:
    shown = format_probability(value, error) if rule.is_probability else format_number(value)
    sign = " " if shown[:1] in "<>" else " = "
    words = {"go_above": "go above", "stop_below": "stop below", "stop_above": "stop above"}
    held = ", ".join(f"{words[k]} {v:.4g}" for k, v in limits.items())
    counts = "; ".join(f"{k} of {n}" for k, n in zip(events, look * (len(events) // max(len(look), 1)), strict=True))
    said = f"{rule.name}: {rule.statistic}{sign}{shown}"
    said += f" ({counts} evaluable patients)" if counts else ""
    drawn = error > _OF_QUADRATURE
    low, high = max(value - 1.96 * error, 0.0), min(value + 1.96 * error, 1.0)
    if drawn and 0.0 < value < 1.0 and rule.is_probability and f"{low:.3f}" != f"{high:.3f}":
        said += f" (95 % Monte Carlo interval {low:.3f} to {high:.3f})"
    said += f"; {held}: {decision}." if held else f": {decision}."
    if any(abs(value - v) < 2.0 * error for v in limits.values()) and drawn:
        said += " The threshold lies within the Monte Carlo error: draw more before acting."
    if rule.looks and look and look not in rule.schedule:
        said += " This is not a planned look."
    if rates.false_alarm is not None and rates.null_rates is not None:
        at = ", ".join(_shown(p) for p in rates.looks)
        act = "go" if rule.act == "go" else "stop"
        true = "/".join(f"{r:.3g}" for r in rates.null_rates)
        chance = format_probability(rates.false_alarm, 0.0)
        said += f" At looks of {at} patients it would {act} wrongly with probability {chance} were the true rate {true}"
        if rates.planned_false_alarm != rates.false_alarm:
            said += f" ({format_probability(rates.planned_false_alarm, 0.0)} with the looks still planned)"
        if rates.power is not None:
            said += f", and rightly with {format_probability(rates.power, 0.0)}"
            if rates.planned_power != rates.power:
                said += f" ({format_probability(rates.planned_power, 0.0)})"
        said += "."
    elif rates.false_alarm is not None:
        at = ", ".join(_shown(p) for p in rates.looks)
        said += f" At looks of {at} events it would go wrongly with probability {rates.false_alarm:.3f}"
        if rates.planned_false_alarm is not None and rates.planned_false_alarm != rates.false_alarm:
            said += f" ({rates.planned_false_alarm:.3f} with the looks still planned)"
        said += " were the regimens equal: by normal theory, with a flat prior."
    elif rule.not_exact:
        said += f" No false-alarm rate is stated: {rule.not_exact}."
    return said


def _shown(look: Look) -> str:
    return "/".join(map(str, look))
