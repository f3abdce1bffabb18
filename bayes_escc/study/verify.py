"""Whether a record is whole: every digest computed again, every damage named with its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayes_escc.errors import BayesEsccError
from bayes_escc.names import Plain
from bayes_escc.study.digests import entry_hash, root_of, salted, sha256
from bayes_escc.study.draws import unpack
from bayes_escc.study.ledger import rules_changed
from bayes_escc.study.record import fit_digest, label_of, labels_of, leaf_digest, read_changes, snapshot_root
from bayes_escc.study.store import Store

__all__ = ["Verification", "damage_of", "verify"]


@dataclass(frozen=True)
class Verification:
    """What checking a record found.

    Parameters
    ----------
    damage : tuple of str
        Every damage; none if the record is whole.
    remarks : tuple of str
        What is odd without being damage.
    whole : int
        Entries of the log, from the first, that are whole with everything they record.
    entries : int
        Entries of the log that could be read.
    head : str
        Hash of the last entry.
    """

    damage: tuple[str, ...]
    remarks: tuple[str, ...]
    whole: int
    entries: int
    head: str

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damage

    def to_dict(self) -> Plain:
        """As plain data."""
        return {
            "ok": self.ok,
            "damage": list(self.damage),
            "remarks": list(self.remarks),
            "whole": self.whole,
            "entries": self.entries,
            "head": self.head,
        }


def verify(path: str | Path) -> Verification:
    """Check a study file, damaged or not: the pages, the chain of the log, and every digest in it.

    Raises
    ------
    RecordError
        If the file cannot be opened as a study at all.
    """
    store = Store.open(Path(path), read_only=True)
    try:
        return _Check(store).run()
    finally:
        store.close()


def damage_of(store: Store) -> tuple[str, ...]:
    """Every damage of an open study; none if it is whole. What is added to a study rests on this."""
    return _Check(store, unpacking=False).run().damage


class _Check:
    """One run of the checks, which collects instead of stopping."""

    def __init__(self, store: Store, *, unpacking: bool = True) -> None:
        self.store = store
        self.unpacking = unpacking
        self.leaves: dict[int, tuple[str, bool, bool]] = {}
        self.labels: Mapping[int, str] = {}
        self.fitted: set[int] = set()
        self.damage: list[str] = []
        self.remarks: list[str] = []
        self.broken: list[int] = []

    def run(self) -> Verification:
        self._pages()
        entries = self._log()
        self._try("the rows", self._read_leaves)
        self.labels = self._try("the data cuts", lambda: labels_of(self.store)) or {}
        erased = self._try("the log", lambda: {d for e in entries for d in e["body"].get("erased", ())}) or set()
        for place, entry in enumerate(entries, start=1):
            before = len(self.damage)
            self._try(f"entry {place} of the log", lambda e=entry: self._entry(e, erased))  # type: ignore[misc]
            if len(self.damage) > before:
                self.broken.append(place)
        self._try("the log", lambda: self._nothing_besides(entries, erased))
        whole = min(self.broken) - 1 if self.broken else len(entries)
        head = entries[-1]["hash"] if entries else ""
        self.remarks += [said for said in (self._try("the log", lambda: rules_changed(entries)),) if said]
        return Verification(tuple(dict.fromkeys(self.damage)), tuple(self.remarks), whole, len(entries), head)

    def _try(self, what: str, read: Callable[[], Any]) -> Any:
        """Read something; what cannot be read is damage, not the end."""
        try:
            return read()
        except BayesEsccError as error:
            said = str(error).split(" Run: ")[0]
            self.damage.append(f"{what}: {said}")
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            self.damage.append(f"{what} cannot be understood ({error}).")
        return None

    def _pages(self) -> None:
        for pragma in ("integrity_check", "foreign_key_check"):
            found = self._try("the file", lambda p=pragma: self.store.rows(f"PRAGMA {p}"))  # type: ignore[misc]
            said = [str(r[0]) for r in found or []]
            self.damage += [f"the file: {line}" for line in said if line != "ok"][:5]

    def _log(self) -> list[Plain]:
        """The entries that are whole by themselves and in their place."""
        rows = self._try("the log", lambda: self.store.rows("SELECT * FROM log ORDER BY seq")) or []
        previous, last_at, found = "", "", []
        for place, row in enumerate(rows, start=1):
            where = f"entry {place} of the log"
            entry = self._try(where, lambda r=row: {**dict(r), "body": json.loads(r["body"])})  # type: ignore[misc]
            if entry is not None and not isinstance(entry["body"], dict):
                self.damage.append(f"{where} cannot be understood.")
                entry = None
            if entry is None:
                self.broken.append(place)
                continue
            if entry["seq"] != place:
                self.damage.append(f"{where}: it has the number {entry['seq']}; an entry was removed or reordered.")
                self.broken.append(place)
            if entry["previous"] != previous or entry_hash(entry) != entry["hash"]:
                self.damage.append(f"{where} ({entry['action']}) does not match its hash: it was changed or moved.")
                self.broken.append(place)
            if entry["at"] < last_at:
                self.remarks.append(
                    f"{where} is dated {entry['at']}, before the entry ahead of it: the clock was wrong."
                )
            previous, last_at = entry["hash"], entry["at"]
            found.append(entry)
        return found

    def _entry(self, entry: Plain, erased: set[str]) -> None:
        body, number = entry["body"], entry["body"].get("snapshot")
        if number is not None:
            what = self._label(number)
            leaves = self._try(what, lambda: self._of(number)) or []
            self._try(what, lambda: self._snapshot(number, body["root"], what, leaves))
            changes = self._try(what, lambda: read_changes(self.store, number))
            if changes is not None:
                digests = [r["digest"] for r in self.store.rows("SELECT digest FROM change WHERE snapshot = ?", number)]
                if root_of({}, digests) != body["changes"] or Counter(c.kind for c in changes) != body["kinds"]:
                    self.damage.append(f"the changes of {what} are not those the log recorded.")
            named = "SELECT 1 FROM change WHERE snapshot = ? AND salt IS NULL AND coalesce(unit, detail) IS NOT NULL"
            if self._try(what, lambda: self.store.row(named, number)):
                self.damage.append(f"a change of {what} that was erased names someone again.")
            self._try(what, lambda: self._source(number, what))
            for digest, gone, _ in leaves:
                if gone and digest not in erased:
                    self.damage.append(f"a row of {what} was erased, but the log knows of no withdrawal of it.")
        if "fit" in body:
            self._fit(body["fit"])

    def _source(self, number: int, what: str) -> None:
        row = self.store.row("SELECT * FROM snapshot WHERE id = ?", number)
        if row is None or row["source_salt"] is None:
            return
        if salted(row["source_salt"], row["source_sha256"]) != row["source_digest"]:
            self.damage.append(f"the digest of the source file of {what} is not the one that was recorded.")

    def _read_leaves(self) -> None:
        """Every row once, however many cuts share it: its digest, whether it is erased, and whether it is whole."""
        for row in self.store.rows("SELECT id, unit, salt, cells, digest FROM leaf"):
            erased = row["cells"] is None
            whole = erased or leaf_digest(row["unit"], row["salt"], row["cells"]) == row["digest"]
            self.leaves[row["id"]] = (row["digest"], erased, whole)

    def _of(self, number: int) -> list[tuple[str, bool, bool]]:
        rows = self.store.rows("SELECT leaf FROM snapshot_leaf WHERE snapshot = ?", number)
        return [self.leaves[r["leaf"]] for r in rows]

    def _label(self, number: int) -> str:
        known = self.labels.get(number)
        return known or self._try("the data cuts", lambda: label_of(self.store, number)) or f"snapshot {number}"

    def _snapshot(self, number: int, root: str, what: str, leaves: list[tuple[str, bool, bool]]) -> None:
        stored = self.store.row("SELECT * FROM snapshot WHERE id = ?", number)
        if stored is None:
            self.damage.append(f"{what} is missing.")
            return
        if not all(whole for _, _, whole in leaves):
            self.damage.append(f"a row of {what} does not match its digest.")
        if snapshot_root(dict(stored), [digest for digest, _, _ in leaves]) != stored["root"]:
            self.damage.append(f"{what} does not match its digest.")
        if stored["root"] != root:
            self.damage.append(f"{what} is not the one the log recorded.")

    def _fit(self, digest: str) -> None:
        query = (
            "SELECT fit.id, fit.snapshot, fit.analysis, fit.at, record, record_sha256, draws, draws_sha256, root, "
            "content FROM fit JOIN snapshot ON snapshot.id = fit.snapshot JOIN analysis ON analysis.id = fit.analysis "
            "WHERE fit.digest = ?"
        )
        rows = self._try("a fit", lambda: self.store.rows(query, digest))
        if not rows:
            self.damage.append("a fit that the log recorded is missing, or is not the one it recorded.")
            return
        row = rows[0]
        what = f"fit {row['id']} (of {self._label(row['snapshot'])})"
        if len(rows) > 1:
            self.damage.append(f"{what} stands in the file more than once.")
        if fit_digest(dict(row), row["root"], sha256(row["content"])) != digest:
            self.damage.append(f"{what} does not match its digest.")
        if sha256(row["record"]) != row["record_sha256"]:
            self.damage.append(f"the result of {what} does not match its digest.")
        if sha256(row["draws"]) != row["draws_sha256"]:
            self.damage.append(f"the draws of {what} do not match their digest.")
        elif self.unpacking:
            self._try(what, lambda: unpack(bytes(row["draws"])))
        self.fitted.add(row["analysis"])

    def _nothing_besides(self, entries: list[Plain], erased: set[str]) -> None:
        """Rows the log does not know: written around it, or left when its end was cut off."""
        bodies = [e["body"] for e in entries]
        snapshots = {b["snapshot"] for b in bodies if b.get("snapshot") is not None}
        fits = {b["fit"] for b in bodies if "fit" in b}
        for what, query, known in (
            ("data cut", "SELECT id AS name FROM snapshot", snapshots),
            ("fit", "SELECT digest AS name FROM fit", fits),
        ):
            for row in self._try(f"the {what}s", lambda q=query: self.store.rows(q)) or ():  # type: ignore[misc]
                if row["name"] not in known:
                    shown = row["name"] if what == "data cut" else row["name"][:12]
                    self.damage.append(f"{what} {shown} is not in the log, whose end may have been cut off.")
        leaves = self._try("the rows", lambda: list(self._gone())) or ()
        if erased - set(leaves):
            self.damage.append("rows that were withdrawn are here again, or their digests are gone.")
        lost = "SELECT 1 FROM leaf WHERE NOT EXISTS (SELECT 1 FROM snapshot_leaf WHERE leaf = leaf.id)"
        if self._try("the rows", lambda: self.store.rows(lost)):
            self.damage.append("there are rows that no data cut holds: they were written around the log.")
        withdrawn = sum(e["action"] == "withdraw" for e in entries)
        rows = self._try("the tombstones", lambda: self.store.rows("SELECT digest FROM tombstone"))
        if rows is not None and len(rows) != withdrawn:
            self.damage.append(f"there are {len(rows)} tombstones, but {withdrawn} withdrawals in the log.")
        stones = {b["tombstone"] for b in bodies if "tombstone" in b}
        if rows is not None and stones - {r["digest"] for r in rows}:
            self.damage.append("a tombstone is not the one the log recorded.")
        salt = self._try("the settings", lambda: self.store.scalar("SELECT value FROM meta WHERE key = 'salt'"))
        if bodies and "salt" in bodies[0] and (salt is None or sha256(salt) != bodies[0]["salt"]):
            self.damage.append("the salt of the tombstones is not the one the log recorded.")
        self._analyses(bodies)
        if self._try("the settings", lambda: self.store.rows("SELECT 1 FROM meta WHERE key = 'scrub'")):
            self.remarks.append("Erased bytes may still be in the file; the next update rewrites it.")

    def _analyses(self, bodies: list[Plain]) -> None:
        """Analyses as stated are those of the log; as frozen, each refers to one as stated."""
        rows = self._try("the analyses", lambda: self.store.rows("SELECT * FROM analysis")) or ()
        asked = {(b["analysis"], b["content"]) for b in bodies if "content" in b}
        stated = {r["id"]: (r["sha256"], sha256(r["content"])) for r in rows if r["stated"] is None}
        if asked - set(stated.values()):
            self.damage.append("an analysis is not the one the log recorded.")
        for r in rows:
            own = sha256(r["content"])
            if r["stated"] is None:
                known = stated[r["id"]] in asked or not asked  # the first logs held no digest of the content
            else:
                known = r["stated"] in stated and r["sha256"] == own and r["id"] in self.fitted
            if own != r["digest"] or not known:
                self.damage.append(f"analysis {r['id']} does not match its digests.")

    def _gone(self) -> Iterator[str]:
        yield from (r["digest"] for r in self.store.rows("SELECT digest FROM leaf WHERE cells IS NULL"))
