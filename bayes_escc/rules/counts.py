"""Rules stated in counts, as two-stage designs print them: r1/n1 and r/n.

References
----------
Simon R. Control Clin Trials 1989;10:1-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Direction
from bayes_escc.rules.common import place, wrong_rates, wrong_side
from bayes_escc.rules.rule import Look, Rule, as_look
from bayes_escc.settings.arguments import shown

__all__ = ["CountBoundary"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CountBoundary(Rule):
    """Stop with too few responses, go with enough: the numbers themselves are the rule.

    Parameters
    ----------
    stop_at_most : sequence of str
        ``"1/10"``: stop with 1 response or fewer among 10 patients. At the last of them more responses go, as in
        Simon's two stages.
    go_at_least : sequence of str, optional
        ``"6/10"``: go early with 6 responses or more among 10 patients.
    null_rate, alternative_rate : float, optional
        The true rates of the false-alarm rate and of the power.
    """

    kind: ClassVar[str] = "counts"
    is_probability: ClassVar[bool] = False
    stop_at_most: tuple[str, ...]
    go_at_least: tuple[str, ...] = ()
    null_rate: float | None = None
    alternative_rate: float | None = None

    def __post_init__(self) -> None:
        for key in ("stop_at_most", "go_at_least"):
            stated = getattr(self, key)
            if not isinstance(stated, str | list | tuple):
                raise AnalysisError(f'{key} must be responses of patients, such as "1/10", not {shown(stated)}')
            listed = [stated] if isinstance(stated, str) else list(stated)
            texts = ["/".join(map(str, one)) if isinstance(one, list | tuple) else str(one) for one in listed]
            object.__setattr__(self, key, tuple(part.strip() for text in texts for part in text.split(",")))
        if not self.looks:
            pairs = [] if self.malformed else [*self._pairs("stop_at_most"), *self._pairs("go_at_least")]
            sizes = {n for _, n in pairs}
            object.__setattr__(self, "looks", tuple(sorted(sizes)))
        super().__post_init__()

    def _pairs(self, key: str) -> list[tuple[int, int]]:
        pairs = [part.split("/") for part in getattr(self, key) if part]
        return [(int(r), int(n)) for r, n in pairs]

    @property
    def malformed(self) -> bool:
        """Whether some entry is not responses of patients."""
        try:
            return not [*self._pairs("stop_at_most"), *self._pairs("go_at_least")]
        except ValueError:
            return True

    def problems(self) -> list[str]:
        found = super().problems()
        for key in ("stop_at_most", "go_at_least"):
            try:
                pairs = self._pairs(key)
            except ValueError:
                found.append(f'{key}: responses of patients, such as "1/10", not {list(getattr(self, key))}')
                continue
            found += [f"{key}: {r}/{n} has more responses than patients" for r, n in pairs if not 0 <= r <= n]
            if len({n for _, n in pairs}) < len(pairs):
                found.append(f"{key}: one number of responses for each number of patients")
        if not found:
            go = {n: r for r, n in self._pairs("go_at_least")}
            found += [
                f"{r}/{n} cannot both stop and go" for r, n in self._pairs("stop_at_most") if n in go and go[n] <= r
            ]
        return found + wrong_rates(null_rate=self.null_rate, alternative_rate=self.alternative_rate)

    def misplaced(self, better: Direction | None = None) -> list[str]:
        return wrong_side(self, self.null_rate, "null_rate")

    @property
    def act(self) -> Literal["go", "stop"]:
        return "go"

    @property
    def most(self) -> Look | None:
        return as_look(self.looks[-1], 1) if self.looks and isinstance(self.looks, list | tuple) else None

    def check_looks(self, looks: Sequence[Any]) -> tuple[Look, ...]:
        tidy = super().check_looks(looks)
        if self.malformed:
            return tidy  # said by `problems`
        known = {n for _, n in (*self._pairs("stop_at_most"), *self._pairs("go_at_least"))}
        unknown = [str(n) for (n,) in tidy if n not in known]
        if unknown:
            raise AnalysisError(f"no number of responses is stated for {', '.join(unknown)} patients")
        return tidy

    def at_the_end(self, planned: int | None, n: Look, thresholds: Mapping[str, float]) -> Self:
        """The rule at a last analysis of fewer patients than planned: the same numbers of events decide.

        Those stated of the planned patients; of the last if none are.
        """
        (there,) = n
        stop, go = dict(_turned(self._pairs("stop_at_most"))), dict(_turned(self._pairs("go_at_least")))
        size = planned if planned in stop or planned in go else self.looks[-1][0]
        low, high = stop.get(size), go.get(size)
        return replace(
            self,
            looks=(),
            stop_at_most=() if low is None else (f"{min(low, there)}/{there}",),
            go_at_least=() if high is None or high > there else (f"{high}/{there}",),
        )

    @property
    def statistic(self) -> str:
        return f"number of events ({place(self, 'rate')})"

    @property
    def sentence(self) -> str:
        stop, go, last = self._pairs("stop_at_most"), self._pairs("go_at_least"), self.looks[-1][0]
        parts = [f"stop with {_one_of([('at most ' if r else '', r, n) for r, n in stop])}"] if stop else []
        parts += [f"go with {_one_of([('at least ', r, n) for r, n in go])}"] if go else []
        if last not in dict(_turned(go)):  # as in Simon's last stage
            parts += [f"go with more than {r} among {n}" for r, n in stop if n == last]
        said = "; ".join(parts)
        return f"{said[:1].upper()}{said[1:]}."

    def thresholds(self, look: Look) -> Mapping[str, float]:
        stop = {n: r for r, n in self._pairs("stop_at_most")}
        go = {n: r for r, n in self._pairs("go_at_least")}
        found = {}
        if look[0] in stop:
            found["stop_below"] = stop[look[0]] + 0.5
        if look[0] in go:
            found["go_above"] = go[look[0]] - 0.5
        elif self.looks and look == self.looks[-1] and look[0] in stop:
            found["go_above"] = stop[look[0]] + 0.5
        return found

    def statistics(self, look: Look) -> Array:
        return np.arange(look[0] + 1.0)

    @property
    def false_alarm_rates(self) -> tuple[float, ...] | None:
        return None if self.null_rate is None else (self.null_rate,)

    @property
    def power_rates(self) -> tuple[float, ...] | None:
        return None if self.alternative_rate is None else (self.alternative_rate,)


def _one_of(bounds: Sequence[tuple[str, int, int]]) -> str:
    """Bounds of events among patients as alternatives: "at most 1 event among 10 patients, or at most 5 among 29"."""
    first, *rest = (f"{how}{r if r else 'no'}{{}} among {n}" for how, r, n in bounds)
    one = bounds[0][1] == 1
    return ", or ".join([f"{first.format(' event' if one else ' events')} patients", *(r.format("") for r in rest)])


def _turned(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Patients first, then events."""
    return [(n, r) for r, n in pairs]
