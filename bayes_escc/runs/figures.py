"""Which figures a run draws, and what their files are called."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from bayes_escc.answers.bias import population_of, tipping_of_row
from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.answers.regimen_overlap import overlaps_in
from bayes_escc.answers.study_state import FittedPosterior
from bayes_escc.errors import BayesEsccError
from bayes_escc.evidence.population.overlap import Overlap
from bayes_escc.evidence.population.published_survival import load_survival
from bayes_escc.families import get_family
from bayes_escc.names import ENDPOINT, PlainMapping
from bayes_escc.report.result import stated_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.comparison import Comparison
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.evidence.population.reconstruct import Reconstruction

__all__ = ["drawings_of", "figures_of", "file_part", "unused"]

MAX_PANELS: Final = 8
"""Most panels or intervals of a response model that one figure shows."""
_LONGEST_NAME: Final = 90
"""Bytes of a label in the name of a file."""


def figures_of(posterior: Posterior, comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """The figures of a run, by file name: those its family lists, and the boundaries of its rules."""
    return {name: draw() for name, draw in drawings_of(posterior, comparisons).items()}


def drawings_of(posterior: Posterior, comparisons: Sequence[Comparison]) -> dict[str, Callable[[], Figure]]:
    """How each figure of a run is drawn, by file name; one figure for each question."""
    from bayes_escc.plots import boundaries, figure

    drawings: dict[str, Callable[[], Figure]] = {}
    for name in get_family(posterior.analysis.family).figures(posterior):
        draw = figure(name)
        if name == "difference":
            for comparison in comparisons:
                for rows in _pages(comparison.rows):
                    endpoint = rows[0][ENDPOINT] if len(rows) < len(comparison.rows) else None
                    file = "_".join(part for part in (comparison.scale, file_part(endpoint)) if part)
                    drawings[unused(file, drawings)] = partial(draw, comparison, endpoint=endpoint)
        elif name == "intervals":
            estimand = "rate" if "rate" in posterior.estimand_names else "median"
            rows = [{ENDPOINT: labels[ENDPOINT]} for labels, _ in labelled_cells(posterior.estimand(estimand))]
            for page in _pages(rows):
                endpoint = page[0][ENDPOINT] if len(page) < len(rows) else None
                file = "_".join(part for part in (f"{estimand}s", file_part(endpoint)) if part)
                drawings[unused(file, drawings)] = partial(draw, posterior, estimand, endpoint=endpoint)
        else:
            drawings[name] = partial(draw, posterior)
    drawings |= _beside_published(posterior, comparisons)
    for rule in posterior.analysis.rules:
        if rule.schedule and not rule.not_exact:
            events, look = rule.counts(FittedPosterior.of(posterior))
            now = events[::-1] if rule.arms == 2 else (look[0], *events)
            drawings[unused(f"monitoring_{file_part(rule.name)}", drawings)] = partial(boundaries, rule, path=[now])
    return drawings


def _beside_published(posterior: Posterior, comparisons: Sequence[Comparison]) -> dict[str, Callable[[], Figure]]:
    """Overlap of own regimens; beside published arms balance, what each fact contributed, curves, what would tip."""
    from bayes_escc.plots import figure

    report, between = population_of(posterior), overlaps_in(posterior.groups)
    drawings: dict[str, Callable[[], Figure]] = {}
    if between:
        drawings["propensity"] = partial(figure("propensity"), between[:MAX_PANELS])
    if report is None or "populations" not in report:
        return drawings
    overlaps = [Overlap.from_dict(o) for o in report["overlap"] if o["balance"]]
    if overlaps:
        drawings["balance"] = partial(figure("balance"), overlaps, stated_words(posterior.analysis))
    if report.get("ledger"):
        drawings["ledger"] = partial(figure("ledger"), posterior)
    for name, read, unit in _reconstructions(posterior):
        drawings[unused(f"reconstruction_{file_part(name)}", drawings)] = partial(
            figure("reconstruction"), read, unit=unit
        )
    rows = [row for comparison in comparisons for row in comparison.rows]
    for found in [t for t in (tipping_of_row(posterior, row) for row in rows) if t is not None][:MAX_PANELS]:
        drawings[unused("tipping", drawings)] = partial(figure("tipping"), found)
    return drawings


def _reconstructions(posterior: Posterior) -> list[tuple[str, Reconstruction, str]]:
    """Curves that were read back to patients: whose, what was read, unit of time; none where the files are gone."""
    published = posterior.analysis.data.published
    if published is None or published.curves is None:
        return []
    unit = str(published.time_unit or posterior.analysis.data.time_unit or "")
    try:
        arms = load_survival(published, published.endpoint, unit or "months").arms
    except (BayesEsccError, OSError):
        return []
    return [(a.label, a.reconstruction, unit) for a in arms if a.reconstruction is not None]


def _pages(rows: Sequence[PlainMapping]) -> list[Sequence[PlainMapping]]:
    """Rows of one figure: all of them, or those of an endpoint where they are many; none too many to be read."""
    if len(rows) <= MAX_PANELS:
        return [rows] if rows else []
    endpoints = dict.fromkeys(row[ENDPOINT] for row in rows)
    pages = [[row for row in rows if row[ENDPOINT] == endpoint] for endpoint in endpoints]
    return [page for page in pages if len(page) <= MAX_PANELS]


def unused(name: str, taken: Container[str]) -> str:
    """The name, numbered if another figure has it already."""
    number = 2
    candidate = name
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def file_part(text: str | None) -> str:
    """A label as part of a file name, cut where the name would be too long for a file system."""
    plain = "".join(c if c.isalnum() else "_" for c in text or "")
    short = plain.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return "_".join(part for part in short.split("_") if part)
