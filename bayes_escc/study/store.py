"""The file of a study: one SQLite database, its schema, its transactions and its locks.

Every accepted change is one transaction of one writer; readers see the state before or after it, never
between. What is slow (fitting) happens outside; the transaction then checks that the head of the log is
still the one the work was based on.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bayes_escc.errors import AnalysisError, LockedError, RecordError
from bayes_escc.names import Plain, PlainMapping, as_typed
from bayes_escc.study.digests import canonical, entry_hash
from bayes_escc.study.lock import Holder, present_holder, state_of
from bayes_escc.study.media import connect_to_read, refuse_foreign_wal
from bayes_escc.study.migrations import MIGRATIONS, SCHEMA_VERSION

__all__ = ["APPLICATION_ID", "Store", "now", "on_step"]

APPLICATION_ID: Final = 0x45534343
_PATIENCE: Final = 5.0
"""Seconds to wait for another writer's transaction, which takes milliseconds."""
_UNWRITABLE: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")


def _go_on(step: str) -> None:
    """Do nothing at a step of a write."""


on_step: Callable[[str], None] = _go_on
"""Called at every step of a write with its name; tests replace it to interrupt there."""


def now() -> str:
    """The time as the log writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _nothing() -> None:
    """Release nothing."""


class Store:
    """An open study file.

    Parameters
    ----------
    path : Path
    connection : sqlite3.Connection
    read_only : bool
        Whether the file may only be read.
    salvage : bool
        Whether what is whole of it is being saved.
    release : callable
        Called when the file is closed.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        read_only: bool = False,
        salvage: bool = False,
        release: Callable[[], None] = _nothing,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._salvage = salvage
        self._db = connection
        self._release = release

    # ---- opening ------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, fill: Callable[[Store], None]) -> Store:
        """A new file, made beside and put in its place when it is complete; an existing one is never touched.

        Parameters
        ----------
        path : Path
        fill : callable
            Writes the first entry.

        Raises
        ------
        AnalysisError
            If the file exists or cannot be written.
        """
        exists = f"{path} exists already; a study is begun once. Choose another name."
        if path.exists():
            raise AnalysisError(exists)
        beside = path.with_name(f".{path.name}.{os.getpid()}.new")
        store = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            store = cls(beside, _connect(beside))
            with store.guarded():
                store._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                store._db.execute("PRAGMA journal_mode = WAL")
                store._set_up()
                store._migrate(0)
            fill(store)
            store.close()
            on_step("place")
            _place(beside, path)
        except FileExistsError:
            raise AnalysisError(exists) from None
        except OSError as error:
            raise AnalysisError(f"{path} cannot be written: {error.strerror or error}.") from None
        finally:
            if store is not None:
                store.close()
            for tail in ("", "-wal", "-shm"):
                Path(f"{beside}{tail}").unlink(missing_ok=True)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, salvage: bool = False) -> Store:
        """Open a file; to write, an older one is brought to the present schema.

        Parameters
        ----------
        path : Path
        read_only : bool
            Nothing beside or in the file is written or made, so that it can be read on read-only media.
        salvage : bool
            Of a file that was cut short, read the pages that are there. Only for reading.

        Raises
        ------
        RecordError
            If it is missing, foreign, damaged or newer than this package.
        """
        if not path.is_file():
            command = f"bayes-escc study init {as_typed([str(path)])} --analysis FILE"
            raise RecordError(f"there is no study {path}. Begin one with Study.create in Python, or with: {command}")
        if path.stat().st_size == 0:
            raise RecordError(f"{path} is empty (0 bytes): it was never written, or its content was lost.")
        with path.open("rb") as stream:
            if stream.read(16) != b"SQLite format 3\x00":
                raise RecordError(f"{path} is not a study: it does not begin as an SQLite file does, or is damaged.")
        if read_only:
            connection, release = connect_to_read(path)
            store = cls(path, connection, read_only=True, salvage=salvage, release=release)
            if salvage:  # otherwise SQLite refuses a file that is shorter than it says
                connection.execute("PRAGMA writable_schema = ON")
        else:
            refuse_foreign_wal(path)
            store = cls(path, _connect(path))
        try:
            store._recognise()
        except BaseException:
            store.close()
            raise
        return store

    def _recognise(self) -> None:
        with self.guarded():
            if not self.read_only:
                self._set_up()
            if self.scalar("PRAGMA application_id") != APPLICATION_ID:
                raise RecordError(f"{self.path} is an SQLite file, but not a study of bayes_escc.")
            version = int(self.scalar("PRAGMA user_version"))
            if version > SCHEMA_VERSION:
                raise RecordError(
                    f"{self.path} has schema {version}; this version of bayes_escc reads up to {SCHEMA_VERSION}: "
                    "update it."
                )
            if version < SCHEMA_VERSION and not self.read_only:
                self._migrate(version)

    def _set_up(self) -> None:
        for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"):
            self._db.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
        self._release()

    def _migrate(self, version: int) -> None:
        with self._exclusive():
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    # ---- reading ------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self.guarded():
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self.guarded():
            found: sqlite3.Row | None = self._db.execute(query, values).fetchone()
            return found

    def scalar(self, query: str, *values: Any) -> Any:
        """The first value of a query, or None."""
        found = self.row(query, *values)
        return None if found is None else found[0]

    @property
    def head(self) -> str:
        """Hash of the last entry of the log; empty before the first."""
        return str(self.scalar("SELECT hash FROM log ORDER BY seq DESC LIMIT 1") or "")

    @property
    def entries(self) -> list[Plain]:
        """The log, oldest first.

        Raises
        ------
        RecordError
            If an entry does not match its hash, or is not in its place.
        """
        damage: list[str] = []
        found = self.whole_entries(damage)
        if damage:
            raise RecordError(f"{damage[0]} {self._to_verify}")
        return found

    def whole_entries(self, damage: list[str]) -> list[Plain]:
        """The log up to the first entry that is not whole, which is noted in `damage`."""
        found: list[Plain] = []
        for place, row in enumerate(self.readable_rows("SELECT * FROM log ORDER BY seq", damage), start=1):
            try:
                entry = {**dict(row), "body": json.loads(row["body"])}
                whole = isinstance(entry["body"], dict) and entry_hash(entry) == entry["hash"] and entry["seq"] == place
            except (TypeError, ValueError):
                whole = False
            if not whole or entry["previous"] != (found[-1]["hash"] if found else ""):
                damage.append(
                    f"{self.path.name} is damaged: entry {place} of the log does not match its hash, or is not in its "
                    "place."
                )
                break
            found.append(entry)
        if not found and not damage:
            damage.append(f"{self.path.name} is damaged: its log is empty.")
        return found

    def readable_rows(self, query: str, damage: list[str]) -> list[sqlite3.Row]:
        """The rows of a query up to the first that cannot be read, which is noted in `damage`."""
        rows: list[sqlite3.Row] = []
        try:
            with self.guarded():
                rows.extend(self._db.execute(query))
        except RecordError as error:
            damage.append(str(error))
        return rows

    @property
    def cut_short(self) -> bool:
        """Whether the file is shorter than its header says."""
        with self.path.open("rb") as stream:
            header = stream.read(32)
        size = int.from_bytes(header[16:18], "big")
        pages = int.from_bytes(header[28:32], "big")
        return pages * (65536 if size == 1 else size) > self.path.stat().st_size

    @property
    def _to_verify(self) -> str:
        return f"Run: bayes-escc study verify {as_typed([str(self.path)])}"

    @property
    def _to_save(self) -> str:
        """What to do about a file whose pages cannot be read, which `verify` cannot read either."""
        command = f"bayes-escc study export {as_typed([str(self.path)])} --out FOLDER"
        return "" if self._salvage else f" What is whole can be saved: {command}"

    # ---- writing ------------------------------------------------------------------------------

    @contextmanager
    def writing(self, head: str) -> Iterator[None]:
        """One transaction, begun only if the log still ends where the work began.

        Raises
        ------
        LockedError
            If another process is writing, or has written since.
        """
        with self.guarded():
            self._begin()
            try:
                if self.head != head:
                    raise LockedError(
                        f"{self.path.name} was changed by someone else while this was being prepared; nothing was "
                        "recorded. Run the command again: it will start from what is there now."
                    )
                on_step("begun")
                yield
                on_step("before commit")
                self._db.execute("COMMIT")
            except BaseException:
                self._rollback()
                raise
            on_step("committed")
            # into the main file at once, so that a copy of it alone is whole; what cannot be moved now is moved later
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def insert(self, table: str, **values: Any) -> int:
        """Insert a row inside a transaction; returns its number."""
        on_step(f"insert {table}")
        marks = ", ".join("?" * len(values))
        query = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608  (names are ours)
        return int(self._db.execute(query, tuple(values.values())).lastrowid or 0)

    def execute(self, query: str, *values: Any) -> None:
        """Run one statement inside a transaction."""
        on_step(" ".join(query.split()[:3]).lower())
        self._db.execute(query, values)

    def append(self, action: str, body: PlainMapping, *, who: str, why: str) -> str:
        """Append an entry to the log inside a transaction; returns its hash."""
        last = self.row("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1")
        entry: Plain = {
            "seq": 1 if last is None else last["seq"] + 1,
            "at": now(),
            "who": who,
            "action": action,
            "why": why,
            "body": dict(body),
            "previous": "" if last is None else last["hash"],
        }
        found = entry_hash(entry)
        self.insert("log", **{**entry, "body": canonical(entry["body"])}, hash=found)
        return found

    def scrub(self) -> bool:
        """Rewrite the file so that erased content is gone from it and its write-ahead log; False if others read."""
        with self.guarded():
            on_step("vacuum")
            self._db.execute("VACUUM")
            on_step("checkpoint")
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

    # ---- who is at work -----------------------------------------------------------------------

    @contextmanager
    def at_work(self, doing: str) -> Iterator[str]:
        """Say who is preparing a change, so that a second one need not fit in vain; yields what was cleared up.

        This note is a courtesy. That nothing is lost or mixed rests on the transaction and its check of the log.
        """
        cleared = self._take_note(doing)
        try:
            yield cleared
        finally:
            # a note that cannot be removed is found stale by the next writer
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("DELETE FROM writer WHERE pid = ?", (os.getpid(),))

    def _take_note(self, doing: str) -> str:
        if self.read_only:
            raise AnalysisError(f"{self.path} is open for reading only: nothing can be recorded in it here.")
        cleared = ""
        with self.guarded(), self._exclusive():
            held = self.holder()
            if held is not None:
                state = state_of(held)
                if state != "ended":
                    raise LockedError(self._locked_by(held, state))
                cleared = f"{held}, ended without finishing: what the log does not show was not recorded."
                self._db.execute("DELETE FROM writer")
            new = present_holder(doing, now())
            self._db.execute(
                "INSERT INTO writer (id, pid, started, boot, host, since, doing) VALUES (1, ?, ?, ?, ?, ?, ?)",
                (new.pid, new.started, new.boot, new.host, new.since, new.doing),
            )
        return cleared

    def _locked_by(self, held: Holder, state: str) -> str:
        said = f"{self.path.name} is locked by {held}. Nothing was recorded; "
        if state == "running":
            return said + "run the command again when it has ended."
        return (
            f"{said}whether it still runs cannot be seen from here. If it does not, break the lock: bayes-escc study "
            f"unlock {as_typed([str(self.path)])}"
        )

    def holder(self) -> Holder | None:
        """The process that says it is at work; None if there is none."""
        row = self._db.execute("SELECT * FROM writer").fetchone()
        return None if row is None else Holder.from_row(row)

    def unlock(self) -> None:
        """Remove the note of the process at work, which a person has said does not run any more.

        Raises
        ------
        LockedError
            If that process is seen to run.
        """
        with self.guarded(), self._exclusive():
            held = self.holder()
            if held is not None and state_of(held) == "running":
                raise LockedError(f"{self.path.name} is locked by {held}, which is running: end it first.")
            self._db.execute("DELETE FROM writer")

    # ---- plumbing -----------------------------------------------------------------------------

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One transaction, undone if anything in it fails."""
        self._begin()
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        if self._db.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                holder = self._holder()
                raise LockedError(
                    f"{self.path.name} is locked: another process is writing{holder}. Nothing was recorded; try again."
                ) from None
            if name.startswith(_UNWRITABLE):
                raise AnalysisError(
                    f"{self.path.name} could not be written ({error}): check free space, quota and permissions. "
                    "What the log does not show was not recorded."
                ) from None
            raise RecordError(f"{self.path.name} is damaged ({error}).{self._to_save}") from None
        except UnicodeDecodeError:  # of SQLite's own message, where it quotes damaged bytes
            raise RecordError(f"{self.path.name} is damaged (its bytes are no text).{self._to_save}") from None

    def _holder(self) -> str:
        with contextlib.suppress(sqlite3.Error, ValueError):
            held = self.holder()
            if held is not None:
                return f" ({held})"
        return ""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _place(beside: Path, path: Path) -> None:
    """Give a complete file its name, without ever replacing another."""
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        beside.rename(path)
