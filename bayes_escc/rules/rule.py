"""What every decision rule is: a frozen value that turns counts into go, stop or continue."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction, NotebookView, Plain, Scale
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.rules.state import FittedStudy, StudyData
from bayes_escc.settings.arguments import wrong_fields
from bayes_escc.settings.questions import no_probability
from bayes_escc.settings.reader import nearest

__all__ = [
    "CONTINUE",
    "GO",
    "MAX_PATIENTS",
    "STOP",
    "Decision",
    "Look",
    "Rule",
    "Step",
    "as_look",
    "between",
    "decide",
    "exceeds",
    "plain",
]

Array = NDArray[np.float64]
Decision = Literal["go", "stop", "continue"]
Look = tuple[int, ...]
"""Evaluable patients at a look: of the one arm, or of regimen and reference."""

Step = Sequence[tuple[Look, Array]]
"""What one more patient may add to the counts, and with what probability (one per scenario)."""

GO: Final = 1
STOP: Final = -1
CONTINUE: Final = 0
MAX_PATIENTS: Final = 2000
"""Most patients of an arm for which a rule is worked out."""

_QUADRATURE_ERROR: Final = 1e-12
_DECIMALS: Final = 9
"""Statistics and thresholds equal to so many decimals are equal: the last digits of a sum are chance."""

THRESHOLDS: Final = ("go_above", "stop_below", "stop_above")


def as_look(value: Any, arms: int) -> Look:
    """Patients at a look, of every arm; one number serves all arms."""
    listed = tuple(value) if isinstance(value, list | tuple) else (value,) * arms
    if len(listed) != arms:
        some = "a number of patients" if arms == 1 else "a number, or two: of the regimen and of the reference"
        raise AnalysisError(f"a look is {some}, not {value!r}")
    if not all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MAX_PATIENTS for n in listed):
        raise AnalysisError(f"patients at a look are whole numbers from 1 to {MAX_PATIENTS}, not {value!r}")
    return listed


@dataclass(frozen=True, kw_only=True)
class Rule(NotebookView, ABC):
    """A pre-specified decision rule.

    Parameters
    ----------
    name : str
        Unique in an analysis; the kind if not given.
    regimen : str, optional
        The regimen the rule is about; not needed where there is one.
    endpoint : str, optional
        Not needed where there is one.
    looks : sequence
        Planned looks, ascending, in *evaluable* patients: a patient whose response is not yet known
        is not a failure and does not count. One number, or two for arms of unequal size.
    rationale : str
    taken_over : tuple of str
        Which of `prior` and `reference_prior` are those of the analysis; set by the reader.

    Notes
    -----
    A look *goes* if the statistic is above `go_above`, and *stops* if it is below `stop_below` or
    above `stop_above`; equality, to nine decimals, decides nothing.
    """

    kind: ClassVar[str]
    is_probability: ClassVar[bool] = True
    of_posterior: ClassVar[bool] = False
    """Whether its statistic is the posterior's own, so that its priors are those of the analysis."""
    name: str = ""
    regimen: str | None = None
    endpoint: str | None = None
    looks: tuple[Any, ...] = ()
    rationale: str = ""
    taken_over: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        found = wrong_fields(self, but=("looks", "patients", "taken_over"))
        if found:  # before anything is asked of a value of another kind
            raise AnalysisError("; ".join(found))
        object.__setattr__(self, "name", self.name or self.kind)
        for key in ("looks", "patients"):
            value = getattr(self, key, None)
            if value is None:
                continue
            try:
                tidy: Any = as_look(value, self.arms) if key == "patients" else self.check_looks(value)
                object.__setattr__(self, key, tidy)
            except AnalysisError as error:
                found.append(f"{key}: {error}")
        found += self.problems()
        found += [] if found else self.misplaced()
        if found:
            raise AnalysisError("; ".join(found))

    # What many rules have as a key, and the others answer all the same; every key below has a default where it is one.

    @property
    def estimand(self) -> str:
        """What the rule is about."""
        return "rate"

    @property
    def time(self) -> float | None:
        """The time or horizon of the estimand."""
        return None

    @property
    def reference(self) -> str | None:
        """The regimen that its own is compared with."""
        return None

    @property
    def value(self) -> float | None:
        """A fixed value that the estimand is compared with."""
        return None

    @property
    def futility_value(self) -> float | None:
        """Another, by which it stops."""
        return None

    @property
    def margin(self) -> float | None:
        """By how much the regimen is to be better."""
        return None

    @property
    def scale(self) -> Scale:
        """Of the margin."""
        return "difference"

    @property
    def better(self) -> Direction | None:
        """The better direction, where it is stated."""
        return None

    @property
    def prior(self) -> BetaMixture | Beta | None:
        """Of the regimen's rate."""
        return None

    @property
    def reference_prior(self) -> BetaMixture | Beta | None:
        """Of the reference's rate, where it is another."""
        return None

    @property
    def criteria(self) -> Sequence[Any]:
        """The endpoints of a rule of several."""
        return ()

    @property
    def claim(self) -> Literal["either", "both"]:
        """Of two endpoints, whether either suffices."""
        return "both"

    @property
    def nested(self) -> bool:
        """Whether whoever counts for the first of two endpoints counts for the second."""
        return False

    @property
    def keys(self) -> frozenset[str]:
        """What can be stated of a rule of this kind."""
        return frozenset(f.name for f in fields(self))

    @property
    def timed(self) -> bool:
        """Whether it watches a time to event rather than a rate."""
        return self.estimand != "rate"

    @property
    def asks_posterior(self) -> bool:
        """Whether its statistic is one probability under the present posterior."""
        return self.of_posterior and self.is_probability

    def misplaced(self, better: Direction | None = None) -> list[str]:
        """Why the alternative rate is none: it lies on the wrong side of the null.

        Parameters
        ----------
        better : {"higher", "lower"}, optional
            The direction to assume where the rule states none; nothing is said if not given.
        """
        return []

    def check_looks(self, looks: Sequence[Any]) -> tuple[Look, ...]:
        """Looks as patients of every arm, in the order they are taken.

        Raises
        ------
        AnalysisError
        """
        listed = looks if isinstance(looks, list | tuple) else [looks]
        tidy = tuple(as_look(look, self.arms) for look in listed)
        for earlier, later in pairwise(tidy):
            if later == earlier or any(b < a for a, b in zip(earlier, later, strict=True)):
                raise AnalysisError(f"{_shown(later)} cannot follow {_shown(earlier)}: looks ascend")
        most = self.most
        if most is not None and any(n > m for look in tidy for n, m in zip(look, most, strict=True)):
            raise AnalysisError(f"a look has more patients than the {_shown(most)} the rule allows (patients)")
        return tidy

    def problems(self) -> list[str]:
        """What is wrong with the values, one sentence each."""
        found = list(between(self, ("go_above", "stop_below", "stop_above", "success")))
        high, low = getattr(self, "go_above", None), getattr(self, "stop_below", None)
        if high is not None and low is not None and not high > low:
            found.append(f"go_above ({high:g}) must be greater than stop_below ({low:g})")
        return found

    @property
    def arms(self) -> int:
        """Streams of patients: 1, or 2 where the regimen is compared with a reference."""
        return 1 if self.reference is None else 2

    @property
    def most(self) -> Look | None:
        """The planned maximum of patients, where the rule has one."""
        value = getattr(self, "patients", None)
        return None if value is None else as_look(value, self.arms)

    @property
    def schedule(self) -> tuple[Look, ...]:
        """The planned looks, and the last analysis where the rule has one."""
        most = self.most
        if most is None or (self.looks and self.looks[-1] == most):
            return self.looks
        return (*self.looks, most)

    @property
    def act(self) -> Literal["go", "stop"]:
        """The decision a false alarm is about: to go, or for a rule that only stops, to stop."""
        return "go" if getattr(self, "go_above", None) is not None else "stop"

    @property
    def not_exact(self) -> str:
        """Why operating characteristics cannot be computed by enumeration; empty if they can."""
        return ""

    @property
    @abstractmethod
    def statistic(self) -> str:
        """The statistic in words."""

    @abstractmethod
    def statistics(self, look: Look) -> Array:
        """The statistic for every possible count at a look; one axis for each thing counted."""

    def thresholds(self, look: Look) -> Mapping[str, float]:
        """What the statistic is held against at a look."""
        found = {key: getattr(self, key, None) for key in THRESHOLDS}
        return {key: value for key, value in found.items() if value is not None}

    def verdicts(self, look: Look) -> NDArray[np.int8]:
        """GO, STOP or CONTINUE for every possible count at a look."""
        return self.decided(look, self.statistics(look), self.thresholds(look))

    def decided(self, look: Look, values: Array, thresholds: Mapping[str, float]) -> NDArray[np.int8]:
        """GO, STOP or CONTINUE for the statistic of every possible count at a look."""
        return decide(values, thresholds)

    def steps(self, rates: Array) -> Sequence[Step]:
        """What one more patient of each stream adds to the counts.

        Parameters
        ----------
        rates : array of shape (scenarios, numbers)
            True rates: of the arm; or of regimen and reference.
        """
        if self.arms == 1:
            return [_one(rates[:, 0], (1,), (0,))]
        return [_one(rates[:, 0], (1, 0), (0, 0)), _one(rates[:, 1], (0, 1), (0, 0))]

    @property
    def rates_needed(self) -> tuple[str, ...]:
        """What the true rates of a scenario are."""
        return ("rate",) if self.arms == 1 else ("regimen", "reference")

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        """True rates under which acting is a false alarm, or None if the rule does not say."""
        return self._null if self.act == "go" else self._alternative

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        """True rates under which acting is right, or None if the rule does not say."""
        return self._alternative if self.act == "go" else self._null

    @property
    def _null(self) -> tuple[float, ...] | None:
        """True rates under which the regimen is no good, for rules that go or stop by one probability."""
        return None

    @property
    def _alternative(self) -> tuple[float, ...] | None:
        """True rates under which it is, likewise."""
        return None

    @property
    def scenarios(self) -> tuple[tuple[float, ...], ...]:
        """The true rates the rule itself names: null, alternative, and what lies between them."""
        return tuple(r for r in (self.false_alarm_rates, self.power_rates) if r is not None)

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The rule in words, as a protocol could print it."""

    def misfits(self, data: StudyData) -> list[str]:
        """Why the data of a study cannot answer the rule, one sentence each; a sentence begins with its key."""
        try:
            now = self.counts(data)[1]
        except AnalysisError as error:
            return [str(error)]
        most = self.most
        if most is None or all(n <= m for n, m in zip(now, most, strict=True)):
            return []
        return [f"patients: the data hold {_shown(now)} evaluable patients, more than the planned {_shown(most)}"]

    def counts(self, data: StudyData) -> tuple[Look, Look]:
        """Events and evaluable patients now, of the regimen and of its reference.

        Raises
        ------
        AnalysisError
            If there are no counts, or a label is unknown or missing.
        """
        arms = self.counted_arms(data)
        cells = [data.count(arm, self.endpoint) for arm in arms]
        return tuple(k for k, _ in cells), tuple(n for _, n in cells)

    def counted_arms(self, data: StudyData) -> list[str]:
        """The regimens whose patients the rule counts: its own, and the reference where it has one."""
        regimens, reference = list(data.counted), self.reference
        if not regimens:
            raise AnalysisError(f"kind: a {self.kind} rule needs counts of patients; this model has none.")
        for key, label in (("regimen", self.regimen), ("reference", reference)):
            if label is not None and label not in regimens:
                raise AnalysisError(f"{key}: {label!r} is not one of {', '.join(regimens)}.{nearest(label, regimens)}")
        others = [r for r in regimens if r != reference]
        if self.regimen is None and len(others) != 1:
            raise AnalysisError(f"regimen: name one of {', '.join(others)}.")
        return [self.regimen or others[0], *([] if reference is None else [reference])]

    def in_full(self, study: FittedStudy) -> Self:
        """The rule with the regimen and the direction that the study leaves no doubt about."""
        return self

    def cut_falls_by(self, evaluable: Array, power: float | None = None) -> Array | None:
        """What its cut is multiplied by at so many patients, where it falls along them; None for thresholds as stated.

        Parameters
        ----------
        evaluable : array
        power : float, optional
            Instead of the rule's own.
        """
        return None

    @property
    def not_calibrated(self) -> str:
        """Why trials that are simulated cannot tune it; empty if they can."""
        return ""

    def at_the_end(self, planned: int | None, n: Look, thresholds: Mapping[str, float]) -> Self:
        """The rule at a last analysis of fewer patients than planned: nobody remains to be predicted.

        Parameters
        ----------
        planned : int or None
            The number of patients of that look in the plan.
        n : tuple of int
            Those there are, of every arm.
        thresholds : mapping
            What holds at that look, by key.
        """
        changes: Plain = {**thresholds, "patients": n}
        return replace(self, looks=(), **changes)

    def now(self, study: FittedStudy) -> tuple[float, float]:
        """The statistic at this moment, and its Monte Carlo or quadrature error."""
        events, look = self.counts(study)
        return float(self.statistics(look)[events]), _QUADRATURE_ERROR

    def verdict(self, study: FittedStudy, value: float, look: Look) -> int:
        """GO, STOP or CONTINUE at this moment, the statistic being `value`."""
        return int(decide(np.array(value), self.thresholds(look)))

    def events_now(self, data: StudyData) -> Look:
        """Events of followed patients by which the rule's looks are timed; empty for rules that count patients."""
        return ()

    def chance_if_equal(self, events: Sequence[int]) -> float | None:
        """P(the rule goes at one of some numbers of events) were the regimens equal; None where that is not known."""
        return None

    def to_dict(self) -> Plain:
        """The rule as plain data."""
        found: Plain = {"kind": self.kind}
        for f in fields(self):
            if f.name != "taken_over":
                found[f.name] = plain(getattr(self, f.name))
        return found


