"""From a data cut to what is recorded of it: the preview, the fit to everything, and the rows of the file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import RecordError
from bayes_escc.names import Plain
from bayes_escc.report.result import to_json, to_result
from bayes_escc.runs.run import fit_prepared
from bayes_escc.study.changes import Change
from bayes_escc.study.cuts import Cut
from bayes_escc.study.draws import pack, unpack
from bayes_escc.study.freeze import prepare_frozen
from bayes_escc.study.guards import looks_taken
from bayes_escc.study.preview import Preview, disagreement, preview
from bayes_escc.study.publications import with_published
from bayes_escc.study.record import (
    Snapshot,
    StoredFit,
    read_analysis,
    read_draws,
    read_fits,
    read_snapshot,
    write_analysis,
    write_changes,
    write_fit,
    write_snapshot,
)
from bayes_escc.study.store import Store

__all__ = ["current_fit", "fit_cut", "preview_cut", "record_cut"]


def current_fit(store: Store, snapshot: int) -> StoredFit | None:
    """The fit of a snapshot under the analysis as it is now; None if there is none."""
    fits, current = read_fits(store, snapshot), read_analysis(store, frozen=True)
    return fits[-1] if fits and current is not None and fits[-1].analysis == current[0] else None


def fit_cut(
    store: Store, analysis: Analysis, cut: Cut, guess: Preview | None, *, leave_out: str = ""
) -> tuple[Posterior, Plain]:
    """Fit everything, and put together what is stored with the fit.

    Parameters
    ----------
    store : Store
    analysis : Analysis
        Frozen.
    cut : Cut
    guess : Preview or None
        What reweighting the last fit said of the cut.
    leave_out : str
        A patient who is withdrawing, also from the target population.
    """
    begun = read_snapshot(store, 1)
    first = cut if begun is None else begun.cut.without(leave_out)
    prepared = prepare_frozen(analysis, cut, first, "")
    posterior = fit_prepared(with_published(analysis, cut), prepared, cut.table(""))
    result = to_result(posterior, looks_taken=lambda standing: looks_taken(read_fits(store), standing))
    result["data"]["warnings"] = [{**w, "row": None} for w in result["data"]["warnings"]]
    record = {
        "result": result,
        "preview": None if guess is None else guess.to_dict(),
        "predictive": None if guess is None else guess.predictive,
        "disagreement": None if guess is None else disagreement(guess, result["comparisons"]),
    }
    return posterior, json.loads(to_json(record))


def preview_cut(store: Store, last: Snapshot | None, cut: Cut, changes: Sequence[Change]) -> Preview:
    """The draws of the last fit, reweighted to a cut."""
    fit = None if last is None else current_fit(store, last.id)
    if last is None or fit is None:
        return Preview("There is no fit of the last cut to reweight.")
    found = read_analysis(store, frozen=True, number=fit.analysis)
    if found is None:  # a fit refers to its analysis
        return Preview("The analysis of the last fit is missing.")
    return preview(unpack(read_draws(store, fit)), fit.result, found[1], last.cut, cut, changes)


def record_cut(
    store: Store,
    cut: Cut,
    kind: str,
    last: Snapshot | None,
    changes: Sequence[Change],
    posterior: Posterior | None,
    record: Plain,
    analysis: Analysis,
    known: int | None,
) -> tuple[int, Plain]:
    """Write snapshot, changes and fit inside a transaction; returns the number and the body of the log's entry.

    `known` is the number of the frozen analysis, or None before it is stored.
    """
    number, root = write_snapshot(store, cut, kind, None if last is None else last.id)
    digest, counts = write_changes(store, number, changes)
    body: Plain = {"snapshot": number, "root": root, "rows": len(cut), "changes": digest, "kinds": counts}
    if posterior is not None:
        if known is None:
            stated = read_analysis(store, frozen=False)
            if stated is None:  # it is written with the first entry
                raise RecordError(f"{store.path.name} is damaged: its analysis is missing.")
            known = write_analysis(store, analysis, stated[0])
            body["frozen"] = analysis.sha256
        record["result"]["analysis"]["data_sha256"] = root
        body["fit"] = write_fit(store, number, root, (known, analysis), record, pack(posterior.groups))
    return number, body
