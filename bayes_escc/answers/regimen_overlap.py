"""Overlap of the patients of two own regimens: of an analysis before its fit, and kept beside its draws."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.answers.comparison import anchoring
from bayes_escc.evidence import PatientTable, Problem
from bayes_escc.evidence.population.propensity import RegimenOverlap, regimen_overlap
from bayes_escc.evidence.population.stated import is_randomised
from bayes_escc.families.covariates import encode, is_blank
from bayes_escc.names import REGIMEN, normalise

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.evidence import Table
    from bayes_escc.families import Design
    from bayes_escc.inference.groups import Groups

__all__ = ["add_overlap_group", "overlap_notes", "overlaps_in", "regimen_overlaps"]

_GROUP: Final = "regimen_overlap"
"""Group of a posterior: how far the patients of own regimens are alike, as text."""


def regimen_overlaps(analysis: Analysis, design: Design, table: Table) -> tuple[RegimenOverlap, ...]:
    """Overlap of every own regimen with the reference of the analysis; nothing without covariates or a second regimen.

    Parameters
    ----------
    analysis : Analysis
    design : Design
        Prepared on the table; its patients are those compared, as far as all their covariates are known.
    table : Table
        Whole.
    """
    covariates, regimens = analysis.spec.covariates, tuple(design.own_regimens)
    if not (isinstance(table, PatientTable) and covariates and design.row_numbers and len(regimens) > 1):
        return ()
    if analysis.data.published is not None:  # whose own patients are held against the published ones
        return ()
    used = table.keep(table.frame.loc[list(design.row_numbers)])
    encoded = encode(used, covariates)
    known = ~encoded.missing.any(axis=1)
    whole = used.frame[REGIMEN].to_numpy()[encoded.kept]
    chosen = table.select(regimens=analysis.data.regimens, where=dict(analysis.data.where)).frame
    columns = list(dict.fromkeys(c.column for c in covariates))
    blank = chosen[columns].map(lambda cell: is_blank(normalise(str(cell)))).any(axis=1).to_numpy()
    stated = next((c.reference for c in analysis.comparisons if c.reference), None)
    reference = stated if stated in regimens else regimens[0]
    endpoint = design.arms[0].endpoint if design.arms else None
    found = []
    for regimen in regimens:
        if regimen == reference:
            continue
        here = known & ((whole == regimen) | (whole == reference))
        found.append(
            regimen_overlap(
                (regimen, reference),
                encoded.labels,
                encoded.values[here],
                np.asarray(whole[here] == regimen),
                list(encoded.binary),
                words=encoded.words,
                printed=[e.printed for e in encoded.encoders],
                left_out=int((blank & chosen[REGIMEN].isin([regimen, reference]).to_numpy()).sum()),
                randomised=is_randomised(anchoring(design.arms, endpoint, regimen, reference)),
            )
        )
    return tuple(found)


def overlap_notes(overlaps: Sequence[RegimenOverlap]) -> list[Problem]:
    """What a reader has to know of patients who were not randomised and overlap less than well."""
    return [
        Problem(
            "overlap",
            f"{o.regimen} against {o.reference}: overlap of their patients is {o.state} ({'; '.join(o.reasons)})",
            o.ways_out()
            if o.state == "none"
            else "Where patients are not alike, the comparison rests on the model; allow for what it may miss as bias "
            "([bias]).",
        )
        for o in overlaps
        if o.warned
    ]


def add_overlap_group(groups: Groups, analysis: Analysis, design: Design, table: Table) -> None:
    """Keep the overlap of own regimens beside the draws of a fit; it is found when it is first asked for."""
    import xarray as xr

    def make() -> dict[str, xr.Dataset]:
        found = [o.to_dict() for o in regimen_overlaps(analysis, design, table)]
        return {_GROUP: xr.Dataset(attrs={"report": json.dumps(found, ensure_ascii=False)})} if found else {}

    groups.add_later([_GROUP], make)


def overlaps_in(groups: Mapping[str, xr.Dataset]) -> tuple[RegimenOverlap, ...]:
    """The overlaps that were kept beside the draws of a fit."""
    if _GROUP not in groups:
        return ()
    return tuple(RegimenOverlap.from_dict(o) for o in json.loads(groups[_GROUP].attrs["report"]))
