"""Labels that differ only in their spelling, found without comparing every label with every other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from bayes_escc.evidence.problems import Problem

__all__ = ["same_but_spelling", "similar_labels", "similar_regimens"]

_COMPARED: Final = 200
"""Labels of a table up to which slips of the pen are looked for, too; each pair costs a tenth of a millisecond."""
_SHORTEST: Final = 8


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def same_but_spelling(a: str, b: str) -> bool:
    """Whether two labels differ only in case, punctuation or a slip of the pen."""
    x, y = _plain(a), _plain(b)
    if x == y:
        return True
    if min(len(x), len(y)) < _SHORTEST or _digits(x) != _digits(y):
        return False
    match = difflib.SequenceMatcher(None, x, y)
    return match.real_quick_ratio() > 0.92 and match.quick_ratio() > 0.92 and match.ratio() > 0.92


def similar_labels(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of labels that may be one, in order of appearance; with very many labels, only those alike but for case.

    Parameters
    ----------
    labels : iterable of str
        Distinct.
    """
    listed = list(labels)
    if len(listed) <= _COMPARED:
        return [(a, b) for j, b in enumerate(listed) for a in listed[:j] if same_but_spelling(a, b)]
    first: dict[str, str] = {}
    pairs = []
    for label in listed:
        other = first.setdefault(_plain(label), label)
        if other != label:
            pairs.append((other, label))
    return pairs


def similar_regimens(labels: Iterable[str], column: str = "regimen") -> list[Problem]:
    """Notes on regimens that may be one.

    Parameters
    ----------
    labels : iterable of str
        Distinct.
    column : str
        Where they stand.
    """
    return [
        Problem(
            "spelling",
            f"regimen {b!r} resembles {a!r}",
            "If they are the same, spell them alike.",
            column=column,
            value=b,
        )
        for a, b in similar_labels(labels)
    ]
