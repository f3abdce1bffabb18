"""Overlap of the patients of two own regimens as plain text."""

from __future__ import annotations

import math
from typing import Final

from bayes_escc.evidence.population.propensity import PRIOR_SD
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.report.full_words import FULL
from bayes_escc.report.layout import aligned, wrapped
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import Language, covariate_label

__all__ = ["overlap_sentences", "regimen_overlap_text"]

_ENGLISH: Final = Naming({}, "", False, {})


def overlap_sentences(found: PlainMapping, language: Language) -> list[str]:
    """What is said of an overlap beside its balance, on a page and in a terminal."""
    keys = ["score_ranges", "score_weights", "score_model"] if found["balance"] else []
    keys += ["overlap_left_out"] if found["left_out"] else []
    keys += ["overlap_randomised"] if found["randomised"] else []
    facts: Plain = {
        "a": found["regimen"],
        "b": found["reference"],
        **{key: f"{100 * found[key]:.0f}" for key in ("inside", "reference_inside", "coefficient", "extreme")},
        **{key: f"{found[key]:.1f}" for key in ("ess", "reference_ess", "overlap_ess", "reference_overlap_ess")},
        "n": found["patients"],
        "m": found["reference_patients"],
        "left_out": found["left_out"],
        "prior_sd": f"{PRIOR_SD:g}",
    }
    return [FULL[key][language].format(**facts) for key in keys]


def regimen_overlap_text(found: PlainMapping, naming: Naming | None = None) -> str:
    """Balance of the patients of two regimens, and the overlap of their propensity scores."""
    naming = naming or _ENGLISH
    pair, sizes = (found["regimen"], found["reference"]), (found["patients"], found["reference_patients"])
    lines = [naming.say("overlap", study=naming.pair(found), state=naming.said(found["state"]))]
    lines += [f"  {naming.said(reason)}{naming.say('full_stop')}" for reason in found["reasons"]]
    rows = [
        [
            covariate_label(str(b["covariate"]), naming.stated, naming.language),
            *(_shown(b, side, n) for side, n in zip(("", "reference_"), sizes, strict=True)),
            "\u221e" if b["difference"] is None or math.isinf(b["difference"]) else f"{b['difference']:+z.2f}",
            " / ".join(_range(b, side, naming) for side in ("", "reference_")) if b["count"] is None else "",
            f"{100 * b['outside']:.0f} % / {100 * b['reference_outside']:.0f} %",
            "" if b["smallest_cell"] is None else str(b["smallest_cell"]),
        ]
        for b in found["balance"]
    ]
    header = [
        naming.say("covariate"),
        *pair,
        naming.say("difference_sd"),
        naming.say("ranges"),
        naming.say("outside_the_other"),
        naming.say("smallest_cell"),
    ]
    lines += [aligned(header, rows)] if rows else []
    lines += [wrapped(sentence, 100) for sentence in overlap_sentences(found, naming.language)]
    return "\n".join(lines)


def _range(b: PlainMapping, side: str, naming: Naming) -> str:
    """From the least to the most on one of the two."""
    return naming.span(f"{b[f'{side}low']:.2f}", f"{b[f'{side}high']:.2f}")


def _shown(b: PlainMapping, side: str, n: int) -> str:
    """A mean in the unit of its covariate, or how many have it."""
    count = b[f"{side}count"]
    return f"{b[f'{side}mean']:.2f}" if count is None else f"{count}/{n}"
