"""The record as plain files: readable without this package, for an archive or an auditor."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError, BayesEsccError, RecordError
from bayes_escc.files import write_atomic
from bayes_escc.report.result import to_json
from bayes_escc.study.digests import canonical, sha256
from bayes_escc.study.record import read_changes, read_fits, read_snapshot

if TYPE_CHECKING:
    from bayes_escc.study.study import Study

__all__ = ["export"]


def export(study: Study, folder: str | Path) -> list[Path]:
    """Write the log, the analyses, every data cut with its changes, and every result as plain files.

    Parameters
    ----------
    study : Study
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
    store, damage, contents = study.store, list[str](), dict[str, str]()

    def attempt(name: str, make: Callable[[], str]) -> None:
        try:
            contents[name] = make()
        except BayesEsccError as error:
            damage.append(str(error))
        except ValueError as error:
            damage.append(f"{store.path.name} is damaged: {name} cannot be understood ({error}).")

    attempt("log.jsonl", lambda: "".join(canonical(e) + "\n" for e in study.log))
    for row in store.rows("SELECT id, stated, content FROM analysis ORDER BY id"):
        kind = "stated" if row["stated"] is None else "frozen"
        attempt(f"analyses/{row['id']:02d}_{kind}.json", lambda c=row["content"]: to_json(json.loads(c)))  # type: ignore[misc]
    for (number,) in store.rows("SELECT id FROM snapshot ORDER BY id"):
        attempt(f"cuts/{number:03d}.csv", lambda n=number: _cut(study, n))  # type: ignore[misc]
        attempt(f"cuts/{number:03d}_changes.csv", lambda n=number: _changes(study, n))  # type: ignore[misc]
        attempt(f"results/of_cut_{number:03d}.json", lambda n=number: _results(study, n))  # type: ignore[misc]
    written = []
    for name, text in contents.items():
        write_atomic(target / name, text)
        written.append(target / name)
    manifest = {
        "study": store.path.name, "head": study.head, "damage": damage,
        "sha256": {name: sha256(text) for name, text in contents.items()},
    }  # fmt: skip
    write_atomic(target / "manifest.json", to_json(manifest))
    if damage:
        listed = "\n".join(f"  - {line}" for line in dict.fromkeys(damage))
        raise RecordError(f"what is whole was written to {target}; the rest is damaged:\n{listed}")
    return [*written, target / "manifest.json"]


def _cut(study: Study, number: int) -> str:
    found = read_snapshot(study.store, number)
    if found is None:
        raise RecordError(f"data cut {number} is missing.")
    counts = found.cut.kind == "counts"
    columns = found.cut.columns if counts else ("patient_id", *found.cut.columns)
    rows = ({"patient_id": unit, **row} for unit, row in found.cut.rows.items())
    return _csv(columns, ([row.get(c, "") for c in columns] for row in rows))


def _changes(study: Study, number: int) -> str:
    rows = ([c.unit, c.kind, c.detail, "yes" if c.acknowledged else ""] for c in read_changes(study.store, number))
    return _csv(("unit", "kind", "detail", "acknowledged"), rows)


def _results(study: Study, number: int) -> str:
    fits: list[Mapping[str, Any]] = [
        {"fit": f.id, "at": f.at, "analysis": f.analysis, "digest": f.digest, **f.record}
        for f in read_fits(study.store, number)
    ]
    return to_json({"cut": number, "fits": fits, "notes": [study.rules_changed] if study.rules_changed else []})


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV in which no cell is run as a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"'{c}" if c[:1] in "=+-@" and c else c for c in row] for row in rows)
    return buffer.getvalue()
