"""What `check` answers of an analysis: the preparation that a run begins with, and nothing after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.regimen_overlap import overlap_notes, regimen_overlaps
from bayes_escc.evidence import Problem
from bayes_escc.runs.question_notes import question_notes, still_open
from bayes_escc.runs.run import prepare_design, ready_design

if TYPE_CHECKING:
    from bayes_escc.evidence import Table

__all__ = ["check_analysis"]


def check_analysis(analysis: Analysis) -> tuple[Table, list[Problem]]:
    """Do all that a run does before it fits.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    table : Table
    notes : list of Problem
        What the run would note of its table, its design and its questions.

    Raises
    ------
    AnalysisError, DataError
        Those of a run.
    """
    table = analysis.load_table()
    design, _ = ready_design(analysis, prepare_design(analysis, table), table)
    rng = np.random.default_rng(0)
    estimands = design.estimands(design.prior(rng, 2), rng)
    noted = [*still_open(analysis, design.warnings), *overlap_notes(regimen_overlaps(analysis, design, table))]
    return table, list(dict.fromkeys([*noted, *question_notes(analysis, estimands)]))
