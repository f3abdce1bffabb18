"""A mapping applied to sheets: the pure function behind every reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bayes_escc.evidence.sheet.applied import Applied
from bayes_escc.evidence.sheet.counts import apply_to_counts
from bayes_escc.evidence.sheet.effects import apply_to_effects
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.patients import apply_to_patients

__all__ = ["apply_mapping"]


def apply_mapping(
    tables: Sequence[Table], mapping: Mapping, *, key: bytes = b"", today: dt.date | None = None
) -> Applied:
    """Read tables through a mapping.

    Parameters
    ----------
    tables : sequence of Table
    mapping : Mapping
    key : bytes
        Of pseudonyms.
    today : date, optional
        After which nothing can have happened.
    """
    if mapping.kind == "counts":
        return apply_to_counts(tables, mapping)
    if mapping.kind == "effects":
        return apply_to_effects(tables, mapping)
    return apply_to_patients(tables, mapping, key=key, today=today)
