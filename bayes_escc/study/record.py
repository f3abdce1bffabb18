"""What a study file holds, as objects: snapshots of the data, changes, fits; writing and reading each.

Functions that write belong inside `Store.writing`.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import RecordError
from bayes_escc.families.frozen import with_former_defaults
from bayes_escc.names import Plain, PlainMapping
from bayes_escc.study.changes import Change, twin_of
from bayes_escc.study.cuts import Cut, Row
from bayes_escc.study.digests import canonical, new_salt, root_of, salted, sha256
from bayes_escc.study.ledger import Ledger, read_ledger
from bayes_escc.study.store import Store, now

__all__ = [
    "Snapshot",
    "StoredFit",
    "cut_number",
    "erase",
    "fit_digest",
    "label_of",
    "labels_of",
    "last_whole_snapshot",
    "leaf_digest",
    "read_analysis",
    "read_changes",
    "read_draws",
    "read_fits",
    "read_snapshot",
    "snapshot_of_cut",
    "snapshot_root",
    "write_analysis",
    "write_changes",
    "write_fit",
    "write_snapshot",
]


@dataclass(frozen=True)
class Snapshot:
    """One state of the data.

    Parameters
    ----------
    id : int
        Counted from 1, withdrawals included.
    number : int
        Of the data cut, as the user counts them; a withdrawal bears that of the cut it changed.
    kind : {"cut", "withdrawal"}
    at : str
        When it was recorded.
    cut : Cut
        The rows that are still held.
    root : str
        Digest of the snapshot.
    erased : int
        Patients it held who were withdrawn since.
    """

    id: int
    number: int
    kind: Literal["cut", "withdrawal"]
    at: str
    cut: Cut
    root: str
    erased: int = 0


@dataclass(frozen=True)
class StoredFit:
    """One fit as it was recorded.

    Parameters
    ----------
    id : int
        Its place among the fits that the log names, from 1.
    snapshot, analysis : int
        Numbers of the snapshot and of the frozen analysis.
    at : str
    record : mapping
        ``result`` (the content of `result.json`), ``preview``, ``predictive``, ``positions``.
    digest : str
    """

    id: int
    snapshot: int
    analysis: int
    at: str
    record: PlainMapping
    digest: str

    @property
    def result(self) -> PlainMapping:
        """The content of `result.json`."""
        found: PlainMapping = self.record["result"]
        return found


# ---- analyses ---------------------------------------------------------------------------------


def write_analysis(store: Store, analysis: Analysis, stated: int | None = None) -> int:
    """Store an analysis as stated, or as frozen from the stated one of that number."""
    digest = sha256(analysis.content)
    return store.insert("analysis", stated=stated, sha256=analysis.sha256, content=analysis.content, digest=digest)


def read_analysis(
    store: Store, *, frozen: bool, number: int | None = None, damage: list[str] | None = None
) -> tuple[int, Analysis] | None:
    """The current stated or frozen analysis, or the one of a number; None if there is none yet.

    The stated one is the last that the log names, the frozen one that of the last fit it names.

    Raises
    ------
    RecordError
        If it does not match its digest, or is not in the log and there is no list `damage` to note that in.
    """
    if number is not None:
        row = store.row("SELECT * FROM analysis WHERE id = ?", number)
        return None if row is None else _analysis_of(store, row)
    ledger = read_ledger(store, [] if damage is None else damage)
    return _frozen_analysis(store, ledger) if frozen else _stated_analysis(store, ledger, damage)


def _frozen_analysis(store: Store, ledger: Ledger) -> tuple[int, Analysis] | None:
    if not ledger.fits:
        return None
    row = store.row(
        "SELECT analysis.* FROM fit JOIN analysis ON analysis.id = fit.analysis WHERE fit.digest = ?", ledger.fits[-1]
    )
    if row is None:
        raise RecordError(f"{store.path.name} is damaged: the analysis of the last fit of the log is missing.")
    return _analysis_of(store, row)


def _stated_analysis(store: Store, ledger: Ledger, damage: list[str] | None) -> tuple[int, Analysis] | None:
    vouched = ledger.analyses
    said = []
    for row in store.rows("SELECT * FROM analysis WHERE stated IS NULL ORDER BY id DESC"):
        named = (row["sha256"], sha256(row["content"]))
        # the first logs held no digest of the content
        if not vouched or named in vouched:
            if vouched and named != vouched[-1]:
                said.append("the analysis that the log recorded last is missing.")
            break
        said.append(f"analysis {row['id']} is not in the log.")
    else:
        row = None
    said = [f"{store.path.name} is damaged: {line}" for line in said]
    if said and damage is None:
        raise RecordError(said[0])
    if damage is not None:
        damage += said
    return None if row is None else _analysis_of(store, row)


def _analysis_of(store: Store, row: sqlite3.Row) -> tuple[int, Analysis]:
    own = sha256(row["content"])
    if own != row["digest"] or (row["stated"] is not None and row["sha256"] != own):
        raise RecordError(f"{store.path.name} is damaged: analysis {row['id']} does not match its digest.")
    content = json.loads(row["content"])
    if row["stated"] is not None or _frozen_without_coding(store):
        content = with_former_defaults(content)
    analysis = Analysis.from_dict(content, sha256=row["sha256"], label=f"analysis {row['id']} of {store.path.name}")
    return row["id"], replace(analysis, content=row["content"])  # digests are of what is stored


def _frozen_without_coding(store: Store) -> bool:
    """Whether the study was frozen before analyses could state how regimens are coded."""
    row = store.row("SELECT content, digest FROM analysis WHERE stated IS NOT NULL ORDER BY id LIMIT 1")
    if row is not None and sha256(row["content"]) != row["digest"]:
        raise RecordError(f"{store.path.name} is damaged: its first frozen analysis does not match its digest.")
    return row is not None and "regimen_coding" not in json.loads(row["content"]).get("model", {})


# ---- snapshots --------------------------------------------------------------------------------


def snapshot_root(stored: PlainMapping, digests: Iterable[str]) -> str:
    """Digest of a snapshot: what it says of itself, and the salted digests of its rows."""
    named = ("kind", "at", "header", "source", "source_digest")
    return root_of({name: stored[name] for name in named}, digests)


def write_snapshot(store: Store, cut: Cut, kind: str, last: int | None) -> tuple[int, str]:
    """Store a cut; rows that did not change since the last snapshot are shared with it.

    Returns
    -------
    number : int
    root : str
    """
    held = {} if last is None else {r["unit"]: r for r in _leaves(store, last) if r["cells"] is not None}
    leaves: list[tuple[int, str]] = []
    for unit, row in cut.rows.items():
        old, cells = held.get(unit), canonical(row)
        if old is not None and old["cells"] == cells:
            leaves.append((old["id"], old["digest"]))
            continue
        salt = new_salt()
        digest = leaf_digest(unit, salt, cells)
        leaves.append((store.insert("leaf", unit=unit, salt=salt, cells=cells, digest=digest), digest))
    salt = new_salt()
    stored: Plain = {
        "kind": kind,
        "at": now(),
        "header": canonical(cut.header),
        "source": cut.source,
        "source_digest": salted(salt, cut.source_sha256),
    }
    root = snapshot_root(stored, [digest for _, digest in leaves])
    number = store.insert("snapshot", **stored, root=root, source_salt=salt, source_sha256=cut.source_sha256)
    for leaf, _ in leaves:
        store.insert("snapshot_leaf", snapshot=number, leaf=leaf)
    return number, root


def read_snapshot(store: Store, number: int | None = None) -> Snapshot | None:
    """The last snapshot, or the one of a number.

    Raises
    ------
    RecordError
        If a row or the whole does not match its digest.
    """
    query = "SELECT * FROM snapshot WHERE id = coalesce(?, id) ORDER BY id DESC LIMIT 1"
    found = store.row(query, number)
    if found is None:
        return None
    leaves = _leaves(store, found["id"])
    for leaf in leaves:
        if leaf["cells"] is not None and leaf_digest(leaf["unit"], leaf["salt"], leaf["cells"]) != leaf["digest"]:
            raise RecordError(
                f"{store.path.name} is damaged: a row of {label_of(store, found['id'])} does not match its digest."
            )
    if snapshot_root(dict(found), [leaf["digest"] for leaf in leaves]) != found["root"]:
        raise RecordError(f"{store.path.name} is damaged: {label_of(store, found['id'])} does not match its digest.")
    header = json.loads(found["header"])
    rows: dict[str, Row] = {leaf["unit"]: json.loads(leaf["cells"]) for leaf in leaves if leaf["cells"] is not None}
    cut = Cut(header["kind"], dict(sorted(rows.items())), header, found["source"], found["source_sha256"] or "")
    number = cut_number(store, found["id"])
    return Snapshot(found["id"], number, found["kind"], found["at"], cut, found["root"], len(leaves) - len(rows))


def cut_number(store: Store, snapshot: int) -> int:
    """Number of the data cut that a snapshot is, or that it changed by a withdrawal, as the user counts them."""
    query = (
        "SELECT COUNT(*) FROM log WHERE action = 'cut' AND CASE WHEN json_valid(body) "
        "THEN json_extract(body, '$.snapshot') <= ? END"
    )
    return int(store.scalar(query, snapshot))


def snapshot_of_cut(store: Store, number: int) -> int | None:
    """The last snapshot of a data cut: of the cut itself, or of the last withdrawal before the next cut."""
    for row in store.rows("SELECT id, kind FROM snapshot ORDER BY id DESC"):
        if cut_number(store, row["id"]) == number:
            return int(row["id"])
    return None


def label_of(store: Store, snapshot: int) -> str:
    """What a snapshot is called in messages."""
    kind = store.scalar("SELECT kind FROM snapshot WHERE id = ?", snapshot)
    return _label(kind, cut_number(store, snapshot))


def labels_of(store: Store) -> dict[int, str]:
    """What every snapshot is called in messages, from one reading of the log."""
    query = (
        "SELECT json_extract(body, '$.snapshot') FROM log WHERE action = 'cut' AND CASE WHEN json_valid(body) "
        "THEN typeof(json_extract(body, '$.snapshot')) = 'integer' END"
    )
    cuts = sorted(row[0] for row in store.rows(query))
    return {
        r["id"]: _label(r["kind"], bisect_right(cuts, r["id"])) for r in store.rows("SELECT id, kind FROM snapshot")
    }


def _label(kind: str | None, number: int) -> str:
    return f"data cut {number}" if kind != "withdrawal" else f"the withdrawal after data cut {number}"


def last_whole_snapshot(store: Store, ledger: Ledger, damage: list[str]) -> Snapshot | None:
    """The last snapshot that the log names and that matches its digests; those after it are noted in `damage`."""
    vouched = ledger.snapshots
    for (number,) in store.rows("SELECT id FROM snapshot ORDER BY id DESC"):
        try:
            snapshot = read_snapshot(store, number)
        except RecordError as error:
            damage.append(str(error))
            continue
        if snapshot is not None and vouched.get(number) == snapshot.root:
            return snapshot
        damage.append(f"{store.path.name} is damaged: {label_of(store, number)} is not in the log.")
    if vouched:
        damage.append(f"{store.path.name} is damaged: the data that the log recorded are missing.")
    return None


def _leaves(store: Store, snapshot: int) -> Sequence[PlainMapping]:
    query = "SELECT leaf.* FROM snapshot_leaf JOIN leaf ON leaf.id = leaf WHERE snapshot = ?"
    return [dict(r) for r in store.rows(query, snapshot)]


def leaf_digest(unit: str, salt: bytes, cells: str) -> str:
    """Salted digest of a row."""
    return salted(salt, [unit, cells])


# ---- changes ----------------------------------------------------------------------------------


def write_changes(store: Store, snapshot: int, changes: Sequence[Change]) -> tuple[str, dict[str, int]]:
    """Store what a cut changed; returns the digest of all, and the number of each kind.

    A withdrawn patient's change is stored without a name.
    """
    digests = []
    for change in changes:
        salt = new_salt()
        digest = _change_digest(salt, snapshot, change)
        digests.append(digest)
        gone = change.kind == "withdrawn"
        store.insert(
            "change",
            snapshot=snapshot,
            kind=change.kind,
            acknowledged=int(change.acknowledged),
            unit=None if gone else change.unit,
            salt=None if gone else salt,
            detail=None if gone else change.detail,
            digest=digest,
        )
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.kind] = counts.get(change.kind, 0) + 1
    return root_of({}, digests), dict(sorted(counts.items()))


def _change_digest(salt: bytes, snapshot: int, change: Change) -> str:
    return salted(salt, [snapshot, change.kind, change.acknowledged, change.unit, change.detail])


def read_changes(store: Store, snapshot: int, ledger: Ledger | None = None) -> list[Change]:
    """What a snapshot changed; names and details of withdrawn patients are blank.

    Parameters
    ----------
    store : Store
    snapshot : int
    ledger : Ledger, optional
        Holds the changes together against what the log recorded of them; without it each is checked alone.

    Raises
    ------
    RecordError
        If a change does not match its digest, or the changes are not those the log recorded.
    """
    found, digests = [], []
    for r in store.rows("SELECT * FROM change WHERE snapshot = ? ORDER BY id", snapshot):
        change = Change(r["unit"] or "", r["kind"], r["detail"] or "", bool(r["acknowledged"]))
        if r["salt"] is not None and _change_digest(r["salt"], snapshot, change) != r["digest"]:
            raise RecordError(
                f"{store.path.name} is damaged: a change of {label_of(store, snapshot)} does not match its digest."
            )
        if r["salt"] is None and (change.unit or change.detail):
            raise RecordError(
                f"{store.path.name} is damaged: a change of {label_of(store, snapshot)} that was erased names someone "
                "again."
            )
        found.append(change)
        digests.append(r["digest"])
    if ledger is not None and not ledger.records_changes(snapshot, digests, found):
        raise RecordError(
            f"{store.path.name} is damaged: the changes of {label_of(store, snapshot)} are not those the log recorded."
        )
    return found


# ---- fits -------------------------------------------------------------------------------------


def write_fit(
    store: Store, snapshot: int, root: str, analysis: tuple[int, Analysis], record: PlainMapping, draws: bytes
) -> str:
    """Store a fit; returns its digest, which binds data, analysis, seed, versions, numbers and draws."""
    text = canonical(record)
    stored = {"snapshot": snapshot, "analysis": analysis[0], "at": now()}
    parts = {"record_sha256": sha256(text), "draws_sha256": sha256(draws)}
    digest = fit_digest({**stored, **parts}, root, sha256(analysis[1].content))
    store.insert("fit", **stored, **parts, record=text, draws=draws, digest=digest)
    return digest


def fit_digest(stored: PlainMapping, root: str, analysis: str) -> str:
    """Digest of a fit, given those of its snapshot and analysis."""
    named = ("snapshot", "analysis", "at", "record_sha256", "draws_sha256")
    return sha256(canonical([root, analysis, *(stored[name] for name in named)]))


def read_fits(store: Store, snapshot: int | None = None, *, damage: list[str] | None = None) -> list[StoredFit]:
    """All fits that the log names, or those of one snapshot, oldest first, without their draws.

    A fit that does not match its digests, or that the log does not name, is left out and noted in `damage`, if a list
    is given.

    Raises
    ------
    RecordError
        If there is such a fit, and no list to note it in.
    """
    named = {digest: place for place, digest in enumerate(read_ledger(store, [] if damage is None else damage).fits, 1)}
    query = (
        "SELECT fit.id, fit.snapshot, fit.analysis, fit.at, record, record_sha256, draws_sha256, fit.digest, root, "
        "content FROM fit LEFT JOIN snapshot ON snapshot.id = fit.snapshot LEFT JOIN analysis ON analysis.id = "
        "fit.analysis WHERE fit.snapshot = coalesce(?, fit.snapshot) ORDER BY fit.id"
    )
    said: list[str] = []
    fits: list[StoredFit] = []
    standing: set[str] = set()
    for r in store.rows(query, snapshot):
        wrong = _damage_of_fit(dict(r), named, standing)
        standing.add(r["digest"])
        if wrong:
            said.append(wrong)
        else:
            record = json.loads(r["record"])
            fits.append(StoredFit(named[r["digest"]], r["snapshot"], r["analysis"], r["at"], record, r["digest"]))
    if snapshot is None and set(named) - standing:
        said.append("a fit that the log recorded is missing.")
    if said and damage is None:
        raise RecordError(f"{store.path.name} is damaged: {said[0]}")
    if damage is not None:
        damage += [f"{store.path.name} is damaged: {line}" for line in said]
    return sorted(fits, key=lambda fit: fit.id)


def _damage_of_fit(row: PlainMapping, vouched: Container[str], read: Container[str]) -> str:
    if sha256(row["record"]) != row["record_sha256"]:
        return f"the result of fit {row['id']} does not match its digest."
    if row["digest"] not in vouched:
        return f"fit {row['id']} is not in the log."
    if row["digest"] in read:
        return f"fit {row['id']} stands in the file more than once."
    if row["root"] is None or row["content"] is None:
        return f"the data or the analysis of fit {row['id']} are missing."
    if fit_digest(row, row["root"], sha256(row["content"])) != row["digest"]:
        return f"fit {row['id']} does not match its digest."
    return ""


def read_draws(store: Store, fit: StoredFit) -> bytes:
    """The packed draws of a fit.

    Raises
    ------
    RecordError
        If they do not match their digest.
    """
    found = store.row("SELECT draws, draws_sha256 FROM fit WHERE digest = ?", fit.digest)
    if found is None or sha256(found["draws"]) != found["draws_sha256"]:
        raise RecordError(f"{store.path.name} is damaged: the draws of fit {fit.id} do not match their digest.")
    return bytes(found["draws"])


# ---- erasure ----------------------------------------------------------------------------------


def erase(store: Store, unit: str) -> list[str]:
    """Erase a patient's rows and changes, and the digests of the files that held them.

    Returns
    -------
    list of str
        The salted digests that stay in their place.
    """
    leaves = store.rows("SELECT id, digest FROM leaf WHERE unit = ?", unit)
    for leaf in leaves:
        store.execute(
            "UPDATE snapshot SET source_salt = NULL, source_sha256 = NULL "
            "WHERE id IN (SELECT snapshot FROM snapshot_leaf WHERE leaf = ?)",
            leaf["id"],
        )
    store.execute("UPDATE leaf SET unit = NULL, salt = NULL, cells = NULL WHERE unit = ?", unit)
    # a change of another patient names this one where they are twins
    store.execute(
        "UPDATE change SET unit = NULL, salt = NULL, detail = NULL WHERE unit = ? OR detail = ?", unit, twin_of(unit)
    )
    return [leaf["digest"] for leaf in leaves]
