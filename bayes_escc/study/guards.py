"""What an update checks beside the table itself, and what it remarks on."""

from __future__ import annotations

import getpass
import math
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from bayes_escc.answers.rule_position import Standing
from bayes_escc.errors import UNPRINTABLE, AnalysisError, DataError
from bayes_escc.names import PlainMapping
from bayes_escc.study.changes import ALL_PATIENTS, Change
from bayes_escc.study.cuts import Cut
from bayes_escc.study.preview import ALARM_K, Preview
from bayes_escc.study.record import StoredFit

__all__ = ["hard_to_reconcile", "looks_taken", "name_nobody", "refuse_unprintable", "remarks", "same_layout", "who_is"]


_HANDFUL: Final = 10.0
"""Effective draws on which no weighted answer can rest."""


def looks_taken(fits: Sequence[StoredFit], now: Sequence[Standing]) -> dict[str, list[Any]]:
    """The looks every rule has had: one per fit at which more patients were evaluable than before.

    Parameters
    ----------
    fits : sequence of StoredFit
        All earlier ones.
    now : sequence of Standing
        Where the rules stand at this fit.
    """
    taken: dict[str, list[Any]] = {each.rule.name: [] for each in now}
    present = {each.rule.name: each.look for each in now}
    for fit in fits:
        for entry in fit.result.get("monitoring", []):
            looks, size = taken.get(entry["rule"]), entry["patients"]
            if looks is None or not size or not min(size) or not _at_most(size, present[entry["rule"]]):
                continue
            if not looks or (_at_most(looks[-1], size) and looks[-1] != size):
                looks.append(size)
    return taken


def _at_most(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether a look came before another; one of another number of arms is of a rule that was replaced."""
    return len(a) == len(b) and all(x <= y for x, y in zip(a, b, strict=True))


def remarks(guess: Preview | None, record: PlainMapping) -> list[str]:
    """What reweighting says of a cut that a person should know."""
    found = [] if guess is None else list(guess.warnings)
    apart = record["disagreement"]
    if apart is not None and apart["alarm"]:
        found.append(
            f"The preview and the refit disagree by {apart['largest']:.1f} combined Monte Carlo errors, although the "
            "preview passed its checks. One of them is wrong: fit again with another seed, and report it."
        )
    return found


def hard_to_reconcile(guess: Preview | None, changes: Sequence[Change]) -> list[Change]:
    """What a cut needs a person's word for because the last posterior can hardly explain it.

    Follow-up that only goes on should not surprise: if it does, the unit of time, or whose rows they are, is wrong.
    """
    grows = {"follow-up extended", "event occurred"}
    if guess is None or guess.pareto_k is None or not changes or any(c.kind not in grows for c in changes):
        return []
    # where k-hat cannot be estimated (of few draws), only weights on a handful of draws say as much
    degenerate = guess.ess is not None and guess.ess < _HANDFUL
    if guess.pareto_k <= ALARM_K or not (math.isfinite(guess.pareto_k) or degenerate):
        return []
    detail = f"k-hat {guess.pareto_k:.2f}, although the cut only extends follow-up: is the unit of time still the same?"
    return [Change(ALL_PATIENTS, "hard to reconcile", detail)]


def who_is(who: str | None) -> str:
    """Who acts, for the log: as said, or the account's name."""
    if who:
        return who
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def refuse_unprintable(*texts: str | None) -> None:
    """The log cannot be corrected, so it holds no character that cannot be seen or that commands a terminal."""
    for text in texts:
        if text and UNPRINTABLE.search(text):
            raise AnalysisError(
                f"{text!r} holds a character that cannot be seen or printed; nothing was recorded. Type it again."
            )


def name_nobody(units: Iterable[str], who: str | None, why: str) -> None:
    """The log cannot be erased, so it may name no patient, of this cut or of an earlier one.

    An identifier in letters and digits counts where it stands as a word of its own; in a script that writes no
    blanks between words (Chinese), wherever it stands.
    """
    said = f"{who or ''}\n{why}".casefold()
    standing = ((unit, unit.casefold()) for unit in units)
    named = [unit for unit, folded in standing if folded in said and re.search(_as_word(folded), said)]
    if named:
        raise DataError(
            f"the reason names a patient ({named[0]}). The log stays for ever and cannot forget anyone: say it "
            "without the identifier."
        )


def _as_word(unit: str) -> str:
    """A pattern for an identifier that other letters and digits do not run on: 12 is not in 2024-12-01 or 3.12."""
    before = r"(?<![a-z0-9])(?<!\d[-./:])" if unit[0].isascii() and unit[0].isalnum() else ""
    after = r"(?![a-z0-9])(?![-./:]\d)" if unit[-1].isascii() and unit[-1].isalnum() else ""
    return f"{before}{re.escape(unit)}{after}"


def same_layout(last: Cut, cut: Cut, used: Collection[str]) -> None:
    """Refuse a cut whose columns mean something else than those of the last one.

    Columns that the analysis does not use may be missing: earlier versions stored some of them.
    """
    lost = [c for c in last.columns if c not in cut.columns and (cut.kind == "counts" or c in used)]
    if lost:
        raise DataError(
            f"{cut.source} was refused: it has no column {', '.join(lost)}, which the last cut had. A cut is the whole "
            "table as it stands now."
        )
    for key, what in (("binary", "the response is coded"), ("time_unit", "the unit of time")):
        if last.header.get(key) != cut.header.get(key):
            raise DataError(f"{cut.source} was refused: {what} otherwise than in the last cut. Code it as before.")
