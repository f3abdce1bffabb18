"""Reading a nested table of settings strictly, with every problem collected.

A `Reader` hands out the values of one table, checks type and range as it goes, and at the end
names every key nobody asked for. Nothing is evaluated; a problem is a path, what is wrong, what
is allowed and the nearest spelling.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping, normalise
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["Reader", "check_margin", "is_finite", "nearest", "raise_problems", "shortened"]

_MISSING: Any = object()
_COMPARED: Final = 500
"""Words among which the nearest spelling is looked for; each costs a few microseconds."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """`" Did you mean ...?"` for the closest allowed word, or an empty string."""
    words = [str(a) for a in itertools.islice(allowed, _COMPARED)]
    folded = {w.casefold(): w for w in words}
    import difflib

    close = difflib.get_close_matches(str(word).casefold(), list(folded), 1, 0.6)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""


def raise_problems(heading: str, problems: Sequence[str]) -> None:
    """Raise one `AnalysisError` that lists every problem, or return if there is none."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        listed = "\n".join(f"  - {p}" for p in problems)
        raise AnalysisError(f"{heading}: {count}\n{listed}")


def is_finite(value: float) -> bool:
    """Whether a number is finite and of a size that a computer reckons with."""
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number above 1.8e308
        return False


def shortened(value: object) -> str:
    """A value as it is shown in a message, cut short where it is long."""
    try:
        shown = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        return "a whole number of thousands of digits"
    return shown if len(shown) <= 80 else f"{shown[:60]} ... ({len(shown)} characters)"


def check_margin(
    scale: str, better: str | None, margin: float | None, rope: tuple[float, float] | None
) -> list[tuple[str, str]]:
    """Problems with a margin or region of practical equivalence, as (key, message)."""
    found = []
    if margin is not None and scale == "difference" and margin < 0:
        found.append(("margin", f"is the size of the smallest difference that matters, so at least 0, not {margin:g}"))
    if scale != "difference":
        if margin is not None and margin <= 0:
            found.append(("margin", f"is a ratio, so above 0, not {margin:g}"))
        elif margin is not None and not 0.1 <= margin <= 10.0:
            found.append(
                ("margin", f"must lie between 0.1 and 10, being a ratio, not {margin:g}{_meant(margin, better)}")
            )
        elif margin is not None and better == "higher" and margin < 1:
            found.append(("margin", f"must be at least 1 where a higher {scale} is better, not {margin:g}"))
        elif margin is not None and better == "lower" and margin > 1:
            found.append(("margin", f"must be at most 1 where a lower {scale} is better, not {margin:g}"))
        if rope is not None and rope[0] <= 0:
            found.append(("rope", f"holds ratios, so above 0, not {list(rope)}"))
    return found


def _meant(margin: float, better: str | None) -> str:
    """The ratio that was meant where percent may have been given: 80 for a hazard ratio of 0.8, 35 for 1.35."""
    if not 10.0 < margin < 100.0:
        return ""
    return f" (did you mean {margin / 100.0 + (better == 'higher'):g}?)"