def decide(value: Array, thresholds: Mapping[str, float]) -> NDArray[np.int8]:
    """GO, STOP or CONTINUE for values of a statistic."""
    found = np.full(np.shape(value), CONTINUE, dtype=np.int8)
    found[exceeds(thresholds.get("stop_below", -math.inf), value)] = STOP
    found[exceeds(value, thresholds.get("stop_above", math.inf))] = STOP
    found[exceeds(value, thresholds.get("go_above", math.inf))] = GO
    return found


def exceeds(value: Array | float, other: Array | float) -> NDArray[np.bool_]:
    """Whether a number is above another, and not equal to it but for the rounding of the machine."""
    return np.asarray(np.round(value, _DECIMALS) > np.round(other, _DECIMALS))


def plain(value: Any) -> Any:
    """A value of a rule as JSON can hold it."""
    if isinstance(value, Beta):
        return {"alpha": value.alpha, "beta": value.beta}
    if isinstance(value, BetaMixture):
        parts = zip(value.weights, value.components, strict=True)
        return {"components": [{"weight": w, **plain(part)} for w, part in parts]}
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def _one(p: Array, yes: Look, no: Look) -> Step:
    return [(yes, p), (no, 1.0 - p)]


def between(rule: Rule, keys: Sequence[str]) -> Iterator[str]:
    """What is wrong with keys that are to be probabilities."""
    for key in keys:
        value = getattr(rule, key, None)
        if value is not None and not 0.0 < value < 1.0:
            yield f"{key} is a probability between 0 and 1, {no_probability(value)}"


def _shown(look: Look) -> str:
    return "/".join(map(str, look))
