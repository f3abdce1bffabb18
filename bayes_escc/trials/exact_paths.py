"""Following every path of counts through the looks of a design on rates.

The state is the joint law of the counts of trials that have not ended, as in `bayes_escc.rules.paths`. Several rules
act on it in the order in which they would act in a trial, and rules that advise are counted without ending anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bayes_escc.rules.paths import arrive
from bayes_escc.rules.rule import GO, STOP, Step
from bayes_escc.trials.answers import verdict_table
from bayes_escc.trials.conduct import looks_of
from bayes_escc.trials.enumerated import Enumerated
from bayes_escc.trials.spec import TrialSpec, Truth

__all__ = ["Mover", "Path", "Stage", "arms_used", "endpoints_used", "follow", "truth_movers"]

Array = NDArray[np.float64]
Mover = Callable[[Array, int, int], Array]
"""The law of the counts after more patients of an arm: (law, patients before, patients more)."""


@dataclass(frozen=True)
class Stage:
    """A look of a rule, where it is the same in every trial.

    Parameters
    ----------
    column, rule, look : int
        Its place in `looks_of`.
    when : float
        Its place in time: a month, or where chance decides that, the number of evaluable patients.
    n : tuple of int
        Evaluable patients of every arm.
    ended, over : bool
        Whether it is taken since nothing more can become known, not since its number was reached; and whether nothing
        more can become known then.
    entered, month : float or None
    """

    column: int
    rule: int
    look: int
    when: float
    n: tuple[int, ...]
    ended: bool
    over: bool
    entered: float | None
    month: float | None


def follow(spec: TrialSpec, stages: Sequence[Stage], movers: Sequence[Mover], path: Path) -> Path:
    """Follow every path of counts through the looks.

    Parameters
    ----------
    spec : TrialSpec
    stages : sequence of Stage
        In no order.
    movers : sequence of Mover
        By arm in use: how patients arrive.
    path : Path
        Before the first patient.
    """
    endpoints, arms = endpoints_used(spec), arms_used(spec)
    before = [0] * len(arms)
    for _, together in groupby(sorted(stages, key=lambda s: (s.when, s.column)), key=lambda s: s.when):
        group = list(together)
        now = [group[0].n[arm] for arm in arms]
        path.arrive(movers, before, now)
        before = now
        acts = {stage: _on_state(spec, stage, arms, endpoints) for stage in group}
        safety = [s for s in group if spec.rules[s.rule].for_harm]
        others = [s for s in group if s not in safety]
        for members, act in ((safety, STOP), (others, GO), (others, STOP)):
            for stage in members:
                table = acts[stage]
                if table is not None:
                    path.act(stage, table == act, act)
        last = group[-1]
    path.end(last)
    return path


def truth_movers(spec: TrialSpec) -> list[Mover]:
    """How patients arrive under the truths of a design, all at once."""
    endpoints, arms = endpoints_used(spec), arms_used(spec)

    def mover(step: Step) -> Mover:
        return lambda law, _, more: arrive(law, step, more)

    return [mover(_step(spec, arm, i * len(endpoints), len(arms), endpoints)) for i, arm in enumerate(arms)]


def _on_state(spec: TrialSpec, stage: Stage, arms: Sequence[int], endpoints: Sequence[str]) -> NDArray[np.int8] | None:
    """Verdicts of a look for every state: (1, counts...); None where nobody is evaluable."""
    planned = spec.rules[stage.rule]
    own = planned.arms
    n = tuple(stage.n[arm] for arm in own)
    if 0 in n:
        return None
    table = verdict_table(planned, stage.look, n, ended=stage.ended)
    axes = [arms.index(arm) * len(endpoints) + endpoints.index(name) for arm in own for name in planned.endpoints]
    ordered = table.transpose(np.argsort(axes))
    shape = [1] * (len(arms) * len(endpoints))
    for axis, size in zip(sorted(axes), ordered.shape, strict=True):
        shape[axis] = size
    return ordered.reshape(1, *shape)


def _step(spec: TrialSpec, arm: int, axis: int, arms: int, endpoints: Sequence[str]) -> Step:
    """What one more patient of an arm adds to the counts, in every truth."""
    width = arms * len(endpoints)

    def shift(*events: int) -> tuple[int, ...]:
        found = [0] * width
        found[axis : axis + len(events)] = events
        return tuple(found)

    rates = [np.array([truth.rates[name][arm] for truth in spec.scenarios]) for name in endpoints]
    if len(endpoints) == 1:
        return [(shift(1), rates[0]), (shift(0), 1.0 - rates[0])]
    one, two = rates
    both = np.array([_both(truth, arm, endpoints) for truth in spec.scenarios])
    return [
        (shift(1, 1), both),
        (shift(1, 0), one - both),
        (shift(0, 1), two - both),
        (shift(0, 0), 1.0 - one - two + both),
    ]


def _both(truth: Truth, arm: int, endpoints: Sequence[str]) -> float:
    if truth.both and set(endpoints) == set(truth.rates):
        return truth.both[arm]
    return truth.rates[endpoints[0]][arm] * truth.rates[endpoints[1]][arm]


class Path:
    """The law of the counts of trials that have not ended, and what was counted on the way.

    Parameters
    ----------
    spec : TrialSpec
    many : int
        Laws that are followed together, such as those of several truths.
    right : callable, optional
        P(success is right) for every count at a stage, (1, counts...); `right_go` is then P(go, and it is right).
    """

    def __init__(self, spec: TrialSpec, many: int, right: Callable[[Stage], Array] | None = None) -> None:
        columns, rules = len(looks_of(spec)), len(spec.rules)
        self.spec, self.right = spec, right
        state = np.ones((many, *(1,) * (len(endpoints_used(spec)) * len(arms_used(spec)))))
        self.state = state
        # of rules that advise: the law of those in which they have not acted yet
        self.silent = {r: state.copy() for r, planned in enumerate(spec.rules) if not planned.binding}
        self.at = {act: np.zeros((many, columns)) for act in (GO, STOP)}
        self.first = {act: np.zeros((many, rules)) for act in (GO, STOP)}
        self.early = np.zeros(many)
        self.right_go = np.zeros(many)
        self.entered: Array | None = np.zeros(many)
        self.months: Array | None = np.zeros(many)

    def arrive(self, movers: Sequence[Mover], before: Sequence[int], now: Sequence[int]) -> None:
        """More patients of every arm."""
        for move, had, have in zip(movers, before, now, strict=True):
            if have > had:
                self.state = move(self.state, had, have - had)
                self.silent = {r: move(law, had, have - had) for r, law in self.silent.items()}

    def act(self, stage: Stage, where: NDArray[np.bool_], act: int) -> None:
        """A rule acts in some states."""
        share = _sum(np.where(where, self.state, 0.0))
        self.at[act][:, stage.column] += share
        if not self.spec.rules[stage.rule].binding:
            silent = self.silent[stage.rule]
            self.first[act][:, stage.rule] += _sum(np.where(where, silent, 0.0))
            self.silent[stage.rule] = np.where(where, 0.0, silent)
            return
        self.first[act][:, stage.rule] += share
        if stage.look < len(self.spec.rules[stage.rule].looks) - 1:
            self.early += share
        if act == GO and self.right is not None:
            self.right_go += _sum(np.where(where, self.state * self.right(stage), 0.0))
        self.state = np.where(where, 0.0, self.state)
        self.silent = {r: np.where(where, 0.0, law) for r, law in self.silent.items()}
        self._count(stage, share)

    def end(self, last: Stage) -> None:
        """The trials that no rule has ended."""
        self._count(last, _sum(self.state))

    def _count(self, stage: Stage, share: Array) -> None:
        self.entered = None if self.entered is None or stage.entered is None else self.entered + share * stage.entered
        self.months = None if self.months is None or stage.month is None else self.months + share * stage.month

    def results(self) -> list[Enumerated]:
        """By truth."""
        binding = np.array([self.spec.rules[r].binding for r, _ in looks_of(self.spec)])
        go, stop = (np.minimum(self.at[act][:, binding].sum(axis=1), 1.0) for act in (GO, STOP))
        return [
            Enumerated(
                _floats(self.at[GO][i]),
                _floats(self.at[STOP][i]),
                _floats(self.first[GO][i]),
                _floats(self.first[STOP][i]),
                float(go[i]),
                float(stop[i]),
                float(self.early[i]),
                None if self.entered is None else float(self.entered[i]),
                None if self.months is None else float(self.months[i]),
            )
            for i in range(len(self.early))
        ]


def _sum(law: Array) -> Array:
    return np.asarray(law.reshape(len(law), -1).sum(axis=1))


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(map(float, values))


def endpoints_used(spec: TrialSpec) -> list[str]:
    """Binary endpoints that rules are about, in the order of the design."""
    used = {name for planned in spec.rules for name in planned.endpoints}
    return [name for name in spec.binary if name in used]


def arms_used(spec: TrialSpec) -> list[int]:
    """Places of the arms that rules are about."""
    return sorted({arm for planned in spec.rules for arm in (planned.arm, planned.reference) if arm >= 0})
