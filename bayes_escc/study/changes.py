"""What a data cut changed, patient by patient, and what of it needs a person's word.

Data of a running study grow: patients enter, follow-up lengthens, events happen, responses are confirmed. Such
changes pass. Everything else rewrites a past fact, and must be acknowledged by naming it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bayes_escc.errors import DataError
from bayes_escc.names import Plain, as_typed, normalise
from bayes_escc.settings.reader import nearest
from bayes_escc.study.cuts import ROLES, Cut, Row

__all__ = [
    "ALL_PATIENTS",
    "HARMLESS",
    "KINDS",
    "Change",
    "acknowledged",
    "compare_cuts",
    "course",
    "pending",
    "twin_of",
]

HARMLESS: Final = (
    "new",
    "published",
    "event occurred",
    "follow-up extended",
    "response confirmed",
    "now known",
    "counts grown",
)
"""Kinds of change that pass: the data grow."""

KINDS: Final = (
    *HARMLESS,
    "corrected",
    "event retracted",
    "time shortened",
    "regimen changed",
    "identifier reused",
    "duplicate",
    "removed silently",
    "jump of scale",
    "hard to reconcile",
    "withdrawn",
)

ALL_PATIENTS: Final = "all patients"
"""What a change of the whole table is said to be of."""

_BEST_FIRST: Final = ("CR", "PR", "SD", "PD", "NE", "")
_MANY: Final = 10
"""A column with more values than this tells patients apart."""
_JUMP: Final = 4.0
"""Follow-up that becomes this many times as long, in most patients alike, looks like another unit of time."""
_FEWEST: Final = 3
"""Fewest patients whose follow-up goes on from which that can be seen."""


@dataclass(frozen=True)
class Change:
    """One change of one patient (or arm).

    Parameters
    ----------
    unit : str
        Identifier of the patient, or the arm's name; blank once the patient was withdrawn.
    kind : str
        One of `KINDS`.
    detail : str
        What changed, from what to what.
    acknowledged : bool
        Whether a person has said that it is right.
    """

    unit: str
    kind: str
    detail: str = ""
    acknowledged: bool = False

    @property
    def harmless(self) -> bool:
        """Whether it passes without a word."""
        return self.kind in HARMLESS

    @property
    def acknowledgement(self) -> str:
        """What to type to acknowledge it."""
        return f"{self.unit}:{self.kind}"

    def to_dict(self) -> Plain:
        """As plain data."""
        return {"unit": self.unit, "kind": self.kind, "detail": self.detail, "acknowledged": self.acknowledged}

    def __str__(self) -> str:
        return f"{self.unit or 'who withdrew since'}: {self.kind}" + (f" ({self.detail})" if self.detail else "")


def compare_cuts(old: Cut | None, new: Cut, *, before: Callable[[str], Row | None] = lambda _: None) -> list[Change]:
    """Compare a cut with the one before it.

    Parameters
    ----------
    old : Cut or None
        None for the first.
    new : Cut
    before : callable
        The last known row of a patient who was in an earlier cut but not in the last.

    Returns
    -------
    list of Change
        In the order of the identifiers; who did not change is not in it.
    """
    known: Mapping[str, Row] = {} if old is None else old.rows
    found = []
    classify = _patient if new.kind == "patients" else _arm
    for unit in sorted(known.keys() | new.rows.keys()):
        was, now = known.get(unit), new.rows.get(unit)
        if now is None:
            found.append(Change(unit, "removed silently", "in the last cut, not in this one"))
        elif was is None:
            earlier = before(unit)
            again = _facts_differ(earlier, now, new.columns) if earlier is not None else []
            if again:
                found.append(Change(unit, "identifier reused", "; ".join(again)))
            else:
                found.append(Change(unit, "new", "was in an earlier cut" if earlier is not None else ""))
        elif was != now:
            found += [Change(unit, kind, detail) for kind, detail in classify(was, now, new.columns)]
    found += [Change(unit, "duplicate", "the same row stands twice; it is counted once") for unit in new.repeated]
    if new.kind == "patients":
        found += _twins(known, new)
        found += _jump_of_scale(known, new)
    return sorted(found, key=lambda c: (c.unit, KINDS.index(c.kind)))


def acknowledged(changes: Sequence[Change], words: Iterable[str]) -> list[Change]:
    """The changes with those marked that were acknowledged.

    Raises
    ------
    DataError
        If a change that needs it was not acknowledged (with what to type), or an acknowledgement names none.
    """
    known = {c.acknowledgement.casefold(): c.acknowledgement for c in changes if not c.harmless}
    given, strange = set(), []
    for word in words:
        unit, _, kind = str(word).rpartition(":")
        spelled = f"{unit.strip()}:{normalise(kind)}".casefold()
        if spelled in known:
            given.add(spelled)
        else:
            strange.append(f"  - {word!r} names no change of this cut.{nearest(word, known.values())}")
    missing = [c for c in changes if not c.harmless and c.acknowledgement.casefold() not in given]
    if missing or strange:
        lines = [f"  - {c}" for c in missing] + strange
        count = "1 change needs" if len(missing) == 1 else f"{len(missing)} changes need"
        heading = f"{count} a person's word" if missing else "an acknowledgement was not understood"
        stated = [c.acknowledgement for c in changes if not c.harmless]
        remedy = (
            f"\nNothing was recorded. Correct the table; or, if all this is right, acknowledge it (in Python: "
            f"acknowledge={stated}):\n  --acknowledge {as_typed(stated)}"
        )
        raise DataError(f"{heading}:\n" + "\n".join(lines) + (remedy if missing else "\nNothing was recorded."))
    return [replace(c, acknowledged=not c.harmless) for c in changes]


# ---- patients ---------------------------------------------------------------------------------


def _patient(was: Row, now: Row, columns: Sequence[str]) -> list[tuple[str, str]]:
    facts = _facts_differ(was, now, columns)
    moved = was["regimen"] != now["regimen"]
    if len(facts) + moved >= 2 and _follow_up_restarts(was, now):
        both = ([f"regimen {was['regimen']} -> {now['regimen']}"] if moved else []) + facts
        return [("identifier reused", "; ".join(both))]
    found = []
    if moved:
        found.append(("regimen changed", f"{was['regimen']} -> {now['regimen']}"))
    if facts:
        found.append(("corrected", "; ".join(facts)))
    filled = [f"{c} {now[c]}" for c in _baseline(columns) if not was.get(c) and now.get(c)]
    if filled:
        found.append(("now known", "; ".join(filled)))
    if "response" in columns:
        found += _response(was["response"], now["response"])
    if "event" in columns or "interval_upper" in columns:
        found += _follow_up(was, now)
    if "overall" in columns:
        found += _overall(was, now)
    return found


def _baseline(columns: Sequence[str]) -> list[str]:
    return [c for c in columns if c not in ("regimen", *ROLES)]


def _facts_differ(was: Row | None, now: Row, columns: Sequence[str]) -> list[str]:
    """Facts of the baseline that were known and are now something else."""
    known = was or {}
    return [
        f"{c} {known[c]} -> {now.get(c) or 'blank'}"
        for c in _baseline(columns)
        if known.get(c) and not _same(known[c], now.get(c, ""))
    ]


def _same(a: str, b: str) -> bool:
    """Whether two cells say the same, `1.50` and `1.5` included."""
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def _follow_up_restarts(was: Row, now: Row) -> bool:
    """Whether the follow-up cannot be that of the same patient; true where there is none to tell."""
    if "time" not in was and "interval_lower" not in was:
        return True
    return any(kind in ("time shortened", "event retracted", "corrected") for kind, _ in _follow_up(was, now))


def _response(was: str, now: str) -> list[tuple[str, str]]:
    if was == now:
        return []
    words = f"response {was or 'not yet known'} -> {now or 'not yet known'}"
    if was in ("", "NE") and now:
        return [("response confirmed", words)]
    if was in ("0", "1"):
        return [("response confirmed" if now == "1" else "corrected", words)]
    better = now in _BEST_FIRST and was in _BEST_FIRST and _BEST_FIRST.index(now) < _BEST_FIRST.index(was)
    return [("response confirmed" if better else "corrected", words)]


def _follow_up(was: Row, now: Row) -> list[tuple[str, str]]:
    """How the interval that holds the event moved."""
    (lower, upper), (then_lower, then_upper) = _interval(now), _interval(was)
    words = f"{_span(then_lower, then_upper)} -> {_span(lower, upper)}"
    had, has = not math.isinf(then_upper), not math.isinf(upper)
    if (lower, upper) == (then_lower, then_upper):
        return []
    if had and not has:
        return [("event retracted", words)]
    if had:
        return [("corrected", words)]
    # free of the event until `then_lower`: it cannot have happened before
    if (has and upper < then_lower) or (not has and lower < then_lower) or (has and lower < then_lower < upper):
        return [("time shortened", words)]
    return [("event occurred" if has else "follow-up extended", words)]


def _interval(row: Row) -> tuple[float, float]:
    if "interval_upper" in row:
        return float(row["interval_lower"]), float(row["interval_upper"])
    time = float(row["time"])
    return time, time if row["event"] == "1" else math.inf


def _span(lower: float, upper: float) -> str:
    if math.isinf(upper):
        return f"free at {lower:g}" if lower else "no follow-up yet"
    return f"event at {upper:g}" if lower == upper else f"event in ({lower:g}, {upper:g}]"


def _overall(was: Row, now: Row) -> list[tuple[str, str]]:
    before, after = was["overall"], now["overall"]
    if "overall_event" in was and "overall_event" in now:
        return _life(was, now)
    if _same(before, after) or not before:
        return []
    longer = bool(after) and float(after) > float(before)
    return [("follow-up extended" if longer else "time shortened", f"overall survival {before} -> {after or 'blank'}")]


def _life(was: Row, now: Row) -> list[tuple[str, str]]:
    """How overall survival changed, where both endpoints are known; prolonged, it is follow-up like any other."""
    died, dead = was["overall_event"] == "1", now["overall_event"] == "1"
    shorter = float(now["overall"]) < float(was["overall"])
    if died == dead and _same(was["overall"], now["overall"]):
        return []
    words = f"{_alive(was)} -> {_alive(now)}"
    if died:
        return [("corrected" if dead else "event retracted", words)]
    return [("time shortened" if shorter else "event occurred" if dead else "follow-up extended", words)]


def _alive(row: Row) -> str:
    time = float(row["overall"])
    return f"{'dead' if row['overall_event'] == '1' else 'alive'} at {time:g}" if time else "no follow-up yet"


def _twins(known: Mapping[str, Row], new: Cut) -> list[Change]:
    """New identifiers whose row is that of another patient, value by value."""
    baseline = _baseline(new.columns)
    telling = [c for c in baseline if len({r[c] for r in new.rows.values()}) > _MANY]
    if len(baseline) < 2 or not telling:
        return []
    first: dict[tuple[str, ...], str] = {}
    found = []
    for unit, row in sorted(new.rows.items(), key=lambda item: (item[0] not in known, item[0])):
        key = tuple(row[c] for c in new.columns)
        other = first.setdefault(key, unit)
        if other != unit and unit not in known and all(row[c] for c in telling):
            found.append(Change(unit, "duplicate", twin_of(other)))
    return found


def _jump_of_scale(known: Mapping[str, Row], new: Cut) -> list[Change]:
    """Follow-up that was multiplied rather than prolonged, as a change of the unit of time does.

    Between two cuts about the same time passes for everyone: what patients gain is alike. If instead the ratios are
    alike, and large, the unit is another one.
    """
    if not {"event", "interval_upper"} & set(new.columns):
        return []
    pairs = [(_interval(row), _interval(new.rows[unit])) for unit, row in known.items() if unit in new.rows]
    ends = [(then[0], now[0]) for then, now in pairs if math.isinf(then[1]) and now[0] > then[0] > 0.0]
    if len(ends) < _FEWEST:
        return []
    ratios = [math.log(now / then) for then, now in ends]
    gains = [math.log(now - then) for then, now in ends]
    typical = statistics.median(ratios)
    if typical < math.log(_JUMP) or statistics.pstdev(ratios) >= statistics.pstdev(gains):
        return []
    detail = (
        f"the follow-up of {len(ends)} patients became {math.exp(typical):.3g} times as long (median), all in about "
        "the same ratio: is the unit of time still the same?"
    )
    return [Change(ALL_PATIENTS, "jump of scale", detail)]


def twin_of(unit: str) -> str:
    """The detail of a duplicate: whose row it repeats."""
    return f"the same values as {unit} in every column"


# ---- counts -----------------------------------------------------------------------------------


def _arm(was: Row, now: Row, columns: Sequence[str]) -> list[tuple[str, str]]:
    counts = ("events", "n", "percent")
    found = []
    facts = [f"{c} {was.get(c)} -> {now.get(c)}" for c in columns if c not in counts and was.get(c) != now.get(c)]
    if facts:
        found.append(("corrected", "; ".join(facts)))
    before, after = (int(was["events"]), int(was["n"])), (int(now["events"]), int(now["n"]))
    if before != after:
        grown = after[0] >= before[0] and after[1] >= before[1]
        words = f"{before[0]}/{before[1]} -> {after[0]}/{after[1]}"
        found.append(("counts grown" if grown else "corrected", words))
    return found


def pending(row: Row) -> bool:
    """Whether nothing is known of a patient yet."""
    if row.get("response"):
        return False
    if "event" in row or "interval_upper" in row:
        return _interval(row) == (0.0, math.inf)
    return "response" in row


def course(row: Row) -> tuple[float, bool]:
    """End of a patient's follow-up, as a chart shows it, and whether the event happened."""
    lower, upper = _interval(row)
    return (lower, False) if math.isinf(upper) else (upper, True)
