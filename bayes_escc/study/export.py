"""The record as plain files: readable without this package, for an archive or an auditor."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from bayes_escc.errors import AnalysisError, BayesEsccError, RecordError
from bayes_escc.files import write_atomic
from bayes_escc.names import PlainMapping
from bayes_escc.report.result import to_json
from bayes_escc.study.digests import canonical, sha256
from bayes_escc.study.ledger import Ledger, read_ledger, rules_changed
from bayes_escc.study.publications import published_in
from bayes_escc.study.record import cut_number, read_changes, read_fits, read_snapshot
from bayes_escc.study.store import Store

__all__ = ["export"]


def export(store: Store, folder: str | Path) -> list[Path]:
    """Write the log, the analyses, every data cut with its changes, and every result as plain files.

    Parameters
    ----------
    store : Store
    folder : path
        New, or empty.

    Returns
    -------
    list of Path
        The files written; the last is `manifest.json`, with the SHA-256 of the others.

    Raises
    ------
    AnalysisError
        If the folder holds something already.
    RecordError
        If a part is damaged; everything that is whole was written.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AnalysisError(f"{target} exists and is not an empty folder; nothing was written. Choose another.")
    damage: list[str] = []
    contents: dict[str, str] = {}

    def attempt(name: str, make: Callable[[], str]) -> None:
        try:
            contents[name] = make()
        except BayesEsccError as error:
            damage.append(str(error))
        except ValueError as error:
            damage.append(f"{store.path.name} is damaged: {name} cannot be understood ({error}).")

    if store.cut_short:
        damage.append(f"{store.path.name} is damaged: it is shorter than it says, its end was lost.")
    try:
        ledger = read_ledger(store, damage)
    except RecordError as error:
        ledger = Ledger([])
        damage.append(str(error))
    attempt("log.jsonl", lambda: "".join(canonical(e) + "\n" for e in ledger.entries))
    for row in store.readable_rows("SELECT id, stated, content FROM analysis ORDER BY id", damage):
        kind = "stated" if row["stated"] is None else "frozen"
        attempt(f"analyses/{row['id']:02d}_{kind}.json", partial(_analysis, row["content"]))
    cuts, before = ledger.cuts, 0
    for number, cut in cuts.items():
        name = f"{cut:03d}" if cut != before else f"{cut:03d}_after_withdrawal_{number:03d}"
        before = cut
        attempt(f"cuts/{name}.csv", partial(_cut, store, number))
        attempt(f"cuts/{name}_changes.csv", partial(_changes, store, number, ledger))
        for table in _published_tables(store, number):
            attempt(f"cuts/{name}_published_{table}.csv", partial(_published, store, number, table))
        attempt(f"results/of_cut_{name}.json", partial(_results, store, number, rules_changed(ledger.entries)))
    for (number,) in store.readable_rows("SELECT id FROM snapshot ORDER BY id", damage):
        if number not in cuts:
            damage.append(f"{store.path.name} is damaged: snapshot {number} is not in the whole part of the log.")
    written = []
    for name, text in contents.items():
        write_atomic(target / name, text)
        written.append(target / name)
    damage = list(dict.fromkeys(damage))
    manifest = {
        "study": store.path.name,
        "head": ledger.entries[-1]["hash"] if ledger.entries else "",
        "damage": damage,
        "sha256": {name: sha256(text) for name, text in contents.items()},
    }
    write_atomic(target / "manifest.json", to_json(manifest))
    if damage:
        listed = "\n".join(f"  - {line}" for line in damage)
        raise RecordError(f"what is whole was written to {target}; the rest is damaged:\n{listed}")
    return [*written, target / "manifest.json"]


def _analysis(content: str) -> str:
    return to_json(json.loads(content))


def _cut(store: Store, number: int) -> str:
    found = read_snapshot(store, number)
    if found is None:
        raise RecordError(f"data cut {number} is missing.")
    counts = found.cut.kind == "counts"
    columns = found.cut.columns if counts else ("patient_id", *found.cut.columns)
    rows = ({"patient_id": unit, **row} for unit, row in found.cut.rows.items())
    return _csv(columns, ([row.get(c, "") for c in columns] for row in rows))


def _published_tables(store: Store, number: int) -> list[str]:
    """Names of the published tables of a cut; none where it cannot be read, which its own file says."""
    try:
        found = read_snapshot(store, number)
    except (BayesEsccError, ValueError):
        return []
    return [] if found is None else list(published_in(found.cut))


def _published(store: Store, number: int, table: str) -> str:
    found = read_snapshot(store, number)
    rows = [] if found is None else published_in(found.cut)[table]
    columns = list(dict.fromkeys(c for row in rows for c in row))
    return _csv(columns, ([row.get(c, "") for c in columns] for row in rows))


def _changes(store: Store, number: int, ledger: Ledger) -> str:
    rows = ([c.unit, c.kind, c.detail, "yes" if c.acknowledged else ""] for c in read_changes(store, number, ledger))
    return _csv(("unit", "kind", "detail", "acknowledged"), rows)


def _results(store: Store, number: int, note: str) -> str:
    fits: list[PlainMapping] = [
        {"fit": f.id, "at": f.at, "analysis": f.analysis, "digest": f.digest, **f.record}
        for f in read_fits(store, number)
    ]
    return to_json({"cut": cut_number(store, number), "fits": fits, "notes": [note] if note else []})


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV in which no cell is run as a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"'{c}" if c[:1] in "=+-@" and c else c for c in row] for row in rows)
    return buffer.getvalue()
