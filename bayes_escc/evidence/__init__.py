"""Tables in: reading, checking and selecting the evidence. Knows no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_escc.settings.packages import lazy_names

if TYPE_CHECKING:
    from bayes_escc.evidence.arms import Arm
    from bayes_escc.evidence.counts import CountTable, read_counts
    from bayes_escc.evidence.datasets import DATASETS, load_dataset
    from bayes_escc.evidence.effects import EffectTable, read_effects
    from bayes_escc.evidence.identity import pseudonym
    from bayes_escc.evidence.medians import MedianTable, read_medians
    from bayes_escc.evidence.mixed import MixedTable, combine_evidence
    from bayes_escc.evidence.patient_reading import read_patients
    from bayes_escc.evidence.patients import PatientTable
    from bayes_escc.evidence.problems import Problem
    from bayes_escc.evidence.scans import scan_intervals
    from bayes_escc.evidence.synthetic import simulate_cohort
    from bayes_escc.evidence.table import Table
    from bayes_escc.evidence.visits import join_scans

__all__ = [
    "DATASETS",
    "Arm",
    "CountTable",
    "EffectTable",
    "MedianTable",
    "MixedTable",
    "PatientTable",
    "Problem",
    "Table",
    "combine_evidence",
    "join_scans",
    "load_dataset",
    "pseudonym",
    "read_counts",
    "read_effects",
    "read_medians",
    "read_patients",
    "scan_intervals",
    "simulate_cohort",
]

_HOMES = {
    "arms": ("Arm",),
    "counts": (
        "CountTable",
        "read_counts",
    ),
    "datasets": (
        "DATASETS",
        "load_dataset",
    ),
    "effects": (
        "EffectTable",
        "read_effects",
    ),
    "identity": ("pseudonym",),
    "medians": (
        "MedianTable",
        "read_medians",
    ),
    "mixed": (
        "MixedTable",
        "combine_evidence",
    ),
    "patient_reading": ("read_patients",),
    "patients": ("PatientTable",),
    "problems": ("Problem",),
    "scans": ("scan_intervals",),
    "synthetic": ("simulate_cohort",),
    "table": ("Table",),
    "visits": ("join_scans",),
}

__getattr__ = lazy_names(__name__, _HOMES)
