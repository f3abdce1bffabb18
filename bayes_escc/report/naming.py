"""Names and units of the rows of one result, in one language; names that a person gave are kept as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bayes_escc.names import PlainMapping
from bayes_escc.report.chinese import Names, in_chinese
from bayes_escc.report.endpoint_words import chinese_of_endpoint, of_endpoint
from bayes_escc.report.full_words import FULL
from bayes_escc.report.quantities import (
    KNOWN_COVARIATES,
    UNITS_ZH,
    Language,
    Row,
    covariate_words,
    endpoint_name,
    interval_label,
    name_of,
    time_unit_of,
)

__all__ = ["Naming", "own_names", "title_of"]

_NAMED = ("regimen", "reference", "study", "population", "subgroup")
"""Keys of rows whose values a person named."""


def own_names(result: PlainMapping) -> Names:
    """The names that a person gave: regimens, studies, labels, endpoints and columns that the package does not know.

    Parameters
    ----------
    result : mapping
        The content of `result.json`.
    """
    found = set() if _typed(result) else {str(result["analysis"]["title"])}
    for row in (*result["estimates"], *result["comparisons"]):
        found |= {str(row[key]) for key in _NAMED if row.get(key)}
        endpoint, (column, _, level) = row.get("endpoint"), str(row.get("covariate") or "").partition("[")
        if endpoint and endpoint_name(str(endpoint), "zh") == str(endpoint).replace("_", " "):
            found.add(str(endpoint))
        found |= {level.removesuffix("]")} | ({column} - set(KNOWN_COVARIATES))
    borrowed = result.get("borrowing") or {}
    found |= {str(arm["study"]) for arm in borrowed.get("historical", ()) if arm.get("study")}
    found |= {str(c["label"]) for c in result.get("covariates", {}).values() if c.get("label")}
    found |= {str(rule["rule"]) for rule in result.get("monitoring") or ()}
    found -= {"experimental", "control"} if _typed(result) else set()
    return frozenset(name for name in found if name)


def _typed(result: PlainMapping) -> bool:
    """Whether the numbers were typed at a prompt, so that the title is the package's."""
    return result["analysis"]["id"] in ("compare", "pool")


def title_of(result: PlainMapping, language: Language) -> str:
    """The title of a result: a person's own, or in the language of the answer that of numbers typed at a prompt."""
    title = str(result["analysis"]["title"])
    return in_chinese(title, own_names(result)) if language == "zh" and _typed(result) else title


@dataclass(frozen=True)
class Naming:
    """Names and units of the rows of one result.

    Parameters
    ----------
    units : mapping of str to str
        By estimand.
    time_unit : str
    several : bool
        Whether there are several endpoints, so that a row must name its own.
    stated : mapping
        `covariates` of the result.
    language : {"en", "zh"}
    own : frozenset of str
        Names that are never translated.
    endpoint : str
        Of times to an event, in whose words rows are named; blank for progression-free survival.
    """

    units: Mapping[str, str]
    time_unit: str
    several: bool
    stated: Mapping[str, Mapping[str, str]]
    language: Language = "en"
    own: Names = frozenset()
    endpoint: str = ""

    @classmethod
    def of(cls, result: Row, language: Language = "en") -> Naming:
        """Read a result."""
        units = {r["estimand"]: str(r["unit"]) for r in result["estimates"]}
        several = len({r["endpoint"] for r in result["estimates"] if r["endpoint"]}) > 1
        time_unit = time_unit_of(units)
        endpoint = str(result.get("data", {}).get("endpoint") or "")
        return cls(units, time_unit, several, result.get("covariates", {}), language, own_names(result), endpoint)

    @classmethod
    def of_names(
        cls, own: Iterable[str], language: Language, stated: Mapping[str, Mapping[str, str]] | None = None
    ) -> Naming:
        """Of rows that stand without their result: names that a person gave, and labels and units of covariates."""
        labels = {str(c["label"]) for c in (stated or {}).values() if c.get("label")}
        return cls({}, "", False, stated or {}, language, frozenset(own) | labels)

    def said(self, text: str) -> str:
        """A text of the package, written in English, in the language of the rows."""
        said = chinese_of_endpoint(text, self.endpoint, self.own) if self.language == "zh" else text
        return of_endpoint(said, self.endpoint, self.own)

    def say(self, key: str, **values: object) -> str:
        """A phrase of the tables."""
        return FULL[key][self.language].format(**values)

    def interval(self, row: Row) -> str:
        """What the interval of a row is called, with its probability."""
        return interval_label(row, self.language)

    def span(self, low: str, high: str) -> str:
        """Two limits."""
        return f"{low}～{high}" if self.language == "zh" else f"{low} to {high}"

    def pair(self, row: Row) -> str:
        """Who is compared with whom."""
        return self.say("against", a=row["regimen"], b=row["reference"])

    def joined(self, parts: Iterable[str]) -> str:
        """Parts of one cell."""
        return ("、" if self.language == "zh" else ", ").join(p for p in parts if p)

    def unit(self, row: Row) -> str:
        """The unit of the estimand of a row."""
        return self.units.get(str(row["estimand"]), "")

    def name(self, row: Row) -> str:
        """What a row is about, with its time and the unit of it."""
        return of_endpoint(name_of(row, self.unit(row), self.time_unit, self.language), self.endpoint)

    def time(self, time: float) -> str:
        """A time with its unit."""
        unit = UNITS_ZH.get(self.time_unit, "") if self.language == "zh" else f" {self.time_unit}".rstrip()
        return f"{time:g}{unit}"

    def value(self, row: Row) -> str:
        """The value of a threshold with its unit."""
        unit = self.unit(row)
        if unit.startswith("proportion"):
            return f"{100 * row['value']:g}{' %' if self.language == 'en' else '%'}"
        if self.language == "zh":
            return f"{row['value']:g}{UNITS_ZH.get(unit, '')}"
        return f"{row['value']:g} {unit if unit in UNITS_ZH else ''}".rstrip()

    def who(self, row: Row) -> str:
        """Study, regimen and covariate of a row, and its endpoint where its name does not say it."""
        parts = [str(row[k]) for k in ("study", "regimen") if row.get(k)]
        if row.get("covariate"):
            unit = str(row.get("unit") or self.unit(row))
            words = covariate_words(str(row["covariate"]), unit, self.stated, self.language)
            parts.append(words)
        if row.get("endpoint") and self.several and row["estimand"] != "rate":
            parts.append(endpoint_name(str(row["endpoint"]), self.language))
        return self.joined(parts)
