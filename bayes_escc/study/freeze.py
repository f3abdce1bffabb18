"""What the first fit decided, stated once and carried: the analysis a study refits, look after look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.reading import read_cells
from bayes_escc.families import Design
from bayes_escc.names import PlainMapping
from bayes_escc.runs.run import frozen_analysis, prepare_design
from bayes_escc.settings.reader import nearest
from bayes_escc.study.cuts import Cut
from bayes_escc.study.publications import with_published

__all__ = ["check_regimens", "freeze", "prepare_frozen", "questions_only", "self_contained"]

QUESTIONS: Final = ("title", "question", "comparisons", "thresholds", "predictions", "monitoring", "report")
"""Parts of an analysis that ask the posterior something, and do not change it."""


def freeze(analysis: Analysis, cut: Cut) -> Analysis:
    """The analysis with everything stated that its first data decided.

    Centres, scales and levels of covariates, strata, cut points, the reference time, the unit, times, horizons, all
    priors, and the regimens in their order. The target population is carried beside it (`prepare_frozen`).

    Raises
    ------
    AnalysisError, DataError
        If the analysis does not fit the cut, or cannot be frozen.
    """
    design = prepare_design(with_published(analysis, cut), cut.in_file_order().table(""))
    design.standardised_over(design)  # refused here rather than at the second cut, where it cannot be carried
    content = json.loads(analysis.content)
    binned = [c["column"] for c in _covariates(content) if c.get("bins")]
    if binned:
        raise AnalysisError(
            f"model.covariates: the bins of {', '.join(map(str, binned))} move with the data; a study takes the "
            "covariate as it is, or as categories."
        )
    return frozen_analysis(analysis, design)


def _covariates(content: PlainMapping) -> list[PlainMapping]:
    """The covariates that an analysis states, also those stated by their name alone."""
    stated = content.get("model", {}).get("covariates", [])
    return [{"column": c} if isinstance(c, str) else c for c in stated]


def _strata(content: PlainMapping) -> list[str]:
    """The columns of the strata that an analysis states."""
    stated = content.get("model", {}).get("strata", [])
    return [stated] if isinstance(stated, str) else [str(c) for c in stated]


def self_contained(analysis: Analysis) -> Analysis:
    """The analysis without files beside it, which may change or be gone at the next look.

    The target population of a file becomes its rows, with the columns of covariates and strata; so do published
    tables; the mapping of a raw sheet becomes its content.

    Raises
    ------
    AnalysisError
        If it borrows from a file.
    """
    if analysis.borrowing is not None and analysis.borrowing.data.file is not None:
        raise AnalysisError(
            "borrowing.file: a study carries all it depends on, and cannot follow a file; borrow from a bundled "
            "dataset, or state the prior."
        )
    content, folder = json.loads(analysis.content), analysis.folder or Path()
    if analysis.data.published is not None:
        content["published"] |= analysis.data.published.rows()
        analysis = Analysis.from_dict(content, folder=folder, sha256=analysis.sha256, label="the analysis of the study")
    if isinstance(analysis.data.mapping, str):
        content["data"]["mapping"] = analysis.data.sheet_mapping().content()
        analysis = Analysis.from_dict(content, sha256=analysis.sha256, label="the analysis of the study")
    population = content.get("estimands", {}).get("population")
    if not isinstance(population, dict) or "file" not in population:
        return analysis
    named = [*(str(c["column"]) for c in _covariates(content)), *_strata(content)]
    raw = read_cells(folder / population["file"], sheet=population.get("sheet"))
    rows = [{c: row[c] for c in named if c in row} for row in raw.rows]
    content["estimands"] = {**content["estimands"], "population": {"rows": rows}}
    return Analysis.from_dict(content, sha256=analysis.sha256, label="the analysis of the study")


def prepare_frozen(frozen: Analysis, cut: Cut, first: Cut, digest: str) -> Design:
    """The design of a frozen analysis on a cut, its estimands averaged over the patients of the first.

    Parameters
    ----------
    frozen : Analysis
    cut, first : Cut
        The data, and those of the first fit (without who was withdrawn since).
    digest : str
        Of the snapshot.
    """
    design = prepare_design(with_published(frozen, cut), cut.table(digest))
    model = json.loads(frozen.content).get("model", {})
    if first is cut or not (model.get("covariates") or model.get("frailty") or model.get("strata")):
        return design  # where all patients are alike, so is every population
    return design.standardised_over(prepare_design(with_published(frozen, first), first.table("")))


def check_regimens(stated: Analysis, frozen: Analysis, cut: Cut) -> None:
    """Refuse a cut without patients of some regimen, and regimens the study does not know.

    The latter pass where the analysis chose its regimens itself.

    Raises
    ------
    DataError
    """
    known, chosen = frozen.data.regimens or (), cut.table("").select(where=dict(stated.data.where)).frame
    absent = [r for r in known if r not in set(chosen["regimen"])]
    if absent:
        raise DataError(
            f"{cut.source} was refused: it has no patients on {', '.join(absent)}, which this study compares. "
            "Correct the spelling, or wait for the first of them."
        )
    if stated.data.regimens is not None:
        return
    units = list(cut.rows)
    strange = {r: units[int(i) - 1] for i, r in zip(chosen.index, chosen["regimen"], strict=True) if r not in known}
    if strange:
        lines = [f"  - regimen {label!r} (first: {unit}).{nearest(label, known)}" for label, unit in strange.items()]
        raise DataError(
            f"{cut.source} was refused: this study compares {', '.join(known)}, as its first cut did:\n"
            + "\n".join(lines)
            + "\nCorrect the spelling; a further regimen is a new question, and a new study."
        )


def questions_only(old: PlainMapping, new: PlainMapping) -> list[str]:
    """The parts in which two analyses differ.

    Raises
    ------
    AnalysisError
        If they differ in more than what is asked of the posterior.
    """
    parts = sorted(old.keys() | new.keys())
    changed = [p for p in parts if old.get(p) != new.get(p)]
    deeper = [p for p in changed if p not in QUESTIONS]
    if deeper:
        raise AnalysisError(
            f"the analysis of a study may change in what it asks ({', '.join(QUESTIONS)}), not in {', '.join(deeper)}: "
            "another model, prior or data is another study."
        )
    return changed
