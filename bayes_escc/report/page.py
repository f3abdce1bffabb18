"""The page as values: sections of paragraphs, tables and figures, made of the facts of `page.json` alone.

HTML and Word are two views of these sections, so that no number can differ between them. What a section needs and does
not have is named in it; its status (present, missing, not applicable) is what the checklists at the end count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from bayes_escc.report import part_end, part_model, part_results, part_study
from bayes_escc.report.blocks import Block, Figure, Link, Made, Paragraph, Section, Status
from bayes_escc.report.endpoint_words import of_endpoint
from bayes_escc.report.page_lists import CHECKLIST_NAMES, CHECKLISTS
from bayes_escc.report.page_words import TITLES
from bayes_escc.report.quantities import Language
from bayes_escc.report.view import Facts, View

__all__ = ["in_words_of_endpoint", "sections"]

_PARTS: Final[Mapping[str, Callable[[View], Made]]] = {
    "headline": part_study.headline,
    "estimand": part_study.estimand,
    "design": part_study.design,
    "flow": part_study.flow,
    "table1": part_study.table1,
    "followup": part_study.follow_up,
    "response": part_study.response,
    "km": part_study.survival,
    "estimates": part_results.estimates,
    "probability": part_results.probability,
    "forest": part_results.forest,
    "model": part_model.model,
    "priors": part_model.priors,
    "prior-check": part_model.prior_check,
    "conflict": part_model.conflict,
    "computation": part_model.computation,
    "fit": part_model.fit,
    "sensitivity": part_model.sensitivity,
    "borrowing": part_model.borrowing,
    "published": part_model.published,
    "rules": part_model.rules,
    "looks": part_model.looks,
    "missing": part_model.missing,
    "safety": part_model.safety,
    "limits": part_end.limits,
    "paste": part_end.paste,
    "reproduce": part_end.reproduce,
    "companion": part_end.companion,
}


def sections(facts: Facts, language: Language, figures: Sequence[str] = ()) -> list[Section]:
    """The sections of the page of one analysis.

    Parameters
    ----------
    facts : mapping
        The content of `page.json`.
    language : {"en", "zh"}
    figures : sequence of str
        Names, without suffix, of the figures in the results folder.
    """
    page = View(facts, language, tuple(figures))
    made = [_section(page, anchor, make) for anchor, make in _PARTS.items()]
    if page.endpoint:
        made = [
            replace(s, title=of_endpoint(s.title, page.endpoint), blocks=in_words_of_endpoint(s.blocks, page))
            for s in made
        ]
    states = {s.anchor: s.status for s in made}
    made.append(Section("checklists", TITLES["checklists"][language], "present", _checklists(page, states)))
    words = part_end.abbreviations(page, made)
    return [*made, Section("words", TITLES["words"][language], "present", (words,))]


def _section(page: View, anchor: str, make: Callable[[View], Made]) -> Section:
    """One part of the page; what it lacks is said in it."""
    status, blocks = make(page)
    if status != "present" and not blocks:
        blocks = (Paragraph(page.say("absent" if status == "missing" else "not_applicable")),)
    return Section(anchor, TITLES[anchor][page.language], status, tuple(blocks))


def in_words_of_endpoint(value: Any, page: View) -> Any:
    """A block, or what it is made of, in the words of the endpoint of a page."""
    if isinstance(value, str):
        return of_endpoint(value, page.endpoint, page.own)
    if isinstance(value, tuple):
        return tuple(in_words_of_endpoint(part, page) for part in value)
    if isinstance(value, Figure):  # its name is that of a file
        return replace(value, caption=in_words_of_endpoint(value.caption, page))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: in_words_of_endpoint(getattr(value, f.name), page) for f in fields(value)})
    return value


def _guideline(page: View) -> str:
    """The reporting guideline of the design: of trials, of observational studies, or of syntheses."""
    if page.pooled:
        return "PRISMA-NMA"
    anchors = [r["anchoring"] for r in page.result["comparisons"]]
    return "CONSORT 2010" if anchors and all(a.startswith("randomised") for a in anchors) else "STROBE"


def _checklists(page: View, states: Mapping[str, Status]) -> tuple[Block, ...]:
    """Every item of the guidelines with the state of the section that answers it."""
    blocks: list[Block] = []
    other = {"CONSORT 2010", "STROBE", "PRISMA-NMA"} - {_guideline(page)}
    for name, rows in CHECKLISTS.items():
        if name in other:
            continue
        blocks.append(Paragraph(CHECKLIST_NAMES[name][page.language], strong=True))
        blocks += [
            Link(item[page.language], anchor, TITLES[anchor][page.language], states[anchor]) for item, anchor in rows
        ]
    return tuple(blocks)
