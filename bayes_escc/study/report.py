"""The page of a study: the answer at its last data cut, and the history of its looks."""

from __future__ import annotations

import json
from pathlib import Path

from bayes_escc.names import Plain, PlainMapping
from bayes_escc.report.naming import own_names
from bayes_escc.report.quantities import Language
from bayes_escc.report.result import comparisons_of, to_json, to_result
from bayes_escc.runs.figures import figures_of
from bayes_escc.runs.page_facts import page_facts
from bayes_escc.runs.report import Drawn, Source
from bayes_escc.runs.run import drawn_files
from bayes_escc.study.study import Study

__all__ = ["looks_of", "study_source"]


def study_source(path: str | Path) -> Source:
    """The last data cut of a study as the source of a page, its posterior made again from the record.

    Raises
    ------
    DataError
        If nothing was fitted yet, or patients of the last cut withdrew since.
    RecordError
    """
    with Study.open(path, read_only=True) as study:
        posterior, design, table = study.fitted()
        history, shown = study.history(), study.figures(None)
    comparisons = comparisons_of(posterior)
    result = json.loads(to_json(to_result(posterior, comparisons)))
    facts = {**page_facts(posterior, design, table, result), "looks": looks_of(history)}
    drawn: dict[Language, Drawn] = {}

    def figures(language: Language) -> Drawn:
        if language not in drawn:
            made = {**figures_of(posterior, comparisons), **shown}
            drawn[language] = drawn_files(made, language, own_names(result), str(result["data"].get("endpoint") or ""))
        return drawn[language]

    return Source(facts, figures, Path(path).parent)


def looks_of(history: PlainMapping) -> list[Plain]:
    """One row for every data cut or withdrawal: what changed, and the first comparison after it.

    Parameters
    ----------
    history : mapping
        As `Study.history` returns it.
    """
    found = []
    for entry in history["entries"]:
        fit = entry["fit"]
        if fit is None and not entry["changes"]:
            continue
        found.append(
            {
                "cut": entry["snapshot"],
                "at": entry["at"][:10],
                "action": entry["action"],
                "why": entry["why"],
                "changes": dict(entry["changes"]),
                "patients": fit["patients"] if fit else entry["rows"],
                "events": fit["events"] if fit else None,
                "comparison": fit["comparisons"][0] if fit and fit["comparisons"] else None,
                "false_alarms": [p["false_alarm"] for p in fit["positions"]] if fit else [],
                "decisions": {p["rule"]: p["decision"] for p in fit["positions"]} if fit else {},
            }
        )
    return found
