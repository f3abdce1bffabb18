"""Subgroup rows of published arms: outcomes by a yes-or-no covariate, as rows of one arm.

The patients of an arm are told apart by one covariate, so that its rows are disjoint and add up to the arm. They say
what the total does not: how the outcome of that arm depends on the covariate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import normalise

__all__ = ["Subgroup", "check_subgroups", "is_subgroup", "read_subgroup", "shares_of_subgroups"]

_YES: Final = ("1", "1.0", "yes", "true", "是", "有")
_NO: Final = ("0", "0.0", "no", "false", "否", "无")
_FORM: Final = re.compile(r"\s*(.*?[^\s<>≤≥!])\s*[=:：]\s*(.+?)\s*")


@dataclass(frozen=True)
class Subgroup:
    """The patients of an arm with, or without, a yes-or-no covariate.

    Parameters
    ----------
    covariate : str
    present : bool
        Whether these are the patients with it.
    n : int
    events : int or None
        Of responders; None where survival is said otherwise.
    row : int
        Where it was read, as a person counts.
    """

    covariate: str
    present: bool
    n: int
    events: int | None
    row: int

    @property
    def label(self) -> str:
        """The subgroup in words."""
        return f"{self.covariate} = {'yes' if self.present else 'no'}"


def is_subgroup(text: str) -> bool:
    """Whether a text names a covariate and whether it is present, rather than a population such as ``PD-L1 >= 1``."""
    match = _FORM.fullmatch(text)
    return match is not None and match[2].casefold() in (*_YES, *_NO)


def read_subgroup(text: str, row: int, n: int, events: int | None, problems: list[Problem]) -> Subgroup | None:
    """A subgroup written as ``covariate = yes``; a problem is noted where it is not.

    Parameters
    ----------
    text : str
    row, n, events : int
    problems : list of Problem
        To which a problem is added.
    """
    match = _FORM.fullmatch(text)
    level = match[2].casefold() if match else ""
    if match is None or level not in (*_YES, *_NO):
        problems.append(
            Problem(
                "subgroup",
                "is not a covariate and whether it is present",
                'Write it as "liver_metastasis = yes" and "liver_metastasis = no", a row for each.',
                row,
                "subgroup",
                text,
            )
        )
        return None
    return Subgroup(normalise(match[1]), level in _YES, n, events, row)


def check_subgroups(
    arm: str, total: tuple[int, int | None] | None, rows: Sequence[Subgroup], facts: Mapping[str, Mapping[str, float]]
) -> list[Problem]:
    """Whether the subgroup rows of an arm are disjoint, complete, and agree with what else is printed.

    Parameters
    ----------
    arm : str
    total : (int, int) or None
        Patients and events of the whole arm, where they are given; of survival the patients alone.
    rows : sequence of Subgroup
    facts : mapping
        Statistics of every covariate of the arm.
    """

    def problem(code: str, message: str, remedy: str) -> Problem:
        return Problem(code, f"{arm}: {message}", remedy, rows[0].row, "subgroup")

    names = list(dict.fromkeys(r.covariate for r in rows))
    if len(names) > 1:
        said = f"the same patients are told apart by {' and by '.join(names)}, and would count twice"
        return [problem("counted_twice", said, "Keep the rows of one covariate.")]
    levels = [r.present for r in rows]
    if sorted(levels) != [False, True]:
        said = f"the rows by {names[0]} are {', '.join(r.label for r in rows)}"
        return [problem("subgroup", said, "Give one row with the covariate and one without it.")]
    found = []
    n, events = sum(r.n for r in rows), sum(r.events or 0 for r in rows)
    if total is not None and total != (n, None if total[1] is None else events):
        parts = f"{n} patients" if total[1] is None else f"{events} of {n}"
        whole = f"{total[0]}" if total[1] is None else f"{total[1]} of {total[0]}"
        said = f"the rows by {names[0]} add up to {parts}, and the arm has {whole}"
        found.append(
            problem("subgroups_do_not_add_up", said, "Give both parts of the same patients, or leave the rows out.")
        )
    printed = facts.get(names[0], {}).get("percent")
    with_it = next(r.n for r in rows if r.present)
    recovered = None if printed is None else recover_count(f"{printed:.8f}".rstrip("0"), n)
    if recovered is not None and with_it not in (*recovered.rounded, *recovered.truncated):
        said = f"{with_it} of {n} patients have {names[0]} by its rows, and {printed:g} % as printed"
        found.append(problem("subgroups_disagree", said, "Correct one of them; they may be of different patients."))
    return found


def shares_of_subgroups(
    facts: Mapping[str, Mapping[str, float]], rows: Sequence[Subgroup]
) -> Mapping[str, Mapping[str, float]]:
    """What is printed of covariates, with the share that the subgroup rows themselves say."""
    if not rows:
        return facts
    share = 100.0 * sum(r.n for r in rows if r.present) / sum(r.n for r in rows)
    return {**facts, rows[0].covariate: {"percent": share}}
