"""The tables of a study file, version by version; a file of any older version is brought up to date.

A migration is added at the end and never changed after a release. `PRAGMA user_version` holds how many a
file has had.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MIGRATIONS", "SCHEMA_VERSION"]

_FIRST: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
    # who is preparing a change just now
    """CREATE TABLE writer (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, host TEXT NOT NULL,
         since TEXT NOT NULL, doing TEXT NOT NULL) STRICT""",
    # an analysis as stated, or as frozen at a first fit (then with the stated one it came from)
    """CREATE TABLE analysis (id INTEGER PRIMARY KEY, stated INTEGER REFERENCES analysis, sha256 TEXT NOT NULL,
         content TEXT NOT NULL, digest TEXT NOT NULL) STRICT""",
    # one state of the data; the salted digest of the source file can be erased
    """CREATE TABLE snapshot (id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('cut', 'withdrawal')),
         at TEXT NOT NULL, header TEXT NOT NULL, root TEXT NOT NULL, source TEXT NOT NULL, source_salt BLOB,
         source_sha256 TEXT, source_digest TEXT NOT NULL) STRICT""",
    # one row of one patient (or arm); shared by the snapshots in which it stands unchanged
    """CREATE TABLE leaf (id INTEGER PRIMARY KEY, unit TEXT, salt BLOB, cells TEXT, digest TEXT NOT NULL UNIQUE,
         CHECK ((unit IS NULL) = (cells IS NULL) AND (salt IS NULL) = (cells IS NULL))) STRICT""",
    "CREATE INDEX leaf_unit ON leaf (unit)",
    """CREATE TABLE snapshot_leaf (snapshot INTEGER NOT NULL REFERENCES snapshot, leaf INTEGER NOT NULL REFERENCES leaf,
         PRIMARY KEY (snapshot, leaf)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE change (id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL REFERENCES snapshot, kind TEXT NOT NULL,
         acknowledged INTEGER NOT NULL, unit TEXT, salt BLOB, detail TEXT, digest TEXT NOT NULL) STRICT""",
    """CREATE TABLE fit (id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL REFERENCES snapshot,
         analysis INTEGER NOT NULL REFERENCES analysis, at TEXT NOT NULL, record TEXT NOT NULL,
         record_sha256 TEXT NOT NULL, draws BLOB NOT NULL, draws_sha256 TEXT NOT NULL, digest TEXT NOT NULL) STRICT""",
    "CREATE TABLE tombstone (digest TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE log (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
         why TEXT NOT NULL, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE) STRICT""",
    *(
        f"""CREATE TRIGGER {table}_stays_{event.lower()} BEFORE {event} ON {table}
              BEGIN SELECT RAISE(ABORT, 'the {table} of a study is only added to'); END"""
        for table in ("log", "fit", "analysis", "tombstone")
        for event in ("UPDATE", "DELETE")
    ),
    """CREATE TRIGGER snapshot_stays_delete BEFORE DELETE ON snapshot
         BEGIN SELECT RAISE(ABORT, 'the snapshots of a study are only added to'); END""",
    """CREATE TRIGGER snapshot_stays_update BEFORE UPDATE OF id, kind, at, header, root, source_digest ON snapshot
         BEGIN SELECT RAISE(ABORT, 'a snapshot of a study is never changed'); END""",
    """CREATE TRIGGER leaf_stays_update BEFORE UPDATE ON leaf WHEN NEW.cells IS NOT NULL OR NEW.digest <> OLD.digest
         BEGIN SELECT RAISE(ABORT, 'a row of a study is never changed, only erased'); END""",
    """CREATE TRIGGER leaf_stays_delete BEFORE DELETE ON leaf
         BEGIN SELECT RAISE(ABORT, 'a row of a study is never changed, only erased'); END""",
)

_INDICES: Final = (
    # which cuts hold a row, asked when a patient withdraws; and the fits of a cut
    "CREATE INDEX snapshot_leaf_leaf ON snapshot_leaf (leaf)",
    "CREATE INDEX fit_snapshot ON fit (snapshot)",
)

_HOLDERS: Final = (
    # a process number is given out again, so a lock also holds when its process and the machine started
    "ALTER TABLE writer ADD COLUMN started TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE writer ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
)

_LOOKUPS: Final = (
    # every entry of the log is checked at every change: its fit and its changes are found without reading all others
    "CREATE INDEX fit_digest ON fit (digest)",
    "CREATE INDEX change_snapshot ON change (snapshot)",
)

MIGRATIONS: Final = (_FIRST, _INDICES, _HOLDERS, _LOOKUPS)
SCHEMA_VERSION: Final = len(MIGRATIONS)
