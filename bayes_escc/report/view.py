"""The facts of a page in one language, with what its parts share: phrases, numbers with their units, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping
from bayes_escc.report.blocks import Block, Figure
from bayes_escc.report.endpoint_words import chinese_of_endpoint
from bayes_escc.report.naming import own_names
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.quantities import Language, interval_text, name_of, time_unit_of

__all__ = ["BLANK", "Facts", "View"]

Facts = PlainMapping
BLANK: Final = "____"
"""What a person must fill in."""


class View:
    """Facts, language and figures of a page in one language."""

    def __init__(self, facts: Facts, language: Language, figures: tuple[str, ...]) -> None:
        self.facts, self.language, self.figures = facts, language, figures
        self.result = facts["result"]
        self.converged = bool(self.result["diagnostics"]["converged"])
        self.units = {r["estimand"]: str(r["unit"]) for r in self.result["estimates"]}
        self.time_unit = time_unit_of(self.units)
        self.own = own_names(self.result) | {str(facts.get("question") or "")} - {""}
        self.endpoint = str(self.result["data"].get("endpoint") or "")
        family = get_family(self.result["analysis"]["family"])
        self.followed, self.pooled = family.FOLLOWS_PATIENTS, family.POOLS_STUDIES
        self.stated: Mapping[str, Mapping[str, str]] = self.result.get("covariates", {})

    def say(self, key: str, **values: Any) -> str:
        """A phrase of the page in its language."""
        return WORDS[key][self.language].format(**values)

    def said(self, text: str) -> str:
        """A text of the package, written in English, in the language of the page."""
        return chinese_of_endpoint(text, self.endpoint, self.own) if self.language == "zh" else text

    def name(self, row: PlainMapping) -> str:
        """What a row is about, with its time."""
        return name_of(row, self.units.get(row["estimand"], ""), self.time_unit, self.language)

    def number(self, value: float | None, decimals: int = 1) -> str:
        return self.say("not_reached") if value is None else f"{value:.{decimals}f}"

    def times(self, value: float | None) -> str:
        """A time with its unit."""
        if value is None:
            return self.say("not_reached")
        return interval_text(value, value, value, self.time_unit, self.language)[0]

    def choice(self, key: str, value: Any) -> str:
        """What the analysis states of an intercurrent event, in words."""
        if not value:
            return self.say("not_stated")
        phrase = f"{key}_{str(value).replace(' ', '_')}"
        return self.say(phrase) if phrase in WORDS else str(value)

    def drawn(self, *starts: str) -> list[Block]:
        """The figures whose names begin so, with captions that say what they show of how many patients."""
        counts = self.result["data"]
        counted = "caption_n" if counts["events"] or not self.pooled else "caption_patients"  # effects count no events
        ending = self.say(counted, n=counts["patients"], events=counts["events"]) if counts["patients"] else ""
        found: list[Block] = []
        for name in self.figures:
            key = next((s for s in starts if name == s or name.startswith(f"{s}_")), None)
            if key is not None:
                words = self.say(f"caption_{key}") if f"caption_{key}" in WORDS else key.replace("_", " ")
                found.append(Figure(name, f"{words} {ending}".strip()))
        return found