class Reader:
    """One table of settings being read.

    Parameters
    ----------
    table : mapping
        Keys and values as TOML gives them.
    path : str
        Where the table stands, for messages (``"model"``, ``"comparisons[0]"``).
    problems : list of str
        Shared by all readers of one file; messages are appended.
    """

    def __init__(self, table: Any, path: str, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        if not isinstance(table, Mapping):
            self.problem("", f"must be a table of settings, not {table!r}")
            table = {}
        self._table = dict(table)
        self._known: list[str] = []

    def where(self, key: str) -> str:
        """The full path of a key."""
        return ".".join(part for part in (self.path, key) if part)

    def problem(self, key: str, message: str) -> None:
        """Note a problem with a key."""
        self.problems.append(f"{self.where(key)}: {message}")

    def has(self, key: str) -> bool:
        """Whether the key was given and not yet taken."""
        return key in self._table

    def left(self) -> list[str]:
        """The keys not yet taken."""
        return list(self._table)

    def take(self, key: str, default: Any = _MISSING) -> Any:
        """The raw value of a key; a missing one without default is a problem. None is a key that is missing."""
        self._known.append(key)
        value = self._table.pop(key, None)
        if value is not None:
            return value
        if default is _MISSING:
            self.problem(key, "is required")
            return None
        return default

    def text(self, key: str, default: Any = _MISSING, choices: Sequence[str] | None = None) -> Any:
        """A string, optionally one of `choices`."""
        value = self.take(key, default)
        if value is default or value is None:
            return value
        if not isinstance(value, str) or not value.strip():
            self.problem(key, f"must be a non-empty text, not {value!r}")
            return None if default is _MISSING else default
        if choices is not None and value not in choices:
            allowed = " | ".join(choices)
            self.problem(key, f"{value!r} is not one of {allowed}.{nearest(value, choices)}")
            return None if default is _MISSING else default
        return value

    def texts(self, key: str, default: Any = _MISSING) -> Any:
        """One string or a list of distinct strings, as a tuple; an empty list where none is what is left out."""
        value = self.take(key, default)
        if value is default or value is None:
            return value
        if default == () and isinstance(value, list | tuple) and not value:
            return default
        listed = [value] if isinstance(value, str) else value
        if (
            not isinstance(listed, list | tuple)
            or not listed
            or not all(isinstance(v, str) and v.strip() for v in listed)
        ):
            self.problem(key, f"must be a text or a list of texts, not {value!r}")
            return None if default is _MISSING else default
        if len(set(listed)) < len(listed):
            self.problem(key, f"names something twice: {list(listed)!r}")
        return tuple(listed)

    def number(
        self,
        key: str,
        default: Any = _MISSING,
        *,
        above: float = -math.inf,
        below: float = math.inf,
        integer: bool = False,
        closed: bool = False,
    ) -> Any:
        """A finite number strictly between `above` and `below` (or at them if `closed`)."""
        value = self.take(key, default)
        if value is default or value is None:
            return value
        kind: Any = int if integer else (int, float)
        inside = isinstance(value, kind) and not isinstance(value, bool) and is_finite(value)
        if inside:
            inside = above <= value <= below if closed else above < value < below
        if not inside:
            noun = "a whole number" if integer else "a number"
            self.problem(key, f"must be {noun}{_limits(above, below, closed)}, not {shortened(value)}")
            return None if default is _MISSING else default
        return value if integer else float(value)

    def flag(self, key: str, default: bool) -> bool:
        """A true or false."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            self.problem(key, f"must be true or false, not {value!r}")
            return default
        return value

    def table(self, key: str) -> Reader:
        """A reader for a sub-table; empty if it is absent."""
        return Reader(self.take(key, {}), self.where(key), self.problems)

    def tables(self, key: str, named: str | None = None) -> list[Reader]:
        """Readers for an array of tables; none if it is absent.

        Where `named` is a key of these tables, a text alone stands for a table with that one key.
        """
        value = self.take(key, [])
        if not isinstance(value, list | tuple):
            self.problem(key, f"must be a list of tables ([[{key}]]), not {value!r}")
            return []
        entries = [{named: v} if named and isinstance(v, str) else v for v in value]
        return [Reader(v, f"{self.where(key)}[{i}]", self.problems) for i, v in enumerate(entries)]

    def prior(self, role: str, default: Prior, domain: str) -> PriorSet:
        """The prior of a role with its overrides, checked against the parameter's domain."""
        table = self.take(role, {})
        path = self.where(role)
        if not isinstance(table, Mapping):
            self.problem(role, f"must be a table with a distribution, not {table!r}")
            return PriorSet(default)
        own = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
        named = {k: v for k, v in table.items() if isinstance(v, Mapping)}
        base = self._one_prior(own, path, default, domain) if own else default
        overrides = tuple(
            (normalise(label), self._one_prior(values, f'{path}."{label}"', default, domain))
            for label, values in named.items()
        )
        return PriorSet(base, overrides)

    def _one_prior(self, table: PlainMapping, path: str, default: Prior, domain: str) -> Prior:
        values = dict(table)
        name = values.pop("distribution", None)
        rationale = values.pop("rationale", "")
        if not isinstance(name, str):
            self.problems.append(f'{path}.distribution: is required, for example "{default.distribution}"')
            return default
        if not isinstance(rationale, str):
            self.problems.append(f"{path}.rationale: must be a text, not {rationale!r}")
            rationale = ""
        try:
            prior = Prior(name, rationale=rationale, **values)
        except AnalysisError as error:
            self.problems.append(f"{path}: {error}")
            return default
        if not prior.fits(domain):
            self.problems.append(f"{path}: {prior} does not fit, {_DOMAIN_WORDS[domain]}")
            return default
        return prior

    def finish(self) -> None:
        """Name every key that was not asked for."""
        for key in self._table:
            allowed = ", ".join(self._known) or "nothing"
            self.problem(key, f"unknown key; allowed here: {allowed}.{nearest(key, self._known)}")


_DOMAIN_WORDS = {
    "real": "it must be a law of real numbers",
    "positive": "every value it allows must be positive",
    "unit": "every value it allows must lie between 0 and 1",
    "simplex": "rates of categories need a Dirichlet",
}


def _limits(above: float, below: float, closed: bool) -> str:
    low, high = ("from ", " to ") if closed else ("above ", " and below ")
    least, most = (str(v) if isinstance(v, int) else f"{v:g}" for v in (above, below))
    if above > -math.inf and below < math.inf:
        return f" {low}{least}{high}{most}"
    if above > -math.inf:
        return f" {'of at least' if closed else 'above'} {least}"
    if below < math.inf:
        return f" {'of at most' if closed else 'below'} {most}"
    return ""
