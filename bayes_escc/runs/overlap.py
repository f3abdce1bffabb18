"""Overlap of own and published patients, before anything is fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.bundled import find_analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.overlap import Overlap
from bayes_escc.runs.run import prepare_design

__all__ = ["overlap"]


def overlap(source: Analysis | str | Path) -> tuple[Overlap, ...]:
    """Balance, matching weights and state of overlap with every published arm; nothing is fitted.

    Parameters
    ----------
    source : Analysis, str or Path
        An analysis with ``[published]``, its name or its file.

    Raises
    ------
    AnalysisError
        If it has no published arms, or no covariates.
    """
    analysis = source if isinstance(source, Analysis) else find_analysis(str(source))
    published = analysis.data.published
    if published is None:
        raise AnalysisError(f"{analysis.id} has no [published] arms whose patients own ones could be compared with.")
    # what overlaps too little to be answered is to be shown, not refused
    shown = replace(published, extrapolate=True, target=replace(published.target, population="own"))
    opened = replace(analysis, data=replace(analysis.data, published=shown))
    design = prepare_design(opened, opened.load_table())
    if not design.overlaps:
        raise AnalysisError(f"{analysis.id} has no covariates by which own and published patients could be compared.")
    return tuple(design.overlaps)
