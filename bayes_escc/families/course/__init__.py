"""Progression-free and overall survival together: progression, death without it and death after it (illness-death)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import PatientTable
from bayes_escc.families.base import Design
from bayes_escc.families.course.spec import NAME, CourseSpec, described, read_spec
from bayes_escc.families.variation import Variation

__all__ = [
    "BIAS_ON_RATES",
    "FOLLOWS_PATIENTS",
    "HAS_PUBLISHED_ARMS",
    "KINDS",
    "KNOWN_BY",
    "NAME",
    "POOLS_STUDIES",
    "VARIED",
    "CourseSpec",
    "described",
    "figures",
    "prepare",
    "read_spec",
    "variations",
]

KINDS = ("patients",)
BIAS_ON_RATES = False
FOLLOWS_PATIENTS = True
POOLS_STUDIES = False
KNOWN_BY = frozenset({"pfs", "os", "pfs_rmst", "os_rmst", "pfs_median", "os_median"})
VARIED = "os_rmst"
HAS_PUBLISHED_ARMS = False
exact_variations = network_check = proportionality = None
normal_priors = gamma_hazards = typed_effects = None


def figures(_posterior: Any) -> tuple[str, ...]:
    """Names, in `bayes_escc.plots`, of the figures that a run draws."""
    return ("occupancy", "predictive_check")


def variations(spec: Any, design: Any, _table: Any) -> Iterator[Variation]:
    """What a reader asks to see varied, the specification itself first."""
    from bayes_escc.families.course.varied import variations as listed

    return listed(spec, design)


def prepare(table: PatientTable, spec: CourseSpec, data: Any) -> Design:
    """Prepare the model on a table of patients with both endpoints.

    Parameters
    ----------
    table : PatientTable
        Whole; the regimens and rows of the analysis are taken from it here.
    spec : CourseSpec
    data : DataSpec
        Regimens and filters.

    Raises
    ------
    AnalysisError
        If the table does not hold both endpoints, or a label is not in it.
    """
    from bayes_escc.families.course.design import CourseDesign

    if not isinstance(table, PatientTable):
        raise AnalysisError('a course of disease needs patients (data.kind = "patients") with both endpoints.')
    return CourseDesign(table.select(regimens=data.regimens, where=dict(data.where)), spec, data.design)
