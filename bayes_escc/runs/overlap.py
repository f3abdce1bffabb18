"""Overlap of patients before anything is fitted: own and published ones, or those of own regimens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.bundled import find_analysis
from bayes_escc.answers.regimen_overlap import regimen_overlaps
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.overlap import Overlap
from bayes_escc.evidence.population.propensity import RegimenOverlap
from bayes_escc.runs.run import prepare_design

__all__ = ["overlap"]


def overlap(source: Analysis | str | Path) -> tuple[Overlap, ...] | tuple[RegimenOverlap, ...]:
    """Balance and state of overlap, without a fit: of own patients with every published arm, or of own regimens.

    Parameters
    ----------
    source : Analysis, str or Path
        An analysis with ``[published]``, or of own patients on several regimens; its name or its file.

    Returns
    -------
    tuple of Overlap or of RegimenOverlap
        With published arms, one for each of them, by matching weights; without, one for every regimen against the
        reference, by a propensity score.

    Raises
    ------
    AnalysisError
        If it has neither published arms nor own patients on two regimens, or no covariates.
    """
    analysis = source if isinstance(source, Analysis) else find_analysis(str(source))
    published = analysis.data.published
    if published is None:
        table = analysis.load_table()
        between = regimen_overlaps(analysis, prepare_design(analysis, table), table)
        if not between:
            raise AnalysisError(
                f"{analysis.id} has neither [published] arms nor own patients on two regimens with covariates, so that "
                "there are no patients to be compared."
            )
        return between
    # what overlaps too little to be answered is to be shown, not refused
    shown = replace(published, extrapolate=True, target=replace(published.target, population="own"))
    opened = replace(analysis, data=replace(analysis.data, published=shown))
    design = prepare_design(opened, opened.load_table())
    if not design.overlaps:
        raise AnalysisError(f"{analysis.id} has no covariates by which own and published patients could be compared.")
    return tuple(design.overlaps)
