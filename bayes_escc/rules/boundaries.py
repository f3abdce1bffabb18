"""Boundary tables: which counts stop or go at each look, as a protocol prints them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import Plain
from bayes_escc.rules.kinds import Bop2
from bayes_escc.rules.paths import check_exact
from bayes_escc.rules.rule import GO, STOP, Look, Rule, decide

__all__ = ["BoundaryRow", "BoundaryTable", "boundaries", "in_words"]

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class BoundaryRow:
    """One look.

    Parameters
    ----------
    patients : Look
        Evaluable patients, of each arm.
    counted : str
        What is counted: events, or the endpoint of a BOP2 rule with two.
    reference_events : int or None
        With two arms: the row holds for this number of events among the reference's patients.
    stop, go : tuple of (int, int)
        CountBoundary that stop or go, as inclusive ranges. For a BOP2 rule with two endpoints `stop` holds the
        counts with which this endpoint fails.
    thresholds : tuple of (str, float)
    """

    patients: Look
    counted: str
    reference_events: int | None
    stop: Ranges
    go: Ranges
    thresholds: tuple[tuple[str, float], ...]

    def to_dict(self) -> Plain:
        """The row as plain data."""
        return {
            "patients": list(self.patients),
            "counted": self.counted,
            "reference_events": self.reference_events,
            "stop": [list(r) for r in self.stop],
            "go": [list(r) for r in self.go],
            "thresholds": dict(self.thresholds),
        }


@dataclass(frozen=True)
class BoundaryTable:
    """The boundaries of a rule.

    Parameters
    ----------
    rule : Rule
    rows : tuple of BoundaryRow
    """

    rule: Rule
    rows: tuple[BoundaryRow, ...]

    @property
    def header(self) -> list[str]:
        """Columns of `cells`."""
        two = self.rule.arms == 2
        patients = ["patients, regimen", "patients, reference"] if two else ["evaluable patients"]
        separate = _separate(self.rule)
        counted = ["endpoint"] if separate else ["events, reference"] if two else []
        last = ["fails if", "holds if"] if separate else ["stop if", "go if"]
        return [*patients, *counted, *[name for name, used in zip(last, self._used, strict=True) if used]]

    @property
    def _used(self) -> tuple[bool, bool]:
        """Whether the rule ever stops, and ever goes."""
        stops, goes = any(row.stop for row in self.rows), any(row.go for row in self.rows)
        return (stops, goes) if stops or goes else (True, True)

    @property
    def cells(self) -> list[list[str]]:
        """The table as text."""
        lines = []
        for row in self.rows:
            most = row.patients[0]
            line = [str(n) for n in row.patients]
            if _separate(self.rule):
                line.append(row.counted)
            elif row.reference_events is not None:
                line.append(str(row.reference_events))
            ranges = (row.stop, row.go)
            lines.append([*line, *[in_words(r, most) for r, used in zip(ranges, self._used, strict=True) if used]])
        return lines

    def csv(self) -> str:
        """The table as CSV."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.cells)
        return buffer.getvalue()

    def to_dict(self) -> Plain:
        """The table as plain data."""
        return {
            "rule": self.rule.to_dict(),
            "sentence": self.rule.sentence,
            "rows": [row.to_dict() for row in self.rows],
        }


def boundaries(rule: Rule, looks: Sequence[Any] | None = None) -> BoundaryTable:
    """The counts that stop or go at each look.

    Parameters
    ----------
    rule : Rule
    looks : sequence, optional
        The rule's schedule if not given.

    Raises
    ------
    AnalysisError
    """
    rows: list[BoundaryRow] = []
    for look in check_exact(rule, looks):
        limits = tuple(rule.thresholds(look).items())
        if isinstance(rule, Bop2) and _separate(rule):
            for c in rule.criteria:
                verdict = decide(c.good(look[0]), {"go_above": rule.threshold(look[0]), **rule.thresholds(look)})
                name = c.endpoint or f"rate against {c.rate:g}"
                rows.append(BoundaryRow(look, name, None, _ranges(verdict == STOP), _ranges(verdict == GO), limits))
            continue
        verdict = rule.verdicts(look)
        if rule.arms == 1:
            rows.append(BoundaryRow(look, "events", None, _ranges(verdict == STOP), _ranges(verdict == GO), limits))
            continue
        rows += [
            BoundaryRow(look, "events", k, _ranges(verdict[:, k] == STOP), _ranges(verdict[:, k] == GO), limits)
            for k in range(look[1] + 1)
        ]
    return BoundaryTable(rule, tuple(rows))


def in_words(ranges: Ranges, most: int) -> str:
    """Ranges of a count from 0 to `most`: "<= 3", ">= 9", "2 to 5"."""
    said = []
    for low, high in ranges:
        if low == 0 and high == most:
            said.append("always")
        elif low == 0:
            said.append(f"<= {high}" if high else "0")
        elif high == most:
            said.append(f">= {low}")
        else:
            said.append(str(low) if low == high else f"{low} to {high}")
    return " or ".join(said) or "never"


def _separate(rule: Rule) -> bool:
    """Whether a rule has two endpoints, each with its own boundary."""
    return isinstance(rule, Bop2) and len(rule.criteria) == 2


def _ranges(chosen: NDArray[np.bool_]) -> Ranges:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    return tuple((int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True))
